/* The signature of a command that came with its proof. */
#include "kernel/app.h"

static enum outcome needed(enum sign_strength *out, struct http_request *r, struct str command,
                           struct err *e)
{
    struct db *db;
    struct store *store = app_of(r)->node->store;
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = sign_needed(out, db, command, r->arena, e);
    store_reader_give(store, db);
    return o;
}

enum outcome app_sign(struct http_request *r, struct gate_command *c, struct sign_proof *proof,
                      struct err *e)
{
    if (!proof->shown.p)
        return OK;
    TRY(actor_person(&auth_of(r)->actor, e));
    struct sign_given *given = ARENA_NEW(r->arena, struct sign_given);
    if (!given)
        return err_no_memory(e);
    proof->command = c->id;
    proof->name = c->name;
    proof->peer = http_peer(r);
    TRY(needed(&proof->needed, r, c->name, e));
    TRY(sign_prove(given, app_of(r)->auth, auth_of(r), proof, r->arena, e));
    c->signature = given;
    return OK;
}
