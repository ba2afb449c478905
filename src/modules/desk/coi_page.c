/* The chain-of-identity report of an order: as a page, on paper, and as a bundle to take away. A
 * bundle with the patient's identity is given to who said, in the ledger and not long ago, to whom
 * and why. */
#include "gen/desk/pages/coi.html.h"
#include "gen/desk/pages/coi_report.html.h"
#include "kernel/ledger.h"
#include "kernel/node.h"
#include "modules/desk/coi.h"

#include <stdlib.h>

enum { TAR_MAX = 256 << 20, DISCLOSURES_MAX = 200, HTML_MAX = 8 << 20 };
#define DISCLOSURE_STANDS TIME_HOUR /* a download may be repeated within */

/* --- disclosures --- */

static enum outcome disclosures(struct desk_coi_view *v, struct http_request *r, struct db *db,
                                struct page *p, struct err *e)
{
    struct identity_disclosures_in in = { v->o.id };
    struct record_list list;
    TRY(db_list(db, &sql_identity_disclosures, &in, &list, DISCLOSURES_MAX, r->arena, e));
    const struct identity_disclosures_out *row = list.p;
    struct desk_coi_disclosure *out = ARENA_ARRAY(r->arena, list.n + 1, struct desk_coi_disclosure);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        out[i] = (struct desk_coi_disclosure){ show_person(p, db, row[i].actor), row[i].to_whom,
                                               S(""), row[i].recorded };
        if (v->o.patient.by_name && row[i].reason.p)
            out[i].reason = show_sealed(r, row[i].event, "reason", row[i].reason);
        if (!v->mine.p && str_eq(row[i].actor, show_actor(r)->name) &&
            p->now_us - row[i].recorded < DISCLOSURE_STANDS)
            v->mine = row[i].event;
    }
    v->disclosures = out;
    v->ndisclosures = list.n;
    return OK;
}

/* The order, for whose part it is to see the whole chain; for others it has none. */
static enum outcome report_load(struct desk_order *o, struct http_request *r, struct db *db,
                                struct page *p, struct err *e)
{
    TRY(desk_order_load(o, r, db, p, http_param(r, "order"), e));
    return flow_sees(&o->sight, "report") ? OK : REFUSE(e, "gate.unknown", { "kind", S("order") });
}

enum outcome desk_coi_load(struct desk_coi_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e)
{
    TRY(report_load(&v->o, r, db, p, e));
    v->may_export = desk_order_may(&v->o, "coi.export") && flow_sees(&v->o.sight, "bundle");
    v->may_audit = desk_order_does(&v->o, "trail.bundle") && flow_sees(&v->o.sight, "bundle");
    v->may_disclose = v->o.patient.by_name && desk_order_does(&v->o, "identity.disclose");
    return disclosures(v, r, db, p, e);
}

/* --- page and paper --- */

static enum outcome coi(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_coi_view *v = ARENA_NEW(r->arena, struct desk_coi_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_coi_load(v, r, db, p, e));
    v->refused = show_refusal(p, r);
    v->r = r;
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/coi", e));
    TRY(desk_coi_points(v, db, p, e));
    page_coi(p, v);
    return OK;
}

enum http_state desk_get_coi(struct http_request *r)
{
    return show(r, "page.coi.title", coi);
}

static enum outcome shown(struct page *p, struct db *db, struct desk_coi_view *v,
                          const struct desk_coi *c, struct err *e)
{
    const struct print_document *d;
    struct page part = *p;
    struct buf b = buf_in(c->arena, HTML_MAX);
    part.b = &b;
    TRY(desk_coi_document(&d, &part, db, c, e));
    struct print_document page = *d;
    page.identity.p++; /* the identifier is in the page's head */
    page.identity.n--;
    print_html(&part, &page);
    TRY(buf_check(&b, e));
    v->report.markup = buf_get(&b);
    page_coi_report(p, v);
    return OK;
}

static enum outcome report(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_coi_view *v = ARENA_NEW(r->arena, struct desk_coi_view);
    struct desk_coi c;
    if (!v)
        return err_no_memory(e);
    TRY(report_load(&v->o, r, db, p, e));
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/coi", e));
    enum outcome o = desk_coi_read(&c, app_of(r)->node, db, v->o.id,
                                   v->o.patient.by_name ? look_of(r) : NULL, e);
    if (o == OK)
        o = shown(p, db, v, &c, e);
    desk_coi_close(&c);
    return o;
}

enum http_state desk_get_coi_report(struct http_request *r)
{
    return show(r, "page.coi.report", report);
}

