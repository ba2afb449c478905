/* The signature of a command that came with its proof. */
#include "kernel/app.h"

enum outcome app_still(struct http_request *r, struct err *e)
{
    struct auth *a = app_of(r)->auth;
    struct auth_session *session = ARENA_NEW(r->arena, struct auth_session);
    if (!session)
        return err_no_memory(e);
    TRY(auth_session_look(a, auth_cookie_of(a, r), session, r->arena, e));
    if (session->locked)
        return REFUSE(e, "auth.locked");
    r->who = session;
    return OK;
}

enum outcome app_sign(struct http_request *r, struct gate_command *c, struct sign_proof *proof,
                      struct err *e)
{
    TRY(actor_person(&auth_of(r)->actor, e));
    struct sign_given *given = ARENA_NEW(r->arena, struct sign_given);
    if (!given)
        return err_no_memory(e);
    proof->command = c->id;
    proof->name = c->name;
    proof->peer = http_peer(r);
    proof->party = auth_party(app_of(r)->auth, r);
    TRY(sign_prove(given, app_of(r)->auth, auth_of(r), proof, r->arena, e));
    TRY(app_still(r, e));
    c->actor = &auth_of(r)->actor;
    c->signature = given;
    return OK;
}
