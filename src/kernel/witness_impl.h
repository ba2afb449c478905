/* Shared by the files that show checkpoints to witnesses and keep what they say. */
#ifndef VEIN_KERNEL_WITNESS_IMPL_H
#define VEIN_KERNEL_WITNESS_IMPL_H

#include "base/id.h"
#include "kernel/say.h"
#include "kernel/witness.h"

enum { WITNESS_LINE_MAX = 400 /* a cosignature */ };

struct witness_asked {
    const struct witness_one *as;
    bool sent;
    uint64_t ticket;
    int64_t gives_up; /* monotonic, as next */
    int64_t next;
    uint64_t old;                /* what it cosigned last, as far as we know */
    int at_once;                 /* asked again in this round */
    char line[WITNESS_LINE_MAX]; /* its cosignature of this round's checkpoint; empty: none */
    /* what is kept of it */
    int64_t begun; /* to be asked by this process: what was before it no silence tells of */
    int64_t asked, size, cosigned, tries;
    const char *code;
    bool changed;
    /* what the log says of it, and is told */
    char state[24];
    char told[24];
    struct saying saying;
    struct arena *arena;
};

struct witness_round {
    bool any;
    int64_t begun; /* monotonic */
    struct checkpoint c;
    char note[NOTE_MAX];
    size_t n;
};

struct witnesses {
    struct witnesses_options options;
    const struct outbox_transport *transport;
    const struct witness_setup *setup;
    struct actor actor;
    char organisation[ID_LENGTH + 1];
    struct id log;
    struct arena *arena; /* of one step */
    struct witness_asked one[WITNESSES_MAX];
    size_t n;
    bool leads;
    struct witness_round round;
    uint64_t kept; /* size of the newest checkpoint that enough cosigned … */
    size_t kept_n; /* … and by how many */
    uint64_t tickets;
    _Atomic size_t contradicting;
    bool recount;
};

/* Writes what changed since the last time, in a transaction of its own: how it stands with each,
 * and the checkpoint with all its cosignatures once they are enough. */
enum outcome witnesses_keep(struct witnesses *w, struct err *e);

#endif
