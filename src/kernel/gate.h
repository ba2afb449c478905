/* The gate: the one way by which anything changes.
 *
 * A command is a request from a person, a device, a partner, a timer or a policy. The gate takes it
 * through one path, the same for all: queue → inside the writer's savepoint: known before? → load →
 * object access → stop → decide → append → apply → read back → commit → answer. One writer runs the
 * queue in groups: what arrived during the last commit goes into the next. Every answer, a refusal
 * too, is given only after the commit that it rests upon.
 *
 * Times: a command may say when it happened. It is recorded as stated, beside the time of entry and
 * the time of recording, which mark it as late. But what a person states is bounded, for guards and
 * windows rest on it: REFUSED "gate.happened_later" beyond GATE_AHEAD_MAX_US from now,
 * "gate.happened_long_ago" {days} before GATE_LATE_MAX_US, and "gate.happened_before" {last} more
 * than GATE_BEFORE_MAX_US earlier than the last event of a stream that it writes to. The program
 * itself, which states what it follows (a timer's due time, an import's source), is not bounded.
 *
 * Idempotency: the sender chooses the command's id, which is unique in the node. The same request
 * (actor, organisation, command, reason, time stated, body) with the same id gives the stored
 * answer again, any other with that id REFUSED "gate.key_reused", so that nobody sees an answer
 * given to another. Refused commands leave no trace and may be tried again. A member's own fault is
 * answered to it alone; a fault of the store to every member of the group: nothing of it happened.
 */
#ifndef VEIN_KERNEL_GATE_H
#define VEIN_KERNEL_GATE_H

#include "base/env.h"
#include "base/id.h"
#include "kernel/event.h"
#include "kernel/ledger.h"
#include "kernel/seal.h"

enum {
    GATE_QUEUE_MAX = 4096,     /* commands waiting; beyond: REFUSED "gate.busy" (503) */
    GATE_GROUP_MAX = 256,      /* commands of one group */
    GATE_EVENTS_MAX = 64,      /* of one command */
    GATE_READS_MAX = 128,      /* streams that one command declares */
    GATE_BODY_MAX = 256 << 10, /* bytes of a command's body */
    GATE_SCOPES_MAX = 24,
};
#define GATE_AHEAD_MAX_US  TIME_MINUTE     /* two clocks differ by as much */
#define GATE_LATE_MAX_US   (30 * TIME_DAY) /* what was on paper is entered within a month */
#define GATE_BEFORE_MAX_US (3 * TIME_DAY)  /* acts that run side by side, over a weekend */

/* --- who asks --- */

/* A right: a permission (command's or view's name) in an organisation, at one site or (absent) all,
 * for what belongs to one product or (absent) for everything. It holds from a time and until one
 * (0: without), to the microsecond: the gate compares with its own clock when the command's turn
 * comes.
 */
struct grant {
    struct str permission;
    struct str organisation;
    struct str site;
    struct str product;
    struct str
        emergency; /* the access that lends it for a while; absent: it comes of a role held */
    int64_t from;
    int64_t until;
};

struct actor {
    struct str name;         /* "account/<id>", "policy/<name>", "timer/<id>", "system/<what>" */
    struct str account;      /* id; absent for the program itself */
    struct str organisation; /* for whom it acts */
    struct str site;         /* where it acts; may be absent */
    struct str session;
    struct str device;
    struct str zone; /* IANA time zone */
    const struct grant *grants;
    size_t ngrants;
    /* When its rights were looked at. What decides on what it sees is what was in force then (0:
     * the newest). */
    int64_t at_us;
    /* Under which emergency access it acts: every event it makes meanwhile has a link of kind
     * "emergency" to it. */
    struct str emergency;
    /* Of a service account: the credential that it acts by, which has to stand when the command's
     * turn comes. Such an actor is no person: it signs nothing, judges nothing and is nobody's
     * second person (actor_person). */
    struct str key;
    bool system; /* the program itself (import, timers, policies): may do what it was built to do */
};
/* Whether it holds the permission there whatever the product. A right for one product counts only
 * where the actor was narrowed to that product (actor_for): what does not ask is refused it. */
bool actor_may(const struct actor *a, struct str permission, struct str organisation,
               struct str site);
/* The actor as it is at this time before a thing of this product (absent: of none): rights that
 * ended or have not begun are gone, as are those for other products; those for this one stand as if
 * for all. TIME_NONE: times were looked at already. The actor itself where nothing changes, else a
 * copy in the arena (NULL: no memory). */
