/* Digests under a subject's own key: they go with it. */
#ifndef VEIN_KERNEL_SEAL_DIGEST_H
#define VEIN_KERNEL_SEAL_DIGEST_H

#include "kernel/seal.h"

/* As keyring_digest. REFUSED "seal.erased", FAULT "seal.no_key". */
enum outcome seal_subject_digest(struct keyring *k, struct hash *out, struct str subject,
                                 const char *purpose, struct str text, struct err *e);

#endif
