/* Print: documents made by the worker are read back with poppler, which shares nothing with what
 * wrote them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/env.h"
#include "base/json.h"
#include "kernel/draw.h"
#include "kernel/print.h"
#include "kernel/text.h"

static struct workers *pool;
static struct arena *arena;
static char path[64];
static char got[4 << 20];
static struct worker_result last;

#define HASH "3fa9c0de00000000000000000000000000000000000000000000000000000042"

static int set_up(void **state)
{
    static const struct worker_kind *const kinds[] = { &print_kind };
    const struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = 1 };
    struct err e = { 0 };
    (void)state;
    text_use(text_rows, text_rows_count);
    snprintf(path, sizeof path, "/tmp/vein-print-XXXXXX");
    const int fd = mkstemp(path);
    arena = arena_new((size_t)512 << 20);
    if (fd < 0 || !arena || workers_open(&pool, &options, &e) != OK)
        return -1;
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    workers_close(pool);
    arena_free(arena);
    unlink(path);
    return 0;
}

static struct print *begin(const char *language)
{
    struct print_document head;
    record_clear(&print_document_record, &head);
    head.title = S("Batch record of an order");
    head.organisation = S("Hospital of Someplace");
    head.language = str_z(language);
    assert_true(clock_read(&head.date, S("2026-11-22T09:30:00Z")));
    head.dated = S("22 Nov 2026, 09:30 UTC");
    head.hash = S(HASH);
    head.hash_label = S("Record");
    head.paging = S("Page {n} of {m}");
    struct print *p = print_new(arena, &head);
    print_identity(p, S("Order"), S("CV-2026-0O1Il"), true);
    print_identity(p, S("Patient"), S("Anna Example"), false);
    return p;
}

static enum outcome make(struct print *p, struct bytes *pdf, struct err *e)
{
    const struct print_document *d;
    struct buf b = buf_in(arena, PRINT_IN_MAX);
    *e = (struct err){ 0 };
    TRY(print_done(&d, p, e));
    TRY(print_encode(&b, d, e));
    const struct str text = buf_get(&b);
    return workers_run(pool, "print", (struct bytes){ (const uint8_t *)text.p, text.n }, pdf, &last,
                       arena, e);
}

/* The PDF in a file; then `tool` of poppler's over it, its output in got. */
static void read_with(const char *tool, struct bytes pdf)
{
    char command[160];
    const bool pipe = strncmp(tool, "pdftotext", 9) == 0; /* to its output, not a file */
    FILE *f = fopen(path, "wb");
    assert_int_equal(fwrite(pdf.p, 1, pdf.n, f), pdf.n);
    fclose(f);
    snprintf(command, sizeof command, "TZ=UTC %s %s%s", tool, path, pipe ? " -" : "");
    f = popen(command, "r");
    assert_non_null(f);
    const size_t n = fread(got, 1, sizeof got - 1, f);
    got[n] = '\0';
    assert_int_equal(pclose(f), 0);
}

static struct bytes pdf_of(struct print *p)
{
    struct err e;
    struct bytes pdf = { 0 };
    if (make(p, &pdf, &e) != OK)
        fail_msg("%s: %s %.*s", e.code, e.detail, STR(err_param(&e, "what")));
    return pdf;
}

