/* A form or record as a document of blocks. */
#include "kernel/form_print.h"

#include "kernel/form_impl.h"
#include "kernel/show.h"

enum { BLOCKS_MAX = 200, COLUMNS_MAX = 24, CELL_MAX = 1000 };

struct printing {
    struct page *page;
    struct arena *arena;
    const struct form_printing *in;
    const struct form_plan *plan;
    struct print_block *blocks;
    size_t n;
    bool starved;
};

static struct str word(const struct printing *t, const char *key)
{
    return text_find(t->page->language, str_z(key));
}

static void *many(struct printing *t, size_t n, size_t size)
{
    void *p = arena_array(t->arena, n + 1, size);
    t->starved |= !p;
    return p;
}

static struct print_block *block(struct printing *t, const char *kind)
{
    static struct print_block none;
    t->starved |= t->n == BLOCKS_MAX;
    if (t->starved)
        return &none;
    struct print_block *b = &t->blocks[t->n++];
    *b = (struct print_block){ .kind = str_z(kind), .level = INT_NONE };
    return b;
}

static void heading(struct printing *t, int64_t level, struct str text)
{
    struct print_block *b = block(t, "heading");
    b->level = level;
    b->text = text;
}

static void say(struct printing *t, struct str text)
{
    if (text.n > 0)
        block(t, "text")->text = text;
}

/* Columns by the keys of their titles. */
static struct print_block *table(struct printing *t, const char *const *keys, size_t n)
{
    struct print_column *columns = many(t, n, sizeof *columns);
    struct print_block *b = block(t, "table");
    for (size_t i = 0; columns && i < n; i++) {
        columns[i] = (struct print_column){ .title = word(t, keys[i]), .weight = INT_NONE };
    }
    b->columns.p = columns;
    b->columns.n = columns ? n : 0;
    return b;
}

struct rows {
    struct print_row *p;
    size_t n;
    size_t width;
};

static struct str *row(struct printing *t, struct rows *rows, const char *tone)
{
    struct str *cells = many(t, rows->width, sizeof *cells);
    if (!cells || !rows->p)
        return NULL;
    for (size_t i = 0; i < rows->width; i++)
        cells[i] = S("");
    struct print_row *r = &rows->p[rows->n++];
    *r = (struct print_row){ .cells = { cells, rows->width } };
    if (tone)
        r->tone = str_z(tone);
    return cells;
}

static struct rows rows_of(struct printing *t, size_t max, size_t width)
{
    return (struct rows){ many(t, max, sizeof(struct print_row)), 0, width };
}

/* --- a record --- */

static struct str value_text(struct printing *t, const struct form_line *line)
{
    if (line->hidden)
        return word(t, "form.hidden");
    if (line->value.n == 0)
        return word(t, line->ruled ? "form.not_asked" : "form.not_recorded");
    if (line->hash.n > 0) /* which file it is, on paper only its hash can say */
        return arena_printf(t->arena, "%.*s, %.*s, SHA-256 %.*s", STR(line->value),
                            STR(line->about), STR(line->hash));
    return line->value;
}

/* Value, how it was entered, and its mark, in one cell. */
static struct str cell_text(struct printing *t, const struct form_line *line)
{
    struct buf b = buf_in(t->arena, FORM_ENTERED_MAX * 3);
    buf_str(&b, value_text(t, line));
    if (line->entered.n > 0) {
        const struct text_param entered[] = { { "entered", line->entered } };
        buf_z(&b, " (");
        text_write(&b, t->page->language, S("form.entered"), entered, 1);
        buf_z(&b, ")");
    }
    if (line->mark.n > 0) {
        buf_z(&b, " ▲ ");
        buf_str(&b, text_find(t->page->language, line->mark));
    }
    return buf_get(&b);
}

static void list_of(struct printing *t, const struct form_lines *lines)
{
    static const char *const keys[] = { "print.field", "print.value", "print.entered",
                                        "print.mark" };
    struct rows rows = rows_of(t, lines->n, 4);
    struct print_block *b = table(t, keys, 4);
    for (size_t i = 0; i < lines->n; i++) {
        const struct form_line *line = &lines->lines[i];
        struct str *cells = row(t, &rows, line->mark.n > 0 ? "warn" : NULL);
        if (!cells)
            return;
        cells[0] = line->label;
        cells[1] = value_text(t, line);
        cells[2] = line->entered.n > 0 ? line->entered : S("");
        cells[3] = line->mark.n > 0 ? text_find(t->page->language, line->mark) : S("");
    }
    b->rows.p = rows.p;
    b->rows.n = rows.n;
}

