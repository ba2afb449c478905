/* Thaw and administration: the rules of each step. */
#include "modules/clinic/clinic_impl.h"

/* --- what the steps have in common --- */

static bool cryopreserved(const struct clinic_state *state)
{
    return str_is(state->product->material, "cryopreserved");
}

static bool running(const struct clinic_bags_out *bag)
{
    return bag && bag->given != TIME_NONE && bag->finished == TIME_NONE;
}

/* The task is open to the actor, has the act, and its guards hold now. */
static enum outcome task_may(const struct decision *d, const struct clinic_state *state,
                             struct str task, const char *act, struct err *e)
{
    TRY(flow_task_ready(&state->flow, task, d->command->actor, e));
    const struct flow_task *t = flow_task_find(&state->flow, task);
    if (!str_is(t->act, act))
        return REFUSE(e, "clinic.wrong_task", { "task", t->title });
    return flow_task_guards(&state->flow, task, d->now_us, e);
}

/* What is stated to have happened did not happen before what it follows (the clock itself may be
 * set back: no reason to refuse). */
static enum outcome not_before(const struct decision *d, const struct clinic_state *state,
                               int64_t since, struct err *e)
{
    if (since == TIME_NONE || d->command->happened == TIME_NONE || d->happened_us >= since)
        return OK;
    return REFUSE(e, "clinic.too_early", { "label", state->unit.label });
}

/* The point identified the unit at this task, before what is done to it now. */
static enum outcome identified(const struct decision *d, const struct clinic_state *state,
                               const char *point, struct err *e)
{
    for (size_t i = 0; i < state->npoints; i++)
        if (str_is(state->points[i].point, point))
            return not_before(d, state, state->points[i].recorded, e);
    return REFUSE(e, "clinic.not_identified", { "label", state->unit.label },
                  { "point", str_z(point) });
}

/* The unit is there, is meant, is here, and is the one that was identified. */
static enum outcome unit_may(const struct decision *d, const struct clinic_state *state,
                             struct str task, const char *point, struct err *e)
{
    const struct identity_unit_out *unit = &state->unit;
    const struct flow_task *t = flow_task_find(&state->flow, task);
    if (!str_among(unit->kind, t->units.p, t->units.n))
        return REFUSE(e, "clinic.not_of_task", { "label", unit->label }, { "task", t->title });
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "clinic.unit_ended", { "label", unit->label });
    if (!str_eq(state->holder.site, flow_opened(&state->flow, task)->site))
        return REFUSE(e, "clinic.not_held", { "label", unit->label });
    return identified(d, state, point, e);
}

/* No other bag is in use, and each that was given was given to its end and safely. */
static enum outcome others_may(const struct clinic_state *state, struct str unit, struct err *e)
{
    for (size_t i = 0; i < state->nbags; i++) {
        const struct clinic_bags_out *bag = &state->bags[i];
        if (str_eq(bag->unit, unit))
            continue;
        if (bag->ended == TIME_NONE)
            return REFUSE(e, "clinic.bag_in_use", { "label", bag->label });
        if (bag->given != TIME_NONE && !bag->safe)
            return REFUSE(e, "clinic.last_not_safe", { "label", bag->label });
    }
    return OK;
}

struct quantity clinic_weight(const struct flow_view *flow, struct arena *arena)
{
    const struct flow_open_task *last = NULL;
    struct quantity weight = { 0 };
    for (size_t i = 0; i < flow->ntasks; i++) {
        struct quantity found;
        struct err ignored = { 0 };
        if (!flow->tasks[i].done || (last && flow->tasks[i].done_at < last->done_at))
            continue;
        struct str text = flow_value(flow, flow->tasks[i].task, S("weight"), arena);
        if (text.p && quantity_read(&found, text, &ignored) == OK) {
            weight = found;
            last = &flow->tasks[i];
        }
    }
    return weight;
}

enum outcome clinic_dose_check(const struct order_order_out *order, const struct product *product,
                               struct quantity weight, struct arena *arena, struct err *e)
{
    struct order_dose dose;
    TRY(order_dose_plan(&dose, product, weight, arena, e));
    bool below = decimal_present(dose.min) && decimal_cmp(order->dose, dose.min) < 0;
    bool above = decimal_present(dose.max) && decimal_cmp(order->dose, dose.max) > 0;
    if (!below && !above)
        return OK;
    char ordered[DECIMAL_TEXT_MAX], today[DECIMAL_TEXT_MAX + 40];
    struct buf b = buf_over(ordered, sizeof ordered);
    decimal_write(&b, order->dose);
    struct buf w = buf_over(today, sizeof today);
    quantity_write(&w, weight);
    return REFUSE(e, "clinic.dose_changed", { "dose", buf_get(&b) }, { "weight", buf_get(&w) });
}

