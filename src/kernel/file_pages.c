/* Uploads and downloads over HTTP. */
#include "kernel/file_pages.h"

#include <stdlib.h>

#include "base/log.h"
#include "kernel/show.h"

#define RECORDS "kernel/file_form.def"
#include "base/record_tables.h"
#undef RECORDS

static struct files *files_of(const struct http_request *r)
{
    return app_of(r)->node->files;
}

static void header(struct http_request *r, const char *name, struct str value)
{
    size_t i = 0;
    while (r->answer.headers[i].name)
        BUG_ON(++i == HTTP_ANSWER_HEADERS_MAX);
    r->answer.headers[i].name = name;
    r->answer.headers[i].value = value;
}

static void header_number(struct http_request *r, const char *name, int64_t value)
{
    header(r, name, arena_printf(r->arena, "%lld", (long long)value));
}

static void upload_headers(struct http_request *r, const struct file_upload *u)
{
    header_number(r, "Upload-Offset", u->offset);
    header_number(r, "Upload-Length", u->size);
    header(r, "Tus-Resumable", S("1.0.0"));
}

/* --- begun --- */

static enum outcome read_form(struct http_request *r, struct file_form *form, struct err *e)
{
    const struct json *object;
    if (!str_is(r->media_type, "application/json"))
        return record_from_pairs(&file_form_record, form, r->arena, r->form, r->nform, e);
    TRY(json_read(&object, r->arena, r->body, &json_limits_default, e));
    return record_from_json(&file_form_record, form, r->arena, object, e);
}

enum outcome file_may_add(struct http_request *r, struct db *db, const struct file_thing *thing,
                          struct file_scope *scope, struct err *e)
{
    bool found = false;
    const struct file_rule *rule = file_rule_find(thing->kind);
    const struct actor *who = show_actor(r);
    if (rule)
        TRY(rule->scope(db, thing->id, scope, &found, r->arena, e));
    who = actor_for(who, scope->product, TIME_NONE, r->arena);
    if (!who)
        return err_no_memory(e);
    if (!found || !file_may(who, rule->permission, scope))
        return REFUSE(e, "gate.unknown", { "kind", S("thing") });
    if (!file_may(who, "file.store", scope))
        return REFUSE(e, "auth.forbidden", { "permission", S("file.store") });
    return OK;
}

static enum outcome begin(struct http_request *r, struct file_upload *u, struct err *e)
{
    struct file_form form;
    struct file_scope scope = { 0 };
    struct db *db;
    struct store *store = app_of(r)->node->store;
    TRY(read_form(r, &form, e));
    const struct file_thing thing = { form.kind, form.belongs };
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = file_may_add(r, db, &thing, &scope, e);
    store_reader_give(store, db);
    TRY(o);
    *u = (struct file_upload){
        .kind = form.kind,
        .belongs = form.belongs,
        .subject = scope.subject.p ? scope.subject : scope.organisation,
        .organisation = scope.organisation,
        .account = show_actor(r)->account,
        .name = form.name,
        .size = form.size,
    };
    return file_begin(files_of(r), u, e);
}

