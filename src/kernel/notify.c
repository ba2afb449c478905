/* Notifications as events and rows: raised, told rung by rung, acknowledged, ended. */
#include "kernel/notify_impl.h"

#include "base/id.h"
#include "gen/kernel/notify_schema.sql.h"
#include "kernel/timer.h"

#define EVENTS   "kernel/notify_events.def"
#define COMMANDS "kernel/notify_commands.def"
#include "kernel/wire.h"
#define RECORDS "kernel/notify_kind.def"
#include "base/record_tables.h"
#undef RECORDS

static const struct define_kind *const module_kinds[] = { &notify_kind_kind };

const struct module notify_module = {
    .name = "notify",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(kinds),
    .policies = notify_policies,
    .npolicies = NOTIFY_POLICIES,
    .schema = &notify_schema,
};

/* --- kinds --- */

static bool word_of(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(word, words[i]))
            return true;
    return false;
}

static enum outcome kind_check(const struct define_context *context, const void *body,
                               struct err *e)
{
    static const char *const urgencies[] = { "critical", "high", "normal" };
    static const char *const channels[] = { "mail", "webhook", "page" };
    static const char *const places[] = { "site", "organisation" };
    (void)context;
    const struct notify_kind *k = body;
    if (!word_of(k->urgency, urgencies, 3))
        return REFUSE(e, "notification.urgency", { "at", S("urgency") });
    for (size_t i = 0; i < k->channels.n; i++)
        if (!word_of(k->channels.p[i], channels, 3))
            return REFUSE(e, "notification.channel", { "at", S("channels") });
    for (size_t i = 0; i < k->ladder.n; i++) {
        const struct notify_rung *r = &k->ladder.p[i];
        const int64_t before = i > 0 ? r[-1].after_min : -1;
        if (r->after_min <= before || (i == 0 && r->after_min != 0) || r->after_min > 43200 ||
            (r->place.p && !word_of(r->place, places, 2)))
            return REFUSE(e, "notification.ladder", { "at", S("ladder") });
    }
    const bool hours = k->quiet_from_h != INT_NONE || k->quiet_to_h != INT_NONE;
    if (hours && (k->quiet_from_h < 0 || k->quiet_from_h > 23 || k->quiet_to_h < 0 ||
                  k->quiet_to_h > 23 || str_is(k->urgency, "critical")))
        return REFUSE(e, "notification.quiet", { "at", S("quiet_from_h") });
    if (k->repeats != INT_NONE && (k->repeats < 0 || k->repeats > 100 || k->repeat_min < 1))
        return REFUSE(e, "notification.repeat", { "at", S("repeats") });
    return OK;
}

const struct define_kind notify_kind_kind = {
    .name = "notification",
    .shape = &notify_kind_record,
    .check = kind_check,
};

struct id notify_id(struct str kind, struct str cause)
{
    return id_derive(cause, kind, 0);
}

/* --- telling --- */

static void notify_says(struct decision *d, const struct event_type *type, struct str id,
                        struct str about, const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("notification", id),
                        .type = type,
                        .payload = payload,
                        .key = about,
                    });
}

/* When the rung after this one is told: after the ladder's end the last one again. */
static int64_t next_rung(const struct notify_kind *k, int64_t raised, int64_t now, int64_t rung,
                         int64_t repeats)
{
    if ((size_t)rung + 1 < k->ladder.n) {
        const int64_t at = raised + k->ladder.p[rung + 1].after_min * TIME_MINUTE;
        return at > now ? at : now;
    }
    if (k->repeats == INT_NONE || repeats >= k->repeats)
        return TIME_NONE;
    return now + k->repeat_min * TIME_MINUTE;
}

static void to_list(struct decision *d, const struct notify_raise_state *s,
                    const struct notify_to **p, size_t *n)
{
    struct notify_to *to = ARENA_ARRAY(d->arena, s->nto + 1, struct notify_to);
    *n = to ? s->nto : 0;
    for (size_t i = 0; i < *n; i++)
        to[i].account = s->to[i];
    *p = to;
}

/* --- raise --- */

