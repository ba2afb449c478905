/* What runs beside the writer: the children that do single jobs, the sweeping of files, the folding
 * of the store's log. */
#include <stdatomic.h>
#include <unistd.h>

#include "app/serve.h"
#include "base/log.h"
#include "kernel/file.h"
#include "kernel/openid.h"
#include "kernel/print.h"
#include "kernel/store_fold.h"

enum { WORK_WAIT_US = 100000, TICK_US = 100000, FOLD_TICK_US = 2000 };
#define SWEEP_EVERY_US TIME_HOUR

static const struct worker_kind *const kinds[] = { &print_kind, &openid_kind };

static bool ends(struct serve *s)
{
    return __atomic_load_n(&s->work_stop, __ATOMIC_ACQUIRE);
}

static void *work(void *context)
{
    struct serve *s = context;
    while (!ends(s)) {
        bool busy;
        workers_step(s->app.workers, &busy);
        workers_wait(s->app.workers, WORK_WAIT_US);
    }
    return NULL;
}

static void sweep_once(struct serve *s)
{
    struct err e = { 0 };
    struct db *db;
    int64_t removed = 0;
    enum outcome o = store_reader_take(&db, s->node.store, &e);
    if (o == OK) {
        o = files_sweep(s->node.files, db, &removed, &e);
        store_reader_give(s->node.store, db);
    }
    if (o != OK)
        log_err(s->env, "file.sweep", &e);
    else if (removed > 0)
        LOG(s->env, LOG_INFO, "file.swept", LOG_F_INT("removed", removed));
}

static void *sweep(void *context)
{
    struct serve *s = context;
    int64_t next = env_mono(&env_system);
    while (!ends(s)) {
        if (node_leads(&s->node) && env_mono(&env_system) >= next) {
            sweep_once(s);
            next = env_mono(&env_system) + SWEEP_EVERY_US;
        }
        usleep(TICK_US);
    }
    return NULL;
}

/* What cannot be folded the writer folds itself, later and for longer. */
static void *fold(void *context)
{
    struct serve *s = context;
    struct err e = { 0 };
    while (!ends(s)) {
        if (store_fold_step(s->fold, &e) != OK) {
            log_err(s->env, "store.not_folded", &e);
            usleep(TICK_US);
        }
        usleep(FOLD_TICK_US);
    }
    return NULL;
}

enum outcome serve_work_start(struct serve *s, struct err *e)
{
    const struct workers_options options = {
        .env = &env_system,
        .kinds = kinds,
        .nkinds = sizeof kinds / sizeof kinds[0],
    };
    TRY(workers_open(&s->app.workers, &options, e));
    if (workers_landlock() == 0)
        LOG(s->env, LOG_WARNING, "worker.no_landlock");
    s->working = pthread_create(&s->worker, NULL, work, s) == 0;
    s->sweeping = pthread_create(&s->sweeper, NULL, sweep, s) == 0;
    TRY(store_fold_open(&s->fold, s->node.store, e));
    s->folding = s->fold && pthread_create(&s->folder, NULL, fold, s) == 0;
    return s->working && s->sweeping && s->folding == (s->fold != NULL) ? OK : err_no_memory(e);
}

void serve_work_stop(struct serve *s)
{
    __atomic_store_n(&s->work_stop, 1, __ATOMIC_RELEASE);
    if (s->working)
        pthread_join(s->worker, NULL);
    if (s->sweeping)
        pthread_join(s->sweeper, NULL);
    if (s->folding)
        pthread_join(s->folder, NULL);
    store_fold_close(s->fold);
    s->fold = NULL;
    workers_close(s->app.workers);
    s->app.workers = NULL;
}
