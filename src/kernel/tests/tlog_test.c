/* The static log: what an export holds, what is served, and that strangers' tools accept both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/tests/ledger_fixture.h"
#include "kernel/tlog.h"

enum { OUTPUT_MAX = 512, SERVE_MAX = 40 << 20 };

static struct ledger_fixture f;
static struct arena *arena;

static int setup(void **state)
{
    (void)state;
    ledger_fixture_open(&f);
    arena = arena_new(SERVE_MAX);
    return arena == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    ledger_fixture_close(&f);
    return 0;
}

static void assert_ok(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s: %s", e->code, e->detail);
}

/* Grows the log to `size` and signs it. */
static void grow(uint64_t size)
{
    struct err e = { 0 };
    ledger_fixture_fill(&f, size);
    assert_ok(ledger_checkpoint(f.ledger, f.db, &e), &e);
}

static enum outcome get(const char *path, struct str *out)
{
    const char *type;
    struct err e = { 0 };
    enum outcome o = tlog_get(f.db, str_z(f.vkey), str_z(path), out, &type, arena, &e);
    if (o == REFUSED)
        assert_string_equal(e.code, "tlog.unknown");
    else
        assert_ok(o, &e);
    return o;
}

static const char *export(uint64_t size)
{
    static char dir[160];
    uint64_t exported;
    struct err e = { 0 };
    snprintf(dir, sizeof dir, "%s/export-%llu", f.dir, (unsigned long long)size);
    assert_ok(tlog_export(f.db, str_z(f.vkey), dir, &exported, &e), &e);
    assert_int_equal(exported, size);
    return dir;
}

/* Last line of a command's output; its exit status. */
static int run(char out[OUTPUT_MAX], const char *command)
{
    char line[OUTPUT_MAX];
    FILE *p = popen(command, "r");
    assert_non_null(p);
    out[0] = 0;
    while (fgets(line, sizeof line, p) != NULL)
        snprintf(out, OUTPUT_MAX, "%s", line);
    return pclose(p);
}

/* The independent verifier, when there is one. */
static bool verifier(char out[600], const char *dir, const char *options)
{
    const char *shared = getenv("VEIN_SHARED");
    char path[300];
    snprintf(path, sizeof path, "%s/tools/tlog_verify.py", shared != NULL ? shared : "");
    if (shared == NULL || access(path, R_OK) != 0)
        return false;
    snprintf(out, 600, "python3 %s %s --strict %s 2>&1", path, dir, options);
    return true;
}

static uint64_t files(const char *dir)
{
    char command[256], out[OUTPUT_MAX];
    snprintf(command, sizeof command, "find %s -type f | wc -l", dir);
    assert_int_equal(run(out, command), 0);
    return strtoull(out, NULL, 10);
}

/* ---- exports ---------------------------------------------------------------------------------*/

/* Number of files that the formats ask for, counted by their own rule. */
static uint64_t files_expected(uint64_t size)
{
    uint64_t n = 2;
    for (uint64_t c = size; c > 0; c /= 256)
        n += (c + 255) / 256 * (c == size ? 2 : 1);
    return n;
}

static void exports_are_accepted_at_each_edge(void **state)
{
    (void)state;
    static const uint64_t sizes[] = { 0,   1,   2,   5,   255, 256,   257,
                                      300, 511, 512, 513, 768, 65536, 65537 };
    bool skipped = false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        grow(sizes[i]);
        const char *dir = export(sizes[i]);
        char command[600], out[OUTPUT_MAX], expected[64];
        assert_int_equal(files(dir), files_expected(sizes[i]));
        if (!verifier(command, dir, "")) {
            skipped = true;
            continue;
        }
        int status = run(out, command);
        snprintf(expected, sizeof expected, "entries %llu root ", (unsigned long long)sizes[i]);
        if (status != 0 || strncmp(out, expected, strlen(expected)) != 0)
            fail_msg("size %llu: %s", (unsigned long long)sizes[i], out);
    }
    if (skipped)
        print_message("skipped: VEIN_SHARED/tools/tlog_verify.py is not there\n");
}

