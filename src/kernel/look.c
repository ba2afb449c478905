/* Opening what is sealed, for people to see, and noting it. */
#include "kernel/look.h"

#include "gen/kernel/look.sql.h"
#include "kernel/look_impl.h"

enum { CHECK_PAGE = 500, CHECK_ARENA = 8 << 20 };

struct looker *looker_new(struct keyring *keys, struct str self, const char *right,
                          struct arena *arena)
{
    struct looker *l = ARENA_NEW(arena, struct looker);
    if (l)
        *l = (struct looker){ .keys = keys, .self = self, .right = right, .arena = arena };
    return l;
}

size_t looker_subjects(const struct looker *l)
{
    return l ? l->n : 0;
}

static struct look *look_for(struct looker *l, struct str subject, struct str right)
{
    for (struct look *x = l->first; x; x = x->next)
        if (str_eq(x->subject, subject) && str_eq(x->right, right))
            return x;
    struct look *x = l->n < LOOK_SUBJECTS_MAX ? ARENA_NEW(l->arena, struct look) : NULL;
    if (!x)
        return NULL;
    *x = (struct look){ .subject = arena_str(l->arena, subject), .right = right, .next = l->first };
    l->first = x;
    l->n++;
    return x;
}

static enum outcome note(struct looker *l, struct str subject, struct str what, const char *right,
                         struct err *e)
{
    if (!l)
        return err_fault(e, "look.nobody", "personal data was opened for nobody");
    if (str_eq(subject, l->self))
        return OK;
    struct look *x = look_for(l, subject, str_z(right ? right : l->right));
    if (!x)
        return l->n == LOOK_SUBJECTS_MAX ? REFUSE(e, "look.too_many", { "max", S("1000") })
                                         : err_no_memory(e);
    if (str_among(what, x->what, x->n))
        return OK;
    if (x->n < LOOK_FIELDS_MAX)
        x->what[x->n++] = arena_str(l->arena, what);
    else
        x->more = true;
    return OK;
}

enum outcome look_note(struct looker *l, struct str subject, const char *what, const char *right,
                       struct err *e)
{
    return note(l, subject, str_z(what), right, e);
}

/* What cannot be noted is not given. */
static enum outcome note_field(struct looker *l, struct str *out, const struct look_at *at,
                               struct err *e)
{
    struct str what = at->path;
    const enum outcome o = note(l, seal_subject(at->sealed), str_cut(&what, '.'), at->right, e);
    if (o != OK)
        *out = (struct str){ 0 };
    return o;
}

enum outcome look_open(struct looker *l, struct str *out, const struct look_at *at, struct err *e)
{
    *out = at->sealed;
    if (!seal_is(at->sealed))
        return OK;
    *out = (struct str){ 0 };
    if (!l)
        return err_fault(e, "look.nobody", "personal data was opened for nobody");
    TRY(seal_open(l->keys, out, at->event, at->path, at->sealed, at->arena ? at->arena : l->arena,
                  e));
    return note_field(l, out, at, e);
}

enum outcome look_disclose(struct looker *l, struct str *out, uint8_t key[SEAL_FIELD_KEY_SIZE],
                           const struct look_at *at, struct err *e)
{
    *out = (struct str){ 0 };
    if (!l)
        return err_fault(e, "look.nobody", "personal data was opened for nobody");
    TRY(seal_field_key(l->keys, key, at->event, at->path, at->sealed, e));
    TRY(seal_open_disclosed(out, key, at->sealed, at->arena ? at->arena : l->arena, e));
    return note_field(l, out, at, e);
}

/* --- the anchor --- */

enum outcome look_anchor_load(struct load *l, const struct look_anchor *body,
                              struct look_anchor_state *state, struct err *e)
{
    struct look_last_out last;
    struct look_anchor_last_out anchored;
    bool found;
    load_kind(l, "node");
    if (!l->command->actor->system) /* whatever a role says: it would be a lie */
        return load_unknown(l, e);
    load_own_scope(l);
    TRY(load_stream(l, stream_of("look", body->node), NULL, e));
    TRY(db_get(l->db, &sql_look_last, NULL, &last, l->arena, &found, e));
    if (!found)
        return OK;
    state->sequence = last.seq;
    hash_hex(state->head, look_hash_of(last.hash));
    TRY(db_get(l->db, &sql_look_anchor_last, NULL, &anchored, l->arena, &found, e));
    state->count = last.seq - (found ? anchored.sequence : 0);
    return OK;
}

