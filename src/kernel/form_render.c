/* Forms as HTML. What is shown is gathered here; how it looks stands in
 * pages/form_*.html, which escape it. What the arena has no room for makes the page's buffer fail,
 * so that no half of a form is ever shown as a whole. */
#include "kernel/form_impl.h"

#include "gen/kernel/pages/comma.html.h"
#include "gen/kernel/pages/form_field.html.h"
#include "gen/kernel/pages/form_instructions.html.h"
#include "gen/kernel/pages/picture.html.h"
#include "gen/kernel/pages/form_problems.html.h"
#include "gen/kernel/pages/form_section.html.h"
#include "kernel/file.h"
#include "kernel/number.h"
#include "kernel/show.h"

#include <stdio.h>

enum {
    RADIOS_MAX = 6,
    ONE_LINE_MAX = 200,
    LIMITS_TEXT_MAX = 400,
    NAMES_MAX = FORM_VALUES_MAX * 64,
};

static void starved(struct page *p)
{
    p->b->failed = true;
    p->b->starved = true;
}

/* -- Words ------------------------------------------------------------------------------------- */

static struct str decimal_text(struct arena *arena, struct decimal d)
{
    struct buf b = buf_in(arena, DECIMAL_TEXT_MAX);
    decimal_write(&b, d);
    return buf_get(&b);
}

static struct str unit_text(const struct form_field *field)
{
    const struct unit_of_measure *u = unit_of_measure_find(field->unit);
    return u ? str_z(u->print) : field->unit;
}

/* "from 1 to 5 mL", "at least 1 mL", "at most 5 mL"; absent without limits. The keys are those of
 * the three. */
static struct str limits_text(struct page *p, const struct form_field *field, struct decimal least,
                              struct decimal most, const char *const keys[3], struct arena *arena)
{
    if (!decimal_present(least) && !decimal_present(most))
        return (struct str){ 0 };
    size_t which = !decimal_present(most) ? 1 : !decimal_present(least) ? 2 : 0;
    const struct text_param params[] = {
        { "least", page_decimal(p, least, arena) },
        { "most", page_decimal(p, most, arena) },
        { "unit", str_is(field->unit, "1") ? S("") : unit_text(field) },
    };
    struct buf b = buf_in(arena, LIMITS_TEXT_MAX);
    text_write(&b, p->language, str_z(keys[which]), params, sizeof params / sizeof params[0]);
    return str_trim(buf_get(&b));
}

static struct str word(struct page *p, const char *key)
{
    return text_find(p->language, str_z(key));
}

/* -- Fields ------------------------------------------------------------------------------------ */

struct shown {
    const struct form_plan *plan;
    const struct record_pair *inputs;
    size_t ninputs;
    const struct form_files *files;
    const struct form_problem *problems;
    size_t nproblems;
    const struct form_working *workings;
    size_t nworkings;
    struct arena *arena;
    struct buf *numbers; /* names of the fields that take one */
};

static bool is_cell(const struct form_plan *p, struct str name)
{
    size_t row;
    size_t item = form_item_named(p, name, &row);
    return item < p->n &&
           row < (form_in_rows(p, item) ? form_rows_max(form_section_of(p, item)) : 1);
}

/* Its limits with the decimal sign of the page. */
static struct err in_words(struct page *p, const struct err *e, struct arena *arena)
{
    struct err out = *e;
    struct err ignored = { 0 };
    struct decimal d;
    const bool limit =
        str_is(str_z(e->code), "form.below_min") || str_is(str_z(e->code), "form.above_max");
    for (size_t i = 0; limit && i < e->nparams; i++)
        if (decimal_read(&d, str_z(e->params[i].value), &ignored) == OK)
            (void)snprintf(out.params[i].value, ERR_VALUE_MAX, "%.*s",
                           STR(page_decimal(p, d, arena)));
    return out;
}

/* Texts of the problems of one field, or of those of no field when name is absent. */
static const struct form_text *problem_texts(struct page *p, const struct shown *s, struct str name,
                                             size_t *n)
{
    struct form_text *texts = ARENA_ARRAY(s->arena, s->nproblems + 1, struct form_text);
    *n = 0;
    for (size_t i = 0; texts && i < s->nproblems; i++) {
        const struct form_problem *problem = &s->problems[i];
        bool of_none = !is_cell(s->plan, problem->field);
        if (name.p ? !str_eq(name, problem->field) : !of_none)
            continue;
        const struct err error = in_words(p, &problem->error, s->arena);
        struct str text = text_error(s->arena, p->language, &error);
        if (of_none)
            text = arena_printf(s->arena, "%.*s: %.*s", STR(problem->field), STR(text));
        texts[(*n)++] = (struct form_text){ text, text_error_hint(s->arena, p->language, &error) };
    }
    return texts;
}

