/* The keyring: files and modes, root keys, durability of what it says, destruction, many threads
 * and processes at once. */
#define _GNU_SOURCE /* memmem */
#include "base/tests/folder.h"
#include "kernel/seal.h"

#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { FILE_MAX = 1 << 20, SLOT = 256 };

static char folder[64];
static char keys_path[96];
static char root_path[96];

static int make_folder(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "keyring");
    snprintf(keys_path, sizeof keys_path, "%s/db.keys", folder);
    snprintf(root_path, sizeof root_path, "%s/db.root", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(keys_path);
    unlink(root_path);
    return rmdir(folder); /* nothing else was left behind */
}

static enum outcome open_with(struct keyring **out, bool create, struct err *e)
{
    const struct keyring_options options = {
        .env = &env_system, .path = keys_path, .root_path = root_path, .create = create
    };
    return keyring_open(out, &options, e);
}

static struct keyring *opened(void)
{
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(open_with(&k, true, &e), OK);
    return k;
}

static void assert_refused_open(const char *code)
{
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(open_with(&k, false, &e), REFUSED);
    assert_string_equal(e.code, code);
    assert_null(k);
}

static size_t file_read(const char *path, uint8_t *out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    const size_t n = fread(out, 1, FILE_MAX, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

static void file_write(const char *path, const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

/* Seals and opens again; the outcome of opening. */
static enum outcome use(struct keyring *k, const char *subject, struct err *e)
{
    struct arena *arena = arena_new(1 << 16);
    struct str sealed, plain;
    enum outcome outcome =
        seal_text(k, &sealed, str_z(subject), S("event"), S("path"), S("plain"), arena, e);
    if (outcome == OK)
        outcome = seal_open(k, &plain, S("event"), S("path"), sealed, arena, e);
    if (outcome == OK)
        assert_true(str_is(plain, "plain"));
    arena_free(arena);
    return outcome;
}

/* Even where new files are open to the world by default. */
static void files_are_private(void **state)
{
    (void)state;
    const mode_t before = umask(0);
    keyring_close(opened());
    umask(before);
    assert_int_equal(mode_of(keys_path), 0600);
    assert_int_equal(mode_of(root_path), 0600);
    assert_int_equal(chmod(keys_path, 0640), 0);
    assert_refused_open("seal.mode");
    assert_int_equal(chmod(keys_path, 0600), 0);
    assert_int_equal(chmod(root_path, 0604), 0);
    assert_refused_open("seal.mode");
}

static void absent_files_are_refused(void **state)
{
    (void)state;
    assert_refused_open("seal.not_found");
    keyring_close(opened());
    unlink(root_path);
    assert_refused_open("seal.not_found");
    /* Nor is a new root key made for an old keyring. */
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(open_with(&k, true, &e), REFUSED);
    assert_int_equal(access(root_path, F_OK), -1);
}

static void keys_last(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct keyring *k = opened();
    uint8_t seed[2][32];
    keyring_signer_seed(k, seed[0], (struct str){ 0 });
    const struct hash digest = keyring_digest(k, "index", S("Doe"));
    assert_false(hash_eq(digest, keyring_digest(k, "token", S("Doe"))));
    struct arena *arena = arena_new(1 << 16);
    struct str sealed, plain;
    assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), OK);
    assert_int_equal(seal_text(k, &sealed, S("p1"), S("e"), S("p"), S("x"), arena, &e), OK);
    keyring_close(k);

    k = opened();
    keyring_signer_seed(k, seed[1], (struct str){ 0 });
    assert_memory_equal(seed[0], seed[1], 32);
    assert_true(hash_eq(digest, keyring_digest(k, "index", S("Doe"))));
    assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e),
                     OK); /* and does not make another */
    assert_int_equal(seal_open(k, &plain, S("e"), S("p"), sealed, arena, &e), OK);
    assert_true(str_is(plain, "x"));
    keyring_close(k);
    arena_free(arena);
}

