/* Settings: where they come from, in which order, and that the page tells the truth. */
#include "app/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/vein-params-XXXXXX";

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void file_then_environment(void **state)
{
    (void)state;
    struct params p;
    struct err e = { 0 };
    assert_int_equal(params_read(&p, NULL, &e), OK);
    assert_string_equal(p.listen, "127.0.0.1:8443");
    write_file("# a comment\n\nlisten = [::1]:9000\n  timeout=5  \n");
    assert_int_equal(params_read(&p, path, &e), OK);
    assert_string_equal(p.listen, "[::1]:9000");
    assert_string_equal(p.timeout, "5");
    setenv("VEIN_TIMEOUT", "7", 1);
    assert_int_equal(params_read(&p, path, &e), OK);
    assert_string_equal(p.timeout, "7");
    unsetenv("VEIN_TIMEOUT");
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    struct params p;
    struct err e = { 0 };
    write_file("listen = x\nlisen = y\n");
    assert_int_equal(params_read(&p, path, &e), REFUSED);
    assert_string_equal(e.code, "params.unknown");
    assert_string_equal(e.params[0].value, "2");
    assert_int_equal(params_read(&p, "/nowhere/at/all", &e), REFUSED);
    assert_string_equal(e.code, "params.file");
    int64_t n;
    assert_int_equal(params_number("threads", "0", 64, &n, &e), REFUSED);
    assert_int_equal(params_number("threads", "65", 64, &n, &e), REFUSED);
    assert_int_equal(params_number("threads", "4x", 64, &n, &e), REFUSED);
    assert_int_equal(params_number("threads", "64", 64, &n, &e), OK);
}

/* Every setting and its default stand in docs/configuration.md. */
static void the_page_tells_the_truth(void **state)
{
    (void)state;
    static char page[16384];
    FILE *file = fopen("docs/configuration.md", "r");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
#define PARAM(name, value, text)                                                                   \
    assert_non_null(strstr(page, "`" #name "`"));                                                  \
    assert_non_null(strstr(page, value));
#include "app/params.def"
#undef PARAM
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_then_environment),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(the_page_tells_the_truth),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
