/* The control tower: live orders, those in trouble first. */
#include "base/id.h"
#include "gen/desk/pages/tower.html.h"
#include "modules/desk/tower_impl.h"

enum { OPTIONS_MAX = 200 };

static struct str filter(const struct http_request *r, const char *name)
{
    struct str value = http_query(r, name);
    return value.n > 0 ? value : (struct str){ 0 };
}

/* Of the same list: from behind this row on, or where it is now. */
static struct str path(struct page *p, const struct tower_ask *in, const struct tower_order *behind)
{
    struct arena *a = p->b->arena;
    struct str after = S("");
    if (behind)
        after = arena_printf(a, "&after=%lld.%lld.%.*s", (long long)behind->trouble,
                             (long long)behind->due, STR(behind->order));
    else if (in->after_order.n > 0)
        after = arena_printf(a, "&after=%lld.%lld.%.*s", (long long)in->after_trouble,
                             (long long)in->after_due, STR(in->after_order));
    struct str wall = S("");
    if (in->wall)
        wall = arena_printf(a, "&wall=1&rows=%zu", in->rows);
    if (in->json && in->foresees)
        wall = S("&forecast=1");
    return arena_printf(a, "/?state=%.*s&product=%.*s&stage=%.*s&site=%.*s&risk=%.*s%.*s%.*s",
                        STR(in->state), STR(in->product), STR(in->stage), STR(in->at_site),
                        STR(in->risk), STR(wall), STR(after));
}

/* --- what can be chosen --- */

struct options {
    struct page *p;
    struct desk_option *rows;
    size_t n;
};

static bool has(const struct options *o, struct str value)
{
    for (size_t i = 0; i < o->n; i++)
        if (str_eq(o->rows[i].value, value))
            return true;
    return false;
}

static void add(struct options *o, struct str value, struct str label, struct str chosen)
{
    if (o->rows && o->n < OPTIONS_MAX)
        o->rows[o->n++] = (struct desk_option){ value, label, str_eq(value, chosen) };
}

static struct options options(struct page *p)
{
    return (struct options){ p, ARENA_ARRAY(p->b->arena, OPTIONS_MAX, struct desk_option), 0 };
}

static void states(struct desk_tower_view *v, struct page *p, struct str chosen)
{
    static const char *const names[] = { "live", "stopped", "held", "ended" };
    struct options o = options(p);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add(&o, str_z(names[i]), show_name(p, "tower_state", str_z(names[i])), chosen);
    v->states = o.rows;
    v->nstates = o.n;
}

static void risks(struct desk_tower_view *v, struct page *p, struct str chosen)
{
    struct options o = options(p);
    for (int level = DESK_RISK_HIGH; level > DESK_RISK_NONE; level--)
        add(&o, str_z(desk_risk_name(level)), show_name(p, "risk", str_z(desk_risk_name(level))),
            chosen);
    v->risks = o.rows;
    v->nrisks = o.n;
}

/* Whether what a person may see (show_reach) has orders of the product. */
static bool reaches(struct str reach, struct str product)
{
    for (struct str rest = reach; rest.n > 0;) {
        struct str entry = str_cut(&rest, ',');
        (void)str_cut(&entry, '|');
        if (str_is(entry, "*") || str_eq(entry, product))
            return true;
    }
    return !reach.p;
}

struct workflows { /* that orders in reach were ever open in */
    const struct workflow *p[OPTIONS_MAX];
    size_t n;
};