enum http_state file_post_upload(struct http_request *r)
{
    struct err e = { 0 };
    struct file_upload u;
    if (begin(r, &u, &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 201;
    r->answer.location = arena_printf(r->arena, "/uploads/%s", u.id.text);
    upload_headers(r, &u);
    return HTTP_DONE;
}

/* --- gone on with --- */

/* One's own upload; another's is as unknown as one that is not there. */
static enum outcome own(struct http_request *r, struct file_upload *u, struct err *e)
{
    TRY(file_upload_find(files_of(r), u, http_param(r, "upload"), r->arena, e));
    return str_eq(u->account, show_actor(r)->account) ? OK : REFUSE(e, "file.unknown");
}

enum http_state file_get_upload(struct http_request *r)
{
    struct err e = { 0 };
    struct file_upload u;
    if (own(r, &u, &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 204;
    upload_headers(r, &u);
    return HTTP_DONE;
}

enum http_state file_delete_upload(struct http_request *r)
{
    struct err e = { 0 };
    struct file_upload u;
    if (own(r, &u, &e) != OK || file_cancel(files_of(r), id_str(&u.id), &e) != OK)
        return app_problem(r, &e);
    r->answer.status = 204;
    return HTTP_DONE;
}

static enum http_state stored(struct http_request *r, const struct gate_answer *answer)
{
    const struct str id = http_param(r, "upload");
    (void)answer;
    file_stored(files_of(r), id);
    r->answer.status = 201;
    r->answer.location = arena_printf(r->arena, "/files/%.*s", STR(id));
    return HTTP_DONE;
}

/* The last bytes are there: durable first, then the event. The command's id is the upload's, so
 * that whoever repeats the last step, for want of an answer, gets the same one. */
static enum http_state finish(struct http_request *r)
{
    struct err e = { 0 };
    struct file_store *body = ARENA_NEW(r->arena, struct file_store);
    if (!body)
        (void)!err_no_memory(&e);
    else if (file_finish(files_of(r), body, http_param(r, "upload"), r->arena, &e) == OK)
        return app_command(
            r, &(struct app_command){
                   .name = S("file.store"), .body = body, .id = body->file, .done = stored });
    if (e.outcome == REFUSED && !str_is(str_z(e.code), "file.busy")) {
        struct err ignored = { 0 };
        (void)!file_cancel(files_of(r), http_param(r, "upload"), &ignored);
    }
    return app_problem(r, &e);
}

enum http_state file_patch_upload(struct http_request *r)
{
    struct err e = { 0 };
    struct file_upload u;
    int64_t offset = 0;
    const struct bytes data = { (const uint8_t *)r->body.p, r->body.n };
    enum outcome o = own(r, &u, &e);
    if (o == OK && !str_is(r->media_type, "application/offset+octet-stream"))
        o = REFUSE(&e, "file.header", { "header", S("Content-Type") });
    if (o == OK)
        o = file_header_read(&offset, http_header(r, "Upload-Offset"), "Upload-Offset", &e);
    if (o == OK)
        o = file_append(files_of(r), &u, offset, data, &e);
    if (o != OK)
        return app_problem(r, &e);
    if (u.offset == u.size)
        return finish(r);
    r->answer.status = 204;
    upload_headers(r, &u);
    return HTTP_DONE;
}

/* --- read --- */

/* What its own people stored an organisation sees at its places in the thing, whatever its part
 * sees of others' files. */
static enum outcome own_seen(bool *may, const struct file_rule *rule, struct db *db,
                             const struct actor *who, struct str belongs, struct arena *arena,
                             struct err *e)
{
    struct file_scope scope = { 0 };
    bool found = false;
    TRY(rule->scope(db, belongs, &scope, &found, arena, e));
    const struct actor *here = found ? actor_for(who, scope.product, TIME_NONE, arena) : who;
    if (!here)
        return err_no_memory(e);
    *may = found && file_may(here, rule->permission, &scope);
    return OK;
}

/* The row, for whom its thing's rule lets see it. */
static enum outcome seen(struct http_request *r, struct db *db, struct file_row_out *row,
                         struct err *e)
{
    bool found = false;
    bool may = false;
    const struct actor *who = show_actor(r);
    if (id_valid(http_param(r, "file")))
        TRY(file_find(row, db, http_param(r, "file"), &found, r->arena, e));
    const struct file_rule *rule = found ? file_rule_find(row->kind) : NULL;
    if (rule)
        TRY(rule->see(db, who, row->belongs, &may, r->arena, e));
    if (rule && !may && str_eq(row->organisation, who->organisation))
        TRY(own_seen(&may, rule, db, who, row->belongs, r->arena, e));
    return may ? OK : REFUSE(e, "file.unknown");
}

static enum outcome find(struct http_request *r, struct file_row_out *row, struct err *e)
{
    struct db *db;
    struct store *store = app_of(r)->node->store;
    TRY(store_reader_take(&db, store, e));
    const enum outcome o = seen(r, db, row, e);
    store_reader_give(store, db);
    return o;
}

struct download {
    struct file_reader *reader;
    int64_t from;
    const struct env *env;
};

static ptrdiff_t download_read(void *context, int64_t at, void *out, size_t n)
{
    struct download *d = context;
    struct err e = { 0 };
    size_t got;
    if (file_read(d->reader, d->from + at, out, n, &got, &e) == OK)
        return (ptrdiff_t)got;
    log_err(d->env, "file.download", &e);
    return -1;
}

static void download_free(void *context)
{
    struct download *d = context;
    file_reader_free(d->reader);
    free(d);
}

/* RFC 6266 and 8187: the name in UTF-8, each byte that is no letter or digit encoded. */
static struct str disposition(struct http_request *r, const struct file_type *type, struct str name)
{
    struct buf b = buf_in(r->arena, 4 * FILE_NAME_MAX);
    buf_printf(&b, "%s; filename*=UTF-8''", type->shown ? "inline" : "attachment");
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.')
            buf_char(&b, c);
        else
            buf_printf(&b, "%%%02X", (unsigned)(unsigned char)c);
    }
    return buf_get(&b);
}

static void answer_headers(struct http_request *r, const struct file_row_out *row, struct str name)
{
    const struct file_type *type = file_type_find(row->type);
    BUG_ON(!type); /* rows of the list are never taken away */
    r->answer.media_type = type->media_type;
    header(r, "Content-Disposition", disposition(r, type, name));
    header(r, "Accept-Ranges", S("bytes"));
    header(r, "ETag", arena_printf(r->arena, "\"%.*s\"", STR(row->hash)));
}

static enum http_state unsatisfiable(struct http_request *r, int64_t size)
{
    r->answer = (struct http_answer){ .status = 416, .body = S(""), .no_etag = true };
    header(r, "Content-Range", arena_printf(r->arena, "bytes */%lld", (long long)size));
    return HTTP_DONE;
}

/* What is damaged at the place asked for is a fault before the first byte goes out. */
static enum outcome download(struct http_request *r, const struct file_row_out *row, int64_t from,
                             int64_t n, struct err *e)
{
    uint8_t probe;
    size_t got;
    struct download *d = calloc(1, sizeof *d);
    if (!d)
        return err_no_memory(e);
    *d = (struct download){ .from = from, .env = app_of(r)->node->env };
    enum outcome o = file_open(&d->reader, files_of(r), row, e);
    if (o == OK)
        o = file_read(d->reader, from, &probe, 1, &got, e);
    if (o != OK) {
        download_free(d);
        return o;
    }
    r->answer.made = (struct http_body){
        .size = n,
        .read = download_read,
        .free = download_free,
        .context = d,
    };
    return OK;
}

enum http_state file_get(struct http_request *r)
{
    struct err e = { 0 };
    struct file_row_out row;
    struct str name;
    int64_t from = 0;
    int64_t n = 0;
    bool part = false;
    enum outcome o = find(r, &row, &e);
    if (o == OK)
        o = file_name(&name, look_of(r), &row, &e);
    if (o == OK && !file_range_read(http_header(r, "Range"), row.size, &from, &n, &part))
        return unsatisfiable(r, row.size);
    if (o == OK)
        o = look_note(look_of(r), row.subject, "content", NULL, &e);
    if (o == OK)
        o = download(r, &row, from, n, &e);
    if (o != OK)
        return app_problem(r, &e);
    r->answer.status = part ? 206 : 200;
    answer_headers(r, &row, name);
    if (part)
        header(r, "Content-Range",
               arena_printf(r->arena, "bytes %lld-%lld/%lld", (long long)from,
                            (long long)(from + n - 1), (long long)row.size));
    return HTTP_DONE;
}

enum http_state file_get_about(struct http_request *r)
{
    struct err e = { 0 };
    struct file_row_out row;
    struct str name;
    enum outcome o = find(r, &row, &e);
    if (o == OK)
        o = file_name(&name, look_of(r), &row, &e);
    if (o == OK) {
        const struct file_about about = {
            .file = row.file,
            .kind = row.kind,
            .belongs = row.belongs,
            .name = name,
            .type = row.type,
            .size = row.size,
            .hash = row.hash,
            .stored = row.stored,
            .stored_by = row.stored_by,
        };
        o = show_row(r, &file_about_record, &about, &e);
    }
    return o == OK ? HTTP_DONE : app_problem(r, &e);
}
