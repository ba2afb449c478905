/* All samples go through the workflow together, once, in the order of its numbers, for a task waits
 * for earlier ones alone. What is drawn for a task that has not opened is drawn once for all
 * orders. */
#include "kernel/flow_forecast.h"

#include <stdlib.h>

#include "kernel/flow_impl.h"

/* All of a name. Times are in seconds: nothing that people wait for is shorter. */
struct flow_lately_task {
    struct str task;
    uint64_t chance;                         /* a number of its own (fixed) */
    const struct flow_took_lately_out *took; /* by time; of those that were done */
    size_t ntook;
    size_t nskipped;
    int32_t draws[FLOW_SAMPLES]; /* how long it takes, sample by sample */
};

/* --- chance --- */

/* Numbers that are fixed (splitmix64): the same in every forecast. */
static uint64_t fixed(uint64_t of, uint64_t question)
{
    uint64_t x = (of + question) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t fixed_of(struct str name)
{
    uint64_t x = name.n;
    for (size_t i = 0; i < name.n; i++)
        x = fixed(x, (unsigned char)name.p[i]);
    return x;
}

/* A place in `n` for each sample. The samples of a task share out all there is evenly, each task in
 * an order of its own (a Latin hypercube: odd factors and shifts turn 8 bits into 8 bits, none
 * twice), so that so few samples tell as much as many would by chance alone. */
static size_t place_in(size_t n, uint64_t chance, uint64_t sample)
{
    uint64_t x = sample;
    for (int round = 0; round < 3; round++) {
        x = (x * (chance >> round * 16 | 1) + (chance >> (round * 16 + 8))) % FLOW_SAMPLES;
        x ^= x >> 4;
    }
    const uint64_t within = fixed(chance, sample) >> 40; /* 24 bits */
    return (size_t)((x << 24 | within) * n >> 32);
}

static int32_t seconds(int64_t us)
{
    const int64_t s = us / TIME_SECOND;
    return s > INT32_MAX / 4 ? INT32_MAX / 4 : s < -INT32_MAX / 4 ? -INT32_MAX / 4 : (int32_t)s;
}

/* --- what became of tasks of late --- */

static void task_of_rows(struct flow_lately_task *t, const struct flow_took_lately_out *rows,
                         size_t n)
{
    t->task = rows->task;
    t->chance = fixed_of(rows->task);
    while (t->nskipped < n && rows[t->nskipped].took == INT_NONE)
        t->nskipped++;
    t->took = rows + t->nskipped;
    t->ntook = n - t->nskipped;
    for (size_t i = 0; t->ntook > 0 && i < FLOW_SAMPLES; i++)
        t->draws[i] = seconds(t->took[place_in(t->ntook, t->chance, i)].took);
}

enum outcome flow_lately_of(struct flow_lately *out, const struct flow_took_lately_out *rows,
                            size_t n, struct arena *arena, struct err *e)
{
    size_t names = 0;
    for (size_t i = 0; i < n; i++)
        names += i == 0 || !str_eq(rows[i].task, rows[i - 1].task);
    struct flow_lately_task *tasks = ARENA_ARRAY(arena, names + 1, struct flow_lately_task);
    if (!tasks)
        return err_no_memory(e);
    *out = (struct flow_lately){ tasks, names };
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && str_eq(rows[end].task, rows[i].task);)
            end++;
        task_of_rows(tasks++, &rows[i], end - i);
    }
    return OK;
}

enum outcome flow_lately_read(struct flow_lately *out, struct db *db, struct str workflow,
                              struct arena *arena, struct err *e)
{
    const struct flow_took_lately_in in = { workflow, FLOW_SEEN_MAX };
    struct record_list list;
    TRY(db_list(db, &sql_flow_took_lately, &in, &list, FLOW_SEEN_MAX, arena, e));
    return flow_lately_of(out, list.p, list.n, arena, e);
}