const struct actor *actor_for(const struct actor *a, struct str product, int64_t now_us,
                              struct arena *arena);

/* REFUSED "auth.person_only" to a service account: for what two people or a person must have done.
 */
enum outcome actor_person(const struct actor *a, struct err *e);

/* --- what is asked --- */

/* "I saw this stream at this version." Of streams that the command's load declares; any other is
 * REFUSED "gate.unread_stream", whether it exists or not. Of one that has changed "ledger.changed".
 */
struct gate_expect {
    struct str stream;
    int64_t version;
};

struct sign_given; /* sign.h */
struct sign_what;

struct gate_command {
    struct str id;   /* UUID, chosen by the sender */
    struct str name; /* "custody.offer" */
    struct str body; /* JSON object */
    const struct actor *actor;
    struct str cause;  /* id of the event whose policy sends it */
    int64_t happened;  /* TIME_NONE: now */
    int64_t entered;   /* TIME_NONE: now */
    struct str reason; /* why, in a person's words, a text of at most 1,000 bytes; sealed */
    const struct sign_given *signature; /* of a signed command: sign.h */
    bool asks; /* what it would sign: runs to its end and leaves nothing (sign.h) */
    const struct gate_expect *expects;
    size_t nexpects;
    struct arena *arena; /* of the sender: the parsed body and the answer live in it */
};

struct gate_answer {
    struct err error; /* outcome OK, REFUSED or FAULT */
    struct str body;  /* JSON object that decide gave, in the sender's arena */
    bool repeated;    /* the stored answer of an earlier run */
    int64_t sequence; /* in the log, of its first event; -1: it made none */
    size_t nevents;
};

typedef void gate_done_fn(void *context, const struct gate_answer *answer);

/* --- how a module describes a command --- */

/* Before the queue, on the sender's thread: what needs definitions or formulas. It reads through db
 * and leaves its result in `prepared`, in the sender's arena; load and decide find it there. What
 * it read may have changed meanwhile: load compares what matters. It runs before object access:
 * what it refuses rests on the body and on definitions alone, never on a thing that the sender may
 * not know of. */
struct registry; /* module.h */
struct prepare {
    struct db *db;
    const struct registry *registry;
    struct keyring *keys; /* to open what is compared: never kept, never in an answer */
    struct arena *arena;
    const struct gate_command *command;
    int64_t now_us;
    const void *prepared;
};

/* What load sees and declares. Everything that decide rests upon is read here, in the writer's
 * transaction; every stream that is read is declared, and append checks them all. */
struct load {
    struct db *db;
    const struct registry *registry;
    struct keyring *keys; /* as above */
    struct arena *arena;
    const struct gate_command *command;
    int64_t now_us;
    const void *prepared; /* what prepare left */
    struct load_impl *impl;
};

/* Declares the stream; *version (if wanted) is its version now, 0 when it has no event yet. Beyond
 * GATE_READS_MAX REFUSED "gate.too_many_streams". */
enum outcome load_stream(struct load *l, struct stream s, int64_t *version, struct err *e);

/* Object access: the command is about something of this organisation and site. The gate goes on if
 * the actor may do the command in one of the scopes; else REFUSED "gate.unknown" {kind}, exactly as
 * for a thing that does not exist, or "gate.forbidden" {command} to who has other rights there and
 * so knows of it. Load names scopes as soon as it knows them: who may not know of the thing learns
 * nothing of what load found wrong with it. Every load that succeeds names at least one. */
void load_scope(struct load *l, struct str organisation, struct str site);
/* The actor's own organisation and site: for what is made anew. */
void load_own_scope(struct load *l);
/* Of who has rights there the thing is known, but this command is not theirs: they are refused
 * "gate.forbidden" and not "gate.unknown". */
void load_known_scope(struct load *l, struct str organisation, struct str site);
/* What the command is about belongs to this product: from here on l->command->actor has but the
 * rights that hold for it, and so has decide. Without it, those for all products alone. */
enum outcome load_product(struct load *l, struct str product, struct err *e);
/* What load looks for from here on, a static word: "unit"; load_unknown names it. The refusal above
 * names the first kind of all, which is what the command is about: so that a foreign thing is
 * answered, to the byte, as one that does not exist, however far load came. */
