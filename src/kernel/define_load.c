/* Definitions loaded: the command, the event, the projection, and what is found there again. */
#include "base/id.h"
#include "kernel/define.h"
#include "kernel/define_impl.h"
#include "kernel/words.h"

#include "gen/kernel/define.sql.h"
#include "gen/kernel/define_schema.sql.h"

#define EVENTS   "kernel/define_events.def"
#define COMMANDS "kernel/define_commands.def"
#include "kernel/wire.h"

/* As the list of definitions shows them: all, to who may see any. */
static enum outcome definition_seen(bool *out, struct db *db, const struct actor *actor,
                                    struct str id, struct arena *arena, struct err *e)
{
    (void)db;
    (void)actor;
    (void)id;
    (void)arena;
    (void)e;
    *out = true;
    return OK;
}

static const struct watch module_watches[] = {
    { "definition", "definition.see", definition_seen, NULL },
};

static const struct define_kind *const module_kinds[] = { &words_kind };

const struct module define_module = {
    .name = "define",
    MODULE_ARRAY(kinds),
    MODULE_ARRAY(watches),
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &define_schema,
    .searches = define_searches,
    .nsearches = DEFINE_SEARCHES,
};

enum outcome define_find(struct definition *out, struct db *db, struct str kind, struct str name,
                         int64_t version, int64_t at_us, struct arena *arena, bool *found,
                         struct err *e)
{
    struct define_version_out row;
    if (version > 0) {
        struct define_version_in in = { kind, name, version };
        TRY(db_get(db, &sql_define_version, &in, &row, arena, found, e));
    } else {
        struct define_effective_in in = { kind, name, at_us };
        struct define_effective_out now;
        TRY(db_get(db, &sql_define_effective, &in, &now, arena, found, e));
        row = (struct define_version_out){ now.version, now.ended, now.hash };
    }
    if (!*found)
        return OK;
    const struct define_pin pin = { kind, name, row.version, row.hash };
    TRY(define_pinned(out, db, &pin, arena, found, e));
    out->ended = row.ended != TIME_NONE && row.ended <= at_us;
    return OK;
}

/* The version given, or the highest that is effective. */
static const struct definition *beside_find(const struct define_context *c, struct str kind,
                                            struct str name, int64_t version)
{
    const struct definition *best = NULL;
    for (size_t i = 0; c->beside && i < c->beside->n; i++) {
        const struct definition *d = &c->beside->p[i];
        bool fits = version > 0 ? d->version == version : d->effective <= c->now_us;
        if (fits && str_eq(d->kind, kind) && str_eq(d->name, name) &&
            (!best || d->version > best->version))
            best = d;
    }
    return best;
}

enum outcome define_look(struct definition *out, const struct define_context *context,
                         struct str kind, struct str name, int64_t version, bool *found,
                         struct err *e)
{
    const struct definition *beside = beside_find(context, kind, name, version);
    *found = beside != NULL;
    if (beside)
        *out = *beside;
    else if (context->db)
        return define_find(out, context->db, kind, name, version, context->now_us, context->arena,
                           found, e);
    return OK;
}

enum outcome define_loaded_apply(struct db *db, const struct event *event,
                                 const struct define_loaded *payload, struct err *e)
{
    const struct define_keep_in in = {
        .kind = payload->kind,
        .name = payload->name,
        .version = payload->version,
        .title = payload->title,
        .effective = payload->effective,
        .hash = payload->hash,
        .json = payload->json,
        .organisation = event->organisation,
        .loaded = event->recorded,
    };
    return db_run(db, &sql_define_keep, &in, NULL, e);
}

enum outcome define_released_apply(struct db *db, const struct event *event,
                                   const struct define_released *payload, struct err *e)
{
    const struct define_keep_in in = {
        .kind = payload->kind,
        .name = payload->name,
        .version = payload->version,
        .title = payload->title,
        .effective = payload->in_force,
        .hash = payload->hash,
        .json = payload->json,
        .organisation = event->organisation,
        .draft = payload->draft,
        .loaded = event->recorded,
    };
    return db_run(db, &sql_define_keep, &in, NULL, e);
}

enum outcome define_retired_apply(struct db *db, const struct event *event,
                                  const struct define_retired *payload, struct err *e)
{
    (void)event;
    const struct define_retire_in in = { payload->kind, payload->name, payload->version,
                                         payload->ended };
    return db_run(db, &sql_define_retire, &in, NULL, e);
}

