/* Definitions in the reader's language: whose words count, which texts are said, and what a
 * definition of words must be. */
#include "kernel/words.h"

#include "kernel/form.h"
#include "kernel/show.h"
#include "kernel/tests/draft_people.h"

#define WORDS(name, language, rows)                                                                \
    "kind: words\nname: " name "\nversion: 1\ntitle: Words\n"                                      \
    "effective: 2026-01-01T00:00:00Z\nlanguage: " language "\nwords:\n" rows
#define ROW(source, target) "- {source: " source ", target: " target "}\n"

/* Of another house, which has no definition by the program. */
static struct fixture_person stranger[3];

static int open_words(void **state)
{
    static const struct define_kind *const with_words[] = { &approval_kind, &words_kind,
                                                            &form_kind };
    if (set_up(state) != 0)
        return 1;
    text_use(text_rows, text_rows_count);
    define_use(with_words, 3);
    fixture_define(&f, &author,
                   "kind: approval\nname: definitions\nversion: 2\ntitle: Table\n"
                   "effective: 2026-01-01T00:00:00Z\nrules:\n"
                   "- {kinds: [approval, words], roles: [quality_manager]}\n");
    for (int i = 0; i < 3; i++)
        fixture_person(&stranger[i], 6 + i, 2, 9,
                       "define.draft define.review define.approve define.release define.retire "
                       "role.quality_manager");
    return 0;
}

/* Brought into force by three people of a house. */
static void bring(const struct fixture_person *who, const char *yaml)
{
    must(drafts(&who[0], yaml));
    must(reviews(&who[1], "accepted"));
    must(approves(&who[2], "quality_manager"));
    must(releases(&who[2], NULL));
}

static void bring_of_the_house(const char *yaml)
{
    const struct fixture_person who[] = { author, reviewer, quality };
    bring(who, yaml);
}

/* A page for a reader of that house. */
static struct page page_for(const char *language, const struct fixture_person *reader)
{
    struct err e = { 0 };
    struct db *db;
    struct page p = { .b = ARENA_NEW(f.arena, struct buf), .language = str_z(language) };
    assert_non_null(p.b);
    *p.b = buf_in(f.arena, 4096);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(
        words_read(&p.words, db, p.language, reader->actor.organisation, f.sim.now_us, f.arena, &e),
        OK);
    store_reader_give(f.node.store, db);
    return p;
}

static void says(const char *language, const struct fixture_person *reader, const char *text,
                 const char *wanted)
{
    const struct page p = page_for(language, reader);
    char got[100];
    snprintf(got, sizeof got, "%.*s", STR(words_say(&p, str_z(text))));
    assert_string_equal(got, wanted);
}

/* partial: OPS-04 */
static void the_house_speaks_to_all_in_their_language(void **state)
{
    (void)state;
    says("de", &stranger[0], "Collect", "Collect");
    bring_of_the_house(WORDS("one", "de", ROW("Collect", "Entnehmen") ROW("Pack out", "Packen")));
    says("de", &author, "Collect", "Entnehmen");
    says("de", &stranger[0], "Pack out", "Packen");
    says("de", &author, "collect", "collect"); /* byte for byte */
    says("de", &author, "", "");
    says("en", &author, "Collect", "Collect");
    struct page p = page_for("de", &author);
    assert_true(str_is(words_say(&p, S("Collect")), "Entnehmen"));
    p.language = S("en"); /* as a file is made that is the same for everybody */
    assert_true(str_is(words_say(&p, S("Collect")), "Collect"));
}

/* A role, or a kind of unit, of the house's own: no catalogue has it. */
static void what_a_house_adds_is_named(void **state)
{
    (void)state;
    struct page p = page_for("de", &author);
    assert_true(str_is(show_name(&p, "role", S("study_nurse")), "study nurse"));
    bring_of_the_house(WORDS("one", "de", ROW("study nurse", "Studienpflege")));
    p = page_for("de", &author);
    assert_true(str_is(show_name(&p, "role", S("study_nurse")), "Studienpflege"));
    assert_true(
        str_is(show_names(&p, "role", S("study_nurse other_one")), "Studienpflege, other one"));
    assert_true(str_is(show_name(&p, "tone", S("")), ""));
}

/* A stranger cannot change what an instruction says to others, nor what the house says of it to the
 * stranger's own people. */
static void another_house_speaks_to_its_own_alone(void **state)
{
    (void)state;
    bring(stranger, WORDS("theirs", "de", ROW("Collect", "Wegwerfen") ROW("Ward", "Station")));
    says("de", &author, "Collect", "Collect");
    says("de", &author, "Ward", "Ward");
    says("de", &stranger[0], "Collect", "Wegwerfen");
    bring_of_the_house(WORDS("one", "de", ROW("Collect", "Entnehmen")));
    says("de", &stranger[0], "Collect", "Entnehmen");
    says("de", &stranger[0], "Ward", "Station");
    says("de", &author, "Ward", "Ward");
}

