/* The acts by which units of one order become others, and mishaps: many alike of one, one of many,
 * and what is spilled, leaks, breaks or cannot be found. What was taken is held against what was
 * measured after, within the tolerance that the workflow's task states, in one place for all acts.
 */
#include "modules/identity/identity_impl.h"

static struct str text_of(struct quantity q, struct arena *arena)
{
    char storage[DECIMAL_TEXT_MAX + 64];
    struct buf b = buf_over(storage, sizeof storage);
    quantity_write(&b, q);
    return arena_str(arena, buf_get(&b));
}

static struct str percent_text(struct decimal tolerance, struct arena *arena)
{
    return text_of(
        (struct quantity){ decimal_present(tolerance) ? tolerance : decimal_of(0), S("%") }, arena);
}

/* |difference| × 100 <= tolerance × taken, exactly. */
static enum outcome within(bool *out, const struct identity_balance *b, struct err *e)
{
    struct decimal difference = b->difference.value;
    struct decimal allowed;
    if (decimal_sign(difference) < 0)
        TRY(decimal_sub(&difference, decimal_of(0), difference, e));
    TRY(decimal_mul(&difference, difference, decimal_of(100), e));
    allowed = decimal_of(0);
    if (decimal_present(b->task->tolerance))
        TRY(decimal_mul(&allowed, b->task->tolerance, b->taken.value, e));
    *out = decimal_cmp(difference, allowed) <= 0;
    return OK;
}

enum outcome identity_reconcile(struct decision *d, struct str order, struct identity_balance *b,
                                struct err *e)
{
    bool good;
    TRY(quantity_sub(&b->difference, b->taken, b->made, e));
    if (quantity_present(b->loss)) {
        if (decimal_sign(b->loss.value) < 0)
            return REFUSE(e, "identity.not_positive");
        TRY(quantity_sub(&b->difference, b->difference, b->loss, e));
    }
    TRY(within(&good, b, e));
    if (!good)
        return REFUSE(e, "identity.not_reconciled",
                      { "difference", text_of(b->difference, d->arena) },
                      { "tolerance", percent_text(b->task->tolerance, d->arena) });
    struct identity_reconciled payload = {
        .order = order,
        .unit = b->unit,
        .task = b->task->name,
        .act = str_z(b->act),
        .taken = b->taken,
        .made = b->made,
        .loss = b->loss,
        .difference = b->difference,
        .tolerance = b->task->tolerance,
    };
    identity_unit_happened(d, b->unit, order, &identity_reconciled_event, &payload);
    return OK;
}

/* --- many alike of one --- */

enum outcome identity_aliquot_decide(struct decision *d, const struct identity_aliquot *body,
                                     const struct identity_unit_state *state, struct err *e)
{
    struct identity_piece pieces[IDENTITY_PIECES_MAX];
    if (body->count < 2 || body->count > IDENTITY_PIECES_MAX)
        return REFUSE(e, "identity.aliquot_count", { "max", S("40") });
    for (int64_t i = 0; i < body->count; i++)
        pieces[i] = (struct identity_piece){ body->kind, body->quantity };
    const struct identity_split split = {
        .unit = body->unit,
        .task = body->task,
        .pieces = { pieces, (size_t)body->count },
        .loss = body->loss,
        .emptied = body->emptied,
    };
    return identity_divide(d, &split, state, "aliquot", e);
}

/* --- one of many, all of one order: load refused any other --- */

static enum outcome sum_parts(struct quantity *out, const struct identity_part *parts, size_t n,
                              struct err *e)
{
    *out = parts[0].quantity;
    for (size_t i = 1; i < n; i++)
        TRY(quantity_add(out, *out, parts[i].quantity, e));
    return OK;
}

enum outcome identity_combine_decide(struct decision *d, const struct identity_combine *body,
                                     const struct identity_make_state *state, struct err *e)
{
    const struct flow_task *task;
    struct identity_part parts[IDENTITY_PARENTS_MAX];
    TRY(identity_may_act(d, &state->flow, body->task, &task, e));
    if (state->label_taken)
        return REFUSE(e, "identity.label_taken");
    if (state->nparents < 2)
        return REFUSE(e, "identity.combine_two");
    TRY(identity_room(state->room, 1, e));
    TRY(identity_take_parts(d, state, body->parents.p, task, "combine", parts, e));
    struct identity_balance balance = {
        .act = "combine",
        .unit = state->unit,
        .task = task,
        .made = body->quantity,
        .loss = body->loss,
    };
    TRY(sum_parts(&balance.taken, parts, state->nparents, e));
    struct identity_making making = identity_making_of(state, task, parts);
    making.kind = body->kind;
    making.product_code = body->product_code;
    making.quantity = body->quantity;
    TRY(identity_making(d, &making, e));
    TRY(identity_reconcile(d, body->order, &balance, e));
    identity_note_made(d, &state->flow, body->task, body->kind);
    struct identity_made answer = { state->unit, state->label, state->symbol };
    decide_answer(d, &identity_made_record, &answer);
    return OK;
}

/* --- mishaps --- */

static bool mishap_known(struct str how)
{
    static const struct str known[] = { S("spilled"), S("leaked"), S("broken"), S("missing") };
    return str_among(how, known, sizeof known / sizeof known[0]);
}

/* Part of it is taken and gone; all of it ends the unit. */
static enum outcome lose(struct decision *d, const struct identity_lose *body,
                         const struct identity_unit_state *state, bool *all, struct err *e)
{
    struct identity_unit_out unit = state->source.unit;
    const char *how = arena_str(d->arena, body->how).p;
    int compared = 0;
    if (!how)
        return err_no_memory(e);
    if (quantity_present(body->quantity))
        TRY(quantity_cmp(&compared, body->quantity, unit.quantity, e));
    *all = compared == 0;
    if (!*all)
        return identity_take(d, &unit, body->quantity, how, (struct str){ 0 }, e);
    identity_end(d, &unit, how);
    return OK;
}

enum outcome identity_lose_decide(struct decision *d, const struct identity_lose *body,
                                  const struct identity_unit_state *state, struct err *e)
{
    const struct identity_unit_out *unit = &state->source.unit;
    bool all = false;
    if (!mishap_known(body->how))
        return REFUSE(e, "identity.unknown_mishap", { "how", body->how });
    if (unit->ended != TIME_NONE)
        return REFUSE(e, "identity.unit_ended", { "label", unit->label });
    if (flow_has_fact(&state->flow, (struct str){ 0 }, identity_in_use(body->unit, d->arena)))
        return REFUSE(e, "identity.in_use", { "label", unit->label });
    TRY(lose(d, body, state, &all, e));
    if (all)
        stop_thing_end(d, state->flow.order, state->stopped, body->unit);
    struct quality_deviation_opened deviation = {
        .order = unit->order_id,
        .unit = unit->unit,
        .organisation = state->holder.organisation,
        .site = state->holder.site,
        .kind = S("material_loss"),
        .risk = S("major"),
    };
    quality_open_deviation(d, &deviation, 0);
    struct identity_lost answer = { deviation.deviation };
    decide_answer(d, &identity_lost_record, &answer);
    return OK;
}
