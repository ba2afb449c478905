/* Electronic signatures (21 CFR 11.50, 11.70, 11.100, 11.200; Annex 11, 14).
 *
 * A signature binds signer, meaning, time and exactly what the signer was shown. It is given with a
 * command, stands in the envelope of the first event that the command makes (`signature`, the
 * record sign_signature), and cannot leave it: the envelope is hashed, chained and in the signed
 * log.
 *
 * What is shown is a record, sign_shown: which thing in which version, what the signature means,
 * and the SHA-256 of its content. Its own SHA-256, `shown`, is what is signed. The content is the
 * payload of the event that made the thing so, where there is one (sign_what_event; `vein verify`
 * finds it in the log and hashes it again), else canonical JSON of the module's own. Personal data
 * stands in it sealed: who breaks the seal's commitment to show another text could forge the event
 * as well.
 *
 * The gate refuses a signed command whose signature is missing ("sign.needed" {command}), another
 * person's ("sign.signer"), of another session ("sign.session") or command ("sign.command"), not
 * proved here ("sign.forged"), older than SIGN_AGE_MAX_US ("sign.late"), weaker than the act asks
 * for ("sign.weak" {strength}), or over anything but what stands at this moment ("sign.changed"); a
 * program ("sign.person"), and a stated time of happening ("sign.happened"): it is signed now.
 *
 * Proof. A person proves with their password, with a one-time code beside it, or with a token that
 * they unlock (sign_prove). The first signature in a session, and the first after SIGN_QUIET_US
 * without one, takes the sign-in name and password; the next ones the password alone; a token is
 * both components each time. What was proved is kept in the server's memory, never taken from the
 * client. A session that is another (a move to another site, a new sign-in after idleness) begins
 * anew. Wrong proofs are slowed with wrong sign-ins and are events of the security stream
 * ("sign.refused").
 *
 * A token signs the challenge (sign_challenge) of one command at one time, which the server says
 * (sign_token_ask) and recognises by a keyed digest: the client chooses neither. Its answer, its
 * public key and where the log says whose it is are kept in the signature, so that it is checked
 * from the log alone, by who trusts neither server nor its keys.
 *
 * Strength. Which proof an act takes is data (sign_strength.h); the gate holds every signature to
 * it.
 *
 * Simulation. People of a simulated network have no passwords to prove with. Their signatures have
 * the strength "simulated", which the gate takes only in a ledger that said at its very beginning,
 * before it had any account, that its people are simulated ("sign.simulation_begun"); in any other
 * it is "sign.simulated". `vein verify` counts them.
 *
 * How to make a command signed
 *   1. Its row: SIGNED_COMMAND(r, "x.approve", state, flags, "approved", answer) or, with a prepare
 *      of its own, PREPARED_SIGNED_COMMAND; the fifth argument names the meanings that it may have.
 *   2. r_shown, called after load and access and before decide: fills in kind and id of the thing,
 *      the meaning, and the content (sign_what_event, sign_what_record). What the body decides
 *      (verdict, place) must be told by what is shown: it is what the signer reads.
 *   3. A row {"x.approve", show} in the module's (or a module's above it) module_signs[], and in
 * its struct module MODULE_ARRAY(signs): `show` prints what is shown as HTML, from the content.
 *   4. The page's button: <form method="get" action="/sign/x.approve"> with the fields of the body,
 *      and "_next". /sign/x.approve shows it, takes the proof, sends the command and goes on to
 *      `_next`. Bodies with free text are posted there instead. Programs: docs/api.md.
 *   5. Tests: fixture_send signs by itself. The simulation's sender does, too. */
#ifndef VEIN_KERNEL_SIGN_H
#define VEIN_KERNEL_SIGN_H

#include "kernel/gate.h"
#include "kernel/page.h"
#include "kernel/proof.h"

enum { SIGN_FORMAT = 1, SIGN_CONTENT_MAX = 65535 };
#define SIGN_AGE_MAX_US (4 * TIME_MINUTE)  /* from proof to decision; `vein verify`: 5 to record */
#define SIGN_QUIET_US   (15 * TIME_MINUTE) /* without a signature; then both components again */

#define RECORDS "kernel/sign.def"
#include "base/record_structs.h"
#undef RECORDS

/* How a signature is proved, the weakest first. */
enum sign_strength { SIGN_SIMULATED, SIGN_PASSWORD, SIGN_CODE, SIGN_TOKEN };
const char *sign_strength_name(enum sign_strength s);
/* One of sign_meanings.def. */
bool sign_meaning_known(struct str meaning);

/* --- what is shown: for modules --- */

struct sign_what {
    struct str kind;        /* "task" */
    struct str id;          /* at most 160 bytes */
    struct str place;       /* MAY */
    struct str stream;      /* set by sign_what_event */
    int64_t version;        /* likewise */
    int64_t at;             /* likewise: its place in the log */
    struct str meaning;     /* one of the command's */
    struct str words;       /* MAY */
    struct str role;        /* MAY: whose place it is to sign at */
    struct str criticality; /* MAY: of the act, where a definition says it */
    struct str content;     /* canonical JSON, personal data sealed */
};
/* The content is the payload of this event. FAULT "ledger.damaged" when it is not there. */
enum outcome sign_what_event(struct sign_what *out, struct db *db, struct str stream,
                             int64_t version, struct arena *arena, struct err *e);
