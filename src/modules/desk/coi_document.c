/* The report in words: a section for each thing an inspector asks, each line with the number of the
 * event that it rests on. */
#include "kernel/draw.h"
#include "modules/desk/coi.h"

#include <stdio.h>

enum { COLUMNS_MAX = 9, TEXT_BYTES = 2000 };

struct writer {
    struct print *print;
    struct page *p;
    struct db *db;
    const struct desk_coi *c;
    struct arena *a;
    bool links;
};

static struct str words(const struct writer *w, const char *key)
{
    return text_find(w->p->language, str_z(key));
}

static struct str number(const struct writer *w, const struct desk_coi_event *x)
{
    return arena_printf(w->a, "%lld", (long long)x->sequence);
}

static bool is(const struct desk_coi_event *x, const char *type)
{
    return str_is(x->event.type, type);
}

static struct str site(const struct writer *w, struct str id)
{
    return id.n > 0 ? auth_site_name(w->db, id, w->a) : S("");
}

static struct str person(const struct writer *w, struct str actor)
{
    return actor.n > 0 ? show_person(w->p, w->db, actor) : S("");
}

/* The first event of this type whose member says this; NULL: none. */
static const struct desk_coi_event *find(const struct writer *w, const char *type,
                                         const char *member, struct str says)
{
    for (size_t i = 0; i < w->c->n; i++)
        if (is(&w->c->events[i], type) &&
            (!member || str_eq(desk_coi_text(&w->c->events[i], member), says)))
            return &w->c->events[i];
    return NULL;
}

static struct str of(const struct desk_coi_event *x, const char *member)
{
    return x ? desk_coi_text(x, member) : S("");
}

static struct str task(const struct writer *w, struct str name)
{
    const struct str title = of(find(w, "flow.task_opened", "task", name), "title");
    return title.n > 0 ? title : name;
}

static struct str unit(const struct writer *w, struct str id)
{
    const struct str label = of(find(w, "unit.made", "unit", id), "label");
    return label.n > 0 ? label : id;
}

static struct str quantity(const struct writer *w, struct str text)
{
    struct quantity q;
    struct err ignored = { 0 };
    if (text.n == 0 || quantity_read(&q, text, &ignored) != OK)
        return text;
    return page_quantity(w->p, q, w->a);
}

/* Items of a list, joined; `name` of each object, or the item itself. */
static struct str joined(const struct writer *w, const struct desk_coi_event *x, const char *member,
                         const char *name)
{
    const struct json *list = json_get(x->body, member);
    struct buf b = buf_in(w->a, TEXT_BYTES);
    for (const struct json *item = list ? list->child : NULL; item; item = item->next) {
        buf_z(&b, item == list->child ? "" : ", ");
        buf_str(&b, name ? json_get_str(item, name) : item->text);
    }
    return buf_get(&b);
}

/* Two parts, the second softer by a separator; empty parts leave none. */
static struct str both(const struct writer *w, struct str a, const char *between, struct str b)
{
    if (a.n == 0 || b.n == 0)
        return a.n > 0 ? a : b;
    return arena_printf(w->a, "%.*s%s%.*s", STR(a), between, STR(b));
}

static struct str when(const struct writer *w, const struct desk_coi_event *x)
{
    return show_time(w->p, x->event.happened);
}

static struct str who(const struct writer *w, const struct desk_coi_event *x)
{
    return both(w, person(w, x->event.actor), ", ", site(w, x->event.place));
}

static struct str reason(const struct desk_coi_event *x)
{
    return desk_coi_opened(x, "reason");
}

static void begin(const struct writer *w, const char *heading, const char *const *columns)
{
    struct print_column out[COLUMNS_MAX];
    size_t n = 0;
    for (; columns[n]; n++)
        out[n] = (struct print_column){ .title = words(w, columns[n]),
                                        .weight = INT_NONE,
                                        .id = strcmp(columns[n], "page.coi.event") == 0 };
    print_heading(w->print, 1, words(w, heading));
    print_table(w->print, S(""), out, n);
}

