/* Over real sockets: the lock of a session and who takes over, that nothing sent to it is lost, and
 * that many who sign in wait in line. */
#include "kernel/app.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"
#include "kernel/text.h"

static struct auth_fixture a;
static struct app app;
static char got[60000];
static char cookie[80];
static char token[HASH_HEX + 1];
static int sent; /* forms that reached the handler */

static enum http_state get_thing(struct http_request *r)
{
    struct page p = app_page(r);
    page_put_text(&p, S("<thing>"));
    return app_page_done(r, &p, "page.site.title");
}

static enum http_state post_thing(struct http_request *r)
{
    sent += str_is(http_form(r, "note"), "typed <all> of it") && !http_form(r, "keep.note").p;
    return get_thing(r);
}

static const struct route routes[] = {
    ROUTE("GET", "/thing", "unit.see", 0, get_thing, "help.thing"),
    ROUTE("POST", "/thing", "unit.see", 4096, post_thing, "help.thing"),
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
    for (int i = 1; i <= 3; i++) {
        auth_fixture_account(&a, i);
        auth_fixture_role(&a, i, "nurse", 1, i == 3 ? 2 : 1);
    }
    a.auth->lock_us = 10 * TIME_MINUTE;
    auth_serve(&app, &a, modules, 2, 0);
    cookie[0] = token[0] = '\0';
    sent = 0;
    return 0;
}

static int tear_down(void **state)
{
    int hashing = AUTH_HASHING_MAX;
    (void)state;
    (void)sem_getvalue(&a.auth->hashing, &hashing);
    for (; hashing < AUTH_HASHING_MAX;
         hashing++) /* what a case that failed left: nobody waits on */
        (void)sem_post(&a.auth->hashing);
    http_stop(app.server);
    auth_fixture_written(&a);
    fixture_rebuilds(&a.f);
    auth_fixture_close(&a);
    return 0;
}

#define HTML     "Accept: text/html\r\n"
#define JSON     "Accept: application/json\r\n"
#define FORM     "Content-Type: application/x-www-form-urlencoded\r\n"
#define FRAGMENT "X-Fragment: 1\r\n"

static int ask(const char *line, const char *headers, const char *form)
{
    char request[8000];
    char body[3000];
    snprintf(body, sizeof body, "%s%s%s", form, form[0] && token[0] ? "&_csrf=" : "",
             form[0] ? token : "");
    int n = snprintf(request, sizeof request,
                     "%s HTTP/1.1\r\nHost: vein.example\r\n%s%s%s%sContent-Length: %zu\r\n\r\n%s",
                     line, cookie[0] ? "Cookie: vein=" : "", cookie, cookie[0] ? "\r\n" : "",
                     headers, strlen(body), body);
    assert_true(n > 0 && (size_t)n < sizeof request);
    return client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got);
}

static void take_cookie(void)
{
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
    client_take(token, sizeof token, got, "name=\"_csrf\" value=\"", '"');
}

static void sign_in(const char *login)
{
    char form[200];
    snprintf(form, sizeof form, "login=%s&password=seven+herons+over+the+weir&next=%%2Fthing",
             login);
    cookie[0] = token[0] = '\0';
    assert_int_equal(ask("POST /sign-in", HTML FORM, form), 303);
    assert_non_null(strstr(got, "Set-Cookie: vein-device="));
    take_cookie();
}

static void give_badge(const char *badge, const char *pin)
{
    char form[200];
    snprintf(form, sizeof form, "badge=%s&pin=%s&password=seven+herons+over+the+weir", badge, pin);
    assert_int_equal(ask("POST /account/badge", HTML FORM, form), 303);
}

