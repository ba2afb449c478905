/* Workers, with children that do each wrong thing in earnest: this test is its own worker program.
 * Whatever a child does is a fault of its one job; the next job is done. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/env.h"
#include "kernel/worker_impl.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* --- the child --- */

extern char **environ;

static void say(struct buf *out, bool managed, const char *what)
{
    if (managed)
        buf_printf(out, "%s ", what);
}

static bool opens(const char *path, int flags)
{
    const int fd = open(path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool has_process(void)
{
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

/* Answers on the socket what it managed of what it must not; the input names a secret file. */
static void escape(struct str secret, struct buf *out)
{
    char path[512];
    snprintf(path, sizeof path, "%.*s", STR(secret));
    say(out, opens(path, O_RDONLY), "secret");
    snprintf(path, sizeof path, "%.*s.written", STR(secret));
    say(out, opens(path, O_WRONLY | O_CREAT), "write");
    say(out, opens("/proc/self/mem", O_RDWR), "mem");
    say(out, has_process(), "fork");
    say(out, execl("/bin/true", "true", NULL) == 0, "exec");
    say(out, kill(getppid(), 0) == 0, "signal");
    say(out, ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0, "trace");
    say(out, socket(AF_INET, SOCK_STREAM, 0) >= 0, "socket");
    say(out, socket(AF_UNIX, SOCK_STREAM, 0) >= 0, "unix");
    say(out, rename(path, "/tmp/elsewhere") == 0 || errno != EPERM, "rename");
    say(out, environ[0] && environ[1], "environment");
    for (int fd = WORKER_SOCKET + 1; fd < 256; fd++)
        say(out, fcntl(fd, F_GETFD) >= 0, "descriptor");
}

static void connects(struct str port, struct buf *out)
{
    int64_t number = 0;
    (void)str_to_u63(&number, port);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    say(out, connect(fd, (struct sockaddr *)&at, sizeof at) == 0, "connect");
    at.sin_port = 0;
    const int other = socket(AF_INET, SOCK_STREAM, 0);
    say(out, bind(other, (struct sockaddr *)&at, sizeof at) == 0, "bind");
    say(out, listen(other, 1) == 0, "listen");
    close(fd);
    close(other);
}

static void frame(uint32_t job, enum worker_frame_kind kind, uint64_t length, const char *body)
{
    uint8_t head[WORKER_HEAD];
    worker_frame_write(head, &(struct worker_frame){ .kind = kind, .job = job, .length = length });
    if (write(WORKER_SOCKET, head, sizeof head) < 0 || write(WORKER_SOCKET, body, strlen(body)) < 0)
        abort();
}

static void eat(void)
{
    for (size_t i = 0;; i++) {
        char *p = malloc(1 << 20);
        if (!p)
            abort(); /* as GLib does */
        memset(p, (int)i, 1 << 20);
    }
}

static volatile unsigned spun;

static enum outcome trial_run(struct bytes in, struct buf *out, struct arena *arena, struct err *e)
{
    struct str rest = { (const char *)in.p, in.n };
    const struct str what = str_cut(&rest, ' ');
    (void)arena;
    if (str_is(what, "echo"))
        buf_str(out, rest);
    else if (str_is(what, "pid"))
        buf_int(out, getpid());
    else if (str_is(what, "die"))
        _exit(0);
    else if (str_is(what, "crash"))
        raise(SIGSEGV);
    else if (str_is(what, "hang"))
        for (;;)
            poll(NULL, 0, -1);
    else if (str_is(what, "spin"))
        for (;;)
            spun++;
    else if (str_is(what, "eat"))
        eat();
    else if (str_is(what, "noise"))
        frame(0x656c, WORKER_JOB, 12, "hello, world");
    else if (str_is(what, "other"))
        frame(UINT32_MAX, WORKER_RESULT, 2, "no");
    else if (str_is(what, "large"))
        for (size_t i = 0; i < 3000; i++)
            buf_char(out, 'x');
    else if (str_is(what, "refuse"))
        return REFUSE(e, "worker.too_large", { "what", rest });
    else if (str_is(what, "foreign"))
        return REFUSE(e, "auth.sign_in", { "what", rest });
    else if (str_is(what, "fault"))
        return err_fault(e, "trial.failed", "a line\nof its own \xff");
    else if (str_is(what, "escape"))
        escape(rest, out);
    else if (str_is(what, "connect"))
        connects(rest, out);
    return OK;
}

static const char *const refusals[] = { "worker.too_large", NULL };
#define TRIAL(cpu, memory)                                                                         \
    .program = "/proc/self/exe", .children = 2, .jobs = 100, .wall_ms = 20000, .cpu_s = (cpu),     \
    .memory_max = (memory), .in_max = 4 << 20, .out_max = 4 << 20, .refusals = refusals
static const struct worker_kind trial = { .name = "trial", TRIAL(5, 512 << 20) };
static const struct worker_kind kinds_rows[] = {
    { .name = "narrow",
      .program = "/proc/self/exe",
      .children = 1,
      .jobs = 2,
      .wall_ms = 3000,
      .cpu_s = 1,
      .memory_max = 128 << 20,
      .in_max = 64,
      .out_max = 1000 },
    { .name = "small", TRIAL(5, 96 << 20) },
    { .name = "busy", TRIAL(1, 512 << 20) },
    { .name = "few", TRIAL(5, 512 << 20), .queue = 2 },
    { .name = "net", TRIAL(5, 512 << 20), .network = true },
    { .name = "nowhere",
      .program = "vein-there-is-none",
      .children = 1,
      .jobs = 1,
      .wall_ms = 1000,
      .in_max = 64 },
    { .name = "shell",
      .program = "/bin/echo",
      .children = 1,
      .jobs = 1,
      .wall_ms = 5000,
      .in_max = 64 },
};
static const struct worker_kind *const kinds[] = {
    &trial,         &kinds_rows[0], &kinds_rows[1], &kinds_rows[2],
    &kinds_rows[3], &kinds_rows[4], &kinds_rows[5], &kinds_rows[6],
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* --- the parent --- */

static struct workers *pool;
static struct arena *arena;
static struct worker_result last;

static enum outcome run(const char *kind, const char *in, struct str *out, struct err *e)
{
    struct bytes got = { 0 };
    *e = (struct err){ 0 };
    const enum outcome o = workers_run(
        pool, kind, (struct bytes){ (const uint8_t *)in, strlen(in) }, &got, &last, arena, e);
    *out = (struct str){ (const char *)got.p, got.n };
    return o;
}

static void assert_works(const char *kind)
{
    struct err e;
    struct str out;
    assert_int_equal(run(kind, "echo still here", &out, &e), OK);
    assert_true(str_is(out, "still here"));
}

static void assert_fault(const char *kind, const char *in, const char *code)
{
    struct err e;
    struct str out;
    assert_int_equal(run(kind, in, &out, &e), FAULT);
    assert_string_equal(e.code, code);
    assert_int_equal(out.n, 0);
    assert_works(kind);
}

static int set_up(void **state)
{
    struct err e = { 0 };
    (void)state;
    arena = arena_new(64 << 20);
    const struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = KINDS };
    return arena && workers_open(&pool, &options, &e) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    workers_close(pool);
    arena_free(arena);
    return 0;
}

static void test_bytes_in_bytes_out(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    assert_int_equal(run("trial", "echo", &out, &e), OK);
    assert_int_equal(out.n, 0);
    assert_works("trial");
    assert_true(last.wall_us > 0 && last.memory_peak > 0);

    char *large = malloc((4 << 20) + 1);
    memset(large, 'a', 4 << 20);
    memcpy(large, "echo ", 5);
    large[4 << 20] = '\0';
    assert_int_equal(run("trial", large, &out, &e), OK);
    assert_int_equal(out.n, (4 << 20) - 5);
    assert_memory_equal(out.p, large + 5, out.n);
    free(large);
}

/* A child serves several jobs, and no more than its row says. */
static void test_a_child_is_kept_for_as_many_jobs_as_its_row_says(void **state)
{
    (void)state;
    struct err e;
    struct str pid[3];
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(run("narrow", "pid", &pid[i], &e), OK);
    assert_true(str_eq(pid[0], pid[1]));
    assert_false(str_eq(pid[1], pid[2]));
}

static void test_death_is_a_fault_of_its_job(void **state)
{
    (void)state;
    assert_fault("trial", "die", "worker.died");
    assert_fault("trial", "crash", "worker.died");
}

static void test_a_hang_is_ended_by_the_clock(void **state)
{
    (void)state;
    assert_fault("narrow", "hang", "worker.slow");
}

static void test_overuse_of_the_processor_is_ended(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    assert_int_equal(run("busy", "spin", &out, &e), FAULT);
    assert_string_equal(e.code, "worker.died"); /* by the limit, before its 20 s of wall clock */
    assert_true(last.wall_us == 0 || last.wall_us < 20000000);
    assert_works("busy");
}

static void test_overuse_of_memory_is_ended(void **state)
{
    (void)state;
    if (SANITIZED)
        skip(); /* the sanitizer's address space cannot be limited */
    assert_fault("small", "eat", "worker.died");
}

static void test_garbage_is_a_fault(void **state)
{
    (void)state;
    assert_fault("trial", "noise", "worker.garbage");
    assert_fault("trial", "other", "worker.garbage");
    assert_fault("trial", "foreign secret", "worker.garbage");
    struct err e;
    struct str out;
    assert_int_equal(run("shell", "x", &out, &e), FAULT);
    assert_string_equal(e.code, "worker.died");
}

static void test_an_answer_beyond_the_row_is_a_fault(void **state)
{
    (void)state;
    assert_fault("narrow", "large", "worker.failed");
}

static void test_a_refusal_and_a_fault_come_through(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    assert_int_equal(run("trial", "refuse too wide", &out, &e), REFUSED);
    assert_string_equal(e.code, "worker.too_large");
    assert_true(str_is(err_param(&e, "what"), "too wide"));
    assert_int_equal(run("trial", "fault", &out, &e), FAULT);
    assert_string_equal(e.code, "worker.failed");
    assert_string_equal(e.detail, "trial: trial.failed: a line?of its own ?");
}

static void test_what_cannot_be_asked_is_refused_at_once(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    char wide[66];
    memset(wide, 'x', 65);
    wide[65] = '\0';
    assert_int_equal(run("narrow", wide, &out, &e), REFUSED);
    assert_string_equal(e.code, "worker.too_large");
    assert_int_equal(run("unheard", "x", &out, &e), REFUSED);
    assert_string_equal(e.code, "worker.unknown_kind");
    assert_int_equal(run("nowhere", "x", &out, &e), FAULT);
    assert_string_equal(e.code, "worker.died");
}

/* partial: SEC-02 — a child reads no secret, writes nothing, starts nothing, reaches nobody, and
 * has neither our descriptors nor our environment. */
static void test_a_child_is_confined(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    char secret[] = "/tmp/vein-worker-secret-XXXXXX";
    char in[128];
    const int kept = mkstemp(secret); /* stays open, without close-on-exec */
    assert_true(kept >= 0);
    setenv("VEIN_PASSPHRASE", "correct horse", 1);
    snprintf(in, sizeof in, "escape %s", secret);
    assert_int_equal(run("trial", in, &out, &e), OK);
    close(kept);
    unlink(secret);
    if (workers_landlock() > 0)
        assert_true(str_is(out, ""));
    else
        assert_true(str_is(out, "secret ")); /* as worker.h says, where there is no Landlock */
}

static int listener(char in[32])
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    snprintf(in, 32, "connect %u", ntohs(at.sin_port));
    return fd;
}

/* partial: SEC-02 — only the kind that needs it reaches the network, and only outwards. */
static void test_only_its_kind_reaches_the_network(void **state)
{
    (void)state;
    struct err e;
    struct str out;
    char in[32];
    const int fd = listener(in);
    assert_int_equal(run("net", in, &out, &e), OK);
    assert_true(str_is(out, "connect "));
    assert_int_equal(run("trial", in, &out, &e), OK);
    assert_true(str_is(out, ""));
    close(fd);
}

struct tally {
    size_t done;
    size_t faults;
};

static void count(void *context, const struct worker_result *result)
{
    struct tally *t = context;
    t->done++;
    t->faults += result->error.outcome != OK;
}

/* One hanging job holds up neither the queue of other kinds nor its own kind's other child, and
 * the step never waits for it. */
static void test_a_hanging_job_holds_up_nobody(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct tally hung = { 0 };
    struct tally others = { 0 };
    const struct bytes hang = { (const uint8_t *)"hang", 4 };
    const struct bytes echo = { (const uint8_t *)"echo x", 6 };
    assert_int_equal(workers_submit(pool, "trial", hang, count, &hung, &e), OK);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(workers_submit(pool, "trial", echo, count, &others, &e), OK);
    bool busy = true;
    while (others.done < 20) {
        const int64_t began = env_mono(&env_system);
        workers_step(pool, &busy);
        assert_true(env_mono(&env_system) - began < 2000000);
        workers_wait(pool, 100000);
    }
    assert_int_equal(others.faults, 0);
    assert_int_equal(hung.done, 0);
    assert_true(busy);
    workers_close(pool); /* answers it, too */
    pool = NULL;
    assert_int_equal(hung.done, 1);
    assert_int_equal(hung.faults, 1);
    arena_free(arena);
    assert_int_equal(set_up(state), 0);
}

static void test_the_queue_is_bounded(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct tally t = { 0 };
    const struct bytes echo = { (const uint8_t *)"echo x", 6 };
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(workers_submit(pool, "few", echo, count, &t, &e), OK);
    assert_int_equal(workers_submit(pool, "few", echo, count, &t, &e), REFUSED);
    assert_string_equal(e.code, "worker.busy");
    for (size_t i = 2; i < WORKER_QUEUE_MAX; i++) /* a kind's own bound leaves the rest to all */
        assert_int_equal(workers_submit(pool, "trial", echo, count, &t, &e), OK);
    assert_int_equal(workers_submit(pool, "trial", echo, count, &t, &e), REFUSED);
    assert_string_equal(e.code, "worker.busy");
    bool busy = true;
    while (busy) {
        workers_step(pool, &busy);
        if (busy)
            workers_wait(pool, 100000);
    }
    assert_int_equal(t.done, WORKER_QUEUE_MAX);
    assert_int_equal(t.faults, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0) {
        for (size_t i = 0; argc > 2 && i < KINDS; i++)
            if (strcmp(kinds[i]->name, argv[2]) == 0)
                return worker_main(&(struct worker_program){ kinds[i], trial_run, NULL }, argc,
                                   argv);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_in_bytes_out),
        cmocka_unit_test(test_a_child_is_kept_for_as_many_jobs_as_its_row_says),
        cmocka_unit_test(test_death_is_a_fault_of_its_job),
        cmocka_unit_test(test_a_hang_is_ended_by_the_clock),
        cmocka_unit_test(test_overuse_of_the_processor_is_ended),
        cmocka_unit_test(test_overuse_of_memory_is_ended),
        cmocka_unit_test(test_garbage_is_a_fault),
        cmocka_unit_test(test_an_answer_beyond_the_row_is_a_fault),
        cmocka_unit_test(test_a_refusal_and_a_fault_come_through),
        cmocka_unit_test(test_what_cannot_be_asked_is_refused_at_once),
        cmocka_unit_test(test_a_child_is_confined),
        cmocka_unit_test(test_only_its_kind_reaches_the_network),
        cmocka_unit_test(test_a_hanging_job_holds_up_nobody),
        cmocka_unit_test(test_the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
