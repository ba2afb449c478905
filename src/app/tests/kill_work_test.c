/* Killed with -9 amid everything that the program does by itself: effects of policies, jobs,
 * messages. A child runs a node that queues jobs and messages without end and delivers to a file,
 * which is a partner that sees ids; the parent kills it at random moments, and in the end lets it
 * come to rest: nothing asked for is missing, nothing ended twice, and what was delivered more than
 * once bears the id by which the partner knows it. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/shipped.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/notify.h"
#include "kernel/tests/test_db.h"

enum {
    KILLS = 25,
    LIFE_MAX_US = 500000,
    LEAST_US = 100000,
    ASKED_EVERY = 3,
    ASKED_AT_ONCE = 4,
    REST_TURNS = 200000
};

static char folder[64];
static char files[96], path[TEST_DB_NAME_MAX];
static char delivered[96];

static const struct actor program = {
    .name = S("system/test"),
    .organisation = S("00000000-0000-8000-a000-000000000001"),
    .site = S("00000000-0000-8000-a000-000000000002"),
    .system = true,
};

/* --- a partner: a file that ids are appended to --- */

static int partner = -1;
static uint64_t last_ticket;
static uint64_t waiting[OUTBOX_SLOTS];
static size_t nwaiting;

static bool partner_takes(void *context, uint64_t ticket, const struct outbox_request *r)
{
    char line[48];
    (void)context;
    last_ticket = ticket;
    for (size_t i = 0; i < r->nheaders; i++)
        if (str_is(r->headers[i].name, "webhook-id")) {
            int n = snprintf(line, sizeof line, "%.*s\n", STR(r->headers[i].value));
            if (write(partner, line, (size_t)n) != n)
                _exit(7);
        }
    if (nwaiting == OUTBOX_SLOTS)
        return false;
    waiting[nwaiting++] = ticket;
    return true;
}

static bool partner_answers(void *context, struct outbox_result *out)
{
    (void)context;
    if (nwaiting == 0)
        return false;
    *out =
        (struct outbox_result){ .ticket = waiting[--nwaiting], .delivered = true, .status = 200 };
    return true;
}

static const struct outbox_transport transport = { NULL, partner_takes, partner_answers };
static const struct outbox_setup setup = { .public_url = S("https://vein.example") };

/* --- the node --- */

