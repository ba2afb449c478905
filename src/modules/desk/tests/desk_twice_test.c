/* At the task's page: two persons enter the same form, and neither page, answer nor history shows
 * one what the other entered, until they agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/sign_act.h"
#include "modules/desk/desk.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\n"                                   \
    "effective: 2026-01-01T00:00:00Z\n"

extern const struct define_kind product_kind;

static struct auth_fixture a;
static struct app app;
static char got[1 << 20], order[40];
static struct str cookies[4]; /* of persons 1 to 3 */

static void load(const char *yaml)
{
    struct err e = { 0 };
    bool changed;
    struct define_context context = { .arena = a.f.arena, .now_us = env_now(&a.f.sim.env) };
    assert_int_equal(store_reader_take(&context.db, a.f.node.store, &e), OK);
    if (define_load_text(a.f.node.gate, &context, a.program.actor.organisation, str_z(yaml),
                         &changed, &e) != OK)
        fail_msg("%s: at %.*s line %.*s", e.code, STR(err_param(&e, "at")),
                 STR(err_param(&e, "line")));
    store_reader_give(a.f.node.store, context.db);
}

static void answered(char *out, size_t size, const char *field)
{
    const struct json *answer;
    struct err e = { 0 };
    assert_int_equal(json_read(&answer, a.f.arena, a.f.answer.body, &json_limits_default, &e), OK);
    snprintf(out, size, "%.*s", STR(json_get_str(answer, field)));
}

static void send(const char *command, const char *body)
{
    if (fixture_send(&a.f, &a.program, command, NULL, "%s", body) != OK)
        fail_msg("%s: %s %s", command, a.f.error.code, a.f.error.detail);
}

static void placed(void)
{
    char patient[40], body[900];
    struct str o = fixture_id('o', 1), s = fixture_id('s', 1);
    send("patient.enrol", "{'identifiers':[{'system':'urn:hospital','value':'KH-1'}],"
                          "'family':'Example','given':'Eva','birth_date':'1961-02-03',"
                          "'sex':'female','conditions':[{'system':'icd-10','code':'C83.3'}]}");
    answered(patient, sizeof patient, "patient");
    snprintf(body, sizeof body,
             "{'patient':'%s','product':'trial','indication':'C83.3','jurisdiction':'eu',"
             "'regime':'commercial','weight':'71.5 kg'}",
             patient);
    send("order.prescribe", body);
    answered(order, sizeof order, "order");
    snprintf(body, sizeof body,
             "{'order':'%s','parties':[{'part':'site','organisation':'%.*s','site':'%.*s'}]}",
             order, STR(o), STR(s));
    send("order.place", body);
}

static int set_up(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &role_kind, &form_kind, &workflow_kind,
                                                       &product_kind };
    static const struct module *const modules[] = {
        &stop_module,        &timer_module,   &define_module, &auth_module,     &flow_module,
        &flow_record_module, &quality_module, &order_module,  &identity_module, &custody_module,
        &clinic_module,      &desk_module,    &sign_module,   &sign_act_module,
    };
    static const struct module *const routed[] = { &auth_module, &desk_module, &sign_module };
    text_use(text_rows, text_rows_count);
    define_use(kinds, 4);
    flow_use_points(NULL, NULL, 0);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    load(HEAD("role", "counter") "permissions: [role.counter, order.see, flow.complete, "
                                 "flow.correct, flow.sign, flow.review_correction, flow.repeat]\n");
    load(HEAD("role", "second") "permissions: [sign.countersign]\n");
    load(HEAD("form",
              "count") "double_entry: true\nfields:\n"
                       "- {name: cells, label: Cells counted, type: quantity, unit: 10*6, "
                       "required: true}\n"
                       "- {name: signed_off, label: Signed off, type: signature, meaning: Counted, "
                       "role: counter}\n");
    load(HEAD("workflow",
              "trial") "product: trial\nmaterial: fresh\nparts: [site]\nstages:\n"
                       "- name: only\n  title: Only\n  tasks:\n"
                       "  - {name: count, title: Count, part: site, role: counter, form: count}\n"
                       "  - {name: confirm, title: Confirm, part: site, role: counter}\n"
                       "loops:\n- {name: again, title: Count again, from: [confirm], to: count, "
                       "times: 2, part: site, role: counter, units: keep}\n");
    load(HEAD("product", "trial") "workflow: trial\ncoi_pattern: \"VN-@@@@-@@@@-@@@@-%%\"\n"
                                  "material: fresh\nindications: [C83.3]\njurisdictions: [eu]\n"
                                  "doses:\n- {per_kg: 2e6, cap: 2e8}\n");
    for (int i = 1; i <= 3; i++) {
        auth_fixture_account(&a, i);
        auth_fixture_role(&a, i, "counter", 1, 1);
    }
    placed();
    struct err e = { 0 };
    auth_serve(&app, &a, routed, 3, 0);
    for (int i = 1; i <= 3; i++) {
        char login[20];
        snprintf(login, sizeof login, "person%d", i);
        assert_int_equal(auth_fixture_enter(a.auth, str_z(login), RIGHT_PASSWORD, S("127.0.0.1"),
                                            &cookies[i], a.f.arena, &e),
                         OK);
    }
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

