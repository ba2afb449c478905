/* A patient's data corrected. The command gives them whole; the event holds them whole, sealed, and
 * names what differs, so that every version can be read beside the others and the first is never
 * lost. Orders that have not ended are told of it, and where name, birth date or numbers changed,
 * what was passed with the patient holds no longer: at the bedside they are asked and read anew. */
#include "modules/order/order_impl.h"

enum { CONDITIONS_MAX = 200, IDENTIFIERS_MAX = 40 };

/* --- comparing --- */

static bool optional_eq(struct str a, struct str b)
{
    return (a.n == 0 && b.n == 0) || str_eq(a, b);
}

static enum outcome conditions_differ(bool *out, struct load *l, struct str patient,
                                      const struct order_given *given, struct err *e)
{
    struct order_conditions_in in = { patient };
    struct record_list list;
    TRY(db_list(l->db, &sql_order_conditions, &in, &list, CONDITIONS_MAX, l->arena, e));
    const struct order_conditions_out *row = list.p;
    bool same = list.n == given->nconditions;
    for (size_t i = 0; same && i < list.n; i++) {
        const struct order_condition *c = &given->conditions[i];
        same = str_eq(c->system, row[i].system) && str_eq(c->code, row[i].code) &&
               optional_eq(c->title, row[i].title) && optional_eq(c->since, row[i].since);
    }
    *out = !same;
    return OK;
}

static enum outcome identifiers_differ(bool *out, struct load *l, struct str patient,
                                       const struct order_patient_secret *secret,
                                       const struct order_given *given, struct err *e)
{
    struct order_identifiers_in in = { patient };
    struct record_list list;
    TRY(db_list(l->db, &sql_order_identifiers, &in, &list, IDENTIFIERS_MAX, l->arena, e));
    const struct order_identifiers_out *row = list.p;
    bool same = list.n == given->nidentifiers && list.n == secret->nidentifiers;
    for (size_t i = 0; same && i < list.n; i++)
        same = str_eq(given->identifiers[i].system, row[i].system) &&
               str_eq(given->identifiers[i].value, secret->identifiers[i]);
    *out = !same;
    return OK;
}

enum outcome order_compare(struct order_difference *out, struct load *l,
                           const struct order_patient_out *row, const struct order_given *given,
                           struct err *e)
{
    struct order_patient_secret secret;
    TRY(order_patient_open(&secret, l->keys, l->db, row->patient, l->arena, e));
    *out = (struct order_difference){
        .family = !str_eq(given->family, secret.family),
        .given = !optional_eq(given->given, secret.given),
        .birth_date = !str_eq(given->birth_date, secret.birth_date),
        .sex = !str_eq(given->sex, row->sex),
    };
    TRY(identifiers_differ(&out->identifiers, l, row->patient, &secret, given, e));
    return conditions_differ(&out->conditions, l, row->patient, given, e);
}

enum outcome order_sex_check(struct str sex, struct err *e)
{
    if (str_is(sex, "male") || str_is(sex, "female") || str_is(sex, "other") ||
        str_is(sex, "unknown"))
        return OK;
    return REFUSE(e, "order.unknown_sex", { "sex", sex });
}

const struct order_identifier *order_identifiers_copy(const struct order_enrol_identifier *p,
                                                      size_t n, struct arena *arena)
{
    struct order_identifier *out = ARENA_ARRAY(arena, n + 1, struct order_identifier);
    for (size_t i = 0; out && i < n; i++)
        out[i] = (struct order_identifier){ p[i].system, p[i].value };
    return out;
}

/* --- the command --- */

/* Orders that have not ended, with the flow of those that are placed. It names no scope: who takes
 * part in an order may not correct its patient for that. */
