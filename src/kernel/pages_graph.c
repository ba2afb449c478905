/* A workflow as a drawing: its tasks as nodes, boxed by stage, each below what it waits for; loops
 * lead back. */
#include "kernel/draw.h"
#include "kernel/flow_impl.h"
#include "kernel/pages.h"

struct sketch {
    struct page *page;
    const struct workflow *workflow;
    struct draw_node *nodes; /* task number n is node n - 1 */
    size_t nnodes;
    struct draw_edge *edges;
    size_t nedges;
};

static void put_edge(struct sketch *s, int64_t from, int64_t to, struct str label, bool dashed)
{
    if (s->nedges < DRAW_EDGES_MAX)
        s->edges[s->nedges++] = (struct draw_edge){
            .from = (size_t)from - 1,
            .to = (size_t)to - 1,
            .label = label,
            .dashed = dashed,
        };
}

/* Dashed is the way to what may not be done at all: a late task, or one with a condition. */
static void put_task(struct sketch *s, int64_t number)
{
    const struct flow_stage *stage;
    const struct flow_task *task = flow_task_at(s->workflow, number, &stage);
    int64_t waits[FLOW_AFTER_MAX];
    const bool perhaps = task->late || task->when.n > 0;
    struct str language = s->page->language;
    s->nodes[s->nnodes++] = (struct draw_node){
        .label = task->title,
        .detail = show_name(s->page, "role", task->role),
        .word = task->when.n > 0 ? task->when.p[0].text
                : task->late     ? text_find(language, S("page.definition.late"))
                                 : (struct str){ 0 },
        .group = stage->title,
        .state = task->checks.n > 0 ? DRAW_OPEN : DRAW_IDLE,
    };
    const size_t n = flow_waits_for(waits, s->workflow, number);
    for (size_t i = 0; i < n; i++)
        put_edge(s, waits[i], number, (struct str){ 0 }, perhaps);
}

/* A loop may be taken at many tasks; one line, from the last of them, says that there is a way
 * back. */
static void put_loop(struct sketch *s, const struct flow_loop *loop)
{
    int64_t from, to;
    if (loop->from.n > 0 && flow_task_named(s->workflow, loop->to, &to) &&
        flow_task_named(s->workflow, loop->from.p[loop->from.n - 1], &from))
        put_edge(s, from, to, loop->title, true);
}

enum outcome pages_workflow_graph(struct html *out, struct page *p, struct str title,
                                  const struct workflow *w, struct err *e)
{
    struct arena *arena = p->b->arena;
    struct sketch s = { .page = p, .workflow = w };
    const int64_t n = flow_tasks_count(w);
    s.nodes = ARENA_ARRAY(arena, (size_t)n + 1, struct draw_node);
    s.edges = ARENA_ARRAY(arena, DRAW_EDGES_MAX, struct draw_edge);
    if (!s.nodes || !s.edges)
        return err_no_memory(e);
    for (int64_t number = 1; number <= n; number++)
        put_task(&s, number);
    for (size_t i = 0; i < w->loops.n; i++)
        put_loop(&s, &w->loops.p[i]);
    const struct draw_graph g = {
        .title = title,
        .way = DRAW_DOWN,
        .nodes = s.nodes,
        .nnodes = s.nnodes,
        .edges = s.edges,
        .nedges = s.nedges,
    };
    return draw_graph(out, &g, arena, e);
}
