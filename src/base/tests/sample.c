/* The tables of sample.def. */
#include "base/tests/sample.h"

#define RECORDS "base/tests/sample.def"
#include "base/record_tables.h"
