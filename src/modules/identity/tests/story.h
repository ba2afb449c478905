/* Two orders of two patients, a and b, on one trial product: what every test of identity begins
 * with, as globals, because a test is one story. */
#ifndef VEIN_MODULES_IDENTITY_TESTS_STORY_H
#define VEIN_MODULES_IDENTITY_TESTS_STORY_H

#include "modules/identity/tests/identity_trial.h"

#define AT "collect", "patient_at_collection"

extern struct trial_id t;
extern struct trial_order a, b;

int set_up(void **state);
int tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The last command was refused with this code. */
void refused(const char *code);
/* A check of order a by barcode; scans and more as trial_id_check has them. */
enum outcome check(const struct fixture_person *who, const char *task, const char *point,
                   const char *scans, const char *more);
/* The last check's result. */
void is(const char *result);
bool stopped(void); /* order a */
size_t deviations(const struct trial_order *o);
const struct identity_checks_out *last_check(void);
enum outcome resolve(const struct fixture_person *who);
/* Scans of all live bags. */
const char *own_bag(const struct trial_order *o);

#endif
