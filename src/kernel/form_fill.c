/* Filling in a form: what was entered is put into cells, a field's or one of each row, and worked
 * out in the order of what looks at what, with every problem kept. */
#include "kernel/form_impl.h"

struct fill {
    const struct form_plan *plan;
    struct form_reader reader;
    struct arena *arena;
    struct form_order order;
    struct form_cell **cells;      /* by item: one, or one of each row there may be */
    struct formula_value **inputs; /* the same, as formulas see them; computed ones unrounded */
    size_t *rows;                  /* of each section */
    const char **names;
    bool working;
    struct form_filled *out;
};

/* A refusal becomes a problem of the field, and all goes on; a fault does not. */
static enum outcome note(struct fill *f, struct str field, enum outcome outcome,
                         const struct err *problem, struct err *e)
{
    if (outcome == FAULT)
        *e = *problem;
    if (outcome != REFUSED)
        return outcome;
    if (f->out->nproblems == FORM_PROBLEMS_MAX)
        return OK;
    struct str name = arena_str(f->arena, field.p ? field : S(""));
    if (!name.p)
        return err_no_memory(e);
    f->out->problems[f->out->nproblems++] =
        (struct form_problem){ .field = name, .error = *problem };
    return OK;
}

static enum outcome note_cell(struct fill *f, size_t item, size_t row, enum outcome outcome,
                              const struct err *problem, struct err *e)
{
    if (outcome == OK)
        return OK;
    struct str name = form_cell_name(f->plan, item, row, f->arena);
    return name.p ? note(f, name, outcome, problem, e) : err_no_memory(e);
}

