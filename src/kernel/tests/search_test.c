/* The index: what is found, in which order, once, by whom; hostile texts; pages; late, after a
 * crash and rebuilt it is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gen/kernel/search.sql.h"
#include "base/id.h"
#include "kernel/search.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"
#include "kernel/tests/thing.h"

enum { THINGS_MAX = 200 };

/* What the trial's rule says of its things, which stand in no table. */
static struct said {
    int organisation, site; /* 0: everywhere */
    const char *identifier;
    const char *words;
} things[THINGS_MAX];

static struct fixture f;
static struct fixture_person nurse;  /* organisation 1, site 1 */
static struct fixture_person sister; /* organisation 1, site 2 */
static struct fixture_person lead;   /* all of organisation 1 */
static struct fixture_person stranger;
static struct fixture_person keeper; /* writes */

/* The number that fixture_id was given, below 1,000. */
static int number_of(struct str id)
{
    int n = 0;
    for (size_t i = ID_LENGTH - 3; i < ID_LENGTH; i++)
        n = 10 * n + id.p[i] - '0';
    return n;
}

static enum outcome trial_read(struct search_entry *x, struct str id, struct err *e)
{
    (void)e;
    const int number = number_of(id);
    const struct said *said = &things[number];
    if (said->organisation > 0)
        search_scope(x, fixture_id('o', said->organisation),
                     said->site ? fixture_id('s', said->site) : (struct str){ 0 });
    else
        search_everywhere(x);
    search_identifier(x, str_z(said->identifier));
    search_words(x, str_z(said->words));
    return OK;
}

static const char *const when[] = { "thing.added", NULL };
static const struct search_rule rules[] = {
    { .name = "trial",
      .kind = "trial",
      .permission = "trial.see",
      .when = when,
      .read = trial_read },
    { .name = "secret",
      .kind = "secret",
      .permission = "secret.see",
      .page = "trial.see",
      .sealed = true,
      .when = when,
      .read = trial_read },
};
static const struct module trial = { .name = "trial", .searches = rules, .nsearches = 2 };
static const struct module *const modules[] = { &stop_module, &timer_module, &search_module,
                                                &thing_module, &trial };

static int set_up(void **state)
{
    (void)state;
    memset(things, 0, sizeof things);
    fixture_open(&f, modules, 5);
    fixture_person(&nurse, 1, 1, 1, "trial.see");
    fixture_person(&sister, 2, 1, 2, "trial.see secret.see");
    fixture_person(&stranger, 3, 2, 3, "trial.see secret.see");
    fixture_person(&keeper, 4, 1, 1, "thing.add");
    fixture_person(&lead, 5, 1, 1, "trial.see");
    lead.grants[0].site = (struct str){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void touch(int number)
{
    if (fixture_send(&f, &keeper, "thing.add", NULL, "{'thing':'%.*s','by':1}",
                     STR(fixture_id('a', number))) != OK)
        fail_msg("%s: %s", f.error.code, f.error.detail);
}

/* Thing `number` is so from now on. */
static void say(int number, struct said said)
{
    things[number] = said;
    touch(number);
}

static enum outcome all_may(void *context, const struct search_hit *hit, bool *may, struct err *e)
{
    (void)context;
    (void)hit;
    (void)e;
    *may = true;
    return OK;
}

static enum outcome asked(struct search_answer *out, const struct fixture_person *who,
                          const char *text, struct search_at after, size_t max, struct err *e)
{
    struct db *db;
    const struct search_query q = {
        .text = str_z(text), .actor = &who->actor, .after = after, .max = max, .may = all_may
    };
    fixture_settle(&f);
    assert_int_equal(store_reader_take(&db, f.node.store, e), OK);
    const enum outcome o = search_find(out, db, f.node.registry, f.node.keys, &q, f.arena, e);
    store_reader_give(f.node.store, db);
    return o;
}

static const struct search_at begin = { .rank = -1 };

/* What is found, as "number number …", of plain things. */
static const char *found(const struct fixture_person *who, const char *text)
{
    static char numbers[400];
    struct search_answer answer;
    struct err e = { 0 };
    size_t n = 0;
    if (asked(&answer, who, text, begin, SEARCH_PAGE, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    numbers[0] = '\0';
    for (size_t i = 0; i < answer.n; i++)
        n += (size_t)snprintf(numbers + n, sizeof numbers - n, "%s%s%d", i > 0 ? " " : "",
                              strcmp(answer.hits[i].rule->name, "secret") == 0 ? "s" : "",
                              number_of(answer.hits[i].thing));
    return numbers;
}

static void the_identifier_comes_first_then_beginnings_then_words(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 1, "AB-1234", "Blue bag" });
    say(2, (struct said){ 1, 1, "AB-12", "Old blue bag" });
    say(3, (struct said){ 1, 1, "XY-9", "ab12 bluebell" });
    assert_string_equal(found(&nurse, "ab-12"), "2 1");
    assert_string_equal(found(&nurse, "ab12"), "2 1 3");
    assert_string_equal(found(&nurse, "AB 1234"), "1");
    assert_string_equal(found(&nurse, "blue"), "1 2 3");
    assert_string_equal(found(&nurse, "bag blue"), "1 2");
    assert_string_equal(found(&nurse, "bag blue old"), "2");
    assert_string_equal(found(&nurse, "bluebag"), "1"); /* all in one word */
    assert_string_equal(found(&nurse, "bag green"), "");
    assert_string_equal(found(&nurse, "lue"), "");
}

static void case_and_marks_do_not_count(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 1, "A1", "Zoë Müller" });
    say(2, (struct said){ 1, 1, "A2", "Mueller" });
    say(3, (struct said){ 1, 1, "A3", "Muller" });
    assert_string_equal(found(&nurse, "MÜLLER"), "1 2 3");
    assert_string_equal(found(&nurse, "mueller"), "1 2");
    assert_string_equal(found(&nurse, "Mu\xCC\x88ller zoe"), "1");
    assert_string_equal(found(&nurse, "muller"), "1 3");
}

