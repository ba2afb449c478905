/* Patients of a site, a new one, and one with what is prescribed. */
#include "modules/order/pages.h"

#include "base/id.h"
#include "gen/order/pages/enrol.html.h"
#include "gen/order/pages/patients.html.h"

enum { SHOWN = 40, PAGE_ROWS_MAX = 200 };

/* --- the list --- */

/* Who a patient is stands sealed in the rows, and sorts nothing. */
static const struct table_column columns[] = {
    { .name = "patient", .fixed = true },
    { .name = "pseudonym", .sorts = true },
    { .name = "enrolled", .sorts = true, .back = true },
};
enum { BY_PSEUDONYM = 1, BY_TIME = 2 };
static const struct table patients_table = {
    .name = "patients",
    .columns = columns,
    .n = BY_TIME + 1,
    .first = BY_TIME,
};

static enum outcome list_read(struct record_list *list, struct order_patients_view *v,
                              struct http_request *r, struct db *db, struct str site, struct err *e)
{
    const bool back = v->table.back;
    const bool by_time = v->table.sort == BY_TIME;
    const struct sql *sql = by_time ? back ? &sql_order_patients : &sql_order_patients_oldest
                            : back  ? &sql_order_patients_named_back
                                    : &sql_order_patients_named;
    struct show_cursor cursor;
    TRY(show_cursor(&cursor, r, "before", 1, e));
    const struct str organisation = show_actor(r)->organisation;
    const struct str id = cursor.given ? cursor.id : S("");
    const int64_t at = cursor.given ? cursor.number[0] : back ? INT64_MAX : 0;
    const struct order_patients_in timed = { organisation, site, at, id, SHOWN + 1 };
    const struct order_patients_named_in named = { organisation, site, id,
                                                   back ? TABLE_LAST : S(""), SHOWN + 1 };
    const void *in = by_time ? (const void *)&timed : &named;
    TRY(db_list(db, sql, in, list, SHOWN + 1, r->arena, e));
    const struct order_patients_out *rows = list->p;
    v->n = list->n > SHOWN ? SHOWN : list->n;
    if (list->n > SHOWN)
        table_go_on(&v->table, r->arena,
                    arena_printf(r->arena, "%lld.%.*s", (long long)rows[v->n - 1].enrolled,
                                 STR(rows[v->n - 1].patient)));
    return OK;
}

static enum outcome patients(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct order_patients_view v = { .no_site = !actor->site.p,
                                     .may_enrol = show_may(r, "patient.enrol") };
    bool here = actor_may(actor, S("order.see"), actor->organisation, actor->site);
    struct str site = here ? actor->site : (struct str){ 0 }; /* none: no rows */
    struct order_to_place_in waiting = { actor->organisation, site, 0, S("") };
    struct record_list list;
    table_ask(&v.table, p, r, &patients_table, S(""));
    TRY(list_read(&list, &v, r, db, site, e));
    const struct order_patients_out *rows = list.p;
    if (http_wants_json(r))
        return show_rows(r, sql_order_patients.out, rows, v.n, v.table.next, e);
    struct order_patient_row *out = ARENA_ARRAY(r->arena, v.n + 1, struct order_patient_row);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v.n; i++) {
        struct order_patient_view shown;
        TRY(order_patient_show(&shown, look_of(r), db, actor, rows[i].patient, r->arena, e));
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

static enum outcome enrol(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    (void)db;
    (void)e;
    struct order_enrol_view v = { .refused = show_refusal(p, r), .r = r };
    page_enrol(p, &v);
    return OK;
}

enum http_state order_get_enrol(struct http_request *r)
{
    return show(r, "page.enrol.title", enrol);
}

static enum http_state enrol_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.enrol.title", enrol, refused);
}

static enum http_state enrolled(struct http_request *r, const struct gate_answer *answer)
{
    return show_made(r, answer, "patient", "/patients/");
}

enum http_state order_post_enrol(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = S("patient.enrol"),
                                                 .done = enrolled,
                                                 .refused = enrol_again });
}

/* --- a prescription --- */

static enum http_state prescribed(struct http_request *r, const struct gate_answer *answer)
{
    return show_made(r, answer, "order", "/prescriptions/");
}

enum http_state order_post_prescribe(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = S("order.prescribe"),
                                                 .done = prescribed,
                                                 .refused = order_patient_again });
}
