/* A form with a field of each type, and what tests of forms do with it. */
#ifndef VEIN_KERNEL_FORM_FIXTURE_H
#define VEIN_KERNEL_FORM_FIXTURE_H

#include "kernel/form.h"

/* Of the group of tests; set up and torn down by the two functions for cmocka. */
extern struct arena *form_arena;
int form_arena_open(void **state);
int form_arena_close(void **state);

extern const char form_infusion[];

/* From the JSON of a body; fails the test when its shape is wrong. */
struct form *form_read(struct str json);
struct definition form_definition(const char *json);

/* Pairs of "name=value", up to the NULL. */
enum { FORM_PAIRS_MAX = 40 };
size_t form_pairs(struct record_pair *pairs, const char *const *entries);

/* form_infusion filled in; fails the test on a problem. */
struct form_record form_filled(const char *const *entries);
#define FILLED(...) form_filled((const char *const[]){ __VA_ARGS__, NULL })

#endif
