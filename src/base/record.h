/* A record is a C struct that knows its own shape. One row per field (name, kind, flags, offset,
 * maximum) is enough to read it from JSON, from a posted form and from a row of the database, to
 * write it canonically, and to print its documentation. Events, commands, rows of queries and
 * definitions are all records: a fact about a field stands in one place.
 *
 * Rows are written in .def files, and two includes make the structs and the tables of them:
 *
 *   RECORD(custody_offer)
 *   FIELD(custody_offer, ID,   unit,  REQUIRED, 0)
 *   FIELD(custody_offer, TEXT, note,  OPTIONAL | SEALED, 400)
 *   END(custody_offer)
 *
 *   #define RECORDS "modules/custody/commands.def"
 *   #include "base/record_structs.h"     in a header: struct custody_offer { … };
 *   #include "base/record_tables.h"      in one .c file: const struct record custody_offer_record
 *
 * LIST(record, item, name, flags, max) is a list of nested records, defined above; ONE(record,
 * item, name, flags) one nested record or none, in C a list of one at most, posted as
 * "name.0.field"; TEXTS(record, name, flags, max) a list of texts. EVENT(…) and COMMAND(…) open a
 * record too (see module.h). */
#ifndef VEIN_BASE_RECORD_H
#define VEIN_BASE_RECORD_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/quantity.h"

enum field_kind {
    FIELD_TEXT,     /* struct str; UTF-8 without control characters but LF and tab */
    FIELD_CODE,     /* struct str; [a-z0-9] then [a-z0-9_.-]*: name of a definition, role, choice */
    FIELD_ID,       /* struct str; canonical UUID */
    FIELD_INT,      /* int64_t; absent is INT_NONE */
    FIELD_BOOL,     /* bool; absent is false */
    FIELD_TIME,     /* int64_t microseconds UTC; RFC 3339 outside; absent is TIME_NONE */
    FIELD_DATE,     /* struct str; YYYY-MM-DD */
    FIELD_DECIMAL,  /* struct decimal; string outside */
    FIELD_QUANTITY, /* struct quantity; "12.5 mL" outside */
    FIELD_HASH,     /* struct str; 64 lower-case hexadecimal digits */
    FIELD_JSON,     /* struct str; canonical JSON, of any type, without reals */
    FIELD_BLOB,     /* struct bytes; padded base64 in JSON, raw in the database */
    FIELD_LIST,     /* struct { const T *p; size_t n; }; JSON array of records */
    FIELD_TEXTS,    /* struct { const struct str *p; size_t n; }; JSON array of strings */
};

#define INT_NONE INT64_MIN

enum field_flag {
    OPTIONAL = 0,
    REQUIRED = 1 << 0, /* must be present and, if text, not empty */
    SEALED = 1 << 1,   /* personal data (TEXT, DATE, JSON): the kernel seals it in events */
    ALONE = 1 << 2,    /* a LIST of one item at most, whose JSON is that item: set by ONE(…) */
    SPOKEN = 1 << 3,   /* words for people, in a definition (TEXT, TEXTS): kernel/words.h */
};

struct record;

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset;
    size_t
        max; /* bytes of text, items of a list; 0: the kind's default (4,000 bytes, 1,000 items) */
    const struct record *item; /* of a FIELD_LIST */
};

struct record {
    const char *name;
    size_t size;
    const struct field *fields;
    size_t nfields;
};

struct record_list {
    const void *p;
    size_t n;
};

enum {
    RECORD_FIELDS_MAX = 64,       /* of one record */
    RECORD_TEXT_MAX = 4000,       /* bytes, where a field's max is 0 */
    RECORD_ITEMS_MAX = 1000,      /* of a list, where its max is 0 */
    RECORD_SEALED_OVERHEAD = 512, /* a sealed text has at most 2 * max + this many bytes */
};

const struct field *record_field(const struct record *r, struct str name);

/* Sets every field to absent. */
void record_clear(const struct record *r, void *out);

/* A copy that shares no memory with the original: texts and lists live in the arena. False when
 * that is exhausted. */
[[nodiscard]] bool record_copy(const struct record *r, void *out, const void *record,
                               struct arena *arena);

/* Reads a JSON object. What is allocated lives in the arena; texts point into what the JSON was
 * read from. null stands for absent (but in a FIELD_JSON, where it is a value). Refusals name the
 * field by its path ("units.2.volume"): "record.unknown_field" {field}, "record.missing" {field},
 * "record.wrong_type" {field, expected}, "record.too_long" {field, max}, "record.malformed"
 * {field, expected}, and those of the kinds' readers, with the field as one more parameter.
 * `expected` is one of the words of record_expected(). */
enum outcome record_from_json(const struct record *r, void *out, struct arena *arena,
                              const struct json *object, struct err *e);

/* The same for a document that a sealer went through: a SEALED field holds the text the sealer
 * gave, of any form, as it stands. Only for what we wrote ourselves with a sealer, never for bytes
 * from outside: record_from_json checks SEALED fields as their kind says. */
enum outcome record_from_sealed_json(const struct record *r, void *out, struct arena *arena,
                                     const struct json *object, struct err *e);

/* Reads posted pairs: names are field names, lists are "units.0.volume" with indices from 0 without
 * gaps, in any order; an empty value counts as absent (an empty item of a TEXTS is left out); a
 * name twice is refused with "record.duplicate_field" {field}, names beginning with "_" are the
 * page's own and passed over. CR LF, as browsers post it, becomes LF. The same refusals. */
struct record_pair {
    struct str name;
    struct str value;
};
enum outcome record_from_pairs(const struct record *r, void *out, struct arena *arena,
                               const struct record_pair *pairs, size_t npairs, struct err *e);

/* One field from its text form, as a form or a database row has it; TEXT and the like are
 * borrowed. Absent text makes the field absent. As rows have it, a TIME may be whole microseconds,
 * a BOOL 0 or 1, a BLOB is raw, and a SEALED field its sealed text; a JSON must be canonical. Not
 * for lists. */
enum outcome record_set_text(const struct field *f, void *record, struct str text, struct err *e);

/* What a kind expects, as refusals name it: "text", "code", "id", "integer", "boolean", "time",
 * "date", "decimal", "quantity", "hash", "json", "base64", "list"; an item may be an "object". */
const char *record_expected(enum field_kind kind);

/* Writes a canonical JSON object: fields in their order, absent ones left out (among them a BOOL
 * that is false, unless REQUIRED). With `sealer`, SEALED fields go through it (see seal.h);
 * without, they are written as they stand. Values are not checked again; whether all had room,
 * the buffer tells. */
struct record_sealer {
    void *context;
    /* Gives the text that stands for plain in the document; path is the field's ("units.2.note").
     * It MUST begin with a letter other than f, n and t, so that it cannot be taken for JSON. */
    enum outcome (*seal)(void *context, struct str *out, struct str path, struct str plain,
                         struct err *e);
};
enum outcome record_to_json(const struct record *r, const void *record, struct json_out *out,
                            const struct record_sealer *sealer, struct err *e);

/* One field's value as text for people and parameters (times in RFC 3339, quantities with unit,
 * "true" and "false", base64); absent when the field is, and for lists. */
struct str record_text(const struct field *f, const void *record, struct arena *arena);

#endif
