/* Of the review by exception what happened beside the records: deviations, identity checks,
 * temperatures on the way, and what the audit trail marks. */
#include "kernel/node.h"
#include "kernel/trail_review.h"
#include "modules/desk/coi.h"
#include "modules/desk/order.h"
#include "modules/desk/review.h"

enum { DEVIATIONS_MAX = 100 };

/* --- deviations --- */

static enum show_tone tone_of(const struct quality_of_order_out *row)
{
    if (!row->open)
        return SHOW_INFO;
    return str_is(row->risk, "minor") ? SHOW_WARN : SHOW_STOP;
}

static struct str risk_and_time(const struct review_making *m,
                                const struct quality_of_order_out *row)
{
    const struct str risk = show_name(m->p, "risk", row->risk);
    if (row->open)
        return arena_printf(m->a, "%.*s · %.*s", STR(risk), STR(show_time(m->p, row->opened)));
    return arena_printf(m->a, "%.*s · %.*s", STR(risk), STR(show_name(m->p, "cause", row->cause)));
}

static enum outcome deviations(struct review_making *m, struct err *e)
{
    const struct quality_of_order_in in = { m->o->id };
    struct record_list list;
    TRY(db_list(m->db, &sql_quality_of_order, &in, &list, DEVIATIONS_MAX, m->a, e));
    const struct quality_of_order_out *row = list.p;
    m->out->more |= list.n == DEVIATIONS_MAX;
    for (size_t i = 0; i < list.n; i++)
        review_add(m, (struct desk_exception){
                          .kind = "page.review.deviation",
                          .tone = tone_of(&row[i]),
                          .open = row[i].open,
                          .what = arena_printf(m->a, "%.*s, %.*s", STR(row[i].number),
                                               STR(show_name(m->p, "deviation_kind", row[i].kind))),
                          .detail = risk_and_time(m, &row[i]),
                          .word = review_word(m, row[i].open ? "page.deviation.open"
                                                             : "page.deviation.closed"),
                          .path = arena_printf(m->a, "/deviations/%.*s", STR(row[i].deviation)),
                      });
    return OK;
}

/* --- identity --- */

static void point(struct review_making *m, const struct desk_coi_point *x)
{
    const bool failed = x->state == DESK_POINT_FAILED && !x->past;
    struct desk_exception line = {
        .kind = "page.review.check",
        .what = show_name(m->p, "point", x->point),
        .detail = x->persons.n > 0
                      ? arena_printf(m->a, "%.*s · %.*s", STR(x->title), STR(x->persons))
                      : x->title,
        .path = review_path(m, "/coi"),
    };
    m->out->regular[REVIEW_CHECKS].n +=
        x->state == DESK_POINT_PASSED && x->mismatches == 0 && x->typed == 0;
    if (x->mismatches > 0) {
        line.tone = failed ? SHOW_STOP : SHOW_WARN;
        line.open = failed;
        line.word = review_word(m, failed ? "page.coi.mismatch" : "page.review.passed_later");
        review_add(m, line);
    }
    if (x->typed > 0) {
        line.tone = SHOW_INFO;
        line.open = false;
        line.word = review_word(m, "page.review.typed");
        review_add(m, line);
    }
}

static enum outcome checks(struct review_making *m, struct err *e)
{
    struct desk_coi_view *v = ARENA_NEW(m->a, struct desk_coi_view);
    if (!v)
        return err_no_memory(e);
    v->o = *m->o;
    TRY(desk_coi_points(v, m->db, m->p, e));
    for (size_t i = 0; i < v->npoints; i++)
        point(m, &v->points[i]);
    return OK;
}

/* --- temperatures on the way --- */

/* The product says at what such units travel. */
static bool ranged(const struct product *product, struct str kind)
{
    for (size_t i = 0; product && i < product->transport.n; i++)
        if (str_eq(product->transport.p[i].unit, kind))
            return true;
    return false;
}

/* It passed together with one of which the same was told before. */
static bool told(const struct desk_custody *legs, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        const bool newer = legs[k].since >= legs[i].since;
        if (str_eq(legs[k].verdict, legs[i].verdict) &&
            desk_together(&legs[newer ? k : i], &legs[newer ? i : k]))
            return true;
    }
    return false;
}

