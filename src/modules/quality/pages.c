/* Deviations: open ones first, one with its conclusion. */
#include "modules/quality/pages.h"

#include "base/id.h"
#include "gen/quality/pages/deviation.html.h"
#include "gen/quality/pages/deviations.html.h"
#include "gen/quality/pages/open.html.h"
#include "kernel/flow_share.h"

enum { ROWS_SHOWN = 40, ROWS_MAX = 200 };

static const struct str kinds[] = { S("excursion"), S("damage"),    S("labelling"), S("equipment"),
                                    S("material"),  S("procedure"), S("record"),    S("other") };
static const struct str risks[] = { S("critical"), S("major"), S("minor") };
enum { KINDS = sizeof kinds / sizeof kinds[0], RISKS = sizeof risks / sizeof risks[0] };

/* --- the list --- */

static const struct table_column columns[] = {
    { .name = "number", .fixed = true },
    { .name = "kind" },
    { .name = "site" },
    { .name = "risk", .sorts = true },
    { .name = "opened", .sorts = true, .back = true },
};
enum { BY_RISK = 3, BY_TIME = 4 };
static const struct table deviations_table = {
    .name = "deviations",
    .columns = columns,
    .n = BY_TIME + 1,
    .first = BY_TIME,
    .csv = true,
};

/* Of those that there are; else empty: all. */
static struct str risk_asked(const struct http_request *r)
{
    for (size_t i = 0; i < RISKS; i++)
        if (str_eq(risks[i], http_query(r, "risk")))
            return risks[i];
    return S("");
}

/* The list as it was asked for: where it stands, and by which statement. */
struct listing {
    struct db *db;
    struct arena *arena;
    const struct sql *sql;
    struct quality_list_worst_in in; /* those of the lists by time are its beginning */
};

/* One class of risk is read by the index of risks, in the same order of time. */
static void listing_begin(struct listing *l, const struct quality_list_view *v)
{
    const bool by_rank = v->table.sort == BY_RISK || v->risk.n > 0;
    const bool back = v->table.back;
    if (by_rank)
        l->sql = back ? &sql_quality_list_mildest : &sql_quality_list_worst;
    else
        l->sql = back ? &sql_quality_list : &sql_quality_list_oldest;
    l->in.rank = v->risk.n > 0 ? quality_rank(v->risk) : back ? RISKS - 1 : 0;
    l->in.last = v->risk.n > 0 ? l->in.rank : back ? 0 : RISKS - 1;
    l->in.at = back ? INT64_MAX : 0;
    l->in.id = S("");
}

static void listing_behind(struct listing *l, const struct quality_list_out *last)
{
    l->in.rank = quality_rank(last->risk);
    l->in.at = last->opened;
    l->in.id = last->deviation;
}

static enum outcome listing_read(struct record_list *rows, struct listing *l, size_t most,
                                 struct err *e)
{
    l->in.most = (int64_t)most;
    return db_list(l->db, l->sql, &l->in, rows, most, l->arena, e);
}

static enum outcome next_rows(void *context, struct record_list *rows, struct err *e)
{
    struct listing *l = context;
    TRY(listing_read(rows, l, ROWS_MAX, e));
    if (rows->n > 0)
        listing_behind(l, &((const struct quality_list_out *)rows->p)[rows->n - 1]);
    return OK;
}

static enum outcome shown(struct quality_list_view *v, struct http_request *r, struct db *db,
                          const struct quality_list_out *rows, struct err *e)
{
    struct quality_row_view *out = ARENA_ARRAY(r->arena, v->n + 1, struct quality_row_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v->n; i++) {
        out[i].row = &rows[i];
        out[i].site = rows[i].site.p ? auth_site_name(db, rows[i].site, r->arena) : S("");
    }
    v->rows = out;
    v->may_open = show_may(r, "deviation.open");
    return OK;
}

static enum outcome deviations(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct quality_list_view v = {
        .open = !str_is(http_query(r, "state"), "closed"),
        .risk = risk_asked(r),
        .risks = risks,
        .nrisks = RISKS,
    };
    struct listing l = { db, r->arena, NULL, { .organisation = actor->organisation } };
    struct record_list list;
    struct show_cursor cursor;
    table_ask(
        &v.table, p, r, &deviations_table,
        arena_printf(r->arena, "state=%s&risk=%.*s", v.open ? "open" : "closed", STR(v.risk)));
    l.in.site = show_site(actor, "deviation.see");
    l.in.open = v.open;
    listing_begin(&l, &v);
    if (table_csv_asked(r))
        return table_csv(r, p, &v.table, sql_quality_list.out, next_rows, &l, e);
    TRY(show_cursor(&cursor, r, "before", 2, e));
    if (cursor.given) {
        l.in.rank = cursor.number[0];
        l.in.at = cursor.number[1];
        l.in.id = cursor.id;
    }
    TRY(listing_read(&list, &l, ROWS_SHOWN + 1, e));
    const struct quality_list_out *rows = list.p;
    v.n = list.n > ROWS_SHOWN ? ROWS_SHOWN : list.n;
    if (list.n > ROWS_SHOWN)
        table_go_on(&v.table, r->arena,
                    arena_printf(r->arena, "%lld.%lld.%.*s",
                                 (long long)quality_rank(rows[v.n - 1].risk),
                                 (long long)rows[v.n - 1].opened, STR(rows[v.n - 1].deviation)));
    if (http_wants_json(r))
        return show_rows(r, sql_quality_list.out, rows, v.n, v.table.next, e);
    TRY(shown(&v, r, db, rows, e));
    page_deviations(p, &v);
    return OK;
}

