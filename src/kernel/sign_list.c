/* The signatures of a thing, as every page that shows it shows them. */
#include "kernel/sign_pages.h"

#include "gen/kernel/pages/sign_shown.html.h"
#include "gen/kernel/pages/signatures.html.h"

enum { LIST_MAX = 200, LIST_BYTES = 256 << 10 };

/* Upon a signature: who countersigned it, withdrew or rejected it. */
static enum outcome upon(struct sign_line *line, struct page *p, struct db *db, struct err *e)
{
    const struct sign_of_in in = { S("signature"), line->row->event };
    struct record_list list;
    struct arena *a = p->b->arena;
    TRY(db_list(db, &sql_sign_of, &in, &list, LIST_MAX, a, e));
    struct sign_line *out = ARENA_ARRAY(a, list.n + 1, struct sign_line);
    if (!out)
        return err_no_memory(e);
    const struct sign_of_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        out[i] = (struct sign_line){ .row = &rows[i], .covers = true };
        out[i].words = sign_words_of(p, rows[i].meaning, rows[i].words);
    }
    line->upon = out;
    line->nupon = list.n;
    return OK;
}

static bool may(const struct actor *actor, const char *permission, const struct sign_of_out *row)
{
    return actor_may(actor, str_z(permission), row->organisation, row->site);
}

enum outcome sign_list_read(struct sign_list *out, struct page *p, struct http_request *r,
                            struct db *db, const struct sign_list_of *of, struct err *e)
{
    const struct sign_of_in in = { of->kind, of->id };
    const struct actor *actor = show_actor(r);
    struct arena *a = p->b->arena;
    struct record_list list;
    *out = (struct sign_list){ .next = of->next, .version = of->version };
    TRY(db_list(db, &sql_sign_of, &in, &list, LIST_MAX, a, e));
    struct sign_line *lines = ARENA_ARRAY(a, list.n + 1, struct sign_line);
    if (!lines)
        return err_no_memory(e);
    const struct sign_of_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        struct sign_line *x = &lines[i];
        const bool mine = str_eq(rows[i].signer, actor->account), stands = !rows[i].how.p;
        *x = (struct sign_line){ .row = &rows[i] };
        x->words = sign_words_of(p, rows[i].meaning, rows[i].words);
        x->covers = of->version == INT_NONE || rows[i].version == of->version;
        x->may_countersign = stands && !mine && may(actor, "sign.countersign", &rows[i]);
        x->may_reject = stands && !mine && may(actor, "sign.reject", &rows[i]);
        x->may_withdraw = stands && mine && may(actor, "sign.withdraw", &rows[i]);
        if (rows[i].reason.p)
            x->reason = show_sealed(r, rows[i].reason_event, "reason", rows[i].reason);
        TRY(upon(x, p, db, e));
    }
    out->lines = lines;
    out->n = list.n;
    return OK;
}

enum outcome sign_list_html(struct html *out, struct page *p, const struct sign_list *list,
                            struct err *e)
{
    struct page part = *p;
    struct buf b = buf_in(p->b->arena, LIST_BYTES);
    *out = (struct html){ S("") };
    if (list->n == 0)
        return OK;
    part.b = &b;
    page_signatures(&part, list);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

/* "<order>/<task>" by the order's own name, which its papers bear. */
static struct str called(struct http_request *r, struct page *p, struct db *db,
                         const struct sign_shown *what)
{
    struct str task = what->id;
    const struct str order = str_cut(&task, '/');
    if (!str_is(what->kind, "task"))
        return what->id;
    const struct str name = show_thing(r, p, db, arena_printf(r->arena, "order/%.*s", STR(order)));
    return arena_printf(r->arena, "%.*s · %.*s", STR(name), STR(task));
}

/* What is signed upon a signature: that signature. */
enum outcome sign_show_signature(struct html *out, struct page *p, struct http_request *r,
                                 struct db *db, const struct sign_asked *asked, struct err *e)
{
    const struct json *json;
    struct sign_signature s;
    struct buf b = buf_in(r->arena, LIST_BYTES);
    struct page part = *p;
    TRY(json_read(&json, r->arena, asked->content, &json_limits_default, e));
    TRY(record_from_json(&sign_signature_record, &s, r->arena, json, e));
    part.b = &b;
    page_sign_shown(&part, &(struct sign_signature_view){ &s, called(r, p, db, s.what.p) });
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
