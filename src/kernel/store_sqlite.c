/* The store on SQLite.
 *
 * One writer across processes: its connection holds an exclusive transaction on an empty side
 * database, `F.lock`. SQLite's own locks on F cannot say it, because an exclusive lock there would
 * keep readers of other processes out as well. The side database goes through the same VFS, so the
 * rule holds in a simulation too; its lock is the system's, which frees it when the process dies,
 * is not inherited by children, and leaves no stale state in the file.
 *
 * WAL with synchronous=FULL: a commit is one append and one sync. Page size and checkpoint interval
 * are measured with the gate's row set in groups of 64: pages of 4 KiB with a checkpoint at 31 MiB
 * give 16k commands a second and hold the writer up for at most 50 ms (at 4 MiB, the default, 10k
 * and 25 ms; pages of 8 KiB are slower at each interval).
 *
 * A file in WAL mode on a read-only medium cannot be read, because readers need its shared memory
 * beside it; backups are in rollback mode and can. */
#include "kernel/store_sqlite_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x7665696e, /* "vein" */
    BUSY_MS = 5000,
    VALUE_BYTES_MAX = 64 << 20,
};

struct node {
    sqlite3_vfs *vfs;
    bool read_only;
    char *lock_path;
    char path[];
};

/* -- Errors ----------------------------------------------------------------------------------- */

/* SQLite's messages name tables and columns but no values. */
enum outcome sqlite_fault(sqlite3 *db, int rc, const char *doing, struct err *e)
{
    const char *code = "store.corrupt"; /* a statement that does not fit the schema of the file */
    int system = db == NULL ? 0 : sqlite3_system_errno(db);
    bool denied = system == EACCES || system == EROFS || system == EPERM;
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_no_memory(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        code = "store.busy";
        break;
    case SQLITE_FULL:
        code = "store.disk_full";
        break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        code = "store.read_only";
        break;
    case SQLITE_CONSTRAINT:
        code = "store.constraint";
        break;
    case SQLITE_CANTOPEN:
        code = denied ? "store.read_only" : "store.io";
        break;
    case SQLITE_IOERR:
        code = system == ENOSPC || system == EDQUOT ? "store.disk_full" : "store.io";
        break;
    default:
        break;
    }
    return err_fault(e, code, "%s: %s (sqlite %d, errno %d)", doing,
                     db == NULL ? sqlite3_errstr(rc) : sqlite3_errmsg(db), rc, system);
}

static enum outcome execute(sqlite3 *db, const char *text, const char *doing, struct err *e)
{
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : sqlite_fault(db, rc, doing, e);
}

/* -- Opening ---------------------------------------------------------------------------------- */

static enum outcome open_file(sqlite3 **out, const struct node *node, const char *path, int flags,
                              struct err *e)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                             node->vfs->zName);
    if (rc != SQLITE_OK) {
        enum outcome outcome = sqlite_fault(db, rc, "open", e);
        sqlite3_close(db);
        return outcome;
    }
    *out = db;
    return OK;
}

/* The right to be the one writer, until the connection is closed. */
static enum outcome take_lock(sqlite3 **out, const struct node *node, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(open_file(&db, node, node->lock_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e));
    int rc = sqlite3_exec(db, "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        *out = db;
        return OK;
    }
    enum outcome outcome = (rc & 0xff) == SQLITE_BUSY
                               ? REFUSE(e, "store.in_use")
                               : sqlite_fault(db, rc, "take the writer's lock", e);
    sqlite3_close(db);
    return outcome;
}

/* What a file or a user function in it may not do to us, and what both engines must agree on. */
static enum outcome configure(sqlite3 *db, bool writer, struct err *e)
{
    static const struct {
        int option, value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 }, { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 },     { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        int is = -1;
        int rc = sqlite3_db_config(db, options[i].option, options[i].value, &is);
        if (rc != SQLITE_OK || is != options[i].value)
            return sqlite_fault(db, rc, "configure", e);
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    TRY(execute(db, "PRAGMA cell_size_check = ON; PRAGMA case_sensitive_like = ON", "configure",
                e));
    if (!writer)
        return execute(db, "PRAGMA cache_size = -4096", "configure", e);
    return execute(db,
                   "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                   "PRAGMA secure_delete = ON;" /* zeros over what is deleted */
                   "PRAGMA wal_autocheckpoint = 8000",
                   "configure", e);
}

/* The one number that a PRAGMA answers. */
static enum outcome ask(sqlite3 *db, const char *pragma, int64_t *out, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, pragma, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(s, 0);
    enum outcome outcome = rc == SQLITE_ROW ? OK : sqlite_fault(db, rc, pragma, e);
    sqlite3_finalize(s);
    return outcome;
}

/* A backup comes back in rollback mode; a VFS without shared memory cannot do WAL at all. */
static enum outcome enter_wal(sqlite3 *db, struct err *e)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    enum outcome outcome = OK;
    if (rc != SQLITE_ROW)
        outcome = sqlite_fault(db, rc, "enter WAL mode", e);
    else if (strcmp((const char *)sqlite3_column_text(s, 0), "wal") != 0)
        outcome = err_fault(e, "store.io", "the file system cannot share memory: no WAL");
    sqlite3_finalize(s);
    return outcome;
}

