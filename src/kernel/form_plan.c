/* A form laid out: all its fields under one number, where they stand, and in which order they are
 * worked out. */
#include "kernel/form_impl.h"

/* -- Sections and items ------------------------------------------------------------------------ */

static void add_items(struct form_item *items, size_t *n, const struct form_field *fields,
                      size_t nfields, size_t section)
{
    for (size_t i = 0; i < nfields; i++)
        items[(*n)++] = (struct form_item){
            .field = &fields[i],
            .type = form_type_of(&fields[i]),
            .section = section,
            .number = i,
        };
}

struct form_plan *form_plan_of(const struct form *form, struct arena *arena)
{
    size_t n = form->fields.n;
    for (size_t s = 0; s < form->sections.n; s++)
        n += form->sections.p[s].fields.n;
    struct form_plan *p = ARENA_NEW(arena, struct form_plan);
    struct form_item *items = ARENA_ARRAY(arena, n + 1, struct form_item);
    size_t *firsts = ARENA_ARRAY(arena, form->sections.n + 1, size_t);
    if (!p || !items || !firsts)
        return NULL;
    *p = (struct form_plan){ .form = form, .items = items, .firsts = firsts };
    add_items(items, &p->n, form->fields.p, form->fields.n, FORM_TOP);
    for (size_t s = 0; s < form->sections.n; s++) {
        const struct form_section *section = &form->sections.p[s];
        firsts[s] = p->n;
        add_items(items, &p->n, section->fields.p, section->fields.n, s);
    }
    firsts[form->sections.n] = p->n;
    return p;
}

const struct form_section *form_section_of(const struct form_plan *p, size_t item)
{
    size_t section = p->items[item].section;
    return section == FORM_TOP ? NULL : &p->form->sections.p[section];
}

size_t form_rows_max(const struct form_section *s)
{
    if (!s)
        return 0;
    if (s->repeat.n > 0)
        return s->repeat.p[0].max > 0 ? (size_t)s->repeat.p[0].max : 0;
    return s->rows.n;
}

size_t form_rows_min(const struct form_section *s)
{
    if (!s || s->repeat.n == 0)
        return s ? s->rows.n : 0;
    return s->repeat.p[0].min == INT_NONE ? 0 : (size_t)s->repeat.p[0].min;
}

/* -- Names ------------------------------------------------------------------------------------- */

size_t form_item_find(const struct form_plan *p, struct str field)
{
    size_t i = 0;
    while (i < p->n && !str_eq(p->items[i].field->name, field))
        i++;
    return i;
}

size_t form_item_named(const struct form_plan *p, struct str name, size_t *row)
{
    struct str rest = name;
    struct str field = str_cut(&rest, '.');
    int64_t number = 0;
    size_t item = form_item_find(p, field);
    *row = 0;
    if (item == p->n || form_in_rows(p, item) != (rest.p != NULL))
        return p->n;
    if (!rest.p)
        return item;
    if (rest.n == 0 || rest.n > 3 || rest.p[0] == '0' || !str_to_u63(&number, rest))
        return p->n;
    *row = (size_t)number - 1;
    return item;
}

const struct form_field *form_field_of(const struct form *form, struct str name)
{
    struct str rest = name;
    struct str wanted = str_cut(&rest, '.');
    for (size_t i = 0; !rest.p && i < form->fields.n; i++)
        if (str_eq(form->fields.p[i].name, wanted))
            return &form->fields.p[i];
    for (size_t s = 0; s < form->sections.n; s++) {
        const struct form_section *section = &form->sections.p[s];
        bool fits = (form_rows_max(section) > 0) == (rest.p != NULL);
        for (size_t i = 0; fits && i < section->fields.n; i++)
            if (str_eq(section->fields.p[i].name, wanted))
                return &section->fields.p[i];
    }
    return NULL;
}

int64_t form_part_named(const struct form *form, struct str name)
{
    const struct form_field *field = form_field_of(form, name);
    for (size_t s = 0; field && s < form->sections.n; s++) {
        const struct form_section *section = &form->sections.p[s];
        if (field >= section->fields.p && field < section->fields.p + section->fields.n)
            return (int64_t)s + 2;
    }
    return field ? 1 : 0;
}

