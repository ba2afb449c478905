/* What is entered so far into the form of an open task is kept for who entered it, sealed, part by
 * part, until the task is done (MES-02: back and forth, at another device, after a lost
 * connection).
 */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/flow_record.h"
#include "kernel/tests/flow_count.h"

static struct trial t;

static int set_up(void **state)
{
    (void)state;
    trial_open(&t);
    count_load(&t);
    assert_int_equal(trial_begin(&t, 2, "counting"), OK);
    assert_int_equal(trial_note_fact(&t, &t.nurse, "identify", "check:patient"), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    trial_close(&t);
    return 0;
}

static enum outcome keep(const struct fixture_person *who, const char *task, int part,
                         const char *inputs)
{
    return fixture_send(&t.f, who, "flow.complete", NULL,
                        "{'order':'%s','task':'%s','keep':%d,'inputs':[%s]}", t.order, task, part,
                        inputs);
}

static size_t kept(const struct fixture_person *who, struct flow_record_kept_out *first)
{
    struct db *db;
    struct err e = { 0 };
    struct record_list list;
    const struct flow_record_kept_in in = { str_z(t.order), S("count"), who->actor.name };
    assert_int_equal(store_reader_take(&db, t.f.node.store, &e), OK);
    assert_int_equal(db_list(db, &sql_flow_record_kept, &in, &list, 50, t.f.arena, &e), OK);
    store_reader_give(t.f.node.store, db);
    if (list.n > 0)
        *first = *(const struct flow_record_kept_out *)list.p;
    return list.n;
}

static bool has(struct str text, const char *word)
{
    return memmem(text.p, text.n, word, strlen(word)) != NULL;
}

static void is_kept_for_its_author_alone_until_the_task_is_done(void **state)
{
    (void)state;
    struct flow_record_kept_out row;
    assert_int_equal(trial_complete(&t, &t.nurse, "identify", ""), OK);
    /* unchecked: what nobody can have counted is kept as well */
    assert_int_equal(keep(&t.nurse, "count", 1, "{'name':'cells','entered':'Erika'}"), OK);
    assert_true(str_is(t.f.answer.body, "{\"entry\":\"kept\"}"));
    assert_int_equal(kept(&t.nurse, &row), 1);
    assert_int_equal(row.part, 1);
    assert_true(has(row.secrets, "\"cells\"") && !has(row.secrets, "Erika"));
    assert_int_equal(trial_events(&t, "flow.entries_kept"), 1);
    assert_false(has(t.payload, "Erika")); /* nor does the ledger tell */
    assert_int_equal(kept(&t.second, &row), 0);
    assert_int_equal(keep(&t.nurse, "count", 1, "{'name':'cells','entered':'12'}"), OK);
    assert_int_equal(keep(&t.nurse, "count", 2, ""), OK);
    assert_int_equal(kept(&t.nurse, &row), 2); /* one of each part: the last */
    fixture_rebuilds(&t.f);
    assert_int_equal(trial_complete(&t, &t.nurse, "count", "{'name':'cells','entered':'12'}"), OK);
    assert_int_equal(kept(&t.nurse, &row), 2); /* the second person is awaited */
    assert_int_equal(trial_complete(&t, &t.second, "count", "{'name':'cells','entered':'12'}"), OK);
    assert_int_equal(kept(&t.nurse, &row), 0);
    fixture_rebuilds(&t.f);
}

static void is_refused_as_completing_is(void **state)
{
    (void)state;
    assert_int_equal(keep(&t.nurse, "count", 1, ""), REFUSED); /* its turn has not come */
    assert_int_equal(keep(&t.nurse, "identify", 1, ""), REFUSED);
    fixture_refused(&t.f, "flow.no_form");
    assert_int_equal(trial_complete(&t, &t.nurse, "identify", ""), OK);
    assert_int_equal(keep(&t.operator, "count", 1, ""), REFUSED); /* another's role */
    assert_int_equal(keep(&t.nurse, "count", 42, ""), REFUSED);
    fixture_refused(&t.f, "flow.no_part");
    assert_int_equal(trial_events(&t, "flow.entries_kept"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_kept_for_its_author_alone_until_the_task_is_done, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(is_refused_as_completing_is, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
