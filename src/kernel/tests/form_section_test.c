/* Sections, rows and rules: every bag has its row, what is not asked for is not kept, totals leave
 * nothing out in silence, and a form beyond its bounds is refused where it goes beyond them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "kernel/tests/form_fixture.h"

static const char harvest[] =
    "{\"fields\":["
    "{\"name\":\"beads\",\"label\":\"Beads\",\"type\":\"choice\",\"required\":true,\"choices\":["
    "{\"value\":\"yes\",\"label\":\"Yes\"},{\"value\":\"no\",\"label\":\"No\"}]},"
    "{\"name\":\"why\",\"label\":\"Why\",\"type\":\"text\",\"required\":true,"
    "\"shown_when\":{\"field\":\"beads\",\"is\":\"no\"}},"
    "{\"name\":\"total\",\"label\":\"Total\",\"type\":\"computed\",\"unit\":\"mL\","
    "\"formula\":\"sum(volume)\"},"
    "{\"name\":\"bags_n\",\"label\":\"Bags\",\"type\":\"computed\",\"unit\":\"1\","
    "\"formula\":\"count(volume)\"},"
    "{\"name\":\"scan_of_run\",\"label\":\"Run\",\"type\":\"file\",\"media\":[\"application/pdf\"],"
    "\"size\":1000}],"
    "\"sections\":["
    "{\"name\":\"bags\",\"title\":\"Final bags\",\"text\":\"One row a bag.\","
    "\"repeat\":{\"min\":1,\"max\":4},\"fields\":["
    "{\"name\":\"volume\",\"label\":\"Volume\",\"type\":\"quantity\",\"unit\":\"mL\","
    "\"required\":true,\"max\":\"500\",\"low\":\"10\"},"
    "{\"name\":\"cells\",\"label\":\"Cells\",\"type\":\"quantity\",\"unit\":\"10*6/mL\"},"
    "{\"name\":\"dose\",\"label\":\"Dose\",\"type\":\"computed\",\"unit\":\"10*6\",\"digits\":1,"
    "\"formula\":\"volume * cells\"},"
    "{\"name\":\"intact\",\"label\":\"Intact\",\"type\":\"bool\"},"
    "{\"name\":\"damage\",\"label\":\"Damage\",\"type\":\"text\",\"required\":true,"
    "\"shown_when\":{\"field\":\"intact\",\"is\":\"false\"}}]},"
    "{\"name\":\"vitals\",\"title\":\"Vital signs\",\"rows\":[\"Before\",\"After\"],"
    "\"table\":true,\"fields\":["
    "{\"name\":\"pulse\",\"label\":\"Pulse\",\"type\":\"quantity\",\"unit\":\"/min\"}]},"
    "{\"name\":\"large\",\"title\":\"Large volume\",\"shown_when\":{\"field\":\"total\","
    "\"at_least\":\"100\"},\"fields\":["
    "{\"name\":\"reason\",\"label\":\"Reason\",\"type\":\"text\",\"required\":true},"
    "{\"name\":\"done_by\",\"label\":\"Signed\",\"type\":\"text\",\"sealed\":true}]}]}";

static struct form_filled filled;

static enum outcome fill_with(const struct form_files *files, const char *const *entries)
{
    static struct record_pair pairs[FORM_PAIRS_MAX];
    struct definition d = form_definition(harvest);
    struct err e = { 0 };
    const struct form_filling in = {
        .form = &d,
        .inputs = pairs,
        .ninputs = form_pairs(pairs, entries),
        .files = files,
        .working = true,
    };
    return form_fill(&filled, &in, form_arena, &e);
}
#define FILL(...) fill_with(NULL, (const char *const[]){ __VA_ARGS__, NULL })

static void assert_value(const char *name, const char *value)
{
    struct str v = form_record_value(&filled.record, str_z(name));
    if (!str_eq(v, str_z(value)))
        fail_msg("%s is %.*s, not %s", name, STR(v), value);
}

static void assert_problems(const char *expected)
{
    static char text[2000];
    struct buf b = buf_over(text, sizeof text - 1);
    for (size_t i = 0; i < filled.nproblems; i++)
        buf_printf(&b, "%s%.*s %s", i ? "," : "", STR(filled.problems[i].field),
                   filled.problems[i].error.code);
    text[b.n] = '\0';
    assert_string_equal(text, expected);
}

/* partial: MES-03 */
static void each_row_is_kept_and_computed(void **state)
{
    (void)state;
    assert_int_equal(FILL("beads=yes", "volume.1=12.5", "cells.1=2", "volume.2=9 mL", "cells.2=3",
                          "pulse.2=80", "_rows.bags=3", "volume.3="),
                     OK);
    assert_value("volume.1", "12.5 mL");
    assert_value("dose.1", "25.0 10*6");
    assert_value("dose.2", "27.0 10*6");
    assert_value("total", "21.5 mL");
    assert_value("bags_n", "2 1");
    assert_value("pulse.2", "80 /min");
    assert_value("pulse.1", NULL);
    assert_value("volume.3", NULL);
    for (size_t i = 0; i < filled.record.values.n; i++)
        if (str_is(filled.record.values.p[i].name, "volume.2"))
            assert_true(str_is(filled.record.values.p[i].mark, "low"));
}

