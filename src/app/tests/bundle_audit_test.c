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
#include "app/tests/bundle_folder.h"
#include "app/tests/lived.h"
#include "kernel/look.h"
#include "modules/desk/audit.h"
#include "verify/verify.h"

enum { ORDERS = 3, DAYS = 15 };

static char plain[96], named[96];
static struct verify_report report;
static int64_t withdrawn; /* the signature, by its place in the log */

static bool holds(const char *dir)
{
    char vkey[400];
    snprintf(vkey, sizeof vkey, "%.*s", STR(lived.node.vkey));
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
    bundle_sign(plain, lived.order, false, &lived.node.signer);
}

/* The first of an order's signatures whose signer may withdraw it is withdrawn by them. */
static void withdraw(void)
{
    struct arena *arena = arena_new(64 << 20);
    char key[60];
    struct err e = { 0 };
    struct db *db;
    struct ledger_row *rows;
    size_t n;
    bool done = false;
    snprintf(key, sizeof key, "order/%s", lived.order);
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    assert_int_equal(ledger_read_key_on(db, str_z(key), -1, 2000, &rows, &n, arena, &e), OK);
    store_reader_give(lived.node.store, db);
    for (size_t i = 0; i < n && !done; i++) {
        struct event event;
        assert_int_equal(event_read(&event, arena, rows[i].leaf, &e), OK);
        for (size_t k = 0; event.signature.p && !done && k < lived.network.npeople; k++)
            done = str_is(event.actor, lived.network.people[k].actor_name) &&
                   sender_send(&lived.sender, &lived.network.people[k].actor, "sign.withdraw",
                               "a slip", NULL, &e, "{'signature':'%.*s'}", STR(event.id)) == OK;
        withdrawn = rows[i].sequence;
    }
    if (!done)
        fail_msg("nobody withdrew: %s", e.code);
    arena_free(arena);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    lived_open(ORDERS, DAYS, 0);
    snprintf(plain, sizeof plain, "%s/plain", lived.folder);
    snprintf(named, sizeof named, "%s/named", lived.folder);
    withdraw();
    if (gate_checkpoint_step(lived.node.gate, 0, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
    struct cli_bundle asked = { .order = lived.order, .audit = true, .folder = plain };
    assert_int_equal(cli_export_coi(lived.db_path, &asked), CLI_DONE);
    asked = (struct cli_bundle){ lived.order, true, "The authority", "inspection", named };
    /* Who takes an identity out is written down first: not beside the writer of a file. */
    if (!test_db_on_server())
        assert_int_equal(cli_export_coi(lived.db_path, &asked), CLI_REFUSED);
    node_close(&lived.node);
    assert_int_equal(cli_export_coi(lived.db_path, &asked), CLI_DONE);
    lived_again();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lived_close();
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
    assert_false(bundle_holds(page, S("taken out at the command line by ")));
    must_hold(named);
    assert_true(report.disclosed > 0);
    /* it holds its own event: to whom, by which account of this machine */
    assert_true(bundle_holds(bundle_read(named, "trail.html"),
                             S("The authority; taken out at the command line by ")));
}

/* What no longer stands is not told as if it did. */
static void a_signature_that_was_withdrawn_says_so(void **state)
{
    (void)state;
    char row[80], by[80];
    const long long at = bundle_event_of(plain, "sign.withdrawn", 0);
    const struct str page = bundle_read(plain, "trail.html");
    snprintf(row, sizeof row, "<tr><td><a href=\"#e%lld\">", (long long)withdrawn);
    snprintf(by, sizeof by, "<td>withdrawn <a href=\"#e%lld\">%lld</a></td></tr>", at, at);
    const char *line = memmem(page.p, page.n, row, strlen(row));
    assert_non_null(line);
    const char *end = strstr(line, "</tr>\n");
    const char *state_of = memmem(line, (size_t)(page.p + page.n - line), by, strlen(by));
    assert_non_null(state_of);
    assert_true(state_of + strlen(by) == end + strlen("</tr>"));
    assert_true(bundle_holds(page, S("<td>stands</td></tr>")));
    struct kept k = keep("trail.html");
    bundle_replace(plain, "trail.html", by, "<td>stands</td></tr>");
    sign();
    must_fail("trail.html", "a head");
    put_back(&k);
    sign();
    must_hold(plain);
}

/* The trail on paper, as the print worker is given it. */
static void paper(struct buf *out, struct arena *arena)
{
    struct err e = { 0 };
    struct desk_coi c;
    struct db *db;
    const struct print_document *d;
    assert_int_equal(store_reader_take(&db, lived.node.store, &e), OK);
    struct looker *looks = looker_new(lived.node.keys, (struct str){ 0 }, "test", arena);
    assert_int_equal(desk_audit_read(&c, &lived.node, db, str_z(lived.order), looks, &e), OK);
    struct buf b = buf_in(c.arena, 1 << 20);
    struct desk_coi_event *late = (struct desk_coi_event *)c.events; /* none of these people is */
    late->event.happened -= TIME_HOUR;
    struct page page = {
        .b = &b, .language = S("en"), .now_us = lived.env.now_us, .env = &lived.env.env
    };
    assert_int_equal(desk_audit_document(&d, &page, &c, &e), OK);
    assert_int_equal(print_encode(out, d, &e), OK);
    desk_coi_close(&c);
    store_reader_give(lived.node.store, db);
}

/* Who, when, where, why and whether it stands are on the paper, whatever is cut. */
static void the_paper_says_who_when_where_and_why(void **state)
{
    (void)state;
    struct arena *arena = arena_new(256 << 20);
    struct buf text = buf_in(arena, PRINT_IN_MAX);
    char cell[200];
    bool there = false;
    paper(&text, arena);
    const struct str all = buf_get(&text);
    snprintf(cell, sizeof cell, "\"%lld\"", (long long)withdrawn);
    assert_true(bundle_holds(all, str_z(cell)));
    assert_true(bundle_holds(all, S("simulated: nothing was proved\",\"withdrawn\"")));
    assert_true(bundle_holds(all, S("simulated: nothing was proved\",\"stands\"")));
    assert_true(bundle_holds(all, S("Reason: a slip\\n")));
    assert_true(bundle_holds(all, S("UTC\\nhappened ")));
    assert_true(bundle_holds(all, S("\"text\":\"Definitions\"")));
    assert_true(bundle_holds(all, S("\"workflow\",\"")));
    for (size_t i = 0; i < lived.network.npeople; i++) {
        const struct network_person *who = &lived.network.people[i];
        snprintf(cell, sizeof cell, "%s\\n%s", who->name, lived.network.sites[who->site].name);
        there |= bundle_holds(all, str_z(cell));
    }
    assert_true(there);
    arena_free(arena);
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

/* A form that the order's beginning pins and no task names; false: there is none. */
static bool pinned_alone(char out[60], struct str started)
{
    static long long places[BUNDLE_PLACES_MAX];
    const size_t count = bundle_places(plain, places);
    for (struct str rest = started; bundle_holds(rest, S("{\"form\":\""));) {
        const char *at = memmem(rest.p, rest.n, "{\"form\":\"", 9);
        rest = str_from(rest, (size_t)(at - rest.p) + 9);
        struct str tail = rest;
        const struct str name = str_cut(&tail, '"');
        char said[90], file[40];
        bool used = false;
        snprintf(said, sizeof said, "\"form\":\"%.*s\",\"form_version\"", STR(name));
        for (size_t i = 0; i < count && !used; i++) {
            snprintf(file, sizeof file, "event/%lld", places[i]);
            used = bundle_holds(bundle_read(plain, file), str_z(said));
        }
        if (!used) {
            snprintf(out, 60, "%.*s", STR(name));
            return true;
        }
    }
    return false;
}

/* A form whose version the workflow leaves open is pinned when the order begins. */
static void a_form_that_was_pinned_is_missed(void **state)
{
    (void)state;
    static const char *const parts[] = { "event", "proof", "definition" };
    static long long places[BUNDLE_PLACES_MAX];
    static char started[64 << 10];
    struct kept kept[30];
    char form[60], stream[100];
    size_t nkept = 0;
    const size_t n = bundle_places(plain, places);
    const struct str leaf = bundle_read(plain, at("event", "flow.started"));
    assert_true(leaf.n < sizeof started);
    memcpy(started, leaf.p, leaf.n);
    assert_true(pinned_alone(form, (struct str){ started, leaf.n }));
    snprintf(stream, sizeof stream, "\"stream\":\"definition/form.%s\"", form);
    for (size_t i = 0; i < n; i++) {
        char name[40];
        snprintf(name, sizeof name, "event/%lld", places[i]);
        const bool ours = bundle_holds(bundle_read(plain, name), str_z(stream));
        for (size_t k = 0; ours && k < 3 && nkept < 30; k++) {
            snprintf(name, sizeof name, "%s/%lld", parts[k], places[i]);
            kept[nkept++] = keep(name);
            bundle_drop(plain, name);
        }
    }
    assert_true(nkept > 0);
    sign();
    must_fail(at("event", "flow.started"), "is not in the bundle as it was pinned");
    while (nkept > 0)
        put_back(&kept[--nkept]);
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
        cmocka_unit_test(a_signature_that_was_withdrawn_says_so),
        cmocka_unit_test(the_paper_says_who_when_where_and_why),
        cmocka_unit_test(a_form_that_was_pinned_is_missed),
        cmocka_unit_test(a_flipped_byte_of_any_file_is_detected),
        cmocka_unit_test(a_definition_that_differs_from_its_event_is_detected),
        cmocka_unit_test(a_definition_left_away_with_its_stream_is_missed),
        cmocka_unit_test(a_page_that_says_other_than_the_events_is_detected),
        cmocka_unit_test(an_event_or_proof_altered_is_detected),
        cmocka_unit_test(a_file_missing_or_added_is_detected),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
