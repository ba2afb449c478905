/* Reviews of trails: decided by what the log holds, not by the index, which may be late. */
#include "kernel/trail_review.h"

#include "gen/kernel/trail_review_schema.sql.h"
#include "kernel/trail_impl.h"
#include "kernel/trail_page.h"

#define EVENTS   "kernel/trail_review_events.def"
#define COMMANDS "kernel/trail_review_commands.def"
#include "kernel/wire.h"

enum { CHUNK = 200, CHUNK_ARENA = 96 << 20, REVIEWS_MAX = 1000 };

static const struct route module_routes[] = {
    ROUTE("GET", "/trail/order/{order}/review", "trail.review", 0, trail_get_review,
          "help.trail_review", .rows = &trail_review_row_record),
};
static const struct sign_view module_signs[] = {
    { "trail.review", trail_review_signed, NULL },
};

/* --- what lies between --- */

struct stretch_reading {
    struct trail_stretch *out;
    struct db *db;
    const struct registry *registry;
    const struct trail_stretch_of *of;
    struct trail_marked *marked;
    struct arena *keep;
    struct arena *scratch;
    int64_t ahead; /* when the event that was read last was recorded; TIME_NONE: none was */
};

/* Codes of the exceptions, separated by blanks. */
static struct str says_of(unsigned bits, struct arena *arena)
{
    struct buf b = buf_in(arena, 128);
    for (int i = 0; i < TRAIL_EXCEPTIONS; i++)
        if (bits & 1u << i) {
            buf_z(&b, b.n > 0 ? " " : "");
            buf_z(&b, trail_exception_names[i]);
        }
    return buf_get(&b);
}

static enum outcome mark(struct trail_marked *out, int64_t at, struct str leaf, unsigned bits,
                         struct arena *arena, struct err *e)
{
    *out = (struct trail_marked){ .at = at, .says = says_of(bits, arena) };
    TRY(event_read(&out->event, arena, arena_str(arena, leaf), e));
    out->type = out->event.type;
    out->actor = out->event.actor;
    return OK;
}

/* The bits of an event's exceptions, as the trail tells them: also that the clock stepped back
 * between the event ahead of it in the log, whosever that is, and this one. */
static enum outcome bits_of(unsigned *out, struct stretch_reading *r,
                            const struct ledger_row_ahead *row, bool *counts, struct err *e)
{
    struct event event;
    struct event ahead;
    const struct json *payload;
    TRY(event_read(&event, r->scratch, row->leaf, e));
    TRY(json_read(&payload, r->scratch, event.payload, &json_limits_default, e));
    if (row->ahead.p) {
        TRY(event_read(&ahead, r->scratch, row->ahead, e));
        r->ahead = ahead.recorded;
    }
    *counts = !str_starts(event.stream, S("trail/")); /* a review is not to be reviewed */
    *out = *counts ? trail_exceptions(r->registry, &event, payload, r->ahead) : 0;
    r->ahead = event.recorded;
    return OK;
}

/* *full: it is not taken any more. */
static enum outcome look_at(bool *full, struct stretch_reading *r,
                            const struct ledger_row_ahead *row, struct err *e)
{
    struct trail_stretch *out = r->out;
    unsigned bits;
    bool counts;
    TRY(bits_of(&bits, r, row, &counts, e));
    if (!counts)
        return OK;
    *full =
        out->events == TRAIL_REVIEW_MAX || (bits != 0 && out->nmarked == TRAIL_REVIEW_EXCEPTIONS);
    out->more = *full;
    if (*full)
        return OK;
    out->events++;
    out->last = row->sequence;
    return bits == 0 ? OK
                     : mark(&r->marked[out->nmarked++], row->sequence, row->leaf, bits, r->keep, e);
}

static enum outcome read_on(struct stretch_reading *r, struct err *e)
{
    const struct stream key = stream_of("order", r->of->order);
    int64_t after = r->of->from;
    size_t want = CHUNK;
    size_t n = CHUNK;
    bool full = false;
    while (n == want && !full && after < r->of->up_to) {
        struct ledger_row_ahead *rows;
        const int64_t left = r->of->up_to - after;
        want = left < CHUNK ? (size_t)left : CHUNK;
        arena_reset(r->scratch);
        TRY(ledger_read_key_ahead(r->db, stream_str(&key), after, want, &rows, &n, r->scratch, e));
        for (size_t i = 0; i < n && !full; i++) {
            if (rows[i].sequence > r->of->up_to)
                return OK;
            TRY(look_at(&full, r, &rows[i], e));
            after = rows[i].sequence;
        }
    }
    return OK;
}

static enum outcome add_verdicts(struct stretch_reading *r, struct err *e)
{
    struct trail_stretch *out = r->out;
    const struct trail_review_verdicts_in in = { r->of->order, r->of->from,
                                                 out->last < 0 ? 0 : out->last };
    struct record_list list;
    TRY(db_list(r->db, &sql_trail_review_verdicts, &in, &list, 2 * TRAIL_REVIEW_EXCEPTIONS, r->keep,
                e));
    const struct trail_review_verdicts_out *row = list.p;
    out->unjudged = out->nmarked;
    for (size_t i = 0, k = 0; i < list.n; i++) {
        while (k < out->nmarked && r->marked[k].at < row[i].sequence)
            k++;
        if (k < out->nmarked && r->marked[k].at == row[i].sequence) {
            r->marked[k].verdict = &row[i];
            out->unjudged--;
        }
    }
    return OK;
}

