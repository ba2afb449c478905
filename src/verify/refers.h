/* What signatures say of other events, gathered while the log is read and held against it after. */
#ifndef VEIN_VERIFY_REFERS_H
#define VEIN_VERIFY_REFERS_H

#include "verify/report.h"
#include "verify/signature.h"

struct verify_refer {
    uint64_t from; /* place in the log of the signed event */
    uint64_t at;   /* of the one whose payload was shown, or that enrolled the signer's token */
    struct hash to;
    bool enrols;
};
struct verify_refers {
    struct verify_refer *p; /* 56 bytes for each signature, twice for a token's */
    size_t n, capacity;
};

/* Takes note of an event's signature; false when there is no memory. */
bool verify_refers_add(struct verify_refers *refers, uint64_t from, const struct verify_signed *s);
void verify_refers_free(struct verify_refers *refers);

/* The bytes of the event at a place in the log, valid until the next call. *found false: it is not
 * at hand, which of a part of a log alone may be: then nothing is said, and it is counted
 * (verify_report.unseen, unenrolled). False with a bad report. */
typedef bool verify_leaf_at_fn(void *context, uint64_t at, struct str *leaf, bool *found,
                               struct verify_report *r);
/* Each is the payload that was signed. Asks for places in their order. False with a bad report. */
bool verify_refers_hold(struct verify_refers *refers, verify_leaf_at_fn *leaf_at, void *context,
                        struct verify_report *r);

#endif
