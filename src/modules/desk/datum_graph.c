/* The graph of an order's data: what its definitions say looks at what. */
#include "modules/desk/datum.h"

#include <stdlib.h>

enum { STEPS_ROOM = 2 * DESK_DATA_STEPS_MAX }; /* the same step may be taken twice */

/* --- data and steps --- */

size_t desk_datum_find(const struct desk_data *d, struct str id)
{
    size_t i = 0;
    while (i < d->n && !str_eq(d->p[i].id, id))
        i++;
    return i;
}

size_t data_add(struct data_making *m, const struct desk_datum *datum)
{
    const size_t at = desk_datum_find(m->out, datum->id);
    if (at < m->out->n)
        return at;
    if (at == DESK_DATA_MAX || !datum->id.p) {
        m->out->more = true;
        return DESK_DATA_MAX;
    }
    m->p[m->out->n] = *datum;
    return m->out->n++;
}

static int by_ends(const void *a, const void *b)
{
    const struct desk_step *x = a;
    const struct desk_step *y = b;
    return x->input != y->input ? (x->input > y->input) - (x->input < y->input)
                                : (x->use > y->use) - (x->use < y->use);
}

/* Each step once, in the order of the data. */
static void steps_once(struct data_making *m)
{
    struct desk_data *out = m->out;
    size_t n = 0;
    if (out->nsteps > 0)
        qsort(m->steps, out->nsteps, sizeof *m->steps, by_ends);
    for (size_t i = 0; i < out->nsteps; i++)
        if (n == 0 || by_ends(&m->steps[n - 1], &m->steps[i]) != 0)
            m->steps[n++] = m->steps[i];
    out->more |= n > DESK_DATA_STEPS_MAX;
    out->nsteps = n > DESK_DATA_STEPS_MAX ? DESK_DATA_STEPS_MAX : n;
}

void data_step(struct data_making *m, size_t input, size_t use)
{
    struct desk_data *out = m->out;
    if (input >= out->n || use >= out->n || input == use)
        return;
    if (out->nsteps == STEPS_ROOM)
        steps_once(m);
    m->steps[out->nsteps++] = (struct desk_step){ input, use };
}

struct str data_id(struct data_making *m, const char *kind, struct str task, struct str name)
{
    return arena_printf(m->arena, "%s/%.*s/%.*s", kind, STR(task), STR(name));
}

bool data_sees(const struct data_making *m, struct str task)
{
    const struct flow_task *t = flow_task_find(m->of->flow, task);
    return !m->of->sight || (t && flow_sees_record(m->of->sight, t));
}

static struct desk_datum datum(const char *kind, struct str id)
{
    return (struct desk_datum){
        .id = id, .kind = kind, .form_version = INT_NONE, .at = TIME_NONE, .event = INT_NONE
    };
}

/* --- records: values, and what was computed of them --- */

enum outcome data_record_read(struct form_record *out, struct str text, struct arena *arena,
                              struct err *e)
{
    const struct json *json;
    record_clear(&form_record_record, out);
    if (!text.p)
        return OK;
    TRY(json_read(&json, arena, text, &json_limits_default, e));
    return record_from_sealed_json(&form_record_record, out, arena, json, e);
}

static void add_values(struct data_making *m, const struct data_record *of,
                       const struct data_said *said)
{
    const struct flow_open_task *task = of->task;
    const struct form_record *record = of->record;
    const struct str paper = data_id(m, "document", task->task, S("record"));
    struct desk_datum document = datum("document", paper);
    document.title = task->task;
    document.task = task->task;
    document.decided = true;
    for (size_t i = 0; i < record->values.n; i++) {
        const struct form_value *v = &record->values.p[i];
        const struct form_field *field = form_field_of(of->form, v->name);
        struct desk_datum d = datum("field", data_id(m, "field", task->task, v->name));
        d.title = field ? field->label : v->name;
        d.value = v->value;
        d.formula = field ? field->formula : (struct str){ 0 };
        d.task = task->task;
        d.field = v->name;
        d.form = task->form;
        d.form_version = task->form_version;
        d.at = said[i].at;
        d.by = said[i].by;
        data_step(m, data_add(m, &d), data_add(m, &document));
    }
}

static struct str base_of(struct str name)
{
    return str_cut(&name, '.');
}

static struct str row_of(struct str name)
{
    (void)str_cut(&name, '.');
    return name;
}

/* Each value of the field of a use, of each value of its input: of the same row where both stand in
 * the same rows, else of all. */
static void add_use(struct data_making *m, struct str task, const struct form_record *record,
                    const struct form_use *use)
{
    for (size_t i = 0; i < record->values.n; i++) {
        const struct str name = record->values.p[i].name;
        if (!str_eq(base_of(name), use->field->name))
            continue;
        const size_t at = desk_datum_find(m->out, data_id(m, "field", task, name));
        for (size_t k = 0; k < record->values.n; k++) {
            const struct str input = record->values.p[k].name;
            if (str_eq(base_of(input), use->input->name) &&
                (!use->by_row || str_eq(row_of(input), row_of(name))))
                data_step(m, desk_datum_find(m->out, data_id(m, "field", task, input)), at);
        }
    }
}

