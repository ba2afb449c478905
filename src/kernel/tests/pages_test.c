/* The kernel's own pages over real sockets: assets, definitions, the ledger, help, health, the
 * static log, live news. */
#include "kernel/asset.h"
#include "kernel/pages.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    static const struct module *const routed[] = { &auth_module, &pages_module };
    auth_serve(&app, &a, routed, 2, 0);
    app.entries = APP_ENTRIES_LOCAL;
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
    if (auth_fixture_enter(a.auth, S("person1"), RIGHT_PASSWORD, S("127.0.0.1"), &cookie, a.f.arena,
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

/* --- a form tried --- */

static const char trial_form[] =
    "kind: form\nname: bags\nversion: 1\ntitle: Bags\neffective: 2026-01-01T00:00:00Z\n"
    "fields:\n- {name: total, label: Total, type: computed, unit: mL, formula: sum(volume)}\n"
    "- {name: person, label: Person, type: text, sealed: true}\n"
    "sections:\n- name: s\n  title: All bags\n  repeat: {max: 3}\n  fields:\n"
    "  - {name: volume, label: Volume, type: quantity, unit: mL, max: 500, required: true}\n";

static int try_it(const char *form, struct str cookie, struct str csrf)
{
    char request[2000];
    struct str body = arena_printf(a.f.arena, "%s&_csrf=%.*s", form, STR(csrf));
    int n = snprintf(request, sizeof request,
                     "POST /definitions/form/bags/try HTTP/1.1\r\nHost: x\r\n"
                     "Accept: text/html\r\nCookie: vein=%.*s\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s",
                     STR(cookie), body.n, STR(body));
    return client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got);
}

static int64_t events(void)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    assert_int_equal(store_reader_take(&db, a.f.node.store, &e), OK);
    assert_int_equal(ledger_read(db, 0, 1000, &rows, &n, a.f.arena, &e), OK);
    store_reader_give(a.f.node.store, db);
    return (int64_t)n;
}

/* partial: VAL-03 */
static void a_form_is_tried_and_nothing_kept(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &role_kind, &form_kind };
    struct define_context context = { .arena = a.f.arena };
    struct err e = { 0 };
    bool changed;
    define_use(kinds, 2);
    auth_fixture_written(&a);
    assert_int_equal(store_reader_take(&context.db, a.f.node.store, &e), OK);
    assert_int_equal(define_load_text(a.f.node.gate, &context, a.program.actor.organisation,
                                      str_z(trial_form), &changed, &e),
                     OK);
    store_reader_give(a.f.node.store, context.db);
    auth_fixture_write(&a);
    struct str cookie = reader();
    assert_int_equal(get("/definitions/form/bags/try", "text/html", (struct str){ 0 }), 303);
    assert_int_equal(get("/definitions/form/none/try", "text/html", cookie), 404);
    assert_int_equal(get("/definitions/form/bags/try", "text/html", cookie), 200);
    assert_non_null(strstr(got, "This is a trial."));
    const char *token = strstr(got, "name=\"_csrf\" value=\"");
    assert_non_null(token);
    struct str csrf = str_z(token + strlen("name=\"_csrf\" value=\""));
    csrf.n = str_find(csrf, '"');
    csrf = arena_str(a.f.arena, csrf);
    const int64_t before = events();
    assert_int_equal(try_it("volume.1=12.5&volume.2=0.1&person=Ada", cookie, csrf), 200);
    assert_non_null(strstr(got, "The record as it would be kept"));
    assert_non_null(strstr(got, "sum(volume)"));
    assert_non_null(strstr(got, "12.5 mL; 0.1 mL"));
    assert_non_null(strstr(got, "12.6"));
    assert_int_equal(try_it("volume.1=501", cookie, csrf), 200);
    assert_non_null(strstr(got, "a value above 500 mL is not possible"));
    assert_null(strstr(got, "The record as it would be kept"));
    assert_int_equal(try_it("volume.1=1&_add=s", cookie, csrf), 200);
    assert_non_null(strstr(got, "name=\"volume.2\""));
    assert_null(strstr(got, "The record as it would be kept"));
    assert_int_equal(events(), before);
    assert_int_equal(get("/definitions/form/bags/print", "text/html", cookie), 200);
    assert_non_null(strstr(got, "To be filled in by hand"));
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

