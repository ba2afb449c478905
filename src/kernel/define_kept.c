/* Definitions kept bound in the process: a version never changes, and the hash of its document
 * names it. What is kept is never changed or freed, so readers need no lock once they have it. */
#include <pthread.h>

#include "gen/kernel/define.sql.h"
#include "kernel/define.h"
#include "kernel/define_impl.h"

enum { DEFINITION_ARENA_MAX = 8 << 20 };

static pthread_rwlock_t kept_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct {
    const struct define_kind *kind;
    struct definition definition;
    struct arena *arena; /* in which it lies, for as long as the process */
} kept[DEFINE_KEPT_MAX];
static size_t nkept;
static size_t kept_bytes;

static const struct definition *find(const struct define_kind *kind, struct str hash)
{
    for (size_t i = 0; i < nkept; i++)
        if (kept[i].kind == kind && str_eq(kept[i].definition.hash, hash))
            return &kept[i].definition;
    return NULL;
}

static const struct definition *kept_find(const struct define_kind *kind, struct str hash,
                                          bool *full)
{
    pthread_rwlock_rdlock(&kept_lock);
    const struct definition *found = find(kind, hash);
    *full = nkept == DEFINE_KEPT_MAX || kept_bytes >= DEFINE_KEPT_BYTES_MAX;
    pthread_rwlock_unlock(&kept_lock);
    return found;
}

bool define_is_kept(const void *body)
{
    bool is = false;
    pthread_rwlock_rdlock(&kept_lock);
    for (size_t i = 0; i < nkept && !is; i++)
        is = kept[i].definition.body == body;
    pthread_rwlock_unlock(&kept_lock);
    return is;
}

/* Keeps it with its arena, unless another thread was quicker; then that one's. */
static const struct definition *keep(const struct define_kind *kind, const struct definition *d,
                                     struct arena *own)
{
    pthread_rwlock_wrlock(&kept_lock);
    const struct definition *found = find(kind, d->hash);
    const bool taken = !found && nkept < DEFINE_KEPT_MAX;
    if (taken) {
        kept[nkept].kind = kind;
        kept[nkept].definition = *d;
        kept[nkept].arena = own;
        found = &kept[nkept++].definition;
        kept_bytes += arena_used(own);
    }
    pthread_rwlock_unlock(&kept_lock);
    if (!taken)
        arena_free(own);
    return found;
}

static enum outcome bind(struct definition *out, const struct define_kind *kind,
                         struct arena *arena, struct err *e)
{
    void *body = arena_alloc(arena, kind->shape->size);
    if (!body)
        return err_no_memory(e);
    struct err why = { 0 };
    const enum outcome o = define_body_read(body, kind, out->json, arena, &why);
    out->body = body;
    if (o == OK)
        return OK;
    if (o == FAULT)
        return err_fault(e, why.code, "%s", why.detail);
    return err_fault(e, "define.damaged", "%.*s.%.*s version %lld: %s", STR(out->kind),
                     STR(out->name), (long long)out->version, why.code);
}

/* Read from the store and bound, all of it in the arena. */
static enum outcome read_bound(struct definition *out, struct db *db,
                               const struct define_kind *kind, const struct define_pin *pin,
                               struct arena *arena, bool *found, struct err *e)
{
    const struct define_document_in in = { pin->kind, pin->name, pin->version };
    struct define_document_out row;
    TRY(db_get(db, &sql_define_document, &in, &row, arena, found, e));
    *found = *found && str_eq(row.hash, pin->hash);
    if (!*found)
        return OK;
    *out = (struct definition){
        .kind = arena_str(arena, pin->kind),
        .name = arena_str(arena, pin->name),
        .version = pin->version,
        .title = row.title,
        .effective = row.effective,
        .organisation = row.organisation,
        .house = row.house,
        .hash = row.hash,
        .json = row.json,
    };
    return arena_exhausted(arena) ? err_no_memory(e) : bind(out, kind, arena, e);
}

enum outcome define_pinned(struct definition *out, struct db *db, const struct define_pin *pin,
                           struct arena *arena, bool *found, struct err *e)
{
    const struct define_kind *kind = define_kind_find(pin->kind);
    if (!kind)
        return err_fault(e, "define.damaged", "a definition of an unknown kind is stored");
    bool full;
    const struct definition *known = kept_find(kind, pin->hash, &full);
    struct arena *own = known || full ? NULL : arena_new(DEFINITION_ARENA_MAX);
    if (own) {
        struct definition fresh;
        struct err why = { 0 };
        const enum outcome o = read_bound(&fresh, db, kind, pin, own, found, &why);
        const bool large = arena_exhausted(own); /* too large to keep */
        if (o == OK && *found && !large)
            known = keep(kind, &fresh, own);
        else
            arena_free(own);
        if (o != OK && !large)
            *e = why;
        if (!large && (o != OK || !*found))
            return o;
    }
    if (!known)
        return read_bound(out, db, kind, pin, arena, found, e);
    *found = true;
    *out = *known;
    return OK;
}
