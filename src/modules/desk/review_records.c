/* Of the review by exception what the order's records say: results against the specification,
 * values beyond the limits of their form, places that nobody signed, corrections. */
#include "modules/desk/datum.h"
#include "modules/desk/review.h"

enum { CORRECTIONS_MAX = 1000 };

struct filled {
    const struct flow_open_task *task;
    struct str title;
    const struct form *form;
    struct form_record record;
};
struct records {
    struct filled *p;
    size_t n;
    const struct flow_task *judge; /* the last task that rests on results; NULL: there is none */
};

static enum outcome read_records(struct records *out, const struct review_making *m, struct err *e)
{
    const struct flow_view *f = &m->o->flow;
    out->p = ARENA_ARRAY(m->a, f->ntasks + 1, struct filled);
    if (!out->p)
        return err_no_memory(e);
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_open_task *t = &f->tasks[i];
        const struct flow_task *task = flow_task_find(f, t->task);
        struct filled *x = &out->p[out->n];
        struct definition form;
        bool found = false;
        if (!t->done || !t->json.p || !t->form.p || !task)
            continue;
        TRY(data_record_read(&x->record, t->json, m->a, e));
        TRY(define_find(&form, m->db, S("form"), t->form, t->form_version, 0, m->a, &found, e));
        if (!found)
            continue;
        words_say_definition(m->p, &form);
        x->task = t;
        x->title = task->title;
        x->form = form.body;
        out->n++;
    }
    const struct workflow *w = f->workflow;
    for (size_t s = 0; s < w->stages.n; s++)
        for (size_t t = 0; t < w->stages.p[s].tasks.n; t++)
            if (w->stages.p[s].tasks.p[t].records.n > 0)
                out->judge = &w->stages.p[s].tasks.p[t];
    return OK;
}

static const struct filled *of_task(const struct records *all, struct str task)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->p[i].task->task, task))
            return &all->p[i];
    return NULL;
}

/* --- in words --- */

/* A value as people say it: a choice by its label, a number with its unit. */
static struct str said(const struct review_making *m, const struct form_field *field,
                       struct str value)
{
    struct err ignored = { 0 };
    struct quantity q;
    const struct form_choice *choice = field ? form_choice_of(field, value) : NULL;
    if (choice)
        return choice->label;
    if (field && (str_is(field->type, "quantity") || str_is(field->type, "computed")) &&
        quantity_read(&q, value, &ignored) == OK)
        return page_quantity(m->p, q, m->a);
    return value;
}

static struct str expected(const struct review_making *m, struct decimal low, struct decimal high,
                           struct str unit)
{
    const struct str below =
        decimal_present(high) ? page_quantity(m->p, (struct quantity){ high, unit }, m->a) : S("");
    if (!decimal_present(low))
        return below.n > 0 ? arena_printf(m->a, "≤ %.*s", STR(below)) : S("");
    if (below.n == 0)
        return arena_printf(m->a, "≥ %.*s",
                            STR(page_quantity(m->p, (struct quantity){ low, unit }, m->a)));
    return arena_printf(m->a, "%.*s – %.*s", STR(page_decimal(m->p, low, m->a)), STR(below));
}

/* "0.8 EU/mL, expected ≤ 0.5 EU/mL · Test" */
static struct str held_against(const struct review_making *m, struct str value, struct str limit,
                               struct str title)
{
    const struct str against =
        limit.n == 0 ? value
                     : review_say(m, "page.review.against", (struct text_param){ "value", value },
                                  (struct text_param){ "limit", limit });
    return arena_printf(m->a, "%.*s · %.*s", STR(against), STR(title));
}

static struct str base_of(struct str name)
{
    return str_cut(&name, '.');
}

/* --- results --- */

static bool is_result(const struct review_making *m, const struct records *all,
                      const struct filled *x, struct str name)
{
    const struct product *product = m->o->pinned;
    if (!product || !all->judge ||
        !str_among(x->task->task, all->judge->records.p, all->judge->records.n))
        return false;
    for (size_t i = 0; i < product->specification.n; i++)
        if (str_eq(product->specification.p[i].test, name))
            return true;
    return false;
}

static void without_result(struct review_making *m, const struct product_limit *limit,
                           const struct filled *from)
{
    review_add(
        m,
        (struct desk_exception){
            .kind = "page.review.result",
            .tone = limit->may_follow_release ? SHOW_INFO : SHOW_WARN,
            .open = true,
            .what = limit->title,
            .detail = limit->may_follow_release ? review_word(m, "page.review.may_follow") : S(""),
            .word = review_word(m, limit->may_follow_release ? "page.review.follows"
                                                             : "page.review.missing"),
            .path = from ? review_task_path(m, from->task->task, "") : review_path(m, "/forms"),
        });
}

