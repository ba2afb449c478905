#include "modules/custody/tests/custody_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/stop.h"
#include "kernel/tests/flow_trial.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\neffective: 2026-01-01T00:00:00Z\n"
#define WORKFLOW(name, material, store, retrieve, thaw)                                            \
    HEAD("workflow", name)                                                                         \
    "product: " name "\nmaterial: " material "\n"                                                  \
    "parts: [hospital, courier, plant]\n"                                                          \
    "stages:\n"                                                                                    \
    "- name: all\n"                                                                                \
    "  title: All\n"                                                                               \
    "  tasks:\n"                                                                                   \
    "  - {name: collect, title: Collect, part: hospital, role: nurse, act: collect,\n"             \
    "     checks: [patient_at_collection, label_at_chair], units: [bag], makes: [bag]}\n"          \
    "  - {name: pack_out, title: Pack, part: hospital, role: nurse, units: [bag],\n"               \
    "     needs: [offered]}\n"                                                                     \
    "  - {name: pick_up, title: Pick up, part: courier, role: courier, act: hand_over,\n"          \
    "     checks: [handover_to_courier], units: [bag], needs: [accepted]}\n"                       \
    "  - {name: deliver, title: Deliver, part: courier, role: courier, units: [bag],\n"            \
    "     needs: [offered]}\n"                                                                     \
    "  - {name: receive, title: Receive, part: plant, role: operator, act: receive_material,\n"    \
    "     checks: [receipt_at_manufacture], units: [bag], needs: [accepted]}\n"                    \
    "  - {name: sample, title: Sample, part: plant, role: operator, act: sample,\n"                \
    "     checks: [before_qc_sampling], units: [bag]}\n"                                           \
    "  - {name: fill, title: Fill, part: plant, role: operator, act: process,\n"                   \
    "     checks: [before_processing], units: [bag], makes: [final_bag]}\n" store                  \
    "  - {name: release, title: Release, part: plant, role: operator, act: release,\n"             \
    "     checks: [before_release], units: [final_bag]}\n" retrieve                                \
    "  - {name: arrive, title: Arrive, part: hospital, role: nurse, act: receive_product,\n"       \
    "     checks: [receipt_at_treatment_site], units: [final_bag], needs: [accepted]}\n"           \
    "  - {name: readiness, title: Readiness, part: hospital, role: nurse, form: readiness}\n" thaw \
    "  - name: administer\n"                                                                       \
    "    title: Administer\n"                                                                      \
    "    part: hospital\n"                                                                         \
    "    role: nurse\n"                                                                            \
    "    act: administer\n"                                                                        \
    "    checks: [administration]\n"                                                               \
    "    units: [final_bag]\n"                                                                     \
    "    needs: [all_given]\n" GUARDS
#define GUARDS                                                                                     \
    "    guards: [{name: fit, text: the patient is fit, task: readiness, field: fit, is: "         \
    "'yes'}]\n"
#define PRODUCT(name, more)                                                                        \
    HEAD("product", name)                                                                          \
    "workflow: " name "\n"                                                                         \
    "coi_pattern: 'TR-@@@@-@@@@-@@@@-%%'\n"                                                        \
    "indications: [C83.3]\n"                                                                       \
    "jurisdictions: [eu]\n"                                                                        \
    "doses: [{per_kg: 2e6, per_kg_min: 1e6, per_kg_max: 3e6}]\n" more

static const char frozen_workflow[] =
    WORKFLOW("frozen", "cryopreserved",
             "  - {name: store, title: Store, part: plant, role: operator, act: store,\n"
             "     checks: [into_storage], units: [final_bag]}\n",
             "  - {name: retrieve, title: Retrieve, part: plant, role: operator, act: retrieve,\n"
             "     checks: [out_of_storage], units: [final_bag]}\n",
             "  - name: thaw\n"
             "    title: Thaw\n"
             "    part: hospital\n"
             "    role: nurse\n"
             "    act: thaw\n"
             "    checks: [before_thaw]\n"
             "    units: [final_bag]\n"
             "    needs: [thawed]\n" GUARDS);
static const char fresh_workflow[] = WORKFLOW("fresh", "fresh", "", "", "");
static const char frozen_product[] =
    PRODUCT("frozen", "material: cryopreserved\npost_thaw: PT90M\n"
                      "transport: [{unit: bag, low: 1, high: 10, alert_low: 2, alert_high: 8,\n"
                      "  every: PT15M}]\n");
static const char fresh_product[] = PRODUCT("fresh", "material: fresh\n");
static const char readiness[] =
    HEAD("form", "readiness") "fields:\n"
                              "- name: fit\n"
                              "  label: Fit\n"
                              "  type: choice\n"
                              "  choices: [{value: 'yes', label: Yes}, {value: 'no', label: No}]\n"
                              "- {name: weight, label: Weight, type: quantity, unit: kg}\n";

