#include "modules/interop/tests/fhir_ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernel/text.h"

struct interop_fhir *got;
struct arena *arena;

int open_arena(void **state)
{
    (void)state;
    arena = arena_new(INTEROP_ARENA_MAX);
    got = arena ? ARENA_NEW(arena, struct interop_fhir) : NULL;
    return got ? 0 : -1;
}

int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

void read_text(struct str text)
{
    struct err e = { 0 };
    if (interop_fhir_read(got, text, arena, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
}

void read_json(const char *json)
{
    struct buf b = buf_in(arena, 1 << 20);
    for (const char *p = json; *p; p++)
        buf_char(&b, *p == '\'' ? '"' : *p);
    assert_true(buf_ok(&b));
    read_text(buf_get(&b));
}

const char *bundle(const char *first, ...)
{
    struct buf b = buf_in(arena, 1 << 20);
    buf_printf(&b, "{'resourceType':'Bundle','type':'transaction','entry':[%s", first);
    va_list list;
    va_start(list, first);
    for (const char *entry; (entry = va_arg(list, const char *)) != NULL;)
        buf_printf(&b, ",%s", entry);
    va_end(list);
    buf_z(&b, "]}");
    buf_char(&b, '\0');
    assert_true(buf_ok(&b));
    return b.p;
}

const char *good(void)
{
    return bundle(ENTRY("urn:uuid:c", CONDITION("urn:uuid:a", "1", SINCE("2020-03-04T05:06:07Z"))),
                  ENTRY("urn:uuid:a", PATIENT("p1", "Zaunkoenigin", "1961-02-03", "")),
                  ENTRY("urn:uuid:d", CONDITION("Patient/p1", "2", SINCE("2019"))),
                  ENTRY("urn:uuid:e", "{'resourceType':'Claim'}"), NULL);
}

void refused_at(size_t n, const char *path, const char *code)
{
    const struct interop_refusal *r = got->refusals;
    for (size_t i = 0; r && i < n; i++)
        r = r->next;
    assert_non_null(r);
    if (!str_is(r->path, path) || strcmp(r->error.code, code) != 0)
        fail_msg("number %zu is %s at %.*s", n, r->error.code, STR(r->path));
    struct str text = text_error(arena, S("en"), &r->error);
    assert_true(text.n > 0 && !str_starts(text, S("⟦")) && str_find(text, '{') == text.n);
}
