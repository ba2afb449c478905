/* What goes through a whole database on SQLite: copies, checks, the set of tables beside it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/store_sqlite_impl.h"

/* SQLite does not sync what VACUUM INTO wrote. */
static enum outcome sync_copy(const struct sqlite_node *node, const char *path, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(sqlite_open_file(&db, node, path, SQLITE_OPEN_READWRITE, e));
    int64_t id = 0;
    enum outcome outcome = sqlite_ask(db, "PRAGMA application_id", &id, e);
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    int rc = file == NULL || file->pMethods == NULL ? SQLITE_IOERR
                                                    : file->pMethods->xSync(file, SQLITE_SYNC_FULL);
    if (outcome == OK && rc != SQLITE_OK)
        outcome = sqlite_fault(db, rc, "sync the copy", e);
    sqlite3_close(db);
    return outcome;
}

enum outcome sqlite_file_settle(const char *path, struct err *e)
{
    const struct sqlite_node node = { .vfs = sqlite3_vfs_find(NULL) };
    sqlite3 *db = NULL;
    TRY(sqlite_open_file(&db, &node, path, SQLITE_OPEN_READWRITE, e));
    enum outcome o = sqlite_execute(db, "PRAGMA journal_mode = DELETE", "settle", e);
    sqlite3_close(db);
    char lock[SQLITE_PATH_MAX];
    const int n = snprintf(lock, sizeof lock, "%s.lock", path);
    if (o == OK && n > 0 && (size_t)n < sizeof lock && unlink(lock) != 0 && errno != ENOENT)
        o = err_fault(e, "store.io", "remove %s: errno %d", lock, errno);
    return o == OK ? sync_copy(&node, path, e) : o;
}

static enum outcome vacuum_into(sqlite3 *db, const char *path, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum outcome outcome = rc == SQLITE_DONE ? OK : sqlite_fault(db, rc, "copy", e);
    sqlite3_finalize(s);
    return outcome;
}

/* VACUUM INTO rather than sqlite3_backup: that starts over at each commit of another connection
 * and copies pages blindly, while this reads every tree in one snapshot, so that a damaged page is
 * met here and not at the restore, and gives one file in rollback mode without a WAL beside it. */
enum outcome sqlite_whole_backup(void *p, const char *to_path, struct err *e)
{
    const struct sqlite_node *node = p;
    int exists = 0;
    if (node->vfs->xAccess(node->vfs, to_path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK ||
        exists)
        return REFUSE(e, "store.exists", { "path", str_z(to_path) });
    sqlite3 *db = NULL;
    TRY(sqlite_open_file(&db, node, node->path, SQLITE_OPEN_READONLY, e));
    enum outcome outcome = sqlite_configure(db, false, e);
    if (outcome == OK)
        outcome = sqlite_create_private(node, to_path, e); /* VACUUM INTO takes an empty file */
    if (outcome == OK)
        outcome = vacuum_into(db, to_path, e);
    sqlite3_close(db);
    if (outcome == OK)
        outcome = sync_copy(node, to_path, e);
    if (outcome != OK)
        node->vfs->xDelete(node->vfs, to_path, 1);
    return outcome;
}

/* vein makes tables and indexes only. A trigger would not run here, but somebody put it there. */
static enum outcome no_programs(sqlite3 *db, struct err *e)
{
    int64_t n = 0;
    TRY(sqlite_ask(db, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
                   &n, e));
    return n == 0 ? OK
                  : err_fault(e, "store.corrupt", "%lld triggers or views that are none of ours",
                              (long long)n);
}

/* One line "ok", or what is wrong; names of tables and numbers of pages, no values. */
static enum outcome integrity(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum outcome outcome = OK;
    if (rc != SQLITE_ROW)
        outcome = sqlite_fault(db, rc, "check", e);
    else if (strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
        outcome = err_fault(e, "store.corrupt", "%s", sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return outcome;
}

enum outcome sqlite_whole_check(void *p, struct err *e)
{
    const struct sqlite_node *node = p;
    sqlite3 *db = NULL;
    TRY(sqlite_open_file(&db, node, node->path, SQLITE_OPEN_READONLY, e));
    enum outcome outcome = sqlite_configure(db, false, e);
    if (outcome == OK)
        outcome = no_programs(db, e);
    if (outcome == OK)
        outcome = integrity(db, e);
    sqlite3_close(db);
    return outcome;
}

enum outcome sqlite_whole_beside(void *p, const char *path, struct err *e)
{
    struct sqlite_connection *c = p;
    if (path == NULL)
        return sqlite_execute(c->db, "DETACH beside", "leave the other database", e);
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, "ATTACH ?1 AS beside", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum outcome outcome = rc == SQLITE_DONE ? OK : sqlite_fault(c->db, rc, "attach", e);
    sqlite3_finalize(s);
    return outcome;
}

const char *sqlite_whole_beside_name(void *p)
{
    (void)p;
    return "beside";
}

/* Its answer: busy, pages of the log, pages written. */
enum outcome sqlite_whole_flush(void *p, const char *tables, bool more, bool *done, struct err *e)
{
    struct sqlite_connection *c = p;
    int64_t busy = 1;
    (void)tables; /* of all */
    (void)more;   /* it is done at once */
    sqlite3_busy_timeout(c->db, 0);
    const enum outcome outcome = sqlite_ask(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, e);
    sqlite3_busy_timeout(c->db, SQLITE_BUSY_MS);
    *done = busy == 0;
    return outcome;
}
