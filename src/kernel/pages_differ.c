/* What differs between two versions, in words: where it is by what things are called, durations and
 * truths as people say them. */
#include "kernel/pages_draft.h"

#define RECORDS "kernel/pages_draft.def"
#include "base/record_tables.h"
#undef RECORDS

enum { WHERE_MAX = 2000 };

/* "stages.make.tasks.thaw.limit" */
static struct str path_of(const struct differ_change *c, struct arena *arena)
{
    struct buf b = buf_in(arena, WHERE_MAX);
    for (size_t i = 0; i < c->nsteps; i++) {
        buf_z(&b, i > 0 ? "." : "");
        buf_z(&b, c->steps[i].field);
        if (c->steps[i].item.n > 0) {
            buf_char(&b, '.');
            buf_str(&b, c->steps[i].item);
        }
    }
    return buf_get(&b);
}

/* "stage “Making”, task “Thaw”: limit" */
static struct str where_of(struct page *p, const struct differ_change *c)
{
    struct buf b = buf_in(p->b->arena, WHERE_MAX);
    for (size_t i = 0; i < c->nsteps; i++) {
        const struct differ_step *s = &c->steps[i];
        const struct str field = str_z(s->field);
        const bool item = s->item.n > 0;
        buf_z(&b, i == 0 ? "" : item ? ", " : ": ");
        const struct str one = item ? show_name(p, "item", field) : pages_doc_word(p, field);
        const struct text_param params[] = { { "what", one },
                                             { "name", s->title.n > 0 ? s->title : s->item } };
        if (item)
            text_write(&b, p->language, S("differ.item"), params, 2);
        else
            buf_str(&b, one);
    }
    return buf_get(&b);
}

static struct str value_of(struct page *p, struct str text)
{
    int64_t us;
    if (text.n > 1 && text.p[0] == 'P' && clock_duration_read(&us, text))
        return show_duration(p, us);
    if (str_is(text, "true"))
        return text_find(p->language, S("page.yes"));
    return text;
}

enum outcome pages_differ(struct pages_differences *out, struct page *p,
                          const struct definition *from, const struct definition *to, struct err *e)
{
    struct arena *arena = p->b->arena;
    struct differ d;
    TRY(differ_definitions(&d, from, to, arena, e));
    struct pages_difference *rows = ARENA_ARRAY(arena, d.n + 1, struct pages_difference);
    if (!rows)
        return err_no_memory(e);
    for (size_t i = 0; i < d.n; i++)
        rows[i] = (struct pages_difference){
            .what = str_z(differ_word(d.changes[i].what)),
            .path = path_of(&d.changes[i], arena),
            .where = where_of(p, &d.changes[i]),
            .before = value_of(p, d.changes[i].before),
            .after = value_of(p, d.changes[i].after),
        };
    *out = (struct pages_differences){ rows, d.n, d.more, from->version, to->version };
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
