/* What every engine of the store must do, asked through store.h alone. */
#ifndef VEIN_KERNEL_STORE_CONFORMANCE_H
#define VEIN_KERNEL_STORE_CONFORMANCE_H

#include "kernel/store.h"

#define ASSERT_OK(expr) assert_int_equal((expr), OK)
/* `said` is the error that the expression fills in. */
#define ASSERT_CODE_IN(said, expr, outcome, want)                                                  \
    do {                                                                                           \
        (said) = (struct err){ 0 };                                                                \
        assert_int_equal((expr), (outcome));                                                       \
        assert_string_equal((said).code, (want));                                                  \
    } while (0)

#define RECORDS "kernel/tests/store_rows.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct sql_schema store_rows_schema; /* tables sample and place */
extern const struct sql sql_sample_add;           /* (sample) */
extern const struct sql sql_sample_get;           /* (number) -> (sample) */
extern const struct sql sql_place_add;            /* (place) */
extern const struct sql sql_place_set;            /* (place) */
extern const struct sql sql_place_list;           /* () -> (place) by number */
extern const struct sql sql_place_again;          /* the same, backwards */
extern const struct sql sql_place_sum;            /* () -> (number): units of all */
extern const struct sql sql_place_count;          /* () -> (number) */

/* Opens the store and makes its schema; stops the test when it cannot. */
struct store *store_with_rows(const struct store_options *options);
void place_add(struct db *db, int64_t number, int64_t units);
int64_t number_of(struct db *db, const struct sql *q);

/* Runs the suite; fresh gives the options of an empty place each time it is called, and spare the
 * path of a file that does not exist. Returns the number of failures. */
struct store_place {
    const char *name;
    struct store_options (*fresh)(void);
    const char *(*spare)(void);
};
int store_conformance(const struct store_place *place);

#endif
