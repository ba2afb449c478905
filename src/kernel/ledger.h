/* The ledger: every event of a node in one order, chained per stream by hash, and together the
 * leaves of one Merkle log whose size and root are signed as checkpoints.
 *
 * One writer appends inside the transaction of a group. Heads, clock and tree in memory change only
 * after COMMIT (ledger_committed); a command that is refused after it appended is undone to a mark,
 * a group that fails is forgotten whole (ledger_forget). Before the commit the group's rows are
 * read back by one range select and hashed again. */
#ifndef VEIN_KERNEL_LEDGER_H
#define VEIN_KERNEL_LEDGER_H

#include "base/env.h"
#include "kernel/event.h"
#include "kernel/merkle.h"
#include "kernel/note.h"

enum { LEDGER_GROUP_MAX = 16384 /* events of one group */ };

extern const struct sql_schema ledger_schema;

struct ledger;

struct ledger_options {
    const struct env *env;
    struct str node;                  /* short name of this node: "n1" */
    const struct note_signer *signer; /* borrowed; its name is the log's origin */
};

/* Reads heads' clock, the tree's edge and the last checkpoint from the database, and checks that
 * they agree with each other and with the last events: FAULT "ledger.damaged" if not. */
enum outcome ledger_open(struct ledger **out, struct db *writer,
                         const struct ledger_options *options, struct err *e);
void ledger_close(struct ledger *l);

/* Where others write to the database as well (db_shared), inside the writer's transaction before
 * anything is appended, or between two to hear of it sooner: takes in what they recorded, and tells
 * of each event once, in the order of the log, when it is durable; the event is gone afterwards.
 * FAULT "ledger.damaged" when their tiles are not those of their events. */
typedef void ledger_seen_fn(void *context, int64_t sequence, const struct event *event);
enum outcome ledger_follow(struct ledger *l, struct db *writer, ledger_seen_fn *seen, void *context,
                           struct err *e);
/* Tells of the durable events from this place on once more. */
enum outcome ledger_see(struct ledger *l, struct db *writer, uint64_t from, ledger_seen_fn *seen,
                        void *context, struct err *e);
/* Whether its first `size` events have this root. Between groups. */
enum outcome ledger_was(bool *same, struct ledger *l, struct db *writer, uint64_t size,
                        struct hash root, struct err *e);
/* Forgets all of that and reads it as ledger_open does: on a new connection (db_again). */
enum outcome ledger_again(struct ledger *l, struct db *writer, struct err *e);

/* Completes and appends the event: fills format, node, version, previous, recorded and logical; the
 * caller fills the rest. *sequence is its place in the log, from 0. `expected` is the version the
 * stream must have now, -1: any; REFUSED "ledger.changed" otherwise. Afterwards *event is what its
 * leaf says, its text in the arena: what is applied now is what a replay will read. FAULT
 * "ledger.unreadable" for an event that could be written but not read again. */
enum outcome ledger_append(struct ledger *l, struct db *writer, struct event *event,
                           int64_t expected, int64_t *sequence, struct arena *arena, struct err *e);

/* What the group holds so far; ledger_undo takes back what came after the mark. */
size_t ledger_mark(const struct ledger *l);
void ledger_undo(struct ledger *l, size_t mark);

/* Before COMMIT: reads the group's leaves back, hashes them again, writes the tiles that grew.
 * FAULT "ledger.reread" when a row is not what was written. Nothing may be appended until
 * ledger_committed or ledger_forget. */
enum outcome ledger_prepare(struct ledger *l, struct db *writer, struct err *e);
/* After COMMIT returned OK. */
void ledger_committed(struct ledger *l);
/* After a rollback of the whole group. */
void ledger_forget(struct ledger *l);

/* Signs size and root as they are durable and stores the checkpoint, in a transaction of its own.
 * Does nothing when the last checkpoint already says so. */
enum outcome ledger_checkpoint(struct ledger *l, struct db *writer, struct err *e);
/* True when durable events wait for a checkpoint, and since when (env's monotonic clock). */
bool ledger_checkpoint_due(const struct ledger *l, int64_t *since_mono_us);

uint64_t ledger_size(const struct ledger *l);    /* durable */
struct hash ledger_root(const struct ledger *l); /* of these */

/* --- a restore: before ledger_open, in the writer's transaction --- */

/* Forgets the events from `size` on: the ledger is as it was when it had `size` of them, without a
 * checkpoint. Does nothing to what was derived from them. */
enum outcome ledger_cut(struct db *writer, uint64_t size, struct err *e);
/* From now on another key signs, under another origin: the log of a restored copy is not the log
 * that was published, which may have gone on. No checkpoint of the old key is kept. */
enum outcome ledger_epoch_begin(struct db *writer, struct str vkey, struct err *e);

/* Readers, on any connection. */

/* Number of the log's epoch, from 1; 0 while it has none, before it was first opened. */
enum outcome ledger_epoch(struct db *db, int64_t *number, struct err *e);

/* Version of a stream now and its leaf hash; 0 when it has no event. */
enum outcome ledger_head(struct db *db, struct str stream, int64_t *version, struct err *e);

struct ledger_row {
    int64_t sequence;
    struct str leaf;
};
/* Events by place in the log: sequence >= from, at most max of them. */
enum outcome ledger_read(struct db *db, int64_t from, size_t max, struct ledger_row **rows,
                         size_t *n, struct arena *arena, struct err *e);
/* Whether there are at least so many events: of a cursor that followed the log up to there. */
enum outcome ledger_reaches(bool *out, struct db *db, int64_t size, struct arena *arena,
                            struct err *e);
/* The newest event; *n is 0 when there is none. */
enum outcome ledger_read_last(struct db *db, struct ledger_row **rows, size_t *n,
                              struct arena *arena, struct err *e);
/* Events of one stream from a version on. */
enum outcome ledger_read_stream(struct db *db, struct str stream, int64_t from_version, size_t max,
                                struct ledger_row **rows, size_t *n, struct arena *arena,
                                struct err *e);
/* Events of one distribution key (all of an order's), newest first, before `before` (-1: the end).
 */
enum outcome ledger_read_key(struct db *db, struct str key, int64_t before, size_t max,
                             struct ledger_row **rows, size_t *n, struct arena *arena,
                             struct err *e);

/* The same behind place `after` (-1: from the first), the first first. */
enum outcome ledger_read_key_on(struct db *db, struct str key, int64_t after, size_t max,
                                struct ledger_row **rows, size_t *n, struct arena *arena,
                                struct err *e);

/* And each with the leaf of the event ahead of it in the log, whosever that is; absent where that
 * is the row before, or there is none. */
struct ledger_row_ahead {
    int64_t sequence;
    struct str leaf;
    struct str ahead;
};
enum outcome ledger_read_key_ahead(struct db *db, struct str key, int64_t after, size_t max,
                                   struct ledger_row_ahead **rows, size_t *n, struct arena *arena,
                                   struct err *e);

/* The last signed checkpoint's note; absent when there is none. */
enum outcome ledger_last_checkpoint(struct db *db, struct str *note, struct arena *arena,
                                    struct err *e);

/* The newest checkpoint that enough witnesses cosigned (witness.h), with their cosignatures, and
 * its size; absent and 0 when there is none. */
enum outcome ledger_cosigned(struct db *db, struct str *note, uint64_t *size, struct arena *arena,
                             struct err *e);
/* Replaces it, in the writer's transaction. */
enum outcome ledger_cosigned_keep(struct db *writer, uint64_t size, struct str note, struct err *e);

#endif
