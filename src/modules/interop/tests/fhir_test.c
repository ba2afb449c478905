/* Reading FHIR: what is taken, what is refused and how it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/text.h"
#include "modules/interop/tests/fhir_ground.h"

static void a_bundle_gives_patients_with_conditions(void **state)
{
    (void)state;
    read_json(good());
    assert_int_equal(got->nrefusals, 0);
    assert_int_equal(got->npatients, 1);
    const struct order_enrol *p = &got->patients[0].enrol;
    assert_true(str_is(p->family, "Zaunkoenigin"));
    assert_true(str_is(p->given, "Wilhelmetta Ada"));
    assert_true(str_is(p->birth_date, "1961-02-03"));
    assert_true(str_is(p->sex, "female"));
    assert_int_equal(p->identifiers.n, 1);
    assert_true(str_is(p->identifiers.p[0].value, "MRN-p1"));
    assert_int_equal(p->conditions.n, 2);
    assert_null(p->conditions.p[0].since.p); /* a year alone is no date */
    assert_true(str_is(p->conditions.p[0].code, "2"));
    assert_true(str_is(p->conditions.p[1].since, "2020-03-04"));
    assert_true(str_is(p->conditions.p[1].title, "Condition 1"));
    assert_int_equal(got->ntypes, 1);
    assert_true(str_is(got->types[0].name, "Claim"));
}

static void single_resources_and_lines_are_read(void **state)
{
    (void)state;
    read_json(PATIENT("p1", "A", "1961-02-03", ""));
    assert_int_equal(got->npatients, 1);
    read_json("\n" CONDITION("Patient/p1", "7", "") "\n\n" PATIENT(
        "p1", "A", "1961-02-03", "") "\r\n{'resourceType':\n" PATIENT("p2", "B", "1961", "") "\n");
    assert_int_equal(got->nrefusals, 2);
    assert_int_equal(got->npatients, 1);
    assert_int_equal(got->patients[0].enrol.conditions.n, 1);
    refused_at(0, "line[5]", "json.syntax");
    refused_at(1, "line[6].birthDate", "interop.malformed");
}

static void the_lasting_name_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *names;
        const char *family; /* NULL: refused */
    } cases[] = {
        { "{'use':'maiden','family':'M'},{'use':'usual','family':'U'},"
          "{'use':'official','family':'O'}",
          "O" },
        { "{'family':'N'},{'use':'usual','family':'U'}", "U" },
        { "{'use':'official','family':'P','period':{'end':'2001-01-01'}},"
          "{'use':'official','family':'O'}",
          "O" },
        { "{'use':'nickname','family':'K'},{'family':'N','given':[null,'G']}", "N" },
        { "{'use':'maiden','family':'M'}", NULL },
        { "{'use':'official','given':['G']},{'use':'usual','family':'U'}", NULL },
        { "{'use':'official','family':'','given':['G']}", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[600];
        snprintf(json, sizeof json,
                 "{'resourceType':'Patient','identifier':[{'system':'s','value':'v'}],"
                 "'birthDate':'1961-02-03','name':[%s]}",
                 cases[i].names);
        read_json(json);
        assert_int_equal(got->npatients, cases[i].family ? 1 : 0);
        assert_int_equal(got->nrefusals, cases[i].family ? 0 : 1);
        if (cases[i].family)
            assert_true(str_is(got->patients[0].enrol.family, cases[i].family));
    }
}

