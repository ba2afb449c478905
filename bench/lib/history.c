/* The many: copies of what was decided for the few. */
#define _GNU_SOURCE /* memmem */
#include "bench/lib/history.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/cli.h"
#include "base/log.h"
#include "bench/lib/history_fate.h"
#include "bench/lib/people.h"
#include "gen/kernel/gate.sql.h"
#include "gen/kernel/trail.sql.h"
#include "kernel/gate_impl.h"
#include "kernel/ledger.h"
#include "kernel/node_impl.h"
#include "kernel/store_impl.h"
#include "kernel/search_impl.h"
#include "kernel/trail_impl.h"
#include "modules/order/order.h"

enum {
    HOSPITALS = 3,
    BLOCK = LEDGER_GROUP_MAX / FATE_EVENTS_MAX, /* orders that are made together */
    COMMIT_EVERY = 64,                          /* blocks: what is written twice is written less */
    FAMILIES = 4000,
    GIVENS = 400,
    KINDS = HOSPITALS * 2,
    ARENA = 64 << 20,
};
#define SPAN_US (13 * TIME_DAY) /* in which all begin: less than the first task's limit */

/* A copy in the making. */
struct copy {
    const struct fate_order *of;
    struct id commands[FATE_EVENTS_MAX];
    struct id events[FATE_EVENTS_MAX];
    struct id things[FATE_THINGS_MAX];
    struct str texts[3]; /* coi, pseudonym, deviation's number */
    char storage[3][40];
    char names[3][40]; /* family, given, hospital number */
    int64_t later_us;  /* than the one it is copied from */
    int64_t sequence[FATE_EVENTS_MAX];
};

static struct node node;
static struct env_sim sim;
static struct fate_order fates[KINDS][FATES];
static struct copy copies[BLOCK];
static uint64_t chance = 42;

static uint64_t draw(uint64_t below)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (chance >> 33) % below;
}

/* --- who it is --- */

static enum fate fate_of(uint64_t i, uint64_t n)
{
    if (i < n - n / 10)
        return FATE_ENDED;
    const uint64_t k = i % 500;
    return k == 0 ? FATE_STOPPED : k <= 20 ? FATE_LATE : k <= 40 ? FATE_HELD : FATE_RUNNING;
}

/* A pseudonym that no patient has, as enrolment finds it. */
static void pseudonym(struct copy *c, struct arena *arena)
{
    struct err e = { 0 };
    bool taken = true;
    for (int i = 0; taken; i++) {
        char code[7];
        struct order_pseudonym_taken_out row;
        id_code(code, 6, id_str(&c->things[0]), arena_printf(arena, "pseudonym %d", i));
        snprintf(c->storage[1], sizeof c->storage[1], "P-%s", code);
        c->texts[1] = str_z(c->storage[1]);
        const struct order_pseudonym_taken_in in = { c->texts[1], id_str(&c->things[0]) };
        bench_must(
            db_get(node.impl->writer, &sql_order_pseudonym_taken, &in, &row, arena, &taken, &e),
            "pseudonym", &e);
    }
}

