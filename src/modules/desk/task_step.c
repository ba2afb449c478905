/* The steps of a task, and which is present. */
#include "modules/desk/desk.h"

static struct str words(struct page *p, const char *key, const char *name, struct str value)
{
    const struct text_param params[] = { { name, value } };
    struct buf b = buf_in(p->b->arena, PAGE_MESSAGE_MAX);
    text_write(&b, p->language, str_z(key), params, 1);
    return buf_get(&b);
}

static struct desk_task_step *add(struct desk_task_view *v, enum desk_task_step_kind kind,
                                  struct str key, struct str name)
{
    struct desk_task_step *step = &v->steps[v->nsteps++];
    *step = (struct desk_task_step){ .kind = kind, .key = key, .name = name };
    return step;
}

/* Something can be done with a bag now: that comes before the check of a further one. */
static bool bags_wait(const struct desk_task_view *v)
{
    bool any = false;
    for (size_t i = 0; i < v->nbags; i++)
        any |= v->bags[i].can_thaw || v->bags[i].can_give || v->bags[i].can_finish;
    return any;
}

bool desk_thawed(const struct desk_task_view *v)
{
    for (size_t i = 0; i < v->nbags; i++)
        if (v->bags[i].until != TIME_NONE)
            return true;
    return false;
}

static bool hands_over(const struct desk_task_view *v)
{
    return v->offer.to_offer || v->offer.to_accept;
}

/* Points of what the task makes are passed behind it, all others before. */
static void add_checks(struct desk_task_view *v, struct page *p, bool of_made)
{
    for (size_t i = 0; i < v->nchecks; i++) {
        const struct desk_check *c = &v->checks[i];
        const bool behind = v->nmakes > 0 && c->units && identity_point_after(c->point);
        if (behind != of_made)
            continue;
        struct desk_task_step *step =
            add(v, DESK_STEP_CHECK, arena_printf(p->b->arena, "check.%.*s", STR(c->point)),
                words(p, "page.task.check", "point", c->name));
        step->check = c;
        step->done = v->can_conclude ||
                     ((c->passed || c->also) && !(c->due && v->nwaits > 0 && !bags_wait(v)));
        step->beside = step->done && c->due;
    }
}

static void add_makes(struct desk_task_view *v, struct page *p)
{
    for (size_t i = 0; i < v->nmakes; i++) {
        const struct desk_make *m = &v->makes[i];
        struct desk_task_step *step =
            add(v, DESK_STEP_MAKE, arena_printf(p->b->arena, "make.%.*s", STR(m->kind)),
                words(p, "page.task.make", "kind", m->name));
        step->make = m;
        step->done = m->made;
    }
}

static void add_units(struct desk_task_view *v, struct page *p)
{
    const bool clinical = str_is(v->task->act, "thaw") || str_is(v->task->act, "administer");
    bool done = !bags_wait(v) && !v->can_conclude;
    if (!hands_over(v) && !clinical)
        return;
    for (size_t i = 0; i < v->task->needs.n; i++)
        done = done && flow_has_fact(&v->o.flow, v->task->name, v->task->needs.p[i]);
    const char *name = hands_over(v) ? "page.task.hand_over" : "page.task.bags";
    add(v, DESK_STEP_UNITS, S("units"), text_find(p->language, str_z(name)))->done = done;
}

static void add_parts(struct desk_task_view *v, struct page *p)
{
    for (size_t i = 0; i < v->entered.nparts; i++) {
        const struct desk_part *part = &v->entered.parts[i];
        struct desk_task_step *step =
            add(v, DESK_STEP_PART, arena_printf(p->b->arena, "part.%lld", (long long)part->number),
                part->title);
        step->part = part;
        step->done = part->right;
    }
}

bool desk_step_by_step(const struct desk_task_view *v)
{
    return (v->mine || v->second_person) &&
           (v->task->checks.n > 0 || v->task->makes.n > 0 || hands_over(v));
}

enum outcome desk_steps(struct desk_task_view *v, struct page *p, struct str key, struct err *e)
{
    if (!desk_step_by_step(v))
        return OK;
    v->steps = ARENA_ARRAY(p->b->arena, v->nchecks + v->nmakes + v->entered.nparts + 2,
                           struct desk_task_step);
    if (!v->steps)
        return err_no_memory(e);
    add_checks(v, p, false);
    add_makes(v, p);
    add_checks(v, p, true);
    /* What is packed is written down before it leaves one's hands; what comes, once it is there. */
    if (v->offer.to_offer)
        add_parts(v, p);
    add_units(v, p);
    if (!v->offer.to_offer)
        add_parts(v, p);
    add(v, DESK_STEP_RECORD, S("record"), text_find(p->language, S("page.task.complete")));
    while (v->steps[v->now].done)
        v->now++; /* the record is not, while the task is open */
    v->at = v->now;
    for (size_t i = 0; i < v->nsteps; i++)
        if (str_eq(v->steps[i].key, key) && (i < v->now || v->steps[i].beside))
            v->at = i;
    return OK;
}

const struct desk_task_step *desk_step(const struct desk_task_view *v)
{
    return &v->steps[v->at];
}

bool desk_waits(const struct desk_task_view *v)
{
    const struct desk_check *check = desk_step(v)->check;
    return v->kept.entered || (check && check->mine && !check->passed);
}
