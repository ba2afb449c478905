/* Deviations: opened by anyone at a site, also inside another module's decide; closed by another.
 */
#include "base/id.h"
#include "modules/quality/quality.h"

/* Deviation number n of a command; load and decide derive the same. */
static struct id deviation_id(const struct gate_command *c, uint64_t n)
{
    return id_derive(c->id, S("deviation"), n);
}

static struct str order_key(struct str order, struct arena *arena)
{
    if (!order.p)
        return (struct str){ 0 };
    struct stream key = stream_of("order", order);
    return arena_str(arena, stream_str(&key));
}

enum outcome load_deviations(struct load *l, uint64_t n, struct err *e)
{
    struct id id = deviation_id(l->command, n);
    return load_stream(l, stream_of("deviation", id_str(&id)), NULL, e);
}

enum outcome load_deviation(struct load *l, struct err *e)
{
    return load_deviations(l, 0, e);
}

/* "DEV-2026-7QX4-K2MH": eight letters, because five of them would repeat within a busy year. */
static struct str deviation_number(struct decision *d, struct str id)
{
    char year[CLOCK_TEXT_LENGTH + 1], code[9];
    struct buf b = buf_over(year, sizeof year);
    clock_write(&b, d->now_us);
    id_code(code, 8, id, S("number"));
    return arena_printf(d->arena, "DEV-%.4s-%.4s-%.4s", year, code, code + 4);
}

void quality_open_deviation(struct decision *d, struct quality_deviation_opened *deviation,
                            uint64_t n)
{
    struct id id = deviation_id(d->command, n);
    deviation->deviation = arena_str(d->arena, id_str(&id));
    deviation->number = deviation_number(d, deviation->deviation);
    decide_event(d, &(struct happening){
                        .stream = stream_of("deviation", id_str(&id)),
                        .type = &quality_deviation_opened_event,
                        .payload = deviation,
                        .key = order_key(deviation->order, d->arena),
                    });
}

/* --- open --- */

static quality_unit_fn *unit_order;

void quality_use_unit(quality_unit_fn *order_of)
{
    unit_order = order_of;
}

/* Of another order is as if there were none. */
static enum outcome load_unknown_unit(struct load *l, struct err *e)
{
    load_kind(l, "unit");
    return load_unknown(l, e);
}

enum outcome quality_open_load(struct load *l, const struct quality_open *body,
                               struct quality_open_state *state, struct err *e)
{
    struct str of_unit = { 0 };
    TRY(load_deviation(l, e));
    if (body->unit.p && !unit_order) /* nothing here has units */
        return load_unknown_unit(l, e);
    if (body->unit.p)
        TRY(unit_order(l, body->unit, &of_unit, e));
    state->order = body->order.p ? body->order : of_unit;
    if (!state->order.p) {
        load_own_scope(l);
        return OK;
    }
    /* Only who takes part in an order may say something of it. */
    struct flow_view flow;
    TRY(load_flow(l, state->order, (struct str){ 0 }, &flow, e));
    return of_unit.p && !str_eq(of_unit, state->order) ? load_unknown_unit(l, e) : OK;
}

static bool risk_known(struct str risk)
{
    return str_is(risk, "critical") || str_is(risk, "major") || str_is(risk, "minor");
}

enum outcome quality_open_decide(struct decision *d, const struct quality_open *body,
                                 const struct quality_open_state *state, struct err *e)
{
    if (!risk_known(body->risk))
        return REFUSE(e, "deviation.unknown_risk", { "risk", body->risk });
    const struct actor *a = d->command->actor;
    struct quality_deviation_opened deviation = {
        .order = state->order,
        .unit = body->unit,
        .organisation = a->organisation,
        .site = a->site,
        .kind = body->kind,
        .risk = body->risk,
        .description = body->description,
    };
    quality_open_deviation(d, &deviation, 0);
    struct quality_opened answer = { deviation.deviation, deviation.number };
    decide_answer(d, &quality_opened_record, &answer);
    return OK;
}

/* --- close --- */

enum outcome quality_close_load(struct load *l, const struct quality_close *body,
                                struct quality_deviation_state *state, struct err *e)
{
    load_kind(l, "deviation");
    TRY(load_stream(l, stream_of("deviation", body->deviation), NULL, e));
    struct quality_deviation_in in = { body->deviation };
    TRY(db_get(l->db, &sql_quality_deviation, &in, &state->row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    if (state->row.order_id.p)
        TRY(load_flow_subject(l, state->row.order_id, e));
    return state->row.order_id.p ? load_order(l, state->row.order_id, e) : OK;
}

enum outcome quality_close_decide(struct decision *d, const struct quality_close *body,
                                  const struct quality_deviation_state *state, struct err *e)
{
    if (!state->row.open)
        return REFUSE(e, "deviation.closed_before", { "number", state->row.number });
    if (str_eq(d->command->actor->name, state->row.opener))
        return REFUSE(e, "deviation.own", { "number", state->row.number });
    struct quality_deviation_closed payload = {
        .deviation = body->deviation,
        .cause = body->cause,
        .conclusion = body->conclusion,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("deviation", body->deviation),
                        .type = &quality_deviation_closed_event,
                        .payload = &payload,
                        .key = order_key(state->row.order_id, d->arena),
                    });
    return OK;
}
