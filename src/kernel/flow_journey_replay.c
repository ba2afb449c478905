/* Recorded journeys: what happened to an order, held against another version of its workflow. Its
 * events are read from the ledger, command by command. What a command did is done again under the
 * trial's version; where that would have refused, or led elsewhere, the report says so, and the
 * replay goes on as history did. */
#include "kernel/flow_journey_impl.h"

#include "kernel/ledger.h"

enum { CHUNK = 500, COMMAND_EVENTS_MAX = 64 };

struct recorded {
    struct event event;
    const struct event_type *type;
    const void *payload;
};

/* --- reading --- */

static const struct event_type *type_of(const struct event *event)
{
    const struct module *const modules[] = { &flow_module, &flow_record_module };
    for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < modules[m]->nevents; i++) {
            const struct event_type *type = modules[m]->events[i];
            if (str_is(event->type, type->name) && event->type_version == type->version)
                return type;
        }
    return NULL;
}

static enum outcome read_one(struct recorded *out, const struct ledger_row *row,
                             struct arena *arena, struct err *e)
{
    enum outcome o = event_read(&out->event, arena, row->leaf, e);
    if (o == REFUSED) /* we wrote it */
        return err_fault(e, "store.corrupt", "an event of a flow: %s", e->code);
    TRY(o);
    out->type = type_of(&out->event);
    out->payload = NULL;
    return out->type ? registry_payload(out->type, &out->event, &out->payload, arena, e) : OK;
}

/* All events of the order's flow, the first first. */
static enum outcome read_all(struct recorded **out, size_t *n, struct db *db, struct str order,
                             struct arena *arena, struct err *e)
{
    struct stream stream = flow_stream(order);
    *out = ARENA_ARRAY(arena, FLOW_JOURNEY_EVENTS_MAX, struct recorded);
    *n = 0;
    if (!*out)
        return err_no_memory(e);
    for (size_t got = CHUNK; got == CHUNK;) {
        struct ledger_row *rows;
        TRY(ledger_read_stream(db, stream_str(&stream), (int64_t)*n + 1, CHUNK, &rows, &got, arena,
                               e));
        if (*n + got > FLOW_JOURNEY_EVENTS_MAX)
            return REFUSE(e, "journey.too_long", { "max", S("5000") });
        for (size_t i = 0; i < got; i++)
            TRY(read_one(&(*out)[(*n)++], &rows[i], arena, e));
    }
    return *n > 0 ? OK : REFUSE(e, "journey.unknown_order");
}

/* --- one task as it was done --- */

/* Forms differ: what was entered is filled into the other one. */
static enum outcome refill(struct journey *j, struct flow_task_done *done, struct err *e)
{
    const struct flow_open_task *opened = flow_opened(&j->now.view, done->task);
    struct flow_filled *filled;
    struct record_pair *pairs;
    size_t n = 0;
    if (!opened || (str_eq(opened->form, done->form) && opened->form_version == done->form_version))
        return OK;
    if (!opened->form.p || !done->form.p) {
        JOURNEY_SAY(j, JOURNEY_DIFFERS, opened->form.p ? "journey.form_more" : "journey.form_less",
                    { "task", journey_title(j, done->task) },
                    { "form", opened->form.p ? opened->form : done->form });
        return OK;
    }
    pairs = ARENA_ARRAY(j->arena, done->values.n + done->secrets.n + 1, struct record_pair);
    if (!pairs)
        return err_no_memory(e);
    for (size_t i = 0; i < done->values.n; i++)
        if (done->values.p[i].entered.p)
            pairs[n++] = (struct record_pair){ done->values.p[i].name, done->values.p[i].entered };
    for (size_t i = 0; i < done->secrets.n; i++) /* not opened: that there is one is enough */
        pairs[n++] = (struct record_pair){ done->secrets.p[i].name, S("sealed") };
    const struct journey_filling filling = { .task = done->task, .pairs = pairs, .n = n };
    TRY(journey_fill(&filled, j, &filling, e));
    if (filled && filled->outcome == REFUSED) {
        JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.form_refuses",
                    { "task", journey_title(j, done->task) }, { "form", opened->form },
                    { "version", arena_printf(j->arena, "%lld", (long long)opened->form_version) });
        return OK;
    }
    if (!filled)
        return OK;
    done->form = filled->record.form;
    done->form_version = filled->record.form_version;
    done->values.p = filled->record.values.p;
    done->values.n = filled->record.values.n;
    return OK;
}

