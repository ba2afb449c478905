/* Frames of workers: lengths, numbers and kinds, whatever pieces they arrive in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel/worker_impl.h"

static const struct worker_kind narrow = { .name = "narrow", .out_max = 1000 };

static enum worker_read fed(enum worker_frame_kind kind, uint32_t job, uint64_t length, size_t n)
{
    struct worker_reader r;
    uint8_t bytes[WORKER_HEAD + 2000] = { 0 };
    worker_frame_write(bytes, &(struct worker_frame){ kind, job, 0, length });
    worker_reader_begin(&r);
    enum worker_read got = WORKER_READ_MORE;
    for (size_t i = 0; i < WORKER_HEAD + n && got != WORKER_READ_GARBAGE; i++)
        got = worker_reader_feed(&r, &narrow, 7, bytes + i, 1);
    worker_reader_end(&r);
    return got;
}

/* Bounds of the row are checked before a byte of the body is kept. */
static void test_lengths_are_judged_by_the_row(void **state)
{
    (void)state;
    assert_int_equal(fed(WORKER_RESULT, 7, 0, 0), WORKER_READ_DONE);
    assert_int_equal(fed(WORKER_RESULT, 7, 1000, 999), WORKER_READ_MORE);
    assert_int_equal(fed(WORKER_RESULT, 7, 1000, 1000), WORKER_READ_DONE);
    assert_int_equal(fed(WORKER_RESULT, 7, 1000, 1001), WORKER_READ_GARBAGE);
    assert_int_equal(fed(WORKER_RESULT, 7, 1001, 0), WORKER_READ_GARBAGE);
    assert_int_equal(fed(WORKER_RESULT, 7, UINT64_MAX, 0), WORKER_READ_GARBAGE);
    assert_int_equal(fed(WORKER_RESULT, 8, 0, 0), WORKER_READ_GARBAGE);
    assert_int_equal(fed(WORKER_FAULT, 7, WORKER_WORDS_MAX + 1, 0), WORKER_READ_GARBAGE);
    assert_int_equal(fed(WORKER_JOB, 7, 0, 0), WORKER_READ_GARBAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths_are_judged_by_the_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
