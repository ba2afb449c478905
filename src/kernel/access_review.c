/* The review: what is decided in it, and who is told. */
#include "kernel/access_review.h"

#include "gen/kernel/access_review_schema.sql.h"
#include "kernel/auth.h"
#include "kernel/notify.h"
#include "kernel/pages_review.h"
#include "kernel/sign_act.h"
#include "kernel/sign_pages.h"

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

/* Of the whole of the actor's own organisation. */
static enum outcome own_load(struct load *l, struct access_review_state *state, struct err *e)
{
    load_kind(l, "organisation");
    load_scope(l, l->command->actor->organisation, (struct str){ 0 });
    return review_load(l, l->command->actor->organisation, state, e);
}

static enum outcome counts_load(struct load *l, struct access_review_state *state, struct err *e)
{
    const struct access_review_counts_in in = { state->organisation, state->row.due };
    bool found;
    return db_get(l->db, &sql_access_review_counts, &in, &state->counts, l->arena, &found, e);
}

static struct str number(struct arena *arena, int64_t n)
{
    return arena_printf(arena, "%lld", (long long)n);
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
    TRY(own_load(l, state, e));
    return counts_load(l, state, e);
}

enum outcome access_review_plan_decide(struct decision *d, const struct access_review_plan *body,
                                       const struct access_review_state *state, struct err *e)
{
    const int64_t last = d->now_us + ACCESS_REVIEW_DAYS_MAX * TIME_DAY;
    if (body->due <= d->now_us || body->due > last || body->every_days < 1 ||
        body->every_days > ACCESS_REVIEW_DAYS_MAX)
        return REFUSE(e, "access_review.dates");
    if (state->found && state->row.last_void)
        return REFUSE(e, "access_review.due_at_once");
    const int64_t said = state->counts.kept + state->counts.removed;
    if (state->found && state->row.opened != TIME_NONE && said > 0)
        return REFUSE(e, "access_review.begun", { "n", number(d->arena, said) });
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
    load_scope(l, organisation, body->site);
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

/* As many as a signature is over, and no person in two; one who has more alone is cut. */
static size_t part_size(const struct access_review_verdicts_out *row, size_t n)
{
    if (n <= ACCESS_REVIEW_RIGHTS_MAX)
        return n;
    size_t whole = ACCESS_REVIEW_RIGHTS_MAX;
    while (whole > 0 && str_eq(row[whole - 1].account, row[ACCESS_REVIEW_RIGHTS_MAX].account))
        whole--;
    return whole > 0 ? whole : ACCESS_REVIEW_RIGHTS_MAX;
}

static enum outcome part_load(struct load *l, struct access_review_state *state, struct err *e)
{
    const struct access_review_verdicts_in in = { state->organisation, state->row.due,
                                                  state->row.signed_to };
    const struct access_review_rest_in rest = { state->organisation, state->row.due,
                                                state->row.signed_to };
    struct access_review_rest_out all;
    struct record_list list;
    bool found;
    TRY(db_list(l->db, &sql_access_review_verdicts, &in, &list, ACCESS_REVIEW_RIGHTS_MAX + 1,
                l->arena, e));
    TRY(db_get(l->db, &sql_access_review_rest, &rest, &all, l->arena, &found, e));
    state->part = list.p;
    state->npart = part_size(list.p, list.n);
    state->left = all.n - (int64_t)state->npart;
    return OK;
}

enum outcome access_review_sign_load(struct load *l, const struct access_review_sign *body,
                                     struct access_review_state *state, struct err *e)
{
    TRY(own_load(l, state, e));
    const struct access_review_unjudged_in in = { state->organisation, body->due, l->now_us };
    struct access_review_unjudged_out left;
    bool found;
    TRY(db_get(l->db, &sql_access_review_unjudged, &in, &left, l->arena, &found, e));
    state->unjudged = left.n;
    TRY(counts_load(l, state, e));
    return part_load(l, state, e);
}

static int64_t kept_in(const struct access_review_state *state)
{
    int64_t n = 0;
    for (size_t i = 0; i < state->npart; i++)
        n += state->part[i].keep;
    return n;
}

enum outcome access_review_sign_shown(struct load *l, const struct access_review_sign *body,
                                      const struct access_review_state *state,
                                      struct sign_what *out, struct err *e)
{
    TRY(refuse_closed(state, e));
    const struct access_review_verdicts_out *row = state->part;
    const size_t n = state->npart;
    struct access_review_line *lines = ARENA_ARRAY(l->arena, n + 1, struct access_review_line);
    if (!lines)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        lines[i] = (struct access_review_line){ row[i].account, row[i].role, row[i].site,
                                                row[i].product, row[i].keep };
    const int64_t kept = kept_in(state);
    const struct access_review_content content = {
        .organisation = state->organisation,
        .due = body->due,
        .kept = kept,
        .removed = (int64_t)n - kept,
        .left = state->left > 0 ? state->left : INT_NONE,
        .rights = { lines, n },
    };
    TRY(sign_what_record(out, &access_review_content_record, &content, l->arena, e));
    out->kind = S("access_review");
    out->id = state->organisation;
    out->meaning = S("reviewed");
    return OK;
}

static void part_signed(struct decision *d, const struct access_review_state *state)
{
    const int64_t kept = kept_in(state);
    const struct access_review_part_signed payload = {
        .organisation = state->organisation,
        .due = state->row.due,
        .signed_to = state->part[state->npart - 1].place,
        .kept = kept,
        .removed = (int64_t)state->npart - kept,
        .left = state->left,
    };
    happened(d, state->organisation, &access_review_part_signed_event, &payload);
}

enum outcome access_review_sign_decide(struct decision *d, const struct access_review_sign *body,
                                       const struct access_review_state *state, struct err *e)
{
    TRY(refuse_closed(state, e));
    if (body->due != state->row.due)
        return REFUSE(e, "access_review.other_round");
    if (state->unjudged > 0)
        return REFUSE(e, "access_review.unjudged", { "n", number(d->arena, state->unjudged) });
    if (state->left > 0) {
        part_signed(d, state);
        return OK;
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

/* --- a signature that is void --- */

enum outcome access_review_unsign_load(struct load *l, const struct access_review_unsign *body,
                                       struct access_review_state *state, struct err *e)
{
    const struct access_review_signature_in in = { body->signature };
    bool found;
    load_kind(l, "organisation");
    load_scope(l, body->organisation, (struct str){ 0 });
    TRY(review_load(l, body->organisation, state, e));
    TRY(db_get(l->db, &sql_access_review_signature, &in, &state->voided, l->arena, &found, e));
    return found && str_eq(state->voided.organisation, body->organisation) ? OK
                                                                           : load_unknown(l, e);
}

enum outcome access_review_unsign_decide(struct decision *d,
                                         const struct access_review_unsign *body,
                                         const struct access_review_state *state, struct err *e)
{
    if (!d->command->actor->system)
        return REFUSE(e, "auth.program_only");
    const bool last = state->voided.due == state->row.last_due;
    const struct access_review_unsigned payload = {
        .organisation = body->organisation,
        .due = state->voided.due,
        .signature = body->signature,
        .last = last,
        /* one that is open already looks at everything again */
        .again = last && state->row.opened == TIME_NONE ? d->now_us : TIME_NONE,
    };
    happened(d, body->organisation, &access_review_unsigned_event, &payload);
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

/* --- what a void signature leads to --- */

/* sign.withdrawn and sign.rejected have the same field. */
static enum outcome on_void(struct db *db, const struct event *event, const void *payload,
                            struct policy_send *out, bool *send, struct arena *arena, struct err *e)
{
    const struct sign_withdrawn *ended = payload;
    const struct access_review_signature_in in = { ended->signature };
    struct access_review_signature_out row;
    (void)event;
    TRY(db_get(db, &sql_access_review_signature, &in, &row, arena, send, e));
    if (!*send)
        return OK;
    struct access_review_unsign *body = ARENA_NEW(arena, struct access_review_unsign);
    if (!body)
        return err_no_memory(e);
    *body = (struct access_review_unsign){ row.organisation, ended->signature };
    *out = (struct policy_send){ S("access_review.unsign"), &access_review_unsign_record, body };
    return OK;
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
    { "access_review.withdrawn", &sign_withdrawn_event, on_void },
    { "access_review.rejected", &sign_rejected_event, on_void },
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
