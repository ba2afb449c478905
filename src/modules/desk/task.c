/* The task's page: what to do, what is checked, what is made, who holds it, what is recorded, and
 * what is still missing before it can be completed. */
#include "gen/desk/pages/task.html.h"
#include "modules/desk/desk.h"

enum { NAMES_MAX = 400, WAITS_MAX = 40, PASSES_MAX = 200, FORM_HTML_MAX = 1 << 20 };

bool desk_takes(const struct flow_task *task, struct str from, struct str into)
{
    return str_among(from, task->units.p, task->units.n) && !str_eq(from, into);
}

const struct identity_units_out *desk_only_parent(const struct desk_task_view *v, struct str kind)
{
    const struct identity_units_out *only = NULL;
    for (size_t i = 0; i < v->nunits; i++) {
        if (!desk_takes(v->task, v->units[i].kind, kind))
            continue;
        if (only)
            return NULL;
        only = &v->units[i];
    }
    return only;
}

static struct str fact(struct page *p, const char *what, struct str name)
{
    return arena_printf(p->b->arena, "%s:%.*s", what, STR(name));
}

/* --- checks --- */

/* Whose passes of a point hold at this task. */
static void passed_by(struct desk_check *c, struct page *p, struct db *db,
                      const struct record_list *passes, struct http_request *r)
{
    const struct identity_passes_out *rows = passes->p;
    const int64_t now = env_now(app_of(r)->node->env);
    struct buf b = buf_in(p->b->arena, NAMES_MAX);
    for (size_t i = 0; i < passes->n; i++) {
        if (!str_eq(rows[i].point, c->point) ||
            rows[i].recorded < now - identity_pass_age(c->point))
            continue; /* another's, or too long ago to count with one made now */
        c->npassed++;
        c->mine |= str_eq(rows[i].account, show_actor(r)->account);
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, auth_account_name(db, rows[i].account, p->b->arena));
    }
    c->by = buf_get(&b);
}

/* The task's points, and those that may be passed here too while a unit waits for them. */
static size_t points_of(struct str *out, const struct desk_task_view *v, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < v->task->checks.n && n < max; i++)
        out[n++] = v->task->checks.p[i];
    for (size_t i = 0; i < IDENTITY_POINTS && n < max; i++)
        for (size_t b = 0; b < v->nbags; b++) {
            const struct str point = str_z(identity_points[i].name);
            if (identity_point_also(point, v->task->act) && str_eq(v->bags[b].wants, point)) {
                out[n++] = point;
                break;
            }
        }
    return n;
}

static bool due(const struct desk_check *c, const struct desk_task_view *v)
{
    bool waits = !c->passed;
    for (size_t i = 0; c->each && i < v->nbags; i++)
        waits |= str_eq(v->bags[i].wants, c->point);
    return waits;
}

static enum outcome checks(struct desk_task_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e)
{
    struct identity_passes_in in = { v->o.id, v->task->name };
    struct record_list list;
    const size_t max = v->task->checks.n + IDENTITY_POINTS;
    struct desk_check *out = ARENA_ARRAY(r->arena, max, struct desk_check);
    struct str *points = ARENA_ARRAY(r->arena, max, struct str);
    if (!out || !points)
        return err_no_memory(e);
    TRY(db_list(db, &sql_identity_passes, &in, &list, PASSES_MAX, r->arena, e));
    const size_t n = points_of(points, v, max);
    for (size_t i = 0; i < n; i++) {
        const struct str point = points[i];
        out[i] = (struct desk_check){
            .point = point,
            .name = show_name(p, "point", point),
            .passed = flow_has_fact(&v->o.flow, v->task->name, fact(p, "check", point)),
            .patient = identity_point_asks_patient(point),
            .units = identity_point_asks_units(point),
            .each = identity_point_one_by_one(point),
            .also = i >= v->task->checks.n,
            .persons = identity_persons(point),
        };
        out[i].due = due(&out[i], v);
        passed_by(&out[i], p, db, &list, r);
    }
    v->checks = out;
    v->nchecks = n;
    return OK;
}

/* --- units: made, held, given --- */

