/* Which units are on their way, from where to where, and how far they may be. */
#include <math.h>

#include "modules/desk/map.h"
#include "modules/desk/order.h"

enum { LOOK_ARENA = 4 << 20 };
enum { PROGRESS_MIN = 4, PROGRESS_MAX = 96 }; /* per cent: under way is at neither end */
#define EARTH_KM 6371.0088                    /* mean radius (IUGG) */

struct gathering {
    struct desk_map_view *v;
    struct http_request *r;
    struct db *db;
    struct page *p;
    struct desk_lately lately;
    struct record_list carriers; /* desk_carriers_out */
    struct desk_map_site *sites[DESK_SITES_MAX];
    struct auth_site_out *places[DESK_SITES_MAX]; /* beside them */
    size_t nsites;
};

/* --- places --- */

static struct str degrees(struct arena *a, struct decimal d)
{
    struct buf b = buf_in(a, DECIMAL_TEXT_MAX + 1);
    decimal_write(&b, d);
    return buf_get(&b);
}

/* The index of a site among those that were read; read once. */
static enum outcome site_at(size_t *out, struct gathering *g, struct str id, struct err *e)
{
    struct arena *a = g->r->arena;
    const struct auth_site_in in = { arena_str(a, id) };
    bool found;
    for (*out = 0; *out < g->nsites; ++*out)
        if (str_eq(g->sites[*out]->id, id))
            return OK;
    BUG_ON(g->nsites == DESK_SITES_MAX); /* no more than there are rows, and two of each */
    struct desk_map_site *site = ARENA_NEW(a, struct desk_map_site);
    struct auth_site_out *place = ARENA_NEW(a, struct auth_site_out);
    if (!site || !place)
        return err_no_memory(e);
    TRY(db_get(g->db, &sql_auth_site, &in, place, a, &found, e));
    if (!found)
        record_clear(sql_auth_site.out, place);
    *site = (struct desk_map_site){
        .id = in.site,
        .name = auth_site_name(g->db, in.site, a),
        .latitude = degrees(a, place->latitude),
        .longitude = degrees(a, place->longitude),
    };
    g->sites[g->nsites] = site;
    g->places[g->nsites++] = place;
    return OK;
}

static double radians(struct decimal d)
{
    double v = (double)d.coefficient;
    for (int i = 0; i < d.scale; i++)
        v /= 10;
    return v * (M_PI / 180);
}

/* Along the great circle, by the haversine; INT_NONE where a place is not recorded. */
static int64_t distance_km(const struct auth_site_out *a, const struct auth_site_out *b)
{
    if (!decimal_present(a->latitude) || !decimal_present(b->latitude))
        return INT_NONE;
    const double from = radians(a->latitude), to = radians(b->latitude);
    const double north = sin((to - from) / 2);
    const double east = sin((radians(b->longitude) - radians(a->longitude)) / 2);
    const double h = north * north + cos(from) * cos(to) * east * east;
    return llround(2 * EARTH_KM * asin(sqrt(h < 1 ? h : 1)));
}

/* --- where to --- */

struct destination {
    const struct flow_task *task; /* at which they are taken over there; NULL: not known */
    struct str site;              /* absent: not known */
};

static const struct flow_party *party_of(const struct flow_view *v, struct str part)
{
    for (size_t i = 0; i < v->nparties; i++)
        if (str_eq(v->parties[i].part, part))
            return &v->parties[i];
    return NULL;
}

/* The offer says where to, unless it is to a courier: then the first task does at which such units
 * are taken over, and were not yet, by who is none. */
static struct destination destination_of(const struct gathering *g, const struct flow_view *v,
                                         const struct desk_moving_out *unit)
{
    const bool offered = unit->to_site.p && !desk_carries(&g->carriers, unit->to_organisation);
    struct destination out = { .site = offered ? unit->to_site : (struct str){ 0 } };
    for (size_t i = 0; i < v->workflow->stages.n; i++)
        for (size_t k = 0; k < v->workflow->stages.p[i].tasks.n; k++) {
            const struct flow_task *task = &v->workflow->stages.p[i].tasks.p[k];
            const struct flow_party *party = party_of(v, task->part);
            if (!party || desk_carries(&g->carriers, party->organisation) ||
                !str_among(S("accepted"), task->needs.p, task->needs.n) ||
                !str_among(unit->kind, task->units.p, task->units.n) ||
                flow_has_fact(v, task->name, S("accepted")) ||
                (offered && !str_eq(party->site, unit->to_site)))
                continue;
            return (struct destination){ task, party->site };
        }
    return out;
}

static const char *state_of(const struct gathering *g, const struct desk_moving_out *unit)
{
    if (!unit->carried)
        return "waiting";
    return unit->to_site.p && !desk_carries(&g->carriers, unit->to_organisation) ? "handing_over"
                                                                                 : "on_way";
}

/* --- a row --- */

