/* A small fresh product with all the points that every workflow must have, two sites with the
 * people of both, and orders of patients: the ground of the tests of identity. */
#ifndef VEIN_MODULES_IDENTITY_TESTS_TRIAL_H
#define VEIN_MODULES_IDENTITY_TESTS_TRIAL_H

#include "kernel/tests/fixture.h"
#include "modules/identity/identity.h"

struct trial_order {
    char id[40];
    char coi[44];
    char name[40]; /* what the patient states */
    char born[12];
    char number[20]; /* of the wristband */
};

/* Tasks: collect, hand_over, receive, sample, wash, fill, release, arrive, administer. */
struct trial_id {
    struct fixture f;
    struct fixture_person nurse; /* of the hospital, with the tasks' role; likewise nurse_2 */
    struct fixture_person nurse_2;
    struct fixture_person helper; /* of the hospital, may check, has no role */
    struct fixture_person plant;  /* an operator of the plant; likewise plant_2 */
    struct fixture_person plant_2;
    struct fixture_person quality; /* of the hospital, resolves; likewise quality_plant */
    struct fixture_person quality_plant;
    struct fixture_person stranger; /* everything, elsewhere */
};

void trial_id_open(struct trial_id *t);
void trial_id_close(struct trial_id *t);
/* From the next order on another person completes hand_over than who checked there. */
void trial_id_second_person(struct trial_id *t);
/* Enrols patient number n, prescribes and places an order. */
void trial_id_order(struct trial_id *t, struct trial_order *o, int n);

/* Sends a check; scans are JSON strings ("'vein:u:X','Y'"), more is more members ("" or begins with
 * a comma). */
enum outcome trial_id_check(struct trial_id *t, const struct fixture_person *who,
                            const struct trial_order *o, const char *task, const char *point,
                            const char *method, const char *scans, const char *more);

bool trial_id_at_hospital(const char *task);
/* The kind that the task identifies; NULL: all, at collection. */
const char *trial_id_kind_of(const char *task);
/* Scans of all live units of this kind, or of all kinds (NULL). */
const char *trial_id_units(struct trial_id *t, const struct trial_order *o, const char *kind);
/* What a scanner reads from this label. */
const char *trial_id_symbol(struct trial_id *t, struct str label);
/* Scans of order and wristband, and what the patient states. */
const char *trial_id_patient(const struct trial_order *o);
const char *trial_id_stated(const struct trial_order *o);

/* Passes the point by as many persons as it asks for; it must work. */
void trial_id_pass(struct trial_id *t, const struct trial_order *o, const char *task,
                   const char *point);
/* unit.make without parents; fills label ("" on refusal). */
enum outcome trial_id_make(struct trial_id *t, const struct fixture_person *who,
                           const struct trial_order *o, const char *task, const char *kind,
                           const char *quantity, const char *more, char label[16]);
enum outcome trial_id_complete(struct trial_id *t, const struct trial_order *o, const char *task);
/* Does everything up to and including the task. */
void trial_id_do(struct trial_id *t, const struct trial_order *o, const char *last);

bool trial_id_fact(struct trial_id *t, const struct trial_order *o, const char *task,
                   const char *fact);
/* The unit with this label. */
struct identity_unit_out trial_id_unit(struct trial_id *t, const char *label);

#endif
