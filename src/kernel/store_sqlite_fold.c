/* The log of changes and its way into the database.
 *
 * SQLite appends commits to its log (WAL) and now and then writes their pages into the database, a
 * checkpoint: thousands of pages and a sync, for which the writer would stand still. Where somebody
 * folds (store_fold.h), that is done on another connection while the writer goes on. It never ends
 * there, for the writer appends meanwhile, and the log begins anew only when all of it is in the
 * database. So the writer does the last part itself, after a commit, once the log has become long
 * and that part is about what one group of commands wrote: seldom enough that of a hundred commands
 * not one waits for it. Each of these is SQLite's own checkpoint (PASSIVE: it waits for nobody),
 * and a power cut at any moment finds what one on the writer's thread would leave.
 * On a small or nearly full disk it does so earlier: the log takes no more than a part of what is
 * free, lest it fill by itself a disk that has room for the data.
 * Nobody folds on the command line, in tests and simulations: there the writer does all of it. */
#include "kernel/store_sqlite_impl.h"

#include <stdlib.h>
#include <sys/statvfs.h>

enum {
    PAGES = 8000, /* of the log that are folded at once */
    LITTLE = 400, /* that is left for another time */
    LONG = 64000, /* 250 MiB of log: the writer does the last part, … */
    GROUP = 2000, /* … when it is no more than a group wrote; beyond 4 * LONG, however much it is */
    PAGE = 4096,   /* bytes */
    FREE_PART = 8, /* LONG is no more than this part of the disk's free room, but PAGES at least */
    PASSES_MAX = 6,
};
_Static_assert(4 * (int64_t)LONG < INT32_MAX, "pages are counted in an int");

struct sqlite_folder {
    struct sqlite_node *node;
    sqlite3 *db;
};

/* After each commit of the writer. What a checkpoint cannot do now, the next one does. */
static int committed(void *p, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_node *node = p;
    const bool nobody = atomic_load(&node->fold) == SQLITE_FOLD_NOBODY;
    const int longest = atomic_load(&node->longest);
    if (pages < atomic_load(&node->folded)) /* all of it was folded: it began anew */
        atomic_store(&node->folded, 0);
    const int left = nobody ? pages : pages - atomic_load(&node->folded);
    if (nobody ? pages >= PAGES : (pages >= longest && left <= GROUP) || pages >= 4 * longest) {
        (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        atomic_store(&node->folded, 0);
    } else if (left >= PAGES) {
        atomic_store(&node->fold, SQLITE_FOLD_WANTED);
    }
    return SQLITE_OK;
}

void sqlite_fold_watch(struct sqlite_node *node, sqlite3 *writer)
{
    sqlite3_wal_hook(writer, committed, node);
}

/* How long the log may become. A disk that does not tell has room. */
static void measure(struct sqlite_node *node)
{
    struct statvfs disk;
    uint64_t pages = LONG;
    if (statvfs(node->path, &disk) == 0)
        pages = (uint64_t)disk.f_bavail * disk.f_frsize / PAGE / FREE_PART;
    atomic_store(&node->longest, pages < PAGES ? PAGES : pages < LONG ? (int)pages : LONG);
}

enum outcome sqlite_fold_open(void **out, void *p, struct err *e)
{
    struct sqlite_node *node = p;
    struct sqlite_folder *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_no_memory(e);
    f->node = node;
    enum outcome outcome = sqlite_open_file(&f->db, node, node->path, SQLITE_OPEN_READWRITE, e);
    if (outcome == OK)
        outcome = sqlite_execute(f->db, "PRAGMA synchronous = FULL", "configure", e);
    if (outcome != OK) {
        sqlite3_close(f->db);
        free(f);
        return outcome;
    }
    atomic_store(&node->folded, 0);
    measure(node);
    atomic_store(&node->fold, SQLITE_FOLD_IDLE);
    *out = f;
    return OK;
}

void sqlite_fold_close(void *p)
{
    struct sqlite_folder *f = p;
    atomic_store(&f->node->fold, SQLITE_FOLD_NOBODY);
    sqlite3_close(f->db);
    free(f);
}

/* A checkpoint that is behind the writer does not sync the database: the last one, the writer's,
 * would do it for all before it. */
static enum outcome sync_database(sqlite3 *db, struct err *e)
{
    sqlite3_file *file = NULL;
    int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    return rc == SQLITE_OK ? OK : sqlite_fault(db, rc, "sync the database", e);
}

enum outcome sqlite_fold_step(void *p, struct err *e)
{
    struct sqlite_folder *f = p;
    int wanted = SQLITE_FOLD_WANTED;
    int left = GROUP;
    if (!atomic_compare_exchange_strong(&f->node->fold, &wanted, SQLITE_FOLD_IDLE))
        return OK;
    measure(f->node);
    for (int pass = 0; pass < PASSES_MAX && left > LITTLE; pass++) {
        int pages = 0, done = 0;
        const int rc =
            sqlite3_wal_checkpoint_v2(f->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);
        if ((rc & 0xff) == SQLITE_BUSY)
            return OK; /* somebody else does it just now */
        if (rc != SQLITE_OK)
            return sqlite_fault(f->db, rc, "fold the log", e);
        TRY(sync_database(f->db, e));
        atomic_store(&f->node->folded, done);
        left = pages - done;
    }
    return OK;
}
