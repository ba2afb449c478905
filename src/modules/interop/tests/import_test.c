/* Imports of FHIR through the gate: enrolled once, a second import changes nothing, the stored
 * files name nobody. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/text.h"
#include "modules/interop/tests/fhir_ground.h"
#include "modules/quality/quality.h"

static struct fixture f;
static struct actor actor;

static int open_node(void **state)
{
    static const struct module *const modules[] = { &stop_module, &timer_module, &quality_module,
                                                    &order_module, &interop_module };
    static char organisation[40], site[40];
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    snprintf(organisation, sizeof organisation, "%.*s", STR(fixture_id('o', 1)));
    snprintf(site, sizeof site, "%.*s", STR(fixture_id('s', 1)));
    actor = (struct actor){ .name = S("system/import"),
                            .organisation = str_z(organisation),
                            .site = str_z(site),
                            .system = true };
    return open_arena(state);
}

static int close_node(void **state)
{
    fixture_close(&f);
    return close_arena(state);
}

static void import_json(const char *json)
{
    struct err e = { 0 };
    read_json(json);
    if (interop_import(got, &f.node, &actor, arena, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
}

static int64_t events_stored(void)
{
    return (int64_t)ledger_size(f.node.ledger);
}

/* partial: CLN-01 (enrolment by FHIR from the hospital record) */
static void cln_01_patients_are_enrolled_once(void **state)
{
    (void)state;
    import_json(good());
    assert_int_equal(got->enrolled, 1);
    int64_t size = events_stored();
    assert_int_equal(size, 1);
    import_json(good());
    assert_int_equal(got->enrolled, 0);
    assert_int_equal(got->unchanged, 1);
    /* The same person in another order, under other urls, and without the rest of the bundle. */
    import_json(bundle(ENTRY("urn:uuid:x", PATIENT("p1", "Zaunkoenigin", "1961-02-03", "")),
                       ENTRY("urn:uuid:y", CONDITION("urn:uuid:x", "2", "")),
                       ENTRY("urn:uuid:z", CONDITION("urn:uuid:x", "1", SINCE("2020-03-04"))),
                       NULL));
    assert_int_equal(got->unchanged, 1);
    assert_int_equal(got->nrefusals, 0);
    fixture_reopen(&f);
    import_json(good());
    assert_int_equal(got->unchanged, 1);
    assert_int_equal(events_stored(), size);
    fixture_rebuilds(&f);
}

static void a_changed_patient_is_told_and_not_changed(void **state)
{
    (void)state;
    import_json(good());
    int64_t size = events_stored();
    import_json(bundle(ENTRY("urn:uuid:a", PATIENT("p1", "Zaunkoenig", "1961-02-03", "")),
                       ENTRY("urn:uuid:b", PATIENT("p2", "Meise", "1971-02-03", "")), NULL));
    assert_int_equal(got->enrolled, 1);
    assert_int_equal(got->nrefusals, 1);
    refused_at(0, "entry[0].resource", "interop.differs");
    assert_int_equal(events_stored(), size + 1);
}

/* Another hospital's patient of the same identity is another enrolment: neither learns of the
 * other. */
static void hospitals_enrol_apart(void **state)
{
    (void)state;
    import_json(good());
    char other[40];
    snprintf(other, sizeof other, "%.*s", STR(fixture_id('o', 2)));
    actor.organisation = str_z(other);
    import_json(good());
    assert_int_equal(got->enrolled, 1);
    assert_int_equal(events_stored(), 2);
}

/* More patients than fit into one group of commands. */
static void many_go_in_groups(void **state)
{
    (void)state;
    enum { PATIENTS = 200 };
    struct buf b = buf_in(arena, 1 << 20);
    for (int i = 0; i < PATIENTS; i++)
        buf_printf(&b,
                   "{'resourceType':'Patient','birthDate':'1961-02-03','name':[{'family':'F%d'}],"
                   "'identifier':[{'system':'urn:oid:1.2','value':'%d'}]}\n",
                   i, i);
    buf_char(&b, '\0');
    import_json(b.p);
    assert_int_equal(got->enrolled, PATIENTS);
    assert_int_equal(events_stored(), PATIENTS);
}

static void holds_none(struct str all, const char *const *texts, const char *where)
{
    for (size_t i = 0; i < all.n; i++)
        for (const char *const *t = texts; *t; t++)
            if (all.p[i] == **t && str_starts(str_from(all, i), str_z(*t)))
                fail_msg("%s holds %s", where, *t);
}

static struct str file_text(const char *folder, const char *name)
{
    static char chunk[1 << 16];
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct buf b = buf_in(arena, INTEROP_FILE_MAX);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        buf_put(&b, chunk, n);
    fclose(file);
    assert_true(buf_ok(&b));
    return buf_get(&b);
}

static void names_stand_nowhere_plain(void **state)
{
    (void)state;
    static const char *const texts[] = { "Zaunkoenigin", "Rotkehlchen", "Wilhelmetta", "1961-02-03",
                                         "MRN-p1",       "urn:uuid:a",  NULL };
    import_json(good());
    import_json(bundle(ENTRY("urn:uuid:a", PATIENT("p1", "Rotkehlchen", "1961-02-03", "")), NULL));
    assert_int_equal(got->nrefusals, 1);
    struct str told = text_error(arena, S("en"), &got->refusals->error);
    holds_none(told, texts, "the refusal");
    test_db_copy(f.folder, f.node.store);
    DIR *dir = opendir(f.folder);
    assert_non_null(dir);
    size_t files = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        holds_none(file_text(f.folder, entry->d_name), texts, entry->d_name);
        files++;
    }
    closedir(dir);
    assert_true(files >= 3);
}

/* Each real bundle twice: enrolled once, then unchanged. partial: CLN-01 (as above) */
static void cln_01_real_bundles_are_taken(void **state)
{
    (void)state;
    char folder[400];
    const char *shared = getenv("VEIN_SHARED");
    snprintf(folder, sizeof folder, "%s/data/fhir-r4", shared ? shared : "");
    DIR *dir = shared ? opendir(folder) : NULL;
    if (!dir) {
        print_message("skip: VEIN_SHARED names no folder with data/fhir-r4\n");
        skip();
    }
    size_t patients = 0, conditions = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (!str_ends(str_z(entry->d_name), S(".json")))
            continue;
        struct err e = { 0 };
        struct str text = file_text(folder, entry->d_name);
        read_text(text);
        assert_int_equal(interop_import(got, &f.node, &actor, arena, &e), OK);
        assert_int_equal(got->nrefusals, 0);
        assert_int_equal(got->enrolled, got->npatients);
        patients += got->enrolled;
        for (size_t i = 0; i < got->npatients; i++)
            conditions += got->patients[i].enrol.conditions.n;
        read_text(text);
        assert_int_equal(interop_import(got, &f.node, &actor, arena, &e), OK);
        assert_int_equal(got->unchanged, got->npatients);
    }
    closedir(dir);
    assert_int_equal(patients, 16);
    assert_int_equal(conditions, 41);
    assert_int_equal(events_stored(), 16);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_node, close_node)

int main(void)
{
    text_use(text_rows, text_rows_count);
    const struct CMUnitTest tests[] = {
        CASE(cln_01_patients_are_enrolled_once),
        CASE(a_changed_patient_is_told_and_not_changed),
        CASE(hospitals_enrol_apart),
        CASE(many_go_in_groups),
        CASE(names_stand_nowhere_plain),
        CASE(cln_01_real_bundles_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
