/* An order behind a server, and forms of several parts. */
#include "modules/desk/tests/desk_trial.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/file_impl.h"
#include "kernel/look.h"
#include "kernel/sign_act.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "modules/desk/desk.h"

struct desk_trial desk_trial;

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\n"                                   \
    "effective: 2026-01-01T00:00:00Z\n"

extern const struct define_kind product_kind;

static void load(const char *yaml)
{
    struct err e = { 0 };
    bool changed;
    struct define_context context = { .arena = desk_trial.a.f.arena,
                                      .now_us = env_now(&desk_trial.a.f.sim.env) };
    assert_int_equal(store_reader_take(&context.db, desk_trial.a.f.node.store, &e), OK);
    if (define_load_text(desk_trial.a.f.node.gate, &context,
                         desk_trial.a.program.actor.organisation, str_z(yaml), &changed, &e) != OK)
        fail_msg("%s: at %.*s line %.*s", e.code, STR(err_param(&e, "at")),
                 STR(err_param(&e, "line")));
    store_reader_give(desk_trial.a.f.node.store, context.db);
}

static void send(const char *command, const char *json)
{
    if (fixture_send(&desk_trial.a.f, &desk_trial.a.program, command, NULL, "%s", json) != OK)
        fail_msg("%s: %s %s", command, desk_trial.a.f.error.code, desk_trial.a.f.error.detail);
}

static void answered(char *out, size_t size, const char *field)
{
    const struct json *answer;
    struct err e = { 0 };
    assert_int_equal(json_read(&answer, desk_trial.a.f.arena, desk_trial.a.f.answer.body,
                               &json_limits_default, &e),
                     OK);
    snprintf(out, size, "%.*s", STR(json_get_str(answer, field)));
}

static void placed(unsigned patient_number)
{
    char patient[40], json[900];
    struct str o = fixture_id('o', 1), s = fixture_id('s', 1);
    snprintf(json, sizeof json,
             "{'identifiers':[{'system':'urn:hospital','value':'KH-%u'}],"
             "'family':'Example','given':'Eva','birth_date':'1961-02-03',"
             "'sex':'female','conditions':[{'system':'icd-10','code':'C83.3'}]}",
             patient_number);
    send("patient.enrol", json);
    answered(patient, sizeof patient, "patient");
    snprintf(json, sizeof json,
             "{'patient':'%s','product':'trial','indication':'C83.3','jurisdiction':'eu',"
             "'regime':'commercial','weight':'71.5 kg'}",
             patient);
    send("order.prescribe", json);
    answered(desk_trial.order, sizeof desk_trial.order, "order");
    snprintf(json, sizeof json,
             "{'order':'%s','parties':[{'part':'site','organisation':'%.*s','site':'%.*s'}]}",
             desk_trial.order, STR(o), STR(s));
    send("order.place", json);
}

static void definitions(void)
{
    for (size_t i = 0; desk_trial.own && desk_trial.own[i]; i++)
        load(desk_trial.own[i]);
    if (desk_trial.own)
        return;
    load(HEAD("role", "tester") "permissions: [role.tester, order.see, flow.complete, "
                                "flow.correct, file.store, flow.name_person, "
                                "flow.hold, flow.resume]\n");
    load(HEAD("role", "looker") "permissions: [role.tester, order.see, flow.complete]\n");
    load(HEAD("form",
              "result") "fields:\n"
                        "- {name: note, label: Note, type: text, required: true}\n"
                        "- {name: report, label: Report, type: file, media: [application/pdf, "
                        "text/csv], size: 5000}\n"
                        "- {name: picture, label: Picture, type: file, media: [image/]}\n");
    load(HEAD("workflow",
              "trial") "product: trial\nmaterial: fresh\nparts: [site]\nstages:\n"
                       "- name: only\n  title: Only\n  tasks:\n"
                       "  - {name: test, title: Test, part: site, role: tester, form: result}\n");
    load(HEAD("product", "trial") "workflow: trial\ncoi_pattern: \"VN-@@@@-@@@@-@@@@-%%\"\n"
                                  "material: fresh\nindications: [C83.3]\njurisdictions: [eu]\n"
                                  "doses:\n- {per_kg: 2e6, cap: 2e8}\n");
}

static void serve(void)
{
    static const struct module *const routed[] = { &auth_module, &desk_module, &file_module };
    auth_serve(&desk_trial.app, &desk_trial.a, routed, 3, 0);
}

const char *desk_trial_get(int person, const char *path)
{
    struct str request = arena_printf(desk_trial.a.f.arena,
                                      "GET %s HTTP/1.1\r\nHost: x\r\n"
                                      "Accept: text/html\r\nCookie: vein=%.*s\r\n\r\n",
                                      path, STR(desk_trial.cookies[person]));
    assert_int_equal(
        client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got), 200);
    return desk_trial.got;
}

const char *desk_trial_path(const char *rest)
{
    return arena_printf(desk_trial.a.f.arena, "/orders/%s%s", desk_trial.order, rest).p;
}

