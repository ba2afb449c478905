/* What leaves the machine, in earnest: the children that send, a web server that breaks, hangs and
 * lies, and a mail server of Debian's (aiosmtpd), with STARTTLS and without. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/shipped.h"
#include "base/id.h"
#include "base/log.h"
#include "kernel/auth.h"
#include "kernel/notify.h"
#include "kernel/post.h"
#include "kernel/tests/fixture.h"
#include "kernel/tls_make.h"

#define KEY "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

enum { TURN_US = 2000, TURNS_MAX = 20000, TEXT_MAX = 200 };

static struct fixture f;
static struct fixture_person program; /* the program itself */
static struct workers *workers;
static struct post *post;
static struct outbox_setup setup;
static char smtp_url[TEXT_MAX];
static char allowed[TEXT_MAX];
static char certificate[TEXT_MAX];
static char key[TEXT_MAX];
static char pem[16000];
static struct server {
    pid_t pid;
    int port;
    char log[TEXT_MAX];
} web, smtp;

/* --- servers --- */

static void server_start(struct server *s, const char *kind, const char *a, const char *b)
{
    extern char **environ;
    int ends[2];
    char line[40] = "";
    posix_spawn_file_actions_t actions;
    snprintf(s->log, sizeof s->log, "%s/%s.log", f.folder, kind);
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    char *argv[] = { (char *)(uintptr_t) "/usr/bin/python3",
                     (char *)(uintptr_t) "tests/post/server.py",
                     (char *)(uintptr_t)kind,
                     s->log,
                     (char *)(uintptr_t)a,
                     (char *)(uintptr_t)b,
                     NULL };
    assert_int_equal(posix_spawn(&s->pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    assert_non_null(from);
    assert_non_null(fgets(line, sizeof line, from));
    fclose(from);
    int64_t port;
    assert_true(str_to_u63(&port, str_trim(str_z(line))));
    s->port = (int)port;
}

static void server_stop(struct server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    *s = (struct server){ 0 };
}

/* The log's text; lines count what was taken. */
static const char *taken(const struct server *s, size_t *lines)
{
    static char text[200000];
    FILE *file = fopen(s->log, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    *lines = 0;
    for (const char *c = text; *c; c++)
        *lines += *c == '\n';
    return text;
}

/* --- the node --- */

static struct str secret(void *context, struct str name)
{
    (void)context;
    return str_is(name, "partner") ? S("whsec_" KEY)
           : str_is(name, "smtp")  ? S("open sesame")
                                   : (struct str){ 0 };
}

static void open_post(struct str trusted)
{
    static const struct worker_kind *const kinds[] = { &post_kind };
    struct err e = { 0 };
    struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = 1 };
    if (workers_open(&workers, &options, &e) != OK)
        fail_msg("workers: %s", e.code);
    struct post_options out = { workers, trusted };
    assert_int_equal(post_open(&post, &out, &e), OK);
    setup.secret = secret;
    setup.public_url = S("https://vein.example");
    setup.smtp_from = S("vein@vein.example");
    outbox_use(f.node.outbox, post_transport(post), &setup);
}

static int open_node(void **state)
{
    (void)state;
    size_t n;
    size_t changed;
    struct err e = { 0 };
    const struct module *const *modules = cli_modules(&n);
    text_use(text_rows, text_rows_count);
    log_set_level(LOG_ERROR);
    fixture_open(&f, modules, n);
    fixture_person(&program, 1, 1, 1, "");
    program.actor.system = true;
    if (shipped_load(&f.node, program.actor.organisation, &changed, &e) != OK)
        fail_msg("shipped: %s", e.code);
    setup = (struct outbox_setup){ 0 };
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    server_stop(&web);
    server_stop(&smtp);
    workers_close(workers);
    workers = NULL;
    post_close(post);
    post = NULL;
    fixture_close(&f);
    return 0;
}

static void partner(const char *name, const char *path, const char *extra)
{
    struct err e = { 0 };
    bool changed;
    struct db *db;
    struct str yaml = arena_printf(f.arena,
                                   "kind: partner\nname: %s\nversion: 1\ntitle: Partner %s\n"
                                   "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\n"
                                   "endpoint: http://127.0.0.1:%d%s\nsecret: partner\n%s",
                                   name, name, web.port, path, extra);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = f.arena };
    if (define_load_text(f.node.gate, &context, program.actor.organisation, yaml, &changed, &e) !=
        OK)
        fail_msg("partner: %s", e.code);
    store_reader_give(f.node.store, db);
}

static struct str queue(const char *to, const char *about)
{
    const struct json *json;
    struct err e = { 0 };
    assert_int_equal(fixture_send(&f, &program, "message.queue", NULL,
                                  "{'partner':'%s','kind':'test','about':'%s','body':{'n':1}}", to,
                                  about),
                     OK);
    assert_int_equal(json_read(&json, f.arena, f.answer.body, &json_limits_default, &e), OK);
    return arena_str(f.arena, json_get_str(json, "message"));
}

static struct outbox_find_out row(struct str message)
{
    struct db *db;
    struct err e = { 0 };
    struct outbox_find_in in = { message };
    struct outbox_find_out out;
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_outbox_find, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return out;
}

static void turn(void)
{
    bool busy;
    struct err e = { 0 };
    usleep(TURN_US);
    env_sim_advance(&f.sim, TURN_US);
    workers_step(workers, &busy);
    if (node_step(&f.node, 0, &busy, &e) != OK)
        fail_msg("step: %s: %s", e.code, e.detail);
}

static struct outbox_find_out until(struct str message, const char *state)
{
    struct outbox_find_out now = row(message);
    for (int i = 0; i < TURNS_MAX && !str_is(now.state, state); i++) {
        turn();
        now = row(message);
    }
    if (!str_is(now.state, state))
        fail_msg("%.*s, not %s: %.*s", STR(now.state), state, STR(now.code));
    return now;
}

static void dies_of(const char *name, const char *path, int timeout_s, const char *code,
                    int64_t status)
{
    const struct str rules =
        arena_printf(f.arena, "tries: 2\nfirst_wait_s: 1\ntimeout_s: %d\n", timeout_s);
    partner(name, path, rules.p);
    struct outbox_find_out dead = until(queue(name, "order/1"), "dead");
    assert_string_equal(arena_str(f.arena, dead.code).p, code);
    assert_int_equal(dead.status, status);
}

/* --- web hooks --- */

/* partial: INT-06. partial: CCH-05. */
static void a_web_hook_arrives_signed(void **state)
{
    (void)state;
    size_t lines;
    server_start(&web, "web", KEY, NULL);
    snprintf(allowed, sizeof allowed, "127.0.0.1:%d", web.port);
    setup.allowed = str_z(allowed);
    open_post((struct str){ 0 });
    partner("good", "/ok", "");
    struct str message = queue("good", "order/1");
    assert_int_equal(until(message, "delivered").status, 204);
    const char *text = taken(&web, &lines);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(text, "\"signed\": true"));
    assert_non_null(strstr(text, arena_str(f.arena, message).p));
    assert_non_null(strstr(text, "\"data\": {\"n\": 1}"));
}

