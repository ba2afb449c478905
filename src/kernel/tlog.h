/* The ledger as a static transparency log (docs/ledger-format.md): the paths "checkpoint", "vkey",
 * "cosigned" (the newest checkpoint that enough witnesses cosigned), "tile/<L>/<N>[.p/<W>]",
 * "tile/entries/<N>[.p/<W>]", and "proof/<index>". Nothing beyond the signed size is ever given
 * out. */
#ifndef VEIN_KERNEL_TLOG_H
#define VEIN_KERNEL_TLOG_H

#include "kernel/ledger.h"

/* The bytes at a path below /tlog/, with their media type; REFUSED "tlog.unknown" for a path that
 * is malformed or beyond the signed size, REFUSED "tlog.no_checkpoint" before the first one (all
 * but the vkey). The arena must have room for the largest bundle twice: 34 MB, if all its events
 * were as large as events can be. */
enum outcome tlog_get(struct db *db, struct str vkey, struct str path, struct str *out,
                      const char **media_type, struct arena *arena, struct err *e);

/* Proofs of several events into one checkpoint: the last one signed when this was made, for as long
 * as the arena. REFUSED "tlog.no_checkpoint". */
struct tlog_prover;
enum outcome tlog_prover_new(struct tlog_prover **out, struct db *db, struct arena *arena,
                             struct err *e);
uint64_t tlog_prover_size(const struct tlog_prover *p);   /* of the checkpoint */
struct str tlog_prover_note(const struct tlog_prover *p); /* the checkpoint itself */
/* What "proof/<index>" gives; REFUSED "tlog.unknown" beyond the size. Cheapest in the order of the
 * log. */
enum outcome tlog_prove(struct str *out, struct tlog_prover *p, uint64_t index, struct arena *arena,
                        struct err *e);

/* Appends the lines of a consistency proof from `old` to `size`, which is at most the number of
 * events (RFC 6962, 2.1.2; base64, none for old = 0 and old = size). old > size is a bug. */
enum outcome tlog_consistency(struct buf *out, struct db *db, uint64_t old, uint64_t size,
                              struct err *e);

/* Writes the whole log into dir, which must be absent or empty: REFUSED "tlog.not_empty". The
 * checkpoint is written last, after all else is on the disk: a folder without one is an export that
 * did not end. */
enum outcome tlog_export(struct db *db, struct str vkey, const char *dir, uint64_t *size,
                         struct err *e);

#endif
