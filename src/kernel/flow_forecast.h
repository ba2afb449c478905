/* When an order's tasks will be done, from how long such tasks took of late.
 *
 * Each task's time is drawn from the times that the newest tasks of this name took under this
 * workflow, in whatever order, version or site (flow_took): what is usual, with its spread. A whole
 * journey is gone through FLOW_SAMPLES times: a task opens when all that it waits for is settled,
 * so that joins, tasks side by side and late ones count as the workflow has them. Of the sorted
 * ends, a tenth, half and nine tenths are the forecast. The draws are fixed numbers of task and
 * sample: the same rows and the same time give the same forecast, on any machine, and it moves only
 * when something moves that it rests upon.
 *
 * A task that is open has been so for a while: only times beyond that while are drawn, and, as
 * often as any one of them, one a step beyond the longest. One that is open for longer than was
 * ever seen counts as begun now.
 *
 * A condition that can be told by now is told. Else a task that was skipped in most orders of late
 * is taken to be skipped again. A loop that nobody has taken yet is not foreseen.
 *
 * Where a task was seen less than FLOW_SEEN_FEW times, its limit stands for its time, and what
 * rests upon it is no forecast but the workflow's word: FLOW_BY_LIMITS, of which `late` alone says
 * something. Without a limit nothing is known. */
#ifndef VEIN_KERNEL_FLOW_FORECAST_H
#define VEIN_KERNEL_FLOW_FORECAST_H

#include "kernel/flow.h"

enum {
    FLOW_SAMPLES = 256, /* as many as 8 bits are */
    FLOW_SEEN_FEW = 8,
    FLOW_SEEN_MAX = 2000, /* newest tasks of a workflow that are looked at, of all names together */
    FLOW_TARGETS_MAX = 20,
};

/* What became of a workflow's tasks of late, by their names; for all forecasts of one page. */
struct flow_lately_task;
struct flow_lately {
    const struct flow_lately_task *tasks; /* by name */
    size_t n;
};
enum outcome flow_lately_read(struct flow_lately *out, struct db *db, struct str workflow,
                              struct arena *arena, struct err *e);
/* The same of rows as sql_flow_took_lately gives them, which must live as long. */
enum outcome flow_lately_of(struct flow_lately *out, const struct flow_took_lately_out *rows,
                            size_t n, struct arena *arena, struct err *e);

struct flow_moment {
    enum flow_moment_kind {
        FLOW_NEVER,    /* there is no such task, or all were skipped */
        FLOW_UNKNOWN,  /* nothing says how long something before it takes */
        FLOW_DONE,     /* at `middle` */
        FLOW_FORECAST, /* between `early` and `late` with four chances of five */
        FLOW_BY_LIMITS /* by `late`, if all is done within its limit */
    } kind;
    int64_t early;
    int64_t middle;
    int64_t late;
};
/* Done when the last of these tasks is; those that are skipped do not count. */
struct flow_target {
    struct str tasks[4];
    size_t n;
};
enum outcome flow_forecast(struct flow_moment *out, const struct flow_target *targets, size_t n,
                           const struct flow_view *v, const struct flow_lately *lately,
                           int64_t now_us, struct err *e);

#endif
