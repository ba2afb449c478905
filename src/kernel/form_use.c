/* What the fields of a form look at: by their formulas, and by the rules that ask for them. */
#include "kernel/form_impl.h"

static bool same_rows(const struct form_plan *p, size_t a, size_t b)
{
    return p->items[a].section == p->items[b].section && form_in_rows(p, a);
}

static void add(struct form_use *out, size_t *n, const struct form_plan *p, size_t field,
                size_t input, bool rule)
{
    if (*n < FORM_USES_MAX && input < p->n)
        out[(*n)++] = (struct form_use){
            .field = p->items[field].field,
            .input = p->items[input].field,
            .by_rule = rule,
            .by_row = same_rows(p, field, input),
        };
}

enum outcome form_uses(const struct form_use **out, size_t *n, const struct form *form,
                       struct arena *arena, struct err *e)
{
    struct form_order order;
    size_t at;
    const struct form_plan *p = form_plan_of(form, arena);
    const char **names = p ? form_formula_names(p, arena) : NULL;
    struct form_use *uses = ARENA_ARRAY(arena, FORM_USES_MAX, struct form_use);
    *n = 0;
    if (!names || !uses)
        return err_no_memory(e);
    TRY(form_order_of(&order, p, names, arena, &at, e));
    for (size_t i = 0; i < p->n; i++) {
        const struct form_field *field = p->items[i].field;
        const struct form_section *section = form_section_of(p, i);
        for (size_t k = 0; order.used[i] && k < p->n; k++)
            if (order.used[i][k])
                add(uses, n, p, i, k, false);
        if (field->shown_when.n > 0)
            add(uses, n, p, i, form_rule_item(p, field->shown_when.p), true);
        if (section && section->shown_when.n > 0)
            add(uses, n, p, i, form_rule_item(p, section->shown_when.p), true);
    }
    *out = uses;
    return OK;
}
