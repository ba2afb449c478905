/* Each sample goes through the workflow once, in the order of its numbers, for a task waits for
 * earlier ones alone. */
#include "kernel/flow_forecast.h"

#include <stdlib.h>

#include "kernel/flow_impl.h"

enum outcome flow_lately_read(struct flow_lately *out, struct db *db, struct str workflow,
                              struct arena *arena, struct err *e)
{
    const struct flow_took_lately_in in = { workflow, FLOW_SEEN_MAX };
    struct record_list list;
    TRY(db_list(db, &sql_flow_took_lately, &in, &list, FLOW_SEEN_MAX, arena, e));
    *out = (struct flow_lately){ list.p, list.n };
    return OK;
}

/* --- what is known of each task --- */

struct step {
    enum { STEP_SETTLED, STEP_OPEN, STEP_TO_COME, STEP_PASSED_BY } is;
    int64_t at;                              /* settled or opened */
    const struct flow_took_lately_out *took; /* by time; of those that were done */
    size_t ntook;                            /* 0: too few, the limit stands for them */
    int64_t limit;                           /* TIME_NONE: none */
    bool by_limits, unknown;                 /* it, or something before it */
    size_t nwaits;
    int16_t waits[FLOW_AFTER_MAX];
};
struct journey {
    struct step steps[FLOW_TASKS_MAX + 1];
    int64_t n;
    int64_t now;
};

/* The first row of `l` that does not stand before this task and time. */
static size_t place(const struct flow_lately *l, struct str task, int64_t took)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        const size_t k = low + (high - low) / 2;
        const int order = str_cmp(l->rows[k].task, task);
        if (order < 0 || (order == 0 && l->rows[k].took < took))
            low = k + 1;
        else
            high = k;
    }
    return low;
}

static const struct flow_skip *skip_of(const struct flow_view *v, struct str task)
{
    for (size_t i = 0; i < v->nskipped; i++)
        if (str_eq(v->skipped[i].task, task))
            return &v->skipped[i];
    return NULL;
}

/* All that its conditions look at is settled, so that they can be told by now. */
static bool can_be_told(const struct flow_view *v, const struct flow_task *task)
{
    struct str names[FLOW_GUARD_TASKS_MAX];
    for (size_t i = 0; i < task->when.n; i++) {
        const size_t n = flow_guard_tasks(names, &task->when.p[i]);
        if (n == 0)
            return false;
        for (size_t k = 0; k < n; k++) {
            const struct flow_open_task *opened = flow_opened(v, names[k]);
            if (!(opened && opened->done) && !skip_of(v, names[k]))
                return false;
        }
    }
    return true;
}

/* Whether a task that has not had its turn will open then. */
static bool will_open(const struct flow_view *v, const struct flow_task *task, size_t skipped,
                      size_t done, int64_t now)
{
    if (task->when.n == 0)
        return true;
    if (can_be_told(v, task))
        return !flow_when_fails(v, task, now);
    return skipped + done < FLOW_SEEN_FEW || done >= skipped;
}

static void plan(struct journey *j, int64_t number, const struct flow_task *task,
                 const struct flow_view *v, const struct flow_lately *l)
{
    const struct flow_open_task *opened = flow_opened(v, task->name);
    struct step *s = &j->steps[number];
    int64_t waits[FLOW_AFTER_MAX];
    const size_t first = place(l, task->name, INT64_MIN), least = place(l, task->name, 0);
    const size_t end = place(l, task->name, INT64_MAX);
    s->is = STEP_TO_COME;
    s->took = l->rows + least;
    s->ntook = end - least < FLOW_SEEN_FEW ? 0 : end - least;
    s->limit = task->limit.p ? flow_duration(task->limit) : TIME_NONE;
    if (opened) {
        s->is = opened->done ? STEP_SETTLED : STEP_OPEN;
        s->at = opened->done ? opened->done_at : opened->opened;
    } else if (skip_of(v, task->name)) {
        s->is = STEP_SETTLED;
        s->at = INT64_MIN;
    } else if (!will_open(v, task, least - first, end - least, j->now)) {
        s->is = STEP_PASSED_BY;
    }
    if (s->is == STEP_SETTLED)
        return;
    const bool takes_time = s->is != STEP_PASSED_BY && s->ntook == 0;
    s->by_limits = takes_time;
    s->unknown = takes_time && s->limit == TIME_NONE;
    if (s->is == STEP_OPEN)
        return;
    s->nwaits = flow_waits_for(waits, v->workflow, number);
    for (size_t i = 0; i < s->nwaits; i++) {
        const struct step *before = &j->steps[waits[i]];
        s->waits[i] = (int16_t)waits[i];
        s->by_limits |= before->by_limits;
        s->unknown |= before->unknown;
    }
}

/* --- one way that it may go --- */

