/* /search: asked for by POST, because what is asked for may be a patient's name, and an address is
 * kept by browsers, proxies and logs. A scan, or an identifier that one thing has, leads there at
 * once; a name never does: that two people share one is for a person to see. */
#include "base/id.h"
#include "gen/kernel/pages/search.html.h"
#include "gen/kernel/search_schema.sql.h"
#include "kernel/ledger.h"
#include "kernel/search_impl.h"
#include "kernel/search_page.h"

enum { APART_MAX = 4 << 20 };

#define RECORDS "kernel/search.def"
#include "base/record_tables.h"
#undef RECORDS

static const struct route module_routes[] = {
    ROUTE("GET", "/search", "signed_in", 0, search_get, "help.search_get"),
    ROUTE("POST", "/search", "signed_in", SEARCH_FORM_MAX, search_post, "help.search",
          .rows = &search_found_record, .ask = &search_ask_record, .query = "after"),
};

const struct module search_module = {
    .name = "search",
    MODULE_ARRAY(routes),
    .schema = &search_schema,
};

enum http_state search_get(struct http_request *r)
{
    struct page p = app_page(r);
    const struct search_view v = { .q = S("") };
    page_search(&p, &v);
    return app_page_done(r, &p, "page.search.title");
}

/* --- what is asked for --- */

static enum outcome read_ask(struct search_ask *out, const struct http_request *r, struct err *e)
{
    const struct json *object;
    *out = (struct search_ask){ http_form(r, "q") };
    if (!str_is(r->media_type, "application/json"))
        return OK;
    TRY(json_read(&object, r->arena, r->body, &json_limits_default, e));
    return record_from_json(&search_ask_record, out, r->arena, object, e);
}

/* "rank.rule.thing", as `next` of the page before has it. */
static enum outcome read_after(struct search_at *out, const struct http_request *r, struct err *e)
{
    struct str rest = http_query(r, "after");
    *out = (struct search_at){ .rank = -1 };
    if (rest.n == 0)
        return OK;
    if (!str_to_u63(&out->rank, str_cut(&rest, '.')) ||
        !str_to_u63(&out->rule, str_cut(&rest, '.')) || rest.n == 0 || rest.n > SEARCH_THING_MAX)
        return REFUSE(e, "http.malformed_cursor", { "name", S("after") });
    out->thing = rest;
    return OK;
}

/* --- what is found --- */

struct showing {
    struct http_request *r;
    struct db *db;
    struct page *p;
    struct search_found *rows;
    size_t n;            /* shown; one more than the page has is read and left out */
    struct arena *apart; /* of one thing: what is read to show it is not kept with the answer */
};

/* A copy, in the answer's arena. */
static enum outcome row_keep(struct showing *s, const struct search_found *row, struct err *e)
{
    if (!record_copy(&search_found_record, &s->rows[s->n], row, s->r->arena))
        return err_no_memory(e);
    s->n++;
    return OK;
}

/* As many are looked at as SEARCH_LOOKED_MAX says, each with all of its order: the request's own
 * memory stands aside meanwhile. */
static enum outcome may(void *context, const struct search_hit *hit, bool *may, struct err *e)
{
    struct showing *s = context;
    struct search_found found = { .kind = str_z(hit->rule->kind), .thing = hit->thing };
    struct arena *const own = s->r->arena;
    arena_reset(s->apart);
    s->r->arena = s->p->b->arena = s->apart;
    const enum outcome o = hit->rule->show(&found, s->r, s->db, s->p, hit->thing, may, e);
    s->r->arena = s->p->b->arena = own;
    found.exact = hit->rank == 0;
    return o == OK && *may && s->n < SEARCH_PAGE ? row_keep(s, &found, e) : o;
}

/* More events than these behind, and what just happened may be missing. */
static enum outcome index_behind(bool *out, struct db *db, struct arena *arena, struct err *e)
{
    struct search_cursor_out cursor;
    struct ledger_row *rows;
    size_t n;
    bool found;
    TRY(db_get(db, &sql_search_cursor, NULL, &cursor, arena, &found, e));
    TRY(ledger_read_last(db, &rows, &n, arena, e));
    const int64_t at = found ? cursor.sequence : 0;
    *out = n > 0 && rows[0].sequence - at > SEARCH_BEHIND;
    return OK;
}

