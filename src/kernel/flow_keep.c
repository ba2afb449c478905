/* What somebody has entered so far into the form of an open task, part by part. It is theirs
 * alone, unchecked, and no record: it lets them go on after a pause, a lost connection, or at
 * another device, and goes when the task is done. All of it is sealed, whatever the form says of
 * its fields: what nobody has checked may stand in the wrong one. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

enum outcome flow_keep_decide(struct decision *d, const struct flow_complete *body,
                              const struct flow_open_task *opened, struct err *e)
{
    if (!opened->form.p)
        return REFUSE(e, "flow.no_form", { "task", body->task });
    if (body->keep > FORM_SECTIONS_MAX + 1)
        return REFUSE(e, "flow.no_part", { "task", body->task });
    struct form_secret *entries = ARENA_ARRAY(d->arena, body->inputs.n + 1, struct form_secret);
    if (!entries)
        return err_no_memory(e);
    struct flow_entries_kept kept = {
        .order = body->order,
        .task = body->task,
        .form = opened->form,
        .form_version = opened->form_version,
        .part = body->keep,
        .secrets = { entries, 0 },
    };
    for (size_t i = 0; i < body->inputs.n; i++)
        if (body->inputs.p[i].entered.n > 0)
            entries[kept.secrets.n++] =
                (struct form_secret){ body->inputs.p[i].name, body->inputs.p[i].entered };
    const struct flow_entered said = { .entry = S("kept") };
    flow_happened(d, body->order, &flow_entries_kept_event, &kept);
    decide_answer(d, &flow_entered_record, &said);
    return OK;
}

static enum outcome keep(struct db *db, const struct event *event,
                         const struct flow_entries_kept *payload, struct buf *b, struct err *e)
{
    struct json_out out = json_out(b);
    const struct form_record record = {
        .form = payload->form,
        .form_version = payload->form_version,
        .secrets = { payload->secrets.p, payload->secrets.n },
    };
    TRY(record_to_json(&form_record_record, &record, &out, NULL, e));
    TRY(buf_check(b, e));
    const struct flow_record_keep_in in = {
        .order_id = payload->order,
        .task = payload->task,
        .entered_by = event->actor,
        .part = payload->part,
        .event = event->id,
        .secrets = buf_get(b),
        .recorded = event->recorded,
    };
    return db_run(db, &sql_flow_record_keep, &in, NULL, e);
}

enum outcome flow_entries_kept_apply(struct db *db, const struct event *event,
                                     const struct flow_entries_kept *payload, struct err *e)
{
    struct buf b = buf_new(EVENT_LEAF_MAX);
    const enum outcome o = keep(db, event, payload, &b, e);
    buf_free(&b);
    return o;
}

enum outcome flow_kept_drop(struct db *db, struct str order, struct str task, struct err *e)
{
    const struct flow_record_kept_drop_in in = { order, task };
    return db_run(db, &sql_flow_record_kept_drop, &in, NULL, e);
}
