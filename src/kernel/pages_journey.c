/* A workflow tried at its definition or draft: on an imagined journey, or on the history of an
 * order that the person may see. No command is sent, no event is made, nothing is written. */
#include "gen/kernel/pages/workflow_try.html.h"
#include "base/id.h"
#include "kernel/flow_share.h"
#include "kernel/pages.h"
#include "kernel/search.h"

static const char example[] = "title: As it should be\n"
                              "workflow: %.*s\n"
                              "starts: 2026-01-05T08:00:00Z\n"
                              "steps:\n"
                              "- {say: One task after the other., complete: %.*s}\n"
                              "- {wait: P1D}\n";

const struct pages_journey_word pages_journey_words[PAGES_JOURNEY_WORDS] = {
    { "complete: TASK, with: {FIELD: VALUE}, by: ROLE", "page.journey.word.complete" },
    { "correct: TASK, with: {FIELD: VALUE}", "page.journey.word.correct" },
    { "check: POINT, at: TASK", "page.journey.word.check" },
    { "resolve: continue", "page.journey.word.resolve" },
    { "wait: P2D", "page.journey.word.wait" },
    { "loop: LOOP", "page.journey.word.loop" },
    { "opens: [TASK]", "page.journey.word.expect" },
    { "refused: CODE", "page.journey.word.refused" },
};

struct str pages_journey_example(const struct definition *workflow, struct arena *arena)
{
    const struct workflow *w = workflow->body;
    return arena_printf(arena, example, STR(workflow->name), STR(w->stages.p[0].tasks.p[0].name));
}

static const struct pages_journey_line *lines(struct page *p, const struct flow_journey_report *r)
{
    static const char *const sorts[] = {
        [JOURNEY_STEP] = "step",     [JOURNEY_FOLLOWS] = "follows", [JOURNEY_REFUSED] = "refused",
        [JOURNEY_FAILED] = "failed", [JOURNEY_DIFFERS] = "differs",
    };
    struct arena *a = p->b->arena;
    struct pages_journey_line *out = ARENA_ARRAY(a, r->n + 1, struct pages_journey_line);
    for (size_t i = 0; out && i < r->n; i++) {
        const struct flow_journey_line *line = &r->lines[i];
        bool loud = line->sort == JOURNEY_FAILED || line->sort == JOURNEY_DIFFERS;
        out[i] = (struct pages_journey_line){
            .time = show_time(p, line->at),
            .text = flow_journey_text(line, p->language, a),
            .sort = sorts[line->sort],
            .key = loud || line->sort == JOURNEY_REFUSED
                       ? arena_printf(a, "page.journey.sort.%s", sorts[line->sort])
                       : (struct str){ 0 },
            .loud = loud,
        };
    }
    return out;
}

static struct str joined(struct page *p, const struct flow_journey_report *r)
{
    struct buf b = buf_in(p->b->arena, 64 << 10);
    for (size_t i = 0; i < r->nopen; i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, r->open[i]);
    }
    return buf_get(&b);
}

/* With plain ends of lines, which browsers post as CR LF. */
static struct str plain_lines(struct str s, struct arena *arena)
{
    char *to = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < s.n; i++)
        if (s.p[i] != '\r')
            to[n++] = s.p[i];
    return (struct str){ s.p ? to : NULL, n };
}

static enum outcome imagined(struct flow_journey_report *out, struct str yaml,
                             const struct flow_journey_trial *trial, struct err *e)
{
    const struct flow_journey *j;
    TRY(flow_journey_read(&j, yaml, trial->context->arena, e));
    return flow_journey_run(out, j, trial, e);
}

/* A replay tells of every part's tasks: for those whose part sees the whole order. */
static enum outcome whole_seen(bool *out, struct http_request *r, struct db *db, struct str order,
                               struct arena *arena, struct err *e)
{
    struct flow_view v;
    struct flow_sight sight;
    const struct actor *actor;
    TRY(flow_read(db, order, &v, arena, e));
    TRY(flow_actor(&actor, db, show_actor(r), order, arena, e));
    TRY(flow_sight_read(&sight, db, &v, actor, NULL, e));
    *out = !sight.sharing || flow_sees(&sight, "report");
    return OK;
}

