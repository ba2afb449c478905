/* Messages to partners: in order for each thing, one partner's trouble nobody else's, never lost,
 * dead ones decided on by a person. How they leave is played by the test; src/worker has the tests
 * with real servers. */
#include "kernel/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/lease.h"
#include "kernel/outbox_impl.h"
#include "kernel/tests/fixture.h"

static struct fixture f;
static struct fixture_person clerk;
static struct fixture_person lead;
static const struct module *const modules[] = { &define_module, &outbox_module, &timer_module };

/* --- a transport that the test plays --- */

enum { TRIES_MAX = 400 };
enum how { DELIVERS, FAILS, HANGS, REFUSES };
static struct try_made {
    uint64_t ticket;
    char url[80];
    char id[40];
    char body[400];
    char signature[80];
    char timestamp[24];
    bool answered;
} tries[TRIES_MAX];
static size_t ntries;
static enum how how_a;  /* what partner a does; b always delivers */
static bool taken_only; /* nothing is answered: as if the program were killed amid it */

static bool transport_send(void *context, uint64_t ticket, const struct outbox_request *r)
{
    (void)context;
    assert_true(ntries < TRIES_MAX);
    struct try_made *t = &tries[ntries++];
    *t = (struct try_made){ .ticket = ticket };
    snprintf(t->url, sizeof t->url, "%.*s", STR(r->url));
    snprintf(t->body, sizeof t->body, "%.*s", STR(r->body));
    for (size_t i = 0; i < r->nheaders; i++) {
        if (str_is(r->headers[i].name, "webhook-id"))
            snprintf(t->id, sizeof t->id, "%.*s", STR(r->headers[i].value));
        if (str_is(r->headers[i].name, "webhook-signature"))
            snprintf(t->signature, sizeof t->signature, "%.*s", STR(r->headers[i].value));
        if (str_is(r->headers[i].name, "webhook-timestamp"))
            snprintf(t->timestamp, sizeof t->timestamp, "%.*s", STR(r->headers[i].value));
    }
    return true;
}

static bool transport_next(void *context, struct outbox_result *out)
{
    (void)context;
    for (size_t i = 0; i < ntries && !taken_only; i++) {
        struct try_made *t = &tries[i];
        const bool a = strcmp(t->url, "https://a.example/in") == 0;
        if (t->answered || (a && how_a == HANGS))
            continue;
        t->answered = true;
        *out = (struct outbox_result){ .ticket = t->ticket, .delivered = true, .status = 204 };
        if (a && how_a != DELIVERS)
            *out = (struct outbox_result){ .ticket = t->ticket,
                                           .code = "outbox.answer",
                                           .hopeless = how_a == REFUSES,
                                           .status = how_a == REFUSES ? 422 : 500 };
        return true;
    }
    return false;
}

static struct str secret(void *context, struct str name)
{
    (void)context;
    return str_is(name, "a_key") ? S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") : (struct str){ 0 };
}

static const struct outbox_transport transport = { NULL, transport_send, transport_next };
static const struct outbox_setup setup = { .public_url = S("https://vein.example"),
                                           .secret = secret };

/* --- setting up --- */

static void partner(const char *name, const char *extra)
{
    struct err e = { 0 };
    bool changed;
    struct db *db;
    struct str yaml = arena_printf(
        f.arena,
        "kind: partner\nname: %s\nversion: 1\ntitle: Partner %s\n"
        "effective: 2026-01-01T00:00:00Z\nprotocol: webhook\nendpoint: https://%s.example/in\n%s",
        name, name, name, extra);
    struct actor system = lead.actor;
    system.system = true;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = f.arena };
    if (define_load_text(f.node.gate, &context, system.organisation, yaml, &changed, &e) != OK)
        fail_msg("partner: %s %s", e.code, e.params[0].value);
    store_reader_give(f.node.store, db);
}

