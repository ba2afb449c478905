/* What a node does with its witnesses: shows them each checkpoint with its proof, keeps what enough
 * cosigned, says when one is silent, and says loudly when one has seen another history. The
 * witnesses are played here; tests/suites/witness.sh has real ones. */
#include "kernel/witness.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/notify.h"
#include "kernel/tests/fixture.h"
#include "kernel/tlog.h"

static struct fixture f;
static struct fixture_person lead;
static const struct module *const modules[] = { &define_module, &notify_module, &outbox_module,
                                                &timer_module, &witness_module };

/* --- witnesses that the test plays --- */

enum { N = 3, SHOWN_MAX = 400 };
enum how { HONEST, DOWN, FORGED };
static struct played {
    enum how how;
    uint8_t secret_key[64];
    uint64_t size; /* cosigned last */
    struct hash root;
    size_t asked;
} played[N];
static struct witness_setup setup;
static struct outbox_result results[SHOWN_MAX];
static char answers[SHOWN_MAX][400];
static size_t nresults, taken;

static void cosign(char out[400], const struct played *w, size_t which, struct str text)
{
    char message[2000], base64[120];
    uint8_t raw[4 + 8 + 64] = { 0 };
    const int n = snprintf(message, sizeof message, "cosignature/v1\ntime 1\n%.*s", STR(text));
    memcpy(raw, setup.one[which].key.id, 4);
    raw[11] = w->how == FORGED ? 2 : 1; /* another time than was signed */
    crypto_sign_detached(raw + 12, NULL, (const uint8_t *)message, (unsigned long long)n,
                         w->secret_key);
    sodium_bin2base64(base64, sizeof base64, raw, sizeof raw, sodium_base64_VARIANT_ORIGINAL);
    snprintf(out, 400, "\xe2\x80\x94 %s %s\n", setup.one[which].key.name, base64);
}

/* The status of what a witness answers to this body. */
static int64_t answer_of(struct played *w, size_t which, struct str body, char out[400])
{
    struct hash path[MERKLE_PROOF_MAX];
    struct checkpoint c;
    struct err e = { 0 };
    int64_t old;
    size_t n = 0, bytes;
    struct str line = str_cut(&body, '\n');
    assert_true(str_to_u63(&old, str_from(line, 4)));
    for (line = str_cut(&body, '\n'); line.n > 0; line = str_cut(&body, '\n'))
        assert_int_equal(sodium_base642bin(path[n++].b, 32, line.p, line.n, NULL, &bytes, NULL,
                                           sodium_base64_VARIANT_ORIGINAL),
                         0);
    assert_int_equal(checkpoint_read(&c, body, &e), OK);
    snprintf(out, 400, "%llu\n", (unsigned long long)w->size);
    if ((uint64_t)old != w->size)
        return 409;
    if (c.size == w->size && !hash_eq(c.root, w->root))
        return 409;
    if (w->size > 0 && !merkle_consistency_holds(w->size, w->root, c.size, c.root, path, n))
        return 422;
    w->size = c.size;
    w->root = c.root;
    cosign(out, w, which, note_text(body));
    return 200;
}

static bool transport_send(void *context, uint64_t ticket, const struct outbox_request *r)
{
    (void)context;
    assert_int_equal(r->protocol, OUTBOX_WITNESS);
    for (size_t i = 0; i < N; i++) {
        char url[80];
        snprintf(url, sizeof url, "https://w%zu.example/add-checkpoint", i);
        if (!str_is(r->url, url))
            continue;
        assert_true(nresults < SHOWN_MAX);
        struct outbox_result *out = &results[nresults];
        played[i].asked++;
        *out = (struct outbox_result){ .ticket = ticket,
                                       .status = INT_NONE,
                                       .code = "outbox.timeout" };
        if (played[i].how != DOWN) {
            out->status = answer_of(&played[i], i, r->body, answers[nresults]);
            out->answer = str_z(answers[nresults]);
        }
        nresults++;
        return true;
    }
    return false;
}

