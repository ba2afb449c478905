/* The order's page: who and what it is, where it stands, what comes next and whose it is, and
 * everything that happened, newest first. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>

#include "gen/desk/pages/order.html.h"
#include "kernel/ledger.h"
#include "modules/desk/forecast.h"

enum { EVENTS_SHOWN = 200, PARAMS_MAX = 24, EVENT_TEXT_MAX = 2000, RECORD_MAX = 200 << 10 };

/* --- records --- */

enum outcome desk_record_html(struct html *out, struct page *p, const struct flow_files_of *of,
                              const struct form_record *record, struct err *e)
{
    struct flow_files_of files_of = *of;
    const struct form_files files = flow_files(&files_of);
    struct definition form;
    struct arena *a = p->b->arena;
    bool found = false;
    *out = (struct html){ S("") };
    if (record->form.p)
        TRY(define_find(&form, of->db, S("form"), record->form, record->form_version, p->now_us, a,
                        &found, e));
    if (!found)
        return OK;
    struct page part = *p;
    struct buf b = buf_in(a, RECORD_MAX);
    part.b = &b;
    const struct form_shown shown = { .form = &form, .record = record, .files = &files };
    form_render_record(&part, &shown, a);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

enum outcome desk_record(struct html *out, struct page *p, const struct flow_files_of *of,
                         const struct flow_open_task *task, struct err *e)
{
    struct form_record record;
    const struct json *object;
    struct arena *a = p->b->arena;
    *out = (struct html){ S("") };
    if (!task->json.p || !task->form.p)
        return OK;
    TRY(json_read(&object, a, task->json, &json_limits_default, e));
    TRY(record_from_sealed_json(&form_record_record, &record, a, object, e));
    return desk_record_html(out, p, of, &record, e);
}

/* --- the timeline --- */

static const struct {
    const char *starts, *icon, *class;
} event_looks[] = {
    { "stop.raised", "stop", "stop" },
    { "stop.resolved", "ok", "ok" },
    { "flow.task_done", "done", "ok" },
    { "flow.task_opened", "next", "" },
    { "flow.task_overdue", "clock", "stop" },
    { "flow.held", "hold", "" },
    { "flow.ended", "end", "" },
    { "flow.record_corrected", "form", "" },
    { "flow.correction_reviewed", "form", "ok" },
    { "flow.entries_differed", "warn", "" },
    { "flow.signed", "form", "ok" },
    { "identity.checked", "scan", "" },
    { "unit.", "unit", "" },
    { "custody.", "hand", "" },
    { "clinic.thaw", "snow", "" },
    { "clinic.", "now", "" },
    { "deviation.", "warn", "stop" },
    { "order.patient_corrected", "form", "" },
};

static void look(struct desk_event *out)
{
    out->icon = "now";
    out->class = "";
    for (size_t i = 0; i < sizeof event_looks / sizeof event_looks[0]; i++)
        if (str_starts(out->type, str_z(event_looks[i].starts))) {
            out->icon = event_looks[i].icon;
            out->class = event_looks[i].class;
            return;
        }
}

static void append(struct buf *b, struct str text)
{
    if (text.n == 0)
        return;
    buf_z(b, b->n > 0 ? " · " : "");
    buf_str(b, text);
}

/* A member of the payload in words: tasks, points and codes by their names. */
static struct str member(struct page *p, const struct desk_order *o, const struct json *m)
{
    static const struct {
        const char *name, *prefix;
    } codes[] = {
        { "point", "point" },        { "safe_state", "safe_state" }, { "result", "check_result" },
        { "decision", "decision" },  { "kind", "unit_kind" },        { "how", "order_ended" },
        { "verdict", "correction" },
    };
    const struct flow_task *task;
    if (str_is(m->key, "changed") && m->type == JSON_ARRAY) {
        struct buf b = buf_in(p->b->arena, EVENT_TEXT_MAX);
        for (const struct json *item = m->child; item; item = item->next) {
            buf_z(&b, b.n > 0 ? ", " : "");
            buf_str(&b, show_name(p, "patient_field", item->text));
        }
        return buf_get(&b);
    }
    if (m->type != JSON_STRING)
        return S("");
    if (str_is(m->key, "task") && (task = flow_task_find(&o->flow, m->text)) != NULL)
        return task->title;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_is(m->key, codes[i].name))
            return show_name(p, codes[i].prefix, m->text);
    return m->text;
}