/* The content is a record's JSON. */
enum outcome sign_what_record(struct sign_what *out, const struct record *r, const void *value,
                              struct arena *arena, struct err *e);

/* --- a signature on its way to the gate --- */

struct sign_given {
    struct str command; /* id of the command that it is for */
    struct str session;
    struct str signer; /* account */
    struct str name;   /* printed */
    struct str shown;  /* hash, as the signer sent it back */
    int64_t time;
    enum sign_strength strength;
    struct str components;
    struct str credential; /* of a token; else all four are absent */
    struct str key;
    int64_t enrolled;
    struct str assertion;
    struct hash proved; /* keyed, over all of it: nothing but sign_seal makes one */
};

/* SHA-256 of the JSON array ["vein.sign/1", shown, signer, session, command, time] (texts; session
 * "" where there is none; the time in RFC 3339): what a token signs. All of it stands in the event.
 */
enum outcome sign_challenge(struct hash *out, const struct sign_given *given, struct err *e);
/* To be called by who has seen the proof. */
enum outcome sign_seal(struct sign_given *given, struct keyring *keys, struct err *e);

/* For the simulation: the signature of a person who has nothing to prove with, on a command that
 * was asked what it would sign and answered so. Strength "simulated"; without a session. `name` as
 * printed. */
struct sign_simulation {
    const struct gate_command *command;
    const struct gate_answer *asked;
    struct str name;
    int64_t now_us;
};
enum outcome sign_simulated(struct sign_given *out, const struct sign_simulation *s,
                            struct keyring *keys, struct err *e);

/* --- proof: for those who take one --- */

struct auth;
struct auth_session;
struct http_request;

/* What a person gave; absent members were not given. */
struct sign_proof {
    struct str command; /* id of the command */
    struct str name;    /* and its name, for the security event */
    struct str shown;
    struct str login;
    struct str password;
    struct str code;      /* one-time or recovery code; empty: none */
    struct str assertion; /* of a token (proof_assertion_read), over … */
    struct str time;      /* … the challenge of this time, … */
    struct str mark;      /* … which the server marked so; empty: no token */
    struct proof_party party;
    struct str peer;
};
/* Checks it and gives the signature, which lives in the arena. REFUSED "sign.both" (login and
 * password are needed), "sign.proof" (none given), "sign.refused" (always the same), "sign.late"
 * (a token's answer to an old challenge), and "auth.slow_down" as in signing in. Takes about 100
 * ms: on a thread for what takes long (auth_later). */
enum outcome sign_prove(struct sign_given *out, struct auth *a, const struct auth_session *session,
                        const struct sign_proof *proof, struct arena *arena, struct err *e);
/* Another signature out of the same proof, for another command, which its signer confirmed with it.
 * A token's answer is for one command alone: never of one. */
enum outcome sign_prove_also(struct sign_given *out, const struct sign_given *first,
                             struct str command, struct str shown, struct keyring *keys,
                             struct err *e);
/* What a token is asked now, to sign this command of the session's. `shown` is a hash as it came:
 * REFUSED "record.malformed". */
enum outcome sign_token_ask(struct sign_token_ask *out, struct auth *a,
                            const struct auth_session *session, struct str command,
                            struct str shown, struct arena *arena, struct err *e);
/* Whether the next signature in the session takes both components. */
bool sign_both(struct auth *a, const struct auth_session *session);
/* The session was locked or switched: both again. */
void sign_forget(struct auth *a, struct str session);

/* --- for the gate --- */

/* What the command's signer is shown now, as the record whose hash is signed, and that hash. */
enum outcome sign_shown_now(struct sign_shown *out, char shown[HASH_HEX + 1],
                            const struct command_type *type, const struct sign_what *what,
                            struct arena *arena, struct err *e);
struct sign_check {
    struct db *db;
    struct keyring *keys;
    const struct command_type *type;
    const struct gate_command *command;
    enum sign_strength needed;
    int64_t now_us;
    struct arena *arena;
};
/* The refusals above; gives the envelope's `signature`. */
enum outcome sign_check(struct str *out, const struct sign_check *c, const struct sign_shown *what,
                        struct str shown, struct err *e);

/* --- pages --- */

/* Prints what is shown, from its content, for people. */
typedef enum outcome sign_show_fn(struct html *out, struct page *p, struct http_request *r,
                                  struct db *db, const struct sign_asked *asked, struct err *e);
/* Bodies of the command, as JSON, for what waits for this person's signature by it; the request may
 * narrow them. Never more than fit. */
struct sign_waiting {
    struct str *p;
    size_t n;
    size_t max;
};
typedef enum outcome sign_waiting_fn(struct sign_waiting *out, struct http_request *r,
                                     struct db *db, struct err *e);
struct sign_view {
    const char *command;
    sign_show_fn *show;
    sign_waiting_fn *waiting; /* MAY: then several are signed at once (sign_several.h) */
};

/* --- the module: security events, and that a ledger's people are simulated --- */

struct sign_state {
    bool any; /* the ledger has accounts, or said it before */
};
#define RECORDS "kernel/sign_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/sign_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module sign_module; /* with the routes /sign/{command} */

#endif
