/* What puts an order at risk: what is known by now, and what the forecast says. */
#include "modules/desk/forecast.h"

enum { SHORT_HOURS = 12 };

bool desk_behind(const struct desk_milestone *m, int64_t now_us)
{
    const int64_t kind = m->moment.kind;
    if (m->planned == TIME_NONE || kind == FLOW_NEVER)
        return false;
    const int64_t at = kind == FLOW_DONE || kind == FLOW_FORECAST ? m->moment.middle : now_us;
    return at - m->planned > TIME_DAY;
}

const char *desk_risk_name(int level)
{
    static const char *const names[] = { "none", "watch", "high" };
    return names[level];
}

/* A text with what it is about and by how many days, where it says so. */
static struct str say(struct page *p, const char *key, struct str what, int64_t by_us)
{
    enum { WHY_MAX = 300 };
    char digits[PAGE_DIGITS_MAX];
    const struct text_param params[] = { { "what", what },
                                         { "days", page_str_int(digits, by_us / TIME_DAY) } };
    struct buf b = buf_in(p->b->arena, WHY_MAX);
    text_write(&b, p->language, str_z(key), params, 2);
    return buf_get(&b);
}

static void rise(struct desk_risk *risk, enum desk_risk_level level, struct str why)
{
    if (level > risk->level)
        *risk = (struct desk_risk){ level, why };
}

/* Material that lives must be used in time. */
static void viability(struct desk_risk *risk, const struct desk_order *o,
                      const struct desk_outlook *outlook, struct page *p)
{
    for (size_t i = 0; i < o->ncountdowns; i++) {
        const int64_t until = o->countdowns[i].until;
        const struct flow_moment *use = &outlook->uses[i];
        const struct str what = o->countdowns[i].title;
        if (until < p->now_us)
            rise(risk, DESK_RISK_HIGH, say(p, "risk.viability_over", what, 0));
        else if (use->kind == FLOW_FORECAST && use->middle > until)
            rise(risk, DESK_RISK_HIGH, say(p, "risk.viability_likely", what, 0));
        else if (use->kind == FLOW_FORECAST && use->late > until)
            rise(risk, DESK_RISK_WATCH, say(p, "risk.viability_may", what, 0));
        else if (until - p->now_us < SHORT_HOURS * TIME_HOUR)
            rise(risk, DESK_RISK_WATCH, say(p, "risk.viability_short", what, 0));
    }
}

static void late(struct desk_risk *risk, const struct desk_order *o, struct page *p)
{
    for (size_t i = 0; i < o->flow.ntasks; i++) {
        const struct flow_open_task *open = &o->flow.tasks[i];
        const struct flow_task *task = flow_task_find(&o->flow, open->task);
        if (!open->done && open->overdue && task)
            rise(risk, desk_holds_up(&o->flow, task) ? DESK_RISK_HIGH : DESK_RISK_WATCH,
                 say(p, "risk.late", task->title, 0));
    }
}

/* The last milestone that suffers is told: what a delay leads to, not where it began. */
static void behind(struct desk_risk *risk, const struct desk_outlook *outlook, struct page *p)
{
    for (size_t i = DESK_MILESTONES; i-- > 0;) {
        const struct desk_milestone *m = &outlook->milestones[i];
        const struct str what = show_name(p, "date", m->what);
        const bool foreseen = m->moment.kind == FLOW_FORECAST;
        if (m->planned == TIME_NONE || m->moment.kind == FLOW_DONE || m->moment.kind == FLOW_NEVER)
            continue;
        if (p->now_us - m->planned > TIME_DAY)
            rise(risk, DESK_RISK_HIGH, say(p, "risk.behind", what, p->now_us - m->planned));
        else if (foreseen && m->moment.middle - m->planned > TIME_DAY)
            rise(risk, DESK_RISK_HIGH,
                 say(p, "risk.behind_likely", what, m->moment.middle - m->planned));
        else if (foreseen && m->moment.late - m->planned > TIME_DAY)
            rise(risk, DESK_RISK_WATCH,
                 say(p, "risk.behind_may", what, m->moment.late - m->planned));
    }
}

/* A critical one holds up the release, however far away that is; the level says the same to all. */
static void deviation(struct desk_risk *risk, const struct desk_order *o, struct page *p)
{
    if (!o->deviation.p || str_is(o->deviation, "minor"))
        return;
    const bool critical = str_is(o->deviation, "critical");
    rise(risk, critical ? DESK_RISK_HIGH : DESK_RISK_WATCH,
         say(p,
             !o->sees_deviation ? "risk.quality"
             : critical         ? "risk.critical_open"
                                : "risk.major_open",
             S(""), 0));
}

struct desk_risk desk_risk(const struct desk_order *o, const struct desk_outlook *outlook,
                           struct page *p)
{
    struct desk_risk risk = { DESK_RISK_NONE, S("") };
    if (o->stop.standing)
        rise(&risk, DESK_RISK_HIGH,
             say(p, "risk.stopped", show_name(p, "point", o->stop.point), 0));
    if (o->flow.state == FLOW_ENDED)
        return risk;
    if (o->stop.discarding)
        rise(&risk, DESK_RISK_HIGH, say(p, "risk.discarding", S(""), 0));
    viability(&risk, o, outlook, p);
    deviation(&risk, o, p);
    late(&risk, o, p);
    behind(&risk, outlook, p);
    if (o->flow.state == FLOW_HELD)
        rise(&risk, DESK_RISK_WATCH, say(p, "risk.held", S(""), 0));
    return risk;
}
