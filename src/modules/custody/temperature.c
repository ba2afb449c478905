/* Temperatures of legs: who may give them, of which leg they are, what comes of them. */
#include "modules/custody/custody.h"

enum { LEGS_MAX = 100 /* of one unit */, SERIES_MAX = 200 /* of one order */ };

/* --- what was given: read before the queue --- */

static enum outcome read_listed(struct custody_readings *out, struct prepare *p,
                                const struct custody_reading_given *given, size_t n, struct err *e)
{
    struct custody_reading *list = ARENA_ARRAY(p->arena, n + 1, struct custody_reading);
    if (!list)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        list[i].at = given[i].at;
        if (!custody_degrees_of(&list[i].celsius, given[i].celsius))
            return REFUSE(
                e, "custody.reading_value", { "line", arena_printf(p->arena, "%zu", i + 1) },
                { "value", record_text(record_field(&custody_reading_given_record, S("celsius")),
                                       &given[i], p->arena) });
    }
    TRY(custody_readings_sort(list, n, e));
    *out = (struct custody_readings){ list, n };
    return OK;
}

/* The table, or the list; neither: *out has none. */
static enum outcome read_given(struct prepare *p, struct str table, struct str zone,
                               const struct custody_reading_given *given, size_t n, struct err *e)
{
    struct custody_readings *out = ARENA_NEW(p->arena, struct custody_readings);
    if (!out)
        return err_no_memory(e);
    p->prepared = out;
    if (table.n > 0 && n > 0)
        return REFUSE(e, "custody.readings_both");
    if (table.n > 0)
        return custody_table_read(out, table, zone, p->arena, e);
    return n > 0 ? read_listed(out, p, given, n, e) : OK;
}

enum outcome custody_add_readings_prepare(struct prepare *p,
                                          const struct custody_add_readings *body, struct err *e)
{
    if (body->table.n == 0 && body->readings.n == 0)
        return REFUSE(e, "custody.readings_none");
    return read_given(p, body->table, body->zone, body->readings.p, body->readings.n, e);
}

enum outcome custody_correct_readings_prepare(struct prepare *p,
                                              const struct custody_correct_readings *body,
                                              struct err *e)
{
    return read_given(p, body->table, body->zone, body->readings.p, body->readings.n, e);
}

/* --- what they rest upon --- */

static int64_t degrees_or_none(struct decimal d)
{
    custody_degrees out;
    return custody_degrees_of(&out, d) ? out : INT64_MIN;
}

static void range_of(struct custody_range *out, const struct product *product, struct str kind)
{
    *out = (struct custody_range){ INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, 0 };
    for (size_t i = 0; i < product->transport.n; i++) {
        const struct product_transport *t = &product->transport.p[i];
        if (!str_eq(t->unit, kind))
            continue;
        out->low = degrees_or_none(t->low);
        out->high = degrees_or_none(t->high);
        out->alert_low = degrees_or_none(t->alert_low);
        out->alert_high = degrees_or_none(t->alert_high);
        if (t->every.p && !clock_duration_read(&out->every_us, t->every))
            out->every_us = 0;
        return;
    }
}

/* One leg of a unit. number INT_NONE: the last that ended, or the first while it is the only one.
 * The first of a command says where it is, which all others share. */
