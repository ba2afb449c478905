/* How many requests one account may send: a bucket of tokens each, in memory, that fills by `rate`
 * a second up to `burst`. So no account, by mistake or malice, takes the threads and the writer
 * that all need. Bounded: where more accounts are busy at once than there is room, the one longest
 * at rest is forgotten, which gives it a full bucket. Thread-safe. */
#ifndef VEIN_KERNEL_LIMIT_H
#define VEIN_KERNEL_LIMIT_H

#include "base/arena.h"
#include "base/env.h"
#include "base/err.h"

struct limit;

struct limit_options {
    const struct env *env; /* its monotonic clock */
    int64_t rate;          /* requests a second, from 1 */
    int64_t burst;         /* at once, from 1 */
};

enum outcome limit_open(struct limit **out, const struct limit_options *options, struct err *e);
void limit_close(struct limit *l);

struct limit_state {
    int64_t left;    /* requests that may follow at once */
    int64_t full_s;  /* seconds until the bucket is full */
    int64_t retry_s; /* where it was refused: seconds until one may follow; else 0 */
};
/* Takes one request of the account; false when there is none left. */
bool limit_take(struct limit *l, struct str account, struct limit_state *state);
/* What RateLimit-Policy and RateLimit say (draft-ietf-httpapi-ratelimit-headers-10). */
struct str limit_policy_text(const struct limit *l, struct arena *arena);
struct str limit_text(const struct limit_state *state, struct arena *arena);

#endif