/* A thing by its own id, which stands on papers and in files: the index has none. */
static enum outcome by_id(struct showing *s, struct str text, struct err *e)
{
    const struct search_rule *rule;
    const struct registry *registry = app_of(s->r)->node->registry;
    for (size_t i = 0; s->n == 0 && id_valid(text) && search_rule_at(registry, i, &rule); i++) {
        const struct search_hit hit = { 0, rule, text };
        bool shown;
        if (show_may(s->r, rule->permission) && (!rule->page || show_may(s->r, rule->page)))
            TRY(may(s, &hit, &shown, e));
    }
    return OK;
}

static enum outcome tell(struct search_view *v, struct http_request *r, struct page *p,
                         struct err *e)
{
    const struct search_rule *rule;
    struct search_said *said = ARENA_ARRAY(r->arena, SEARCH_SAID_MAX, struct search_said);
    if (!said)
        return err_no_memory(e);
    for (size_t i = 0; v->nsaid == 0 && search_rule_at(app_of(r)->node->registry, i, &rule); i++)
        if (rule->tell)
            v->nsaid = rule->tell(said, SEARCH_SAID_MAX, p, v->q);
    v->said = said;
    for (size_t i = 0; i < v->nsaid; i++)
        v->names |= said[i].names;
    return OK;
}

/* The one thing that has the identifier. */
static bool leads_there(const struct search_view *v)
{
    return v->n > 0 && !v->later && v->rows[0].exact && v->rows[0].link.p &&
           (v->n == 1 || !v->rows[1].exact);
}

static enum outcome answer(struct search_view *v, struct http_request *r, struct db *db,
                           struct page *p, struct err *e)
{
    struct search_ask ask;
    struct search_answer found;
    const struct node *node = app_of(r)->node;
    struct showing s = {
        .r = r,
        .db = db,
        .p = p,
        .rows = ARENA_ARRAY(r->arena, SEARCH_PAGE, struct search_found),
    };
    struct search_query query = {
        .actor = show_actor(r), .max = SEARCH_PAGE, .may = may, .context = &s
    };
    if (!s.rows)
        return err_no_memory(e);
    TRY(read_ask(&ask, r, e));
    TRY(read_after(&query.after, r, e));
    query.text = ask.q;
    s.apart = arena_new(APART_MAX);
    enum outcome o = s.apart
                         ? search_find(&found, db, node->registry, node->keys, &query, r->arena, e)
                         : err_no_memory(e);
    if (o == OK && s.n == 0 && query.after.rank < 0)
        o = by_id(&s, str_trim(ask.q), e);
    arena_free(s.apart);
    if (o != OK)
        return o;
    *v = (struct search_view){
        .q = ask.q.p ? ask.q : S(""), .rows = s.rows, .n = s.n, .later = query.after.rank >= 0
    };
    if (found.more)
        v->next = arena_printf(r->arena, "/search?after=%lld.%lld.%.*s", (long long)found.at.rank,
                               (long long)found.at.rule, STR(found.at.thing));
    return index_behind(&v->behind, db, r->arena, e);
}

static enum outcome search_page(struct http_request *r, struct db *db, struct page *p,
                                struct err *e)
{
    struct search_view v;
    TRY(answer(&v, r, db, p, e));
    if (http_wants_json(r))
        return show_rows(r, &search_found_record, v.rows, v.n, v.next, e);
    if (leads_there(&v)) {
        r->answer.status = 303;
        r->answer.location = v.rows[0].link;
        r->answer.body = S("");
        return OK;
    }
    if (!v.later)
        TRY(tell(&v, r, p, e));
    page_search(p, &v);
    return OK;
}

enum http_state search_post(struct http_request *r)
{
    return show(r, "page.search.title", search_page);
}
