/* A trial's state, its report, and the one way by which anything happens in it: a command's own
 * decide, whose events are folded. */
#include "kernel/flow_journey_impl.h"

#include "base/id.h"
#include "kernel/gate_impl.h"

#define RECORDS "kernel/flow_journey.def"
#include "base/record_tables.h"
#undef RECORDS

const struct actor journey_program = { .name = { "system/trial", 12 }, .system = true };

enum outcome journey_new(struct journey **out, const struct flow_journey_trial *trial,
                         struct err *e)
{
    struct arena *arena = trial->context->arena;
    struct journey *j = ARENA_NEW(arena, struct journey);
    if (!j)
        return err_no_memory(e);
    j->trial = trial;
    j->w = trial->workflow->body;
    j->arena = arena;
    j->lines = ARENA_ARRAY(arena, FLOW_JOURNEY_LINES_MAX, struct flow_journey_line);
    if (!j->lines)
        return err_no_memory(e);
    TRY(flow_folded_new(&j->now, arena, e));
    j->now.view.workflow = j->w;
    *out = j;
    return OK;
}

void journey_names_clear(struct journey *j)
{
    j->opened.n = j->skipped.n = j->told.n = j->overdue.n = 0;
}

static void add(struct journey_names *names, struct str name)
{
    if (names->n < JOURNEY_NAMES_MAX)
        names->p[names->n++] = name;
}

/* --- the report --- */

void journey_say(struct journey *j, enum flow_journey_sort sort, const char *key,
                 const struct text_param *params)
{
    j->nfailed += sort == JOURNEY_FAILED;
    j->ndiffers += sort == JOURNEY_DIFFERS;
    if (j->nlines++ >= FLOW_JOURNEY_LINES_MAX)
        return;
    struct flow_journey_line *line = &j->lines[j->nlines - 1];
    *line = (struct flow_journey_line){ .sort = sort, .at = j->at, .step = j->step, .key = key };
    for (; params[line->nparams].name && line->nparams < 4; line->nparams++)
        line->params[line->nparams] = params[line->nparams];
}

static enum outcome too_long(struct err *e, size_t max)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)max);
    return REFUSE(e, "journey.too_long", { "max", buf_get(&b) });
}

enum outcome journey_checked(const struct journey *j, struct err *e)
{
    if (arena_exhausted(j->arena))
        return too_long(e, FLOW_JOURNEY_ARENA);
    if (j->nlines > FLOW_JOURNEY_LINES_MAX)
        return too_long(e, FLOW_JOURNEY_LINES_MAX);
    if (j->timers > FLOW_JOURNEY_TIMERS_MAX)
        return too_long(e, FLOW_JOURNEY_TIMERS_MAX);
    if (j->formulas > FLOW_JOURNEY_FORMULAS_MAX)
        return too_long(e, FLOW_JOURNEY_FORMULAS_MAX);
    return OK;
}

enum outcome journey_bounded(enum outcome o, const struct flow_journey_trial *trial, struct err *e)
{
    if (o != FAULT || !arena_exhausted(trial->context->arena))
        return o;
    *e = (struct err){ 0 };
    return too_long(e, FLOW_JOURNEY_ARENA);
}

struct str journey_time(const struct journey *j, int64_t us)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, us);
    return arena_printf(j->arena, "%.10s %.5s", text, text + 11);
}

struct str journey_why(const struct journey *j, const struct err *why)
{
    struct str text = text_error(j->arena, j->trial->language, why);
    struct str hint = text_error_hint(j->arena, j->trial->language, why);
    return hint.n > 0 ? arena_printf(j->arena, "%.*s; %.*s", STR(text), STR(hint)) : text;
}

struct str journey_title(const struct journey *j, struct str task)
{
    const struct flow_task *t = flow_task_named(j->w, task, NULL);
    return t ? t->title : task;
}

struct str flow_journey_text(const struct flow_journey_line *line, struct str language,
                             struct arena *arena)
{
    struct buf b = buf_in(arena, 4000);
    text_write(&b, language, str_z(line->key), line->params, line->nparams);
    return buf_get(&b);
}

void journey_end(struct flow_journey_report *out, const struct journey *j, struct str title)
{
    const struct flow_view *v = &j->now.view;
    struct str *open = ARENA_ARRAY(j->arena, v->ntasks + 1, struct str);
    *out = (struct flow_journey_report){
        .title = title,
        .lines = j->lines,
        .n = j->nlines,
        .nfailed = j->nfailed,
        .ndiffers = j->ndiffers,
        .open = open,
    };
    for (size_t i = 0; open && i < v->ntasks && v->state != FLOW_ENDED; i++)
        if (!v->tasks[i].done)
            open[out->nopen++] = journey_title(j, v->tasks[i].task);
}

/* --- who acts --- */

