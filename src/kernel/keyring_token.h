/* A root key that never leaves a token: a security module, a smart card, or SoftHSM, by PKCS#11.
 *
 * The token is named by an RFC 7512 URI with the library that speaks to it and the file that holds
 * its PIN (mode 0600), which is never on a command line:
 *   pkcs11:token=vein?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/vein/pin
 * The key is AES-256, made in the token, not extractable; the keyring's secret is wrapped by it
 * with AES-GCM, once when the root key is made and once at each start. Each call opens a session of
 * its own and closes it.
 *
 * Refusals: "seal.token_uri" {uri}, "seal.token_missing" {uri}: no such library or token in it,
 * "seal.token_pin" {file}: the PIN is wrong, "seal.token_key": the key is not in the token,
 * "seal.mode" {file}, "seal.not_found" {file}. FAULT "seal.token". */
#ifndef VEIN_KERNEL_KEYRING_TOKEN_H
#define VEIN_KERNEL_KEYRING_TOKEN_H

#include "kernel/keyring_file.h"

enum outcome token_key_make(const char *uri, const uint8_t id[HEADER_SALT], struct err *e);
enum outcome token_key_destroy(const char *uri, const uint8_t id[HEADER_SALT], struct err *e);
/* wrapped is the text and its tag; `with` is associated with it. Of the nonce the first 12 bytes
 * are used. */
enum outcome token_wrap(const char *uri, const uint8_t id[HEADER_SALT],
                        const uint8_t nonce[SLOT_NONCE], struct bytes with,
                        const uint8_t secret[KEY_SIZE], uint8_t wrapped[SLOT_WRAPPED],
                        struct err *e);
/* *good false: it was altered, or belongs to another key. */
enum outcome token_unwrap(const char *uri, const uint8_t id[HEADER_SALT],
                          const uint8_t nonce[SLOT_NONCE], struct bytes with,
                          const uint8_t wrapped[SLOT_WRAPPED], uint8_t secret[KEY_SIZE], bool *good,
                          struct err *e);

#endif
