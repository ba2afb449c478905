/* The review as events and rows. */
#include "kernel/access_review.h"

#include "gen/kernel/access_review_schema.sql.h"
#include "kernel/auth.h"
#include "kernel/notify.h"
#include "kernel/pages_review.h"
#include "kernel/sign_pages.h"
#include "kernel/timer.h"

#define EVENTS   "kernel/access_review_events.def"
#define COMMANDS "kernel/access_review_commands.def"
#include "kernel/wire.h"

static void happened(struct decision *d, struct str organisation, const struct event_type *type,
                     const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("access_review", organisation),
                        .type = type,
                        .payload = payload,
                    });
}

static enum outcome review_load(struct load *l, struct str organisation,
                                struct access_review_state *state, struct err *e)
{
    const struct access_review_find_in in = { organisation };
    state->organisation = organisation;
    TRY(load_stream(l, stream_of("access_review", organisation), NULL, e));
    return db_get(l->db, &sql_access_review_find, &in, &state->row, l->arena, &state->found, e);
}

/* Of the actor's own organisation. */
static enum outcome own_load(struct load *l, struct access_review_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_own_scope(l);
    return review_load(l, l->command->actor->organisation, state, e);
}

static enum outcome refuse_closed(const struct access_review_state *state, struct err *e)
{
    return state->found && state->row.opened != TIME_NONE ? OK
                                                          : REFUSE(e, "access_review.not_open");
}

/* --- plan --- */

enum outcome access_review_plan_load(struct load *l, const struct access_review_plan *body,
                                     struct access_review_state *state, struct err *e)
{
    (void)body;
    return own_load(l, state, e);
}

enum outcome access_review_plan_decide(struct decision *d, const struct access_review_plan *body,
                                       const struct access_review_state *state, struct err *e)
{
    const int64_t last = d->now_us + ACCESS_REVIEW_DAYS_MAX * TIME_DAY;
    if (body->due <= d->now_us || body->due > last || body->every_days < 1 ||
        body->every_days > ACCESS_REVIEW_DAYS_MAX)
        return REFUSE(e, "access_review.dates");
    const struct access_review_planned payload = { state->organisation, body->due,
                                                   body->every_days };
    happened(d, state->organisation, &access_review_planned_event, &payload);
    return OK;
}

/* --- judge --- */

enum outcome access_review_judge_load(struct load *l, const struct access_review_judge *body,
                                      struct access_review_state *state, struct err *e)
{
    const struct str organisation = l->command->actor->organisation;
    const struct access_review_held_in in = { body->account, body->role,    organisation,
                                              body->site,    body->product, l->now_us };
    struct access_review_held_out held;
    load_kind(l, "account");
    load_own_scope(l);
    TRY(review_load(l, organisation, state, e));
    TRY(db_get(l->db, &sql_access_review_held, &in, &held, l->arena, &state->held, e));
    if (!state->held)
        return load_unknown(l, e);
    return load_stream(l, stream_of("account", body->account), NULL, e);
}

enum outcome access_review_judge_decide(struct decision *d, const struct access_review_judge *body,
                                        const struct access_review_state *state, struct err *e)
{
    TRY(refuse_closed(state, e));
    if (str_eq(d->command->actor->account, body->account))
        return REFUSE(e, "auth.own_rights");
    if (!body->keep && str_trim(d->command->reason).n == 0)
        return REFUSE(e, "gate.reason_needed", { "command", d->command->name });
    const struct access_review_judged payload = {
        .organisation = state->organisation,
        .due = state->row.due,
        .account = body->account,
        .role = body->role,
        .site = body->site,
        .product = body->product,
        .keep = body->keep,
    };
    happened(d, state->organisation, &access_review_judged_event, &payload);
    if (body->keep)
        return OK;
    const struct auth_role_taken taken = { body->account, body->role, state->organisation,
                                           body->site, body->product };
    decide_event(d, &(struct happening){
                        .stream = stream_of("account", body->account),
                        .type = &auth_role_taken_event,
                        .payload = &taken,
                    });
    return OK;
}

/* --- sign --- */

enum outcome access_review_sign_load(struct load *l, const struct access_review_sign *body,
                                     struct access_review_state *state, struct err *e)
{
    TRY(own_load(l, state, e));
    const struct access_review_unjudged_in in = { state->organisation, body->due, l->now_us };
    const struct access_review_counts_in counts = { state->organisation, body->due };
    struct access_review_unjudged_out left;
    bool found;
    TRY(db_get(l->db, &sql_access_review_unjudged, &in, &left, l->arena, &found, e));
    state->unjudged = left.n;
    return db_get(l->db, &sql_access_review_counts, &counts, &state->counts, l->arena, &found, e);
}

