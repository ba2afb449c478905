/* Messages as events and rows: queued, delivered, dead, replayed, dropped, received. */
#include "kernel/outbox.h"

#include "base/id.h"
#include "gen/kernel/outbox_schema.sql.h"
#include "kernel/lease.h"

#define EVENTS   "kernel/outbox_events.def"
#define COMMANDS "kernel/outbox_commands.def"
#include "kernel/wire.h"
#define RECORDS "kernel/outbox_partner.def"
#include "base/record_tables.h"
#undef RECORDS

static const struct define_kind *const module_kinds[] = { &partner_kind };

const struct module outbox_module = {
    .name = "outbox",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(kinds),
    .schema = &outbox_schema,
};

/* --- partners --- */

static bool between(int64_t value, int64_t least, int64_t most)
{
    return value == INT_NONE || (value >= least && value <= most);
}

static enum outcome partner_check(const struct define_context *context, const void *body,
                                  struct err *e)
{
    (void)context;
    const struct partner *p = body;
    if (!str_is(p->protocol, "webhook"))
        return REFUSE(e, "partner.protocol", { "at", S("protocol") });
    if (!str_starts(p->endpoint, S("https://")) && !str_starts(p->endpoint, S("http://")))
        return REFUSE(e, "partner.endpoint", { "at", S("endpoint") });
    if (!between(p->tries, 1, 100) || !between(p->first_wait_s, 1, 3600) ||
        !between(p->last_wait_s, 1, 86400) || !between(p->timeout_s, 1, 60) ||
        !between(p->at_once, 1, 16))
        return REFUSE(e, "partner.limits");
    return OK;
}

const struct define_kind partner_kind = {
    .name = "partner",
    .shape = &partner_record,
    .check = partner_check,
};

enum outcome partner_exists(bool *out, struct db *db, struct str name, int64_t now,
                            struct arena *arena, struct err *e)
{
    struct definition partner;
    *out = str_is(name, "mail");
    return *out ? OK : define_find(&partner, db, S("partner"), name, 0, now, arena, out, e);
}

/* --- queueing --- */

static struct id message_id(const struct gate_command *c, size_t n)
{
    return id_derive(c->id, S("message"), n);
}

enum outcome load_message(struct load *l, size_t n, struct err *e)
{
    struct id id = message_id(l->command, n);
    return load_stream(l, stream_of("message", id_str(&id)), NULL, e);
}

static void message_says(struct decision *d, const struct event_type *type, struct str message,
                         struct str about, const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("message", message),
                        .type = type,
                        .payload = payload,
                        .key = about,
                    });
}

void outbox_queue(struct decision *d, size_t n, struct message_queued *message)
{
    struct id id = message_id(d->command, n);
    message->message = arena_str(d->arena, id_str(&id));
    if (!message->about.p) {
        struct stream own = stream_of("message", message->message);
        message->about = arena_str(d->arena, stream_str(&own));
    }
    message_says(d, &message_queued_event, message->message, message->about, message);
}

enum outcome message_queue_load(struct load *l, const struct message_queue *body,
                                struct message_queue_state *state, struct err *e)
{
    load_own_scope(l);
    if (body->about.p && !l->command->actor->system)
        return REFUSE(e, "message.foreign_about");
    TRY(load_message(l, 0, e));
    return partner_exists(&state->partner_found, l->db, body->partner, l->now_us, l->arena, e);
}

enum outcome message_queue_decide(struct decision *d, const struct message_queue *body,
                                  const struct message_queue_state *state, struct err *e)
{
    if (!state->partner_found)
        return REFUSE(e, "message.unknown_partner", { "partner", body->partner });
    struct message_queued payload = {
        .partner = body->partner,
        .kind = body->kind,
        .about = body->about,
        .organisation = d->command->actor->organisation,
        .site = d->command->actor->site,
        .not_before = body->not_before,
        .body = body->body,
    };
    outbox_queue(d, 0, &payload);
    struct message_made answer = { payload.message, false };
    decide_answer(d, &message_made_record, &answer);
    return OK;
}

/* --- what ends it --- */

