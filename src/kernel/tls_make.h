/* The certificate of the server's own: made at the first start of a site that was given none, so
 * that nothing but loopback ever speaks plain HTTP. P-256, signed by itself, for one host, valid
 * for 825 days; the key's file has mode 0600. */
#ifndef VEIN_KERNEL_TLS_MAKE_H
#define VEIN_KERNEL_TLS_MAKE_H

#include "base/env.h"
#include "base/err.h"

/* Makes both files unless both are there. Each is written whole or not at all. Where only one is
 * there, a start was cut off or a file lost: FAULT "tls.half_made", and nothing is written. `host`
 * is a name or a numeric address, without port. */
enum outcome tls_make(const char *certificate_path, const char *key_path, const char *host,
                      const struct env *env, struct err *e);

/* PEM texts with a terminating NUL. */
struct tls_pair {
    char *certificate;
    char *key;
};

/* Reads and checks a certificate (chain, the server's first) and its key. REFUSED
 * "tls.key_readable_by_others" {file}, "tls.expired" {until}, "tls.mismatch" when the key is not
 * the certificate's; FAULT "tls.unreadable" for what cannot be read or is half a file. */
enum outcome tls_load(struct tls_pair *out, const char *certificate_path, const char *key_path,
                      const struct env *env, struct err *e);
/* Overwrites the key. */
void tls_pair_free(struct tls_pair *pair);

#endif