/* The last of the records that has the value tells it, as in the rule of release. */
static void result(struct review_making *m, const struct records *all,
                   const struct product_limit *limit)
{
    const struct filled *from = NULL;
    struct str value = { 0 };
    for (size_t k = all->judge->records.n; k > 0 && !value.p; k--) {
        const struct filled *x = of_task(all, all->judge->records.p[k - 1]);
        from = x ? x : from;
        value = x ? form_record_value(&x->record, limit->test) : value;
    }
    if (!from)
        return; /* nothing was tested yet */
    if (!value.p || str_is(value, "pending")) {
        without_result(m, limit, from);
        return;
    }
    if (order_within(limit, value)) {
        m->out->regular[REVIEW_RESULTS].n++;
        return;
    }
    const struct form_field *field = form_field_of(from->form, limit->test);
    const struct str right = limit->is.p
                                 ? said(m, field, limit->is)
                                 : expected(m, limit->at_least, limit->at_most, limit->unit);
    review_add(m, (struct desk_exception){
                      .kind = "page.review.result",
                      .tone = SHOW_STOP,
                      .open = true,
                      .what = limit->title,
                      .detail = held_against(m, said(m, field, value), right, from->title),
                      .word = review_word(m, field->choices.n > 0 ? "page.review.unexpected"
                                                                  : "page.review.outside"),
                      .path = review_task_path(m, from->task->task, ""),
                  });
}

/* --- values --- */

/* Whether anything that can be entered is more than what is expected. */
static bool expects(const struct form_field *field)
{
    bool expects = decimal_present(field->low) || decimal_present(field->high);
    for (size_t i = 0; i < field->choices.n; i++)
        expects = expects || field->choices.p[i].unexpected;
    return expects;
}

static void value(struct review_making *m, const struct filled *x, const struct form_value *v)
{
    const struct form_field *field = form_field_of(x->form, v->name);
    if (!field || !expects(field) || !v->value.p)
        return;
    if (!v->mark.p) {
        m->out->regular[REVIEW_VALUES].n++;
        return;
    }
    struct str row = v->name;
    (void)str_cut(&row, '.');
    review_add(
        m, (struct desk_exception){
               .kind = "page.review.value",
               .tone = SHOW_WARN,
               .what = row.p ? arena_printf(m->a, "%.*s, %.*s", STR(field->label), STR(row))
                             : field->label,
               .detail = held_against(m, said(m, field, v->value),
                                      expected(m, field->low, field->high, field->unit), x->title),
               .word = review_word(m, "page.review.outside"),
               .path = arena_printf(m->a, "/orders/%.*s/data?of=field/%.*s/%.*s", STR(m->o->id),
                                    STR(x->task->task), STR(v->name)),
           });
}

static void places(struct review_making *m, const struct filled *x)
{
    struct form_place places[FORM_PLACES_MAX];
    const size_t n = form_places(places, x->form);
    for (size_t i = 0; i < n; i++) {
        const struct str fact = arena_printf(m->a, "signed:%.*s", STR(places[i].name));
        if (flow_has_fact(&m->o->flow, x->task->task, fact)) {
            m->out->regular[REVIEW_SIGNATURES].n++;
            continue;
        }
        review_add(m, (struct desk_exception){
                          .kind = "page.review.signature",
                          .tone = SHOW_WARN,
                          .open = true,
                          .what = x->title,
                          .detail = places[i].meaning,
                          .word = review_word(m, "page.review.unsigned"),
                          .path = review_task_path(m, x->task->task, ""),
                      });
    }
}

/* --- corrections --- */

static struct str reviewed(const struct review_making *m,
                           const struct flow_record_corrections_of_out *row)
{
    const struct text_param who = { "who", show_person(m->p, m->db, row->corrected_by) };
    const struct text_param when = { "time", show_time(m->p, row->corrected) };
    const struct str corrected = review_say(m, "page.record.corrected", who, when);
    if (!row->reviewed_by.p)
        return corrected;
    const struct text_param by = { "who", show_person(m->p, m->db, row->reviewed_by) };
    const struct text_param at = { "time", show_time(m->p, row->reviewed) };
    return arena_printf(m->a, "%.*s · %.*s", STR(corrected),
                        STR(review_say(m, "page.record.reviewed", by, at)));
}

static enum outcome corrections(struct review_making *m, struct err *e)
{
    const struct flow_record_corrections_of_in in = { m->o->id };
    struct record_list list;
    TRY(db_list(m->db, &sql_flow_record_corrections_of, &in, &list, CORRECTIONS_MAX, m->a, e));
    const struct flow_record_corrections_of_out *row = list.p;
    for (size_t i = 0; i < list.n; i++) {
        const bool questioned = str_is(row[i].verdict, "questioned");
        const char *word = questioned         ? "correction.questioned"
                           : row[i].verdict.p ? "correction.accepted"
                           : row[i].waits     ? "correction.waits"
                                              : "page.review.corrected";
        review_add(m, (struct desk_exception){
                          .kind = "page.review.correction",
                          .tone = row[i].waits ? SHOW_WARN : SHOW_INFO,
                          .open = row[i].waits,
                          .what = row[i].title,
                          .detail = reviewed(m, &row[i]),
                          .word = review_word(m, word),
                          .path = review_task_path(m, row[i].task, "#corrections"),
                      });
    }
    return OK;
}

enum outcome review_records(struct review_making *m, struct err *e)
{
    struct records all = { 0 };
    const struct product *product = m->o->pinned;
    TRY(read_records(&all, m, e));
    m->out->regular[REVIEW_RECORDS].n = (int64_t)all.n;
    for (size_t i = 0; product && all.judge && i < product->specification.n; i++)
        result(m, &all, &product->specification.p[i]);
    for (size_t i = 0; i < all.n; i++) {
        const struct filled *x = &all.p[i];
        for (size_t k = 0; k < x->record.values.n; k++)
            if (!is_result(m, &all, x, base_of(x->record.values.p[k].name)))
                value(m, x, &x->record.values.p[k]);
        places(m, x);
    }
    return corrections(m, e);
}
