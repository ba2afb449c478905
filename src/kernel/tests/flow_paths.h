/* A workflow with a join, branches, loops and ladders, for the tests of flow. */
#ifndef VEIN_KERNEL_TESTS_FLOW_PATHS_H
#define VEIN_KERNEL_TESTS_FLOW_PATHS_H

#include "kernel/tests/flow_trial.h"

/* "paths" version 1: collect, receive; wash beside test (with a ladder); then release, or ask and
 * supply; give. culture is late; alarm opens when it fails, and nothing is given then. Loops:
 * recollect (once), rewash (twice). */
extern const char paths_workflow[];

#endif
