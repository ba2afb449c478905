/* Drawings: well-formed whatever is printed, the same each time, layers that run one way, and what
 * a reader must see: every node, every edge, every loop as a return. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/env.h"
#include "base/id.h"
#include "kernel/draw_impl.h"
#include "kernel/text.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    arena = arena_new(64 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static char *drawn(const struct draw_graph *g)
{
    struct html out;
    struct err e = { 0 };
    if (draw_graph(&out, g, arena, &e) != OK)
        fail_msg("%s", e.code);
    return (char *)(uintptr_t)arena_str(arena, out.markup).p;
}

static size_t count(const char *in, const char *what)
{
    size_t n = 0;
    for (const char *at = in; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* Tags open and close in turn; no bare < or & in between. */
static void assert_well_formed(const char *svg)
{
    size_t depth = 0;
    for (const char *at = svg; *at; at++) {
        if (*at == '&')
            assert_true(!strncmp(at, "&amp;", 5) || !strncmp(at, "&lt;", 4) ||
                        !strncmp(at, "&gt;", 4) || !strncmp(at, "&quot;", 6) ||
                        !strncmp(at, "&#39;", 5));
        if (*at != '<')
            continue;
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/')
            depth--;
        else if (end[-1] != '/')
            depth++;
        at = end;
    }
    assert_int_equal(depth, 0);
}

static void test_a_workflow(void **state)
{
    (void)state;
    static const struct draw_node nodes[] = {
        { .label = S("Enrolment"), .state = DRAW_DONE, .word = S("done"), .group = S("Clinic") },
        { .label = S("Leukapheresis of a patient with a very long name of a task"),
          .state = DRAW_OPEN,
          .href = S("/tasks/a b"),
          .group = S("Clinic") },
        { .label = S("Manufacture"), .group = S("Plant") },
        { .label = S("Test"), .detail = S("quality control"), .group = S("Plant") },
        { .label = S("Infusion"), .state = DRAW_STOP },
    };
    static const struct draw_edge edges[] = {
        { 0, 1, { 0 }, false },
        { 1, 2, { 0 }, false },
        { 2, 3, { 0 }, false },
        { 3, 4, S("when passed"), true },
        { 3, 2, S("when failed"), false },
        { 2, 4, { 0 }, false },
        { 2, 4, { 0 }, false },
        { 1, 1, { 0 }, false },
    };
    struct draw_graph g = {
        .title = S("A workflow"), .nodes = nodes, .nnodes = 5, .edges = edges, .nedges = 8
    };
    const char *svg = drawn(&g);
    assert_well_formed(svg);
    assert_int_equal(count(svg, "class=\"node "), 5);
    assert_int_equal(count(svg, "class=\"edge"), 7); /* the equal ones once */
    assert_int_equal(count(svg, "class=\"edge back\""), 1);
    assert_int_equal(count(svg, "class=\"edge dashed\""), 1);
    assert_int_equal(count(svg, "class=\"box\""), 2);
    assert_int_equal(count(svg, "class=\"node stop\""), 1);
    assert_non_null(strstr(svg, "<a href=\"/tasks/a%20b\">"));
    assert_non_null(strstr(svg, "<title>Enrolment: done</title>"));
    assert_non_null(strstr(svg, ">when failed</text>"));
    assert_string_equal(svg, drawn(&g));
    g.way = DRAW_RIGHT;
    assert_well_formed(drawn(&g));
}

/* Whatever a definition or a person wrote stays text. */
static void test_what_is_printed_is_escaped(void **state)
{
    (void)state;
    static const struct draw_node nodes[] = {
        { .label = S("<script>alert('x')</script>"),
          .detail = S("\"&<"),
          .word = S("</title>"),
          .href = S("javascript:alert(1)"),
          .group = S("<g>") },
        { .label = S("bad \xff utf \x01") },
    };
    static const struct draw_edge edges[] = { { 0, 1, S("<b>"), false } };
    const struct draw_graph g = {
        .title = S("</svg>"), .nodes = nodes, .nnodes = 2, .edges = edges, .nedges = 1
    };
    const char *svg = drawn(&g);
    assert_well_formed(svg);
    assert_null(strstr(svg, "<script"));
    assert_null(strstr(svg, "javascript:"));
    assert_int_equal(count(svg, "</svg>"), 1);
}

