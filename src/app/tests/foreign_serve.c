#include "app/tests/foreign_serve.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/app.h"
#include "kernel/file_impl.h"
#include "kernel/tests/http_client.h"

enum { TABLES_MAX = 40 };

static struct app app;
static struct auth *auth;
static pthread_t writer;
static atomic_bool stop;

/* --- a node that serves --- */

static void *write_on(void *context)
{
    struct err e = { 0 };
    bool busy = true;
    (void)context;
    while (busy || !atomic_load(&stop)) {
        if (node_step(&foreign.node, 0, &busy, &e) != OK)
            fail_msg("step: %s: %s", e.code, e.detail);
        if (!busy)
            gate_wait(foreign.node.gate, 1000);
    }
    return NULL;
}

const struct actor foreign_founder = {
    .name = S("system/setup"),
    .organisation = S("00000000-0000-8000-8000-000000000001"),
    .system = true,
};

struct str foreign_give(const struct actor *actor, const char *command, const char *format, ...)
{
    static uint64_t n;
    struct err e = { 0 };
    char body[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(body, sizeof body, format, args);
    va_end(args);
    for (char *c = body; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    const struct id id = id_derive(S("foreign"), S("route"), ++n);
    const struct gate_command c = {
        .id = arena_str(foreign.arena, id_str(&id)),
        .name = str_z(command),
        .body = arena_str(foreign.arena, str_z(body)),
        .actor = actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("set up"),
        .arena = foreign.arena,
    };
    struct gate_answer answer;
    if (gate_run(foreign.node.gate, &c, &answer, &e) != OK)
        fail_msg("%s: %s %s", command, e.code, e.detail);
    return answer.body;
}

struct str foreign_file(const char *order, const char *patient)
{
    const struct id file = id_derive(S("foreign"), S("file"), 0);
    const struct file_store body = {
        .file = arena_str(foreign.arena, id_str(&file)),
        .kind = S("order"),
        .belongs = str_z(order),
        .hash = S("00000000000000000000000000000000000000000000000000000000000000aa"),
        .size = 5,
        .sealed_size = 50,
        .type = S("text"),
        .subject = str_z(patient),
        .name = S("secret.txt"),
    };
    char proof[HASH_HEX + 1];
    hash_hex(proof, file_proof(foreign.node.keys, &body));
    foreign_give(&foreign_founder, "file.store",
                 "{'file':'%s','kind':'order','belongs':'%s','hash':'%s','size':5,'sealed_size':50,"
                 "'type':'text','subject':'%s','name':'secret.txt','proof':'%s'}",
                 file.text, order, body.hash.p, patient, proof);
    return body.file;
}

void foreign_sign_in(struct foreign_session *s, struct str account, struct str organisation,
                     struct str site)
{
    struct err e = { 0 };
    struct auth_session found;
    const struct auth_from from = { .peer = S("192.0.2.1") };
    const struct auth_start start = { .account = account,
                                      .from = &from,
                                      .organisation = organisation,
                                      .site = site,
                                      .expires = env_now(foreign.node.env) + TIME_HOUR };
    if (auth_session_start(auth, &start, &s->cookie, foreign.arena, &e) != OK ||
        auth_session_find(auth, s->cookie, &found, foreign.arena, &e) != OK)
        fail_msg("session: %s", e.code);
    s->csrf = arena_str(foreign.arena, found.csrf);
}

void foreign_serve(void)
{
    static const struct route *tables[TABLES_MAX];
    static size_t lengths[TABLES_MAX];
    struct err e = { 0 };
    size_t n;
    const struct module *const *modules = registry_modules(foreign.node.registry, &n);
    const struct auth_options auth_options = { .node = &foreign.node, .argon_mib = 1 };
    assert_true(n <= TABLES_MAX);
    assert_int_equal(auth_open(&auth, &auth_options, &e), OK);
    for (size_t i = 0; i < n; i++) {
        tables[i] = modules[i]->routes;
        lengths[i] = modules[i]->nroutes;
    }
    const struct http_options options = {
        .env = &env_system,
        .listen = "127.0.0.1:0",
        .routes = tables,
        .nroutes = lengths,
        .ntables = n,
        .context = &app,
        .admit = app_admit,
        .check = app_check,
        .problem = app_http_problem,
    };
    app = (struct app){ .node = &foreign.node, .auth = auth };
    assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
    if (http_start(&app.server, &options, &e) != OK)
        fail_msg("http: %s: %s", e.code, e.detail);
}

void foreign_serve_end(void)
{
    http_stop(app.server);
    atomic_store(&stop, true);
    pthread_join(writer, NULL);
    auth_close(auth);
}

int foreign_ask(struct str request, char *answer, size_t size)
{
    return client_ask(app.server, request, answer, size);
}
