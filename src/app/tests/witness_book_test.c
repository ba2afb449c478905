/* What a witness keeps: it is durable before anything is signed, never begun anew, never shared. */
#define _GNU_SOURCE
#include "app/witness_book.h"
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { EVENTS = 300, TEXT_MAX = 8192 };

static struct made *mine, *other; /* the same key, another history from event 5 on */
static char folder[64], vkey[MADE_NOTE_MAX], log_file[200];
static struct witness_book *book;
static struct arena *arena;
static struct witness_answer answer;
static struct err error;

static enum outcome submit(const struct made *m, size_t old, size_t size)
{
    char text[TEXT_MAX], note[MADE_NOTE_MAX];
    const size_t n = made_checkpoint(note, m, size);
    /* An old size that is a half of the new one's largest power of two has one hash for its proof.
     */
    char step[64] = "";
    if (old > 0 && size == 2 * old) {
        struct made *right = calloc(1, sizeof *right);
        assert_non_null(right);
        for (size_t i = old; i < size; i++)
            made_raw(right, m->leaf[i], (long)m->leaf_n[i]);
        const struct hash h = made_root(right, old);
        sodium_bin2base64(step, sizeof step - 1, h.b, 32, sodium_base64_VARIANT_ORIGINAL);
        made_free(right);
    }
    const int length = snprintf(text, sizeof text, "old %zu\n%s%s\n%.*s", old, step,
                                step[0] ? "\n" : "", (int)n, note);
    arena_reset(arena);
    error = (struct err){ 0 };
    return witness_submit(&answer, book, (struct str){ text, (size_t)length }, arena, &error);
}

static void again(void)
{
    witness_close(book);
    book = NULL;
    error = (struct err){ 0 };
    assert_int_equal(witness_open(&book, folder, &env_system, &error), OK);
}

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "witness");
    arena = arena_new(1 << 20);
    mine = made_new("log.example/a", 3);
    made_good(mine, EVENTS);
    other = made_copy(mine, 5);
    made_raw(other, "something else", -1);
    made_good(other, EVENTS - 6);
    made_vkey(vkey, mine);
    char hex[HASH_HEX + 1];
    hash_hex(hex, hash_of(mine->name, strlen(mine->name)));
    snprintf(log_file, sizeof log_file, "%s/log/%s", folder, hex);
    assert_int_equal(witness_make(folder, S("witness.example/w1"), &env_system, &error), OK);
    assert_int_equal(witness_open(&book, folder, &env_system, &error), OK);
    assert_int_equal(witness_add(book, vkey, &error), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    witness_close(book);
    made_free(mine);
    made_free(other);
    made_remove(folder);
    arena_free(arena);
    return 0;
}

static void expect(int status, const char *body)
{
    assert_int_equal(answer.status, status);
    if (body)
        assert_true(str_is(answer.body, body));
}

/* shows: AUD-02. Also over a restart: what was cosigned is known for ever. */
static void it_never_goes_back_and_never_aside(void **state)
{
    (void)state;
    struct verify_keys self;
    struct verify_report why = { 0 };
    uint64_t at;
    char note[MADE_NOTE_MAX];
    assert_int_equal(submit(mine, 0, 8), OK);
    expect(200, NULL);
    made_checkpoint(note, mine, 8);
    assert_true(verify_witnesses_read(&self, str_z(witness_vkey(book)), "self", &why));
    const struct str text = { note, (size_t)(strstr(note, "\n\n") - note) + 1 };
    assert_true(verify_cosignature_holds(&at, answer.body, text, &self.key[0]));
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(submit(mine, 0, 6), OK);
        expect(409, "8\n");
        assert_string_equal(answer.media_type, "text/x.tlog.size");
        assert_int_equal(submit(other, 8, 8), OK);
        expect(409, "8\n");
        assert_int_equal(submit(other, 8, 16), OK);
        expect(422, NULL);
        assert_int_equal(submit(mine, 8, 8), OK);
        expect(200, NULL);
        again();
    }
    assert_int_equal(submit(mine, 8, 16), OK);
    expect(200, NULL);
    again();
    assert_int_equal(submit(mine, 8, 16), OK); /* its answer was lost: it asks anew */
    expect(409, "16\n");
    assert_int_equal(submit(mine, 16, 16), OK);
    expect(200, NULL);
}

static void what_is_no_submission_is_refused(void **state)
{
    (void)state;
    arena_reset(arena);
    assert_int_equal(witness_submit(&answer, book, S("old 0\n\nnothing"), arena, &error), OK);
    expect(400, NULL);
    struct made *stranger = made_new("log.example/b", 5), *thief = made_new("log.example/a", 6);
    made_good(stranger, 8);
    made_good(thief, 8);
    assert_int_equal(submit(stranger, 0, 8), OK);
    expect(404, NULL);
    assert_int_equal(submit(thief, 0, 8), OK);
    expect(403, NULL);
    assert_int_equal(submit(mine, 8, 6), OK);
    expect(400, NULL);
    made_free(stranger);
    made_free(thief);
}

/* What cannot be kept is not cosigned, now or later, until a start reads what is there. */
static void nothing_is_cosigned_that_is_not_kept(void **state)
{
    (void)state;
    assert_int_equal(submit(mine, 0, 8), OK);
    expect(200, NULL);
    char beside[220];
    snprintf(beside, sizeof beside, "%s.new", log_file);
    assert_int_equal(mkdir(beside, 0700), 0); /* in the place of the file it writes first */
    assert_int_equal(submit(mine, 8, 16), FAULT);
    assert_string_equal(error.code, "witness.write");
    assert_int_equal(rmdir(beside), 0);
    assert_int_equal(submit(mine, 8, 16), FAULT);
    again();
    assert_int_equal(submit(mine, 8, 16), OK);
    expect(200, NULL);
}

