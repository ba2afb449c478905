/* A patient's order from enrolment to its dates: who may, what is pinned, what is assigned once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "modules/order/tests/order_ground.h"

/* partial: CLN-01 (enrolment, prescription, scheduling by commands) */
static void cln_01_from_enrolment_to_dates(void **state)
{
    (void)state;
    placed();
    assert_true(str_is(order_row().state, "placed"));
    assert_true(str_is(order_row().pseudonym, pseudonym));
    assert_int_equal(fixture_send(&f, &maker, "order.schedule", NULL,
                                  "{'order':'%s','dates':[{'what':'collection','planned':"
                                  "'2026-11-02T08:00:00Z'},{'what':'infusion','planned':"
                                  "'2026-12-01T08:00:00Z'}]}",
                                  order),
                     OK);
    assert_int_equal(fixture_send(&f, &physician, "order.schedule", NULL,
                                  "{'order':'%s','dates':[{'what':'infusion','planned':"
                                  "'2026-12-03T08:00:00Z'}]}",
                                  order),
                     OK);
    assert_int_equal(fixture_send(&f, &physician, "order.schedule", NULL,
                                  "{'order':'%s','dates':[{'what':'a','planned':"
                                  "'2026-12-03T08:00:00Z'},{'what':'a','planned':"
                                  "'2026-12-04T08:00:00Z'}]}",
                                  order),
                     REFUSED);
    fixture_refused(&f, "order.date_twice");
    struct db *db = reading();
    struct err e = { 0 };
    struct record_list dates;
    struct order_dates_in in = { str_z(order) };
    assert_int_equal(db_list(db, &sql_order_dates, &in, &dates, 20, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(dates.n, 2);
    const struct order_dates_out *date = dates.p;
    int64_t planned;
    assert_true(clock_read(&planned, S("2026-12-03T08:00:00Z")));
    assert_int_equal(date[1].planned, planned);
    fixture_rebuilds(&f);
}

static enum outcome place_with(const char *part, struct str organisation, struct str site)
{
    return fixture_send(&f, &physician, "order.place", NULL,
                        "{'order':'%s','parties':[{'part':'site','organisation':'%.*s',"
                        "'site':'%.*s'},{'part':'maker','organisation':'%.*s','site':'%.*s'},"
                        "{'part':'%s','organisation':'%.*s','site':'%.*s'}]}",
                        order, STR(physician.actor.organisation), STR(physician.actor.site),
                        STR(maker.actor.organisation), STR(maker.actor.site), part,
                        STR(organisation), STR(site));
}

/* Whoever is a party reads the order: nobody is one who has no part in it. */
static void no_party_but_those_of_the_workflow(void **state)
{
    (void)state;
    prescribed();
    assert_int_equal(place_with("spy", stranger.actor.organisation, stranger.actor.site), REFUSED);
    fixture_refused(&f, "order.unknown_part");
    assert_int_equal(place_with("maker", maker.actor.organisation, maker.actor.site), REFUSED);
    fixture_refused(&f, "flow.part_twice");

    /* A site that is another organisation's. */
    char organisation[40], site[40];
    struct fixture_person program;
    fixture_person(&program, 8, 1, 1, "organisation.make site.make");
    program.actor.system = true;
    assert_int_equal(fixture_send(&f, &program, "organisation.make", NULL,
                                  "{'name':'Elsewhere','kind':'hospital'}"),
                     OK);
    answered(organisation, sizeof organisation, "id");
    program.grants[1].organisation = str_z(organisation);
    program.grants[1].site = (struct str){ 0 };
    assert_int_equal(fixture_send(&f, &program, "site.make", NULL,
                                  "{'organisation':'%s','name':'There','kind':'ward',"
                                  "'zone':'Europe/Berlin'}",
                                  organisation),
                     OK);
    answered(site, sizeof site, "id");
    struct fixture_person kept = maker;
    maker.actor.site = str_z(site);
    assert_int_equal(place(&physician), REFUSED);
    fixture_refused(&f, "order.party_elsewhere");
    maker.actor.organisation = str_z(organisation);
    assert_int_equal(place(&physician), OK);
    maker = kept;
}

/* shows: COI-01 */
static void coi_01_is_assigned_once(void **state)
{
    (void)state;
    prescribed();
    assert_null(order_row().coi.p);
    struct str id = fixture_id('c', 9);
    char command[40];
    snprintf(command, sizeof command, "%.*s", STR(id));
    assert_int_equal(place_as(command, order), OK);
    answered(coi, sizeof coi, "coi");
    assert_true(order_coi_valid(str_z(coi)));
    assert_true(str_starts(str_z(coi), S("VN-")));
    assert_int_equal(place_as(command, order), OK);
    assert_true(f.answer.repeated); /* a retry gives the same, … */
    char again[60];
    answered(again, sizeof again, "coi");
    assert_string_equal(again, coi);
    assert_int_equal(place(&physician), REFUSED); /* … another command none */
    fixture_refused(&f, "order.placed_before");
    assert_true(str_is(order_row().coi, coi));
}

/* partial: COI-01 (an identifier that is taken is passed over) */
static void coi_01_taken_ones_are_passed_over(void **state)
{
    (void)state;
    prescribed();
    char first[40], command[40];
    snprintf(first, sizeof first, "%s", order);
    snprintf(command, sizeof command, "%.*s", STR(fixture_id('c', 8)));
    struct str taken = order_coi_make(S(PATTERN), str_z(command), 0, f.arena);

    /* Another order holds what this command draws first: written by the event that would say so. */
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "60 kg"), OK);
    char other[40];
    answered(other, sizeof other, "order");
    struct err e = { 0 };
    struct order_placed payload = { str_z(other), taken, S("trial"), 1 };
    struct event event = { .happened = env_now(&f.sim.env) };
    node_close(&f.node);
    struct store *store;
    struct db *writer;
    struct store_options options = { .path = f.path };
    assert_int_equal(store_open(&store, &options, &e), OK);
    assert_int_equal(store_writer(&writer, store, &e), OK);
    assert_int_equal(db_begin(writer, &e), OK);
    assert_int_equal(order_placed_apply(writer, &event, &payload, &e), OK);
    assert_int_equal(db_commit(writer, &e), OK);
    db_close(writer);
    store_close(store);
    fixture_reopen(&f);

    assert_int_equal(place_as(command, first), OK);
    answered(coi, sizeof coi, "coi");
    assert_string_not_equal(coi, arena_str(f.arena, taken).p);
    assert_true(str_is(order_coi_make(S(PATTERN), str_z(command), 1, f.arena), coi));
}