static size_t count(const char *what)
{
    size_t n = 0;
    for (const char *at = got; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static void assert_text(const char *what)
{
    if (!strstr(got, what))
        fail_msg("\"%s\" is not in the text:\n%.3000s", what, got);
}

static void fill(struct print *p)
{
    static const struct print_column columns[] = { { S("Step"), INT_NONE, false, false },
                                                   { S("Lot"), INT_NONE, false, true },
                                                   { S("Cells"), INT_NONE, true, false } };
    print_heading(p, 1, S("Harvest"));
    print_text(p, S("First paragraph.\n\nSecond paragraph, of \"quotes\" & <signs>."));
    print_note(p, "warn", S("One value was corrected after entry."));
    print_fact(p, S("Viability"), S("97.9 %"), false);
    print_fact(p, S("Bag"), S("A999924123456"), true);
    print_table(p, S("Consumed"), columns, 3);
    print_row(p, NULL, (const struct str[]){ S("Wash"), S("0O1Il"), S("12.5") });
    print_row(p, "stop", (const struct str[]){ S("Count"), S("B-7"), S("not done") });
    print_signature(p, &(struct print_signature){ .name = S("Quentin Person"),
                                                  .meaning = S("I certify and release this batch"),
                                                  .role = S("Qualified person"),
                                                  .time = S("22 Nov 2026, 09:31 UTC"),
                                                  .mark = S("event 0193") });
    print_signature(p, &(struct print_signature){ .meaning = S("Received by") });
}

/* partial: EBR-03 — whatever the record has is in the print, in order, with the record's hash, and
 * a signature shows name, time and meaning (21 CFR 11.50). */
static void test_everything_is_in_the_text(void **state)
{
    (void)state;
    struct print *p = begin("en");
    fill(p);
    read_with("pdftotext -layout", pdf_of(p));
    static const char *const texts[] = {
        "Hospital of Someplace",
        "Batch record of an order",
        "CV-2026-0O1Il",
        "Anna Example",
        "Harvest",
        "First paragraph.",
        "Second paragraph, of \"quotes\" & <signs>.",
        "One value was corrected",
        "Viability",
        "97.9 %",
        "A999924123456",
        "Consumed",
        "0O1Il",
        "12.5",
        "not done",
        "Quentin Person",
        "I certify and release this batch",
        "Qualified person",
        "22 Nov 2026, 09:31 UTC",
        "event 0193",
        "Received by",
        "Page 1 of 1",
        ("Record " HASH),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_text(texts[i]);
}

/* partial: EBR-03 — what an archive needs that cairo gives: fonts embedded, title, its own date, no
 * script, no encryption. */
static void test_fonts_are_embedded_and_the_date_is_its_own(void **state)
{
    (void)state;
    struct print *p = begin("en");
    fill(p);
    const struct bytes pdf = pdf_of(p);
    read_with("pdffonts", pdf);
    assert_text("Hyperlegible");
    for (char *line = strchr(strchr(got, '\n') + 1, '\n') + 1; line && *line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        const char *flags = strstr(line, " yes yes"); /* embedded, a subset */
        if (!flags)
            fail_msg("not embedded: %s", line);
        line = end ? end + 1 : NULL;
    }
    read_with("pdfinfo -isodates", pdf);
    assert_text("Batch record of an order");
    assert_text("2026-11-22T09:30:00");
    assert_text("JavaScript:      no");
    assert_text("Encrypted:       no");
    assert_text("595.276 x 841.89 pts (A4)");
    read_with("pdfinfo -struct-text", pdf);
    assert_text("H1");
    assert_text("TH");
}

static void test_the_same_document_gives_the_same_bytes(void **state)
{
    (void)state;
    struct bytes pdf[2];
    for (size_t i = 0; i < 2; i++) {
        struct print *p = begin("en");
        fill(p);
        pdf[i] = pdf_of(p);
        workers_close(pool); /* another child */
        static const struct worker_kind *const kinds[] = { &print_kind };
        const struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = 1 };
        struct err e = { 0 };
        assert_int_equal(workers_open(&pool, &options, &e), OK);
    }
    assert_int_equal(pdf[0].n, pdf[1].n);
    assert_memory_equal(pdf[0].p, pdf[1].p, pdf[0].n);
}

/* Ten thousand rows: each is there, once; each page has the header, the strip, its number and the
 * hash. */
static void test_a_very_long_table(void **state)
{
    (void)state;
    enum { ROWS = 10000 };
    static const struct print_column columns[] = { { S("Reading"), INT_NONE, false, true },
                                                   { S("Time"), INT_NONE, false, false },
                                                   { S("Celsius"), INT_NONE, true, false } };
    struct print *p = begin("en");
    print_table(p, S("Readings"), columns, 3);
    for (int i = 0; i < ROWS; i++) {
        char number[16];
        snprintf(number, sizeof number, "r%05d", i);
        print_row(p, NULL, (const struct str[]){ str_z(number), S("09:30"), S("-151.2") });
    }
    read_with("pdftotext -layout", pdf_of(p));
    const size_t pages = count("\f");
    char total[40];
    snprintf(total, sizeof total, "Page %zu of %zu", pages, pages);
    assert_true(pages > 150);
    assert_text(total);
    assert_int_equal(count("Celsius"), pages);
    assert_int_equal(count("CV-2026-0O1Il"), pages);
    assert_int_equal(count(HASH), pages);
    assert_int_equal(count("-151.2"), ROWS);
    for (int i = 0; i < ROWS; i += 777) {
        char number[16];
        snprintf(number, sizeof number, "r%05d", i);
        assert_int_equal(count(number), 1);
    }
}

/* A word without a break is broken, not cut: all of it is there, within the page. */
static void test_unbreakable_words_stay_on_the_page(void **state)
{
    (void)state;
    enum { LETTERS = 3000 };
    char *word = malloc(LETTERS + 1);
    memset(word, 'W', LETTERS);
    word[LETTERS] = '\0';
    static const struct print_column columns[] = { { S("A"), 1, false, false },
                                                   { S("B"), 9, false, false } };
    struct print *p = begin("en");
    print_text(p, str_z(word));
    print_table(p, (struct str){ 0 }, columns, 2);
    print_row(p, NULL, (const struct str[]){ str_z(word), S("beside it") });
    read_with("pdftotext -bbox", pdf_of(p));
    free(word);
    size_t letters = 0;
    for (const char *at = got; (at = strstr(at, "xMax=\"")); at++) {
        assert_true(strtol(at + 6, NULL, 10) <= 596 - 40);
        for (const char *w = strchr(at, '>') + 1; *w == 'W'; w++)
            letters++;
    }
    assert_int_equal(letters, 2 * LETTERS);
}

/* Hebrew and Arabic are there, in their order of reading, joined and embedded; the page of such a
 * language is mirrored: the strip's first value stands at the right. */
static void test_scripts_that_run_leftwards(void **state)
{
    (void)state;
    struct print *p = begin("ar");
    print_heading(p, 1, S("سجل الدفعة"));
    print_text(p, S("تم استلام كيس الخلايا A999924123456 في الموعد."));
    print_text(p, S("התאים התקבלו במועד."));
    const struct bytes pdf = pdf_of(p);
    read_with("pdftotext", pdf);
    assert_text("A999924123456");
    assert_text("התקבלו");
    assert_text("الموعد");
    assert_text("سجل");
    read_with("pdffonts", pdf);
    assert_int_equal(count(" yes yes"), count("\n") - 2); /* each is embedded, as a subset */
    read_with("pdftotext -bbox", pdf);
    const char *order = strstr(got, ">CV-2026-0O1Il<");
    assert_non_null(order);
    while (memcmp(order, "xMin=\"", 6) != 0)
        order--;
    assert_true(strtol(order + 6, NULL, 10) > 300);
}

/* What a heading is above stands on its page: a drawing too, however far down the heading would be.
 */
static void test_a_heading_stays_with_its_drawing(void **state)
{
    (void)state;
    enum { STEPS = 6 };
    static struct draw_node nodes[STEPS];
    static struct draw_edge edges[STEPS - 1];
    for (size_t i = 0; i < STEPS; i++) {
        nodes[i].label = S("A step");
        if (i > 0)
            edges[i - 1] = (struct draw_edge){ i - 1, i, { 0 }, false };
    }
    const struct draw_graph g = {
        .title = S("Steps"), .nodes = nodes, .nnodes = STEPS, .edges = edges, .nedges = STEPS - 1
    };
    struct html svg;
    struct err e = { 0 };
    assert_int_equal(draw_graph(&svg, &g, arena, &e), OK);
    for (size_t lines = 10; lines < 40; lines += 5) {
        struct print *p = begin("en");
        for (size_t i = 0; i < lines; i++)
            print_text(p, S("A line."));
        print_heading(p, 1, S("Headed"));
        print_drawing(p, svg, S("Steps"), S("Way of the cells"));
        read_with("pdftotext", pdf_of(p));
        const char *head = strstr(got, "Headed");
        assert_non_null(head);
        const char *caption = strstr(head, "Way of the cells");
        assert_non_null(caption);
        assert_null(memchr(head, '\f', (size_t)(caption - head))); /* between pages stands this */
    }
}

static void test_drawings_and_images_are_placed(void **state)
{
    (void)state;
    static const uint8_t png[] = { 0x89, 'P',  'N',  'G',  '\r', '\n', 0x1a, '\n', 0,   0,
                                   0,    13,   'I',  'H',  'D',  'R',  0,    0,    0,   1,
                                   0,    0,    0,    1,    8,    2,    0,    0,    0,   0x90,
                                   0x77, 0x53, 0xde, 0,    0,    0,    12,   'I',  'D', 'A',
                                   'T',  8,    0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0,    0,   3,
                                   1,    1,    0,    0x18, 0xdd, 0x8d, 0xb0, 0,    0,   0,
                                   0,    'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82 };
    static const struct draw_node nodes[] = { { .label = S("Leukapheresis") },
                                              { .label = S("Manufacture"), .state = DRAW_DONE } };
    static const struct draw_edge edges[] = { { 0, 1, { 0 }, false } };
    const struct draw_graph g = {
        .title = S("Steps"), .nodes = nodes, .nnodes = 2, .edges = edges, .nedges = 1
    };
    struct html svg;
    struct err e = { 0 };
    assert_int_equal(draw_graph(&svg, &g, arena, &e), OK);
    struct print *p = begin("en");
    print_drawing(p, svg, S("Two steps"), S("Way of the cells"));
    print_image(p, (struct bytes){ png, sizeof png }, S("A dot"), (struct str){ 0 });
    read_with("pdftotext", pdf_of(p));
    assert_text("Leukapheresis");
    assert_text("Manufacture");
    assert_text("Way of the cells");
    assert_text("A dot");
}

static void test_what_is_malformed_is_refused(void **state)
{
    (void)state;
    struct err e;
    struct bytes pdf = { 0 };
    struct print *p = begin("en");
    print_image(p, (struct bytes){ (const uint8_t *)"GIF89a", 6 }, S("x"), (struct str){ 0 });
    assert_int_equal(make(p, &pdf, &e), REFUSED);
    assert_string_equal(e.code, "print.malformed");
    p = begin("en");
    print_drawing(p, (struct html){ S("<svg") }, S("x"), (struct str){ 0 });
    assert_int_equal(make(p, &pdf, &e), REFUSED);
    assert_string_equal(e.code, "print.malformed");
    const struct str raw = S("{\"title\":\"x\"}");
    assert_int_equal(workers_run(pool, "print", (struct bytes){ (const uint8_t *)raw.p, raw.n },
                                 &pdf, &last, arena, &e),
                     REFUSED);
    p = begin("en");
    fill(p);
    (void)pdf_of(p); /* and the next is printed */
}

/* An SVG that asks for files of the machine gets none: the sandbox, and no base to resolve by. */
static void test_a_drawing_reads_no_file(void **state)
{
    (void)state;
    struct print *p = begin("en");
    print_drawing(p,
                  (struct html){ S("<svg xmlns='http://www.w3.org/2000/svg' "
                                   "xmlns:xi='http://www.w3.org/2001/XInclude' width='90' "
                                   "height='90'><text y='20'>kept</text><text y='40'>"
                                   "<xi:include href='/etc/passwd' parse='text'/></text></svg>") },
                  S("x"), (struct str){ 0 });
    read_with("pdftotext", pdf_of(p));
    assert_text("kept");
    assert_null(strstr(got, "root"));
}

/* The page says the same as the PDF, and escapes what it prints. */
static void test_the_page_says_the_same(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct print_document *d;
    struct print *p = begin("en");
    fill(p);
    assert_int_equal(print_done(&d, p, &e), OK);
    struct buf b = buf_in(arena, 1 << 20);
    struct page page = { .b = &b, .language = S("en") };
    print_html(&page, d);
    assert_true(buf_ok(&b) && b.n < sizeof got);
    memcpy(got, b.p, b.n);
    got[b.n] = '\0';
    assert_text("<h1>Batch record of an order</h1>");
    assert_text("<h2>Harvest</h2>");
    assert_text("of &quot;quotes&quot; &amp; &lt;signs&gt;.</p>");
    assert_text("<td dir=\"auto\" class=\"id\">0O1Il</td>");
    assert_text("<article class=\"print\" dir=\"ltr\" lang=\"en\">");
    assert_text("<p class=\"meaning\">I certify and release this batch</p>");
    assert_text(HASH);
}

/* On the page as on paper: the language says how the document runs, the letters how what people
 * wrote does; and what stands first in it (a name of an organisation) turns nothing round. */
static void test_the_page_runs_as_its_language(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct print_document *d;
    struct print *p = begin("ar");
    print_text(p, S("התאים התקבלו במועד."));
    print_fact(p, S("Note"), S("سجل الدفعة"), false);
    assert_int_equal(print_done(&d, p, &e), OK);
    struct buf b = buf_in(arena, 1 << 20);
    struct page page = { .b = &b, .language = S("ar") };
    print_html(&page, d);
    snprintf(got, sizeof got, "%.*s", STR(buf_get(&b)));
    assert_text("<article class=\"print\" dir=\"rtl\" lang=\"ar\">");
    assert_text("<p dir=\"auto\">התאים התקבלו במועד.</p>");
    assert_text("<dd dir=\"auto\">سجل الدفعة</dd>");
}

static void test_bounds_are_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct print_document *d;
    struct print *p = begin("en");
    for (int i = 0; i <= PRINT_BLOCKS_MAX; i++)
        print_text(p, S("x"));
    assert_int_equal(print_done(&d, p, &e), REFUSED);
    assert_string_equal(e.code, "print.too_long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_in_the_text),
        cmocka_unit_test(test_fonts_are_embedded_and_the_date_is_its_own),
        cmocka_unit_test(test_the_same_document_gives_the_same_bytes),
        cmocka_unit_test(test_a_very_long_table),
        cmocka_unit_test(test_unbreakable_words_stay_on_the_page),
        cmocka_unit_test(test_scripts_that_run_leftwards),
        cmocka_unit_test(test_a_heading_stays_with_its_drawing),
        cmocka_unit_test(test_drawings_and_images_are_placed),
        cmocka_unit_test(test_what_is_malformed_is_refused),
        cmocka_unit_test(test_a_drawing_reads_no_file),
        cmocka_unit_test(test_the_page_says_the_same),
        cmocka_unit_test(test_the_page_runs_as_its_language),
        cmocka_unit_test(test_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
