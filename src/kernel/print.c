/* Documents: built, encoded for the worker, decoded in it. */
#include "kernel/print.h"

#define RECORDS "kernel/print.def"
#include "base/record_tables.h"
#undef RECORDS

/* --- building --- */

/* A list that grows by doubling in the arena. */
struct list {
    void *p;
    size_t n;
    size_t capacity;
    size_t max;
};

struct print {
    struct arena *arena;
    struct print_document document;
    struct list identity;
    struct list blocks;
    struct list facts; /* of the last block */
    struct list rows;
    struct list signatures;
    bool failed;
    size_t over; /* the bound that was passed */
};

static void *push(struct print *p, struct list *l, size_t size)
{
    if (l->n == l->capacity && l->n < l->max) {
        const size_t capacity = l->capacity == 0 ? 8 : l->capacity * 2;
        void *bigger = arena_array(p->arena, capacity, size);
        if (bigger && l->n > 0)
            memcpy(bigger, l->p, l->n * size);
        l->p = bigger;
        l->capacity = bigger ? capacity : 0;
    }
    if (l->n == l->max)
        p->over = l->max;
    p->failed = p->failed || l->n == l->max || !l->p;
    return p->failed ? NULL : (char *)l->p + size * l->n++;
}

#define PUSH(p, list, type) ((type *)push((p), (list), sizeof(type)))

struct print *print_new(struct arena *arena, const struct print_document *head)
{
    struct print *p = ARENA_NEW(arena, struct print);
    if (!p)
        return NULL;
    p->arena = arena;
    p->document = *head;
    p->identity.max = 8;
    p->blocks.max = PRINT_BLOCKS_MAX;
    return p;
}

static struct str keep(struct print *p, struct str s)
{
    return arena_str(p->arena, s);
}

/* What was gathered for the last block becomes its own. */
static void close_block(struct print *p)
{
    if (p->blocks.n == 0)
        return;
    struct print_block *b = (struct print_block *)p->blocks.p + p->blocks.n - 1;
    if (p->facts.n > 0)
        b->facts.p = p->facts.p, b->facts.n = p->facts.n;
    if (p->rows.n > 0)
        b->rows.p = p->rows.p, b->rows.n = p->rows.n;
    if (p->signatures.n > 0)
        b->signatures.p = p->signatures.p, b->signatures.n = p->signatures.n;
    p->facts = (struct list){ .max = 400 };
    p->rows = (struct list){ .max = PRINT_ROWS_MAX };
    p->signatures = (struct list){ .max = 60 };
}

static struct print_block *block(struct print *p, struct str kind, struct str text)
{
    if (!p)
        return NULL;
    close_block(p);
    p->facts = (struct list){ .max = 400 };
    p->rows = (struct list){ .max = PRINT_ROWS_MAX };
    p->signatures = (struct list){ .max = 60 };
    struct print_block *b = PUSH(p, &p->blocks, struct print_block);
    if (b) {
        record_clear(&print_block_record, b);
        b->kind = kind;
        b->text = keep(p, text);
    }
    return b;
}

/* The last block when it is of this kind, so that such things follow each other. */
static bool goes_on(const struct print *p, const char *kind)
{
    const struct print_block *b = p->blocks.p;
    return p->blocks.n > 0 && str_is(b[p->blocks.n - 1].kind, kind);
}

static void fact(struct print *p, struct list *to, struct str label, struct str value, bool id)
{
    struct print_fact *f = PUSH(p, to, struct print_fact);
    if (f)
        *f = (struct print_fact){ keep(p, label), keep(p, value), id };
}

void print_identity(struct print *p, struct str label, struct str value, bool id)
{
    if (p)
        fact(p, &p->identity, label, value, id);
}

void print_heading(struct print *p, int level, struct str text)
{
    struct print_block *b = block(p, S("heading"), text);
    if (b)
        b->level = level;
}

void print_text(struct print *p, struct str text)
{
    block(p, S("text"), text);
}

void print_note(struct print *p, const char *tone, struct str text)
{
    struct print_block *b = block(p, S("note"), text);
    if (b)
        b->tone = str_z(tone);
}

void print_fact(struct print *p, struct str label, struct str value, bool id)
{
    if (!p)
        return;
    if (!goes_on(p, "facts"))
        block(p, S("facts"), (struct str){ 0 });
    fact(p, &p->facts, label, value, id);
}

void print_table(struct print *p, struct str caption, const struct print_column *columns, size_t n)
{
    struct print_block *b = block(p, S("table"), caption);
    struct print_column *copy = p ? ARENA_ARRAY(p->arena, n, struct print_column) : NULL;
    if (!b || !copy)
        return;
    for (size_t i = 0; i < n; i++) {
        copy[i] = columns[i];
        copy[i].title = keep(p, columns[i].title);
    }
    b->columns.p = copy;
    b->columns.n = n;
}

