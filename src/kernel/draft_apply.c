/* Drafts as rows: the state of each, and its acts. */
#include "kernel/draft.h"

/* What an act of this event looks like, before what is its own. */
static struct draft_act_add_in act_of(const struct event *event, struct str draft, const char *act)
{
    return (struct draft_act_add_in){
        .draft = draft,
        .number = event->version,
        .act = str_z(act),
        .actor = event->actor,
        .happened = event->happened,
        .reason = event->reason,
        .event = event->id,
    };
}

static enum outcome act_only(struct db *db, const struct event *event, struct str draft,
                             const char *act, struct err *e)
{
    const struct draft_act_add_in in = act_of(event, draft, act);
    return db_run(db, &sql_draft_act_add, &in, NULL, e);
}

enum outcome define_drafted_apply(struct db *db, const struct event *event,
                                  const struct define_drafted *payload, struct err *e)
{
    const struct draft_add_in in = {
        .draft = payload->draft,
        .kind = payload->kind,
        .name = payload->name,
        .version = payload->version,
        .title = payload->title,
        .planned = payload->effective,
        .hash = payload->hash,
        .json = payload->json,
        .organisation = event->organisation,
        .author = event->actor,
        .drafted = event->happened,
    };
    TRY(db_run(db, &sql_draft_add, &in, NULL, e));
    return act_only(db, event, payload->draft, "drafted", e);
}

enum outcome define_tried_apply(struct db *db, const struct event *event,
                                const struct define_tried *payload, struct err *e)
{
    struct draft_act_add_in act = act_of(event, payload->draft, "tried");
    act.passed = payload->passed;
    act.input = payload->input;
    act.report = payload->report;
    const struct draft_trial_in in = { payload->draft,
                                       str_z(payload->passed ? "passed" : "failed") };
    TRY(db_run(db, &sql_draft_act_add, &act, NULL, e));
    return db_run(db, &sql_draft_trial, &in, NULL, e);
}

enum outcome define_reviewed_apply(struct db *db, const struct event *event,
                                   const struct define_reviewed *payload, struct err *e)
{
    struct draft_act_add_in act = act_of(event, payload->draft, "accepted");
    act.act = payload->verdict;
    TRY(db_run(db, &sql_draft_act_add, &act, NULL, e));
    if (str_is(payload->verdict, "accepted")) {
        const struct draft_accept_in accept = { payload->draft };
        return db_run(db, &sql_draft_accept, &accept, NULL, e);
    }
    const struct draft_state_in in = { payload->draft, S("rejected") };
    return db_run(db, &sql_draft_state, &in, NULL, e);
}

enum outcome define_approved_apply(struct db *db, const struct event *event,
                                   const struct define_approved *payload, struct err *e)
{
    struct draft_act_add_in act = act_of(event, payload->draft, "approved");
    act.role = payload->role;
    TRY(db_run(db, &sql_draft_act_add, &act, NULL, e));
    if (!payload->complete)
        return OK;
    const struct draft_state_in in = { payload->draft, S("approved") };
    return db_run(db, &sql_draft_state, &in, NULL, e);
}

enum outcome define_withdrawn_apply(struct db *db, const struct event *event,
                                    const struct define_withdrawn *payload, struct err *e)
{
    struct draft_act_add_in act = act_of(event, payload->draft, "withdrawn");
    act.act = payload->how;
    const struct draft_state_in in = { payload->draft, payload->how };
    TRY(db_run(db, &sql_draft_act_add, &act, NULL, e));
    return db_run(db, &sql_draft_state, &in, NULL, e);
}

enum outcome define_draft_released_apply(struct db *db, const struct event *event,
                                         const struct define_draft_released *payload, struct err *e)
{
    const struct draft_release_in in = { payload->draft, payload->in_force };
    TRY(act_only(db, event, payload->draft, "released", e));
    return db_run(db, &sql_draft_release, &in, NULL, e);
}
