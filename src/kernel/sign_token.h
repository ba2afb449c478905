/* How a token's answer proves a signature; for sign_prove. */
#ifndef VEIN_KERNEL_SIGN_TOKEN_H
#define VEIN_KERNEL_SIGN_TOKEN_H

#include "kernel/sign.h"

/* Checks the answer against the challenge of what *out has been filled with (command, session,
 * signer, shown) at the time that the proof names, and spends it; then sets time, credential, key,
 * enrolled and assertion. *wrong: what was wrong, for the security stream; NULL: nothing. REFUSED
 * "sign.late", "auth.slow_down". */
enum outcome sign_token_prove(struct sign_given *out, struct auth *a,
                              const struct auth_session *session, const struct sign_proof *proof,
                              const char **wrong, struct arena *arena, struct err *e);

#endif
