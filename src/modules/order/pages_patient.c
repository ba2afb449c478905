/* A patient: the data with all their versions, the form that corrects them, and what is prescribed.
 * Values are opened for who may see the name; everybody else sees that something was corrected,
 * when and by whom. */
#include "base/id.h"
#include "gen/order/pages/erasing.html.h"
#include "gen/order/pages/patient.html.h"
#include "kernel/ledger.h"
#include "modules/order/pages.h"

enum { ORDERS_MAX = 200, VERSIONS_MAX = 100, TEXT_MAX_BYTES = 4000, ERASING_MAX = 16 << 10 };

/* --- versions --- */

enum { FAMILY, GIVEN, BIRTH_DATE, SEX, IDENTIFIERS, CONDITIONS, FIELDS };
static const char *const fields[FIELDS] = { "family", "given",       "birth_date",
                                            "sex",    "identifiers", "conditions" };

struct version {
    struct event event;
    const struct json *body;
    struct str text[FIELDS]; /* as shown; opened */
};

/* Of an erased patient nothing is left to open. */
static struct str opened(struct http_request *r, const struct version *v, struct str path,
                         struct str sealed)
{
    struct str out = { 0 };
    struct err ignored = { 0 };
    const struct look_at at = { v->event.id, path, sealed, "patient.name", NULL };
    if (!sealed.p || look_open(look_of(r), &out, &at, &ignored) != OK)
        return S("");
    return out;
}

static struct str identifier_value(struct http_request *r, const struct version *v, size_t i,
                                   const struct json *item)
{
    return opened(r, v, arena_printf(r->arena, "identifiers.%zu.value", i),
                  json_get_str(item, "value"));
}

static struct str identifiers_text(struct http_request *r, const struct version *v)
{
    struct buf b = buf_in(r->arena, TEXT_MAX_BYTES);
    const struct json *list = json_get(v->body, "identifiers");
    size_t i = 0;
    for (const struct json *item = list ? list->child : NULL; item; item = item->next, i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, identifier_value(r, v, i, item));
        buf_z(&b, " (");
        buf_str(&b, json_get_str(item, "system"));
        buf_char(&b, ')');
    }
    return buf_get(&b);
}

static struct str conditions_text(struct http_request *r, const struct version *v)
{
    struct buf b = buf_in(r->arena, TEXT_MAX_BYTES);
    const struct json *list = json_get(v->body, "conditions");
    for (const struct json *item = list ? list->child : NULL; item; item = item->next) {
        const struct str more[] = { json_get_str(item, "title"), json_get_str(item, "since") };
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, json_get_str(item, "code"));
        for (size_t i = 0; i < 2; i++) {
            buf_z(&b, more[i].n > 0 ? " " : "");
            buf_str(&b, more[i]);
        }
    }
    return buf_get(&b);
}

static enum outcome read_version(struct version *v, struct http_request *r, struct page *p,
                                 struct str leaf, bool by_name, struct err *e)
{
    TRY(event_read(&v->event, r->arena, leaf, e));
    TRY(json_read(&v->body, r->arena, v->event.payload, &json_limits_default, e));
    for (int i = FAMILY; by_name && i <= BIRTH_DATE; i++)
        v->text[i] = opened(r, v, str_z(fields[i]), json_get_str(v->body, fields[i]));
    v->text[SEX] = show_name(p, "sex", json_get_str(v->body, "sex"));
    v->text[IDENTIFIERS] = by_name ? identifiers_text(r, v) : S("");
    v->text[CONDITIONS] = conditions_text(r, v);
    return OK;
}

