/* Bits rot: a database in which people have worked is damaged at one place at a time, a bit or a
 * byte, and opened and looked through as `vein check` does. Each damage is named (by the verifier,
 * by opening, by the storage's own check, by what the tables should be), or lies where nothing is
 * read: then every table is what it was. None crashes, none hangs, none is passed over.
 *
 * Each damage is drawn from its number alone: VEIN_ROT=N does that one, VEIN_FULL=1 50,000 of them.
 * VEIN_ROT_ALL=1 damages each byte of the file in its turn, which takes half a day. */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/tests/bundle_folder.h"
#include "app/tests/lived.h"
#include "base/log.h"
#include "base/tests/sanitized.h"
#include "kernel/tests/power_disk.h"
#include "kernel/tests/store_disk.h"
#include "verify/verify.h"

enum {
    DAMAGES = SANITIZED ? 80 : 2000,
    DAMAGES_FULL = SANITIZED ? 5000 : 50000,
    TABLES_MAX = 300,
    PAGE = 4096,
    REBUILT_EVERY = 50, /* damages to a table: after the first all is built anew and compared */
    TURNS_MAX = 10000,
    SECONDS_MAX = 20, /* one damage; beyond it hangs */
};

/* Who names it, in the order in which they are asked. */
enum finder {
    VERIFIER,
    OPENING,
    STORAGE,
    READING,
    LOOKS,
    ANSWERS,
    REBUILDING,
    REPEATING, /* a command that is sent again is refused, or made nothing the first time, or is of
                  a policy and known */
    NOBODY,
    FINDERS
};
static const char *const finders[FINDERS] = { "the verifier", "opening",   "storage",
                                              "reading",      "looks",     "answers",
                                              "rebuilding",   "repeating", "nobody" };

static uint8_t *image, *damaged;
static size_t image_n;
static char vkey[400];
static struct table {
    char name[80];
    bool derived; /* built from the ledger */
    size_t root;  /* its first page */
    int64_t count;
    struct hash hash;
    size_t damages;
} tables[TABLES_MAX];
static size_t ntables;
static struct hash promises;
static size_t *written; /* places that are not zero */
static size_t nwritten;

/* -- The database ------------------------------------------------------------------------------ */

static bool is_derived(struct str name)
{
    size_t nmodules;
    const struct module *const *modules = cli_modules(&nmodules);
    struct str table;
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; modules[m]->schema && sql_schema_table(modules[m]->schema, i, &table);
             i++)
            if (str_eq(table, name))
                return true;
    return false;
}

static void name_tables(void)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(lived.db_path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(
            db, "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1,
            &q, NULL),
        SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        assert_true(ntables < TABLES_MAX);
        struct table *t = &tables[ntables++];
        snprintf(t->name, sizeof t->name, "%s", (const char *)sqlite3_column_text(q, 0));
        t->root = (size_t)sqlite3_column_int64(q, 1);
        t->derived = is_derived(str_z(t->name));
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
}

/* What commands that made something are known by and what they were answered, but for the digest of
 * who asked for what. */
static struct hash hash_promises(void)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    struct hash all = { 0 };
    assert_int_equal(sqlite3_open_v2(lived.db_path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT command || organisation || sequence || ' ' || "
                                        "events || coalesce(hex(answer), '') FROM gate_command "
                                        "WHERE events > 0 ORDER BY 1",
                                        -1, &q, NULL),
                     SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        const struct bytes parts[] = {
            { all.b, HASH_SIZE }, { sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0) }
        };
        all = hash_parts(parts, 2);
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return all;
}

/* In place: a file that is cut to nothing and written anew is flushed by some file systems. */
static void put_image(const uint8_t *p)
{
    const int fd = open(lived.db_path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, p, image_n, 0), (ssize_t)image_n);
    assert_int_equal(ftruncate(fd, (off_t)image_n), 0);
    close(fd);
}

static enum outcome open_node_for(struct node *out, bool reading, struct err *e)
{
    struct node_options options = {
        .env = &lived.env.env,
        .path = lived.db_path,
        .vfs = store_disk_vfs(),
        .read_only = reading,
    };
    options.modules = cli_modules(&options.nmodules);
    return node_open(out, &options, e);
}

static enum outcome hash_of_table(struct node *n, const struct table *t, int64_t *count,
                                  struct hash *hash, struct err *e)
{
    struct db *db;
    TRY(store_reader_take(&db, n->store, e));
    enum outcome o = db_table_hash(db, str_z(t->name), count, hash, e);
    store_reader_give(n->store, db);
    return o;
}

