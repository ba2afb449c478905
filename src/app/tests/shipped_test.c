/* The definitions that ship are good, load once, and their workflows hold every mandatory point. */
#include "app/shipped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/log.h"
#include "kernel/define.h"
#include "kernel/text.h"
#include "kernel/tests/fixture.h"

static struct fixture f;

static int open_node(void **state)
{
    (void)state;
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    fixture_open(&f, modules, n);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void they_load_and_load_again_without_change(void **state)
{
    (void)state;
    struct fixture_person system;
    struct err e = { 0 };
    size_t changed;
    fixture_person(&system, 1, 1, 1, "define.load");
    if (shipped_load(&f.node, &system.actor, &changed, &e) != OK)
        fail_msg("%s %s: %.*s", e.code, e.detail, STR(define_error(f.arena, S("en"), &e)));
    assert_true(changed > 30);
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(shipped_load(&f.node, &system.actor, &changed, &e), OK);
    assert_int_equal(changed, 0);
    assert_int_equal(ledger_size(f.node.ledger), size);
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_load_and_load_again_without_change, open_node,
                                        close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
