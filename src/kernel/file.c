/* Files as events: the command, the row, and whose they are. */
#include "kernel/file_impl.h"
#include "kernel/look.h"

#include "gen/kernel/file_schema.sql.h"

#define EVENTS   "kernel/file_events.def"
#define COMMANDS "kernel/file_commands.def"
#include "kernel/file_pages.h"
#include "kernel/wire.h"

/* clang-format off: one row a route */
static const struct route module_routes[] = {
    ROUTE("POST", "/uploads", "signed_in", FILE_FORM_MAX, file_post_upload, "help.file_upload",
          .program = true),
    ROUTE("GET", "/uploads/{upload}", "signed_in", 0, file_get_upload, "help.file_upload_get",
          .media_type = ""),
    ROUTE("PATCH", "/uploads/{upload}", "signed_in", FILE_APPEND_MAX, file_patch_upload,
          "help.file_upload_patch", .program = true),
    ROUTE("DELETE", "/uploads/{upload}", "signed_in", 0, file_delete_upload,
          "help.file_upload_delete", .program = true),
    ROUTE("GET", "/files/{file}", "signed_in", 0, file_get, "help.file_get",
          .media_type = "application/octet-stream"),
    ROUTE("GET", "/files/{file}/about", "signed_in", 0, file_get_about, "help.file_about",
          .row = &file_about_record),
};
/* clang-format on */

const struct module file_module = {
    .name = "file",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(routes),
    .schema = &file_schema,
};

/* --- whose they are --- */

static const struct file_rule *rules[FILE_RULES_MAX];
static size_t nrules;

void file_use_rules(const struct file_rule *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < nrules; k++)
            known = known || rules[k] == &rows[i];
        BUG_ON(!known && nrules == FILE_RULES_MAX);
        if (!known)
            rules[nrules++] = &rows[i];
    }
}

const struct file_rule *file_rule_find(struct str kind)
{
    for (size_t i = 0; i < nrules; i++)
        if (str_is(kind, rules[i]->kind))
            return rules[i];
    return NULL;
}

bool file_may(const struct actor *who, const char *permission, const struct file_scope *scope)
{
    bool may = actor_may(who, str_z(permission), scope->organisation, scope->site);
    for (size_t i = 0; i < scope->nplaces; i++)
        may |=
            actor_may(who, str_z(permission), scope->places[i].organisation, scope->places[i].site);
    return may;
}

/* --- the command --- */

enum outcome file_store_load(struct load *l, const struct file_store *body,
                             struct file_store_state *state, struct err *e)
{
    bool found = false;
    int64_t version;
    struct hash proof;
    const struct file_rule *rule = file_rule_find(body->kind);
    load_kind(l, "file");
    if (!rule || !hash_from_hex(&proof, body->proof) || !hash_eq(proof, file_proof(l->keys, body)))
        return load_unknown(l, e);
    TRY(rule->scope(l->db, body->belongs, &state->scope, &found, l->arena, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->scope.organisation, state->scope.site);
    for (size_t i = 0; i < state->scope.nplaces; i++)
        load_scope(l, state->scope.places[i].organisation, state->scope.places[i].site);
    TRY(load_product(l, state->scope.product, e));
    if (!l->command->actor->system && !file_may(l->command->actor, rule->permission, &state->scope))
        return load_unknown(l, e);
    load_subject(l, body->subject);
    if (state->scope.order.p)
        TRY(load_order(l, state->scope.order, e));
    state->stream = stream_of("file", body->file);
    TRY(load_stream(l, state->stream, &version, e));
    state->known = version > 0;
    return OK;
}

enum outcome file_store_decide(struct decision *d, const struct file_store *body,
                               const struct file_store_state *state, struct err *e)
{
    const struct file_stored event = {
        .file = body->file,
        .kind = body->kind,
        .belongs = body->belongs,
        .hash = body->hash,
        .size = body->size,
        .sealed_size = body->sealed_size,
        .type = body->type,
        .subject = body->subject,
        .name = body->name,
    };
    if (state->known)
        return REFUSE(e, "file.stored_before");
    decide_event(d, &(struct happening){
                        .stream = state->stream,
                        .type = &file_stored_event,
                        .payload = &event,
                        .key = state->scope.key,
                    });
    return OK;
}

enum outcome file_stored_apply(struct db *db, const struct event *event,
                               const struct file_stored *p, struct err *e)
{
    const struct file_keep_in in = {
        .file = p->file,
        .kind = p->kind,
        .belongs = p->belongs,
        .hash = p->hash,
        .size = p->size,
        .sealed_size = p->sealed_size,
        .type = p->type,
        .subject = p->subject,
        .name = p->name,
        .event_id = event->id,
        .organisation = event->organisation,
        .stored = event->recorded,
        .stored_by = event->actor,
    };
    return db_run(db, &sql_file_keep, &in, NULL, e);
}

/* --- the row --- */

enum outcome file_find(struct file_row_out *out, struct db *db, struct str id, bool *found,
                       struct arena *arena, struct err *e)
{
    const struct file_row_in in = { id };
    return db_get(db, &sql_file_row, &in, out, arena, found, e);
}

enum outcome file_name(struct str *out, struct looker *looks, const struct file_row_out *row,
                       struct err *e)
{
    const struct look_at at = { row->event_id, S("name"), row->name, NULL, NULL };
    return look_open(looks, out, &at, e);
}
