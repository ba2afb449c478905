/* Pages of an order without script. Files at the task's page: sent with the form, stored with the
 * order, told in the record; and whatever is wrong with one costs nothing of what was typed beside
 * it. Who is meant in the order. And what a person reads where somebody else was first. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/file_impl.h"
#include "kernel/tests/auth_fixture.h"
#include "kernel/tests/http_client.h"
#include "modules/desk/desk.h"

#define HEAD(kind, name)                                                                           \
    "kind: " kind "\nname: " name "\nversion: 1\ntitle: Trial\n"                                   \
    "effective: 2026-01-01T00:00:00Z\n"
#define PDF "%PDF-1.7\n1 0 obj\n"

extern const struct define_kind product_kind;

enum { BODY_MAX = 3 << 20 };

static struct auth_fixture a;
static struct app app;
static char got[1 << 20], order[40], body[BODY_MAX];
static size_t nbody;
static struct str cookies[3]; /* of persons 1 and 2; 2 may see, but store nothing */
static struct str csrf;

static void load(const char *yaml)
{
    struct err e = { 0 };
    bool changed;
    struct define_context context = { .arena = a.f.arena, .now_us = env_now(&a.f.sim.env) };
    assert_int_equal(store_reader_take(&context.db, a.f.node.store, &e), OK);
    if (define_load_text(a.f.node.gate, &context, &a.program.actor, str_z(yaml), &changed, &e) !=
        OK)
        fail_msg("%s: at %.*s line %.*s", e.code, STR(err_param(&e, "at")),
                 STR(err_param(&e, "line")));
    store_reader_give(a.f.node.store, context.db);
}

static void send(const char *command, const char *json)
{
    if (fixture_send(&a.f, &a.program, command, NULL, "%s", json) != OK)
        fail_msg("%s: %s %s", command, a.f.error.code, a.f.error.detail);
}

static void answered(char *out, size_t size, const char *field)
{
    const struct json *answer;
    struct err e = { 0 };
    assert_int_equal(json_read(&answer, a.f.arena, a.f.answer.body, &json_limits_default, &e), OK);
    snprintf(out, size, "%.*s", STR(json_get_str(answer, field)));
}

static void placed(void)
{
    char patient[40], json[900];
    struct str o = fixture_id('o', 1), s = fixture_id('s', 1);
    send("patient.enrol", "{'identifiers':[{'system':'urn:hospital','value':'KH-1'}],"
                          "'family':'Example','given':'Eva','birth_date':'1961-02-03',"
                          "'sex':'female','conditions':[{'system':'icd-10','code':'C83.3'}]}");
    answered(patient, sizeof patient, "patient");
    snprintf(json, sizeof json,
             "{'patient':'%s','product':'trial','indication':'C83.3','jurisdiction':'eu',"
             "'regime':'commercial','weight':'71.5 kg'}",
             patient);
    send("order.prescribe", json);
    answered(order, sizeof order, "order");
    snprintf(json, sizeof json,
             "{'order':'%s','parties':[{'part':'site','organisation':'%.*s','site':'%.*s'}]}",
             order, STR(o), STR(s));
    send("order.place", json);
}

static void definitions(void)
{
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
    static const struct route *tables[3];
    static size_t lengths[3];
    struct err e = { 0 };
    tables[0] = auth_module.routes, lengths[0] = auth_module.nroutes;
    tables[1] = desk_module.routes, lengths[1] = desk_module.nroutes;
    tables[2] = file_module.routes, lengths[2] = file_module.nroutes;
    const struct http_options options = {
        .env = &env_system,
        .listen = "127.0.0.1:0",
        .routes = tables,
        .nroutes = lengths,
        .ntables = 3,
        .context = &app,
        .admit = app_admit,
        .check = app_check,
        .file = file_sent_take,
        .files_end = file_sent_end,
        .problem = app_http_problem,
    };
    app = (struct app){ .node = &a.f.node, .auth = a.auth };
    auth_fixture_write(&a);
    if (http_start(&app.server, &options, &e) != OK)
        fail_msg("http: %s: %s", e.code, e.detail);
}

static const char *get(int person, const char *path)
{
    struct str request = arena_printf(a.f.arena,
                                      "GET %s HTTP/1.1\r\nHost: x\r\n"
                                      "Accept: text/html\r\nCookie: vein=%.*s\r\n\r\n",
                                      path, STR(cookies[person]));
    assert_int_equal(client_ask(app.server, request, got, sizeof got), 200);
    return got;
}

