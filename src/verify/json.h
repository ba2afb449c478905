/* The strict scanner of canonical JSON values below the envelope. */
#ifndef VEIN_VERIFY_JSON_H
#define VEIN_VERIFY_JSON_H

#include "verify/leaf.h"

/* Members of all open objects of one leaf: the shortest member has six bytes. */
enum { VERIFY_MEMBERS_MAX = VERIFY_LEAF_MAX / 6 + 1 };

struct verify_scanner {
    const char *start, *p, *end;
    const char *why; /* static; NULL: good so far */
    size_t nseen;
    struct str
        seen[VERIFY_MEMBERS_MAX]; /* raw keys of the objects that are open, outermost first */
    char stream[VERIFY_NAME_FIELD_MAX], key[VERIFY_NAME_FIELD_MAX];
    uint8_t base64[256]; /* value of a digit */
    struct hash hash;    /* last read */
    struct str time;     /* last read of this leaf, as text and as an instant */
    int64_t time_us;
};

/* A string as it stands between its quotes, with what was met on the way. */
struct verify_string {
    struct str raw;
    size_t length; /* decoded */
    bool escapes;
    bool controls; /* other than LF and tab */
};

/* Always false; the first reason stays. */
bool verify_json_fail(struct verify_scanner *s, const char *why);

/* The byte c must come next. */
bool verify_json_take(struct verify_scanner *s, char c, const char *why);

/* Each takes one value and leaves p behind it. */
bool verify_json_string(struct verify_scanner *s, struct verify_string *out);
bool verify_json_integer(struct verify_scanner *s, struct str *out);
bool verify_json_value(struct verify_scanner *s, unsigned depth);

/* Decodes what verify_json_string took; `to` has room for its length. */
struct str verify_json_decode(char *to, const struct verify_string *from);

#endif
