/* What people make of what: collected, converted, pooled, filled into bags, sampled and aliquoted;
 * what is spilled or breaks on the way; and, when a loop or the order's end says so, discarded. */
#include "app/sim_impl.h"

#include <stdio.h>

#include "gen/custody/queries.sql.h"

enum {
    TWO_BAGS_PER = 25000, /* in 100,000 */
    LOSS_ML = 1,          /* in tubes and filters, when bags are pooled or filled */
};

/* A bag that was made here, and what is in it. */
struct filled {
    char unit[ID_LENGTH + 1];
    unsigned ml;
};

static enum outcome units_of(struct record_list *out, struct sim *s, const struct sim_order *o,
                             struct err *e)
{
    const struct identity_units_in in = { id_str(&o->order) };
    struct node *node = s->options.node;
    struct db *db;
    TRY(store_reader_take(&db, node->store, e));
    const enum outcome done =
        db_list(db, &sql_identity_units, &in, out, IDENTITY_ORDER_UNITS_MAX, s->arena, e);
    store_reader_give(node->store, db);
    return done;
}

enum outcome sim_read_units(struct task_at_hand *t, struct err *e)
{
    struct record_list rows;
    TRY(units_of(&rows, t->s, t->o, e));
    struct identity_units_out *kept =
        ARENA_ARRAY(t->s->arena, rows.n + 1, struct identity_units_out);
    if (!kept)
        return err_no_memory(e);
    const struct identity_units_out *row = rows.p;
    t->nunits = 0;
    for (size_t i = 0; i < rows.n; i++)
        for (size_t k = 0; k < t->task->units.n; k++)
            if (row[i].ended == TIME_NONE && !row[i].past &&
                str_eq(row[i].kind, t->task->units.p[k]))
                kept[t->nunits++] = row[i];
    t->units = kept;
    return OK;
}

struct str sim_member(struct sim *s, struct str answer, const char *key)
{
    const struct json *json;
    struct err e = { 0 };
    if (json_read(&json, s->arena, answer, &json_limits_default, &e) != OK)
        return (struct str){ 0 };
    return arena_str(s->arena, json_get_str(json, key)); /* the answer goes with the next command */
}

/* --- made --- */

/* Collected from the patient: a fresh donation number with its check characters. */
static enum outcome collect_bag(struct task_at_hand *t, struct str kind, struct err *e)
{
    char din[14];
    snprintf(din, sizeof din, "W9999%02u%06u", 26U, (unsigned)sim_draw(t->s, 1000000));
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &t->who->actor, "unit.make", NULL, NULL, e,
                                   "{'order':'%s','task':'%s','kind':'%.*s','din':'%s%c',"
                                   "'product_code':'S2524VA0','quantity':'%u mL'}",
                                   t->o->order.text, t->name, STR(kind), din,
                                   identity_din_check(din), 150 + (unsigned)sim_draw(t->s, 120)),
                       "unit.make", e);
}

static enum outcome make_collected(struct task_at_hand *t, struct str kind, struct err *e)
{
    TRY(collect_bag(t, kind, e));
    return (t->o->mishaps & SIM_TWO_DAYS) ? collect_bag(t, kind, e) : OK;
}

/* All of one bag becomes something else, in a bag of its own. */
static enum outcome convert(struct task_at_hand *t, struct str kind, struct str from,
                            struct filled *out, struct err *e)
{
    struct str answer;
    out->ml = 60 + (unsigned)sim_draw(t->s, 40);
    TRY(sim_at_hand(t,
                    sender_send(&t->s->sender, &t->who->actor, "unit.make", NULL, &answer, e,
                                "{'order':'%s','task':'%s','kind':'%.*s','quantity':'%u mL',"
                                "'parents':[{'unit':'%.*s'}]}",
                                t->o->order.text, t->name, STR(kind), out->ml, STR(from)),
                    "unit.make", e));
    snprintf(out->unit, sizeof out->unit, "%.*s", STR(sim_member(t->s, answer, "unit")));
    return OK;
}

/* What was grown apart becomes one. */
static enum outcome pool(struct task_at_hand *t, struct str kind, struct filled *a,
                         const struct filled *b, struct err *e)
{
    struct str answer;
    a->ml += b->ml - LOSS_ML;
    TRY(sim_at_hand(t,
                    sender_send(&t->s->sender, &t->who->actor, "unit.combine", NULL, &answer, e,
                                "{'order':'%s','task':'%s','kind':'%.*s','quantity':'%u mL',"
                                "'loss':'%d mL','parents':[{'unit':'%s'},{'unit':'%s'}]}",
                                t->o->order.text, t->name, STR(kind), a->ml, LOSS_ML, a->unit,
                                b->unit),
                    "unit.combine", e));
    snprintf(a->unit, sizeof a->unit, "%.*s", STR(sim_member(t->s, answer, "unit")));
    return OK;
}

static enum outcome fill_two(struct task_at_hand *t, struct str kind, const struct filled *bulk,
                             struct err *e)
{
    const unsigned first = bulk->ml / 2;
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &t->who->actor, "unit.split", NULL, NULL, e,
                                   "{'unit':'%s','task':'%s','pieces':[{'kind':'%.*s',"
                                   "'quantity':'%u mL'},{'kind':'%.*s','quantity':'%u mL'}],"
                                   "'loss':'%d mL','emptied':true}",
                                   bulk->unit, t->name, STR(kind), first, STR(kind),
                                   bulk->ml - first - LOSS_ML, LOSS_ML),
                       "unit.split", e);
}

