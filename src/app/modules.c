/* The modules of this program: the kernel's own, then one row each of modules.def. */
#include "app/cli.h"
#include "kernel/auth.h"
#include "kernel/effect.h"
#include "kernel/epoch.h"
#include "kernel/file.h"
#include "kernel/flow_record.h"
#include "kernel/notify.h"
#include "kernel/pages.h"
#include "kernel/rota.h"
#include "kernel/search.h"
#include "kernel/sign_act.h"
#include "kernel/stop.h"

#define MODULE(name, uses) extern const struct module name##_module;
#include "app/modules.def"
#undef MODULE

static const struct module *const modules[] = {
    &auth_module,  &define_module,      &effect_module, &epoch_module,  &file_module,
    &flow_module,  &flow_record_module, &job_module,    &notify_module, &outbox_module,
    &pages_module, &rota_module,        &search_module, &sign_module,   &sign_act_module,
    &stop_module,  &timer_module,
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
