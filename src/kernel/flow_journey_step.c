/* Imagined journeys: read, and run step by step. */
#include "kernel/flow_journey_impl.h"
#include "kernel/yaml.h"

enum { MOST_VALUES = 20000, MOST_MEMBERS = 500, MOST_ENTRIES = 400 };

/* --- reading --- */

/* A step does one thing at most, and says of it only what belongs to it. */
static bool step_is_clear(const struct flow_journey_step *s)
{
    int verbs = (s->wait.p != NULL) + (s->complete.p != NULL) + (s->correct.p != NULL) +
                (s->review.p != NULL) + (s->check.p != NULL) + (s->fact.p != NULL) +
                (s->loop.p != NULL) + s->hold + s->resume + (s->resolve.p != NULL) +
                (s->end.p != NULL);
    bool noted = s->check.p || s->fact.p;
    return verbs <= 1 && noted == (s->at.p != NULL) && (s->check.p || !s->failed) &&
           (!s->with.p || s->complete.p || s->correct.p) && (!s->guard.p || s->refused.p);
}

enum outcome flow_journey_read(const struct flow_journey **out, struct str yaml,
                               struct arena *arena, struct err *e)
{
    const struct yaml_limits limits = {
        .bytes = FLOW_JOURNEY_YAML_MAX,
        .depth = 6,
        .values = MOST_VALUES,
        .members = MOST_MEMBERS,
    };
    struct yaml_node *root;
    struct flow_journey *j = ARENA_NEW(arena, struct flow_journey);
    if (!j)
        return err_no_memory(e);
    record_clear(&flow_journey_record, j);
    TRY(yaml_read(&root, arena, yaml, &limits, e));
    TRY(yaml_bind(&flow_journey_record, j, arena, root, e));
    for (size_t i = 0; i < j->steps.n; i++)
        if (!step_is_clear(&j->steps.p[i])) {
            struct str path = arena_printf(arena, "steps.%zu", i);
            struct str number = arena_printf(arena, "%zu", i + 1);
            return yaml_at(REFUSE(e, "journey.unclear", { "step", number }),
                           yaml_find(root, path)->mark, e);
        }
    *out = j;
    return OK;
}

/* --- what a step does --- */

/* {volume: 12.5, adequate: yes}: as they would be typed. */
static enum outcome entries(struct record_pair **pairs, size_t *n, struct journey *j,
                            struct str with, struct err *e)
{
    const struct json *object = NULL;
    *n = 0;
    if (with.p)
        TRY(json_read(&object, j->arena, with, &json_limits_default, e));
    if (object && (object->type != JSON_OBJECT || object->count > MOST_ENTRIES))
        return REFUSE(e, "record.wrong_type", { "field", S("with") }, { "expected", S("object") });
    *pairs = ARENA_ARRAY(j->arena, (object ? object->count : 0) + 1, struct record_pair);
    if (!*pairs)
        return err_no_memory(e);
    for (const struct json *m = object ? object->child : NULL; m; m = m->next) {
        struct str value = m->type == JSON_TRUE    ? S("true")
                           : m->type == JSON_FALSE ? S("false")
                                                   : m->text;
        (*pairs)[(*n)++] = (struct record_pair){ m->key, value };
    }
    return OK;
}

/* The step's own, and where it says nothing, the task's (a loop's). */
static const struct actor *who(struct journey *j, const struct flow_journey_step *s,
                               struct str role, struct str part, struct err *e)
{
    const struct journey_actor of = {
        .role = s->by.p ? s->by : role,
        .part = s->part.p ? s->part : part,
        .person = s->person,
    };
    return journey_actor(j, &of, e);
}

static enum outcome note(struct journey *j, struct str task, struct str fact,
                         const struct actor *actor, struct err *e)
{
    const struct flow_fact_noted payload = { j->now.view.order, task, fact };
    const struct flow_folding of = { j->at, actor->name, ++j->version };
    return journey_happened(j, &flow_fact_noted_event, &payload, &of, e);
}