static bool transport_next(void *context, struct outbox_result *out)
{
    (void)context;
    if (taken == nresults)
        return false;
    *out = results[taken++];
    return true;
}

static const struct outbox_transport transport = { NULL, transport_send, transport_next };

static void use(void)
{
    struct err e = { 0 };
    assert_int_equal(witnesses_use(f.node.witnesses, &transport, &setup, &e), OK);
}

static int open_node(void **state)
{
    (void)state;
    char text[2000];
    int n = 0;
    struct err e = { 0 };
    nresults = taken = 0;
    for (size_t i = 0; i < N; i++) {
        uint8_t seed[32] = { (uint8_t)(i + 1) }, key[33] = { 4 }, id_text[100];
        char base64[64], name[40];
        played[i] = (struct played){ .how = HONEST };
        crypto_sign_seed_keypair(key + 1, played[i].secret_key, seed);
        snprintf(name, sizeof name, "witness.example/w%zu", i);
        const size_t length = strlen(name);
        memcpy(id_text, name, length);
        id_text[length] = '\n';
        memcpy(id_text + length + 1, key, sizeof key);
        const struct hash h = hash_of(id_text, length + 1 + sizeof key);
        sodium_bin2base64(base64, sizeof base64, key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "https://w%zu.example/ %s+%02x%02x%02x%02x+%s\n", i, name, h.b[0], h.b[1],
                      h.b[2], h.b[3], base64);
    }
    assert_int_equal(witness_setup_read(&setup, str_z(text), &e), OK);
    assert_int_equal(setup.n, N);
    setup.quorum = 2;
    setup.every_us = 10 * TIME_SECOND;
    setup.silent_us = 15 * TIME_MINUTE;
    fixture_open(&f, modules, sizeof modules / sizeof modules[0]);
    fixture_person(&lead, 1, 1, 1, "message.queue witness.resolve witness.report");
    use();
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* Something happens, and time passes. */
static void grow(void)
{
    struct fixture_person program = lead;
    program.actor.system = true;
    fixture_must(&f,
                 fixture_send(&f, &program, "message.queue", NULL,
                              "{'partner':'mail','kind':'test','about':'order/1','body':{}}"),
                 "queue");
    fixture_settle(&f);
}

static void wait_for(int64_t us)
{
    for (int64_t waited = 0; waited < us; waited += TIME_SECOND) {
        env_sim_advance(&f.sim, TIME_SECOND);
        fixture_settle(&f);
    }
}

static uint64_t final_size(size_t *lines)
{
    struct db *db;
    struct err e = { 0 };
    struct str note;
    uint64_t size;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_cosigned(db, &note, &size, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    *lines = 0;
    while (note.p)
        *lines += str_starts(str_cut(&note, '\n'), S("\xe2\x80\x94 witness.example/"));
    return size;
}

static const struct contact_list_out *contact(size_t which)
{
    const struct record_list list = fixture_list(&f, &sql_contact_list, NULL);
    assert_true(which < list.n);
    return (const struct contact_list_out *)list.p + which;
}

/* partial: AUD-02. */
static void what_enough_witnesses_cosigned_is_final(void **state)
{
    (void)state;
    size_t lines;
    grow();
    wait_for(2 * TIME_SECOND);
    assert_true(final_size(&lines) > 0);
    assert_int_equal(lines, 3);
    wait_for(30 * TIME_SECOND);
    assert_int_equal(final_size(&lines), ledger_size(f.node.ledger));
    assert_true(str_is(contact(0)->state, "agreed"));
    assert_int_equal(contact(2)->size, (int64_t)ledger_size(f.node.ledger));

    played[1].how = DOWN;
    grow();
    wait_for(30 * TIME_SECOND);
    assert_int_equal(final_size(&lines), ledger_size(f.node.ledger));
    assert_int_equal(lines, 2);
    played[2].how = FORGED; /* what its key did not sign does not count */
    const uint64_t before = final_size(&lines);
    grow();
    wait_for(60 * TIME_SECOND);
    assert_int_equal(final_size(&lines), before);
    assert_true(str_is(contact(2)->code, "witness.bad_cosignature"));
    played[2].how = HONEST;
    wait_for(12 * TIME_MINUTE);
    assert_int_equal(final_size(&lines), ledger_size(f.node.ledger));
}

static void checkpoints_are_shown_no_faster_than_they_may(void **state)
{
    (void)state;
    grow();
    wait_for(11 * TIME_SECOND);
    const size_t before = played[0].asked;
    for (int i = 0; i < 30; i++) {
        grow();
        wait_for(TIME_SECOND);
    }
    assert_in_range(played[0].asked - before, 2, 4);
    wait_for(TIME_MINUTE);
    const size_t quiet = played[0].asked;
    wait_for(11 * TIME_MINUTE); /* nothing happens; it is asked all the same, now and then */
    assert_in_range(played[0].asked - quiet, 2, 3);
}

static void one_that_is_silent_is_told_of_once_and_heard_again(void **state)
{
    (void)state;
    grow();
    wait_for(30 * TIME_SECOND);
    played[0].how = DOWN;
    wait_for(20 * TIME_MINUTE);
    assert_true(str_is(contact(0)->state, "silent"));
    assert_true(str_is(contact(0)->code, "outbox.timeout"));
    const uint64_t size = ledger_size(f.node.ledger);
    wait_for(30 * TIME_MINUTE);
    assert_int_equal(ledger_size(f.node.ledger), size); /* once */
    played[0].how = HONEST;
    wait_for(6 * TIME_MINUTE);
    assert_true(str_is(contact(0)->state, "agreed"));
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 0);
    fixture_rebuilds(&f);
}

/* What was while nobody asked is no witness's silence. */
static void a_start_is_no_silence(void **state)
{
    (void)state;
    grow();
    wait_for(30 * TIME_SECOND);
    const struct witness_setup all = setup;
    for (int turn = 0; turn < 2; turn++) { /* down for a day; then without witnesses for a day */
        setup.n = turn == 0 ? setup.n : 0;
        fixture_reopen(&f);
        use();
        assert_int_equal(fixture_list(&f, &sql_contact_list, NULL).n, setup.n);
        env_sim_advance(&f.sim, TIME_DAY);
        fixture_reopen(&f);
        setup = all;
        use();
        const uint64_t size = ledger_size(f.node.ledger);
        played[0].how = DOWN;
        wait_for(TIME_MINUTE);
        assert_int_equal(ledger_size(f.node.ledger), size);
        assert_true(str_is(contact(0)->state, "agreed"));
        played[0].how = HONEST;
        wait_for(6 * TIME_MINUTE);
    }
    played[0].how = DOWN;
    wait_for(20 * TIME_MINUTE);
    assert_true(str_is(contact(0)->state, "silent"));
}

static size_t contradictions(void)
{
    return fixture_list(&f, &sql_witness_contradictions, NULL).n;
}

static const struct witness_contradictions_out *newest(void)
{
    return fixture_list(&f, &sql_witness_contradictions, NULL).p;
}

/* shows: AUD-02. A log that was cut back is found out by who has seen more of it. */
static void a_rollback_is_found_out_and_stays_in_sight(void **state)
{
    (void)state;
    grow();
    wait_for(30 * TIME_SECOND);
    played[1].size += 100;
    wait_for(6 * TIME_MINUTE);
    assert_int_equal(contradictions(), 1);
    assert_true(str_is(newest()->how, "rolled_back"));
    assert_int_equal(newest()->says, (int64_t)played[1].size);
    assert_true(str_is(contact(1)->state, "rolled_back"));
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 1);
    wait_for(20 * TIME_MINUTE);
    assert_int_equal(contradictions(), 1); /* said once while it stands */

    /* A person ends the alarm with a reason; as long as it is so, it comes back. */
    const char *vkey = setup.one[1].vkey;
    const struct record_list list = fixture_list(&f, &sql_witness_standings, NULL);
    const struct witness_standings_out *standing = list.p;
    for (size_t i = 0; i < list.n && !str_is(standing->vkey, vkey); i++)
        standing++;
    assert_int_not_equal(fixture_send(&f, &lead, "witness.resolve", NULL,
                                      "{'node':'%.*s','vkey':'%s'}", STR(standing->node), vkey),
                         OK);
    fixture_refused(&f, "gate.reason_needed");
    lead.actor.organisation = arena_str(f.arena, standing->organisation);
    for (size_t i = 0; i < lead.actor.ngrants; i++) { /* of the organisation, not of one site */
        lead.grants[i].organisation = lead.actor.organisation;
        lead.grants[i].site = (struct str){ 0 };
    }
    fixture_must(&f,
                 fixture_send(&f, &lead, "witness.resolve", "the newest copy was found",
                              "{'node':'%.*s','vkey':'%s'}", STR(standing->node), vkey),
                 "resolve");
    fixture_settle(&f);
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 0);
    wait_for(6 * TIME_MINUTE);
    assert_int_equal(contradictions(), 2);
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 1);
    fixture_reopen(&f);
    use();
    wait_for(TIME_SECOND);
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 1);
    fixture_rebuilds(&f);
}

