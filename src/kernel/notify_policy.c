/* When notifications are raised and end: policies on the kernel's own events. Each looks whether
 * its cause still is, so that one that comes late says nothing. */
#include "base/id.h"
#include "kernel/effect.h"
#include "kernel/flow.h"
#include "kernel/job.h"
#include "kernel/notify_impl.h"
#include "kernel/stop.h"
#include "kernel/witness.h"

enum { SHORT_LENGTH = 8, LABEL_MAX = 80 };

struct str notify_about_order(struct str order, struct arena *arena)
{
    return arena_printf(arena, "order/%.*s", STR(order));
}

struct str notify_short(struct str id, struct arena *arena)
{
    struct str end = str_from(id, id.n > SHORT_LENGTH ? id.n - SHORT_LENGTH : 0);
    return arena_str(arena, end);
}

/* --- raising and ending from a policy --- */

static enum outcome policy_sends(struct policy_send *out, const char *name,
                                 const struct record *record, const void *body, struct arena *arena,
                                 struct err *e)
{
    void *copy = arena_alloc(arena, record->size);
    if (!copy || !record_copy(record, copy, body, arena))
        return err_no_memory(e);
    *out = (struct policy_send){ str_z(name), record, copy };
    return OK;
}

static enum outcome notification_read(struct notify_find_out *row, bool *found, struct db *db,
                                      struct str kind, struct str cause, struct arena *arena,
                                      struct err *e)
{
    const struct id id = notify_id(kind, cause);
    struct notify_find_in in = { id_str(&id) };
    return db_get(db, &sql_notify_find, &in, row, arena, found, e);
}

enum outcome notify_policy_raise(struct policy_send *out, bool *send, struct db *db,
                                 const struct event *event, const struct notify_raise *body,
                                 struct arena *arena, struct err *e)
{
    struct definition kind;
    TRY(define_find(&kind, db, S("notification"), body->kind, 0, event->recorded, arena, send, e));
    return *send ? policy_sends(out, "notification.raise", &notify_raise_record, body, arena, e)
                 : OK;
}

enum outcome notify_policy_end(struct policy_send *out, bool *send, struct db *db,
                               const struct notify_end *body, struct arena *arena, struct err *e)
{
    struct notify_find_out row;
    bool found = false;
    *send = false;
    if (body->cause.p) {
        TRY(notification_read(&row, &found, db, body->kind, body->cause, arena, e));
        *send = found && !str_is(row.state, "ended");
    } else {
        struct notify_about_in in = { body->about, body->beneath };
        struct record_list list;
        TRY(db_list(db, &sql_notify_about, &in, &list, NOTIFY_ABOUT_MAX, arena, e));
        *send = list.n > 0;
    }
    return *send ? policy_sends(out, "notification.end", &notify_end_record, body, arena, e) : OK;
}

/* --- stops --- */

