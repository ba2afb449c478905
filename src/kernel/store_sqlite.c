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
 * and 25 ms; pages of 8 KiB are slower at each interval). A server's writer leaves most of it to
 * another thread (store_sqlite_fold.c).
 *
 * A file in WAL mode on a read-only medium cannot be read, because readers need its shared memory
 * beside it; backups are in rollback mode and can. */
#include "kernel/store_sqlite_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x7665696e, /* "vein" */
    VALUE_BYTES_MAX = 64 << 20,
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

enum outcome sqlite_execute(sqlite3 *db, const char *text, const char *doing, struct err *e)
{
    int rc = sqlite3_exec(db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? OK : sqlite_fault(db, rc, doing, e);
}

/* -- Opening ---------------------------------------------------------------------------------- */

enum outcome sqlite_open_file(sqlite3 **out, const struct sqlite_node *node, const char *path,
                              int flags, struct err *e)
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
static enum outcome take_lock(sqlite3 **out, const struct sqlite_node *node, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(sqlite_open_file(&db, node, node->lock_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                         e));
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
enum outcome sqlite_configure(sqlite3 *db, bool writer, struct err *e)
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
    sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    TRY(sqlite_execute(db, "PRAGMA cell_size_check = ON; PRAGMA case_sensitive_like = ON",
                       "configure", e));
    if (!writer)
        return sqlite_execute(db, "PRAGMA cache_size = -4096", "configure", e);
    return sqlite_execute(db,
                          "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;"
                          "PRAGMA secure_delete = ON" /* zeros over what is deleted */,
                          "configure", e);
}

/* The one number that a PRAGMA answers. */
enum outcome sqlite_ask(sqlite3 *db, const char *pragma, int64_t *out, struct err *e)
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
enum outcome sqlite_create_private(const struct sqlite_node *node, const char *path, struct err *e)
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

static enum outcome create_locked(const struct sqlite_node *node, struct err *e)
{
    sqlite3 *db = NULL;
    TRY(sqlite_create_private(node, node->path, e));
    TRY(sqlite_open_file(&db, node, node->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e));
    char text[96];
    sqlite3_snprintf(sizeof text, text,
                     "PRAGMA page_size = 4096; PRAGMA synchronous = FULL;"
                     "PRAGMA application_id = %d",
                     APPLICATION_ID);
    enum outcome outcome = sqlite_execute(db, text, "create", e);
    if (outcome == OK)
        outcome = enter_wal(db, e);
    sqlite3_close(db);
    return outcome;
}

static enum outcome create(const struct sqlite_node *node, struct err *e)
{
    sqlite3 *lock = NULL;
    TRY(take_lock(&lock, node, e));
    enum outcome outcome = create_locked(node, e);
    sqlite3_close(lock);
    return outcome;
}

/* Reads the header and the schema: what is no database, damaged or not ours shows here. *empty: it
 * has no content, as when the power went while it was made. */
static enum outcome check_ours(const struct sqlite_node *node, bool *empty, struct err *e)
{
    sqlite3 *db = NULL;
    int flags = node->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    TRY(sqlite_open_file(&db, node, node->path, flags, e));
    sqlite3_busy_timeout(db, SQLITE_BUSY_MS);
    int64_t tables = 0, id = 0, pages = 0;
    enum outcome outcome = sqlite_ask(db, "SELECT count(*) FROM sqlite_schema", &tables, e);
    if (outcome == OK)
        outcome = sqlite_ask(db, "PRAGMA application_id", &id, e);
    if (outcome == OK)
        outcome = sqlite_ask(db, "PRAGMA page_count", &pages, e);
    *empty = outcome == OK && pages == 0;
    if (outcome == OK && id != APPLICATION_ID && !*empty)
        outcome = REFUSE(e, "store.not_vein", { "path", str_z(node->path) });
    sqlite3_close(db);
    return outcome;
}

static enum outcome node_ready(const struct sqlite_node *node, bool may_create, struct err *e)
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
    struct sqlite_node *node = p;
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
    struct sqlite_node *node = calloc(1, sizeof *node + n + 1);
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

static enum outcome remove_files(const char *path, struct err *e)
{
    static const char *const tails[] = { "", "-wal", "-shm", ".lock" };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char file[SQLITE_PATH_MAX];
        const int n = snprintf(file, sizeof file, "%s%s", path, tails[i]);
        if (n > 0 && (size_t)n < sizeof file && unlink(file) != 0 && errno != ENOENT)
            return err_fault(e, "store.io", "remove %s: errno %d", file, errno);
    }
    return OK;
}

/* SQLite leaves the log alone when it closes a file that is not at its name any more. */
static enum outcome discard(void *p, struct err *e)
{
    struct sqlite_connection *c = p;
    const char *path = sqlite3_db_filename(c->db, "main");
    return path ? remove_files(path, e) : err_fault(e, "store.io", "a database without a name");
}

static void disconnect(void *p)
{
    struct sqlite_connection *c = p;
    BUG_ON(sqlite3_close(c->db) != SQLITE_OK); /* a statement was left behind */
    sqlite3_close(c->lock);
    free(c);
}

static enum outcome connect(void **out, void *p, enum store_role role, struct err *e)
{
    const bool writer = store_role_writes(role);
    struct sqlite_node *node = p;
    struct sqlite_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_no_memory(e);
    enum outcome outcome = writer ? take_lock(&c->lock, node, e) : OK;
    if (outcome == OK)
        outcome = sqlite_open_file(&c->db, node, node->path,
                                   writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, e);
    if (outcome == OK)
        outcome = sqlite_configure(c->db, writer, e);
    if (outcome == OK && writer)
        outcome = enter_wal(c->db, e);
    if (outcome != OK) {
        disconnect(c);
        return outcome;
    }
    if (writer)
        sqlite_fold_watch(node, c->db);
    *out = c;
    return OK;
}

static bool usable(void *p)
{
    (void)p;
    return true;
}

static bool in_transaction(void *p)
{
    struct sqlite_connection *c = p;
    return !sqlite3_get_autocommit(c->db);
}

static enum outcome script(void *p, const char *text, struct err *e)
{
    struct sqlite_connection *c = p;
    return sqlite_execute(c->db, text, "run", e);
}

static int64_t changed(void *p)
{
    struct sqlite_connection *c = p;
    return sqlite3_changes64(c->db);
}

const struct store_engine store_engine_sqlite = {
    .name = "sqlite",
    .begin_write = "BEGIN IMMEDIATE",
    .begin_read = "BEGIN",
    .begin_derived = "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
    .derived_end = "PRAGMA synchronous = FULL",
    .made = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC, rowid",
    .open = node_open,
    .close = node_close,
    .remove = remove_files,
    .connect = connect,
    .disconnect = disconnect,
    .usable = usable,
    .in_transaction = in_transaction,
    .script = script,
    .prepare = sqlite_statement_prepare,
    .finalize = sqlite_statement_finalize,
    .bind = sqlite_statement_bind,
    .cursor = sqlite_statement_cursor,
    .step = sqlite_statement_step,
    .reset = sqlite_statement_reset,
    .columns = sqlite_statement_columns,
    .column = sqlite_statement_column,
    .changed = changed,
    .backup = sqlite_whole_backup,
    .check = sqlite_whole_check,
    .beside = sqlite_whole_beside,
    .beside_name = sqlite_whole_beside_name,
    .own = "main.",
    .flush = sqlite_whole_flush,
    .discard = discard,
    .fold_open = sqlite_fold_open,
    .fold_step = sqlite_fold_step,
    .fold_close = sqlite_fold_close,
};
