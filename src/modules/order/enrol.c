/* Enrolment. A patient enrolled again with the same data (an import run twice) is no event. */
#include "base/id.h"
#include "modules/order/order.h"

enum { CONDITIONS_MAX = 200, PSEUDONYM_TRIES_MAX = 50 };

static bool optional_eq(struct str a, struct str b)
{
    return (a.n == 0 && b.n == 0) || str_eq(a, b);
}

static enum outcome conditions_same(struct load *l, const struct order_enrol *body,
                                    struct str patient, bool *same, struct err *e)
{
    struct order_conditions_in in = { patient };
    struct record_list list;
    TRY(db_list(l->db, &sql_order_conditions, &in, &list, CONDITIONS_MAX, l->arena, e));
    const struct order_conditions_out *row = list.p;
    *same = list.n == body->conditions.n;
    for (size_t i = 0; *same && i < list.n; i++) {
        const struct order_condition *c = &body->conditions.p[i];
        *same = str_eq(c->system, row[i].system) && str_eq(c->code, row[i].code) &&
                optional_eq(c->title, row[i].title) && optional_eq(c->since, row[i].since);
    }
    return OK;
}

static enum outcome identifiers_same(struct load *l, const struct order_enrol *body,
                                     struct str patient, const struct order_patient_secret *secret,
                                     bool *same, struct err *e)
{
    struct order_identifiers_in in = { patient };
    struct record_list list;
    TRY(db_list(l->db, &sql_order_identifiers, &in, &list, 40, l->arena, e));
    const struct order_identifiers_out *row = list.p;
    *same = list.n == body->identifiers.n && list.n == secret->nidentifiers;
    for (size_t i = 0; *same && i < list.n; i++)
        *same = str_eq(body->identifiers.p[i].system, row[i].system) &&
                str_eq(body->identifiers.p[i].value, secret->identifiers[i]);
    return OK;
}

static enum outcome enrolled_same(struct load *l, const struct order_enrol *body,
                                  const struct order_patient_out *row, bool *same, struct err *e)
{
    struct order_patient_secret secret;
    TRY(order_patient_open(&secret, l->keys, l->db, row->patient, l->arena, e));
    *same = str_eq(body->family, secret.family) && optional_eq(body->given, secret.given) &&
            str_eq(body->birth_date, secret.birth_date) && str_eq(body->sex, row->sex) &&
            optional_eq(body->source, row->source);
    if (*same)
        TRY(identifiers_same(l, body, row->patient, &secret, same, e));
    if (*same)
        TRY(conditions_same(l, body, row->patient, same, e));
    return OK;
}

/* "P-7QX4K2", drawn from the id: the first that no other patient has. */
static enum outcome pseudonym_free(struct load *l, struct order_patient_state *state, struct err *e)
{
    for (int i = 0; i < PSEUDONYM_TRIES_MAX; i++) {
        char code[7];
        id_code(code, 6, state->patient, arena_printf(l->arena, "pseudonym %d", i));
        state->pseudonym = arena_printf(l->arena, "P-%s", code);
        struct order_pseudonym_taken_in in = { state->pseudonym, state->patient };
        struct order_pseudonym_taken_out out;
        bool taken;
        TRY(db_get(l->db, &sql_order_pseudonym_taken, &in, &out, l->arena, &taken, e));
        if (!taken)
            return OK;
    }
    return err_fault(e, "order.no_pseudonym", "%d taken", PSEUDONYM_TRIES_MAX);
}

/* An id that a person gives must not be one under whose key other things are sealed: they would be
 * erased together. For who asks it is like a patient elsewhere. */
static enum outcome id_is_free(struct load *l, struct str id, struct err *e)
{
    static const char *const kinds[] = { "account", "organisation" };
    for (size_t i = 0; i < 2; i++) {
        int64_t version;
        TRY(load_stream(l, stream_of(kinds[i], id), &version, e));
        if (version > 0)
            return load_unknown(l, e);
    }
    return OK;
}

enum outcome order_enrol_load(struct load *l, const struct order_enrol *body,
                              struct order_patient_state *state, struct err *e)
{
    load_kind(l, "patient");
    struct id derived = id_derive(l->command->id, S("patient"), 0);
    state->patient = body->patient.p ? body->patient : arena_str(l->arena, id_str(&derived));
    TRY(load_stream(l, stream_of("patient", state->patient), NULL, e));
    load_subject(l, state->patient);
    struct order_patient_in in = { state->patient };
    struct order_patient_out row;
    TRY(db_get(l->db, &sql_order_patient, &in, &row, l->arena, &state->found, e));
    if (state->found) {
        load_scope(l, row.organisation, row.site);
        state->pseudonym = row.pseudonym;
        return enrolled_same(l, body, &row, &state->same, e);
    }
    load_own_scope(l);
    if (body->patient.p)
        TRY(id_is_free(l, body->patient, e));
    return pseudonym_free(l, state, e);
}

static bool sex_known(struct str sex)
{
    return str_is(sex, "male") || str_is(sex, "female") || str_is(sex, "other") ||
           str_is(sex, "unknown");
}

static enum outcome enrol(struct decision *d, const struct order_enrol *body,
                          const struct order_patient_state *state, struct err *e)
{
    if (!d->command->actor->site.p)
        return REFUSE(e, "order.no_site");
    struct order_identifier *identifiers =
        ARENA_ARRAY(d->arena, body->identifiers.n + 1, struct order_identifier);
    if (!identifiers)
        return err_no_memory(e);
    for (size_t i = 0; i < body->identifiers.n; i++)
        identifiers[i] = (struct order_identifier){ body->identifiers.p[i].system,
                                                    body->identifiers.p[i].value };
    struct order_patient_enrolled payload = {
        .patient = state->patient,
        .organisation = d->command->actor->organisation,
        .site = d->command->actor->site,
        .pseudonym = state->pseudonym,
        .identifiers = { identifiers, body->identifiers.n },
        .family = body->family,
        .given = body->given,
        .birth_date = body->birth_date,
        .sex = body->sex,
        .conditions = { body->conditions.p, body->conditions.n },
        .source = body->source,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("patient", state->patient),
                        .type = &order_patient_enrolled_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome order_enrol_decide(struct decision *d, const struct order_enrol *body,
                                const struct order_patient_state *state, struct err *e)
{
    if (!sex_known(body->sex))
        return REFUSE(e, "order.unknown_sex", { "sex", body->sex });
    if (state->found && !state->same)
        return REFUSE(e, "order.enrolled_before", { "pseudonym", state->pseudonym });
    if (!state->found)
        TRY(enrol(d, body, state, e));
    struct order_enrolled answer = { state->patient, state->pseudonym };
    decide_answer(d, &order_enrolled_record, &answer);
    return OK;
}
