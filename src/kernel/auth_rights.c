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
        to[i] = (struct grant){
            .permission = moved(from[i].permission, old_text, new_text),
            .organisation = moved(from[i].organisation, old_text, new_text),
            .site = moved(from[i].site, old_text, new_text),
            .product = moved(from[i].product, old_text, new_text),
            .emergency = moved(from[i].emergency, old_text, new_text),
            .from = from[i].from,
            .until = from[i].until,
        };
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
                 actor->grants[i].site.n + actor->grants[i].product.n +
                 actor->grants[i].emergency.n;
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
        new.grants[i].product = put(&b, g->product);
        new.grants[i].emergency = put(&b, g->emergency);
        new.grants[i].from = g->from;
        new.grants[i].until = g->until;
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

/* Grants that are gathered: each role's permissions with its place and validity. */
struct gathered {
    struct grant *grants;
    size_t n;
};

static enum outcome role_find(const struct role **out, struct auth *a, struct db *db,
                              struct str name, struct arena *arena, struct err *e)
{
    struct definition d;
    bool found;
    TRY(define_find(&d, db, S("role"), name, 0, env_now(a->node->env), arena, &found, e));
    *out = found ? d.body : NULL;
    return OK;
}

static enum outcome gather(struct gathered *g, const struct str *permissions, size_t n,
                           const struct grant *like, struct arena *arena, struct err *e)
{
    struct grant *grants = ARENA_ARRAY(arena, g->n + n + 1, struct grant);
    if (!grants)
        return err_no_memory(e);
    if (g->n > 0)
        memcpy(grants, g->grants, g->n * sizeof *grants);
    for (size_t i = 0; i < n; i++) {
        grants[g->n] = *like;
        grants[g->n++].permission = permissions[i];
    }
    g->grants = grants;
    return OK;
}

static enum outcome held_read(struct gathered *g, struct auth_limits *limits, struct auth *a,
                              struct db *db, struct str account, struct arena *arena, struct err *e)
{
    struct auth_roles_in in = { account };
    struct record_list list;
    TRY(db_list(db, &sql_auth_roles, &in, &list, AUTH_ROLES_MAX, arena, e));
    const struct auth_roles_out *held = list.p;
    const int64_t now = env_now(a->node->env);
    for (size_t i = 0; i < list.n; i++) {
        const struct role *role;
        TRY(role_find(&role, a, db, held[i].role, arena, e));
        const struct grant like = {
            .organisation = held[i].organisation,
            .site = held[i].site,
            .product = held[i].product,
            .from = held[i].from_us,
            .until = held[i].until_us == INT64_MAX ? 0 : held[i].until_us,
        };
        if (!role)
            continue;
        if (now >= like.from && (like.until == 0 || now < like.until))
            limits_take(limits, role);
        TRY(gather(g, role->permissions.p, role->permissions.n, &like, arena, e));
    }
    return OK;
}

/* What a role lends in an emergency, and no more. */
static enum outcome lent_read(struct gathered *g, struct auth *a, struct db *db, struct str account,
                              struct arena *arena, struct err *e)
{
    struct auth_emergencies_in in = { account };
    struct record_list list;
    TRY(db_list(db, &sql_auth_emergencies, &in, &list, AUTH_EMERGENCIES_MAX, arena, e));
    const struct auth_emergencies_out *lent = list.p;
    for (size_t i = 0; i < list.n; i++) {
        const struct role *role;
        TRY(role_find(&role, a, db, lent[i].role, arena, e));
        const struct grant like = {
            .organisation = lent[i].organisation,
            .site = lent[i].site,
            .emergency = lent[i].emergency,
            .from = lent[i].taken,
            .until = lent[i].until_us,
        };
        if (role)
            TRY(gather(g, role->emergency.p, role->emergency.n, &like, arena, e));
    }
    return OK;
}

static enum outcome rights_read(struct auth *a, struct db *db, struct str account,
                                struct actor *actor, struct auth_limits *limits,
                                struct arena *arena, struct err *e)
{
    struct gathered g = { 0 };
    *limits = (struct auth_limits){ PROOF_NONE, a->lock_us, a->absolute_us };
    TRY(held_read(&g, limits, a, db, account, arena, e));
    TRY(lent_read(&g, a, db, account, arena, e));
    actor->grants = g.grants;
    actor->ngrants = g.n;
    return OK;
}

/* Those that have ended, or not begun, are left out: to the microsecond, without another commit. */
static void rights_now(struct actor *actor, struct grant *grants, int64_t now_us)
{
    size_t n = 0;
    for (size_t i = 0; i < actor->ngrants; i++) {
        const struct grant *g = &actor->grants[i];
        if (now_us < g->from || (g->until != 0 && now_us >= g->until))
            continue;
        if (g->emergency.p)
            actor->emergency = g->emergency;
        grants[n++] = *g;
    }
    actor->grants = grants;
    actor->ngrants = n;
    actor->at_us = now_us;
}

enum outcome auth_rights_of(struct auth *a, struct db *db, struct str account, int64_t version,
                            struct actor *actor, struct auth_limits *limits, struct arena *arena,
                            struct err *e)
{
    uint64_t generation;
    if (!rights_kept(a, account, version, actor, limits, &generation, arena)) {
        TRY(rights_read(a, db, account, actor, limits, arena, e));
        rights_keep(a, account, version, generation, actor, limits);
    }
    struct grant *grants = ARENA_ARRAY(arena, actor->ngrants + 1, struct grant);
    if (!grants)
        return err_no_memory(e);
    rights_now(actor, grants, env_now(a->node->env));
    return OK;
}

/* --- commits --- */

/* Roles come by definitions (released, retired, recalled), emergencies by streams of their own;
 * what else concerns an account changes its version and needs no look. */
void auth_committed(struct auth *a, const struct gate_happened *events, size_t n)
{
    bool changed = false;
    for (size_t i = 0; i < n && !changed; i++)
        changed = str_starts(str_z(events[i].key.text), S("definition/role.")) ||
                  strncmp(events[i].type, "emergency.", sizeof "emergency." - 1) == 0;
    if (!changed)
        return;
    pthread_mutex_lock(&a->lock);
    a->generation++;
    pthread_mutex_unlock(&a->lock);
}