enum outcome access_review_sign_shown(struct load *l, const struct access_review_sign *body,
                                      const struct access_review_state *state,
                                      struct sign_what *out, struct err *e)
{
    const struct access_review_verdicts_in in = { state->organisation, body->due };
    struct record_list list;
    TRY(refuse_closed(state, e));
    TRY(db_list(l->db, &sql_access_review_verdicts, &in, &list, ACCESS_REVIEW_RIGHTS_MAX + 1,
                l->arena, e));
    if (list.n > ACCESS_REVIEW_RIGHTS_MAX)
        return REFUSE(e, "access_review.too_many", { "max", S("300") });
    const struct access_review_verdicts_out *row = list.p;
    struct access_review_line *lines = ARENA_ARRAY(l->arena, list.n + 1, struct access_review_line);
    if (!lines)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++)
        lines[i] = (struct access_review_line){ row[i].account, row[i].role, row[i].site,
                                                row[i].product, row[i].keep };
    const struct access_review_content content = {
        .organisation = state->organisation,
        .due = body->due,
        .kept = state->counts.kept,
        .removed = state->counts.removed,
        .rights = { lines, list.n },
    };
    TRY(sign_what_record(out, &access_review_content_record, &content, l->arena, e));
    out->kind = S("access_review");
    out->id = state->organisation;
    out->meaning = S("reviewed");
    return OK;
}

enum outcome access_review_sign_decide(struct decision *d, const struct access_review_sign *body,
                                       const struct access_review_state *state, struct err *e)
{
    TRY(refuse_closed(state, e));
    if (body->due != state->row.due)
        return REFUSE(e, "access_review.other_round");
    if (state->unjudged > 0) {
        char text[24];
        struct buf b = buf_over(text, sizeof text);
        buf_printf(&b, "%lld", (long long)state->unjudged);
        return REFUSE(e, "access_review.unjudged", { "n", buf_get(&b) });
    }
    const struct access_review_signed payload = {
        .organisation = state->organisation,
        .due = state->row.due,
        .kept = state->counts.kept,
        .removed = state->counts.removed,
        .next = (d->now_us > state->row.due ? d->now_us : state->row.due) +
                state->row.every_days * TIME_DAY,
    };
    happened(d, state->organisation, &access_review_signed_event, &payload);
    return OK;
}

/* --- by timers --- */

static enum outcome timer_load(struct load *l, struct str organisation,
                               struct access_review_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_scope(l, organisation, (struct str){ 0 });
    return review_load(l, organisation, state, e);
}

enum outcome access_review_open_load(struct load *l, const struct access_review_open *body,
                                     struct access_review_state *state, struct err *e)
{
    return timer_load(l, body->organisation, state, e);
}

enum outcome access_review_open_decide(struct decision *d, const struct access_review_open *body,
                                       const struct access_review_state *state, struct err *e)
{
    if (!d->command->actor->system)
        return REFUSE(e, "auth.program_only");
    if (!state->found || state->row.due != body->due || state->row.opened != TIME_NONE)
        return OK; /* planned anew meanwhile */
    const struct access_review_opened payload = { body->organisation, body->due };
    happened(d, body->organisation, &access_review_opened_event, &payload);
    return OK;
}

enum outcome access_review_note_overdue_load(struct load *l,
                                             const struct access_review_note_overdue *body,
                                             struct access_review_state *state, struct err *e)
{
    return timer_load(l, body->organisation, state, e);
}

enum outcome access_review_note_overdue_decide(struct decision *d,
                                               const struct access_review_note_overdue *body,
                                               const struct access_review_state *state,
                                               struct err *e)
{
    if (!d->command->actor->system)
        return REFUSE(e, "auth.program_only");
    if (!state->found || state->row.due != body->due || state->row.overdue)
        return OK; /* signed, or planned anew, meanwhile */
    const struct access_review_overdue payload = { body->organisation, body->due };
    happened(d, body->organisation, &access_review_overdue_event, &payload);
    return OK;
}

/* --- rows --- */

static enum outcome timers(struct db *db, const struct event *event, struct str organisation,
                           int64_t due, struct err *e)
{
    char time[CLOCK_TEXT_LENGTH + 1];
    char text[160];
    struct buf t = buf_over(time, sizeof time);
    struct buf body = buf_over(text, sizeof text);
    clock_write(&t, due);
    buf_printf(&body, "{\"organisation\":\"%.*s\",\"due\":\"%.*s\"}", STR(organisation),
               STR(buf_get(&t)));
    TRY(timer_set(db, event->stream, S("open"), due - ACCESS_REVIEW_LEAD_US,
                  S("access_review.open"), buf_get(&body), e));
    return timer_set(db, event->stream, S("overdue"), due, S("access_review.note_overdue"),
                     buf_get(&body), e);
}