/* Each file of an export is served under its path, the same bytes. */
static void export_and_service_give_the_same(void **state)
{
    (void)state;
    static const char *paths[] = {
        "checkpoint",       "vkey",
        "tile/0/000",       "tile/0/002.p/88",
        "tile/1/000.p/2",   "tile/entries/000",
        "tile/entries/001", "tile/entries/002.p/88",
    };
    grow(600);
    const char *dir = export(600);
    grow(1200); /* a log goes on; the export stays what it was */
    assert_int_equal(files(dir), sizeof paths / sizeof paths[0] + 1); /* and tile/0/001 */
    for (size_t i = 1; i < sizeof paths / sizeof paths[0]; i++) {
        char path[300];
        struct str served;
        snprintf(path, sizeof path, "%s/%s", dir, paths[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        static char stored[1 << 20];
        size_t n = fread(stored, 1, sizeof stored, file);
        fclose(file);
        arena_reset(arena);
        assert_int_equal(get(paths[i], &served), OK);
        assert_int_equal(served.n, n);
        assert_memory_equal(served.p, stored, n);
    }
}

static void export_needs_an_empty_folder_and_a_checkpoint(void **state)
{
    (void)state;
    char dir[128], file[160];
    uint64_t size;
    struct err e = { 0 };
    snprintf(dir, sizeof dir, "%s/out", f.dir);
    assert_int_equal(tlog_export(f.db, str_z(f.vkey), dir, &size, &e), REFUSED);
    assert_string_equal(e.code, "tlog.no_checkpoint");
    grow(3);
    assert_ok(tlog_export(f.db, str_z(f.vkey), dir, &size, &e), &e); /* empty, but there */
    assert_int_equal(tlog_export(f.db, str_z(f.vkey), dir, &size, &e), REFUSED);
    assert_string_equal(e.code, "tlog.not_empty");
    snprintf(file, sizeof file, "%s/checkpoint/below", dir);
    assert_int_equal(tlog_export(f.db, str_z(f.vkey), file, &size, &e), FAULT);
    assert_string_equal(e.code, "tlog.write");
}

/* One byte of any file, one file less: the verifier says so. */
static void altered_exports_are_found(void **state)
{
    (void)state;
    static const char *alterations[] = {
        "sed -i s/test.happened/test.happenee/ %s/tile/entries/000",
        "sed -i '0,/account/s//accounu/' %s/tile/entries/001.p/44",
        "sed -i s/^300$/299/ %s/checkpoint",
        "rm %s/tile/0/000",
        "truncate -s -32 %s/tile/0/001.p/44",
        "cp -r %1$s/tile/0/000 %1$s/tile/0/002",
    };
    char command[600], out[OUTPUT_MAX];
    grow(300);
    const char *dir = export(300);
    if (!verifier(command, dir, "")) {
        print_message("skipped: VEIN_SHARED/tools/tlog_verify.py is not there\n");
        skip();
    }
    for (size_t i = 0; i < sizeof alterations / sizeof alterations[0]; i++) {
        char alter[600];
        char copy[200];
        snprintf(copy, sizeof copy, "%s/copy-%zu", f.dir, i);
        snprintf(alter, sizeof alter, "cp -r %s %s", dir, copy);
        assert_int_equal(run(out, alter), 0);
        const char *hole = alterations[i];
        size_t n = 0;
        for (; *hole != 0 && n + sizeof copy < sizeof alter; hole++) {
            bool first = strncmp(hole, "%s", 2) == 0, named = strncmp(hole, "%1$s", 4) == 0;
            if (first || named) {
                n += (size_t)snprintf(alter + n, sizeof alter - n, "%s", copy);
                hole += named ? 3 : 1;
            } else {
                alter[n++] = *hole;
            }
        }
        alter[n] = 0;
        assert_int_equal(run(out, alter), 0);
        assert_true(verifier(command, copy, ""));
        if (run(out, command) == 0 || strncmp(out, "bad ", 4) != 0)
            fail_msg("accepted after: %s", alter);
    }
}

/* ---- the service -----------------------------------------------------------------------------*/

static void nothing_beyond_the_signed_size_is_given(void **state)
{
    (void)state;
    static const char *beyond[] = {
        "tile/0/000",
        "tile/0/000.p/6",
        "tile/entries/000",
        "tile/entries/000.p/6",
        "tile/0/001.p/1",
        "tile/entries/001.p/1",
        "tile/1/000.p/1",
        "tile/1/000",
        "tile/7/x999/999/999",
        "proof/5",
        "proof/6",
    };
    struct str out;
    grow(5);
    ledger_fixture_fill(&f, 300); /* durable, not signed */
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        if (get(beyond[i], &out) != REFUSED)
            fail_msg("gave %s", beyond[i]);
    assert_int_equal(get("tile/0/000.p/5", &out), OK);
    assert_int_equal(out.n, 5 * HASH_SIZE);
    assert_int_equal(get("tile/entries/000.p/5", &out), OK);
    assert_int_equal(get("proof/4", &out), OK);
}

static void paths_have_one_form(void **state)
{
    (void)state;
    static const char *malformed[] = {
        "",
        "/checkpoint",
        "checkpoint/",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+0/000",
        "tile/-1/000",
        "tile/8/000.p/1",
        "tile/0/x000/000",
        "tile/0/000/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000.P/1",
        "tile/0/000.p/-1",
        "tile/0/../0/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/99999999999999999999999999999999999999",
        "tile/Entries/000",
        "tile/entries",
        "proof/",
        "proof/01",
        "proof/-1",
        "proof/1 ",
        "proof/99999999999999999999",
        "vkey\n",
    };
    struct str out;
    grow(300);
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        if (get(malformed[i], &out) != REFUSED)
            fail_msg("gave \"%s\"", malformed[i]);
    assert_int_equal(get("tile/0/000", &out), OK);
    assert_int_equal(get("tile/0/000.p/255", &out), OK); /* an older partial, still right */
}

/* Widths and numbers beyond 999 need a log of 256,000 entries: hashes alone are enough for tiles.
 */
static void tiles_beyond_the_thousandth_are_named_in_groups(void **state)
{
    (void)state;
    struct str out, same;
    grow(2);
    ledger_fixture_sql(
        &f, "INSERT INTO ledger_tile VALUES (0, 1234067, zeroblob(8192));"
            "INSERT INTO ledger_tile VALUES (0, 1000, randomblob(8192));"
            "UPDATE ledger_checkpoint SET note = replace(note, '\n2\n', '\n400000000\n')");
    assert_int_equal(get("tile/0/x001/x234/067", &out), OK);
    assert_int_equal(out.n, 8192);
    assert_int_equal(out.p[5], 0);
    assert_int_equal(get("tile/0/x001/000", &out), OK);
    assert_int_equal(get("tile/0/x001/000.p/7", &same), OK);
    assert_memory_equal(out.p, same.p, (size_t)7 * HASH_SIZE);
    assert_int_equal(get("tile/0/x1/000", &out), REFUSED);
    assert_int_equal(get("tile/0/1000", &out), REFUSED);
    assert_int_equal(get("tile/0/001/000", &out), REFUSED);
    ledger_fixture_sql(&f, "DELETE FROM ledger_tile; DELETE FROM ledger_checkpoint");
}

static void each_event_has_a_proof(void **state)
{
    (void)state;
    static const uint64_t indexes[] = { 0, 1, 254, 255, 256, 511, 512, 599 };
    grow(600);
    const char *dir = export(600);
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        char path[200], file[200], options[300], command[600], out[OUTPUT_MAX];
        struct str proof;
        snprintf(path, sizeof path, "proof/%llu", (unsigned long long)indexes[i]);
        assert_int_equal(get(path, &proof), OK);
        snprintf(file, sizeof file, "%s/proof", f.dir);
        FILE *to = fopen(file, "wb");
        assert_non_null(to);
        assert_int_equal(fwrite(proof.p, 1, proof.n, to), proof.n);
        assert_int_equal(fclose(to), 0);
        snprintf(options, sizeof options, "--check-proof %s", file);
        if (!verifier(command, dir, options)) {
            print_message("skipped: VEIN_SHARED/tools/tlog_verify.py is not there\n");
            skip();
        }
        if (run(out, command) != 0)
            fail_msg("proof of %llu: %s", (unsigned long long)indexes[i], out);
    }
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(exports_are_accepted_at_each_edge),
        T(export_and_service_give_the_same),
        T(export_needs_an_empty_folder_and_a_checkpoint),
        T(altered_exports_are_found),
        T(nothing_beyond_the_signed_size_is_given),
        T(paths_have_one_form),
        T(tiles_beyond_the_thousandth_are_named_in_groups),
        T(each_event_has_a_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
