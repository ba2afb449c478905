/* A database that an older program wrote is brought forward: nothing that was promised is lost.
 * tests/golden/version_N.sql, .keys and .root are such databases, one of each version, and never
 * change. shows: OPS-03 by itself, in one transaction, with a dry run; that events of every version
 * are read is shown by golden_test */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "verify/verify.h"

enum { EVENTS = 8, DEVIATIONS = 3, TEXT_MAX = 64 << 10 };

static char folder[64], old_path[96], new_path[96];
static const char *const tails[] = { "",     ".keys", ".root",      ".lock",     "-wal",
                                     "-shm", ".next", ".next.lock", ".next-wal", ".next-shm" };
static struct node_options options;

/* --- the golden database --- */

static size_t file_read(char *out, size_t max, const char *name)
{
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, max - 1, f);
    assert_true(feof(f));
    fclose(f);
    out[n] = '\0';
    return n;
}

static void file_copy(const char *from, const char *to)
{
    char bytes[TEXT_MAX];
    size_t n = file_read(bytes, sizeof bytes, from);
    FILE *f = fopen(to, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(to, 0600), 0);
}

static void run(const char *path, const char *text)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row, as text. */
static const char *ask(const char *path, const char *query)
{
    static char out[TEXT_MAX];
    sqlite3 *db;
    sqlite3_stmt *s = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &s, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    snprintf(out, sizeof out, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return out;
}

static int64_t version(const char *path)
{
    int64_t n;
    assert_true(str_to_u63(&n, str_z(ask(path, "SELECT schema FROM node_self"))));
    return n;
}

static void remove_all(void)
{
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", old_path, tails[i]);
        unlink(name);
        snprintf(name, sizeof name, "%s%s", new_path, tails[i]);
        unlink(name);
    }
}

static int make_old(void **state)
{
    (void)state;
    char text[TEXT_MAX], name[128];
    remove_all();
    file_read(text, sizeof text, "tests/golden/version_1.sql");
    run(old_path, text);
    snprintf(name, sizeof name, "%s.keys", old_path);
    file_copy("tests/golden/version_1.keys", name);
    snprintf(name, sizeof name, "%s.root", old_path);
    file_copy("tests/golden/version_1.root", name);
    return 0;
}

static void open_with(struct node *n, const struct node_options *how)
{
    struct err e = { 0 };
    if (node_open(n, how, &e) != OK)
        fail_msg("%s %s", e.code, e.detail);
}

static void open_old(struct node *n)
{
    open_with(n, &options);
}