static const struct flow_lately_task *lately_find(const struct flow_lately *l, struct str task)
{
    static const struct flow_lately_task never;
    size_t low = 0, high = l->n;
    while (low < high) {
        const size_t k = low + (high - low) / 2;
        if (str_cmp(l->tasks[k].task, task) < 0)
            low = k + 1;
        else
            high = k;
    }
    return low < l->n && str_eq(l->tasks[low].task, task) ? &l->tasks[low] : &never;
}

/* --- what is known of each task --- */

struct step {
    enum { STEP_SETTLED, STEP_OPEN, STEP_TO_COME, STEP_PASSED_BY } is;
    int64_t at; /* settled or opened */
    const struct flow_lately_task *lately;
    bool seen;               /* often enough; else the limit stands for its time */
    int64_t limit;           /* TIME_NONE: none */
    bool by_limits, unknown; /* it, or something before it */
    size_t nwaits;
    int16_t waits[FLOW_AFTER_MAX];
};
struct journey {
    struct step steps[FLOW_TASKS_MAX + 1];
    int64_t n;
    int64_t now;
    int32_t (*settled)[FLOW_SAMPLES]; /* seconds from now, by number */
};

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
static bool will_open(const struct flow_view *v, const struct flow_task *task,
                      const struct flow_lately_task *lately, int64_t now)
{
    if (task->when.n == 0)
        return true;
    if (can_be_told(v, task))
        return !flow_when_fails(v, task, now);
    return lately->nskipped + lately->ntook < FLOW_SEEN_FEW || lately->ntook >= lately->nskipped;
}

