/* Two small products for the tests of flow, with forms, roles and identity points of their own, a
 * node to run them on, and persons of both sites. */
#ifndef VEIN_KERNEL_TESTS_FLOW_TRIAL_H
#define VEIN_KERNEL_TESTS_FLOW_TRIAL_H

#include "kernel/flow.h"
#include "kernel/tests/fixture.h"

#define RECORDS "kernel/tests/flow_trial_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

#define TRIAL_HEAD(kind, name, version)                                                            \
    "kind: " kind "\nname: " name "\nversion: " version "\ntitle: Trial\n"                         \
    "effective: 2026-01-01T00:00:00Z\n"

/* "trial" version 1: collect, pack (limit 2 h), receive; sterility (late), wash, release,
 * follow_up (late). */
extern const char trial_workflow[];
extern const char trial_apheresis_2[]; /* the form with one more required field */

struct trial {
    struct fixture f;
    struct fixture_person nurse;
    struct fixture_person second; /* a nurse too */
    struct fixture_person coordinator;
    struct fixture_person operator;
    struct fixture_person approver; /* of the maker: approves moves, resolves stops */
    struct fixture_person stranger; /* everything, elsewhere */
    char order[40];
    struct str payload; /* JSON of the last event that trial_events found */
};

/* For tests that open a node of more modules: starts orders and notes facts. */
extern const struct module trial_module;

/* Opens the node; forms, roles and trial_workflow are loaded. */
void trial_open(struct trial *t);
void trial_close(struct trial *t);

/* Loads a definition; on refusal, *e tells. Text with ' is left as it is. */
enum outcome trial_load(struct trial *t, const char *yaml, struct err *e);
/* Starts order number n under the workflow; t->order is its id from now on. */
enum outcome trial_begin(struct trial *t, int n, const char *workflow);
enum outcome trial_complete(struct trial *t, const struct fixture_person *who, const char *task,
                            const char *inputs);
enum outcome trial_note_fact(struct trial *t, const struct fixture_person *who, const char *task,
                             const char *fact);
/* Does all that the task needs, and the task; it must work. */
void trial_do(struct trial *t, const char *task);

/* The state of t->order now, in the fixture's arena. */
struct flow_view trial_view(struct trial *t);
/* How many events of this type the order has, of its last 200. */
size_t trial_events(struct trial *t, const char *type);
bool trial_is_open(struct trial *t, const char *task);

#endif