static enum outcome add_record(struct data_making *m, const struct flow_open_task *task,
                               struct err *e)
{
    struct definition form;
    struct form_record record;
    const struct form_use *uses;
    const struct data_said *said;
    size_t n;
    bool found = false;
    if (!task->form.p || !task->json.p)
        return OK;
    TRY(data_record_read(&record, task->json, m->arena, e));
    if (!data_sees(m, task->task)) {
        m->out->hidden += record.values.n;
        return OK;
    }
    TRY(define_find(&form, m->of->db, S("form"), task->form, task->form_version, 0, m->arena,
                    &found, e));
    if (!found)
        return OK;
    const struct data_record of = { task, form.body, &record };
    TRY(data_said_read(&said, m, &of, e));
    add_values(m, &of, said);
    TRY(form_uses(&uses, &n, form.body, m->arena, e));
    for (size_t i = 0; i < n; i++)
        add_use(m, task->task, &record, &uses[i]);
    return OK;
}

/* --- decisions at tasks --- */

static bool skipped(const struct flow_view *v, struct str task)
{
    for (size_t i = 0; i < v->nskipped; i++)
        if (str_eq(v->skipped[i].task, task))
            return true;
    return false;
}

/* The task as a decision: that it was completed (or skipped). */
static size_t add_task(struct data_making *m, const struct flow_task *task)
{
    const struct flow_open_task *opened = flow_opened(m->of->flow, task->name);
    struct desk_datum d = datum("task", data_id(m, "task", task->name, S("done")));
    d.title = task->title;
    d.task = task->name;
    d.decided = (opened && opened->done) || skipped(m->of->flow, task->name);
    if (opened && opened->done) {
        d.at = opened->done_at;
        d.by = opened->by;
    }
    return data_add(m, &d);
}

static size_t fact_of(struct data_making *m, struct str task, struct str fact)
{
    const struct flow_view *v = m->of->flow;
    for (size_t i = 0; i < v->nfacts; i++)
        if (str_eq(v->facts[i].fact, fact) && (!task.p || str_eq(v->facts[i].task, task))) {
            if (!data_sees(m, v->facts[i].task)) {
                m->out->hidden += !m->hides[i];
                m->hides[i] = true;
                continue;
            }
            struct desk_datum d = datum("fact", data_id(m, "fact", v->facts[i].task, fact));
            d.title = fact;
            d.task = v->facts[i].task;
            d.at = v->facts[i].at;
            d.by = v->facts[i].by;
            return data_add(m, &d);
        }
    return DESK_DATA_MAX;
}

static size_t done_of(struct data_making *m, struct str task)
{
    const struct flow_task *t = flow_task_find(m->of->flow, task);
    return t ? add_task(m, t) : DESK_DATA_MAX;
}

static void add_guard(struct data_making *m, const struct flow_task *task, size_t done,
                      const struct flow_guard *g, bool condition)
{
    const struct flow_open_task *opened = flow_opened(m->of->flow, task->name);
    struct desk_datum d =
        datum("guard", data_id(m, condition ? "when" : "guard", task->name, g->name));
    d.title = g->text;
    d.task = task->name;
    d.decided = condition ? opened || skipped(m->of->flow, task->name) : opened && opened->done;
    if (opened && opened->done && !condition) {
        d.at = opened->done_at;
        d.by = opened->by;
    } else if (opened && condition) {
        d.at = opened->opened;
    }
    const size_t at = data_add(m, &d);
    data_step(m, at, done);
    if (g->field.p)
        data_step(m, desk_datum_find(m->out, data_id(m, "field", g->task, g->field)), at);
    if (g->fact.p)
        data_step(m, fact_of(m, (struct str){ 0 }, g->fact), at);
    const struct str earlier[] = { g->done, g->reviewed, g->of };
    for (size_t i = 0; i < sizeof earlier / sizeof earlier[0]; i++)
        if (earlier[i].p)
            data_step(m, done_of(m, earlier[i]), at);
    for (size_t i = 0; i < g->any.n; i++)
        data_step(m, done_of(m, g->any.p[i]), at);
}

/* Limits of the product's specification, of the last of the task's records that has the value: as
 * the rule of release reads it. */
