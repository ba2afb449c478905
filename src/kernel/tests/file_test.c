/* Files: what is stored is sealed, named by its hash, found altered or missing, and unreadable once
 * its subject is forgotten; the event comes after the bytes and only with them. */
#define _GNU_SOURCE /* memmem */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/file_impl.h"
#include "kernel/stop.h"
#include "kernel/tests/fixture.h"

static struct fixture f;
static struct fixture_person nurse;
static struct fixture_person stranger;
static struct files *files;

static enum outcome trial_see(struct db *db, const struct actor *actor, struct str id, bool *may,
                              struct arena *arena, struct err *e)
{
    (void)db;
    (void)id;
    (void)arena;
    (void)e;
    *may = actor_may(actor, S("trial.see"), fixture_id('0', 1), (struct str){ 0 });
    return OK;
}

static enum outcome trial_scope(struct db *db, struct str id, struct file_scope *out, bool *found,
                                struct arena *arena, struct err *e)
{
    (void)db;
    (void)e;
    *found = str_is(id, "a");
    *out = (struct file_scope){
        .organisation = nurse.actor.organisation,
        .site = nurse.actor.site,
        .subject = S("patient-a"),
        .key = arena_str(arena, S("trial/a")),
    };
    return OK;
}

static const struct file_rule rules[] = { { "trial", "trial.attach", trial_see, trial_scope } };
static const struct module trial = { .name = "trial", .files = rules, .nfiles = 1 };
static const struct module *const modules[] = { &file_module, &stop_module, &timer_module, &trial };
enum { MODULES = sizeof modules / sizeof modules[0] };

static int set_up(void **state)
{
    (void)state;
    modules_use(modules, MODULES);
    fixture_open(&f, modules, MODULES);
    fixture_person(&nurse, 1, 1, 1, "file.store trial.attach trial.see");
    fixture_person(&stranger, 2, 2, 3, "file.store trial.attach trial.see");
    files = f.node.files;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static struct file_upload upload_of(int64_t size)
{
    return (struct file_upload){
        .kind = S("trial"),
        .belongs = S("a"),
        .subject = S("patient-a"),
        .account = nurse.actor.account,
        .name = S("Consent of Anna Example.pdf"),
        .size = size,
    };
}

/* A PDF to look at, of n bytes, none like its neighbour. */
static uint8_t *content_of(size_t n)
{
    uint8_t *p = malloc(n);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + i / 251);
    memcpy(p, "%PDF-1.7", n < 8 ? n : 8);
    return p;
}

static enum outcome send(const struct fixture_person *who, const struct file_store *body)
{
    struct buf b = buf_in(f.arena, 8000);
    struct json_out out = json_out(&b);
    struct err e = { 0 };
    assert_int_equal(record_to_json(&file_store_record, body, &out, NULL, &e), OK);
    return fixture_send_as(&f, who, body->file, "file.store", NULL,
                           arena_str(f.arena, buf_get(&b)).p);
}

