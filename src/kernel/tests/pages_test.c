/* The kernel's own pages over real sockets: assets, definitions, the ledger, help, health, the
 * static log, live news. */
#include "kernel/asset.h"
#include "kernel/pages.h"
#include "kernel/tests/auth_fixture.h"
#include "kernel/tests/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct auth_fixture a;
static struct app app;
static char got[1 << 20];

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    auth_fixture_load_role(&a, "reader", 1, "definition.see, ledger.see");
    auth_fixture_account(&a, 1);
    auth_fixture_role(&a, 1, "reader", 1, 1);
    static const struct route *tables[2];
    static size_t lengths[2];
    tables[0] = auth_module.routes;
    tables[1] = pages_module.routes;
    lengths[0] = auth_module.nroutes;
    lengths[1] = pages_module.nroutes;
    struct http_options options = {
        .env = &env_system,
        .listen = "127.0.0.1:0",
        .routes = tables,
        .nroutes = lengths,
        .ntables = 2,
        .context = &app,
        .admit = app_admit,
        .check = app_check,
        .problem = app_http_problem,
    };
    app = (struct app){ .node = &a.f.node, .auth = a.auth, .entries = APP_ENTRIES_LOCAL };
    struct err e = { 0 };
    auth_fixture_write(&a);
    if (http_start(&app.server, &options, &e) != OK)
        fail_msg("http: %s: %s", e.code, e.detail);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_stop(app.server);
    auth_fixture_written(&a);
    auth_fixture_close(&a);
    return 0;
}

static struct str reader(void)
{
    struct err e = { 0 };
    struct str cookie = { 0 };
    if (auth_sign_in(a.auth, S("person1"), RIGHT_PASSWORD, S("127.0.0.1"), &cookie, a.f.arena,
                     &e) != OK)
        fail_msg("sign-in: %s", e.code);
    return cookie;
}

static int get(const char *path, const char *accept, struct str cookie)
{
    char request[1000];
    int n = snprintf(request, sizeof request,
                     "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n%s%.*s%s\r\n", path, accept,
                     cookie.p ? "Cookie: vein=" : "", STR(cookie), cookie.p ? "\r\n" : "");
    return client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got);
}

static void wait_for_checkpoint(void)
{
    for (int i = 0; i < 300 && get("/tlog/checkpoint", "*/*", (struct str){ 0 }) != 200; i++)
        usleep(10000);
}

/* The second line of the checkpoint. */
static int signed_size(void)
{
    assert_int_equal(get("/tlog/checkpoint", "*/*", (struct str){ 0 }), 200);
    const char *body = strstr(got, "\r\n\r\n");
    assert_non_null(body);
    return (int)strtol(strchr(body + 4, '\n') + 1, NULL, 10);
}

static void assets_are_immutable(void **state)
{
    (void)state;
    assert_int_equal(get(asset_url("vein.css").p, "*/*", (struct str){ 0 }), 200);
    assert_non_null(strstr(got, "max-age=31536000, immutable"));
    assert_non_null(strstr(got, "text/css"));
    assert_int_equal(get("/assets/vein.00000000.css", "*/*", (struct str){ 0 }), 404);
    assert_int_equal(get("/assets/../secret", "*/*", (struct str){ 0 }), 400);
}

static void what_is_seen_needs_its_right(void **state)
{
    (void)state;
    struct str cookie = reader();
    assert_int_equal(get("/definitions", "text/html", (struct str){ 0 }), 303);
    assert_int_equal(get("/definitions", "text/html", cookie), 200);
    assert_non_null(strstr(got, "href=\"/definitions/role/reader/1\""));
    assert_int_equal(get("/definitions", "application/json", cookie), 200);
    assert_non_null(strstr(got, "\"name\":\"reader\""));
    assert_int_equal(get("/definitions/role/reader/1", "text/html", cookie), 200);
    assert_non_null(strstr(got, "definition.see, ledger.see"));
    assert_int_equal(get("/definitions/role/reader/2", "text/html", cookie), 404);
    assert_int_equal(get("/definitions/spell/reader/1", "text/html", cookie), 404);
}

/* The page proves what it says; an altered checkpoint would not hold. */
static void the_ledger_shows_its_proofs(void **state)
{
    (void)state;
    struct str cookie = reader();
    wait_for_checkpoint();
    assert_int_equal(get("/ledger", "text/html", cookie), 200);
    assert_null(strstr(got, "badge stop"));
    assert_non_null(strstr(got, "badge ok"));
    assert_non_null(strstr(got, a.f.node.vkey.p));
}

static void machines_read_health_log_and_help(void **state)
{
    (void)state;
    assert_int_equal(get("/health", "*/*", (struct str){ 0 }), 200);
    assert_non_null(strstr(got, "{\"status\":\"ok\",\"signed\":"));
    wait_for_checkpoint();
    assert_int_equal(get("/tlog/tile/9/9", "*/*", (struct str){ 0 }), 404);
    assert_int_equal(get("/tlog/proof/0", "*/*", (struct str){ 0 }), 200);
    assert_int_equal(get("/help", "text/html", (struct str){ 0 }), 200);
    assert_non_null(strstr(got, "id=\"command-account.give_role\""));
    assert_non_null(strstr(got, "auth.sign_in_failed"));
    assert_int_equal(get("/live?topics=tower", "text/event-stream", (struct str){ 0 }), 303);
}

/* Events are given out neither to the world nor to who may see the ledger's page: they are of all
 * organisations of the node. */
static void events_leave_by_export_alone(void **state)
{
    (void)state;
    static const char *const paths[] = { "/tlog/tile/entries/000", "/tlog/tile/entries/000.p/1",
                                         "/tlog/tile/entries%2f000.p/1" };
    struct str cookie = reader();
    wait_for_checkpoint();
    app.entries = APP_ENTRIES_NONE;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(get(paths[i], "*/*", (struct str){ 0 }), 404);
        assert_int_equal(get(paths[i], "*/*", cookie), 404);
        assert_null(strstr(got, "organisation.made"));
    }
}

/* By default to this machine alone: through no proxy, under none but its own names. */
static void events_are_read_on_the_machine_itself(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        { "Host: 127.0.0.1\r\n", 200 },
        { "Host: localhost:8080\r\n", 200 },
        { "Host: 127.0.0.1\r\nX-Forwarded-For: 10.0.0.9\r\n", 404 },
        { "Host: 127.0.0.1\r\nVia: 1.1 gateway\r\n", 404 },
        { "Host: rebound.example\r\n", 404 },
    };
    char path[80];
    wait_for_checkpoint();
    app.entries = APP_ENTRIES_LOCAL;
    snprintf(path, sizeof path, "/tlog/tile/entries/000.p/%d", signed_size());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char request[300];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", path,
                 cases[i].headers);
        assert_int_equal(client_ask(app.server, str_z(request), got, sizeof got), cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(assets_are_immutable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_seen_needs_its_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_ledger_shows_its_proofs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_are_read_on_the_machine_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(machines_read_health_log_and_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_leave_by_export_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
