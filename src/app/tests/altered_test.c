/* A thousand altered ledgers, each detected by the verifier, which knows only the key (AUD-02). One
 * ledger is made; each round copies the file, alters it as someone with the disk but without the
 * signing key would, and verifies. */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "base/tests/sanitized.h"
#include "verify/verify.h"

enum { ROUNDS = SANITIZED ? 100 : 1000, DEVIATIONS = 375, LEAF = 65536 };

static char folder[64], original[96], altered[96], since[96];
static char vkey[400];
static int64_t events;
static char *image;
static size_t image_size;
static uint64_t seed = 42;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

/* --- the honest ledger --- */

static const char org[] = "00000000-0000-8000-a000-000000000001";
static const char site[] = "00000000-0000-8000-a000-000000000011";

/* Person 0 or 1 sends it; the command's id comes back. */
static struct id send(struct node *n, int person, const char *command, const char *body)
{
    static uint64_t number;
    struct arena *arena = arena_new(1 << 20);
    struct id id = id_derive(S("altered"), S("command"), number++);
    char name[60];
    snprintf(name, sizeof name, "account/00000000-0000-8000-a000-00000000002%d", person);
    struct grant grant = { .permission = str_z(command), .organisation = str_z(org) };
    struct actor actor = { .name = str_z(name),
                           .account = str_z(name + 8),
                           .organisation = str_z(org),
                           .site = str_z(site),
                           .grants = &grant,
                           .ngrants = 1 };
    struct gate_command c = {
        .id = id_str(&id),
        .name = str_z(command),
        .body = str_z(body),
        .actor = &actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("as found"),
        .arena = arena,
    };
    struct err e = { 0 };
    if (gate_run(n->gate, &c, NULL, &e) != OK)
        fail_msg("%s: %s %s", command, e.code, e.detail);
    arena_free(arena);
    return id;
}

static void checkpoint(struct node *n)
{
    struct err e = { 0 };
    assert_int_equal(gate_checkpoint_step(n->gate, 0, &e), OK);
}

static void keep_checkpoint(struct node *n)
{
    struct arena *arena = arena_new(1 << 16);
    struct db *db;
    struct str note;
    struct err e = { 0 };
    checkpoint(n);
    assert_int_equal(store_reader_take(&db, n->store, &e), OK);
    assert_int_equal(ledger_last_checkpoint(db, &note, arena, &e), OK);
    store_reader_give(n->store, db);
    FILE *file = fopen(since, "w");
    assert_non_null(file);
    fwrite(note.p, 1, note.n, file);
    fclose(file);
    arena_free(arena);
}

static void make_ledger(void)
{
    struct node n;
    int code;
    assert_true(cli_node_open(&n, original, true, false, &code));
    snprintf(vkey, sizeof vkey, "%.*s", STR(n.vkey));
    for (int i = 0; i < DEVIATIONS; i++) {
        char body[300];
        struct id opened =
            send(&n, 0, "deviation.open",
                 "{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"a lamp\"}");
        struct id deviation = id_derive(id_str(&opened), S("deviation"), 0);
        snprintf(body, sizeof body,
                 "{\"deviation\":\"%s\",\"cause\":\"wear\",\"conclusion\":\"replaced\"}",
                 deviation.text);
        send(&n, 1, "deviation.close", body);
        if (i % 50 == 0)
            checkpoint(&n);
    }
    keep_checkpoint(&n);
    events = (int64_t)ledger_size(n.ledger);
    node_close(&n); /* signs the last, and folds the write-ahead log into the file */
}

static int make_all(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    test_folder(folder, sizeof folder, "altered");
    snprintf(original, sizeof original, "%s/db", folder);
    snprintf(altered, sizeof altered, "%s/altered", folder);
    snprintf(since, sizeof since, "%s/since", folder);
    make_ledger();
    FILE *file = fopen(original, "rb");
    assert_non_null(file);
    struct stat st;
    assert_int_equal(fstat(fileno(file), &st), 0);
    image_size = (size_t)st.st_size;
    image = malloc(image_size);
    assert_non_null(image);
    assert_int_equal(fread(image, 1, image_size, file), image_size);
    fclose(file);
    return 0;
}