static void another_root_is_refused(void **state)
{
    (void)state;
    keyring_close(opened());
    uint8_t root[FILE_MAX / 1024];
    FILE *f = fopen(root_path, "r+b");
    assert_non_null(f);
    assert_int_equal(fread(root, 1, 64, f), 64);
    rewind(f);
    fputc(root[0] == '0' ? '1' : '0', f);
    fclose(f);
    assert_refused_open("seal.wrong_root");
    assert_int_equal(truncate(root_path, 10), 0);
    assert_refused_open("seal.wrong_root");
}

static void passphrase_opens(void **state)
{
    (void)state;
    struct keyring_options options = {
        .env = &env_system, .path = keys_path, .passphrase = S("correct horse"), .create = true
    };
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(keyring_open(&k, &options, &e), OK);
    assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), OK);
    keyring_close(k);
    options.create = false;
    assert_int_equal(keyring_open(&k, &options, &e), OK);
    assert_int_equal(use(k, "p1", &e), OK);
    keyring_close(k);
    options.passphrase = S("correct hors");
    assert_int_equal(keyring_open(&k, &options, &e), REFUSED);
    assert_string_equal(e.code, "seal.wrong_root");
}

/* shows: SEC-01 (a destroyed key is gone from the file, for this process and after a restart) */
static void destroyed_stays_destroyed(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct keyring *k = opened();
    assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), OK);
    assert_int_equal(keyring_subject(k, S("p2"), S("hospital"), &e), OK);
    uint8_t *before = malloc(FILE_MAX), *after = malloc(FILE_MAX);
    const size_t n = file_read(keys_path, before);
    assert_int_equal(keyring_destroy(k, S("p1"), &e), OK);
    assert_int_equal(keyring_destroy(k, S("p1"), &e), OK);
    assert_int_equal(file_read(keys_path, after), n);
    const size_t secret = n - 2 * SLOT + 88; /* nonce and wrapped key of p1 */
    assert_int_equal(sodium_is_zero(before + secret, 72), 0);
    assert_int_equal(sodium_is_zero(after + secret, 72), 1);
    for (size_t i = 0; i + 16 <= 72; i++)
        assert_null(memmem(after, n, before + secret + i, 16));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(use(k, "p1", &e), REFUSED);
        assert_string_equal(e.code, "seal.erased");
        assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), REFUSED);
        assert_string_equal(e.code, "seal.erased");
        assert_int_equal(use(k, "p2", &e), OK);
        keyring_close(k);
        k = opened();
    }
    keyring_close(k);
    free(before);
    free(after);
}

/* A flipped bit anywhere is noticed at the start: no wrong key, no silent loss of one. */
/* shows: of servers that share a keyring each finds what another appended, and nobody what another
 * destroyed */
static void one_file_two_servers(void **state)
{
    (void)state;
    struct err e = { 0 };
    enum seal_key key;
    struct keyring *one = opened();
    struct keyring *other = opened();
    struct bytes sealed;
    struct str text;
    struct arena *arena = arena_new(1 << 16);
    assert_int_equal(keyring_look(one, S("ada"), &key, &e), OK);
    assert_int_equal(key, SEAL_KEY_NONE);
    assert_int_equal(keyring_subject(other, S("ada"), KEYRING_NODE, &e), OK);
    assert_int_equal(keyring_look(one, S("ada"), &key, &e), OK);
    assert_int_equal(key, SEAL_KEY_LIVE); /* so that an erasure destroys it */
    assert_int_equal(keyring_subject(one, S("bea"), KEYRING_NODE, &e), OK);
    assert_int_equal(keyring_destroy(one, S("ada"), &e), OK);
    assert_int_equal(keyring_look(other, S("ada"), &key, &e), OK);
    assert_int_equal(key, SEAL_KEY_ERASED);
    assert_int_equal(keyring_subject(other, S("ada"), KEYRING_NODE, &e), REFUSED);
    /* The first dies before it renews the key above: whoever leads then does. */
    keyring_close(one);
    struct keyring_list before, after;
    assert_int_equal(keyring_list(other, &before, arena, &e), OK);
    assert_int_equal(keyring_renew(other, (struct str){ 0 }, NULL, &e), OK);
    assert_int_equal(keyring_list(other, &after, arena, &e), OK);
    assert_int_equal(after.rows[0].turn, before.rows[0].turn); /* it knows of none */
    assert_int_equal(keyring_recheck(other, &e), OK);
    assert_int_equal(keyring_renew(other, (struct str){ 0 }, NULL, &e), OK);
    assert_int_equal(keyring_list(other, &after, arena, &e), OK);
    assert_int_equal(after.rows[0].turn, before.rows[0].turn + 1);
    (void)sealed;
    (void)text;
    arena_free(arena);
    keyring_close(other);
}

