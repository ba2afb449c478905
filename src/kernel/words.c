/* Definitions in the reader's language. */
#include "kernel/words.h"

#include "gen/kernel/define.sql.h"
#include "kernel/define_impl.h"

#define RECORDS "kernel/words.def"
#include "base/record_tables.h"
#undef RECORDS

/* --- the kind --- */

static enum outcome check(const struct define_context *context, const void *body, struct err *e)
{
    const struct words *w = body;
    /* Without any catalogue (text_use) nothing is known of languages, and none is refused. */
    const bool known = text_language_after((struct str){ 0 }).p;
    if (known && !text_speaks(w->language))
        return REFUSE(e, "words.no_catalogue", { "language", w->language },
                      { "at", S("language") });
    for (size_t i = 1; i < w->words.n; i++)
        if (str_cmp(w->words.p[i - 1].source, w->words.p[i].source) >= 0)
            return REFUSE(e, "words.order", { "source", w->words.p[i].source },
                          { "at", arena_printf(context->arena, "words.%zu.source", i) });
    return OK;
}

const struct define_kind words_kind = {
    .name = "words",
    .shape = &words_record,
    .check = check,
};

/* --- those that count --- */

enum outcome words_read(struct words_spoken **out, struct db *db, struct str language,
                        struct str organisation, int64_t now_us, struct arena *arena, struct err *e)
{
    const struct define_in_force_in in = { S("words"), now_us };
    struct record_list list;
    TRY(db_list(db, &sql_define_in_force, &in, &list, DEFINE_EFFECTIVE_MAX, arena, e));
    const struct define_in_force_out *row = list.p;
    struct words_spoken *spoken = list.n > 0 ? ARENA_NEW(arena, struct words_spoken) : NULL;
    const struct words *own[DEFINE_EFFECTIVE_MAX];
    size_t nown = 0;
    *out = NULL;
    if (list.n > 0 && !spoken)
        return err_no_memory(e);
    if (spoken) {
        spoken->language = language;
        spoken->arena = arena;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct define_pin pin = { S("words"), row[i].name, row[i].version, row[i].hash };
        struct definition d;
        bool found;
        TRY(define_pinned(&d, db, &pin, arena, &found, e));
        const struct words *w = found ? d.body : NULL;
        if (!w || !str_eq(w->language, language))
            continue;
        if (d.house)
            spoken->p[spoken->n++] = w;
        else if (organisation.p && str_eq(d.organisation, organisation))
            own[nown++] = w;
    }
    for (size_t i = 0; i < nown; i++)
        spoken->p[spoken->n++] = own[i];
    if (spoken && spoken->n > 0)
        *out = spoken;
    return OK;
}

/* --- said --- */

static const struct words_said *find(const struct words *w, struct str source)
{
    size_t from = 0;
    for (size_t to = w->words.n; from < to;) {
        const size_t middle = (from + to) / 2;
        const int order = str_cmp(source, w->words.p[middle].source);
        if (order == 0)
            return &w->words.p[middle];
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}

static struct words_spoken *spoken_on(const struct page *p)
{
    return p->words && str_eq(p->words->language, p->language) ? p->words : NULL;
}

struct str words_say(const struct page *p, struct str text)
{
    const struct words_spoken *words = spoken_on(p);
    for (size_t i = 0; text.n > 0 && words && i < words->n; i++) {
        const struct words_said *said = find(words->p[i], text);
        if (said)
            return said->target;
    }
    return text;
}

static bool say(const struct page *p, const struct record *shape, void *record,
                struct arena *arena);

/* A list's items anew, each said; false without memory. */
static bool say_list(const struct page *p, const struct field *f, struct record_list *list,
                     struct arena *arena)
{
    const size_t size = f->item->size;
    char *items = list->n > 0 ? arena_alloc(arena, list->n * size) : NULL;
    if (!items)
        return list->n == 0;
    memcpy(items, list->p, list->n * size);
    list->p = items;
    for (size_t i = 0; i < list->n; i++)
        if (!say(p, f->item, items + i * size, arena))
            return false;
    return true;
}

static bool say_texts(const struct page *p, struct record_list *list, struct arena *arena)
{
    struct str *texts = ARENA_ARRAY(arena, list->n + 1, struct str);
    if (!texts)
        return false;
    for (size_t i = 0; i < list->n; i++)
        texts[i] = words_say(p, ((const struct str *)list->p)[i]);
    list->p = texts;
    return true;
}

static bool say(const struct page *p, const struct record *shape, void *record, struct arena *arena)
{
    for (size_t i = 0; i < shape->nfields; i++) {
        const struct field *f = &shape->fields[i];
        void *at = (char *)record + f->offset;
        if (f->kind == FIELD_LIST && !say_list(p, f, at, arena))
            return false;
        if (f->kind == FIELD_TEXTS && (f->flags & SPOKEN) && !say_texts(p, at, arena))
            return false;
        if (f->kind == FIELD_TEXT && (f->flags & SPOKEN))
            *(struct str *)at = words_say(p, *(struct str *)at);
    }
    return true;
}

const void *words_say_body(const struct page *p, const struct record *shape, const void *body)
{
    struct words_spoken *words = spoken_on(p);
    if (!words)
        return body;
    for (size_t i = 0; i < words->nkept; i++)
        if (words->kept[i].body == body)
            return words->kept[i].said;
    const bool keep = words->nkept < WORDS_KEPT && define_is_kept(body);
    struct arena *arena = keep ? words->arena : p->b->arena;
    void *said = arena_alloc(arena, shape->size);
    if (!said)
        return body;
    memcpy(said, body, shape->size);
    if (!say(p, shape, said, arena))
        return body;
    if (keep) {
        words->kept[words->nkept].body = body;
        words->kept[words->nkept++].said = said;
    }
    return said;
}

void words_say_definition(const struct page *p, struct definition *d)
{
    const struct define_kind *kind = d->body ? define_kind_find(d->kind) : NULL;
    d->title = words_say(p, d->title);
    if (kind)
        d->body = words_say_body(p, kind->shape, d->body);
}
