/* The workflow as a graph: its tasks by number, what each waits for and what rests upon it. A task
 * waits for and looks at earlier ones alone, so that numbers are an order in which it can be gone
 * through once, and no cycle can be written. */
#include "kernel/flow_impl.h"

const struct flow_task *flow_task_at(const struct workflow *w, int64_t number,
                                     const struct flow_stage **stage)
{
    size_t i = (size_t)(number - 1);
    for (size_t s = 0; s < w->stages.n; s++) {
        if (i < w->stages.p[s].tasks.n) {
            if (stage)
                *stage = &w->stages.p[s];
            return &w->stages.p[s].tasks.p[i];
        }
        i -= w->stages.p[s].tasks.n;
    }
    return NULL;
}

const struct flow_task *flow_task_named(const struct workflow *w, struct str name, int64_t *number)
{
    const struct flow_task *task;
    for (int64_t n = 1; (task = flow_task_at(w, n, NULL)); n++)
        if (str_eq(task->name, name)) {
            if (number)
                *number = n;
            return task;
        }
    return NULL;
}

int64_t flow_tasks_count(const struct workflow *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->stages.n; i++)
        n += w->stages.p[i].tasks.n;
    return (int64_t)n;
}

int64_t flow_duration(struct str text)
{
    int64_t us;
    BUG_ON(!clock_duration_read(&us, text));
    return us;
}

size_t flow_waits_for(int64_t out[FLOW_AFTER_MAX], const struct workflow *w, int64_t number)
{
    const struct flow_task *task = flow_task_at(w, number, NULL);
    size_t n = 0;
    for (size_t i = 0; i < task->after.n; i++)
        if (flow_task_named(w, task->after.p[i], &out[n]))
            n++;
    for (int64_t k = number - 1; task->after.n == 0 && k > 0; k--)
        if (!flow_task_at(w, k, NULL)->late) {
            out[0] = k;
            return 1;
        }
    return n;
}

size_t flow_guard_tasks(struct str out[FLOW_GUARD_TASKS_MAX], const struct flow_guard *g)
{
    size_t n = 0;
    const struct str one[] = { g->done, g->reviewed, g->task, g->of };
    for (size_t i = 0; i < 4; i++)
        if (one[i].p)
            out[n++] = one[i];
    for (size_t i = 0; i < g->any.n; i++)
        out[n++] = g->any.p[i];
    return n;
}

static bool looks_at(const struct workflow *w, const struct flow_guard *guards, size_t n,
                     const bool *set)
{
    struct str names[FLOW_GUARD_TASKS_MAX];
    for (size_t i = 0; i < n; i++) {
        size_t nnames = flow_guard_tasks(names, &guards[i]);
        for (size_t k = 0; k < nnames; k++) {
            int64_t number;
            if (flow_task_named(w, names[k], &number) && set[number])
                return true;
        }
    }
    return false;
}

void flow_resting(bool out[FLOW_TASKS_MAX + 1], const struct workflow *w, int64_t to)
{
    const struct flow_task *task;
    memset(out, 0, (FLOW_TASKS_MAX + 1) * sizeof out[0]);
    out[to] = true;
    for (int64_t n = to + 1; (task = flow_task_at(w, n, NULL)); n++) {
        int64_t waits[FLOW_AFTER_MAX];
        size_t nwaits = flow_waits_for(waits, w, n);
        for (size_t i = 0; i < nwaits; i++)
            out[n] |= out[waits[i]];
        out[n] |= looks_at(w, task->when.p, task->when.n, out) ||
                  looks_at(w, task->guards.p, task->guards.n, out);
    }
}

const struct flow_loop *flow_loop_named(const struct workflow *w, struct str name)
{
    for (size_t i = 0; i < w->loops.n; i++)
        if (str_eq(w->loops.p[i].name, name))
            return &w->loops.p[i];
    return NULL;
}
