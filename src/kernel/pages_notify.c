/* Notifications as people have them, and who is on call. */
#include "base/id.h"
#include "gen/kernel/pages/bell.html.h"
#include "gen/kernel/pages/notifications.html.h"
#include "gen/kernel/pages/rota.html.h"
#include "kernel/pages_post.h"

enum { INBOX_MAX = 100, DUTIES_MAX = 200, GAPS_MAX = 40, PEOPLE_MAX = 200, ROLE_GAPS = 8 };
#define ROTA_AHEAD_US (14 * TIME_DAY)

/* --- the bell --- */

enum outcome pages_unanswered(int64_t *out, struct db *db, struct str account, struct arena *arena,
                              struct err *e)
{
    struct notify_unanswered_in in = { account };
    struct notify_unanswered_out row;
    bool found;
    TRY(db_get(db, &sql_notify_unanswered, &in, &row, arena, &found, e));
    *out = row.n;
    return OK;
}

static enum outcome bell(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    int64_t n;
    TRY(pages_unanswered(&n, db, show_actor(r)->account, r->arena, e));
    page_bell(p, n);
    return OK;
}

enum http_state pages_get_bell(struct http_request *r)
{
    return show(r, "page.notifications.title", bell);
}

/* --- notifications --- */

static enum outcome own_mail(struct str *out, struct http_request *r, struct db *db, struct err *e)
{
    struct notify_contact_in in = { show_actor(r)->account };
    struct notify_contact_out row;
    bool found;
    *out = S("");
    TRY(db_get(db, &sql_notify_contact, &in, &row, r->arena, &found, e));
    const struct look_at at = { row.event, S("mail"), row.mail, NULL, NULL };
    return found ? look_open(look_of(r), out, &at, e) : OK;
}

static enum outcome inbox_rows(struct record_list *out, struct http_request *r, struct db *db,
                               bool all, struct err *e)
{
    const struct actor *a = show_actor(r);
    struct notify_inbox_in own = { a->account };
    struct notify_place_in place = { .organisation = a->organisation };
    if (!all)
        return db_list(db, &sql_notify_inbox, &own, out, INBOX_MAX, r->arena, e);
    if (!actor_may(a, S("notification.see"), a->organisation, (struct str){ 0 }))
        place.site = a->site;
    return db_list(db, &sql_notify_place, &place, out, INBOX_MAX, r->arena, e);
}

static enum outcome notifications(struct http_request *r, struct db *db, struct page *p,
                                  struct err *e)
{
    struct record_list list;
    const struct actor *a = show_actor(r);
    struct pages_notifications_view v = {
        .may_all = show_may(r, "notification.see"),
        .account = a->account,
        .mails = outbox_mails(app_of(r)->node->outbox),
    };
    v.all = v.may_all && str_is(http_query(r, "of"), "site");
    TRY(inbox_rows(&list, r, db, v.all, e));
    if (http_wants_json(r)) /* both lists have the same columns */
        return show_rows(r, sql_notify_inbox.out, list.p, list.n, (struct str){ 0 }, e);
    TRY(own_mail(&v.mail, r, db, e));
    struct pages_notification_view *rows =
        ARENA_ARRAY(r->arena, list.n + 1, struct pages_notification_view);
    if (!rows)
        return err_no_memory(e);
    const struct notify_inbox_out *in = list.p;
    for (size_t i = 0; i < list.n; i++) {
        rows[i].row = &in[i];
        rows[i].about = show_thing(r, p, db, in[i].about);
        if (str_eq(rows[i].about, in[i].about))
            rows[i].about = in[i].label;
        rows[i].where = in[i].site.p ? auth_site_name(db, in[i].site, r->arena)
                                     : auth_organisation_name(db, in[i].organisation, r->arena);
        if (in[i].by_account.p)
            rows[i].by = auth_account_name(db, in[i].by_account, r->arena);
        rows[i].may_acknowledge =
            str_is(in[i].state, "standing") &&
            actor_may(a, S("notification.acknowledge"), in[i].organisation, in[i].site);
    }
    v.rows = rows;
    v.n = list.n;
    page_notifications(p, &v);
    return OK;
}

