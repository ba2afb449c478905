/* Erasing a patient's personal data: who may, when nobody may, and that nothing of them is left
 * whatever happens in between. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "kernel/file_note.h"
#include "kernel/search_impl.h"
#include "kernel/sign_pages.h"
#include "modules/order/tests/erasing.h"

#define MORE "patient.withdraw_erasure patient.name "

static struct fixture_person corrector; /* site 1 */

#define RETENTION                                                                                  \
    HEAD("retention", "trial", "1")                                                                \
    "duties:\n"                                                                                    \
    "- {name: open, title: Treatment runs, source: a house rule, as_long_as: order_open}\n"        \
    "- {name: deviation, title: Deviation open, source: a house rule, "                            \
    "as_long_as: deviation_open}\n"                                                                \
    "- {name: kept, title: Cells kept, source: a house rule, as_long_as: material_kept}\n"         \
    "- {name: years, title: Traceability, source: a law, jurisdictions: [eu], years: 30}\n"        \
    "- {name: other, title: Elsewhere, source: a law, jurisdictions: [us], years: 99}\n"

static int ground(void **state)
{
    open_node(state);
    must_load(RETENTION);
    fixture_person(&asker, 21, 1, 1, ERASING MORE);
    fixture_person(&orderer, 22, 1, 1, ERASING MORE);
    fixture_person(&corrector, 26, 1, 1, "patient.correct patient.name");
    return 0;
}

static void end_order(const char *how)
{
    struct fixture_person ender;
    fixture_person(&ender, 5, 1, 1, "flow.end");
    assert_int_equal(fixture_send(&f, &ender, "flow.end", "so it was decided",
                                  "{'order':'%s','how':'%s'}", order, how),
                     OK);
}

/* --- who --- */

/* shows: SEC-01 (two persons; the key goes, the ledger stays, and nothing is left in a file) */
static void sec_01_two_persons_erase(void **state)
{
    (void)state;
    enrolled();
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(ask(&orderer), REFUSED);
    fixture_refused(&f, "order.erasure_waits");
    assert_int_equal(erase(&asker), REFUSED);
    fixture_refused(&f, "order.erasure_same_person");
    assert_true(shown_to(&physician).by_name);
    assert_int_equal(erase(&orderer), OK);
    fixture_settle(&f);
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
    assert_false(shown_to(&physician).by_name);
    assert_true(shown_to(&physician).erased);
    assert_true(str_is(shown_to(&physician).name, pseudonym));
    assert_int_equal(fixture_files_holding(&f, FAMILY), 0);
    assert_int_equal(ask(&asker), REFUSED);
    fixture_refused(&f, "order.patient_erased");
    assert_int_equal(erase(&orderer), REFUSED);
    fixture_refused(&f, "order.patient_erased");
    /* Nothing more is recorded of the person. */
    assert_int_equal(fixture_send(&f, &corrector, "patient.correct", "a mistake",
                                  "{'patient':'%s','family':'Example','birth_date':'1960-01-01',"
                                  "'sex':'male'}",
                                  patient),
                     REFUSED);
    fixture_refused(&f, "seal.erased");
    /* Both have signed, each what they did. */
    const struct sign_of_in of = { S("patient"), str_z(patient) };
    const struct record_list signatures = fixture_list(&f, &sql_sign_of, &of);
    const struct sign_of_out *signature = signatures.p;
    assert_int_equal(signatures.n, 2);
    assert_true(str_is(signature[0].meaning, "authored"));
    assert_true(str_eq(signature[0].signer, asker.actor.account));
    assert_true(str_is(signature[1].meaning, "approved"));
    assert_true(str_eq(signature[1].signer, orderer.actor.account));
    /* The list for restores names the id, and no name. */
    char path[128], line[80] = "";
    snprintf(path, sizeof path, "%s.erased", f.files);
    FILE *list = fopen(path, "r");
    assert_non_null(list);
    while (line[0] == '\0' || line[0] == '\n') /* each on a line of its own */
        assert_non_null(fgets(line, sizeof line, list));
    fclose(list);
    assert_int_equal(strncmp(line, patient, 36), 0);
    fixture_rebuilds(&f);
    fixture_reopen(&f);
    assert_true(shown_to(&physician).erased);
    fixture_rebuilds(&f);
}