/* SQLite would make the file readable for all. */
static enum outcome create_private(const struct node *node, const char *path, struct err *e)
{
    if (node->vfs != sqlite3_vfs_find(NULL))
        return OK;
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_fault(e, errno == EACCES || errno == EROFS ? "store.read_only" : "store.io",
                         "create: errno %d", errno);
    close(fd);
    return OK;
}

static enum outcome create_locked(const struct node *node, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(create_private(node, node->path, e));
    TRY(open_file(&db, node, node->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e));
    char text[96];
    sqlite3_snprintf(sizeof text, text,
                     "PRAGMA page_size = 4096; PRAGMA synchronous = FULL;"
                     "PRAGMA application_id = %d",
                     APPLICATION_ID);
    enum outcome outcome = execute(db, text, "create", e);
    if (outcome == OK)
        outcome = enter_wal(db, e);
    sqlite3_close(db);
    return outcome;
}

static enum outcome create(const struct node *node, struct err *e)
{
    sqlite3 *lock = NULL;
    TRY(take_lock(&lock, node, e));
    enum outcome outcome = create_locked(node, e);
    sqlite3_close(lock);
    return outcome;
}

/* Reads the header and the schema: what is no database, damaged or not ours shows here. *empty: it
 * has no content, as when the power went while it was made. */
static enum outcome check_ours(const struct node *node, bool *empty, struct err *e)
{
    sqlite3 *db = NULL;
    int flags = node->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    TRY(open_file(&db, node, node->path, flags, e));
    sqlite3_busy_timeout(db, BUSY_MS);
    int64_t tables = 0, id = 0, pages = 0;
    enum outcome outcome = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, e);
    if (outcome == OK)
        outcome = ask(db, "PRAGMA application_id", &id, e);
    if (outcome == OK)
        outcome = ask(db, "PRAGMA page_count", &pages, e);
    *empty = outcome == OK && pages == 0;
    if (outcome == OK && id != APPLICATION_ID && !*empty)
        outcome = REFUSE(e, "store.not_vein", { "path", str_z(node->path) });
    sqlite3_close(db);
    return outcome;
}

static enum outcome node_ready(const struct node *node, bool may_create, struct err *e)
{
    int exists = 0;
    int rc = node->vfs->xAccess(node->vfs, node->path, SQLITE_ACCESS_EXISTS, &exists);
    if (rc != SQLITE_OK)
        return sqlite_fault(NULL, rc, "look for the file", e);
    if (!exists && !may_create)
        return REFUSE(e, "store.not_found", { "path", str_z(node->path) });
    bool empty = !exists;
    /* SQLite would say of a read-only disk that it could not open the log beside the file. */
    if (exists && !node->read_only && node->vfs == sqlite3_vfs_find(NULL) &&
        access(node->path, W_OK) != 0)
        return err_fault(e, "store.read_only", "%s: errno %d", node->path, errno);
    if (exists)
        TRY(check_ours(node, &empty, e));
    if (empty && may_create) {
        TRY(create(node, e));
        TRY(check_ours(node, &empty, e));
    }
    return empty ? REFUSE(e, "store.not_vein", { "path", str_z(node->path) }) : OK;
}

static void node_close(void *p)
{
    struct node *node = p;
    free(node->lock_path);
    free(node);
}

/* What a savepoint would put back is kept in memory: a group opens one for each command, and would
 * write every page it touches into a temporary file first. Heeded before SQLite's first use only.
 */
static void settle(void)
{
    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}

static enum outcome node_open(void **out, const struct store_options *options, struct err *e)
{
    static const char suffix[] = ".lock";
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, settle);
    size_t n = strlen(options->path);
    struct node *node = calloc(1, sizeof *node + n + 1);
    char *lock_path = calloc(1, n + sizeof suffix);
    sqlite3_vfs *vfs = sqlite3_vfs_find(options->vfs);
    if (node == NULL || lock_path == NULL) {
        free(node);
        free(lock_path);
        return err_no_memory(e);
    }
    memcpy(node->path, options->path, n);
    memcpy(lock_path, options->path, n);
    memcpy(lock_path + n, suffix, sizeof suffix);
    node->lock_path = lock_path;
    node->read_only = options->read_only;
    node->vfs = vfs;
    enum outcome outcome = vfs == NULL
                               ? err_fault(e, "store.io", "there is no VFS %s", options->vfs)
                               : node_ready(node, options->create && !options->read_only, e);
    if (outcome != OK) {
        node_close(node);
        return outcome;
    }
    *out = node;
    return OK;
}

