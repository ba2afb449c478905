/* Forms of a trial, filled in by the engine that fills in all forms. What a journey does not name
 * is given an example, until the form asks for nothing more or refuses something else. */
#include "kernel/flow_journey_impl.h"
#include "kernel/form_impl.h"

/* Rounds: what a rule asks for is only known when what it looks at is there. */
enum { ROUNDS_MAX = 12, EXAMPLES_MAX = 2 * FORM_VALUES_MAX };

struct filling {
    struct journey *j;
    const struct form_plan *plan;
    struct record_pair *pairs;
    size_t n;
    size_t max;
};

/* --- files: whatever the form allows --- */

/* An example's hash tells the number of its field. */
static struct str file_example(const struct filling *f, size_t item)
{
    return arena_printf(f->j->arena, "%064zx", item);
}

static enum outcome find_file(void *context, struct form_file *out, bool *found, struct str hash,
                              struct arena *arena, struct err *e)
{
    const struct form_plan *plan = context;
    size_t item = 0;
    (void)e;
    for (size_t i = hash.n > 8 ? hash.n - 8 : 0; i < hash.n; i++)
        item = item * 16 + (size_t)(hash.p[i] <= '9' ? hash.p[i] - '0' : hash.p[i] - 'a' + 10);
    *found = item < plan->n && plan->items[item].type == FORM_FILE;
    if (!*found)
        return OK;
    const struct form_field *field = plan->items[item].field;
    struct str media = field->media.n > 0 ? field->media.p[0] : S("application/pdf");
    if (media.n > 0 && media.p[media.n - 1] == '/')
        media = arena_printf(arena, "%.*spng", STR(media));
    *out = (struct form_file){ .name = S("example"), .media = media, .size = 1 };
    return OK;
}

/* --- examples --- */

/* What the form expects; where it does not say, 1 if that can be. */
static struct str number_example(const struct form_field *field, struct arena *arena)
{
    const struct decimal one = decimal_of(1);
    char storage[80];
    struct buf b = buf_over(storage, sizeof storage);
    struct decimal d = decimal_present(field->low) ? field->low : field->high;
    if (!decimal_present(d) && decimal_present(field->min) && decimal_cmp(field->min, one) > 0)
        d = field->min;
    if (!decimal_present(d) && decimal_present(field->max) && decimal_cmp(field->max, one) < 0)
        d = field->max;
    decimal_write(&b, decimal_present(d) ? d : one);
    return arena_str(arena, buf_get(&b));
}

static struct str example(const struct filling *f, size_t i)
{
    const struct form_item *item = &f->plan->items[i];
    struct arena *a = f->j->arena;
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf now = buf_over(text, sizeof text);
    switch (item->type) {
    case FORM_QUANTITY:
        return number_example(item->field, a);
    case FORM_CHOICE:
        return item->field->choices.p[0].value;
    case FORM_BOOL:
        return S("true");
    case FORM_TIME:
        clock_write(&now, f->j->at);
        return arena_str(a, buf_get(&now));
    case FORM_DATE:
        clock_write(&now, f->j->at);
        return arena_printf(a, "%.10s", text);
    case FORM_FILE:
        return file_example(f, i);
    case FORM_TEXT:
    case FORM_SCAN:
        return form_length_max(item->field) < sizeof "example" ? S("e") : S("example");
    case FORM_COMPUTED:
    case FORM_SIGNATURE:
    case FORM_TYPES:
        break;
    }
    return (struct str){ 0 };
}

static bool given(const struct filling *f, struct str name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->pairs[i].name, name))
            return f->pairs[i].value.n > 0;
    return false;
}

static bool add(struct filling *f, size_t item, size_t row)
{
    struct str name = form_cell_name(f->plan, item, row, f->j->arena);
    struct str value = example(f, item);
    if (!name.p || !value.p || f->n == f->max || given(f, name))
        return false;
    f->pairs[f->n++] = (struct record_pair){ name, value };
    return true;
}

/* Answers what is asked for; false: nothing could be added. */
static bool answer(struct filling *f, const struct form_filled *filled)
{
    bool added = false;
    for (size_t i = 0; i < filled->nproblems; i++) {
        const struct form_problem *p = &filled->problems[i];
        size_t row = 0;
        size_t item = form_item_named(f->plan, p->field, &row);
        bool required = str_is(str_z(p->error.code), "form.required");
        bool empty = str_is(str_z(p->error.code), "form.row_empty");
        if (item < f->plan->n && required)
            added |= add(f, item, row);
        size_t section = item < f->plan->n ? f->plan->items[item].section : FORM_TOP;
        for (size_t k = 0; empty && section != FORM_TOP && k < f->plan->n; k++)
            if (f->plan->items[k].section == section && f->plan->items[k].field->required)
                added |= add(f, k, row);
    }
    return added;
}

static size_t computed(const struct form_plan *plan)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++)
        n += plan->items[i].type == FORM_COMPUTED;
    return n;
}

/* --- filling in --- */

static enum outcome fill(struct flow_filled *out, struct filling *f, const struct definition *form,
                         bool examples, struct err *e)
{
    const struct form_files files = { .context = (void *)f->plan, .find = find_file };
    struct form_filled filled;
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        const struct form_filling in = {
            .form = form, .inputs = f->pairs, .ninputs = f->n, .files = &files
        };
        f->j->formulas += computed(f->plan);
        TRY(journey_checked(f->j, e));
        out->error = (struct err){ 0 };
        out->outcome = form_fill(&filled, &in, f->j->arena, &out->error);
        if (out->outcome == FAULT)
            *e = out->error;
        if (out->outcome == FAULT)
            return FAULT;
        if (out->outcome == OK || !examples || !answer(f, &filled))
            break;
    }
    out->record = filled.record;
    if (out->outcome == REFUSED && filled.nproblems > 0) {
        struct str why = journey_why(f->j, &filled.problems[0].error);
        JOURNEY_SAY(f->j, JOURNEY_FOLLOWS, "journey.problem",
                    { "field", arena_str(f->j->arena, filled.problems[0].field) }, { "why", why });
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
    struct filling f = {
        .j = j,
        .plan = form_plan_of(form.body, j->arena),
        .n = in->n,
        .max = in->n + EXAMPLES_MAX,
    };
    f.pairs = ARENA_ARRAY(j->arena, f.max + 1, struct record_pair);
    *out = ARENA_NEW(j->arena, struct flow_filled);
    if (!f.plan || !f.pairs || !*out)
        return err_no_memory(e);
    if (in->n > 0)
        memcpy(f.pairs, in->pairs, in->n * sizeof *f.pairs);
    (*out)->before = in->before;
    TRY(fill(*out, &f, &form, in->examples, e));
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
