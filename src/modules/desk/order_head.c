/* The head of every page about an order, and which parts of the order a reader is led to. */
#include "gen/desk/pages/order_head.html.h"
#include "modules/desk/order.h"

enum { HEAD_MAX = 64 << 10 };

/* A part of an order's pages: who sees it. */
static const struct {
    const char *path;
    const char *word;
    const char *sees; /* what one of the reader's parts must see; NULL: nothing special */
    bool whole;       /* the reader must see all that is recorded */
} parts[] = {
    { "", "page.order.overview", NULL, false },
    { "/review", "page.review.tab", NULL, true },
    { "/units", "page.order.units", NULL, false },
    { "/coi", "page.coi.title", "report", false },
    { "/custody", "page.unit.custody", "custody", false },
    { "/forms", "page.order.forms", NULL, false },
    { "/documents", "page.documents.title", "file", false },
    { "/people", "page.people.title", NULL, false },
};

static void add(struct desk_head_view *v, struct str path, const char *word, bool here)
{
    v->tabs[v->ntabs++] = (struct desk_tab){ path, word, here };
}

/* Before an order is placed there is nothing but itself. */
static void tabs(struct desk_head_view *v, const struct page *p, const char *here)
{
    struct arena *a = p->b->arena;
    const struct desk_order *o = v->o;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && (i == 0 || o->flow.found); i++)
        if ((!parts[i].sees || flow_sees(&o->sight, parts[i].sees)) &&
            (!parts[i].whole || desk_review_seen(o)))
            add(v, arena_printf(a, "/orders/%.*s%s", STR(o->id), parts[i].path), parts[i].word,
                strcmp(parts[i].path, here) == 0);
    if (p->may_audit)
        add(v, arena_printf(a, "/trail/order/%.*s", STR(o->id)), "page.trail.link",
            strcmp("/trail", here) == 0);
}

enum outcome desk_trail_head(struct html *out, struct http_request *r, struct db *db,
                             struct page *p, struct str id, struct err *e)
{
    struct desk_order o;
    struct err why = { 0 };
    const enum outcome may = desk_order_load(&o, r, db, p, id, &why);
    if (may == OK)
        return desk_order_head(out, r, db, p, &o, "/trail", e);
    *e = why;
    return may == REFUSED ? OK : may;
}

enum outcome desk_order_head(struct html *out, struct http_request *r, struct db *db,
                             struct page *p, const struct desk_order *o, const char *here,
                             struct err *e)
{
    struct desk_head_view v = { .o = o };
    struct page part = *p;
    struct buf b = buf_in(p->b->arena, HEAD_MAX);
    part.b = &b;
    if (o->stop.standing)
        TRY(desk_stop_tell(&v.stop, r, db, p, o, e));
    if (here)
        tabs(&v, p, here);
    page_order_head(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
