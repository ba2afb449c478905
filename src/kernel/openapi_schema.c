/* Shapes of the API: records as JSON schemas, and what all operations share; see openapi.h. */
#include "kernel/openapi_impl.h"

void openapi_pair(struct openapi *d, const char *key, const char *value)
{
    json_key(&d->out, key);
    json_str(&d->out, str_z(value));
}

void openapi_text(struct openapi *d, const char *key, struct str value)
{
    json_key(&d->out, key);
    json_str(&d->out, value);
}

void openapi_open(struct openapi *d, const char *key)
{
    json_key(&d->out, key);
    json_begin_object(&d->out);
}

void openapi_close(struct openapi *d)
{
    json_end(&d->out);
}

struct str openapi_english(const char *key)
{
    const struct str text = text_find(S("en"), str_z(key));
    return text.p ? text : S("");
}

/* --- schemas of records --- */

void openapi_ref(struct openapi *d, const struct record *record)
{
    size_t i = 0;
    while (i < d->nrecords && d->record[i] != record)
        i++;
    BUG_ON(i == OPENAPI_RECORDS_MAX);
    if (i == d->nrecords)
        d->record[d->nrecords++] = record;
    openapi_text(d, "$ref", arena_printf(d->arena, "#/components/schemas/%s", record->name));
}

/* How a kind stands in JSON. */
static const struct {
    const char *type;
    const char *format;
    const char *pattern;
} kinds[] = {
    [FIELD_TEXT] = { "string", NULL, NULL },
    [FIELD_CODE] = { "string", NULL, "^[a-z0-9][a-z0-9_.-]*$" },
    [FIELD_ID] = { "string", "uuid",
                   "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" },
    [FIELD_INT] = { "integer", "int64", NULL },
    [FIELD_BOOL] = { "boolean", NULL, NULL },
    [FIELD_TIME] = { "string", "date-time", NULL },
    [FIELD_DATE] = { "string", "date", NULL },
    [FIELD_DECIMAL] = { "string", NULL, "^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$" },
    [FIELD_QUANTITY] = { "string", NULL, "^[+-]?[0-9]" },
    [FIELD_HASH] = { "string", NULL, "^[0-9a-f]{64}$" },
    [FIELD_JSON] = { NULL, NULL, NULL },
    [FIELD_BLOB] = { "string", NULL, NULL },
    [FIELD_LIST] = { "array", NULL, NULL },
    [FIELD_TEXTS] = { "array", NULL, NULL },
};

static void put_items(struct openapi *d, const struct field *f)
{
    json_key(&d->out, "maxItems");
    json_int(&d->out, (int64_t)(f->max ? f->max : RECORD_ITEMS_MAX));
    openapi_open(d, "items");
    if (f->item)
        openapi_ref(d, f->item);
    else
        openapi_pair(d, "type", "string");
    openapi_close(d);
}

static void put_field(struct openapi *d, const struct field *f)
{
    openapi_open(d, f->name);
    if (f->flags & ALONE) { /* its JSON is the one item itself */
        openapi_ref(d, f->item);
        openapi_close(d);
        return;
    }
    if (kinds[f->kind].type)
        openapi_pair(d, "type", kinds[f->kind].type);
    if (kinds[f->kind].format)
        openapi_pair(d, "format", kinds[f->kind].format);
    if (kinds[f->kind].pattern)
        openapi_pair(d, "pattern", kinds[f->kind].pattern);
    if (f->kind == FIELD_BLOB)
        openapi_pair(d, "contentEncoding", "base64");
    if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS)
        put_items(d, f);
    if (f->max > 0 && (f->kind == FIELD_TEXT || f->kind == FIELD_CODE)) {
        json_key(&d->out, "maxLength"); /* of bytes, and so of characters */
        json_int(&d->out, (int64_t)f->max);
    }
    if (f->kind == FIELD_QUANTITY)
        openapi_text(d, "description", openapi_english("api.quantity"));
    if (f->flags & SEALED) {
        openapi_text(d, "description", openapi_english("api.sealed"));
        json_key(&d->out, "x-sealed");
        json_bool(&d->out, true);
    }
    openapi_close(d);
}

void openapi_required(struct openapi *d, const struct record *record)
{
    json_key(&d->out, "required");
    json_begin_array(&d->out);
    for (size_t i = 0; i < record->nfields; i++)
        if (record->fields[i].flags & REQUIRED)
            json_str(&d->out, str_z(record->fields[i].name));
    json_end(&d->out);
}

void openapi_fields(struct openapi *d, const struct record *record)
{
    for (size_t i = 0; i < record->nfields; i++)
        put_field(d, &record->fields[i]);
}

static void put_record(struct openapi *d, const struct record *record)
{
    openapi_open(d, record->name);
    openapi_pair(d, "type", "object");
    openapi_open(d, "properties");
    openapi_fields(d, record);
    openapi_close(d);
    openapi_required(d, record);
    json_key(&d->out, "additionalProperties");
    json_bool(&d->out, false);
    openapi_close(d);
}

