/* Several things signed with one proof: each is shown whole and marked by itself, each becomes a
 * signature of its own, what changed meanwhile is refused alone, and nothing that was not shown and
 * marked is signed. And that a proof, which takes its time, keeps nobody else waiting. */
#include "kernel/sign_several.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/auth_impl.h"
#include "kernel/draft.h"
#include "kernel/flow.h"
#include "kernel/pages.h"
#include "kernel/sign_act.h"
#include "kernel/sign_strength.h"
#include "kernel/stop.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/tests/thing.h"
#include "kernel/text.h"

#define F        (&a.f)
#define THING    "00000000-0000-8000-a000-74000000000"
#define HTML     "text/html"
#define JSON     "application/json"
#define PASSWORD "_login=person1&_password=seven+herons+over+the+weir"

static struct auth_fixture a;
static struct app app;
static struct str cookie;
static char got[1 << 20];

/* --- things as they are shown --- */

static enum outcome shows(struct html *out, struct page *p, struct http_request *r, struct db *db,
                          const struct sign_asked *asked, struct err *e)
{
    struct page part = *p;
    struct buf b = buf_in(r->arena, 4000);
    (void)db;
    part.b = &b;
    page_put_text(&part, asked->content);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}

static enum outcome waits(struct sign_waiting *out, struct http_request *r, struct db *db,
                          struct err *e)
{
    (void)db;
    (void)e;
    for (int i = 1; i <= 3; i++)
        out->p[out->n++] = arena_printf(r->arena, "{\"thing\":\"" THING "%d\"}", i);
    return OK;
}

static const struct sign_view signs[] = { { "thing.approve", shows, waits } };
static const struct module shows_module = { .name = "shows", .signs = signs, .nsigns = 1 };
static const struct module *const modules[] = {
    &flow_module,  &stop_module, &timer_module,    &auth_module,  &define_module, &draft_module,
    &thing_module, &sign_module, &sign_act_module, &shows_module, &pages_module,
};

static void add(int thing, int by)
{
    struct fixture_person maker;
    fixture_person(&maker, 9, 1, 1, "thing.add");
    fixture_must(
        F, fixture_send(F, &maker, "thing.add", NULL, "{'thing':'" THING "%d','by':%d}", thing, by),
        "add");
}

static int set_up(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &role_kind, &approval_kind, &signing_kind };
    static const struct module *const routed[] = { &sign_module, &auth_module };
    struct err e = { 0 };
    thing_apply = THING_APPLIES;
    text_use(text_rows, text_rows_count);
    define_use(kinds, 3);
    sign_strength_use(modules, sizeof modules / sizeof modules[0]);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    auth_fixture_load_role(&a, "signer", 1,
                           "thing.approve, sign.withdraw, define.approve, role.signer");
    auth_fixture_account(&a, 1);
    auth_fixture_role(&a, 1, "signer", 1, 1);
    for (int i = 1; i <= 3; i++)
        add(i, 40 + i);
    auth_serve(&app, &a, routed, 2, 1);
    assert_int_equal(auth_fixture_enter(a.auth, S("person1"), RIGHT_PASSWORD, S("127.0.0.1"),
                                        &cookie, F->arena, &e),
                     OK);
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

static int get(const char *path, const char *accept)
{
    return client_ask(app.server,
                      arena_printf(F->arena,
                                   "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n"
                                   "Cookie: vein=%.*s\r\n\r\n",
                                   path, accept, STR(cookie)),
                      got, sizeof got);
}

static int post(const char *form, const char *accept)
{
    return client_ask(app.server,
                      arena_printf(F->arena,
                                   "POST /sign-several/thing.approve HTTP/1.1\r\nHost: x\r\n"
                                   "Accept: %s\r\nCookie: vein=%.*s\r\n"
                                   "Content-Type: application/x-www-form-urlencoded\r\n"
                                   "Content-Length: %zu\r\n\r\n%s",
                                   accept, STR(cookie), strlen(form), form),
                      got, sizeof got);
}

