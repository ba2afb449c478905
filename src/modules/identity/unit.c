/* Units come into being, are divided, sampled, used up and discarded.
 *
 * Nothing is acted on that was not identified: what a task takes from existing material was read at
 * one of its points that stand before the act, or was made in the same task. Quantities reconcile:
 * what goes into children and loss is taken from the parent, exactly. */
#include "modules/identity/identity_impl.h"

/* --- events --- */

void identity_unit_happened(struct decision *d, struct str unit, struct str order,
                            const struct event_type *type, const void *payload)
{
    decide_order_event(d, order,
                       &(struct happening){
                           .stream = stream_of("unit", unit),
                           .type = type,
                           .payload = payload,
                       });
}

void identity_end(struct decision *d, const struct identity_unit_out *unit, const char *how)
{
    struct identity_unit_ended payload = {
        .unit = unit->unit,
        .how = str_z(how),
        .left = unit->quantity,
    };
    identity_unit_happened(d, unit->unit, unit->order_id, &identity_unit_ended_event, &payload);
}

static struct str quantity_text(struct quantity q, struct arena *arena)
{
    char storage[DECIMAL_TEXT_MAX + 64];
    struct buf b = buf_over(storage, sizeof storage);
    quantity_write(&b, q);
    return arena_str(arena, buf_get(&b));
}

static enum outcome positive(struct quantity q, struct err *e)
{
    return decimal_sign(q.value) > 0 ? OK : REFUSE(e, "identity.not_positive");
}

enum outcome identity_take(struct decision *d, struct identity_unit_out *unit, struct quantity by,
                           const char *how, struct str child, struct err *e)
{
    struct quantity left;
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "identity.unit_ended", { "label", unit->label });
    TRY(positive(by, e));
    TRY(quantity_sub(&left, unit->quantity, by, e));
    if (decimal_sign(left.value) < 0)
        return REFUSE(e, "identity.too_much", { "label", unit->label },
                      { "left", quantity_text(unit->quantity, d->arena) });
    struct identity_unit_reduced payload = {
        .unit = unit->unit,
        .by = by,
        .left = left,
        .how = str_z(how),
        .child = child,
    };
    identity_unit_happened(d, unit->unit, unit->order_id, &identity_unit_reduced_event, &payload);
    unit->quantity = left;
    return OK;
}

void identity_void(struct decision *d, struct str order, struct str point, struct str task)
{
    struct identity_voided payload = { order, point, task };
    decide_order_event(d, order,
                       &(struct happening){
                           .stream = stream_of("identity", order),
                           .type = &identity_voided_event,
                           .payload = &payload,
                       });
}

struct str identity_in_use(struct str unit, struct arena *arena)
{
    return arena_printf(arena, "in_use:%.*s", STR(unit));
}

void identity_end_if_empty(struct decision *d, const struct identity_unit_out *unit)
{
    if (decimal_sign(unit->quantity.value) == 0)
        identity_end(d, unit, "used_up");
}

enum outcome identity_reduce(struct decision *d, const struct identity_unit_out *unit,
                             struct quantity by, const char *how, struct str child, struct err *e)
{
    struct identity_unit_out now = *unit;
    TRY(identity_take(d, &now, by, how, child, e));
    identity_end_if_empty(d, &now);
    return OK;
}

enum outcome identity_give(struct decision *d, const struct identity_unit_out *unit,
                           struct quantity given, struct err *e)
{
    struct identity_unit_out now = *unit;
    if (decimal_sign(given.value) != 0)
        TRY(identity_take(d, &now, given, "given", (struct str){ 0 }, e));
    identity_end(d, &now, "given");
    return OK;
}

/* --- rules --- */

static bool passed(struct decision *d, const struct flow_view *v, struct str task, struct str point)
{
    return flow_has_fact(v, task, arena_printf(d->arena, "check:%.*s", STR(point)));
}

enum outcome identity_may_act(struct decision *d, const struct flow_view *v, struct str task,
                              const struct flow_task **out, struct err *e)
{
    TRY(flow_task_ready(v, task, d->command->actor, e));
    TRY(flow_task_guards(v, task, d->now_us, e));
    *out = flow_task_find(v, task);
    for (size_t i = 0; i < (*out)->checks.n; i++) {
        const struct identity_rule *rule = identity_rule_find((*out)->checks.p[i]);
        if (rule && rule->before && !passed(d, v, task, (*out)->checks.p[i]))
            return REFUSE(e, "identity.check_first", { "point", (*out)->checks.p[i] });
    }
    return OK;
}

