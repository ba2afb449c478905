/* Erasing a patient's personal data: one person asks, another orders it, both sign, and while a
 * duty to keep them runs neither can. A request whose signature does not stand any more is none.
 * What follows from the event, the end of the key, is the kernel's (kernel/erase.h). */
#include "kernel/sign.h"
#include "modules/order/order_impl.h"

/* With the stream of its signature: withdrawing it meanwhile is a conflict. */
static enum outcome request_load(struct load *l, struct order_erasure_state *state,
                                 struct str patient, struct err *e)
{
    const struct order_erasure_request_in in = { patient };
    bool found;
    TRY(db_get(l->db, &sql_order_erasure_request, &in, &state->asked, l->arena, &found, e));
    return found ? load_stream(l, stream_of("signature", state->asked.event), NULL, e) : OK;
}

static enum outcome load(struct load *l, struct order_erasure_state *state, struct str patient,
                         struct err *e)
{
    struct order_patient_in in = { patient };
    struct record_list list;
    bool found;
    load_kind(l, "patient");
    TRY(load_stream(l, stream_of("patient", patient), NULL, e));
    TRY(db_get(l->db, &sql_order_patient, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    TRY(request_load(l, state, patient, e));
    /* An order placed or a deviation opened meanwhile is a new duty. */
    const struct order_of_patient_in orders = { patient };
    TRY(db_list(l->db, &sql_order_of_patient, &orders, &list, ORDER_LIVE_MAX + 1, l->arena, e));
    const struct order_of_patient_out *order = list.p;
    if (list.n > ORDER_LIVE_MAX)
        return REFUSE(e, "gate.too_many_streams");
    for (size_t i = 0; i < list.n; i++) {
        TRY(load_stream(l, stream_of("order", order[i].order_id), NULL, e));
        TRY(load_stream(l, stream_of("flow", order[i].order_id), NULL, e));
    }
    return order_duties(&state->duties, l->db, patient, l->now_us, l->arena, e);
}

enum outcome order_request_erasure_load(struct load *l, const struct order_request_erasure *body,
                                        struct order_erasure_state *state, struct err *e)
{
    return load(l, state, body->patient, e);
}

enum outcome order_erase_load(struct load *l, const struct order_erase *body,
                              struct order_erasure_state *state, struct err *e)
{
    return load(l, state, body->patient, e);
}

enum outcome order_withdraw_erasure_load(struct load *l, const struct order_withdraw_erasure *body,
                                         struct order_erasure_state *state, struct err *e)
{
    return load(l, state, body->patient, e);
}

static enum outcome what_is_signed(struct sign_what *out, const struct order_erasing *content,
                                   const char *meaning, struct arena *arena, struct err *e)
{
    TRY(sign_what_record(out, &order_erasing_record, content, arena, e));
    out->kind = S("patient");
    out->id = content->patient;
    out->meaning = str_z(meaning);
    return OK;
}

enum outcome order_request_erasure_shown(struct load *l, const struct order_request_erasure *body,
                                         const struct order_erasure_state *state,
                                         struct sign_what *out, struct err *e)
{
    const struct order_erasing content = { .patient = body->patient,
                                           .pseudonym = state->row.pseudonym };
    return what_is_signed(out, &content, "authored", l->arena, e);
}

enum outcome order_erase_shown(struct load *l, const struct order_erase *body,
                               const struct order_erasure_state *state, struct sign_what *out,
                               struct err *e)
{
    const struct order_erasing content = { body->patient, state->row.pseudonym, body->request,
                                           state->row.erasure_by, state->asked.event };
    return what_is_signed(out, &content, "approved", l->arena, e);
}

/* Names the duty that runs longest: what is over next year is not what stands in the way. */
static enum outcome check_duties(const struct order_erasure_state *state, struct err *e)
{
    const struct order_duty *longest = NULL;
    if (state->duties.no_rules)
        return REFUSE(e, "order.no_retention");
    if (state->duties.unruled.jurisdiction.p)
        return REFUSE(e, "order.no_retention_for",
                      { "jurisdiction", state->duties.unruled.jurisdiction },
                      { "regime", state->duties.unruled.regime });
    for (size_t i = 0; i < state->duties.n; i++) {
        const struct order_duty *d = &state->duties.p[i];
        if (!longest ||
            (longest->until != TIME_NONE && (d->until == TIME_NONE || d->until > longest->until)))
            longest = d;
    }
    if (!longest)
        return OK;
    if (longest->until == TIME_NONE)
        return REFUSE(e, "order.duty_open", { "duty", longest->rule->title },
                      { "source", longest->rule->source });
    char until[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(until, sizeof until);
    clock_write(&b, longest->until);
    return REFUSE(e, "order.duty_runs", { "duty", longest->rule->title },
                  { "until", (struct str){ until, 10 } }, { "source", longest->rule->source });
}

static void say(struct decision *d, struct str patient, const struct event_type *type,
                const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("patient", patient),
                        .type = type,
                        .payload = payload,
                    });
}

enum outcome order_request_erasure_decide(struct decision *d,
                                          const struct order_request_erasure *body,
                                          const struct order_erasure_state *state, struct err *e)
{
    const struct order_erasure_requested payload = { body->patient, decide_id(d, 0) };
    const struct order_erasure answer = { payload.request };
    if (state->row.erased != TIME_NONE)
        return REFUSE(e, "order.patient_erased");
    if (state->row.erasure.p && !state->asked.how.p)
        return REFUSE(e, "order.erasure_waits");
    TRY(check_duties(state, e));
    say(d, body->patient, &order_erasure_requested_event, &payload);
    decide_answer(d, &order_erasure_record, &answer);
    return OK;
}

static enum outcome waits(const struct order_erasure_state *state, struct str request,
                          struct err *e)
{
    if (state->row.erased != TIME_NONE)
        return REFUSE(e, "order.patient_erased");
    return state->row.erasure.p && str_eq(state->row.erasure, request)
               ? OK
               : REFUSE(e, "order.no_erasure_request");
}

enum outcome order_erase_decide(struct decision *d, const struct order_erase *body,
                                const struct order_erasure_state *state, struct err *e)
{
    const struct order_patient_erased payload = { body->patient, body->request,
                                                  state->row.erasure_by };
    TRY(waits(state, body->request, e));
    if (state->asked.how.p)
        return REFUSE(e, "order.erasure_void");
    if (str_eq(state->row.erasure_by, d->command->actor->name))
        return REFUSE(e, "order.erasure_same_person");
    TRY(check_duties(state, e));
    say(d, body->patient, &order_patient_erased_event, &payload);
    return OK;
}

enum outcome order_withdraw_erasure_decide(struct decision *d,
                                           const struct order_withdraw_erasure *body,
                                           const struct order_erasure_state *state, struct err *e)
{
    const struct order_erasure_withdrawn payload = { body->patient, body->request };
    TRY(waits(state, body->request, e));
    say(d, body->patient, &order_erasure_withdrawn_event, &payload);
    return OK;
}
