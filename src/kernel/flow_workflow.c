/* Kind "workflow": what its shape alone cannot say. Each refusal names the field by its path, so
 * that define tells line and column, and what would be right. */
#include <stdarg.h>
#include <stdio.h>

#include "kernel/flow_journey.h"
#include "kernel/flow_impl.h"

#define RECORDS "kernel/flow.def"
#include "base/record_tables.h"
#undef RECORDS

/* Facts are "check:" or "made:" and a name. */
enum { FACT_MAX = 80, UNIT_KIND_MAX = 60 };

struct str flow_check_at(const struct flow_check *p, const char *format, ...)
{
    char storage[ERR_VALUE_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    va_list args;
    va_start(args, format);
    char field[ERR_VALUE_MAX];
    int n = vsnprintf(field, sizeof field, format, args);
    va_end(args);
    BUG_ON(n < 0);
    buf_z(&b, p->path);
    buf_z(&b, field);
    return arena_str(p->context->arena, buf_get(&b));
}

void flow_check_go(struct flow_check *p, int64_t number)
{
    size_t stage = 0;
    size_t task = (size_t)(number - 1);
    while (task >= p->w->stages.p[stage].tasks.n)
        task -= p->w->stages.p[stage++].tasks.n;
    p->task = flow_task_at(p->w, number, NULL);
    p->number = number;
    snprintf(p->path, sizeof p->path, "stages.%zu.tasks.%zu.", stage, task);
}

static enum outcome check_duration(struct str text, struct str where, struct err *e)
{
    int64_t us;
    if (!text.p || (clock_duration_read(&us, text) && us > 0 && us <= FLOW_LIMIT_MAX))
        return OK;
    return REFUSE(e, "flow.malformed_duration", { "value", text }, { "at", where });
}

/* --- references to other definitions --- */

/* A part of the workflow, and a role that is loaded; `where` is what they are members of. */
static enum outcome check_who(const struct flow_check *p, struct str part, struct str role,
                              struct str where, struct err *e)
{
    const struct define_context *c = p->context;
    struct definition found_role;
    bool found = false;
    for (size_t i = 0; i < p->w->parts.n; i++)
        found |= str_eq(p->w->parts.p[i], part);
    if (!found)
        return REFUSE(e, "flow.unknown_part", { "part", part },
                      { "at", arena_printf(c->arena, "%.*spart", STR(where)) });
    TRY(define_look(&found_role, c, S("role"), role, 0, &found, e));
    if (!found)
        return REFUSE(e, "flow.unknown_role", { "role", role },
                      { "at", arena_printf(c->arena, "%.*srole", STR(where)) });
    return OK;
}

static enum outcome find_form(const struct flow_check *p, const struct flow_task *task,
                              const struct form **out, struct err *e)
{
    const struct define_context *c = p->context;
    struct definition form;
    bool found;
    int64_t version = task->form_version == INT_NONE ? 0 : task->form_version;
    TRY(define_look(&form, c, S("form"), task->form, version, &found, e));
    *out = found && !form.ended ? form.body : NULL;
    return OK;
}

static enum outcome check_form(const struct flow_check *p, struct err *e)
{
    const struct flow_task *task = p->task;
    const struct form *form;
    TRY(picture_known(p->context, task->picture.p, task->picture.n, flow_check_at(p, "picture"),
                      e));
    if (!task->form.p) {
        if (task->form_version != INT_NONE)
            return REFUSE(e, "flow.version_without_form", { "task", task->name },
                          { "at", flow_check_at(p, "form_version") });
        return OK;
    }
    if (task->form_version != INT_NONE && task->form_version < 1)
        return REFUSE(e, "flow.unknown_form", { "form", task->form },
                      { "at", flow_check_at(p, "form_version") });
    TRY(find_form(p, task, &form, e));
    if (!form)
        return REFUSE(e, "flow.unknown_form", { "form", task->form },
                      { "at", flow_check_at(p, "form") });
    return OK;
}

/* --- guards --- */

/* A task that guards may look at: an earlier one. */
static enum outcome check_earlier(const struct flow_check *p, struct str name, struct str where,
                                  const struct flow_task **out, struct err *e)
{
    int64_t number;
    *out = flow_task_named(p->w, name, &number);
    if (!*out)
        return REFUSE(e, "flow.unknown_task", { "task", name }, { "at", where });
    if (number >= p->number)
        return REFUSE(e, "flow.not_earlier", { "task", name }, { "at", where });
    return OK;
}

static bool is_choice(const struct form_field *field, struct str value)
{
    for (size_t i = 0; i < field->choices.n; i++)
        if (str_eq(field->choices.p[i].value, value))
            return true;
    return false;
}

/* Whether values of the field can be compared as the guard asks. */
static bool comparable(const struct form_field *field, const struct flow_guard *g)
{
    bool number = str_is(field->type, "quantity") || str_is(field->type, "computed");
    bool limits = decimal_present(g->at_least) || decimal_present(g->at_most);
    if (field->sealed || str_is(field->type, "signature") || (limits && !number))
        return false;
    struct str is = g->is.p ? g->is : g->is_not;
    if (!is.p)
        return true;
    if (str_is(field->type, "choice"))
        return is_choice(field, is);
    if (str_is(field->type, "bool"))
        return str_is(is, "true") || str_is(is, "false");
    return !str_is(field->type, "quantity");
}

static enum outcome check_value_guard(const struct flow_check *p, const struct flow_guard *g,
                                      struct str where, struct err *e)
{
    const struct flow_task *task;
    const struct form *form = NULL;
    struct arena *a = p->context->arena;
    TRY(check_earlier(p, g->task, arena_printf(a, "%.*stask", STR(where)), &task, e));
    if (task->form.p)
        TRY(find_form(p, task, &form, e));
    const struct form_field *field = form ? form_field_of(form, g->field) : NULL;
    if (!field)
        return REFUSE(e, "flow.unknown_field", { "field", g->field }, { "task", g->task },
                      { "at", arena_printf(a, "%.*sfield", STR(where)) });
    if (!comparable(field, g))
        return REFUSE(e, "flow.not_comparable", { "field", g->field },
                      { "at", arena_printf(a, "%.*sfield", STR(where)) });
    return OK;
}

/* A guard asks exactly one thing, and asks it whole. */
static bool guard_is_clear(const struct flow_guard *g)
{
    bool limits = decimal_present(g->at_least) || decimal_present(g->at_most);
    bool compares = g->is.p || g->is_not.p || limits;
    bool value = g->task.p || g->field.p || compares;
    bool time = g->of.p || g->within.p || g->after.p;
    if ((g->done.p != NULL) + (g->reviewed.p != NULL) + (g->any.n > 0) + (g->fact.p != NULL) +
            value + time !=
        1)
        return false;
    if (g->is_not.p && (g->is.p || limits))
        return false;
    if (value)
        return g->task.p && g->field.p && compares;
    return !time || (g->of.p && (g->within.p || g->after.p));
}

/* Of a task that has a record; and no condition, which would skip what a reviewer was slow with. */
static enum outcome check_reviewed(const struct flow_check *p, const struct flow_guard *g,
                                   struct str where, struct err *e)
{
    const struct flow_task *task;
    struct str at = arena_printf(p->context->arena, "%.*sreviewed", STR(where));
    bool condition = g >= p->task->when.p && g < p->task->when.p + p->task->when.n;
    TRY(check_earlier(p, g->reviewed, at, &task, e));
    if (condition || !task->form.p)
        return REFUSE(e, "flow.guard_unclear", { "guard", g->name }, { "at", at });
    return OK;
}

static enum outcome check_guard(const struct flow_check *p, const struct flow_guard *g,
                                struct str where, struct err *e)
{
    const struct flow_task *task;
    struct arena *a = p->context->arena;
    if (!guard_is_clear(g))
        return REFUSE(e, "flow.guard_unclear", { "guard", g->name },
                      { "at", arena_printf(a, "%.*sname", STR(where)) });
    for (size_t i = 0; i < g->any.n; i++)
        TRY(check_earlier(p, g->any.p[i], arena_printf(a, "%.*sany.%zu", STR(where), i), &task, e));
    if (g->done.p)
        return check_earlier(p, g->done, arena_printf(a, "%.*sdone", STR(where)), &task, e);
    if (g->reviewed.p)
        return check_reviewed(p, g, where, e);
    if (g->task.p)
        return check_value_guard(p, g, where, e);
    if (!g->of.p)
        return OK;
    TRY(check_earlier(p, g->of, arena_printf(a, "%.*sof", STR(where)), &task, e));
    TRY(check_duration(g->within, arena_printf(a, "%.*swithin", STR(where)), e));
    return check_duration(g->after, arena_printf(a, "%.*safter", STR(where)), e);
}

static enum outcome check_guards(const struct flow_check *p, const char *list,
                                 const struct flow_guard *guards, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct str where = flow_check_at(p, "%s.%zu.", list, i);
        for (size_t k = 0; k < i; k++)
            if (str_eq(guards[k].name, guards[i].name))
                return REFUSE(e, "flow.name_twice", { "name", guards[i].name },
                              { "at", arena_printf(p->context->arena, "%.*sname", STR(where)) });
        TRY(check_guard(p, &guards[i], where, e));
    }
    return OK;
}

