/* The temperatures of an order's legs on their page, the form that gives them, and a series to take
 * away. */
#include "gen/desk/pages/readings.html.h"
#include "modules/desk/order.h"

enum { SERIES_MAX = 200, JUDGED_MAX = SERIES_MAX * CUSTODY_UNITS_MAX, READINGS_DRAWN = 240 };

enum outcome desk_temperatures_read(struct desk_temperatures *out, struct db *db, struct str order,
                                    struct arena *a, struct err *e)
{
    const struct custody_series_in series = { order };
    const struct custody_judged_in judged = { order };
    TRY(db_list(db, &sql_custody_series, &series, &out->series, SERIES_MAX, a, e));
    return db_list(db, &sql_custody_judged, &judged, &out->judged, JUDGED_MAX, a, e);
}

/* --- which tells what --- */

static const struct custody_series_out *series_of(const struct desk_temperatures *t, int64_t number)
{
    const struct custody_series_out *row = t->series.p;
    for (size_t i = 0; i < t->series.n; i++)
        if (row[i].number == number)
            return &row[i];
    return NULL;
}

static struct str verdict_of(const struct custody_judged_out *j)
{
    return custody_verdict(decimal_present(j->low) || decimal_present(j->high),
                           j->below_s + j->above_s, j->missing_s, j->alert_s);
}

static int rank(struct str verdict)
{
    return str_is(verdict, "outside")    ? 0
           : str_is(verdict, "missing")  ? 1
           : str_is(verdict, "recorded") ? 2
           : str_is(verdict, "alert")    ? 3
                                         : 4;
}

static bool of_leg(const struct custody_judged_out *j, const struct desk_custody *leg)
{
    return j->leg == leg->leg && str_eq(j->unit, leg->unit);
}

void desk_temperatures_tell(struct desk_custody *leg, const struct desk_temperatures *t)
{
    const struct custody_judged_out *j = t->judged.p;
    for (size_t i = 0; i < t->judged.n; i++) {
        const struct custody_series_out *series = series_of(t, j[i].number);
        if (!of_leg(&j[i], leg) || !series || series->corrected != INT_NONE)
            continue;
        const bool first = leg->series == INT_NONE;
        if (first || decimal_cmp(j[i].coldest, leg->coldest) < 0)
            leg->coldest = j[i].coldest;
        if (first || decimal_cmp(j[i].warmest, leg->warmest) > 0)
            leg->warmest = j[i].warmest;
        if (!first && rank(verdict_of(&j[i])) >= rank(leg->verdict))
            continue;
        leg->series = j[i].number;
        leg->verdict = verdict_of(&j[i]);
        leg->outside_s = j[i].below_s + j[i].above_s;
        leg->missing_s = j[i].missing_s;
    }
}

/* --- drawn --- */

static int64_t degrees(struct decimal d, int64_t without)
{
    custody_degrees out;
    return custody_degrees_of(&out, d) ? out : without;
}

static int64_t place(int64_t value, int64_t low, int64_t high)
{
    const int64_t at = high > low ? (value - low) * 1000 / (high - low) : 0;
    return at < 0 ? 0 : at > 1000 ? 1000 : at;
}

/* Range and readings on one scale, with room at both ends; a range without an end goes on to the
 * edge. What was of one degree alone is drawn a little wide, so that it is seen. */
static struct desk_band band_of(const struct custody_judged_out *j)
{
    const int64_t coldest = degrees(j->coldest, 0);
    const int64_t warmest = degrees(j->warmest, 0);
    const int64_t range_low = degrees(j->low, INT64_MIN);
    const int64_t range_high = degrees(j->high, INT64_MIN);
    int64_t low = coldest;
    int64_t high = warmest;
    if (range_low != INT64_MIN && range_low < low)
        low = range_low;
    if (range_high != INT64_MIN && range_high > high)
        high = range_high;
    const int64_t room = (high - low) / 5 + 10000;
    low -= room;
    high += room;
    struct desk_band out = {
        .range_from = range_low != INT64_MIN ? place(range_low, low, high) : 0,
        .range_to = range_high != INT64_MIN  ? place(range_high, low, high)
                    : range_low != INT64_MIN ? 1000
                                             : 0,
        .from = place(coldest, low, high) - 6,
        .to = place(warmest, low, high) + 6,
    };
    return out;
}