static void add_limits(struct data_making *m, const struct flow_task *task, size_t done)
{
    const struct product *product = m->of->product;
    const struct flow_open_task *opened = flow_opened(m->of->flow, task->name);
    for (size_t i = 0; product && task->records.n > 0 && i < product->specification.n; i++) {
        const struct product_limit *limit = &product->specification.p[i];
        struct desk_datum d = datum("limit", data_id(m, "limit", task->name, limit->test));
        d.title = limit->title;
        d.task = task->name;
        d.decided = opened && opened->done;
        const size_t at = data_add(m, &d);
        data_step(m, at, done);
        for (size_t k = task->records.n; k > 0; k--) {
            const struct str from = task->records.p[k - 1];
            if (!flow_value(m->of->flow, from, limit->test, m->arena).p)
                continue;
            data_step(m, desk_datum_find(m->out, data_id(m, "field", from, limit->test)), at);
            break;
        }
    }
}

static void add_decisions(struct data_making *m, const struct flow_task *task)
{
    const size_t done = add_task(m, task);
    const struct flow_open_task *opened = flow_opened(m->of->flow, task->name);
    for (size_t i = 0; i < task->when.n; i++)
        add_guard(m, task, done, &task->when.p[i], true);
    for (size_t i = 0; i < task->guards.n; i++)
        add_guard(m, task, done, &task->guards.p[i], false);
    add_limits(m, task, done);
    for (size_t i = 0; i < task->checks.n; i++)
        data_step(
            m, fact_of(m, task->name, arena_printf(m->arena, "check:%.*s", STR(task->checks.p[i]))),
            done);
    for (size_t i = 0; i < task->needs.n; i++)
        data_step(m, fact_of(m, task->name, task->needs.p[i]), done);
    for (size_t i = 0; opened && opened->done && i < m->out->n; i++)
        if (str_is(str_z(m->p[i].kind), "field") && str_eq(m->p[i].task, task->name))
            data_step(m, i, done);
}

/* --- what was prescribed: the dose rule --- */

static void add_prescribed(struct data_making *m)
{
    const struct order_order_out *o = m->of->order;
    struct buf weight = buf_in(m->arena, 200);
    struct buf dose = buf_in(m->arena, 200);
    struct desk_datum w = datum("prescribed", S("prescribed/weight"));
    struct desk_datum d = datum("prescribed", S("prescribed/dose"));
    quantity_write(&weight, o->weight);
    decimal_write(&dose, o->dose);
    w.title = S("weight");
    w.value = buf_get(&weight);
    d.title = S("dose");
    d.value = buf_get(&dose);
    d.formula = o->dose_rule;
    w.at = d.at = o->prescribed;
    w.by = d.by = o->prescriber;
    data_step(m, data_add(m, &w), data_add(m, &d));
}

static enum outcome make(struct data_making *m, struct err *e)
{
    const struct flow_view *v = m->of->flow;
    add_prescribed(m);
    if (!v->found || !v->workflow)
        return OK;
    for (size_t i = 0; i < v->ntasks; i++)
        TRY(add_record(m, &v->tasks[i], e));
    for (size_t s = 0; s < v->workflow->stages.n; s++)
        for (size_t t = 0; t < v->workflow->stages.p[s].tasks.n; t++)
            add_decisions(m, &v->workflow->stages.p[s].tasks.p[t]);
    return data_add_events(m, e);
}

enum outcome desk_data_read(struct desk_data *out, const struct desk_data_of *of,
                            struct arena *arena, struct err *e)
{
    struct data_making m = {
        .of = of,
        .out = out,
        .p = ARENA_ARRAY(arena, DESK_DATA_MAX, struct desk_datum),
        .steps = ARENA_ARRAY(arena, STEPS_ROOM, struct desk_step),
        .hides = ARENA_ARRAY(arena, of->flow->nfacts + 1, bool),
        .arena = arena,
    };
    *out = (struct desk_data){ .p = m.p, .steps = m.steps };
    if (!m.p || !m.steps || !m.hides)
        return err_no_memory(e);
    TRY(make(&m, e));
    steps_once(&m);
    return OK;
}

/* --- there and back --- */

size_t desk_datum_reach(struct desk_reached *out, bool *more, const struct desk_reach *of,
                        struct arena *arena)
{
    const struct desk_data *d = of->data;
    bool *seen = ARENA_ARRAY(arena, DESK_DATA_MAX + 1, bool);
    size_t n = 0;
    *more = false;
    if (!seen || of->from >= d->n)
        return 0;
    seen[of->from] = true;
    for (size_t at = SIZE_MAX; at == SIZE_MAX || at < n; at++) {
        const size_t here = at == SIZE_MAX ? of->from : out[at].datum;
        const int depth = at == SIZE_MAX ? 0 : out[at].depth;
        for (size_t i = 0; i < d->nsteps; i++) {
            const size_t near = of->uses ? d->steps[i].input : d->steps[i].use;
            const size_t far = of->uses ? d->steps[i].use : d->steps[i].input;
            if (near != here || seen[far])
                continue;
            if (depth == DESK_DATUM_DEPTH_MAX || n == DESK_DATUM_ROWS_MAX) {
                *more = true;
                continue;
            }
            seen[far] = true;
            out[n++] = (struct desk_reached){ far, here, depth + 1 };
        }
    }
    return n;
}
