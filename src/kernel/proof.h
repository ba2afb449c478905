/* What a person shows to prove that it is they: a one-time code (RFC 6238) and the assertion of a
 * passkey or hardware token (WebAuthn), as functions of their arguments alone. Whose secrets and
 * keys they are, and that each is shown once, is auth's: auth_prove. */
#ifndef VEIN_KERNEL_PROOF_H
#define VEIN_KERNEL_PROOF_H

#include "base/clock.h"
#include "base/err.h"

/* How strongly a person has shown that it is they; each is more than the one before. A password
 * alone; with a one-time code or a recovery code; a token that its owner unlocked, or a token that
 * was touched and the password. Signatures ask for one of these by how much an act matters. */
enum proof_strength { PROOF_NONE, PROOF_PASSWORD, PROOF_CODE, PROOF_TOKEN };

/* "none", "password", "code", "token"; any other word is PROOF_NONE. */
const char *proof_strength_word(enum proof_strength strength);
enum proof_strength proof_strength_of(struct str word);

/* --- one-time codes: HMAC-SHA-1, six digits, 30 seconds, as authenticator apps have them --- */

enum {
    PROOF_CODE_DIGITS = 6,
    PROOF_CODE_SECRET = 20, /* bytes: RFC 4226, section 4, asks for as many as the hash has */
    PROOF_CODE_AROUND = 1,  /* steps before and after now that count, for clocks that differ */
};
#define PROOF_CODE_STEP_US (30 * TIME_SECOND)

/* The code of a step (RFC 4226, section 5.3). */
void proof_code(char out[PROOF_CODE_DIGITS + 1], struct bytes secret, int64_t step);

/* The step around now whose code this is, later than `after`; -1: none. Takes the same time for
 * every code. */
int64_t proof_code_step(struct bytes secret, struct str code, int64_t now_us, int64_t after);

/* The secret as people type it: base32 (RFC 4648) without padding. And back, blanks passed over;
 * absent where it is none. */
struct str proof_code_secret_text(struct bytes secret, struct arena *arena);
struct bytes proof_code_secret(struct str text, struct arena *arena);

/* What an authenticator app reads: otpauth://totp/… */
struct str proof_code_uri(struct str issuer, struct str login, struct str secret,
                          struct arena *arena);

/* A text as QR code: the path of its dark modules for an SVG of size × size units, a margin of 4
 * included. FAULT where it cannot be made. */
enum outcome proof_qr(struct str *path, int *size, struct str text, struct arena *arena,
                      struct err *e);

/* --- tokens: WebAuthn (W3C, level 2, sections 7.1 and 7.2), checked by libfido2 --- */

enum {
    PROOF_CHALLENGE_SIZE = 32,
    PROOF_TOKEN_ID_MAX = 1023,     /* bytes, WebAuthn section 4 */
    PROOF_TOKEN_PART_MAX = 4096,   /* bytes of one part of what a browser sends */
    PROOF_TOKEN_KEY_MAX = 600 * 2, /* of the public key as text */
};

/* The party that the token answers: its host, "vein.example", and where pages come from,
 * "https://vein.example:8443". */
struct proof_party {
    struct str id;
    struct str origin;
};

/* What was registered; kept as text. */
struct proof_token {
    struct str id;  /* base64url */
    struct str key; /* "es256:…", "eddsa:…", "rs256:…", base64url of its numbers */
    int64_t counter;
};

/* A registration as a browser gives it, each part in base64url without padding: clientDataJSON and
 * getAuthenticatorData(). Which maker's token it is, is not asked and not believed (attestation
 * "none"). REFUSED "proof.token_refused" {why}: "shape", "type", "challenge", "origin", "party",
 * "touch", "key". */
struct proof_registration {
    struct str client;
    struct str data;
};
enum outcome proof_token_register(struct proof_token *out, const struct proof_party *party,
                                  struct str challenge, const struct proof_registration *given,
                                  struct arena *arena, struct err *e);

/* An assertion, parts as above. */
struct proof_assertion {
    struct str id;
    struct str client;
    struct str data;
    struct str signature;
};
/* Takes it apart from JSON {"id", "client", "data", "signature"}; absent members where it is none.
 */
void proof_assertion_read(struct proof_assertion *out, struct str json, struct arena *arena);

/* What a right assertion tells. */
struct proof_asserted {
    int64_t counter; /* of signatures, as the token says it; 0: it counts none */
    bool verified;   /* the owner unlocked the token, by PIN or finger */
};
/* Whether the token signed this challenge (base64url) for this party. REFUSED as above, and
 * "signature". Says nothing about the counter. */
enum outcome proof_token_check(struct proof_asserted *out, const struct proof_party *party,
                               struct str challenge, const struct proof_token *token,
                               const struct proof_assertion *given, struct arena *arena,
                               struct err *e);

/* base64url without padding, both ways; absent where it is none or too long. */
struct str proof_base64(struct bytes b, struct arena *arena);
struct bytes proof_unbase64(struct str text, struct arena *arena);

#endif
