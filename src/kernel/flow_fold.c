/* An order's state by folding its events, in memory: what flow_apply.c makes of them as rows, and
 * flow_read.c reads again. For trials; a test holds the two against each other. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

enum outcome flow_folded_new(struct flow_folded *out, struct arena *arena, struct err *e)
{
    *out = (struct flow_folded){
        .tasks = ARENA_ARRAY(arena, FLOW_TASKS_MAX, struct flow_open_task),
        .skipped = ARENA_ARRAY(arena, FLOW_TASKS_MAX, struct flow_skip),
        .past = ARENA_ARRAY(arena, FLOW_PAST_MAX, struct flow_past),
        .facts = ARENA_ARRAY(arena, FLOW_FACTS_MAX, struct flow_fact),
        .corrections =
            ARENA_ARRAY(arena, FLOW_FOLDED_CORRECTIONS_MAX, struct flow_folded_correction),
    };
    if (!out->tasks || !out->skipped || !out->past || !out->facts || !out->corrections)
        return err_no_memory(e);
    out->view = (struct flow_view){
        .found = true,
        .tasks = out->tasks,
        .skipped = out->skipped,
        .past = out->past,
        .facts = out->facts,
        .arena = arena,
    };
    return OK;
}

/* --- tasks --- */

static struct flow_open_task *task_of(struct flow_folded *f, struct str task)
{
    for (size_t i = 0; i < f->view.ntasks; i++)
        if (str_eq(f->tasks[i].task, task))
            return &f->tasks[i];
    return NULL;
}

static void unskip(struct flow_folded *f, struct str task)
{
    size_t n = 0;
    for (size_t i = 0; i < f->view.nskipped; i++)
        if (!str_eq(f->skipped[i].task, task))
            f->skipped[n++] = f->skipped[i];
    f->view.nskipped = n;
}

/* Its row, new in the order of numbers where there is none. */
static struct flow_open_task *task_row(struct flow_folded *f, struct str task, int64_t number)
{
    struct flow_open_task *row = task_of(f, task);
    if (row)
        return row;
    if (f->view.ntasks == FLOW_TASKS_MAX)
        return NULL;
    size_t at = f->view.ntasks++;
    for (; at > 0 && f->tasks[at - 1].number > number; at--)
        f->tasks[at] = f->tasks[at - 1];
    return &f->tasks[at];
}

static enum outcome opened(struct flow_folded *f, const void *payload,
                           const struct flow_folding *of, struct err *e)
{
    const struct flow_task_opened *p = payload;
    struct flow_open_task *row = task_row(f, p->task, p->number);
    if (!row)
        return REFUSE(e, "journey.too_long", { "max", S("300") });
    unskip(f, p->task);
    *row = (struct flow_open_task){
        .task = p->task,
        .number = p->number,
        .pass = p->pass == INT_NONE ? 1 : p->pass,
        .organisation = p->organisation,
        .site = p->site,
        .form = p->form,
        .form_version = p->form_version,
        .opened = p->since == TIME_NONE ? of->at : p->since,
        .due = p->due,
        .done_at = TIME_NONE,
        .recorded = INT_NONE,
    };
    return OK;
}

static enum outcome skipped(struct flow_folded *f, const void *payload,
                            const struct flow_folding *of, struct err *e)
{
    const struct flow_task_skipped *p = payload;
    (void)of;
    if (f->view.nskipped == FLOW_TASKS_MAX)
        return REFUSE(e, "journey.too_long", { "max", S("300") });
    size_t at = f->view.nskipped++;
    for (; at > 0 && f->skipped[at - 1].number > p->number; at--)
        f->skipped[at] = f->skipped[at - 1];
    f->skipped[at] = (struct flow_skip){ p->task, p->number, p->text };
    return OK;
}

static enum outcome done(struct flow_folded *f, const void *payload, const struct flow_folding *of,
                         struct err *e)
{
    const struct flow_task_done *p = payload;
    struct flow_open_task *row = task_of(f, p->task);
    if (!row)
        return OK;
    row->done = true;
    row->done_at = of->at;
    row->by = of->by;
    if (!p->form.p)
        return OK;
    row->recorded = of->version;
    const struct form_record record = {
        .form = p->form,
        .form_version = p->form_version,
        .values = { p->values.p, p->values.n },
        .secrets = { p->secrets.p, 0 }, /* an empty list stays one */
    };
    return flow_record_json(&row->json, &record, f->view.arena, e);
}