static struct draw_graph random_graph(size_t n, size_t nedges, bool loops)
{
    struct draw_node *nodes = ARENA_ARRAY(arena, n, struct draw_node);
    struct draw_edge *edges = ARENA_ARRAY(arena, nedges, struct draw_edge);
    for (size_t i = 0; i < n; i++)
        nodes[i] = (struct draw_node){ .label = arena_printf(arena, "Unit %zu", i) };
    for (size_t i = 0; i < nedges; i++) {
        const size_t from = id_draw(S("draw"), S("from"), i, 0, (uint32_t)(n - 1));
        const size_t room = n - from - 1 < 12 ? n - from - 1 : 12;
        const size_t to = from + 1 + id_draw(S("draw"), S("to"), i, 0, (uint32_t)room);
        edges[i] = loops && i % 20 == 0 ? (struct draw_edge){ to, from, { 0 }, false }
                                        : (struct draw_edge){ from, to, { 0 }, false };
    }
    return (struct draw_graph){
        .title = S("Genealogy"), .nodes = nodes, .nnodes = n, .edges = edges, .nedges = nedges
    };
}

/* In each layer none lies upon another, and edges run downwards. */
static void assert_laid_out(const struct draw_graph *g)
{
    struct layout l;
    struct err e = { 0 };
    assert_int_equal(draw_layout(&l, g, arena, &e), OK);
    for (size_t i = 0; i < l.nlayers; i++)
        for (size_t k = 1; k < l.sizes[i]; k++) {
            const struct vertex *a = &l.vertices[l.layers[i][k - 1]];
            const struct vertex *b = &l.vertices[l.layers[i][k]];
            assert_true(b->at - a->at >= (a->width + b->width) / 2);
        }
    for (size_t i = 0; i < l.nstrands; i++)
        for (size_t k = 1; k < l.strands[i].npath; k++)
            assert_int_equal(l.vertices[l.strands[i].path[k]].layer,
                             l.vertices[l.strands[i].path[k - 1]].layer + 1);
}

static size_t crossings(const struct layout *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->nlayers; i++)
        for (size_t a = 0; a < l->sizes[i]; a++)
            for (size_t b = a + 1; b < l->sizes[i]; b++) {
                const size_t va = l->layers[i][a];
                const size_t vb = l->layers[i][b];
                for (size_t x = l->begins[1][va]; x < l->begins[1][va + 1]; x++)
                    for (size_t y = l->begins[1][vb]; y < l->begins[1][vb + 1]; y++)
                        n += l->vertices[l->links[1][x]].order > l->vertices[l->links[1][y]].order;
            }
    return n;
}

/* Three hundred nodes are laid out at once, within a page that can be read, with far fewer
 * crossings than in the order in which they came. */
static void test_three_hundred_nodes(void **state)
{
    (void)state;
    const struct draw_graph g = random_graph(300, 420, true);
    const int64_t began = env_mono(&env_system);
    const char *svg = drawn(&g);
    assert_true(env_mono(&env_system) - began < 2000000);
    assert_well_formed(svg);
    assert_int_equal(count(svg, "class=\"node "), 300);
    assert_laid_out(&g);
    struct layout l;
    struct err e = { 0 };
    assert_int_equal(draw_layout(&l, &g, arena, &e), OK);
    const size_t after = crossings(&l);
    for (size_t i = 0; i < l.nlayers; i++)
        for (size_t k = 0; k < l.sizes[i]; k++) { /* as they came: nodes, then passages */
            size_t least = k;
            for (size_t m = k + 1; m < l.sizes[i]; m++)
                least = l.layers[i][m] < l.layers[i][least] ? m : least;
            const size_t v = l.layers[i][least];
            l.layers[i][least] = l.layers[i][k];
            l.layers[i][k] = v;
            l.vertices[v].order = k;
        }
    assert_true(after * 2 < crossings(&l));
}

