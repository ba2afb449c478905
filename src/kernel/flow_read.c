/* An order's state from its rows: in four selects, a fifth where a loop was taken, and one more
 * where the pinned workflow is not in memory yet; and what load declares of it. */
#include "kernel/flow_impl.h"
#include "kernel/flow_share.h"
#include "kernel/segregate.h"

#define RECORDS "kernel/flow_pins.def"
#include "base/record_tables.h"
#undef RECORDS

static enum outcome read_parties(struct db *db, struct flow_view *v, struct err *e)
{
    struct flow_parties_in in = { v->order };
    struct record_list rows;
    TRY(db_list(db, &sql_flow_parties, &in, &rows, FLOW_PARTIES_MAX, v->arena, e));
    const struct flow_parties_out *row = rows.p;
    struct flow_party *out = ARENA_ARRAY(v->arena, rows.n, struct flow_party);
    if (!out && rows.n > 0)
        return err_no_memory(e);
    for (size_t i = 0; i < rows.n; i++)
        out[i] = (struct flow_party){ row[i].part, row[i].organisation, row[i].site };
    v->parties = out;
    v->nparties = rows.n;
    return OK;
}

static enum outcome read_tasks(struct db *db, struct flow_view *v, struct err *e)
{
    struct flow_tasks_in in = { v->order };
    struct record_list rows;
    TRY(db_list(db, &sql_flow_tasks, &in, &rows, FLOW_TASKS_MAX, v->arena, e));
    const struct flow_tasks_out *row = rows.p;
    struct flow_open_task *out = ARENA_ARRAY(v->arena, rows.n, struct flow_open_task);
    struct flow_skip *skipped = ARENA_ARRAY(v->arena, rows.n, struct flow_skip);
    if ((!out || !skipped) && rows.n > 0)
        return err_no_memory(e);
    for (size_t i = 0; i < rows.n; i++) {
        if (row[i].skipped.p) {
            skipped[v->nskipped++] =
                (struct flow_skip){ row[i].task, row[i].number, row[i].skipped };
            continue;
        }
        out[v->ntasks++] = (struct flow_open_task){
            .task = row[i].task,
            .number = row[i].number,
            .pass = row[i].pass,
            .done = row[i].done != TIME_NONE,
            .overdue = row[i].overdue,
            .unreviewed = row[i].unreviewed,
            .organisation = row[i].organisation,
            .site = row[i].site,
            .form = row[i].form,
            .form_version = row[i].form_version,
            .opened = row[i].opened,
            .due = row[i].due,
            .done_at = row[i].done,
            .by = row[i].done_by,
            .recorded = row[i].recorded,
            .json = row[i].record,
        };
    }
    v->tasks = out;
    v->skipped = skipped;
    return OK;
}

static enum outcome read_past(struct db *db, struct flow_view *v, struct err *e)
{
    struct flow_past_in in = { v->order };
    struct record_list rows;
    TRY(db_list(db, &sql_flow_past, &in, &rows, FLOW_PAST_MAX, v->arena, e));
    const struct flow_past_out *row = rows.p;
    struct flow_past *out = ARENA_ARRAY(v->arena, rows.n + 1, struct flow_past);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < rows.n; i++)
        out[i] = (struct flow_past){ row[i].task, row[i].pass, row[i].loop, row[i].units };
    v->past = out;
    v->npast = rows.n;
    return OK;
}

static enum outcome read_facts(struct db *db, struct flow_view *v, struct err *e)
{
    struct flow_facts_in in = { v->order };
    struct record_list rows;
    TRY(db_list(db, &sql_flow_facts, &in, &rows, FLOW_FACTS_MAX, v->arena, e));
    const struct flow_facts_out *row = rows.p;
    struct flow_fact *out = ARENA_ARRAY(v->arena, rows.n, struct flow_fact);
    if (!out && rows.n > 0)
        return err_no_memory(e);
    for (size_t i = 0; i < rows.n; i++)
        out[i] = (struct flow_fact){ row[i].task, row[i].fact, row[i].noted, row[i].noted_by };
    v->facts = out;
    v->nfacts = rows.n;
    return OK;
}

