/* Strict JSON (RFC 8259) and its canonical writer.
 *
 * The reader refuses duplicate keys, bad UTF-8, lone surrogates, control characters, anything
 * behind the value, depth and counts beyond the limits; it keeps numbers as the text they came in,
 * so that 1.10 stays 1.10. The tree lives in an arena and points into the input where it can.
 *
 * The canonical writer writes no blanks, keys in the order given, integers and strings only
 * (decimals are strings), and escapes exactly what must be: \" \\ \b \f \n \r \t and \u00xx. */
#ifndef VEIN_BASE_JSON_H
#define VEIN_BASE_JSON_H

#include "base/buf.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    struct str text;          /* string: decoded; number: as written; else absent */
    struct str raw;           /* the bytes of this value in the input */
    struct str key;           /* when the member of an object: decoded */
    size_t count;             /* members of an object, items of an array */
    const struct json *child; /* the first */
    const struct json *next;  /* the following sibling */
};

struct json_limits {
    size_t bytes;  /* of the whole text */
    size_t depth;  /* nesting */
    size_t values; /* of all kinds together */
};
extern const struct json_limits json_limits_default; /* 1 MiB, 32, 100,000 */
enum { JSON_DEPTH_MAX = 64 };                        /* no limit's depth is above this */

/* Reads text as one JSON value. Refusals: "json.syntax" {line, column, expected},
 * "json.duplicate_key" {line, column}, "json.encoding" {line, column}, "json.too_large" {max},
 * "json.too_deep" {max}. Lines and columns start at 1, columns count bytes.
 *
 * The text must outlive the tree. The arena gives about 80 bytes a value, and the text's length
 * again at most: one that is smaller than the limits allow ends in a fault, not in a refusal.
 * Time is O(n log n) in the bytes of the text, whatever they are. */
enum outcome json_read(const struct json **out, struct arena *arena, struct str text,
                       const struct json_limits *limits, struct err *e);

/* Member of an object, or NULL; also NULL for anything but an object. */
const struct json *json_get(const struct json *object, const char *key);
/* Text of a string member; absent otherwise. */
struct str json_get_str(const struct json *object, const char *key);

/* A number as an integer: no fraction, no exponent, in range. */
bool json_to_int(int64_t *out, const struct json *value);

/* Writes a value read before again in canonical form, keys in their given order. Numbers that are
 * not plain integers are written as they came. */
void json_write_value(struct buf *b, const struct json *value);

/* The writer. Commas are its business:
 *   struct json_out o = json_out(&b);
 *   json_begin_object(&o); json_key(&o, "unit"); json_str(&o, id); json_end(&o);              */
enum { JSON_OUT_DEPTH_MAX = 32 };
struct json_out {
    struct buf *b;
    size_t depth;
    bool need_comma;
    char closers[JSON_OUT_DEPTH_MAX];
};
struct json_out json_out(struct buf *b);
void json_begin_object(struct json_out *o);
void json_begin_array(struct json_out *o);
void json_end(struct json_out *o);
void json_key(struct json_out *o, const char *key);
void json_key_str(struct json_out *o, struct str key);
void json_str(struct json_out *o, struct str s); /* UTF-8; absent becomes null */
void json_int(struct json_out *o, int64_t v);
void json_bool(struct json_out *o, bool v);
void json_null(struct json_out *o);
void json_raw(struct json_out *o, struct str canonical); /* already canonical JSON */

/* The string with quotes and escapes, outside of any writer. */
void json_quote(struct buf *b, struct str s);

#endif