static enum outcome choose_product(struct options *o, struct workflows *seen, struct db *db,
                                   const struct tower_ask *ask, struct err *e)
{
    struct record_list list;
    struct arena *a = o->p->b->arena;
    const struct desk_seen_workflows_in in = { ask->organisation, OPTIONS_MAX };
    TRY(db_list(db, &sql_desk_seen_workflows, &in, &list, OPTIONS_MAX, a, e));
    const struct desk_seen_workflows_out *row = list.p;
    for (size_t i = 0; i < list.n; i++, row++) {
        const struct flow_pinned pinned = { row->workflow, row->workflow_version,
                                            row->workflow_hash };
        const struct workflow *workflow;
        TRY(flow_workflow_pinned(&workflow, db, &pinned, a, e));
        const struct str product = workflow->product;
        seen->p[seen->n++] = workflow;
        if (!has(o, product) && reaches(ask->reach, product))
            add(o, product, show_name(o->p, "product", product), ask->product);
    }
    return OK;
}

/* As its workflow calls it; a stage that none of them has any more, by its code. */
static struct str stage_name(struct page *p, const struct workflows *seen, struct str stage)
{
    for (size_t i = 0; i < seen->n; i++)
        for (size_t k = 0; k < seen->p[i]->stages.n; k++)
            if (str_eq(seen->p[i]->stages.p[k].name, stage))
                return words_say(p, seen->p[i]->stages.p[k].title);
    return show_name(p, "stage", stage);
}

static enum outcome choose_stage(struct options *o, const struct workflows *seen, struct db *db,
                                 const struct tower_ask *ask, struct err *e)
{
    struct record_list list;
    const struct desk_seen_stages_in in = { ask->organisation, OPTIONS_MAX };
    TRY(db_list(db, &sql_desk_seen_stages, &in, &list, OPTIONS_MAX, o->p->b->arena, e));
    const struct desk_seen_stages_out *row = list.p;
    for (size_t i = 0; i < list.n; i++)
        add(o, row[i].stage, stage_name(o->p, seen, row[i].stage), ask->stage);
    return OK;
}

static enum outcome choose_site(struct options *o, struct db *db, const struct tower_ask *ask,
                                struct err *e)
{
    struct record_list list;
    struct arena *a = o->p->b->arena;
    const struct desk_seen_sites_in in = { ask->organisation, OPTIONS_MAX };
    TRY(db_list(db, &sql_desk_seen_sites, &in, &list, OPTIONS_MAX, a, e));
    const struct desk_seen_sites_out *row = list.p;
    for (size_t i = 0; i < list.n; i++)
        add(o, row[i].site, auth_site_name(db, row[i].site, a), ask->at_site);
    return OK;
}

static enum outcome choices(struct desk_tower_view *v, struct db *db, struct page *p,
                            const struct tower_ask *ask, struct err *e)
{
    struct options products = options(p), stages = options(p), sites = options(p);
    struct workflows seen = { .n = 0 };
    TRY(choose_product(&products, &seen, db, ask, e));
    TRY(choose_stage(&stages, &seen, db, ask, e));
    TRY(choose_site(&sites, db, ask, e));
    states(v, p, ask->state);
    risks(v, p, ask->risk);
    v->products = products.rows;
    v->nproducts = products.n;
    v->stages = stages.rows;
    v->nstages = stages.n;
    v->sites = sites.rows;
    v->nsites = sites.n;
    return OK;
}

static struct desk_counted counted(int64_t n, bool few, struct arena *arena)
{
    const bool more = !few && n >= TOWER_COUNTED;
    return (struct desk_counted){
        n, arena_printf(arena, "%lld%s", (long long)(more ? TOWER_COUNTED - 1 : n), more ? "+" : "")
    };
}

/* Of live orders, whatever is listed; `few` is what was found of those. */
static enum outcome counts(struct desk_tower_view *v, struct db *db, const struct tower_ask *ask,
                           bool few, struct arena *arena, struct err *e)
{
    struct tower_ask live = *ask;
    struct desk_counts_few_out n = { 0 };
    live.state = S("live");
    if (str_is(ask->state, "ended") || str_is(ask->state, "stopped"))
        TRY(tower_is_few(&few, &live, db, arena, e));
    TRY(tower_count(&n, &live, few, db, arena, e));
    v->live = counted(n.live, few, arena);
    v->stopped = counted(n.stopped, few, arena);
    v->late = counted(n.late, few, arena);
    v->held = counted(n.held, few, arena);
    return OK;
}