static struct str say(struct page *p, const char *key, const struct text_param *params, size_t n)
{
    enum { SAID_MAX = 600 };
    struct buf b = buf_in(p->b->arena, SAID_MAX);
    text_write(&b, p->language, str_z(key), params, n);
    return buf_get(&b);
}

static struct str number(struct arena *a, int64_t n)
{
    return arena_printf(a, "%lld", (long long)n);
}

static struct str arrival_in_words(struct page *p, const struct flow_moment *m)
{
    const bool foreseen = m->kind == FLOW_FORECAST;
    const struct text_param time = { "time", show_time(p, foreseen ? m->middle : m->late) };
    if (!foreseen && m->kind != FLOW_BY_LIMITS)
        return S("");
    return say(p, foreseen ? "page.map.about" : "page.map.by_limit", &time, 1);
}

/* How much of the time is over that the way likely takes; at the ends it is where it is. */
static struct str progress_of(const struct desk_moving *x, struct page *p)
{
    if (str_is(x->state, "waiting"))
        return S("0");
    if (str_is(x->state, "handing_over"))
        return S("1");
    if (x->expected == TIME_NONE || x->expected <= x->since)
        return S("");
    int64_t percent = 100 * (p->now_us - x->since) / (x->expected - x->since);
    percent = percent < PROGRESS_MIN ? PROGRESS_MIN : percent;
    percent = percent > PROGRESS_MAX ? PROGRESS_MAX : percent;
    return arena_printf(p->b->arena, "0.%02d", (int)percent);
}

/* Fills what is said of it, once how many there are is known. */
static void in_words(struct desk_moving_row *x, struct page *p)
{
    struct arena *a = p->b->arena;
    const struct text_param units[] = { { "n", number(a, x->row->units) },
                                        { "kind", show_name(p, "unit_kind", x->row->kind) } };
    const struct str nowhere = text_find(p->language, S("page.map.not_known"));
    x->what = x->row->units == 1 ? units[1].value : say(p, "page.map.units", units, 2);
    x->state = show_name(p, "moving", x->row->state);
    x->progress = progress_of(x->row, p);
    if (x->row->km != INT_NONE)
        x->km = say(p, "page.map.km", &(struct text_param){ "n", number(a, x->row->km) }, 1);
    const struct text_param all[] = {
        { "order", x->row->coi.p ? x->row->coi : S("") },
        { "what", x->what },
        { "from", x->from->name },
        { "to", x->to ? x->to->name : nowhere },
        { "state", x->state },
    };
    x->label = say(p, "page.map.label", all, sizeof all / sizeof all[0]);
}

static enum outcome fill_places(struct desk_moving_row *x, struct desk_moving *row,
                                struct gathering *g, const struct desk_moving_out *unit,
                                struct str to, struct err *e)
{
    size_t from, at = 0;
    TRY(site_at(&from, g, unit->from_site, e));
    row->from_site = g->sites[from]->id;
    row->from_latitude = g->places[from]->latitude;
    row->from_longitude = g->places[from]->longitude;
    x->from = g->sites[from];
    if (to.p)
        TRY(site_at(&at, g, to, e));
    if (to.p) {
        row->to_site = g->sites[at]->id;
        row->to_latitude = g->places[at]->latitude;
        row->to_longitude = g->places[at]->longitude;
        row->km = distance_km(g->places[from], g->places[at]);
        x->to = g->sites[at];
    }
    if (unit->carried)
        x->carrier = auth_site_name(g->db, unit->site, g->r->arena);
    return OK;
}

static void fill_times(struct desk_moving_row *x, struct desk_moving *row,
                       const struct desk_order *o, const struct desk_outlook *outlook,
                       const struct flow_task *task, struct page *p)
{
    const struct flow_moment *m =
        task && flow_sees(&o->sight, "plan") ? desk_reached_by(outlook, task) : NULL;
    for (size_t i = 0; i < o->ncountdowns; i++)
        if (row->viability == TIME_NONE || o->countdowns[i].until < row->viability)
            row->viability = o->countdowns[i].until;
    if (!m)
        return;
    x->arrival = arrival_in_words(p, m);
    if (m->kind == FLOW_FORECAST) {
        row->early = m->early;
        row->expected = m->middle;
    }
    if (m->kind == FLOW_FORECAST || m->kind == FLOW_BY_LIMITS)
        row->late = m->late;
}

/* The row that these go with: of this order, on the same way; NULL: none. */
static struct desk_moving *together(struct desk_map_view *v, size_t from,
                                    const struct desk_moving_out *unit, const char *state,
                                    struct str to)
{
    for (size_t i = from; i < v->n; i++) {
        struct desk_moving *x = &v->as_json[i];
        if (str_eq(x->kind, unit->kind) && str_eq(x->site, unit->site) &&
            str_eq(x->from_site, unit->from_site) && str_eq(x->to_site, to) &&
            str_is(x->state, state))
            return x;
    }
    return NULL;
}