static int open_node(void **state)
{
    (void)state;
    static const struct define_kind *const kinds[] = { &partner_kind };
    define_use(kinds, 1);
    ntries = 0;
    how_a = DELIVERS;
    taken_only = false;
    fixture_open(&f, modules, 3);
    fixture_person(&clerk, 1, 1, 1, "message.queue message.receive");
    fixture_person(&lead, 2, 1, 1, "message.replay message.drop");
    partner("a", "secret: a_key\ntries: 3\nfirst_wait_s: 10\nlast_wait_s: 60\nat_once: 2\n");
    partner("b", "");
    outbox_use(f.node.outbox, &transport, &setup);
    return 0;
}

static int close_node(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

/* A message about a thing, as a policy queues it. */
static struct str queue(const char *to, const char *about, int number)
{
    const struct json *json;
    struct err e = { 0 };
    struct fixture_person program = clerk;
    program.actor.system = true;
    assert_int_equal(fixture_send(&f, &program, "message.queue", NULL,
                                  "{'partner':'%s','kind':'test','about':'%s',"
                                  "'body':{'number':%d}}",
                                  to, about, number),
                     OK);
    assert_int_equal(json_read(&json, f.arena, f.answer.body, &json_limits_default, &e), OK);
    return arena_str(f.arena, json_get_str(json, "message"));
}

static void reopen(void)
{
    fixture_reopen(&f);
    outbox_use(f.node.outbox, &transport, &setup);
}

static struct outbox_find_out row(struct str message)
{
    struct db *db;
    struct err e = { 0 };
    struct outbox_find_in in = { message };
    struct outbox_find_out out;
    bool found;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(db_get(db, &sql_outbox_find, &in, &out, f.arena, &found, &e), OK);
    store_reader_give(f.node.store, db);
    assert_true(found);
    return out;
}

static void wait_for(int64_t us)
{
    for (int64_t waited = 0; waited < us; waited += TIME_SECOND) {
        env_sim_advance(&f.sim, TIME_SECOND);
        fixture_settle(&f);
    }
}

static size_t tried(struct str message)
{
    size_t n = 0;
    for (size_t i = 0; i < ntries; i++)
        n += str_is(message, tries[i].id);
    return n;
}

/* --- what is asked of it --- */

/* partial: INT-06. Signed as Standard Webhooks has it, with an id of its own. */
static void a_message_is_delivered_signed_and_once(void **state)
{
    (void)state;
    struct str message = queue("a", "order/1", 7);
    fixture_settle(&f);
    assert_true(str_is(row(message).state, "delivered"));
    assert_int_equal(row(message).status, 204);
    assert_int_equal(ntries, 1);
    assert_true(str_is(message, tries[0].id));
    assert_non_null(strstr(tries[0].body, "\"type\":\"test\""));
    assert_non_null(strstr(tries[0].body, "\"data\":{\"number\":7}"));
    int64_t at;
    assert_true(str_to_u63(&at, str_z(tries[0].timestamp)));
    assert_in_range(f.sim.now_us / TIME_SECOND - at, 0, 2);
    struct str expected = webhook_signature(S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), message,
                                            at, str_z(tries[0].body), f.arena);
    assert_true(str_is(expected, tries[0].signature));
    reopen();
    wait_for(TIME_MINUTE);
    assert_int_equal(ntries, 1);
    fixture_rebuilds(&f);
}

