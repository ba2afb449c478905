/* Patients of a site, a new one, and one with what is prescribed. */
#include "modules/order/pages.h"

#include "base/id.h"
#include "gen/order/pages/enrol.html.h"
#include "gen/order/pages/patient.html.h"
#include "gen/order/pages/patients.html.h"

enum { SHOWN = 40, PAGE_ROWS_MAX = 200, CONDITIONS_MAX = 200 };

struct str order_entered(const struct http_request *r, const char *name)
{
    struct str value = r ? http_form(r, name) : (struct str){ 0 };
    return value.p ? value : S("");
}

static struct order_refused said(struct page *p, const struct err *e)
{
    if (!e)
        return (struct order_refused){ 0 };
    return (struct order_refused){ text_error(p->b->arena, p->language, e),
                                   text_error_hint(p->b->arena, p->language, e) };
}

/* --- the list --- */

static void read_before(struct order_patients_in *in, struct str before)
{
    int64_t time;
    struct str rest = before;
    const struct str first = str_cut(&rest, '.');
    in->before = INT64_MAX;
    in->before_id = S("");
    if (!str_to_u63(&time, first) || !id_valid(rest))
        return;
    in->before = time;
    in->before_id = rest;
}

static enum outcome patients(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct order_patients_view v = { .no_site = !actor->site.p,
                                     .may_enrol = show_may(r, "patient.enrol") };
    bool here = actor_may(actor, S("order.see"), actor->organisation, actor->site);
    struct str site = here ? actor->site : (struct str){ 0 }; /* none: no rows */
    struct order_patients_in in = { .organisation = actor->organisation, .site = site };
    struct order_to_place_in waiting = { actor->organisation, site, 0, S("") };
    struct record_list list;
    read_before(&in, http_query(r, "before"));
    TRY(db_list(db, &sql_order_patients, &in, &list, PAGE_ROWS_MAX, r->arena, e));
    const struct order_patients_out *rows = list.p;
    v.n = list.n > SHOWN ? SHOWN : list.n;
    if (list.n > SHOWN)
        v.next = arena_printf(r->arena, "/patients?before=%lld.%.*s",
                              (long long)rows[v.n - 1].enrolled, STR(rows[v.n - 1].patient));
    if (http_wants_json(r))
        return show_rows(r, sql_order_patients.out, rows, v.n, v.next, e);
    struct order_patient_row *out = ARENA_ARRAY(r->arena, v.n + 1, struct order_patient_row);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++) {
        struct order_patient_view shown;
        TRY(order_patient_show(&shown, app_of(r)->node, db, actor, rows[i].patient, r->arena, e));
        out[i] = (struct order_patient_row){ &rows[i], shown.shown };
    }
    v.rows = out;
    TRY(db_list(db, &sql_order_to_place, &waiting, &list, PAGE_ROWS_MAX, r->arena, e));
    v.waiting = list.p;
    v.nwaiting = list.n;
    page_patients(p, &v);
    return OK;
}

enum http_state order_get_patients(struct http_request *r)
{
    return show(r, "page.patients.title", patients);
}

/* --- a new one --- */

static enum http_state enrol(struct http_request *r, const struct err *refused)
{
    struct page p = app_page(r);
    struct order_enrol_view v = { .refused = said(&p, refused), .r = r };
    page_enrol(&p, &v);
    return app_page_done(r, &p, "page.enrol.title");
}

enum http_state order_get_enrol(struct http_request *r)
{
    return enrol(r, NULL);
}

/* On to what was made, by its id in the answer. */
static enum http_state go(struct http_request *r, const struct gate_answer *answer,
                          const char *member, const char *path)
{
    const struct json *body;
    struct err e = { 0 };
    if (json_read(&body, r->arena, answer->body, &json_limits_default, &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 303;
    r->answer.location = arena_printf(r->arena, "%s%.*s", path, STR(json_get_str(body, member)));
    return HTTP_DONE;
}

static enum http_state enrolled(struct http_request *r, const struct gate_answer *answer)
{
    return go(r, answer, "patient", "/patients/");
}

enum http_state order_post_enrol(struct http_request *r)
{
    return app_command(
        r, &(struct app_command){ .name = S("patient.enrol"), .done = enrolled, .refused = enrol });
}

/* --- one --- */

/* Whether an earlier product lists the same text, so that a choice is offered once. */
bool order_lists(const struct definition *products, size_t n, size_t upto, struct str text,
                 bool indications)
{
    for (size_t i = 0; i < n && i <= upto; i++) {
        const struct product *product = products[i].body;
        const struct str *texts = indications ? product->indications.p : product->jurisdictions.p;
        const size_t ntexts = indications ? product->indications.n : product->jurisdictions.n;
        for (size_t k = 0; k < ntexts; k++)
            if (i < upto ? str_eq(texts[k], text) : texts[k].p == text.p)
                return i < upto;
    }
    return false;
}

static enum outcome patient_show(struct http_request *r, struct db *db, struct page *p,
                                 const struct err *refused, struct err *e)
{
    struct order_patient_in in = { http_param(r, "patient") };
    struct order_patient_out row;
    struct order_patient_view shown;
    struct order_patient_page v = { .patient = in.patient, .refused = said(p, refused), .r = r };
    struct record_list list;
    bool found = false;
    if (id_valid(in.patient))
        TRY(db_get(db, &sql_order_patient, &in, &row, r->arena, &found, e));
    if (!found || !actor_may(show_actor(r), S("order.see"), row.organisation, row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("patient") });
    TRY(order_patient_show(&shown, app_of(r)->node, db, show_actor(r), in.patient, r->arena, e));
    v.shown = shown.shown;
    struct order_of_patient_in orders = { in.patient };
    TRY(db_list(db, &sql_order_of_patient, &orders, &list, PAGE_ROWS_MAX, r->arena, e));
    if (http_wants_json(r))
        return show_rows(r, sql_order_of_patient.out, list.p, list.n, (struct str){ 0 }, e);
    v.orders = list.p;
    v.norders = list.n;
    struct order_conditions_in conditions = { in.patient };
    TRY(db_list(db, &sql_order_conditions, &conditions, &list, CONDITIONS_MAX, r->arena, e));
    v.conditions = list.p;
    v.nconditions = list.n;
    TRY(define_effective(&v.products, &v.nproducts, db, S("product"), p->now_us, r->arena, e));
    v.may_prescribe = actor_may(show_actor(r), S("order.prescribe"), row.organisation, row.site);
    page_patient(p, &v);
    return OK;
}

static enum outcome patient(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    return patient_show(r, db, p, NULL, e);
}

enum http_state order_get_patient(struct http_request *r)
{
    return show(r, "page.patient.title", patient);
}

static enum outcome again(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    return patient_show(r, db, p, r->pending, e);
}

static enum http_state refused(struct http_request *r, const struct err *e)
{
    struct err copy = *e;
    r->pending = &copy;
    return show(r, "page.patient.title", again);
}

static enum http_state prescribed(struct http_request *r, const struct gate_answer *answer)
{
    return go(r, answer, "order", "/prescriptions/");
}

enum http_state order_post_prescribe(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = S("order.prescribe"),
                                                 .done = prescribed,
                                                 .refused = refused });
}