/* What modules note while the task is open, by somebody else than who completes it. */
static enum outcome note_all(struct journey *j, const struct flow_task *task, struct err *e)
{
    const struct journey_actor beside = { task->role, task->part, S("beside") };
    const struct actor *actor = journey_actor(j, &beside, e);
    struct buf said = buf_in(j->arena, 2000);
    struct {
        const char *prefix;
        const struct str *p;
        size_t n;
    } lists[] = { { "check:", task->checks.p, task->checks.n },
                  { "made:", task->makes.p, task->makes.n },
                  { "", task->needs.p, task->needs.n } };
    if (!actor)
        return FAULT;
    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; i < lists[l].n; i++) {
            struct str fact = arena_printf(j->arena, "%s%.*s", lists[l].prefix, STR(lists[l].p[i]));
            if (flow_has_fact(&j->now.view, task->name, fact))
                continue;
            TRY(note(j, task->name, fact, actor, e));
            buf_z(&said, said.n > 0 ? ", " : "");
            buf_str(&said, fact);
        }
    if (said.n > 0)
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.noted", { "facts", buf_get(&said) });
    return OK;
}

static enum outcome complete(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_task *task = flow_task_named(j->w, s->complete, NULL);
    struct journey_filling filling = { .task = s->complete, .examples = !s->bare };
    struct flow_filled *filled;
    struct record_pair *pairs;
    const struct flow_complete body = { .order = j->now.view.order, .task = s->complete };
    if (!task)
        return REFUSE(e, "flow.unknown_task", { "task", s->complete });
    const struct actor *actor = who(j, s, task->role, task->part, e);
    if (!actor)
        return FAULT;
    struct err ignored = { 0 };
    bool ready = flow_task_ready(&j->now.view, s->complete, actor, &ignored) == OK &&
                 flow_task_guards(&j->now.view, s->complete, j->at, &ignored) == OK;
    if (ready && !s->bare && !j->stop.standing)
        TRY(note_all(j, task, e));
    TRY(entries(&pairs, &filling.n, j, s->with, e));
    filling.pairs = pairs;
    TRY(journey_fill(&filled, j, &filling, e));
    return journey_decide(
        j, &(struct journey_deciding){ &flow_complete_command, &body, filled, actor, j->at }, e);
}

/* What the step names, and of the record before what it does not. */
static enum outcome corrected_entries(struct journey_filling *out, struct journey *j,
                                      struct str before, struct str with, struct err *e)
{
    struct record_pair *given;
    struct record_pair *kept;
    size_t ngiven;
    size_t nkept;
    TRY(entries(&given, &ngiven, j, with, e));
    TRY(journey_entries(&kept, &nkept, j, before, e));
    struct record_pair *all = ARENA_ARRAY(j->arena, ngiven + nkept + 1, struct record_pair);
    if (!all)
        return err_no_memory(e);
    out->pairs = all;
    for (size_t i = 0; i < ngiven; i++)
        all[out->n++] = given[i];
    for (size_t i = 0; i < nkept; i++) {
        bool named = false;
        for (size_t k = 0; k < ngiven; k++)
            named |= str_eq(given[k].name, kept[i].name);
        if (!named)
            all[out->n++] = kept[i];
    }
    return OK;
}

static enum outcome correct(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_task *task = flow_task_named(j->w, s->correct, NULL);
    const struct flow_open_task *opened = flow_opened(&j->now.view, s->correct);
    const struct flow_correct body = { .order = j->now.view.order, .task = s->correct };
    struct journey_filling filling = { .task = s->correct, .examples = !s->bare };
    struct flow_filled *filled = NULL;
    if (!task)
        return REFUSE(e, "flow.unknown_task", { "task", s->correct });
    const struct actor *actor = who(j, s, task->role, task->part, e);
    if (!actor)
        return FAULT;
    if (opened && opened->done) {
        filling.before = opened->json;
        TRY(corrected_entries(&filling, j, opened->json, s->with, e));
        TRY(journey_fill(&filled, j, &filling, e));
    }
    return journey_decide(
        j, &(struct journey_deciding){ &flow_correct_command, &body, filled, actor, j->at }, e);
}

