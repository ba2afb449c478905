/* A bundle of one order, given to a stranger: honest, it verifies, and without disclosure it names
 * nobody. Altered by anyone without the log's key, anywhere, it does not. And altered by whoever
 * has the key and signs a new manifest, it still does not: events, proofs, chains, keys and report
 * hold each other. shows: COI-10 */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/tests/bundle_folder.h"
#include "app/tests/bundle_witness.h"
#include "app/tests/lived.h"
#include "modules/desk/coi.h"
#include "verify/verify.h"

enum { ORDERS = 4, DAYS = 20 };

static char plain[96], named[96];
static struct verify_report report;
static struct verify_options asked; /* of witnesses */

/* --- verifying --- */

static bool holds(const char *dir)
{
    char vkey[400];
    snprintf(vkey, sizeof vkey, "%.*s", STR(lived.node.vkey));
    asked.vkey = vkey;
    return verify_bundle(dir, &asked, &report);
}

static void must_hold(const char *dir)
{
    if (!holds(dir))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
}

/* Detected, and named: the item begins so, the reason holds this. */
static void must_fail(const char *dir, const char *item, const char *reason)
{
    if (holds(dir))
        fail_msg("not detected: %s %s", item, reason);
    if (strncmp(report.bad_item, item, strlen(item)) != 0 || !strstr(report.reason, reason))
        fail_msg("bad %s: %s, not %s: %s", report.bad_item, report.reason, item, reason);
}

/* --- the ground: a network, one of its orders with a stop --- */

