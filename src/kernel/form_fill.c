/* Filling in a form: what was entered becomes what was understood, field by field, with every
 * problem kept; then what is computed follows in its order. */
#include "kernel/form_impl.h"

struct fill {
    const struct form *form;
    struct arena *arena;
    struct str *entered;          /* by field; absent: nothing */
    struct formula_value *inputs; /* by field, as formulas see it; computed ones unrounded */
    struct form_value *values;    /* by field; absent name: none */
    struct form_problem *problems;
    size_t nproblems; /* at most FORM_PROBLEMS_MAX: what comes later is not kept */
};

/* A refusal becomes a problem of the field, and all goes on; a fault does not. */
static enum outcome note(struct fill *f, struct str field, enum outcome outcome,
                         const struct err *problem, struct err *e)
{
    if (outcome == FAULT)
        *e = *problem;
    if (outcome != REFUSED)
        return outcome;
    if (f->nproblems == FORM_PROBLEMS_MAX)
        return OK;
    struct str name = arena_str(f->arena, field.p ? field : S(""));
    if (!name.p)
        return err_no_memory(e);
    f->problems[f->nproblems++] = (struct form_problem){ .field = name, .error = *problem };
    return OK;
}

/* -- What was entered -------------------------------------------------------------------------- */

/* A copy without blanks at its ends and with plain ends of lines. */
static struct str tidied(struct arena *arena, struct str s)
{
    s = str_trim(s);
    char *to = arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < s.n; i++)
        if (s.p[i] != '\r' || s.p[i + 1] != '\n')
            to[n++] = s.p[i];
    return (struct str){ to, n };
}

static enum outcome take_input(struct fill *f, const struct record_pair *pair, bool *seen,
                               struct err *problem)
{
    size_t i = form_field_find(f->form, pair->name);
    if (i == f->form->fields.n)
        return REFUSE(problem, "form.unknown_field");
    if (seen[i])
        return REFUSE(problem, "form.duplicate");
    seen[i] = true;
    struct str entered = tidied(f->arena, pair->value);
    if (!entered.p)
        return err_no_memory(problem);
    if (entered.n == 0)
        return OK;
    if (form_type_of(&f->form->fields.p[i]) == FORM_COMPUTED)
        return REFUSE(problem, "form.computed");
    f->entered[i] = entered;
    return OK;
}

static enum outcome take_inputs(struct fill *f, const struct record_pair *inputs, size_t ninputs,
                                struct err *e)
{
    bool *seen = ARENA_ARRAY(f->arena, f->form->fields.n + 1, bool);
    if (!seen)
        return err_no_memory(e);
    for (size_t i = 0; i < ninputs; i++) {
        struct err problem = { 0 };
        if (str_starts(inputs[i].name, S("_")))
            continue;
        TRY(note(f, inputs[i].name, take_input(f, &inputs[i], seen, &problem), &problem, e));
    }
    return OK;
}

/* -- What was understood ----------------------------------------------------------------------- */

static struct str unit_for_people(struct str code)
{
    const struct unit_of_measure *u = unit_of_measure_find(code);
    return u ? str_z(u->print) : code;
}