/* The unit is there, belongs to the task, and was identified for it, or made in it. */
static enum outcome source_may_act(const struct flow_task *task,
                                   const struct identity_source *source, bool made_will_do,
                                   struct err *e)
{
    const struct identity_unit_out *unit = &source->unit;
    bool checked = false;
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "identity.unit_ended", { "label", unit->label });
    if (!source->here)
        return REFUSE(e, "identity.not_here", { "label", unit->label });
    if (unit->past)
        return REFUSE(e, "identity.earlier_pass", { "label", unit->label });
    if (made_will_do && str_eq(unit->task, task->name))
        return OK;
    if (!str_among(unit->kind, task->units.p, task->units.n))
        return REFUSE(e, "identity.unit_not_of_task", { "label", unit->label },
                      { "kind", unit->kind });
    for (size_t i = 0; i < task->checks.n; i++) {
        const struct identity_rule *rule = identity_rule_find(task->checks.p[i]);
        if (!rule || !rule->before || !rule->units)
            continue;
        checked = true;
        if (!str_among(task->checks.p[i], source->points, source->npoints))
            return REFUSE(e, "identity.not_identified", { "label", unit->label },
                          { "point", task->checks.p[i] });
    }
    return checked ? OK : REFUSE(e, "identity.unchecked_task", { "task", task->title });
}

/* No open task has identified all units of this kind already and would miss the new one. */
static enum outcome nothing_escapes(struct decision *d, const struct flow_view *v, struct str kind,
                                    struct err *e)
{
    for (size_t i = 0; i < v->ntasks; i++) {
        const struct flow_task *task = flow_task_find(v, v->tasks[i].task);
        if (v->tasks[i].done || !task || !str_among(kind, task->units.p, task->units.n))
            continue;
        for (size_t k = 0; k < task->checks.n; k++) {
            const struct identity_rule *rule = identity_rule_find(task->checks.p[k]);
            if (rule && rule->units && !rule->before && passed(d, v, task->name, task->checks.p[k]))
                return REFUSE(e, "identity.identified_already", { "kind", kind },
                              { "point", task->checks.p[k] });
        }
    }
    return OK;
}

/* --- making --- */

/* "made:<kind>" is noted each time, so that whoever read the order's units meanwhile reads again.
 */
enum outcome identity_making(struct decision *d, const struct identity_making *m, struct err *e)
{
    if (!str_among(m->kind, m->task->makes.p, m->task->makes.n))
        return REFUSE(e, "identity.kind_not_made", { "kind", m->kind }, { "task", m->task->title });
    TRY(positive(m->quantity, e));
    TRY(nothing_escapes(d, m->flow, m->kind, e));
    const struct flow_open_task *opened = flow_opened(m->flow, m->task->name);
    struct identity_unit_made payload = {
        .unit = m->unit,
        .order = m->flow->order,
        .task = m->task->name,
        .kind = m->kind,
        .label = m->label,
        .din = m->din,
        .product_code = m->product_code,
        .quantity = m->quantity,
        .organisation = opened->organisation,
        .site = opened->site,
        .parents = { m->parents, m->nparents },
        .pass = opened->pass > 1 ? opened->pass : INT_NONE,
    };
    identity_unit_happened(d, m->unit, m->flow->order, &identity_unit_made_event, &payload);
    return OK;
}

void identity_note_made(struct decision *d, const struct flow_view *v, struct str task,
                        struct str kind)
{
    flow_note(d, v, task, arena_printf(d->arena, "made:%.*s", STR(kind)));
}

enum outcome identity_take_parts(struct decision *d, const struct identity_make_state *state,
                                 const struct identity_part *asked, const struct flow_task *task,
                                 const char *how, struct identity_part *parts, struct err *e)
{
    for (size_t i = 0; i < state->nparents; i++) {
        const struct identity_source *source = &state->parents[i];
        for (size_t k = 0; k < i; k++)
            if (str_eq(state->parents[k].unit.unit, source->unit.unit))
                return REFUSE(e, "identity.parent_twice", { "label", source->unit.label });
        TRY(source_may_act(task, source, true, e));
        struct quantity all = source->unit.quantity;
        parts[i].unit = source->unit.unit;
        parts[i].quantity = quantity_present(asked[i].quantity) ? asked[i].quantity : all;
        TRY(identity_reduce(d, &source->unit, parts[i].quantity, how, state->unit, e));
    }
    return OK;
}