static enum outcome add(struct gathering *g, const struct desk_order *o,
                        const struct desk_outlook *outlook, struct desk_risk risk, size_t from,
                        const struct desk_moving_out *unit, struct err *e)
{
    struct desk_map_view *v = g->v;
    struct arena *a = g->r->arena;
    const char *state = state_of(g, unit);
    const struct destination to = destination_of(g, &o->flow, unit);
    struct desk_moving *row = together(v, from, unit, state, to.site);
    if (row) {
        row->units++;
        return OK;
    }
    struct desk_moving_row *x = &v->rows[v->n];
    row = &v->as_json[v->n];
    record_clear(&desk_moving_record, row);
    row->order_id = unit->order_id;
    row->coi = o->row.coi.p ? arena_str(a, o->row.coi) : (struct str){ 0 };
    row->product = arena_str(a, o->row.product);
    row->kind = unit->kind;
    row->units = 1;
    row->state = str_z(state);
    row->organisation = unit->organisation;
    row->site = unit->site;
    row->since = str_is(row->state, "on_way") ? unit->since : unit->offered;
    row->risk = str_z(desk_risk_name((int)risk.level));
    *x = (struct desk_moving_row){ .row = row, .risk = risk };
    x->id = arena_printf(a, "moving-%.*s-%zu", STR(unit->order_id), v->n - from);
    TRY(fill_places(x, row, g, unit, to.site, e));
    fill_times(x, row, o, outlook, to.task, g->p);
    v->n++;
    return OK;
}

/* --- an order after the other --- */

/* The units of one order, n rows; in an arena of its own, since an order takes much. */
static enum outcome of_order(struct gathering *g, const struct desk_moving_out *units, size_t n,
                             struct arena *looking, struct err *e)
{
    struct http_request r = *g->r;
    struct page p = *g->p;
    struct desk_order *o;
    struct desk_outlook outlook;
    const size_t from = g->v->n;
    arena_reset(looking);
    struct buf b = buf_in(looking, 1);
    r.arena = looking;
    p.b = &b;
    o = ARENA_NEW(looking, struct desk_order);
    if (!o)
        return err_no_memory(e);
    TRY(desk_order_unnamed(o, &r, g->db, &p, units[0].order_id, e));
    if (!flow_sees(&o->sight, "custody"))
        return OK;
    TRY(desk_outlook(&outlook, o, g->db, &g->lately, p.now_us, e));
    struct desk_risk risk = desk_risk(o, &outlook, &p);
    risk.why = arena_str(g->r->arena, risk.why);
    for (size_t i = 0; i < n; i++)
        if (flow_sees_unit(&o->sight, units[i].kind))
            TRY(add(g, o, &outlook, risk, from, &units[i], e));
    return OK;
}

static void count(struct desk_map_view *v, struct page *p)
{
    for (size_t i = 0; i < v->n; i++) {
        struct desk_moving_row *x = &v->rows[i];
        in_words(x, p);
        v->waiting += str_is(x->row->state, "waiting");
        v->under_way += !str_is(x->row->state, "waiting");
        v->at_risk += x->risk.level == DESK_RISK_HIGH;
        v->nowhere += x->from->latitude.n == 0 || !x->to || x->to->latitude.n == 0;
    }
}

static enum outcome go_through(struct gathering *g, const struct record_list *list,
                               struct arena *looking, struct err *e)
{
    const struct desk_moving_out *units = list->p;
    for (size_t from = 0, end; from < list->n; from = end) {
        for (end = from + 1; end < list->n && str_eq(units[end].order_id, units[from].order_id);
             end++)
            ;
        struct err unseen = { 0 };
        const enum outcome o = of_order(g, units + from, end - from, looking, &unseen);
        if (o == FAULT)
            *e = unseen;
        if (o == FAULT)
            return FAULT;
    }
    return OK;
}

enum outcome desk_moving(struct desk_map_view *out, struct http_request *r, struct db *db,
                         struct page *p, struct str order, struct err *e)
{
    struct gathering g = { .v = out, .r = r, .db = db, .p = p, .lately = { .arena = r->arena } };
    const struct desk_moving_in in = {
        .organisation = show_actor(r)->organisation,
        .reach = show_reach(show_actor(r), "tower.see", r->arena),
        .order_id = order,
        .most = DESK_MOVING_MAX + 1,
    };
    struct record_list list;
    TRY(desk_carriers(&g.carriers, db, r->arena, e));
    TRY(db_list(db, &sql_desk_moving, &in, &list, DESK_MOVING_MAX + 1, r->arena, e));
    *out = (struct desk_map_view){ .order = order, .more = list.n > DESK_MOVING_MAX };
    list.n = out->more ? DESK_MOVING_MAX : list.n;
    out->rows = ARENA_ARRAY(r->arena, list.n + 1, struct desk_moving_row);
    out->as_json = ARENA_ARRAY(r->arena, list.n + 1, struct desk_moving);
    struct arena *looking = arena_new(LOOK_ARENA);
    enum outcome o = out->rows && out->as_json && looking ? OK : err_no_memory(e);
    if (o == OK)
        o = go_through(&g, &list, looking, e);
    arena_free(looking);
    count(out, p);
    return o;
}
