/* Reading the ledger, on any connection: events by place, stream and key, and the tree's hashes. */
#include "gen/kernel/ledger.sql.h"
#include "kernel/ledger_impl.h"

enum outcome ledger_head(struct db *db, struct str stream, int64_t *version, struct err *e)
{
    const struct ledger_version_in in = { .stream = stream };
    struct ledger_version_out row;
    bool found = false;
    TRY(db_get(db, &sql_ledger_version, &in, &row, NULL, &found, e));
    *version = found ? row.version : 0;
    return OK;
}

/* All three readers' statements give the same two columns. */
static enum outcome list(struct ledger_row **rows, size_t *n, struct db *db, const struct sql *q,
                         const void *in, size_t max, struct arena *arena, struct err *e)
{
    struct record_list found;
    TRY(db_list(db, q, in, &found, max, arena, e));
    *n = found.n;
    *rows = ARENA_ARRAY(arena, found.n, struct ledger_row);
    if (*rows == NULL && found.n > 0)
        return err_no_memory(e);
    for (size_t i = 0; i < found.n; i++) {
        /* The same struct by three names: each has the fields of ledger_read_out. */
        const struct ledger_read_out *row = (const struct ledger_read_out *)found.p + i;
        (*rows)[i] = (struct ledger_row){ row->seq, row->leaf };
    }
    return OK;
}

enum outcome ledger_read(struct db *db, int64_t from, size_t max, struct ledger_row **rows,
                         size_t *n, struct arena *arena, struct err *e)
{
    const struct ledger_read_in in = { .first = from, .max = (int64_t)max };
    return list(rows, n, db, &sql_ledger_read, &in, max, arena, e);
}

enum outcome ledger_read_last(struct db *db, struct ledger_row **rows, size_t *n,
                              struct arena *arena, struct err *e)
{
    struct ledger_last_out last;
    bool found;
    *n = 0;
    TRY(db_get(db, &sql_ledger_last, NULL, &last, arena, &found, e));
    return found ? ledger_read(db, last.seq, 1, rows, n, arena, e) : OK;
}

enum outcome ledger_read_stream(struct db *db, struct str stream, int64_t from_version, size_t max,
                                struct ledger_row **rows, size_t *n, struct arena *arena,
                                struct err *e)
{
    const struct ledger_read_stream_in in = { .stream = stream,
                                              .first = from_version,
                                              .max = (int64_t)max };
    return list(rows, n, db, &sql_ledger_read_stream, &in, max, arena, e);
}

enum outcome ledger_read_key(struct db *db, struct str key, int64_t before, size_t max,
                             struct ledger_row **rows, size_t *n, struct arena *arena,
                             struct err *e)
{
    const struct ledger_read_key_in in = { .key = key,
                                           .before = before < 0 ? INT64_MAX : before,
                                           .max = (int64_t)max };
    return list(rows, n, db, &sql_ledger_read_key, &in, max, arena, e);
}

enum outcome ledger_read_key_on(struct db *db, struct str key, int64_t after, size_t max,
                                struct ledger_row **rows, size_t *n, struct arena *arena,
                                struct err *e)
{
    const struct ledger_read_key_on_in in = { .key = key, .after = after, .max = (int64_t)max };
    return list(rows, n, db, &sql_ledger_read_key_on, &in, max, arena, e);
}

enum outcome ledger_read_key_ahead(struct db *db, struct str key, int64_t after, size_t max,
                                   struct ledger_row_ahead **rows, size_t *n, struct arena *arena,
                                   struct err *e)
{
    const struct ledger_read_key_ahead_in in = { .key = key, .after = after, .max = (int64_t)max };
    struct record_list found;
    TRY(db_list(db, &sql_ledger_read_key_ahead, &in, &found, max, arena, e));
    const struct ledger_read_key_ahead_out *row = found.p;
    *n = found.n;
    *rows = ARENA_ARRAY(arena, found.n + 1, struct ledger_row_ahead);
    if (!*rows)
        return err_no_memory(e);
    for (size_t i = 0; i < found.n; i++)
        (*rows)[i] = (struct ledger_row_ahead){ row[i].seq, row[i].leaf, row[i].ahead };
    return OK;
}