static struct str inherited_din(const struct identity_make_state *state)
{
    struct str din = state->din;
    for (size_t i = 0; !state->din.p && i < state->nparents; i++) {
        struct str of = state->parents[i].unit.din;
        if (i > 0 && !str_eq(of, din))
            return (struct str){ 0 };
        din = of;
    }
    return din;
}

struct identity_making identity_making_of(const struct identity_make_state *state,
                                          const struct flow_task *task,
                                          const struct identity_part *parts)
{
    return (struct identity_making){
        .flow = &state->flow,
        .task = task,
        .unit = state->unit,
        .label = state->label,
        .din = inherited_din(state),
        .parents = parts,
        .nparents = state->nparents,
    };
}

enum outcome identity_room(int64_t room, size_t n, struct err *e)
{
    char max[24];
    struct buf b = buf_over(max, sizeof max);
    buf_int(&b, IDENTITY_ORDER_UNITS_MAX);
    return room >= (int64_t)n ? OK : REFUSE(e, "identity.too_many_units", { "max", buf_get(&b) });
}

enum outcome identity_make_decide(struct decision *d, const struct identity_make *body,
                                  const struct identity_make_state *state, struct err *e)
{
    const struct flow_task *task;
    struct identity_part parents[IDENTITY_PARENTS_MAX];
    TRY(identity_may_act(d, &state->flow, body->task, &task, e));
    if (state->din_error.outcome != OK) {
        *e = state->din_error;
        return e->outcome;
    }
    if (state->din_taken)
        return REFUSE(e, "identity.din_taken", { "din", state->din });
    if (state->label_taken)
        return REFUSE(e, "identity.label_taken");
    if (state->nparents == 0 && !str_is(task->act, "collect"))
        return REFUSE(e, "identity.parent_needed", { "kind", body->kind });
    TRY(identity_room(state->room, 1, e));
    TRY(identity_take_parts(d, state, body->parents.p, task, "convert", parents, e));
    struct identity_making making = identity_making_of(state, task, parents);
    making.kind = body->kind;
    making.product_code = body->product_code;
    making.quantity = body->quantity;
    TRY(identity_making(d, &making, e));
    identity_note_made(d, &state->flow, body->task, body->kind);
    if (state->din_new) {
        struct identity_din_taken taken = { state->din, body->order };
        decide_event(d, &(struct happening){
                            .stream = stream_of("din", state->din),
                            .type = &identity_din_taken_event,
                            .payload = &taken,
                        });
    }
    struct identity_made answer = { state->unit, state->label, state->symbol };
    decide_answer(d, &identity_made_record, &answer);
    return OK;
}

/* A child of the state's unit, number i of the command. */
static enum outcome make_child(struct decision *d, const struct identity_unit_state *state,
                               const struct flow_task *task, size_t i,
                               const struct identity_piece *piece, struct err *e)
{
    const struct identity_unit_out *unit = &state->source.unit;
    struct identity_part parent = { unit->unit, piece->quantity };
    struct identity_making making = {
        .flow = &state->flow,
        .task = task,
        .unit = state->units[i],
        .label = state->labels[i],
        .kind = piece->kind,
        .din = unit->din,
        .product_code = str_eq(piece->kind, unit->kind) ? unit->product_code : (struct str){ 0 },
        .quantity = piece->quantity,
        .parents = &parent,
        .nparents = 1,
    };
    return identity_making(d, &making, e);
}

/* What all pieces take together, in the unit's own unit of measure. */
static enum outcome sum_pieces(struct quantity *out, const struct identity_split *body,
                               const struct identity_unit_out *unit, struct err *e)
{
    TRY(quantity_convert(out, body->pieces.p[0].quantity, unit->quantity.unit, e));
    TRY(positive(*out, e));
    for (size_t i = 1; i < body->pieces.n; i++) {
        TRY(positive(body->pieces.p[i].quantity, e));
        TRY(quantity_add(out, *out, body->pieces.p[i].quantity, e));
    }
    return OK;
}

/* Takes pieces and loss; of one that was emptied also what was measured in none of them, or, where
 * more was measured than it held, all but the loss. */
