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

static const struct people_place here = { PEOPLE_ORGANISATION, PEOPLE_SITE };
static const struct people_place there = { PEOPLE_ELSEWHERE, PEOPLE_ELSEWHERE_SITE };

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

void bench_must(enum outcome o, const char *what, const struct err *e)
{
    if (o != OK)
        bench_die(what, e);
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
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".keys", ".root", ".erased" };
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

void people_send(struct node *n, const struct people_place *at, const char *name, const char *body)
{
    const struct actor founder = {
        .name = S("system/bench"),
        .organisation = str_z(at->organisation),
        .site = at->site ? str_z(at->site) : (struct str){ 0 },
        .system = true,
    };
    const struct id id = id_new(&env_system);
    struct arena *arena = arena_new(SETUP_ARENA);
    const struct gate_command command = {
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
    if (!arena || gate_run(n->gate, &command, NULL, &e) != OK)
        bench_die(name, &e);
    arena_free(arena);
}

static void load_role(struct node *n, struct arena *arena)
{
    struct err e = { 0 };
    struct db *db;
    bool changed;
    if (store_reader_take(&db, n->store, &e) != OK)
        bench_die("store", &e);
    struct define_context context = { .db = db, .now_us = env_now(n->env), .arena = arena };
    if (define_load_text(n->gate, &context, S(PEOPLE_ORGANISATION), str_z(role_text), &changed,
                         &e) != OK)
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

void people_add(struct node *n, const struct people_place *at, size_t number, const char *role)
{
    char body[600];
    char password[crypto_pwhash_STRBYTES];
    const struct id account = id_derive(S("bench"), S("account"), number);
    cheap_password(password);
    snprintf(body, sizeof body,
             "{\"account\":\"%s\",\"organisation\":\"%s\",\"login\":\"person%zu\","
             "\"name\":\"Person %zu\",\"password\":\"%s\"}",
             account.text, at->organisation, number, number, password);
    people_send(n, at, "account.make", body);
    snprintf(body, sizeof body,
             "{\"account\":\"%s\",\"role\":\"%s\",\"organisation\":\"%s\",\"site\":\"%s\"}",
             account.text, role, at->organisation, at->site);
    people_send(n, at, "account.give_role", body);
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
    people_send(&node, &here, "organisation.make",
                "{\"organisation\":\"" PEOPLE_ORGANISATION
                "\",\"name\":\"Bench\",\"kind\":\"hospital\"}");
    people_send(&node, &here, "site.make",
                "{\"site\":\"" PEOPLE_SITE "\",\"organisation\":\"" PEOPLE_ORGANISATION
                "\",\"name\":\"Bench\",\"kind\":\"ward\",\"zone\":\"Europe/Berlin\"}");
    load_role(&node, arena);
    for (size_t i = 0; i < n; i++)
        people_add(&node, &here, i, "bench");
    node_close(&node);
    arena_free(arena);
}

void people_elsewhere(const char *path, size_t number)
{
    struct node node;
    int code;
    if (!cli_node_open(&node, path, false, false, &code))
        bench_die("could not open the node", NULL);
    people_send(&node, &there, "organisation.make",
                "{\"organisation\":\"" PEOPLE_ELSEWHERE
                "\",\"name\":\"Elsewhere\",\"kind\":\"hospital\"}");
    people_send(&node, &there, "site.make",
                "{\"site\":\"" PEOPLE_ELSEWHERE_SITE "\",\"organisation\":\"" PEOPLE_ELSEWHERE
                "\",\"name\":\"Elsewhere\",\"kind\":\"ward\",\"zone\":\"Europe/Berlin\"}");
    people_add(&node, &there, number, "bench");
    node_close(&node);
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
