/* A laid out graph as SVG. Inside, `at` runs across the way and the layers along it; only here are
 * they turned into x and y. */
#include "kernel/draw_impl.h"

enum {
    MARGIN = 16,
    LAYER_GAP = 44,
    HEAD = 7,
    LETTERS = 22, /* of a line in a node, at 13 px */
    LOOP = 18,
    TITLE = 16, /* above a group's box */
};

struct canvas {
    struct page p;
    const struct layout *l;
    bool down;
};
struct point {
    int x;
    int y;
};

static int pitch(const struct canvas *c)
{
    return (c->down ? NODE_HEIGHT : NODE_WIDTH) + LAYER_GAP;
}

/* The middle of a vertex. */
static struct point middle(const struct canvas *c, size_t v)
{
    const struct vertex *vertex = &c->l->vertices[v];
    const int along =
        MARGIN + TITLE + (int)vertex->layer * pitch(c) + (c->down ? NODE_HEIGHT : NODE_WIDTH) / 2;
    const int across = MARGIN + vertex->at;
    return c->down ? (struct point){ across, along } : (struct point){ along, across };
}

/* Where a strand meets a vertex: its upper or lower side; of a passage, the middle. */
static struct point side(const struct canvas *c, size_t v, bool lower)
{
    struct point at = middle(c, v);
    const int half = v >= c->l->graph->nnodes ? 0 : (c->down ? NODE_HEIGHT : NODE_WIDTH) / 2;
    *(c->down ? &at.y : &at.x) += lower ? half : -half;
    return at;
}

/* --- edges --- */

static void curve(struct canvas *c, struct point from, struct point to)
{
    if (c->down) {
        const int half = (from.y + to.y) / 2;
        svg_format(&c->p, "C%d %d %d %d %d %d", from.x, half, to.x, half, to.x, to.y);
    } else {
        const int half = (from.x + to.x) / 2;
        svg_format(&c->p, "C%d %d %d %d %d %d", half, from.y, half, to.y, to.x, to.y);
    }
}

static void head(struct canvas *c, struct point at, bool up)
{
    const int d = up ? HEAD : -HEAD;
    if (c->down)
        svg_format(&c->p, "<path class=\"head\" d=\"M%d %dl%d %dh%dz\"/>", at.x, at.y, -HEAD / 2, d,
                   HEAD);
    else
        svg_format(&c->p, "<path class=\"head\" d=\"M%d %dl%d %dv%dz\"/>", at.x, at.y, d, -HEAD / 2,
                   HEAD);
}

/* A small loop at the node's further side. */
static void put_self(struct canvas *c, const struct strand *s)
{
    const struct point at = middle(c, s->edge->from);
    const int x = at.x + NODE_WIDTH / 2;
    svg_format(&c->p, "<path d=\"M%d %dC%d %d %d %d %d %d\"/>", x, at.y - 10, x + LOOP, at.y - 10,
               x + LOOP, at.y + 10, x, at.y + 10);
}

static void put_edge(struct canvas *c, const struct strand *s)
{
    svg_format(&c->p, "<g class=\"edge%s%s\">", s->edge->dashed ? " dashed" : "",
               s->back ? " back" : "");
    struct point label = { 0 };
    if (s->self) {
        put_self(c, s);
        label = middle(c, s->edge->from);
    } else {
        struct point at = side(c, s->path[0], true);
        svg_format(&c->p, "<path d=\"M%d %d", at.x, at.y);
        for (size_t k = 1; k < s->npath; k++) {
            const struct point to = side(c, s->path[k], false);
            if (k == (s->npath + 1) / 2)
                label = (struct point){ (at.x + to.x) / 2, (at.y + to.y) / 2 };
            curve(c, at, to);
            at = to;
        }
        buf_z(c->p.b, "\"/>");
        head(c, s->back ? side(c, s->path[0], true) : at, s->back);
        if (s->npath == 2)
            label = (struct point){ (side(c, s->path[0], true).x + at.x) / 2,
                                    (side(c, s->path[0], true).y + at.y) / 2 };
    }
    if (s->edge->label.n > 0)
        svg_text(&c->p, label.x, label.y + 4, NULL, s->edge->label, LETTERS);
    buf_z(c->p.b, "</g>");
}

/* --- nodes --- */

/* Where to break a label into two lines: at the last blank that lets the first fit. */
static size_t broken_at(struct str label)
{
    size_t at = svg_bytes(label, LETTERS + 1);
    while (at > 0 && label.p[at - 1] != ' ')
        at--;
    return at > 0 ? at : svg_bytes(label, LETTERS);
}

