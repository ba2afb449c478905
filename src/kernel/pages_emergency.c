/* Emergency access: taking it, what stands, one with all that was done under it and its review. */
#include "base/id.h"
#include "gen/kernel/pages/emergencies.html.h"
#include "gen/kernel/pages/emergency.html.h"
#include "gen/kernel/pages/take.html.h"
#include "kernel/ledger.h"
#include "kernel/pages_access.h"
#include "kernel/trail.h"

enum { ROWS_MAX = 200, PLACES_MAX = 200 };

static void state_of(enum show_tone *tone, struct str *text, struct page *p,
                     const struct auth_emergency_list_out *row)
{
    const bool runs = row->ended == TIME_NONE && p->now_us < row->until_us;
    const char *key = runs                                ? "page.emergency.runs"
                      : row->reviewed == TIME_NONE        ? "page.emergency.waits"
                      : str_is(row->verdict, "justified") ? "page.emergency.justified"
                                                          : "page.emergency.not_justified";
    *tone = runs                                ? SHOW_STOP
            : row->reviewed == TIME_NONE        ? SHOW_WARN
            : str_is(row->verdict, "justified") ? SHOW_OK
                                                : SHOW_STOP;
    *text = text_find(p->language, str_z(key));
}

/* --- the list --- */

static enum outcome emergencies(struct http_request *r, struct db *db, struct page *p,
                                struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct auth_emergency_list_in in = { actor->organisation,
                                               show_site(actor, "emergency.see") };
    struct pages_emergencies_view v = { 0 };
    struct record_list list;
    TRY(db_list(db, &sql_auth_emergency_list, &in, &list, ROWS_MAX, r->arena, e));
    const struct auth_emergency_list_out *rows = list.p;
    if (http_wants_json(r))
        return show_rows(r, sql_auth_emergency_list.out, rows, list.n, (struct str){ 0 }, e);
    struct pages_emergency_line *out =
        ARENA_ARRAY(r->arena, list.n + 1, struct pages_emergency_line);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        out[i].row = &rows[i];
        out[i].person = auth_account_name(db, rows[i].account, r->arena);
        out[i].site = auth_site_name(db, rows[i].site, r->arena);
        state_of(&out[i].tone, &out[i].state, p, &rows[i]);
    }
    v.rows = out;
    v.n = list.n;
    page_emergencies(p, &v);
    return OK;
}

enum http_state pages_get_emergencies(struct http_request *r)
{
    return show(r, "page.emergencies.title", emergencies);
}

/* --- one --- */

static bool links_to(const struct event *event, struct str emergency)
{
    for (size_t i = 0; i < event->links.n; i++)
        if (str_is(event->links.p[i].kind, "emergency") && str_eq(event->links.p[i].id, emergency))
            return true;
    return false;
}

/* What was done under it, newest first, by the links of the events. */
static enum outcome acts(struct pages_emergency_view *v, struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    const struct str thing = arena_printf(r->arena, "emergency/%.*s", STR(v->row.emergency));
    int64_t *places = ARENA_ARRAY(r->arena, PLACES_MAX, int64_t);
    struct pages_emergency_act *out = ARENA_ARRAY(r->arena, PLACES_MAX, struct pages_emergency_act);
    size_t n;
    if (!places || !out)
        return err_no_memory(e);
    TRY(trail_places(places, &n, PLACES_MAX, db, thing, r->arena, e));
    v->acts = out;
    v->more = n == PLACES_MAX;
    for (size_t i = 0; i < n; i++) {
        struct ledger_row *row;
        struct event event;
        size_t found;
        TRY(ledger_read(db, places[i], 1, &row, &found, r->arena, e));
        if (found == 0)
            continue;
        TRY(event_read(&event, r->arena, row->leaf, e));
        if (!links_to(&event, v->row.emergency))
            continue;
        const struct str text =
            text_find(p->language, arena_printf(r->arena, "event.%.*s", STR(event.type)));
        out[v->nacts++] =
            (struct pages_emergency_act){ text.p ? text : event.type, event.happened };
    }
    return OK;
}