enum outcome notify_raise_load(struct load *l, const struct notify_raise *body,
                               struct notify_raise_state *state, struct err *e)
{
    const struct id id = notify_id(body->kind, body->cause);
    struct definition kind;
    load_scope(l, body->organisation, body->site);
    state->notification = arena_str(l->arena, id_str(&id));
    TRY(load_stream(l, stream_of("notification", state->notification), NULL, e));
    TRY(define_find(&kind, l->db, S("notification"), body->kind, 0, l->now_us, l->arena,
                    &state->kind_found, e));
    struct notify_find_in in = { state->notification };
    TRY(db_get(l->db, &sql_notify_find, &in, &state->row, l->arena, &state->found, e));
    state->standing = state->found && !str_is(state->row.state, "ended");
    if (!state->kind_found || state->standing)
        return OK;
    state->kind = kind.body;
    state->version = kind.version;
    const struct notify_place place = { body->organisation, body->site, body->role, body->account };
    return notify_load_recipients(l, state, &place, body->kind, e);
}

enum outcome notify_raise_decide(struct decision *d, const struct notify_raise *body,
                                 const struct notify_raise_state *state, struct err *e)
{
    if (!state->kind_found)
        return REFUSE(e, "notification.unknown_kind", { "kind", body->kind });
    struct notify_made answer = { state->notification };
    decide_answer(d, &notify_made_record, &answer);
    if (state->standing)
        return OK;
    struct stream own = stream_of("notification", state->notification);
    struct notify_raised payload = {
        .notification = state->notification,
        .kind = body->kind,
        .version = state->version,
        .cause = body->cause,
        .about = body->about.p ? body->about : arena_str(d->arena, stream_str(&own)),
        .label = body->label,
        .link = body->link,
        .organisation = body->organisation,
        .site = body->site,
        .role = body->role,
        .urgency = state->kind->urgency,
        .text = state->kind->text,
        .next = next_rung(state->kind, d->now_us, d->now_us, 0, 0),
    };
    to_list(d, state, &payload.to.p, &payload.to.n);
    notify_says(d, &notify_raised_event, state->notification, payload.about, &payload);
    const struct notify_told told = {
        .notification = payload.notification,
        .kind = payload.kind,
        .urgency = payload.urgency,
        .label = payload.label,
        .link = payload.link,
        .text = payload.text,
        .about = payload.about,
        .organisation = payload.organisation,
        .site = payload.site,
    };
    return notify_tell(d, state, &told, e);
}

/* --- escalate --- */

