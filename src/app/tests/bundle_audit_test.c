/* The audit bundle of one order, as the command line writes it, given to a stranger: honest, it
 * holds. Altered in any part (an event, a proof, a definition, the page, the paper, a file missing,
 * a file added), by anybody or by who has the log's key, it does not, and what is bad is named.
 * shows: AUD-02 */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/sim.h"
#include "app/tests/bundle_folder.h"
#include "base/log.h"
#include "verify/verify.h"

enum { ORDERS = 3, DAYS = 15, TAIL_DAYS = 120 };

static const int64_t start_us = INT64_C(1767600000) * TIME_SECOND;
static char folder[64], db_path[96], plain[96], named[96];
static struct env_sim env;
static struct node node;
static struct network network;
static char order[40], other[40];
static struct verify_report report;

static void go(void *context, int64_t now_us)
{
    struct env_sim *sim = context;
    env_sim_advance(sim, now_us - sim->now_us);
}

static bool holds(const char *dir)
{
    char vkey[400];
    snprintf(vkey, sizeof vkey, "%.*s", STR(node.vkey));
    const struct verify_options asked = { .vkey = vkey };
    return verify_bundle(dir, &asked, &report);
}

static void must_hold(const char *dir)
{
    if (!holds(dir))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
}

/* Detected, and named: the item begins so, the reason holds this. */
static void must_fail(const char *item, const char *reason)
{
    if (holds(plain))
        fail_msg("not detected: %s %s", item, reason);
    if (strncmp(report.bad_item, item, strlen(item)) != 0 || !strstr(report.reason, reason))
        fail_msg("bad %s: %s, not %s: %s", report.bad_item, report.reason, item, reason);
}