static enum outcome message_load(struct load *l, struct str message, struct message_state *state,
                                 struct err *e)
{
    struct outbox_find_in in = { message };
    load_kind(l, "message");
    TRY(load_stream(l, stream_of("message", message), NULL, e));
    TRY(db_get(l->db, &sql_outbox_find, &in, &state->row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_scope(l, state->row.organisation, (struct str){ 0 });
    return OK;
}

static enum outcome message_sender_load(struct load *l, struct str message, int64_t token,
                                        struct message_state *state, struct err *e)
{
    const struct lease lease = { "message", message, token };
    if (!l->command->actor->system)
        return load_unknown(l, e); /* no person says so */
    TRY(message_load(l, message, state, e));
    return lease_check(&lease, l->db, l->arena, e);
}

static enum outcome message_waiting(const struct message_state *state, struct err *e)
{
    if (str_is(state->row.state, "queued"))
        return OK;
    return REFUSE(e, "message.over", { "state", state->row.state });
}

static enum outcome message_dead(const struct message_state *state, struct err *e)
{
    if (str_is(state->row.state, "dead"))
        return OK;
    return REFUSE(e, "message.not_dead", { "state", state->row.state });
}

enum outcome message_deliver_load(struct load *l, const struct message_deliver *body,
                                  struct message_state *state, struct err *e)
{
    return message_sender_load(l, body->message, body->token, state, e);
}

enum outcome message_deliver_decide(struct decision *d, const struct message_deliver *body,
                                    const struct message_state *state, struct err *e)
{
    TRY(message_waiting(state, e));
    struct message_delivered payload = { body->message, body->tries, body->status };
    message_says(d, &message_delivered_event, body->message, state->row.about, &payload);
    return OK;
}

enum outcome message_die_load(struct load *l, const struct message_die *body,
                              struct message_state *state, struct err *e)
{
    return message_sender_load(l, body->message, body->token, state, e);
}

enum outcome message_die_decide(struct decision *d, const struct message_die *body,
                                const struct message_state *state, struct err *e)
{
    TRY(message_waiting(state, e));
    struct message_died payload = { body->message, body->code, body->tries, body->status };
    message_says(d, &message_died_event, body->message, state->row.about, &payload);
    return OK;
}

enum outcome message_replay_load(struct load *l, const struct message_replay *body,
                                 struct message_state *state, struct err *e)
{
    return message_load(l, body->message, state, e);
}

enum outcome message_replay_decide(struct decision *d, const struct message_replay *body,
                                   const struct message_state *state, struct err *e)
{
    TRY(message_dead(state, e));
    struct message_replayed payload = { body->message, body->body };
    message_says(d, &message_replayed_event, body->message, state->row.about, &payload);
    return OK;
}

enum outcome message_drop_load(struct load *l, const struct message_drop *body,
                               struct message_state *state, struct err *e)
{
    return message_load(l, body->message, state, e);
}

enum outcome message_drop_decide(struct decision *d, const struct message_drop *body,
                                 const struct message_state *state, struct err *e)
{
    TRY(message_dead(state, e));
    struct message_dropped payload = { body->message };
    message_says(d, &message_dropped_event, body->message, state->row.about, &payload);
    return OK;
}

/* --- message.receive --- */

enum outcome message_receive_load(struct load *l, const struct message_receive *body,
                                  struct message_receive_state *state, struct err *e)
{
    char hex[HASH_HEX + 1];
    load_own_scope(l);
    TRY(partner_exists(&state->partner_found, l->db, body->partner, l->now_us, l->arena, e));
    struct str what = arena_printf(l->arena, "%.*s %.*s", STR(body->partner), STR(body->sender_id));
    hash_hex(hex, keyring_digest(l->keys, "index", what));
    const struct id id = id_derive(str_z(hex), S("inbox"), 0);
    state->message = arena_str(l->arena, id_str(&id));
    hash_hex(hex, keyring_digest(l->keys, "index", body->content));
    state->digest = arena_str(l->arena, str_z(hex));
    TRY(load_stream(l, stream_of("inbox", state->message), NULL, e));
    struct outbox_received_in in = { state->message };
    struct outbox_received_out row;
    TRY(db_get(l->db, &sql_outbox_received, &in, &row, l->arena, &state->found, e));
    state->same = state->found && str_eq(row.digest, state->digest) &&
                  str_eq(row.organisation, l->command->actor->organisation);
    return OK;
}

enum outcome message_receive_decide(struct decision *d, const struct message_receive *body,
                                    const struct message_receive_state *state, struct err *e)
{
    if (!state->partner_found)
        return REFUSE(e, "message.unknown_partner", { "partner", body->partner });
    if (state->found && !state->same)
        return REFUSE(e, "message.id_reused");
    struct message_received payload = {
        .message = state->message,
        .partner = body->partner,
        .sender_id = body->sender_id,
        .kind = body->kind,
        .organisation = d->command->actor->organisation,
        .digest = state->digest,
        .content = body->content,
    };
    if (!state->found)
        decide_event(d, &(struct happening){
                            .stream = stream_of("inbox", state->message),
                            .type = &message_received_event,
                            .payload = &payload,
                        });
    struct message_made answer = { state->message, state->found };
    decide_answer(d, &message_made_record, &answer);
    return OK;
}

/* --- rows --- */

enum outcome message_queued_apply(struct db *db, const struct event *event,
                                  const struct message_queued *payload, struct err *e)
{
    struct hlc place;
    if (!hlc_read(&place, event->logical))
        return err_fault(e, "ledger.damaged", "an event's logical time");
    struct outbox_queue_in in = {
        .message = payload->message,
        .partner = payload->partner,
        .kind = payload->kind,
        .about = payload->about,
        .organisation = payload->organisation,
        .site = payload->site,
        .queued = event->recorded,
        .place = place.us,
        .place_count = place.count,
        .not_before = payload->not_before == TIME_NONE ? 0 : payload->not_before,
        .body = payload->body,
    };
    return db_run(db, &sql_outbox_queue, &in, NULL, e);
}

static enum outcome message_ends(struct db *db, const struct event *event, struct outbox_end_in *in,
                                 struct err *e)
{
    in->ended = event->recorded;
    in->ended_by = event->actor;
    return db_run(db, &sql_outbox_end, in, NULL, e);
}

enum outcome message_delivered_apply(struct db *db, const struct event *event,
                                     const struct message_delivered *payload, struct err *e)
{
    return message_ends(db, event,
                        &(struct outbox_end_in){ .message = payload->message,
                                                 .state = S("delivered"),
                                                 .status = payload->status,
                                                 .tries = payload->tries },
                        e);
}

enum outcome message_died_apply(struct db *db, const struct event *event,
                                const struct message_died *payload, struct err *e)
{
    return message_ends(db, event,
                        &(struct outbox_end_in){ .message = payload->message,
                                                 .state = S("dead"),
                                                 .code = payload->code,
                                                 .status = payload->status,
                                                 .tries = payload->tries },
                        e);
}

enum outcome message_replayed_apply(struct db *db, const struct event *event,
                                    const struct message_replayed *payload, struct err *e)
{
    (void)event;
    struct outbox_again_in in = { payload->message };
    struct outbox_mend_in mend = { payload->message, payload->body };
    TRY(db_run(db, &sql_outbox_again, &in, NULL, e));
    return payload->body.p ? db_run(db, &sql_outbox_mend, &mend, NULL, e) : OK;
}

enum outcome message_dropped_apply(struct db *db, const struct event *event,
                                   const struct message_dropped *payload, struct err *e)
{
    return message_ends(db, event,
                        &(struct outbox_end_in){ .message = payload->message,
                                                 .state = S("dropped"),
                                                 .status = INT_NONE },
                        e);
}

enum outcome message_received_apply(struct db *db, const struct event *event,
                                    const struct message_received *payload, struct err *e)
{
    struct outbox_receive_in in = {
        .message = payload->message,
        .partner = payload->partner,
        .sender_id = payload->sender_id,
        .kind = payload->kind,
        .organisation = payload->organisation,
        .received = event->recorded,
        .digest = payload->digest,
        .content = payload->content,
        .event = event->id,
    };
    return db_run(db, &sql_outbox_receive, &in, NULL, e);
}
