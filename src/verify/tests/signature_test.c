/* Signatures that hold, and every way in which one does not, in logs that are chained, rooted and
 * signed anew, as by someone who has the log's key. */
#include "base/tests/folder.h"
#include "verify/tests/made.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "verify/leaf.h"

#define SIGNER  "0193a4c0-0000-7000-8000-000000000007"
#define OTHER   "0193a4c0-0000-7000-8000-000000000008"
#define SESSION "0193a4c1-0000-7000-8000-000000000099"
#define COMMAND "0193a4c1-5b1e-7c3d-8e2f-0123456789ab"
#define ID      "0193a5c0-0000-7000-8000-00000000000a"
#define PAYLOAD "{\"volume\":\"250.10 mL\"}"

/* A signed event as it is told; what is absent is right. */
struct told {
    const char *actor, *session, *command, *recorded; /* of the envelope */
    const char *signer, *meaning, *words, *stream, *version, *at, *content, *time, *strength;
    const char *shown, *challenge; /* "": as they should be */
    const char *token;             /* members behind `challenge` */
};
static const struct told right = {
    .actor = "account/" SIGNER,
    .session = SESSION,
    .command = COMMAND,
    .recorded = "2026-11-22T09:30:00.000001Z",
    .signer = SIGNER,
    .meaning = "stated",
    .words = ",\"words\":\"Counted\"",
    .stream = "unit/1",
    .version = "1",
    .at = "0",
    .content = PAYLOAD,
    .time = "2026-11-22T09:29:59.000000Z",
    .strength = "password",
    .shown = "",
    .challenge = "",
    .token = "",
};

static char folder[64];
static struct verify_report report;

static void hex_of(char out[HASH_HEX + 1], const char *text)
{
    hash_hex(out, hash_of(text, strlen(text)));
}

static void what_of(char *out, size_t size, const struct told *t)
{
    char content[HASH_HEX + 1];
    hex_of(content, t->content);
    char event[200] = "";
    if (t->stream)
        snprintf(event, sizeof event, ",\"stream\":\"%s\",\"version\":%s,\"at\":%s", t->stream,
                 t->version, t->at);
    snprintf(
        out, size,
        "{\"command\":\"flow.sign\",\"kind\":\"task\",\"id\":\"1/count\",\"place\":\"first\"%s,"
        "\"meaning\":\"%s\"%s,\"content\":\"%s\"}",
        event, t->meaning, t->words, content);
}

/* The event of stream "unit/2", whose first it is. */
static void leaf_of(char *out, size_t size, const struct told *t)
{
    char what[800], bound[500], shown[HASH_HEX + 1], challenge[HASH_HEX + 1];
    what_of(what, sizeof what, t);
    hex_of(shown, what);
    if (t->shown[0])
        snprintf(shown, sizeof shown, "%s", t->shown);
    snprintf(bound, sizeof bound, "[\"vein.sign/1\",\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]", shown,
             t->signer, t->session, t->command, t->time);
    hex_of(challenge, bound);
    if (t->challenge[0])
        snprintf(challenge, sizeof challenge, "%s", t->challenge);
    char session[80] = "";
    if (t->session[0])
        snprintf(session, sizeof session, ",\"session\":\"%s\"", t->session);
    snprintf(out, size,
             "{\"format\":1,\"id\":\"" ID "\",\"organisation\":\"" ID "\",\"node\":\"n1\","
             "\"stream\":\"unit/2\",\"version\":1,\"key\":\"unit/2\",\"command\":\"%s\","
             "\"type\":\"flow.signed\",\"type_version\":1,"
             "\"happened\":\"%s\",\"entered\":\"%s\",\"recorded\":\"%s\","
             "\"logical\":\"1895339800000001.0\",\"actor\":\"%s\"%s,"
             "\"signature\":{\"format\":1,\"signer\":\"%s\",\"name\":\"An Example\",\"what\":%s,"
             "\"shown\":\"%s\",\"time\":\"%s\",\"strength\":\"%s\",\"components\":\"password\","
             "\"challenge\":\"%s\"%s},\"payload\":{}}",
             t->command, t->recorded, t->recorded, t->recorded, t->actor, session, t->signer, what,
             shown, t->time, t->strength, challenge, t->token);
}

static void first_event(struct made *m, const char *type)
{
    char leaf[1200];
    snprintf(
        leaf, sizeof leaf,
        "{\"format\":1,\"id\":\"" ID "\",\"organisation\":\"" ID "\",\"node\":\"n1\","
        "\"stream\":\"unit/1\",\"version\":1,\"key\":\"unit/1\",\"command\":\"" COMMAND "\","
        "\"type\":\"%s\",\"type_version\":1,"
        "\"happened\":\"2026-11-22T09:28:00.000000Z\",\"entered\":\"2026-11-22T09:28:00.000000Z\","
        "\"recorded\":\"2026-11-22T09:28:00.000000Z\",\"logical\":\"1795339700000001.0\","
        "\"actor\":\"account/" OTHER "\",\"payload\":" PAYLOAD "}",
        type);
    made_raw(m, leaf, -1);
}

/* A log of two events, the second one signed like this, verified as an export and as a database. */
static bool holds_behind(const struct told *t, const char *type)
{
    char leaf[4000], db[80];
    struct made *m = made_new("vein.example/n1", 1);
    first_event(m, type);
    leaf_of(leaf, sizeof leaf, t);
    made_raw(m, leaf, -1);
    test_folder(folder, sizeof folder, "signature");
    snprintf(db, sizeof db, "%s/db", folder);
    made_db(m, 2, 2, db);
    const bool in_db = verify_db(db, &(struct verify_options){ 0 }, &report);
    made_remove(folder);
    test_folder(folder, sizeof folder, "signature");
    made_export(m, 2, folder);
    const bool exported = verify_tlog(folder, &(struct verify_options){ 0 }, &report);
    made_remove(folder);
    made_free(m);
    assert_int_equal(in_db, exported);
    return exported;
}

