/* An order drawn in time: each task a bar from when it opened until it was done, in the lane of the
 * part that does it. It says nothing that the list of events below it does not say in words. */
#include "modules/desk/order.h"

static size_t lane_of(const struct flow_view *f, struct str part)
{
    for (size_t i = 0; i < f->nparties; i++)
        if (str_eq(f->parties[i].part, part))
            return i;
    return f->nparties;
}

static struct draw_span span(struct page *p, const struct desk_order *o, const struct flow_task *t,
                             const struct flow_open_task *open)
{
    const char *word = open->done      ? "drawing.done"
                       : open->overdue ? "drawing.late"
                                       : "drawing.open";
    return (struct draw_span){
        .lane = lane_of(&o->flow, t->part),
        .from_us = open->opened,
        .to_us = open->done ? open->done_at : TIME_NONE,
        .label = t->title,
        .word = text_find(p->language, str_z(word)),
        .href = arena_printf(p->b->arena, "/orders/%.*s/tasks/%.*s", STR(o->id), STR(t->name)),
        .state = open->done      ? DRAW_DONE
                 : open->overdue ? DRAW_STOP
                                 : DRAW_OPEN,
    };
}

enum outcome desk_order_drawing(struct html *out, struct page *p, const struct desk_order *o,
                                struct err *e)
{
    const struct flow_view *f = &o->flow;
    struct arena *a = p->b->arena;
    struct draw_lane *lanes = ARENA_ARRAY(a, f->nparties + 1, struct draw_lane);
    struct draw_span *spans = ARENA_ARRAY(a, f->ntasks + 1, struct draw_span);
    size_t n = 0;
    *out = (struct html){ S("") };
    if (!lanes || !spans)
        return err_no_memory(e);
    for (size_t i = 0; i < f->nparties; i++)
        lanes[i].label = show_name(p, "part", f->parties[i].part);
    for (size_t i = 0; i < f->ntasks; i++) {
        const struct flow_task *t = flow_task_find(f, f->tasks[i].task);
        if (t && lane_of(f, t->part) < f->nparties && (f->tasks[i].done || f->state != FLOW_ENDED))
            spans[n++] = span(p, o, t, &f->tasks[i]);
    }
    if (n == 0)
        return OK;
    const struct draw_timeline drawing = {
        .title = text_find(p->language, S("drawing.title")),
        .lanes = lanes,
        .nlanes = f->nparties,
        .spans = spans,
        .nspans = n,
        .now_us = f->state == FLOW_ENDED ? TIME_NONE : p->now_us,
        .now = text_find(p->language, S("drawing.now")),
        .language = p->language,
    };
    return draw_timeline(out, &drawing, a, e);
}
