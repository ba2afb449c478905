/* Over real sockets: signing in by the form, what a request without session, right or token gets,
 * and commands that wait for the gate. */
#include "kernel/app.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct auth_fixture a;
static struct app app;
static char got[40000];
static char cookie[80];
static char token[HASH_HEX + 1];

static enum http_state get_thing(struct http_request *r)
{
    struct page p = app_page(r);
    page_put_text(&p, S("<thing>"));
    return app_page_done(r, &p, "page.site.title");
}

static const struct route routes[] = {
    ROUTE("GET", "/thing", "unit.see", 0, get_thing, "help.thing"),
    ROUTE("GET", "/lead", "account.give_role", 0, get_thing, "help.thing"),
    ROUTE("GET", "/open", "public", 0, get_thing, "help.thing"),
};
static const struct module here = { .name = "here",
                                    .routes = routes,
                                    .nroutes = sizeof routes / sizeof routes[0] };
static const struct module *const modules[] = { &auth_module, &here };

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    auth_fixture_account(&a, 1);
    auth_fixture_account(&a, 2);
    auth_fixture_role(&a, 1, "nurse", 1, 1);
    auth_fixture_role(&a, 2, "lead", 1, 1);
    auth_fixture_sanction(&a, 1);
    auth_serve(&app, &a, modules, 2, 0);
    cookie[0] = token[0] = '\0';
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

static int ask(const char *line, const char *headers, const char *body)
{
    char request[8000];
    int n = snprintf(request, sizeof request,
                     "%s HTTP/1.1\r\nHost: x\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s", line,
                     cookie[0] ? "Cookie: vein=" : "", cookie, cookie[0] ? "\r\n" : "", headers,
                     strlen(body), body);
    assert_true(n > 0 && (size_t)n < sizeof request);
    return client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got);
}

#define HTML "Accept: text/html\r\n"
#define JSON "Accept: application/json\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static void sign_in(const char *login)
{
    char body[200];
    snprintf(body, sizeof body, "login=%s&password=seven+herons+over+the+weir&next=%%2Fthing",
             login);
    cookie[0] = '\0';
    assert_int_equal(ask("POST /sign-in", HTML FORM, body), 303);
    assert_non_null(strstr(got, "Location: /thing\r\n"));
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_non_null(strstr(got, "; Path=/; HttpOnly; SameSite=Strict\r\n"));
    assert_int_equal(ask("GET /open", HTML, ""), 200);
    client_take(token, sizeof token, got, "name=\"_csrf\" value=\"", '"');
    assert_int_equal(strlen(token), 64);
}

/* partial: ACC-01, SEC-02 without a session nothing but what is public */
static void strangers_are_sent_to_sign_in(void **state)
{
    (void)state;
    assert_int_equal(ask("GET /open", HTML, ""), 200);
    assert_non_null(strstr(got, "&lt;thing&gt;"));
    assert_null(strstr(got, "_csrf"));
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    assert_non_null(strstr(got, "Location: /sign-in?next=/thing\r\n"));
    assert_int_equal(ask("GET /sign-in?next=/thing", HTML, ""), 200);
    assert_non_null(strstr(got, "name=\"next\" value=\"/thing\""));
    assert_int_equal(ask("GET /sign-in?next=//evil.example", HTML, ""), 200);
    assert_null(strstr(got, "evil"));
    assert_int_equal(ask("GET /thing", JSON, ""), 401);
    assert_non_null(strstr(got, "Content-Type: application/problem+json\r\n"));
    assert_non_null(strstr(got, "\"type\":\"urn:vein:problem:auth.sign_in\","
                                "\"title\":\"Sign in first\",\"status\":401,\"detail\":\""));
    assert_non_null(strstr(got, "\"code\":\"auth.sign_in\",\"hint\":\""));
    assert_int_equal(ask("POST /commands/account.give_role", JSON, ""), 401);
}

static void rights_decide_who_sees_what(void **state)
{
    (void)state;
    sign_in("person1");
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
    assert_non_null(strstr(got, "Person No. 1"));
    assert_non_null(strstr(got, "Site 1"));
    assert_int_equal(ask("GET /lead", HTML, ""), 403);
    assert_non_null(strstr(got, "you do not have the right"));
    assert_int_equal(ask("GET /thing", HTML "X-Fragment: 1\r\n", ""), 200);
    assert_null(strstr(got, "<html"));
}

