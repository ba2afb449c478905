/* Files of forms: taken in while they are read, stored before the form's own command. */
#include "kernel/file_sent.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "kernel/file_pages.h"
#include "kernel/show.h"

struct sent {
    struct file_sent files[FILE_SENT_MAX];
    size_t n;
    struct file_sent *now; /* that is read; NULL: one that was not chosen, or is too many */
    bool reading;
    bool begun; /* its upload */
    struct file_upload upload;
    struct file_scope scope;
    uint8_t *held; /* bytes that are not written yet: FILE_APPEND_MAX */
    size_t nheld;
    size_t at; /* while they are stored */
    const struct record_pair *form;
    size_t nform;
    file_sent_fn *then;
};
static_assert(FILE_SENT_MAX == 8); /* as "file.too_many" says */

static struct files *files_of(const struct http_request *r)
{
    return app_of(r)->node->files;
}

struct file_sent *file_sent_of(const struct http_request *r, size_t *n)
{
    struct sent *s = r->files;
    *n = s ? s->n : 0;
    return s ? s->files : NULL;
}

bool file_sent_bad(const struct http_request *r)
{
    size_t n;
    const struct file_sent *files = file_sent_of(r, &n);
    for (size_t i = 0; i < n; i++)
        if (files[i].why.outcome != OK)
            return true;
    return false;
}

/* What was written last is held still, and of a small file that is all of it. */
bool file_sent_content(struct str *out, const struct http_request *r)
{
    const struct sent *s = r->files;
    if (!s || s->n != 1 || s->files[0].why.outcome != OK || s->files[0].size > FILE_APPEND_MAX)
        return false;
    *out = (struct str){ (const char *)s->held, (size_t)s->files[0].size };
    return true;
}

/* --- while they are read --- */

static void drop(struct http_request *r, struct file_sent *f)
{
    struct err ignored = { 0 };
    if (f->file.text[0] && !f->hash.p)
        (void)!file_cancel(files_of(r), id_str(&f->file), &ignored);
    f->file.text[0] = '\0';
}

/* One file's trouble is told at its field; the world's failure is the log's, too. */
static void not_taken(struct http_request *r, struct file_sent *f)
{
    if (f->why.outcome == FAULT)
        log_err(app_of(r)->node->env, "file.sent", &f->why);
    drop(r, f);
}

static enum outcome may_begin(struct http_request *r, struct sent *s, struct err *e)
{
    struct db *db;
    const struct file_thing thing = { str_z(r->route->files), http_param(r, r->route->files) };
    struct store *store = app_of(r)->node->store;
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = file_may_add(r, db, &thing, &s->scope, e);
    store_reader_give(store, db);
    return o;
}

static enum outcome begin(struct http_request *r, struct sent *s, struct err *e)
{
    struct file_sent *f = s->now;
    f->type = file_sniff((struct bytes){ s->held, s->nheld });
    if (!f->type)
        return REFUSE(e, "file.type");
    TRY(may_begin(r, s, e));
    s->upload = (struct file_upload){
        .kind = str_z(r->route->files),
        .belongs = http_param(r, r->route->files),
        .subject = s->scope.subject.p ? s->scope.subject : s->scope.organisation,
        .organisation = s->scope.organisation,
        .account = show_actor(r)->account,
        .name = f->name,
        .size = f->type->size_max, /* at most; where it ends, its last byte tells */
    };
    TRY(file_begin(files_of(r), &s->upload, e));
    f->file = s->upload.id;
    s->begun = true;
    return OK;
}

static enum outcome write_held(struct http_request *r, struct sent *s, struct err *e)
{
    const struct bytes data = { s->held, s->nheld };
    if (!s->begun)
        TRY(begin(r, s, e));
    TRY(file_append(files_of(r), &s->upload, s->upload.offset, data, e));
    s->now->size = s->upload.offset;
    s->nheld = 0;
    return OK;
}

static enum outcome hold(struct http_request *r, struct sent *s, struct bytes data, struct err *e)
{
    while (data.n > 0) {
        const size_t room = FILE_APPEND_MAX - s->nheld;
        const size_t n = data.n < room ? data.n : room;
        memcpy(s->held + s->nheld, data.p, n);
        s->nheld += n;
        data = (struct bytes){ data.p + n, data.n - n };
        if (s->nheld == FILE_APPEND_MAX)
            TRY(write_held(r, s, e));
    }
    return OK;
}

static enum outcome whole(struct http_request *r, struct sent *s, struct err *e)
{
    if (!s->begun && s->nheld == 0)
        return REFUSE(e, "file.empty");
    if (s->nheld > 0)
        TRY(write_held(r, s, e));
    return file_cut(files_of(r), &s->upload, r->arena, e);
}

static struct str field_of(struct str control)
{
    return str_starts(control, S("_file.")) ? str_from(control, strlen("_file.")) : control;
}

