/* Security events of signing, and that a ledger's people are simulated. */
#include "kernel/sign_several.h"
#include "kernel/sign_strength.h"

#include "gen/kernel/sign.sql.h"
#include "gen/kernel/sign_schema.sql.h"

#define EVENTS   "kernel/sign_events.def"
#define COMMANDS "kernel/sign_commands.def"
#include "kernel/wire.h"

static const struct route module_routes[] = {
    ROUTE("GET", "/sign/{command}", "signed_in", 0, sign_get, "help.sign",
          .row = &sign_asked_record),
    ROUTE("GET", "/sign-several/{command}", "signed_in", 0, sign_get_several, "help.sign_several",
          .rows = &sign_several_row_record, .query = "thing order"),
    ROUTE("POST", "/sign-several/{command}", "signed_in", SIGN_SEVERAL_FORM_MAX, sign_post_several,
          "help.sign_several_post", .rows = &sign_several_row_record),
    ROUTE("POST", "/sign-token", "signed_in", SIGN_FORM_MAX, sign_post_token, "help.sign_token",
          .row = &sign_token_ask_record),
    ROUTE("POST", "/sign/{command}", "signed_in", SIGN_FORM_MAX, sign_post, "help.sign_post",
          .row = &sign_asked_record),
};

static const struct define_kind *const module_kinds[] = { &signing_kind };

const struct module sign_module = {
    .name = "sign",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(kinds),
    .schema = &sign_schema,
};

/* Whatever a role says: a person has no use for these. */
static enum outcome program_only(struct load *l, const char *kind, struct err *e)
{
    load_kind(l, kind);
    if (!l->command->actor->system)
        return load_unknown(l, e);
    load_own_scope(l);
    return OK;
}

enum outcome sign_refuse_load(struct load *l, const struct sign_refuse *body,
                              struct sign_state *state, struct err *e)
{
    (void)body;
    (void)state;
    TRY(program_only(l, "account", e));
    return load_stream(l, stream_of("security", l->command->actor->organisation), NULL, e);
}

enum outcome sign_refuse_decide(struct decision *d, const struct sign_refuse *body,
                                const struct sign_state *state, struct err *e)
{
    (void)state;
    (void)e;
    const struct sign_refused payload = { body->account, body->command, body->why };
    decide_event(d, &(struct happening){
                        .stream = stream_of("security", d->command->actor->organisation),
                        .type = &sign_refused_event,
                        .payload = &payload,
                    });
    return OK;
}

/* The stream itself is what is kept. */
enum outcome sign_refused_apply(struct db *db, const struct event *event,
                                const struct sign_refused *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK;
}

enum outcome sign_simulate_load(struct load *l, const struct sign_simulate *body,
                                struct sign_state *state, struct err *e)
{
    struct sign_anyone_out account;
    struct sign_simulation_out before;
    bool anyone, begun;
    TRY(program_only(l, "node", e));
    TRY(db_get(l->db, &sql_sign_anyone, NULL, &account, l->arena, &anyone, e));
    TRY(db_get(l->db, &sql_sign_simulation, NULL, &before, l->arena, &begun, e));
    state->any = anyone || begun;
    return load_stream(l, stream_of("simulation", body->node), NULL, e);
}

enum outcome sign_simulate_decide(struct decision *d, const struct sign_simulate *body,
                                  const struct sign_state *state, struct err *e)
{
    if (state->any)
        return REFUSE(e, "sign.not_new");
    const struct sign_simulation_begun payload = { body->node };
    decide_event(d, &(struct happening){
                        .stream = stream_of("simulation", body->node),
                        .type = &sign_simulation_begun_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome sign_simulation_begun_apply(struct db *db, const struct event *event,
                                         const struct sign_simulation_begun *payload, struct err *e)
{
    const struct sign_simulation_begin_in in = { payload->node, event->recorded };
    return db_run(db, &sql_sign_simulation_begin, &in, NULL, e);
}
