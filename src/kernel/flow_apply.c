/* What each event makes of the order's rows and timers. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"
#include "kernel/timer.h"

enum { TIMER_BODY_MAX = 512 };

enum outcome flow_refresh(struct db *db, struct str order, struct err *e)
{
    struct flow_refresh_in in = { order };
    return db_run(db, &sql_flow_refresh, &in, NULL, e);
}

/* --- timers --- */

static enum outcome ladder_start(struct db *db, const struct flow_task_opened *task, struct err *e)
{
    char storage[TIMER_NAME_MAX];
    struct buf what = buf_over(storage, sizeof storage);
    buf_z(&what, "escalate.");
    buf_str(&what, task->task);
    struct stream stream = flow_stream(task->order);
    for (size_t i = 0; i < task->escalate.n; i++) {
        int64_t at = task->escalate.p[i].at;
        struct flow_escalate body = { task->order, task->task, (int64_t)i + 1, at };
        struct ladder_timer timer = { stream_str(&stream), buf_get(&what),        i + 1,
                                      S("flow.escalate"),  &flow_escalate_record, &body };
        TRY(ladder_set(db, &timer, at, e));
    }
    return OK;
}

static enum outcome ladder_end(struct db *db, struct str order, struct str task, size_t rung,
                               struct err *e)
{
    char storage[TIMER_NAME_MAX];
    struct buf what = buf_over(storage, sizeof storage);
    buf_z(&what, "escalate.");
    buf_str(&what, task);
    struct stream stream = flow_stream(order);
    return ladder_clear(db, stream_str(&stream), buf_get(&what), rung, e);
}

static enum outcome due_clear(struct db *db, struct str order, struct str task, struct err *e)
{
    char storage[TIMER_NAME_MAX];
    struct buf name = buf_over(storage, sizeof storage);
    buf_z(&name, "due.");
    buf_str(&name, task);
    struct stream stream = flow_stream(order);
    return timer_clear(db, stream_str(&stream), buf_get(&name), e);
}

static enum outcome due_set(struct db *db, const struct flow_task_opened *task, struct err *e)
{
    char name_storage[TIMER_NAME_MAX];
    char body_storage[TIMER_BODY_MAX];
    struct buf name = buf_over(name_storage, sizeof name_storage);
    buf_z(&name, "due.");
    buf_str(&name, task->task);
    struct buf body = buf_over(body_storage, sizeof body_storage);
    struct json_out out = json_out(&body);
    struct flow_note_overdue command = { task->order, task->task, task->due };
    TRY(record_to_json(&flow_note_overdue_record, &command, &out, NULL, e));
    TRY(buf_check(&body, e));
    struct stream stream = flow_stream(task->order);
    return timer_set(db, stream_str(&stream), buf_get(&name), task->due, S("flow.note_overdue"),
                     buf_get(&body), e);
}

static enum outcome timers_clear(struct db *db, struct str order, struct str task, bool ladder,
                                 struct err *e)
{
    TRY(due_clear(db, order, task, e));
    return ladder ? ladder_end(db, order, task, 0, e) : OK;
}

/* The same, for a task whose row says whether it has a ladder. */
static enum outcome timers_stop(struct db *db, struct str order, struct str task, struct err *e)
{
    struct flow_task_ladder_in in = { order, task };
    struct flow_task_ladder_out row;
    struct arena *arena = arena_new(1 << 16);
    bool found = false;
    if (!arena)
        return err_no_memory(e);
    enum outcome o = db_get(db, &sql_flow_task_ladder, &in, &row, arena, &found, e);
    arena_free(arena);
    TRY(o);
    return found ? timers_clear(db, order, task, row.ladder, e) : OK;
}

/* --- start, tasks --- */

static enum outcome start(struct db *db, const struct event *event,
                          const struct flow_started *payload, struct buf *pins, struct err *e)
{
    TRY(flow_pins_write(pins, payload->forms.p, payload->forms.n, e));
    struct flow_start_in order = {
        .order_id = payload->order,
        .workflow = payload->workflow,
        .workflow_version = payload->workflow_version,
        .workflow_hash = payload->workflow_hash,
        .subject = payload->subject,
        .pins = buf_get(pins),
        .started = event->happened,
    };
    return db_run(db, &sql_flow_start, &order, NULL, e);
}