enum outcome ledger_reaches(bool *out, struct db *db, int64_t size, struct arena *arena,
                            struct err *e)
{
    struct ledger_row *rows;
    size_t n = 0;
    if (size > 0)
        TRY(ledger_read(db, size - 1, 1, &rows, &n, arena, e));
    *out = size == 0 || (size > 0 && n > 0);
    return OK;
}

enum outcome ledger_last_checkpoint(struct db *db, struct str *note, struct arena *arena,
                                    struct err *e)
{
    struct ledger_checkpoint_out row;
    bool found = false;
    TRY(db_get(db, &sql_ledger_checkpoint, NULL, &row, arena, &found, e));
    *note = found ? row.note : (struct str){ 0 };
    return OK;
}

/* Leaf hashes of the events first <= seq < first + n. */
static enum outcome leaves_hash(struct hash *out, size_t n, struct db *db, uint64_t first,
                                struct arena *scratch, struct err *e)
{
    const struct ledger_read_in in = { .first = (int64_t)first, .max = (int64_t)n };
    struct db_rows rows;
    TRY(db_rows_open(&rows, db, &sql_ledger_read, &in, e));
    size_t got = 0;
    enum outcome o;
    for (;;) {
        struct ledger_read_out row;
        bool more = false;
        arena_reset(scratch);
        o = db_rows_next(&rows, &row, scratch, &more, e);
        if (o != OK || !more || row.seq != (int64_t)(first + got))
            break;
        out[got++] = merkle_leaf(row.leaf);
    }
    db_rows_close(&rows);
    TRY(o);
    if (got != n)
        return err_fault(e, "ledger.damaged", "event %llu is not there",
                         (unsigned long long)(first + got));
    return OK;
}

static enum outcome tile_read(struct hash *out, size_t n, struct db *db, uint32_t level,
                              uint64_t index, struct arena *scratch, struct err *e)
{
    const struct ledger_tile_in in = { .level = level, .idx = (int64_t)index };
    struct ledger_tile_out row;
    bool found = false;
    TRY(db_get(db, &sql_ledger_tile, &in, &row, scratch, &found, e));
    if (!found && level == 0 && n < MERKLE_WIDTH)
        return leaves_hash(out, n, db, index * MERKLE_WIDTH, scratch, e);
    if (!found || row.hashes.n < n * HASH_SIZE)
        return err_fault(e, "ledger.damaged", "tile %u/%llu holds fewer than %zu hashes", level,
                         (unsigned long long)index, n);
    memcpy(out, row.hashes.p, n * HASH_SIZE);
    return OK;
}

enum outcome ledger_tile_read(struct hash *out, size_t n, struct db *db, uint32_t level,
                              uint64_t index, struct err *e)
{
    BUG_ON(n > MERKLE_WIDTH);
    struct arena *scratch = arena_new(LEDGER_SCRATCH_MAX);
    if (scratch == NULL)
        return err_no_memory(e);
    enum outcome o = tile_read(out, n, db, level, index, scratch, e);
    arena_free(scratch);
    return o;
}

enum outcome ledger_edge_read(struct merkle_edge *out, struct db *db, uint64_t size, struct err *e)
{
    out->size = size;
    for (uint32_t level = 0; level < MERKLE_LEVELS_MAX; level++) {
        uint64_t count = ledger_level_count(size, level);
        out->level[level].n = (uint32_t)(count % MERKLE_WIDTH);
        if (out->level[level].n > 0)
            TRY(ledger_tile_read(out->level[level].hashes, out->level[level].n, db, level,
                                 count / MERKLE_WIDTH, e));
    }
    return OK;
}