/* A partner that fails in every way; meanwhile another gets what is its own. */
static void a_web_hook_that_fails_is_told_from_the_others(void **state)
{
    (void)state;
    size_t lines;
    server_start(&web, "web", KEY, NULL);
    snprintf(allowed, sizeof allowed, "127.0.0.1:%d", web.port);
    setup.allowed = str_z(allowed);
    open_post((struct str){ 0 });
    partner("hangs", "/hang", "tries: 2\nfirst_wait_s: 1\ntimeout_s: 20\n");
    for (int i = 0; i < 6; i++)
        queue("hangs", arena_printf(f.arena, "order/%d", i).p);
    for (int i = 0; i < 20; i++)
        turn();
    const int64_t before = f.sim.now_us;
    partner("good", "/ok", "");
    for (int i = 0; i < 20; i++)
        queue("good", arena_printf(f.arena, "order/%d", i).p);
    until(queue("good", "order/21"), "delivered");
    assert_in_range(f.sim.now_us - before, 0, 10 * TIME_SECOND); /* far from a timeout */

    dies_of("breaks", "/break", 20, "outbox.connection", INT_NONE);
    dies_of("fails", "/500", 20, "outbox.answer", 500);
    dies_of("refuses", "/422", 20, "outbox.answer", 422);
    dies_of("slow", "/hang", 1, "outbox.timeout", INT_NONE);
    dies_of("leads_away", "/redirect", 20, "outbox.redirect", 307);
    taken(&web, &lines);
    const size_t so_far = lines;
    dies_of("leads_again", "/redirect", 20, "outbox.redirect", 307);
    taken(&web, &lines);
    assert_int_equal(lines, so_far + 1); /* not followed, not tried again */
    partner("endless", "/endless", "");
    until(queue("endless", "order/1"), "delivered"); /* 200 is said; the rest is cut off */
}

