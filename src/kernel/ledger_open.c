/* How a ledger's writer comes to know how it stands: all of it when it opens, or has lost its
 * connection, and what others recorded since when it writes beside them. */
#include <stdlib.h>

#include "kernel/ledger_writer.h"

enum {
    FOLLOW_PAGE = 64,
    PAGE_ARENA_MAX = FOLLOW_PAGE * (EVENT_LEAF_MAX + 256) + (1 << 16),
};
#define OTHERS_SIGN_US TIME_SECOND /* what they recorded; then it is ours to sign */

static enum outcome clock_read_back(struct ledger *l, struct str leaf, struct arena *arena,
                                    struct err *e)
{
    struct event event;
    struct err why = { 0 };
    if (event_read(&event, arena, leaf, &why) != OK || !hlc_read(&l->clock, event.logical))
        return err_fault(e, "ledger.damaged", "the last event is unreadable: %s",
                         why.code != NULL ? why.code : "logical");
    if (!str_is(event.node, l->node))
        return err_fault(e, "ledger.damaged", "the last event is of node %.*s, not of %s",
                         STR(event.node), l->node);
    return OK;
}

/* Reads the newest events again, from the beginning of the tile that the last of them is in, and
 * gives their leaf hashes. Takes the clock from the last. */
static enum outcome tail_read(struct ledger *l, struct db *db, struct hash tail[MERKLE_WIDTH],
                              uint64_t first, struct err *e)
{
    const struct ledger_written_in in = { .first = (int64_t)first };
    struct db_rows rows;
    TRY(db_rows_open(&rows, db, &sql_ledger_written, &in, e));
    enum outcome o = OK;
    for (uint64_t seq = first; o == OK && seq < l->durable->size; seq++) {
        struct ledger_written_out row;
        bool more = false;
        arena_reset(l->scratch);
        o = db_rows_next(&rows, &row, l->scratch, &more, e);
        if (o != OK)
            break;
        struct hash *leaf = &tail[seq - first];
        if (more)
            *leaf = merkle_leaf(row.leaf);
        if (!more || row.seq != (int64_t)seq || !ledger_head_agrees(&row, *leaf))
            o = err_fault(e, "ledger.damaged", "event %llu is not there, or not what its head says",
                          (unsigned long long)seq);
        else if (seq + 1 == l->durable->size)
            o = clock_read_back(l, row.leaf, l->scratch, e);
    }
    db_rows_close(&rows);
    return o;
}

/* The last hash of each level must be the root of the tile that it stands for. */
static enum outcome tiles_check(struct ledger *l, struct db *db, const struct hash *tail,
                                struct err *e)
{
    struct hash below[MERKLE_WIDTH], level_tile[MERKLE_WIDTH];
    for (uint32_t level = 0; ledger_level_count(l->durable->size, level) > 0; level++) {
        uint64_t last = ledger_level_count(l->durable->size, level) - 1;
        size_t n = (size_t)(last % MERKLE_WIDTH) + 1;
        TRY(ledger_tile_read(level_tile, n, db, level, last / MERKLE_WIDTH, e));
        bool same;
        if (level == 0) {
            same = memcmp(level_tile, tail, n * HASH_SIZE) == 0;
        } else {
            TRY(ledger_tile_read(below, MERKLE_WIDTH, db, level - 1, last, e));
            same = hash_eq(level_tile[n - 1], merkle_perfect(below, MERKLE_WIDTH));
        }
        if (!same)
            return err_fault(e, "ledger.damaged", "tile %u/%llu is not that of what lies below",
                             level, (unsigned long long)(last / MERKLE_WIDTH));
    }
    return OK;
}

static enum outcome tree_open(struct ledger *l, struct db *db, struct err *e)
{
    struct ledger_last_out last;
    bool found = false;
    TRY(db_get(db, &sql_ledger_last, NULL, &last, l->scratch, &found, e));
    if (!found || last.seq == INT_NONE)
        return OK;
    if (last.seq < 0)
        return err_fault(e, "ledger.damaged", "the last event has a negative place");
    uint64_t size = (uint64_t)last.seq + 1;
    struct hash tail[MERKLE_WIDTH];
    TRY(ledger_edge_read(l->durable, db, size, e));
    TRY(tail_read(l, db, tail, (uint64_t)last.seq / MERKLE_WIDTH * MERKLE_WIDTH, e));
    return tiles_check(l, db, tail, e);
}

/* Ed25519 signs the same text the same way each time: the note is made again from the tree and
 * compared as bytes, which checks its form, size, root, key and signature at once. */
static enum outcome checkpoint_open(struct ledger *l, struct db *db, struct err *e)
{
    l->due_since_mono_us = l->env->mono_us(l->env->context);
    arena_reset(l->scratch);
    struct str note;
    TRY(ledger_last_checkpoint(db, &note, l->scratch, e));
    if (note.p == NULL)
        return OK;
    struct checkpoint c;
    struct err why = { 0 };
    if (checkpoint_read(&c, note, &why) != OK || c.size > l->durable->size)
        return err_fault(e, "ledger.damaged",
                         "the last checkpoint is malformed or speaks of more "
                         "events than there are");
    TRY(ledger_edge_read(l->next, db, c.size, e));
    char storage[NOTE_MAX];
    struct buf expected = buf_over(storage, sizeof storage);
    ledger_checkpoint_text(&expected, l, l->next);
    if (!str_eq(note, buf_get(&expected)))
        return err_fault(e, "ledger.damaged", "the last checkpoint is not that of the events");
    l->has_checkpoint = true;
    l->signed_size = c.size;
    return OK;
}

