/* A living database, read in one snapshot: the rows of the ledger and what was stored beside them
 * to be quick (heads, tiles, checkpoints), each compared with what the leaves alone give. */
#include "verify/ahead.h"
#include "verify/check.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUSY_MS = 10000 };

enum query {
    EVENTS,
    EVENT,
    TILE,
    CHECKPOINTS,
    KEY,
    COUNT,
    TILES,
    HEADS,
    TABLES, /* from here on not with the others */
    PROGRAMS,
    COSIGNED,
    QUERIES
};

static const char *const queries[QUERIES] = {
    [EVENTS] = "SELECT seq, key, stream, version, leaf FROM ledger_event ORDER BY seq",
    [EVENT] = "SELECT leaf FROM ledger_event WHERE seq = ?",
    [TILE] = "SELECT hashes FROM ledger_tile WHERE level = ? AND idx = ?",
    [CHECKPOINTS] = "SELECT size, note FROM ledger_checkpoint ORDER BY size",
    [KEY] = "SELECT vkey FROM ledger_epoch ORDER BY number DESC LIMIT 1",
    [COUNT] = ("SELECT (SELECT min(seq) FROM ledger_event), "
               "(SELECT max(seq) FROM ledger_event)"),
    [TILES] = "SELECT count(*) FROM ledger_tile",
    [HEADS] = "SELECT stream, key, version, hash FROM ledger_head",
    [TABLES] = ("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
                "('ledger_event', 'ledger_tile', 'ledger_checkpoint', 'ledger_epoch', "
                "'ledger_head')"),
    [PROGRAMS] = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
    [COSIGNED] = "SELECT note FROM ledger_cosigned",
};

struct database {
    sqlite3 *handle;
    sqlite3_stmt *q[QUERIES];
    struct verify_keys keys;
    uint64_t size, next;
    struct verify_claim since;
    bool has_since;
    struct verify_claim cosigned;   /* size 0: none */
    struct verify_claim checkpoint; /* the next to hand out */
    bool has_checkpoint;
    uint64_t checkpoints; /* good so far, the newest at signed_size */
    uint64_t signed_size;
};

static bool broken(struct database *d, const char *item, struct verify_report *r)
{
    return verify_bad(r, item, "%s", sqlite3_errmsg(d->handle));
}

/* Whether there is another row; false in *more at the end. */
static bool step(struct database *d, enum query query, bool *more, const char *item,
                 struct verify_report *r)
{
    const int code = sqlite3_step(d->q[query]);
    *more = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE || broken(d, item, r);
}

static struct str column(struct database *d, enum query query, int at)
{
    const void *p = sqlite3_column_blob(d->q[query], at);
    return (struct str){ p ? p : "", (size_t)sqlite3_column_bytes(d->q[query], at) };
}

/* Columns of the types that the row must have: 'i' integer, not negative; 't' text; 'b' blob. */
static bool typed(struct database *d, enum query query, const char *types)
{
    for (int i = 0; types[i]; i++) {
        const int want = types[i] == 'i'   ? SQLITE_INTEGER
                         : types[i] == 't' ? SQLITE_TEXT
                                           : SQLITE_BLOB;
        if (sqlite3_column_type(d->q[query], i) != want ||
            (types[i] == 'i' && sqlite3_column_int64(d->q[query], i) < 0))
            return false;
    }
    return true;
}

/* -- Reading entries, in the reader's thread -----------------------------------------------------
 */

static bool bad_event(const struct database *d, const char *why, struct verify_report *r)
{
    char item[40];
    snprintf(item, sizeof item, "event %llu", (unsigned long long)d->next);
    return verify_bad(r, item, "%s", why);
}