/* Another person accepts what waits. */
static enum outcome review(struct journey *j, struct str task, struct err *e)
{
    const struct flow_open_task *opened = flow_opened(&j->now.view, task);
    if (!opened || !opened->unreviewed)
        return REFUSE(e, "flow.no_correction", { "task", task });
    while (j->now.ncorrections > 0 && flow_opened(&j->now.view, task)->unreviewed) {
        struct flow_correction_reviewed payload = { .order = j->now.view.order,
                                                    .task = task,
                                                    .verdict = S("accepted") };
        const struct flow_folding of = { j->at, journey_program.name, ++j->version };
        for (size_t i = 0; i < j->now.ncorrections; i++)
            if (str_eq(j->now.corrections[i].task, task))
                payload.record = j->now.corrections[i].version;
        TRY(journey_happened(j, &flow_correction_reviewed_event, &payload, &of, e));
    }
    return OK;
}

/* As a module's command that contributes to a task: open, the role, and for a check the guards. A
 * record is signed once the task is done. */
static enum outcome contribute(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_task *task = flow_task_named(j->w, s->at, NULL);
    if (!task)
        return REFUSE(e, "flow.unknown_task", { "task", s->at });
    const struct actor *actor = who(j, s, task->role, task->part, e);
    if (!actor)
        return FAULT;
    TRY(stop_allows(&j->stop, &flow_complete_command, e));
    const struct flow_open_task *opened = flow_opened(&j->now.view, s->at);
    if (!str_starts(s->fact, S("signed:")))
        TRY(flow_task_ready(&j->now.view, s->at, actor, e));
    else if (!opened || !opened->done)
        return REFUSE(e, "flow.not_done", { "task", task->title });
    if (s->fact.p)
        return note(j, s->at, s->fact, actor, e);
    TRY(flow_task_guards(&j->now.view, s->at, j->at, e));
    return note(j, s->at, arena_printf(j->arena, "check:%.*s", STR(s->check)), actor, e);
}

/* A mismatch: the order is stopped, and what was passed before it must be passed again. */
static enum outcome mismatch(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_point *point = flow_point_find(s->check);
    const struct flow_facts_withdrawn checks = { j->now.view.order, S("check:"), { NULL, 0 } };
    const struct flow_folding of = { j->at, journey_program.name, ++j->version };
    if (!point)
        return REFUSE(e, "flow.unknown_point", { "point", s->check });
    if (!flow_task_named(j->w, s->at, NULL))
        return REFUSE(e, "flow.unknown_task", { "task", s->at });
    j->stop = (struct stop_state){
        .standing = true,
        .point = s->check,
        .safe_state = str_z(point->safe_state ? point->safe_state : ""),
        .raised = j->at,
    };
    j->nrungs = flow_stop_ladder(j->rungs, &j->now.view, j->at);
    j->rung = 0;
    JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.stopped", { "point", s->check });
    return journey_happened(j, &flow_facts_withdrawn_event, &checks, &of, e);
}

static enum outcome resolve(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    bool discard = str_is(s->resolve, "discard");
    if (!j->stop.standing)
        return REFUSE(e, "stop.not_standing");
    if (!discard && !str_is(s->resolve, "continue"))
        return REFUSE(e, "stop.unknown_decision", { "decision", s->resolve });
    j->stop.standing = false;
    j->stop.discarding = discard;
    return OK;
}

static enum outcome loop(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_loop *found = flow_loop_named(j->w, s->loop);
    const struct flow_repeat body = { j->now.view.order, s->loop };
    if (!found)
        return REFUSE(e, "flow.unknown_loop", { "loop", s->loop });
    const struct actor *actor = who(j, s, found->role, found->part, e);
    if (!actor)
        return FAULT;
    return journey_decide(
        j, &(struct journey_deciding){ &flow_repeat_command, &body, NULL, actor, j->at }, e);
}