static enum outcome makes(struct desk_task_view *v, struct page *p, struct err *e)
{
    struct desk_make *out = ARENA_ARRAY(p->b->arena, v->task->makes.n + 1, struct desk_make);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < v->task->makes.n; i++) {
        const struct str kind = v->task->makes.p[i];
        out[i] = (struct desk_make){
            .kind = kind,
            .name = show_name(p, "unit_kind", kind),
            .made = flow_has_fact(&v->o.flow, v->task->name, fact(p, "made", kind)),
        };
    }
    v->makes = out;
    v->nmakes = v->task->makes.n;
    v->samples = str_is(v->task->act, "sample");
    return OK;
}

static bool identified(const struct record_list *points, const char *point)
{
    const struct identity_identified_out *row = points->p;
    for (size_t i = 0; i < points->n; i++)
        if (str_is(row[i].point, point))
            return true;
    return false;
}

/* Where a bag stands in thaw and administration; the next is thawed while others are being given.
 */
static void clinical(struct desk_bag *bag, const struct desk_task_view *v,
                     const struct record_list *clinic, const struct record_list *points,
                     const struct actor *actor)
{
    const bool thaws = str_is(v->task->act, "thaw");
    const bool gives = str_is(v->task->act, "administer");
    const struct clinic_bags_out *rows = clinic->p;
    const struct clinic_bags_out *row = NULL;
    bool further = false;
    for (size_t i = 0; i < clinic->n; i++) {
        further |= rows[i].given != TIME_NONE;
        if (str_eq(rows[i].unit, bag->unit.unit))
            row = &rows[i];
    }
    const bool given = row && row->given != TIME_NONE;
    const bool frozen = v->o.pinned && str_is(v->o.pinned->material, "cryopreserved") &&
                        (!row || row->thawed == TIME_NONE);
    const bool to_thaw = bag->ours && frozen && (thaws || (gives && further));
    const bool to_give = bag->ours && gives && !frozen && !given;
    bag->finished = row && row->finished != TIME_NONE;
    bag->until = row && !bag->finished ? row->until : TIME_NONE;
    bag->can_thaw = to_thaw && identified(points, "before_thaw");
    bag->can_give = to_give && identified(points, "administration");
    bag->can_finish = gives && given && !bag->finished && desk_may(actor, "clinic.finish", v->open);
    if (to_thaw && !bag->can_thaw)
        bag->wants = S("before_thaw");
    if (to_give && !bag->can_give)
        bag->wants = S("administration");
}

/* What was left over was discarded: the task ends without a last bag. */
static void conclusion(struct desk_task_view *v, const struct clinic_bags_out *rows, size_t n)
{
    bool given = false;
    for (size_t i = 0; i < n; i++)
        given |= rows[i].given != TIME_NONE;
    v->can_conclude = str_is(v->task->act, "administer") && v->mine && given && v->nbags == 0 &&
                      !(flow_has_fact(&v->o.flow, v->task->name, S("all_given")) &&
                        flow_has_fact(&v->o.flow, v->task->name, S("check:administration")));
}

/* Who holds it, who it is offered to, and what may be done about that. */
static void held(struct desk_bag *bag, const struct desk_task_view *v, struct db *db,
                 const struct actor *actor, struct arena *a)
{
    const struct custody_of_order_out *unit = &bag->unit;
    bag->holder = auth_site_name(db, unit->site, a);
    bag->offered = unit->offered != TIME_NONE;
    bag->ours = v->open && str_eq(unit->site, v->open->site);
    bag->to_us = v->open && bag->offered && str_eq(unit->to_site, v->open->site);
    bag->can_withdraw = bag->offered &&
                        actor_may(actor, S("custody.withdraw"), unit->organisation, unit->site) &&
                        (!v->o.stop.standing || stop_permits(&v->o.stop, S("custody.withdraw")));
    for (size_t i = 0; i < v->task->checks.n; i++)
        bag->check_first |= !bag->identified && identity_point_asks_units(v->task->checks.p[i]);
}

