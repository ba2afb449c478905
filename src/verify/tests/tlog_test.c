/* Exports: good ones of every shape are accepted; whatever is altered, dropped, inserted,
 * reordered, cut or added is refused; and the verdict is that of an independent verifier in another
 * language. */
#define _GNU_SOURCE
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

enum { FILES_MAX = 600, CONTENT_MAX = 1 << 20 };

static char folder[64];
static struct verify_report report;
static uint8_t content[CONTENT_MAX];

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder, "verify");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    made_remove(folder);
    return 0;
}

static bool good(void)
{
    return verify_tlog(folder, &(struct verify_options){ 0 }, &report);
}

static void assert_good(void)
{
    if (!good())
        fail_msg("bad %s: %s", report.bad_item, report.reason);
}

static void assert_bad(const char *what)
{
    if (good())
        fail_msg("accepted: %s", what);
    assert_true(report.bad_item[0] && report.reason[0]);
}

static void again(const struct made *m, size_t n)
{
    made_remove(folder);
    made_export(m, n, folder);
}

static void good_exports_are_accepted(void **state)
{
    (void)state;
    const size_t sizes[] = { 0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000 };
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 1000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        again(m, sizes[i]);
        assert_good();
        assert_int_equal(report.count, sizes[i]);
        assert_int_equal(report.signed_size, sizes[i]);
        char hex[HASH_HEX + 1];
        hash_hex(hex, made_root(m, sizes[i]));
        assert_string_equal(report.root_hex, hex);
        assert_true(report.own_key);
    }
    made_free(m);
}

/* Three levels of tiles; entries of nothing but a digit, and one of the greatest length. */
static void large_tree_is_accepted(void **state)
{
    (void)state;
    const struct verify_options any = { .any_entries = true };
    struct made *m = made_new("vein.example/n1", 1);
    for (unsigned i = 0; i < 65537; i++)
        made_raw(m, "0", i % 3 == 0);
    char *longest = calloc(1, 65536);
    memset(longest, 'x', 65535);
    made_replace(m, 70, longest);
    made_export(m, m->n, folder);
    if (!verify_tlog(folder, &any, &report))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
    assert_int_equal(report.count, 65537);
    assert_bad("entries that are no events");
    made_get(folder, "tile/2/000.p/1", content, CONTENT_MAX);
    content[0] ^= 1;
    made_put(folder, "tile/2/000.p/1", content, 32);
    assert_false(verify_tlog(folder, &any, &report));
    assert_string_equal(report.bad_item, "tile/2/000.p/1");
    made_free(m);
}

/* shows: AUD-02 (every byte of every file counts) */
static void any_altered_file_is_refused(void **state)
{
    (void)state;
    static char paths[FILES_MAX][128];
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 300);
    made_export(m, 300, folder);
    const size_t nfiles = made_list(folder, paths, FILES_MAX);
    assert_int_equal(nfiles, 7);
    for (size_t f = 0; f < nfiles; f++) {
        const size_t n = made_get(folder, paths[f], content, CONTENT_MAX);
        const size_t step = n > 1000 ? n / 97 : 1;
        for (size_t at = 0; at < n; at += step) {
            content[at] ^= (uint8_t)(1 << at % 8);
            made_put(folder, paths[f], content, n);
            assert_bad(paths[f]);
            content[at] ^= (uint8_t)(1 << at % 8);
        }
        for (size_t cut = 1; cut <= n; cut += step) {
            /* The key's last line feed is no part of the key. */
            if (strcmp(paths[f], "vkey") == 0 && cut == 1)
                continue;
            made_put(folder, paths[f], content, n - cut);
            assert_bad(paths[f]);
        }
        content[n] = '\n';
        made_put(folder, paths[f], content, n + 1);
        assert_bad(paths[f]);
        char full[256];
        snprintf(full, sizeof full, "%s/%s", folder, paths[f]);
        unlink(full);
        assert_bad(paths[f]);
        made_put(folder, paths[f], content, n);
        assert_good();
    }
    made_free(m);
}

