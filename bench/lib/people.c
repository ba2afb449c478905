/* Sets a database up through the same commands as anyone. */
#include "bench/lib/people.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "kernel/define.h"

enum { SETUP_ARENA = 16 << 20 };

static const struct actor founder = {
    .name = S("system/bench"),
    .organisation = S(PEOPLE_ORGANISATION),
    .system = true,
};

static const char role_text[] = "kind: role\n"
                                "name: bench\n"
                                "version: 1\n"
                                "title: Bench\n"
                                "effective: 2026-01-01T00:00:00Z\n"
                                "purpose: opens and closes deviations\n"
                                "permissions: [deviation.open, deviation.close, deviation.see]\n";

void bench_die(const char *what, const struct err *e)
{
    fprintf(stderr, "bench: %s", what);
    if (e)
        fprintf(stderr, ": %s %s", e->code, e->detail);
    fprintf(stderr, "\n");
    exit(1);
}

int64_t bench_now(void)
{
    return env_mono(&env_system);
}

void bench_folder(char *out, size_t size, const char *name)
{
    snprintf(out, size, "build/bench/%s", name);
    (void)mkdir("build/bench", 0755);
    if (mkdir(out, 0755) != 0 && errno != EEXIST)
        bench_die("could not make a folder in build/bench: run from the root of the sources", NULL);
}

void bench_remove(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".keys", ".root" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char file[400];
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        if (unlink(file) != 0 && errno != ENOENT)
            bench_die("could not remove the database of an earlier run", NULL);
    }
}

int64_t bench_number(const char *text, int64_t otherwise)
{
    int64_t n = otherwise;
    if (text && (!str_to_u63(&n, str_z(text)) || n == 0))
        bench_die("a whole number is expected", NULL);
    return n;
}

static void send(struct node *n, struct arena *arena, const char *name, const char *body)
{
    struct id id = id_new(&env_system);
    struct gate_command command = {
        .id = id_str(&id),
        .name = str_z(name),
        .body = str_z(body),
        .reason = S("the bench needs it"),
        .actor = &founder,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    struct err e = { 0 };
    if (gate_run(n->gate, &command, NULL, &e) != OK)
        bench_die(name, &e);
}

static void load_role(struct node *n, struct arena *arena)
{
    struct err e = { 0 };
    struct db *db;
    bool changed;
    if (store_reader_take(&db, n->store, &e) != OK)
        bench_die("store", &e);
    struct define_context context = { .db = db, .now_us = env_now(n->env), .arena = arena };
    if (define_load_text(n->gate, &context, founder.organisation, str_z(role_text), &changed, &e) !=
        OK)
        bench_die("role", &e);
    store_reader_give(n->store, db);
}

/* Signing in is not what is measured: the cheapest hash there is. */
static void cheap_password(char out[crypto_pwhash_STRBYTES])
{
    if (sodium_init() < 0 ||
        crypto_pwhash_str(out, PEOPLE_PASSWORD, strlen(PEOPLE_PASSWORD), crypto_pwhash_OPSLIMIT_MIN,
                          crypto_pwhash_MEMLIMIT_MIN) != 0)
        bench_die("could not hash the password", NULL);
}

struct place {
    const char *organisation;
    const char *site;
};

static void make_person(struct node *n, struct arena *arena, size_t number, const struct place *at,
                        const char *password)
{
    char body[512];
    struct id account = id_derive(S("bench"), S("account"), number);
    snprintf(body, sizeof body,
             "{\"account\":\"%s\",\"organisation\":\"%s\",\"login\":\"person%zu\","
             "\"name\":\"Person %zu\",\"password\":\"%s\"}",
             account.text, at->organisation, number, number, password);
    send(n, arena, "account.make", body);
    snprintf(body, sizeof body,
             "{\"account\":\"%s\",\"role\":\"bench\",\"organisation\":\"%s\",\"site\":\"%s\"}",
             account.text, at->organisation, at->site);
    send(n, arena, "account.give_role", body);
}

void people_make(const char *path, size_t n)
{
    struct node node;
    int code;
    struct arena *arena = arena_new(SETUP_ARENA);
    log_set_level(LOG_ERROR);
    bench_remove(path);
    if (!arena || !cli_node_open(&node, path, true, false, &code))
        bench_die("could not make the node", NULL);
    send(&node, arena, "organisation.make",
         "{\"organisation\":\"" PEOPLE_ORGANISATION "\",\"name\":\"Bench\",\"kind\":\"hospital\"}");
    send(&node, arena, "site.make",
         "{\"site\":\"" PEOPLE_SITE "\",\"organisation\":\"" PEOPLE_ORGANISATION
         "\",\"name\":\"Bench\",\"kind\":\"ward\",\"zone\":\"Europe/Berlin\"}");
    load_role(&node, arena);
    char password[crypto_pwhash_STRBYTES];
    cheap_password(password);
    const struct place here = { PEOPLE_ORGANISATION, PEOPLE_SITE };
    for (size_t i = 0; i < n; i++) {
        make_person(&node, arena, i, &here, password);
        arena_reset(arena);
    }
    node_close(&node);
    arena_free(arena);
}

void people_elsewhere(const char *path, size_t number)
{
    struct node node;
    int code;
    char password[crypto_pwhash_STRBYTES];
    const struct place there = { PEOPLE_ELSEWHERE, PEOPLE_ELSEWHERE_SITE };
    struct arena *arena = arena_new(SETUP_ARENA);
    if (!arena || !cli_node_open(&node, path, false, false, &code))
        bench_die("could not open the node", NULL);
    cheap_password(password);
    send(&node, arena, "organisation.make",
         "{\"organisation\":\"" PEOPLE_ELSEWHERE
         "\",\"name\":\"Elsewhere\",\"kind\":\"hospital\"}");
    send(&node, arena, "site.make",
         "{\"site\":\"" PEOPLE_ELSEWHERE_SITE "\",\"organisation\":\"" PEOPLE_ELSEWHERE
         "\",\"name\":\"Elsewhere\",\"kind\":\"ward\",\"zone\":\"Europe/Berlin\"}");
    make_person(&node, arena, number, &there, password);
    node_close(&node);
    arena_free(arena);
}

size_t people_deviation(char out[PERSON_BODY_MAX], uint64_t number, size_t description)
{
    static const char *const words[] = { "shipper ", "opened ",  "at ",     "the ",    "ward, ",
                                         "seal ",    "intact, ", "logger ", "read ",   "minus ",
                                         "150 ",     "degrees ", "label ",  "smeared " };
    enum { WORDS = sizeof words / sizeof words[0] };
    struct buf b = buf_over(out, PERSON_BODY_MAX);
    buf_z(&b, "{\"kind\":\"other\",\"risk\":\"minor\",\"description\":\"Number ");
    buf_int(&b, (int64_t)number);
    buf_z(&b, ": ");
    for (uint64_t seed = number; b.n < description + 50;) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        buf_z(&b, words[(seed >> 33) % WORDS]);
    }
    buf_z(&b, ".\"}");
    return b.n;
}
