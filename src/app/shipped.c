/* Loads the definitions that ship, or drafts them where people decide. */
#include "app/shipped.h"

#include "app/embedded.h"
#include "base/id.h"
#include "gen/kernel/auth.sql.h"
#include "kernel/draft.h"

enum { DEFINITION_ARENA = 32 << 20 };

/* What is to be done with a file: nothing where its version, or a later one, is there. */
struct shipping {
    bool load;               /* it is the first of its name, and nobody is there yet */
    bool draft;              /* people decide */
    struct str organisation; /* whose the definition is */
};

static enum outcome ship(struct shipping *out, const struct define_context *context,
                         struct str organisation, struct str yaml, struct err *e)
{
    struct definition d;
    struct define_last_out last;
    struct auth_anybody_out somebody;
    bool any;
    bool people;
    *out = (struct shipping){ 0 };
    TRY(db_get(context->db, &sql_auth_anybody, NULL, &somebody, context->arena, &people, e));
    enum outcome o = define_read(&d, context, yaml, e);
    if (o == REFUSED && people) /* it rests on what people have yet to decide */
        return OK;
    if (o != OK)
        return o;
    const struct define_last_in in = { d.kind, d.name };
    TRY(db_get(context->db, &sql_define_last, &in, &last, context->arena, &any, e));
    /* Without the table of approvals nothing could ever be approved. */
    const bool table = str_is(d.kind, DEFINE_APPROVALS_KIND) && str_is(d.name, DEFINE_APPROVALS);
    *out = (struct shipping){
        .load = !any && (!people || table),
        .draft = any ? d.version > last.version : people && !table,
        .organisation = any ? last.organisation : organisation,
    };
    return OK;
}

/* The same text is the same command: it is drafted once. */
static enum outcome draft(struct node *n, struct str organisation, struct str yaml,
                          struct arena *arena, bool *changed, struct err *e)
{
    const struct actor program = { .name = S("system/set_up"),
                                   .organisation = organisation,
                                   .system = true };
    const struct define_draft body = { yaml };
    struct buf json = buf_in(arena, GATE_BODY_MAX);
    struct json_out out = json_out(&json);
    TRY(record_to_json(&define_draft_record, &body, &out, NULL, e));
    TRY(buf_check(&json, e));
    const struct hash h = hash_of(yaml.p, yaml.n);
    char hex[HASH_HEX + 1];
    hash_hex(hex, h);
    const struct id id =
        gate_own_id(n->gate, arena_printf(arena, "define.draft %s %.*s", hex, STR(organisation)));
    const struct gate_command command = {
        .id = id_str(&id),
        .name = str_z(define_draft_command.name),
        .body = buf_get(&json),
        .actor = &program,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = S("shipped with this version of the program"),
        .arena = arena,
    };
    struct gate_answer answer;
    TRY(gate_run(n->gate, &command, &answer, e));
    *changed = !answer.repeated;
    return OK;
}

static enum outcome load_one(struct node *n, struct str organisation, const struct embedded *file,
                             bool *changed, struct arena *arena, struct err *e)
{
    struct db *db;
    struct shipping todo;
    TRY(store_reader_take(&db, n->store, e));
    const struct define_context context = { .db = db, .now_us = env_now(n->env), .arena = arena };
    enum outcome o = ship(&todo, &context, organisation, file->text, e);
    *changed = false;
    if (o == OK && todo.load)
        o = define_load_text(n->gate, &context, organisation, file->text, changed, e);
    else if (o == OK && todo.draft) {
        o = draft(n, todo.organisation, file->text, arena, changed, e);
        if (o == REFUSED) /* people have a draft of it: theirs to look at */
            o = OK;
    }
    store_reader_give(n->store, db);
    return o == OK ? OK : err_context(e, "%s", file->path);
}

enum outcome shipped_load(struct node *n, struct str organisation, size_t *changed, struct err *e)
{
    struct arena *arena = arena_new(DEFINITION_ARENA);
    if (!arena)
        return err_no_memory(e);
    enum outcome o = OK;
    *changed = 0;
    for (const struct embedded *file = shipped_definitions; o == OK && file->path; file++) {
        bool new = false;
        arena_reset(arena);
        o = load_one(n, organisation, file, &new, arena, e);
        *changed += new;
    }
    arena_free(arena);
    return o;
}
