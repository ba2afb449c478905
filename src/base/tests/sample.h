/* struct sample and sample_record; see sample.def. */
#ifndef VEIN_BASE_TESTS_SAMPLE_H
#define VEIN_BASE_TESTS_SAMPLE_H

#define RECORDS "base/tests/sample.def"
#include "base/record_structs.h"
#undef RECORDS

#endif
