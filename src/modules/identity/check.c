/* A check: what was read against what the step expects, by rules alone.
 *
 *   fail     something read belongs elsewhere: another order, an ended unit, a unit that is not of
 *            this step, a label that no unit has, another patient
 *   no read  something could not be read, means nothing here, or not all that is expected was read
 *   pass     all that is expected was read, and nothing else
 *
 * A pass counts for one person; the point is complete when as many as it asks for, one of them with
 * the role of the task, have passed with the same set of things. */
#include "kernel/stop.h"
#include "modules/identity/check_impl.h"

enum { TEXTS_MAX = 40 };

/* --- what is expected --- */

static bool was_read(const struct identity_check_state *state, struct str unit)
{
    for (size_t i = 0; i < state->nseen; i++)
        if (str_eq(state->seen[i].unit, unit))
            return true;
    return false;
}

static bool none_read(const struct identity_check_state *state)
{
    for (size_t i = 0; i < state->nexpected; i++)
        if (was_read(state, state->expected[i].unit))
            return false;
    return true;
}

size_t identity_expected(const struct str **out, struct str point,
                         const struct identity_check_state *state, struct arena *arena)
{
    const struct identity_rule *rule = identity_rule_find(point);
    struct str *texts = ARENA_ARRAY(arena, IDENTITY_EXPECTED_MAX + 2, struct str);
    size_t n = 0;
    *out = texts;
    if (!rule || !texts)
        return 0;
    if (rule->patient) {
        texts[n++] = state->order.coi;
        texts[n++] = S("patient");
    }
    bool all = !rule->each || none_read(state);
    for (size_t i = 0; rule->units && i < state->nexpected; i++)
        if (all || was_read(state, state->expected[i].unit))
            texts[n++] = state->expected[i].label;
    return n;
}

void identity_set_hash(char hex[HASH_HEX + 1], const struct str *expected, size_t n)
{
    struct bytes parts[2 * TEXTS_MAX];
    for (size_t i = 0; i < n; i++) {
        parts[2 * i] = (struct bytes){ (const uint8_t *)expected[i].p, expected[i].n };
        parts[2 * i + 1] = (struct bytes){ (const uint8_t *)"\n", 1 };
    }
    hash_hex(hex, hash_parts(parts, 2 * n));
}

/* --- comparing --- */

struct comparison {
    const struct identity_rule *rule;
    const struct identity_check_state *state;
    bool unit[IDENTITY_EXPECTED_MAX]; /* was read */
    bool coi;
    bool patient;
    bool wrong;
    bool unclear;
    size_t nread;
    struct str read[TEXTS_MAX]; /* mismatches first */
};

/* The first TEXTS_MAX different texts; a mismatch goes before the rest. */
static void note_read(struct comparison *c, struct str text, bool first)
{
    for (size_t i = 0; i < c->nread; i++)
        if (str_eq(c->read[i], text))
            return;
    if (first) {
        size_t keep = c->nread < TEXTS_MAX ? c->nread : TEXTS_MAX - 1;
        memmove(c->read + 1, c->read, keep * sizeof c->read[0]);
        c->read[0] = text;
        c->nread = keep + 1;
    } else if (c->nread < TEXTS_MAX) {
        c->read[c->nread++] = text;
    }
}

static void is_wrong(struct comparison *c, struct str text)
{
    c->wrong = true;
    note_read(c, text, true);
}

static void is_unclear(struct comparison *c)
{
    c->unclear = true;
    note_read(c, S("unreadable"), false);
}

/* A unit that is known, live and of the order: expected, or out of place at this step. */
static void compare_own_unit(struct comparison *c, const struct identity_seen *seen)
{
    for (size_t i = 0; i < c->state->nexpected; i++)
        if (str_eq(c->state->expected[i].unit, seen->unit)) {
            c->unit[i] = true;
            note_read(c, c->state->expected[i].label, false);
            return;
        }
    if (c->rule->units)
        is_wrong(c, seen->value);
    else
        note_read(c, seen->value, false);
}

static void compare_unit(struct comparison *c, const struct identity_seen *seen)
{
    if (!seen->known || seen->ended || !str_eq(seen->order, c->state->flow.order))
        is_wrong(c, seen->value);
    else
        compare_own_unit(c, seen);
}

/* A donation number identifies a unit only where no other unit has it. */
static void compare_din(struct comparison *c, const struct identity_seen *seen)
{
    if (!seen->known && !c->rule->units)
        is_unclear(c);
    else if (!seen->known || seen->ended || !str_eq(seen->order, c->state->flow.order))
        is_wrong(c, seen->value);
    else if (seen->unit.p)
        compare_own_unit(c, seen);
    else
        note_read(c, seen->value, false);
}

