/* Pinned workflows: each version is parsed once in the process and kept, by the hash of its text.
 * What is kept is never changed or freed, so readers need no lock once they have it. */
#include <pthread.h>

#include "kernel/flow_impl.h"

enum { PINNED_ARENA_MAX = 8 << 20 };

static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct str hash;
    const struct workflow *workflow;
    struct arena *arena;
} kept[FLOW_WORKFLOWS_MAX];
static size_t nkept;

static const struct workflow *kept_find(struct str hash, bool *full)
{
    const struct workflow *found = NULL;
    pthread_mutex_lock(&kept_lock);
    for (size_t i = 0; i < nkept && !found; i++)
        if (str_eq(kept[i].hash, hash))
            found = kept[i].workflow;
    *full = nkept == FLOW_WORKFLOWS_MAX;
    pthread_mutex_unlock(&kept_lock);
    return found;
}

/* Keeps it, unless another thread did so meanwhile or the places are taken. */
static bool keep(const struct definition *d, struct arena *arena)
{
    bool free = true;
    pthread_mutex_lock(&kept_lock);
    for (size_t i = 0; i < nkept; i++)
        free &= !str_eq(kept[i].hash, d->hash);
    free &= nkept < FLOW_WORKFLOWS_MAX;
    if (free) {
        kept[nkept].hash = arena_str(arena, d->hash);
        kept[nkept].workflow = d->body;
        kept[nkept].arena = arena;
        nkept++;
    }
    pthread_mutex_unlock(&kept_lock);
    return free;
}

static enum outcome pinned_read(struct definition *out, struct db *db,
                                const struct flow_pinned *pinned, struct arena *arena,
                                struct err *e)
{
    bool found;
    TRY(define_find(out, db, S("workflow"), pinned->name, pinned->version, 0, arena, &found, e));
    if (!found || !str_eq(out->hash, pinned->hash))
        return err_fault(e, "flow.workflow_gone", "%.*s version %lld", STR(pinned->name),
                         (long long)pinned->version);
    return OK;
}

enum outcome flow_workflow_pinned(const struct workflow **out, struct db *db,
                                  const struct flow_pinned *pinned, struct arena *arena,
                                  struct err *e)
{
    struct definition definition;
    bool full;
    *out = kept_find(pinned->hash, &full);
    if (*out)
        return OK;
    if (!full) {
        struct arena *own = arena_new(PINNED_ARENA_MAX);
        if (!own)
            return err_no_memory(e);
        enum outcome o = pinned_read(&definition, db, pinned, own, e);
        *out = definition.body;
        if (o == OK && !arena_exhausted(own) && keep(&definition, own))
            return OK;
        arena_free(own);
        if (o != OK)
            return o;
    }
    TRY(pinned_read(&definition, db, pinned, arena, e));
    *out = definition.body;
    return OK;
}
