/* vein export coi and audit: the chain of identity of one order, or its whole trail, for a reader
 * without the system. Whoever holds the keyring can have the identity opened; that it was, when, by
 * which account of the machine, to whom and why is an event of the order before anything goes out.
 * Without identity the node is only read. */
#include "app/cli.h"

#include <pwd.h>
#include <unistd.h>

#include "app/sender.h"
#include "base/id.h"
#include "kernel/text.h"
#include "modules/desk/audit.h"
#include "modules/identity/identity.h"

enum { PAGE_MAX = 1 << 20, PDF_ARENA = 256 << 20, SMALL_ARENA = 1 << 20 };

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

static enum outcome bundle(struct desk_coi *c, const struct cli_bundle *asked, struct node *n,
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

static enum outcome on_snapshot(struct desk_coi *c, const struct cli_bundle *asked, struct node *n,
                                struct arena *arena, struct err *e)
{
    struct db *db;
    struct str id;
    struct looker *looks =
        asked->to ? looker_new(n->keys, (struct str){ 0 }, "system", arena) : NULL;
    if (asked->to && !looks)
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

/* To whom, and by whose hand: a command line proves no person, but the machine knows its accounts.
 */
static struct str receiver(const char *to, struct arena *arena)
{
    const struct passwd *account = getpwuid(getuid());
    const struct text_param params[] = {
        { "to", str_z(to) },
        { "account",
          account ? str_z(account->pw_name) : arena_printf(arena, "%u", (unsigned)getuid()) },
    };
    struct buf b = buf_in(arena, 2000);
    text_write(&b, S("en"), S("cli.export.to"), params, 2);
    return buf_get(&b);
}

/* The order, and the organisation that placed it, for which the program acts. */
static enum outcome find_owner(struct str *order, struct str *organisation, struct db *db,
                               struct str text, struct arena *arena, struct err *e)
{
    struct order_order_out row;
    bool found;
    TRY(find_order(order, db, text, arena, e));
    const struct order_order_in in = { *order };
    TRY(db_get(db, &sql_order_order, &in, &row, arena, &found, e));
    *organisation = row.organisation;
    return found ? OK : REFUSE(e, "gate.unknown", { "kind", S("order") });
}

/* The event stands, and is signed, before the identity leaves. */
static enum outcome disclose(const struct cli_bundle *asked, struct node *n, struct arena *arena,
                             struct err *e)
{
    struct actor program = { .name = S("system/export"), .system = true };
    const struct id seed = id_new(n->env);
    struct sender sender = {
        .node = n, .arena = arena_new(SMALL_ARENA), .seed = id_str(&seed), .reason = asked->reason
    };
    struct identity_disclose body = { .to = receiver(asked->to, arena) };
    struct db *db;
    enum outcome o = sender.arena && body.to.p ? OK : err_no_memory(e);
    if (o == OK)
        o = store_reader_take(&db, n->store, e);
    if (o == OK) {
        o = find_owner(&body.order, &program.organisation, db, str_z(asked->order), arena, e);
        store_reader_give(n->store, db);
    }
    if (o == OK)
        o = sender_send_record(&sender, &program, "identity.disclose", &identity_disclose_record,
                               &body, NULL, e);
    arena_free(sender.arena);
    return o == OK ? gate_checkpoint_step(n->gate, 0, e) : o;
}

int cli_export_coi(const char *path, const struct cli_bundle *asked)
{
    struct node n;
    int code;
    struct err e = { 0 };
    struct desk_coi c = { 0 };
    if (!cli_node_open(&n, path, false, !asked->to, &code))
        return code;
    struct arena *arena = arena_new(1 << 16);
    enum outcome o = arena ? OK : err_no_memory(&e);
    if (o == OK && asked->to)
        o = disclose(asked, &n, arena, &e);
    if (o == OK)
        o = on_snapshot(&c, asked, &n, arena, &e);
    const size_t events = c.n;
    const unsigned long long size = c.checkpoint.size;
    desk_coi_close(&c);
    arena_free(arena);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    printf("exported %zu events of an order, signed in a log of %llu%s\n", events, size,
           asked->to ? ", with identity" : "");
    return CLI_DONE;
}
