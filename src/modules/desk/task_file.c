/* Files that come with a task's form: each is held against its field before it is stored, and what
 * is not taken is told at its field, beside everything else that was entered. */
#include "modules/desk/desk.h"

/* --- before they are stored --- */

static enum outcome judge(const struct form *form, const struct file_sent *f, struct err *e)
{
    const struct form_field *field = form_field_of(form, f->field);
    const struct form_file file = { .media = str_z(f->type->media_type), .size = f->size };
    if (!field || !str_is(field->type, "file"))
        return REFUSE(e, "form.unknown_field");
    return form_takes_file(field, &file, e);
}

/* Where the form is unknown nothing is judged: the command will say why. */
static enum outcome judge_all(struct http_request *r, struct db *db, struct err *e)
{
    size_t n;
    bool found = false;
    struct file_sent *files = file_sent_of(r, &n);
    struct page p = app_page(r);
    struct desk_task_view *v = ARENA_NEW(r->arena, struct desk_task_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_task_find(v, r, db, &p, e));
    if (v->open && v->open->form.p)
        TRY(define_find(&v->form, db, S("form"), v->open->form, v->open->form_version, p.now_us,
                        r->arena, &found, e));
    for (size_t i = 0; i < n; i++)
        if (files[i].why.outcome == OK &&
            (found ? judge(v->form.body, &files[i], &files[i].why)
                   : REFUSE(&files[i].why, "form.unknown_field")) == FAULT)
            return FAULT;
    return OK;
}

enum http_state desk_task_files(struct http_request *r, file_sent_fn *then)
{
    size_t n;
    struct err e = { 0 };
    struct db *db;
    struct store *store = app_of(r)->node->store;
    (void)file_sent_of(r, &n);
    if (n == 0)
        return then(r);
    enum outcome o = store_reader_take(&db, store, &e);
    if (o == OK) {
        o = judge_all(r, db, &e);
        store_reader_give(store, db);
    }
    return o == OK ? file_sent_store(r, then) : app_problem(r, &e);
}

/* --- told --- */

size_t desk_file_problems(struct form_problem *out, const struct http_request *r)
{
    size_t n;
    size_t found = 0;
    const struct file_sent *files = file_sent_of(r, &n);
    for (size_t i = 0; i < n; i++)
        if (files[i].why.outcome != OK)
            out[found++] = (struct form_problem){ files[i].field, files[i].why };
    return found;
}

enum outcome desk_files_refused(struct err *e)
{
    return REFUSE(e, "file.not_taken");
}
