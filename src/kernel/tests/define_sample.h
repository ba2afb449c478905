/* Kinds "plan" and "list" for tests and the fuzzer. */
#ifndef VEIN_KERNEL_TESTS_DEFINE_SAMPLE_H
#define VEIN_KERNEL_TESTS_DEFINE_SAMPLE_H

#include "kernel/define.h"

#define RECORDS "kernel/tests/define_sample.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct define_kind sample_plan_kind;
extern const struct define_kind sample_list_kind;

/* Makes the two the kinds of this program. */
void define_sample_use(void);

#endif
