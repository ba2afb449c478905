/* Open addressing, at most three quarters full, doubled when it is. Each event looks somewhere else
 * in the table: it lies in pages of 2 MiB, so that finding where that is costs nothing. */
#include "verify/chain.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, SLOTS_FIRST = HUGE_PAGE / 64 };

struct slot {
    uint64_t stream[2]; /* both zero: free (a stream's own is never so) */
    uint64_t key;
    uint64_t version;
    struct hash leaf;
};
_Static_assert(sizeof(struct slot) == 64, "a slot is a cache line");

struct verify_chain {
    struct slot *slots;
    uint64_t capacity; /* power of two */
    uint64_t used;
    uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES];
    uint64_t name[2], key[2]; /* of the event that comes next */
};

static struct slot *slots_new(uint64_t capacity)
{
    void *p;
    const size_t size = capacity * sizeof(struct slot);
    if (posix_memalign(&p, HUGE_PAGE, size) != 0)
        return NULL;
    (void)madvise(p, size, MADV_HUGEPAGE); /* small ones do as well */
    return memset(p, 0, size);
}

struct verify_chain *verify_chain_new(void)
{
    struct verify_chain *c = sodium_init() < 0 ? NULL : calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->capacity = SLOTS_FIRST;
    c->slots = slots_new(c->capacity);
    crypto_shorthash_keygen(c->secret);
    if (c->slots)
        return c;
    verify_chain_free(c);
    return NULL;
}

void verify_chain_free(struct verify_chain *c)
{
    if (c)
        free(c->slots);
    free(c);
}

uint64_t verify_chain_streams(const struct verify_chain *c)
{
    return c->used;
}

static void name_of(uint64_t out[2], const struct verify_chain *c, struct str text)
{
    crypto_shorthash_siphashx24((uint8_t *)out, (const uint8_t *)text.p, text.n, c->secret);
    out[1] |= 1;
}

/* The stream's slot, or the free one where it belongs. */
static struct slot *find(struct slot *slots, uint64_t capacity, const uint64_t name[2])
{
    uint64_t at = name[0] & (capacity - 1);
    while (slots[at].stream[1] != 0 &&
           (slots[at].stream[0] != name[0] || slots[at].stream[1] != name[1]))
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static bool grow(struct verify_chain *c)
{
    struct slot *slots = slots_new(c->capacity * 2);
    if (!slots)
        return false;
    for (uint64_t i = 0; i < c->capacity; i++)
        if (c->slots[i].stream[1] != 0)
            *find(slots, c->capacity * 2, c->slots[i].stream) = c->slots[i];
    free(c->slots);
    c->slots = slots;
    c->capacity *= 2;
    return true;
}

void verify_chain_ahead(struct verify_chain *c, const struct verify_leaf *event)
{
    name_of(c->name, c, event->stream);
    if (str_eq(event->stream, event->key))
        memcpy(c->key, c->name, sizeof c->key);
    else
        name_of(c->key, c, event->key);
    __builtin_prefetch(&c->slots[c->name[0] & (c->capacity - 1)], 1);
}

const char *verify_chain_add(struct verify_chain *c, const struct verify_leaf *event,
                             struct hash leaf)
{
    const uint64_t *name = c->name, *key = c->key;
    if (c->used * 4 >= c->capacity * 3 && !grow(c))
        return "no memory for more streams";
    struct slot *slot = find(c->slots, c->capacity, name);
    if (slot->stream[1] == 0) {
        if (event->version != 1)
            return "its stream does not begin with version 1";
        *slot = (struct slot){ { name[0], name[1] }, key[0], 1, leaf };
        c->used++;
        return NULL;
    }
    if (event->version != slot->version + 1)
        return event->version <= slot->version ? "its stream has this version already"
                                               : "its stream lacks the version before";
    if (slot->key != key[0])
        return "its key is not that of its stream";
    if (!hash_eq(event->previous, slot->leaf))
        return "previous is not the hash of the event before in its stream";
    slot->version = event->version;
    slot->leaf = leaf;
    return NULL;
}

bool verify_chain_ends(const struct verify_chain *c, struct str stream, struct str key,
                       uint64_t version, struct hash leaf)
{
    uint64_t name[2], key_name[2];
    name_of(name, c, stream);
    name_of(key_name, c, key);
    const struct slot *slot = find(c->slots, c->capacity, name);
    return slot->stream[1] != 0 && slot->key == key_name[0] && slot->version == version &&
           hash_eq(slot->leaf, leaf);
}
