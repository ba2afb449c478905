/* Shows checkpoints to witnesses and takes what they say. One round is one checkpoint, shown to
 * all; the next begins when the log has grown and nobody is on the way, at most every every_us, and
 * in any case after HEARTBEAT_US, so that a quiet log is seen to be alive. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "kernel/tlog.h"
#include "kernel/witness_impl.h"

enum {
    STEP_ARENA_MAX = 1 << 20,
    BODY_MAX = NOTE_MAX + 48 * (MERKLE_PROOF_MAX + 2),
    AT_ONCE_MAX = 3, /* a witness that names another size is asked again at once, so often */
};
#define HEARTBEAT_US (5 * TIME_MINUTE)
#define TRY_US       (10 * TIME_SECOND)
#define RETRY_US     (10 * TIME_SECOND) /* doubled with each failure, … */
#define RETRY_MAX_US (5 * TIME_MINUTE)  /* … up to this */
#define SLACK_US     (30 * TIME_SECOND)

enum outcome witnesses_open(struct witnesses **out, const struct witnesses_options *options,
                            struct err *e)
{
    struct witnesses *w = calloc(1, sizeof *w);
    if (!w)
        return err_no_memory(e);
    w->options = *options;
    w->log = id_derive(options->node, S("log"), 0);
    w->actor = (struct actor){ .name = S("system/witness"), .system = true };
    w->arena = arena_new(STEP_ARENA_MAX);
    w->recount = w->leads = true;
    if (!w->arena) {
        witnesses_close(w);
        return err_no_memory(e);
    }
    *out = w;
    return OK;
}

void witnesses_close(struct witnesses *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < WITNESSES_MAX; i++)
        arena_free(w->one[i].arena);
    arena_free(w->arena);
    free(w);
}

size_t witnesses_contradicting(const struct witnesses *w)
{
    return w ? atomic_load(&w->contradicting) : 0;
}

void witnesses_counted(const struct witnesses *w, size_t *n, size_t *quorum)
{
    *n = w ? w->n : 0;
    *quorum = w && w->setup ? w->setup->quorum : 0;
}

/* --- what the log is told --- */

/* The program speaks for who founded the node. */
static enum outcome founder(struct witnesses *w, struct err *e)
{
    struct ledger_row *rows;
    struct event event;
    size_t n;
    if (w->organisation[0])
        return OK;
    TRY(ledger_read(w->options.writer, 0, 1, &rows, &n, w->arena, e));
    if (n == 0)
        return err_fault(e, "ledger.damaged", "there is no first event");
    TRY(event_read(&event, w->arena, rows[0].leaf, e));
    snprintf(w->organisation, sizeof w->organisation, "%.*s", STR(event.organisation));
    w->actor.organisation = str_z(w->organisation);
    return OK;
}

/* Tells the log that it stands so now, unless it knows; `says` but for contradictions absent. */
static enum outcome tell(struct witnesses *w, struct witness_asked *x, const char *state,
                         int64_t says, struct err *e)
{
    if (strcmp(x->state, state) == 0 || x->saying.state != SAY_NOTHING)
        return OK;
    char root[HASH_HEX + 1];
    hash_hex(root, w->round.c.root);
    TRY(founder(w, e));
    const bool silent = strcmp(state, "silent") == 0;
    const struct witness_report body = {
        .node = id_str(&w->log),
        .witness = str_z(x->as->key.name),
        .vkey = str_z(x->as->vkey),
        .state = str_z(state),
        .size = silent ? INT_NONE : (int64_t)w->round.c.size,
        .root = silent ? (struct str){ 0 } : str_z(root),
        .says = says,
        .since = !silent                   ? TIME_NONE
                 : x->cosigned != INT_NONE ? x->cosigned
                                           : x->asked,
        .code = silent ? str_z(x->code) : (struct str){ 0 },
    };
    arena_reset(x->arena);
    const struct str what = arena_printf(x->arena, "witness.report %s %s %lld", x->as->vkey, state,
                                         (long long)env_now(w->options.env));
    x->saying = (struct saying){
        .env = w->options.env, .gate = w->options.gate, .actor = &w->actor, .arena = x->arena
    };
    snprintf(x->told, sizeof x->told, "%s", state);
    if (witness_contradicts(str_z(state)))
        LOG(w->options.env, LOG_ERROR, "witness.contradicts",
            LOG_F_INT("size", (int64_t)w->round.c.size), LOG_F_INT("says", says));
    return what.p ? say(&x->saying, what, "witness.report", &witness_report_record, &body, e)
                  : err_no_memory(e);
}

