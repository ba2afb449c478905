/* Which orders the control tower lists, and how many there are, without reading all of them: see
 * queries.sql. */
#include "modules/desk/tower_impl.h"

enum {
    FEW = 400, /* parts in orders, up to which all of them are read */
};

/* A time and an id behind which a kind of trouble is read on, as rows order them. */
struct after {
    int64_t due;
    struct str order;
};

static struct after after_of(const struct tower_ask *ask, int64_t trouble)
{
    if (trouble > ask->after_trouble)
        return (struct after){ -1, S("") };
    return (struct after){ ask->after_due, ask->after_order };
}

static bool ended(const struct tower_ask *ask)
{
    return str_is(ask->state, "ended");
}

enum outcome tower_is_few(bool *few, const struct tower_ask *ask, struct db *db,
                          struct arena *arena, struct err *e)
{
    const struct desk_part_in in = { ask->organisation, ended(ask), FEW + 1 };
    const struct desk_part_at_in at = { ask->organisation, ended(ask), ask->site, FEW + 1 };
    struct desk_part_out all = { 0 };
    struct desk_part_at_out here = { 0 };
    bool found;
    *few = false;
    if (str_is(ask->state, "stopped")) /* these are read by themselves, ended orders among them */
        return OK;
    if (ask->site.p)
        TRY(db_get(db, &sql_desk_part_at, &at, &here, arena, &found, e));
    else
        TRY(db_get(db, &sql_desk_part, &in, &all, arena, &found, e));
    *few = all.n + here.n <= FEW;
    return OK;
}

/* --- which --- */

static void put(struct tower_listed *out, struct str order, int64_t trouble, int64_t due)
{
    out->orders[out->n++] = (struct tower_order){ order, trouble, due };
}

static size_t most_of(const struct tower_ask *ask)
{
    BUG_ON(ask->most > TOWER_MOST);
    return ask->most > 0 ? ask->most : TOWER_LISTED;
}

static enum outcome read_few(struct tower_listed *out, const struct tower_ask *ask, struct db *db,
                             struct arena *arena, struct err *e)
{
    const struct desk_tower_few_in in = {
        .organisation = ask->organisation,
        .site = ask->site,
        .ended = ended(ask),
        .reach = ask->reach,
        .state = ask->state,
        .product = ask->product,
        .stage = ask->stage,
        .at_site = ask->at_site,
        .below = ask->troubled ? TOWER_RUNNING : TOWER_RUNNING + 1,
        .after_trouble = ask->after_trouble,
        .after_due = ask->after_due,
        .after_order = ask->after_order,
        .most = (int64_t)most_of(ask),
    };
    struct record_list list;
    TRY(db_list(db, &sql_desk_tower_few, &in, &list, most_of(ask), arena, e));
    const struct desk_tower_few_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        put(out, rows[i].order_id, rows[i].trouble, rows[i].due_by);
    return OK;
}

static enum outcome read_stopped(struct tower_listed *out, const struct tower_ask *ask,
                                 struct db *db, struct arena *arena, struct err *e)
{
    const struct after after = after_of(ask, 0);
    const struct desk_tower_stopped_in in = {
        .organisation = ask->organisation,
        .reach = ask->reach,
        .state = ask->state,
        .product = ask->product,
        .stage = ask->stage,
        .at_site = ask->at_site,
        .after_due = after.due,
        .after_order = after.order,
        .most = (int64_t)most_of(ask),
    };
    struct record_list list;
    TRY(db_list(db, &sql_desk_tower_stopped, &in, &list, most_of(ask), arena, e));
    const struct desk_tower_stopped_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        put(out, rows[i].order_id, 0, rows[i].due_by);
    return OK;
}

/* Those that have ended stand with those that simply run. */
static int64_t trouble_of(int64_t rank)
{
    return rank == TOWER_ENDED ? TOWER_RUNNING : rank;
}

