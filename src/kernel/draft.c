/* Drafts reviewed, approved, released and withdrawn: what is loaded, and what is decided. Making
 * and trying one stands in draft_make.c, what became of it in draft_apply.c. */
#include "kernel/draft.h"

#include "kernel/draft_impl.h"
#include "kernel/sign.h"

/* --- what is read --- */

static enum outcome read_rule(struct draft_state *s, struct db *db, const struct actor *actor,
                              int64_t now_us, struct arena *arena, struct err *e)
{
    TRY(approval_find(&s->rule, &s->approvals, db, s->row.kind, now_us, arena, e));
    for (size_t i = 0; s->rule && i < s->rule->roles.n; i++) {
        const struct str role = s->rule->roles.p[i];
        s->holds[i] = actor_may(actor, arena_printf(arena, "role.%.*s", STR(role)),
                                actor->organisation, actor->site);
    }
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

enum outcome draft_read(struct draft_state *s, struct db *db, struct str draft,
                        const struct actor *actor, int64_t now_us, bool *found, struct arena *arena,
                        struct err *e)
{
    const struct draft_one_in one = { draft };
    const struct draft_deciders_in of = { draft };
    struct record_list list;
    *s = (struct draft_state){ 0 };
    TRY(db_get(db, &sql_draft_one, &one, &s->row, arena, found, e));
    if (!*found)
        return OK;
    TRY(db_list(db, &sql_draft_deciders, &of, &list, 200, arena, e));
    s->deciders = list.p;
    s->ndeciders = list.n;
    const struct define_last_in last = { s->row.kind, s->row.name };
    struct define_last_out newest;
    bool any;
    TRY(db_get(db, &sql_define_last, &last, &newest, arena, &any, e));
    s->last_version = any ? newest.version : 0;
    s->foreign = any && !str_eq(newest.organisation, actor->organisation);
    return read_rule(s, db, actor, now_us, arena, e);
}

struct stream draft_stream(struct str draft)
{
    return stream_of("draft", draft);
}

/* A draft of another organisation is unknown, also to who has rights in both: one acts for one. */
enum outcome draft_load(struct load *l, struct str draft, struct draft_state *s, struct err *e)
{
    const struct actor *a = l->command->actor;
    bool found;
    load_kind(l, "draft");
    TRY(draft_read(s, l->db, draft, a, l->now_us, &found, l->arena, e));
    if (!found)
        return load_unknown(l, e);
    if (!str_eq(s->row.organisation, a->organisation)) {
        load_scope(l, s->row.organisation, (struct str){ 0 });
        return load_unknown(l, e);
    }
    load_own_scope(l);
    TRY(load_stream(l, draft_stream(draft), NULL, e));
    return load_stream(l, define_stream(s->row.kind, s->row.name), NULL, e);
}

enum outcome draft_same_text(const struct draft_state *s, struct str hash, struct err *e)
{
    return str_eq(s->row.hash, hash) ? OK : REFUSE(e, "define.other_hash", { "hash", s->row.hash });
}

void draft_happened(struct decision *d, struct str draft, const struct event_type *type,
                    const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = draft_stream(draft),
                        .type = type,
                        .payload = payload,
                    });
}

/* --- who may --- */

static bool decided(const struct draft_state *s, const char *act, struct str actor)
{
    for (size_t i = 0; i < s->ndeciders; i++)
        if (str_is(s->deciders[i].act, act) && str_eq(s->deciders[i].actor, actor))
            return true;
    return false;
}

static bool is(const struct draft_state *s, const char *state)
{
    return str_is(s->row.state, state);
}

static bool on_its_way(const struct draft_state *s)
{
    return is(s, "drafted") || is(s, "reviewed") || is(s, "approved");
}

static bool needs_trial(const struct draft_state *s)
{
    const struct define_kind *kind = define_kind_find(s->row.kind);
    return kind && kind->trial;
}

static enum outcome may_try(const struct draft_state *s, struct err *e)
{
    if (!needs_trial(s))
        return REFUSE(e, "define.no_sandbox", { "kind", s->row.kind });
    return is(s, "drafted") ? OK : REFUSE(e, "define.reviewed_already");
}

static enum outcome may_reject(const struct draft_state *s, const struct actor *actor,
                               struct err *e)
{
    return str_eq(s->row.author, actor->name) ? REFUSE(e, "define.own_draft") : OK;
}

/* Every role that the table asks for is given, as often as it asks, with this one (empty: as
 * it is). */
static bool complete_with(const struct draft_state *s, struct str role)
{
    for (size_t i = 0; i < s->rule->roles.n; i++) {
        const struct str asked = s->rule->roles.p[i];
        size_t wanted = 0;
        size_t given = str_eq(asked, role);
        for (size_t k = 0; k < s->rule->roles.n; k++)
            wanted += str_eq(s->rule->roles.p[k], asked);
        for (size_t k = 0; k < s->ndeciders; k++)
            given += str_is(s->deciders[k].act, "approved") && str_eq(s->deciders[k].role, asked);
        if (given < wanted)
            return false;
    }
    return true;
}

