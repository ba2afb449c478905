/* Commands about the database as a whole: list, export, rebuild, upgrade. */
#include <string.h>

#include "app/cli.h"
#include "base/id.h"
#include "kernel/openapi.h"
#include "kernel/store_name.h"
#include "kernel/tlog.h"
#include "modules/identity/identity.h"

/* A row of `vein list events`. */
#define RECORDS "app/cli_store.def"
#include "base/record_structs.h"
#include "base/record_tables.h"
#undef RECORDS

static enum outcome list_events(struct db *db, bool json, struct err *e)
{
    struct arena *arena = arena_new(128 << 20);
    if (!arena)
        return err_no_memory(e);
    int64_t from = 0;
    size_t n = 1;
    enum outcome o = OK;
    while (o == OK && n > 0) {
        struct ledger_row *rows;
        arena_reset(arena);
        o = ledger_read(db, from, 16, &rows, &n, arena, e);
        for (size_t i = 0; o == OK && i < n; i++) {
            struct event event;
            o = event_read(&event, arena, rows[i].leaf, e);
            if (o != OK)
                break;
            struct cli_event row = { event.id,     rows[i].sequence, event.recorded, event.type,
                                     event.stream, event.version,    event.actor };
            cli_print_row(&cli_event_record, &row, json, arena);
            from = rows[i].sequence + 1;
        }
    }
    arena_free(arena);
    return o;
}

/* All rows of a query that pages by its first column, behind the one parameter `after`. */
static enum outcome list_rows(struct db *db, const struct sql *q, bool json, struct err *e)
{
    struct arena *arena = arena_new(16 << 20);
    if (!arena)
        return err_no_memory(e);
    char key[ID_LENGTH + 1] = "";
    struct record_list page = { .n = 1 };
    enum outcome o = OK;
    while (o == OK && page.n > 0) {
        struct str after = str_z(key); /* what the parameters' record is made of */
        arena_reset(arena);
        o = db_list(db, q, &after, &page, 200, arena, e);
        for (size_t i = 0; o == OK && i < page.n; i++) {
            const char *row = (const char *)page.p + i * q->out->size;
            cli_print_row(q->out, row, json, arena);
            snprintf(key, sizeof key, "%.*s", STR(record_text(&q->out->fields[0], row, arena)));
        }
    }
    arena_free(arena);
    return o;
}

static enum outcome list_orders(struct db *db, bool json, struct err *e)
{
    return list_rows(db, &sql_order_all, json, e);
}

static enum outcome list_units(struct db *db, bool json, struct err *e)
{
    return list_rows(db, &sql_identity_all, json, e);
}

static const struct {
    const char *name;
    enum outcome (*list)(struct db *db, bool json, struct err *e);
} lists[] = { { "orders", list_orders }, { "units", list_units }, { "events", list_events } };

int cli_list(int argc, char **argv)
{
    const char *db = NULL;
    const char *what = NULL;
    bool json = false;
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, true },
                                          { "json", CLI_FLAG, &json, false } };
    int code;
    struct node n;
    size_t which = 0;
    if (!cli_read(argc, argv, options, 2, &what, 1, &code))
        return code;
    while (which < 3 && (!what || strcmp(what, lists[which].name) != 0))
        which++;
    if (which == 3) {
        fprintf(stderr, "vein list: say what is to be listed: orders, units or events\n");
        return CLI_USAGE;
    }
    if (!cli_node_open(&n, db, false, true, &code))
        return code;
    struct err e = { 0 };
    struct db *reader;
    enum outcome o = store_reader_take(&reader, n.store, &e);
    if (o == OK) {
        o = lists[which].list(reader, json, &e);
        store_reader_give(n.store, reader);
    }
    node_close(&n);
    return o == OK ? CLI_DONE : cli_error(&e);
}

/* What the program's API is; needs no database. */
static int export_openapi(const char *path)
{
    struct err e = { 0 };
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    struct arena *arena = arena_new(4 * OPENAPI_MAX);
    struct buf b = buf_new(OPENAPI_MAX);
    enum outcome o = arena ? openapi_write(&b, modules, n, arena, &e) : err_no_memory(&e);
    if (o == OK) {
        FILE *file = fopen(path, "wx");
        const bool written = file && fwrite(b.p, 1, b.n, file) == b.n;
        if ((file && fclose(file) != 0) || !written)
            o = REFUSE(&e, "export.file", { "path", str_z(path) });
    }
    if (o == OK)
        printf("exported %zu bytes\n", b.n);
    buf_free(&b);
    arena_free(arena);
    return o == OK ? CLI_DONE : cli_error(&e);
}

