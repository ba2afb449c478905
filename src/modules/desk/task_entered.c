/* What the reader has entered so far into the form of a task, kept part by part: it stands in the
 * form again, is held against the form's rules, and is read through before the task is completed.
 */
#include "modules/desk/desk.h"

enum { ENTERED_HTML_MAX = 1 << 20 };

static enum outcome parts(struct desk_entered *out, const struct desk_task_view *v, struct arena *a,
                          struct err *e)
{
    const struct form *form = v->form.body;
    out->parts = ARENA_ARRAY(a, form->sections.n + 1, struct desk_part);
    if (!out->parts)
        return err_no_memory(e);
    if (form->fields.n > 0)
        out->parts[out->nparts++] = (struct desk_part){ .title = v->form.title, .number = 1 };
    for (size_t i = 0; i < form->sections.n; i++)
        out->parts[out->nparts++] =
            (struct desk_part){ .title = form->sections.p[i].title, .number = (int64_t)i + 2 };
    return OK;
}

/* One part's entries, opened; those that cannot be any more are entered anew. */
static enum outcome entries(struct record_pair *out, size_t *n, struct http_request *r,
                            const struct flow_record_kept_out *row, struct err *e)
{
    struct form_record record;
    const struct json *json;
    TRY(json_read(&json, r->arena, row->secrets, &json_limits_default, e));
    TRY(record_from_sealed_json(&form_record_record, &record, r->arena, json, e));
    for (size_t i = 0; i < record.secrets.n && *n < FORM_VALUES_MAX; i++) {
        const struct form_secret *secret = &record.secrets.p[i];
        const struct str at = arena_printf(r->arena, "secrets.%zu.entered", i);
        const struct str text = at.p ? show_sealed(r, row->event, at.p, secret->entered) : S("");
        if (text.n > 0)
            out[(*n)++] = (struct record_pair){ secret->name, text };
    }
    return OK;
}

static enum outcome read_kept(struct desk_entered *out, const struct desk_task_view *v,
                              struct http_request *r, struct db *db, struct err *e)
{
    const struct flow_record_kept_in in = { v->o.id, v->task->name, show_actor(r)->name };
    struct record_list list;
    struct record_pair *inputs = ARENA_ARRAY(r->arena, FORM_VALUES_MAX, struct record_pair);
    if (!inputs)
        return err_no_memory(e);
    out->inputs = inputs;
    TRY(db_list(db, &sql_flow_record_kept, &in, &list, FORM_SECTIONS_MAX + 1, r->arena, e));
    const struct flow_record_kept_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        for (size_t k = 0; k < out->nparts; k++)
            out->parts[k].kept |= out->parts[k].number == rows[i].part;
        TRY(entries(inputs, &out->ninputs, r, &rows[i], e));
    }
    return OK;
}

/* Of what is wrong, what was entered; a part that nobody has come to yet is not wrong. */
static void judge(struct desk_entered *out, const struct form *form)
{
    struct form_filled *f = &out->filled;
    size_t n = 0;
    for (size_t k = 0; k < out->nparts; k++)
        out->parts[k].right = out->parts[k].kept;
    for (size_t i = 0; i < f->nproblems; i++) {
        const int64_t part = form_part_named(form, f->problems[i].field);
        bool kept = part == 0;
        for (size_t k = 0; k < out->nparts; k++)
            if (out->parts[k].number == part) {
                kept = out->parts[k].kept;
                out->parts[k].right = false;
            }
        if (kept)
            f->problems[n++] = f->problems[i];
    }
    f->nproblems = n;
}

static struct str own(void *context, struct str field, struct str entered)
{
    (void)context, (void)field;
    return entered;
}

static void show_record(struct desk_task_view *v, struct page *p)
{
    struct buf b = buf_in(p->b->arena, ENTERED_HTML_MAX);
    struct page part = *p;
    part.b = &b;
    form_render_record(&part,
                       &(struct form_shown){ .form = &v->form,
                                             .record = &v->entered.filled.record,
                                             .open = own,
                                             .files = &v->files },
                       p->b->arena);
    v->entered.record = page_body(&part);
}

enum outcome desk_entered_read(struct desk_task_view *v, struct http_request *r, struct db *db,
                               struct page *p, struct err *e)
{
    struct desk_entered *out = &v->entered;
    if (!v->mine || !desk_step_by_step(v) || !v->form.kind.p || v->kept.twice)
        return OK;
    TRY(parts(out, v, r->arena, e));
    TRY(read_kept(out, v, r, db, e));
    const struct form_filling filling = {
        .form = &v->form,
        .inputs = out->inputs,
        .ninputs = out->ninputs,
        .files = &v->files,
        .working = true,
    };
    struct err why = { 0 };
    const enum outcome o = form_fill(&out->filled, &filling, r->arena, &why);
    if (o == FAULT) {
        *e = why;
        return o;
    }
    judge(out, v->form.body);
    if (o == OK)
        show_record(v, p);
    if (r->nform > 0)
        return OK; /* what was posted is shown again as it was */
    v->inputs = out->inputs;
    v->ninputs = out->ninputs;
    v->problems = out->filled.problems;
    v->nproblems = out->filled.nproblems;
    return OK;
}

enum outcome desk_problem_links(struct desk_task_view *v, struct arena *a, struct err *e)
{
    const struct form *form = v->form.body;
    const struct desk_part *part = v->nsteps > 0 ? desk_step(v)->part : NULL;
    struct desk_problem_link *out = ARENA_ARRAY(a, v->nproblems + 1, struct desk_problem_link);
    if (!out)
        return err_no_memory(e);
    v->links = out;
    for (size_t i = 0; form && i < v->nproblems; i++) {
        const struct str name = v->problems[i].field;
        const struct form_field *field = form_field_of(form, name);
        struct str row = name;
        (void)str_cut(&row, '.');
        if (!field || (part && form_part_named(form, name) != part->number))
            continue;
        out[v->nlinks++] = (struct desk_problem_link){
            row.p ? arena_printf(a, "%.*s, %.*s", STR(field->label), STR(row)) : field->label,
            arena_printf(a, "#%.*s", STR(form_element_id(name, a))),
        };
    }
    return OK;
}
