/* Ways beside the straight one: an order goes back by a loop, or ends unfinished. */
#include "app/sim_impl.h"

#include <stdio.h>

enum outcome sim_repeat(struct sim *s, const struct sim_order *o, const struct flow_view *v,
                        const char *loop, const char *why, struct err *e)
{
    const struct network_person *who = NULL;
    for (size_t i = 0; i < v->workflow->loops.n; i++) {
        const struct flow_loop *l = &v->workflow->loops.p[i];
        char role[64];
        snprintf(role, sizeof role, "%.*s", STR(l->role));
        for (size_t p = 0; str_is(l->name, loop) && p < v->nparties; p++)
            if (str_eq(v->parties[p].part, l->part))
                who = network_find(s->network, role, v->parties[p].site, o->turn);
    }
    BUG_ON(!who); /* the shipped workflows have the loop, and the network the people */
    return sender_send(&s->sender, &who->actor, "flow.repeat", why, NULL, e,
                       "{'order':'%s','loop':'%s'}", o->order.text, loop);
}

const char *sim_material(const struct flow_view *v, const char *wish)
{
    bool made = v->npast > 0;
    for (size_t i = 0; i < v->nfacts; i++)
        made |= str_starts(v->facts[i].fact, S("made:"));
    if (!made)
        return ",'material':'none'";
    if (strcmp(wish, "retain") == 0)
        return ",'material':'retain','wish':'retain'";
    return strcmp(wish, "discard") == 0 ? ",'material':'discard','wish':'discard'"
                                        : ",'material':'discard','wish':'unknown'";
}
