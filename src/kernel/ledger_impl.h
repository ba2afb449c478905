/* What the ledger's writer and its static export share: hashes as they are stored. */
#ifndef VEIN_KERNEL_LEDGER_IMPL_H
#define VEIN_KERNEL_LEDGER_IMPL_H

#include "kernel/ledger.h"

enum { LEDGER_SCRATCH_MAX = 1 << 20 /* one leaf, or one tile, and what a row of it needs */ };

/* The log belongs to one key through an epoch: writes its name into a new one, compares it in an
 * old one. REFUSED "ledger.other_key" {log, signer}. */
enum outcome ledger_epoch_open(const struct note_signer *signer, struct db *db, struct arena *arena,
                               struct err *e);

/* The first n hashes of a tile: of level 0 from the tile, or if n < MERKLE_WIDTH and that is not
 * full yet from the leaves themselves. FAULT "ledger.damaged" when the database holds fewer. */
enum outcome ledger_tile_read(struct hash *out, size_t n, struct db *db, uint32_t level,
                              uint64_t index, struct err *e);

/* The tree's edge as it was at `size`, which is at most the number of events. */
enum outcome ledger_edge_read(struct merkle_edge *out, struct db *db, uint64_t size, struct err *e);

/* How many hashes of a level there are in a log of `size` entries. */
static inline uint64_t ledger_level_count(uint64_t size, uint32_t level)
{
    return size >> (8 * level);
}

#endif
