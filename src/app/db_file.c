#include "app/db_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/store.h"

static enum outcome copy(struct db_file *f, const char *db, struct err *e)
{
    struct store *store = NULL;
    const struct store_options options = { .path = db, .read_only = true };
    const char *tmp = getenv("TMPDIR");
    TRY(store_open(&store, &options, e));
    int n = snprintf(f->folder, sizeof f->folder, "%s/vein-copy-XXXXXX", tmp ? tmp : "/tmp");
    enum outcome o = OK;
    if (n < 0 || (size_t)n >= sizeof f->folder - 8 || mkdtemp(f->folder) == NULL) {
        o = err_fault(e, "store.io", "make %s: %m", f->folder);
        f->folder[0] = '\0';
    }
    n = snprintf(f->path, sizeof f->path, "%s/vein.db", f->folder);
    if (o == OK)
        o = n > 0 && (size_t)n < sizeof f->path ? store_backup(store, f->path, e)
                                                : REFUSE(e, "store.name");
    store_close(store);
    return o;
}

enum outcome db_file_make(struct db_file *out, const char *db, struct err *e)
{
    *out = (struct db_file){ 0 };
    if (!store_name_is_url(db)) {
        const int n = snprintf(out->path, sizeof out->path, "%s", db);
        return n >= 0 && (size_t)n < sizeof out->path ? OK : REFUSE(e, "store.name");
    }
    const enum outcome o = copy(out, db, e);
    if (o != OK)
        db_file_end(out);
    return o;
}

void db_file_end(struct db_file *f)
{
    struct err ignored = { 0 };
    if (f->folder[0] == '\0')
        return;
    (void)!store_remove(f->path, &ignored);
    rmdir(f->folder);
    f->folder[0] = '\0';
}
