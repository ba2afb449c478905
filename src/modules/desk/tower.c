/* The control tower: live orders, those in trouble first. */
#include "base/id.h"
#include "gen/desk/pages/tower.html.h"
#include "modules/desk/desk.h"

enum { OPTIONS_MAX = 204 };

static struct str filter(const struct http_request *r, const char *name)
{
    struct str value = http_query(r, name);
    return value.n > 0 ? value : (struct str){ 0 };
}

static struct str next_path(struct page *p, const struct desk_tower_in *in,
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

static enum outcome choices(struct desk_tower_view *v, struct db *db, struct page *p,
                            const struct desk_tower_in *in, struct err *e)
{
    struct record_list list;
    struct arena *a = p->b->arena;
    struct options o = options(p);
    states(v, p, in->state);
    const struct desk_products_in products = { in->organisation, in->reach };
    TRY(db_list(db, &sql_desk_products, &products, &list, 40, a, e));
    for (size_t i = 0; i < list.n; i++) {
        const struct desk_products_out *row = (const struct desk_products_out *)list.p + i;
        add(&o, row->product, show_name(p, "product", row->product), in->product);
    }
    v->products = o.rows;
    v->nproducts = o.n;
    o = options(p);
    TRY(db_list(db, &sql_desk_stages, &in->organisation, &list, 40, a, e));
    for (size_t i = 0; i < list.n; i++) {
        const struct desk_stages_out *row = (const struct desk_stages_out *)list.p + i;
        add(&o, row->stage, show_name(p, "stage", row->stage), in->stage);
    }
    v->stages = o.rows;
    v->nstages = o.n;
    o = options(p);
    TRY(db_list(db, &sql_desk_sites, &in->organisation, &list, 200, a, e));
    for (size_t i = 0; i < list.n; i++) {
        const struct desk_sites_out *row = (const struct desk_sites_out *)list.p + i;
        add(&o, row->site, auth_site_name(db, row->site, a), in->at_site);
    }
    v->sites = o.rows;
    v->nsites = o.n;
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

static enum outcome tower(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct desk_tower_view v = { .may_enrol = show_may(r, "patient.enrol") };
    struct desk_tower_in in = {
        .organisation = actor->organisation,
        .reach = show_reach(actor, "tower.see", r->arena),
        .state = filter(r, "state"),
        .product = filter(r, "product"),
        .stage = filter(r, "stage"),
        .at_site = filter(r, "site"),
    };
    v.filtered = in.state.p || in.product.p || in.stage.p || in.at_site.p;
    if (!in.state.p)
        in.state = S("live");
    struct show_cursor cursor;
    TRY(show_cursor(&cursor, r, "after", 2, e));
    in.after_trouble = cursor.given ? cursor.number[0] : -1;
    in.after_due = cursor.number[1];
    in.after_order = cursor.given ? cursor.id : S("");
    struct record_list list;
    bool found;
    TRY(db_list(db, &sql_desk_tower, &in, &list, DESK_ROWS + 1, r->arena, e));
    struct desk_tower_out *rows = (struct desk_tower_out *)list.p;
    v.n = list.n > DESK_ROWS ? DESK_ROWS : list.n;
    if (list.n > DESK_ROWS)
        v.next = next_path(p, &in, &rows[v.n - 1]);
    struct desk_tower_row *out = ARENA_ARRAY(r->arena, v.n + 1, struct desk_tower_row);
    if (!out)
        return err_no_memory(e);
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
    struct desk_counts_in counts = { in.organisation, in.reach };
    TRY(db_get(db, &sql_desk_counts, &counts, &v.counts, r->arena, &found, e));
    TRY(choices(&v, db, p, &in, e));
    page_tower(p, &v);
    return OK;
}

enum http_state desk_get_tower(struct http_request *r)
{
    return show(r, "page.tower.title", tower);
}
