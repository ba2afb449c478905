/* Branches, joins and loops of a workflow as a whole.
 *
 * Each leads somewhere: a condition looks at tasks that are settled when its turn comes, it can
 * hold, and what one completion opens stays within FLOW_OPENS_MAX.
 *
 * None leads round a mandatory point. Whether a task is skipped is unknown here, so that nothing
 * may rest on it; what counts is what is *certain*. When a task is worked on, certainly done before
 * are
 *   - the tasks it waits for that have no condition, and those that its own conditions and guards
 *     name (`done`, a value other than `is_not`, a time): without them it does not go on,
 *   - all that was certainly done before those.
 * An act is certainly passed on a kind of unit before a task when a task with this act (or one that
 * stands `instead`) on this kind is certain, or when one that is certain asks for `any` of several
 * tasks which each have it; and when no unit of that kind comes into being, other than out of its
 * own kind, beside that task or behind it. From this three rules:
 *   behind  a task with the point's act has certainly behind it the acts that the point names, on
 * its very kinds of unit (`behind`), or on these or what they were made of (`origin`); gate    a
 * task with the act of a gate that has a condition: what works on the same kinds behind it does so
 * only where that act has certainly been passed; units   a task whose point stands behind others
 * says on which kinds of unit it works. A loop changes none of it: all that rests upon a task is
 * undone with it (flow_resting), also what only looks at it, and is certain again only when it was
 * done again. */
#include "kernel/flow_impl.h"

enum { WORDS = (FLOW_TASKS_MAX + 64) / 64, PROOF_STEPS_MAX = 200000 };

struct set {
    uint64_t bits[WORDS];
};
static void set_add(struct set *s, int64_t n)
{
    s->bits[n / 64] |= UINT64_C(1) << (n % 64);
}
static bool set_has(const struct set *s, int64_t n)
{
    return (s->bits[n / 64] >> (n % 64) & 1) != 0;
}
static void set_join(struct set *s, const struct set *other)
{
    for (size_t i = 0; i < WORDS; i++)
        s->bits[i] |= other->bits[i];
}

struct paths {
    struct flow_check *at;
    const struct workflow *w;
    int64_t n;
    struct set waits[FLOW_TASKS_MAX + 1];   /* settled when its turn comes … */
    struct set turn[FLOW_TASKS_MAX + 1];    /* … and of these certainly done */
    struct set certain[FLOW_TASKS_MAX + 1]; /* done when it is worked on */
    size_t steps;                           /* of proofs: beyond PROOF_STEPS_MAX nothing is shown */
};

/* --- what is settled, what is certain --- */

static void add_certain(struct paths *p, int64_t number, struct str name)
{
    int64_t other;
    if (!name.p || !flow_task_named(p->w, name, &other))
        return;
    set_add(&p->certain[number], other);
    set_join(&p->certain[number], &p->certain[other]);
}

static void add_guards(struct paths *p, int64_t number, const struct flow_guard *guards, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        add_certain(p, number, guards[i].done);
        add_certain(p, number, guards[i].reviewed);
        add_certain(p, number, guards[i].of);
        if (!guards[i].is_not.p)
            add_certain(p, number, guards[i].task);
    }
}

static void find_sets(struct paths *p)
{
    const struct flow_task *task;
    for (int64_t n = 1; (task = flow_task_at(p->w, n, NULL)); n++) {
        int64_t before[FLOW_AFTER_MAX];
        size_t nbefore = flow_waits_for(before, p->w, n);
        for (size_t i = 0; i < nbefore; i++) {
            set_add(&p->waits[n], before[i]);
            set_join(&p->waits[n], &p->waits[before[i]]);
            set_join(&p->turn[n], &p->turn[before[i]]);
            if (flow_task_at(p->w, before[i], NULL)->when.n == 0) {
                set_add(&p->turn[n], before[i]);
                set_join(&p->turn[n], &p->certain[before[i]]);
            }
        }
        p->certain[n] = p->turn[n];
        add_guards(p, n, task->when.p, task->when.n);
        add_guards(p, n, task->guards.p, task->guards.n);
        p->n = n;
    }
}

/* --- each leads somewhere --- */

static bool contradict(const struct flow_guard *a, const struct flow_guard *b)
{
    if (!a->task.p || !str_eq(a->task, b->task) || !str_eq(a->field, b->field))
        return false;
    if (a->is.p && b->is.p && !str_eq(a->is, b->is))
        return true;
    if (a->is.p && str_eq(a->is, b->is_not))
        return true;
    return decimal_present(a->at_least) && decimal_present(b->at_most) &&
           decimal_cmp(a->at_least, b->at_most) > 0;
}