static void told(struct witnesses *w, struct witness_asked *x)
{
    if (x->saying.error.outcome == OK)
        snprintf(x->state, sizeof x->state, "%s", x->told);
    else
        log_err(w->options.env, "witness.not_said", &x->saying.error);
    x->saying.state = SAY_NOTHING;
}

static enum outcome silent_told(struct witnesses *w, struct witness_asked *x, struct err *e)
{
    const int64_t heard = x->cosigned != INT_NONE ? x->cosigned : x->asked;
    const int64_t last = heard > x->begun ? heard : x->begun;
    if (x->tries == 0 || witness_contradicts(str_z(x->state)) ||
        env_now(w->options.env) - last < w->setup->silent_us)
        return OK;
    return tell(w, x, "silent", INT_NONE, e);
}

/* --- what they answer --- */

static void fails(struct witnesses *w, struct witness_asked *x, const char *code)
{
    int64_t wait = RETRY_US;
    for (int64_t i = 0; i < x->tries && wait < RETRY_MAX_US; i++)
        wait *= 2;
    x->tries++;
    x->code = code;
    x->next = env_mono(w->options.env) + (wait < RETRY_MAX_US ? wait : RETRY_MAX_US);
    x->changed = true;
}

static enum outcome cosigns(struct witnesses *w, struct witness_asked *x, struct str answer,
                            struct err *e)
{
    const struct str text = note_text((struct str){ w->round.note, w->round.n });
    while (answer.p) {
        const struct str line = str_cut(&answer, '\n');
        uint64_t at;
        if (line.n + 2 > sizeof x->line || !note_cosigned(&at, line, text, &x->as->key))
            continue;
        snprintf(x->line, sizeof x->line, "%.*s\n", STR(line));
        x->old = w->round.c.size;
        x->size = (int64_t)w->round.c.size;
        x->cosigned = env_now(w->options.env);
        x->tries = 0;
        x->code = NULL;
        x->changed = true;
        return tell(w, x, "agreed", INT_NONE, e);
    }
    fails(w, x, "witness.bad_cosignature");
    return OK;
}

/* 409: it cosigned last at another size; or, at the very size that was shown, another root. */
static enum outcome other_size(struct witnesses *w, struct witness_asked *x, struct str answer,
                               struct err *e)
{
    int64_t says;
    struct str note;
    struct checkpoint newest;
    if (!str_to_u63(&says, str_trim(answer))) {
        fails(w, x, "witness.answer");
        return OK;
    }
    TRY(ledger_last_checkpoint(w->options.writer, &note, w->arena, e));
    TRY(checkpoint_read(&newest, note, e));
    if ((uint64_t)says > newest.size) {
        fails(w, x, "witness.rolled_back");
        return tell(w, x, "rolled_back", says, e);
    }
    if ((uint64_t)says == x->old && x->old == w->round.c.size) {
        fails(w, x, "witness.forked");
        return tell(w, x, "forked", says, e);
    }
    x->old = (uint64_t)says;
    if (x->old > w->round.c.size || x->at_once++ >= AT_ONCE_MAX)
        fails(w, x, "witness.behind"); /* another process of this node shows it newer ones */
    return OK;
}

static const char *code_of(const struct outbox_result *r)
{
    switch (r->status) {
    case 403:
        return "witness.other_key";
    case 404:
        return "witness.unknown_log";
    default:
        return r->status == INT_NONE && r->code ? r->code : "witness.answer";
    }
}

static enum outcome answered(struct witnesses *w, struct witness_asked *x,
                             const struct outbox_result *r, struct err *e)
{
    x->sent = false;
    if (r->status == 200)
        return cosigns(w, x, r->answer, e);
    if (r->status == 409)
        return other_size(w, x, r->answer, e);
    if (r->status == 422) {
        fails(w, x, "witness.forked");
        return tell(w, x, "forked", (int64_t)x->old, e);
    }
    fails(w, x, code_of(r));
    return OK;
}

static enum outcome take_answers(struct witnesses *w, struct err *e)
{
    struct outbox_result r;
    while (w->transport->next(w->transport->context, &r))
        for (size_t i = 0; i < w->n; i++)
            if (w->one[i].sent && w->one[i].ticket == r.ticket)
                TRY(answered(w, &w->one[i], &r, e));
    for (size_t i = 0; i < w->n; i++)
        if (w->one[i].sent && env_mono(w->options.env) >= w->one[i].gives_up) {
            w->one[i].sent = false;
            fails(w, &w->one[i], "outbox.timeout");
        }
    return OK;
}

/* --- showing --- */