/* --- identity points --- */

/* Every point that the task's act needs stands in its checks, and what stands there exists. */
static enum outcome check_task_points(const struct flow_check *p, struct err *e)
{
    const struct flow_task *task = p->task;
    const struct flow_point *point;
    for (size_t i = 0; i < task->checks.n; i++)
        if (!flow_point_find(task->checks.p[i]))
            return REFUSE(e, "flow.unknown_point", { "point", task->checks.p[i] },
                          { "at", flow_check_at(p, "checks.%zu", i) });
    if (!task->act.p)
        return OK;
    bool known = false;
    for (size_t i = 0; (point = flow_point_at(i)); i++) {
        if (!str_is(task->act, point->act))
            continue;
        known = true;
        bool listed = false;
        for (size_t k = 0; k < task->checks.n; k++)
            listed |= str_is(task->checks.p[k], point->name);
        if (!listed)
            return REFUSE(e, "flow.point_missing", { "task", task->name },
                          { "point", str_z(point->name) }, { "at", flow_check_at(p, "act") });
    }
    if (!known) /* a misspelt act would need no point */
        return REFUSE(e, "flow.unknown_act", { "act", task->act },
                      { "at", flow_check_at(p, "act") });
    return OK;
}

static bool has_act(const struct workflow *w, const char *act)
{
    const struct flow_task *task;
    for (int64_t n = 1; (task = flow_task_at(w, n, NULL)); n++)
        if (str_is(task->act, act))
            return true;
    return false;
}

