/* Service accounts over real sockets: their keys, what those are narrowed to, and each way round it
 * that we know of. */
#include "kernel/app.h"
#include "kernel/limit.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"

enum { ROBOT = 7, HEADER_HUGE = 1 << 20 };

static struct auth_fixture a;
static struct app app;
static char got[60000];
static char cookie[80];
static char token[HASH_HEX + 1];
static char key[120];
static struct fixture_person keeper; /* whose sessions are not asked for */

static enum http_state get_thing(struct http_request *r)
{
    struct page p = app_page(r);
    page_put_text(&p, S("<thing>"));
    return app_page_done(r, &p, "page.site.title");
}

static const struct route routes[] = {
    ROUTE("GET", "/", "tower.see", 0, get_thing, "help.thing", .media_type = "text/html"),
    ROUTE("GET", "/thing", "unit.see", 0, get_thing, "help.thing"),
    ROUTE("GET", "/data", "unit.see", 0, get_thing, "help.thing", .media_type = "text/html"),
    ROUTE("GET", "/other", "custody.offer", 0, get_thing, "help.thing", .media_type = "text/html"),
    ROUTE("GET", "/open", "public", 0, get_thing, "help.thing"),
};
static const struct module here = { .name = "here",
                                    .routes = routes,
                                    .nroutes = sizeof routes / sizeof routes[0] };
static const struct module *const modules[] = { &auth_module, &here };

static void must(enum outcome o)
{
    if (o != OK)
        fail_msg("%s: %s", a.f.error.code, a.f.error.detail);
}

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    auth_fixture_open(&a);
    auth_fixture_load_role(&a, "keeper", 1,
                           "account.see, key.issue, key.revoke, account.close, account.reopen, "
                           "account.issue_setup, certificate.enrol, certificate.revoke");
    auth_fixture_load_role(&a, "robot", 1,
                           "unit.see, tower.see, custody.offer, site.make, account.give_role, "
                           "emergency.take");
    auth_fixture_account(&a, 1);
    auth_fixture_role(&a, 1, "keeper", 1, 0);
    must(fixture_send(&a.f, &a.program, "account.make", NULL,
                      "{'account':'%s','organisation':'%s','login':'robot','name':'Fridge 3',"
                      "'kind':'service'}",
                      fixture_id('a', ROBOT).p, fixture_id('o', 1).p));
    auth_fixture_role(&a, ROBOT, "robot", 1, 0);
    fixture_person(&keeper, 90, 1, 1,
                   "key.issue key.revoke certificate.enrol certificate.revoke account.close "
                   "account.reopen account.issue_setup account.make");
    for (size_t i = 0; i < keeper.actor.ngrants; i++)
        keeper.grants[i].site = (struct str){ 0 };
    auth_serve(&app, &a, modules, 2, 0);
    cookie[0] = token[0] = key[0] = '\0';
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

/* As the person whose cookie there is, or (shown) by a key. */
static int ask_by(const char *shown, const char *line, const char *headers, const char *body)
{
    char request[8000];
    char who[400] = "";
    if (shown)
        snprintf(who, sizeof who, "Authorization: Bearer %s\r\n", shown);
    else if (cookie[0])
        snprintf(who, sizeof who, "Cookie: vein=%s\r\n", cookie);
    int n = snprintf(request, sizeof request,
                     "%s HTTP/1.1\r\nHost: x\r\n%s%sContent-Length: %zu\r\n\r\n%s", line, who,
                     headers, strlen(body), body);
    assert_true(n > 0 && (size_t)n < sizeof request);
    return client_ask(app.server, (struct str){ request, (size_t)n }, got, sizeof got);
}

#define HTML "Accept: text/html\r\n"
#define JSON "Accept: application/json\r\nContent-Type: application/json\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

static void sign_in(void)
{
    const char *body = "login=person1&password=seven+herons+over+the+weir&next=%2Fopen";
    cookie[0] = '\0';
    assert_int_equal(ask_by(NULL, "POST /sign-in", HTML FORM, body), 303);
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_int_equal(ask_by(NULL, "GET /open", HTML, ""), 200);
    client_take(token, sizeof token, got, "name=\"_csrf\" value=\"", '"');
}

static const char *page_of(const char *what)
{
    static char line[200];
    snprintf(line, sizeof line, "%s /accounts/%s/%s", strcmp(what, "access") == 0 ? "GET" : "POST",
             fixture_id('a', ROBOT).p, what);
    return line;
}

