/* That an order's audit bundle is taken away: said before it is given, as an event of the order. */
#include "base/id.h"
#include "kernel/flow.h"
#include "kernel/trail.h"

enum outcome trail_bundle_load(struct load *l, const struct trail_bundle *body,
                               struct trail_bundle_state *state, struct err *e)
{
    const struct id id = id_derive(l->command->id, S("thing"), 0);
    struct flow_view flow;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &flow, e));
    state->stream = stream_of("export", id_str(&id));
    return load_stream(l, state->stream, NULL, e);
}

enum outcome trail_bundle_decide(struct decision *d, const struct trail_bundle *body,
                                 const struct trail_bundle_state *state, struct err *e)
{
    const struct trail_bundled payload = { stream_id(stream_str(&state->stream)), body->order };
    const struct trail_bundle_answer answer = { payload.export };
    (void)e;
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = state->stream,
                           .type = &trail_bundled_event,
                           .payload = &payload,
                       });
    decide_answer(d, &trail_bundle_answer_record, &answer);
    return OK;
}

/* Its row is the event alone, as of an export. */
enum outcome trail_bundled_apply(struct db *db, const struct event *event,
                                 const struct trail_bundled *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK;
}

enum outcome trail_bundle_find(bool *found, struct db *db, const struct trail_bundle_of *of,
                               struct arena *arena, struct err *e)
{
    const struct stream stream = stream_of("export", id_valid(of->export) ? of->export : S("none"));
    struct ledger_row *rows;
    struct event event;
    const void *payload;
    size_t n;
    *found = false;
    TRY(ledger_read_stream(db, stream_str(&stream), 1, 1, &rows, &n, arena, e));
    if (n == 0)
        return OK;
    TRY(event_read(&event, arena, rows[0].leaf, e));
    if (!str_is(event.type, "trail.bundled"))
        return OK;
    TRY(registry_payload(&trail_bundled_event, &event, &payload, arena, e));
    *found = str_eq(((const struct trail_bundled *)payload)->order, of->order) &&
             str_eq(event.actor, of->actor) && of->now_us - event.recorded < TRAIL_BUNDLE_US;
    return OK;
}
