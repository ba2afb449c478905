/* Keeps what tests ask of the gate and what it answers, for worked examples of the API. With
 * VEIN_EXAMPLES=FOLDER in the environment each program of tests appends to a file of its own there,
 * one answer a line:
 *
 *   ok       COMMAND  ACTOR  REASON  BODY  ANSWER     canonical JSON; ACTOR without its id
 *   refused  COMMAND  CODE
 *
 * separated by tabs. tools/examples makes docs/examples/commands.tsv of them, and holds that file
 * against them at each run of the tests. */
#ifndef VEIN_KERNEL_TESTS_EXAMPLE_H
#define VEIN_KERNEL_TESTS_EXAMPLE_H

#include "kernel/gate.h"

/* For node_options; NULL where nobody asked for examples. */
gate_answered_fn *example_keeper(void);

#endif
