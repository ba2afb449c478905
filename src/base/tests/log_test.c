/* Logs: each line is one JSON object, and there is no way to get free text into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

static const struct str unit_id = { "019314a5-0000-7000-8000-000000000001", 36 };

struct lines {
    char text[8192];
    size_t n;
    size_t count;
};

static void collect(void *context, struct str line)
{
    struct lines *lines = context;
    assert_true(lines->n + line.n < sizeof lines->text);
    memcpy(lines->text + lines->n, line.p, line.n);
    lines->n += line.n;
    lines->text[lines->n] = '\0';
    lines->count++;
}

static struct lines lines;
static struct env_sim sim;

static int begin(void **state)
{
    (void)state;
    lines = (struct lines){ 0 };
    env_sim_init(&sim, 1, INT64_C(1795339800000000));
    log_set_level(LOG_INFO);
    log_set_sink(collect, &lines);
    return 0;
}

static int end(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_set_level(LOG_INFO);
    return 0;
}

static void a_line_is_one_object_of_known_form(void **state)
{
    (void)state;
    LOG(&sim.env, LOG_INFO, "gate.group_committed", LOG_F_INT("events", -3),
        LOG_F_CODE("store", "sqlite"), LOG_F_ID("unit", unit_id));
    LOG(&sim.env, LOG_WARNING, "clock.stepped");
    assert_string_equal(lines.text,
                        "{\"time\":\"2026-11-22T09:30:00.000000Z\",\"level\":\"info\","
                        "\"event\":\"gate.group_committed\",\"events\":-3,\"store\":\"sqlite\","
                        "\"unit\":\"019314a5-0000-7000-8000-000000000001\"}\n"
                        "{\"time\":\"2026-11-22T09:30:00.000000Z\",\"level\":\"warning\","
                        "\"event\":\"clock.stepped\"}\n");
    assert_int_equal(lines.count, 2);
}

static void a_field_carries_no_free_text(void **state)
{
    (void)state;
    LOG(&sim.env, LOG_INFO, "x", LOG_F_ID("unit", S("Erika Mustermann")),
        LOG_F_HASH("leaf", S("born 1961-07-04")), LOG_F_ID("none", (struct str){ 0 }));
    assert_null(strstr(lines.text, "Muster"));
    assert_null(strstr(lines.text, "1961"));
    assert_non_null(strstr(lines.text, "\"unit\":\"?\",\"leaf\":\"?\",\"none\":\"?\"}"));
}

static void levels_hold_back(void **state)
{
    (void)state;
    LOG(&sim.env, LOG_DEBUG, "x");
    assert_int_equal(lines.count, 0);
    log_set_level(LOG_ERROR);
    LOG(&sim.env, LOG_WARNING, "x");
    assert_int_equal(lines.count, 0);
    LOG(&sim.env, LOG_ERROR, "x");
    assert_int_equal(lines.count, 1);
}

static void faults_show_their_detail_and_refusals_only_their_code(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(err_fault(&e, "store.io", "a \"b\" \\ \b\f\n\r\t\x01 \xC3\xA4"), FAULT);
    log_err(&sim.env, "store.failed", &e);
    assert_non_null(strstr(lines.text, "\"level\":\"error\",\"event\":\"store.failed\","
                                       "\"code\":\"store.io\",\"detail\":\"a \\\"b\\\" \\\\ "
                                       "\\b\\f\\n\\r\\t\\u0001 \xC3\xA4\"}\n"));
    assert_int_equal(REFUSE(&e, "custody.not_holder", { "holder", S("site 7") }), REFUSED);
    log_err(&sim.env, "x", &e);
    assert_int_equal(lines.count, 1);
    log_set_level(LOG_DEBUG);
    log_err(&sim.env, "x", &e);
    assert_int_equal(lines.count, 2);
    assert_non_null(strstr(lines.text, "\"level\":\"debug\",\"event\":\"x\","
                                       "\"code\":\"custody.not_holder\"}\n"));
    assert_null(strstr(lines.text, "site 7"));
}

static void bytes_that_are_no_text_cannot_break_the_line(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(err_fault(&e, "peer.said", "%s", "\xFF\xC3("), FAULT);
    log_err(&sim.env, "x", &e);
    assert_non_null(strstr(lines.text, "\"detail\":\"?\?(\"}\n"));
    char worst[ERR_DETAIL_MAX];
    memset(worst, 1, sizeof worst); /* each becomes six */
    worst[sizeof worst - 1] = '\0';
    assert_int_equal(err_fault(&e, "peer.said", "%s", worst), FAULT);
    log_err(&sim.env, "x", &e);
    assert_true(str_ends((struct str){ lines.text, lines.n }, S("\\u0001\"}\n")));
}

static void a_line_too_long_is_cut_between_fields(void **state)
{
    (void)state;
    struct log_field fields[100];
    for (size_t i = 0; i < 99; i++)
        fields[i] = (struct log_field)LOG_F_ID("unit", unit_id);
    fields[99] = (struct log_field){ .kind = LOG_END };
    log_write(&sim.env, LOG_INFO, "x", fields);
    assert_true(lines.n <= 4096);
    assert_true(lines.n > 4000);
    assert_true(str_ends((struct str){ lines.text, lines.n }, S("000001\",\"cut\":true}\n")));
}

static void *write_many(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++)
        LOG(&env_system, LOG_INFO, "x", LOG_F_ID("unit", unit_id));
    return NULL;
}

static void lines_of_threads_do_not_mix_on_standard_error(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    FILE *file = tmpfile();
    assert_non_null(file);
    const int saved = dup(STDERR_FILENO);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);
    char line[256];
    size_t count = 0;
    while (fgets(line, sizeof line, file)) {
        const struct str s = str_z(line);
        assert_true(str_starts(s, S("{\"time\":\"")));
        assert_true(str_ends(s, S("\"unit\":\"019314a5-0000-7000-8000-000000000001\"}\n")));
        count++;
    }
    assert_int_equal(count, 800);
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_one_object_of_known_form, begin, end),
        cmocka_unit_test_setup_teardown(a_field_carries_no_free_text, begin, end),
        cmocka_unit_test_setup_teardown(levels_hold_back, begin, end),
        cmocka_unit_test_setup_teardown(faults_show_their_detail_and_refusals_only_their_code,
                                        begin, end),
        cmocka_unit_test_setup_teardown(bytes_that_are_no_text_cannot_break_the_line, begin, end),
        cmocka_unit_test_setup_teardown(a_line_too_long_is_cut_between_fields, begin, end),
        cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix_on_standard_error, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