/* --- who, what, and on what it rests --- */

static void identity_facts(const struct writer *w)
{
    const struct desk_coi_event *last = NULL;
    for (size_t i = 0; i < w->c->n; i++)
        if (w->c->events[i].nopened > 0 && str_starts(w->c->events[i].event.type, S("patient.")))
            last = &w->c->events[i];
    const struct str pseudonym = of(find(w, "patient.enrolled", NULL, S("")), "pseudonym");
    print_fact(w->print, words(w, "page.coi.pseudonym"), pseudonym, true);
    if (!last || desk_coi_opened(last, "family").n == 0)
        return;
    print_fact(w->print, words(w, "print.patient"),
               both(w, desk_coi_opened(last, "family"), ", ", desk_coi_opened(last, "given")),
               false);
    print_fact(w->print, words(w, "page.coi.born"), desk_coi_opened(last, "birth_date"), false);
}

static void order_facts(const struct writer *w)
{
    const struct desk_coi_event *prescribed = find(w, "order.prescribed", NULL, S(""));
    const struct desk_coi_event *placed = find(w, "order.placed", NULL, S(""));
    const struct desk_coi_event *started = find(w, "flow.started", NULL, S(""));
    const struct json *version = prescribed ? json_get(prescribed->body, "product_version") : NULL;
    const struct json *workflow = started ? json_get(started->body, "workflow_version") : NULL;
    char root[2 * HASH_SIZE] = { 0 };
    struct buf base64 = buf_over(root, sizeof root);
    buf_base64(&base64, w->c->checkpoint.root.b, HASH_SIZE);
    print_fact(w->print, words(w, "page.coi.identifier"), of(placed, "coi"), true);
    print_fact(w->print, words(w, "page.task.order"), w->c->order, true);
    identity_facts(w);
    print_fact(w->print, words(w, "print.product"),
               both(w, of(prescribed, "product"), ", ", version ? version->text : S("")), false);
    print_fact(w->print, words(w, "page.order.workflow"),
               both(w, of(started, "workflow"), ", ", workflow ? workflow->text : S("")), false);
    print_fact(w->print, words(w, "page.coi.workflow_hash"), of(started, "workflow_hash"), true);
    print_fact(w->print, words(w, "page.coi.log"), str_z(w->c->checkpoint.origin), true);
    print_fact(w->print, words(w, "page.coi.size"),
               arena_printf(w->a, "%llu", (unsigned long long)w->c->checkpoint.size), false);
    print_fact(w->print, words(w, "page.coi.root"), arena_str(w->a, buf_get(&base64)), true);
    print_fact(w->print, words(w, "page.coi.key"), w->c->vkey, true);
    if (w->c->n > 0)
        print_fact(w->print, words(w, "page.coi.events"),
                   arena_printf(w->a, "%zu, %lld–%lld", w->c->n,
                                (long long)w->c->events[0].sequence,
                                (long long)w->c->events[w->c->n - 1].sequence),
                   false);
}

/* --- genealogy --- */

static enum draw_state state_of(struct str how)
{
    if (how.n == 0)
        return DRAW_OPEN;
    return str_is(how, "given") ? DRAW_DONE : str_is(how, "used_up") ? DRAW_IDLE : DRAW_WARN;
}

static size_t node_of(const struct desk_coi_event *const *made, size_t n, struct str id)
{
    size_t i = 0;
    while (i < n && !str_eq(desk_coi_text(made[i], "unit"), id))
        i++;
    return i;
}

static void add_node(const struct writer *w, struct draw_node *out, const struct desk_coi_event *x)
{
    const struct str id = desk_coi_text(x, "unit");
    const struct str how = of(find(w, "unit.ended", "unit", id), "how");
    *out = (struct draw_node){
        .label = both(w, show_name(w->p, "unit_kind", desk_coi_text(x, "kind")), " ",
                      desk_coi_text(x, "label")),
        .detail = both(w, quantity(w, desk_coi_text(x, "quantity")), " · ",
                       how.n > 0 ? show_name(w->p, "unit_ended", how) : S("")),
        .word = how.n > 0 ? show_name(w->p, "unit_ended", how) : words(w, "page.unit.live"),
        .href = w->links ? arena_printf(w->a, "/units/%.*s", STR(id)) : (struct str){ 0 },
        .state = state_of(how),
    };
}

