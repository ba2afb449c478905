/* The worked examples of docs/ledger-format.md: blocks between "```vector NAME" and "```". */
#ifndef VEIN_KERNEL_TESTS_VECTORS_H
#define VEIN_KERNEL_TESTS_VECTORS_H

#include "base/str.h"

/* The block's text without its last line feed; the test fails when the page has none of the name.
 * Lives as long as the program. Tests run in the root of the sources. */
struct str vector(const char *name);

/* Whether the page says so, word for word. */
bool page_says(const char *words);

#endif
