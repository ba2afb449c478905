/* The order's first page: where it stands, what comes next and whose it is, and everything that
 * happened; and what is done to the whole order. */
#include "gen/desk/pages/order.html.h"
#include "modules/desk/forecast.h"
#include "modules/desk/order.h"

/* The dates of a journey, in its order; what is planned already is there to be changed. */
static enum outcome plan(struct desk_order_view *v, struct arena *a, struct err *e)
{
    static const char *const dates[] = { "collection", "receipt", "release", "delivery",
                                         "infusion" };
    enum { DATES = sizeof dates / sizeof dates[0] };
    struct desk_date *plan = ARENA_ARRAY(a, DATES, struct desk_date);
    if (!plan)
        return err_no_memory(e);
    for (size_t i = 0; i < DATES; i++) {
        struct buf planned = buf_in(a, CLOCK_TEXT_LENGTH);
        for (size_t k = 0; k < v->ndates; k++)
            if (str_is(v->dates[k].what, dates[i]))
                clock_write(&planned, v->dates[k].planned);
        plan[i] = (struct desk_date){
            .id = arena_printf(a, "plan-%s", dates[i]),
            .what = str_z(dates[i]),
            .what_name = arena_printf(a, "dates.%zu.what", i),
            .planned_name = arena_printf(a, "dates.%zu.planned", i),
            .planned = buf_get(&planned),
        };
    }
    v->plan = plan;
    v->nplan = DATES;
    return OK;
}

static void rights(struct desk_order_view *v)
{
    const bool live = v->o.flow.found && v->o.flow.state != FLOW_ENDED;
    v->may_hold = live && v->o.flow.state == FLOW_RUNNING && desk_order_does(&v->o, "flow.hold");
    v->may_resume = live && v->o.flow.state == FLOW_HELD && desk_order_does(&v->o, "flow.resume");
    v->may_end = live && desk_order_does(&v->o, "flow.end");
    v->may_report = desk_order_does(&v->o, "deviation.open");
    v->may_schedule = live && desk_order_does(&v->o, "order.schedule");
}

/* What the move would change, in words: as between any two versions of a definition. */
static enum outcome move_differences(struct desk_order_view *v, struct db *db, struct page *p,
                                     struct err *e)
{
    const struct str name = v->o.flow.workflow_name;
    struct definition from;
    struct definition to;
    bool found[2];
    TRY(define_find(&from, db, S("workflow"), name, v->move.from_version, 0, p->b->arena, &found[0],
                    e));
    TRY(define_find(&to, db, S("workflow"), name, v->move.version, 0, p->b->arena, &found[1], e));
    return found[0] && found[1] ? pages_differ(&v->move_differences, p, &from, &to, e) : OK;
}

/* The move to another version of the workflow that waits for approval. */
static enum outcome move(struct desk_order_view *v, const struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    struct flow_move_in in = { v->o.id };
    const bool live = v->o.flow.found && v->o.flow.state != FLOW_ENDED;
    v->may_move = live && desk_order_does(&v->o, "flow.propose_move");
    TRY(db_get(db, &sql_flow_move, &in, &v->move, r->arena, &v->moving, e));
    v->moving = v->moving && live && v->move.approved == TIME_NONE &&
                v->move.from_version == v->o.flow.workflow_version;
    if (v->moving && v->move.declined != TIME_NONE) {
        v->moving = false;
        v->decliner = show_person(p, db, v->move.declined_by);
        v->move_version = arena_printf(r->arena, "%lld", (long long)v->move.version);
    }
    if (!v->moving)
        return OK;
    v->mover = show_person(p, db, v->move.proposed_by);
    v->move_version = arena_printf(r->arena, "%lld", (long long)v->move.version);
    v->may_approve = desk_order_does(&v->o, "flow.approve_move") &&
                     !str_eq(v->move.proposed_by, show_actor(r)->name);
    v->may_decline = desk_order_does(&v->o, "flow.decline_move") &&
                     !str_eq(v->move.proposed_by, show_actor(r)->name);
    return move_differences(v, db, p, e);
}