size_t form_places(struct form_place out[FORM_PLACES_MAX], const struct form *form)
{
    size_t n = 0;
    for (size_t s = 0; s <= form->sections.n; s++) {
        const struct form_field *fields =
            s == 0 ? form->fields.p : form->sections.p[s - 1].fields.p;
        size_t count = s == 0 ? form->fields.n : form->sections.p[s - 1].fields.n;
        for (size_t i = 0; i < count && n < FORM_PLACES_MAX; i++)
            if (form_type_of(&fields[i]) == FORM_SIGNATURE)
                out[n++] = (struct form_place){ fields[i].name, fields[i].label, fields[i].meaning,
                                                fields[i].role, fields[i].criticality };
    }
    return n;
}

struct str form_cell_name(const struct form_plan *p, size_t item, size_t row, struct arena *arena)
{
    struct str name = p->items[item].field->name;
    if (!form_in_rows(p, item))
        return arena_str(arena, name);
    return arena_printf(arena, "%.*s.%zu", STR(name), row + 1);
}

size_t form_rule_item(const struct form_plan *p, const struct form_rule *rule)
{
    return form_item_find(p, rule->field);
}

/* -- The order of working out ------------------------------------------------------------------ */

const char **form_formula_names(const struct form_plan *p, struct arena *arena)
{
    const char **names = ARENA_ARRAY(arena, p->n + 1, const char *);
    for (size_t i = 0; names && i < p->n; i++) {
        const struct form_item *item = &p->items[i];
        bool seen = !item->field->sealed && item->type != FORM_FILE && item->type != FORM_SIGNATURE;
        names[i] = seen ? arena_str(arena, item->field->name).p : "";
        if (!names[i])
            return NULL;
    }
    return names;
}

/* Whether a field's rule and its section's look only at what is placed. */
static bool rules_ready(const struct form_plan *p, size_t item, const bool *placed)
{
    const struct form_field *field = p->items[item].field;
    const struct form_section *section = form_section_of(p, item);
    if (field->shown_when.n > 0 && !placed[form_rule_item(p, field->shown_when.p)])
        return false;
    return !section || section->shown_when.n == 0 ||
           placed[form_rule_item(p, section->shown_when.p)];
}

/* An input of a formula has no place in the order before what it looks at itself. */
static bool is_ready(const struct form_plan *p, size_t item, const bool *used, const bool *placed)
{
    for (size_t i = 0; used && i < p->n; i++)
        if (used[i] && !placed[i])
            return false;
    return rules_ready(p, item, placed);
}

static enum outcome used_by_formulas(struct form_order *out, const struct form_plan *p,
                                     const char *const *names, struct arena *arena, size_t *at,
                                     struct err *e)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->items[i].field->formula.p)
            continue;
        *at = i;
        out->used[i] = ARENA_ARRAY(arena, p->n, bool);
        if (!out->used[i])
            return err_no_memory(e);
        TRY(formula_check(p->items[i].field->formula, names, p->n, out->used[i], e));
    }
    return OK;
}

enum outcome form_order_of(struct form_order *out, const struct form_plan *p,
                           const char *const *names, struct arena *arena, size_t *at, struct err *e)
{
    bool *placed = ARENA_ARRAY(arena, p->n + 1, bool);
    out->items = ARENA_ARRAY(arena, p->n + 1, size_t);
    out->used = ARENA_ARRAY(arena, p->n + 1, bool *);
    if (!placed || !out->items || !out->used)
        return err_no_memory(e);
    placed[p->n] = true; /* what a rule looks for and the form does not have */
    TRY(used_by_formulas(out, p, names, arena, at, e));
    for (size_t n = 0; n < p->n;) {
        size_t before = n;
        for (size_t i = 0; i < p->n; i++) {
            if (placed[i] || !is_ready(p, i, out->used[i], placed))
                continue;
            placed[i] = true;
            out->items[n++] = i;
        }
        if (n > before)
            continue;
        /* Rules look backwards only, so that a circle goes through a formula. */
        for (*at = 0; *at < p->n && (placed[*at] || !out->used[*at]); ++*at)
            ;
        BUG_ON(*at == p->n);
        return REFUSE(e, "form.cycle", { "name", p->items[*at].field->name });
    }
    return OK;
}
