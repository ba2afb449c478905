/* Enrolment. A patient enrolled again with the same data (an import run twice) is no event. */
#include "base/id.h"
#include "modules/order/order_impl.h"

enum { PSEUDONYM_TRIES_MAX = 50 };

static enum outcome enrolled_same(struct load *l, const struct order_enrol *body,
                                  const struct order_patient_out *row, bool *same, struct err *e)
{
    struct order_difference d;
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
    TRY(order_compare(&d, l, row, &given, e));
    *same = !d.family && !d.given && !d.birth_date && !d.sex && !d.identifiers && !d.conditions &&
            ((body->source.n == 0 && row->source.n == 0) || str_eq(body->source, row->source));
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

static enum outcome enrol(struct decision *d, const struct order_enrol *body,
                          const struct order_patient_state *state, struct err *e)
{
    if (!d->command->actor->site.p)
        return REFUSE(e, "order.no_site");
    const struct order_identifier *identifiers =
        order_identifiers_copy(body->identifiers.p, body->identifiers.n, d->arena);
    if (!identifiers)
        return err_no_memory(e);
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
    TRY(order_sex_check(body->sex, e));
    if (state->found && !state->same)
        return REFUSE(e, "order.enrolled_before", { "pseudonym", state->pseudonym });
    if (!state->found)
        TRY(enrol(d, body, state, e));
    struct order_enrolled answer = { state->patient, state->pseudonym };
    decide_answer(d, &order_enrolled_record, &answer);
    return OK;
}
