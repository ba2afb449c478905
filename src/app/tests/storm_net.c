/* The network of a storm: between who sends a command and the gate. Whoever sends one asks again,
 * with the same id, until there is an answer. */
#include <stdio.h>
#include <string.h>

#include "app/tests/storm.h"
#include "kernel/sign.h"

enum { TRIES_MAX = 60, STEPS_MAX = 50, PATIENCE = 6 };

static const struct actor partners_side = {
    .name = S("system/storm"),
    .organisation = S("00000000-0000-8000-a000-000000000001"),
    .site = S("00000000-0000-8000-a000-000000000002"),
    .system = true,
};

/* --- what is sent, kept --- */

static const struct sign_given *signature_kept(struct storm *w, const struct sign_given *g)
{
    struct sign_given *out = ARENA_NEW(w->arena, struct sign_given);
    BUG_ON(!out);
    *out = *g;
    struct str *const texts[] = { &out->command, &out->session,    &out->signer,
                                  &out->name,    &out->shown,      &out->components,
                                  &out->key,     &out->credential, &out->assertion };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = texts[i]->p ? arena_str(w->arena, *texts[i]) : (struct str){ 0 };
    return out;
}

static struct storm_sent *sent_new(struct storm *w, const struct gate_command *c)
{
    BUG_ON(w->nsent == STORM_SENT_MAX);
    struct storm_sent *s = &w->sent[w->nsent++];
    *s = (struct storm_sent){ .command = *c };
    s->command.id = arena_str(w->arena, c->id);
    s->command.name = arena_str(w->arena, c->name);
    s->command.body = arena_str(w->arena, c->body);
    if (c->reason.p)
        s->command.reason = arena_str(w->arena, c->reason);
    if (c->signature)
        s->command.signature = signature_kept(w, c->signature);
    return s;
}

/* --- asked --- */

struct wait {
    bool done;
    struct gate_answer answer;
};

static void answered(void *context, const struct gate_answer *answer)
{
    struct wait *x = context;
    x->answer = *answer;
    x->done = true;
}

static bool same(const struct gate_answer *a, const struct gate_answer *b)
{
    return a->sequence == b->sequence && a->nevents == b->nevents && str_eq(a->body, b->body);
}

/* Of a command that came twice at once one was done, and both were told the same. */
static void compare(struct storm *w, const struct gate_command *c, const struct gate_answer *a,
                    const struct gate_answer *b)
{
    if (a->error.outcome == OK && b->error.outcome == OK && (!same(a, b) || !b->repeated))
        storm_wrong(w, "%.*s came twice and was done twice", STR(c->name));
}

static enum outcome ask(struct storm *w, const struct gate_command *c, bool twice,
                        struct gate_answer *answer, struct err *e)
{
    static struct wait waits[2];       /* outlive a gate that fails */
    static struct gate_command two[2]; /* likewise */
    bool failed = false;
    memset(waits, 0, sizeof waits);
    two[0] = two[1] = *c;
    TRY(gate_submit(w->node.gate, &two[0], answered, &waits[0], e));
    if (twice) {
        struct err ignored = { 0 };
        twice = gate_submit(w->node.gate, &two[1], answered, &waits[1], &ignored) == OK;
    }
    for (int steps = 0; steps < STEPS_MAX && !(waits[0].done && waits[1].done == twice); steps++) {
        size_t ran;
        struct err step = { 0 };
        if (gate_step(w->node.gate, &ran, &step) == OK || strcmp(step.code, "store.busy") == 0)
            continue;
        storm_tell(w, "the gate fails: %s", step.code);
        failed = true;
    }
    if (!waits[0].done)
        waits[0].answer.error.outcome = err_fault(e, "storm.no_answer", "%.*s", STR(c->name));
    else if (waits[0].answer.error.outcome != OK)
        *e = waits[0].answer.error;
    if (twice)
        compare(w, c, &waits[0].answer, &waits[1].answer);
    *answer = waits[0].answer;
    const enum outcome o = answer->error.outcome;
    if (failed)
        storm_lose(w);
    return o;
}