static size_t add_edges(const struct writer *w, struct draw_edge *out, size_t max,
                        const struct desk_coi_event *const *made, size_t n, size_t to)
{
    const struct json *list = json_get(made[to]->body, "parents");
    size_t k = 0;
    for (const struct json *item = list ? list->child : NULL; item && k < max; item = item->next) {
        const size_t from = node_of(made, n, json_get_str(item, "unit"));
        if (from < n)
            out[k++] =
                (struct draw_edge){ from, to, quantity(w, json_get_str(item, "quantity")), false };
    }
    return k;
}

static enum outcome graph(const struct writer *w, const struct desk_coi_event *const *made,
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
        words(w, "page.coi.genealogy"), DRAW_DOWN, nodes, n, edges, nedges
    };
    TRY(draw_graph(&drawing, &g, w->a, e));
    print_drawing(w->print, drawing, words(w, "page.coi.genealogy_alt"),
                  words(w, "page.coi.genealogy_text"));
    return OK;
}

static struct str parents_of(const struct writer *w, const struct desk_coi_event *x)
{
    const struct json *list = json_get(x->body, "parents");
    struct buf b = buf_in(w->a, TEXT_BYTES);
    for (const struct json *item = list ? list->child : NULL; item; item = item->next) {
        buf_z(&b, item == list->child ? "" : ", ");
        buf_str(&b, both(w, unit(w, json_get_str(item, "unit")), ": ",
                         quantity(w, json_get_str(item, "quantity"))));
    }
    return b.n > 0 ? buf_get(&b) : words(w, "page.coi.from_patient");
}

static void unit_row(const struct writer *w, const struct desk_coi_event *x)
{
    const struct desk_coi_event *ended = find(w, "unit.ended", "unit", desk_coi_text(x, "unit"));
    const struct str how = of(ended, "how");
    const struct str cells[] = {
        number(w, x),
        desk_coi_text(x, "label"),
        both(w, show_name(w->p, "unit_kind", desk_coi_text(x, "kind")), ", ",
             desk_coi_text(x, "din")),
        quantity(w, desk_coi_text(x, "quantity")),
        parents_of(w, x),
        both(w, when(w, x), " · ", who(w, x)),
        task(w, desk_coi_text(x, "task")),
        how.n == 0 ? words(w, "page.unit.live")
                   : both(w, show_name(w->p, "unit_ended", how), ", ", when(w, ended)),
    };
    print_row(w->print, NULL, cells);
}

static enum outcome genealogy(const struct writer *w, struct err *e)
{
    static const char *const columns[] = {
        "page.coi.event",     "page.unit.label",  "page.coi.kind",
        "page.task.quantity", "page.coi.parents", "page.coi.made",
        "print.task",         "page.coi.ended",   NULL
    };
    const struct desk_coi_event **made =
        ARENA_ARRAY(w->a, DRAW_NODES_MAX, const struct desk_coi_event *);
    size_t n = 0;
    if (!made)
        return err_no_memory(e);
    begin(w, "page.coi.units", columns);
    for (size_t i = 0; i < w->c->n; i++)
        if (is(&w->c->events[i], "unit.made")) {
            unit_row(w, &w->c->events[i]);
            if (n < DRAW_NODES_MAX)
                made[n++] = &w->c->events[i];
        }
    return n > 0 ? graph(w, made, n, e) : OK;
}

