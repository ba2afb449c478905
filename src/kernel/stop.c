/* Stops: raised by whoever finds a mismatch, resolved by someone who took no part in it. */
#include "kernel/stop.h"

#include "gen/kernel/stop.sql.h"
#include "gen/kernel/stop_schema.sql.h"
#include "kernel/flow.h"

#define EVENTS   "kernel/stop_events.def"
#define COMMANDS "kernel/stop_commands.def"
#include "kernel/wire.h"

const struct module stop_module = {
    .name = "stop",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &stop_schema,
};

enum outcome stop_find(struct db *db, struct str order, struct stop_state *out, struct arena *arena,
                       struct err *e)
{
    struct stop_find_in in = { .order_id = order };
    struct stop_find_out row;
    bool found;
    *out = (struct stop_state){ .raised = TIME_NONE, .respond_by = TIME_NONE };
    TRY(db_get(db, &sql_stop_find, &in, &row, arena, &found, e));
    if (!found)
        return OK;
    *out = (struct stop_state){
        .standing = row.standing,
        .point = row.point,
        .safe_state = row.safe_state,
        .acts = row.acts,
        .expected = row.expected,
        .read = row.read,
        .organisation = row.organisation,
        .site = row.site,
        .raised = row.raised,
        .respond_by = row.respond_by,
        .discarding = row.discarding,
    };
    return OK;
}

enum outcome load_stop_things(struct load *l, struct str order, struct stop_things *out,
                              struct err *e)
{
    struct stop_things_in in = { order };
    struct record_list rows;
    TRY(load_stream(l, stream_of("stop", order), NULL, e));
    TRY(db_list(l->db, &sql_stop_things, &in, &rows, STOP_THINGS_MAX, l->arena, e));
    const struct stop_things_out *row = rows.p;
    out->n = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        out->ids[i] = row[i].thing;
    return OK;
}

void stop_thing_end(struct decision *d, struct str order, const struct stop_things *things,
                    struct str thing)
{
    if (!str_among(thing, things->ids, things->n))
        return;
    struct stop_thing_ended payload = { order, thing };
    decide_order_event(d, order,
                       &(struct happening){
                           .stream = stream_of("stop", order),
                           .type = &stop_thing_ended_event,
                           .payload = &payload,
                       });
}

enum outcome stop_involves(struct db *db, struct str order, struct str account, bool *out,
                           struct arena *arena, struct err *e)
{
    struct stop_involved_find_in in = { order, account };
    struct stop_involved_find_out row;
    return db_get(db, &sql_stop_involved_find, &in, &row, arena, out, e);
}

bool stop_permits(const struct stop_state *stop, struct str command)
{
    struct str rest = stop->acts;
    while (rest.p)
        if (str_eq(str_cut(&rest, ' '), command))
            return true;
    return false;
}

enum outcome stop_allows(const struct stop_state *stop, const struct command_type *type,
                         struct err *e)
{
    if (type->flags & COMMAND_WHILE_STOPPED)
        return OK;
    if (stop->discarding && !(type->flags & COMMAND_WHILE_DISCARDING))
        return REFUSE(e, "stop.discarding", { "point", stop->point });
    if (!stop->standing)
        return OK;
    if ((type->flags & COMMAND_SAFE_ACT) && stop_permits(stop, str_z(type->name)))
        return OK;
    return REFUSE(e, "stop.stopped", { "point", stop->point }, { "safe_state", stop->safe_state });
}

void stop_raise(struct decision *d, const struct stop_raised *stop)
{
    decide_order_event(d, stop->order,
                       &(struct happening){
                           .stream = stream_of("stop", stop->order),
                           .type = &stop_raised_event,
                           .payload = stop,
                       });
}

static enum outcome escalate(struct db *db, const struct stop_raised *payload, struct err *e)
{
    struct stream stream = stream_of("stop", payload->order);
    TRY(ladder_clear(db, stream_str(&stream), S("escalate"), 0, e));
    for (size_t i = 0; i < payload->escalate.n; i++) {
        const struct ladder_rung *rung = &payload->escalate.p[i];
        struct stop_escalate body = { payload->order, (int64_t)i + 1,     rung->at,
                                      rung->role,     rung->organisation, rung->site };
        struct ladder_timer timer = { stream_str(&stream), S("escalate"),         i + 1,
                                      S("stop.escalate"),  &stop_escalate_record, &body };
        TRY(ladder_set(db, &timer, rung->at, e));
    }
    return OK;
}

/* Those whom the first of two mismatches tells are told at its times: the second sets no new ones.
 */