/* The example of the Standard Webhooks libraries' own tests. */
static void the_signature_is_that_of_standard_webhooks(void **state)
{
    (void)state;
    struct str got = webhook_signature(S("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                                       S("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                                       S("{\"test\": 2432232314}"), f.arena);
    assert_true(str_is(got, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

/* partial: INT-06. A thing's messages keep their order; another's go past one that fails. */
static void order_is_kept_for_each_thing(void **state)
{
    (void)state;
    how_a = FAILS;
    struct str first = queue("a", "order/1", 1);
    struct str second = queue("a", "order/1", 2);
    fixture_settle(&f);
    wait_for(5 * TIME_SECOND);
    how_a = DELIVERS;
    struct str other = queue("a", "order/2", 3);
    fixture_settle(&f);
    assert_true(str_is(row(other).state, "delivered"));
    assert_true(str_is(row(first).state, "queued"));
    assert_int_equal(tried(second), 0);
    wait_for(10 * TIME_SECOND);
    assert_true(str_is(row(first).state, "delivered"));
    assert_true(str_is(row(second).state, "delivered"));
    assert_true(str_is(second, tries[ntries - 1].id));
    assert_int_equal(tried(first), 2); /* with the same id */
}

/* partial: INT-06. One partner hangs and has its two places full; the other gets all at once. */
static void a_partner_that_hangs_slows_no_other(void **state)
{
    (void)state;
    struct str last = { 0 };
    how_a = HANGS;
    for (int i = 0; i < 50; i++) {
        char about[40];
        snprintf(about, sizeof about, "order/%d", i);
        queue("a", about, i);
        last = queue("b", about, i);
    }
    fixture_settle(&f);
    wait_for(2 * TIME_SECOND);
    assert_true(str_is(row(last).state, "delivered"));
    size_t of_a = 0;
    size_t of_b = 0;
    for (size_t i = 0; i < ntries; i++)
        *(strcmp(tries[i].url, "https://a.example/in") == 0 ? &of_a : &of_b) += 1;
    assert_int_equal(of_a, 2);
    assert_int_equal(of_b, 50);
}

/* Killed amid sending, and after the partner's answer: it is sent again with the same id, by which
 * the partner knows it. */
static void a_crash_amid_sending_loses_nothing(void **state)
{
    (void)state;
    taken_only = true;
    struct str message = queue("b", "order/1", 1);
    fixture_settle(&f);
    assert_int_equal(tried(message), 1);
    reopen();
    taken_only = false;
    ntries = 0;
    fixture_settle(&f);
    assert_true(str_is(row(message).state, "delivered"));
    assert_int_equal(tried(message), 1);
    /* Between the partner's answer and its event: the event was never written. */
    taken_only = true;
    message = queue("b", "order/1", 2);
    bool busy;
    struct err e = { 0 };
    fixture_settle(&f);
    taken_only = false;
    gate_shut(f.node.gate); /* what it would say finds no way in any more … */
    assert_int_equal(outbox_step(f.node.outbox, &busy, &e), OK); /* … when it takes the answer */
    reopen();
    ntries = 0;
    fixture_settle(&f);
    assert_true(str_is(row(message).state, "delivered"));
    fixture_rebuilds(&f);
}

/* partial: INT-06. A dead one is seen with why; what is behind it waits; a person mends it. */
static void a_dead_message_is_mended_or_dropped(void **state)
{
    (void)state;
    how_a = FAILS;
    struct str message = queue("a", "order/1", 1);
    struct str behind = queue("a", "order/1", 2);
    wait_for(3 * TIME_MINUTE);
    struct outbox_find_out dead = row(message);
    assert_true(str_is(dead.state, "dead"));
    assert_true(str_is(dead.code, "outbox.answer"));
    assert_int_equal(dead.status, 500);
    assert_int_equal(dead.tries, 3);
    assert_int_equal(tried(message), 3);
    assert_int_equal(tried(behind), 0);

    how_a = DELIVERS;
    wait_for(TIME_MINUTE);
    assert_int_equal(tried(behind), 0);
    assert_int_equal(
        fixture_send(&f, &clerk, "message.drop", "no", "{'message':'%.*s'}", STR(message)),
        REFUSED);
    assert_int_equal(fixture_send(&f, &lead, "message.replay", "the number was wrong",
                                  "{'message':'%.*s','body':{'number':11}}", STR(message)),
                     OK);
    wait_for(2 * TIME_SECOND);
    assert_true(str_is(row(message).state, "delivered"));
    assert_true(str_is(row(behind).state, "delivered"));
    assert_non_null(strstr(tries[3].body, "{\"number\":11}"));
    assert_true(str_is(message, tries[3].id));

    how_a = REFUSES; /* what the partner says is wrong is not tried again */
    message = queue("a", "order/3", 1);
    behind = queue("a", "order/3", 2);
    wait_for(2 * TIME_SECOND);
    assert_int_equal(row(message).tries, 1);
    assert_true(str_is(row(message).state, "dead"));
    how_a = DELIVERS;
    assert_int_equal(fixture_send(&f, &lead, "message.drop", "told by telephone",
                                  "{'message':'%.*s'}", STR(message)),
                     OK);
    wait_for(2 * TIME_SECOND);
    assert_true(str_is(row(message).state, "dropped"));
    assert_true(str_is(row(behind).state, "delivered"));
    assert_int_equal(tried(message), 1);
    fixture_rebuilds(&f);
}

static void without_its_secret_nothing_is_sent(void **state)
{
    (void)state;
    partner("c", "secret: unknown\ntries: 2\nfirst_wait_s: 1\n");
    struct str message = queue("c", "order/1", 1);
    wait_for(10 * TIME_SECOND);
    assert_true(str_is(row(message).state, "dead"));
    assert_true(str_is(row(message).code, "outbox.no_secret"));
    assert_int_equal(ntries, 0);
}

/* partial: INT-06. What comes in is kept once by the sender's own id. */
static void a_message_that_comes_in_twice_is_kept_once(void **state)
{
    (void)state;
    static const char body[] =
        "{'partner':'b','sender_id':'MSG0001','kind':'oru','content':'Ada Amberley is well'}";
    assert_int_equal(fixture_send(&f, &clerk, "message.receive", NULL, "%s", body), OK);
    struct str first = arena_str(f.arena, f.answer.body);
    const uint64_t size = ledger_size(f.node.ledger);
    assert_int_equal(fixture_send(&f, &clerk, "message.receive", NULL, "%s", body), OK);
    assert_int_equal(ledger_size(f.node.ledger), size);
    assert_memory_equal(f.answer.body.p, first.p, first.n - 1);
    assert_non_null(strstr(arena_str(f.arena, f.answer.body).p, "\"repeated\":true"));
    assert_int_equal(
        fixture_send(&f, &clerk, "message.receive", NULL,
                     "{'partner':'b','sender_id':'MSG0001','kind':'oru','content':'other'}"),
        REFUSED);
    fixture_refused(&f, "message.id_reused");
    struct db *db;
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n;
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    assert_int_equal(ledger_read_last(db, &rows, &n, f.arena, &e), OK);
    store_reader_give(f.node.store, db);
    assert_null(strstr(arena_str(f.arena, rows[0].leaf).p, "Amberley")); /* sealed */
    fixture_rebuilds(&f);
}

static void people_do_not_queue_in_an_orders_name(void **state)
{
    (void)state;
    assert_int_equal(fixture_send(&f, &clerk, "message.queue", NULL,
                                  "{'partner':'a','kind':'x','about':'order/1','body':{}}"),
                     REFUSED);
    fixture_refused(&f, "message.foreign_about");
    assert_int_equal(
        fixture_send(&f, &clerk, "message.queue", NULL, "{'partner':'z','kind':'x','body':{}}"),
        REFUSED);
    fixture_refused(&f, "message.unknown_partner");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        CASE(a_message_is_delivered_signed_and_once),
        CASE(the_signature_is_that_of_standard_webhooks),
        CASE(order_is_kept_for_each_thing),
        CASE(a_partner_that_hangs_slows_no_other),
        CASE(a_crash_amid_sending_loses_nothing),
        CASE(a_dead_message_is_mended_or_dropped),
        CASE(without_its_secret_nothing_is_sent),
        CASE(a_message_that_comes_in_twice_is_kept_once),
        CASE(people_do_not_queue_in_an_orders_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