/* partial: ACC-02 a locked session shows nothing, keeps its place and what was sent to it */
static void a_lock_keeps_everything(void **state)
{
    (void)state;
    sign_in("person1");
    assert_int_equal(ask("POST /lock", HTML FORM, "next=%2Fthing"), 303);
    assert_non_null(strstr(got, "Location: /locked?next=/thing\r\n"));
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    assert_non_null(strstr(got, "Location: /locked?next=/thing\r\n"));
    assert_int_equal(ask("GET /thing", JSON, ""), 423);
    assert_int_equal(ask("GET /thing", HTML FRAGMENT, ""), 423);
    assert_int_equal(ask("GET /open", HTML, ""), 200);
    assert_null(strstr(got, "Person No. 1")); /* nobody's */
    assert_int_equal(ask("GET /locked?next=/thing", HTML, ""), 200);
    assert_non_null(strstr(got, "Person No. 1 works here"));
    assert_null(strstr(got, "class=\"nav\""));

    assert_int_equal(ask("POST /thing", HTML FORM, "note=typed+%3Call%3E+of+it"), 423);
    assert_non_null(strstr(got, "name=\"keep.note\" value=\"typed &lt;all&gt; of it\""));
    assert_non_null(strstr(got, "name=\"to\" value=\"/thing\""));
    assert_int_equal(sent, 0);
    const char *kept = "to=%2Fthing&keep.note=typed+%3Call%3E+of+it&password=wrong+wrong+wrong";
    assert_int_equal(ask("POST /unlock", HTML FORM, kept), 401);
    assert_non_null(strstr(got, "name=\"keep.note\" value=\"typed &lt;all&gt; of it\""));
    kept = "to=%2Fthing&keep.note=typed+%3Call%3E+of+it&password=seven+herons+over+the+weir";
    assert_int_equal(ask("POST /unlock", HTML FORM, kept), 200);
    assert_non_null(strstr(got, "name=\"note\" value=\"typed &lt;all&gt; of it\""));
    assert_non_null(strstr(got, "action=\"/thing\""));
    assert_int_equal(ask("POST /thing", HTML FORM, "note=typed+%3Call%3E+of+it"), 200);
    assert_int_equal(sent, 1);
    assert_int_equal(ask("POST /unlock", JSON FORM, "next=%2F"), 204); /* it is open */
}

static struct auth_session session_now(void)
{
    struct auth_session s;
    struct err e = { 0 };
    const struct str value = arena_str(a.f.arena, str_z(cookie));
    if (auth_session_look(a.auth, value, &s, a.f.arena, &e) != OK)
        fail_msg("session: %s", e.code);
    return s;
}

/* partial: ACC-02 idleness locks; what a page asks by itself is no use; signatures can tell */
static void idleness_locks(void **state)
{
    (void)state;
    sign_in("person1");
    const int64_t period = session_now().period;
    for (int i = 0; i < 3; i++) {
        env_sim_advance(&a.f.sim, 4 * TIME_MINUTE);
        assert_int_equal(ask("GET /thing", HTML FRAGMENT, ""), i < 2 ? 200 : 423);
    }
    assert_int_equal(ask("POST /here", JSON FORM, "x=1"), 423);
    env_sim_advance(&a.f.sim, TIME_MINUTE);
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    assert_int_equal(ask("POST /unlock", JSON FORM, "password=seven+herons+over+the+weir"), 204);
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
    assert_true(session_now().period > period); /* both components again */
    for (int i = 0; i < 3; i++) {               /* somebody types */
        env_sim_advance(&a.f.sim, 9 * TIME_MINUTE);
        assert_int_equal(ask("POST /here", JSON FORM, "x=1"), 204);
    }
    env_sim_advance(&a.f.sim, 31 * TIME_MINUTE);
    assert_int_equal(ask("GET /locked", HTML, ""), 303); /* over */
    assert_non_null(strstr(got, "Location: /sign-in"));
}

/* partial: ACC-02 badge and PIN: fast, only where somebody signed in fully, few tries, and each
 * one's own */
