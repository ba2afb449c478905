/* What hand-overs rest upon, on either side. */
#include "modules/custody/custody.h"

enum outcome load_custody(struct load *l, struct str unit, struct custody_unit_out *out,
                          struct err *e)
{
    struct identity_unit_out known;
    struct custody_unit_in in = { unit };
    bool found;
    TRY(load_unit(l, unit, &known, e));
    TRY(load_stream(l, stream_of("custody", unit), NULL, e));
    TRY(db_get(l->db, &sql_custody_unit, &in, out, l->arena, &found, e));
    return found ? OK : load_unknown(l, e);
}

enum outcome load_custody_of_task(struct load *l, const struct flow_view *flow, struct str task,
                                  struct custody_of_order_out *out, size_t max, size_t *n,
                                  struct err *e)
{
    const struct flow_task *t = flow_task_find(flow, task);
    struct custody_of_order_in in = { .order_id = flow->order };
    *n = 0;
    TRY(identity_kinds(&in.kinds, t, l->arena, e));
    struct record_list rows;
    TRY(db_list(l->db, &sql_custody_of_order, &in, &rows, max, l->arena, e));
    const struct custody_of_order_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++) {
        out[i] = row[i];
        TRY(load_stream(l, stream_of("custody", row[i].unit), NULL, e));
    }
    *n = rows.n;
    return OK;
}

enum outcome custody_holder(struct load *l, struct str unit, struct identity_holder *out,
                            struct err *e)
{
    struct custody_unit_in in = { unit };
    struct custody_unit_out row;
    bool found;
    TRY(load_stream(l, stream_of("custody", unit), NULL, e));
    TRY(db_get(l->db, &sql_custody_unit, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    *out = (struct identity_holder){
        .organisation = row.organisation,
        .site = row.site,
        .to_site = row.offered != TIME_NONE ? row.to_site : (struct str){ 0 },
    };
    return OK;
}

/* The points of the task that have identified the unit there. */
static enum outcome load_points(struct load *l, struct str task, struct custody_state *state,
                                struct err *e)
{
    struct identity_identified_in in = { state->unit.order_id, task, state->unit.unit };
    struct record_list rows;
    TRY(load_stream(l, stream_of("identity", state->unit.order_id), NULL, e));
    if (!task.p)
        return OK;
    TRY(db_list(l->db, &sql_identity_identified, &in, &rows, 8, l->arena, e));
    const struct identity_identified_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        state->points[i] = row[i].point;
    state->npoints = rows.n;
    return OK;
}

/* What both sides rest upon, behind the scope: the order's stop, its flow, the task if there is
 * one. Not by load_flow, whose scope is the task's party: here only the side of the hand-over
 * counts. What a person says of it is sealed under the order's subject. */
static enum outcome load_side(struct load *l, struct str task, struct custody_state *state,
                              struct err *e)
{
    struct str order = state->unit.order_id;
    TRY(load_flow_subject(l, order, e));
    TRY(load_order(l, order, e));
    TRY(load_stream(l, stream_of("flow", order), NULL, e));
    TRY(flow_read(l->db, order, &state->flow, l->arena, e));
    if (!state->flow.found)
        return load_unknown(l, e);
    TRY(load_points(l, task, state, e));
    return task.p ? load_custody_of_task(l, &state->flow, task, state->units, CUSTODY_UNITS_MAX,
                                         &state->nunits, e)
                  : OK;
}

/* For the holder's side. An unknown unit has no scope and so is unknown to everyone. */
static enum outcome load_giver(struct load *l, struct str unit, struct str task,
                               struct custody_state *state, struct err *e)
{
    TRY(load_custody(l, unit, &state->unit, e));
    load_scope(l, state->unit.organisation, state->unit.site);
    return load_side(l, task, state, e);
}

/* For the side that it is offered to; without an offer only the holder knows the unit. */
static enum outcome load_receiver(struct load *l, struct str unit, struct str task,
                                  struct custody_state *state, struct err *e)
{
    TRY(load_custody(l, unit, &state->unit, e));
    if (state->unit.offered != TIME_NONE)
        load_scope(l, state->unit.to_organisation, state->unit.to_site);
    else
        load_scope(l, state->unit.organisation, state->unit.site);
    return load_side(l, task, state, e);
}

enum outcome custody_offer_load(struct load *l, const struct custody_offer *body,
                                struct custody_state *state, struct err *e)
{
    return load_giver(l, body->unit, body->task, state, e);
}

enum outcome custody_accept_load(struct load *l, const struct custody_accept *body,
                                 struct custody_state *state, struct err *e)
{
    TRY(load_receiver(l, body->unit, body->task, state, e));
    return load_deviation(l, e);
}

enum outcome custody_decline_load(struct load *l, const struct custody_decline *body,
                                  struct custody_state *state, struct err *e)
{
    return load_receiver(l, body->unit, (struct str){ 0 }, state, e);
}

enum outcome custody_withdraw_load(struct load *l, const struct custody_withdraw *body,
                                   struct custody_state *state, struct err *e)
{
    return load_giver(l, body->unit, (struct str){ 0 }, state, e);
}