static bool tells(struct str template, struct str name)
{
    char param[64];
    const int n = snprintf(param, sizeof param, "{%.*s}", STR(name));
    return n > 0 && (size_t)n < sizeof param && memmem(template.p, template.n, param, (size_t)n);
}

/* The event's text with its parameters, and what else the payload says by the names that events
 * share. */
static void words(struct desk_event *x, struct page *p, const struct desk_order *o,
                  const struct event *event)
{
    static const char *const also[] = { "task",  "point",  "result",   "kind",
                                        "label", "number", "quantity", "coi" };
    const struct json *body;
    struct err e = { 0 };
    struct arena *a = p->b->arena;
    struct text_param params[PARAMS_MAX];
    size_t n = 0;
    const struct str key = arena_printf(a, "event.%.*s", STR(event->type));
    const struct str template = text_find(p->language, key);
    struct buf text = buf_in(a, EVENT_TEXT_MAX);
    struct buf more = buf_in(a, EVENT_TEXT_MAX);
    if (json_read(&body, a, event->payload, &json_limits_default, &e) != OK)
        return;
    for (const struct json *m = body->child; m && n < PARAMS_MAX; m = m->next)
        if (m->type == JSON_STRING || str_is(m->key, "changed"))
            params[n++] = (struct text_param){ arena_str(a, m->key).p, member(p, o, m) };
    text_write(&text, p->language, key, params, n);
    for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
        const struct json *m = json_get(body, also[i]);
        if (m && !tells(template, str_z(also[i])))
            append(&more, member(p, o, m));
    }
    x->text = buf_get(&text);
    x->detail = buf_get(&more);
    x->failed = str_is(json_get_str(body, "result"), "fail");
    x->task = json_get_str(body, "task");
}

/* What a clinician looks for; the rest is shown when asked for. Facts are never: they are how
 * modules tell each other of what has an event of its own. */
static bool worth_showing(const struct desk_event *x, bool all)
{
    static const char *const key[] = {
        "order.",
        "flow.task_done",
        "flow.task_overdue",
        "flow.held",
        "flow.resumed",
        "flow.ended",
        "flow.record_corrected",
        "stop.",
        "flow.repeated",
        "flow.task_skipped",
        "flow.alerted",
        "flow.escalated",
        "flow.move",
        "deviation.",
        "custody.accepted",
        "custody.declined",
        "clinic.",
        "flow.signed",
        "flow.correction_reviewed",
        "unit.made",
        "patient.",
    };
    if (str_starts(x->type, S("flow.fact_")))
        return false;
    if (all || x->failed)
        return true;
    for (size_t i = 0; i < sizeof key / sizeof key[0]; i++)
        if (str_starts(x->type, str_z(key[i])))
            return true;
    return false;
}

/* What stands of a task's record belongs to the event by which the task was done last, which comes
 * first here: an earlier pass was another record. */
static const struct desk_task_line *line_of(const struct desk_order_view *v, bool *told,
                                            struct str task, const struct event *event)
{
    for (size_t i = 0; i < v->ndone; i++) {
        const struct flow_open_task *open = v->done[i].open;
        if (told[i] || !str_eq(open->task, task) || open->done_at != event->happened ||
            !str_eq(open->by, event->actor))
            continue;
        told[i] = true;
        return &v->done[i];
    }
    return NULL;
}