/* One bad entry is told by path and reason, and the rest goes on. */
static void bad_entries_are_refused_one_by_one(void **state)
{
    (void)state;
    read_json(bundle(ENTRY("urn:uuid:0", PATIENT("p0", "A", "1961-02-30", "")),
                     ENTRY("urn:uuid:1", PATIENT("p1", "B", "1961-02-03", "")),
                     ENTRY("urn:uuid:2", PATIENT("p2", "", "1961-02", ",'active':true")),
                     ENTRY("urn:uuid:3", CONDITION("urn:uuid:0", "1", "")),
                     ENTRY("urn:uuid:4", CONDITION("Patient/nobody", "1", "")),
                     ENTRY("urn:uuid:5", CONDITION("Patient/p1", "1", SINCE("2020-13-01"))),
                     ENTRY("urn:uuid:6", CONDITION("Patient/p1", "", "")), "7",
                     "{'request':{'method':'DELETE'}}",
                     ENTRY("urn:uuid:1", PATIENT("p9", "C", "1961-02-03", "")),
                     ENTRY("urn:uuid:a", PATIENT("p10", "D", "1961-02-03", ",'active':false")),
                     ENTRY("urn:uuid:b", CONDITION("Patient/p1", "3", IN_ERROR)),
                     ENTRY("urn:uuid:c", CONDITION("Patient/p1/_history/4", "4", "")), NULL));
    assert_int_equal(got->npatients, 1);
    assert_true(str_is(got->patients[0].enrol.family, "B"));
    assert_int_equal(got->patients[0].enrol.conditions.n, 1);
    assert_true(str_is(got->patients[0].enrol.conditions.p[0].code, "4"));
    assert_int_equal(got->conditions_passed, 1);
    refused_at(0, "entry[7]", "interop.wrong_type");
    refused_at(1, "entry[8].resource", "interop.no_resource");
    refused_at(2, "entry[9].resource", "interop.duplicate");
    refused_at(3, "entry[0].resource.birthDate", "interop.malformed");
    refused_at(4, "entry[2].resource.name[0].family", "interop.missing");
    refused_at(5, "entry[2].resource.birthDate", "interop.malformed");
    refused_at(6, "entry[10].resource.active", "interop.inactive");
    refused_at(7, "entry[3].resource.subject.reference", "interop.patient_refused");
    refused_at(8, "entry[4].resource.subject.reference", "interop.unknown_patient");
    refused_at(9, "entry[5].resource.onsetDateTime", "interop.malformed");
    refused_at(10, "entry[6].resource.code.coding", "interop.no_code");
    assert_int_equal(got->nrefusals, 11);
}

static void identifiers_without_value_are_counted(void **state)
{
    (void)state;
    static const char patient[] =
        "{'resourceType':'Patient','name':[{'family':'F'}],'birthDate':'1961-02-03','identifier':["
        "{'system':'s'},{'value':'v'},{'system':'old','value':'1','use':'old'}%s]}";
    char json[600];
    snprintf(json, sizeof json, patient, "");
    read_json(json); /* nothing lasting to know the patient by */
    refused_at(0, "identifier", "interop.no_identity");
    snprintf(json, sizeof json, patient, ",{'system':'s','value':'2'}");
    read_json(json);
    assert_int_equal(got->npatients, 1);
    assert_int_equal(got->identifiers_passed, 3);
    /* an old number, which somebody else may have now, is none to know the patient by */
    assert_int_equal(got->patients[0].enrol.identifiers.n, 1);
    assert_true(str_is(got->patients[0].enrol.identifiers.p[0].value, "2"));
}

static void limits_are_told(void **state)
{
    (void)state;
    struct buf b = buf_in(arena, 1 << 20);
    buf_z(&b, PATIENT("p1", "A", "1961-02-03", "") "\n");
    for (int i = 0; i <= INTEROP_CONDITIONS_MAX; i++)
        buf_printf(&b, CONDITION("Patient/p1", "%d", "") "\n", i, i);
    buf_printf(&b, PATIENT("p2", "%0201d", "1961-02-03", "") "\n", 0);
    buf_z(&b, "{'resourceType':'Patient','identifier':[1");
    for (int i = 0; i < INTEROP_IDENTIFIERS_MAX; i++)
        buf_z(&b, ",1");
    buf_z(&b, "]}\n");
    buf_char(&b, '\0');
    read_json(b.p);
    assert_int_equal(got->npatients, 1);
    assert_int_equal(got->patients[0].enrol.conditions.n, INTEROP_CONDITIONS_MAX);
    assert_int_equal(got->nrefusals, 5);
    refused_at(0, "line[203].name[0].family", "interop.too_long");
    refused_at(3, "line[204].identifier", "interop.too_many");
    refused_at(4, "line[202]", "interop.too_many");
}

static const char *const wrong_shapes[] = {
    "{'resourceType':'Patient','name':%s}",
    "{'resourceType':'Patient','name':[%s]}",
    "{'resourceType':'Patient','name':[{'family':%s,'given':%s}]}",
    "{'resourceType':'Patient','name':[{'use':%s,'family':'F','period':%s}],'birthDate':%s}",
    "{'resourceType':'Patient','identifier':%s,'gender':%s,'birthDate':%s,'active':%s}",
    "{'resourceType':'Patient','identifier':[%s],'name':[{'family':'F','given':[%s]}]}",
    "{'resourceType':'Patient','id':%s,'identifier':[{'system':%s,'value':%s,'use':%s}]}",
    "{'resourceType':'Condition','code':%s,'subject':%s}",
    "{'resourceType':'Condition','code':{'coding':%s},'subject':{'reference':%s}}",
    "{'resourceType':'Condition','code':{'coding':[%s]},'onsetDateTime':%s}",
    "{'resourceType':'Condition','code':{'coding':[{'system':%s,'code':%s,'display':%s}]}}",
    "{'resourceType':'Condition','verificationStatus':%s,'onsetPeriod':%s}",
    "{'resourceType':'Condition','verificationStatus':{'coding':[%s]}}",
    "{'resourceType':%s}",
    "{'resourceType':'Bundle','type':%s,'entry':[]}",
    "{'resourceType':'Bundle','type':'batch','entry':[%s]}",
    "{'resourceType':'Bundle','type':'batch','entry':[{'fullUrl':%s,'resource':%s}]}",
    "%s",
};