/* What the page's hidden field holds. */
struct str desk_trial_hidden(const char *html, const char *name)
{
    const char *at =
        strstr(html, arena_printf(desk_trial.a.f.arena, "name=\"%s\" value=\"", name).p);
    assert_non_null(at);
    struct str value = str_z(strstr(at, "value=\"") + strlen("value=\""));
    value.n = str_find(value, '"');
    return arena_str(desk_trial.a.f.arena, value);
}

int desk_trial_open(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &role_kind, &form_kind, &workflow_kind,
                                                       &product_kind };
    static const struct module *const modules[] = {
        &stop_module,    &timer_module,       &define_module,  &auth_module,     &file_module,
        &flow_module,    &flow_record_module, &quality_module, &order_module,    &identity_module,
        &custody_module, &clinic_module,      &sign_module,    &sign_act_module, &look_module,
    };
    text_use(text_rows, text_rows_count);
    define_use(kinds, 4);
    flow_use_points(NULL, NULL, 0);
    file_use_rules(order_module.files, order_module.nfiles);
    auth_fixture_open_with(&desk_trial.a, modules, sizeof modules / sizeof modules[0]);
    definitions();
    for (int i = 1; i <= 2; i++)
        auth_fixture_account(&desk_trial.a, i);
    auth_fixture_role(&desk_trial.a, 1, "tester", 1, 1);
    auth_fixture_role(&desk_trial.a, 2, "looker", 1, 1);
    for (unsigned i = desk_trial.orders + 1; i > 0; i--)
        placed(i);
    serve();
    for (int i = 1; i <= 2; i++) {
        char login[20];
        struct err e = { 0 };
        snprintf(login, sizeof login, "person%d", i);
        assert_int_equal(auth_fixture_enter(desk_trial.a.auth, str_z(login), RIGHT_PASSWORD,
                                            S("127.0.0.1"), &desk_trial.cookies[i],
                                            desk_trial.a.f.arena, &e),
                         OK);
    }
    desk_trial.csrf = desk_trial_hidden(desk_trial_get(1, desk_trial_path("/tasks/test")), "_csrf");
    return 0;
}

int desk_trial_close(void **state)
{
    (void)state;
    http_stop(desk_trial.app.server);
    auth_fixture_written(&desk_trial.a);
    auth_fixture_close(&desk_trial.a);
    return 0;
}

/* --- a form of several parts --- */

void desk_trial_bytes(const char *bytes, size_t n)
{
    assert_true(desk_trial.nbody + n < sizeof desk_trial.body);
    memcpy(desk_trial.body + desk_trial.nbody, bytes, n);
    desk_trial.nbody += n;
}

void desk_trial_put(const char *text)
{
    desk_trial_bytes(text, strlen(text));
}

void desk_trial_text(const char *name, const char *value)
{
    desk_trial_put("--edge\r\nContent-Disposition: form-data; name=\"");
    desk_trial_put(name);
    desk_trial_put("\"\r\n\r\n");
    desk_trial_put(value);
    desk_trial_put("\r\n");
}

void desk_trial_file(const char *name, const char *called, const char *bytes, size_t n)
{
    desk_trial_put("--edge\r\nContent-Disposition: form-data; name=\"");
    desk_trial_put(name);
    desk_trial_put("\"; filename=\"");
    desk_trial_put(called);
    desk_trial_put("\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    desk_trial_bytes(bytes, n);
    desk_trial_put("\r\n");
}

void desk_trial_form(void)
{
    desk_trial.nbody = 0;
    const struct id id = id_derive(S("desk"), S("command"), desk_trial.a.f.commands++);
    desk_trial_text("_csrf", arena_printf(desk_trial.a.f.arena, "%.*s", STR(desk_trial.csrf)).p);
    desk_trial_text("_id", arena_printf(desk_trial.a.f.arena, "%s", id.text).p);
}

struct str desk_trial_head(int person, const char *path, size_t length)
{
    return arena_printf(desk_trial.a.f.arena,
                        "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: vein=%.*s\r\n"
                        "Content-Type: multipart/form-data; boundary=edge\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        path, STR(desk_trial.cookies[person]), length);
}

int desk_trial_post(int person, const char *path)
{
    desk_trial_put("--edge--\r\n");
    struct str head = desk_trial_head(person, path, desk_trial.nbody);
    char *whole = malloc(head.n + desk_trial.nbody);
    assert_non_null(whole);
    memcpy(whole, head.p, head.n);
    memcpy(whole + head.n, desk_trial.body, desk_trial.nbody);
    const int status =
        client_ask(desk_trial.app.server, (struct str){ whole, head.n + desk_trial.nbody },
                   desk_trial.got, sizeof desk_trial.got);
    free(whole);
    return status;
}

static size_t entries_in(const char *folder)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *x = dir ? readdir(dir) : NULL; x; x = readdir(dir))
        n += x->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

size_t desk_trial_uploads(void)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/uploads", desk_trial.a.f.node.files->folder);
    return entries_in(path);
}

/* What is dropped goes with the end of the request, a moment after its answer. */
void desk_trial_nothing_left(void)
{
    for (int i = 0; i < 500 && desk_trial_uploads() > 0; i++)
        usleep(10000);
    assert_int_equal(desk_trial_uploads(), 0);
}
