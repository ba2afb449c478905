/* A patient's data corrected: by whom, with what kept, and who is told. */
#include "kernel/ledger.h"
#include "kernel/tests/fixture.h"
#include "modules/order/tests/order_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct fixture_person registrar; /* site 1: corrects */

static int open_with_registrar(void **state)
{
    int o = open_node(state);
    fixture_person(&registrar, 9, 1, 1, "patient.correct patient.name flow.hold");
    return o;
}
#define CORRECTION(test) cmocka_unit_test_setup_teardown(test, open_with_registrar, close_node)

static enum outcome correct(const struct fixture_person *who, const char *family, const char *born,
                            const char *number, const char *condition, const char *reason)
{
    return fixture_send(&f, who, "patient.correct", reason,
                        "{'patient':'%s','family':'%s','given':'" GIVEN "','birth_date':'%s',"
                        "'sex':'female','identifiers':[{'system':'urn:hospital','value':'%s'}],"
                        "'conditions':[{'system':'icd-10','code':'%s'}]}",
                        patient, family, born, number, condition);
}

static struct order_patient_out row(void)
{
    struct order_patient_in in = { str_z(patient) };
    struct record_list rows = fixture_list(&f, &sql_order_patient, &in);
    assert_int_equal(rows.n, 1);
    return *(const struct order_patient_out *)rows.p;
}

