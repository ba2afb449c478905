/* The list of patients: its order by what sorts, both ways, page by page; and who they are is no
 * file to take away. */
#include "kernel/pages.h"
#include "kernel/tests/served.h"
#include "modules/order/order.h"
#include "modules/quality/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SHOWN = 40, MORE = 7, ALL = SHOWN + MORE, SQL_MAX = 64 << 10 };
static struct served s;
static char sql[SQL_MAX];

/* The later one was enrolled, the earlier its pseudonym; three of a day share the time. */
static int open_served(void **state)
{
    (void)state;
    static const struct module *const modules[] = { &quality_module, &order_module, &pages_module };
    struct buf b = buf_over(sql, sizeof sql - 1);
    served_open(&s, modules, 3, "order.see");
    for (int i = 0; i < ALL; i++)
        buf_printf(&b,
                   "INSERT INTO order_patient (patient, organisation, site, pseudonym, family,"
                   " birth_date, sex, event, named, enrolled) VALUES"
                   " ('00000000-0000-8000-b000-%012d','%.*s','%.*s','P-%03d','','','female','e',"
                   "'e',%d);",
                   i, STR(fixture_id('o', 1)), STR(fixture_id('s', 1)), ALL - i, 1000 + i / 3);
    sql[b.n] = 0;
    assert_true(buf_ok(&b));
    auth_fixture_written(&s.a);
    test_db_by_hand(s.a.f.path, sql);
    auth_fixture_write(&s.a);
    return 0;
}

static int close_served(void **state)
{
    (void)state;
    served_close(&s);
    return 0;
}

/* Reads all pages; the numbers of the pseudonyms as they come. */
static size_t read_all(const char *path, int *numbers)
{
    char next[200];
    size_t n = 0;
    snprintf(next, sizeof next, "%s", path);
    while (next[0]) {
        assert_int_equal(served_get(&s, next, "application/json"), 200);
        const char *at = served_answer();
        const char *more = strstr(at, "\"next\":\"");
        for (size_t rows = 0; (at = strstr(at, "\"pseudonym\":\"P-")); rows++) {
            at += strlen("\"pseudonym\":\"P-");
            assert_true(n < ALL && rows < SHOWN);
            numbers[n++] = (at[0] - '0') * 100 + (at[1] - '0') * 10 + at[2] - '0';
        }
        snprintf(next, sizeof next, "%.*s", more ? (int)strcspn(more + 8, "\"") : 0,
                 more ? more + 8 : "");
    }
    return n;
}

static void each_stands_once_in_every_order(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int step; /* from each pseudonym to the next */
    } lists[] = {
        { "/patients", 1 },
        { "/patients?sort=enrolled", -1 },
        { "/patients?sort=-enrolled", 1 },
        { "/patients?sort=pseudonym", 1 },
        { "/patients?sort=-pseudonym", -1 },
        { "/patients?sort=patient", 1 },
    };
    int numbers[ALL];
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        assert_int_equal(read_all(lists[i].path, numbers), ALL);
        for (size_t k = 1; k < ALL; k++)
            assert_int_equal(numbers[k] - numbers[k - 1], lists[i].step);
    }
    assert_int_equal(served_get(&s, "/patients?before=x", "application/json"), 400);
}

/* A page that is fetched to stand in the place of another is that list alone. */
static void a_fragment_is_the_list_without_its_surroundings(void **state)
{
    (void)state;
    assert_int_equal(served_get(&s, "/patients", "text/html\r\nHX-Request: true"), 200);
    assert_null(strstr(served_answer(), "<html"));
    assert_non_null(
        strstr(served_answer(), "id=\"list\" data-told=\"Rows shown: 40, and there are"));
    assert_non_null(strstr(served_answer(), "aria-sort=\"descending\""));
    assert_null(strstr(served_answer(), "format=csv"));
    assert_int_equal(served_get(&s, "/patients", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "<html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_stands_once_in_every_order, open_served, close_served),
        cmocka_unit_test_setup_teardown(a_fragment_is_the_list_without_its_surroundings,
                                        open_served, close_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
