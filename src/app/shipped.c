/* Loads the definitions that ship. */
#include "app/shipped.h"

#include "app/embedded.h"
#include "kernel/define.h"

enum { DEFINITION_ARENA = 32 << 20 };

static enum outcome load_one(struct node *n, const struct actor *actor, const struct embedded *file,
                             bool *changed, struct arena *arena, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    struct define_context context = { .db = db, .now_us = env_now(n->env), .arena = arena };
    enum outcome o = define_load_text(n->gate, &context, actor, file->text, changed, e);
    store_reader_give(n->store, db);
    return o == OK ? OK : err_context(e, "%s", file->path);
}

enum outcome shipped_load(struct node *n, const struct actor *actor, size_t *changed, struct err *e)
{
    struct arena *arena = arena_new(DEFINITION_ARENA);
    if (!arena)
        return err_no_memory(e);
    enum outcome o = OK;
    *changed = 0;
    for (const struct embedded *file = shipped_definitions; o == OK && file->path; file++) {
        bool new = false;
        arena_reset(arena);
        o = load_one(n, actor, file, &new, arena, e);
        *changed += new;
    }
    arena_free(arena);
    return o;
}