static void another_takes_over(void **state)
{
    (void)state;
    char first[80];
    sign_in("person2");
    give_badge("BADGE-2", "830274");
    assert_int_equal(ask("POST /account/badge", HTML FORM,
                         "badge=BADGE-2&pin=123456&password="
                         "seven+herons+over+the+weir"),
                     422); /* guessed first */
    assert_int_equal(ask("POST /sign-out", HTML FORM, "x=1"), 303);
    sign_in("person1");
    memcpy(first, cookie, sizeof first);
    const struct auth_session one = session_now();
    assert_int_equal(ask("POST /account/badge", HTML FORM,
                         "badge=BADGE-2&pin=830274&password="
                         "seven+herons+over+the+weir"),
                     422); /* somebody's */
    assert_int_equal(ask("POST /lock", HTML FORM, "next=%2Fthing"), 303);
    assert_int_equal(ask("POST /switch", HTML FORM, "badge=BADGE-9&pin=830274"), 401);
    assert_int_equal(ask("POST /switch", HTML FORM, "badge=BADGE-2&pin=830275"), 401);
    assert_int_equal(ask("POST /switch", HTML FORM, "badge=BADGE-2&pin=830274"), 303);
    take_cookie();
    const struct auth_session two = session_now();
    assert_true(str_is(two.person, "Person No. 2"));
    assert_true(str_eq(two.actor.site, one.actor.site));
    assert_true(str_eq(two.station, one.id));
    assert_int_equal(two.expires, one.expires);
    assert_int_equal(two.strength, PROOF_NONE); /* signs nothing by that */
    char second[80];
    memcpy(second, cookie, sizeof second);
    memcpy(cookie, first, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 303); /* the first is over */
    assert_non_null(strstr(got, "Location: /sign-in"));
    cookie[0] = '\0';
    assert_int_equal(ask("POST /switch", HTML FORM, "badge=BADGE-2&pin=830274"), 401);
    memcpy(cookie, second, sizeof cookie);
    assert_int_equal(ask("POST /lock", HTML FORM, "next=%2F"), 303);
    assert_int_equal(ask("POST /unlock", JSON FORM, "password=830274"), 204); /* one's own PIN */

    for (int i = 0; i < AUTH_PIN_TRIES; i++) {
        env_sim_advance(&a.f.sim, TIME_MINUTE);
        assert_int_equal(ask("POST /lock", HTML FORM, "next=%2F"), 303);
        assert_int_equal(ask("POST /unlock", JSON FORM, "password=999990"), 401);
    }
    assert_int_equal(ask("POST /unlock", JSON FORM, "password=830274"), 422);
    assert_non_null(strstr(got, "auth.pin_spent"));
    env_sim_advance(&a.f.sim, 6 * TIME_MINUTE);
    assert_int_equal(ask("POST /unlock", JSON FORM, "password=seven+herons+over+the+weir"), 204);
}

static void forget_tries(void)
{
    pthread_mutex_lock(&a.auth->lock);
    memset(a.auth->slow, 0, sizeof a.auth->slow); /* as a restart does */
    pthread_mutex_unlock(&a.auth->lock);
}

static int unlock(const char *by)
{
    char form[100];
    assert_int_equal(ask("POST /lock", HTML FORM, "next=%2F"), 303);
    snprintf(form, sizeof form, "password=%s", by);
    return ask("POST /unlock", JSON FORM, form);
}

/* partial: ACC-02 the last wrong PIN is an event: no restart forgives it, a full sign-in does */
static void a_spent_pin_outlives_a_restart(void **state)
{
    (void)state;
    sign_in("person2");
    give_badge("BADGE-2", "830274");
    for (int i = 0; i < AUTH_PIN_TRIES; i++)
        assert_int_equal(unlock("999990"), 401);
    forget_tries();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unlock("830274"), 422);
        assert_non_null(strstr(got, "auth.pin_spent"));
    }
    sign_in("person1");
    assert_int_equal(ask("POST /switch", JSON FORM, "badge=BADGE-2&pin=830274"), 422);
    assert_non_null(strstr(got, "auth.pin_spent"));
    sign_in("person2");
    assert_int_equal(unlock("830274"), 204);
    for (int i = 0; i < AUTH_PIN_TRIES; i++)
        assert_int_equal(unlock("999990"), 401);
    forget_tries();
    assert_int_equal(ask("GET /account", HTML, ""), 303); /* locked */
    assert_int_equal(ask("POST /unlock", JSON FORM, "password=seven+herons+over+the+weir"), 204);
    assert_int_equal(unlock("830274"), 204);
}

