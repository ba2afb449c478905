/* What a check rests upon: the symbols read, compared with the patient before the queue and with
 * the node's units inside it.
 *
 * The patient's data is opened on the sender's thread, and only for who may check at this task;
 * what goes on is which of the stated things agree, never the things. */
#include "kernel/stop.h"
#include "modules/identity/check_impl.h"

/* --- prepare --- */

static enum outcome read_scans(struct identity_stated *out, const struct prepare *p,
                               const struct identity_check *body, struct err *e)
{
    size_t max = body->scans.n * IDENTITY_SYMBOLS_MAX;
    struct identity_symbol *symbols = ARENA_ARRAY(p->arena, max + 1, struct identity_symbol);
    out->scan_of = ARENA_ARRAY(p->arena, max + 1, size_t);
    out->patient = ARENA_ARRAY(p->arena, max + 1, bool);
    if (!symbols || !out->scan_of || !out->patient)
        return err_no_memory(e);
    for (size_t i = 0; i < body->scans.n; i++) {
        size_t n = identity_symbols_read(symbols + out->n, body->scans.p[i].text, p->arena);
        for (size_t k = 0; k < n; k++)
            out->scan_of[out->n + k] = i;
        out->n += n;
    }
    for (size_t i = 0; i < out->n; i++) /* a proof that is wrong is no label of ours */
        if (symbols[i].proof.n > 0 &&
            !identity_proof_holds(p->keys, symbols[i].value, symbols[i].proof))
            symbols[i] = (struct identity_symbol){ .value = symbols[i].value };
    out->symbols = symbols;
    return arena_exhausted(p->arena) ? err_no_memory(e) : OK;
}

/* Whether the sender may check at this task: else load refuses, and nothing is opened for them. */
static enum outcome may_check(bool *out, const struct prepare *p, const struct identity_check *body,
                              struct err *e)
{
    struct flow_view v;
    const struct actor *actor;
    *out = false;
    TRY(flow_actor(&actor, p->db, p->command->actor, body->order, p->arena, e));
    TRY(flow_read(p->db, body->order, &v, p->arena, e));
    const struct flow_task *task = v.found ? flow_task_find(&v, body->task) : NULL;
    for (size_t i = 0; task && i < v.nparties; i++)
        if (str_eq(v.parties[i].part, task->part))
            *out = actor_may(actor, p->command->name, v.parties[i].organisation, v.parties[i].site);
    return OK;
}

static void compare_patient(struct identity_stated *out, const struct identity_check *body,
                            const struct order_patient_secret *secret, struct arena *arena)
{
    out->opened = true;
    out->named = secret->named;
    out->numbered = secret->nidentifiers > 0;
    out->name_is = body->stated_name.p &&
                   identity_name_is(body->stated_name, secret->family, secret->given, arena);
    out->birth_is =
        body->stated_birth_date.p && str_eq(body->stated_birth_date, secret->birth_date);
    for (size_t i = 0; i < out->n; i++) {
        struct str scan = str_trim(body->scans.p[out->scan_of[i]].text);
        for (size_t k = 0; k < secret->nidentifiers; k++)
            out->patient[i] |= str_eq(out->symbols[i].value, secret->identifiers[k]) ||
                               str_eq(scan, secret->identifiers[k]);
    }
}

enum outcome identity_check_prepare(struct prepare *p, const struct identity_check *body,
                                    struct err *e)
{
    const struct identity_rule *rule = identity_rule_find(body->point);
    struct identity_stated *out = ARENA_NEW(p->arena, struct identity_stated);
    bool may;
    if (!out)
        return err_no_memory(e);
    p->prepared = out;
    TRY(read_scans(out, p, body, e));
    if (!rule || !rule->patient)
        return OK;
    TRY(may_check(&may, p, body, e));
    struct order_order_in in = { body->order };
    struct order_order_out order;
    bool found = false;
    if (may)
        TRY(db_get(p->db, &sql_order_order, &in, &order, p->arena, &found, e));
    if (!found)
        return OK;
    struct order_patient_secret secret;
    TRY(order_patient_open(&secret, p->keys, p->db, order.patient, p->arena, e));
    compare_patient(out, body, &secret, p->arena);
    return OK;
}

/* --- load --- */

static enum outcome load_expected(struct load *l, const struct flow_task *task,
                                  const struct identity_rule *rule,
                                  struct identity_check_state *state, struct err *e)
{
    struct identity_expected_in in = { .order_id = state->flow.order };
    TRY(identity_kinds(&in.kinds, task, l->arena, e));
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_expected, &in, &rows, IDENTITY_EXPECTED_MAX, l->arena, e));
    const struct identity_expected_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++) {
        state->expected[i] = row[i];
        TRY(load_stream(l, stream_of("unit", row[i].unit), NULL, e));
        TRY(identity_is_here(&state->here[i], l, &state->flow, task->name, row[i].unit, true, e));
    }
    state->nlive = rows.n;
    state->nexpected = rule->units ? rows.n : 0;
    return OK;
}

static enum outcome load_label(struct load *l, struct identity_seen *seen, struct err *e)
{
    struct identity_by_label_in in = { seen->value };
    struct identity_by_label_out row;
    TRY(db_get(l->db, &sql_identity_by_label, &in, &row, l->arena, &seen->known, e));
    if (!seen->known)
        return OK;
    seen->unit = row.unit;
    seen->order = row.order_id;
    seen->ended = row.ended != TIME_NONE;
    return OK;
}

