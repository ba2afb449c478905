#include "modules/identity/tests/identity_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/stop.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\neffective: 2026-01-01T00:00:00Z\n"

static const char workflow[] =
    HEAD("workflow",
         "trial") "product: trial\n"
                  "material: fresh\n"
                  "parts: [hospital, plant]\n"
                  "stages:\n"
                  "- name: all\n"
                  "  title: All\n"
                  "  tasks:\n"
                  "  - {name: collect, title: Collect, part: hospital, role: nurse, act: collect,\n"
                  "     checks: [patient_at_collection, label_at_chair], units: [bag, tube], "
                  "makes: [bag, tube]}\n"
                  "  - {name: hand_over, title: Hand over, part: hospital, role: nurse, act: "
                  "hand_over,\n"
                  "     checks: [handover_to_courier], units: [bag]}\n"
                  "  - {name: receive, title: Receive, part: plant, role: operator, act: "
                  "receive_material,\n"
                  "     checks: [receipt_at_manufacture], units: [bag]}\n"
                  "  - {name: sample, title: Sample, part: plant, role: operator, act: sample,\n"
                  "     checks: [before_qc_sampling], units: [bag], makes: [qc_sample]}\n"
                  "  - {name: wash, title: Wash, part: plant, role: operator, act: process,\n"
                  "     checks: [before_processing], units: [bag], makes: [culture]}\n"
                  "  - {name: fill, title: Fill, part: plant, role: operator, act: process,\n"
                  "     checks: [before_processing], units: [culture], makes: [final_bag],\n"
                  "     tolerance: 2}\n"
                  "  - name: release\n"
                  "    title: Release\n"
                  "    part: plant\n"
                  "    role: operator\n"
                  "    act: release\n"
                  "    checks: [before_release]\n"
                  "    units: [final_bag]\n"
                  "    guards: [{name: cold, text: cold for an hour, of: fill, after: PT1H}]\n"
                  "  - {name: arrive, title: Arrive, part: hospital, role: nurse, act: "
                  "receive_product,\n"
                  "     checks: [receipt_at_treatment_site], units: [final_bag]}\n"
                  "  - {name: administer, title: Administer, part: hospital, role: nurse, act: "
                  "administer,\n"
                  "     checks: [administration], units: [final_bag]}\n"
                  "loops:\n"
                  "- {name: recollect, title: Collect again, from: [hand_over, receive, wash],\n"
                  "   to: collect, times: 2, part: plant, role: operator, units: discard}\n"
                  "- {name: remake, title: Make again, from: [fill, release], to: wash, times: 2,\n"
                  "   part: plant, role: operator, units: quarantine}\n";

static const char product[] = HEAD("product", "trial") "workflow: trial\n"
                                                       "coi_pattern: 'TR-@@@@-@@@@-@@@@-%%'\n"
                                                       "material: fresh\n"
                                                       "indications: [C83.3]\n"
                                                       "jurisdictions: [eu]\n"
                                                       "doses: [{per_kg: 2e6}]\n";

static const struct module *const modules[] = {
    &auth_module,  &define_module, &flow_module,    &stop_module,
    &timer_module, &order_module,  &quality_module, &identity_module,
};
enum { MODULES = sizeof modules / sizeof modules[0] };

static struct db *reader(struct trial_id *t)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, t->f.node.store, &e), OK);
    return db;
}

#define UNITS                                                                                      \
    "flow.repeat unit.make unit.split unit.sample unit.discard flow.complete identity.check "      \
    "unit.aliquot unit.combine unit.lose identity.disclose "

void trial_id_open(struct trial_id *t)
{
    modules_use(modules, MODULES);
    *t = (struct trial_id){ 0 };
    fixture_open(&t->f, modules, MODULES);
    fixture_person(&t->nurse, 1, 1, 1, UNITS "role.nurse stop.resolve deviation.open");
    fixture_person(&t->nurse_2, 2, 1, 1, UNITS "role.nurse stop.resolve");
    fixture_person(&t->helper, 3, 1, 1, "identity.check stop.resolve");
    fixture_person(&t->plant, 4, 2, 2, UNITS "role.operator stop.resolve");
    fixture_person(&t->plant_2, 5, 2, 2, UNITS "role.operator stop.resolve");
    fixture_person(&t->quality, 6, 1, 1,
                   "define.load patient.enrol order.prescribe order.place stop.resolve");
    fixture_person(&t->quality_plant, 7, 2, 2, "stop.resolve deviation.close");
    fixture_person(&t->stranger, 8, 3, 3,
                   UNITS "role.nurse role.operator stop.resolve deviation.open");
    fixture_define(&t->f, &t->quality, HEAD("role", "nurse") "permissions: [identity.check]\n");
    fixture_define(&t->f, &t->quality, HEAD("role", "operator") "permissions: [identity.check]\n");
    fixture_define(&t->f, &t->quality, workflow);
    fixture_define(&t->f, &t->quality, product);
}