void print_row(struct print *p, const char *tone, const struct str *cells)
{
    if (!p || p->failed)
        return;
    BUG_ON(!goes_on(p, "table"));
    const size_t n = ((struct print_block *)p->blocks.p)[p->blocks.n - 1].columns.n;
    struct print_row *row = PUSH(p, &p->rows, struct print_row);
    struct str *copy = ARENA_ARRAY(p->arena, n, struct str);
    if (!row || !copy)
        return;
    for (size_t i = 0; i < n; i++)
        copy[i] = cells[i].p ? keep(p, cells[i]) : S("");
    *row = (struct print_row){ .tone = str_z(tone) };
    row->cells.p = copy;
    row->cells.n = n;
}

void print_drawing(struct print *p, struct html drawing, struct str alt, struct str caption)
{
    struct print_block *b = block(p, S("drawing"), caption);
    if (b) {
        b->drawing = keep(p, drawing.markup);
        b->alt = keep(p, alt);
    }
}

void print_image(struct print *p, struct bytes png, struct str alt, struct str caption)
{
    struct print_block *b = block(p, S("image"), caption);
    if (b) {
        const struct str copy = keep(p, (struct str){ (const char *)png.p, png.n });
        b->image = (struct bytes){ (const uint8_t *)copy.p, copy.n };
        b->alt = keep(p, alt);
    }
}

void print_signature(struct print *p, const struct print_signature *s)
{
    if (!p)
        return;
    if (!goes_on(p, "signatures"))
        block(p, S("signatures"), (struct str){ 0 });
    struct print_signature *copy = PUSH(p, &p->signatures, struct print_signature);
    if (copy)
        *copy = (struct print_signature){ keep(p, s->name), keep(p, s->meaning), keep(p, s->role),
                                          keep(p, s->time), keep(p, s->mark) };
}

void print_break(struct print *p)
{
    block(p, S("break"), (struct str){ 0 });
}

static enum outcome too_long(size_t max, struct err *e)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, (int64_t)max);
    return REFUSE(e, "print.too_long", { "what", buf_get(&b) });
}

enum outcome print_done(const struct print_document **out, struct print *p, struct err *e)
{
    if (!p)
        return err_no_memory(e);
    close_block(p);
    if (p->over > 0)
        return too_long(p->over, e);
    if (p->failed || arena_exhausted(p->arena))
        return err_no_memory(e);
    p->document.identity.p = p->identity.p;
    p->document.identity.n = p->identity.n;
    p->document.blocks.p = p->blocks.p;
    p->document.blocks.n = p->blocks.n;
    *out = &p->document;
    return OK;
}

/* --- to the worker and back --- */

enum outcome print_encode(struct buf *out, const struct print_document *d, struct err *e)
{
    struct json_out json = json_out(out);
    TRY(record_to_json(&print_document_record, d, &json, NULL, e));
    if (!buf_ok(out) && !out->starved)
        return too_long(out->max, e);
    return buf_check(out, e);
}

static bool is_one_of(struct str s, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

/* What a block must have, beyond the shape of its record. */
static const char *block_fault(const struct print_block *b)
{
    static const char *const kinds[] = { "heading", "text",       "facts", "table", "image",
                                         "drawing", "signatures", "note",  "break", NULL };
    static const char *const tones[] = { "warn", "stop", NULL };
    if (!is_one_of(b->kind, kinds))
        return "kind";
    if (b->tone.p && !is_one_of(b->tone, tones))
        return "tone";
    if (str_is(b->kind, "heading") && (b->level < 1 || b->level > 3 || b->text.n == 0))
        return "heading";
    if (str_is(b->kind, "table") && b->columns.n == 0)
        return "columns";
    if (!str_is(b->kind, "table") && b->rows.n > 0)
        return "rows";
    for (size_t i = 0; i < b->columns.n; i++)
        if (b->columns.p[i].weight != INT_NONE &&
            (b->columns.p[i].weight < 1 || b->columns.p[i].weight > 1000))
            return "weight";
    for (size_t i = 0; i < b->rows.n; i++)
        if (b->rows.p[i].cells.n != b->columns.n)
            return "cells";
    return NULL;
}

enum outcome print_decode(struct print_document *out, struct str text, struct arena *arena,
                          struct err *e)
{
    static const char *const papers[] = { "a4", "letter", NULL };
    const struct json_limits limits = { .bytes = PRINT_IN_MAX, .depth = 8, .values = 1000000 };
    const struct json *json;
    TRY(json_read(&json, arena, text, &limits, e));
    TRY(record_from_json(&print_document_record, out, arena, json, e));
    const char *fault = out->paper.p && !is_one_of(out->paper, papers) ? "paper" : NULL;
    for (size_t i = 0; i < out->blocks.n && !fault; i++)
        fault = block_fault(&out->blocks.p[i]);
    return fault ? REFUSE(e, "print.malformed", { "what", str_z(fault) }) : OK;
}

enum outcome print_submit(struct workers *w, const struct print_document *d, struct arena *arena,
                          worker_done_fn *done, void *context, struct err *e)
{
    struct buf b = buf_in(arena, PRINT_IN_MAX);
    TRY(print_encode(&b, d, e));
    const struct str text = buf_get(&b);
    return workers_submit(w, print_kind.name, (struct bytes){ (const uint8_t *)text.p, text.n },
                          done, context, e);
}
