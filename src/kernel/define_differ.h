/* What differs between two documents of one shape, as a reader understands it: field by field,
 * items of lists matched by what they are called, not by where they stand. One mechanism for
 * versions of definitions and for an order that moves to another version of its workflow. */
#ifndef VEIN_KERNEL_DEFINE_DIFFER_H
#define VEIN_KERNEL_DEFINE_DIFFER_H

#include "kernel/define.h"

enum { DIFFER_STEPS_MAX = 8, DIFFER_MAX = 500 };

/* Where in the document: a field, and the item of its list that is meant (absent: none). */
struct differ_step {
    const char *field;
    struct str item;  /* its key: "thaw", or its place from 1, where items have none */
    struct str title; /* as people call it: "Thaw"; absent: as its key */
};
struct differ_change {
    enum differ_what {
        DIFFER_ADDED,   /* an item of a list, or a value where none was */
        DIFFER_REMOVED, /* the reverse */
        DIFFER_CHANGED,
        DIFFER_MOVED,   /* an item stands elsewhere in its list */
        DIFFER_RENAMED, /* alike in all but its key */
    } what;
    struct differ_step steps[DIFFER_STEPS_MAX];
    size_t nsteps;
    struct str before; /* text; of a whole item what it holds, in short; absent: nothing */
    struct str after;
};
struct differ {
    struct arena *arena;
    struct differ_change *changes; /* in the order of the later document, gone ones at their list */
    size_t n;
    bool more; /* beyond DIFFER_MAX */
};

/* FAULT only for memory. */
enum outcome differ_records(struct differ *out, const struct record *shape, const void *from,
                            const void *to, struct arena *arena, struct err *e);
/* Two versions of a definition: title and body. */
enum outcome differ_definitions(struct differ *out, const struct definition *from,
                                const struct definition *to, struct arena *arena, struct err *e);
/* Whether two values are alike in all fields. */
bool differ_same(const struct record *shape, const void *a, const void *b, struct arena *arena);

/* "added" … "renamed". */
const char *differ_word(enum differ_what what);

#endif
