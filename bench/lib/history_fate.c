/* Orders of each fate, by commands; and their events, read back from the log. */
#include "bench/lib/history_fate.h"

#include <stdarg.h>
#include <stdio.h>

#include "bench/lib/people.h"
#include "kernel/gate_impl.h"
#include "kernel/ledger.h"
#include "kernel/node_impl.h"
#include "modules/identity/identity.h"
#include "modules/order/order.h"
#include "modules/quality/quality.h"

enum { TALE_ARENA = 8 << 20 };

/* An order in the making. */
struct tale {
    struct node *n;
    struct env_sim *env;
    const struct network *network;
    const struct network_site *hospital;
    struct sender sender;
    bool fresh;
    int64_t from; /* place of its first event */
    struct id patient, order;
    struct fate_order *out;
    struct arena *arena;
};

/* --- commands --- */

__attribute__((format(printf, 5, 6))) static void act(struct tale *t,
                                                      const struct network_person *who,
                                                      const char *name, const char *reason,
                                                      const char *format, ...)
{
    char body[4000];
    struct err e = { 0 };
    struct str answer;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    for (int i = 0; i < length; i++)
        body[i] = body[i] == '\'' ? '"' : body[i];
    env_sim_advance(t->env, 10 * TIME_MINUTE);
    if (!who || t->out->ncommands == FATE_EVENTS_MAX ||
        sender_send_body(&t->sender, &who->actor, name, reason, str_z(body), &answer, &e) != OK)
        bench_die(name, &e);
    t->out->answers[t->out->ncommands++] = arena_str(t->arena, answer);
}

static const struct network_person *at_hospital(const struct tale *t, const char *role)
{
    return network_find(t->network, role, id_str(&t->hospital->id), 0);
}

const struct network_site *fate_site(const struct network *network, const char *kind)
{
    for (size_t i = 0; i < network->nsites; i++)
        if (strcmp(network->sites[i].kind, kind) == 0)
            return &network->sites[i];
    bench_die(kind, NULL);
}

static void place(struct tale *t)
{
    static const char *const parts[][2] = { { "collection", "apheresis" },
                                            { "courier", "depot" },
                                            { "manufacture", "plant" },
                                            { "laboratory", "laboratory" } };
    char parties[1000];
    struct buf b = buf_over(parties, sizeof parties - 1);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct network_site *site = fate_site(t->network, parts[i][1]);
        buf_printf(&b, "{'part':'%s','organisation':'%s','site':'%s'},", parts[i][0],
                   site->organisation_id.text, site->id.text);
    }
    parties[b.n] = '\0';
    act(t, at_hospital(t, "coordinator"), "order.place", NULL,
        "{'order':'%s','parties':[%s{'part':'treatment','organisation':'%s','site':'%s'}]}",
        t->order.text, parties, t->hospital->organisation_id.text, t->hospital->id.text);
}