/* partial: ORC-01 (an order runs under the version it was prescribed and placed under) */
static void orc_01_versions_are_pinned(void **state)
{
    (void)state;
    prescribed();
    assert_int_equal(decimal_cmp(order_row().dose, decimal_of(143000000)), 0);
    assert_true(str_starts(order_row().dose_rule, S("2e6/kg × 71.5 kg = 1.43e8")));
    must_load(PRODUCT("2", "1e6", "XX-@@@@-@@@@-@@@@-%%"));
    assert_int_equal(place(&physician), OK);
    answered(coi, sizeof coi, "coi");
    assert_true(str_starts(str_z(coi), S("VN-")));
    assert_int_equal(order_row().product_version, 1);
    struct db *db = reading();
    struct err e = { 0 };
    struct order_order_out one = order_row();
    struct definition pinned;
    assert_int_equal(order_product(db, &one, &pinned, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(pinned.version, 1);
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "71.5 kg"), OK);
    answered(order, sizeof order, "order");
    assert_int_equal(order_row().product_version, 2);
    assert_int_equal(decimal_cmp(order_row().dose, decimal_of(71500000)), 0);
}

#define ABROAD(version, ways)                                                                      \
    HEAD("product", "trial", version)                                                              \
    "workflow: trial\ncoi_pattern: \"" PATTERN "\"\nmaterial: fresh\nindications: [C83.3]\n"       \
    "jurisdictions: [eu, us]\ndoses:\n- {per_kg: 2e6, cap: 2e8}\nways:\n" ways

/* shows: ORC-02 workflows are configured per product, jurisdiction and regime; that an order keeps
 * its version, or is moved by an approved change, and that versions are signed, is shown by
 * flow_test, flow_move_test and draft_test of the kernel */
static void orc_02_an_order_takes_the_way_of_its_jurisdiction(void **state)
{
    (void)state;
    static const char *const none[] = {
        ABROAD("2", "- {workflow: abroad}\n"),
        ABROAD("2", "- {workflow: abroad, jurisdictions: [jp]}\n"),
    };
    for (size_t i = 0; i < 2; i++) {
        struct err e = { 0 };
        assert_int_equal(load_text(none[i], &e), REFUSED);
        assert_string_equal(e.code, i == 0 ? "order.way_for_all" : "order.way_for_none");
    }
    must_load(HEAD("workflow", "abroad", "1") "product: trial\nmaterial: fresh\n"
                                              "parts: [site, maker]\nstages:\n"
                                              "- name: only\n  title: Only\n  tasks:\n"
                                              "  - {name: wait, title: Wait, part: site, role: "
                                              "nurse}\n");
    must_load(ABROAD("2", "- {workflow: missing, jurisdictions: [us], regimes: [trial]}\n"
                          "- {workflow: abroad, jurisdictions: [us]}\n"));
    enrolled();
    static const char *const of[][2] = { { "eu", "trial" }, { "us", "abroad" } };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(prescribe(&physician, "C83.3", of[i][0], "71.5 kg"), OK);
        answered(order, sizeof order, "order");
        assert_int_equal(place(&physician), OK);
        assert_true(str_is(order_row().workflow, of[i][1]));
    }
}

