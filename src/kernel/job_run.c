/* The runner of jobs: takes leases, goes round its slots one step each, renews, and says through
 * the gate how each ended. */
#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "kernel/job.h"
#include "kernel/lease.h"
#include "kernel/say.h"

enum { TURN_ARENA_MAX = 4 << 20, LOOK_ARENA_MAX = 1 << 20, TEXT_MAX = 80 };

enum slot_state {
    SLOT_FREE,
    SLOT_RUNS,
    SLOT_SAYS, /* how it ended */
    SLOT_OVER, /* cancelled: the lease goes */
};

struct slot {
    struct jobs *jobs;
    enum slot_state state;
    const struct job_kind *kind;
    struct id job;
    struct lease lease;
    int64_t tries; /* before this run */
    struct job_work work;
    struct arena *arena;
    struct arena *turn;
    int64_t renewed; /* monotonic */
    struct saying end;
};

struct jobs {
    struct jobs_options options;
    struct actor actor;
    struct arena *arena; /* of one look at what waits */
    struct slot slots[JOBS_SLOTS];
    int64_t look_at; /* monotonic */
    bool leads;
    uint64_t progress;
    char runner[TEXT_MAX];
};

static enum outcome jobs_free_left(struct jobs *j, struct err *e)
{
    struct job_free_in in = { str_z(j->runner) };
    TRY(db_begin_aside(j->options.writer, e));
    enum outcome o = db_run(j->options.writer, &sql_job_free, &in, NULL, e);
    if (o == OK)
        o = db_run(j->options.writer, &sql_job_tidy, NULL, NULL, e);
    if (o == OK)
        return db_commit(j->options.writer, e);
    db_rollback(j->options.writer);
    return o;
}

enum outcome jobs_open(struct jobs **out, const struct jobs_options *options, struct err *e)
{
    struct jobs *j = calloc(1, sizeof *j);
    if (!j)
        return err_no_memory(e);
    j->options = *options;
    j->arena = arena_new(LOOK_ARENA_MAX);
    bool memory = j->arena != NULL;
    for (size_t i = 0; i < JOBS_SLOTS; i++) {
        j->slots[i].jobs = j;
        j->slots[i].arena = arena_new(JOB_ARENA_MAX);
        j->slots[i].turn = arena_new(TURN_ARENA_MAX);
        memory &= j->slots[i].arena && j->slots[i].turn;
    }
    struct buf runner = buf_over(j->runner, sizeof j->runner - 1);
    buf_str(&runner, options->runner);
    j->actor = (struct actor){
        .name = S("system/jobs"),
        .organisation = S("00000000-0000-8000-8000-000000000000"),
        .system = true,
    };
    j->look_at = env_mono(options->env);
    j->leads = true;
    enum outcome o = memory ? jobs_free_left(j, e) : err_no_memory(e);
    if (o == OK)
        *out = j;
    else
        jobs_close(j);
    return o;
}

void jobs_lead(struct jobs *j, bool leads)
{
    j->leads = leads;
    j->look_at = env_mono(j->options.env);
}

void jobs_close(struct jobs *j)
{
    struct err ignored = { 0 }; /* then leases expire by themselves */
    if (!j)
        return;
    if (db_shared(j->options.writer))
        (void)!jobs_free_left(j, &ignored);
    for (size_t i = 0; i < JOBS_SLOTS; i++) {
        arena_free(j->slots[i].arena);
        arena_free(j->slots[i].turn);
    }
    arena_free(j->arena);
    free(j);
}

uint64_t jobs_progress(const struct jobs *j)
{
    return j->progress;
}

/* --- taking --- */

static enum outcome slot_input(struct slot *s, struct str input, struct err *e)
{
    const struct record *record = s->kind->input;
    void *value = arena_alloc(s->arena, record->size);
    const struct json *json;
    if (!value)
        return err_no_memory(e);
    struct str text = arena_str(s->arena, input.p ? input : S("{}"));
    TRY(json_read(&json, s->arena, text, &json_limits_default, e));
    TRY(record_from_json(record, value, s->arena, json, e));
    s->work.input = value;
    return OK;
}

