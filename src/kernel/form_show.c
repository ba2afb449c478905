/* Records as people read them. What is shown is gathered here, for pages and for print; how it
 * looks stands in pages/form_record.html. */
#include "kernel/form_impl.h"

#include "gen/kernel/pages/form_record.html.h"
#include "kernel/number.h"
#include "kernel/show.h"

static struct str word(struct page *p, const char *key)
{
    return text_find(p->language, str_z(key));
}

/* "<media> <bytes>", of which the media type may have blanks. */
static void media_and_size(struct form_file *file, struct str text)
{
    size_t at = text.n;
    while (at > 0 && text.p[at - 1] != ' ')
        at--;
    file->media = str_trim((struct str){ text.p, at });
    file->size = INT_NONE;
    (void)str_to_u63(&file->size, str_from(text, at));
}

static struct str about_file(struct page *p, const struct form_file *file, struct arena *arena)
{
    const struct str type = file->type.p ? show_name(p, "file_type", file->type) : file->media;
    const struct text_param params[] = { { "type", type }, { "size", show_bytes(p, file->size) } };
    struct buf b = buf_in(arena, FORM_ENTERED_MAX);
    text_write(&b, p->language, S("form.file_about"), params, 2);
    return buf_get(&b);
}

struct form_told form_file_told(struct page *p, const struct form_files *files, struct str value,
                                struct arena *arena)
{
    struct form_file file = { 0 };
    struct err ignored = { 0 };
    bool found = false;
    struct str rest = value;
    struct form_told told = { .hash = str_cut(&rest, ' ') };
    if (files && files->find(files->context, &file, &found, told.hash, arena, &ignored) != OK)
        found = false;
    if (!found)
        media_and_size(&file, rest);
    told.name = found && file.name.p ? file.name : word(p, "form.file_unnamed");
    told.path = file.path;
    if (file.media.n > 0)
        told.about = about_file(p, &file, arena);
    return told;
}

static struct str file_text(struct page *p, struct str value, struct arena *arena)
{
    const struct form_told told = form_file_told(p, NULL, value, arena);
    return arena_printf(arena, "%.*s, SHA-256 %.*s", STR(told.about), STR(told.hash));
}

struct str form_value_text(struct page *p, const struct form_field *field, struct str value,
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
    case FORM_FILE:
        return file_text(p, value, arena);
    default:
        return value;
    }
}

/* A time was entered by the clock by which the page shows it. */
static bool same_clock(const struct page *p, const struct form_value *v)
{
    int64_t us;
    if (!clock_read(&us, v->value))
        return false;
    const int64_t east = p->zone ? zone_time(p->zone, us).offset_s / 60 : 0;
    char text[16];
    struct buf b = buf_over(text, sizeof text);
    buf_printf(&b, "%c%02d:%02d", east < 0 ? '-' : '+', (int)(east < 0 ? -east : east) / 60,
               (int)(east < 0 ? -east : east) % 60);
    return str_ends(v->entered, buf_get(&b)) || (east == 0 && str_ends(v->entered, S("Z")));
}

/* Whether the value says no more than what was entered, with the field's own unit. */
static bool says_the_same(const struct page *p, const struct form_field *field,
                          const struct form_value *v)
{
    if (str_eq(v->entered, v->value) || form_type_of(field) == FORM_FILE ||
        (form_type_of(field) == FORM_TIME && same_clock(p, v)))
        return true;
    struct str rest = str_from(v->value, v->entered.n);
    return form_type_of(field) == FORM_QUANTITY && str_starts(v->value, v->entered) &&
           rest.n == field->unit.n + 1 && rest.p[0] == ' ' && str_ends(rest, field->unit);
}

static void show_file(struct page *p, struct form_line *line, const struct form_files *files,
                      struct str value, struct arena *arena)
{
    const struct form_told told = form_file_told(p, files, value, arena);
    line->value = told.name;
    line->about = told.about;
    line->hash = told.hash;
    line->path = told.path;
}

static void show_value(struct page *p, struct form_line *line, const struct form_shown *s,
                       const struct form_field *field, const struct form_value *v,
                       struct arena *arena)
{
    if (form_type_of(field) == FORM_FILE)
        show_file(p, line, s->files, v->value, arena);
    else
        line->value = form_value_text(p, field, v->value, arena);
    if (!says_the_same(p, field, v))
        line->entered =
            form_type_of(field) == FORM_QUANTITY ? number_shown(p, v->entered) : v->entered;
    if (v->mark.n > 0)
        line->mark = arena_printf(arena, "form.mark.%.*s", STR(v->mark));
}

static void show_cell(struct page *p, struct form_line *line, const struct form_shown *s,
                      const struct form_field *field, struct str name, struct arena *arena)
{
    const struct form_record *record = s->record;
    line->label = field->label;
    for (size_t i = 0; i < record->values.n; i++)
        if (str_eq(record->values.p[i].name, name))
            show_value(p, line, s, field, &record->values.p[i], arena);
    for (size_t i = 0; i < record->secrets.n; i++) {
        const struct form_secret *secret = &record->secrets.p[i];
        if (!str_eq(secret->name, name))
            continue;
        struct str plain = { 0 };
        if (s->open)
            plain = s->open(s->context, name, secret->entered);
        line->hidden = !plain.p;
        if (plain.p)
            line->value = form_value_text(p, field, plain, arena);
    }
}