static int make_image(void **state)
{
    (void)state;
    struct node n;
    struct err e = { 0 };
    lived_open(2, 1, 0);
    snprintf(vkey, sizeof vkey, "%.*s", STR(lived.node.vkey));
    node_close(&lived.node);
    power_disk_idle();
    name_tables();
    assert_int_equal(open_node_for(&n, false, &e), OK);
    for (size_t i = 0; i < ntables; i++)
        assert_int_equal(hash_of_table(&n, &tables[i], &tables[i].count, &tables[i].hash, &e), OK);
    node_close(&n);
    promises = hash_promises();
    const struct str content = bundle_read(lived.folder, "db");
    image_n = content.n;
    image = malloc(image_n);
    damaged = malloc(image_n);
    written = malloc(image_n * sizeof *written);
    assert_true(image && damaged && written);
    memcpy(image, content.p, image_n);
    for (size_t i = 0; i < image_n; i++)
        if (image[i] != 0)
            written[nwritten++] = i;
    return 0;
}

static int remove_image(void **state)
{
    (void)state;
    free(image);
    free(damaged);
    free(written);
    arena_free(lived.sender.arena);
    bundle_remove(lived.folder);
    return 0;
}

/* -- One damage -------------------------------------------------------------------------------- */

struct found {
    enum finder finder;
    struct table *table; /* that is not what it was; NULL: none */
    char what[200];
};

static bool looks_are_good(struct node *n, struct db *db)
{
    struct look_report report = { 0 };
    struct err e = { 0 };
    (void)n;
    return look_check(&report, db, &e) == OK && report.good;
}

static bool answers_are_good(struct node *n, struct db *db)
{
    struct gate_report report = { 0 };
    struct err e = { 0 };
    return gate_check(&report, db, n->keys, &e) == OK && report.good;
}

static bool good(struct node *n, bool (*check)(struct node *, struct db *))
{
    struct db *db;
    struct err e = { 0 };
    if (store_reader_take(&db, n->store, &e) != OK)
        return false;
    const bool is = check(n, db);
    store_reader_give(n->store, db);
    return is;
}

/* That tables are not what they should be is found, or has mended itself before: an index whose
 * cursor fell back follows anew. */
static bool rebuilds(struct node *n, const struct table *t)
{
    struct node_rebuild out;
    struct err e = { 0 };
    int64_t count;
    struct hash hash;
    if (node_rebuild_check(n, &out, &e) != OK || !out.same)
        return true;
    return hash_of_table(n, t, &count, &hash, &e) == OK && count == t->count &&
           hash_eq(hash, t->hash);
}

/* Policies that follow from another place send what is known: nothing comes of it. */
static bool follows_to_nothing(struct node *n)
{
    const uint64_t size = ledger_size(n->ledger);
    bool busy = true;
    struct err e = { 0 };
    for (int turns = 0; busy; turns++)
        if (turns == TURNS_MAX || node_step(n, 0, &busy, &e) != OK)
            return false;
    return ledger_size(n->ledger) == size;
}

/* What the program gives out of the open node. */
static void look_through(struct node *n, struct found *f)
{
    struct err e = { 0 };
    if (store_check(n->store, &e) != OK) {
        f->finder = STORAGE;
        return;
    }
    for (size_t i = 0; i < ntables; i++) {
        int64_t count;
        struct hash hash;
        if (hash_of_table(n, &tables[i], &count, &hash, &e) != OK) {
            f->finder = READING;
            return;
        }
        if (count != tables[i].count || !hash_eq(hash, tables[i].hash)) {
            f->table = &tables[i];
            break;
        }
    }
    if (!f->table)
        return;
    const bool rebuild = f->table->damages++ % REBUILT_EVERY == 0;
    if (!good(n, looks_are_good))
        f->finder = LOOKS;
    else if (!good(n, answers_are_good))
        f->finder = ANSWERS;
    else if (f->table->derived && (!rebuild || rebuilds(n, f->table)))
        f->finder = REBUILDING;
    else if (strcmp(f->table->name, "gate_command") == 0 && hash_eq(promises, hash_promises()))
        f->finder = REPEATING;
    else if (strcmp(f->table->name, "policy_cursor") == 0 && follows_to_nothing(n))
        f->finder = REPEATING;
}

static struct found damage(size_t at, uint8_t flip)
{
    static struct verify_report report;
    struct found f = { .finder = NOBODY };
    const struct verify_options options = { .vkey = vkey };
    struct node n;
    struct err e = { 0 };
    report = (struct verify_report){ 0 };
    memcpy(damaged, image, image_n);
    damaged[at] ^= flip;
    put_image(damaged);
    alarm(SECONDS_MAX);
    if (!verify_db(lived.db_path, &options, &report)) {
        f.finder = VERIFIER;
        snprintf(f.what, sizeof f.what, "%.90s: %.90s", report.bad_item, report.reason);
    }
    const enum outcome o = open_node_for(&n, false, &e);
    if (f.finder == NOBODY && o != OK) {
        f.finder = OPENING;
        snprintf(f.what, sizeof f.what, "%s", e.code);
    }
    if (o == OK && f.finder == NOBODY)
        look_through(&n, &f);
    if (o == OK)
        node_close(&n);
    alarm(0);
    return f;
}