/* --- corrections and their review --- */

/* Drops those of the task that are meant; version 0: that were questioned. */
static void corrections_drop(struct flow_folded *f, struct str task, int64_t version, bool all)
{
    size_t n = 0;
    struct flow_open_task *row = task_of(f, task);
    bool waits = false;
    for (size_t i = 0; i < f->ncorrections; i++) {
        const struct flow_folded_correction *c = &f->corrections[i];
        bool mine = str_eq(c->task, task);
        if (mine && (all || (version > 0 ? c->version == version : c->questioned)))
            continue;
        waits |= mine;
        f->corrections[n++] = *c;
    }
    f->ncorrections = n;
    if (row)
        row->unreviewed = waits;
}

static enum outcome reviewed(struct flow_folded *f, const void *payload,
                             const struct flow_folding *of, struct err *e)
{
    const struct flow_correction_reviewed *p = payload;
    bool newer = false;
    (void)of, (void)e;
    for (size_t i = 0; i < f->ncorrections; i++)
        newer |= str_eq(f->corrections[i].task, p->task) && f->corrections[i].version > p->record;
    for (size_t i = 0; i < f->ncorrections; i++)
        if (str_eq(f->corrections[i].task, p->task) && f->corrections[i].version == p->record)
            f->corrections[i].questioned = true;
    if (newer || str_is(p->verdict, "accepted"))
        corrections_drop(f, p->task, p->record, false);
    return OK;
}

static enum outcome corrected(struct flow_folded *f, const void *payload,
                              const struct flow_folding *of, struct err *e)
{
    const struct flow_record_corrected *p = payload;
    struct flow_open_task *row = task_of(f, p->task);
    if (f->ncorrections == FLOW_FOLDED_CORRECTIONS_MAX)
        return REFUSE(e, "journey.too_long", { "max", S("1000") });
    corrections_drop(f, p->task, 0, false);
    f->corrections[f->ncorrections++] =
        (struct flow_folded_correction){ p->task, of->version, false };
    if (row) {
        row->unreviewed = true;
        row->recorded = of->version;
    }
    const struct form_record record = {
        .form = p->form,
        .form_version = p->form_version,
        .values = { p->values.p, p->values.n },
        .secrets = { p->secrets.p, 0 }, /* an empty list stays one */
    };
    return row ? flow_record_json(&row->json, &record, f->view.arena, e) : OK;
}

static enum outcome overdue(struct flow_folded *f, const void *payload,
                            const struct flow_folding *of, struct err *e)
{
    const struct flow_task_overdue *p = payload;
    struct flow_open_task *row = task_of(f, p->task);
    (void)of, (void)e;
    if (row)
        row->overdue = true;
    return OK;
}

/* --- facts --- */

static enum outcome noted(struct flow_folded *f, const void *payload, const struct flow_folding *of,
                          struct err *e)
{
    const struct flow_fact_noted *p = payload;
    if (flow_has_fact(&f->view, p->task, p->fact))
        return OK;
    if (f->view.nfacts == FLOW_FACTS_MAX)
        return REFUSE(e, "journey.too_long", { "max", S("4000") });
    f->facts[f->view.nfacts++] = (struct flow_fact){ p->task, p->fact, of->at, of->by };
    return OK;
}

/* The facts of one task, or (task absent) of all that are not done, that begin so; or this one. */
static void facts_drop(struct flow_folded *f, struct str task, struct str fact, bool prefix,
                       bool done_too)
{
    size_t n = 0;
    for (size_t i = 0; i < f->view.nfacts; i++) {
        const struct flow_fact *has = &f->facts[i];
        const struct flow_open_task *row = task_of(f, has->task);
        bool drop = !task.p || str_eq(has->task, task);
        drop &= prefix ? str_starts(has->fact, fact) : str_eq(has->fact, fact);
        drop &= done_too || (row && !row->done);
        if (!drop)
            f->facts[n++] = *has;
    }
    f->view.nfacts = n;
}