static enum outcome dose_may(const struct clinic_state *state, struct arena *arena, struct err *e)
{
    struct quantity weight = clinic_weight(&state->flow, arena);
    return quantity_present(weight)
               ? clinic_dose_check(&state->order, state->product, weight, arena, e)
               : OK;
}

static void clinic_happened(struct decision *d, const struct clinic_state *state, struct str site,
                            const struct event_type *type, const void *payload)
{
    decide_order_event(d, state->order.order_id,
                       &(struct happening){
                           .stream = stream_of("clinic", state->order.order_id),
                           .type = type,
                           .payload = payload,
                           .place = site,
                       });
}

static void note_once(struct decision *d, const struct clinic_state *state, struct str task,
                      struct str fact)
{
    if (!flow_has_fact(&state->flow, task, fact))
        flow_note(d, &state->flow, task, fact);
}

/* --- thaw --- */

/* The first bag at the thaw's own task; a further one also while the last is being administered. */
static enum outcome thaw_task_may(const struct decision *d, const struct clinic_state *state,
                                  struct str task, struct err *e)
{
    const struct flow_task *t = flow_task_find(&state->flow, task);
    bool further = false;
    for (size_t i = 0; i < state->nbags; i++)
        further |= state->bags[i].given != TIME_NONE;
    bool at_bedside = t && further && str_is(t->act, "administer");
    return task_may(d, state, task, at_bedside ? "administer" : "thaw", e);
}

enum outcome clinic_thaw_decide(struct decision *d, const struct clinic_thaw *body,
                                const struct clinic_state *state, struct err *e)
{
    int64_t limit;
    TRY(thaw_task_may(d, state, body->task, e));
    if (!cryopreserved(state))
        return REFUSE(e, "clinic.not_frozen");
    if (!state->product->post_thaw.p || !clock_duration_read(&limit, state->product->post_thaw))
        return REFUSE(e, "clinic.no_limit", { "product", state->order.product });
    if (clinic_bag_of(state, body->unit))
        return REFUSE(e, "clinic.thawed_before", { "label", state->unit.label });
    TRY(unit_may(d, state, body->task, "before_thaw", e));
    TRY(others_may(state, body->unit, e));
    TRY(dose_may(state, d->arena, e));
    const struct flow_open_task *here = flow_opened(&state->flow, body->task);
    int64_t from = d->happened_us < d->now_us ? d->happened_us : d->now_us;
    struct clinic_thawed payload = {
        .order = body->order,
        .task = body->task,
        .unit = body->unit,
        .organisation = here->organisation,
        .site = here->site,
        .until = from + limit,
    };
    clinic_happened(d, state, here->site, &clinic_thawed_event, &payload);
    note_once(d, state, body->task, S("thawed"));
    identity_void(d, body->order, S("administration"),
                  (struct str){ 0 }); /* read while it was frozen */
    return OK;
}

/* --- give --- */

static enum outcome thawed_in_time(const struct decision *d, const struct clinic_state *state,
                                   const struct clinic_bags_out *bag, struct err *e)
{
    if (!cryopreserved(state))
        return OK;
    if (!bag)
        return REFUSE(e, "clinic.not_thawed", { "label", state->unit.label });
    TRY(not_before(d, state, bag->thawed, e));
    /* Begun in time and entered late: it was done, and is told. */
    bool entered_late = d->command->happened != TIME_NONE && d->happened_us < bag->until;
    if (d->now_us >= bag->until && !entered_late)
        return REFUSE(e, "clinic.thaw_expired", { "label", state->unit.label });
    return OK;
}

/* Past the limit only what was begun before it and entered behind it is recorded at all: a
 * deviation, for the record says so by a person's word alone. */
static void deviate_when_late(struct decision *d, const struct clinic_state *state,
                              const struct clinic_given *given, const struct clinic_bags_out *bag)
{
    if (!bag || bag->until == TIME_NONE || d->now_us < bag->until)
        return;
    struct quality_deviation_opened deviation = {
        .order = state->order.order_id,
        .unit = given->unit,
        .organisation = given->organisation,
        .site = given->site,
        .kind = S("entered_late"),
        .risk = S("major"),
    };
    quality_open_deviation(d, &deviation, 0);
}

enum outcome clinic_give_decide(struct decision *d, const struct clinic_give *body,
                                const struct clinic_state *state, struct err *e)
{
    const struct clinic_bags_out *bag = clinic_bag_of(state, body->unit);
    TRY(task_may(d, state, body->task, "administer", e));
    if (running(bag))
        return REFUSE(e, "clinic.bag_in_use", { "label", bag->label });
    TRY(unit_may(d, state, body->task, "administration", e));
    TRY(thawed_in_time(d, state, bag, e));
    TRY(others_may(state, body->unit, e));
    TRY(dose_may(state, d->arena, e));
    const struct flow_open_task *here = flow_opened(&state->flow, body->task);
    struct clinic_given payload = {
        .order = body->order,
        .task = body->task,
        .unit = body->unit,
        .organisation = here->organisation,
        .site = here->site,
    };
    clinic_happened(d, state, here->site, &clinic_given_event, &payload);
    flow_note(d, &state->flow, body->task, identity_in_use(body->unit, d->arena));
    deviate_when_late(d, state, &payload, bag);
    return OK;
}

