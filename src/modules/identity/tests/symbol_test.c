/* What scanners give and people type: donation numbers, labels, ISBT 128, GS1, names. */
#include "modules/identity/identity_impl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"

static struct arena *arena;
static struct identity_symbol symbols[IDENTITY_SYMBOLS_MAX];

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static size_t read_scan(const char *scan)
{
    return identity_symbols_read(symbols, str_z(scan), arena);
}

static void is_one(const char *scan, enum identity_symbol_kind kind, const char *value)
{
    if (read_scan(scan) != 1 || symbols[0].kind != kind || !str_is(symbols[0].value, value))
        fail_msg("%s: %d %.*s", scan, (int)symbols[0].kind, STR(symbols[0].value));
}

static void check_characters_of_donation_numbers(void **state)
{
    (void)state;
    assert_int_equal(identity_din_check("G123498654321"), 'H');
    assert_int_equal(identity_din_check("W000022000687"), 'S');
    assert_int_equal(identity_din_check("A999924123456"), 'Q');
    assert_int_equal(identity_din_check("w000022000687"), '\0');
}

static void donation_numbers_as_scanned_and_typed(void **state)
{
    (void)state;
    static const char *const same[] = { "=W0000 22 000687 88", "W000022000687S",
                                        "=W00002200068788",    "w0000 22 000687 s",
                                        "=W00002200068700",    "W00002200068788" };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct err e = { 0 };
        struct str din;
        assert_int_equal(identity_din_read(&din, str_z(same[i]), arena, &e), OK);
        assert_true(str_is(din, "W00002200068788"));
    }
    static const char *const malformed[] = { "",
                                             "=",
                                             "W000022000687",
                                             "W000022000687S8",
                                             "WOOOO22000687S",
                                             "=W00002200068799",
                                             "=W000022000687881",
                                             "W00002200068700" };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        struct err e = { 0 };
        struct str din;
        assert_int_equal(identity_din_read(&din, str_z(malformed[i]), arena, &e), REFUSED);
        assert_string_equal(e.code, "identity.din_malformed");
    }
}

/* Every single wrong digit and every two neighbours that changed places are found. */
static void mistyped_donation_numbers_are_found(void **state)
{
    (void)state;
    const char right[] = "G123498654321H";
    for (size_t i = 2; i < 13; i++) {
        char wrong[sizeof right];
        memcpy(wrong, right, sizeof right);
        for (char c = '0'; c <= '9'; c++) {
            struct err e = { 0 };
            struct str din;
            wrong[i] = c;
            enum outcome o = identity_din_read(&din, str_z(wrong), arena, &e);
            assert_int_equal(o, c == right[i] ? OK : REFUSED);
            if (o == REFUSED)
                assert_string_equal(e.code, "identity.din_check");
        }
        if (i == 12 || right[i] == right[i + 1])
            continue;
        memcpy(wrong, right, sizeof right);
        wrong[i] = right[i + 1];
        wrong[i + 1] = right[i];
        struct err e = { 0 };
        struct str din;
        assert_int_equal(identity_din_read(&din, str_z(wrong), arena, &e), REFUSED);
    }
}

static void mistyped_labels_are_found(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 200; n++) {
        struct id id = id_derive(S("test"), S("unit"), n);
        struct str label = identity_label(id_str(&id), arena);
        struct str got;
        char text[13];
        assert_int_equal(label.n, 12);
        assert_true(identity_label_read(&got, label, arena));
        assert_true(str_eq(got, label));
        for (size_t i = 0; i < 12; i++) {
            memcpy(text, label.p, 13);
            for (const char *c = ID_LETTERS; *c; c++) {
                text[i] = *c;
                assert_int_equal(identity_label_read(&got, str_z(text), arena), *c == label.p[i]);
            }
            memcpy(text, label.p, 13);
            if (i == 11 || text[i] == text[i + 1])
                continue;
            text[i] = label.p[i + 1];
            text[i + 1] = label.p[i];
            assert_false(identity_label_read(&got, str_z(text), arena));
        }
    }
}