enum outcome define_recalled_apply(struct db *db, const struct event *event,
                                   const struct define_recalled *payload, struct err *e)
{
    (void)event;
    const struct define_recall_in in = { payload->kind, payload->name, payload->version };
    return db_run(db, &sql_define_recall, &in, NULL, e);
}

/* What was sent must be what reading the document gives, for it may come from anywhere. */
enum outcome define_load_prepare(struct prepare *p, const struct define_load *body, struct err *e)
{
    const struct define_kind *kind = define_kind_find(body->kind);
    if (!kind)
        return REFUSE(e, "define.no_kind", { "kind", body->kind });
    const struct define_context context = { .db = p->db, .now_us = p->now_us, .arena = p->arena };
    struct define_whole w;
    TRY(define_whole_new(&w, kind, p->arena, e));
    *w.head =
        (struct define_head){ body->kind, body->name, body->version, body->title, body->effective };
    TRY(define_body_read(w.body, kind, body->json, p->arena, e));
    struct definition settled;
    TRY(define_whole_settle(&settled, &w, &context, e));
    if (!str_eq(settled.json, body->json))
        return REFUSE(e, "define.not_canonical");
    if (!str_eq(settled.hash, body->hash))
        return REFUSE(e, "define.wrong_hash", { "hash", settled.hash });
    return OK;
}

struct stream define_stream(struct str kind, struct str name)
{
    char storage[STREAM_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    buf_str(&b, kind);
    buf_char(&b, '.');
    buf_str(&b, name);
    BUG_ON(!buf_ok(&b) ||
           b.n > DEFINE_STREAM_MAX); /* what is longer was refused when it was read */
    return stream_of("definition", buf_get(&b));
}

enum outcome define_load_last(struct load *l, struct str kind, struct str name, int64_t *version,
                              bool *foreign, struct err *e)
{
    const struct define_last_in in = { kind, name };
    struct define_last_out newest;
    bool any;
    TRY(load_stream(l, define_stream(kind, name), NULL, e));
    TRY(db_get(l->db, &sql_define_last, &in, &newest, l->arena, &any, e));
    *version = any ? newest.version : 0;
    *foreign = any && !str_eq(newest.organisation, l->command->actor->organisation);
    return OK;
}

enum outcome define_follows(struct str kind, struct str name, int64_t version, int64_t last,
                            bool foreign, struct err *e)
{
    if (foreign)
        return REFUSE(e, "define.foreign", { "kind", kind }, { "name", name });
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, last);
    if (version == last)
        return REFUSE(e, "define.version_exists", { "kind", kind }, { "name", name },
                      { "last", buf_get(&b) });
    if (version < last)
        return REFUSE(e, "define.version_old", { "kind", kind }, { "name", name },
                      { "last", buf_get(&b) });
    return OK;
}

/* --- the program's own --- */

enum outcome define_load_load(struct load *l, const struct define_load *body,
                              struct define_load_state *state, struct err *e)
{
    load_kind(l, "definition");
    load_own_scope(l);
    TRY(define_load_last(l, body->kind, body->name, &state->last_version, &state->foreign, e));
    const struct define_by_people_in people = { body->kind, body->name };
    struct define_by_people_out draft;
    TRY(db_get(l->db, &sql_define_by_people, &people, &draft, l->arena, &state->by_people, e));
    struct define_hash_in same = { body->kind, body->name, body->version };
    struct define_hash_out row;
    TRY(db_get(l->db, &sql_define_hash, &same, &row, l->arena, &state->found, e));
    state->hash = state->found ? row.hash : (struct str){ 0 };
    return OK;
}

enum outcome define_load_decide(struct decision *d, const struct define_load *body,
                                const struct define_load_state *state, struct err *e)
{
    const bool program = d->command->actor->system;
    if (program && state->found && str_eq(state->hash, body->hash))
        return OK;
    if (!program || state->by_people)
        return REFUSE(e, "define.by_people", { "kind", body->kind }, { "name", body->name });
    const int64_t last = state->found ? body->version : state->last_version;
    TRY(define_follows(body->kind, body->name, body->version, last, state->foreign, e));
    struct define_loaded loaded = {
        .kind = body->kind,
        .name = body->name,
        .version = body->version,
        .title = body->title,
        .effective = body->effective,
        .hash = body->hash,
        .json = body->json,
    };
    decide_event(d, &(struct happening){
                        .stream = define_stream(body->kind, body->name),
                        .type = &define_loaded_event,
                        .payload = &loaded,
                    });
    return OK;
}

