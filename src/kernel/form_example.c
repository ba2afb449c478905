/* Examples for a form: what is asked for and not given gets one, until the form asks for nothing
 * more or refuses something else. For journeys and trials; nothing of it is kept. */
#include "kernel/form_example.h"

#include "kernel/form_impl.h"

/* Rounds: what a rule asks for is only known when what it looks at is there. */
enum { ROUNDS_MAX = 12, EXAMPLES_MAX = 2 * FORM_VALUES_MAX };

/* --- files: whatever the form allows --- */

/* An example's hash tells the number of its field. */
static struct str file_example(const struct form_examples *f, size_t item)
{
    return arena_printf(f->arena, "%064zx", item);
}

static enum outcome find_file(void *context, struct form_file *out, bool *found, struct str hash,
                              struct arena *arena, struct err *e)
{
    const struct form_plan *plan = context;
    size_t item = 0;
    (void)e;
    for (size_t i = hash.n > 8 ? hash.n - 8 : 0; i < hash.n; i++)
        item = item * 16 + (size_t)str_hex_digit(hash.p[i]);
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

static struct str example(const struct form_examples *f, size_t i)
{
    const struct form_item *item = &f->plan->items[i];
    struct arena *a = f->arena;
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
        clock_write(&now, f->at);
        return arena_str(a, buf_get(&now));
    case FORM_DATE:
        clock_write(&now, f->at);
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

static bool given(const struct form_examples *f, struct str name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->pairs[i].name, name))
            return f->pairs[i].value.n > 0;
    return false;
}

static bool add(struct form_examples *f, size_t item, size_t row)
{
    struct str name = form_cell_name(f->plan, item, row, f->arena);
    struct str value = example(f, item);
    if (!name.p || !value.p || f->n == f->max || given(f, name))
        return false;
    f->pairs[f->n++] = (struct record_pair){ name, value };
    return true;
}

/* Answers what is asked for; false: nothing could be added. */
static bool answer(struct form_examples *f, const struct form_filled *filled)
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

size_t form_examples_computed(const struct form_examples *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->plan->n; i++)
        n += f->plan->items[i].type == FORM_COMPUTED;
    return n;
}

enum outcome form_examples_new(struct form_examples *f, const struct definition *form,
                               const struct record_pair *pairs, size_t n, struct err *e)
{
    f->form = form;
    f->plan = form_plan_of(form->body, f->arena);
    f->n = n;
    f->max = n + EXAMPLES_MAX;
    f->pairs = ARENA_ARRAY(f->arena, f->max + 1, struct record_pair);
    if (!f->plan || !f->pairs)
        return err_no_memory(e);
    if (n > 0)
        memcpy(f->pairs, pairs, n * sizeof *pairs);
    return OK;
}

enum outcome form_examples_fill(struct form_filled *out, struct form_examples *f, bool examples,
                                struct err *e)
{
    const struct form_files files = { .context = (void *)f->plan, .find = find_file };
    enum outcome o = OK;
    for (size_t round = 0; round < ROUNDS_MAX; round++) {
        const struct form_filling in = { .form = f->form,
                                         .inputs = f->pairs,
                                         .ninputs = f->n,
                                         .files = &files,
                                         .working = f->working };
        if (f->before)
            TRY(f->before(f->context, e));
        *e = (struct err){ 0 };
        o = form_fill(out, &in, f->arena, e);
        if (o != REFUSED || !examples || !answer(f, out))
            break;
    }
    return o;
}
