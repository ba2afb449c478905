/* What a process gives up for good: by seccomp the system calls that it does not need, by Landlock
 * the files. Entered once, before anything from outside is read; there is no way back. */
#ifndef VEIN_KERNEL_SANDBOX_H
#define VEIN_KERNEL_SANDBOX_H

#include "base/err.h"

struct sandbox {
    bool network;            /* outgoing sockets; never bind, listen or accept */
    const char *const *read; /* files and folders, besides the system's libraries; ends with NULL */
};

/* The version of Landlock that the kernel offers, 0 for none. */
int sandbox_landlock(void);

/* Enters it: no new privileges, Landlock where it is offered, then seccomp. Turned down afterwards,
 * with EPERM: starting programs, signals to others, tracing, mounting, namespaces, keys, loading of
 * kernel code, changing of owner, mode or name, opening for writing, and sockets unless `network`.
 * FAULT "sandbox.failed" when seccomp, or a Landlock that is offered, cannot be had. */
enum outcome sandbox_enter(const struct sandbox *s, struct err *e);

#endif
