/* Jobs: long work, asked for by a command and done in small steps beside everything else.
 *
 * A job is an event (job.queued) and ends by one (job.finished, job.failed, job.cancelled). Between
 * them a runner holds its lease (lease.h: enduring rows outside the ledger, and why), renews it
 * while it works and writes there how far it is. A runner that dies leaves its lease to expire, and
 * the job is taken by the next; one that wakes up after its lease was taken over is refused by the
 * lease's token ("lease.lost") when it says that the job is finished. So a job's steps may run more
 * than once, and its end is recorded once: a kind whose steps have effects makes them idempotent.
 *
 * A step that faults is tried again with a wait that doubles; after tries_max the job fails. One
 * that is refused fails at once. A failed job is replayed by an authorised person, with reason.
 *
 * Rights: "job.queue" and the kind's own permission to ask for one and to see one's own;
 * "job.see" for all of the organisation; "job.cancel" and "job.replay" where it was asked for.
 * Refusals: "job.unknown_kind" {kind}, "job.over" {state}, "job.not_failed" {state},
 * "lease.lost". */
#ifndef VEIN_KERNEL_JOB_H
#define VEIN_KERNEL_JOB_H

#include "gen/kernel/job.sql.h"
#include "kernel/module.h"

enum {
    JOBS_SLOTS = 4,    /* jobs that one runner works at, in turns */
    JOB_TRIES_MAX = 5, /* where the kind says nothing */
    JOB_RESULT_MAX = 16384,
    JOB_ARENA_MAX = 8 << 20, /* of one run */
};
#define JOB_LEASE_US     (30 * TIME_SECOND) /* without a renewal: another may take over */
#define JOB_RENEW_US     TIME_SECOND        /* between two renewals, which tell the progress */
#define JOB_RETRY_US     (5 * TIME_SECOND)  /* after the first fault, doubled by each, … */
#define JOB_RETRY_MAX_US (30 * TIME_MINUTE) /* … up to this */

/* What a step has in its hands. */
struct job_work {
    struct str job;
    const void *input; /* struct of the kind's record; all absent when none was given */
    struct db *db;     /* for reading */
    const struct env *env;
    struct keyring *keys;
    struct arena *arena; /* of the run */
    struct arena *turn;  /* of this step */
    void *state;         /* the kind's own, in `arena`; NULL in the first step of a run */
    int64_t done;        /* how far it is: kept by the lease, so that a run can go on there */
    int64_t total;       /* 0: not known */
    const struct record *result_record; /* set by the last step; NULL: no result */
    const void *result;
};
enum job_turn { JOB_GOES_ON, JOB_WAITS, JOB_DONE };

/* A kind of job, registered by its module. */
struct job_kind {
    const char *name;
    const char *permission; /* to ask for it, besides "job.queue" */
    const struct record *input;
    int tries_max; /* 0: JOB_TRIES_MAX */
    /* One step of a few milliseconds; never waits. JOB_WAITS: nothing to do just now. */
    enum outcome (*step)(struct job_work *w, enum job_turn *turn, struct err *e);
};

/* All kinds of this program; set once at start (modules_use). */
void job_use(const struct job_kind *const *kinds, size_t n);
const struct job_kind *job_kind_find(struct str name);
const struct job_kind *const *job_kinds(size_t *n);

struct job_queue_state {
    struct str job;
    bool kind_found;
};
struct job_state {
    bool found;
    struct job_find_out row;
};
#define RECORDS "kernel/job.def"
#include "base/record_structs.h"
#undef RECORDS
#define RECORDS "kernel/job_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/job_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module job_module;
/* Reads every event back and hashes it again: what the disk gives is what was signed. */
extern const struct job_kind job_read_back_kind;

/* --- the runner --- */

struct jobs;
struct jobs_options {
    struct gate *gate;
    struct db *writer;
    struct keyring *keys;
    const struct env *env;
    struct str runner; /* its name, of its own: two runners of one name take each other's leases */
};
enum outcome jobs_open(struct jobs **out, const struct jobs_options *options, struct err *e);
/* Among several, who leads takes what waits; the others go on with what they have, as long as its
 * leases hold. A runner that was just opened leads. */
void jobs_lead(struct jobs *j, bool leads);
/* What it works at goes on with whoever opens next. */
void jobs_close(struct jobs *j);

/* One step of each job at hand, and takes what waits; *busy while there is more to do at once.
 * Never waits. On the writer's thread. */
enum outcome jobs_step(struct jobs *j, bool *busy, struct err *e);
/* After each commit: a new job is taken and a cancelled one left at once. */
void jobs_committed(struct jobs *j, const struct gate_happened *events, size_t n);
/* Wall time at which one is due next; TIME_NONE when none waits. */
enum outcome jobs_next(struct jobs *j, int64_t *due, struct err *e);
/* Grows with each change of a progress: for live pages. */
uint64_t jobs_progress(const struct jobs *j);

#endif
