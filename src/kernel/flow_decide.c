/* What an order's commands rest upon, and what they make happen. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

/* --- complete --- */

enum outcome flow_complete_load(struct load *l, const struct flow_complete *body,
                                struct flow_view *state, struct err *e)
{
    TRY(load_flow(l, body->order, body->task, state, e));
    TRY(flow_rules_load(l, body->task, state, e));
    return flow_entries_load(l, body, state, e);
}

/* When it took place as stated, but not in the future nor before the task was open: a guard, of
 * this task or a later one, cannot be met by stating another time. */
static enum outcome time_of_work(int64_t *at, const struct decision *d,
                                 const struct flow_task *task, const struct flow_open_task *opened,
                                 struct err *e)
{
    *at = d->happened_us < d->now_us ? d->happened_us : d->now_us;
    if (*at >= opened->opened)
        return OK;
    *at = opened->opened;
    if (d->command->happened == TIME_NONE)
        return OK; /* the clock was set back */
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, opened->opened);
    return REFUSE(e, "flow.before_open", { "task", task->title }, { "opened", buf_get(&b) });
}

/* The fact "<what>:<name>" of the task; NULL when nobody noted it. */
static const struct flow_fact *fact_of(const struct flow_view *v, struct str task, const char *what,
                                       struct str name)
{
    char storage[160];
    struct buf fact = buf_over(storage, sizeof storage);
    buf_z(&fact, what);
    buf_str(&fact, name);
    return flow_fact_find(v, task, buf_get(&fact));
}

enum outcome flow_task_facts(const struct flow_view *v, const struct flow_task *task,
                             const struct actor *actor, struct err *e)
{
    for (size_t i = 0; i < task->checks.n; i++)
        if (!fact_of(v, task->name, "check:", task->checks.p[i]))
            return REFUSE(e, "flow.check_missing", { "point", task->checks.p[i] });
    for (size_t i = 0; i < task->makes.n; i++)
        if (!fact_of(v, task->name, "made:", task->makes.p[i]))
            return REFUSE(e, "flow.made_missing", { "unit", task->makes.p[i] });
    for (size_t i = 0; i < task->needs.n; i++)
        if (!flow_has_fact(v, task->name, task->needs.p[i]))
            return REFUSE(e, "flow.fact_missing", { "fact", task->needs.p[i] });
    if (task->second_person)
        TRY(actor_person(actor, e));
    for (size_t i = 0; task->second_person && i < task->checks.n; i++)
        if (str_eq(fact_of(v, task->name, "check:", task->checks.p[i])->by, actor->name))
            return REFUSE(e, "flow.second_person", { "point", task->checks.p[i] });
    return OK;
}

/* What prepare filled is for the form that the task has now. */
static enum outcome complete_filled(const struct decision *d, const struct flow_complete *body,
                                    const struct flow_open_task *opened, struct err *e)
{
    const struct flow_filled *filled = d->prepared;
    if (!opened->form.p)
        return body->inputs.n > 0 ? REFUSE(e, "flow.no_form", { "task", body->task }) : OK;
    if (!filled) { /* the task opened between prepare and now */
        struct stream s = flow_stream(body->order);
        return REFUSE(e, "ledger.changed", { "stream", stream_str(&s) });
    }
    if (filled->outcome != OK)
        *e = filled->error;
    return filled->outcome;
}

enum outcome flow_complete_decide(struct decision *d, const struct flow_complete *body,
                                  const struct flow_view *state, struct err *e)
{
    const struct actor *actor = d->command->actor;
    TRY(flow_task_ready(state, body->task, actor, e));
    const struct flow_task *task = flow_task_find(state, body->task);
    const struct flow_open_task *opened = flow_opened(state, body->task);
    int64_t at;
    if (body->keep > 0)
        return flow_keep_decide(d, body, opened, e);
    TRY(time_of_work(&at, d, task, opened, e));
    TRY(flow_task_guards(state, body->task, at, e));
    TRY(flow_task_facts(state, task, actor, e));
    TRY(complete_filled(d, body, opened, e));
    const struct form_record *record = NULL;
    if (opened->form.p)
        record = &((const struct flow_filled *)d->prepared)->record;
    TRY(flow_rules_hold(d, state, task, record, e));
    bool agreed;
    TRY(flow_entry_decide(d, body, state, &agreed, e));
    if (!agreed)
        return OK;
    struct flow_task_done payload = {
        .order = body->order,
        .task = body->task,
        .form = opened->form,
        .form_version = opened->form_version,
    };
    if (record) {
        payload.values.p = record->values.p;
        payload.values.n = record->values.n;
        payload.secrets.p = record->secrets.p;
        payload.secrets.n = record->secrets.n;
    }
    struct flow_view now;
    flow_happened(d, body->order, &flow_task_done_event, &payload);
    TRY(flow_with_done(&now, state, body->task, at, record, d->arena, e));
    flow_follow(d, &now, at);
    return OK;
}

