/* The leaf: one event as canonical JSON, read strictly. There is one text for each event: fields of
 * the envelope in their fixed order, no blanks, integers and strings only (no reals), exactly the
 * escapes that must be, no key twice in an object. */
#ifndef VEIN_VERIFY_LEAF_H
#define VEIN_VERIFY_LEAF_H

#include "base/hash.h"

enum {
    VERIFY_LEAF_MAX = 65535,
    VERIFY_NAME_FIELD_MAX = 80, /* of stream and key, decoded */
    VERIFY_NODE_MAX = 40,
    VERIFY_DEPTH_MAX = 32,
};

/* Of an electronic signature, for the checks across events. */
struct verify_signed {
    bool there;
    bool simulated;        /* its signer proved nothing, and says so */
    bool refers;           /* its content is another event's payload: that of … */
    uint64_t at;           /* … this place in the log */
    struct hash refers_to; /* stream, version and content, as verify_refers_to makes it */
    bool token;            /* a token signed it, whose owner … */
    uint64_t enrolled_at;  /* … this place in the log tells: … */
    struct hash token_of;  /* … account, credential and key, as verify_enrols makes it */
};

/* What the checks across events need. Texts point into the scanner or the leaf. */
struct verify_leaf {
    struct str stream;
    struct str key;
    struct str node;
    uint64_t version;
    bool has_previous;
    struct hash previous;
    uint64_t logical_us;
    uint64_t logical_count;
    struct verify_signed sign;
    bool simulates; /* from here on people may be simulated: sign.simulation_begun */
};

/* Scratch for one thread. */
struct verify_scanner;
struct verify_scanner *verify_scanner_new(void); /* NULL: no memory */
void verify_scanner_free(struct verify_scanner *s);

/* False when the leaf is not one canonical event of a known format; *why is static text that holds
 * nothing of the leaf, *at the byte where it was seen. */
bool verify_leaf_scan(struct verify_scanner *s, struct verify_leaf *out, struct str leaf,
                      const char **why, size_t *at);

#endif
