/* Arenas, bounded builders and errors: limits hold, memory comes zeroed, want of memory is a fault
 * wherever it strikes, and nothing cut short passes for whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/test.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEST_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TEST_ASAN 1
#endif
#ifdef TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void arena_gives_its_maximum_and_no_byte_more(void **state)
{
    (void)state;
    struct arena *a = arena_new(100);
    assert_non_null(arena_alloc(a, 99));
    assert_false(arena_exhausted(a));
    assert_null(arena_alloc(a, 2));
    assert_true(arena_exhausted(a));
    assert_non_null(arena_alloc(a, 1));
    assert_true(arena_exhausted(a)); /* until the reset */
    assert_int_equal(arena_used(a), 100);
    arena_reset(a);
    assert_false(arena_exhausted(a));
    assert_int_equal(arena_used(a), 0);
    assert_non_null(arena_alloc(a, 100));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_array(a, SIZE_MAX / 2, 3));
    arena_free(a);
    arena_free(NULL);
}

static void arena_memory_is_zeroed_and_aligned_after_reuse(void **state)
{
    (void)state;
    struct arena *a = arena_new(8 << 20);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 200000; n = n * 3 + 1) {
            uint8_t *p = arena_alloc(a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xA5, n);
        }
        arena_reset(a);
    }
    assert_non_null(arena_alloc(a, 3 << 20)); /* larger than any block */
    arena_free(a);
}

static void arena_poisons_what_it_did_not_give(void **state)
{
    (void)state;
#ifdef TEST_ASAN
    struct arena *a = arena_new(1 << 20);
    char *p = arena_alloc(a, 32);
    char *q = arena_alloc(a, 5);
    assert_int_equal(__asan_address_is_poisoned(p + 31), 0);
    assert_int_equal(__asan_address_is_poisoned(p + 32), 1);
    assert_int_equal(__asan_address_is_poisoned(q + 4), 0);
    assert_int_equal(__asan_address_is_poisoned(q + 5), 1);
    arena_reset(a);
    assert_int_equal(__asan_address_is_poisoned(p), 1);
    arena_free(a);
#else
    skip();
#endif
}

static void arena_text_is_terminated_and_absent_stays_absent(void **state)
{
    (void)state;
    struct arena *a = arena_new(64);
    assert_string_equal(arena_str(a, (struct str){ "unit-7", 4 }).p, "unit");
    assert_non_null(arena_str(a, S("")).p);
    assert_null(arena_str(a, (struct str){ 0 }).p);
    assert_false(arena_exhausted(a));
    assert_string_equal(arena_printf(a, "%d of %s", 3, "7").p, "3 of 7");
    assert_null(arena_printf(a, "%100d", 1).p);
    assert_true(arena_exhausted(a));
    arena_free(a);
}

static void buf_overflow_sticks_and_keeps_a_beginning(void **state)
{
    (void)state;
    char storage[8];
    struct buf fixed = buf_over(storage, sizeof storage);
    struct buf grown = buf_new(8);
    struct buf *const both[] = { &fixed, &grown };
    for (size_t i = 0; i < 2; i++) {
        struct buf *b = both[i];
        struct err e = { 0 };
        buf_z(b, "12345678");
        assert_int_equal(buf_check(b, &e), OK);
        buf_cut(b, 6);
        buf_z(b, "abc");  /* one too many: dropped whole */
        buf_char(b, 'x'); /* would fit, but then the content had a hole */
        assert_false(buf_ok(b));
        assert_true(str_is(buf_get(b), "123456"));
        assert_int_equal(buf_check(b, &e), REFUSED);
        assert_string_equal(e.code, "base.too_large");
        assert_true(str_is(err_param(&e, "max"), "8"));
        buf_cut(b, 3);
        assert_false(buf_ok(b));
        buf_cut(b, 0);
        buf_char(b, 'y');
        assert_true(buf_ok(b));
        assert_true(str_is(buf_get(b), "y"));
    }
    buf_free(&grown);
}

