/* vein export coi: the chain of identity of one order, for a reader without the system. Whoever
 * holds the keyring may have the identity opened; no event and no look is kept of it, for the
 * node is only read. */
#include "app/cli.h"
#include "base/id.h"
#include "modules/desk/coi.h"

enum { PAGE_MAX = 1 << 20 };

/* By id, or by chain-of-identity identifier. */
static enum outcome find_order(struct str *out, struct db *db, struct str text, struct arena *arena,
                               struct err *e)
{
    struct order_by_coi_in in = { text };
    struct order_by_coi_out row;
    bool found = id_valid(text);
    *out = text;
    if (found)
        return OK;
    TRY(db_get(db, &sql_order_by_coi, &in, &row, arena, &found, e));
    *out = row.order_id;
    return found ? OK : REFUSE(e, "gate.unknown", { "kind", S("order") });
}

static enum outcome bundle(struct desk_coi *c, struct node *n, struct db *db, struct str order,
                           struct looker *looks, const char *folder, struct err *e)
{
    TRY(desk_coi_read(c, n, db, order, looks, e));
    struct buf b = buf_in(c->arena, PAGE_MAX);
    struct page page = { .b = &b, .language = S("en"), .now_us = env_now(n->env), .env = n->env };
    return desk_coi_export(&page, db, n, c, folder, e);
}

static enum outcome on_snapshot(struct desk_coi *c, struct node *n, const char *order,
                                bool identity, const char *folder, struct arena *arena,
                                struct err *e)
{
    struct db *db;
    struct str id;
    struct looker *looks =
        identity ? looker_new(n->keys, (struct str){ 0 }, "system", arena) : NULL;
    if (identity && !looks)
        return err_no_memory(e);
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = find_order(&id, db, str_z(order), arena, e);
        if (o == OK)
            o = bundle(c, n, db, id, looks, folder, e);
        db_rollback(db);
    }
    store_reader_give(n->store, db);
    return o;
}

int cli_export_coi(const char *path, const char *order, bool identity, const char *folder)
{
    struct node n;
    int code;
    struct err e = { 0 };
    struct desk_coi c = { 0 };
    if (!cli_node_open(&n, path, false, true, &code))
        return code;
    struct arena *arena = arena_new(1 << 16);
    enum outcome o =
        arena ? on_snapshot(&c, &n, order, identity, folder, arena, &e) : err_no_memory(&e);
    const size_t events = c.n;
    const unsigned long long size = c.checkpoint.size;
    desk_coi_close(&c);
    arena_free(arena);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    printf("exported %zu events of an order, signed in a log of %llu%s\n", events, size,
           identity ? ", with identity" : "");
    return CLI_DONE;
}