static enum outcome take_order(void *context, const struct search_hit *hit, bool *may,
                               struct err *e)
{
    struct str *order = context;
    (void)e;
    *may = hit->rank == 0 && str_is(str_z(hit->rule->kind), "order");
    if (*may)
        *order = hit->thing;
    return OK;
}

/* By the identifier that people read, or by its own id. */
static enum outcome order_called(struct str *order, struct http_request *r, struct db *db,
                                 struct str text, struct err *e)
{
    const struct node *node = app_of(r)->node;
    const struct search_query query = {
        .text = text, .actor = show_actor(r), .max = 1, .may = take_order, .context = order
    };
    struct search_answer found;
    *order = text;
    if (id_valid(text) || !search_among(node->registry))
        return OK;
    return search_find(&found, db, node->registry, node->keys, &query, r->arena, e);
}

/* An order that the person may not see is unknown. */
static enum outcome recorded(struct flow_journey_report *out, struct http_request *r, struct db *db,
                             struct str called, const struct flow_journey_trial *trial,
                             struct err *e)
{
    struct flow_right right = { .permission = "order.see" };
    bool may = false;
    TRY(order_called(&right.order, r, db, called, e));
    const struct str order = right.order;
    if (id_valid(order))
        TRY(flow_party_may(&may, db, show_actor(r), &right, trial->context->arena, e));
    if (may)
        TRY(whole_seen(&may, r, db, order, trial->context->arena, e));
    if (!may)
        return REFUSE(e, "journey.unknown_order");
    return flow_journey_replay(out, db, order, trial, e);
}

/* Runs it and shows what came of it, while its memory is there. */
static enum outcome tried(struct pages_journey_view *v, struct http_request *r, struct db *db,
                          struct page *p, struct arena *arena, struct err *e)
{
    const struct define_context context = { .db = db, .now_us = INT64_MAX, .arena = arena };
    const struct flow_journey_trial trial = { &v->workflow, &context, p->language };
    struct flow_journey_report report = { 0 };
    struct err why = { 0 };
    enum outcome o = v->order.n > 0 ? recorded(&report, r, db, v->order, &trial, &why)
                                    : imagined(&report, v->journey, &trial, &why);
    if (o == FAULT)
        *e = why;
    if (o == FAULT)
        return FAULT;
    if (o == REFUSED)
        v->refused = define_error(r->arena, p->language, &why);
    v->tried = o == OK;
    v->title = report.title;
    v->lines = lines(p, &report);
    v->n = v->lines ? report.n : 0;
    v->nfailed = report.nfailed;
    v->ndiffers = report.ndiffers;
    v->open = joined(p, &report);
    page_workflow_try(p, v);
    return OK;
}

static enum outcome try_workflow(struct http_request *r, struct db *db, struct page *p,
                                 struct err *e)
{
    struct pages_journey_view v = { 0 };
    TRY(pages_tried_find(&v.from, r, db, p, "workflow", e));
    v.workflow = v.from.definition;
    v.journey = plain_lines(http_form(r, "journey"), r->arena);
    v.order = str_trim(http_form(r, "order"));
    if (!v.journey.p)
        v.journey = pages_journey_example(&v.workflow, r->arena);
    if (!str_is(r->method, "POST")) {
        page_workflow_try(p, &v);
        return OK;
    }
    struct arena *arena = arena_new(FLOW_JOURNEY_ARENA);
    if (!arena)
        return err_no_memory(e);
    enum outcome o = tried(&v, r, db, p, arena, e);
    arena_free(arena);
    return o;
}

enum http_state pages_try_workflow(struct http_request *r)
{
    return show(r, "page.journey.title", try_workflow);
}
