/* What an account's roles permit: read from the roles' effective definitions, and kept for a while
 * by account and its version, until a definition changes. */
#include "kernel/auth_impl.h"

#include <stdlib.h>

static struct auth_rights *rights_slot(struct auth *a, struct str account)
{
    struct hash h = hash_of(account.p, account.n);
    return &a->rights[(h.b[0] | h.b[1] << 8) % AUTH_RIGHTS_MAX];
}

static void rights_clear(struct auth_rights *r)
{
    free(r->grants);
    free(r->text);
    *r = (struct auth_rights){ 0 };
}

void auth_rights_free(struct auth *a)
{
    for (size_t i = 0; i < AUTH_RIGHTS_MAX; i++)
        rights_clear(&a->rights[i]);
}

static struct str moved(struct str s, const char *from, const char *to)
{
    if (s.p)
        s.p = to + (s.p - from);
    return s;
}

/* The grants once more, with their text in another place. */
static void grants_move(struct grant *to, const struct grant *from, size_t n, const char *old_text,
                        const char *new_text)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (struct grant){ moved(from[i].permission, old_text, new_text),
                                moved(from[i].organisation, old_text, new_text),
                                moved(from[i].site, old_text, new_text) };
}

/* From memory into the arena; false when they are not there, or too old. */
static bool rights_kept(struct auth *a, struct str account, int64_t version, struct actor *actor,
                        struct auth_limits *limits, uint64_t *generation, struct arena *arena)
{
    bool found = false;
    pthread_mutex_lock(&a->lock);
    const struct auth_rights *r = rights_slot(a, account);
    *generation = a->generation;
    if (str_is(account, r->account) && r->version == version && r->generation == a->generation &&
        env_mono(a->node->env) - r->made_us < AUTH_RIGHTS_AGE_S * TIME_SECOND) {
        struct grant *grants = ARENA_ARRAY(arena, r->n + 1, struct grant);
        char *text = arena_alloc(arena, r->ntext + 1);
        if (grants && text) {
            if (r->ntext > 0)
                memcpy(text, r->text, r->ntext);
            grants_move(grants, r->grants, r->n, r->text, text);
            actor->grants = grants;
            actor->ngrants = r->n;
            *limits = r->limits;
            found = true;
        }
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}

static struct str put(struct buf *b, struct str s)
{
    if (!s.p)
        return s;
    struct str copy = { b->p + b->n, s.n }; /* it does not grow: its room was counted */
    buf_str(b, s);
    return copy;
}

/* Keeps a copy; without memory it does not, and the next request reads again. */
static void rights_keep(struct auth *a, struct str account, int64_t version, uint64_t generation,
                        const struct actor *actor, const struct auth_limits *limits)
{
    size_t ntext = 1;
    for (size_t i = 0; i < actor->ngrants; i++)
        ntext += actor->grants[i].permission.n + actor->grants[i].organisation.n +
                 actor->grants[i].site.n;
    struct auth_rights new = {
        .version = version,
        .generation = generation,
        .made_us = env_mono(a->node->env),
        .limits = *limits,
        .n = actor->ngrants,
        .grants = calloc(actor->ngrants + 1, sizeof(struct grant)),
        .text = calloc(ntext, 1),
        .ntext = ntext,
    };
    if (!new.grants || !new.text || account.n > ID_LENGTH) {
        rights_clear(&new);
        return;
    }
    memcpy(new.account, account.p, account.n);
    struct buf b = buf_over(new.text, ntext);
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct grant *g = &actor->grants[i];
        new.grants[i].permission = put(&b, g->permission);
        new.grants[i].organisation = put(&b, g->organisation);
        new.grants[i].site = put(&b, g->site);
    }
    pthread_mutex_lock(&a->lock);
    struct auth_rights *slot = rights_slot(a, account);
    rights_clear(slot);
    *slot = new;
    pthread_mutex_unlock(&a->lock);
}

static int64_t least(int64_t us, int64_t n, int64_t unit)
{
    return n != INT_NONE && n * unit < us ? n * unit : us;
}

static void limits_take(struct auth_limits *limits, const struct role *role)
{
    const enum proof_strength strength = proof_strength_of(role->sign_in);
    if (strength > limits->strength)
        limits->strength = strength;
    limits->lock_us = least(limits->lock_us, role->lock_minutes, TIME_MINUTE);
    limits->absolute_us = least(limits->absolute_us, role->session_hours, TIME_HOUR);
}

static enum outcome rights_read(struct auth *a, struct db *db, struct str account,
                                struct actor *actor, struct auth_limits *limits,
                                struct arena *arena, struct err *e)
{
    *limits = (struct auth_limits){ PROOF_NONE, a->lock_us, a->absolute_us };
    struct auth_roles_in in = { account };
    struct record_list list;
    TRY(db_list(db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, arena, e));
    const struct auth_roles_out *held = list.p;
    const struct role *roles[AUTH_ROLES_MAX] = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++) {
        struct definition d;
        bool found;
        TRY(define_find(&d, db, S("role"), held[i].role, 0, env_now(a->node->env), arena, &found,
                        e));
        if (!found)
            continue;
        roles[i] = d.body;
        limits_take(limits, roles[i]);
        n += roles[i]->permissions.n;
    }
    struct grant *grants = ARENA_ARRAY(arena, n + 1, struct grant);
    if (!grants)
        return err_no_memory(e);
    size_t k = 0;
    for (size_t i = 0; i < list.n; i++)
        for (size_t p = 0; roles[i] && p < roles[i]->permissions.n; p++)
            grants[k++] =
                (struct grant){ roles[i]->permissions.p[p], held[i].organisation, held[i].site };
    actor->grants = grants;
    actor->ngrants = k;
    return OK;
}

enum outcome auth_rights_of(struct auth *a, struct db *db, struct str account, int64_t version,
                            struct actor *actor, struct auth_limits *limits, struct arena *arena,
                            struct err *e)
{
    uint64_t generation;
    if (rights_kept(a, account, version, actor, limits, &generation, arena))
        return OK;
    TRY(rights_read(a, db, account, actor, limits, arena, e));
    rights_keep(a, account, version, generation, actor, limits);
    return OK;
}

/* --- commits --- */

/* Roles come by definitions: whatever happens to one (released, retired, recalled) may change
 * rights. What concerns an account changes its version and needs no look. */
void auth_committed(struct auth *a, const struct gate_happened *events, size_t n)
{
    bool changed = false;
    for (size_t i = 0; i < n && !changed; i++)
        changed = str_starts(str_z(events[i].key.text), S("definition/role."));
    if (!changed)
        return;
    pthread_mutex_lock(&a->lock);
    a->generation++;
    pthread_mutex_unlock(&a->lock);
}
