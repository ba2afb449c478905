/* The ledger's one writer. What is in memory (the tree's edge, the clock) speaks of durable events
 * only; what a group adds stands in `group` until its COMMIT has returned. Heads are not kept in
 * memory: they are rows, and a command's savepoint takes them back together with its events.
 *
 * One event costs two hashes of its bytes: one when it is appended, one when its group is read
 * back. Signing is per checkpoint. Tiles are written when they are full, those above level 0 also
 * when they grow, which is once in 256 events. */
#include "kernel/ledger_writer.h"

#include <stdlib.h>

enum { LOGICAL_MAX = 40 };

static struct hash place_hash(struct str key, struct str stream, int64_t version)
{
    const uint8_t zero = 0;
    const struct bytes parts[] = {
        { (const uint8_t *)key.p, key.n },
        { &zero, 1 },
        { (const uint8_t *)stream.p, stream.n },
        { &zero, 1 },
        { (const uint8_t *)&version, sizeof version },
    };
    return hash_parts(parts, 5);
}

/* The head of a row's stream stands on its last event, and on no other. */
bool ledger_head_agrees(const struct ledger_written_out *row, struct hash leaf)
{
    if (row->later > 0)
        return row->head_version > row->version;
    return row->head_version == row->version && row->head_hash.n == HASH_SIZE &&
           memcmp(row->head_hash.p, leaf.b, HASH_SIZE) == 0;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    buf_free(&l->leaf);
    arena_free(l->scratch);
    arena_free(l->page);
    free(l);
}

/* ---- appending -------------------------------------------------------------------------------*/

