#include "kernel/tests/form_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct arena *form_arena;

int form_arena_open(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    form_arena = arena_new(32 << 20);
    return form_arena ? 0 : -1;
}

int form_arena_close(void **state)
{
    (void)state;
    arena_free(form_arena);
    return 0;
}

struct form *form_read(struct str json)
{
    struct err e = { 0 };
    const struct json *value;
    struct form *form = ARENA_NEW(form_arena, struct form);
    assert_int_equal(json_read(&value, form_arena, json, &json_limits_default, &e), OK);
    if (record_from_json(&form_record, form, form_arena, value, &e) != OK)
        fail_msg("%s %.*s", e.code, STR(err_param(&e, "field")));
    return form;
}

const char form_infusion[] =
    "{\"instructions\":\"Weigh the bag.\",\"fields\":["
    "{\"name\":\"weight\",\"label\":\"Body weight\",\"type\":\"quantity\",\"unit\":\"kg\","
    "\"min\":\"1\",\"max\":\"300\",\"low\":\"40\",\"high\":\"120\",\"help\":\"without shoes\"},"
    "{\"name\":\"volume\",\"label\":\"Volume\",\"type\":\"quantity\",\"unit\":\"mL\","
    "\"required\":true},"
    "{\"name\":\"dose_per_kg\",\"label\":\"Dose\",\"type\":\"computed\",\"unit\":\"10*6/kg\","
    "\"formula\":\"total / weight\",\"digits\":2,\"low\":\"2\",\"max\":\"100\"},"
    "{\"name\":\"cells\",\"label\":\"Cells\",\"type\":\"quantity\",\"unit\":\"10*6/mL\"},"
    "{\"name\":\"total\",\"label\":\"Total\",\"type\":\"computed\",\"unit\":\"10*6\","
    "\"formula\":\"volume * cells\",\"digits\":0},"
    "{\"name\":\"site\",\"label\":\"Side\",\"type\":\"choice\",\"choices\":["
    "{\"value\":\"left\",\"label\":\"Left arm\"},{\"value\":\"right\",\"label\":\"Right arm\","
    "\"unexpected\":true}]},"
    "{\"name\":\"lane\",\"label\":\"Lane\",\"type\":\"choice\",\"choices\":["
    "{\"value\":\"a\",\"label\":\"A\"},{\"value\":\"b\",\"label\":\"B\"},"
    "{\"value\":\"c\",\"label\":\"C\"},{\"value\":\"d\",\"label\":\"D\"},"
    "{\"value\":\"e\",\"label\":\"E\"},{\"value\":\"f\",\"label\":\"F\"},"
    "{\"value\":\"g\",\"label\":\"G\"}]},"
    "{\"name\":\"taken\",\"label\":\"Taken at\",\"type\":\"time\"},"
    "{\"name\":\"born\",\"label\":\"Born\",\"type\":\"date\",\"sealed\":true},"
    "{\"name\":\"person\",\"label\":\"Name\",\"type\":\"text\",\"length\":20,\"sealed\":true},"
    "{\"name\":\"thawed\",\"label\":\"Thawed\",\"type\":\"bool\"},"
    "{\"name\":\"bag\",\"label\":\"Bag\",\"type\":\"scan\"},"
    "{\"name\":\"note\",\"label\":\"Note\",\"type\":\"text\"}]}";

struct definition form_definition(const char *json)
{
    return (struct definition){
        .kind = S("form"), .name = S("infusion"), .version = 3, .body = form_read(str_z(json))
    };
}

size_t form_pairs(struct record_pair *pairs, const char *const *entries)
{
    size_t n = 0;
    for (; entries[n]; n++) {
        struct str rest = str_z(entries[n]);
        pairs[n].name = str_cut(&rest, '=');
        pairs[n].value = rest;
    }
    return n;
}

struct form_record form_filled(const char *const *entries)
{
    struct definition d = form_definition(form_infusion);
    struct record_pair pairs[FORM_PAIRS_MAX];
    struct form_filled f;
    struct err e = { 0 };
    size_t n = form_pairs(pairs, entries);
    const struct form_filling in = { .form = &d, .inputs = pairs, .ninputs = n };
    if (form_fill(&f, &in, form_arena, &e) != OK)
        fail_msg("%s at %.*s: %s", e.code, STR(f.problems[0].field), f.problems[0].error.code);
    assert_int_equal(f.nproblems, 0);
    return f.record;
}
