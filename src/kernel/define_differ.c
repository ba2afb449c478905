/* Two documents of one shape walked side by side. */
#include "kernel/define_differ.h"

enum { SHORT_MAX = 300, KEYED_MAX = 400 };

struct walk {
    struct differ *out;
    struct differ_step steps[DIFFER_STEPS_MAX];
    size_t depth;
    bool starved;
};

const char *differ_word(enum differ_what what)
{
    static const char *const words[] = { "added", "removed", "changed", "moved", "renamed" };
    return words[what];
}

static const struct record_list *list_at(const struct field *f, const void *record)
{
    return (const void *)((const char *)record + f->offset);
}

static const void *item_at(const struct field *f, const struct record_list *list, size_t i)
{
    return (const char *)list->p + i * f->item->size;
}

static bool texts_same(const struct record_list *a, const struct record_list *b)
{
    const struct str *x = a->p;
    const struct str *y = b->p;
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = str_eq(x[i], y[i]);
    return same;
}

static bool field_same(const struct field *f, const void *a, const void *b, struct arena *arena)
{
    if (f->kind == FIELD_TEXTS)
        return texts_same(list_at(f, a), list_at(f, b));
    if (f->kind != FIELD_LIST)
        return str_eq(record_text(f, a, arena), record_text(f, b, arena));
    const struct record_list *x = list_at(f, a);
    const struct record_list *y = list_at(f, b);
    bool same = x->n == y->n;
    for (size_t i = 0; same && i < x->n; i++)
        same = differ_same(f->item, item_at(f, x, i), item_at(f, y, i), arena);
    return same;
}

bool differ_same(const struct record *shape, const void *a, const void *b, struct arena *arena)
{
    for (size_t i = 0; i < shape->nfields; i++)
        if (!field_same(&shape->fields[i], a, b, arena))
            return false;
    return true;
}

/* --- what is told --- */

static void told(struct walk *w, enum differ_what what, struct str before, struct str after)
{
    struct differ *out = w->out;
    if (out->n == DIFFER_MAX) {
        out->more = true;
        return;
    }
    struct differ_change *c = &out->changes[out->n++];
    *c = (struct differ_change){
        .what = what, .nsteps = w->depth, .before = before, .after = after
    };
    memcpy(c->steps, w->steps, sizeof c->steps);
}

/* The values of an item in short: "Thaw, form thaw, limit PT30M". */
static struct str item_short(struct walk *w, const struct record *shape, const void *item)
{
    struct buf b = buf_in(w->out->arena, SHORT_MAX);
    for (size_t i = 0; i < shape->nfields; i++) {
        const struct field *f = &shape->fields[i];
        const struct record_list *texts = list_at(f, item);
        if (f->kind == FIELD_LIST || (f->kind == FIELD_TEXTS && texts->n == 0))
            continue;
        struct str value = f->kind == FIELD_TEXTS ? *(const struct str *)texts->p
                                                  : record_text(f, item, w->out->arena);
        if (value.n == 0 || (f->kind == FIELD_BOOL && str_is(value, "false")))
            continue;
        if (b.n > 0)
            buf_z(&b, ", ");
        if (f->kind == FIELD_BOOL)
            buf_z(&b, f->name);
        else
            buf_str(&b, value);
    }
    return buf_get(&b);
}

/* --- items by what they are called --- */

/* The field that items of a record are called by: none where they are not. */
static const struct field *key_field(const struct record *shape)
{
    static const char *const names[] = { "name", "test", "value", "fact", "kind", "key", "title" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct field *f = record_field(shape, str_z(names[i]));
        if (f && (f->kind == FIELD_CODE || f->kind == FIELD_TEXT) && (f->flags & REQUIRED))
            return f;
    }
    return NULL;
}

struct keyed { /* a list with the keys of its items */
    const struct field *f;
    const struct record_list *list;
    const struct str *keys;
};

/* *unique false: a key twice, or too many to compare. */
static struct keyed keys_of(struct walk *w, const struct field *f, const struct field *key,
                            const struct record_list *list, bool *unique)
{
    struct str *keys = ARENA_ARRAY(w->out->arena, list->n + 1, struct str);
    *unique = key && keys && list->n <= KEYED_MAX;
    w->starved |= !keys;
    for (size_t i = 0; *unique && i < list->n; i++) {
        keys[i] = record_text(key, item_at(f, list, i), w->out->arena);
        *unique = keys[i].n > 0 && !str_among(keys[i], keys, i);
    }
    return (struct keyed){ f, list, keys };
}

