#include "app/tests/nth_work_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/auth.h"
#include "kernel/effect.h"
#include "kernel/file.h"
#include "kernel/flow.h"
#include "kernel/outbox_impl.h"
#include "kernel/sign_act.h"
#include "kernel/stop.h"
#include "kernel/tests/thing.h"
#include "kernel/trail.h"
#include "verify/verify.h"

#define T     "00000000-0000-8000-a000-740000000001"
#define ORDER "00000000-0000-8000-a000-6f0000000001"

enum {
    TOTAL = 5 + 4 + 100 + 1 + 3600 + 7 + 3, /* of all that is added to the thing, … */
    EVENTS = 1 + 2 + 4 + 1 + 1 + 1 + 1 + 1, /* … by so many events, two of them of a signature */
    TURNS_MAX = 10000,
};

/* The commands by their numbers, which are their ids' too. */
enum command {
    ADD,
    REFUSED_ADD,
    APPROVE,
    STORE,
    GROUP,
    FOLLOWED = GROUP + 4,
    TIMED,
    MESSAGE,
    LAST
};

static struct str id_of(int command)
{
    static char text[NTH_COMMANDS][40];
    snprintf(text[command], sizeof text[0], "00000000-0000-7000-a000-%012d", command + 1);
    return str_z(text[command]);
}

void nth_work_wrong(struct nth_work *w, const char *format, ...)
{
    static char text[800];
    va_list list;
    if (w->wrong.p)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    w->wrong = str_z(text);
}

/* --- a partner that takes everything --- */

static uint64_t sent[64];
static size_t nsent;

static bool transport_send(void *context, uint64_t ticket, const struct outbox_request *r)
{
    (void)context;
    (void)r;
    if (nsent < sizeof sent / sizeof sent[0])
        sent[nsent++] = ticket;
    return true;
}

static bool transport_next(void *context, struct outbox_result *out)
{
    (void)context;
    if (nsent == 0)
        return false;
    *out = (struct outbox_result){ .ticket = sent[--nsent], .delivered = true, .status = 204 };
    return true;
}

static const struct outbox_transport transport = { NULL, transport_send, transport_next };
static const struct outbox_setup setup = { .public_url = S("https://vein.example") };

static const struct module *const modules[] = {
    &flow_module,  &stop_module,     &timer_module,  &auth_module,   &define_module,
    &sign_module,  &sign_act_module, &file_module,   &outbox_module, &thing_module,
    &trail_module, &look_module,     &search_module, &effect_module, &nth_trial,
};
enum { MODULES = sizeof modules / sizeof modules[0] };

/* --- the node --- */

void nth_work_begin(struct nth_work *w, const char *folder)
{
    static const struct define_kind *const kinds[] = { &partner_kind };
    const int64_t start_us = INT64_C(1793000000) * TIME_SECOND;
    *w = (struct nth_work){ .f = { .strength = SIGN_CODE } };
    env_sim_init(&w->f.sim, 7, start_us);
    snprintf(w->f.path, sizeof w->f.path, "%s/db", folder);
    for (size_t i = 0; i < NTH_TRIES; i++)
        w->tries[i] = arena_new(64 << 20);
    define_use(kinds, 1);
    modules_use(modules, MODULES);
    fixture_person(&w->nurse, 1, 1, 1, "thing.add thing.approve file.store trial.attach trial.see");
    fixture_person(&w->program, 2, 1, 1, "");
    w->program.actor.system = true;
}

void nth_work_close(struct nth_work *w)
{
    if (w->open)
        node_close(&w->f.node);
    w->open = false;
    nsent = 0;
}

void nth_work_end(struct nth_work *w)
{
    nth_work_close(w);
    for (size_t i = 0; i < NTH_TRIES; i++)
        arena_free(w->tries[i]);
}

