/* The inside of drawings: writing SVG, and laying out a graph. */
#ifndef VEIN_KERNEL_DRAW_IMPL_H
#define VEIN_KERNEL_DRAW_IMPL_H

#include "kernel/draw.h"

/* --- writing (draw_svg.c): coordinates are whole --- */

/* <svg …> with its size and title; then whatever is written; then the end. One that leads somewhere
 * is a group of links, others are a picture. */
struct svg_size {
    int width, height;
};
void svg_begin(struct page *p, const char *kind, struct svg_size size, bool leads,
               struct str title);
void svg_end(struct page *p);
/* <g class="KIND STATE">, in a link where there is one, with the label, detail and word as title.
 */
void svg_group(struct page *p, const char *kind, enum draw_state state, struct str href);
void svg_group_end(struct page *p, struct str href);
void svg_title(struct page *p, struct str label, struct str detail, struct str word);
void svg_format(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text of at most `letters`, cut with "…"; class may be NULL. */
void svg_text(struct page *p, int x, int y, const char *class, struct str text, size_t letters);

/* Letters (code points) in a text; the bytes of its first n. */
size_t svg_letters(struct str s);
size_t svg_bytes(struct str s, size_t letters);
const char *svg_state(enum draw_state state);

/* --- laying out (draw_layout.c) --- */

enum { DRAW_VERTICES_MAX = 12000, NODE_WIDTH = 176, NODE_HEIGHT = 52, NODE_GAP = 28 };

/* A node of the graph, or the place where a long edge goes through a layer. */
struct vertex {
    size_t layer;
    int width;   /* across the way */
    int at;      /* centre, across the way */
    double mean; /* barycentre, while ordering */
    size_t order;
};

/* A distinct edge, as it is laid out: downwards, through vertices. */
struct strand {
    const struct draw_edge *edge;
    bool back; /* it closes a loop: laid out from its end to its beginning */
    bool self;
    size_t *path; /* vertices, from the upper one to the lower one */
    size_t npath;
};

struct layout {
    const struct draw_graph *graph;
    struct arena *arena;
    struct vertex *vertices; /* the graph's nodes first */
    size_t nvertices;
    struct strand *strands;
    size_t nstrands;
    size_t **layers; /* vertices of each, in their order */
    size_t *sizes;
    size_t nlayers;
    int breadth;       /* across the way, of the whole */
    size_t *links[2];  /* neighbours above and below: all vertices' in one row … */
    size_t *begins[2]; /* … and where each vertex's begin; one more than vertices */
};
enum outcome draw_layout(struct layout *l, const struct draw_graph *g, struct arena *arena,
                         struct err *e);
/* Orders the vertices of each layer and gives them places (draw_order.c). */
enum outcome draw_order(struct layout *l, struct err *e);

#endif