static int get(int person, const char *path, const char *media_type)
{
    struct str request = arena_printf(a.f.arena,
                                      "GET %s HTTP/1.1\r\nHost: x\r\n"
                                      "Accept: %s\r\nCookie: vein=%.*s\r\n\r\n",
                                      path, media_type, STR(cookies[person]));
    return client_ask(app.server, request, got, sizeof got);
}

static const char *page(int person, const char *rest)
{
    const struct str path = arena_printf(a.f.arena, "/orders/%s/tasks/count%s", order, rest);
    assert_int_equal(get(person, path.p, "text/html"), 200);
    return got;
}

/* What the page's hidden field holds. */
static struct str hidden(const char *html, const char *name)
{
    const char *at = strstr(html, arena_printf(a.f.arena, "name=\"%s\" value=\"", name).p);
    assert_non_null(at);
    struct str value = str_z(strstr(at, "value=\"") + strlen("value=\""));
    value.n = str_find(value, '"');
    return arena_str(a.f.arena, value);
}

/* The task's page as it stands in one tab of a browser. */
struct tab {
    int person;
    struct str csrf;
    struct str id;
};
static struct tab tab_at(int person, const char *rest)
{
    page(person, rest);
    return (struct tab){ person, hidden(got, "_csrf"), hidden(got, "_id") };
}

static int post_at(const struct tab *tab, const char *path, const char *form)
{
    struct str body =
        arena_printf(a.f.arena, "%s&_csrf=%.*s&_id=%.*s", form, STR(tab->csrf), STR(tab->id));
    struct str request =
        arena_printf(a.f.arena,
                     "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                     "Cookie: vein=%.*s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s",
                     path, STR(cookies[tab->person]), body.n, STR(body));
    return client_ask(app.server, request, got, sizeof got);
}

static int post(const struct tab *tab, const char *where, const char *form)
{
    const struct str path = arena_printf(a.f.arena, "/orders/%s/tasks/count/%s", order, where);
    return post_at(tab, path.p, form);
}

static int enter(int person, const char *cells)
{
    const struct tab tab = tab_at(person, "");
    return post(&tab, "complete", arena_printf(a.f.arena, "cells=%s", cells).p);
}

/* By two persons, who agree. */
static void entered(void)
{
    assert_int_equal(enter(1, "5"), 303);
    assert_int_equal(enter(2, "5.0"), 303);
}

#define SHOWS(person, text) assert_non_null(strstr(page(person, ""), text))
#define HIDES(person, text) assert_null(strstr(page(person, ""), text))

