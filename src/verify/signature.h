/* An electronic signature in an envelope, as far as the event itself tells whether it holds. */
#ifndef VEIN_VERIFY_SIGNATURE_H
#define VEIN_VERIFY_SIGNATURE_H

#include "verify/field.h"

/* What of the envelope it is bound to. */
struct verify_signer {
    struct str actor;
    struct str session; /* absent: none */
    struct str command;
    int64_t recorded_us;
};
/* Scans it and holds it against the envelope: signer, times, `shown`, `challenge`, meaning and
 * strength. What it says of another event is left in *out, for verify_refers. */
bool verify_signature_scan(struct verify_scanner *s, struct verify_signed *out, struct str raw,
                           const struct verify_signer *signer);

/* What verify_signed.refers_to is, for the event that is meant. False when the leaf is no event. */
bool verify_refers_to(struct verify_scanner *s, struct hash *out, struct str leaf);

/* Whose token the event enrols, as verify_signed.token_of; false: none. */
bool verify_enrols(struct verify_scanner *s, struct hash *out, struct str leaf);

#endif