static void grid_of(struct printing *t, const struct form_group *g)
{
    const size_t n = g->rows->n + 1;
    struct rows rows = rows_of(t, g->nrows, n);
    struct print_column *columns = many(t, n, sizeof *columns);
    struct print_block *b = block(t, "table");
    for (size_t i = 0; columns && i < n; i++) {
        columns[i].weight = INT_NONE;
        columns[i].title = i == 0 ? word(t, "print.row") : g->rows->lines[i - 1].label;
    }
    for (size_t k = 0; columns && k < g->nrows; k++) {
        bool marked = false;
        for (size_t i = 0; i < g->rows[k].n; i++)
            marked |= g->rows[k].lines[i].mark.n > 0;
        struct str *cells = row(t, &rows, marked ? "warn" : NULL);
        if (!cells)
            return;
        cells[0] = g->rows[k].title;
        for (size_t i = 0; i < g->rows[k].n; i++)
            cells[i + 1] = cell_text(t, &g->rows[k].lines[i]);
    }
    b->columns.p = columns;
    b->columns.n = columns ? n : 0;
    b->rows.p = rows.p;
    b->rows.n = rows.n;
}

static struct str row_title(struct printing *t, struct str title, struct str number)
{
    const struct text_param params[] = { { "title", title }, { "number", number } };
    struct buf b = buf_in(t->arena, CELL_MAX);
    text_write(&b, t->page->language, S("form.row"), params, 2);
    return buf_get(&b);
}

static void record_of(struct printing *t)
{
    const struct form_shown shown = { t->in->form, t->in->record, t->in->open, t->in->context,
                                      t->in->files };
    const struct form_group *groups;
    size_t n;
    if (!form_groups(&groups, &n, t->page, &shown, t->arena)) {
        t->starved = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct form_group *g = &groups[i];
        if (g->title.n > 0)
            heading(t, 2, g->title);
        if (g->nrows == 0)
            say(t, word(t, "form.no_rows"));
        else if (g->grid && g->rows->n < COLUMNS_MAX)
            grid_of(t, g);
        for (size_t k = 0; (!g->grid || g->rows->n >= COLUMNS_MAX) && k < g->nrows; k++) {
            if (g->in_rows)
                heading(t, 3, row_title(t, g->title, g->rows[k].title));
            list_of(t, &g->rows[k]);
        }
    }
}

/* --- a blank --- */

static void put_limit(struct printing *t, struct buf *b, const char *key, struct decimal d,
                      struct str unit)
{
    if (!decimal_present(d))
        return;
    char digits[DECIMAL_TEXT_MAX];
    struct buf number = buf_over(digits, sizeof digits);
    decimal_write(&number, d);
    const struct unit_of_measure *u = unit_of_measure_find(unit);
    const struct text_param params[] = { { "limit", buf_get(&number) },
                                         { "unit", u ? str_z(u->print) : unit } };
    buf_z(b, b->n > 0 ? "; " : "");
    text_write(b, t->page->language, str_z(key), params, 2);
}

/* What may be entered, in words. */
static struct str hint_of(struct printing *t, const struct form_item *item)
{
    const struct form_field *f = item->field;
    struct buf b = buf_in(t->arena, 8 * CELL_MAX);
    if (f->required)
        buf_str(&b, word(t, "form.mark.required"));
    if (item->type == FORM_COMPUTED)
        buf_str(&b, word(t, "print.computed"));
    put_limit(t, &b, "print.least", f->min, f->unit);
    put_limit(t, &b, "print.most", f->max, f->unit);
    put_limit(t, &b, "print.low", f->low, f->unit);
    put_limit(t, &b, "print.high", f->high, f->unit);
    if (f->shown_when.n > 0)
        form_rule_words(t->page, t->plan, f->shown_when.p, &b, t->arena);
    if (f->help.n > 0) {
        buf_z(&b, b.n > 0 ? "; " : "");
        buf_str(&b, f->help);
    }
    return buf_get(&b);
}