static enum outcome bags(struct desk_task_view *v, struct http_request *r, struct db *db,
                         struct err *e)
{
    struct custody_of_order_in in = { .order_id = v->o.id };
    struct clinic_bags_in clinic_in = { v->o.id };
    struct record_list list;
    struct record_list clinic;
    TRY(identity_kinds(&in.kinds, v->task, r->arena, e));
    TRY(db_list(db, &sql_custody_of_order, &in, &list, DESK_UNITS_MAX, r->arena, e));
    TRY(db_list(db, &sql_clinic_bags, &clinic_in, &clinic, DESK_UNITS_MAX, r->arena, e));
    const struct custody_of_order_out *rows = list.p;
    struct desk_bag *out = ARENA_ARRAY(r->arena, list.n + 1, struct desk_bag);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct identity_identified_in identified = { v->o.id, v->task->name, rows[i].unit };
        struct record_list points;
        TRY(db_list(db, &sql_identity_identified, &identified, &points, 20, r->arena, e));
        out[i].unit = rows[i];
        out[i].identified = points.n > 0;
        held(&out[i], v, db, v->o.actor, r->arena);
        clinical(&out[i], v, &clinic, &points, v->o.actor);
    }
    v->bags = out;
    v->nbags = list.n;
    conclusion(v, clinic.p, clinic.n);
    return OK;
}

static void offer(struct desk_task_view *v, struct db *db, struct arena *a)
{
    const struct flow_party *to = flow_receiver(&v->o.flow, v->task->name);
    v->offer.to_offer = str_among(S("offered"), v->task->needs.p, v->task->needs.n);
    v->offer.to_accept = str_among(S("accepted"), v->task->needs.p, v->task->needs.n);
    if (!to)
        return;
    v->offer.organisation = to->organisation;
    v->offer.site = to->site;
    v->offer.site_name = auth_site_name(db, to->site, a);
}

static bool waits_for_hands(const struct desk_task_view *v, const struct desk_bag *bag)
{
    return v->offer.to_offer ? bag->ours && !bag->offered : bag->to_us && !bag->check_first;
}

bool desk_turn(const struct desk_task_view *v, const struct desk_bag *bag)
{
    for (const struct desk_bag *b = v->bags; b < bag; b++)
        if (waits_for_hands(v, b))
            return false;
    return waits_for_hands(v, bag);
}

/* Bags of one hand-over go in one shipper: what was entered for the first stands in the next form.
 * So does, for who only carries it, what they took over: a courier opens nothing. */
static void packed(struct desk_task_view *v, struct arena *a)
{
    v->offer.container = v->offer.seals[0] = v->offer.seals[1] = S("");
    for (size_t i = 0; i < v->nbags; i++) {
        const struct custody_of_order_out *unit = &v->bags[i].unit;
        const struct json *seals;
        struct err ignored = { 0 };
        const bool carried = v->bags[i].ours && str_is(v->task->role, "courier");
        if ((!v->bags[i].offered && !carried) || unit->container.n == 0)
            continue;
        v->offer.container = unit->container;
        if (unit->seals.n == 0 ||
            json_read(&seals, a, unit->seals, &json_limits_default, &ignored) != OK)
            continue;
        const struct json *seal = seals->child;
        for (size_t k = 0; k < 2 && seal; k++, seal = seal->next)
            v->offer.seals[k] = seal->text;
    }
}

/* --- what is missing --- */

static void waits(struct desk_task_view *v, struct page *p)
{
    struct str *out = ARENA_ARRAY(p->b->arena, WAITS_MAX, struct str);
    if (!out)
        return;
    for (size_t i = 0; i < v->nchecks; i++)
        if (!v->checks[i].passed && !v->checks[i].also && v->nwaits < WAITS_MAX)
            out[v->nwaits++] = v->checks[i].name;
    for (size_t i = 0; i < v->nmakes; i++)
        if (!v->makes[i].made && v->nwaits < WAITS_MAX)
            out[v->nwaits++] = v->makes[i].name;
    for (size_t i = 0; i < v->task->needs.n && v->nwaits < WAITS_MAX; i++)
        if (!flow_has_fact(&v->o.flow, v->task->name, v->task->needs.p[i]))
            out[v->nwaits++] = show_name(p, "fact", v->task->needs.p[i]);
    v->waits = out;
}

/* --- the form --- */

