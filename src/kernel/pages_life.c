/* The life of a version as a rail: what was done, by whom and when, and what comes next. */
#include "kernel/pages_draft.h"

static const char *state_of(bool done, bool *now)
{
    if (done)
        return "done";
    const char *state = *now ? "now" : "next";
    *now = false;
    return state;
}

/* The last act of this name; NULL: there is none. */
static const struct pages_act *last_act(const struct pages_life *life, const char *act)
{
    for (size_t i = life->nacts; i > 0; i--)
        if (str_is(life->acts[i - 1].act, act))
            return &life->acts[i - 1];
    return NULL;
}

static void step(struct pages_life *life, const char *key, const char *state,
                 const struct pages_act *act)
{
    life->steps[life->n++] = (struct pages_life_step){
        .key = key,
        .state = state,
        .who = act ? act->actor : (struct str){ 0 },
        .when = act ? act->happened : TIME_NONE,
    };
}

enum outcome pages_draft_life(struct pages_life *life, struct http_request *r, struct db *db,
                              struct page *p, const struct draft_state *s, struct err *e)
{
    const struct draft_one_out *row = &s->row;
    const struct define_kind *kind = define_kind_find(row->kind);
    const bool approved = str_is(row->state, "approved") || str_is(row->state, "released");
    const bool in_force = str_is(row->state, "released") && row->in_force <= p->now_us;
    bool now = str_is(row->state, "drafted") || str_is(row->state, "reviewed") || approved;
    struct pages_act *acts;
    *life = (struct pages_life){ 0 };
    TRY(pages_draft_acts(&acts, &life->nacts, r, db, row->draft, e));
    for (size_t i = 0; i < life->nacts; i++)
        acts[i].actor = show_person(p, db, acts[i].actor);
    life->acts = acts;
    const struct pages_act *tried = last_act(life, "tried");
    const struct pages_act *accepted = last_act(life, "accepted");
    step(life, "life.drafted", "done", last_act(life, "drafted"));
    if (kind && kind->trial)
        step(life, "life.tried", state_of(str_is(row->trial, "passed"), &now), tried);
    step(life, "life.reviewed", state_of(accepted != NULL, &now), accepted);
    step(life, "life.approved", state_of(approved, &now), last_act(life, "approved"));
    step(life, "life.in_force", state_of(in_force, &now), last_act(life, "released"));
    if (row->in_force != TIME_NONE)
        life->steps[life->n - 1].when = row->in_force;
    return OK;
}

enum outcome pages_version_life(struct pages_life *out, struct http_request *r, struct db *db,
                                struct page *p, const struct define_versions_out *version,
                                int64_t superseded, struct err *e)
{
    const struct actor *a = show_actor(r);
    const bool ours = version->draft.p && str_eq(version->organisation, a->organisation);
    struct draft_state s;
    bool found = false;
    bool now = version->ended != 0;
    *out = (struct pages_life){ .program = !version->draft.p, .loaded = version->loaded };
    if (ours)
        TRY(draft_read(&s, db, version->draft, a, p->now_us, &found, r->arena, e));
    if (found) {
        TRY(pages_draft_life(out, r, db, p, &s, e));
    } else {
        step(out, "life.in_force", state_of(version->effective <= p->now_us, &now), NULL);
        out->steps[0].when = version->effective;
    }
    const bool retired = version->ended != TIME_NONE && version->ended > 0;
    if (superseded == TIME_NONE && !retired)
        return OK;
    const bool by_next = !retired || (superseded != TIME_NONE && superseded <= version->ended);
    const int64_t when = by_next ? superseded : version->ended;
    step(out, by_next ? "life.superseded" : "life.retired", state_of(when <= p->now_us, &now),
         NULL);
    out->steps[out->n - 1].when = when;
    return OK;
}

enum show_tone pages_draft_tone(struct str state)
{
    if (str_is(state, "approved") || str_is(state, "released"))
        return SHOW_OK;
    if (str_is(state, "drafted") || str_is(state, "reviewed"))
        return SHOW_INFO;
    return str_is(state, "rejected") ? SHOW_STOP : SHOW_IDLE; /* withdrawn, replaced */
}