static void labels_of_our_own(void **state)
{
    (void)state;
    struct str label = identity_label(S("00000000-0000-8000-a000-000000000001"), arena);
    char scan[64];
    snprintf(scan, sizeof scan, "vein:u:%.*s", STR(label));
    char bare[13];
    snprintf(bare, sizeof bare, "%.*s", STR(label));
    is_one(scan, SYMBOL_UNIT, bare);
    assert_true(symbols[0].typed);
    snprintf(scan, sizeof scan, "]d1vein:u:%s.7QX4K2MH", bare);
    is_one(scan, SYMBOL_UNIT, bare);
    assert_false(symbols[0].typed);
    assert_true(str_is(symbols[0].proof, "7QX4K2MH"));
    snprintf(scan, sizeof scan, "vein:u:%s.7QX4K2MH", bare);
    is_one(scan, SYMBOL_UNIT, bare);
    assert_false(symbols[0].typed);
    snprintf(scan, sizeof scan, " %.4s-%.4s-%.4s\r\n", bare, bare + 4, bare + 8);
    is_one(scan, SYMBOL_UNIT, bare);
    snprintf(scan, sizeof scan, "vein:u:%.11s", bare);
    is_one(scan, SYMBOL_UNKNOWN, scan);
}

/* partial: LBL-04 (in part: the structures known here, without configurable parsers) */
static void lbl_04_isbt_128(void **state)
{
    (void)state;
    is_one("=W00002200068788", SYMBOL_DIN, "W00002200068788");
    assert_false(symbols[0].typed);
    is_one("=W0000 22 000687 88", SYMBOL_DIN, "W00002200068788");
    assert_true(symbols[0].typed);
    is_one("W0000 22 000687 S", SYMBOL_DIN, "W00002200068788");
    assert_true(symbols[0].typed);
    is_one("=W00002200068789", SYMBOL_UNKNOWN, "W00002200068789");
    is_one("=<S1234500", SYMBOL_PRODUCT, "S1234500");
    is_one("=%6200", SYMBOL_OTHER, "6200");
    is_one("&#H-0012345", SYMBOL_PATIENT, "H-0012345");
    is_one("&)CONTAINER9", SYMBOL_OTHER, "CONTAINER9");
    assert_string_equal(symbols[0].structure, "ISBT 128 018");
    is_one("&):GRID-1", SYMBOL_OTHER, "GRID-1");
    assert_string_equal(symbols[0].structure, "ISBT 128 039");
    is_one("&,4SEC", SYMBOL_OTHER, "SEC");
    assert_string_equal(symbols[0].structure, "ISBT 128 038");
    is_one("&~no such", SYMBOL_UNKNOWN, "&~no such");
    is_one("&/NOT A COI", SYMBOL_UNKNOWN, "NOT A COI");
    assert_int_equal(read_scan("=+02000=W00002200068788=<S1234500"), 3);
    assert_int_equal(symbols[1].kind, SYMBOL_DIN);
    assert_int_equal(symbols[2].kind, SYMBOL_PRODUCT);
}

/* A donation number whose check characters do not hold is no number of another patient. */
static void a_mistyped_donation_number_is_unreadable(void **state)
{
    (void)state;
    static const char *const wrong[] = { "W00002200068789", "W000022000687T", "w00002200068789" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(read_scan(wrong[i]), 1);
        assert_int_equal(symbols[0].kind, SYMBOL_UNKNOWN);
    }
    assert_int_equal(read_scan("4711-0815"), 1);
    assert_int_equal(symbols[0].kind, SYMBOL_PATIENT);
}