static enum outcome timeline(struct desk_order_view *v, struct http_request *r, struct db *db,
                             struct page *p, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    int64_t before = -1;
    struct arena *a = r->arena;
    const struct desk_sight sight = { db, &v->o.sight, v->o.sight.workflow };
    v->all = str_is(http_query(r, "all"), "1");
    (void)str_to_u63(&before, http_query(r, "before"));
    TRY(ledger_read_key(db, v->topic, before, EVENTS_SHOWN, &rows, &n, a, e));
    struct desk_event *out = ARENA_ARRAY(a, n + 1, struct desk_event);
    bool *told = ARENA_ARRAY(a, v->ndone + 1, bool);
    if (!out || !told)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        struct event event;
        bool seen;
        TRY(event_read(&event, a, rows[i].leaf, e));
        TRY(desk_event_seen(&seen, &sight, &event, a, e));
        if (!seen)
            continue;
        struct desk_event *x = &out[v->nevents];
        *x = (struct desk_event){ .happened = event.happened, .type = event.type };
        words(x, p, &v->o, &event);
        if (!worth_showing(x, v->all))
            continue;
        const struct desk_task_line *line =
            str_is(x->type, "flow.task_done") ? line_of(v, told, x->task, &event) : NULL;
        x->record = line ? line->record : (struct html){ S("") };
        x->signed_by = line ? line->signed_by : (struct html){ S("") };
        x->who = show_person(p, db, event.actor);
        look(x);
        x->clock = show_time(p, event.happened);
        x->day = str_cut(&x->clock, ',');
        x->new_day = v->nevents == 0 || !str_eq(x->day, x[-1].day);
        v->nevents++;
    }
    v->events = out;
    v->older = n == EVENTS_SHOWN ? rows[n - 1].sequence : -1;
    return OK;
}

/* --- tasks, units, people --- */

/* A record is never shown without who signed it (21 CFR 11.50). */
static enum outcome signatures(struct desk_task_line *line, const struct desk_order_view *v,
                               struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct sign_list list;
    const struct sign_list_of of = {
        .kind = S("task"),
        .id = arena_printf(r->arena, "%.*s/%.*s", STR(v->o.id), STR(line->task->name)),
        .version = line->open->recorded,
        .next =
            arena_printf(r->arena, "/orders/%.*s/tasks/%.*s", STR(v->o.id), STR(line->task->name)),
    };
    TRY(sign_list_read(&list, p, r, db, &of, e));
    return sign_list_html(&line->signed_by, p, &list, e);
}

static enum outcome tasks(struct desk_order_view *v, struct http_request *r,
                          const struct flow_files_of *of, struct page *p, struct err *e)
{
    struct db *db = of->db;
    const struct flow_view *f = &v->o.flow;
    struct desk_task_line *open = ARENA_ARRAY(p->b->arena, f->ntasks + 1, struct desk_task_line);
    struct desk_task_line *done = ARENA_ARRAY(p->b->arena, f->ntasks + 1, struct desk_task_line);
    if (!open || !done)
        return err_no_memory(e);
    v->open = open;
    v->done = done;
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_open_task *t = &f->tasks[f->ntasks - 1 - i];
        const struct flow_task *task = flow_task_find(f, t->task);
        if (!task || (!t->done && f->state == FLOW_ENDED))
            continue;
        struct desk_task_line *line = t->done ? &done[v->ndone++] : &open[v->nopen++];
        *line = (struct desk_task_line){ .task = task, .open = t };
        line->owner = desk_owner(p, db, task->role, t->site);
        line->seen = flow_sees_record(&v->o.sight, task);
        if (!t->done)
            continue;
        line->by = show_person(p, db, t->by);
        if (line->seen)
            TRY(desk_record(&line->record, p, of, t, e));
        if (line->record.markup.n > 0)
            TRY(signatures(line, v, r, db, p, e));
    }
    return OK;
}

