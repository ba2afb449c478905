/* Deviations: open ones first, one with its conclusion. */
#include "modules/quality/pages.h"

#include "base/id.h"
#include "gen/quality/pages/deviation.html.h"
#include "gen/quality/pages/deviations.html.h"
#include "gen/quality/pages/open.html.h"

enum { ROWS_SHOWN = 40, ROWS_MAX = 200 };

/* --- the list --- */

static enum outcome deviations(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct quality_list_view v = { .open = !str_is(http_query(r, "state"), "closed") };
    struct quality_list_in in = {
        .organisation = actor->organisation,
        .site = show_site(actor, "deviation.see"),
        .open = v.open,
    };
    struct record_list list;
    struct show_cursor cursor;
    TRY(show_cursor(&cursor, r, "before", 1, e));
    in.before = cursor.given ? cursor.number[0] : INT64_MAX;
    in.before_id = cursor.given ? cursor.id : S("");
    TRY(db_list(db, &sql_quality_list, &in, &list, ROWS_MAX, r->arena, e));
    const struct quality_list_out *rows = list.p;
    v.n = list.n > ROWS_SHOWN ? ROWS_SHOWN : list.n;
    if (list.n > ROWS_SHOWN)
        v.next = arena_printf(r->arena, "/deviations?state=%s&before=%lld.%.*s",
                              v.open ? "open" : "closed", (long long)rows[v.n - 1].opened,
                              STR(rows[v.n - 1].deviation));
    if (http_wants_json(r))
        return show_rows(r, sql_quality_list.out, rows, v.n, v.next, e);
    struct quality_row_view *out = ARENA_ARRAY(r->arena, v.n + 1, struct quality_row_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++) {
        out[i].row = &rows[i];
        out[i].site = rows[i].site.p ? auth_site_name(db, rows[i].site, r->arena) : S("");
    }
    v.rows = out;
    v.may_open = show_may(r, "deviation.open");
    page_deviations(p, &v);
    return OK;
}

enum http_state quality_get_deviations(struct http_request *r)
{
    return show(r, "page.deviations.title", deviations);
}

/* --- one --- */

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
    v.description = show_sealed(r, v.row.opened_event, "description", v.row.description);
    v.conclusion = show_sealed(r, v.row.closed_event, "conclusion", v.row.conclusion);
    v.where = v.row.site.p ? auth_site_name(db, v.row.site, r->arena)
                           : auth_organisation_name(db, v.row.organisation, r->arena);
    v.opener = show_person(p, db, v.row.opener);
    if (v.row.closer.p)
        v.closer = show_person(p, db, v.row.closer);
    v.may_close =
        v.row.open && actor_may(actor, S("deviation.close"), v.row.organisation, v.row.site);
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
    static const struct str kinds[] = { S("excursion"), S("damage"),   S("labelling"),
                                        S("equipment"), S("material"), S("procedure"),
                                        S("record"),    S("other") };
    static const struct str risks[] = { S("critical"), S("major"), S("minor") };
    const struct quality_open_view v = {
        .order = about(r, "order"),
        .unit = about(r, "unit"),
        .kinds = kinds,
        .nkinds = sizeof kinds / sizeof kinds[0],
        .risks = risks,
        .nrisks = sizeof risks / sizeof risks[0],
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