void trial_id_close(struct trial_id *t)
{
    fixture_close(&t->f);
}

void trial_id_second_person(struct trial_id *t)
{
    const char *version = strstr(workflow, "version: 1") + sizeof "version: " - 1;
    const char *at = strstr(workflow, "checks: [handover_to_courier]");
    fixture_define(&t->f, &t->quality,
                   arena_printf(t->f.arena, "%.*s2%.*ssecond_person: true, %s",
                                (int)(version - workflow), workflow, (int)(at - version - 1),
                                version + 1, at)
                       .p);
}

void trial_id_order(struct trial_id *t, struct trial_order *o, int n)
{
    static const char *const names[] = { "Ada", "Ben", "Cleo", "Dan" };
    *o = (struct trial_order){ 0 };
    snprintf(o->name, sizeof o->name, "%s Example", names[n % 4]);
    snprintf(o->born, sizeof o->born, "1961-02-%02d", n % 28 + 1);
    snprintf(o->number, sizeof o->number, "H-%06d", n);
    fixture_must(&t->f,
                 fixture_send(&t->f, &t->quality, "patient.enrol", NULL,
                              "{'family':'Example','given':'%s','birth_date':'%s','sex':'female',"
                              "'identifiers':[{'system':'hospital','value':'%s'}]}",
                              names[n % 4], o->born, o->number),
                 "enrol");
    const char *patient = fixture_answer(&t->f, "patient");
    fixture_must(&t->f,
                 fixture_send(&t->f, &t->quality, "order.prescribe", NULL,
                              "{'patient':'%s','product':'trial','indication':'C83.3',"
                              "'jurisdiction':'eu','regime':'trial','weight':'60 kg'}",
                              patient),
                 "prescribe");
    snprintf(o->id, sizeof o->id, "%s", fixture_answer(&t->f, "order"));
    fixture_must(&t->f,
                 fixture_send(&t->f, &t->quality, "order.place", NULL,
                              "{'order':'%s','parties':["
                              "{'part':'hospital','organisation':'%.*s','site':'%.*s'},"
                              "{'part':'plant','organisation':'%.*s','site':'%.*s'}]}",
                              o->id, STR(t->nurse.actor.organisation), STR(t->nurse.actor.site),
                              STR(t->plant.actor.organisation), STR(t->plant.actor.site)),
                 "place");
    snprintf(o->coi, sizeof o->coi, "%s", fixture_answer(&t->f, "coi"));
}

enum outcome trial_id_check(struct trial_id *t, const struct fixture_person *who,
                            const struct trial_order *o, const char *task, const char *point,
                            const char *method, const char *scans, const char *more)
{
    struct buf b = buf_in(t->f.arena, 16000);
    struct str rest = str_z(scans);
    while (rest.n > 0) {
        struct str scan = str_cut(&rest, ',');
        buf_z(&b, b.n > 0 ? "," : "");
        buf_z(&b, "{'text':");
        buf_str(&b, scan);
        buf_z(&b, "}");
    }
    assert_true(buf_ok(&b));
    return fixture_send(&t->f, who, "identity.check", NULL,
                        "{'order':'%s','task':'%s','point':'%s','method':'%s','scans':[%.*s]%s}",
                        o->id, task, point, method, STR(buf_get(&b)), more);
}

const char *trial_id_symbol(struct trial_id *t, struct str label)
{
    return identity_symbol(t->f.node.keys, label, t->f.arena).p;
}