/* The conditions of a task, and of those that it needs done, cannot all hold. */
static bool never(const struct paths *p, int64_t number)
{
    const struct flow_guard *all[FLOW_TASKS_MAX];
    size_t n = 0;
    for (int64_t k = 1; k <= number; k++) {
        const struct flow_task *task = flow_task_at(p->w, k, NULL);
        if (k != number && !set_has(&p->certain[number], k))
            continue;
        for (size_t i = 0; i < task->when.n && n < FLOW_TASKS_MAX; i++)
            all[n++] = &task->when.p[i];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (contradict(all[i], all[k]))
                return true;
    return false;
}

static enum outcome check_when(const struct paths *p, int64_t number, struct err *e)
{
    const struct flow_task *task = p->at->task;
    struct str names[FLOW_GUARD_TASKS_MAX];
    for (size_t i = 0; i < task->when.n; i++) {
        size_t n = flow_guard_tasks(names, &task->when.p[i]);
        for (size_t k = 0; k < n; k++) {
            int64_t other = 0;
            (void)flow_task_named(p->w, names[k], &other);
            if (!set_has(&p->waits[number], other))
                return REFUSE(e, "flow.unsettled", { "task", names[k] },
                              { "at", flow_check_at(p->at, "when.%zu.name", i) });
        }
    }
    if (task->when.n > 0 && never(p, number))
        return REFUSE(e, "flow.unreachable", { "task", task->name },
                      { "at", flow_check_at(p->at, "when.0.name") });
    return OK;
}

/* Events by which what follows the settling of task `from` (0: the start) is opened or skipped, at
 * most: what is skipped is settled at once, and opens what waits for it. */
static int64_t opens(const struct paths *p, int64_t from)
{
    struct set settled = { { 0 } };
    int64_t events = 0;
    set_add(&settled, from);
    for (int64_t n = from + 1; n <= p->n; n++) {
        const struct flow_task *task = flow_task_at(p->w, n, NULL);
        int64_t before[FLOW_AFTER_MAX];
        size_t nbefore = flow_waits_for(before, p->w, n);
        bool follows = nbefore == 0 && from == 0;
        for (size_t i = 0; i < nbefore; i++)
            follows |= set_has(&settled, before[i]);
        if (!follows)
            continue;
        events += 1 + (task->tell.n > 0);
        if (task->when.n > 0)
            set_add(&settled, n);
    }
    return events;
}

/* --- what was passed --- */

static bool names(const struct str *texts, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(texts[i], text))
            return true;
    return false;
}
#define NAMES(list, text) names((list).p, (list).n, text)

/* The act as others count it: a supply outside specification stands where a release does. */
static struct str act_counts(struct str act)
{
    const struct flow_point *point;
    for (size_t i = 0; act.p && (point = flow_point_at(i)); i++)
        if (str_is(act, point->act) && point->instead)
            return str_z(point->instead);
    return act;
}

struct claim { /* that before a task an act was passed on a kind of unit */
    int64_t before;
    struct str act;
    struct str kind;
};

/* No unit of the kind comes into being beside or behind task g before the claim's. */
static bool all_made_before(const struct paths *p, const struct claim *c, int64_t g)
{
    for (int64_t n = 1; n <= p->n; n++) {
        const struct flow_task *task = flow_task_at(p->w, n, NULL);
        bool made = NAMES(task->makes, c->kind) && !NAMES(task->units, c->kind);
        bool later = set_has(&p->waits[n], c->before);
        if (made && !later && n != g && !set_has(&p->waits[g], n))
            return false;
    }
    return true;
}

static bool acts_on(const struct paths *p, const struct claim *c, int64_t g)
{
    const struct flow_task *task = flow_task_at(p->w, g, NULL);
    return str_eq(act_counts(task->act), c->act) &&
           (NAMES(task->units, c->kind) || NAMES(task->makes, c->kind)) && all_made_before(p, c, g);
}

/* Task n asks for any of several tasks, and whichever it was, the act was passed. */
static bool any_passed(const struct paths *p, const struct claim *c, int64_t n, const bool *passed)
{
    const struct flow_task *task = flow_task_at(p->w, n, NULL);
    const struct flow_guard *lists[] = { task->when.p, task->guards.p };
    const size_t lengths[] = { task->when.n, task->guards.n };
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lengths[l]; i++) {
            const struct flow_guard *g = &lists[l][i];
            bool each = g->any.n > 0;
            for (size_t k = 0; k < g->any.n; k++) {
                int64_t other = 0;
                (void)flow_task_named(p->w, g->any.p[k], &other);
                each &= passed[other] || acts_on(p, c, other);
            }
            if (each)
                return true;
        }
    return false;
}

static bool passed(struct paths *p, const struct claim *c)
{
    bool before[FLOW_TASKS_MAX + 1] = { false };
    bool here[FLOW_TASKS_MAX + 1] = { false }; /* by the task itself, or what it asks for */
    for (int64_t n = 1; n <= c->before; n++) {
        here[n] = any_passed(p, c, n, before);
        before[n] = here[n];
        for (int64_t g = 1; g < n && !before[n]; g++)
            if (set_has(&p->certain[n], g))
                before[n] = here[g] || acts_on(p, c, g);
        p->steps++;
    }
    return p->steps < PROOF_STEPS_MAX && before[c->before];
}

