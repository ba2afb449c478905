/* Inside looks. */
#ifndef VEIN_KERNEL_LOOK_IMPL_H
#define VEIN_KERNEL_LOOK_IMPL_H

#include "kernel/look.h"

/* One subject of one answer, by one right. */
struct look {
    struct str subject;
    struct str right;
    struct str what[LOOK_FIELDS_MAX];
    size_t n;
    bool more;
    struct look *next;
};
struct looker {
    struct keyring *keys;
    struct str self;
    const char *right;
    struct arena *arena;
    struct look *first;
    size_t n;
};

/* The stored hash of a row; all zero for what is none. */
struct hash look_hash_of(struct bytes stored);
/* Head of the chain after a leaf. */
struct hash look_chain(struct hash before, struct str leaf);

#endif
