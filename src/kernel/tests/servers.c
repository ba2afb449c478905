#include "kernel/tests/servers.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/id.h"

enum { STEP_MS = 2, ANSWER_MS = 30000 };

/* --- the process --- */

struct process {
    struct servers *servers;
    struct node node;
    struct arena *arena;
    int ask, answer;
    int64_t heard;
    struct server_ask asked; /* the command at hand */
    struct gate_command command;
    struct actor actor;
    struct gate_expect expect;
    struct id id;
};

static void committed(void *context, const struct gate_happened *events, size_t n)
{
    struct process *p = context;
    (void)events;
    p->heard += (int64_t)n;
}

static void tell(struct process *p, const struct gate_answer *answer)
{
    struct server_told told = { .heard = p->heard, .leads = node_leads(&p->node) };
    if (answer) {
        told.outcome = (int)answer->error.outcome;
        told.repeated = answer->repeated;
        snprintf(told.code, sizeof told.code, "%s", answer->error.code ? answer->error.code : "");
    }
    if (write(p->answer, &told, sizeof told) != sizeof told)
        _exit(3);
}

static void answered(void *context, const struct gate_answer *answer)
{
    tell(context, answer);
}

static void submit(struct process *p)
{
    struct server_ask *a = &p->asked;
    struct gate_answer refused = { .sequence = -1 };
    p->id = id_new(&env_system);
    for (char *c = a->body; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    p->expect = (struct gate_expect){ str_z(a->stream), a->version };
    p->actor = a->who->actor;
    p->actor.system = a->system;
    arena_reset(p->arena);
    p->command = (struct gate_command){
        .id = a->id[0] ? str_z(a->id) : id_str(&p->id),
        .name = str_z(a->command),
        .body = str_z(a->body),
        .actor = &p->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = str_z(a->reason[0] ? a->reason : NULL),
        .expects = a->stream[0] ? &p->expect : NULL,
        .nexpects = a->stream[0] ? 1 : 0,
        .arena = p->arena,
    };
    if (gate_submit(p->node.gate, &p->command, answered, p, &refused.error) != OK)
        tell(p, &refused);
}

/* False when nobody asks any more. */
static bool take(struct process *p)
{
    struct pollfd fd = { .fd = p->ask, .events = POLLIN };
    if (poll(&fd, 1, STEP_MS) <= 0)
        return true;
    if (read(p->ask, &p->asked, sizeof p->asked) != sizeof p->asked)
        return false;
    if (p->asked.command[0])
        submit(p);
    else
        tell(p, NULL);
    return true;
}

/* One clock for all, which goes on while a process waits for the database. */
static int64_t now_us(void *context)
{
    const struct servers *s = context;
    return s->from + (env_mono(&env_system) - s->began) * SERVERS_SPEED;
}

static void draw(void *context, void *out, size_t n)
{
    (void)context;
    env_random(&env_system, out, n);
}

static void run(struct servers *s, int ask, int answer)
{
    struct process p = { .servers = s, .ask = ask, .answer = answer, .arena = arena_new(64 << 20) };
    const struct fixture *f = s->fixture;
    const struct env env = { .now_us = now_us, .mono_us = now_us, .random = draw, .context = s };
    struct node_options options = {
        .env = &env,
        .path = f->path,
        .served = true,
        .modules = f->modules,
        .nmodules = f->nmodules,
        .committed = committed,
        .context = &p,
    };
    struct err e = { 0 };
    bool busy = false;
    if (node_open(&p.node, &options, &e) != OK) {
        fprintf(stderr, "server: %s: %s\n", e.code, e.detail);
        _exit(2);
    }
    if (s->opened)
        s->opened(&p.node);
    tell(&p, NULL);
    while (take(&p)) {
        if (node_step(&p.node, 0, &busy, &e) != OK)
            fprintf(stderr, "server: %s: %s\n", e.code, e.detail);
    }
    node_close(&p.node);
    _exit(0);
}

/* --- the test --- */

void server_start(struct servers *s, size_t i)
{
    int ask[2], answer[2];
    assert_int_equal(pipe(ask), 0);
    assert_int_equal(pipe(answer), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        /* Its end is the end of whoever asks: no other process holds that side of the pipe. */
        for (size_t k = 0; k < SERVERS; k++)
            if (s->one[k].pid)
                close(s->one[k].ask);
        close(ask[1]);
        close(answer[0]);
        run(s, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    s->one[i] = (struct server){ pid, ask[1], answer[0] };
    (void)server_answer(s, i); /* it is open */
}

void servers_start(struct servers *s, struct fixture *f, void (*opened)(struct node *n))
{
    *s = (struct servers){ .fixture = f, .opened = opened };
    node_close(&f->node);
    s->began = env_mono(&env_system);
    s->from = f->sim.now_us;
    for (size_t i = 0; i < SERVERS; i++)
        server_start(s, i);
}

static void end(struct servers *s, size_t i, int status)
{
    int got;
    struct server *one = &s->one[i];
    close(one->ask);
    assert_int_equal(waitpid(one->pid, &got, 0), one->pid);
    assert_int_equal(got, status);
    close(one->answer);
    *one = (struct server){ 0 };
}

void server_kill(struct servers *s, size_t i)
{
    assert_int_equal(kill(s->one[i].pid, SIGKILL), 0);
    end(s, i, SIGKILL);
}

void servers_stop(struct servers *s)
{
    for (size_t i = 0; i < SERVERS; i++)
        if (s->one[i].pid)
            end(s, i, 0);
    env_sim_advance(&s->fixture->sim, now_us(s) - s->from);
    s->fixture->node = (struct node){ 0 };
    fixture_reopen(s->fixture);
}

void server_ask(struct servers *s, size_t i, const struct server_ask *ask)
{
    assert_int_equal(write(s->one[i].ask, ask, sizeof *ask), sizeof *ask);
}

struct server_told server_answer(struct servers *s, size_t i)
{
    struct server_told told;
    struct pollfd fd = { .fd = s->one[i].answer, .events = POLLIN };
    assert_int_equal(poll(&fd, 1, ANSWER_MS), 1);
    assert_int_equal(read(s->one[i].answer, &told, sizeof told), sizeof told);
    return told;
}

struct server_told server_look(struct servers *s, size_t i)
{
    server_ask(s, i, &(struct server_ask){ .command = "" });
    return server_answer(s, i);
}

void servers_end(struct servers *s)
{
    for (size_t i = 0; i < SERVERS; i++)
        if (s->one[i].pid)
            server_kill(s, i);
}

void servers_needed(void)
{
    if (test_db_on_server())
        return;
    printf("skip: several servers need PostgreSQL\n");
    skip();
}

static bool among(const char *codes, const char *code)
{
    struct str rest = str_z(codes);
    while (rest.n > 0)
        if (str_is(str_cut(&rest, ' '), code))
            return true;
    return false;
}

size_t servers_race(struct servers *s, const struct server_ask asks[SERVERS], const char *codes)
{
    struct server_told told[SERVERS];
    for (size_t i = 0; i < SERVERS; i++)
        server_ask(s, i, &asks[i]);
    for (size_t i = 0; i < SERVERS; i++)
        told[i] = server_answer(s, i);
    const size_t won = told[0].outcome == OK ? 0 : 1;
    if (told[won].outcome != OK || told[1 - won].outcome != REFUSED ||
        !among(codes, told[1 - won].code))
        fail_msg("%s and %s, not one of them", told[won].code, told[1 - won].code);
    return won;
}