static size_t place_of(const struct keyed *k, struct str key)
{
    size_t i = 0;
    while (i < k->list->n && !str_eq(k->keys[i], key))
        i++;
    return i;
}

/* Which of the later items keep their order: the longest run that does, so that one that moved is
 * told, not all that it passed. */
static bool *keeping_order(struct walk *w, const struct keyed *from, const struct keyed *to)
{
    const size_t n = to->list->n;
    size_t *length = ARENA_ARRAY(w->out->arena, n + 1, size_t);
    size_t *before = ARENA_ARRAY(w->out->arena, n + 1, size_t);
    size_t *at = ARENA_ARRAY(w->out->arena, n + 1, size_t);
    bool *kept = ARENA_ARRAY(w->out->arena, n + 1, bool);
    size_t best = n;
    w->starved |= !length || !before || !at || !kept;
    if (w->starved)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        at[i] = place_of(from, to->keys[i]);
        before[i] = n;
        if (at[i] == from->list->n)
            continue;
        length[i] = 1;
        for (size_t k = 0; k < i; k++)
            if (length[k] >= length[i] && at[k] < at[i]) {
                length[i] = length[k] + 1;
                before[i] = k;
            }
        if (best == n || length[i] > length[best])
            best = i;
    }
    for (; best < n; best = before[best])
        kept[best] = true;
    return kept;
}

/* All but the key alike. */
static bool renamed(struct walk *w, const struct record *shape, const struct field *key,
                    const void *a, const void *b)
{
    for (size_t i = 0; i < shape->nfields; i++)
        if (&shape->fields[i] != key && !field_same(&shape->fields[i], a, b, w->out->arena))
            return false;
    return true;
}

/* The first item that is gone and is this one under another key; list->n: none. */
static size_t renamed_from(struct walk *w, const struct keyed *from, const struct keyed *to,
                           const struct field *key, const bool *taken, size_t i)
{
    size_t k = 0;
    const void *item = item_at(to->f, to->list, i);
    for (; k < from->list->n; k++)
        if (!taken[k] && place_of(to, from->keys[k]) == to->list->n &&
            renamed(w, to->f->item, key, item_at(from->f, from->list, k), item))
            break;
    return k;
}

static void walk_record(struct walk *w, const struct record *shape, const void *from,
                        const void *to);

static struct str title_of(struct walk *w, const struct record *shape, const void *item)
{
    static const char *const names[] = { "title", "label" };
    for (size_t i = 0; i < 2; i++) {
        const struct field *f = record_field(shape, str_z(names[i]));
        if (f && f->kind == FIELD_TEXT)
            return record_text(f, item, w->out->arena);
    }
    return (struct str){ 0 };
}

static void walk_keyed(struct walk *w, const struct keyed *from, const struct keyed *to,
                       const struct field *key)
{
    struct differ_step *step = &w->steps[w->depth - 1];
    const struct record *shape = to->f->item;
    bool *kept = keeping_order(w, from, to);
    bool *taken = ARENA_ARRAY(w->out->arena, from->list->n + 1, bool);
    w->starved |= !taken;
    for (size_t i = 0; !w->starved && i < to->list->n; i++) {
        const void *item = item_at(to->f, to->list, i);
        size_t k = place_of(from, to->keys[i]);
        step->item = to->keys[i];
        step->title = title_of(w, shape, item);
        if (k < from->list->n) {
            if (!kept[i])
                told(w, DIFFER_MOVED, (struct str){ 0 }, (struct str){ 0 });
            walk_record(w, shape, item_at(from->f, from->list, k), item);
            continue;
        }
        k = renamed_from(w, from, to, key, taken, i);
        if (k < from->list->n) {
            taken[k] = true;
            told(w, DIFFER_RENAMED, from->keys[k], to->keys[i]);
        } else {
            told(w, DIFFER_ADDED, (struct str){ 0 }, item_short(w, shape, item));
        }
    }
    for (size_t k = 0; !w->starved && k < from->list->n; k++) {
        step->item = from->keys[k];
        step->title = title_of(w, shape, item_at(from->f, from->list, k));
        if (place_of(to, from->keys[k]) == to->list->n && !taken[k])
            told(w, DIFFER_REMOVED, item_short(w, shape, item_at(from->f, from->list, k)),
                 (struct str){ 0 });
    }
}