static void working_is_shown(void **state)
{
    (void)state;
    assert_int_equal(FILL("beads=yes", "volume.1=12.5", "cells.1=2.5", "volume.2=9"), OK);
    assert_int_equal(filled.nworkings, 4);
    bool seen = false;
    for (size_t i = 0; i < filled.nworkings; i++) {
        const struct form_working *w = &filled.workings[i];
        if (str_is(w->name, "total")) {
            assert_true(str_is(w->given[0].value, "12.5 mL; 9 mL"));
            assert_true(str_is(w->result, "21.5"));
        }
        if (!str_is(w->name, "dose.1"))
            continue;
        seen = true;
        assert_int_equal(w->ngiven, 2);
        assert_true(str_is(w->given[0].label, "Volume"));
        assert_true(str_is(w->given[1].value, "2.5 10*6/mL"));
        assert_true(str_is(w->result, "31.25"));
        assert_true(str_is(w->kept, "31.2 10*6"));
    }
    assert_true(seen);
}

static void what_is_not_asked_for_is_not_kept(void **state)
{
    (void)state;
    assert_int_equal(
        FILL("beads=yes", "why=typed all the same", "volume.1=50", "reason=x", "damage.1=torn"),
        OK);
    assert_value("why", NULL);
    assert_value("reason", NULL);
    assert_value("damage.1", NULL);
    assert_int_equal(FILL("beads=no", "volume.1=50"), REFUSED);
    assert_problems("why form.required");
    assert_int_equal(FILL("beads=no", "why=stuck", "volume.1=50", "intact.1=false"), REFUSED);
    assert_problems("damage.1 form.required");
    assert_int_equal(FILL("beads=no", "why=stuck", "volume.1=50", "intact.1=true"), OK);
    assert_value("why", "stuck");
}

/* A section under a rule that looks at what is computed from rows. */
static void rules_follow_what_is_computed(void **state)
{
    (void)state;
    assert_int_equal(FILL("beads=yes", "volume.1=99"), OK);
    assert_int_equal(FILL("beads=yes", "volume.1=100"), REFUSED);
    assert_problems("reason form.required");
    assert_int_equal(FILL("beads=yes", "volume.1=60", "volume.2=60", "reason=two", "done_by=Ada"),
                     OK);
    assert_value("reason", "two");
    assert_int_equal(filled.record.secrets.n, 1);
}

