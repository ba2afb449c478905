/* Jobs as events and rows: asked for, finished, failed, cancelled, replayed. */
#include "kernel/job.h"

#include "base/id.h"
#include "gen/kernel/job_schema.sql.h"
#include "kernel/lease.h"

#define EVENTS   "kernel/job_events.def"
#define COMMANDS "kernel/job_commands.def"
#include "kernel/wire.h"
#define RECORDS "kernel/job.def"
#include "base/record_tables.h"
#undef RECORDS

static const struct job_kind *const module_jobs[] = { &job_read_back_kind };

const struct module job_module = {
    .name = "job",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(jobs),
    .schema = &job_schema,
};

/* --- kinds --- */

static const struct job_kind *const *kinds = module_jobs;
static size_t nkinds = sizeof module_jobs / sizeof module_jobs[0];

void job_use(const struct job_kind *const *all, size_t n)
{
    kinds = all;
    nkinds = n;
}

const struct job_kind *const *job_kinds(size_t *n)
{
    *n = nkinds;
    return kinds;
}

const struct job_kind *job_kind_find(struct str name)
{
    for (size_t i = 0; i < nkinds; i++)
        if (str_is(name, kinds[i]->name))
            return kinds[i];
    return NULL;
}

static void job_says(struct decision *d, const struct event_type *type, struct str job,
                     const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("job", job),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- job.queue --- */

enum outcome job_queue_load(struct load *l, const struct job_queue *body,
                            struct job_queue_state *state, struct err *e)
{
    const struct actor *a = l->command->actor;
    const struct job_kind *kind = job_kind_find(body->kind);
    struct id id = id_derive(l->command->id, S("job"), 0);
    load_own_scope(l);
    state->job = arena_str(l->arena, id_str(&id));
    state->kind_found = kind != NULL;
    if (kind && !a->system && !actor_may(a, str_z(kind->permission), a->organisation, a->site))
        return REFUSE(e, "gate.forbidden", { "command", str_z(kind->permission) });
    return load_stream(l, stream_of("job", state->job), NULL, e);
}

/* The input must fit the kind's record; what does not is refused before anyone works at it. */
static enum outcome job_input_check(const struct decision *d, const struct job_queue *body,
                                    struct err *e)
{
    const struct record *record = job_kind_find(body->kind)->input;
    void *input = arena_alloc(d->arena, record->size);
    const struct json *json;
    if (!input)
        return err_no_memory(e);
    TRY(json_read(&json, d->arena, body->input.p ? body->input : S("{}"), &json_limits_default, e));
    return record_from_json(record, input, d->arena, json, e);
}

enum outcome job_queue_decide(struct decision *d, const struct job_queue *body,
                              const struct job_queue_state *state, struct err *e)
{
    if (!state->kind_found)
        return REFUSE(e, "job.unknown_kind", { "kind", body->kind });
    TRY(job_input_check(d, body, e));
    struct job_queued payload = {
        .job = state->job,
        .kind = body->kind,
        .organisation = d->command->actor->organisation,
        .site = d->command->actor->site,
        .input = body->input,
    };
    job_says(d, &job_queued_event, state->job, &payload);
    struct job_made answer = { state->job };
    decide_answer(d, &job_made_record, &answer);
    return OK;
}

/* --- what ends it --- */

static enum outcome job_load(struct load *l, struct str job, struct job_state *state, struct err *e)
{
    struct job_find_in in = { job };
    load_kind(l, "job");
    TRY(load_stream(l, stream_of("job", job), NULL, e));
    TRY(db_get(l->db, &sql_job_find, &in, &state->row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_scope(l, state->row.organisation, (struct str){ 0 });
    return OK;
}

/* Only the runner that holds the lease may say so. */
static enum outcome job_runner_load(struct load *l, struct str job, int64_t token,
                                    struct job_state *state, struct err *e)
{
    const struct lease lease = { "job", job, token };
    if (!l->command->actor->system)
        return load_unknown(l, e);
    TRY(job_load(l, job, state, e));
    return lease_check(&lease, l->db, l->arena, e);
}

static enum outcome job_waiting(const struct job_state *state, struct err *e)
{
    if (str_is(state->row.state, "queued"))
        return OK;
    return REFUSE(e, "job.over", { "state", state->row.state });
}

enum outcome job_finish_load(struct load *l, const struct job_finish *body, struct job_state *state,
                             struct err *e)
{
    return job_runner_load(l, body->job, body->token, state, e);
}

enum outcome job_finish_decide(struct decision *d, const struct job_finish *body,
                               const struct job_state *state, struct err *e)
{
    TRY(job_waiting(state, e));
    struct job_finished payload = { body->job, body->result };
    job_says(d, &job_finished_event, body->job, &payload);
    return OK;
}

enum outcome job_fail_load(struct load *l, const struct job_fail *body, struct job_state *state,
                           struct err *e)
{
    return job_runner_load(l, body->job, body->token, state, e);
}

enum outcome job_fail_decide(struct decision *d, const struct job_fail *body,
                             const struct job_state *state, struct err *e)
{
    TRY(job_waiting(state, e));
    struct job_failed payload = { body->job, body->code, body->tries };
    job_says(d, &job_failed_event, body->job, &payload);
    return OK;
}

enum outcome job_cancel_load(struct load *l, const struct job_cancel *body, struct job_state *state,
                             struct err *e)
{
    return job_load(l, body->job, state, e);
}

enum outcome job_cancel_decide(struct decision *d, const struct job_cancel *body,
                               const struct job_state *state, struct err *e)
{
    TRY(job_waiting(state, e));
    struct job_cancelled payload = { body->job };
    job_says(d, &job_cancelled_event, body->job, &payload);
    return OK;
}

enum outcome job_replay_load(struct load *l, const struct job_replay *body, struct job_state *state,
                             struct err *e)
{
    return job_load(l, body->job, state, e);
}

enum outcome job_replay_decide(struct decision *d, const struct job_replay *body,
                               const struct job_state *state, struct err *e)
{
    if (!str_is(state->row.state, "failed"))
        return REFUSE(e, "job.not_failed", { "state", state->row.state });
    struct job_replayed payload = { body->job };
    job_says(d, &job_replayed_event, body->job, &payload);
    return OK;
}

/* --- rows --- */

enum outcome job_queued_apply(struct db *db, const struct event *event,
                              const struct job_queued *payload, struct err *e)
{
    struct job_queue_in in = { payload->job, payload->kind,   payload->organisation, payload->site,
                               event->actor, event->recorded, payload->input };
    return db_run(db, &sql_job_queue, &in, NULL, e);
}

static enum outcome job_ends(struct db *db, const struct event *event, struct job_end_in *in,
                             struct err *e)
{
    in->ended = event->recorded;
    in->ended_by = event->actor;
    return db_run(db, &sql_job_end, in, NULL, e);
}

enum outcome job_finished_apply(struct db *db, const struct event *event,
                                const struct job_finished *payload, struct err *e)
{
    return job_ends(db, event,
                    &(struct job_end_in){
                        .job = payload->job, .state = S("finished"), .result = payload->result },
                    e);
}

enum outcome job_failed_apply(struct db *db, const struct event *event,
                              const struct job_failed *payload, struct err *e)
{
    return job_ends(db, event,
                    &(struct job_end_in){ .job = payload->job,
                                          .state = S("failed"),
                                          .code = payload->code,
                                          .tries = payload->tries },
                    e);
}

enum outcome job_cancelled_apply(struct db *db, const struct event *event,
                                 const struct job_cancelled *payload, struct err *e)
{
    return job_ends(db, event, &(struct job_end_in){ .job = payload->job, .state = S("cancelled") },
                    e);
}

enum outcome job_replayed_apply(struct db *db, const struct event *event,
                                const struct job_replayed *payload, struct err *e)
{
    (void)event;
    struct job_again_in in = { payload->job };
    return db_run(db, &sql_job_again, &in, NULL, e);
}