/* What tests alone may do: note a fact at a task. */
static const struct command_type *const module_commands[] = { &trial_note_command };
static const struct module note_module = { .name = "trial", MODULE_ARRAY(commands) };

#define COMMANDS                                                                                   \
    "custody.offer custody.accept custody.decline custody.withdraw custody.add_readings "          \
    "custody.correct_readings unit.make unit.discard flow.complete identity.check trial.note "

static struct db *reader(struct custody_trial *t)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, t->f.node.store, &e), OK);
    return db;
}

void custody_trial_open(struct custody_trial *t, const struct module *more, const char *commands)
{
    static const struct module *modules[11] = {
        &auth_module,    &define_module, &flow_module,     &stop_module,    &timer_module,
        &quality_module, &order_module,  &identity_module, &custody_module, &note_module,
    };
    modules[10] = more;
    size_t n = more ? 11 : 10;
    char nurse[1000];
    snprintf(nurse, sizeof nurse, "%s%s role.nurse", COMMANDS, commands);
    modules_use(modules, n);
    *t = (struct custody_trial){ 0 };
    fixture_open(&t->f, modules, n);
    fixture_person(&t->nurse, 1, 1, 1, nurse);
    fixture_person(&t->nurse_2, 2, 1, 1, nurse);
    fixture_person(&t->courier, 3, 2, 2, COMMANDS "role.courier");
    fixture_person(&t->operator, 4, 3, 3, COMMANDS "role.operator");
    fixture_person(&t->coordinator, 5, 1, 1,
                   COMMANDS "define.load patient.enrol order.prescribe order.place flow.hold "
                            "flow.end stop.resolve");
    snprintf(nurse, sizeof nurse, "%s%s role.nurse role.courier role.operator", COMMANDS, commands);
    fixture_person(&t->stranger, 6, 4, 4, nurse);
    fixture_define(&t->f, &t->coordinator, HEAD("role", "nurse") "permissions: [identity.check]\n");
    fixture_define(&t->f, &t->coordinator,
                   HEAD("role", "courier") "permissions: [identity.check]\n");
    fixture_define(&t->f, &t->coordinator,
                   HEAD("role", "operator") "permissions: [identity.check]\n");
    fixture_define(&t->f, &t->coordinator, readiness);
    fixture_define(&t->f, &t->coordinator, frozen_workflow);
    fixture_define(&t->f, &t->coordinator, fresh_workflow);
    fixture_define(&t->f, &t->coordinator, frozen_product);
    fixture_define(&t->f, &t->coordinator, fresh_product);
}

void custody_trial_close(struct custody_trial *t)
{
    fixture_close(&t->f);
}

/* --- the order --- */

void custody_trial_order(struct custody_trial *t, int n, const char *product)
{
    fixture_must(
        &t->f,
        fixture_send(&t->f, &t->coordinator, "patient.enrol", NULL,
                     "{'family':'Example','given':'Ada','birth_date':'1961-02-03','sex':'female',"
                     "'identifiers':[{'system':'hospital','value':'H-%06d'}]}",
                     n),
        "enrol");
    fixture_must(
        &t->f,
        fixture_send(&t->f, &t->coordinator, "order.prescribe", NULL,
                     "{'patient':'%s','product':'%s','indication':'C83.3','jurisdiction':'eu',"
                     "'regime':'trial','weight':'60 kg'}",
                     fixture_answer(&t->f, "patient"), product),
        "prescribe");
    snprintf(t->order, sizeof t->order, "%s", fixture_answer(&t->f, "order"));
    fixture_must(&t->f,
                 fixture_send(&t->f, &t->coordinator, "order.place", NULL,
                              "{'order':'%s','parties':["
                              "{'part':'hospital','organisation':'%.*s','site':'%.*s'},"
                              "{'part':'courier','organisation':'%.*s','site':'%.*s'},"
                              "{'part':'plant','organisation':'%.*s','site':'%.*s'}]}",
                              t->order, STR(t->nurse.actor.organisation), STR(t->nurse.actor.site),
                              STR(t->courier.actor.organisation), STR(t->courier.actor.site),
                              STR(t->operator.actor.organisation), STR(t->operator.actor.site)),
                 "place");
    snprintf(t->number, sizeof t->number, "H-%06d", n);
    snprintf(t->coi, sizeof t->coi, "%s", fixture_answer(&t->f, "coi"));
}