/* Every act that the material needs is done by some task. */
static enum outcome check_acts(const struct flow_check *p, struct err *e)
{
    const struct flow_point *point;
    for (size_t i = 0; (point = flow_point_at(i)); i++) {
        if (!point->material ||
            (point->material[0] != '\0' && !str_is(p->w->material, point->material)))
            continue;
        if (!has_act(p->w, point->act))
            return REFUSE(e, "flow.act_missing", { "act", str_z(point->act) },
                          { "at", S("material") });
    }
    return OK;
}

/* --- tasks, stages, the whole --- */

static enum outcome check_texts(const struct flow_check *p, const char *field,
                                const struct str *texts, size_t n, size_t max, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (texts[i].n == 0 || texts[i].n > max)
            return REFUSE(e, "flow.malformed_name", { "name", texts[i] },
                          { "at", flow_check_at(p, "%s.%zu", field, i) });
    return OK;
}

static enum outcome check_after(const struct flow_check *p, struct err *e)
{
    const struct flow_task *task = p->task;
    const struct flow_task *ignored;
    for (size_t i = 0; i < task->after.n; i++) {
        TRY(check_earlier(p, task->after.p[i], flow_check_at(p, "after.%zu", i), &ignored, e));
        for (size_t k = 0; k < i; k++)
            if (str_eq(task->after.p[k], task->after.p[i]))
                return REFUSE(e, "flow.name_twice", { "name", task->after.p[i] },
                              { "at", flow_check_at(p, "after.%zu", i) });
    }
    return OK;
}

/* What the rules of modules are told by the task. */
static enum outcome check_ruled(const struct flow_check *p, struct err *e)
{
    const struct flow_task *task = p->task;
    const struct flow_task *ignored;
    for (size_t i = 0; i < task->records.n; i++)
        TRY(check_earlier(p, task->records.p[i], flow_check_at(p, "records.%zu", i), &ignored, e));
    for (size_t i = 0; i < task->closed.n; i++)
        if (!flow_rules_close(task->closed.p[i])) /* a misspelt one would hold nothing up */
            return REFUSE(e, "flow.unknown_closed", { "word", task->closed.p[i] },
                          { "at", flow_check_at(p, "closed.%zu", i) });
    return OK;
}