static void heard(struct storm *w, struct storm_sent *s, const struct gate_answer *answer,
                  enum outcome o)
{
    storm_tell(w, "%.*s: %s%s", STR(s->command.name), o == OK ? "done" : answer->error.code,
               answer->repeated ? ", before" : "");
    if (s->acknowledged && (o != OK || !same(&s->answer, answer)))
        storm_wrong(w, "%.*s was done, and is answered otherwise when asked again: %s",
                    STR(s->command.name), o == OK ? "other events" : answer->error.code);
    if (o != OK || s->acknowledged)
        return;
    s->answer = *answer;
    s->answer.body = arena_str(w->arena, answer->body);
    s->acknowledged = true;
    s->at = power_disk_length(w->disk);
}

/* --- on its way --- */

static void wait_for_answer(struct storm *w)
{
    env_sim_advance(&w->env, (int64_t)(5 + storm_draw(w, 25)) * TIME_SECOND);
}

/* By who sends it, until there is an answer. *restarted: the node is another one now. */
static enum outcome send(struct storm *w, const struct gate_command *c, struct storm_sent *s,
                         struct gate_answer *answer, bool *restarted, struct err *e)
{
    const unsigned life = w->life;
    int faults = 0;
    if (s && w->nlate < STORM_LATE_MAX &&
        storm_fault(w, 50, "a copy of %.*s will be late", STR(c->name)))
        w->late[w->nlate++] = (size_t)(s - w->sent);
    for (int tries = 0; tries < TRIES_MAX && !w->verdict[0]; tries++) {
        struct err now = { 0 };
        wait_for_answer(w);
        if (storm_fault(w, 50, "%.*s is lost on its way", STR(c->name)))
            continue;
        const bool twice = s && storm_fault(w, 50, "%.*s comes twice", STR(c->name));
        const enum outcome o = ask(w, c, twice, answer, &now);
        if (o == FAULT && ++faults % PATIENCE == 0) {
            storm_tell(w, "%s again and again: somebody restarts it", now.code);
            storm_lose(w);
        }
        *restarted = w->life != life;
        if (o == FAULT || storm_fault(w, 50, "the answer to %.*s is lost", STR(c->name)))
            continue;
        if (s)
            heard(w, s, answer, o);
        *e = now;
        return o;
    }
    storm_wrong(w, "%.*s is never answered", STR(c->name));
    return err_fault(e, "storm.no_answer", "%.*s", STR(c->name));
}

enum outcome storm_via(void *context, const struct gate_command *c, struct gate_answer *answer,
                       struct err *e)
{
    struct storm *w = context;
    bool restarted = false;
    if (str_is(c->name, "identity.check") &&
        (w->hasty || storm_fault(w, 250, "checks are left out"))) {
        w->hasty = true;
        *answer = (struct gate_answer){ .body = S("{\"result\":\"no_read\"}"), .sequence = -1 };
        return OK;
    }
    struct storm_sent *s = c->asks ? NULL : sent_new(w, c);
    const enum outcome o = send(w, c, s, answer, &restarted, e);
    /* What the sender had looked at before was another node's. */
    return restarted ? err_fault(e, "storm.restarted", "%.*s", STR(c->name)) : o;
}

