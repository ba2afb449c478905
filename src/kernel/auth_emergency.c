/* Emergency access: a person takes, for a stated reason and some hours, what a role lends in an
 * emergency. It is said aloud at once, marks every act done meanwhile (gate.h: actor.emergency),
 * ends by itself, and stays open until somebody else has looked at it and signed, by a signature
 * that stands. What a role lends is its own
 * list, and no command that judges takes a lent right (COMMAND_JUDGES). */
#include "kernel/auth_impl.h"
#include "kernel/notify.h"
#include "kernel/segregate.h"
#include "kernel/sign_act.h"
#include "kernel/timer.h"

static void happened(struct decision *d, struct str emergency, const struct event_type *type,
                     const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("emergency", emergency),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- emergency.take --- */

/* Whoever may take one in an organisation takes it at any site of it: that is the point. */
static enum outcome site_load(struct load *l, struct str site, struct auth_emergency_state *state,
                              struct err *e)
{
    const struct actor *a = l->command->actor;
    const struct auth_site_in in = { site };
    struct auth_site_out row;
    bool found;
    load_kind(l, "site");
    TRY(db_get(l->db, &sql_auth_site, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, row.organisation,
               str_eq(row.organisation, a->organisation) ? a->site : (struct str){ 0 });
    state->row.organisation = row.organisation;
    return OK;
}

static enum outcome standing_load(struct load *l, struct auth_emergency_state *state, struct err *e)
{
    const struct auth_emergencies_in in = { l->command->actor->account };
    struct record_list list;
    TRY(db_list(l->db, &sql_auth_emergencies, &in, &list, AUTH_EMERGENCIES_MAX, l->arena, e));
    const struct auth_emergencies_out *row = list.p;
    for (size_t i = 0; i < list.n; i++)
        state->standing |= row[i].until_us > l->now_us;
    return OK;
}

enum outcome auth_take_emergency_load(struct load *l, const struct auth_take_emergency *body,
                                      struct auth_emergency_state *state, struct err *e)
{
    const struct id id = id_derive(l->command->id, S("emergency"), 0);
    struct definition role;
    bool found;
    state->id = arena_str(l->arena, id_str(&id));
    TRY(site_load(l, body->site, state, e));
    TRY(load_stream(l, stream_of("emergency", state->id), NULL, e));
    if (!l->command->actor->account.p)
        return OK;
    TRY(load_stream(l, stream_of("account", l->command->actor->account), NULL, e));
    TRY(standing_load(l, state, e));
    TRY(define_find(&role, l->db, S("role"), body->role, 0, l->now_us, l->arena, &found, e));
    if (found)
        state->role = role.body;
    return segregate_roles_load(&state->excluded, l, l->command->actor->account, body->role, e);
}

enum outcome auth_take_emergency_decide(struct decision *d, const struct auth_take_emergency *body,
                                        const struct auth_emergency_state *state, struct err *e)
{
    if (!d->command->actor->account.p)
        return REFUSE(e, "auth.person_only");
    if (!state->role || state->role->emergency.n == 0)
        return REFUSE(e, "emergency.not_lent", { "role", body->role });
    if (state->excluded.p)
        return REFUSE(e, "segregation.roles", { "role", body->role }, { "other", state->excluded });
    const int64_t role_max = state->role->emergency_minutes;
    const int64_t max = role_max == INT_NONE ? AUTH_EMERGENCY_MINUTES_MAX : role_max;
    if (body->minutes < 1 || body->minutes > max) {
        char text[24];
        struct buf b = buf_over(text, sizeof text);
        buf_printf(&b, "%lld", (long long)max);
        return REFUSE(e, "emergency.minutes", { "max", buf_get(&b) });
    }
    if (state->standing)
        return REFUSE(e, "emergency.standing");
    const struct auth_emergency_taken payload = {
        .emergency = state->id,
        .account = d->command->actor->account,
        .role = body->role,
        .organisation = state->row.organisation,
        .site = body->site,
        .until = d->now_us + body->minutes * TIME_MINUTE,
    };
    happened(d, state->id, &auth_emergency_taken_event, &payload);
    const struct auth_emergency_begun answer = { state->id, payload.until };
    decide_answer(d, &auth_emergency_begun_record, &answer);
    return OK;
}

/* --- emergency.end, emergency.review --- */

static enum outcome emergency_load(struct load *l, struct str emergency,
                                   struct auth_emergency_state *state, struct err *e)
{
    const struct auth_emergency_in in = { emergency };
    bool found;
    load_kind(l, "emergency");
    TRY(load_stream(l, stream_of("emergency", emergency), NULL, e));
    TRY(db_get(l->db, &sql_auth_emergency, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    return OK;
}

enum outcome auth_end_emergency_load(struct load *l, const struct auth_end_emergency *body,
                                     struct auth_emergency_state *state, struct err *e)
{
    TRY(emergency_load(l, body->emergency, state, e));
    state->own = str_eq(state->row.account, l->command->actor->account);
    if (state->own)
        load_scope(l, state->row.organisation, l->command->actor->site);
    return OK;
}

enum outcome auth_end_emergency_decide(struct decision *d, const struct auth_end_emergency *body,
                                       const struct auth_emergency_state *state, struct err *e)
{
    const struct actor *a = d->command->actor;
    const bool over = d->now_us >= state->row.until_us;
    /* Everyone gives back their own; another's withdraws who sees others'. */
    if (!state->own && !a->system &&
        !actor_may(a, S("emergency.see"), state->row.organisation, state->row.site))
        return REFUSE(e, "gate.forbidden", { "command", d->command->name });
    if (state->row.ended != TIME_NONE)
        return a->system ? OK : REFUSE(e, "emergency.ended");
    if (a->system && !over)
        return REFUSE(e, "emergency.not_over");
    const struct auth_emergency_ended payload = { body->emergency, over         ? S("time")
                                                                   : state->own ? S("given_back")
                                                                                : S("withdrawn") };
    happened(d, body->emergency, &auth_emergency_ended_event, &payload);
    return OK;
}

enum outcome auth_review_emergency_load(struct load *l, const struct auth_review_emergency *body,
                                        struct auth_emergency_state *state, struct err *e)
{
    return emergency_load(l, body->emergency, state, e);
}

enum outcome auth_review_emergency_shown(struct load *l, const struct auth_review_emergency *body,
                                         const struct auth_emergency_state *state,
                                         struct sign_what *out, struct err *e)
{
    const struct auth_emergency_out *row = &state->row;
    struct auth_acts acts;
    TRY(auth_acts_of(&acts, l->db, row->emergency, l->arena, e));
    struct auth_emergency_place *places =
        ARENA_ARRAY(l->arena, acts.n + 1, struct auth_emergency_place);
    if (!places)
        return err_no_memory(e);
    for (size_t i = 0; i < acts.n; i++)
        places[i].at = acts.p[i].at;
    const struct auth_emergency_judged content = {
        .emergency = row->emergency,
        .event = row->event,
        .account = row->account,
        .role = row->role,
        .site = row->site,
        .taken = row->taken,
        .until = row->until_us,
        .verdict = body->verdict,
        .acts = acts.all,
        .places = { places, acts.n },
    };
    TRY(sign_what_record(out, &auth_emergency_judged_record, &content, l->arena, e));
    out->kind = S("emergency");
    out->id = row->emergency;
    out->meaning = S("reviewed");
    return OK;
}

enum outcome auth_review_emergency_decide(struct decision *d,
                                          const struct auth_review_emergency *body,
                                          const struct auth_emergency_state *state, struct err *e)
{
    if (str_eq(state->row.account, d->command->actor->account))
        return REFUSE(e, "emergency.own");
    if (!str_is(body->verdict, "justified") && !str_is(body->verdict, "not_justified"))
        return REFUSE(e, "emergency.unknown_verdict", { "verdict", body->verdict });
    if (state->row.reviewed != TIME_NONE)
        return REFUSE(e, "emergency.reviewed");
    if (state->row.ended == TIME_NONE)
        return REFUSE(e, "emergency.not_over");
    const struct auth_emergency_reviewed payload = { body->emergency, body->verdict };
    happened(d, body->emergency, &auth_emergency_reviewed_event, &payload);
    return OK;
}

/* --- emergency.unsign --- */

enum outcome auth_unsign_emergency_load(struct load *l, const struct auth_unsign_emergency *body,
                                        struct auth_emergency_state *state, struct err *e)
{
    TRY(emergency_load(l, body->emergency, state, e));
    return state->row.review_event.p && str_eq(state->row.review_event, body->signature)
               ? OK
               : load_unknown(l, e);
}

enum outcome auth_unsign_emergency_decide(struct decision *d,
                                          const struct auth_unsign_emergency *body,
                                          const struct auth_emergency_state *state, struct err *e)
{
    (void)state;
    if (!d->command->actor->system)
        return REFUSE(e, "auth.program_only");
    const struct auth_emergency_unsigned payload = { body->emergency, body->signature };
    happened(d, body->emergency, &auth_emergency_unsigned_event, &payload);
    return OK;
}

/* --- rows --- */

enum outcome auth_emergency_taken_apply(struct db *db, const struct event *event,
                                        const struct auth_emergency_taken *payload, struct err *e)
{
    const struct auth_emergency_add_in in = {
        .emergency = payload->emergency,
        .account = payload->account,
        .role = payload->role,
        .organisation = payload->organisation,
        .site = payload->site,
        .taken = event->recorded,
        .until_us = payload->until,
        .event = event->id,
        .reason = event->reason,
    };
    char text[80];
    struct buf body = buf_over(text, sizeof text);
    buf_printf(&body, "{\"emergency\":\"%.*s\"}", STR(payload->emergency));
    TRY(db_run(db, &sql_auth_emergency_add, &in, NULL, e));
    return timer_set(db, event->stream, S("end"), payload->until, S("emergency.end"),
                     buf_get(&body), e);
}

enum outcome auth_emergency_ended_apply(struct db *db, const struct event *event,
                                        const struct auth_emergency_ended *payload, struct err *e)
{
    const struct auth_emergency_end_in in = { payload->emergency, event->recorded, payload->how };
    TRY(timer_clear(db, event->stream, S("end"), e));
    return db_run(db, &sql_auth_emergency_end, &in, NULL, e);
}

enum outcome auth_emergency_reviewed_apply(struct db *db, const struct event *event,
                                           const struct auth_emergency_reviewed *payload,
                                           struct err *e)
{
    const struct auth_emergency_review_in in = {
        payload->emergency, event->recorded, event->actor,
        payload->verdict,   event->id,       event->reason
    };
    return db_run(db, &sql_auth_emergency_review, &in, NULL, e);
}

enum outcome auth_emergency_unsigned_apply(struct db *db, const struct event *event,
                                           const struct auth_emergency_unsigned *payload,
                                           struct err *e)
{
    (void)event;
    const struct auth_emergency_unsign_in in = { payload->emergency };
    return db_run(db, &sql_auth_emergency_unsign, &in, NULL, e);
}

/* --- the alarm: stands while no review does --- */

static struct str cause_of(struct str emergency, struct arena *arena)
{
    return arena_printf(arena, "emergency/%.*s", STR(emergency));
}

static enum outcome tell(struct str emergency, struct db *db, const struct event *event,
                         struct policy_send *out, bool *send, struct arena *arena, struct err *e)
{
    const struct auth_emergency_in in = { emergency };
    struct auth_emergency_out row;
    TRY(db_get(db, &sql_auth_emergency, &in, &row, arena, send, e));
    if (!*send)
        return OK;
    const struct notify_raise body = {
        .kind = S("emergency_taken"),
        .cause = cause_of(emergency, arena),
        .about = event->stream,
        .label = notify_short(emergency, arena),
        .link = arena_printf(arena, "/emergencies/%.*s", STR(emergency)),
        .organisation = row.organisation,
        .site = row.site,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome on_taken(struct db *db, const struct event *event, const void *payload,
                             struct policy_send *out, bool *send, struct arena *arena,
                             struct err *e)
{
    const struct auth_emergency_taken *taken = payload;
    return tell(taken->emergency, db, event, out, send, arena, e);
}

static enum outcome on_unsigned(struct db *db, const struct event *event, const void *payload,
                                struct policy_send *out, bool *send, struct arena *arena,
                                struct err *e)
{
    const struct auth_emergency_unsigned *undone = payload;
    return tell(undone->emergency, db, event, out, send, arena, e);
}

/* sign.withdrawn and sign.rejected have the same field. */
static enum outcome on_void(struct db *db, const struct event *event, const void *payload,
                            struct policy_send *out, bool *send, struct arena *arena, struct err *e)
{
    const struct sign_withdrawn *ended = payload;
    const struct auth_emergency_signed_in in = { ended->signature };
    struct auth_emergency_signed_out row;
    (void)event;
    TRY(db_get(db, &sql_auth_emergency_signed, &in, &row, arena, send, e));
    if (!*send)
        return OK;
    struct auth_unsign_emergency *body = ARENA_NEW(arena, struct auth_unsign_emergency);
    if (!body)
        return err_no_memory(e);
    *body = (struct auth_unsign_emergency){ row.emergency, ended->signature };
    *out = (struct policy_send){ S("emergency.unsign"), &auth_unsign_emergency_record, body };
    return OK;
}

static enum outcome on_reviewed(struct db *db, const struct event *event, const void *payload,
                                struct policy_send *out, bool *send, struct arena *arena,
                                struct err *e)
{
    (void)event;
    const struct auth_emergency_reviewed *reviewed = payload;
    const struct notify_end body = {
        .kind = S("emergency_taken"),
        .cause = cause_of(reviewed->emergency, arena),
    };
    return notify_policy_end(out, send, db, &body, arena, e);
}

const struct policy auth_policies[AUTH_POLICIES] = {
    { "auth.emergency_taken", &auth_emergency_taken_event, on_taken },
    { "auth.emergency_reviewed", &auth_emergency_reviewed_event, on_reviewed },
    { "auth.emergency_unsigned", &auth_emergency_unsigned_event, on_unsigned },
    { "auth.emergency_withdrawn", &sign_withdrawn_event, on_void },
    { "auth.emergency_rejected", &sign_rejected_event, on_void },
};