enum outcome flow_pins_read(const struct flow_pin **out, size_t *n, struct str json,
                            struct arena *arena, struct err *e)
{
    struct flow_pins pins;
    const struct json *tree;
    enum outcome o = json_read(&tree, arena, json, &json_limits_default, e);
    if (o == OK)
        o = record_from_json(&flow_pins_record, &pins, arena, tree, e);
    if (o == REFUSED) /* we wrote it */
        return err_fault(e, "store.corrupt", "pins of a flow: %s", e->code);
    TRY(o);
    *out = pins.forms.p;
    *n = pins.forms.n;
    return OK;
}

enum outcome flow_pins_write(struct buf *out, const struct flow_pin *pins, size_t n, struct err *e)
{
    struct flow_pins forms = { { pins, n } };
    struct json_out json = json_out(out);
    TRY(record_to_json(&flow_pins_record, &forms, &json, NULL, e));
    return buf_check(out, e);
}

enum outcome flow_workflow_pinned(const struct workflow **out, struct db *db,
                                  const struct flow_pinned *pinned, struct arena *arena,
                                  struct err *e)
{
    const struct define_pin pin = { S("workflow"), pinned->name, pinned->version, pinned->hash };
    struct definition definition;
    bool found;
    TRY(define_pinned(&definition, db, &pin, arena, &found, e));
    if (!found)
        return err_fault(e, "flow.workflow_gone", "%.*s version %lld", STR(pinned->name),
                         (long long)pinned->version);
    *out = definition.body;
    return OK;
}

enum outcome flow_read(struct db *db, struct str order, struct flow_view *out, struct arena *arena,
                       struct err *e)
{
    struct flow_order_in in = { order };
    struct flow_order_out row;
    *out = (struct flow_view){ .order = order, .arena = arena };
    TRY(db_get(db, &sql_flow_order, &in, &row, arena, &out->found, e));
    if (!out->found)
        return OK;
    out->state = str_is(row.state, "running") ? FLOW_RUNNING
                 : str_is(row.state, "held")  ? FLOW_HELD
                                              : FLOW_ENDED;
    out->how = row.how;
    out->started = row.started;
    out->subject = row.subject;
    out->workflow_name = row.workflow;
    out->workflow_version = row.workflow_version;
    struct flow_pinned pinned = { row.workflow, row.workflow_version, row.workflow_hash };
    TRY(flow_workflow_pinned(&out->workflow, db, &pinned, arena, e));
    TRY(flow_pins_read(&out->pins, &out->npins, row.pins, arena, e));
    TRY(read_parties(db, out, e));
    TRY(read_tasks(db, out, e));
    if (row.repeats > 0)
        TRY(read_past(db, out, e));
    return read_facts(db, out, e);
}

/* --- load --- */

/* The parties that a command on this task, or on the order, concerns: of the order, those whose
 * part does it; who sees no unit of this kind (absent: of none) does not know what it is about. */
static enum outcome load_parties(struct load *l, const struct flow_view *v, struct str task,
                                 struct str kind, struct err *e)
{
    const struct flow_task *found = task.p ? flow_task_find(v, task) : NULL;
    const struct sharing *sharing;
    if (l->command->actor->system) {
        for (size_t i = 0; i < v->nparties; i++)
            load_scope(l, v->parties[i].organisation, v->parties[i].site);
        return OK;
    }
    TRY(flow_sharing_find(&sharing, l->db, l->now_us, l->arena, e));
    for (size_t i = 0; i < v->nparties; i++) {
        const struct flow_party *party = &v->parties[i];
        if ((found && !str_eq(party->part, found->part)) ||
            (kind.p && !flow_part_sees_unit(sharing, v->workflow, party->part, kind)))
            continue;
        if (found || flow_part_does(sharing, v->workflow, party->part, l->command->name))
            load_scope(l, party->organisation, party->site);
        else
            load_known_scope(l, party->organisation, party->site);
    }
    return OK;
}