static enum outcome parties(struct desk_order_view *v, struct db *db, struct page *p, struct err *e)
{
    const struct flow_view *f = &v->o.flow;
    struct desk_party *out = ARENA_ARRAY(p->b->arena, f->nparties + 1, struct desk_party);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < f->nparties; i++)
        out[i] = (struct desk_party){
            .part = show_name(p, "part", f->parties[i].part),
            .site = auth_site_name(db, f->parties[i].site, p->b->arena),
            .organisation = auth_organisation_name(db, f->parties[i].organisation, p->b->arena),
        };
    v->parties = out;
    v->nparties = f->nparties;
    return OK;
}

/* The dates of a journey, in its order; what is planned already is there to be changed. */
static enum outcome plan(struct desk_order_view *v, struct arena *a, struct err *e)
{
    static const char *const dates[] = { "collection", "receipt", "release", "delivery",
                                         "infusion" };
    enum { DATES = sizeof dates / sizeof dates[0] };
    struct desk_date *plan = ARENA_ARRAY(a, DATES, struct desk_date);
    if (!plan)
        return err_no_memory(e);
    for (size_t i = 0; i < DATES; i++) {
        struct buf planned = buf_in(a, CLOCK_TEXT_LENGTH);
        for (size_t k = 0; k < v->ndates; k++)
            if (str_is(v->dates[k].what, dates[i]))
                clock_write(&planned, v->dates[k].planned);
        plan[i] = (struct desk_date){
            .id = arena_printf(a, "plan-%s", dates[i]),
            .what = str_z(dates[i]),
            .what_name = arena_printf(a, "dates.%zu.what", i),
            .planned_name = arena_printf(a, "dates.%zu.planned", i),
            .planned = buf_get(&planned),
        };
    }
    v->plan = plan;
    v->nplan = DATES;
    return OK;
}

static void rights(struct desk_order_view *v)
{
    const bool live = v->o.flow.found && v->o.flow.state != FLOW_ENDED;
    v->may_hold = live && v->o.flow.state == FLOW_RUNNING && desk_order_does(&v->o, "flow.hold");
    v->may_resume = live && v->o.flow.state == FLOW_HELD && desk_order_does(&v->o, "flow.resume");
    v->may_end = live && desk_order_does(&v->o, "flow.end");
    v->may_report = desk_order_does(&v->o, "deviation.open");
    v->may_schedule = live && desk_order_does(&v->o, "order.schedule");
}

/* What the move would change, in words: as between any two versions of a definition. */
static enum outcome move_differences(struct desk_order_view *v, struct db *db, struct page *p,
                                     struct err *e)
{
    const struct str name = v->o.flow.workflow_name;
    struct definition from;
    struct definition to;
    bool found[2];
    TRY(define_find(&from, db, S("workflow"), name, v->move.from_version, 0, p->b->arena, &found[0],
                    e));
    TRY(define_find(&to, db, S("workflow"), name, v->move.version, 0, p->b->arena, &found[1], e));
    return found[0] && found[1] ? pages_differ(&v->move_differences, p, &from, &to, e) : OK;
}

/* The move to another version of the workflow that waits for approval. */
static enum outcome move(struct desk_order_view *v, const struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    struct flow_move_in in = { v->o.id };
    const bool live = v->o.flow.found && v->o.flow.state != FLOW_ENDED;
    v->may_move = live && desk_order_does(&v->o, "flow.propose_move");
    TRY(db_get(db, &sql_flow_move, &in, &v->move, r->arena, &v->moving, e));
    v->moving = v->moving && live && v->move.approved == TIME_NONE &&
                v->move.from_version == v->o.flow.workflow_version;
    if (v->moving && v->move.declined != TIME_NONE) {
        v->moving = false;
        v->decliner = show_person(p, db, v->move.declined_by);
        v->move_version = arena_printf(r->arena, "%lld", (long long)v->move.version);
    }
    if (!v->moving)
        return OK;
    v->mover = show_person(p, db, v->move.proposed_by);
    v->move_version = arena_printf(r->arena, "%lld", (long long)v->move.version);
    v->may_approve = desk_order_does(&v->o, "flow.approve_move") &&
                     !str_eq(v->move.proposed_by, show_actor(r)->name);
    v->may_decline = desk_order_does(&v->o, "flow.decline_move") &&
                     !str_eq(v->move.proposed_by, show_actor(r)->name);
    return move_differences(v, db, p, e);
}