/* Numbers that are fixed for each task and question (splitmix64): the chance of all forecasts. */
static uint64_t fixed(uint64_t task, uint64_t question)
{
    uint64_t x = (task << 16 | question) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* A place in `n` for each sample. The samples of a task share out all there is evenly, each task in
 * an order of its own (a Latin hypercube: odd factors and shifts turn 8 bits into 8 bits, none
 * twice), so that so few samples tell as much as many would by chance alone. */
static size_t place_in(size_t n, uint64_t task, uint64_t sample)
{
    const uint64_t order = fixed(task, FLOW_SAMPLES);
    uint64_t x = sample;
    for (int round = 0; round < 3; round++) {
        x = (x * (order >> round * 16 | 1) + (order >> (round * 16 + 8))) % FLOW_SAMPLES;
        x ^= x >> 4;
    }
    const uint64_t within = fixed(task, sample) >> 40; /* 24 bits */
    return (size_t)((x << 24 | within) * n >> 32);
}

/* How long the task takes from when it opened, longer than `spent`. */
static int64_t draw(const struct step *s, uint64_t task, uint64_t sample, int64_t spent)
{
    size_t low = 0, high = s->ntook;
    if (s->ntook == 0)
        return s->limit > spent ? s->limit : spent;
    if (spent == 0)
        return s->took[place_in(s->ntook, task, sample)].took;
    while (low < high) { /* the first that took longer */
        const size_t k = low + (high - low) / 2;
        if (s->took[k].took <= spent)
            low = k + 1;
        else
            high = k;
    }
    const size_t at = low + place_in(s->ntook - low + 1, task, sample);
    if (at < s->ntook)
        return s->took[at].took;
    if (low < s->ntook) /* a step beyond the longest */
        return 2 * s->took[s->ntook - 1].took - s->took[s->ntook - 2].took;
    return spent + s->took[fixed(task, sample) % s->ntook].took;
}

static void walk(int64_t *settled, const struct journey *j, uint64_t sample)
{
    for (int64_t n = 1; n <= j->n; n++) {
        const struct step *s = &j->steps[n];
        int64_t turn = j->now;
        for (size_t i = 0; i < s->nwaits; i++)
            turn = settled[s->waits[i]] > turn ? settled[s->waits[i]] : turn;
        settled[n] = s->is == STEP_SETTLED     ? s->at
                     : s->is == STEP_PASSED_BY ? turn
                     : s->is == STEP_TO_COME   ? turn + draw(s, (uint64_t)n, sample, 0)
                                               : s->at + draw(s, (uint64_t)n, sample,
                                                            j->now > s->at ? j->now - s->at : 0);
    }
}

/* --- what is asked --- */

struct aim {
    int64_t numbers[sizeof((struct flow_target *)0)->tasks / sizeof(struct str)];
    size_t n;
    int64_t ends[FLOW_SAMPLES];
};

static void aim_at(struct aim *aim, struct flow_moment *out, const struct flow_target *target,
                   const struct journey *j, const struct flow_view *v)
{
    bool by_limits = false, unknown = false;
    int64_t done = TIME_NONE;
    aim->n = 0;
    for (size_t i = 0; i < target->n; i++) {
        int64_t number;
        if (!flow_task_named(v->workflow, target->tasks[i], &number))
            continue;
        const struct step *s = &j->steps[number];
        if (s->is == STEP_SETTLED)
            done = s->at > done ? s->at : done;
        else if (s->is != STEP_PASSED_BY)
            aim->numbers[aim->n++] = number;
        by_limits |= s->by_limits && s->is != STEP_PASSED_BY;
        unknown |= s->unknown && s->is != STEP_PASSED_BY;
    }
    *out = (struct flow_moment){ FLOW_NEVER, TIME_NONE, TIME_NONE, TIME_NONE };
    if (aim->n == 0 && done != TIME_NONE)
        *out = (struct flow_moment){ FLOW_DONE, done, done, done };
    else if (aim->n > 0 && v->state != FLOW_ENDED)
        out->kind = unknown ? FLOW_UNKNOWN : by_limits ? FLOW_BY_LIMITS : FLOW_FORECAST;
}

static int by_time(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_ahead(const struct flow_moment *m)
{
    return m->kind == FLOW_FORECAST || m->kind == FLOW_BY_LIMITS;
}

static void tell(struct flow_moment *out, struct aim *aim)
{
    qsort(aim->ends, FLOW_SAMPLES, sizeof aim->ends[0], by_time);
    out->early = aim->ends[FLOW_SAMPLES / 10];
    out->middle = aim->ends[FLOW_SAMPLES / 2];
    out->late = aim->ends[FLOW_SAMPLES - 1 - FLOW_SAMPLES / 10];
}

void flow_forecast(struct flow_moment *out, const struct flow_target *targets, size_t n,
                   const struct flow_view *v, const struct flow_lately *lately, int64_t now_us)
{
    static const struct step nothing;
    struct journey j;
    struct aim aims[FLOW_TARGETS_MAX];
    int64_t settled[FLOW_TASKS_MAX + 1];
    const struct flow_task *task;
    int64_t number = 1;
    bool ahead = false;
    BUG_ON(n > FLOW_TARGETS_MAX);
    j.now = now_us;
    for (; (task = flow_task_at(v->workflow, number, NULL)); number++) {
        j.steps[number] = nothing;
        plan(&j, number, task, v, lately);
    }
    j.n = 0; /* nothing rests on a later task */
    for (size_t i = 0; i < n; i++) {
        aim_at(&aims[i], &out[i], &targets[i], &j, v);
        ahead |= is_ahead(&out[i]);
        for (size_t k = 0; k < aims[i].n; k++)
            j.n = aims[i].numbers[k] > j.n ? aims[i].numbers[k] : j.n;
    }
    for (size_t sample = 0; sample < FLOW_SAMPLES && ahead; sample++) {
        walk(settled, &j, sample);
        for (size_t i = 0; i < n; i++) {
            aims[i].ends[sample] = INT64_MIN;
            for (size_t k = 0; k < aims[i].n; k++)
                if (settled[aims[i].numbers[k]] > aims[i].ends[sample])
                    aims[i].ends[sample] = settled[aims[i].numbers[k]];
        }
    }
    for (size_t i = 0; i < n; i++)
        if (is_ahead(&out[i]))
            tell(&out[i], &aims[i]);
}
