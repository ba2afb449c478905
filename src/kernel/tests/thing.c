#include "kernel/tests/thing.h"

#include "kernel/stop.h"
#include "kernel/timer.h"

#define EVENTS   "kernel/tests/thing.def"
#define COMMANDS "kernel/tests/thing_commands.def"
#include "kernel/wire.h"

enum thing_apply thing_apply;
bool thing_refuses_timers;

static const struct sql_schema thing_schema = {
    "thing_schema",
    "CREATE TABLE IF NOT EXISTS thing (thing TEXT NOT NULL PRIMARY KEY, total INTEGER NOT NULL,\n"
    "    note TEXT) STRICT;\n",
};
const struct sql sql_thing_total = {
    "thing.total",
    "SELECT thing, total, note FROM thing WHERE thing = :thing",
    "SELECT thing, total, note FROM thing WHERE thing = $1",
    &thing_key_record,
    &thing_total_record,
};
static const struct sql sql_thing_add = {
    "thing.add",
    "INSERT INTO thing (thing, total, note) VALUES (:thing, :total, :note)\n"
    "ON CONFLICT (thing) DO UPDATE SET total = thing.total + excluded.total, note = excluded.note",
    "INSERT INTO thing (thing, total, note) VALUES ($1, $2, $3)\n"
    "ON CONFLICT (thing) DO UPDATE SET total = thing.total + excluded.total, note = excluded.note",
    &thing_total_record,
    NULL,
};

enum outcome thing_added_apply(struct db *db, const struct event *event,
                               const struct thing_added *payload, struct err *e)
{
    if (thing_apply == THING_FAILS)
        return err_fault(e, "thing.broken", "told to fail");
    struct thing_total row = { payload->thing, payload->by, payload->note };
    if (thing_apply == THING_BREAKS_A_CONSTRAINT && str_ends(payload->thing, S("2")))
        row.total = INT_NONE; /* NULL, in a column that takes none */
    TRY(db_run(db, &sql_thing_add, &row, NULL, e));
    if (payload->by == 7 && thing_apply == THING_KEEPS_TIMERS)
        return OK;
    if (payload->by == 7) /* the timer's own: it is done */
        return timer_clear(db, event->stream, S("again"), e);
    if (payload->by < 1000)
        return OK;
    char body[120];
    struct buf b = buf_over(body, sizeof body);
    buf_printf(&b, "{\"thing\":\"%.*s\",\"by\":7}", STR(payload->thing));
    return timer_set(db, event->stream, S("again"), event->recorded + payload->by * TIME_SECOND,
                     S("thing.add"), buf_get(&b), e);
}

enum outcome thing_add_load(struct load *l, const struct thing_add *body, struct thing_state *state,
                            struct err *e)
{
    load_kind(l, "thing");
    load_own_scope(l);
    if (body->order.p)
        TRY(load_order(l, body->order, e));
    state->thing = body->thing;
    if (!body->thing.p)
        return load_stream(l, stream_of("thing", l->command->id), NULL, e);
    TRY(load_stream(l, stream_of("thing", body->thing), NULL, e));
    struct thing_key key = { body->thing };
    struct thing_total row;
    bool found;
    TRY(db_get(l->db, &sql_thing_total, &key, &row, l->arena, &found, e));
    state->total = found ? row.total : 0;
    return OK;
}

enum outcome thing_add_decide(struct decision *d, const struct thing_add *body,
                              const struct thing_state *state, struct err *e)
{
    if (body->by < 0)
        return REFUSE(e, "gate.unknown", { "kind", S("thing") });
    struct str thing = state->thing.p ? state->thing : d->command->id;
    if (thing_refuses_timers && body->by == 7 && !str_ends(thing, S("2")))
        return REFUSE(e, "gate.unknown", { "kind", S("thing") });
    struct thing_added payload = { thing, body->by, body->note };
    if (body->timer_s > 0)
        payload.by = body->timer_s;
    for (int64_t i = 0; i < (body->events == INT_NONE ? 1 : body->events); i++)
        decide_event(d, &(struct happening){
                            .stream = stream_of("thing", thing),
                            .type = &thing_added_event,
                            .payload = &payload,
                        });
    if (body->stop)
        stop_raise(d, &(struct stop_raised){
                          .order = body->order,
                          .point = S("before_thaw"),
                          .safe_state = S("back_into_storage"),
                          .acts = { (const struct str[]){ S("thing.calm") }, body->by != 3 },
                          .organisation = d->command->actor->organisation,
                          .site = d->command->actor->site,
                          .involved = { &d->command->actor->account, 1 },
                          .respond_by = d->now_us + TIME_HOUR,
                      });
    struct thing_total answer = { .thing = thing, .total = state->total + payload.by };
    decide_answer(d, &thing_total_record, &answer);
    return OK;
}

enum outcome thing_calm_load(struct load *l, const struct thing_calm *body,
                             struct thing_state *state, struct err *e)
{
    load_own_scope(l);
    state->thing = body->thing;
    TRY(load_order(l, body->order, e));
    return load_stream(l, stream_of("thing", body->thing), NULL, e);
}

enum outcome thing_calm_decide(struct decision *d, const struct thing_calm *body,
                               const struct thing_state *state, struct err *e)
{
    (void)state;
    (void)e;
    struct thing_added payload = { .thing = body->thing, .by = 0 };
    decide_event(d, &(struct happening){
                        .stream = stream_of("thing", body->thing),
                        .type = &thing_added_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome thing_approve_load(struct load *l, const struct thing_approve *body,
                                struct thing_state *state, struct err *e)
{
    load_kind(l, "thing");
    load_own_scope(l);
    TRY(load_stream(l, stream_of("thing", body->thing), &state->version, e));
    return state->version > 0 ? OK : load_unknown(l, e);
}

enum outcome thing_approve_shown(struct load *l, const struct thing_approve *body,
                                 const struct thing_state *state, struct sign_what *out,
                                 struct err *e)
{
    const struct stream stream = stream_of("thing", body->thing);
    out->kind = S("thing");
    out->id = body->thing;
    out->meaning = body->reject ? S("rejected") : S("approved");
    return sign_what_event(out, l->db, stream_str(&stream), state->version, l->arena, e);
}

enum outcome thing_approve_decide(struct decision *d, const struct thing_approve *body,
                                  const struct thing_state *state, struct err *e)
{
    (void)state;
    (void)e;
    struct thing_added payload = { .thing = body->thing, .by = 0 };
    for (int i = 0; i < (body->silent ? 0 : 2); i++)
        decide_event(d, &(struct happening){
                            .stream = stream_of("thing", body->thing),
                            .type = &thing_added_event,
                            .payload = &payload,
                        });
    return OK;
}

static enum outcome thing_follow(struct db *db, const struct event *event, const void *payload,
                                 struct policy_send *out, bool *send, struct arena *arena,
                                 struct err *e)
{
    (void)db;
    (void)event;
    const struct thing_added *added = payload;
    struct thing_add *body = ARENA_NEW(arena, struct thing_add);
    if (!body)
        return err_no_memory(e);
    record_clear(&thing_add_record, body);
    body->thing = added->thing;
    body->by = added->by == 100 ? 1 : INT_NONE; /* which is missing */
    *out = (struct policy_send){ S("thing.add"), &thing_add_record, body };
    *send = added->by == 100 || added->by == 200;
    return OK;
}

static const struct policy module_policies[] = {
    { "thing.follow", &thing_added_event, thing_follow },
};

const struct module thing_module = {
    .name = "thing",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(policies),
    .schema = &thing_schema,
};