/* The lease is taken: a run begins where the last one's progress ended. */
static enum outcome slot_begin(struct slot *s, const struct job_next_out *row, struct err *e)
{
    struct jobs *j = s->jobs;
    struct lease_find_out lease;
    bool found;
    TRY(lease_find(&lease, j->options.writer, "job", row->job, j->arena, &found, e));
    arena_reset(s->arena);
    s->kind = job_kind_find(row->kind);
    s->tries = row->tries;
    s->work = (struct job_work){
        .job = id_str(&s->job),
        .db = j->options.writer,
        .env = j->options.env,
        .keys = j->options.keys,
        .arena = s->arena,
        .turn = s->turn,
        .done = found ? lease.done : 0,
        .total = found ? lease.total : 0,
    };
    s->renewed = env_mono(j->options.env);
    s->state = SLOT_RUNS;
    j->progress++;
    return OK;
}

static enum outcome slot_take(struct slot *s, const struct job_next_out *row, bool *taken,
                              struct err *e)
{
    struct jobs *j = s->jobs;
    struct db *db = j->options.writer;
    const int64_t now = env_now(j->options.env);
    memcpy(s->job.text, row->job.p, ID_LENGTH);
    s->job.text[ID_LENGTH] = '\0';
    s->lease = (struct lease){ "job", id_str(&s->job), 0 };
    TRY(db_begin_aside(db, e));
    enum outcome o = lease_take(&s->lease, db, str_z(j->runner), now, now + JOB_LEASE_US, taken, e);
    if (o == OK && *taken)
        o = db_commit(db, e);
    else
        db_rollback(db);
    return o == OK && *taken ? slot_begin(s, row, e) : o;
}

static struct slot *slot_free(struct jobs *j)
{
    for (size_t i = 0; i < JOBS_SLOTS; i++)
        if (j->slots[i].state == SLOT_FREE)
            return &j->slots[i];
    return NULL;
}

static void slot_ends(struct slot *s, const char *command, const struct record *record,
                      const void *body);

static void slot_gives_up(struct slot *s, const char *code, int64_t tries)
{
    struct job_fail body = { id_str(&s->job), s->lease.token, str_z(code), tries };
    slot_ends(s, "job.fail", &job_fail_record, &body);
}

static enum outcome jobs_take(struct jobs *j, struct err *e)
{
    const int64_t now = env_now(j->options.env);
    const struct job_next_in in = { now, now + 2 * JOB_RETRY_MAX_US, JOBS_SLOTS };
    struct record_list list;
    if (!j->leads || env_mono(j->options.env) < j->look_at || !slot_free(j))
        return OK;
    j->look_at = env_mono(j->options.env) + JOB_RENEW_US;
    arena_reset(j->arena);
    TRY(db_list(j->options.writer, &sql_job_next, &in, &list, JOBS_SLOTS, j->arena, e));
    const struct job_next_out *rows = list.p;
    struct slot *s;
    for (size_t i = 0; i < list.n && (s = slot_free(j)); i++) {
        bool taken = false;
        struct err own = { 0 };
        TRY(slot_take(s, &rows[i], &taken, e));
        if (!taken)
            continue;
        if (!s->kind)
            slot_gives_up(s, "job.unknown_kind", 1);
        else if (slot_input(s, rows[i].input, &own) != OK)
            slot_gives_up(s, own.code, 1);
    }
    return OK;
}

/* --- saying how it ended --- */

static void slot_ends(struct slot *s, const char *command, const struct record *record,
                      const void *body)
{
    struct jobs *j = s->jobs;
    struct err e = { 0 };
    struct str what =
        arena_printf(s->arena, "%s %s %lld", command, s->job.text, (long long)s->lease.token);
    s->end = (struct saying){
        .env = j->options.env,
        .gate = j->options.gate,
        .actor = &j->actor,
        .arena = s->arena,
    };
    s->state = SLOT_SAYS;
    if (!what.p || say(&s->end, what, command, record, body, &e) != OK)
        s->state = SLOT_FREE; /* its lease expires, and it is run again */
}

