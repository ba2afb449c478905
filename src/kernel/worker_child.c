/* The child's side: limits, sandbox, jobs one after the other, until the parent closes. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "kernel/sandbox.h"
#include "kernel/worker_impl.h"

enum { EXIT_USAGE = 2, EXIT_BROKEN = 3, DESCRIPTORS_MAX = 256 };

static bool read_all(void *p, size_t n)
{
    for (size_t got = 0; got < n;) {
        const ssize_t r = read(WORKER_SOCKET, (char *)p + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

static bool limit(int what, rlim_t value)
{
    return setrlimit(what, &(struct rlimit){ value, value }) == 0;
}

/* The address sanitizer reserves more address space than any limit allows: its builds have none. */
static bool limit_memory(size_t bytes)
{
#if defined(__SANITIZE_ADDRESS__)
    return bytes > 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return bytes > 0;
#else
    return limit(RLIMIT_AS, bytes);
#endif
#else
    return limit(RLIMIT_AS, bytes);
#endif
}

static bool limits(const struct worker_kind *kind)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
           prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NOFILE, DESCRIPTORS_MAX) && limit(RLIMIT_CPU, kind->cpu_s) &&
           limit_memory(kind->memory_max);
}

static bool answer(uint32_t job, enum worker_frame_kind kind, struct str body)
{
    struct rusage used;
    uint8_t head[WORKER_HEAD];
    getrusage(RUSAGE_SELF, &used);
    worker_frame_write(head, &(struct worker_frame){ .kind = kind,
                                                     .job = job,
                                                     .memory_kib = (uint32_t)used.ru_maxrss,
                                                     .length = body.n });
    return io_write_all(WORKER_SOCKET, head, sizeof head) &&
           io_write_all(WORKER_SOCKET, body.p, body.n);
}

static bool answer_error(uint32_t job, const struct err *e)
{
    char words[WORKER_WORDS_MAX];
    struct buf b = buf_over(words, sizeof words);
    if (e->outcome == REFUSED)
        buf_printf(&b, "%s\n%.*s", e->code, STR(err_param(e, "what")));
    else
        buf_printf(&b, "%s: %.*s", e->code, WORKER_DETAIL_MAX, e->detail);
    return answer(job, e->outcome == REFUSED ? WORKER_REFUSAL : WORKER_FAULT, buf_get(&b));
}

static bool run_job(const struct worker_program *p, uint32_t job, struct bytes in)
{
    struct err e = { 0 };
    struct buf out = buf_new(p->kind->out_max);
    struct arena *arena = arena_new(p->kind->memory_max / 4);
    enum outcome o = arena ? p->run(in, &out, arena, &e) : err_no_memory(&e);
    if (o == OK && !buf_ok(&out))
        o = out.starved ? err_no_memory(&e)
                        : err_fault(&e, "worker.failed", "the result is too large");
    const bool sent = o == OK ? answer(job, WORKER_RESULT, buf_get(&out)) : answer_error(job, &e);
    arena_free(arena);
    buf_free(&out);
    return sent;
}

/* One job; false when there are no more, or the parent does not keep to the frames. */
static bool serve_one(const struct worker_program *p)
{
    uint8_t head[WORKER_HEAD];
    struct worker_frame f;
    if (!read_all(head, sizeof head) || !worker_frame_read(&f, head) || f.kind != WORKER_JOB ||
        f.length > p->kind->in_max)
        return false;
    uint8_t *in = malloc(f.length > 0 ? f.length : 1);
    struct err e = { 0 };
    if (!in) {
        (void)err_no_memory(&e);
        (void)answer_error(f.job, &e);
        return false; /* the job's bytes are still in the socket */
    }
    const bool good = read_all(in, f.length) && run_job(p, f.job, (struct bytes){ in, f.length });
    free(in);
    return good;
}

int worker_main(const struct worker_program *program, int argc, char **argv)
{
    struct stat st;
    struct err e = { 0 };
    const struct worker_kind *kind = program->kind;
    if (argc != 3 || strcmp(argv[1], "worker") != 0 || strcmp(argv[2], kind->name) != 0 ||
        fstat(WORKER_SOCKET, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        fprintf(stderr, "vein's worker of %s: vein starts it by itself\n", kind->name);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    const struct sandbox sandbox = { .network = kind->network, .read = kind->read };
    if (!limits(kind) || (program->prepare && program->prepare(&e) != OK) ||
        !limit(RLIMIT_FSIZE, 0) || sandbox_enter(&sandbox, &e) != OK)
        _exit(EXIT_BROKEN);
    while (serve_one(program))
        ;
    _exit(EXIT_SUCCESS); /* nothing to flush, and no leaks to look for under a filter of calls */
}