enum outcome look_anchor_decide(struct decision *d, const struct look_anchor *body,
                                const struct look_anchor_state *state, struct err *e)
{
    if (state->count <= 0)
        return REFUSE(e, "look.nothing_to_anchor");
    const struct look_anchored payload = { state->sequence, state->count, str_z(state->head) };
    decide_event(d, &(struct happening){
                        .stream = stream_of("look", body->node),
                        .type = &look_anchored_event,
                        .payload = &payload,
                    });
    return OK;
}

enum outcome look_anchored_apply(struct db *db, const struct event *event,
                                 const struct look_anchored *payload, struct err *e)
{
    const struct look_anchor_add_in in = {
        .node = stream_id(event->stream),
        .sequence = payload->sequence,
        .count = payload->count,
        .head = payload->head,
        .recorded = event->recorded,
    };
    return db_run(db, &sql_look_anchor_add, &in, NULL, e);
}

/* --- checking --- */

struct hash look_hash_of(struct bytes stored)
{
    struct hash h = { { 0 } };
    if (stored.n == HASH_SIZE)
        memcpy(h.b, stored.p, HASH_SIZE);
    return h;
}

struct hash look_chain(struct hash before, struct str leaf)
{
    const struct bytes parts[] = { { before.b, HASH_SIZE }, { (const uint8_t *)leaf.p, leaf.n } };
    return hash_parts(parts, 2);
}

/* The head after each look, held against the anchors in their order. */
struct checking {
    struct look_report *out;
    struct db *db;
    struct arena *arena;
    const struct look_anchors_out *anchors;
    size_t nanchors;
    size_t next;
    int64_t from; /* anchors behind this sequence are read next */
    struct hash head;
};

static enum outcome more_anchors(struct checking *c, struct arena *arena, struct err *e)
{
    const struct look_anchors_in in = { c->from, CHECK_PAGE };
    struct record_list list;
    TRY(db_list(c->db, &sql_look_anchors, &in, &list, CHECK_PAGE, arena, e));
    c->anchors = list.p;
    c->nanchors = list.n;
    c->next = 0;
    return OK;
}

static void check_one(struct checking *c, const struct look_walk_out *row)
{
    char hex[HASH_HEX + 1];
    c->head = look_chain(c->head, row->leaf);
    c->out->looks++;
    bool good = row->seq == c->out->looks && hash_eq(c->head, look_hash_of(row->hash));
    if (c->next < c->nanchors && c->anchors[c->next].sequence == row->seq) {
        hash_hex(hex, c->head);
        good &= str_is(c->anchors[c->next++].head, hex);
        c->out->anchors++;
        c->out->anchored = c->from = row->seq;
    }
    if (good || !c->out->good)
        return;
    c->out->good = false;
    c->out->damaged = row->seq;
}

static enum outcome check_all(struct checking *c, struct arena *anchors, struct err *e)
{
    struct record_list list = { .n = CHECK_PAGE };
    while (list.n == CHECK_PAGE) {
        const struct look_walk_in in = { c->out->looks, CHECK_PAGE };
        arena_reset(c->arena);
        TRY(db_list(c->db, &sql_look_walk, &in, &list, CHECK_PAGE, c->arena, e));
        const struct look_walk_out *row = list.p;
        for (size_t i = 0; i < list.n && c->out->good; i++) {
            if (c->next == c->nanchors) {
                arena_reset(anchors);
                TRY(more_anchors(c, anchors, e));
            }
            check_one(c, &row[i]);
        }
        if (!c->out->good)
            return OK;
    }
    if (c->next == c->nanchors)
        TRY(more_anchors(c, anchors, e));
    if (c->next < c->nanchors) { /* looks that the ledger knows of are gone */
        c->out->good = false;
        c->out->damaged = c->out->looks + 1;
    }
    return OK;
}

enum outcome look_check(struct look_report *out, struct db *db, struct err *e)
{
    struct arena *anchors = arena_new(CHECK_ARENA);
    struct checking c = { .out = out, .db = db, .arena = arena_new(CHECK_ARENA) };
    *out = (struct look_report){ .good = true };
    enum outcome o = anchors && c.arena ? more_anchors(&c, anchors, e) : err_no_memory(e);
    if (o == OK)
        o = check_all(&c, anchors, e);
    arena_free(c.arena);
    arena_free(anchors);
    return o;
}