static enum outcome form(struct desk_task_view *v, struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    const struct err *refused = show_refused(r);
    bool found;
    struct err why = { 0 };
    struct form_filled filled;
    if (!v->open || !v->open->form.p)
        return OK;
    TRY(define_find(&v->form, db, S("form"), v->open->form, v->open->form_version, p->now_us,
                    r->arena, &found, e));
    if (!found)
        return REFUSE(e, "define.unknown");
    words_say_definition(p, &v->form);
    v->inputs = r->form;
    v->ninputs = r->nform;
    struct form_problem *problems =
        ARENA_ARRAY(r->arena, FORM_PROBLEMS_MAX + FILE_SENT_MAX, struct form_problem);
    if (!problems)
        return err_no_memory(e);
    v->problems = problems;
    v->nproblems = desk_file_problems(problems, r);
    if (!refused || !str_is(str_z(refused->code), "form.problems"))
        return OK;
    const struct form_filling filling = {
        .form = &v->form,
        .inputs = r->form,
        .ninputs = r->nform,
        .files = &v->files,
    };
    (void)form_fill(&filled, &filling, r->arena, &why);
    for (size_t i = 0; i < filled.nproblems; i++)
        problems[v->nproblems++] = filled.problems[i];
    return OK;
}

/* What somebody else has entered already is not asked for, and nothing is wrong with it. */
static bool twice_only(struct desk_task_view *out, const struct desk_task_view *v,
                       struct arena *arena)
{
    struct err ignored = { 0 };
    struct form_problem *problems = ARENA_ARRAY(arena, v->nproblems + 1, struct form_problem);
    if (!problems || form_twice_only(&out->form, &v->form, arena, &ignored) != OK)
        return false;
    out->nproblems = 0;
    for (size_t i = 0; i < v->nproblems; i++)
        if (form_field_of(out->form.body, v->problems[i].field))
            problems[out->nproblems++] = v->problems[i];
    out->problems = problems;
    return true;
}

struct html desk_form(struct page *p, const struct desk_task_view *v)
{
    struct page of = *p;
    struct buf b = buf_in(p->b->arena, FORM_HTML_MAX);
    struct desk_task_view shown = *v;
    const struct desk_part *part = v->nsteps > 0 ? desk_step(v)->part : NULL;
    of.b = &b;
    if (v->form.kind.p && (!v->kept.partly || twice_only(&shown, v, p->b->arena)))
        form_render(&of,
                    &(struct form_filling){ .form = &shown.form,
                                            .inputs = v->inputs,
                                            .ninputs = v->ninputs,
                                            .files = &v->files,
                                            .part = part ? part->number : 0,
                                            .workings = v->entered.filled.workings,
                                            .nworkings = v->entered.filled.nworkings },
                    shown.problems, shown.nproblems, p->b->arena);
    return page_body(&of);
}

/* --- the page --- */

/* The task stands in the workflow, and, where it has opened, is the actor's to do. */
enum outcome desk_task_find(struct desk_task_view *v, struct http_request *r, struct db *db,
                            struct page *p, struct err *e)
{
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    v->task = v->o.flow.found ? flow_task_find(&v->o.flow, http_param(r, "task")) : NULL;
    if (!v->task || !flow_sees_record(&v->o.sight, v->task))
        return REFUSE(e, "gate.unknown", { "kind", S("task") });
    v->open = desk_open_task(&v->o.flow, v->task->name);
    v->files_of = (struct flow_files_of){ db, v->o.id, look_of(r) };
    v->files = flow_files(&v->files_of);
    v->stage = desk_stage_of(v->o.flow.workflow, v->task->name)->title;
    struct str site = v->open ? v->open->site : (struct str){ 0 };
    v->owner = desk_owner(p, db, v->task->role, site);
    v->mine = v->open && !v->open->done && v->o.flow.state == FLOW_RUNNING &&
              desk_plays(v->o.actor, v->task->role, v->open, r->arena);
    /* at a point of two persons the second may have another role */
    v->second_person = v->open && !v->open->done && !v->mine && v->task->checks.n > 0 &&
                       v->o.flow.state == FLOW_RUNNING &&
                       desk_may(v->o.actor, "identity.check", v->open);
    return OK;
}

