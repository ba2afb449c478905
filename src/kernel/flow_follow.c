/* What follows from an order's state. One pass through the workflow, in the order of its numbers,
 * says it all, for a task waits for earlier ones alone. */
#include "kernel/flow_impl.h"

const struct flow_party *flow_party_of(const struct flow_view *v, struct str part)
{
    for (size_t i = 0; i < v->nparties; i++)
        if (str_eq(v->parties[i].part, part))
            return &v->parties[i];
    return NULL;
}

/* The version of the task's form that this order is pinned to. */
static int64_t form_version(const struct flow_view *v, const struct flow_task *task)
{
    if (!task->form.p || task->form_version != INT_NONE)
        return task->form_version;
    for (size_t i = 0; i < v->npins; i++)
        if (str_eq(v->pins[i].form, task->form))
            return v->pins[i].version;
    bug(__FILE__, __LINE__, "a form of the workflow was not pinned when the order started");
}

/* --- a task opens, or is skipped --- */

/* The steps of a ladder that counts from this time. */
static size_t rungs(struct ladder_rung *out, const struct flow_view *v,
                    const struct flow_step *steps, size_t n, int64_t from)
{
    for (size_t i = 0; i < n; i++) {
        const struct flow_party *party = flow_party_of(v, steps[i].part);
        BUG_ON(!party); /* flow_start refused an order without one */
        out[i] = (struct ladder_rung){
            .at = from + flow_duration(steps[i].after),
            .role = steps[i].role,
            .organisation = party->organisation,
            .site = party->site,
        };
    }
    return n;
}

size_t flow_stop_ladder(struct ladder_rung *out, const struct flow_view *v, int64_t raised)
{
    return rungs(out, v, v->workflow->escalate.p, v->workflow->escalate.n, raised);
}

/* Those who are to know that the task is open. */
static void tell(struct decision *d, const struct flow_view *v, const struct flow_task *task)
{
    struct flow_told told[10];
    if (task->tell.n == 0)
        return;
    for (size_t i = 0; i < task->tell.n; i++) {
        const struct flow_party *party = flow_party_of(v, task->tell.p[i].part);
        told[i] = (struct flow_told){ task->tell.p[i].role, party->organisation, party->site };
    }
    struct flow_alerted payload = { v->order, task->name, task->title, { told, task->tell.n } };
    flow_happened(d, v->order, &flow_alerted_event, &payload);
}

void flow_open(struct decision *d, const struct flow_view *v, int64_t number, int64_t since)
{
    const struct flow_stage *stage;
    const struct flow_task *task = flow_task_at(v->workflow, number, &stage);
    const struct flow_party *party = flow_party_of(v, task->part);
    struct ladder_rung ladder[LADDER_RUNGS_MAX];
    int64_t from = since == TIME_NONE ? d->happened_us : since;
    int64_t pass = flow_pass(v, task->name);
    struct flow_task_opened payload = {
        .order = v->order,
        .number = number,
        .task = task->name,
        .title = task->title,
        .stage = stage->name,
        .role = task->role,
        .part = task->part,
        .organisation = party->organisation,
        .site = party->site,
        .form = task->form,
        .form_version = form_version(v, task),
        .late = task->late,
        .due = task->limit.p ? from + flow_duration(task->limit) : TIME_NONE,
        .pass = pass > 1 ? pass : INT_NONE,
        .since = since,
    };
    payload.escalate.n = rungs(ladder, v, task->escalate.p, task->escalate.n, from);
    payload.escalate.p = payload.escalate.n > 0 ? ladder : NULL; /* an empty list is not said */
    flow_happened(d, v->order, &flow_task_opened_event, &payload);
    if (since == TIME_NONE)
        tell(d, v, task);
}

static void skip(struct decision *d, const struct flow_view *v, int64_t number,
                 const struct flow_guard *failed)
{
    const struct flow_stage *stage;
    const struct flow_task *task = flow_task_at(v->workflow, number, &stage);
    const struct flow_party *party = flow_party_of(v, task->part);
    struct flow_task_skipped payload = {
        .order = v->order,
        .number = number,
        .task = task->name,
        .title = task->title,
        .stage = stage->name,
        .role = task->role,
        .part = task->part,
        .organisation = party->organisation,
        .site = party->site,
        .guard = failed->name,
        .text = failed->text,
    };
    flow_happened(d, v->order, &flow_task_skipped_event, &payload);
}

