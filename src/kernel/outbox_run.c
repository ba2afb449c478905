/* The runner of the outbox: takes leases on what is due, hands it to the transport, and says
 * through the gate what became of it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "kernel/lease.h"
#include "kernel/outbox_impl.h"
#include "kernel/say.h"

enum {
    SLOT_ARENA_MAX = 1 << 20,
    LOOK_ARENA_MAX = 4 << 20,
    PARTNERS_MAX = 200,
    NAME_MAX_BYTES = 80,
};
#define LOOK_EVERY_US TIME_SECOND
#define SLACK_US      (30 * TIME_SECOND) /* of a lease, beyond the try's own time */

enum place_state { PLACE_FREE, PLACE_SENT, PLACE_SAYS };

/* One message on its way. */
struct place {
    enum place_state state;
    uint64_t ticket; /* of its try: what comes late for another is passed over */
    struct id message;
    char partner[NAME_MAX_BYTES];
    struct lease lease;
    struct outbox_route route; /* its numbers alone are used later */
    int64_t tries;             /* that failed before */
    int64_t gives_up;          /* monotonic: the transport lost it */
    struct saying end;
    struct arena *arena;
};

struct outbox {
    struct outbox_options options;
    const struct outbox_transport *transport;
    const struct outbox_setup *setup;
    struct actor actor;
    struct arena *arena; /* of one look at what is due */
    struct place places[OUTBOX_SLOTS];
    uint64_t tickets;
    int64_t look_at; /* monotonic */
    bool leads;
    char runner[NAME_MAX_BYTES];
};

static enum outcome outbox_free_left(struct outbox *o, struct err *e)
{
    struct db *db = o->options.writer;
    struct outbox_free_in in = { str_z(o->runner) };
    TRY(db_begin_aside(db, e));
    enum outcome done = db_run(db, &sql_outbox_free, &in, NULL, e);
    if (done == OK)
        done = db_run(db, &sql_outbox_tidy, NULL, NULL, e);
    if (done == OK)
        return db_commit(db, e);
    db_rollback(db);
    return done;
}

enum outcome outbox_open(struct outbox **out, const struct outbox_options *options, struct err *e)
{
    struct outbox *o = calloc(1, sizeof *o);
    if (!o)
        return err_no_memory(e);
    o->options = *options;
    o->arena = arena_new(LOOK_ARENA_MAX);
    bool memory = o->arena != NULL;
    for (size_t i = 0; i < OUTBOX_SLOTS; i++) {
        o->places[i].arena = arena_new(SLOT_ARENA_MAX);
        memory &= o->places[i].arena != NULL;
    }
    struct buf runner = buf_over(o->runner, sizeof o->runner - 1);
    buf_str(&runner, options->runner);
    o->actor = (struct actor){
        .name = S("system/outbox"),
        .organisation = S("00000000-0000-8000-8000-000000000000"),
        .system = true,
    };
    o->look_at = env_mono(options->env);
    o->leads = true;
    enum outcome done = memory ? outbox_free_left(o, e) : err_no_memory(e);
    if (done == OK)
        *out = o;
    else
        outbox_close(o);
    return done;
}

void outbox_lead(struct outbox *o, bool leads)
{
    o->leads = leads;
    o->look_at = env_mono(o->options.env);
}

void outbox_close(struct outbox *o)
{
    struct err ignored = { 0 }; /* then leases expire by themselves */
    if (!o)
        return;
    if (db_shared(o->options.writer))
        (void)!outbox_free_left(o, &ignored);
    for (size_t i = 0; i < OUTBOX_SLOTS; i++)
        arena_free(o->places[i].arena);
    arena_free(o->arena);
    free(o);
}

void outbox_use(struct outbox *o, const struct outbox_transport *transport,
                const struct outbox_setup *setup)
{
    o->transport = transport;
    o->setup = setup;
    o->look_at = env_mono(o->options.env);
}

bool outbox_leaves(const struct outbox *o)
{
    return o && o->transport;
}

bool outbox_mails(const struct outbox *o)
{
    return o && o->transport && o->setup->smtp_url.n > 0 && o->setup->smtp_from.n > 0;
}

/* --- sending --- */

static struct place *place_free(struct outbox *o)
{
    for (size_t i = 0; i < OUTBOX_SLOTS; i++)
        if (o->places[i].state == PLACE_FREE)
            return &o->places[i];
    return NULL;
}

static int64_t on_their_way(const struct outbox *o, struct str partner)
{
    int64_t n = 0;
    for (size_t i = 0; i < OUTBOX_SLOTS; i++)
        n += o->places[i].state != PLACE_FREE && str_is(partner, o->places[i].partner);
    return n;
}

