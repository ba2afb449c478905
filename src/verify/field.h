/* Objects whose members are known: tables of them in their order, and a check for each kind. */
#ifndef VEIN_VERIFY_FIELD_H
#define VEIN_VERIFY_FIELD_H

#include "verify/json.h"

enum { VERIFY_ID_LENGTH = 36, VERIFY_TIME_LENGTH = 27, VERIFY_BASE64_NONE = 0x80 };

typedef bool verify_check_fn(struct verify_scanner *s, const struct verify_string *text);

verify_check_fn verify_is_id, verify_is_code, verify_is_text, verify_is_hash, verify_is_time,
    verify_is_reason;

/* Not strings: */
enum verify_kind { VERIFY_STRING, VERIFY_INTEGER, VERIFY_LINKS, VERIFY_JSON };

struct verify_field {
    struct str name; /* with quotes and colon */
    bool required;
    enum verify_kind kind;
    size_t max; /* bytes, decoded */
    verify_check_fn *check;
};
#define VERIFY_NAME(name)                                                                          \
    {                                                                                              \
        "\"" name "\":", sizeof name + 2                                                           \
    }

/* What a field held. */
struct verify_value {
    bool there;
    struct verify_string text; /* of JSON the raw text alone */
    struct str digits;
};

/* Takes an object that has these members and no others, in their order; the required ones, and of
 * the others those that are there. */
bool verify_object(struct verify_scanner *s, const struct verify_field *fields, size_t n,
                   struct verify_value *values);

#endif