static struct str way(const struct review_making *m, const struct desk_custody *leg,
                      const struct desk_custody *next)
{
    const struct str at = auth_site_name(m->db, leg->site, m->a);
    return next ? review_say(
                      m, "page.review.way",
                      (struct text_param){ "from", leg->from_site.p
                                                       ? auth_site_name(m->db, leg->from_site, m->a)
                                                       : at },
                      (struct text_param){ "to", auth_site_name(m->db, next->site, m->a) })
                : at;
}

static struct str degrees(const struct review_making *m, const struct desk_custody *leg)
{
    const struct str between =
        review_say(m, "page.temperature.from_to",
                   (struct text_param){ "coldest", page_decimal(m->p, leg->coldest, m->a) },
                   (struct text_param){ "warmest", page_decimal(m->p, leg->warmest, m->a) });
    const int64_t beyond = leg->outside_s > 0 ? leg->outside_s : leg->missing_s;
    if (beyond <= 0)
        return between;
    return arena_printf(m->a, "%.*s · %.*s", STR(between),
                        STR(show_duration(m->p, beyond * TIME_SECOND)));
}

/* Legs of one unit stand behind each other. */
static void leg(struct review_making *m, const struct desk_custody *legs, size_t i, size_t n,
                const struct record_list *carriers)
{
    const struct desk_custody *x = &legs[i];
    const struct desk_custody *next = i + 1 < n && str_eq(legs[i + 1].unit, x->unit) ? x + 1 : NULL;
    const bool measured = x->series != INT_NONE;
    struct desk_exception line = {
        .kind = "page.review.temperature",
        .tone = SHOW_WARN,
        .what = way(m, x, next),
        .path = review_path(m, "/custody"),
    };
    if (told(legs, i))
        return;
    if (!measured) {
        if (!desk_carries(carriers, x->organisation) || !ranged(m->o->pinned, x->kind) || !next)
            return;
        line.open = true;
        line.detail = review_word(m, "page.temperature.none");
        line.word = review_word(m, "page.review.missing");
        review_add(m, line);
    } else if (str_is(x->verdict, "inside") || str_is(x->verdict, "recorded")) {
        m->out->regular[REVIEW_TEMPERATURES].n++;
    } else {
        line.tone = str_is(x->verdict, "outside") ? SHOW_STOP : SHOW_WARN;
        line.detail = degrees(m, x);
        line.word = show_name(m->p, "temperature", x->verdict);
        review_add(m, line);
    }
}

static enum outcome temperatures(struct review_making *m, struct err *e)
{
    struct desk_custody *legs;
    struct record_list carriers;
    size_t n;
    TRY(desk_carriers(&carriers, m->db, m->a, e));
    TRY(desk_custody_unopened(&legs, &n, m->db, m->o, m->a, e));
    for (size_t i = 0; i < n; i++)
        leg(m, legs, i, n, &carriers);
    return OK;
}

/* --- the audit trail --- */

static enum outcome trail(struct review_making *m, struct err *e)
{
    const struct registry *registry = app_of(m->r)->node->registry;
    struct trail_reviewed_last last;
    struct trail_stretch since;
    if (!registry_command(registry, S("trail.review")) || !show_may(m->r, "trail.review"))
        return OK;
    TRY(trail_reviewed_last(&last, m->db, m->o->id, m->a, e));
    const struct trail_stretch_of of = { m->o->id, last.from, INT64_MAX - 1 };
    TRY(trail_stretch_read(&since, m->db, registry, &of, m->a, e));
    if (since.unjudged == 0)
        return OK;
    review_add(
        m, (struct desk_exception){
               .kind = "page.review.trail",
               .tone = SHOW_WARN,
               .open = true,
               .what =
                   review_say(m, "page.review.unjudged",
                              (struct text_param){ "n", arena_printf(m->a, "%zu", since.unjudged) },
                              (struct text_param){ 0 }),
               .detail = last.found ? review_say(m, "page.review.judged_until",
                                                 (struct text_param){
                                                     "time", show_time(m->p, last.row.reviewed) },
                                                 (struct text_param){ 0 })
                                    : S(""),
               .word = review_word(m, "page.review.not_reviewed"),
               .path = arena_printf(m->a, "/trail/order/%.*s/review", STR(m->o->id)),
           });
    return OK;
}

enum outcome review_events(struct review_making *m, struct err *e)
{
    TRY(deviations(m, e));
    TRY(checks(m, e));
    TRY(temperatures(m, e));
    return trail(m, e);
}