static enum outcome place_fail(struct outbox *o, struct place *p,
                               const struct outbox_result *result, struct err *e);

static enum outcome place_take(struct outbox *o, struct place *p, const struct outbox_next_out *row,
                               bool *taken, struct err *e)
{
    struct db *db = o->options.writer;
    const int64_t now = env_now(o->options.env);
    memcpy(p->message.text, row->message.p, ID_LENGTH);
    p->message.text[ID_LENGTH] = '\0';
    p->lease = (struct lease){ "message", id_str(&p->message), 0 };
    TRY(db_begin_aside(db, e));
    enum outcome done = lease_take(&p->lease, db, str_z(o->runner), now,
                                   now + p->route.timeout_us + SLACK_US, taken, e);
    if (done == OK && *taken)
        return db_commit(db, e);
    db_rollback(db);
    return done;
}

/* Composes the try and hands it over; what cannot be composed fails like any other try. */
static enum outcome place_send(struct outbox *o, struct place *p, const struct outbox_next_out *row,
                               struct err *e)
{
    struct outbox_request request;
    struct err own = { 0 };
    const struct outbox_compose compose = {
        .setup = o->setup,
        .keys = o->options.keys,
        .db = o->options.writer,
        .route = &p->route,
        .message = row,
        .now_us = env_now(o->options.env),
        .arena = p->arena,
    };
    p->state = PLACE_SENT;
    p->tries = row->tries;
    p->ticket = ++o->tickets;
    p->gives_up = env_mono(o->options.env) + p->route.timeout_us + SLACK_US / 2;
    struct outbox_result failed = { .ticket = p->ticket, .status = INT_NONE };
    if (outbox_compose(&request, &compose, &own) != OK) {
        log_err(o->options.env, "outbox.not_composed", &own);
        failed.code = own.code;
        return place_fail(o, p, &failed, e);
    }
    if (o->transport->send(o->transport->context, p->ticket, &request))
        return OK;
    failed.code = "outbox.no_room";
    p->tries--; /* no fault of the message's */
    return place_fail(o, p, &failed, e);
}

/* One that fails gets one place at a time until it answers again: the others need theirs. */
static enum outcome partner_room(int64_t *out, struct outbox *o, struct str partner,
                                 const struct outbox_route *route, struct err *e)
{
    struct outbox_failing_in in = { partner };
    struct outbox_failing_out row;
    bool failing;
    TRY(db_get(o->options.writer, &sql_outbox_failing, &in, &row, o->arena, &failing, e));
    *out = (failing ? 1 : route->at_once) - on_their_way(o, partner);
    return OK;
}

static enum outcome partner_send(struct outbox *o, struct str partner, struct err *e)
{
    struct outbox_route route;
    bool found;
    const int64_t now = env_now(o->options.env);
    TRY(outbox_route(&route, o->options.writer, partner, now, o->arena, &found, e));
    if (!found || (route.mail && !outbox_mails(o)))
        return OK; /* it waits, and the page says for what */
    int64_t room;
    TRY(partner_room(&room, o, partner, &route, e));
    if (room <= 0)
        return OK;
    const struct outbox_next_in in = { partner, now, now + 2 * route.last_wait_us, room };
    struct record_list list;
    TRY(db_list(o->options.writer, &sql_outbox_next, &in, &list, (size_t)room, o->arena, e));
    const struct outbox_next_out *rows = list.p;
    struct place *p;
    for (size_t i = 0; i < list.n && (p = place_free(o)); i++) {
        bool taken = false;
        arena_reset(p->arena);
        p->route = route;
        TRY(place_take(o, p, &rows[i], &taken, e));
        if (!taken)
            continue;
        snprintf(p->partner, sizeof p->partner, "%.*s", STR(partner));
        TRY(place_send(o, p, &rows[i], e));
    }
    return OK;
}

static enum outcome outbox_send_due(struct outbox *o, struct err *e)
{
    struct record_list list;
    if (!o->leads || !o->transport || env_mono(o->options.env) < o->look_at)
        return OK;
    o->look_at = env_mono(o->options.env) + LOOK_EVERY_US;
    arena_reset(o->arena);
    TRY(db_list(o->options.writer, &sql_outbox_partners, NULL, &list, PARTNERS_MAX, o->arena, e));
    const struct outbox_partners_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        TRY(partner_send(o, rows[i].partner, e));
    return OK;
}

/* --- what became of it --- */

static void place_says(struct outbox *o, struct place *p, const char *command,
                       const struct record *record, const void *body)
{
    struct err own = { 0 };
    struct str what =
        arena_printf(p->arena, "%s %s %lld", command, p->message.text, (long long)p->lease.token);
    p->end = (struct saying){
        .env = o->options.env,
        .gate = o->options.gate,
        .actor = &o->actor,
        .arena = p->arena,
    };
    p->state = PLACE_SAYS;
    if (!what.p || say(&p->end, what, command, record, body, &own) != OK)
        p->state = PLACE_FREE; /* its lease expires, and it is sent again */
}

