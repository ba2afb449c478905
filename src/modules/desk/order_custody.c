/* The chain of custody of an order: every leg of its units, from whom to whom, when, in what pack,
 * in what condition as it was stated. Units that passed together stand together. */
#include <stdlib.h>

#include "gen/desk/pages/custody.html.h"
#include "modules/desk/map.h"
#include "modules/desk/order.h"

#define RECORDS "modules/desk/leg.def"
#include "base/record_tables.h"
#undef RECORDS

enum { SEALS_MAX = 20, SEALS_TEXT_MAX = 20 * 84, CARRIERS_MAX = 200 };
#define TOGETHER_US TIME_HOUR /* of one hand-over, whose bags are accepted one by one */

enum outcome desk_legs_read(struct record_list *out, struct db *db, const struct desk_order *o,
                            struct arena *a, struct err *e)
{
    const struct custody_order_legs_in in = { o->id };
    struct record_list list;
    *out = (struct record_list){ 0 };
    if (!flow_sees(&o->sight, "custody"))
        return OK;
    TRY(db_list(db, &sql_custody_order_legs, &in, &list, DESK_LEGS_MAX, a, e));
    const struct custody_order_legs_out *rows = list.p;
    struct custody_order_legs_out *seen = ARENA_ARRAY(a, list.n + 1, struct custody_order_legs_out);
    if (!seen)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        if (flow_sees_unit(&o->sight, rows[i].kind))
            seen[out->n++] = rows[i];
    out->p = seen;
    return OK;
}

/* --- each leg --- */

static enum outcome seals(struct desk_custody *out, struct str text, struct arena *a, struct err *e)
{
    const struct json *list;
    struct str *seal = ARENA_ARRAY(a, SEALS_MAX, struct str);
    size_t n = 0;
    if (!seal)
        return err_no_memory(e);
    if (text.n == 0)
        return OK;
    TRY(json_read(&list, a, text, &json_limits_default, e));
    for (const struct json *x = list->child; x && n < SEALS_MAX; x = x->next)
        seal[n++] = x->text;
    out->seals.p = seal;
    out->seals.n = n;
    return OK;
}

enum outcome desk_carriers(struct record_list *out, struct db *db, struct arena *a, struct err *e)
{
    return db_list(db, &sql_desk_carriers, NULL, out, CARRIERS_MAX, a, e);
}

bool desk_carries(const struct record_list *carriers, struct str organisation)
{
    const struct desk_carriers_out *rows = carriers->p;
    for (size_t i = 0; i < carriers->n; i++)
        if (str_eq(rows[i].organisation, organisation))
            return true;
    return false;
}

/* Rows come unit by unit, each leg behind the one before. */
static enum outcome legs(struct desk_custody **out, const struct record_list *list, struct arena *a,
                         struct err *e)
{
    const struct custody_order_legs_out *rows = list->p;
    struct desk_custody *legs = ARENA_ARRAY(a, list->n + 1, struct desk_custody);
    if (!legs)
        return err_no_memory(e);
    for (size_t i = 0; i < list->n; i++) {
        const struct custody_order_legs_out *row = &rows[i];
        const bool first = i == 0 || !str_eq(row[-1].unit, row->unit);
        const bool last = i + 1 == list->n || !str_eq(row[1].unit, row->unit);
        legs[i] = (struct desk_custody){
            .unit = row->unit,
            .kind = row->kind,
            .label = row->label,
            .leg = row->number,
            .series = INT_NONE,
            .coldest = decimal_none(),
            .warmest = decimal_none(),
            .outside_s = INT_NONE,
            .missing_s = INT_NONE,
            .from_organisation = first ? (struct str){ 0 } : row[-1].organisation,
            .from_site = first ? (struct str){ 0 } : row[-1].site,
            .organisation = row->organisation,
            .site = row->site,
            .since = row->since,
            .until = last ? row->ended : row[1].since,
            .giver = row->giver,
            .receiver = row->receiver,
            .container = row->container,
            .condition = S(""),
        };
        TRY(seals(&legs[i], row->seals, a, e));
    }
    *out = legs;
    return OK;
}

static enum outcome read_rows(struct desk_custody **out, struct record_list *list, struct db *db,
                              const struct desk_order *o, struct desk_temperatures *t,
                              struct arena *a, struct err *e)
{
    TRY(desk_legs_read(list, db, o, a, e));
    TRY(legs(out, list, a, e));
    TRY(desk_temperatures_read(t, db, o->id, a, e));
    for (size_t i = 0; i < list->n; i++)
        desk_temperatures_tell(&(*out)[i], t);
    return OK;
}

enum outcome desk_custody_unopened(struct desk_custody **out, size_t *n, struct db *db,
                                   const struct desk_order *o, struct arena *a, struct err *e)
{
    struct record_list list;
    struct desk_temperatures t;
    TRY(read_rows(out, &list, db, o, &t, a, e));
    *n = list.n;
    return OK;
}

