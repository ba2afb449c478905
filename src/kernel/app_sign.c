/* The signature of a command that came with its proof. */
#include "kernel/app.h"

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
    c->signature = given;
    return OK;
}