/* Runs fn on a snapshot. */
typedef enum outcome reading_fn(struct http_request *r, struct db *db, struct page *p, void *out,
                                struct err *e);
static enum outcome on_snapshot(struct http_request *r, reading_fn *fn, void *out, struct err *e)
{
    struct db *db;
    struct store *store = app_of(r)->node->store;
    struct page p = app_page_away(r);
    TRY(store_reader_take(&db, store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = fn(r, db, &p, out, e);
        db_rollback(db);
    }
    store_reader_give(store, db);
    return o;
}

/* The document points into the report. */
struct paper {
    struct desk_coi report;
    const struct print_document *document;
};

static enum outcome paper(struct http_request *r, struct db *db, struct page *p, void *out,
                          struct err *e)
{
    struct desk_order o;
    struct paper *paper = out;
    TRY(report_load(&o, r, db, p, e));
    TRY(desk_coi_read(&paper->report, app_of(r)->node, db, o.id,
                      o.patient.by_name ? look_of(r) : NULL, e));
    return desk_coi_document(&paper->document, p, db, &paper->report, e);
}

enum http_state desk_get_coi_print(struct http_request *r)
{
    struct err e = { 0 };
    struct paper made = { 0 };
    const enum outcome o = on_snapshot(r, paper, &made, &e);
    const enum http_state state =
        o == OK ? app_print(r, made.document, "chain-of-identity") : app_problem(r, &e);
    desk_coi_close(&made.report); /* it was sent to the worker, or is not needed */
    return state;
}

/* --- the bundle --- */

/* The disclosure itself is in the bundle. */
bool desk_coi_holds(const struct desk_coi *c, struct str event)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->events[i].event.id, event))
            return true;
    return false;
}

static enum outcome bundle(struct http_request *r, struct db *db, struct page *p, void *out,
                           struct err *e)
{
    struct desk_coi_view v = { 0 };
    const bool identity = str_is(http_query(r, "identity"), "1");
    TRY(desk_coi_load(&v, r, db, p, e));
    if (!v.may_export)
        return REFUSE(e, "auth.forbidden", { "permission", S("coi.export") });
    if (identity && !(v.may_disclose && v.mine.p))
        return REFUSE(e, "coi.not_disclosed");
    struct desk_coi c;
    enum outcome o =
        desk_coi_read(&c, app_of(r)->node, db, v.o.id, identity ? look_of(r) : NULL, e);
    if (o == OK && identity && !desk_coi_holds(&c, v.mine))
        o = REFUSE(e, "coi.not_signed_yet");
    if (o == OK)
        o = desk_coi_tar(out, p, db, app_of(r)->node, &c, e);
    desk_coi_close(&c);
    return o;
}

static ptrdiff_t tar_read(void *context, int64_t at, void *out, size_t n)
{
    const struct buf *tar = context;
    const size_t left = tar->n - (size_t)at;
    const size_t take = n < left ? n : left;
    memcpy(out, tar->p + at, take);
    return (ptrdiff_t)take;
}

static void tar_free(void *context)
{
    buf_free(context);
    free(context);
}

enum http_state desk_coi_archive(struct http_request *r, desk_coi_archive_fn *fn, const char *name)
{
    struct err e = { 0 };
    struct buf *tar = malloc(sizeof *tar);
    if (!tar) {
        (void)!err_no_memory(&e);
        return app_problem(r, &e);
    }
    *tar = buf_new(TAR_MAX);
    if (on_snapshot(r, fn, tar, &e) != OK) {
        tar_free(tar);
        return app_problem(r, &e);
    }
    r->answer.status = 200;
    r->answer.media_type = "application/x-tar";
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value = arena_printf(r->arena, "attachment; filename=\"%s-%.8s.tar\"",
                                              name, http_param(r, "order").p);
    r->answer.made = (struct http_body){
        .size = (int64_t)tar->n,
        .read = tar_read,
        .free = tar_free,
        .context = tar,
    };
    return HTTP_DONE;
}

enum http_state desk_get_coi_bundle(struct http_request *r)
{
    return desk_coi_archive(r, bundle, "chain-of-identity");
}

/* --- giving the identity out --- */

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.coi.title", coi, refused);
}

enum http_state desk_post_coi(struct http_request *r)
{
    return app_command(
        r, &(struct app_command){
               .name = S("identity.disclose"),
               .next = arena_printf(r->arena, "/orders/%.*s/coi", STR(http_param(r, "order"))),
               .refused = again,
           });
}
