/* Who of a role is meant in an order: the treating physician, not any of the site's. */
#include "kernel/flow_impl.h"

void flow_name(struct decision *d, struct str order, struct str role, struct str part,
               struct str account)
{
    struct flow_person_named payload = { order, role, part, account };
    flow_happened(d, order, &flow_person_named_event, &payload);
}

enum outcome flow_name_person_load(struct load *l, const struct flow_name_person *body,
                                   struct flow_naming *state, struct err *e)
{
    const struct flow_person_in in = { body->order, body->role, body->part };
    struct flow_person_out row;
    struct flow_person_holds_out holder;
    bool found;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &state->flow, e));
    TRY(db_get(l->db, &sql_flow_person, &in, &row, l->arena, &found, e));
    if (found)
        state->named = row.account;
    const struct flow_party *party = flow_party_of(&state->flow, body->part);
    if (!party || !body->account.p)
        return OK;
    TRY(load_stream(l, stream_of("account", body->account), NULL, e));
    const struct flow_person_holds_in holds = { body->account, body->role, party->organisation,
                                                party->site, l->now_us };
    return db_get(l->db, &sql_flow_person_holds, &holds, &holder, l->arena, &state->holds, e);
}

enum outcome flow_name_person_decide(struct decision *d, const struct flow_name_person *body,
                                     const struct flow_naming *state, struct err *e)
{
    if (state->flow.state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", state->flow.how });
    if (!flow_party_of(&state->flow, body->part))
        return REFUSE(e, "flow.part_missing", { "part", body->part });
    if (body->account.p && !state->holds)
        return REFUSE(e, "flow.not_holder", { "role", body->role });
    if (str_eq(body->account, state->named))
        return REFUSE(e, "flow.named_before");
    flow_name(d, body->order, body->role, body->part, body->account);
    return OK;
}

enum outcome flow_person_named_apply(struct db *db, const struct event *event,
                                     const struct flow_person_named *payload, struct err *e)
{
    (void)event;
    if (!payload->account.p) {
        const struct flow_person_unname_in none = { payload->order, payload->role, payload->part };
        return db_run(db, &sql_flow_person_unname, &none, NULL, e);
    }
    const struct flow_person_name_in in = { payload->order, payload->role, payload->part,
                                            payload->account };
    return db_run(db, &sql_flow_person_name, &in, NULL, e);
}