enum outcome flow_started_apply(struct db *db, const struct event *event,
                                const struct flow_started *payload, struct err *e)
{
    struct buf pins = buf_new(EVENT_LEAF_MAX);
    enum outcome o = start(db, event, payload, &pins, e);
    buf_free(&pins);
    for (size_t i = 0; i < payload->parties.n && o == OK; i++) {
        const struct flow_party *party = &payload->parties.p[i];
        struct flow_party_add_in in = { payload->order, party->part, party->organisation,
                                        party->site };
        o = db_run(db, &sql_flow_party_add, &in, NULL, e);
    }
    return o;
}

/* For forecasts: what became of the task whose row was just written. */
static enum outcome took(struct db *db, struct str order, struct str task, int64_t settled,
                         struct err *e)
{
    const struct flow_took_add_in in = { order, task, settled };
    return db_run(db, &sql_flow_took_add, &in, NULL, e);
}

enum outcome flow_task_opened_apply(struct db *db, const struct event *event,
                                    const struct flow_task_opened *payload, struct err *e)
{
    struct flow_task_open_in in = {
        .order_id = payload->order,
        .number = payload->number,
        .task = payload->task,
        .title = payload->title,
        .stage = payload->stage,
        .role = payload->role,
        .part = payload->part,
        .organisation = payload->organisation,
        .site = payload->site,
        .form = payload->form,
        .form_version = payload->form_version,
        .late = payload->late,
        .pass = payload->pass == INT_NONE ? 1 : payload->pass,
        .ladder = payload->escalate.n > 0,
        .opened = payload->since == TIME_NONE ? event->happened : payload->since,
        .due = payload->due,
    };
    if (payload->since != TIME_NONE)
        TRY(timers_stop(db, payload->order, payload->task, e));
    const struct flow_seen_in seen = { payload->order, payload->stage, payload->site };
    TRY(db_run(db, &sql_flow_task_open, &in, NULL, e));
    TRY(db_run(db, &sql_flow_seen, &seen, NULL, e));
    if (payload->due != TIME_NONE)
        TRY(due_set(db, payload, e));
    TRY(ladder_start(db, payload, e));
    return flow_refresh(db, payload->order, e);
}

enum outcome flow_task_skipped_apply(struct db *db, const struct event *event,
                                     const struct flow_task_skipped *payload, struct err *e)
{
    struct flow_task_skip_in in = {
        .order_id = payload->order,
        .number = payload->number,
        .task = payload->task,
        .title = payload->title,
        .stage = payload->stage,
        .role = payload->role,
        .part = payload->part,
        .organisation = payload->organisation,
        .site = payload->site,
        .text = payload->text,
        .at = event->happened,
    };
    TRY(db_run(db, &sql_flow_task_skip, &in, NULL, e));
    return took(db, payload->order, payload->task, event->happened, e);
}

enum outcome flow_alerted_apply(struct db *db, const struct event *event,
                                const struct flow_alerted *payload, struct err *e)
{
    (void)db, (void)event, (void)payload, (void)e; /* for those who follow the log */
    return OK;
}

enum outcome flow_escalated_apply(struct db *db, const struct event *event,
                                  const struct flow_escalated *payload, struct err *e)
{
    (void)event;
    return ladder_end(db, payload->order, payload->task, (size_t)payload->step, e);
}

enum outcome flow_did(struct db *db, const struct event *event, struct str order, struct str task,
                      struct err *e)
{
    const struct flow_did_in in = { order, event->actor, task };
    return db_run(db, &sql_flow_did, &in, NULL, e);
}

enum outcome flow_fact_noted_apply(struct db *db, const struct event *event,
                                   const struct flow_fact_noted *payload, struct err *e)
{
    struct flow_fact_add_in in = { payload->order, payload->task, payload->fact, event->happened,
                                   event->actor };
    TRY(flow_did(db, event, payload->order, payload->task, e));
    return db_run(db, &sql_flow_fact_add, &in, NULL, e);
}