/* By the page; the key that it shows. */
static int issue(const char *fields)
{
    char body[1000];
    sign_in();
    snprintf(body, sizeof body, "_csrf=%s&name=Fridge+3&%s", token, fields);
    const int status = ask_by(NULL, page_of("keys"), HTML FORM, body);
    if (status == 200)
        client_take(key, sizeof key, got, "<li class=\"id\">", '<');
    return status;
}

#define SEES "scope=unit.see&scope=site.make&_reason=new+fridge"

static int make_site(const char *shown, char digit)
{
    static const char id[] = "0193a5c0-0000-7000-8000-00000000000";
    char body[600];
    snprintf(body, sizeof body,
             "{\"_id\":\"%s%c\",\"organisation\":\"%s\",\"name\":\"Shelf\",\"kind\":\"depot\","
             "\"zone\":\"Europe/Berlin\"}",
             id, digit, fixture_id('o', 1).p);
    return ask_by(shown, "POST /commands/site.make", JSON, body);
}

static int64_t length_of(const char *stream)
{
    struct err e = { 0 };
    struct db *db;
    int64_t version = 0;
    assert_int_equal(store_reader_take(&db, a.f.node.store, &e), OK);
    assert_int_equal(ledger_head(db, str_z(stream), &version, &e), OK);
    store_reader_give(a.f.node.store, db);
    return version;
}

/* Who did it and by what, from the ledger. */
static void last_made(struct event *out, const char *stream)
{
    struct err e = { 0 };
    struct db *db;
    struct ledger_row *rows;
    size_t n;
    assert_int_equal(store_reader_take(&db, a.f.node.store, &e), OK);
    assert_int_equal(ledger_read_stream(db, str_z(stream), 1, 1, &rows, &n, a.f.arena, &e), OK);
    assert_int_equal(n, 1);
    assert_int_equal(event_read(out, a.f.arena, rows[0].leaf, &e), OK);
    store_reader_give(a.f.node.store, db);
}

static int wall(const char *line)
{
    char headers[300];
    cookie[0] = '\0';
    snprintf(headers, sizeof headers, "%sCookie: vein-wall=%s\r\n", HTML, key);
    return ask_by(NULL, line, headers, "");
}

/* It reads the tower as walls show it, does nothing, and ends with its key. */
static void a_display_on_a_wall_shows_the_tower_alone(void **state)
{
    (void)state;
    char body[300];
    assert_int_equal(issue("scope=tower.see&scope=unit.see&_reason=wall"), 200);
    snprintf(body, sizeof body, "key=%s&_csrf=%s", key, token);
    assert_int_equal(ask_by(NULL, "POST /wall", HTML FORM, body), 303);
    assert_non_null(strstr(got, "HttpOnly; SameSite=Strict"));
    assert_int_equal(wall("GET /?wall=1"), 200);
    assert_null(strstr(got, "name=\"_csrf\"")); /* nothing to lock, sign out of or send */
    assert_int_equal(wall("GET /"), 303);       /* where patients would be named */
    sign_in();
    snprintf(body, sizeof body, "_csrf=%s&_id=0193a5c0-0000-7000-8000-000000000009&key=%.36s%s",
             token, key + 5, "&_reason=gone");
    assert_int_equal(ask_by(NULL, "POST /commands/key.revoke", HTML FORM, body), 303);
    assert_int_equal(wall("GET /?wall=1"), 303); /* to the sign-in */
    assert_int_equal(issue(SEES), 200);          /* one that may not see the tower is no display */
    snprintf(body, sizeof body, "key=%s&_csrf=%s", key, token);
    assert_int_equal(ask_by(NULL, "POST /wall", HTML FORM, body), 403);
}

