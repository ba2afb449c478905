/* Makes the structs of the rows in RECORDS; see record.h. Included as often as needed. */
#include "base/record.h"

#define FIELD_TYPE_TEXT     struct str
#define FIELD_TYPE_CODE     struct str
#define FIELD_TYPE_ID       struct str
#define FIELD_TYPE_INT      int64_t
#define FIELD_TYPE_BOOL     bool
#define FIELD_TYPE_TIME     int64_t
#define FIELD_TYPE_DATE     struct str
#define FIELD_TYPE_DECIMAL  struct decimal
#define FIELD_TYPE_QUANTITY struct quantity
#define FIELD_TYPE_HASH     struct str
#define FIELD_TYPE_JSON     struct str
#define FIELD_TYPE_BLOB     struct bytes

#define RECORD(r)                        struct r {
#define EVENT(number, r, ...)            struct r {
#define COMMAND(r, ...)                  struct r {
#define PREPARED_COMMAND(r, ...)         struct r {
#define SIGNED_COMMAND(r, ...)           struct r {
#define PREPARED_SIGNED_COMMAND(r, ...)  struct r {
#define FIELD(r, kind, name, flags, max) FIELD_TYPE_##kind name;
#define LIST(r, entry, name, flags, max)                                                           \
    struct {                                                                                       \
        const struct entry *p;                                                                     \
        size_t n;                                                                                  \
    } name;
#define ONE(r, entry, name, flags) LIST(r, entry, name, flags, 1)
#define TEXTS(r, name, flags, max)                                                                 \
    struct {                                                                                       \
        const struct str *p;                                                                       \
        size_t n;                                                                                  \
    } name;
#define END(r)                                                                                     \
    }                                                                                              \
    ;                                                                                              \
    extern const struct record r##_record;
#include RECORDS
#include "base/record_undef.h"