static void another_history_is_found_out(void **state)
{
    (void)state;
    grow();
    wait_for(30 * TIME_SECOND);
    played[2].root.b[0] ^= 1; /* the same size, another root */
    wait_for(6 * TIME_MINUTE);
    assert_int_equal(contradictions(), 1);
    assert_true(str_is(newest()->how, "forked"));
    played[2].root.b[0] ^= 1;
    wait_for(6 * TIME_MINUTE);
    assert_int_equal(witnesses_contradicting(f.node.witnesses), 0); /* agreed again */
    assert_true(newest()->ended != TIME_NONE && newest()->resolver.n == 0);
    grow();
    wait_for(30 * TIME_SECOND);
    played[2].root.b[0] ^= 1;
    grow(); /* now no proof leads from it */
    wait_for(6 * TIME_MINUTE);
    assert_int_equal(contradictions(), 2);
    assert_true(str_is(newest()->how, "forked"));
}

static void no_person_says_what_a_witness_said(void **state)
{
    (void)state;
    grow();
    assert_int_equal(fixture_send(&f, &lead, "witness.report", NULL,
                                  "{'node':'%s','witness':'w','vkey':'v','state':'agreed',"
                                  "'size':1,'root':'%064d'}",
                                  fixture_id('a', 1).p, 1),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
    assert_int_equal(fixture_send(&f, &lead, "witness.resolve", "why not",
                                  "{'node':'%s','vkey':'v'}", fixture_id('a', 1).p),
                     REFUSED);
    fixture_refused(&f, "gate.unknown");
}

static void a_witness_is_named_once(void **state)
{
    (void)state;
    struct witness_setup out;
    struct err e = { 0 };
    char text[1000];
    snprintf(text, sizeof text, "https://a.example %s\nhttps://b.example %s\n", setup.one[0].vkey,
             setup.one[0].vkey);
    assert_int_equal(witness_setup_read(&out, str_z(text), &e), REFUSED);
    assert_string_equal(e.code, "witness.twice");
    static const char *const bad[] = { "https://a.example", "ftp://a.example x+y+z",
                                       "https://a.example name+00000000+BAAA" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        e = (struct err){ 0 };
        assert_int_equal(witness_setup_read(&out, str_z(bad[i]), &e), REFUSED);
    }
    assert_int_equal(witness_setup_read(&out, S("# none\n\n"), &e), OK);
    assert_int_equal(out.n, 0);
}

#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, open_node, close_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODE_TEST(what_enough_witnesses_cosigned_is_final),
        NODE_TEST(checkpoints_are_shown_no_faster_than_they_may),
        NODE_TEST(one_that_is_silent_is_told_of_once_and_heard_again),
        NODE_TEST(a_start_is_no_silence),
        NODE_TEST(a_rollback_is_found_out_and_stays_in_sight),
        NODE_TEST(another_history_is_found_out),
        NODE_TEST(no_person_says_what_a_witness_said),
        NODE_TEST(a_witness_is_named_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