/* Loops that the reader may take now. */
static enum outcome loops(struct desk_order_view *v, const struct http_request *r, struct page *p,
                          struct err *e)
{
    const struct workflow *w = v->o.flow.workflow;
    struct desk_loop *out =
        ARENA_ARRAY(r->arena, v->o.flow.found ? w->loops.n + 1 : 1, struct desk_loop);
    if (!out)
        return err_no_memory(e);
    v->loops = out;
    for (size_t i = 0; v->o.flow.found && i < w->loops.n; i++) {
        const struct flow_loop *loop = &w->loops.p[i];
        struct err ignored = { 0 };
        if (!desk_order_does(&v->o, "flow.repeat") ||
            flow_loop_may(&v->o.flow, loop, v->o.actor, &ignored) != OK)
            continue;
        out[v->nloops++] = (struct desk_loop){
            .loop = loop,
            .id = arena_printf(r->arena, "loop-%.*s", STR(loop->name)),
            .reason_id = arena_printf(r->arena, "loop-%.*s-reason", STR(loop->name)),
            .taken = arena_printf(r->arena, "%lld", (long long)flow_loop_taken(&v->o.flow, loop)),
            .times = arena_printf(r->arena, "%lld", (long long)loop->times),
            .units = show_name(p, "unit_fate", loop->units),
        };
    }
    return OK;
}

/* What the reader has just done: that it is recorded, and whether they sign it now. */
static enum outcome just_done(struct desk_order_view *v, const struct http_request *r,
                              struct db *db, struct err *e)
{
    const struct flow_view *f = &v->o.flow;
    const struct flow_task *task = f->found ? flow_task_find(f, http_query(r, "done")) : NULL;
    const struct flow_open_task *done = task ? desk_open_task(f, task->name) : NULL;
    struct str place;
    if (!done || !done->done || !str_eq(done->by, show_actor(r)->name))
        return OK;
    v->done = task->title;
    TRY(desk_place_to_sign(&place, &v->o, db, done, r->arena, e));
    if (place.p)
        v->sign = arena_printf(r->arena, "/orders/%.*s/tasks/%.*s", STR(v->o.id), STR(task->name));
    return OK;
}

static enum outcome order(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_order_view *v = ARENA_NEW(r->arena, struct desk_order_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    if (http_wants_json(r))
        return show_row(r, sql_order_order.out, &v->o.row, e);
    v->topic = arena_printf(r->arena, "order/%.*s", STR(v->o.id));
    v->refused = show_refusal(p, r);
    TRY(just_done(v, r, db, e));
    if (v->o.next) {
        v->owner = desk_owner(p, db, v->o.next->role, v->o.next_open->site);
        v->next_mine = desk_plays(v->o.actor, v->o.next->role, v->o.next_open, r->arena);
    }
    order_dose_of(&v->dose, &v->o.row, v->o.pinned, p->language, r->arena);
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "", e));
    TRY(desk_task_lines(&v->open, &v->nopen, p, db, &v->o, false, e));
    TRY(desk_order_lists(v, db, r->arena, e));
    TRY(desk_order_foresee(v, db, p, e));
    TRY(plan(v, r->arena, e));
    TRY(desk_order_timeline(v, r, db, p, e));
    TRY(desk_order_drawing(&v->drawing, p, &v->o, e));
    rights(v);
    v->sees_patient = flow_sees(&v->o.sight, "patient");
    v->sees_next = v->o.next && flow_sees_record(&v->o.sight, v->o.next);
    TRY(loops(v, r, p, e));
    TRY(move(v, r, db, p, e));
    page_order(p, v);
    return OK;
}

enum http_state desk_get_order(struct http_request *r)
{
    return show(r, "page.order.title", order);
}

/* --- acts on the whole order --- */

enum http_state desk_order_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.order.title", order, refused);
}

enum http_state desk_post_order(struct http_request *r)
{
    static const char *const known[] = { "flow.hold",         "flow.resume",
                                         "flow.end",          "stop.resolve",
                                         "order.schedule",    "flow.repeat",
                                         "flow.propose_move", "flow.approve_move",
                                         "flow.decline_move" };
    const struct str name = http_param(r, "command");
    struct err e = { 0 };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(name, known[i]))
            return app_command(
                r, &(struct app_command){
                       .name = name,
                       .next = arena_printf(r->arena, "/orders/%.*s", STR(http_param(r, "order"))),
                       .refused = i == 3 ? desk_stop_again : desk_order_again,
                   });
    (void)REFUSE(&e, "gate.unknown_command", { "command", name });
    return app_problem(r, &e);
}