/* The next round, if it is time and there is something to show. */
static enum outcome round_begin(struct witnesses *w, struct err *e)
{
    const int64_t waited = env_mono(w->options.env) - w->round.begun;
    struct str note;
    struct checkpoint c;
    for (size_t i = 0; i < w->n; i++)
        if (w->one[i].sent)
            return OK;
    if (w->round.any && waited < w->setup->every_us)
        return OK;
    TRY(ledger_last_checkpoint(w->options.writer, &note, w->arena, e));
    if (!note.p || note.n > sizeof w->round.note)
        return OK;
    TRY(checkpoint_read(&c, note, e));
    const bool same = w->round.any && c.size == w->round.c.size;
    if (c.size == 0 || (same && waited < HEARTBEAT_US))
        return OK;
    w->round.any = true;
    w->round.begun = env_mono(w->options.env);
    w->round.c = c;
    memcpy(w->round.note, note.p, note.n);
    w->round.n = note.n;
    for (size_t i = 0; i < w->n; i++) {
        struct witness_asked *x = &w->one[i];
        x->at_once = 0;
        x->line[0] = same ? x->line[0] : '\0';
        if (x->tries == 0)
            x->next = w->round.begun;
    }
    return OK;
}

static enum outcome show_one(struct witnesses *w, struct witness_asked *x, struct err *e)
{
    struct buf body = buf_in(w->arena, BODY_MAX);
    if (x->old > w->round.c.size)
        return OK;
    buf_printf(&body, "old %llu\n", (unsigned long long)x->old);
    TRY(tlog_consistency(&body, w->options.writer, x->old, w->round.c.size, e));
    buf_char(&body, '\n');
    buf_put(&body, w->round.note, w->round.n);
    TRY(buf_check(&body, e));
    const struct outbox_request request = {
        .protocol = OUTBOX_WITNESS,
        .url = arena_printf(w->arena, "%s/add-checkpoint", x->as->url),
        .headers = { { S("Content-Type"), S("text/plain; charset=utf-8") } },
        .nheaders = 1,
        .body = buf_get(&body),
        .timeout_us = TRY_US,
    };
    x->ticket = ++w->tickets;
    x->gives_up = env_mono(w->options.env) + TRY_US + SLACK_US;
    x->next = INT64_MAX; /* until it is answered, or the next round */
    x->sent = w->transport->send(w->transport->context, x->ticket, &request);
    if (!x->sent)
        fails(w, x, "outbox.no_room");
    return OK;
}

static bool due(const struct witnesses *w, const struct witness_asked *x)
{
    const bool again = x->at_once > 0 && !x->line[0] && x->next == INT64_MAX;
    return !x->sent && w->round.any && (again || env_mono(w->options.env) >= x->next);
}

static enum outcome recount(struct witnesses *w, struct err *e)
{
    struct witness_standing_contradictions_out row;
    bool found;
    if (!w->recount)
        return OK;
    TRY(db_get(w->options.writer, &sql_witness_standing_contradictions, NULL, &row, w->arena,
               &found, e));
    atomic_store(&w->contradicting, found ? (size_t)row.n : 0);
    w->recount = false;
    return OK;
}

/* What a person resolved is said again if it is still so. */
static enum outcome states_read(struct witnesses *w, struct err *e)
{
    for (size_t i = 0; w->recount && i < w->n; i++) {
        struct witness_asked *x = &w->one[i];
        const struct witness_standing_in in = { str_z(x->as->vkey) };
        struct witness_standing_out row;
        bool found;
        if (x->saying.state != SAY_NOTHING)
            continue;
        TRY(db_get(w->options.writer, &sql_witness_standing, &in, &row, w->arena, &found, e));
        if (found)
            snprintf(x->state, sizeof x->state, "%.*s", STR(row.state));
    }
    return OK;
}

void witnesses_committed(struct witnesses *w, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w->recount |= strncmp(events[i].type, "witness.", sizeof "witness." - 1) == 0;
}

enum outcome witnesses_step(struct witnesses *w, bool *busy, struct err *e)
{
    *busy = false;
    arena_reset(w->arena);
    TRY(states_read(w, e));
    TRY(recount(w, e));
    if (w->n == 0 || !w->leads)
        return OK;
    TRY(take_answers(w, e));
    TRY(round_begin(w, e));
    for (size_t i = 0; i < w->n; i++) {
        struct witness_asked *x = &w->one[i];
        if (due(w, x))
            TRY(show_one(w, x, e));
        TRY(silent_told(w, x, e));
        if (say_step(&x->saying) == SAY_ANSWERED)
            told(w, x);
        *busy |= x->saying.state == SAY_SENT;
    }
    return witnesses_keep(w, e);
}
