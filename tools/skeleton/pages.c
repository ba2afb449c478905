/* The @name@ log of the site with the form that adds to it. */
#include "modules/@name@/pages.h"

#include "gen/@name@/pages/list.html.h"

enum { ROWS_SHOWN = 40, ROWS_MAX = 200 };

static enum outcome list(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct @name@_list_in in = { actor->organisation, show_site(actor, "@name@.see"), INT64_MAX };
    struct @name@_list_view v = { .refused = show_refusal(p, r), .r = r };
    struct record_list list;
    const struct str before = http_query(r, "before");
    if (before.p && !str_to_u63(&in.before, before))
        return REFUSE(e, "http.malformed_cursor", { "name", S("before") });
    TRY(db_list(db, &sql_@name@_list, &in, &list, ROWS_MAX, r->arena, e));
    const struct @name@_list_out *rows = list.p;
    v.n = list.n > ROWS_SHOWN ? ROWS_SHOWN : list.n;
    if (list.n > ROWS_SHOWN)
        v.next = arena_printf(r->arena, "/@name@?before=%lld", (long long)rows[v.n - 1].noted);
    if (http_wants_json(r))
        return show_rows(r, sql_@name@_list.out, rows, v.n, v.next, e);
    struct @name@_entry_view *out = ARENA_ARRAY(r->arena, v.n + 1, struct @name@_entry_view);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++)
        out[i] = (struct @name@_entry_view){ &rows[i], show_person(p, db, rows[i].actor) };
    v.rows = out;
    v.may_note = actor_may(actor, S("@name@.note"), actor->organisation, actor->site);
    page_@name@_list(p, &v);
    return OK;
}

enum http_state @name@_get_list(struct http_request *r)
{
    return show(r, "page.@name@.title", list);
}

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.@name@.title", list, refused);
}

enum http_state @name@_post_note(struct http_request *r)
{
    return app_command(r, &(struct app_command){
                              .name = S("@name@.note"),
                              .next = S("/@name@"),
                              .refused = again,
                          });
}
