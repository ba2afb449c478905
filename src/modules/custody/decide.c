/* Hand-overs: the rules of who may do what when. */
#include "modules/custody/custody.h"

/* --- rules of both sides --- */

/* The actor stands at this side's site, and what is stated to have happened did not happen before
 * custody came to where it is (the clock itself may be set back: no reason to refuse). */
static enum outcome stands_there(const struct decision *d, const struct custody_unit_out *unit,
                                 struct str site, int64_t since, struct err *e)
{
    const struct actor *actor = d->command->actor;
    if (actor->site.p && !str_eq(actor->site, site))
        return REFUSE(e, "custody.other_site", { "label", unit->label });
    if (d->command->happened != TIME_NONE && d->happened_us < since)
        return REFUSE(e, "custody.too_early", { "label", unit->label });
    return OK;
}

/* And the unit is there. */
static enum outcome side_may(const struct decision *d, const struct custody_unit_out *unit,
                             struct str site, int64_t since, struct err *e)
{
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "custody.unit_ended", { "label", unit->label });
    return stands_there(d, unit, site, since, e);
}

/* The task is one of this site, open to this actor, and about units of this kind. */
static enum outcome task_may(const struct decision *d, const struct custody_state *state,
                             struct str task, struct str site, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    if (!task.p)
        return OK;
    TRY(flow_task_ready(&state->flow, task, d->command->actor, e));
    if (unit->past)
        return REFUSE(e, "identity.earlier_pass", { "label", unit->label });
    const struct flow_task *t = flow_task_find(&state->flow, task);
    if (!str_eq(flow_opened(&state->flow, task)->site, site))
        return REFUSE(e, "custody.other_site", { "label", unit->label });
    if (!str_among(unit->kind, t->units.p, t->units.n))
        return REFUSE(e, "custody.not_of_task", { "label", unit->label }, { "task", t->title });
    return OK;
}

/* A party of the order; with a task, the one that the workflow has take over. */
static enum outcome receiver_may(const struct custody_state *state,
                                 const struct custody_offer *body, struct err *e)
{
    const struct flow_view *v = &state->flow;
    const struct flow_party *next = body->task.p ? flow_receiver(v, body->task) : NULL;
    bool may = false;
    for (size_t i = 0; i < v->nparties; i++)
        may |= (!next || next == &v->parties[i]) &&
               str_eq(v->parties[i].organisation, body->to_organisation) &&
               str_eq(v->parties[i].site, body->to_site);
    return may ? OK : REFUSE(e, "custody.not_receiver", { "label", state->unit.label });
}

/* Custody is taken at the task that asks for it, after what the task asks to be identified was. */
static enum outcome receipt_may(const struct custody_state *state, struct str task, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    const struct flow_view *v = &state->flow;
    const struct flow_task *t = task.p ? flow_task_find(v, task) : NULL;
    for (size_t i = 0; t && i < t->checks.n; i++)
        if (identity_point_asks_units(t->checks.p[i]) &&
            !str_among(t->checks.p[i], state->points, state->npoints))
            return REFUSE(e, "identity.check_first", { "point", t->checks.p[i] });
    for (size_t i = 0; !t && i < v->ntasks; i++) {
        const struct flow_task *open = flow_task_find(v, v->tasks[i].task);
        if (open && !v->tasks[i].done && v->state != FLOW_ENDED &&
            str_eq(v->tasks[i].site, unit->to_site) &&
            str_among(S("accepted"), open->needs.p, open->needs.n) &&
            str_among(unit->kind, open->units.p, open->units.n))
            return REFUSE(e, "custody.task_needed", { "task", open->title });
    }
    return OK;
}

