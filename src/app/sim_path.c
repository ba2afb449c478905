/* Ways beside the straight one: what befalls an order, by which loop it goes back, when it ends
 * unfinished. */
#include "app/sim_impl.h"

#include <stdio.h>

/* What a demonstration shows befalls every third of the first orders, one thing each; 0: chance
 * alone says. */
static unsigned shown(const struct sim *s, uint64_t k)
{
    static const unsigned each[] = {
        SIM_OUT_OF_SPEC | SIM_EXCEPTION,
        SIM_EXPANSION_FAILS | SIM_EXCURSION,
        SIM_SHORT_COLLECTION,
        SIM_SPILLED | SIM_BROKEN_VIAL | SIM_TWO_DAYS,
        SIM_OUT_OF_SPEC,
        SIM_STERILITY_FAILS,
        SIM_LOW_VIABILITY,
        SIM_TEST_INVALID | SIM_EXCURSION,
        SIM_SLOW_CULTURE,
        SIM_CONTAMINATION,
    };
    enum { EVERY = 3 };
    const bool one = s->options.each && k % EVERY == 1 && k / EVERY < sizeof each / sizeof each[0];
    return one ? each[k / EVERY] : 0;
}

unsigned sim_befalls(struct sim *s, uint64_t k)
{
    static const struct {
        unsigned mishap;
        uint64_t per; /* in 100,000 orders */
    } rates[] = {
        { SIM_SLOT_MOVED, 15000 },    { SIM_COURIER_LATE, 5000 },     { SIM_BEYOND_WINDOW, 500 },
        { SIM_EXCURSION, 2000 },      { SIM_SHORT_COLLECTION, 4000 }, { SIM_LOW_VIABILITY, 3000 },
        { SIM_CONTAMINATION, 1000 },  { SIM_EXPANSION_FAILS, 4000 },  { SIM_OUT_OF_SPEC, 6000 },
        { SIM_STERILITY_FAILS, 200 }, { SIM_EQUIPMENT_DOWN, 2000 },   { SIM_WITHDRAWS, 15000 },
        { SIM_EXCEPTION, 33333 },     { SIM_SPILLED, 1500 },          { SIM_BROKEN_VIAL, 1500 },
        { SIM_SLOW_CULTURE, 5000 },   { SIM_TEST_INVALID, 2000 },     { SIM_TWO_DAYS, 8000 },
    };
    unsigned mishaps = s->options.befalls;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (sim_chance(s, rates[i].per))
            mishaps |= rates[i].mishap;
    return shown(s, k) != 0 ? shown(s, k) : mishaps;
}

static enum outcome repeat(struct sim *s, const struct sim_order *o, const struct flow_view *v,
                           const char *loop, const char *why, struct err *e)
{
    const struct network_person *who = NULL;
    for (size_t i = 0; i < v->workflow->loops.n; i++) {
        const struct flow_loop *l = &v->workflow->loops.p[i];
        char role[64];
        snprintf(role, sizeof role, "%.*s", STR(l->role));
        for (size_t p = 0; str_is(l->name, loop) && p < v->nparties; p++)
            if (str_eq(v->parties[p].part, l->part))
                who = network_find(s->network, role, v->parties[p].site, o->turn);
    }
    BUG_ON(!who); /* the shipped workflows have the loop, and the network the people */
    return sender_send(&s->sender, &who->actor, "flow.repeat", why, NULL, e,
                       "{'order':'%s','loop':'%s'}", o->order.text, loop);
}

const char *sim_material(const struct flow_view *v, const char *wish)
{
    bool made = v->npast > 0;
    for (size_t i = 0; i < v->nfacts; i++)
        made |= str_starts(v->facts[i].fact, S("made:"));
    if (!made)
        return ",'material':'none'";
    if (strcmp(wish, "retain") == 0)
        return ",'material':'retain','wish':'retain'";
    return strcmp(wish, "discard") == 0 ? ",'material':'discard','wish':'discard'"
                                        : ",'material':'discard','wish':'unknown'";
}

enum outcome sim_at_hand(struct task_at_hand *t, enum outcome o, const char *what,
                         const struct err *e)
{
    (void)e;
    if (o == REFUSED)
        snprintf(t->doing, sizeof t->doing, "%s at %s", what, t->name);
    return o;
}

static enum outcome end_order(struct task_at_hand *t, const char *how, const char *why,
                              struct err *e)
{
    const struct network_person *who = NULL;
    for (size_t p = 0; !who && p < t->v->nparties; p++)
        who = network_find(t->s->network, "qa_specialist", t->v->parties[p].site, t->o->turn);
    if (!who)
        return OK;
    enum outcome o = sender_send(&t->s->sender, &who->actor, "flow.end", why, NULL, e,
                                 "{'order':'%s','how':'%s'%s}", t->o->order.text, how,
                                 sim_material(t->v, "unknown"));
    return sim_at_hand(t, o, "flow.end", e);
}

/* The order goes back by a loop and what befell it is over; it ends when no more is permitted. */
static enum outcome again(struct task_at_hand *t, enum sim_mishap mishap, const char *loop,
                          const char *why, struct err *e)
{
    enum outcome o = repeat(t->s, t->o, t->v, loop, why, e);
    t->o->mishaps &= ~(unsigned)mishap;
    if (o == REFUSED && str_is(str_z(e->code), "flow.loop_spent")) {
        t->s->counts.rejected++;
        return end_order(t, "rejected", why, e);
    }
    t->s->counts.collected_again += o == OK && strcmp(loop, "second_collection") == 0;
    t->s->counts.made_again += o == OK && strcmp(loop, "second_manufacture") == 0;
    t->s->counts.cultured_longer += o == OK && strcmp(loop, "longer_culture") == 0;
    t->s->counts.tested_again += o == OK && strcmp(loop, "retest") == 0;
    return sim_at_hand(t, o, "flow.repeat", e);
}

