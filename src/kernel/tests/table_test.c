#define _GNU_SOURCE /* memmem */
/* Lists as tables: what is told of them, and the same as a file: whole, cut off where it must be,
 * in the reader's language, and nothing that a spreadsheet would run. */
#include "kernel/http_impl.h"
#include "kernel/table.h"
#include "kernel/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RECORDS "kernel/tests/table_row.def"
#include "base/record_structs.h"
#include "base/record_tables.h"
#undef RECORDS

enum { AT_ONCE = 200, MADE_MAX = 16 << 20 };

static struct arena *arena;
static struct buf made;
static struct http_exchange exchange; /* that nobody connected: it has no headers */
static struct http_request *const request = &exchange.request;
static struct page page;
static const struct table_column columns[] = { { .name = "number", .sorts = true } };
static const struct table table = { .name = "things", .columns = columns, .n = 1, .csv = true };

static int begin(void **state)
{
    (void)state;
    text_use(text_rows, text_rows_count);
    arena = arena_new(MADE_MAX * 2);
    assert_non_null(arena);
    made = buf_in(arena, MADE_MAX / 4);
    *request = (struct http_request){ .arena = arena, .method = S("GET"), .path = S("/things") };
    page = (struct page){ .b = &made, .language = S("en") };
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* *context rows are left. */
static enum outcome rows_of(void *context, struct record_list *rows, struct err *e)
{
    size_t *left = context;
    struct table_row *out = ARENA_ARRAY(arena, AT_ONCE, struct table_row);
    (void)e;
    rows->p = out;
    for (rows->n = 0; rows->n < AT_ONCE && 0 < *left; rows->n++, (*left)--)
        out[rows->n].said = S("=cmd|'/c calc'!A1");
    return OK;
}

static struct str csv_of(size_t n)
{
    struct table_view v;
    struct err e = { 0 };
    table_ask(&v, &page, request, &table, S(""));
    assert_int_equal(table_csv(request, &page, &v, &table_row_record, rows_of, &n, &e), OK);
    return request->answer.body;
}

static size_t lines_of(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static void a_file_runs_nothing(void **state)
{
    (void)state;
    const struct str all = csv_of(3);
    assert_int_equal(lines_of(all), 4);
    assert_true(str_starts(all, S("\"said\"\r\n\"'=cmd|'/c calc'!A1\"\r\n")));
}

static void a_file_says_where_it_is_cut_in_the_readers_language(void **state)
{
    (void)state;
    static const char *const says[][2] = { { "en", "\"There may be more: " },
                                           { "de", "\"Es kann mehr geben: " } };
    for (size_t i = 0; i < 2; i++) {
        page.language = str_z(says[i][0]);
        const struct str all = csv_of(TABLE_CSV_ROWS + 1);
        const struct str cut = str_z(says[i][1]);
        assert_int_equal(lines_of(all), TABLE_CSV_ROWS + 2);
        assert_non_null(memmem(all.p, all.n, cut.p, cut.n));
    }
}

static void what_is_listed_is_told(void **state)
{
    (void)state;
    assert_true(str_is(table_told(&page, 12, false), "Rows shown: 12"));
    assert_true(str_is(table_told(&page, 40, true), "Rows shown: 40, and there are more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_runs_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_file_says_where_it_is_cut_in_the_readers_language, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_is_listed_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
