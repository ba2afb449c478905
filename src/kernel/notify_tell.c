/* Whom a rung reaches, and the messages that follow from it. */
#include "base/zone.h"
#include "gen/kernel/auth.sql.h"
#include "gen/kernel/define.sql.h"
#include "gen/kernel/flow.sql.h"
#include "kernel/notify_impl.h"
#include "kernel/rota.h"
#include "kernel/text.h"

/* --- whom --- */

static enum outcome add_role(struct load *l, struct notify_raise_state *state,
                             const struct notify_place *place, bool whole, struct str role,
                             struct err *e)
{
    struct record_list list;
    struct notify_role_accounts_in in = {
        .role = role,
        .organisation = place->organisation,
        .site = whole ? (struct str){ 0 } : place->site,
        .now = l->now_us,
    };
    TRY(db_list(l->db, &sql_notify_role_accounts, &in, &list, NOTIFY_TO_MAX, l->arena, e));
    const struct notify_role_accounts_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        state->to[state->nto++] = rows[i].account;
    return OK;
}

/* The person who is meant has the role there, still. */
static enum outcome holds(bool *out, struct load *l, const struct notify_place *place,
                          struct str role, struct err *e)
{
    const struct flow_person_holds_in in = { place->account, role, place->organisation, place->site,
                                             l->now_us };
    struct flow_person_holds_out row;
    return db_get(l->db, &sql_flow_person_holds, &in, &row, l->arena, out, e);
}

/* The person who is meant, else who is on call, else everyone with the role. */
static enum outcome load_to(struct load *l, struct notify_raise_state *state,
                            const struct notify_place *place, struct err *e)
{
    const struct notify_rung *rung = &state->kind->ladder.p[state->rung];
    struct str role = str_is(rung->role, "asked") ? place->role : rung->role;
    const bool whole = str_is(rung->place, "organisation") || !place->site.p;
    struct str on_call = { 0 };
    bool named = false;
    if (!role.p)
        return OK;
    if (place->account.p)
        TRY(holds(&named, l, place, role, e));
    if (named) {
        state->to[state->nto++] = place->account;
        return OK;
    }
    if (!whole)
        TRY(rota_on_call(&on_call, l->db, place->site, role, l->now_us, l->arena, e));
    if (!on_call.p)
        return add_role(l, state, place, whole, role, e);
    state->to[state->nto++] = on_call;
    return OK;
}

static bool has_channel(const struct notify_kind *k, const char *channel)
{
    for (size_t i = 0; i < k->channels.n; i++)
        if (str_is(k->channels.p[i], channel))
            return true;
    return false;
}

static enum outcome load_mailed(struct load *l, struct notify_raise_state *state, struct err *e)
{
    for (size_t i = 0; i < state->nto; i++) {
        struct notify_contact_in in = { state->to[i] };
        struct notify_contact_out row;
        TRY(db_get(l->db, &sql_notify_contact, &in, &row, l->arena, &state->mailed[i], e));
    }
    return OK;
}

/* Partners of the organisation that want this kind. */
static enum outcome load_partners(struct load *l, struct notify_raise_state *state,
                                  struct str organisation, struct str kind, struct err *e)
{
    const struct definition *partners;
    size_t n;
    TRY(define_effective(&partners, &n, l->db, S("partner"), l->now_us, l->arena, e));
    for (size_t i = 0; i < n && state->npartners < NOTIFY_PARTNERS_MAX; i++) {
        const struct partner *p = partners[i].body;
        struct define_last_in in = { S("partner"), partners[i].name };
        struct define_last_out last;
        bool found;
        bool wanted = false;
        for (size_t k = 0; k < p->notifications.n; k++)
            wanted |= str_eq(p->notifications.p[k], kind);
        if (!wanted)
            continue;
        TRY(db_get(l->db, &sql_define_last, &in, &last, l->arena, &found, e));
        if (found && str_eq(last.organisation, organisation))
            state->partners[state->npartners++] = partners[i].name;
    }
    return OK;
}

