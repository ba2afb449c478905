#include "kernel/store_fold.h"

#include <stdlib.h>

#include "kernel/store_impl.h"

struct store_fold {
    const struct store_engine *engine;
    void *folder;
};

enum outcome store_fold_open(struct store_fold **out, struct store *s, struct err *e)
{
    *out = NULL;
    if (s->engine->fold_open == NULL)
        return OK;
    struct store_fold *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_no_memory(e);
    f->engine = s->engine;
    const enum outcome outcome = f->engine->fold_open(&f->folder, s->node, e);
    if (outcome != OK) {
        free(f);
        return outcome;
    }
    *out = f;
    return OK;
}

enum outcome store_fold_step(struct store_fold *f, struct err *e)
{
    return f->engine->fold_step(f->folder, e);
}

void store_fold_close(struct store_fold *f)
{
    if (f == NULL)
        return;
    f->engine->fold_close(f->folder);
    free(f);
}
