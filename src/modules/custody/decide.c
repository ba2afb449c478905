/* Hand-overs: what is loaded for each side, and the rules of who may do what when. */
#include "modules/custody/custody.h"

/* --- load --- */

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

/* What both sides rest upon, behind the scope: the order's stop, and the task if there is one. Not
 * by load_flow, whose scope is the task's party: here only the side of the hand-over counts. */
static enum outcome load_side(struct load *l, struct str task, struct custody_state *state,
                              struct err *e)
{
    struct str order = state->unit.order_id;
    TRY(load_order(l, order, e));
    if (!task.p)
        return OK;
    TRY(load_stream(l, stream_of("flow", order), NULL, e));
    TRY(flow_read(l->db, order, &state->flow, l->arena, e));
    if (!state->flow.found)
        return load_unknown(l, e);
    return load_custody_of_task(l, &state->flow, task, state->units, CUSTODY_UNITS_MAX,
                                &state->nunits, e);
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

/* --- rules of both sides --- */

/* The unit is there, the actor stands at this side's site, and what is stated to have happened did
 * not happen before custody came to where it is (the clock itself may be set back: no reason to
 * refuse). */
static enum outcome side_may(const struct decision *d, const struct custody_unit_out *unit,
                             struct str site, int64_t since, struct err *e)
{
    const struct actor *actor = d->command->actor;
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "custody.unit_ended", { "label", unit->label });
    if (actor->site.p && !str_eq(actor->site, site))
        return REFUSE(e, "custody.other_site", { "label", unit->label });
    if (d->command->happened != TIME_NONE && d->happened_us < since)
        return REFUSE(e, "custody.too_early", { "label", unit->label });
    return OK;
}

/* The task is one of this site, open to this actor, and about units of this kind. */
static enum outcome task_may(const struct decision *d, const struct custody_state *state,
                             struct str task, struct str site, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    if (!task.p)
        return OK;
    TRY(flow_task_ready(&state->flow, task, d->command->actor, e));
    const struct flow_task *t = flow_task_find(&state->flow, task);
    if (!str_eq(flow_opened(&state->flow, task)->site, site))
        return REFUSE(e, "custody.other_site", { "label", unit->label });
    if (!str_among(unit->kind, t->units.p, t->units.n))
        return REFUSE(e, "custody.not_of_task", { "label", unit->label }, { "task", t->title });
    return OK;
}

/* Notes the fact at the task if with this hand-over it is true of all live units of its kinds that
 * they are held by the receiving site or, while `offered` is enough, offered to it. */
static void note_when_all(struct decision *d, const struct custody_state *state, struct str task,
                          struct str to_site, bool offered)
{
    struct str fact = offered ? S("offered") : S("accepted");
    if (!task.p || flow_has_fact(&state->flow, task, fact))
        return;
    for (size_t i = 0; i < state->nunits; i++) {
        const struct custody_of_order_out *other = &state->units[i];
        bool there = str_eq(other->unit, state->unit.unit) || str_eq(other->site, to_site) ||
                     (offered && other->offered != TIME_NONE && str_eq(other->to_site, to_site));
        if (!there)
            return;
    }
    flow_note(d, &state->flow, task, fact);
}

static void custody_happened(struct decision *d, const struct custody_unit_out *unit,
                             struct str place, const struct event_type *type, const void *payload)
{
    decide_order_event(d, unit->order_id,
                       &(struct happening){
                           .stream = stream_of("custody", unit->unit),
                           .type = type,
                           .payload = payload,
                           .place = place,
                       });
}

/* --- offer --- */

enum outcome custody_offer_load(struct load *l, const struct custody_offer *body,
                                struct custody_state *state, struct err *e)
{
    return load_giver(l, body->unit, body->task, state, e);
}

enum outcome custody_offer_decide(struct decision *d, const struct custody_offer *body,
                                  const struct custody_state *state, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    TRY(side_may(d, unit, unit->site, unit->since, e));
    if (unit->offered != TIME_NONE)
        return REFUSE(e, "custody.offered_before", { "label", unit->label });
    if (str_eq(body->to_site, unit->site))
        return REFUSE(e, "custody.same_holder", { "label", unit->label });
    TRY(task_may(d, state, body->task, unit->site, e));
    struct custody_offered payload = {
        .unit = body->unit,
        .order = unit->order_id,
        .from_organisation = unit->organisation,
        .from_site = unit->site,
        .to_organisation = body->to_organisation,
        .to_site = body->to_site,
        .condition = body->condition,
        .container = body->container,
        .seals = { body->seals.p, body->seals.n },
    };
    custody_happened(d, unit, unit->site, &custody_offered_event, &payload);
    note_when_all(d, state, body->task, body->to_site, true);
    return OK;
}

/* --- accept --- */

enum outcome custody_accept_load(struct load *l, const struct custody_accept *body,
                                 struct custody_state *state, struct err *e)
{
    return load_receiver(l, body->unit, body->task, state, e);
}

static enum outcome found_as_given(struct decision *d, const struct custody_accept *body,
                                   const struct custody_unit_out *unit, struct err *e)
{
    struct buf seals = buf_in(d->arena, 8192);
    if (!str_eq(body->container, unit->container))
        return REFUSE(e, "custody.container_differs", { "label", unit->label });
    TRY(custody_seals_write(&seals, body->seals.p, body->seals.n, e));
    if (!str_eq(buf_get(&seals), unit->seals))
        return REFUSE(e, "custody.seals_differ", { "label", unit->label });
    if (str_eq(d->command->actor->name, unit->giver))
        return REFUSE(e, "custody.giver_accepts", { "label", unit->label });
    return OK;
}

enum outcome custody_accept_decide(struct decision *d, const struct custody_accept *body,
                                   const struct custody_state *state, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    if (unit->offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", unit->label });
    TRY(side_may(d, unit, unit->to_site, unit->offered, e));
    TRY(task_may(d, state, body->task, unit->to_site, e));
    TRY(found_as_given(d, body, unit, e));
    struct custody_accepted payload = {
        .unit = body->unit,
        .from_organisation = unit->organisation,
        .from_site = unit->site,
        .organisation = unit->to_organisation,
        .site = unit->to_site,
        .giver = unit->giver,
        .condition = body->condition,
        .container = body->container,
        .seals = { body->seals.p, body->seals.n },
    };
    custody_happened(d, unit, unit->to_site, &custody_accepted_event, &payload);
    note_when_all(d, state, body->task, unit->to_site, false);
    return OK;
}

/* --- decline and withdraw: the unit stays with the giver --- */

enum outcome custody_decline_load(struct load *l, const struct custody_decline *body,
                                  struct custody_state *state, struct err *e)
{
    return load_receiver(l, body->unit, (struct str){ 0 }, state, e);
}

enum outcome custody_decline_decide(struct decision *d, const struct custody_decline *body,
                                    const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", state->unit.label });
    struct custody_declined payload = { body->unit };
    custody_happened(d, &state->unit, state->unit.to_site, &custody_declined_event, &payload);
    return OK;
}

enum outcome custody_withdraw_load(struct load *l, const struct custody_withdraw *body,
                                   struct custody_state *state, struct err *e)
{
    return load_giver(l, body->unit, (struct str){ 0 }, state, e);
}

enum outcome custody_withdraw_decide(struct decision *d, const struct custody_withdraw *body,
                                     const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", state->unit.label });
    struct custody_withdrawn payload = { body->unit };
    custody_happened(d, &state->unit, state->unit.site, &custody_withdrawn_event, &payload);
    return OK;
}
