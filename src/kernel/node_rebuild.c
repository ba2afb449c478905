/* Replay: the projections are a function of the ledger. They are built anew when their schema
 * changed, and built beside the living ones to show that both are the same (AUD-05). */
#include <stdio.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/node.sql.h"
#include "kernel/node_impl.h"
#include "kernel/store_name.h"
#include "kernel/trail.h"

enum {
    REPLAY_CHUNK = 1000,          /* events read at once */
    REPLAY_ARENA_MAX = 128 << 20, /* such a chunk */
    REPLAY_EVENT_MAX = 64 << 20,  /* one event in its parts */
};

void node_schema_hash(char hex[HASH_HEX + 1], const struct sql_schema *schema)
{
    hash_hex(hex, hash_of(schema->text, strlen(schema->text)));
}

/* Applies events [*from, end) of one chunk; *from moves behind the last. */
static enum outcome replay_chunk(const struct registry *registry, struct db *from_db,
                                 struct db *to_db, int64_t *from, bool *more, struct arena *arena,
                                 struct arena *one, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    TRY(ledger_read(from_db, *from, REPLAY_CHUNK, &rows, &n, arena, e));
    for (size_t i = 0; i < n; i++) {
        struct event event;
        arena_reset(one);
        enum outcome o = event_read(&event, one, rows[i].leaf, e);
        if (o == REFUSED)
            return err_fault(e, "ledger.damaged", "event %lld: %s", (long long)rows[i].sequence,
                             e->code);
        if (o != OK)
            return o;
        TRY(registry_apply(registry, to_db, &event, one, e));
        *from = rows[i].sequence + 1;
    }
    *more = n == REPLAY_CHUNK;
    return OK;
}

enum outcome node_replay(const struct registry *registry, struct db *from_db, struct db *to_db,
                         int64_t *next, struct err *e)
{
    struct arena *arena = arena_new(REPLAY_ARENA_MAX);
    struct arena *one = arena_new(REPLAY_EVENT_MAX);
    bool more = true;
    enum outcome o = arena && one ? OK : err_no_memory(e);
    while (o == OK && more) {
        o = replay_chunk(registry, from_db, to_db, next, &more, arena, one, e);
        arena_reset(arena);
    }
    arena_free(one);
    arena_free(arena);
    return o;
}

enum outcome node_projections_make(struct node *n, struct db *db, bool drop, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    for (size_t i = 0; i < nmodules; i++) {
        if (!modules[i]->schema)
            continue;
        if (drop)
            TRY(db_schema_drop(db, modules[i]->schema, e));
        TRY(db_schema(db, modules[i]->schema, e));
    }
    return OK;
}

enum outcome node_projections_note(struct node *n, struct db *db, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    for (size_t i = 0; i < nmodules; i++) {
        if (!modules[i]->schema)
            continue;
        char hex[HASH_HEX + 1];
        node_schema_hash(hex, modules[i]->schema);
        struct node_projection_set_in in = { str_z(modules[i]->name), str_z(hex) };
        TRY(db_run(db, &sql_node_projection_set, &in, NULL, e));
    }
    return OK;
}

enum outcome node_rebuild(struct node *n, struct err *e)
{
    struct db *db = n->impl->writer;
    int64_t events = 0;
    TRY(db_begin(db, e));
    enum outcome o = node_projections_make(n, db, true, e);
    if (o == OK)
        o = node_replay(n->registry, db, db, &events, e);
    if (o == OK)
        o = node_projections_note(n, db, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    if (o != OK)
        return o;
    LOG(n->env, LOG_INFO, "node.rebuilt", LOG_F_INT("events", events));
    if (n->trail) { /* when a node opens, its indexes follow afterwards */
        trail_restart(n->trail);
        TRY(trail_catch_up(n->trail, e));
    }
    if (!n->search)
        return OK;
    search_restart(n->search);
    return search_catch_up(n->search, e);
}

static enum outcome compare_module(const struct module *module, struct db *living,
                                   struct db *rebuilt, struct node_rebuild *out, struct err *e)
{
    struct str table;
    for (size_t i = 0; out->same && sql_schema_table(module->schema, i, &table); i++) {
        int64_t counts[2];
        struct hash hashes[2];
        TRY(db_table_hash(living, table, &counts[0], &hashes[0], e));
        TRY(db_table_hash(rebuilt, table, &counts[1], &hashes[1], e));
        out->tables++;
        if (counts[0] == counts[1] && hash_eq(hashes[0], hashes[1]))
            continue;
        out->same = false;
        snprintf(out->difference, sizeof out->difference, "%.*s: %lld rows, rebuilt %lld",
                 STR(table), (long long)counts[0], (long long)counts[1]);
    }
    return OK;
}

/* What followers write, from projections and seals. */
static enum outcome build_indexes(struct node *n, struct db *living, struct db *beside,
                                  struct node_rebuild *out, struct err *e)
{
    if (trail_among(n->registry))
        TRY(trail_build(living, beside, n->registry, &out->untrailed, e));
    if (!search_among(n->registry))
        return OK;
    return search_build(living, beside, n->registry, n->keys, &out->unsearched, e);
}

static enum outcome rebuild_beside(struct node *n, struct db *living, struct db *beside,
                                   struct node_rebuild *out, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    TRY(db_begin(living, e)); /* one snapshot for ledger and projections */
    enum outcome o = db_begin(beside, e);
    if (o == OK)
        o = node_projections_make(n, beside, false, e);
    if (o == OK)
        o = node_replay(n->registry, living, beside, &out->events, e);
    if (o == OK)
        o = build_indexes(n, living, beside, out, e);
    for (size_t i = 0; o == OK && out->same && i < nmodules; i++)
        if (modules[i]->schema && (modules[i] != &search_module || out->unsearched == 0) &&
            (modules[i] != &trail_module || out->untrailed == 0))
            o = compare_module(modules[i], living, beside, out, e);
    db_rollback(beside);
    db_rollback(living);
    return o;
}

enum outcome node_rebuild_check(struct node *n, struct node_rebuild *out, struct err *e)
{
    *out = (struct node_rebuild){ .same = true };
    if (n->search)
        TRY(search_catch_up(n->search, e));
    if (n->trail)
        TRY(trail_catch_up(n->trail, e));
    char path[STORE_NAME_MAX];
    char tail[ID_LENGTH + 16];
    struct id unique = id_new(&env_system);
    snprintf(tail, sizeof tail, "rebuild-%s", unique.text);
    TRY(store_name_beside(path, sizeof path, n->impl->path, tail, e));

    struct store *store = NULL;
    struct db *beside = NULL;
    struct db *living = NULL;
    struct store_options options = { .path = path, .create = true };
    enum outcome o = store_open(&store, &options, e);
    if (o == OK)
        o = store_writer(&beside, store, e);
    if (o == OK)
        o = store_reader_take(&living, n->store, e);
    if (o == OK)
        o = rebuild_beside(n, living, beside, out, e);
    if (living)
        store_reader_give(n->store, living);
    if (beside)
        db_close(beside);
    store_close(store);
    struct err ignored = { 0 };
    const enum outcome removed = store_remove(path, o == OK ? e : &ignored);
    return o == OK ? removed : o;
}
