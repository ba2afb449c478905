/* What the parts of record share: the path of a field, and how one value is taken from its text. */
#ifndef VEIN_BASE_RECORD_IMPL_H
#define VEIN_BASE_RECORD_IMPL_H

#include "base/record.h"

/* One step from the outermost record to a field; the steps stand on the stack of their reader. */
struct record_path {
    const struct record_path *up; /* NULL: the outermost */
    struct str name;              /* absent: an item of a list */
    size_t index;
};

/* "units.2.volume". What no field's name may hold, as a stranger may send it, becomes '?'. */
void record_path_write(struct buf *b, const struct record_path *path);

/* Bytes of the longest value that is not text: a decimal, a blank and a unit of the table. */
enum {
    RECORD_VALUE_MAX = 160,
    RECORD_JSON_DEPTH_MAX = 24, /* of a field of JSON; events nest it in payload and envelope */
};

/* Where a text comes from, which decides what is taken. */
enum record_source {
    RECORD_OUTSIDE, /* a person, a partner: everything is checked */
    RECORD_SEALED,  /* our own document: SEALED fields hold what the sealer gave */
    RECORD_STORED,  /* our own row: the same, and times and booleans as numbers */
};

struct record_reader {
    struct arena *arena;
    enum record_source source;
    struct err *e;
};

/* Refuses with the path as parameter "field"; name is that of the second one, or NULL. */
enum outcome record_refuse(const struct record_reader *rd, const char *code,
                           const struct record_path *path, const char *name, const char *value);
enum outcome record_refuse_long(const struct record_reader *rd, const struct record_path *path,
                                size_t max);
enum outcome record_refuse_malformed(const struct record_reader *rd, const struct record_path *path,
                                     enum field_kind kind);

/* Sets a field that is no list from its text, which is borrowed. */
enum outcome record_set_value(const struct record_reader *rd, const struct field *f, void *record,
                              struct str text, const struct record_path *path);

/* Sets a FIELD_JSON to a value in canonical form, made in the arena. */
enum outcome record_set_json(const struct record_reader *rd, const struct field *f, void *record,
                             const struct json *value, const struct record_path *path);

/* "record.missing" for the first REQUIRED field that is not among `seen`, a bit per field, or is
 * empty text. */
enum outcome record_check_required(const struct record_reader *rd, const struct record *r,
                                   const void *record, uint64_t seen, const struct record_path *up);

/* The value as text into b, for a field that is present and no list. */
void record_value_write(struct buf *b, const struct field *f, const void *record);
bool record_present(const struct field *f, const void *record);

static inline bool record_holds_str(enum field_kind kind)
{
    return kind == FIELD_TEXT || kind == FIELD_CODE || kind == FIELD_ID || kind == FIELD_DATE ||
           kind == FIELD_HASH || kind == FIELD_JSON;
}

static inline const void *record_at(const struct field *f, const void *record)
{
    return (const char *)record + f->offset;
}

static inline void *record_slot(const struct field *f, void *record)
{
    return (char *)record + f->offset;
}

static inline size_t record_max(const struct field *f)
{
    if (f->max > 0)
        return f->max;
    return f->kind == FIELD_LIST || f->kind == FIELD_TEXTS ? RECORD_ITEMS_MAX : RECORD_TEXT_MAX;
}

/* The most text that a field may hold in our own documents and rows. */
static inline size_t record_text_max(const struct record_reader *rd, const struct field *f)
{
    bool sealed = (f->flags & SEALED) != 0 && rd->source != RECORD_OUTSIDE;
    return sealed ? 2 * record_max(f) + RECORD_SEALED_OVERHEAD : record_max(f);
}

#endif
