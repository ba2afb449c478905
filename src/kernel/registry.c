/* The tables of all modules, sorted once and searched by name. */
#include <stdlib.h>

#include "kernel/auth.h"
#include "kernel/module.h"
#include "kernel/sign_act.h"

struct registry {
    const struct module *const *modules;
    size_t nmodules;
    const struct event_type **events;
    size_t nevents;
    const struct command_type **commands;
    size_t ncommands;
};

static int event_order(const struct event_type *a, const struct event_type *b)
{
    int c = strcmp(a->name, b->name);
    return c != 0 ? c : (a->version > b->version) - (a->version < b->version);
}

static int event_compare(const void *a, const void *b)
{
    return event_order(*(const struct event_type *const *)a, *(const struct event_type *const *)b);
}

static int command_compare(const void *a, const void *b)
{
    return strcmp((*(const struct command_type *const *)a)->name,
                  (*(const struct command_type *const *)b)->name);
}

static enum outcome registry_check(const struct registry *r, struct err *e)
{
    for (size_t i = 1; i < r->nevents; i++)
        if (event_order(r->events[i - 1], r->events[i]) == 0)
            return REFUSE(e, "module.duplicate", { "what", str_z(r->events[i]->name) });
    for (size_t i = 0; i < r->nevents; i++)
        for (size_t k = i + 1; k < r->nevents; k++)
            if (r->events[i]->number == r->events[k]->number)
                return REFUSE(e, "module.duplicate", { "what", str_z(r->events[k]->name) });
    for (size_t i = 1; i < r->ncommands; i++)
        if (strcmp(r->commands[i - 1]->name, r->commands[i]->name) == 0)
            return REFUSE(e, "module.duplicate", { "what", str_z(r->commands[i]->name) });
    return OK;
}

enum outcome registry_new(struct registry **out, const struct module *const *modules, size_t n,
                          struct err *e)
{
    struct registry *r = calloc(1, sizeof *r);
    if (!r)
        return err_no_memory(e);
    r->modules = modules;
    r->nmodules = n;
    for (size_t i = 0; i < n; i++) {
        r->nevents += modules[i]->nevents;
        r->ncommands += modules[i]->ncommands;
    }
    r->events = calloc(r->nevents + 1, sizeof(const struct event_type *));
    r->commands = calloc(r->ncommands + 1, sizeof(const struct command_type *));
    if (!r->events || !r->commands) {
        registry_free(r);
        return err_no_memory(e);
    }
    size_t event = 0;
    size_t command = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < modules[i]->nevents; k++)
            r->events[event++] = modules[i]->events[k];
        for (size_t k = 0; k < modules[i]->ncommands; k++)
            r->commands[command++] = modules[i]->commands[k];
    }
    qsort(r->events, r->nevents, sizeof *r->events, event_compare);
    qsort(r->commands, r->ncommands, sizeof *r->commands, command_compare);
    enum outcome o = registry_check(r, e);
    if (o != OK) {
        registry_free(r);
        return o;
    }
    *out = r;
    return OK;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    free(r->events);
    free(r->commands);
    free(r);
}

const struct event_type *registry_event(const struct registry *r, struct str name, int64_t version)
{
    size_t low = 0;
    size_t high = r->nevents;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct event_type *type = r->events[middle];
        int c = str_cmp(str_z(type->name), name);
        if (c == 0)
            c = (type->version > version) - (type->version < version);
        if (c == 0)
            return type;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct command_type *registry_command(const struct registry *r, struct str name)
{
    size_t low = 0;
    size_t high = r->ncommands;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int c = str_cmp(str_z(r->commands[middle]->name), name);
        if (c == 0)
            return r->commands[middle];
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct module *const *registry_modules(const struct registry *r, size_t *n)
{
    *n = r->nmodules;
    return r->modules;
}

enum outcome registry_payload(const struct event_type *type, const struct event *event,
                              const void **out, struct arena *arena, struct err *e)
{
    const struct json *json;
    enum outcome o = json_read(&json, arena, event->payload, &json_limits_default, e);
    void *payload = arena_alloc(arena, type->payload->size);
    if (!payload)
        return err_no_memory(e);
    if (o == OK)
        o = record_from_sealed_json(type->payload, payload, arena, json, e);
    if (o == REFUSED) /* of our own ledger: it is not what this type says */
        return err_fault(e, "module.payload", "%.*s of %.*s: %s", STR(event->type),
                         STR(event->stream), e->code);
    *out = payload;
    return o;
}

enum outcome registry_apply(const struct registry *r, struct db *db, const struct event *event,
                            struct arena *arena, struct err *e)
{
    const struct event_type *type = registry_event(r, event->type, event->type_version);
    if (!type)
        return err_fault(e, "module.unknown_event", "%.*s version %lld", STR(event->type),
                         (long long)event->type_version);
    const void *payload;
    TRY(registry_payload(type, event, &payload, arena, e));
    TRY(type->apply(db, event, payload, e));
    TRY(auth_acts_apply(db, event, e));
    return event->signature.p ? sign_apply(db, event, arena, e) : OK;
}
