/* Notifications: who must know of something, is told, answers, and what happens when they do not.
 *
 * Kinds are definitions ("notification"): a text of the catalogue that says what to do, an urgency,
 * a ladder of roles with times, channels, a rule of repetition, quiet hours. A kind that is not
 * defined is not told. Policies raise them on events, and end them when their cause is no more. For
 * a kind and cause there is one notification, for ever: while it stands nothing is raised again.
 *
 * Whom a rung reaches: who is on call for its role there now (rota.h), and where nobody is, all who
 * have that role there; at most NOTIFY_TO_MAX. It reaches them on the page "/notifications" and, as
 * the kind says, by mail (those who gave an address) and by the organisation's partners of protocol
 * webhook that want this kind, all in the same transaction (outbox.h). Unless someone who may
 * (right "notification.acknowledge" there) acknowledges it, a timer tells the next rung, and then
 * the last one again, as often as the kind says.
 *
 * Who is told that a task opened (`tell` of a workflow, flow.alerted): for each role that it names
 * a notification of its own, at that site, so that one's acknowledgement does not stand for
 * another's; where the workflow says `person`, first who is named in the order (flow.name_person),
 * while they hold the role there. When the task is done, all that was told of it ends.
 *
 * What leaves the program holds no personal data: the text of the kind, the pseudonym it is about,
 * a link. Addresses of staff are sealed under their account, and opened when a mail is made.
 *
 * Quiet hours: mail of a kind that has them waits until they end, by the clock of the site's time
 * zone (TIME ZONES: base/zone.h); a critical kind has none. The page never waits.
 *
 * Refusals: "notification.unknown_kind" {kind}, "notification.over" {state},
 * "contact.malformed". */
#ifndef VEIN_KERNEL_NOTIFY_H
#define VEIN_KERNEL_NOTIFY_H

#include "gen/kernel/notify.sql.h"
#include "kernel/outbox.h"

enum {
    NOTIFY_TO_MAX = 20,
    NOTIFY_PARTNERS_MAX = 10,
    NOTIFY_BODY_MAX = 4000,
    NOTIFY_ABOUT_MAX = 60, /* ended by one command */
};

struct notify_raise_state {
    struct str notification;
    bool kind_found;
    bool standing;
    struct notify_find_out row; /* as it is, when it is there */
    bool found;
    int64_t version;
    const struct notify_kind *kind;
    int64_t rung; /* that is told now */
    int64_t repeats;
    struct str to[NOTIFY_TO_MAX];
    bool mailed[NOTIFY_TO_MAX];
    size_t nto;
    struct str partners[NOTIFY_PARTNERS_MAX];
    size_t npartners;
    int64_t mail_not_before;
};
struct notify_state {
    struct notify_find_out row;
};
struct notify_end_state {
    struct str ids[NOTIFY_ABOUT_MAX];
    struct str about[NOTIFY_ABOUT_MAX];
    size_t n;
};
struct notify_contact_state {
    bool had;
};
#define RECORDS "kernel/notify_kind.def"
#include "base/record_structs.h"
#undef RECORDS
#define RECORDS "kernel/notify_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/notify_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct define_kind notify_kind_kind;
extern const struct module notify_module;

/* For the `make` of policies: raises, or ends, if the kind is defined; fills *out and *send. */
enum outcome notify_policy_raise(struct policy_send *out, bool *send, struct db *db,
                                 const struct event *event, const struct notify_raise *body,
                                 struct arena *arena, struct err *e);
enum outcome notify_policy_end(struct policy_send *out, bool *send, struct db *db,
                               const struct notify_end *body, struct arena *arena, struct err *e);
/* The id of a kind's notification for a cause. */
struct id notify_id(struct str kind, struct str cause);
/* "order/<id>" as text in the arena, and the end of an identifier as people read it. */
struct str notify_about_order(struct str order, struct arena *arena);
struct str notify_short(struct str id, struct arena *arena);

#endif
