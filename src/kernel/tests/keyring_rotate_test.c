/* Keys above keys: organisations' renewed, root keys changed, files of version 1 brought forward;
 * each of it interrupted at every write, after which the keyring opens and what it holds is whole.
 */
#define _GNU_SOURCE /* memmem */
#include "base/tests/folder.h"
#include "kernel/seal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { FILE_MAX = 1 << 16, SLOT = 256, PATIENTS = 5 };

static char folder[64], keys_path[96], root_path[96], token[256];
static struct arena *arena;
static struct str sealed[PATIENTS];
static const char *const patients[PATIENTS] = { "p0", "p1", "p2", "p3", "p4" };

/* --- faults --- */

static int writes, fail_at; /* fail_at 0: never */
static bool die;            /* the process ends there, instead of a fault */

static bool fails(void *context)
{
    (void)context;
    writes++;
    if (writes != fail_at)
        return false;
    if (die)
        _exit(77);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "rotate");
    snprintf(keys_path, sizeof keys_path, "%s/db.keys", folder);
    snprintf(root_path, sizeof root_path, "%s/db.root", folder);
    writes = fail_at = 0;
    die = false;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    char command[96];
    (void)state;
    arena_free(arena);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct keyring_options by_file(void)
{
    return (struct keyring_options){
        .env = &env_system, .path = keys_path, .root_path = root_path, .fails = fails
    };
}

static struct keyring_options by_passphrase(void)
{
    return (struct keyring_options){
        .env = &env_system, .path = keys_path, .passphrase = S("correct horse"), .fails = fails
    };
}

