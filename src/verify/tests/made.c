/* See made.h. Faults of the system end the test. */
#define _GNU_SOURCE
#include "verify/tests/made.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { LEAF_TEXT_MAX = 8192, STREAMS = 7 };

struct made *made_new(const char *name, uint8_t seed)
{
    assert_true(sodium_init() >= 0);
    struct made *m = calloc(1, sizeof *m);
    assert_non_null(m);
    uint8_t seeds[32];
    memset(seeds, seed, sizeof seeds);
    crypto_sign_seed_keypair(m->public_key, m->secret_key, seeds);
    snprintf(m->name, sizeof m->name, "%s", name);
    return m;
}

void made_free(struct made *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->leaf[i]);
    free(m);
}

static struct hash leaf_hash(const struct made *m, size_t i)
{
    uint8_t *all = malloc(1 + m->leaf_n[i]);
    assert_non_null(all);
    all[0] = 0;
    memcpy(all + 1, m->leaf[i], m->leaf_n[i]);
    const struct hash h = hash_of(all, 1 + m->leaf_n[i]);
    free(all);
    return h;
}

void made_hash(char hex[HASH_HEX + 1], const struct made *m, size_t i)
{
    hash_hex(hex, leaf_hash(m, i));
}

void made_raw(struct made *m, const char *text, long n)
{
    assert_true(m->n < MADE_MAX);
    const size_t length = n < 0 ? strlen(text) : (size_t)n;
    m->leaf[m->n] = malloc(length + 1);
    assert_non_null(m->leaf[m->n]);
    memcpy(m->leaf[m->n], text, length);
    m->leaf[m->n][length] = '\0';
    m->leaf_n[m->n++] = length;
}

/* Place of the stream's last event, or -1. */
static long last_of(const struct made *m, unsigned stream, size_t before)
{
    char name[64];
    snprintf(name, sizeof name, "\"stream\":\"unit/u%u\"", stream);
    for (size_t i = before; i-- > 0;)
        if (strstr(m->leaf[i], name))
            return (long)i;
    return -1;
}

static uint64_t number_behind(const char *leaf, const char *name)
{
    const char *at = strstr(leaf, name);
    assert_non_null(at);
    return strtoull(at + strlen(name), NULL, 10);
}

void made_event(struct made *m, const struct made_event *e)
{
    char text[LEAF_TEXT_MAX], hex[HASH_HEX + 1], previous[HASH_HEX + 20] = "";
    const long last = last_of(m, e->stream, m->n);
    const uint64_t us = UINT64_C(1795000000000000) + m->n;
    uint64_t version = e->version;
    if (version == 0)
        version = last < 0 ? 1 : number_behind(m->leaf[last], "\"version\":") + 1;
    if (last >= 0)
        made_hash(hex, m, (size_t)last);
    if (e->previous ? e->previous[0] : last >= 0)
        snprintf(previous, sizeof previous, "\"previous\":\"%s\",",
                 e->previous ? e->previous : hex);
    snprintf(text, sizeof text,
             "{\"format\":1,\"id\":\"0193a5c0-0000-7000-8000-%012zx\","
             "\"organisation\":\"0193a5c0-0000-7000-8000-00000000000a\",\"node\":\"n1\","
             "\"stream\":\"unit/u%u\",\"version\":%llu,\"key\":\"%s\",%s"
             "\"command\":\"0193a5c0-0000-7000-8000-00000000000b\",\"type\":\"unit.received\","
             "\"type_version\":1,\"happened\":\"2026-11-18T11:06:40.000000Z\","
             "\"entered\":\"2026-11-18T11:06:40.000000Z\","
             "\"recorded\":\"2026-11-18T11:06:40.000000Z\",\"logical\":\"%llu.%llu\","
             "\"zone\":\"Europe/Berlin\",\"actor\":\"account/0193a5c0\",\"payload\":%s}",
             m->n, e->stream, (unsigned long long)version, e->key ? e->key : "order/1", previous,
             (unsigned long long)(e->logical_us ? e->logical_us : us),
             (unsigned long long)e->logical_count,
             e->payload ? e->payload
                        : "{\"note\":\"Gr\xC3\xBC\xC3\x9F\x65 \\\"x\\\"\",\"ml\":\"1.10\"}");
    made_raw(m, text, -1);
}

