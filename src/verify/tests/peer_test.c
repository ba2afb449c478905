/* The verdict is that of an independent verifier in another language, on exports changed at random;
 * its examples are accepted. Both lie in the folder $VEIN_SHARED. */
#define _GNU_SOURCE
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { FILES_MAX = 600, CONTENT_MAX = 1 << 20 };

static char folder[64];
static struct verify_report report;
static uint8_t content[CONTENT_MAX];

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "verify");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_remove(folder);
    return 0;
}

static bool good(void)
{
    return verify_tlog(folder, &(struct verify_options){ 0 }, &report);
}

static void again(const struct made *m, size_t n)
{
    made_remove(folder);
    made_export(m, n, folder);
}

static const char *shared(const char *what)
{
    static char path[512];
    const char *root = getenv("VEIN_SHARED");
    snprintf(path, sizeof path, "%s/%s", root ? root : "", what);
    if (root && access(path, R_OK) == 0)
        return path;
    printf("skipped: %s is not in $VEIN_SHARED\n", what);
    return NULL;
}

static void examples_are_accepted(void **state)
{
    (void)state;
    const char *const names[] = { "tlog-example/n5", "tlog-example/n300" };
    for (int i = 0; i < 2; i++) {
        const char *path = shared(names[i]);
        if (!path)
            return;
        const struct verify_options any = { .any_entries = true };
        assert_true(verify_tlog(path, &any, &report));
        assert_int_equal(report.count, i == 0 ? 5 : 300);
    }
}

/* Changes one file of the export in some way; the same number gives the same change. */
static void mutate(unsigned number, char paths[][128], size_t nfiles)
{
    const char *path = paths[number % nfiles];
    const size_t n = made_get(folder, path, content, CONTENT_MAX - 64);
    const size_t at = (size_t)number * 7919 % n;
    char full[256];
    snprintf(full, sizeof full, "%s/%s", folder, path);
    switch (number / nfiles % 6) {
    case 0:
        content[at] ^= (uint8_t)(1u << number % 8);
        made_put(folder, path, content, n);
        break;
    case 1:
        made_put(folder, path, content, at);
        break;
    case 2:
        content[n] = content[at];
        made_put(folder, path, content, n + 1);
        break;
    case 3:
        unlink(full);
        break;
    case 4:
        memmove(content + at + 1, content + at, n - at);
        made_put(folder, path, content, n + 1);
        break;
    default:
        made_put(folder, number % 2 ? "tile/0/000.p/7" : "tile/0/001.p/45", content,
                 n < 224 ? n : 224);
        break;
    }
}

static void verdict_is_that_of_the_other_verifier(void **state)
{
    (void)state;
    static char paths[FILES_MAX][128];
    const char *tool = shared("tools/tlog_verify.py");
    if (!tool)
        return;
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 300);
    unsigned bad = 0;
    for (unsigned number = 0; number < 85; number++) {
        again(m, 300);
        const size_t nfiles = made_list(folder, paths, FILES_MAX);
        if (number > 0)
            mutate(number, paths, nfiles);
        char command[700];
        snprintf(command, sizeof command, "python3 %s %s >/dev/null 2>&1", tool, folder);
        const int status = system(command);
        assert_true(WIFEXITED(status));
        const bool mine = good();
        if (mine != (WEXITSTATUS(status) == 0))
            fail_msg("change %u: %s %s, the other says %d", number, report.bad_item, report.reason,
                     WEXITSTATUS(status));
        bad += !mine;
    }
    assert_true(bad > 60);
    made_free(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(examples_are_accepted),
        TEST(verdict_is_that_of_the_other_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