static void a_request_is_withdrawn(void **state)
{
    (void)state;
    char old[40];
    enrolled();
    assert_int_equal(ask(&asker), OK);
    snprintf(old, sizeof old, "%s", request);
    assert_int_equal(fixture_send(&f, &orderer, "patient.withdraw_erasure", "a misunderstanding",
                                  "{'patient':'%s','request':'%s'}", patient, request),
                     OK);
    assert_int_equal(erase(&orderer), REFUSED);
    fixture_refused(&f, "order.no_erasure_request");
    assert_int_equal(ask(&orderer), OK);
    assert_string_not_equal(old, request);
    snprintf(request, sizeof request, "%s", old); /* the one that the sender saw is gone */
    assert_int_equal(erase(&asker), REFUSED);
    fixture_refused(&f, "order.no_erasure_request");
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE);
    fixture_rebuilds(&f);
}

static void a_stranger_learns_nothing(void **state)
{
    struct fixture_person elsewhere;
    (void)state;
    fixture_person(&elsewhere, 23, 3, 3, ERASING);
    enrolled();
    assert_int_equal(ask(&elsewhere), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(erase(&elsewhere), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE);
}

/* --- when not --- */

static void refused_for(const char *code, const char *duty)
{
    assert_int_equal(ask(&asker), REFUSED);
    fixture_refused(&f, code);
    assert_true(str_is(err_param(&f.error, "duty"), duty));
    assert_true(err_param(&f.error, "source").n > 0);
}

/* partial: REG-01, REG-03 (duties to keep are data by jurisdiction and regime) */
static void reg_01_a_duty_stands_in_the_way_and_is_named(void **state)
{
    (void)state;
    prescribed(); /* of which nothing came yet: no duty */
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(place(&physician), OK);
    assert_int_equal(erase(&orderer), REFUSED); /* asked before, a duty since */
    fixture_refused(&f, "order.duty_open");
    assert_true(str_is(err_param(&f.error, "duty"), "Treatment runs"));
    assert_int_equal(fixture_send(&f, &orderer, "patient.withdraw_erasure", "too early",
                                  "{'patient':'%s','request':'%s'}", patient, request),
                     OK);
    assert_int_equal(fixture_send(&f, &physician, "deviation.open", NULL,
                                  "{'kind':'other','risk':'minor','order':'%s',"
                                  "'description':'the lamp is out'}",
                                  order),
                     OK);
    char deviation[40];
    answered(deviation, sizeof deviation, "deviation");
    end_order("withdrawn");
    refused_for("order.duty_open", "Deviation open");
    struct fixture_person closer;
    fixture_person(&closer, 24, 1, 1, "deviation.close");
    assert_int_equal(fixture_send(&f, &closer, "deviation.close", "it was replaced",
                                  "{'deviation':'%s','cause':'material','conclusion':'replaced'}",
                                  deviation),
                     OK);
    refused_for("order.duty_runs", "Traceability");
    assert_true(str_starts(err_param(&f.error, "until"), S("2056-")));
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE);
    env_sim_advance(&f.sim, 31 * 366 * TIME_DAY);
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(erase(&orderer), OK);
    fixture_settle(&f);
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
    /* The order is still there, by its pseudonym. */
    assert_true(str_is(order_row().pseudonym, pseudonym));
    fixture_rebuilds(&f);
}

static void without_rules_nothing_is_erased(void **state)
{
    (void)state;
    enrolled();
    fixture_person(&asker, 21, 1, 1, ERASING MORE);
    assert_int_equal(ask(&asker), REFUSED);
    fixture_refused(&f, "order.no_retention");
}

/* partial: REG-01 (of a jurisdiction that no duty in years speaks of nothing is erased) */
static void reg_01_a_jurisdiction_without_a_rule(void **state)
{
    (void)state;
    must_load(HEAD(
        "retention", "trial",
        "1") "duties:\n"
             "- {name: open, title: Runs, source: a house rule, as_long_as: order_open}\n"
             "- {name: other, title: Elsewhere, source: a law, jurisdictions: [us], years: 9}\n");
    fixture_person(&asker, 21, 1, 1, ERASING MORE);
    prescribed();
    assert_int_equal(place(&physician), OK);
    end_order("withdrawn");
    env_sim_advance(&f.sim, 40 * 366 * TIME_DAY);
    assert_int_equal(ask(&asker), REFUSED);
    fixture_refused(&f, "order.no_retention_for");
    assert_true(str_is(err_param(&f.error, "jurisdiction"), "eu"));
}