enum outcome notify_escalate_load(struct load *l, const struct notify_escalate *body,
                                  struct notify_raise_state *state, struct err *e)
{
    struct definition kind;
    struct notify_find_in in = { body->notification };
    load_kind(l, "notification");
    if (!l->command->actor->system)
        return load_unknown(l, e); /* its timer says so */
    TRY(load_stream(l, stream_of("notification", body->notification), NULL, e));
    TRY(db_get(l->db, &sql_notify_find, &in, &state->row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    const struct notify_find_out *n = &state->row;
    load_scope(l, n->organisation, n->site);
    state->notification = body->notification;
    state->standing = str_is(n->state, "standing");
    TRY(define_find(&kind, l->db, S("notification"), n->kind, n->version, l->now_us, l->arena,
                    &state->kind_found, e));
    if (!state->standing || !state->kind_found)
        return OK;
    state->kind = kind.body;
    const bool last = (size_t)n->rung + 1 >= state->kind->ladder.n;
    state->rung = last ? n->rung : n->rung + 1;
    state->repeats = last ? n->repeats + 1 : n->repeats;
    const struct notify_place place = { n->organisation, n->site, n->role, { NULL, 0 } };
    return notify_load_recipients(l, state, &place, n->kind, e);
}

enum outcome notify_escalate_decide(struct decision *d, const struct notify_escalate *body,
                                    const struct notify_raise_state *state, struct err *e)
{
    const struct notify_find_out *n = &state->row;
    if (!state->standing || !state->kind_found)
        return REFUSE(e, "notification.over", { "state", n->state });
    struct notify_escalated payload = {
        .notification = body->notification,
        .rung = state->rung,
        .repeats = state->repeats,
        .next = next_rung(state->kind, n->raised, d->now_us, state->rung, state->repeats),
    };
    to_list(d, state, &payload.to.p, &payload.to.n);
    notify_says(d, &notify_escalated_event, body->notification, n->about, &payload);
    const struct notify_told told = {
        .notification = n->notification,
        .kind = n->kind,
        .urgency = n->urgency,
        .label = n->label,
        .link = n->link,
        .text = n->text,
        .about = n->about,
        .organisation = n->organisation,
        .site = n->site,
    };
    return notify_tell(d, state, &told, e);
}

/* --- acknowledge, end --- */

enum outcome notify_acknowledge_load(struct load *l, const struct notify_acknowledge *body,
                                     struct notify_state *state, struct err *e)
{
    bool found;
    struct notify_find_in in = { body->notification };
    load_kind(l, "notification");
    TRY(load_stream(l, stream_of("notification", body->notification), NULL, e));
    TRY(db_get(l->db, &sql_notify_find, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_scope(l, state->row.organisation, (struct str){ 0 });
    return OK;
}

enum outcome notify_acknowledge_decide(struct decision *d, const struct notify_acknowledge *body,
                                       const struct notify_state *state, struct err *e)
{
    if (!str_is(state->row.state, "standing") || !d->command->actor->account.p)
        return REFUSE(e, "notification.over", { "state", state->row.state });
    struct notify_acknowledged payload = { body->notification, d->command->actor->account };
    notify_says(d, &notify_acknowledged_event, body->notification, state->row.about, &payload);
    return OK;
}

static enum outcome end_one(struct load *l, struct notify_end_state *state, struct str id,
                            struct err *e)
{
    bool found;
    struct notify_find_out row;
    struct notify_find_in in = { id };
    TRY(load_stream(l, stream_of("notification", id), NULL, e));
    TRY(db_get(l->db, &sql_notify_find, &in, &row, l->arena, &found, e));
    if (!found || str_is(row.state, "ended"))
        return OK;
    state->ids[state->n] = id;
    state->about[state->n++] = row.about;
    return OK;
}

enum outcome notify_end_load(struct load *l, const struct notify_end *body,
                             struct notify_end_state *state, struct err *e)
{
    load_kind(l, "notification");
    if (!l->command->actor->system)
        return load_unknown(l, e); /* people acknowledge */
    load_own_scope(l);
    if (body->kind.p && body->cause.p) {
        const struct id id = notify_id(body->kind, body->cause);
        return end_one(l, state, arena_str(l->arena, id_str(&id)), e);
    }
    struct record_list list;
    struct notify_about_in in = { body->about, body->beneath };
    TRY(db_list(l->db, &sql_notify_about, &in, &list, NOTIFY_ABOUT_MAX, l->arena, e));
    const struct notify_about_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        TRY(end_one(l, state, rows[i].notification, e));
    return OK;
}

enum outcome notify_end_decide(struct decision *d, const struct notify_end *body,
                               const struct notify_end_state *state, struct err *e)
{
    (void)body;
    (void)e;
    for (size_t i = 0; i < state->n; i++) {
        struct notify_ended payload = { state->ids[i] };
        notify_says(d, &notify_ended_event, state->ids[i], state->about[i], &payload);
    }
    return OK;
}

/* --- contact.set --- */

enum outcome notify_contact_load(struct load *l, const struct notify_contact *body,
                                 struct notify_contact_state *state, struct err *e)
{
    const struct actor *a = l->command->actor;
    struct notify_contact_in in = { body->account };
    struct notify_contact_out row;
    load_kind(l, "account");
    if (!a->system &&
        !str_eq(a->account, body->account)) /* an address is set by the person alone */
        return load_unknown(l, e);
    load_own_scope(l);
    load_subject(l, body->account);
    TRY(load_stream(l, stream_of("contact", body->account), NULL, e));
    return db_get(l->db, &sql_notify_contact, &in, &row, l->arena, &state->had, e);
}

/* An address that fits into a header and an envelope: one @, no blank, no bracket, ASCII. */
static bool mail_address(struct str s)
{
    size_t ats = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] >= 127 || strchr("<>,;:\\\"()[]", s.p[i]))
            return false;
        ats += s.p[i] == '@';
    }
    return ats == 1 && s.p[0] != '@' && s.p[s.n - 1] != '@';
}

enum outcome notify_contact_decide(struct decision *d, const struct notify_contact *body,
                                   const struct notify_contact_state *state, struct err *e)
{
    if (body->mail.n > 0 && !mail_address(body->mail))
        return REFUSE(e, "contact.malformed");
    if (body->mail.n == 0 && !state->had)
        return OK;
    struct notify_contact_set payload = { body->account, body->mail };
    decide_event(d, &(struct happening){
                        .stream = stream_of("contact", body->account),
                        .type = &notify_contact_set_event,
                        .payload = &payload,
                    });
    return OK;
}

/* --- rows --- */

static enum outcome told_apply(struct db *db, const struct event *event, struct str notification,
                               int64_t rung, const struct notify_to *to, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct notify_tell_in in = { notification, to[i].account, rung, event->recorded };
        TRY(db_run(db, &sql_notify_tell, &in, NULL, e));
    }
    return OK;
}

