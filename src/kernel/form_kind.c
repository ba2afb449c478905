/* Definitions of forms: which properties a field of each type needs and may have, and what only
 * holds between properties and fields. */
#include "kernel/form_impl.h"

#define RECORDS "kernel/form.def"
#include "base/record_tables.h"
#undef RECORDS

enum property {
    UNIT = 1 << 0,
    DIGITS = 1 << 1,
    LENGTH = 1 << 2,
    CHOICES = 1 << 3,
    FORMULA = 1 << 4,
    MUST = 1 << 5,
    PERSONAL = 1 << 6,
    MIN = 1 << 7,
    MAX = 1 << 8,
    LOW = 1 << 9,
    HIGH = 1 << 10,
    LIMITS = MIN | MAX | LOW | HIGH,
};

static const struct {
    unsigned bit;
    const char *name; /* as definitions write it */
} properties[] = {
    { UNIT, "unit" },       { DIGITS, "digits" }, { LENGTH, "length" },   { CHOICES, "choices" },
    { FORMULA, "formula" }, { MUST, "required" }, { PERSONAL, "sealed" }, { MIN, "min" },
    { MAX, "max" },         { LOW, "low" },       { HIGH, "high" },
};

static const struct {
    const char *name;
    unsigned needs;
    unsigned may;
} types[FORM_TYPES] = {
    [FORM_TEXT] = { "text", 0, LENGTH | MUST | PERSONAL },
    [FORM_QUANTITY] = { "quantity", UNIT, LIMITS | MUST | PERSONAL },
    [FORM_CHOICE] = { "choice", CHOICES, MUST | PERSONAL },
    [FORM_TIME] = { "time", 0, MUST | PERSONAL },
    [FORM_DATE] = { "date", 0, MUST | PERSONAL },
    [FORM_BOOL] = { "bool", 0, MUST | PERSONAL },
    [FORM_SCAN] = { "scan", 0, LENGTH | MUST | PERSONAL },
    [FORM_COMPUTED] = { "computed", UNIT | FORMULA, DIGITS | LIMITS },
};

enum form_type form_type_of(const struct form_field *field)
{
    for (enum form_type t = 0; t < FORM_TYPES; t++)
        if (str_is(field->type, types[t].name))
            return t;
    return FORM_TYPES;
}

size_t form_field_find(const struct form *form, struct str name)
{
    size_t i = 0;
    while (i < form->fields.n && !str_eq(form->fields.p[i].name, name))
        i++;
    return i;
}

size_t form_length_max(const struct form_field *field)
{
    if (field->length != INT_NONE)
        return (size_t)field->length;
    return form_type_of(field) == FORM_SCAN ? FORM_SCAN_MAX : FORM_ENTERED_MAX;
}

struct str form_choice_label(const struct form_field *field, struct str value)
{
    for (size_t i = 0; i < field->choices.n; i++)
        if (str_eq(field->choices.p[i].value, value))
            return field->choices.p[i].label;
    return value;
}

/* -- The order of computing -------------------------------------------------------------------- */

const char **form_formula_names(const struct form *form, struct arena *arena)
{
    const char **names = ARENA_ARRAY(arena, form->fields.n + 1, const char *);
    for (size_t i = 0; names && i < form->fields.n; i++) {
        const struct form_field *field = &form->fields.p[i];
        names[i] = field->sealed ? "" : arena_str(arena, field->name).p;
        if (!names[i])
            return NULL;
    }
    return names;
}

/* Whether all computed fields among those used are placed already. */
static bool is_ready(const struct form *form, const bool *used, const bool *placed)
{
    for (size_t i = 0; i < form->fields.n; i++)
        if (used[i] && !placed[i] && form->fields.p[i].formula.p)
            return false;
    return true;
}

enum outcome form_compute_order(size_t **order, size_t *n, const struct form *form,
                                const char *const *names, struct arena *arena, size_t *at,
                                struct err *e)
{
    size_t count = form->fields.n;
    bool **used = ARENA_ARRAY(arena, count + 1, bool *);
    bool *placed = ARENA_ARRAY(arena, count + 1, bool);
    *order = ARENA_ARRAY(arena, count + 1, size_t);
    *n = 0;
    if (!used || !placed || !*order)
        return err_no_memory(e);
    size_t computed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!form->fields.p[i].formula.p)
            continue;
        *at = i;
        used[i] = ARENA_ARRAY(arena, count, bool);
        if (!used[i])
            return err_no_memory(e);
        TRY(formula_check(form->fields.p[i].formula, names, count, used[i], e));
        computed++;
    }
    while (*n < computed) {
        size_t before = *n;
        for (size_t i = 0; i < count; i++) {
            if (!used[i] || placed[i] || !is_ready(form, used[i], placed))
                continue;
            placed[i] = true;
            (*order)[(*n)++] = i;
        }
        if (*n > before)
            continue;
        for (*at = 0; !used[*at] || placed[*at]; ++*at)
            ;
        return REFUSE(e, "form.cycle", { "name", form->fields.p[*at].name });
    }
    return OK;
}

/* -- Check ------------------------------------------------------------------------------------- */

/* Says where in the document: "fields.3.unit". A line is the formula's own and gives way to the
 * document's. */
