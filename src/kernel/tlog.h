/* The ledger as a static transparency log (docs/ledger-format.md): the paths "checkpoint", "vkey",
 * "tile/<L>/<N>[.p/<W>]", "tile/entries/<N>[.p/<W>]", and "proof/<index>". Nothing beyond the
 * signed size is ever given out. */
#ifndef VEIN_KERNEL_TLOG_H
#define VEIN_KERNEL_TLOG_H

#include "kernel/ledger.h"

/* The bytes at a path below /tlog/, with their media type; REFUSED "tlog.unknown" for a path that
 * is malformed or beyond the signed size, REFUSED "tlog.no_checkpoint" before the first one (all
 * but the vkey). The arena must have room for the largest bundle twice: 34 MB, if all its events
 * were as large as events can be. */
enum outcome tlog_get(struct db *db, struct str vkey, struct str path, struct str *out,
                      const char **media_type, struct arena *arena, struct err *e);

/* Writes the whole log into dir, which must be absent or empty: REFUSED "tlog.not_empty". The
 * checkpoint is written last, after all else is on the disk: a folder without one is an export that
 * did not end. */
enum outcome tlog_export(struct db *db, struct str vkey, const char *dir, uint64_t *size,
                         struct err *e);

#endif
