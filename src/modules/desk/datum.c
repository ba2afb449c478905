/* Where a datum comes from and where it went, as page and JSON. */
#include "modules/desk/datum.h"

#include "gen/desk/pages/datum.html.h"
#include "kernel/ledger.h"

#define RECORDS "modules/desk/datum.def"
#include "base/record_tables.h"
#undef RECORDS

enum { SAID_MAX = 100 };

static struct str link_of(struct arena *a, struct str order, const struct desk_datum *d)
{
    return arena_printf(a, "/orders/%.*s/data?of=%.*s", STR(order), STR(d->id));
}

/* What a fact, a point, a unit of paper is called; of definitions their own words. */
static struct str title_of(struct page *p, const struct desk_datum *d)
{
    const struct str kind = str_z(d->kind);
    if (str_is(kind, "prescribed"))
        return show_name(p, "datum", d->title);
    if (str_is(kind, "check"))
        return show_name(p, "point", d->title);
    if (str_is(kind, "document"))
        return text_find(p->language, S("datum.record"));
    if (str_is(kind, "fact") && str_starts(d->title, S("check:")))
        return show_name(p, "point", str_from(d->title, 6));
    return words_say(p, d->title);
}

static enum outcome lines(const struct desk_datum_line **out, size_t *n, struct desk_datum_view *v,
                          const struct desk_reach *of, struct page *p, struct db *db, struct err *e)
{
    bool more;
    struct arena *a = p->b->arena;
    struct desk_reached *reached = ARENA_ARRAY(a, DESK_DATUM_ROWS_MAX, struct desk_reached);
    if (!reached)
        return err_no_memory(e);
    *n = desk_datum_reach(reached, &more, of, a);
    v->data.more |= more;
    struct desk_datum_line *rows = ARENA_ARRAY(a, *n + 1, struct desk_datum_line);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < *n; i++) {
        const struct desk_datum *d = &v->data.p[reached[i].datum];
        struct desk_datum *shown = ARENA_NEW(a, struct desk_datum);
        if (!shown)
            return err_no_memory(e);
        *shown = *d;
        shown->title = title_of(p, d);
        rows[i] = (struct desk_datum_line){
            .datum = shown,
            .link = link_of(a, v->o.id, d),
            .through = reached[i].depth > 1 ? title_of(p, &v->data.p[reached[i].through])
                                            : (struct str){ 0 },
            .word = arena_printf(a, "datum.%s", d->kind),
            .who = d->by.p ? show_person(p, db, d->by) : S(""),
            .depth = reached[i].depth,
        };
    }
    *out = rows;
    return OK;
}

static struct flow_history_of history_of(const struct desk_datum_view *v,
                                         const struct http_request *r)
{
    return (struct flow_history_of){
        .order = v->o.id, .task = v->datum->task, .field = v->datum->field, .looks = look_of(r)
    };
}

static enum outcome origin(struct desk_datum_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e)
{
    struct definition form;
    bool found;
    if (!v->datum->field.p)
        return OK;
    const struct flow_history_of of = history_of(v, r);
    v->trail = arena_printf(r->arena, "/trail/record/%.*s.%.*s", STR(v->o.id), STR(v->datum->task));
    TRY(define_find(&form, db, S("form"), v->datum->form, v->datum->form_version, 0, r->arena,
                    &found, e));
    if (!found)
        return OK;
    words_say_definition(p, &form);
    return flow_history_html(&v->history, p, db, &of, form.body, e);
}

/* --- JSON --- */

static void row_of(struct desk_datum_row *out, const struct desk_datum *d, const char *relation,
                   int depth, const struct desk_datum *through)
{
    record_clear(&desk_datum_row_record, out);
    out->relation = str_z(relation);
    out->depth = depth;
    out->datum = d->id;
    out->kind = str_z(d->kind);
    out->title = d->title;
    out->value = d->value;
    out->formula = d->formula;
    out->decided = d->decided;
    out->at = d->at;
    out->by = d->by;
    out->form = d->form;
    out->form_version = d->form_version;
    out->event = d->event;
    if (through)
        out->through = through->id;
}

