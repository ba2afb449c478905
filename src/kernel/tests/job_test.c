/* Long work: it survives a crash in every state, one runner at a time works at it, and how it ended
 * is recorded once. */
#include "kernel/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/lease.h"
#include "kernel/node_impl.h"
#include "kernel/tests/fixture.h"

static struct fixture f;
static struct fixture_person worker;
static struct fixture_person reader;

/* --- kinds of job --- */

static int runs;    /* first steps: how often a run began */
static int failing; /* steps that meet a fault before one succeeds */

/* Counts to 5, one a step; the state is the run's own. */
static enum outcome count_step(struct job_work *w, enum job_turn *turn, struct err *e)
{
    if (!w->state) {
        w->state = arena_alloc(w->arena, 1);
        runs++;
    }
    if (failing > 0) {
        failing--;
        return err_fault(e, "thing.broken", "told to fail");
    }
    w->total = 5;
    w->done++;
    if (w->done >= w->total)
        *turn = JOB_DONE;
    return OK;
}
static enum outcome refused_step(struct job_work *w, enum job_turn *turn, struct err *e)
{
    (void)w;
    (void)turn;
    return REFUSE(e, "job.ledger_damaged");
}
static const struct job_kind count_kind = { "count", "job.queue", &job_nothing_record, 3,
                                            count_step };
static const struct job_kind refused_kind = { "refused", "job.queue", &job_nothing_record, 3,
                                              refused_step };
static const struct job_kind *const kinds[] = { &count_kind, &refused_kind, &job_read_back_kind };

static const struct module *const modules[] = { &job_module, &timer_module };