enum outcome flow_fact_withdrawn_apply(struct db *db, const struct event *event,
                                       const struct flow_fact_withdrawn *payload, struct err *e)
{
    (void)event;
    struct flow_fact_drop_in in = { payload->order, payload->task, payload->fact };
    return db_run(db, &sql_flow_fact_drop, &in, NULL, e);
}

enum outcome flow_facts_withdrawn_apply(struct db *db, const struct event *event,
                                        const struct flow_facts_withdrawn *payload, struct err *e)
{
    (void)event;
    struct flow_facts_withdraw_in in = { payload->order, payload->prefix, payload->task };
    return db_run(db, &sql_flow_facts_withdraw, &in, NULL, e);
}

/* --- records --- */

struct kept {
    struct str order;
    struct str task;
    const struct form_record *record;
};

static enum outcome record_write(struct buf *b, const struct form_record *r, struct err *e)
{
    struct json_out out = json_out(b);
    TRY(record_to_json(&form_record_record, r, &out, NULL, e));
    return buf_check(b, e);
}

static enum outcome record_row(struct db *db, const struct event *event, const struct kept *kept,
                               struct buf *plain, struct buf *sealed, struct err *e)
{
    struct form_record values = *kept->record;
    values.secrets.n = 0;
    struct form_record secrets = *kept->record;
    secrets.values.n = 0;
    TRY(record_write(plain, &values, e));
    if (secrets.secrets.n > 0)
        TRY(record_write(sealed, &secrets, e));
    struct flow_record_add_in in = {
        .order_id = kept->order,
        .task = kept->task,
        .version = event->version,
        .event = event->id,
        .form = values.form,
        .form_version = values.form_version,
        .record = buf_get(plain),
        .secrets = secrets.secrets.n > 0 ? buf_get(sealed) : (struct str){ 0 },
        .entered_by = event->actor,
        .happened = event->happened,
        .recorded = event->recorded,
        .reason = event->reason,
    };
    TRY(flow_did(db, event, kept->order, kept->task, e));
    TRY(db_run(db, &sql_flow_record_add, &in, NULL, e));
    struct flow_task_recorded_in last = { kept->order, kept->task, event->version };
    return db_run(db, &sql_flow_task_recorded, &last, NULL, e);
}

static enum outcome record_keep(struct db *db, const struct event *event, const struct kept *kept,
                                struct err *e)
{
    struct buf plain = buf_new(EVENT_LEAF_MAX);
    struct buf sealed = buf_new(EVENT_LEAF_MAX);
    enum outcome o = record_row(db, event, kept, &plain, &sealed, e);
    buf_free(&plain);
    buf_free(&sealed);
    return o;
}

enum outcome flow_task_done_apply(struct db *db, const struct event *event,
                                  const struct flow_task_done *payload, struct err *e)
{
    struct flow_task_done_in in = { payload->order, payload->task, event->happened, event->actor };
    TRY(flow_did(db, event, payload->order, payload->task, e));
    TRY(db_run(db, &sql_flow_task_done, &in, NULL, e));
    TRY(took(db, payload->order, payload->task, event->happened, e));
    TRY(timers_stop(db, payload->order, payload->task, e));
    TRY(flow_kept_drop(db, payload->order, payload->task, e));
    if (payload->form.p) {
        struct form_record record = {
            .form = payload->form,
            .form_version = payload->form_version,
            .values = { payload->values.p, payload->values.n },
            .secrets = { payload->secrets.p, payload->secrets.n },
        };
        struct kept kept = { payload->order, payload->task, &record };
        TRY(record_keep(db, event, &kept, e));
    }
    return flow_refresh(db, payload->order, e);
}