static size_t rows_of(const struct fill *f, size_t item)
{
    return form_in_rows(f->plan, item) ? f->rows[f->plan->items[item].section] : 1;
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

static enum outcome too_many_rows(size_t max, struct err *problem)
{
    char digits[24];
    struct buf b = buf_over(digits, sizeof digits);
    buf_int(&b, (int64_t)max);
    return REFUSE(problem, "form.too_many_rows", { "max", buf_get(&b) });
}

static enum outcome take_input(struct fill *f, const struct record_pair *pair, struct err *problem)
{
    size_t row;
    size_t i = form_item_named(f->plan, pair->name, &row);
    if (i == f->plan->n)
        return REFUSE(problem, "form.unknown_field");
    size_t max = form_rows_max(form_section_of(f->plan, i));
    struct str entered = tidied(f->arena, pair->value);
    if (!entered.p)
        return err_no_memory(problem);
    if (max > 0 && row >= max)
        return entered.n == 0 ? OK : too_many_rows(max, problem);
    struct form_cell *cell = &f->cells[i][row];
    if (cell->seen)
        return REFUSE(problem, "form.duplicate");
    cell->seen = true;
    if (entered.n == 0)
        return OK;
    if (f->plan->items[i].type == FORM_COMPUTED)
        return REFUSE(problem, "form.computed");
    if (f->plan->items[i].type == FORM_SIGNATURE)
        return REFUSE(problem, "form.signature");
    cell->entered = entered;
    size_t section = f->plan->items[i].section;
    if (max > 0 && f->rows[section] <= row)
        f->rows[section] = row + 1;
    return OK;
}

static enum outcome take_inputs(struct fill *f, const struct form_filling *in, struct err *e)
{
    for (size_t s = 0; s < f->plan->form->sections.n; s++)
        f->rows[s] = form_rows_min(&f->plan->form->sections.p[s]);
    for (size_t i = 0; i < in->ninputs; i++) {
        struct err problem = { 0 };
        if (str_starts(in->inputs[i].name, S("_")))
            continue;
        enum outcome outcome = take_input(f, &in->inputs[i], &problem);
        TRY(note(f, in->inputs[i].name, outcome, &problem, e));
    }
    return OK;
}

/* -- Rules ------------------------------------------------------------------------------------- */

static bool rule_holds(const struct fill *f, const struct form_rule *r, size_t row)
{
    size_t i = form_rule_item(f->plan, r);
    if (i == f->plan->n)
        return false;
    const struct form_cell *cell = &f->cells[i][form_in_rows(f->plan, i) ? row : 0];
    if (!cell->shown || !cell->value.name.p)
        return false;
    if (r->is.p)
        return str_eq(cell->value.value, r->is);
    if (r->is_not.p)
        return !str_eq(cell->value.value, r->is_not);
    return (!decimal_present(r->at_least) || decimal_cmp(cell->kept, r->at_least) >= 0) &&
           (!decimal_present(r->at_most) || decimal_cmp(cell->kept, r->at_most) <= 0);
}

static bool section_shown(const struct fill *f, size_t item)
{
    const struct form_section *s = form_section_of(f->plan, item);
    return !s || s->shown_when.n == 0 || rule_holds(f, s->shown_when.p, 0);
}

static bool is_shown(const struct fill *f, size_t item, size_t row)
{
    const struct form_field *field = f->plan->items[item].field;
    return section_shown(f, item) &&
           (field->shown_when.n == 0 || rule_holds(f, field->shown_when.p, row));
}

/* -- What is computed -------------------------------------------------------------------------- */

/* A field in rows as a column: the cells that are asked for. */
static enum outcome as_column(struct formula_value *out, const struct fill *f, size_t item,
                              struct err *e)
{
    size_t n = rows_of(f, item);
    struct formula_value *cells = ARENA_ARRAY(f->arena, n + 1, struct formula_value);
    if (!cells)
        return err_no_memory(e);
    *out = (struct formula_value){ .name = f->names[item] };
    if (!section_shown(f, item))
        return OK;
    out->kind = FORMULA_COLUMN;
    out->cells = cells;
    for (size_t row = 0; row < n; row++)
        if (f->cells[item][row].shown)
            cells[out->ncells++] = f->inputs[item][row];
    return OK;
}

/* What the formula of this cell is given; only what it names is filled in. */
static enum outcome gather(struct formula_value **out, const struct fill *f, size_t item,
                           size_t row, struct err *e)
{
    const struct form_plan *p = f->plan;
    struct formula_value *given = ARENA_ARRAY(f->arena, p->n + 1, struct formula_value);
    if (!given)
        return err_no_memory(e);
    *out = given;
    for (size_t i = 0; i < p->n; i++) {
        given[i].name = f->names[i];
        if (!f->order.used[item][i])
            continue;
        if (form_in_rows(p, i) && p->items[i].section != p->items[item].section)
            TRY(as_column(&given[i], f, i, e));
        else
            given[i] = f->inputs[i][form_in_rows(p, i) ? row : 0];
        given[i].name = f->names[i];
    }
    return OK;
}

static void put_input(struct buf *b, const struct formula_value *v, const struct form_item *item)
{
    if (v->kind == FORMULA_ABSENT)
        buf_z(b, "–");
    else if (v->kind == FORMULA_NUMBER)
        quantity_write(b, (struct quantity){ v->number, item->field->unit });
    else if (v->kind == FORMULA_BOOL)
        buf_z(b, v->truth ? "true" : "false");
    else
        buf_str(b, v->text);
}

static struct str input_text(const struct fill *f, const struct formula_value *v, size_t item)
{
    struct buf b = buf_in(f->arena, FORM_ENTERED_MAX * 2);
    if (v->kind != FORMULA_COLUMN)
        put_input(&b, v, &f->plan->items[item]);
    for (size_t i = 0; v->kind == FORMULA_COLUMN && i < v->ncells; i++) {
        buf_z(&b, i > 0 ? "; " : "");
        put_input(&b, &v->cells[i], &f->plan->items[item]);
    }
    return buf_get(&b);
}

/* How a value came about; left out where there is no room. */
static void tell(struct fill *f, size_t item, size_t row, const struct formula_value *given,
                 const struct formula_value *result)
{
    const struct form_field *field = f->plan->items[item].field;
    struct form_given *texts = ARENA_ARRAY(f->arena, f->plan->n + 1, struct form_given);
    if (!texts || f->out->nworkings == FORM_VALUES_MAX)
        return;
    struct form_working w = {
        .name = form_cell_name(f->plan, item, row, f->arena),
        .label = field->label,
        .formula = field->formula,
        .given = texts,
        .kept = f->cells[item][row].value.value,
    };
    for (size_t i = 0; i < f->plan->n; i++)
        if (f->order.used[item][i])
            texts[w.ngiven++] =
                (struct form_given){ f->plan->items[i].field->label, input_text(f, &given[i], i) };
    if (result->kind == FORMULA_NUMBER) {
        struct buf b = buf_in(f->arena, DECIMAL_TEXT_MAX);
        decimal_write(&b, result->number);
        w.result = buf_get(&b);
    }
    f->out->workings[f->out->nworkings++] = w;
}

static enum outcome compute(struct fill *f, size_t item, size_t row, struct err *e)
{
    struct formula_value *given;
    struct formula_value result;
    const struct form_item *i = &f->plan->items[item];
    TRY(gather(&given, f, item, row, e));
    TRY(formula_run(&result, i->field->formula, given, f->plan->n, f->arena, e));
    enum outcome o =
        form_value_compute(&f->cells[item][row], &f->inputs[item][row], i, &result, f->arena, e);
    if (f->working)
        tell(f, item, row, given, &result);
    return o;
}

/* -- Working it out ---------------------------------------------------------------------------- */

static enum outcome work_out(struct fill *f, size_t item, size_t row, struct err *problem)
{
    const struct form_item *i = &f->plan->items[item];
    struct form_cell *cell = &f->cells[item][row];
    cell->shown = is_shown(f, item, row);
    if (!cell->shown)
        return OK;
    if (i->type == FORM_COMPUTED)
        return compute(f, item, row, problem);
    if (cell->entered.p)
        return form_value_read(cell, &f->inputs[item][row], &f->reader, i, problem);
    return i->field->required ? REFUSE(problem, "form.required") : OK;
}

static enum outcome work_out_all(struct fill *f, struct err *e)
{
    for (size_t k = 0; k < f->plan->n; k++) {
        size_t item = f->order.items[k];
        for (size_t row = 0; row < rows_of(f, item); row++) {
            struct err problem = { 0 };
            enum outcome outcome = work_out(f, item, row, &problem);
            TRY(note_cell(f, item, row, outcome, &problem, e));
        }
    }
    return OK;
}

/* Nothing is in the row, and none of its fields says so by itself. */
static bool row_empty(const struct fill *f, size_t section, size_t row)
{
    const size_t *firsts = f->plan->firsts;
    for (size_t i = firsts[section]; i < firsts[section + 1]; i++) {
        const struct form_cell *cell = &f->cells[i][row];
        if (cell->entered.p || (cell->shown && f->plan->items[i].field->required))
            return false;
    }
    return true;
}

/* Rows that there must be hold something. Of named rows each may stay empty. */
static enum outcome check_rows(struct fill *f, struct err *e)
{
    for (size_t s = 0; s < f->plan->form->sections.n; s++) {
        const struct form_section *section = &f->plan->form->sections.p[s];
        size_t first = f->plan->firsts[s];
        size_t must = section->repeat.n > 0 ? form_rows_min(section) : 0;
        for (size_t row = 0; row < must && section_shown(f, first); row++) {
            struct err problem = { 0 };
            if (row_empty(f, s, row))
                TRY(note_cell(f, first, row, REFUSE(&problem, "form.row_empty"), &problem, e));
        }
    }
    return OK;
}

/* -- All of it --------------------------------------------------------------------------------- */

static enum outcome begin_cells(struct fill *f, struct err *e)
{
    size_t n = f->plan->n;
    f->cells = ARENA_ARRAY(f->arena, n + 1, struct form_cell *);
    f->inputs = ARENA_ARRAY(f->arena, n + 1, struct formula_value *);
    f->rows = ARENA_ARRAY(f->arena, f->plan->form->sections.n + 1, size_t);
    if (!f->cells || !f->inputs || !f->rows)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        size_t rows = form_rows_max(form_section_of(f->plan, i));
        f->cells[i] = ARENA_ARRAY(f->arena, rows + 1, struct form_cell);
        f->inputs[i] = ARENA_ARRAY(f->arena, rows + 1, struct formula_value);
        if (!f->cells[i] || !f->inputs[i])
            return err_no_memory(e);
    }
    return OK;
}

