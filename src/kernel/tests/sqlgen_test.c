/* The generator of statements: parts that several have in common, and what is refused of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/tests/folder.h"

/* Runs sqlgen over a file of queries; what it says, then the C that it made. */
static int generate(const char *sql, char *said, size_t size)
{
    char dir[64];
    char text[500];
    test_folder(dir, sizeof dir, "sqlgen");
    (void)snprintf(text, sizeof text, "%s/in.sql", dir);
    FILE *f = fopen(text, "wb");
    assert_non_null(f);
    assert_true(fputs(sql, f) >= 0);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(text, sizeof text,
                   "cd %s && ASAN_OPTIONS=detect_leaks=0 '" VEIN_BUILD /* it frees by ending */
                   "/sqlgen' in.sql in.h in.c x 2>&1 && cat in.c",
                   dir);
    FILE *out = popen(text, "r");
    assert_non_null(out);
    said[fread(said, 1, size - 1, out)] = '\0';
    const int status = pclose(out);
    (void)snprintf(text, sizeof text, "rm -rf %s", dir);
    assert_int_equal(system(text), 0);
    return status;
}

#define GONE "-- gone (site ID, id ID)\nDELETE FROM unit u WHERE id = :id AND {here};\n"
#define COUNT                                                                                      \
    "-- count (id ID, site ID) -> (n INT)\n"                                                       \
    "SELECT count(*) AS n FROM unit u WHERE {here} OR id = :id;\n"

/* A part's parameters are numbered as each statement declares them. */
static void a_part_stands_where_it_is_named(void **state)
{
    (void)state;
    char said[8000];
    assert_int_equal(
        generate("-- {here}\nu.site = :site -- its own\n  AND u.open = 1;\n" GONE COUNT, said,
                 sizeof said),
        0);
    assert_non_null(strstr(said, "u WHERE id = :id AND u.site = :site AND u.open = 1\""));
    assert_non_null(strstr(said, "u WHERE id = $2 AND u.site = $1 AND u.open = 1\""));
    assert_non_null(strstr(said, "u WHERE u.site = $2 AND u.open = 1 OR id = $1\""));
}

static void what_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { GONE, ":2: no part {here} stands above" },
        { "-- {here}\nu.site = :site;\n", ":2: the part {here} is in no statement" },
        { "-- {here}\n1 = 1;\n-- {here}\n1 = 1;\n", ":3: the part {here} stands twice" },
        { "-- {here} of a site\n1 = 1;\n", ":1: a part's header is" },
        { "-- {here}\n1 = 1\n", ":1: the part {here} has no ; at its end" },
        { "-- {here}\nu.name = :name;\n" GONE, ":2: :name is not declared in the header" },
        { "-- {a}\n1 = 1;\n-- {here}\n{a};\n" GONE, ":4: no { here: a part holds no part" },
        { "-- {here}\n1 = 1;\n-- gone (id ID)\nDELETE FROM unit WHERE id = :id AND {here;\n",
          ":4: expected } behind {here" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char said[4000];
        assert_int_not_equal(generate(bad[i][0], said, sizeof said), 0);
        if (!strstr(said, bad[i][1]))
            fail_msg("row %zu: %s", i, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_stands_where_it_is_named),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
