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

#define ASSERT_CODE(expr, outcome, want) ASSERT_CODE_IN(b->e, expr, outcome, want)

/* An empty store with a writer, on the place that was said last. */
void store_bench_on(const struct store_place *place);
int store_bench_setup(void **state);
int store_bench_teardown(void **state);

/* The tests that stand in store_conformance_whole.c. */
int store_conformance_whole(const char *name);

#endif
