/* A command that the program itself sends in the course of a step function, until it is answered:
 * a full queue and a fault mean that it is said again a second later, with the same id. */
#ifndef VEIN_KERNEL_SAY_H
#define VEIN_KERNEL_SAY_H

#include "kernel/gate.h"

enum { SAY_WHAT_MAX = 160, SAY_RETRY_US = 1000000 };
enum say_state { SAY_NOTHING, SAY_WAITS, SAY_SENT, SAY_ANSWERED };

struct saying {
    enum say_state state;
    const struct env *env;
    struct gate *gate;
    const struct actor *actor;
    struct arena *arena; /* of the command's body and answer */
    struct id id;
    struct gate_command command;
    struct err error; /* once answered: OK or REFUSED */
    int64_t not_before;
};

/* Begins to say it: env, gate, actor and arena are set. The id is that of gate_own_id(what): the
 * same for the same `what`. FAULT only for want of memory. */
enum outcome say(struct saying *s, struct str what, const char *command,
                 const struct record *record, const void *body, struct err *e);
/* Goes on with it; SAY_ANSWERED when there is an answer. The caller sets SAY_NOTHING. */
enum say_state say_step(struct saying *s);

#endif