/* Who has no role at the place cannot work there. */
static void a_stranger_does_not_take_over(void **state)
{
    (void)state;
    sign_in("person3");
    give_badge("BADGE-3", "830274");
    sign_in("person1");
    assert_int_equal(ask("POST /switch", JSON FORM, "badge=BADGE-3&pin=830274"), 422);
    assert_non_null(strstr(got, "auth.site_unknown"));
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
}

/* partial: ACC-02 one sees where one is signed in, and ends it */
static void my_sessions(void **state)
{
    (void)state;
    char other[80];
    char mine[80];
    char form[80];
    sign_in("person1");
    memcpy(other, cookie, sizeof other);
    const struct auth_session elsewhere = session_now();
    sign_in("person2");
    snprintf(form, sizeof form, "session=%.36s", elsewhere.id.p);
    assert_int_equal(ask("POST /account/end", HTML FORM, form), 404);
    sign_in("person1");
    memcpy(mine, cookie, sizeof mine);
    assert_int_equal(ask("GET /account", HTML, ""), 200);
    assert_non_null(strstr(got, "127.0.0.1"));
    assert_non_null(strstr(got, "this one"));
    assert_non_null(strstr(got, form + strlen("session=")));
    assert_int_equal(ask("POST /account/end", HTML FORM, form), 303);
    memcpy(cookie, other, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 303);
    memcpy(cookie, mine, sizeof cookie);
    assert_int_equal(ask("GET /thing", HTML, ""), 200);
}

static size_t credentials_of(int account, const char *kind)
{
    const struct auth_credentials_in in = { fixture_id('a', account) };
    const struct record_list list = fixture_list(&a.f, &sql_auth_credentials, &in);
    const struct auth_credentials_out *row = list.p;
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++)
        n += str_is(row[i].kind, kind);
    return n;
}

/* partial: ACC-02 who finds a session open takes nothing away: revoking one's own wants a proof; a
 * badge that is another's leaves the PIN as it was */
static void what_one_has_is_kept(void **state)
{
    (void)state;
    char form[300];
    sign_in("person2");
    give_badge("BADGE-2", "830274");
    sign_in("person1");
    assert_int_equal(ask("POST /account/badge", HTML FORM,
                         "badge=BADGE-2&pin=940385&password=seven+herons+over+the+weir"),
                     422);
    assert_int_equal(credentials_of(1, "pin"), 0);
    give_badge("BADGE-1", "940385");
    const struct auth_credentials_in in = { fixture_id('a', 1) };
    const struct auth_credentials_out *row = fixture_list(&a.f, &sql_auth_credentials, &in).p;
    snprintf(form, sizeof form, "credential=%.*s&reason=lost", STR(row->credential));
    assert_int_equal(ask("POST /account/revoke", HTML FORM, form), 401);
    assert_int_equal(credentials_of(1, "badge"), 1);
    snprintf(form, sizeof form, "credential=%.*s&reason=lost&password=seven+herons+over+the+weir",
             STR(row->credential));
    assert_int_equal(ask("POST /account/revoke", HTML FORM, form), 303);
    assert_int_equal(credentials_of(1, "badge"), 0);
}

/* partial: ACC-02 at a station one stays no longer than one's own roles allow */
static void a_station_keeps_ones_own_hours(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool changed;
    const struct define_context context = { .arena = a.f.arena };
    auth_fixture_written(&a);
    assert_int_equal(define_load_text(a.f.node.gate, &context, a.program.actor.organisation,
                                      S("kind: role\nname: brief\nversion: 1\ntitle: A role\n"
                                        "effective: 2026-01-01T00:00:00Z\npermissions: [unit.see]\n"
                                        "session_hours: 1\n"),
                                      &changed, &e),
                     OK);
    auth_fixture_role(&a, 2, "brief", 1, 1);
    auth_fixture_write(&a);
    sign_in("person2");
    give_badge("BADGE-2", "830274");
    sign_in("person1");
    assert_true(session_now().expires > env_now(&a.f.sim.env) + TIME_HOUR);
    assert_int_equal(ask("POST /switch", HTML FORM, "badge=BADGE-2&pin=830274"), 303);
    take_cookie();
    assert_true(session_now().expires <= env_now(&a.f.sim.env) + TIME_HOUR);
}

