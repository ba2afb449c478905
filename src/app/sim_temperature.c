/* What the logger says that travelled with the units, given by who took them over. Its temperatures
 * are made of the order's id, not drawn: whatever chance has in store for the order stays as it
 * was. */
#include "app/sim_impl.h"
#include "modules/custody/custody.h"

enum {
    STEP_S = 600,
    READINGS_MOST = 3000,
    LEGS_MOST = 100,
    UNREAD_EACH = 8, /* of so many orders one has a logger that nobody read */
    NEAR_EACH = 9,   /* … and one comes near its limit */
    SPREAD = 16000,  /* of readings, in ten-thousandths of a degree */
};

/* FNV-1a: of a few letters a number that looks like chance. */
static uint32_t mixed(struct str text, uint32_t with)
{
    uint32_t h = 2166136261U ^ with;
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (uint8_t)text.p[i]) * 16777619U;
    h ^= h >> 15;
    return h * 2246822519U;
}

/* The i-th of n readings; about a third of the way along it is warm, where it is. */
static custody_degrees degrees(const struct sim_order *o, bool frozen, bool warm, size_t i,
                               size_t n)
{
    const uint32_t chance = mixed(id_str(&o->order), (uint32_t)i) % (2 * SPREAD);
    const custody_degrees base = frozen ? -1650000 : 48000;
    custody_degrees out = base + (custody_degrees)chance - SPREAD;
    static const custody_degrees rise[] = { 4000, 15000, 24000, 18000, 6000 }; /* above its limit */
    const size_t begins = n / 3;
    if (warm && i >= begins && i - begins < sizeof rise / sizeof rise[0])
        out = (frozen ? -1300000 : 100000) + rise[i - begins];
    else if (!frozen && mixed(id_str(&o->order), 1) % NEAR_EACH == 0 && i > n / 2 && i < n / 2 + 3)
        out = 84000;
    return out / 1000 * 1000; /* a tenth of a degree, as loggers show it */
}

/* Every ten minutes, or as many as a series holds, from when it was packed. */
static struct str table_of(const struct task_at_hand *t, const struct custody_legs_out *leg,
                           bool frozen, bool warm)
{
    struct buf b = buf_in(t->s->arena, CUSTODY_TABLE_MAX);
    const int64_t took = leg->until - leg->since;
    int64_t step = STEP_S * TIME_SECOND;
    while (took / step > READINGS_MOST)
        step *= 2;
    const size_t n = (size_t)(took / step) + 1;
    for (size_t i = 0; i < n; i++) {
        clock_write(&b, leg->since + (int64_t)i * step);
        buf_char(&b, ',');
        decimal_write(&b, custody_decimal_of(degrees(t->o, frozen, warm, i, n)));
        buf_char(&b, '\n');
    }
    return buf_get(&b);
}

static enum outcome leg_that_ended(const struct task_at_hand *t, struct custody_legs_out *out,
                                   bool *found, struct err *e)
{
    const struct custody_legs_in in = { t->units[0].unit };
    struct node *node = t->s->options.node;
    struct record_list list;
    struct db *db;
    TRY(store_reader_take(&db, node->store, e));
    const enum outcome o = db_list(db, &sql_custody_legs, &in, &list, LEGS_MOST, t->s->arena, e);
    store_reader_give(node->store, db);
    *found = o == OK && list.n > 1;
    if (*found)
        *out = ((const struct custody_legs_out *)list.p)[list.n - 2];
    return o;
}

enum outcome sim_temperatures(struct task_at_hand *t, struct err *e)
{
    const bool warm = t->o->mishaps & SIM_EXCURSION;
    const bool product = str_is(t->task->act, "receive_product");
    struct custody_leg_named legs[CUSTODY_UNITS_MAX];
    struct custody_legs_out leg;
    bool found;
    if (t->nunits == 0 || t->nunits > CUSTODY_UNITS_MAX ||
        !(product || str_is(t->task->act, "receive_material")) ||
        (!warm && mixed(id_str(&t->o->order), 0) % UNREAD_EACH == 0))
        return OK;
    TRY(leg_that_ended(t, &leg, &found, e));
    if (!found)
        return OK;
    for (size_t i = 0; i < t->nunits; i++)
        legs[i] = (struct custody_leg_named){ t->units[i].unit, INT_NONE };
    struct custody_add_readings body;
    record_clear(&custody_add_readings_record, &body);
    body.legs.p = legs;
    body.legs.n = t->nunits;
    body.logger = arena_printf(t->s->arena, "TL-%04u", mixed(id_str(&t->o->order), 2) % 10000);
    body.table = table_of(t, &leg, product && !t->o->fresh, warm);
    t->o->mishaps &= ~(unsigned)SIM_EXCURSION;
    t->s->counts.deviations += warm;
    return sim_at_hand(t,
                       sender_send_record(&t->s->sender, &t->who->actor, "custody.add_readings",
                                          &custody_add_readings_record, &body, NULL, e),
                       "custody.add_readings", e);
}