void load_kind(struct load *l, const char *kind);
enum outcome load_unknown(struct load *l, struct err *e);

/* The person whose data the command's events hold, sealed under their key, which is made when it is
 * first needed. Without it the key of the actor's organisation is used. */
void load_subject(struct load *l, struct str subject);

/* The command is part of this order: its stop stream is read, and while the order is stopped only
 * what its safe state permits goes on (command_flag); else REFUSED "stop.stopped" {point}. */
enum outcome load_order(struct load *l, struct str order, struct err *e);

/* What happened, said by decide. */
struct happening {
    struct stream stream; /* declared by load */
    const struct event_type *type;
    const void *payload; /* struct of the type; copied at once */
    struct str key;      /* distribution key when the stream begins; absent: the stream itself */
    struct str place;
    const struct event_link *links;
    size_t nlinks;
};

/* Decide is pure: state and command in, events and an answer out. It reads no clock, no store. */
struct decision {
    struct arena *arena;
    const struct gate_command *command;
    int64_t now_us;
    int64_t happened_us;
    const void *prepared; /* what prepare left */
    struct decision_impl *impl;
};

/* Says that something happened. Beyond GATE_EVENTS_MAX the command is REFUSED. */
void decide_event(struct decision *d, const struct happening *h);
/* The same on a stream that belongs to this order: its distribution key is the order's. */
void decide_order_event(struct decision *d, struct str order, const struct happening *h);
/* What the sender gets back, as JSON of the record that the command's row names (FAULT
 * "gate.undeclared_answer" for another); without it an empty object. It is kept for ever
 * under the node's own key, where no erasure of a person reaches: no personal data. */
void decide_answer(struct decision *d, const struct record *r, const void *value);
/* Identifier number n of this command: a retry gives the same. */
struct str decide_id(struct decision *d, uint64_t n);

enum command_flag {
    COMMAND_SAFE_ACT = 1 << 0,         /* goes on in a stop whose safe state names it (stop.h) */
    COMMAND_WHILE_STOPPED = 1 << 1,    /* goes on in any stop: resolving, reporting, commenting */
    COMMAND_NEEDS_REASON = 1 << 2,     /* REFUSED "gate.reason_needed" without one */
    COMMAND_WHILE_DISCARDING = 1 << 3, /* goes on after a stop was resolved by "discard" */
    COMMAND_JUDGES = 1 << 6, /* approves, verifies, releases or signs what others did, or gives
                                rights or a way in: never by a right lent in an emergency */
    COMMAND_SIGNED = 1 << 4, /* REFUSED "sign.needed" without a signature (sign.h) */
    COMMAND_PERSON = 1 << 5, /* a person's act, as what judges and what is signed: REFUSED
                                "auth.person_only" to a service account */
};

struct command_type {
    const char *name; /* also the permission that it needs */
    const struct record *body;
    size_t state_size;
    unsigned flags;
    enum outcome (*prepare)(struct prepare *p, const void *body, struct err *e); /* or NULL */
    enum outcome (*load)(struct load *l, const void *body, void *state, struct err *e);
    enum outcome (*decide)(struct decision *d, const void *body, const void *state, struct err *e);
    const struct record *answer; /* what decide_answer gives; NULL: nothing */
    /* Of a signed command: what its signer is shown, and what it may mean (sign.h). */
    enum outcome (*shown)(struct load *l, const void *body, const void *state,
                          struct sign_what *out, struct err *e);
    const char *meanings;
};

/* --- the gate itself --- */

struct registry; /* module.h */
struct gate;

/* An event that has become durable: enough to know who is concerned, without reading it again. */
struct gate_happened {
    int64_t sequence;
    const char *type;  /* static */
    struct stream key; /* distribution key */
};
/* n 0: others may have done anything (a database that lost what was known). */
typedef void gate_committed_fn(void *context, const struct gate_happened *events, size_t n);

/* What was asked, and what it was answered; body is the struct of the type's record. Of what is
 * refused before the queue on the sender's thread, of all else on the writer's, before the sender
 * hears of it. For tests, which keep worked examples of the API (kernel/tests/example.h): bodies
 * are as they were sent, with what is personal in them. */
struct command_type;
typedef void gate_answered_fn(const struct gate_command *command, const struct command_type *type,
                              const void *body, const struct gate_answer *answer);