static void put_label(struct canvas *c, const struct draw_node *n, struct point at)
{
    struct str first = n->label;
    struct str second = n->detail;
    const bool two = svg_letters(n->label) > LETTERS;
    if (two) {
        const size_t cut = broken_at(n->label);
        first = str_trim((struct str){ n->label.p, cut });
        second = str_from(n->label, cut);
    }
    svg_text(&c->p, at.x, at.y + (second.n > 0 ? -4 : 5), NULL, first, LETTERS);
    if (second.n > 0)
        svg_text(&c->p, at.x, at.y + 14, two ? NULL : "soft", second, two ? LETTERS : LETTERS + 4);
}

static void put_node(struct canvas *c, size_t v)
{
    const struct draw_node *n = &c->l->graph->nodes[v];
    const struct point at = middle(c, v);
    svg_group(&c->p, "node", n->state, n->href);
    svg_title(&c->p, n->label, n->detail, n->word);
    svg_format(&c->p, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>",
               at.x - NODE_WIDTH / 2, at.y - NODE_HEIGHT / 2, NODE_WIDTH, NODE_HEIGHT);
    put_label(c, n, at);
    svg_group_end(&c->p, n->href);
}

/* --- groups --- */

struct box {
    struct point from;
    struct point to;
};

static struct box box_of(const struct canvas *c, struct str group)
{
    struct box b = { { INT32_MAX, INT32_MAX }, { 0, 0 } };
    for (size_t v = 0; v < c->l->graph->nnodes; v++) {
        if (!str_eq(c->l->graph->nodes[v].group, group))
            continue;
        const struct point at = middle(c, v);
        const struct box own = { { at.x - NODE_WIDTH / 2, at.y - NODE_HEIGHT / 2 },
                                 { at.x + NODE_WIDTH / 2, at.y + NODE_HEIGHT / 2 } };
        b.from.x = own.from.x < b.from.x ? own.from.x : b.from.x;
        b.from.y = own.from.y < b.from.y ? own.from.y : b.from.y;
        b.to.x = own.to.x > b.to.x ? own.to.x : b.to.x;
        b.to.y = own.to.y > b.to.y ? own.to.y : b.to.y;
    }
    return b;
}

/* A box with somebody else inside would say what is not so. */
static bool alone(const struct canvas *c, struct str group, const struct box *b)
{
    for (size_t v = 0; v < c->l->graph->nnodes; v++) {
        const struct point at = middle(c, v);
        if (!str_eq(c->l->graph->nodes[v].group, group) && at.x + NODE_WIDTH / 2 > b->from.x &&
            at.x - NODE_WIDTH / 2 < b->to.x && at.y + NODE_HEIGHT / 2 > b->from.y &&
            at.y - NODE_HEIGHT / 2 < b->to.y)
            return false;
    }
    return true;
}

static void put_groups(struct canvas *c)
{
    const struct draw_graph *g = c->l->graph;
    for (size_t v = 0; v < g->nnodes; v++) {
        const struct str group = g->nodes[v].group;
        bool first = group.n > 0;
        for (size_t k = 0; k < v && first; k++)
            first = !str_eq(g->nodes[k].group, group);
        if (!first)
            continue;
        const struct box b = box_of(c, group);
        if (!alone(c, group, &b))
            continue;
        svg_format(&c->p, "<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
                   b.from.x - 10, b.from.y - 8 - TITLE, b.to.x - b.from.x + 20,
                   b.to.y - b.from.y + 18 + TITLE);
        svg_text(&c->p, b.from.x - 2, b.from.y - 9, "soft", group, 2 * LETTERS);
    }
}

enum outcome draw_graph(struct html *out, const struct draw_graph *g, struct arena *arena,
                        struct err *e)
{
    struct layout l;
    TRY(draw_layout(&l, g, arena, e));
    struct buf b = buf_in(arena, DRAW_BYTES_MAX);
    struct canvas c = { .p = { .b = &b }, .l = &l, .down = g->way == DRAW_DOWN };
    const int along = 2 * MARGIN + TITLE + (int)l.nlayers * pitch(&c) - LAYER_GAP;
    const int across = 2 * MARGIN + l.breadth + LOOP;
    bool leads = false;
    for (size_t i = 0; i < g->nnodes; i++)
        leads |= g->nodes[i].href.n > 0;
    const struct svg_size size = { c.down ? across : along, c.down ? along : across };
    svg_begin(&c.p, "graph", size, leads, g->title);
    put_groups(&c);
    for (size_t i = 0; i < l.nstrands; i++)
        put_edge(&c, &l.strands[i]);
    for (size_t v = 0; v < g->nnodes; v++)
        put_node(&c, v);
    svg_end(&c.p);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
