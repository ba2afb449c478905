/* A keyring of so many keys that a start shares them among threads. */
#include "base/tests/folder.h"
#include "kernel/keyring_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 9000 };

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
    return rmdir(folder);
}

static enum outcome open_ring(struct keyring **out, struct err *e)
{
    const struct keyring_options options = {
        .env = &env_system, .path = keys_path, .root_path = root_path, .create = true
    };
    return keyring_open(out, &options, e);
}

static struct keyring *opened(void)
{
    struct keyring *k;
    struct err e = { 0 };
    assert_int_equal(open_ring(&k, &e), OK);
    return k;
}

/* Written as the keyring would, none waited for. */
static void append_many(void)
{
    struct keyring *k = opened();
    const uint8_t key[KEY_SIZE] = { 1 };
    const uint32_t first = k->nslots;
    for (uint32_t i = first; i < first + MANY; i++) {
        struct slot slot;
        char name[20];
        snprintf(name, sizeof name, "many-%u", i - first);
        const struct slot_plan plan = { .kind = SLOT_SUBJECT, .name = str_z(name), .index = i };
        slot_wrap(&slot, k->secrets, k->env, &plan, key);
        assert_int_equal(pwrite(k->fd, &slot, SLOT_SIZE, (off_t)i * SLOT_SIZE), SLOT_SIZE);
    }
    keyring_close(k);
}

static void flip(uint32_t slot, const char *told)
{
    struct keyring *k;
    struct err e = { 0 };
    uint8_t byte;
    const off_t at = (off_t)slot * SLOT_SIZE + 10; /* of its name */
    const int fd = open(keys_path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(open_ring(&k, &e), told ? FAULT : OK);
    if (told)
        assert_string_equal(e.detail, told);
    keyring_close(k);
}

/* shows: SEC-01 (of many keys each is found, and each that was altered is named, at a start) */
static void many_are_found_and_each_is_checked(void **state)
{
    (void)state;
    struct err e = { 0 };
    enum seal_key key;
    char name[20];
    append_many();
    struct keyring *k = opened();
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many-%u", i);
        assert_int_equal(keyring_look(k, str_z(name), &key, &e), OK);
        assert_int_equal(key, SEAL_KEY_LIVE);
    }
    const uint32_t last = k->nslots - 1;
    keyring_close(k);
    char told[60];
    for (uint32_t i = last - MANY + 1; i <= last; i += (MANY - 1) / 7) {
        snprintf(told, sizeof told, "slot %u of the keyring is damaged", i);
        flip(i, told);
        flip(last, told); /* of two the first */
        flip(last, told);
        flip(i, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_are_found_and_each_is_checked, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