/* partial: INT-07 */
static void neither_sees_the_other(void **state)
{
    (void)state;
    SHOWS(1, "Two persons enter this");
    assert_int_equal(enter(1, "417.25"), 303);
    assert_non_null(strstr(got, "?said=first"));
    SHOWS(1, "Another person enters it independently");
    HIDES(1, "name=\"cells\""); /* who entered it does not enter it again */
    SHOWS(2, "Person No. 1");
    SHOWS(2, "name=\"cells\"");
    for (int i = 1; i <= 3; i++)
        HIDES(i, "417.25");
    assert_null(strstr(page(2, "/history"), "417.25"));
    assert_null(strstr(page(2, "/print"), "417.25"));

    assert_int_equal(enter(2, "471.25"), 303);
    SHOWS(2, "The entries differ in:");
    SHOWS(1, "<li>Cells counted</li>");
    for (int i = 1; i <= 3; i++) {
        HIDES(i, "417.25");
        HIDES(i, "471.25");
    }
    assert_null(strstr(page(1, "/history"), "471.25"));

    assert_int_equal(enter(3, "417.25"), 303);
    assert_null(strstr(got, "?said="));
    SHOWS(2, "417.25"); /* now it is the record, and history has every entry */
    SHOWS(2, "471.25");
    SHOWS(2, "one of two entries");
}

static void from_a_second_tab_nobody_is_a_second_person(void **state)
{
    (void)state;
    const struct tab one = tab_at(1, "");
    const struct tab two = tab_at(1, "");
    assert_false(str_eq(one.id, two.id));
    assert_int_equal(post(&one, "complete", "cells=5"), 303);
    assert_int_equal(post(&two, "complete", "cells=5"), 422);
    assert_non_null(strstr(got, "another person enters it independently"));
    SHOWS(1, "You have entered it.");
    SHOWS(2, "name=\"cells\""); /* the task is still open, for somebody else */
}

/* The page on which this person signs; what its form holds. */
static struct str sign_page(int person, struct tab *tab)
{
    const struct str path = arena_printf(
        a.f.arena, "/sign/flow.sign?order=%s&task=count&place=signed_off&_next=/work", order);
    if (get(person, path.p, "text/html") != 200)
        fail_msg("%s", got);
    *tab = (struct tab){ person, hidden(got, "_csrf"), hidden(got, "_id") };
    return hidden(got, "_shown");
}

static int sign(const struct tab *tab, struct str shown, const char *proof)
{
    const struct str form =
        arena_printf(a.f.arena, "order=%s&task=count&place=signed_off&_next=/work&_shown=%.*s&%s",
                     order, STR(shown), proof);
    return post_at(tab, "/sign/flow.sign", form.p);
}

static void correct(int person, const char *form)
{
    const struct tab tab = tab_at(person, "?correct=1");
    assert_int_equal(post(&tab, "correct", form), 303);
}

#define PROOF "_login=person1&_password=seven+herons+over+the+weir"

/* partial: SIG-01 the signer sees what is signed, and the signature is shown with name, time and
 * meaning on the record and in print */
static void places_are_signed_at_the_page(void **state)
{
    (void)state;
    struct tab tab;
    entered();
    SHOWS(1, "Sign: Counted");
    const struct str shown = sign_page(1, &tab);
    assert_non_null(strstr(got, "Cells counted")); /* the record as it stands */
    assert_non_null(strstr(got, "<p class=\"what\">Counted</p>"));
    assert_non_null(strstr(got, "Person No. 1"));
    assert_non_null(strstr(got, "name=\"_login\"")); /* the first takes both */

    assert_int_equal(sign(&tab, shown, "_login=person1&_password="), 422);
    assert_non_null(strstr(got, "a signature needs your password"));
    assert_int_equal(sign(&tab, shown, "_login=person1&_password=not+the+password"), 422);
    assert_non_null(strstr(got, "sign-in name, password, code or token is wrong"));
    assert_non_null(strstr(got, "Cells counted")); /* and the page is there again */
    SHOWS(2, "Sign: Counted");                     /* nobody has */
    assert_int_equal(sign(&tab, shown, PROOF), 303);
    assert_non_null(strstr(got, "Location: /work"));
    HIDES(2, "Sign: Counted");
    SHOWS(2, "Person No. 1");
    SHOWS(2, "by password");
    HIDES(2, "does not cover version");
    assert_int_equal(get(2, arena_printf(a.f.arena, "/orders/%s/forms", order).p, "text/html"),
                     200);
    assert_non_null(strstr(got, "by password")); /* no record is shown without it */
    assert_non_null(strstr(page(2, "/print"), "Counted"));
    assert_int_equal(sign(&tab, shown, PROOF), 303); /* the same form again does nothing */
    correct(2, "cells=6&_reason=miscounted");
    SHOWS(1, "does not cover version"); /* what was signed before stays in sight */
    assert_non_null(strstr(page(1, "/print"), "does not cover version"));
    SHOWS(1, "Sign: Counted");
    assert_int_equal(sign(&tab, sign_page(1, &tab), PROOF), 303);
    auth_fixture_written(&a);
    fixture_settle(&a.f); /* the report speaks up to a checkpoint */
    auth_fixture_write(&a);
    assert_int_equal(get(2, arena_printf(a.f.arena, "/orders/%s/coi/report", order).p, "text/html"),
                     200);
    const char *report = strstr(got, "Signatures</h2>");
    assert_non_null(report);
    assert_non_null(strstr(report, "Person No. 1"));
    assert_non_null(strstr(report, "Counted"));
    assert_non_null(strstr(report, "by password"));
    assert_non_null(strstr(report, "of an older version"));
    assert_non_null(strstr(report, "stands"));
}