/* Stored whole, with its event. */
static struct file_row_out store(size_t n, const uint8_t *content)
{
    struct err e = { 0 };
    struct file_store body;
    struct file_row_out row;
    struct db *db;
    bool found;
    struct file_upload u = upload_of((int64_t)n);
    assert_int_equal(file_put(files, &body, &u, (struct bytes){ content, n }, f.arena, &e), OK);
    assert_int_equal(send(&nurse, &body), OK);
    file_stored(files, body.file);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(file_find(&row, db, body.file, &found, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return row;
}

static void assert_reads(const struct file_row_out *row, int64_t from, size_t n,
                         const uint8_t *expected)
{
    struct err e = { 0 };
    struct file_reader *r;
    uint8_t *got = malloc(n + 1);
    size_t ngot;
    assert_int_equal(file_open(&r, files, row, &e), OK);
    assert_int_equal(file_read(r, from, got, n, &ngot, &e), OK);
    assert_int_equal(ngot, n);
    assert_memory_equal(got, expected, n);
    file_reader_free(r);
    free(got);
}

/* Sizes around the piece: one byte, a piece less one, exactly one and two, and one more. */
static void test_what_is_stored_is_read_again(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        8, FILE_PIECE - 1, FILE_PIECE, FILE_PIECE + 1, 2 * FILE_PIECE, 300001
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *content = content_of(sizes[i]);
        struct file_row_out row = store(sizes[i], content);
        assert_int_equal(row.size, sizes[i]);
        assert_true(str_is(row.type, "pdf"));
        assert_reads(&row, 0, sizes[i], content);
        assert_reads(&row, (int64_t)sizes[i] - 5, 5, content + sizes[i] - 5);
        assert_reads(&row, (int64_t)sizes[i] / 2, 4, content + sizes[i] / 2);
        free(content);
    }
    fixture_rebuilds(&f);
}

static uint8_t *slurp(const char *path, size_t *n)
{
    struct stat st;
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    uint8_t *p = malloc((size_t)st.st_size);
    assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
    close(fd);
    *n = (size_t)st.st_size;
    return p;
}

/* partial: SEC-02 — neither the content nor a half upload nor its name lies in plain on disk; the
 * address is the hash of what lies there. */
static void test_nothing_lies_in_plain(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    char hex[HASH_HEX + 1];
    size_t n;
    struct err e = { 0 };
    static const char text[] = "Anna Example consents to everything that is written here.\n";
    struct file_upload u = upload_of(3 * (int64_t)strlen(text));
    assert_int_equal(file_begin(files, &u, &e), OK);
    assert_int_equal(
        file_append(files, &u, 0, (struct bytes){ (const uint8_t *)text, strlen(text) }, &e), OK);
    file_path_upload(path, files, id_str(&u.id), "part");
    uint8_t *part = slurp(path, &n);
    assert_null(memmem(part, n, "Anna", 4));
    free(part);
    file_path_upload(path, files, id_str(&u.id), "note");
    part = slurp(path, &n);
    assert_null(memmem(part, n, "Anna", 4));
    free(part);

    const struct file_row_out row = store(strlen(text), (const uint8_t *)text);
    assert_true(str_is(row.type, "text"));
    file_path_content(path, files, row.hash);
    part = slurp(path, &n);
    assert_null(memmem(part, n, "Anna", 4));
    hash_hex(hex, hash_of(part, n));
    assert_true(str_is(row.hash, hex));
    free(part);
    assert_null(memmem(row.name.p, row.name.n, "Anna", 4));
    struct str name;
    assert_int_equal(file_name(&name, looker_new(f.node.keys, S(""), "test", f.arena), &row, &e),
                     OK);
    assert_true(str_is(name, "Consent of Anna Example.pdf"));
}

/* An upload goes on where it ended, after a restart and after a crash in the middle of a piece. */
static void test_an_upload_goes_on_where_it_ended(void **state)
{
    (void)state;
    struct err e = { 0 };
    char path[FILE_PATH_MAX];
    struct file_store body;
    enum { SIZE = 200000 };
    uint8_t *content = content_of(SIZE);
    struct file_upload u = upload_of(SIZE);
    assert_int_equal(file_begin(files, &u, &e), OK);
    const struct id id = u.id;
    assert_int_equal(file_append(files, &u, 0, (struct bytes){ content, 100000 }, &e), OK);
    assert_int_equal(file_append(files, &u, 5, (struct bytes){ content, 100 }, &e), REFUSED);
    assert_string_equal(e.code, "file.offset");
    assert_true(str_is(err_param(&e, "offset"), "100000"));
    assert_int_equal(file_finish(files, &body, id_str(&id), f.arena, &e), REFUSED);
    assert_string_equal(e.code, "file.unfinished");
    fixture_reopen(&f);
    files = f.node.files;
    assert_int_equal(file_upload_find(files, &u, id_str(&id), f.arena, &e), OK);
    assert_int_equal(u.offset, 100000);

    file_path_upload(path, files, id_str(&id), "part"); /* the last piece loses its end */
    assert_int_equal(truncate(path, file_piece_at(1) + 1000), 0);
    assert_int_equal(file_upload_find(files, &u, id_str(&id), f.arena, &e), OK);
    assert_int_equal(u.offset, FILE_PIECE);
    assert_int_equal(file_append(files, &u, u.offset,
                                 (struct bytes){ content + FILE_PIECE, SIZE - FILE_PIECE }, &e),
                     OK);
    assert_int_equal(file_finish(files, &body, id_str(&id), f.arena, &e), OK);
    struct file_store again;
    assert_int_equal(file_finish(files, &again, id_str(&id), f.arena, &e), OK);
    assert_true(str_eq(body.proof, again.proof));
    assert_int_equal(send(&nurse, &again), OK);
    free(content);
}

static void assert_not_served(const struct file_row_out *row, const char *code)
{
    struct err e = { 0 };
    struct file_reader *r = NULL;
    uint8_t *got = malloc((size_t)row->size);
    size_t n;
    enum outcome o = file_open(&r, files, row, &e);
    if (o == OK)
        o = file_read(r, 0, got, (size_t)row->size, &n, &e);
    assert_int_equal(o, FAULT);
    assert_string_equal(e.code, code);
    assert_int_equal(file_check(files, row, &e), FAULT);
    file_reader_free(r);
    free(got);
}

static void flip(const char *path, off_t at)
{
    uint8_t byte = 0;
    const int fd = open(path, O_RDWR);
    assert_true(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void count_bad(void *context, const struct file_row_out *row, const struct err *why)
{
    assert_non_null(row->file.p);
    assert_true(why->outcome == FAULT);
    (*(size_t *)context)++;
}

/* Altered, cut, exchanged and missing contents are found and never served. */
static void test_what_was_altered_is_never_served(void **state)
{
    (void)state;
    char path[FILE_PATH_MAX];
    char other[FILE_PATH_MAX];
    struct err e = { 0 };
    uint8_t *content = content_of(150000);
    const struct file_row_out rows[] = { store(150000, content), store(150000, content),
                                         store(150000, content), store(150000, content),
                                         store(150000, content) };
    free(content);
    file_path_content(path, files, rows[0].hash);
    flip(path, file_piece_at(1) + 5000);
    assert_not_served(&rows[0], "file.damaged");
    file_path_content(path, files, rows[1].hash);
    assert_int_equal(truncate(path, file_piece_at(2)), 0);
    assert_not_served(&rows[1], "file.damaged");
    file_path_content(path, files, rows[2].hash);
    file_path_content(other, files, rows[3].hash);
    assert_int_equal(rename(other, path), 0); /* the same size, another file's */
    assert_not_served(&rows[2], "file.damaged");
    assert_not_served(&rows[3], "file.missing");

    size_t bad = 0;
    struct db *db;
    struct file_check_count counted;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(files_check(files, db, &counted, count_bad, &bad, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(counted.files, 5);
    assert_int_equal(counted.bad, 4);
    assert_int_equal(bad, 4);
}

static void test_a_forgotten_subject_takes_its_files_along(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct file_reader *r;
    uint8_t *content = content_of(100);
    const struct file_row_out row = store(100, content);
    free(content);
    assert_int_equal(keyring_destroy(f.node.keys, S("patient-a"), &e), OK);
    assert_int_equal(file_open(&r, files, &row, &e), REFUSED);
    assert_string_equal(e.code, "seal.erased");
    assert_int_equal(file_check(files, &row, &e),
                     OK); /* what lies there is still what was stored */
    fixture_rebuilds(&f);
}

static void assert_type(const char *content, size_t n, const char *type)
{
    struct err e = { 0 };
    struct file_store body;
    struct file_upload u = upload_of((int64_t)n);
    const enum outcome o =
        file_put(files, &body, &u, (struct bytes){ (const uint8_t *)content, n }, f.arena, &e);
    if (type) {
        assert_int_equal(o, OK);
        assert_true(str_is(body.type, type));
        file_stored(files, body.file);
    } else {
        assert_int_equal(o, REFUSED);
        assert_true(str_starts(str_z(e.code), S("file.t")));
    }
}

/* The content decides, never its name: all of these are called .pdf. */
static void test_only_known_types_are_stored(void **state)
{
    (void)state;
#define TYPE(content, type) assert_type(content, sizeof(content) - 1, type)
    TYPE("%PDF-1.7\n", "pdf");
    TYPE("\x89PNG\r\n\x1a\n....", "png");
    TYPE("\xff\xd8\xff\xe0..", "jpeg");
    TYPE("FCS3.1    58  1000", "fcs");
    TYPE("<?xml version=\"1.0\"?><a/>", "xml");
    TYPE("{\"resourceType\":\"Bundle\"}", "json");
    TYPE("lot,cells\nA1,12\nA2,13\n", "csv");
    TYPE("Zellen f\xc3\xbcr Anna\n", "text");
    TYPE("\x7f\x45LF\x02\x01\x01", NULL);
    TYPE("MZ\x90", NULL);
    TYPE("PK\x03\x04", NULL);
    TYPE("<html><script>alert(1)</script>", NULL);
    TYPE("<svg onload='alert(1)'/>", NULL);
    TYPE("<!DOCTYPE html>", NULL);
    TYPE("latin \xfc", NULL);
#undef TYPE
    char *late = malloc(FILE_PIECE + 10); /* a text that stops being one, beyond what was sniffed */
    memset(late, 'a', FILE_PIECE + 10);
    memcpy(late + FILE_PIECE - 1, "\xc3\xa9", 2); /* across the pieces */
    assert_type(late, FILE_PIECE + 10, "text");
    late[FILE_PIECE] = 'b';
    assert_type(late, FILE_PIECE + 10, NULL);
    free(late);
}

/* An event names only what file_finish made durable, for the thing and size it was made for. */
static void test_the_gate_takes_no_word_for_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct file_store body;
    uint8_t *content = content_of(100);
    struct file_upload u = upload_of(100);
    assert_int_equal(file_put(files, &body, &u, (struct bytes){ content, 100 }, f.arena, &e), OK);
    free(content);
    struct file_store forged = body;
    forged.size = 99;
    assert_int_equal(send(&nurse, &forged), REFUSED);
    fixture_refused(&f, "gate.unknown");
    forged = body;
    forged.belongs = S("b");
    assert_int_equal(send(&nurse, &forged), REFUSED);
    forged = body;
    forged.hash = S("0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(send(&nurse, &forged), REFUSED);
    assert_int_equal(send(&stranger, &body), REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(send(&nurse, &body), OK);
}

static void test_bounds_are_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct file_upload u = upload_of(0);
    assert_int_equal(file_begin(files, &u, &e), REFUSED);
    assert_string_equal(e.code, "file.empty");
    u = upload_of(FILE_SIZE_MAX + 1);
    assert_int_equal(file_begin(files, &u, &e), REFUSED);
    assert_string_equal(e.code, "file.too_large");
    for (size_t i = 0; i < FILE_UPLOADS_OF_ONE_MAX; i++) {
        u = upload_of(10);
        assert_int_equal(file_begin(files, &u, &e), OK);
    }
    assert_int_equal(file_begin(files, &u, &e), REFUSED);
    assert_string_equal(e.code, "file.busy");
    assert_int_equal(
        file_append(files, &u, 0, (struct bytes){ (const uint8_t *)"%PDF-1.7...", 11 }, &e),
        REFUSED);
    assert_string_equal(e.code, "file.too_large");
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* What nobody went on with, and what no event names, goes; what an event names stays. */
static void test_orphans_expire(void **state)
{
    (void)state;
    struct err e = { 0 };
    char part[FILE_PATH_MAX];
    char orphan[FILE_PATH_MAX];
    char kept[FILE_PATH_MAX];
    struct file_store body;
    int64_t removed;
    struct db *db;
    uint8_t *content = content_of(100);
    struct file_row_out row = store(100, content);
    struct file_upload u = upload_of(100);
    assert_int_equal(file_put(files, &body, &u, (struct bytes){ content, 100 }, f.arena, &e), OK);
    free(content);
    file_path_content(kept, files, row.hash);
    file_path_content(orphan, files, body.hash);
    u = upload_of(100);
    assert_int_equal(file_begin(files, &u, &e), OK);
    file_path_upload(part, files, id_str(&u.id), "part");
    const struct timespec now = { .tv_sec = f.sim.now_us / TIME_SECOND };
    assert_int_equal(utimensat(0, kept, (struct timespec[]){ now, now }, 0), 0);
    assert_int_equal(utimensat(0, orphan, (struct timespec[]){ now, now }, 0), 0);

    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(files_sweep(files, db, &removed, &e), OK);
    assert_int_equal(removed, 0);
    env_sim_advance(&f.sim, FILE_EXPIRES_US + TIME_SECOND);
    assert_int_equal(files_sweep(files, db, &removed, &e), OK);
    store_reader_give(f.node.store, db);
    assert_int_equal(removed, 3); /* both uploads, and the content without an event */
    assert_false(exists(part));
    assert_false(exists(orphan));
    assert_true(exists(kept));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_what_is_stored_is_read_again),
        CASE(test_nothing_lies_in_plain),
        CASE(test_an_upload_goes_on_where_it_ended),
        CASE(test_what_was_altered_is_never_served),
        CASE(test_a_forgotten_subject_takes_its_files_along),
        CASE(test_only_known_types_are_stored),
        CASE(test_the_gate_takes_no_word_for_it),
        CASE(test_bounds_are_refused),
        CASE(test_orphans_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