enum http_state pages_get_notifications(struct http_request *r)
{
    return show(r, "page.notifications.title", notifications);
}

/* --- rota --- */

static size_t role_end(const struct rota_list_out *rows, size_t from, size_t n)
{
    size_t end = from;
    while (end < n && str_eq(rows[end].role, rows[from].role))
        end++;
    return end;
}

static enum outcome rota_gaps_view(struct pages_rota_view *v, const struct rota_list_out *rows,
                                   size_t n, int64_t now, struct arena *arena, struct err *e)
{
    struct pages_gap_view *gaps = ARENA_ARRAY(arena, GAPS_MAX, struct pages_gap_view);
    if (!gaps)
        return err_no_memory(e);
    for (size_t from = 0; from < n;) {
        struct rota_gap found[ROLE_GAPS];
        const size_t end = role_end(rows, from, n);
        size_t ngaps =
            rota_gaps(found, ROLE_GAPS, rows + from, end - from, now, now + ROTA_AHEAD_US);
        for (size_t i = 0; i < ngaps && v->ngaps < GAPS_MAX; i++)
            gaps[v->ngaps++] = (struct pages_gap_view){ rows[from].role, found[i] };
        from = end;
    }
    v->gaps = gaps;
    return OK;
}

static enum outcome rota_people(struct pages_rota_view *v, struct db *db, struct str site,
                                int64_t now, struct arena *arena, struct err *e)
{
    struct rota_people_in in = { site, now };
    struct record_list list;
    TRY(db_list(db, &sql_rota_people, &in, &list, PEOPLE_MAX, arena, e));
    const struct rota_people_out *rows = list.p;
    struct pages_person_view *people = ARENA_ARRAY(arena, list.n + 1, struct pages_person_view);
    if (!people)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        people[i] = (struct pages_person_view){ rows[i].account, rows[i].name, rows[i].role };
    v->people = people;
    v->npeople = list.n;
    return OK;
}

static enum outcome rota(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *a = show_actor(r);
    struct record_list list = { 0 };
    struct rota_list_in in = { a->site, p->now_us };
    struct pages_rota_view v = { .site = a->site.p ? a->site : S("") };
    if (a->site.p && actor_may(a, S("rota.see"), a->organisation, a->site))
        TRY(db_list(db, &sql_rota_list, &in, &list, DUTIES_MAX, r->arena, e));
    const struct rota_list_out *rows = list.p;
    if (http_wants_json(r))
        return show_rows(r, sql_rota_list.out, rows, list.n, (struct str){ 0 }, e);
    struct pages_duty_view *duties = ARENA_ARRAY(r->arena, list.n + 1, struct pages_duty_view);
    if (!duties)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        duties[i] = (struct pages_duty_view){
            .row = &rows[i],
            .person = auth_account_name(db, rows[i].account, r->arena),
            .now = rows[i].from_us <= p->now_us,
            .first = i == 0 || !str_eq(rows[i - 1].role, rows[i].role),
        };
    v.duties = duties;
    v.nduties = list.n;
    v.may_plan = a->site.p && actor_may(a, S("rota.plan"), a->organisation, a->site);
    v.may_hand_over = a->site.p && actor_may(a, S("rota.hand_over"), a->organisation, a->site);
    TRY(rota_gaps_view(&v, rows, list.n, p->now_us, r->arena, e));
    if (v.may_plan || v.may_hand_over)
        TRY(rota_people(&v, db, a->site, p->now_us, r->arena, e));
    page_rota(p, &v);
    return OK;
}

enum http_state pages_get_rota(struct http_request *r)
{
    return show(r, "page.rota.title", rota);
}
