/* The control tower's page comes with the rows that a screen shows, and says where those behind
 * them are: partial: ORC-05 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/http_client.h"
#include "modules/desk/tests/desk_trial.h"
#include "modules/desk/tower_impl.h"

enum { ORDERS = 25 };

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\n"                                   \
    "effective: 2026-01-01T00:00:00Z\n"
#define PERMISSIONS "permissions: [role.tester, tower.see, order.see, flow.complete]\n"

static const char *const definitions[] = {
    HEAD("role", "tester") PERMISSIONS,
    HEAD("role", "looker") PERMISSIONS,
    HEAD("form", "result") "fields:\n- {name: note, label: Note, type: text}\n",
    HEAD("workflow", "trial") "product: trial\nmaterial: fresh\nparts: [site]\nstages:\n"
                              "- name: only\n  title: Only\n  tasks:\n"
                              "  - {name: test, title: Test, part: site, role: tester, form: "
                              "result}\n",
    HEAD("product", "trial") "workflow: trial\ncoi_pattern: \"VN-@@@@-@@@@-@@@@-%%\"\n"
                             "material: fresh\nindications: [C83.3]\njurisdictions: [eu]\n"
                             "doses:\n- {per_kg: 2e6, cap: 2e8}\n",
    NULL,
};

static int open_many(void **state)
{
    desk_trial.own = definitions;
    desk_trial.orders = ORDERS - 1;
    return desk_trial_open(state);
}

static int close_many(void **state)
{
    desk_trial.own = NULL;
    desk_trial.orders = 0;
    return desk_trial_close(state);
}

static const char *fetch(const char *path, const char *header)
{
    const struct str request = arena_printf(
        desk_trial.a.f.arena,
        "GET %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n%sCookie: vein=%.*s\r\n\r\n", path,
        header, STR(desk_trial.cookies[1]));
    assert_int_equal(
        client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got), 200);
    return desk_trial.got;
}

/* Of the rows their orders, behind each other; how many. */
static size_t rows(char *out, size_t size)
{
    size_t n = 0;
    struct buf b = buf_over(out, size - 1);
    for (const char *at = desk_trial.got; (at = strstr(at, "<li id=\"order-")); at++, n++)
        buf_put(&b, at + strlen("<li id=\"order-"), 36);
    assert_true(buf_ok(&b));
    out[b.n] = '\0';
    return n;
}

static void what_a_screen_shows_comes_first(void **state)
{
    (void)state;
    char first[4000], rest[4000], all[4000], path[500];
    fetch("/", "");
    assert_int_equal(rows(first, sizeof first), TOWER_FIRST);
    HAS("class=\"more\""); /* where no script fetches the others */
    snprintf(path, sizeof path, "rel=\"expect\" href=\"#order-%.36s\"", first);
    HAS(path); /* what is drawn first does not wait for the last row */
    const char *at = strstr(desk_trial.got, "data-rest=\"");
    assert_non_null(at);
    at += strlen("data-rest=\"");
    size_t n = 0;
    for (; *at != '"'; at++) {
        assert_true(n < sizeof path - 1);
        path[n++] = *at;
        if (strncmp(at, "&amp;", 5) == 0)
            at += 4;
    }
    path[n] = '\0';
    fetch(path, "X-Fragment: 1\r\n");
    assert_int_equal(rows(rest, sizeof rest), ORDERS - TOWER_FIRST);
    LACKS("data-rest");
    LACKS("class=\"more\"");
    fetch("/", "X-Fragment: 1\r\n"); /* as a live page asks for it anew */
    assert_int_equal(rows(all, sizeof all), ORDERS);
    LACKS("data-rest");
    assert_memory_equal(all, first, strlen(first));
    assert_string_equal(all + strlen(first), rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_screen_shows_comes_first, open_many, close_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