static enum outcome at(enum outcome outcome, struct err *e, size_t i, const char *property)
{
    if (outcome != REFUSED)
        return outcome;
    size_t kept = 0;
    for (size_t k = 0; k < e->nparams; k++)
        if (strcmp(e->params[k].name, "line") != 0)
            e->params[kept++] = e->params[k];
    BUG_ON(kept == ERR_PARAMS_MAX);
    struct buf b = buf_over(e->params[kept].value, ERR_VALUE_MAX - 1);
    buf_printf(&b, "fields.%zu.%s", i, property);
    e->params[kept].value[b.n] = '\0';
    e->params[kept].name = "at";
    e->nparams = kept + 1;
    return outcome;
}

static unsigned properties_of(const struct form_field *f)
{
    return (f->unit.p ? UNIT : 0U) | (f->digits != INT_NONE ? DIGITS : 0U) |
           (f->length != INT_NONE ? LENGTH : 0U) | (f->choices.n > 0 ? CHOICES : 0U) |
           (f->formula.p ? FORMULA : 0U) | (f->required ? MUST : 0U) | (f->sealed ? PERSONAL : 0U) |
           (decimal_present(f->min) ? MIN : 0U) | (decimal_present(f->max) ? MAX : 0U) |
           (decimal_present(f->low) ? LOW : 0U) | (decimal_present(f->high) ? HIGH : 0U);
}

static enum outcome check_properties(const struct form_field *f, enum form_type type, size_t i,
                                     struct err *e)
{
    unsigned has = properties_of(f);
    for (size_t k = 0; k < sizeof properties / sizeof properties[0]; k++) {
        unsigned bit = properties[k].bit;
        struct str name = str_z(properties[k].name);
        if ((types[type].needs & bit) && !(has & bit))
            return at(REFUSE(e, "form.lacks", { "type", f->type }, { "property", name }), e, i,
                      "type");
        if ((has & bit) && !((types[type].needs | types[type].may) & bit))
            return at(REFUSE(e, "form.unfitting", { "type", f->type }, { "property", name }), e, i,
                      properties[k].name);
    }
    return OK;
}

/* Of those limits that are given, none is below one before it. */
static enum outcome check_limits(const struct form_field *f, size_t i, struct err *e)
{
    const struct decimal limits[] = { f->min, f->low, f->high, f->max };
    static const char *const names[] = { "min", "low", "high", "max" };
    struct decimal last = decimal_none();
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        if (!decimal_present(limits[k]))
            continue;
        if (decimal_cmp(limits[k], last) < 0)
            return at(REFUSE(e, "form.limits_order"), e, i, names[k]);
        last = limits[k];
    }
    return OK;
}

static enum outcome check_numbers(const struct form_field *f, size_t i, struct err *e)
{
    if (f->digits != INT_NONE && (f->digits < 0 || f->digits > DECIMAL_SCALE_MAX))
        return at(REFUSE(e, "form.bad_number", { "max", S("30") }), e, i, "digits");
    if (f->length != INT_NONE && (f->length < 1 || f->length > FORM_ENTERED_MAX))
        return at(REFUSE(e, "form.bad_number", { "max", S("4000") }), e, i, "length");
    return OK;
}

static enum outcome check_choices(const struct form_field *f, size_t i, struct err *e)
{
    for (size_t k = 0; k < f->choices.n; k++)
        for (size_t j = 0; j < k; j++)
            if (str_eq(f->choices.p[k].value, f->choices.p[j].value))
                return at(REFUSE(e, "form.choice_twice", { "value", f->choices.p[k].value }), e, i,
                          "choices");
    return OK;
}

static enum outcome check_field(const struct form *form, size_t i, struct err *e)
{
    const struct form_field *f = &form->fields.p[i];
    enum form_type type = form_type_of(f);
    if (!formula_name_valid(f->name))
        return at(REFUSE(e, "form.bad_name", { "name", f->name }), e, i, "name");
    if (form_field_find(form, f->name) < i)
        return at(REFUSE(e, "form.name_twice", { "name", f->name }), e, i, "name");
    if (type == FORM_TYPES)
        return at(REFUSE(e, "form.unknown_type", { "type", f->type }), e, i, "type");
    TRY(check_properties(f, type, i, e));
    if (f->unit.p && !unit_of_measure_find(f->unit))
        return at(REFUSE(e, "quantity.unknown_unit", { "unit", f->unit }), e, i, "unit");
    TRY(check_limits(f, i, e));
    TRY(check_numbers(f, i, e));
    return check_choices(f, i, e);
}

static enum outcome check(const struct define_context *context, const void *body, struct err *e)
{
    const struct form *form = body;
    size_t *order;
    size_t n;
    size_t where = 0;
    for (size_t i = 0; i < form->fields.n; i++)
        TRY(check_field(form, i, e));
    const char **names = form_formula_names(form, context->arena);
    if (!names)
        return err_no_memory(e);
    enum outcome outcome = form_compute_order(&order, &n, form, names, context->arena, &where, e);
    return at(outcome, e, where, "formula");
}

const struct define_kind form_kind = { .name = "form", .shape = &form_record, .check = check };