static enum outcome begin(struct fill *f, const struct form_filling *in, struct err *e)
{
    size_t where = 0;
    f->plan = form_plan_of(in->form->body, f->arena);
    if (!f->plan)
        return err_no_memory(e);
    f->names = form_formula_names(f->plan, f->arena);
    f->out->problems = ARENA_ARRAY(f->arena, FORM_PROBLEMS_MAX, struct form_problem);
    if (f->working)
        f->out->workings = ARENA_ARRAY(f->arena, FORM_VALUES_MAX, struct form_working);
    if (!f->names || !f->out->problems || (f->working && !f->out->workings))
        return err_no_memory(e);
    TRY(form_order_of(&f->order, f->plan, f->names, f->arena, &where, e));
    return begin_cells(f, e);
}

/* Values and secrets in the order of the form, row by row. */
static enum outcome keep_item(struct form_value *values, struct form_secret *secrets,
                              struct form_record *r, const struct fill *f, size_t item, size_t row,
                              struct err *e)
{
    struct form_value value = f->cells[item][row].value;
    if (!value.name.p)
        return OK;
    value.name = form_cell_name(f->plan, item, row, f->arena);
    if (!value.name.p)
        return err_no_memory(e);
    if (f->plan->items[item].field->sealed)
        secrets[r->secrets.n++] = (struct form_secret){ value.name, value.entered };
    else
        values[r->values.n++] = value;
    return OK;
}