static void malformed_duties_are_refused(void **state)
{
    static const struct {
        const char *duty, *code;
    } wrong[] = {
        { "{name: a, title: A, source: s}", "order.duty_one_end" },
        { "{name: a, title: A, source: s, years: 1, as_long_as: order_open}",
          "order.duty_one_end" },
        { "{name: a, title: A, source: s, years: 0}", "order.duty_years" },
        { "{name: a, title: A, source: s, years: 201}", "order.duty_years" },
        { "{name: a, title: A, source: s, as_long_as: it_rains}", "order.duty_condition" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[400];
        struct err e = { 0 };
        snprintf(text, sizeof text, "%sduties:\n- %s\n", HEAD("retention", "other", "1"),
                 wrong[i].duty);
        assert_int_equal(load_text(text, &e), REFUSED);
        assert_string_equal(e.code, wrong[i].code);
    }
}

/* --- in between --- */

/* The process ends between the event and the end of the key. */
static void sec_01_a_crash_before_the_key_is_destroyed(void **state)
{
    (void)state;
    enrolled();
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(erase(&orderer), OK);
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE); /* nothing has stepped since */
    /* Meanwhile nothing is sealed for the patient any more, … */
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "71.5 kg"), REFUSED);
    fixture_refused(&f, "order.patient_erased");
    assert_int_equal(fixture_send(&f, &corrector, "patient.correct", "too late",
                                  "{'patient':'%s','family':'Late','birth_date':'1960-01-01',"
                                  "'sex':'male'}",
                                  patient),
                     REFUSED);
    fixture_refused(&f, "seal.erased");
    assert_true(shown_to(&physician).erased); /* … nor shown */
    erasures_close(f.node.erasures);
    f.node.erasures = NULL;
    fixture_reopen(&f);
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
}

static void count_note(void *context, struct str id)
{
    (void)id;
    ++*(size_t *)context;
}

static size_t uploads(void)
{
    size_t n = 0;
    file_notes_each(f.node.files, count_note, &n);
    return n;
}

static bool is_found_by_name(void)
{
    const struct search_thing_in in = { S("patient.name"), str_z(patient) };
    return fixture_list(&f, &sql_search_thing, &in).n > 0;
}

/* shows: SEC-01 (what speaks of the patient beside the key goes also where the process ends right
 * behind the end of the key: it was written down before) */
static void sec_01_a_crash_behind_the_key(void **state)
{
    (void)state;
    struct err e = { 0 };
    char list[128], begun[128], line[80] = "";
    snprintf(list, sizeof list, "%s.erased", f.files);
    snprintf(begun, sizeof begun, "%s.erased.begun", f.files);
    enrolled();
    fixture_settle(&f);
    struct file_upload upload = {
        .kind = S("patient"),
        .belongs = str_z(patient),
        .subject = str_z(patient),
        .organisation = fixture_id('o', 1),
        .account = fixture_id('a', 1),
        .name = S("half.pdf"),
        .size = 1000,
    };
    assert_int_equal(file_begin(f.node.files, &upload, &e), OK);
    assert_int_equal(uploads(), 1);
    assert_true(is_found_by_name());
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(erase(&orderer), OK);
    assert_int_equal(mkdir(list, 0700), 0); /* in the way of what comes before the key's end */
    assert_int_equal(erasures_step(f.node.erasures, &e), FAULT);
    assert_int_equal(key_of(patient), SEAL_KEY_LIVE);
    FILE *file = fopen(begun, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file) && fgets(line, sizeof line, file) ? line : NULL);
    fclose(file);
    assert_int_equal(strncmp(line, patient, 36), 0);
    assert_int_equal(rmdir(list), 0);
    e = (struct err){ 0 };
    assert_int_equal(keyring_destroy(f.node.keys, str_z(patient), &e), OK);
    erasures_close(f.node.erasures);
    f.node.erasures = NULL;
    fixture_reopen(&f);
    assert_int_equal(uploads(), 0);
    assert_false(is_found_by_name());
    assert_int_equal(access(begun, F_OK), -1);
}

/* Another has the table of the index by this name for a while. */
static void index_named(const char *from, const char *to)
{
    char text[80];
    snprintf(text, sizeof text, "ALTER TABLE %s RENAME TO %s", from, to);
    test_db_by_hand(f.path, text);
}