/* The command that made the organisation, as it was sent to the older program. */
static enum outcome send_again(struct node *n, const char *name, struct gate_answer *answer,
                               struct arena *arena, struct err *e)
{
    struct str id = arena_str(
        arena, str_z(ask(old_path, "SELECT command FROM gate_command WHERE sequence = 0")));
    char body[200];
    snprintf(body, sizeof body,
             "{\"organisation\":\"00000000-0000-8000-a000-000000000001\",\"name\":\"%s\","
             "\"kind\":\"hospital\"}",
             name);
    const struct actor founder = {
        .name = S("system/bench"),
        .organisation = S("00000000-0000-8000-a000-000000000001"),
        .system = true,
    };
    const struct gate_command c = {
        .id = id,
        .name = S("organisation.make"),
        .body = str_z(body),
        .actor = &founder,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    return gate_run(n->gate, &c, answer, e);
}

/* --- tests --- */

/* partial: AUD-02, AUD-05 */
static void what_was_recorded_stays(void **state)
{
    (void)state;
    struct node n;
    char root[200];
    static struct verify_report report;
    struct verify_options verify = { 0 };
    snprintf(root, sizeof root, "%s", ask(old_path, "SELECT note FROM ledger_checkpoint"));
    open_old(&n);
    assert_int_equal(ledger_size(n.ledger), EVENTS);
    node_close(&n);
    assert_string_equal(ask(old_path, "SELECT note FROM ledger_checkpoint"), root);
    if (!verify_db(old_path, &verify, &report))
        fail_msg("%s: %s", report.bad_item, report.reason);
    assert_int_equal(report.count, EVENTS);
    assert_string_equal(ask(old_path, "SELECT count(*) FROM quality_deviation"), "3");
}

/* Who asks again is answered as before, and no one else gets that answer. */
static void what_was_answered_stays(void **state)
{
    (void)state;
    struct node n;
    struct err e = { 0 };
    struct gate_answer answer;
    struct arena *arena = arena_new(1 << 20);
    open_old(&n);
    assert_int_equal(send_again(&n, "Bench", &answer, arena, &e), OK);
    assert_true(answer.repeated && answer.sequence == 0 && answer.nevents == 1);
    assert_int_equal(send_again(&n, "Another", &answer, arena, &e), REFUSED);
    assert_string_equal(e.code, "gate.key_reused");
    assert_int_equal(ledger_size(n.ledger), EVENTS);
    node_close(&n);
    arena_free(arena);
    assert_string_equal(ask(old_path, "SELECT count(*) FROM gate_command"), "8");
}

/* The steps lead to what a new database has. */
static void the_tables_are_those_of_a_new_database(void **state)
{
    (void)state;
    static const char shape[] = "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM "
                                "sqlite_schema WHERE sql IS NOT NULL ORDER BY name)";
    static char wanted[TEXT_MAX];
    struct node n;
    int code;
    open_old(&n);
    node_close(&n);
    assert_true(cli_node_open(&n, new_path, true, false, &code));
    node_close(&n);
    snprintf(wanted, sizeof wanted, "%s", ask(new_path, shape));
    assert_true(strstr(wanted, "gate_command") != NULL);
    assert_string_equal(ask(old_path, shape), wanted);
    assert_int_equal(version(old_path), version(new_path));
}

static void a_dry_run_tells_and_changes_nothing(void **state)
{
    (void)state;
    struct node_upgrade out;
    struct err e = { 0 };
    struct node n;
    assert_int_equal(node_upgrade(&out, &options, true, &e), OK);
    assert_true(out.from == 1 && out.to > 1 && out.rebuilds);
    assert_string_equal(out.steps[0], "upgrade_2");
    assert_int_equal(version(old_path), 1);
    assert_string_equal(ask(old_path, "SELECT count(rowid) FROM gate_command"), "8");

    assert_int_equal(node_upgrade(&out, &options, false, &e), OK);
    assert_true(out.from == 1 && out.rebuilds);
    assert_int_equal(version(old_path), out.to);
    open_old(&n);
    node_close(&n);
    assert_int_equal(node_upgrade(&out, &options, true, &e), OK);
    assert_true(out.from == out.to && !out.rebuilds);
}

/* partial: OPS-03 — what is derived is built while the older program still has its tables, also
 * where enduring ones change: it only reads the log */
static void what_is_derived_is_built_before_the_steps(void **state)
{
    (void)state;
    struct node n;
    struct err e = { 0 };
    struct node_prepared out;
    struct node_options reading = options;
    char next[128];
    reading.read_only = reading.log_alone = true;
    open_with(&n, &reading);
    assert_int_equal(node_prepare(&out, &n, &e), OK);
    node_close(&n);
    assert_true(out.needed && out.events == EVENTS && out.size == EVENTS);
    assert_int_equal(version(old_path), 1);
    snprintf(next, sizeof next, "%s.next", old_path);
    run(next, "DELETE FROM quality_deviation"); /* what stands there, is taken */
    open_with(&n, &options);
    assert_int_equal(ledger_size(n.ledger), EVENTS);
    node_close(&n);
    assert_true(version(old_path) > 1);
    assert_string_equal(ask(old_path, "SELECT count(*) FROM quality_deviation"), "0");
}

/* A step that fails takes all of them back, and a dry run says so before. */
static void a_step_that_fails_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct node_upgrade out;
    struct err e = { 0 };
    struct node n;
    run(old_path, "CREATE TABLE gate_command_1 (in_the_way INTEGER)");
    assert_int_equal(node_upgrade(&out, &options, true, &e), FAULT);
    assert_non_null(strstr(e.detail, "upgrade_2"));
    assert_int_equal(node_open(&n, &options, &e), FAULT);
    assert_int_equal(version(old_path), 1);
    run(old_path, "DROP TABLE gate_command_1");
    open_old(&n);
    assert_int_equal(ledger_size(n.ledger), EVENTS);
    node_close(&n);
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    struct node_upgrade out;
    struct err e = { 0 };
    struct node n;
    struct node_options reading = options;
    reading.read_only = true;
    assert_int_equal(node_open(&n, &reading, &e), REFUSED);
    assert_string_equal(e.code, "node.older_schema");
    assert_true(str_is(err_param(&e, "schema"), "1"));
    open_old(&n);
    node_close(&n);
    assert_int_equal(node_open(&n, &reading, &e), OK);
    node_close(&n);

    run(old_path, "UPDATE node_self SET schema = schema + 1");
    e = (struct err){ 0 };
    assert_int_equal(node_open(&n, &options, &e), REFUSED);
    assert_string_equal(e.code, "node.newer_schema");
    assert_int_equal(node_open(&n, &reading, &e), REFUSED);
    assert_string_equal(e.code, "node.newer_schema");
    assert_int_equal(node_upgrade(&out, &options, false, &e), REFUSED);
    assert_string_equal(e.code, "node.newer_schema");
    assert_false(str_eq(err_param(&e, "schema"), err_param(&e, "known")));
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR + 1);
    test_folder(folder, sizeof folder, "upgrade");
    snprintf(old_path, sizeof old_path, "%s/old", folder);
    snprintf(new_path, sizeof new_path, "%s/new", folder);
    options.path = old_path;
    options.modules = cli_modules(&options.nmodules);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_all();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_recorded_stays, make_old),
        cmocka_unit_test_setup(what_was_answered_stays, make_old),
        cmocka_unit_test_setup(the_tables_are_those_of_a_new_database, make_old),
        cmocka_unit_test_setup(a_dry_run_tells_and_changes_nothing, make_old),
        cmocka_unit_test_setup(what_is_derived_is_built_before_the_steps, make_old),
        cmocka_unit_test_setup(a_step_that_fails_leaves_all_as_it_was, make_old),
        cmocka_unit_test_setup(other_versions_are_refused, make_old),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
