/* The stop: what was expected, what was read, what to do with the material, whom to call, and who
 * decides. */
#include "gen/desk/pages/stop.html.h"
#include "kernel/rota.h"
#include "modules/desk/order.h"

enum { DEVIATIONS_MAX = 100, PEOPLE_MAX = 200, CALLS_MAX = 6 };

/* --- what is told of it --- */

/* What was expected and read stands in the event as one text: identifiers and these words, joined.
 */
static const struct {
    const char *said, *key;
} words[] = {
    { "patient", "page.stop.said_patient" },
    { "another patient's number", "page.stop.said_number" },
    { "another name", "page.stop.said_name" },
    { "another birth date", "page.stop.said_birth" },
};

static struct desk_said said(const struct page *p, struct str part)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_is(part, words[i].said))
            return (struct desk_said){ .text = text_find(p->language, str_z(words[i].key)),
                                       .words = true };
    return (struct desk_said){ .text = part };
}

/* Cuts " and 3 more" off the end: "3"; empty where it does not end so. */
static struct str cut_more(struct str *text)
{
    const struct str end = S(" more"), before = S(" and ");
    struct str rest = *text;
    if (!str_ends(rest, end))
        return S("");
    rest.n -= end.n;
    const size_t last = rest.n;
    while (rest.n > 0 && rest.p[rest.n - 1] >= '0' && rest.p[rest.n - 1] <= '9')
        rest.n--;
    const struct str number = { rest.p + rest.n, last - rest.n };
    if (number.n == 0 || !str_ends(rest, before))
        return S("");
    rest.n -= before.n;
    *text = rest;
    return number;
}

static size_t said_all(struct desk_said *out, struct page *p, struct str text)
{
    const struct str more = cut_more(&text);
    size_t n = 0;
    while (text.n > 0 && n + 1 < DESK_SAID_MAX) {
        size_t end = 0;
        while (end < text.n && !str_starts(str_from(text, end), S(", ")))
            end++;
        out[n++] = said(p, (struct str){ text.p, end });
        text = end < text.n ? str_from(text, end + 2) : S("");
    }
    if (more.n > 0) {
        const struct text_param param = { "n", more };
        struct buf b = buf_in(p->b->arena, 200);
        text_write(&b, p->language, S("page.stop.said_more"), &param, 1);
        out[n++] = (struct desk_said){ .text = buf_get(&b), .words = true };
    }
    return n;
}

/* Where a thing stands: what differs before what is in the other list too, words before signs. */
static size_t rank(const struct desk_said *x, const struct desk_said *expected, size_t n)
{
    for (size_t i = 0; x->same && i < n; i++)
        if (str_eq(x->text, expected[i].text))
            return 2 + i;
    return x->words ? 0 : 1;
}

static void sort(struct desk_said *said, size_t n, const struct desk_said *by, size_t nby)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && rank(&said[k], by, nby) < rank(&said[k - 1], by, nby); k--) {
            const struct desk_said moved = said[k];
            said[k] = said[k - 1];
            said[k - 1] = moved;
        }
}

/* What was read is compared with what was expected by eye: like stands beside like. */
static void side_by_side(struct desk_stop_told *told)
{
    struct desk_said by[DESK_SAID_MAX];
    for (size_t i = 0; i < told->nexpected; i++)
        for (size_t k = 0; k < told->nread; k++)
            if (str_eq(told->expected[i].text, told->read[k].text))
                told->expected[i].same = told->read[k].same = true;
    memcpy(by, told->expected, sizeof by);
    sort(told->expected, told->nexpected, by, told->nexpected);
    sort(told->read, told->nread, by, told->nexpected);
}

/* The deviation that the mismatch opened: the newest open one of its kind. */
static enum outcome find_deviation(struct desk_stop_told *out, struct db *db, struct str order,
                                   struct arena *a, struct err *e)
{
    struct quality_of_order_in in = { order };
    struct record_list list;
    TRY(db_list(db, &sql_quality_of_order, &in, &list, DEVIATIONS_MAX, a, e));
    const struct quality_of_order_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        if (rows[i].open && str_is(rows[i].kind, "identity_mismatch")) {
            out->deviation = rows[i].deviation;
            out->deviation_number = rows[i].number;
        }
    return OK;
}

static enum outcome resolves(bool *out, struct db *db, struct str name, int64_t now,
                             struct arena *a, struct err *e)
{
    struct definition role;
    TRY(define_find(&role, db, S("role"), name, 0, now, a, out, e));
    const struct role *body = *out ? role.body : NULL;
    *out = body && str_among(S("stop.resolve"), body->permissions.p, body->permissions.n);
    return OK;
}

/* Those of a role who took no part in what was stopped: who is on duty, or the others. */
static enum outcome call_role(struct desk_stop_told *out, struct desk_call *calls, bool duty_alone,
                              const struct desk_order *o, const struct rota_people_out *people,
                              size_t n, struct db *db, struct page *p, struct err *e)
{
    struct str duty;
    struct arena *a = p->b->arena;
    TRY(rota_on_call(&duty, db, o->stop.site, people[0].role, p->now_us, a, e));
    for (size_t i = 0; i < n && out->ncalls < CALLS_MAX; i++) {
        const bool on_duty = duty.p && str_eq(people[i].account, duty);
        bool involved;
        if (on_duty != duty_alone)
            continue;
        TRY(stop_involves(db, o->id, people[i].account, &involved, a, e));
        if (!involved)
            calls[out->ncalls++] =
                (struct desk_call){ people[i].name, show_name(p, "role", people[i].role), on_duty };
    }
    return OK;
}