/* What was identified where the unit is no longer, or does not come to, is identified anew. */
static void void_checks(struct decision *d, const struct custody_state *state, struct str site,
                        bool at_site)
{
    const struct flow_view *v = &state->flow;
    for (size_t i = 0; i < v->ntasks; i++) {
        const struct flow_task *t = flow_task_find(v, v->tasks[i].task);
        if (!t || v->tasks[i].done || str_eq(v->tasks[i].site, site) != at_site ||
            t->checks.n == 0 || !str_among(state->unit.kind, t->units.p, t->units.n))
            continue;
        identity_void(d, v->order, (struct str){ 0 }, t->name);
        flow_withdraw_at(d, v, t->name, S("check:"));
    }
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
    TRY(receiver_may(state, body, e));
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

static bool same_seals(struct decision *d, const struct custody_accept *body,
                       const struct custody_unit_out *unit)
{
    const struct json *given;
    struct err ignored = { 0 };
    size_t n = 0;
    if (json_read(&given, d->arena, unit->seals, &json_limits_default, &ignored) != OK)
        return false;
    for (const struct json *seal = given->child; seal; seal = seal->next, n++)
        if (!str_among(seal->text, body->seals.p, body->seals.n))
            return false;
    return n == body->seals.n;
}

/* What was found is not what was given: nothing passes, and it is told. */
static void differs(struct decision *d, const struct custody_accept *body,
                    const struct custody_unit_out *unit, bool container)
{
    struct quality_deviation_opened deviation = {
        .order = unit->order_id,
        .unit = unit->unit,
        .organisation = unit->to_organisation,
        .site = unit->to_site,
        .kind = container ? S("container_differs") : S("seals_differ"),
        .risk = S("major"),
    };
    quality_open_deviation(d, &deviation, 0);
    struct custody_refused payload = {
        .unit = unit->unit,
        .organisation = unit->to_organisation,
        .site = unit->to_site,
        .container = body->container,
        .seals = { body->seals.p, body->seals.n },
        .deviation = deviation.deviation,
    };
    custody_happened(d, unit, unit->to_site, &custody_refused_event, &payload);
    struct custody_accept_result answer = {
        .result = deviation.kind,
        .deviation = deviation.deviation,
    };
    decide_answer(d, &custody_accept_result_record, &answer);
}

enum outcome custody_accept_decide(struct decision *d, const struct custody_accept *body,
                                   const struct custody_state *state, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    if (unit->offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", unit->label });
    TRY(side_may(d, unit, unit->to_site, unit->offered, e));
    TRY(task_may(d, state, body->task, unit->to_site, e));
    TRY(receipt_may(state, body->task, e));
    if (str_eq(d->command->actor->name, unit->giver))
        return REFUSE(e, "custody.giver_accepts", { "label", unit->label });
    bool container = !str_eq(body->container, unit->container);
    if (container || !same_seals(d, body, unit)) {
        differs(d, body, unit, container);
        return OK;
    }
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
    void_checks(d, state, unit->to_site, false);
    note_when_all(d, state, body->task, unit->to_site, false);
    struct custody_accept_result answer = { .result = S("accepted") };
    decide_answer(d, &custody_accept_result_record, &answer);
    return OK;
}

/* --- decline and withdraw: the unit stays with the giver --- */

enum outcome custody_decline_decide(struct decision *d, const struct custody_decline *body,
                                    const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", state->unit.label });
    TRY(stands_there(d, &state->unit, state->unit.to_site, state->unit.offered, e));
    struct custody_declined payload = { body->unit };
    custody_happened(d, &state->unit, state->unit.to_site, &custody_declined_event, &payload);
    void_checks(d, state, state->unit.to_site, true);
    return OK;
}

enum outcome custody_withdraw_decide(struct decision *d, const struct custody_withdraw *body,
                                     const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "label", state->unit.label });
    TRY(stands_there(d, &state->unit, state->unit.site, state->unit.offered, e));
    struct custody_withdrawn payload = { body->unit };
    custody_happened(d, &state->unit, state->unit.site, &custody_withdrawn_event, &payload);
    void_checks(d, state, state->unit.to_site, true);
    return OK;
}
