/* Keys of organisations, and their renewal. An organisation has two slots at the most, which take
 * turns. A renewal makes the new key, wraps those of its subjects anew, and only then destroys the
 * old one: at each moment every key of a subject rests on one that is there, and two living slots
 * of one organisation tell that a renewal was interrupted. */
#include "kernel/keyring_file.h"

#include <sodium.h>
#include <stdlib.h>

enum { SCAN = 256 }; /* slots read at once */

enum outcome organisation_key(const struct keyring *k, uint8_t key[KEY_SIZE], uint32_t index,
                              bool *good, struct err *e)
{
    struct slot slot;
    TRY(slot_load(k, &slot, index, e));
    *good = slot.kind == SLOT_ORGANISATION && slot.state == SLOT_LIVE &&
            slot_unwrap(key, k->secrets, &slot, NULL);
    return OK;
}

/* The slots of one organisation; index 0: there is none. */
struct pair {
    struct slot newer; /* living */
    struct slot older; /* living too: a renewal was interrupted */
    struct slot free;  /* not living */
};

static enum outcome pair_find(struct keyring *k, struct pair *out, struct str organisation,
                              struct err *e)
{
    *out = (struct pair){ 0 };
    for (uint32_t i = 0; i < k->norganisations; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, k->organisations[i], e));
        if (!str_eq(slot_name(&slot), organisation))
            continue;
        if (slot.state != SLOT_LIVE) {
            out->free = slot;
        } else if (out->newer.index == 0 || slot.turn > out->newer.turn) {
            out->older = out->newer;
            out->newer = slot;
        } else {
            out->older = slot;
        }
    }
    return OK;
}

/* A new key of an organisation, in its free slot or a new one. */
static enum outcome make(struct keyring *k, const struct pair *pair, struct str organisation,
                         uint32_t *index, struct err *e)
{
    uint8_t key[KEY_SIZE];
    struct slot slot;
    const struct slot_plan plan = {
        .kind = SLOT_ORGANISATION,
        .name = organisation,
        .index = pair->free.index ? pair->free.index : k->nslots,
        .turn = (pair->newer.turn > pair->free.turn ? pair->newer.turn : pair->free.turn) + 1,
    };
    if (plan.index >= SLOTS_MAX)
        return err_fault(e, "seal.full", "the keyring holds %u keys", k->nslots);
    env_random(k->env, key, sizeof key);
    slot_wrap(&slot, k->secrets, k->env, &plan, key);
    sodium_memzero(key, sizeof key);
    *index = plan.index;
    TRY(slot_store(k, &slot, e));
    return table_refresh(k, e);
}

enum outcome organisation_ensure(struct keyring *k, struct str organisation, uint32_t *index,
                                 struct err *e)
{
    struct pair pair;
    TRY(pair_find(k, &pair, organisation, e));
    *index = pair.newer.index;
    return *index != 0 ? OK : make(k, &pair, organisation, index, e);
}

/* --- all slots --- */

typedef enum outcome slot_fn(struct keyring *k, struct slot *slot, void *context, struct err *e);

static enum outcome each_subject(struct keyring *k, slot_fn *run, void *context, struct err *e)
{
    for (uint32_t i = keyring_first(k); i < k->nslots; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, i, e));
        if (slot.kind == SLOT_SUBJECT)
            TRY(run(k, &slot, context, e));
    }
    return OK;
}

/* --- renewal --- */

struct move {
    uint32_t from, to;
    uint8_t old[KEY_SIZE], new[KEY_SIZE];
    int64_t moved;
};

/* Of an erased subject nothing is left but that it was: it rests on no key any more. */
static enum outcome move_subject(struct keyring *k, struct slot *slot, void *context, struct err *e)
{
    struct move *move = context;
    uint8_t key[KEY_SIZE];
    if (slot->under != move->from)
        return OK;
    if (slot->state != SLOT_LIVE) {
        slot->under = 0;
        slot_erase(slot, k->secrets);
        return slot_put(k, slot, slot->index, e);
    }
    if (!slot_unwrap(key, k->secrets, slot, move->old))
        return err_fault(e, "seal.damaged", "slot %u of the keyring does not open", slot->index);
    const struct slot before = *slot;
    const struct slot_plan plan = {
        .kind = SLOT_SUBJECT,
        .name = slot_name(&before),
        .index = slot->index,
        .under = move->to,
        .above = move->new,
    };
    slot_wrap(slot, k->secrets, k->env, &plan, key);
    sodium_memzero(key, sizeof key);
    move->moved++;
    return slot_put(k, slot, slot->index, e);
}

static enum outcome move_all(struct keyring *k, struct move *move, struct slot *old, struct err *e)
{
    bool good = false, also = false;
    TRY(organisation_key(k, move->old, move->from, &good, e));
    TRY(organisation_key(k, move->new, move->to, &also, e));
    if (!good || !also)
        return err_fault(e, "seal.damaged", "a key of an organisation does not open");
    TRY(each_subject(k, move_subject, move, e));
    TRY(keyring_sync(k, e)); /* before the old key goes */
    slot_erase(old, k->secrets);
    return slot_store(k, old, e);
}