/* Role by role. */
static enum outcome call_all(struct desk_stop_told *out, struct desk_call *calls, bool duty_alone,
                             const struct desk_order *o, const struct record_list *list,
                             struct db *db, struct page *p, struct err *e)
{
    const struct rota_people_out *people = list->p;
    for (size_t from = 0, end; from < list->n; from = end) {
        bool may;
        for (end = from + 1; end < list->n && str_eq(people[end].role, people[from].role); end++)
            ;
        TRY(resolves(&may, db, people[from].role, p->now_us, p->b->arena, e));
        if (may)
            TRY(call_role(out, calls, duty_alone, o, people + from, end - from, db, p, e));
    }
    return OK;
}

/* The people of the stop's site who may resolve it, who is on duty first; of a stop at no one site
 * nobody is named. */
static enum outcome find_calls(struct desk_stop_told *out, struct db *db, struct page *p,
                               const struct desk_order *o, struct err *e)
{
    const struct rota_people_in in = { o->stop.site, p->now_us };
    struct record_list list;
    struct arena *a = p->b->arena;
    struct desk_call *calls = ARENA_ARRAY(a, CALLS_MAX, struct desk_call);
    if (!calls)
        return err_no_memory(e);
    out->calls = calls;
    if (!o->stop.site.p)
        return OK;
    TRY(db_list(db, &sql_rota_people, &in, &list, PEOPLE_MAX, a, e));
    TRY(call_all(out, calls, true, o, &list, db, p, e));
    return call_all(out, calls, false, o, &list, db, p, e);
}

/* Where it stands, and how that place is reached. */
static enum outcome find_where(struct desk_stop_told *out, struct db *db,
                               const struct desk_order *o, struct arena *a, struct err *e)
{
    const struct auth_site_in in = { o->stop.site };
    struct auth_site_out site;
    bool found = false;
    out->where = o->stop.site.p ? auth_site_name(db, o->stop.site, a)
                                : auth_organisation_name(db, o->stop.organisation, a);
    if (o->stop.site.p)
        TRY(db_get(db, &sql_auth_site, &in, &site, a, &found, e));
    if (found) {
        out->phone = site.phone;
        out->phone_later = site.phone_later;
    }
    return OK;
}

enum outcome desk_stop_tell(struct desk_stop_told *out, struct http_request *r, struct db *db,
                            struct page *p, const struct desk_order *o, struct err *e)
{
    *out = (struct desk_stop_told){ 0 };
    out->nexpected = said_all(out->expected, p, o->stop.expected);
    out->nread = said_all(out->read, p, o->stop.read);
    side_by_side(out);
    TRY(find_deviation(out, db, o->id, r->arena, e));
    TRY(find_calls(out, db, p, o, e));
    TRY(stop_involves(db, o->id, o->actor->account, &out->involved, r->arena, e));
    out->may_resolve = !out->involved &&
                       actor_may(o->actor, S("stop.resolve"), o->stop.organisation, o->stop.site);
    return find_where(out, db, o, r->arena, e);
}

/* --- its page --- */

enum outcome desk_stop_show(struct http_request *r, struct db *db, struct page *p,
                            const struct desk_order *o, const struct desk_task_view *task,
                            struct err *e)
{
    struct desk_stop_view v = { .o = *o, .refused = show_refusal(p, r), .task = task };
    TRY(desk_stop_tell(&v.told, r, db, p, o, e));
    page_stop(p, &v);
    return OK;
}

/* As the event said it; unknown when nothing stands, for a program has no page to go on at. */
static enum outcome stop_json(struct http_request *r, const struct desk_order *o, struct err *e)
{
    struct stop_raised raised;
    if (!o->stop.standing)
        return REFUSE(e, "gate.unknown", { "kind", S("stop") });
    record_clear(&stop_raised_record, &raised);
    raised.order = o->id;
    raised.point = o->stop.point;
    raised.safe_state = o->stop.safe_state;
    raised.expected = o->stop.expected;
    raised.read = o->stop.read;
    raised.organisation = o->stop.organisation;
    raised.site = o->stop.site;
    raised.respond_by = o->stop.respond_by;
    return show_row(r, &stop_raised_record, &raised, e);
}

/* Of who watches the order on whatever page, its head alone: whether a stop stands or not. */
static enum outcome head_alone(struct http_request *r, struct db *db, struct page *p,
                               const struct desk_order *o, struct err *e)
{
    struct html head;
    TRY(desk_order_head(&head, r, db, p, o, NULL, e));
    page_put_html(p, head);
    return OK;
}

static enum outcome stop(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_order *o = ARENA_NEW(r->arena, struct desk_order);
    if (!o)
        return err_no_memory(e);
    TRY(desk_order_load(o, r, db, p, http_param(r, "order"), e));
    if (http_wants_json(r))
        return stop_json(r, o, e);
    if (p->fragment)
        return head_alone(r, db, p, o, e);
    if (o->stop.standing)
        return desk_stop_show(r, db, p, o, NULL, e);
    r->answer.status = 303; /* it is resolved: on with the order */
    r->answer.location = arena_printf(r->arena, "/orders/%.*s", STR(o->id));
    r->answer.body = S("");
    return OK;
}

enum http_state desk_get_stop(struct http_request *r)
{
    return show(r, "page.stop.title", stop);
}

enum http_state desk_stop_again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.stop.title", stop, refused);
}
