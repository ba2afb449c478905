/* vein export coi and audit: the chain of identity of one order, or its whole trail, for a reader
 * without the system. Whoever holds the keyring may have the identity opened; no event and no look
 * is kept of it, for the node is only read. */
#include "app/cli.h"
#include "base/id.h"
#include "modules/desk/audit.h"

enum { PAGE_MAX = 1 << 20, PDF_ARENA = 256 << 20 };

/* What is asked for. */
struct asked {
    const char *order;
    bool identity;
    bool audit;
    const char *folder;
};

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

/* trail.pdf, by the print worker that stands beside this program. */
static enum outcome pdf(struct desk_coi *c, struct page *page, const struct env *env,
                        struct arena *arena, struct err *e)
{
    static const struct worker_kind *const kinds[] = { &print_kind };
    const struct workers_options options = { .env = env, .kinds = kinds, .nkinds = 1 };
    const struct print_document *d;
    struct workers *workers;
    struct worker_result result;
    struct buf text = buf_in(arena, PRINT_IN_MAX);
    TRY(desk_audit_document(&d, page, c, e));
    TRY(print_encode(&text, d, e));
    TRY(workers_open(&workers, &options, e));
    const struct bytes in = { (const uint8_t *)text.p, text.n };
    const enum outcome o = workers_run(workers, print_kind.name, in, &c->pdf, &result, arena, e);
    workers_close(workers);
    return o;
}

static enum outcome bundle(struct desk_coi *c, const struct asked *asked, struct node *n,
                           struct db *db, struct str order, struct looker *looks, struct err *e)
{
    enum outcome o = OK;
    struct arena *arena = arena_new(PDF_ARENA);
    if (!arena)
        return err_no_memory(e);
    o = asked->audit ? desk_audit_read(c, n, db, order, looks, e)
                     : desk_coi_read(c, n, db, order, looks, e);
    struct buf b = buf_in(c->arena ? c->arena : arena, PAGE_MAX);
    struct page page = { .b = &b, .language = S("en"), .now_us = env_now(n->env), .env = n->env };
    if (o == OK && asked->audit)
        o = pdf(c, &page, n->env, arena, e);
    if (o == OK)
        o = desk_coi_export(&page, db, n, c, asked->folder, e);
    c->pdf = (struct bytes){ 0 };
    arena_free(arena);
    return o;
}

static enum outcome on_snapshot(struct desk_coi *c, const struct asked *asked, struct node *n,
                                struct arena *arena, struct err *e)
{
    struct db *db;
    struct str id;
    struct looker *looks =
        asked->identity ? looker_new(n->keys, (struct str){ 0 }, "system", arena) : NULL;
    if (asked->identity && !looks)
        return err_no_memory(e);
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = find_order(&id, db, str_z(asked->order), arena, e);
        if (o == OK)
            o = bundle(c, asked, n, db, id, looks, e);
        db_rollback(db);
    }
    store_reader_give(n->store, db);
    return o;
}

int cli_export_coi(const char *path, const char *order, bool identity, bool audit,
                   const char *folder)
{
    const struct asked asked = { order, identity, audit, folder };
    struct node n;
    int code;
    struct err e = { 0 };
    struct desk_coi c = { 0 };
    if (!cli_node_open(&n, path, false, true, &code))
        return code;
    struct arena *arena = arena_new(1 << 16);
    enum outcome o = arena ? on_snapshot(&c, &asked, &n, arena, &e) : err_no_memory(&e);
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