const struct actor *journey_actor(struct journey *j, const struct journey_actor *of, struct err *e)
{
    const struct flow_party *party = flow_party_of(&j->now.view, of->part);
    struct actor *actor = ARENA_NEW(j->arena, struct actor);
    struct grant *grant = ARENA_NEW(j->arena, struct grant);
    if (!actor || !grant) {
        (void)err_no_memory(e);
        return NULL;
    }
    *grant = (struct grant){
        .permission = arena_printf(j->arena, "role.%.*s", STR(of->role)),
        .organisation = party ? party->organisation : S("none"),
    };
    struct str person = of->person.p ? of->person : S("a");
    *actor = (struct actor){
        .name = arena_printf(j->arena, "account/%.*s.%.*s", STR(of->role), STR(person)),
        .organisation = grant->organisation,
        .grants = grant,
        .ngrants = 1,
    };
    return actor;
}

/* --- what happens --- */

static void say_opened(struct journey *j, const struct flow_task_opened *p)
{
    add(&j->opened, p->task);
    j->fired[p->number] = 0;
    if (p->due == TIME_NONE)
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.opened", { "task", p->title }, { "role", p->role },
                    { "part", p->part });
    else
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.opened_due", { "task", p->title },
                    { "role", p->role }, { "part", p->part }, { "due", journey_time(j, p->due) });
}

static void say_told(struct journey *j, struct str title, struct str role, struct str site)
{
    struct str part = S("");
    const struct flow_view *v = &j->now.view;
    for (size_t i = 0; i < v->nparties; i++)
        if (str_eq(v->parties[i].site, site))
            part = v->parties[i].part;
    add(&j->told, role);
    JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.told", { "role", role }, { "part", part },
                { "task", title });
}

static void say(struct journey *j, const struct event_type *type, const void *payload)
{
    if (type == &flow_task_opened_event) {
        say_opened(j, payload);
    } else if (type == &flow_task_skipped_event) {
        const struct flow_task_skipped *p = payload;
        add(&j->skipped, p->task);
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.skipped", { "task", p->title },
                    { "text", p->text });
    } else if (type == &flow_alerted_event) {
        const struct flow_alerted *p = payload;
        for (size_t i = 0; i < p->tell.n; i++)
            say_told(j, p->title, p->tell.p[i].role, p->tell.p[i].site);
    } else if (type == &flow_escalated_event) {
        const struct flow_escalated *p = payload;
        say_told(j, journey_title(j, p->task), p->role, p->site);
    } else if (type == &flow_task_overdue_event) {
        const struct flow_task_overdue *p = payload;
        add(&j->overdue, p->task);
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.overdue", { "task", journey_title(j, p->task) });
    } else if (type == &flow_repeated_event) {
        const struct flow_repeated *p = payload;
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.repeated", { "loop", p->title },
                    { "task", journey_title(j, p->to) }, { "units", p->units });
    } else if (type == &flow_ended_event) {
        const struct flow_ended *p = payload;
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.ended", { "how", p->how });
    }
}

enum outcome journey_happened(struct journey *j, const struct event_type *type, const void *payload,
                              const struct flow_folding *of, struct err *e)
{
    TRY(flow_fold(&j->now, type, payload, of, e));
    say(j, type, payload);
    return journey_checked(j, e);
}

/* What a decide said, as the gate would append it. */
static enum outcome fold_all(struct journey *j, const struct decision *d, struct err *e)
{
    struct flow_folding of = { d->happened_us, d->command->actor->name, 0 };
    if (d->impl->too_many)
        return REFUSE(e, "gate.too_many_events");
    for (size_t i = 0; i < d->impl->n; i++) {
        of.version = ++j->version;
        TRY(journey_happened(j, d->impl->happenings[i].type, d->impl->happenings[i].payload, &of,
                             e));
    }
    return OK;
}

static enum outcome decision_new(struct decision *d, struct gate_command *command,
                                 struct journey *j, int64_t at, struct err *e)
{
    *command = (struct gate_command){ .actor = command->actor, .happened = TIME_NONE };
    *d = (struct decision){
        .arena = j->arena,
        .command = command,
        .now_us = at,
        .happened_us = at,
        .impl = ARENA_NEW(j->arena, struct decision_impl),
    };
    return d->impl ? OK : err_no_memory(e);
}

enum outcome journey_decide(struct journey *j, const struct journey_deciding *in, struct err *e)
{
    struct decision d;
    struct gate_command command = { .actor = in->actor };
    TRY(decision_new(&d, &command, j, in->at, e));
    d.prepared = in->prepared;
    TRY(stop_allows(&j->stop, in->type, e));
    TRY(in->type->decide(&d, in->body, &j->now.view, e));
    return fold_all(j, &d, e);
}