/* partial: ACC-01 who has a right for one product alone acts on the signatures of its orders */
static void a_right_for_the_product_reaches_its_signatures(void **state)
{
    (void)state;
    struct tab tab;
    entered();
    assert_int_equal(sign(&tab, sign_page(1, &tab), PROOF), 303);
    const struct sign_of_in in = { S("task"), arena_printf(a.f.arena, "%s/count", order) };
    const struct record_list list = fixture_list(&a.f, &sql_sign_of, &in);
    assert_int_equal(list.n, 1);
    const struct str path =
        arena_printf(a.f.arena, "/sign/sign.countersign?signature=%.*s&_next=/work",
                     STR(((const struct sign_of_out *)list.p)->event));
    assert_int_equal(get(3, path.p, "text/html"), 403);
    auth_fixture_written(&a);
    fixture_must(&a.f,
                 fixture_send(&a.f, &a.program, "account.give_role", "a test",
                              "{'account':'%s','role':'second','organisation':'%s','site':'%s',"
                              "'product':'trial'}",
                              fixture_id('a', 3).p, fixture_id('o', 1).p, fixture_id('s', 1).p),
                 "give");
    env_sim_advance(&a.f.sim, 15 * TIME_SECOND); /* and what rights are kept in memory for */
    auth_fixture_write(&a);
    assert_int_equal(auth_fixture_enter(a.auth, S("person3"), RIGHT_PASSWORD, S("127.0.0.1"),
                                        &cookies[3], a.f.arena, &a.f.error),
                     OK);
    if (get(3, path.p, "text/html") != 200)
        fail_msg("%s", got);
}

/* The places of an order that wait for this person, on one page. */
static void places_of_an_order_are_signed_together(void **state)
{
    (void)state;
    const struct str path =
        arena_printf(a.f.arena, "/sign-several/flow.sign?order=%s&_next=/work", order);
    assert_int_equal(get(1, path.p, "text/html"), 200);
    assert_non_null(strstr(got, "Nothing waits for your signature here."));
    entered();
    SHOWS(1, "Sign several at once");
    assert_int_equal(get(1, path.p, "text/html"), 200);
    assert_non_null(strstr(got, "Cells counted"));
    const struct tab tab = { 1, hidden(got, "_csrf"), hidden(got, "id.0") };
    const struct str shown = hidden(got, "shown.0");
    const struct str form = arena_printf(
        a.f.arena,
        PROOF "&mark.0=1&id.0=%.*s&shown.0=%.*s&thing.0=%%7B%%22order%%22%%3A%%22%s%%22%%2C"
              "%%22task%%22%%3A%%22count%%22%%2C%%22place%%22%%3A%%22signed_off%%22%%7D",
        STR(tab.id), STR(shown), order);
    assert_int_equal(post_at(&tab, "/sign-several/flow.sign", form.p), 200);
    if (!strstr(got, "Signed</span>"))
        fail_msg("%s", got);
    HIDES(1, "Sign: Counted");
    assert_int_equal(get(1, path.p, "text/html"), 200);
    assert_non_null(strstr(got, "Nothing waits for your signature here."));
}