static void place_delivered(struct outbox *o, struct place *p, const struct outbox_result *result)
{
    struct message_deliver body = { id_str(&p->message), p->lease.token, p->tries + 1,
                                    result->status };
    place_says(o, p, "message.deliver", &message_deliver_record, &body);
}

/* Tried again later, or dead. */
static enum outcome place_fail(struct outbox *o, struct place *p,
                               const struct outbox_result *result, struct err *e)
{
    struct db *db = o->options.writer;
    const int64_t tries = p->tries + 1;
    if (result->hopeless || tries >= p->route.tries_max) {
        struct message_die body = { id_str(&p->message), p->lease.token, str_z(result->code), tries,
                                    result->status };
        place_says(o, p, "message.die", &message_die_record, &body);
        return OK;
    }
    const int64_t wait = lease_wait(tries, p->route.first_wait_us, p->route.last_wait_us);
    p->state = PLACE_FREE;
    TRY(db_begin_aside(db, e));
    enum outcome done =
        lease_fail(&p->lease, db, tries, env_now(o->options.env) + wait, str_z(result->code), e);
    if (done == OK)
        return db_commit(db, e);
    db_rollback(db);
    return done;
}

static struct place *place_of(struct outbox *o, uint64_t ticket)
{
    for (size_t i = 0; i < OUTBOX_SLOTS; i++)
        if (o->places[i].state == PLACE_SENT && o->places[i].ticket == ticket)
            return &o->places[i];
    return NULL;
}

static enum outcome outbox_results(struct outbox *o, struct err *e)
{
    struct outbox_result result;
    while (o->transport && o->transport->next(o->transport->context, &result)) {
        struct place *p = place_of(o, result.ticket);
        o->look_at = env_mono(o->options.env); /* a place is free, or the next of an order */
        if (p && result.delivered)
            place_delivered(o, p, &result);
        else if (p)
            TRY(place_fail(o, p, &result, e));
    }
    return OK;
}

/* Answered: the lease goes. A refusal means that another has it by now, or that it is over. */
static enum outcome place_ended(struct outbox *o, struct place *p, struct err *e)
{
    struct db *db = o->options.writer;
    struct lease_drop_in in = { S("message"), id_str(&p->message) };
    p->state = PLACE_FREE;
    p->end.state = SAY_NOTHING;
    o->look_at = env_mono(o->options.env);
    if (p->end.error.outcome == REFUSED) {
        log_err(o->options.env, "outbox.not_said", &p->end.error);
        return OK;
    }
    TRY(db_begin_aside(db, e));
    enum outcome done = db_run(db, &sql_lease_drop, &in, NULL, e);
    if (done == OK)
        return db_commit(db, e);
    db_rollback(db);
    return done;
}

static enum outcome places_step(struct outbox *o, bool *busy, struct err *e)
{
    const int64_t mono = env_mono(o->options.env);
    for (size_t i = 0; i < OUTBOX_SLOTS; i++) {
        struct place *p = &o->places[i];
        const struct outbox_result lost = { .code = "outbox.timeout", .status = INT_NONE };
        if (p->state == PLACE_SENT && mono >= p->gives_up)
            TRY(place_fail(o, p, &lost, e));
        if (p->state != PLACE_SAYS)
            continue;
        if (say_step(&p->end) == SAY_ANSWERED)
            TRY(place_ended(o, p, e));
        *busy |= p->state == PLACE_SAYS && p->end.state == SAY_SENT;
    }
    return OK;
}

enum outcome outbox_step(struct outbox *o, bool *busy, struct err *e)
{
    *busy = false;
    TRY(outbox_results(o, e));
    TRY(places_step(o, busy, e));
    const uint64_t sent = o->tickets;
    TRY(outbox_send_due(o, e));
    *busy |= o->tickets != sent; /* its result may be there with the next turn */
    return OK;
}

void outbox_committed(struct outbox *o, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(events[i].type, "message.", sizeof "message." - 1) == 0)
            o->look_at = env_mono(o->options.env);
}

enum outcome outbox_next(struct outbox *o, int64_t *due, struct err *e)
{
    struct outbox_due_out row;
    bool found = false;
    const int64_t soon = env_now(o->options.env) + LOOK_EVERY_US;
    arena_reset(o->arena);
    if (o->transport)
        TRY(db_get(o->options.writer, &sql_outbox_due, NULL, &row, o->arena, &found, e));
    *due = !found ? TIME_NONE : row.due > soon ? row.due : soon;
    return OK;
}