static void buf_writes_each_kind_exactly_to_its_maximum(void **state)
{
    (void)state;
    uint8_t bytes[150];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    struct buf b = buf_new(300);
    buf_hex(&b, bytes, 150); /* fills it, with no room for a NUL */
    assert_true(buf_ok(&b));
    assert_true(str_starts(buf_get(&b), S("000102")));
    assert_true(str_ends(buf_get(&b), S("939495")));
    buf_cut(&b, 0);
    buf_base64(&b, bytes, 149);
    assert_int_equal(b.n, 200);
    assert_true(str_starts(buf_get(&b), S("AAECAwQF")));
    assert_true(str_ends(buf_get(&b), S("kJGSk5Q=")));
    buf_cut(&b, 0);
    buf_int(&b, INT64_MIN);
    buf_printf(&b, "|%0250d|", 7);
    assert_true(str_starts(buf_get(&b), S("-9223372036854775808|000")));
    assert_int_equal(b.n, 272);
    buf_cut(&b, 0);
    buf_printf(&b, "%0301d", 7);
    assert_false(buf_ok(&b));
    assert_int_equal(b.n, 0);
    buf_free(&b);
    struct buf large = buf_new(2000);
    buf_printf(&large, "%02000d", 7);
    assert_true(buf_ok(&large));
    assert_int_equal(large.n, 2000);
    buf_free(&large);
}

/* Builds a text in an arena and on the heap; OK only when all of it is there. */
static enum outcome subject(struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    if (!a)
        return err_no_memory(e);
    struct buf in = buf_in(a, 100000);
    struct buf heap = buf_new(100000);
    for (int i = 0; i < 1000; i++) {
        buf_printf(&in, "%04d,", i);
        buf_printf(&heap, "%04d,", i);
    }
    buf_printf(&heap, "%01000d", 0);
    enum outcome outcome = buf_check(&in, e);
    if (outcome == OK)
        outcome = buf_check(&heap, e);
    if (outcome == OK) {
        assert_int_equal(in.n, 5000);
        assert_true(str_ends(buf_get(&in), S("0999,")));
        assert_int_equal(heap.n, 6000);
    }
    buf_free(&heap);
    arena_free(a);
    return outcome;
}

static void every_failed_allocation_is_a_fault(void **state)
{
    (void)state;
    size_t nth = 0;
    enum outcome outcome;
    do {
        struct err e = { 0 };
        memory_fail_at(++nth);
        outcome = subject(&e);
        assert_int_equal(outcome, memory_failed() ? FAULT : OK);
        if (outcome == FAULT)
            assert_string_equal(e.code, "base.no_memory");
    } while (memory_failed());
    memory_fail_at(0);
    assert_true(nth > 10);
}

static void errors_own_what_they_say(void **state)
{
    (void)state;
    struct err e = { 0 };
    char holder[200];
    memset(holder, 'x', sizeof holder);
    memcpy(holder + ERR_VALUE_MAX - 2, "\xC3\xA4", 2); /* a character across the cut */
    assert_int_equal(REFUSE(&e, "custody.not_holder", { "unit", S("u") },
                            { "holder", { holder, sizeof holder } }),
                     REFUSED);
    memset(holder, 'y', sizeof holder);
    assert_true(str_is(err_param(&e, "unit"), "u"));
    const struct str cut = err_param(&e, "holder");
    assert_int_equal(cut.n, ERR_VALUE_MAX - 2);
    assert_true(str_utf8_valid(cut));
    assert_int_equal(cut.p[0], 'x');
    assert_null(err_param(&e, "nobody").p);
    assert_int_equal(REFUSE(&e, "custody.closed"), REFUSED);
    assert_int_equal(e.nparams, 0);
}

static void context_is_added_in_front_and_never_replaces(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(err_fault(&e, "store.io", "errno %d", 5), FAULT);
    assert_int_equal(err_context(&e, "segment %d", 7), FAULT);
    assert_string_equal(e.code, "store.io");
    assert_string_equal(e.detail, "segment 7: errno 5");
    for (int i = 0; i < 100; i++)
        assert_int_equal(err_context(&e, "\xE2\x82\xAC opening"), FAULT);
    assert_true(strlen(e.detail) < ERR_DETAIL_MAX);
    assert_true(str_utf8_valid(str_z(e.detail)));
    assert_int_equal(err_fault(&e, "store.io", "%s", e.detail), FAULT); /* out of itself */
    assert_true(str_starts(str_z(e.detail), S("\xE2\x82\xAC opening: ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_its_maximum_and_no_byte_more),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned_after_reuse),
        cmocka_unit_test(arena_poisons_what_it_did_not_give),
        cmocka_unit_test(arena_text_is_terminated_and_absent_stays_absent),
        cmocka_unit_test(buf_overflow_sticks_and_keeps_a_beginning),
        cmocka_unit_test(buf_writes_each_kind_exactly_to_its_maximum),
        cmocka_unit_test(every_failed_allocation_is_a_fault),
        cmocka_unit_test(errors_own_what_they_say),
        cmocka_unit_test(context_is_added_in_front_and_never_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
