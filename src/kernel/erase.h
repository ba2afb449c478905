/* Erasure: what follows when an event says that the personal data of a subject are erased. Modules
 * say by rows (struct erase_rule) which event that is; who may say so, and whether they may be
 * erased at all, is theirs to decide. Then, on the writer's thread and before anything else is
 * committed:
 *
 *   1. the subject stands in the list of the erased, F.erased (below), durably
 *   2. its key is destroyed, and the key of its organisation renewed (seal.h)
 *   3. unfinished uploads of it are dropped, its digests leave the search index, and the log of
 *      changes is emptied, as soon as no reader stands in the way
 *
 * What is interrupted is done by the next step, or when the node is next opened, before it takes
 * any command: the events say who is erased, and keys that are still there are destroyed; whose key
 * is destroyed and the rest not yet done stands in F.erased.begun, which goes with the last of it.
 * Between the event and the end of the key nothing more is sealed for the subject: the gate asks
 * erase_is, and refuses with "seal.erased".
 *
 * The list is one line a subject, its id, and goes with backups: a keyring copied before an erasure
 * holds the key still, and a restore with that copy destroys it again by the newest list
 * (erase_list_apply). It holds ids alone, which say nothing to who has not the database. */
#ifndef VEIN_KERNEL_ERASE_H
#define VEIN_KERNEL_ERASE_H

#include "kernel/module.h"

enum { ERASE_LIST_MAX = 64 << 20 }; /* bytes: beyond a million subjects */
#define ERASE_FLUSH_US    TIME_SECOND
#define ERASE_LEFT_OUT_US TIME_MINUTE /* while the server leaves a table out */

struct files;
struct search;
struct erasures;
struct erasures_options {
    struct db *writer;
    struct keyring *keys;
    struct files *files;
    struct search *search; /* MAY be NULL */
    const struct registry *registry;
    const struct env *env;
    const char *list; /* path of F.erased */
    bool follows;     /* another process leads, and does it: nothing until erasures_again */
};
/* Does what was left undone. */
enum outcome erasures_open(struct erasures **out, const struct erasures_options *options,
                           struct err *e);
/* Does what another process, which led until now, left undone. */
enum outcome erasures_again(struct erasures *x, struct err *e);
void erasures_close(struct erasures *x);
/* After each commit. */
void erasures_committed(struct erasures *x, const struct gate_happened *events, size_t n);
/* Waits for no reader. Looks at those alone of whom events spoke since the last step; takes as long
 * as its organisation has keys, which are wrapped anew. */
enum outcome erasures_step(struct erasures *x, struct err *e);

/* Whether an event says that the subject is erased, its key destroyed yet or not. */
enum outcome erase_is(bool *out, const struct registry *registry, struct db *db, struct str subject,
                      struct arena *arena, struct err *e);

/* Destroys the keys of all subjects that the list names, as far as the keyring has them; *n of
 * them. REFUSED "erase.list" {path, line} for what is no such list, "store.not_found" {path}. */
enum outcome erase_list_apply(struct keyring *keys, const char *path, int64_t *n, struct err *e);
/* Adds what the keyring knows to be erased to the list at path, which is made if absent; durable.
 */
enum outcome erase_list_write(struct keyring *keys, const char *path, struct err *e);

#endif