/* --- whose turn it is --- */

enum turn { TURN_NOT_YET, TURN_OPEN, TURN_SETTLED };

void flow_follow(struct decision *d, const struct flow_view *v, int64_t at)
{
    enum turn turn[FLOW_TASKS_MAX + 1] = { TURN_NOT_YET };
    const struct flow_task *task;
    bool all = true;
    for (size_t i = 0; i < v->ntasks; i++)
        turn[v->tasks[i].number] = v->tasks[i].done ? TURN_SETTLED : TURN_OPEN;
    for (size_t i = 0; i < v->nskipped; i++)
        turn[v->skipped[i].number] = TURN_SETTLED;
    for (int64_t n = 1; (task = flow_task_at(v->workflow, n, NULL)); n++) {
        int64_t waits[FLOW_AFTER_MAX];
        size_t nwaits = flow_waits_for(waits, v->workflow, n);
        bool come = turn[n] == TURN_NOT_YET;
        for (size_t i = 0; i < nwaits; i++)
            come &= turn[waits[i]] == TURN_SETTLED;
        const struct flow_guard *failed = come ? flow_when_fails(v, task, at) : NULL;
        if (failed) {
            skip(d, v, n, failed);
            turn[n] = TURN_SETTLED;
        } else if (come) {
            flow_open(d, v, n, TIME_NONE);
            turn[n] = TURN_OPEN;
        }
        all &= turn[n] == TURN_SETTLED;
    }
    if (all) {
        struct flow_ended payload = { .order = v->order, .how = S("finished") };
        flow_happened(d, v->order, &flow_ended_event, &payload);
    }
}

/* --- the state after a record was made or corrected --- */

enum outcome flow_record_json(struct str *out, const struct form_record *record,
                              struct arena *arena, struct err *e)
{
    struct form_record values = *record;
    struct buf b = buf_in(arena, EVENT_LEAF_MAX);
    struct json_out json = json_out(&b);
    values.secrets.n = 0;
    TRY(record_to_json(&form_record_record, &values, &json, NULL, e));
    TRY(buf_check(&b, e));
    *out = buf_get(&b);
    return OK;
}

static bool conditional(const struct workflow *w)
{
    const struct flow_task *task;
    for (int64_t n = 1; (task = flow_task_at(w, n, NULL)); n++)
        if (task->when.n > 0)
            return true;
    return false;
}

enum outcome flow_with_done(struct flow_view *out, const struct flow_view *v, struct str task,
                            int64_t at, const struct form_record *record, struct arena *arena,
                            struct err *e)
{
    struct flow_open_task *tasks = ARENA_ARRAY(arena, v->ntasks + 1, struct flow_open_task);
    if (!tasks)
        return err_no_memory(e);
    *out = *v;
    out->tasks = tasks;
    for (size_t i = 0; i < v->ntasks; i++) {
        tasks[i] = v->tasks[i];
        if (!str_eq(tasks[i].task, task))
            continue;
        tasks[i].done_at = tasks[i].done ? tasks[i].done_at : at;
        tasks[i].done = true;
        if (record && conditional(v->workflow))
            TRY(flow_record_json(&tasks[i].json, record, arena, e));
    }
    return OK;
}

enum outcome flow_reconsider(struct decision *d, const struct flow_view *v, struct str task,
                             const struct form_record *record, struct err *e)
{
    struct flow_view now;
    if (v->state == FLOW_ENDED)
        return OK;
    TRY(flow_with_done(&now, v, task, d->happened_us, record, d->arena, e));
    for (size_t i = 0; i < v->nskipped; i++) {
        const struct flow_task *skipped = flow_task_find(v, v->skipped[i].task);
        if (skipped && skipped->late && !flow_when_fails(&now, skipped, d->happened_us))
            flow_open(d, &now, v->skipped[i].number, TIME_NONE);
    }
    return OK;
}