static struct order_patient_secret opened(void)
{
    struct db *db = reading();
    struct order_patient_secret secret;
    struct err e = { 0 };
    assert_int_equal(order_patient_open(&secret, f.node.keys, db, str_z(patient), f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    return secret;
}

static struct event event_of(const char *kind, const char *id, size_t from_the_end)
{
    struct db *db = reading();
    struct ledger_row *rows;
    struct event event;
    struct err e = { 0 };
    struct stream s = stream_of(kind, str_z(id));
    size_t n;
    assert_int_equal(ledger_read_stream(db, stream_str(&s), 1, 20, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(n > from_the_end);
    assert_int_equal(event_read(&event, f.arena, rows[n - 1 - from_the_end].leaf, &e), OK);
    return event;
}

/* What is shown, compared and re-read is the corrected; the first is in the ledger, to be opened.
 */
static void the_corrected_is_what_holds_and_the_first_stays(void **state)
{
    (void)state;
    placed();
    assert_int_equal(correct(&registrar, "Zaunkoenig", "1961-03-02", NUMBER, "C83.3", "passport"),
                     OK);
    assert_true(str_is(shown_to(&physician).shown, "Zaunkoenig, " GIVEN " (F, 1961-03-02)"));
    struct order_patient_secret now = opened();
    assert_true(str_is(now.family, "Zaunkoenig") && str_is(now.birth_date, "1961-03-02"));
    assert_int_equal(now.nidentifiers, 1);
    assert_true(str_is(now.identifiers[0], NUMBER));

    struct event first = event_of("patient", patient, 1);
    struct event last = event_of("patient", patient, 0);
    assert_true(str_is(first.type, "patient.enrolled") && str_is(last.type, "patient.corrected"));
    assert_true(str_eq(last.actor, registrar.actor.name));
    struct err e = { 0 };
    const struct json *body;
    struct str text;
    assert_int_equal(json_read(&body, f.arena, first.payload, &json_limits_default, &e), OK);
    assert_int_equal(seal_open(f.node.keys, &text, first.id, S("family"),
                               json_get_str(body, "family"), f.arena, &e),
                     OK);
    assert_true(str_is(text, FAMILY));
    assert_int_equal(seal_open(f.node.keys, &text, last.id, S("reason"), last.reason, f.arena, &e),
                     OK);
    assert_true(str_is(text, "passport"));
    fixture_rebuilds(&f);
}

/* Never silently: the order's own history says that, and what, was corrected, and no value of it.
 */
static void a_running_order_is_told(void **state)
{
    (void)state;
    placed();
    assert_int_equal(correct(&registrar, "Zaunkoenig", BORN, NUMBER, "C83.3", "spelling"), OK);
    struct event told = event_of("order", order, 0);
    assert_true(str_is(told.type, "order.patient_corrected"));
    char payload[300];
    snprintf(payload, sizeof payload,
             "{\"order\":\"%s\",\"patient\":\"%s\",\"changed\":[\"family\"],\"named\":true}", order,
             patient);
    assert_true(str_is(told.payload, payload));

    struct fixture_person ender;
    fixture_person(&ender, 5, 1, 1, "flow.end");
    assert_int_equal(fixture_send(&f, &ender, "flow.end", "withdrawn",
                                  "{'order':'%s','how':'withdrawn'}", order),
                     OK);
    assert_int_equal(correct(&registrar, FAMILY, BORN, NUMBER, "C83.3", "back again"), OK);
    assert_true(str_is(event_of("order", order, 0).type, "order.patient_corrected"));
    assert_true(str_eq(event_of("order", order, 0).id, told.id)); /* it has ended: told no more */
}

/* Conditions and sex are no part of who somebody is taken for. */
static void a_condition_changes_nobody(void **state)
{
    (void)state;
    enrolled();
    struct order_patient_out before = row();
    assert_int_equal(correct(&registrar, FAMILY, BORN, NUMBER, "C85.1", "histology"), OK);
    assert_true(str_eq(row().named, before.named));
    assert_int_equal(row().corrected, TIME_NONE);
    assert_false(str_eq(row().event, before.event));
    assert_int_equal(correct(&registrar, FAMILY, BORN, "KH-1", "C85.1", "number"), OK);
    assert_true(str_eq(row().named, row().event));
    assert_int_not_equal(row().corrected, TIME_NONE);
}

static void what_is_refused(void **state)
{
    (void)state;
    enrolled();
    const uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(correct(&registrar, FAMILY, BORN, NUMBER, "C83.3", "nothing"), REFUSED);
    fixture_refused(&f, "order.nothing_corrected");
    assert_int_equal(correct(&registrar, "Other", BORN, NUMBER, "C83.3", NULL), REFUSED);
    fixture_refused(&f, "gate.reason_needed");
    assert_int_equal(correct(&reader, "Other", BORN, NUMBER, "C83.3", "no right"), REFUSED);
    fixture_refused(&f, "gate.forbidden");
    struct fixture_person far;
    fixture_person(&far, 8, 3, 3, "patient.correct patient.name");
    assert_int_equal(correct(&far, "Other", BORN, NUMBER, "C83.3", "elsewhere"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(ledger_size(f.node.ledger), size);

    struct str seen = row().event; /* two correct at once: the second sees what the first did */
    assert_int_equal(correct(&registrar, "Other", BORN, NUMBER, "C83.3", "first"), OK);
    assert_int_equal(fixture_send(&f, &registrar, "patient.correct", "second",
                                  "{'patient':'%s','seen':'%.*s','family':'Third','birth_date':"
                                  "'" BORN "','sex':'female'}",
                                  patient, STR(seen)),
                     REFUSED);
    fixture_refused(&f, "order.corrected_meanwhile");
}

/* An import that brings the old data again is refused as differing: it overwrites nothing. */
static void enrolling_again_overwrites_nothing(void **state)
{
    (void)state;
    enrolled();
    assert_int_equal(correct(&registrar, "Zaunkoenig", BORN, NUMBER, "C83.3", "spelling"), OK);
    assert_int_equal(enrol(&physician, 1, FAMILY), REFUSED);
    fixture_refused(&f, "order.enrolled_before");
    assert_true(str_is(opened().family, "Zaunkoenig"));
    const uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(enrol(&physician, 1, "Zaunkoenig"), OK); /* the source was corrected too */
    assert_int_equal(ledger_size(f.node.ledger), size);
}

/* partial: SEC-01 (corrected data goes with the patient's key as the first did) */
static void sec_01_an_erased_patient_is_not_corrected(void **state)
{
    (void)state;
    enrolled();
    struct err e = { 0 };
    assert_int_equal(correct(&registrar, "Zaunkoenig", BORN, NUMBER, "C83.3", "spelling"), OK);
    assert_int_equal(keyring_destroy(f.node.keys, str_z(patient), &e), OK);
    assert_true(str_is(shown_to(&physician).shown, pseudonym));
    assert_int_equal(correct(&registrar, "Other", BORN, NUMBER, "C83.3", "late"), REFUSED);
    fixture_refused(&f, "seal.erased");
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORRECTION(the_corrected_is_what_holds_and_the_first_stays),
        CORRECTION(a_running_order_is_told),
        CORRECTION(a_condition_changes_nobody),
        CORRECTION(what_is_refused),
        CORRECTION(enrolling_again_overwrites_nothing),
        CORRECTION(sec_01_an_erased_patient_is_not_corrected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