static struct str plain(struct decimal d, struct arena *a)
{
    struct buf b = buf_in(a, DECIMAL_TEXT_MAX);
    decimal_write(&b, d);
    return buf_get(&b);
}

static enum outcome readings_of(struct desk_series *out, struct page *p, struct err *e)
{
    struct arena *a = p->b->arena;
    struct custody_readings all;
    struct custody_readings drawn;
    TRY(custody_readings_expand(&all, out->row->begins, out->row->readings, a, e));
    TRY(custody_readings_thin(&drawn, &all, READINGS_DRAWN, a, e));
    struct desk_reading *list = ARENA_ARRAY(a, drawn.n + 1, struct desk_reading);
    if (!list)
        return err_no_memory(e);
    for (size_t i = 0; i < drawn.n; i++) {
        const struct decimal d = custody_decimal_of(drawn.p[i].celsius);
        struct buf iso = buf_in(a, CLOCK_TEXT_LENGTH);
        clock_write(&iso, drawn.p[i].at);
        list[i] = (struct desk_reading){ drawn.p[i].at, buf_get(&iso), plain(d, a),
                                         page_decimal(p, d, a) };
    }
    out->readings = list;
    out->nreadings = drawn.n;
    return OK;
}

static enum show_tone tone_of(struct str verdict)
{
    switch (rank(verdict)) {
    case 0:
        return SHOW_STOP;
    case 1:
    case 3:
        return SHOW_WARN;
    case 2:
        return SHOW_IDLE;
    default:
        return SHOW_OK;
    }
}

static enum outcome show_series(struct desk_series *out, struct page *p, struct db *db,
                                const struct desk_order *o, const struct custody_judged_out *j,
                                const struct custody_series_out *row, struct err *e)
{
    struct arena *a = p->b->arena;
    const struct str verdict = verdict_of(j);
    *out = (struct desk_series){
        .row = row,
        .judged = j,
        .order = o->id,
        .verdict = verdict,
        .tone = tone_of(verdict),
        .range = custody_range_text(page_decimal(p, j->low, a), page_decimal(p, j->high, a), a),
        .coldest = page_decimal(p, j->coldest, a),
        .warmest = page_decimal(p, j->warmest, a),
        .low = plain(j->low, a),
        .high = plain(j->high, a),
        .band = band_of(j),
        .by = show_person(p, db, row->given_by),
    };
    return row->corrected == INT_NONE ? readings_of(out, p, e) : OK;
}

/* Where it lies behind what it is of: who took it over from there may say how the way was. */
static bool may(const struct desk_order *o, const char *permission, const struct desk_hand_over *h)
{
    const struct desk_custody *leg = h->leg;
    return actor_may(o->actor, str_z(permission), leg->organisation, leg->site) ||
           (h->next_site.p &&
            actor_may(o->actor, str_z(permission), h->next_organisation, h->next_site));
}

/* Of the units that passed together, what this series says of the one that fared worst; NULL: it is
 * of none of them. */
static const struct custody_judged_out *worst_of(const struct desk_temperatures *t, int64_t number,
                                                 const struct desk_hand_over *h)
{
    const struct custody_judged_out *j = t->judged.p;
    const struct custody_judged_out *out = NULL;
    for (size_t i = 0; i < t->judged.n; i++)
        for (size_t k = 0; j[i].number == number && k < h->nunits; k++)
            if (of_leg(&j[i], h->units[k]) &&
                (!out || rank(verdict_of(&j[i])) < rank(verdict_of(out))))
                out = &j[i];
    return out;
}

