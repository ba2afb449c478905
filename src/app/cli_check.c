/* vein check: one line for each thing that must be so in an installed system. */
#define _GNU_SOURCE /* memmem */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "app/cli.h"
#include "app/db_file.h"
#include "base/log.h"
#include "kernel/look.h"
#include "kernel/file.h"
#include "verify/verify.h"

enum {
    CHECK_TEXT_MAX = 400,
    CHECK_FREE_PERCENT_MIN = 10,
    CHECK_ARENA_MAX = 64 << 20,
    CHECK_CHUNK = 500,
    CHECK_SUBJECT_MAX = 80
};

struct check {
    const char *db;
    char files[NODE_PATH_MAX]; /* F of F.keys */
    struct node node;
    bool opened;
    struct arena *arena;
    size_t bad;
};

static void line(struct check *c, bool good, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void line(struct check *c, bool good, const char *name, const char *format, ...)
{
    char text[CHECK_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    printf("%-4s %-9s %s\n", good ? "ok" : "bad", name, text);
    c->bad += !good;
}

static void failed(struct check *c, const char *name, const struct err *e)
{
    line(c, false, name, "%s%s%s", e->code, e->detail[0] ? ": " : "", e->detail);
}

/* Keyring and root key are their owner's alone, which opening them would refuse anyway. */
static void check_files(struct check *c)
{
    static const char *const tails[] = { "", ".keys", ".root" };
    for (size_t i = store_name_is_url(c->db); i < sizeof tails / sizeof tails[0]; i++) {
        char path[NODE_PATH_MAX + 16];
        struct stat st;
        snprintf(path, sizeof path, "%s%s", c->files, tails[i]);
        if (stat(path, &st) == 0)
            line(c, (st.st_mode & 077) == 0, "file", "%s: mode %04o, %" PRId64 " bytes", path,
                 (unsigned)st.st_mode & 07777, (int64_t)st.st_size);
        else if (i < 2)
            line(c, false, "file", "%s: %m", path);
    }
}

static void check_disk(struct check *c)
{
    struct statvfs fs;
    char keys[NODE_PATH_MAX + 16];
    snprintf(keys, sizeof keys, "%s.keys", c->files);
    if (statvfs(store_name_is_url(c->db) ? keys : c->files, &fs) != 0) {
        line(c, false, "disk", "%m");
        return;
    }
    uint64_t percent = fs.f_blocks > 0 ? fs.f_bavail * 100 / fs.f_blocks : 0;
    line(c, percent >= CHECK_FREE_PERCENT_MIN, "disk", "%" PRIu64 " %% free, %" PRIu64 " MB",
         percent, (uint64_t)fs.f_bavail * fs.f_frsize / 1000000);
}

static void check_node(struct check *c)
{
    struct node_options options = { .path = c->db, .read_only = true };
    struct err e = { 0 };
    cli_root(&options);
    options.modules = cli_modules(&options.nmodules);
    c->opened = node_open(&c->node, &options, &e) == OK;
    if (c->opened)
        line(c, true, "keyring", "opens, and belongs to %.*s", STR(c->node.vkey));
    else
        failed(c, "keyring", &e);
}

static void check_storage(struct check *c)
{
    struct err e = { 0 };
    if (store_check(c->node.store, &e) == OK)
        line(c, true, "storage", "%s",
             store_name_is_url(c->db) ? "every row can be read, and what is there is ours"
                                      : "every page and index is consistent");
    else
        failed(c, "storage", &e);
}

static void check_ledger(struct check *c)
{
    const struct verify_options options = { 0 };
    struct verify_report report = { 0 };
    struct db_file file;
    struct err e = { 0 };
    if (db_file_make(&file, c->db, &e) != OK) {
        failed(c, "ledger", &e);
        return;
    }
    if (verify_db(file.path, &options, &report))
        line(c, true, "ledger",
             "%" PRIu64 " events of %" PRIu64 " streams, %" PRIu64 " signed, root %s", report.count,
             report.streams, report.signed_size, report.root_hex);
    else
        line(c, false, "ledger", "%s: %s", report.bad_item, report.reason);
    db_file_end(&file);
}

static void check_tables(struct check *c)
{
    struct node_rebuild out;
    struct err e = { 0 };
    if (node_rebuild_check(&c->node, &out, &e) != OK)
        failed(c, "tables", &e);
    else if (out.same && out.unsearched > 0)
        line(c, true, "tables",
             "%zu tables are what the ledger says; the search index, %" PRId64
             " events behind, was left out",
             out.tables, out.unsearched);
    else if (out.same)
        line(c, true, "tables", "%zu tables are what the ledger says", out.tables);
    else
        line(c, false, "tables", "%s", out.difference);
}

static enum outcome looks_report(struct look_report *out, struct node *n, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = look_check(out, db, e);
        db_rollback(db);
    }
    store_reader_give(n->store, db);
    return o;
}

static void check_looks(struct check *c)
{
    struct look_report out;
    struct err e = { 0 };
    if (looks_report(&out, &c->node, &e) != OK)
        failed(c, "looks", &e);
    else if (out.good)
        line(c, true, "looks",
             "%" PRId64 " looks at personal data in one chain, %" PRId64 " anchored", out.looks,
             out.anchored);
    else
        line(c, false, "looks", "look %" PRId64 " is not what it was", out.damaged);
}

static enum outcome answers_report(struct gate_report *out, struct node *n, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_begin(db, e);
    if (o == OK) {
        o = gate_check(out, db, n->keys, e);
        db_rollback(db);
    }
    store_reader_give(n->store, db);
    return o;
}

static void check_answers(struct check *c)
{
    struct gate_report out;
    struct err e = { 0 };
    if (answers_report(&out, &c->node, &e) != OK)
        failed(c, "answers", &e);
    else if (out.good)
        line(c, true, "answers",
             "%" PRId64 " commands are known again, %" PRId64 " of them by their events",
             out.answers, out.recorded);
    else if (out.command[0])
        line(c, false, "answers", "that of command %s is not what it was", out.command);
    else
        line(c, false, "answers", "there are more than the ledger has commands");
}

/* --- keys of all subjects ---------------------------------------------------------------------*/

struct subjects {
    int64_t texts;
    int64_t erased;
    int64_t lacking;
    char first[CHECK_SUBJECT_MAX + 1]; /* that lacks its key; an id, no name */
};

/* Each sealed text in a leaf: "s1:<subject>:…" (docs/ledger-format.md). */
static enum outcome subjects_of(struct subjects *s, struct keyring *keys, struct str leaf,
                                struct err *e)
{
    static const char mark[] = "\"s1:";
    for (const char *at = leaf.p; leaf.n > 0; at++) {
        at = memmem(at, leaf.n - (size_t)(at - leaf.p), mark, sizeof mark - 1);
        if (!at)
            return OK;
        struct str rest = str_from(leaf, (size_t)(at - leaf.p) + sizeof mark - 1);
        struct str subject = str_cut(&rest, ':');
        enum seal_key key;
        if (!rest.p || subject.n > CHECK_SUBJECT_MAX)
            continue;
        TRY(keyring_look(keys, subject, &key, e));
        s->texts++;
        s->erased += key == SEAL_KEY_ERASED;
        s->lacking += key == SEAL_KEY_NONE;
        if (key == SEAL_KEY_NONE && !s->first[0])
            memcpy(s->first, subject.p, subject.n);
    }
    return OK;
}

static enum outcome subjects_read(struct subjects *s, struct check *c, struct db *db, struct err *e)
{
    int64_t from = 0;
    size_t n = CHECK_CHUNK;
    while (n == CHECK_CHUNK) {
        struct ledger_row *rows;
        arena_reset(c->arena);
        TRY(ledger_read(db, from, CHECK_CHUNK, &rows, &n, c->arena, e));
        for (size_t i = 0; i < n; i++)
            TRY(subjects_of(s, c->node.keys, rows[i].leaf, e));
        from += (int64_t)n;
    }
    return OK;
}

static void check_subjects(struct check *c)
{
    struct subjects s = { 0 };
    struct db *db = NULL;
    struct err e = { 0 };
    enum outcome o = store_reader_take(&db, c->node.store, &e);
    if (o == OK)
        o = subjects_read(&s, c, db, &e);
    store_reader_give(c->node.store, db);
    if (o != OK)
        failed(c, "keys", &e);
    else if (s.lacking > 0)
        line(c, false, "keys",
             "%" PRId64 " sealed texts have no key in this keyring, the first of "
             "%s: an older copy of it was put in place?",
             s.lacking, s.first);
    else
        line(c, true, "keys",
             "%" PRId64 " sealed texts have their key, %" PRId64 " are of erased subjects",
             s.texts - s.erased, s.erased);
}

static void bad_file(void *context, const struct file_row_out *row, const struct err *why)
{
    line(context, false, "files", "%.*s: %s", STR(row->file), why->code);
}

static void check_files_kept(struct check *c)
{
    struct file_check_count count = { 0 };
    struct db *db = NULL;
    struct err e = { 0 };
    enum outcome o = store_reader_take(&db, c->node.store, &e);
    if (o == OK)
        o = files_check(c->node.files, db, &count, bad_file, c, &e);
    store_reader_give(c->node.store, db);
    if (o != OK)
        failed(c, "files", &e);
    else if (count.bad == 0)
        line(c, true, "files", "%" PRId64 " contents are what was stored", count.files);
}

int cli_check(int argc, char **argv)
{
    struct check c = { 0 };
    bool quick = false;
    const struct cli_option options[] = { { "db", CLI_TEXT, &c.db, true },
                                          { "quick", CLI_FLAG, &quick, false } };
    int code;
    if (!cli_read(argc, argv, options, 2, NULL, 0, &code))
        return code;
    log_set_level(LOG_WARNING);
    struct err e = { 0 };
    if (node_files(c.files, sizeof c.files, c.db, &e) != OK)
        return cli_error(&e);
    c.arena = arena_new(CHECK_ARENA_MAX);
    if (!c.arena)
        return CLI_FAULT;
    check_files(&c);
    check_disk(&c);
    check_node(&c);
    if (!quick)
        check_ledger(&c);
    if (!quick && c.opened) {
        check_storage(&c);
        check_tables(&c);
        check_looks(&c);
        check_answers(&c);
        check_subjects(&c);
        check_files_kept(&c);
    }
    if (c.opened)
        node_close(&c.node);
    arena_free(c.arena);
    return c.bad == 0 ? CLI_DONE : CLI_REFUSED;
}
