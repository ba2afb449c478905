/* What was entered into an order: the record of each task that was done, with its signatures, and
 * what is still open. */
#include "gen/desk/pages/forms.html.h"
#include "modules/desk/order.h"

enum { RECORD_MAX = 200 << 10 };

/* --- records --- */

enum outcome desk_record_html(struct html *out, struct page *p, const struct flow_files_of *of,
                              const struct form_record *record, struct err *e)
{
    struct flow_files_of files_of = *of;
    const struct form_files files = flow_files(&files_of);
    struct definition form;
    struct arena *a = p->b->arena;
    bool found = false;
    *out = (struct html){ S("") };
    if (record->form.p)
        TRY(define_find(&form, of->db, S("form"), record->form, record->form_version, p->now_us, a,
                        &found, e));
    if (!found)
        return OK;
    words_say_definition(p, &form);
    struct page part = *p;
    struct buf b = buf_in(a, RECORD_MAX);
    part.b = &b;
    const struct form_shown shown = { .form = &form, .record = record, .files = &files };
    form_render_record(&part, &shown, a);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

enum outcome desk_record(struct html *out, struct page *p, const struct flow_files_of *of,
                         const struct flow_open_task *task, struct err *e)
{
    struct form_record record;
    const struct json *object;
    struct arena *a = p->b->arena;
    *out = (struct html){ S("") };
    if (!task->json.p || !task->form.p)
        return OK;
    TRY(json_read(&object, a, task->json, &json_limits_default, e));
    TRY(record_from_sealed_json(&form_record_record, &record, a, object, e));
    return desk_record_html(out, p, of, &record, e);
}

/* A record is never shown without who signed it (21 CFR 11.50). */
static enum outcome signatures(struct desk_task_line *line, const struct desk_order *o,
                               struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct sign_list list;
    const struct sign_list_of of = {
        .kind = S("task"),
        .id = arena_printf(r->arena, "%.*s/%.*s", STR(o->id), STR(line->task->name)),
        .version = line->open->recorded,
        .next =
            arena_printf(r->arena, "/orders/%.*s/tasks/%.*s", STR(o->id), STR(line->task->name)),
    };
    TRY(sign_list_read(&list, p, r, db, &of, e));
    return sign_list_html(&line->signed_by, p, &list, e);
}

enum outcome desk_task_lines(struct desk_task_line **out, size_t *n, struct page *p, struct db *db,
                             const struct desk_order *o, bool done, struct err *e)
{
    const struct flow_view *f = &o->flow;
    struct desk_task_line *lines = ARENA_ARRAY(p->b->arena, f->ntasks + 1, struct desk_task_line);
    if (!lines)
        return err_no_memory(e);
    *out = lines;
    *n = 0;
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_open_task *t = &f->tasks[f->ntasks - 1 - i];
        const struct flow_task *task = flow_task_find(f, t->task);
        if (!task || t->done != done || (!done && f->state == FLOW_ENDED))
            continue;
        lines[(*n)++] = (struct desk_task_line){
            .task = task,
            .open = t,
            .owner = desk_owner(p, db, task->role, t->site),
            .by = done ? show_person(p, db, t->by) : S(""),
            .seen = flow_sees_record(&o->sight, task),
        };
    }
    return OK;
}

static enum outcome forms(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_forms_view v = { 0 };
    TRY(desk_order_load(&v.o, r, db, p, http_param(r, "order"), e));
    const struct flow_files_of of = { db, v.o.id, look_of(r) };
    TRY(desk_order_head(&v.head, r, db, p, &v.o, "/forms", e));
    TRY(desk_task_lines(&v.open, &v.nopen, p, db, &v.o, false, e));
    TRY(desk_task_lines(&v.done, &v.ndone, p, db, &v.o, true, e));
    for (size_t i = 0; i < v.ndone; i++) {
        if (v.done[i].seen)
            TRY(desk_record(&v.done[i].record, p, &of, v.done[i].open, e));
        if (v.done[i].record.markup.n > 0)
            TRY(signatures(&v.done[i], &v.o, r, db, p, e));
    }
    page_forms(p, &v);
    return OK;
}

enum http_state desk_get_forms(struct http_request *r)
{
    return show(r, "page.order.forms", forms);
}
