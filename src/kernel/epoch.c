/* A new epoch of the log, said by the restore that begins it. */
#include "kernel/epoch.h"

#include "gen/kernel/epoch.sql.h"
#include "gen/kernel/epoch_schema.sql.h"

#define EVENTS   "kernel/epoch_events.def"
#define COMMANDS "kernel/epoch_commands.def"
#include "kernel/wire.h"

const struct module epoch_module = {
    .name = "epoch",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &epoch_schema,
};

enum outcome epoch_begin_load(struct load *l, const struct epoch_begin *body,
                              struct epoch_state *state, struct err *e)
{
    load_kind(l, "node");
    if (!l->command->actor->system) /* whatever a role says: a false epoch would be a lie */
        return load_unknown(l, e);
    load_own_scope(l);
    struct epoch_last_out last;
    bool found;
    TRY(db_get(l->db, &sql_epoch_last, NULL, &last, l->arena, &found, e));
    state->begun = found && last.number != INT_NONE && last.number >= body->number;
    return load_stream(l, stream_of("log", body->node), NULL, e);
}

enum outcome epoch_begin_decide(struct decision *d, const struct epoch_begin *body,
                                const struct epoch_state *state, struct err *e)
{
    if (state->begun)
        return REFUSE(e, "epoch.begun_before");
    const struct epoch_begun payload = {
        .number = body->number,
        .vkey = body->vkey,
        .previous_vkey = body->previous_vkey,
        .size = body->size,
        .root = body->root,
        .known_size = body->known_size,
        .known = body->known,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("log", body->node),
                        .type = &epoch_begun_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome epoch_begun_apply(struct db *db, const struct event *event,
                               const struct epoch_begun *payload, struct err *e)
{
    const struct epoch_begin_in in = {
        .number = payload->number,
        .vkey = payload->vkey,
        .previous_vkey = payload->previous_vkey,
        .size = payload->size,
        .root = payload->root,
        .known_size = payload->known_size,
        .begun = event->recorded,
    };
    return db_run(db, &sql_epoch_begin, &in, NULL, e);
}
