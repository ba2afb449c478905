/* Emergency access: taking it, what stands, one with all that was done under it and its review. */
#include "base/id.h"
#include "gen/kernel/pages/emergencies.html.h"
#include "gen/kernel/pages/emergency.html.h"
#include "gen/kernel/pages/emergency_judged.html.h"
#include "gen/kernel/pages/take.html.h"
#include "kernel/ledger.h"
#include "kernel/pages_access.h"

enum { ROWS_MAX = 200, ACT_ARENA_MAX = 4 << 20, JUDGED_MAX = 512 << 10 };

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

/* Of the event at a place in the log: what it is called, and when it happened. */
static enum outcome act_read(struct pages_emergency_act *out, struct db *db, struct page *p,
                             int64_t at, struct arena *scratch, struct err *e)
{
    struct ledger_row *row;
    struct event event;
    size_t n;
    TRY(ledger_read(db, at, 1, &row, &n, scratch, e));
    if (n == 0 || row->sequence != at)
        return err_fault(e, "ledger.damaged", "no event at %lld", (long long)at);
    TRY(event_read(&event, scratch, row->leaf, e));
    const struct str text =
        text_find(p->language, arena_printf(scratch, "event.%.*s", STR(event.type)));
    out->what = text.p ? text : arena_str(p->b->arena, event.type);
    out->at = event.happened;
    return OK;
}

static enum outcome acts(struct pages_emergency_acts *v, struct http_request *r, struct db *db,
                         struct page *p, struct str emergency, struct err *e)
{
    struct auth_acts found;
    TRY(auth_acts_of(&found, db, emergency, r->arena, e));
    struct pages_emergency_act *out =
        ARENA_ARRAY(r->arena, found.n + 1, struct pages_emergency_act);
    struct arena *scratch = arena_new(ACT_ARENA_MAX);
    enum outcome o = out && scratch ? OK : err_no_memory(e);
    for (size_t i = 0; o == OK && i < found.n; i++) {
        arena_reset(scratch);
        o = act_read(&out[i], db, p, found.p[i].at, scratch, e);
    }
    arena_free(scratch);
    *v = (struct pages_emergency_acts){ out, found.n, found.all > (int64_t)found.n };
    return o;
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
    TRY(acts(&v.acts, r, db, p, v.row.emergency, e));
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
    TRY(auth_places(&v.sites, &v.nsites, db, actor->organisation, r->arena, e));
    page_take(p, &v);
    return OK;
}

enum http_state pages_get_take(struct http_request *r)
{
    return show(r, "page.take.title", take);
}

/* --- what its reviewer signs --- */

enum outcome pages_emergency_judged(struct html *out, struct page *p, struct http_request *r,
                                    struct db *db, const struct sign_asked *asked, struct err *e)
{
    struct pages_emergency_judged_view v = { 0 };
    struct auth_emergency_out row = { 0 };
    const struct json *object;
    bool found;
    TRY(json_read(&object, r->arena, asked->content, &json_limits_default, e));
    TRY(record_from_json(&auth_emergency_judged_record, &v.what, r->arena, object, e));
    const struct auth_emergency_in in = { v.what.emergency };
    TRY(db_get(db, &sql_auth_emergency, &in, &row, r->arena, &found, e));
    v.person = auth_account_name(db, v.what.account, r->arena);
    v.site = auth_site_name(db, v.what.site, r->arena);
    v.reason = show_sealed(r, row.event, "reason", row.reason);
    TRY(acts(&v.acts, r, db, p, v.what.emergency, e));
    struct page part = *p;
    struct buf b = buf_in(r->arena, JUDGED_MAX);
    part.b = &b;
    page_emergency_judged(&part, &v);
    TRY(buf_check(&b, e));
    out->markup = buf_get(&b);
    return OK;
}