enum outcome flow_record_corrected_apply(struct db *db, const struct event *event,
                                         const struct flow_record_corrected *payload, struct err *e)
{
    struct form_record record = {
        .form = payload->form,
        .form_version = payload->form_version,
        .values = { payload->values.p, payload->values.n },
        .secrets = { payload->secrets.p, payload->secrets.n },
    };
    struct kept kept = { payload->order, payload->task, &record };
    TRY(record_keep(db, event, &kept, e));
    return flow_correction_add(db, event, payload->order, payload->task, e);
}

/* --- the order --- */

enum outcome flow_held_apply(struct db *db, const struct event *event,
                             const struct flow_held *payload, struct err *e)
{
    (void)event;
    struct flow_state_set_in in = { payload->order, S("held") };
    return db_run(db, &sql_flow_state_set, &in, NULL, e);
}

enum outcome flow_resumed_apply(struct db *db, const struct event *event,
                                const struct flow_resumed *payload, struct err *e)
{
    (void)event;
    struct flow_state_set_in in = { payload->order, S("running") };
    return db_run(db, &sql_flow_state_set, &in, NULL, e);
}

static enum outcome timers_end(struct db *db, struct str order, struct arena *arena, struct err *e)
{
    struct flow_open_tasks_in in = { order };
    struct record_list open;
    TRY(db_list(db, &sql_flow_open_tasks, &in, &open, FLOW_TASKS_MAX, arena, e));
    const struct flow_open_tasks_out *row = open.p;
    for (size_t i = 0; i < open.n; i++)
        TRY(timers_clear(db, order, row[i].task, row[i].ladder, e));
    return OK;
}

enum outcome flow_ended_apply(struct db *db, const struct event *event,
                              const struct flow_ended *payload, struct err *e)
{
    struct arena *arena = arena_new(1 << 20);
    if (!arena)
        return err_no_memory(e);
    enum outcome o = timers_end(db, payload->order, arena, e);
    arena_free(arena);
    TRY(o);
    struct flow_end_tasks_in tasks = { payload->order };
    TRY(db_run(db, &sql_flow_end_tasks, &tasks, NULL, e));
    struct flow_end_in order = { payload->order, payload->how, payload->material, payload->wish,
                                 event->happened };
    TRY(db_run(db, &sql_flow_end, &order, NULL, e));
    const struct flow_party_end_in parties = { payload->order };
    TRY(db_run(db, &sql_flow_party_end, &parties, NULL, e));
    return flow_refresh(db, payload->order, e);
}

enum outcome flow_task_overdue_apply(struct db *db, const struct event *event,
                                     const struct flow_task_overdue *payload, struct err *e)
{
    (void)event;
    struct flow_task_overdue_in in = { payload->order, payload->task };
    TRY(db_run(db, &sql_flow_task_overdue, &in, NULL, e));
    TRY(due_clear(db, payload->order, payload->task, e));
    return flow_refresh(db, payload->order, e);
}

/* --- loops --- */

/* The present pass of a task is past: its row moves, what was noted for it is gone. */
static enum outcome undo(struct db *db, const struct event *event,
                         const struct flow_repeated *payload, struct str task, struct err *e)
{
    struct flow_task_past_in past = {
        .order_id = payload->order,
        .task = task,
        .loop = payload->loop,
        .loop_title = payload->title,
        .units = payload->units,
        .undone = event->happened,
    };
    struct flow_task_drop_in row = { payload->order, task };
    struct flow_facts_drop_in facts = { payload->order, task };
    TRY(timers_stop(db, payload->order, task, e));
    TRY(db_run(db, &sql_flow_task_past, &past, NULL, e));
    TRY(db_run(db, &sql_flow_task_drop, &row, NULL, e));
    return db_run(db, &sql_flow_facts_drop, &facts, NULL, e);
}

enum outcome flow_repeated_apply(struct db *db, const struct event *event,
                                 const struct flow_repeated *payload, struct err *e)
{
    struct flow_repeat_count_in order = { payload->order };
    for (size_t i = 0; i < payload->tasks.n; i++)
        TRY(undo(db, event, payload, payload->tasks.p[i], e));
    TRY(db_run(db, &sql_flow_repeat_count, &order, NULL, e));
    return flow_refresh(db, payload->order, e);
}
