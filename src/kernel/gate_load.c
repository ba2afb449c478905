/* What a command's load may say, and the check of object access that rests on it. */
#include "kernel/gate_impl.h"
#include "kernel/stop.h"

bool actor_may(const struct actor *a, struct str permission, struct str organisation,
               struct str site)
{
    for (size_t i = 0; i < a->ngrants; i++) {
        const struct grant *g = &a->grants[i];
        if (str_eq(g->permission, permission) && str_eq(g->organisation, organisation) &&
            (!g->site.p || str_eq(g->site, site)) && !g->product.p)
            return true;
    }
    return false;
}

enum outcome actor_person(const struct actor *a, struct err *e)
{
    return a->key.p ? REFUSE(e, "auth.person_only") : OK;
}

static bool grant_holds(const struct grant *g, struct str product, int64_t now_us)
{
    const bool now =
        now_us == TIME_NONE || (now_us >= g->from && (g->until == 0 || now_us < g->until));
    return now && (!g->product.p || str_eq(g->product, product));
}

const struct actor *actor_for(const struct actor *a, struct str product, int64_t now_us,
                              struct arena *arena)
{
    bool same = true;
    for (size_t i = 0; i < a->ngrants && same; i++)
        same = !a->grants[i].product.p && grant_holds(&a->grants[i], product, now_us);
    if (same)
        return a;
    struct actor *out = ARENA_NEW(arena, struct actor);
    struct grant *grants = ARENA_ARRAY(arena, a->ngrants, struct grant);
    if (!out || !grants)
        return NULL;
    *out = *a;
    out->grants = grants;
    out->ngrants = 0;
    out->emergency = (struct str){ 0 };
    for (size_t i = 0; i < a->ngrants; i++) {
        const struct grant *g = &a->grants[i];
        if (!grant_holds(g, product, now_us))
            continue;
        grants[out->ngrants] = *g;
        grants[out->ngrants++].product = (struct str){ 0 };
    }
    for (size_t i = 0; i < out->ngrants && !out->emergency.p; i++)
        out->emergency = grants[i].emergency;
    return out;
}

enum outcome load_stream(struct load *l, struct stream s, int64_t *version, struct err *e)
{
    struct load_impl *impl = l->impl;
    for (size_t i = 0; i < impl->nreads; i++)
        if (strcmp(impl->reads[i].stream.text, s.text) == 0) {
            if (version)
                *version = impl->reads[i].version;
            return OK;
        }
    if (impl->nreads == GATE_READS_MAX)
        return REFUSE(e, "gate.too_many_streams");
    struct load_read *read = &impl->reads[impl->nreads];
    read->stream = s;
    TRY(ledger_head(l->db, stream_str(&s), &read->version, e));
    impl->nreads++;
    if (version)
        *version = read->version;
    return OK;
}

static void scope_add(struct load *l, const struct load_scope *scope)
{
    BUG_ON(l->impl->nscopes == GATE_SCOPES_MAX);
    l->impl->scopes[l->impl->nscopes++] = *scope;
}

void load_scope(struct load *l, struct str organisation, struct str site)
{
    scope_add(l, &(struct load_scope){ organisation, site, false });
}

void load_known_scope(struct load *l, struct str organisation, struct str site)
{
    scope_add(l, &(struct load_scope){ organisation, site, true });
}

enum outcome load_product(struct load *l, struct str product, struct err *e)
{
    struct gate_command *narrowed = ARENA_NEW(l->arena, struct gate_command);
    if (!narrowed)
        return err_no_memory(e);
    *narrowed = *l->command;
    narrowed->actor = actor_for(l->impl->actor, product, l->now_us, l->arena);
    l->command = narrowed;
    return narrowed->actor ? OK : err_no_memory(e);
}

void load_own_scope(struct load *l)
{
    const struct actor *a = l->command->actor;
    load_scope(l, a->organisation, a->site);
}

void load_kind(struct load *l, const char *kind)
{
    if (!l->impl->about)
        l->impl->about = kind;
    l->impl->kind = kind;
}

enum outcome load_unknown(struct load *l, struct err *e)
{
    return REFUSE(e, "gate.unknown", { "kind", str_z(l->impl->kind ? l->impl->kind : "thing") });
}

void load_subject(struct load *l, struct str subject)
{
    l->impl->subject = subject;
}

enum outcome load_order(struct load *l, struct str order, struct err *e)
{
    TRY(load_stream(l, stream_of("stop", order), NULL, e));
    if (l->impl->type->flags & COMMAND_WHILE_STOPPED)
        return OK;
    struct stop_state stop;
    TRY(stop_find(l->db, order, &stop, l->arena, e));
    return stop_allows(&stop, l->impl->type, e);
}