enum outcome desk_temperatures_show(struct desk_hand_over *out, struct page *p, struct db *db,
                                    const struct desk_order *o, const struct desk_temperatures *t,
                                    struct err *e)
{
    const struct custody_series_out *row = t->series.p;
    struct desk_series *list = ARENA_ARRAY(p->b->arena, t->series.n + 1, struct desk_series);
    if (!list)
        return err_no_memory(e);
    out->series = list;
    out->may_add = may(o, "custody.add_readings", out);
    for (int corrected = 0; corrected < 2; corrected++) {
        for (size_t i = 0; i < t->series.n; i++) {
            const struct custody_judged_out *j = worst_of(t, row[i].number, out);
            if (!j || (row[i].corrected != INT_NONE) != corrected)
                continue;
            TRY(show_series(&list[out->nseries], p, db, o, j, &row[i], e));
            list[out->nseries].sees_deviation =
                actor_may(o->actor, S("deviation.see"), out->leg->organisation, out->leg->site);
            list[out->nseries].may_correct = !corrected && may(o, "custody.correct_readings", out);
            out->nseries++;
        }
        out->nforce = corrected ? out->nforce : out->nseries;
    }
    return OK;
}

/* --- the form --- */

static bool asked(const struct desk_custody *leg, const struct http_request *r)
{
    int64_t number;
    struct str unit = show_entered(r, "legs.0.unit");
    struct str text = show_entered(r, "legs.0.leg");
    if (unit.n == 0) {
        unit = http_query(r, "unit");
        text = http_query(r, "leg");
    }
    return str_eq(leg->unit, unit) && str_to_u63(&number, text) && number == leg->leg;
}

/* The series that is to be corrected; NULL: none is asked for. */
static enum outcome corrected(const struct custody_series_out **out, struct desk_readings_view *v,
                              const struct desk_temperatures *t, struct err *e)
{
    struct str text = show_entered(v->r, "series");
    int64_t number;
    *out = NULL;
    v->series = INT_NONE;
    if (text.n == 0)
        text = http_query(v->r, "series");
    if (text.n == 0)
        return OK;
    *out = str_to_u63(&number, text) ? series_of(t, number) : NULL;
    if (!*out || (*out)->corrected != INT_NONE)
        return REFUSE(e, "custody.corrected_before");
    v->series = number;
    v->logger = (*out)->logger;
    return OK;
}

/* The legs that are meant: of the series, or what passed together with the one that is asked for.
 */
static enum outcome legs_meant(struct desk_readings_view *v, struct desk_custody *rows, size_t n,
                               const struct desk_temperatures *t, struct page *p, struct db *db,
                               struct err *e)
{
    const struct custody_judged_out *j = t->judged.p;
    const struct custody_series_out *series;
    const struct desk_custody *first = NULL;
    struct desk_custody *out = ARENA_ARRAY(p->b->arena, n + 1, struct desk_custody);
    if (!out)
        return err_no_memory(e);
    TRY(corrected(&series, v, t, e));
    for (size_t i = 0; i < n && !series && !first; i++)
        first = asked(&rows[i], v->r) ? &rows[i] : NULL;
    for (size_t i = 0; i < n && v->nunits < CUSTODY_UNITS_MAX; i++) {
        bool meant = first && (desk_together(&rows[i], first) || &rows[i] == first);
        for (size_t k = 0; series && k < t->judged.n; k++)
            meant |= j[k].number == series->number && of_leg(&j[k], &rows[i]);
        if (!meant)
            continue;
        const bool more = i + 1 < n && str_eq(rows[i + 1].unit, rows[i].unit);
        if (v->nunits == 0)
            v->to = more ? auth_site_name(db, rows[i + 1].site, p->b->arena) : S("");
        out[v->nunits++] = rows[i];
    }
    if (v->nunits == 0)
        return REFUSE(e, "gate.unknown", { "kind", S("unit") });
    v->units = out;
    v->from = auth_site_name(db, out[0].site, p->b->arena);
    v->since = out[0].since;
    v->until = out[0].until;
    return OK;
}