static enum outcome load_leg(struct load *l, struct custody_temperature *state, struct str unit,
                             int64_t number, struct err *e)
{
    struct custody_of_leg *out = &state->legs[state->n];
    const bool first = state->n == 0;
    struct custody_legs_in in = { unit };
    struct record_list list;
    TRY(load_custody(l, unit, &out->unit, e));
    if (!first && !str_eq(out->unit.order_id, state->legs[0].unit.order_id))
        return load_unknown(l, e);
    TRY(db_list(l->db, &sql_custody_legs, &in, &list, LEGS_MAX, l->arena, e));
    const struct custody_legs_out *row = list.p;
    size_t k = list.n > 1 ? list.n - 2 : 0;
    if (number != INT_NONE)
        for (k = 0; k < list.n && row[k].number != number; k++)
            ;
    if (first && k < list.n) {
        load_scope(l, row[k].organisation, row[k].site);
        if (k + 1 < list.n)
            load_scope(l, row[k + 1].organisation, row[k + 1].site);
    }
    if (first && k >= list.n) /* whoever holds it may know that there is none */
        load_scope(l, out->unit.organisation, out->unit.site);
    if (k >= list.n)
        return REFUSE(e, "custody.leg_unknown", { "label", out->unit.label });
    out->leg = row[k];
    state->n++;
    return first || (str_eq(out->leg.site, state->legs[0].leg.site))
               ? OK
               : REFUSE(e, "custody.not_together", { "label", out->unit.label });
}

