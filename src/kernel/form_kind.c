/* Definitions of forms: which properties a field of each type needs and may have, and what only
 * holds between properties and fields. */
#include "kernel/form_example.h"
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
    RULE = 1 << 11,
    MEDIA = 1 << 12,
    SIZE = 1 << 13,
    MEANING = 1 << 14,
    ROLE = 1 << 15,
    ENTRY = 1 << 16,
    CRITICALITY = 1 << 17,
    LIMITS = MIN | MAX | LOW | HIGH,
};

static const struct {
    unsigned bit;
    const char *name; /* as definitions write it */
} properties[] = {
    { UNIT, "unit" },       { DIGITS, "digits" },   { LENGTH, "length" },
    { CHOICES, "choices" }, { FORMULA, "formula" }, { MUST, "required" },
    { PERSONAL, "sealed" }, { MIN, "min" },         { MAX, "max" },
    { LOW, "low" },         { HIGH, "high" },       { RULE, "shown_when" },
    { MEDIA, "media" },     { SIZE, "size" },       { MEANING, "meaning" },
    { ROLE, "role" },       { ENTRY, "entry" },     { CRITICALITY, "criticality" },
};

static const struct {
    const char *name;
    unsigned needs;
    unsigned may;
} types[FORM_TYPES] = {
    [FORM_TEXT] = { "text", 0, LENGTH | RULE | MUST | PERSONAL | ENTRY },
    [FORM_QUANTITY] = { "quantity", UNIT, LIMITS | RULE | MUST | PERSONAL | ENTRY },
    [FORM_CHOICE] = { "choice", CHOICES, RULE | MUST | PERSONAL | ENTRY },
    [FORM_TIME] = { "time", 0, RULE | MUST | PERSONAL | ENTRY },
    [FORM_DATE] = { "date", 0, RULE | MUST | PERSONAL | ENTRY },
    [FORM_BOOL] = { "bool", 0, RULE | MUST | PERSONAL | ENTRY },
    [FORM_SCAN] = { "scan", 0, LENGTH | RULE | MUST | PERSONAL | ENTRY },
    [FORM_COMPUTED] = { "computed", UNIT | FORMULA, RULE | DIGITS | LIMITS },
    [FORM_FILE] = { "file", 0, RULE | MUST | MEDIA | SIZE | ENTRY },
    [FORM_SIGNATURE] = { "signature", MEANING | ROLE, CRITICALITY },
};

enum form_type form_type_of(const struct form_field *field)
{
    for (enum form_type t = 0; t < FORM_TYPES; t++)
        if (str_is(field->type, types[t].name))
            return t;
    return FORM_TYPES;
}

size_t form_length_max(const struct form_field *field)
{
    if (field->length != INT_NONE)
        return (size_t)field->length;
    return form_type_of(field) == FORM_SCAN ? FORM_SCAN_MAX : FORM_ENTERED_MAX;
}

const struct form_choice *form_choice_of(const struct form_field *field, struct str value)
{
    for (size_t i = 0; i < field->choices.n; i++)
        if (str_eq(field->choices.p[i].value, value))
            return &field->choices.p[i];
    return NULL;
}

struct str form_choice_label(const struct form_field *field, struct str value)
{
    const struct form_choice *choice = form_choice_of(field, value);
    return choice ? choice->label : value;
}

/* -- Check ------------------------------------------------------------------------------------- */

static enum outcome at(enum outcome outcome, struct err *e, const struct form_plan *p, size_t i,
                       const char *property)
{
    return form_at(outcome, e, p, i, property);
}

static unsigned properties_of(const struct form_field *f)
{
    return (f->unit.p ? UNIT : 0U) | (f->digits != INT_NONE ? DIGITS : 0U) |
           (f->length != INT_NONE ? LENGTH : 0U) | (f->choices.n > 0 ? CHOICES : 0U) |
           (f->formula.p ? FORMULA : 0U) | (f->required ? MUST : 0U) | (f->sealed ? PERSONAL : 0U) |
           (decimal_present(f->min) ? MIN : 0U) | (decimal_present(f->max) ? MAX : 0U) |
           (decimal_present(f->low) ? LOW : 0U) | (decimal_present(f->high) ? HIGH : 0U) |
           (f->shown_when.n > 0 ? RULE : 0U) | (f->media.n > 0 ? MEDIA : 0U) |
           (f->size != INT_NONE ? SIZE : 0U) | (f->meaning.p ? MEANING : 0U) |
           (f->role.p ? ROLE : 0U) | (f->entry.p ? ENTRY : 0U);
}

