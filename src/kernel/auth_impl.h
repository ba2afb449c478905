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
    AUTH_SIGNING_MAX = 3,  /* who try a password at once, one of them waiting for a place */
};

struct auth_idle {
    uint64_t key; /* 0: free */
    int64_t seen_us;
    int64_t signed_us; /* when it last signed with proof; 0: not yet (sign.h) */
};

struct auth_slow {
    uint64_t key; /* 0: free */
    int64_t tries;
    int64_t last_us;
    int64_t until_us;
};

/* Grants of an account at a version, kept as one block of text that they point into. */
struct auth_rights {
    char account[ID_LENGTH + 1];
    int64_t version;
    uint64_t generation;
    int64_t made_us;
    size_t n;
    struct grant *grants;
    char *text;
    size_t ntext;
};

struct auth {
    struct node *node;
    bool secure_cookie;
    int64_t idle_us;
    int64_t absolute_us;
    size_t argon_bytes;
    int64_t start_us; /* monotonic */
    struct id self;   /* of this node: whose security stream takes what is nobody's */
    sem_t hashing;
    sem_t signing; /* so that of four HTTP threads one is always left for all others */
    char dummy[crypto_pwhash_STRBYTES]; /* what an unknown login's password is compared with */

    pthread_mutex_t lock; /* of all below */
    uint64_t generation;  /* of the roles' definitions */
    struct auth_idle idle[AUTH_IDLE_SETS][AUTH_WAYS];
    struct auth_slow slow[AUTH_SLOW_SETS][AUTH_WAYS];
    struct auth_rights rights[AUTH_RIGHTS_MAX];
};

/* --- auth_account.c --- */

/* The form in which logins are compared: without blanks around it, ASCII in lower case. Absent
 * when it cannot be one. */
struct str auth_login_of(struct str login, struct arena *arena);

/* --- auth_sign_in.c --- */

/* What was found under a login; without an account, nothing is. */
struct auth_candidate {
    struct auth_login_out row;
    bool found;
    struct str hash; /* absent: no password would be right */
};
/* Compares a password with that of a login (in the form in which logins are compared): *wrong is
 * NULL where it is right, else why it is not: "unknown" "password" "closed". The same work in any
 * case; who asks records what was wrong. REFUSED "auth.slow_down". Only with a place. */
enum outcome auth_candidate_check(struct auth *a, struct auth_candidate *c, struct str login,
                                  struct str password, struct str peer, const char **wrong,
                                  struct arena *arena, struct err *e);
/* A place to try a password in, or REFUSED "auth.busy" at once: Argon2id takes its time, and
 * whoever would wait for it holds a thread that all others need. Does not count as a try. */
enum outcome auth_place_take(struct auth *a, struct err *e);
void auth_place_give(struct auth *a);

/* --- auth_password.c --- */

/* Whether it is an Argon2id string of a cost that this program would work for. */
bool auth_password_is_hash(struct str text);
/* Does the work of a comparison in any case; without `hash` the answer is no. */
bool auth_password_agrees(struct auth *a, struct str hash, struct str password);
enum outcome auth_password_dummy(struct auth *a, struct err *e);

/* --- auth_slow.c --- */

/* Counts a try; false, and the seconds to wait, when it comes too early. */
bool auth_slow_try(struct auth *a, struct str login, struct str peer, int64_t *seconds);
/* The try was right. */
void auth_slow_clear(struct auth *a, struct str login, struct str peer);

/* --- auth_rights.c --- */

/* What the account's roles permit now. */
enum outcome auth_rights_of(struct auth *a, struct db *db, struct str account, int64_t version,
                            struct actor *actor, struct arena *arena, struct err *e);
void auth_rights_free(struct auth *a);

/* --- auth_session.c --- */

struct auth_start {
    struct str account;
    struct str organisation; /* of the account */
    struct str site;         /* may be absent */
    int64_t expires;
};
/* Opens a session and gives its cookie. */
enum outcome auth_session_start(struct auth *a, const struct auth_start *start, struct str *cookie,
                                struct arena *arena, struct err *e);

/* When the session last signed, by the monotonic clock; 0: it did not. And that it did now; 0:
 * that it did not. */
int64_t auth_signed(struct auth *a, struct str session);
void auth_signed_set(struct auth *a, struct str session, int64_t now_us);

/* --- auth_send.c --- */

/* The program itself, for an organisation. */
struct actor auth_system(struct str organisation);
/* Sends a command of ours, whose body is a struct of its record; everything is copied. `wait`:
 * until it is answered; else its outcome is nobody's concern. */
enum outcome auth_send(struct auth *a, const struct actor *actor, const struct command_type *type,
                       const void *body, bool wait, struct err *e);

/* What of accounts and sites is found. */
enum { AUTH_SEARCHES = 2 };
extern const struct search_rule auth_searches[AUTH_SEARCHES];

#endif