static int open_node(void **state)
{
    (void)state;
    runs = failing = 0;
    job_use(kinds, 3);
    fixture_open(&f, modules, 2);
    fixture_person(&worker, 1, 1, 1, "job.queue job.cancel job.replay ledger.see");
    fixture_person(&reader, 2, 2, 2, "job.queue");
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static struct str queue(const char *kind)
{
    const struct json *json;
    struct err e = { 0 };
    assert_int_equal(fixture_send(&f, &worker, "job.queue", NULL, "{'kind':'%s'}", kind), OK);
    assert_int_equal(json_read(&json, f.arena, f.answer.body, &json_limits_default, &e), OK);
    return arena_str(f.arena, json_get_str(json, "job"));
}

static struct job_find_out job_row(struct str job)
{
    struct db *db;
    struct err e = { 0 };
    struct job_find_in in = { job };
    struct job_find_out row;
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_job_find, &in, &row, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return row;
}

static bool in_state(struct str job, const char *state)
{
    return str_is(job_row(job).state, state);
}

static void step(void)
{
    bool busy;
    struct err e = { 0 };
    if (node_step(&f.node, 0, &busy, &e) != OK)
        fail_msg("step: %s: %s", e.code, e.detail);
}

/* The real one: every event is read back and hashed again. */
static void the_ledger_is_read_back(void **state)
{
    (void)state;
    struct str job = { 0 };
    for (int i = 0; i < 300; i++) { /* more than one tile of hashes */
        job = queue("count");
        assert_int_equal(fixture_send(&f, &worker, "job.cancel", NULL, "{'job':'%.*s'}", STR(job)),
                         OK);
    }
    fixture_settle(&f);
    job = queue("ledger.read_back");
    fixture_settle(&f);
    struct job_find_out row = job_row(job);
    assert_true(str_is(row.state, "finished"));
    assert_string_equal(arena_str(f.arena, row.result).p, "{\"events\":601}");
    fixture_rebuilds(&f);
}

/* Killed in each state: queued, leased, amid its steps, finished and not said. The node closes
 * without the runner's doing anything more, which is all that a crash leaves. */
static void a_job_survives_a_crash_in_every_state(void **state)
{
    (void)state;
    for (int steps = 0; steps < 9; steps++) {
        runs = 0;
        struct str job = queue("count");
        for (int i = 0; i < steps; i++)
            step();
        fixture_reopen(&f);
        fixture_settle(&f);
        assert_true(in_state(job, "finished"));
        assert_in_range(runs, 1, 2);
        const uint64_t size = ledger_size(f.node.ledger);
        fixture_reopen(&f);
        env_sim_advance(&f.sim, TIME_HOUR);
        fixture_settle(&f);
        assert_int_equal(ledger_size(f.node.ledger), size); /* recorded once */
    }
    fixture_rebuilds(&f);
}

static struct jobs *second_runner(const char *name)
{
    struct jobs *jobs;
    struct err e = { 0 };
    struct jobs_options options = {
        .gate = f.node.gate,
        .writer = f.node.impl->writer,
        .keys = f.node.keys,
        .env = &f.sim.env,
        .runner = str_z(name),
    };
    assert_int_equal(jobs_open(&jobs, &options, &e), OK);
    return jobs;
}

static void step_of(struct jobs *jobs)
{
    bool busy;
    struct err e = { 0 };
    assert_int_equal(jobs_step(jobs, &busy, &e), OK);
}

/* Two runners race for many jobs: each is worked at by one. */
static void two_runners_never_work_at_the_same(void **state)
{
    (void)state;
    struct str jobs[20];
    struct jobs *other = second_runner("other");
    for (int i = 0; i < 20; i++)
        jobs[i] = queue("count");
    for (int i = 0; i < 400; i++) {
        env_sim_advance(&f.sim, TIME_SECOND / 2);
        step_of(other);
        step();
    }
    for (int i = 0; i < 20; i++)
        assert_true(in_state(jobs[i], "finished"));
    assert_int_equal(runs, 20);
    jobs_close(other);
}

/* A runner that slept past its lease, while another took over and finished: what it says then is
 * refused, and the job ended once. */
static void who_slept_past_its_lease_is_refused(void **state)
{
    (void)state;
    struct jobs *sleeper = second_runner("sleeper");
    struct str job = queue("count");
    struct err e = { 0 };
    size_t ran;
    step_of(sleeper);
    step_of(sleeper);
    env_sim_advance(&f.sim, JOB_LEASE_US + TIME_SECOND);
    fixture_settle(&f); /* the node's own runner */
    assert_true(in_state(job, "finished"));
    const uint64_t size = ledger_size(f.node.ledger);
    for (int i = 0; i < 10; i++) {
        step_of(sleeper);
        assert_int_equal(gate_step(f.node.gate, &ran, &e), OK);
    }
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_int_equal(runs, 2);
    /* The same said outright, with the token of the lease before. */
    struct lease stale = { "job", job, 1 };
    struct db *db;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(lease_check(&stale, db, f.arena, &e), REFUSED);
    assert_string_equal(e.code, "lease.lost");
    store_reader_give(f.node.store, db);
    jobs_close(sleeper);
}

static void a_fault_is_tried_again_and_given_up(void **state)
{
    (void)state;
    failing = 2;
    struct str job = queue("count");
    fixture_settle(&f);
    assert_true(in_state(job, "queued")); /* not before its time */
    assert_int_equal(runs, 1);
    env_sim_advance(&f.sim, JOB_RETRY_US + TIME_SECOND);
    fixture_settle(&f);
    assert_int_equal(runs, 2);
    env_sim_advance(&f.sim, 2 * JOB_RETRY_US + TIME_SECOND);
    fixture_settle(&f);
    assert_true(in_state(job, "finished"));

    failing = 3;
    job = queue("count");
    for (int i = 0; i < 10; i++) {
        fixture_settle(&f);
        env_sim_advance(&f.sim, TIME_HOUR);
    }
    struct job_find_out row = job_row(job);
    assert_true(str_is(row.state, "failed"));
    assert_true(str_is(row.code, "thing.broken"));
    assert_int_equal(row.tries, 3);
    assert_int_equal(fixture_send(&f, &worker, "job.replay", "mended", "{'job':'%.*s'}", STR(job)),
                     OK);
    fixture_settle(&f);
    assert_true(in_state(job, "finished"));

    job = queue("refused"); /* what a rule says is not tried again */
    fixture_settle(&f);
    assert_true(in_state(job, "failed"));
    assert_int_equal(job_row(job).tries, 1);
    for (int deaths = 2; deaths < 4; deaths++) { /* each failure is one of its own */
        assert_int_equal(
            fixture_send(&f, &worker, "job.replay", "again", "{'job':'%.*s'}", STR(job)), OK);
        fixture_reopen(&f);
        fixture_settle(&f);
        assert_true(in_state(job, "failed"));
        assert_int_equal(job_row(job).tries, deaths);
    }
    fixture_rebuilds(&f);
}

static void a_job_is_cancelled(void **state)
{
    (void)state;
    struct str job = queue("count");
    step();
    step();
    assert_int_equal(fixture_send(&f, &reader, "job.cancel", NULL, "{'job':'%.*s'}", STR(job)),
                     REFUSED);
    fixture_refused(&f, "gate.unknown"); /* another organisation's is like none */
    assert_int_equal(fixture_send(&f, &worker, "job.cancel", NULL, "{'job':'%.*s'}", STR(job)), OK);
    fixture_settle(&f);
    assert_true(in_state(job, "cancelled"));
    assert_int_equal(fixture_send(&f, &worker, "job.cancel", NULL, "{'job':'%.*s'}", STR(job)),
                     REFUSED);
    fixture_refused(&f, "job.over");
    fixture_rebuilds(&f);
}

static void who_may_ask_for_what(void **state)
{
    (void)state;
    assert_int_equal(fixture_send(&f, &reader, "job.queue", NULL, "{'kind':'ledger.read_back'}"),
                     REFUSED);
    fixture_refused(&f, "gate.forbidden");
    assert_int_equal(fixture_send(&f, &worker, "job.queue", NULL, "{'kind':'nonsense'}"), REFUSED);
    fixture_refused(&f, "job.unknown_kind");
    assert_int_equal(
        fixture_send(&f, &worker, "job.queue", NULL, "{'kind':'count','input':{'what':1}}"),
        REFUSED);
    fixture_refused(&f, "record.unknown_field");
    struct str job = queue("count");
    assert_int_equal(
        fixture_send(&f, &worker, "job.finish", NULL, "{'job':'%.*s','token':1}", STR(job)),
        REFUSED);
    fixture_refused(&f, "gate.unknown"); /* the runner alone says so */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(the_ledger_is_read_back),
        CASE(a_job_survives_a_crash_in_every_state),
        CASE(two_runners_never_work_at_the_same),
        CASE(who_slept_past_its_lease_is_refused),
        CASE(a_fault_is_tried_again_and_given_up),
        CASE(a_job_is_cancelled),
        CASE(who_may_ask_for_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