int cli_export(int argc, char **argv)
{
    const char *db = NULL;
    bool identity = false;
    struct cli_bundle bundle = { 0 };
    const char *words[2] = { NULL, NULL };
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, false },
                                          { "order", CLI_TEXT, &bundle.order, false },
                                          { "identity", CLI_FLAG, &identity, false },
                                          { "to", CLI_TEXT, &bundle.to, false },
                                          { "reason", CLI_TEXT, &bundle.reason, false } };
    int code;
    struct node n;
    if (!cli_read(argc, argv, options, 5, words, 2, &code))
        return code;
    bundle.audit = words[0] && strcmp(words[0], "audit") == 0;
    bundle.folder = words[1];
    if (identity != (bundle.to != NULL) || identity != (bundle.reason != NULL))
        return cli_usage("export", "--identity, --to WHOM and --reason WHY go together");
    if (db && bundle.order && words[0] && (bundle.audit || strcmp(words[0], "coi") == 0) &&
        words[1])
        return cli_export_coi(db, &bundle);
    if (db && !bundle.order && !identity && words[0] && strcmp(words[0], "deidentified") == 0 &&
        words[1])
        return cli_export_deidentified(db, words[1]);
    if (words[0] && strcmp(words[0], "openapi") == 0 && words[1])
        return export_openapi(words[1]);
    if (!db || bundle.order || identity || !words[0] || strcmp(words[0], "tlog") != 0 ||
        !words[1]) {
        fprintf(
            stderr,
            "vein export: say what and where to: vein export tlog --db FILE DIR, "
            "vein export coi|audit --db FILE --order ID DIR, vein export deidentified --db FILE "
            "NEW-FILE, or vein export openapi FILE\n");
        return CLI_USAGE;
    }
    if (!cli_node_open(&n, db, false, true, &code))
        return code;
    struct err e = { 0 };
    struct db *reader;
    uint64_t size = 0;
    enum outcome o = store_reader_take(&reader, n.store, &e);
    if (o == OK) {
        o = tlog_export(reader, n.vkey, words[1], &size, &e);
        store_reader_give(n.store, reader);
    }
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    printf("exported %llu events\n", (unsigned long long)size);
    return CLI_DONE;
}

int cli_rebuild(int argc, char **argv)
{
    const char *db = NULL;
    bool check = false;
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, true },
                                          { "check", CLI_FLAG, &check, false } };
    int code;
    struct node n;
    if (!cli_read(argc, argv, options, 2, NULL, 0, &code) ||
        !cli_node_open(&n, db, false, check, &code))
        return code;
    struct err e = { 0 };
    struct node_rebuild out = { .same = true };
    enum outcome o = check ? node_rebuild_check(&n, &out, &e) : node_rebuild(&n, &e);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    if (!check)
        printf("rebuilt\n");
    else if (out.same)
        printf("same %lld events %zu tables\n", (long long)out.events, out.tables);
    else
        printf("differs %s\n", out.difference);
    if (out.unsearched > 0)
        printf("the search index, %lld events behind, was left out\n", (long long)out.unsearched);
    return out.same ? CLI_DONE : CLI_REFUSED;
}

static int prepare(const char *db)
{
    struct node n;
    struct node_prepared out;
    struct err e = { 0 };
    int code;
    const struct node_options how = { .path = db, .read_only = true, .log_alone = true };
    if (!cli_node_open_as(&n, &how, &code))
        return code;
    const enum outcome o = node_prepare(&out, &n, &e);
    node_close(&n);
    if (o != OK)
        return cli_error(&e);
    char beside[STORE_NAME_MAX], shown[STORE_NAME_MAX];
    if (out.needed && (store_name_beside(beside, sizeof beside, db, "next", &e) != OK ||
                       store_name_shown(shown, sizeof shown, beside, &e) != OK))
        return cli_error(&e);
    if (out.needed)
        printf("prepared %lld events, %lld in all, in %s\n", (long long)out.events,
               (long long)out.size, shown);
    else
        printf("nothing to prepare\n");
    return CLI_DONE;
}

/* Whether its form is an older one; false too when it does not open, which is said elsewhere. */
static bool keyring_waits(const struct node_options *node)
{
    struct node_key_paths paths;
    struct keyring_options options;
    struct keyring *keys;
    struct err ignored = { 0 };
    if (node_key_paths(&paths, &options, node, &ignored) != OK ||
        keyring_open(&keys, &options, &ignored) != OK)
        return false;
    const bool old = keyring_is_old(keys);
    keyring_close(keys);
    return old;
}

int cli_upgrade(int argc, char **argv)
{
    const char *db = NULL;
    bool dry_run = false, ahead = false;
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, true },
                                          { "dry-run", CLI_FLAG, &dry_run, false },
                                          { "prepare", CLI_FLAG, &ahead, false } };
    int code;
    struct err e = { 0 };
    struct node_upgrade out;
    struct node_options node = { 0 };
    if (!cli_read(argc, argv, options, 3, NULL, 0, &code))
        return code;
    if (ahead && dry_run)
        return cli_usage("upgrade", "--prepare and --dry-run are two things");
    if (ahead)
        return prepare(db);
    node.path = db;
    node.modules = cli_modules(&node.nmodules);
    cli_root(&node);
    const bool keyring = keyring_waits(&node);
    if (node_upgrade(&out, &node, dry_run, &e) != OK)
        return cli_error(&e);
    for (int64_t i = 0; i < out.to - out.from; i++)
        printf("%s %s\n", dry_run ? "would run" : "ran", out.steps[i]);
    if (out.rebuilds)
        printf("%s all projections from the ledger\n", dry_run ? "would rebuild" : "rebuilding");
    if (keyring)
        printf("%s the keyring\n", dry_run ? "would bring forward" : "bringing forward");
    struct node n;
    if (!dry_run && (out.rebuilds || keyring)) {
        if (!cli_node_open(&n, db, false, false, &code))
            return code;
        node_close(&n);
    }
    printf("tables version %lld%s\n", (long long)(dry_run ? out.from : out.to),
           out.from == out.to && !out.rebuilds && !keyring ? ", nothing to do" : "");
    return CLI_DONE;
}