/* A total never leaves out a row in silence. */
static void an_absent_cell_leaves_the_total_absent(void **state)
{
    (void)state;
    static const char body[] =
        "{\"fields\":[{\"name\":\"t\",\"label\":\"T\",\"type\":\"computed\",\"unit\":\"1\","
        "\"formula\":\"sum(v)\"},{\"name\":\"n\",\"label\":\"N\",\"type\":\"computed\","
        "\"unit\":\"1\",\"formula\":\"count(v)\"},{\"name\":\"m\",\"label\":\"M\","
        "\"type\":\"computed\",\"unit\":\"1\",\"formula\":\"mean(v)\"},{\"name\":\"top\","
        "\"label\":\"X\",\"type\":\"computed\",\"unit\":\"1\",\"formula\":\"max(v) - min(v)\"}],"
        "\"sections\":[{\"name\":\"s\",\"title\":\"S\",\"repeat\":{\"max\":9},\"fields\":["
        "{\"name\":\"v\",\"label\":\"V\",\"type\":\"quantity\",\"unit\":\"1\"},"
        "{\"name\":\"w\",\"label\":\"W\",\"type\":\"text\"}]}]}";
    struct definition d = form_definition(body);
    struct err e = { 0 };
    const struct record_pair whole[] = { { S("v.1"), S("0.1") },
                                         { S("v.2"), S("0.2") },
                                         { S("v.3"), S("0.3") } };
    struct form_filling in = { .form = &d, .inputs = whole, .ninputs = 3 };
    assert_int_equal(form_fill(&filled, &in, form_arena, &e), OK);
    assert_value("t", "0.6 1");
    assert_value("n", "3 1");
    assert_value("m", "0.2 1");
    assert_value("top", "0.2 1");
    const struct record_pair gap[] = { { S("v.1"), S("1") }, { S("w.2"), S("forgotten") } };
    in.inputs = gap;
    in.ninputs = 2;
    assert_int_equal(form_fill(&filled, &in, form_arena, &e), OK);
    assert_value("t", NULL);
    assert_value("m", NULL);
    assert_value("top", NULL);
    assert_value("n", "1 1");
    in.ninputs = 0;
    assert_int_equal(form_fill(&filled, &in, form_arena, &e), OK);
    assert_value("t", "0 1");
    assert_value("m", NULL);
}

static void problems_stand_at_their_row(void **state)
{
    (void)state;
    assert_int_equal(FILL("beads=yes"), REFUSED);
    assert_problems("volume.1 form.required");
    assert_int_equal(FILL("beads=yes", "volume.1=1", "volume.3=501"), REFUSED);
    assert_problems("volume.2 form.required,volume.3 form.above_max");
    assert_int_equal(FILL("beads=yes", "volume.1=1", "volume.5=1", "volume.0=1", "volume.01=1",
                          "volume=1", "pulse=1", "beads.1=yes", "dose.1=3"),
                     REFUSED);
    assert_problems("volume.5 form.too_many_rows,volume.0 form.unknown_field,"
                    "volume.01 form.unknown_field,volume form.unknown_field,"
                    "pulse form.unknown_field,beads.1 form.unknown_field,dose.1 form.computed");
    assert_int_equal(FILL("beads=yes", "volume.1=1", "volume.1=2"), REFUSED);
    assert_problems("volume.1 form.duplicate");
}

/* Of rows that there must be none stays empty, also where no field is required. */
static void rows_that_must_be_are_not_empty(void **state)
{
    (void)state;
    struct definition d = form_definition(
        "{\"sections\":[{\"name\":\"s\",\"title\":\"S\",\"repeat\":{\"min\":2,\"max\":3},"
        "\"fields\":[{\"name\":\"v\",\"label\":\"V\",\"type\":\"text\"},"
        "{\"name\":\"w\",\"label\":\"W\",\"type\":\"text\"}]}]}");
    struct err e = { 0 };
    const struct record_pair one = { S("w.1"), S("x") };
    const struct form_filling in = { .form = &d, .inputs = &one, .ninputs = 1 };
    assert_int_equal(form_fill(&filled, &in, form_arena, &e), REFUSED);
    assert_problems("v.2 form.row_empty");
}

/* --- files --- */

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static enum outcome one_file(void *context, struct form_file *out, bool *found, struct str hash,
                             struct arena *arena, struct err *e)
{
    (void)arena;
    (void)e;
    *out = *(const struct form_file *)context;
    *found = str_is(hash, HASH);
    return OK;
}

