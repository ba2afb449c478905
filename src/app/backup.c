/* What a backup is made of, and how it is told that one is good. */
#include "app/backup.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/kernel/node.sql.h"
#include "kernel/copy.h"
#include "verify/verify.h"

#define RECORDS "app/backup.def"
#include "base/record_tables.h"
#undef RECORDS

static void path_in(char out[BACKUP_PATH_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, BACKUP_PATH_MAX, "%s/%s", dir, name);
    BUG_ON(n < 0 || n >= BACKUP_PATH_MAX); /* backup_folder has seen to it */
}

enum outcome backup_beside(char out[BACKUP_PATH_MAX], const char *db_path, const char *tail,
                           struct err *e)
{
    char files[NODE_PATH_MAX];
    TRY(node_files(files, sizeof files, db_path, e));
    const int n = snprintf(out, BACKUP_PATH_MAX, "%s%s", files, tail);
    return n >= 0 && n < BACKUP_PATH_MAX ? OK : REFUSE(e, "node.path_too_long");
}

static enum outcome backup_folder(const char *dir, struct err *e)
{
    if (strlen(dir) > BACKUP_PATH_MAX - 40)
        return REFUSE(e, "node.path_too_long");
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return err_fault(e, "store.io", "make %s: %m", dir);
    DIR *d = opendir(dir);
    if (!d)
        return err_fault(e, "store.io", "open %s: %m", dir);
    size_t entries = 0;
    while (readdir(d))
        entries++;
    closedir(d);
    return entries > 2 ? REFUSE(e, "backup.not_empty", { "path", str_z(dir) }) : OK;
}

/* The whole ledger of the copy, by the code that shares nothing with what wrote it. */
static enum outcome backup_verify(struct verify_report *report, const char *copy, struct err *e)
{
    const struct verify_options options = { 0 };
    *report = (struct verify_report){ 0 };
    if (verify_db(copy, &options, report))
        return OK;
    return REFUSE(e, "backup.not_good", { "item", str_z(report->bad_item) },
                  { "reason", str_z(report->reason) });
}

/* The list of erasures goes with the data: it names ids alone. */
static enum outcome backup_erased(const char *db_path, const char *dir, struct err *e)
{
    char from[BACKUP_PATH_MAX];
    char to[BACKUP_PATH_MAX];
    TRY(backup_beside(from, db_path, ".erased", e));
    path_in(to, dir, "erased");
    return access(from, F_OK) == 0 ? copy_file(from, to, 0, NULL, e) : OK;
}

/* Name and key as the copy has them: no keyring is opened for it. */
static enum outcome backup_self(struct backup_manifest *out, const char *copy, struct arena *arena,
                                struct err *e)
{
    struct store *store;
    struct db *db = NULL;
    struct node_self_out self;
    bool found = false;
    const struct store_options options = { .path = copy, .read_only = true };
    TRY(store_open(&store, &options, e));
    enum outcome o = store_reader(&db, store, e);
    if (o == OK)
        o = db_get(db, &sql_node_self, NULL, &self, arena, &found, e);
    if (o == OK && !found)
        o = REFUSE(e, "node.not_a_node");
    if (o == OK) {
        out->node = self.name;
        out->vkey = self.vkey;
    }
    db_close(db);
    store_close(store);
    return o;
}

static enum outcome backup_copy(const char *db_path, const char *copy, struct err *e)
{
    struct store *store;
    const struct store_options options = { .path = db_path, .read_only = true };
    TRY(store_open(&store, &options, e));
    enum outcome o = store_backup(store, copy, e);
    store_close(store);
    return o;
}

static struct str hex_text(struct hash hash, struct arena *arena)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, hash);
    return arena_str(arena, str_z(hex));
}