/* --- correct --- */

enum outcome flow_correct_load(struct load *l, const struct flow_correct *body,
                               struct flow_view *state, struct err *e)
{
    TRY(load_flow(l, body->order, body->task, state, e));
    return flow_rules_load(l, body->task, state, e);
}

/* The corrected record as it will stand says nothing else than the one before. */
static bool nothing_corrected(const struct decision *d, const struct flow_filled *filled)
{
    if (filled->record.secrets.n > 0)
        return false;
    struct buf b = buf_in(d->arena, EVENT_LEAF_MAX);
    struct json_out out = json_out(&b);
    struct err ignored = { 0 };
    return record_to_json(&form_record_record, &filled->record, &out, NULL, &ignored) == OK &&
           buf_ok(&b) && str_eq(buf_get(&b), filled->before);
}

enum outcome flow_correct_decide(struct decision *d, const struct flow_correct *body,
                                 const struct flow_view *state, struct err *e)
{
    const struct flow_filled *filled = d->prepared;
    const struct flow_open_task *opened = flow_opened(state, body->task);
    const struct flow_task *task = flow_task_find(state, body->task);
    if (!task)
        return REFUSE(e, "flow.unknown_task", { "task", body->task });
    if (!opened || !opened->done)
        return REFUSE(e, "flow.not_done", { "task", body->task });
    /* What a reviewer or a Qualified Person decided is not rewritten by who may correct elsewhere.
     */
    TRY(flow_has_role(d->command->actor, task->role, opened->organisation, opened->site, e));
    if (!opened->form.p)
        return REFUSE(e, "flow.no_form", { "task", body->task });
    if (!filled || !str_eq(filled->before, opened->json)) {
        struct stream s = flow_stream(body->order);
        return REFUSE(e, "ledger.changed", { "stream", stream_str(&s) });
    }
    if (filled->outcome != OK) {
        *e = filled->error;
        return filled->outcome;
    }
    if (nothing_corrected(d, filled))
        return REFUSE(e, "flow.nothing_corrected", { "task", body->task });
    TRY(flow_rules_hold(d, state, task, &filled->record, e));
    struct flow_record_corrected payload = {
        .order = body->order,
        .task = body->task,
        .form = filled->record.form,
        .form_version = filled->record.form_version,
        .values = { filled->record.values.p, filled->record.values.n },
        .secrets = { filled->record.secrets.p, filled->record.secrets.n },
    };
    flow_happened(d, body->order, &flow_record_corrected_event, &payload);
    flow_signatures_withdraw(d, state, body->task);
    return flow_reconsider(d, state, body->task, &filled->record, e);
}

/* --- hold, resume, end --- */

enum outcome flow_hold_load(struct load *l, const struct flow_hold *body, struct flow_view *state,
                            struct err *e)
{
    return load_flow(l, body->order, (struct str){ 0 }, state, e);
}

enum outcome flow_hold_decide(struct decision *d, const struct flow_hold *body,
                              const struct flow_view *state, struct err *e)
{
    TRY(flow_runs(state, e));
    struct flow_held payload = { body->order };
    flow_happened(d, body->order, &flow_held_event, &payload);
    return OK;
}

enum outcome flow_resume_load(struct load *l, const struct flow_resume *body,
                              struct flow_view *state, struct err *e)
{
    return load_flow(l, body->order, (struct str){ 0 }, state, e);
}