/* What stands in the page's hidden field, with its quotes as the form sends them. */
static const char *hidden(const char *page, const char *name)
{
    const char *at = strstr(page, arena_printf(F->arena, "name=\"%s\" value=\"", name).p);
    if (!at)
        return NULL;
    struct str value = str_z(strstr(at, "value=\"") + strlen("value=\""));
    value.n = str_find(value, '"');
    return arena_printf(F->arena, "%.*s", STR(value)).p;
}

/* The page's form as a browser sends it; marked: digits of those that are. */
static const char *form_of(const char *page, const char *marked, const char *proof)
{
    struct buf b = buf_in(F->arena, 20000);
    buf_printf(&b, "_csrf=%s&_next=%s&%s", hidden(page, "_csrf"), hidden(page, "_next"), proof);
    for (int i = 0; i < 3; i++) {
        const char *shown = hidden(page, arena_printf(F->arena, "shown.%d", i).p);
        buf_printf(&b, "&thing.%d=%%7B%%22thing%%22%%3A%%22" THING "%d%%22%%7D&id.%d=%s", i, i + 1,
                   i, hidden(page, arena_printf(F->arena, "id.%d", i).p));
        if (shown)
            buf_printf(&b, "&shown.%d=%s", i, shown);
        if (strchr(marked, '0' + i))
            buf_printf(&b, "&mark.%d=1", i);
    }
    return arena_str(F->arena, buf_get(&b)).p;
}

static size_t signatures(int thing)
{
    struct record_list list;
    const struct sign_of_in in = { S("thing"), arena_printf(F->arena, THING "%d", thing) };
    list = fixture_list(F, &sql_sign_of, &in);
    return list.n;
}

