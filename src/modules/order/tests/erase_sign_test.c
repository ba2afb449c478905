#define _GNU_SOURCE /* memmem */
/* Erasure is two persons' signatures, as long as both stand. */

#include "modules/order/tests/erasing.h"

static int ground(void **state)
{
    open_node(state);
    must_load(HEAD("retention", "trial", "1") "duties:\n"
                                              "- {name: open, title: Treatment runs, "
                                              "source: a house rule, as_long_as: order_open}\n");
    fixture_person(&asker, 21, 1, 1, ERASING "sign.withdraw");
    fixture_person(&orderer, 22, 1, 1, ERASING);
    return 0;
}

static struct str request_event(void)
{
    const struct order_erasure_request_in in = { str_z(patient) };
    const struct record_list list = fixture_list(&f, &sql_order_erasure_request, &in);
    const struct order_erasure_request_out *row = list.p;
    assert_int_equal(list.n, 1);
    return row->event;
}

static bool is_shown_to_the_second(struct str event)
{
    struct gate_answer asked = { 0 };
    struct err e = { 0 };
    const struct gate_command c = {
        .id = fixture_id('c', 1),
        .name = S("patient.erase"),
        .body = arena_printf(f.arena, "{\"patient\":\"%s\",\"request\":\"%s\"}", patient, request),
        .actor = &orderer.actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("looked at"),
        .arena = f.arena,
        .asks = true,
    };
    assert_int_equal(gate_run(f.node.gate, &c, &asked, &e), OK);
    return memmem(asked.body.p, asked.body.n, event.p, event.n) != NULL;
}

/* shows: SEC-01 (two persons, each by a signature that stands: the second signs the first's) */
static void sec_01_a_request_whose_signature_is_void(void **state)
{
    struct fixture_person critic;
    (void)state;
    fixture_person(&critic, 27, 1, 1, "sign.reject");
    enrolled();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(&asker), OK);
        const struct str event = request_event();
        assert_true(is_shown_to_the_second(event));
        assert_int_equal(fixture_send(&f, i ? &critic : &asker, i ? "sign.reject" : "sign.withdraw",
                                      "it was another patient", "{'signature':'%.*s'}", STR(event)),
                         OK);
        assert_int_equal(erase(&orderer), REFUSED);
        fixture_refused(&f, "order.erasure_void");
    }
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE);
    assert_int_equal(ask(&orderer), OK); /* anew, in place of what counts no more */
    assert_int_equal(erase(&orderer), REFUSED);
    fixture_refused(&f, "order.erasure_same_person");
    assert_int_equal(erase(&asker), OK);
    fixture_settle(&f);
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sec_01_a_request_whose_signature_is_void, ground,
                                        close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