static void disconnect(void *p)
{
    struct sqlite_connection *c = p;
    BUG_ON(sqlite3_close(c->db) != SQLITE_OK); /* a statement was left behind */
    sqlite3_close(c->lock);
    free(c);
}

static enum outcome connect(void **out, void *p, bool writer, struct err *e)
{
    const struct node *node = p;
    struct sqlite_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_no_memory(e);
    enum outcome outcome = writer ? take_lock(&c->lock, node, e) : OK;
    if (outcome == OK)
        outcome = open_file(&c->db, node, node->path,
                            writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, e);
    if (outcome == OK)
        outcome = configure(c->db, writer, e);
    if (outcome == OK && writer)
        outcome = enter_wal(c->db, e);
    if (outcome != OK) {
        disconnect(c);
        return outcome;
    }
    *out = c;
    return OK;
}

static bool in_transaction(void *p)
{
    struct sqlite_connection *c = p;
    return !sqlite3_get_autocommit(c->db);
}

static enum outcome script(void *p, const char *text, struct err *e)
{
    struct sqlite_connection *c = p;
    return execute(c->db, text, "run", e);
}

static int64_t changed(void *p)
{
    struct sqlite_connection *c = p;
    return sqlite3_changes64(c->db);
}

/* -- Backup ----------------------------------------------------------------------------------- */

/* SQLite does not sync what VACUUM INTO wrote. */
static enum outcome sync_copy(const struct node *node, const char *path, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(open_file(&db, node, path, SQLITE_OPEN_READWRITE, e));
    int64_t id = 0;
    enum outcome outcome = ask(db, "PRAGMA application_id", &id, e);
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    int rc = file == NULL || file->pMethods == NULL ? SQLITE_IOERR
                                                    : file->pMethods->xSync(file, SQLITE_SYNC_FULL);
    if (outcome == OK && rc != SQLITE_OK)
        outcome = sqlite_fault(db, rc, "sync the copy", e);
    sqlite3_close(db);
    return outcome;
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
static enum outcome backup(void *p, const char *to_path, struct err *e)
{
    const struct node *node = p;
    int exists = 0;
    if (node->vfs->xAccess(node->vfs, to_path, SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK ||
        exists)
        return REFUSE(e, "store.exists", { "path", str_z(to_path) });
    sqlite3 *db = NULL;
    TRY(open_file(&db, node, node->path, SQLITE_OPEN_READONLY, e));
    enum outcome outcome = configure(db, false, e);
    if (outcome == OK)
        outcome = create_private(node, to_path, e); /* VACUUM INTO takes an empty file */
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
    TRY(ask(db, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')", &n, e));
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

static enum outcome check(void *p, struct err *e)
{
    const struct node *node = p;
    sqlite3 *db = NULL;
    TRY(open_file(&db, node, node->path, SQLITE_OPEN_READONLY, e));
    enum outcome outcome = configure(db, false, e);
    if (outcome == OK)
        outcome = no_programs(db, e);
    if (outcome == OK)
        outcome = integrity(db, e);
    sqlite3_close(db);
    return outcome;
}

static enum outcome beside(void *p, const char *path, struct err *e)
{
    struct sqlite_connection *c = p;
    if (path == NULL)
        return execute(c->db, "DETACH beside", "leave the other database", e);
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

/* Its answer: busy, pages of the log, pages written. */
static enum outcome flush(void *p, bool *done, struct err *e)
{
    struct sqlite_connection *c = p;
    int64_t busy = 1;
    sqlite3_busy_timeout(c->db, 0);
    const enum outcome outcome = ask(c->db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, e);
    sqlite3_busy_timeout(c->db, BUSY_MS);
    *done = busy == 0;
    return outcome;
}

const struct store_engine store_engine_sqlite = {
    .name = "sqlite",
    .begin_write = "BEGIN IMMEDIATE",
    .begin_read = "BEGIN",
    .open = node_open,
    .close = node_close,
    .connect = connect,
    .disconnect = disconnect,
    .in_transaction = in_transaction,
    .script = script,
    .prepare = sqlite_statement_prepare,
    .finalize = sqlite_statement_finalize,
    .bind = sqlite_statement_bind,
    .step = sqlite_statement_step,
    .reset = sqlite_statement_reset,
    .columns = sqlite_statement_columns,
    .column = sqlite_statement_column,
    .changed = changed,
    .backup = backup,
    .check = check,
    .beside = beside,
    .flush = flush,
};