/* The one site whose orders are in reach; absent: more than one may be. */
static struct str site_of(const struct actor *actor, struct str reach)
{
    for (struct str rest = reach; rest.n > 0;)
        if (str_starts(str_cut(&rest, ','), S("*|")))
            return (struct str){ 0 };
    return reach.p ? actor->site : (struct str){ 0 };
}

static enum outcome asked(struct tower_ask *out, struct http_request *r, const struct page *p,
                          struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct show_cursor cursor;
    int64_t fit; /* rows on a wall's display, or the rest of a page */
    *out = (struct tower_ask){
        .organisation = actor->organisation,
        .reach = show_reach(actor, "tower.see", r->arena),
        .state = filter(r, "state"),
        .product = filter(r, "product"),
        .stage = filter(r, "stage"),
        .at_site = filter(r, "site"),
        .risk = filter(r, "risk"),
        .wall = str_is(http_query(r, "wall"), "1"),
        .json = http_wants_json(r),
        .foresees = !http_wants_json(r) || str_is(http_query(r, "forecast"), "1"),
        .rows = DESK_ROWS,
    };
    if (str_to_u63(&fit, http_query(r, "rows")) && fit > 0 && fit < DESK_ROWS)
        out->rows = (size_t)fit;
    else if (!p->fragment && !out->json && !out->wall)
        out->rows = TOWER_FIRST;
    out->site = site_of(actor, out->reach);
    TRY(show_cursor(&cursor, r, "after", 2, e));
    out->after_trouble = cursor.given ? cursor.number[0] : -1;
    out->after_due = cursor.number[1];
    out->after_order = cursor.given ? cursor.id : S("");
    return OK;
}

static enum outcome tower(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_tower_view v = { .may_enrol = show_may(r, "patient.enrol") };
    struct tower_ask ask;
    struct tower_rows rows;
    bool few;
    TRY(asked(&ask, r, p, e));
    p->wall = v.wall = ask.wall;
    v.filtered = ask.state.p || ask.product.p || ask.stage.p || ask.at_site.p || ask.risk.p;
    v.state = ask.state;
    v.risk = ask.risk;
    v.narrowed = ask.product.p || ask.stage.p || ask.at_site.p || str_is(ask.state, "ended") ||
                 str_is(ask.risk, "watch");
    if (!ask.state.p)
        ask.state = S("live");
    TRY(tower_is_few(&few, &ask, db, r->arena, e));
    TRY(tower_rows(&rows, &ask, few, r, db, p, e));
    if (rows.more)
        v.next = path(p, &ask, &rows.listed);
    if (http_wants_json(r))
        return show_rows(r, sql_desk_tower.out, rows.as_json, rows.n, v.next, e);
    v.rows = rows.rows;
    v.n = rows.n;
    if (rows.more && ask.rows == TOWER_FIRST)
        v.rest = arena_printf(r->arena, "%.*s&rows=%d", STR(v.next), DESK_ROWS - TOWER_FIRST);
    if (rows.n > 0) /* the counts and what is worst: the other rows follow at once */
        p->begun = arena_printf(r->arena, "order-%.*s", STR(rows.rows[0].row->order_id));
    v.ranked = !ask.risk.p && str_is(ask.state, "live");
    if (ask.risk.p && rows.more)
        v.looked = rows.looked;
    v.here = path(p, &ask, NULL);
    ask.after_order = S("");
    v.turn = rows.more ? v.next : path(p, &ask, NULL);
    ask.wall = true;
    v.to_wall = path(p, &ask, NULL);
    TRY(counts(&v, db, &ask, few, r->arena, e));
    TRY(choices(&v, db, p, &ask, e));
    page_tower(p, &v);
    return OK;
}

enum http_state desk_get_tower(struct http_request *r)
{
    return show(r, "page.tower.title", tower);
}