/* The reader of codes is WebAssembly: the policy of its worker's script lets that run, and no
 * other does. */
static void only_the_cameras_worker_runs_webassembly(void **state)
{
    static const char policy[] = "Content-Security-Policy: default-src 'self'; object-src 'none'";
    (void)state;
    assert_int_equal(get(asset_url("camera_worker.js").p, "*/*", (struct str){ 0 }), 200);
    assert_non_null(
        strstr(got, "Policy: script-src 'self' 'wasm-unsafe-eval'; default-src 'self'"));
    assert_int_equal(get(asset_url("vein.js").p, "*/*", (struct str){ 0 }), 200);
    assert_non_null(strstr(got, policy));
    assert_int_equal(get("/help", "text/html", (struct str){ 0 }), 200);
    assert_non_null(strstr(got, policy));
    assert_non_null(strstr(got, "camera=(self)"));
}

static void assets_are_packed_for_who_takes_it(void **state)
{
    (void)state;
    const struct str url = asset_url("vein.css");
    char request[200];
    const char *asked[] = { "gzip, deflate, br", "br, gzip", "br", "gzip;q=0" };
    for (size_t i = 0; i < 4; i++) {
        const int n = snprintf(request, sizeof request,
                               "GET %.*s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: %s\r\n\r\n",
                               STR(url), asked[i]);
        assert_int_equal(
            client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got), 200);
        assert_non_null(strstr(got, "Vary: Accept-Encoding"));
        const char *body = strstr(got, "\r\n\r\n") + 4;
        assert_int_equal(strstr(got, "Content-Encoding: gzip") != NULL, i < 2);
        assert_int_equal(memcmp(body, "\x1f\x8b", 2) == 0, i < 2);
    }
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

/* Everybody reads how to call: each command by example, and nothing that is not there. */
static void the_reference_shows_each_command_by_example(void **state)
{
    (void)state;
    const struct str nobody = { 0 };
    assert_int_equal(get("/help/api", "text/html", nobody), 200);
    assert_non_null(strstr(got, "href=\"/help/api/commands/account.give_role\""));
    assert_non_null(strstr(got, "href=\"/help/api/reads/files.file.about\""));
    assert_non_null(strstr(got, "gate.key_reused"));
    assert_int_equal(get("/help/api/commands/account.close", "text/html", nobody), 200);
    assert_non_null(strstr(got, "https://vein.example/commands/account.close"));
    assert_non_null(strstr(got, "&quot;_reason&quot;: &quot;")); /* it needs one, and shows it */
    assert_non_null(strstr(got, "auth.account_closed"));         /* with what to do */
    assert_non_null(strstr(got, "id: a UUID"));
    assert_int_equal(get("/help/api/reads/site", "text/html", nobody), 200);
    assert_non_null(strstr(got, "curl -b cookies -H &#39;Accept: application/json&#39;"));
    assert_non_null(strstr(got, "&quot;rows&quot;: ["));
    assert_int_equal(get("/help/api/commands/account.steal", "text/html", nobody), 404);
    assert_int_equal(get("/help/api/reads/nothing", "text/html", nobody), 404);
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
        cmocka_unit_test_setup_teardown(a_form_is_tried_and_nothing_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(assets_are_immutable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_the_cameras_worker_runs_webassembly, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(assets_are_packed_for_who_takes_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_seen_needs_its_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_ledger_shows_its_proofs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_are_read_on_the_machine_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(machines_read_health_log_and_help, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_reference_shows_each_command_by_example, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(events_leave_by_export_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