static bool fill_entry(struct database *d, struct verify_batch *b, struct verify_report *r)
{
    struct verify_entry *entry = &b->entries[b->n];
    if (!typed(d, EVENTS, "ittit"))
        return bad_event(d, "a column of its row has the wrong type", r);
    if ((uint64_t)sqlite3_column_int64(d->q[EVENTS], 0) != d->next)
        return bad_event(d, "missing", r);
    const struct str key = column(d, EVENTS, 1), stream = column(d, EVENTS, 2);
    const struct str leaf = column(d, EVENTS, 4);
    if (leaf.n > VERIFY_LEAF_MAX || key.n > VERIFY_NAME_FIELD_MAX ||
        stream.n > VERIFY_NAME_FIELD_MAX)
        return bad_event(d, "longer than an event may be", r);
    entry->version = (uint64_t)sqlite3_column_int64(d->q[EVENTS], 3);
    if (!verify_batch_put(b, &entry->leaf, leaf.p, leaf.n, r) ||
        !verify_batch_put(b, &entry->key, key.p, key.n, r) ||
        !verify_batch_put(b, &entry->stream, stream.p, stream.n, r))
        return false;
    b->n++;
    d->next++;
    return true;
}

/* Of level 0 only full tiles are stored. */
static bool fill_tile(struct database *d, struct verify_batch *b, uint32_t level,
                      struct verify_tile_at at, struct verify_report *r)
{
    char path[VERIFY_TILE_PATH_MAX];
    bool more;
    verify_tile_path(path, level, at.index, at.width);
    sqlite3_reset(d->q[TILE]);
    sqlite3_bind_int64(d->q[TILE], 1, level);
    sqlite3_bind_int64(d->q[TILE], 2, (sqlite3_int64)at.index);
    if (!step(d, TILE, &more, path, r))
        return false;
    if (!more)
        return verify_bad(r, path, "missing in ledger_tile");
    const struct str hashes = column(d, TILE, 0);
    if (!typed(d, TILE, "b") || hashes.n != (size_t)at.width * HASH_SIZE)
        return verify_bad(r, path, "%zu bytes, not %u", hashes.n, at.width * HASH_SIZE);
    memcpy(b->tiles[level], hashes.p, hashes.n);
    b->has_tile[level] = true;
    return true;
}

/* Reads the next checkpoint and checks its signature. */
static bool next_checkpoint(struct database *d, struct verify_report *r)
{
    struct verify_checkpoint c;
    char *item = d->checkpoint.item;
    if (!step(d, CHECKPOINTS, &d->has_checkpoint, "ledger_checkpoint", r))
        return false;
    if (!d->has_checkpoint)
        return true;
    snprintf(item, sizeof d->checkpoint.item, "checkpoint %lld",
             (long long)sqlite3_column_int64(d->q[CHECKPOINTS], 0));
    if (!typed(d, CHECKPOINTS, "it"))
        return verify_bad(r, item, "a column of its row has the wrong type");
    if (!verify_checkpoint_read(&c, column(d, CHECKPOINTS, 1), &d->keys, item, r))
        return false;
    if (c.size != (uint64_t)sqlite3_column_int64(d->q[CHECKPOINTS], 0))
        return verify_bad(r, item, "its size is not that of its row");
    if (c.size > d->size)
        return verify_bad(r, item, "there are only %llu events: cut back",
                          (unsigned long long)d->size);
    d->checkpoint.size = c.size;
    d->checkpoint.root = c.root;
    d->checkpoints++;
    d->signed_size = c.size;
    return verify_claim_empty(&d->checkpoint, r);
}

static bool fill_claims(struct database *d, struct verify_batch *b, struct verify_report *r)
{
    while (d->has_checkpoint && d->checkpoint.size <= d->next) {
        verify_batch_claim(b, &d->checkpoint);
        if (!next_checkpoint(d, r))
            return false;
    }
    if (d->has_since)
        verify_batch_claim(b, &d->since);
    if (d->cosigned.size > 0)
        verify_batch_claim(b, &d->cosigned);
    return true;
}

