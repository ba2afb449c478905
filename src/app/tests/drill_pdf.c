/* What leaves on paper: the report and the audit bundle of an order with their PDFs, made as the
 * program makes them; and the text of a PDF, which its bytes do not show: streams are compressed,
 * letters are numbers of a font. */
#define _GNU_SOURCE /* popen */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/tests/drill.h"
#include "modules/desk/audit.h"

enum { PAGE_MAX = 1 << 20, PDF_ARENA = 256 << 20, TEXT_MAX = 4 << 20, COMMAND_MAX = 320 };

static void must(enum outcome o, const struct err *e)
{
    if (o == OK)
        return;
    printf("%s %s\n", e->code, e->detail);
    fail();
}

/* Without blanks and ends of lines: a narrow column breaks a word in two. */
size_t drill_pdf_text(char **out, const char *path)
{
    char command[COMMAND_MAX];
    char *text = malloc(TEXT_MAX);
    size_t n = 0;
    assert_non_null(text);
    assert_true((size_t)snprintf(command, sizeof command, "pdftotext '%s' -", path) <
                sizeof command);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    for (int c; (c = fgetc(f)) != EOF;) {
        assert_true(n < TEXT_MAX);
        if (c > ' ')
            text[n++] = (char)c;
    }
    assert_int_equal(pclose(f), 0);
    assert_true(n > 0);
    *out = text;
    return n;
}

static struct bytes pdf(const struct print_document *d, struct arena *arena)
{
    static const struct worker_kind *const kinds[] = { &print_kind };
    const struct workers_options options = { .env = &env_system, .kinds = kinds, .nkinds = 1 };
    struct workers *workers;
    struct worker_result result;
    struct bytes made;
    struct err e = { 0 };
    struct buf text = buf_in(arena, PRINT_IN_MAX);
    must(print_encode(&text, d, &e), &e);
    must(workers_open(&workers, &options, &e), &e);
    const struct bytes in = { (const uint8_t *)text.p, text.n };
    must(workers_run(workers, print_kind.name, in, &made, &result, arena, &e), &e);
    workers_close(workers);
    return made;
}

static void keep(const char *path, struct bytes content)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(content.p, 1, content.n, f), content.n);
    assert_int_equal(fclose(f), 0);
}

void drill_export(struct node *n, struct db *db, const char *order, const char *to)
{
    char path[160];
    struct err e = { 0 };
    struct desk_coi c;
    const struct print_document *d;
    struct arena *a = arena_new(PDF_ARENA);
    struct looker *looks = looker_new(n->keys, (struct str){ 0 }, "test", a);
    assert_non_null(looks);
    must(desk_audit_read(&c, n, db, str_z(order), looks, &e), &e);
    struct buf b = buf_in(a, PAGE_MAX);
    struct page page = { .b = &b, .language = S("en"), .now_us = env_now(n->env), .env = n->env };
    must(desk_audit_document(&d, &page, &c, &e), &e);
    c.pdf = pdf(d, a);
    must(desk_coi_export(&page, db, n, &c, to, &e), &e);
    must(desk_coi_document(&d, &page, db, &c, &e), &e);
    snprintf(path, sizeof path, "%s/report.pdf", to);
    keep(path, pdf(d, a));
    c.pdf = (struct bytes){ 0 };
    desk_coi_close(&c);
    arena_free(a);
}

bool drill_paper(const char *folder, const char *which, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, which);
    return drill_files(path, text, true) > 0;
}
