/* A token in software, for tests: makes keys, registers them and signs as WebAuthn says, or wrongly
 * where a test asks for that. */
#ifndef VEIN_KERNEL_TESTS_AUTHENTICATOR_H
#define VEIN_KERNEL_TESTS_AUTHENTICATOR_H

#include <openssl/evp.h>

#include "kernel/proof.h"

struct authenticator {
    EVP_PKEY *key; /* P-256 */
    struct proof_party party;
    uint8_t id[16];
    uint32_t counter;
    bool verifies; /* its owner unlocks it */
    bool touched;
    const char *type; /* NULL: the right one */
};

void authenticator_open(struct authenticator *t, uint8_t number, struct proof_party party);
void authenticator_close(struct authenticator *t);
void authenticator_register(struct authenticator *t, struct str challenge,
                            struct proof_registration *out, struct arena *arena);
/* The assertion as the page's form posts it. Counts up before, unless the counter is 0. */
struct str authenticator_answer(struct authenticator *t, struct str challenge, struct arena *arena);

#endif
