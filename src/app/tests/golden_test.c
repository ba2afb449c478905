/* What was ever recorded can be read for ever. For each version of each event there is a golden
 * payload with every field it had when it was made; all of them must still be read, written again
 * byte for byte, and applied. A test that fails here says: this change needs a new version of the
 * event, beside the old one.
 *
 * VEIN_GOLDEN=1 adds what a new event lacks to the end of the file. What stands there is never made
 * anew. partial: OPS-03 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/cli.h"
#include "kernel/tests/fixture.h"

#define GOLDEN "src/app/tests/golden/events.tsv"

enum { LINES_MAX = 2000, FILE_MAX = 4 << 20 };

struct golden {
    struct str name;
    int64_t version;
    struct str payload;
};

static struct golden lines[LINES_MAX];
static size_t nlines;
static struct fixture f;

static void read_lines(void)
{
    static char text[FILE_MAX];
    FILE *file = fopen(GOLDEN, "r");
    nlines = 0;
    struct str rest = { text, file ? fread(text, 1, sizeof text, file) : 0 };
    if (file)
        fclose(file);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        struct golden *g = &lines[nlines++];
        assert_true(nlines < LINES_MAX);
        g->name = str_cut(&line, '\t');
        assert_true(str_to_u63(&g->version, str_cut(&line, '\t')));
        g->payload = line;
    }
}

/* --- making what is new ------------------------------------------------------------------------*/

static void sample(struct json_out *out, const struct record *r);

static void sample_value(struct json_out *out, const struct field *field)
{
    static const char *const texts[] = {
        [FIELD_TEXT] = "text",
        [FIELD_CODE] = "code",
        [FIELD_ID] = "0193a4c0-0000-7000-8000-000000000001",
        [FIELD_TIME] = "2026-01-02T03:04:05.000006Z",
        [FIELD_DATE] = "1980-01-02",
        [FIELD_DECIMAL] = "1.50",
        [FIELD_QUANTITY] = "2.50 mL",
        [FIELD_HASH] = "0000000000000000000000000000000000000000000000000000000000000001",
        [FIELD_BLOB] = "AQI=",
    };
    if (field->flags & SEALED)
        json_str(out, S("s1:0193a4c0-0000-7000-8000-000000000002:AQI="));
    else if (field->kind == FIELD_INT)
        json_int(out, 1);
    else if (field->kind == FIELD_BOOL)
        json_bool(out, true);
    else if (field->kind == FIELD_JSON)
        json_raw(out, S("{}"));
    else
        json_str(out, str_z(texts[field->kind]));
}

static void sample(struct json_out *out, const struct record *r)
{
    json_begin_object(out);
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *field = &r->fields[i];
        json_key(out, field->name);
        if (field->flags & ALONE) {
            sample(out, field->item);
        } else if (field->kind == FIELD_LIST || field->kind == FIELD_TEXTS) {
            json_begin_array(out);
            if (field->kind == FIELD_LIST)
                sample(out, field->item);
            else
                json_str(out, S("text"));
            json_end(out);
        } else {
            sample_value(out, field);
        }
    }
    json_end(out);
}

static const struct golden *find(const struct event_type *type)
{
    for (size_t i = 0; i < nlines; i++)
        if (str_is(lines[i].name, type->name) && lines[i].version == type->version)
            return &lines[i];
    return NULL;
}

static void add_line(const struct event_type *type)
{
    FILE *file = fopen(GOLDEN, "a");
    assert_non_null(file);
    struct buf b = buf_in(f.arena, EVENT_LEAF_MAX);
    struct json_out out = json_out(&b);
    sample(&out, type->payload);
    fprintf(file, "%s\t%d\t%.*s\n", type->name, type->version, STR(buf_get(&b)));
    fclose(file);
}

/* --- tests -------------------------------------------------------------------------------------*/