/* -- Groups ------------------------------------------------------------------------------------ */

struct shown {
    const struct form_plan *plan;
    const struct form_shown *of;
    struct page *page;
    struct arena *arena;
};

static bool put_row(struct form_lines *out, const struct shown *s, size_t from, size_t to,
                    size_t row)
{
    struct form_line *lines = ARENA_ARRAY(s->arena, to - from + 1, struct form_line);
    if (!lines)
        return false;
    *out = (struct form_lines){ .lines = lines };
    for (size_t i = from; i < to; i++) {
        const struct form_item *item = &s->plan->items[i];
        const struct form_section *section = form_section_of(s->plan, i);
        if (item->type == FORM_SIGNATURE)
            continue;
        struct form_line *line = &lines[out->n++];
        show_cell(s->page, line, s->of, item->field, form_cell_name(s->plan, i, row, s->arena),
                  s->arena);
        line->ruled = item->field->shown_when.n > 0 || (section && section->shown_when.n > 0);
    }
    return true;
}

static void count_row(const struct form_plan *p, struct str name, size_t section, size_t *rows)
{
    size_t row;
    size_t item = form_item_named(p, name, &row);
    if (item < p->n && p->items[item].section == section && row >= *rows && row < FORM_ROWS_MAX)
        *rows = row + 1;
}

static size_t rows_kept(const struct shown *s, size_t section)
{
    const struct form_record *r = s->of->record;
    size_t rows = s->plan->form->sections.p[section].rows.n;
    for (size_t i = 0; i < r->values.n; i++)
        count_row(s->plan, r->values.p[i].name, section, &rows);
    for (size_t i = 0; i < r->secrets.n; i++)
        count_row(s->plan, r->secrets.p[i].name, section, &rows);
    return rows;
}

static bool show_section(struct form_group *out, const struct shown *s, size_t section)
{
    const struct form_section *of = &s->plan->form->sections.p[section];
    const bool in_rows = form_rows_max(of) > 0;
    const size_t n = in_rows ? rows_kept(s, section) : 1;
    struct form_lines *rows = ARENA_ARRAY(s->arena, n + 1, struct form_lines);
    if (!rows)
        return false;
    *out = (struct form_group){ of->title, in_rows, of->table, rows, n };
    for (size_t i = 0; i < n; i++) {
        if (!put_row(&rows[i], s, s->plan->firsts[section], s->plan->firsts[section + 1], i))
            return false;
        rows[i].title = i < of->rows.n ? of->rows.p[i] : arena_printf(s->arena, "%zu", i + 1);
    }
    return true;
}

/* A record of another version may hold what this one does not know: nothing is left out. */
static bool show_unknown(struct form_group *out, const struct shown *s)
{
    const struct form_record *r = s->of->record;
    struct form_line *lines = ARENA_ARRAY(s->arena, r->values.n + 1, struct form_line);
    struct form_lines *row = ARENA_NEW(s->arena, struct form_lines);
    if (!lines || !row)
        return false;
    *row = (struct form_lines){ .lines = lines };
    *out = (struct form_group){ .rows = row, .nrows = 1 };
    for (size_t i = 0; i < r->values.n; i++)
        if (!form_field_of(s->plan->form, r->values.p[i].name))
            lines[row->n++] =
                (struct form_line){ .label = r->values.p[i].name, .value = r->values.p[i].value };
    return true;
}

bool form_groups(const struct form_group **out, size_t *n, struct page *p,
                 const struct form_shown *of, struct arena *arena)
{
    const struct shown s = { form_plan_of(of->form->body, arena), of, p, arena };
    *n = 0;
    if (!s.plan)
        return false;
    const size_t nsections = s.plan->form->sections.n;
    struct form_group *groups = ARENA_ARRAY(arena, nsections + 2, struct form_group);
    struct form_lines *top = ARENA_NEW(arena, struct form_lines);
    if (!groups || !top || !put_row(top, &s, 0, s.plan->firsts[0], 0))
        return false;
    *out = groups;
    if (top->n > 0)
        groups[(*n)++] = (struct form_group){ .rows = top, .nrows = 1 };
    for (size_t i = 0; i < nsections; i++)
        if (!show_section(&groups[(*n)++], &s, i))
            return false;
    if (!show_unknown(&groups[*n], &s))
        return false;
    *n += groups[*n].rows->n > 0;
    return true;
}

void form_render_record(struct page *p, const struct form_shown *shown, struct arena *arena)
{
    const struct form_group *groups;
    size_t n;
    if (form_groups(&groups, &n, p, shown, arena))
        page_form_record(p, groups, n);
    if (arena_exhausted(arena)) {
        p->b->failed = true;
        p->b->starved = true;
    }
}