/* One of three is anywhere, one where something is written, and one in the first page of a table,
 * each of which is as likely: small tables are few bytes. */
static struct found damage_number(uint64_t number, size_t *at, uint8_t *flip)
{
    uint64_t seed = number;
    *at = power_draw(&seed, (uint32_t)image_n);
    if (number % 3 == 0)
        *at = written[power_draw(&seed, (uint32_t)nwritten)];
    if (number % 3 == 1) {
        const size_t page = (tables[power_draw(&seed, (uint32_t)ntables)].root - 1) * PAGE;
        while (*at / PAGE != page / PAGE || image[*at] == 0)
            *at = page + power_draw(&seed, PAGE);
    }
    *flip = (uint8_t)(1 << power_draw(&seed, 8));
    if (number % 4 < 2)
        *flip = (uint8_t)(1 + power_draw(&seed, 255));
    return damage(*at, *flip);
}

/* Of byte number `at` in its turn. */
static struct found damage_at(uint64_t at, uint8_t *flip)
{
    uint64_t seed = at;
    *flip = (uint8_t)(1 << power_draw(&seed, 8));
    return damage(at, *flip);
}

static bool asked_for(const char *name)
{
    const char *text = getenv(name);
    return text && strcmp(text, "1") == 0;
}

/* partial: AUD-02, AUD-05, OPS-01 */
static void what_has_rotted_is_named(void **state)
{
    (void)state;
    const char *one = getenv("VEIN_ROT");
    const bool all = asked_for("VEIN_ROT_ALL");
    const size_t n = all ? image_n : asked_for("VEIN_FULL") ? DAMAGES_FULL : DAMAGES;
    size_t counts[FINDERS] = { 0 };
    for (uint64_t number = 0; number < n; number++) {
        size_t at = number;
        uint8_t flip;
        if (one && number != strtoull(one, NULL, 10))
            continue;
        const struct found f = all ? damage_at(at, &flip) : damage_number(number, &at, &flip);
        if (f.finder == NOBODY && f.table)
            fail_msg("VEIN_ROT=%llu: byte %zu (page %zu), bits %02x: %s is not what it was, and "
                     "nobody says so",
                     (unsigned long long)number, at, at / PAGE + 1, flip, f.table->name);
        counts[f.finder]++;
    }
    printf("# %zu damages to %zu bytes:", n, image_n);
    for (int i = 0; i < NOBODY; i++)
        printf(" %zu by %s,", counts[i], finders[i]);
    printf(" %zu where nothing is read\n", counts[NOBODY]);
}

/* -- What followed the log --------------------------------------------------------------------- */

static void alter(const char *sql)
{
    sqlite3 *db;
    put_image(image);
    assert_int_equal(sqlite3_open(lived.db_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A few bytes each, on which much rests: too few to be met by chance. */
static void what_followed_more_than_there_is_has_rotted(void **state)
{
    (void)state;
    static const char *const indexes[] = {
        "UPDATE trail_cursor SET sequence = sequence + 100000",
        "UPDATE search_cursor SET sequence = sequence + 100000"
    };
    static const char *const others[] = { "UPDATE policy_cursor SET sequence = sequence + 100000",
                                          "UPDATE node_self SET name = 'n0'" };
    struct node n;
    struct node_rebuild out;
    for (size_t i = 0; i < 2; i++) { /* `vein check` names it, the next start mends it */
        struct err e = { 0 };
        alter(indexes[i]);
        assert_int_equal(open_node_for(&n, true, &e), OK);
        assert_int_equal(node_rebuild_check(&n, &out, &e), OK);
        assert_false(out.same);
        node_close(&n);
        assert_int_equal(open_node_for(&n, false, &e), OK);
        assert_int_equal(node_rebuild_check(&n, &out, &e), OK);
        assert_true(out.same && out.unsearched == 0 && out.untrailed == 0);
        node_close(&n);
    }
    for (size_t i = 0; i < 2; i++) {
        struct err e = { 0 };
        alter(others[i]);
        assert_int_equal(open_node_for(&n, false, &e), FAULT);
        assert_string_equal(e.code, "ledger.damaged");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_rotted_is_named),
        cmocka_unit_test(what_followed_more_than_there_is_has_rotted),
    };
    return cmocka_run_group_tests(tests, make_image, remove_image);
}
