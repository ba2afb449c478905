/* A small writer of logs for the tests, of its own from end to end: events by printf, the tree by
 * the recursion of RFC 6962, files and rows by hand. It can also write what no good writer would.
 */
#ifndef VEIN_VERIFY_TESTS_MADE_H
#define VEIN_VERIFY_TESTS_MADE_H

#include "verify/verify.h"

#include <sodium.h>

enum { MADE_MAX = 70000, MADE_NOTE_MAX = 1024 };

struct made {
    char *leaf[MADE_MAX];
    size_t leaf_n[MADE_MAX];
    size_t n;
    char name[64];
    uint8_t public_key[32], secret_key[64];
};

/* One event as the test wants it; zero fields take what is right. */
struct made_event {
    unsigned stream; /* number of the stream */
    uint64_t version;
    const char *key;      /* the distribution key */
    const char *previous; /* hex; "": none */
    uint64_t logical_us, logical_count;
    const char *payload;
};

struct made *made_new(const char *name, uint8_t seed);
void made_free(struct made *m);
/* Leaf hash in hex of entry i. */
void made_hash(char hex[HASH_HEX + 1], const struct made *m, size_t i);
/* Appends a text as it is; negative length: to its NUL. */
void made_raw(struct made *m, const char *text, long n);
/* Appends the event as its canonical JSON. */
void made_event(struct made *m, const struct made_event *e);
/* n good events over some streams, continuing what is there. */
void made_good(struct made *m, size_t n);
/* A copy of the first n entries. */
struct made *made_copy(const struct made *m, size_t n);
/* Gives entry i another text (takes the string, from malloc). */
void made_replace(struct made *m, size_t i, char *text);
/* Makes previous of every entry right again, as someone would who rewrites history. */
void made_rechain(struct made *m);

struct hash made_root(const struct made *m, size_t n);
void made_vkey(char out[MADE_NOTE_MAX], const struct made *m);
/* The signed note of the first n entries; returns its length. */
size_t made_checkpoint(char out[MADE_NOTE_MAX], const struct made *m, size_t n);
size_t made_note(char out[MADE_NOTE_MAX], const struct made *m, const char *text);

/* The tiles and bundles of the first n entries, then checkpoint and vkey. */
void made_export(const struct made *m, size_t n, const char *folder);
/* A database with the first n entries, a checkpoint over the first `upto`. */
void made_db(const struct made *m, size_t n, size_t upto, const char *path);

/* Files. */
void made_put(const char *folder, const char *path, const void *p, size_t n);
size_t made_get(const char *folder, const char *path, void *out, size_t max);
void made_remove(const char *folder); /* and all below */
/* Calls for each file below folder, in the order of their names. */
size_t made_list(const char *folder, char paths[][128], size_t max);

#endif
