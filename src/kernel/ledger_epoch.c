/* Which key signs the log, and what a restore does to one that nobody has open: taken back to an
 * earlier size, and under another key. Every row is then as the writer would have left it: a test
 * cuts at each size and compares with a ledger that never had more. */
#include "gen/kernel/ledger.sql.h"
#include "kernel/ledger_impl.h"

enum { VKEY_MAX = NOTE_KEY_NAME_MAX + 64 };

enum outcome ledger_epoch_open(const struct note_signer *signer, struct db *db, struct arena *arena,
                               struct err *e)
{
    char storage[VKEY_MAX];
    struct buf vkey = buf_over(storage, sizeof storage);
    note_vkey_write(&vkey, signer);
    BUG_ON(!buf_ok(&vkey));

    struct ledger_epoch_out row;
    bool found = false;
    TRY(db_get(db, &sql_ledger_epoch, NULL, &row, arena, &found, e));
    if (found && !str_eq(row.vkey, buf_get(&vkey)))
        return REFUSE(e, "ledger.other_key", { "log", row.vkey }, { "signer", buf_get(&vkey) });
    if (found)
        return OK;
    const struct ledger_epoch_add_in in = { .number = 1, .vkey = buf_get(&vkey) };
    TRY(db_begin(db, e));
    enum outcome o = db_run(db, &sql_ledger_epoch_add, &in, NULL, e);
    if (o == OK)
        o = db_commit(db, e);
    if (o != OK)
        db_rollback(db);
    return o;
}

/* The stream ends before `row->version`: its head moves back, or goes with its first event. */
static enum outcome head_cut(struct db *db, const struct ledger_cut_streams_out *row,
                             struct arena *arena, struct err *e)
{
    if (row->version == 1) {
        const struct ledger_cut_head_in drop = { row->stream };
        return db_run(db, &sql_ledger_cut_head, &drop, NULL, e);
    }
    const struct ledger_cut_last_in in = { row->key, row->stream, row->version - 1 };
    struct ledger_cut_last_out last;
    bool found = false;
    TRY(db_get(db, &sql_ledger_cut_last, &in, &last, arena, &found, e));
    if (!found)
        return err_fault(e, "ledger.damaged", "a stream has no event %lld",
                         (long long)row->version - 1);
    const struct hash leaf = merkle_leaf(last.leaf);
    const struct ledger_head_set_in head = {
        .stream = row->stream,
        .key = row->key,
        .version = row->version - 1,
        .hash = { leaf.b, HASH_SIZE },
    };
    return db_run(db, &sql_ledger_head_set, &head, NULL, e);
}

static enum outcome heads_cut(struct db *db, uint64_t size, struct arena *arena, struct err *e)
{
    const struct ledger_cut_streams_in in = { (int64_t)size };
    struct db_rows rows;
    bool more = true;
    TRY(db_rows_open(&rows, db, &sql_ledger_cut_streams, &in, e));
    enum outcome o = OK;
    while (o == OK && more) {
        struct ledger_cut_streams_out row;
        arena_reset(arena);
        o = db_rows_next(&rows, &row, arena, &more, e);
        if (o == OK && more)
            o = head_cut(db, &row, arena, e);
    }
    db_rows_close(&rows);
    return o;
}

/* Of a level, `count` hashes stay: full tiles as they are, the one they end in shorter. Of level 0
 * only full tiles are stored. */
static enum outcome level_cut(struct db *db, uint32_t level, uint64_t count, struct err *e)
{
    const uint64_t full = count / MERKLE_WIDTH;
    const size_t rest = level > 0 ? (size_t)(count % MERKLE_WIDTH) : 0;
    struct hash hashes[MERKLE_WIDTH];
    if (rest > 0)
        TRY(ledger_tile_read(hashes, rest, db, level, full, e));
    const struct ledger_cut_tiles_in drop = { level, (int64_t)full };
    TRY(db_run(db, &sql_ledger_cut_tiles, &drop, NULL, e));
    if (rest == 0)
        return OK;
    const struct ledger_tile_set_in tile = {
        .level = level,
        .idx = (int64_t)full,
        .hashes = { (const uint8_t *)hashes, rest * HASH_SIZE },
    };
    return db_run(db, &sql_ledger_tile_set, &tile, NULL, e);
}

enum outcome ledger_cut(struct db *writer, uint64_t size, struct err *e)
{
    struct arena *arena = arena_new(LEDGER_SCRATCH_MAX);
    enum outcome o = arena ? heads_cut(writer, size, arena, e) : err_no_memory(e);
    const struct ledger_cut_events_in in = { (int64_t)size };
    if (o == OK)
        o = db_run(writer, &sql_ledger_cut_events, &in, NULL, e);
    for (uint32_t level = 0; o == OK && level < MERKLE_LEVELS_MAX; level++)
        o = level_cut(writer, level, ledger_level_count(size, level), e);
    if (o == OK)
        o = db_run(writer, &sql_ledger_cosigned_clear, NULL, NULL, e);
    if (o == OK)
        o = db_run(writer, &sql_ledger_checkpoint_clear, NULL, NULL, e);
    arena_free(arena);
    return o;
}

enum outcome ledger_epoch(struct db *db, int64_t *number, struct err *e)
{
    struct arena *arena = arena_new(1 << 16);
    struct ledger_epoch_out row;
    bool found = false;
    enum outcome o =
        arena ? db_get(db, &sql_ledger_epoch, NULL, &row, arena, &found, e) : err_no_memory(e);
    *number = o == OK && found ? row.number : 0;
    arena_free(arena);
    return o;
}

enum outcome ledger_epoch_begin(struct db *writer, struct str vkey, struct err *e)
{
    int64_t number;
    TRY(ledger_epoch(writer, &number, e));
    const struct ledger_epoch_add_in in = { .number = number + 1, .vkey = vkey };
    TRY(db_run(writer, &sql_ledger_epoch_add, &in, NULL, e));
    TRY(db_run(writer, &sql_ledger_cosigned_clear, NULL, NULL, e));
    return db_run(writer, &sql_ledger_checkpoint_clear, NULL, NULL, e);
}
