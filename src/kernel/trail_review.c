/* Reviews of trails: decided by what the log holds, not by the index, which may be late. */
#include "kernel/trail_review.h"

#include "gen/kernel/trail_review.sql.h"
#include "gen/kernel/trail_review_schema.sql.h"
#include "kernel/show.h"
#include "kernel/trail_page.h"

#define EVENTS   "kernel/trail_review_events.def"
#define COMMANDS "kernel/trail_review_commands.def"
#include "kernel/wire.h"

enum { REVIEW_FORM_MAX = 16 << 10, CHUNK = 200, CHUNK_ARENA = 64 << 20 };

static enum http_state post_review(struct http_request *r)
{
    const struct str order = http_form(r, "order");
    return app_command(r, &(struct app_command){
                              .name = S("trail.review"),
                              .next = arena_printf(r->arena, "/trail/order/%.*s", STR(order)),
                          });
}

static const struct route module_routes[] = {
    ROUTE("POST", "/trail/review", "trail.review", REVIEW_FORM_MAX, post_review,
          "command.trail.review"),
};

const struct module trail_review_module = {
    .name = "trail_review",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    .schema = &trail_review_schema,
};

/* --- what lies between --- */

static enum outcome look_at(struct trail_stretch *out, const struct registry *registry,
                            const struct ledger_row *row, struct str actor, struct arena *arena,
                            struct err *e)
{
    struct event event;
    const struct json *payload;
    TRY(event_read(&event, arena, row->leaf, e));
    TRY(json_read(&payload, arena, event.payload, &json_limits_default, e));
    if (str_starts(event.stream, S("trail/"))) /* a review is not to be reviewed */
        return OK;
    out->events++;
    if (out->last < 0)
        out->last = row->sequence;
    if (trail_exceptions(registry, &event, payload, TIME_NONE) == 0)
        return OK;
    out->exceptions++;
    if (str_eq(event.actor, actor))
        out->own = row->sequence;
    return OK;
}

static enum outcome read_back(struct trail_stretch *out, struct db *db,
                              const struct registry *registry, struct str order, int64_t from,
                              int64_t up_to, struct str actor, struct arena *arena, struct err *e)
{
    const struct stream key = stream_of("order", order);
    int64_t before = up_to + 1;
    size_t n = CHUNK;
    while (n == CHUNK) {
        struct ledger_row *rows;
        arena_reset(arena);
        TRY(ledger_read_key(db, stream_str(&key), before, CHUNK, &rows, &n, arena, e));
        for (size_t i = 0; i < n; i++) {
            if (rows[i].sequence <= from)
                return OK;
            if (out->events == TRAIL_REVIEW_MAX)
                return REFUSE(e, "trail.review_too_long", { "max", S("5000") });
            TRY(look_at(out, registry, &rows[i], actor, arena, e));
            before = rows[i].sequence;
        }
    }
    return OK;
}

enum outcome trail_stretch_read(struct trail_stretch *out, struct db *db,
                                const struct registry *registry, struct str order, int64_t from,
                                int64_t up_to, struct str actor, struct err *e)
{
    struct arena *arena = arena_new(CHUNK_ARENA);
    *out = (struct trail_stretch){ .last = -1, .own = -1 };
    if (!arena)
        return err_no_memory(e);
    const enum outcome o = read_back(out, db, registry, order, from, up_to, actor, arena, e);
    arena_free(arena);
    return o;
}

/* --- the command --- */

enum outcome trail_review_load(struct load *l, const struct trail_review *body,
                               struct trail_review_state *state, struct err *e)
{
    const struct trail_review_last_in in = { body->order };
    struct trail_review_last_out last;
    bool found;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &state->flow, e));
    TRY(load_stream(l, stream_of("trail", body->order), NULL, e));
    TRY(db_get(l->db, &sql_trail_review_last, &in, &last, l->arena, &found, e));
    state->from = found ? last.up_to : -1;
    if (body->up_to < 0 || body->up_to == INT64_MAX)
        return REFUSE(e, "trail.review_nothing");
    return trail_stretch_read(&state->stretch, l->db, l->registry, body->order, state->from,
                              body->up_to, l->command->actor->name, e);
}

enum outcome trail_review_decide(struct decision *d, const struct trail_review *body,
                                 const struct trail_review_state *state, struct err *e)
{
    const struct trail_stretch *s = &state->stretch;
    char place[24];
    struct buf b = buf_over(place, sizeof place);
    buf_int(&b, s->own);
    if (s->events == 0)
        return REFUSE(e, "trail.review_nothing");
    if (s->own >= 0)
        return REFUSE(e, "trail.own_act", { "event", buf_get(&b) });
    const struct trail_reviewed payload = { body->order, state->from, s->last, s->exceptions };
    const struct trail_review_answer answer = { s->last, s->exceptions };
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = stream_of("trail", body->order),
                           .type = &trail_reviewed_event,
                           .payload = &payload,
                       });
    decide_answer(d, &trail_review_answer_record, &answer);
    return OK;
}

enum outcome trail_reviewed_apply(struct db *db, const struct event *event,
                                  const struct trail_reviewed *payload, struct err *e)
{
    const struct trail_review_add_in in = {
        .order_id = payload->order,
        .version = event->version,
        .up_to = payload->up_to,
        .exceptions = payload->exceptions,
        .reviewed = event->recorded,
        .reviewed_by = event->actor,
        .reason = event->reason,
        .event = event->id,
    };
    return db_run(db, &sql_trail_review_add, &in, NULL, e);
}

/* --- on the page --- */

enum outcome trail_review_fill(struct trail_review_view *out, struct http_request *r, struct db *db,
                               struct page *p, struct str thing, struct err *e)
{
    const struct trail_review_last_in in = { thing.p ? stream_id(thing) : S("") };
    struct trail_review_last_out last;
    struct trail_stretch since;
    struct err why = { 0 };
    bool found;
    *out = (struct trail_review_view){ .at = TIME_NONE, .last = -1 };
    if (!thing.p || !str_is(stream_kind(thing), "order") || http_wants_json(r) ||
        !registry_command(app_of(r)->node->registry, S("trail.review")))
        return OK;
    TRY(db_get(db, &sql_trail_review_last, &in, &last, r->arena, &found, e));
    const int64_t from = found ? last.up_to : -1;
    if (trail_stretch_read(&since, db, app_of(r)->node->registry, in.order_id, from, INT64_MAX - 1,
                           show_actor(r)->name, &why) != OK)
        return why.outcome == REFUSED ? OK : (*e = why, FAULT);
    *out = (struct trail_review_view){
        .shown = true,
        .may = show_may(r, "trail.review"),
        .order = in.order_id,
        .at = found ? last.reviewed : TIME_NONE,
        .up_to = found ? last.up_to : -1,
        .events = since.events,
        .exceptions = since.exceptions,
        .last = since.last,
    };
    if (!found)
        return OK;
    out->person = show_person(p, db, last.reviewed_by);
    out->comment = show_sealed(r, last.event, "reason", last.reason);
    return OK;
}