static void open_node(struct node *n)
{
    int code;
    if (!cli_node_open(n, path, true, false, &code))
        _exit(5);
    partner = open(delivered, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (partner < 0)
        _exit(8);
    nwaiting = 0;
    outbox_use(n->outbox, &transport, &setup);
}

static void sent(void *context, const struct gate_answer *answer)
{
    arena_free(context);
    if (answer->error.outcome != OK)
        _exit(9);
}

struct asked {
    struct gate_command command;
    struct id id;
};

static void ask(struct node *n, const char *command, struct str body)
{
    struct err e = { 0 };
    struct arena *arena = arena_new(1 << 20);
    struct asked *a = arena ? ARENA_NEW(arena, struct asked) : NULL;
    if (!a)
        _exit(10);
    a->id = id_new(&env_system);
    a->command = (struct gate_command){
        .id = id_str(&a->id),
        .name = str_z(command),
        .body = arena_str(arena, body),
        .actor = &program,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    if (gate_submit(n->gate, &a->command, sent, arena, &e) != OK)
        arena_free(arena); /* the queue is full: the next turn asks again */
}

/* A job, a message, and a deviation, whose policy raises a notification. */
static void ask_all(struct node *n, unsigned number)
{
    char body[300];
    int length = snprintf(body, sizeof body,
                          "{\"partner\":\"file\",\"kind\":\"test\",\"about\":\"order/%u\","
                          "\"body\":{\"n\":%u}}",
                          number % 7, number);
    ask(n, "message.queue", (struct str){ body, (size_t)length });
    ask(n, "job.queue", S("{\"kind\":\"ledger.read_back\"}"));
    ask(n, "deviation.open",
        S("{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"the lamp is out\"}"));
}

_Noreturn static void child(void)
{
    struct node n;
    log_set_level(LOG_ERROR);
    open_node(&n);
    for (unsigned turn = 0;; turn++) {
        struct err e = { 0 };
        bool busy;
        for (unsigned i = 0; turn % ASKED_EVERY == 0 && i < ASKED_AT_ONCE; i++)
            ask_all(&n, turn + i);
        if (node_step(&n, 2000, &busy, &e) != OK)
            _exit(6);
    }
}

static void live_and_die(unsigned life_us)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child();
    usleep(life_us);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the child ended by itself with %d", WEXITSTATUS(status));
}

/* --- what is there in the end --- */

static void rest(struct node *n)
{
    bool busy = true;
    struct err e = { 0 };
    for (int quiet = 0, turns = 0; quiet < 1500; turns++) {
        assert_true(turns < REST_TURNS);
        if (node_step(n, 0, &busy, &e) != OK)
            fail_msg("step: %s", e.code);
        quiet = busy ? 0 : quiet + 1;
        if (!busy)
            usleep(1000);
    }
}

struct counts {
    size_t asked[3]; /* messages, jobs, deviations */
    size_t ended[3]; /* delivered, finished, told */
};

static void count(struct counts *c, struct node *n)
{
    static const char *const asked[] = { "message.queued", "job.queued", "deviation.opened" };
    static const char *const ended[] = { "message.delivered", "job.finished",
                                         "notification.raised" };
    struct arena *arena = arena_new(64 << 20);
    struct db *db;
    struct err e = { 0 };
    size_t got = 1;
    *c = (struct counts){ 0 };
    assert_int_equal(store_reader_take(&db, n->store, &e), OK);
    for (int64_t from = 0; got > 0; from += (int64_t)got) {
        struct ledger_row *rows;
        arena_reset(arena);
        assert_int_equal(ledger_read(db, from, 500, &rows, &got, arena, &e), OK);
        for (size_t i = 0; i < got; i++) {
            struct event event;
            assert_int_equal(event_read(&event, arena, rows[i].leaf, &e), OK);
            for (int k = 0; k < 3; k++) {
                c->asked[k] += str_is(event.type, asked[k]);
                c->ended[k] += str_is(event.type, ended[k]);
            }
        }
    }
    store_reader_give(n->store, db);
    arena_free(arena);
}

/* Different ids that the partner saw. */
static size_t partner_saw(void)
{
    static char ids[200000][ID_LENGTH + 2];
    size_t n = 0;
    FILE *file = fopen(delivered, "r");
    assert_non_null(file);
    while (n < 200000 && fgets(ids[n], ID_LENGTH + 2, file))
        n += ids[n][0] != '\n';
    fclose(file);
    qsort(ids, n, sizeof ids[0], (int (*)(const void *, const void *))strcmp);
    size_t different = 0;
    for (size_t i = 0; i < n; i++)
        different += i == 0 || strcmp(ids[i - 1], ids[i]) != 0;
    return different;
}

static int open_folder(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "work");
    snprintf(files, sizeof files, "%s/db", folder);
    test_db_name(path, files);
    snprintf(delivered, sizeof delivered, "%s/delivered", folder);
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
    unlink(delivered);
    return rmdir(folder);
}

/* partial: INT-06. */
static void what_is_asked_for_ends_once(void **state)
{
    (void)state;
    struct node n;
    struct err e = { 0 };
    size_t changed;
    bool new;
    open_node(&n);
    struct arena *arena = arena_new(32 << 20);
    assert_int_equal(shipped_load(&n, program.organisation, &changed, &e), OK);
    struct db *db;
    assert_int_equal(store_reader_take(&db, n.store, &e), OK);
    struct define_context context = { .db = db, .now_us = env_now(n.env), .arena = arena };
    assert_int_equal(define_load_text(n.gate, &context, program.organisation,
                                      S("kind: partner\nname: file\nversion: 1\ntitle: File\n"
                                        "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\n"
                                        "endpoint: https://file.example/\nat_once: 4\n"),
                                      &new, &e),
                     OK);
    store_reader_give(n.store, db);
    arena_free(arena);
    close(partner);
    node_close(&n);

    uint64_t seed = 3;
    for (int round = 0; round < KILLS; round++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        live_and_die((unsigned)(seed >> 33) % LIFE_MAX_US + LEAST_US);
    }
    struct counts c;
    struct node_rebuild out;
    open_node(&n);
    rest(&n);
    count(&c, &n);
    for (int k = 0; k < 3; k++)
        assert_int_equal(c.ended[k], c.asked[k]);
    /* How many there are is the machine's speed. */
    if (c.asked[0] < KILLS / 5 || c.asked[1] < KILLS / 5 || c.asked[2] < KILLS / 5)
        fail_msg("too little to say anything: %zu %zu %zu", c.asked[0], c.asked[1], c.asked[2]);
    assert_int_equal(partner_saw(), c.asked[0]);
    assert_int_equal(node_rebuild_check(&n, &out, &e), OK);
    assert_true(out.same);
    close(partner);
    node_close(&n);
    printf("# %zu messages, %zu jobs, %zu notifications over %d kills: each ended once\n",
           c.asked[0], c.asked[1], c.asked[2], KILLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_ends_once),
    };
    return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
