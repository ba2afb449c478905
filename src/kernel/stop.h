/* The stop: what a mismatch of identity does to an order, in the same transaction that found it.
 *
 * Every order has a stream "stop/<order>" that every command of the order reads (load_order). While
 * a stop stands, only the acts of its safe state and what is marked COMMAND_WHILE_STOPPED go on. It
 * ends by stop.resolve alone: by an authorised person who took no part in what was stopped, with
 * reason (COI-04, COI-11). Until signatures exist, that person's own authenticated command stands
 * for one. A further mismatch while one stands changes nothing of it but adds whom it involves.
 *
 * The decision binds. After "continue" everything is identified anew and goes on. After "discard"
 * nothing of the order goes on but what is marked COMMAND_WHILE_DISCARDING or
 * COMMAND_WHILE_STOPPED, until the last of the things that were stopped has ended; any other is
 * REFUSED "stop.discarding" {point}. Where there is no thing (yet), "discard" is REFUSED
 * "stop.nothing_to_discard". */
#ifndef VEIN_KERNEL_STOP_H
#define VEIN_KERNEL_STOP_H

#include "kernel/ladder.h"

struct stop_state {
    bool standing;
    struct str point;
    struct str safe_state;
    struct str acts; /* permitted commands, each followed by a blank */
    struct str expected;
    struct str read;
    struct str organisation;
    struct str site;
    int64_t raised;
    int64_t respond_by;
    bool discarding; /* resolved by "discard", and not all that was stopped has ended */
};

enum { STOP_THINGS_MAX = 1000 }; /* of an order; beyond: a fault */

struct stop_resolve_state {
    bool standing;
    size_t nthings;
    bool involved; /* the actor took part in what was stopped */
};

#define RECORDS "kernel/stop_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/stop_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module stop_module;

struct stop_things { /* of the order's last stop, that have not ended */
    size_t n;
    struct str ids[STOP_THINGS_MAX];
};

/* The stop of an order; standing is false when there is none. */
enum outcome stop_find(struct db *db, struct str order, struct stop_state *out, struct arena *arena,
                       struct err *e);
/* Whether an account took part in what the standing stop stopped, and so cannot resolve it. */
enum outcome stop_involves(struct db *db, struct str order, struct str account, bool *out,
                           struct arena *arena, struct err *e);
bool stop_permits(const struct stop_state *stop, struct str command);
/* Whether a command of the order goes on under it, as load_order has it: REFUSED "stop.stopped"
 * {point, safe_state}, "stop.discarding" {point}. */
enum outcome stop_allows(const struct stop_state *stop, const struct command_type *type,
                         struct err *e);

/* Part of the decide that found the mismatch; its load has called load_order. key is the order's
 * distribution key. */
void stop_raise(struct decision *d, const struct stop_raised *stop);

/* Part of a command that ends a thing: what of the stop is left, for load; and, in decide, that
 * this thing is no more (nothing, if it is none of the stop's). */
enum outcome load_stop_things(struct load *l, struct str order, struct stop_things *out,
                              struct err *e);
void stop_thing_end(struct decision *d, struct str order, const struct stop_things *things,
                    struct str thing);

#endif