static enum outcome by_program(struct journey *j, const struct command_type *type, const void *body,
                               struct err *e)
{
    return journey_decide(
        j, &(struct journey_deciding){ type, body, NULL, &journey_program, j->at }, e);
}

static enum outcome wait(struct journey *j, struct str text, struct err *e)
{
    int64_t us;
    if (!clock_duration_read(&us, text) || us < 0 || us > FLOW_LIMIT_MAX)
        return REFUSE(e, "flow.malformed_duration", { "value", text });
    return journey_until(j, j->at + us, e);
}

static enum outcome act(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    const struct flow_hold hold = { j->now.view.order };
    const struct flow_resume resume = { j->now.view.order };
    const struct flow_end end = { j->now.view.order, s->end, s->material, { NULL, 0 } };
    if (s->wait.p)
        return wait(j, s->wait, e);
    if (s->complete.p)
        return complete(j, s, e);
    if (s->correct.p)
        return correct(j, s, e);
    if (s->review.p)
        return review(j, s->review, e);
    if (s->check.p && s->failed)
        return mismatch(j, s, e);
    if (s->check.p || s->fact.p)
        return contribute(j, s, e);
    if (s->loop.p)
        return loop(j, s, e);
    if (s->resolve.p)
        return resolve(j, s, e);
    if (s->hold)
        return by_program(j, &flow_hold_command, &hold, e);
    if (s->resume)
        return by_program(j, &flow_resume_command, &resume, e);
    return s->end.p ? by_program(j, &flow_end_command, &end, e) : OK;
}

/* --- what is expected --- */

static struct str joined(struct journey *j, const struct str *names, size_t n)
{
    struct buf b = buf_in(j->arena, 4000);
    for (size_t i = 0; i < n; i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, names[i]);
    }
    return n > 0 ? buf_get(&b) : S("-");
}

static bool all_among(const struct str *a, size_t na, const struct str *b, size_t nb)
{
    for (size_t i = 0; i < na; i++)
        if (!str_among(a[i], b, nb))
            return false;
    return true;
}

/* The names are these, or (`more` allowed) these are among them. */
static void expect(struct journey *j, const char *key, const struct str *want, size_t nwant,
                   const struct journey_names *have, bool more)
{
    if (nwant == 0 || (all_among(want, nwant, have->p, have->n) &&
                       (more || all_among(have->p, have->n, want, nwant))))
        return;
    JOURNEY_SAY(j, JOURNEY_FAILED, key, { "expected", joined(j, want, nwant) },
                { "found", joined(j, have->p, have->n) });
}

static const char *state_now(const struct journey *j)
{
    const struct flow_view *v = &j->now.view;
    return v->state == FLOW_ENDED  ? "ended"
           : j->stop.standing      ? "stopped"
           : v->state == FLOW_HELD ? "held"
                                   : "running";
}

static void expectations(struct journey *j, const struct flow_journey_step *s)
{
    struct journey_names *open = ARENA_NEW(j->arena, struct journey_names);
    for (size_t i = 0; open && i < j->now.view.ntasks; i++)
        if (!j->now.tasks[i].done)
            open->p[open->n++] = j->now.tasks[i].task;
    expect(j, "journey.expected_opens", s->opens.p, s->opens.n, &j->opened, false);
    expect(j, "journey.expected_skips", s->skips.p, s->skips.n, &j->skipped, false);
    expect(j, "journey.expected_told", s->told.p, s->told.n, &j->told, true);
    expect(j, "journey.expected_overdue", s->overdue.p, s->overdue.n, &j->overdue, false);
    if (open)
        expect(j, "journey.expected_open", s->open.p, s->open.n, open, false);
    if (s->state.p && !str_is(s->state, state_now(j)))
        JOURNEY_SAY(j, JOURNEY_FAILED, "journey.expected_state", { "expected", s->state },
                    { "found", str_z(state_now(j)) });
}

