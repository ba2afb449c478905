/* Every signature of the order, as the events hold it: who, when, what it means, how it was proved,
 * what it covers and whether it stands (21 CFR 11.50). */
#include "modules/desk/coi_impl.h"

static enum outcome signature_read(struct sign_signature *out, const struct coi_writer *w,
                                   const struct desk_coi_event *x, struct err *e)
{
    const struct json *json;
    TRY(json_read(&json, w->a, x->event.signature, &json_limits_default, e));
    return record_from_json(&sign_signature_record, out, w->a, json, e);
}

/* The version of the task's record that stands; 0: there is none. */
static int64_t record_standing(const struct coi_writer *w, struct str task)
{
    int64_t version = 0;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        if ((coi_is(x, "flow.task_done") || coi_is(x, "flow.record_corrected")) &&
            str_eq(desk_coi_text(x, "task"), task) && x->event.version > version)
            version = x->event.version;
    }
    return version;
}

/* Whether the task was undone by a loop behind this version of the flow's stream. */
static bool undone(const struct coi_writer *w, struct str task, int64_t version)
{
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        const struct json *tasks = json_get(x->body, "tasks");
        if (!coi_is(x, "flow.repeated") || x->event.version < version)
            continue;
        for (const struct json *item = tasks ? tasks->child : NULL; item; item = item->next)
            if (str_eq(item->text, task))
                return true;
    }
    return false;
}

static struct str task_of(const struct sign_shown *what)
{
    return str_is(what->kind, "task") ? str_from(what->id, str_find(what->id, '/') + 1) : S("");
}

static struct str covered(const struct coi_writer *w, const struct sign_shown *what)
{
    const struct str kind = show_name(w->p, "signed", what->kind);
    const struct str task = task_of(what);
    const struct str version =
        what->version == INT_NONE ? S("") : arena_printf(w->a, "%lld", (long long)what->version);
    for (size_t i = 0; str_is(what->kind, "signature") && i < w->c->n; i++)
        if (str_eq(w->c->events[i].event.id, what->id))
            return coi_both(w, kind, " ", coi_number(w, &w->c->events[i]));
    return coi_both(w, task.n > 0 ? coi_task(w, task) : coi_both(w, kind, " ", what->id), ", ",
                    version);
}

static struct str state_of(const struct coi_writer *w, const struct desk_coi_event *x,
                           const struct sign_shown *what, const char **tone)
{
    const struct str task = task_of(what);
    *tone = "stop";
    if (coi_find(w, "sign.withdrawn", "signature", x->event.id))
        return coi_words(w, "signature.withdrawn");
    if (coi_find(w, "sign.rejected", "signature", x->event.id))
        return coi_words(w, "signature.rejected");
    *tone = "warn";
    if (task.n > 0 && undone(w, task, what->version))
        return coi_words(w, "signature.undone");
    if (task.n > 0 && record_standing(w, task) != what->version)
        return coi_words(w, "signature.older");
    *tone = NULL;
    return coi_words(w, "signature.stands");
}

enum outcome coi_signatures(const struct coi_writer *w, struct err *e)
{
    static const char *const columns[] = { "page.coi.event",    "page.coi.when",
                                           "page.coi.signer",   "page.coi.meaning",
                                           "page.coi.covers",   "page.coi.strength",
                                           "page.coi.standing", NULL };
    bool begun = false;
    for (size_t i = 0; i < w->c->n; i++) {
        const struct desk_coi_event *x = &w->c->events[i];
        struct sign_signature s;
        const char *tone;
        if (!x->event.signature.p)
            continue;
        TRY(signature_read(&s, w, x, e));
        coi_begin(w, "page.coi.signatures", columns, &begun);
        const struct str state = state_of(w, x, s.what.p, &tone);
        const struct str cells[] = {
            coi_number(w, x),
            show_time(w->p, s.time),
            s.name,
            sign_words(w->p, s.what.p),
            covered(w, s.what.p),
            show_name(w->p, "strength", s.strength),
            coi_both(w, state, ", ", coi_reason(x)),
        };
        print_row(w->print, tone, cells);
    }
    if (!begun)
        coi_none(w, "page.coi.signatures");
    return OK;
}