enum outcome nth_work_try(struct nth_work *w, const struct nth_step *s, struct err *e)
{
    BUG_ON(w->ntries == NTH_TRIES);
    w->f.arena = w->tries[w->ntries++];
    *e = (struct err){ 0 };
    return s->run(w, e);
}

enum outcome nth_work_open(struct nth_work *w, struct err *e)
{
    const struct node_options options = {
        .env = &w->f.sim.env,
        .path = w->f.path,
        .create = true,
        .modules = modules,
        .nmodules = MODULES,
    };
    nth_work_close(w);
    TRY(node_open(&w->f.node, &options, e));
    w->open = true;
    outbox_use(w->f.node.outbox, &transport, &setup);
    return OK;
}

/* --- steps --- */

static enum outcome keep(struct nth_work *w, int command, const struct gate_answer *answer)
{
    if (w->acked[command] && !answer->repeated)
        nth_work_wrong(w, "command %d was acknowledged, and is done a second time", command);
    if (w->acked[command] && !str_eq(w->answer[command], answer->body))
        nth_work_wrong(w, "command %d has another answer than at first", command);
    w->acked[command] = true;
    w->answer[command] = answer->body;
    return OK;
}

static enum outcome send(struct nth_work *w, int command, const struct fixture_person *who,
                         const char *name, const char *body, struct err *e)
{
    const enum outcome o = fixture_send_as(&w->f, who, id_of(command), name, NULL, body);
    *e = w->f.error;
    return o == OK ? keep(w, command, &w->f.answer) : o;
}

static enum outcome settle(struct nth_work *w, struct err *e)
{
    bool busy = true;
    for (int turns = 0; busy; turns++) {
        if (turns == TURNS_MAX)
            return err_fault(e, "nth.endless", "the node is never at rest");
        TRY(node_step(&w->f.node, INT64_MAX, &busy, e));
    }
    return OK;
}

static enum outcome define(struct nth_work *w, struct err *e)
{
    static const char yaml[] = "kind: partner\nname: a\nversion: 1\ntitle: Partner\n"
                               "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\n"
                               "endpoint: https://a.example/in\n";
    bool changed;
    struct define_context context = { .now_us = env_now(&w->f.sim.env), .arena = w->f.arena };
    TRY(store_reader_take(&context.db, w->f.node.store, e));
    const enum outcome o = define_load_text(w->f.node.gate, &context, w->program.actor.organisation,
                                            str_z(yaml), &changed, e);
    store_reader_give(w->f.node.store, context.db);
    return o;
}

static enum outcome add(struct nth_work *w, struct err *e)
{
    return send(w, ADD, &w->nurse, "thing.add",
                "{\"thing\":\"" T "\",\"order\":\"" ORDER "\",\"by\":5,\"note\":\"Ada\"}", e);
}

static enum outcome add_less(struct nth_work *w, struct err *e)
{
    return send(w, REFUSED_ADD, &w->nurse, "thing.add", "{\"thing\":\"" T "\",\"by\":-1}", e);
}

static enum outcome approve(struct nth_work *w, struct err *e)
{
    return send(w, APPROVE, &w->nurse, "thing.approve", "{\"thing\":\"" T "\"}", e);
}

static enum outcome store_file(struct nth_work *w, struct err *e)
{
    if (!w->file.p)
        TRY(nth_file_put(w, e));
    TRY(send(w, STORE, &w->nurse, "file.store", w->file_body.p, e));
    file_stored(w->f.node.files, w->file);
    return OK;
}

struct grouped {
    struct gate_command command;
    struct gate_answer answer;
    bool done;
};

static void group_answered(void *context, const struct gate_answer *answer)
{
    struct grouped *g = context;
    g->answer = *answer;
    g->done = true;
}

