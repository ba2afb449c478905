/* An order as every page of it needs it: what it is, where it stands, in which state. */
#include "base/id.h"
#include "modules/desk/desk.h"

enum { RISK_US_HOURS = 12 };

const struct flow_open_task *desk_open_task(const struct flow_view *v, struct str task)
{
    for (size_t i = 0; i < v->ntasks; i++)
        if (str_eq(v->tasks[i].task, task))
            return &v->tasks[i];
    return NULL;
}

const struct flow_stage *desk_stage_of(const struct workflow *w, struct str task)
{
    for (size_t i = 0; i < w->stages.n; i++)
        for (size_t k = 0; k < w->stages.p[i].tasks.n; k++)
            if (str_eq(w->stages.p[i].tasks.p[k].name, task))
                return &w->stages.p[i];
    return NULL;
}

struct str desk_owner(struct page *p, struct db *db, struct str role, struct str site)
{
    struct str name = show_name(p, "role", role);
    if (!site.p)
        return name;
    return arena_printf(p->b->arena, "%.*s, %.*s", STR(name),
                        STR(auth_site_name(db, site, p->b->arena)));
}

bool desk_may(const struct actor *actor, const char *permission, const struct flow_open_task *at)
{
    return at && actor_may(actor, str_z(permission), at->organisation, at->site);
}

bool desk_plays(const struct actor *actor, struct str role, const struct flow_open_task *at,
                struct arena *arena)
{
    const struct str permission = arena_printf(arena, "role.%.*s", STR(role));
    return permission.p && desk_may(actor, permission.p, at);
}

bool desk_holds_up(const struct flow_view *v, const struct flow_task *task)
{
    bool open = !task->late;
    for (size_t i = 0; task->act.p && i < task->needs.n; i++)
        open |= !flow_has_fact(v, task->name, task->needs.p[i]);
    return open;
}

/* Any open task, as the tower counts and sorts: also one that nothing waits for, as a late result.
 */
static bool is_late(const struct flow_view *v)
{
    bool late = false;
    for (size_t i = 0; i < v->ntasks; i++)
        late |= !v->tasks[i].done && v->tasks[i].overdue;
    return late;
}

/* What is to be done next: the first that the others wait for, else the first that is open. */
static void find_next(struct desk_order *o)
{
    const struct flow_view *v = &o->flow;
    for (size_t i = 0; i < v->ntasks; i++) {
        const struct flow_open_task *open = &v->tasks[i];
        const struct flow_task *task = flow_task_find(v, open->task);
        if (open->done || !task || v->state == FLOW_ENDED)
            continue;
        const bool waited_for = desk_holds_up(v, task);
        if (!o->next || waited_for) {
            o->next = task;
            o->next_open = open;
        }
        if (waited_for)
            return;
    }
}

static void find_stages(struct desk_order *o)
{
    const struct workflow *w = o->flow.workflow;
    const bool finished = o->flow.state == FLOW_ENDED && str_is(o->flow.how, "finished");
    o->nstages = w->stages.n < DESK_STAGES_MAX ? w->stages.n : DESK_STAGES_MAX;
    const struct flow_stage *present =
        o->next              ? desk_stage_of(w, o->next->name)
        : o->flow.ntasks > 0 ? desk_stage_of(w, o->flow.tasks[o->flow.ntasks - 1].task)
                             : NULL;
    o->stage = present ? (size_t)(present - w->stages.p) : 0;
    for (size_t i = 0; i < o->nstages; i++) {
        o->stages[i].title = w->stages.p[i].title;
        o->stages[i].state = finished || i < o->stage ? DESK_DONE
                             : i == o->stage          ? DESK_NOW
                                                      : DESK_NEXT;
        o->stages[i].edge = i + 1 == o->stage || i == o->stage + 1;
    }
}

size_t desk_stages(const struct desk_order *o, enum desk_stage_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < o->nstages; i++)
        n += o->stages[i].state == state;
    return n < DESK_STEPS_MAX ? n : DESK_STEPS_MAX;
}

static void find_word(struct desk_order *o, struct page *p)
{
    const char *key = "order_state.running";
    o->tone = SHOW_OK;
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < o->ncountdowns; i++)
        first = o->countdowns[i].until < first ? o->countdowns[i].until : first;
    if (o->stop.standing) {
        o->tone = SHOW_STOP;
        key = "order_state.stopped";
    } else if (o->stop.discarding && o->flow.state != FLOW_ENDED) {
        o->tone = SHOW_STOP;
        key = "order_state.discarding";
    } else if (o->flow.state == FLOW_ENDED) {
        o->tone = str_is(o->flow.how, "finished") ? SHOW_OK : SHOW_IDLE;
        o->word = show_name(p, "order_ended", o->flow.how);
        return;
    } else if (o->flow.state == FLOW_HELD) {
        o->tone = SHOW_HOLD;
        key = "order_state.held";
    } else if (first < p->now_us) {
        o->tone = SHOW_STOP;
        key = "order_state.expired";
    } else if (str_is(o->deviation, "critical")) {
        o->tone = SHOW_WARN;
        key = o->sees_deviation ? "order_state.critical" : "order_state.quality";
    } else if (is_late(&o->flow)) {
        o->tone = SHOW_WARN;
        key = "order_state.late";
    } else if (first - p->now_us < RISK_US_HOURS * TIME_HOUR) {
        o->tone = SHOW_WARN;
        key = "order_state.risk";
    }
    o->word = text_find(p->language, str_z(key));
}