/* --- out of force --- */

enum outcome define_retire_load(struct load *l, const struct define_retire *body,
                                struct define_retire_state *state, struct err *e)
{
    int64_t last;
    load_kind(l, "definition");
    load_own_scope(l);
    if (body->kind.n + body->name.n + 1 > DEFINE_STREAM_MAX)
        return load_unknown(l, e);
    TRY(define_load_last(l, body->kind, body->name, &last, &state->foreign, e));
    const struct define_stands_in in = { body->kind, body->name, l->now_us };
    TRY(db_get(l->db, &sql_define_stands, &in, &state->stands, l->arena, &state->stood, e));
    return last > 0 ? OK : load_unknown(l, e);
}

static struct str version_text(struct arena *arena, int64_t version)
{
    return arena_printf(arena, "%lld", (long long)version);
}

enum outcome define_retire_decide(struct decision *d, const struct define_retire *body,
                                  const struct define_retire_state *state, struct err *e)
{
    const int64_t from = body->effective == TIME_NONE ? d->now_us : body->effective;
    if (state->foreign)
        return REFUSE(e, "define.foreign", { "kind", body->kind }, { "name", body->name });
    if (!state->stood || state->stands.version != body->version)
        return REFUSE(e, "define.not_in_force",
                      { "version", version_text(d->arena, body->version) });
    if (state->stands.ended != TIME_NONE)
        return REFUSE(e, "define.ends_already");
    if (state->stands.waiting != INT_NONE)
        return REFUSE(e, "define.waits",
                      { "version", version_text(d->arena, state->stands.waiting) });
    if (str_is(body->kind, DEFINE_APPROVALS_KIND) && str_is(body->name, DEFINE_APPROVALS))
        return REFUSE(e, "define.needed");
    if (from < d->now_us)
        return REFUSE(e, "define.in_the_past");
    const struct define_retired payload = { body->kind, body->name, body->version, from };
    decide_event(d, &(struct happening){
                        .stream = define_stream(body->kind, body->name),
                        .type = &define_retired_event,
                        .payload = &payload,
                    });
    const struct define_retire_answer answer = { from };
    decide_answer(d, &define_retire_answer_record, &answer);
    return OK;
}

/* --- set-up --- */

enum outcome define_load_text(struct gate *g, const struct define_context *context,
                              struct str organisation, struct str yaml, bool *changed,
                              struct err *e)
{
    struct arena *arena = context->arena;
    const struct actor program = { .name = S("system/set_up"),
                                   .organisation = organisation,
                                   .system = true };
    struct definition read;
    TRY(define_read(&read, context, yaml, e));
    struct define_load body = {
        .kind = read.kind,
        .name = read.name,
        .version = read.version,
        .title = read.title,
        .effective = read.effective,
        .hash = read.hash,
        .json = read.json,
    };
    struct buf json = buf_in(arena, GATE_BODY_MAX);
    struct json_out out = json_out(&json);
    TRY(record_to_json(&define_load_record, &body, &out, NULL, e));
    TRY(buf_check(&json, e));
    /* The same text for the same organisation is the same command: a retry finds its first answer.
     */
    struct id id = gate_own_id(
        g, arena_printf(arena, "define.load %.*s %.*s", STR(read.hash), STR(organisation)));
    struct gate_command command = {
        .id = id_str(&id),
        .name = str_z(define_load_command.name),
        .body = buf_get(&json),
        .actor = &program,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    struct gate_answer answer;
    TRY(gate_run(g, &command, &answer, e));
    *changed = !answer.repeated && answer.nevents > 0;
    return OK;
}

enum outcome define_effective(const struct definition **out, size_t *n, struct db *db,
                              struct str kind, int64_t at_us, struct arena *arena, struct err *e)
{
    struct record_list list;
    struct define_names_in in = { kind };
    TRY(db_list(db, &sql_define_names, &in, &list, DEFINE_EFFECTIVE_MAX, arena, e));
    struct definition *rows = ARENA_ARRAY(arena, list.n + 1, struct definition);
    if (!rows)
        return err_no_memory(e);
    *n = 0;
    for (size_t i = 0; i < list.n; i++) {
        const struct define_names_out *name = (const struct define_names_out *)list.p + i;
        bool found;
        TRY(define_find(&rows[*n], db, kind, name->name, 0, at_us, arena, &found, e));
        *n += found;
    }
    *out = rows;
    return OK;
}