static void test_shapes_that_are_odd(void **state)
{
    (void)state;
    struct draw_graph g = { .title = S("Nothing") };
    assert_well_formed(drawn(&g));
    g = random_graph(40, 0, false);
    assert_laid_out(&g);
    struct draw_edge ring[40];
    for (size_t i = 0; i < 40; i++)
        ring[i] = (struct draw_edge){ i, (i + 1) % 40, { 0 }, false };
    g.edges = ring;
    g.nedges = 40;
    assert_laid_out(&g);
    assert_int_equal(count(drawn(&g), "edge back"), 1);
}

static void test_bounds_are_refused(void **state)
{
    (void)state;
    struct html out;
    struct err e = { 0 };
    struct draw_graph g = random_graph(DRAW_NODES_MAX, 10, false);
    assert_well_formed(drawn(&g));
    g.nnodes = DRAW_NODES_MAX + 1;
    assert_int_equal(draw_graph(&out, &g, arena, &e), REFUSED);
    assert_string_equal(e.code, "draw.too_large");
    static const struct draw_lane lanes[DRAW_LANES_MAX + 1];
    const struct draw_timeline t = {
        .title = S("x"), .lanes = lanes, .nlanes = DRAW_LANES_MAX + 1, .now_us = TIME_NONE
    };
    assert_int_equal(draw_timeline(&out, &t, arena, &e), REFUSED);
}

static void test_a_timeline(void **state)
{
    (void)state;
    int64_t day;
    struct html out;
    struct err e = { 0 };
    assert_true(clock_read(&day, S("2026-11-02T08:00:00Z")));
    const struct draw_lane lanes[] = { { S("Collection") }, { S("Manufacture <plant>") } };
    const struct draw_span spans[] = {
        { .lane = 0, .from_us = day, .to_us = day + 5 * TIME_HOUR, .label = S("Apheresis") },
        { .lane = 1,
          .from_us = day + TIME_DAY,
          .to_us = day + 9 * TIME_DAY,
          .label = S("Expansion"),
          .word = S("done"),
          .state = DRAW_DONE },
        { .lane = 1, .from_us = day + 2 * TIME_DAY, .to_us = TIME_NONE, .label = S("Testing") },
    };
    const struct draw_point points[] = { { .lane = 0, .at_us = day, .label = S("Checked") } };
    struct draw_timeline t = { .title = S("Order"),
                               .lanes = lanes,
                               .nlanes = 2,
                               .spans = spans,
                               .nspans = 3,
                               .points = points,
                               .npoints = 1,
                               .now_us = day + 12 * TIME_DAY,
                               .now = S("now") };
    assert_int_equal(draw_timeline(&out, &t, arena, &e), OK);
    char *svg = (char *)(uintptr_t)arena_str(arena, out.markup).p;
    assert_well_formed(svg);
    assert_int_equal(count(svg, "class=\"span "), 3);
    assert_int_equal(count(svg, "class=\"point "), 1);
    assert_non_null(strstr(svg, "Manufacture &lt;plant&gt;"));
    assert_non_null(strstr(svg, "class=\"now\""));
    assert_non_null(strstr(svg, "3 Nov 2026"));
    assert_true(count(svg, "class=\"tick\"") >= 4 && count(svg, "class=\"tick\"") <= 16);
    t.now_us = day + 900 * TIME_DAY; /* months, then years */
    assert_int_equal(draw_timeline(&out, &t, arena, &e), OK);
    svg = (char *)(uintptr_t)arena_str(arena, out.markup).p;
    assert_non_null(strstr(svg, "1 Jan 2027"));
    assert_true(count(svg, "class=\"tick\"") <= 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_workflow),
        cmocka_unit_test(test_what_is_printed_is_escaped),
        cmocka_unit_test(test_three_hundred_nodes),
        cmocka_unit_test(test_shapes_that_are_odd),
        cmocka_unit_test(test_bounds_are_refused),
        cmocka_unit_test(test_a_timeline),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
