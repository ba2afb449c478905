/* What was done under an emergency access, by the links of the events: rows made with the event
 * itself, where the search index of the trail comes later. */
#include "kernel/auth_impl.h"

enum outcome auth_acts_apply(struct db *db, const struct event *event, struct err *e)
{
    for (size_t i = 0; i < event->links.n; i++) {
        const struct auth_emergency_act_add_in in = { event->links.p[i].id, event->key,
                                                      event->stream, event->version };
        if (str_is(event->links.p[i].kind, "emergency"))
            TRY(db_run(db, &sql_auth_emergency_act_add, &in, NULL, e));
    }
    return OK;
}

enum outcome auth_acts_of(struct auth_acts *out, struct db *db, struct str emergency,
                          struct arena *arena, struct err *e)
{
    const struct auth_emergency_acts_in in = { emergency };
    const struct auth_emergency_acts_all_in count = { emergency };
    struct auth_emergency_acts_all_out all;
    struct record_list list;
    bool found;
    TRY(db_list(db, &sql_auth_emergency_acts, &in, &list, AUTH_ACTS_MAX, arena, e));
    TRY(db_get(db, &sql_auth_emergency_acts_all, &count, &all, arena, &found, e));
    *out = (struct auth_acts){ list.p, list.n, all.n };
    return OK;
}