static void begin(struct copy *c, uint64_t i, uint64_t n, int64_t from_us, struct arena *arena)
{
    char code[9];
    *c = (struct copy){ .of = &fates[i % KINDS][fate_of(i, n)] };
    const struct str coi = order_coi_make(c->of->pattern, S("bench"), i, arena);
    for (size_t k = 0; k < c->of->ncommands; k++)
        c->commands[k] = id_new(&sim.env);
    for (size_t k = 0; k < c->of->nevents; k++) {
        const struct fate_event *of = &c->of->events[k];
        c->events[k] = id_derive(id_str(&c->commands[of->command]), S("event"), of->ordinal);
    }
    for (size_t k = 0; k < c->of->nthings; k++)
        c->things[k] = id_derive(id_str(&c->commands[0]), S("thing"), k);
    snprintf(c->storage[0], sizeof c->storage[0], "%.*s", STR(coi));
    c->texts[0] = str_z(c->storage[0]);
    pseudonym(c, arena);
    id_code(code, 8, id_str(&c->things[1]), S("number"));
    snprintf(c->storage[2], sizeof c->storage[2], "%.8s-%.4s-%.4s",
             c->of->deviation.p ? c->of->deviation.p : "DEV-2026", code, code + 4);
    c->texts[2] = str_z(c->storage[2]);
    /* Few names are common, most are not: half of all bear one of a sixteenth of the names. */
    snprintf(c->names[0], sizeof c->names[0], "Family%ux",
             (unsigned)(draw(2) ? draw(FAMILIES / 16) : draw(FAMILIES)));
    snprintf(c->names[1], sizeof c->names[1], "Given%ux",
             (unsigned)(draw(2) ? draw(GIVENS / 16) : draw(GIVENS)));
    snprintf(c->names[2], sizeof c->names[2], "H%08u", (unsigned)i);
    /* What is late began so long ago that its time is over; all else is younger. */
    c->later_us = from_us + (int64_t)((double)SPAN_US / (double)n * (double)i) -
                  c->of->events[0].event.happened;
    if (fate_of(i, n) == FATE_LATE)
        c->later_us -= SPAN_US + 3 * TIME_DAY;
}

/* --- an event --- */

static struct str renewed_id(const struct copy *c, struct str old)
{
    for (size_t k = 0; k < c->of->nthings; k++)
        if (str_eq(old, c->of->things[k]))
            return id_str(&c->things[k]);
    return old;
}

/* Text, with the numbers for people that stand in it. */
static struct str renewed_text(const struct copy *c, struct str old, struct arena *arena)
{
    const struct str texts[] = { c->of->coi, c->of->pseudonym, c->of->deviation };
    for (size_t k = 0; k < 3; k++) {
        const char *at =
            texts[k].n > 0 && old.n > 0 ? memmem(old.p, old.n, texts[k].p, texts[k].n) : NULL;
        if (at)
            return arena_printf(arena, "%.*s%.*s%.*s", (int)(at - old.p), old.p, STR(c->texts[k]),
                                (int)(old.p + old.n - at - (ptrdiff_t)texts[k].n), at + texts[k].n);
    }
    return old;
}

/* "order/<id>" of another id. */
static struct str renewed_stream(const struct copy *c, struct str old, struct arena *arena)
{
    const struct str id = stream_id(old);
    const struct str now = renewed_id(c, id);
    if (now.p == id.p)
        return old;
    return arena_printf(arena, "%.*s/%.*s", STR(stream_kind(old)), STR(now));
}

/* Ids, numbers and times of a payload that lies in the arena. */
static void renew(const struct copy *c, const struct record *r, char *record, struct arena *arena)
{
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        char *at = record + f->offset;
        const struct record_list *list = (const struct record_list *)(void *)at;
        if (f->kind == FIELD_TIME && *(int64_t *)(void *)at != TIME_NONE)
            *(int64_t *)(void *)at += c->later_us;
        else if (f->kind == FIELD_ID)
            *(struct str *)(void *)at = renewed_id(c, *(struct str *)(void *)at);
        else if (f->kind == FIELD_TEXT && !(f->flags & SEALED))
            *(struct str *)(void *)at = renewed_text(c, *(struct str *)(void *)at, arena);
        for (size_t k = 0; f->kind == FIELD_TEXTS && k < list->n; k++) {
            struct str *text = (struct str *)(uintptr_t)list->p + k;
            *text = renewed_text(c, *text, arena);
        }
        for (size_t k = 0; f->kind == FIELD_LIST && k < list->n; k++)
            renew(c, f->item, (char *)(uintptr_t)list->p + k * f->item->size, arena);
    }
}

struct sealing {
    const struct copy *c;
    const struct fate_event *of;
    struct str event;
    size_t n;
    struct arena *arena;
};

