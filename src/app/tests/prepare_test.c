/* What is derived is built beside while an older program writes, and taken when the newer one
 * opens: nothing is missing, and nobody waits for what was done beforehand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/id.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "kernel/store_name.h"
#include "kernel/tests/test_db.h"

enum { MODULES_MAX = 40, TEXT_MAX = 64 << 10 };

#define ORGANISATION "00000000-0000-8000-a000-000000000001"
static char folder[64], files[96], path[TEST_DB_NAME_MAX], next_path[TEST_DB_NAME_MAX + 32];
static const struct module *older[MODULES_MAX];
static struct module older_auth;
static struct sql_schema older_schema;
static char older_text[TEXT_MAX];
static struct node old;

/* A program whose derived tables have another shape: the first module's schema reads otherwise. */
static void make_older(const struct module *const *modules, size_t n)
{
    bool found = false;
    assert_true(n <= MODULES_MAX);
    for (size_t i = 0; i < n; i++) {
        older[i] = modules[i];
        if (found || !modules[i]->schema)
            continue;
        found = true;
        snprintf(older_text, sizeof older_text, "%s\n-- as it was\n", modules[i]->schema->text);
        older_schema = (struct sql_schema){ modules[i]->schema->name, older_text };
        older_auth = *modules[i];
        older_auth.schema = &older_schema;
        older[i] = &older_auth;
    }
    assert_true(found);
}

static struct node_options options(bool of_older)
{
    struct node_options o = { .path = path };
    o.modules = cli_modules(&o.nmodules);
    if (of_older)
        o.modules = older;
    return o;
}

static void must(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s %s", e->code, e->detail);
}

static void send(struct node *n, const char *name, const char *body)
{
    static struct id id;
    struct err e = { 0 };
    struct gate_answer answer;
    struct arena *arena = arena_new(1 << 20);
    id = id_new(&env_system);
    const struct actor founder = { .name = S("system/test"),
                                   .organisation = S(ORGANISATION),
                                   .system = true };
    const struct gate_command c = {
        .id = id_str(&id),
        .name = str_z(name),
        .body = str_z(body),
        .actor = &founder,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = arena,
    };
    must(gate_run(n->gate, &c, &answer, &e), &e);
    arena_free(arena);
}

static void make_sites(struct node *n, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char body[300];
        snprintf(body, sizeof body,
                 "{\"organisation\":\"%s\",\"name\":\"Site %d\",\"kind\":\"office\",\"zone\":"
                 "\"UTC\"}",
                 ORGANISATION, i);
        send(n, "site.make", body);
    }
}

static struct node_prepared prepare(void)
{
    struct node n;
    struct err e = { 0 };
    struct node_prepared out;
    struct node_options o = options(false);
    o.read_only = true;
    must(node_open(&n, &o, &e), &e);
    must(node_prepare(&out, &n, &e), &e);
    node_close(&n);
    return out;
}

/* Opens with the newer program; the tables must be what the ledger says. */
static void open_newer(int64_t sites)
{
    struct node n;
    struct err e = { 0 };
    struct node_rebuild same;
    struct node_options o = options(false);
    must(node_open(&n, &o, &e), &e);
    must(node_rebuild_check(&n, &same, &e), &e);
    if (!same.same)
        fail_msg("%s", same.difference);
    make_sites(&n, 1000, 1); /* and it goes on */
    node_close(&n);
    assert_int_equal(test_db_ask(path, "SELECT count(*) FROM auth_site"), sites + 1);
    assert_false(test_db_exists(next_path));
}

/* --- tests --- */

/* partial: AUD-05 */
static void built_while_another_writes(void **state)
{
    (void)state;
    struct node_prepared first = prepare();
    assert_true(first.needed && first.events == first.size && first.events >= 4);
    make_sites(&old, 3, 2); /* the older program serves on */
    struct node_prepared second = prepare();
    assert_int_equal(second.events, 2);
    assert_int_equal(second.size, first.size + 2);
    make_sites(&old, 5, 1);
    node_close(&old);
    assert_int_equal(test_db_ask(next_path, "SELECT count(*) FROM auth_site"), 5);
    open_newer(6);
    assert_false(prepare().needed);
}

