/* OpenAPI 3.1 from the tables; see openapi.h. Paths first, which note the records that they name;
 * then the schemas of these. */
#include "kernel/openapi_impl.h"

#include "kernel/http_impl.h"

/* --- parts of an operation --- */

static void put_ref(struct openapi *d, const char *kind, const char *name)
{
    json_begin_object(&d->out);
    openapi_text(d, "$ref", arena_printf(d->arena, "#/components/%s/%s", kind, name));
    openapi_close(d);
}

static void put_parameter(struct openapi *d, const char *in, struct str name)
{
    json_begin_object(&d->out);
    openapi_text(d, "name", name);
    openapi_pair(d, "in", in);
    if (strcmp(in, "path") == 0) {
        json_key(&d->out, "required");
        json_bool(&d->out, true);
    }
    openapi_open(d, "schema");
    openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_close(d);
}

/* "{rest*}" stands in the document as "{rest}". */
static struct str path_of(struct openapi *d, const char *path, bool name_parameters)
{
    struct buf b = buf_in(d->arena, HTTP_TARGET_MAX);
    struct str rest = str_from(str_z(path), 1);
    while (rest.p) {
        struct str segment = str_cut(&rest, '/');
        const bool param = segment.n > 2 && segment.p[0] == '{';
        buf_char(&b, '/');
        if (!param) {
            buf_str(&b, segment);
            continue;
        }
        segment = (struct str){ segment.p + 1, segment.n - 2 };
        if (str_ends(segment, S("*")))
            segment.n--;
        buf_printf(&b, "{%.*s}", STR(segment));
        if (name_parameters)
            put_parameter(d, "path", segment);
    }
    return buf_get(&b);
}

static void put_query(struct openapi *d, const struct route *route)
{
    struct str rest = route->query ? str_z(route->query) : (struct str){ 0 };
    while (rest.p)
        put_parameter(d, "query", str_cut(&rest, ' '));
}

static void put_problems(struct openapi *d, const char *access)
{
    static const char *const always[] = { "400", "404", "429", "503", "default" };
    static const char *const known[] = { "401", "403" };
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        json_key(&d->out, always[i]);
        put_ref(d, "responses", "problem");
    }
    for (size_t i = 0; i < 2 && strcmp(access, "public") != 0; i++) {
        json_key(&d->out, known[i]);
        put_ref(d, "responses", "problem");
    }
}

static void put_scheme(struct openapi *d, const char *name)
{
    json_key(&d->out, name);
    json_begin_array(&d->out);
    json_end(&d->out);
}

/* A session, with its token where something changes; or a key alone. */
static void put_security(struct openapi *d, bool writes)
{
    json_key(&d->out, "security");
    json_begin_array(&d->out);
    json_begin_object(&d->out);
    put_scheme(d, "session");
    if (writes)
        put_scheme(d, "token");
    openapi_close(d);
    json_begin_object(&d->out);
    put_scheme(d, "key");
    openapi_close(d);
    json_end(&d->out);
}

static void put_access(struct openapi *d, const char *access, bool writes)
{
    openapi_pair(d, "x-permission", access);
    if (strcmp(access, "public") == 0) {
        json_key(&d->out, "security");
        json_begin_array(&d->out);
        json_end(&d->out);
    } else if (writes) {
        put_security(d, true);
    }
}

/* --- reads --- */

/* What a read answers with. */
static void put_read_content(struct openapi *d, const struct route *route)
{
    const bool api = str_starts(str_z(route->path), S("/api/"));
    const char *media = route->media_type;
    struct example_read x = { 0 };
    (void)example_read(&x, str_z(route->path));
    openapi_open(d, "content");
    if (route->rows || route->row)
        openapi_content(d, "application/json", route->rows, route->row, x.answer);
    /* A file is of its own type. */
    if (media)
        openapi_content(d, strcmp(media, "application/octet-stream") == 0 ? "*/*" : media, NULL,
                        NULL, str_is(x.media_type, media) ? x.answer : S(""));
    /* Documents of their own shape are what a page shows, but for those that machines watch. */
    const bool watched = strcmp(route->path, "/health") == 0 || strcmp(route->path, "/ready") == 0;
    const bool page = !api && (!media || (strcmp(media, "application/json") == 0 && !watched));
    if (page)
        openapi_content(d, "text/html", NULL, NULL, S(""));
    openapi_close(d);
}

static void put_read(struct openapi *d, const struct route *route)
{
    const bool empty = route->media_type && !route->media_type[0];
    openapi_open(d, "responses");
    openapi_open(d, empty ? "204" : "200");
    openapi_text(d, "description", openapi_english(route->help));
    openapi_open(d, "headers");
    if (!route->ask) {
        json_key(&d->out, "ETag");
        put_ref(d, "headers", "ETag");
    }
    json_key(&d->out, "RateLimit");
    put_ref(d, "headers", "RateLimit");
    openapi_close(d);
    if (!empty)
        put_read_content(d, route);
    openapi_close(d);
    openapi_open(d, route->ask ? "303" : "304");
    openapi_text(d, "description", openapi_english(route->ask ? "api.found" : "api.not_modified"));
    openapi_close(d);
    put_problems(d, route->access);
    openapi_close(d);
}