static enum outcome refuse_limit(struct err *e, const char *code, const char *name,
                                 struct decimal limit, struct str unit)
{
    char text[DECIMAL_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    decimal_write(&b, limit);
    return REFUSE(e, code, { name, buf_get(&b) }, { "unit", unit_for_people(unit) });
}

/* Refuses what cannot be, marks what is not expected, and writes the value. */
static enum outcome keep_quantity(struct fill *f, const struct form_field *field, struct decimal d,
                                  struct form_value *out, struct err *e)
{
    if (decimal_present(field->min) && decimal_cmp(d, field->min) < 0)
        return refuse_limit(e, "form.below_min", "min", field->min, field->unit);
    if (decimal_present(field->max) && decimal_cmp(d, field->max) > 0)
        return refuse_limit(e, "form.above_max", "max", field->max, field->unit);
    if (decimal_present(field->low) && decimal_cmp(d, field->low) < 0)
        out->mark = S("low");
    if (decimal_present(field->high) && decimal_cmp(d, field->high) > 0)
        out->mark = S("high");
    struct buf b = buf_in(f->arena, FORM_ENTERED_MAX);
    quantity_write(&b, (struct quantity){ d, field->unit });
    TRY(buf_check(&b, e));
    out->value = buf_get(&b);
    return OK;
}

/* A number in the field's unit, or a number and a unit. */
static enum outcome read_quantity(struct decimal *out, const struct form_field *field,
                                  struct str entered, struct err *e)
{
    struct quantity q;
    if (str_find(entered, ' ') == entered.n)
        return decimal_read(out, entered, e);
    TRY(quantity_read(&q, entered, e));
    TRY(quantity_convert(&q, q, field->unit, e));
    *out = q.value;
    return OK;
}

static enum outcome understand_quantity(struct fill *f, size_t i, struct str entered, struct err *e)
{
    const struct form_field *field = &f->form->fields.p[i];
    struct formula_value *input = &f->inputs[i];
    struct decimal d;
    TRY(read_quantity(&d, field, entered, e));
    TRY(keep_quantity(f, field, d, &f->values[i], e));
    input->kind = FORMULA_NUMBER;
    input->number = d;
    return OK;
}

static enum outcome understand_time(struct fill *f, struct form_value *out, struct str entered,
                                    struct err *e)
{
    int64_t us;
    if (!clock_read(&us, entered))
        return REFUSE(e, "form.not_a_time");
    struct buf b = buf_in(f->arena, CLOCK_TEXT_LENGTH);
    clock_write(&b, us);
    out->value = buf_get(&b);
    return buf_check(&b, e);
}

static bool is_choice(const struct form_field *field, struct str value)
{
    for (size_t i = 0; i < field->choices.n; i++)
        if (str_eq(field->choices.p[i].value, value))
            return true;
    return false;
}

/* What records take as text. */
static enum outcome check_text(struct str entered, size_t max, struct err *e)
{
    static const struct field text = { "text", FIELD_TEXT, OPTIONAL, 0, FORM_ENTERED_MAX, NULL };
    struct err unfit = { 0 };
    struct str kept;
    if (entered.n > max) {
        char digits[24];
        struct buf b = buf_over(digits, sizeof digits);
        buf_int(&b, (int64_t)max);
        return REFUSE(e, "form.too_long", { "max", buf_get(&b) });
    }
    if (record_set_text(&text, &kept, entered, &unfit) != OK)
        return REFUSE(e, "form.not_text");
    return OK;
}

static enum outcome understand(struct fill *f, size_t i, struct err *e)
{
    const struct form_field *field = &f->form->fields.p[i];
    struct form_value *out = &f->values[i];
    struct str entered = f->entered[i];
    enum form_type type = form_type_of(field);
    TRY(check_text(entered, form_length_max(field), e));
    *out = (struct form_value){ .name = field->name, .entered = entered, .value = entered };
    switch (type) {
    case FORM_QUANTITY:
        return understand_quantity(f, i, entered, e);
    case FORM_TIME:
        TRY(understand_time(f, out, entered, e));
        break;
    case FORM_DATE:
        if (!clock_date_valid(entered))
            return REFUSE(e, "form.not_a_date");
        break;
    case FORM_CHOICE:
        if (!is_choice(field, entered))
            return REFUSE(e, "form.not_a_choice");
        break;
    case FORM_BOOL:
        f->inputs[i].truth = str_is(entered, "true");
        f->inputs[i].kind = FORMULA_BOOL;
        return f->inputs[i].truth || str_is(entered, "false") ? OK : REFUSE(e, "form.not_a_choice");
    default:
        break;
    }
    f->inputs[i].kind = FORMULA_TEXT;
    f->inputs[i].text = out->value;
    return OK;
}

static enum outcome understand_all(struct fill *f, struct err *e)
{
    for (size_t i = 0; i < f->form->fields.n; i++) {
        const struct form_field *field = &f->form->fields.p[i];
        struct err problem = { 0 };
        enum outcome outcome = OK;
        if (f->entered[i].p)
            outcome = understand(f, i, &problem);
        else if (field->required)
            outcome = REFUSE(&problem, "form.required");
        TRY(note(f, field->name, outcome, &problem, e));
    }
    return OK;
}

/* -- What is computed -------------------------------------------------------------------------- */

static enum outcome compute(struct fill *f, size_t i, struct err *e)
{
    const struct form_field *field = &f->form->fields.p[i];
    struct formula_value result;
    TRY(formula_run(&result, field->formula, f->inputs, f->form->fields.n, f->arena, e));
    if (result.kind == FORMULA_ABSENT)
        return OK;
    if (result.kind != FORMULA_NUMBER)
        return REFUSE(e, "form.no_number");
    struct decimal kept = result.number;
    if (field->digits != INT_NONE)
        TRY(decimal_round(&kept, result.number, (int)field->digits, e));
    f->values[i].name = field->name;
    TRY(keep_quantity(f, field, kept, &f->values[i], e));
    f->inputs[i].kind = FORMULA_NUMBER;
    f->inputs[i].number = result.number;
    return OK;
}

static enum outcome compute_all(struct fill *f, const char *const *names, struct err *e)
{
    size_t *order;
    size_t n;
    size_t where = 0;
    TRY(form_compute_order(&order, &n, f->form, names, f->arena, &where, e));
    for (size_t k = 0; k < n; k++) {
        struct err problem = { 0 };
        enum outcome outcome = compute(f, order[k], &problem);
        TRY(note(f, f->form->fields.p[order[k]].name, outcome, &problem, e));
    }
    return OK;
}

/* -- All of it --------------------------------------------------------------------------------- */

static enum outcome begin(struct fill *f, const char *const *names, struct err *e)
{
    size_t n = f->form->fields.n;
    f->entered = ARENA_ARRAY(f->arena, n + 1, struct str);
    f->inputs = ARENA_ARRAY(f->arena, n + 1, struct formula_value);
    f->values = ARENA_ARRAY(f->arena, n + 1, struct form_value);
    f->problems = ARENA_ARRAY(f->arena, FORM_PROBLEMS_MAX, struct form_problem);
    if (!names || !f->entered || !f->inputs || !f->values || !f->problems)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        f->inputs[i].name = names[i];
    return OK;
}

/* Values and secrets in the order of the form. */
static enum outcome make_record(struct form_record *out, const struct fill *f,
                                const struct definition *definition, struct err *e)
{
    const struct form *form = f->form;
    struct form_value *values = ARENA_ARRAY(f->arena, form->fields.n + 1, struct form_value);
    struct form_secret *secrets = ARENA_ARRAY(f->arena, form->fields.n + 1, struct form_secret);
    struct str name = arena_str(f->arena, definition->name);
    if (!values || !secrets || !name.p)
        return err_no_memory(e);
    *out = (struct form_record){ .form = name, .form_version = definition->version };
    out->values.p = values;
    out->secrets.p = secrets;
    for (size_t i = 0; i < form->fields.n; i++) {
        if (!f->values[i].name.p)
            continue;
        struct form_value value = f->values[i];
        value.name = arena_str(f->arena, value.name);
        if (!value.name.p)
            return err_no_memory(e);
        if (form->fields.p[i].sealed)
            secrets[out->secrets.n++] = (struct form_secret){ value.name, value.entered };
        else
            values[out->values.n++] = value;
    }
    return OK;
}

enum outcome form_fill(struct form_record *out, const struct definition *form,
                       const struct record_pair *inputs, size_t ninputs,
                       struct form_problem **problems, size_t *nproblems, struct arena *arena,
                       struct err *e)
{
    struct fill f = { .form = form->body, .arena = arena };
    *problems = NULL;
    *nproblems = 0;
    const char **names = form_formula_names(f.form, arena);
    TRY(begin(&f, names, e));
    TRY(take_inputs(&f, inputs, ninputs, e));
    TRY(understand_all(&f, e));
    TRY(compute_all(&f, names, e));
    if (f.nproblems == 0)
        return make_record(out, &f, form, e);
    char digits[24];
    struct buf count = buf_over(digits, sizeof digits);
    buf_int(&count, (int64_t)f.nproblems);
    *problems = f.problems;
    *nproblems = f.nproblems;
    return REFUSE(e, "form.problems", { "count", buf_get(&count) });
}

struct str form_record_value(const struct form_record *r, struct str name)
{
    for (size_t i = 0; i < r->values.n; i++)
        if (str_eq(r->values.p[i].name, name))
            return r->values.p[i].value;
    return (struct str){ 0 };
}
