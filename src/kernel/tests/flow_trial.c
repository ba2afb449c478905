#include "kernel/tests/flow_trial.h"

#include "kernel/sign_act.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/flow_record.h"
#include "kernel/flow_share.h"
#include "kernel/segregate.h"
#include "kernel/stop.h"

#define RECORDS "kernel/tests/flow_trial_commands.def"
#include "base/record_tables.h"
#include "kernel/define_commands.h"
#undef RECORDS

enum { TRIAL_POINTS = 7 };
static const struct flow_point trial_points[TRIAL_POINTS];

const struct module trial_module = {
    .name = "trial",
    MODULE_ARRAY(commands),
    .points = trial_points,
    .npoints = TRIAL_POINTS,
};

/* --- what is defined --- */

static const struct flow_point trial_points[TRIAL_POINTS] = {
    { .name = "patient", .act = "collect", .material = "" },
    { .name = "receipt", .act = "receive", .material = "", .gate = true },
    { .name = "step", .act = "process", .material = NULL },
    { .name = "released", .act = "release", .gate = true, .origin = { "receive" } },
    { .name = "supplied", .act = "supply", .instead = "release", .gate = true },
    { .name = "bedside", .act = "give", .gate = true, .behind = { "release" } },
    { .name = "before_thaw", .act = "thaw", .material = "cryopreserved" },
};

static const struct define_kind trial_role_kind = { .name = "role", .shape = &trial_role_record };
static const struct define_kind *const trial_kinds[] = { &workflow_kind, &form_kind,
                                                         &segregation_kind, &sharing_kind,
                                                         &trial_role_kind };

static const char apheresis_1[] = TRIAL_HEAD(
    "form", "apheresis",
    "1") "fields:\n"
         "- {name: volume, label: Volume, type: quantity, unit: mL, required: true, max: 500}\n"
         "- {name: cells, label: Cells, type: quantity, unit: 10*9}\n"
         "- {name: donor, label: Donor, type: text, sealed: true}\n"
         "- name: adequate\n"
         "  label: Adequate\n"
         "  type: choice\n"
         "  choices: [{value: 'yes', label: Yes}, {value: 'no', label: No}]\n";

const char trial_apheresis_2[] = TRIAL_HEAD(
    "form", "apheresis",
    "2") "fields:\n"
         "- {name: volume, label: Volume, type: quantity, unit: mL, required: true}\n"
         "- {name: duration, label: Duration, type: quantity, unit: min, required: true}\n"
         "- name: adequate\n"
         "  label: Adequate\n"
         "  type: choice\n"
         "  choices: [{value: 'yes', label: Yes}]\n";

const char trial_workflow[] = TRIAL_HEAD(
    "workflow", "trial",
    "1") "product: trial\n"
         "material: fresh\n"
         "parts: [site, maker]\n"
         "stages:\n"
         "- name: collection\n"
         "  title: Collection\n"
         "  tasks:\n"
         "  - {name: collect, title: Collect, part: site, role: nurse, act: collect,\n"
         "     checks: [patient], makes: [bag], form: apheresis, second_person: true}\n"
         "  - {name: pack, title: Pack, part: site, role: nurse, needs: [handed_over], limit: "
         "PT2H}\n"
         "- name: manufacture\n"
         "  title: Manufacture\n"
         "  tasks:\n"
         "  - name: receive\n"
         "    title: Receive\n"
         "    part: maker\n"
         "    role: operator\n"
         "    act: receive\n"
         "    checks: [receipt]\n"
         "    guards:\n"
         "    - {name: in_window, text: received within 72 hours, of: collect, within: PT72H}\n"
         "    - {name: enough, text: 50 mL or more collected, task: collect, field: volume,\n"
         "       at_least: 50}\n"
         "    - {name: adequate, text: collection adequate, task: collect, field: adequate,\n"
         "       is: 'yes'}\n"
         "  - {name: sterility, title: Sterility, part: maker, role: operator, late: true,\n"
         "     limit: P14D}\n"
         "  - name: wash\n"
         "    title: Wash\n"
         "    part: maker\n"
         "    role: operator\n"
         "    guards:\n"
         "    - {name: rested, text: rested for an hour, of: receive, after: PT1H}\n"
         "    - {name: signed, text: the courier signed, fact: signed}\n"
         "  - name: release\n"
         "    title: Release\n"
         "    part: maker\n"
         "    role: operator\n"
         "    guards: [{name: sterile, text: sterility is known, done: sterility}]\n"
         "  - {name: follow_up, title: Follow-up, part: site, role: nurse, late: true}\n"
         "viability:\n"
         "- {name: fresh, title: Fresh cells, from: collect, until: receive, limit: PT72H}\n";

