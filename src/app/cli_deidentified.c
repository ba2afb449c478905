/* vein export deidentified. */
#include <fcntl.h>
#include <unistd.h>

#include "app/cli.h"
#include "modules/desk/deidentify.h"

static enum outcome write_line(void *context, struct str text, struct err *e)
{
    FILE *file = context;
    return fwrite(text.p, 1, text.n, file) == text.n && fputc('\n', file) != EOF
               ? OK
               : err_fault(e, "store.io", "write: %m");
}

static enum outcome write_all(struct desk_deidentified *out, struct node *n, FILE *file,
                              struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = desk_deidentify(out, n, db, write_line, file, e);
        db_rollback(db);
    }
    store_reader_give(n->store, db);
    return o;
}

int cli_export_deidentified(const char *db, const char *path)
{
    struct node n;
    struct desk_deidentified out;
    struct err e = { 0 };
    int code;
    if (!cli_node_open(&n, db, false, true, &code))
        return code;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    enum outcome o =
        file ? write_all(&out, &n, file, &e) : REFUSE(&e, "export.file", { "path", str_z(path) });
    if (file && fclose(file) != 0 && o == OK)
        o = err_fault(&e, "store.io", "close %s: %m", path);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    printf("exported %lld orders, left out %lld of erased patients\n", (long long)out.orders,
           (long long)out.erased);
    return CLI_DONE;
}