static void plan(struct journey *j, int64_t number, const struct flow_task *task,
                 const struct flow_view *v, const struct flow_lately *l)
{
    const struct flow_open_task *opened = flow_opened(v, task->name);
    struct step *s = &j->steps[number];
    int64_t waits[FLOW_AFTER_MAX];
    s->is = STEP_TO_COME;
    s->lately = lately_find(l, task->name);
    s->seen = s->lately->ntook >= FLOW_SEEN_FEW;
    s->limit = task->limit.p ? flow_duration(task->limit) : TIME_NONE;
    if (opened) {
        s->is = opened->done ? STEP_SETTLED : STEP_OPEN;
        s->at = opened->done ? opened->done_at : opened->opened;
    } else if (skip_of(v, task->name)) {
        s->is = STEP_SETTLED;
        s->at = INT64_MIN;
    } else if (!will_open(v, task, s->lately, j->now)) {
        s->is = STEP_PASSED_BY;
    }
    if (s->is == STEP_SETTLED)
        return;
    const bool takes_time = s->is != STEP_PASSED_BY && !s->seen;
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

/* --- all the ways that it may go --- */

/* How long a task that is open for a while already takes in all. */
static int64_t draw_open(const struct step *s, uint64_t sample, int64_t spent)
{
    const struct flow_lately_task *l = s->lately;
    size_t low = 0, high = l->ntook;
    if (!s->seen)
        return s->limit > spent ? s->limit : spent;
    while (low < high) { /* the first that took longer */
        const size_t k = low + (high - low) / 2;
        if (l->took[k].took <= spent)
            low = k + 1;
        else
            high = k;
    }
    const size_t at = low + place_in(l->ntook - low + 1, l->chance, sample);
    if (at < l->ntook)
        return l->took[at].took;
    if (low < l->ntook) /* a step beyond the longest */
        return 2 * l->took[l->ntook - 1].took - l->took[l->ntook - 2].took;
    return spent + l->took[fixed(l->chance, sample) % l->ntook].took;
}

static void settle_open(const struct journey *j, int64_t n)
{
    const struct step *s = &j->steps[n];
    const int64_t spent = j->now > s->at ? j->now - s->at : 0;
    for (size_t i = 0; i < FLOW_SAMPLES; i++)
        j->settled[n][i] =
            spent == 0 && s->seen ? s->lately->draws[i] : seconds(draw_open(s, i, spent) - spent);
}

/* When all that it waits for is settled, and then its own time. */
static void settle_to_come(const struct journey *j, int64_t n)
{
    const struct step *s = &j->steps[n];
    int32_t *settled = j->settled[n];
    for (size_t k = 0; k < s->nwaits; k++) {
        const int32_t *before = j->settled[s->waits[k]];
        for (size_t i = 0; i < FLOW_SAMPLES; i++)
            settled[i] = before[i] > settled[i] ? before[i] : settled[i];
    }
    const int32_t limit = s->limit == TIME_NONE ? 0 : seconds(s->limit);
    for (size_t i = 0; s->is == STEP_TO_COME && i < FLOW_SAMPLES; i++)
        settled[i] += s->seen ? s->lately->draws[i] : limit;
}

/* What is settled by now holds up nothing: 0 seconds from now, as the arena gave it. */
static void walk(const struct journey *j)
{
    for (int64_t n = 1; n <= j->n; n++)
        if (j->steps[n].is == STEP_OPEN)
            settle_open(j, n);
        else if (j->steps[n].is != STEP_SETTLED)
            settle_to_come(j, n);
}

/* --- what is asked --- */

struct aim {
    int64_t numbers[sizeof((struct flow_target *)0)->tasks / sizeof(struct str)];
    size_t n;
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
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static bool is_ahead(const struct flow_moment *m)
{
    return m->kind == FLOW_FORECAST || m->kind == FLOW_BY_LIMITS;
}

static void tell(struct flow_moment *out, const struct aim *aim, const struct journey *j)
{
    int32_t ends[FLOW_SAMPLES] = { 0 };
    for (size_t k = 0; k < aim->n; k++)
        for (size_t i = 0; i < FLOW_SAMPLES; i++)
            if (j->settled[aim->numbers[k]][i] > ends[i])
                ends[i] = j->settled[aim->numbers[k]][i];
    qsort(ends, FLOW_SAMPLES, sizeof ends[0], by_time);
    out->early = j->now + ends[FLOW_SAMPLES / 10] * TIME_SECOND;
    out->middle = j->now + ends[FLOW_SAMPLES / 2] * TIME_SECOND;
    out->late = j->now + ends[FLOW_SAMPLES - 1 - FLOW_SAMPLES / 10] * TIME_SECOND;
}

static enum outcome foresee(struct flow_moment *out, const struct aim *aims, size_t n,
                            struct journey *j, struct err *e)
{
    const size_t bytes = (size_t)(j->n + 1) * sizeof j->settled[0];
    struct arena *arena = arena_new(bytes + 64);
    j->settled = arena ? arena_alloc(arena, bytes) : NULL;
    if (j->settled) {
        walk(j);
        for (size_t i = 0; i < n; i++)
            if (is_ahead(&out[i]))
                tell(&out[i], &aims[i], j);
    }
    arena_free(arena);
    return j->settled ? OK : err_no_memory(e);
}

enum outcome flow_forecast(struct flow_moment *out, const struct flow_target *targets, size_t n,
                           const struct flow_view *v, const struct flow_lately *lately,
                           int64_t now_us, struct err *e)
{
    struct journey j = { .now = now_us };
    struct aim aims[FLOW_TARGETS_MAX];
    const struct flow_task *task;
    BUG_ON(n > FLOW_TARGETS_MAX);
    for (int64_t number = 1; (task = flow_task_at(v->workflow, number, NULL)); number++)
        plan(&j, number, task, v, lately);
    for (size_t i = 0; i < n; i++) {
        aim_at(&aims[i], &out[i], &targets[i], &j, v);
        for (size_t k = 0; is_ahead(&out[i]) && k < aims[i].n; k++)
            j.n = aims[i].numbers[k] > j.n ? aims[i].numbers[k] : j.n;
    }
    return j.n > 0 ? foresee(out, aims, n, &j, e) : OK; /* nothing rests on a later task */
}