static struct flow_view view(struct custody_trial *t)
{
    struct db *db = reader(t);
    struct flow_view v;
    struct err e = { 0 };
    assert_int_equal(flow_read(db, str_z(t->order), &v, t->f.arena, &e), OK);
    store_reader_give(t->f.node.store, db);
    return v;
}

bool custody_trial_fact(struct custody_trial *t, const char *task, const char *fact)
{
    struct flow_view v = view(t);
    return flow_has_fact(&v, str_z(task), str_z(fact));
}

struct identity_units_out custody_trial_unit(struct custody_trial *t, const char *kind, size_t i)
{
    struct identity_units_in in = { str_z(t->order) };
    struct record_list rows = fixture_list(&t->f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    for (size_t k = 0; k < rows.n; k++)
        if (row[k].ended == TIME_NONE && str_is(row[k].kind, kind) && i-- == 0)
            return row[k];
    fail_msg("no live %s number %zu", kind, i);
    return (struct identity_units_out){ 0 };
}

struct custody_unit_out custody_trial_holder(struct custody_trial *t, struct str unit)
{
    struct custody_unit_in in = { unit };
    struct record_list rows = fixture_list(&t->f, &sql_custody_unit, &in);
    assert_int_equal(rows.n, 1);
    return *(const struct custody_unit_out *)rows.p;
}

enum outcome custody_trial_offer(struct custody_trial *t, const struct fixture_person *from,
                                 const struct fixture_person *to, struct str unit, const char *more)
{
    return fixture_send(&t->f, from, "custody.offer", NULL,
                        "{'unit':'%.*s','to_organisation':'%.*s','to_site':'%.*s'%s}", STR(unit),
                        STR(to->actor.organisation), STR(to->actor.site), more);
}

enum outcome custody_trial_accept(struct custody_trial *t, const struct fixture_person *who,
                                  struct str unit, const char *more)
{
    return fixture_send(&t->f, who, "custody.accept", NULL, "{'unit':'%.*s'%s}", STR(unit), more);
}

static enum outcome check(struct custody_trial *t, const struct fixture_person *who,
                          const char *task, struct str point, const struct str *labels, size_t n)
{
    char scans[1000] = "", stated[120] = "";
    struct buf b = buf_over(scans, sizeof scans - 1);
    if (identity_point_asks_patient(point)) {
        buf_z(&b, "'&/");
        buf_z(&b, t->coi);
        buf_z(&b, "'},{'text':'");
        buf_z(&b, t->number);
        buf_z(&b, "'");
        snprintf(stated, sizeof stated,
                 ",'stated_name':'Ada Example','stated_birth_date':'1961-02-03'");
    }
    for (size_t i = 0; i < n; i++) {
        buf_z(&b, b.n > 0 ? "},{'text':'" : "'");
        buf_str(&b, identity_symbol(t->f.node.keys, labels[i], t->f.arena));
        buf_z(&b, "'");
    }
    assert_true(buf_ok(&b));
    scans[b.n] = '\0';
    return fixture_send(&t->f, who, "identity.check", NULL,
                        "{'order':'%s','task':'%s','point':'%.*s','method':'code_2d',"
                        "'scans':[{'text':%s}]%s}",
                        t->order, task, STR(point), scans, stated);
}

enum outcome custody_trial_check(struct custody_trial *t, const struct fixture_person *who,
                                 const char *task, const char *point, struct str label,
                                 struct str label_2)
{
    struct str labels[2] = { label, label_2 };
    return check(t, who, task, str_z(point), labels, label_2.p ? 2 : 1);
}

/* --- going through it --- */

static const struct fixture_person *person_of(struct custody_trial *t, const struct flow_task *task)
{
    return str_is(task->role, "nurse")     ? &t->nurse
           : str_is(task->role, "courier") ? &t->courier
                                           : &t->operator;
}

static void note(struct custody_trial *t, const struct flow_task *task, const char *what,
                 struct str name)
{
    fixture_must(&t->f,
                 fixture_send(&t->f, person_of(t, task), "trial.note", NULL,
                              "{'order':'%s','task':'%.*s','fact':'%s%.*s'}", t->order,
                              STR(task->name), what, STR(name)),
                 "note");
}

enum outcome custody_trial_complete(struct custody_trial *t, const struct fixture_person *who,
                                    const char *task, const char *inputs)
{
    return fixture_send(&t->f, who, "flow.complete", NULL,
                        "{'order':'%s','task':'%s','inputs':[%s]}", t->order, task, inputs);
}

/* Live units of the task's kinds. */
static size_t units_of(struct custody_trial *t, const struct flow_task *task,
                       struct identity_units_out *out, size_t max)
{
    struct identity_units_in in = { str_z(t->order) };
    struct record_list rows = fixture_list(&t->f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    size_t n = 0;
    for (size_t i = 0; i < rows.n && n < max; i++)
        if (row[i].ended == TIME_NONE && str_among(row[i].kind, task->units.p, task->units.n))
            out[n++] = row[i];
    return n;
}

enum { UNITS_MAX = 8 };

/* By as many persons as the point asks for, each of all units. */
static void pass(struct custody_trial *t, const struct flow_task *task, struct str point)
{
    struct identity_units_out units[UNITS_MAX];
    struct str labels[UNITS_MAX];
    size_t n = identity_point_asks_units(point) ? units_of(t, task, units, UNITS_MAX) : 0;
    for (size_t i = 0; i < n; i++)
        labels[i] = units[i].label;
    const char *name = arena_str(t->f.arena, task->name).p;
    fixture_must(&t->f, check(t, person_of(t, task), name, point, labels, n), name);
    if (identity_persons(point) == 2)
        fixture_must(&t->f, check(t, &t->nurse_2, name, point, labels, n), name);
    assert_string_equal(fixture_answer(&t->f, "complete"), "true");
}

static void offer_all(struct custody_trial *t, const struct flow_task *task,
                      const struct fixture_person *from, const struct fixture_person *to)
{
    struct identity_units_out units[UNITS_MAX];
    char more[80] = "";
    if (from == person_of(t, task))
        snprintf(more, sizeof more, ",'task':'%.*s'", STR(task->name));
    for (size_t i = 0, n = units_of(t, task, units, UNITS_MAX); i < n; i++)
        fixture_must(&t->f, custody_trial_offer(t, from, to, units[i].unit, more), "offer");
}

static void accept_all(struct custody_trial *t, const struct flow_task *task)
{
    struct identity_units_out units[UNITS_MAX];
    char more[80];
    snprintf(more, sizeof more, ",'task':'%.*s'", STR(task->name));
    for (size_t i = 0, n = units_of(t, task, units, UNITS_MAX); i < n; i++)
        fixture_must(&t->f, custody_trial_accept(t, person_of(t, task), units[i].unit, more),
                     "accept");
}

static void make(struct custody_trial *t, const struct flow_task *task, struct str kind)
{
    char parents[120] = "";
    if (!str_is(task->act, "collect"))
        snprintf(parents, sizeof parents, ",'parents':[{'unit':'%.*s','quantity':'10 mL'}]",
                 STR(custody_trial_unit(t, "bag", 0).unit));
    fixture_must(&t->f,
                 fixture_send(&t->f, person_of(t, task), "unit.make", NULL,
                              "{'order':'%s','task':'%.*s','kind':'%.*s','quantity':'50 mL'%s}",
                              t->order, STR(task->name), STR(kind), parents),
                 "make");
}

/* The plant offers the product without a task of its own. */
static void work(struct custody_trial *t, const struct flow_task *task, int bags)
{
    bool final = task->makes.n > 0 && str_is(task->makes.p[0], "final_bag");
    if (str_is(task->name, "arrive"))
        offer_all(t, task, &t->operator, & t->nurse);
    if (task->checks.n > 0) /* stands before the act */
        pass(t, task, task->checks.p[0]);
    for (int i = 0; task->makes.n > 0 && i < (final ? bags : 1); i++)
        make(t, task, task->makes.p[0]);
    for (size_t i = 1; i < task->checks.n; i++)
        pass(t, task, task->checks.p[i]);
    for (size_t i = 0; i < task->needs.n; i++)
        if (str_is(task->needs.p[i], "accepted"))
            accept_all(t, task);
        else if (str_is(task->needs.p[i], "offered"))
            offer_all(t, task, person_of(t, task),
                      str_is(task->name, "deliver") ? &t->operator: & t->courier);
        else
            note(t, task, "", task->needs.p[i]);
}

void custody_trial_do(struct custody_trial *t, const char *last, int bags, const char *weight)
{
    for (bool more = true; more;) {
        struct flow_view v = view(t);
        assert_true(v.ntasks > 0);
        const struct flow_task *task = flow_task_find(&v, v.tasks[v.ntasks - 1].task);
        char inputs[200] = "", name[60];
        snprintf(name, sizeof name, "%.*s", STR(task->name));
        assert_false(v.tasks[v.ntasks - 1].done);
        work(t, task, bags);
        if (task->form.p)
            snprintf(inputs, sizeof inputs,
                     "{'name':'fit','entered':'yes'},{'name':'weight','entered':'%s'}", weight);
        fixture_must(&t->f, custody_trial_complete(t, person_of(t, task), name, inputs), name);
        more = strcmp(name, last) != 0;
    }
}