static enum outcome lease_leave(struct slot *s, bool failed, int64_t due, struct str code,
                                struct err *e)
{
    struct db *db = s->jobs->options.writer;
    struct lease_drop_in in = { str_z("job"), id_str(&s->job) };
    TRY(db_begin_aside(db, e));
    enum outcome o = failed ? lease_fail(&s->lease, db, s->tries + 1, due, code, e)
                            : db_run(db, &sql_lease_drop, &in, NULL, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    return o;
}

/* Answered: what was said stands, or another has the job by now. */
static enum outcome slot_ended(struct slot *s, struct err *e)
{
    struct jobs *j = s->jobs;
    const bool refused = s->state == SLOT_SAYS && s->end.error.outcome == REFUSED;
    if (refused)
        log_err(j->options.env, "job.not_said", &s->end.error);
    s->state = SLOT_FREE;
    j->progress++;
    j->look_at = env_mono(j->options.env);
    return refused ? OK : lease_leave(s, false, 0, (struct str){ 0 }, e);
}

/* --- running --- */

static enum outcome slot_renew(struct slot *s, struct err *e)
{
    struct jobs *j = s->jobs;
    struct db *db = j->options.writer;
    bool held = false;
    const int64_t mono = env_mono(j->options.env);
    if (mono - s->renewed < JOB_RENEW_US)
        return OK;
    s->renewed = mono;
    TRY(db_begin_aside(db, e));
    enum outcome o = lease_renew(&s->lease, db, env_now(j->options.env) + JOB_LEASE_US,
                                 s->work.done, s->work.total, &held, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    if (o == OK && !held)
        s->state = SLOT_FREE; /* another took over while this one slept */
    j->progress++;
    return o;
}

static void slot_finished(struct slot *s)
{
    struct err e = { 0 };
    struct buf b = buf_in(s->arena, JOB_RESULT_MAX);
    struct json_out out = json_out(&b);
    struct job_finish body = { .job = id_str(&s->job), .token = s->lease.token };
    if (s->work.result_record) {
        if (record_to_json(s->work.result_record, s->work.result, &out, NULL, &e) != OK ||
            buf_check(&b, &e) != OK) {
            slot_gives_up(s, e.code, s->tries + 1);
            return;
        }
        body.result = buf_get(&b);
    }
    slot_ends(s, "job.finish", &job_finish_record, &body);
}

/* A fault may pass: it is tried again later. What a rule refuses is not. */
static enum outcome slot_failed(struct slot *s, const struct err *own, struct err *e)
{
    struct jobs *j = s->jobs;
    const int64_t most = s->kind->tries_max > 0 ? s->kind->tries_max : JOB_TRIES_MAX;
    log_err(j->options.env, s->kind->name, own);
    if (own->outcome == REFUSED || s->tries + 1 >= most) {
        slot_gives_up(s, own->code, s->tries + 1);
        return OK;
    }
    s->state = SLOT_FREE;
    j->progress++;
    const int64_t wait = lease_wait(s->tries + 1, JOB_RETRY_US, JOB_RETRY_MAX_US);
    return lease_leave(s, true, env_now(j->options.env) + wait, str_z(own->code), e);
}

static enum outcome slot_run(struct slot *s, bool *busy, struct err *e)
{
    enum job_turn turn = JOB_GOES_ON;
    struct err own = { 0 };
    arena_reset(s->turn);
    if (s->kind->step(&s->work, &turn, &own) != OK)
        return slot_failed(s, &own, e);
    *busy |= turn != JOB_WAITS;
    if (turn == JOB_DONE) {
        slot_finished(s);
        return OK;
    }
    return slot_renew(s, e);
}

enum outcome jobs_step(struct jobs *j, bool *busy, struct err *e)
{
    *busy = false;
    TRY(jobs_take(j, e));
    for (size_t i = 0; i < JOBS_SLOTS; i++) {
        struct slot *s = &j->slots[i];
        if (s->state == SLOT_RUNS)
            TRY(slot_run(s, busy, e));
        const bool said = s->state == SLOT_SAYS && say_step(&s->end) == SAY_ANSWERED;
        if (said || s->state == SLOT_OVER)
            TRY(slot_ended(s, e));
        *busy |= s->state == SLOT_SAYS && s->end.state == SAY_SENT;
    }
    return OK;
}

/* --- what others did --- */

static void slot_cancel(struct jobs *j, struct str key)
{
    for (size_t i = 0; i < JOBS_SLOTS; i++) {
        struct slot *s = &j->slots[i];
        if (s->state == SLOT_RUNS && str_eq(stream_id(key), id_str(&s->job)))
            s->state = SLOT_OVER;
    }
}

void jobs_committed(struct jobs *j, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct str type = str_z(events[i].type);
        if (str_is(type, "job.cancelled"))
            slot_cancel(j, stream_str(&events[i].key));
        if (str_is(type, "job.queued") || str_is(type, "job.replayed"))
            j->look_at = env_mono(j->options.env);
    }
}

enum outcome jobs_next(struct jobs *j, int64_t *due, struct err *e)
{
    struct job_due_out row;
    bool found;
    const int64_t soon = env_now(j->options.env) + JOB_RENEW_US;
    arena_reset(j->arena);
    TRY(db_get(j->options.writer, &sql_job_due, NULL, &row, j->arena, &found, e));
    *due = !found ? TIME_NONE : row.due > soon ? row.due : soon;
    return OK;
}
