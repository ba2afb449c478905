/* A small product under a whole workflow, frozen or fresh, with the people of a hospital, a courier
 * and a plant: the ground of the tests of custody and of what stands upon it. Units are made,
 * checked and handed over by commands; what else modules contribute on the way is noted directly.
 */
#ifndef VEIN_MODULES_CUSTODY_TESTS_TRIAL_H
#define VEIN_MODULES_CUSTODY_TESTS_TRIAL_H

#include "kernel/tests/fixture.h"
#include "modules/custody/custody.h"

struct custody_trial {
    struct fixture f;
    struct fixture_person nurse; /* of the hospital, likewise nurse_2 */
    struct fixture_person nurse_2;
    struct fixture_person courier;
    struct fixture_person operator;    /* of the plant */
    struct fixture_person coordinator; /* of the hospital, with every right but the tasks' roles */
    struct fixture_person stranger;    /* everything, elsewhere */
    char order[40];
    char coi[60];
    char number[20]; /* of the patient's wristband */
};

/* With one more module, or NULL, whose commands are the nurses' too (separated by blanks). */
void custody_trial_open(struct custody_trial *t, const struct module *more, const char *commands);
void custody_trial_close(struct custody_trial *t);

/* Enrols patient n of 60 kg, prescribes "frozen" or "fresh", places the order: it is the trial's
 * from now on. Tasks: collect, pack_out, pick_up, deliver, receive, sample, fill, (store,) release,
 * (retrieve,) arrive, readiness, (thaw,) administer; those in brackets are of the frozen one. */
void custody_trial_order(struct custody_trial *t, int n, const char *product);
/* Does every task up to and including the last; collect makes one bag of kind "bag", fill as many
 * "final_bag" of 50 mL as said, arrive hands those over to the hospital; at readiness the patient
 * weighs this much and is fit. */
void custody_trial_do(struct custody_trial *t, const char *last, int bags, const char *weight);
enum outcome custody_trial_complete(struct custody_trial *t, const struct fixture_person *who,
                                    const char *task, const char *inputs);

/* Live unit number i of the order's kind, by label. */
struct identity_units_out custody_trial_unit(struct custody_trial *t, const char *kind, size_t i);
struct custody_unit_out custody_trial_holder(struct custody_trial *t, struct str unit);
bool custody_trial_fact(struct custody_trial *t, const char *task, const char *fact);

/* Hand-overs of a unit; seals are JSON strings, more is more members ("" or begins with a comma).
 */
enum outcome custody_trial_offer(struct custody_trial *t, const struct fixture_person *from,
                                 const struct fixture_person *to, struct str unit,
                                 const char *more);
enum outcome custody_trial_accept(struct custody_trial *t, const struct fixture_person *who,
                                  struct str unit, const char *more);

/* One person's check of one unit or two, by label, and the patient where the point asks for it. */
enum outcome custody_trial_check(struct custody_trial *t, const struct fixture_person *who,
                                 const char *task, const char *point, struct str label,
                                 struct str label_2);

#endif