static enum outcome check_ladder(const struct flow_check *p, const struct flow_step *steps,
                                 size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct str where = flow_check_at(p, "escalate.%zu.", i);
        TRY(check_duration(steps[i].after, flow_check_at(p, "escalate.%zu.after", i), e));
        TRY(check_who(p, steps[i].part, steps[i].role, where, e));
    }
    return OK;
}

static enum outcome check_task(const struct flow_check *p, struct err *e)
{
    const struct flow_task *task = p->task;
    int64_t first;
    (void)flow_task_named(p->w, task->name, &first);
    if (first != p->number)
        return REFUSE(e, "flow.name_twice", { "name", task->name },
                      { "at", flow_check_at(p, "name") });
    TRY(check_who(p, task->part, task->role, flow_check_at(p, "%s", ""), e));
    TRY(check_form(p, e));
    TRY(check_duration(task->limit, flow_check_at(p, "limit"), e));
    TRY(check_texts(p, "units", task->units.p, task->units.n, UNIT_KIND_MAX, e));
    TRY(check_texts(p, "makes", task->makes.p, task->makes.n, UNIT_KIND_MAX, e));
    TRY(check_texts(p, "needs", task->needs.p, task->needs.n, FACT_MAX, e));
    if (decimal_present(task->tolerance) &&
        (decimal_sign(task->tolerance) < 0 || decimal_cmp(task->tolerance, decimal_of(100)) > 0))
        return REFUSE(e, "flow.tolerance_range", { "at", flow_check_at(p, "tolerance") });
    TRY(check_after(p, e));
    TRY(check_guards(p, "when", task->when.p, task->when.n, e));
    TRY(check_guards(p, "guards", task->guards.p, task->guards.n, e));
    for (size_t i = 0; i < task->tell.n; i++)
        TRY(check_who(p, task->tell.p[i].part, task->tell.p[i].role,
                      flow_check_at(p, "tell.%zu.", i), e));
    TRY(check_ladder(p, task->escalate.p, task->escalate.n, e));
    TRY(check_ruled(p, e));
    TRY(check_task_points(p, e));
    if (task->second_person && task->checks.n == 0)
        return REFUSE(e, "flow.second_person_unchecked", { "task", task->name },
                      { "at", flow_check_at(p, "second_person") });
    return OK;
}

static enum outcome check_stage(struct flow_check *p, size_t i, struct err *e)
{
    const struct workflow *w = p->w;
    const struct flow_stage *stage = &w->stages.p[i];
    snprintf(p->path, sizeof p->path, "stages.%zu.", i);
    for (size_t k = 0; k < i; k++)
        if (str_eq(w->stages.p[k].name, stage->name))
            return REFUSE(e, "flow.name_twice", { "name", stage->name },
                          { "at", flow_check_at(p, "name") });
    if (stage->tasks.n == 0)
        return REFUSE(e, "flow.empty_stage", { "stage", stage->name },
                      { "at", flow_check_at(p, "name") });
    for (size_t k = 0; k < stage->tasks.n; k++) {
        p->task = &stage->tasks.p[k];
        p->number++;
        snprintf(p->path, sizeof p->path, "stages.%zu.tasks.%zu.", i, k);
        TRY(check_task(p, e));
    }
    return OK;
}

static enum outcome check_viability(struct flow_check *p, size_t i, struct err *e)
{
    const struct flow_viability *v = &p->w->viability.p[i];
    int64_t from;
    int64_t until;
    snprintf(p->path, sizeof p->path, "viability.%zu.", i);
    for (size_t k = 0; k < i; k++)
        if (str_eq(p->w->viability.p[k].name, v->name))
            return REFUSE(e, "flow.name_twice", { "name", v->name },
                          { "at", flow_check_at(p, "name") });
    if (!flow_task_named(p->w, v->from, &from))
        return REFUSE(e, "flow.unknown_task", { "task", v->from },
                      { "at", flow_check_at(p, "from") });
    if (!flow_task_named(p->w, v->until, &until))
        return REFUSE(e, "flow.unknown_task", { "task", v->until },
                      { "at", flow_check_at(p, "until") });
    if (from >= until)
        return REFUSE(e, "flow.not_earlier", { "task", v->from },
                      { "at", flow_check_at(p, "from") });
    return check_duration(v->limit, flow_check_at(p, "limit"), e);
}

