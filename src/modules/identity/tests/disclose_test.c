/* Who a patient is, is given out by those alone who may call the patient by name, with a reason,
 * and the ledger says to whom. */
#include "modules/identity/tests/story.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum outcome disclose(const struct fixture_person *who, const char *reason)
{
    return fixture_send(&t.f, who, "identity.disclose", reason,
                        "{'order':'%s','to':'the health authority'}", a.id);
}

static uint64_t recorded(void)
{
    return ledger_size(t.f.node.ledger);
}

/* partial: COI-10, AUD-02 */
static void coi_10_identity_leaves_no_way_but_with_a_trace(void **state)
{
    (void)state;
    struct fixture_person physician;
    fixture_person(&physician, 9, 1, 1, "identity.disclose patient.name");
    const uint64_t before = recorded();
    assert_int_equal(disclose(&t.nurse, "asked by letter"), REFUSED); /* knows the pseudonym only */
    refused("identity.not_by_name");
    assert_int_equal(disclose(&t.plant, "asked by letter"), REFUSED);
    refused("identity.not_by_name");
    assert_int_equal(disclose(&t.stranger, "asked by letter"), REFUSED);
    refused("gate.unknown");
    assert_int_equal(disclose(&physician, NULL), REFUSED);
    refused("gate.reason_needed");
    assert_int_equal(recorded(), before);

    assert_int_equal(disclose(&physician, "asked by letter"), OK);
    assert_int_equal(recorded(), before + 1);
    struct identity_disclosures_in in = { str_z(a.id) };
    const struct record_list rows = fixture_list(&t.f, &sql_identity_disclosures, &in);
    assert_int_equal(rows.n, 1);
    const struct identity_disclosures_out *row = rows.p;
    assert_true(str_is(row->to_whom, "the health authority"));
    assert_true(seal_is(row->reason)); /* why: free text, sealed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(coi_10_identity_leaves_no_way_but_with_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
