/* Dead effects: they die by the runner's command and are decided on by a person. */
#include "kernel/effect.h"

#include "gen/kernel/effect_schema.sql.h"

#define EVENTS   "kernel/effect_events.def"
#define COMMANDS "kernel/effect_commands.def"
#include "kernel/wire.h"

const struct module effect_module = {
    .name = "effect",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &effect_schema,
};

static enum outcome effect_load(struct load *l, struct str effect, struct effect_state *state,
                                struct err *e)
{
    load_kind(l, "effect");
    struct effect_find_in in = { effect };
    TRY(load_stream(l, stream_of("effect", effect), NULL, e));
    return db_get(l->db, &sql_effect_find, &in, &state->row, l->arena, &state->found, e);
}

static void effect_says(struct decision *d, const struct event_type *type, struct str effect,
                        struct str key, const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("effect", effect),
                        .type = type,
                        .payload = payload,
                        .key = key,
                    });
}

/* --- it dies --- */

enum outcome effect_die_load(struct load *l, const struct effect_die *body,
                             struct effect_state *state, struct err *e)
{
    if (!l->command->actor->system)
        return load_unknown(l, e); /* no person says so */
    load_scope(l, body->organisation, body->site);
    return effect_load(l, body->effect, state, e);
}

enum outcome effect_die_decide(struct decision *d, const struct effect_die *body,
                               const struct effect_state *state, struct err *e)
{
    (void)e;
    if (state->found && str_is(state->row.state, "dead"))
        return OK;
    struct effect_died payload = {
        .effect = body->effect,
        .policy = body->policy,
        .key = body->key,
        .sequence = body->sequence,
        .event = body->event,
        .organisation = body->organisation,
        .site = body->site,
        .code = body->code,
        .tries = body->tries,
    };
    effect_says(d, &effect_died_event, body->effect, body->key, &payload);
    return OK;
}

/* --- a person decides --- */

static enum outcome effect_decision_load(struct load *l, struct str effect,
                                         struct effect_state *state, struct err *e)
{
    TRY(effect_load(l, effect, state, e));
    if (!state->found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_scope(l, state->row.organisation, (struct str){ 0 });
    return OK;
}

static enum outcome effect_dead(const struct effect_state *state, struct err *e)
{
    if (str_is(state->row.state, "dead"))
        return OK;
    return REFUSE(e, "effect.not_dead", { "state", state->row.state });
}

enum outcome effect_replay_load(struct load *l, const struct effect_replay *body,
                                struct effect_state *state, struct err *e)
{
    return effect_decision_load(l, body->effect, state, e);
}

enum outcome effect_replay_decide(struct decision *d, const struct effect_replay *body,
                                  const struct effect_state *state, struct err *e)
{
    TRY(effect_dead(state, e));
    struct effect_replayed payload = { body->effect, body->body };
    effect_says(d, &effect_replayed_event, body->effect, state->row.key, &payload);
    return OK;
}

enum outcome effect_drop_load(struct load *l, const struct effect_drop *body,
                              struct effect_state *state, struct err *e)
{
    return effect_decision_load(l, body->effect, state, e);
}

enum outcome effect_drop_decide(struct decision *d, const struct effect_drop *body,
                                const struct effect_state *state, struct err *e)
{
    TRY(effect_dead(state, e));
    struct effect_dropped payload = { body->effect };
    effect_says(d, &effect_dropped_event, body->effect, state->row.key, &payload);
    return OK;
}

/* --- rows --- */

enum outcome effect_died_apply(struct db *db, const struct event *event,
                               const struct effect_died *payload, struct err *e)
{
    struct effect_die_in in = {
        .effect = payload->effect,
        .policy = payload->policy,
        .key = payload->key,
        .sequence = payload->sequence,
        .event = payload->event,
        .organisation = payload->organisation,
        .site = payload->site,
        .code = payload->code,
        .tries = payload->tries,
        .died = event->recorded,
    };
    return db_run(db, &sql_effect_die, &in, NULL, e);
}

enum outcome effect_replayed_apply(struct db *db, const struct event *event,
                                   const struct effect_replayed *payload, struct err *e)
{
    struct effect_decide_in in = { payload->effect, S("replayed"), event->recorded, event->actor };
    TRY(db_run(db, &sql_effect_decide, &in, NULL, e));
    if (!payload->body.p)
        return OK;
    struct effect_mend_in mend = { payload->effect, payload->body, event->id };
    return db_run(db, &sql_effect_mend, &mend, NULL, e);
}

enum outcome effect_dropped_apply(struct db *db, const struct event *event,
                                  const struct effect_dropped *payload, struct err *e)
{
    struct effect_decide_in in = { payload->effect, S("dropped"), event->recorded, event->actor };
    return db_run(db, &sql_effect_decide, &in, NULL, e);
}
