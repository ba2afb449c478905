/* Layers of a graph: loops are cut at the edges that close them, each node goes one below the
 * lowest of those above it, and long edges get a vertex in each layer they pass. */
#include <stdlib.h>

#include "kernel/draw_impl.h"

/* Edges leaving each node, as rows of one array. */
struct adjacency {
    size_t *begins;
    size_t *strands;
};

static int by_ends(const void *a, const void *b)
{
    const struct draw_edge *x = ((const struct strand *)a)->edge;
    const struct draw_edge *y = ((const struct strand *)b)->edge;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The distinct edges, in the order of their ends. */
static enum outcome take_edges(struct layout *l, struct err *e)
{
    const struct draw_graph *g = l->graph;
    l->strands = ARENA_ARRAY(l->arena, g->nedges + 1, struct strand);
    if (!l->strands)
        return err_no_memory(e);
    for (size_t i = 0; i < g->nedges; i++) {
        BUG_ON(g->edges[i].from >= g->nnodes || g->edges[i].to >= g->nnodes);
        l->strands[i].edge = &g->edges[i];
        l->strands[i].self = g->edges[i].from == g->edges[i].to;
    }
    if (g->nedges > 0)
        qsort(l->strands, g->nedges, sizeof l->strands[0], by_ends);
    for (size_t i = 0; i < g->nedges; i++) {
        const struct strand *before = l->nstrands > 0 ? &l->strands[l->nstrands - 1] : NULL;
        const struct draw_edge *edge = l->strands[i].edge;
        if (!before || before->edge->from != edge->from || before->edge->to != edge->to)
            l->strands[l->nstrands++] = l->strands[i];
    }
    return OK;
}

static enum outcome leaving(struct adjacency *a, const struct layout *l, struct err *e)
{
    a->begins = ARENA_ARRAY(l->arena, l->graph->nnodes + 2, size_t);
    a->strands = ARENA_ARRAY(l->arena, l->nstrands + 1, size_t);
    if (!a->begins || !a->strands)
        return err_no_memory(e);
    for (size_t i = 0; i < l->nstrands; i++) { /* they are sorted by where they leave */
        a->begins[l->strands[i].edge->from + 1]++;
        a->strands[i] = i;
    }
    for (size_t i = 0; i < l->graph->nnodes; i++)
        a->begins[i + 1] += a->begins[i];
    return OK;
}

/* Depth first, from the nodes in their order: an edge to a node on the way here closes a loop. */
static enum outcome cut_loops(struct layout *l, const struct adjacency *a, struct err *e)
{
    const size_t n = l->graph->nnodes;
    uint8_t *seen = ARENA_ARRAY(l->arena, n + 1, uint8_t); /* 1: on the way, 2: done */
    size_t *stack = ARENA_ARRAY(l->arena, n + 1, size_t);
    size_t *next = ARENA_ARRAY(l->arena, n + 1, size_t);
    if (!seen || !stack || !next)
        return err_no_memory(e);
    for (size_t root = 0; root < n; root++) {
        size_t depth = 0;
        if (seen[root])
            continue;
        stack[depth++] = root;
        seen[root] = 1;
        next[root] = a->begins[root];
        while (depth > 0) {
            const size_t node = stack[depth - 1];
            if (next[node] == a->begins[node + 1]) {
                seen[node] = 2;
                depth--;
                continue;
            }
            struct strand *s = &l->strands[a->strands[next[node]++]];
            const size_t to = s->edge->to;
            s->back = !s->self && seen[to] == 1;
            if (!seen[to]) {
                seen[to] = 1;
                next[to] = a->begins[to];
                stack[depth++] = to;
            }
        }
    }
    return OK;
}

static size_t upper(const struct strand *s)
{
    return s->back ? s->edge->to : s->edge->from;
}

static size_t lower(const struct strand *s)
{
    return s->back ? s->edge->from : s->edge->to;
}

/* Longest path: at most as many rounds as there are nodes, for without loops each settles one. */
static void set_layers(struct layout *l)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < l->nstrands; i++) {
            const struct strand *s = &l->strands[i];
            const size_t least = l->vertices[upper(s)].layer + 1;
            if (!s->self && l->vertices[lower(s)].layer < least) {
                l->vertices[lower(s)].layer = least;
                moved = true;
            }
        }
    }
    for (size_t i = 0; i < l->graph->nnodes; i++)
        if (l->vertices[i].layer + 1 > l->nlayers)
            l->nlayers = l->vertices[i].layer + 1;
}

static enum outcome too_large(struct err *e)
{
    return REFUSE(e, "draw.too_large", { "max", S("600") });
}

static enum outcome route(struct layout *l, struct err *e)
{
    size_t total = l->graph->nnodes;
    for (size_t i = 0; i < l->nstrands; i++)
        if (!l->strands[i].self)
            total += l->vertices[lower(&l->strands[i])].layer -
                     l->vertices[upper(&l->strands[i])].layer - 1;
    if (total > DRAW_VERTICES_MAX)
        return too_large(e);
    struct vertex *all = ARENA_ARRAY(l->arena, total + 1, struct vertex);
    if (!all)
        return err_no_memory(e);
    for (size_t i = 0; i < l->graph->nnodes; i++)
        all[i] = l->vertices[i];
    l->vertices = all;
    l->nvertices = l->graph->nnodes;
    for (size_t i = 0; i < l->nstrands; i++) {
        struct strand *s = &l->strands[i];
        const size_t from = all[upper(s)].layer;
        s->npath = s->self ? 0 : all[lower(s)].layer - from + 1;
        s->path = ARENA_ARRAY(l->arena, s->npath + 1, size_t);
        if (!s->path)
            return err_no_memory(e);
        for (size_t k = 0; k < s->npath; k++) {
            const bool end = k == 0 || k == s->npath - 1;
            s->path[k] = k == 0 ? upper(s) : end ? lower(s) : l->nvertices;
            if (!end)
                all[l->nvertices++] = (struct vertex){ .layer = from + k, .width = 12 };
        }
    }
    return OK;
}

enum outcome draw_layout(struct layout *l, const struct draw_graph *g, struct arena *arena,
                         struct err *e)
{
    struct adjacency a;
    *l = (struct layout){ .graph = g, .arena = arena };
    if (g->nnodes > DRAW_NODES_MAX || g->nedges > DRAW_EDGES_MAX)
        return too_large(e);
    l->vertices = ARENA_ARRAY(arena, g->nnodes + 1, struct vertex);
    if (!l->vertices)
        return err_no_memory(e);
    for (size_t i = 0; i < g->nnodes; i++)
        l->vertices[i].width = g->way == DRAW_DOWN ? NODE_WIDTH : NODE_HEIGHT;
    TRY(take_edges(l, e));
    TRY(leaving(&a, l, e));
    TRY(cut_loops(l, &a, e));
    set_layers(l);
    TRY(route(l, e));
    return draw_order(l, e);
}
