/* Definitions: what a document says is bound to its struct, every mistake is told at its line and
 * column, and versions live as they should. */
#include "kernel/stop.h"
#include "kernel/tests/define_sample.h"
#include "kernel/tests/fixture.h"
#include "kernel/text.h"
#include "kernel/timer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEAD "kind: plan\nname: car-t\nversion: 1\ntitle: Plan\neffective: 2026-01-01T00:00:00Z\n"
#define BODY "stages:\n- name: one\n  tasks: [{name: a}]\n"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    define_sample_use();
    arena = arena_new(256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum outcome read_text(struct definition *d, struct str yaml, struct err *e)
{
    const struct define_context context = { .arena = arena };
    return define_read(d, &context, yaml, e);
}

static void says(struct str text, const char *wanted)
{
    char got[256];
    snprintf(got, sizeof got, "%.*s", STR(text));
    assert_string_equal(got, wanted);
}

static void reads_what_stands_there(void **state)
{
    (void)state;
    const struct str yaml =
        S("# a comment\r\n---\n" HEAD "instructions: |-\n  first: line\n  second é\n"
          "since: 2026-02-28\n"
          "extra: {a: [1, 0.50, true, x], b: }\n"
          "stages:\n"
          "  - name: \"one\"\n"
          "    tasks:\n"
          "    - name: 'a'\n"
          "      text: 12\n"
          "      minutes: -15\n"
          "      checks: [0.5, yes, \"x\\ty\"]\n"
          "      guards:\n"
          "      - {name: g, min: 0.50, volume: 12.5 mL, strict: true}\n"
          "      - name: h\n"
          "        min: '7'\n"
          "        strict: false\n");
    struct definition d;
    struct err e = { 0 };
    assert_int_equal(read_text(&d, yaml, &e), OK);
    says(d.kind, "plan");
    says(d.name, "car-t");
    assert_int_equal(d.version, 1);
    assert_int_equal(d.effective, INT64_C(1767225600000000));
    const struct sample_plan *plan = d.body;
    says(plan->instructions, "first: line\nsecond é");
    says(plan->extra, "{\"a\":[1,\"0.50\",true,\"x\"],\"b\":null}");
    const struct sample_task *task = &plan->stages.p[0].tasks.p[0];
    says(task->text, "12");
    assert_int_equal(task->minutes, -15);
    assert_int_equal(task->checks.n, 3);
    says(task->checks.p[0], "0.5");
    says(task->checks.p[1], "yes");
    says(task->checks.p[2], "x\ty");
    assert_true(str_starts(
        d.json,
        S("{\"instructions\":\"first: line\\nsecond é\",\"since\":\"2026-02-28\",\"extra\":"
          "{\"a\":[1,\"0.50\",true,\"x\"],\"b\":null},\"stages\":[{\"name\":\"one\",\"tasks\""
          ":[{\"name\":\"a\",\"text\":\"12\",\"minutes\":-15,\"checks\":[\"0.5\",\"yes\",\"x\\"
          "ty\"")));
    assert_int_equal(task->guards.p[0].min.scale, 2); /* 0.50 stays 0.50 */
    assert_true(task->guards.p[0].strict);
    assert_false(task->guards.p[1].strict);
}

/* The hash is of what is said, not of how: order of fields, quotes and comments do not matter. */
static void same_content_same_hash(void **state)
{
    (void)state;
    struct definition a;
    struct definition b;
    struct definition c;
    struct err e = { 0 };
    assert_int_equal(read_text(&a, S(HEAD BODY), &e), OK);
    assert_int_equal(read_text(&b,
                               S("stages: [{tasks: [{\"name\": a}], name: 'one'}] # here\n"
                                 "title: >-\n  Plan\nversion: 1\nname: car-t\nkind: plan\n"
                                 "effective: 2026-01-01T01:00:00+01:00\n"),
                               &e),
                     OK);
    assert_true(str_eq(a.hash, b.hash));
    assert_int_equal(read_text(&c, S(HEAD "instructions: x\n" BODY), &e), OK);
    assert_false(str_eq(a.hash, c.hash));
}

struct mistake {
    const char *yaml;
    const char *text; /* as a person reads it */
};

static const struct mistake mistakes[] = {
    /* bytes */
    { HEAD "title: \xC3\x28\n", "line 6, column 8: this is not valid Unicode" },
    { HEAD "# é\xED\xA0\x80\n", "line 6, column 4: this is not valid Unicode" },
    { HEAD "stages:\n\t- x\n", "line 7, column 1: a tab or another control character stands here" },
    { HEAD "instructions: é\x01\n",
      "line 6, column 16: a tab or another control character stands here" },
    { HEAD "instructions: a\rb\n",
      "line 6, column 16: a tab or another control character stands here" },
    /* YAML */
    { "", "line 1, column 1: the document is empty" },
    { "# nothing\n", "line 1, column 1: the document is empty" },
    { HEAD "stages: [1\n", "line 7, column 1: flow sequence without a closing bracket" },
    { HEAD "a: b: c\n", "line 6, column 5: invalid nested block mapping on the same line" },
    { HEAD "stages:\n  - name: x\n tasks: y\n",
      "line 8, column 2: invalid indentation in mapping" },
    { HEAD BODY "---\nkind: plan\n",
      "line 9, column 1: a definition cannot hold a second document" },
    { HEAD "stages: &x []\n", "line 6, column 10: a definition cannot hold an anchor" },
    { HEAD "stages: *x\n", "line 6, column 10: a definition cannot hold an alias" },
    { HEAD "stages: !!seq []\n", "line 6, column 9: a definition cannot hold a tag" },
    { HEAD "extra: {<<: x}\n", "line 6, column 9: a definition cannot hold a merge key" },
    { HEAD "extra: {[a]: x}\n",
      "line 6, column 9: a definition cannot hold a mapping or list as a key" },
    { HEAD ": x\n", "line 5, column 12: a definition cannot hold an empty key" },
    { "%YAML 1.1\n---\n" HEAD, "line 1, column 1: a definition cannot hold a directive" },
    { HEAD "since: 2026-01-01\nsince: 2026-01-02\n",
      "line 7, column 1: field \"since\" stands twice" },
    { HEAD "extra: {a: 1, \"a\": 2}\n", "line 6, column 15: field \"a\" stands twice" },
    { HEAD "extra: [[[[[[[[[[[[1]]]]]]]]]]]]\n",
      "line 6, column 19: nested deeper than 12 levels" },
    /* head */
    { "- a\n", "line 1, column 1: field \"document\" expects a mapping, not a list" },
    { "plan\n", "line 1, column 1: field \"document\" expects a mapping, not \"plan\"" },
    { "name: x\n", "line 1, column 1: field \"kind\" is required here" },
    { "name: x\nkind:\n", "line 2, column 1: field \"kind\" is required here" },
    { "kind: plans\n", "line 1, column 7: there is no kind \"plans\", only plan, list" },
    { "kind: [plan]\n", "line 1, column 7: field \"kind\" expects a name of lower-case letters, "
                        "digits, \"_\", \".\" and \"-\", not a list" },
    { "kind: plan\nname: x\nversion: one\n",
      "line 3, column 10: field \"version\" expects an integer, not \"one\"" },
    { "kind: plan\nname: x\nversion: 1.0\n",
      "line 3, column 10: field \"version\" expects an integer, not \"1.0\"" },
    { "kind: plan\nname: x\nversion: 01\n",
      "line 3, column 10: field \"version\" expects an integer, not \"01\"" },
    { "kind: plan\nname: x\nversion: \"1\"\n",
      "line 3, column 10: field \"version\" expects an integer, not \"1\" in quotes" },
    { "kind: plan\nname: x\nversion: 1\ntitle: y\neffective: 2026-01-01\n" BODY,
      "line 5, column 12: field \"effective\" expects a time such as 2026-01-01T00:00:00Z, not "
      "\"2026-01-01\"" },
    { "kind: plan\nname: x\nversion: 0\ntitle: y\neffective: 2026-01-01T00:00:00Z\n" BODY,
      "line 3, column 10: versions count from 1" },
    { "kind: plan\nversion: 1\ntitle: y\neffective: 2026-01-01T00:00:00Z\n" BODY,
      "line 1, column 1: field \"name\" is required here" },
    /* body */
    { HEAD "Stages: []\n", "line 6, column 1: field \"Stages\" is not known here, only kind, name, "
                           "version, title, effective, instructions, since, extra, stages" },
    { HEAD "stages:\n- name: one\n  task: []\n",
      "line 8, column 3: field \"task\" is not known here, only name, tasks" },
    { HEAD "stages: none\n", "line 6, column 9: field \"stages\" expects a list of mappings, not "
                             "\"none\"" },
    { HEAD "stages: {name: one}\n",
      "line 6, column 9: field \"stages\" expects a list of mappings, not a mapping" },
    { HEAD "stages:\n- one\n",
      "line 7, column 3: field \"stages.0\" expects a mapping, not \"one\"" },
    { HEAD "stages:\n- name: one\n  tasks:\n  - text: x\n",
      "line 9, column 5: field \"name\" is required here" },
    { HEAD "stages:\n- name: one\n  tasks:\n  - name: A b\n",
      "line 9, column 11: field \"name\" expects a name of lower-case letters, digits, \"_\", "
      "\".\" and \"-\", not \"A b\"" },
#define GUARD HEAD "stages:\n- name: one\n  tasks:\n  - name: a\n    guards:\n    - name: g\n"
    { GUARD "      min: abc\n",
      "line 12, column 12: field \"min\" expects a decimal number, not \"abc\"" },
    { GUARD "      min: 1,5\n",
      "line 12, column 12: field \"min\" expects a decimal number, not \"1,5\"" },
    { GUARD "      min: [1]\n",
      "line 12, column 12: field \"min\" expects a decimal number, not a list" },
    { GUARD "      volume: 12\n",
      "line 12, column 15: field \"volume\" expects a quantity with its "
      "unit such as 12.5 mL, not \"12\"" },
    { GUARD "      volume: 3 bags\n",
      "line 12, column 15: field \"volume\" expects a quantity with "
      "its unit such as 12.5 mL, not \"3 bags\"" },
    { GUARD "      strict: yes\n",
      "line 12, column 15: field \"strict\" expects true or false, not \"yes\"" },
    { GUARD "      strict: 'true'\n",
      "line 12, column 15: field \"strict\" expects true or false, not \"true\" in quotes" },
#define TASK HEAD "stages:\n- name: one\n  tasks:\n  - name: a\n"
    { TASK "    checks: x\n",
      "line 10, column 13: field \"checks\" expects a list of texts, not \"x\"" },
    { TASK "    checks:\n    - x\n    - [y]\n",
      "line 12, column 7: field \"checks.1\" expects text "
      "without control characters, not a list" },
    { TASK "    checks:\n      - x\n      -\n      - y\n",
      "line 11, column 9: field \"checks.1\" expects text without control characters, not "
      "nothing" },
    { TASK "    checks: [a, b, c, d]\n", "line 10, column 13: field \"checks\" is longer than 3" },
    { TASK "    text: \"\\x01\"\n",
      "line 10, column 11: field \"text\" expects text without control "
      "characters, not \" \"" },
    { TASK "  - name: b\n  - name: b\n", "line 11, column 11: this task is not known" },
    { HEAD "since: 2026-02-30\n" BODY,
      "line 6, column 8: field \"since\" expects a date such as 2026-01-01, not \"2026-02-30\"" },
};

/* partial: ORC-02 (errors of a definition name their place) */
static void every_mistake_at_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct definition d;
        struct err e = { 0 };
        if (read_text(&d, str_z(mistakes[i].yaml), &e) != REFUSED)
            fail_msg("taken though wrong: %s", mistakes[i].yaml);
        says(define_error(arena, S("en"), &e), mistakes[i].text);
        assert_true(text_error_hint(arena, S("en"), &e).n > 0);
    }
}

