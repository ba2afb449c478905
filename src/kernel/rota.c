/* The rota as events and rows. */
#include "kernel/rota.h"

#include "base/id.h"
#include "gen/kernel/rota_schema.sql.h"

#define EVENTS   "kernel/rota_events.def"
#define COMMANDS "kernel/rota_commands.def"
#include "kernel/wire.h"

const struct module rota_module = {
    .name = "rota",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &rota_schema,
};

enum outcome rota_on_call(struct str *account, struct db *db, struct str site, struct str role,
                          int64_t at, struct arena *arena, struct err *e)
{
    struct rota_at_in in = { site, role, at };
    struct rota_at_out row;
    bool found;
    TRY(db_get(db, &sql_rota_at, &in, &row, arena, &found, e));
    *account = found ? row.account : (struct str){ 0 };
    return OK;
}

size_t rota_gaps(struct rota_gap *out, size_t max, const struct rota_list_out *duties, size_t n,
                 int64_t from, int64_t to)
{
    size_t gaps = 0;
    for (size_t i = 0; i < n && from < to && gaps < max; i++) {
        if (duties[i].from_us > from)
            out[gaps++] =
                (struct rota_gap){ from, duties[i].from_us < to ? duties[i].from_us : to };
        if (duties[i].to_us > from)
            from = duties[i].to_us;
    }
    if (from < to && gaps < max)
        out[gaps++] = (struct rota_gap){ from, to };
    return gaps;
}

/* --- load --- */

static struct stream rota_stream(struct str site, struct str role)
{
    const struct id id = id_derive(site, role, 0);
    return stream_of("rota", id_str(&id));
}

static enum outcome rota_load(struct load *l, struct rota_state *s, struct str account,
                              struct err *e)
{
    struct rota_site_in in = { s->site };
    struct rota_site_out row;
    struct rota_has_role_out holder;
    bool found;
    const struct id next = id_derive(l->command->id, S("duty"), 0);
    load_kind(l, "site");
    TRY(db_get(l->db, &sql_rota_site, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    s->organisation = row.organisation;
    s->next = arena_str(l->arena, id_str(&next));
    load_scope(l, s->organisation, s->site);
    TRY(load_stream(l, rota_stream(s->site, s->role), NULL, e));
    if (!account.p)
        return OK;
    TRY(load_stream(l, stream_of("account", account), NULL, e));
    struct rota_has_role_in who = { account, s->role, s->organisation, s->site, l->now_us };
    return db_get(l->db, &sql_rota_has_role, &who, &holder, l->arena, &s->has_role, e);
}

static enum outcome rota_duty_load(struct load *l, struct rota_state *s, struct str duty,
                                   struct str account, struct err *e)
{
    bool found;
    struct rota_duty_in in = { duty };
    load_kind(l, "duty");
    TRY(db_get(l->db, &sql_rota_duty, &in, &s->duty, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    s->site = s->duty.site;
    s->role = s->duty.role;
    return rota_load(l, s, account, e);
}

static void rota_says(struct decision *d, const struct rota_state *s, const struct event_type *type,
                      const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = rota_stream(s->site, s->role),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- rota.plan --- */

enum outcome rota_plan_load(struct load *l, const struct rota_plan *body, struct rota_state *state,
                            struct err *e)
{
    struct rota_overlaps_in in = { body->site, body->role, body->from, body->to };
    struct rota_overlaps_out row;
    state->site = body->site;
    state->role = body->role;
    TRY(rota_load(l, state, body->account, e));
    return db_get(l->db, &sql_rota_overlaps, &in, &row, l->arena, &state->overlaps, e);
}

enum outcome rota_plan_decide(struct decision *d, const struct rota_plan *body,
                              const struct rota_state *state, struct err *e)
{
    if (body->to <= body->from || body->to - body->from > ROTA_DUTY_MAX_US || body->to <= d->now_us)
        return REFUSE(e, "rota.times");
    if (!state->has_role)
        return REFUSE(e, "rota.no_role", { "role", body->role });
    if (state->overlaps)
        return REFUSE(e, "rota.overlaps");
    struct rota_planned payload = {
        .duty = state->next,
        .organisation = state->organisation,
        .site = body->site,
        .role = body->role,
        .account = body->account,
        .from = body->from,
        .to = body->to,
    };
    rota_says(d, state, &rota_planned_event, &payload);
    struct rota_made answer = { state->next };
    decide_answer(d, &rota_made_record, &answer);
    return OK;
}

/* --- rota.hand_over, rota.withdraw --- */

enum outcome rota_hand_over_load(struct load *l, const struct rota_hand_over *body,
                                 struct rota_state *state, struct err *e)
{
    return rota_duty_load(l, state, body->duty, body->account, e);
}

enum outcome rota_hand_over_decide(struct decision *d, const struct rota_hand_over *body,
                                   const struct rota_state *state, struct err *e)
{
    const struct rota_duty_out *duty = &state->duty;
    int64_t at = body->at == TIME_NONE ? d->now_us : body->at;
    if (duty->to_us <= d->now_us)
        return REFUSE(e, "rota.ended");
    if (at < duty->from_us && body->at == TIME_NONE)
        at = duty->from_us; /* the whole of one that is still to come */
    if (at < duty->from_us || at >= duty->to_us || at < d->now_us - GATE_AHEAD_MAX_US)
        return REFUSE(e, "rota.times");
    if (!state->has_role)
        return REFUSE(e, "rota.no_role", { "role", duty->role });
    if (str_eq(duty->account, body->account))
        return REFUSE(e, "rota.same_person");
    struct rota_handed_over payload = { body->duty, state->next, body->account, at };
    rota_says(d, state, &rota_handed_over_event, &payload);
    struct rota_made answer = { state->next };
    decide_answer(d, &rota_made_record, &answer);
    return OK;
}

enum outcome rota_withdraw_load(struct load *l, const struct rota_withdraw *body,
                                struct rota_state *state, struct err *e)
{
    return rota_duty_load(l, state, body->duty, (struct str){ 0 }, e);
}

enum outcome rota_withdraw_decide(struct decision *d, const struct rota_withdraw *body,
                                  const struct rota_state *state, struct err *e)
{
    if (state->duty.to_us <= d->now_us)
        return REFUSE(e, "rota.ended");
    struct rota_withdrawn payload = { body->duty };
    rota_says(d, state, &rota_withdrawn_event, &payload);
    return OK;
}

/* --- rows --- */

enum outcome rota_planned_apply(struct db *db, const struct event *event,
                                const struct rota_planned *payload, struct err *e)
{
    (void)event;
    struct rota_plan_in in = { payload->duty, payload->organisation, payload->site,
                               payload->role, payload->account,      payload->from,
                               payload->to };
    return db_run(db, &sql_rota_plan, &in, NULL, e);
}

enum outcome rota_handed_over_apply(struct db *db, const struct event *event,
                                    const struct rota_handed_over *payload, struct err *e)
{
    (void)event;
    struct rota_hand_over_in next = { payload->duty, payload->next, payload->account, payload->at };
    struct rota_shorten_in in = { payload->duty, payload->at };
    TRY(db_run(db, &sql_rota_hand_over, &next, NULL, e));
    return db_run(db, &sql_rota_shorten, &in, NULL, e);
}

enum outcome rota_withdrawn_apply(struct db *db, const struct event *event,
                                  const struct rota_withdrawn *payload, struct err *e)
{
    (void)event;
    struct rota_withdraw_in in = { payload->duty };
    return db_run(db, &sql_rota_withdraw, &in, NULL, e);
}
