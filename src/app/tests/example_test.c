/* The worked examples of the API that the program carries: each command and each read has one, it
 * is read by the record that the program itself reads by, and no id in it could be somebody's. That
 * what they say was really asked and answered, tools/examples and tests/suites/api.sh show.
 * partial: INT-01 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/id.h"
#include "kernel/example.h"
#include "kernel/pages_api.h"
#include "kernel/text.h"

static struct arena *arena;
static const struct module *const *modules;
static size_t nmodules;

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    modules = cli_modules(&nmodules);
    arena = arena_new(64 << 20);
    return arena ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json *json_of(const char *of, struct str text)
{
    const struct json *json;
    struct err e = { 0 };
    if (json_read(&json, arena, text, &json_limits_default, &e) != OK)
        fail_msg("%s: %s", of, e.code);
    return json;
}

static void reads_as(const char *of, const struct record *record, const struct json *json)
{
    void *out = arena_alloc(arena, record->size);
    struct err e = { 0 };
    assert_non_null(out);
    if (record_from_json(record, out, arena, json, &e) != OK)
        fail_msg("%s: %s %s: run VEIN_GOLDEN=1 tools/units build/gcc", of, e.code,
                 e.params[0].value);
}

/* Every id is of the fictional range that the tools write. */
static void names_nobody(const char *of, struct str text)
{
    for (size_t i = 0; i + ID_LENGTH <= text.n; i++) {
        const struct str id = { text.p + i, ID_LENGTH };
        if (id_valid(id) && !str_starts(id, S("00000000-0000-7000-8000-")))
            fail_msg("%s: %.*s could be somebody's", of, STR(id));
    }
}

static void command_holds(const struct command_type *c)
{
    struct example_command x;
    if (!example_command(&x, str_z(c->name)))
        fail_msg("%s has no example: run VEIN_GOLDEN=1 tools/units build/gcc", c->name);
    const struct json *answer = json_of(c->name, x.answer);
    reads_as(c->name, c->body, json_of(c->name, x.body));
    (void)json_of(c->name, example_command_body(&x, arena));
    if (c->answer)
        reads_as(c->name, c->answer, answer);
    else
        assert_true(str_is(x.answer, "{}"));
    if (c->flags & COMMAND_NEEDS_REASON)
        assert_true(x.reason.n > 0);
    names_nobody(c->name, x.body);
    names_nobody(c->name, x.answer);
    while (x.refusals.n > 0) {
        const struct str code = str_cut(&x.refusals, ' ');
        if (!text_find(S("en"), arena_printf(arena, "refusal.%.*s.hint", STR(code))).p)
            fail_msg("%s: refusal %.*s has no hint", c->name, STR(code));
    }
}

static void every_command_has_an_example_that_it_would_read(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->ncommands; i++, n++)
            command_holds(modules[m]->commands[i]);
    assert_true(n > 70);
}

static void read_holds(const struct route *route)
{
    struct example_read x;
    if (!example_read(&x, str_z(route->path)))
        fail_msg("%s has no example: run VEIN_GOLDEN=1 tests/suites/api.sh", route->path);
    assert_true(str_starts(x.target, S("/")));
    assert_int_equal(x.media_type.n > 0, !route->media_type || route->media_type[0]);
    names_nobody(route->path, x.target);
    names_nobody(route->path, x.answer);
    const struct record *record = route->rows ? route->rows : route->row;
    if (!record)
        return;
    const struct json *json = json_of(route->path, x.answer);
    if (route->row) {
        reads_as(route->path, record, json);
        return;
    }
    const struct json *rows = json_get(json, "rows");
    assert_non_null(rows);
    for (const struct json *row = rows->child; row; row = row->next)
        reads_as(route->path, record, row);
}

static void every_read_has_an_example_of_its_record(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->nroutes; i++)
            if (strcmp(modules[m]->routes[i].method, "GET") == 0) {
                read_holds(&modules[m]->routes[i]);
                n++;
            }
    assert_true(n > 40);
}

/* Two reads never share a page of the reference. */
static void every_read_has_a_page_of_its_own(void **state)
{
    (void)state;
    static struct str seen[200];
    size_t n = 0;
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->nroutes; i++) {
            if (strcmp(modules[m]->routes[i].method, "GET") != 0)
                continue;
            const struct str slug = pages_api_slug(modules[m]->routes[i].path, arena);
            for (size_t k = 0; k < n; k++)
                if (str_eq(seen[k], slug))
                    fail_msg("%.*s stands for two reads", STR(slug));
            assert_true(n < 200);
            seen[n++] = slug;
        }
}

static void json_is_indented_for_people(void **state)
{
    (void)state;
    struct buf b = buf_in(arena, 1000);
    example_indent(&b, S("{\"a\":[1,{\"b\":\"x,{\\\"}\"}],\"c\":{},\"d\":[]}"));
    const char *wanted = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{\\\"}\"\n    }\n  ],\n"
                         "  \"c\": {},\n  \"d\": []\n}";
    assert_true(str_is(buf_get(&b), wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_an_example_that_it_would_read),
        cmocka_unit_test(every_read_has_an_example_of_its_record),
        cmocka_unit_test(every_read_has_a_page_of_its_own),
        cmocka_unit_test(json_is_indented_for_people),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
