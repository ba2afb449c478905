/* Order within layers by barycentre, then places: each vertex as near to the middle of its
 * neighbours as its own neighbours in the layer let it. */
#include <stdlib.h>

#include "kernel/draw_impl.h"

enum { SWEEPS = 12, RELAXATIONS = 16 };

/* Counts, then fills, the neighbours of each vertex in the layer above (0) and below (1). */
static enum outcome link_up(struct layout *l, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < l->nstrands; i++)
        n += l->strands[i].npath > 0 ? l->strands[i].npath - 1 : 0;
    size_t *filled = ARENA_ARRAY(l->arena, l->nvertices + 1, size_t);
    for (size_t way = 0; way < 2; way++) {
        l->links[way] = ARENA_ARRAY(l->arena, n + 1, size_t);
        l->begins[way] = ARENA_ARRAY(l->arena, l->nvertices + 2, size_t);
        if (!l->links[way] || !l->begins[way] || !filled)
            return err_no_memory(e);
        for (size_t i = 0; i < l->nstrands; i++)
            for (size_t k = 0; k + 1 < l->strands[i].npath; k++)
                l->begins[way][l->strands[i].path[way == 0 ? k + 1 : k] + 1]++;
        for (size_t v = 0; v < l->nvertices; v++) {
            l->begins[way][v + 1] += l->begins[way][v];
            filled[v] = l->begins[way][v];
        }
        for (size_t i = 0; i < l->nstrands; i++)
            for (size_t k = 0; k + 1 < l->strands[i].npath; k++) {
                const size_t *path = l->strands[i].path;
                l->links[way][filled[path[way == 0 ? k + 1 : k]]++] = path[way == 0 ? k : k + 1];
            }
    }
    return OK;
}

static enum outcome fill_layers(struct layout *l, struct err *e)
{
    l->layers = ARENA_ARRAY(l->arena, l->nlayers + 1, size_t *);
    l->sizes = ARENA_ARRAY(l->arena, l->nlayers + 1, size_t);
    if (!l->layers || !l->sizes)
        return err_no_memory(e);
    for (size_t v = 0; v < l->nvertices; v++)
        l->sizes[l->vertices[v].layer]++;
    for (size_t i = 0; i < l->nlayers; i++) {
        l->layers[i] = ARENA_ARRAY(l->arena, l->sizes[i] + 1, size_t);
        if (!l->layers[i])
            return err_no_memory(e);
        l->sizes[i] = 0;
    }
    for (size_t v = 0; v < l->nvertices; v++) {
        struct vertex *vertex = &l->vertices[v];
        vertex->order = l->sizes[vertex->layer];
        l->layers[vertex->layer][l->sizes[vertex->layer]++] = v;
    }
    return OK;
}

/* --- order --- */

/* Insertion: layers are nearly sorted after the first sweep, and it keeps equal ones in place. */
static void sort_layer(struct layout *l, size_t layer, size_t way)
{
    size_t *row = l->layers[layer];
    for (size_t i = 0; i < l->sizes[layer]; i++) {
        struct vertex *v = &l->vertices[row[i]];
        const size_t from = l->begins[way][row[i]];
        const size_t to = l->begins[way][row[i] + 1];
        double sum = 0;
        for (size_t k = from; k < to; k++)
            sum += (double)l->vertices[l->links[way][k]].order;
        v->mean = to > from ? sum / (double)(to - from) : (double)v->order;
    }
    for (size_t i = 1; i < l->sizes[layer]; i++) {
        const size_t v = row[i];
        size_t k = i;
        for (; k > 0 && l->vertices[row[k - 1]].mean > l->vertices[v].mean; k--)
            row[k] = row[k - 1];
        row[k] = v;
    }
    for (size_t i = 0; i < l->sizes[layer]; i++)
        l->vertices[row[i]].order = i;
}

/* --- places --- */

static int between(const struct layout *l, size_t a, size_t b)
{
    const bool through = a >= l->graph->nnodes && b >= l->graph->nnodes;
    return (l->vertices[a].width + l->vertices[b].width) / 2 + (through ? 4 : NODE_GAP);
}

/* As near to `wish` as the least distances allow: the mean of pushing all to one side and to the
 * other, which keeps the distances, since both do. */
static void settle(struct layout *l, size_t layer, int *wish, int *left)
{
    const size_t *row = l->layers[layer];
    const size_t n = l->sizes[layer];
    for (size_t i = 0; i < n; i++) {
        const int least = i > 0 ? left[i - 1] + between(l, row[i - 1], row[i]) : wish[i];
        left[i] = wish[i] > least ? wish[i] : least;
    }
    for (size_t i = n; i-- > 0;) {
        const int most = i + 1 < n ? wish[i + 1] - between(l, row[i], row[i + 1]) : wish[i];
        if (wish[i] > most)
            wish[i] = most;
    }
    for (size_t i = 0; i < n; i++)
        l->vertices[row[i]].at = (left[i] + wish[i]) / 2;
    for (size_t i = 1; i < n; i++) { /* halves were rounded */
        const int least = l->vertices[row[i - 1]].at + between(l, row[i - 1], row[i]);
        if (l->vertices[row[i]].at < least)
            l->vertices[row[i]].at = least;
    }
}

static void place_layer(struct layout *l, size_t layer, size_t way, int *wish, int *left)
{
    for (size_t i = 0; i < l->sizes[layer]; i++) {
        const size_t v = l->layers[layer][i];
        const size_t from = l->begins[way][v];
        const size_t to = l->begins[way][v + 1];
        int64_t sum = 0;
        for (size_t k = from; k < to; k++)
            sum += l->vertices[l->links[way][k]].at;
        wish[i] = to > from ? (int)(sum / (int64_t)(to - from)) : l->vertices[v].at;
    }
    settle(l, layer, wish, left);
}

/* From the first vertex of all on. */
static void shift(struct layout *l)
{
    int least = 0;
    int most = 0;
    for (size_t v = 0; v < l->nvertices; v++) {
        const int from = l->vertices[v].at - l->vertices[v].width / 2;
        least = v == 0 || from < least ? from : least;
    }
    for (size_t v = 0; v < l->nvertices; v++) {
        l->vertices[v].at -= least;
        const int to = l->vertices[v].at + l->vertices[v].width / 2;
        most = to > most ? to : most;
    }
    l->breadth = most;
}

enum outcome draw_order(struct layout *l, struct err *e)
{
    int *wish = ARENA_ARRAY(l->arena, l->nvertices + 1, int);
    int *left = ARENA_ARRAY(l->arena, l->nvertices + 1, int);
    if (!wish || !left)
        return err_no_memory(e);
    TRY(link_up(l, e));
    TRY(fill_layers(l, e));
    for (size_t sweep = 0; sweep < SWEEPS; sweep++)
        for (size_t i = 1; i < l->nlayers; i++)
            if (sweep % 2 == 0)
                sort_layer(l, i, 0);
            else
                sort_layer(l, l->nlayers - 1 - i, 1);
    for (size_t i = 0; i < l->nlayers; i++) {
        memset(wish, 0, l->sizes[i] * sizeof *wish);
        settle(l, i, wish, left);
    }
    for (size_t turn = 0; turn < RELAXATIONS; turn++)
        for (size_t i = 1; i < l->nlayers; i++)
            if (turn % 2 == 0)
                place_layer(l, i, 0, wish, left);
            else
                place_layer(l, l->nlayers - 1 - i, 1, wish, left);
    shift(l);
    return OK;
}
