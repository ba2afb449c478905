/* Arenas: memory by lifetime. What a request, a transaction or a connection allocates is freed
 * with its arena at once; handlers never free. An arena states its maximum at birth. */
#ifndef VEIN_BASE_ARENA_H
#define VEIN_BASE_ARENA_H

#include "base/str.h"

struct arena;

/* A new arena that gives out at most max_bytes; NULL when there is no memory. */
[[nodiscard]] struct arena *arena_new(size_t max_bytes);

/* Frees everything; arena_free(NULL) does nothing. */
void arena_free(struct arena *a);

/* Forgets what was given out and keeps one block, of at most 1 MiB, for the next use. */
void arena_reset(struct arena *a);

/* n zeroed bytes, aligned for any type; NULL when the maximum or the memory is reached, and then
 * arena_exhausted() stays true until the next reset. */
[[nodiscard]] void *arena_alloc(struct arena *a, size_t n);
/* count zeroed items of size bytes each; NULL on overflow of the product as well. */
[[nodiscard]] void *arena_array(struct arena *a, size_t count, size_t size);
bool arena_exhausted(const struct arena *a);
size_t arena_used(const struct arena *a);

/* A copy of s with a terminating NUL behind it; absent stays absent. On exhaustion the result is
 * absent and arena_exhausted() tells. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
