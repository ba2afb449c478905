/* Files at the task's page without script: sent with the form, stored with the order, told in the
 * record; and whatever is wrong with one costs nothing of what was typed beside it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/file_impl.h"
#include "kernel/tests/http_client.h"
#include "modules/desk/desk.h"
#include "modules/desk/tests/desk_trial.h"

#define PDF "%PDF-1.7\n1 0 obj\n"

static void file(const char *name, const char *called, const char *bytes)
{
    desk_trial_file(name, called, bytes, strlen(bytes));
}

static int post(const char *rest)
{
    return desk_trial_post(1, desk_trial_path(rest));
}

/* --- what it is for --- */

/* partial: EBR-05 (a raw file or a scan stands with the record that names it) */
static void a_file_comes_with_the_form(void **state)
{
    (void)state;
    assert_non_null(strstr(desk_trial_get(1, desk_trial_path("/tasks/test")),
                           "enctype=\"multipart/form-data\""));
    HAS("rel=\"expect\" href=\"#task-name\""); /* no more is needed for a first paint */
    HAS("<div id=\"task-name\">");
    HAS("type=\"file\" id=\"f-report\" name=\"_file.report\" accept=\"application/pdf,text/csv\"");
    HAS("PDF, CSV table; at most 5 KB");
    desk_trial_form();
    desk_trial_text("note", "as read");
    file("_file.report", "Befund ä.pdf", PDF);
    file("_file.picture", "", ""); /* nothing was chosen there */
    assert_int_equal(post("/tasks/test/complete"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS(">Befund ä.pdf</a>");
    HAS("PDF, 17 bytes");
    const struct str path = { strstr(desk_trial.got, "/files/"), strlen("/files/") + 36 };
    char link[60];
    snprintf(link, sizeof link, "%.*s", STR(path));
    desk_trial_get(1, link);
    HAS("Content-Type: application/pdf\r\n");
    HAS(PDF);
    desk_trial_get(1, desk_trial_path("/tasks/test/print"));
    HAS("Befund ä.pdf, PDF, 17 bytes, SHA-256 ");
    desk_trial_get(1, desk_trial_path("/documents"));
    HAS("Befund ä.pdf");
    desk_trial_nothing_left();
    fixture_rebuilds(&desk_trial.a.f);
}

static void attached_first_and_completed_later(void **state)
{
    (void)state;
    desk_trial_form();
    desk_trial_text("note", "half written");
    file("_file.report", "table.csv", "a;b\n1;2\n3;4\n");
    desk_trial_text("_attach", "report");
    assert_int_equal(post("/tasks/test/complete"), 200);
    HAS(">half written</textarea>");
    HAS("<bdi>table.csv</bdi>");
    LACKS("aria-invalid");
    const struct str hash = desk_trial_hidden(desk_trial.got, "report");
    assert_int_equal(hash.n, HASH_HEX);
    desk_trial_form();
    desk_trial_text("note", "half written, and done");
    desk_trial_text("report", arena_printf(desk_trial.a.f.arena, "%.*s", STR(hash)).p);
    file("_file.report", "", "");
    assert_int_equal(post("/tasks/test/complete"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS(">table.csv</a>");
    HAS("CSV table, 12 bytes");
}

static void a_correction_replaces_it_and_takes_it_away(void **state)
{
    (void)state;
    desk_trial_form();
    desk_trial_text("note", "one");
    file("_file.report", "first.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test?correct=1"));
    HAS("<bdi>first.pdf</bdi>");
    const struct str had = desk_trial_hidden(desk_trial.got, "_had");
    const struct str hash = desk_trial_hidden(desk_trial.got, "report");
    desk_trial_form();
    desk_trial_text("_had", arena_printf(desk_trial.a.f.arena, "%.*s", STR(had)).p);
    desk_trial_text("_reason", "the other file was meant");
    desk_trial_text("note", "one");
    desk_trial_text("report", arena_printf(desk_trial.a.f.arena, "%.*s", STR(hash)).p);
    file("_file.report", "second.pdf", PDF);
    assert_int_equal(post("/tasks/test/correct"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS(">second.pdf</a>");
    HAS(">first.pdf</a>"); /* of the history */
    desk_trial_form();
    desk_trial_text("_had", arena_printf(desk_trial.a.f.arena, "%.*s", STR(had)).p);
    desk_trial_text("_reason", "none was meant");
    desk_trial_text("note", "one");
    assert_int_equal(post("/tasks/test/correct"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test?correct=1"));
    LACKS("<bdi>second.pdf</bdi>");
    HAS("file-choose");
}

/* --- what is wrong with one --- */

static void refused(const char *control, const char *called, const char *bytes, size_t n,
                    const char *why)
{
    desk_trial_form();
    desk_trial_text("note", "typed with care");
    desk_trial_file(control, called, bytes, n);
    assert_int_equal(post("/tasks/test/complete"), 422);
    HAS(">typed with care</textarea>");
    if (!strstr(desk_trial.got, why))
        fail_msg("%s: nothing of \"%s\" in %s", called, why, desk_trial.got);
    desk_trial_nothing_left();
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
    desk_trial_form();
    desk_trial_text("note", "two of them");
    file("_file.report", "one.pdf", PDF);
    file("_file.report", "two.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 422);
    HAS("one file stands at this field, and two were sent");
    HAS("<bdi>one.pdf</bdi>"); /* the first is stored, and stays chosen */
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS("_file.report"); /* the task is still open */
}

static void what_the_form_lacks_leaves_the_file_chosen(void **state)
{
    (void)state;
    desk_trial_form();
    desk_trial_text("note", "");
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
        const struct str kept = file_name_plain(desk_trial.a.f.arena, names[i].sent);
        if (!str_is(kept, names[i].kept))
            fail_msg("%zu: %.*s", i, STR(kept));
    }
    char longest[600];
    memset(longest, 'n', sizeof longest);
    assert_int_equal(file_name_plain(desk_trial.a.f.arena, (struct str){ longest, 600 }).n,
                     FILE_NAME_MAX);
    desk_trial_form();
    desk_trial_text("note", "x");
    file("_file.report", "..\\..\\up\xe2\x80\xae.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
    desk_trial_get(1, desk_trial_path("/tasks/test"));
    HAS(">up.pdf</a>");
}

/* --- who may, and what breaks off --- */

static void the_token_comes_first_and_the_right_is_asked(void **state)
{
    (void)state;
    desk_trial.nbody = 0; /* a form of another site has no token to send */
    file("_file.report", "x.pdf", PDF);
    desk_trial_text("note", "x");
    assert_int_equal(post("/tasks/test/complete"), 403);
    desk_trial_nothing_left();

    const struct str mine = desk_trial.csrf;
    desk_trial.csrf = desk_trial_hidden(desk_trial_get(2, desk_trial_path("/tasks/test")), "_csrf");
    desk_trial_form();
    desk_trial_text("note", "not mine to store");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(desk_trial_post(2, desk_trial_path("/tasks/test/complete")), 422);
    HAS("not mine to store");
    HAS("file.store");
    desk_trial.csrf = mine;

    desk_trial_form(); /* an desk_trial.order that is not there takes no file */
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(desk_trial_post(1, "/orders/00000000-0000-8000-a000-0000000000ff/documents"),
                     404);
    desk_trial_nothing_left();
}

static int form(const char *path, const char *fields)
{
    struct arena *a = desk_trial.a.f.arena;
    const struct str body = arena_printf(a, "%s&_csrf=%.*s", fields, STR(desk_trial.csrf));
    const struct str request =
        arena_printf(a,
                     "POST %s HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nCookie: vein=%.*s\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%.*s",
                     path, STR(desk_trial.cookies[1]), body.n, STR(body));
    return client_ask(desk_trial.app.server, request, desk_trial.got, sizeof desk_trial.got);
}

/* partial: ACC-02 what is typed beside and behind a file waits behind the lock, without script */
static void a_lock_keeps_what_stands_behind_a_file(void **state)
{
    (void)state;
    assert_int_equal(form("/lock", "next=%2F"), 303);
    desk_trial_form();
    file("_file.report", "Befund <1>.pdf", PDF);
    file("_file.picture", "", "");
    desk_trial_text("note", "typed behind it");
    assert_int_equal(post("/tasks/test/complete"), 423);
    HAS("name=\"keep.note\" value=\"typed behind it\"");
    HAS("name=\"chosen._file.report\" value=\"Befund &lt;1&gt;.pdf\"");
    LACKS("chosen._file.picture");
    HAS("Files that were chosen with it could not be kept");
    desk_trial_nothing_left();
    const char *kept = arena_printf(desk_trial.a.f.arena,
                                    "to=%s&keep.note=typed+behind+it&chosen._file.report=x.pdf"
                                    "&password=seven+herons+over+the+weir",
                                    desk_trial_path("/tasks/test/complete"))
                           .p;
    assert_int_equal(form("/unlock", kept), 200);
    HAS("enctype=\"multipart/form-data\"");
    HAS("type=\"file\" id=\"chosen-_file.report\" name=\"_file.report\"");
    HAS("name=\"note\" value=\"typed behind it\"");
    desk_trial_form();
    desk_trial_text("note", "typed behind it");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
}

static void what_breaks_off_leaves_nothing(void **state)
{
    (void)state;
    static char large[2 << 20] = PDF;
    memset(large + 20, 'x', sizeof large - 20);
    desk_trial_form();
    desk_trial_text("note", "x");
    desk_trial_put("--edge\r\nContent-Disposition: form-data; name=\"_file.report\"; "
                   "filename=\"x.pdf\"\r\n\r\n");
    desk_trial_bytes(large, sizeof large);
    const int fd = client_connect(desk_trial.app.server);
    client_send(
        fd, desk_trial_head(1, desk_trial_path("/tasks/test/complete"), desk_trial.nbody + 1000));
    client_send(fd, (struct str){ desk_trial.body, desk_trial.nbody });
    for (int i = 0; i < 500 && desk_trial_uploads() == 0; i++)
        usleep(10000);
    assert_true(desk_trial_uploads() > 0);
    close(fd);
    desk_trial_nothing_left();

    desk_trial_form(); /* a form without an end */
    desk_trial_text("note", "x");
    struct str head = desk_trial_head(1, desk_trial_path("/tasks/test/complete"), desk_trial.nbody);
    struct str whole = arena_printf(desk_trial.a.f.arena, "%.*s%.*s", STR(head),
                                    (int)desk_trial.nbody, desk_trial.body);
    assert_int_equal(
        client_ask(desk_trial.app.server, whole, desk_trial.got, sizeof desk_trial.got), 400);
}

/* As where the disk is full: nothing can be written where uploads lie. */
static void a_disk_that_fails_is_told_and_costs_nothing_else(void **state)
{
    (void)state;
    char folder[FILE_PATH_MAX], away[FILE_PATH_MAX];
    desk_trial_form();
    desk_trial_text("note", "half");
    file("_file.report", "first.pdf", PDF);
    desk_trial_text("_attach", "report");
    assert_int_equal(post("/tasks/test/complete"), 200);
    snprintf(folder, sizeof folder, "%s/uploads", desk_trial.a.f.node.files->folder);
    snprintf(away, sizeof away, "%s/away", desk_trial.a.f.node.files->folder);
    assert_int_equal(rename(folder, away), 0);
    close(open(folder, O_CREAT | O_WRONLY, 0600));
    desk_trial_form();
    desk_trial_text("note", "typed with care");
    file("_file.report", "x.pdf", PDF);
    const int status = post("/tasks/test/complete");
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(rename(away, folder), 0);
    assert_int_equal(status, 422);
    HAS(">typed with care</textarea>");
    HAS("the disk of the files failed");
    desk_trial_form();
    desk_trial_text("note", "typed with care");
    file("_file.report", "x.pdf", PDF);
    assert_int_equal(post("/tasks/test/complete"), 303);
}

static void a_document_beside_the_records(void **state)
{
    (void)state;
    desk_trial_form();
    file("_file.document", "", "");
    assert_int_equal(post("/documents"), 422);
    HAS("no file was chosen");
    desk_trial_form();
    file("_file.document", "letter.txt", "Dear colleague,\n");
    assert_int_equal(post("/documents"), 303);
    desk_trial_get(1, desk_trial_path("/documents"));
    HAS("letter.txt");
    HAS("plain text, 16 bytes");
    HAS("Person No. 1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_trial_open, desk_trial_close)

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
        TEST(a_lock_keeps_what_stands_behind_a_file),
        TEST(what_breaks_off_leaves_nothing),
        TEST(a_disk_that_fails_is_told_and_costs_nothing_else),
        TEST(a_document_beside_the_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
