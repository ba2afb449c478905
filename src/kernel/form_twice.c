/* What of a form two persons enter, unseen by each other: all of it (`double_entry`), or the fields
 * marked so (`entry: double`); the rest is entered once, by the first of them. */
#include "kernel/form_impl.h"

bool form_field_twice(const struct form *form, const struct form_field *field)
{
    return form->double_entry || field->entry.p;
}

static bool any_twice(const struct form_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].entry.p)
            return true;
    return false;
}

bool form_partly_twice(const struct form *form)
{
    bool any = any_twice(form->fields.p, form->fields.n);
    for (size_t i = 0; i < form->sections.n; i++)
        any |= any_twice(form->sections.p[i].fields.p, form->sections.p[i].fields.n);
    return any && !form->double_entry;
}

bool form_twice(const struct form *form)
{
    return form->double_entry || form_partly_twice(form);
}

/* The fields that are entered twice, in an array of their own. */
static const struct form_field *kept(size_t *n, const struct form_field *fields, size_t nfields,
                                     struct arena *arena)
{
    struct form_field *out = ARENA_ARRAY(arena, nfields + 1, struct form_field);
    *n = 0;
    for (size_t i = 0; out && i < nfields; i++)
        if (fields[i].entry.p)
            out[(*n)++] = fields[i];
    return out;
}

enum outcome form_twice_only(struct definition *out, const struct definition *form,
                             struct arena *arena, struct err *e)
{
    const struct form *whole = form->body;
    *out = *form;
    if (!form_partly_twice(whole))
        return OK;
    struct form *part = ARENA_NEW(arena, struct form);
    struct form_section *sections = ARENA_ARRAY(arena, whole->sections.n + 1, struct form_section);
    if (!part || !sections)
        return err_no_memory(e);
    *part = *whole;
    part->fields.p = kept(&part->fields.n, whole->fields.p, whole->fields.n, arena);
    part->sections.p = sections;
    part->sections.n = 0;
    for (size_t i = 0; i < whole->sections.n; i++) {
        struct form_section *s = &sections[part->sections.n];
        *s = whole->sections.p[i];
        s->fields.p = kept(&s->fields.n, s->fields.p, s->fields.n, arena);
        if (!s->fields.p)
            return err_no_memory(e);
        part->sections.n += s->fields.n > 0;
    }
    out->body = part;
    return part->fields.p ? OK : err_no_memory(e);
}

/* --- check --- */

static enum outcome unfitting(const struct form_plan *p, size_t i, struct err *e)
{
    return form_at(REFUSE(e, "form.twice_unfitting", { "name", p->items[i].field->name }), e, p, i,
                   "entry");
}

/* The rule looks at what the second person enters as well. */
static bool looks_at_twice(const struct form_plan *p, const struct form_rule *rules, size_t n)
{
    size_t at = n > 0 ? form_rule_item(p, rules) : p->n;
    return n == 0 || (at < p->n && p->items[at].field->entry.p);
}

static enum outcome check_one(const struct form_plan *p, size_t i, struct err *e)
{
    const struct form_field *f = p->items[i].field;
    const struct form_section *section = form_section_of(p, i);
    bool enterable = p->items[i].type != FORM_COMPUTED && p->items[i].type != FORM_SIGNATURE;
    if (f->entry.p && !str_is(f->entry, "double"))
        return unfitting(p, i, e);
    if (!f->entry.p && f->sealed)
        return form_at(REFUSE(e, "form.sealed_once", { "name", f->name }), e, p, i, "sealed");
    if (!f->entry.p && enterable && form_in_rows(p, i) &&
        any_twice(section->fields.p, section->fields.n))
        return unfitting(p, i, e);
    if (f->entry.p &&
        (!looks_at_twice(p, f->shown_when.p, f->shown_when.n) ||
         (section && !looks_at_twice(p, section->shown_when.p, section->shown_when.n))))
        return unfitting(p, i, e);
    return OK;
}

enum outcome form_check_twice(const struct form_plan *p, struct err *e)
{
    for (size_t i = 0; i < p->n; i++)
        if (form_partly_twice(p->form) || p->items[i].field->entry.p)
            TRY(check_one(p, i, e));
    return OK;
}
