/* /search over things that take much memory each to be shown: a page of them is answered, for what
 * was read to show one is not kept until the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/search.h"
#include "kernel/tests/served.h"

enum { THINGS = 12, HEAVY = 1 << 20, TRIES = 500 };

static struct served s;

static enum outcome heavy_read(struct search_entry *x, struct str id, struct err *e)
{
    const struct auth_account_in in = { id };
    struct auth_account_out row;
    bool found;
    TRY(db_get(x->db, &sql_auth_account, &in, &row, x->arena, &found, e));
    if (!found)
        return OK;
    search_words(x, row.name);
    search_scope(x, row.organisation, (struct str){ 0 });
    return OK;
}

static enum outcome heavy_show(struct search_found *out, struct http_request *r, struct db *db,
                               struct page *p, struct str id, bool *may, struct err *e)
{
    (void)db;
    *may = true;
    out->title = arena_printf(p->b->arena, "heavy %.*s", STR(id));
    return arena_alloc(r->arena, HEAVY) ? OK : err_no_memory(e);
}

static const char *const heavy_when[] = { "account.made", NULL };
static const struct search_rule module_searches[] = {
    {
        .name = "heavy",
        .kind = "account",
        .permission = "account.see",
        .when = heavy_when,
        .read = heavy_read,
        .show = heavy_show,
    },
};
static const struct module heavy_module = { .name = "heavy", MODULE_ARRAY(searches) };

static int set_up(void **state)
{
    static const struct module *const modules[] = { &search_module, &heavy_module };
    (void)state;
    served_open_everywhere(&s, modules, 2, "account.see, account.make");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    served_close(&s);
    return 0;
}

static size_t shown(void)
{
    size_t n = 0;
    for (const char *at = served_answer(); (at = strstr(at, "heavy ")); at++)
        n++;
    return n;
}

static void a_page_of_heavy_things_is_answered(void **state)
{
    char form[200];
    (void)state;
    for (int i = 0; i < THINGS; i++) {
        snprintf(form, sizeof form, "organisation=%s&name=Ponderous+%d&login=ponderous%d",
                 fixture_id('o', 1).p, i, i);
        assert_int_equal(served_post(&s, "/accounts", form), 303);
    }
    for (int i = 0; i < TRIES; i++, usleep(10000)) { /* the index follows */
        assert_int_equal(served_post(&s, "/search", "q=ponderous"), 200);
        if (shown() == THINGS)
            return;
    }
    fail_msg("%zu of %d are shown: %s", shown(), THINGS, served_answer());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_of_heavy_things_is_answered),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
