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

static struct str next_path(struct page *p, const struct tower_ask *in,
                            const struct desk_tower_out *last)
{
    return arena_printf(p->b->arena,
                        "/?state=%.*s&product=%.*s&stage=%.*s&site=%.*s&after=%lld.%lld.%.*s",
                        STR(in->state), STR(in->product), STR(in->stage), STR(in->at_site),
                        (long long)last->trouble, (long long)last->due_by, STR(last->order_id));
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

static enum outcome choose_product(struct options *o, struct db *db, const struct tower_ask *ask,
                                   struct err *e)
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
        if (!has(o, product) && reaches(ask->reach, product))
            add(o, product, show_name(o->p, "product", product), ask->product);
    }
    return OK;
}

static enum outcome choose_stage(struct options *o, struct db *db, const struct tower_ask *ask,
                                 struct err *e)
{
    struct record_list list;
    const struct desk_seen_stages_in in = { ask->organisation, OPTIONS_MAX };
    TRY(db_list(db, &sql_desk_seen_stages, &in, &list, OPTIONS_MAX, o->p->b->arena, e));
    const struct desk_seen_stages_out *row = list.p;
    for (size_t i = 0; i < list.n; i++)
        add(o, row[i].stage, show_name(o->p, "stage", row[i].stage), ask->stage);
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
    TRY(choose_product(&products, db, ask, e));
    TRY(choose_stage(&stages, db, ask, e));
    TRY(choose_site(&sites, db, ask, e));
    states(v, p, ask->state);
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

/* --- rows --- */

static enum outcome fill_row(struct desk_tower_row *out, struct http_request *r, struct db *db,
                             struct page *p, struct desk_tower_out *row, struct err *e)
{
    out->row = row;
    TRY(desk_order_load(&out->o, r, db, p, row->order_id, e));
    if (out->o.next) { /* as every other page of the order says it */
        row->stage = desk_stage_of(out->o.flow.workflow, out->o.next->name)->name;
        row->task = out->o.next->name;
        row->title = out->o.next->title;
        row->role = out->o.next->role;
        row->task_site = out->o.next_open->site;
        row->opened = out->o.next_open->opened;
    }
    out->viability = TIME_NONE;
    for (size_t i = 0; i < out->o.ncountdowns; i++)
        if (out->viability == TIME_NONE || out->o.countdowns[i].until < out->viability)
            out->viability = out->o.countdowns[i].until;
    if (out->o.next)
        out->owner = desk_owner(p, db, out->o.next->role, out->o.next_open->site);
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

static enum outcome asked(struct tower_ask *out, struct http_request *r, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct show_cursor cursor;
    *out = (struct tower_ask){
        .organisation = actor->organisation,
        .reach = show_reach(actor, "tower.see", r->arena),
        .state = filter(r, "state"),
        .product = filter(r, "product"),
        .stage = filter(r, "stage"),
        .at_site = filter(r, "site"),
    };
    out->site = site_of(actor, out->reach);
    TRY(show_cursor(&cursor, r, "after", 2, e));
    out->after_trouble = cursor.given ? cursor.number[0] : -1;
    out->after_due = cursor.number[1];
    out->after_order = cursor.given ? cursor.id : S("");
    return OK;
}

/* The first n that are listed. */
static enum outcome read_rows(struct desk_tower_out *rows, size_t n,
                              const struct tower_listed *listed, struct db *db, struct arena *arena,
                              struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        const struct desk_tower_in in = { listed->orders[i].order, listed->orders[i].trouble };
        bool found;
        TRY(db_get(db, &sql_desk_tower, &in, &rows[i], arena, &found, e));
        BUG_ON(!found); /* in one snapshot */
    }
    return OK;
}

static enum outcome tower(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_tower_view v = { .may_enrol = show_may(r, "patient.enrol") };
    struct tower_ask ask;
    struct tower_listed listed;
    bool few;
    TRY(asked(&ask, r, e));
    v.filtered = ask.state.p || ask.product.p || ask.stage.p || ask.at_site.p;
    if (!ask.state.p)
        ask.state = S("live");
    TRY(tower_is_few(&few, &ask, db, r->arena, e));
    TRY(tower_list(&listed, &ask, few, db, r->arena, e));
    struct desk_tower_out *rows = ARENA_ARRAY(r->arena, listed.n + 1, struct desk_tower_out);
    struct desk_tower_row *out = ARENA_ARRAY(r->arena, listed.n + 1, struct desk_tower_row);
    if (!rows || !out)
        return err_no_memory(e);
    v.n = listed.n > DESK_ROWS ? DESK_ROWS : listed.n;
    TRY(read_rows(rows, v.n, &listed, db, r->arena, e));
    if (listed.n > DESK_ROWS)
        v.next = next_path(p, &ask, &rows[v.n - 1]);
    size_t shown = 0; /* what the actor may not see by itself is passed over */
    for (size_t i = 0; i < v.n; i++) {
        enum outcome o = fill_row(&out[shown], r, db, p, &rows[i], e);
        if (o == FAULT)
            return o;
        if (o != OK)
            continue;
        rows[shown] = rows[i];
        out[shown].row = &rows[shown];
        shown++;
    }
    if (http_wants_json(r))
        return show_rows(r, sql_desk_tower.out, rows, shown, v.next, e);
    v.rows = out;
    v.n = shown;
    TRY(counts(&v, db, &ask, few, r->arena, e));
    TRY(choices(&v, db, p, &ask, e));
    page_tower(p, &v);
    return OK;
}

enum http_state desk_get_tower(struct http_request *r)
{
    return show(r, "page.tower.title", tower);
}