enum outcome flow_resume_decide(struct decision *d, const struct flow_resume *body,
                                const struct flow_view *state, struct err *e)
{
    if (state->state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", state->how });
    if (state->state != FLOW_HELD)
        return REFUSE(e, "flow.not_held");
    struct flow_resumed payload = { body->order };
    flow_happened(d, body->order, &flow_resumed_event, &payload);
    return OK;
}

enum outcome flow_end_load(struct load *l, const struct flow_end *body, struct flow_view *state,
                           struct err *e)
{
    return load_flow(l, body->order, (struct str){ 0 }, state, e);
}

static bool one_of(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

/* Something was collected or made for the order, in this pass or an earlier one. */
static bool has_material(const struct flow_view *v)
{
    for (size_t i = 0; i < v->nfacts; i++)
        if (str_starts(v->facts[i].fact, S("made:")))
            return true;
    return v->npast > 0;
}

enum outcome flow_end_decide(struct decision *d, const struct flow_end *body,
                             const struct flow_view *state, struct err *e)
{
    static const char *const ways[] = { "cancelled", "withdrawn", "died", "rejected" };
    static const char *const fates[] = { "discard", "retain", "none" };
    static const char *const wishes[] = { "discard", "retain", "unknown" };
    if (!one_of(body->how, ways, 4))
        return REFUSE(e, "flow.unknown_end", { "how", body->how });
    if (state->state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", state->how });
    bool material = has_material(state);
    if (material ? !one_of(body->material, fates, 2)
                 : body->material.p && !one_of(body->material, fates + 2, 1))
        return REFUSE(e, material ? "flow.material_unstated" : "flow.no_material");
    if (body->wish.p && !one_of(body->wish, wishes, 3))
        return REFUSE(e, "flow.unknown_wish", { "wish", body->wish });
    struct flow_ended payload = { body->order, body->how, body->material, body->wish };
    flow_happened(d, body->order, &flow_ended_event, &payload);
    return OK;
}

/* --- note overdue: what a task's timer sends --- */

enum outcome flow_note_overdue_load(struct load *l, const struct flow_note_overdue *body,
                                    struct flow_view *state, struct err *e)
{
    return load_flow(l, body->order, body->task, state, e);
}

enum outcome flow_note_overdue_decide(struct decision *d, const struct flow_note_overdue *body,
                                      const struct flow_view *state, struct err *e)
{
    const struct flow_open_task *opened = flow_opened(state, body->task);
    if (!opened || opened->done || opened->overdue || opened->due != body->due ||
        state->state == FLOW_ENDED)
        return OK; /* done meanwhile: nothing to tell */
    if (d->now_us < body->due)
        return REFUSE(e, "flow.not_due", { "task", body->task });
    struct flow_task_overdue payload = { body->order, body->task, body->due };
    flow_happened(d, body->order, &flow_task_overdue_event, &payload);
    return OK;
}

/* --- escalate: what a rung of a task's ladder sends --- */

enum outcome flow_escalate_load(struct load *l, const struct flow_escalate *body,
                                struct flow_view *state, struct err *e)
{
    return load_flow(l, body->order, body->task, state, e);
}

enum outcome flow_escalate_decide(struct decision *d, const struct flow_escalate *body,
                                  const struct flow_view *state, struct err *e)
{
    const struct flow_task *task = flow_task_find(state, body->task);
    const struct flow_open_task *opened = flow_opened(state, body->task);
    if (!task || !opened || opened->done || state->state == FLOW_ENDED || body->step < 1 ||
        (size_t)body->step > task->escalate.n)
        return OK; /* done meanwhile: nobody to tell */
    const struct flow_step *step = &task->escalate.p[body->step - 1];
    if (body->at != opened->opened + flow_duration(step->after))
        return OK; /* of an earlier pass */
    if (d->now_us < body->at)
        return REFUSE(e, "flow.not_due", { "task", body->task });
    const struct flow_party *party = flow_party_of(state, step->part);
    struct flow_escalated payload = { body->order, body->task,          body->step,
                                      step->role,  party->organisation, party->site };
    flow_happened(d, body->order, &flow_escalated_event, &payload);
    return OK;
}