static void a_kill_amid_writing_leaves_what_was(void **state)
{
    (void)state;
    assert_int_equal(submit(mine, 0, 8), OK);
    char beside[220];
    snprintf(beside, sizeof beside, "%s.new", log_file);
    FILE *half = fopen(beside, "w");
    assert_non_null(half);
    fputs("vein.witness.log/v1\nhalf", half);
    fclose(half);
    again();
    assert_int_equal(access(beside, F_OK), -1);
    assert_int_equal(submit(mine, 8, 16), OK);
    expect(200, NULL);
}

static void what_is_damaged_or_lost_is_not_begun_anew(void **state)
{
    (void)state;
    char text[TEXT_MAX];
    assert_int_equal(submit(mine, 0, 8), OK);
    witness_close(book);
    book = NULL;
    FILE *file = fopen(log_file, "r+");
    assert_non_null(file);
    const size_t n = fread(text, 1, sizeof text, file);
    fseek(file, (long)n - 20, SEEK_SET);
    fputc(text[n - 20] == 'A' ? 'B' : 'A', file);
    fclose(file);
    assert_int_equal(witness_open(&book, folder, &env_system, &error), REFUSED);
    assert_string_equal(error.code, "witness.damaged");
    assert_int_equal(unlink(log_file), 0);
    again();
    assert_int_equal(submit(mine, 0, 8), OK); /* not as new, but as a log that nobody named */
    expect(404, NULL);
}

static void the_folder_is_one_process_s(void **state)
{
    (void)state;
    struct witness_book *second = NULL;
    char key[100];
    assert_int_equal(witness_open(&second, folder, &env_system, &error), REFUSED);
    assert_string_equal(error.code, "witness.in_use");
    assert_int_equal(witness_make(folder, S("witness.example/w2"), &env_system, &error), REFUSED);
    assert_string_equal(error.code, "witness.not_empty");
    assert_int_equal(witness_add(book, vkey, &error), REFUSED);
    assert_string_equal(error.code, "witness.log_known");
    witness_close(book);
    book = NULL;
    snprintf(key, sizeof key, "%s/key", folder);
    assert_int_equal(chmod(key, 0644), 0);
    assert_int_equal(witness_open(&book, folder, &env_system, &error), REFUSED);
    assert_string_equal(error.code, "witness.key_readable_by_others");
}

static size_t kept(const char *ending)
{
    static char paths[200][128];
    char fork[100];
    size_t n = 0;
    snprintf(fork, sizeof fork, "%s/fork", folder);
    const size_t all = made_list(fork, paths, 200);
    for (size_t i = 0; i < all; i++)
        n += str_ends(str_z(paths[i]), str_z(ending));
    return n;
}

/* Two notes of one size and two roots, signed by one key, are proof for everyone. */
static void evidence_is_kept_and_bounded(void **state)
{
    (void)state;
    char last[TEXT_MAX];
    assert_int_equal(submit(mine, 0, 64), OK);
    for (size_t size = 64; size < 64 + 2 * WITNESS_EVIDENCE_MAX; size++)
        assert_int_equal(submit(other, 64, size), OK);
    assert_int_equal(submit(other, 64, 64), OK);
    assert_int_equal(kept(".forked.shown"), 1);
    assert_int_equal(kept(".forked.known"), 1);
    assert_int_equal(kept(".unproved.shown"), WITNESS_EVIDENCE_MAX);
    assert_int_equal(kept(".unproved.known"), WITNESS_EVIDENCE_MAX);
    struct buf b = buf_over(last, sizeof last);
    const char *hex = strrchr(log_file, '/') + 1;
    assert_true(witness_last(&b, book, str_z(hex)));
    assert_false(witness_last(&b, book, S("0000")));
}

/* The log's own checkpoints without their proofs, which anyone can send, leave room for the proof
 * of a fork; lines below what the log signed make nothing new of it. */
static void no_flood_displaces_a_fork(void **state)
{
    (void)state;
    char text[TEXT_MAX], note[MADE_NOTE_MAX];
    assert_int_equal(submit(mine, 0, 64), OK);
    for (size_t size = 65; size < 65 + 2 * WITNESS_EVIDENCE_MAX; size++) {
        assert_int_equal(submit(mine, 64, size), OK);
        expect(422, NULL);
    }
    assert_int_equal(kept(".unproved.shown"), WITNESS_EVIDENCE_MAX);
    const int n = (int)made_checkpoint(note, other, 64);
    for (int i = 0; i < 3; i++) {
        const int length = snprintf(text, sizeof text,
                                    "old 64\n\n%.*s\xe2\x80\x94 stranger%d AAAAAAAA\n", n, note, i);
        arena_reset(arena);
        assert_int_equal(
            witness_submit(&answer, book, (struct str){ text, (size_t)length }, arena, &error), OK);
        expect(409, "64\n");
    }
    assert_int_equal(kept(".forked.shown"), 1);
    assert_int_equal(kept(".forked.known"), 1);
}

#define BOOK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOOK_TEST(it_never_goes_back_and_never_aside),
        BOOK_TEST(what_is_no_submission_is_refused),
        BOOK_TEST(nothing_is_cosigned_that_is_not_kept),
        BOOK_TEST(a_kill_amid_writing_leaves_what_was),
        BOOK_TEST(what_is_damaged_or_lost_is_not_begun_anew),
        BOOK_TEST(the_folder_is_one_process_s),
        BOOK_TEST(evidence_is_kept_and_bounded),
        BOOK_TEST(no_flood_displaces_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