/* The box to write in: choices to tick, or the unit behind a line. */
static struct str box_of(struct printing *t, const struct form_item *item)
{
    const struct form_field *f = item->field;
    struct buf b = buf_in(t->arena, 8 * CELL_MAX);
    const struct unit_of_measure *u = unit_of_measure_find(f->unit);
    if (item->type == FORM_BOOL) {
        buf_printf(&b, "☐ %.*s   ☐ %.*s", STR(word(t, "form.yes")), STR(word(t, "form.no")));
    } else if (item->type == FORM_CHOICE) {
        for (size_t i = 0; i < f->choices.n; i++)
            buf_printf(&b, "%s☐ %.*s", i > 0 ? "   " : "", STR(f->choices.p[i].label));
    } else {
        buf_z(&b, "____________");
        if (f->unit.p && !str_is(f->unit, "1"))
            buf_printf(&b, " %s", u ? u->print : "");
    }
    return buf_get(&b);
}

static void blank_list(struct printing *t, size_t from, size_t to)
{
    static const char *const keys[] = { "print.field", "print.entry", "print.hint" };
    struct rows rows = rows_of(t, to - from, 3);
    if (from == to)
        return;
    struct print_block *b = table(t, keys, 3);
    for (size_t i = from; i < to; i++) {
        const struct form_item *item = &t->plan->items[i];
        struct str *cells;
        if (item->type == FORM_SIGNATURE || !(cells = row(t, &rows, NULL)))
            continue;
        cells[0] = item->field->label;
        cells[1] = box_of(t, item);
        cells[2] = hint_of(t, item);
    }
    b->rows.p = rows.p;
    b->rows.n = rows.n;
}

/* Rows that there must be and some to spare; the next sheet takes what is beyond. */
static size_t blank_rows(const struct form_section *s)
{
    const size_t max = form_rows_max(s);
    const size_t rows = form_rows_min(s) + (s->repeat.n > 0 ? FORM_PRINT_SPARE : 0);
    return rows < max ? rows : max;
}

static void blank_grid(struct printing *t, size_t section)
{
    const struct form_section *s = &t->plan->form->sections.p[section];
    const size_t from = t->plan->firsts[section];
    const size_t n = s->fields.n + 1;
    const size_t count = blank_rows(s);
    struct rows rows = rows_of(t, count, n);
    struct print_column *columns = many(t, n, sizeof *columns);
    struct print_block *b = block(t, "table");
    for (size_t i = 0; columns && i < n; i++) {
        columns[i].weight = INT_NONE;
        columns[i].title = i == 0 ? word(t, "print.row") : s->fields.p[i - 1].label;
    }
    for (size_t k = 0; columns && k < count; k++) {
        struct str *cells = row(t, &rows, NULL);
        if (!cells)
            return;
        cells[0] = k < s->rows.n ? s->rows.p[k] : arena_printf(t->arena, "%zu", k + 1);
        for (size_t i = 0; i + 1 < n; i++)
            cells[i + 1] = box_of(t, &t->plan->items[from + i]);
    }
    b->columns.p = columns;
    b->columns.n = columns ? n : 0;
    b->rows.p = rows.p;
    b->rows.n = rows.n;
    b->keep = true;
}

static void blank_section(struct printing *t, size_t section)
{
    const struct form_section *s = &t->plan->form->sections.p[section];
    heading(t, 2, s->title);
    if (s->shown_when.n > 0) {
        struct buf b = buf_in(t->arena, CELL_MAX);
        form_rule_words(t->page, t->plan, s->shown_when.p, &b, t->arena);
        say(t, buf_get(&b));
    }
    say(t, s->text);
    if (form_rows_max(s) == 0) {
        blank_list(t, t->plan->firsts[section], t->plan->firsts[section + 1]);
        return;
    }
    if (s->fields.n < COLUMNS_MAX)
        blank_grid(t, section);
    for (size_t k = 0; s->fields.n >= COLUMNS_MAX && k < blank_rows(s); k++)
        blank_list(t, t->plan->firsts[section], t->plan->firsts[section + 1]);
    if (s->repeat.n > 0 && blank_rows(s) < form_rows_max(s))
        say(t, word(t, "print.more_rows"));
}

static void blank_of(struct printing *t)
{
    struct print_block *b = block(t, "note");
    b->tone = S("warn");
    b->text = word(t, "print.blank");
    blank_list(t, 0, t->plan->firsts[0]);
    for (size_t s = 0; s < t->plan->form->sections.n; s++)
        blank_section(t, s);
}

/* --- signatures, corrections, history --- */