static void a_file_is_one_of_the_order(void **state)
{
    (void)state;
    struct form_file file = { .name = S("Ada run.pdf"),
                              .media = S("application/pdf"),
                              .size = 1000 };
    const struct form_files files = { .context = &file, .find = one_file };
    const char *const good[] = { "beads=yes", "volume.1=1", "scan_of_run=" HASH, NULL };
    const char *const other[] = { "beads=yes", "volume.1=1", "scan_of_run=0" HASH, NULL };
    assert_int_equal(fill_with(&files, good), OK);
    assert_value("scan_of_run", HASH " application/pdf 1000"); /* and nothing of its name */
    assert_int_equal(fill_with(NULL, good), REFUSED);
    assert_problems("scan_of_run form.no_file");
    assert_int_equal(fill_with(&files, other), REFUSED);
    assert_problems("scan_of_run form.not_a_hash");
    file.size = 1001;
    assert_int_equal(fill_with(&files, good), REFUSED);
    assert_problems("scan_of_run form.file_size");
    file.media = S("text/html");
    assert_int_equal(fill_with(&files, good), REFUSED);
    assert_problems("scan_of_run form.file_type");
}

/* --- definitions --- */

static const char *checked(const char *body)
{
    static char text[200];
    struct err e = { 0 };
    const struct define_context context = { .arena = form_arena };
    if (form_kind.check(&context, form_read(str_z(body)), &e) == OK)
        return "";
    struct buf b = buf_over(text, sizeof text - 1);
    buf_printf(&b, "%s %.*s", e.code, STR(err_param(&e, "at")));
    text[b.n] = '\0';
    return text;
}

#define F(name, rest)       "{\"name\":\"" name "\",\"label\":\"L\"," rest "}"
#define Q(rest)             "\"type\":\"quantity\",\"unit\":\"1\"" rest
#define C(formula)          "\"type\":\"computed\",\"unit\":\"1\",\"formula\":\"" formula "\""
#define WHEN(rule)          ",\"shown_when\":{" rule "}"
#define SECTION(rest, list) "{\"name\":\"s\",\"title\":\"S\"" rest ",\"fields\":[" list "]}"
#define FORM(top, sections) "{\"fields\":[" top "],\"sections\":[" sections "]}"
#define SIGN                "\"type\":\"signature\",\"meaning\":\"Done\",\"role\":\"nurse\""

