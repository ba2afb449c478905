/* The answers that are kept, against the events that they speak of. One pass over the log, whose
 * events of one command stand together, and one over the answers. */
#include <stdio.h>

#include "gen/kernel/gate.sql.h"
#include "kernel/gate_impl.h"

enum { CHECK_CHUNK = 500, CHECK_ARENA_MAX = 64 << 20 };

/* Events of one command, the last that was read. */
struct run {
    char command[ID_LENGTH + 1];
    char organisation[ID_LENGTH + 1];
    int64_t first;
    int64_t n; /* 0: none was read yet */
};

static void say(struct gate_report *out, const char *command)
{
    if (out->good)
        snprintf(out->command, sizeof out->command, "%s", command);
    out->good = false;
}

/* The command's answer names these events. */
static enum outcome run_end(const struct run *r, struct gate_report *out, struct db *db,
                            struct arena *arena, struct err *e)
{
    const struct gate_command_find_in in = { .command = str_z(r->command) };
    struct gate_command_find_out row;
    bool found;
    if (r->n == 0)
        return OK;
    out->recorded++;
    TRY(db_get(db, &sql_gate_command_find, &in, &row, arena, &found, e));
    if (!found || row.sequence != r->first || row.events != r->n ||
        !str_is(row.organisation, r->organisation))
        say(out, r->command);
    return OK;
}

static enum outcome log_pass(struct gate_report *out, struct db *db, struct arena *arena,
                             struct err *e)
{
    struct run run = { 0 };
    size_t n = CHECK_CHUNK;
    for (int64_t from = 0; n == CHECK_CHUNK; from += (int64_t)n) {
        struct ledger_row *rows;
        arena_reset(arena);
        TRY(ledger_read(db, from, CHECK_CHUNK, &rows, &n, arena, e));
        for (size_t i = 0; i < n; i++) {
            struct event event;
            TRY(event_read(&event, arena, rows[i].leaf, e));
            if (run.n > 0 && str_is(event.command, run.command)) {
                run.n++;
                continue;
            }
            TRY(run_end(&run, out, db, arena, e));
            run = (struct run){ .first = rows[i].sequence, .n = 1 };
            snprintf(run.command, sizeof run.command, "%.*s", STR(event.command));
            snprintf(run.organisation, sizeof run.organisation, "%.*s", STR(event.organisation));
        }
    }
    return run_end(&run, out, db, arena, e);
}

/* What an answer says of itself. */
static enum outcome row_good(bool *good, const struct gate_command_all_out *row,
                             struct keyring *keys, struct arena *arena, struct err *e)
{
    struct hash digest;
    struct str body;
    struct err why = { 0 };
    *good = hash_from_hex(&digest, row->digest) && (row->sequence < 0) == (row->events == 0) &&
            row->sequence >= -1;
    if (!*good || !row->answer.p)
        return OK;
    const enum outcome o =
        seal_secret_open(keys, &body, gate_answer_place(row->command), row->answer, arena, &why);
    *good = o == OK;
    if (o != OK && !str_is(str_z(why.code), "seal.damaged")) {
        *e = why;
        return o;
    }
    return OK;
}

static enum outcome answers_pass(struct gate_report *out, struct db *db, struct keyring *keys,
                                 struct arena *arena, struct err *e)
{
    struct db_rows rows;
    bool more = true;
    int64_t with_events = 0;
    TRY(db_rows_open(&rows, db, &sql_gate_command_all, NULL, e));
    enum outcome o = OK;
    while (o == OK) {
        struct gate_command_all_out row;
        bool good = true;
        arena_reset(arena);
        o = db_rows_next(&rows, &row, arena, &more, e);
        if (o != OK || !more)
            break;
        out->answers++;
        with_events += row.sequence >= 0;
        o = row_good(&good, &row, keys, arena, e);
        if (!good)
            say(out, arena_str(arena, row.command).p);
    }
    db_rows_close(&rows);
    if (o == OK && with_events != out->recorded)
        say(out, "");
    return o;
}

enum outcome gate_check(struct gate_report *out, struct db *db, struct keyring *keys, struct err *e)
{
    struct arena *arena = arena_new(CHECK_ARENA_MAX);
    *out = (struct gate_report){ .good = true };
    enum outcome o = arena ? log_pass(out, db, arena, e) : err_no_memory(e);
    if (o == OK)
        o = answers_pass(out, db, keys, arena, e);
    arena_free(arena);
    return o;
}
