/* Groups of commands through the gate, as its own thread would take them. */
#include "bench/lib/fill.h"

#include <stdio.h>

#include "app/cli.h"
#include "base/id.h"
#include "bench/lib/people.h"

enum { GROUP = 256, MEMBER_ARENA = 1 << 20, DESCRIPTION = 100 };

struct member {
    struct gate_command command;
    struct id id;
    char body[PERSON_BODY_MAX];
    struct str deviation; /* of the answer */
    struct arena *arena;
};

static struct member members[GROUP];

static struct actor person(const char *name, bool elsewhere)
{
    return (struct actor){
        .name = str_z(name),
        .organisation = elsewhere ? S(PEOPLE_ELSEWHERE) : S(PEOPLE_ORGANISATION),
        .site = elsewhere ? S(PEOPLE_ELSEWHERE_SITE) : S(PEOPLE_SITE),
        .zone = S("Europe/Berlin"),
        .system = true,
    };
}

static void answered(void *context, const struct gate_answer *answer)
{
    struct member *m = context;
    if (answer->error.outcome != OK)
        bench_die("command", &answer->error);
    size_t at = str_find(answer->body, ':') + 2; /* {"deviation":"… */
    m->deviation = (struct str){ answer->body.p + at, ID_LENGTH };
}

static void submit(struct node *n, struct member *m, const char *name, const struct actor *actor,
                   const char *reason)
{
    struct err e = { 0 };
    m->id = id_new(&env_system);
    m->command = (struct gate_command){
        .id = id_str(&m->id),
        .name = str_z(name),
        .body = str_z(m->body),
        .actor = actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = str_z(reason),
        .arena = m->arena,
    };
    if (gate_submit(n->gate, &m->command, answered, m, &e) != OK)
        bench_die(name, &e);
}

static void step(struct node *n)
{
    struct err e = { 0 };
    bool busy = true;
    while (busy)
        if (node_step(n, TIME_SECOND, &busy, &e) != OK)
            bench_die("step", &e);
}

static bool elsewhere(uint64_t number, uint64_t every)
{
    return every > 0 && number % every == 0;
}

/* A group of deviations is opened, then closed by someone else. */
static void make_group(struct node *n, uint64_t first, uint64_t every)
{
    const struct actor openers[] = { person("account/00000000-0000-8000-a000-000000000003", false),
                                     person("account/00000000-0000-8000-a000-000000000005", true) };
    const struct actor closers[] = { person("account/00000000-0000-8000-a000-000000000004", false),
                                     person("account/00000000-0000-8000-a000-000000000006", true) };
    for (size_t i = 0; i < GROUP; i++) {
        arena_reset(members[i].arena);
        size_t length = people_deviation(members[i].body, first + i, DESCRIPTION);
        members[i].body[length] = '\0';
        submit(n, &members[i], "deviation.open", &openers[elsewhere(first + i, every)], NULL);
    }
    step(n);
    for (size_t i = 0; i < GROUP; i++) {
        struct member *m = &members[i];
        snprintf(m->body, sizeof m->body,
                 "{\"deviation\":\"%.*s\",\"cause\":\"handling\",\"conclusion\":\"no harm done\"}",
                 STR(m->deviation));
        submit(n, m, "deviation.close", &closers[elsewhere(first + i, every)], "all is said");
    }
    step(n);
}

void fill_ledger(const char *path, uint64_t events, uint64_t every)
{
    struct node n;
    int code;
    if (!cli_node_open(&n, path, false, false, &code))
        bench_die("could not open the node", NULL);
    for (size_t i = 0; i < GROUP; i++)
        members[i].arena = arena_new(MEMBER_ARENA);
    int64_t start = bench_now();
    for (uint64_t made = 0; made < events; made += 2 * GROUP)
        make_group(&n, made / 2, every);
    printf("made %llu events in %.1f s\n", (unsigned long long)events,
           (double)(bench_now() - start) / 1e6);
    for (size_t i = 0; i < GROUP; i++)
        arena_free(members[i].arena);
    node_close(&n);
}
