/* What was refused, in words. */
#include <stdio.h>

#include "kernel/ledger.h"
#include "kernel/show.h"

/* Written as codes are: what else there is (titles, labels, quantities) says itself. */
static bool show_code(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!(text.p[i] >= 'a' && text.p[i] <= 'z') && text.p[i] != '_' &&
            !(text.p[i] >= '0' && text.p[i] <= '9'))
            return false;
    return text.n > 0 && text.p[0] >= 'a';
}

/* --- somebody else was first --- */

/* The stream's last event; *found false: there is none. */
static enum outcome last_event(struct event *out, bool *found, struct db *db, struct str stream,
                               struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    int64_t version;
    size_t n = 0;
    TRY(ledger_head(db, stream, &version, e));
    if (version > 0)
        TRY(ledger_read_stream(db, stream, version, 1, &rows, &n, arena, e));
    *found = n == 1;
    return *found ? event_read(out, arena, rows[0].leaf, e) : OK;
}

/* What a text says without its parameters; empty for one that has any. */
static struct str plain(struct page *p, const char *prefix, struct str name)
{
    const struct str key = arena_printf(p->b->arena, "%s.%.*s", prefix, STR(name));
    const struct str text = text_find(p->language, key);
    return !text.p || str_find(text, '{') < text.n ? S("") : text;
}

/* Who changed what, and when: the stream's name says nothing to a person. */
static enum outcome changed(struct show_refusal *out, struct page *p, struct db *db,
                            struct str stream, struct err *e)
{
    struct event event;
    bool found;
    TRY(last_event(&event, &found, db, stream, p->b->arena, e));
    if (!found)
        return OK;
    const struct str thing = plain(p, "changed", stream_kind(stream));
    const struct text_param params[] = {
        { "thing", thing.n > 0 ? thing : text_find(p->language, S("changed.other")) },
        { "what", plain(p, "event", event.type) },
        { "who", show_person(p, db, event.actor) },
        { "time", show_time(p, event.recorded) },
    };
    struct buf b = buf_in(p->b->arena, PAGE_MESSAGE_MAX);
    text_write(&b, p->language,
               params[1].value.n > 0 ? S("changed.said") : S("changed.said_no_more"), params, 4);
    out->text = buf_get(&b);
    out->hint = text_find(p->language, S("changed.hint"));
    return OK;
}

static void say_changed(struct show_refusal *out, struct page *p, const struct http_request *r,
                        struct str stream)
{
    struct store *store = app_of(r)->node->store;
    struct show_refusal said = *out;
    struct err ignored = { 0 };
    struct db *db;
    if (stream.n == 0 || store_reader_take(&db, store, &ignored) != OK)
        return;
    if (changed(&said, p, db, stream, &ignored) == OK)
        *out = said;
    store_reader_give(store, db);
}

/* --- any --- */

struct show_refusal show_error(struct page *p, const struct http_request *r, const struct err *e)
{
    struct arena *a = p->b->arena;
    struct err said = *e;
    for (size_t i = 0; i < said.nparams; i++) {
        const struct str code = str_z(e->params[i].value);
        const char *of = str_is(str_z(e->code), "gate.unknown") ? "unknown" : said.params[i].name;
        const struct str name = show_code(code) ? show_name(p, of, code) : words_say(p, code);
        snprintf(said.params[i].value, sizeof said.params[i].value, "%.*s", STR(name));
    }
    struct show_refusal out = {
        .text = define_error(a, p->language, &said),
        .hint = text_error_hint(a, p->language, &said),
    };
    if (str_is(str_z(e->code), "ledger.changed"))
        say_changed(&out, p, r, err_param(e, "stream"));
    return out;
}

struct show_refusal show_refusal(struct page *p, const struct http_request *r)
{
    return r->refused ? show_error(p, r, r->refused) : (struct show_refusal){ 0 };
}