static enum outcome state_read(struct ledger *l, struct db *db, struct err *e)
{
    TRY(tree_open(l, db, e));
    return checkpoint_open(l, db, e);
}

/* In a turn of its own where others write: they must not go on between one look and the next. What
 * is found is not used before it is as durable as what a commit of ours would be. */
static enum outcome state_read_among(struct ledger *l, struct db *db, struct err *e)
{
    TRY(db_begin(db, e));
    enum outcome o = state_read(l, db, e);
    if (o == OK)
        o = db_tell(db, "", e);
    if (o == OK)
        return db_commit(db, e);
    db_rollback(db);
    return o;
}

enum outcome ledger_again(struct ledger *l, struct db *writer, struct err *e)
{
    memset(l->edges, 0, sizeof l->edges);
    l->durable = &l->edges[0];
    l->next = &l->edges[1];
    l->clock = (struct hlc){ 0 };
    l->n = 0;
    l->prepared = l->has_checkpoint = false;
    l->signed_size = 0;
    arena_reset(l->scratch);
    TRY(ledger_epoch_open(l->signer, writer, l->scratch, e));
    return db_shared(writer) ? state_read_among(l, writer, e) : state_read(l, writer, e);
}

enum outcome ledger_open(struct ledger **out, struct db *writer,
                         const struct ledger_options *options, struct err *e)
{
    BUG_ON(options->node.n == 0 || options->node.n > LEDGER_NODE_MAX);
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_no_memory(e);
    l->env = options->env;
    memcpy(l->node, options->node.p, options->node.n);
    l->signer = options->signer;
    l->leaf = buf_new(EVENT_LEAF_MAX);
    l->scratch = arena_new(LEDGER_SCRATCH_MAX);
    l->page = arena_new(PAGE_ARENA_MAX);
    const enum outcome o = l->scratch && l->page ? ledger_again(l, writer, e) : err_no_memory(e);
    if (o != OK) {
        ledger_close(l);
        return o;
    }
    *out = l;
    return OK;
}

/* ---- what others recorded --------------------------------------------------------------------*/

static enum outcome tile_same(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    struct hash theirs[MERKLE_WIDTH];
    TRY(ledger_tile_read(theirs, MERKLE_WIDTH, context, tile->level, tile->index, e));
    if (memcmp(theirs, tile->hashes, sizeof theirs) == 0)
        return OK;
    return err_fault(e, "ledger.damaged", "tile %u/%llu is not that of what lies below",
                     tile->level, (unsigned long long)tile->index);
}

/* Their leaves into the tree; nothing of it where one does not fit. */
static enum outcome page_append(struct ledger *l, struct db *db, const struct ledger_row *rows,
                                size_t n, struct err *e)
{
    const bool waiting = ledger_unsigned(l);
    *l->next = *l->durable;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].sequence != (int64_t)l->next->size)
            return err_fault(e, "ledger.damaged", "event %llu is not there",
                             (unsigned long long)l->next->size);
        TRY(merkle_append(l->next, merkle_leaf(rows[i].leaf), tile_same, db, e));
    }
    struct merkle_edge *before = l->durable;
    l->durable = l->next;
    l->next = before;
    if (!waiting)
        l->due_since_mono_us = l->env->mono_us(l->env->context) + OTHERS_SIGN_US;
    return OK;
}

static enum outcome page_see(struct ledger *l, const struct ledger_row *rows, size_t n,
                             ledger_seen_fn *seen, void *context, struct err *e)
{
    struct event event;
    struct err why = { 0 };
    for (size_t i = 0; i < n; i++) {
        arena_reset(l->scratch);
        if (event_read(&event, l->scratch, rows[i].leaf, &why) != OK)
            return err_fault(e, "ledger.damaged", "event %lld is unreadable: %s",
                             (long long)rows[i].sequence, why.code);
        seen(context, rows[i].sequence, &event);
    }
    return OK;
}

enum outcome ledger_follow(struct ledger *l, struct db *writer, ledger_seen_fn *seen, void *context,
                           struct err *e)
{
    struct ledger_row *rows;
    size_t n = FOLLOW_PAGE;
    BUG_ON(l->n > 0 || l->prepared);
    while (n == FOLLOW_PAGE) {
        arena_reset(l->page);
        TRY(ledger_read(writer, (int64_t)l->durable->size, FOLLOW_PAGE, &rows, &n, l->page, e));
        if (n == 0)
            return OK;
        TRY(page_append(l, writer, rows, n, e));
        arena_reset(l->scratch);
        TRY(clock_read_back(l, rows[n - 1].leaf, l->scratch, e));
        TRY(page_see(l, rows, n, seen, context, e));
    }
    return OK;
}

enum outcome ledger_see(struct ledger *l, struct db *writer, uint64_t from, ledger_seen_fn *seen,
                        void *context, struct err *e)
{
    struct ledger_row *rows;
    size_t n = 1;
    for (; from < l->durable->size && n > 0; from += n) {
        arena_reset(l->page);
        TRY(ledger_read(writer, (int64_t)from, FOLLOW_PAGE, &rows, &n, l->page, e));
        TRY(page_see(l, rows, n, seen, context, e));
    }
    return OK;
}

enum outcome ledger_was(bool *same, struct ledger *l, struct db *writer, uint64_t size,
                        struct hash root, struct err *e)
{
    *same = size <= l->durable->size;
    if (!*same)
        return OK;
    TRY(ledger_edge_read(l->next, writer, size, e));
    *same = hash_eq(merkle_root(l->next), root);
    return OK;
}
