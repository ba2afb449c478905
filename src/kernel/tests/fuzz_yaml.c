/* Fuzzes the reading of definitions: no input faults, every refusal has a place or is of size, and
 * what is read has canonical JSON that binds again to the same. */
#include <stdlib.h>

#include "kernel/define_impl.h"
#include "kernel/tests/define_sample.h"

/* libfyaml 0.7.12 loses its buffer of a long quoted scalar that it then refuses. That we give back
 * what it gave us is seen by define_test, which runs without this. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}

static void check_again(const struct definition *d, struct arena *arena)
{
    const struct define_kind *kind = define_kind_find(d->kind);
    struct err e = { 0 };
    void *body = arena_alloc(arena, kind->shape->size);
    BUG_ON(!body || define_body_read(body, kind, d->json, arena, &e) != OK);
    struct buf b = buf_in(arena, DEFINE_BODY_MAX);
    struct json_out out = json_out(&b);
    BUG_ON(record_to_json(kind->shape, body, &out, NULL, &e) != OK);
    BUG_ON(!str_eq(buf_get(&b), d->json));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    define_sample_use();
    struct arena *arena = arena_new(256 << 20);
    /* A copy of its own, so that a read behind its end is seen. */
    char *copy = malloc(size + (size == 0));
    BUG_ON(!arena || !copy);
    if (size > 0)
        memcpy(copy, data, size);
    const struct define_context context = { .arena = arena };
    struct definition d;
    struct err e = { 0 };
    enum outcome outcome = define_read(&d, &context, (struct str){ copy, size }, &e);
    BUG_ON(outcome == FAULT);
    BUG_ON(outcome == REFUSED && !err_param(&e, "line").p &&
           !str_is(str_z(e.code), "define.too_large"));
    if (outcome == OK)
        check_again(&d, arena);
    free(copy);
    arena_free(arena);
    return 0;
}