static enum outcome seal_field(void *context, struct str *out, struct str path, struct str old,
                               struct err *e)
{
    struct sealing *s = context;
    struct str plain = s->of->plains[s->n++];
    (void)old;
    if (str_is(path, "family"))
        plain = str_z(s->c->names[0]);
    else if (str_is(path, "given"))
        plain = str_z(s->c->names[1]);
    else if (str_starts(path, S("identifiers.")))
        plain = str_z(s->c->names[2]);
    return seal_text(node.keys, out, id_str(&s->c->things[0]), s->event, path, plain, s->arena, e);
}

/* Nothing of the copied order may have stayed behind. */
static void check_new(const struct copy *c, struct str payload)
{
    for (size_t k = 0; k < c->of->nthings; k++)
        if (memmem(payload.p, payload.n, c->of->things[k].p, c->of->things[k].n))
            bench_die("a copied event still names what it was copied from", NULL);
    if (memmem(payload.p, payload.n, c->of->coi.p, c->of->coi.n))
        bench_die("a copied event still has the identifier it was copied from", NULL);
}

static struct str payload(const struct copy *c, struct sealing *sealing, struct arena *arena)
{
    const struct record *r = sealing->of->type->payload;
    const struct record_sealer sealer = { sealing, seal_field };
    struct buf b = buf_in(arena, EVENT_LEAF_MAX);
    struct json_out json = json_out(&b);
    struct err e = { 0 };
    void *record = arena_alloc(arena, r->size);
    if (!record || !record_copy(r, record, sealing->of->payload, arena))
        bench_die("memory", NULL);
    renew(c, r, record, arena);
    bench_must(record_to_json(r, record, &json, &sealer, &e), "payload", &e);
    bench_must(buf_check(&b, &e), "payload", &e);
    check_new(c, buf_get(&b));
    return buf_get(&b);
}

static void links(struct event *event, const struct copy *c, struct arena *arena)
{
    struct event_link *own = ARENA_ARRAY(arena, event->links.n + 1, struct event_link);
    if (!own)
        bench_die("memory", NULL);
    for (size_t i = 0; i < event->links.n; i++)
        own[i] = (struct event_link){ event->links.p[i].kind, renewed_id(c, event->links.p[i].id) };
    event->links.p = own;
}

/* What the trail's follower makes of the event. */
static void trail(const struct event *event, int64_t sequence, struct arena *arena)
{
    static int64_t ahead = TIME_NONE; /* when the one before was recorded */
    const struct json *json;
    struct trail_tokens tokens;
    struct err e = { 0 };
    if (ahead == TIME_NONE)
        bench_must(trail_recorded(&ahead, node.impl->writer, sequence - 1, arena, &e), "trail", &e);
    bench_must(json_read(&json, arena, event->payload, &json_limits_default, &e), "trail", &e);
    trail_tokens_of(&tokens, node.registry, event, json, ahead, arena);
    ahead = event->recorded;
    for (size_t i = 0; i < tokens.n; i++) {
        const struct trail_token_add_in in = { tokens.tokens[i], sequence };
        bench_must(db_run(node.impl->writer, &sql_trail_token_add, &in, NULL, &e), "trail", &e);
    }
}

/* What the search's follower comes to in the end: each rule's thing as it now is. */
static void search(const struct copy *c, struct arena *arena)
{
    const struct search_rule *rule;
    struct err e = { 0 };
    for (size_t i = 0; search_rule_at(node.registry, i, &rule); i++)
        for (size_t k = 0; k < c->of->nthings; k++) {
            arena_reset(arena);
            bench_must(search_refresh(node.impl->writer, node.keys, rule, id_str(&c->things[k]),
                                      arena, &e),
                       "search", &e);
        }
}