static void good(const struct told *t)
{
    if (!holds_behind(t, "unit.received"))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
}

static void bad(const struct told *t, const char *why)
{
    if (holds_behind(t, "unit.received"))
        fail_msg("accepted: %s", why);
    assert_string_equal(report.bad_item, "event 1");
    if (!strstr(report.reason, why))
        fail_msg("not \"%s\" but \"%s\"", why, report.reason);
}

static struct told told;
/* The right one, but for this. */
#define GOOD(...)     (told = right, __VA_ARGS__, good(&told))
#define BAD(why, ...) (told = right, __VA_ARGS__, bad(&told, why))

static void good_signatures_are_counted(void **state)
{
    (void)state;
    good(&right);
    assert_int_equal(report.signatures, 1);
    assert_int_equal(report.simulated, 0);
    GOOD(told.session = "");
    GOOD(told.stream = NULL); /* content of the module's own */
    GOOD(told.meaning = "approved", told.words = "");
    GOOD(told.strength = "code");
    GOOD(told.time = "2026-11-22T09:25:01.000000Z");
}

/* partial: SIG-01 what is forged, moved, swapped, truncated or re-dated is found in the log alone
 */
static void others_are_found(void **state)
{
    (void)state;
    BAD("its signer is not its actor", told.signer = OTHER); /* forged */
    BAD("its signer is not its actor", told.actor = "account/" OTHER);
    BAD("its signer is not its actor", told.actor = "policy/flow.sign");
    BAD("its challenge is not that of this event", told.challenge =
                                                       "00112233445566778899aabbccddeeff"
                                                       "00112233445566778899aabbccddeeff");
    BAD("what was signed is not what it says was shown",
        told.shown = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    BAD("what was signed is not what event 0 says", told.content = "{\"volume\":\"250.00 mL\"}");
    BAD("what was signed is not what event 0 says",
        told.version = "2"); /* moved to another version */
    BAD("what was signed is not what event 0 says", told.stream = "unit/3"); /* or another thing */
    BAD("it was signed before what it signs", told.at = "1");
    BAD("it was signed before what it signs", told.at = "7");
    BAD("its meaning is not known", told.meaning = "liked");
    BAD("it does not say what it means", told.words = "");
    BAD("its strength is not known", told.strength = "voice");
    BAD("it was signed after it was recorded",
        told.time = "2026-11-22T09:32:00.000000Z"); /* re-dated */
    BAD("it was signed long before it was recorded", told.time = "2026-11-22T09:24:00.000000Z");
    BAD("it was signed long before it was recorded", told.time = "2025-11-22T09:29:59.000000Z");
    BAD("it lacks what its token answered", told.strength = "token");
    BAD("was not made by one", told.token = ",\"credential\":\"AA\",\"assertion\":\"BB\"");
    BAD("a simulated signature in a log of no simulation", told.strength = "simulated");
}

/* Members of a good one, taken into another event: session, command and signer are bound. */
static void none_can_be_moved(void **state)
{
    (void)state;
    char from[4000], to[4000];
    leaf_of(from, sizeof from, &right);
    const char *begin = strstr(from, "\"signature\":"), *end = strstr(from, ",\"payload\"");
    static const struct {
        const char *find, *put;
    } moves[] = {
        { "\"command\":\"" COMMAND "\"", "\"command\":\"" ID "\"" },
        { "\"session\":\"" SESSION "\"", "\"session\":\"" ID "\"" },
        { ",\"session\":\"" SESSION "\"", "" },
        { "\"format\":1,\"signer\"", "\"format\":2,\"signer\"" },
        { "\"meaning\":\"stated\"", "\"meaning\":\"approved\"" },
        { "\"place\":\"first\"", "\"place\":\"second\"" },
        { "\"words\":\"Counted\"", "\"words\":\"Discarded\"" },
        { "09:29:59", "09:29:58" },
    };
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const char *at = strstr(from, moves[i].find);
        struct verify_scanner *s = verify_scanner_new();
        struct verify_leaf leaf;
        const char *why;
        size_t where;
        assert_non_null(at);
        snprintf(to, sizeof to, "%.*s%s%s", (int)(at - from), from, moves[i].put,
                 at + strlen(moves[i].find));
        if (verify_leaf_scan(s, &leaf, str_z(to), &why, &where))
            fail_msg("accepted: %s", moves[i].put);
        verify_scanner_free(s);
    }
    /* and cut off anywhere */
    for (const char *p = begin + strlen("\"signature\":") + 1; p < end; p += 7) {
        struct verify_scanner *s = verify_scanner_new();
        struct verify_leaf leaf;
        const char *why;
        size_t where;
        snprintf(to, sizeof to, "%.*s}%s", (int)(p - from), from, end);
        assert_false(verify_leaf_scan(s, &leaf, str_z(to), &why, &where));
        verify_scanner_free(s);
    }
}

static void simulated_people_are_told_apart(void **state)
{
    (void)state;
    told = right;
    told.strength = "simulated";
    if (!holds_behind(&told, "sign.simulation_begun"))
        fail_msg("bad %s: %s", report.bad_item, report.reason);
    assert_int_equal(report.simulated, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_signatures_are_counted),
        cmocka_unit_test(others_are_found),
        cmocka_unit_test(none_can_be_moved),
        cmocka_unit_test(simulated_people_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
