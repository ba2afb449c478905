/* Where tables lie in a database of several machines: what can be said of it without several
 * machines, and, where PostgreSQL has the extension Citus, that a system lives on it. */
#include "app/spread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/cli.h"
#include "base/dialect.h"
#include "kernel/store_copy.h"

static const struct store_spread *row_of(struct str table)
{
    size_t n;
    const struct store_spread *rows = spread_rows(&n);
    for (size_t i = 0; i < n; i++)
        if (str_is(table, rows[i].table))
            return &rows[i];
    return NULL;
}

static size_t times_named(struct str table)
{
    size_t n, nhere, found = 0;
    const struct store_spread *rows = spread_rows(&n);
    const char *const *here = spread_here(&nhere);
    for (size_t i = 0; i < n; i++)
        found += str_is(table, rows[i].table);
    for (size_t i = 0; i < nhere; i++)
        found += str_is(table, here[i]);
    return found;
}

static void test_each_table_has_its_place(void **state)
{
    (void)state;
    const struct store_known *known = cli_known();
    struct str table;
    size_t tables = 0, n, nhere;
    for (size_t i = 0; i < known->n; i++)
        for (size_t k = 0; sql_schema_table(known->schemas[i], k, &table); k++, tables++)
            if (times_named(table) != 1)
                fail_msg("%.*s stands %zu times in spread.def", STR(table), times_named(table));
    spread_rows(&n);
    spread_here(&nhere);
    assert_int_equal(n + nhere, tables); /* and no other */
}

/* Whether a list of columns, up to its closing parenthesis, has the column. */
static bool lists(struct str list, const char *column)
{
    struct str rest = { list.p, str_find(list, ')') };
    while (rest.p != NULL)
        if (str_is(str_trim(str_cut(&rest, ',')), column))
            return true;
    return false;
}

/* The columns behind the words, absent when they do not stand there. */
static struct str behind(struct str text, const char *words)
{
    const size_t n = strlen(words);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, words, n) == 0)
            return str_from(text, i + n);
    return (struct str){ 0 };
}

/* A key of one column stands on that column's line. */
static bool line_names(struct str statement, const char *words, const char *column)
{
    struct str rest = str_from(statement, str_find(statement, '(') + 1);
    while (rest.p != NULL) {
        struct str line = str_trim(str_cut(&rest, ','));
        if (behind(line, words).p != NULL && behind(line, "(").p == NULL)
            return str_is((struct str){ line.p, str_find(line, ' ') }, column);
    }
    return false;
}

static void check_table(struct str table, struct str statement)
{
    const struct store_spread *row = row_of(table);
    if (row == NULL || row->column == NULL)
        return;
    const struct str key = behind(statement, "PRIMARY KEY (");
    const bool has =
        key.p ? lists(key, row->column) : line_names(statement, "PRIMARY KEY", row->column);
    if (has == (row->key != NULL))
        fail_msg("%.*s: its key %s %s", STR(table), has ? "has" : "lacks", row->column);
    if (row->key && !line_names(statement, "PRIMARY KEY", row->key))
        fail_msg("%.*s: its key is not %s", STR(table), row->key);
    if (behind(statement, " UNIQUE").p != NULL || behind(statement, "REFERENCES").p != NULL)
        fail_msg("%.*s: a unique column or a reference to another table", STR(table));
}

static void check_index(struct str statement)
{
    struct str on = behind(statement, " ON ");
    const struct str table = str_trim(str_cut(&on, '('));
    const struct store_spread *row = row_of(table);
    if (row && row->column && !lists(on, row->column))
        fail_msg("%.*s: a unique index without %s", STR(table), row->column);
}

/* partial: SCA-02 every key of what is spread has the column by which it is */
static void test_every_key_has_its_column(void **state)
{
    (void)state;
    const struct store_known *known = cli_known();
    for (size_t i = 0; i < known->n; i++) {
        struct str rest = str_z(known->schemas[i]->text);
        struct str table;
        size_t k = 0;
        for (struct str s = dialect_statement(&rest); s.p; s = dialect_statement(&rest)) {
            if (str_starts(s, S("CREATE TABLE")) &&
                sql_schema_table(known->schemas[i], k++, &table))
                check_table(table, s);
            else if (str_starts(s, S("CREATE UNIQUE")))
                check_index(s);
        }
    }
}

static void test_a_file_is_not_spread(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(store_can_spread("/tmp/none.db", &e), REFUSED);
    assert_string_equal(e.code, "store.one_machine");
    const char *server = getenv("VEIN_POSTGRES");
    if (server == NULL)
        return;
    assert_int_equal(store_can_spread(server, &e), REFUSED); /* a server without Citus */
    assert_string_equal(e.code, "store.no_citus");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_table_has_its_place),
        cmocka_unit_test(test_every_key_has_its_column),
        cmocka_unit_test(test_a_file_is_not_spread),
    };
    return cmocka_run_group_tests_name("spread", tests, NULL, NULL);
}