/* What of it this version would have refused. */
static enum outcome hold_against(struct journey *j, const struct flow_task *task,
                                 const struct recorded *r, struct err *e)
{
    const struct flow_view *v = &j->now.view;
    const struct actor actor = { .name = r->event.actor, .system = true };
    struct err why = { 0 };
    struct str title = task->title;
    enum outcome o = flow_task_ready(v, task->name, &actor, &why);
    if (o == OK)
        o = flow_task_guards(v, task->name, r->event.happened, &why);
    if (o == OK)
        o = flow_task_facts(v, task, &actor, &why);
    if (o == FAULT)
        *e = why;
    if (o == REFUSED)
        JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.would_refuse", { "task", title },
                    { "why", journey_why(j, &why) });
    return o == FAULT ? FAULT : OK;
}

/* History did what is not open here: from now on it is. */
static enum outcome force_open(struct journey *j, struct str task, struct err *e)
{
    int64_t number = 0;
    if (flow_opened(&j->now.view, task) || !flow_task_named(j->w, task, &number))
        return OK;
    const struct flow_task *t = flow_task_at(j->w, number, NULL);
    const struct flow_party *party = flow_party_of(&j->now.view, t->part);
    const struct flow_task_opened payload = {
        .order = j->now.view.order,
        .number = number,
        .task = t->name,
        .title = t->title,
        .role = t->role,
        .organisation = party->organisation,
        .site = party->site,
        .due = TIME_NONE,
        .pass = flow_pass(&j->now.view, task),
        .since = TIME_NONE,
    };
    return flow_fold(&j->now, &flow_task_opened_event, &payload,
                     &(struct flow_folding){ j->at, journey_program.name, 0 }, e);
}

static enum outcome done(struct journey *j, const struct recorded *r, struct err *e)
{
    struct flow_task_done payload = *(const struct flow_task_done *)r->payload;
    const struct flow_task *task = flow_task_named(j->w, payload.task, NULL);
    const struct flow_folding of = { r->event.happened, r->event.actor, r->event.version };
    JOURNEY_SAY(j, JOURNEY_STEP, "journey.done", { "task", journey_title(j, payload.task) });
    if (!task) {
        JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.no_task", { "task", payload.task });
        return OK;
    }
    TRY(hold_against(j, task, r, e));
    TRY(force_open(j, task->name, e));
    TRY(refill(j, &payload, e));
    struct flow_task_done *kept = ARENA_NEW(j->arena, struct flow_task_done);
    if (!kept)
        return err_no_memory(e);
    *kept = payload;
    TRY(journey_happened(j, &flow_task_done_event, kept, &of, e));
    return j->now.view.state == FLOW_RUNNING ? journey_follow(j, r->event.happened, e) : OK;
}

/* --- what else happened --- */

static enum outcome looped(struct journey *j, const struct recorded *r, struct err *e)
{
    const struct flow_repeated *payload = r->payload;
    const struct flow_repeat body = { payload->order, payload->loop };
    const struct flow_folding of = { r->event.happened, r->event.actor, r->event.version };
    struct err why = { 0 };
    JOURNEY_SAY(j, JOURNEY_STEP, "journey.loop", { "loop", payload->title });
    enum outcome o =
        journey_decide(j,
                       &(struct journey_deciding){ &flow_repeat_command, &body, NULL,
                                                   &journey_program, r->event.happened },
                       &why);
    if (o == FAULT)
        *e = why;
    if (o != REFUSED)
        return o;
    JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.would_refuse", { "task", payload->title },
                { "why", journey_why(j, &why) });
    TRY(flow_fold(&j->now, &flow_repeated_event, payload, &of, e));
    return journey_follow(j, r->event.happened, e);
}

