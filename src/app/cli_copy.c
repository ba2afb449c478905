/* vein copy: a system moves to another database. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/backup.h"
#include "app/cli.h"
#include "app/db_file.h"
#include "base/log.h"
#include "kernel/copy.h"
#include "kernel/store_copy.h"
#include "verify/verify.h"

/* What is copied beside the database, where it is; the first two for their owner alone. The last is
 * of an erasure that was interrupted: whoever opens next ends it. */
enum { BESIDES = 4 };
static const char *const tails[BESIDES] = { ".keys", ".root", ".erased", ".erased.begun" };

struct moving {
    const char *from, *to;
    struct store *store;    /* of from */
    struct db *writer;      /* nobody else writes meanwhile … */
    struct store_new *made; /* … on either side */
    struct store_copied copied;
    struct verify_report report;
    bool kept[BESIDES]; /* these beside the new place were made by us */
};

static enum outcome copy_beside(struct moving *m, struct err *e)
{
    char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
    for (size_t i = 0; i < BESIDES; i++) {
        TRY(backup_beside(from, m->from, tails[i], e));
        TRY(backup_beside(to, m->to, tails[i], e));
        if (strcmp(from, to) == 0)
            return OK;
        if (access(from, F_OK) != 0)
            continue;
        TRY(i == 0 ? keyring_copy(from, to, e) : copy_file(from, to, 0, NULL, e));
        m->kept[i] = true;
    }
    TRY(backup_beside(from, m->from, ".files", e));
    TRY(backup_beside(to, m->to, ".files", e));
    TRY(backup_files(from, to, e));
    return copy_sync_folder(to, e);
}

/* Sealed contents that were copied stay: without a database they are nobody's. */
static void sweep(const struct moving *m)
{
    char path[BACKUP_PATH_MAX];
    struct err ignored = { 0 };
    for (size_t i = 0; i < BESIDES; i++)
        if (m->kept[i] && backup_beside(path, m->to, tails[i], &ignored) == OK)
            unlink(path);
}

static enum outcome verified(struct verify_report *report, const char *db, struct err *e)
{
    const struct verify_options options = { 0 };
    struct db_file file;
    TRY(db_file_make(&file, db, e));
    const bool good = verify_db(file.path, &options, report);
    db_file_end(&file);
    return good ? OK
                : REFUSE(e, "backup.not_good", { "item", str_z(report->bad_item) },
                         { "reason", str_z(report->reason) });
}

/* Both ledgers are good, and one. */
static enum outcome compare(struct moving *m, struct err *e)
{
    struct verify_report source = { 0 };
    TRY(verified(&source, m->from, e));
    TRY(verified(&m->report, m->to, e));
    if (source.count == m->report.count && strcmp(source.root_hex, m->report.root_hex) == 0)
        return OK;
    return err_fault(e, "store.corrupt", "the copy's ledger has another root");
}

static enum outcome retire(struct moving *m, struct err *e)
{
    TRY(db_begin(m->writer, e));
    const enum outcome o = store_retire(m->writer, m->to, e);
    if (o == OK)
        return db_commit(m->writer, e);
    db_rollback(m->writer);
    return o;
}

/* A copy that is whole stays, even where the source cannot be retired: then both can be gone on
 * with, and it is said. */
static enum outcome move(struct moving *m, struct err *e)
{
    TRY(db_begin(m->writer, e));
    enum outcome o = store_new_fill(&m->made, &m->copied, m->writer, m->to, cli_known(), e);
    db_rollback(m->writer);
    if (o != OK)
        return o;
    o = copy_beside(m, e);
    if (o == OK)
        o = compare(m, e);
    const bool whole = o == OK;
    if (whole)
        o = retire(m, e);
    else
        sweep(m);
    store_new_end(m->made, whole);
    return o;
}

int cli_copy(int argc, char **argv)
{
    struct moving m = { 0 };
    const struct cli_option options[] = {
        { "from", CLI_TEXT, &m.from, true },
        { "to", CLI_TEXT, &m.to, true },
    };
    int code;
    struct err e = { 0 };
    if (!cli_read(argc, argv, options, 2, NULL, 0, &code))
        return code;
    log_set_level(LOG_WARNING);
    const struct store_options source = { .path = m.from };
    enum outcome o = store_open(&m.store, &source, &e);
    if (o == OK)
        o = store_writer(&m.writer, m.store, &e);
    if (o == OK)
        o = move(&m, &e);
    db_close(m.writer);
    store_close(m.store);
    if (o != OK)
        return cli_error(&e);
    printf("copied %zu tables, %lld rows\n", m.copied.tables, (long long)m.copied.rows);
    printf("events %llu root %s\n", (unsigned long long)m.report.count, m.report.root_hex);
    printf("the source is retired: it can be read, and nothing is written to it any more\n");
    return CLI_DONE;
}