/* Items without names are compared by where they stand. */
static void walk_places(struct walk *w, const struct field *f, const struct record_list *from,
                        const struct record_list *to)
{
    struct differ_step *step = &w->steps[w->depth - 1];
    for (size_t i = 0; i < from->n || i < to->n; i++) {
        step->item = arena_printf(w->out->arena, "%zu", i + 1);
        if (i >= from->n)
            told(w, DIFFER_ADDED, (struct str){ 0 }, item_short(w, f->item, item_at(f, to, i)));
        else if (i >= to->n)
            told(w, DIFFER_REMOVED, item_short(w, f->item, item_at(f, from, i)), (struct str){ 0 });
        else
            walk_record(w, f->item, item_at(f, from, i), item_at(f, to, i));
    }
}

static void walk_list(struct walk *w, const struct field *f, const struct record_list *from,
                      const struct record_list *to)
{
    const struct field *key = key_field(f->item);
    bool unique[2];
    const struct keyed a = keys_of(w, f, key, from, &unique[0]);
    const struct keyed b = keys_of(w, f, key, to, &unique[1]);
    if (w->starved)
        return;
    if (unique[0] && unique[1])
        walk_keyed(w, &a, &b, key);
    else
        walk_places(w, f, from, to);
}

/* A list of texts is a set to a reader, unless nothing but its order changed. */
static void walk_texts(struct walk *w, const struct record_list *from, const struct record_list *to)
{
    const struct str *a = from->p;
    const struct str *b = to->p;
    const size_t before = w->out->n;
    for (size_t i = 0; i < to->n; i++)
        if (!str_among(b[i], a, from->n))
            told(w, DIFFER_ADDED, (struct str){ 0 }, b[i]);
    for (size_t i = 0; i < from->n; i++)
        if (!str_among(a[i], b, to->n))
            told(w, DIFFER_REMOVED, a[i], (struct str){ 0 });
    if (w->out->n == before && !texts_same(from, to))
        told(w, DIFFER_MOVED, (struct str){ 0 }, (struct str){ 0 });
}

static void walk_value(struct walk *w, const struct field *f, const void *from, const void *to)
{
    struct str before = record_text(f, from, w->out->arena);
    struct str after = record_text(f, to, w->out->arena);
    if (str_eq(before, after))
        return;
    const enum differ_what what = before.n == 0  ? DIFFER_ADDED
                                  : after.n == 0 ? DIFFER_REMOVED
                                                 : DIFFER_CHANGED;
    told(w, what, before, after);
}

static void walk_record(struct walk *w, const struct record *shape, const void *from,
                        const void *to)
{
    if (w->depth == DIFFER_STEPS_MAX) {
        w->out->more = true; /* what stands deeper is not compared */
        return;
    }
    w->depth++;
    for (size_t i = 0; i < shape->nfields && !w->starved; i++) {
        const struct field *f = &shape->fields[i];
        w->steps[w->depth - 1] = (struct differ_step){ .field = f->name };
        if (f->kind == FIELD_LIST)
            walk_list(w, f, list_at(f, from), list_at(f, to));
        else if (f->kind == FIELD_TEXTS)
            walk_texts(w, list_at(f, from), list_at(f, to));
        else
            walk_value(w, f, from, to);
    }
    w->depth--;
}

static enum outcome begin(struct differ *out, struct arena *arena, struct err *e)
{
    *out = (struct differ){ .arena = arena,
                            .changes = ARENA_ARRAY(arena, DIFFER_MAX, struct differ_change) };
    return out->changes ? OK : err_no_memory(e);
}

static enum outcome go(struct differ *out, const struct record *shape, const void *from,
                       const void *to, struct err *e)
{
    struct walk w = { .out = out };
    walk_record(&w, shape, from, to);
    return w.starved || arena_exhausted(out->arena) ? err_no_memory(e) : OK;
}

enum outcome differ_records(struct differ *out, const struct record *shape, const void *from,
                            const void *to, struct arena *arena, struct err *e)
{
    TRY(begin(out, arena, e));
    return go(out, shape, from, to, e);
}

enum outcome differ_definitions(struct differ *out, const struct definition *from,
                                const struct definition *to, struct arena *arena, struct err *e)
{
    TRY(begin(out, arena, e));
    if (!str_eq(from->title, to->title))
        out->changes[out->n++] = (struct differ_change){ .what = DIFFER_CHANGED,
                                                         .steps = { { .field = "title" } },
                                                         .nsteps = 1,
                                                         .before = from->title,
                                                         .after = to->title };
    const struct define_kind *kind = define_kind_find(to->kind);
    return kind ? go(out, kind->shape, from->body, to->body, e) : OK;
}