enum outcome journey_follow(struct journey *j, int64_t at, struct err *e)
{
    struct decision d;
    struct gate_command command = { .actor = &journey_program };
    TRY(decision_new(&d, &command, j, at, e));
    flow_follow(&d, &j->now.view, at);
    return fold_all(j, &d, e);
}

enum outcome journey_reconsider(struct journey *j, struct str task,
                                const struct form_record *record, int64_t at, struct err *e)
{
    struct decision d;
    struct gate_command command = { .actor = &journey_program };
    TRY(decision_new(&d, &command, j, at, e));
    TRY(flow_reconsider(&d, &j->now.view, task, record, e));
    return fold_all(j, &d, e);
}

/* Each part has a site of its own. */
static enum outcome own_parties(struct flow_party **out, struct journey *j, struct err *e)
{
    *out = ARENA_ARRAY(j->arena, j->w->parts.n + 1, struct flow_party);
    if (!*out)
        return err_no_memory(e);
    for (size_t i = 0; i < j->w->parts.n; i++) {
        struct id site = id_derive(S("journey"), j->w->parts.p[i], 0);
        struct str text = arena_str(j->arena, id_str(&site));
        (*out)[i] = (struct flow_party){ j->w->parts.p[i], text, text };
    }
    return OK;
}

enum outcome journey_begin(struct journey *j, const struct journey_start *in, struct err *e)
{
    struct decision d;
    struct gate_command command = { .actor = &journey_program };
    struct flow_plan plan = { .workflow = *j->trial->workflow };
    struct flow_party *own = NULL;
    const struct flow_party *parties = in->parties;
    size_t n = in->nparties;
    TRY(decision_new(&d, &command, j, in->at, e));
    if (!parties) {
        TRY(own_parties(&own, j, e));
        parties = own;
        n = j->w->parts.n;
    }
    j->at = in->at;
    TRY(flow_pins_of(&plan.pins, &plan.npins, j->w, j->trial->context, e));
    TRY(flow_start(&d, in->order, &plan, parties, n, e));
    return fold_all(j, &d, e);
}

/* --- time --- */

struct timer {
    int64_t at;
    const struct flow_open_task *task; /* NULL: the stop's */
    size_t rung;                       /* of its ladder, from 1; 0: it is due */
};

static void sooner(struct timer *t, const struct timer *other, int64_t until)
{
    if (other->at <= until && (t->at == TIME_NONE || other->at < t->at))
        *t = *other;
}

/* The next that fires until then; at TIME_NONE: none. */
static struct timer next_timer(const struct journey *j, int64_t until)
{
    struct timer t = { .at = TIME_NONE };
    const struct flow_view *v = &j->now.view;
    if (v->state == FLOW_ENDED)
        return t;
    if (j->stop.standing && j->rung < j->nrungs)
        sooner(&t, &(struct timer){ j->rungs[j->rung].at, NULL, j->rung + 1 }, until);
    for (size_t i = 0; i < v->ntasks; i++) {
        const struct flow_open_task *o = &v->tasks[i];
        const struct flow_task *task = flow_task_named(j->w, o->task, NULL);
        if (o->done || !task)
            continue;
        size_t fired = j->fired[o->number];
        if (o->due != TIME_NONE && !o->overdue)
            sooner(&t, &(struct timer){ o->due, o, 0 }, until);
        if (fired < task->escalate.n) {
            int64_t at = o->opened + flow_duration(task->escalate.p[fired].after);
            sooner(&t, &(struct timer){ at, o, fired + 1 }, until);
        }
    }
    return t;
}

static enum outcome fire(struct journey *j, const struct timer *t, struct err *e)
{
    struct str order = j->now.view.order;
    j->timers++;
    j->at = t->at > j->at ? t->at : j->at;
    if (!t->task) {
        const struct ladder_rung *rung = &j->rungs[j->rung++];
        say_told(j, j->stop.point, rung->role, rung->site);
        return journey_checked(j, e);
    }
    if (t->rung == 0) {
        const struct flow_note_overdue due = { order, t->task->task, t->task->due };
        return journey_decide(j,
                              &(struct journey_deciding){ &flow_note_overdue_command, &due, NULL,
                                                          &journey_program, j->at },
                              e);
    }
    const struct flow_escalate step = { order, t->task->task, (int64_t)t->rung, t->at };
    j->fired[t->task->number]++;
    return journey_decide(
        j,
        &(struct journey_deciding){ &flow_escalate_command, &step, NULL, &journey_program, j->at },
        e);
}

enum outcome journey_until(struct journey *j, int64_t at, struct err *e)
{
    for (struct timer t = next_timer(j, at); t.at != TIME_NONE; t = next_timer(j, at)) {
        TRY(fire(j, &t, e));
        TRY(journey_checked(j, e));
    }
    j->at = at;
    return OK;
}