/* Letters and digits alike; what stands between them carries nothing. */
static bool same_coi(struct str x, struct str y)
{
    size_t i = 0;
    for (size_t k = 0; k < y.n; k++) {
        if (y.p[k] == '-')
            continue;
        while (i < x.n && x.p[i] == '-')
            i++;
        if (i == x.n || x.p[i++] != y.p[k])
            return false;
    }
    return i == x.n;
}

/* Written as the order's own identifier is: a mistyped one, for its check characters do not hold.
 */
static bool coi_like(struct str text, struct str coi)
{
    bool like = text.n == coi.n;
    for (size_t i = 0; like && i < coi.n; i++)
        like = (text.p[i] == '-') == (coi.p[i] == '-');
    return like;
}

static void compare_coi(struct comparison *c, const struct identity_seen *seen)
{
    if (!same_coi(seen->value, c->state->order.coi)) {
        is_wrong(c, seen->value);
        return;
    }
    c->coi = true;
    note_read(c, c->state->order.coi, false);
}

static void compare_symbol(struct comparison *c, const struct identity_seen *seen)
{
    if (seen->patient) {
        c->patient = true;
        note_read(c, S("patient"), false);
    } else if (seen->kind == SYMBOL_UNIT) {
        compare_unit(c, seen);
    } else if (seen->kind == SYMBOL_DIN) {
        compare_din(c, seen);
    } else if (seen->kind == SYMBOL_COI) {
        compare_coi(c, seen);
    } else if (seen->kind == SYMBOL_PATIENT && c->rule->patient && !seen->vague &&
               !coi_like(seen->value, c->state->order.coi)) {
        is_wrong(c, S("another patient's number"));
    } else if (seen->kind == SYMBOL_PATIENT || seen->kind == SYMBOL_UNKNOWN) {
        is_unclear(c);
    }
}

static const char *compare(struct comparison *c, const struct identity_check *body,
                           const struct identity_stated *stated)
{
    bool all = !body->no_read;
    for (size_t i = 0; i < c->state->nseen; i++)
        compare_symbol(c, &c->state->seen[i]);
    for (size_t i = 0; c->rule->units && i < c->state->nexpected; i++)
        all &= c->unit[i] || c->rule->each;
    if (c->rule->each)
        all &= !none_read(c->state);
    if (c->rule->patient) {
        if (body->stated_name.p && !stated->name_is)
            is_wrong(c, S("another name"));
        if (body->stated_birth_date.p && !stated->birth_is)
            is_wrong(c, S("another birth date"));
        all &= c->coi && c->patient && stated->name_is && stated->birth_is;
    }
    if (c->wrong)
        return "fail";
    return all && !c->unclear ? "pass" : "no_read";
}

/* --- who --- */

struct person {
    int asked; /* how many persons the point asks for, by this method */
    bool has_role;
};

/* By what the node can tell: what names a unit as its symbol does was scanned, the rest was not. */
static bool typed(const struct identity_check *body, const struct identity_check_state *state)
{
    bool by_hand = str_is(body->method, "manual");
    for (size_t i = 0; i < state->nseen; i++)
        by_hand |= state->seen[i].typed &&
                   (state->seen[i].kind == SYMBOL_UNIT || state->seen[i].kind == SYMBOL_DIN);
    return by_hand;
}

/* The task is open and the actor may contribute: with its role, or as one of two without. Where two
 * persons are asked for, by the point or by the task, a system is neither: who completes a task
 * with `second_person` would otherwise be the only one. */
static enum outcome person_may_check(struct person *out, struct decision *d,
                                     const struct identity_check *body,
                                     const struct identity_check_state *state, struct err *e)
{
    struct err wrong = { 0 };
    out->asked = typed(body, state) ? 2 : identity_persons(body->point);
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    if (out->asked > 1 || (task && task->second_person))
        TRY(actor_person(d->command->actor, e));
    enum outcome o = flow_task_ready(&state->flow, body->task, d->command->actor, &wrong);
    out->has_role = o == OK;
    if (o == OK || (out->asked > 1 && str_is(str_z(wrong.code), "flow.wrong_role")))
        return OK;
    *e = wrong;
    return o;
}

static bool enough(const struct person *person, const struct identity_check_state *state)
{
    /* others stand with who has the role first */
    bool role = person->has_role || (state->nothers > 0 && state->others[0].has_role);
    return role && state->nothers + 1 >= (size_t)person->asked;
}

/* --- what follows --- */

/* In a stop a pass counts only where it brings the material back to safety. */
static bool counts_now(const struct identity_check *body, const struct identity_check_state *state)
{
    return !state->stopped || (str_is(body->point, "into_storage") &&
                               (str_is(state->safe_state, "back_into_storage") ||
                                str_is(state->safe_state, "where_identified_last")));
}