static enum outcome group(struct nth_work *w, struct err *e)
{
    struct grouped g[4] = { 0 };
    enum outcome o = OK;
    size_t n = 0;
    env_sim_advance(&w->f.sim, 1000);
    for (; n < 4 && o == OK; n++) {
        g[n].command = (struct gate_command){
            .id = id_of(GROUP + (int)n),
            .name = S("thing.add"),
            .body = S("{\"thing\":\"" T "\",\"by\":1}"),
            .actor = &w->nurse.actor,
            .happened = TIME_NONE,
            .entered = TIME_NONE,
            .arena = w->f.arena,
        };
        o = gate_submit(w->f.node.gate, &g[n].command, group_answered, &g[n], e);
        g[n].done = o != OK;
    }
    for (size_t i = 0; i < n; i++) {
        struct err step = { 0 };
        size_t ran;
        while (!g[i].done)
            (void)!gate_step(w->f.node.gate, &ran, &step);
        if (g[i].command.id.p && g[i].answer.error.outcome != OK && o == OK) {
            *e = g[i].answer.error;
            o = e->outcome;
        } else if (g[i].answer.body.p && g[i].answer.error.outcome == OK) {
            (void)!keep(w, GROUP + (int)i, &g[i].answer);
        }
    }
    return o;
}

static enum outcome followed(struct nth_work *w, struct err *e)
{
    TRY(send(w, FOLLOWED, &w->nurse, "thing.add", "{\"thing\":\"" T "\",\"by\":100}", e));
    return settle(w, e);
}

static enum outcome timed(struct nth_work *w, struct err *e)
{
    TRY(send(w, TIMED, &w->nurse, "thing.add", "{\"thing\":\"" T "\",\"by\":1,\"timer_s\":3600}",
             e));
    TRY(settle(w, e));
    if (!w->waited)
        env_sim_advance(&w->f.sim, 2 * TIME_HOUR);
    w->waited = true;
    return settle(w, e);
}

static enum outcome message(struct nth_work *w, struct err *e)
{
    TRY(send(w, MESSAGE, &w->program, "message.queue",
             "{\"partner\":\"a\",\"kind\":\"test\",\"about\":\"thing/1\",\"body\":{\"n\":1}}", e));
    return settle(w, e);
}

static enum outcome checkpoint(struct nth_work *w, struct err *e)
{
    return gate_checkpoint_step(w->f.node.gate, 0, e);
}

static enum outcome total(struct nth_work *w, struct thing_total *row, int64_t *events,
                          struct err *e)
{
    struct db *db;
    struct ledger_row *rows;
    struct thing_key key = { S(T) };
    bool found = false;
    size_t n = 0;
    *row = (struct thing_total){ 0 };
    TRY(store_reader_take(&db, w->f.node.store, e));
    enum outcome o = db_get(db, &sql_thing_total, &key, row, w->f.arena, &found, e);
    if (o == OK)
        o = ledger_head(db, S("thing/" T), events, e);
    if (o == OK)
        o = ledger_read(db, 0, 100, &rows, &n, w->f.arena, e);
    store_reader_give(w->f.node.store, db);
    if (o == OK && (!found || n == 0))
        nth_work_wrong(w, "a reader finds %zu events", n);
    return o;
}

static enum outcome list(struct nth_work *w, struct err *e)
{
    struct thing_total row;
    int64_t events;
    return total(w, &row, &events, e);
}

static enum outcome backup(struct nth_work *w, struct err *e)
{
    char path[sizeof w->f.path + sizeof ".copy"];
    snprintf(path, sizeof path, "%s.copy", w->f.path);
    const enum outcome o = store_backup(w->f.node.store, path, e);
    if (o == OK && unlink(path) != 0)
        nth_work_wrong(w, "a backup that is there is not there");
    if (o != OK && access(path, F_OK) == 0)
        nth_work_wrong(w, "half a backup is left behind");
    return o;
}

static enum outcome rebuild(struct nth_work *w, struct err *e)
{
    struct node_rebuild out;
    TRY(node_rebuild_check(&w->f.node, &out, e));
    if (!out.same)
        nth_work_wrong(w, "rebuilt differs: %s", out.difference);
    return OK;
}

