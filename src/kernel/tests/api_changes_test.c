/* The feed of changes over real sockets: what may be seen, each once, in order, from any cursor;
 * what waits is bounded and ends with its session. */
#include "kernel/api.h"
#include "kernel/epoch.h"
#include "kernel/http_impl.h"
#include "kernel/pages.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROLES = 230, LASTS = 20 };

static struct auth_fixture a;
static struct app app;
static char got[1 << 20];

/* A log that was restored once: what a cursor of before says beyond LASTS did not last. */
static void begin_epoch(void)
{
    struct fixture_person program;
    fixture_person(&program, 99, 1, 1, "epoch.begin");
    program.actor.system = true;
    const enum outcome o = fixture_send(
        &a.f, &program, "epoch.begin", "restored",
        "{'node':'0190a6a0-0000-7000-8000-00000000abcd','number':1,'vkey':'b','previous_vkey':'a',"
        "'size':%d,'root':'%064d','known_size':%d}",
        LASTS, 0, LASTS);
    if (o != OK)
        fail_msg("epoch.begin: %s", a.f.error.code);
}

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    for (int i = 0; i < ROLES; i++) {
        char name[20];
        snprintf(name, sizeof name, "role%d", i);
        auth_fixture_load_role(&a, name, 1, i == 0 ? "definition.see" : "unit.see");
    }
    auth_fixture_account(&a, 1);
    auth_fixture_role(&a, 1, "role0", 1, 1);
    auth_fixture_account(&a, 2);
    auth_fixture_role(&a, 2, "role1", 1, 1);
    begin_epoch();
    static const struct module *const routed[] = { &auth_module, &pages_module };
    auth_serve(&app, &a, routed, 2, 0);
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

static struct str person(const char *login)
{
    struct err e = { 0 };
    struct str cookie = { 0 };
    if (auth_fixture_enter(a.auth, str_z(login), RIGHT_PASSWORD, S("127.0.0.1"), &cookie, a.f.arena,
                           &e) != OK)
        fail_msg("sign-in: %s", e.code);
    return cookie;
}

static struct str request_of(const char *query, struct str cookie)
{
    return arena_printf(a.f.arena,
                        "GET /api/changes%s HTTP/1.1\r\nHost: x\r\nCookie: vein=%.*s\r\n\r\n",
                        query, STR(cookie));
}

static int get(const char *query, struct str cookie)
{
    return client_ask(app.server, request_of(query, cookie), got, sizeof got);
}

/* The query of the answer's next link. */
static const char *next_query(void)
{
    const char *next = strstr(got, "\"next\":\"/api/changes");
    assert_non_null(next);
    next += strlen("\"next\":\"/api/changes");
    return arena_str(a.f.arena, (struct str){ next, strcspn(next, "\"") }).p;
}

static size_t count(const char *text)
{
    size_t n = 0;
    for (const char *at = got; (at = strstr(at, text)); at += strlen(text))
        n++;
    return n;
}

/* partial: INT-01 every change that may be seen once, in pages, and nothing of accounts and
 * sessions */
static void every_change_once_in_pages(void **state)
{
    (void)state;
    const struct str cookie = person("person1");
    bool seen[ROLES] = { false };
    size_t total = 0;
    const char *query = "";
    for (int page = 0; page < 10; page++) {
        assert_int_equal(get(query, cookie), 200);
        const size_t n = count("\"event\":");
        assert_true(n <= API_CHANGES_MAX);
        assert_int_equal(count("\"about\":\"definition/"), n);
        assert_null(strstr(got, "account/"));
        assert_null(strstr(got, "session/"));
        for (int i = 0; i < ROLES; i++) {
            char about[60];
            snprintf(about, sizeof about, "\"about\":\"definition/role.role%d\"", i);
            if (!strstr(got, about))
                continue;
            assert_false(seen[i]);
            seen[i] = true;
        }
        total += n;
        if (n == 0)
            break;
        query = next_query();
    }
    assert_true(total >= ROLES);
    for (int i = 0; i < ROLES; i++)
        assert_true(seen[i]);
}

