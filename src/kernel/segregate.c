/* The rules looked up for one task and one person. */
#include "kernel/segregate.h"

#include "gen/kernel/auth.sql.h"
#include "kernel/flow_impl.h"

#define RECORDS "kernel/segregate.def"
#include "base/record_tables.h"
#undef RECORDS

enum { DONE_MAX = 2 * FLOW_TASKS_MAX, HELD_MAX = 32 };

/* --- the definition --- */

static bool act_well_formed(struct str act)
{
    return str_starts(act, S("role.")) || str_starts(act, S("task.")) || str_starts(act, S("act."));
}

static enum outcome check_acts(const struct define_context *context, const struct str *acts,
                               size_t n, struct str where, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!act_well_formed(acts[i]))
            return REFUSE(e, "segregation.unknown_act", { "act", acts[i] },
                          { "at", arena_printf(context->arena, "%.*s.%zu", STR(where), i) });
    return OK;
}

static enum outcome segregation_check(const struct define_context *context, const void *body,
                                      struct err *e)
{
    const struct segregation *s = body;
    struct arena *a = context->arena;
    for (size_t i = 0; i < s->rules.n; i++) {
        const struct segregation_rule *r = &s->rules.p[i];
        TRY(check_acts(context, r->of.p, r->of.n, arena_printf(a, "rules.%zu.of", i), e));
        TRY(check_acts(context, r->not .p, r->not .n, arena_printf(a, "rules.%zu.not", i), e));
    }
    return OK;
}

const struct define_kind segregation_kind = {
    .name = "segregation",
    .shape = &segregation_record,
    .check = segregation_check,
};

static enum outcome rules(const struct definition **out, size_t *n, struct load *l, struct err *e)
{
    *n = 0;
    if (!define_kind_find(S("segregation")))
        return OK;
    return define_effective(out, n, l->db, S("segregation"), l->now_us, l->arena, e);
}

/* --- in an order --- */

static bool is_act(const struct flow_task *task, struct str act)
{
    struct str name = act;
    const struct str kind = str_cut(&name, '.');
    return str_is(kind, "role")   ? str_eq(task->role, name)
           : str_is(kind, "task") ? str_eq(task->name, name)
                                  : task->act.p && str_eq(task->act, name);
}

static bool among(const struct flow_task *task, const struct str *acts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_act(task, acts[i]))
            return true;
    return false;
}

static bool apart(const struct segregation_rule *r, const struct flow_task *one,
                  const struct flow_task *other)
{
    return (among(one, r->of.p, r->of.n) && among(other, r->not .p, r->not .n)) ||
           (among(one, r->not .p, r->not .n) && among(other, r->of.p, r->of.n));
}

static enum outcome refuse_with(const struct segregation *s, const struct flow_view *v,
                                const struct flow_task *task, const struct record_list *done,
                                struct err *e)
{
    const struct flow_done_by_out *rows = done->p;
    for (size_t k = 0; k < done->n; k++) {
        const struct flow_task *other = flow_task_find(v, rows[k].task);
        for (size_t i = 0; other && i < s->rules.n; i++)
            if (apart(&s->rules.p[i], task, other))
                return REFUSE(e, "segregation.acts", { "task", task->title },
                              { "other", other->title }, { "text", s->rules.p[i].text });
    }
    return OK;
}

enum outcome segregate_task(struct load *l, const struct flow_view *v, const struct flow_task *task,
                            struct err *e)
{
    const struct definition *d;
    size_t n;
    struct record_list done;
    const struct flow_done_by_in in = { v->order, l->command->actor->name };
    if (l->command->actor->system)
        return OK;
    TRY(rules(&d, &n, l, e));
    if (n == 0)
        return OK;
    TRY(db_list(l->db, &sql_flow_done_by, &in, &done, DONE_MAX, l->arena, e));
    for (size_t i = 0; i < n; i++)
        TRY(refuse_with(d[i].body, v, task, &done, e));
    return OK;
}

/* --- of a person --- */

static bool names_role(const struct str *acts, size_t n, struct str role)
{
    for (size_t i = 0; i < n; i++)
        if (str_starts(acts[i], S("role.")) && str_eq(str_from(acts[i], sizeof "role." - 1), role))
            return true;
    return false;
}

static bool roles_apart(const struct segregation *s, struct str one, struct str other)
{
    for (size_t i = 0; i < s->rules.n; i++) {
        const struct segregation_rule *r = &s->rules.p[i];
        if (r->held &&
            ((names_role(r->of.p, r->of.n, one) && names_role(r->not .p, r->not .n, other)) ||
             (names_role(r->of.p, r->of.n, other) && names_role(r->not .p, r->not .n, one))))
            return true;
    }
    return false;
}

enum outcome segregate_roles_load(struct str *excluded, struct load *l, struct str account,
                                  struct str role, struct err *e)
{
    const struct definition *d;
    size_t n;
    struct record_list list;
    const struct auth_roles_in in = { account };
    *excluded = (struct str){ 0 };
    TRY(rules(&d, &n, l, e));
    if (n == 0)
        return OK;
    TRY(db_list(l->db, &sql_auth_roles, &in, &list, HELD_MAX, l->arena, e));
    const struct auth_roles_out *held = list.p;
    for (size_t k = 0; k < list.n; k++)
        for (size_t i = 0; i < n; i++)
            if (held[k].until_us > l->now_us && roles_apart(d[i].body, role, held[k].role))
                *excluded = held[k].role;
    return OK;
}
