/* Drafts made and tried, and what is checked before the queue: what needs the document itself. */
#include "kernel/define_impl.h"
#include "kernel/draft_impl.h"

#include "base/id.h"
#include "gen/kernel/draft_schema.sql.h"

#define EVENTS   "kernel/draft_events.def"
#define COMMANDS "kernel/draft_commands.def"
#include "kernel/wire.h"

enum { DRAFT_READ_ARENA = 32 << 20 };

/* Seen by its organisation, as on its page. */
static enum outcome draft_seen(bool *out, struct db *db, const struct actor *actor, struct str id,
                               struct arena *arena, struct err *e)
{
    const struct draft_one_in in = { id };
    struct draft_one_out row;
    bool found;
    TRY(db_get(db, &sql_draft_one, &in, &row, arena, &found, e));
    *out = found && str_eq(row.organisation, actor->organisation);
    return OK;
}

static const struct watch module_watches[] = {
    { "draft", "definition.see", draft_seen, NULL },
};
static const struct define_kind *const module_kinds[] = { &approval_kind };

const struct module draft_module = {
    .name = "draft",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(watches),
    MODULE_ARRAY(kinds),
    .schema = &draft_schema,
};

/* --- made --- */

/* What outlives the arena in which the document was read. */
static enum outcome keep(struct definition **out, const struct definition *read,
                         struct arena *arena, struct err *e)
{
    struct definition *d = ARENA_NEW(arena, struct definition);
    if (!d)
        return err_no_memory(e);
    *d = (struct definition){
        .kind = arena_str(arena, read->kind),
        .name = arena_str(arena, read->name),
        .version = read->version,
        .title = arena_str(arena, read->title),
        .effective = read->effective,
        .hash = arena_str(arena, read->hash),
        .json = arena_str(arena, read->json),
    };
    *out = d;
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

enum outcome define_draft_prepare(struct prepare *p, const struct define_draft *body, struct err *e)
{
    struct definition read;
    struct definition *kept = NULL;
    const struct define_context context = { .db = p->db,
                                            .now_us = p->now_us,
                                            .arena = arena_new(DRAFT_READ_ARENA) };
    if (!context.arena)
        return err_no_memory(e);
    enum outcome o = define_read(&read, &context, body->yaml, e);
    if (o == OK)
        o = keep(&kept, &read, p->arena, e);
    arena_free(context.arena);
    p->prepared = kept;
    return o;
}

enum outcome define_draft_load(struct load *l, const struct define_draft *body,
                               struct draft_make_state *state, struct err *e)
{
    const struct definition *d = l->prepared;
    const struct draft_open_in in = { l->command->actor->organisation, d->kind, d->name };
    const struct id fresh = id_derive(l->command->id, S("thing"), 0); /* as decide_id gives it */
    (void)body;
    load_kind(l, "draft");
    load_own_scope(l);
    *state = (struct draft_make_state){ .read = d };
    TRY(define_load_last(l, d->kind, d->name, &state->last_version, &state->foreign, e));
    TRY(load_stream(l, draft_stream(id_str(&fresh)), NULL, e));
    TRY(db_get(l->db, &sql_draft_open, &in, &state->other, l->arena, &state->open, e));
    return state->open ? load_stream(l, draft_stream(state->other.draft), NULL, e) : OK;
}

enum outcome define_draft_decide(struct decision *d, const struct define_draft *body,
                                 const struct draft_make_state *state, struct err *e)
{
    const struct definition *read = state->read;
    const struct str draft = decide_id(d, 0);
    (void)body;
    TRY(define_follows(read->kind, read->name, read->version, state->last_version, state->foreign,
                       e));
    if (state->open && (!str_eq(state->other.author, d->command->actor->name) ||
                        !str_is(state->other.state, "drafted")))
        return REFUSE(e, "define.draft_open", { "name", read->name });
    if (state->open) {
        const struct define_withdrawn replaced = { state->other.draft, S("replaced") };
        draft_happened(d, state->other.draft, &define_withdrawn_event, &replaced);
    }
    const struct define_drafted payload = {
        .draft = draft,
        .kind = read->kind,
        .name = read->name,
        .version = read->version,
        .title = read->title,
        .effective = read->effective,
        .hash = read->hash,
        .json = read->json,
    };
    draft_happened(d, draft, &define_drafted_event, &payload);
    const struct draft_made answer = { draft, read->kind, read->name, read->version, read->hash };
    decide_answer(d, &draft_made_record, &answer);
    return OK;
}

/* --- before the queue: what only its own organisation is told --- */

enum outcome draft_bind(struct definition *out, const struct draft_one_out *row,
                        struct arena *arena, struct err *e)
{
    const struct define_kind *kind = define_kind_find(row->kind);
    void *body = kind ? arena_alloc(arena, kind->shape->size) : NULL;
    if (!kind)
        return REFUSE(e, "define.no_kind", { "kind", row->kind });
    if (!body)
        return err_no_memory(e);
    TRY(define_body_read(body, kind, row->json, arena, e));
    *out = (struct definition){
        .kind = row->kind,
        .name = row->name,
        .version = row->version,
        .title = row->title,
        .effective = row->planned,
        .hash = row->hash,
        .json = row->json,
        .body = body,
    };
    return OK;
}

/* The draft, if the actor may do this to it and means its text; else load tells what is wrong. */
static enum outcome prepared_draft(struct draft_state *s, const struct prepare *p, struct str draft,
                                   struct str hash, bool *may, struct err *e)
{
    const struct actor *a = p->command->actor;
    TRY(draft_read(s, p->db, draft, a, p->now_us, may, p->arena, e));
    *may = *may && str_eq(s->row.organisation, a->organisation) && str_eq(s->row.hash, hash) &&
           (a->system || actor_may(a, p->command->name, a->organisation, a->site));
    return OK;
}

/* --- tried --- */

struct draft_trial {
    struct define_trial result;
    struct str hash;
};

/* Not within a character. */
static struct str report_cut(struct str report)
{
    size_t n = report.n > DEFINE_REPORT_MAX ? DEFINE_REPORT_MAX : report.n;
    while (n > 0 && n < report.n && (report.p[n] & 0xC0) == 0x80)
        n--;
    return (struct str){ report.p, n };
}

static enum outcome run_trial(struct draft_trial *t, const struct prepare *p,
                              const struct draft_state *s, struct str input, struct err *e)
{
    const struct define_context context = { .db = p->db,
                                            .now_us =
                                                INT64_MAX, /* what it rests on may wait, too */
                                            .arena = arena_new(DRAFT_TRIAL_ARENA) };
    struct definition d;
    if (!context.arena)
        return err_no_memory(e);
    enum outcome o = draft_bind(&d, &s->row, context.arena, e);
    if (o == OK)
        o = define_kind_find(d.kind)->trial(&t->result, &context, &d, input, e);
    if (o == OK) {
        t->result.report = arena_str(p->arena, report_cut(t->result.report));
        o = arena_exhausted(p->arena) ? err_no_memory(e) : OK;
    }
    arena_free(context.arena);
    return o;
}

enum outcome define_note_trial_prepare(struct prepare *p, const struct define_note_trial *body,
                                       struct err *e)
{
    struct draft_state s;
    struct err why = { 0 };
    bool may;
    TRY(prepared_draft(&s, p, body->draft, body->hash, &may, e));
    if (!may || draft_may(DRAFT_TRY, &s, p->command->actor, (struct str){ 0 }, &why) != OK)
        return OK;
    struct draft_trial *t = ARENA_NEW(p->arena, struct draft_trial);
    if (!t)
        return err_no_memory(e);
    TRY(run_trial(t, p, &s, body->input, e));
    t->hash = s.row.hash;
    p->prepared = t;
    return OK;
}

enum outcome define_note_trial_load(struct load *l, const struct define_note_trial *body,
                                    struct draft_state *state, struct err *e)
{
    return draft_load(l, body->draft, state, e);
}

enum outcome define_note_trial_decide(struct decision *d, const struct define_note_trial *body,
                                      const struct draft_state *state, struct err *e)
{
    const struct draft_trial *t = d->prepared;
    TRY(draft_may(DRAFT_TRY, state, d->command->actor, (struct str){ 0 }, e));
    TRY(draft_same_text(state, body->hash, e));
    if (!t || !str_eq(t->hash, state->row.hash))
        return err_fault(e, "define.untried", "a trial was not prepared");
    const struct define_tried payload = {
        .draft = body->draft,
        .hash = body->hash,
        .passed = t->result.passed,
        .input = body->input,
        .report = t->result.report,
    };
    draft_happened(d, body->draft, &define_tried_event, &payload);
    const struct draft_tried answer = { t->result.passed };
    decide_answer(d, &draft_tried_record, &answer);
    return OK;
}

/* --- checked once more, before it is released --- */

enum outcome define_release_prepare(struct prepare *p, const struct define_release *body,
                                    struct err *e)
{
    struct draft_state s;
    struct definition d;
    bool may;
    TRY(prepared_draft(&s, p, body->draft, body->hash, &may, e));
    if (!may)
        return OK;
    const struct define_context context = { .db = p->db,
                                            .now_us = draft_date(&s, body->effective, p->now_us),
                                            .arena = arena_new(DRAFT_READ_ARENA) };
    if (!context.arena)
        return err_no_memory(e);
    enum outcome o = draft_bind(&d, &s.row, context.arena, e);
    if (o == OK && define_kind_find(d.kind)->check)
        o = define_kind_find(d.kind)->check(&context, d.body, e);
    arena_free(context.arena);
    return o;
}