static enum outcome manifest_write(const struct backup_manifest *m, const char *dir,
                                   struct arena *arena, struct err *e)
{
    char path[BACKUP_PATH_MAX];
    struct buf b = buf_in(arena, BACKUP_MANIFEST_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(&backup_manifest_record, m, &out, NULL, e));
    buf_char(&b, '\n');
    TRY(buf_check(&b, e));
    path_in(path, dir, "manifest.json");
    TRY(copy_text(path, buf_get(&b), e));
    return copy_sync_folder(path, e);
}

enum outcome backup_make(struct backup_manifest *out, const char *db_path, const char *dir,
                         struct arena *arena, struct err *e)
{
    char copy[BACKUP_PATH_MAX];
    struct verify_report report;
    struct hash hash;
    record_clear(&backup_manifest_record, out);
    TRY(backup_folder(dir, e));
    path_in(copy, dir, "vein.db");
    out->format = BACKUP_FORMAT;
    out->made = env_system.now_us(env_system.context);
    TRY(backup_copy(db_path, copy, e));
    TRY(backup_verify(&report, copy, e));
    TRY(backup_self(out, copy, arena, e));
    TRY(copy_hash(&hash, &out->bytes, copy, e));
    char from[BACKUP_PATH_MAX];
    char files[BACKUP_PATH_MAX];
    TRY(backup_beside(from, db_path, ".files", e));
    path_in(files, dir, "files");
    TRY(backup_files(from, files, e));
    TRY(backup_erased(db_path, dir, e));
    out->events = (int64_t)report.count;
    out->covered = (int64_t)report.signed_size;
    out->root = arena_str(arena, str_z(report.root_hex));
    out->database = hex_text(hash, arena);
    return manifest_write(out, dir, arena, e);
}

enum outcome backup_keys(const char *db_path, const char *to, const char *dir, struct err *e)
{
    char keys[BACKUP_PATH_MAX];
    char folder[PATH_MAX];
    char beside[PATH_MAX];
    TRY(backup_beside(keys, db_path, ".keys", e));
    TRY(keyring_copy(keys, to, e));
    if (realpath(dir, folder) && realpath(to, beside) && str_starts(str_z(beside), str_z(folder)) &&
        beside[strlen(folder)] == '/') {
        remove(to);
        return REFUSE(e, "backup.keys_beside");
    }
    return copy_sync_folder(to, e);
}

static enum outcome manifest_read(struct backup_manifest *out, const char *dir, struct arena *arena,
                                  struct err *e)
{
    char path[BACKUP_PATH_MAX];
    struct str text;
    const struct json *json;
    if (strlen(dir) > BACKUP_PATH_MAX - 40)
        return REFUSE(e, "node.path_too_long");
    path_in(path, dir, "manifest.json");
    if (copy_read(&text, path, BACKUP_MANIFEST_MAX, arena, e) != OK)
        return e->outcome == REFUSED ? REFUSE(e, "backup.no_manifest", { "path", str_z(dir) })
                                     : e->outcome;
    if (json_read(&json, arena, text, &json_limits_default, e) != OK ||
        record_from_json(&backup_manifest_record, out, arena, json, e) != OK ||
        out->format != BACKUP_FORMAT)
        return REFUSE(e, "backup.altered", { "path", str_z(path) });
    return OK;
}

enum outcome backup_check(struct backup_manifest *out, const char *dir, struct arena *arena,
                          struct err *e)
{
    char copy[BACKUP_PATH_MAX];
    struct verify_report report;
    struct hash hash;
    int64_t bytes;
    TRY(manifest_read(out, dir, arena, e));
    path_in(copy, dir, "vein.db");
    TRY(copy_hash(&hash, &bytes, copy, e));
    if (bytes != out->bytes || !str_eq(hex_text(hash, arena), out->database))
        return REFUSE(e, "backup.altered", { "path", arena_str(arena, str_z(copy)) });
    TRY(backup_verify(&report, copy, e));
    if (out->events != (int64_t)report.count || !str_is(out->root, report.root_hex))
        return REFUSE(e, "backup.altered", { "path", arena_str(arena, str_z(copy)) });
    return OK;
}
