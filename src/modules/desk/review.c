/* The review by exception: who sees it, its page, and what of it the order's flow says. */
#include "modules/desk/review.h"

#include <stdlib.h>

#include "gen/desk/pages/order_review.html.h"
#include "modules/desk/desk.h"

enum { SAID_MAX = 600 };

/* --- who sees it, and where it is decided by --- */

bool desk_review_seen(const struct desk_order *o)
{
    const struct workflow *w = o->flow.found ? o->flow.workflow : NULL;
    bool all = w && flow_sees(&o->sight, "report") && flow_sees(&o->sight, "custody") &&
               flow_sees(&o->sight, "deviation");
    for (size_t s = 0; all && s < w->stages.n; s++)
        for (size_t t = 0; t < w->stages.p[s].tasks.n; t++)
            all = all && flow_sees_record(&o->sight, &w->stages.p[s].tasks.p[t]);
    return all;
}

static bool lets_go(const struct flow_task *task)
{
    return str_is(task->act, "release") || str_is(task->act, "supply");
}

/* stage: NULL for a task that the workflow has no more. */
static bool stage_lets_go(const struct flow_stage *stage)
{
    bool out = false;
    for (size_t t = 0; stage && t < stage->tasks.n; t++)
        out |= lets_go(&stage->tasks.p[t]);
    return out;
}

bool desk_review_for(const struct desk_order *o, const struct flow_task *task)
{
    return task->records.n > 0 || task->closed.n > 0 ||
           stage_lets_go(desk_stage_of(o->flow.workflow, task->name));
}

/* --- lines --- */

void review_add(struct review_making *m, struct desk_exception x)
{
    struct desk_review *out = m->out;
    if (out->n == DESK_EXCEPTIONS_MAX) {
        out->more = true;
        return;
    }
    m->rows[out->n++] = x;
    out->nopen += x.open;
}

struct str review_say(const struct review_making *m, const char *key, struct text_param first,
                      struct text_param second)
{
    const struct text_param params[] = { first, second };
    struct buf b = buf_in(m->a, SAID_MAX);
    text_write(&b, m->p->language, str_z(key), params, second.name ? 2 : 1);
    return buf_get(&b);
}

struct str review_word(const struct review_making *m, const char *key)
{
    return text_find(m->p->language, str_z(key));
}

struct str review_path(const struct review_making *m, const char *rest)
{
    return arena_printf(m->a, "/orders/%.*s%s", STR(m->o->id), rest);
}

struct str review_task_path(const struct review_making *m, struct str task, const char *rest)
{
    return arena_printf(m->a, "/orders/%.*s/tasks/%.*s%s", STR(m->o->id), STR(task), rest);
}

/* --- the flow: time, what was done again, what holds the order up --- */

static struct str title_of(const struct review_making *m, struct str name)
{
    const struct flow_task *task = flow_task_find(&m->o->flow, name);
    return task ? task->title : name;
}

static void late(struct review_making *m, const struct flow_open_task *t)
{
    const int64_t until = t->done ? t->done_at : m->p->now_us;
    if (t->due == TIME_NONE || until <= t->due)
        return;
    review_add(m, (struct desk_exception){
                      .kind = "page.review.time",
                      .tone = t->done ? SHOW_INFO : SHOW_WARN,
                      .open = !t->done,
                      .what = title_of(m, t->task),
                      .detail = review_say(
                          m, t->done ? "page.review.late_by" : "page.review.late_since",
                          (struct text_param){ "time", show_duration(m->p, until - t->due) },
                          (struct text_param){ 0 }),
                      .word = review_word(m, t->done ? "page.review.late" : "page.review.overdue"),
                      .path = review_task_path(m, t->task, ""),
                  });
}

/* What is open though the product's release has begun, and stands before it. */
static void left_open(struct review_making *m, const struct flow_open_task *t)
{
    const struct flow_task *task = flow_task_find(&m->o->flow, t->task);
    if (t->done || !task || task->late || (t->due != TIME_NONE && m->p->now_us > t->due))
        return;
    review_add(m, (struct desk_exception){
                      .kind = "page.review.time",
                      .tone = SHOW_WARN,
                      .open = true,
                      .what = task->title,
                      .detail = S(""),
                      .word = review_word(m, "page.review.not_done"),
                      .path = review_task_path(m, t->task, ""),
                  });
}

/* The first stage in which the product is let go, once one of its tasks has opened: NULL before. */
static const struct flow_stage *releasing(const struct flow_view *f)
{
    const struct flow_stage *out = NULL;
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_stage *stage = desk_stage_of(f->workflow, f->tasks[i].task);
        if (stage_lets_go(stage) && (!out || stage < out))
            out = stage;
    }
    return out;
}

