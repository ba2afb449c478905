/* What signatures say of other events, where those are not all at hand: it is counted, not passed
 * over in silence. */
#include "verify/refers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static bool nothing_there(void *context, uint64_t at, struct str *leaf, bool *found,
                          struct verify_report *r)
{
    (void)context, (void)at, (void)leaf, (void)r;
    *found = false;
    return true;
}

/* partial: SIG-02 a token whose enrolment is not in a bundle is told */
static void what_is_not_at_hand_is_counted(void **state)
{
    (void)state;
    static struct verify_report report;
    struct verify_refers refers = { 0 };
    const struct verify_signed by_token = { .token = true, .enrolled_at = 3 };
    const struct verify_signed both = { .refers = true, .at = 4, .token = true, .enrolled_at = 3 };
    assert_true(verify_refers_add(&refers, 7, &by_token));
    assert_true(verify_refers_add(&refers, 8, &both));
    assert_true(verify_refers_hold(&refers, nothing_there, NULL, &report));
    assert_int_equal(report.unenrolled, 2);
    assert_int_equal(report.unseen, 1);
    verify_refers_free(&refers);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_not_at_hand_is_counted) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