static struct keyring *must_open(struct keyring_options options)
{
    struct keyring *k;
    struct err e = { 0 };
    if (keyring_open(&k, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    return k;
}

/* p0 … p3 of one hospital, p4 of another; each has sealed its own name. */
static void make(struct keyring_options options)
{
    struct err e = { 0 };
    options.create = true;
    struct keyring *k = must_open(options);
    for (int i = 0; i < PATIENTS; i++) {
        const struct str p = str_z(patients[i]);
        assert_int_equal(keyring_subject(k, p, i < 4 ? S("one") : S("two"), &e), OK);
        assert_int_equal(seal_text(k, &sealed[i], p, S("e"), S("f"), p, arena, &e), OK);
    }
    keyring_close(k);
}

/* Each patient's text opens, but for those of `erased`, one letter a patient. */
static void assert_holds(struct keyring *k, const char *erased)
{
    for (int i = 0; i < PATIENTS; i++) {
        struct str plain;
        struct err e = { 0 };
        const enum outcome o = seal_open(k, &plain, S("e"), S("f"), sealed[i], arena, &e);
        if (strchr(erased, '0' + i)) {
            assert_int_equal(o, REFUSED);
            assert_string_equal(e.code, "seal.erased");
        } else if (o != OK) {
            fail_msg("%s: %s %s", patients[i], e.code, e.detail);
        } else {
            assert_true(str_is(plain, patients[i]));
        }
    }
}

static int64_t turn_of(struct keyring *k, const char *organisation, int64_t *subjects)
{
    struct keyring_list list;
    struct err e = { 0 };
    assert_int_equal(keyring_list(k, &list, arena, &e), OK);
    for (size_t i = 0; i < list.n; i++)
        if (str_is(list.rows[i].organisation, organisation)) {
            *subjects = list.rows[i].subjects;
            return list.rows[i].turn;
        }
    return 0;
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
    assert_int_equal(chmod(path, 0600), 0);
}

static void file_copy(const char *from, const char *to)
{
    static uint8_t bytes[FILE_MAX];
    file_write(to, bytes, file_read(from, bytes));
}

/* --- organisations --- */

/* shows: SEC-01 (the erased patient's key goes with the organisation's that wrapped it) */
static void destruction_renews_the_key_above(void **state)
{
    static uint8_t before[FILE_MAX], after[FILE_MAX];
    struct err e = { 0 };
    int64_t moved, subjects;
    (void)state;
    make(by_file());
    struct keyring *k = must_open(by_file());
    const size_t n = file_read(keys_path, before);
    assert_int_equal(keyring_destroy(k, S("p1"), &e), OK);
    assert_int_equal(keyring_renew(k, (struct str){ 0 }, &moved, &e), OK);
    assert_int_equal(moved, 3);
    assert_holds(k, "1");
    assert_int_equal(turn_of(k, "one", &subjects), 2);
    assert_int_equal(subjects, 3);
    assert_int_equal(turn_of(k, "two", &subjects), 1); /* nothing of it was erased */
    /* No wrapped key of that organisation, or under it, is what it was. */
    const size_t m = file_read(keys_path, after);
    for (size_t slot = 5; slot < n / SLOT - 2; slot++)
        assert_null(memmem(after, m, before + slot * SLOT + 112, 48));
    keyring_close(k);
    k = must_open(by_file());
    assert_holds(k, "1");
    /* A second renewal takes the free slot: the file does not grow with each. */
    assert_int_equal(keyring_renew(k, S("one"), &moved, &e), OK);
    assert_int_equal(moved, 3);
    assert_int_equal(file_read(keys_path, after), m);
    assert_int_equal(keyring_renew(k, S("three"), NULL, &e), REFUSED);
    assert_string_equal(e.code, "seal.unknown_organisation");
    assert_holds(k, "1");
    keyring_close(k);
}

/* A copy of the keyring that was made before opens what it held, but with the old root key alone:
 * this is what the documentation says of backups. */
static void an_older_copy_needs_the_older_root(void **state)
{
    char old_keys[120], old_root[120];
    struct err e = { 0 };
    struct keyring *k;
    (void)state;
    make(by_file());
    snprintf(old_keys, sizeof old_keys, "%s/old.keys", folder);
    snprintf(old_root, sizeof old_root, "%s/old.root", folder);
    file_copy(keys_path, old_keys);
    file_copy(root_path, old_root);
    k = must_open(by_file());
    assert_int_equal(keyring_destroy(k, S("p1"), &e), OK);
    assert_int_equal(keyring_renew(k, (struct str){ 0 }, NULL, &e), OK);
    keyring_close(k);
    struct keyring_options from = by_file(), to = by_file();
    assert_int_equal(keyring_rotate_root(&from, &to, &e), OK);
    struct keyring_options old = by_file();
    old.path = old_keys;
    assert_int_equal(keyring_open(&k, &old, &e), REFUSED); /* with the present root key */
    assert_string_equal(e.code, "seal.wrong_root");
    old.root_path = old_root;
    k = must_open(old);
    assert_holds(k, "");
    keyring_close(k);
}

/* --- interruptions --- */

typedef enum outcome step_fn(struct err *e);

static enum outcome step_erase(struct err *e)
{
    struct keyring *k = must_open(by_file());
    enum outcome o = keyring_destroy(k, S("p1"), e);
    if (o == OK)
        o = keyring_renew(k, (struct str){ 0 }, NULL, e);
    keyring_close(k);
    return o;
}

static enum outcome step_rotate(struct err *e)
{
    struct keyring_options from = by_file(), to = by_file();
    return keyring_rotate_root(&from, &to, e);
}

static enum outcome step_to_passphrase(struct err *e)
{
    struct keyring_options from = by_file(), to = by_passphrase();
    return keyring_rotate_root(&from, &to, e);
}

static enum outcome step_token(struct err *e)
{
    struct keyring_options from = by_file(), to = by_file();
    to.root_path = NULL;
    to.token = token;
    return keyring_rotate_root(&from, &to, e);
}

/* The step fails, or the process ends, at write number n. False: it has fewer. */
static bool interrupted(step_fn *step, int n, bool by_death)
{
    struct err e = { 0 };
    writes = 0;
    fail_at = n;
    die = by_death;
    if (!by_death) {
        const enum outcome o = step(&e);
        fail_at = 0;
        return o != OK;
    }
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(step(&e) == OK ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    fail_at = 0;
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77));
    return WEXITSTATUS(status) == 77;
}

static bool is_erased(struct keyring *k)
{
    enum seal_key key;
    struct err e = { 0 };
    assert_int_equal(keyring_look(k, S("p1"), &key, &e), OK);
    return key == SEAL_KEY_ERASED;
}

static void erasure_interrupted_at_every_write(void **state)
{
    int64_t subjects;
    (void)state;
    for (int round = 0; round < 2; round++) {
        int n = 1;
        for (;; n++) {
            unlink(keys_path);
            make(by_file());
            if (!interrupted(step_erase, n, round == 1))
                break;
            struct keyring *k = must_open(by_file());
            const bool erased = is_erased(k);
            assert_holds(k, erased ? "1" : "");
            /* Once the key is gone, that above it is renewed by whoever opens the keyring next. */
            assert_int_equal(turn_of(k, "one", &subjects), erased ? 2 : 1);
            keyring_close(k);
            struct err e = { 0 };
            assert_int_equal(step_erase(&e), OK);
            k = must_open(by_file());
            assert_holds(k, "1");
            keyring_close(k);
        }
        assert_true(n > 8);
    }
}

/* Opened by whichever root key is to be had. */
static struct keyring *open_any(void)
{
    struct keyring_options options[] = { by_file(), by_file(), by_passphrase() };
    options[1].root_path = NULL;
    options[1].token = token;
    for (int i = 0; i < 3; i++) {
        struct keyring *k;
        struct err e = { 0 };
        if ((i != 1 || token[0]) && keyring_open(&k, &options[i], &e) == OK)
            return k;
    }
    fail_msg("no root key opens it");
    return NULL;
}

static void root_interrupted(step_fn *step, int least)
{
    for (int round = 0; round < 2; round++) {
        int n = 1;
        for (;; n++) {
            unlink(keys_path);
            make(by_file());
            if (!interrupted(step, n, round == 1))
                break;
            struct keyring *k = open_any();
            assert_holds(k, "");
            keyring_close(k);
            k = open_any();
            assert_holds(k, "");
            keyring_close(k);
        }
        assert_true(n > least);
        struct keyring *k = open_any();
        assert_holds(k, "");
        keyring_close(k);
    }
}

static void new_key_file_interrupted_at_every_write(void **state)
{
    (void)state;
    root_interrupted(step_rotate, 15);
    char next[128];
    snprintf(next, sizeof next, "%s.next", root_path);
    assert_int_equal(access(next, F_OK), -1);
}

/* The passphrase's derivation is slow by intention: a few places, not all. */
static void from_file_to_passphrase(void **state)
{
    struct err e = { 0 };
    struct keyring *k;
    (void)state;
    make(by_file());
    assert_true(interrupted(step_to_passphrase, 3, true));
    k = open_any();
    assert_holds(k, "");
    keyring_close(k);
    unlink(keys_path);
    unlink(root_path);
    make(by_file());
    assert_int_equal(step_to_passphrase(&e), OK);
    assert_int_equal(access(root_path, F_OK), -1); /* the old root key is destroyed */
    k = must_open(by_passphrase());
    assert_holds(k, "");
    keyring_close(k);
}

/* --- PKCS#11, with the software token --- */

#define MODULE "/usr/lib/softhsm/libsofthsm2.so"

static void make_token(void)
{
    char text[400], path[120];
    snprintf(path, sizeof path, "%s/softhsm.conf", folder);
    const int n = snprintf(text, sizeof text,
                           "directories.tokendir = %s/tokens\nlog.level = ERROR\n", folder);
    file_write(path, (const uint8_t *)text, (size_t)n);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    snprintf(path, sizeof path, "%s/pin", folder);
    file_write(path, (const uint8_t *)"4711-0815\n", 10);
    snprintf(text, sizeof text,
             "mkdir %s/tokens && softhsm2-util --init-token --free --label vein --so-pin 12345678 "
             "--pin 4711-0815 >/dev/null",
             folder);
    assert_int_equal(system(text), 0);
    snprintf(token, sizeof token, "pkcs11:token=vein?module-path=" MODULE "&pin-source=%s", path);
}

static struct keyring_options by_token(void)
{
    struct keyring_options options = by_file();
    options.root_path = NULL;
    options.token = token;
    return options;
}

static void assert_token_refuses(const char *uri, const char *code)
{
    struct keyring_options options = by_token();
    struct keyring *k;
    struct err e = { 0 };
    options.token = uri;
    assert_int_equal(keyring_open(&k, &options, &e), REFUSED);
    assert_string_equal(e.code, code);
}

static void a_token_holds_the_root_key(void **state)
{
    char uri[300], pin[120];
    struct err e = { 0 };
    (void)state;
    make_token();
    make(by_token());
    assert_int_equal(access(root_path, F_OK), -1);
    struct keyring *k = must_open(by_token());
    assert_holds(k, "");
    keyring_close(k);
    struct keyring_options from = by_token(), to = by_token();
    char old_keys[120];
    snprintf(old_keys, sizeof old_keys, "%s/old.keys", folder);
    file_copy(keys_path, old_keys);
    assert_int_equal(keyring_rotate_root(&from, &to, &e), OK);
    k = must_open(by_token());
    assert_holds(k, "");
    keyring_close(k);
    /* The old key is out of the token: no copy of the old keyring opens, ever. */
    struct keyring_options old = by_token();
    old.path = old_keys;
    assert_int_equal(keyring_open(&k, &old, &e), REFUSED);
    assert_string_equal(e.code, "seal.wrong_root");
    assert_token_refuses("pkcs11:token=vein", "seal.token_uri");
    snprintf(uri, sizeof uri, "pkcs11:token=other?%s", strchr(token, '?') + 1);
    assert_token_refuses(uri, "seal.token_missing");
    snprintf(pin, sizeof pin, "%s/pin", folder);
    file_write(pin, (const uint8_t *)"0000-0000\n", 10);
    assert_token_refuses(token, "seal.token_pin");
    assert_int_equal(chmod(pin, 0644), 0);
    assert_token_refuses(token, "seal.mode");
    token[0] = '\0';
}

static void from_file_to_token_interrupted_at_every_write(void **state)
{
    (void)state;
    make_token();
    root_interrupted(step_token, 10);
    assert_int_equal(access(root_path, F_OK), -1);
    token[0] = '\0';
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(destruction_renews_the_key_above),
        TEST(an_older_copy_needs_the_older_root),
        TEST(erasure_interrupted_at_every_write),
        TEST(new_key_file_interrupted_at_every_write),
        TEST(from_file_to_passphrase),
        TEST(a_token_holds_the_root_key),
        TEST(from_file_to_token_interrupted_at_every_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