/* The end of the quiet hours, if it is in them at the site; else TIME_NONE. */
static int64_t quiet_until(const struct notify_kind *k, int64_t now, struct str zone)
{
    int64_t offset;
    if (k->quiet_from_h == INT_NONE || k->quiet_from_h == k->quiet_to_h)
        return TIME_NONE;
    (void)zone_offset(&offset, zone, now); /* unknown: UTC */
    const int64_t of_day = ((now + offset * TIME_SECOND) % TIME_DAY + TIME_DAY) % TIME_DAY;
    const int64_t from = k->quiet_from_h * TIME_HOUR;
    const int64_t to = k->quiet_to_h * TIME_HOUR;
    const bool quiet = from < to ? of_day >= from && of_day < to : of_day >= from || of_day < to;
    if (!quiet)
        return TIME_NONE;
    /* By the clock on the wall: where it is put forward or back in between, an hour sooner or
     * later. */
    const int64_t end = now + (to - of_day + TIME_DAY) % TIME_DAY;
    int64_t then;
    (void)zone_offset(&then, zone, end);
    return end - (then - offset) * TIME_SECOND;
}

static enum outcome site_zone(struct str *out, struct load *l, struct str site, struct err *e)
{
    struct auth_site_in in = { site };
    struct auth_site_out row;
    bool found;
    TRY(db_get(l->db, &sql_auth_site, &in, &row, l->arena, &found, e));
    if (found)
        *out = row.zone;
    return OK;
}

static enum outcome load_quiet(struct load *l, struct notify_raise_state *state, struct str site,
                               struct err *e)
{
    struct str zone = S("UTC");
    if (site.p)
        TRY(site_zone(&zone, l, site, e));
    state->mail_not_before = quiet_until(state->kind, l->now_us, zone);
    return OK;
}

enum outcome notify_load_recipients(struct load *l, struct notify_raise_state *state,
                                    const struct notify_place *place, struct str kind,
                                    struct err *e)
{
    state->mail_not_before = TIME_NONE;
    TRY(load_to(l, state, place, e));
    if (has_channel(state->kind, "mail")) {
        TRY(load_mailed(l, state, e));
        TRY(load_quiet(l, state, place->site, e));
    }
    if (has_channel(state->kind, "webhook"))
        TRY(load_partners(l, state, place->organisation, kind, e));
    size_t messages = state->npartners;
    for (size_t i = 0; i < state->nto; i++)
        messages += state->mailed[i];
    for (size_t i = 0; i < messages; i++)
        TRY(load_message(l, i, e));
    return OK;
}

/* --- what --- */

static enum outcome told_body(struct str *out, struct decision *d, const struct notify_message *m,
                              struct err *e)
{
    struct buf b = buf_in(d->arena, NOTIFY_BODY_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(&notify_message_record, m, &json, NULL, e));
    TRY(buf_check(&b, e));
    *out = buf_get(&b);
    return OK;
}

enum outcome notify_tell(struct decision *d, const struct notify_raise_state *state,
                         const struct notify_told *told, struct err *e)
{
    size_t n = 0;
    struct str words = text_find(S("en"), told->text);
    struct notify_message m = {
        .notification = told->notification,
        .kind = told->kind,
        .urgency = told->urgency,
        .label = told->label,
        .text = words.p ? words : told->text,
        .link = told->link,
        .rung = state->rung,
    };
    struct message_queued message = {
        .kind = S("notification"),
        .about = told->about,
        .organisation = told->organisation,
        .site = told->site,
        .not_before = TIME_NONE,
    };
    for (size_t i = 0; i < state->npartners; i++) {
        message.partner = state->partners[i];
        TRY(told_body(&message.body, d, &m, e));
        outbox_queue(d, n++, &message);
    }
    for (size_t i = 0; i < state->nto; i++) {
        struct stream own = stream_of("account", state->to[i]);
        if (!state->mailed[i])
            continue;
        m.account = state->to[i];
        message.partner = S("mail");
        message.about = arena_str(d->arena, stream_str(&own)); /* one mailbox waits for no other */
        message.not_before = state->mail_not_before;
        TRY(told_body(&message.body, d, &m, e));
        outbox_queue(d, n++, &message);
    }
    return OK;
}
