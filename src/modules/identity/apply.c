/* What each event of identity makes of the rows of units and checks. */
#include "modules/identity/check_impl.h"

enum { TEXTS_JSON_MAX = 16 << 10 };

/* Of the task, as the event says it: the first is not said. */
static int64_t pass_of(int64_t said)
{
    return said == INT_NONE ? 1 : said;
}

static enum outcome texts_json(struct buf *b, const struct str *texts, size_t n, struct err *e)
{
    struct json_out out = json_out(b);
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++)
        json_str(&out, texts[i]);
    json_end(&out);
    return buf_check(b, e);
}

enum outcome identity_unit_made_apply(struct db *db, const struct event *event,
                                      const struct identity_unit_made *payload, struct err *e)
{
    struct identity_unit_add_in unit = {
        .unit = payload->unit,
        .order_id = payload->order,
        .task = payload->task,
        .pass = pass_of(payload->pass),
        .kind = payload->kind,
        .label = payload->label,
        .din = payload->din,
        .product_code = payload->product_code,
        .quantity = payload->quantity,
        .organisation = payload->organisation,
        .site = payload->site,
        .made = event->happened,
        .made_by = event->actor,
    };
    TRY(db_run(db, &sql_identity_unit_add, &unit, NULL, e));
    for (size_t i = 0; i < payload->parents.n; i++) {
        const struct identity_part *parent = &payload->parents.p[i];
        struct identity_part_add_in part = { payload->order, payload->unit, parent->unit,
                                             parent->quantity };
        TRY(db_run(db, &sql_identity_part_add, &part, NULL, e));
    }
    return OK;
}

enum outcome identity_din_taken_apply(struct db *db, const struct event *event,
                                      const struct identity_din_taken *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK; /* the units have it in their rows; the stream is what excludes */
}

enum outcome identity_unit_reduced_apply(struct db *db, const struct event *event,
                                         const struct identity_unit_reduced *payload, struct err *e)
{
    (void)event;
    struct identity_unit_reduce_in in = { payload->unit, payload->left };
    return db_run(db, &sql_identity_unit_reduce, &in, NULL, e);
}

enum outcome identity_disclosed_apply(struct db *db, const struct event *event,
                                      const struct identity_disclosed *payload, struct err *e)
{
    const struct identity_disclosure_add_in in = {
        .event = event->id,
        .order_id = payload->order,
        .actor = event->actor,
        .to_whom = payload->to,
        .reason = event->reason,
        .happened = event->happened,
        .recorded = event->recorded,
    };
    return db_run(db, &sql_identity_disclosure_add, &in, NULL, e);
}

enum outcome identity_reconciled_apply(struct db *db, const struct event *event,
                                       const struct identity_reconciled *payload, struct err *e)
{
    struct identity_balance_add_in in = {
        .event = event->id,
        .order_id = payload->order,
        .unit = payload->unit,
        .task = payload->task,
        .act = payload->act,
        .taken = payload->taken,
        .made = payload->made,
        .loss = payload->loss,
        .difference = payload->difference,
        .tolerance = payload->tolerance,
        .happened = event->happened,
        .actor = event->actor,
    };
    return db_run(db, &sql_identity_balance_add, &in, NULL, e);
}

enum outcome identity_unit_ended_apply(struct db *db, const struct event *event,
                                       const struct identity_unit_ended *payload, struct err *e)
{
    struct identity_unit_end_in in = { payload->unit, event->happened, payload->how };
    return db_run(db, &sql_identity_unit_end, &in, NULL, e);
}

/* Passes of the order, and what they identified, hold no longer; absent: at all points, all tasks.
 */
static enum outcome passes_drop(struct db *db, const struct identity_voided *what, struct err *e)
{
    struct identity_passes_drop_in passes = { what->order, what->point, what->task };
    TRY(db_run(db, &sql_identity_passes_drop, &passes, NULL, e));
    struct identity_identified_drop_in identified = { what->order, what->point, what->task };
    return db_run(db, &sql_identity_identified_drop, &identified, NULL, e);
}

enum outcome identity_voided_apply(struct db *db, const struct event *event,
                                   const struct identity_voided *payload, struct err *e)
{
    (void)event;
    return passes_drop(db, payload, e);
}

static enum outcome passed(struct db *db, const struct event *event, struct str account,
                           const struct identity_checked *payload, struct err *e)
{
    char hex[HASH_HEX + 1];
    identity_set_hash(hex, payload->expected.p, payload->expected.n);
    struct identity_pass_add_in in = {
        .order_id = payload->order,
        .task = payload->task,
        .pass = pass_of(payload->pass),
        .point = payload->point,
        .account = account,
        .expected = str_z(hex),
        .has_role = payload->has_role,
        .recorded = event->recorded,
        .named = payload->named,
    };
    TRY(db_run(db, &sql_identity_pass_add, &in, NULL, e));
    for (size_t i = 0; payload->complete && i < payload->units.n; i++) {
        struct identity_identified_add_in unit = {
            .order_id = payload->order,
            .task = payload->task,
            .pass = pass_of(payload->pass),
            .point = payload->point,
            .unit = payload->units.p[i],
            .recorded = event->recorded,
            .named = payload->named,
        };
        TRY(db_run(db, &sql_identity_identified_add, &unit, NULL, e));
    }
    return OK;
}

enum outcome identity_checked_apply(struct db *db, const struct event *event,
                                    const struct identity_checked *payload, struct err *e)
{
    char storage[2][TEXTS_JSON_MAX];
    struct buf expected = buf_over(storage[0], sizeof storage[0]);
    struct buf seen = buf_over(storage[1], sizeof storage[1]);
    TRY(texts_json(&expected, payload->expected.p, payload->expected.n, e));
    TRY(texts_json(&seen, payload->read.p, payload->read.n, e));
    struct str account = stream_id(event->actor); /* "account/<id>" */
    struct identity_check_add_in in = {
        .check_id = payload->check,
        .order_id = payload->order,
        .version = event->version,
        .task = payload->task,
        .pass = pass_of(payload->pass),
        .point = payload->point,
        .result = payload->result,
        .method = payload->method,
        .expected = buf_get(&expected),
        .seen = buf_get(&seen),
        .account = account,
        .device = event->device,
        .place = event->place,
        .happened = event->happened,
        .recorded = event->recorded,
        .second = payload->second,
        .complete = payload->complete,
    };
    TRY(flow_did(db, event, payload->order, payload->task, e));
    TRY(db_run(db, &sql_identity_check_add, &in, NULL, e));
    if (str_is(payload->result, "fail")) /* what was stopped is checked anew */
        return passes_drop(db, &(struct identity_voided){ .order = payload->order }, e);
    return payload->counts ? passed(db, event, account, payload, e) : OK;
}