/* shows: SEC-01 (what fails behind the end of the key is tried again until it is done) */
static void sec_01_a_fault_behind_the_key(void **state)
{
    (void)state;
    struct err e = { 0 };
    char begun[128];
    snprintf(begun, sizeof begun, "%s.erased.begun", f.files);
    enrolled();
    fixture_settle(&f);
    assert_int_equal(ask(&asker), OK);
    assert_int_equal(erase(&orderer), OK);
    assert_true(is_found_by_name());
    index_named("search_thing", "away");
    assert_int_equal(erasures_step(f.node.erasures, &e), FAULT);
    index_named("away", "search_thing");
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
    assert_true(is_found_by_name());
    assert_int_equal(access(begun, F_OK), 0);
    e = (struct err){ 0 };
    assert_int_equal(erasures_step(f.node.erasures, &e), OK);
    assert_false(is_found_by_name());
    assert_int_equal(access(begun, F_OK), -1);
}

struct sent {
    enum outcome outcome;
    char code[60];
};

static void done(void *context, const struct gate_answer *answer)
{
    struct sent *s = context;
    s->outcome = answer->error.outcome;
    snprintf(s->code, sizeof s->code, "%s", answer->error.code ? answer->error.code : "");
}

static struct gate_command command(const struct fixture_person *who, uint64_t n, const char *name)
{
    struct id id = id_derive(S("erase"), str_z(patient), n);
    return (struct gate_command){
        .id = arena_str(f.arena, id_str(&id)),
        .name = str_z(name),
        .actor = &who->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("in one group"),
        .arena = f.arena,
    };
}

/* Two erasures and a correction come in one group of the writer: one erasure counts, once, and what
 * came behind it says nothing of the patient any more. */
static void in_one_group(void **state)
{
    struct sent sent[3] = { 0 };
    size_t ran;
    struct err e = { 0 };
    (void)state;
    enrolled();
    assert_int_equal(ask(&physician), REFUSED); /* without the right */
    assert_int_equal(ask(&asker), OK);
    struct fixture_person other;
    fixture_person(&other, 25, 1, 1, ERASING);
    struct gate_command commands[3] = { command(&orderer, 0, "patient.erase"),
                                        command(&other, 1, "patient.erase"),
                                        command(&corrector, 2, "patient.correct") };
    commands[0].body = commands[1].body =
        arena_printf(f.arena, "{\"patient\":\"%s\",\"request\":\"%s\"}", patient, request);
    commands[2].body = arena_printf(f.arena,
                                    "{\"patient\":\"%s\",\"family\":\"Late\","
                                    "\"birth_date\":\"1960-01-01\",\"sex\":\"male\"}",
                                    patient);
    struct sign_given given[2];
    assert_int_equal(gate_submit(f.node.gate, &commands[0], done, &sent[0], &e), REFUSED);
    assert_string_equal(e.code, "sign.needed");
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_sign(&f, &commands[i], &given[i]), OK);
    e = (struct err){ 0 };
    const uint64_t size = ledger_size(f.node.ledger);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gate_submit(f.node.gate, &commands[i], done, &sent[i], &e), OK);
    assert_int_equal(gate_step(f.node.gate, &ran, &e), OK);
    assert_int_equal(ran, 3);
    assert_int_equal(sent[0].outcome, OK);
    assert_int_equal(sent[1].outcome, REFUSED);
    assert_string_equal(sent[1].code, "order.patient_erased");
    assert_int_equal(sent[2].outcome, REFUSED);
    assert_string_equal(sent[2].code, "seal.erased");
    assert_int_equal(ledger_size(f.node.ledger), size + 1);
    fixture_settle(&f);
    assert_int_equal(key_of(patient), SEAL_KEY_ERASED);
    fixture_rebuilds(&f);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, ground, close_node)
    const struct CMUnitTest tests[] = {
        WITH(sec_01_two_persons_erase),
        WITH(a_request_is_withdrawn),
        WITH(a_stranger_learns_nothing),
        WITH(reg_01_a_duty_stands_in_the_way_and_is_named),
        CASE(without_rules_nothing_is_erased),
        WITH(malformed_duties_are_refused),
        WITH(sec_01_a_crash_before_the_key_is_destroyed),
        WITH(sec_01_a_crash_behind_the_key),
        WITH(sec_01_a_fault_behind_the_key),
        CASE(reg_01_a_jurisdiction_without_a_rule),
        WITH(in_one_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