/* Nothing is sent to what lies inside and was not named. */
static void no_definition_leads_inside(void **state)
{
    (void)state;
    size_t lines;
    server_start(&web, "web", KEY, NULL);
    snprintf(allowed, sizeof allowed, "127.0.0.1:%d", web.port == 1 ? 2 : 1);
    setup.allowed = str_z(allowed);
    open_post((struct str){ 0 });
    dies_of("inside", "/ok", 20, "outbox.inside", INT_NONE);
    taken(&web, &lines);
    assert_int_equal(lines, 0);
}

/* --- mail --- */

static struct str person(const char *name, const char *mail)
{
    const struct id account = id_derive(str_z(name), S("account"), 0);
    struct str id = arena_str(f.arena, id_str(&account));
    assert_int_equal(
        fixture_send(&f, &program, "account.make", NULL,
                     "{'account':'%.*s','organisation':'%.*s','login':'%s','name':'%s'}", STR(id),
                     STR(program.actor.organisation), name, name),
        OK);
    assert_int_equal(fixture_send(&f, &program, "account.give_role", "set up",
                                  "{'account':'%.*s','role':'quality_manager',"
                                  "'organisation':'%.*s','site':'%.*s'}",
                                  STR(id), STR(program.actor.organisation),
                                  STR(program.actor.site)),
                     OK);
    assert_int_equal(fixture_send(&f, &program, "contact.set", NULL,
                                  "{'account':'%.*s','mail':'%s'}", STR(id), mail),
                     OK);
    return id;
}

static void place(void)
{
    assert_int_equal(fixture_send(&f, &program, "organisation.make", NULL,
                                  "{'organisation':'%.*s','name':'Halden','kind':'manufacturer'}",
                                  STR(program.actor.organisation)),
                     OK);
    assert_int_equal(fixture_send(&f, &program, "site.make", NULL,
                                  "{'site':'%.*s','organisation':'%.*s','name':'Halden',"
                                  "'kind':'plant','zone':'Europe/Berlin'}",
                                  STR(program.actor.site), STR(program.actor.organisation)),
                     OK);
}

static void stop_is_told(const char *cause)
{
    assert_int_equal(fixture_send(&f, &program, "notification.raise", NULL,
                                  "{'kind':'stop_raised','cause':'%s','label':'7QX4-K2MH',"
                                  "'link':'/orders/1','organisation':'%.*s','site':'%.*s'}",
                                  cause, STR(program.actor.organisation), STR(program.actor.site)),
                     OK);
}

static void turns(int64_t us)
{
    for (int64_t gone = 0; gone < us; gone += TURN_US)
        turn();
}

/* partial: CCH-05. What to do, a pseudonym, a link; nothing of the person it goes to in the ledger.
 */
static void a_mail_arrives(void **state)
{
    (void)state;
    size_t lines;
    server_start(&smtp, "smtp", NULL, NULL);
    snprintf(smtp_url, sizeof smtp_url, "smtp://127.0.0.1:%d", smtp.port);
    setup.smtp_url = str_z(smtp_url);
    setup.smtp_plain = true;
    open_post((struct str){ 0 });
    place();
    person("ada.amberley", "ada@halden.example");
    stop_is_told("stop/1");
    const char *text = taken(&smtp, &lines);
    for (int i = 0; i < TURNS_MAX && lines == 0; i++) {
        turn();
        text = taken(&smtp, &lines);
    }
    assert_non_null(strstr(text, "\"to\": [\"ada@halden.example\"]"));
    assert_non_null(strstr(text, "Subject: Critical: 7QX4-K2MH\\r\\n"));
    assert_non_null(strstr(text, "https://vein.example/orders/1\\r\\n"));
    assert_non_null(strstr(text, "An order was stopped"));
    assert_null(strstr(text, "amberley"));
    stop_is_told("stop/1"); /* it stands already */
    turns(2 * TIME_SECOND);
    taken(&smtp, &lines);
    assert_int_equal(lines, 1);
}

