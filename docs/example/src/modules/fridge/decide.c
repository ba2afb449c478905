/* Fridges: registered, checked, retired. */
#include "modules/fridge/fridge.h"

#include "base/id.h"

/* The fridge that a command makes anew; load and decide derive the same. */
static struct id new_fridge(const struct gate_command *c)
{
    return id_derive(c->id, S("fridge"), 0);
}

static void say(struct decision *d, struct str fridge, const struct event_type *type,
                const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("fridge", fridge),
                        .type = type,
                        .payload = payload,
                    });
}

/* The fridge as it stands. Nobody learns of one where they have no right: load_unknown answers of
 * a foreign one and of one that does not exist alike. */
static enum outcome load_fridge(struct load *l, struct str fridge, struct fridge_state *state,
                                struct err *e)
{
    const struct fridge_fridge_in in = { fridge };
    bool found;
    load_kind(l, "fridge");
    TRY(load_stream(l, stream_of("fridge", fridge), NULL, e));
    TRY(db_get(l->db, &sql_fridge_fridge, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    return OK;
}

/* --- register --- */

enum outcome fridge_register_load(struct load *l, const struct fridge_register *body,
                                  struct fridge_state *state, struct err *e)
{
    (void)body;
    (void)state;
    const struct id id = new_fridge(l->command);
    load_own_scope(l);
    return load_stream(l, stream_of("fridge", id_str(&id)), NULL, e);
}

enum outcome fridge_register_decide(struct decision *d, const struct fridge_register *body,
                                    const struct fridge_state *state, struct err *e)
{
    (void)state;
    if (decimal_cmp(body->lowest, body->highest) >= 0)
        return REFUSE(e, "fridge.limits_reversed", { "name", body->name });
    if (!d->command->actor->site.p)
        return REFUSE(e, "fridge.no_site");
    const struct id id = new_fridge(d->command);
    const struct fridge_registered payload = {
        .fridge = arena_str(d->arena, id_str(&id)),
        .organisation = d->command->actor->organisation,
        .site = d->command->actor->site,
        .name = body->name,
        .lowest = body->lowest,
        .highest = body->highest,
    };
    say(d, payload.fridge, &fridge_registered_event, &payload);
    const struct fridge_register_answer answer = { payload.fridge };
    decide_answer(d, &fridge_register_answer_record, &answer);
    return OK;
}

/* --- check --- */

enum outcome fridge_check_load(struct load *l, const struct fridge_check *body,
                               struct fridge_state *state, struct err *e)
{
    return load_fridge(l, body->fridge, state, e);
}

enum outcome fridge_check_decide(struct decision *d, const struct fridge_check *body,
                                 const struct fridge_state *state, struct err *e)
{
    if (!state->row.in_use)
        return REFUSE(e, "fridge.retired", { "name", state->row.name });
    const struct fridge_checked payload = {
        .fridge = body->fridge,
        .temperature = body->temperature,
        .within = decimal_cmp(state->row.lowest, body->temperature) <= 0 &&
                  decimal_cmp(body->temperature, state->row.highest) <= 0,
        .note = body->note,
    };
    say(d, body->fridge, &fridge_checked_event, &payload);
    const struct fridge_check_answer answer = { payload.within };
    decide_answer(d, &fridge_check_answer_record, &answer);
    return OK;
}

/* --- retire --- */

enum outcome fridge_retire_load(struct load *l, const struct fridge_retire *body,
                                struct fridge_state *state, struct err *e)
{
    return load_fridge(l, body->fridge, state, e);
}

enum outcome fridge_retire_decide(struct decision *d, const struct fridge_retire *body,
                                  const struct fridge_state *state, struct err *e)
{
    if (!state->row.in_use)
        return REFUSE(e, "fridge.retired", { "name", state->row.name });
    const struct fridge_retired payload = { body->fridge };
    say(d, body->fridge, &fridge_retired_event, &payload);
    return OK;
}