/* What a correction changed: named in the event, its values beside those before. */
static enum outcome change(struct order_change *out, const struct version *v,
                           const struct version *before, struct http_request *r, struct db *db,
                           struct page *p, bool by_name, struct err *e)
{
    const struct json *list = json_get(v->body, "changed");
    struct order_change_line *lines = ARENA_ARRAY(r->arena, FIELDS, struct order_change_line);
    if (!lines)
        return err_no_memory(e);
    *out = (struct order_change){
        .happened = v->event.happened,
        .who = show_person(p, db, v->event.actor),
        .reason = by_name ? opened(r, v, S("reason"), v->event.reason) : S(""),
        .lines = lines,
    };
    for (const struct json *item = list ? list->child : NULL; item; item = item->next)
        for (int i = 0; i < FIELDS && out->n < FIELDS; i++)
            if (str_is(item->text, fields[i]))
                lines[out->n++] =
                    (struct order_change_line){ show_name(p, "patient_field", item->text),
                                                before->text[i], v->text[i] };
    return OK;
}

/* --- the form --- */

/* A refused correction, not the prescription that is refused on the same page. */
static bool correcting(const struct http_request *r)
{
    return show_refused(r) && http_form(r, "seen").p;
}

static struct str entered_or(const struct http_request *r, struct str name, struct str now)
{
    return correcting(r) ? show_entered(r, arena_str(r->arena, name).p) : now;
}

static const struct order_entry *entries(const struct http_request *r, const struct version *v,
                                         size_t *n, const char *list, const char *const *names,
                                         size_t nnames)
{
    struct order_entry *out = ARENA_ARRAY(r->arena, ORDER_ENTRIES_MAX, struct order_entry);
    const struct json *array = json_get(v->body, list);
    const struct json *item = array ? array->child : NULL;
    const bool numbers = nnames == 2;
    for (*n = 0; out && *n < ORDER_ENTRIES_MAX; item = item ? item->next : NULL) {
        struct order_entry *x = &out[(*n)++];
        bool blank = true;
        for (size_t i = 0; i < nnames; i++) {
            struct str now = item ? json_get_str(item, names[i]) : S("");
            if (item && numbers && str_is(str_z(names[i]), "value"))
                now = identifier_value((struct http_request *)r, v, *n - 1, item);
            x->name[i] = arena_printf(r->arena, "%s.%zu.%s", list, *n - 1, names[i]);
            x->value[i] = entered_or(r, x->name[i], now.p ? now : S(""));
            blank &= x->value[i].n == 0;
        }
        if (blank) /* the one to add */
            break;
    }
    return out;
}

static void fill_form(struct order_patient_page *v, struct http_request *r,
                      const struct version *last)
{
    static const char *const number[] = { "value", "system" };
    static const char *const condition[] = { "code", "title", "since", "system" };
    v->family = entered_or(r, S("family"), last->text[FAMILY]);
    v->given = entered_or(r, S("given"), last->text[GIVEN]);
    v->birth_date = entered_or(r, S("birth_date"), last->text[BIRTH_DATE]);
    v->sex = entered_or(r, S("sex"), json_get_str(last->body, "sex"));
    v->numbers = entries(r, last, &v->nnumbers, "identifiers", number, 2);
    v->entries = entries(r, last, &v->nentries, "conditions", condition, 4);
    v->correcting = correcting(r);
}

static enum outcome versions(struct order_patient_page *v, struct http_request *r, struct db *db,
                             struct page *p, struct err *e)
{
    struct ledger_row *rows;
    struct stream stream = stream_of("patient", v->patient);
    size_t n;
    TRY(ledger_read_stream(db, stream_str(&stream), 1, VERSIONS_MAX, &rows, &n, r->arena, e));
    struct version *all = ARENA_ARRAY(r->arena, n + 1, struct version);
    struct order_change *changes = ARENA_ARRAY(r->arena, n + 1, struct order_change);
    if (!all || !changes)
        return err_no_memory(e);
    const size_t events = n;
    n = 0;
    for (size_t i = 0; i < events; i++) {
        TRY(read_version(&all[n], r, p, rows[i].leaf, v->shown.by_name, e));
        n += json_get(all[n].body, "sex") != NULL; /* a request to erase says nothing of the data */
    }
    for (size_t i = n; i > 1; i--) /* the newest first; the last is how it was enrolled */
        TRY(change(&changes[v->nchanges++], &all[i - 1], &all[i - 2], r, db, p, v->shown.by_name,
                   e));
    v->changes = changes;
    if (n > 0) {
        v->enrolled = all[0].event.happened;
        v->enrolled_by = show_person(p, db, all[0].event.actor);
        v->numbers_text = all[n - 1].text[IDENTIFIERS];
        fill_form(v, r, &all[n - 1]);
    }
    return OK;
}