static void definitions_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *body, *refusal;
    } rows[] = {
        { harvest, "" },
        { "{}", "form.empty " },
        { FORM(F("a", Q("")), SECTION(",\"repeat\":{\"max\":2}", F("a", Q("")))),
          "form.name_twice sections.0.fields.0.name" },
        { FORM(F("sum", Q("")), ""), "form.bad_name fields.0.name" },
        { FORM("", SECTION(",\"table\":true", F("a", Q("")))),
          "form.rows_unclear sections.0.table" },
        { FORM("", SECTION(",\"repeat\":{\"max\":101}", F("a", Q("")))),
          "form.bad_rows sections.0.repeat" },
        { FORM("", SECTION(",\"repeat\":{\"min\":3,\"max\":2}", F("a", Q("")))),
          "form.bad_rows sections.0.repeat" },
        { FORM("", SECTION(",\"repeat\":{\"max\":2},\"rows\":[\"x\"]", F("a", Q("")))),
          "form.rows_unclear sections.0.rows" },
        { FORM("", SECTION(",\"repeat\":{\"max\":100}",
                           F("a", Q("")) "," F("b", Q("")) "," F("c", Q("")) "," F(
                               "d", Q("")) "," F("e", Q("")))),
          "form.too_many_values sections.0.fields" },
        { FORM(F("a", Q(WHEN("\"field\":\"b\",\"given\":true"))) "," F("b", Q("")), ""),
          "form.rule_field fields.0.shown_when" },
        { FORM(F("a", Q(WHEN("\"field\":\"a\",\"given\":true"))), ""),
          "form.rule_field fields.0.shown_when" },
        { FORM(F("a", "\"sealed\":true," Q("")) "," F("b", Q(WHEN("\"field\":\"a\","
                                                                  "\"given\":true"))),
               ""),
          "form.rule_field fields.1.shown_when" },
        { FORM(F("a", Q("")) "," F("b", Q(WHEN("\"field\":\"a\",\"is\":\"1\""))), ""),
          "form.rule_unfitting fields.1.shown_when" },
        { FORM(F("a", Q("")) "," F("b", Q(WHEN("\"field\":\"a\""))), ""),
          "form.rule_unclear fields.1.shown_when" },
        { FORM(F("a", "\"type\":\"bool\"") "," F("b", Q(WHEN("\"field\":\"a\",\"is\":\"yes\""))),
               ""),
          "form.rule_unfitting fields.1.shown_when" },
        /* Into another section's rows no rule can look. */
        { FORM("", SECTION(",\"repeat\":{\"max\":2}",
                           F("a", Q(""))) ",{\"name\":\"t\","
                                          "\"title\":\"T\",\"fields\":[" F(
                                              "b", Q(WHEN("\"field\":\"a\",\"given\":true"))) "]}"),
          "form.rule_field sections.1.fields.0.shown_when" },
        /* A circle through a rule: b is asked for by c, which is computed from b. */
        { FORM(F("c", C("b")) "," F("b", Q(WHEN("\"field\":\"c\",\"at_least\":\"1\""))), ""),
          "form.cycle fields.0.formula" },
        { FORM("", SECTION(",\"repeat\":{\"max\":2}", F("a", SIGN))),
          "form.not_once sections.0.fields.0.type" },
        { FORM(F("a", "\"required\":true," SIGN), ""), "form.unfitting fields.0.required" },
        { FORM(F("a", "\"type\":\"signature\",\"meaning\":\"Done\""), ""),
          "form.lacks fields.0.type" },
        { FORM(F("a", "\"type\":\"file\",\"size\":0"), ""), "form.bad_number fields.0.size" },
        { FORM(F("f", "\"type\":\"file\"") "," F("c", C("f")), ""),
          "formula.unknown fields.1.formula" },
        { FORM("", SECTION(",\"repeat\":{\"max\":2}",
                           F("a234567890123456789012345678901234567890123456789012345678", Q("")))),
          "form.name_too_long sections.0.fields.0.name" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(checked(rows[i].body), rows[i].refusal);
}

/* A column goes into its functions and nowhere else. */
static void columns_are_no_numbers(void **state)
{
    (void)state;
    static const char *const formulas[] = { "v + 1",     "abs(v)", "v < 1", "sum(v, v)",
                                            "max(v, 1)", "sum(1)", "v" };
    for (size_t i = 0; i < sizeof formulas / sizeof formulas[0]; i++) {
        struct str body = arena_printf(
            form_arena,
            "{\"fields\":[{\"name\":\"t\",\"label\":\"T\",\"type\":\"computed\",\"unit\":\"1\","
            "\"formula\":\"%s\"}],\"sections\":[{\"name\":\"s\",\"title\":\"S\",\"repeat\":"
            "{\"max\":9},\"fields\":[{\"name\":\"v\",\"label\":\"V\",\"type\":\"quantity\","
            "\"unit\":\"1\"}]}]}",
            formulas[i]);
        struct definition d = form_definition(arena_str(form_arena, body).p);
        struct err e = { 0 };
        const struct record_pair one = { S("v.1"), S("1") };
        const struct form_filling in = { .form = &d, .inputs = &one, .ninputs = 1 };
        assert_int_equal(form_fill(&filled, &in, form_arena, &e), REFUSED);
        assert_problems("t formula.wrong_type");
    }
}

/* --- as a document --- */

#define YAML_HEAD                                                                                  \
    "kind: form\nname: f\nversion: 1\ntitle: F\neffective: 2026-01-01T00:00:00Z\n"                 \
    "fields:\n- {name: a, label: A, type: bool}\n- name: b\n  label: B\n  type: text\n"

static struct str read_yaml(const char *yaml, struct err *e)
{
    static const struct define_kind *const kinds[] = { &form_kind };
    const struct define_context context = { .arena = form_arena };
    struct definition d;
    define_use(kinds, 1);
    return define_read(&d, &context, str_z(yaml), e) == OK ? d.json : (struct str){ 0 };
}

static void a_rule_is_one_mapping(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct str json = read_yaml(YAML_HEAD "  shown_when: {field: a, is: 'true'}\n", &e);
    assert_true(str_is(json, "{\"fields\":[{\"name\":\"a\",\"label\":\"A\",\"type\":\"bool\"},"
                             "{\"name\":\"b\",\"label\":\"B\",\"type\":\"text\",\"shown_when\":"
                             "{\"field\":\"a\",\"is\":\"true\"}}]}"));
    assert_null(read_yaml(YAML_HEAD "  shown_when: [{field: a, is: 'true'}]\n", &e).p);
    assert_string_equal(e.code, "define.wrong_type");
    assert_true(str_is(err_param(&e, "expected"), "a mapping"));
    assert_true(str_is(err_param(&e, "line"), "11"));
    assert_null(read_yaml(YAML_HEAD "  shown_when: {field: a, at_least: many}\n", &e).p);
    assert_true(str_is(err_param(&e, "field"), "at_least"));
    assert_null(read_yaml(YAML_HEAD "  shown_when: {field: c, given: true}\n", &e).p);
    assert_string_equal(e.code, "form.rule_field");
    assert_true(str_is(err_param(&e, "line"), "11"));
}

/* --- bounds --- */

enum { MANY = 10000, MANY_SIZE = 480 << 10 };

/* Each field is "- {name: f<n>" and the rest. */
static void too_large(const char *rest, const char *code)
{
    static char yaml[MANY_SIZE];
    struct buf b = buf_over(yaml, sizeof yaml);
    static const struct define_kind *const kinds[] = { &form_kind };
    struct arena *arena = arena_new(16 << 20); /* the longest file takes no more */
    const struct define_context context = { .arena = arena };
    struct definition d;
    struct err e = { 0 };
    define_use(kinds, 1);
    buf_z(&b, "kind: form\nname: big\nversion: 1\ntitle: B\neffective: 2026-01-01T00:00:00Z\n"
              "fields:\n");
    for (int i = 0; i < MANY; i++)
        buf_printf(&b, "- {name: f%d%s}\n", i, rest);
    assert_true(buf_ok(&b));
    const clock_t from = clock();
    assert_int_equal(define_read(&d, &context, buf_get(&b), &e), REFUSED);
    assert_true(clock() - from < 5 * CLOCKS_PER_SEC);
    assert_string_equal(e.code, code);
    assert_true(err_param(&e, "line").n > 0 && err_param(&e, "column").n > 0);
    arena_free(arena);
}

static void ten_thousand_fields_are_refused_at_their_place(void **state)
{
    (void)state;
    too_large(", label: L, type: bool", "define.too_many");
    too_large("", "define.too_long");
}

static void fields_of_all_sections_are_counted(void **state)
{
    (void)state;
    struct buf b = buf_in(form_arena, 1 << 20);
    buf_z(&b, "{\"sections\":[");
    for (int s = 0; s < 2; s++) {
        buf_printf(&b, "%s{\"name\":\"s%d\",\"title\":\"S\",\"fields\":[", s ? "," : "", s);
        for (int i = 0; i < 201; i++)
            buf_printf(&b, "%s{\"name\":\"f%d_%d\",\"label\":\"L\",\"type\":\"bool\"}",
                       i ? "," : "", s, i);
        buf_z(&b, "]}");
    }
    buf_z(&b, "]}");
    assert_string_equal(checked(arena_str(form_arena, buf_get(&b)).p),
                        "form.too_many_fields sections.1.fields.199.name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_kept_and_computed),
        cmocka_unit_test(working_is_shown),
        cmocka_unit_test(what_is_not_asked_for_is_not_kept),
        cmocka_unit_test(rules_follow_what_is_computed),
        cmocka_unit_test(an_absent_cell_leaves_the_total_absent),
        cmocka_unit_test(problems_stand_at_their_row),
        cmocka_unit_test(rows_that_must_be_are_not_empty),
        cmocka_unit_test(a_file_is_one_of_the_order),
        cmocka_unit_test(definitions_are_checked),
        cmocka_unit_test(columns_are_no_numbers),
        cmocka_unit_test(a_rule_is_one_mapping),
        cmocka_unit_test(ten_thousand_fields_are_refused_at_their_place),
        cmocka_unit_test(fields_of_all_sections_are_counted),
    };
    return cmocka_run_group_tests(tests, form_arena_open, form_arena_close);
}