static const char *at_order(const char *rest)
{
    return arena_printf(a.f.arena, "/orders/%s%s", order, rest).p;
}

/* What the page's hidden field holds. */
static struct str hidden(const char *html, const char *name)
{
    const char *at = strstr(html, arena_printf(a.f.arena, "name=\"%s\" value=\"", name).p);
    assert_non_null(at);
    struct str value = str_z(strstr(at, "value=\"") + strlen("value=\""));
    value.n = str_find(value, '"');
    return arena_str(a.f.arena, value);
}

static int set_up(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &role_kind, &form_kind, &workflow_kind,
                                                       &product_kind };
    static const struct module *const modules[] = {
        &stop_module,  &timer_module,    &define_module,      &auth_module,
        &file_module,  &flow_module,     &flow_record_module, &quality_module,
        &order_module, &identity_module, &custody_module,     &clinic_module,
    };
    text_use(text_rows, text_rows_count);
    define_use(kinds, 4);
    flow_use_points(NULL, NULL, 0);
    file_use_rules(order_module.files, order_module.nfiles);
    auth_fixture_open_with(&a, modules, sizeof modules / sizeof modules[0]);
    definitions();
    for (int i = 1; i <= 2; i++)
        auth_fixture_account(&a, i);
    auth_fixture_role(&a, 1, "tester", 1, 1);
    auth_fixture_role(&a, 2, "looker", 1, 1);
    placed();
    serve();
    for (int i = 1; i <= 2; i++) {
        char login[20];
        struct err e = { 0 };
        snprintf(login, sizeof login, "person%d", i);
        assert_int_equal(auth_sign_in(a.auth, str_z(login), RIGHT_PASSWORD, S("127.0.0.1"),
                                      &cookies[i], a.f.arena, &e),
                         OK);
    }
    csrf = hidden(get(1, at_order("/tasks/test")), "_csrf");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_stop(app.server);
    auth_fixture_written(&a);
    auth_fixture_close(&a);
    return 0;
}

/* --- a form of several parts --- */

static void put(const char *bytes, size_t n)
{
    assert_true(nbody + n < sizeof body);
    memcpy(body + nbody, bytes, n);
    nbody += n;
}

static void puts_(const char *text)
{
    put(text, strlen(text));
}

static void text(const char *name, const char *value)
{
    puts_("--edge\r\nContent-Disposition: form-data; name=\"");
    puts_(name);
    puts_("\"\r\n\r\n");
    puts_(value);
    puts_("\r\n");
}

static void file_of(const char *name, const char *called, const char *bytes, size_t n)
{
    puts_("--edge\r\nContent-Disposition: form-data; name=\"");
    puts_(name);
    puts_("\"; filename=\"");
    puts_(called);
    puts_("\"\r\nContent-Type: application/octet-stream\r\n\r\n");
    put(bytes, n);
    puts_("\r\n");
}

static void file(const char *name, const char *called, const char *bytes)
{
    file_of(name, called, bytes, strlen(bytes));
}

static void begin(void)
{
    nbody = 0;
    const struct id id = id_derive(S("desk"), S("command"), a.f.commands++);
    text("_csrf", arena_printf(a.f.arena, "%.*s", STR(csrf)).p);
    text("_id", arena_printf(a.f.arena, "%s", id.text).p);
}

