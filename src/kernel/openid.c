/* The provider as this process sees it: settings, jobs for the children, what people carry. */
#include "kernel/openid.h"

#include <stdlib.h>

#define RECORDS "kernel/openid.def"
#include "base/record_tables.h"
#undef RECORDS

static const char *const readable[] = {
    "/etc/ssl",           "/usr/share/ca-certificates",
    "/etc/resolv.conf",   "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/host.conf",
    "/etc/gai.conf",      "/etc/services",
    "/usr/lib/ssl",       NULL,
};
static const char *const refusals[] = { "openid.unreachable", "openid.code", "openid.token", NULL };

const struct worker_kind openid_kind = {
    .name = "openid",
    .program = "vein-openid",
    .children = 2,
    .queue = OPENID_WAITING_MAX,
    .jobs = 50,
    .wall_ms = 3 * OPENID_TIMEOUT_S * 1000 + 2000,
    .cpu_s = 60,
    .memory_max = (size_t)1 << 30,
    .in_max = OPENID_FRAME_MAX,
    .out_max = 16 << 10,
    .network = true,
    .read = readable,
    .refusals = refusals,
};

/* An https address, or http of this machine, to which a path can be added. */
static bool issuer_good(struct str issuer)
{
    struct str rest = { 0 };
    if (str_starts(issuer, S("https://")))
        return issuer.n > sizeof "https://";
    if (!str_starts(issuer, S("http://")))
        return false;
    rest = str_from(issuer, sizeof "http://" - 1);
    rest.n = str_find(rest, '/');
    rest.n = str_find(rest, ':');
    return str_is(rest, "127.0.0.1") || str_is(rest, "localhost");
}

enum outcome openid_open(struct openid **out, const struct openid_setup *setup,
                         struct workers *workers, struct err *e)
{
    const char *missing = !issuer_good(setup->issuer)        ? "openid_issuer"
                          : setup->client.n == 0             ? "openid_client"
                          : !id_valid(setup->organisation)   ? "openid_organisation"
                          : setup->code.n > OPENID_CODES_MAX ? "openid_code"
                                                             : NULL;
    if (missing)
        return REFUSE(e, "openid.setup", { "name", str_z(missing) });
    struct openid *o = calloc(1, sizeof *o);
    if (!o)
        return err_no_memory(e);
    o->setup = *setup;
    o->workers = workers;
    pthread_mutex_init(&o->lock, NULL);
    *out = o;
    return OK;
}

void openid_close(struct openid *o)
{
    if (!o)
        return;
    pthread_mutex_destroy(&o->lock);
    free(o);
}

struct str openid_name(const struct http_request *r)
{
    const struct openid *o = app_of(r)->openid;
    return o ? o->setup.name : (struct str){ 0 };
}
