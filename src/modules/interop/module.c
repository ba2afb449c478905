/* Wiring of the interop module: it sends commands of others and has no events of its own. */
#include "modules/interop/interop.h"

const struct module interop_module = { .name = "interop" };