/* A form of a page: its fields are those of the command that it sends. An upload that goes on has
 * bytes for a body (file_pages.h), and is answered by headers. */
static void put_change(struct openapi *d, const struct route *route)
{
    const bool form = strcmp(route->method, "POST") == 0;
    if (form || route->body_max > 0) {
        openapi_open(d, "requestBody");
        openapi_open(d, "content");
        openapi_open(d, form ? "application/x-www-form-urlencoded"
                             : "application/offset+octet-stream");
        openapi_open(d, "schema");
        openapi_pair(d, "type", form ? "object" : "string");
        openapi_close(d);
        openapi_close(d);
        openapi_close(d);
        openapi_close(d);
    }
    openapi_open(d, "responses");
    openapi_open(d, form ? "303" : "204");
    openapi_text(d, "description", openapi_english("api.done"));
    openapi_close(d);
    put_problems(d, route->access);
    openapi_close(d);
}

/* What a POST that only reads asks for. */
static void put_ask(struct openapi *d, const struct route *route)
{
    openapi_open(d, "requestBody");
    json_key(&d->out, "required");
    json_bool(&d->out, true);
    openapi_open(d, "content");
    openapi_content(d, "application/json", NULL, route->ask, S(""));
    openapi_open(d, "application/x-www-form-urlencoded"); /* with the session's token besides */
    openapi_open(d, "schema");
    openapi_pair(d, "type", "object");
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
}

/* As OpenAPI names it. */
static const char *method_of(const struct route *route)
{
    static const char *const names[][2] = { { "GET", "get" },
                                            { "PATCH", "patch" },
                                            { "DELETE", "delete" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(route->method, names[i][0]) == 0)
            return names[i][1];
    return "post";
}

static void put_route(struct openapi *d, const struct route *route)
{
    const bool read = strcmp(route->method, "GET") == 0;
    openapi_open(d, method_of(route));
    openapi_text(d, "summary", openapi_english(route->help));
    put_access(d, route->access, !read);
    json_key(&d->out, "parameters");
    json_begin_array(&d->out);
    (void)path_of(d, route->path, true);
    put_query(d, route);
    if (read)
        put_ref(d, "parameters", "If-None-Match");
    json_end(&d->out);
    if (route->ask)
        put_ask(d, route);
    if (read || route->ask)
        put_read(d, route);
    else
        put_change(d, route);
    openapi_close(d);
}

/* --- commands --- */

/* What a signature takes beside the body: sign.h. */
static void put_proof(struct openapi *d)
{
    static const char *const members[][2] = {
        { "_shown", "api.shown" },
        { "_login", "api.proof_login" },
        { "_password", "api.proof_password" },
        { "_code", "api.proof_code" },
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        openapi_open(d, members[i][0]);
        openapi_pair(d, "type", "string");
        openapi_text(d, "description", openapi_english(members[i][1]));
        openapi_close(d);
    }
}

static void put_meta(struct openapi *d, const struct command_type *type)
{
    openapi_open(d, "_id");
    openapi_pair(d, "type", "string");
    openapi_pair(d, "format", "uuid");
    openapi_text(d, "description", openapi_english("api.id"));
    openapi_close(d);
    openapi_open(d, "_reason");
    openapi_pair(d, "type", "string");
    json_key(&d->out, "maxLength");
    json_int(&d->out, 1000);
    openapi_text(
        d, "description",
        openapi_english(type->flags & COMMAND_NEEDS_REASON ? "api.reason_needed" : "api.reason"));
    openapi_close(d);
    openapi_open(d, "_happened");
    openapi_pair(d, "type", "string");
    openapi_pair(d, "format", "date-time");
    openapi_text(d, "description", openapi_english("api.happened"));
    openapi_close(d);
    if (type->flags & COMMAND_SIGNED)
        put_proof(d);
}

static void put_body(struct openapi *d, const struct command_type *type,
                     const struct example_command *x)
{
    openapi_open(d, "requestBody");
    json_key(&d->out, "required");
    json_bool(&d->out, true);
    openapi_open(d, "content");
    openapi_open(d, "application/json");
    openapi_open(d, "schema");
    openapi_pair(d, "type", "object");
    openapi_open(d, "properties");
    openapi_fields(d, type->body);
    put_meta(d, type);
    openapi_close(d);
    openapi_required(d, type->body);
    json_key(&d->out, "additionalProperties");
    json_bool(&d->out, false);
    openapi_close(d);
    openapi_example(d, example_command_body(x, d->arena));
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
}

static void put_command_answers(struct openapi *d, const struct command_type *type,
                                const struct example_command *x)
{
    static const char *const refused[] = { "409", "412", "413", "422" };
    openapi_open(d, "responses");
    openapi_open(d, "200");
    openapi_text(d, "description", openapi_english("api.accepted"));
    openapi_open(d, "content");
    openapi_open(d, "application/json");
    openapi_open(d, "schema");
    if (type->answer) {
        openapi_ref(d, type->answer);
    } else {
        openapi_pair(d, "type", "object");
        json_key(&d->out, "additionalProperties");
        json_bool(&d->out, false);
    }
    openapi_close(d);
    openapi_example(d, x->answer);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    put_problems(d, "signed_in");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        json_key(&d->out, refused[i]);
        put_ref(d, "responses", "problem");
    }
    openapi_close(d);
}