enum change { FLIP, DROP, INSERT, SWAP, DUPLICATE, CHANGES };

/* One change to history at entry i, everything behind it made to fit again. */
static struct made *rewritten(const struct made *m, enum change change, size_t i)
{
    struct made *out = made_copy(m, 0);
    for (size_t at = 0; at < m->n; at++) {
        const size_t from = change == SWAP && at == i       ? i + 1
                            : change == SWAP && at == i + 1 ? i
                                                            : at;
        if (change == DROP && at == i)
            continue;
        made_raw(out, m->leaf[from], (long)m->leaf_n[from]);
        if (at == i && (change == DUPLICATE || change == INSERT))
            made_raw(out, m->leaf[from], (long)m->leaf_n[from]);
        if (at == i && change == INSERT)
            memcpy(strstr(out->leaf[i + 1], "8000-0000") + 5, "ffff", 4);
    }
    if (change == FLIP)
        memcpy(strstr(out->leaf[i], "1.10"), "9.99", 4);
    made_rechain(out);
    return out;
}

/* shows: AUD-02 (altering, dropping, inserting or reordering is detected without the key) */
static void rewritten_history_is_refused(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1), *thief = made_new("vein.example/n1", 2);
    char note[MADE_NOTE_MAX], vkey[MADE_NOTE_MAX];
    made_good(m, 300);
    made_vkey(vkey, m);
    for (int change = 0; change < CHANGES; change++) {
        for (size_t i = 5; i < 299; i += 98) {
            struct made *other = rewritten(m, (enum change)change, i);
            /* Under the old checkpoint, as if nothing were; then one of another key. */
            again(other, other->n);
            made_put(folder, "checkpoint", note, made_checkpoint(note, m, 300));
            assert_bad("rewritten under the old checkpoint");
            memcpy(other->public_key, thief->public_key, 32);
            memcpy(other->secret_key, thief->secret_key, 64);
            again(other, other->n);
            made_put(folder, "vkey", vkey, strlen(vkey));
            assert_bad("rewritten under another key");
            made_free(other);
        }
    }
    made_free(m);
    made_free(thief);
}

/* Who has the key can sign what does not fit together, but not make it fit. */
static void signed_nonsense_is_refused(void **state)
{
    (void)state;
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const struct {
        struct made_event event;
        const char *why;
    } cases[] = {
        { { .stream = 1, .version = 9 }, "lacks the version before" },
        { { .stream = 1, .version = 2 }, "has this version already" },
        { { .stream = 1, .version = 1, .previous = "" }, "has this version already" },
        { { .stream = 1, .version = 1 }, "names one before" },
        { { .stream = 1, .previous = "" }, "does not name the one before" },
        { { .stream = 1, .previous = zeros }, "previous is not the hash" },
        { { .stream = 99, .version = 2, .previous = zeros }, "begin with version 1" },
        { { .stream = 1, .key = "order/2" }, "key is not that of its stream" },
        { { .stream = 1, .logical_us = 1795000000000001 }, "not after that of the event before" },
        { { .stream = 1, .logical_us = 5 }, "recorded after its own logical time" },
        { { .stream = 1, .payload = "{\"ml\":1.5}" }, "real" },
        { { .stream = 1, .payload = "{\"a\":1,\"a\":1}" }, "twice" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made *m = made_new("vein.example/n1", 1);
        for (unsigned at = 0; at < 8; at++)
            made_event(m, &(struct made_event){ .stream = at % 2 });
        made_event(m, &cases[i].event);
        again(m, m->n);
        assert_bad(cases[i].why);
        assert_string_equal(report.bad_item, "event 8");
        if (!strstr(report.reason, cases[i].why))
            fail_msg("%s, not: %s", report.reason, cases[i].why);
        made_free(m);
    }
}

static bool good_since(const char *since)
{
    return verify_tlog(folder, &(struct verify_options){ .since = since }, &report);
}

/* shows: AUD-02 (what the log alone cannot show, an outside checkpoint does) */
static void outside_checkpoint_shows_cut_and_rewrite(void **state)
{
    (void)state;
    char since[96], note[MADE_NOTE_MAX];
    snprintf(since, sizeof since, "%s/kept", folder);
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 300);
    made_export(m, 200, folder);
    assert_good(); /* cut back to 200 */
    made_put(folder, "kept", note, made_checkpoint(note, m, 257));
    assert_false(good_since(since));
    assert_non_null(strstr(report.reason, "cut back"));
    struct made *other = rewritten(m, FLIP, 100);
    again(other, 300);
    assert_good(); /* rewritten by someone who has the key */
    for (size_t size = 0; size <= 300; size += 25) {
        made_put(folder, "kept", note, made_checkpoint(note, m, size));
        assert_int_equal(good_since(since), size <= 100);
        made_put(folder, "kept", note, made_checkpoint(note, other, size));
        assert_true(good_since(since));
    }
    note[30] ^= 1;
    made_put(folder, "kept", note, strlen(note));
    assert_false(good_since(since));
    made_free(m);
    made_free(other);
}

