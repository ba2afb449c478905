/* Definitions are found by their name and the words of their newest title, by who may see
 * definitions at all. */
#include "gen/kernel/define.sql.h"
#include "kernel/define_impl.h"

#include "kernel/show.h"

enum { VERSIONS_MAX = 100 }; /* the newest; SEARCH_TOKENS_MAX holds no more */

/* "form.dose": kind and name, as in its stream. */
static enum outcome newest(struct define_newest_in *in, struct define_newest_out *row,
                           struct db *db, struct str id, bool *found, struct arena *arena,
                           struct err *e)
{
    struct str name = id;
    in->kind = str_cut(&name, '.');
    in->name = name;
    *found = false;
    return name.n > 0 ? db_get(db, &sql_define_newest, in, row, arena, found, e) : OK;
}

/* As papers have them, which were printed of whichever version. */
static enum outcome hashes(struct search_entry *x, const struct define_newest_in *of, struct err *e)
{
    const struct define_versions_in in = { of->kind, of->name };
    struct record_list list;
    TRY(db_list(x->db, &sql_define_versions, &in, &list, VERSIONS_MAX, x->arena, e));
    const struct define_versions_out *row = list.p;
    for (size_t i = 0; i < list.n; i++)
        search_identifier(x, row[i].hash);
    return OK;
}

static enum outcome read(struct search_entry *x, struct str id, struct err *e)
{
    struct define_newest_in in;
    struct define_newest_out row;
    bool found;
    TRY(newest(&in, &row, x->db, id, &found, x->arena, e));
    if (!found)
        return OK;
    search_identifier(x, in.name);
    search_words(x, row.title);
    search_words(x, in.name);
    TRY(hashes(x, &in, e));
    search_everywhere(x);
    return OK;
}

static struct str version_text(const struct page *p, int64_t version, struct arena *arena)
{
    char digits[PAGE_DIGITS_MAX];
    const struct text_param param = { "version", page_str_int(digits, version) };
    struct buf b = buf_in(arena, PAGE_MESSAGE_MAX);
    text_write(&b, p->language, S("page.definition.version"), &param, 1);
    return buf_get(&b);
}

static enum outcome definition_show(struct search_found *out, struct http_request *r, struct db *db,
                                    struct page *p, struct str id, bool *may, struct err *e)
{
    struct define_newest_in in;
    struct define_newest_out row;
    TRY(newest(&in, &row, db, id, may, r->arena, e));
    *may = *may && show_may(r, "definition.see");
    if (!*may)
        return OK;
    out->title = row.title;
    out->identifier = in.name;
    out->place = show_name(p, "definition_kind", in.kind);
    out->stage = version_text(p, row.version, r->arena);
    out->link = arena_printf(r->arena, "/definitions/%.*s/%.*s/%lld", STR(in.kind), STR(in.name),
                             (long long)row.version);
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

static const char *const when[] = { "define.loaded", "define.released", NULL };

const struct search_rule define_searches[DEFINE_SEARCHES] = { {
    .name = "definition",
    .kind = "definition",
    .permission = "definition.see",
    .when = when,
    .read = read,
    .show = definition_show,
} };