static enum outcome load_din(struct load *l, struct identity_seen *seen, struct err *e)
{
    struct identity_by_din_in in = { seen->value };
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_by_din, &in, &rows, 2, l->arena, e));
    const struct identity_by_din_out *row = rows.p;
    seen->known = rows.n > 0;
    if (rows.n == 0)
        return OK;
    seen->order = row[0].order_id;
    if (rows.n > 1) /* several units of one donation: it tells the order, not the unit */
        return OK;
    seen->unit = row[0].unit;
    seen->ended = row[0].ended != TIME_NONE;
    return OK;
}

static enum outcome load_seen(struct load *l, const struct identity_check *body,
                              struct identity_check_state *state, struct err *e)
{
    const struct identity_stated *stated = l->prepared;
    struct identity_seen *seen = ARENA_ARRAY(l->arena, stated->n + 1, struct identity_seen);
    if (!seen)
        return err_no_memory(e);
    for (size_t i = 0; i < stated->n; i++) {
        seen[i].kind = stated->symbols[i].kind;
        seen[i].value = stated->symbols[i].value;
        seen[i].patient = stated->patient[i];
        seen[i].typed = stated->symbols[i].typed;
        struct str field = body->scans.p[stated->scan_of[i]].field;
        seen[i].vague = str_is(str_z(stated->symbols[i].structure), "plain") && field.p &&
                        !str_is(field, "wristband");
        if (seen[i].kind == SYMBOL_UNIT)
            TRY(load_label(l, &seen[i], e));
        if (seen[i].kind == SYMBOL_DIN)
            TRY(load_din(l, &seen[i], e));
    }
    state->seen = seen;
    state->nseen = stated->n;
    return OK;
}

/* Another order that runs: its flow, stop and passes are part of what the check may change. */
static enum outcome load_other(struct load *l, struct str order, const struct identity_seen *seen,
                               struct identity_check_state *state, struct err *e)
{
    if (!order.p || str_eq(order, state->flow.order) || state->nconcerned == IDENTITY_OTHERS_MAX)
        return OK;
    for (size_t i = 0; i < state->nconcerned; i++)
        if (str_eq(state->concerned[i].flow.order, order))
            return OK;
    struct identity_other *other = &state->concerned[state->nconcerned];
    TRY(flow_read(l->db, order, &other->flow, l->arena, e));
    if (!other->flow.found || other->flow.state == FLOW_ENDED || other->flow.ntasks == 0)
        return OK;
    TRY(load_stream(l, stream_of("flow", order), NULL, e));
    TRY(load_stream(l, stream_of("stop", order), NULL, e));
    TRY(load_stream(l, stream_of("identity", order), NULL, e));
    TRY(load_deviations(l, ++state->nconcerned, e));
    other->at = &other->flow.tasks[other->flow.ntasks - 1];
    other->read = seen->value;
    other->unit = seen->unit;
    return OK;
}

static enum outcome load_others(struct load *l, struct identity_check_state *state, struct err *e)
{
    for (size_t i = 0; i < state->nseen; i++) {
        const struct identity_seen *seen = &state->seen[i];
        struct order_by_coi_in in = { seen->value };
        struct order_by_coi_out of = { .order_id = seen->ended ? (struct str){ 0 } : seen->order };
        bool found;
        if (seen->kind == SYMBOL_COI)
            TRY(db_get(l->db, &sql_order_by_coi, &in, &of, l->arena, &found, e));
        TRY(load_other(l, of.order_id, seen, state, e));
    }
    return OK;
}

/* Who else passed with this set, and who else took part. */
static enum outcome load_people(struct load *l, const struct identity_check *body,
                                struct identity_check_state *state, struct err *e)
{
    const struct str *expected;
    size_t n = identity_expected(&expected, body->point, state, l->arena);
    char hex[HASH_HEX + 1];
    identity_set_hash(hex, expected, n);
    struct str account = l->command->actor->account;
    struct identity_others_in in = { body->order, body->task, body->point, str_z(hex), account };
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_others, &in, &rows, 8, l->arena, e));
    const struct identity_others_out *other = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        if (other[i].recorded < l->now_us - identity_pass_age(body->point))
            state->aged = true;
        else
            state->others[state->nothers++] = other[i];
    struct identity_checkers_in at = { body->order, body->task, account };
    TRY(db_list(l->db, &sql_identity_checkers, &at, &rows, 9, l->arena, e));
    const struct identity_checkers_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        state->checkers[i] = row[i].account;
    state->ncheckers = rows.n;
    return OK;
}

enum outcome identity_check_load(struct load *l, const struct identity_check *body,
                                 struct identity_check_state *state, struct err *e)
{
    TRY(load_flow(l, body->order, body->task, &state->flow, e));
    struct order_order_in in = { body->order };
    bool found;
    TRY(db_get(l->db, &sql_order_order, &in, &state->order, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    TRY(load_stream(l, stream_of("identity", body->order), NULL, e));
    TRY(load_deviation(l, e));
    struct stop_state stop;
    TRY(stop_find(l->db, body->order, &stop, l->arena, e));
    state->stopped = stop.standing;
    state->safe_state = stop.safe_state;
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    const struct identity_rule *rule = identity_rule_find(body->point);
    if (rule && rule->patient)
        TRY(load_stream(l, stream_of("patient", state->order.patient), NULL, e));
    if (task && rule)
        TRY(load_expected(l, task, rule, state, e));
    TRY(load_seen(l, body, state, e));
    TRY(load_others(l, state, e));
    return load_people(l, body, state, e);
}
