/* The envelope, against the page that describes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/event.h"
#include "kernel/merkle.h"
#include "kernel/tests/vectors.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new(4 << 20);
    return arena == NULL;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void assert_str(struct str got, struct str expected)
{
    if (!str_eq(got, expected))
        fail_msg("got %.*s\nexpected %.*s", STR(got), STR(expected));
}

static struct event page_event(const char *name)
{
    struct event event;
    struct err e = { 0 };
    assert_int_equal(event_read(&event, arena, vector(name), &e), OK);
    return event;
}

/* Built field by field, the leaf is that of the page, byte for byte. */
static void leaf_is_canonical(void **state)
{
    (void)state;
    static const struct event_link link = { .kind = { "order", 5 },
                                            .id = { "0193a4c0-0000-7000-8000-000000000010", 36 } };
    const struct event event = {
        .format = EVENT_FORMAT,
        .id = S("8d1f6a52-3c7e-8b4a-9a11-5e0c2f7d9b01"),
        .organisation = S("0193a4c0-0000-7000-8000-000000000001"),
        .node = S("n1"),
        .stream = S("unit/0193a4c0-0000-7000-8000-00000000002a"),
        .version = 1,
        .key = S("order/0193a4c0-0000-7000-8000-000000000010"),
        .command = S("0193a4c1-5b1e-7c3d-8e2f-0123456789ab"),
        .type = S("unit.received"),
        .type_version = 1,
        .happened = INT64_C(1795339680000000),
        .entered = INT64_C(1795339798120000),
        .recorded = INT64_C(1795339800000001),
        .logical = S("1795339800000001.0"),
        .zone = S("Europe/Berlin"),
        .actor = S("account/0193a4c0-0000-7000-8000-000000000007"),
        .session = S("0193a4c1-0000-7000-8000-000000000099"),
        .device = S("device/0193a4c0-0000-7000-8000-000000000031"),
        .place = S("site/0193a4c0-0000-7000-8000-000000000020"),
        .links = { &link, 1 },
        .payload = S("{\"volume\":\"250.10 mL\",\"label\":\"K\xc3\xbchlbox \\\"A\\\"\\nlinks "
                     "\\u001f\\\\ \xf0\x9f\xa7\xaa\"}"),
    };
    struct buf b = buf_in(arena, EVENT_LEAF_MAX);
    struct err e = { 0 };
    assert_int_equal(event_write(&b, &event, &e), OK);
    assert_str(buf_get(&b), vector("event-1"));
}

static void what_is_read_is_written_the_same(void **state)
{
    (void)state;
    static const char *names[] = { "event-1", "event-2" };
    for (size_t i = 0; i < 2; i++) {
        struct event event = page_event(names[i]);
        struct buf b = buf_in(arena, EVENT_LEAF_MAX);
        struct err e = { 0 };
        assert_int_equal(event_write(&b, &event, &e), OK);
        assert_str(buf_get(&b), vector(names[i]));
    }
}

static void hashes_of_the_page_hold(void **state)
{
    (void)state;
    char hex[HASH_HEX + 1];
    struct hash one = merkle_leaf(vector("event-1")), two = merkle_leaf(vector("event-2"));
    hash_hex(hex, one);
    assert_str(str_z(hex), vector("leaf-1"));
    assert_str(page_event("event-2").previous, vector("leaf-1"));
    hash_hex(hex, two);
    assert_str(str_z(hex), vector("leaf-2"));
    hash_hex(hex, merkle_node(one, two));
    assert_str(str_z(hex), vector("root"));
}

static void page_names_each_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < event_record.nfields; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "`%s`", event_record.fields[i].name);
        if (!page_says(quoted))
            fail_msg("docs/ledger-format.md does not name %s", quoted);
    }
}

/* As large as can be is accepted, and one byte more refused. */
static void leaf_has_a_greatest_size(void **state)
{
    (void)state;
    struct event event = page_event("event-1");
    size_t payload_max = EVENT_LEAF_MAX - (vector("event-1").n - event.payload.n);
    char *text = arena_alloc(arena, payload_max + 1);
    memset(text, 'a', payload_max + 1);
    text[0] = text[payload_max - 1] = '"';
    event.payload = (struct str){ text, payload_max };
    struct buf b = buf_in(arena, 2 * EVENT_LEAF_MAX);
    struct err e = { 0 };
    assert_int_equal(event_write(&b, &event, &e), OK);
    assert_int_equal(b.n, EVENT_LEAF_MAX);
    assert_int_equal(event_read(&event, arena, buf_get(&b), &e), OK);

    text[payload_max - 1] = 'a';
    text[payload_max] = '"';
    event.payload = (struct str){ text, payload_max + 1 };
    buf_cut(&b, 0);
    assert_int_equal(event_write(&b, &event, &e), REFUSED);
    assert_string_equal(e.code, "event.too_large");
    struct buf exact = buf_in(arena, EVENT_LEAF_MAX);
    assert_int_equal(event_write(&exact, &event, &e), REFUSED);
    assert_string_equal(e.code, "event.too_large");
}

static void damaged_leaves_are_refused(void **state)
{
    (void)state;
    static const char *leaves[] = {
        "", "{}", "[]", "null", "{\"format\":1}", "{\"format\":1,\"format\":1}",
    };
    struct event event;
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        struct err e = { 0 };
        assert_int_equal(event_read(&event, arena, str_z(leaves[i]), &e), REFUSED);
    }
    /* Each prefix of a good one. */
    struct str good = vector("event-2");
    for (size_t n = 0; n < good.n; n++) {
        struct err e = { 0 };
        arena_reset(arena);
        assert_int_equal(event_read(&event, arena, (struct str){ good.p, n }, &e), REFUSED);
    }
}

static void streams_have_a_kind_and_an_identifier(void **state)
{
    (void)state;
    struct stream s = stream_of("unit", S("0193/a"));
    assert_string_equal(s.text, "unit/0193/a");
    assert_str(stream_kind(stream_str(&s)), S("unit"));
    assert_str(stream_id(stream_str(&s)), S("0193/a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_is_canonical),
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(hashes_of_the_page_hold),
        cmocka_unit_test(page_names_each_member),
        cmocka_unit_test(leaf_has_a_greatest_size),
        cmocka_unit_test(damaged_leaves_are_refused),
        cmocka_unit_test(streams_have_a_kind_and_an_identifier),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