static void damage_is_noticed(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct keyring *k = opened();
    assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), OK);
    keyring_close(k);
    uint8_t *good = malloc(FILE_MAX);
    const size_t n = file_read(keys_path, good);
    assert_int_equal(n, 7 * SLOT); /* two headers, three keys of the node, organisation, subject */
    for (size_t i = 0; i < n; i++) {
        good[i] ^= (uint8_t)(1u << i % 8);
        file_write(keys_path, good, n);
        assert_int_not_equal(open_with(&k, false, &e), OK);
        good[i] ^= (uint8_t)(1u << i % 8);
    }
    free(good);
}

/* What a crash in the middle of an append leaves does not stand in the way. */
static void torn_append_is_passed_over(void **state)
{
    (void)state;
    struct err e = { 0 };
    keyring_close(opened());
    uint8_t *file = calloc(1, FILE_MAX);
    const size_t n = file_read(keys_path, file);
    memset(file + n, 0, SLOT);
    const size_t left[] = { 1, 100, SLOT };
    for (size_t i = 0; i < 3; i++) {
        file_write(keys_path, file, n + left[i]);
        for (int round = 0; round < 2; round++) {
            struct keyring *k = opened();
            assert_int_equal(keyring_subject(k, S("p1"), S("hospital"), &e), OK);
            assert_int_equal(use(k, "p1", &e), OK);
            keyring_close(k);
        }
    }
    free(file);
}

enum { THREADS = 4, SUBJECTS = 600 };

struct worker {
    struct keyring *k;
    unsigned first;
};

/* Makes, uses and destroys keys of its own while others do the same. */
static void *work(void *context)
{
    const struct worker *w = context;
    for (unsigned i = 0; i < SUBJECTS; i++) {
        struct err e = { 0 };
        char shared[24], own[24];
        snprintf(shared, sizeof shared, "shared-%u", i);
        snprintf(own, sizeof own, "own-%u-%u", w->first, i % 50);
        if (keyring_subject(w->k, str_z(shared), S("hospital"), &e) != OK ||
            use(w->k, shared, &e) != OK)
            return "shared";
        if (i < 50 && (keyring_subject(w->k, str_z(own), S("hospital"), &e) != OK ||
                       use(w->k, own, &e) != OK))
            return "own";
        if (i >= 50 && i < 100 && keyring_destroy(w->k, str_z(own), &e) != OK)
            return "destroy";
        if (i >= 100 && use(w->k, own, &e) != REFUSED)
            return "destroyed";
    }
    return NULL;
}

static void threads_and_processes_at_once(void **state)
{
    (void)state;
    int ends[2], status;
    char one;
    struct keyring *k = opened();
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct err e = { 0 };
        if (open_with(&k, false, &e) != OK || write(ends[1], "", 1) != 1)
            _exit(2);
        const bool good = work(&(struct worker){ k, 99 }) == NULL;
        keyring_close(k);
        _exit(good ? 0 : 1);
    }
    /* Who opens a ring in which keys were destroyed renews the organisation's, in a slot more. */
    close(ends[1]);
    assert_int_equal(read(ends[0], &one, 1), 1);
    close(ends[0]);
    pthread_t threads[THREADS];
    struct worker workers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ k, i };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    keyring_close(k);
    struct stat st; /* each subject has one slot, whoever came first */
    assert_int_equal(stat(keys_path, &st), 0);
    assert_int_equal(st.st_size / SLOT, 6 + SUBJECTS + (THREADS + 1) * 50);
}

