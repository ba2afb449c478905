/* The journeys that ship with the workflows, mishaps and all, go as they say: what a customer reads
 * beside defs/workflows is so. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/buf.h"

/* Through the command line, as who writes a workflow runs them. */
static int try_workflow(const char *workflow, const char *journey)
{
    char *argv[] = { (char *)"try",       (char *)"workflow", (char *)workflow,
                     (char *)"--journey", (char *)journey,    NULL };
    return cli_try(5, argv);
}

static void shipped_journeys_go_as_they_say(void **state)
{
    (void)state;
    struct dirent **entries;
    size_t tried = 0;
    int n = scandir("defs/journeys", &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char journey[400];
        char workflow[400];
        struct str name = str_z(entries[i]->d_name);
        struct str stem = name;
        stem = str_cut(&name, '.');
        if (name.p && str_is(name, "yaml")) {
            snprintf(journey, sizeof journey, "defs/journeys/%s", entries[i]->d_name);
            snprintf(workflow, sizeof workflow, "defs/workflows/%.*s.yaml", (int)stem.n, stem.p);
            assert_int_equal(try_workflow(workflow, journey), CLI_DONE);
            tried++;
        }
        free(entries[i]);
    }
    free((void *)entries);
    assert_int_equal(tried, 2); /* one for each workflow that ships */
}

/* An expectation that does not hold ends the command with 1, whatever else is printed. */
static void a_journey_of_another_workflow_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_workflow("defs/workflows/lunacel.yaml", "defs/journeys/corvicel.yaml"),
                     CLI_REFUSED);
    assert_int_equal(try_workflow("defs/forms/tests.yaml", "defs/journeys/corvicel.yaml"),
                     CLI_REFUSED);
    assert_int_equal(try_workflow("defs/workflows/none.yaml", "defs/journeys/corvicel.yaml"),
                     CLI_FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_journeys_go_as_they_say),
        cmocka_unit_test(a_journey_of_another_workflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