enum outcome load_flow_unit(struct load *l, struct str order, struct str task, struct str kind,
                            struct flow_view *out, struct err *e)
{
    load_kind(l, "order");
    TRY(flow_read(l->db, order, out, l->arena, e));
    if (!out->found)
        return load_unknown(l, e);
    TRY(load_parties(l, out, task, kind, e));
    load_subject(l, out->subject);
    TRY(load_product(l, out->workflow->product, e));
    TRY(load_stream(l, flow_stream(order), NULL, e));
    TRY(load_order(l, order, e));
    const struct flow_task *found = task.p ? flow_task_find(out, task) : NULL;
    /* Who looks at another's correction does not do the task. */
    if (!found || str_is(l->command->name, "flow.review_correction"))
        return OK;
    return segregate_task(l, out, found, e);
}

enum outcome load_flow(struct load *l, struct str order, struct str task, struct flow_view *out,
                       struct err *e)
{
    return load_flow_unit(l, order, task, (struct str){ 0 }, out, e);
}

enum outcome load_flow_subject(struct load *l, struct str order, struct err *e)
{
    struct flow_order_in in = { order };
    struct flow_order_out row;
    bool found;
    TRY(db_get(l->db, &sql_flow_order, &in, &row, l->arena, &found, e));
    if (!found)
        return OK;
    load_subject(l, row.subject);
    const struct flow_pinned pinned = { row.workflow, row.workflow_version, row.workflow_hash };
    const struct workflow *workflow;
    TRY(flow_workflow_pinned(&workflow, l->db, &pinned, l->arena, e));
    return load_product(l, workflow->product, e);
}

enum outcome flow_actor(const struct actor **out, struct db *db, const struct actor *actor,
                        struct str order, struct arena *arena, struct err *e)
{
    const struct flow_order_in in = { order };
    struct flow_order_out row;
    const struct workflow *workflow = NULL;
    bool found = false;
    if (order.p)
        TRY(db_get(db, &sql_flow_order, &in, &row, arena, &found, e));
    if (found) {
        const struct flow_pinned pinned = { row.workflow, row.workflow_version, row.workflow_hash };
        TRY(flow_workflow_pinned(&workflow, db, &pinned, arena, e));
    }
    *out = actor_for(actor, workflow ? workflow->product : (struct str){ 0 }, TIME_NONE, arena);
    return *out ? OK : err_no_memory(e);
}

enum outcome flow_pins_of(const struct flow_pin **out, size_t *npins, const struct workflow *w,
                          const struct define_context *context, struct err *e)
{
    const struct flow_task *task;
    size_t n = 0;
    struct flow_pin *pins = ARENA_ARRAY(context->arena, FLOW_TASKS_MAX, struct flow_pin);
    if (!pins)
        return err_no_memory(e);
    for (int64_t number = 1; (task = flow_task_at(w, number, NULL)); number++) {
        bool pinned = !task->form.p || task->form_version != INT_NONE;
        for (size_t i = 0; i < n; i++)
            pinned |= str_eq(pins[i].form, task->form);
        if (pinned)
            continue;
        struct definition form;
        bool found;
        TRY(define_look(&form, context, S("form"), task->form, 0, &found, e));
        if (!found)
            return REFUSE(e, "flow.unknown_form", { "form", task->form });
        pins[n++] = (struct flow_pin){ task->form, form.version };
    }
    *out = pins;
    *npins = n;
    return OK;
}

enum outcome flow_pins_now(const struct flow_pin **out, size_t *npins, const struct workflow *w,
                           struct load *l, struct err *e)
{
    const struct define_context context = { .db = l->db, .now_us = l->now_us, .arena = l->arena };
    return flow_pins_of(out, npins, w, &context, e);
}

