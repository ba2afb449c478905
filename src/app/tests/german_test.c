/* What ships is complete in German: each text that a definition says to people has its words, and
 * each of the words a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "app/cli.h"
#include "app/embedded.h"
#include "app/shipped.h"
#include "base/log.h"
#include "kernel/tests/fixture.h"
#include "kernel/words.h"

enum { WORDS_MAX = 4000 };

static struct fixture f;
static struct {
    const struct words_said *said;
    bool used;
} german[WORDS_MAX];
static size_t ngerman;
static size_t nmissing;

static void missing(const char *path, struct str text, const char *why)
{
    print_error("%s: %s: %.*s\n", path, why, STR(text));
    nmissing++;
}

static void spoken(const char *path, struct str text, size_t max)
{
    size_t i = 0;
    while (i < ngerman && !str_eq(german[i].said->source, text))
        i++;
    if (text.n == 0)
        return;
    if (i == ngerman) {
        missing(path, text, "has no German");
        return;
    }
    german[i].used = true;
    if (german[i].said->target.n > max)
        missing(path, german[i].said->target, "has no room for");
}

static void walk(const char *path, const struct record *shape, const char *record)
{
    for (size_t i = 0; i < shape->nfields; i++) {
        const struct field *field = &shape->fields[i];
        const void *at = record + field->offset;
        const struct record_list *list = at;
        const size_t max = field->max > 0 ? field->max : RECORD_TEXT_MAX;
        if (field->kind == FIELD_LIST)
            for (size_t k = 0; k < list->n; k++)
                walk(path, field->item, (const char *)list->p + k * field->item->size);
        else if ((field->flags & SPOKEN) && field->kind == FIELD_TEXT)
            spoken(path, *(const struct str *)at, max);
        else if ((field->flags & SPOKEN) && field->kind == FIELD_TEXTS)
            for (size_t k = 0; k < list->n; k++)
                spoken(path, ((const struct str *)list->p)[k], RECORD_TEXT_MAX);
    }
}

static void learn(const struct definition *d)
{
    const struct words *w = d->body;
    assert_true(ngerman + w->words.n <= WORDS_MAX);
    for (size_t i = 0; str_is(w->language, "de") && i < w->words.n; i++) {
        for (size_t k = 0; k < ngerman; k++)
            if (str_eq(german[k].said->source, w->words.p[i].source))
                missing("defs/words", w->words.p[i].source, "stands twice");
        german[ngerman++].said = &w->words.p[i];
    }
}

/* partial: OPS-04 instructions, tasks and forms in each language that ships */
static void ops_04_what_ships_is_said_in_german(void **state)
{
    (void)state;
    struct fixture_person system;
    struct err e = { 0 };
    size_t changed, nmodules;
    struct db *db;
    const struct module *const *modules = cli_modules(&nmodules);
    log_set_level(LOG_ERROR);
    text_use(text_rows, text_rows_count);
    fixture_open(&f, modules, nmodules);
    fixture_person(&system, 1, 1, 1, "define.load");
    assert_int_equal(shipped_load(&f.node, system.actor.organisation, &changed, &e), OK);
    assert_int_equal(store_reader_take(&db, f.node.store, &e), OK);
    struct arena *arena = arena_new(512 << 20);
    const struct define_context context = { .db = db, .now_us = f.sim.now_us, .arena = arena };
    for (int turn = 0; turn < 2; turn++)
        for (const struct embedded *file = shipped_definitions; file->path; file++) {
            struct definition d;
            assert_int_equal(define_read(&d, &context, file->text, &e), OK);
            const bool words = str_is(d.kind, "words");
            if (turn == 0 && words)
                learn(&d);
            if (turn == 0 || words)
                continue;
            spoken(file->path, d.title, 200);
            walk(file->path, define_kind_find(d.kind)->shape, d.body);
        }
    for (size_t i = 0; i < ngerman; i++)
        if (!german[i].used)
            missing("defs/words", german[i].said->source, "is said nowhere");
    assert_true(ngerman > 300);
    assert_int_equal(nmissing, 0);
    arena_free(arena);
    store_reader_give(f.node.store, db);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ops_04_what_ships_is_said_in_german) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