enum outcome trail_stretch_read(struct trail_stretch *out, struct db *db,
                                const struct registry *registry, const struct trail_stretch_of *of,
                                struct arena *arena, struct err *e)
{
    struct stretch_reading r = {
        .out = out,
        .db = db,
        .registry = registry,
        .of = of,
        .marked = ARENA_ARRAY(arena, TRAIL_REVIEW_EXCEPTIONS, struct trail_marked),
        .keep = arena,
        .scratch = arena_new(CHUNK_ARENA),
        .ahead = TIME_NONE,
    };
    *out = (struct trail_stretch){ .last = -1, .marked = r.marked };
    enum outcome o = r.marked && r.scratch ? read_on(&r, e) : err_no_memory(e);
    arena_free(r.scratch);
    return o == OK ? add_verdicts(&r, e) : o;
}

enum outcome trail_reviewed_last(struct trail_reviewed_last *out, struct db *db, struct str order,
                                 struct arena *arena, struct err *e)
{
    const struct trail_review_standing_in in = { order };
    struct record_list list;
    TRY(db_list(db, &sql_trail_review_standing, &in, &list, REVIEWS_MAX, arena, e));
    const struct trail_review_standing_out *row = list.p;
    *out = (struct trail_reviewed_last){ .from = -1 };
    for (size_t i = 0; i < list.n; i++)
        if (row[i].from_seq <= out->from && row[i].up_to > out->from) {
            out->row = row[i];
            out->from = row[i].up_to;
            out->found = true;
        }
    return OK;
}

static struct str number(struct arena *arena, int64_t n)
{
    return arena_printf(arena, "%lld", (long long)n);
}

/* --- one exception --- */

static enum outcome exception_at(struct trail_judge_state *state, struct load *l,
                                 const struct trail_judge *body, struct err *e)
{
    struct trail_stretch one = { 0 };
    const struct trail_stretch_of of = { body->order, body->at - 1, body->at };
    if (body->at < 0 || body->at == INT64_MAX)
        return OK;
    TRY(trail_stretch_read(&one, l->db, l->registry, &of, l->arena, e));
    state->found = one.nmarked == 1;
    if (state->found)
        state->marked = one.marked[0];
    return OK;
}

enum outcome trail_judge_load(struct load *l, const struct trail_judge *body,
                              struct trail_judge_state *state, struct err *e)
{
    struct trail_reviewed_last last;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &state->flow, e));
    TRY(load_stream(l, stream_of("trail", body->order), NULL, e));
    TRY(trail_reviewed_last(&last, l->db, body->order, l->arena, e));
    state->from = last.from;
    return exception_at(state, l, body, e);
}

enum outcome trail_judge_decide(struct decision *d, const struct trail_judge *body,
                                const struct trail_judge_state *state, struct err *e)
{
    const bool commented = str_is(body->verdict, "commented");
    if (!state->found)
        return REFUSE(e, "trail.no_exception", { "event", number(d->arena, body->at) });
    if (body->at <= state->from)
        return REFUSE(e, "trail.reviewed_before", { "event", number(d->arena, body->at) });
    if (str_eq(state->marked.actor, d->command->actor->name))
        return REFUSE(e, "trail.own_act", { "event", number(d->arena, body->at) });
    if (!commented && !str_is(body->verdict, "no_action"))
        return REFUSE(e, "trail.verdict", { "verdict", body->verdict });
    if (commented && str_trim(d->command->reason).n == 0)
        return REFUSE(e, "trail.comment_needed");
    const struct trail_judged payload = { body->order, body->at, body->verdict,
                                          state->marked.says };
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = stream_of("trail", body->order),
                           .type = &trail_judged_event,
                           .payload = &payload,
                       });
    return OK;
}

enum outcome trail_judged_apply(struct db *db, const struct event *event,
                                const struct trail_judged *payload, struct err *e)
{
    const struct trail_review_judge_in in = {
        .order_id = payload->order,
        .sequence = payload->at,
        .verdict = payload->verdict,
        .judged = event->recorded,
        .judged_by = event->actor,
        .reason = event->reason,
        .event = event->id,
    };
    return db_run(db, &sql_trail_review_judge, &in, NULL, e);
}

/* --- the review --- */

enum outcome trail_review_load(struct load *l, const struct trail_review *body,
                               struct trail_review_state *state, struct err *e)
{
    struct trail_reviewed_last last;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &state->flow, e));
    TRY(load_stream(l, stream_of("trail", body->order), NULL, e));
    TRY(trail_reviewed_last(&last, l->db, body->order, l->arena, e));
    state->from = last.from;
    if (body->up_to < 0 || body->up_to == INT64_MAX)
        return REFUSE(e, "trail.review_nothing");
    const struct trail_stretch_of of = { body->order, state->from, body->up_to };
    return trail_stretch_read(&state->stretch, l->db, l->registry, &of, l->arena, e);
}