static enum outcome on_stop_raised(struct db *db, const struct event *event, const void *payload,
                                   struct policy_send *out, bool *send, struct arena *arena,
                                   struct err *e)
{
    const struct stop_raised *stop = payload;
    struct stop_state now;
    TRY(stop_find(db, stop->order, &now, arena, e));
    if (!now.standing)
        return OK;
    const struct notify_raise body = {
        .kind = S("stop_raised"),
        .cause = arena_printf(arena, "stop/%.*s", STR(stop->order)),
        .about = notify_about_order(stop->order, arena),
        .label = notify_short(stop->order, arena),
        .link = arena_printf(arena, "/orders/%.*s", STR(stop->order)),
        .organisation = stop->organisation,
        .site = stop->site,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome on_stop_resolved(struct db *db, const struct event *event, const void *payload,
                                     struct policy_send *out, bool *send, struct arena *arena,
                                     struct err *e)
{
    (void)event;
    const struct stop_resolved *stop = payload;
    const struct notify_end body = {
        .kind = S("stop_raised"),
        .cause = arena_printf(arena, "stop/%.*s", STR(stop->order)),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

/* --- tasks --- */

static struct str task_cause(struct str order, struct str task, struct arena *arena)
{
    return arena_printf(arena, "task/%.*s/%.*s", STR(order), STR(task));
}

/* Where the task is to be done, and whether it still is. */
static enum outcome task_open(struct notify_task_place_out *place, bool *open, struct db *db,
                              struct str order, struct str task, struct arena *arena, struct err *e)
{
    struct notify_task_place_in in = { order, task };
    TRY(db_get(db, &sql_notify_task_place, &in, place, arena, open, e));
    *open = *open && place->open;
    return OK;
}

static enum outcome on_task_overdue(struct db *db, const struct event *event, const void *payload,
                                    struct policy_send *out, bool *send, struct arena *arena,
                                    struct err *e)
{
    const struct flow_task_overdue *task = payload;
    struct notify_task_place_out place;
    bool open;
    TRY(task_open(&place, &open, db, task->order, task->task, arena, e));
    if (!open)
        return OK;
    const struct notify_raise body = {
        .kind = S("task_overdue"),
        .cause = task_cause(task->order, task->task, arena),
        .about = notify_about_order(task->order, arena),
        .label = notify_short(task->order, arena),
        .link = arena_printf(arena, "/orders/%.*s", STR(task->order)),
        .organisation = place.organisation,
        .site = place.site,
        .role = place.role,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

/* A step of the task's own ladder: whom it names is told, while the task is open. */
static enum outcome on_escalated(struct db *db, const struct event *event, const void *payload,
                                 struct policy_send *out, bool *send, struct arena *arena,
                                 struct err *e)
{
    const struct flow_escalated *step = payload;
    struct notify_task_place_out place;
    bool open;
    TRY(task_open(&place, &open, db, step->order, step->task, arena, e));
    if (!open)
        return OK;
    const struct notify_raise body = {
        .kind = S("task_escalated"),
        .cause = arena_printf(arena, "task/%.*s/%.*s/%lld", STR(step->order), STR(step->task),
                              (long long)step->step),
        .about = notify_about_order(step->order, arena),
        .label = notify_short(step->order, arena),
        .link = arena_printf(arena, "/orders/%.*s", STR(step->order)),
        .organisation = step->organisation,
        .site = step->site,
        .role = step->role,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

/* The person whom the order names for it, if the workflow means that one. */
static enum outcome person_told(struct str *out, struct db *db, const struct flow_alerted *alert,
                                size_t which, struct arena *arena, struct err *e)
{
    struct flow_view v;
    struct flow_person_out row;
    bool found;
    TRY(flow_read(db, alert->order, &v, arena, e));
    const struct flow_task *task = v.found ? flow_task_find(&v, alert->task) : NULL;
    if (!task || which >= task->tell.n || !task->tell.p[which].person)
        return OK;
    const struct flow_person_in in = { alert->order, task->tell.p[which].role,
                                       task->tell.p[which].part };
    TRY(db_get(db, &sql_flow_person, &in, &row, arena, &found, e));
    if (found)
        *out = row.account;
    return OK;
}

/* The same role at the same site once, however often the workflow names it. */
static bool told_before(const struct flow_alerted *alert, size_t which)
{
    for (size_t i = 0; i < which; i++)
        if (str_eq(alert->tell.p[i].role, alert->tell.p[which].role) &&
            str_eq(alert->tell.p[i].site, alert->tell.p[which].site))
            return true;
    return false;
}

/* One of those whom the workflow names when a task opens. Each has a policy of its own, and so a
 * notification, an acknowledgement and its own tries. */
static enum outcome alerted(size_t which, struct db *db, const struct event *event,
                            const void *payload, struct policy_send *out, bool *send,
                            struct arena *arena, struct err *e)
{
    const struct flow_alerted *alert = payload;
    struct notify_task_place_out place;
    struct str account = { 0 };
    bool open;
    if (which >= alert->tell.n || told_before(alert, which))
        return OK;
    TRY(task_open(&place, &open, db, alert->order, alert->task, arena, e));
    if (!open)
        return OK;
    TRY(person_told(&account, db, alert, which, arena, e));
    const struct notify_raise body = {
        .kind = S("task_alerted"),
        .cause = arena_printf(arena, "task/%.*s/%.*s/%.*s/%zu", STR(alert->order), STR(alert->task),
                              STR(notify_short(event->id, arena)), which),
        .about = notify_about_order(alert->order, arena),
        .label = notify_short(alert->order, arena),
        .link = arena_printf(arena, "/orders/%.*s/tasks/%.*s", STR(alert->order), STR(alert->task)),
        .organisation = alert->tell.p[which].organisation,
        .site = alert->tell.p[which].site,
        .role = alert->tell.p[which].role,
        .account = account,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

#define ALERTED(which)                                                                             \
    static enum outcome on_alerted_##which(struct db *db, const struct event *event,               \
                                           const void *payload, struct policy_send *out,           \
                                           bool *send, struct arena *arena, struct err *e)         \
    {                                                                                              \
        return alerted((which), db, event, payload, out, send, arena, e);                          \
    }
ALERTED(0)
ALERTED(1)
ALERTED(2)
ALERTED(3)
ALERTED(4)
ALERTED(5)
ALERTED(6)
ALERTED(7)
ALERTED(8)
ALERTED(9)

static enum outcome on_task_done(struct db *db, const struct event *event, const void *payload,
                                 struct policy_send *out, bool *send, struct arena *arena,
                                 struct err *e)
{
    (void)event;
    const struct flow_task_done *task = payload;
    const struct notify_end body = {
        .about = notify_about_order(task->order, arena),
        .beneath = task_cause(task->order, task->task, arena),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

static enum outcome on_flow_ended(struct db *db, const struct event *event, const void *payload,
                                  struct policy_send *out, bool *send, struct arena *arena,
                                  struct err *e)
{
    (void)event;
    const struct flow_ended *flow = payload;
    const struct notify_end body = { .about = notify_about_order(flow->order, arena) };
    return notify_policy_end(out, send, db, &body, arena, e);
}

/* --- what the program could not do --- */

struct failed {
    const char *what;
    struct str id;
    struct str organisation;
    struct str site;
};

/* A definition of this kind that tells by mail, while mail itself fails, tells of each dead mail by
 * another: the one that ships tells on the page alone. */
static enum outcome work_failed(struct db *db, const struct event *event,
                                const struct failed *failed, struct policy_send *out, bool *send,
                                struct arena *arena, struct err *e)
{
    const struct notify_raise body = {
        .kind = S("work_failed"),
        .cause = arena_printf(arena, "%s/%.*s", failed->what, STR(failed->id)),
        .about = event->key,
        .label = arena_printf(arena, "%s %.*s", failed->what, STR(notify_short(failed->id, arena))),
        .link = S("/operations"),
        .organisation = failed->organisation,
        .site = failed->site,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome on_effect_died(struct db *db, const struct event *event, const void *payload,
                                   struct policy_send *out, bool *send, struct arena *arena,
                                   struct err *e)
{
    const struct effect_died *effect = payload;
    /* One of our own that died would raise the next. */
    if (str_starts(effect->policy, S("notify.")))
        return OK;
    const struct failed failed = { "effect", effect->effect, effect->organisation, effect->site };
    return work_failed(db, event, &failed, out, send, arena, e);
}

static enum outcome on_message_died(struct db *db, const struct event *event, const void *payload,
                                    struct policy_send *out, bool *send, struct arena *arena,
                                    struct err *e)
{
    const struct message_died *died = payload;
    struct outbox_find_in in = { died->message };
    struct outbox_find_out row;
    bool found;
    TRY(db_get(db, &sql_outbox_find, &in, &row, arena, &found, e));
    const struct failed failed = { "message", died->message, row.organisation, row.site };
    return found ? work_failed(db, event, &failed, out, send, arena, e) : OK;
}

static enum outcome on_job_failed(struct db *db, const struct event *event, const void *payload,
                                  struct policy_send *out, bool *send, struct arena *arena,
                                  struct err *e)
{
    const struct job_failed *job = payload;
    struct job_find_in in = { job->job };
    struct job_find_out row;
    bool found;
    TRY(db_get(db, &sql_job_find, &in, &row, arena, &found, e));
    const struct failed failed = { "job", job->job, row.organisation, row.site };
    return found ? work_failed(db, event, &failed, out, send, arena, e) : OK;
}

/* Somebody decided on it. */
static enum outcome on_decided(struct db *db, const struct event *event, const void *payload,
                               struct policy_send *out, bool *send, struct arena *arena,
                               struct err *e)
{
    (void)payload;
    struct str id = stream_id(event->stream);
    struct str what = stream_kind(event->stream);
    const struct notify_end body = {
        .kind = S("work_failed"),
        .cause = arena_printf(arena, "%.*s/%.*s", STR(what), STR(id)),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

/* --- what witnesses say of the log --- */

static enum outcome witness_raise(struct db *db, const struct event *event, const char *kind,
                                  struct str witness, struct policy_send *out, bool *send,
                                  struct arena *arena, struct err *e)
{
    const struct notify_raise body = {
        .kind = str_z(kind),
        .cause = arena_printf(arena, "witness/%.*s", STR(witness)),
        .about = event->key,
        .label = str_from(witness, witness.n > LABEL_MAX ? witness.n - LABEL_MAX : 0),
        .link = S("/ledger"),
        .organisation = event->organisation,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome witness_end(struct db *db, const char *kind, struct str witness,
                                struct policy_send *out, bool *send, struct arena *arena,
                                struct err *e)
{
    const struct notify_end body = {
        .kind = str_z(kind),
        .cause = arena_printf(arena, "witness/%.*s", STR(witness)),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

#define ON_WITNESS(name, event_struct, act, ...)                                                   \
    static enum outcome name(struct db *db, const struct event *event, const void *payload,        \
                             struct policy_send *out, bool *send, struct arena *arena,             \
                             struct err *e)                                                        \
    {                                                                                              \
        const struct event_struct *said = payload;                                                 \
        (void)event;                                                                               \
        return act(db, __VA_ARGS__, said->witness, out, send, arena, e);                           \
    }
ON_WITNESS(on_contradicted, witness_contradicted, witness_raise, event, "log_contradicted")
ON_WITNESS(on_witness_silent, witness_silent, witness_raise, event, "witness_silent")
ON_WITNESS(on_agreed, witness_agreed, witness_end, "log_contradicted")
ON_WITNESS(on_witness_speaks, witness_agreed, witness_end, "witness_silent")
ON_WITNESS(on_resolved, witness_resolved, witness_end, "log_contradicted")

const struct policy notify_policies[NOTIFY_POLICIES] = {
    { "notify.stop_raised", &stop_raised_event, on_stop_raised },
    { "notify.stop_resolved", &stop_resolved_event, on_stop_resolved },
    { "notify.task_overdue", &flow_task_overdue_event, on_task_overdue },
    { "notify.escalated", &flow_escalated_event, on_escalated },
    { "notify.alerted_0", &flow_alerted_event, on_alerted_0 },
    { "notify.alerted_1", &flow_alerted_event, on_alerted_1 },
    { "notify.alerted_2", &flow_alerted_event, on_alerted_2 },
    { "notify.alerted_3", &flow_alerted_event, on_alerted_3 },
    { "notify.alerted_4", &flow_alerted_event, on_alerted_4 },
    { "notify.alerted_5", &flow_alerted_event, on_alerted_5 },
    { "notify.alerted_6", &flow_alerted_event, on_alerted_6 },
    { "notify.alerted_7", &flow_alerted_event, on_alerted_7 },
    { "notify.alerted_8", &flow_alerted_event, on_alerted_8 },
    { "notify.alerted_9", &flow_alerted_event, on_alerted_9 },
    { "notify.task_done", &flow_task_done_event, on_task_done },
    { "notify.flow_ended", &flow_ended_event, on_flow_ended },
    { "notify.effect_died", &effect_died_event, on_effect_died },
    { "notify.message_died", &message_died_event, on_message_died },
    { "notify.job_failed", &job_failed_event, on_job_failed },
    { "notify.effect_replayed", &effect_replayed_event, on_decided },
    { "notify.effect_dropped", &effect_dropped_event, on_decided },
    { "notify.message_replayed", &message_replayed_event, on_decided },
    { "notify.message_dropped", &message_dropped_event, on_decided },
    { "notify.job_replayed", &job_replayed_event, on_decided },
    { "notify.witness_contradicted", &witness_contradicted_event, on_contradicted },
    { "notify.witness_silent", &witness_silent_event, on_witness_silent },
    { "notify.witness_agreed", &witness_agreed_event, on_agreed },
    { "notify.witness_speaks", &witness_agreed_event, on_witness_speaks },
    { "notify.witness_resolved", &witness_resolved_event, on_resolved },
};