static void tasks(struct review_making *m)
{
    const struct flow_view *f = &m->o->flow;
    const struct flow_stage *release = releasing(f);
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_stage *stage = desk_stage_of(f->workflow, f->tasks[i].task);
        late(m, &f->tasks[i]);
        if (release && stage && stage < release && f->state != FLOW_ENDED)
            left_open(m, &f->tasks[i]);
    }
}

static void again(struct review_making *m)
{
    const struct flow_view *f = &m->o->flow;
    for (size_t i = 0; i < f->workflow->loops.n; i++) {
        const struct flow_loop *loop = &f->workflow->loops.p[i];
        const int64_t taken = flow_loop_taken(f, loop);
        if (taken == 0)
            continue;
        review_add(m,
                   (struct desk_exception){
                       .kind = "page.review.again",
                       .tone = SHOW_WARN,
                       .what = loop->title,
                       .detail = review_say(
                           m, "page.review.times",
                           (struct text_param){ "n", arena_printf(m->a, "%lld", (long long)taken) },
                           (struct text_param){ 0 }),
                       .word = review_word(m, "page.review.done_again"),
                       .path = review_path(m, "?all=1"),
                   });
    }
}

static void standing(struct review_making *m)
{
    const struct desk_order *o = m->o;
    struct desk_exception x = {
        .kind = "page.review.order", .open = true, .detail = S(""), .path = review_path(m, "")
    };
    if (o->flow.state == FLOW_HELD) {
        x.tone = SHOW_WARN;
        x.what = review_word(m, "page.task.held");
        x.word = review_word(m, "order_state.held");
        review_add(m, x);
    }
    if (o->stop.standing || o->stop.discarding) {
        x.tone = SHOW_STOP;
        x.what = show_name(m->p, "point", o->stop.point);
        x.word = review_word(m, o->stop.standing ? "order_state.stopped" : "page.order.to_discard");
        review_add(m, x);
    }
    if (o->row.corrected != TIME_NONE)
        review_add(m, (struct desk_exception){
                          .kind = "page.review.correction",
                          .tone = SHOW_INFO,
                          .what = review_word(m, "page.review.patient_data"),
                          .detail = show_time(m->p, o->row.corrected),
                          .word = review_word(m, "page.review.corrected"),
                          .path = review_path(m, "?all=1"),
                      });
}

/* --- all of it --- */

static int gravity(enum show_tone tone)
{
    return tone == SHOW_STOP ? 0 : tone == SHOW_WARN ? 1 : tone == SHOW_INFO ? 2 : 3;
}

static int gravest_first(const void *a, const void *b)
{
    const struct desk_exception *x = a;
    const struct desk_exception *y = b;
    if (x->open != y->open)
        return x->open ? -1 : 1;
    if (x->tone != y->tone)
        return gravity(x->tone) - gravity(y->tone);
    const int kind = strcmp(x->kind, y->kind);
    return kind != 0 ? kind : str_cmp(x->what, y->what);
}

static void regular(struct review_making *m)
{
    static const struct {
        const char *what;
        const char *path;
    } rows[DESK_REGULARS] = {
        [REVIEW_RECORDS] = { "page.review.n_records", "/forms" },
        [REVIEW_RESULTS] = { "page.review.n_results", "/forms" },
        [REVIEW_VALUES] = { "page.review.n_values", "/forms" },
        [REVIEW_SIGNATURES] = { "page.review.n_signatures", "/forms" },
        [REVIEW_CHECKS] = { "page.review.n_checks", "/coi" },
        [REVIEW_TEMPERATURES] = { "page.review.n_temperatures", "/custody" },
    };
    for (size_t i = 0; i < DESK_REGULARS; i++) {
        m->out->regular[i].what = rows[i].what;
        m->out->regular[i].path = review_path(m, rows[i].path);
    }
}

enum outcome desk_review_read(struct desk_review *out, struct http_request *r, struct db *db,
                              struct page *p, const struct desk_order *o, struct err *e)
{
    struct arena *a = p->b->arena;
    struct review_making m = {
        .out = out,
        .rows = ARENA_ARRAY(a, DESK_EXCEPTIONS_MAX, struct desk_exception),
        .o = o,
        .r = r,
        .db = db,
        .p = p,
        .a = a,
    };
    *out = (struct desk_review){ .rows = m.rows };
    if (!m.rows)
        return err_no_memory(e);
    regular(&m);
    standing(&m);
    TRY(review_records(&m, e));
    TRY(review_events(&m, e));
    tasks(&m);
    again(&m);
    if (out->n > 0)
        qsort(m.rows, out->n, sizeof *m.rows, gravest_first);
    return OK;
}

/* --- the page --- */

static enum outcome review(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_review_view *v = ARENA_NEW(r->arena, struct desk_review_view);
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    if (!desk_review_seen(&v->o))
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(desk_review_read(&v->review, r, db, p, &v->o, e));
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/review", e));
    page_order_review(p, v);
    return OK;
}

enum http_state desk_get_review(struct http_request *r)
{
    return show(r, "page.review.title", review);
}
