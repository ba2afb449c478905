/* Timers: rows that apply functions set, and the step that sends what is due. */
#include "kernel/timer.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/timer.sql.h"
#include "gen/kernel/timer_schema.sql.h"

#define EVENTS   "kernel/timer_events.def"
#define COMMANDS "kernel/timer_commands.def"
#include "kernel/wire.h"

const struct module timer_module = {
    .name = "timer",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &timer_schema,
};

enum outcome timer_set(struct db *db, struct str stream, struct str name, int64_t due,
                       struct str command, struct str body, struct err *e)
{
    BUG_ON(stream.n > STREAM_MAX || name.n > TIMER_NAME_MAX);
    struct timer_set_in in = { stream, name, due, command, body };
    return db_run(db, &sql_timer_set, &in, NULL, e);
}

enum outcome timer_clear(struct db *db, struct str stream, struct str name, struct err *e)
{
    struct timer_clear_in in = { stream, name };
    return db_run(db, &sql_timer_clear, &in, NULL, e);
}

/* --- confirming the clock --- */

enum outcome timer_confirm_clock_load(struct load *l, const struct timer_confirm_clock *body,
                                      struct timer_clock_state *state, struct err *e)
{
    (void)body;
    *state = (struct timer_clock_state){ 0 };
    load_own_scope(l);
    return load_stream(l, stream_of("clock", l->command->actor->organisation), NULL, e);
}

