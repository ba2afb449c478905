/* The definitions that ship, made by tools/embedgen. */
#ifndef VEIN_APP_EMBEDDED_H
#define VEIN_APP_EMBEDDED_H

#include "base/embedded.h"

extern const struct embedded shipped_definitions[]; /* ends with a NULL path */

#endif
