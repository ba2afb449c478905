/* What the parts of auth share. */
#ifndef VEIN_KERNEL_AUTH_IMPL_H
#define VEIN_KERNEL_AUTH_IMPL_H

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/auth.sql.h"
#include "kernel/auth.h"

#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

enum {
    AUTH_WAYS = 4,         /* rows that a key may stand in; the oldest makes room */
    AUTH_IDLE_SETS = 4096, /* sessions in memory: 16,384 */
    AUTH_SLOW_SETS = 1024, /* logins and addresses in memory: 4,096 */
    AUTH_RIGHTS_MAX = 256, /* accounts whose grants are in memory */
    AUTH_HASHING_MAX = 2,  /* Argon2id at once */
};

struct auth_idle {
    uint64_t key; /* 0: free */
    int64_t seen_us;
    int64_t told_us;   /* when the other servers were last told that it is used */
    int64_t signed_us; /* when it last signed with proof; 0: not yet (sign.h) … */
    int64_t signed_in; /* … and in which period of the session that was */
};

struct auth_slow {
    uint64_t key; /* 0: free */
    int64_t tries;
    int64_t last_us;
    int64_t until_us;
    bool pin; /* wrong PINs of an account, or of a badge that is nobody's */
};

/* How the holder of these roles signs in, the strictest of each. */
struct auth_limits {
    enum proof_strength strength;
    int64_t lock_us;
    int64_t absolute_us;
};

/* A request that is answered on a thread for what takes long. */
struct auth_job {
    struct http_request *request;
    http_handler_fn *work;
};
enum {
    AUTH_STRANGERS_MAX = AUTH_SIGNING_MAX + AUTH_WAITING_MAX,
    AUTH_JOBS_MAX = 2 * AUTH_STRANGERS_MAX, /* the second half is for who is signed in */
};
struct auth_later {
    pthread_mutex_t lock;
    pthread_cond_t more;
    pthread_t threads[AUTH_SIGNING_MAX];
    size_t nthreads;
    bool stop;
    struct auth_job jobs[AUTH_JOBS_MAX]; /* those that wait, from first on, of a ring */
    size_t first;
    size_t n;
    size_t busy; /* threads with one at hand */
};

/* Grants of an account at a version, kept as one block of text that they point into. */
struct auth_rights {
    char account[ID_LENGTH + 1];
    int64_t version;
    uint64_t generation;
    int64_t made_us;
    struct auth_limits limits;
    size_t n;
    struct grant *grants;
    char *text;
    size_t ntext;
};

struct auth {
    struct node *node;
    bool secure_cookie;
    int64_t lock_us;
    int64_t idle_us;
    int64_t absolute_us;
    struct str public_url; /* may be absent */
    size_t argon_bytes;
    int64_t start_us; /* monotonic */
    struct id self;   /* of this node: whose security stream takes what is nobody's */
    sem_t hashing;
    struct auth_later later;
    char dummy[crypto_pwhash_STRBYTES]; /* what an unknown login's password is compared with */

    bool shares;                 /* there may be other servers */
    pthread_mutex_t lock;        /* of all below */
    char share[DB_TELL_MAX + 1]; /* words for the other servers (auth_share.c) */
    size_t nshare;
    uint64_t generation; /* of the roles' definitions */
    struct auth_idle idle[AUTH_IDLE_SETS][AUTH_WAYS];
    struct auth_slow slow[AUTH_SLOW_SETS][AUTH_WAYS];
    struct auth_rights rights[AUTH_RIGHTS_MAX];
};

/* --- auth_account.c --- */

/* The form in which logins are compared: without blanks around it, ASCII in lower case. Absent
 * when it cannot be one. */
struct str auth_login_of(struct str login, struct arena *arena);
/* Applies that something happened to the account: its version. */
enum outcome auth_account_version_apply(struct db *db, const struct event *event,
                                        struct str account, struct err *e);
/* Nobody changes their own rights: REFUSED "auth.own_rights" where who sends is the account. */
enum outcome auth_not_own(const struct decision *d, struct str account, struct err *e);
/* For what concerns the account alone: its organisation decides. */
enum outcome auth_account_load(struct load *l, struct str account, struct auth_account_state *state,
                               struct err *e);

/* The bounds of a right as rows have them; absent: from ever, for ever. */
static inline int64_t auth_holds_from(int64_t from)
{
    return from == TIME_NONE ? 0 : from;
}
static inline int64_t auth_holds_until(int64_t until)
{
    return until == TIME_NONE ? INT64_MAX : until;
}

/* --- auth_sign_in.c --- */

/* How the account's roles sign in now. */
enum outcome auth_limits_of(struct auth *a, const struct auth_login_out *row,
                            struct auth_limits *limits, struct arena *arena, struct err *e);

