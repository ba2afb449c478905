#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void cells_are_text_and_nothing_else(void **state)
{
    (void)state;
    char storage[200];
    struct buf b = buf_over(storage, sizeof storage);
    csv_cell(&b, S("plain, with a comma"), false);
    csv_cell(&b, S("she said \"no\""), false);
    csv_cell(&b, S("=HYPERLINK(\"x\")"), false);
    csv_cell(&b, S("-1+2"), false);
    csv_cell(&b, S("a=1"), false);
    csv_cell(&b, S(""), true);
    assert_true(str_is(buf_get(&b), "\"plain, with a comma\",\"she said \"\"no\"\"\","
                                    "\"'=HYPERLINK(\"\"x\"\")\",\"'-1+2\",\"a=1\",\"\"\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(cells_are_text_and_nothing_else) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
