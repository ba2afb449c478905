/* Folding: what people take for the same letters is the same, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fold.h"

static const char *folded(const char *text, unsigned flags)
{
    static char storage[2][400];
    static int turn;
    turn = !turn;
    struct buf b = buf_over(storage[turn], sizeof storage[turn] - 1);
    fold_text(&b, str_z(text), flags);
    assert_true(buf_ok(&b));
    assert_true(str_utf8_valid(buf_get(&b)));
    storage[turn][b.n] = '\0';
    return storage[turn];
}

static void test_case_marks_and_spelling_do_not_count(void **state)
{
    (void)state;
    assert_string_equal(folded("Zoë O'Brien-Šťastná", 0), "zoeobrienstastna");
    assert_string_equal(folded("Mu\xCC\x88ller", 0), "muller");
    assert_string_equal(folded("Mu\xCC\x88ller", FOLD_TWO), "mueller");
    assert_string_equal(folded("MÜLLER", FOLD_TWO), folded("Mueller", 0));
    assert_string_equal(folded("Straße", 0), "strasse");
    assert_string_equal(folded("Åse Øst", FOLD_TWO), "aaseoest");
    assert_string_equal(folded("Nguyễn", 0), "nguyen");
    assert_string_equal(folded("Παπαδόπουλος", 0), folded("ΠΑΠΑΔΟΠΟΥΛΟΣ", 0));
    assert_string_equal(folded("ПЕТРОВ", 0), folded("петров", 0));
    assert_string_not_equal(folded("Meyer", 0), folded("Maier", 0));
    assert_string_not_equal(folded("漢", 0), folded("字", 0));
    assert_string_equal(folded("漢字 𝄞", 0), "漢字𝄞");
}

static void test_digits_stay_where_they_are_asked_for(void **state)
{
    (void)state;
    assert_string_equal(folded("VN-2345 abCD/7", FOLD_DIGITS), "vn2345abcd7");
    assert_string_equal(folded("VN-2345", 0), "vn");
}

static void test_words_are_parted_by_what_parts_them(void **state)
{
    (void)state;
    static const char *const words[] = { "van", "der", "O'Brien", "Šťastná", "2b" };
    struct str rest = S("  van der\xC2\xA0O'Brien-Šťastná, (2b)\xE2\x80\x93 ");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_true(str_is(fold_word(&rest), words[i]));
    assert_null(fold_word(&rest).p);
    rest = S("");
    assert_null(fold_word(&rest).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_case_marks_and_spelling_do_not_count),
        cmocka_unit_test(test_digits_stay_where_they_are_asked_for),
        cmocka_unit_test(test_words_are_parted_by_what_parts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