static bool fill(void *context, struct verify_batch *b, struct verify_report *r)
{
    struct database *d = context;
    b->first = d->next;
    b->has_columns = true;
    if (d->next == d->size)
        return true; /* a statement that is stepped behind its end would begin again */
    bool more = true;
    while (b->n < VERIFY_BATCH) {
        if (!step(d, EVENTS, &more, "ledger_event", r))
            return false;
        if (!more)
            break;
        if (!fill_entry(d, b, r))
            return false;
    }
    if (b->n == 0)
        return true;
    struct verify_tile_at due[VERIFY_LEVELS];
    verify_tiles_due(due, d->next, d->size);
    for (uint32_t level = 0; level < VERIFY_LEVELS; level++)
        if (due[level].width > 0 && (level > 0 || due[level].width == VERIFY_WIDTH) &&
            !fill_tile(d, b, level, due[level], r))
            return false;
    return fill_claims(d, b, r);
}

/* -- Before and after ---------------------------------------------------------------------------
 */

static bool ask_one(struct database *d, enum query query, int64_t *out, const char *item,
                    struct verify_report *r)
{
    bool more;
    if (sqlite3_prepare_v2(d->handle, queries[query], -1, &d->q[query], NULL) != SQLITE_OK)
        return broken(d, item, r);
    if (!step(d, query, &more, item, r))
        return false;
    *out = sqlite3_column_int64(d->q[query], 0);
    return true;
}

static bool open_database(struct database *d, const char *path, struct verify_report *r)
{
    int code = sqlite3_open_v2(path, &d->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                               verify_ahead());
    if (code == SQLITE_OK) {
        /* The file may be anyone's: nothing that stands in its schema is run. */
        sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_busy_timeout(d->handle, BUSY_MS);
        code = sqlite3_exec(d->handle, "PRAGMA mmap_size = 0; BEGIN", NULL, NULL, NULL);
    }
    if (code != SQLITE_OK)
        return verify_bad(r, path, "%s", d->handle ? sqlite3_errmsg(d->handle) : "no memory");
    int64_t tables = 0, programs = 0;
    if (!ask_one(d, TABLES, &tables, path, r) || !ask_one(d, PROGRAMS, &programs, path, r))
        return false;
    if (tables != 5)
        return verify_bad(r, path, "has not the tables of a ledger");
    if (programs > 0)
        return verify_bad(r, path, "has triggers or views, which vein never makes");
    for (int i = 0; i < TABLES; i++)
        if (sqlite3_prepare_v2(d->handle, queries[i], -1, &d->q[i], NULL) != SQLITE_OK)
            return broken(d, path, r);
    return true;
}

static bool read_keys(struct database *d, const struct verify_options *options,
                      struct verify_report *r)
{
    bool given, more;
    if (!verify_keys_given(&d->keys, &given, options, r))
        return false;
    r->own_key = !given;
    if (!given) {
        if (!step(d, KEY, &more, "ledger_epoch", r))
            return false;
        if (!more)
            return verify_bad(r, "ledger_epoch", "holds no key: give one with --vkey");
        if (!verify_keys_read(&d->keys, column(d, KEY, 0), "ledger_epoch", r))
            return false;
    }
    verify_key_text(r->key, &d->keys.key[0]);
    return true;
}

/* An older database has no such table. */
static bool read_cosigned(struct database *d, const struct verify_options *options,
                          struct verify_report *r)
{
    struct str note = { NULL, 0 };
    bool more = false;
    if (options->nwitnesses == 0)
        return true;
    if (sqlite3_prepare_v2(d->handle, queries[COSIGNED], -1, &d->q[COSIGNED], NULL) == SQLITE_OK &&
        !step(d, COSIGNED, &more, "ledger_cosigned", r))
        return false;
    if (more && !typed(d, COSIGNED, "t"))
        return verify_bad(r, "ledger_cosigned", "a column of its row has the wrong type");
    if (more)
        note = column(d, COSIGNED, 0);
    return verify_witnessed(&d->cosigned, &note, 1, options, &d->keys, d->size, r);
}

static bool count_events(struct database *d, struct verify_report *r)
{
    bool more;
    if (!step(d, COUNT, &more, "ledger_event", r))
        return false;
    if (sqlite3_column_type(d->q[COUNT], 0) == SQLITE_NULL)
        return true;
    if (!typed(d, COUNT, "ii"))
        return verify_bad(r, "ledger_event", "a place in the log is negative");
    d->size = (uint64_t)sqlite3_column_int64(d->q[COUNT], 1) + 1;
    return true;
}

