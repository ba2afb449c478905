/* An interrupted first start of the demonstration is begun anew by itself, and takes nothing away
 * that it did not make. */
#include "app/demo_folder.h"
#include "base/tests/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[80];

static void put(const char *what)
{
    char at[120];
    snprintf(at, sizeof at, "%s%s", path, what);
    FILE *file = fopen(at, "w");
    assert_non_null(file);
    fputs("x", file);
    fclose(file);
}

static bool there(const char *what)
{
    char at[120];
    snprintf(at, sizeof at, "%s%s", path, what);
    return access(at, F_OK) == 0;
}

static int make_folder(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "demo");
    snprintf(path, sizeof path, "%s/vein.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = { "", "-wal", ".keys", ".root", ".making", ".notes" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char at[120];
        snprintf(at, sizeof at, "%s%s", path, names[i]);
        unlink(at);
    }
    return rmdir(folder);
}

static void an_interrupted_history_begins_anew(void **state)
{
    (void)state;
    struct demo_folder f;
    struct err e = { 0 };
    bool fresh;
    assert_int_equal(demo_folder_begin(&f, path, &fresh, &e), OK);
    assert_true(fresh);
    put("");
    put("-wal");
    put(".keys");
    put(".root");
    put(".notes"); /* somebody's own */
    char files[120], piece[140];
    snprintf(files, sizeof files, "%s.files", path);
    snprintf(piece, sizeof piece, "%s/piece", files);
    assert_int_equal(mkdir(files, 0700), 0);
    put(".files/piece");
    demo_folder_end(&f); /* killed */

    assert_int_equal(demo_folder_begin(&f, path, &fresh, &e), OK);
    assert_true(fresh);
    assert_false(there("") || there("-wal") || there(".keys") || there(".root") || there(".files"));
    assert_true(there(".notes"));
    put("");
    assert_int_equal(demo_folder_made(&f, &e), OK);
    demo_folder_end(&f);

    /* Whole: it stays, start after start. */
    assert_int_equal(demo_folder_begin(&f, path, &fresh, &e), OK);
    assert_false(fresh);
    assert_true(there(""));
    demo_folder_end(&f);
}

static void nothing_of_another_is_taken_away(void **state)
{
    (void)state;
    struct demo_folder f;
    struct err e = { 0 };
    bool fresh;
    put(".keys");
    assert_int_equal(demo_folder_begin(&f, path, &fresh, &e), REFUSED);
    assert_string_equal(e.code, "demo.not_ours");
    assert_true(there(".keys"));
    assert_false(there(".making")); /* and the next start does not take it for its own */
}

static void two_do_not_make_it_at_once(void **state)
{
    (void)state;
    struct demo_folder f, other;
    struct err e = { 0 };
    bool fresh;
    assert_int_equal(demo_folder_begin(&f, path, &fresh, &e), OK);
    put("");
    assert_int_equal(demo_folder_begin(&other, path, &fresh, &e), REFUSED);
    assert_string_equal(e.code, "demo.busy");
    assert_true(there("")); /* the first goes on */
    demo_folder_end(&f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_interrupted_history_begins_anew),
        CASE(nothing_of_another_is_taken_away),
        CASE(two_do_not_make_it_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