/* Behind the scope: the order, its product, and what was given before. */
static enum outcome load_rest(struct load *l, struct custody_temperature *state, struct str order,
                              struct err *e)
{
    struct order_order_in in = { order };
    const struct custody_series_in series = { order };
    const struct custody_judged_in judged = { order };
    struct order_order_out row;
    struct definition product;
    bool found;
    TRY(load_flow_subject(l, order, e));
    TRY(load_order(l, order, e));
    TRY(db_get(l->db, &sql_order_order, &in, &row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    TRY(order_product(l->db, &row, &product, l->arena, e));
    for (size_t i = 0; i < state->n; i++)
        range_of(&state->legs[i].range, product.body, state->legs[i].unit.kind);
    TRY(load_stream(l, stream_of("temperature", order), &state->version, e));
    TRY(db_list(l->db, &sql_custody_series, &series, &state->series, SERIES_MAX, l->arena, e));
    TRY(db_list(l->db, &sql_custody_judged, &judged, &state->judged,
                (size_t)SERIES_MAX * CUSTODY_UNITS_MAX, l->arena, e));
    if (state->series.n == SERIES_MAX)
        return REFUSE(e, "custody.series_many", { "max", S("200") });
    return load_deviation(l, e);
}

enum outcome custody_add_readings_load(struct load *l, const struct custody_add_readings *body,
                                       struct custody_temperature *state, struct err *e)
{
    if (body->legs.n == 0)
        return REFUSE(e, "record.missing", { "field", S("legs") });
    for (size_t i = 0; i < body->legs.n; i++)
        TRY(load_leg(l, state, body->legs.p[i].unit, body->legs.p[i].leg, e));
    return load_rest(l, state, state->legs[0].unit.order_id, e);
}

/* The legs of the series that is corrected. */
enum outcome custody_correct_readings_load(struct load *l,
                                           const struct custody_correct_readings *body,
                                           struct custody_temperature *state, struct err *e)
{
    const struct custody_judged_in in = { body->order };
    struct record_list list;
    load_kind(l, "order");
    TRY(db_list(l->db, &sql_custody_judged, &in, &list, (size_t)SERIES_MAX * CUSTODY_UNITS_MAX,
                l->arena, e));
    const struct custody_judged_out *row = list.p;
    for (size_t i = 0; i < list.n && state->n < CUSTODY_UNITS_MAX; i++)
        if (row[i].number == body->series)
            TRY(load_leg(l, state, row[i].unit, row[i].leg, e));
    return state->n > 0 ? load_rest(l, state, body->order, e) : load_unknown(l, e);
}

/* --- judged --- */

struct str custody_verdict(bool ranged, int64_t outside, int64_t missing, int64_t alert)
{
    return outside > 0   ? S("outside")
           : missing > 0 ? S("missing")
           : !ranged     ? S("recorded")
           : alert > 0   ? S("alert")
                         : S("inside");
}

static struct decimal decimal_or_none(custody_degrees d)
{
    return d == INT64_MIN ? decimal_none() : custody_decimal_of(d);
}

/* What is begun counts as a whole second: what was outside for a moment was outside. */
static int64_t seconds(int64_t us)
{
    return (us + TIME_SECOND - 1) / TIME_SECOND;
}

static bool beyond(const struct custody_judged_time *t, const struct custody_range *range)
{
    return (range->low != INT64_MIN && t->coldest < range->low) ||
           (range->high != INT64_MIN && t->warmest > range->high);
}

static enum outcome judge(struct custody_judged *out, const struct custody_of_leg *leg,
                          const struct custody_readings *readings, struct err *e)
{
    const struct custody_range *range = &leg->range;
    struct custody_judged_time t;
    custody_judge(&t, readings, range, leg->leg.since, leg->leg.until);
    if (t.n == 0)
        return REFUSE(e, "custody.readings_elsewhere", { "label", leg->unit.label });
    *out = (struct custody_judged){
        .unit = leg->unit.unit,
        .leg = leg->leg.number,
        .since = leg->leg.since,
        .until = leg->leg.until,
        .low = decimal_or_none(range->low),
        .high = decimal_or_none(range->high),
        .alert_low = decimal_or_none(range->alert_low),
        .alert_high = decimal_or_none(range->alert_high),
        .every_s = range->every_us > 0 ? range->every_us / TIME_SECOND : INT_NONE,
        .coldest = custody_decimal_of(t.coldest),
        .warmest = custody_decimal_of(t.warmest),
        .below_s = seconds(t.below_us),
        .above_s = seconds(t.above_us),
        .alert_s = seconds(t.alert_us),
        .missing_s = seconds(t.missing_us),
        .longest_s = seconds(t.longest_us),
    };
    /* A last reading beyond a limit stood for no time yet: it is beyond it all the same. */
    if (beyond(&t, range) && out->below_s + out->above_s == 0)
        *(range->low != INT64_MIN && t.coldest < range->low ? &out->below_s : &out->above_s) = 1;
    return OK;
}

/* The worst first. */
static int rank(struct str verdict)
{
    static const char *const worst[] = { "outside", "missing", "recorded", "alert", "inside" };
    int i = 0;
    while (i < 4 && !str_is(verdict, worst[i]))
        i++;
    return i;
}

static struct str verdict_of(const struct custody_judged *j)
{
    return custody_verdict(decimal_present(j->low) || decimal_present(j->high),
                           j->below_s + j->above_s, j->missing_s, j->alert_s);
}

/* The leg that fared worst. */
static const struct custody_judged *worst_of(const struct custody_judged *legs, size_t n)
{
    const struct custody_judged *out = &legs[0];
    for (size_t i = 1; i < n; i++)
        if (rank(verdict_of(&legs[i])) < rank(verdict_of(out)))
            out = &legs[i];
    return out;
}

struct str custody_range_text(struct str low, struct str high, struct arena *a)
{
    if (low.n > 0 && high.n > 0)
        return arena_printf(a, "%.*s – %.*s °C", STR(low), STR(high));
    if (low.n + high.n == 0)
        return S("");
    return arena_printf(a, "%s %.*s °C", low.n > 0 ? "≥" : "≤", STR(low.n > 0 ? low : high));
}

/* How the catalogue says it: by the limits that there are. */
static struct str told(const struct custody_judged *j)
{
    if (!str_is(verdict_of(j), "outside"))
        return S("custody.told_missing");
    if (!decimal_present(j->low))
        return S("custody.told_above");
    return decimal_present(j->high) ? S("custody.told_outside") : S("custody.told_below");
}

/* In whole minutes, begun ones among them. */
static struct decimal minutes(int64_t s)
{
    return decimal_of((s + 59) / 60);
}

/* With the cumulative time: said in each reader's language, from these figures. */
static struct str open_deviation(struct decision *d, const struct custody_temperature *state,
                                 const struct custody_judged *j, struct str logger)
{
    const struct quality_figure all[] = {
        { S("low"), j->low },
        { S("high"), j->high },
        { S("below"), minutes(j->below_s) },
        { S("above"), minutes(j->above_s) },
        { S("coldest"), j->coldest },
        { S("warmest"), j->warmest },
        { S("missing"), minutes(j->missing_s) },
        { S("longest"), minutes(j->longest_s) },
    };
    enum { ALL = sizeof all / sizeof all[0] };
    struct quality_figure figures[ALL];
    size_t n = 0;
    for (size_t i = 0; i < ALL; i++)
        if (decimal_present(all[i].value))
            figures[n++] = all[i];
    struct quality_deviation_opened deviation = {
        .order = state->legs[0].unit.order_id,
        .unit = j->unit,
        .organisation = state->legs[0].leg.organisation,
        .site = state->legs[0].leg.site,
        .kind = S("excursion"),
        .risk = str_is(verdict_of(j), "outside") ? S("major") : S("minor"),
        .told = told(j),
        .instrument = logger,
        .figures = { figures, n },
    };
    quality_open_deviation(d, &deviation, 0);
    return deviation.deviation;
}

/* --- what happened --- */

static void happened(struct decision *d, const struct custody_temperature *state,
                     const struct event_type *type, const void *payload)
{
    const struct actor *actor = d->command->actor;
    decide_order_event(d, state->legs[0].unit.order_id,
                       &(struct happening){
                           .stream = stream_of("temperature", state->legs[0].unit.order_id),
                           .type = type,
                           .payload = payload,
                           .place = actor->site.p ? actor->site : state->legs[0].leg.site,
                       });
}

/* The series with all that was judged of it; `before` is the deviation of one that it corrects. */
static enum outcome series_of(struct custody_series *out, struct decision *d,
                              const struct custody_temperature *state, struct str logger,
                              struct str before, struct err *e)
{
    const struct custody_readings *readings = d->prepared;
    struct custody_judged *legs = ARENA_ARRAY(d->arena, state->n, struct custody_judged);
    struct buf b = buf_in(d->arena, CUSTODY_READINGS_TEXT);
    if (!legs)
        return err_no_memory(e);
    if (readings->p[readings->n - 1].at > d->now_us + GATE_AHEAD_MAX_US)
        return REFUSE(e, "custody.readings_later");
    custody_readings_write(&b, readings);
    if (!buf_ok(&b))
        return b.starved ? err_no_memory(e) : REFUSE(e, "custody.readings_long");
    for (size_t i = 0; i < state->n; i++)
        TRY(judge(&legs[i], &state->legs[i], readings, e));
    const struct custody_judged *worst = worst_of(legs, state->n);
    *out = (struct custody_series){
        .logger = logger,
        .begins = readings->p[0].at,
        .count = (int64_t)readings->n,
        .readings = buf_get(&b),
        .legs = { legs, state->n },
    };
    if (rank(verdict_of(worst)) <= 1)
        out->deviation = before.n > 0 ? before : open_deviation(d, state, worst, logger);
    return OK;
}

static void answer_of(struct decision *d, const struct custody_temperature *state,
                      const struct custody_series *series)
{
    struct custody_readings_result answer = {
        .series = state->version + 1,
        .result = series ? verdict_of(worst_of(series->legs.p, series->legs.n)) : S("none"),
        .count = series ? series->count : 0,
        .deviation = series ? series->deviation : (struct str){ 0 },
    };
    decide_answer(d, &custody_readings_result_record, &answer);
}

static bool of_leg(const struct custody_judged_out *row, const struct custody_of_leg *leg)
{
    return row->leg == leg->leg.number && str_eq(row->unit, leg->unit.unit);
}

/* How many of the legs this series is of. */
static size_t has_legs(const struct custody_temperature *state, int64_t number)
{
    const struct custody_judged_out *row = state->judged.p;
    size_t n = 0;
    for (size_t i = 0; i < state->judged.n; i++)
        for (size_t k = 0; row[i].number == number && k < state->n; k++)
            n += of_leg(&row[i], &state->legs[k]);
    return n;
}

static struct str result_of(const struct custody_temperature *state, int64_t number)
{
    const struct custody_judged_out *row = state->judged.p;
    struct str out = S("inside");
    for (size_t i = 0; i < state->judged.n; i++) {
        const struct str one =
            custody_verdict(decimal_present(row[i].low) || decimal_present(row[i].high),
                            row[i].below_s + row[i].above_s, row[i].missing_s, row[i].alert_s);
        if (row[i].number == number && rank(one) < rank(out))
            out = one;
    }
    return out;
}

/* What this logger gave for one of these legs stands: the same again is answered as it was, other
 * readings want a reason. *before: it was answered. */
static enum outcome given_before(bool *before, struct decision *d,
                                 const struct custody_temperature *state, struct str logger,
                                 struct err *e)
{
    const struct custody_readings *readings = d->prepared;
    const struct custody_series_out *row = state->series.p;
    struct buf b = buf_in(d->arena, CUSTODY_READINGS_TEXT);
    custody_readings_write(&b, readings);
    *before = false;
    for (size_t i = 0; i < state->series.n; i++) {
        const size_t legs = has_legs(state, row[i].number);
        if (row[i].corrected != INT_NONE || !str_eq(row[i].logger, logger) || legs == 0)
            continue;
        if (legs < state->n || row[i].begins != readings->p[0].at ||
            !str_eq(row[i].readings, buf_get(&b)))
            return REFUSE(e, "custody.readings_known", { "logger", logger });
        struct custody_readings_result answer = {
            .series = row[i].number,
            .result = result_of(state, row[i].number),
            .count = row[i].count,
            .given_before = true,
            .deviation = row[i].deviation,
        };
        decide_answer(d, &custody_readings_result_record, &answer);
        *before = true;
    }
    return OK;
}

enum outcome custody_add_readings_decide(struct decision *d,
                                         const struct custody_add_readings *body,
                                         const struct custody_temperature *state, struct err *e)
{
    struct custody_series series;
    bool before;
    for (size_t i = 0; i < state->n; i++)
        for (size_t k = 0; k < i; k++)
            if (str_eq(state->legs[i].unit.unit, state->legs[k].unit.unit))
                return REFUSE(e, "custody.unit_twice", { "label", state->legs[i].unit.label });
    TRY(given_before(&before, d, state, body->logger, e));
    if (before)
        return OK;
    TRY(series_of(&series, d, state, body->logger, (struct str){ 0 }, e));
    const struct custody_readings_added payload = {
        .order = state->legs[0].unit.order_id,
        .series = { &series, 1 },
    };
    happened(d, state, &custody_readings_added_event, &payload);
    answer_of(d, state, &series);
    return OK;
}

enum outcome custody_correct_readings_decide(struct decision *d,
                                             const struct custody_correct_readings *body,
                                             const struct custody_temperature *state, struct err *e)
{
    const struct custody_series_out *row = state->series.p;
    const struct custody_series_out *old = NULL;
    const struct custody_readings *readings = d->prepared;
    struct custody_series series;
    for (size_t i = 0; i < state->series.n; i++)
        if (row[i].number == body->series)
            old = &row[i];
    if (!old || old->corrected != INT_NONE)
        return REFUSE(e, "custody.corrected_before");
    if (readings->n > 0)
        TRY(series_of(&series, d, state, body->logger.n > 0 ? body->logger : old->logger,
                      old->deviation, e));
    const struct custody_readings_corrected payload = {
        .order = body->order,
        .corrects = body->series,
        .series = { readings->n > 0 ? &series : NULL, readings->n > 0 },
    };
    happened(d, state, &custody_readings_corrected_event, &payload);
    answer_of(d, state, readings->n > 0 ? &series : NULL);
    return OK;
}