static void wrong_types_are_refused_everywhere(void **state)
{
    (void)state;
    static const char *const values[] = {
        "1", "true", "[]", "{}", "[1]", "[[]]", "{'a':1}", "'x'"
    };
    for (size_t s = 0; s < sizeof wrong_shapes / sizeof wrong_shapes[0]; s++)
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            struct buf b = buf_in(arena, 4000);
            struct str rest = str_z(wrong_shapes[s]);
            while (rest.p) {
                buf_str(&b, str_cut(&rest, '%'));
                if (rest.p) {
                    buf_z(&b, values[v]);
                    rest = str_from(rest, 1);
                }
            }
            buf_char(&b, '\0');
            read_json(b.p);
            assert_int_equal(got->npatients, 0);
            assert_true(got->nrefusals > 0);
        }
}

static void what_is_no_json_is_refused_whole(void **state)
{
    (void)state;
    read_json("{'resourceType':'Bundle','type':'batch','entry':[],'entry':[]}");
    refused_at(0, "", "json.duplicate_key");
    static char deep[200000];
    memset(deep, '[', sizeof deep);
    read_text((struct str){ deep, sizeof deep });
    refused_at(0, "", "json.too_deep");
    read_text(S("{\"resourceType\":\"Patient\",\"id\":\"\xC3\"}"));
    refused_at(0, "", "json.encoding");
    read_text(S(""));
    refused_at(0, "", "json.syntax");
    size_t n = (size_t)INTEROP_FILE_MAX + 1;
    char *large = malloc(n);
    assert_non_null(large);
    memset(large, ' ', n);
    read_text((struct str){ large, n });
    refused_at(0, "", "json.too_large");
    free(large);
}

/* Ten megabytes, and more refusals than are told. */
static void large_files_are_read(void **state)
{
    (void)state;
    enum { PATIENTS = 20000, BAD = 2000 };
    struct buf b = buf_in(arena, INTEROP_FILE_MAX);
    buf_z(&b, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[0");
    for (int i = 0; i < PATIENTS; i++)
        buf_printf(
            &b,
            ",{\"resource\":{\"resourceType\":\"Condition\",\"code\":{\"coding\":[{\"system\""
            ":\"s\",\"code\":\"%d\"}]},\"subject\":{\"reference\":\"Patient/p%d\"}}},"
            "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"birthDate\":\"%s\","
            "\"name\":[{\"use\":\"usual\",\"family\":\"F%d\"}],\"identifier\":[{\"system\":"
            "\"urn:oid:1.2\",\"value\":\"%d\"}],\"photo\":[{\"data\":\"%0200d\"}]}}",
            i, i, i, i < BAD ? "x" : "1961-02-03", i, i, 0);
    buf_z(&b, "]}");
    assert_true(buf_ok(&b) && b.n > 10 << 20);
    read_text(buf_get(&b));
    assert_int_equal(got->npatients, PATIENTS - BAD);
    assert_int_equal(got->nrefusals, 1 + 2 * BAD);
    size_t told = 0;
    for (const struct interop_refusal *r = got->refusals; r; r = r->next)
        told++;
    assert_int_equal(told, INTEROP_REFUSALS_MAX);
    for (size_t i = 0; i < got->npatients; i += 997) {
        const struct order_enrol *p = &got->patients[i].enrol;
        assert_int_equal(p->conditions.n, 1);
        assert_true(str_eq(p->conditions.p[0].code, p->identifiers.p[0].value));
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    text_use(text_rows, text_rows_count);
    const struct CMUnitTest tests[] = {
        CASE(a_bundle_gives_patients_with_conditions),
        CASE(single_resources_and_lines_are_read),
        CASE(the_lasting_name_is_chosen),
        CASE(bad_entries_are_refused_one_by_one),
        CASE(identifiers_without_value_are_counted),
        CASE(limits_are_told),
        CASE(wrong_types_are_refused_everywhere),
        CASE(what_is_no_json_is_refused_whole),
        CASE(large_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