static enum outcome another(struct http_request *r, struct sent *s, const struct http_file *file,
                            struct err *e)
{
    s->reading = true;
    s->now = NULL;
    s->begun = false;
    s->nheld = 0;
    if (file->name.n == 0 || s->n == FILE_SENT_MAX) {
        if (s->n == FILE_SENT_MAX && file->name.n > 0)
            (void)!REFUSE(&s->files[s->n - 1].why, "file.too_many", { "max", S("8") });
        return OK;
    }
    s->now = &s->files[s->n];
    *s->now = (struct file_sent){ .field = field_of(file->field),
                                  .name = file_name_plain(r->arena, file->name) };
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->files[i].field, s->now->field))
            s->now->why.outcome = REFUSE(&s->now->why, "file.one");
    s->n++;
    return s->now->name.p ? OK : err_no_memory(e);
}

static enum outcome sent_new(struct http_request *r, struct err *e)
{
    struct sent *s = calloc(1, sizeof *s);
    if (!s)
        return err_no_memory(e);
    r->files = s;
    s->held = malloc(FILE_APPEND_MAX);
    return s->held ? OK : err_no_memory(e);
}

enum outcome file_sent_take(struct http_request *r, const struct http_file *file, struct bytes data,
                            bool last, struct err *e)
{
    if (!r->files)
        TRY(sent_new(r, e));
    struct sent *s = r->files;
    if (!s->reading)
        TRY(another(r, s, file, e));
    struct file_sent *f = s->now;
    if (f && f->why.outcome == OK) {
        f->why.outcome = hold(r, s, data, &f->why);
        if (f->why.outcome == OK && last)
            f->why.outcome = whole(r, s, &f->why);
        if (f->why.outcome != OK)
            not_taken(r, f);
    }
    s->reading = !last;
    return OK;
}

void file_sent_end(struct http_request *r)
{
    struct sent *s = r->files;
    r->files = NULL;
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        drop(r, &s->files[i]);
    free(s->held);
    free(s);
}

/* --- stored --- */

/* The form with each file's hash under its field, once. */
static enum outcome put_hashes(struct http_request *r, const struct sent *s, struct err *e)
{
    struct record_pair *pairs = ARENA_ARRAY(r->arena, s->nform + s->n + 1, struct record_pair);
    size_t n = 0;
    if (!pairs)
        return err_no_memory(e);
    for (size_t i = 0; i < s->nform; i++) {
        bool replaced = false;
        for (size_t k = 0; k < s->n; k++)
            replaced |= s->files[k].hash.p && str_eq(s->form[i].name, s->files[k].field);
        if (!replaced)
            pairs[n++] = s->form[i];
    }
    for (size_t k = 0; k < s->n; k++)
        if (s->files[k].hash.p)
            pairs[n++] = (struct record_pair){ s->files[k].field, s->files[k].hash };
    r->form = pairs;
    r->nform = n;
    return OK;
}

static enum http_state store_next(struct http_request *r);

static enum http_state stored(struct http_request *r, const struct gate_answer *answer)
{
    struct sent *s = r->files;
    (void)answer;
    file_stored(files_of(r), id_str(&s->files[s->at].file));
    s->at++;
    return store_next(r);
}

static enum http_state not_stored(struct http_request *r, const struct err *e)
{
    struct sent *s = r->files;
    r->answer = (struct http_answer){ 0 };
    s->files[s->at].why = *e;
    s->files[s->at].hash = (struct str){ 0 };
    drop(r, &s->files[s->at++]);
    return store_next(r);
}

/* What the form says of its own command (reason, time, what was seen) is not this one's. */
static enum http_state store_one(struct http_request *r, struct sent *s)
{
    struct err e = { 0 };
    struct file_sent *f = &s->files[s->at];
    struct file_store *body = ARENA_NEW(r->arena, struct file_store);
    if (!body)
        (void)!err_no_memory(&e);
    else if (file_finish(files_of(r), body, id_str(&f->file), r->arena, &e) == OK) {
        f->hash = body->hash;
        r->form = NULL;
        r->nform = 0;
        return app_command(r, &(struct app_command){ .name = S("file.store"),
                                                     .body = body,
                                                     .id = body->file,
                                                     .done = stored,
                                                     .refused = not_stored });
    }
    f->why = e;
    not_taken(r, f);
    s->at++;
    return store_next(r);
}

static enum http_state store_next(struct http_request *r)
{
    struct sent *s = r->files;
    struct err e = { 0 };
    while (s->at < s->n && s->files[s->at].why.outcome != OK)
        s->at++;
    if (s->at < s->n)
        return store_one(r, s);
    return put_hashes(r, s, &e) == OK ? s->then(r) : app_problem(r, &e);
}

enum http_state file_sent_store(struct http_request *r, file_sent_fn *then)
{
    struct sent *s = r->files;
    if (!s)
        return then(r);
    s->form = r->form;
    s->nform = r->nform;
    s->then = then;
    s->at = 0;
    return store_next(r);
}
