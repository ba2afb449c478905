/* A node whose files were put back from a backup: taken back to a moment if asked, and under a new
 * epoch of its log before anything is recorded. */
#include <stdio.h>

#include "base/id.h"
#include "gen/kernel/gate.sql.h"
#include "gen/kernel/lease.sql.h"
#include "gen/kernel/node.sql.h"
#include "gen/kernel/policy.sql.h"
#include "kernel/epoch.h"
#include "kernel/node_impl.h"

enum { RESTORE_ARENA_MAX = 1 << 20, RESTORE_SCAN = 500, RESTORE_SCAN_MAX = 64 << 20 };

enum outcome node_size_at(uint64_t *size, struct node *n, int64_t until_us, struct err *e)
{
    struct arena *arena = arena_new(RESTORE_SCAN_MAX);
    struct db *db = NULL;
    struct ledger_row *rows;
    size_t got = RESTORE_SCAN;
    bool later = false;
    *size = 0;
    enum outcome o = arena ? store_reader_take(&db, n->store, e) : err_no_memory(e);
    while (o == OK && !later && got == RESTORE_SCAN) {
        arena_reset(arena);
        o = ledger_read(db, (int64_t)*size, RESTORE_SCAN, &rows, &got, arena, e);
        for (size_t i = 0; o == OK && !later && i < got; i++) {
            struct event event;
            o = event_read(&event, arena, rows[i].leaf, e);
            later = o == OK && event.recorded > until_us;
            *size += o == OK && !later;
        }
    }
    store_reader_give(n->store, db);
    arena_free(arena);
    return o;
}

/* Answers to what never happened are forgotten, so that it may be asked again; so are answers
 * without events, whose time nobody knows: asking again gives them again. Nobody works at anything.
 */
static enum outcome enduring_cut(struct db *db, uint64_t size, struct err *e)
{
    const struct gate_command_cut_in commands = { (int64_t)size };
    const struct policy_cursor_cut_in cursor = { (int64_t)size };
    const struct policy_held_cut_in held = { (int64_t)size };
    TRY(ledger_cut(db, size, e));
    TRY(db_run(db, &sql_gate_command_cut, &commands, NULL, e));
    TRY(db_run(db, &sql_policy_cursor_cut, &cursor, NULL, e));
    TRY(db_run(db, &sql_policy_held_cut, &held, NULL, e));
    return db_run(db, &sql_lease_cut, NULL, NULL, e);
}

/* "hospital.example/n1" goes on as "hospital.example/n1~2-5f0c…", and that as "…~3-…": of which
 * log it is the continuation can be read, and two restores of one backup differ. */
static enum outcome origin_next(struct node *n, int64_t number, struct str before, struct str *out,
                                struct err *e)
{
    struct str base = before;
    struct id random = id_new(n->env);
    base = str_cut(&base, '~');
    *out = arena_printf(n->impl->arena, "%.*s~%lld-%s", STR(base), (long long)number,
                        random.text + 24);
    if (out->n > NOTE_KEY_NAME_MAX)
        return REFUSE(e, "node.origin_too_long");
    return OK;
}

enum outcome node_restore_begin(struct node *n, const struct node_restore *r, struct err *e)
{
    struct db *db = n->impl->writer;
    struct node_self_out self;
    bool found;
    int64_t epoch;
    TRY(db_get(db, &sql_node_self, NULL, &self, n->impl->arena, &found, e));
    TRY(ledger_epoch(db, &epoch, e));
    struct str origin;
    TRY(origin_next(n, epoch + 1, self.origin, &origin, e));
    n->impl->previous_vkey = n->vkey;
    TRY(db_begin(db, e));
    enum outcome o = r->cut ? enduring_cut(db, r->size, e) : OK;
    if (o == OK)
        o = node_signer_set(n, origin, epoch + 1, e);
    const struct node_self_origin_in in = { origin, n->vkey };
    if (o == OK)
        o = db_run(db, &sql_node_self_origin, &in, NULL, e);
    if (o == OK)
        o = ledger_epoch_begin(db, n->vkey, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    return o;
}

/* Under whose responsibility the node was founded: its first event's. */
static enum outcome founder(struct node *n, struct str *out, struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t got;
    struct event event;
    TRY(ledger_read(n->impl->writer, 0, 1, &rows, &got, arena, e));
    if (got == 0)
        return REFUSE(e, "node.restore_empty");
    TRY(event_read(&event, arena, rows[0].leaf, e));
    *out = event.organisation;
    return OK;
}

static enum outcome restore_say(struct node *n, const struct node_restore *r, struct arena *arena,
                                struct err *e)
{
    char root[HASH_HEX + 1];
    struct actor actor = { .name = S("system/restore"), .system = true };
    int64_t epoch;
    TRY(founder(n, &actor.organisation, arena, e));
    TRY(ledger_epoch(n->impl->writer, &epoch, e));
    hash_hex(root, ledger_root(n->ledger));
    struct id log = id_derive(n->impl->name, S("log"), 0);
    const struct epoch_begin body = {
        .node = id_str(&log),
        .number = epoch,
        .vkey = n->vkey,
        .previous_vkey = n->impl->previous_vkey,
        .size = (int64_t)ledger_size(n->ledger),
        .root = str_z(root),
        .known_size = r->known.n > 0 ? r->known_size : INT_NONE,
        .known = r->known,
    };
    struct buf b = buf_in(arena, GATE_BODY_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(&epoch_begin_record, &body, &out, NULL, e));
    TRY(buf_check(&b, e));
    struct id id = id_new(n->env);
    const struct gate_command command = {
        .id = id_str(&id),
        .name = S("epoch.begin"),
        .body = buf_get(&b),
        .actor = &actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = r->reason,
        .arena = arena,
    };
    TRY(gate_run(n->gate, &command, NULL, e));
    return gate_checkpoint_step(n->gate, 0, e);
}

enum outcome node_restore_end(struct node *n, const struct node_restore *r, struct err *e)
{
    struct arena *arena = arena_new(RESTORE_ARENA_MAX);
    enum outcome o = arena ? restore_say(n, r, arena, e) : err_no_memory(e);
    arena_free(arena);
    return o;
}
