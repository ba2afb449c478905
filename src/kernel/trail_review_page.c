/* The page on which an order's trail is reviewed, exception by exception, and what is signed. */
#include "gen/kernel/pages/trail_review_page.html.h"
#include "gen/kernel/pages/trail_review_signed.html.h"
#include "kernel/trail_page.h"
#include "kernel/trail_review.h"

enum { SIGNED_MAX = 256 << 10 };

/* --- of an order's trail: how far it was reviewed --- */

enum outcome trail_review_fill(struct trail_review_view *out, struct http_request *r, struct db *db,
                               struct page *p, struct str thing, struct err *e)
{
    struct trail_reviewed_last last;
    struct trail_stretch since;
    const struct registry *registry = app_of(r)->node->registry;
    *out = (struct trail_review_view){ .at = TIME_NONE };
    if (!thing.p || !str_is(stream_kind(thing), "order") || http_wants_json(r) ||
        !registry_command(registry, S("trail.review")))
        return OK;
    const struct str order = stream_id(thing);
    TRY(trail_reviewed_last(&last, db, order, r->arena, e));
    const struct trail_stretch_of of = { order, last.from, INT64_MAX - 1 };
    TRY(trail_stretch_read(&since, db, registry, &of, r->arena, e));
    *out = (struct trail_review_view){
        .shown = true,
        .may = show_may(r, "trail.review") || show_may(r, "trail.judge"),
        .path = arena_printf(r->arena, "/trail/order/%.*s/review", STR(order)),
        .at = last.found ? last.row.reviewed : TIME_NONE,
        .up_to = last.from,
        .events = since.events,
        .exceptions = (int64_t)since.nmarked,
        .more = since.more,
    };
    if (!last.found)
        return OK;
    out->person = show_person(p, db, last.row.reviewed_by);
    out->comment = show_sealed(r, last.row.event, "reason", last.row.reason);
    return OK;
}

/* --- the page --- */

static enum outcome row_view(struct trail_marked_view *out, const struct trail_marked *m,
                             struct trail_reader *reader, struct http_request *r, struct str order,
                             struct err *e)
{
    *out = (struct trail_marked_view){
        .marked = m,
        .trail = arena_printf(r->arena, "/trail/order/%.*s?before=%lld", STR(order),
                              (long long)m->at + 1),
        .own = str_eq(m->actor, show_actor(r)->name),
    };
    TRY(trail_row_of(&out->row, reader, m->at, &m->event, e));
    if (!m->verdict)
        return OK;
    out->judge = show_person(reader->page, reader->db, m->verdict->judged_by);
    out->comment = show_sealed(r, m->verdict->event, "reason", m->verdict->reason);
    return OK;
}

static enum outcome rows_json(const struct trail_review_page *v, struct http_request *r,
                              struct err *e)
{
    struct trail_review_row *rows = ARENA_ARRAY(r->arena, v->n + 1, struct trail_review_row);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < v->n; i++) {
        const struct trail_marked *m = v->rows[i].marked;
        record_clear(&trail_review_row_record, &rows[i]);
        rows[i].at = m->at;
        rows[i].type = m->type;
        rows[i].what = v->rows[i].row.what;
        rows[i].exceptions = m->says;
        rows[i].actor = m->actor;
        rows[i].recorded = m->event.recorded;
        if (m->verdict) {
            rows[i].verdict = m->verdict->verdict;
            rows[i].judged_by = m->verdict->judged_by;
        }
    }
    return show_rows(r, &trail_review_row_record, rows, v->n, (struct str){ 0 }, e);
}