/* partial: LBL-04 (in part) */
static void lbl_04_chain_of_identity_identifiers(void **state)
{
    (void)state;
    struct str coi = order_coi_make(S("VN-@@@@@@@@@@@-%%"), S("seed"), 1, arena);
    char plain[80], scan[84];
    snprintf(plain, sizeof plain, "%.*s", STR(coi));
    snprintf(scan, sizeof scan, "&/%s", plain);
    is_one(scan, SYMBOL_COI, plain);
    is_one(plain, SYMBOL_COI, plain);
    for (char *c = scan; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    is_one(scan + 2, SYMBOL_COI, plain); /* as people type it */
    plain[4] = plain[4] == 'A' ? 'C' : 'A';
    assert_int_equal(read_scan(plain), 1);
    assert_int_not_equal(symbols[0].kind, SYMBOL_COI);
}

/* partial: LBL-04 (in part) */
static void lbl_04_gs1(void **state)
{
    (void)state;
    static const char *const same[] = { "\x1d"
                                        "0109521234543213172701021021AB\x1d"
                                        "10LOT",
                                        "]d20109521234543213172701021021AB",
                                        "(01)09521234543213(17)270102(10)21AB" };
    for (size_t i = 0; i < 3; i++) {
        assert_in_range(read_scan(same[i]), 3, 4);
        assert_int_equal(symbols[0].kind, SYMBOL_PRODUCT);
        assert_true(str_is(symbols[0].value, "09521234543213"));
        assert_true(str_is(symbols[1].value, "270102"));
        assert_string_equal(symbols[1].structure, "GS1 17");
        assert_true(str_is(symbols[2].value, "21AB"));
    }
    is_one("]C100012345600000000012", SYMBOL_OTHER, "012345600000000012");
    is_one("(01)09521234543214", SYMBOL_UNKNOWN, "09521234543214"); /* check digit */
    is_one("(17)271302", SYMBOL_UNKNOWN, "271302");                 /* month 13 */
    is_one("(99)what", SYMBOL_UNKNOWN, "(99)what");
    /* a keyboard wedge sends a picture of FNC1 */
    assert_int_equal(read_scan("10LOT\xE2\x90\x9D"
                               "21SERIAL"),
                     2);
}

static void what_is_not_understood_is_unknown(void **state)
{
    (void)state;
    is_one("", SYMBOL_UNKNOWN, "");
    is_one("hello world", SYMBOL_UNKNOWN, "hello world");
    is_one("H-0012345", SYMBOL_PATIENT, "H-0012345");
    is_one("=", SYMBOL_UNKNOWN, "");
    struct buf many = buf_in(arena, 200);
    for (int i = 0; i < 40; i++)
        buf_z(&many, "=%12");
    assert_int_equal(identity_symbols_read(symbols, buf_get(&many), arena), IDENTITY_SYMBOLS_MAX);
    assert_int_equal(symbols[IDENTITY_SYMBOLS_MAX - 1].kind, SYMBOL_UNKNOWN);
}

static bool is_named(const char *stated, const char *family, const char *given)
{
    return identity_name_is(str_z(stated), str_z(family), str_z(given), arena);
}

/* partial: COI-12 (in part: what the patient states is compared) */
static void coi_12_names_as_people_say_them(void **state)
{
    (void)state;
    assert_true(is_named("Ada Example", "Example", "Ada"));
    assert_true(is_named("EXAMPLE, ada", "Example", "Ada"));
    assert_true(is_named("jose nunez", "Núñez", "José"));
    assert_true(is_named("Jose\xCC\x81 Nunez", "Núñez", "José"));
    assert_true(is_named("Anne Marie O'Neill", "O’Neill", "Anne-Marie"));
    assert_true(is_named("Mueller, Jürgen", "Müller", "Juergen"));
    assert_true(is_named("Mueller Juergen", "Mu\xCC\x88ller", "Ju\xCC\x88rgen"));
    assert_true(is_named("Mu\xCC\x88ller Juergen", "Müller", "Jürgen"));
    assert_true(is_named("ΝΙΚΟΣ ΠΑΠΑΣ", "Παπάς", "Νίκος"));
    assert_true(is_named("Νικος Παπας", "Παπάς", "Νίκος"));
    assert_true(is_named("Μαϊου ΈΛΛΗ", "Μαΐου", "Έλλη"));
    assert_false(is_named("ΝΙΚΗ ΠΑΠΑΣ", "Παπάς", "Νίκος"));
    assert_true(is_named("Soren Aagard", "Ågård", "Søren") == false);
    assert_true(is_named("Soren Agard", "Ågård", "Søren"));
    assert_true(is_named("Nguyen Van Anh", "Nguyễn", "Văn Ánh"));
    assert_true(is_named("ИВАНОВА АННА", "Иванова", "Анна"));
    assert_true(is_named("Strauss Zoe", "Strauß", "Zoë"));
    assert_true(is_named("example", "Example", NULL));
    assert_false(is_named("Ada Exemple", "Example", "Ada"));
    assert_false(is_named("Ada", "Example", "Ada"));
    assert_false(is_named("", "Example", "Ada"));
    assert_false(is_named(" - ", "", ""));
    assert_false(is_named("Иванова Алла", "Иванова", "Анна"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(check_characters_of_donation_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(donation_numbers_as_scanned_and_typed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mistyped_donation_numbers_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mistyped_donation_number_is_unreadable, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(mistyped_labels_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels_of_our_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lbl_04_isbt_128, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lbl_04_chain_of_identity_identifiers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lbl_04_gs1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_understood_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coi_12_names_as_people_say_them, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