enum outcome desk_custody_rows(struct desk_custody **out, size_t *n, struct http_request *r,
                               struct db *db, const struct desk_order *o,
                               struct desk_temperatures *t, struct err *e)
{
    struct record_list list;
    if (!flow_sees(&o->sight, "custody"))
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(read_rows(out, &list, db, o, t, r->arena, e));
    const struct custody_order_legs_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        (*out)[i].condition = show_sealed(r, rows[i].event, "condition", rows[i].condition);
    *n = list.n;
    return OK;
}

/* --- what passed together --- */

static int newest_first(const void *a, const void *b)
{
    const struct desk_custody *const *x = a;
    const struct desk_custody *const *y = b;
    if ((*x)->since != (*y)->since)
        return (*x)->since < (*y)->since ? 1 : -1;
    return str_cmp((*x)->label, (*y)->label);
}

bool desk_together(const struct desk_custody *a, const struct desk_custody *b)
{
    bool same = str_eq(a->from_site, b->from_site) && str_eq(a->site, b->site) &&
                str_eq(a->giver, b->giver) && str_eq(a->receiver, b->receiver) &&
                str_eq(a->container, b->container) && str_eq(a->condition, b->condition) &&
                a->seals.n == b->seals.n && a->since - b->since < TOGETHER_US;
    for (size_t i = 0; same && i < a->seals.n; i++)
        same = str_eq(a->seals.p[i], b->seals.p[i]);
    return same;
}

static struct desk_hand_over hand_over(struct page *p, struct db *db,
                                       const struct desk_custody *const *units, size_t n)
{
    struct arena *a = p->b->arena;
    const struct desk_custody *leg = units[0];
    struct buf sealed = buf_in(a, SEALS_TEXT_MAX);
    struct desk_hand_over out = {
        .leg = leg,
        .from = leg->from_site.p ? auth_site_name(db, leg->from_site, a) : (struct str){ 0 },
        .to = auth_site_name(db, leg->site, a),
        .giver = leg->giver.p ? show_person(p, db, leg->giver) : S(""),
        .receiver = show_person(p, db, leg->receiver),
        .units = units,
        .nunits = n,
        .clock = show_time(p, leg->since),
    };
    for (size_t i = 0; i < leg->seals.n; i++) {
        buf_z(&sealed, i > 0 ? ", " : "");
        buf_str(&sealed, leg->seals.p[i]);
    }
    for (size_t i = 0; i < n; i++)
        out.held |= units[i]->until == TIME_NONE;
    out.seals = buf_get(&sealed);
    out.day = str_cut(&out.clock, ',');
    return out;
}

static enum outcome hand_overs(struct desk_custody_view *v, const struct desk_custody *legs,
                               size_t n, struct page *p, struct db *db,
                               const struct desk_temperatures *t, struct err *e)
{
    const struct desk_custody **sorted =
        ARENA_ARRAY(p->b->arena, n + 1, const struct desk_custody *);
    struct desk_hand_over *rows = ARENA_ARRAY(p->b->arena, n + 1, struct desk_hand_over);
    if (!sorted || !rows)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &legs[i];
    qsort(sorted, n, sizeof *sorted, newest_first);
    for (size_t from = 0, end; from < n; from = end) {
        for (end = from + 1; end < n && desk_together(sorted[end - 1], sorted[end]); end++)
            ;
        rows[v->n] = hand_over(p, db, sorted + from, end - from);
        const struct desk_custody *next =
            sorted[from] + 1; /* legs of a unit stand in their order */
        if (next < legs + n && str_eq(next->unit, sorted[from]->unit)) {
            rows[v->n].next_organisation = next->organisation;
            rows[v->n].next_site = next->site;
        }
        TRY(desk_temperatures_show(&rows[v->n], p, db, &v->o, t, e));
        rows[v->n].new_day = v->n == 0 || !str_eq(rows[v->n].day, rows[v->n - 1].day);
        v->n++;
    }
    v->rows = rows;
    return OK;
}

static enum outcome custody(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_custody_view *v = ARENA_NEW(r->arena, struct desk_custody_view);
    struct desk_temperatures t;
    struct desk_custody *rows;
    struct desk_map_view moving;
    size_t n;
    if (!v)
        return err_no_memory(e);
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    TRY(desk_custody_rows(&rows, &n, r, db, &v->o, &t, e));
    if (http_wants_json(r))
        return show_rows(r, &desk_custody_record, rows, n, (struct str){ 0 }, e);
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/custody", e));
    TRY(hand_overs(v, rows, n, p, db, &t, e));
    TRY(desk_moving(&moving, r, db, p, v->o.id, e));
    v->moving = moving.n > 0;
    page_custody(p, v);
    return OK;
}

enum http_state desk_get_custody(struct http_request *r)
{
    return show(r, "page.unit.custody", custody);
}