static void schedule(struct tale *t)
{
    char when[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(when, CLOCK_TEXT_LENGTH);
    clock_write(&b, env_now(t->n->env) + 10 * TIME_DAY);
    act(t, at_hospital(t, "coordinator"), "order.schedule", NULL,
        "{'order':'%s','dates':[{'what':'collection','planned':'%.*s'}]}", t->order.text,
        STR(buf_get(&b)));
}

static void confirm(struct tale *t)
{
    act(t, at_hospital(t, "physician"), "flow.complete", NULL,
        "{'order':'%s','task':'confirm_eligibility','inputs':["
        "{'name':'performance','entered':'ecog_1'},{'name':'lymphocytes','entered':'1.2'},"
        "{'name':'previous_lines','entered':'2'},{'name':'hiv','entered':'negative'},"
        "{'name':'hepatitis_b','entered':'negative'},{'name':'hepatitis_c','entered':'negative'},"
        "{'name':'syphilis','entered':'negative'},"
        "{'name':'markers_taken','entered':'2026-01-05'},{'name':'consent','entered':'yes'},"
        "{'name':'remarks','entered':'asked about the journey and the stay'}]}",
        t->order.text);
}

/* A wristband of somebody else is presented. */
static void mistake(struct tale *t)
{
    const struct network_person *nurse = network_find(
        t->network, "apheresis_nurse", id_str(&fate_site(t->network, "apheresis")->id), 0);
    act(t, nurse, "identity.check", NULL,
        "{'order':'%s','task':'collect','point':'patient_at_collection','method':'code_2d',"
        "'scans':[{'text':'&#H00000000'}],'stated_name':'Anna Example',"
        "'stated_birth_date':'1970-02-03'}",
        t->order.text);
}

static void overdue(struct tale *t)
{
    static const struct network_person timer = { .actor = { .name = S("timer/flow.note_overdue"),
                                                            .system = true } };
    struct network_person clock = timer;
    struct flow_tasks_in in = { id_str(&t->order) };
    struct record_list list;
    struct err e = { 0 };
    char due[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(due, CLOCK_TEXT_LENGTH);
    if (db_list(t->n->impl->writer, &sql_flow_tasks, &in, &list, 10, t->arena, &e) != OK ||
        list.n == 0)
        bench_die("no task is open", &e);
    const struct flow_tasks_out *last = (const struct flow_tasks_out *)list.p + list.n - 1;
    clock_write(&b, last->due);
    clock.actor.organisation = id_str(&t->hospital->organisation_id);
    env_sim_advance(t->env, last->due - env_now(t->n->env) + TIME_MINUTE);
    act(t, &clock, "flow.note_overdue", NULL, "{'order':'%s','task':'%.*s','due':'%.*s'}",
        t->order.text, STR(last->task), STR(buf_get(&b)));
}

static int64_t events_of(const struct tale *t)
{
    return (int64_t)ledger_size(t->n->ledger) - t->from;
}

static void live(struct tale *t, enum fate fate)
{
    act(t, at_hospital(t, "coordinator"), "patient.enrol", NULL,
        "{'patient':'%s','identifiers':[{'system':'urn:vein:example:hospital-number',"
        "'value':'H12345678'}],'family':'Example','given':'Anna','birth_date':'1970-02-03',"
        "'sex':'female'}",
        t->patient.text);
    act(t, at_hospital(t, "physician"), "order.prescribe", NULL,
        "{'order':'%s','patient':'%s','product':'%s','indication':'%s','jurisdiction':'eu',"
        "'regime':'commercial','weight':'70.5 kg'}",
        t->order.text, t->patient.text, t->fresh ? "lunacel" : "corvicel",
        t->fresh ? "C91.0" : "C83.3");
    place(t);
    if (fate != FATE_LATE)
        confirm(t);
    if (fate == FATE_STOPPED)
        mistake(t);
    if (fate == FATE_LATE)
        overdue(t);
    while (fate != FATE_STOPPED &&
           events_of(t) < HISTORY_EVENTS - (fate == FATE_HELD || fate == FATE_ENDED))
        schedule(t);
    if (fate == FATE_HELD)
        act(t, at_hospital(t, "coordinator"), "flow.hold", "the patient has a fever",
            "{'order':'%s'}", t->order.text);
    if (fate == FATE_ENDED)
        act(t, at_hospital(t, "physician"), "flow.end", "the patient does not wish to go on",
            "{'order':'%s','how':'withdrawn','material':'none'}", t->order.text);
}

/* --- the events --- */

struct opening {
    struct tale *t;
    struct fate_event *event;
    size_t n;
};

/* In the place of a sealer: opens instead. */
static enum outcome open_field(void *context, struct str *out, struct str path, struct str sealed,
                               struct err *e)
{
    struct opening *o = context;
    if (o->n == FATE_PLAINS_MAX)
        bench_die("an event has too many sealed fields", NULL);
    TRY(seal_open(o->t->n->keys, &o->event->plains[o->n++], o->event->event.id, path, sealed,
                  o->t->arena, e));
    *out = S("x");
    return OK;
}

static void take_event(struct tale *t, struct fate_event *out, struct str leaf, size_t *command)
{
    struct err e = { 0 };
    const struct event *previous = out == t->out->events ? NULL : &out[-1].event;
    struct opening opening = { t, out, 0 };
    const struct record_sealer sealer = { &opening, open_field };
    struct buf nowhere = buf_in(t->arena, EVENT_LEAF_MAX);
    struct json_out json = json_out(&nowhere);
    if (event_read(&out->event, t->arena, arena_str(t->arena, leaf), &e) != OK)
        bench_die("event", &e);
    out->type = registry_event(t->n->registry, out->event.type, out->event.type_version);
    if (registry_payload(out->type, &out->event, &out->payload, t->arena, &e) != OK ||
        record_to_json(out->type->payload, out->payload, &json, &sealer, &e) != OK)
        bench_die("payload", &e);
    if (out->event.reason.p && seal_open(t->n->keys, &out->reason, out->event.id, S("reason"),
                                         out->event.reason, t->arena, &e) != OK)
        bench_die("reason", &e);
    if (previous && !str_eq(previous->command, out->event.command))
        ++*command;
    out->command = *command;
    out->ordinal =
        previous && str_eq(previous->command, out->event.command) ? out[-1].ordinal + 1 : 0;
    if (out->event.version == 1 && out->type == &quality_deviation_opened_event) {
        const struct quality_deviation_opened *opened = out->payload;
        t->out->things[t->out->nthings++] = opened->deviation;
        t->out->deviation = opened->number;
    }
    if (out->type == &identity_checked_event)
        t->out->things[t->out->nthings++] = ((const struct identity_checked *)out->payload)->check;
    if (out->type == &order_placed_event)
        t->out->coi = ((const struct order_placed *)out->payload)->coi;
    if (out->type == &order_patient_enrolled_event)
        t->out->pseudonym = ((const struct order_patient_enrolled *)out->payload)->pseudonym;
}

static void take(struct tale *t)
{
    struct err e = { 0 };
    struct ledger_row *rows;
    size_t n, command = 0;
    if (ledger_read(t->n->impl->writer, t->from, FATE_EVENTS_MAX + 1, &rows, &n, t->arena, &e) !=
        OK)
        bench_die("log", &e);
    if (n < HISTORY_EVENTS || n > FATE_EVENTS_MAX)
        bench_die("an order has not as many events as it should", NULL);
    t->out->nevents = n;
    for (size_t i = 0; i < n; i++)
        take_event(t, &t->out->events[i], rows[i].leaf, &command);
    if (command + 1 != t->out->ncommands)
        bench_die("a command made no event", NULL);
}

void fate_make(struct fate_order out[FATES], struct node *n, struct env_sim *env,
               const struct network *network, const struct network_site *hospital, bool fresh,
               struct arena *arena)
{
    for (size_t fate = 0; fate < FATES; fate++) {
        struct tale t = { .n = n,
                          .env = env,
                          .network = network,
                          .hospital = hospital,
                          .fresh = fresh,
                          .from = (int64_t)ledger_size(n->ledger),
                          .out = &out[fate],
                          .arena = arena };
        const struct id seed =
            id_derive(id_str(&hospital->id), fresh ? S("fresh") : S("frozen"), fate);
        out[fate] = (struct fate_order){ 0 };
        t.patient = id_derive(id_str(&seed), S("patient"), 0);
        t.order = id_derive(id_str(&seed), S("order"), 0);
        t.sender =
            (struct sender){ .node = n, .arena = arena_new(TALE_ARENA), .seed = id_str(&seed) };
        out[fate].things[out[fate].nthings++] = arena_str(arena, id_str(&t.patient));
        out[fate].things[out[fate].nthings++] = arena_str(arena, id_str(&t.order));
        out[fate].pattern = fresh ? S("VL-####-@@@@-@@@@-%%") : S("VC-@@@@-@@@@-@@@@-%%");
        live(&t, (enum fate)fate);
        take(&t);
        arena_free(t.sender.arena);
    }
}