static struct form_option *add_options(struct page *p, const struct form_field *field,
                                       struct form_entry *v, struct arena *arena)
{
    bool yes_no = v->type == FORM_BOOL;
    size_t n = yes_no ? 2 : field->choices.n;
    struct form_option *options = ARENA_ARRAY(arena, n + 1, struct form_option);
    if (!options)
        return NULL;
    if (yes_no) {
        options[0] = (struct form_option){ S("true"), word(p, "form.yes"), false };
        options[1] = (struct form_option){ S("false"), word(p, "form.no"), false };
    }
    for (size_t i = 0; i < n; i++) {
        if (!yes_no)
            options[i] =
                (struct form_option){ field->choices.p[i].value, field->choices.p[i].label, false };
        options[i].chosen = str_eq(options[i].value, v->value);
    }
    v->noptions = n;
    v->radios = n <= RADIOS_MAX;
    v->options = options;
    return options;
}

static struct str entered_before(const struct shown *s, struct str name)
{
    for (size_t i = 0; i < s->ninputs; i++)
        if (str_eq(s->inputs[i].name, name))
            return s->inputs[i].value;
    return (struct str){ 0 };
}

struct str form_element_id(struct str name, struct arena *arena)
{
    struct str id = arena_printf(arena, "f-%.*s", STR(name));
    for (size_t i = 0; id.p && i < id.n; i++)
        if (id.p[i] == '.')
            ((char *)(uintptr_t)id.p)[i] = '-';
    return id;
}

/* -- Rules ------------------------------------------------------------------------------------- */

static struct str rule_value(struct page *p, const struct form_item *looked_at, struct str value)
{
    if (looked_at->type == FORM_BOOL)
        return word(p, str_is(value, "true") ? "form.yes" : "form.no");
    return form_choice_label(looked_at->field, value);
}

static const char *condition_of(const struct form_rule *r)
{
    if (r->is.p || r->is_not.p)
        return r->is.p ? "is" : "is_not";
    if (r->given)
        return "given";
    if (decimal_present(r->at_least) && decimal_present(r->at_most))
        return "range";
    return decimal_present(r->at_least) ? "at_least" : "at_most";
}

static struct str limit_text(struct arena *arena, struct decimal d)
{
    return decimal_present(d) ? decimal_text(arena, d) : S("");
}

void form_rule_words(struct page *p, const struct form_plan *plan, const struct form_rule *r,
                     struct buf *b, struct arena *arena)
{
    size_t i = form_rule_item(plan, r);
    if (i == plan->n)
        return;
    const struct form_item *looked_at = &plan->items[i];
    struct str value = r->is.p ? r->is : r->is_not;
    const struct text_param params[] = {
        { "field", looked_at->field->label },
        { "value", value.p ? rule_value(p, looked_at, value) : S("") },
        { "least", page_decimal(p, r->at_least, arena) },
        { "most", page_decimal(p, r->at_most, arena) },
        { "unit", str_is(looked_at->field->unit, "1") ? S("") : unit_text(looked_at->field) },
    };
    buf_z(b, b->n > 0 ? "; " : "");
    text_write(b, p->language, arena_printf(arena, "form.only.%s", condition_of(r)), params,
               sizeof params / sizeof params[0]);
}

/* When it is asked for: for people, and "<name> <condition> <value>" for the script. */
static void put_rule(struct page *p, const struct shown *s, const struct form_rule *r, size_t row,
                     struct str *only, struct str *when)
{
    size_t i = form_rule_item(s->plan, r);
    struct str value = r->is.p ? r->is : r->is_not;
    struct buf b = buf_in(s->arena, LIMITS_TEXT_MAX);
    if (i == s->plan->n)
        return;
    struct str name = form_cell_name(s->plan, i, row, s->arena);
    form_rule_words(p, s->plan, r, &b, s->arena);
    *only = str_trim(buf_get(&b));
    *when = value.p ? arena_printf(s->arena, "%.*s %s %.*s", STR(name), condition_of(r), STR(value))
                    : arena_printf(s->arena, "%.*s %s %.*s %.*s", STR(name), condition_of(r),
                                   STR(limit_text(s->arena, r->at_least)),
                                   STR(limit_text(s->arena, r->at_most)));
}