static enum outcome corrected(struct journey *j, const struct recorded *r, struct err *e)
{
    const struct flow_record_corrected *payload = r->payload;
    const struct flow_folding of = { r->event.happened, r->event.actor, r->event.version };
    const struct form_record record = {
        .form = payload->form,
        .form_version = payload->form_version,
        .values = { payload->values.p, payload->values.n },
    };
    JOURNEY_SAY(j, JOURNEY_STEP, "journey.correct", { "task", journey_title(j, payload->task) });
    TRY(journey_happened(j, r->type, payload, &of, e));
    return journey_reconsider(j, payload->task, &record, r->event.happened, e);
}

static enum outcome ended(struct journey *j, const struct recorded *r, struct err *e)
{
    const struct flow_ended *payload = r->payload;
    const struct flow_view *v = &j->now.view;
    const struct flow_folding of = { r->event.happened, r->event.actor, r->event.version };
    if (v->state == FLOW_ENDED)
        return OK;
    if (str_is(payload->how, "finished")) /* here it would go on: what is open is told at the end */
        return OK;
    return journey_happened(j, r->type, payload, &of, e);
}

/* Facts of tasks that are not here have no place. */
static enum outcome folded(struct journey *j, const struct recorded *r, struct err *e)
{
    const struct flow_folding of = { r->event.happened, r->event.actor, r->event.version };
    return journey_happened(j, r->type, r->payload, &of, e);
}

static enum outcome moved(struct journey *j, const struct recorded *r, struct err *e)
{
    const struct flow_moved *payload = r->payload;
    (void)e;
    JOURNEY_SAY(j, JOURNEY_STEP, "journey.moved",
                { "version", arena_printf(j->arena, "%lld", (long long)payload->version) });
    return OK;
}

/* A command's events: the cause is replayed, what followed from it is compared. */
static enum outcome cause(struct journey *j, const struct recorded *r, struct err *e)
{
    static const struct {
        const struct event_type *type;
        enum outcome (*replay)(struct journey *j, const struct recorded *r, struct err *e);
    } causes[] = {
        { &flow_task_done_event, done },
        { &flow_repeated_event, looped },
        { &flow_record_corrected_event, corrected },
        { &flow_ended_event, ended },
        { &flow_moved_event, moved },
        { &flow_fact_noted_event, folded },
        { &flow_fact_withdrawn_event, folded },
        { &flow_facts_withdrawn_event, folded },
        { &flow_correction_reviewed_event, folded },
        { &flow_held_event, folded },
        { &flow_resumed_event, folded },
    };
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].type == r->type)
            return causes[i].replay(j, r, e);
    return OK;
}

/* --- what followed --- */

static bool here_skipped(const struct journey *j, struct str task)
{
    for (size_t i = 0; i < j->now.view.nskipped; i++)
        if (str_eq(j->now.skipped[i].task, task))
            return true;
    return false;
}

/* What opened or was skipped then, and is not so here. */
static void compare_then(struct journey *j, const struct recorded *r)
{
    if (r->type == &flow_task_opened_event) {
        const struct flow_task_opened *p = r->payload;
        const struct flow_task *task = flow_task_named(j->w, p->task, NULL);
        if (!task || flow_opened(&j->now.view, p->task))
            return;
        JOURNEY_SAY(j, JOURNEY_DIFFERS,
                    here_skipped(j, p->task) ? "journey.opened_then_skipped_here"
                                             : "journey.opened_then",
                    { "task", task->title });
    } else if (r->type == &flow_task_skipped_event) {
        const struct flow_task_skipped *p = r->payload;
        const struct flow_open_task *opened = flow_opened(&j->now.view, p->task);
        if (opened && !opened->done)
            JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.skipped_then", { "task", p->title },
                        { "text", p->text });
    }
}