/* -- Files of version 1: brought forward, interrupted at every write -- */

#define GOLDEN "tests/golden/version_1"

static int writes, fail_at; /* fail_at 0: never */
static bool die;            /* the process ends there, instead of a fault */

static bool fails(void *context)
{
    (void)context;
    writes++;
    if (writes == fail_at && die)
        _exit(77);
    return writes == fail_at;
}

static void file_copy(const char *from, const char *to)
{
    static uint8_t bytes[FILE_MAX];
    file_write(to, bytes, file_read(from, bytes));
    assert_int_equal(chmod(to, 0600), 0);
}

static struct keyring_options options_v1(void)
{
    return (struct keyring_options){
        .env = &env_system, .path = keys_path, .root_path = root_path, .fails = fails
    };
}

static struct keyring *opened_with(const struct keyring_options *options)
{
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(keyring_open(&k, options, &e), OK);
    return k;
}

static bool upgraded(int n, bool by_death)
{
    struct keyring_options options = options_v1();
    struct err e = { 0 };
    int status = 0;
    writes = 0;
    fail_at = n;
    die = by_death;
    const pid_t child = by_death ? fork() : 0;
    if (child == 0) {
        struct keyring *k = opened_with(&options);
        const enum outcome o = keyring_upgrade(k, &options, &e);
        keyring_close(k);
        if (by_death)
            _exit(o == OK ? 0 : 1);
        fail_at = 0;
        return o == OK;
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    fail_at = 0;
    return WEXITSTATUS(status) == 0;
}

static void an_older_file_is_brought_forward(void **state)
{
    struct err e = { 0 };
    uint8_t seed[2][32];
    struct keyring_list before, after;
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (int round = 0; round < 2; round++)
        for (int n = 1;; n++) {
            file_copy(GOLDEN ".keys", keys_path);
            file_copy(GOLDEN ".root", root_path);
            struct keyring *k = opened();
            assert_true(keyring_is_old(k));
            keyring_signer_seed(k, seed[0], (struct str){ 0 });
            assert_int_equal(keyring_list(k, &before, arena, &e), OK);
            assert_int_equal(before.version, 1);
            assert_int_equal(keyring_subject(k, S("new"), S("one"), &e), REFUSED);
            assert_string_equal(e.code, "seal.older");
            keyring_close(k);
            const bool whole = upgraded(n, round == 1);
            if (!whole)
                assert_true(upgraded(0, false)); /* once more, from whatever was left */
            k = opened();
            assert_false(keyring_is_old(k));
            keyring_signer_seed(k, seed[1], (struct str){ 0 });
            assert_memory_equal(seed[0], seed[1], 32);
            assert_int_equal(keyring_list(k, &after, arena, &e), OK);
            assert_int_equal(after.version, 2);
            assert_int_equal(after.rows[0].subjects, before.rows[0].subjects);
            assert_true(after.rows[0].subjects > 0);
            assert_int_equal(keyring_subject(k, S("new"), S("one"), &e), OK);
            keyring_close(k);
            if (whole) {
                assert_true(n > 3);
                break;
            }
        }
    arena_free(arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(files_are_private),
        TEST(absent_files_are_refused),
        TEST(keys_last),
        TEST(another_root_is_refused),
        TEST(passphrase_opens),
        TEST(destroyed_stays_destroyed),
        TEST(one_file_two_servers),
        TEST(damage_is_noticed),
        TEST(torn_append_is_passed_over),
        TEST(threads_and_processes_at_once),
        TEST(an_older_file_is_brought_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