static void words_live_as_definitions_do(void **state)
{
    (void)state;
    bring_of_the_house(WORDS("one", "de", ROW("Collect", "Entnehmen")));
    bring_of_the_house(
        "kind: words\nname: one\nversion: 2\ntitle: Words\n"
        "effective: 2026-01-01T00:00:00Z\nlanguage: de\nwords:\n" ROW("Collect", "Sammeln"));
    says("de", &author, "Collect", "Sammeln");
    fixture_must(&f,
                 fixture_send(&f, &quality, "define.retire", "no longer used",
                              "{'kind':'words','name':'one','version':2,"
                              "'effective':'2027-01-01T00:00:00Z'}"),
                 "retired");
    says("de", &author, "Collect", "Sammeln");
    assert_true(clock_read(&f.sim.now_us, S("2027-01-02T00:00:00Z")));
    says("de", &author, "Collect", "Collect");
}

/* What is a value stays one, though a text reads the same. */
static void only_what_is_spoken_is_said(void **state)
{
    (void)state;
    const struct define_context context = { .arena = f.arena, .now_us = f.sim.now_us };
    struct definition d;
    struct err e = { 0 };
    bring_of_the_house(WORDS("one", "de",
                             ROW("After", "Danach") ROW("Before", "Davor") ROW("Form", "Bogen")
                                 ROW("Look", "Ansehen") ROW("\"yes\"", "Ja")));
    const struct page p = page_for("de", &author);
    if (define_read(&d, &context,
                    S("kind: form\nname: x\nversion: 1\ntitle: Form\n"
                      "effective: 2026-01-01T00:00:00Z\ninstructions: Look\nfields:\n"
                      "- name: a\n  label: Before\n  type: choice\n  choices:\n"
                      "  - {value: yes, label: yes}\nsections:\n- name: s\n  title: Other\n"
                      "  rows: [Before, Middle, After]\n  shown_when: {field: a, is: yes}\n"
                      "  fields:\n  - {name: b, label: After, type: bool}\n"),
                    &e) != OK)
        fail_msg("%s", e.code);
    const struct form *was = d.body;
    words_say_definition(&p, &d);
    const struct form *form = d.body;
    assert_true(str_is(d.title, "Bogen"));
    assert_true(str_is(form->instructions, "Ansehen"));
    assert_true(str_is(form->fields.p[0].label, "Davor"));
    assert_true(str_is(form->fields.p[0].name, "a"));
    assert_true(str_is(form->fields.p[0].choices.p[0].label, "Ja"));
    assert_true(str_is(form->fields.p[0].choices.p[0].value, "yes"));
    const struct form_section *s = &form->sections.p[0];
    assert_true(str_is(s->title, "Other"));
    assert_true(str_is(s->rows.p[0], "Davor"));
    assert_true(str_is(s->rows.p[1], "Middle"));
    assert_true(str_is(s->rows.p[2], "Danach"));
    assert_true(str_is(s->shown_when.p->is, "yes"));
    assert_true(str_is(s->fields.p[0].label, "Danach"));
    /* The definition itself, which others hold, is what it was. */
    assert_true(str_is(was->fields.p[0].label, "Before"));
    assert_true(str_is(was->sections.p[0].rows.p[0], "Before"));
    /* One that nobody keeps is said anew: another may lie where it lay. */
    assert_ptr_not_equal(words_say_body(&p, &form_record, was), form);
}

/* What the process keeps is said once a page, and what was said of it outlives the page's parts. */
static void what_is_kept_is_said_once(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct definition d;
    struct db *db;
    bool found;
    bring_of_the_house(WORDS("one", "de", ROW("Before", "Davor")));
    fixture_define(&f, &author,
                   "kind: form\nname: x\nversion: 1\ntitle: Form\n"
                   "effective: 2026-01-01T00:00:00Z\nfields:\n"
                   "- {name: a, label: Before, type: bool}\n");
    struct page p = page_for("de", &author);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(define_find(&d, db, S("form"), S("x"), 1, f.sim.now_us, f.arena, &found, &e),
                     OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    struct arena *part = arena_new(1 << 20);
    struct buf b = buf_in(part, 4096);
    p.b = &b;
    const struct form *said = words_say_body(&p, &form_record, d.body);
    arena_free(part);
    assert_true(str_is(said->fields.p[0].label, "Davor"));
    p.b = ARENA_NEW(f.arena, struct buf);
    assert_non_null(p.b);
    *p.b = buf_in(f.arena, 4096);
    assert_ptr_equal(words_say_body(&p, &form_record, d.body), said);
}

static void refuses(const char *yaml, const char *code, const char *line)
{
    refused(drafts(&author, yaml), code);
    assert_string_equal(err_param(&f.error, "line").p, line);
}

static void words_are_in_order_and_of_a_language_there_is(void **state)
{
    (void)state;
    refuses(WORDS("one", "de", ROW("B", "b") ROW("A", "a")), "words.order", "9");
    refuses(WORDS("one", "de", ROW("A", "a") ROW("A", "b")), "words.order", "9");
    refuses(WORDS("one", "tlh", ROW("A", "a")), "words.no_catalogue", "6");
    must(drafts(&author, WORDS("one", "de", ROW("A", "a") ROW("B", "b"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_words, tear_down)
        TEST(the_house_speaks_to_all_in_their_language),
        TEST(what_a_house_adds_is_named),
        TEST(another_house_speaks_to_its_own_alone),
        TEST(words_live_as_definitions_do),
        TEST(only_what_is_spoken_is_said),
        TEST(what_is_kept_is_said_once),
        TEST(words_are_in_order_and_of_a_language_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