static enum outcome check_properties(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    const enum form_type type = p->items[i].type;
    unsigned has = properties_of(f);
    for (size_t k = 0; k < sizeof properties / sizeof properties[0]; k++) {
        unsigned bit = properties[k].bit;
        struct str name = str_z(properties[k].name);
        if ((types[type].needs & bit) && !(has & bit))
            return at(REFUSE(e, "form.lacks", { "type", f->type }, { "property", name }), e, p, i,
                      "type");
        if ((has & bit) && !((types[type].needs | types[type].may) & bit))
            return at(REFUSE(e, "form.unfitting", { "type", f->type }, { "property", name }), e, p,
                      i, properties[k].name);
    }
    return OK;
}

/* Of those limits that are given, none is below one before it. */
static enum outcome check_limits(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    const struct decimal limits[] = { f->min, f->low, f->high, f->max };
    static const char *const names[] = { "min", "low", "high", "max" };
    struct decimal last = decimal_none();
    for (size_t k = 0; k < sizeof limits / sizeof limits[0]; k++) {
        if (!decimal_present(limits[k]))
            continue;
        if (decimal_cmp(limits[k], last) < 0)
            return at(REFUSE(e, "form.limits_order"), e, p, i, names[k]);
        last = limits[k];
    }
    return OK;
}

static enum outcome check_numbers(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    if (f->digits != INT_NONE && (f->digits < 0 || f->digits > DECIMAL_SCALE_MAX))
        return at(REFUSE(e, "form.bad_number", { "max", S("30") }), e, p, i, "digits");
    if (f->length != INT_NONE && (f->length < 1 || f->length > FORM_ENTERED_MAX))
        return at(REFUSE(e, "form.bad_number", { "max", S("4000") }), e, p, i, "length");
    if (f->size != INT_NONE && (f->size < 1 || f->size > FORM_FILE_MAX))
        return at(REFUSE(e, "form.bad_number", { "max", S("1073741824") }), e, p, i, "size");
    return OK;
}

static enum outcome check_choices(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    for (size_t k = 0; k < f->choices.n; k++)
        for (size_t j = 0; j < k; j++)
            if (str_eq(f->choices.p[k].value, f->choices.p[j].value))
                return at(REFUSE(e, "form.choice_twice", { "value", f->choices.p[k].value }), e, p,
                          i, "choices");
    return OK;
}

static enum outcome check_field(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    if (!formula_name_valid(f->name))
        return at(REFUSE(e, "form.bad_name", { "name", f->name }), e, p, i, "name");
    if (form_item_find(p, f->name) < i)
        return at(REFUSE(e, "form.name_twice", { "name", f->name }), e, p, i, "name");
    if (p->items[i].type == FORM_TYPES)
        return at(REFUSE(e, "form.unknown_type", { "type", f->type }), e, p, i, "type");
    TRY(check_properties(p, i, e));
    if (f->unit.p && !unit_of_measure_find(f->unit))
        return at(REFUSE(e, "quantity.unknown_unit", { "unit", f->unit }), e, p, i, "unit");
    TRY(check_limits(p, i, e));
    TRY(check_numbers(p, i, e));
    return check_choices(p, i, e);
}

static enum outcome check(const struct define_context *context, const void *body, struct err *e)
{
    size_t where = 0;
    struct form_order order;
    const struct form_plan *p = form_plan_of(body, context->arena);
    if (!p)
        return err_no_memory(e);
    if (p->n == 0)
        return REFUSE(e, "form.empty");
    if (p->n > FORM_FIELDS_MAX)
        return at(REFUSE(e, "form.too_many_fields", { "max", S("400") }), e, p, FORM_FIELDS_MAX,
                  "name");
    for (size_t i = 0; i < p->n; i++)
        TRY(check_field(p, i, e));
    TRY(form_check_sections(p, e));
    TRY(form_check_twice(p, e));
    const struct form *form = body;
    TRY(picture_known(context, form->picture.p, form->picture.n, S("picture"), e));
    const char **names = form_formula_names(p, context->arena);
    if (!names)
        return err_no_memory(e);
    enum outcome outcome = form_order_of(&order, p, names, context->arena, &where, e);
    return at(outcome, e, p, where, "formula");
}

const struct define_kind form_kind = {
    .name = "form",
    .shape = &form_record,
    .check = check,
    .trial = form_trial,
};
