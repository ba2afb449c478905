/* What may not stand open when a product is let go: deviations of its order. */
#include "modules/quality/quality.h"

enum { OPEN_MAX = 100 };

bool quality_lets_go(const struct flow_ruling *r)
{
    struct str decision = flow_rule_entered(r, S("decision"));
    return !str_is(decision, "reject") && !str_is(decision, "failed");
}

static bool always(const struct flow_task *task)
{
    return str_is(task->act, "release") || str_is(task->act, "supply");
}

static bool holds_up(const struct flow_task *task, struct str risk)
{
    return str_is(risk, "critical") || str_among(risk, task->closed.p, task->closed.n);
}

static enum outcome release_load(const void **loaded, struct load *l, const struct flow_view *v,
                                 const struct flow_task *task, struct err *e)
{
    if (!always(task) && task->closed.n == 0)
        return OK;
    struct quality_open_of_order_in in = { v->order };
    struct record_list rows;
    TRY(db_list(l->db, &sql_quality_open_of_order, &in, &rows, OPEN_MAX, l->arena, e));
    const struct quality_open_of_order_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        if (holds_up(task, row[i].risk)) {
            *loaded = &row[i];
            return load_stream(l, stream_of("deviation", row[i].deviation), NULL, e);
        }
    return OK;
}

static enum outcome release_may(const struct flow_ruling *r, const void *loaded, struct err *e)
{
    const struct quality_open_of_order_out *open = loaded;
    if (!quality_lets_go(r))
        return OK;
    return REFUSE(e, "deviation.open_before", { "number", open->number }, { "risk", open->risk },
                  { "deviation", open->deviation });
}

const struct flow_rule quality_release_rule = {
    .closes = { "critical", "major", "minor" },
    .load = release_load,
    .may = release_may,
};