struct gate_options {
    const struct env *env;
    struct store *store;   /* borrowed; gives prepare its readers */
    struct db *writer;     /* borrowed, the gate's alone from now on */
    struct ledger *ledger; /* borrowed */
    struct keyring *keys;  /* borrowed */
    const struct registry *registry;
    /* After each commit, on the writer's thread, before the answers: what happened is durable. May
     * be NULL. */
    gate_committed_fn *committed;
    void *context;
    gate_answered_fn *answered; /* MAY */
};

enum outcome gate_open(struct gate **out, const struct gate_options *options, struct err *e);
/* The queue is empty, and no thread is in gate_submit any more. */
void gate_close(struct gate *g);

/* The id of a command that the program itself sends because of `what` (an event, a timer): the same
 * each time, and foretold by nobody without the keyring, so that no one can use it up before. */
struct id gate_own_id(const struct gate *g, struct str what);

/* Reads the body on the calling thread and queues the command, which stays borrowed, with all that
 * it points to, until `done` is called: once, on the thread that runs gate_step. REFUSED here, and
 * `done` never called: what the body's record refuses, "gate.busy" when the queue is full or the
 * gate is closing, "gate.malformed_id", "gate.unknown_command" {command}, "gate.reason_needed",
 * "sign.needed" {command}, "sign.unsigned" {command} for what asks what a command would sign that
 * is not. */
enum outcome gate_submit(struct gate *g, const struct gate_command *command, gate_done_fn *done,
                         void *context, struct err *e);

/* Runs one group; *ran is the number of commands answered. Never waits. FAULT when the store fails:
 * members were answered with it, and unless the fault is "store.busy" the gate stays shut. */
enum outcome gate_step(struct gate *g, size_t *ran, struct err *e);

/* Where several write to the database (db_shared): tells `committed` what others recorded, as after
 * a commit of ours. Each group does so first; between groups whoever wants to hear of it sooner. On
 * the writer's thread. FAULT "gate.newer_event" when this program does not know a type of event,
 * for it cannot tell what follows from it. */
enum outcome gate_follow(struct gate *g, struct err *e);
/* After db_again: reads the ledger anew, tells what others recorded meanwhile, and takes commands
 * again. "gate.events_lost" is logged when what was durable is not there any more. May be called
 * again when it failed: what was known before the first try counts. */
enum outcome gate_again(struct gate *g, struct err *e);
/* Code of the fault after which nothing is written; NULL: commands are taken. Any thread. */
const char *gate_failure(const struct gate *g);
/* Nothing is written from now on: commands are answered with this fault. */
void gate_fail(struct gate *g, const struct err *e);

/* Signs a checkpoint when one is due since at least `after_us`. */
enum outcome gate_checkpoint_step(struct gate *g, int64_t after_us, struct err *e);

/* Waits until there is something to do for gate_step or timeout_us passed, by the system's clock.
 * For the writer thread. */
void gate_wait(struct gate *g, int64_t timeout_us);

/* Ends such a wait, for who has something else to be done on the writer's thread. Any thread. */
void gate_wake(struct gate *g);

/* Refuses what is new from now on; gate_step goes on until the queue is empty. */
void gate_shut(struct gate *g);

/* Submit and step until answered, for callers that are the writer themselves (command line,
 * simulation, tests). Returns the answer's outcome, its error in *e; `answer` may be NULL. */
enum outcome gate_run(struct gate *g, const struct gate_command *command,
                      struct gate_answer *answer, struct err *e);

/* The same beside a writer: submits and waits until that has answered. Never on the writer's
 * thread, which would wait for itself, nor on a thread of HTTP, which must not wait. */
enum outcome gate_send(struct gate *g, const struct gate_command *command,
                       struct gate_answer *answer, struct err *e);

/* --- checking --- */

/* The answers that are kept stand outside the ledger: whether they are those of its commands. Each
 * command of the log has one, which names its events and organisation, each that names events is of
 * such a command, and what is sealed opens. What the log does not say, this does not see: another
 * digest (whose command, sent again, is REFUSED "gate.key_reused"), and whatever became of answers
 * of commands without events. */
struct gate_report {
    int64_t answers;
    int64_t recorded; /* commands with events */
    bool good;
    char command[40]; /* the first that is not; empty: more are kept than the log has */
};
enum outcome gate_check(struct gate_report *out, struct db *db, struct keyring *keys,
                        struct err *e);

#endif
