/* SQLite's words for a schema in PostgreSQL's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/dialect.h"

static void assert_mapped(const char *sqlite, const char *postgres)
{
    char text[400];
    struct buf b = buf_over(text, sizeof text);
    dialect_postgres(&b, str_z(sqlite));
    assert_true(buf_ok(&b));
    if (!str_is(buf_get(&b), postgres))
        fail_msg("%.*s", STR(buf_get(&b)));
}

static void types_are_mapped_and_nothing_else(void **state)
{
    (void)state;
    assert_mapped(
        "CREATE TABLE IF NOT EXISTS a (b INTEGER PRIMARY KEY, c TEXT, d BLOB NOT NULL)"
        " STRICT, WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS a (b BIGINT PRIMARY KEY, c TEXT COLLATE \"C\", d BYTEA"
        " NOT NULL)");
    assert_mapped(
        "CREATE TABLE a (b TEXT DEFAULT 'TEXT INTEGER', \"TEXT\" TEXT) STRICT",
        "CREATE TABLE a (b TEXT COLLATE \"C\" DEFAULT 'TEXT INTEGER', \"TEXT\" TEXT COLLATE"
        " \"C\")");
    assert_mapped("CREATE INDEX TEXTS ON a (b_INTEGER)", "CREATE INDEX TEXTS ON a (b_INTEGER)");
    assert_mapped("INSERT INTO a SELECT b FROM c WHERE STRICT",
                  "INSERT INTO a SELECT b FROM c WHERE STRICT");
}

static void statements_end_where_no_quote_is_open(void **state)
{
    (void)state;
    struct str rest = S(" ; A 'x;''y' \";\" B;\n\nC;;D ");
    assert_true(str_is(dialect_statement(&rest), "A 'x;''y' \";\" B"));
    assert_true(str_is(dialect_statement(&rest), "C"));
    assert_true(str_is(dialect_statement(&rest), "D"));
    assert_null(dialect_statement(&rest).p);
    rest = S("A 'never closed; B");
    assert_true(str_is(dialect_statement(&rest), "A 'never closed; B"));
    assert_null(dialect_statement(&rest).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_mapped_and_nothing_else),
        cmocka_unit_test(statements_end_where_no_quote_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
