/* Thaw and administration: what is loaded of the order, and the rules of each step. */
#include "modules/clinic/clinic.h"

/* --- load --- */

#define HAS(texts, text) texts_have((texts).p, (texts).n, (text))
static bool texts_have(const struct str *texts, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(texts[i], text))
            return true;
    return false;
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
        if (row[i].ended != TIME_NONE || row[i].past || !HAS(t->units, row[i].kind))
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
    const struct identity_identified_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        state->points[i] = row[i].point;
    state->npoints = rows.n;
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

/* --- what the steps have in common --- */

static const struct clinic_bags_out *bag_of(const struct clinic_state *state, struct str unit)
{
    for (size_t i = 0; i < state->nbags; i++)
        if (str_eq(state->bags[i].unit, unit))
            return &state->bags[i];
    return NULL;
}

static const struct flow_open_task *opened_task(const struct clinic_state *state, struct str task)
{
    for (size_t i = 0; i < state->flow.ntasks; i++)
        if (str_eq(state->flow.tasks[i].task, task))
            return &state->flow.tasks[i];
    bug(__FILE__, __LINE__, "a task that is ready has not opened");
}

static bool cryopreserved(const struct clinic_state *state)
{
    return str_is(state->product->material, "cryopreserved");
}

static bool running(const struct clinic_bags_out *bag)
{
    return bag && bag->given != TIME_NONE && bag->finished == TIME_NONE && bag->ended == TIME_NONE;
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

/* The unit is there, is meant, is here, and is the one that was identified. */
static enum outcome unit_may(const struct clinic_state *state, struct str task, const char *point,
                             struct err *e)
{
    const struct identity_unit_out *unit = &state->unit;
    const struct flow_task *t = flow_task_find(&state->flow, task);
    if (!HAS(t->units, unit->kind))
        return REFUSE(e, "clinic.not_of_task", { "label", unit->label }, { "task", t->title });
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "clinic.unit_ended", { "label", unit->label });
    if (!str_eq(state->holder.site, opened_task(state, task)->site))
        return REFUSE(e, "clinic.not_held", { "label", unit->label });
    if (!texts_have(state->points, state->npoints, str_z(point)))
        return REFUSE(e, "clinic.not_identified", { "label", unit->label },
                      { "point", str_z(point) });
    return OK;
}

