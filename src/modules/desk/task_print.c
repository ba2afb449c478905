/* A task's form on paper: its record, or a blank with the order's identity on it. */
#include "kernel/form_print.h"
#include "modules/desk/desk.h"

static struct print_fact fact(struct page *p, const char *key, struct str value, bool id)
{
    return (struct print_fact){ text_find(p->language, str_z(key)), value, id };
}

/* Who and what it is, on each page. */
static size_t identity(struct print_fact out[FORM_PRINT_IDENTITY], const struct desk_task_view *v,
                       struct page *p, struct db *db)
{
    size_t n = 0;
    out[n++] = fact(p, "print.patient", v->o.patient.shown, false);
    out[n++] = fact(p, "print.order", v->o.row.coi, true);
    out[n++] = fact(p, "print.product", v->o.product, false);
    out[n++] = fact(p, "print.task", v->task->title, false);
    if (v->open)
        out[n++] = fact(p, "print.site", auth_site_name(db, v->open->site, p->b->arena), false);
    if (!v->open || !v->open->done)
        return n;
    out[n++] = fact(p, "print.by", show_person(p, db, v->open->by), false);
    out[n++] = fact(p, "print.recorded", show_time(p, v->open->done_at), false);
    return n;
}

/* A signature's state, where it does not simply stand: what it means is never shown without. */
static struct str meaning(const struct sign_line *x, int64_t version, struct page *p)
{
    struct arena *a = p->b->arena;
    if (x->row->how.p)
        return arena_printf(a, "%.*s (%.*s)", STR(x->words),
                            STR(show_name(p, "signature", x->row->how)));
    if (x->covers)
        return x->words;
    char digits[24];
    struct buf number = buf_over(digits, sizeof digits);
    buf_int(&number, version);
    const struct text_param params[] = { { "version", buf_get(&number) } };
    struct buf b = buf_in(a, PAGE_MESSAGE_MAX);
    buf_printf(&b, "%.*s (", STR(x->words));
    text_write(&b, p->language, S("signature.not_covered"), params, 1);
    buf_char(&b, ')');
    return buf_get(&b);
}

/* Every signature with who and when, then a line for each place that is not signed. */
static struct print_signature *signatures(const struct desk_task_view *v, struct page *p, size_t *n)
{
    const struct sign_list *list = &v->kept.signatures;
    struct print_signature *out =
        ARENA_ARRAY(p->b->arena, list->n + v->kept.nplaces + 1, struct print_signature);
    *n = 0;
    for (size_t i = 0; out && i < list->n; i++) {
        const struct sign_line *x = &list->lines[i];
        out[(*n)++] = (struct print_signature){
            .name = x->row->name,
            .meaning = meaning(x, list->version, p),
            .role = show_name(p, "strength", x->row->strength),
            .time = show_time(p, x->row->time),
            .mark = x->row->event,
        };
    }
    for (size_t i = 0; out && i < v->kept.nplaces; i++) {
        const struct desk_place *x = &v->kept.places[i];
        if (!x->at->by.p)
            out[(*n)++] = (struct print_signature){
                .meaning = x->at->place.meaning,
                .role = show_name(p, "role", x->at->place.role),
            };
    }
    return out;
}

static struct print_fact *corrections(const struct desk_task_view *v, struct page *p)
{
    struct arena *a = p->b->arena;
    struct print_fact *out = ARENA_ARRAY(a, v->kept.ncorrections + 1, struct print_fact);
    for (size_t i = 0; out && i < v->kept.ncorrections; i++) {
        const struct desk_correction *x = &v->kept.corrections[i];
        const char *word = str_is(x->row->verdict, "accepted")     ? "correction.accepted"
                           : str_is(x->row->verdict, "questioned") ? "correction.questioned"
                                                                   : "correction.waits";
        const struct str verdict = text_find(p->language, str_z(word));
        out[i].label =
            arena_printf(a, "%.*s, %.*s", STR(x->by), STR(show_time(p, x->row->corrected)));
        out[i].value = x->reviewer.n == 0
                           ? verdict
                           : arena_printf(a, "%.*s: %.*s, %.*s%s%.*s", STR(verdict),
                                          STR(x->reviewer), STR(show_time(p, x->row->reviewed)),
                                          x->comment.n > 0 ? "; " : "", STR(x->comment));
    }
    return out;
}

static enum outcome record_read(struct form_record *out, const struct desk_task_view *v,
                                struct arena *a, struct err *e)
{
    const struct json *object;
    TRY(json_read(&object, a, v->open->json, &json_limits_default, e));
    return record_from_sealed_json(&form_record_record, out, a, object, e);
}

static enum outcome document(struct print_document *out, struct desk_task_view *v,
                             struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct arena *a = r->arena;
    struct form_record record;
    struct print_fact *strip = ARENA_ARRAY(a, FORM_PRINT_IDENTITY, struct print_fact);
    if (!strip)
        return err_no_memory(e);
    struct form_printing in = {
        .form = &v->form,
        .identity = strip,
        .nidentity = identity(strip, v, p, db),
        .date = v->open && v->open->done ? v->open->done_at : p->now_us,
    };
    if (v->open && v->open->done && v->open->json.p) {
        const struct flow_history_of of = { .order = v->o.id,
                                            .task = v->task->name,
                                            .looks = look_of(r) };
        TRY(record_read(&record, v, a, e));
        in.record = &record;
        in.files = &v->files;
        in.signatures = signatures(v, p, &in.nsignatures);
        in.corrections = corrections(v, p);
        in.ncorrections = v->kept.ncorrections;
        TRY(flow_history_views(&in.history, &in.nhistory, p, db, &of, v->form.body, e));
    }
    return form_print(out, p, &in, a, e);
}

static enum outcome print(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct print_document d;
    struct desk_task_view *v = ARENA_NEW(r->arena, struct desk_task_view);
    bool found = false;
    if (!v)
        return err_no_memory(e);
    TRY(desk_task_find(v, r, db, p, e));
    if (v->open && v->open->form.p)
        TRY(define_find(&v->form, db, S("form"), v->open->form, v->open->form_version, p->now_us,
                        r->arena, &found, e));
    if (!found)
        return REFUSE(e, "flow.no_form", { "task", v->task->title });
    words_say_definition(p, &v->form);
    TRY(desk_task_record(v, r, db, p, e));
    TRY(document(&d, v, r, db, p, e));
    print_html(p, &d);
    return OK;
}

enum http_state desk_get_print(struct http_request *r)
{
    return show(r, "page.task.title", print);
}