enum outcome access_review_planned_apply(struct db *db, const struct event *event,
                                         const struct access_review_planned *payload, struct err *e)
{
    const struct access_review_plan_in in = { payload->organisation, payload->due,
                                              payload->every_days };
    TRY(db_run(db, &sql_access_review_plan, &in, NULL, e));
    return timers(db, event, payload->organisation, payload->due, e);
}

enum outcome access_review_opened_apply(struct db *db, const struct event *event,
                                        const struct access_review_opened *payload, struct err *e)
{
    const struct access_review_open_in in = { payload->organisation, event->recorded };
    TRY(timer_clear(db, event->stream, S("open"), e));
    return db_run(db, &sql_access_review_open, &in, NULL, e);
}

enum outcome access_review_overdue_apply(struct db *db, const struct event *event,
                                         const struct access_review_overdue *payload, struct err *e)
{
    const struct access_review_overdue_in in = { payload->organisation };
    TRY(timer_clear(db, event->stream, S("overdue"), e));
    return db_run(db, &sql_access_review_overdue, &in, NULL, e);
}

enum outcome access_review_judged_apply(struct db *db, const struct event *event,
                                        const struct access_review_judged *payload, struct err *e)
{
    const struct access_review_judge_in in = {
        .organisation = payload->organisation,
        .due = payload->due,
        .account = payload->account,
        .role = payload->role,
        .site = payload->site,
        .product = payload->product,
        .keep = payload->keep,
        .judged = event->recorded,
        .judged_by = event->actor,
    };
    return db_run(db, &sql_access_review_judge, &in, NULL, e);
}

enum outcome access_review_signed_apply(struct db *db, const struct event *event,
                                        const struct access_review_signed *payload, struct err *e)
{
    const struct access_review_sign_in in = { payload->organisation, payload->next, event->recorded,
                                              event->actor };
    TRY(db_run(db, &sql_access_review_sign, &in, NULL, e));
    return timers(db, event, payload->organisation, payload->next, e);
}

/* --- who is told --- */

static enum outcome raise(const char *kind, struct str organisation, struct db *db,
                          const struct event *event, struct policy_send *out, bool *send,
                          struct arena *arena, struct err *e)
{
    const struct notify_raise body = {
        .kind = str_z(kind),
        .cause = arena_printf(arena, "%s/%.*s", kind, STR(event->id)),
        .about = event->stream,
        .label = notify_short(organisation, arena),
        .link = S("/access/review"),
        .organisation = organisation,
    };
    return notify_policy_raise(out, send, db, event, &body, arena, e);
}

static enum outcome on_opened(struct db *db, const struct event *event, const void *payload,
                              struct policy_send *out, bool *send, struct arena *arena,
                              struct err *e)
{
    const struct access_review_opened *opened = payload;
    return raise("access_review_due", opened->organisation, db, event, out, send, arena, e);
}

static enum outcome on_overdue(struct db *db, const struct event *event, const void *payload,
                               struct policy_send *out, bool *send, struct arena *arena,
                               struct err *e)
{
    const struct access_review_overdue *overdue = payload;
    return raise("access_review_overdue", overdue->organisation, db, event, out, send, arena, e);
}

static enum outcome on_over(struct db *db, const struct event *event, const void *payload,
                            struct policy_send *out, bool *send, struct arena *arena, struct err *e)
{
    (void)payload;
    const struct notify_end body = { .about = event->stream };
    return notify_policy_end(out, send, db, &body, arena, e);
}

static const struct policy module_policies[] = {
    { "access_review.opened", &access_review_opened_event, on_opened },
    { "access_review.overdue", &access_review_overdue_event, on_overdue },
    { "access_review.signed", &access_review_signed_event, on_over },
    { "access_review.planned", &access_review_planned_event, on_over },
};

static const struct route module_routes[] = {
    ROUTE("GET", "/access/review", "access.see", 0, pages_get_review, "help.access_review",
          .rows = &access_review_list_out_record),
};

static const struct sign_view module_signs[] = {
    { "access_review.sign", pages_review_signed, NULL },
};

const struct module access_review_module = {
    .name = "access_review",
    MODULE_ARRAY(signs),
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(policies),
    MODULE_ARRAY(routes),
    .schema = &access_review_schema,
};
