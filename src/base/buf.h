/* Bounded builder with sticky errors: append freely, check once. Its maximum is stated at birth;
 * what would go beyond it is dropped whole, and everything after it, so that the content is always
 * a beginning of what was meant; buf_ok() says no from then on. */
#ifndef VEIN_BASE_BUF_H
#define VEIN_BASE_BUF_H

#include "base/arena.h"
#include "base/err.h"

struct buf {
    char *p;
    size_t n;
    size_t capacity;
    size_t max;
    struct arena *arena; /* grows in it; NULL: grows with malloc, or not at all when fixed */
    bool fixed;
    bool failed;
    bool starved; /* failed for want of memory, not because of max */
};

/* Grows with malloc up to max; free with buf_free. */
struct buf buf_new(size_t max);
/* Grows in the arena up to max; nothing to free. */
struct buf buf_in(struct arena *a, size_t max);
/* Writes into storage of the given size and never grows. */
struct buf buf_over(void *storage, size_t size);
void buf_free(struct buf *b);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const void *p, size_t n);    /* lower case */
void buf_base64(struct buf *b, const void *p, size_t n); /* standard alphabet, padded */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the content beyond n bytes, and with n = 0 also the failure. */
void buf_cut(struct buf *b, size_t n);

static inline bool buf_ok(const struct buf *b)
{
    return !b->failed;
}

/* The content, valid until the next append. */
static inline struct str buf_get(const struct buf *b)
{
    return (struct str){ .p = b->p ? b->p : "", .n = b->n };
}

/* REFUSED "base.too_large" {max} when something was dropped because of the maximum, FAULT
 * "base.no_memory" when there was no memory, else OK. */
enum outcome buf_check(const struct buf *b, struct err *e);

#endif
