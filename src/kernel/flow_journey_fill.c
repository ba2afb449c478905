/* Forms of a trial, filled in by the engine that fills in all forms, with examples for what a
 * journey does not name. */
#include "kernel/flow_journey_impl.h"
#include "kernel/form_example.h"

/* The journey's bound on formulas, before each round. */
struct round {
    struct journey *j;
    const struct form_examples *f;
};

static enum outcome count_formulas(void *context, struct err *e)
{
    const struct round *r = context;
    r->j->formulas += form_examples_computed(r->f);
    return journey_checked(r->j, e);
}

static enum outcome fill(struct flow_filled *out, struct form_examples *f, struct journey *j,
                         bool examples, struct err *e)
{
    struct form_filled filled = { 0 };
    out->error = (struct err){ 0 };
    out->outcome = form_examples_fill(&filled, f, examples, &out->error);
    if (out->outcome == FAULT)
        *e = out->error;
    if (out->outcome == FAULT)
        return FAULT;
    TRY(journey_checked(j, e)); /* a bound is the journey's end, not the form's word */
    out->record = filled.record;
    if (out->outcome == REFUSED && filled.nproblems > 0) {
        struct str why = journey_why(j, &filled.problems[0].error);
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.problem",
                    { "field", arena_str(j->arena, filled.problems[0].field) }, { "why", why });
    }
    return OK;
}

enum outcome journey_fill(struct flow_filled **out, struct journey *j,
                          const struct journey_filling *in, struct err *e)
{
    const struct flow_open_task *opened = flow_opened(&j->now.view, in->task);
    struct definition form;
    bool found;
    *out = NULL;
    if (!opened || !opened->form.p)
        return OK;
    TRY(define_look(&form, j->trial->context, S("form"), opened->form, opened->form_version, &found,
                    e));
    if (!found)
        return REFUSE(e, "journey.unknown_form", { "form", opened->form });
    struct form_examples f = { .arena = j->arena, .at = j->at, .before = count_formulas };
    struct round round = { j, &f };
    f.context = &round;
    TRY(form_examples_new(&f, &form, in->pairs, in->n, e));
    *out = ARENA_NEW(j->arena, struct flow_filled);
    if (!*out)
        return err_no_memory(e);
    (*out)->before = in->before;
    TRY(fill(*out, &f, j, in->examples, e));
    if (f.n > in->n)
        JOURNEY_SAY(j, JOURNEY_FOLLOWS, "journey.examples",
                    { "n", arena_printf(j->arena, "%zu", f.n - in->n) });
    return OK;
}

enum outcome journey_entries(struct record_pair **pairs, size_t *n, struct journey *j,
                             struct str record, struct err *e)
{
    const struct json *tree;
    struct form_record r;
    record_clear(&form_record_record, &r);
    *n = 0;
    if (record.p) {
        TRY(json_read(&tree, j->arena, record, &json_limits_default, e));
        TRY(record_from_sealed_json(&form_record_record, &r, j->arena, tree, e));
    }
    *pairs = ARENA_ARRAY(j->arena, r.values.n + 1, struct record_pair);
    if (!*pairs)
        return err_no_memory(e);
    for (size_t i = 0; i < r.values.n; i++)
        if (r.values.p[i].entered.p)
            (*pairs)[(*n)++] = (struct record_pair){ r.values.p[i].name, r.values.p[i].entered };
    return OK;
}
