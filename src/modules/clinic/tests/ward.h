/* A ward with one order of two bags of 50 mL, ready for thaw and administration, and each step as
 * one call: the ground of the clinic's tests. */
#ifndef VEIN_MODULES_CLINIC_TESTS_WARD_H
#define VEIN_MODULES_CLINIC_TESTS_WARD_H

#include "modules/clinic/clinic.h"
#include "modules/custody/tests/custody_trial.h"

#define SAFE ",'volume':'50 mL','safe':true"

extern struct custody_trial ward;
extern struct identity_units_out bags[3];

/* Two bags of this product with the tasks done up to `last`, at this weight. */
void ward_ready(const char *product, const char *last, int n, const char *weight);
/* Set up: the patient is ready, the bags are frozen, or fresh. */
int ward_open_frozen(void **state);
int ward_open_fresh(void **state);
int ward_close_order(void **state);

/* Steps, by the nurse where nobody is named; more is more members ("" or begins with a comma). */
enum outcome ward_step(const struct fixture_person *who, const char *command, const char *task,
                       int bag, const char *more);
enum outcome ward_thaw(const char *task, int bag);
enum outcome ward_give(int bag);
enum outcome ward_finish(int bag, const char *more);
void ward_check(const struct fixture_person *who, const char *task, const char *point, int bag,
                bool complete);
void ward_check_by_two(const char *task, const char *point, int bag);
/* The first bag up to its thaw, and up to the beginning of its infusion. */
void ward_thaw_first(void);
void ward_give_first(void);

void ward_refused(enum outcome o, const char *code);
size_t ward_deviations(void);
struct clinic_bags_out ward_bag_row(size_t i);
size_t ward_clocks(void);

#endif