static bool reviewed(const struct draft_state *s)
{
    for (size_t i = 0; i < s->ndeciders; i++)
        if (str_is(s->deciders[i].act, "accepted"))
            return true;
    return false;
}

/* Approved, and by signatures that all still stand. */
static bool approved(const struct draft_state *s)
{
    return is(s, "approved") && reviewed(s) && s->rule && complete_with(s, (struct str){ 0 });
}

static enum outcome may_accept(const struct draft_state *s, const struct actor *actor,
                               struct err *e)
{
    TRY(may_reject(s, actor, e));
    if (approved(s))
        return REFUSE(e, "define.approved_already");
    if (decided(s, "accepted", actor->name))
        return REFUSE(e, "define.reviewed_already");
    if (needs_trial(s) && !str_is(s->row.trial, "passed"))
        return REFUSE(e, "define.not_tried");
    return OK;
}

/* How often the table asks for the role, and how often it was given. */
static bool role_left(const struct draft_state *s, struct str role, bool *asked, bool *held)
{
    size_t wanted = 0;
    size_t given = 0;
    *held = false;
    for (size_t i = 0; i < s->rule->roles.n; i++)
        if (str_eq(s->rule->roles.p[i], role)) {
            wanted++;
            *held |= s->holds[i];
        }
    for (size_t i = 0; i < s->ndeciders; i++)
        given += str_is(s->deciders[i].act, "approved") && str_eq(s->deciders[i].role, role);
    *asked = wanted > 0;
    return given < wanted;
}

static enum outcome may_approve(const struct draft_state *s, const struct actor *actor,
                                struct str role, struct err *e)
{
    bool asked;
    bool held;
    if (!reviewed(s))
        return REFUSE(e, "define.not_reviewed");
    if (approved(s))
        return REFUSE(e, "define.approved_already");
    if (str_eq(s->row.author, actor->name))
        return REFUSE(e, "define.own_draft");
    if (!s->rule)
        return REFUSE(e, "define.no_rule", { "kind", s->row.kind });
    if (!s->rule->reviewer_approves && decided(s, "accepted", actor->name))
        return REFUSE(e, "define.own_review");
    if (decided(s, "approved", actor->name))
        return REFUSE(e, "define.approved_already");
    bool left = role_left(s, role, &asked, &held);
    if (!asked)
        return REFUSE(e, "define.role_not_asked", { "role", role });
    if (!held)
        return REFUSE(e, "define.role_not_held", { "role", role });
    return left ? OK : REFUSE(e, "define.role_given", { "role", role });
}

static enum outcome may_release(const struct draft_state *s, struct err *e)
{
    if (!approved(s))
        return REFUSE(e, "define.not_approved");
    return define_follows(s->row.kind, s->row.name, s->row.version, s->last_version, s->foreign, e);
}

enum outcome draft_may(enum draft_act act, const struct draft_state *s, const struct actor *actor,
                       struct str role, struct err *e)
{
    if (!on_its_way(s) && !(act == DRAFT_WITHDRAW && is(s, "released")))
        return REFUSE(e, "define.closed", { "how", s->row.state });
    if (actor->system)
        return REFUSE(e, "define.people_only");
    switch (act) {
    case DRAFT_TRY:
        return may_try(s, e);
    case DRAFT_ACCEPT:
        return may_accept(s, actor, e);
    case DRAFT_REJECT:
        return may_reject(s, actor, e);
    case DRAFT_APPROVE:
        return may_approve(s, actor, role, e);
    case DRAFT_RELEASE:
        return may_release(s, e);
    case DRAFT_WITHDRAW:
        break;
    }
    return OK;
}

/* --- reviewed --- */

enum outcome define_review_load(struct load *l, const struct define_review *body,
                                struct draft_state *state, struct err *e)
{
    return draft_load(l, body->draft, state, e);
}

/* What is signed: the draft as the event has it that made it, with its whole text. */
static enum outcome shown(struct load *l, struct str draft, const char *meaning,
                          struct sign_what *out, struct err *e)
{
    const struct stream stream = draft_stream(draft);
    TRY(sign_what_event(out, l->db, stream_str(&stream), 1, l->arena, e));
    out->kind = S("draft");
    out->id = draft;
    out->meaning = str_z(meaning);
    return OK;
}

enum outcome define_review_shown(struct load *l, const struct define_review *body,
                                 const struct draft_state *state, struct sign_what *out,
                                 struct err *e)
{
    (void)state;
    return shown(l, body->draft, str_is(body->verdict, "accepted") ? "reviewed" : "rejected", out,
                 e);
}