static void a_refused_sign_in_shows_the_form_again(void **state)
{
    (void)state;
    assert_int_equal(ask("POST /sign-in", HTML FORM, "login=person1&password=x"), 401);
    assert_non_null(strstr(got, "role=\"alert\""));
    assert_non_null(strstr(got, "login, password and one-time code do not belong together"));
    assert_null(strstr(got, "Set-Cookie"));
    assert_null(strstr(got, "person1"));
    char first[4000];
    client_take(first, sizeof first, got, "<main", '\0');
    assert_int_equal(ask("POST /sign-in", HTML FORM, "login=nobody&password=x"), 401);
    assert_non_null(strstr(got, first));
    for (int i = 0; i < 8; i++)
        (void)ask("POST /sign-in", HTML FORM, "login=person1&password=x");
    assert_int_equal(ask("POST /sign-in", HTML FORM, "login=person1&password=x"), 429);
    assert_non_null(strstr(got, "Retry-After: "));
}

/* partial: SEC-02 a form that another page made does nothing */
static void forms_need_the_sessions_token(void **state)
{
    (void)state;
    char other[HASH_HEX + 1];
    char body[200];
    sign_in("person2");
    memcpy(other, token, sizeof other);
    sign_in("person1");
    assert_int_equal(ask("POST /sign-out", HTML FORM, ""), 403);
    assert_int_equal(ask("POST /sign-out", HTML FORM, "_csrf=0000"), 403);
    snprintf(body, sizeof body, "_csrf=%s", other);
    assert_int_equal(ask("POST /sign-out", HTML FORM, body), 403);
    assert_non_null(strstr(got, "does not belong to your present session"));
    snprintf(body, sizeof body, "_csrf=%s", token);
    assert_int_equal(ask("POST /sign-out", HTML FORM "Sec-Fetch-Site: cross-site\r\n", body), 403);
    assert_int_equal(ask("GET /thing", HTML, ""), 200); /* still there */
    assert_int_equal(ask("POST /sign-out", HTML FORM, body), 303);
    assert_non_null(strstr(got, "Set-Cookie: vein=; Path=/; "));
    assert_non_null(strstr(got, "Max-Age=0"));
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
}

#define GIVE                                                                                       \
    "\"account\":\"00000000-0000-8000-a000-610000000001\",\"role\":\"lead\","                      \
    "\"organisation\":\"00000000-0000-8000-a000-6f0000000001\","                                   \
    "\"site\":\"00000000-0000-8000-a000-730000000001\"}"
#define ID "0193a5c0-0000-7000-8000-000000000001"

static void commands_as_json(void **state)
{
    (void)state;
    char headers[400];
    sign_in("person2");
    snprintf(headers, sizeof headers,
             JSON "Content-Type: application/json\r\nX-CSRF-Token: %s\r\nIdempotency-Key: " ID
                  "\r\n",
             token);
    const char *line = "POST /commands/account.give_role";
    assert_int_equal(ask(line, headers, "{\"_reason\":\"new\"," GIVE), 200);
    assert_non_null(strstr(got, "\r\n\r\n{}"));
    uint64_t size = ledger_size(a.f.node.ledger);
    assert_int_equal(ask(line, headers, "{\"_reason\":\"new\"," GIVE), 200); /* a retry */
    assert_int_equal(ledger_size(a.f.node.ledger), size);
    assert_int_equal(ask(line, headers, "{\"_reason\":\"why\"," GIVE), 422); /* another request */
    assert_non_null(strstr(got, "gate.key_reused"));
    assert_int_equal(ask("POST /commands/account.take_role", headers, "{" GIVE), 422);
    assert_non_null(strstr(got, "gate.reason_needed"));
    assert_int_equal(ask(line, headers, "{\"_reason\":\"x\",\"_id\":\"x\"," GIVE), 400);
    assert_non_null(strstr(got, "gate.malformed_id"));
    assert_int_equal(ask(line, headers, "{\"_reason\":\"x\",\"_happened\":\"soon\"," GIVE), 400);
    assert_int_equal(ask(line, headers, "{\"_reason\":\"x\",\"more\":1," GIVE), 400);
    assert_int_equal(ask("POST /commands/account.make", headers, "[]"), 400);
    assert_int_equal(ask("POST /commands/account.make", headers, "{"), 400);
    assert_int_equal(ask("POST /commands/no.such", headers, "{}"), 422);
    assert_int_equal(ask("POST /commands/account.close", headers,
                         "{\"_id\":\"0193a5c0-0000-7000-8000-000000000002\",\"_reason\":\"x\","
                         "\"account\":\"00000000-0000-8000-a000-610000000001\"}"),
                     404); /* the right to give roles at a site shows no accounts */
    assert_int_equal(ask(line, JSON "Content-Type: application/json\r\n", "{" GIVE), 403);
    assert_non_null(strstr(got, "auth.csrf"));
}