/* --- finish: what is recorded of the patient is never refused for the state of the workflow --- */

static enum outcome volume_may(const struct identity_unit_out *unit, struct quantity volume,
                               struct arena *arena, struct err *e)
{
    struct quantity rest;
    if (decimal_sign(volume.value) < 0)
        return REFUSE(e, "clinic.volume_malformed");
    TRY(quantity_sub(&rest, unit->quantity, volume, e));
    if (decimal_sign(rest.value) >= 0)
        return OK;
    struct buf left = buf_in(arena, DECIMAL_TEXT_MAX + 40);
    quantity_write(&left, unit->quantity);
    return REFUSE(e, "clinic.too_much", { "label", unit->label }, { "left", buf_get(&left) });
}

enum outcome clinic_finish_decide(struct decision *d, const struct clinic_finish *body,
                                  const struct clinic_state *state, struct err *e)
{
    const struct clinic_bags_out *bag = clinic_bag_of(state, body->unit);
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    if (!task || !str_is(task->act, "administer"))
        return REFUSE(e, "clinic.wrong_task", { "task", task ? task->title : body->task });
    if (!running(bag))
        return REFUSE(e, "clinic.not_running", { "label", state->unit.label });
    TRY(not_before(d, state, bag->given, e));
    TRY(volume_may(&state->unit, body->volume, d->arena, e));
    bool last = true;
    for (size_t i = 0; i < state->nlive; i++)
        last &= str_eq(state->live[i].unit, body->unit);
    struct clinic_finished payload = {
        .order = body->order,
        .unit = body->unit,
        .volume = body->volume,
        .safe = body->safe,
        .reaction = body->reaction,
        .last = last,
    };
    clinic_happened(d, state, bag->site, &clinic_finished_event, &payload);
    if (state->unit.ended == TIME_NONE)
        TRY(identity_give(d, &state->unit, body->volume, e));
    stop_thing_end(d, body->order, state->stopped, body->unit);
    flow_withdraw(d, &state->flow, identity_in_use(body->unit, d->arena));
    if (last && state->flow.state != FLOW_ENDED)
        note_once(d, state, body->task, S("all_given"));
    return OK;
}

/* --- conclude --- */

enum outcome clinic_conclude_decide(struct decision *d, const struct clinic_conclude *body,
                                    const struct clinic_state *state, struct err *e)
{
    bool given = false;
    TRY(flow_task_ready(&state->flow, body->task, d->command->actor, e));
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    if (!str_is(task->act, "administer"))
        return REFUSE(e, "clinic.wrong_task", { "task", task->title });
    if (state->nlive > 0)
        return REFUSE(e, "clinic.bags_left", { "label", state->live[0].label });
    for (size_t i = 0; i < state->nbags; i++) {
        given |= state->bags[i].given != TIME_NONE;
        if (running(&state->bags[i]))
            return REFUSE(e, "clinic.bag_in_use", { "label", state->bags[i].label });
    }
    if (!given)
        return REFUSE(e, "clinic.nothing_given");
    /* A mismatch with a later bag withdrew what was passed; nothing is left to pass it with, and
     * what was given had been identified by a complete check of this task. */
    note_once(d, state, body->task, S("check:administration"));
    note_once(d, state, body->task, S("all_given"));
    return OK;
}

/* --- the post-thaw clock runs out: what its timer sends --- */

enum outcome clinic_expire_thaw_decide(struct decision *d, const struct clinic_expire_thaw *body,
                                       const struct clinic_state *state, struct err *e)
{
    const struct clinic_bags_out *bag = clinic_bag_of(state, body->unit);
    if (bag->until == TIME_NONE || bag->finished != TIME_NONE || bag->expired)
        return OK; /* given to its end meanwhile: nothing to tell */
    if (d->now_us < bag->until)
        return REFUSE(e, "clinic.not_due");
    struct clinic_thaw_expired payload = { body->order, body->unit };
    clinic_happened(d, state, bag->site, &clinic_thaw_expired_event, &payload);
    if (state->unit.ended != TIME_NONE) /* discarded in time */
        return OK;
    struct quality_deviation_opened deviation = {
        .order = body->order,
        .unit = body->unit,
        .organisation = bag->organisation,
        .site = bag->site,
        .kind = S("thaw_expired"),
        .risk = S("major"),
    };
    quality_open_deviation(d, &deviation, 0);
    return OK;
}
