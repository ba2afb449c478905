/* Ranges of downloads (RFC 9110, 14.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/file_pages.h"

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool good;
        bool part;
        int64_t from;
        int64_t n;
    } rows[] = {
        { NULL, true, false, 0, 100 },          { "bytes=0-9", true, true, 0, 10 },
        { "bytes=90-", true, true, 90, 10 },    { "bytes=-5", true, true, 95, 5 },
        { "bytes=-500", true, true, 0, 100 },   { "bytes=99-1000", true, true, 99, 1 },
        { "bytes=100-", false, false, 0, 100 }, { "bytes=-0", false, false, 0, 100 },
        { "bytes=9-3", true, false, 0, 100 },   { "bytes=1-2,4-5", true, false, 0, 100 },
        { "lines=1-2", true, false, 0, 100 },   { "bytes=x-", true, false, 0, 100 },
        { "bytes=-", true, false, 0, 100 },     { "bytes=", true, false, 0, 100 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t from;
        int64_t n;
        bool part;
        assert_int_equal(file_range_read(str_z(rows[i].header), 100, &from, &n, &part),
                         rows[i].good);
        assert_int_equal(part, rows[i].part);
        assert_int_equal(from, rows[i].from);
        assert_int_equal(n, rows[i].n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