bool desk_order_may(const struct desk_order *o, const char *permission)
{
    const struct str name = str_z(permission);
    bool may = actor_may(o->actor, name, o->row.organisation, o->row.site);
    for (size_t i = 0; i < o->flow.nparties && !may; i++)
        may = actor_may(o->actor, name, o->flow.parties[i].organisation, o->flow.parties[i].site);
    return may;
}

bool desk_order_does(const struct desk_order *o, const char *command)
{
    return desk_order_may(o, command) && flow_does(&o->sight, str_z(command));
}

/* Who does not see the patient knows the order by its own identifier alone. */
static void without_patient(struct desk_order *o)
{
    const bool patient = flow_sees(&o->sight, "patient");
    const struct str known = patient ? o->row.pseudonym : o->row.coi.p ? o->row.coi : S("");
    if (!patient || (o->patient.by_name && !flow_sees(&o->sight, "identity")))
        o->patient = (struct order_patient_view){ .shown = known, .name = known, .born = S("") };
    if (patient)
        return;
    const struct order_order_out all = o->row;
    record_clear(sql_order_order.out, &o->row);
    o->row.order_id = all.order_id;
    o->row.pseudonym = known;
    o->row.coi = all.coi;
    o->row.organisation = all.organisation;
    o->row.site = all.site;
    o->row.product = all.product;
    o->row.product_version = all.product_version;
    o->row.state = all.state;
    o->row.workflow = all.workflow;
    o->row.workflow_version = all.workflow_version;
    o->row.prescribed = all.prescribed;
    o->row.placed = all.placed;
}

/* What stands open on an order that runs: nothing of it is let go before. */
static enum outcome read_deviation(struct desk_order *o, struct db *db, struct arena *a,
                                   struct err *e)
{
    const struct quality_gravest_in in = { o->id };
    struct quality_gravest_out row;
    bool found;
    if (o->flow.state == FLOW_ENDED)
        return OK;
    TRY(db_get(db, &sql_quality_gravest, &in, &row, a, &found, e));
    if (!found)
        return OK;
    o->deviation = row.risk;
    o->sees_deviation = flow_sees(&o->sight, "deviation") ||
                        actor_may(o->actor, S("deviation.see"), row.organisation, row.site);
    return OK;
}

enum outcome desk_order_patient(struct desk_order *o, struct http_request *r, struct db *db,
                                struct err *e)
{
    struct str patient = o->row.patient;
    TRY(order_patient_show(&o->patient, look_of(r), db, o->actor, patient, r->arena, e));
    without_patient(o);
    return OK;
}

enum outcome desk_order_load(struct desk_order *out, struct http_request *r, struct db *db,
                             struct page *p, struct str order, struct err *e)
{
    TRY(desk_order_unnamed(out, r, db, p, order, e));
    return desk_order_patient(out, r, db, e);
}

enum outcome desk_order_unnamed(struct desk_order *out, struct http_request *r, struct db *db,
                                struct page *p, struct str order, struct err *e)
{
    struct arena *a = r->arena;
    struct order_order_in in = { order };
    struct definition product;
    bool found;
    *out = (struct desk_order){ .id = order };
    if (!id_valid(order))
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(db_get(db, &sql_order_order, &in, &out->row, a, &found, e));
    if (!found)
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(flow_read(db, order, &out->flow, a, e));
    if (out->flow.found)
        out->flow.workflow = words_say_body(p, &workflow_record, out->flow.workflow);
    out->actor = actor_for(show_actor(r), out->row.product, TIME_NONE, a);
    if (!out->actor)
        return err_no_memory(e);
    const struct flow_party prescriber = { FLOW_PRESCRIBER, out->row.organisation, out->row.site };
    TRY(flow_sight_read(&out->sight, db, &out->flow, out->actor, &prescriber, e));
    if (out->sight.nparts == 0)
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(order_product(db, &out->row, &product, a, e));
    out->product = words_say(p, product.title);
    out->pinned = words_say_body(p, &product_record, product.body);
    if (!out->flow.found) {
        out->tone = SHOW_INFO;
        out->word = text_find(p->language, S("order_state.prescribed"));
        return OK;
    }
    TRY(stop_find(db, order, &out->stop, a, e));
    TRY(read_deviation(out, db, a, e));
    find_next(out);
    find_stages(out);
    out->ncountdowns = flow_countdowns(&out->flow, out->countdowns, DESK_COUNTDOWNS_MAX);
    find_word(out, p);
    return OK;
}
