/* What the sections of the report share: events found, and their parts in words. */
#include "modules/desk/coi_impl.h"

enum { COLUMNS_MAX = 9, TEXT_BYTES = 2000, PARAMS_MAX = 24, WEIGHT = 12, EVENT_WEIGHT = 7 };

struct str coi_words(const struct coi_writer *w, const char *key)
{
    return text_find(w->p->language, str_z(key));
}

struct str coi_number(const struct coi_writer *w, const struct desk_coi_event *x)
{
    return arena_printf(w->a, "%lld", (long long)x->sequence);
}

bool coi_is(const struct desk_coi_event *x, const char *type)
{
    return str_is(x->event.type, type);
}

struct str coi_site(const struct coi_writer *w, struct str id)
{
    return id.n > 0 ? auth_site_name(w->db, id, w->a) : S("");
}

struct str coi_person(const struct coi_writer *w, struct str actor)
{
    return actor.n > 0 ? show_person(w->p, w->db, actor) : S("");
}

/* The first event of this type whose member says this; NULL: none. */
const struct desk_coi_event *coi_find(const struct coi_writer *w, const char *type,
                                      const char *member, struct str says)
{
    for (size_t i = 0; i < w->c->n; i++)
        if (coi_is(&w->c->events[i], type) &&
            (!member || str_eq(desk_coi_text(&w->c->events[i], member), says)))
            return &w->c->events[i];
    return NULL;
}

struct str coi_of(const struct desk_coi_event *x, const char *member)
{
    return x ? desk_coi_text(x, member) : S("");
}

struct str coi_task(const struct coi_writer *w, struct str name)
{
    const struct str title = coi_of(coi_find(w, "flow.task_opened", "task", name), "title");
    return title.n > 0 ? words_say(w->p, title) : name;
}

struct str coi_unit(const struct coi_writer *w, struct str id)
{
    const struct str label = coi_of(coi_find(w, "unit.made", "unit", id), "label");
    return label.n > 0 ? label : id;
}

struct str coi_quantity(const struct coi_writer *w, struct str text)
{
    struct quantity q;
    struct err ignored = { 0 };
    if (text.n == 0 || quantity_read(&q, text, &ignored) != OK)
        return text;
    return page_quantity(w->p, q, w->a);
}

/* Items of a list, joined; `name` of each object, or the item itself. */
struct str coi_joined(const struct coi_writer *w, const struct desk_coi_event *x,
                      const char *member, const char *name)
{
    const struct json *list = json_get(x->body, member);
    struct buf b = buf_in(w->a, TEXT_BYTES);
    for (const struct json *item = list ? list->child : NULL; item; item = item->next) {
        buf_z(&b, item == list->child ? "" : ", ");
        buf_str(&b, name ? json_get_str(item, name) : item->text);
    }
    return buf_get(&b);
}

/* Two parts, the second softer by a separator; empty parts leave none. */
struct str coi_both(const struct coi_writer *w, struct str a, const char *between, struct str b)
{
    if (a.n == 0 || b.n == 0)
        return a.n > 0 ? a : b;
    return arena_printf(w->a, "%.*s%s%.*s", STR(a), between, STR(b));
}

/* A member as the event's text takes it. */
static struct str member(const struct coi_writer *w, const struct json *m)
{
    static const struct {
        const char *name, *prefix;
    } codes[] = { { "point", "point" },
                  { "safe_state", "safe_state" },
                  { "decision", "decision" },
                  { "verdict", "correction" } };
    if (str_is(m->key, "task"))
        return coi_task(w, m->text);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (str_is(m->key, codes[i].name))
            return show_name(w->p, codes[i].prefix, m->text);
    return m->text;
}

struct str coi_happened(const struct coi_writer *w, const struct desk_coi_event *x)
{
    struct text_param params[PARAMS_MAX];
    struct buf b = buf_in(w->a, TEXT_BYTES);
    size_t n = 0;
    for (const struct json *m = x->body->child; m && n < PARAMS_MAX; m = m->next)
        if (m->type == JSON_STRING)
            params[n++] = (struct text_param){ arena_str(w->a, m->key).p, member(w, m) };
    text_write(&b, w->p->language, arena_printf(w->a, "event.%.*s", STR(x->event.type)), params, n);
    return buf_get(&b);
}

struct str coi_when(const struct coi_writer *w, const struct desk_coi_event *x)
{
    return show_time(w->p, x->event.happened);
}

struct str coi_who(const struct coi_writer *w, const struct desk_coi_event *x)
{
    return coi_both(w, coi_person(w, x->event.actor), ", ", coi_site(w, x->event.place));
}

struct str coi_reason(const struct desk_coi_event *x)
{
    return desk_coi_opened(x, "reason");
}

void coi_none(const struct coi_writer *w, const char *heading)
{
    print_heading(w->print, 1, coi_words(w, heading));
    print_text(w->print, coi_words(w, "page.coi.none"));
}

/* The head of a table, before its first row. */
void coi_begin(const struct coi_writer *w, const char *heading, const char *const *columns,
               bool *begun)
{
    struct print_column out[COLUMNS_MAX];
    size_t n = 0;
    if (*begun)
        return;
    *begun = true;
    for (; columns[n]; n++) {
        const bool event = strcmp(columns[n], "page.coi.event") == 0;
        out[n] = (struct print_column){ .title = coi_words(w, columns[n]),
                                        .weight = event ? EVENT_WEIGHT : WEIGHT,
                                        .id = event };
    }
    print_heading(w->print, 1, coi_words(w, heading));
    print_table(w->print, S(""), out, n);
}