/* The other person has checked meanwhile: the page says so, and goes on. */
static void seconded(struct desk_task_view *v)
{
    bool waits = false;
    for (size_t i = 0; i < v->nchecks; i++)
        waits |= v->checks[i].mine && !v->checks[i].passed;
    if (!waits)
        v->said = S("page.task.said_both");
}

/* What the last act gave, as its answer's word in the path. */
static void said(struct desk_task_view *v, struct str word)
{
    static const struct {
        const char *word;
        const char *key;
        bool no;
    } texts[] = {
        { "no_read", "page.task.said_no_read", true },
        { "pass", "page.task.said_pass", false },
        { "second", "page.task.said_second", false },
        { "typed", "page.task.said_typed", false },
        { "aged", "page.task.said_aged", true },
        { "first", "page.twice.said_first", false },
        { "container_differs", "page.task.said_container_differs", true },
        { "seals_differ", "page.task.said_seals_differ", true },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (str_is(word, texts[i].word)) {
            v->said = str_z(texts[i].key);
            v->said_no = texts[i].no;
        }
    if (str_is(word, "second") || str_is(word, "typed"))
        seconded(v);
}

/* In a stop: what of the task's acts it permits. */
static enum outcome stopped(struct desk_task_view *v, struct http_request *r, struct db *db,
                            struct page *p, struct err *e)
{
    v->goes_on = stop_permits(&v->o.stop, S("identity.check")) && v->nchecks > 0 &&
                 (v->mine || v->second_person);
    for (size_t i = 0; i < v->nbags; i++)
        v->goes_on |=
            v->bags[i].can_finish || v->bags[i].can_withdraw || v->bags[i].until != TIME_NONE;
    return desk_stop_show(r, db, p, &v->o, v, e);
}

static enum outcome task(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_task_view *v = ARENA_NEW(r->arena, struct desk_task_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_task_find(v, r, db, p, e));
    if (http_wants_json(r))
        return show_row(r, &flow_task_record, v->task, e);
    v->r = r;
    v->refused = show_refusal(p, r);
    v->correcting = v->open && v->open->done &&
                    (str_is(http_query(r, "correct"), "1") || http_form(r, "_had").n > 0);
    TRY(bags(v, r, db, e));
    TRY(checks(v, r, db, p, e));
    said(v, http_query(r, "said"));
    if (v->o.stop.standing)
        return stopped(v, r, db, p, e);
    struct identity_units_in in = { v->o.id };
    struct record_list list;
    TRY(db_list(db, &sql_identity_units, &in, &list, DESK_UNITS_MAX, r->arena, e));
    v->units = list.p;
    while (v->nunits < list.n && v->units[v->nunits].ended == TIME_NONE)
        v->nunits++;
    TRY(makes(v, p, e));
    offer(v, db, r->arena);
    packed(v, r->arena);
    TRY(form(v, r, db, p, e));
    TRY(desk_task_record(v, r, db, p, e));
    if (v->open && v->open->done)
        TRY(desk_record(&v->record, p, &v->files_of, v->open, e));
    waits(v, p);
    TRY(desk_entered_read(v, r, db, p, e));
    const struct str step = http_query(r, "step");
    TRY(desk_steps(v, p, step.n > 0 ? step : http_form(r, "_step"), e));
    TRY(desk_problem_links(v, r->arena, e));
    TRY(desk_order_head(&v->head, r, db, p, &v->o, v->nsteps > 0 ? NULL : "/tasks", e));
    v->may_report = desk_order_may(&v->o, "deviation.open");
    v->reviews = v->mine && desk_review_for(&v->o, v->task) && desk_review_seen(&v->o);
    if (v->reviews)
        TRY(desk_review_read(&v->review, r, db, p, &v->o, e));
    p->begun = S("task-name"); /* whose cells, and what is done: the rest follows at once */
    page_task(p, v);
    return OK;
}

enum http_state desk_get_task(struct http_request *r)
{
    return show(r, "page.task.title", task);
}

enum http_state desk_task_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.task.title", task, refused);
}

enum http_state desk_task_redraw(struct http_request *r)
{
    return show(r, "page.task.title", task);
}