/* shows nothing of what is elsewhere: not that it is, not how much of it */
static void foreign_equals_unknown(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 1, "SAME-1", "one" });
    say(2, (struct said){ 1, 2, "SAME-2", "one" });
    say(3, (struct said){ 2, 3, "SAME-3", "one" });
    say(4, (struct said){ 1, 0, "SAME-4", "one" }); /* of no one site */
    say(5, (struct said){ 0, 0, "SAME-5", "one" });
    assert_string_equal(found(&nurse, "same"), "1 5");
    assert_string_equal(found(&sister, "one"), "2 5 s2 s5");
    assert_string_equal(found(&lead, "same"), "1 2 4 5");
    assert_string_equal(found(&stranger, "same"), "3 5");
    assert_string_equal(found(&stranger, "same-1"), "");
    assert_string_equal(found(&keeper, "same"), "");
    /* A place in a list is no way to ask whether something exists elsewhere. */
    struct search_answer answer;
    struct err foreign = { 0 }, unknown = { 0 };
    const struct search_at at_foreign = { 1, 0, fixture_id('a', 1) };
    const struct search_at at_unknown = { 1, 0, fixture_id('a', 99) };
    assert_int_equal(asked(&answer, &stranger, "same", at_foreign, 5, &foreign), REFUSED);
    assert_int_equal(asked(&answer, &stranger, "same", at_unknown, 5, &unknown), REFUSED);
    assert_string_equal(foreign.code, unknown.code);
    assert_string_equal(foreign.code, "http.malformed_cursor");
}

/* As many rows are read for a foreign identifier as for one that is not there. */
static void what_is_elsewhere_is_not_even_read(void **state)
{
    (void)state;
    for (int i = 1; i < 60; i++)
        say(i, (struct said){ 2, 3, "COMMON", "common" });
    say(60, (struct said){ 1, 1, "COMMON", "common" });
    struct search_answer answer;
    struct err e = { 0 };
    assert_int_equal(asked(&answer, &nurse, "common", begin, 1, &e), OK);
    assert_int_equal(answer.n, 1);
    assert_false(answer.more);
}

static void sealed_tokens_are_keyed_and_found_whole(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 2, "H-4711", "Zaunkönigin Wilhelmetta" });
    assert_string_equal(found(&sister, "zaunkoenigin"), "1 s1");
    assert_string_equal(found(&sister, "h4711"), "1 s1");
    assert_string_equal(found(&sister, "Zaunkönigin, Wilhelmetta"), "1 s1");
    assert_string_equal(found(&sister, "zaunkoen"), "1");
    assert_string_equal(found(&sister, "h47"), "1");
    const struct search_thing_in in = { S("secret"), fixture_id('a', 1) };
    const struct search_thing_out *row = fixture_list(&f, &sql_search_thing, &in).p;
    char *tokens = arena_str(f.arena, row->tokens).p ? (char *)(uintptr_t)row->tokens.p : "";
    assert_null(strstr(tokens, "zaun"));
    assert_null(strstr(tokens, "4711"));
    /* Another rule's digest of the same word is another. */
    assert_non_null(strstr(tokens, "w"));
    fixture_rebuilds(&f);
}