static enum outcome take_pieces(struct decision *d, const struct identity_split *body,
                                const struct identity_unit_state *state,
                                const struct flow_task *task, const char *act, struct err *e)
{
    struct identity_unit_out unit = state->source.unit;
    const struct str child = body->pieces.n == 1 ? state->units[0] : (struct str){ 0 };
    const bool lost = quantity_present(body->loss);
    struct quantity sum;
    struct identity_balance balance = { act, unit.unit, task, unit.quantity, .loss = body->loss };
    TRY(sum_pieces(&sum, body, &unit, e));
    if (body->emptied) {
        balance.made = sum;
        TRY(identity_reconcile(d, state->flow.order, &balance, e));
        if (decimal_sign(balance.difference.value) < 0)
            TRY(quantity_add(&sum, sum, balance.difference, e));
    }
    TRY(identity_take(d, &unit, sum, act, child, e));
    if (lost)
        TRY(identity_take(d, &unit, body->loss, "loss", (struct str){ 0 }, e));
    if (body->emptied && decimal_sign(unit.quantity.value) > 0)
        TRY(identity_take(d, &unit, unit.quantity, "difference", (struct str){ 0 }, e));
    identity_end_if_empty(d, &unit);
    return OK;
}

enum outcome identity_divide(struct decision *d, const struct identity_split *body,
                             const struct identity_unit_state *state, const char *act,
                             struct err *e)
{
    const struct flow_task *task;
    struct identity_made made[IDENTITY_PIECES_MAX];
    TRY(identity_may_act(d, &state->flow, body->task, &task, e));
    TRY(source_may_act(task, &state->source, true, e));
    if (state->label_taken)
        return REFUSE(e, "identity.label_taken");
    if (body->pieces.n == 0)
        return REFUSE(e, "identity.no_pieces");
    TRY(identity_room(state->room, body->pieces.n, e));
    TRY(take_pieces(d, body, state, task, act, e));
    for (size_t i = 0; i < body->pieces.n; i++) {
        TRY(make_child(d, state, task, i, &body->pieces.p[i], e));
        made[i] = (struct identity_made){ state->units[i], state->labels[i], state->symbols[i] };
        bool noted = false;
        for (size_t k = 0; k < i; k++)
            noted |= str_eq(body->pieces.p[k].kind, body->pieces.p[i].kind);
        if (!noted)
            identity_note_made(d, &state->flow, body->task, body->pieces.p[i].kind);
    }
    struct identity_pieces_made answer = { .units = { made, body->pieces.n } };
    decide_answer(d, &identity_pieces_made_record, &answer);
    return OK;
}

enum outcome identity_split_decide(struct decision *d, const struct identity_split *body,
                                   const struct identity_unit_state *state, struct err *e)
{
    return identity_divide(d, body, state, "split", e);
}

enum outcome identity_sample_decide(struct decision *d, const struct identity_sample *body,
                                    const struct identity_unit_state *state, struct err *e)
{
    const struct flow_task *task;
    const struct identity_piece piece = { body->kind, body->quantity };
    TRY(identity_may_act(d, &state->flow, body->task, &task, e));
    if (!str_among(S("before_qc_sampling"), task->checks.p, task->checks.n))
        return REFUSE(e, "identity.point_not_here", { "point", S("before_qc_sampling") },
                      { "task", task->title });
    TRY(source_may_act(task, &state->source, false, e)); /* before every sample */
    if (state->label_taken)
        return REFUSE(e, "identity.label_taken");
    TRY(identity_room(state->room, 1, e));
    TRY(identity_reduce(d, &state->source.unit, body->quantity, "sample", state->units[0], e));
    TRY(make_child(d, state, task, 0, &piece, e));
    identity_note_made(d, &state->flow, body->task, body->kind);
    struct identity_made answer = { state->units[0], state->labels[0], state->symbols[0] };
    decide_answer(d, &identity_made_record, &answer);
    return OK;
}

enum outcome identity_discard_decide(struct decision *d, const struct identity_discard *body,
                                     const struct identity_unit_state *state, struct err *e)
{
    if (state->source.unit.ended != TIME_NONE)
        return REFUSE(e, "identity.unit_ended", { "label", state->source.unit.label });
    if (flow_has_fact(&state->flow, (struct str){ 0 }, identity_in_use(body->unit, d->arena)))
        return REFUSE(e, "identity.in_use", { "label", state->source.unit.label });
    identity_end(d, &state->source.unit, "discarded");
    stop_thing_end(d, state->flow.order, state->stopped, body->unit);
    return OK;
}