/* --- the page --- */

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

static enum outcome lists(struct order_patient_page *v, struct http_request *r, struct db *db,
                          struct page *p, struct err *e)
{
    struct order_conditions_in conditions = { v->patient };
    struct record_list list;
    TRY(db_list(db, &sql_order_conditions, &conditions, &list, RECORD_ITEMS_MAX, r->arena, e));
    v->conditions = list.p;
    v->nconditions = list.n;
    return define_effective(&v->products, &v->nproducts, db, S("product"), p->now_us, r->arena, e);
}

/* Empty where nobody asked. */
static enum outcome request_read(struct order_erasure_request_out *out, struct http_request *r,
                                 struct db *db, struct str patient, struct err *e)
{
    const struct order_erasure_request_in in = { patient };
    bool found;
    *out = (struct order_erasure_request_out){ 0 };
    return db_get(db, &sql_order_erasure_request, &in, out, r->arena, &found, e);
}

/* Where erasure stands, and the duties that stand in its way. */
static enum outcome erasure(struct order_patient_page *v, struct http_request *r, struct db *db,
                            struct page *p, const struct order_patient_out *row, struct err *e)
{
    const struct actor *a = show_actor(r);
    const bool open = !v->shown.erased;
    struct order_duties *duties = ARENA_NEW(r->arena, struct order_duties);
    struct order_erasure_request_out asked;
    v->erased = row->erased;
    v->erased_by = row->erased_by.p ? show_person(p, db, row->erased_by) : S("");
    v->erasure = row->erasure;
    v->erasure_at = row->erasure_at;
    v->erasure_by = row->erasure_by.p ? show_person(p, db, row->erasure_by) : S("");
    TRY(request_read(&asked, r, db, v->patient, e));
    v->request_void = asked.how.p != NULL;
    v->own_request = row->erasure_by.p && str_eq(row->erasure_by, a->name);
    v->may_request_erasure =
        open && actor_may(a, S("patient.request_erasure"), row->organisation, row->site);
    v->may_erase = open && actor_may(a, S("patient.erase"), row->organisation, row->site);
    v->may_withdraw_erasure =
        open && actor_may(a, S("patient.withdraw_erasure"), row->organisation, row->site);
    if (!v->may_request_erasure && !v->may_erase && !v->may_withdraw_erasure)
        return OK;
    if (!duties)
        return err_no_memory(e);
    TRY(order_duties(duties, db, v->patient, p->now_us, r->arena, e));
    struct order_duty_row *rows = ARENA_ARRAY(r->arena, duties->n + 1, struct order_duty_row);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < duties->n; i++)
        rows[i] = (struct order_duty_row){ words_say(p, duties->p[i].rule->title),
                                           words_say(p, duties->p[i].rule->source),
                                           duties->p[i].coi, duties->p[i].until };
    v->duties = rows;
    v->nduties = duties->n;
    v->no_retention = duties->no_rules || duties->unruled.jurisdiction.p;
    return OK;
}

static enum outcome patient(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct order_patient_in in = { http_param(r, "patient") };
    struct order_patient_out row;
    struct order_patient_page v = { .patient = in.patient, .refused = show_refusal(p, r), .r = r };
    struct record_list list;
    const struct actor *actor = show_actor(r);
    bool found = false;
    if (id_valid(in.patient))
        TRY(db_get(db, &sql_order_patient, &in, &row, r->arena, &found, e));
    if (!found || !actor_may(actor, S("order.see"), row.organisation, row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("patient") });
    struct order_of_patient_in orders = { in.patient };
    TRY(db_list(db, &sql_order_of_patient, &orders, &list, ORDERS_MAX, r->arena, e));
    if (http_wants_json(r))
        return show_rows(r, sql_order_of_patient.out, list.p, list.n, (struct str){ 0 }, e);
    v.orders = list.p;
    v.norders = list.n;
    TRY(order_patient_show(&v.shown, look_of(r), db, actor, in.patient, r->arena, e));
    v.pseudonym = row.pseudonym;
    v.seen = row.event;
    TRY(lists(&v, r, db, p, e));
    TRY(versions(&v, r, db, p, e));
    TRY(erasure(&v, r, db, p, &row, e));
    v.may_prescribe =
        !v.shown.erased && actor_may(actor, S("order.prescribe"), row.organisation, row.site);
    v.may_correct =
        v.shown.by_name && actor_may(actor, S("patient.correct"), row.organisation, row.site);
    page_patient(p, &v);
    return OK;
}

