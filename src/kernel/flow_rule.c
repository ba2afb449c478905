/* The rules of modules: what they ask before a task is done. The first that refuses is told. */
#include "kernel/flow_impl.h"

static const struct flow_rule *rules[FLOW_RULES_MAX];
static size_t nrules;

void flow_use_rule(const struct flow_rule *rule)
{
    for (size_t i = 0; i < nrules; i++)
        if (rules[i] == rule)
            return;
    BUG_ON(nrules == FLOW_RULES_MAX);
    rules[nrules++] = rule;
}

bool flow_rules_close(struct str word)
{
    for (size_t i = 0; i < nrules; i++)
        for (size_t k = 0; k < 4 && rules[i]->closes[k]; k++)
            if (str_is(word, rules[i]->closes[k]))
                return true;
    return false;
}

enum outcome flow_rules_load(struct load *l, struct str task, struct flow_view *v, struct err *e)
{
    const struct flow_task *t = flow_task_find(v, task);
    if (!t)
        return OK; /* decide refuses it */
    const void **loaded = ARENA_ARRAY(l->arena, FLOW_RULES_MAX, const void *);
    if (!loaded)
        return err_no_memory(e);
    for (size_t i = 0; i < nrules; i++)
        TRY(rules[i]->load(&loaded[i], l, v, t, e));
    v->ruled = loaded;
    return OK;
}

enum outcome flow_rules_hold(struct decision *d, const struct flow_view *v,
                             const struct flow_task *task, const struct form_record *record,
                             struct err *e)
{
    const struct flow_ruling ruling = { v, task, record, d->arena };
    for (size_t i = 0; v->ruled && i < nrules; i++)
        if (v->ruled[i])
            TRY(rules[i]->may(&ruling, v->ruled[i], e));
    return OK;
}

struct str flow_rule_record(const struct flow_ruling *r, struct str field)
{
    for (size_t i = r->task->records.n; i > 0; i--) {
        struct str value = flow_value(r->flow, r->task->records.p[i - 1], field, r->arena);
        if (value.p)
            return value;
    }
    return (struct str){ 0 };
}

struct str flow_rule_entered(const struct flow_ruling *r, struct str field)
{
    for (size_t i = 0; r->record && i < r->record->values.n; i++)
        if (str_eq(r->record->values.p[i].name, field))
            return r->record->values.p[i].value;
    return (struct str){ 0 };
}
