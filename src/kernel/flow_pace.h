/* How long a workflow's stages took of late, from the system's own record (flow_took): of each
 * order that has all of a stage behind it, from when the first of its tasks opened until the last
 * was done. Of orders nothing is told but how many they are. */
#ifndef VEIN_KERNEL_FLOW_PACE_H
#define VEIN_KERNEL_FLOW_PACE_H

#include "kernel/flow.h"

enum {
    FLOW_PACE_FEW = 5, /* orders; of fewer, a time would tell of each */
    FLOW_PACE_STAGES_MAX = 40,
};

struct flow_pace {
    struct str stage; /* its title */
    int64_t orders;
    int64_t early, middle,
        late; /* µs: a tenth, half and nine tenths took no longer; TIME_NONE: too few */
};
/* Of the workflow's stages, in its order: at most FLOW_PACE_STAGES_MAX. */
enum outcome flow_pace_read(struct flow_pace *out, size_t *n, struct db *db, struct str name,
                            const struct workflow *w, struct arena *arena, struct err *e);
/* The same of rows as sql_flow_took_by_order gives them. */
enum outcome flow_pace_of(struct flow_pace *out, size_t *n,
                          const struct flow_took_by_order_out *rows, size_t nrows,
                          const struct workflow *w, struct arena *arena, struct err *e);

#endif