static void export(const char *of, bool identity, const char *to)
{
    struct err e = { 0 };
    struct db *db;
    struct desk_coi c;
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    assert_int_equal(db_begin(db, &e), OK);
    struct arena *arena = arena_new(1 << 20);
    struct looker *looks = looker_new(lived.node.keys, (struct str){ 0 }, "test", arena);
    if (desk_coi_read(&c, &lived.node, db, str_z(of), identity ? looks : NULL, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    struct buf b = buf_in(c.arena, 1 << 20);
    struct page page = {
        .b = &b, .language = S("en"), .now_us = lived.env.now_us, .env = &lived.env.env
    };
    if (desk_coi_export(&page, db, &lived.node, &c, to, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    desk_coi_close(&c);
    arena_free(arena);
    db_rollback(db);
    store_reader_give(lived.node.store, db);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    lived_open(ORDERS, DAYS, 5000);
    snprintf(plain, sizeof plain, "%s/plain", lived.folder);
    snprintf(named, sizeof named, "%s/named", lived.folder);
    if (gate_checkpoint_step(lived.node.gate, 0, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    export(lived.order, false, plain);
    export(lived.order, true, named);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lived_close();
    return 0;
}

/* --- tests --- */

static struct order_patient_secret secret_of(struct arena *arena)
{
    struct err e = { 0 };
    struct db *db;
    bool found;
    struct order_order_out row;
    struct order_patient_secret secret;
    const struct order_order_in in = { str_z(lived.order) };
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_order_order, &in, &row, arena, &found, &e), OK);
    assert_int_equal(order_patient_open(&secret, lived.node.keys, db, row.patient, arena, &e), OK);
    store_reader_give(lived.node.store, db);
    return secret;
}

/* In how many files of the bundle the text stands. */
static size_t stands_in(const char *dir, struct str text)
{
    static long long at[BUNDLE_PLACES_MAX];
    static const char *const files[] = { "report.json", "report.html", "manifest" };
    const size_t n = bundle_places(dir, at);
    size_t found = 0;
    for (size_t i = 0; i < 3; i++)
        found += bundle_holds(bundle_read(dir, files[i]), text);
    for (size_t i = 0; i < n; i++) {
        char name[40];
        snprintf(name, sizeof name, "event/%lld", at[i]);
        found += bundle_holds(bundle_read(dir, name), text);
    }
    return found;
}

/* partial: COI-01 (personal data is not exposed) */
static void an_honest_bundle_holds_and_names_nobody_unless_asked(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    const struct order_patient_secret secret = secret_of(arena);
    must_hold(plain);
    assert_int_equal(report.disclosed, 0);
    assert_true(report.count > 100);
    assert_string_equal(report.order, lived.order);
    const struct str texts[] = { secret.family, secret.given, secret.birth_date,
                                 secret.identifiers[0] };
    for (size_t i = 0; i < 4; i++)
        if (texts[i].n > 3) /* a short name may stand in other words */
            assert_int_equal(stands_in(plain, texts[i]), 0);
    must_hold(named);
    assert_true(report.disclosed >= 4);
    assert_int_equal(stands_in(named, secret.family) >= 2, true); /* both reports */
    assert_int_equal(stands_in(named, secret.identifiers[0]), 1); /* report.json; no event */
    arena_free(arena);
}

/* The report says what an inspector asks: each unit, check, hand-over and stop with its event. */
static void the_report_tells_all_of_it(void **state)
{
    (void)state;
    static const char *const said[] = {
        "\"section\":\"unit\"", "\"section\":\"check\"", "\"section\":\"custody\"",
        "\"section\":\"stop\"", "\"parents\":[{",        "\"section\":\"deviation\"",
        "\"result\":\"fail\"",  "\"section\":\"name\"",  "\"coi\":\"",
    };
    const struct str json = bundle_read(plain, "report.json");
    const struct str html = bundle_read(plain, "report.html");
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (!bundle_holds(json, str_z(said[i])))
            fail_msg("the report lacks %s", said[i]);
    assert_true(bundle_holds(html, S("Identity checks")));
    assert_true(bundle_holds(html, S(">Signatures</h")));
    assert_true(bundle_holds(html, S("I have reviewed this batch record")));
    assert_true(bundle_holds(html, S("simulated: nothing was proved")));
    assert_true(bundle_holds(html, S("<svg")));
    assert_true(bundle_holds(html, S("Tasks in time, in the lane of who did them")));
    assert_true(bundle_holds(html, S("class=\"point stop\"")));
    assert_true(bundle_holds(html, S("mismatch: stop")));
    assert_false(bundle_holds(html, S("{point}")));       /* texts are filled in */
    assert_false(bundle_holds(html, S("href=\"/units"))); /* no way back into the system */
}

static void flip(const char *dir, const char *name, size_t at)
{
    const struct str was = bundle_read(dir, name);
    if (at >= was.n)
        return;
    char *content = malloc(was.n);
    assert_non_null(content);
    memcpy(content, was.p, was.n);
    content[at] = (char)(content[at] ^ 1);
    bundle_put(dir, name, (struct str){ content, was.n });
    content[at] = (char)(content[at] ^ 1);
    if (holds(dir))
        fail_msg("a flipped byte %zu of %s is not detected", at, name);
    bundle_put(dir, name, (struct str){ content, was.n });
    free(content);
}

/* partial: AUD-02 (from exported data alone) */
static void aud_02_a_flipped_byte_of_any_file_is_detected(void **state)
{
    (void)state;
    static const char *const files[] = { "manifest",    "vkey",        "checkpoint",
                                         "report.json", "report.html", "keys" };
    static long long at[BUNDLE_PLACES_MAX];
    const size_t n = bundle_places(named, at);
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < 8; k++)
            flip(named, files[i], bundle_read(named, files[i]).n * k / 8);
    for (size_t i = 0; i < n; i += 7) {
        char name[40];
        snprintf(name, sizeof name, i % 2 ? "event/%lld" : "proof/%lld", at[i]);
        flip(named, name, bundle_read(named, name).n * (i % 9) / 9);
    }
    must_hold(named);
}

static void copy_file(const char *dir, const char *from, const char *to)
{
    bundle_put(dir, to, bundle_read(dir, from));
}

/* Each by whoever has the key: what is signed anew must still agree with itself and the log. */
static void an_event_dropped_swapped_or_doubled_is_detected(void **state)
{
    (void)state;
    char e1[40], p1[40], e2[40], p2[40];
    const long long one = bundle_event_of(plain, "identity.checked", 0);
    const long long two = bundle_event_of(plain, "identity.checked", 1);
    snprintf(e1, sizeof e1, "event/%lld", one);
    snprintf(p1, sizeof p1, "proof/%lld", one);
    snprintf(e2, sizeof e2, "event/%lld", two);
    snprintf(p2, sizeof p2, "proof/%lld", two);
    char *keep[4];
    size_t size[4];
    const char *const names[] = { e1, p1, e2, p2 };
    for (size_t i = 0; i < 4; i++) {
        const struct str was = bundle_read(plain, names[i]);
        keep[i] = malloc(was.n);
        assert_non_null(keep[i]);
        memcpy(keep[i], was.p, size[i] = was.n);
    }
    /* dropped: without a new manifest, and with one */
    bundle_drop(plain, e1);
    must_fail(plain, e1, "missing");
    bundle_drop(plain, p1);
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, "event/", "stream");
    bundle_put(plain, e1, (struct str){ keep[0], size[0] });
    bundle_put(plain, p1, (struct str){ keep[1], size[1] });
    /* swapped, with and without their proofs */
    copy_file(plain, e2, e1);
    bundle_put(plain, e2, (struct str){ keep[0], size[0] });
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, e1, "");
    copy_file(plain, p2, p1);
    bundle_put(plain, p2, (struct str){ keep[1], size[1] });
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, "", "");
    bundle_put(plain, e1, (struct str){ keep[0], size[0] });
    bundle_put(plain, e2, (struct str){ keep[2], size[2] });
    /* one proof for another */
    bundle_put(plain, p1, (struct str){ keep[3], size[3] });
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, p1, "another event");
    bundle_put(plain, p1, (struct str){ keep[1], size[1] });
    bundle_put(plain, p2, (struct str){ keep[3], size[3] });
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_hold(plain);
    /* the same event once more, under a place of its own */
    bundle_put(plain, "event/99999999", (struct str){ keep[0], size[0] });
    bundle_put(plain, "proof/99999999", (struct str){ keep[1], size[1] });
    must_fail(plain, "", "is not in the manifest");
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, "event/99999999", "");
    bundle_drop(plain, "event/99999999");
    bundle_drop(plain, "proof/99999999");
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_hold(plain);
    for (size_t i = 0; i < 4; i++)
        free(keep[i]);
}

