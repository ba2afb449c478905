/* Workers: what is large, foreign or reaches outside (PDF, XML, models, mail and web hooks) runs in
 * children of their own, one kind of job each, never in the serving process. A child that dies,
 * hangs, wants too much or answers nonsense is a fault of that one job and of nothing else.
 *
 * A kind is a row (struct worker_kind) in a header that both sides read: name, program, limits. Its
 * function, bytes in → bytes out, stands in the child's program alone, src/worker/<program>.c with
 * src/worker/<program>_*.c, built as `vein-<program>` beside `vein`; so the serving process does
 * not even link what the function needs. Its main is:
 *
 *     return worker_main(&print_kind, print_run, argc, argv);
 *
 * The parent starts children when there is work, gives each one job at a time over a socket pair,
 * keeps it for `jobs` jobs or until it was idle for WORKER_IDLE_US, then lets it go. A child
 * inherits no descriptor but its end of the socket (0, 1 and 2 are /dev/null), no environment but
 * LC_ALL=C.UTF-8, no signal mask, and dies with the parent's thread that runs workers_step.
 *
 * Frames, both ways (worker_impl.h): a head with the frame's kind, the job's number and the length,
 * then as many bytes. A length beyond the row's, another number than the job's, an unknown kind and
 * bytes behind an answer are garbage: the child is killed, the job answered "worker.garbage".
 *
 * Limits, all by the row: processor time and memory by setrlimit, set before the first byte of a
 * job is read; no core file, no file grows; wall clock by the parent, who kills (SIGKILL).
 *
 * Sandbox (kernel/sandbox.h): by seccomp, always: no new programs, no signals, no tracing, no
 * socket unless `network`; a child that cannot have it ends before its first job (FAULT
 * "worker.died"). By Landlock, where the kernel offers it (Linux 5.13 and later, if it is not
 * switched off): no file but `read` and the system's libraries, none written. Where there is no
 * Landlock a broken child could read what the user it runs as may read, the keyring file too:
 * workers_landlock() tells, and `vein serve` says so when it starts. */
#ifndef VEIN_KERNEL_WORKER_H
#define VEIN_KERNEL_WORKER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/env.h"

enum {
    WORKER_QUEUE_MAX = 256, /* jobs waiting, of all kinds; beyond: REFUSED "worker.busy" (503) */
    WORKER_CHILDREN_MAX = 16,
    WORKER_KINDS_MAX = 16,
    WORKER_PATHS_MAX = 12, /* that a kind reads */
    WORKER_DETAIL_MAX = 200,
};
#define WORKER_IDLE_US (60 * INT64_C(1000000))

struct worker_kind {
    const char *name;    /* "print" */
    const char *program; /* "vein-print", beside this program; a path with a slash as it stands */
    unsigned children;   /* at once, at most */
    unsigned queue;   /* jobs waiting, at most; beyond: REFUSED "worker.busy". 0: as all together */
    unsigned jobs;    /* that a child does before it ends; 1: a fresh one each */
    unsigned wall_ms; /* of one job, from its being sent to its answer's last byte */
    unsigned cpu_s;   /* of all jobs of one child together */
    size_t memory_max; /* bytes of address space */
    size_t in_max;     /* bytes of a job */
    size_t out_max;    /* bytes of its result */
    bool network;      /* may open outgoing connections (never listen) */
    /* Absolute paths (files or folders) that it may read besides the system's libraries; ends with
     * NULL, or NULL for none. What is not there is passed over. */
    const char *const *read;
    /* Codes that it may refuse with, from the catalogue; ends with NULL, or NULL for none. Each
     * with one parameter, {what}. */
    const char *const *refusals;
};

/* --- the parent's side --- */

struct workers;

struct workers_options {
    const struct env *env;
    const struct worker_kind *const *kinds; /* borrowed */
    size_t nkinds;
    const char *folder; /* of the programs; NULL: the one this program stands in */
};
enum outcome workers_open(struct workers **out, const struct workers_options *options,
                          struct err *e);
/* Kills what runs; jobs not answered are answered with FAULT "worker.closed". No other thread is in
 * any of these functions any more. workers_close(NULL) does nothing. */
void workers_close(struct workers *w);

/* What a job came to. The result is the pool's and valid during `done` only. */
struct worker_result {
    /* OK; REFUSED with a code of the row's refusals; or FAULT "worker.died" (by signal, limit or
     * sandbox: the detail says which), "worker.slow" (killed after wall_ms), "worker.garbage",
     * "worker.failed" (it says so itself), "worker.closed". */
    struct err error;
    struct bytes out;
    int64_t wall_us;     /* since it was sent to the child; 0: it never was */
    int64_t memory_peak; /* resident bytes of the child so far, as it says itself */
};
typedef void worker_done_fn(void *context, const struct worker_result *result);

/* Queues a job, from any thread. `in` stays borrowed until `done` is called: once, on the thread
 * that runs workers_step, which it must not hold up. REFUSED here, and `done` never called:
 * "worker.unknown_kind" {kind}, "worker.too_large" {max} beyond in_max, "worker.busy" where too
 * many of its kind wait, or of all. */
enum outcome workers_submit(struct workers *w, const char *kind, struct bytes in,
                            worker_done_fn *done, void *context, struct err *e);

/* Starts children, sends, reads, kills and answers as far as it goes without waiting. *busy is true
 * while jobs wait or run. FAULT never: each job has its own. One thread at a time. */
void workers_step(struct workers *w, bool *busy);
/* Waits until workers_step has something to do or timeout_us passed. For the one thread, in main,
 * that runs it; workers_submit wakes it, and workers_wake does. */
void workers_wait(struct workers *w, int64_t timeout_us);
void workers_wake(struct workers *w);

/* Submits and steps until answered, copying the result into the arena; for command lines, tests and
 * benches that have no such thread. */
enum outcome workers_run(struct workers *w, const char *kind, struct bytes in, struct bytes *out,
                         struct worker_result *result, struct arena *arena, struct err *e);

/* Whether this kernel offers Landlock: its version, 0 for none. */
int workers_landlock(void);

/* --- the child's side --- */

/* One job. The result goes into `out`, whose maximum is the row's out_max; the arena lives as long
 * as the job and has a quarter of the row's memory_max. REFUSED only with codes of the row and a
 * parameter {what}; FAULT: its detail goes to the parent's log (ASCII, 200 bytes; no personal
 * data). */
typedef enum outcome worker_run_fn(struct bytes in, struct buf *out, struct arena *arena,
                                   struct err *e);

/* What a child's main does: limits, `prepare` (may be NULL: loads what needs files, before the
 * sandbox closes; never sees a job), sandbox, then jobs until the parent closes the socket. Returns
 * the exit code. Called by hand it says what it is and returns 2. */
struct worker_program {
    const struct worker_kind *kind;
    worker_run_fn *run;
    enum outcome (*prepare)(struct err *e);
};
int worker_main(const struct worker_program *program, int argc, char **argv);

#endif