static enum outcome timer_apply(struct db *db, const struct event *event, struct str notification,
                                int64_t next, struct err *e)
{
    char text[80];
    struct buf body = buf_over(text, sizeof text);
    if (next == TIME_NONE)
        return timer_clear(db, event->stream, S("escalate"), e);
    buf_printf(&body, "{\"notification\":\"%.*s\"}", STR(notification));
    return timer_set(db, event->stream, S("escalate"), next, S("notification.escalate"),
                     buf_get(&body), e);
}

enum outcome notify_raised_apply(struct db *db, const struct event *event,
                                 const struct notify_raised *payload, struct err *e)
{
    struct notify_raise_in in = {
        .notification = payload->notification,
        .kind = payload->kind,
        .version = payload->version,
        .cause = payload->cause,
        .about = payload->about,
        .label = payload->label,
        .link = payload->link,
        .organisation = payload->organisation,
        .site = payload->site,
        .role = payload->role,
        .urgency = payload->urgency,
        .text = payload->text,
        .raised = event->recorded,
        .next = payload->next,
    };
    struct notify_untell_in before = { payload->notification };
    TRY(db_run(db, &sql_notify_raise, &in, NULL, e));
    TRY(db_run(db, &sql_notify_untell, &before, NULL, e));
    TRY(told_apply(db, event, payload->notification, 0, payload->to.p, payload->to.n, e));
    return timer_apply(db, event, payload->notification, payload->next, e);
}

enum outcome notify_escalated_apply(struct db *db, const struct event *event,
                                    const struct notify_escalated *payload, struct err *e)
{
    struct notify_escalate_in in = { payload->notification, payload->rung, payload->repeats,
                                     payload->next };
    TRY(db_run(db, &sql_notify_escalate, &in, NULL, e));
    TRY(told_apply(db, event, payload->notification, payload->rung, payload->to.p, payload->to.n,
                   e));
    return timer_apply(db, event, payload->notification, payload->next, e);
}

enum outcome notify_acknowledged_apply(struct db *db, const struct event *event,
                                       const struct notify_acknowledged *payload, struct err *e)
{
    struct notify_acknowledge_in in = { payload->notification, event->recorded, payload->by };
    TRY(db_run(db, &sql_notify_acknowledge, &in, NULL, e));
    return timer_apply(db, event, payload->notification, TIME_NONE, e);
}

enum outcome notify_ended_apply(struct db *db, const struct event *event,
                                const struct notify_ended *payload, struct err *e)
{
    struct notify_end_in in = { payload->notification, event->recorded };
    TRY(db_run(db, &sql_notify_end, &in, NULL, e));
    return timer_apply(db, event, payload->notification, TIME_NONE, e);
}

enum outcome notify_contact_set_apply(struct db *db, const struct event *event,
                                      const struct notify_contact_set *payload, struct err *e)
{
    struct notify_contact_set_in in = { payload->account, payload->mail, event->id };
    struct notify_contact_drop_in none = { payload->account };
    return payload->mail.p ? db_run(db, &sql_notify_contact_set, &in, NULL, e)
                           : db_run(db, &sql_notify_contact_drop, &none, NULL, e);
}