static void who_may_see_nothing_is_led_to_the_end(void **state)
{
    (void)state;
    const struct str cookie = person("person2");
    assert_int_equal(get("", cookie), 200);
    assert_int_equal(count("\"event\":"), 0);
    const char *end = next_query();
    assert_int_equal(get(end, cookie), 200);
    assert_int_equal(get("", (struct str){ 0 }), 401);
    assert_non_null(strstr(got, "auth.sign_in"));
}

static void a_cursor_is_of_this_log(void **state)
{
    (void)state;
    const struct str cookie = person("person1");
    static const char *const bad[] = { "?after=x",    "?after=1",       "?after=1.x",  "?after=9.0",
                                       "?after=1.-1", "?after=1.99999", "?after=1.1.1" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(get(bad[i], cookie), 400);
        assert_non_null(strstr(got, "\"code\":\"http.malformed_cursor\""));
    }
    assert_int_equal(get("?after=1.3&wait=61", cookie), 400);
    assert_non_null(strstr(got, "\"code\":\"api.wait\""));
    /* Of before the restore: good as far as that log lasted, and told where to go on. */
    assert_int_equal(get("?after=0.20", cookie), 200);
    assert_int_equal(get("?after=0.21", cookie), 410);
    assert_non_null(strstr(got, "\"code\":\"api.log_restarted\""));
    assert_non_null(strstr(got, "go on after 1.20"));
}

/* So many wait for news. */
static void until_waiting(size_t n)
{
    for (size_t now = n + 1; now != n; usleep(5000)) {
        pthread_mutex_lock(&app.server->live_lock);
        now = app.server->nwaits;
        pthread_mutex_unlock(&app.server->live_lock);
    }
}

static void who_waits_is_bounded_and_ends_with_the_session(void **state)
{
    (void)state;
    const struct str cookie = person("person1");
    struct auth_session session;
    int fds[HTTP_OWNER_MAX];
    struct err e = { 0 };
    assert_int_equal(auth_session_find(a.auth, cookie, &session, a.f.arena, &e), OK);
    assert_int_equal(get("?after=now&wait=1", cookie), 200); /* nothing comes */
    assert_int_equal(count("\"event\":"), 0);
    for (size_t i = 0; i < HTTP_OWNER_MAX; i++) {
        fds[i] = client_connect(app.server);
        client_send(fds[i], request_of("?after=now&wait=60", cookie));
    }
    until_waiting(HTTP_OWNER_MAX);
    assert_int_equal(get("?after=now&wait=60", cookie), 429);
    assert_non_null(strstr(got, "http.too_many_of_session"));
    assert_non_null(strstr(got, "Retry-After:"));
    assert_int_equal(get("?after=now", cookie), 200); /* who does not wait is answered */
    http_end_of(app.server, session.id, (struct str){ 0 });
    for (size_t i = 0; i < HTTP_OWNER_MAX; i++) {
        (void)client_read(fds[i], got, sizeof got);
        assert_int_equal(client_status(got), 401);
        (void)close(fds[i]);
    }
}

/* A server that stops answers who waits with what there is. */
static void waits_keep_no_server_from_stopping(void **state)
{
    (void)state;
    const struct str cookie = person("person2");
    const int fd = client_connect(app.server);
    client_send(fd, request_of("?after=now&wait=60", cookie));
    until_waiting(1);
    http_stop(app.server);
    app.server = NULL;
    (void)client_read(fd, got, sizeof got);
    assert_int_equal(client_status(got), 200);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_change_once_in_pages),
        cmocka_unit_test(who_may_see_nothing_is_led_to_the_end),
        cmocka_unit_test(a_cursor_is_of_this_log),
        cmocka_unit_test(who_waits_is_bounded_and_ends_with_the_session),
        cmocka_unit_test(waits_keep_no_server_from_stopping),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
