/* What the parts of the description share: openapi.c writes operations, openapi_schema.c the shapes
 * that they name. */
#ifndef VEIN_KERNEL_OPENAPI_IMPL_H
#define VEIN_KERNEL_OPENAPI_IMPL_H

#include "kernel/example.h"
#include "kernel/openapi.h"
#include "kernel/text.h"

enum { OPENAPI_RECORDS_MAX = 400 };

struct openapi {
    struct json_out out;
    struct arena *arena;
    const struct module *const *modules;
    size_t nmodules;
    const struct record *record[OPENAPI_RECORDS_MAX]; /* those named so far, each once */
    size_t nrecords;
};

void openapi_pair(struct openapi *d, const char *key, const char *value);
void openapi_text(struct openapi *d, const char *key, struct str value);
/* "key":{ and the end of what is open. */
void openapi_open(struct openapi *d, const char *key);
void openapi_close(struct openapi *d);
/* The catalogue's text; empty where there is none. */
struct str openapi_english(const char *key);

/* "$ref" to the record's schema, which openapi_components writes. */
void openapi_ref(struct openapi *d, const struct record *record);
/* The members of "properties", and "required". */
void openapi_fields(struct openapi *d, const struct record *record);
void openapi_required(struct openapi *d, const struct record *record);
/* A media type with its schema: rows of a record, a record, or (both NULL) what it is called; and
 * a worked example of it, JSON, where there is one. */
void openapi_content(struct openapi *d, const char *media_type, const struct record *rows,
                     const struct record *row, struct str example);
/* "examples" of a media type; nothing for an empty one. */
void openapi_example(struct openapi *d, struct str json);
void openapi_components(struct openapi *d);

#endif