static void what_the_events_do_not_say_is_no_report(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } lies[] = {
        { "\"result\":\"fail\"", "\"result\":\"pass\"" },
        { "\"section\":\"stop\"", "\"section\":\"unit\"" },
        { "\"statements\":[", "\"statements\":[{}," },
        { "vein.coi/1", "vein.coi/2" },
    };
    char *keep = NULL;
    const struct str was = bundle_read(plain, "report.json");
    keep = malloc(was.n);
    assert_non_null(keep);
    memcpy(keep, was.p, was.n);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        bundle_replace(plain, "report.json", lies[i].from, lies[i].to);
        must_fail(plain, "report.json", "");
        bundle_sign(plain, lived.order, false, &lived.node.signer);
        must_fail(plain, "report.json", "");
        bundle_put(plain, "report.json", (struct str){ keep, was.n });
    }
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_hold(plain);
    free(keep);
}

/* The lines of keys, changed. */
static void a_key_of_another_field_opens_nothing(void **state)
{
    (void)state;
    char keep[4096], lines[2][200];
    const struct str was = bundle_read(named, "keys");
    assert_true(was.n < sizeof keep);
    memcpy(keep, was.p, was.n);
    struct str rest = { keep, was.n };
    for (size_t i = 0; i < 2; i++) {
        const struct str line = str_cut(&rest, '\n');
        snprintf(lines[i], sizeof lines[i], "%.*s", STR(line));
    }
    char changed[420];
    char *key_0 = strrchr(lines[0], ' ') + 1;
    char *key_1 = strrchr(lines[1], ' ') + 1;
    /* the key of the second for the first */
    bundle_replace(named, "keys", key_0, key_1);
    bundle_sign(named, lived.order, true, &lived.node.signer);
    must_fail(named, "keys", "does not open it");
    bundle_put(named, "keys", (struct str){ keep, was.n });
    /* a line doubled */
    snprintf(changed, sizeof changed, "%s\n%s\n", lines[0], lines[0]);
    bundle_put(named, "keys", str_z(changed));
    bundle_sign(named, lived.order, true, &lived.node.signer);
    must_fail(named, "keys", "twice");
    /* fewer than the report tells */
    snprintf(changed, sizeof changed, "%s\n", lines[0]);
    bundle_put(named, "keys", str_z(changed));
    bundle_sign(named, lived.order, true, &lived.node.signer);
    must_fail(named, "report.json", "not what that says");
    bundle_put(named, "keys", (struct str){ keep, was.n });
    bundle_sign(named, lived.order, true, &lived.node.signer);
    must_hold(named);
}