static void reductions(const struct writer *w)
{
    static const char *const columns[] = { "page.coi.event", "page.coi.when",   "page.unit.label",
                                           "page.coi.what",  "page.coi.taken",  "page.coi.left",
                                           "page.coi.who",   "page.coi.reason", NULL };
    begin(w, "page.coi.quantities", columns);
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        const bool reconciled = is(x, "unit.reconciled");
        const bool ended = is(x, "unit.ended");
        if (!reconciled && !ended && !is(x, "unit.reduced"))
            continue;
        const struct str tolerance = desk_coi_text(x, "tolerance");
        const struct str cells[] = {
            number(w, x),
            when(w, x),
            unit(w, desk_coi_text(x, "unit")),
            reconciled
                ? both(w, words(w, "event.unit.reconciled"), ", ± ",
                       arena_printf(w->a, "%.*s %%", STR(tolerance.n > 0 ? tolerance : S("0"))))
                : show_name(w->p, ended ? "unit_ended" : "unit_reduced", desk_coi_text(x, "how")),
            quantity(w, desk_coi_text(x, reconciled ? "taken" : "by")),
            reconciled ? both(w, words(w, "page.coi.difference"), " ",
                              quantity(w, desk_coi_text(x, "difference")))
                       : quantity(w, desk_coi_text(x, "left")),
            who(w, x),
            reason(x),
        };
        print_row(w->print, NULL, cells);
    }
}

/* --- checks, custody --- */

static void checks(const struct writer *w)
{
    static const char *const columns[] = {
        "page.coi.event",  "page.coi.when",     "page.coi.point", "print.task",      "page.coi.who",
        "page.coi.method", "page.coi.expected", "page.coi.read",  "page.coi.result", NULL
    };
    begin(w, "page.coi.checks", columns);
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        if (!is(x, "identity.checked"))
            continue;
        const struct str result = desk_coi_text(x, "result");
        const struct json *complete = json_get(x->body, "complete");
        const struct str cells[] = {
            number(w, x),
            when(w, x),
            show_name(w->p, "point", desk_coi_text(x, "point")),
            task(w, desk_coi_text(x, "task")),
            who(w, x),
            both(w, show_name(w->p, "check_method", desk_coi_text(x, "method")), ", ",
                 x->event.device),
            joined(w, x, "expected", NULL),
            joined(w, x, "read", NULL),
            both(w, show_name(w->p, "check_result", result), ", ",
                 complete && complete->type == JSON_TRUE ? words(w, "page.coi.complete") : S("")),
        };
        print_row(w->print,
                  str_is(result, "fail")      ? "stop"
                  : str_is(result, "no_read") ? "warn"
                                              : NULL,
                  cells);
    }
}

static void custody(const struct writer *w)
{
    static const char *const columns[] = { "page.coi.event", "page.coi.when", "page.unit.label",
                                           "page.coi.what",  "page.coi.from", "page.coi.to_site",
                                           "page.coi.who",   "page.coi.pack", NULL };
    begin(w, "page.coi.custody", columns);
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        if (!str_starts(x->event.type, S("custody.")))
            continue;
        const struct str to = desk_coi_text(x, "to_site");
        const struct str cells[] = {
            number(w, x),
            when(w, x),
            unit(w, desk_coi_text(x, "unit")),
            text_find(w->p->language, arena_printf(w->a, "event.%.*s", STR(x->event.type))),
            site(w, desk_coi_text(x, "from_site")),
            site(w, to.n > 0 ? to : desk_coi_text(x, "site")),
            who(w, x),
            both(w, both(w, desk_coi_text(x, "container"), ", ", joined(w, x, "seals", NULL)), ", ",
                 desk_coi_text(x, "condition")),
        };
        print_row(w->print, is(x, "custody.refused") ? "stop" : NULL, cells);
    }
}

/* --- stops, deviations, corrections, disclosures: what happened, in one shape --- */

