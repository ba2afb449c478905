/* What is on its way is shown to those to whom the control tower lists the order, and to nobody
 * else: each person of a network that has worked for some weeks asks for both, and so do strangers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/tests/foreign_serve.h"
#include "modules/custody/custody.h"

enum { ANSWER_MAX = 1 << 20 };

static char tower[ANSWER_MAX], map[ANSWER_MAX];
static struct foreign_session stranger;

/* Whoever may at the site sends it; what is refused (the order is stopped, the unit ended) is not
 * moved. */
static bool moved(struct sender *sender, struct str site, const char *command, struct str unit,
                  const char *rest)
{
    struct err e = { 0 };
    const struct network_person *who = network_second(&foreign.network, site, command, NULL);
    return who && sender_send(sender, &who->actor, command, NULL, NULL, &e, "{'unit':'%.*s'%s}",
                              STR(unit), rest) == OK;
}

/* Each unit that is live is offered to the courier, and every second one taken over. */
static void move_what_there_is(void)
{
    struct sender sender = { .node = &foreign.node,
                             .arena = arena_new(4 << 20),
                             .seed = S("moving") };
    const struct network_site *depot = NULL;
    struct record_list list;
    struct err e = { 0 };
    struct db *db;
    char to[200];
    size_t n = 0;
    bool found;
    for (size_t i = 0; i < foreign.network.nsites; i++)
        if (strcmp(foreign.network.sites[i].kind, "depot") == 0)
            depot = &foreign.network.sites[i];
    assert_non_null(depot);
    snprintf(to, sizeof to, ",'to_organisation':'%s','to_site':'%s'", depot->organisation_id.text,
             depot->id.text);
    const struct identity_all_in all = { S("") };
    assert_int_equal(store_reader_take(&db, foreign.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_identity_all, &all, &list, 200, foreign.arena, &e), OK);
    const struct identity_all_out *units = list.p;
    for (size_t i = 0; i < list.n; i++) {
        const struct custody_unit_in in = { units[i].unit };
        struct custody_unit_out at;
        assert_int_equal(db_get(db, &sql_custody_unit, &in, &at, foreign.arena, &found, &e), OK);
        if (moved(&sender, at.site, "custody.offer", at.unit, to) && n++ % 2)
            (void)moved(&sender, id_str(&depot->id), "custody.accept", at.unit, "");
    }
    store_reader_give(foreign.node.store, db);
    arena_free(sender.arena);
    assert_true(n > 1);
}

static int set_up(void **state)
{
    static const char role[] = "coordinator";
    const struct id organisation = id_derive(S("foreign"), S("organisation"), 9);
    const struct id site = id_derive(S("foreign"), S("site"), 9);
    const struct id account = id_derive(S("foreign"), S("person"), 9);
    (void)state;
    foreign_open();
    foreign_give(&foreign_founder, "organisation.make",
                 "{'organisation':'%s','name':'Elsewhere','kind':'sponsor'}", organisation.text);
    foreign_give(
        &foreign_founder, "site.make",
        "{'site':'%s','organisation':'%s','name':'Elsewhere','kind':'office','zone':'UTC'}",
        site.text, organisation.text);
    foreign_give(&foreign_founder, "account.make",
                 "{'account':'%s','organisation':'%s','login':'stranger','name':'A Stranger'}",
                 account.text, organisation.text);
    foreign_give(&foreign_founder, "account.give_role",
                 "{'account':'%s','role':'%s','organisation':'%s'}", account.text, role,
                 organisation.text);
    move_what_there_is();
    foreign_serve();
    foreign_sign_in(&stranger, arena_str(foreign.arena, id_str(&account)),
                    arena_str(foreign.arena, id_str(&organisation)),
                    arena_str(foreign.arena, id_str(&site)));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    foreign_serve_end();
    foreign_close();
    return 0;
}

static int ask(char *to, const struct foreign_session *s, const char *path, const char *type)
{
    return foreign_ask(arena_printf(foreign.arena,
                                    "GET %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n"
                                    "Cookie: vein=%.*s\r\n\r\n",
                                    path, type, STR(s->cookie)),
                       to, ANSWER_MAX);
}

/* The next order of a list in JSON; NULL at its end. */
static const char *next_order(const char **at)
{
    static char id[ID_LENGTH + 1];
    const char *found = strstr(*at, "\"order_id\":\"");
    if (!found)
        return NULL;
    found += sizeof "\"order_id\":\"" - 1;
    memcpy(id, found, ID_LENGTH);
    *at = found;
    return id;
}

static size_t all_listed(void)
{
    size_t n = 0;
    const char *at = map;
    for (const char *id; (id = next_order(&at)); n++)
        if (!strstr(tower, id))
            fail_msg("order %s is on the map and not in the tower", id);
    return n;
}

/* partial: LOG-05 from where to where */
static void whoever_sees_it_sees_the_order(void **state)
{
    size_t n = 0, couriers = 0;
    (void)state;
    for (size_t i = 0; i < foreign.network.npeople; i++) {
        const struct network_person *p = &foreign.network.people[i];
        struct foreign_session s;
        foreign_sign_in(&s, p->actor.account, p->actor.organisation, p->actor.site);
        const int status = ask(map, &s, "/map", "application/json");
        assert_int_equal(ask(tower, &s, "/", "application/json"), status);
        if (status == 403) /* who sees no orders: an administrator */
            continue;
        assert_int_equal(status, 200);
        const size_t here = all_listed();
        n += here;
        couriers += strcmp(p->role, "courier") == 0 ? here : 0;
        if (here > 0) {
            assert_int_equal(ask(map, &s, "/map", "text/html"), 200);
            assert_non_null(strstr(map, "data-latitude=\"50.104\""));
            assert_non_null(strstr(map, "Halden Cell Works"));
        }
    }
    assert_true(n > 0 && couriers > 0);
}

/* partial: OPS-05 */
static void strangers_find_nothing(void **state)
{
    char path[80];
    (void)state;
    assert_int_equal(ask(map, &stranger, "/map", "application/json"), 200);
    assert_int_equal(all_listed(), 0);
    snprintf(path, sizeof path, "/map?order=%s", foreign.known[0].id);
    assert_int_equal(ask(map, &stranger, path, "application/json"), 200);
    assert_int_equal(all_listed(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_sees_it_sees_the_order),
        cmocka_unit_test(strangers_find_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
