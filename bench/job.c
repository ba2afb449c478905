/* How many jobs, effects of policies and messages a second one node does by itself, on a disk with
 * full sync: bench_job [COUNT]. The partner is played: what is measured is the program's own part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/shipped.h"
#include "base/id.h"
#include "base/log.h"
#include "kernel/notify.h"

enum { COUNT = 2000, BODY_MAX = 400 };

static const struct actor program = {
    .name = S("system/bench"),
    .organisation = S("00000000-0000-8000-a000-000000000001"),
    .site = S("00000000-0000-8000-a000-000000000002"),
    .system = true,
};

static uint64_t waiting[OUTBOX_SLOTS];
static size_t nwaiting;
static size_t delivered;

static bool takes(void *context, uint64_t ticket, const struct outbox_request *request)
{
    (void)context;
    (void)request;
    if (nwaiting == OUTBOX_SLOTS)
        return false;
    waiting[nwaiting++] = ticket;
    return true;
}

static bool answers(void *context, struct outbox_result *out)
{
    (void)context;
    if (nwaiting == 0)
        return false;
    delivered++;
    *out =
        (struct outbox_result){ .ticket = waiting[--nwaiting], .delivered = true, .status = 200 };
    return true;
}

static void must(enum outcome o, const struct err *e, const char *what)
{
    if (o == OK)
        return;
    fprintf(stderr, "%s: %s %s %s\n", what, e->code, e->params[0].value, e->detail);
    exit(1);
}

static void answered(void *context, const struct gate_answer *answer)
{
    arena_free(context);
    must(answer->error.outcome, &answer->error, "command");
}

struct asked {
    struct gate_command command;
    struct id id;
};

static void ask(struct node *n, const char *command, const char *body)
{
    struct err e = { 0 };
    struct arena *arena = arena_new(1 << 20);
    struct asked *a = arena ? ARENA_NEW(arena, struct asked) : NULL;
    if (!a)
        exit(1);
    a->id = id_new(&env_system);
    a->command = (struct gate_command){
        .id = id_str(&a->id),
        .name = str_z(command),
        .body = arena_str(arena, str_z(body)),
        .actor = &program,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    must(gate_submit(n->gate, &a->command, answered, arena, &e), &e, command);
}

static void run(struct node *n, const char *what, const char *command, int count,
                const char *format)
{
    struct err e = { 0 };
    bool busy = true;
    for (int i = 0; i < count; i++) {
        char body[BODY_MAX];
        struct buf b = buf_over(body, sizeof body - 1);
        struct str rest = str_z(format);
        buf_str(&b, str_cut(&rest, '#'));
        if (rest.p)
            buf_int(&b, i);
        buf_str(&b, rest);
        body[b.n] = '\0';
        ask(n, command, body);
    }
    const int64_t from = env_mono(&env_system);
    int64_t last = from;
    for (int quiet = 0; quiet < 30;) {
        must(node_step(n, 0, &busy, &e), &e, "step");
        quiet = busy ? 0 : quiet + 1;
        if (busy)
            last = env_mono(&env_system);
        else
            usleep(2000);
    }
    printf("%-16s %8.0f a second (%d in %.2f s)\n", what,
           (double)count * 1e6 / (double)(last - from), count, (double)(last - from) / 1e6);
}

static void partner(struct node *n)
{
    struct err e = { 0 };
    struct db *db;
    bool changed;
    struct arena *arena = arena_new(32 << 20);
    must(store_reader_take(&db, n->store, &e), &e, "reader");
    struct define_context context = { .db = db, .now_us = env_now(n->env), .arena = arena };
    must(define_load_text(n->gate, &context, program.organisation,
                          S("kind: partner\nname: p\nversion: 1\ntitle: P\n"
                            "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\n"
                            "endpoint: https://p.example/\nat_once: 16\n"),
                          &changed, &e),
         &e, "partner");
    store_reader_give(n->store, db);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    static const struct outbox_transport transport = { NULL, takes, answers };
    static const struct outbox_setup setup = { .public_url = S("https://vein.example") };
    char folder[] = "vein-bench-XXXXXX";
    char path[64];
    int64_t count = COUNT;
    int code;
    struct node n;
    struct err e = { 0 };
    size_t changed;
    if (argc > 1 && !str_to_u63(&count, str_z(argv[1])))
        return 2;
    count = count < 1 ? 1 : count > GATE_QUEUE_MAX ? GATE_QUEUE_MAX : count;
    log_set_level(LOG_ERROR);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/db", folder);
    if (!cli_node_open(&n, path, true, false, &code))
        return code;
    must(shipped_load(&n, program.organisation, &changed, &e), &e, "definitions");
    partner(&n);
    outbox_use(n.outbox, &transport, &setup);
    run(&n, "jobs", "job.queue", (int)count, "{\"kind\":\"ledger.read_back\"}");
    run(&n, "messages", "message.queue", (int)count,
        "{\"partner\":\"p\",\"kind\":\"t\",\"about\":\"order/#\",\"body\":{\"n\":1}}");
    run(&n, "notifications", "deviation.open", (int)count,
        "{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"number #\"}");
    node_close(&n);
    static const char *const tails[] = { "", "-wal", "-shm", ".lock", ".keys", ".root" };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char file[96];
        snprintf(file, sizeof file, "%s%s", path, tails[i]);
        unlink(file);
    }
    rmdir(folder);
    return (size_t)count == delivered ? 0 : 1;
}