/* --- auth_password.c --- */

/* Whether it is an Argon2id string of a cost that this program would work for. */
bool auth_password_is_hash(struct str text);
/* Does the work of a comparison in any case; without `hash` the answer is no. */
bool auth_password_agrees(struct auth *a, struct str hash, struct str password);
void auth_password_dummy(struct auth *a);

/* 6 to 12 digits: REFUSED "auth.pin_malformed" {min}, "auth.pin_common". */
enum outcome auth_pin_hash(struct auth *a, struct str *out, struct str pin, struct arena *arena,
                           struct err *e);

/* --- auth_slow.c --- */

/* Whose try it is. */
struct auth_slow_of {
    struct str login;
    struct str peer;
    struct str device; /* a known one, which has a budget of its own; absent: none */
    struct str token;  /* id of the known one that is shown alone: likewise */
    bool keys;         /* a service's key: likewise, by its id */
    bool provider;     /* an identity provider is asked for who comes from `peer`: likewise */
};
/* Counts a try; false, and the seconds to wait, when it comes too early. */
bool auth_slow_try(struct auth *a, const struct auth_slow_of *of, int64_t *seconds);
/* The same; REFUSED "auth.slow_down" {seconds}. */
enum outcome auth_slow_take(struct auth *a, const struct auth_slow_of *of, struct arena *arena,
                            struct err *e);
/* The try was right. */
void auth_slow_clear(struct auth *a, const struct auth_slow_of *of);
/* A PIN is tried: which try it is, from 1 to AUTH_PIN_TRIES, as far as memory knows; 0 when that
 * many were wrong since the last full sign-in. */
int64_t auth_pin_try(struct auth *a, struct str account);
void auth_pin_forget(struct auth *a, struct str account);

/* --- auth_station.c --- */

/* After a full sign-in the account's PIN works again, whatever was tried. Waits for the writer
 * where the ledger has to be told; what fails is logged, and the PIN waits for the next. */
void auth_pin_clear(struct auth *a, struct str account);

/* --- auth_rights.c --- */

/* What the account's roles permit now, and how they sign in. */
enum outcome auth_rights_of(struct auth *a, struct db *db, struct str account, int64_t version,
                            struct actor *actor, struct auth_limits *limits, struct arena *arena,
                            struct err *e);
void auth_rights_free(struct auth *a);

/* --- auth_idle.c --- */

/* For how long the session was not used. One that memory does not know is new, or from before a
 * restart, or so long unused that others took its room. */
int64_t auth_idle_for(struct auth *a, struct str session, int64_t opened);
void auth_idle_touch(struct auth *a, struct str session);

/* --- auth_session.c --- */

struct auth_start {
    struct str account;
    struct str organisation; /* of the account */
    struct str site;         /* may be absent */
    int64_t expires;
    enum proof_strength strength;
    struct str station; /* may be absent */
    const struct auth_from *from;
};
/* Opens a session and gives its cookie. */
enum outcome auth_session_start(struct auth *a, const struct auth_start *start, struct str *cookie,
                                struct arena *arena, struct err *e);
/* As its person, who needs no right for it but being in it. */
enum outcome auth_session_end(struct auth *a, const struct auth_session *session, struct str why,
                              struct err *e);
/* 32 random bytes in base64 for URLs. */
enum { AUTH_SECRET_LENGTH = 43 };
struct str auth_secret(struct auth *a, struct arena *arena);
/* Keyed digest of a text, as hexadecimal. */
struct str auth_digest(struct auth *a, const char *purpose, struct str text, struct arena *arena);

/* --- auth_credential.c --- */

enum outcome auth_credential_load(struct load *l, struct str credential,
                                  struct auth_credential_state *state, struct err *e);
/* For a new credential of this kind: its id, and what the account has. */
enum outcome auth_enrol_load(struct load *l, struct str account, struct str kind,
                             struct auth_credential_state *state, struct err *e);
enum outcome auth_may_enrol(const struct auth_credential_state *state, struct err *e);
/* Says that it was shown: REFUSED "auth.account_closed", "auth.credential_over",
 * "auth.proof_used", "auth.counter_back". */
enum outcome auth_credential_spend(struct decision *d, const struct auth_credential_state *state,
                                   int64_t spent, int64_t counter, struct err *e);

/* --- auth_key.c --- */

/* What only people do: signs, judges, gives rights. */
bool auth_scope_of_person(const struct registry *registry, struct str permission);

/* --- auth_key_admit.c --- */

/* Who asks by a key or a certificate: r->who, which stays NULL where neither is shown, or the route
 * is public. REFUSED "auth.key_refused" (401), always the same; "auth.key_page" where the route is
 * a page or a page's form; "auth.certificate_form" (415) to a POST by a certificate of what is not
 * JSON. */