enum http_state order_get_patient(struct http_request *r)
{
    return show(r, "page.patient.title", patient);
}

enum http_state order_patient_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.patient.title", patient, refused);
}

/* --- correcting --- */

/* Leaves out rows whose key ("value", "code") is blank, and numbers the others anew. */
static void drop_blank(struct http_request *r, const char *list, const char *key)
{
    struct record_pair *out = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    const struct str prefix = arena_printf(r->arena, "%s.", list);
    size_t n = 0;
    for (size_t i = 0; out && i < r->nform; i++) {
        struct record_pair pair = r->form[i];
        struct str member = str_from(pair.name, prefix.n < pair.name.n ? prefix.n : pair.name.n);
        int64_t row;
        if (str_starts(pair.name, prefix) && str_to_u63(&row, str_cut(&member, '.'))) {
            size_t kept = 0;
            for (int64_t k = 0; k <= row && k < ORDER_ENTRIES_MAX; k++) {
                const struct str name =
                    arena_printf(r->arena, "%s.%lld.%s", list, (long long)k, key);
                const bool filled = str_trim(http_form(r, name.p)).n > 0;
                if (k == row && !filled)
                    kept = SIZE_MAX;
                else if (k < row)
                    kept += filled;
            }
            if (kept == SIZE_MAX)
                continue;
            pair.name = arena_printf(r->arena, "%s.%zu.%.*s", list, kept, STR(member));
        }
        out[n++] = pair;
    }
    if (out) {
        r->form = out;
        r->nform = n;
    }
}

enum http_state order_post_correct(struct http_request *r)
{
    drop_blank(r, "identifiers", "value");
    drop_blank(r, "conditions", "code");
    return app_command(
        r, &(struct app_command){
               .name = S("patient.correct"),
               .next = arena_printf(r->arena, "/patients/%.*s", STR(http_param(r, "patient"))),
               .refused = order_patient_again,
           });
}

/* --- erasing --- */

static enum http_state post(struct http_request *r, struct str name)
{
    return app_command(
        r, &(struct app_command){
               .name = name,
               .next = arena_printf(r->arena, "/patients/%.*s", STR(http_param(r, "patient"))),
               .refused = order_patient_again,
           });
}

enum http_state order_post_withdraw_erasure(struct http_request *r)
{
    return post(r, S("patient.withdraw_erasure"));
}

/* --- what either of two persons signs --- */

enum outcome order_erasing_show(struct html *out, struct page *p, struct http_request *r,
                                struct db *db, const struct sign_asked *asked, struct err *e)
{
    struct order_erasing content;
    const struct json *object;
    TRY(json_read(&object, r->arena, asked->content, &json_limits_default, e));
    TRY(record_from_json(&order_erasing_record, &content, r->arena, object, e));
    struct order_erasure_request_out request = { 0 };
    if (content.event.p)
        TRY(request_read(&request, r, db, content.patient, e));
    const struct order_erasing_view v = {
        .pseudonym = content.pseudonym,
        .asked_by = content.requester.p ? show_person(p, db, content.requester) : S(""),
        .why = show_sealed(r, request.event, "reason", request.reason),
    };
    struct page part = *p;
    struct buf b = buf_in(r->arena, ERASING_MAX);
    part.b = &b;
    page_erasing(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