static int setup(void **state)
{
    (void)state;
    size_t n;
    const struct module *const *modules = cli_modules(&n);
    fixture_open(&f, modules, n);
    read_lines();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void every_version_of_every_event_is_here(void **state)
{
    (void)state;
    size_t nmodules;
    size_t lacking = 0;
    const struct module *const *modules = cli_modules(&nmodules);
    for (size_t i = 0; i < nmodules; i++)
        for (size_t k = 0; k < modules[i]->nevents; k++) {
            const struct event_type *type = modules[i]->events[k];
            if (find(type))
                continue;
            if (getenv("VEIN_GOLDEN"))
                add_line(type);
            else
                print_error("%s %d has no golden payload: run this test with VEIN_GOLDEN=1\n",
                            type->name, type->version);
            lacking++;
        }
    if (lacking > 0 && getenv("VEIN_GOLDEN"))
        read_lines();
    else
        assert_int_equal(lacking, 0);
    for (size_t i = 0; i < nlines; i++)
        if (!registry_event(f.node.registry, lines[i].name, lines[i].version))
            fail_msg("%.*s %lld was recorded once and is known no longer", STR(lines[i].name),
                     (long long)lines[i].version);
}

static struct event event_of(const struct golden *g, size_t i)
{
    struct event event;
    record_clear(&event_record, &event);
    event.id = event.command = event.organisation = S("0193a4c0-0000-7000-8000-000000000003");
    event.stream = event.key = arena_printf(f.arena, "golden/%zu", i);
    event.version = 1;
    event.type = g->name;
    event.type_version = g->version;
    event.happened = event.entered = event.recorded = f.sim.now_us;
    event.logical = S("1795339800000001.0");
    event.actor = S("account/0193a4c0-0000-7000-8000-000000000004");
    event.payload = g->payload;
    return event;
}

/* Read, and written again the same. */
static void every_payload_is_read_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < nlines; i++) {
        struct err e = { 0 };
        const void *payload;
        struct event event = event_of(&lines[i], i);
        const struct event_type *type =
            registry_event(f.node.registry, lines[i].name, lines[i].version);
        assert_non_null(type);
        if (registry_payload(type, &event, &payload, f.arena, &e) != OK)
            fail_msg("%.*s %lld: %s %.*s", STR(lines[i].name), (long long)lines[i].version, e.code,
                     STR(err_param(&e, "field")));
        struct buf b = buf_in(f.arena, EVENT_LEAF_MAX);
        struct json_out out = json_out(&b);
        assert_int_equal(record_to_json(type->payload, payload, &out, NULL, &e), OK);
        if (!str_eq(buf_get(&b), lines[i].payload))
            fail_msg("%.*s %lld is written otherwise now: %.*s", STR(lines[i].name),
                     (long long)lines[i].version, STR(buf_get(&b)));
    }
}

/* Applied alone, to tables that know nothing: apply never refuses. */
static void every_payload_is_applied(void **state)
{
    (void)state;
    struct store *store;
    struct db *db;
    struct err e = { 0 };
    char files[160], path[TEST_DB_NAME_MAX];
    size_t nmodules;
    const struct module *const *modules = cli_modules(&nmodules);
    snprintf(files, sizeof files, "%s/beside.db", f.folder);
    test_db_name(path, files);
    const struct store_options options = { .path = path, .create = true };
    assert_int_equal(store_open(&store, &options, &e), OK);
    assert_int_equal(store_writer(&db, store, &e), OK);
    assert_int_equal(db_begin(db, &e), OK);
    for (size_t i = 0; i < nmodules; i++)
        if (modules[i]->schema)
            assert_int_equal(db_schema(db, modules[i]->schema, &e), OK);
    for (size_t i = 0; i < nlines; i++) {
        struct event event = event_of(&lines[i], i);
        assert_int_equal(db_savepoint(db, &e), OK);
        if (registry_apply(f.node.registry, db, &event, f.arena, &e) != OK)
            fail_msg("%.*s %lld: %s: %s", STR(lines[i].name), (long long)lines[i].version, e.code,
                     e.detail);
        assert_int_equal(db_savepoint_undo(db, &e), OK);
    }
    db_rollback(db);
    db_close(db);
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_of_every_event_is_here),
        cmocka_unit_test(every_payload_is_read_as_it_was_written),
        cmocka_unit_test(every_payload_is_applied),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
