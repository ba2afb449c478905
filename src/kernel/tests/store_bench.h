/* What each test of the store's conformance stands on. */
#ifndef VEIN_KERNEL_STORE_BENCH_H
#define VEIN_KERNEL_STORE_BENCH_H

#include "kernel/tests/store_conformance.h"

struct bench {
    const struct store_place *place;
    struct store_options options;
    struct store *store;
    struct db *writer;
    struct arena *arena;
    struct err e;
};

#define ASSERT_OK(expr) assert_int_equal((expr), OK)
#define ASSERT_CODE(expr, outcome, want)                                                           \
    do {                                                                                           \
        b->e = (struct err){ 0 };                                                                  \
        assert_int_equal((expr), (outcome));                                                       \
        assert_string_equal(b->e.code, (want));                                                    \
    } while (0)

/* An empty store with a writer, on the place that was said last. */
void store_bench_on(const struct store_place *place);
int store_bench_setup(void **state);
int store_bench_teardown(void **state);

/* The tests that stand in store_conformance_whole.c. */
int store_conformance_whole(const char *name);

#endif