enum outcome sim_schedule(struct sim *s, const struct sim_order *o, int64_t later, struct err *e)
{
    struct str at = id_str(&s->network->sites[o->treatment].id);
    const struct network_person *who = network_find(s->network, "coordinator", at, 0);
    static const struct {
        const char *what;
        int day;
    } dates[] = { { "collection", 10 },
                  { "receipt", 11 },
                  { "release", 32 },
                  { "delivery", 35 },
                  { "infusion", 41 } };
    char list[600];
    size_t n = 0;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char text[CLOCK_TEXT_LENGTH + 1];
        struct buf b = buf_over(text, CLOCK_TEXT_LENGTH);
        clock_write(&b, env_now(s->options.node->env) + dates[i].day * TIME_DAY + later);
        n += (size_t)snprintf(list + n, sizeof list - n, "%s{'what':'%s','planned':'%.*s'}",
                              i > 0 ? "," : "", dates[i].what, STR(buf_get(&b)));
    }
    return sim_must(s,
                    sender_send(&s->sender, &who->actor, "order.schedule", NULL, NULL, e,
                                "{'order':'%s','dates':[%s]}", o->order.text, list),
                    "order.schedule", e);
}

/* Whoever of quality did not open it closes the deviation that stands in the way. */
static enum outcome close_deviation(struct task_at_hand *t, struct str deviation, struct err *e)
{
    struct sim *s = t->s;
    struct quality_deviation_in in = { deviation };
    struct quality_deviation_out row;
    struct db *db;
    bool found;
    TRY(store_reader_take(&db, s->options.node->store, e));
    enum outcome o = db_get(db, &sql_quality_deviation, &in, &row, s->arena, &found, e);
    store_reader_give(s->options.node->store, db);
    if (o != OK)
        return o;
    for (size_t i = 0; found && i < s->network->npeople; i++) {
        const struct actor *who = &s->network->people[i].actor;
        if (str_eq(who->name, row.opener) ||
            !actor_may(who, S("deviation.close"), row.organisation, row.site))
            continue;
        s->counts.closed++;
        return sim_at_hand(t,
                           sender_send(&s->sender, who, "deviation.close", "looked into", NULL, e,
                                       "{'deviation':'%.*s','cause':'handling','conclusion':"
                                       "'the material was not affected'}",
                                       STR(deviation)),
                           "deviation.close", e);
    }
    return sim_at_hand(t, REFUSED, "deviation.close by nobody", e);
}

enum outcome sim_foreseen(struct task_at_hand *t, const struct err *why, bool *was, struct err *e)
{
    struct str guard = err_param(why, "guard");
    *was = true;
    if (str_is(str_z(why->code), "deviation.open_before"))
        return close_deviation(t, err_param(why, "deviation"), e);
    if (str_is(guard, "window")) {
        t->s->counts.late++;
        return end_order(t, "cancelled", "received beyond the window", e);
    }
    if (str_is(guard, "viable"))
        return again(t, SIM_LOW_VIABILITY, "second_collection", "not viable at receipt", e);
    if (str_is(guard, "decided") && (t->o->mishaps & SIM_CONTAMINATION)) {
        t->s->counts.contaminated++;
        return again(t, SIM_CONTAMINATION, "second_collection", "contaminated", e);
    }
    if (str_is(guard, "decided") || str_is(guard, "not_failed")) {
        t->s->counts.rejected++;
        return end_order(t, "rejected", "outside specification", e);
    }
    *was = false;
    return OK;
}

enum outcome sim_mishaps(struct task_at_hand *t, bool *ended, struct err *e)
{
    static const struct {
        enum sim_mishap mishap;
        const char *task, *loop, *why;
    } loops[] = {
        { SIM_SHORT_COLLECTION, "pack_out", "second_collection", "too few cells" },
        { SIM_EXPANSION_FAILS, "harvest", "second_manufacture", "the culture did not expand" },
        { SIM_SLOW_CULTURE, "harvest", "longer_culture", "not yet enough cells" },
        { SIM_TEST_INVALID, "review_results", "retest", "the control of the run had failed" },
    };
    struct sim_order *o = t->o;
    *ended = false;
    if ((o->mishaps & SIM_SLOT_MOVED) && strcmp(t->name, "collect") == 0) {
        o->mishaps &= ~(unsigned)SIM_SLOT_MOVED;
        t->s->counts.moved++;
        return sim_schedule(t->s, o, (3 + (int64_t)sim_draw(t->s, 5)) * TIME_DAY, e);
    }
    if ((o->mishaps & SIM_EQUIPMENT_DOWN) && strcmp(t->name, "expand") == 0) {
        o->mishaps &= ~(unsigned)SIM_EQUIPMENT_DOWN;
        const struct network_person *who =
            network_find(t->s->network, "qa_specialist", t->open->site, 0);
        t->s->counts.holds++;
        *ended = true;
        return sim_at_hand(t,
                           sender_send(&t->s->sender, &who->actor, "flow.hold", "incubator down",
                                       NULL, e, "{'order':'%s'}", o->order.text),
                           "flow.hold", e);
    }
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++)
        if ((o->mishaps & loops[i].mishap) && strcmp(t->name, loops[i].task) == 0) {
            *ended = true;
            return again(t, loops[i].mishap, loops[i].loop, loops[i].why, e);
        }
    return OK;
}
