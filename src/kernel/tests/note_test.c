/* Keys and checkpoints, against the page that describes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sodium.h>

#include "kernel/note.h"
#include "kernel/merkle.h"
#include "kernel/tests/vectors.h"

static char storage[2 * NOTE_MAX];

static void assert_str(struct str got, struct str expected)
{
    if (!str_eq(got, expected))
        fail_msg("got %.*s\nexpected %.*s", STR(got), STR(expected));
}

static struct note_signer page_signer(void)
{
    struct hash seed;
    struct note_signer s;
    struct err e = { 0 };
    assert_true(hash_from_hex(&seed, vector("seed")));
    assert_int_equal(note_signer_init(&s, vector("name"), seed.b, &e), OK);
    return s;
}

static struct checkpoint page_checkpoint(void)
{
    struct checkpoint c = { .size = 2 };
    memcpy(c.origin, vector("name").p, vector("name").n);
    assert_true(hash_from_hex(&c.root, vector("root")));
    return c;
}

static void keys_are_written_as_the_page_says(void **state)
{
    (void)state;
    struct note_signer s = page_signer();
    char id[9];
    snprintf(id, sizeof id, "%08x", note_key_id(vector("name"), s.public_key));
    assert_str(str_z(id), vector("key-id"));
    struct buf b = buf_over(storage, sizeof storage);
    note_vkey_write(&b, &s);
    assert_str(buf_get(&b), vector("vkey"));
}

static void checkpoint_is_signed_as_the_page_says(void **state)
{
    (void)state;
    struct note_signer s = page_signer();
    struct checkpoint c = page_checkpoint(), back;
    struct buf b = buf_over(storage, sizeof storage);
    checkpoint_write(&b, &c, &s);
    assert_true(buf_ok(&b));
    struct str note = buf_get(&b);
    assert_int_equal(note.p[note.n - 1], '\n');
    assert_str((struct str){ note.p, note.n - 1 }, vector("checkpoint"));

    struct err e = { 0 };
    assert_int_equal(checkpoint_read(&back, note, &e), OK);
    assert_string_equal(back.origin, c.origin);
    assert_int_equal(back.size, 2);
    assert_true(hash_eq(back.root, c.root));
}

/* What is signed begins where the note begins, also behind other text of the same buffer. */
static void signature_covers_the_text_alone(void **state)
{
    (void)state;
    struct note_signer s = page_signer();
    struct checkpoint c = page_checkpoint();
    struct buf b = buf_over(storage, sizeof storage);
    buf_z(&b, "before\n");
    checkpoint_write(&b, &c, &s);
    assert_str(str_from((struct str){ b.p, b.n - 1 }, 7), vector("checkpoint"));
}

static void names_outside_the_format_are_refused(void **state)
{
    (void)state;
    static const char *names[] = { "", "a b", "a+b", "a\n", "h\xc3\xa4", "\x7f" };
    const uint8_t seed[32] = { 0 };
    struct note_signer s;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(note_signer_init(&s, str_z(names[i]), seed, &e), REFUSED);
        assert_string_equal(e.code, "note.name_malformed");
    }
    char long_name[NOTE_KEY_NAME_MAX + 2];
    memset(long_name, 'a', sizeof long_name);
    struct err e = { 0 };
    assert_int_equal(
        note_signer_init(&s, (struct str){ long_name, NOTE_KEY_NAME_MAX + 1 }, seed, &e), REFUSED);
    assert_int_equal(note_signer_init(&s, (struct str){ long_name, NOTE_KEY_NAME_MAX }, seed, &e),
                     OK);
}

static void malformed_notes_are_refused(void **state)
{
    (void)state;
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define LINE "\xe2\x80\x94 a AAAA\n"
    static const char *notes[] = {
        "",
        "a\n",
        "\n0\n" ROOT "\n\n" LINE,
        "a\n00\n" ROOT "\n\n" LINE,
        "a\n-1\n" ROOT "\n\n" LINE,
        "a\n 1\n" ROOT "\n\n" LINE,
        "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\n" LINE,
        "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n\n" LINE,
        "a\n1\n" ROOT "\n" LINE,
        "a\n1\n" ROOT "\n\n",
        "a\n1\n" ROOT "\n\n- a AAAA\n",
        "a\n1\n" ROOT "\n\n\xe2\x80\x94 a AAAA",
    };
    struct checkpoint c;
    struct err e = { 0 };
    assert_int_equal(checkpoint_read(&c, S("a\n1\n" ROOT "\n\n" LINE), &e), OK);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        assert_int_equal(checkpoint_read(&c, str_z(notes[i]), &e), REFUSED);
        assert_string_equal(e.code, "note.malformed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_written_as_the_page_says),
        cmocka_unit_test(checkpoint_is_signed_as_the_page_says),
        cmocka_unit_test(signature_covers_the_text_alone),
        cmocka_unit_test(names_outside_the_format_are_refused),
        cmocka_unit_test(malformed_notes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