enum outcome define_review_decide(struct decision *d, const struct define_review *body,
                                  const struct draft_state *state, struct err *e)
{
    const struct actor *actor = d->command->actor;
    const bool accepted = str_is(body->verdict, "accepted");
    if (!accepted && !str_is(body->verdict, "rejected"))
        return REFUSE(e, "define.verdict", { "verdict", body->verdict });
    TRY(draft_may(accepted ? DRAFT_ACCEPT : DRAFT_REJECT, state, actor, (struct str){ 0 }, e));
    TRY(draft_same_text(state, body->hash, e));
    const struct define_reviewed payload = { body->draft, body->hash, body->verdict };
    draft_happened(d, body->draft, &define_reviewed_event, &payload);
    return OK;
}

/* --- approved --- */

enum outcome define_approve_load(struct load *l, const struct define_approve *body,
                                 struct draft_state *state, struct err *e)
{
    return draft_load(l, body->draft, state, e);
}

enum outcome define_approve_shown(struct load *l, const struct define_approve *body,
                                  const struct draft_state *state, struct sign_what *out,
                                  struct err *e)
{
    (void)state;
    TRY(shown(l, body->draft, "approved", out, e));
    out->place = body->role; /* in which it is approved */
    return OK;
}

enum outcome define_approve_decide(struct decision *d, const struct define_approve *body,
                                   const struct draft_state *state, struct err *e)
{
    TRY(draft_may(DRAFT_APPROVE, state, d->command->actor, body->role, e));
    TRY(draft_same_text(state, body->hash, e));
    const struct draft_approved answer = { complete_with(state, body->role) };
    const struct define_approved payload = { body->draft, body->hash, body->role, state->approvals,
                                             answer.complete };
    draft_happened(d, body->draft, &define_approved_event, &payload);
    decide_answer(d, &draft_approved_record, &answer);
    return OK;
}

/* --- released --- */

int64_t draft_date(const struct draft_state *s, int64_t asked, int64_t now_us)
{
    if (asked != TIME_NONE)
        return asked;
    return s->row.planned > now_us ? s->row.planned : now_us;
}

enum outcome define_release_load(struct load *l, const struct define_release *body,
                                 struct draft_state *state, struct err *e)
{
    return draft_load(l, body->draft, state, e);
}

static enum outcome date_may(const struct draft_state *s, int64_t date, int64_t now_us,
                             struct err *e)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    if (date < now_us)
        return REFUSE(e, "define.in_the_past");
    clock_write(&b, s->row.planned);
    return date < s->row.planned ? REFUSE(e, "define.before_planned", { "effective", buf_get(&b) })
                                 : OK;
}

enum outcome define_release_decide(struct decision *d, const struct define_release *body,
                                   const struct draft_state *state, struct err *e)
{
    const struct draft_one_out *row = &state->row;
    const int64_t date = draft_date(state, body->effective, d->now_us);
    TRY(draft_may(DRAFT_RELEASE, state, d->command->actor, (struct str){ 0 }, e));
    TRY(draft_same_text(state, body->hash, e));
    TRY(date_may(state, date, d->now_us, e));
    const struct define_draft_released of_draft = { body->draft, body->hash, date };
    const struct define_released payload = {
        .kind = row->kind,
        .name = row->name,
        .version = row->version,
        .title = row->title,
        .effective = row->planned,
        .hash = row->hash,
        .json = row->json,
        .draft = body->draft,
        .in_force = date,
    };
    draft_happened(d, body->draft, &define_draft_released_event, &of_draft);
    decide_event(d, &(struct happening){
                        .stream = define_stream(row->kind, row->name),
                        .type = &define_released_event,
                        .payload = &payload,
                    });
    const struct draft_released answer = { date };
    decide_answer(d, &draft_released_record, &answer);
    return OK;
}

/* --- withdrawn --- */

enum outcome define_withdraw_load(struct load *l, const struct define_withdraw *body,
                                  struct draft_state *state, struct err *e)
{
    return draft_load(l, body->draft, state, e);
}

enum outcome define_withdraw_decide(struct decision *d, const struct define_withdraw *body,
                                    const struct draft_state *state, struct err *e)
{
    const struct draft_one_out *row = &state->row;
    const bool released = is(state, "released");
    TRY(draft_may(DRAFT_WITHDRAW, state, d->command->actor, (struct str){ 0 }, e));
    if (released && row->in_force <= d->now_us)
        return REFUSE(e, "define.in_force");
    const struct define_withdrawn payload = { body->draft, S("withdrawn") };
    draft_happened(d, body->draft, &define_withdrawn_event, &payload);
    if (!released)
        return OK;
    const struct define_recalled recalled = { row->kind, row->name, row->version, body->draft };
    decide_event(d, &(struct happening){
                        .stream = define_stream(row->kind, row->name),
                        .type = &define_recalled_event,
                        .payload = &recalled,
                    });
    return OK;
}
