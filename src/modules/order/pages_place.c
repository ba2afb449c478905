/* Placing an order: who takes part. */
#include "base/id.h"
#include "gen/order/pages/place.html.h"
#include "kernel/flow_share.h"
#include "modules/order/pages.h"

/* The parts that the product's workflow asks for, and the sponsor, who has no task. */
static enum outcome parts(struct order_place_view *v, struct db *db, struct page *p,
                          const struct product *product, struct err *e)
{
    struct definition workflow;
    bool found;
    const struct str name = order_workflow_name(product, &v->row);
    TRY(define_find(&workflow, db, S("workflow"), name, 0, p->now_us, p->b->arena, &found, e));
    if (!found)
        return REFUSE(e, "flow.unknown_workflow", { "workflow", name });
    const struct workflow *w = workflow.body;
    struct order_part *out = ARENA_ARRAY(p->b->arena, w->parts.n + 1, struct order_part);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < w->parts.n; i++)
        out[i] = (struct order_part){ w->parts.p[i], show_name(p, "part", w->parts.p[i]), false };
    v->parts = out;
    v->nparts = w->parts.n;
    if (!str_among(FLOW_SPONSOR, w->parts.p, w->parts.n))
        out[v->nparts++] =
            (struct order_part){ FLOW_SPONSOR, show_name(p, "part", FLOW_SPONSOR), true };
    return OK;
}

static enum outcome place(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct order_order_in in = { http_param(r, "order") };
    struct order_place_view v = {
        .r = r,
        .here = show_actor(r)->site,
        .refused = show_refusal(p, r),
    };
    struct order_patient_view shown;
    struct definition product;
    bool found = false;
    if (id_valid(in.order_id))
        TRY(db_get(db, &sql_order_order, &in, &v.row, r->arena, &found, e));
    const struct actor *actor =
        actor_for(show_actor(r), found ? v.row.product : (struct str){ 0 }, TIME_NONE, r->arena);
    if (!found || !actor || !actor_may(actor, S("order.place"), v.row.organisation, v.row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    if (v.row.placed != TIME_NONE) {
        r->answer.status = 303;
        r->answer.location = arena_printf(r->arena, "/orders/%.*s", STR(in.order_id));
        r->answer.body = S("");
        return OK;
    }
    if (http_wants_json(r)) { /* who may take part */
        TRY(auth_places(&v.places, &v.nplaces, db, (struct str){ 0 }, r->arena, e));
        return show_rows(r, &auth_place_record, v.places, v.nplaces, (struct str){ 0 }, e);
    }
    TRY(order_patient_show(&shown, look_of(r), db, show_actor(r), v.row.patient, r->arena, e));
    TRY(order_product(db, &v.row, &product, r->arena, e));
    v.shown = shown.shown;
    v.product = words_say(p, product.title);
    order_dose_of(&v.dose, &v.row, product.body, p->language, r->arena);
    TRY(parts(&v, db, p, product.body, e));
    TRY(auth_places(&v.places, &v.nplaces, db, (struct str){ 0 }, r->arena, e));
    page_place(p, &v);
    return OK;
}

enum http_state order_get_place(struct http_request *r)
{
    return show(r, "page.place.title", place);
}

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.place.title", place, refused);
}

/* Fields "part.<name>" hold "<organisation>/<site>". */
enum http_state order_post_place(struct http_request *r)
{
    struct flow_party parties[ORDER_PARTS_MAX];
    struct order_place body = { .order = http_param(r, "order") };
    size_t n = 0;
    for (size_t i = 0; i < r->nform && n < ORDER_PARTS_MAX; i++) {
        if (!str_starts(r->form[i].name, S("part.")) || r->form[i].value.n == 0)
            continue;
        struct str site = r->form[i].value;
        const struct str organisation = str_cut(&site, '/');
        parties[n++] = (struct flow_party){
            .part = str_from(r->form[i].name, sizeof "part." - 1),
            .organisation = organisation,
            .site = site.p ? site : S(""),
        };
    }
    body.parties.p = parties;
    body.parties.n = n;
    return app_command(r, &(struct app_command){
                              .name = S("order.place"),
                              .body = str_is(r->media_type, "application/json") ? NULL : &body,
                              .next = arena_printf(r->arena, "/orders/%.*s", STR(body.order)),
                              .refused = again,
                          });
}