static void given_key_decides(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1), *other = made_new("vein.example/n1", 2);
    char key[MADE_NOTE_MAX];
    made_good(m, 3);
    made_export(m, 3, folder);
    made_vkey(key, m);
    key[strlen(key) - 1] = '\0';
    assert_true(verify_tlog(folder, &(struct verify_options){ .vkey = key }, &report));
    assert_false(report.own_key);
    made_vkey(key, other);
    key[strlen(key) - 1] = '\0';
    assert_false(verify_tlog(folder, &(struct verify_options){ .vkey = key }, &report));
    made_free(m);
    made_free(other);
}

static void extra_files_are_judged(void **state)
{
    (void)state;
    struct made *m = made_new("vein.example/n1", 1);
    made_good(m, 600);
    made_export(m, 100, folder); /* older partials stay */
    made_export(m, 300, folder);
    made_put(folder, "notes.txt", "beside the log", 14);
    assert_good();
    size_t n = made_get(folder, "tile/0/000.p/100", content, CONTENT_MAX);
    content[99 * 32] ^= 1;
    made_put(folder, "tile/0/000.p/100", content, n);
    assert_bad("older partial tile");
    again(m, 300);
    made_export(m, 100, folder);
    made_put(folder, "checkpoint", content, made_checkpoint((char *)content, m, 300));
    n = made_get(folder, "tile/entries/000.p/100", content, CONTENT_MAX);
    content[n - 3] ^= 1;
    made_put(folder, "tile/entries/000.p/100", content, n);
    assert_bad("older partial bundle");
    const char *const bad_paths[] = {
        "tile/junk",      "tile/0/0",         "tile/0/x000/000",      "tile/0/001.p/045",
        "tile/0/001.p/0", "tile/0/001.p/256", "tile/00/000",          "tile/9/000",
        "tile/0/002",     "tile/0/001",       "tile/0/001.p/45",      "tile/1/001",
        "tile/1/000.p/2", "tile/2/000.p/1",   "tile/entries/002.p/1", "tile/entries/x001/000",
    };
    for (size_t i = 0; i < sizeof bad_paths / sizeof *bad_paths; i++) {
        again(m, 300);
        made_put(folder, bad_paths[i], content, 32);
        assert_bad(bad_paths[i]);
        assert_string_equal(report.bad_item, bad_paths[i]);
    }
    again(m, 600); /* more than is signed */
    made_put(folder, "checkpoint", content, made_checkpoint((char *)content, m, 512));
    assert_bad("beyond the signed size");
    again(m, 300);
    char full[128];
    snprintf(full, sizeof full, "%s/tile/0/000", folder);
    unlink(full);
    assert_int_equal(symlink("001.p/44", full), 0);
    assert_bad("a link");
    made_free(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(good_exports_are_accepted),   TEST(large_tree_is_accepted),
        TEST(any_altered_file_is_refused), TEST(rewritten_history_is_refused),
        TEST(signed_nonsense_is_refused),  TEST(outside_checkpoint_shows_cut_and_rewrite),
        TEST(given_key_decides),           TEST(extra_files_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
