/* What the events of records make of their rows. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

static enum outcome record_write(struct buf *b, const struct form_record *r, struct err *e)
{
    struct json_out out = json_out(b);
    TRY(record_to_json(&form_record_record, r, &out, NULL, e));
    return buf_check(b, e);
}

static enum outcome entry_row(struct db *db, const struct event *event,
                              const struct flow_entry_made *payload, struct buf *plain,
                              struct buf *sealed, struct err *e)
{
    const struct form_record values = {
        .form = payload->form,
        .form_version = payload->form_version,
        .values = { payload->values.p, payload->values.n },
    };
    const struct form_record secrets = {
        .form = payload->form,
        .form_version = payload->form_version,
        .secrets = { payload->secrets.p, payload->secrets.n },
    };
    TRY(record_write(plain, &values, e));
    if (payload->secrets.n > 0)
        TRY(record_write(sealed, &secrets, e));
    const struct flow_record_entry_add_in in = {
        .order_id = payload->order,
        .task = payload->task,
        .version = event->version,
        .number = payload->number,
        .event = event->id,
        .record = buf_get(plain),
        .secrets = payload->secrets.n > 0 ? buf_get(sealed) : (struct str){ 0 },
        .entered_by = event->actor,
        .happened = event->happened,
        .recorded = event->recorded,
    };
    TRY(flow_did(db, event, payload->order, payload->task, e));
    return db_run(db, &sql_flow_record_entry_add, &in, NULL, e);
}

enum outcome flow_entry_made_apply(struct db *db, const struct event *event,
                                   const struct flow_entry_made *payload, struct err *e)
{
    struct buf plain = buf_new(EVENT_LEAF_MAX);
    struct buf sealed = buf_new(EVENT_LEAF_MAX);
    enum outcome o = entry_row(db, event, payload, &plain, &sealed, e);
    buf_free(&plain);
    buf_free(&sealed);
    return o;
}

enum outcome flow_entries_differed_apply(struct db *db, const struct event *event,
                                         const struct flow_entries_differed *payload, struct err *e)
{
    (void)event;
    struct buf names = buf_new(EVENT_LEAF_MAX);
    for (size_t i = 0; i < payload->fields.n; i++) {
        buf_z(&names, i > 0 ? " " : "");
        buf_str(&names, payload->fields.p[i]);
    }
    enum outcome o = buf_check(&names, e);
    const struct flow_record_entry_differs_in in = { payload->order, payload->task, payload->number,
                                                     buf_get(&names) };
    if (o == OK)
        o = db_run(db, &sql_flow_record_entry_differs, &in, NULL, e);
    buf_free(&names);
    return o;
}

enum outcome flow_correction_add(struct db *db, const struct event *event, struct str order,
                                 struct str task, struct err *e)
{
    const struct flow_record_correction_overtakes_in before = { order, task };
    const struct flow_record_correction_add_in in = { order, task, event->version, event->actor,
                                                      event->happened };
    TRY(db_run(db, &sql_flow_record_correction_overtakes, &before, NULL, e));
    return db_run(db, &sql_flow_record_correction_add, &in, NULL, e);
}

enum outcome flow_correction_reviewed_apply(struct db *db, const struct event *event,
                                            const struct flow_correction_reviewed *payload,
                                            struct err *e)
{
    const struct flow_record_correction_review_in in = {
        .order_id = payload->order,
        .task = payload->task,
        .version = payload->record,
        .verdict = payload->verdict,
        .reviewed_by = event->actor,
        .reviewed = event->happened,
        .review_event = event->id,
        .comment = payload->comment,
    };
    return db_run(db, &sql_flow_record_correction_review, &in, NULL, e);
}

enum outcome flow_unsigned_apply(struct db *db, const struct event *event,
                                 const struct flow_unsigned *payload, struct err *e)
{
    const struct flow_record_unsign_in in = { payload->order, payload->task, payload->record,
                                              payload->place };
    (void)event;
    return db_run(db, &sql_flow_record_unsign, &in, NULL, e);
}

enum outcome flow_signed_apply(struct db *db, const struct event *event,
                               const struct flow_signed *payload, struct err *e)
{
    const struct flow_record_sign_in in = {
        .order_id = payload->order,
        .task = payload->task,
        .version = payload->record,
        .place = payload->place,
        .meaning = payload->meaning,
        .role = payload->role,
        .signed_by = event->actor,
        .signed_at = event->happened,
    };
    TRY(flow_did(db, event, payload->order, payload->task, e));
    return db_run(db, &sql_flow_record_sign, &in, NULL, e);
}