/* Message number n about one of a few things. */
void storm_message(struct storm *w)
{
    char body[200];
    const uint32_t about = storm_draw(w, STORM_ABOUTS);
    const size_t n = w->messages[about];
    struct id id = id_derive(S("storm"), S("message"), about * UINT64_C(100000) + n);
    struct gate_answer answer;
    struct err e = { 0 };
    bool restarted;
    snprintf(body, sizeof body,
             "{\"partner\":\"storm\",\"kind\":\"test\",\"about\":\"order/%u\","
             "\"body\":{\"about\":%u,\"n\":%zu}}",
             about, about, n);
    arena_reset(w->scratch);
    const struct gate_command c = { .id = id_str(&id),
                                    .name = S("message.queue"),
                                    .body = str_z(body),
                                    .actor = &partners_side,
                                    .happened = TIME_NONE,
                                    .entered = TIME_NONE,
                                    .arena = w->scratch };
    struct storm_sent *s = sent_new(w, &c);
    if (send(w, &s->command, s, &answer, &restarted, &e) == OK)
        w->messages[about]++;
    else if (!w->verdict[0])
        storm_wrong(w, "a message cannot be queued: %s", e.code);
}

/* A copy that comes when its sender thinks no more of it: known if the command was done, else
 * decided on as things stand now. */
static void arrive(struct storm *w, struct storm_sent *s)
{
    struct gate_answer answer;
    struct err e = { 0 };
    arena_reset(w->scratch);
    s->command.arena = w->scratch;
    storm_tell(w, "a late copy of %.*s comes", STR(s->command.name));
    if (ask(w, &s->command, false, &answer, &e) != FAULT)
        heard(w, s, &answer, answer.error.outcome);
}

void storm_late(struct storm *w, bool all)
{
    for (size_t i = w->nlate; i > 0 && w->open; i--) {
        if (!all && storm_draw(w, 5) > 0)
            continue;
        const size_t which = w->late[i - 1];
        w->late[i - 1] = w->late[--w->nlate];
        arrive(w, &w->sent[which]);
    }
}

/* The body with the id of another order in the place of its own. */
static struct str body_of_other(struct storm *w, struct str body)
{
    const struct id seed = id_derive(S("simulation"), S("seed"), STORM_SEED);
    const struct id other = id_derive(id_str(&seed), S("order"), storm_draw(w, STORM_ORDERS));
    static const char member[] = "\"order\":\"";
    char *out = arena_alloc(w->arena, body.n + 1);
    BUG_ON(!out);
    memcpy(out, body.p, body.n);
    out[body.n] = '\0';
    char *at = strstr(out, member);
    if (at && strlen(at) > sizeof member - 1 + ID_LENGTH)
        memcpy(at + sizeof member - 1, other.text, ID_LENGTH);
    return (struct str){ out, body.n };
}

void storm_hurry(struct storm *w)
{
    if (w->nsent == 0)
        return;
    const struct storm_sent *s = &w->sent[storm_draw(w, (uint32_t)w->nsent)];
    const bool other = storm_draw(w, 2) == 0;
    if (s->command.signature || str_is(s->command.name, "message.queue") ||
        !storm_fault(w, 400, "%.*s is sent once more%s", STR(s->command.name),
                     other ? ", for another order" : ""))
        return;
    struct gate_answer answer;
    struct err e = { 0 };
    bool restarted;
    const struct id id = id_derive(S("storm"), S("hurry"), w->o.seed * 10000 + w->nsent);
    struct gate_command c = s->command;
    arena_reset(w->scratch);
    c.id = id_str(&id);
    c.arena = w->scratch;
    if (other)
        c.body = body_of_other(w, c.body);
    struct storm_sent *again = sent_new(w, &c);
    (void)send(w, &again->command, again, &answer, &restarted, &e);
}

void storm_unheard(struct storm *w, size_t operation)
{
    for (size_t i = 0; i < w->nsent; i++) {
        struct storm_sent *s = &w->sent[i];
        s->unheard = s->unheard || (s->acknowledged && s->at > operation);
        s->acknowledged = s->acknowledged && !s->unheard;
        s->at = 0;
    }
}

void storm_retry(struct storm *w)
{
    for (size_t i = 0; i < w->nsent && w->open; i++) {
        if (!w->sent[i].unheard)
            continue;
        w->sent[i].unheard = false;
        arrive(w, &w->sent[i]);
    }
}