/* --- the line --- */

struct one {
    char request[1000];
    int status; /* -1: told to come again, but not when */
};

static struct one one_of_many(const char *path, const char *session, const char *form)
{
    struct one one = { .status = 0 };
    const int n = snprintf(one.request, sizeof one.request,
                           "POST %s HTTP/1.1\r\nHost: x\r\n" JSON FORM "%s%s%s"
                           "Content-Length: %zu\r\n\r\n%s",
                           path, session[0] ? "Cookie: vein=" : "", session,
                           session[0] ? "\r\n" : "", strlen(form), form);
    assert_true(n > 0 && (size_t)n < sizeof one.request);
    return one;
}

static void *come(void *context)
{
    struct one *one = context;
    char answer[20000];
    one->status = client_ask(app.server, str_z(one->request), answer, sizeof answer);
    if (one->status == 503 && !strstr(answer, "Retry-After: 3\r\n"))
        one->status = -1;
    return NULL;
}

/* 0 until all who work have something at hand: before, one may leave the line yet. */
static size_t in_line(void)
{
    pthread_mutex_lock(&a.auth->later.lock);
    const size_t n = a.auth->later.busy == AUTH_SIGNING_MAX ? a.auth->later.n : 0;
    pthread_mutex_unlock(&a.auth->later.lock);
    return n;
}

static void wait_for_line(size_t n)
{
    for (int i = 0; i < 6000 && in_line() < n; i++)
        usleep(10000);
    assert_int_equal(in_line(), n);
}

/* partial: ACC-02 a shift that signs in at once waits in line, holding no thread that others need;
 * who finds no room there is told when to come again; and strangers take no place from who is
 * signed in, and signs */
static void many_sign_in_at_once(void **state)
{
    (void)state;
    enum { MANY = AUTH_STRANGERS_MAX };
    static const char form[] = "login=person1&password=seven+herons+over+the+weir";
    pthread_t threads[MANY + 1];
    struct one many[MANY + 1], last = one_of_many("/sign-in", "", form);
    char badge[400];
    sign_in("person2");
    snprintf(badge, sizeof badge,
             "badge=BADGE-2&pin=830274&password=seven+herons+over+the+weir&_csrf=%s", token);
    for (int i = 0; i < AUTH_HASHING_MAX; i++)
        assert_int_equal(sem_trywait(&a.auth->hashing), 0); /* passwords take their time */
    for (int i = 0; i < MANY; i++) {
        many[i] = one_of_many("/sign-in", "", form);
        assert_int_equal(pthread_create(&threads[i], NULL, come, &many[i]), 0);
    }
    wait_for_line(AUTH_WAITING_MAX);
    come(&last);
    assert_int_equal(last.status, 503);
    many[MANY] = one_of_many("/account/badge", cookie, badge);
    assert_int_equal(pthread_create(&threads[MANY], NULL, come, &many[MANY]), 0);
    wait_for_line(AUTH_WAITING_MAX + 1);
    assert_int_equal(ask("GET /open", HTML, ""), 200);
    for (int i = 0; i < AUTH_HASHING_MAX; i++)
        assert_int_equal(sem_post(&a.auth->hashing), 0);
    int in = 0;
    for (int i = 0; i <= MANY; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < MANY; i++) {
        const int status = many[i].status;
        assert_true(status == 303 || status == 429); /* one login, one address */
        in += status == 303;
    }
    assert_true(in >= 1);
    assert_true(many[MANY].status == 200 || many[MANY].status == 303);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_lock_keeps_everything),
        T(idleness_locks),
        T(another_takes_over),
        T(a_stranger_does_not_take_over),
        T(my_sessions),
        T(many_sign_in_at_once),
        T(what_one_has_is_kept),
        T(a_spent_pin_outlives_a_restart),
        T(a_station_keeps_ones_own_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