static struct str about(const struct writer *w, const struct desk_coi_event *x)
{
    if (is(x, "stop.raised"))
        return arena_printf(w->a, "%.*s: %.*s ≠ %.*s; %.*s",
                            STR(show_name(w->p, "point", desk_coi_text(x, "point"))),
                            STR(desk_coi_text(x, "read")), STR(desk_coi_text(x, "expected")),
                            STR(show_name(w->p, "safe_state", desk_coi_text(x, "safe_state"))));
    if (is(x, "stop.resolved"))
        return show_name(w->p, "decision", desk_coi_text(x, "decision"));
    if (is(x, "stop.thing_ended"))
        return unit(w, desk_coi_text(x, "thing"));
    if (is(x, "deviation.opened"))
        return both(w,
                    both(w, desk_coi_text(x, "number"), ", ",
                         show_name(w->p, "deviation_kind", desk_coi_text(x, "kind"))),
                    ", ", desk_coi_text(x, "risk"));
    if (is(x, "deviation.closed"))
        return both(
            w,
            of(find(w, "deviation.opened", "deviation", desk_coi_text(x, "deviation")), "number"),
            ", ", desk_coi_text(x, "cause"));
    if (is(x, "identity.disclosed"))
        return desk_coi_text(x, "to");
    return both(w, task(w, desk_coi_text(x, "task")), ", ",
                is(x, "flow.correction_reviewed")
                    ? show_name(w->p, "correction", desk_coi_text(x, "verdict"))
                    : joined(w, x, json_get(x->body, "changed") ? "changed" : "fields", NULL));
}

static void section(const struct writer *w, const char *heading, const char *const *sections)
{
    static const char *const columns[] = { "page.coi.event",
                                           "page.coi.when",
                                           "page.coi.what",
                                           "page.coi.about",
                                           "page.coi.who",
                                           "page.coi.reason",
                                           NULL };
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        bool ours = false;
        for (size_t k = 0; x->row && sections[k]; k++)
            ours |= strcmp(x->row->section, sections[k]) == 0;
        if (!ours)
            continue;
        if (!begun)
            begin(w, heading, columns);
        begun = true;
        const struct str cells[] = {
            number(w, x),
            when(w, x),
            text_find(w->p->language, arena_printf(w->a, "event.%.*s", STR(x->event.type))),
            about(w, x),
            who(w, x),
            reason(x),
        };
        print_row(w->print, is(x, "stop.raised") ? "stop" : NULL, cells);
    }
    if (!begun) {
        print_heading(w->print, 1, words(w, heading));
        print_text(w->print, words(w, "page.coi.none"));
    }
}

static void head(const struct writer *w, struct print_document *out, struct str identifier)
{
    record_clear(&print_document_record, out);
    out->title = words(w, "page.coi.title");
    out->subtitle = identifier;
    out->language = w->p->language;
    out->date = w->c->n > 0 ? w->c->events[w->c->n - 1].event.recorded : w->p->now_us;
    out->dated = show_time(w->p, out->date);
    out->paging = words(w, "print.paging");
    out->footer = words(w, "page.coi.footer");
    out->wide = true;
}

enum outcome desk_coi_document(const struct print_document **out, struct page *p, struct db *db,
                               const struct desk_coi *c, bool links, struct err *e)
{
    static const char *const trouble[] = { "stop", "deviation", NULL };
    static const char *const corrections[] = { "correction", NULL };
    static const char *const given_out[] = { "disclosure", NULL };
    struct writer w = { NULL, p, db, c, p->b->arena, links };
    struct print_document d;
    const struct str coi = of(find(&w, "order.placed", NULL, S("")), "coi");
    head(&w, &d, coi);
    w.print = print_new(w.a, &d);
    if (!w.print)
        return err_no_memory(e);
    print_identity(w.print, words(&w, "page.coi.identifier"), coi, true);
    print_identity(w.print, words(&w, "page.task.order"), c->order, true);
    print_note(w.print, NULL, words(&w, c->identity ? "page.coi.named" : "page.coi.unnamed"));
    order_facts(&w);
    TRY(genealogy(&w, e));
    reductions(&w);
    checks(&w);
    custody(&w);
    section(&w, "page.coi.trouble", trouble);
    section(&w, "page.coi.corrections", corrections);
    section(&w, "page.coi.disclosures", given_out);
    return print_done(out, w.print, e);
}
