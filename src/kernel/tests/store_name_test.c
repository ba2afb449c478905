/* What names a database on PostgreSQL: read, shown without secrets, and asked only where whoever
 * answers is known. */
#include "kernel/store_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/tests/store_conformance.h"

#define ASSERT_CODE(expr, outcome, want) ASSERT_CODE_IN(e, expr, outcome, want)

static void assert_silent(const struct err *e)
{
    assert_null(strstr(e->detail, "opensesame"));
    for (size_t i = 0; i < e->nparams; i++)
        assert_null(strstr(e->params[i].value, "opensesame"));
}

static void test_a_password_is_never_said(void **state)
{
    (void)state;
    static const char *const names[] = {
        "postgresql://vein:opensesame@127.0.0.1:1/vein",
        "postgres://vein@127.0.0.1:1/vein?password=opensesame",
        "postgres://vein:opensesame@127.0.0.1:1/vein?schema=No",
        "postgres://vein:opensesame@127.0.0.1:1/vein?nonsense=1",
        "postgres://vein:opensesame@[/vein",
        "postgres://vein:100%opensesame@127.0.0.1:1/vein?files=F",
        "postgres://vein:1/opensesame@127.0.0.1:1/vein?files=F",
        "postgres://vein@127.0.0.1:1/vein?sslpassword=opensesame",
        "postgres://vein@127.0.0.1:1/vein?passfile=opensesame",
        "postgres://vein@127.0.0.1:1/vein?%70assword=opensesame",
        "postgres://vein@127.0.0.1:1/vein?options=-cmy.secret%3Dopensesame",
        "postgres://vein@127.0.0.1:1/vein?scram_client_key=opensesame",
        "postgres://vein@127.0.0.1:1/vein?oauth_client_secret=opensesame",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct err e = { 0 };
        struct store *s = NULL;
        char shown[STORE_NAME_MAX] = "";
        const struct store_options options = { .path = names[i] };
        assert_int_not_equal(store_open(&s, &options, &e), OK);
        assert_silent(&e);
        if (store_name_shown(shown, sizeof shown, names[i], &e) == OK)
            assert_null(strstr(shown, "opensesame"));
        assert_silent(&e);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct store_url url;
    char name[STORE_NAME_MAX];
    const char *given = "postgresql://v:s%40t@h:5432/db?sslmode=require&files=/var/a%26b&schema=x";
    ASSERT_OK(store_url_read(&url, given, &e));
    assert_string_equal(url.libpq, "postgresql://v:s%40t@h:5432/db?sslmode=require");
    assert_string_equal(url.shown,
                        "postgresql://v@h:5432/db?sslmode=require&files=/var/a%26b&schema=x");
    assert_string_equal(url.schema, "x");
    assert_string_equal(url.files, "/var/a&b");
    ASSERT_OK(store_name_beside(name, sizeof name, given, "next", &e));
    ASSERT_OK(store_url_read(&url, name, &e));
    assert_string_equal(url.schema, "x_next");
    assert_string_equal(url.files, "/var/a&b");
    ASSERT_OK(store_name_files(name, sizeof name, "postgres://h/hospital", &e));
    assert_string_equal(name, "hospital");
    ASSERT_OK(store_name_files(name, sizeof name, "/var/vein.db", &e));
    assert_string_equal(name, "/var/vein.db");
    ASSERT_OK(store_name_beside(name, sizeof name, "/var/vein.db", "next", &e));
    assert_string_equal(name, "/var/vein.db.next");
}

/* shows: nobody is asked for data, or given a password, whose name was not verified */
static void test_strangers_are_not_asked(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool asked;
    } rows[] = {
        { "postgresql://v@db.example/v", false },
        { "postgresql://v@db.example/v?sslmode=require", false },
        { "postgresql://v@db.example/v?sslmode=verify-ca", false },
        { "postgresql://v@db.example/v?sslmode=verify-full", true },
        { "postgresql://v@db.example/v?unverified=yes", true },
        { "postgresql://v@db.example/v?unverified=no", false },
        { "postgresql://v@127.0.0.1/v", true },
        { "postgresql://v@127.example/v", false },
        { "postgresql://v@localhost,[::1]/v", true },
        { "postgresql://v@localhost,db.example/v", false },
        { "postgresql:///v?host=/tmp", true },
        { "postgresql:///v?host=db.example&hostaddr=127.0.0.1", false },
        { "postgresql://v@localhost/v?hostaddr=192.0.2.1", false },
        { "postgresql:///v?service=hospital", false },
        { "postgresql:///v?service=hospital&sslmode=verify-full", true },
    };
    struct err e = { 0 };
    struct store_url url;
    unsetenv("PGHOST");
    unsetenv("PGSSLMODE");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ASSERT_OK(store_url_read(&url, rows[i].name, &e));
        if ((store_url_check(&url, &e) == OK) != rows[i].asked)
            fail_msg("%s", rows[i].name);
    }
    ASSERT_OK(store_url_read(&url, "postgresql:///v", &e));
    ASSERT_OK(store_url_check(&url, &e));
    setenv("PGHOST", "db.example", 1);
    ASSERT_CODE(store_url_check(&url, &e), REFUSED, "store.unverified");
    setenv("PGSSLMODE", "verify-full", 1);
    ASSERT_OK(store_url_check(&url, &e));
    unsetenv("PGHOST");
    unsetenv("PGSSLMODE");
    struct store *s = NULL;
    const struct store_options options = { .path = rows[0].name };
    ASSERT_CODE(store_open(&s, &options, &e), REFUSED, "store.unverified");
    char name[STORE_NAME_MAX];
    ASSERT_OK(store_name_beside(name, sizeof name, rows[4].name, "next", &e));
    ASSERT_OK(store_url_read(&url, name, &e));
    ASSERT_OK(store_url_check(&url, &e)); /* goes with the name */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_password_is_never_said),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_strangers_are_not_asked),
    };
    return cmocka_run_group_tests_name("store name", tests, NULL, NULL);
}