/* partial: ORC-06, ACC-01 a system has an account and a key of its own, which the trail names */
static void a_system_sends_commands_by_its_key(void **state)
{
    (void)state;
    char stream[60] = "site/";
    char device[60];
    struct event event;
    assert_int_equal(issue(SEES), 200);
    assert_true(strncmp(key, "vein_", 5) == 0 && strlen(key) == 5 + 36 + 1 + 43);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    assert_int_equal(ask_by(key, "GET /site", JSON, ""), 200);
    assert_int_equal(make_site(key, '1'), 200); /* without cookie, without token */
    client_take(stream + 5, sizeof stream - 5, got, "\"id\":\"", '"');
    last_made(&event, stream);
    snprintf(device, sizeof device, "key/%.36s", key + 5);
    assert_true(str_is(event.device, device));
    assert_true(str_ends(event.actor, fixture_id('a', ROBOT)));
    assert_false(event.session.p);
    assert_int_equal(ask_by(NULL, page_of("access"), HTML, ""),
                     200); /* the administrator sees it */
    assert_non_null(strstr(got, "Fridge 3"));
    assert_non_null(strstr(got, "unit.see site.make"));
    assert_non_null(strstr(got, "last used"));
    assert_null(strstr(got, key + 42)); /* but not its secret */
    assert_int_equal(fixture_files_holding(&a.f, key + 42), 0);
}

/* partial: ACC-01 a key gives nothing that it is not narrowed to */
static void it_may_what_it_is_narrowed_to(void **state)
{
    (void)state;
    assert_int_equal(issue("scope=unit.see&_reason=x"), 200);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    assert_int_equal(ask_by(key, "GET /other", "", ""), 403);
    assert_int_equal(make_site(key, '1'), 403);
    assert_int_equal(ask_by(key, "GET /thing", HTML, ""), 406); /* a page */
    assert_non_null(strstr(got, "\"code\":\"auth.key_page\""));
    static const char *const pages[] = {
        "GET /account", "GET /password",      "POST /site",        "POST /sign-out",
        "POST /lock",   "POST /account/code", "POST /account/end",
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        assert_int_equal(ask_by(key, pages[i], FORM, ""), 406);
    assert_int_equal(ask_by(key, page_of("keys"), FORM, "name=x&scope=unit.see&_reason=x"), 406);
}

/* partial: ACC-01 what its roles do not give, or what people alone do, no key is narrowed to */
static void scopes_are_never_wider_than_the_roles(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        const char *code;
    } rows[] = {
        { "scope=unit.split&_reason=x", "do not give unit.split" },
        { "scope=account.give_role&_reason=x", "account.give_role is done by people alone" },
        { "scope=emergency.take&_reason=x", "emergency.take is done by people alone" },
        { "_reason=x", "at least one permission" },
        { "scope=unit.see", "reason" },
        { "scope=unit.see&days=401&_reason=x", "at most 400 days" },
        { "scope=unit.see&days=0&_reason=x", "at most 400 days" },
        { "scope=unit.see&_reason=x&site=00000000-0000-8000-a000-730000000003", "do not give" },
        { "scope=unit.see&_reason=x&site=00000000-0000-8000-a000-730000000009", "site" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(issue(rows[i].fields), 422);
        assert_non_null(strstr(got, rows[i].code));
    }
}

/* What a role gave is gone with the role, at the key's next request. */
static void a_key_has_no_more_than_the_roles_have_now(void **state)
{
    (void)state;
    assert_int_equal(issue(SEES), 200);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    auth_fixture_written(&a);
    must(fixture_send(&a.f, &a.program, "account.take_role", "no more",
                      "{'account':'%s','role':'robot','organisation':'%s'}",
                      fixture_id('a', ROBOT).p, fixture_id('o', 1).p));
    auth_fixture_write(&a);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 403);
    assert_int_equal(make_site(key, '1'), 404);
}

static void a_key_of_one_site_works_there_alone(void **state)
{
    (void)state;
    assert_int_equal(issue(SEES "&site=00000000-0000-8000-a000-730000000002"), 200);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    assert_int_equal(make_site(key, '1'), 404); /* for which one needs the whole organisation */
}

static void wrong(char *out, size_t at)
{
    memcpy(out, key, sizeof key);
    out[at] = out[at] == '0' ? '1' : '0';
}

/* partial: SEC-02, ACC-01 whatever is wrong, the answer is the same; it is written down, and
 * slowed; a right key is not */