static struct str request_of(int person, const char *path, size_t length)
{
    return arena_printf(a.f.arena,
                        "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: vein=%.*s\r\n"
                        "Content-Type: multipart/form-data; boundary=edge\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        path, STR(cookies[person]), length);
}

static int post_as(int person, const char *path)
{
    puts_("--edge--\r\n");
    struct str head = request_of(person, path, nbody);
    char *whole = malloc(head.n + nbody);
    assert_non_null(whole);
    memcpy(whole, head.p, head.n);
    memcpy(whole + head.n, body, nbody);
    const int status =
        client_ask(app.server, (struct str){ whole, head.n + nbody }, got, sizeof got);
    free(whole);
    return status;
}

static int post(const char *rest)
{
    return post_as(1, at_order(rest));
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

static size_t uploads(void)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/uploads", a.f.node.files->folder);
    return entries_in(path);
}

/* What is dropped goes with the end of the request, a moment after its answer. */
static void nothing_left(void)
{
    for (int i = 0; i < 500 && uploads() > 0; i++)
        usleep(10000);
    assert_int_equal(uploads(), 0);
}

#define HAS(text)   assert_non_null(strstr(got, text))
#define LACKS(text) assert_null(strstr(got, text))

/* --- what it is for --- */

static void a_file_comes_with_the_form(void **state)
{
    (void)state;
    assert_non_null(strstr(get(1, at_order("/tasks/test")), "enctype=\"multipart/form-data\""));
    HAS("type=\"file\" id=\"f-report\" name=\"_file.report\" accept=\"application/pdf,text/csv\"");
    HAS("PDF, CSV table; at most 5 KB");
    begin();
    text("note", "as read");
    file("_file.report", "Befund ä.pdf", PDF);
    file("_file.picture", "", ""); /* nothing was chosen there */
    assert_int_equal(post("/tasks/test/complete"), 303);
    get(1, at_order("/tasks/test"));
    HAS(">Befund ä.pdf</a>");
    HAS("PDF, 17 bytes");
    const struct str path = { strstr(got, "/files/"), strlen("/files/") + 36 };
    char link[60];
    snprintf(link, sizeof link, "%.*s", STR(path));
    get(1, link);
    HAS("Content-Type: application/pdf\r\n");
    HAS(PDF);
    get(1, at_order("/tasks/test/print"));
    HAS("Befund ä.pdf, PDF, 17 bytes, SHA-256 ");
    get(1, at_order("/documents"));
    HAS("Befund ä.pdf");
    nothing_left();
    fixture_rebuilds(&a.f);
}

static void attached_first_and_completed_later(void **state)
{
    (void)state;
    begin();
    text("note", "half written");
    file("_file.report", "table.csv", "a;b\n1;2\n3;4\n");
    text("_attach", "report");
    assert_int_equal(post("/tasks/test/complete"), 200);
    HAS(">half written</textarea>");
    HAS("<bdi>table.csv</bdi>");
    LACKS("aria-invalid");
    const struct str hash = hidden(got, "report");
    assert_int_equal(hash.n, HASH_HEX);
    begin();
    text("note", "half written, and done");
    text("report", arena_printf(a.f.arena, "%.*s", STR(hash)).p);
    file("_file.report", "", "");
    assert_int_equal(post("/tasks/test/complete"), 303);
    get(1, at_order("/tasks/test"));
    HAS(">table.csv</a>");
    HAS("CSV table, 12 bytes");
}

static void a_correction_replaces_it_and_takes_it_away(void **state)
{
    (void)state;
    begin();
    text("note", "one");
    file("_file.report", "first.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
    get(1, at_order("/tasks/test?correct=1"));
    HAS("<bdi>first.pdf</bdi>");
    const struct str had = hidden(got, "_had");
    const struct str hash = hidden(got, "report");
    begin();
    text("_had", arena_printf(a.f.arena, "%.*s", STR(had)).p);
    text("_reason", "the other file was meant");
    text("note", "one");
    text("report", arena_printf(a.f.arena, "%.*s", STR(hash)).p);
    file("_file.report", "second.pdf", PDF);
    assert_int_equal(post("/tasks/test/correct"), 303);
    get(1, at_order("/tasks/test"));
    HAS(">second.pdf</a>");
    HAS(">first.pdf</a>"); /* of the history */
    begin();
    text("_had", arena_printf(a.f.arena, "%.*s", STR(had)).p);
    text("_reason", "none was meant");
    text("note", "one");
    assert_int_equal(post("/tasks/test/correct"), 303);
    get(1, at_order("/tasks/test?correct=1"));
    LACKS("<bdi>second.pdf</bdi>");
    HAS("file-choose");
}

/* --- what is wrong with one --- */

static void refused(const char *control, const char *called, const char *bytes, size_t n,
                    const char *why)
{
    begin();
    text("note", "typed with care");
    file_of(control, called, bytes, n);
    assert_int_equal(post("/tasks/test/complete"), 422);
    HAS(">typed with care</textarea>");
    if (!strstr(got, why))
        fail_msg("%s: nothing of \"%s\" in %s", called, why, got);
    nothing_left();
}

static void what_is_not_taken_costs_nothing_else(void **state)
{
    (void)state;
    static char large[6000] = PDF;
    memset(large + 20, 'x', sizeof large - 20);
    refused("_file.report", "tool.exe", "MZ\x90\0\x03\0\0\0\x04\0\0\0", 12,
            "files of this kind are not stored");
    refused("_file.report", "photo.png", "\x89PNG\r\n\x1a\n....", 12,
            "a file of type image/png is not taken here");
    refused("_file.report", "large.pdf", large, sizeof large, "larger than 5000 bytes");
    refused("_file.report", "empty.pdf", "", 0, "the file is empty");
    refused("_file.report", "text.csv", "a;b\n\xff;1\n", 8, "not stored");
    refused("_file.note", "note.pdf", PDF, strlen(PDF), "the form has no such field");
    begin();
    text("note", "two of them");
    file("_file.report", "one.pdf", PDF);
    file("_file.report", "two.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 422);
    HAS("one file stands at this field, and two were sent");
    HAS("<bdi>one.pdf</bdi>"); /* the first is stored, and stays chosen */
    get(1, at_order("/tasks/test"));
    HAS("_file.report"); /* the task is still open */
}

static void what_the_form_lacks_leaves_the_file_chosen(void **state)
{
    (void)state;
    begin();
    text("note", "");
    file("_file.report", "report.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 422);
    HAS("<bdi>report.pdf</bdi>");
}

/* A name is shown to others. */
static void a_name_is_made_plain(void **state)
{
    (void)state;
    static const struct {
        struct str sent;
        const char *kept;
    } names[] = {
        { S("../../etc/report.pdf"), "report.pdf" },
        { S("C:\\fakepath\\report.pdf"), "report.pdf" },
        { S("cod\xe2\x80\xae"
            "fdp.exe"),
          "codfdp.exe" },
        { S("a\x01\x1f\x7f\xc2\x85\xe2\x80\x8b"
            "b.pdf"),
          "ab.pdf" },
        { S("\xd8\xaa\xd9\x82\xd8\xb1\xd9\x8a\xd8\xb1.pdf"),
          "\xd8\xaa\xd9\x82\xd8\xb1\xd9\x8a\xd8\xb1.pdf" },
        { S("bad\xff.pdf"), "bad\xef\xbf\xbd.pdf" },
        { S(".."), "file" },
        { S("folder/"), "file" },
        { S("  "), "file" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct str kept = file_name_plain(a.f.arena, names[i].sent);
        if (!str_is(kept, names[i].kept))
            fail_msg("%zu: %.*s", i, STR(kept));
    }
    char longest[600];
    memset(longest, 'n', sizeof longest);
    assert_int_equal(file_name_plain(a.f.arena, (struct str){ longest, 600 }).n, FILE_NAME_MAX);
    begin();
    text("note", "x");
    file("_file.report", "..\\..\\up\xe2\x80\xae.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
    get(1, at_order("/tasks/test"));
    HAS(">up.pdf</a>");
}

/* --- who may, and what breaks off --- */

static void the_token_comes_first_and_the_right_is_asked(void **state)
{
    (void)state;
    nbody = 0; /* a form of another site has no token to send */
    file("_file.report", "x.pdf", PDF);
    text("note", "x");
    assert_int_equal(post("/tasks/test/complete"), 403);
    nothing_left();

    const struct str mine = csrf;
    csrf = hidden(get(2, at_order("/tasks/test")), "_csrf");
    begin();
    text("note", "not mine to store");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(post_as(2, at_order("/tasks/test/complete")), 422);
    HAS("not mine to store");
    HAS("file.store");
    csrf = mine;

    begin(); /* an order that is not there takes no file */
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(post_as(1, "/orders/00000000-0000-8000-a000-0000000000ff/documents"), 404);
    nothing_left();
}

static void what_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    static char large[2 << 20] = PDF;
    memset(large + 20, 'x', sizeof large - 20);
    begin();
    text("note", "x");
    puts_("--edge\r\nContent-Disposition: form-data; name=\"_file.report\"; "
          "filename=\"x.pdf\"\r\n\r\n");
    put(large, sizeof large);
    const int fd = client_connect(app.server);
    client_send(fd, request_of(1, at_order("/tasks/test/complete"), nbody + 1000));
    client_send(fd, (struct str){ body, nbody });
    for (int i = 0; i < 500 && uploads() == 0; i++)
        usleep(10000);
    assert_true(uploads() > 0);
    close(fd);
    nothing_left();

    begin(); /* a form without an end */
    text("note", "x");
    struct str head = request_of(1, at_order("/tasks/test/complete"), nbody);
    struct str whole = arena_printf(a.f.arena, "%.*s%.*s", STR(head), (int)nbody, body);
    assert_int_equal(client_ask(app.server, whole, got, sizeof got), 400);
}

static void a_full_disk_is_told_and_costs_nothing_else(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    signal(SIGXFSZ, SIG_IGN);
    begin();
    text("note", "typed with care");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int status = post("/tasks/test/complete");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, 422);
    HAS(">typed with care</textarea>");
    HAS("the disk of the files failed");
    begin();
    text("note", "typed with care");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
}

static void a_document_beside_the_records(void **state)
{
    (void)state;
    begin();
    file("_file.document", "", "");
    assert_int_equal(post("/documents"), 422);
    HAS("no file was chosen");
    begin();
    file("_file.document", "letter.txt", "Dear colleague,\n");
    assert_int_equal(post("/documents"), 303);
    get(1, at_order("/documents"));
    HAS("letter.txt");
    HAS("plain text, 16 bytes");
    HAS("Person No. 1");
}

/* --- who is meant --- */

static int post_form(int person, const char *path, const char *form)
{
    const struct id id = id_derive(S("desk"), S("command"), a.f.commands++);
    struct str token = hidden(get(person, at_order("/people")), "_csrf");
    struct str fields = arena_printf(a.f.arena, "%s&_csrf=%.*s&_id=%s", form, STR(token), id.text);
    struct str request =
        arena_printf(a.f.arena,
                     "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n"
                     "Cookie: vein=%.*s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s",
                     path, STR(cookies[person]), fields.n, STR(fields));
    return client_ask(app.server, request, got, sizeof got);
}

static int name(int person, const char *account, const char *reason)
{
    return post_form(person, at_order("/people"),
                     arena_printf(a.f.arena, "order=%s&part=site&role=tester&account=%s&_reason=%s",
                                  order, account, reason)
                         .p);
}

static void one_of_a_role_is_named_and_changed(void **state)
{
    (void)state;
    const char *one = arena_printf(a.f.arena, "%.*s", STR(fixture_id('a', 1))).p;
    get(1, at_order("/people"));
    HAS("nobody named: 1 of the role");
    HAS(">Person No. 1</option>");
    LACKS("Nobody any more");
    get(2, at_order("/people")); /* sees, and may not name */
    LACKS("Name one");
    assert_int_equal(name(2, one, "x"), 403);
    assert_int_equal(name(1, one, ""), 422); /* with a reason alone */
    HAS("<details id=\"site-tester\" open>");
    assert_int_equal(name(1, one, "treats+this+patient"), 303);
    get(1, at_order("/people"));
    HAS("<strong><bdi>Person No. 1</bdi></strong>");
    HAS("Nobody any more");
    assert_int_equal(name(1, one, "again"), 422); /* is named already */
    const char *other = arena_printf(a.f.arena, "%.*s", STR(fixture_id('a', 2))).p;
    assert_int_equal(name(1, other, "x"), 422); /* has another role */
    assert_int_equal(name(1, "", "none+any+more"), 303);
    get(1, at_order("/people"));
    HAS("nobody named: 1 of the role");
    fixture_rebuilds(&a.f);
}

/* --- somebody else was first --- */

static void whoever_comes_second_reads_who_was_first(void **state)
{
    (void)state;
    const char *form =
        arena_printf(a.f.arena, "order=%s&_reason=wait&_seen=flow/%s@1", order, order).p;
    assert_int_equal(post_form(1, at_order("/do/flow.hold"), form), 409);
    HAS("this order was changed meanwhile");
    HAS("load the page again and see whether");
    LACKS(arena_printf(a.f.arena, "flow/%s has", order).p); /* a stream's name is no word */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_with_the_form),
        TEST(attached_first_and_completed_later),
        TEST(a_correction_replaces_it_and_takes_it_away),
        TEST(what_is_not_taken_costs_nothing_else),
        TEST(what_the_form_lacks_leaves_the_file_chosen),
        TEST(a_name_is_made_plain),
        TEST(the_token_comes_first_and_the_right_is_asked),
        TEST(what_breaks_off_leaves_nothing),
        TEST(a_full_disk_is_told_and_costs_nothing_else),
        TEST(a_document_beside_the_records),
        TEST(one_of_a_role_is_named_and_changed),
        TEST(whoever_comes_second_reads_who_was_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
