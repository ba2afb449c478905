/* Faults by their number: of the things of one kind that the program asks of the machine, the Nth
 * fails, or it and all after it. What the linker wraps for test_app_nth (meson.build) and what the
 * VFS of store_disk.h does is counted here; one thread. */
#ifndef VEIN_APP_TESTS_NTH_FAULT_H
#define VEIN_APP_TESTS_NTH_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum nth_kind {
    NTH_PIECE, /* of an arena or buffer of ours (base/test.h) */
    NTH_HEAP,  /* malloc and its like, ours and SQLite's own */
    NTH_OPEN,  /* a file opened, linked or renamed, a folder made */
    NTH_READ,
    NTH_WRITE,
    NTH_SYNC,
    NTH_STEP, /* a statement prepared, run, or gone on with by a row */
    NTH_KINDS,
};
extern const char *const nth_kind_names[NTH_KINDS];

/* Takes the place of SQLite's memory and of the system's VFS; before SQLite is used at all. */
void nth_install(void);

/* From now on the nth of this kind fails, and with lasts all that follow. */
void nth_arm(enum nth_kind kind, size_t nth, bool lasts);
/* Nothing fails any more. */
void nth_disarm(void);

/* Whether it has come to that; stays so when disarmed. */
bool nth_struck(void);
/* What failed first: the call's name, "vfs" or "memory" for SQLite's own; "" for nothing, or a
 * piece. */
const char *nth_struck_call(void);
/* How many of this kind were asked for, with whatever was armed. */
size_t nth_count(enum nth_kind kind);

#endif