static struct str repeated(const char *head, const char *line, size_t n)
{
    struct buf b = buf_in(arena, 4 << 20);
    buf_z(&b, head);
    for (size_t i = 0; i < n; i++)
        buf_z(&b, line);
    assert_true(buf_ok(&b));
    return buf_get(&b);
}

#define LIST_HEAD                                                                                  \
    "kind: list\nname: long\nversion: 1\ntitle: Long\neffective: 2026-01-01T00:00:00Z\nitems:\n"

static int64_t now(void)
{
    return env_mono(&env_system);
}

static void refused_as(struct str yaml, const char *code)
{
    struct definition d;
    struct err e = { 0 };
    int64_t before = now();
    assert_int_equal(read_text(&d, yaml, &e), REFUSED);
    assert_string_equal(e.code, code);
    assert_true(now() - before < 5 * TIME_SECOND);
}

static void long_documents(void **state)
{
    (void)state;
    struct definition d;
    struct err e = { 0 };
    int64_t before = now();
    assert_int_equal(read_text(&d, repeated(LIST_HEAD, "- a\n", 10000), &e), OK);
    assert_true(now() - before <
                5 * TIME_SECOND); /* 0.05 s with gcc, ten times that under sanitizers */
    assert_int_equal(((const struct sample_list *)d.body)->items.n, 10000);
    /* Beyond each limit, at once. */
    refused_as(repeated(LIST_HEAD, "- a text of some length\n", 10000), "define.too_large");
    refused_as(repeated(LIST_HEAD, "# comment upon comment\n", 40000), "define.too_large");
    refused_as(repeated(LIST_HEAD, "- x\n", 60000), "define.too_many");
    refused_as(repeated(LIST_HEAD "  ", "[", 100000), "define.too_deep");
    refused_as(repeated(LIST_HEAD "  {", "a: ", 100000), "define.syntax");
    struct buf keys = buf_in(arena, 1 << 20);
    buf_z(&keys, HEAD "extra:\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&keys, "  k%d: 1\n", i);
    refused_as(buf_get(&keys), "define.too_many");
}

/* --- versions, in a node --- */

static const struct module *const modules[] = { &stop_module, &timer_module, &define_module };
static struct fixture f;
static struct fixture_person author;

static int set_up_node(void **state)
{
    fixture_open(&f, modules, 3);
    fixture_person(&author, 1, 1, 1, "define.load");
    return set_up(state);
}

static int tear_down_node(void **state)
{
    fixture_close(&f);
    return tear_down(state);
}

static enum outcome load(const struct fixture_person *who, struct str yaml, bool *changed,
                         struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, f.node.store, e));
    const struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = arena };
    enum outcome outcome =
        define_load_text(f.node.gate, &context, who->actor.organisation, yaml, changed, e);
    store_reader_give(f.node.store, db);
    return outcome;
}

