/* Review of corrections, and signatures' places. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"
#include "kernel/sign_act.h"

/* --- review --- */

enum outcome flow_review_correction_load(struct load *l, const struct flow_review_correction *body,
                                         struct flow_review *state, struct err *e)
{
    const struct flow_record_correction_in in = { body->order, body->task, body->record };
    struct flow_record_correction_out row;
    TRY(load_flow(l, body->order, body->task, &state->flow, e));
    TRY(db_get(l->db, &sql_flow_record_correction, &in, &row, l->arena, &state->found, e));
    if (!state->found)
        return OK;
    state->corrected_by = row.corrected_by;
    state->verdict = row.verdict;
    return OK;
}

enum outcome flow_review_correction_decide(struct decision *d,
                                           const struct flow_review_correction *body,
                                           const struct flow_review *state, struct err *e)
{
    const bool questions = str_is(body->verdict, "questioned");
    if (!state->found)
        return REFUSE(e, "flow.no_correction", { "task", body->task });
    if (!questions && !str_is(body->verdict, "accepted"))
        return REFUSE(e, "flow.unknown_verdict", { "verdict", body->verdict });
    if (str_eq(state->corrected_by, d->command->actor->name))
        return REFUSE(e, "flow.own_correction");
    if (str_is(state->verdict, "accepted"))
        return REFUSE(e, "flow.reviewed_before");
    if (questions && str_trim(body->comment).n == 0)
        return REFUSE(e, "flow.comment_needed");
    const struct flow_correction_reviewed payload = {
        .order = body->order,
        .task = body->task,
        .record = body->record,
        .verdict = body->verdict,
        .comment = body->comment,
    };
    flow_happened(d, body->order, &flow_correction_reviewed_event, &payload);
    return OK;
}

/* --- signatures --- */

/* The places of the form that the task opened with; versions of a form never change. */
enum outcome flow_sign_prepare(struct prepare *p, const struct flow_sign *body, struct err *e)
{
    const struct flow_record_task_in in = { body->order, body->task };
    struct flow_record_task_out task;
    struct definition form;
    bool found;
    TRY(db_get(p->db, &sql_flow_record_task, &in, &task, p->arena, &found, e));
    if (!found || !task.form.p)
        return OK;
    TRY(define_find(&form, p->db, S("form"), task.form, task.form_version, p->now_us, p->arena,
                    &found, e));
    if (found)
        p->prepared = form.body;
    return OK;
}

enum outcome flow_sign_load(struct load *l, const struct flow_sign *body,
                            struct flow_signing *state, struct err *e)
{
    const struct flow_record_task_in key = { body->order, body->task };
    const struct flow_record_signatures_in in = { body->order, body->task };
    struct flow_record_task_out task;
    struct record_list list;
    bool found;
    state->record = INT_NONE;
    TRY(load_flow(l, body->order, body->task, &state->flow, e));
    TRY(db_get(l->db, &sql_flow_record_task, &key, &task, l->arena, &found, e));
    if (found)
        state->record = task.version;
    TRY(db_list(l->db, &sql_flow_record_signatures, &in, &list, FLOW_VERSIONS_MAX * FORM_PLACES_MAX,
                l->arena, e));
    state->signatures = list.p;
    state->n = list.n;
    return OK;
}

/* Who signed this place on the record that stands; NULL: nobody. */
static const struct flow_record_signatures_out *signed_at(const struct flow_signing *s,
                                                          struct str place)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->signatures[i].version == s->record && str_eq(s->signatures[i].place, place))
            return &s->signatures[i];
    return NULL;
}

/* All places before it are signed, by others than this person, and it is not. */
static enum outcome sign_turn(const struct flow_signing *s, const struct form_place *places,
                              size_t which, const struct actor *actor, struct err *e)
{
    if (signed_at(s, places[which].name))
        return REFUSE(e, "flow.signed_before", { "place", places[which].label });
    for (size_t i = 0; i < which; i++) {
        const struct flow_record_signatures_out *before = signed_at(s, places[i].name);
        if (!before)
            return REFUSE(e, "flow.place_before", { "place", places[i].label });
        if (str_eq(before->signed_by, actor->name))
            return REFUSE(e, "flow.signed_by_you", { "place", places[i].label });
    }
    return OK;
}

static enum outcome sign_role(const struct flow_open_task *task, const struct form_place *place,
                              const struct actor *actor, struct err *e)
{
    char storage[80];
    struct buf role = buf_over(storage, sizeof storage);
    buf_z(&role, "role.");
    buf_str(&role, place->role);
    if (!actor_may(actor, buf_get(&role), task->organisation, task->site))
        return REFUSE(e, "flow.wrong_role", { "role", place->role });
    return OK;
}