static enum outcome withdrawn(struct flow_folded *f, const void *payload,
                              const struct flow_folding *of, struct err *e)
{
    const struct flow_fact_withdrawn *p = payload;
    (void)of, (void)e;
    facts_drop(f, p->task, p->fact, false, true);
    return OK;
}

static enum outcome all_withdrawn(struct flow_folded *f, const void *payload,
                                  const struct flow_folding *of, struct err *e)
{
    const struct flow_facts_withdrawn *p = payload;
    (void)of, (void)e;
    facts_drop(f, p->task, p->prefix, true, false);
    return OK;
}

/* --- loops --- */

static enum outcome repeated(struct flow_folded *f, const void *payload,
                             const struct flow_folding *of, struct err *e)
{
    const struct flow_repeated *p = payload;
    (void)of;
    for (size_t i = 0; i < p->tasks.n; i++) {
        struct str task = p->tasks.p[i];
        struct flow_open_task *row = task_of(f, task);
        unskip(f, task);
        facts_drop(f, task, S(""), true, true);
        corrections_drop(f, task, 0, true);
        if (!row)
            continue;
        if (f->view.npast == FLOW_PAST_MAX)
            return REFUSE(e, "journey.too_long", { "max", S("6000") });
        f->past[f->view.npast++] = (struct flow_past){ task, row->pass, p->loop, p->units };
        for (; row + 1 < f->tasks + f->view.ntasks; row++)
            row[0] = row[1];
        f->view.ntasks--;
    }
    return OK;
}

/* --- the order --- */

static enum outcome started(struct flow_folded *f, const void *payload,
                            const struct flow_folding *of, struct err *e)
{
    const struct flow_started *p = payload;
    (void)e;
    f->view.order = p->order;
    f->view.started = of->at;
    f->view.subject = p->subject;
    f->view.workflow_name = p->workflow;
    f->view.workflow_version = p->workflow_version;
    f->view.parties = p->parties.p;
    f->view.nparties = p->parties.n;
    f->view.pins = p->forms.p;
    f->view.npins = p->forms.n;
    return OK;
}

static enum outcome held(struct flow_folded *f, const void *payload, const struct flow_folding *of,
                         struct err *e)
{
    (void)payload, (void)of, (void)e;
    f->view.state = FLOW_HELD;
    return OK;
}

static enum outcome resumed(struct flow_folded *f, const void *payload,
                            const struct flow_folding *of, struct err *e)
{
    (void)payload, (void)of, (void)e;
    f->view.state = FLOW_RUNNING;
    return OK;
}

static enum outcome ended(struct flow_folded *f, const void *payload, const struct flow_folding *of,
                          struct err *e)
{
    const struct flow_ended *p = payload;
    (void)of, (void)e;
    f->view.state = FLOW_ENDED;
    f->view.how = p->how;
    return OK;
}

enum outcome flow_fold(struct flow_folded *f, const struct event_type *type, const void *payload,
                       const struct flow_folding *of, struct err *e)
{
    static const struct {
        const struct event_type *type;
        enum outcome (*fold)(struct flow_folded *f, const void *payload,
                             const struct flow_folding *of, struct err *e);
    } folds[] = {
        { &flow_started_event, started },
        { &flow_task_opened_event, opened },
        { &flow_task_skipped_event, skipped },
        { &flow_task_done_event, done },
        { &flow_record_corrected_event, corrected },
        { &flow_correction_reviewed_event, reviewed },
        { &flow_task_overdue_event, overdue },
        { &flow_fact_noted_event, noted },
        { &flow_fact_withdrawn_event, withdrawn },
        { &flow_facts_withdrawn_event, all_withdrawn },
        { &flow_repeated_event, repeated },
        { &flow_held_event, held },
        { &flow_resumed_event, resumed },
        { &flow_ended_event, ended },
    };
    for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++)
        if (folds[i].type == type)
            return folds[i].fold(f, payload, of, e);
    return OK; /* who is told, entries, reviews: nothing that flow rests upon */
}
