/* Flow's wiring, the registered identity points, and how what happens to an order is said. */
#include "gen/kernel/flow_schema.sql.h"
#include "kernel/flow_impl.h"
#include "kernel/flow_share.h"
#include "kernel/segregate.h"
#include "kernel/flow_record.h"

#define EVENTS   "kernel/flow_events.def"
#define COMMANDS "kernel/flow_commands.def"
#include "kernel/wire.h"

static const struct define_kind *const module_kinds[] = { &picture_kind, &form_kind, &workflow_kind,
                                                          &segregation_kind, &sharing_kind };

const struct module flow_module = {
    .name = "flow",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(kinds),
    .schema = &flow_schema,
};

/* --- identity points --- */

static struct {
    const struct flow_point *points;
    size_t n;
} point_tables[FLOW_TABLES_MAX];
static size_t npoint_tables;

void flow_use_points(const struct flow_point *const *tables, const size_t *ns, size_t ntables)
{
    BUG_ON(ntables > FLOW_TABLES_MAX);
    npoint_tables = ntables;
    for (size_t i = 0; i < ntables; i++) {
        point_tables[i].points = tables[i];
        point_tables[i].n = ns[i];
    }
}

const struct flow_point *flow_point_at(size_t i)
{
    for (size_t t = 0; t < npoint_tables; t++) {
        if (i < point_tables[t].n)
            return &point_tables[t].points[i];
        i -= point_tables[t].n;
    }
    return NULL;
}

const struct flow_point *flow_point_find(struct str name)
{
    const struct flow_point *p;
    for (size_t i = 0; (p = flow_point_at(i)); i++)
        if (str_is(name, p->name))
            return p;
    return NULL;
}

/* --- what happens --- */

struct stream flow_stream(struct str order)
{
    return stream_of("flow", order);
}

void flow_happened(struct decision *d, struct str order, const struct event_type *type,
                   const void *payload)
{
    struct stream key = stream_of("order", order);
    decide_event(d, &(struct happening){
                        .stream = flow_stream(order),
                        .type = type,
                        .payload = payload,
                        .key = arena_str(d->arena, stream_str(&key)),
                    });
}

void flow_note(struct decision *d, const struct flow_view *v, struct str task, struct str fact)
{
    struct flow_fact_noted payload = { v->order, task, fact };
    flow_happened(d, v->order, &flow_fact_noted_event, &payload);
}

static bool task_open(const struct flow_view *v, struct str task)
{
    const struct flow_open_task *opened = flow_opened(v, task);
    return opened && !opened->done;
}

void flow_withdraw_at(struct decision *d, const struct flow_view *v, struct str task,
                      struct str prefix)
{
    bool any = false;
    for (size_t i = 0; i < v->nfacts; i++)
        any |= task_open(v, v->facts[i].task) && (!task.p || str_eq(v->facts[i].task, task)) &&
               str_starts(v->facts[i].fact, prefix);
    if (!any)
        return;
    struct flow_facts_withdrawn payload = { v->order, prefix, task };
    flow_happened(d, v->order, &flow_facts_withdrawn_event, &payload);
}

void flow_withdraw(struct decision *d, const struct flow_view *v, struct str prefix)
{
    flow_withdraw_at(d, v, (struct str){ 0 }, prefix);
}

/* All that the task makes and needs was noted, and that is something. */
static bool acted_upon(const struct flow_view *v, const struct flow_task *task)
{
    char storage[80];
    bool all = task->makes.n + task->needs.n > 0;
    for (size_t i = 0; i < task->makes.n; i++) {
        struct buf fact = buf_over(storage, sizeof storage);
        buf_z(&fact, "made:");
        buf_str(&fact, task->makes.p[i]);
        all &= flow_has_fact(v, task->name, buf_get(&fact));
    }
    for (size_t i = 0; i < task->needs.n; i++)
        all &= flow_has_fact(v, task->name, task->needs.p[i]);
    return all;
}

/* One event a fact: which facts of a point hold is a rule of today's workflow, not of the log. */
void flow_withdraw_subject(struct decision *d, const struct flow_view *v)
{
    for (size_t i = 0; i < v->nfacts; i++) {
        const struct flow_fact *fact = &v->facts[i];
        const struct flow_task *task = flow_task_find(v, fact->task);
        if (!task || !task_open(v, fact->task) || !str_starts(fact->fact, S("check:")) ||
            acted_upon(v, task))
            continue;
        const struct flow_point *point = flow_point_find(str_from(fact->fact, sizeof "check:" - 1));
        if (!point || !point->subject)
            continue;
        struct flow_fact_withdrawn payload = { v->order, fact->task, fact->fact };
        flow_happened(d, v->order, &flow_fact_withdrawn_event, &payload);
    }
}

static enum outcome parties_check(const struct workflow *w, const struct flow_view *v,
                                  struct err *e)
{
    if (v->nparties > FLOW_PARTIES_MAX)
        return REFUSE(e, "flow.parties_max", { "max", S("20") });
    for (size_t i = 0; i < v->nparties; i++)
        if (flow_party_of(v, v->parties[i].part) != &v->parties[i])
            return REFUSE(e, "flow.part_twice", { "part", v->parties[i].part });
    for (size_t i = 0; i < w->parts.n; i++)
        if (!flow_party_of(v, w->parts.p[i]))
            return REFUSE(e, "flow.part_missing", { "part", w->parts.p[i] });
    return OK;
}

enum outcome flow_start(struct decision *d, struct str order, const struct flow_plan *plan,
                        const struct flow_party *parties, size_t nparties, struct err *e)
{
    if (plan->started)
        return REFUSE(e, "flow.started_before");
    struct flow_view view = {
        .order = order,
        .workflow = plan->workflow.body,
        .parties = parties,
        .nparties = nparties,
        .pins = plan->pins,
        .npins = plan->npins,
        .arena = d->arena,
    };
    TRY(parties_check(view.workflow, &view, e));
    struct flow_party *kept = ARENA_ARRAY(d->arena, nparties, struct flow_party);
    if (!kept)
        return err_no_memory(e);
    memcpy(kept, parties, nparties * sizeof *kept);
    struct flow_started payload = {
        .order = order,
        .workflow = plan->workflow.name,
        .workflow_version = plan->workflow.version,
        .workflow_hash = plan->workflow.hash,
        .subject = plan->subject,
        .parties = { kept, nparties },
        .forms = { plan->pins, plan->npins },
    };
    flow_happened(d, order, &flow_started_event, &payload);
    flow_follow(d, &view, d->happened_us);
    return OK;
}