/* --- the module --- */

enum outcome trial_start_load(struct load *l, const struct trial_start *body,
                              struct flow_plan *state, struct err *e)
{
    load_own_scope(l);
    TRY(load_order(l, body->order, e));
    return load_flow_new(l, body->order, body->workflow, state, e);
}

enum outcome trial_start_decide(struct decision *d, const struct trial_start *body,
                                const struct flow_plan *state, struct err *e)
{
    return flow_start(d, body->order, state, body->parties.p, body->parties.n, e);
}

enum outcome trial_note_load(struct load *l, const struct trial_note *body, struct flow_view *state,
                             struct err *e)
{
    return load_flow(l, body->order, body->task, state, e);
}

enum outcome trial_note_decide(struct decision *d, const struct trial_note *body,
                               const struct flow_view *state, struct err *e)
{
    TRY(flow_task_ready(state, body->task, d->command->actor, e));
    flow_note(d, state, body->task, body->fact);
    return OK;
}

enum outcome trial_stop_load(struct load *l, const struct trial_stop *body, struct flow_view *state,
                             struct err *e)
{
    return load_flow(l, body->order, (struct str){ 0 }, state, e);
}

enum outcome trial_stop_decide(struct decision *d, const struct trial_stop *body,
                               const struct flow_view *state, struct err *e)
{
    (void)e;
    struct ladder_rung ladder[LADDER_RUNGS_MAX];
    size_t nladder = flow_stop_ladder(ladder, state, d->now_us);
    struct stop_raised raised = {
        .order = body->order,
        .point = S("receipt"),
        .safe_state = S("quarantine"),
        .organisation = state->parties[0].organisation,
        .site = state->parties[0].site,
        .respond_by = TIME_NONE,
        .escalate = { nladder > 0 ? ladder : NULL, nladder },
    };
    stop_raise(d, &raised);
    return OK;
}

/* --- running it --- */

static void must_load(struct trial *t, const char *yaml)
{
    struct err e = { 0 };
    if (trial_load(t, yaml, &e) != OK)
        fail_msg("%s: line %.*s, at %.*s %s", e.code, STR(err_param(&e, "line")),
                 STR(err_param(&e, "at")), e.detail);
}

void trial_open(struct trial *t)
{
    static const struct module *const modules[] = { &stop_module,        &timer_module,
                                                    &define_module,      &flow_module,
                                                    &flow_record_module, &sign_module,
                                                    &sign_act_module,    &trial_module };
    static const struct flow_point *const tables[] = { trial_points };
    static const size_t ns[] = { sizeof trial_points / sizeof trial_points[0] };
    define_use(trial_kinds, sizeof trial_kinds / sizeof trial_kinds[0]);
    flow_use_points(tables, ns, 1);
    *t = (struct trial){ 0 };
    fixture_open(&t->f, modules, sizeof modules / sizeof modules[0]);
    fixture_person(&t->nurse, 1, 1, 1,
                   "flow.complete flow.correct flow.repeat trial.note role.nurse");
    fixture_person(&t->second, 2, 1, 1, "flow.complete trial.note role.nurse");
    fixture_person(&t->coordinator, 3, 1, 1,
                   "define.load trial.start trial.stop flow.complete flow.hold flow.resume flow.end"
                   " stop.resolve flow.propose_move flow.approve_move flow.decline_move flow.repeat"
                   " flow.name_person");
    fixture_person(&t->operator, 4, 2, 2, "flow.complete trial.note role.operator");
    fixture_person(&t->approver, 6, 2, 2,
                   "flow.propose_move flow.approve_move flow.decline_move stop.resolve");
    fixture_person(&t->stranger, 5, 3, 3,
                   "flow.complete flow.correct flow.hold trial.note role.nurse role.operator"
                   " flow.repeat flow.propose_move flow.approve_move flow.decline_move");
    must_load(t, TRIAL_HEAD("role", "nurse", "1") "permissions: [flow.complete]\n");
    must_load(t, TRIAL_HEAD("role", "operator", "1") "permissions: [flow.complete]\n");
    must_load(t, apheresis_1);
    must_load(t, trial_workflow);
}

void trial_close(struct trial *t)
{
    fixture_close(&t->f);
}

