/* Pictures: only what is an image comes into force as one, and only what is there, with what it
 * shows in words, is named by an instruction. */
#include "kernel/picture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "kernel/form.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: T\neffective: 2026-01-01T00:00:00Z\n"
#define PICTURE(bytes) HEAD("picture", "label") "image: \"" bytes "\"\n"
#define FORM(picture)                                                                              \
    HEAD("form", "f") "fields: [{name: a, label: A, type: text}]\npicture: " picture "\n"
#define PNG "iVBORw0KGgoAAAANSUhEUg=="

static const struct define_kind *const kinds[] = { &picture_kind, &form_kind };
static struct arena *arena;
static struct definition label;

static enum outcome read_text(struct definition *out, const char *yaml, struct err *e)
{
    const struct define_beside beside = { &label, label.kind.n > 0 };
    const struct define_context context = { .arena = arena, .beside = &beside };
    *e = (struct err){ 0 };
    return define_read(out, &context, str_z(yaml), e);
}

static void refused(const char *yaml, const char *code)
{
    struct definition d;
    struct err e;
    assert_int_equal(read_text(&d, yaml, &e), REFUSED);
    assert_string_equal(e.code, code);
}

static int begin(void **state)
{
    (void)state;
    define_use(kinds, sizeof kinds / sizeof kinds[0]);
    arena = arena_new(64 << 20);
    label = (struct definition){ 0 };
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void a_picture_is_an_image(void **state)
{
    (void)state;
    struct definition d;
    struct err e;
    assert_int_equal(read_text(&d, PICTURE(PNG), &e), OK);
    assert_int_equal(read_text(&d, PICTURE("/9j/4AAQ"), &e), OK);             /* JPEG */
    refused(PICTURE("PHN2Zz48c2NyaXB0Lz48L3N2Zz4="), "picture.not_an_image"); /* <svg><script/> */
    refused(PICTURE("R0lGODlh"), "picture.not_an_image");
    refused(HEAD("picture", "label"), "define.missing");
}

static void what_names_one_names_what_there_is(void **state)
{
    (void)state;
    struct definition d;
    struct err e;
    refused(FORM("{name: label, version: 1, alternative: A label}"), "picture.unknown");
    assert_int_equal(read_text(&label, PICTURE(PNG), &e), OK);
    assert_int_equal(read_text(&d, FORM("{name: label, version: 1, alternative: A label}"), &e),
                     OK);
    refused(FORM("{name: label, version: 2, alternative: A label}"), "picture.unknown");
    refused(FORM("{name: label, version: 0, alternative: A label}"), "picture.unknown");
    refused(FORM("{name: other, version: 1, alternative: A label}"), "picture.unknown");
    refused(FORM("{name: label, version: 1}"), "define.missing"); /* for who does not see it */
    refused(FORM("{name: label, alternative: A label}"), "define.missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_picture_is_an_image, begin, end),
        cmocka_unit_test_setup_teardown(what_names_one_names_what_there_is, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