static size_t times(const char *text)
{
    size_t n = 0;
    for (const char *at = got; (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

static const char *page(void)
{
    assert_int_equal(get("/sign-several/thing.approve?_next=/work", HTML), 200);
    return arena_printf(F->arena, "%s", got).p;
}

/* partial: SIG-01 each is shown whole, and nothing is marked for the signer */
static void each_is_shown_and_marked_by_itself(void **state)
{
    (void)state;
    const char *shown = page();
    for (int i = 1; i <= 3; i++)
        assert_non_null(
            strstr(shown, arena_printf(F->arena, "&quot;by&quot;:%d}", 40 + i).p)); /* in full */
    assert_int_equal(times("type=\"checkbox\""), 3);
    assert_int_equal(times("checked"), 0);
    assert_int_equal(times("name=\"_password\""), 1);
    assert_int_equal(post(form_of(shown, "", PASSWORD), HTML), 422);
    assert_non_null(strstr(got, "nothing is marked to be signed"));
    assert_int_equal(post(form_of(shown, "01", "_login=person1&_password=wrong"), HTML), 422);
    assert_int_equal(times("type=\"checkbox\""), 3); /* and the page is there again */
    assert_int_equal(times("checked"), 0);
    assert_int_equal(signatures(1) + signatures(2) + signatures(3), 0);
    assert_int_equal(post(form_of(shown, "02", PASSWORD), HTML), 200);
    assert_int_equal(times("Signed</span>"), 2);
    assert_int_equal(times("Left unsigned"), 1);
    assert_non_null(strstr(got, "href=\"/work\""));
    assert_int_equal(signatures(1), 1);
    assert_int_equal(signatures(2), 0);
    assert_int_equal(signatures(3), 1);
    auth_fixture_written(&a);
    fixture_rebuilds(F);
    auth_fixture_write(&a);
}

static void what_changed_is_refused_alone(void **state)
{
    (void)state;
    const char *shown = page();
    auth_fixture_written(&a);
    add(2, 1);
    auth_fixture_write(&a);
    const char *form = form_of(shown, "012", PASSWORD);
    assert_int_equal(post(form, HTML), 200);
    assert_int_equal(times("Signed</span>"), 2);
    assert_non_null(strstr(got, "what is to be signed has changed"));
    assert_int_equal(signatures(1), 1);
    assert_int_equal(signatures(2), 0);
    assert_int_equal(signatures(3), 1);
    assert_int_equal(post(form, HTML), 200); /* the same form again does nothing twice */
    assert_int_equal(signatures(1), 1);
    assert_int_equal(signatures(3), 1);
}

/* partial: SIG-01 unseen content is not signed, neither by one's form for another thing nor without
 * the hash of what was shown */
static void what_was_not_shown_is_not_signed(void **state)
{
    (void)state;
    const char *shown = page();
    const char *first = hidden(shown, "shown.0"), *csrf = hidden(shown, "_csrf");
    char form[2000];
    snprintf(form, sizeof form,
             "_csrf=%s&" PASSWORD "&thing.0=%%7B%%22thing%%22%%3A%%22" THING
             "1%%22%%7D&id.0=%s&shown.0=%s&mark.0=1&thing.1=%%7B%%22thing%%22%%3A%%22" THING
             "2%%22%%7D&id.1=%s&shown.1=%s&mark.1=1",
             csrf, hidden(shown, "id.0"), first, hidden(shown, "id.1"), first);
    assert_int_equal(post(form, JSON), 200); /* another's hash */
    assert_non_null(strstr(got, "\"outcome\":\"signed\""));
    assert_non_null(strstr(got, "\"outcome\":\"refused\",\"code\":\"sign.changed\""));
    assert_int_equal(signatures(1), 1);
    assert_int_equal(signatures(2), 0);
    snprintf(form, sizeof form,
             "_csrf=%s&" PASSWORD "&thing.0=%%7B%%22thing%%22%%3A%%22" THING
             "3%%22%%7D&id.0=%s&mark.0=1",
             csrf, hidden(shown, "id.2"));
    assert_int_equal(post(form, JSON), 422); /* without any */
    assert_int_equal(signatures(3), 0);
}

static void by_its_interface(void **state)
{
    (void)state;
    char path[1200];
    assert_int_equal(get("/sign-several/thing.approve?thing=%7B%22thing%22:%22" THING
                         "2%22%7D&thing=%7B%22thing%22:%22" THING "9%22%7D",
                         JSON),
                     200);
    assert_int_equal(times("\"outcome\":\"asked\""), 1);
    assert_non_null(strstr(got, "\"strength\":\"password\""));
    assert_non_null(strstr(got, "\"outcome\":\"refused\",\"code\":\"gate.unknown\""));
    assert_int_equal(get("/sign-several/sign.withdraw", JSON), 422);
    assert_non_null(strstr(got, "sign.one_by_one"));
    assert_int_equal(get("/sign-several/thing.add", JSON), 422);
    int n = snprintf(path, sizeof path, "/sign-several/thing.approve?thing=1");
    for (int i = 0; i < SIGN_SEVERAL_MAX; i++)
        n += snprintf(path + n, sizeof path - (size_t)n, "&thing=1");
    assert_int_equal(get(path, JSON), 422);
    assert_non_null(strstr(got, "sign.too_many"));
}

static void reviewed_draft(const char *name)
{
    struct fixture_person author, reviewer;
    fixture_person(&author, 8, 1, 1, "define.draft");
    fixture_person(&reviewer, 7, 1, 1, "define.review");
    fixture_must(F,
                 fixture_send(F, &author, "define.draft", "a test",
                              "{'yaml':'kind: role\\nname: %s\\nversion: 1\\ntitle: Role %s\\n"
                              "effective: 2026-01-01T00:00:00Z\\npermissions: [unit.see]\\n'}",
                              name, name),
                 "draft");
    const struct str draft = arena_str(F->arena, str_z(fixture_answer(F, "draft")));
    const struct str hash = arena_str(F->arena, str_z(fixture_answer(F, "hash")));
    fixture_must(F,
                 fixture_send(F, &reviewer, "define.review", "read",
                              "{'draft':'%s','hash':'%s','verdict':'accepted'}", draft.p, hash.p),
                 "review");
}

/* Each draft that waits for the reader's role, and none that does not. */
static void drafts_that_wait_are_listed(void **state)
{
    (void)state;
    static const char table[] = "kind: approval\nname: definitions\nversion: 1\ntitle: Table\n"
                                "effective: 2026-01-01T00:00:00Z\nrules:\n"
                                "- {kinds: [approval], roles: [signer], reviewer_approves: true}\n"
                                "- {kinds: [role], roles: [signer]}\n";
    auth_fixture_written(&a);
    fixture_define(F, &a.program, table);
    reviewed_draft("porter");
    reviewed_draft("driver");
    auth_fixture_write(&a);
    assert_int_equal(get("/sign-several/define.approve", JSON), 200);
    assert_int_equal(times("\"outcome\":\"asked\""), 2);
    assert_int_equal(times("\"role\":\"signer\""), 2);
    assert_int_equal(get("/sign-several/define.approve", HTML), 200);
    assert_non_null(strstr(got, "Role porter"));
    assert_non_null(strstr(got, "Role driver"));
    assert_int_equal(times("type=\"checkbox\""), 2);
}

static void strength(int version, const char *word)
{
    char yaml[400];
    snprintf(yaml, sizeof yaml,
             "kind: signing\nname: acts\nversion: %d\ntitle: Acts\n"
             "effective: 2026-01-01T00:00:00Z\nrules:\n"
             "- {name: one, text: a test, of: [command.thing.approve], strength: %s}\n",
             version, word);
    auth_fixture_written(&a);
    fixture_define(F, &a.program, yaml);
    auth_fixture_write(&a);
}

/* partial: SIG-02 the page asks for what the act takes, and says what to do who has none of it */
static void pages_ask_for_what_the_act_takes(void **state)
{
    (void)state;
    static const char one[] = "/sign/thing.approve?thing=" THING "1";
    const char *before = page();
    assert_int_equal(get(one, HTML), 200);
    assert_int_equal(times("name=\"_password\""), 1);
    strength(1, "code");
    assert_int_equal(get(one, HTML), 200);
    assert_int_equal(times("name=\"_password\""), 0);
    assert_non_null(
        strstr(got, "This takes a one-time code beside the password, and you have none"));
    assert_non_null(strstr(got, "href=\"/account\""));
    assert_int_equal(post(form_of(before, "0", PASSWORD), HTML),
                     200); /* and the gate holds to it */
    assert_non_null(strstr(got, "this asks for a stronger proof: by password and one-time code"));
    strength(2, "token");
    assert_int_equal(get(one, HTML), 200);
    assert_non_null(strstr(got, "This takes a passkey or security key, and you have none"));
    (void)page();
    assert_non_null(strstr(got, "sign each on its own page"));
    assert_null(strstr(got, "Sign what is marked"));
    assert_int_equal(signatures(1), 0);
}

/* shows: SIG-01 a program asks by POST what would be signed, where an address is no place for it,
 * and gets what the page shows */
static void asked_by_a_program(void **state)
{
    (void)state;
    static const char body[] = "{\"thing\":\"" THING "1\"}";
    assert_int_equal(get("/sign/thing.approve?thing=" THING "1", "application/json"), 200);
    const char *asked = arena_str(F->arena, str_z(strstr(got, "\r\n\r\n"))).p;
    assert_int_equal(get("/sign/thing.approve?thing=" THING "1", "text/html"), 200);
    const char *csrf = hidden(got, "_csrf");
    assert_non_null(csrf);
    assert_int_equal(client_ask(app.server,
                                arena_printf(F->arena,
                                             "POST /sign/thing.approve HTTP/1.1\r\nHost: x\r\n"
                                             "Accept: application/json\r\nCookie: vein=%.*s\r\n"
                                             "X-CSRF-Token: %s\r\n"
                                             "Content-Type: application/json\r\n"
                                             "Content-Length: %zu\r\n\r\n%s",
                                             STR(cookie), csrf, strlen(body), body),
                                got, sizeof got),
                     200);
    assert_string_equal(strstr(got, "\r\n\r\n"), asked);
}

/* Sends the signature of thing 1 while no password can be compared, and waits until it is in line.
 */
static int sign_in_line(const char **csrf)
{
    assert_int_equal(get("/sign/thing.approve?thing=" THING "1", HTML), 200);
    *csrf = hidden(got, "_csrf");
    const struct str form =
        arena_printf(F->arena, "_csrf=%s&thing=" THING "1&_id=%s&_shown=%s&" PASSWORD, *csrf,
                     hidden(got, "_id"), hidden(got, "_shown"));
    for (int i = 0; i < AUTH_HASHING_MAX; i++)
        assert_int_equal(sem_trywait(&a.auth->hashing), 0);
    const int signer = client_connect(app.server);
    client_send(signer, arena_printf(F->arena,
                                     "POST /commands/thing.approve HTTP/1.1\r\nHost: x\r\n"
                                     "Accept: text/html\r\nCookie: vein=%.*s\r\n"
                                     "Content-Type: application/x-www-form-urlencoded\r\n"
                                     "Content-Length: %zu\r\n\r\n%.*s",
                                     STR(cookie), form.n, STR(form)));
    for (int i = 0, busy = 0; busy == 0; i++) {
        pthread_mutex_lock(&a.auth->later.lock);
        busy = (int)(a.auth->later.n + a.auth->later.busy);
        pthread_mutex_unlock(&a.auth->later.lock);
        assert_true(i < 1000);
        usleep(10000);
    }
    return signer;
}

static int signed_with(int signer)
{
    for (int i = 0; i < AUTH_HASHING_MAX; i++)
        assert_int_equal(sem_post(&a.auth->hashing), 0);
    (void)client_read(signer, got, sizeof got);
    (void)close(signer);
    return client_status(got);
}

/* shows: SIG-01 who signs waits in line for their proof, and the server's one thread of HTTP
 * answers everybody else meanwhile */
static void a_proof_holds_no_thread(void **state)
{
    (void)state;
    const char *csrf;
    const int signer = sign_in_line(&csrf);
    assert_int_equal(get("/sign/thing.approve?thing=" THING "2", HTML), 200);
    assert_int_equal(signatures(1), 0);
    assert_int_equal(signed_with(signer), 303);
    assert_int_equal(signatures(1), 1);
}

/* partial: ACC-02 who signed out while they waited signs nothing */
static void who_left_the_line_signs_nothing(void **state)
{
    (void)state;
    const char *csrf;
    const int signer = sign_in_line(&csrf);
    const struct str form = arena_printf(F->arena, "_csrf=%s", csrf);
    assert_int_equal(client_ask(app.server,
                                arena_printf(F->arena,
                                             "POST /sign-out HTTP/1.1\r\nHost: x\r\n"
                                             "Accept: text/html\r\nCookie: vein=%.*s\r\n"
                                             "Content-Type: application/x-www-form-urlencoded\r\n"
                                             "Content-Length: %zu\r\n\r\n%.*s",
                                             STR(cookie), form.n, STR(form)),
                                got, sizeof got),
                     303);
    assert_int_equal(signed_with(signer), 401);
    assert_int_equal(signatures(1), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_is_shown_and_marked_by_itself),
        TEST(what_changed_is_refused_alone),
        TEST(what_was_not_shown_is_not_signed),
        TEST(by_its_interface),
        TEST(drafts_that_wait_are_listed),
        TEST(pages_ask_for_what_the_act_takes),
        TEST(asked_by_a_program),
        TEST(a_proof_holds_no_thread),
        TEST(who_left_the_line_signs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