static enum outcome fill(struct trail_review_page *v, struct trail_reader *reader,
                         struct http_request *r, struct err *e)
{
    struct trail_reviewed_last last;
    TRY(trail_reviewed_last(&last, reader->db, v->order, r->arena, e));
    const struct trail_stretch_of of = { v->order, last.from, INT64_MAX - 1 };
    TRY(trail_stretch_read(&v->stretch, reader->db, reader->registry, &of, r->arena, e));
    struct trail_marked_view *rows =
        ARENA_ARRAY(r->arena, v->stretch.nmarked + 1, struct trail_marked_view);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < v->stretch.nmarked; i++) {
        TRY(row_view(&rows[i], &v->stretch.marked[i], reader, r, v->order, e));
        v->own |= rows[i].own;
    }
    v->rows = rows;
    v->n = v->stretch.nmarked;
    v->called = show_thing(r, reader->page, reader->db,
                           arena_printf(r->arena, "order/%.*s", STR(v->order)));
    v->at = last.found ? last.row.reviewed : TIME_NONE;
    v->up_to = last.from;
    if (!last.found)
        return OK;
    v->person = show_person(reader->page, reader->db, last.row.reviewed_by);
    v->comment = show_sealed(r, last.row.event, "reason", last.row.reason);
    return OK;
}

static enum outcome review(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct trail_review_page v = { .order = http_param(r, "order") };
    struct trail_reader reader = {
        .db = db, .registry = app_of(r)->node->registry, .actor = show_actor(r), .page = p
    };
    bool sees = false;
    const struct stream thing = stream_of("order", v.order);
    if (id_valid(v.order))
        TRY(trail_sees(&sees, &reader, stream_str(&thing), e));
    if (!sees)
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    v.path = arena_printf(r->arena, "/trail/order/%.*s/review", STR(v.order));
    TRY(fill(&v, &reader, r, e));
    if (http_wants_json(r))
        return rows_json(&v, r, e);
    v.may_judge = show_may(r, "trail.judge");
    v.may_sign =
        show_may(r, "trail.review") && v.stretch.events > 0 && v.stretch.unjudged == 0 && !v.own;
    v.refused = show_refusal(p, r);
    page_trail_review_page(p, &v);
    return OK;
}

enum http_state trail_get_review(struct http_request *r)
{
    return show(r, "page.trail.review", review);
}

/* --- what is signed --- */

static struct str comment_of(struct http_request *r, const struct record_list *verdicts,
                             const struct trail_review_line *line)
{
    const struct trail_review_verdicts_out *row = verdicts->p;
    for (size_t i = 0; i < verdicts->n; i++)
        if (str_eq(row[i].event, line->judged))
            return show_sealed(r, row[i].event, "reason", row[i].reason);
    return (struct str){ 0 };
}

enum outcome trail_review_signed(struct html *out, struct page *p, struct http_request *r,
                                 struct db *db, const struct sign_asked *asked, struct err *e)
{
    struct trail_review_content content;
    const struct json *object;
    struct record_list verdicts;
    struct json_limits limits = json_limits_default;
    limits.bytes = SIGN_CONTENT_MAX;
    TRY(json_read(&object, r->arena, asked->content, &limits, e));
    TRY(record_from_json(&trail_review_content_record, &content, r->arena, object, e));
    const struct trail_review_verdicts_in in = { content.order, content.from, content.up_to };
    TRY(db_list(db, &sql_trail_review_verdicts, &in, &verdicts, 2 * TRAIL_REVIEW_EXCEPTIONS,
                r->arena, e));
    struct trail_signed_line *rows =
        ARENA_ARRAY(r->arena, content.lines.n + 1, struct trail_signed_line);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < content.lines.n; i++)
        rows[i] = (struct trail_signed_line){ &content.lines.p[i],
                                              comment_of(r, &verdicts, &content.lines.p[i]) };
    const struct trail_signed_view v = {
        .called = show_thing(r, p, db, arena_printf(r->arena, "order/%.*s", STR(content.order))),
        .content = &content,
        .rows = rows,
        .n = content.lines.n,
    };
    struct page part = *p;
    struct buf b = buf_in(r->arena, SIGNED_MAX);
    part.b = &b;
    page_trail_review_signed(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