static int remove_all(void **state)
{
    (void)state;
    free(image);
    char command[160];
    static const char *const names[] = { "db",          "db-wal",  "db-shm",  "db.lock",
                                         "db.keys",     "db.root", "altered", "altered-wal",
                                         "altered-shm", "since" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(command, sizeof command, "%s/%s", folder, names[i]);
        unlink(command);
    }
    return rmdir(folder);
}

/* --- what a hand on the disk can do --- */

static sqlite3 *db;

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
    char sql[400];
    va_list list;
    va_start(list, format);
    vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

static char *leaf_of(int64_t seq)
{
    static char leaf[LEAF];
    sqlite3_stmt *q;
    sqlite3_prepare_v2(db, "SELECT leaf FROM ledger_event WHERE seq = ?", -1, &q, NULL);
    sqlite3_bind_int64(q, 1, seq);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    snprintf(leaf, sizeof leaf, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    return leaf;
}

static void set_leaf(int64_t seq, const char *leaf)
{
    sqlite3_stmt *q;
    sqlite3_prepare_v2(db, "UPDATE ledger_event SET leaf = ? WHERE seq = ?", -1, &q, NULL);
    sqlite3_bind_text(q, 1, leaf, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(q, 2, seq);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
}

/* One character of one leaf, to another that is no less plausible where it can be. */
static void flip(void)
{
    int64_t seq = draw((uint32_t)events);
    char *leaf = leaf_of(seq);
    char *c = &leaf[draw((uint32_t)strlen(leaf))];
    *c = *c >= '0' && *c < '9' ? (char)(*c + 1) : *c == 'a' ? 'b' : 'a';
    set_leaf(seq, leaf);
}

static void shift_down(int64_t from)
{
    run("UPDATE ledger_event SET seq = -seq - 1 WHERE seq > %lld", (long long)from);
    run("UPDATE ledger_event SET seq = -seq - 2 WHERE seq < 0");
}

static void shift_up(int64_t from)
{
    run("UPDATE ledger_event SET seq = -seq - 1 WHERE seq >= %lld", (long long)from);
    run("UPDATE ledger_event SET seq = -seq WHERE seq < 0");
}

/* An event is gone, with or without closing the gap. */
static void drop(void)
{
    int64_t seq = draw((uint32_t)events);
    run("DELETE FROM ledger_event WHERE seq = %lld", (long long)seq);
    if (draw(2))
        shift_down(seq);
}

/* An event that never happened: a fresh stream, in place of nothing or at the end. */
static void insert(void)
{
    int64_t at = draw((uint32_t)events + 1);
    static char leaf[LEAF];
    snprintf(leaf, sizeof leaf, "%s", leaf_of(draw((uint32_t)events)));
    shift_up(at);
    run("DROP INDEX ledger_event_stream");
    run("INSERT INTO ledger_event (seq, key, stream, version, leaf) "
        "VALUES (%lld, 'deviation/x', 'deviation/x', 1, '')",
        (long long)at);
    set_leaf(at, leaf);
}

static void swap(void)
{
    int64_t a = draw((uint32_t)events);
    int64_t b = (a + 1 + draw((uint32_t)events - 1)) % events;
    run("UPDATE ledger_event SET seq = -1 WHERE seq = %lld", (long long)a);
    run("UPDATE ledger_event SET seq = %lld WHERE seq = %lld", (long long)a, (long long)b);
    run("UPDATE ledger_event SET seq = %lld WHERE seq = -1", (long long)b);
}

static void duplicate(void)
{
    int64_t from = draw((uint32_t)events);
    int64_t to = (from + 1 + draw((uint32_t)events - 1)) % events;
    run("DROP INDEX ledger_event_stream");
    run("UPDATE ledger_event SET (key, stream, version, leaf) = (SELECT key, stream, version, leaf "
        "FROM ledger_event WHERE seq = %lld) WHERE seq = %lld",
        (long long)from, (long long)to);
}

static void write_tile(uint32_t level, uint64_t index, const struct hash *hashes, size_t n)
{
    sqlite3_stmt *q;
    sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO ledger_tile VALUES (?, ?, ?)", -1, &q, NULL);
    sqlite3_bind_int64(q, 1, level);
    sqlite3_bind_int64(q, 2, (int64_t)index);
    sqlite3_bind_blob(q, 3, hashes, (int)(n * sizeof *hashes), SQLITE_TRANSIENT);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
}

static enum outcome full_tile(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    (void)context;
    (void)e;
    write_tile(tile->level, tile->index, tile->hashes, MERKLE_WIDTH);
    return OK;
}

/* Changes when something happened and makes everything behind it agree again: chains, heads, tiles.
 * All but the signature, for which the key is missing; or with a key of one's own. */
static void rehash_forward(bool own_key)
{
    int64_t target = draw((uint32_t)events);
    char stream[100] = "";
    static struct merkle_edge edge;
    struct err e = { 0 };
    char before[HASH_HEX + 1] = "", after[HASH_HEX + 1] = "";
    edge = (struct merkle_edge){ 0 };
    for (int64_t seq = 0; seq < events; seq++) {
        char *leaf = leaf_of(seq);
        char *name = strstr(leaf, "\"stream\":\"");
        bool same = stream[0] && name && strncmp(name + 10, stream, strlen(stream)) == 0;
        if (seq == target || same) {
            struct hash old = merkle_leaf(str_z(leaf));
            if (seq == target) {
                snprintf(stream, sizeof stream, "%.*s", (int)strcspn(name + 10, "\""), name + 10);
                char *digit = strstr(leaf, "\"happened\":\"") + 15; /* a digit of the year */
                *digit = *digit == '9' ? '8' : (char)(*digit + 1);
            } else {
                char *previous = strstr(leaf, before);
                assert_non_null(previous);
                memcpy(previous, after, HASH_HEX);
            }
            hash_hex(before, old);
            set_leaf(seq, leaf);
            hash_hex(after, merkle_leaf(str_z(leaf)));
            run("UPDATE ledger_head SET hash = X'%s' WHERE stream = '%s'", after, stream);
        }
        assert_int_equal(merkle_append(&edge, merkle_leaf(str_z(leaf)), full_tile, NULL, &e), OK);
    }
    for (uint32_t level = 1; level < MERKLE_LEVELS_MAX; level++)
        if (edge.level[level].n > 0)
            write_tile(level, 0, edge.level[level].hashes, edge.level[level].n);
    if (!own_key)
        return;
    struct note_signer forger;
    uint8_t key[32] = { 1 };
    struct checkpoint c = { .size = (uint64_t)events, .root = merkle_root(&edge) };
    char name[100], note[NOTE_MAX], forged[400];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(vkey, "+"), vkey);
    snprintf(c.origin, sizeof c.origin, "%s", name);
    assert_int_equal(note_signer_init(&forger, str_z(name), key, &e), OK);
    struct buf b = buf_over(note, sizeof note - 1);
    checkpoint_write(&b, &c, &forger);
    note[b.n] = '\0';
    struct buf k = buf_over(forged, sizeof forged - 1);
    note_vkey_write(&k, &forger);
    forged[k.n] = '\0';
    run("UPDATE ledger_checkpoint SET note = '%s'", note);
    run("UPDATE ledger_epoch SET vkey = '%s'", forged);
}

static void truncate_log(void)
{
    int64_t keep = draw((uint32_t)events);
    run("DELETE FROM ledger_event WHERE seq >= %lld", (long long)keep);
    run("DELETE FROM ledger_tile WHERE (level = 0 AND idx >= %lld) OR level > 0",
        (long long)keep / 256);
    run("DELETE FROM ledger_head");
    run("DELETE FROM ledger_checkpoint");
}

/* The hashes of every tile by one place round. */
static void alter_tile(void)
{
    run("UPDATE ledger_tile SET hashes = CAST(substr(hashes, 33) || substr(hashes, 1, 32) AS "
        "BLOB)");
}

static void alter_checkpoint(void)
{
    switch (draw(3)) {
    case 0:
        run("UPDATE ledger_checkpoint SET note = replace(note, '\n%lld\n', '\n%lld\n')",
            (long long)events, (long long)events - 1 - (int64_t)draw(100));
        return;
    case 1:
        run("UPDATE ledger_checkpoint SET note = substr(note, 1, length(note) - 20) || 'AAAA' || "
            "substr(note, length(note) - 15)");
        return;
    default:
        run("UPDATE ledger_checkpoint SET note = replace(note, 'vein.local', 'vein.other')");
    }
}

/* A pair of events of one stream changes places, versions and all, so that only the chain tells. */
static void swap_in_stream(void)
{
    int64_t a = 2 * (int64_t)draw(DEVIATIONS), b = a + 1; /* opened, closed */
    static char left[LEAF];
    snprintf(left, sizeof left, "%s", leaf_of(a));
    set_leaf(a, leaf_of(b));
    set_leaf(b, left);
}

static bool verified(const char *outside, struct verify_report *report)
{
    struct verify_options options = { .vkey = vkey, .since = outside };
    *report = (struct verify_report){ 0 };
    return verify_db(altered, &options, report);
}

static void copy_image(void)
{
    FILE *file = fopen(altered, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image, 1, image_size, file), image_size);
    fclose(file);
}

