/* Deviations: open ones first, one with its conclusion. */
#include "modules/quality/pages.h"

#include "base/id.h"
#include "gen/quality/pages/deviation.html.h"
#include "gen/quality/pages/deviations.html.h"

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
    page_deviations(p, &v);
    return OK;
}

enum http_state quality_get_deviations(struct http_request *r)
{
    return show(r, "page.deviations.title", deviations);
}

/* --- one --- */

/* Sealed under the patient's key; of an erased patient nothing is left to open. */
static struct str opened(struct http_request *r, struct str event, const char *path,
                         struct str sealed)
{
    struct str out = { 0 };
    struct err e = { 0 };
    if (!sealed.p || !event.p ||
        seal_open(app_of(r)->node->keys, &out, event, str_z(path), sealed, r->arena, &e) != OK)
        return (struct str){ 0 };
    return out;
}

static enum outcome deviation(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct quality_deviation_in in = { http_param(r, "deviation") };
    struct quality_deviation_view v = { .refused = show_refusal(p, r), .r = r };
    const struct actor *actor = show_actor(r);
    bool found = false;
    if (id_valid(in.deviation))
        TRY(db_get(db, &sql_quality_deviation, &in, &v.row, r->arena, &found, e));
    if (!found || !actor_may(actor, S("deviation.see"), v.row.organisation, v.row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("deviation") });
    if (http_wants_json(r))
        return show_row(r, sql_quality_deviation.out, &v.row, e);
    v.description = opened(r, v.row.opened_event, "description", v.row.description);
    v.conclusion = opened(r, v.row.closed_event, "conclusion", v.row.conclusion);
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
