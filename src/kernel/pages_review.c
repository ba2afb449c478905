/* An access review: what is due, each right to be kept or taken, and the signature under it. */
#include "kernel/pages_review.h"

#include "gen/kernel/pages/review.html.h"
#include "gen/kernel/pages/review_signed.html.h"
#include "kernel/auth.h"

enum { ROWS_MAX = 1000, SIGNED_MAX = 256 << 10 };

/* Role, site and product in words. */
static struct str right_of(struct page *p, struct db *db, const struct access_review_line *x)
{
    struct arena *a = p->b->arena;
    const struct str site = x->site.p ? auth_site_name(db, x->site, a)
                                      : text_find(p->language, S("page.access.all_sites"));
    const struct str product = x->product.p ? show_name(p, "product", x->product)
                                            : text_find(p->language, S("page.access.all_products"));
    return arena_printf(a, "%.*s: %.*s, %.*s", STR(show_name(p, "role", x->role)), STR(site),
                        STR(product));
}

static struct str what_of(struct page *p, struct db *db, const struct access_review_list_out *row)
{
    const struct access_review_line right = { row->account, row->role, row->site, row->product,
                                              false };
    const struct str what = right_of(p, db, &right);
    if (row->until_us == TIME_NONE)
        return what;
    return arena_printf(p->b->arena, "%.*s, – %.*s", STR(what), STR(show_time(p, row->until_us)));
}

static enum outcome lines(struct pages_review_view *v, const struct record_list *list,
                          struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct access_review_list_out *rows = list->p;
    const struct actor *actor = show_actor(r);
    struct pages_review_line *out = ARENA_ARRAY(r->arena, list->n + 1, struct pages_review_line);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list->n; i++) {
        out[i] = (struct pages_review_line){
            .row = &rows[i],
            .what = what_of(p, db, &rows[i]),
            .first = i == 0 || !str_eq(rows[i - 1].account, rows[i].account),
            .own = str_eq(rows[i].account, actor->account),
            .may_judge =
                actor_may(actor, S("access_review.judge"), actor->organisation, rows[i].site),
        };
        if (rows[i].judged != TIME_NONE)
            out[i].judge = show_person(p, db, rows[i].judged_by);
        v->left += rows[i].judged == TIME_NONE;
    }
    v->rows = out;
    v->n = list->n;
    return OK;
}

static enum outcome review(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *a = show_actor(r);
    const struct access_review_find_in in = { a->organisation };
    struct pages_review_view v = { 0 };
    struct record_list list = { 0 };
    TRY(db_get(db, &sql_access_review_find, &in, &v.row, r->arena, &v.planned, e));
    v.open = v.planned && v.row.opened != TIME_NONE;
    const struct access_review_list_in of = { a->organisation, v.planned ? v.row.due : 0, p->now_us,
                                              show_site(a, "access.see") };
    if (v.open)
        TRY(db_list(db, &sql_access_review_list, &of, &list, ROWS_MAX, r->arena, e));
    if (http_wants_json(r))
        return show_rows(r, sql_access_review_list.out, list.p, list.n, (struct str){ 0 }, e);
    TRY(lines(&v, &list, r, db, p, e));
    struct buf due = buf_in(r->arena, CLOCK_TEXT_LENGTH);
    if (v.planned)
        clock_write(&due, v.row.due);
    v.due = buf_get(&due);
    if (v.planned && v.row.last_signer.p)
        v.signer = show_person(p, db, v.row.last_signer);
    const struct str everywhere = { 0 };
    v.may_plan = actor_may(a, S("access_review.plan"), a->organisation, everywhere);
    v.may_sign =
        v.open && v.left == 0 && actor_may(a, S("access_review.sign"), a->organisation, everywhere);
    page_review(p, &v);
    return OK;
}

enum http_state pages_get_review(struct http_request *r)
{
    return show(r, "page.access_review.title", review);
}

enum outcome pages_review_signed(struct html *out, struct page *p, struct http_request *r,
                                 struct db *db, const struct sign_asked *asked, struct err *e)
{
    struct access_review_content content;
    const struct json *object;
    struct json_limits limits = json_limits_default;
    limits.bytes = SIGN_CONTENT_MAX;
    TRY(json_read(&object, r->arena, asked->content, &limits, e));
    TRY(record_from_json(&access_review_content_record, &content, r->arena, object, e));
    struct pages_verdict_line *rows =
        ARENA_ARRAY(r->arena, content.rights.n + 1, struct pages_verdict_line);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < content.rights.n; i++)
        rows[i] = (struct pages_verdict_line){
            auth_account_name(db, content.rights.p[i].account, r->arena),
            right_of(p, db, &content.rights.p[i]),
            content.rights.p[i].keep,
        };
    const struct pages_verdicts_view v = {
        .organisation = auth_organisation_name(db, content.organisation, r->arena),
        .due = content.due,
        .left = content.left,
        .rows = rows,
        .n = content.rights.n,
    };
    struct page part = *p;
    struct buf b = buf_in(r->arena, SIGNED_MAX);
    part.b = &b;
    page_review_signed(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