static enum outcome read_rank(struct tower_listed *out, const struct tower_ask *ask, int64_t rank,
                              struct db *db, struct arena *arena, struct err *e)
{
    const int64_t trouble = trouble_of(rank);
    const struct after after = after_of(ask, trouble);
    const struct desk_tower_rank_in in = {
        .rank = rank,
        .organisation = ask->organisation,
        .reach = ask->reach,
        .product = ask->product,
        .stage = ask->stage,
        .at_site = ask->at_site,
        .after_due = after.due,
        .after_order = after.order,
        .most = (int64_t)(most_of(ask) - out->n),
    };
    struct record_list list;
    TRY(db_list(db, &sql_desk_tower_rank, &in, &list, most_of(ask), arena, e));
    const struct desk_tower_rank_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        put(out, rows[i].order_id, trouble, rows[i].due_by);
    return OK;
}

enum outcome tower_list(struct tower_listed *out, const struct tower_ask *ask, bool few,
                        struct db *db, struct arena *arena, struct err *e)
{
    static const struct {
        const char *state;
        int64_t first, last; /* ranks of it */
    } states[] = {
        { "live", TOWER_LATE, TOWER_RUNNING },
        { "held", TOWER_HELD, TOWER_HELD },
        { "ended", TOWER_ENDED, TOWER_ENDED },
    };
    out->n = 0;
    if (few)
        return read_few(out, ask, db, arena, e);
    if (ask->after_trouble <= 0) /* what the page before has passed is not read again */
        TRY(read_stopped(out, ask, db, arena, e));
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        for (int64_t rank = states[i].first; rank <= states[i].last; rank++)
            if (str_is(ask->state, states[i].state) && out->n < most_of(ask) &&
                trouble_of(rank) >= ask->after_trouble &&
                !(ask->troubled && trouble_of(rank) == TOWER_RUNNING))
                TRY(read_rank(out, ask, rank, db, arena, e));
    return OK;
}

/* --- how many --- */

static enum outcome count_rank(int64_t *n, const struct tower_ask *ask, int64_t rank, struct db *db,
                               struct arena *arena, struct err *e)
{
    const struct desk_count_rank_in in = { rank, ask->organisation, ask->reach, TOWER_COUNTED };
    struct desk_count_rank_out out = { 0 };
    bool found;
    TRY(db_get(db, &sql_desk_count_rank, &in, &out, arena, &found, e));
    *n = out.n;
    return OK;
}

enum outcome tower_count(struct desk_counts_few_out *out, const struct tower_ask *ask, bool few,
                         struct db *db, struct arena *arena, struct err *e)
{
    const struct desk_counts_few_in all = { ask->organisation, ask->site, false, ask->reach };
    const struct desk_count_stopped_in stopped = { ask->organisation, ask->reach, TOWER_COUNTED };
    const struct desk_count_late_in late = { ask->organisation, ask->reach, TOWER_COUNTED };
    struct desk_count_stopped_out nstopped = { 0 };
    struct desk_count_late_out nlate = { 0 };
    int64_t n[TOWER_RUNNING + 1] = { 0 };
    bool found;
    if (few)
        return db_get(db, &sql_desk_counts_few, &all, out, arena, &found, e);
    TRY(db_get(db, &sql_desk_count_stopped, &stopped, &nstopped, arena, &found, e));
    TRY(db_get(db, &sql_desk_count_late, &late, &nlate, arena, &found, e));
    int64_t live = 0;
    for (int64_t rank = TOWER_LATE; rank <= TOWER_RUNNING; rank++) {
        if (rank == TOWER_RUNNING && live >= TOWER_COUNTED)
            break;
        TRY(count_rank(&n[rank], ask, rank, db, arena, e));
        live += n[rank];
    }
    *out = (struct desk_counts_few_out){
        .live = live,
        .stopped = nstopped.n,
        .late = nlate.n,
        .held = n[TOWER_HELD],
    };
    return OK;
}
