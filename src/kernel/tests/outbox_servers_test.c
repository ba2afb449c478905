/* Messages of two servers, of which the one that sends is killed: each is recorded as delivered
 * once, and none is lost. What was on its way when its server died comes again, under the same id.
 */
#include "kernel/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/tests/servers.h"
#include "kernel/timer.h"

enum { KILLS = 4, EACH = 10, MESSAGES = KILLS * EACH, ON_WAY = 64, WAIT_MS = 10000 };

static const struct module *const modules[] = { &define_module, &outbox_module, &timer_module };
static struct fixture f;
static struct fixture_person clerk;
static struct servers both;
static char sent_path[120];

/* --- a partner that takes everything, and writes down its id --- */

static uint64_t on_way[ON_WAY];
static size_t first, n_on_way;

static bool transport_send(void *context, uint64_t ticket, const struct outbox_request *r)
{
    (void)context;
    if (n_on_way == ON_WAY)
        return false;
    on_way[(first + n_on_way++) % ON_WAY] = ticket;
    for (size_t i = 0; i < r->nheaders; i++)
        if (str_is(r->headers[i].name, "webhook-id")) {
            FILE *file = fopen(sent_path, "a");
            if (!file)
                _exit(4);
            fprintf(file, "%.*s\n", STR(r->headers[i].value));
            fclose(file);
        }
    return true;
}

static bool transport_next(void *context, struct outbox_result *out)
{
    (void)context;
    if (n_on_way == 0)
        return false;
    *out = (struct outbox_result){ .ticket = on_way[first], .delivered = true, .status = 204 };
    first = (first + 1) % ON_WAY;
    n_on_way--;
    return true;
}

static void opened(struct node *n)
{
    static const struct outbox_transport transport = { NULL, transport_send, transport_next };
    static const struct outbox_setup setup = { .public_url = { "https://vein.example", 20 } };
    outbox_use(n->outbox, &transport, &setup);
}

/* --- setting up --- */

static const char partner[] =
    "kind: partner\nname: b\nversion: 1\ntitle: Partner\neffective: 2026-01-01T00:00:00Z\n"
    "protocol: webhook\nendpoint: https://b.example/in\n";

static void ask_messages(size_t server, int from)
{
    for (int i = 0; i < EACH; i++) {
        struct server_ask a = { .who = &clerk, .system = true, .command = "message.queue" };
        snprintf(a.body, sizeof a.body,
                 "{'partner':'b','kind':'test','about':'thing/%d','body':{'number':%d}}", from + i,
                 from + i);
        server_ask(&both, server, &a);
        const struct server_told told = server_answer(&both, server);
        if (told.outcome != OK)
            fail_msg("%s", told.code);
    }
}

static int64_t delivered(void)
{
    return test_db_ask(f.path, "SELECT count(*) FROM ledger_event"
                               " WHERE leaf LIKE '%\"type\":\"message.delivered\"%'");
}

/* Lines of the file, and how many differ. */
static size_t sent(size_t *different)
{
    static char ids[MESSAGES * 3][40];
    size_t n = 0;
    FILE *file = fopen(sent_path, "r");
    assert_non_null(file);
    *different = 0;
    while (n < sizeof ids / sizeof ids[0] && fgets(ids[n], sizeof ids[n], file)) {
        bool before = false;
        for (size_t i = 0; i < n; i++)
            before |= strcmp(ids[i], ids[n]) == 0;
        *different += !before;
        n++;
    }
    fclose(file);
    return n;
}

/* shows: a message is sent by one server at a time, and goes on with another */
static void each_is_delivered_once(void **state)
{
    (void)state;
    servers_needed();
    static const struct define_kind *const kinds[] = { &partner_kind };
    size_t different;
    define_use(kinds, 1);
    fixture_open(&f, modules, 3);
    fixture_person(&clerk, 1, 1, 1, "message.queue");
    fixture_define(&f, &clerk, partner);
    snprintf(sent_path, sizeof sent_path, "%s/sent", f.folder);
    servers_start(&both, &f, opened);
    for (int i = 0; i < KILLS; i++) {
        const size_t leads = server_look(&both, 0).leads ? 0 : 1;
        ask_messages(1 - leads, i * EACH);
        server_kill(&both, leads);
        server_start(&both, leads);
    }
    for (int ms = 0; delivered() < MESSAGES && ms < WAIT_MS; ms += 50)
        usleep(50000);
    servers_stop(&both);
    assert_int_equal(delivered(), MESSAGES);
    const size_t all = sent(&different);
    assert_int_equal(different, MESSAGES);
    assert_true(all <= MESSAGES + KILLS * OUTBOX_AT_ONCE); /* those that were on their way */
}

static int close_node(void **state)
{
    (void)state;
    if (!test_db_on_server())
        return 0;
    servers_end(&both);
    fixture_close(&f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_delivered_once, NULL, close_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
