/* The modules of this program: the kernel's own, then one row each of modules.def. */
#include "app/cli.h"
#include "kernel/access_review.h"
#include "kernel/auth.h"
#include "kernel/draft.h"
#include "kernel/effect.h"
#include "kernel/epoch.h"
#include "kernel/file.h"
#include "kernel/flow_record.h"
#include "kernel/look.h"
#include "kernel/notify.h"
#include "kernel/pages.h"
#include "kernel/rota.h"
#include "kernel/search.h"
#include "kernel/sign_act.h"
#include "kernel/stop.h"
#include "kernel/store_copy.h"
#include "kernel/trail.h"
#include "kernel/trail_review.h"
#include "kernel/witness.h"

#define MODULE(name, uses) extern const struct module name##_module;
#include "app/modules.def"
#undef MODULE

static const struct module *const modules[] = {
    &access_review_module, &auth_module,         &define_module,  &draft_module,
    &effect_module,        &epoch_module,        &file_module,    &flow_module,
    &flow_record_module,   &job_module,          &look_module,    &notify_module,
    &outbox_module,        &pages_module,        &rota_module,    &search_module,
    &sign_act_module,      &sign_module,         &stop_module,    &timer_module,
    &trail_module,         &trail_review_module, &witness_module,
#define MODULE(name, uses) &name##_module,
#include "app/modules.def"
#undef MODULE
};

const struct module *const *cli_modules(size_t *n)
{
    static bool used;
    if (!used)
        modules_use(modules, sizeof modules / sizeof modules[0]);
    used = true;
    *n = sizeof modules / sizeof modules[0];
    return modules;
}

const struct store_known *cli_known(void)
{
    static const struct sql_schema *schemas[NODE_SCHEMAS_MAX];
    static struct store_known known;
    size_t n;
    const struct module *const *all = cli_modules(&n);
    known = (struct store_known){ schemas, node_schemas(schemas, NODE_SCHEMAS_MAX, all, n) };
    return &known;
}
