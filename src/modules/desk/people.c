/* Who of a role is meant in an order: the treating physician, not any of the site's. Whom the order
 * names is told by name (notify.h); where it names nobody, all of the role are. */
#include "gen/desk/pages/people.html.h"
#include "modules/desk/people.h"

#define RECORDS "modules/desk/people.def"
#include "base/record_tables.h"
#undef RECORDS

enum { PEOPLE_MAX = 200, NAMED_MAX = 400 };

struct gathering {
    struct desk_people_view *v;
    struct page *page;
    struct db *db;
    int64_t now;
    struct record_list named; /* flow_persons_out */
    const struct sharing *sharing;
    struct desk_named *rows; /* NAMED_MAX */
    struct desk_role *roles; /* NAMED_MAX, beside them */
    size_t n;
};

static struct str named_account(const struct gathering *g, struct str part, struct str role)
{
    const struct flow_persons_out *rows = g->named.p;
    for (size_t i = 0; i < g->named.n; i++)
        if (str_eq(rows[i].part, part) && str_eq(rows[i].role, role))
            return rows[i].account;
    return (struct str){ 0 };
}

/* As order_patient_by_name decides it, without where the patient was enrolled. */
static enum outcome sees_name(bool *out, const struct gathering *g, const struct flow_party *party,
                              struct str role, struct err *e)
{
    struct definition d;
    *out = flow_part_sees(g->sharing, g->v->o.flow.workflow, party->part, "identity");
    if (*out)
        TRY(define_find(&d, g->db, S("role"), role, 0, g->now, g->page->b->arena, out, e));
    if (*out) {
        const struct role *found = d.body;
        *out = str_among(S("patient.name"), found->permissions.p, found->permissions.n);
    }
    return OK;
}

static enum outcome add(struct gathering *g, const struct flow_party *party, struct str role,
                        const struct rota_people_out *holders, size_t nholders, struct err *e)
{
    struct arena *a = g->page->b->arena;
    bool sees;
    if (g->n == NAMED_MAX)
        return OK;
    TRY(sees_name(&sees, g, party, role, e));
    struct desk_named *row = &g->rows[g->n];
    *row = (struct desk_named){
        .part = party->part,
        .organisation = party->organisation,
        .site = party->site,
        .role = role,
        .account = named_account(g, party->part, role),
        .holders = (int64_t)nholders,
        .sees_name = sees,
    };
    g->roles[g->n++] = (struct desk_role){
        .row = row,
        .id = arena_printf(a, "%.*s-%.*s", STR(party->part), STR(role)),
        .name = row->account.p ? auth_account_name(g->db, row->account, a) : S(""),
        .holders = holders,
        .nholders = nholders,
    };
    return OK;
}

static bool held_here(const struct rota_people_out *people, size_t n, struct str role)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(people[i].role, role))
            return true;
    return false;
}

/* The roles of a site's people, and those whose one was named and nobody has them there any more.
 */
static enum outcome of_part(struct gathering *g, const struct flow_party *party, struct err *e)
{
    const struct rota_people_in in = { party->site, g->now };
    struct record_list list;
    TRY(db_list(g->db, &sql_rota_people, &in, &list, PEOPLE_MAX, g->page->b->arena, e));
    const struct rota_people_out *people = list.p;
    for (size_t from = 0; from < list.n;) {
        size_t end = from;
        while (end < list.n && str_eq(people[end].role, people[from].role))
            end++;
        TRY(add(g, party, people[from].role, people + from, end - from, e));
        from = end;
    }
    const struct flow_persons_out *named = g->named.p;
    for (size_t i = 0; i < g->named.n; i++)
        if (str_eq(named[i].part, party->part) && !held_here(people, list.n, named[i].role))
            TRY(add(g, party, named[i].role, people, 0, e));
    return OK;
}

static enum outcome gather(struct gathering *g, struct err *e)
{
    const struct flow_view *f = &g->v->o.flow;
    const struct flow_persons_in in = { g->v->o.id };
    struct arena *a = g->page->b->arena;
    struct desk_people_part *parts = ARENA_ARRAY(a, f->nparties + 1, struct desk_people_part);
    g->rows = ARENA_ARRAY(a, NAMED_MAX, struct desk_named);
    g->roles = ARENA_ARRAY(a, NAMED_MAX, struct desk_role);
    if (!parts || !g->rows || !g->roles)
        return err_no_memory(e);
    TRY(flow_sharing_find(&g->sharing, g->db, g->now, a, e));
    TRY(db_list(g->db, &sql_flow_persons, &in, &g->named, NAMED_MAX, a, e));
    g->v->parts = parts;
    for (size_t i = 0; i < f->nparties; i++) {
        const struct auth_site_in at = { f->parties[i].site };
        struct auth_site_out site;
        const size_t from = g->n;
        bool found;
        TRY(of_part(g, &f->parties[i], e));
        TRY(db_get(g->db, &sql_auth_site, &at, &site, a, &found, e));
        parts[g->v->nparts++] = (struct desk_people_part){
            .title = show_name(g->page, "part", f->parties[i].part),
            .site = auth_site_name(g->db, f->parties[i].site, a),
            .organisation = auth_organisation_name(g->db, f->parties[i].organisation, a),
            .phone = found ? site.phone : (struct str){ 0 },
            .phone_later = found ? site.phone_later : (struct str){ 0 },
            .roles = g->roles + from,
            .nroles = g->n - from,
        };
    }
    return OK;
}

static enum outcome people(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_people_view *v = ARENA_NEW(r->arena, struct desk_people_view);
    if (!v)
        return err_no_memory(e);
    struct gathering g = { .v = v, .page = p, .db = db, .now = env_now(app_of(r)->node->env) };
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    TRY(gather(&g, e));
    if (http_wants_json(r))
        return show_rows(r, &desk_named_record, g.rows, g.n, (struct str){ 0 }, e);
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/people", e));
    v->refused = show_refusal(p, r);
    v->may_name = v->o.flow.state != FLOW_ENDED && desk_order_does(&v->o, "flow.name_person");
    v->r = r;
    page_people(p, v);
    return OK;
}

enum http_state desk_get_people(struct http_request *r)
{
    return show(r, "page.people.title", people);
}

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.people.title", people, refused);
}

/* "Nobody" of the page's list is no account at all. */
enum http_state desk_post_people(struct http_request *r)
{
    struct err e = { 0 };
    struct record_pair *pairs = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    size_t n = 0;
    if (!pairs) {
        (void)!err_no_memory(&e);
        return app_problem(r, &e);
    }
    for (size_t i = 0; i < r->nform; i++)
        if (!str_is(r->form[i].name, "account") || r->form[i].value.n > 0)
            pairs[n++] = r->form[i];
    r->form = pairs;
    r->nform = n;
    return app_command(
        r, &(struct app_command){
               .name = S("flow.name_person"),
               .next = arena_printf(r->arena, "/orders/%.*s/people", STR(http_param(r, "order"))),
               .refused = again,
           });
}

bool desk_people_tried(const struct desk_people_view *v, const struct desk_named *row)
{
    return str_eq(show_entered(v->r, "part"), row->part) &&
           str_eq(show_entered(v->r, "role"), row->role);
}
