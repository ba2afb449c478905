/* Loops: an order goes back to an earlier task. What stood there and behind it is undone by one
 * event, and its next pass begins with the same command: at no moment does a fact of the earlier
 * pass, or a unit made in it, count for a later one. */
#include "kernel/flow_impl.h"

enum outcome flow_repeat_load(struct load *l, const struct flow_repeat *body,
                              struct flow_view *state, struct err *e)
{
    return load_flow(l, body->order, (struct str){ 0 }, state, e);
}

/* One of the tasks from which the loop may be taken is open. */
static enum outcome loop_is_here(const struct flow_view *v, const struct flow_loop *loop,
                                 struct err *e)
{
    for (size_t i = 0; i < loop->from.n; i++) {
        const struct flow_open_task *opened = flow_opened(v, loop->from.p[i]);
        if (opened && !opened->done)
            return OK;
    }
    const struct flow_task *first = flow_task_find(v, loop->from.p[0]);
    return REFUSE(e, "flow.loop_not_here", { "loop", loop->title }, { "from", first->title });
}

enum outcome flow_loop_may(const struct flow_view *v, const struct flow_loop *loop,
                           const struct actor *actor, struct err *e)
{
    const struct flow_party *party = flow_party_of(v, loop->part);
    TRY(flow_runs(v, e));
    TRY(loop_is_here(v, loop, e));
    TRY(flow_has_role(actor, loop->role, party->organisation, party->site, e));
    if (flow_loop_taken(v, loop) < loop->times)
        return OK;
    char times[2] = { (char)('0' + loop->times), '\0' };
    return REFUSE(e, "flow.loop_spent", { "loop", loop->title }, { "times", str_z(times) });
}

/* The state with these tasks undone. */
static enum outcome undone(struct flow_view *out, const struct flow_view *v, const bool *resting,
                           const struct flow_loop *loop, struct arena *arena, struct err *e)
{
    struct flow_open_task *tasks = ARENA_ARRAY(arena, v->ntasks + 1, struct flow_open_task);
    struct flow_skip *skipped = ARENA_ARRAY(arena, v->nskipped + 1, struct flow_skip);
    struct flow_past *past = ARENA_ARRAY(arena, v->npast + v->ntasks + 1, struct flow_past);
    struct flow_fact *facts = ARENA_ARRAY(arena, v->nfacts + 1, struct flow_fact);
    if (!tasks || !skipped || !past || !facts)
        return err_no_memory(e);
    *out = *v;
    out->ntasks = out->nskipped = out->nfacts = 0;
    for (size_t i = 0; i < v->npast; i++)
        past[i] = v->past[i];
    for (size_t i = 0; i < v->ntasks; i++)
        if (resting[v->tasks[i].number])
            past[out->npast++] =
                (struct flow_past){ v->tasks[i].task, v->tasks[i].pass, loop->name, loop->units };
        else
            tasks[out->ntasks++] = v->tasks[i];
    for (size_t i = 0; i < v->nskipped; i++)
        if (!resting[v->skipped[i].number])
            skipped[out->nskipped++] = v->skipped[i];
    for (size_t i = 0; i < v->nfacts; i++) {
        int64_t number;
        if (flow_task_named(v->workflow, v->facts[i].task, &number) && !resting[number])
            facts[out->nfacts++] = v->facts[i];
    }
    out->tasks = tasks;
    out->skipped = skipped;
    out->past = past;
    out->facts = facts;
    return OK;
}

enum outcome flow_repeat_decide(struct decision *d, const struct flow_repeat *body,
                                const struct flow_view *state, struct err *e)
{
    const struct flow_loop *loop = flow_loop_named(state->workflow, body->loop);
    bool resting[FLOW_TASKS_MAX + 1];
    struct str tasks[FLOW_TASKS_MAX];
    struct flow_view now;
    size_t n = 0;
    int64_t to;
    if (!loop)
        return REFUSE(e, "flow.unknown_loop", { "loop", body->loop });
    TRY(flow_loop_may(state, loop, d->command->actor, e));
    BUG_ON(!flow_task_named(state->workflow, loop->to, &to)); /* checked when it was loaded */
    flow_resting(resting, state->workflow, to);
    for (size_t i = 0; i < state->ntasks; i++)
        if (resting[state->tasks[i].number])
            tasks[n++] = state->tasks[i].task;
    for (size_t i = 0; i < state->nskipped; i++)
        if (resting[state->skipped[i].number])
            tasks[n++] = state->skipped[i].task;
    struct flow_repeated payload = {
        .order = body->order,
        .loop = loop->name,
        .title = loop->title,
        .to = loop->to,
        .time = flow_loop_taken(state, loop) + 1,
        .units = loop->units,
        .tasks = { tasks, n },
    };
    flow_happened(d, body->order, &flow_repeated_event, &payload);
    TRY(undone(&now, state, resting, loop, d->arena, e));
    flow_follow(d, &now, d->happened_us);
    return OK;
}
