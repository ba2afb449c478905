/* What of a patient is seen by whom, and that nothing of it is ever written in plain. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "modules/order/tests/order_ground.h"

static void the_same_patient_again_is_no_event(void **state)
{
    (void)state;
    enrolled();
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(enrol(&physician, 1, FAMILY), OK);
    assert_int_equal(f.answer.nevents, 0);
    char again[40];
    answered(again, sizeof again, "pseudonym");
    assert_string_equal(again, pseudonym);
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_int_equal(enrol(&physician, 1, "Other"), REFUSED);
    fixture_refused(&f, "order.enrolled_before");
    assert_int_equal(enrol(&physician, 2, FAMILY), OK); /* another id: another patient */
    answered(again, sizeof again, "pseudonym");
    assert_string_not_equal(again, pseudonym);
}

/* partial: ACC-03 (who lacks the right sees a pseudonym; looking is not yet recorded) */
static void acc_03_names_only_with_the_right_at_the_site(void **state)
{
    (void)state;
    enrolled();
    assert_true(shown_to(&physician).by_name);
    assert_true(str_is(shown_to(&physician).shown, FAMILY ", " GIVEN " (F, " BORN ")"));
    assert_false(shown_to(&reader).by_name);
    assert_true(str_is(shown_to(&reader).shown, pseudonym));
    assert_false(shown_to(&maker).by_name); /* the right, elsewhere */
    assert_true(str_is(shown_to(&maker).shown, pseudonym));
    assert_true(str_starts(str_z(pseudonym), S("P-")));
    assert_int_equal(strlen(pseudonym), 8);
}

/* Who collects at another organisation must call the patient by name, as long as the order runs. */
static void a_party_names_the_patient_while_the_order_runs(void **state)
{
    (void)state;
    placed();
    assert_true(shown_to(&maker).by_name);
    assert_false(shown_to(&stranger).by_name); /* the right, but no part in the order */
    struct fixture_person ender;
    fixture_person(&ender, 5, 1, 1, "flow.end");
    assert_int_equal(fixture_send(&f, &ender, "flow.end", "withdrawn by the patient",
                                  "{'order':'%s','how':'withdrawn'}", order),
                     OK);
    assert_false(shown_to(&maker).by_name);
    assert_true(shown_to(&physician).by_name);
}

/* partial: SEC-01 (after erasure the name is gone, the rows rebuild the same) */
static void sec_01_an_erased_patient_stays_a_pseudonym(void **state)
{
    (void)state;
    placed();
    struct err e = { 0 };
    assert_int_equal(keyring_destroy(f.node.keys, str_z(patient), &e), OK);
    assert_false(shown_to(&physician).by_name);
    assert_true(str_is(shown_to(&physician).shown, pseudonym));
    assert_int_equal(enrol(&physician, 1, FAMILY), REFUSED);
    fixture_refused(&f, "seal.erased");
    struct db *db = reading();
    struct order_patient_secret secret;
    assert_int_equal(order_patient_open(&secret, f.node.keys, db, str_z(patient), f.arena, &e),
                     REFUSED);
    store_reader_give(f.node.store, db);
    fixture_rebuilds(&f);
}

/* partial: SEC-01 (no personal text in database, write-ahead log, keyring or program's log)
 */
/* What is said in an order's records, reasons and deviations goes with the patient's key as well.
 */
static void sec_01_what_an_order_tells_is_erased_too(void **state)
{
    (void)state;
    placed();
    assert_int_equal(
        fixture_send(&f, &physician, "flow.hold", FAMILY " is ill", "{'order':'%s'}", order), OK);
    assert_int_equal(fixture_send(&f, &maker, "deviation.open", NULL,
                                  "{'kind':'other','risk':'minor','description':'of " FAMILY
                                  "','order':'%s'}",
                                  order),
                     OK);
    struct db *db = reading();
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    size_t sealed = 0;
    char key[60];
    char under[60];
    snprintf(key, sizeof key, "order/%s", order);
    snprintf(under, sizeof under, "\"s1:%s:", patient);
    assert_int_equal(ledger_read_key(db, str_z(key), -1, 20, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    for (size_t i = 0; i < n; i++) {
        const char *leaf = arena_str(f.arena, rows[i].leaf).p;
        const char *text = strstr(leaf, "\"s1:");
        sealed += text != NULL;
        if (text)
            assert_memory_equal(text, under, strlen(under));
    }
    assert_int_equal(sealed, 2);
}

static void sec_01_no_personal_text_in_any_file(void **state)
{
    (void)state;
    char log[200];
    snprintf(log, sizeof log, "%s/log", f.folder);
    int kept = dup(STDERR_FILENO);
    int fd = open(log, O_WRONLY | O_CREAT, 0600);
    assert_true(kept >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    placed();
    assert_int_equal(enrol(&physician, 1, "Other"), REFUSED);
    assert_int_equal(prescribe(&stranger, "C83.3", "eu", "70 kg"), REFUSED);
    assert_int_equal(fixture_send(&f, &physician, "order.schedule", "asked by " FAMILY,
                                  "{'order':'%s','dates':[{'what':'infusion','planned':"
                                  "'2026-12-03T08:00:00Z'}]}",
                                  order),
                     OK);
    (void)shown_to(&physician);
    fixture_settle(&f);
    fixture_reopen(&f);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(fd);
    assert_true(fixture_files_holding(&f, pseudonym) > 0); /* it finds what is there */
    assert_int_equal(fixture_files_holding(&f, FAMILY), 0);
    assert_int_equal(fixture_files_holding(&f, GIVEN), 0);
    assert_int_equal(fixture_files_holding(&f, BORN), 0);
    assert_int_equal(fixture_files_holding(&f, NUMBER), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_same_patient_again_is_no_event),
        CASE(acc_03_names_only_with_the_right_at_the_site),
        CASE(a_party_names_the_patient_while_the_order_runs),
        CASE(sec_01_an_erased_patient_stays_a_pseudonym),
        CASE(sec_01_what_an_order_tells_is_erased_too),
        CASE(sec_01_no_personal_text_in_any_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
