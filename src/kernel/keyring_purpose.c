/* The node's own keys: nobody sees them but by what is derived from them. */
#include <sodium.h>

#include "kernel/keyring_file.h"

void keyring_purpose_key(struct keyring *k, uint8_t key[KEY_SIZE], enum node_key node,
                         const char *purpose)
{
    const struct str part = str_z(purpose);
    key_derive(key, k->secrets->node[node], "vein keyring 1 purpose", &part, 1);
}

void keyring_signer_seed(struct keyring *k, uint8_t seed[32], struct str origin)
{
    if (origin.n == 0)
        keyring_purpose_key(k, seed, NODE_SIGNER, "seed");
    else
        key_derive(seed, k->secrets->node[NODE_SIGNER], "vein keyring 1 epoch", &origin, 1);
}

struct hash keyring_digest(struct keyring *k, const char *purpose, struct str text)
{
    uint8_t key[KEY_SIZE];
    struct hash out;
    keyring_purpose_key(k, key, NODE_INDEX, purpose);
    key_hmac(out.b, key, &(struct bytes){ (const uint8_t *)(text.p ? text.p : ""), text.n }, 1);
    sodium_memzero(key, sizeof key);
    return out;
}

void keyring_random(struct keyring *k, void *out, size_t n)
{
    env_random(k->env, out, n);
}
