/* Killed with -9 at random moments under load: what was acknowledged is there, once, and the ledger
 * is whole. A child runs a node with several senders and reports each acknowledgement through a
 * pipe; the parent kills it, opens the database again, and sends every acknowledged command once
 * more. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "base/tests/sanitized.h"
#include "kernel/tests/test_db.h"

enum {
    KILLS = SANITIZED ? 20 : 200,
    KILLS_FULL = 5000,
    SENDERS = 4,
    ACKED_MAX = 4000000,
    LIFE_MAX_US = 60000
};

static char folder[64];
static char files[96], path[TEST_DB_NAME_MAX];
static const uint64_t ready = UINT64_MAX; /* said through the pipe before anything else */
static uint64_t acked[ACKED_MAX];         /* numbers of the commands that were acknowledged */
static size_t nacked;

static const struct grant grants[] = {
    { .permission = S("deviation.open"), .organisation = S("00000000-0000-8000-a000-000000000001") }
};
static const struct actor actor = {
    .name = S("account/00000000-0000-8000-a000-000000000003"),
    .account = S("00000000-0000-8000-a000-000000000003"),
    .organisation = S("00000000-0000-8000-a000-000000000001"),
    .site = S("00000000-0000-8000-a000-000000000002"),
    .grants = grants,
    .ngrants = 1,
};

/* Command number n opens a deviation, whose id is derived from the command's. */
struct numbered {
    struct gate_command command;
    struct id id;
    struct arena *arena;
    uint64_t number;
    int pipe;
    volatile bool done;
    struct gate_answer answer;
};

static void number_command(struct numbered *c, uint64_t number)
{
    c->id = id_derive(S("kill"), S("command"), number);
    c->number = number;
    arena_reset(c->arena);
    c->command = (struct gate_command){
        .id = id_str(&c->id),
        .name = S("deviation.open"),
        .body = S("{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"the lamp is out\"}"),
        .actor = &actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = c->arena,
    };
}

/* --- the child --- */

static struct gate *child_gate;
static uint64_t child_next;
static pthread_mutex_t child_lock = PTHREAD_MUTEX_INITIALIZER;

static void child_answered(void *context, const struct gate_answer *answer)
{
    struct numbered *c = context;
    if (answer->error.outcome == OK &&
        write(c->pipe, &c->number, sizeof c->number) != (ssize_t)sizeof c->number)
        _exit(3);
    __atomic_store_n(&c->done, true, __ATOMIC_RELEASE);
}

static void *child_sender(void *context)
{
    struct numbered *c = context;
    for (;;) {
        pthread_mutex_lock(&child_lock);
        uint64_t number = child_next++;
        pthread_mutex_unlock(&child_lock);
        struct err e = { 0 };
        number_command(c, number);
        c->done = false;
        if (gate_submit(child_gate, &c->command, child_answered, c, &e) != OK)
            _exit(4);
        while (!__atomic_load_n(&c->done, __ATOMIC_ACQUIRE))
            usleep(50);
    }
    return NULL;
}

_Noreturn static void child(uint64_t first, int to)
{
    static struct numbered senders[SENDERS];
    struct node n;
    int code;
    log_set_level(LOG_ERROR);
    if (!cli_node_open(&n, path, true, false, &code))
        _exit(5);
    child_gate = n.gate;
    child_next = first;
    if (write(to, &ready, sizeof ready) != (ssize_t)sizeof ready)
        _exit(7);
    for (size_t i = 0; i < SENDERS; i++) {
        pthread_t thread;
        senders[i].pipe = to;
        senders[i].arena = arena_new(1 << 20);
        pthread_create(&thread, NULL, child_sender, &senders[i]);
    }
    for (;;) {
        struct err e = { 0 };
        bool busy;
        gate_wait(n.gate, 1000);
        if (node_step(&n, 2000, &busy, &e) != OK)
            _exit(6);
    }
}

/* --- the parent --- */

