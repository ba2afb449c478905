/* A server over the node of an auth fixture, for tests of what comes by HTTP. */
#ifndef VEIN_KERNEL_TESTS_AUTH_SERVE_H
#define VEIN_KERNEL_TESTS_AUTH_SERVE_H

#include "kernel/app.h"
#include "kernel/tests/auth_fixture.h"

/* Starts app->server on a port of its own, as `vein serve` does, with the routes of these modules,
 * and the gate on a thread of its own (auth_fixture_write). `threads` of HTTP, 0: as many as it has
 * by itself. http_stop(app->server) ends it. */
void auth_serve(struct app *app, struct auth_fixture *a, const struct module *const *modules,
                size_t n, unsigned threads);

#endif
