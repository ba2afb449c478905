/* What a witness keeps: its own key, whose logs it watches, and of each the checkpoint that it
 * cosigned last. All of it stands in one folder, in files that are text:
 *
 *   key                the witness's name and the seed of its Ed25519 key; mode 0600
 *   vkey               its verifier key, to give away
 *   log/<H>            a log (H: SHA-256 of its origin): the log's verifier key, and the checkpoint
 *                      that was cosigned last, as the log signed it
 *   fork/<H>-<C>.…     .shown: what the log's key signed against what had been cosigned (.known)
 *   lock               held by the one process that uses the folder
 *
 * Invariants. A cosignature leaves only after its checkpoint is durable in log/<H>: written beside,
 * synced, renamed, the folder synced. So whenever the process is killed, what it ever cosigned is a
 * beginning of what it knows. What cannot be made durable is not cosigned, and that log is answered
 * with a fault until the next start reads what the disk really has. A file that is not what it was
 * written as ends the start; nothing is ever begun anew by itself: a log without a file is unknown.
 * So a folder must not be put back from a copy: a witness that forgot must take a new key. */
#ifndef VEIN_APP_WITNESS_BOOK_H
#define VEIN_APP_WITNESS_BOOK_H

#include "base/buf.h"
#include "base/env.h"
#include "verify/witness.h"

enum { WITNESS_LOGS_MAX = 1000, WITNESS_EVIDENCE_MAX = 20 /* of one log and kind */ };

struct witness_book;

/* Makes the folder, which must be absent or empty, with a new key of this name (ASCII, as a URL
 * without scheme: "witness.example/w1"). Refusals: "witness.name" {name}, "witness.not_empty"
 * {folder}. */
enum outcome witness_make(const char *folder, struct str name, const struct env *env,
                          struct err *e);

/* Opens it; one process at a time: REFUSED "witness.in_use" {folder}, "witness.none" {folder} for
 * what is no witness's folder, "witness.key_readable_by_others" {file}, "witness.damaged" {file}.
 */
enum outcome witness_open(struct witness_book **out, const char *folder, const struct env *env,
                          struct err *e);
void witness_close(struct witness_book *b);
const char *witness_vkey(const struct witness_book *b);

/* Watches the log of this verifier key from now on: what it cosigns first it takes as it is.
 * Refusals: "witness.log_key" {why}, "witness.log_known" {origin}, "witness.logs_full". */
enum outcome witness_add(struct witness_book *b, const char *vkey, struct err *e);

/* One add-checkpoint. By any thread. FAULT "witness.write" where it could not be made durable. */
struct witness_answer {
    int status;             /* 200, 400, 403, 404, 409, 422 */
    const char *media_type; /* static */
    struct str body;        /* in the arena */
};
enum outcome witness_submit(struct witness_answer *out, struct witness_book *b, struct str body,
                            struct arena *arena, struct err *e);

/* One line a log: hash of its origin, size, how many checkpoints were refused because they went
 * backward or were inconsistent, origin. By any thread. */
void witness_list(struct buf *out, struct witness_book *b);
/* The checkpoint that was cosigned last of the log with this hash of its origin, cosigned anew;
 * false when there is none. */
bool witness_last(struct buf *out, struct witness_book *b, struct str origin_hex);

#endif