/* The refusal as it was to be, or the lack of one. */
static void judge(struct journey *j, const struct flow_journey_step *s, enum outcome o,
                  const struct err *why)
{
    struct str guard = err_param(why, "guard");
    struct str found = o == OK ? S("-") : str_z(why->code);
    if (guard.p)
        found = arena_printf(j->arena, "%.*s (%.*s)", STR(found), STR(guard));
    struct str wanted = s->guard.p
                            ? arena_printf(j->arena, "%.*s (%.*s)", STR(s->refused), STR(s->guard))
                            : s->refused;
    bool as_expected = s->refused.p && o == REFUSED && str_is(s->refused, why->code) &&
                       (!s->guard.p || str_eq(s->guard, guard));
    if (as_expected)
        JOURNEY_SAY(j, JOURNEY_REFUSED, "journey.refused", { "why", journey_why(j, why) });
    else if (s->refused.p)
        JOURNEY_SAY(j, JOURNEY_FAILED, "journey.expected_refusal", { "expected", wanted },
                    { "found", found });
    else if (o == REFUSED)
        JOURNEY_SAY(j, JOURNEY_FAILED, "journey.unexpected", { "code", found },
                    { "why", journey_why(j, why) });
}

static void say_step(struct journey *j, const struct flow_journey_step *s)
{
    struct str by = s->by.p ? arena_printf(j->arena, "(%.*s)", STR(s->by)) : S("");
    if (s->say.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.say", { "text", s->say });
    if (s->wait.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.wait", { "time", s->wait });
    else if (s->complete.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.complete", { "task", journey_title(j, s->complete) },
                    { "by", by });
    else if (s->correct.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.correct", { "task", journey_title(j, s->correct) });
    else if (s->review.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.review", { "task", journey_title(j, s->review) });
    else if (s->check.p)
        JOURNEY_SAY(j, JOURNEY_STEP, s->failed ? "journey.check_failed" : "journey.check",
                    { "point", s->check }, { "task", journey_title(j, s->at) });
    else if (s->fact.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.fact", { "fact", s->fact },
                    { "task", journey_title(j, s->at) });
    else if (s->loop.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.loop", { "loop", s->loop });
    else if (s->hold)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.hold");
    else if (s->resume)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.resume");
    else if (s->resolve.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.resolve", { "decision", s->resolve });
    else if (s->end.p)
        JOURNEY_SAY(j, JOURNEY_STEP, "journey.end", { "how", s->end });
}

static enum outcome run_step(struct journey *j, const struct flow_journey_step *s, struct err *e)
{
    struct err why = { 0 };
    journey_names_clear(j);
    say_step(j, s);
    enum outcome o = act(j, s, &why);
    if (o == FAULT || str_is(str_z(why.code ? why.code : ""), "journey.too_long")) {
        *e = why;
        return o;
    }
    TRY(journey_checked(j, e));
    judge(j, s, o, &why);
    expectations(j, s);
    return journey_checked(j, e);
}

static enum outcome run(struct flow_journey_report *out, const struct flow_journey *journey,
                        const struct flow_journey_trial *trial, struct err *e)
{
    struct journey *j;
    const struct journey_start start = {
        .order = S("00000000-0000-7000-8000-000000000000"), /* there is no such order */
        .at = journey->starts,
    };
    if (!str_eq(journey->workflow, trial->workflow->name))
        return REFUSE(e, "journey.other_workflow", { "workflow", journey->workflow });
    TRY(journey_new(&j, trial, e));
    TRY(journey_begin(j, &start, e));
    for (size_t i = 0; i < journey->steps.n; i++) {
        j->step = i + 1;
        TRY(run_step(j, &journey->steps.p[i], e));
    }
    journey_end(out, j, journey->title);
    return OK;
}

enum outcome flow_journey_run(struct flow_journey_report *out, const struct flow_journey *journey,
                              const struct flow_journey_trial *trial, struct err *e)
{
    return journey_bounded(run(out, journey, trial, e), trial, e);
}
