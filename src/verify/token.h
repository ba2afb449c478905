/* What a person's token signed, as far as a signature itself tells whether it holds: WebAuthn (W3C,
 * level 2, sections 5.8.1.2 and 7.2), checked without what made it. */
#ifndef VEIN_VERIFY_TOKEN_H
#define VEIN_VERIFY_TOKEN_H

#include "base/hash.h"

/* Texts as the signature has them. */
struct verify_token {
    struct hash challenge;
    struct str key; /* "es256:…", "eddsa:…", "rs256:…": base64url of its numbers */
    struct str
        assertion; /* base64url of clientDataJSON, authenticatorData and signature, "." between */
};
/* NULL: the key signed this challenge, for a page of the host that the token answers alone, and its
 * owner had unlocked it; else why not, static. */
const char *verify_token_wrong(const struct verify_token *token);

#endif