/* The event that said it: on which device, and its place in the log. */
static enum outcome event_of(struct desk_datum_row *out, struct str order, int64_t version,
                             struct db *db, struct arena *arena, struct err *e)
{
    const struct stream stream = stream_of("flow", order);
    struct ledger_row *rows;
    struct event event;
    size_t n;
    TRY(ledger_read_stream(db, stream_str(&stream), version, 1, &rows, &n, arena, e));
    if (n == 0)
        return OK;
    TRY(event_read(&event, arena, rows[0].leaf, e));
    out->device = event.device;
    out->event = rows[0].sequence;
    return OK;
}

static enum outcome said_rows(struct desk_datum_row *out, size_t *n,
                              const struct desk_datum_view *v, const struct http_request *r,
                              struct db *db, struct err *e)
{
    const struct flow_history_row *said;
    size_t nsaid;
    if (!v->datum->field.p)
        return OK;
    const struct flow_history_of of = history_of(v, r);
    TRY(flow_history_rows(&said, &nsaid, db, &of, r->arena, e));
    for (size_t i = 0; i < nsaid && i < SAID_MAX; i++) {
        struct desk_datum_row *row = &out[(*n)++];
        row_of(row, v->datum, "said", 0, NULL);
        row->value = said[i].value;
        row->entered = said[i].entered;
        row->how = said[i].how;
        row->by = said[i].by;
        row->at = said[i].happened;
        TRY(event_of(row, v->o.id, said[i].record, db, r->arena, e));
    }
    return OK;
}

static enum outcome json_rows(const struct desk_datum_view *v, size_t from, struct http_request *r,
                              struct db *db, struct err *e)
{
    struct arena *a = r->arena;
    struct desk_datum_row *rows =
        ARENA_ARRAY(a, 1 + SAID_MAX + 2 * DESK_DATUM_ROWS_MAX, struct desk_datum_row);
    struct desk_reached *reached = ARENA_ARRAY(a, DESK_DATUM_ROWS_MAX, struct desk_reached);
    size_t n = 0;
    if (!rows || !reached)
        return err_no_memory(e);
    row_of(&rows[n++], v->datum, "self", 0, NULL);
    rows[0].more = v->data.more;
    if (v->data.hidden > 0)
        rows[0].hidden = (int64_t)v->data.hidden;
    TRY(said_rows(rows, &n, v, r, db, e));
    for (int uses = 0; uses < 2; uses++) {
        bool more;
        const struct desk_reach reach = { &v->data, from, uses };
        const size_t found = desk_datum_reach(reached, &more, &reach, a);
        rows[0].more |= more;
        for (size_t i = 0; i < found; i++)
            row_of(&rows[n++], &v->data.p[reached[i].datum], uses ? "use" : "input",
                   reached[i].depth, &v->data.p[reached[i].through]);
    }
    return show_rows(r, &desk_datum_row_record, rows, n, (struct str){ 0 }, e);
}

/* --- the page --- */

static enum outcome datum(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_datum_view *v = ARENA_NEW(r->arena, struct desk_datum_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    const struct desk_data_of of = { db, &v->o.row, &v->o.flow, v->o.pinned, &v->o.sight };
    TRY(desk_data_read(&v->data, &of, r->arena, e));
    const size_t at = desk_datum_find(&v->data, http_query(r, "of"));
    if (at == v->data.n)
        return REFUSE(e, "gate.unknown", { "kind", S("datum") });
    v->datum = &v->data.p[at];
    if (http_wants_json(r))
        return json_rows(v, at, r, db, e);
    v->word = arena_printf(r->arena, "datum.%s", v->datum->kind);
    struct desk_datum *shown = ARENA_NEW(r->arena, struct desk_datum);
    if (!shown)
        return err_no_memory(e);
    TRY(desk_order_head(&v->head, r, db, p, &v->o, NULL, e));
    TRY(origin(v, r, db, p, e));
    const struct desk_reach back = { &v->data, at, false };
    const struct desk_reach forth = { &v->data, at, true };
    TRY(lines(&v->inputs, &v->ninputs, v, &back, p, db, e));
    TRY(lines(&v->uses, &v->nuses, v, &forth, p, db, e));
    *shown = *v->datum;
    shown->title = title_of(p, v->datum);
    v->datum = shown;
    page_datum(p, v);
    return OK;
}

enum http_state desk_get_datum(struct http_request *r)
{
    return show(r, "page.datum.title", datum);
}