static void the_product_decides_what_may_be_prescribed(void **state)
{
    (void)state;
    enrolled();
    assert_int_equal(prescribe(&physician, "C91.0", "eu", "70 kg"), REFUSED);
    fixture_refused(&f, "order.not_indicated");
    assert_int_equal(prescribe(&physician, "C83.3", "us", "70 kg"), REFUSED);
    fixture_refused(&f, "order.not_permitted");
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "0 kg"), REFUSED);
    fixture_refused(&f, "order.weight_not_positive");
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "70"), REFUSED);
    struct err e = { 0 };
    assert_int_equal(load_text(PRODUCT("2", "2e6", "VN-@@@@-%%"), &e), REFUSED);
    assert_string_equal(e.code, "order.pattern_short");
    e = (struct err){ 0 };
    assert_int_equal(load_text(PRODUCT("2", "2e6, per_kg_max: 1e6", PATTERN), &e), REFUSED);
    assert_string_equal(e.code, "order.dose_outside");
    assert_true(str_is(err_param(&e, "line"), "12"));
    e = (struct err){ 0 };
    assert_int_equal(load_text(PRODUCT("2", "2e6, total: 1e8", PATTERN), &e), REFUSED);
    assert_string_equal(e.code, "order.dose_one_target");
}

static void strangers_learn_nothing(void **state)
{
    (void)state;
    placed();
    assert_int_equal(place(&stranger), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(prescribe(&stranger, "C83.3", "eu", "70 kg"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(enrol(&stranger, 1, FAMILY), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(enrol(&stranger, 1, "Other"), REFUSED);
    fixture_refused(&f, "gate.unknown");
    static const char deviation[] =
        "{'kind':'other','risk':'minor','description':'d','order':'%s'}";
    assert_int_equal(fixture_send(&f, &stranger, "deviation.open", NULL, deviation, order),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &maker, "deviation.open", NULL, deviation, order), OK);
    struct db *db = reading();
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    char key[60];
    snprintf(key, sizeof key, "order/%s", order);
    assert_int_equal(ledger_read_key(db, str_z(key), -1, 20, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(n >= 5); /* prescribed, placed, flow started, task opened, deviation */
}

static enum outcome prescribe_as(const struct fixture_person *who, const char *id)
{
    return fixture_send(&f, who, "order.prescribe", NULL,
                        "{'order':'%s','patient':'%s','product':'trial','indication':'C83.3',"
                        "'jurisdiction':'eu','regime':'commercial','weight':'70 kg'}",
                        id, patient);
}

/* Whose id it is, nobody learns by asking for it; and none is taken under whose key other things
 * are sealed. */
static void a_given_id_tells_nothing(void **state)
{
    (void)state;
    placed();
    assert_int_equal(enrol(&stranger, 9, "Own"), OK);
    answered(patient, sizeof patient, "patient");
    assert_int_equal(prescribe_as(&stranger, order), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(prescribe_as(&stranger, fixture_id('r', 9).p), OK);
    assert_int_equal(prescribe_as(&stranger, fixture_id('r', 9).p), REFUSED);
    fixture_refused(&f, "order.prescribed_before");

    struct fixture_person program = stranger;
    program.actor.system = true;
    assert_int_equal(fixture_send(&f, &program, "organisation.make", NULL,
                                  "{'organisation':'%s','name':'O','kind':'hospital'}",
                                  fixture_id('p', 8).p),
                     OK);
    assert_int_equal(enrol(&stranger, 8, "Own"), REFUSED);
    fixture_refused(&f, "gate.unknown");
}

/* partial: ORC-01 (patient and order are reached from each other) */
static void orc_01_lists_and_ways_back(void **state)
{
    (void)state;
    placed();
    struct db *db = reading();
    struct err e = { 0 };
    struct order_by_coi_in by = { str_z(coi) };
    struct order_by_coi_out found_row;
    bool found;
    assert_int_equal(db_get(db, &sql_order_by_coi, &by, &found_row, f.arena, &found, &e), OK);
    assert_true(found && str_is(found_row.order_id, order));
    struct record_list rows;
    struct order_of_patient_in of = { str_z(patient) };
    assert_int_equal(db_list(db, &sql_order_of_patient, &of, &rows, 20, f.arena, &e), OK);
    assert_int_equal(rows.n, 1);
    struct order_list_in list = { physician.actor.organisation, physician.actor.site, INT64_MAX,
                                  S("") };
    assert_int_equal(db_list(db, &sql_order_list, &list, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 1);
    const struct order_list_out *first = rows.p;
    assert_true(str_is(first->pseudonym, pseudonym));
    list.before = first->placed;
    list.before_id = first->order_id;
    assert_int_equal(db_list(db, &sql_order_list, &list, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 0);
    struct order_patients_in patients = { physician.actor.organisation, physician.actor.site,
                                          INT64_MAX, S(""), 200 };
    assert_int_equal(db_list(db, &sql_order_patients, &patients, &rows, 200, f.arena, &e), OK);
    assert_int_equal(rows.n, 1);
    store_reader_give(f.node.store, db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cln_01_from_enrolment_to_dates),
        CASE(no_party_but_those_of_the_workflow),
        CASE(coi_01_is_assigned_once),
        CASE(coi_01_taken_ones_are_passed_over),
        CASE(orc_01_versions_are_pinned),
        CASE(orc_02_an_order_takes_the_way_of_its_jurisdiction),
        CASE(the_product_decides_what_may_be_prescribed),
        CASE(strangers_learn_nothing),
        CASE(a_given_id_tells_nothing),
        CASE(orc_01_lists_and_ways_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
