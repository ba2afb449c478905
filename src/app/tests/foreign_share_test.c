/* Orders that organisations share: two sponsors and one hospital; and what each party of one order
 * sees of it, by the definitions that ship. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/tests/foreign_serve.h"
#include "kernel/ledger.h"
#include "modules/order/order.h"

enum { ANSWER_MAX = 1 << 20 };

static char answer[ANSWER_MAX];

/* --- two sponsors and one hospital --- */

enum { SPONSORS = 2 };
static struct {
    const char *site; /* its name */
    const char *product;
    const char *indication;
    struct id order;
    char coi[40];
    struct foreign_session coordinator;
} sponsors[SPONSORS] = {
    { .site = "Corvida office", .product = "corvicel", .indication = "C83.3" },
    { .site = "Lunaris office", .product = "lunacel", .indication = "C91.0" }
};
static struct foreign_session physician; /* of the hospital, one sign-in */
static int64_t before;                   /* place in the log before their orders */

static const struct network_site *site_called(const char *name, const char *kind)
{
    const struct network *n = &foreign.network;
    for (size_t i = 0; i < n->nsites; i++)
        if (name ? strcmp(n->sites[i].name, name) == 0 : strcmp(n->sites[i].kind, kind) == 0)
            return &n->sites[i];
    fail_msg("no site %s", name ? name : kind);
    return NULL;
}

static void order_for(size_t i, const struct actor *doctor, const struct network_site *hospital)
{
    static const char *const parts[][2] = { { "collection", "apheresis" },
                                            { "courier", "depot" },
                                            { "manufacture", "plant" },
                                            { "laboratory", "laboratory" } };
    char parties[1600];
    size_t n = 0;
    const struct id patient = id_derive(S("foreign"), S("patient"), i);
    sponsors[i].order = id_derive(S("foreign"), S("order"), i);
    foreign_give(doctor, "patient.enrol",
                 "{'patient':'%s','identifiers':[{'system':'urn:x','value':'F-%zu'}],"
                 "'family':'Quince','given':'Ada','birth_date':'1960-01-0%zu','sex':'female'}",
                 patient.text, i + 1, i + 1);
    foreign_give(
        doctor, "order.prescribe",
        "{'order':'%s','patient':'%s','product':'%s','indication':'%s','jurisdiction':'eu',"
        "'regime':'commercial','weight':'70 kg'}",
        sponsors[i].order.text, patient.text, sponsors[i].product, sponsors[i].indication);
    for (size_t k = 0; k < 4; k++) {
        const struct network_site *site = site_called(NULL, parts[k][1]);
        n += (size_t)snprintf(parties + n, sizeof parties - n,
                              "{'part':'%s','organisation':'%s','site':'%s'},", parts[k][0],
                              site->organisation_id.text, site->id.text);
    }
    const struct network_site *office = site_called(sponsors[i].site, NULL);
    foreign_give(doctor, "order.place",
                 "{'order':'%s','parties':[%s{'part':'sponsor','organisation':'%s','site':'%s'},"
                 "{'part':'treatment','organisation':'%s','site':'%s'}]}",
                 sponsors[i].order.text, parties, office->organisation_id.text, office->id.text,
                 hospital->organisation_id.text, hospital->id.text);
    struct err e = { 0 };
    struct db *db;
    struct order_order_out row;
    bool found;
    const struct order_order_in in = { id_str(&sponsors[i].order) };
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_order_order, &in, &row, foreign.arena, &found, &e), OK);
    store_reader_give(foreign.node.store, db);
    snprintf(sponsors[i].coi, sizeof sponsors[i].coi, "%.*s", STR(row.coi));
    if (i == 0)
        foreign_file(sponsors[i].order.text, patient.text);
}

static void orders_of_two_sponsors(void)
{
    const struct network_site *hospital = &foreign.network.sites[0];
    const struct network_person *doctor =
        network_find(&foreign.network, "physician", id_str(&hospital->id), 0);
    before = (int64_t)ledger_size(foreign.node.ledger);
    for (size_t i = 0; i < SPONSORS; i++)
        order_for(i, &doctor->actor, hospital);
}

static void sign_in_sponsors(void)
{
    const struct network *n = &foreign.network;
    const struct network_person *p = network_find(n, "physician", id_str(&n->sites[0].id), 0);
    foreign_sign_in(&physician, p->actor.account, p->actor.organisation, p->actor.site);
    for (size_t i = 0; i < SPONSORS; i++) {
        const struct network_site *office = site_called(sponsors[i].site, NULL);
        p = network_find(n, "coordinator", id_str(&office->id), 0);
        foreign_sign_in(&sponsors[i].coordinator, p->actor.account, p->actor.organisation,
                        p->actor.site);
    }
}

static int fetch(const struct foreign_session *s, const char *method, const char *path,
                 const char *body)
{
    const struct str request = arena_printf(
        foreign.arena,
        "%s %s HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nCookie: vein=%.*s\r\n"
        "X-CSRF-Token: %.*s\r\n%sContent-Length: %zu\r\n\r\n%s",
        method, path, STR(s->cookie), STR(s->csrf),
        body[0] ? "Content-Type: application/json\r\n" : "", strlen(body), body);
    return foreign_ask(request, answer, ANSWER_MAX);
}

static bool says(const char *text)
{
    return strstr(answer, text) != NULL;
}