static enum outcome emergency(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct auth_emergency_in in = { http_param(r, "emergency") };
    struct pages_emergency_view v = { 0 };
    bool found = false;
    if (id_valid(in.emergency))
        TRY(db_get(db, &sql_auth_emergency, &in, &v.row, r->arena, &found, e));
    if (!found || !actor_may(actor, S("emergency.see"), v.row.organisation, v.row.site))
        return REFUSE(e, "gate.unknown", { "kind", S("emergency") });
    if (http_wants_json(r))
        return show_row(r, sql_auth_emergency.out, &v.row, e);
    v.person = auth_account_name(db, v.row.account, r->arena);
    v.site = auth_site_name(db, v.row.site, r->arena);
    v.reason = show_sealed(r, v.row.event, "reason", v.row.reason);
    v.conclusion = show_sealed(r, v.row.review_event, "reason", v.row.conclusion);
    if (v.row.reviewed_by.p)
        v.reviewer = show_person(p, db, v.row.reviewed_by);
    const struct auth_emergency_list_out line = {
        .ended = v.row.ended,
        .until_us = v.row.until_us,
        .reviewed = v.row.reviewed,
        .verdict = v.row.verdict,
    };
    state_of(&v.tone, &v.state, p, &line);
    TRY(acts(&v, r, db, p, e));
    v.may_end = v.row.ended == TIME_NONE &&
                actor_may(actor, S("emergency.end"), v.row.organisation, v.row.site);
    v.may_review = v.row.ended != TIME_NONE && v.row.reviewed == TIME_NONE &&
                   !str_eq(v.row.account, actor->account) &&
                   actor_may(actor, S("emergency.review"), v.row.organisation, v.row.site);
    page_emergency(p, &v);
    return OK;
}

enum http_state pages_get_emergency(struct http_request *r)
{
    return show(r, "page.emergency.title", emergency);
}

/* --- taking it --- */

static enum outcome lent_roles(struct pages_take_view *v, struct db *db, struct page *p,
                               struct arena *arena, struct err *e)
{
    const struct definition *roles;
    size_t n;
    TRY(define_effective(&roles, &n, db, S("role"), p->now_us, arena, e));
    struct pages_lent_role *out = ARENA_ARRAY(arena, n + 1, struct pages_lent_role);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        const struct role *role = roles[i].body;
        if (role->emergency.n > 0)
            out[v->nroles++] =
                (struct pages_lent_role){ roles[i].name, role->emergency_minutes == INT_NONE
                                                             ? AUTH_EMERGENCY_MINUTES_MAX
                                                             : role->emergency_minutes };
    }
    v->roles = out;
    return OK;
}

static enum outcome own_sites(struct pages_take_view *v, struct db *db, struct str organisation,
                              struct arena *arena, struct err *e)
{
    const struct auth_place *all;
    size_t n;
    TRY(auth_places(&all, &n, db, arena, e));
    struct auth_place *out = ARENA_ARRAY(arena, n + 1, struct auth_place);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        if (str_eq(all[i].organisation, organisation))
            out[v->nsites++] = all[i];
    v->sites = out;
    return OK;
}

static enum outcome take(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    struct pages_take_view v = { .here = actor->site };
    const struct auth_emergencies_in in = { actor->account };
    struct record_list list;
    TRY(db_list(db, &sql_auth_emergencies, &in, &list, AUTH_EMERGENCIES_MAX, r->arena, e));
    const struct auth_emergencies_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        if (rows[i].until_us > p->now_us) {
            v.standing = rows[i].emergency;
            v.role = rows[i].role;
            v.site = auth_site_name(db, rows[i].site, r->arena);
            v.until = rows[i].until_us;
        }
    TRY(lent_roles(&v, db, p, r->arena, e));
    TRY(own_sites(&v, db, actor->organisation, r->arena, e));
    page_take(p, &v);
    return OK;
}

enum http_state pages_get_take(struct http_request *r)
{
    return show(r, "page.take.title", take);
}