static void append(struct copy *c, size_t k, struct arena *arena)
{
    const struct fate_event *of = &c->of->events[k];
    struct db *db = node.impl->writer;
    struct event event = of->event;
    struct sealing sealing = { c, of, id_str(&c->events[k]), 0, arena };
    struct err e = { 0 };
    event.id = sealing.event;
    event.command = id_str(&c->commands[of->command]);
    event.stream = renewed_stream(c, event.stream, arena);
    event.key = renewed_stream(c, event.key, arena);
    event.happened += c->later_us;
    event.entered += c->later_us;
    links(&event, c, arena);
    event.payload = payload(c, &sealing, arena);
    if (of->reason.p)
        bench_must(seal_text(node.keys, &event.reason, id_str(&c->things[0]), event.id, S("reason"),
                             of->reason, arena, &e),
                   "reason", &e);
    bench_must(ledger_append(node.ledger, db, &event, -1, &c->sequence[k], arena, &e), "append",
               &e);
    bench_must(registry_apply(node.registry, db, &event, arena, &e), "apply", &e);
    trail(&event, c->sequence[k], arena);
}

/* As the gate remembers a command: keyed digest, sealed answer. */
static void remember(const struct copy *c, size_t command, struct arena *arena)
{
    struct err e = { 0 };
    char hex[HASH_HEX + 1];
    struct bytes sealed;
    const struct str id = id_str(&c->commands[command]);
    size_t first = 0, n = 0;
    for (size_t k = c->of->nevents; k-- > 0;)
        if (c->of->events[k].command == command) {
            first = k;
            n++;
        }
    hash_hex(hex, keyring_digest(node.keys, "idempotency", id));
    bench_must(seal_secret(node.keys, &sealed, (struct seal_place){ "answer", id },
                           c->of->answers[command], arena, &e),
               "answer", &e);
    const struct gate_command_keep_in row = { c->of->events[first].event.organisation,
                                              id,
                                              str_z(hex),
                                              sealed,
                                              c->sequence[first],
                                              (int64_t)n };
    bench_must(db_run(node.impl->writer, &sql_gate_command_keep, &row, NULL, &e), "command", &e);
}

/* --- all of them --- */

/* The events of a block interleave, as those of many orders do. */
static void block(uint64_t first, size_t n, uint64_t orders, int64_t from_us, struct arena *arena)
{
    struct err e = { 0 };
    for (size_t i = 0; i < n; i++) {
        arena_reset(arena);
        begin(&copies[i], first + i, orders, from_us, arena);
        bench_must(keyring_subject(node.keys, id_str(&copies[i].things[0]),
                                   copies[i].of->events[0].event.organisation, &e),
                   "key", &e);
    }
    for (size_t k = 0; k < FATE_EVENTS_MAX; k++)
        for (size_t i = 0; i < n && k < copies[i].of->nevents; i++) {
            arena_reset(arena);
            append(&copies[i], k, arena);
        }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < copies[i].of->ncommands; k++) {
            arena_reset(arena);
            remember(&copies[i], k, arena);
        }
    for (size_t i = 0; i < n; i++)
        search(&copies[i], arena);
    bench_must(ledger_prepare(node.ledger, node.impl->writer, &e), "prepare", &e);
    ledger_committed(node.ledger); /* in memory: the commit follows, or the file is thrown away */
}

static void keep(struct history *out, const struct copy *c)
{
    struct history_order *o = &out->kept[out->nkept++ % HISTORY_KEPT];
    snprintf(o->order, sizeof o->order, "%s", c->things[1].text);
    snprintf(o->coi, sizeof o->coi, "%s", c->storage[0]);
    snprintf(o->pseudonym, sizeof o->pseudonym, "%s", c->storage[1]);
    snprintf(o->family, sizeof o->family, "%s", c->names[0]);
    snprintf(o->given, sizeof o->given, "%s", c->names[1]);
    snprintf(o->number, sizeof o->number, "%s", c->names[2]);
}