static void wrong_keys_learn_nothing(void **state)
{
    (void)state;
    char first[6000];
    char shown[sizeof key];
    char node[80];
    assert_int_equal(issue(SEES), 200);
    wrong(shown, strlen(key) - 2);
    assert_int_equal(ask_by(shown, "GET /data", "", ""), 401);
    client_take(first, sizeof first, got, "\r\n\r\n", '\0');
    assert_non_null(strstr(got, "WWW-Authenticate: Bearer\r\n"));
    assert_non_null(strstr(first, "\"code\":\"auth.key_refused\""));
    wrong(shown, 10); /* another id */
    assert_int_equal(ask_by(shown, "GET /data", "", ""), 401);
    assert_non_null(strstr(got, first));
    assert_int_equal(ask_by("", "GET /data", "", ""), 401);
    assert_non_null(strstr(got, first));
    assert_int_equal(ask_by("vein_'; DROP TABLE x;--", "GET /data", "", ""), 401);
    assert_non_null(strstr(got, first));
    for (int i = 0; i < 40; i++) { /* of 40 ids */
        shown[11] = "0123456789abcdef"[i % 16];
        shown[12] = "0123456789abcdef"[i / 16];
        assert_int_equal(ask_by(shown, "GET /data", "", ""), 401);
        assert_non_null(strstr(got, first));
    }
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    sign_in(); /* from the same address */
    snprintf(node, sizeof node, "security/%s", fixture_id('o', 1).p);
    auth_fixture_written(&a); /* nobody waits for it */
    auth_fixture_write(&a);
    assert_int_equal(length_of(node), 1);
    snprintf(node, sizeof node, "security/%s", id_str(&a.auth->self).p);
    assert_in_range(length_of(node), 15, 25); /* of 43 */
}

/* partial: ACC-01 revoking holds from the very next request on */
static void a_revoked_key_is_over_at_once(void **state)
{
    (void)state;
    char body[400];
    assert_int_equal(issue(SEES), 200);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    snprintf(body, sizeof body, "_csrf=%s&_id=0193a5c0-0000-7000-8000-000000000009&key=%.36s%s",
             token, key + 5, "&_reason=");
    assert_int_equal(ask_by(NULL, "POST /commands/key.revoke", HTML FORM, body), 422);
    snprintf(body, sizeof body, "_csrf=%s&_id=0193a5c0-0000-7000-8000-000000000009&key=%.36s%s",
             token, key + 5, "&_reason=lost");
    assert_int_equal(ask_by(NULL, "POST /commands/key.revoke", HTML FORM, body), 303);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 401);
    assert_int_equal(make_site(key, '1'), 401);
}

/* As a request has it that was admitted before the key was revoked, and waits in the queue. */
static void waiting(struct fixture_person *out, const char *permissions)
{
    fixture_person(out, ROBOT, 1, 1, permissions);
    for (size_t i = 0; i < out->actor.ngrants; i++)
        out->grants[i].site = (struct str){ 0 };
    out->actor.key = (struct str){ key + 5, 36 };
}

#define SITE "{'organisation':'%s','name':'Shelf','kind':'depot','zone':'Europe/Berlin'}"

static void what_waits_in_the_queue_is_looked_at_again(void **state)
{
    (void)state;
    struct fixture_person robot;
    assert_int_equal(issue(SEES), 200);
    auth_fixture_written(&a);
    waiting(&robot, "site.make account.give_role emergency.take key.issue");
    must(fixture_send(&a.f, &robot, "site.make", NULL, SITE, fixture_id('o', 1).p));
    must(fixture_send(&a.f, &keeper, "key.revoke", "lost", "{'key':'%.36s'}", key + 5));
    (void)!fixture_send(&a.f, &robot, "site.make", NULL, SITE, fixture_id('o', 1).p);
    fixture_refused(&a.f, "auth.key_over");
    (void)!fixture_send(&a.f, &keeper, "key.revoke", "again", "{'key':'%.36s'}", key + 5);
    fixture_refused(&a.f, "auth.credential_over");
    fixture_rebuilds(&a.f);
    auth_fixture_write(&a);
}

/* partial: ACC-01 a system signs nothing, judges nothing and gives no rights, whatever its grants
 */
