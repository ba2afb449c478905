/* Arenas: a list of blocks, newest first; memory is given out from the newest. Blocks begin at
 * 64 KiB and double to 1 MiB; what is larger has a block of its own size.
 *
 * Under AddressSanitizer everything not given out is poisoned and a gap follows each piece, so
 * that a write behind a piece is reported as it would be with malloc. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/test.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
enum { ARENA_GAP = 16 };
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { ARENA_GAP = 0 };
#endif

enum {
    ARENA_ALIGN = _Alignof(max_align_t),
    ARENA_BLOCK_FIRST = 64 * 1024,
    ARENA_BLOCK_MAX = 1024 * 1024,
};

struct block {
    struct block *older;
    size_t size; /* of memory */
    size_t used; /* of memory; a multiple of ARENA_ALIGN */
    _Alignas(max_align_t) uint8_t memory[];
};

struct arena {
    struct block *newest;
    size_t max;
    size_t given;
    bool exhausted;
};

static _Thread_local size_t allocations_asked;
static _Thread_local size_t allocation_that_fails;
static _Thread_local bool failure_lasts;
static _Thread_local bool failure_happened;

void memory_fail_at(size_t nth)
{
    allocations_asked = 0;
    allocation_that_fails = nth;
    failure_lasts = false;
    failure_happened = false;
}

void memory_fail_from(size_t nth)
{
    memory_fail_at(nth);
    failure_lasts = true;
}

size_t memory_asked(void)
{
    return allocations_asked;
}

bool memory_failed(void)
{
    return failure_happened;
}

bool memory_fails_now(void)
{
    const size_t n = ++allocations_asked;
    const bool fails = allocation_that_fails != 0 &&
                       (failure_lasts ? n >= allocation_that_fails : n == allocation_that_fails);
    failure_happened |= fails;
    return fails;
}

struct arena *arena_new(size_t max_bytes)
{
    struct arena *a = memory_fails_now() ? NULL : calloc(1, sizeof *a);
    if (a)
        a->max = max_bytes;
    return a;
}

static void block_free(struct block *block)
{
    UNPOISON(block->memory, block->size);
    free(block);
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    while (a->newest) {
        struct block *older = a->newest->older;
        block_free(a->newest);
        a->newest = older;
    }
    free(a);
}

void arena_reset(struct arena *a)
{
    /* The newest is the largest, unless something had a block of its own size. */
    while (a->newest && a->newest->older) {
        struct block *newest = a->newest;
        struct block *older = newest->older;
        bool own_size = newest->size > ARENA_BLOCK_MAX || newest->size < older->size;
        if (own_size)
            a->newest = older;
        else
            newest->older = older->older;
        block_free(own_size ? newest : older);
    }
    if (a->newest) {
        POISON(a->newest->memory, a->newest->size);
        a->newest->used = 0;
    }
    a->given = 0;
    a->exhausted = false;
}

/* Puts a block with room for at least need bytes in front; false when there is no memory. */
static bool block_add(struct arena *a, size_t need)
{
    size_t size = a->newest ? a->newest->size * 2 : ARENA_BLOCK_FIRST;
    if (size > ARENA_BLOCK_MAX)
        size = ARENA_BLOCK_MAX;
    if (size < need)
        size = need;
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return false;
    block->older = a->newest;
    block->size = size;
    block->used = 0;
    POISON(block->memory, size);
    a->newest = block;
    return true;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n == 0)
        n = 1;
    if (n > a->max - a->given || n > SIZE_MAX / 2 || memory_fails_now()) {
        a->exhausted = true;
        return NULL;
    }
    const size_t need = (n + ARENA_GAP + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (!a->newest || need > a->newest->size - a->newest->used) {
        if (!block_add(a, need)) {
            a->exhausted = true;
            return NULL;
        }
    }
    uint8_t *p = a->newest->memory + a->newest->used;
    a->newest->used += need;
    a->given += n;
    UNPOISON(p, n);
    return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n)) {
        a->exhausted = true;
        return NULL;
    }
    return arena_alloc(a, n);
}

bool arena_exhausted(const struct arena *a)
{
    return a->exhausted;
}

size_t arena_used(const struct arena *a)
{
    return a->given;
}

struct str arena_str(struct arena *a, struct str s)
{
    if (!s.p)
        return s;
    char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
    if (!p)
        return (struct str){ 0 };
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct str){ .p = p, .n = s.n };
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    BUG_ON(length < 0);
    const size_t n = (size_t)length;
    char *p = arena_alloc(a, n + 1);
    if (!p)
        return (struct str){ 0 };
    va_start(args, format);
    const int again = vsnprintf(p, n + 1, format, args);
    va_end(args);
    BUG_ON(again != length);
    return (struct str){ .p = p, .n = n };
}
