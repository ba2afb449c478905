/* The report in words: a section for each thing an inspector asks, each line with the number of the
 * event that it rests on. */
#include "modules/desk/coi_impl.h"

/* --- who, what, and on what it rests --- */

static void identity_facts(const struct coi_writer *w)
{
    const struct desk_coi_event *last = NULL;
    for (size_t i = 0; i < w->c->n; i++)
        if (w->c->events[i].nopened > 0 && str_starts(w->c->events[i].event.type, S("patient.")))
            last = &w->c->events[i];
    const struct str pseudonym = coi_of(coi_find(w, "patient.enrolled", NULL, S("")), "pseudonym");
    print_fact(w->print, coi_words(w, "page.coi.pseudonym"), pseudonym, true);
    if (!last || desk_coi_opened(last, "family").n == 0)
        return;
    print_fact(w->print, coi_words(w, "print.patient"),
               coi_both(w, desk_coi_opened(last, "family"), ", ", desk_coi_opened(last, "given")),
               false);
    print_fact(w->print, coi_words(w, "page.coi.born"), desk_coi_opened(last, "birth_date"), false);
}

static void order_facts(const struct coi_writer *w)
{
    const struct desk_coi_event *prescribed = coi_find(w, "order.prescribed", NULL, S(""));
    const struct desk_coi_event *started = coi_find(w, "flow.started", NULL, S(""));
    const struct json *version = prescribed ? json_get(prescribed->body, "product_version") : NULL;
    const struct json *workflow = started ? json_get(started->body, "workflow_version") : NULL;
    char root[2 * HASH_SIZE] = { 0 };
    struct buf base64 = buf_over(root, sizeof root);
    buf_base64(&base64, w->c->checkpoint.root.b, HASH_SIZE);
    identity_facts(w);
    print_fact(w->print, coi_words(w, "print.product"),
               coi_both(w, coi_of(prescribed, "product"), ", ", version ? version->text : S("")),
               false);
    print_fact(w->print, coi_words(w, "page.order.workflow"),
               coi_both(w, coi_of(started, "workflow"), ", ", workflow ? workflow->text : S("")),
               false);
    print_fact(w->print, coi_words(w, "page.coi.workflow_hash"), coi_of(started, "workflow_hash"),
               true);
    print_fact(w->print, coi_words(w, "page.coi.log"), str_z(w->c->checkpoint.origin), true);
    print_fact(w->print, coi_words(w, "page.coi.size"),
               arena_printf(w->a, "%llu", (unsigned long long)w->c->checkpoint.size), false);
    print_fact(w->print, coi_words(w, "page.coi.root"), arena_str(w->a, buf_get(&base64)), true);
    print_fact(w->print, coi_words(w, "page.coi.key"), w->c->vkey, true);
    if (w->c->n > 0)
        print_fact(w->print, coi_words(w, "page.coi.events"),
                   arena_printf(w->a, "%zu, %lld–%lld", w->c->n,
                                (long long)w->c->events[0].sequence,
                                (long long)w->c->events[w->c->n - 1].sequence),
                   false);
}

/* --- checks, custody --- */

static void checks(const struct coi_writer *w)
{
    static const char *const columns[] = {
        "page.coi.event",  "page.coi.when",     "page.coi.point", "print.task",      "page.coi.who",
        "page.coi.method", "page.coi.expected", "page.coi.read",  "page.coi.result", NULL
    };
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        if (!coi_is(x, "identity.checked"))
            continue;
        coi_begin(w, "page.coi.checks", columns, &begun);
        const struct str result = desk_coi_text(x, "result");
        const struct json *complete = json_get(x->body, "complete");
        const struct str cells[] = {
            coi_number(w, x),
            coi_when(w, x),
            show_name(w->p, "point", desk_coi_text(x, "point")),
            coi_task(w, desk_coi_text(x, "task")),
            coi_who(w, x),
            coi_both(w, show_name(w->p, "check_method", desk_coi_text(x, "method")), ", ",
                     x->event.device),
            coi_joined(w, x, "expected", NULL),
            coi_joined(w, x, "read", NULL),
            coi_both(w, show_name(w->p, "check_result", result), ", ",
                     complete && complete->type == JSON_TRUE ? coi_words(w, "page.coi.complete")
                                                             : S("")),
        };
        print_row(w->print,
                  str_is(result, "fail")      ? "stop"
                  : str_is(result, "no_read") ? "warn"
                                              : NULL,
                  cells);
    }
    if (!begun)
        coi_none(w, "page.coi.checks");
}

/* The unit, or those that a logger travelled with. */
static struct str moved(const struct coi_writer *w, const struct desk_coi_event *x)
{
    const struct json *series = json_get(x->body, "series");
    const struct json *legs = series ? json_get(series, "legs") : NULL;
    struct str out = coi_unit(w, desk_coi_text(x, "unit"));
    for (const struct json *leg = legs ? legs->child : NULL; leg; leg = leg->next)
        out = coi_both(w, out, ", ", coi_unit(w, json_get_str(leg, "unit")));
    return out;
}

