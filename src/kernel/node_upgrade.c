/* The enduring tables: made at once in a new database, brought forward step by step in an older
 * one, never back. Projections need no steps: they are dropped and built anew from the ledger. */
#include "gen/kernel/contact_schema.sql.h"
#include "gen/kernel/gate_schema.sql.h"
#include "gen/kernel/lease_schema.sql.h"
#include "gen/kernel/look_schema.sql.h"
#include "gen/kernel/node.sql.h"
#include "gen/kernel/node_schema.sql.h"
#include "gen/kernel/policy_schema.sql.h"
#include "gen/kernel/upgrade_2_schema.sql.h"
#include "gen/kernel/upgrade_3_schema.sql.h"
#include "gen/kernel/upgrade_4_schema.sql.h"
#include "kernel/node_impl.h"

static const struct sql_schema *const enduring[] = {
    &ledger_schema, &gate_schema,    &policy_schema, &lease_schema,
    &look_schema,   &contact_schema, &node_schema,
};

/* Script i leads from version i + 1 to i + 2. Append only: what was released is never changed, and
 * the schemas above always say what the last version is. */
static const struct sql_schema *const steps[] = { &upgrade_2_schema, &upgrade_3_schema,
                                                  &upgrade_4_schema };

enum {
    TABLES = sizeof enduring / sizeof enduring[0],
    STEPS = sizeof steps / sizeof steps[0],
    VERSION = 1 + STEPS,
    /* Since when the tables that ledger_read reads have their shape: a step that changes one of
     * them puts its own version here. */
    LOG_SINCE = 1,
    UPGRADE_ARENA_MAX = 1 << 20,
};

size_t node_schemas(const struct sql_schema **out, size_t max, const struct module *const *modules,
                    size_t nmodules)
{
    size_t n = 0;
    BUG_ON(max < TABLES + nmodules);
    for (size_t i = 0; i < TABLES; i++)
        out[n++] = enduring[i];
    for (size_t i = 0; i < nmodules; i++)
        if (modules[i]->schema)
            out[n++] = modules[i]->schema;
    return n;
}

enum outcome node_spread(struct node *n, const struct store_spread *rows, size_t nrows,
                         size_t *changed, struct err *e)
{
    return db_spread(n->impl->writer, rows, nrows, changed, e);
}

int64_t node_schema_version(void)
{
    return VERSION;
}

static enum outcome refuse(const char *code, int64_t schema, struct err *e)
{
    char is[24], known[24];
    struct buf a = buf_over(is, sizeof is), b = buf_over(known, sizeof known);
    buf_int(&a, schema);
    buf_int(&b, VERSION);
    return REFUSE(e, code, { "schema", buf_get(&a) }, { "known", buf_get(&b) });
}

enum outcome node_schema_check(int64_t schema, bool log_alone, struct err *e)
{
    if (schema == VERSION || (log_alone && schema >= LOG_SINCE && schema < VERSION))
        return OK;
    return refuse(schema > VERSION ? "node.newer_schema" : "node.older_schema", schema, e);
}

static enum outcome bring_forward(struct db *db, int64_t from, struct err *e)
{
    if (from > VERSION)
        return refuse("node.newer_schema", from, e);
    if (from < 1)
        return err_fault(e, "store.corrupt", "the tables have a version below 1");
    if (from == VERSION)
        return OK;
    TRY(db_migrate(db, steps, STEPS, from, e));
    const struct node_self_upgrade_in in = { VERSION };
    return db_run(db, &sql_node_self_upgrade, &in, NULL, e);
}

enum outcome node_tables_make(struct node_upgrade *out, struct db *db, bool create,
                              struct arena *arena, struct err *e)
{
    struct node_self_out self;
    bool found;
    *out = (struct node_upgrade){ .from = VERSION, .to = VERSION };
    if (create)
        TRY(db_schema(db, &node_schema, e));
    TRY(db_get(db, &sql_node_self, NULL, &self, arena, &found, e));
    for (size_t i = 0; create && !found && i < TABLES; i++)
        TRY(db_schema(db, enduring[i], e));
    if (!found)
        return OK;
    out->from = self.schema;
    return bring_forward(db, self.schema, e);
}

enum outcome node_projections_current(bool *current, struct db *db,
                                      const struct module *const *modules, size_t nmodules,
                                      struct arena *arena, struct err *e)
{
    *current = true;
    for (size_t i = 0; i < nmodules && *current; i++) {
        if (!modules[i]->schema)
            continue;
        struct node_projection_in in = { str_z(modules[i]->name) };
        struct node_projection_out row;
        bool found;
        TRY(db_get(db, &sql_node_projection, &in, &row, arena, &found, e));
        char hex[HASH_HEX + 1];
        node_schema_hash(hex, modules[i]->schema);
        *current = found && str_is(row.hash, hex);
    }
    return OK;
}

enum outcome node_stands(bool *stands, struct node *n, struct err *e)
{
    struct node_self_out self;
    size_t nmodules;
    const struct module *const *modules = registry_modules(n->registry, &nmodules);
    struct db *db = n->impl->writer;
    struct arena *arena = arena_new(UPGRADE_ARENA_MAX);
    *stands = false;
    bool found = false;
    enum outcome o =
        arena ? db_get(db, &sql_node_self, NULL, &self, arena, &found, e) : err_no_memory(e);
    if (o == OK && found && self.schema > VERSION)
        o = refuse("node.newer_schema", self.schema, e);
    if (o == OK && found && self.schema == VERSION)
        o = node_projections_current(stands, db, modules, nmodules, arena, e);
    *stands = *stands && !keyring_is_old(n->keys);
    arena_free(arena);
    return o;
}

static enum outcome upgrade(struct node_upgrade *out, struct db *db, const struct node_options *o,
                            bool dry_run, struct arena *arena, struct err *e)
{
    bool current;
    TRY(db_begin(db, e));
    enum outcome done = node_tables_make(out, db, false, arena, e);
    if (done == OK)
        done = node_projections_current(&current, db, o->modules, o->nmodules, arena, e);
    if (done == OK)
        out->rebuilds = !current;
    if (done == OK && !dry_run)
        return db_commit(db, e);
    db_rollback(db);
    return done;
}

enum outcome node_upgrade(struct node_upgrade *out, const struct node_options *options,
                          bool dry_run, struct err *e)
{
    static const char *names[STEPS + 1];
    struct store_options store_options = { .path = options->path, .vfs = options->vfs };
    struct store *store = NULL;
    struct db *db = NULL;
    struct arena *arena = arena_new(UPGRADE_ARENA_MAX);
    enum outcome o = arena ? store_open(&store, &store_options, e) : err_no_memory(e);
    if (o == OK)
        o = store_writer(&db, store, e);
    if (o == OK)
        o = upgrade(out, db, options, dry_run, arena, e);
    db_close(db);
    store_close(store);
    arena_free(arena);
    for (size_t i = 0; i < STEPS; i++)
        names[i] = steps[i]->name;
    if (o == OK)
        out->steps = names + out->from - 1;
    return o;
}
