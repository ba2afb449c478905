/* Whom a task hands over to. */
#include "kernel/flow_impl.h"

const struct flow_party *flow_receiver(const struct flow_view *v, struct str task)
{
    int64_t number;
    const struct flow_stage *stage;
    if (!flow_task_named(v->workflow, task, &number))
        return NULL;
    const struct flow_task *next;
    do
        next = flow_task_at(v->workflow, ++number, &stage);
    while (next && !str_among(S("accepted"), next->needs.p, next->needs.n));
    for (size_t i = 0; next && i < v->nparties; i++)
        if (str_eq(v->parties[i].part, next->part))
            return &v->parties[i];
    return NULL;
}