static enum outcome make_record(struct form_record *out, const struct fill *f,
                                const struct definition *definition, struct err *e)
{
    struct form_value *values = ARENA_ARRAY(f->arena, FORM_VALUES_MAX + 1, struct form_value);
    struct form_secret *secrets = ARENA_ARRAY(f->arena, FORM_VALUES_MAX + 1, struct form_secret);
    struct str name = arena_str(f->arena, definition->name);
    if (!values || !secrets || !name.p)
        return err_no_memory(e);
    *out = (struct form_record){ .form = name, .form_version = definition->version };
    out->values.p = values;
    out->secrets.p = secrets;
    const size_t *firsts = f->plan->firsts;
    for (size_t i = 0; i < firsts[0]; i++)
        TRY(keep_item(values, secrets, out, f, i, 0, e));
    for (size_t s = 0; s < f->plan->form->sections.n; s++)
        for (size_t row = 0; row < rows_of(f, firsts[s]); row++)
            for (size_t i = firsts[s]; i < firsts[s + 1]; i++)
                TRY(keep_item(values, secrets, out, f, i, row, e));
    return OK;
}

enum outcome form_fill(struct form_filled *out, const struct form_filling *in, struct arena *arena,
                       struct err *e)
{
    struct fill f = {
        .reader = { in->files, arena },
        .arena = arena,
        .working = in->working,
        .out = out,
    };
    *out = (struct form_filled){ 0 };
    TRY(begin(&f, in, e));
    TRY(take_inputs(&f, in, e));
    TRY(work_out_all(&f, e));
    TRY(check_rows(&f, e));
    if (out->nproblems == 0)
        return make_record(&out->record, &f, in->form, e);
    char digits[24];
    struct buf count = buf_over(digits, sizeof digits);
    buf_int(&count, (int64_t)out->nproblems);
    return REFUSE(e, "form.problems", { "count", buf_get(&count) });
}

struct str form_record_value(const struct form_record *r, struct str name)
{
    for (size_t i = 0; i < r->values.n; i++)
        if (str_eq(r->values.p[i].name, name))
            return r->values.p[i].value;
    return (struct str){ 0 };
}
