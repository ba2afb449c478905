/* What is kept of witnesses outside of the ledger, and how it is taken up again at a start. */
#include <stdio.h>

#include "kernel/witness_impl.h"

enum { ONE_ARENA_MAX = 1 << 20 };

/* --- beginning --- */

static enum outcome one_read(struct witnesses *w, size_t i, struct err *e)
{
    struct witness_asked *x = &w->one[i];
    const struct contact_one_in in = { str_z(w->setup->one[i].vkey) };
    const struct witness_standing_in of = { in.vkey };
    struct contact_one_out row;
    struct witness_standing_out said;
    bool found = false, stands = false;
    TRY(db_get(w->options.writer, &sql_contact_one, &in, &row, w->arena, &found, e));
    TRY(db_get(w->options.writer, &sql_witness_standing, &of, &said, w->arena, &stands, e));
    x->begun = x->asked = env_now(w->options.env);
    x->size = x->cosigned = INT_NONE;
    if (found && str_is(row.origin, w->options.signer->name)) {
        x->asked = row.asked;
        x->size = row.size;
        x->cosigned = row.cosigned;
        x->old = row.size == INT_NONE ? 0 : (uint64_t)row.size;
    }
    if (stands)
        snprintf(x->state, sizeof x->state, "%.*s", STR(said.state));
    x->next = env_mono(w->options.env);
    x->changed = true;
    return OK;
}

/* Those of an older configuration go. */
static enum outcome others_drop(struct witnesses *w, struct err *e)
{
    struct record_list list;
    TRY(db_list(w->options.writer, &sql_contact_all, NULL, &list, 1000, w->arena, e));
    const struct contact_all_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        bool ours = false;
        for (size_t k = 0; k < w->setup->n; k++)
            ours |= str_is(rows[i].vkey, w->setup->one[k].vkey);
        const struct contact_drop_in in = { rows[i].vkey };
        if (!ours)
            TRY(db_run(w->options.writer, &sql_contact_drop, &in, NULL, e));
    }
    return OK;
}

static enum outcome all_read(struct witnesses *w, struct err *e)
{
    struct db *db = w->options.writer;
    struct str note;
    arena_reset(w->arena);
    for (size_t i = 0; i < w->n; i++)
        TRY(one_read(w, i, e));
    TRY(ledger_cosigned(db, &note, &w->kept, w->arena, e));
    TRY(db_begin_aside(db, e));
    const enum outcome o = others_drop(w, e);
    if (o == OK)
        return db_commit(db, e);
    db_rollback(db);
    return o;
}

enum outcome witnesses_lead(struct witnesses *w, bool leads, struct err *e)
{
    w->leads = leads;
    w->round.any = false;
    w->recount = true;
    for (size_t i = 0; i < w->n; i++)
        w->one[i].sent = false; /* its answer is not waited for any more */
    return leads && w->setup ? all_read(w, e) : OK;
}

enum outcome witnesses_use(struct witnesses *w, const struct outbox_transport *transport,
                           const struct witness_setup *setup, struct err *e)
{
    w->transport = transport;
    w->setup = setup;
    w->n = setup->n;
    for (size_t i = 0; i < w->n; i++) {
        struct witness_asked *x = &w->one[i];
        x->as = &w->setup->one[i];
        x->arena = arena_new(ONE_ARENA_MAX);
        if (!x->arena)
            return err_no_memory(e);
    }
    return w->leads ? all_read(w, e) : OK;
}

/* --- what is kept --- */

static enum outcome one_keep(struct witnesses *w, size_t i, struct err *e)
{
    const struct witness_asked *x = &w->one[i];
    const struct contact_set_in in = {
        .vkey = str_z(x->as->vkey),
        .place = (int64_t)i,
        .witness = str_z(x->as->key.name),
        .url = str_z(x->as->url),
        .origin = str_z(w->options.signer->name),
        .asked = x->asked,
        .size = x->size,
        .cosigned = x->cosigned,
        .tries = x->tries,
        .code = str_z(x->code),
    };
    return db_run(w->options.writer, &sql_contact_set, &in, NULL, e);
}

/* The checkpoint with all cosignatures there are, once they are enough. */
static enum outcome round_keep(struct witnesses *w, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += w->one[i].line[0] != '\0';
    const bool newer = w->round.c.size > w->kept || (w->round.c.size == w->kept && n >= w->kept_n);
    if (!w->round.any || n < w->setup->quorum || !newer)
        return OK;
    struct buf note = buf_in(w->arena, NOTE_MAX + WITNESSES_MAX * WITNESS_LINE_MAX);
    buf_put(&note, w->round.note, w->round.n);
    for (size_t i = 0; i < w->n; i++)
        buf_z(&note, w->one[i].line);
    TRY(buf_check(&note, e));
    TRY(ledger_cosigned_keep(w->options.writer, w->round.c.size, buf_get(&note), e));
    w->kept = w->round.c.size;
    w->kept_n = n;
    return OK;
}

static enum outcome keep_all(struct witnesses *w, struct err *e)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->one[i].changed)
            TRY(one_keep(w, i, e));
    return round_keep(w, e);
}

enum outcome witnesses_keep(struct witnesses *w, struct err *e)
{
    struct db *db = w->options.writer;
    bool changed = false;
    for (size_t i = 0; i < w->n; i++)
        changed |= w->one[i].changed;
    if (!changed)
        return OK;
    TRY(db_begin_aside(db, e));
    enum outcome o = keep_all(w, e);
    if (o == OK)
        o = db_commit(db, e);
    else
        db_rollback(db);
    for (size_t i = 0; o == OK && i < w->n; i++)
        w->one[i].changed = false;
    return o;
}