const char *trial_id_units(struct trial_id *t, const struct trial_order *o, const char *kind)
{
    static char text[8][2000];
    static unsigned next;
    char *out = text[next++ % 8];
    struct identity_units_in in = { str_z(o->id) };
    struct record_list rows = fixture_list(&t->f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    out[0] = '\0';
    for (size_t i = 0; i < rows.n; i++) {
        size_t used = strlen(out);
        if (row[i].ended == TIME_NONE && !row[i].past && (!kind || str_is(row[i].kind, kind)))
            snprintf(out + used, sizeof text[0] - used, "%s'%s'", used ? "," : "",
                     trial_id_symbol(t, row[i].label));
    }
    return out;
}

const char *trial_id_patient(const struct trial_order *o)
{
    static char text[4][120];
    static unsigned next;
    char *out = text[next++ % 4];
    snprintf(out, sizeof text[0], "'&/%s','%s'", o->coi, o->number);
    return out;
}

const char *trial_id_stated(const struct trial_order *o)
{
    static char text[4][120];
    static unsigned next;
    char *out = text[next++ % 4];
    snprintf(out, sizeof text[0], ",'stated_name':'%s','stated_birth_date':'%s'", o->name, o->born);
    return out;
}

bool trial_id_at_hospital(const char *task)
{
    return strcmp(task, "collect") == 0 || strcmp(task, "hand_over") == 0 ||
           strcmp(task, "arrive") == 0 || strcmp(task, "administer") == 0;
}

const char *trial_id_kind_of(const char *task)
{
    static const char *const kinds[][2] = {
        { "hand_over", "bag" },    { "receive", "bag" },          { "sample", "bag" },
        { "wash", "bag" },         { "fill", "culture" },         { "release", "final_bag" },
        { "arrive", "final_bag" }, { "administer", "final_bag" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i][0], task) == 0)
            return kinds[i][1];
    return NULL;
}

/* What a task identifies, in the terms of the workflow above. */
static const char *scans_of(struct trial_id *t, const struct trial_order *o, const char *task,
                            const char *point)
{
    if (strcmp(point, "patient_at_collection") == 0)
        return trial_id_patient(o);
    if (strcmp(point, "label_at_chair") == 0)
        return trial_id_units(t, o, NULL);
    const char *units = trial_id_units(t, o, trial_id_kind_of(task));
    if (strcmp(point, "administration") != 0)
        return units;
    static char all[2200];
    snprintf(all, sizeof all, "%s,%s", trial_id_patient(o), units);
    return all;
}

void trial_id_pass(struct trial_id *t, const struct trial_order *o, const char *task,
                   const char *point)
{
    const struct fixture_person *first = trial_id_at_hospital(task) ? &t->nurse : &t->plant;
    const struct fixture_person *second = trial_id_at_hospital(task) ? &t->helper : &t->plant_2;
    const char *more =
        strcmp(point, "patient_at_collection") == 0 || strcmp(point, "administration") == 0
            ? trial_id_stated(o)
            : "";
    fixture_must(
        &t->f,
        trial_id_check(t, first, o, task, point, "barcode", scans_of(t, o, task, point), more),
        point);
    assert_string_equal(fixture_answer(&t->f, "result"), "pass");
    if (identity_persons(str_z(point)) == 2)
        fixture_must(
            &t->f,
            trial_id_check(t, second, o, task, point, "barcode", scans_of(t, o, task, point), more),
            point);
    assert_string_equal(fixture_answer(&t->f, "complete"), "true");
}

enum outcome trial_id_make(struct trial_id *t, const struct fixture_person *who,
                           const struct trial_order *o, const char *task, const char *kind,
                           const char *quantity, const char *more, char label[16])
{
    label[0] = '\0';
    enum outcome outcome = fixture_send(&t->f, who, "unit.make", NULL,
                                        "{'order':'%s','task':'%s','kind':'%s','quantity':'%s'%s}",
                                        o->id, task, kind, quantity, more);
    if (outcome == OK)
        snprintf(label, 16, "%s", fixture_answer(&t->f, "label"));
    return outcome;
}

enum outcome trial_id_complete(struct trial_id *t, const struct trial_order *o, const char *task)
{
    return fixture_send(&t->f, trial_id_at_hospital(task) ? &t->nurse : &t->plant, "flow.complete",
                        NULL, "{'order':'%s','task':'%s'}", o->id, task);
}