static void commands_as_forms(void **state)
{
    (void)state;
    char body[600];
    sign_in("person2");
    snprintf(body, sizeof body,
             "_csrf=%s&_id=" ID
             "&_reason=new&_next=%%2Fopen&_happened=&account=00000000-0000-8000-a000-"
             "610000000001&role=lead&organisation=00000000-0000-8000-a000-6f0000000001&site="
             "00000000-0000-8000-a000-730000000001",
             token);
    assert_int_equal(ask("POST /commands/account.give_role", HTML FORM, body), 303);
    assert_non_null(strstr(got, "Location: /open\r\n"));
    body[strlen(body) - 1] = '9';
    assert_int_equal(ask("POST /commands/account.give_role", HTML FORM, body), 422);
    assert_non_null(strstr(got, "<html"));
    assert_non_null(strstr(got, "this command id was used before"));
    sign_in("person1");
    assert_int_equal(ask("GET /lead", HTML, ""), 200);
}

static void the_site_is_chosen(void **state)
{
    (void)state;
    char body[300];
    char before[80];
    sign_in("person1");
    memcpy(before, cookie, sizeof before);
    assert_int_equal(ask("GET /site", HTML, ""), 200);
    assert_non_null(strstr(got, "checked> <span>Site 1"));
    assert_null(strstr(got, "Site 2"));
    snprintf(body, sizeof body, "_csrf=%s&site=00000000-0000-8000-a000-730000000002", token);
    assert_int_equal(ask("POST /site", HTML FORM, body), 422);
    body[strlen(body) - 1] = '1';
    assert_int_equal(ask("POST /site", HTML FORM, body), 303);
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_string_not_equal(cookie, before);
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
    memcpy(cookie, before, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
}

/* partial: ACC-02 one's own password needs the present one, and ends what was open elsewhere */
static void ones_own_password(void **state)
{
    (void)state;
    char body[300];
    char elsewhere[80];
    char old[80];
    sign_in("person1");
    memcpy(elsewhere, cookie, sizeof elsewhere);
    sign_in("person1");
    assert_int_equal(ask("GET /password", HTML, ""), 200);
    static const struct {
        const char *present;
        const char *fresh;
        int status;
    } rows[] = {
        { "wrong", "nine+otters+under+the+pier", 401 },
        { "seven+herons+over+the+weir", "short", 422 },
        { "seven+herons+over+the+weir", "Password1234!", 422 },
        { "seven+herons+over+the+weir", "seven+herons+over+the+weir", 422 },
        { "seven+herons+over+the+weir", "nine+otters+under+the+pier", 303 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(body, sizeof body, "_csrf=%s&present=%s&fresh=%s", token, rows[i].present,
                 rows[i].fresh);
        assert_int_equal(ask("POST /password", HTML FORM, body), rows[i].status);
        assert_null(strstr(got, "otters"));
    }
    memcpy(old, cookie, sizeof old);
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
    memcpy(cookie, old, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    memcpy(cookie, elsewhere, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    cookie[0] = '\0';
    const char *with_old = "login=person1&password=seven+herons+over+the+weir";
    const char *with_new = "login=person1&password=nine+otters+under+the+pier";
    assert_int_equal(ask("POST /sign-in", HTML FORM, with_old), 401);
    assert_int_equal(ask("POST /sign-in", HTML FORM, with_new), 303);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(strangers_are_sent_to_sign_in),
        T(rights_decide_who_sees_what),
        T(a_refused_sign_in_shows_the_form_again),
        T(forms_need_the_sessions_token),
        T(commands_as_json),
        T(commands_as_forms),
        T(the_site_is_chosen),
        T(ones_own_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
