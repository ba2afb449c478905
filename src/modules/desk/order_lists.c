/* The lists of an order's first page: what is to be discarded, deviations, dates, corrections; of
 * each what the reader's parts see. */
#include "modules/desk/order.h"

enum { DEVIATIONS_MAX = 100, DATES_MAX = 40 };

static enum outcome seen_deviations(struct desk_order_view *v, const struct record_list *list,
                                    struct arena *a, struct err *e)
{
    const struct quality_of_order_out *rows = list->p;
    struct quality_of_order_out *out = ARENA_ARRAY(a, list->n + 1, struct quality_of_order_out);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list->n; i++)
        if (flow_sees(&v->o.sight, "deviation") ||
            actor_may(v->o.actor, S("deviation.see"), rows[i].organisation, rows[i].site))
            out[v->ndeviations++] = rows[i];
    v->deviations = out;
    return OK;
}

static enum outcome seen_waiting(struct desk_order_view *v, const struct record_list *list,
                                 struct arena *a, struct err *e)
{
    const struct flow_record_waiting_of_out *rows = list->p;
    struct flow_record_waiting_of_out *out =
        ARENA_ARRAY(a, list->n + 1, struct flow_record_waiting_of_out);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list->n; i++) {
        const struct flow_task *task = flow_task_find(&v->o.flow, rows[i].task);
        if (task && flow_sees_record(&v->o.sight, task))
            out[v->nwaiting++] = rows[i];
    }
    v->waiting = out;
    return OK;
}

enum outcome desk_order_lists(struct desk_order_view *v, struct db *db, struct arena *a,
                              struct err *e)
{
    struct record_list list;
    struct quality_of_order_in deviations = { v->o.id };
    struct order_dates_in dates = { v->o.id };
    struct flow_record_waiting_of_in waiting = { v->o.id };
    struct desk_to_discard_in stopped = { v->o.id };
    TRY(db_list(db, &sql_desk_to_discard, &stopped, &list, DESK_UNITS_MAX, a, e));
    v->discard = list.p;
    v->ndiscard = list.n;
    TRY(db_list(db, &sql_quality_of_order, &deviations, &list, DEVIATIONS_MAX, a, e));
    TRY(seen_deviations(v, &list, a, e));
    TRY(db_list(db, &sql_order_dates, &dates, &list, DATES_MAX, a, e));
    v->dates = list.p;
    v->ndates = flow_sees(&v->o.sight, "plan") ? list.n : 0;
    TRY(db_list(db, &sql_flow_record_waiting_of, &waiting, &list, FLOW_VERSIONS_MAX, a, e));
    return seen_waiting(v, &list, a, e);
}