/* No other bag is in use, and the one given last was given to its end and safely. */
static enum outcome others_may(const struct clinic_state *state, struct str unit, struct err *e)
{
    const struct clinic_bags_out *last = NULL;
    for (size_t i = 0; i < state->nbags; i++) {
        const struct clinic_bags_out *bag = &state->bags[i];
        if (str_eq(bag->unit, unit))
            continue;
        if (bag->ended == TIME_NONE)
            return REFUSE(e, "clinic.bag_in_use", { "label", bag->label });
        if (bag->given != TIME_NONE && (!last || bag->given > last->given))
            last = bag;
    }
    if (last && !last->safe)
        return REFUSE(e, "clinic.last_not_safe", { "label", last->label });
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
    struct stream key = stream_of("order", state->order.order_id);
    decide_event(d, &(struct happening){
                        .stream = stream_of("clinic", state->order.order_id),
                        .type = type,
                        .payload = payload,
                        .key = arena_str(d->arena, stream_str(&key)),
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

enum outcome clinic_thaw_load(struct load *l, const struct clinic_thaw *body,
                              struct clinic_state *state, struct err *e)
{
    return load_bag(l, body->order, body->task, body->unit, state, e);
}

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
    if (bag_of(state, body->unit))
        return REFUSE(e, "clinic.thawed_before", { "label", state->unit.label });
    TRY(unit_may(state, body->task, "before_thaw", e));
    TRY(others_may(state, body->unit, e));
    TRY(dose_may(state, d->arena, e));
    const struct flow_open_task *here = opened_task(state, body->task);
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
    return OK;
}

/* --- give --- */

enum outcome clinic_give_load(struct load *l, const struct clinic_give *body,
                              struct clinic_state *state, struct err *e)
{
    return load_bag(l, body->order, body->task, body->unit, state, e);
}

static enum outcome thawed_in_time(const struct decision *d, const struct clinic_state *state,
                                   const struct clinic_bags_out *bag, struct err *e)
{
    if (!cryopreserved(state))
        return OK;
    if (!bag)
        return REFUSE(e, "clinic.not_thawed", { "label", state->unit.label });
    if (bag->expired || d->now_us >= bag->until)
        return REFUSE(e, "clinic.thaw_expired", { "label", state->unit.label });
    return OK;
}

enum outcome clinic_give_decide(struct decision *d, const struct clinic_give *body,
                                const struct clinic_state *state, struct err *e)
{
    const struct clinic_bags_out *bag = bag_of(state, body->unit);
    TRY(task_may(d, state, body->task, "administer", e));
    if (running(bag))
        return REFUSE(e, "clinic.bag_in_use", { "label", bag->label });
    TRY(unit_may(state, body->task, "administration", e));
    TRY(thawed_in_time(d, state, bag, e));
    TRY(others_may(state, body->unit, e));
    TRY(dose_may(state, d->arena, e));
    const struct flow_open_task *here = opened_task(state, body->task);
    struct clinic_given payload = {
        .order = body->order,
        .task = body->task,
        .unit = body->unit,
        .organisation = here->organisation,
        .site = here->site,
    };
    clinic_happened(d, state, here->site, &clinic_given_event, &payload);
    return OK;
}

/* --- finish: what is recorded of the patient is never refused for the state of the workflow --- */

enum outcome clinic_finish_load(struct load *l, const struct clinic_finish *body,
                                struct clinic_state *state, struct err *e)
{
    return load_bag(l, body->order, body->task, body->unit, state, e);
}

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
    const struct clinic_bags_out *bag = bag_of(state, body->unit);
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    if (!task || !str_is(task->act, "administer"))
        return REFUSE(e, "clinic.wrong_task", { "task", task ? task->title : body->task });
    if (!running(bag))
        return REFUSE(e, "clinic.not_running", { "label", state->unit.label });
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
    TRY(identity_give(d, &state->unit, body->volume, e));
    if (last && state->flow.state != FLOW_ENDED)
        note_once(d, state, body->task, S("all_given"));
    return OK;
}

/* --- conclude --- */

enum outcome clinic_conclude_load(struct load *l, const struct clinic_conclude *body,
                                  struct clinic_state *state, struct err *e)
{
    return load_task(l, body->order, body->task, state, e);
}

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
    for (size_t i = 0; i < state->nbags; i++)
        given |= state->bags[i].given != TIME_NONE;
    if (!given)
        return REFUSE(e, "clinic.nothing_given");
    /* A mismatch with a later bag withdrew what was passed; nothing is left to pass it with, and
     * what was given had been identified by a complete check of this task. */
    note_once(d, state, body->task, S("check:administration"));
    note_once(d, state, body->task, S("all_given"));
    return OK;
}

/* --- the post-thaw clock runs out: what its timer sends --- */

enum outcome clinic_expire_thaw_load(struct load *l, const struct clinic_expire_thaw *body,
                                     struct clinic_state *state, struct err *e)
{
    struct order_order_in in = { body->order };
    bool found;
    load_kind(l, "unit");
    TRY(load_bags(l, body->order, state, e));
    const struct clinic_bags_out *bag = bag_of(state, body->unit);
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

enum outcome clinic_expire_thaw_decide(struct decision *d, const struct clinic_expire_thaw *body,
                                       const struct clinic_state *state, struct err *e)
{
    const struct clinic_bags_out *bag = bag_of(state, body->unit);
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
    quality_open_deviation(d, &deviation);
    return OK;
}
