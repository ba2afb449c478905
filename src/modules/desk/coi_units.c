/* Sections of the report: units, their genealogy as a drawing, and what became of their quantities.
 */
#include "modules/desk/coi_impl.h"
#include "modules/desk/order.h"

enum { TEXT_BYTES = 2000 };

/* --- genealogy --- */

static size_t node_of(const struct desk_coi_event *const *made, size_t n, struct str id)
{
    size_t i = 0;
    while (i < n && !str_eq(desk_coi_text(made[i], "unit"), id))
        i++;
    return i;
}

static void add_node(const struct coi_writer *w, struct draw_node *out,
                     const struct desk_coi_event *x)
{
    const struct str id = desk_coi_text(x, "unit");
    const struct str how = coi_of(coi_find(w, "unit.ended", "unit", id), "how");
    *out = (struct draw_node){
        .label = coi_both(w, show_name(w->p, "unit_kind", desk_coi_text(x, "kind")), " ",
                          desk_coi_text(x, "label")),
        .detail = coi_both(w, coi_quantity(w, desk_coi_text(x, "quantity")), " · ",
                           how.n > 0 ? show_name(w->p, "unit_ended", how) : S("")),
        .word = how.n > 0 ? show_name(w->p, "unit_ended", how) : coi_words(w, "page.unit.live"),
        .state = desk_unit_state(how),
    };
}

static size_t add_edges(const struct coi_writer *w, struct draw_edge *out, size_t max,
                        const struct desk_coi_event *const *made, size_t n, size_t to)
{
    const struct json *list = json_get(made[to]->body, "parents");
    size_t k = 0;
    for (const struct json *item = list ? list->child : NULL; item && k < max; item = item->next) {
        const size_t from = node_of(made, n, json_get_str(item, "unit"));
        if (from < n)
            out[k++] = (struct draw_edge){ from, to,
                                           coi_quantity(w, json_get_str(item, "quantity")), false };
    }
    return k;
}

static enum outcome graph(const struct coi_writer *w, const struct desk_coi_event *const *made,
                          size_t n, struct err *e)
{
    struct draw_node *nodes = ARENA_ARRAY(w->a, n + 1, struct draw_node);
    struct draw_edge *edges = ARENA_ARRAY(w->a, DRAW_EDGES_MAX, struct draw_edge);
    struct html drawing;
    size_t nedges = 0;
    if (!nodes || !edges)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        add_node(w, &nodes[i], made[i]);
        nedges += add_edges(w, edges + nedges, DRAW_EDGES_MAX - nedges, made, n, i);
    }
    const struct draw_graph g = {
        coi_words(w, "page.coi.genealogy"), DRAW_DOWN, nodes, n, edges, nedges
    };
    TRY(draw_graph(&drawing, &g, w->a, e));
    print_drawing(w->print, drawing, coi_words(w, "page.coi.genealogy_alt"),
                  coi_words(w, "page.coi.genealogy_text"));
    return OK;
}

static struct str parents_of(const struct coi_writer *w, const struct desk_coi_event *x)
{
    const struct json *list = json_get(x->body, "parents");
    struct buf b = buf_in(w->a, TEXT_BYTES);
    for (const struct json *item = list ? list->child : NULL; item; item = item->next) {
        buf_z(&b, item == list->child ? "" : ", ");
        buf_str(&b, coi_both(w, coi_unit(w, json_get_str(item, "unit")), ": ",
                             coi_quantity(w, json_get_str(item, "quantity"))));
    }
    return b.n > 0 ? buf_get(&b) : coi_words(w, "page.coi.from_patient");
}

static void unit_row(const struct coi_writer *w, const struct desk_coi_event *x)
{
    const struct desk_coi_event *ended =
        coi_find(w, "unit.ended", "unit", desk_coi_text(x, "unit"));
    const struct str how = coi_of(ended, "how");
    const struct str cells[] = {
        coi_number(w, x),
        desk_coi_text(x, "label"),
        coi_both(w, show_name(w->p, "unit_kind", desk_coi_text(x, "kind")), ", ",
                 desk_coi_text(x, "din")),
        coi_quantity(w, desk_coi_text(x, "quantity")),
        parents_of(w, x),
        coi_both(w, coi_when(w, x), " · ", coi_who(w, x)),
        coi_task(w, desk_coi_text(x, "task")),
        how.n == 0 ? coi_words(w, "page.unit.live")
                   : coi_both(w, show_name(w->p, "unit_ended", how), ", ", coi_when(w, ended)),
    };
    print_row(w->print, NULL, cells);
}

enum outcome coi_genealogy(const struct coi_writer *w, struct err *e)
{
    static const char *const columns[] = {
        "page.coi.event",     "page.unit.label",  "page.coi.kind",
        "page.task.quantity", "page.coi.parents", "page.coi.made",
        "print.task",         "page.coi.ended",   NULL
    };
    const struct desk_coi_event **made =
        ARENA_ARRAY(w->a, DRAW_NODES_MAX, const struct desk_coi_event *);
    size_t n = 0;
    bool begun = false;
    if (!made)
        return err_no_memory(e);
    for (size_t i = 0; i < w->c->n; i++)
        if (coi_is(&w->c->events[i], "unit.made")) {
            coi_begin(w, "page.coi.units", columns, &begun);
            unit_row(w, &w->c->events[i]);
            if (n < DRAW_NODES_MAX)
                made[n++] = &w->c->events[i];
        }
    if (n > 0)
        return graph(w, made, n, e);
    coi_none(w, "page.coi.units");
    return OK;
}

void coi_quantities(const struct coi_writer *w)
{
    static const char *const columns[] = { "page.coi.event", "page.coi.when",   "page.unit.label",
                                           "page.coi.what",  "page.coi.taken",  "page.coi.left",
                                           "page.coi.who",   "page.coi.reason", NULL };
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        const bool reconciled = coi_is(x, "unit.reconciled");
        const bool ended = coi_is(x, "unit.ended");
        if (!reconciled && !ended && !coi_is(x, "unit.reduced"))
            continue;
        const struct str tolerance = desk_coi_text(x, "tolerance");
        coi_begin(w, "page.coi.quantities", columns, &begun);
        const struct str cells[] = {
            coi_number(w, x),
            coi_when(w, x),
            coi_unit(w, desk_coi_text(x, "unit")),
            reconciled
                ? coi_both(w, coi_words(w, "event.unit.reconciled"), ", ± ",
                           arena_printf(w->a, "%.*s %%", STR(tolerance.n > 0 ? tolerance : S("0"))))
                : show_name(w->p, ended ? "unit_ended" : "unit_reduced", desk_coi_text(x, "how")),
            coi_quantity(w, desk_coi_text(x, reconciled ? "taken" : "by")),
            reconciled ? coi_both(w, coi_words(w, "page.coi.difference"), " ",
                                  coi_quantity(w, desk_coi_text(x, "difference")))
                       : coi_quantity(w, desk_coi_text(x, "left")),
            coi_who(w, x),
            coi_reason(x),
        };
        print_row(w->print, NULL, cells);
    }
    if (!begun)
        coi_none(w, "page.coi.quantities");
}
