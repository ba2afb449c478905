/* Epochs: which log the node's events are published in.
 *
 * A copy that was restored may lack events that the original went on to record, sign and show to
 * others. Would it sign on under the same name, the world would see two different logs of one
 * origin, and rightly call it forged. So a restore begins a new epoch: a new origin with a key of
 * its own, and as its first event `epoch.begun`, which names the log before it, the size and root
 * at which it was left, and the last checkpoint of it that anyone still had. The tree stays: up to
 * that size both logs have the same root.
 *
 * What this does not do: prove to a stranger that the new key is ours. Whoever verifies must get it
 * as they got the first, from a source they trust. */
#ifndef VEIN_KERNEL_EPOCH_H
#define VEIN_KERNEL_EPOCH_H

#include "kernel/node.h"

struct epoch_state {
    bool begun; /* an epoch of this number was said before */
};

#define RECORDS "kernel/epoch_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "kernel/epoch_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module epoch_module;

#endif
