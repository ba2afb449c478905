/* What the commands of thaw and administration rest upon. */
#include "modules/clinic/clinic_impl.h"

const struct clinic_bags_out *clinic_bag_of(const struct clinic_state *state, struct str unit)
{
    for (size_t i = 0; i < state->nbags; i++)
        if (str_eq(state->bags[i].unit, unit))
            return &state->bags[i];
    return NULL;
}

static enum outcome load_bags(struct load *l, struct str order, struct clinic_state *state,
                              struct err *e)
{
    struct clinic_bags_in in = { order };
    struct record_list rows;
    TRY(load_stream(l, stream_of("clinic", order), NULL, e));
    TRY(db_list(l->db, &sql_clinic_bags, &in, &rows, CLINIC_BAGS_MAX, l->arena, e));
    state->nbags = rows.n;
    if (rows.n > 0)
        memcpy(state->bags, rows.p, rows.n * sizeof state->bags[0]);
    return OK;
}

/* Live units of the kinds that the task is about. */
static enum outcome load_live(struct load *l, struct str task, struct clinic_state *state,
                              struct err *e)
{
    const struct flow_task *t = flow_task_find(&state->flow, task);
    struct identity_units_in in = { state->flow.order };
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_units, &in, &rows, RECORD_ITEMS_MAX, l->arena, e));
    const struct identity_units_out *row = rows.p;
    for (size_t i = 0; t && i < rows.n; i++) {
        if (row[i].ended != TIME_NONE || row[i].past ||
            !str_among(row[i].kind, t->units.p, t->units.n))
            continue;
        if (state->nlive == CLINIC_BAGS_MAX)
            return REFUSE(e, "gate.too_many_streams");
        TRY(load_stream(l, stream_of("unit", row[i].unit), NULL, e));
        state->live[state->nlive++] = row[i];
    }
    return OK;
}

static enum outcome load_points(struct load *l, struct str task, struct clinic_state *state,
                                struct err *e)
{
    struct identity_identified_in in = { state->flow.order, task, state->unit.unit };
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_identified, &in, &rows, 8, l->arena, e));
    state->npoints = rows.n;
    if (rows.n > 0)
        memcpy(state->points, rows.p, rows.n * sizeof state->points[0]);
    return load_stream(l, stream_of("identity", state->flow.order), NULL, e);
}

static enum outcome load_task(struct load *l, struct str order, struct str task,
                              struct clinic_state *state, struct err *e)
{
    struct order_order_in in = { order };
    struct definition product;
    bool found;
    TRY(load_flow(l, order, task, &state->flow, e));
    TRY(db_get(l->db, &sql_order_order, &in, &state->order, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_subject(l, state->order.patient);
    TRY(order_product(l->db, &state->order, &product, l->arena, e));
    state->product = product.body;
    TRY(load_bags(l, order, state, e));
    return load_live(l, task, state, e);
}

/* And the unit; one of another order is unknown here. */
static enum outcome load_bag(struct load *l, struct str order, struct str task, struct str unit,
                             struct clinic_state *state, struct err *e)
{
    TRY(load_task(l, order, task, state, e));
    TRY(load_unit(l, unit, &state->unit, e));
    if (!str_eq(state->unit.order_id, order))
        return load_unknown(l, e);
    TRY(load_stream(l, stream_of("patient", state->order.patient), NULL,
                    e)); /* who was identified */
    TRY(load_custody(l, unit, &state->holder, e));
    return load_points(l, task, state, e);
}

enum outcome clinic_thaw_load(struct load *l, const struct clinic_thaw *body,
                              struct clinic_state *state, struct err *e)
{
    return load_bag(l, body->order, body->task, body->unit, state, e);
}

enum outcome clinic_give_load(struct load *l, const struct clinic_give *body,
                              struct clinic_state *state, struct err *e)
{
    TRY(load_bag(l, body->order, body->task, body->unit, state, e));
    return load_deviation(l, e);
}

enum outcome clinic_finish_load(struct load *l, const struct clinic_finish *body,
                                struct clinic_state *state, struct err *e)
{
    TRY(load_bag(l, body->order, body->task, body->unit, state, e));
    state->stopped = ARENA_NEW(l->arena, struct stop_things);
    if (!state->stopped)
        return err_no_memory(e);
    return load_stop_things(l, body->order, state->stopped, e);
}

enum outcome clinic_conclude_load(struct load *l, const struct clinic_conclude *body,
                                  struct clinic_state *state, struct err *e)
{
    return load_task(l, body->order, body->task, state, e);
}

enum outcome clinic_expire_thaw_load(struct load *l, const struct clinic_expire_thaw *body,
                                     struct clinic_state *state, struct err *e)
{
    struct order_order_in in = { body->order };
    bool found;
    load_kind(l, "unit");
    TRY(load_bags(l, body->order, state, e));
    const struct clinic_bags_out *bag = clinic_bag_of(state, body->unit);
    if (!bag)
        return load_unknown(l, e);
    load_scope(l, bag->organisation, bag->site);
    TRY(load_order(l, body->order, e));
    TRY(load_deviation(l, e));
    TRY(db_get(l->db, &sql_order_order, &in, &state->order, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_subject(l, state->order.patient);
    return load_unit(l, body->unit, &state->unit, e);
}