/* Loops that the reader may take now. */
static enum outcome loops(struct desk_order_view *v, const struct http_request *r, struct page *p,
                          struct err *e)
{
    const struct workflow *w = v->o.flow.workflow;
    struct desk_loop *out =
        ARENA_ARRAY(r->arena, v->o.flow.found ? w->loops.n + 1 : 1, struct desk_loop);
    if (!out)
        return err_no_memory(e);
    v->loops = out;
    for (size_t i = 0; v->o.flow.found && i < w->loops.n; i++) {
        const struct flow_loop *loop = &w->loops.p[i];
        struct err ignored = { 0 };
        if (!desk_order_does(&v->o, "flow.repeat") ||
            flow_loop_may(&v->o.flow, loop, v->o.actor, &ignored) != OK)
            continue;
        out[v->nloops++] = (struct desk_loop){
            .loop = loop,
            .id = arena_printf(r->arena, "loop-%.*s", STR(loop->name)),
            .reason_id = arena_printf(r->arena, "loop-%.*s-reason", STR(loop->name)),
            .taken = arena_printf(r->arena, "%lld", (long long)flow_loop_taken(&v->o.flow, loop)),
            .times = arena_printf(r->arena, "%lld", (long long)loop->times),
            .units = show_name(p, "unit_fate", loop->units),
        };
    }
    return OK;
}

static enum outcome order(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_order_view *v = ARENA_NEW(r->arena, struct desk_order_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    if (http_wants_json(r))
        return show_row(r, sql_order_order.out, &v->o.row, e);
    v->topic = arena_printf(r->arena, "order/%.*s", STR(v->o.id));
    v->refused = show_refusal(p, r);
    if (v->o.next)
        v->owner = desk_owner(p, db, v->o.next->role, v->o.next_open->site);
    order_dose_of(&v->dose, &v->o.row, v->o.pinned, p->language, r->arena);
    const struct flow_files_of of = { db, v->o.id, look_of(r) };
    TRY(tasks(v, r, &of, p, e));
    TRY(parties(v, db, p, e));
    TRY(desk_order_lists(v, db, r->arena, e));
    TRY(desk_order_foresee(v, db, p, e));
    TRY(plan(v, r->arena, e));
    TRY(timeline(v, r, db, p, e));
    TRY(desk_order_drawing(&v->drawing, p, &v->o, e));
    rights(v);
    v->sees_report = v->o.flow.found && flow_sees(&v->o.sight, "report");
    v->sees_patient = flow_sees(&v->o.sight, "patient");
    v->sees_next = v->o.next && flow_sees_record(&v->o.sight, v->o.next);
    v->sees_files = flow_sees(&v->o.sight, "file");
    TRY(loops(v, r, p, e));
    TRY(move(v, r, db, p, e));
    page_order(p, v);
    return OK;
}

enum http_state desk_get_order(struct http_request *r)
{
    return show(r, "page.order.title", order);
}

/* --- acts on the whole order --- */

enum http_state desk_order_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.order.title", order, refused);
}

enum http_state desk_post_order(struct http_request *r)
{
    static const char *const known[] = { "flow.hold",         "flow.resume",
                                         "flow.end",          "stop.resolve",
                                         "order.schedule",    "flow.repeat",
                                         "flow.propose_move", "flow.approve_move",
                                         "flow.decline_move" };
    const struct str name = http_param(r, "command");
    struct err e = { 0 };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(name, known[i]))
            return app_command(
                r, &(struct app_command){
                       .name = name,
                       .next = arena_printf(r->arena, "/orders/%.*s", STR(http_param(r, "order"))),
                       .refused = i == 3 ? desk_stop_again : desk_order_again,
                   });
    (void)REFUSE(&e, "gate.unknown_command", { "command", name });
    return app_problem(r, &e);
}