static void openapi_rows(struct openapi *d, const struct record *record)
{
    openapi_pair(d, "type", "object");
    openapi_open(d, "properties");
    openapi_open(d, "rows");
    openapi_pair(d, "type", "array");
    json_key(&d->out, "maxItems");
    json_int(&d->out, 200);
    openapi_open(d, "items");
    openapi_ref(d, record);
    openapi_close(d);
    openapi_close(d);
    openapi_open(d, "next");
    openapi_pair(d, "type", "string");
    openapi_text(d, "description", openapi_english("api.next"));
    openapi_close(d);
    openapi_close(d);
    json_key(&d->out, "required");
    json_begin_array(&d->out);
    json_str(&d->out, S("rows"));
    json_end(&d->out);
    json_key(&d->out, "additionalProperties");
    json_bool(&d->out, false);
}

void openapi_example(struct openapi *d, struct str json)
{
    if (json.n == 0)
        return;
    openapi_open(d, "examples");
    openapi_open(d, "recorded");
    json_key(&d->out, "value");
    json_raw(&d->out, json);
    openapi_close(d);
    openapi_close(d);
}

void openapi_content(struct openapi *d, const char *media_type, const struct record *rows,
                     const struct record *row, struct str example)
{
    openapi_open(d, media_type);
    openapi_open(d, "schema");
    if (rows)
        openapi_rows(d, rows);
    else if (row)
        openapi_ref(d, row);
    else if (strcmp(media_type, "application/json") != 0)
        openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_example(d, example);
    openapi_close(d);
}

/* --- components --- */

static void put_header_parameter(struct openapi *d, const char *name, const char *text,
                                 bool required)
{
    openapi_open(d, name);
    openapi_pair(d, "name", name);
    openapi_pair(d, "in", "header");
    openapi_text(d, "description", openapi_english(text));
    json_key(&d->out, "required");
    json_bool(&d->out, required);
    openapi_open(d, "schema");
    openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_close(d);
}

static void put_header(struct openapi *d, const char *name, const char *text)
{
    openapi_open(d, name);
    openapi_text(d, "description", openapi_english(text));
    openapi_open(d, "schema");
    openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_close(d);
}

static void put_problem_schema(struct openapi *d)
{
    static const char *const words[] = { "type", "title", "detail", "code", "hint" };
    openapi_open(d, "problem");
    openapi_pair(d, "type", "object");
    openapi_open(d, "properties");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        openapi_open(d, words[i]);
        openapi_pair(d, "type", "string");
        openapi_close(d);
    }
    openapi_open(d, "status");
    openapi_pair(d, "type", "integer");
    openapi_close(d);
    openapi_open(d, "errors");
    openapi_pair(d, "type", "array");
    openapi_open(d, "items");
    openapi_pair(d, "type", "object");
    openapi_open(d, "properties");
    openapi_open(d, "detail");
    openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_open(d, "pointer");
    openapi_pair(d, "type", "string");
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    json_key(&d->out, "required");
    json_begin_array(&d->out);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        json_str(&d->out, str_z(words[i]));
    json_str(&d->out, S("status"));
    json_end(&d->out);
    openapi_close(d);
}

static void put_security(struct openapi *d)
{
    openapi_open(d, "securitySchemes");
    openapi_open(d, "session");
    openapi_pair(d, "type", "apiKey");
    openapi_pair(d, "in", "cookie");
    openapi_pair(d, "name", "__Host-vein");
    openapi_text(d, "description", openapi_english("api.session"));
    openapi_close(d);
    openapi_open(d, "token");
    openapi_pair(d, "type", "apiKey");
    openapi_pair(d, "in", "header");
    openapi_pair(d, "name", "X-CSRF-Token");
    openapi_text(d, "description", openapi_english("api.token"));
    openapi_close(d);
    openapi_open(d, "key");
    openapi_pair(d, "type", "http");
    openapi_pair(d, "scheme", "bearer");
    openapi_text(d, "description", openapi_english("api.bearer"));
    openapi_close(d);
    openapi_close(d);
}

void openapi_components(struct openapi *d)
{
    openapi_open(d, "components");
    openapi_open(d, "schemas");
    put_problem_schema(d);
    for (size_t i = 0; i < d->nrecords; i++) /* which may name more */
        put_record(d, d->record[i]);
    openapi_close(d);
    openapi_open(d, "parameters");
    put_header_parameter(d, "Idempotency-Key", "api.key", false);
    put_header_parameter(d, "If-Match", "api.if_match", false);
    put_header_parameter(d, "If-None-Match", "api.if_none_match", false);
    openapi_close(d);
    openapi_open(d, "headers");
    put_header(d, "ETag", "api.etag");
    put_header(d, "RateLimit", "api.rate");
    openapi_close(d);
    openapi_open(d, "responses");
    openapi_open(d, "problem");
    openapi_text(d, "description", openapi_english("api.problem"));
    openapi_open(d, "content");
    openapi_open(d, "application/problem+json");
    openapi_open(d, "schema");
    openapi_pair(d, "$ref", "#/components/schemas/problem");
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    openapi_close(d);
    put_security(d);
    openapi_close(d);
}
