/* The milestones of an order: what was planned, what was, what is to be expected. */
#include "modules/desk/forecast.h"

#include "modules/desk/order.h"

/* The dates that are planned by these names, and the acts that reach them. */
static const struct {
    const char *what;
    const char *acts[2];
} milestones[DESK_MILESTONES] = {
    { "collection", { "collect" } },        { "receipt", { "receive_material" } },
    { "release", { "release", "supply" } }, { "delivery", { "receive_product" } },
    { "infusion", { "administer" } },
};

static bool reaches(const char *const acts[2], const struct flow_task *task)
{
    return str_is(task->act, acts[0]) || (acts[1] && str_is(task->act, acts[1]));
}

static void aim(struct flow_target *out, const struct workflow *w, const char *const acts[2])
{
    enum { MOST = sizeof out->tasks / sizeof out->tasks[0] };
    for (size_t i = 0; i < w->stages.n; i++)
        for (size_t k = 0; k < w->stages.p[i].tasks.n; k++)
            if (out->n < MOST && reaches(acts, &w->stages.p[i].tasks.p[k]))
                out->tasks[out->n++] = w->stages.p[i].tasks.p[k].name;
}

/* What the countdown runs for: the task that ends it. */
static void aim_at_use(struct flow_target *out, const struct workflow *w, struct str countdown)
{
    for (size_t i = 0; i < w->viability.n; i++)
        if (str_eq(w->viability.p[i].name, countdown))
            out->tasks[out->n++] = w->viability.p[i].until;
}

static enum outcome lately_of(struct flow_lately *out, struct desk_lately *lately, struct db *db,
                              struct str workflow, struct err *e)
{
    for (size_t i = 0; i < lately->n; i++)
        if (str_eq(lately->read[i].workflow, workflow)) {
            *out = lately->read[i].of;
            return OK;
        }
    TRY(flow_lately_read(out, db, workflow, lately->arena, e));
    if (lately->n == sizeof lately->read / sizeof lately->read[0])
        return OK;
    lately->read[lately->n].workflow = arena_str(lately->arena, workflow);
    lately->read[lately->n++].of = *out;
    return OK;
}

static enum outcome planned(struct desk_outlook *out, const struct desk_order *o, struct db *db,
                            struct arena *a, struct err *e)
{
    enum { DATES_MAX = 40 };
    const struct order_dates_in in = { o->id };
    struct record_list list;
    TRY(db_list(db, &sql_order_dates, &in, &list, DATES_MAX, a, e));
    const struct order_dates_out *dates = list.p;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < DESK_MILESTONES; k++)
            if (str_eq(dates[i].what, out->milestones[k].what))
                out->milestones[k].planned = dates[i].planned;
    return OK;
}

enum outcome desk_outlook(struct desk_outlook *out, const struct desk_order *o, struct db *db,
                          struct desk_lately *lately, int64_t now_us, struct err *e)
{
    struct flow_target targets[DESK_MILESTONES + DESK_COUNTDOWNS_MAX] = { 0 };
    struct flow_moment moments[DESK_MILESTONES + DESK_COUNTDOWNS_MAX];
    const struct workflow *w = o->flow.workflow;
    struct flow_lately history;
    bool found = false; /* the next */
    TRY(lately_of(&history, lately, db, o->flow.workflow_name, e));
    for (size_t i = 0; i < DESK_MILESTONES; i++)
        aim(&targets[i], w, milestones[i].acts);
    for (size_t i = 0; i < o->ncountdowns; i++)
        aim_at_use(&targets[DESK_MILESTONES + i], w, o->countdowns[i].name);
    TRY(flow_forecast(moments, targets, DESK_MILESTONES + o->ncountdowns, &o->flow, &history,
                      now_us, e));
    *out = (struct desk_outlook){ 0 };
    for (size_t i = 0; i < DESK_MILESTONES; i++) {
        struct desk_milestone *m = &out->milestones[i];
        *m = (struct desk_milestone){ str_z(milestones[i].what), TIME_NONE, moments[i], false };
        m->next = !found && moments[i].kind != FLOW_DONE && moments[i].kind != FLOW_NEVER;
        found |= m->next;
    }
    for (size_t i = 0; i < o->ncountdowns; i++)
        out->uses[i] = moments[DESK_MILESTONES + i];
    return planned(out, o, db, o->flow.arena, e);
}

enum outcome desk_order_foresee(struct desk_order_view *v, struct db *db, struct page *p,
                                struct err *e)
{
    struct desk_lately lately = { .arena = p->b->arena };
    struct desk_outlook *out = ARENA_NEW(p->b->arena, struct desk_outlook);
    if (!v->o.flow.found || !flow_sees(&v->o.sight, "plan"))
        return OK;
    if (!out)
        return err_no_memory(e);
    v->outlook = out;
    return desk_outlook(out, &v->o, db, &lately, p->now_us, e);
}

const struct flow_moment *desk_reached_by(const struct desk_outlook *outlook,
                                          const struct flow_task *task)
{
    for (size_t i = 0; i < DESK_MILESTONES; i++)
        if (reaches(milestones[i].acts, task))
            return &outlook->milestones[i].moment;
    return NULL;
}

bool desk_is_milestone(struct str what)
{
    for (size_t i = 0; i < DESK_MILESTONES; i++)
        if (str_is(what, milestones[i].what))
            return true;
    return false;
}

struct str desk_when(struct page *p, const struct flow_moment *m)
{
    switch (m->kind) {
    case FLOW_DONE:
        return page_day(p, m->middle, p->b->arena);
    case FLOW_FORECAST:
        return page_days(p, m->early, m->late, p->b->arena);
    case FLOW_BY_LIMITS:
        return page_day(p, m->late, p->b->arena);
    case FLOW_NEVER:
    case FLOW_UNKNOWN:
        break;
    }
    return S("");
}