static void pages_hold_each_thing_once(void **state)
{
    (void)state;
    static char names[THINGS_MAX][16];
    for (int i = 1; i <= 90; i++) {
        snprintf(names[i], sizeof names[i], "lot-%d", i);
        say(i, (struct said){ 1, i % 3 ? 1 : 0, names[i], i % 2 ? "lot lottery" : "other" });
    }
    lead.grants[1] = nurse.grants[0]; /* of the site as well as of all */
    lead.actor.ngrants = 2;
    bool seen[THINGS_MAX] = { 0 };
    struct search_at after = begin;
    struct search_answer answer = { .more = true };
    struct err e = { 0 };
    size_t n = 0;
    for (int pages = 0; answer.more; pages++) {
        assert_true(pages < 20);
        assert_int_equal(asked(&answer, &lead, "lot", after, 7, &e), OK);
        assert_true(answer.n <= 7);
        for (size_t i = 0; i < answer.n; i++, n++) {
            const int number = number_of(answer.hits[i].thing);
            assert_false(seen[number]);
            seen[number] = true;
        }
        after = answer.at;
    }
    assert_int_equal(n, 90);
}

static void what_changed_is_found_as_it_is_now(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 1, "OLD-1", "old" });
    assert_string_equal(found(&nurse, "old1"), "1");
    say(1, (struct said){ 1, 2, "NEW-1", "new" });
    assert_string_equal(found(&nurse, "old1"), "");
    assert_string_equal(found(&nurse, "new1"), "");
    assert_string_equal(found(&sister, "new1"), "1 s1");
    say(1, (struct said){ 1, 2, "", "" });
    assert_string_equal(found(&sister, "new"), "");
    assert_int_equal(
        fixture_list(&f, &sql_search_things, &(struct search_things_in){ S("trial"), S(""), 10 }).n,
        0);
}

static void hostile_texts_find_nothing_and_break_nothing(void **state)
{
    (void)state;
    say(1, (struct said){ 1, 1, "A%B_C", "100% wild" });
    static const char *const texts[] = { "",
                                         "   ",
                                         "%",
                                         "_",
                                         "*",
                                         "'",
                                         "\"; DROP TABLE search",
                                         "\xF4\x8F\xBF\xBF",
                                         "a\xF4\x8F\xBF\xBF",
                                         "\x01\x1F" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(found(&nurse, texts[i]), "");
    assert_string_equal(found(&nurse, "a%"), "1"); /* a beginning, not a pattern */
    assert_string_equal(found(&nurse, "%bc"), "");
    struct search_answer answer;
    struct err e = { 0 };
    assert_int_equal(asked(&answer, &nurse, "\xC3\x28", begin, 5, &e), REFUSED);
    assert_string_equal(e.code, "search.malformed");
    char huge[SEARCH_TEXT_MAX + 2];
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(asked(&answer, &nurse, huge, begin, 5, &e), REFUSED);
    assert_string_equal(e.code, "search.too_long");
    const struct search_at nowhere = { 99, 0, S("x") };
    assert_int_equal(asked(&answer, &nurse, "a", nowhere, 5, &e), REFUSED);
}

static void rebuilt_reopened_or_late_it_is_the_same(void **state)
{
    (void)state;
    struct err e = { 0 };
    for (int i = 1; i < 40; i++)
        say(i, (struct said){ 1, 1 + i % 2, "N-1", "Ward bed" });
    fixture_rebuilds(&f);
    say(3, (struct said){ 2, 3, "N-2", "moved" });
    fixture_reopen(&f); /* before it was followed */
    assert_string_equal(found(&stranger, "moved"), "3 s3");
    fixture_rebuilds(&f);
    assert_int_equal(node_rebuild(&f.node, &e), OK);
    assert_string_equal(found(&stranger, "moved"), "3 s3");
    fixture_rebuilds(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_identifier_comes_first_then_beginnings_then_words),
        TEST(case_and_marks_do_not_count),
        TEST(foreign_equals_unknown),
        TEST(what_is_elsewhere_is_not_even_read),
        TEST(sealed_tokens_are_keyed_and_found_whole),
        TEST(pages_hold_each_thing_once),
        TEST(what_changed_is_found_as_it_is_now),
        TEST(hostile_texts_find_nothing_and_break_nothing),
        TEST(rebuilt_reopened_or_late_it_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
