/* What tests need from the inside: memory that fails on demand. A torture test runs its subject
 * with memory_fail_at(1), (2), (3) … until memory_failed() says that the run ended before the
 * failure came, and asserts each time that the outcome was a fault and nothing was half done. */
#ifndef VEIN_BASE_TEST_H
#define VEIN_BASE_TEST_H

#include "base/str.h"

/* The nth allocation of this thread from now on fails, once; 0: none does. Counted are
 * arena_new, arena_alloc (and what stands on it) and the growth of a buf. */
void memory_fail_at(size_t nth);
/* The same, and so does every later one. */
void memory_fail_from(size_t nth);

/* How many were asked for since one of these two was called last. */
size_t memory_asked(void);

/* Whether the failure asked for last has happened. */
bool memory_failed(void);

/* For those who allocate: counts one allocation and tells whether it must fail. */
bool memory_fails_now(void);

#endif