enum outcome timer_confirm_clock_decide(struct decision *d, const struct timer_confirm_clock *body,
                                        const struct timer_clock_state *state, struct err *e)
{
    (void)state;
    int64_t off = body->wall - d->now_us;
    if (off > TIME_MINUTE || off < -TIME_MINUTE)
        return REFUSE(e, "timer.clock_differs");
    struct timer_clock_confirmed payload = { d->now_us };
    decide_event(d, &(struct happening){
                        .stream = stream_of("clock", d->command->actor->organisation),
                        .type = &timer_clock_confirmed_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome timer_clock_confirmed_apply(struct db *db, const struct event *event,
                                         const struct timer_clock_confirmed *payload, struct err *e)
{
    (void)event;
    struct timer_confirm_in in = { payload->wall };
    return db_run(db, &sql_timer_confirm, &in, NULL, e);
}

/* --- firing --- */

struct timer_sent {
    struct id id; /* of the command; empty: this place is free */
    struct gate_command command;
    struct timers *timers;
    struct arena *arena;
};

/* The last timer looked at: the next step goes on behind it. */
struct timer_place {
    int64_t due;
    char stream[STREAM_MAX + 1];
    char name[TIMER_NAME_MAX + 1];
};
static const struct timer_place timers_first = { .due = TIME_NONE + 1 };

struct timers {
    struct gate *gate;
    const struct ledger *ledger;
    struct db *db;
    const struct env *env;
    struct actor actor;
    struct arena *arena; /* of one batch */
    struct timer_sent sent[TIMER_BATCH_MAX];
    size_t awaited;
    struct timer_place place;
    int64_t turned; /* monotonic: when this turn through all that is due began */
    bool held;
    int64_t wall; /* both clocks as last seen */
    int64_t mono;
    int64_t confirmed;
};

static enum outcome timers_confirmed_read(struct timers *t, int64_t *out, struct err *e)
{
    struct timer_confirmed_out row;
    bool found;
    TRY(db_get(t->db, &sql_timer_confirmed, NULL, &row, t->arena, &found, e));
    *out = found ? row.confirmed : TIME_NONE;
    return OK;
}

/* At start: a clock that stands before what was recorded last has been set back. */
static enum outcome timers_check_start(struct timers *t, int64_t size, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    TRY(timers_confirmed_read(t, &t->confirmed, e));
    TRY(ledger_read(t->db, size - 1, 1, &rows, &n, t->arena, e));
    if (n == 0)
        return OK;
    struct event last;
    TRY(event_read(&last, t->arena, rows[0].leaf, e));
    t->held |= last.recorded - t->wall > TIMER_STEP_MAX_US;
    return OK;
}

enum outcome timers_again(struct timers *t, struct err *e)
{
    BUG_ON(t->awaited > 0);
    arena_reset(t->arena);
    t->wall = env_now(t->env);
    t->mono = t->turned = env_mono(t->env);
    t->place = timers_first;
    TRY(timers_check_start(t, (int64_t)ledger_size(t->ledger), e));
    if (t->held)
        LOG(t->env, LOG_ERROR, "timer.held");
    return OK;
}

enum outcome timers_open(struct timers **out, struct gate *gate, const struct ledger *ledger,
                         struct db *writer, const struct env *env, struct err *e)
{
    struct timers *t = calloc(1, sizeof *t);
    struct arena *arena = arena_new(16 << 20);
    if (!t || !arena) {
        free(t);
        arena_free(arena);
        return err_no_memory(e);
    }
    t->gate = gate;
    t->ledger = ledger;
    t->db = writer;
    t->env = env;
    t->arena = arena;
    t->actor = (struct actor){
        .name = S("system/timer"),
        .organisation = S("00000000-0000-8000-8000-000000000000"),
        .system = true,
    };
    const enum outcome o = timers_again(t, e);
    if (o != OK) {
        timers_close(t);
        return o;
    }
    *out = t;
    return OK;
}

void timers_close(struct timers *t)
{
    if (!t)
        return;
    arena_free(t->arena);
    free(t);
}

bool timers_held(const struct timers *t)
{
    return t->held;
}

/* Sees steps of the wall clock against the monotonic one. */
static void timers_watch_clock(struct timers *t)
{
    int64_t wall = env_now(t->env);
    int64_t mono = env_mono(t->env);
    int64_t step = (wall - t->wall) - (mono - t->mono);
    t->wall = wall;
    t->mono = mono;
    if (step <= TIMER_STEP_MAX_US && step >= -TIMER_STEP_MAX_US)
        return;
    t->held = true;
    LOG(t->env, LOG_ERROR, "timer.held", LOG_F_INT("step_us", step));
}

void timers_committed(struct timers *t)
{
    if (!t->held)
        return;
    int64_t confirmed;
    struct err e = { 0 };
    if (timers_confirmed_read(t, &confirmed, &e) == OK && confirmed != t->confirmed) {
        t->confirmed = confirmed;
        t->held = false;
    }
}

static void timer_answered(void *context, const struct gate_answer *answer)
{
    struct timer_sent *sent = context;
    struct timers *t = sent->timers;
    t->awaited--;
    if (answer->error.outcome == OK && !answer->repeated)
        return;
    if (answer->error.outcome == OK)
        LOG(t->env, LOG_ERROR, "timer.still_due", LOG_F_ID("command", id_str(&sent->id)));
    else
        log_err(t->env, "timer.not_fired", &answer->error);
}

static enum outcome timer_send(struct timers *t, const struct timer_due_list_out *row,
                               struct timer_sent *sent, struct err *e)
{
    struct str what = arena_printf(t->arena, "timer %.*s %.*s %lld", STR(row->stream),
                                   STR(row->name), (long long)row->due);
    if (!what.p)
        return err_no_memory(e);
    sent->id = gate_own_id(t->gate, what);
    sent->timers = t;
    sent->command = (struct gate_command){
        .id = id_str(&sent->id),
        .name = row->command,
        .body = row->body,
        .actor = &t->actor,
        .happened = row->due,
        .entered = TIME_NONE,
        .arena = t->arena,
    };
    t->awaited++;
    enum outcome o = gate_submit(t->gate, &sent->command, timer_answered, sent, e);
    if (o != OK)
        t->awaited--;
    return o;
}

static void timers_passed(struct timers *t, const struct timer_due_list_out *row)
{
    t->place = (struct timer_place){ .due = row->due };
    BUG_ON(row->stream.n > STREAM_MAX || row->name.n > TIMER_NAME_MAX); /* see timer_set */
    memcpy(t->place.stream, row->stream.p, row->stream.n);
    memcpy(t->place.name, row->name.p, row->name.n);
}

enum outcome timers_step(struct timers *t, size_t *sent, struct err *e)
{
    *sent = 0;
    timers_watch_clock(t);
    if (t->held || t->awaited > 0)
        return OK;
    if (t->mono - t->turned >= TIMER_RETRY_US) {
        t->place = timers_first;
        t->turned = t->mono;
    }
    arena_reset(t->arena);
    struct timer_due_list_in in = { t->wall, t->place.due, str_z(t->place.stream),
                                    str_z(t->place.name), TIMER_BATCH_MAX };
    struct record_list due;
    TRY(db_list(t->db, &sql_timer_due_list, &in, &due, TIMER_BATCH_MAX, t->arena, e));
    const struct timer_due_list_out *rows = due.p;
    for (size_t i = 0; i < due.n; i++) {
        struct err own = { 0 };
        enum outcome o = timer_send(t, &rows[i], &t->sent[*sent], &own);
        if (o == REFUSED && str_is(str_z(own.code), "gate.busy"))
            return OK; /* its turn comes with the next step */
        if (o == OK)
            ++*sent;
        else
            log_err(t->env, "timer.not_sent", &own);
        timers_passed(t, &rows[i]);
    }
    return OK;
}

enum outcome timers_next(struct timers *t, int64_t *due, struct err *e)
{
    struct timer_next_out row;
    bool found;
    TRY(db_get(t->db, &sql_timer_next, NULL, &row, t->arena, &found, e));
    *due = found ? row.due : TIME_NONE;
    return OK;
}