/* Each culture is harvested, all are pooled, and the product is filled into one bag or two. */
static enum outcome make_converted(struct task_at_hand *t, struct str kind, struct err *e)
{
    struct filled product = { 0 };
    for (size_t i = 0; i < t->nunits; i++) {
        struct filled bag;
        TRY(convert(t, kind, t->units[i].unit, &bag, e));
        if (i > 0)
            TRY(pool(t, kind, &product, &bag, e));
        else
            product = bag;
    }
    return t->nunits > 0 && sim_chance(t->s, TWO_BAGS_PER) ? fill_two(t, kind, &product, e) : OK;
}

/* One to test, one to keep. */
static enum outcome aliquot(struct task_at_hand *t, struct str kind, struct str sample,
                            struct str *answer, struct err *e)
{
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &t->who->actor, "unit.aliquot", NULL, answer, e,
                                   "{'unit':'%.*s','task':'%s','kind':'%.*s','count':2,"
                                   "'quantity':'0.9 mL','loss':'0.2 mL','emptied':true}",
                                   STR(sample), t->name, STR(kind)),
                       "unit.aliquot", e);
}

static enum outcome lose(struct task_at_hand *t, struct str unit, const char *why, const char *how,
                         const char *quantity, struct err *e)
{
    t->s->counts.lost++;
    t->s->counts.deviations++;
    return sim_at_hand(t,
                       sender_send(&t->s->sender, &t->who->actor, "unit.lose", why, NULL, e,
                                   "{'unit':'%.*s','how':'%s'%s}", STR(unit), how, quantity),
                       "unit.lose", e);
}

static enum outcome make_samples(struct task_at_hand *t, struct str kind, struct err *e)
{
    struct sim_order *o = t->o;
    struct str answer;
    const struct json *json;
    if (t->nunits == 0)
        return OK;
    if (o->mishaps & SIM_SPILLED)
        TRY(lose(t, t->units[0].unit, "the port leaked when the bag was spiked", "spilled",
                 ",'quantity':'3 mL'", e));
    TRY(sim_at_hand(t,
                    sender_send(&t->s->sender, &t->who->actor, "unit.sample", NULL, &answer, e,
                                "{'unit':'%.*s','task':'%s','kind':'%.*s','quantity':'2 mL'}",
                                STR(t->units[0].unit), t->name, STR(kind)),
                    "unit.sample", e));
    TRY(aliquot(t, kind, sim_member(t->s, answer, "unit"), &answer, e));
    if (o->mishaps & SIM_BROKEN_VIAL) {
        TRY(json_read(&json, t->s->arena, answer, &json_limits_default, e));
        const struct json *units = json_get(json, "units");
        const struct str broken = arena_str(t->s->arena, json_get_str(units->child, "unit"));
        TRY(lose(t, broken, "fell on the bench", "broken", "", e));
    }
    o->mishaps &= ~(unsigned)(SIM_SPILLED | SIM_BROKEN_VIAL);
    return OK;
}

static bool made(const struct task_at_hand *t, struct str kind)
{
    char fact[100];
    snprintf(fact, sizeof fact, "made:%.*s", STR(kind));
    return flow_has_fact(t->v, t->task->name, str_z(fact));
}

enum outcome sim_make_units(struct task_at_hand *t, struct err *e)
{
    for (size_t i = 0; i < t->task->makes.n && !t->stopped; i++) {
        const struct str kind = t->task->makes.p[i];
        if (made(t, kind))
            continue;
        if (str_is(t->task->act, "collect"))
            TRY(make_collected(t, kind, e));
        else if (str_is(t->task->act, "sample"))
            TRY(make_samples(t, kind, e));
        else
            TRY(make_converted(t, kind, e));
    }
    return t->task->makes.n > 0 ? sim_read_units(t, e) : OK;
}

/* --- discarded --- */

/* Whoever may where it lies; what is under way, or lies where nobody may, waits. */
static enum outcome discard(struct sim *s, struct str unit, struct err *e)
{
    const struct custody_unit_in in = { unit };
    struct custody_unit_out at;
    struct db *db;
    bool found;
    TRY(store_reader_take(&db, s->options.node->store, e));
    const enum outcome o = db_get(db, &sql_custody_unit, &in, &at, s->arena, &found, e);
    store_reader_give(s->options.node->store, db);
    if (o != OK || !found || at.offered != TIME_NONE)
        return o;
    for (size_t i = 0; i < s->network->npeople; i++) {
        const struct actor *who = &s->network->people[i].actor;
        if (!str_eq(who->site, at.site) ||
            !actor_may(who, S("unit.discard"), at.organisation, at.site))
            continue;
        const enum outcome done =
            sender_send(&s->sender, who, "unit.discard", "no longer for treatment", NULL, e,
                        "{'unit':'%.*s'}", STR(unit));
        s->counts.discarded += done == OK;
        return done == FAULT ? FAULT : sim_must(s, done, "unit.discard", e);
    }
    return OK;
}

enum outcome sim_discard_past(struct sim *s, const struct sim_order *o, struct err *e)
{
    struct record_list rows;
    TRY(units_of(&rows, s, o, e));
    const struct identity_units_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        if (str_is(row[i].fate, "discard"))
            TRY(discard(s, row[i].unit, e));
    return OK;
}