static struct str mail_about(struct str account)
{
    struct str body = arena_printf(f.arena,
                                   "{'notification':'%.*s','kind':'x','urgency':'high',"
                                   "'label':'A','text':'B','link':'/','rung':0,"
                                   "'account':'%.*s'}",
                                   STR(account), STR(account));
    const struct json *json;
    struct err e = { 0 };
    assert_int_equal(fixture_send(&f, &program, "message.queue", NULL,
                                  "{'partner':'mail','kind':'notification','body':%.*s}",
                                  STR(body)),
                     OK);
    assert_int_equal(json_read(&json, f.arena, f.answer.body, &json_limits_default, &e), OK);
    return arena_str(f.arena, json_get_str(json, "message"));
}

/* 5xx is the end of it, 4xx and no answer are tried again. */
static void what_a_mail_server_refuses(void **state)
{
    (void)state;
    server_start(&smtp, "smtp", NULL, NULL);
    snprintf(smtp_url, sizeof smtp_url, "smtp://127.0.0.1:%d", smtp.port);
    setup.smtp_url = str_z(smtp_url);
    setup.smtp_plain = true;
    open_post((struct str){ 0 });
    place();
    struct str soft = mail_about(person("b", "soft@halden.example"));
    struct str good = mail_about(person("c", "good@halden.example"));
    struct outbox_find_out dead = until(mail_about(person("a", "hard@halden.example")), "dead");
    assert_true(str_is(dead.code, "outbox.answer"));
    assert_int_equal(dead.status, 550);
    assert_int_equal(dead.tries, 1);
    until(good, "delivered");
    assert_true(str_is(row(soft).state, "queued"));
    setup.smtp_plain = false; /* a server without STARTTLS is not good enough any more */
    struct str plain = mail_about(person("d", "d@halden.example"));
    turns(3 * TIME_SECOND);
    assert_true(str_is(row(plain).state, "queued"));
}

/* partial: CCH-05. */
static void a_mail_arrives_by_starttls(void **state)
{
    (void)state;
    size_t lines;
    struct err e = { 0 };
    snprintf(certificate, sizeof certificate, "%s/crt", f.folder);
    snprintf(key, sizeof key, "%s/key", f.folder);
    if (tls_make(certificate, key, "127.0.0.1", &env_system, &e) != OK)
        fail_msg("tls: %s", e.code);
    FILE *file = fopen(certificate, "r");
    assert_non_null(file);
    const size_t n = fread(pem, 1, sizeof pem, file);
    fclose(file);
    server_start(&smtp, "smtp", certificate, key);
    snprintf(smtp_url, sizeof smtp_url, "smtp://127.0.0.1:%d", smtp.port);
    setup.smtp_url = str_z(smtp_url);
    setup.smtp_user = S("vein");
    open_post((struct str){ pem, n });
    place();
    until(mail_about(person("ada", "ada@halden.example")), "delivered");
    const char *text = taken(&smtp, &lines);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(text, "\"tls\": true"));
    assert_non_null(strstr(text, "\"user\": true"));
}

/* The same server, whose certificate nobody vouches for. */
static void a_certificate_of_nobodys_is_refused(void **state)
{
    (void)state;
    size_t lines;
    struct err e = { 0 };
    snprintf(certificate, sizeof certificate, "%s/crt", f.folder);
    snprintf(key, sizeof key, "%s/key", f.folder);
    assert_int_equal(tls_make(certificate, key, "127.0.0.1", &env_system, &e), OK);
    server_start(&smtp, "smtp", certificate, key);
    snprintf(smtp_url, sizeof smtp_url, "smtp://127.0.0.1:%d", smtp.port);
    setup.smtp_url = str_z(smtp_url);
    open_post((struct str){ 0 });
    place();
    struct str message = mail_about(person("ada", "ada@halden.example"));
    turns(3 * TIME_SECOND);
    assert_true(str_is(row(message).state, "queued"));
    taken(&smtp, &lines);
    assert_int_equal(lines, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        CASE(a_web_hook_arrives_signed),
        CASE(a_web_hook_that_fails_is_told_from_the_others),
        CASE(no_definition_leads_inside),
        CASE(a_mail_arrives),
        CASE(what_a_mail_server_refuses),
        CASE(a_mail_arrives_by_starttls),
        CASE(a_certificate_of_nobodys_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
