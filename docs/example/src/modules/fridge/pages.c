/* Fridges of the site with the form that registers one; one fridge with the form that checks it. */
#include "modules/fridge/pages.h"

#include "base/id.h"
#include "gen/fridge/pages/checks.html.h"
#include "gen/fridge/pages/list.html.h"

enum { ROWS_SHOWN = 40, ROWS_MAX = 200 };

struct str fridge_degrees(struct page *p, struct decimal d)
{
    struct buf b = buf_in(p->b->arena, DECIMAL_TEXT_MAX + sizeof " °C");
    if (decimal_present(d)) {
        decimal_write(&b, d);
        buf_z(&b, " °C");
    }
    return buf_get(&b);
}

/* --- the list --- */

static enum outcome list(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct fridge_list_in in = { actor->organisation, show_site(actor, "fridge.see") };
    struct fridge_list_view v = { .refused = show_refusal(p, r), .r = r };
    struct record_list rows;
    TRY(db_list(db, &sql_fridge_list, &in, &rows, ROWS_MAX, r->arena, e));
    v.rows = rows.p;
    v.n = rows.n;
    v.may_register = actor_may(actor, S("fridge.register"), actor->organisation, actor->site);
    if (http_wants_json(r))
        return show_rows(r, sql_fridge_list.out, v.rows, v.n, (struct str){ 0 }, e);
    page_fridge_list(p, &v);
    return OK;
}

enum http_state fridge_get_list(struct http_request *r)
{
    return show(r, "page.fridges.title", list);
}

static enum http_state list_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.fridges.title", list, refused);
}

enum http_state fridge_post_register(struct http_request *r)
{
    return app_command(r, &(struct app_command){
                              .name = S("fridge.register"),
                              .next = S("/fridges"),
                              .refused = list_again,
                          });
}

/* --- one --- */

static enum outcome checks(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct fridge_fridge_in in = { http_param(r, "fridge") };
    struct fridge_checks_view v = { .refused = show_refusal(p, r), .r = r };
    struct fridge_checks_in page = { .fridge = in.fridge, .before = INT64_MAX };
    struct record_list list;
    bool found = false;
    if (id_valid(in.fridge))
        TRY(db_get(db, &sql_fridge_fridge, &in, &v.row, r->arena, &found, e));
    if (!found || !actor_may(actor, S("fridge.see"), v.row.organisation, v.row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("fridge") });
    const struct str before = http_query(r, "before");
    if (before.p && !str_to_u63(&page.before, before))
        return REFUSE(e, "http.malformed_cursor", { "name", S("before") });
    TRY(db_list(db, &sql_fridge_checks, &page, &list, ROWS_MAX, r->arena, e));
    const struct fridge_checks_out *rows = list.p;
    v.n = list.n > ROWS_SHOWN ? ROWS_SHOWN : list.n;
    if (list.n > ROWS_SHOWN)
        v.next = arena_printf(r->arena, "/fridges/%.*s?before=%lld", STR(in.fridge),
                              (long long)rows[v.n - 1].number);
    if (http_wants_json(r))
        return show_rows(r, sql_fridge_checks.out, rows, v.n, v.next, e);
    struct fridge_check_view *out = ARENA_ARRAY(r->arena, v.n + 1, struct fridge_check_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++)
        out[i] = (struct fridge_check_view){ &rows[i], show_person(p, db, rows[i].checker) };
    v.rows = out;
    v.may_check =
        v.row.in_use && actor_may(actor, S("fridge.check"), v.row.organisation, v.row.site);
    page_fridge_checks(p, &v);
    return OK;
}

enum http_state fridge_get_checks(struct http_request *r)
{
    return show(r, "page.fridge.title", checks);
}

static enum http_state checks_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.fridge.title", checks, refused);
}

enum http_state fridge_post_check(struct http_request *r)
{
    return app_command(
        r, &(struct app_command){
               .name = S("fridge.check"),
               .next = arena_printf(r->arena, "/fridges/%.*s", STR(http_param(r, "fridge"))),
               .refused = checks_again,
           });
}