static void all(struct history *out, uint64_t orders, int64_t from_us)
{
    struct arena *arena = arena_new(ARENA);
    struct db *db = node.impl->writer;
    struct err e = { 0 };
    size_t blocks = 0;
    if (!arena)
        bench_die("memory", NULL);
    bench_must(db_begin(db, &e), "begin", &e);
    for (uint64_t i = 0; i < orders;) {
        const size_t n = orders - i < BLOCK ? (size_t)(orders - i) : BLOCK;
        env_sim_advance(&sim, (int64_t)((double)SPAN_US / (double)orders * (double)n));
        block(i, n, orders, from_us, arena);
        for (size_t k = 0; k < n; k += 7)
            if (fate_of(i + k, orders) == FATE_RUNNING)
                keep(out, &copies[k]);
        i += n;
        if (++blocks % COMMIT_EVERY == 0) {
            bench_must(db_commit(db, &e), "commit", &e);
            bench_must(db_begin(db, &e), "begin", &e);
        }
    }
    bench_must(db_commit(db, &e), "commit", &e);
    arena_free(arena);
    out->nkept = out->nkept < HISTORY_KEPT ? out->nkept : HISTORY_KEPT;
}

/* Who follows the log begins behind what is there. The node is closed: it keeps what it knows. */
static void follow_from(const char *path, int64_t events)
{
    static const char *const cursors[] = { "search_cursor", "trail_cursor", "policy_cursor" };
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK)
        bench_die(path, NULL);
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "REPLACE INTO %s (one, sequence) VALUES (1, %lld)", cursors[i],
                 (long long)events);
        if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
            bench_die(sqlite3_errmsg(db), NULL);
    }
    sqlite3_close(db);
}

/* What a crash would leave of it is thrown away: nothing waits for the disk, and the pages that are
 * written again and again stay in memory. */
static void hurry(void)
{
    struct db *db = node.impl->writer;
    struct err e = { 0 };
    bench_must(db->engine->script(db->connection,
                                  "PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000;"
                                  "PRAGMA wal_autocheckpoint = 50000",
                                  &e),
               "settings", &e);
}

static void people(const struct network *network)
{
    static const char *const who[][2] = { { "plant", "qa_specialist" },
                                          { "treatment", "physician" },
                                          { "apheresis", "apheresis_nurse" } };
    for (size_t k = 0; k < sizeof who / sizeof who[0]; k++) {
        const struct network_site *site = fate_site(network, who[k][0]);
        const struct people_place at = { site->organisation_id.text, site->id.text };
        people_add(&node, &at, k, who[k][1]);
    }
}

void history_make(struct history *out, const char *path, uint64_t orders)
{
    struct err e = { 0 };
    struct arena *arena = arena_new(ARENA);
    struct sender sender = { .node = &node, .arena = arena_new(ARENA), .seed = S("network") };
    int64_t at;
    *out = (struct history){ 0 };
    bench_remove(path);
    log_set_level(LOG_ERROR);
    env_sim_init(&sim, 11, env_now(&env_system) - 150 * TIME_DAY);
    struct node_options options = { .env = &sim.env, .path = path, .create = true };
    options.modules = cli_modules(&options.nmodules);
    if (!arena || !sender.arena)
        bench_die("memory", NULL);
    bench_must(node_open(&node, &options, &e), "node", &e);
    bench_must(network_make(&out->network, &sender, (struct str){ 0 }, &e), "network", &e);
    people(&out->network);
    for (size_t i = 0; i < KINDS; i++)
        fate_make(fates[i], &node, &sim, &out->network, &out->network.sites[i / 2], i % 2, arena);
    const int64_t from_us = env_now(&env_system) - SPAN_US;
    if (env_now(&sim.env) < from_us)
        env_sim_advance(&sim, from_us - env_now(&sim.env));
    bench_must(search_catch_up(node.search, &e), "search", &e);
    bench_must(trail_catch_up(node.trail, &e), "trail", &e);
    hurry();
    at = bench_now();
    all(out, orders, from_us);
    out->seconds = (double)(bench_now() - at) / 1e6;
    out->events = (int64_t)ledger_size(node.ledger);
    bench_must(ledger_checkpoint(node.ledger, node.impl->writer, &e), "checkpoint", &e);
    node_close(&node);
    follow_from(path, out->events);
    arena_free(sender.arena);
    arena_free(arena);
}
