/* Sends commands as people do, and waits for the answer: for set-up and simulation. On the command
 * line the sender is the writer itself; beside a serving writer it waits for it. */
#ifndef VEIN_APP_SENDER_H
#define VEIN_APP_SENDER_H

#include "base/id.h"
#include "kernel/node.h"

/* How a command reaches the gate, and its answer who sent it, where both are not simply handed
 * over: a network. As gate_run. */
typedef enum outcome sender_via_fn(void *context, const struct gate_command *c,
                                   struct gate_answer *answer, struct err *e);

struct sender {
    struct node *node;
    bool serving;        /* another thread runs the gate */
    struct arena *arena; /* of one command; reset by each */
    struct str seed;     /* command ids are derived from it … */
    uint64_t count;      /* … and this */
    uint64_t refused;    /* answers that were refusals */
    const char *reason;  /* given with what sender_send_record sends; NULL: none */
    sender_via_fn *via;  /* NULL: handed over */
    void *via_context;
};

/* Sends a command whose body is a format with ' for ". Values must hold neither quotes nor
 * backslashes. The answer's body (if wanted) lives until the next send. */
enum outcome sender_send(struct sender *s, const struct actor *actor, const char *command,
                         const char *reason, struct str *answer, struct err *e, const char *format,
                         ...) __attribute__((format(printf, 7, 8)));
/* Sends a command whose body is a struct of its record. */
enum outcome sender_send_record(struct sender *s, const struct actor *actor, const char *command,
                                const struct record *record, const void *body, struct str *answer,
                                struct err *e);
/* The same with a body that is made already. */
enum outcome sender_send_body(struct sender *s, const struct actor *actor, const char *command,
                              const char *reason, struct str body, struct str *answer,
                              struct err *e);

#endif