/* "PDF, PNG; at most 10 MB"; empty where the field takes anything that may be stored. */
static struct str file_limits(struct page *p, const struct form_field *field, struct arena *arena)
{
    struct buf b = buf_in(arena, LIMITS_TEXT_MAX);
    for (size_t i = 0; i < field->media.n; i++) {
        const struct file_type *type = file_type_of_media(field->media.p[i]);
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, type ? show_name(p, "file_type", str_z(type->name))
                         : show_name(p, "file_media", field->media.p[i]));
    }
    if (field->size != INT_NONE) {
        const struct text_param params[] = { { "size", show_bytes(p, field->size) } };
        buf_z(&b, b.n > 0 ? "; " : "");
        text_write(&b, p->language, S("form.file_most"), params, 1);
    }
    return buf_get(&b);
}

/* What is chosen, and what may be; a picker wants a star behind "image/". */
static void put_file(struct form_entry *v, struct page *p, const struct shown *s)
{
    struct buf b = buf_in(s->arena, LIMITS_TEXT_MAX);
    v->files = s->files && s->files->kind.p ? s->files : NULL;
    if (v->value.n > 0)
        v->file = form_file_told(p, s->files, v->value, s->arena);
    for (size_t i = 0; i < v->field->media.n; i++) {
        const struct str media = v->field->media.p[i];
        buf_z(&b, b.n > 0 ? "," : "");
        buf_str(&b, media);
        buf_z(&b, str_ends(media, S("/")) ? "*" : "");
    }
    v->accept = buf_get(&b);
    v->types = file_limits(p, v->field, s->arena);
}

/* What is shown of one field, or of one of its cells. */
static bool entry_of(struct form_entry *v, struct page *p, const struct shown *s, size_t item,
                     size_t row)
{
    static const char *const possible[] = { "form.possible.range", "form.possible.least",
                                            "form.possible.most" };
    static const char *const expected[] = { "form.expected.range", "form.expected.least",
                                            "form.expected.most" };
    const struct form_field *field = s->plan->items[item].field;
    struct str name = form_cell_name(s->plan, item, row, s->arena);
    *v = (struct form_entry){
        .field = field,
        .type = s->plan->items[item].type,
        .name = name,
        .id = form_element_id(name, s->arena),
        .value = str_trim(entered_before(s, name)),
        .unit = unit_text(field),
        .possible = limits_text(p, field, field->min, field->max, possible, s->arena),
        .expected = limits_text(p, field, field->low, field->high, expected, s->arena),
        .least = limit_text(s->arena, field->min),
        .most = limit_text(s->arena, field->max),
        .low = limit_text(s->arena, field->low),
        .high = limit_text(s->arena, field->high),
        .length_max = (int64_t)form_length_max(field),
    };
    if (field->shown_when.n > 0)
        put_rule(p, s, field->shown_when.p, row, &v->only, &v->when);
    if (v->type == FORM_FILE)
        put_file(v, p, s);
    if (v->type == FORM_QUANTITY) {
        v->value = number_shown(p, v->value);
        buf_z(s->numbers, s->numbers->n > 0 ? " " : "");
        buf_str(s->numbers, name);
    }
    for (size_t i = 0; i < s->nworkings; i++)
        if (str_eq(s->workings[i].name, name) && s->workings[i].kept.n > 0)
            v->working = &s->workings[i];
    v->lines = v->type == FORM_TEXT && v->length_max > ONE_LINE_MAX;
    v->problems = problem_texts(p, s, name, &v->nproblems);
    bool options = v->type == FORM_CHOICE || v->type == FORM_BOOL;
    return !options || add_options(p, field, v, s->arena);
}

/* -- Sections ---------------------------------------------------------------------------------- */

/* As many rows as hold something, as there must be, or as the page had before; one more when it is
 * asked for. */
static size_t rows_shown(const struct shown *s, size_t section)
{
    const struct form_section *of = &s->plan->form->sections.p[section];
    const size_t max = form_rows_max(of);
    size_t rows = form_rows_min(of);
    int64_t had = 0;
    struct str counter = arena_printf(s->arena, "_rows.%.*s", STR(of->name));
    if (str_to_u63(&had, entered_before(s, counter)) && (uint64_t)had <= max && (size_t)had > rows)
        rows = (size_t)had;
    for (size_t i = 0; i < s->ninputs; i++) {
        size_t row;
        size_t item = form_item_named(s->plan, s->inputs[i].name, &row);
        if (item < s->plan->n && s->plan->items[item].section == section &&
            str_trim(s->inputs[i].value).n > 0 && row >= rows && row < max)
            rows = row + 1;
    }
    if (str_eq(entered_before(s, S("_add")), of->name))
        rows++;
    rows = rows == 0 ? 1 : rows;
    return rows > max ? max : rows;
}

