/* Files over real sockets: an upload in pieces, gone on with after a break, and downloads whole and
 * by range, for those who may see the thing and nobody else. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/app.h"
#include "kernel/file_impl.h"
#include "kernel/tests/auth_serve.h"
#include "kernel/tests/http_client.h"
#include "kernel/text.h"

enum { SIZE = 200000 };

static struct auth_fixture a;
static struct app app;
static char got[SIZE + 4000];
static char request[SIZE + 4000];
static char cookie[80];
static char token[HASH_HEX + 1];
static char content[SIZE];

static enum outcome see(struct db *db, const struct actor *actor, struct str id, bool *may,
                        struct arena *arena, struct err *e)
{
    (void)db;
    (void)id;
    (void)arena;
    (void)e;
    *may = actor_may(actor, S("trial.see"), a.program.actor.organisation, a.program.actor.site);
    return OK;
}

static enum outcome scope(struct db *db, struct str id, struct file_scope *out, bool *found,
                          struct arena *arena, struct err *e)
{
    (void)db;
    (void)e;
    *found = str_is(id, "x");
    *out = (struct file_scope){
        .organisation = a.program.actor.organisation,
        .site = a.program.actor.site,
        .subject = S("patient-x"),
        .key = arena_str(arena, S("httptrial/x")),
    };
    return OK;
}

static const struct file_rule rules[] = { { "httptrial", "trial.attach", see, scope } };

static int set_up(void **state)
{
    static const struct module *const routed[] = { &auth_module, &file_module };
    (void)state;
    text_use(text_rows, text_rows_count);
    file_use_rules(rules, 1);
    auth_fixture_open(&a);
    auth_fixture_load_role(&a, "author", 1, "file.store, trial.attach, trial.see");
    auth_fixture_load_role(&a, "reader", 1, "unit.see");
    auth_fixture_account(&a, 1);
    auth_fixture_account(&a, 2);
    auth_fixture_role(&a, 1, "author", 1, 1);
    auth_fixture_role(&a, 2, "reader", 1, 1);
    auth_serve(&app, &a, routed, 2, 0);
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 31 + i / 997);
    memcpy(content, "%PDF-1.7", 8);
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

static int ask(const char *line, const char *headers, const char *body, size_t nbody)
{
    const int n = snprintf(request, sizeof request,
                           "%s HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"
                           "Cookie: vein=%s\r\nX-CSRF-Token: %s\r\n%sContent-Length: %zu\r\n\r\n",
                           line, cookie, token, headers, nbody);
    assert_true(n > 0 && (size_t)n + nbody < sizeof request);
    memcpy(request + n, body, nbody);
    return client_ask(app.server, (struct str){ request, (size_t)n + nbody }, got, sizeof got);
}

static void sign_in(const char *login)
{
    char body[120];
    cookie[0] = token[0] = '\0';
    snprintf(body, sizeof body, "login=%s&password=seven+herons+over+the+weir", login);
    assert_int_equal(ask("POST /sign-in", "Content-Type: application/x-www-form-urlencoded\r\n",
                         body, strlen(body)),
                     303);
    client_take(cookie, sizeof cookie, got, "Set-Cookie: vein=", ';');
    assert_int_equal(ask("GET /password", "", "", 0), 200);
    client_take(token, sizeof token, got, "name=\"_csrf\" value=\"", '"');
}

static int begin(const char *belongs, int size)
{
    char body[200];
    snprintf(body, sizeof body,
             "{\"kind\":\"httptrial\",\"belongs\":\"%s\",\"name\":\"Befund ä.pdf\",\"size\":%d}",
             belongs, size);
    return ask("POST /uploads", "Content-Type: application/json\r\n", body, strlen(body));
}

static int patch(const char *upload, size_t offset, size_t n)
{
    char line[120];
    char headers[160];
    snprintf(line, sizeof line, "PATCH %s", upload);
    snprintf(headers, sizeof headers,
             "Upload-Offset: %zu\r\nContent-Type: application/offset+octet-stream\r\n", offset);
    return ask(line, headers, content + offset, n);
}

static const char *body_of(void)
{
    const char *at = strstr(got, "\r\n\r\n");
    assert_non_null(at);
    return at + 4;
}

static void test_from_upload_to_download(void **state)
{
    (void)state;
    char upload[80];
    char file[80];
    char line[120];
    sign_in("person1");
    assert_int_equal(begin("unknown", SIZE), 404);
    assert_int_equal(begin("x", SIZE), 201);
    client_take(upload, sizeof upload, got, "Location: ", '\r');
    assert_int_equal(patch(upload, 0, 70000), 204);
    assert_non_null(strstr(got, "Upload-Offset: 70000\r\n"));
    assert_int_equal(patch(upload, 0, 70000), 409); /* sent again, for want of an answer */
    snprintf(line, sizeof line, "HEAD %s", upload);
    assert_int_equal(ask(line, "", "", 0), 204);
    assert_non_null(strstr(got, "Upload-Offset: 70000\r\n"));
    assert_non_null(strstr(got, "Upload-Length: 200000\r\n"));
    assert_int_equal(patch(upload, 70000, SIZE - 70000), 201);
    client_take(file, sizeof file, got, "Location: ", '\r');

    snprintf(line, sizeof line, "GET %s", file);
    assert_int_equal(ask(line, "", "", 0), 200);
    assert_non_null(strstr(got, "Content-Type: application/pdf\r\n"));
    assert_non_null(strstr(got, "filename*=UTF-8''Befund%20%C3%A4.pdf\r\n"));
    assert_memory_equal(body_of(), content, SIZE);
    assert_int_equal(ask(line, "Range: bytes=65530-65549\r\n", "", 0), 206);
    assert_non_null(strstr(got, "Content-Range: bytes 65530-65549/200000\r\n"));
    assert_memory_equal(body_of(), content + 65530, 20);
    assert_int_equal(ask(line, "Range: bytes=200000-\r\n", "", 0), 416);
    snprintf(line, sizeof line, "GET %s/about", file);
    assert_int_equal(ask(line, "", "", 0), 200);
    assert_non_null(strstr(got, "\"name\":\"Befund ä.pdf\""));

    sign_in("person2"); /* may neither see it nor add to it, and is told what a stranger is */
    snprintf(line, sizeof line, "GET %s", file);
    assert_int_equal(ask(line, "", "", 0), 404);
    assert_int_equal(begin("x", 10), 404);
}

