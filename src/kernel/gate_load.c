/* What a command's load may say, and the check of object access that rests on it. */
#include "kernel/gate_impl.h"
#include "kernel/stop.h"

bool actor_may(const struct actor *a, struct str permission, struct str organisation,
               struct str site)
{
    for (size_t i = 0; i < a->ngrants; i++) {
        const struct grant *g = &a->grants[i];
        if (str_eq(g->permission, permission) && str_eq(g->organisation, organisation) &&
            (!g->site.p || str_eq(g->site, site)))
            return true;
    }
    return false;
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

void load_scope(struct load *l, struct str organisation, struct str site)
{
    BUG_ON(l->impl->nscopes == GATE_SCOPES_MAX);
    l->impl->scopes[l->impl->nscopes++] = (struct load_scope){ organisation, site };
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