/* partial: AUD-03 the origin of a value is who said it, not who completed the task */
static void a_value_is_of_who_said_it(void **state)
{
    (void)state;
    const struct str path = arena_printf(a.f.arena, "/orders/%s/data?of=field/count/cells", order);
    entered();
    for (int who = 1; who <= 3; who += 2) { /* who entered it first, then who corrected it */
        const struct str by =
            arena_printf(a.f.arena, "\"by\":\"account/%.*s\"", STR(fixture_id('a', who)));
        assert_int_equal(get(2, path.p, "application/json"), 200);
        assert_memory_equal(strstr(got, "\"by\":"), by.p, by.n);
        if (who == 1)
            correct(3, "cells=6&_reason=miscounted");
    }
}

/* A pass that was undone: its signature does not stand, and its record is no more on the page. */
static void what_was_undone_says_so(void **state)
{
    (void)state;
    struct tab tab;
    entered();
    assert_int_equal(sign(&tab, sign_page(1, &tab), PROOF), 303);
    const struct tab loop = tab_at(2, "?correct=1");
    const struct str form = arena_printf(a.f.arena, "order=%s&loop=again&_reason=spilt", order);
    assert_int_equal(
        post_at(&loop, arena_printf(a.f.arena, "/orders/%s/do/flow.repeat", order).p, form.p), 303);
    entered();
    assert_int_equal(get(2, arena_printf(a.f.arena, "/orders/%s/forms", order).p, "text/html"),
                     200);
    assert_null(strstr(strstr(got, "id=\"record-count\"") + 1, "id=\"record-count\""));
    auth_fixture_written(&a);
    fixture_settle(&a.f);
    auth_fixture_write(&a);
    assert_int_equal(get(2, arena_printf(a.f.arena, "/orders/%s/coi/report", order).p, "text/html"),
                     200);
    assert_non_null(strstr(got, "of a pass that was undone"));
}

/* Whoever opened the page before the record was corrected signs nothing that they did not see. */
static void what_was_corrected_meanwhile_is_shown_again(void **state)
{
    (void)state;
    struct tab tab;
    entered();
    const struct str before = sign_page(1, &tab);
    const struct str version = hidden(got, "_version");
    correct(2, "cells=6&_reason=miscounted");
    const struct str stale = arena_printf(a.f.arena, "_version=%.*s&" PROOF, STR(version));
    assert_int_equal(sign(&tab, before, stale.p), 409);
    assert_non_null(strstr(got, "what is to be signed has changed"));
    assert_non_null(strstr(got, "What has changed since you opened this page"));
    assert_non_null(strstr(got, "miscounted"));
    const struct str now = hidden(got, "_shown");
    assert_false(str_eq(now, before));
    assert_int_equal(sign(&tab, now, PROOF), 303);
}

static void a_program_asks_and_signs(void **state)
{
    (void)state;
    struct tab tab;
    entered();
    const struct str shown = sign_page(1, &tab);
    const struct str path =
        arena_printf(a.f.arena, "/sign/flow.sign?order=%s&task=count&place=signed_off", order);
    assert_int_equal(get(1, path.p, "application/json"), 200);
    assert_non_null(strstr(got, arena_printf(a.f.arena, "\"shown\":\"%.*s\"", STR(shown)).p));
    assert_non_null(strstr(got, "\"words\":\"Counted\""));
    assert_non_null(strstr(got, "\"both\":true"));
    assert_non_null(strstr(got, "\"name\":\"cells\""));
    assert_int_equal(
        get(1, "/sign/flow.hold?order=00000000-0000-7000-a000-000000000001", "application/json"),
        422);
    assert_non_null(strstr(got, "sign.unsigned"));
    const struct str elsewhere =
        arena_printf(a.f.arena, "/sign/flow.sign?order=%s&task=count&place=other", order);
    assert_int_equal(get(1, elsewhere.p, "application/json"), 422);
    assert_non_null(strstr(got, "flow.unknown_place"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(neither_sees_the_other),
        TEST(from_a_second_tab_nobody_is_a_second_person),
        TEST(places_are_signed_at_the_page),
        TEST(a_value_is_of_who_said_it),
        TEST(what_was_undone_says_so),
        TEST(what_was_corrected_meanwhile_is_shown_again),
        TEST(places_of_an_order_are_signed_together),
        TEST(a_right_for_the_product_reaches_its_signatures),
        TEST(a_program_asks_and_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