/* The next word that the child said; false at the end of it. */
static bool hear(int from, bool *open)
{
    uint64_t number;
    ssize_t got;
    while ((got = read(from, &number, sizeof number)) < 0)
        assert_int_equal(errno, EINTR);
    if (got == 0)
        return false;
    assert_int_equal(got, sizeof number);
    assert_true(nacked < ACKED_MAX);
    *open |= number == ready;
    if (number != ready)
        acked[nacked++] = number;
    return true;
}

/* A life of this length, counted from its start, or from its first acknowledgement: killed while it
 * opens, or under load. Returns whether it had opened. */
static bool live_and_die(uint64_t first, unsigned life_us, bool working)
{
    const size_t before = nacked;
    bool open = false;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(first, ends[1]);
    }
    close(ends[1]);
    while (working && nacked == before)
        assert_true(hear(ends[0], &open));
    usleep(life_us);
    kill(pid, SIGKILL);
    while (hear(ends[0], &open))
        continue;
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the child ended by itself with %d", WEXITSTATUS(status));
    return open;
}

static void keep_answer(void *context, const struct gate_answer *answer)
{
    struct numbered *c = context;
    c->answer = *answer;
    c->done = true;
}

/* Sends again what was acknowledged since `from`; every one must be known. */
static void check_acknowledged(struct node *n, size_t from)
{
    struct numbered c = { .arena = arena_new(1 << 20) };
    for (size_t i = from; i < nacked; i++) {
        struct err e = { 0 };
        size_t ran;
        number_command(&c, acked[i]);
        c.done = false;
        assert_int_equal(gate_submit(n->gate, &c.command, keep_answer, &c, &e), OK);
        while (!c.done)
            assert_int_equal(gate_step(n->gate, &ran, &e), OK);
        if (!c.answer.repeated)
            fail_msg("command %llu was acknowledged and is not there",
                     (unsigned long long)acked[i]);
    }
    arena_free(c.arena);
}

static int open_folder(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "kill");
    snprintf(files, sizeof files, "%s/db", folder);
    test_db_name(path, files);
    log_set_level(LOG_ERROR);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = { "", "-wal", "-shm", ".lock", ".keys", ".root" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[120];
        snprintf(file, sizeof file, "%s%s", files, names[i]);
        unlink(file);
    }
    return rmdir(folder);
}

/* An acknowledged command is never lost and none is done twice, 200 times; 5,000 in the full run.
 */
static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct node n;
    int code;
    int while_opening = 0;
    int under_load = 0;
    const char *full = getenv("VEIN_FULL");
    const int kills = full && strcmp(full, "1") == 0 ? KILLS_FULL : KILLS;
    assert_true(cli_node_open(&n, path, true, false, &code)); /* the keys are made in peace */
    node_close(&n);
    for (int round = 0; round < kills; round++) {
        size_t before = nacked;
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bool working = round % 4 != 0;
        unsigned life_us = (unsigned)(seed >> 33) % LIFE_MAX_US + 2000;
        bool opened = live_and_die((uint64_t)round * 100000, life_us, working);
        while_opening += !working && !opened;
        under_load += working && nacked > before;
        assert_true(cli_node_open(&n, path, false, false, &code));
        check_acknowledged(&n, before);
        node_close(&n);
    }
    assert_int_equal(under_load, kills - kills / 4);
    assert_true(while_opening > 0); /* of kills / 4: how many is the machine's speed */

    /* Each deviation was opened once, and the rows are those of the ledger. */
    struct err e = { 0 };
    struct node_rebuild out;
    assert_true(cli_node_open(&n, path, false, false, &code));
    assert_true(ledger_size(n.ledger) >= nacked);
    assert_int_equal(node_rebuild_check(&n, &out, &e), OK);
    assert_true(out.same);
    node_close(&n);
    printf("# %zu commands acknowledged before %d kills, %d of them while opening, %d under load: "
           "all there, none twice\n",
           nacked, kills, while_opening, under_load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
