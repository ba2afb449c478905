/* A workflow as a drawing: its tasks as nodes, boxed by stage, each below what it waits for. */
#include "kernel/draw.h"
#include "kernel/flow.h"
#include "kernel/pages.h"

struct sketch {
    struct page *page;
    struct draw_node *nodes;
    size_t nnodes;
    struct draw_edge *edges;
    size_t nedges;
    size_t last; /* the task that the next one waits for */
};

/* A late task opens with its turn, but the next one does not wait for it. */
static void put_task(struct sketch *s, const struct flow_stage *stage, const struct flow_task *task)
{
    const size_t own = s->nnodes++;
    s->nodes[own] = (struct draw_node){
        .label = task->title,
        .detail = show_name(s->page, "role", task->role),
        .word = task->late ? text_find(s->page->language, S("page.definition.late"))
                           : (struct str){ 0 },
        .group = stage->title,
        .state = task->checks.n > 0 ? DRAW_OPEN : DRAW_IDLE,
    };
    if (own > 0)
        s->edges[s->nedges++] =
            (struct draw_edge){ .from = s->last, .to = own, .dashed = task->late };
    if (!task->late || own == 0)
        s->last = own;
}

enum outcome pages_workflow_graph(struct html *out, struct page *p, struct str title,
                                  const struct workflow *w, struct err *e)
{
    struct arena *arena = p->b->arena;
    struct sketch s = { .page = p };
    size_t n = 0;
    for (size_t i = 0; i < w->stages.n; i++)
        n += w->stages.p[i].tasks.n;
    s.nodes = ARENA_ARRAY(arena, n + 1, struct draw_node);
    s.edges = ARENA_ARRAY(arena, n + 1, struct draw_edge);
    if (!s.nodes || !s.edges)
        return err_no_memory(e);
    for (size_t i = 0; i < w->stages.n; i++)
        for (size_t k = 0; k < w->stages.p[i].tasks.n; k++)
            put_task(&s, &w->stages.p[i], &w->stages.p[i].tasks.p[k]);
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