static void sign(void)
{
    bundle_sign(plain, order, false, &node.signer);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct sim *sim = NULL;
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    snprintf(folder, sizeof folder, "/tmp/vein-audit-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(db_path, sizeof db_path, "%s/db", folder);
    snprintf(plain, sizeof plain, "%s/plain", folder);
    snprintf(named, sizeof named, "%s/named", folder);
    env_sim_init(&env, 11, start_us);
    struct node_options options = { .env = &env.env, .path = db_path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    if (node_open(&node, &options, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    struct sender sender = { .node = &node, .arena = arena_new(4 << 20), .seed = S("network") };
    const struct sim_options run = { .node = &node,
                                     .seed = 11,
                                     .orders = ORDERS,
                                     .from_us = start_us,
                                     .to_us = start_us + DAYS * TIME_DAY };
    if (network_make(&network, &sender, (struct str){ 0 }, &e) != OK ||
        sim_open(&sim, &run, &network, &e) != OK ||
        sim_run(sim, &node, go, &env, run.to_us + TAIL_DAYS * TIME_DAY, &e) != OK ||
        gate_checkpoint_step(node.gate, 0, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    sim_close(sim);
    arena_free(sender.arena);
    bundle_choose(&node, order, other);
    assert_int_equal(cli_export_coi(db_path, order, false, true, plain), 0);
    assert_int_equal(cli_export_coi(db_path, order, true, true, named), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    node_close(&node);
    bundle_remove(folder);
    return 0;
}

/* --- files that are altered and put back --- */

struct kept {
    char name[40];
    char *p;
    size_t n;
};

static struct kept keep(const char *name)
{
    struct kept out = { .p = NULL };
    const struct str was = bundle_read(plain, name);
    snprintf(out.name, sizeof out.name, "%s", name);
    out.p = malloc(was.n + 1);
    assert_non_null(out.p);
    memcpy(out.p, was.p, was.n);
    out.n = was.n;
    return out;
}

static void put_back(struct kept *k)
{
    bundle_put(plain, k->name, (struct str){ k->p, k->n });
    free(k->p);
}

static const char *at(const char *part, const char *type)
{
    static char name[4][40];
    static unsigned next;
    char *out = name[next++ % 4];
    snprintf(out, sizeof name[0], "%s/%lld", part, bundle_event_of(plain, type, 0));
    return out;
}

/* --- tests --- */

static void an_honest_bundle_holds_and_tells_all(void **state)
{
    (void)state;
    must_hold(plain);
    assert_true(report.audit && report.pdf);
    assert_true(report.definitions > 10);
    assert_int_equal(report.disclosed, 0);
    const struct str page = bundle_read(plain, "trail.html");
    assert_true(bundle_holds(page, S("<h2>Signatures</h2>")));
    assert_true(bundle_holds(page, S("<td>workflow</td>")));
    assert_true(bundle_holds(page, S("payload.values.0.value")));
    assert_false(bundle_holds(page, S("<script")));
    assert_false(bundle_holds(page, S("http")));
    assert_true(str_starts(bundle_read(plain, "trail.pdf"), S("%PDF-")));
    must_hold(named);
    assert_true(report.disclosed > 0);
}

/* partial: AUD-02 (from exported data alone) */
static void a_flipped_byte_of_any_file_is_detected(void **state)
{
    (void)state;
    const char *const files[] = { "trail.html",
                                  "trail.pdf",
                                  "manifest",
                                  at("definition", "define.loaded"),
                                  at("event", "define.loaded"),
                                  at("proof", "flow.started") };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct kept k = keep(files[i]);
        k.p[k.n / 2] = (char)(k.p[k.n / 2] ^ 1);
        bundle_put(plain, files[i], (struct str){ k.p, k.n });
        if (holds(plain))
            fail_msg("a flipped byte of %s is not detected", files[i]);
        if (i != 2)
            assert_string_equal(report.bad_item, files[i]);
        k.p[k.n / 2] = (char)(k.p[k.n / 2] ^ 1);
        put_back(&k);
    }
    must_hold(plain);
}

/* From here on by whoever has the key and signs what they altered. */
static void a_definition_that_differs_from_its_event_is_detected(void **state)
{
    (void)state;
    const char *name = at("definition", "define.loaded");
    struct kept k = keep(name);
    bundle_replace(plain, name, "\"title\":", "\"titel\":");
    sign();
    must_fail(name, "is not the document that its event names");
    bundle_drop(plain, name);
    sign();
    must_fail("manifest", "definition/");
    put_back(&k);
    sign();
    must_hold(plain);
}

/* All of a stream left away, as if the form had never been: the records still name it. */
static void a_definition_left_away_with_its_stream_is_missed(void **state)
{
    (void)state;
    static const char *const parts[] = { "event", "proof", "definition" };
    static long long places[BUNDLE_PLACES_MAX];
    struct kept kept[3];
    const size_t n = bundle_places(plain, places);
    long long form = -1;
    for (size_t i = 0; i < n && form < 0; i++) {
        char name[40];
        snprintf(name, sizeof name, "event/%lld", places[i]);
        const struct str leaf = bundle_read(plain, name);
        if (bundle_holds(leaf, S("\"stream\":\"definition/form.")) &&
            bundle_holds(leaf, S("define.loaded")))
            form = places[i];
    }
    assert_true(form >= 0);
    for (size_t i = 0; i < 3; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s/%lld", parts[i], form);
        kept[i] = keep(name);
        bundle_drop(plain, name);
    }
    sign();
    must_fail("event/", "is not in the bundle as it was pinned");
    for (size_t i = 0; i < 3; i++)
        put_back(&kept[i]);
    sign();
    must_hold(plain);
}

static void a_page_that_says_other_than_the_events_is_detected(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *reason;
    } lies[] = {
        { "<td>pass</td>", "<td>fail</td>", "what it says of event" },
        { "<h2>Signatures</h2>", "<h2>Signed</h2>", "a head" },
        { "<td>workflow</td>", "<td>form</td>", "a head" },
        { "</body></html>\n", "</body></html>\n\n", "a head" },
        { "<tr><th>payload.values.0.entered</th>", "<tr><th>payload.values.9.entered</th>",
          "what it says of event" },
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct kept k = keep("trail.html");
        bundle_replace(plain, "trail.html", lies[i].from, lies[i].to);
        must_fail("trail.html", "");
        sign();
        must_fail("trail.html", lies[i].reason);
        put_back(&k);
    }
    sign();
    must_hold(plain);
}

static void an_event_or_proof_altered_is_detected(void **state)
{
    (void)state;
    const char *event = at("event", "identity.checked");
    const char *proof = at("proof", "identity.checked");
    struct kept k = keep(event);
    bundle_replace(plain, event, "\"result\":\"pass\"", "\"result\":\"fail\"");
    must_fail(event, "is not the file that the manifest names");
    sign();
    must_fail(proof, "does not lead from its event");
    put_back(&k);
    struct kept p = keep(proof);
    bundle_put(plain, proof, bundle_read(plain, at("proof", "flow.started")));
    sign();
    must_fail(proof, "another event");
    put_back(&p);
    sign();
    must_hold(plain);
}

static void a_file_missing_or_added_is_detected(void **state)
{
    (void)state;
    const char *const files[] = { "trail.html", "trail.pdf", at("definition", "define.loaded"),
                                  at("event", "flow.started"), "report.json" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct kept k = keep(files[i]);
        bundle_drop(plain, files[i]);
        must_fail(files[i], "missing");
        put_back(&k);
    }
    bundle_put(plain, "definition/999999", S("{}"));
    must_fail("definition/999999", "is not in the manifest");
    bundle_drop(plain, "definition/999999");
    bundle_put(plain, "notes", S("by the way"));
    must_fail("notes", "is not in the manifest");
    bundle_drop(plain, "notes");
    must_hold(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_bundle_holds_and_tells_all),
        cmocka_unit_test(a_flipped_byte_of_any_file_is_detected),
        cmocka_unit_test(a_definition_that_differs_from_its_event_is_detected),
        cmocka_unit_test(a_definition_left_away_with_its_stream_is_missed),
        cmocka_unit_test(a_page_that_says_other_than_the_events_is_detected),
        cmocka_unit_test(an_event_or_proof_altered_is_detected),
        cmocka_unit_test(a_file_missing_or_added_is_detected),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
