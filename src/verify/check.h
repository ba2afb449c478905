/* The checks over a stream of entries. Whoever reads the entries (a database, an export) fills
 * batches in a thread of its own; this thread hashes, scans, chains and compares. */
#ifndef VEIN_VERIFY_CHECK_H
#define VEIN_VERIFY_CHECK_H

#include "verify/chain.h"
#include "verify/note.h"
#include "verify/refers.h"
#include "verify/tree.h"

enum {
    VERIFY_BATCH = VERIFY_WIDTH, /* entries of a batch; all but the last are full */
    VERIFY_BUNDLE_MAX = VERIFY_BATCH * (2 + VERIFY_LEAF_MAX),
    VERIFY_COLUMNS_MAX = 2 * VERIFY_NAME_FIELD_MAX,
    VERIFY_CLAIM_ITEM_MAX = 100,
};

/* Bytes in a batch's own memory. */
struct verify_span {
    uint32_t at, n;
};

struct verify_entry {
    struct verify_span leaf;
    struct verify_span stream, key; /* what the row beside the leaf says (has_columns) */
    uint64_t version;
};

/* Someone said that the tree of `size` entries has this root. */
struct verify_claim {
    uint64_t size;
    struct hash root;
    char item[VERIFY_CLAIM_ITEM_MAX];
};

struct verify_batch {
    uint64_t first; /* place in the log of entries[0]; a multiple of VERIFY_BATCH */
    uint32_t n;     /* 0: there are no more */
    bool has_columns;
    struct verify_entry entries[VERIFY_BATCH];
    uint8_t *bytes;
    size_t used, capacity;
    uint8_t *tiles[VERIFY_LEVELS]; /* stored tiles to compare with when this batch is done */
    bool has_tile[VERIFY_LEVELS];
    struct verify_claim claims[VERIFY_BATCH + 3]; /* by size, in this batch */
    uint32_t nclaims;
};

/* Adds n bytes; false and a bad report beyond VERIFY_BUNDLE_MAX and the columns. */
bool verify_batch_put(struct verify_batch *b, struct verify_span *out, const void *p, size_t n,
                      struct verify_report *r);

/* Adds the claim if its size is that of an entry of this batch. */
void verify_batch_claim(struct verify_batch *b, const struct verify_claim *claim);

/* Tiles that stand complete after entry `end` of a log of `size`: for each level its index and
 * width, width 0 where none ends there. */
struct verify_tile_at {
    uint64_t index;
    uint32_t width;
};
void verify_tiles_due(struct verify_tile_at due[VERIFY_LEVELS], uint64_t end, uint64_t size);

/* Fills the next batch; b->n stays 0 at the end. False with a bad report. Called in one thread. */
typedef bool verify_fill_fn(void *context, struct verify_batch *b, struct verify_report *r);

struct verify_run {
    verify_fill_fn *fill;
    void *context;
    uint64_t size; /* entries that there must be */
    bool any_entries;
    struct verify_chain *chain;  /* the streams' ends, afterwards */
    struct verify_refers refers; /* what signatures say of other events, afterwards */
};

/* Runs all of it; fills count, root_hex, streams, bytes of the report. */
bool verify_run(struct verify_run *run, struct verify_report *r);

/* Claims about the empty log, which no entry leads to. */
bool verify_claim_empty(const struct verify_claim *claim, struct verify_report *r);

/* Reads options->since, whose size must be at most `size`. */
bool verify_since(struct verify_claim *out, const struct verify_options *options,
                  const struct verify_keys *keys, uint64_t size, struct verify_report *r);

/* Whether enough of the witnesses that options name cosigned one of the notes that lie with a log,
 * each absent or a checkpoint signed under keys of at
 * most `size` events; *claim is the largest one's, for the tree to hold.
 * Size 0: none is cosigned, or no witness is named. A note that is there and not right is bad. */
bool verify_witnessed(struct verify_claim *claim, const struct str *notes, size_t n,
                      const struct verify_options *options, const struct verify_keys *keys,
                      uint64_t size, struct verify_report *r);

/* The keys that options name; false in *given when they name none. */
bool verify_keys_given(struct verify_keys *out, bool *given, const struct verify_options *options,
                       struct verify_report *r);

#endif
