/* The two halves of the sandbox: a program that only asks for Landlock's version links no seccomp.
 */
#ifndef VEIN_KERNEL_SANDBOX_IMPL_H
#define VEIN_KERNEL_SANDBOX_IMPL_H

#include "kernel/sandbox.h"

/* Nothing but reading what lies below these paths; each list may be NULL. After no_new_privs. */
bool sandbox_landlock_enter(const char *const *paths, const char *const *more);

#endif
