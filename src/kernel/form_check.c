/* What holds between the fields and sections of a form: which field a rule may look at, how many
 * rows there may be, and where a signature's place may stand. */
#include "kernel/form_impl.h"

/* -- Where it is told -------------------------------------------------------------------------- */

/* A line is the formula's own and gives way to the document's. */
static enum outcome add_at(enum outcome outcome, struct err *e, struct str path)
{
    if (outcome != REFUSED)
        return outcome;
    size_t kept = 0;
    for (size_t k = 0; k < e->nparams; k++)
        if (strcmp(e->params[k].name, "line") != 0)
            e->params[kept++] = e->params[k];
    BUG_ON(kept == ERR_PARAMS_MAX);
    struct buf b = buf_over(e->params[kept].value, ERR_VALUE_MAX - 1);
    buf_str(&b, path);
    e->params[kept].value[b.n] = '\0';
    e->params[kept].name = "at";
    e->nparams = kept + 1;
    return outcome;
}

enum outcome form_at(enum outcome outcome, struct err *e, const struct form_plan *p, size_t item,
                     const char *property)
{
    char storage[100];
    struct buf b = buf_over(storage, sizeof storage);
    const struct form_item *i = &p->items[item];
    if (outcome == REFUSED && i->section != FORM_TOP)
        buf_printf(&b, "sections.%zu.", i->section);
    if (outcome == REFUSED)
        buf_printf(&b, "fields.%zu.%s", i->number, property);
    return add_at(outcome, e, buf_get(&b));
}

enum outcome form_at_section(enum outcome outcome, struct err *e, size_t section,
                             const char *property)
{
    char storage[100];
    struct buf b = buf_over(storage, sizeof storage);
    buf_printf(&b, "sections.%zu.%s", section, property);
    return add_at(outcome, e, buf_get(&b));
}

/* -- Rules ------------------------------------------------------------------------------------- */

static enum outcome unfitting(const struct form_item *looked_at, const char *property,
                              struct err *e)
{
    return REFUSE(e, "form.rule_unfitting", { "type", looked_at->field->type },
                  { "property", str_z(property) });
}

/* The condition fits the field that it looks at. */
static enum outcome check_condition(const struct form_rule *r, const struct form_item *looked_at,
                                    struct err *e)
{
    const enum form_type t = looked_at->type;
    const struct str value = r->is.p ? r->is : r->is_not;
    bool limits = decimal_present(r->at_least) || decimal_present(r->at_most);
    if ((value.p != NULL) + (limits ? 1 : 0) + (r->given ? 1 : 0) != 1 || (r->is.p && r->is_not.p))
        return REFUSE(e, "form.rule_unclear");
    if (decimal_present(r->at_least) && decimal_present(r->at_most) &&
        decimal_cmp(r->at_least, r->at_most) > 0)
        return REFUSE(e, "form.rule_unclear");
    if (limits && t != FORM_QUANTITY && t != FORM_COMPUTED)
        return unfitting(looked_at, decimal_present(r->at_least) ? "at_least" : "at_most", e);
    bool texts = t == FORM_CHOICE || t == FORM_BOOL || t == FORM_TEXT || t == FORM_SCAN;
    bool known = t == FORM_CHOICE ? form_choice_of(looked_at->field, value) != NULL
                 : t == FORM_BOOL ? str_is(value, "true") || str_is(value, "false")
                                  : true;
    if (value.p && (!texts || !known))
        return unfitting(looked_at, r->is.p ? "is" : "is_not", e);
    return OK;
}

/* `from` is the first item that the rule governs; `section` the rows it may look into. */
static enum outcome check_rule(const struct form_plan *p, const struct form_rule *r, size_t from,
                               size_t section, struct err *e)
{
    size_t looked_at = form_rule_item(p, r);
    bool seen = looked_at < from && !p->items[looked_at].field->sealed &&
                p->items[looked_at].type != FORM_SIGNATURE;
    if (seen && form_in_rows(p, looked_at))
        seen = p->items[looked_at].section == section;
    if (!seen)
        return REFUSE(e, "form.rule_field", { "name", r->field });
    return check_condition(r, &p->items[looked_at], e);
}

static enum outcome check_rules(const struct form_plan *p, struct err *e)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct form_field *f = p->items[i].field;
        if (f->shown_when.n == 0)
            continue;
        TRY(form_at(check_rule(p, f->shown_when.p, i, p->items[i].section, e), e, p, i,
                    "shown_when"));
    }
    for (size_t s = 0; s < p->form->sections.n; s++) {
        const struct form_section *section = &p->form->sections.p[s];
        if (section->shown_when.n == 0)
            continue;
        enum outcome o = check_rule(p, section->shown_when.p, p->firsts[s], FORM_TOP, e);
        TRY(form_at_section(o, e, s, "shown_when"));
    }
    return OK;
}

/* -- Rows -------------------------------------------------------------------------------------- */

static enum outcome check_rows(const struct form_section *section, size_t s, struct err *e)
{
    const struct form_repeat *r = section->repeat.p;
    if ((r && section->rows.n > 0) || (section->table && !r && section->rows.n == 0))
        return form_at_section(REFUSE(e, "form.rows_unclear"), e, s, r ? "rows" : "table");
    if (r && (r->max < 1 || r->max > FORM_ROWS_MAX ||
              (r->min != INT_NONE && (r->min < 0 || r->min > r->max))))
        return form_at_section(REFUSE(e, "form.bad_rows", { "max", S("100") }), e, s, "repeat");
    return OK;
}

static enum outcome check_row_fields(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_item *item = &p->items[i];
    const struct form_section *section = form_section_of(p, i);
    bool rows = form_in_rows(p, i);
    if (rows && item->field->name.n > FORM_ROW_NAME_MAX)
        return form_at(REFUSE(e, "form.name_too_long", { "max", S("56") }), e, p, i, "name");
    if (item->type == FORM_SIGNATURE && (rows || (section && section->shown_when.n > 0)))
        return form_at(REFUSE(e, "form.not_once", { "type", item->field->type }), e, p, i, "type");
    return OK;
}

/* Two sections of one name would share their rows. */
static enum outcome check_section(const struct form_plan *p, size_t s, size_t *values,
                                  struct err *e)
{
    const struct form_section *section = &p->form->sections.p[s];
    for (size_t k = 0; k < s; k++)
        if (str_eq(p->form->sections.p[k].name, section->name))
            return form_at_section(REFUSE(e, "form.name_twice", { "name", section->name }), e, s,
                                   "name");
    TRY(check_rows(section, s, e));
    size_t rows = form_rows_max(section);
    *values += section->fields.n * (rows > 0 ? rows : 1);
    if (*values > FORM_VALUES_MAX)
        return form_at_section(REFUSE(e, "form.too_many_values", { "max", S("400") }), e, s,
                               "fields");
    return OK;
}

enum outcome form_check_sections(const struct form_plan *p, struct err *e)
{
    size_t values = p->form->fields.n;
    size_t places = 0;
    for (size_t s = 0; s < p->form->sections.n; s++)
        TRY(check_section(p, s, &values, e));
    for (size_t i = 0; i < p->n; i++) {
        TRY(check_row_fields(p, i, e));
        places += p->items[i].type == FORM_SIGNATURE;
        if (places > FORM_PLACES_MAX)
            return form_at(REFUSE(e, "form.too_many_fields", { "max", S("20") }), e, p, i, "type");
    }
    return check_rules(p, e);
}
