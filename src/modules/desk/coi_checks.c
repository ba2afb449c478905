/* The checks of an order's chain of identity, point by point: who passed which, and what is still
 * to come. The report has every single one. */
#include "modules/desk/coi.h"

enum { CHECKS_MAX = 2000, POINTS_MAX = 400, PERSONS_MAX = 400 };

struct gathered {
    struct desk_coi_point *points;
    struct buf *persons; /* of each */
    size_t n;
};

static struct desk_coi_point *point_of(struct gathered *g, struct str task, struct str point,
                                       int64_t pass, struct arena *a)
{
    for (size_t i = 0; i < g->n; i++)
        if (str_eq(g->points[i].task, task) && str_eq(g->points[i].point, point) &&
            g->points[i].pass == pass)
            return &g->points[i];
    if (g->n == POINTS_MAX)
        return NULL;
    g->persons[g->n] = buf_in(a, PERSONS_MAX);
    g->points[g->n] = (struct desk_coi_point){
        .task = task, .point = point, .pass = pass, .at = TIME_NONE, .state = DESK_POINT_OPEN
    };
    return &g->points[g->n++];
}

/* One check: the last of a point says how it stands, and none of its mismatches is forgotten. */
static void take(struct gathered *g, const struct identity_checks_out *row, struct page *p,
                 struct db *db)
{
    struct arena *a = p->b->arena;
    struct desk_coi_point *x = point_of(g, row->task, row->point, row->pass, a);
    if (!x)
        return;
    struct buf *persons = &g->persons[x - g->points];
    x->past = row->past;
    x->at = row->happened;
    if (str_is(row->result, "fail")) {
        x->state = DESK_POINT_FAILED;
        x->mismatches++;
        buf_cut(persons, 0); /* what was passed before holds no longer */
    } else if (str_is(row->result, "pass")) {
        x->state = row->complete ? DESK_POINT_PASSED : DESK_POINT_HALF;
        x->typed += str_is(row->method, "manual");
        buf_z(persons, persons->n > 0 ? ", " : "");
        buf_str(persons, auth_account_name(db, row->account, a));
    }
}

/* Points of tasks that are sure to come. */
static void to_come(struct gathered *g, const struct flow_view *f, struct arena *a)
{
    const struct workflow *w = f->workflow;
    for (size_t s = 0; w && f->state != FLOW_ENDED && s < w->stages.n; s++)
        for (size_t t = 0; t < w->stages.p[s].tasks.n; t++) {
            const struct flow_task *task = &w->stages.p[s].tasks.p[t];
            const struct flow_open_task *open = flow_opened(f, task->name);
            if ((open && open->done) || (!open && task->when.n > 0))
                continue;
            for (size_t c = 0; c < task->checks.n; c++) {
                bool there = false;
                for (size_t i = 0; i < g->n; i++)
                    there |= !g->points[i].past && str_eq(g->points[i].task, task->name) &&
                             str_eq(g->points[i].point, task->checks.p[c]);
                if (!there)
                    (void)point_of(g, task->name, task->checks.p[c], 0, a);
            }
        }
}

enum outcome desk_coi_points(struct desk_coi_view *v, struct db *db, struct page *p, struct err *e)
{
    const struct identity_checks_in in = { v->o.id };
    struct record_list list;
    struct arena *a = p->b->arena;
    struct gathered g = { ARENA_ARRAY(a, POINTS_MAX, struct desk_coi_point),
                          ARENA_ARRAY(a, POINTS_MAX, struct buf), 0 };
    if (!g.points || !g.persons)
        return err_no_memory(e);
    TRY(db_list(db, &sql_identity_checks, &in, &list, CHECKS_MAX, a, e));
    const struct identity_checks_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        take(&g, &rows[i], p, db);
    to_come(&g, &v->o.flow, a);
    for (size_t i = 0; i < g.n; i++) {
        const struct flow_task *task = flow_task_find(&v->o.flow, g.points[i].task);
        g.points[i].persons = buf_get(&g.persons[i]);
        g.points[i].title = task ? task->title : g.points[i].task;
        v->npassed += g.points[i].state == DESK_POINT_PASSED && !g.points[i].past;
    }
    v->points = g.points;
    v->npoints = g.n;
    return OK;
}
