/* The ledger's one writer. What is in memory (the tree's edge, the clock) speaks of durable events
 * only; what a group adds stands in `group` until its COMMIT has returned. Heads are not kept in
 * memory: they are rows, and a command's savepoint takes them back together with its events.
 *
 * One event costs two hashes of its bytes: one when it is appended, one when its group is read
 * back. Signing is per checkpoint. Tiles are written when they are full, those above level 0 also
 * when they grow, which is once in 256 events. */
#include "gen/kernel/ledger.sql.h"
#include "kernel/ledger_impl.h"

#include <stdlib.h>

enum { NODE_MAX = 40, LOGICAL_MAX = 40 };

/* One event of the group, as it must be found again before the commit. */
struct entry {
    struct hash leaf;
    struct hash place; /* of key, stream and version: the columns beside the leaf */
    struct hlc clock;  /* after this event */
};

struct ledger {
    const struct env *env;
    char node[NODE_MAX + 1];
    const struct note_signer *signer;
    struct merkle_edge edges[2];
    struct merkle_edge *durable;
    struct merkle_edge *next; /* with the group, once prepared */
    struct hlc clock;         /* of the last durable event */
    struct entry group[LEDGER_GROUP_MAX];
    size_t n;
    bool prepared;
    bool has_checkpoint;
    uint64_t signed_size;
    int64_t due_since_mono_us;
    struct buf leaf;       /* the event being appended; reused */
    struct arena *scratch; /* one row read back; reused */
};

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

static bool unsigned_events(const struct ledger *l)
{
    return !l->has_checkpoint || l->signed_size < l->durable->size;
}

/* ---- opening ---------------------------------------------------------------------------------*/

/* The head of a row's stream stands on its last event, and on no other. */
static bool head_agrees(const struct ledger_written_out *row, struct hash leaf)
{
    if (row->later > 0)
        return row->head_version > row->version;
    return row->head_version == row->version && row->head_hash.n == HASH_SIZE &&
           memcmp(row->head_hash.p, leaf.b, HASH_SIZE) == 0;
}

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
        if (!more || row.seq != (int64_t)seq || !head_agrees(&row, *leaf))
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

static void checkpoint_text(struct buf *b, const struct ledger *l, const struct merkle_edge *edge)
{
    struct checkpoint c = { .size = edge->size, .root = merkle_root(edge) };
    memcpy(c.origin, l->signer->name, sizeof c.origin);
    checkpoint_write(b, &c, l->signer);
    BUG_ON(!buf_ok(b));
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
    checkpoint_text(&expected, l, l->next);
    if (!str_eq(note, buf_get(&expected)))
        return err_fault(e, "ledger.damaged", "the last checkpoint is not that of the events");
    l->has_checkpoint = true;
    l->signed_size = c.size;
    return OK;
}

enum outcome ledger_open(struct ledger **out, struct db *writer,
                         const struct ledger_options *options, struct err *e)
{
    BUG_ON(options->node.n == 0 || options->node.n > NODE_MAX);
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_no_memory(e);
    l->env = options->env;
    memcpy(l->node, options->node.p, options->node.n);
    l->signer = options->signer;
    l->durable = &l->edges[0];
    l->next = &l->edges[1];
    l->leaf = buf_new(EVENT_LEAF_MAX);
    l->scratch = arena_new(LEDGER_SCRATCH_MAX);
    enum outcome o =
        l->scratch == NULL ? err_no_memory(e) : ledger_epoch_open(l->signer, writer, l->scratch, e);
    if (o == OK)
        o = tree_open(l, writer, e);
    if (o == OK)
        o = checkpoint_open(l, writer, e);
    if (o != OK) {
        ledger_close(l);
        return o;
    }
    *out = l;
    return OK;
}

void ledger_close(struct ledger *l)
{
    if (l == NULL)
        return;
    buf_free(&l->leaf);
    arena_free(l->scratch);
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

    struct entry *entry = &l->group[l->n];
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
    const struct entry *entry = &l->group[i];
    return row->seq == (int64_t)(l->durable->size + i) &&
           hash_eq(entry->leaf, merkle_leaf(row->leaf)) &&
           hash_eq(entry->place, place_hash(row->key, row->stream, row->version)) &&
           head_agrees(row, entry->leaf);
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
    bool waiting = unsigned_events(l);
    struct merkle_edge *before = l->durable;
    l->clock = group_clock(l);
    l->durable = l->next;
    l->next = before;
    l->n = 0;
    l->prepared = false;
    if (!waiting)
        l->due_since_mono_us = l->env->mono_us(l->env->context);
}

void ledger_forget(struct ledger *l)
{
    l->n = 0;
    l->prepared = false;
}

/* ---- checkpoints -----------------------------------------------------------------------------*/

static enum outcome checkpoint_store(struct db *db, uint64_t size, struct str note, struct err *e)
{
    const struct ledger_checkpoint_add_in add = { .size = (int64_t)size, .note = note };
    const struct ledger_checkpoint_drop_in drop = { .below = (int64_t)size };
    TRY(db_begin(db, e));
    enum outcome o = db_run(db, &sql_ledger_checkpoint_add, &add, NULL, e);
    if (o == OK)
        o = db_run(db, &sql_ledger_checkpoint_drop, &drop, NULL, e);
    if (o == OK)
        o = db_commit(db, e);
    if (o != OK)
        db_rollback(db);
    return o;
}

enum outcome ledger_checkpoint(struct ledger *l, struct db *writer, struct err *e)
{
    BUG_ON(l->n > 0 || l->prepared);
    if (!unsigned_events(l))
        return OK;
    char storage[NOTE_MAX];
    struct buf note = buf_over(storage, sizeof storage);
    checkpoint_text(&note, l, l->durable);
    TRY(checkpoint_store(writer, l->durable->size, buf_get(&note), e));
    l->has_checkpoint = true;
    l->signed_size = l->durable->size;
    return OK;
}

bool ledger_checkpoint_due(const struct ledger *l, int64_t *since_mono_us)
{
    *since_mono_us = l->due_since_mono_us;
    return unsigned_events(l);
}

uint64_t ledger_size(const struct ledger *l)
{
    return l->durable->size;
}

struct hash ledger_root(const struct ledger *l)
{
    return merkle_root(l->durable);
}