static void what_people_do_is_not_done_by_systems(void **state)
{
    (void)state;
    struct fixture_person robot;
    assert_int_equal(issue(SEES), 200);
    auth_fixture_written(&a);
    waiting(&robot, "account.give_role emergency.take key.issue account.make sign.countersign");
    (void)!fixture_send(&a.f, &robot, "account.give_role", "x",
                        "{'account':'%s','role':'nurse','organisation':'%s'}", fixture_id('a', 1).p,
                        fixture_id('o', 1).p);
    fixture_refused(&a.f, "auth.person_only");
    (void)!fixture_send(&a.f, &robot, "emergency.take", "x",
                        "{'role':'nurse','site':'%s','minutes':5}", fixture_id('s', 1).p);
    fixture_refused(&a.f, "auth.person_only");
    (void)!fixture_send(&a.f, &robot, "account.make", NULL,
                        "{'organisation':'%s','login':'x','name':'X'}", fixture_id('o', 1).p);
    fixture_refused(&a.f, "auth.person_only");
    struct err e = { 0 };
    assert_int_equal(actor_person(&robot.actor, &e), REFUSED);
    assert_int_equal(actor_person(&keeper.actor, &e), OK);
    auth_fixture_write(&a);
}

/* partial: ACC-01 the account's end is its keys' end, and they do not come back with it */
static void with_the_account_end_its_keys(void **state)
{
    (void)state;
    const struct str robot = fixture_id('a', ROBOT);
    assert_int_equal(issue(SEES), 200);
    auth_fixture_written(&a);
    must(fixture_send(&a.f, &keeper, "account.close", "scrapped", "{'account':'%s'}", robot.p));
    auth_fixture_write(&a);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 401);
    auth_fixture_written(&a);
    must(fixture_send(&a.f, &keeper, "account.reopen", "repaired", "{'account':'%s'}", robot.p));
    auth_fixture_role(&a, ROBOT, "robot", 1, 0);
    fixture_rebuilds(&a.f);
    auth_fixture_write(&a);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 401);
}

static void a_key_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(issue(SEES "&days=2"), 200);
    assert_int_equal(ask_by(NULL, page_of("access"), HTML, ""), 200);
    assert_non_null(strstr(got, "ends soon"));
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
    env_sim_advance(&a.f.sim, 2 * TIME_DAY);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 401);
}

/* Who administers another organisation learns nothing of this one's systems. */
static void of_another_organisation_nothing_is_known(void **state)
{
    (void)state;
    struct fixture_person other;
    assert_int_equal(issue(SEES), 200);
    auth_fixture_written(&a);
    fixture_person(&other, 91, 2, 3, "key.issue key.revoke");
    for (size_t i = 0; i < other.actor.ngrants; i++)
        other.grants[i].site = (struct str){ 0 };
    (void)!fixture_send(&a.f, &other, "key.revoke", "x", "{'key':'%.36s'}", key + 5);
    fixture_refused(&a.f, "gate.unknown");
    (void)!fixture_send(&a.f, &other, "key.issue", "x",
                        "{'account':'%s','name':'X','digest':'%064d','scopes':['unit.see'],"
                        "'expires':'2027-02-02T00:00:00Z'}",
                        fixture_id('a', ROBOT).p, 7);
    fixture_refused(&a.f, "gate.unknown");
    auth_fixture_write(&a);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
}

static void a_header_of_a_megabyte_is_refused(void **state)
{
    (void)state;
    assert_int_equal(issue(SEES), 200);
    char *huge = malloc(HEADER_HUGE + 200);
    assert_non_null(huge);
    const int n = snprintf(huge, 100, "GET /data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ");
    memset(huge + n, 'a', HEADER_HUGE);
    memcpy(huge + n + HEADER_HUGE, "\r\n\r\n", 5);
    const struct str request = { huge, (size_t)n + HEADER_HUGE + 4 };
    const int status = client_ask(app.server, request, got, sizeof got);
    assert_true(status == 431 || status == 400 || status == 413 || status == 0);
    free(huge);
    assert_int_equal(ask_by(key, "GET /data", "", ""), 200);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_display_on_a_wall_shows_the_tower_alone),
        T(a_system_sends_commands_by_its_key),
        T(it_may_what_it_is_narrowed_to),
        T(scopes_are_never_wider_than_the_roles),
        T(a_key_has_no_more_than_the_roles_have_now),
        T(a_key_of_one_site_works_there_alone),
        T(wrong_keys_learn_nothing),
        T(a_revoked_key_is_over_at_once),
        T(what_waits_in_the_queue_is_looked_at_again),
        T(what_people_do_is_not_done_by_systems),
        T(with_the_account_end_its_keys),
        T(a_key_ends_by_itself),
        T(of_another_organisation_nothing_is_known),
        T(a_header_of_a_megabyte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