static struct str logical_text(struct hlc clock, struct arena *arena)
{
    char storage[LOGICAL_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    hlc_write(&b, clock);
    BUG_ON(!buf_ok(&b));
    return arena_str(arena, buf_get(&b));
}

static struct hlc group_clock(const struct ledger *l)
{
    return l->n > 0 ? l->group[l->n - 1].clock : l->clock;
}

/* Fills what only the ledger knows. */
static enum outcome event_complete(const struct ledger *l, struct event *event,
                                   const struct ledger_head_out *head, struct hlc *clock,
                                   struct arena *arena, struct err *e)
{
    int64_t now_us = l->env->now_us(l->env->context);
    *clock = hlc_next(group_clock(l), now_us);
    event->format = EVENT_FORMAT;
    event->node = str_z(l->node);
    event->version = head->version + 1;
    event->recorded = now_us;
    event->logical = logical_text(*clock, arena);
    event->previous = (struct str){ 0 };
    if (head->version > 0) {
        struct hash previous;
        char hex[HASH_HEX + 1];
        if (head->hash.n != HASH_SIZE)
            return err_fault(e, "ledger.damaged", "a stream's head has no hash");
        memcpy(previous.b, head->hash.p, HASH_SIZE);
        hash_hex(hex, previous);
        event->previous = arena_str(arena, (struct str){ hex, HASH_HEX });
    }
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

static enum outcome event_insert(struct ledger *l, struct db *db, const struct event *event,
                                 struct hash leaf, struct err *e)
{
    const struct ledger_append_in row = {
        .seq = (int64_t)(l->durable->size + l->n),
        .key = event->key,
        .stream = event->stream,
        .version = event->version,
        .leaf = buf_get(&l->leaf),
    };
    TRY(db_run(db, &sql_ledger_append, &row, NULL, e));
    const struct ledger_head_set_in head = {
        .stream = event->stream,
        .key = event->key,
        .version = event->version,
        .hash = { leaf.b, HASH_SIZE },
    };
    return db_run(db, &sql_ledger_head_set, &head, NULL, e);
}

/* The event as whoever replays the log will read it. One that cannot be read would stop every
 * replay and the next start, for ever: it does not get in. */
static enum outcome event_read_back(struct event *event, struct str leaf, struct arena *arena,
                                    struct err *e)
{
    struct str copy = arena_str(arena, leaf);
    if (copy.p == NULL)
        return err_no_memory(e);
    struct err why = { 0 };
    enum outcome o = event_read(event, arena, copy, &why);
    if (o == OK && stream_kind(event->stream).n > 0 && stream_id(event->stream).n > 0)
        return OK;
    struct str field = o == OK ? S("stream") : err_param(&why, "field");
    return o == FAULT ? err_no_memory(e) : err_fault(e, "ledger.unreadable", "%.*s", STR(field));
}

enum outcome ledger_append(struct ledger *l, struct db *writer, struct event *event,
                           int64_t expected, int64_t *sequence, struct arena *arena, struct err *e)
{
    BUG_ON(l->prepared);
    if (l->n == LEDGER_GROUP_MAX)
        return err_fault(e, "ledger.group_full", "more than %d events", LEDGER_GROUP_MAX);

    const struct ledger_head_in in = { .stream = event->stream };
    struct ledger_head_out head = { 0 };
    bool found = false;
    TRY(db_get(writer, &sql_ledger_head, &in, &head, arena, &found, e));
    if (!found)
        head.version = 0;
    if (expected != -1 && expected != head.version)
        return REFUSE(e, "ledger.changed", { "stream", event->stream });
    if (found && !str_eq(head.key, event->key))
        return err_fault(e, "ledger.key_differs", "stream %.*s has the key %.*s, not %.*s",
                         STR(event->stream), STR(head.key), STR(event->key));

    struct ledger_entry *entry = &l->group[l->n];
    TRY(event_complete(l, event, &head, &entry->clock, arena, e));
    buf_cut(&l->leaf, 0);
    TRY(event_write(&l->leaf, event, e));
    TRY(event_read_back(event, buf_get(&l->leaf), arena, e));
    entry->leaf = merkle_leaf(buf_get(&l->leaf));
    entry->place = place_hash(event->key, event->stream, event->version);
    TRY(event_insert(l, writer, event, entry->leaf, e));
    *sequence = (int64_t)(l->durable->size + l->n);
    l->n++;
    return OK;
}

size_t ledger_mark(const struct ledger *l)
{
    return l->n;
}

void ledger_undo(struct ledger *l, size_t mark)
{
    BUG_ON(mark > l->n || l->prepared);
    l->n = mark;
}

/* ---- the group's end -------------------------------------------------------------------------*/

static bool entry_agrees(const struct ledger *l, size_t i, const struct ledger_written_out *row)
{
    const struct ledger_entry *entry = &l->group[i];
    return row->seq == (int64_t)(l->durable->size + i) &&
           hash_eq(entry->leaf, merkle_leaf(row->leaf)) &&
           hash_eq(entry->place, place_hash(row->key, row->stream, row->version)) &&
           ledger_head_agrees(row, entry->leaf);
}

/* Reads back what the group wrote: no row more, no row less, each byte for byte. */
static enum outcome group_reread(struct ledger *l, struct db *db, struct err *e)
{
    const struct ledger_written_in in = { .first = (int64_t)l->durable->size };
    struct db_rows rows;
    TRY(db_rows_open(&rows, db, &sql_ledger_written, &in, e));
    enum outcome o = OK;
    bool more = true;
    for (size_t i = 0; o == OK && more; i++) {
        struct ledger_written_out row;
        arena_reset(l->scratch);
        o = db_rows_next(&rows, &row, l->scratch, &more, e);
        if (o == OK && (more != (i < l->n) || (more && !entry_agrees(l, i, &row))))
            o = err_fault(e, "ledger.reread", "event %llu is not what was written",
                          (unsigned long long)(l->durable->size + i));
    }
    db_rows_close(&rows);
    return o;
}

static enum outcome tile_write(void *context, const struct merkle_full_tile *tile, struct err *e)
{
    const struct ledger_tile_set_in in = {
        .level = tile->level,
        .idx = (int64_t)tile->index,
        .hashes = { tile->hashes->b, MERKLE_WIDTH * HASH_SIZE },
    };
    return db_run(context, &sql_ledger_tile_set, &in, NULL, e);
}

/* Above level 0 the newest tile is kept while it grows, so that opening need not climb from below.
 */
static enum outcome partial_tiles_write(const struct ledger *l, struct db *db, struct err *e)
{
    for (uint32_t level = 1; level < MERKLE_LEVELS_MAX; level++) {
        uint64_t count = ledger_level_count(l->next->size, level);
        size_t n = l->next->level[level].n;
        if (count == ledger_level_count(l->durable->size, level))
            return OK; /* then nothing above has grown either */
        const struct ledger_tile_set_in in = {
            .level = level,
            .idx = (int64_t)(count / MERKLE_WIDTH),
            .hashes = { l->next->level[level].hashes->b, n * HASH_SIZE },
        };
        if (n > 0)
            TRY(db_run(db, &sql_ledger_tile_set, &in, NULL, e));
    }
    return OK;
}

enum outcome ledger_prepare(struct ledger *l, struct db *writer, struct err *e)
{
    BUG_ON(l->prepared);
    TRY(group_reread(l, writer, e));
    *l->next = *l->durable;
    for (size_t i = 0; i < l->n; i++)
        TRY(merkle_append(l->next, l->group[i].leaf, tile_write, writer, e));
    TRY(partial_tiles_write(l, writer, e));
    l->prepared = true;
    return OK;
}

void ledger_committed(struct ledger *l)
{
    BUG_ON(!l->prepared);
    bool waiting = ledger_unsigned(l);
    struct merkle_edge *before = l->durable;
    l->clock = group_clock(l);
    l->durable = l->next;
    l->next = before;
    l->n = 0;
    l->prepared = false;
    const int64_t now = l->env->mono_us(l->env->context);
    if (!waiting || l->due_since_mono_us > now)
        l->due_since_mono_us = now;
}

void ledger_forget(struct ledger *l)
{
    l->n = 0;
    l->prepared = false;
}

/* ---- checkpoints -----------------------------------------------------------------------------*/

void ledger_checkpoint_text(struct buf *b, const struct ledger *l, const struct merkle_edge *edge)
{
    struct checkpoint c = { .size = edge->size, .root = merkle_root(edge) };
    memcpy(c.origin, l->signer->name, sizeof c.origin);
    checkpoint_write(b, &c, l->signer);
    BUG_ON(!buf_ok(b));
}

/* Not where another server has signed as much meanwhile: *signed_size is what is signed then. */
static enum outcome checkpoint_put(struct db *db, uint64_t *signed_size, struct str note,
                                   struct arena *arena, struct err *e)
{
    const struct ledger_checkpoint_add_in add = { .size = (int64_t)*signed_size, .note = note };
    const struct ledger_checkpoint_drop_in drop = { .below = (int64_t)*signed_size };
    struct ledger_checkpoint_out last;
    bool found = false;
    if (db_shared(db))
        TRY(db_get(db, &sql_ledger_checkpoint, NULL, &last, arena, &found, e));
    if (found && last.size >= add.size) {
        *signed_size = (uint64_t)last.size;
        return OK;
    }
    TRY(db_run(db, &sql_ledger_checkpoint_add, &add, NULL, e));
    return db_run(db, &sql_ledger_checkpoint_drop, &drop, NULL, e);
}

enum outcome ledger_checkpoint(struct ledger *l, struct db *writer, struct err *e)
{
    BUG_ON(l->n > 0 || l->prepared);
    if (!ledger_unsigned(l))
        return OK;
    char storage[NOTE_MAX];
    struct buf note = buf_over(storage, sizeof storage);
    uint64_t size = l->durable->size;
    ledger_checkpoint_text(&note, l, l->durable);
    arena_reset(l->scratch);
    TRY(db_begin(writer, e));
    enum outcome o = checkpoint_put(writer, &size, buf_get(&note), l->scratch, e);
    if (o == OK)
        o = db_commit(writer, e);
    if (o != OK) {
        db_rollback(writer);
        return o;
    }
    l->has_checkpoint = true;
    l->signed_size = size;
    return OK;
}

bool ledger_checkpoint_due(const struct ledger *l, int64_t *since_mono_us)
{
    *since_mono_us = l->due_since_mono_us;
    return ledger_unsigned(l);
}

uint64_t ledger_size(const struct ledger *l)
{
    return l->durable->size;
}

struct hash ledger_root(const struct ledger *l)
{
    return merkle_root(l->durable);
}