void made_good(struct made *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        made_event(m, &(struct made_event){ .stream = (unsigned)(m->n * m->n % 11 % STREAMS) });
}

struct made *made_copy(const struct made *m, size_t n)
{
    struct made *copy = calloc(1, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy->name, m->name, sizeof m->name);
    memcpy(copy->public_key, m->public_key, sizeof m->public_key);
    memcpy(copy->secret_key, m->secret_key, sizeof m->secret_key);
    for (size_t i = 0; i < n; i++)
        made_raw(copy, m->leaf[i], (long)m->leaf_n[i]);
    return copy;
}

void made_replace(struct made *m, size_t i, char *text)
{
    free(m->leaf[i]);
    m->leaf[i] = text;
    m->leaf_n[i] = strlen(text);
}

void made_rechain(struct made *m)
{
    for (size_t i = 0; i < m->n; i++) {
        unsigned stream;
        const char *at = strstr(m->leaf[i], "\"stream\":\"unit/u");
        char *previous = strstr(m->leaf[i], "\"previous\":\"");
        assert_non_null(at);
        stream = (unsigned)strtoul(at + 16, NULL, 10);
        const long last = last_of(m, stream, i);
        if (previous && last >= 0) {
            char hex[HASH_HEX + 1];
            made_hash(hex, m, (size_t)last);
            memcpy(previous + 12, hex, HASH_HEX);
        }
    }
}

/* -- Tree and notes -----------------------------------------------------------------------------
 */

/* MTH of leaves first … first + n - 1 (RFC 6962, 2.1). */
static struct hash tree_hash(const struct made *m, size_t first, size_t n)
{
    if (n == 0)
        return hash_of("", 0);
    if (n == 1)
        return leaf_hash(m, first);
    size_t left = 1;
    while (left * 2 < n)
        left *= 2;
    const struct hash a = tree_hash(m, first, left), b = tree_hash(m, first + left, n - left);
    uint8_t both[65] = { 1 };
    memcpy(both + 1, a.b, 32);
    memcpy(both + 33, b.b, 32);
    return hash_of(both, sizeof both);
}

struct hash made_root(const struct made *m, size_t n)
{
    return tree_hash(m, 0, n);
}

static void key_id(uint8_t id[4], const struct made *m)
{
    uint8_t text[128];
    const size_t n = strlen(m->name);
    memcpy(text, m->name, n);
    text[n] = '\n';
    text[n + 1] = 1;
    memcpy(text + n + 2, m->public_key, 32);
    const struct hash h = hash_of(text, n + 34);
    memcpy(id, h.b, 4);
}

void made_vkey(char out[MADE_NOTE_MAX], const struct made *m)
{
    uint8_t id[4], raw[33] = { 1 };
    char hex[9], base64[64];
    key_id(id, m);
    sodium_bin2hex(hex, sizeof hex, id, sizeof id);
    memcpy(raw + 1, m->public_key, 32);
    sodium_bin2base64(base64, sizeof base64, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, MADE_NOTE_MAX, "%s+%s+%s\n", m->name, hex, base64);
}

size_t made_note(char out[MADE_NOTE_MAX], const struct made *m, const char *text)
{
    uint8_t raw[68];
    char base64[100];
    key_id(raw, m);
    crypto_sign_detached(raw + 4, NULL, (const uint8_t *)text, strlen(text), m->secret_key);
    sodium_bin2base64(base64, sizeof base64, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    return (size_t)snprintf(out, MADE_NOTE_MAX, "%s\n\xE2\x80\x94 %s %s\n", text, m->name, base64);
}

size_t made_checkpoint(char out[MADE_NOTE_MAX], const struct made *m, size_t n)
{
    char text[256], base64[48];
    const struct hash root = made_root(m, n);
    sodium_bin2base64(base64, sizeof base64, root.b, 32, sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, sizeof text, "%s\n%zu\n%s\n", m->name, n, base64);
    return made_note(out, m, text);
}

/* -- Export -------------------------------------------------------------------------------------
 */

static void make_folders(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
        *at = '/';
    }
}

