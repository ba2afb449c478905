/* What the reader of documents (fhir.c) and that of resources (fhir_resource.c) share. */
#ifndef VEIN_MODULES_INTEROP_FHIR_IMPL_H
#define VEIN_MODULES_INTEROP_FHIR_IMPL_H

#include "modules/interop/interop.h"

enum fhir_shape { FHIR_SINGLE, FHIR_BUNDLE, FHIR_LINES };

struct fhir_entry {
    struct str url;              /* fullUrl; may be absent */
    const struct json *resource; /* an object with a resourceType; NULL: refused */
    size_t number;               /* of the entry, from 0; of the line, from 1 */
};

struct fhir_reader {
    struct interop_fhir *out;
    struct arena *arena; /* exhaustion is looked for once, at the end */
    enum fhir_shape shape;
    struct fhir_entry *entries;
    size_t nentries;
};

/* Where an entry stands, with a field behind it, which may be empty. */
struct str fhir_path(const struct fhir_reader *r, const struct fhir_entry *at, const char *field);

/* Each notes a refusal and gives false. fhir_refuse: by its code alone, and what was expected (may
 * be NULL). */
bool fhir_refused(struct fhir_reader *r, struct str path, const struct err *error);
bool fhir_refuse(struct fhir_reader *r, const struct fhir_entry *at, const char *field,
                 const char *code, const char *expected);

bool fhir_too_many(struct fhir_reader *r, struct str path, size_t max);

/* A member that is a string. True and absent text when there is none; else refuses. */
bool fhir_text(struct fhir_reader *r, const struct fhir_entry *at, const char *field,
               const struct json *value, struct str *out);

/* Reads the resource of an entry; false: refused. */
bool fhir_patient_read(struct fhir_reader *r, const struct fhir_entry *at,
                       struct interop_patient *out);
/* *passed: entered in error or refuted, and not read. */
bool fhir_condition_read(struct fhir_reader *r, const struct fhir_entry *at,
                         struct order_condition *out, bool *passed);

#endif
