/* Whether a task may be worked on: the order runs, the task is open, the actor has its role, its
 * guards hold. Each refusal says what stands in the way and what would satisfy it. */
#include <stdio.h>

#include "kernel/flow_impl.h"

/* A time in a refusal, to the minute, for people. */
struct minute {
    char text[CLOCK_TEXT_LENGTH + 5];
};
static struct str minute(struct minute *m, int64_t us)
{
    char rfc[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(rfc, sizeof rfc);
    clock_write(&b, us);
    buf_char(&b, '\0');
    snprintf(m->text, sizeof m->text, "%.10s %.5s UTC", rfc, rfc + 11);
    return str_z(m->text);
}

enum outcome flow_runs(const struct flow_view *v, struct err *e)
{
    if (v->state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", v->how });
    return v->state == FLOW_HELD ? REFUSE(e, "flow.held") : OK;
}

/* Why the task is not open: its condition failed, or an open task that it rests upon. */
static enum outcome not_open(const struct flow_view *v, const struct flow_task *task, struct err *e)
{
    struct str before = { 0 };
    int64_t number = 0;
    (void)flow_task_named(v->workflow, task->name, &number);
    for (size_t i = 0; i < v->nskipped; i++)
        if (v->skipped[i].number == number)
            return REFUSE(e, "flow.skipped", { "task", task->title },
                          { "text", v->skipped[i].text });
    for (size_t i = 0; i < v->ntasks && !before.p; i++) {
        bool resting[FLOW_TASKS_MAX + 1];
        const struct flow_task *other = flow_task_find(v, v->tasks[i].task);
        if (!other || v->tasks[i].done)
            continue;
        flow_resting(resting, v->workflow, v->tasks[i].number);
        if (resting[number])
            before = other->title;
    }
    return REFUSE(e, "flow.not_open", { "task", task->title }, { "before", before });
}

enum outcome flow_has_role(const struct actor *actor, struct str role, struct str organisation,
                           struct str site, struct err *e)
{
    char storage[80];
    struct buf permission = buf_over(storage, sizeof storage);
    buf_z(&permission, "role.");
    buf_str(&permission, role);
    if (actor->system || actor_may(actor, buf_get(&permission), organisation, site))
        return OK;
    return REFUSE(e, "flow.wrong_role", { "role", role });
}

enum outcome flow_task_ready(const struct flow_view *v, struct str task, const struct actor *actor,
                             struct err *e)
{
    const struct flow_task *t = flow_task_find(v, task);
    const struct flow_open_task *opened = flow_opened(v, task);
    if (!t)
        return REFUSE(e, "flow.unknown_task", { "task", task });
    TRY(flow_runs(v, e));
    if (opened && opened->done)
        return REFUSE(e, "flow.done_before", { "task", t->title });
    if (!opened)
        return not_open(v, t, e);
    return flow_has_role(actor, t->role, opened->organisation, opened->site, e);
}

/* --- guards --- */

static bool any_holds(const struct flow_view *v, const struct flow_guard *g)
{
    for (size_t i = 0; i < g->any.n; i++)
        if (flow_opened(v, g->any.p[i]) && flow_opened(v, g->any.p[i])->done)
            return true;
    return false;
}

static bool done_holds(const struct flow_view *v, struct str task)
{
    const struct flow_open_task *opened = flow_opened(v, task);
    return opened && opened->done;
}

/* Nothing that counts here is corrected and not looked at by a second person. */
static bool reviewed_holds(const struct flow_view *v, struct str task)
{
    return done_holds(v, task) && !flow_opened(v, task)->unreviewed;
}

/* The number of "12.5 mL"; the unit is the field's own. */
static bool limits_hold(const struct flow_guard *g, struct str value)
{
    struct err ignored = { 0 };
    struct decimal number;
    struct str rest = value;
    if (!decimal_present(g->at_least) && !decimal_present(g->at_most))
        return true;
    if (decimal_read(&number, str_cut(&rest, ' '), &ignored) != OK)
        return false;
    return (!decimal_present(g->at_least) || decimal_cmp(number, g->at_least) >= 0) &&
           (!decimal_present(g->at_most) || decimal_cmp(number, g->at_most) <= 0);
}

static bool value_holds(const struct flow_view *v, const struct flow_guard *g)
{
    struct str value = flow_value(v, g->task, g->field, v->arena);
    if (g->is_not.p)
        return !value.p || !str_eq(value, g->is_not);
    if (!value.p)
        return false;
    return (!g->is.p || str_eq(value, g->is)) && limits_hold(g, value);
}

static enum outcome refuse_guard(const struct flow_guard *g, struct err *e)
{
    return REFUSE(e, "flow.guard", { "guard", g->name }, { "text", g->text });
}

static enum outcome time_guard(const struct flow_view *v, const struct flow_guard *g, int64_t now,
                               struct err *e)
{
    struct minute m;
    if (!done_holds(v, g->of))
        return refuse_guard(g, e);
    int64_t since = flow_opened(v, g->of)->done_at;
    if (g->after.p && now < since + flow_duration(g->after))
        return REFUSE(e, "flow.guard_early", { "guard", g->name }, { "text", g->text },
                      { "from", minute(&m, since + flow_duration(g->after) + TIME_MINUTE - 1) });
    if (g->within.p && now > since + flow_duration(g->within))
        return REFUSE(e, "flow.guard_late", { "guard", g->name }, { "text", g->text },
                      { "until", minute(&m, since + flow_duration(g->within)) });
    return OK;
}

static enum outcome guard(const struct flow_view *v, const struct flow_guard *g, int64_t now,
                          struct err *e)
{
    if (g->of.p)
        return time_guard(v, g, now, e);
    bool holds = g->done.p       ? done_holds(v, g->done)
                 : g->reviewed.p ? reviewed_holds(v, g->reviewed)
                 : g->any.n > 0  ? any_holds(v, g)
                 : g->fact.p     ? flow_has_fact(v, (struct str){ 0 }, g->fact)
                                 : value_holds(v, g);
    return holds ? OK : refuse_guard(g, e);
}

enum outcome flow_task_guards(const struct flow_view *v, struct str task, int64_t now_us,
                              struct err *e)
{
    const struct flow_task *t = flow_task_find(v, task);
    if (!t)
        return REFUSE(e, "flow.unknown_task", { "task", task });
    for (size_t i = 0; i < t->guards.n; i++)
        TRY(guard(v, &t->guards.p[i], now_us, e));
    return OK;
}

const struct flow_guard *flow_when_fails(const struct flow_view *v, const struct flow_task *task,
                                         int64_t at)
{
    struct err ignored = { 0 };
    for (size_t i = 0; i < task->when.n; i++)
        if (guard(v, &task->when.p[i], at, &ignored) != OK)
            return &task->when.p[i];
    return NULL;
}
