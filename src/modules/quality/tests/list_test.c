/* The list of deviations: its order by what sorts, both ways, page by page; the filters; the same
 * as a file; the columns that a device does not want. */
#include "kernel/pages.h"
#include "kernel/tests/served.h"
#include "modules/quality/quality.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SHOWN = 40 };
static struct served s;

static int open_served(void **state)
{
    (void)state;
    static const struct module *const modules[] = { &quality_module, &pages_module };
    served_open(&s, modules, 2, "deviation.open, deviation.see");
    return 0;
}

static int close_served(void **state)
{
    (void)state;
    served_close(&s);
    return 0;
}

static void report(const char *kind, const char *risk)
{
    char form[120];
    snprintf(form, sizeof form, "kind=%s&risk=%s&description=seen", kind, risk);
    assert_int_equal(served_post(&s, "/deviations/new", form), 303);
}

/* The risks of a page's rows, a letter each; *next is the path of the next one, or empty. */
static void page_of(const char *path, char *letters, char *next, size_t size)
{
    assert_int_equal(served_get(&s, path, "application/json"), 200);
    const char *at = served_answer();
    const char *end = strstr(at, "\"next\":\"");
    size_t n = 0;
    while ((at = strstr(at, "\"risk\":\"")) && n + 1 < size) {
        at += strlen("\"risk\":\"");
        letters[n++] = at[1]; /* r, a or i */
    }
    letters[n] = 0;
    snprintf(next, size, "%.*s", end ? (int)strcspn(end + 8, "\"") : 0, end ? end + 8 : "");
}

static void is_sorted_both_ways_and_filtered(void **state)
{
    (void)state;
    char letters[200], next[200];
    report("damage", "minor");
    report("labelling", "critical");
    report("damage", "major");
    report("damage", "critical");
    static const char *const lists[][2] = {
        { "/deviations?sort=risk", "rrai" },
        { "/deviations?sort=-risk", "iarr" },
        { "/deviations?sort=risk&risk=everything", "rrai" }, /* as if it was not asked */
        { "/deviations?risk=critical", "rr" },
        { "/deviations?sort=opened&risk=major", "a" },
        { "/deviations?risk=minor&sort=-risk", "i" },
        { "/deviations?state=closed", "" },
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        page_of(lists[i][0], letters, next, sizeof letters);
        assert_string_equal(letters, lists[i][1]);
    }
}

/* Each row stands on one page, in every order. */
static void goes_on_where_a_page_ends(void **state)
{
    (void)state;
    static const char *const orders[] = { "opened", "-opened", "risk", "-risk" };
    static const char *const risks[] = { "minor", "critical", "major" };
    char letters[200], more[200], next[200], none[200];
    for (size_t i = 0; i < SHOWN + 5; i++)
        report("record", risks[i % 3]);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        char path[80];
        snprintf(path, sizeof path, "/deviations?sort=%s", orders[i]);
        page_of(path, letters, next, sizeof letters);
        assert_int_equal(strlen(letters), SHOWN);
        page_of(next, more, none, sizeof more);
        assert_int_equal(strlen(more), 5);
        assert_string_equal(none, "");
        if (strchr(orders[i], 'r') == orders[i])
            assert_string_equal(more, "iiiii"); /* the worst stood before */
    }
    assert_int_equal(served_get(&s, "/deviations?before=1.x", "application/json"), 400);
}

static void is_taken_away_as_it_is_filtered(void **state)
{
    (void)state;
    for (size_t i = 0; i < 210; i++) /* more than is read at once */
        report("material", i == 0 ? "critical" : "minor");
    assert_int_equal(served_get(&s, "/deviations?risk=minor&format=csv", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "text/csv"));
    assert_non_null(strstr(served_answer(), "\"number\",\"order_id\""));
    assert_null(strstr(served_answer(), "\"critical\""));
    size_t rows = 0;
    for (const char *at = served_answer(); (at = strstr(at, "\"DEV-")); at++)
        rows++;
    assert_int_equal(rows, 209);
}

static void columns_are_kept_by_the_device(void **state)
{
    (void)state;
    report("damage", "minor");
    assert_int_equal(served_get(&s, "/deviations", "text/html"), 200);
    assert_non_null(strstr(served_answer(), "aria-sort=\"descending\""));
    assert_non_null(strstr(served_answer(), "name=\"show.kind\""));
    assert_null(strstr(served_answer(), "name=\"show.number\"")); /* that one always stands */
    const char *form = "table=deviations&next=%2Fdeviations&column.kind=1&column.site=1&"
                       "column.risk=1&show.risk=1&column.x%3B+y=1";
    assert_int_equal(served_post(&s, "/columns", form), 303);
    assert_non_null(strstr(served_answer(), "vein-hidden-deviations=kind.site;"));
    assert_non_null(strstr(served_answer(), "Location: /deviations"));
    const struct str cookie = s.cookie;
    char with[400];
    snprintf(with, sizeof with, "%.*s; vein-hidden-deviations=number.kind", STR(cookie));
    s.cookie = str_z(with);
    assert_int_equal(served_get(&s, "/deviations", "text/html"), 200);
    assert_null(strstr(served_answer(), ">Damage<"));
    assert_null(strstr(served_answer(), "<th role=\"columnheader\" scope=\"col\">Kind"));
    assert_non_null(strstr(served_answer(), "DEV-"));
    s.cookie = cookie;
    assert_int_equal(served_post(&s, "/columns", "table=a%0D%0Ab&next=%2F"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_sorted_both_ways_and_filtered, open_served,
                                        close_served),
        cmocka_unit_test_setup_teardown(goes_on_where_a_page_ends, open_served, close_served),
        cmocka_unit_test_setup_teardown(is_taken_away_as_it_is_filtered, open_served, close_served),
        cmocka_unit_test_setup_teardown(columns_are_kept_by_the_device, open_served, close_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
