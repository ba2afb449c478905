/* Policies: effects across modules. The runner follows the log with a cursor; for each event that a
 * policy waits for it sends the policy's command, with an id derived from event and policy, so that
 * a repetition after a crash does nothing twice. The cursor moves on when all commands of a batch
 * are answered. A refused command is the end of that effect: it is logged with its code (a policy
 * whose effect must not be lost sends a command that cannot be refused). One that met a fault or a
 * full queue is sent again, and nothing behind it before: an effect may be late, it is never lost.
 */
#ifndef VEIN_KERNEL_POLICY_H
#define VEIN_KERNEL_POLICY_H

#include "kernel/module.h"

enum {
    POLICY_BATCH_MAX = 256,    /* events looked at in one step */
    POLICY_RETRY_US = 1000000, /* after a fault */
};

struct policies;

enum outcome policies_open(struct policies **out, struct gate *gate, struct db *writer,
                           const struct registry *registry, const struct env *env, struct err *e);
void policies_close(struct policies *p);

/* What has just become durable, on the writer's thread: events that no policy waits for are passed
 * without being read again. */
void policies_committed(struct policies *p, const struct gate_happened *events, size_t n);

/* Looks at the next events and sends what follows from them; *busy is true while there are more or
 * answers are awaited. Never waits. Runs on the writer's thread. */
enum outcome policies_step(struct policies *p, bool *busy, struct err *e);

#endif
