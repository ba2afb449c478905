/* Patients in the index: by name for who may use it, never plain in any file, gone with the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/search.h"
#include "modules/order/tests/order_ground.h"

static enum outcome all_may(void *context, const struct search_hit *hit, bool *may, struct err *e)
{
    (void)context;
    (void)hit;
    (void)e;
    *may = true;
    return OK;
}

/* How many things are found. */
static size_t found(const struct fixture_person *who, const char *text)
{
    struct search_answer answer;
    struct err e = { 0 };
    const struct search_query q = {
        .text = str_z(text), .actor = &who->actor, .after = { .rank = -1 }, .max = 5, .may = all_may
    };
    fixture_settle(&f);
    struct db *db = reading();
    if (search_find(&answer, db, f.node.registry, f.node.keys, &q, f.arena, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    store_reader_give(f.node.store, db);
    return answer.n;
}

/* Things in the index, of all rules: of a patient by the pseudonym, and by the name. */
static int64_t things(void)
{
    struct hash ignored;
    struct err e = { 0 };
    int64_t n = 0;
    struct db *db = reading();
    assert_int_equal(db_table_hash(db, S("search_thing"), &n, &ignored, &e), OK);
    store_reader_give(f.node.store, db);
    return n;
}

/* Who searches by name: at the hospital, and at a party while the order runs. */
static struct fixture_person searcher, party;
static void people(void)
{
    fixture_person(&searcher, 7, 1, 1, "patient.name order.see");
    fixture_person(&party, 8, 2, 2, "patient.name order.see");
}

/* partial: ACC-03 (a name finds nothing for who may not use it) */
static void acc_03_a_name_finds_for_who_may_use_it(void **state)
{
    (void)state;
    people();
    placed();
    assert_int_equal(found(&searcher, "zaunkönigin"), 1);
    assert_int_equal(found(&searcher, "WILHELMETTA Zaunkoenigin"), 1);
    assert_int_equal(found(&searcher, "kh 77341902"), 1);
    assert_int_equal(found(&searcher, "Zaunk"), 0);
    assert_int_equal(found(&reader, FAMILY), 0);
    assert_int_equal(found(&reader, NUMBER), 0);
    assert_int_equal(found(&reader, pseudonym), 1);
    assert_int_equal(found(&stranger, FAMILY), 0);
    assert_int_equal(found(&stranger, pseudonym), 0);
    assert_int_equal(found(&party, FAMILY), 1);
    struct fixture_person ender;
    fixture_person(&ender, 5, 1, 1, "flow.end");
    assert_int_equal(fixture_send(&f, &ender, "flow.end", "withdrawn by the patient",
                                  "{'order':'%s','how':'withdrawn'}", order),
                     OK);
    assert_int_equal(found(&party, FAMILY), 0);
    assert_int_equal(found(&searcher, FAMILY), 1);
    fixture_rebuilds(&f);
}

static void hash_text(char hex[HASH_HEX + 1], const char *text)
{
    hash_hex(hex, hash_of(text, strlen(text)));
}

/* partial: SEC-01 (no name, folded name, number or hash of one stands in any file) */
static void sec_01_no_file_holds_what_is_searched_by(void **state)
{
    (void)state;
    char hex[HASH_HEX + 1];
    people();
    placed();
    assert_int_equal(found(&searcher, FAMILY), 1);
    static const char *const secrets[] = { "zaunkoenigin", "Zaunkoenigin", "wilhelmetta",
                                           "kh77341902", "77341902" };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        assert_int_equal(fixture_files_holding(&f, secrets[i]), 0);
        hash_text(hex, secrets[i]);
        hex[32] = '\0';
        assert_int_equal(fixture_files_holding(&f, hex), 0);
    }
    char folded[40] = "i"; /* the check can fail: what is plain is there */
    for (size_t i = 0, n = 1; pseudonym[i]; i++)
        if (pseudonym[i] != '-')
            folded[n++] = (char)(pseudonym[i] | (pseudonym[i] >= 'A' ? 32 : 0));
    assert_true(fixture_files_holding(&f, folded) > 0);
}

/* partial: SEC-01 (after erasure nothing is found by the name, and its tokens are gone) */
static void sec_01_tokens_go_with_the_key(void **state)
{
    (void)state;
    struct err e = { 0 };
    people();
    placed();
    assert_int_equal(found(&searcher, FAMILY), 1);
    const int64_t before = things();
    assert_int_equal(keyring_destroy(f.node.keys, str_z(patient), &e), OK);
    env_sim_advance(&f.sim, 2 * SEARCH_SWEEP_US);
    fixture_settle(&f);
    env_sim_advance(&f.sim, 2 * SEARCH_SWEEP_US);
    assert_int_equal(found(&searcher, FAMILY), 0);
    assert_int_equal(things(), before - 1);
    assert_int_equal(found(&reader, pseudonym), 1);
    fixture_rebuilds(&f);
}

static void a_rebuild_leaves_out_who_was_erased(void **state)
{
    (void)state;
    struct err e = { 0 };
    people();
    placed();
    assert_int_equal(found(&searcher, FAMILY), 1);
    const int64_t before = things();
    assert_int_equal(keyring_destroy(f.node.keys, str_z(patient), &e), OK);
    assert_int_equal(node_rebuild(&f.node, &e), OK);
    assert_int_equal(things(), before - 1);
    fixture_rebuilds(&f);
}

static void a_corrected_name_replaces_the_old(void **state)
{
    (void)state;
    people();
    enrolled();
    assert_int_equal(found(&searcher, GIVEN), 1);
    struct fixture_person corrector;
    fixture_person(&corrector, 9, 1, 1, "patient.correct order.see patient.name");
    const struct order_patient_in in = { str_z(patient) };
    const struct order_patient_out *row = fixture_list(&f, &sql_order_patient, &in).p;
    if (fixture_send(&f, &corrector, "patient.correct", "misheard",
                     "{'patient':'%s','seen':'%.*s','family':'Adler','given':'Ida',"
                     "'birth_date':'" BORN "','sex':'female'}",
                     patient, STR(row->event)) != OK)
        fail_msg("%s: %s", f.error.code, f.error.detail);
    assert_int_equal(found(&searcher, FAMILY), 0);
    assert_int_equal(found(&searcher, NUMBER), 0);
    assert_int_equal(found(&searcher, "adler ida"), 1);
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(acc_03_a_name_finds_for_who_may_use_it),
        CASE(sec_01_no_file_holds_what_is_searched_by),
        CASE(sec_01_tokens_go_with_the_key),
        CASE(a_rebuild_leaves_out_who_was_erased),
        CASE(a_corrected_name_replaces_the_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