static void signatures_of(struct printing *t)
{
    struct form_place places[FORM_PLACES_MAX];
    const size_t n = form_places(places, t->plan->form);
    const bool blank = !t->in->record;
    const size_t count = t->in->signatures ? t->in->nsignatures : n + (blank ? 1 : 0);
    struct print_signature *lines = many(t, count, sizeof *lines);
    if (count == 0 || !lines)
        return;
    heading(t, 2, word(t, "print.signatures"));
    struct print_block *b = block(t, "signatures");
    b->keep = true;
    for (size_t i = 0; i < count; i++) {
        if (t->in->signatures)
            lines[i] = t->in->signatures[i];
        else if (i < n)
            lines[i] = (struct print_signature){
                .meaning = places[i].meaning,
                .role = show_name(t->page, "role", places[i].role),
            };
        else
            lines[i] = (struct print_signature){ .meaning = word(t, "print.entered_by") };
    }
    b->signatures.p = lines;
    b->signatures.n = count;
}

static void corrections_of(struct printing *t)
{
    if (t->in->ncorrections == 0)
        return;
    heading(t, 2, word(t, "print.corrections"));
    struct print_block *b = block(t, "facts");
    b->facts.p = t->in->corrections;
    b->facts.n = t->in->ncorrections;
}

static struct str said_text(struct printing *t, const struct flow_said_view *x)
{
    if (x->said->removed)
        return word(t, "history.removed");
    const struct form_line line = {
        .value = x->about.n > 0 ? arena_printf(t->arena, "%.*s, %.*s", STR(x->value), STR(x->about))
                                : x->value,
        .entered = x->entered,
        .mark = x->mark,
        .hidden = x->said->sealed && x->value.n == 0,
    };
    return cell_text(t, &line);
}

static void history_of(struct printing *t)
{
    static const char *const keys[] = { "history.field", "history.value", "history.how",
                                        "history.who",   "history.when",  "history.why" };
    size_t max = 0;
    for (size_t i = 0; i < t->in->nhistory; i++)
        max += t->in->history[i].n > 1 ? t->in->history[i].n : 0;
    if (max == 0)
        return;
    struct rows rows = rows_of(t, max, 6);
    heading(t, 2, word(t, "history.title"));
    struct print_block *b = table(t, keys, 6);
    for (size_t i = 0; i < t->in->nhistory; i++) {
        const struct flow_field_view *f = &t->in->history[i];
        for (size_t k = 0; f->n > 1 && k < f->n; k++) {
            struct str *cells = row(t, &rows, NULL);
            if (!cells)
                return;
            cells[0] = f->row.n > 0 ? row_title(t, f->label, f->row) : f->label;
            cells[1] = said_text(t, &f->said[k]);
            cells[2] = text_find(t->page->language, f->said[k].how);
            cells[3] = f->said[k].who;
            cells[4] = show_time(t->page, f->said[k].said->happened);
            cells[5] = f->said[k].said->why.p ? f->said[k].said->why : S("");
        }
    }
    b->rows.p = rows.p;
    b->rows.n = rows.n;
}

/* --- all of it --- */

enum outcome form_print(struct print_document *out, struct page *p, const struct form_printing *in,
                        struct arena *arena, struct err *e)
{
    struct printing t = { .page = p, .arena = arena, .in = in };
    t.plan = form_plan_of(in->form->body, arena);
    t.blocks = ARENA_ARRAY(arena, BLOCKS_MAX + 1, struct print_block);
    if (!t.plan || !t.blocks)
        return err_no_memory(e);
    *out = (struct print_document){ .title = in->form->title };
    out->subtitle =
        arena_printf(arena, "%.*s %lld", STR(in->form->name), (long long)in->form->version);
    out->language = p->language;
    out->date = in->date;
    out->dated = page_time(p, in->date, arena);
    out->hash = in->form->hash;
    out->hash_label = word(&t, "print.form_hash");
    out->paging = word(&t, "print.paging");
    out->identity.p = in->identity;
    out->identity.n = in->nidentity;
    say(&t, t.plan->form->instructions);
    if (t.plan->form->picture.n > 0) /* on paper in words */
        say(&t, t.plan->form->picture.p->alternative);
    if (in->record)
        record_of(&t);
    else
        blank_of(&t);
    signatures_of(&t);
    corrections_of(&t);
    history_of(&t);
    out->blocks.p = t.blocks;
    out->blocks.n = t.n;
    return t.starved || arena_exhausted(arena) ? err_no_memory(e) : OK;
}
