/* The order drawn in time for the report, from its events alone: each pass of a task a bar in the
 * lane of the part that did it, and each check that failed a point. The tables say the same. */
#include "kernel/draw.h"
#include "modules/desk/coi_impl.h"

struct lanes {
    struct draw_lane lanes[DRAW_LANES_MAX];
    struct str parts[DRAW_LANES_MAX];
    size_t n;
};

static void lanes_read(struct lanes *out, const struct coi_writer *w)
{
    const struct desk_coi_event *started = coi_find(w, "flow.started", NULL, S(""));
    const struct json *list = started ? json_get(started->body, "parties") : NULL;
    out->n = 0;
    for (const struct json *x = list ? list->child : NULL; x && out->n < DRAW_LANES_MAX;
         x = x->next) {
        out->parts[out->n] = json_get_str(x, "part");
        out->lanes[out->n].label = show_name(w->p, "part", out->parts[out->n]);
        out->n++;
    }
}

/* The lane of a task's opening; lanes->n for none. */
static size_t lane_of(const struct lanes *lanes, const struct desk_coi_event *opened)
{
    size_t i = opened ? 0 : lanes->n;
    while (i < lanes->n && !str_eq(lanes->parts[i], desk_coi_text(opened, "part")))
        i++;
    return i;
}

/* The task's opening before place i; NULL: it never opened. */
static const struct desk_coi_event *opening(const struct coi_writer *w, size_t i, struct str task)
{
    while (i-- > 0)
        if (coi_is(&w->c->events[i], "flow.task_opened") &&
            str_eq(desk_coi_text(&w->c->events[i], "task"), task))
            return &w->c->events[i];
    return NULL;
}

static bool undoes(const struct desk_coi_event *x, struct str task)
{
    const struct json *list = coi_is(x, "flow.repeated") ? json_get(x->body, "tasks") : NULL;
    for (const struct json *item = list ? list->child : NULL; item; item = item->next)
        if (str_eq(item->text, task))
            return true;
    return false;
}

/* From its opening to what ended this pass: done, undone by a loop, or the order's end. */
static struct draw_span span(const struct coi_writer *w, size_t i)
{
    const struct desk_coi_event *opened = &w->c->events[i];
    const struct str task = desk_coi_text(opened, "task");
    struct draw_span out = {
        .from_us = opened->event.happened,
        .to_us = TIME_NONE,
        .label = words_say(w->p, desk_coi_text(opened, "title")),
        .word = coi_words(w, "drawing.open"),
        .state = DRAW_OPEN,
    };
    for (size_t k = i + 1; k < w->c->n && out.to_us == TIME_NONE; k++) {
        const struct desk_coi_event *x = &w->c->events[k];
        const bool done = coi_is(x, "flow.task_done") && str_eq(desk_coi_text(x, "task"), task);
        if (!done && !coi_is(x, "flow.ended") && !undoes(x, task))
            continue;
        out.to_us = x->event.happened > out.from_us ? x->event.happened : out.from_us;
        out.word = coi_words(w, done ? "drawing.done" : "drawing.undone");
        out.state = done ? DRAW_DONE : DRAW_IDLE;
    }
    return out;
}

static struct draw_point failed(const struct coi_writer *w, const struct desk_coi_event *x)
{
    return (struct draw_point){
        .at_us = x->event.happened,
        .label = show_name(w->p, "point", desk_coi_text(x, "point")),
        .word = show_name(w->p, "check_result", desk_coi_text(x, "result")),
        .state = DRAW_STOP,
    };
}

enum outcome coi_timeline(const struct coi_writer *w, struct err *e)
{
    struct lanes lanes;
    struct draw_span *spans = ARENA_ARRAY(w->a, DRAW_MARKS_MAX, struct draw_span);
    struct draw_point *points = ARENA_ARRAY(w->a, DRAW_MARKS_MAX, struct draw_point);
    struct draw_timeline t = { .title = coi_words(w, "drawing.title"),
                               .language = w->p->language,
                               .now_us = TIME_NONE };
    struct html drawing;
    if (!spans || !points)
        return err_no_memory(e);
    lanes_read(&lanes, w);
    for (size_t i = 0; i < w->c->n && t.nspans + t.npoints < DRAW_MARKS_MAX; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        const bool opens = coi_is(x, "flow.task_opened");
        if (!opens &&
            !(coi_is(x, "identity.checked") && str_is(desk_coi_text(x, "result"), "fail")))
            continue;
        const size_t lane = lane_of(&lanes, opens ? x : opening(w, i, desk_coi_text(x, "task")));
        if (lane == lanes.n)
            continue;
        if (opens) {
            spans[t.nspans] = span(w, i);
            spans[t.nspans++].lane = lane;
        } else {
            points[t.npoints] = failed(w, x);
            points[t.npoints++].lane = lane;
        }
    }
    if (t.nspans == 0)
        return OK;
    t.lanes = lanes.lanes;
    t.nlanes = lanes.n;
    t.spans = spans;
    t.points = points;
    TRY(draw_timeline(&drawing, &t, w->a, e));
    print_heading(w->print, 1, t.title);
    print_drawing(w->print, drawing, coi_words(w, "page.coi.timeline_alt"),
                  coi_words(w, "page.coi.timeline_text"));
    return OK;
}