/* shows: AUD-02 */
static void aud_02_every_alteration_is_detected(void **state)
{
    (void)state;
    copy_image();
    struct verify_report report;
    /* The honest one is good, also against its own outside checkpoint. */
    assert_true(verified(NULL, &report));
    assert_true(verified(since, &report));
    static const char *const names[] = {
        "flip",      "drop",           "insert",    "swap",
        "duplicate", "swap in stream", "rehash",    "rehash with own key",
        "truncate",  "tile",           "checkpoint"
    };
    int done[11] = { 0 };
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t how = (uint32_t)round % 11;
        if ((how == 6 || how == 7) && done[how] >= 20)
            how = 0; /* slow ones: 20 of each are enough */
        copy_image();
        assert_int_equal(sqlite3_open(altered, &db), SQLITE_OK);
        run("PRAGMA journal_mode = DELETE");
        run("BEGIN");
        switch (how) {
        case 0:
            flip();
            break;
        case 1:
            drop();
            break;
        case 2:
            insert();
            break;
        case 3:
            swap();
            break;
        case 4:
            duplicate();
            break;
        case 5:
            swap_in_stream();
            break;
        case 6:
            rehash_forward(false);
            break;
        case 7:
            rehash_forward(true);
            break;
        case 8:
            truncate_log();
            break;
        case 9:
            alter_tile();
            break;
        default:
            alter_checkpoint();
            break;
        }
        run("COMMIT");
        sqlite3_close(db);
        if (verified(how == 8 ? since : NULL, &report))
            fail_msg("round %d: %s went unnoticed", round, names[how]);
        const bool rehashed = how == 6 || how == 7; /* all is well but for what is signed */
        if (rehashed && strncmp(report.bad_item, "checkpoint", strlen("checkpoint")) != 0)
            fail_msg("round %d: %s was found at %s: %s", round, names[how], report.bad_item,
                     report.reason);
        done[how]++;
    }
    for (size_t i = 0; i < 11; i++)
        printf("# %s: %d detected\n", names[i], done[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(aud_02_every_alteration_is_detected) };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
