/* Forms and records as HTML. What is shown is gathered here; how it looks stands in
 * pages/form_*.html, which escape it. What the arena has no room for makes the page's buffer fail,
 * so that no half of a form is ever shown as a whole. */
#include "kernel/form_impl.h"

#include "gen/kernel/pages/form_field.html.h"
#include "gen/kernel/pages/form_instructions.html.h"
#include "gen/kernel/pages/form_problems.html.h"
#include "gen/kernel/pages/form_record.html.h"

enum { RADIOS_MAX = 6, ONE_LINE_MAX = 200, LIMITS_TEXT_MAX = 400 };

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
        { "least", decimal_text(arena, least) },
        { "most", decimal_text(arena, most) },
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
    const struct form *form;
    const struct record_pair *inputs;
    size_t ninputs;
    const struct form_problem *problems;
    size_t nproblems;
    struct arena *arena;
};

/* Texts of the problems of one field, or of those of no field when name is absent. */
static const struct form_text *problem_texts(struct page *p, const struct shown *s, struct str name,
                                             size_t *n)
{
    struct form_text *texts = ARENA_ARRAY(s->arena, s->nproblems + 1, struct form_text);
    *n = 0;
    for (size_t i = 0; texts && i < s->nproblems; i++) {
        const struct form_problem *problem = &s->problems[i];
        bool of_none = form_field_find(s->form, problem->field) == s->form->fields.n;
        if (name.p ? !str_eq(name, problem->field) : !of_none)
            continue;
        struct str text = text_error(s->arena, p->language, &problem->error);
        if (of_none)
            text = arena_printf(s->arena, "%.*s: %.*s", STR(problem->field), STR(text));
        texts[(*n)++] =
            (struct form_text){ text, text_error_hint(s->arena, p->language, &problem->error) };
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

static void render_field(struct page *p, const struct shown *s, const struct form_field *field)
{
    static const char *const possible[] = { "form.possible.range", "form.possible.least",
                                            "form.possible.most" };
    static const char *const expected[] = { "form.expected.range", "form.expected.least",
                                            "form.expected.most" };
    struct form_entry v = {
        .field = field,
        .type = form_type_of(field),
        .id = arena_printf(s->arena, "f-%.*s", STR(field->name)),
        .value = str_trim(entered_before(s, field->name)),
        .unit = unit_text(field),
        .possible = limits_text(p, field, field->min, field->max, possible, s->arena),
        .expected = limits_text(p, field, field->low, field->high, expected, s->arena),
        .length_max = (int64_t)form_length_max(field),
    };
    v.lines = v.type == FORM_TEXT && v.length_max > ONE_LINE_MAX;
    v.problems = problem_texts(p, s, field->name, &v.nproblems);
    bool options = v.type == FORM_CHOICE || v.type == FORM_BOOL;
    if (options && !add_options(p, field, &v, s->arena))
        return starved(p);
    page_form_field(p, &v);
}

void form_render(struct page *p, const struct definition *form, const struct record_pair *inputs,
                 size_t ninputs, const struct form_problem *problems, size_t nproblems,
                 struct arena *arena)
{
    const struct shown s = {
        .form = form->body,
        .inputs = inputs,
        .ninputs = ninputs,
        .problems = problems,
        .nproblems = nproblems,
        .arena = arena,
    };
    size_t n;
    const struct form_text *general = problem_texts(p, &s, (struct str){ 0 }, &n);
    if (s.form->instructions.n > 0)
        page_form_instructions(p, s.form->instructions);
    if (n > 0)
        page_form_problems(p, general, n);
    for (size_t i = 0; i < s.form->fields.n; i++)
        render_field(p, &s, &s.form->fields.p[i]);
    if (arena_exhausted(arena))
        starved(p);
}

/* -- Records ----------------------------------------------------------------------------------- */

/* A value as people read it: labels of choices, yes and no, times, units. */
static struct str value_text(struct page *p, const struct form_field *field, struct str value,
                             struct arena *arena)
{
    struct err unread = { 0 };
    struct quantity q;
    int64_t us;
    switch (form_type_of(field)) {
    case FORM_CHOICE:
        return form_choice_label(field, value);
    case FORM_BOOL:
        return word(p, str_is(value, "true") ? "form.yes" : "form.no");
    case FORM_TIME:
        return clock_read(&us, value) ? page_time(p, us, arena) : value;
    case FORM_QUANTITY:
    case FORM_COMPUTED:
        return quantity_read(&q, value, &unread) == OK ? page_quantity(p, q, arena) : value;
    default:
        return value;
    }
}

/* Whether the value says no more than what was entered, with the field's own unit. */
static bool says_the_same(const struct form_field *field, const struct form_value *v)
{
    if (str_eq(v->entered, v->value))
        return true;
    struct str rest = str_from(v->value, v->entered.n);
    return form_type_of(field) == FORM_QUANTITY && str_starts(v->value, v->entered) &&
           rest.n == field->unit.n + 1 && rest.p[0] == ' ' && str_ends(rest, field->unit);
}

static void show_value(struct page *p, struct form_line *line, const struct form_field *field,
                       const struct form_value *v, struct arena *arena)
{
    line->value = value_text(p, field, v->value, arena);
    if (!says_the_same(field, v))
        line->entered = v->entered;
    if (v->mark.n > 0)
        line->mark = arena_printf(arena, "form.mark.%.*s", STR(v->mark));
}

/* Whether the line has something to show. */
static void show_field(struct page *p, struct form_line *line, const struct form_field *field,
                       const struct form_record *record, form_open_fn *open, void *context,
                       struct arena *arena)
{
    line->label = field->label;
    for (size_t i = 0; i < record->values.n; i++)
        if (str_eq(record->values.p[i].name, field->name))
            show_value(p, line, field, &record->values.p[i], arena);
    for (size_t i = 0; i < record->secrets.n; i++) {
        const struct form_secret *secret = &record->secrets.p[i];
        if (!str_eq(secret->name, field->name))
            continue;
        struct str plain = { 0 };
        if (open)
            plain = open(context, field->name, secret->entered);
        line->hidden = !plain.p;
        if (plain.p)
            line->value = value_text(p, field, plain, arena);
    }
}

void form_render_record(struct page *p, const struct definition *form,
                        const struct form_record *record, form_open_fn *open, void *context,
                        struct arena *arena)
{
    const struct form *body = form->body;
    struct form_line *lines =
        ARENA_ARRAY(arena, body->fields.n + record->values.n + 1, struct form_line);
    if (!lines)
        return starved(p);
    size_t n = body->fields.n;
    for (size_t i = 0; i < n; i++)
        show_field(p, &lines[i], &body->fields.p[i], record, open, context, arena);
    /* A record of another version may hold what this one does not know: nothing is left out. */
    for (size_t i = 0; i < record->values.n; i++) {
        const struct form_value *v = &record->values.p[i];
        if (form_field_find(body, v->name) == body->fields.n)
            lines[n++] = (struct form_line){ .label = v->name, .value = v->value };
    }
    page_form_record(p, lines, n);
    if (arena_exhausted(arena))
        starved(p);
}
