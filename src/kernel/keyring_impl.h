/* What seal.c needs of the keyring: keys in the clear, for the shortest time. */
#ifndef VEIN_KERNEL_KEYRING_IMPL_H
#define VEIN_KERNEL_KEYRING_IMPL_H

#include "kernel/seal.h"

enum { KEY_SIZE = 32, SUBJECT_MAX = 80 };

enum node_key { NODE_SIGNER, NODE_INDEX, NODE_ANSWERS, NODE_KEYS };

/* 1 to SUBJECT_MAX of the characters that a subject may have. */
bool keyring_subject_valid(struct str subject);

/* The subject's key; the caller wipes it. REFUSED "seal.erased", FAULT "seal.no_key". */
enum outcome keyring_subject_key(struct keyring *k, uint8_t key[KEY_SIZE], struct str subject,
                                 struct err *e);

/* Key of a purpose below one of the node's own keys; the caller wipes it. */
void keyring_purpose_key(struct keyring *k, uint8_t key[KEY_SIZE], enum node_key node,
                         const char *purpose);

void keyring_random(struct keyring *k, void *out, size_t n);

enum { DERIVE_PARTS_MAX = 2, HMAC_PARTS_MAX = 2 * DERIVE_PARTS_MAX + 1 };

/* HMAC-SHA-256 over at most HMAC_PARTS_MAX parts one after the other. */
void key_hmac(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE], const struct bytes *parts,
              size_t nparts);

/* HKDF-SHA-256 (RFC 5869) with one block of output; the salt is the label, the info the parts, at
 * most DERIVE_PARTS_MAX, each behind its 32-bit length, so that no two lists of parts are the same.
 */
void key_derive(uint8_t out[KEY_SIZE], const uint8_t key[KEY_SIZE], const char *label,
                const struct str *parts, size_t nparts);

#endif
