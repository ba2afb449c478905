/* The definitions that ship are good, load once, and their workflows hold every mandatory point. */
#include "app/shipped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/embedded.h"
#include "base/log.h"
#include "kernel/draft.h"
#include "kernel/text.h"
#include "kernel/tests/fixture.h"

static struct fixture f;

static int open_node(void **state)
{
    (void)state;
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    fixture_open(&f, modules, n);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void they_load_and_load_again_without_change(void **state)
{
    (void)state;
    struct fixture_person system;
    struct err e = { 0 };
    size_t changed;
    fixture_person(&system, 1, 1, 1, "define.load");
    if (shipped_load(&f.node, system.actor.organisation, &changed, &e) != OK)
        fail_msg("%s %s: %.*s", e.code, e.detail, STR(define_error(f.arena, S("en"), &e)));
    assert_true(changed > 30);
    uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(shipped_load(&f.node, system.actor.organisation, &changed, &e), OK);
    assert_int_equal(changed, 0);
    assert_int_equal(ledger_size(f.node.ledger), size);
    fixture_rebuilds(&f);
}

/* Each as its author would go on from it is the same definition. */
static void written_as_yaml_they_are_the_same(void **state)
{
    (void)state;
    struct fixture_person system;
    struct err e = { 0 };
    size_t changed;
    struct db *db;
    fixture_person(&system, 1, 1, 1, "");
    assert_int_equal(shipped_load(&f.node, system.actor.organisation, &changed, &e), OK);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    for (const struct embedded *file = shipped_definitions; file->path; file++) {
        struct arena *arena = arena_new(64 << 20);
        const struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = arena };
        struct definition d;
        struct definition again;
        struct buf b = buf_in(arena, DEFINE_YAML_MAX);
        assert_int_equal(define_read(&d, &context, file->text, &e), OK);
        assert_int_equal(define_write(&b, &d, arena, &e), OK);
        if (define_read(&again, &context, buf_get(&b), &e) != OK)
            fail_msg("%s: %s", file->path, e.code);
        assert_string_equal(again.hash.p, d.hash.p);
        arena_free(arena);
    }
    store_reader_give(f.node.store, db);
}

/* Once there are people the program drafts what is new, once, and loads nothing over them. */
static void people_decide_about_what_ships_later(void **state)
{
    (void)state;
    struct fixture_person program;
    struct err e = { 0 };
    size_t changed;
    fixture_person(&program, 1, 1, 1, "");
    program.actor.system = true;
    fixture_must(&f,
                 fixture_send(&f, &program, "organisation.make", NULL,
                              "{'organisation':'%.*s','name':'Works','kind':'sponsor'}",
                              STR(program.actor.organisation)),
                 "organisation");
    fixture_must(&f,
                 fixture_send(&f, &program, "account.make", NULL,
                              "{'organisation':'%.*s','login':'a','name':'A'}",
                              STR(program.actor.organisation)),
                 "account");
    assert_int_equal(shipped_load(&f.node, program.actor.organisation, &changed, &e), OK);
    assert_true(changed > 20); /* what rests on nothing that is not in force yet */
    const struct define_list_in all = { S(""), S(""), S("~"), f.sim.now_us, 500 };
    assert_int_equal(fixture_list(&f, &sql_define_list, &all).n, 1); /* who approves */
    const struct draft_waiting_in of = { program.actor.organisation };
    assert_int_equal(fixture_list(&f, &sql_draft_waiting, &of).n, changed - 1);
    assert_int_equal(shipped_load(&f.node, program.actor.organisation, &changed, &e), OK);
    assert_int_equal(changed, 0);
}

/* A text with one part in place of another. */
static const char *altered(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    if (!at)
        fail_msg("no: %s", what);
    struct buf b = buf_in(f.arena, 64 << 10);
    buf_put(&b, text, (size_t)(at - text));
    buf_z(&b, by);
    buf_z(&b, at + strlen(what));
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return buf_get(&b).p;
}

static const char *cryopreserved(void)
{
    const struct embedded *e = shipped_definitions;
    while (!str_ends(str_z(e->path), S("workflows/corvicel.yaml")))
        e++;
    return arena_str(f.arena, e->text).p;
}

static enum outcome reads(const char *text, struct err *e)
{
    struct definition out;
    struct define_context context = { .now_us = env_now(&f.sim.env), .arena = f.arena };
    assert_int_equal(store_reader_take(&context.db, f.node.store, e), OK);
    enum outcome o = define_read(&out, &context, str_z(text), e);
    store_reader_give(f.node.store, context.db);
    return o;
}

static void avoids(const char *text, const char *task, const char *act)
{
    struct err e = { 0 };
    enum outcome o = reads(text, &e);
    if (o != REFUSED || !str_is(str_z(e.code), "flow.act_avoidable") ||
        !str_is(err_param(&e, "task"), task) || !str_is(err_param(&e, "act"), act))
        fail_msg("%s without %s: %d %s %s %s", task, act, o, e.code ? e.code : "",
                 e.params[0].value, e.params[1].value);
}

#define SELDOM                                                                                     \
    "        when:\n"                                                                              \
    "          - { name: seldom, text: Seldom., fact: seldom }\n"

/* shows: COI-02 the points of the field, in a workflow that is used */
static void coi_02_no_way_leads_round_a_point(void **state)
{
    (void)state;
    struct fixture_person system;
    struct err e = { 0 };
    size_t changed;
    fixture_person(&system, 1, 1, 1, "define.load");
    assert_int_equal(shipped_load(&f.node, system.actor.organisation, &changed, &e), OK);
    const char *text = cryopreserved();
    assert_int_equal(reads(text, &e), OK);

    /* a receipt that may be skipped: as long as what follows asks for it, nothing goes on */
    const char *skipped =
        altered(text, "        act: receive_material\n", "        act: receive_material\n" SELDOM);
    assert_int_equal(reads(skipped, &e), OK);
    avoids(altered(skipped, "task: receive, field: decision, is: accepted", "fact: received"),
           "dispose", "receive_material");
    avoids(altered(text, "        act: hand_over\n", "        act: hand_over\n" SELDOM),
           "offer_to_plant", "hand_over");
    avoids(altered(text, "        act: retrieve\n", "        act: retrieve\n" SELDOM),
           "pack_product", "retrieve");
    avoids(altered(text, "        act: receive_product\n", "        act: receive_product\n" SELDOM),
           "store_product", "receive_product");
    /* neither released nor supplied, or supplied by who only accepted the risk: not out of the
     * store */
    avoids(altered(text, "any: [dispose, supply] }\n          - { name: not_rejected",
                   "fact: decided }\n          - { name: not_rejected"),
           "retrieve", "release");
    avoids(altered(text, "any: [dispose, supply] }\n          - { name: not_rejected",
                   "any: [dispose, accept_exception] }\n          - { name: not_rejected"),
           "retrieve", "release");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(they_load_and_load_again_without_change, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(written_as_yaml_they_are_the_same, open_node, close_node),
        cmocka_unit_test_setup_teardown(people_decide_about_what_ships_later, open_node,
                                        close_node),
        cmocka_unit_test_setup_teardown(coi_02_no_way_leads_round_a_point, open_node, close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