/* On the kind, or on all that it was made of. */
static bool passed_at_origin(struct paths *p, const struct claim *c, int depth)
{
    bool made = false;
    if (passed(p, c))
        return true;
    for (int64_t n = 1; n <= p->n && depth > 0; n++) {
        const struct flow_task *task = flow_task_at(p->w, n, NULL);
        if (!NAMES(task->makes, c->kind) || NAMES(task->units, c->kind) ||
            set_has(&p->waits[n], c->before))
            continue;
        made = task->units.n > 0;
        for (size_t i = 0; i < task->units.n; i++) {
            struct claim of = { n, c->act, task->units.p[i] };
            if (!passed_at_origin(p, &of, depth - 1))
                return false;
        }
        if (!made)
            return false;
    }
    return made;
}

/* --- the three rules --- */

static bool workflow_has(const struct paths *p, const char *act)
{
    for (int64_t n = 1; n <= p->n; n++)
        if (str_is(act_counts(flow_task_at(p->w, n, NULL)->act), act))
            return true;
    return false;
}

/* The acts that the point names are certainly passed on what the task works on. */
static enum outcome check_point(struct paths *p, const struct flow_point *point, struct err *e)
{
    const struct flow_task *task = p->at->task;
    bool asks = point->behind[0] || point->origin[0];
    if (asks && task->units.n == 0)
        return REFUSE(e, "flow.units_missing", { "task", task->name },
                      { "at", flow_check_at(p->at, "act") });
    for (size_t i = 0; i < 8; i++) {
        const char *act = i < 4 ? point->behind[i] : point->origin[i - 4];
        for (size_t k = 0; act && workflow_has(p, act) && k < task->units.n; k++) {
            struct claim c = { p->at->number, str_z(act), task->units.p[k] };
            bool holds = i < 4 ? passed(p, &c) : passed_at_origin(p, &c, 8);
            if (!holds)
                return REFUSE(e, "flow.act_avoidable", { "act", c.act }, { "task", task->name },
                              { "unit", c.kind }, { "at", flow_check_at(p->at, "act") });
        }
    }
    return OK;
}

static enum outcome check_behind(struct paths *p, struct err *e)
{
    const struct flow_task *task = p->at->task;
    const struct flow_point *point;
    for (size_t i = 0; task->act.p && (point = flow_point_at(i)); i++)
        if (str_is(task->act, point->act))
            TRY(check_point(p, point, e));
    return OK;
}

/* What works on this kind behind the conditional gate does so after the gate's act alone. */
static enum outcome check_gate(struct paths *p, struct str kind, struct err *e)
{
    const struct flow_task *gate = p->at->task;
    const int64_t number = p->at->number;
    for (int64_t n = number + 1; n <= p->n; n++) {
        const struct flow_task *task = flow_task_at(p->w, n, NULL);
        struct claim c = { n, act_counts(gate->act), kind };
        bool works = NAMES(task->units, kind) && set_has(&p->waits[n], number);
        if (!works || str_eq(act_counts(task->act), c.act) || passed(p, &c))
            continue;
        return REFUSE(e, "flow.act_avoidable", { "act", c.act }, { "task", task->name },
                      { "unit", kind }, { "at", flow_check_at(p->at, "when.0.name") });
    }
    return OK;
}

static enum outcome check_gates(struct paths *p, struct err *e)
{
    const struct flow_task *task = p->at->task;
    const struct flow_point *point;
    bool gate = false;
    for (size_t i = 0; task->act.p && (point = flow_point_at(i)); i++)
        gate |= point->gate && str_is(task->act, point->act);
    if (!gate || task->when.n == 0)
        return OK;
    for (size_t k = 0; k < task->units.n; k++)
        TRY(check_gate(p, task->units.p[k], e));
    for (size_t k = 0; k < task->makes.n; k++)
        TRY(check_gate(p, task->makes.p[k], e));
    return OK;
}

enum outcome flow_check_paths(struct flow_check *at, struct err *e)
{
    struct paths *p = ARENA_NEW(at->context->arena, struct paths);
    if (!p)
        return err_no_memory(e);
    p->at = at;
    p->w = at->w;
    find_sets(p);
    for (int64_t n = 0; n <= p->n; n++)
        if (opens(p, n) > FLOW_OPENS_MAX)
            return REFUSE(e, "flow.opens_max", { "max", S("48") }, { "at", S("stages") });
    for (int64_t n = 1; n <= p->n; n++) {
        flow_check_go(at, n);
        TRY(check_when(p, n, e));
        TRY(check_behind(p, e));
    }
    for (int64_t n = 1; n <= p->n; n++) {
        flow_check_go(at, n);
        TRY(check_gates(p, e));
    }
    return OK;
}