static enum outcome renew(struct keyring *k, struct str organisation, int64_t *subjects,
                          struct err *e)
{
    struct pair pair;
    TRY(pair_find(k, &pair, organisation, e));
    if (pair.newer.index == 0)
        return REFUSE(e, "seal.unknown_organisation", { "organisation", organisation });
    struct move move = { .from = pair.older.index, .to = pair.newer.index };
    struct slot *old = &pair.older;
    if (pair.older.index == 0) {
        old = &pair.newer;
        move.from = old->index;
        TRY(make(k, &pair, organisation, &move.to, e));
    }
    const enum outcome o = move_all(k, &move, old, e);
    sodium_memzero(move.old, sizeof move.old);
    sodium_memzero(move.new, sizeof move.new);
    if (subjects)
        *subjects += move.moved;
    return o;
}

/* The key on which the first erased subject rests. */
static enum outcome find_waning(struct keyring *k, struct slot *slot, void *context, struct err *e)
{
    uint32_t *under = context;
    (void)k;
    (void)e;
    if (*under == 0 && slot->state != SLOT_LIVE)
        *under = slot->under;
    return OK;
}

static enum outcome renew_at(struct keyring *k, uint32_t index, int64_t *subjects, struct err *e)
{
    struct slot slot;
    char name[SUBJECT_MAX];
    TRY(slot_load(k, &slot, index, e));
    memcpy(name, slot.name, sizeof name);
    return renew(k, (struct str){ name, slot.name_n }, subjects, e);
}

enum outcome organisations_finish(struct keyring *k, int64_t *subjects, struct err *e)
{
    for (uint32_t i = 0; i < k->norganisations; i++) {
        struct pair pair;
        struct slot slot;
        TRY(slot_load(k, &slot, k->organisations[i], e));
        TRY(pair_find(k, &pair, slot_name(&slot), e));
        if (pair.older.index != 0)
            TRY(renew(k, slot_name(&slot), subjects, e));
    }
    while (k->waning) {
        uint32_t under = 0;
        TRY(each_subject(k, find_waning, &under, e));
        if (under != 0)
            TRY(renew_at(k, under, subjects, e));
        else
            k->waning = false;
    }
    return OK;
}

struct renewal {
    struct str organisation;
    int64_t *subjects;
};

static enum outcome renew_locked(struct keyring *k, void *context, struct err *e)
{
    const struct renewal *r = context;
    TRY(organisations_finish(k, r->organisation.p ? NULL : r->subjects, e));
    return r->organisation.p ? renew(k, r->organisation, r->subjects, e) : OK;
}

enum outcome keyring_renew(struct keyring *k, struct str organisation, int64_t *subjects,
                           struct err *e)
{
    struct renewal r = { organisation, subjects };
    if (subjects)
        *subjects = 0;
    return keyring_change(k, renew_locked, &r, e);
}

/* --- what it holds --- */

struct counting {
    struct keyring_list *list;
    struct keyring_row *rows;
    uint32_t *under; /* of each row */
    struct arena *arena;
    struct str *erased;
    size_t nerased;
};

static enum outcome count(struct keyring *k, struct slot *slot, void *context, struct err *e)
{
    struct counting *c = context;
    (void)k;
    (void)e;
    if (slot->state != SLOT_LIVE) {
        if (c->erased)
            c->erased[c->nerased++] = arena_str(c->arena, slot_name(slot));
        if (c->list)
            c->list->erased++;
        return OK;
    }
    for (size_t i = 0; c->list && i < c->list->n; i++)
        c->rows[i].subjects += c->under[i] == slot->under;
    return OK;
}

enum outcome keyring_list(struct keyring *k, struct keyring_list *out, struct arena *arena,
                          struct err *e)
{
    static const char *const sources[] = { "", "file", "passphrase", "token" };
    struct header header;
    struct counting c = { .list = out, .arena = arena };
    *out = (struct keyring_list){ .version = k->old ? 1 : 2, .generation = k->secrets->generation };
    c.rows = ARENA_ARRAY(arena, k->norganisations + 1, struct keyring_row);
    c.under = ARENA_ARRAY(arena, k->norganisations + 1, uint32_t);
    if (!c.rows || !c.under)
        return err_no_memory(e);
    if (!slot_read(k, (struct slot *)&header, (uint32_t)k->header))
        return err_fault(e, "seal.io", "read keyring: %m");
    out->source = sources[header.source <= 3 ? header.source : 0];
    if (k->old)
        out->n++;
    for (uint32_t i = 0; i < k->norganisations; i++) {
        struct slot slot;
        TRY(slot_load(k, &slot, k->organisations[i], e));
        if (slot.state != SLOT_LIVE)
            continue;
        c.under[out->n] = slot.index;
        c.rows[out->n++] = (struct keyring_row){ arena_str(arena, slot_name(&slot)), slot.turn, 0 };
    }
    out->rows = c.rows;
    return each_subject(k, count, &c, e);
}

enum outcome keyring_erased(struct keyring *k, struct str **out, size_t *n, struct arena *arena,
                            struct err *e)
{
    struct counting c = { .arena = arena };
    *out = c.erased = ARENA_ARRAY(arena, k->nslots + 1, struct str);
    if (!c.erased)
        return err_no_memory(e);
    TRY(each_subject(k, count, &c, e));
    *n = c.nerased;
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