/* Heads were written beside the events: they must end where the streams end, and be all. */
static bool check_heads(struct database *d, const struct verify_chain *chain,
                        struct verify_report *r)
{
    uint64_t heads = 0;
    bool more;
    for (;; heads++) {
        if (!step(d, HEADS, &more, "ledger_head", r))
            return false;
        if (!more)
            break;
        const struct str hash = column(d, HEADS, 3);
        struct hash leaf;
        bool good = typed(d, HEADS, "ttib") && hash.n == HASH_SIZE;
        if (good) {
            memcpy(leaf.b, hash.p, HASH_SIZE);
            good = verify_chain_ends(chain, column(d, HEADS, 0), column(d, HEADS, 1),
                                     (uint64_t)sqlite3_column_int64(d->q[HEADS], 2), leaf);
        }
        if (!good)
            return verify_bad(r, "ledger_head", "row %llu is not where its stream ends",
                              (unsigned long long)heads);
    }
    return heads == verify_chain_streams(chain) ||
           verify_bad(r, "ledger_head", "%llu rows, but %llu streams", (unsigned long long)heads,
                      (unsigned long long)verify_chain_streams(chain));
}

static bool count_tiles(struct database *d, struct verify_report *r)
{
    uint64_t wanted = d->size / VERIFY_WIDTH;
    for (uint32_t level = 1; level < VERIFY_LEVELS; level++)
        wanted += (verify_level_count(d->size, level) + VERIFY_WIDTH - 1) / VERIFY_WIDTH;
    bool more;
    if (!step(d, TILES, &more, "ledger_tile", r))
        return false;
    const uint64_t there = (uint64_t)sqlite3_column_int64(d->q[TILES], 0);
    return there == wanted || verify_bad(r, "ledger_tile", "%llu rows, not %llu",
                                         (unsigned long long)there, (unsigned long long)wanted);
}

static bool leaf_at(void *context, uint64_t at, struct str *leaf, bool *found,
                    struct verify_report *r)
{
    struct database *d = context;
    sqlite3_reset(d->q[EVENT]);
    sqlite3_bind_int64(d->q[EVENT], 1, (sqlite3_int64)at);
    if (!step(d, EVENT, found, "ledger_event", r))
        return false;
    if (*found)
        *leaf = column(d, EVENT, 0);
    return *found || verify_bad(r, "ledger_event", "event %llu was there, and is not",
                                (unsigned long long)at);
}

static bool verify_all(struct database *d, const char *path, const struct verify_options *options,
                       struct verify_report *r)
{
    if (!open_database(d, path, r) || !read_keys(d, options, r) || !count_events(d, r))
        return false;
    if (options->since && !verify_since(&d->since, options, &d->keys, d->size, r))
        return false;
    d->has_since = options->since != NULL;
    if (!read_cosigned(d, options, r) || !next_checkpoint(d, r))
        return false;
    if (!d->has_checkpoint && d->size > 0)
        return verify_bad(r, "ledger_checkpoint", "there is none, so that nothing is signed");

    struct verify_run run = {
        .fill = fill, .context = d, .size = d->size, .chain = verify_chain_new()
    };
    if (!run.chain)
        return verify_bad(r, "memory", "could not get enough");
    const bool good = verify_run(&run, r) && check_heads(d, run.chain, r) && count_tiles(d, r) &&
                      verify_refers_hold(&run.refers, leaf_at, d, r);
    verify_chain_free(run.chain);
    verify_refers_free(&run.refers);
    r->signed_size = d->signed_size;
    r->checkpoints = d->checkpoints;
    return good;
}

bool verify_db(const char *path, const struct verify_options *options, struct verify_report *report)
{
    *report = (struct verify_report){ 0 };
    struct database *d = calloc(1, sizeof *d);
    if (!d)
        return verify_bad(report, "memory", "could not get enough");
    const bool good = verify_all(d, path, options, report);
    for (int i = 0; i < QUERIES; i++)
        sqlite3_finalize(d->q[i]);
    sqlite3_close(d->handle);
    free(d);
    return good;
}