struct identity_unit_out trial_id_unit(struct trial_id *t, const char *label)
{
    struct identity_by_label_in in = { str_z(label) };
    struct record_list rows = fixture_list(&t->f, &sql_identity_by_label, &in);
    assert_int_equal(rows.n, 1);
    struct identity_unit_in key = { ((const struct identity_by_label_out *)rows.p)->unit };
    rows = fixture_list(&t->f, &sql_identity_unit, &key);
    assert_int_equal(rows.n, 1);
    return *(const struct identity_unit_out *)rows.p;
}

/* The first live unit of the kind. */
static struct str unit_of(struct trial_id *t, const struct trial_order *o, const char *kind)
{
    struct identity_units_in in = { str_z(o->id) };
    struct record_list rows = fixture_list(&t->f, &sql_identity_units, &in);
    const struct identity_units_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        if (row[i].ended == TIME_NONE && !row[i].past && str_is(row[i].kind, kind))
            return row[i].unit;
    fail_msg("no live %s", kind);
    return (struct str){ 0 };
}

static void convert(struct trial_id *t, const struct trial_order *o, const char *task,
                    const char *from, const char *to, const char *quantity)
{
    char label[16], more[120];
    snprintf(more, sizeof more, ",'parents':[{'unit':'%.*s'}]", STR(unit_of(t, o, from)));
    fixture_must(&t->f, trial_id_make(t, &t->plant, o, task, to, quantity, more, label), to);
}

static void work(struct trial_id *t, const struct trial_order *o, const char *task)
{
    char label[16];
    if (strcmp(task, "collect") == 0) {
        trial_id_pass(t, o, task, "patient_at_collection");
        fixture_must(&t->f, trial_id_make(t, &t->nurse, o, task, "bag", "200 mL", "", label),
                     "bag");
        fixture_must(&t->f, trial_id_make(t, &t->nurse, o, task, "tube", "4 mL", "", label),
                     "tube");
        trial_id_pass(t, o, task, "label_at_chair");
        return;
    }
    static const char *const points[][2] = {
        { "hand_over", "handover_to_courier" },    { "receive", "receipt_at_manufacture" },
        { "sample", "before_qc_sampling" },        { "wash", "before_processing" },
        { "fill", "before_processing" },           { "release", "before_release" },
        { "arrive", "receipt_at_treatment_site" }, { "administer", "administration" },
    };
    if (strcmp(task, "release") == 0)
        env_sim_advance(&t->f.sim, 2 * TIME_HOUR);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (strcmp(points[i][0], task) == 0)
            trial_id_pass(t, o, task, points[i][1]);
    if (strcmp(task, "sample") == 0)
        fixture_must(
            &t->f,
            fixture_send(&t->f, &t->plant, "unit.sample", NULL,
                         "{'unit':'%.*s','task':'sample','kind':'qc_sample','quantity':'2 mL'}",
                         STR(unit_of(t, o, "bag"))),
            "sample");
    if (strcmp(task, "wash") == 0)
        convert(t, o, task, "bag", "culture", "500 mL");
    if (strcmp(task, "fill") == 0)
        convert(t, o, task, "culture", "final_bag", "68 mL");
}

void trial_id_do(struct trial_id *t, const struct trial_order *o, const char *last)
{
    static const char *const tasks[] = { "collect", "hand_over", "receive", "sample",    "wash",
                                         "fill",    "release",   "arrive",  "administer" };
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        struct db *db = reader(t);
        struct flow_view v;
        struct err e = { 0 };
        assert_int_equal(flow_read(db, str_z(o->id), &v, t->f.arena, &e), OK);
        store_reader_give(t->f.node.store, db);
        bool done = i < v.ntasks && v.tasks[i].done;
        if (!done) {
            work(t, o, tasks[i]);
            fixture_must(&t->f, trial_id_complete(t, o, tasks[i]), tasks[i]);
        }
        if (strcmp(tasks[i], last) == 0)
            return;
    }
}

bool trial_id_fact(struct trial_id *t, const struct trial_order *o, const char *task,
                   const char *fact)
{
    struct db *db = reader(t);
    struct flow_view v;
    struct err e = { 0 };
    assert_int_equal(flow_read(db, str_z(o->id), &v, t->f.arena, &e), OK);
    store_reader_give(t->f.node.store, db);
    return flow_has_fact(&v, str_z(task), str_z(fact));
}
