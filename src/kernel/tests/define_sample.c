/* The sample kinds; a plan may name no task twice within a stage. */
#include "kernel/tests/define_sample.h"

#define RECORDS "kernel/tests/define_sample.def"
#include "base/record_tables.h"
#undef RECORDS

static enum outcome check_plan(const struct define_context *context, const void *body,
                               struct err *e)
{
    (void)context;
    const struct sample_plan *plan = body;
    for (size_t s = 0; s < plan->stages.n; s++) {
        const struct sample_stage *stage = &plan->stages.p[s];
        for (size_t t = 1; t < stage->tasks.n; t++) {
            if (!str_eq(stage->tasks.p[t].name, stage->tasks.p[t - 1].name))
                continue;
            char path[ERR_VALUE_MAX];
            struct buf at = buf_over(path, sizeof path);
            buf_printf(&at, "stages.%zu.tasks.%zu.name", s, t);
            return REFUSE(e, "gate.unknown", { "at", buf_get(&at) }, { "kind", S("task") });
        }
    }
    return OK;
}

/* The sandbox of plans: tried on the name of a stage that must be there. */
static enum outcome try_plan(struct define_trial *out, const struct define_context *context,
                             const struct definition *tried, struct str input, struct err *e)
{
    const struct sample_plan *plan = tried->body;
    (void)e;
    out->passed = input.n == 0;
    for (size_t s = 0; s < plan->stages.n; s++)
        out->passed |= str_eq(plan->stages.p[s].name, input);
    out->report = arena_printf(context->arena, "stages: %zu\n", plan->stages.n);
    return OK;
}

const struct define_kind sample_plan_kind = {
    .name = "plan",
    .shape = &sample_plan_record,
    .check = check_plan,
    .trial = try_plan,
};
const struct define_kind sample_list_kind = { .name = "list", .shape = &sample_list_record };
static const struct define_kind *const sample_kinds[] = { &sample_plan_kind, &sample_list_kind };

void define_sample_use(void)
{
    define_use(sample_kinds, sizeof sample_kinds / sizeof sample_kinds[0]);
}
