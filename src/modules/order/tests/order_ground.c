#include "modules/order/tests/order_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/auth.h"
#include "kernel/effect.h"
#include "kernel/epoch.h"
#include "kernel/job.h"
#include "kernel/notify.h"
#include "kernel/outbox.h"
#include "kernel/rota.h"
#include "kernel/sign_act.h"
#include "kernel/stop.h"
#include "kernel/trail_review.h"
#include "modules/quality/quality.h"

#define WORK "patient.enrol order.prescribe order.place order.schedule deviation.open"

struct fixture f;
struct fixture_person physician, reader, maker, stranger;
char patient[40], pseudonym[40], order[40], coi[60];

enum outcome load_text(const char *yaml, struct err *e)
{
    struct define_context context = { .arena = f.arena };
    bool changed;
    assert_int_equal(store_reader_take(&context.db, f.node.store, e), OK);
    env_sim_advance(&f.sim, TIME_SECOND);
    context.now_us = env_now(&f.sim.env);
    enum outcome o = define_load_text(f.node.gate, &context, physician.actor.organisation,
                                      str_z(yaml), &changed, e);
    store_reader_give(f.node.store, context.db);
    return o;
}

void must_load(const char *yaml)
{
    struct err e = { 0 };
    if (load_text(yaml, &e) != OK)
        fail_msg("%s: line %.*s %s", e.code, STR(err_param(&e, "line")), e.detail);
}

int open_node(void **state)
{
    (void)state;
    static const struct module *const modules[] = {
        &auth_module,    &define_module,       &flow_module,   &stop_module,     &timer_module,
        &quality_module, &order_module,        &search_module, &look_module,     &sign_module,
        &trail_module,   &trail_review_module, &epoch_module,  &effect_module,   &job_module,
        &outbox_module,  &rota_module,         &notify_module, &sign_act_module,
    };
    enum { MODULES = sizeof modules / sizeof modules[0] };
    static bool used;
    if (!used)
        modules_use(modules, MODULES);
    used = true;
    fixture_open(&f, modules, MODULES);
    fixture_person(&physician, 1, 1, 1, WORK " define.load patient.name flow.hold");
    fixture_person(&reader, 2, 1, 1, "order.see");
    fixture_person(&maker, 3, 2, 2, "order.schedule deviation.open patient.name");
    fixture_person(&stranger, 4, 3, 3, WORK " patient.name");
    must_load(HEAD("role", "nurse", "1") "permissions: [flow.complete]\n");
    must_load(
        HEAD("workflow", "trial", "1") "product: trial\nmaterial: fresh\n"
                                       "parts: [site, maker]\nstages:\n"
                                       "- name: only\n  title: Only\n  tasks:\n"
                                       "  - {name: wait, title: Wait, part: site, role: nurse}\n");
    must_load(PRODUCT("1", "2e6", PATTERN));
    return 0;
}

int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

void answered(char *out, size_t size, const char *field)
{
    struct err e = { 0 };
    const struct json *answer;
    assert_int_equal(json_read(&answer, f.arena, f.answer.body, &json_limits_default, &e), OK);
    snprintf(out, size, "%.*s", STR(json_get_str(answer, field)));
}

enum outcome enrol(const struct fixture_person *who, int number, const char *family)
{
    return fixture_send(&f, who, "patient.enrol", NULL,
                        "{'patient':'%.*s','identifiers':[{'system':'urn:hospital','value':'" NUMBER
                        "'}],'family':'%s','given':'" GIVEN "','birth_date':'" BORN
                        "','sex':'female','conditions':[{'system':'icd-10','code':'C83.3'}]}",
                        STR(fixture_id('p', number)), family);
}

void enrolled(void)
{
    assert_int_equal(enrol(&physician, 1, FAMILY), OK);
    answered(patient, sizeof patient, "patient");
    answered(pseudonym, sizeof pseudonym, "pseudonym");
}

enum outcome prescribe(const struct fixture_person *who, const char *indication,
                       const char *jurisdiction, const char *weight)
{
    return fixture_send(&f, who, "order.prescribe", NULL,
                        "{'patient':'%s','product':'trial','indication':'%s','jurisdiction':'%s',"
                        "'regime':'commercial','weight':'%s'}",
                        patient, indication, jurisdiction, weight);
}

void prescribed(void)
{
    enrolled();
    assert_int_equal(prescribe(&physician, "C83.3", "eu", "71.5 kg"), OK);
    answered(order, sizeof order, "order");
}

enum outcome place(const struct fixture_person *who)
{
    return fixture_send(&f, who, "order.place", NULL,
                        "{'order':'%s','parties':[{'part':'site','organisation':'%.*s',"
                        "'site':'%.*s'},{'part':'maker','organisation':'%.*s','site':'%.*s'}]}",
                        order, STR(physician.actor.organisation), STR(physician.actor.site),
                        STR(maker.actor.organisation), STR(maker.actor.site));
}

enum outcome place_as(const char *command, const char *which)
{
    char body[600];
    snprintf(
        body, sizeof body,
        "{\"order\":\"%s\",\"parties\":[{\"part\":\"site\",\"organisation\":\"%.*s\","
        "\"site\":\"%.*s\"},{\"part\":\"maker\",\"organisation\":\"%.*s\",\"site\":\"%.*s\"}]}",
        which, STR(physician.actor.organisation), STR(physician.actor.site),
        STR(maker.actor.organisation), STR(maker.actor.site));
    return fixture_send_as(&f, &physician, str_z(command), "order.place", NULL, body);
}

void placed(void)
{
    prescribed();
    if (place(&physician) != OK)
        fail_msg("%s %s", f.error.code, f.error.detail);
    answered(coi, sizeof coi, "coi");
}

struct db *reading(void)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    return db;
}

struct order_order_out order_row(void)
{
    struct db *db = reading();
    struct err e = { 0 };
    struct order_order_in in = { str_z(order) };
    struct order_order_out out = { 0 };
    bool found;
    assert_int_equal(db_get(db, &sql_order_order, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return out;
}

struct order_patient_view shown_to(const struct fixture_person *who)
{
    struct db *db = reading();
    struct err e = { 0 };
    struct order_patient_view view;
    assert_int_equal(
        order_patient_show(&view, looker_new(f.node.keys, who->actor.account, "test", f.arena), db,
                           &who->actor, str_z(patient), f.arena, &e),
        OK);
    store_reader_give(f.node.store, db);
    return view;
}