static enum outcome send_load(const struct fixture_person *who, const struct definition *d)
{
    char at[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(at, sizeof at);
    clock_write(&b, d->effective);
    return fixture_send(&f, who, "define.load", NULL,
                        "{'kind':'%.*s','name':'%.*s','version':%lld,'title':'%.*s',"
                        "'effective':'%s','hash':'%.*s','json':%.*s}",
                        STR(d->kind), STR(d->name), (long long)d->version, STR(d->title), at,
                        STR(d->hash), STR(d->json));
}

static struct str version(int n, const char *effective, const char *text)
{
    return arena_printf(arena,
                        "kind: plan\nname: car-t\nversion: %d\ntitle: Plan %d\neffective: %s\n"
                        "instructions: %s\n" BODY,
                        n, n, effective, text);
}

static int64_t found(int64_t wanted, const char *at)
{
    struct definition d;
    struct db *db;
    struct err e = { 0 };
    bool there;
    int64_t at_us;
    assert_true(clock_read(&at_us, str_z(at)));
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(define_find(&d, db, S("plan"), S("car-t"), wanted, at_us, arena, &there, &e),
                     OK);
    store_reader_give(f.node.store, db);
    if (!there)
        return 0;
    assert_int_equal(((const struct sample_plan *)d.body)->stages.n, 1);
    return d.version;
}

/* partial: ORC-02 (versions and effective dates; a version stays as it was) */
static void versions_and_effective_dates(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool changed = false;
    struct str first = version(1, "2026-02-01T00:00:00Z", "one");
    assert_int_equal(load(&author, first, &changed, &e), OK);
    assert_true(changed);

    /* Twice changes nothing, on whose behalf ever. */
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(load(&author, first, &changed, &e), OK);
    assert_false(changed);
    struct fixture_person other;
    fixture_person(&other, 2, 2, 2, "define.load");
    assert_int_equal(load(&other, first, &changed, &e), OK);
    assert_false(changed);
    assert_int_equal(ledger_size(f.node.ledger), size);

    /* A newer one of another organisation would change what runs there: roles, workflows, forms.
     */
    assert_int_equal(load(&other, version(2, "2026-02-01T00:00:00Z", "own"), &changed, &e),
                     REFUSED);
    assert_string_equal(e.code, "define.foreign");
    assert_int_equal(ledger_size(f.node.ledger), size);

    /* A version is never another text. */
    assert_int_equal(load(&author, version(1, "2026-02-01T00:00:00Z", "two"), &changed, &e),
                     REFUSED);
    assert_string_equal(e.code, "define.version_exists");
    assert_int_equal(load(&author, version(3, "2026-03-01T00:00:00Z", "three"), &changed, &e), OK);
    assert_int_equal(load(&author, version(2, "2026-03-01T00:00:00Z", "two"), &changed, &e),
                     REFUSED);
    assert_string_equal(e.code, "define.version_old");
    assert_int_equal(ledger_size(f.node.ledger), size + 1);

    assert_int_equal(found(0, "2026-01-31T23:59:59Z"), 0);
    assert_int_equal(found(0, "2026-02-01T00:00:00Z"), 1);
    assert_int_equal(found(0, "2026-02-28T23:59:59Z"), 1);
    assert_int_equal(found(0, "2026-03-01T00:00:00Z"), 3);
    assert_int_equal(found(1, "2026-04-01T00:00:00Z"), 1); /* who is pinned stays */
    assert_int_equal(found(2, "2026-04-01T00:00:00Z"), 0);
    fixture_rebuilds(&f);
}

/* What many pages read is bound once in the process. */
static void a_version_is_bound_once(void **state)
{
    (void)state;
    struct err e = { 0 };
    bool changed, there, there_again, there_other;
    struct definition first, again, other;
    struct db *db;
    assert_int_equal(load(&author, version(1, "2026-02-01T00:00:00Z", "kept"), &changed, &e), OK);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    const enum outcome first_read =
        define_find(&first, db, S("plan"), S("car-t"), 1, f.sim.now_us, arena, &there, &e);
    struct define_pin pin = { first.kind, first.name, first.version, first.hash };
    arena_reset(arena); /* what is kept is not the asker's */
    const enum outcome read_again = define_pinned(&again, db, &pin, arena, &there_again, &e);
    /* A row that names another text than the store has finds none. */
    pin.hash = S("0000000000000000000000000000000000000000000000000000000000000000");
    const enum outcome other_read = define_pinned(&other, db, &pin, arena, &there_other, &e);
    store_reader_give(f.node.store, db);

    assert_int_equal(first_read, OK);
    assert_true(there);
    assert_int_equal(read_again, OK);
    assert_true(there_again);
    assert_ptr_equal(again.body, first.body);
    const struct sample_plan *plan = again.body;
    assert_true(str_is(plan->instructions, "kept"));
    assert_int_equal(other_read, OK);
    assert_false(there_other);
}

/* A person loads nothing, whatever a role says: their way is the life of a draft. */
static void the_program_alone_loads(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct definition d;
    struct define_context context = { .arena = arena, .now_us = f.sim.now_us };
    struct str yaml = S(HEAD BODY);
    assert_int_equal(define_read(&d, &context, yaml, &e), OK);
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(send_load(&author, &d), REFUSED);
    fixture_refused(&f, "define.by_people");
    struct fixture_person stranger;
    fixture_person(&stranger, 2, 1, 1, "stop.resolve");
    assert_int_equal(send_load(&stranger, &d), REFUSED);
    fixture_refused(&f, "gate.forbidden");
    assert_int_equal(ledger_size(f.node.ledger), size);
    struct fixture_person program = author;
    program.actor.system = true;
    fixture_must(&f, send_load(&program, &d), "the same by the program");
    assert_int_equal(ledger_size(f.node.ledger), size + 1);
}

/* What comes without a file is held to the same. */
static void commands_are_checked_too(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *json;
        const char *code;
    } rows[] = {
        { "none", "{}", "define.no_kind" },
        { "list", "{}", "record.missing" },
        { "list", "{'items':[],'more':1}", "record.unknown_field" },
        { "list", "{'items':['a']}", "define.wrong_hash" },
        { "plan", "{'stages':[{'tasks':[],'name':'a'}]}", "define.not_canonical" },
        { "plan", "{'stages':[{'name':'a','tasks':[{'name':'b'},{'name':'b'}]}]}", "gate.unknown" },
    };
    uint64_t size = ledger_size(f.node.ledger);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(fixture_send(&f, &author, "define.load", NULL,
                                      "{'kind':'%s','name':'x','version':1,'title':'t','effective':"
                                      "'2026-01-01T00:00:00Z','hash':'%064d','json':%s}",
                                      rows[i].kind, 0, rows[i].json),
                         REFUSED);
        fixture_refused(&f, rows[i].code);
    }
    assert_int_equal(ledger_size(f.node.ledger), size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define READING(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define LOADING(name) cmocka_unit_test_setup_teardown(name, set_up_node, tear_down_node)
        READING(reads_what_stands_there),      READING(same_content_same_hash),
        READING(every_mistake_at_its_place),   READING(long_documents),
        LOADING(versions_and_effective_dates), LOADING(the_program_alone_loads),
        LOADING(commands_are_checked_too),     LOADING(a_version_is_bound_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