static void happened(struct decision *d, const struct identity_check *body,
                     const struct identity_check_state *state, struct identity_checked *checked)
{
    struct identity_result answer = {
        .result = checked->result,
        .complete = checked->complete,
        .typed = str_is(checked->method, "manual"),
        .aged = state->aged && checked->counts && !checked->complete,
        .expected = { checked->expected.p, checked->expected.n },
        .read = { checked->read.p, checked->read.n },
    };
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = stream_of("identity", body->order),
                           .type = &identity_checked_event,
                           .payload = checked,
                       });
    if (str_is(checked->result, "fail"))
        identity_stop(d, body, state, checked, &answer);
    if (checked->complete)
        flow_note(d, &state->flow, body->task,
                  arena_printf(d->arena, "check:%.*s", STR(body->point)));
    decide_answer(d, &identity_result_record, &answer);
}

/* --- decide --- */

static bool method_known(struct str method)
{
    return str_is(method, "barcode") || str_is(method, "code_2d") || str_is(method, "rfid") ||
           str_is(method, "manual");
}

/* At any task of the order. */
static bool passed_before(const struct flow_view *v, struct str point)
{
    char storage[80];
    struct buf fact = buf_over(storage, sizeof storage);
    buf_z(&fact, "check:");
    buf_str(&fact, point);
    return flow_has_fact(v, (struct str){ 0 }, buf_get(&fact));
}

static enum outcome check_is_due(const struct identity_check *body,
                                 const struct identity_check_state *state,
                                 const struct identity_stated *stated, struct err *e)
{
    const struct flow_task *task = flow_task_find(&state->flow, body->task);
    const struct identity_rule *rule = identity_rule_find(body->point);
    bool here = rule && str_is(task->act, rule->also) && passed_before(&state->flow, body->point);
    here |= str_among(body->point, task->checks.p, task->checks.n);
    if (!here || !rule)
        return REFUSE(e, "identity.point_not_here", { "point", body->point },
                      { "task", task->title });
    if (rule->units && state->nexpected == 0)
        return REFUSE(e, "identity.nothing_expected", { "task", task->title });
    if (rule->patient && !stated->opened) { /* the order came between prepare and now */
        struct stream s = stream_of("order", body->order);
        return REFUSE(e, "ledger.changed", { "stream", stream_str(&s) });
    }
    if (rule->patient && !str_eq(stated->named, state->order.named)) { /* or the correction */
        struct stream s = stream_of("patient", state->order.patient);
        return REFUSE(e, "ledger.changed", { "stream", stream_str(&s) });
    }
    if (rule->patient && !stated->numbered)
        return REFUSE(e, "identity.no_number");
    return OK;
}

/* What is identified lies where the task is done. */
static enum outcome all_here(const struct comparison *c, const struct identity_check_state *state,
                             struct err *e)
{
    for (size_t i = 0; i < state->nexpected; i++)
        if (c->unit[i] && !state->here[i])
            return REFUSE(e, "identity.not_here", { "label", state->expected[i].label });
    return OK;
}

enum outcome identity_check_decide(struct decision *d, const struct identity_check *body,
                                   const struct identity_check_state *state, struct err *e)
{
    const struct identity_stated *stated = d->prepared;
    struct person person;
    if (!d->command->actor->account.p)
        return REFUSE(e, "identity.account_needed");
    if (!method_known(body->method))
        return REFUSE(e, "identity.unknown_method", { "method", body->method });
    TRY(person_may_check(&person, d, body, state, e));
    TRY(check_is_due(body, state, stated, e));
    struct comparison c = { .rule = identity_rule_find(body->point), .state = state };
    const char *result = compare(&c, body, stated);
    bool passed = strcmp(result, "pass") == 0;
    if (passed) { /* a mismatch stops whatever the time is, and wherever it lies */
        TRY(flow_task_guards(&state->flow, body->task, d->now_us, e));
        TRY(all_here(&c, state, e));
    }
    struct str units[IDENTITY_EXPECTED_MAX];
    size_t nunits = 0;
    for (size_t i = 0; i < state->nexpected; i++)
        if (c.unit[i])
            units[nunits++] = state->expected[i].unit;
    const struct str *expected;
    size_t nexpected = identity_expected(&expected, body->point, state, d->arena);
    bool counts = passed && counts_now(body, state);
    int64_t pass = flow_pass(&state->flow, body->task);
    struct identity_checked checked = {
        .check = decide_id(d, 0),
        .order = body->order,
        .task = body->task,
        .point = body->point,
        .result = str_z(result),
        .method = typed(body, state) ? S("manual") : body->method,
        .expected = { expected, nexpected },
        .read = { c.read, c.nread },
        .units = { units, nunits },
        .second = state->nothers > 0,
        .complete = counts && enough(&person, state),
        .counts = counts,
        .has_role = person.has_role,
        .named = c.rule->patient ? state->order.named : (struct str){ 0 },
        .pass = pass > 1 ? pass : INT_NONE,
    };
    happened(d, body, state, &checked);
    return OK;
}