enum http_state quality_get_deviations(struct http_request *r)
{
    return show(r, "page.deviations.title", deviations);
}

/* --- one --- */

/* What the system opened has no description: it is told where it happened, to who sees that. */
static enum outcome evidence(struct quality_deviation_view *v, struct db *db,
                             const struct actor *actor, struct arena *a, struct err *e)
{
    const bool identity = str_is(v->row.kind, "identity_mismatch");
    struct flow_view flow;
    struct flow_sight sight;
    if (v->row.description.p || !v->row.order_id.p ||
        (!identity && !str_is(v->row.kind, "excursion")))
        return OK;
    TRY(flow_read(db, v->row.order_id, &flow, a, e));
    if (!flow.found)
        return OK;
    TRY(flow_sight_read(&sight, db, &flow, actor, NULL, e));
    if (!flow_sees(&sight, identity ? "report" : "custody"))
        return OK;
    v->evidence = arena_printf(a, "/orders/%.*s/%s", STR(v->row.order_id),
                               identity ? "coi/report" : "custody");
    v->evidence_word = identity ? S("page.deviation.see_checks") : S("page.deviation.see_readings");
    return OK;
}

static enum outcome deviation(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct quality_deviation_in in = { http_param(r, "deviation") };
    struct quality_deviation_view v = { .refused = show_refusal(p, r), .r = r };
    const struct actor *actor = show_actor(r);
    bool found = false;
    if (id_valid(in.deviation))
        TRY(db_get(db, &sql_quality_deviation, &in, &v.row, r->arena, &found, e));
    if (found)
        TRY(flow_actor(&actor, db, actor, v.row.order_id, r->arena, e));
    if (!found || !actor_may(actor, S("deviation.see"), v.row.organisation, v.row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("deviation") });
    if (http_wants_json(r))
        return show_row(r, sql_quality_deviation.out, &v.row, e);
    v.said = quality_said(p, &v.row);
    v.description = show_sealed(r, v.row.opened_event, "description", v.row.description);
    v.conclusion = show_sealed(r, v.row.closed_event, "conclusion", v.row.conclusion);
    v.where = v.row.site.p ? auth_site_name(db, v.row.site, r->arena)
                           : auth_organisation_name(db, v.row.organisation, r->arena);
    v.opener = show_person(p, db, v.row.opener);
    if (v.row.closer.p)
        v.closer = show_person(p, db, v.row.closer);
    if (v.row.order_id.p)
        v.order = show_thing(r, p, db, arena_printf(r->arena, "order/%.*s", STR(v.row.order_id)));
    if (v.row.unit.p)
        v.unit = show_thing(r, p, db, arena_printf(r->arena, "unit/%.*s", STR(v.row.unit)));
    TRY(evidence(&v, db, actor, r->arena, e));
    v.may_close =
        v.row.open && actor_may(actor, S("deviation.close"), v.row.organisation, v.row.site);
    v.own = v.may_close && str_eq(v.row.opener, actor->name);
    page_deviation(p, &v);
    return OK;
}

enum http_state quality_get_deviation(struct http_request *r)
{
    return show(r, "page.deviation.title", deviation);
}

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.deviation.title", deviation, refused);
}

enum http_state quality_post_close(struct http_request *r)
{
    return app_command(
        r, &(struct app_command){
               .name = S("deviation.close"),
               .next = arena_printf(r->arena, "/deviations/%.*s", STR(http_param(r, "deviation"))),
               .refused = again,
           });
}

/* --- a new one --- */

/* An id that a link or the form gave: of the order or unit that it is about. */
static struct str about(const struct http_request *r, const char *name)
{
    struct str id = show_entered(r, name);
    if (id.n == 0)
        id = http_query(r, name);
    return id_valid(id) ? id : S("");
}

static enum outcome new_one(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)db;
    (void)e;
    const struct quality_open_view v = {
        .order = about(r, "order"),
        .unit = about(r, "unit"),
        .kinds = kinds,
        .nkinds = KINDS,
        .risks = risks,
        .nrisks = RISKS,
        .refused = show_refusal(p, r),
        .r = r,
    };
    page_open(p, &v);
    return OK;
}

enum http_state quality_get_open(struct http_request *r)
{
    return show(r, "page.deviation.new", new_one);
}

static enum http_state new_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.deviation.new", new_one, refused);
}

enum http_state quality_post_open(struct http_request *r)
{
    const struct str order = http_form(r, "order");
    return app_command(r,
                       &(struct app_command){
                           .name = S("deviation.open"),
                           .next = order.n > 0 ? arena_printf(r->arena, "/orders/%.*s", STR(order))
                                               : S("/deviations"),
                           .refused = new_again,
                       });
}
