/* The control tower in the order of what is foreseen: behind those in trouble the ones at high
 * risk, then the others, each by when they are due.
 *
 * No index knows a risk: it rests on forecasts and changes with the time. So those at high risk are
 * looked for among the TOWER_AHEAD running orders that fall due first, by the levels that were
 * found last; what fell due later stands at its place with its risk beside it. */
#include "modules/desk/forecast.h"
#include "modules/desk/risk_kept.h"
#include "modules/desk/tower_impl.h"

enum { FOUND_MAX = 60 /* levels found anew for one page */ };
#define LEVEL_OLD_US (60 * TIME_SECOND)

struct ahead {
    struct tower_listed in_turn;
    int level[TOWER_AHEAD];
    int64_t found_us[TOWER_AHEAD]; /* INT64_MIN: never */
};

static enum outcome running(struct tower_listed *out, const struct tower_ask *ask, bool few,
                            const struct tower_order *behind, size_t most, struct db *db,
                            struct arena *arena, struct err *e)
{
    struct tower_ask at = *ask;
    at.after_trouble = TOWER_RUNNING;
    at.after_due = behind ? behind->due : -1;
    at.after_order = behind ? behind->order : S("");
    at.most = most;
    return tower_list(out, &at, few, db, arena, e);
}

/* Which was found first of those that are old; n: none is. */
static size_t oldest(const struct ahead *a, int64_t now_us)
{
    size_t at = a->in_turn.n;
    int64_t first = now_us - LEVEL_OLD_US;
    for (size_t i = 0; i < a->in_turn.n; i++)
        if (a->found_us[i] < first) {
            first = a->found_us[i];
            at = i;
        }
    return at;
}

static enum outcome find_levels(struct ahead *a, const void *node, tower_level_fn *level,
                                void *context, int64_t now_us, struct err *e)
{
    for (size_t i = 0; i < a->in_turn.n; i++)
        if (!desk_risk_kept(&a->level[i], &a->found_us[i], node, a->in_turn.orders[i].order)) {
            a->level[i] = DESK_RISK_NONE;
            a->found_us[i] = INT64_MIN;
        }
    for (size_t found = 0, i; found < FOUND_MAX && (i = oldest(a, now_us)) < a->in_turn.n;
         found++) {
        const struct str order = a->in_turn.orders[i].order;
        TRY(level(&a->level[i], context, order, e));
        a->found_us[i] = now_us;
        desk_risk_keep(node, order, a->level[i], now_us);
    }
    return OK;
}

static bool behind(const struct tower_order *order, const struct tower_ask *ask)
{
    return order->due > ask->after_due ||
           (order->due == ask->after_due && str_cmp(order->order, ask->after_order) > 0);
}

static void put_high(struct tower_listed *out, const struct ahead *a, const struct tower_ask *ask)
{
    for (size_t i = 0; i < a->in_turn.n && out->n < TOWER_LISTED; i++)
        if (a->level[i] == DESK_RISK_HIGH &&
            (ask->after_trouble < TOWER_HIGH || behind(&a->in_turn.orders[i], ask))) {
            out->orders[out->n] = a->in_turn.orders[i];
            out->orders[out->n++].trouble = TOWER_HIGH;
        }
}

static bool stands_before(const struct ahead *a, struct str order)
{
    for (size_t i = 0; i < a->in_turn.n; i++)
        if (a->level[i] == DESK_RISK_HIGH && str_eq(a->in_turn.orders[i].order, order))
            return true;
    return false;
}

/* As many more as may stand before: then the page is full, or there are no more. */
static enum outcome put_rest(struct tower_listed *out, const struct ahead *a,
                             const struct tower_ask *ask, bool few, struct db *db,
                             struct arena *arena, struct err *e)
{
    const struct tower_order last = { ask->after_order, 0, ask->after_due };
    struct tower_listed *more = ARENA_NEW(arena, struct tower_listed);
    if (!more)
        return err_no_memory(e);
    size_t most = TOWER_LISTED;
    for (size_t i = 0; i < a->in_turn.n; i++)
        most += a->level[i] == DESK_RISK_HIGH;
    TRY(running(more, ask, few, ask->after_trouble == TOWER_REST ? &last : NULL, most, db, arena,
                e));
    for (size_t i = 0; i < more->n && out->n < TOWER_LISTED; i++)
        if (!stands_before(a, more->orders[i].order)) {
            out->orders[out->n] = more->orders[i];
            out->orders[out->n++].trouble = TOWER_REST;
        }
    return OK;
}

enum outcome tower_list_foreseen(struct tower_listed *out, const struct tower_ask *ask, bool few,
                                 struct db *db, struct http_request *r, tower_level_fn *level,
                                 void *context, int64_t now_us, struct err *e)
{
    struct ahead *a = ARENA_NEW(r->arena, struct ahead);
    struct tower_ask troubled = *ask;
    out->n = 0;
    if (!a)
        return err_no_memory(e);
    troubled.troubled = true;
    if (ask->after_trouble < TOWER_HIGH)
        TRY(tower_list(out, &troubled, few, db, r->arena, e));
    if (out->n >= TOWER_LISTED)
        return OK;
    TRY(running(&a->in_turn, ask, few, NULL, TOWER_AHEAD, db, r->arena, e));
    TRY(find_levels(a, app_of(r)->node, level, context, now_us, e));
    if (ask->after_trouble <= TOWER_HIGH)
        put_high(out, a, ask);
    return out->n < TOWER_LISTED ? put_rest(out, a, ask, few, db, r->arena, e) : OK;
}