void made_put(const char *folder, const char *path, const void *p, size_t n)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    make_folders(full);
    FILE *f = fopen(full, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

size_t made_get(const char *folder, const char *path, void *out, size_t max)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    FILE *f = fopen(full, "rb");
    assert_non_null(f);
    const size_t n = fread(out, 1, max, f);
    assert_true(n < max);
    fclose(f);
    return n;
}

/* Up to 999,999 tiles of a level: "000", "x001/000". */
static void tile_name(char out[64], const char *kind, size_t index, size_t width)
{
    int n = index < 1000
                ? snprintf(out, 64, "tile/%s/%03zu", kind, index)
                : snprintf(out, 64, "tile/%s/x%03zu/%03zu", kind, index / 1000, index % 1000);
    if (width < 256)
        snprintf(out + n, 64 - (size_t)n, ".p/%zu", width);
}

static void export_bundle(const struct made *m, size_t first, size_t width, const char *folder)
{
    char path[64];
    size_t n = 0;
    for (size_t i = first; i < first + width; i++)
        n += 2 + m->leaf_n[i];
    uint8_t *bundle = malloc(n), *at = bundle;
    assert_non_null(bundle);
    for (size_t i = first; i < first + width; i++) {
        *at++ = (uint8_t)(m->leaf_n[i] >> 8);
        *at++ = (uint8_t)m->leaf_n[i];
        memcpy(at, m->leaf[i], m->leaf_n[i]);
        at += m->leaf_n[i];
    }
    tile_name(path, "entries", first / 256, width);
    made_put(folder, path, bundle, n);
    free(bundle);
}

static size_t tile_hashes(const struct made *m, uint8_t out[8192], size_t span, size_t first,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hash h = tree_hash(m, (first + i) * span, span);
        memcpy(out + i * 32, h.b, 32);
    }
    return count * 32;
}

void made_export(const struct made *m, size_t n, const char *folder)
{
    char path[64], note[MADE_NOTE_MAX], kind[16];
    uint8_t tile[8192];
    for (size_t first = 0; first < n; first += 256)
        export_bundle(m, first, n - first < 256 ? n - first : 256, folder);
    size_t span = 1;
    for (int level = 0; n / span > 0; level++, span *= 256) {
        const size_t count = n / span;
        snprintf(kind, sizeof kind, "%d", level);
        for (size_t first = 0; first < count; first += 256) {
            const size_t width = count - first < 256 ? count - first : 256;
            tile_name(path, kind, first / 256, width);
            made_put(folder, path, tile, tile_hashes(m, tile, span, first, width));
        }
    }
    made_put(folder, "checkpoint", note, made_checkpoint(note, m, n));
    made_vkey(note, m);
    made_put(folder, "vkey", note, strlen(note));
}

/* -- Database -----------------------------------------------------------------------------------
 */