static bool then_too(const struct recorded *r, size_t n, struct str task)
{
    for (size_t i = 0; i < n; i++) {
        const struct flow_task_opened *p = r[i].payload;
        if (r[i].type == &flow_task_opened_event && str_eq(p->task, task))
            return true;
    }
    return false;
}

static void compare(struct journey *j, const struct recorded *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        compare_then(j, &r[i]);
    for (size_t i = 0; i < j->opened.n; i++)
        if (!then_too(r, n, j->opened.p[i]))
            JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.opens_here",
                        { "task", journey_title(j, j->opened.p[i]) });
}

/* Limits that passed here, and not then. */
static void compare_limits(struct journey *j, const struct recorded *all, size_t n)
{
    for (size_t i = 0; i < j->overdue.n; i++) {
        bool then = false;
        for (size_t k = 0; k < n && !then; k++) {
            const struct flow_task_overdue *p = all[k].payload;
            then = all[k].type == &flow_task_overdue_event && str_eq(p->task, j->overdue.p[i]);
        }
        if (!then)
            JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.overdue_here",
                        { "task", journey_title(j, j->overdue.p[i]) });
    }
}

/* --- the whole --- */

static size_t command_events(const struct recorded *all, size_t n)
{
    size_t k = 1;
    while (k < n && str_eq(all[k].event.command, all[0].event.command))
        k++;
    return k;
}

static enum outcome replay_command(struct journey *j, const struct recorded *all, size_t nall,
                                   const struct recorded *r, size_t n, struct err *e)
{
    journey_names_clear(j);
    TRY(journey_until(j, r[0].event.happened > j->at ? r[0].event.happened : j->at, e));
    compare_limits(j, all, nall);
    journey_names_clear(j);
    bool finished = false;
    for (size_t i = 0; i < n; i++) {
        const struct flow_ended *end = r[i].payload;
        finished |= r[i].type == &flow_ended_event && str_is(end->how, "finished");
        TRY(cause(j, &r[i], e));
    }
    compare(j, r, n);
    if (finished && j->now.view.state != FLOW_ENDED)
        JOURNEY_SAY(j, JOURNEY_DIFFERS, "journey.not_finished");
    return journey_checked(j, e);
}

static enum outcome begin(struct journey *j, const struct recorded *r, size_t n, struct err *e)
{
    const struct flow_started *started = r[0].payload;
    if (r[0].type != &flow_started_event)
        return REFUSE(e, "journey.unknown_order");
    if (!str_eq(started->workflow, j->trial->workflow->name))
        return REFUSE(e, "journey.other_workflow", { "workflow", started->workflow });
    const struct journey_start start = {
        .order = started->order,
        .parties = started->parties.p,
        .nparties = started->parties.n,
        .at = r[0].event.happened,
    };
    TRY(journey_begin(j, &start, e));
    compare(j, r, n);
    return OK;
}

static enum outcome replay(struct flow_journey_report *out, struct db *db, struct str order,
                           const struct flow_journey_trial *trial, struct err *e)
{
    struct journey *j;
    struct recorded *all;
    size_t n;
    TRY(journey_new(&j, trial, e));
    TRY(read_all(&all, &n, db, order, j->arena, e));
    size_t first = command_events(all, n);
    TRY(begin(j, all, first, e));
    for (size_t i = first; i < n;) {
        size_t k = command_events(all + i, n - i);
        j->step++;
        TRY(replay_command(j, all, n, all + i, k, e));
        i += k;
    }
    const struct flow_started *started = all[0].payload;
    journey_end(out, j,
                arena_printf(j->arena, "%.*s %lld → %lld", STR(started->workflow),
                             (long long)started->workflow_version,
                             (long long)trial->workflow->version));
    return OK;
}

enum outcome flow_journey_replay(struct flow_journey_report *out, struct db *db, struct str order,
                                 const struct flow_journey_trial *trial, struct err *e)
{
    return journey_bounded(replay(out, db, order, trial, e), trial, e);
}