/* The place that is meant, in a record that is there. */
static enum outcome sign_place(const struct flow_sign *body, const struct flow_signing *state,
                               const struct form *form, struct form_place places[FORM_PLACES_MAX],
                               size_t *which, struct err *e)
{
    const struct flow_open_task *task = flow_opened(&state->flow, body->task);
    const size_t n = form ? form_places(places, form) : 0;
    *which = 0;
    while (*which < n && !str_eq(places[*which].name, body->place))
        ++*which;
    if (!task || !task->done || state->record == INT_NONE)
        return REFUSE(e, "flow.not_done", { "task", body->task });
    if (*which == n)
        return REFUSE(e, "flow.unknown_place", { "place", body->place });
    if (body->record != INT_NONE && body->record != state->record)
        return REFUSE(e, "flow.record_changed", { "task", body->task });
    return OK;
}

enum outcome flow_sign_shown(struct load *l, const struct flow_sign *body,
                             const struct flow_signing *state, struct sign_what *out, struct err *e)
{
    struct form_place places[FORM_PLACES_MAX];
    size_t which;
    TRY(sign_place(body, state, l->prepared, places, &which, e));
    const struct stream stream = stream_of("flow", body->order);
    TRY(sign_what_event(out, l->db, stream_str(&stream), state->record, l->arena, e));
    out->kind = S("task");
    out->id = arena_printf(l->arena, "%.*s/%.*s", STR(body->order), STR(body->task));
    out->place = body->place;
    out->meaning = S("stated");
    out->words = places[which].meaning;
    out->role = places[which].role;
    out->criticality = places[which].criticality;
    return OK;
}

enum outcome flow_sign_decide(struct decision *d, const struct flow_sign *body,
                              const struct flow_signing *state, struct err *e)
{
    struct form_place places[FORM_PLACES_MAX];
    const struct flow_open_task *task = flow_opened(&state->flow, body->task);
    size_t which;
    TRY(sign_place(body, state, d->prepared, places, &which, e));
    TRY(sign_turn(state, places, which, d->command->actor, e));
    TRY(sign_role(task, &places[which], d->command->actor, e));
    const struct flow_signed payload = {
        .order = body->order,
        .task = body->task,
        .record = state->record,
        .place = body->place,
        .meaning = places[which].meaning,
        .role = places[which].role,
    };
    flow_happened(d, body->order, &flow_signed_event, &payload);
    flow_note(d, &state->flow, body->task, arena_printf(d->arena, "signed:%.*s", STR(body->place)));
    return OK;
}

/* --- and when a signature is void --- */

enum outcome flow_unsign_load(struct load *l, const struct flow_unsign *body,
                              struct flow_signing *state, struct err *e)
{
    const struct flow_sign of = { .order = body->order, .task = body->task };
    load_kind(l, "order");
    if (!l->command->actor->system) /* whatever a role says */
        return load_unknown(l, e);
    return flow_sign_load(l, &of, state, e);
}

enum outcome flow_unsign_decide(struct decision *d, const struct flow_unsign *body,
                                const struct flow_signing *state, struct err *e)
{
    const struct flow_view *v = &state->flow;
    const struct flow_unsigned payload = {
        .order = body->order,
        .task = body->task,
        .record = body->record,
        .place = body->place,
        .signature = body->signature,
    };
    const struct str fact = arena_printf(d->arena, "signed:%.*s", STR(body->place));
    (void)e;
    flow_happened(d, body->order, &flow_unsigned_event, &payload);
    for (size_t i = 0; body->record == state->record && i < v->nfacts; i++) {
        if (!str_eq(v->facts[i].task, body->task) || !str_eq(v->facts[i].fact, fact))
            continue;
        const struct flow_fact_withdrawn withdrawn = { v->order, body->task, fact };
        flow_happened(d, v->order, &flow_fact_withdrawn_event, &withdrawn);
    }
    return OK;
}

/* The place that a void signature held is free again. */
enum outcome flow_unsign_after(struct db *db, const struct event *event, const void *payload,
                               struct policy_send *out, bool *send, struct arena *arena,
                               struct err *e)
{
    /* sign.withdrawn and sign.rejected have the same field */
    const struct sign_withdrawn *ended = payload;
    const struct sign_signature_in in = { ended->signature };
    struct sign_signature_out row;
    (void)event;
    TRY(db_get(db, &sql_sign_signature, &in, &row, arena, send, e));
    *send = *send && str_is(row.command, "flow.sign");
    if (!*send)
        return OK;
    struct flow_unsign *body = ARENA_NEW(arena, struct flow_unsign);
    if (!body)
        return err_no_memory(e);
    body->task = row.id;
    body->order = str_cut(&body->task, '/');
    body->record = row.version;
    body->place = row.place;
    body->signature = row.event;
    *out = (struct policy_send){ S("flow.unsign"), &flow_unsign_record, body };
    return OK;
}

void flow_signatures_withdraw(struct decision *d, const struct flow_view *v, struct str task)
{
    for (size_t i = 0; i < v->nfacts; i++) {
        const struct flow_fact *fact = &v->facts[i];
        if (!str_eq(fact->task, task) || !str_starts(fact->fact, S("signed:")))
            continue;
        const struct flow_fact_withdrawn payload = { v->order, fact->task, fact->fact };
        flow_happened(d, v->order, &flow_fact_withdrawn_event, &payload);
    }
}