static void run(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

/* The statement by SQLite's own printf (%Q quotes), with a blob for its one parameter. */
static void run_with(sqlite3 *db, const void *blob, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    if (blob)
        sqlite3_bind_blob(s, 1, blob, (int)n, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_free(sql);
}

/* The text between the quotes behind a name. */
static void text_behind(char out[96], const char *leaf, const char *name)
{
    const char *at = strstr(leaf, name);
    assert_non_null(at);
    at += strlen(name);
    snprintf(out, 96, "%.*s", (int)strcspn(at, "\""), at);
}

static void db_tiles(sqlite3 *db, const struct made *m, size_t n)
{
    uint8_t tile[8192];
    size_t span = 1;
    for (int level = 0; n / span > 0; level++, span *= 256) {
        const size_t count = n / span;
        for (size_t first = 0; first < count; first += 256) {
            const size_t width = count - first < 256 ? count - first : 256;
            if (level == 0 && width < 256)
                continue;
            run_with(db, tile, tile_hashes(m, tile, span, first, width),
                     "INSERT OR REPLACE INTO ledger_tile VALUES (%d, %lld, ?)", level,
                     (long long)first / 256);
        }
    }
}

void made_db(const struct made *m, size_t n, size_t upto, const char *path)
{
    char text[MADE_NOTE_MAX];
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run(db, "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;"
            "CREATE TABLE IF NOT EXISTS ledger_event (seq INTEGER PRIMARY KEY, key TEXT NOT NULL,"
            " stream TEXT NOT NULL, version INTEGER NOT NULL, leaf TEXT NOT NULL) STRICT;"
            "CREATE TABLE IF NOT EXISTS ledger_head (stream TEXT PRIMARY KEY, key TEXT NOT NULL,"
            " version INTEGER NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS ledger_tile (level INTEGER NOT NULL, idx INTEGER NOT NULL,"
            " hashes BLOB NOT NULL, PRIMARY KEY (level, idx)) STRICT, WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS ledger_checkpoint (size INTEGER PRIMARY KEY,"
            " note TEXT NOT NULL) STRICT;"
            "CREATE TABLE IF NOT EXISTS ledger_epoch (number INTEGER PRIMARY KEY,"
            " vkey TEXT NOT NULL) STRICT;"
            "DELETE FROM ledger_epoch; DELETE FROM ledger_checkpoint;");
    for (size_t i = 0; i < n; i++) {
        char stream[96], key[96];
        const struct hash h = leaf_hash(m, i);
        const uint64_t version = number_behind(m->leaf[i], "\"version\":");
        text_behind(stream, m->leaf[i], "\"stream\":\"");
        text_behind(key, m->leaf[i], "\"key\":\"");
        run_with(db, NULL, 0, "INSERT OR IGNORE INTO ledger_event VALUES (%lld, %Q, %Q, %lld, %Q)",
                 (long long)i, key, stream, (long long)version, m->leaf[i]);
        run_with(db, h.b, 32, "INSERT OR REPLACE INTO ledger_head VALUES (%Q, %Q, %lld, ?)", stream,
                 key, (long long)version);
    }
    db_tiles(db, m, n);
    made_checkpoint(text, m, upto);
    run_with(db, NULL, 0, "INSERT INTO ledger_checkpoint VALUES (%lld, %Q)", (long long)upto, text);
    made_vkey(text, m);
    text[strlen(text) - 1] = '\0';
    run_with(db, NULL, 0, "INSERT INTO ledger_epoch VALUES (1, %Q)", text);
    run(db, "COMMIT");
    sqlite3_close(db);
}

/* -- Files --------------------------------------------------------------------------------------
 */

static void walk(const char *folder, const char *below, char paths[][128], size_t *n, size_t max,
                 bool removing)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s%s", folder, below[0] ? "/" : "", below);
    struct dirent **entries = NULL;
    const int count = scandir(full, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char path[512], full_path[1024];
        snprintf(path, sizeof path, "%s%s%s", below, below[0] ? "/" : "", name);
        snprintf(full_path, sizeof full_path, "%s/%s", folder, path);
        struct stat st;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && lstat(full_path, &st) == 0) {
            assert_true(strlen(path) < 128);
            if (S_ISDIR(st.st_mode))
                walk(folder, path, paths, n, max, removing);
            else if (!removing && *n < max)
                memcpy(paths[(*n)++], path, strlen(path) + 1);
            if (removing)
                remove(full_path);
        }
        free(entries[i]);
    }
    free(entries);
}

size_t made_list(const char *folder, char paths[][128], size_t max)
{
    size_t n = 0;
    walk(folder, "", paths, &n, max, false);
    return n;
}

void made_remove(const char *folder)
{
    size_t n = 0;
    walk(folder, "", NULL, &n, 0, true);
    rmdir(folder);
}