static bool row_of(struct form_row *out, struct page *p, const struct shown *s, size_t section,
                   size_t row)
{
    const struct form_section *of = &s->plan->form->sections.p[section];
    const size_t from = s->plan->firsts[section];
    const size_t n = s->plan->firsts[section + 1] - from;
    struct form_entry *entries = ARENA_ARRAY(s->arena, n + 1, struct form_entry);
    if (!entries)
        return false;
    *out = (struct form_row){ .entries = entries, .nentries = n };
    out->id = arena_printf(s->arena, "r-%.*s-%zu", STR(of->name), row + 1);
    out->title = row < of->rows.n ? of->rows.p[row] : arena_printf(s->arena, "%zu", row + 1);
    for (size_t i = 0; i < n; i++) {
        if (!entry_of(&entries[i], p, s, from + i, row))
            return false;
        entries[i].row_id = out->id;
    }
    return true;
}

static void render_section(struct page *p, const struct shown *s, size_t section)
{
    const struct form_section *of = &s->plan->form->sections.p[section];
    const bool in_rows = form_rows_max(of) > 0;
    const size_t n = in_rows ? rows_shown(s, section) : 1;
    struct form_row *rows = ARENA_ARRAY(s->arena, n + 1, struct form_row);
    struct form_block v = {
        .section = of,
        .id = arena_printf(s->arena, "s-%.*s", STR(of->name)),
        .grid = of->table,
        .most = form_rows_max(of),
        .rows = rows,
        .nrows = n,
    };
    v.free = of->repeat.n > 0 && n < v.most;
    if (of->shown_when.n > 0)
        put_rule(p, s, of->shown_when.p, 0, &v.only, &v.when);
    bool good = rows != NULL;
    for (size_t i = 0; good && i < n; i++)
        good = row_of(&rows[i], p, s, section, i);
    if (good)
        page_form_section(p, &v);
    else
        starved(p);
}

void form_render(struct page *p, const struct form_filling *in, const struct form_problem *problems,
                 size_t nproblems, struct arena *arena)
{
    struct buf numbers = buf_in(arena, NAMES_MAX);
    const struct shown s = {
        .plan = form_plan_of(in->form->body, arena),
        .inputs = in->inputs,
        .ninputs = in->ninputs,
        .files = in->files,
        .problems = problems,
        .nproblems = nproblems,
        .workings = in->workings,
        .nworkings = in->nworkings,
        .arena = arena,
        .numbers = &numbers,
    };
    size_t n;
    if (!s.plan)
        return starved(p);
    const struct form_text *general = problem_texts(p, &s, (struct str){ 0 }, &n);
    if (s.plan->form->instructions.n > 0 && in->part <= 1)
        page_form_instructions(p, s.plan->form->instructions);
    if (s.plan->form->picture.n > 0 && in->part <= 1)
        page_picture(p, s.plan->form->picture.p);
    if (n > 0)
        page_form_problems(p, general, n);
    for (size_t i = 0; in->part <= 1 && i < s.plan->firsts[0]; i++) {
        struct form_entry v;
        if (!entry_of(&v, p, &s, i, 0))
            return starved(p);
        page_form_field(p, &v);
    }
    for (size_t i = 0; i < s.plan->form->sections.n; i++)
        if (in->part == 0 || in->part == (int64_t)i + 2)
            render_section(p, &s, i);
    page_comma(p, buf_get(&numbers));
    if (arena_exhausted(arena) || !buf_ok(&numbers))
        starved(p);
}

bool form_redraw_wanted(const struct record_pair *inputs, size_t ninputs)
{
    for (size_t i = 0; i < ninputs; i++)
        if (str_is(inputs[i].name, "_add") || str_is(inputs[i].name, "_attach"))
            return true;
    return false;
}

bool form_has_file(const struct form *form)
{
    for (size_t i = 0; i < form->fields.n; i++)
        if (form_type_of(&form->fields.p[i]) == FORM_FILE)
            return true;
    for (size_t s = 0; s < form->sections.n; s++)
        for (size_t i = 0; i < form->sections.p[s].fields.n; i++)
            if (form_type_of(&form->sections.p[s].fields.p[i]) == FORM_FILE)
                return true;
    return false;
}
