/* The simulation's loop: a heap of orders by when something is due, and the acts that are no task:
 * enrolling, prescribing, placing, withdrawing, resolving stops, resuming. */
#include "app/sim_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernel/stop.h"
#include "modules/order/order.h"

enum { SIM_ARENA = 16 << 20 };

uint64_t sim_draw(struct sim *s, uint64_t below)
{
    /* xorshift128+ */
    uint64_t a = s->rng[0];
    uint64_t b = s->rng[1];
    s->rng[0] = b;
    a ^= a << 23;
    s->rng[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return below > 0 ? (s->rng[1] + b) % below : 0;
}

bool sim_chance(struct sim *s, uint64_t per)
{
    return sim_draw(s, 100000) < per;
}

int64_t sim_minutes(struct sim *s, int64_t from, int64_t to)
{
    return (from + (int64_t)sim_draw(s, (uint64_t)(to - from) + 1)) * TIME_MINUTE;
}

/* --- the heap --- */

static bool earlier(const struct sim *s, size_t a, size_t b)
{
    const struct sim_order *x = &s->orders[s->heap[a]];
    const struct sim_order *y = &s->orders[s->heap[b]];
    return x->next < y->next || (x->next == y->next && s->heap[a] < s->heap[b]);
}

static void swap(struct sim *s, size_t a, size_t b)
{
    size_t kept = s->heap[a];
    s->heap[a] = s->heap[b];
    s->heap[b] = kept;
}

static void heap_put(struct sim *s, size_t order)
{
    size_t at = s->nheap++;
    s->heap[at] = order;
    for (; at > 0 && earlier(s, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(s, at, (at - 1) / 2);
}

static size_t heap_take(struct sim *s)
{
    size_t order = s->heap[0];
    s->heap[0] = s->heap[--s->nheap];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < s->nheap && earlier(s, child, least))
                least = child;
        if (least == at)
            return order;
        swap(s, at, least);
        at = least;
    }
}

/* --- beginnings --- */

/* Who order number k is about, its ids and what befalls it are drawn from the seed and k alone, so
 * that a simulation that goes on after a restart knows its people again. */
static void draw_order(struct sim *s, struct sim_order *o, uint64_t k)
{
    static const char *const families[] = { "Example", "Sample",   "Specimen", "Placeholder",
                                            "Muster",  "Testcase", "Fictive",  "Imaginary" };
    static const char *const givens[] = { "Anna", "Bruno", "Carla",  "David",
                                          "Elin", "Felix", "Gisela", "Henri" };
    uint64_t kept[2] = { s->rng[0], s->rng[1] };
    o->patient = id_derive(id_str(&s->seed), S("patient"), k);
    o->order = id_derive(id_str(&s->seed), S("order"), k);
    struct hash h = hash_of(o->order.text, ID_LENGTH);
    memcpy(s->rng, h.b, sizeof s->rng);
    size_t hospitals = 0;
    while (strcmp(s->network->sites[hospitals].kind, "treatment") == 0)
        hospitals++;
    o->treatment = (size_t)sim_draw(s, hospitals);
    o->fresh = sim_chance(s, 35000);
    o->weight = (o->fresh ? 180 : 480) + (unsigned)sim_draw(s, 580);
    snprintf(o->family, sizeof o->family, "%s", families[sim_draw(s, 8)]);
    size_t name = (size_t)sim_draw(s, 8);
    o->female = name % 2 == 0;
    snprintf(o->given, sizeof o->given, "%s", givens[name]);
    snprintf(o->birth_date, sizeof o->birth_date, "%u-%02u-%02u", 1940 + (unsigned)sim_draw(s, 70),
             1 + (unsigned)sim_draw(s, 12), 1 + (unsigned)sim_draw(s, 28));
    snprintf(o->number, sizeof o->number, "H%08u", (unsigned)sim_draw(s, 100000000));
    o->mishaps = sim_befalls(s, k);
    if (o->mishaps & SIM_WITHDRAWS)
        o->withdraws = o->next + sim_minutes(s, 3 * 1440, 35 * 1440);
    memcpy(s->rng, kept, sizeof s->rng);
}

static void order_begins(struct sim *s, size_t slot, int64_t at)
{
    s->orders[slot] = (struct sim_order){ .next = at };
    draw_order(s, &s->orders[slot], s->begun++);
    heap_put(s, slot);
}

/* Orders of an earlier run of the same seed go on where they stand. */
static enum outcome orders_found(struct sim *s, size_t *found, struct err *e)
{
    struct node *node = s->options.node;
    struct db *db;
    enum outcome o = OK;
    bool there = true;
    *found = 0;
    TRY(store_reader_take(&db, node->store, e));
    while (o == OK && there) {
        struct sim_order order = { .next = env_now(node->env), .step = 4 };
        struct flow_view view;
        arena_reset(s->arena);
        draw_order(s, &order, s->begun);
        o = flow_read(db, id_str(&order.order), &view, s->arena, e);
        there = o == OK && view.found;
        if (!there)
            break;
        s->begun++;
        if (view.state == FLOW_ENDED || *found == s->norders)
            continue;
        struct order_order_in in = { id_str(&order.order) };
        struct order_order_out row;
        o = db_get(db, &sql_order_order, &in, &row, s->arena, &there, e);
        if (view.npast > 0) /* what a loop was taken for is behind it */
            order.mishaps &=
                ~(unsigned)(SIM_SHORT_COLLECTION | SIM_LOW_VIABILITY | SIM_CONTAMINATION |
                            SIM_EXPANSION_FAILS | SIM_SLOW_CULTURE | SIM_TEST_INVALID);
        snprintf(order.coi, sizeof order.coi, "%.*s", STR(row.coi));
        order.next += sim_minutes(s, 1, 30);
        s->orders[*found] = order;
        heap_put(s, (*found)++);
    }
    store_reader_give(node->store, db);
    return o;
}

enum outcome sim_open(struct sim **out, const struct sim_options *options,
                      const struct network *network, struct err *e)
{
    struct sim *s = calloc(1, sizeof *s);
    if (!s)
        return err_no_memory(e);
    BUG_ON(options->orders > SIM_ORDERS_MAX);
    s->options = *options;
    s->network = network;
    s->orders = calloc(options->orders + 1, sizeof *s->orders);
    s->heap = calloc(options->orders + 1, sizeof *s->heap);
    s->arena = arena_new(SIM_ARENA);
    s->seed = id_derive(S("simulation"), S("seed"), options->seed);
    /* Commands of a run have ids of their own. */
    s->session = s->seed;
    if (options->run > 0)
        s->session = id_derive(id_str(&s->seed), S("run"), options->run);
    if (options->serving)
        s->session = id_new(&env_system);
    s->sender = (struct sender){
        .node = options->node,
        .serving = options->serving,
        .arena = arena_new(SIM_ARENA),
        .seed = id_str(&s->session),
        .via = options->via,
        .via_context = options->via_context,
    };
    if (!s->orders || !s->heap || !s->arena || !s->sender.arena) {
        sim_close(s);
        return err_no_memory(e);
    }
    struct hash h = hash_of(s->session.text, ID_LENGTH);
    memcpy(s->rng, h.b, sizeof s->rng);
    s->norders = options->orders;
    size_t found;
    enum outcome o = orders_found(s, &found, e);
    if (o != OK) {
        sim_close(s);
        return o;
    }
    int64_t span = options->to_us - options->from_us;
    for (size_t i = found; i < s->norders; i++)
        order_begins(s, i,
                     options->from_us + span / (int64_t)(s->norders + 1) * (int64_t)i +
                         sim_minutes(s, 0, 600));
    *out = s;
    return OK;
}

void sim_close(struct sim *s)
{
    if (!s)
        return;
    arena_free(s->sender.arena);
    arena_free(s->arena);
    free(s->heap);
    free(s->orders);
    free(s);
}

const struct sim_counts *sim_counts(const struct sim *s)
{
    return &s->counts;
}

enum outcome sim_must(struct sim *s, enum outcome o, const char *what, const struct err *e)
{
    if (o != REFUSED)
        return o;
    s->counts.unexpected++;
    if (getenv("VEIN_SIM_TELL")) {
        fprintf(stderr, "%s: %s", what, e->code);
        for (size_t i = 0; i < e->nparams; i++)
            fprintf(stderr, " %s=%s", e->params[i].name, e->params[i].value);
        fprintf(stderr, "\n");
    }
    snprintf(s->counts.last_unexpected, sizeof s->counts.last_unexpected, "%s: %s", what, e->code);
    return REFUSED;
}

static enum outcome enrol(struct sim *s, struct sim_order *o, const struct network_person *who,
                          struct err *e)
{
    enum outcome done = sender_send(&s->sender, &who->actor, "patient.enrol", NULL, NULL, e,
                                    "{'patient':'%s','identifiers':[{'system':'urn:vein:example:"
                                    "hospital-number','value':'%s'}],"
                                    "'family':'%s','given':'%s','birth_date':'%s','sex':'%s'}",
                                    o->patient.text, o->number, o->family, o->given, o->birth_date,
                                    o->female ? "female" : "male");
    s->counts.enrolled += done == OK;
    return sim_must(s, done, "patient.enrol", e);
}

static enum outcome prescribe(struct sim *s, struct sim_order *o, const struct network_person *who,
                              struct err *e)
{
    enum outcome done = sender_send(
        &s->sender, &who->actor, "order.prescribe", NULL, NULL, e,
        "{'order':'%s','patient':'%s','product':'%s','indication':'%s','jurisdiction':'eu',"
        "'regime':'commercial','weight':'%u.%u kg'}",
        o->order.text, o->patient.text, o->fresh ? "lunacel" : "corvicel",
        o->fresh ? "C91.0" : "C83.3", o->weight / 10, o->weight % 10);
    return sim_must(s, done, "order.prescribe", e);
}

static const struct network_site *site_of(const struct sim *s, const char *kind)
{
    for (size_t i = 0; i < s->network->nsites; i++)
        if (strcmp(s->network->sites[i].kind, kind) == 0)
            return &s->network->sites[i];
    BUG_ON(true);
    return NULL;
}

/* Whose product it is. */
static const struct network_site *sponsor_of(const struct sim *s, const struct sim_order *o)
{
    const char *name = o->fresh ? "Lunaris office" : "Corvida office";
    for (size_t i = 0; i < s->network->nsites; i++)
        if (strcmp(s->network->sites[i].name, name) == 0)
            return &s->network->sites[i];
    BUG_ON(true);
    return NULL;
}

static enum outcome place(struct sim *s, struct sim_order *o, const struct network_person *who,
                          struct err *e)
{
    static const char *const parts[][2] = { { "collection", "apheresis" },
                                            { "courier", "depot" },
                                            { "manufacture", "plant" },
                                            { "laboratory", "laboratory" },
                                            { "sponsor", "office" } };
    char parties[1200];
    size_t n = 0;
    for (size_t i = 0; i < 5; i++) {
        const struct network_site *site = i == 4 ? sponsor_of(s, o) : site_of(s, parts[i][1]);
        n += (size_t)snprintf(parties + n, sizeof parties - n,
                              "{'part':'%s','organisation':'%s','site':'%s'},", parts[i][0],
                              site->organisation_id.text, site->id.text);
    }
    const struct network_site *hospital = &s->network->sites[o->treatment];
    struct str answer;
    enum outcome done = sender_send(
        &s->sender, &who->actor, "order.place", NULL, &answer, e,
        "{'order':'%s','parties':[%s{'part':'treatment','organisation':'%s','site':'%s'}]}",
        o->order.text, parties, hospital->organisation_id.text, hospital->id.text);
    if (done == OK)
        snprintf(o->coi, sizeof o->coi, "%.*s", STR(sim_member(s, answer, "coi")));
    return sim_must(s, done, "order.place", e);
}

static enum outcome order_start(struct sim *s, struct sim_order *o, struct err *e)
{
    struct str at = id_str(&s->network->sites[o->treatment].id);
    const struct network_person *coordinator = network_find(s->network, "coordinator", at, 0);
    const struct network_person *physician = network_find(s->network, "physician", at, 0);
    int64_t now = env_now(s->options.node->env);
    switch (o->step++) {
    case 0:
        o->next = now + sim_minutes(s, 30, 600);
        return enrol(s, o, coordinator, e);
    case 1:
        o->next = now + sim_minutes(s, 60, 1440);
        return prescribe(s, o, physician, e);
    case 2:
        o->next = now + sim_minutes(s, 10, 120);
        return place(s, o, coordinator, e);
    default:
        o->next = now + sim_minutes(s, 600, 2880);
        return sim_schedule(s, o, 0, e);
    }
}

/* --- what is no task --- */

/* The patient withdraws or dies; whatever was under way ends. */
static enum outcome withdraw(struct sim *s, struct sim_order *o, const struct flow_view *v,
                             struct err *e)
{
    struct str at = id_str(&s->network->sites[o->treatment].id);
    const struct network_person *physician = network_find(s->network, "physician", at, 0);
    static const char *const wishes[] = { "unknown", "discard", "retain" };
    bool died = sim_chance(s, 40000);
    const char *wish = wishes[sim_draw(s, 3)];
    enum outcome done =
        sender_send(&s->sender, &physician->actor, "flow.end",
                    died ? "the patient died" : "the patient does not wish to go on", NULL, e,
                    "{'order':'%s','how':'%s'%s}", o->order.text, died ? "died" : "withdrawn",
                    sim_material(v, wish));
    s->counts.withdrawn += done == OK;
    s->counts.died += done == OK && died;
    return sim_must(s, done, "flow.end", e);
}

/* An independent person of the site where it was raised resolves the stop. */
static enum outcome resolve(struct sim *s, struct sim_order *o, const struct stop_state *stop,
                            struct err *e)
{
    o->next = env_now(s->options.node->env) + sim_minutes(s, 5, 30);
    for (size_t i = 0; i < s->network->npeople; i++) {
        const struct network_person *p = &s->network->people[i];
        if (!str_eq(p->actor.site, stop->site) ||
            !actor_may(&p->actor, S("stop.resolve"), stop->organisation, stop->site))
            continue;
        enum outcome done =
            sender_send(&s->sender, &p->actor, "stop.resolve",
                        "the other order's label was presented; material never left its place",
                        NULL, e, "{'order':'%s','decision':'continue'}", o->order.text);
        if (done != REFUSED)
            return done;
    }
    struct err none = { .code = "nobody independent" };
    return sim_must(s, REFUSED, "stop.resolve", &none);
}

/* The next thing to do for a running order. */
static enum outcome order_goes_on(struct sim *s, struct sim_order *o, struct flow_view *v,
                                  struct err *e)
{
    int64_t now = env_now(s->options.node->env);
    if (v->state == FLOW_HELD) {
        struct str at = id_str(&s->network->sites[o->treatment].id);
        const struct network_person *who = network_find(s->network, "coordinator", at, 0);
        o->next = now + sim_minutes(s, 60, 300);
        return sim_must(s,
                        sender_send(&s->sender, &who->actor, "flow.resume", "repaired", NULL, e,
                                    "{'order':'%s'}", o->order.text),
                        "flow.resume", e);
    }
    int64_t soonest = INT64_MAX; /* of what waits for its day */
    for (size_t i = 0; i < v->ntasks; i++) {
        const struct flow_open_task *task = &v->tasks[i];
        if (task->done)
            continue;
        /* Late results wait for their day while the journey goes on, and are not late for it. */
        char name[64];
        snprintf(name, sizeof name, "%.*s", STR(task->task));
        const struct flow_task *definition = flow_task_find(v, task->task);
        bool thaw = str_is(definition->act, "thaw");
        if (thaw && flow_has_fact(v, task->task, S("thawed")) &&
            !flow_has_fact(v, S("administer"), S("all_given")))
            continue; /* further bags are thawed as they are given */
        const int64_t day = task->opened + sim_duration(o, name);
        if (definition->late && !thaw && now < day && i + 1 < v->ntasks) {
            soonest = day < soonest ? day : soonest;
            continue;
        }
        int64_t after = TIME_HOUR;
        enum outcome done = sim_task(s, o, v, task, &after, e);
        o->next = now + after < soonest ? now + after : soonest;
        return done;
    }
    o->next = now + TIME_DAY < soonest ? now + TIME_DAY : soonest;
    return OK;
}

static enum outcome order_act(struct sim *s, struct sim_order *o, struct err *e)
{
    if (o->step < 4)
        return order_start(s, o, e);
    struct flow_view view;
    struct stop_state stop;
    struct db *db;
    TRY(store_reader_take(&db, s->options.node->store, e));
    enum outcome done = flow_read(db, id_str(&o->order), &view, s->arena, e);
    if (done == OK)
        done = stop_find(db, id_str(&o->order), &stop, s->arena, e);
    store_reader_give(s->options.node->store, db);
    if (done != OK)
        return done;
    o->turn++;
    TRY(sim_discard_past(s, o, e));
    if (!view.found || view.state == FLOW_ENDED) {
        o->over = true;
        s->counts.finished += view.found && str_is(view.how, "finished");
        return OK;
    }
    if (stop.standing)
        return resolve(s, o, &stop, e);
    bool infused = flow_has_fact(&view, S("administer"), S("all_given"));
    if (o->withdraws != 0 && env_now(s->options.node->env) >= o->withdraws && !infused)
        return withdraw(s, o, &view, e);
    return order_goes_on(s, o, &view, e);
}

enum outcome sim_step(struct sim *s, size_t max, int64_t *next, struct err *e)
{
    int64_t now = env_now(s->options.node->env);
    for (size_t acts = 0; s->nheap > 0 && acts < max; acts++) {
        struct sim_order *o = &s->orders[s->heap[0]];
        if (o->next > now)
            break;
        size_t number = heap_take(s);
        arena_reset(s->arena);
        int64_t before = o->next;
        enum outcome done = order_act(s, o, e);
        if (done == FAULT)
            return FAULT;
        if (done == REFUSED && o->next < now + 6 * TIME_HOUR)
            o->next = now + 6 * TIME_HOUR; /* unforeseen: not over and over */
        if (o->next <= before)
            o->next = now + TIME_HOUR;
        if (!o->over)
            heap_put(s, number);
        else if (s->options.forever)
            order_begins(s, number, now + sim_minutes(s, 60, 1440));
    }
    *next = s->nheap > 0 ? s->orders[s->heap[0]].next : TIME_NONE;
    return OK;
}
