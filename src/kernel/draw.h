/* Drawings: SVG made of what is known, for pages and for print alike. Pure: no clock, no chance, no
 * library; the same input gives the same bytes. Everything printed is escaped; colours come from
 * classes only (ui/vein.css, and draw_style() where there is no style sheet: in print), so a theme
 * or a dark screen changes no drawing. Each drawing has a title for screen readers, and each node,
 * span and point its own; none rests on colour alone: states have a word or a shape.
 *
 * Classes: svg.draw; g.node, .edge, .lane, .span, .point, .now, .tick; and the state's .idle,
 * .open, .done, .warn, .stop. */
#ifndef VEIN_KERNEL_DRAW_H
#define VEIN_KERNEL_DRAW_H

#include "kernel/page.h"

enum {
    DRAW_NODES_MAX = 600,
    DRAW_EDGES_MAX = 2400,
    DRAW_LANES_MAX = 60,
    DRAW_MARKS_MAX = 2000, /* spans and points together */
    DRAW_LABEL_MAX = 120,  /* bytes shown of a label; the whole stands in the title */
    DRAW_BYTES_MAX = 4 << 20,
};

/* How a thing stands: as show.h's badges, so that both look the same. */
enum draw_state { DRAW_IDLE, DRAW_OPEN, DRAW_DONE, DRAW_WARN, DRAW_STOP };

/* --- a layered, directed graph --- */

struct draw_node {
    struct str label;  /* one line; broken at blanks into two, then cut with "…" */
    struct str detail; /* a second, softer line; may be absent */
    struct str word;   /* the state in words, for the title; may be absent */
    struct str href;   /* path of this server; absent: no link */
    struct str group;  /* nodes of one group are boxed and named where they lie in one run of layers
                          (a stage of a workflow); absent: none */
    enum draw_state state;
};
struct draw_edge {
    size_t from, to;  /* indices of nodes */
    struct str label; /* "when dose < 2" */
    bool dashed;      /* what may or may not happen */
};
enum draw_way { DRAW_DOWN, DRAW_RIGHT };

struct draw_graph {
    struct str title;
    enum draw_way way;
    const struct draw_node *nodes;
    size_t nnodes;
    const struct draw_edge *edges;
    size_t nedges;
};

/* Layers by longest path, order within a layer by barycentre (crossings lessened, not the least
 * possible), long edges routed through their layers. An edge that closes a loop is drawn backwards,
 * as a return. Equal edges are drawn once, an edge to itself as a small loop. At most
 * DRAW_NODES_MAX nodes and DRAW_EDGES_MAX edges: REFUSED "draw.too_large" {max}; an edge to no node
 * is a bug. The markup lives in the arena. */
enum outcome draw_graph(struct html *out, const struct draw_graph *g, struct arena *arena,
                        struct err *e);

/* --- a timeline --- */

struct draw_span {
    size_t lane;
    int64_t from_us;
    int64_t to_us; /* TIME_NONE: still runs, drawn to now (or to the end where there is no now) */
    struct str label;
    struct str word;
    struct str href;
    enum draw_state state;
};
struct draw_point {
    size_t lane;
    int64_t at_us;
    struct str label;
    struct str word;
    struct str href;
    enum draw_state state;
};
struct draw_lane {
    struct str label;
};
struct draw_timeline {
    struct str title;
    const struct draw_lane *lanes;
    size_t nlanes;
    const struct draw_span *spans;
    size_t nspans;
    const struct draw_point *points;
    size_t npoints;
    int64_t now_us;      /* TIME_NONE: no line */
    struct str now;      /* the word beside it; times are in UTC */
    struct str language; /* of the dates; absent: English */
};

/* From the earliest to the latest, with ticks at round hours, days, weeks, months or years. Spans
 * of one lane that overlap stand below each other. REFUSED "draw.too_large" {max}. */
enum outcome draw_timeline(struct html *out, const struct draw_timeline *t, struct arena *arena,
                           struct err *e);

/* The classes above as a style sheet for paper: black on white, no theme. Static. */
struct str draw_style(void);

#endif