/* Refusals that this command alone may be answered with; their words stand in "x-refusals". */
static void put_refused(struct openapi *d, const struct example_command *x)
{
    struct str codes = x->refusals;
    json_key(&d->out, "x-refused");
    json_begin_array(&d->out);
    while (codes.n > 0)
        json_str(&d->out, str_cut(&codes, ' '));
    json_end(&d->out);
}

static void put_command(struct openapi *d, const struct command_type *type)
{
    struct str key = arena_printf(d->arena, "command.%s", type->name);
    struct example_command x = { 0 };
    (void)example_command(&x, str_z(type->name));
    json_key_str(&d->out, arena_printf(d->arena, "/commands/%s", type->name));
    json_begin_object(&d->out);
    openapi_open(d, "post");
    openapi_pair(d, "operationId", type->name);
    openapi_text(d, "summary", openapi_english(key.p));
    put_access(d, type->name, true);
    if (type->flags & COMMAND_NEEDS_REASON) {
        json_key(&d->out, "x-needs-reason");
        json_bool(&d->out, true);
    }
    if (type->flags & COMMAND_SIGNED) {
        json_key(&d->out, "x-signed");
        json_bool(&d->out, true);
    }
    json_key(&d->out, "parameters");
    json_begin_array(&d->out);
    put_ref(d, "parameters", "Idempotency-Key");
    put_ref(d, "parameters", "If-Match");
    json_end(&d->out);
    put_refused(d, &x);
    put_body(d, type, &x);
    put_command_answers(d, type, &x);
    openapi_close(d);
    openapi_close(d);
}

/* --- paths --- */

/* One path with the methods that its rows give; a row whose path stood before is passed over. */
static bool path_is_new(const struct openapi *d, size_t module, size_t row)
{
    const char *path = d->modules[module]->routes[row].path;
    for (size_t m = 0; m <= module; m++)
        for (size_t i = 0; i < d->modules[m]->nroutes && (m < module || i < row); i++)
            if (strcmp(d->modules[m]->routes[i].path, path) == 0)
                return false;
    return true;
}

static void put_path(struct openapi *d, const char *path)
{
    json_key_str(&d->out, path_of(d, path, false));
    json_begin_object(&d->out);
    for (size_t m = 0; m < d->nmodules; m++)
        for (size_t i = 0; i < d->modules[m]->nroutes; i++)
            if (strcmp(d->modules[m]->routes[i].path, path) == 0)
                put_route(d, &d->modules[m]->routes[i]);
    openapi_close(d);
}

/* The row of all commands stands for each of them by name. */
static void put_paths(struct openapi *d)
{
    openapi_open(d, "paths");
    for (size_t m = 0; m < d->nmodules; m++)
        for (size_t i = 0; i < d->modules[m]->nroutes; i++) {
            const char *path = d->modules[m]->routes[i].path;
            if (strcmp(path, "/commands/{name}") != 0 && path_is_new(d, m, i))
                put_path(d, path);
        }
    for (size_t m = 0; m < d->nmodules; m++)
        for (size_t i = 0; i < d->modules[m]->ncommands; i++)
            put_command(d, d->modules[m]->commands[i]);
    openapi_close(d);
}

/* Each code that a problem may have, with its text and what to do. */
static void put_refusals(struct openapi *d)
{
    openapi_open(d, "x-refusals");
    for (size_t i = 0; i < text_rows_count; i++) {
        const struct text_row *row = &text_rows[i];
        const struct str key = str_z(row->key);
        if (strcmp(row->language, "en") != 0 || !str_starts(key, S("refusal.")) ||
            str_ends(key, S(".hint")))
            continue;
        json_key_str(&d->out, str_from(key, sizeof "refusal." - 1));
        json_begin_object(&d->out);
        openapi_pair(d, "detail", row->text);
        openapi_text(d, "hint", openapi_english(arena_printf(d->arena, "%s.hint", row->key).p));
        openapi_close(d);
    }
    openapi_close(d);
}

enum outcome openapi_write(struct buf *out, const struct module *const *modules, size_t n,
                           struct arena *arena, struct err *e)
{
    struct openapi *d = ARENA_NEW(arena, struct openapi);
    if (!d)
        return err_no_memory(e);
    *d = (struct openapi){ json_out(out), arena, modules, n, { NULL }, 0 };
    json_begin_object(&d->out);
    openapi_pair(d, "openapi", "3.1.0");
    openapi_open(d, "info");
    openapi_pair(d, "title", "vein");
    openapi_pair(d, "version", "1");
    openapi_text(d, "description", openapi_english("api.description"));
    openapi_close(d);
    put_security(d, false);
    put_paths(d);
    openapi_components(d);
    put_refusals(d);
    openapi_close(d);
    return buf_check(out, e);
}
