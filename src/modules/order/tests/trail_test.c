#define _GNU_SOURCE /* memmem */
/* The audit trail of what happens to a patient and an order: who, what, before and after, found by
 * filters, seen by who may, sealed values by right alone. shows: AUD-01 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/trail.h"
#include "modules/order/tests/order_ground.h"

static struct fixture_person registrar; /* site 1: corrects, reads the trail, sees names */
static struct fixture_person auditor;   /* site 1: reads the trail and no names */

static int open_audited(void **state)
{
    const int o = open_node(state);
    fixture_person(&registrar, 9, 1, 1,
                   "patient.correct patient.name order.see trail.see trail.export");
    fixture_person(&auditor, 8, 1, 1, "order.see trail.see trail.export");
    return o;
}
#define AUDITED(test) cmocka_unit_test_setup_teardown(test, open_audited, close_node)

static struct page page;
static struct buf words;

struct asked {
    struct trail_answer answer;
    struct looker *looks;
};

static struct asked ask(const struct fixture_person *who, const struct trail_filter *filter,
                        bool open, int64_t before, size_t max)
{
    struct asked out = { .looks = looker_new(f.node.keys, S(""), "trail.see", f.arena) };
    struct db *db = reading();
    struct err e = { 0 };
    words = buf_in(f.arena, 4096);
    page = (struct page){ .b = &words, .language = S("en"), .now_us = f.sim.now_us };
    struct trail_reader asker = { .db = db,
                                  .registry = f.node.registry,
                                  .actor = &who->actor,
                                  .page = &page,
                                  .looks = open ? out.looks : NULL };
    if (trail_find(&out.answer, &asker, filter, before, max, &e) != OK)
        fail_msg("trail: %s %s", e.code, e.detail);
    store_reader_give(f.node.store, db);
    return out;
}

static struct trail_filter filter(void)
{
    struct trail_filter out;
    record_clear(&trail_filter_record, &out);
    return out;
}

static struct trail_filter of_patient(void)
{
    struct trail_filter out = filter();
    out.thing = arena_printf(f.arena, "patient/%s", patient);
    return out;
}

static const struct trail_change *change(const struct trail_row *row, const char *path)
{
    for (size_t i = 0; i < row->changes.n; i++)
        if (str_is(row->changes.p[i].path, path))
            return &row->changes.p[i];
    return NULL;
}

static void correct(const char *family, const char *sex)
{
    fixture_must(&f,
                 fixture_send(&f, &registrar, "patient.correct", "as in the passport",
                              "{'patient':'%s','family':'%s','given':'" GIVEN
                              "','birth_date':'" BORN "','sex':'%s',"
                              "'identifiers':[{'system':'urn:hospital','value':'" NUMBER "'}],"
                              "'conditions':[{'system':'icd-10','code':'C83.3'}]}",
                              patient, family, sex),
                 "correct");
    fixture_settle(&f);
}

static void before_and_after_stand_beside_each_other(void **state)
{
    (void)state;
    placed();
    correct("Zaunkoenig", "male");
    const struct trail_filter all = of_patient();
    const struct asked got = ask(&registrar, &all, true, -1, 50);
    assert_true(got.answer.n >= 2);
    const struct trail_row *row = &got.answer.rows[0];
    while (!str_is(row->type, "patient.corrected"))
        row++;
    assert_true(str_eq(row->actor, registrar.actor.name));
    assert_true(str_is(row->reason, "as in the passport"));
    assert_int_equal(row->exceptions.n, 1);
    assert_true(str_is(row->exceptions.p[0], "correction"));
    const struct trail_change *family = change(row, "family");
    assert_non_null(family);
    assert_true(str_is(family->before, FAMILY) && str_is(family->after, "Zaunkoenig"));
    const struct trail_change *sex = change(row, "sex");
    assert_non_null(sex);
    assert_true(sex->before.n > 0 && !str_eq(sex->before, sex->after));
    assert_null(change(row, "given")); /* as it was */
    assert_true(looker_subjects(got.looks) > 0);
}

static void what_is_sealed_stays_closed_without_the_right(void **state)
{
    (void)state;
    placed();
    correct("Zaunkoenig", "male");
    const struct trail_filter all = of_patient();
    const struct fixture_person *who[] = { &auditor, &registrar };
    for (int i = 0; i < 2; i++) { /* no right, and not asked for */
        const struct asked got = ask(who[i], &all, i == 0, -1, 50);
        const struct trail_row *row = &got.answer.rows[0];
        while (!str_is(row->type, "patient.corrected"))
            row++;
        const struct trail_change *family = change(row, "family");
        assert_true(row->sealed && family && family->sealed);
        assert_null(family->before.p);
        assert_null(family->after.p);
        assert_null(row->reason.p);
        assert_int_equal(looker_subjects(got.looks), 0);
    }
}