enum outcome auth_key_admit(struct auth *a, struct http_request *r, struct err *e);
/* The session of who shows this key, whatever it is shown by. REFUSED "auth.key_refused". */
enum outcome auth_key_find(struct auth *a, struct http_request *r, struct str text,
                           struct auth_session *out, struct err *e);
/* "vein_<id>_<secret>", and what is kept of the secret. */
struct str auth_key_text(struct str id, struct str secret, struct arena *arena);
struct str auth_key_digest(struct auth *a, struct str secret, struct arena *arena);

/* --- auth_wall.c --- */

/* Who asks is a display on a wall, for what such a display shows. */
bool auth_wall_admits(struct auth *a, struct http_request *r, struct auth_session *out);

/* --- auth_claim.c --- */

/* Somebody claims to be this account, and what there is to compare with. */
struct auth_claim {
    struct auth_login_out row;
    bool found;
    struct str hash; /* absent: no password would be right */
    const struct auth_credentials_out *credentials;
    size_t n;
    struct auth_slow_of slow;
};
/* By login, or by the token that is shown without one. */
enum outcome auth_claim_find(struct auth *a, struct auth_claim *out, struct str login,
                             const struct auth_proof *shown, const struct auth_from *from,
                             struct arena *arena, struct err *e);
/* What of this kind was enrolled; NULL: nothing. */
const struct auth_credentials_out *auth_claim_credential(const struct auth_claim *c,
                                                         const char *kind);
/* Counts the try and does the work of all comparisons. *why: what was wrong, for the security
 * stream; NULL: nothing. `alone`: a password is enough, though there is a second factor. */
enum outcome auth_claim_check(struct auth *a, const struct auth_claim *c,
                              const struct auth_proof *shown, bool alone, struct auth_proved *out,
                              const char **why, struct arena *arena, struct err *e);
/* Written down in the security stream, which nobody waits for; REFUSED with this code. */
enum outcome auth_claim_refused(struct auth *a, const struct auth_claim *c, const char *why,
                                const char *code, struct err *e);

/* Opens a session for the account that it turned out to be (auth_sign_in.c). */
enum outcome auth_claim_open(struct auth *a, const struct auth_claim *c,
                             const struct auth_proved *proved, const struct auth_from *from,
                             struct str *cookie, struct arena *arena, struct err *e);

/* Keyed digest of a recovery code of this account. */
struct str auth_recovery_digest(struct auth *a, struct str account, struct str code,
                                struct arena *arena);

struct str auth_badge_digest(struct auth *a, struct str badge, struct arena *arena);

/* --- auth_later.c --- */

void auth_later_open(struct auth *a);
void auth_later_close(struct auth *a);

/* When the session last signed in this period of it, by the monotonic clock; 0: it did not. And
 * that it did now; and that its next signature takes both components, wherever it is made. */
int64_t auth_signed(struct auth *a, const struct auth_session *session);
void auth_signed_set(struct auth *a, const struct auth_session *session);
void auth_signed_forget(struct auth *a, struct str session);

/* --- auth_share.c --- */

/* Under the lock: a word for the other servers. */
enum auth_word {
    AUTH_WORD_SEEN = 's',   /* the session is used */
    AUTH_WORD_FORGET = 'f', /* its next signature takes both components */
    AUTH_WORD_TRY = 't',    /* behind it the budget that counts the try */
    AUTH_WORD_RIGHT = 'r',  /* one of the tries that count there was right */
    AUTH_WORD_CLEAR = 'c',  /* its tries are forgiven */
};
void auth_share(struct auth *a, enum auth_word word, uint64_t key, int budget);
/* The same, heard: what it says is done, and not told again. */
void auth_idle_heard(struct auth *a, enum auth_word word, uint64_t key);
void auth_slow_heard(struct auth *a, enum auth_word word, uint64_t key, int budget);

/* --- auth_send.c --- */

/* The program itself, for an organisation. */
struct actor auth_system(struct str organisation);
/* Sends a command of ours, whose body is a struct of its record; everything is copied. `wait`:
 * until it is answered; else its outcome is nobody's concern. */
enum outcome auth_send_because(struct auth *a, const struct actor *actor,
                               const struct command_type *type, const void *body, struct str reason,
                               bool wait, struct err *e);
enum outcome auth_send(struct auth *a, const struct actor *actor, const struct command_type *type,
                       const void *body, bool wait, struct err *e);

/* The alarm of an emergency, its end, and what a void signature of its review leads to. */
enum { AUTH_POLICIES = 5 };
extern const struct policy auth_policies[AUTH_POLICIES];

/* What of accounts and sites is found. */
enum { AUTH_SEARCHES = 2 };
extern const struct search_rule auth_searches[AUTH_SEARCHES];

#endif