static enum outcome may_be_signed(const struct trail_review_state *state, const struct actor *actor,
                                  struct arena *arena, struct err *e)
{
    const struct trail_stretch *s = &state->stretch;
    if (s->events == 0)
        return REFUSE(e, "trail.review_nothing");
    if (s->more)
        return REFUSE(e, "trail.review_too_long", { "max", number(arena, TRAIL_REVIEW_MAX) },
                      { "exceptions", number(arena, TRAIL_REVIEW_EXCEPTIONS) },
                      { "up_to", number(arena, s->last) });
    for (size_t i = 0; i < s->nmarked; i++)
        if (str_eq(s->marked[i].actor, actor->name))
            return REFUSE(e, "trail.own_act", { "event", number(arena, s->marked[i].at) });
    for (size_t i = 0; i < s->nmarked; i++)
        if (!s->marked[i].verdict)
            return REFUSE(e, "trail.unjudged", { "n", number(arena, (int64_t)s->unjudged) },
                          { "event", number(arena, s->marked[i].at) });
    return OK;
}

enum outcome trail_review_shown(struct load *l, const struct trail_review *body,
                                const struct trail_review_state *state, struct sign_what *out,
                                struct err *e)
{
    const struct trail_stretch *s = &state->stretch;
    struct trail_review_line *lines =
        ARENA_ARRAY(l->arena, s->nmarked + 1, struct trail_review_line);
    if (!lines)
        return err_no_memory(e);
    TRY(may_be_signed(state, l->command->actor, l->arena, e));
    for (size_t i = 0; i < s->nmarked; i++)
        lines[i] = (struct trail_review_line){ s->marked[i].at, s->marked[i].type,
                                               s->marked[i].says, s->marked[i].verdict->verdict,
                                               s->marked[i].verdict->event };
    const struct trail_review_content content = {
        .order = body->order,
        .from = state->from,
        .up_to = s->last,
        .events = s->events,
        .lines = { lines, s->nmarked },
    };
    TRY(sign_what_record(out, &trail_review_content_record, &content, l->arena, e));
    out->kind = S("trail");
    out->id = body->order;
    out->meaning = S("reviewed");
    return OK;
}

enum outcome trail_review_decide(struct decision *d, const struct trail_review *body,
                                 const struct trail_review_state *state, struct err *e)
{
    const struct trail_stretch *s = &state->stretch;
    TRY(may_be_signed(state, d->command->actor, d->arena, e));
    const struct trail_reviewed payload = { body->order, state->from, s->last,
                                            (int64_t)s->nmarked };
    const struct trail_review_answer answer = { s->last, (int64_t)s->nmarked };
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
        .from_seq = payload->from,
        .up_to = payload->up_to,
        .exceptions = payload->exceptions,
        .reviewed = event->recorded,
        .reviewed_by = event->actor,
        .reason = event->reason,
        .event = event->id,
    };
    return db_run(db, &sql_trail_review_add, &in, NULL, e);
}

/* --- asked for by a task --- */

#define CLOSES "trail_review"

struct unreviewed {
    bool ever;
    int64_t exceptions;
};

/* Of a task that is done already nothing is asked: a correction of its record is itself what the
 * next review finds. */
static enum outcome rule_load(const void **loaded, struct load *l, const struct flow_view *v,
                              const struct flow_task *task, struct err *e)
{
    const struct flow_open_task *opened = flow_opened(v, task->name);
    struct trail_reviewed_last last;
    struct trail_stretch since;
    if (!str_among(S(CLOSES), task->closed.p, task->closed.n) || (opened && opened->done))
        return OK;
    struct unreviewed *out = ARENA_NEW(l->arena, struct unreviewed);
    if (!out)
        return err_no_memory(e);
    TRY(load_stream(l, stream_of("trail", v->order), NULL, e));
    TRY(trail_reviewed_last(&last, l->db, v->order, l->arena, e));
    const struct trail_stretch_of of = { v->order, last.from, INT64_MAX - 1 };
    TRY(trail_stretch_read(&since, l->db, l->registry, &of, l->arena, e));
    *out = (struct unreviewed){ last.found, (int64_t)since.nmarked };
    if (!last.found || since.nmarked > 0 || since.more)
        *loaded = out;
    return OK;
}

static enum outcome rule_may(const struct flow_ruling *r, const void *loaded, struct err *e)
{
    const struct unreviewed *u = loaded;
    return REFUSE(e, "trail.unreviewed", { "n", number(r->arena, u->exceptions) });
}

static const struct flow_rule review_rule = {
    .closes = { CLOSES },
    .load = rule_load,
    .may = rule_may,
};

static void use(void)
{
    flow_use_rule(&review_rule);
}

const struct module trail_review_module = {
    .name = "trail_review",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    MODULE_ARRAY(signs),
    .schema = &trail_review_schema,
    .use = use,
};
