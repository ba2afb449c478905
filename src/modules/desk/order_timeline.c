/* What happened to an order, newest first, in words. */
#define _GNU_SOURCE /* memmem */
#include <stdio.h>

#include "kernel/ledger.h"
#include "kernel/number.h"
#include "modules/desk/order.h"

enum { EVENTS_SHOWN = 200, PARAMS_MAX = 24, EVENT_TEXT_MAX = 2000 };

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
    { "custody.readings_", "snow", "" },
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
static struct str member(struct page *p, const struct desk_order *o, struct str type,
                         const struct json *m)
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
    if (str_is(m->key, "quantity"))
        return number_words(p, m->text);
    if (str_is(m->key, "kind") && str_starts(type, S("deviation.")))
        return show_name(p, "deviation_kind", m->text);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_is(m->key, codes[i].name))
            return show_name(p, codes[i].prefix, m->text);
    return words_say(p, m->text);
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
            params[n++] =
                (struct text_param){ arena_str(a, m->key).p, member(p, o, event->type, m) };
    text_write(&text, p->language, key, params, n);
    for (size_t i = 0; i < sizeof also / sizeof also[0]; i++) {
        const struct json *m = json_get(body, also[i]);
        if (m && !tells(template, str_z(also[i])))
            append(&more, member(p, o, event->type, m));
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
        "custody.readings_",
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

/* The record of a task that was done more than once belongs to the last time, which comes first
 * here: an earlier pass was another record. */
static bool recorded(const struct desk_order_view *v, const struct desk_event *x)
{
    const struct flow_task *task = flow_task_find(&v->o.flow, x->task);
    if (!str_is(x->type, "flow.task_done") || !task || !flow_sees_record(&v->o.sight, task))
        return false;
    for (size_t i = 0; i < v->nevents; i++)
        if (v->events[i].recorded && str_eq(v->events[i].task, x->task))
            return false;
    return true;
}

enum outcome desk_order_timeline(struct desk_order_view *v, struct http_request *r, struct db *db,
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
    if (!out)
        return err_no_memory(e);
    v->events = out;
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
        x->recorded = recorded(v, x);
        x->who = show_person(p, db, event.actor);
        look(x);
        x->clock = show_time(p, event.happened);
        x->day = str_cut(&x->clock, ',');
        x->new_day = v->nevents == 0 || !str_eq(x->day, x[-1].day);
        v->nevents++;
    }
    v->older = n == EVENTS_SHOWN ? rows[n - 1].sequence : -1;
    return OK;
}