static void test_an_upload_is_its_authors(void **state)
{
    (void)state;
    char upload[80];
    char line[120];
    sign_in("person1");
    assert_int_equal(begin("x", 20), 201);
    client_take(upload, sizeof upload, got, "Location: ", '\r');
    sign_in("person2");
    assert_int_equal(patch(upload, 0, 20), 404);
    snprintf(line, sizeof line, "GET %s", upload);
    assert_int_equal(ask(line, "", "", 0), 404);
    cookie[0] = '\0';
    assert_int_equal(patch(upload, 0, 20), 401);
    sign_in("person1");
    snprintf(line, sizeof line, "DELETE %s", upload);
    assert_int_equal(ask(line, "", "", 0), 204);
    assert_int_equal(patch(upload, 0, 20), 404);
}

/* What was altered on disk is a fault, before a byte of it is sent. */
static void test_altered_content_is_not_sent(void **state)
{
    (void)state;
    char upload[80];
    char file[80];
    char hash[HASH_HEX + 1];
    char line[120];
    char path[FILE_PATH_MAX];
    sign_in("person1");
    assert_int_equal(begin("x", 1000), 201);
    client_take(upload, sizeof upload, got, "Location: ", '\r');
    assert_int_equal(patch(upload, 0, 1000), 201);
    client_take(file, sizeof file, got, "Location: ", '\r');
    snprintf(line, sizeof line, "GET %s", file);
    assert_int_equal(ask(line, "", "", 0), 200);
    client_take(hash, sizeof hash, got, "ETag: \"", '"');
    file_path_content(path, a.f.node.files, str_z(hash));
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, "x", 1, 500) == 1);
    close(fd);
    assert_int_equal(ask(line, "", "", 0), 500);
    assert_null(strstr(got, "%PDF"));
    assert_non_null(strstr(got, "file.damaged"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_from_upload_to_download),
        CASE(test_an_upload_is_its_authors),
        CASE(test_altered_content_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
