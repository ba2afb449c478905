/* Forms that hold files (multipart/form-data, RFC 7578), read as they come: what is typed is kept
 * as a form's pairs, files go to the application piece by piece, so that none is held whole.
 * libmicrohttpd's post processor finds the parts; here is what they may be. */
#include "kernel/http_impl.h"

#include <stdlib.h>

enum { PART_BUFFER = 8 << 10, PART_NAME_MAX = 200 };

struct http_parts {
    struct http_request *request;
    const struct http_options *options;
    struct MHD_PostProcessor *post;
    struct record_pair *pairs;
    size_t npairs;
    struct buf value; /* of the pair that is read */
    size_t typed;     /* bytes of all values */
    struct str name;  /* of the part that is read; absent: none yet */
    uint64_t came;    /* bytes of it */
    struct http_file file;
    bool checked; /* the form so far may send files */
    enum outcome outcome;
    struct err error;
};

static bool good_text(struct str s)
{
    return str_utf8_valid(s) && (s.n == 0 || !memchr(s.p, '\0', s.n));
}

static enum outcome pair_end(struct http_parts *x, struct err *e)
{
    struct arena *a = x->request->arena;
    const struct str value = arena_str(a, buf_get(&x->value));
    TRY(buf_check(&x->value, e));
    if (!value.p)
        return err_no_memory(e);
    if (!good_text(value))
        return REFUSE(e, "http.malformed_form");
    if (x->npairs == HTTP_PAIRS_MAX)
        return REFUSE(e, "http.too_many_pairs");
    x->pairs[x->npairs++] = (struct record_pair){ x->name, value };
    x->request->form = x->pairs;
    x->request->nform = x->npairs;
    return OK;
}

static enum outcome part_end(struct http_parts *x, struct err *e)
{
    enum outcome o = OK;
    if (x->file.field.p)
        o = x->options->file(x->request, &x->file, (struct bytes){ (const uint8_t *)"", 0 }, true,
                             e);
    else if (x->name.p)
        o = pair_end(x, e);
    x->name = (struct str){ 0 };
    x->file = (struct http_file){ 0 };
    x->came = 0;
    buf_free(&x->value);
    return o;
}

/* The session's token stands before the files, as pages write it: what has none leaves nothing. */
static enum outcome file_begin_check(struct http_parts *x, struct err *e)
{
    if (!x->checked && x->options->check)
        TRY(x->options->check(x->request, e));
    x->checked = true;
    return OK;
}

static enum outcome part_begin(struct http_parts *x, const char *name, const char *file,
                               struct err *e)
{
    struct arena *a = x->request->arena;
    const struct str key = name ? str_z(name) : S("");
    if (key.n == 0 || key.n > PART_NAME_MAX || !good_text(key))
        return REFUSE(e, "http.malformed_form");
    x->name = arena_str(a, key);
    if (file)
        x->file = (struct http_file){ x->name, arena_str(a, str_z(file)) };
    else
        x->value = buf_new(x->request->route->body_max);
    if (arena_exhausted(a))
        return err_no_memory(e);
    return file ? file_begin_check(x, e) : OK;
}

static bool goes_on(const struct http_parts *x, const char *name, const char *file, uint64_t at)
{
    if (!x->name.p || !name || !str_is(x->name, name))
        return false;
    if ((file != NULL) != (x->file.field.p != NULL))
        return false;
    /* The first call for a part may come without bytes. */
    return at > 0 || (x->came == 0 && (!file || str_is(x->file.name, file)));
}

static enum outcome take(struct http_parts *x, const char *name, const char *file,
                         struct bytes data, uint64_t at, struct err *e)
{
    if (!goes_on(x, name, file, at)) {
        TRY(part_end(x, e));
        TRY(part_begin(x, name, file, e));
    }
    x->came += data.n;
    if (x->file.field.p)
        return data.n > 0 ? x->options->file(x->request, &x->file, data, false, e) : OK;
    x->typed += data.n;
    if (x->typed > x->request->route->body_max)
        return http_body_too_large(x->request->route->body_max, e);
    buf_put(&x->value, data.p, data.n);
    return OK;
}

static enum MHD_Result on_part(void *context, enum MHD_ValueKind kind, const char *name,
                               const char *file, const char *type, const char *coding,
                               const char *data, uint64_t at, size_t n)
{
    struct http_parts *x = context;
    const struct bytes bytes = { (const uint8_t *)data, n };
    (void)kind;
    (void)type; /* what the content is, its own bytes tell */
    (void)coding;
    x->outcome = take(x, name, file, bytes, at, &x->error);
    return x->outcome == OK ? MHD_YES : MHD_NO;
}

enum outcome http_parts_new(struct http_parts **out, struct http_exchange *exchange, struct err *e)
{
    struct http_request *r = &exchange->request;
    struct http_parts *x = calloc(1, sizeof *x);
    *out = x;
    if (!x)
        return err_no_memory(e);
    x->request = r;
    x->options = &exchange->server->options;
    x->pairs = ARENA_ARRAY(r->arena, HTTP_PAIRS_MAX, struct record_pair);
    if (!x->pairs)
        return err_no_memory(e);
    x->post = MHD_create_post_processor(exchange->connection, PART_BUFFER, on_part, x);
    return x->post ? OK : REFUSE(e, "http.malformed_form");
}

void http_parts_take(struct http_parts *x, const char *data, size_t n)
{
    if (x->outcome != OK || n == 0)
        return; /* the rest is passed over: an answer may only follow the whole body */
    if (MHD_post_process(x->post, data, n) != MHD_YES && x->outcome == OK)
        x->outcome = REFUSE(&x->error, "http.malformed_form");
}

enum outcome http_parts_end(struct http_parts *x, struct err *e)
{
    const bool whole = MHD_destroy_post_processor(x->post) == MHD_YES;
    x->post = NULL;
    if (x->outcome == OK && !whole)
        x->outcome = REFUSE(&x->error, "http.malformed_form");
    if (x->outcome == OK)
        x->outcome = part_end(x, &x->error);
    *e = x->error;
    return x->outcome;
}

void http_parts_free(struct http_parts *x)
{
    if (!x)
        return;
    if (x->post)
        (void)MHD_destroy_post_processor(x->post);
    buf_free(&x->value);
    free(x);
}