enum outcome trial_load(struct trial *t, const char *yaml, struct err *e)
{
    struct define_context context = { .arena = t->f.arena };
    bool changed;
    assert_int_equal(store_reader_take(&context.db, t->f.node.store, e), OK);
    env_sim_advance(&t->f.sim, TIME_SECOND);
    context.now_us = env_now(&t->f.sim.env);
    enum outcome o = define_load_text(t->f.node.gate, &context, t->coordinator.actor.organisation,
                                      str_z(yaml), &changed, e);
    store_reader_give(t->f.node.store, context.db);
    return o;
}

enum outcome trial_begin(struct trial *t, int n, const char *workflow)
{
    snprintf(t->order, sizeof t->order, "%.*s", STR(fixture_id('r', n)));
    return fixture_send(&t->f, &t->coordinator, "trial.start", NULL,
                        "{'order':'%s','workflow':'%s','parties':["
                        "{'part':'site','organisation':'%.*s','site':'%.*s'},"
                        "{'part':'maker','organisation':'%.*s','site':'%.*s'}]}",
                        t->order, workflow, STR(t->nurse.actor.organisation),
                        STR(t->nurse.actor.site), STR(t->operator.actor.organisation),
                        STR(t->operator.actor.site));
}

enum outcome trial_complete(struct trial *t, const struct fixture_person *who, const char *task,
                            const char *inputs)
{
    return fixture_send(&t->f, who, "flow.complete", NULL,
                        "{'order':'%s','task':'%s','inputs':[%s]}", t->order, task, inputs);
}

enum outcome trial_note_fact(struct trial *t, const struct fixture_person *who, const char *task,
                             const char *fact)
{
    return fixture_send(&t->f, who, "trial.note", NULL, "{'order':'%s','task':'%s','fact':'%s'}",
                        t->order, task, fact);
}

void trial_do(struct trial *t, const char *task)
{
    static const struct {
        const char *task;
        bool nurse;
        const char *facts[2];
        const char *inputs;
        int64_t after;
    } way[] = {
        { "collect",
          true,
          { "check:patient", "made:bag" },
          "{'name':'volume','entered':'100'},{'name':'adequate','entered':'yes'}",
          0 },
        { "pack", true, { "handed_over", "signed" }, "", 0 },
        { "receive", false, { "check:receipt", NULL }, "", 0 },
        { "sterility", false, { NULL, NULL }, "", 0 },
        { "wash", false, { NULL, NULL }, "", TIME_HOUR },
        { "release", false, { NULL, NULL }, "", 0 },
        { "follow_up", true, { NULL, NULL }, "", 0 },
    };
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        if (strcmp(way[i].task, task) != 0)
            continue;
        env_sim_advance(&t->f.sim, way[i].after);
        const struct fixture_person *who = way[i].nurse ? &t->nurse : &t->operator;
        for (size_t k = 0; k < 2 && way[i].facts[k]; k++)
            assert_int_equal(trial_note_fact(t, who, task, way[i].facts[k]), OK);
        if (trial_complete(t, way[i].nurse ? &t->second : &t->operator, task, way[i].inputs) != OK)
            fail_msg("%s: %s %s", task, t->f.error.code, t->f.error.detail);
        return;
    }
    fail_msg("no task %s", task);
}

struct flow_view trial_view(struct trial *t)
{
    struct db *db;
    struct err e = { 0 };
    struct flow_view v;
    assert_int_equal(store_reader_take(&db, t->f.node.store, &e), OK);
    assert_int_equal(flow_read(db, str_z(t->order), &v, t->f.arena, &e), OK);
    store_reader_give(t->f.node.store, db);
    return v;
}

size_t trial_events(struct trial *t, const char *type)
{
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t nrows;
    size_t n = 0;
    char key[60];
    snprintf(key, sizeof key, "order/%s", t->order);
    assert_int_equal(store_reader_take(&db, t->f.node.store, &e), OK);
    assert_int_equal(ledger_read_key(db, str_z(key), -1, 200, &rows, &nrows, t->f.arena, &e), OK);
    store_reader_give(t->f.node.store, db);
    for (size_t i = 0; i < nrows; i++) {
        struct event event;
        assert_int_equal(event_read(&event, t->f.arena, rows[i].leaf, &e), OK);
        if (!str_is(event.type, type))
            continue;
        if (n++ == 0)
            t->payload = event.payload;
    }
    return n;
}

bool trial_is_open(struct trial *t, const char *task)
{
    struct flow_view v = trial_view(t);
    for (size_t i = 0; i < v.ntasks; i++)
        if (str_is(v.tasks[i].task, task))
            return !v.tasks[i].done;
    return false;
}