enum outcome stop_raised_apply(struct db *db, const struct event *event,
                               const struct stop_raised *payload, struct err *e)
{
    char storage[2048];
    struct buf acts = buf_over(storage, sizeof storage);
    for (size_t i = 0; i < payload->acts.n; i++) {
        buf_str(&acts, payload->acts.p[i]);
        buf_char(&acts, ' ');
    }
    struct stop_raise_in in = {
        .order_id = payload->order,
        .point = payload->point,
        .safe_state = payload->safe_state,
        .acts = buf_get(&acts),
        .expected = payload->expected,
        .read = payload->read,
        .organisation = payload->organisation,
        .site = payload->site,
        .raised = event->recorded,
        .respond_by = payload->respond_by,
    };
    int64_t raised; /* 0: one stands already */
    TRY(db_run(db, &sql_stop_raise, &in, &raised, e));
    for (size_t i = 0; i < payload->involved.n; i++) {
        struct stop_involve_in who = { payload->order, payload->involved.p[i] };
        TRY(db_run(db, &sql_stop_involve, &who, NULL, e));
    }
    for (size_t i = 0; i < payload->things.n; i++) {
        struct stop_thing_add_in thing = { payload->order, payload->things.p[i] };
        TRY(db_run(db, &sql_stop_thing_add, &thing, NULL, e));
    }
    return raised > 0 ? escalate(db, payload, e) : OK;
}

enum outcome stop_thing_ended_apply(struct db *db, const struct event *event,
                                    const struct stop_thing_ended *payload, struct err *e)
{
    (void)event;
    struct stop_thing_end_in in = { payload->order, payload->thing };
    return db_run(db, &sql_stop_thing_end, &in, NULL, e);
}

enum outcome stop_escalated_apply(struct db *db, const struct event *event,
                                  const struct stop_escalated *payload, struct err *e)
{
    (void)event;
    struct stream stream = stream_of("stop", payload->order);
    return ladder_clear(db, stream_str(&stream), S("escalate"), (size_t)payload->step, e);
}

enum outcome stop_resolved_apply(struct db *db, const struct event *event,
                                 const struct stop_resolved *payload, struct err *e)
{
    struct stop_resolve_in in = {
        .order_id = payload->order,
        .decision = payload->decision,
        .resolved = event->recorded,
        .resolved_by = payload->by,
    };
    TRY(db_run(db, &sql_stop_resolve, &in, NULL, e));
    struct stop_uninvolve_in order = { payload->order };
    struct stream stream = stream_of("stop", payload->order);
    TRY(ladder_clear(db, stream_str(&stream), S("escalate"), 0, e));
    TRY(db_run(db, &sql_stop_uninvolve, &order, NULL, e));
    if (str_is(payload->decision, "discard"))
        return OK;
    struct stop_things_drop_in things = { payload->order };
    return db_run(db, &sql_stop_things_drop, &things, NULL, e);
}

enum outcome stop_resolve_load(struct load *l, const struct stop_resolve *body,
                               struct stop_resolve_state *state, struct err *e)
{
    load_kind(l, "stop");
    struct stop_state stop;
    TRY(stop_find(l->db, body->order, &stop, l->arena, e));
    if (!stop.point.p)
        return load_unknown(l, e);
    load_scope(l, stop.organisation, stop.site);
    TRY(load_flow_subject(l, body->order, e));
    TRY(load_order(l, body->order, e));
    struct stop_involved_find_in in = { body->order, l->command->actor->account };
    struct stop_involved_find_out row;
    state->standing = stop.standing;
    struct stop_things things;
    TRY(load_stop_things(l, body->order, &things, e));
    state->nthings = things.n;
    return db_get(l->db, &sql_stop_involved_find, &in, &row, l->arena, &state->involved, e);
}

enum outcome stop_resolve_decide(struct decision *d, const struct stop_resolve *body,
                                 const struct stop_resolve_state *state, struct err *e)
{
    if (!state->standing)
        return REFUSE(e, "stop.not_standing");
    if (state->involved || !d->command->actor->account.p)
        return REFUSE(e, "stop.not_independent");
    if (!str_is(body->decision, "continue") && !str_is(body->decision, "discard"))
        return REFUSE(e, "stop.unknown_decision", { "decision", body->decision });
    if (str_is(body->decision, "discard") && state->nthings == 0)
        return REFUSE(e, "stop.nothing_to_discard");
    struct stop_resolved payload = { body->order, body->decision, d->command->actor->account };
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = stream_of("stop", body->order),
                           .type = &stop_resolved_event,
                           .payload = &payload,
                       });
    return OK;
}

/* --- escalate --- */

enum outcome stop_escalate_load(struct load *l, const struct stop_escalate *body,
                                struct stop_state *state, struct err *e)
{
    load_kind(l, "stop");
    TRY(stop_find(l->db, body->order, state, l->arena, e));
    if (!state->point.p)
        return load_unknown(l, e);
    load_scope(l, state->organisation, state->site);
    return load_order(l, body->order, e);
}

enum outcome stop_escalate_decide(struct decision *d, const struct stop_escalate *body,
                                  const struct stop_state *state, struct err *e)
{
    if (!state->standing)
        return OK; /* resolved meanwhile */
    if (!d->command->actor->system || d->now_us < body->at)
        return REFUSE(e, "stop.not_due");
    struct stream key = stream_of("order", body->order);
    struct stop_escalated payload = { body->order, body->step, body->role, body->organisation,
                                      body->site };
    decide_event(d, &(struct happening){
                        .stream = stream_of("stop", body->order),
                        .type = &stop_escalated_event,
                        .payload = &payload,
                        .key = arena_str(d->arena, stream_str(&key)),
                    });
    return OK;
}