/* Container, seals and condition; of temperatures the logger, the coldest and the warmest. */
static struct str pack(const struct coi_writer *w, const struct desk_coi_event *x)
{
    const struct json *series = json_get(x->body, "series");
    const struct json *legs = series ? json_get(series, "legs") : NULL;
    if (legs && legs->child)
        return arena_printf(w->a, "%.*s: %.*s … %.*s °C", STR(json_get_str(series, "logger")),
                            STR(json_get_str(legs->child, "coldest")),
                            STR(json_get_str(legs->child, "warmest")));
    return coi_both(
        w, coi_both(w, desk_coi_text(x, "container"), ", ", coi_joined(w, x, "seals", NULL)), ", ",
        desk_coi_opened(x, "condition"));
}

static void custody(const struct coi_writer *w)
{
    static const char *const columns[] = { "page.coi.event", "page.coi.when", "page.unit.label",
                                           "page.coi.what",  "page.coi.from", "page.coi.to_site",
                                           "page.coi.who",   "page.coi.pack", NULL };
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        if (!str_starts(x->event.type, S("custody.")))
            continue;
        coi_begin(w, "page.coi.custody", columns, &begun);
        const struct str to = desk_coi_text(x, "to_site");
        const struct str cells[] = {
            coi_number(w, x),
            coi_when(w, x),
            moved(w, x),
            coi_happened(w, x),
            coi_site(w, desk_coi_text(x, "from_site")),
            coi_site(w, to.n > 0 ? to : desk_coi_text(x, "site")),
            coi_who(w, x),
            pack(w, x),
        };
        print_row(w->print, coi_is(x, "custody.refused") ? "stop" : NULL, cells);
    }
    if (!begun)
        coi_none(w, "page.coi.custody");
}

/* --- stops, deviations, corrections, disclosures: what happened, in one shape --- */

static struct str about(const struct coi_writer *w, const struct desk_coi_event *x)
{
    if (coi_is(x, "stop.raised"))
        return coi_both(w, desk_coi_text(x, "read"), " ≠ ", desk_coi_text(x, "expected"));
    if (coi_is(x, "stop.resolved"))
        return show_name(w->p, "decision", desk_coi_text(x, "decision"));
    if (coi_is(x, "stop.thing_ended"))
        return coi_unit(w, desk_coi_text(x, "thing"));
    if (coi_is(x, "deviation.opened"))
        return coi_both(w,
                        coi_both(w, desk_coi_text(x, "number"), ", ",
                                 show_name(w->p, "deviation_kind", desk_coi_text(x, "kind"))),
                        ", ", desk_coi_text(x, "risk"));
    if (coi_is(x, "deviation.closed"))
        return coi_both(
            w,
            coi_of(coi_find(w, "deviation.opened", "deviation", desk_coi_text(x, "deviation")),
                   "number"),
            ", ", desk_coi_text(x, "cause"));
    if (coi_is(x, "identity.disclosed"))
        return desk_coi_text(x, "to");
    return coi_both(
        w, coi_task(w, desk_coi_text(x, "task")), ", ",
        coi_is(x, "flow.correction_reviewed")
            ? show_name(w->p, "correction", desk_coi_text(x, "verdict"))
            : coi_joined(w, x, json_get(x->body, "changed") ? "changed" : "fields", NULL));
}

static void section(const struct coi_writer *w, const char *heading, const char *const *sections)
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
        coi_begin(w, heading, columns, &begun);
        const struct str cells[] = {
            coi_number(w, x), coi_when(w, x), coi_happened(w, x),
            about(w, x),      coi_who(w, x),  coi_reason(x),
        };
        print_row(w->print, coi_is(x, "stop.raised") ? "stop" : NULL, cells);
    }
    if (!begun)
        coi_none(w, heading);
}

static void head(const struct coi_writer *w, struct print_document *out)
{
    record_clear(&print_document_record, out);
    out->title = coi_words(w, "page.coi.title");
    out->language = w->p->language;
    out->date = w->c->n > 0 ? w->c->events[w->c->n - 1].event.recorded : w->p->now_us;
    out->dated = show_time(w->p, out->date);
    out->paging = coi_words(w, "print.paging");
    out->footer = coi_words(w, "page.coi.footer");
    out->wide = true;
}

enum outcome desk_coi_document(const struct print_document **out, struct page *p, struct db *db,
                               const struct desk_coi *c, struct err *e)
{
    static const char *const trouble[] = { "stop", "deviation", NULL };
    static const char *const corrections[] = { "correction", NULL };
    static const char *const given_out[] = { "disclosure", NULL };
    struct coi_writer w = { NULL, p, db, c, p->b->arena };
    struct print_document d;
    const struct str coi = coi_of(coi_find(&w, "order.placed", NULL, S("")), "coi");
    head(&w, &d);
    w.print = print_new(w.a, &d);
    if (!w.print)
        return err_no_memory(e);
    print_identity(w.print, coi_words(&w, "page.coi.identifier"), coi, true);
    print_identity(w.print, coi_words(&w, "page.task.order"), c->order, true);
    print_note(w.print, NULL, coi_words(&w, c->identity ? "page.coi.named" : "page.coi.unnamed"));
    order_facts(&w);
    TRY(coi_timeline(&w, e));
    TRY(coi_genealogy(&w, e));
    coi_quantities(&w);
    checks(&w);
    custody(&w);
    TRY(coi_signatures(&w, e));
    section(&w, "page.coi.trouble", trouble);
    section(&w, "page.coi.corrections", corrections);
    section(&w, "page.coi.disclosures", given_out);
    return print_done(out, w.print, e);
}