static enum outcome load_live(struct load *l, struct order_correct_state *state, struct err *e)
{
    struct order_live_of_patient_in in = { state->row.patient };
    struct record_list list;
    TRY(db_list(l->db, &sql_order_live_of_patient, &in, &list, ORDER_LIVE_MAX + 1, l->arena, e));
    const struct order_live_of_patient_out *row = list.p;
    if (list.n > ORDER_LIVE_MAX)
        return REFUSE(e, "gate.too_many_streams");
    for (size_t i = 0; i < list.n; i++) {
        state->live[i] = row[i].order_id;
        TRY(load_stream(l, stream_of("order", row[i].order_id), NULL, e));
        TRY(load_stream(l, stream_of("flow", row[i].order_id), NULL, e));
        if (row[i].placed != TIME_NONE)
            TRY(flow_read(l->db, row[i].order_id, &state->flows[i], l->arena, e));
    }
    state->nlive = list.n;
    return OK;
}

enum outcome order_correct_load(struct load *l, const struct order_correct *body,
                                struct order_correct_state *state, struct err *e)
{
    struct order_patient_in in = { body->patient };
    struct order_difference d;
    bool found;
    const struct order_given given = {
        .family = body->family,
        .given = body->given,
        .birth_date = body->birth_date,
        .sex = body->sex,
        .identifiers = body->identifiers.p,
        .nidentifiers = body->identifiers.n,
        .conditions = body->conditions.p,
        .nconditions = body->conditions.n,
    };
    load_kind(l, "patient");
    TRY(load_stream(l, stream_of("patient", body->patient), NULL, e));
    TRY(db_get(l->db, &sql_order_patient, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_subject(l, body->patient);
    TRY(order_compare(&d, l, &state->row, &given, e));
    state->family = d.family;
    state->given = d.given;
    state->birth_date = d.birth_date;
    state->sex = d.sex;
    state->identifiers = d.identifiers;
    state->conditions = d.conditions;
    return load_live(l, state, e);
}

static void tell_orders(struct decision *d, const struct order_correct_state *state,
                        const struct order_patient_corrected *corrected)
{
    struct event_link link = { S("patient"), corrected->patient };
    for (size_t i = 0; i < state->nlive; i++) {
        struct order_subject_corrected payload = {
            .order = state->live[i],
            .patient = corrected->patient,
            .changed = { corrected->changed.p, corrected->changed.n },
            .named = corrected->named,
        };
        decide_event(d, &(struct happening){
                            .stream = stream_of("order", state->live[i]),
                            .type = &order_subject_corrected_event,
                            .payload = &payload,
                            .links = &link,
                            .nlinks = 1,
                        });
        if (corrected->named && state->flows[i].found)
            flow_withdraw_subject(d, &state->flows[i]);
    }
}

enum outcome order_correct_decide(struct decision *d, const struct order_correct *body,
                                  const struct order_correct_state *state, struct err *e)
{
    const struct order_identifier *identifiers =
        order_identifiers_copy(body->identifiers.p, body->identifiers.n, d->arena);
    struct str changed[6];
    size_t n = 0;
    if (!identifiers)
        return err_no_memory(e);
    TRY(order_sex_check(body->sex, e));
    if (body->seen.p && !str_eq(body->seen, state->row.event))
        return REFUSE(e, "order.corrected_meanwhile");
    const struct {
        const char *name;
        bool is;
    } parts[] = {
        { "family", state->family },
        { "given", state->given },
        { "birth_date", state->birth_date },
        { "identifiers", state->identifiers },
        { "sex", state->sex },
        { "conditions", state->conditions },
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].is)
            changed[n++] = str_z(parts[i].name);
    if (n == 0)
        return REFUSE(e, "order.nothing_corrected");
    struct order_patient_corrected payload = {
        .patient = body->patient,
        .identifiers = { identifiers, body->identifiers.n },
        .family = body->family,
        .given = body->given,
        .birth_date = body->birth_date,
        .sex = body->sex,
        .conditions = { body->conditions.p, body->conditions.n },
        .changed = { changed, n },
        .named = state->family || state->given || state->birth_date || state->identifiers,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("patient", body->patient),
                        .type = &order_patient_corrected_event,
                        .payload = &payload,
                    });
    tell_orders(d, state, &payload);
    return OK;
}