enum outcome load_flow_new(struct load *l, struct str order, struct str workflow,
                           struct flow_plan *out, struct err *e)
{
    int64_t version;
    bool found;
    *out = (struct flow_plan){ 0 };
    TRY(load_stream(l, flow_stream(order), &version, e));
    out->started = version > 0;
    TRY(define_find(&out->workflow, l->db, S("workflow"), workflow, 0, l->now_us, l->arena, &found,
                    e));
    if (!found)
        return REFUSE(e, "flow.unknown_workflow", { "workflow", workflow });
    return flow_pins_now(&out->pins, &out->npins, out->workflow.body, l, e);
}

/* --- questions to the state --- */

const struct flow_task *flow_task_find(const struct flow_view *v, struct str task)
{
    return flow_task_named(v->workflow, task, NULL);
}

const struct flow_open_task *flow_opened(const struct flow_view *v, struct str task)
{
    for (size_t i = 0; i < v->ntasks; i++)
        if (str_eq(v->tasks[i].task, task))
            return &v->tasks[i];
    return NULL;
}

int64_t flow_pass(const struct flow_view *v, struct str task)
{
    int64_t pass = 1;
    for (size_t i = 0; i < v->npast; i++)
        pass += str_eq(v->past[i].task, task);
    return pass;
}

int64_t flow_loop_taken(const struct flow_view *v, const struct flow_loop *loop)
{
    int64_t taken = 0;
    for (size_t i = 0; i < v->npast; i++)
        taken += str_eq(v->past[i].loop, loop->name) && str_eq(v->past[i].task, loop->to);
    return taken;
}

const struct flow_fact *flow_fact_find(const struct flow_view *v, struct str task, struct str fact)
{
    for (size_t i = 0; i < v->nfacts; i++)
        if (str_eq(v->facts[i].fact, fact) && (!task.p || str_eq(v->facts[i].task, task)))
            return &v->facts[i];
    return NULL;
}

bool flow_has_fact(const struct flow_view *v, struct str task, struct str fact)
{
    return flow_fact_find(v, task, fact) != NULL;
}

struct str flow_value(const struct flow_view *v, struct str task, struct str field,
                      struct arena *arena)
{
    const struct flow_open_task *opened = flow_opened(v, task);
    const struct json *record;
    struct err ignored = { 0 };
    if (!opened || !opened->done || !opened->json.p ||
        json_read(&record, arena, opened->json, &json_limits_default, &ignored) != OK)
        return (struct str){ 0 };
    const struct json *values = json_get(record, "values");
    for (const struct json *value = values ? values->child : NULL; value; value = value->next)
        if (str_eq(json_get_str(value, "name"), field))
            return json_get_str(value, "value");
    return (struct str){ 0 };
}

size_t flow_countdowns(const struct flow_view *v, struct flow_countdown *out, size_t max)
{
    size_t n = 0;
    const struct workflow *w = v->workflow;
    for (size_t i = 0; v->state != FLOW_ENDED && i < w->viability.n && n < max; i++) {
        const struct flow_viability *viability = &w->viability.p[i];
        const struct flow_open_task *from = flow_opened(v, viability->from);
        const struct flow_open_task *until = flow_opened(v, viability->until);
        if (!from || !from->done || (until && until->done))
            continue;
        out[n++] = (struct flow_countdown){
            .name = viability->name,
            .title = viability->title,
            .until = from->done_at + flow_duration(viability->limit),
        };
    }
    return n;
}

enum outcome flow_party_may(bool *out, struct db *db, const struct actor *actor,
                            const struct flow_right *right, struct arena *arena, struct err *e)
{
    struct flow_parties_in in = { right->order };
    struct record_list list;
    *out = false;
    TRY(flow_actor(&actor, db, actor, right->order, arena, e));
    TRY(db_list(db, &sql_flow_parties, &in, &list, FLOW_PARTIES_MAX, arena, e));
    const struct flow_parties_out *party = list.p;
    for (size_t i = 0; i < list.n; i++)
        *out |= actor_may(actor, str_z(right->permission), party[i].organisation, party[i].site);
    return OK;
}
