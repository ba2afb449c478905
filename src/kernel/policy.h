/* Policies: effects across modules. The runner follows the log with a cursor; for each event that a
 * policy waits for it sends the policy's command, with an id derived from event and policy, so that
 * a repetition after a crash does nothing twice. The cursor moves on when all commands of a batch
 * are answered, and by the same transaction each effect that could not happen (its command was
 * refused or met a fault, or could not be made) is held: a row of its own, tried again with a wait
 * that doubles. So an effect may be late and is never lost.
 *
 * What is held holds up only its own kind: later effects of the same policy for the same
 * distribution key (an order) wait behind it, in the order of their events; all others go on. After
 * POLICY_TRIES_MAX tries it dies: an event, a row that a page shows, and a person decides what
 * becomes of it (effect.h). Until then what is behind it waits.
 *
 * A refusal "gate.key_reused" of the runner's own id means that the effect happened before a crash,
 * from a state in which its command read otherwise: it counts as done. */
#ifndef VEIN_KERNEL_POLICY_H
#define VEIN_KERNEL_POLICY_H

#include "kernel/module.h"

enum {
    POLICY_BATCH_MAX = 256, /* events looked at in one step */
    POLICY_SENT_MAX = 64,   /* commands awaited at once, each of another policy or key */
    POLICY_TRIES_MAX = 10,  /* then it dies: after about nine minutes */
};
#define POLICY_RETRY_US     TIME_SECOND        /* after the first failure; doubled by each … */
#define POLICY_RETRY_MAX_US (10 * TIME_MINUTE) /* … up to this */

struct policies;

struct policies_options {
    struct gate *gate;
    struct db *writer;
    struct keyring *keys; /* to open mended bodies */
    const struct registry *registry;
    const struct env *env;
};
enum outcome policies_open(struct policies **out, const struct policies_options *options,
                           struct err *e);
/* Reads anew how far they are, as opening does: where another process may have led meanwhile. What
 * was sent is answered. */
enum outcome policies_again(struct policies *p, struct err *e);
void policies_close(struct policies *p);

/* Looks at the next events and sends what follows from them; *busy is true while there are more or
 * answers are awaited. Never waits. Runs on the writer's thread. */
enum outcome policies_step(struct policies *p, bool *busy, struct err *e);
/* After each commit, on the writer's thread: a decision on a dead effect is followed at once, and
 * events that no policy waits for are passed without being read again. */
void policies_committed(struct policies *p, const struct gate_happened *events, size_t n);
/* Wall time at which something held is due next; TIME_NONE when nothing is. */
enum outcome policies_next(struct policies *p, int64_t *due, struct err *e);

/* The command that a policy would send for the event at this place in the log: what a person sees
 * before they mend it. *send false: nothing (any more). REFUSED "gate.unknown" when there is no
 * such event or policy. */
enum outcome policy_preview(struct str *command, struct str *body, bool *send, struct db *db,
                            const struct registry *registry, struct str policy, int64_t sequence,
                            struct arena *arena, struct err *e);

#endif