static enum outcome verify(struct nth_work *w, struct err *e)
{
    const struct verify_options options = { 0 };
    struct verify_report report = { 0 };
    TRY(checkpoint(w, e)); /* after a fault it may be yet to come */
    if (verify_db(w->f.path, &options, &report))
        return OK;
    return err_fault(e, "nth.not_verified", "%s: %s", report.bad_item, report.reason);
}

static enum outcome check(struct nth_work *w, struct err *e)
{
    return store_check(w->f.node.store, e);
}

static enum outcome add_last(struct nth_work *w, struct err *e)
{
    TRY(send(w, LAST, &w->nurse, "thing.add", "{\"thing\":\"" T "\",\"by\":3}", e));
    return settle(w, e);
}

const struct nth_step nth_steps[] = {
    { "open", nth_work_open, NULL, false },
    { "define", define, NULL, true },
    { "add", add, NULL, true },
    { "add less", add_less, "gate.unknown", true },
    { "approve, signed", approve, NULL, true },
    { "store a file", store_file, NULL, true },
    { "four at once", group, NULL, true },
    { "add, and a policy follows", followed, NULL, true },
    { "add, and a timer fires", timed, NULL, true },
    { "queue a message, and it leaves", message, NULL, true },
    { "checkpoint", checkpoint, NULL, true },
    { "list", list, NULL, false },
    { "backup", backup, NULL, false },
    { "rebuild", rebuild, NULL, false },
    { "verify", verify, NULL, false },
    { "check", check, NULL, false },
    { "open again", nth_work_open, NULL, false },
    { "add the last", add_last, NULL, true },
};
const size_t nth_nsteps = sizeof nth_steps / sizeof nth_steps[0];

/* --- whole --- */

static void whole_message(struct nth_work *w)
{
    const struct json *json;
    struct db *db;
    struct err e = { 0 };
    struct outbox_find_out row;
    bool found = false;
    if (json_read(&json, w->f.arena, w->answer[MESSAGE], &json_limits_default, &e) != OK ||
        store_reader_take(&db, w->f.node.store, &e) != OK) {
        nth_work_wrong(w, "message: %s", e.code);
        return;
    }
    struct outbox_find_in in = { json_get_str(json, "message") };
    if (db_get(db, &sql_outbox_find, &in, &row, w->f.arena, &found, &e) != OK || !found ||
        !str_is(row.state, "delivered"))
        nth_work_wrong(w, "the message is not delivered");
    store_reader_give(w->f.node.store, db);
}

void nth_work_whole(struct nth_work *w)
{
    struct thing_total row = { 0 };
    int64_t events = 0;
    struct err e = { 0 };
    if (nth_work_open(w, &e) != OK)
        nth_work_wrong(w, "opened again: %s %s", e.code, e.detail);
    for (size_t i = 0; i < nth_nsteps && !w->wrong.p; i++) {
        const struct nth_step *s = &nth_steps[i];
        if (!s->commits)
            continue;
        const enum outcome o = nth_work_try(w, s, &e);
        if (s->refused ? o != REFUSED || strcmp(e.code, s->refused) != 0 : o != OK)
            nth_work_wrong(w, "done again, with nothing failing: %s: %s %s", s->name, e.code,
                           e.detail);
    }
    if (w->wrong.p)
        return;
    env_sim_advance(&w->f.sim, 2 * TIME_HOUR); /* leases end, and what waits to be tried again */
    if (settle(w, &e) != OK || rebuild(w, &e) != OK || verify(w, &e) != OK ||
        total(w, &row, &events, &e) != OK)
        nth_work_wrong(w, "at the end: %s %s", e.code, e.detail);
    if (row.total != TOTAL || events != EVENTS)
        nth_work_wrong(w, "%lld by %lld events, not %d by %d", (long long)row.total,
                       (long long)events, TOTAL, EVENTS);
    whole_message(w);
    nth_file_whole(w);
}
