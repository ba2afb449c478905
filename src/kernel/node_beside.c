/* Projections built beforehand, beside those that are in use: a database of its own, F.next or, on
 * PostgreSQL, the schema vein_next, that holds them and how far they have come. It can be lost or
 * thrown away at any time: then they are built when the node opens, as without it. */
#include "base/log.h"
#include "gen/kernel/beside_schema.sql.h"
#include "gen/kernel/node.sql.h"
#include "gen/kernel/node_schema.sql.h"
#include "kernel/node_impl.h"
#include "kernel/store_name.h"

enum { BESIDE_ARENA_MAX = 1 << 20 };

struct beside {
    char path[STORE_NAME_MAX];
    struct store *store;
    struct db *db;
};

static enum outcome beside_path(struct beside *b, const struct node *n, struct err *e)
{
    return store_name_beside(b->path, sizeof b->path, n->impl->path, "next", e);
}

static enum outcome beside_open(struct beside *b, bool create, struct err *e)
{
    const struct store_options options = { .path = b->path, .create = create };
    enum outcome o = store_open(&b->store, &options, e);
    return o == OK ? store_writer(&b->db, b->store, e) : o;
}

static void beside_close(struct beside *b)
{
    db_close(b->db);
    store_close(b->store);
    b->db = NULL;
    b->store = NULL;
}

/* The hash of the event at this place of the log, as text; "" when there is none. */
static enum outcome leaf_hash(char hex[HASH_HEX + 1], struct db *db, int64_t place,
                              struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t n = 0;
    *hex = '\0';
    if (place >= 0)
        TRY(ledger_read(db, place, 1, &rows, &n, arena, e));
    if (n == 1 && rows[0].sequence == place)
        hash_hex(hex, hash_of(rows[0].leaf.p, rows[0].leaf.n));
    return OK;
}

/* Whether the set was built by this program's schemas, and from this log. */
static enum outcome usable(bool *yes, int64_t *next, struct node *n, struct db *beside,
                           struct db *living, struct arena *arena, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    struct node_beside_out row = { 0 };
    char hex[HASH_HEX + 1];
    TRY(node_projections_current(yes, beside, modules, nmodules, arena, e));
    if (*yes)
        TRY(db_get(beside, &sql_node_beside, NULL, &row, arena, yes, e));
    if (!*yes)
        return OK;
    TRY(leaf_hash(hex, living, row.next - 1, arena, e));
    *yes = row.next > 0 && str_is(row.leaf, hex);
    *next = row.next;
    return OK;
}

/* -- Building it ------------------------------------------------------------------------------- */

static enum outcome advance(struct node_prepared *out, struct node *n, struct db *beside,
                            struct db *living, struct arena *arena, struct err *e)
{
    bool goes_on;
    int64_t next = 0;
    char hex[HASH_HEX + 1];
    TRY(db_schema(beside, &node_schema, e));
    TRY(db_schema(beside, &beside_schema, e));
    TRY(usable(&goes_on, &next, n, beside, living, arena, e));
    if (!goes_on) {
        next = 0;
        TRY(node_projections_make(n, beside, true, e));
        TRY(node_projections_note(n, beside, e));
    }
    const int64_t from = next;
    TRY(node_replay(n->registry, living, beside, &next, e));
    TRY(leaf_hash(hex, living, next - 1, arena, e));
    const struct node_beside_set_in in = { next, str_z(hex) };
    out->events = next - from;
    out->size = next;
    return db_run(beside, &sql_node_beside_set, &in, NULL, e);
}

static enum outcome advance_all(struct node_prepared *out, struct node *n, struct beside *b,
                                struct db *living, struct arena *arena, struct err *e)
{
    size_t nmodules;
    bool current;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    TRY(node_projections_current(&current, living, modules, nmodules, arena, e));
    out->needed = !current;
    if (current)
        return OK;
    TRY(beside_open(b, true, e));
    TRY(db_begin(b->db, e));
    TRY(advance(out, n, b->db, living, arena, e));
    return db_commit(b->db, e);
}

enum outcome node_prepare(struct node_prepared *out, struct node *n, struct err *e)
{
    struct beside b = { .db = NULL };
    struct db *living = NULL;
    *out = (struct node_prepared){ 0 };
    TRY(beside_path(&b, n, e));
    struct arena *arena = arena_new(BESIDE_ARENA_MAX);
    enum outcome o = arena ? store_reader_take(&living, n->store, e) : err_no_memory(e);
    if (o == OK)
        o = db_begin(living, e); /* one snapshot */
    if (o == OK)
        o = advance_all(out, n, &b, living, arena, e);
    beside_close(&b);
    if (living)
        store_reader_give(n->store, living);
    arena_free(arena);
    return o;
}

/* -- Putting it in place ----------------------------------------------------------------------- */

static enum outcome put(struct node *n, int64_t next, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    struct db *db = n->impl->writer;
    TRY(node_projections_make(n, db, true, e));
    for (size_t i = 0; i < nmodules; i++)
        if (modules[i]->schema)
            TRY(db_beside_take(db, modules[i]->schema, e));
    const int64_t taken = next;
    TRY(node_replay(n->registry, db, db, &next, e));
    TRY(node_projections_note(n, db, e));
    LOG(n->env, LOG_INFO, "node.prepared_taken", LOG_F_INT("events", taken),
        LOG_F_INT("since", next - taken));
    return OK;
}

static enum outcome put_in_place(struct node *n, const char *path, int64_t next, struct err *e)
{
    struct db *db = n->impl->writer;
    TRY(db_beside(db, path, e));
    enum outcome o = db_begin(db, e);
    if (o == OK)
        o = put(n, next, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    struct err ignored = { 0 };
    const enum outcome left = db_beside(db, NULL, o == OK ? e : &ignored);
    return o == OK ? left : o;
}

/* What cannot be opened or read is as good as absent. */
static bool look(int64_t *next, bool *there, struct node *n, struct beside *b)
{
    struct err e = { 0 };
    bool yes = false;
    struct arena *arena = arena_new(BESIDE_ARENA_MAX);
    enum outcome o = arena ? beside_open(b, false, &e) : err_no_memory(&e);
    if (o == OK)
        o = usable(&yes, next, n, b->db, n->impl->writer, arena, &e);
    beside_close(b);
    arena_free(arena);
    *there = o == OK || !str_is(str_z(e.code), "store.not_found");
    if (o != OK && *there)
        log_err(n->env, "node.prepared_useless", &e);
    return o == OK && yes;
}

enum outcome node_prepared_take(bool *taken, struct node *n, struct err *e)
{
    struct beside b = { .db = NULL };
    int64_t next;
    bool there;
    *taken = false;
    TRY(beside_path(&b, n, e));
    if (look(&next, &there, n, &b)) {
        TRY(put_in_place(n, b.path, next, e));
        *taken = true;
    }
    return there ? store_remove(b.path, e) : OK;
}