static enum outcome form(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_readings_view *v = ARENA_NEW(r->arena, struct desk_readings_view);
    struct desk_temperatures t;
    struct desk_custody *rows;
    size_t n;
    if (!v)
        return err_no_memory(e);
    v->r = r;
    TRY(desk_order_load(&v->o, r, db, p, http_param(r, "order"), e));
    TRY(desk_custody_rows(&rows, &n, r, db, &v->o, &t, e));
    TRY(legs_meant(v, rows, n, &t, p, db, e));
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/custody", e));
    v->refused = show_refusal(p, r);
    v->zone = show_actor(r)->zone;
    page_readings(p, v);
    return OK;
}

enum http_state desk_get_readings(struct http_request *r)
{
    return show(r, "page.readings.title", form);
}

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.readings.title", form, refused);
}

/* What the file says stands in the form's field then, as if it had been pasted. */
static enum outcome take_file(struct http_request *r, struct err *e)
{
    struct str content;
    size_t n;
    const struct file_sent *files = file_sent_of(r, &n);
    if (n == 0)
        return OK;
    *e = files[0].why;
    if (e->outcome != OK)
        return e->outcome;
    if (!file_sent_content(&content, r) || content.n > CUSTODY_TABLE_MAX)
        return REFUSE(e, "custody.readings_long");
    struct record_pair *pairs = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    if (!pairs)
        return err_no_memory(e);
    size_t kept = 0;
    for (size_t i = 0; i < r->nform; i++)
        if (!str_is(r->form[i].name, "table"))
            pairs[kept++] = r->form[i];
    pairs[kept++] = (struct record_pair){ S("table"), arena_str(r->arena, content) };
    r->form = pairs;
    r->nform = kept;
    return OK;
}

enum http_state desk_post_readings(struct http_request *r)
{
    struct err e = { 0 };
    const bool corrects = http_form(r, "series").n > 0;
    enum outcome o = take_file(r, &e);
    /* Nothing in its place is a decision, with a button of its own. */
    if (o == OK && corrects && str_trim(http_form(r, "table")).n == 0 &&
        http_form(r, "_strike").n == 0)
        o = REFUSE(&e, "custody.readings_none");
    if (o == FAULT)
        return app_problem(r, &e);
    if (o == REFUSED) {
        r->answer = (struct http_answer){ .status = http_status(&e) };
        return again(r, &e);
    }
    return app_command(
        r, &(struct app_command){
               .name = corrects ? S("custody.correct_readings") : S("custody.add_readings"),
               .next = arena_printf(r->arena, "/orders/%.*s/custody", STR(http_param(r, "order"))),
               .refused = again,
           });
}

/* --- to take away --- */

/* Numbers, not texts: what a spreadsheet reads, and what the form reads again. */
static enum outcome take_away(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_order o;
    struct desk_temperatures t;
    struct custody_readings all;
    int64_t number;
    struct buf b = buf_in(r->arena, 2 * CUSTODY_TABLE_MAX);
    TRY(desk_order_load(&o, r, db, p, http_param(r, "order"), e));
    if (!flow_sees(&o.sight, "custody"))
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(desk_temperatures_read(&t, db, o.id, r->arena, e));
    const struct custody_series_out *series =
        str_to_u63(&number, http_param(r, "series")) ? series_of(&t, number) : NULL;
    if (!series)
        return REFUSE(e, "gate.unknown", { "kind", S("series") });
    TRY(custody_readings_expand(&all, series->begins, series->readings, r->arena, e));
    buf_z(&b, "time,celsius\r\n");
    for (size_t i = 0; i < all.n; i++) {
        clock_write(&b, all.p[i].at);
        buf_char(&b, ',');
        decimal_write(&b, custody_decimal_of(all.p[i].celsius));
        buf_z(&b, "\r\n");
    }
    TRY(buf_check(&b, e));
    r->answer.status = 200;
    r->answer.media_type = "text/csv; charset=utf-8";
    r->answer.body = buf_get(&b);
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value =
        arena_printf(r->arena, "attachment; filename=\"temperatures-%lld.csv\"", (long long)number);
    return OK;
}

enum http_state desk_get_series(struct http_request *r)
{
    return show(r, "page.readings.title", take_away);
}
