/* The description of the API (OpenAPI 3.1), printed from the tables that the program runs by:
 * routes, commands, records, refusals. What is not in a table cannot be called, so nothing is
 * missing, and nothing can be out of date. */
#ifndef VEIN_KERNEL_OPENAPI_H
#define VEIN_KERNEL_OPENAPI_H

#include "kernel/module.h"

enum { OPENAPI_MAX = 2 << 20 }; /* bytes */

/* Writes the document as canonical JSON. FAULT when it does not fit. */
enum outcome openapi_write(struct buf *out, const struct module *const *modules, size_t n,
                           struct arena *arena, struct err *e);

#endif
