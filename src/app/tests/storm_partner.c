/* The partner of a storm: takes messages over a line that loses them or its answers, and knows a
 * message that comes again by its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/tests/storm.h"

enum { SEEN_MAX = 1000 };

struct storm_partner {
    struct storm *w;
    struct outbox_transport transport;
    struct {
        struct outbox_result result;
        unsigned polls; /* until it is there */
    } answers[OUTBOX_SLOTS];
    size_t nanswers;
    struct {
        char id[60];
        uint64_t about;
        uint64_t n;
    } seen[SEEN_MAX]; /* each once, in the order of their first coming */
    size_t nseen;
};

static const struct outbox_setup setup = { .public_url = S("https://vein.example") };

static uint64_t number_in(struct str body, const char *before)
{
    char text[4000];
    snprintf(text, sizeof text, "%.*s", STR(body));
    const char *at = strstr(text, before);
    return at ? strtoull(at + strlen(before), NULL, 10) : UINT64_MAX;
}

static void came(struct storm_partner *p, const struct outbox_request *r)
{
    struct str id = { 0 };
    for (size_t i = 0; i < r->nheaders; i++)
        if (str_is(r->headers[i].name, "webhook-id"))
            id = r->headers[i].value;
    const uint64_t about = number_in(r->body, "\"about\":");
    const uint64_t n = number_in(r->body, "\"n\":");
    for (size_t i = 0; i < p->nseen; i++) {
        if (!str_is(id, p->seen[i].id))
            continue;
        if (p->seen[i].about != about || p->seen[i].n != n)
            storm_wrong(p->w, "two messages came by one id");
        return;
    }
    BUG_ON(p->nseen == SEEN_MAX);
    snprintf(p->seen[p->nseen].id, sizeof p->seen[0].id, "%.*s", STR(id));
    p->seen[p->nseen].about = about;
    p->seen[p->nseen++].n = n;
}

static bool takes(void *context, uint64_t ticket, const struct outbox_request *r)
{
    struct storm_partner *p = context;
    struct storm *w = p->w;
    struct outbox_result result = { .ticket = ticket, .status = INT_NONE };
    if (p->nanswers == OUTBOX_SLOTS)
        return false;
    if (storm_fault(w, 60, "a message is lost")) {
        result.code = "outbox.timeout";
    } else if (storm_fault(w, 60, "the partner says no")) {
        result.code = "outbox.refused";
        result.status = 503;
    } else {
        came(p, r);
        result.delivered = !storm_fault(w, 60, "the partner's answer is lost");
        result.code = result.delivered ? NULL : "outbox.timeout";
        result.status = result.delivered ? 200 : INT_NONE;
    }
    p->answers[p->nanswers].polls = w->calm ? 0 : storm_draw(w, 8);
    p->answers[p->nanswers++].result = result;
    return true;
}

static bool answers(void *context, struct outbox_result *out)
{
    struct storm_partner *p = context;
    for (size_t i = 0; i < p->nanswers; i++) {
        if (p->answers[i].polls > 0) {
            p->answers[i].polls--;
            continue;
        }
        *out = p->answers[i].result;
        p->answers[i] = p->answers[--p->nanswers];
        return true;
    }
    return false;
}

void storm_partner_use(struct storm *w)
{
    if (!w->partner) {
        w->partner = calloc(1, sizeof *w->partner);
        BUG_ON(!w->partner);
        w->partner->w = w;
        w->partner->transport = (struct outbox_transport){ w->partner, takes, answers };
    }
    outbox_use(w->node.outbox, &w->partner->transport, &setup);
}

bool storm_partner_waits(const struct storm *w)
{
    return w->partner->nanswers > 0;
}

void storm_partner_forget(struct storm *w)
{
    if (w->partner)
        w->partner->nanswers = 0;
}

/* Each message that was queued has come, those about one thing in their order. */
void storm_partner_check(struct storm *w)
{
    size_t next[STORM_ABOUTS] = { 0 };
    for (size_t i = 0; i < w->partner->nseen; i++) {
        const uint64_t about = w->partner->seen[i].about;
        if (about >= STORM_ABOUTS || w->partner->seen[i].n != next[about]++)
            storm_wrong(w, "a message came out of its order");
    }
    for (size_t i = 0; i < STORM_ABOUTS; i++)
        if (next[i] != w->messages[i])
            storm_wrong(w, "of %zu messages %zu came", w->messages[i], next[i]);
}

void storm_partner_free(struct storm *w)
{
    free(w->partner);
}
