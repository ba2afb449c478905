/* A workflow with a count that two persons enter, and commands that are sent before either is
 * answered: for the tests of records under more than one pair of eyes. */
#ifndef VEIN_KERNEL_TESTS_FLOW_COUNT_H
#define VEIN_KERNEL_TESTS_FLOW_COUNT_H

#include "kernel/tests/flow_trial.h"

extern const char count_form[];     /* double_entry: cells, twice, remark (sealed); two places */
extern const char count_workflow[]; /* "counting": identify, count, receive (guard: checked) */

struct count_sent {
    struct gate_command command;
    struct gate_answer answer;
    char body[400];
};

/* Loads both into an open trial. */
void count_load(struct trial *t);

/* Queues flow.complete of "count" with these cells, under command id `number`. */
void count_submit(struct trial *t, struct count_sent *s, const struct fixture_person *who,
                  int number, const char *cells);
/* Runs what is queued. */
void count_run(struct trial *t);

#endif