/* What stands in F.next is what the newer program has then: it was not built once more. */
static void what_was_built_is_taken(void **state)
{
    (void)state;
    struct node n;
    struct err e = { 0 };
    struct node_options o = options(false);
    prepare();
    node_close(&old);
    test_db_by_hand(next_path, "DELETE FROM auth_site WHERE name = 'Site 1'");
    must(node_open(&n, &o, &e), &e);
    node_close(&n);
    assert_int_equal(test_db_ask(path, "SELECT count(*) FROM auth_site"), 2);
}

static void of_another_log_it_is_not_taken(void **state)
{
    (void)state;
    prepare();
    node_close(&old);
    test_db_by_hand(next_path, "DELETE FROM auth_site");
    test_db_by_hand(next_path,
                    "UPDATE node_beside SET leaf = replace(leaf, substr(leaf, 1, 4), 'beef')");
    open_newer(3);
}

static void damaged_it_is_not_taken(void **state)
{
    (void)state;
    test_db_needs_file("a file that is no database at all");
    prepare();
    node_close(&old);
    FILE *f = fopen(next_path, "wb");
    assert_non_null(f);
    fputs("no database at all", f);
    assert_int_equal(fclose(f), 0);
    open_newer(3);
}

/* A third program, whose tables have yet another shape, does not take what was built for the newer.
 */
static void another_program_does_not_take_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct node_options o = options(true);
    prepare();
    node_close(&old);
    test_db_by_hand(next_path, "DELETE FROM auth_site");
    memcpy(strstr(older_text, "-- as it was"), "-- other now", 12);
    must(node_open(&old, &o, &e), &e);
    node_close(&old);
    assert_int_equal(test_db_ask(path, "SELECT count(*) FROM auth_site"), 3);
    assert_false(test_db_exists(next_path));
}

static void remove_all(void)
{
    static const char *const tails[] = { "",          ".keys",     ".root",      ".lock", ".next",
                                         ".next-wal", ".next-shm", ".next.lock", "-wal",  "-shm" };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", files, tails[i]);
        unlink(name);
    }
    struct err e = { 0 };
    if (test_db_on_server())
        assert_true(store_remove(path, &e) == OK && store_remove(next_path, &e) == OK);
}

static int make_old(void **state)
{
    (void)state;
    char body[200];
    struct err e = { 0 };
    struct node_options o = options(true);
    remove_all();
    o.create = true;
    must(node_open(&old, &o, &e), &e);
    snprintf(body, sizeof body,
             "{\"organisation\":\"%s\",\"name\":\"Alder\",\"kind\":\"hospital\"}", ORGANISATION);
    send(&old, "organisation.make", body);
    make_sites(&old, 0, 3);
    return 0;
}

static int close_old(void **state)
{
    (void)state;
    node_close(&old);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    size_t n;
    log_set_level(LOG_ERROR + 1);
    test_folder(folder, sizeof folder, "prepare");
    struct err e = { 0 };
    snprintf(files, sizeof files, "%s/db", folder);
    test_db_name(path, files);
    must(store_name_beside(next_path, sizeof next_path, path, "next", &e), &e);
    const struct module *const *modules = cli_modules(&n);
    make_older(modules, n);
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
        cmocka_unit_test_setup_teardown(built_while_another_writes, make_old, close_old),
        cmocka_unit_test_setup_teardown(what_was_built_is_taken, make_old, close_old),
        cmocka_unit_test_setup_teardown(of_another_log_it_is_not_taken, make_old, close_old),
        cmocka_unit_test_setup_teardown(damaged_it_is_not_taken, make_old, close_old),
        cmocka_unit_test_setup_teardown(another_program_does_not_take_it, make_old, close_old),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