static void nobody_learns_of_what_they_may_not_see(void **state)
{
    (void)state;
    placed();
    fixture_settle(&f);
    const struct trail_filter all = of_patient();
    assert_int_equal(ask(&stranger, &all, true, -1, 50).answer.n, 0);
    const struct trail_filter any = filter();
    const struct asked got = ask(&stranger, &any, true, -1, 50);
    for (size_t i = 0; i < got.answer.n; i++)
        assert_false(str_starts(got.answer.rows[i].about, S("order/")) ||
                     str_starts(got.answer.rows[i].about, S("patient/")));
}

static void filters_are_walked_together_page_by_page(void **state)
{
    size_t alone = 0;
    int64_t before = -1;
    (void)state;
    placed();
    for (int i = 0; i < 5; i++)
        correct(i % 2 ? "Zaunkoenig" : "Zeisig", "male");
    struct trail_filter f2 = of_patient();
    f2.type = S("patient.corrected");
    f2.actor = registrar.actor.name;
    f2.exception = S("correction");
    int64_t last = INT64_MAX;
    for (int pages = 0; pages < 10; pages++) {
        const struct asked got = ask(&registrar, &f2, false, before, 2);
        for (size_t i = 0; i < got.answer.n; i++) {
            assert_true(str_is(got.answer.rows[i].type, "patient.corrected"));
            assert_true(got.answer.rows[i].sequence < last);
            last = got.answer.rows[i].sequence;
        }
        alone += got.answer.n;
        before = got.answer.next;
        if (before < 0)
            break;
    }
    assert_int_equal(alone, 5);
    f2.actor = physician.actor.name;
    assert_int_equal(ask(&registrar, &f2, false, -1, 50).answer.n, 0);
    struct trail_filter late = of_patient();
    late.from = f.sim.now_us + TIME_DAY;
    assert_int_equal(ask(&registrar, &late, false, -1, 50).answer.n, 0);
    late.from = TIME_NONE;
    late.to = f.sim.now_us + TIME_DAY;
    assert_true(ask(&registrar, &late, false, -1, 50).answer.n >= 6);
}

static void what_is_entered_late_is_marked(void **state)
{
    (void)state;
    placed();
    f.stated = f.sim.now_us - TIME_HOUR;
    correct("Zeisig", "male");
    f.stated = 0;
    struct trail_filter late = of_patient();
    late.exception = S("late");
    const struct asked got = ask(&registrar, &late, false, -1, 50);
    assert_int_equal(got.answer.n, 2); /* the patient's event, and the order's */
    assert_int_equal(got.answer.rows[0].late_s, 3600);
}

static void an_export_is_recorded_with_its_hash_and_made_again_alike(void **state)
{
    char hash[80];
    (void)state;
    placed();
    correct("Zeisig", "male");
    fixture_must(&f,
                 fixture_send(&f, &auditor, "trail.export", NULL,
                              "{'format':'csv','thing':'patient/%s'}", patient),
                 "export");
    snprintf(hash, sizeof hash, "%s", fixture_answer(&f, "hash"));
    struct trail_filter all = of_patient();
    struct db *db = reading();
    struct err e = { 0 };
    words = buf_in(f.arena, 4096);
    page = (struct page){ .b = &words, .language = S("en"), .now_us = f.sim.now_us };
    struct trail_reader asker = {
        .db = db, .registry = f.node.registry, .actor = &auditor.actor, .page = &page
    };
    struct trail_file file;
    struct ledger_row *rows;
    size_t n;
    struct event event;
    const void *payload;
    assert_int_equal(ledger_read_last(db, &rows, &n, f.arena, &e), OK);
    assert_int_equal(event_read(&event, f.arena, rows[0].leaf, &e), OK);
    assert_int_equal(registry_payload(&trail_exported_event, &event, &payload, f.arena, &e), OK);
    const struct trail_exported *said = payload;
    assert_string_equal(arena_str(f.arena, said->hash).p, hash);
    const struct trail_export_of of = { &all, S("csv"), said->up_to, said->made,
                                        auditor.actor.name };
    assert_int_equal(trail_file_make(&file, &asker, &of, f.arena, &e), OK);
    char hex[HASH_HEX + 1];
    hash_hex(hex, file.hash);
    assert_string_equal(hex, hash);
    assert_int_equal(file.rows, said->rows);
    assert_non_null(memmem(file.content.p, file.content.n, "patient.corrected", 17));
    assert_null(memmem(file.content.p, file.content.n, "Zeisig", 6));
    store_reader_give(f.node.store, db);
    (void)!fixture_send(&f, &auditor, "trail.export", NULL, "{'format':'xls'}");
    fixture_refused(&f, "trail.format");
    (void)!fixture_send(&f, &stranger, "trail.export", NULL,
                        "{'format':'csv','thing':'patient/%s'}", patient);
    assert_int_not_equal(f.error.outcome, OK);
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDITED(before_and_after_stand_beside_each_other),
        AUDITED(what_is_sealed_stays_closed_without_the_right),
        AUDITED(nobody_learns_of_what_they_may_not_see),
        AUDITED(filters_are_walked_together_page_by_page),
        AUDITED(what_is_entered_late_is_marked),
        AUDITED(an_export_is_recorded_with_its_hash_and_made_again_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