static bool finds(const struct foreign_session *s, const char *text)
{
    char body[100];
    snprintf(body, sizeof body, "{\"q\":\"%s\"}", text);
    assert_int_equal(fetch(s, "POST", "/search", body), 200);
    return says(text);
}

/* shows: ORC-10 one sign-in and one worklist at the hospital for all sponsors' orders; each sponsor
 * has its own alone, on pages, in lists, in search and in what changed */
static void one_hospital_for_two_sponsors(void **state)
{
    (void)state;
    char path[100];
    assert_int_equal(fetch(&physician, "GET", "/work", ""), 200);
    for (size_t i = 0; i < SPONSORS; i++)
        assert_true(says(sponsors[i].order.text));
    for (int tries = 0; tries < 500 && !finds(&physician, sponsors[1].coi); tries++)
        usleep(10000); /* the index follows the log */
    for (size_t i = 0; i < SPONSORS; i++)
        assert_true(finds(&physician, sponsors[i].coi));
    for (size_t i = 0; i < SPONSORS; i++) {
        const struct foreign_session *own = &sponsors[i].coordinator;
        const size_t other = 1 - i;
        assert_true(finds(own, sponsors[i].coi));
        assert_false(finds(own, sponsors[other].coi));
        assert_int_equal(fetch(own, "GET", "/", ""), 200);
        assert_true(says(sponsors[i].order.text));
        assert_false(says(sponsors[other].order.text));
        snprintf(path, sizeof path, "/orders/%s", sponsors[i].order.text);
        assert_int_equal(fetch(own, "GET", path, ""), 200);
        snprintf(path, sizeof path, "/orders/%s", sponsors[other].order.text);
        assert_int_equal(fetch(own, "GET", path, ""), 404);
        snprintf(path, sizeof path, "/api/changes?after=0.%lld", (long long)before);
        assert_int_equal(fetch(own, "GET", path, ""), 200);
        assert_true(says(sponsors[i].order.text));
        assert_false(says(sponsors[other].order.text));
    }
    assert_int_equal(fetch(&physician, "GET", "/work", ""), 200); /* and still the same session */
    for (size_t i = 0; i < SPONSORS; i++)
        assert_true(says(sponsors[i].order.text));
}

/* shows: OPS-05 of one order each party sees its part: the courier no record and no patient, the
 * laboratory no bag, the hospital not the batch record */
static void each_party_sees_its_part(void **state)
{
    (void)state;
    static const struct {
        const char *role, *kind, *task;
        int status;
    } looks[] = {
        { "courier", "depot", "confirm_eligibility", 404 },
        { "courier", "depot", "pick_up", 200 },
        { "courier", "depot", "test", 404 },
        { "analyst", "laboratory", "test", 200 },
        { "analyst", "laboratory", "expand", 404 },
        { "physician", "treatment", "confirm_eligibility", 200 },
        { "physician", "treatment", "expand", 404 },
        { "physician", "treatment", "dispose", 200 },
        { "operator", "plant", "expand", 200 },
        { "qa_specialist", "plant", "confirm_eligibility", 200 },
    };
    char path[120];
    struct err e = { 0 };
    struct db *db;
    struct order_order_out row;
    bool found;
    const struct order_order_in in = { id_str(&sponsors[0].order) };
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_order_order, &in, &row, foreign.arena, &found, &e), OK);
    store_reader_give(foreign.node.store, db);
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        const struct network_site *site = site_called(NULL, looks[i].kind);
        const struct network_person *p =
            network_find(&foreign.network, looks[i].role, id_str(&site->id), 0);
        struct foreign_session s;
        foreign_sign_in(&s, p->actor.account, p->actor.organisation, p->actor.site);
        snprintf(path, sizeof path, "/orders/%s/tasks/%s", sponsors[0].order.text, looks[i].task);
        const int status = fetch(&s, "GET", path, "");
        if (status != looks[i].status)
            fail_msg("%s at %s: %d", looks[i].role, looks[i].task, status);
        snprintf(path, sizeof path, "/orders/%s", sponsors[0].order.text);
        assert_int_equal(fetch(&s, "GET", path, ""), 200);
        const bool blind =
            strcmp(looks[i].role, "courier") == 0 || strcmp(looks[i].role, "analyst") == 0;
        const char *pseudonym = arena_printf(foreign.arena, "\"%.*s\"", STR(row.pseudonym)).p;
        if (says(pseudonym) == blind)
            fail_msg("%s, %s: %s", looks[i].role, pseudonym, answer);
        assert_int_equal(says("\"weight\""), !blind);
        snprintf(path, sizeof path, "/orders/%s/coi", sponsors[0].order.text);
        assert_int_equal(fetch(&s, "GET", path, ""), blind ? 404 : 200);
        snprintf(path, sizeof path, "/orders/%s/documents", sponsors[0].order.text);
        assert_int_equal(fetch(&s, "GET", path, ""), 200);
        if (says("secret.txt") == blind) /* nor the names of files */
            fail_msg("%s: %s", looks[i].role, answer);
    }
}

static int set_up(void **state)
{
    (void)state;
    foreign_open();
    orders_of_two_sponsors();
    foreign_serve();
    sign_in_sponsors();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    foreign_serve_end();
    foreign_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_hospital_for_two_sponsors),
                                        cmocka_unit_test(each_party_sees_its_part) };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
