/* Timers: what must happen at a time, as rows beside the projections.
 *
 * A timer belongs to a stream and has a name there. Apply functions set and clear it, so that it is
 * rebuilt with everything else. When it is due, its command is sent through the gate as "timer/…";
 * the command's id is derived from stream, name and due time, so that it fires once across
 * restarts, retries and clock steps. One that was refused, and one that was set to a time before
 * others that have fired, comes with the next turn through all of them, within TIMER_RETRY_US: it
 * holds up no other. The event that comes of it must clear or move the timer (an
 * accepted command that leaves its timer due is a bug of its module and is logged).
 *
 * Clock steps. When the wall clock has moved against the monotonic one by more than
 * TIMER_STEP_MAX_US, or stands before the last recorded event at start, timers are held (nothing
 * fires) until an authorised person confirms the clock with timer.confirm_clock. */
#ifndef VEIN_KERNEL_TIMER_H
#define VEIN_KERNEL_TIMER_H

#include "kernel/module.h"

enum {
    TIMER_STEP_MAX_US = 5 * 1000000,
    TIMER_BATCH_MAX = 64,
    TIMER_RETRY_US = 60 * 1000000, /* between two turns through all that is due */
    TIMER_NAME_MAX = 80,
};

struct timer_clock_state {
    bool held;
};
#define RECORDS "kernel/timer_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/timer_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module timer_module;

/* From apply: sets or moves the timer; its command and body (JSON of the command's record). */
enum outcome timer_set(struct db *db, struct str stream, struct str name, int64_t due,
                       struct str command, struct str body, struct err *e);
enum outcome timer_clear(struct db *db, struct str stream, struct str name, struct err *e);

struct timers;

enum outcome timers_open(struct timers **out, struct gate *gate, const struct ledger *ledger,
                         struct db *writer, const struct env *env, struct err *e);
/* Looks at the clock and at what was recorded last, as opening does: where another process may have
 * led meanwhile. What was sent is answered. What held the timers holds them still. */
enum outcome timers_again(struct timers *t, struct err *e);
void timers_close(struct timers *t);

/* Sends the commands of up to TIMER_BATCH_MAX due timers; *sent counts them. Never waits. Runs on
 * the writer's thread. */
enum outcome timers_step(struct timers *t, size_t *sent, struct err *e);
bool timers_held(const struct timers *t);
/* Wall time of the next timer that is due or in the future; TIME_NONE when there is none. */
enum outcome timers_next(struct timers *t, int64_t *due, struct err *e);
/* For every committed range: sees confirmations of the clock. */
void timers_committed(struct timers *t);

#endif
