/* A mismatch stops: the order at whose task it was read, and every other order of which something
 * was read there, for what stands at the wrong patient's step is missing at its own. */
#include "modules/identity/check_impl.h"

enum { STOP_TEXT_MAX = 200, STOP_INVOLVED_MAX = 10, MORE_MAX = 24 };

/* As many as fit, mismatches first, and how many more there are. */
static struct str joined(const struct str *texts, size_t n, struct arena *arena)
{
    char storage[STOP_TEXT_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    size_t i = 0;
    for (; i < n && b.n + texts[i].n + 2 <= STOP_TEXT_MAX - (i + 1 < n ? MORE_MAX : 0); i++) {
        buf_z(&b, i > 0 ? ", " : "");
        buf_str(&b, texts[i]);
    }
    if (i < n) {
        buf_z(&b, " and ");
        buf_int(&b, (int64_t)(n - i));
        buf_z(&b, " more");
    }
    return arena_str(arena, buf_get(&b));
}

/* What both stops have in common. */
static struct stop_raised raised_at(const struct decision *d, const struct flow_point *point,
                                    struct str acts[8])
{
    size_t n = 0;
    while (n < 8 && point->safe_acts[n]) {
        acts[n] = str_z(point->safe_acts[n]);
        n++;
    }
    return (struct stop_raised){
        .point = str_z(point->name),
        .safe_state = str_z(point->safe_state),
        .acts = { acts, n },
        .respond_by = d->now_us + point->respond_us,
    };
}

static struct str deviate(struct decision *d, const struct stop_raised *stop, uint64_t n)
{
    struct quality_deviation_opened deviation = {
        .order = stop->order,
        .organisation = stop->organisation,
        .site = stop->site,
        .kind = S("identity_mismatch"),
        .risk = S("critical"),
    };
    quality_open_deviation(d, &deviation, n);
    return deviation.deviation;
}

/* The other order learns what of its own was read, and nothing of whose step it was. */
static void stop_other(struct decision *d, const struct flow_point *point,
                       const struct identity_other *other, uint64_t n)
{
    struct ladder_rung ladder[LADDER_RUNGS_MAX];
    struct str acts[8];
    struct str account = d->command->actor->account;
    struct stop_raised raised = raised_at(d, point, acts);
    raised.order = other->flow.order;
    raised.read = other->read;
    raised.organisation = other->at->organisation;
    raised.site = other->at->site;
    raised.involved.p = &account;
    raised.involved.n = 1;
    raised.things.p = &other->unit;
    raised.things.n = other->unit.p ? 1 : 0;
    raised.escalate.n = flow_stop_ladder(ladder, &other->flow, d->now_us);
    raised.escalate.p = raised.escalate.n > 0 ? ladder : NULL;
    stop_raise(d, &raised);
    identity_void(d, other->flow.order, (struct str){ 0 }, (struct str){ 0 });
    flow_withdraw(d, &other->flow, S("check:"));
    deviate(d, &raised, n);
}

void identity_stop(struct decision *d, const struct identity_check *body,
                   const struct identity_check_state *state, const struct identity_checked *checked,
                   struct identity_result *answer)
{
    const struct flow_point *point = identity_rule_find(body->point)->point;
    /* Where the task is, not where the checker's session is: they would choose who resolves it. */
    const struct flow_open_task *at = flow_opened(&state->flow, body->task);
    struct ladder_rung ladder[LADDER_RUNGS_MAX];
    struct str acts[8];
    struct str involved[STOP_INVOLVED_MAX] = { d->command->actor->account };
    struct str things[IDENTITY_EXPECTED_MAX];
    for (size_t i = 0; i < state->ncheckers; i++)
        involved[i + 1] = state->checkers[i];
    for (size_t i = 0; i < state->nlive; i++)
        things[i] = state->expected[i].unit;
    struct stop_raised raised = raised_at(d, point, acts);
    raised.order = body->order;
    raised.expected = joined(checked->expected.p, checked->expected.n, d->arena);
    raised.read = joined(checked->read.p, checked->read.n, d->arena);
    raised.organisation = at->organisation;
    raised.site = at->site;
    raised.involved.p = involved;
    raised.involved.n = state->ncheckers + 1;
    raised.things.p = things;
    raised.things.n = state->nlive;
    raised.escalate.n = flow_stop_ladder(ladder, &state->flow, d->now_us);
    raised.escalate.p = raised.escalate.n > 0 ? ladder : NULL;
    stop_raise(d, &raised);
    flow_withdraw(d, &state->flow, S("check:")); /* passed before it: to be passed again */
    answer->stop = true;
    answer->safe_state = raised.safe_state;
    answer->deviation = deviate(d, &raised, 0);
    for (size_t i = 0; i < state->nconcerned; i++)
        stop_other(d, point, &state->concerned[i], i + 1);
}