static void events_of_another_order_are_detected(void **state)
{
    (void)state;
    char foreign[96], from[40];
    snprintf(foreign, sizeof foreign, "%s/foreign", lived.folder);
    export(lived.other, false, foreign);
    const long long at = bundle_event_of(foreign, "order.prescribed", 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, i ? "proof/%lld" : "event/%lld", at);
        bundle_put(plain, from, bundle_read(foreign, from));
    }
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, "event/", "another order");
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, i ? "proof/%lld" : "event/%lld", at);
        bundle_drop(plain, from);
    }
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_hold(plain);
}

/* Nobody but the log's key signs a manifest. */
static void another_key_is_no_key(void **state)
{
    (void)state;
    struct note_signer real = lived.node.signer;
    struct err e = { 0 };
    const uint8_t seed[32] = { 7 };
    assert_int_equal(note_signer_init(&lived.node.signer, str_z(real.name), seed, &e), OK);
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_fail(plain, "manifest", "no signature");
    lived.node.signer = real;
    bundle_sign(plain, lived.order, false, &lived.node.signer);
    must_hold(plain);
}

/* What witnesses cosigned goes with it, proven to be the beginning of its log. */
static void cosignatures_hold_or_are_detected(void **state)
{
    (void)state;
    static char vkeys[BUNDLE_WITNESSES][VERIFY_VKEY_MAX];
    char all[96], some[96];
    const uint64_t size = ledger_size(lived.node.ledger);
    snprintf(all, sizeof all, "%s/all", lived.folder);
    snprintf(some, sizeof some, "%s/some", lived.folder);
    bundle_cosign(&lived.node, size, 2, vkeys);
    export(lived.order, false, all);
    bundle_cosign(&lived.node, size / 3, 2, vkeys);
    export(lived.order, false, some);
    for (asked.nwitnesses = 0; asked.nwitnesses < BUNDLE_WITNESSES; asked.nwitnesses++)
        asked.witness[asked.nwitnesses] = vkeys[asked.nwitnesses];
    must_hold(some);
    assert_true(report.not_final > 0 && report.final_size == size / 3);
    asked.require = 2;
    must_hold(all);
    assert_true(report.cosigned == 2 && report.not_final == 0);
    must_fail(plain, "cosigned", "required");
    must_fail(some, "cosigned", "behind");
    bundle_put(some, "cosigned", bundle_read(all, "cosigned")); /* another's proof */
    bundle_sign(some, lived.order, false, &lived.node.signer);
    must_fail(some, "consistency", "does not lead");
    asked.require = 3;
    must_fail(all, "cosigned", "required");
    bundle_replace(all, "cosigned", "witness.example/w1 ", "witness.example/w2 ");
    bundle_sign(all, lived.order, false, &lived.node.signer);
    must_fail(all, "cosigned", "required"); /* under another's name it is nobody's */
    asked = (struct verify_options){ 0 };
}

/* The last test: the patient's key is destroyed. What is left proves as much, and names nobody. */
static void an_erased_patient_is_disclosed_no_more(void **state)
{
    (void)state;
    char erased[96];
    struct err e = { 0 };
    struct arena *arena = arena_new(1 << 20);
    const struct order_patient_secret secret = secret_of(arena);
    const struct order_order_in in = { str_z(lived.order) };
    struct order_order_out row;
    struct db *db;
    bool found;
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_order_order, &in, &row, arena, &found, &e), OK);
    store_reader_give(lived.node.store, db);
    assert_int_equal(keyring_destroy(lived.node.keys, row.patient, &e), OK);
    snprintf(erased, sizeof erased, "%s/erased", lived.folder);
    export(lived.order, true, erased);
    must_hold(erased);
    assert_int_equal(stands_in(erased, secret.family), 0);
    assert_int_equal(stands_in(erased, secret.identifiers[0]), 0);
    must_hold(named); /* what was given out cannot be taken back */
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_bundle_holds_and_names_nobody_unless_asked),
        cmocka_unit_test(the_report_tells_all_of_it),
        cmocka_unit_test(aud_02_a_flipped_byte_of_any_file_is_detected),
        cmocka_unit_test(an_event_dropped_swapped_or_doubled_is_detected),
        cmocka_unit_test(what_the_events_do_not_say_is_no_report),
        cmocka_unit_test(a_key_of_another_field_opens_nothing),
        cmocka_unit_test(events_of_another_order_are_detected),
        cmocka_unit_test(another_key_is_no_key),
        cmocka_unit_test(cosignatures_hold_or_are_detected),
        cmocka_unit_test(an_erased_patient_is_disclosed_no_more),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
