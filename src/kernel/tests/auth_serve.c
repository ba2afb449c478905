/* See auth_serve.h. */
#include "kernel/tests/auth_serve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/file_sent.h"

enum { MODULES_MAX = 16 };

void auth_serve(struct app *app, struct auth_fixture *a, const struct module *const *modules,
                size_t n, unsigned threads)
{
    const struct route *tables[MODULES_MAX];
    size_t lengths[MODULES_MAX];
    struct err e = { 0 };
    assert_true(n <= MODULES_MAX);
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
        .threads = threads,
        .connections_per_address = 100,
        .context = app,
        .admit = app_admit,
        .check = app_check,
        .file = file_sent_take,
        .files_end = file_sent_end,
        .settle = look_settle,
        .problem = app_http_problem,
    };
    *app = (struct app){ .node = &a->f.node, .auth = a->auth };
    auth_fixture_write(a);
    if (http_start(&app->server, &options, &e) != OK)
        fail_msg("http: %s: %s", e.code, e.detail);
}
