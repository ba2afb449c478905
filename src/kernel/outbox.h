/* The outbox: messages to partners, durable, in order, one partner's trouble nobody else's.
 *
 * A message is an event (message.queued) and ends by one (message.delivered, message.dropped, or
 * message.died, until an authorised person replays it, mended or not, or drops it, with reason).
 * Messages of one `about` (an order) go to a partner one after the other: one that fails or is dead
 * holds up what is behind it for this partner and `about`, and nothing else. Each partner has a few
 * places of its own (`at_once`; one while something that waits for it has failed), so that one that
 * hangs keeps no other waiting.
 *
 * Leases (lease.h) hold who sends it just now, how often it failed and when it is tried again. A
 * crash between the partner's answer and its event sends the message once more: so every delivery
 * carries the message's id, the same at each try, by which the partner tells a repetition (webhook:
 * "webhook-id"; mail: "Message-ID"). Nothing in a body is personal: pseudonyms and links.
 *
 * A partner is a definition of kind "partner"; what it gets is what the organisation that loaded it
 * has to tell. The partner "mail" is built in: the mail server of the configuration. How bytes
 * leave the machine is a seam, outbox_transport; without one messages wait.
 *
 * What comes in: message.receive keeps a partner's message once by the sender's own id; the same id
 * with another content is REFUSED "message.id_reused".
 *
 * Rights: the page's "operation.see"; "message.replay", "message.drop" in the organisation and at
 * the site of the message; "message.queue", "message.receive" for the actor's own organisation.
 * Refusals: "message.unknown_partner" {partner}, "message.over" {state}, "message.not_dead"
 * {state}, "message.foreign_about", "lease.lost". */
#ifndef VEIN_KERNEL_OUTBOX_H
#define VEIN_KERNEL_OUTBOX_H

#include "gen/kernel/outbox.sql.h"
#include "kernel/define.h"

enum {
    OUTBOX_SLOTS = 64,     /* on their way at once */
    OUTBOX_AT_ONCE = 4,    /* of one partner, where it says nothing */
    OUTBOX_TRIES_MAX = 12, /* likewise; then it dies: after some two and a half hours */
    OUTBOX_HEADERS_MAX = 8,
    OUTBOX_REQUEST_MAX = 64 << 10, /* bytes of body */
};
#define OUTBOX_RETRY_US     (5 * TIME_SECOND)  /* after the first failure, doubled by each, … */
#define OUTBOX_RETRY_MAX_US TIME_HOUR          /* … up to this */
#define OUTBOX_TIMEOUT_US   (15 * TIME_SECOND) /* of one try */

/* --- how bytes leave --- */

enum outbox_protocol { OUTBOX_WEBHOOK, OUTBOX_MAIL, OUTBOX_WITNESS /* witness.h's own */ };

/* One try, complete: whoever sends it needs no database, definition or key. */
struct outbox_request {
    enum outbox_protocol protocol;
    struct str url; /* "https://…", "smtp://host:port", "smtps://…" */
    struct record_pair headers[OUTBOX_HEADERS_MAX];
    size_t nheaders;
    struct str body; /* of mail: header lines, a blank line, text; CR LF */
    struct str from; /* mail: envelope */
    struct str to;
    struct str user; /* mail: absent: no sign-in */
    struct str password;
    struct str allowed; /* addresses inside that may be reached all the same: see docs */
    bool starttls;      /* mail: refuse a server that offers none */
    int64_t timeout_us;
};
struct outbox_result {
    uint64_t ticket;
    bool delivered;
    bool hopeless;     /* trying again is no use: it dies at once */
    const char *code;  /* static; "outbox.timeout" … */
    int64_t status;    /* as the partner answered; INT_NONE: not at all */
    struct str answer; /* of a witness: the beginning of its body; until the next send */
};
struct outbox_transport {
    void *context;
    /* Takes a copy and begins. False: no room now. MUST NOT wait. */
    bool (*send)(void *context, uint64_t ticket, const struct outbox_request *request);
    /* The next try that ended; false: none. MUST NOT wait. Each ticket once. */
    bool (*next)(void *context, struct outbox_result *out);
};

/* What the configuration says; texts live as long as the outbox. */
struct outbox_setup {
    struct str smtp_url;   /* empty: no mail */
    struct str smtp_user;  /* empty: without signing in */
    struct str smtp_from;  /* address of the sender */
    struct str public_url; /* of this program, for links: "https://vein.example" */
    struct str allowed;    /* see outbox_request */
    bool smtp_plain;       /* a server without STARTTLS is good enough (loopback) */
    /* Value of a name in the secrets file; absent: there is none. */
    struct str (*secret)(void *context, struct str name);
    void *secrets;
};

/* --- messages as events --- */

#define RECORDS "kernel/outbox_partner.def"
#include "base/record_structs.h"
#undef RECORDS

struct message_queue_state {
    bool partner_found;
};
struct message_state {
    bool found;
    struct outbox_find_out row;
};
struct message_receive_state {
    struct str message;
    struct str digest;
    bool partner_found;
    bool found;
    bool same;
};
#define RECORDS "kernel/outbox_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/outbox_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct define_kind partner_kind;
extern const struct module outbox_module;

/* In the load of a command that may queue messages: declares the stream of its message number n. */
enum outcome load_message(struct load *l, size_t n, struct err *e);
/* In decide: queues it; fills in `message`. Of one command 0 ≤ n < 40. */
void outbox_queue(struct decision *d, size_t n, struct message_queued *message);
/* Whether there is such a partner now, or it is "mail". */
enum outcome partner_exists(bool *out, struct db *db, struct str name, int64_t now,
                            struct arena *arena, struct err *e);

/* --- the runner --- */

struct outbox;
struct outbox_options {
    struct gate *gate;
    struct db *writer;
    struct keyring *keys;
    const struct env *env;
    struct str runner; /* see jobs_options */
};
enum outcome outbox_open(struct outbox **out, const struct outbox_options *options, struct err *e);
/* Among several, who leads sends; the others see to the end what is on its way, as long as its
 * leases hold. A runner that was just opened leads. */
void outbox_lead(struct outbox *o, bool leads);
/* What is on its way is sent again by whoever opens next. */
void outbox_close(struct outbox *o);
/* From now on messages leave this way; both borrowed. */
void outbox_use(struct outbox *o, const struct outbox_transport *transport,
                const struct outbox_setup *setup);
bool outbox_leaves(const struct outbox *o); /* there is a transport */
bool outbox_mails(const struct outbox *o);  /* and a mail server */

/* Takes results, says what became of them, sends what is due; *busy while answers are awaited.
 * Never waits. On the writer's thread. */
enum outcome outbox_step(struct outbox *o, bool *busy, struct err *e);
void outbox_committed(struct outbox *o, const struct gate_happened *events, size_t n);
/* Wall time at which one is due next; TIME_NONE when none waits or none can leave. */
enum outcome outbox_next(struct outbox *o, int64_t *due, struct err *e);

#endif
