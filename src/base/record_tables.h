/* Makes the field tables and records of the rows in RECORDS; see record.h. */
#include "base/record.h"

#define RECORD(r)                       static const struct field r##_fields[] = {
#define EVENT(number, r, ...)           static const struct field r##_fields[] = {
#define COMMAND(r, ...)                 static const struct field r##_fields[] = {
#define PREPARED_COMMAND(r, ...)        static const struct field r##_fields[] = {
#define SIGNED_COMMAND(r, ...)          static const struct field r##_fields[] = {
#define PREPARED_SIGNED_COMMAND(r, ...) static const struct field r##_fields[] = {
#define FIELD(r, kind, name, flags, max)                                                           \
    { #name, FIELD_##kind, flags, offsetof(struct r, name), max, NULL },
#define LIST(r, entry, name, flags, max)                                                           \
    { #name, FIELD_LIST, flags, offsetof(struct r, name), max, &entry##_record },
#define ONE(r, entry, name, flags) LIST(r, entry, name, (flags) | ALONE, 1)
#define TEXTS(r, name, flags, max)                                                                 \
    { #name, FIELD_TEXTS, flags, offsetof(struct r, name), max, NULL },
#define END(r)                                                                                     \
    }                                                                                              \
    ;                                                                                              \
    const struct record r##_record = { #r, sizeof(struct r), r##_fields,                           \
                                       sizeof r##_fields / sizeof r##_fields[0] };
#include RECORDS
#include "base/record_undef.h"