/* A loop leads back: from tasks that rest upon the one to which it goes. */
static enum outcome check_loop(struct flow_check *p, size_t i, struct err *e)
{
    static const char *const fates[] = { "discard", "quarantine", "keep" };
    const struct flow_loop *loop = &p->w->loops.p[i];
    bool resting[FLOW_TASKS_MAX + 1];
    int64_t to;
    bool known = false;
    snprintf(p->path, sizeof p->path, "loops.%zu.", i);
    if (flow_loop_named(p->w, loop->name) != loop)
        return REFUSE(e, "flow.name_twice", { "name", loop->name },
                      { "at", flow_check_at(p, "name") });
    const struct flow_task *task = flow_task_named(p->w, loop->to, &to);
    if (!task)
        return REFUSE(e, "flow.unknown_task", { "task", loop->to },
                      { "at", flow_check_at(p, "to") });
    if (task->when.n > 0) /* what was skipped has no pass to count */
        return REFUSE(e, "flow.loop_conditional", { "task", loop->to },
                      { "at", flow_check_at(p, "to") });
    flow_resting(resting, p->w, to);
    for (size_t k = 0; k < loop->from.n; k++) {
        int64_t from;
        if (!flow_task_named(p->w, loop->from.p[k], &from))
            return REFUSE(e, "flow.unknown_task", { "task", loop->from.p[k] },
                          { "at", flow_check_at(p, "from.%zu", k) });
        if (!resting[from])
            return REFUSE(e, "flow.loop_not_back", { "task", loop->from.p[k] }, { "to", loop->to },
                          { "at", flow_check_at(p, "from.%zu", k) });
    }
    if (loop->from.n == 0)
        return REFUSE(e, "flow.loop_not_back", { "task", loop->to }, { "to", loop->to },
                      { "at", flow_check_at(p, "from") });
    if (loop->times < 1 || loop->times > FLOW_TIMES_MAX)
        return REFUSE(e, "flow.loop_times", { "max", S("9") }, { "at", flow_check_at(p, "times") });
    for (size_t k = 0; k < 3; k++)
        known |= str_is(loop->units, fates[k]);
    if (!known)
        return REFUSE(e, "flow.unknown_fate", { "units", loop->units },
                      { "at", flow_check_at(p, "units") });
    return check_who(p, loop->part, loop->role, flow_check_at(p, "%s", ""), e);
}

static enum outcome check_parts(const struct flow_check *p, struct err *e)
{
    const struct workflow *w = p->w;
    for (size_t i = 0; i < w->parts.n; i++) {
        TRY(check_texts(p, "parts", &w->parts.p[i], 1, 40, e));
        for (size_t k = 0; k < i; k++)
            if (str_eq(w->parts.p[k], w->parts.p[i]))
                return REFUSE(e, "flow.name_twice", { "name", w->parts.p[i] },
                              { "at", flow_check_at(p, "parts.%zu", i) });
    }
    return OK;
}

static enum outcome workflow_check(const struct define_context *context, const void *body,
                                   struct err *e)
{
    const struct workflow *w = body;
    struct flow_check p = { .context = context, .w = w };
    if (flow_tasks_count(w) == 0 || flow_tasks_count(w) > FLOW_TASKS_MAX)
        return REFUSE(e, "flow.tasks_max", { "max", S("300") }, { "at", S("stages") });
    TRY(check_parts(&p, e));
    for (size_t i = 0; i < w->stages.n; i++)
        TRY(check_stage(&p, i, e));
    for (size_t i = 0; i < w->viability.n; i++)
        TRY(check_viability(&p, i, e));
    for (size_t i = 0; i < w->loops.n; i++)
        TRY(check_loop(&p, i, e));
    p.path[0] = '\0';
    TRY(check_ladder(&p, w->escalate.p, w->escalate.n, e));
    TRY(check_acts(&p, e));
    return flow_check_paths(&p, e);
}

const struct define_kind workflow_kind = {
    .name = "workflow",
    .shape = &workflow_record,
    .check = workflow_check,
    .trial = flow_journey_trial,
};
