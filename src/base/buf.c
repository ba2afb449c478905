/* Bounded builder; see buf.h. Invariants: n <= capacity <= max; once failed, nothing is appended
 * until buf_cut(b, 0). Everything goes through buf_reserve, which alone decides and fails. */
#include "base/buf.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

enum { BUF_FIRST = 256 };

struct buf buf_new(size_t max)
{
    return (struct buf){ .max = max };
}

struct buf buf_in(struct arena *a, size_t max)
{
    return (struct buf){ .arena = a, .max = max };
}

struct buf buf_over(void *storage, size_t size)
{
    return (struct buf){ .p = storage, .capacity = size, .max = size, .fixed = true };
}

void buf_free(struct buf *b)
{
    if (!b->arena && !b->fixed)
        free(b->p);
    *b = (struct buf){ .max = b->max, .arena = b->arena, .fixed = b->fixed };
}

/* New storage of the given capacity with the content; false when there is no memory. */
static bool buf_grow(struct buf *b, size_t capacity)
{
    char *p = NULL;
    if (b->arena) {
        p = arena_alloc(b->arena, capacity);
        if (p && b->n > 0)
            memcpy(p, b->p, b->n);
    } else if (!memory_fails_now()) {
        p = realloc(b->p, capacity);
    }
    if (!p)
        return false;
    b->p = p;
    b->capacity = capacity;
    return true;
}

/* Room for n bytes more, or the buffer is failed and the answer NULL. Never NULL otherwise. */
static char *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return NULL;
    }
    if (n > b->capacity - b->n || !b->p) {
        size_t capacity = b->capacity < BUF_FIRST / 2 ? BUF_FIRST : b->capacity;
        if (capacity > b->max / 2)
            capacity = b->max;
        else
            capacity = b->capacity == 0 ? capacity : capacity * 2;
        if (capacity < b->n + n)
            capacity = b->n + n;
        if (b->fixed || !buf_grow(b, capacity)) {
            b->failed = true;
            b->starved = true;
            return NULL;
        }
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    char *to = buf_reserve(b, n);
    if (!to)
        return;
    memcpy(to, p, n);
    b->n += n;
}

void buf_str(struct buf *b, struct str s)
{
    buf_put(b, s.p, s.n);
}

void buf_z(struct buf *b, const char *z)
{
    buf_str(b, str_z(z));
}

void buf_char(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

void buf_int(struct buf *b, int64_t v)
{
    char text[24];
    const int length = snprintf(text, sizeof text, "%" PRId64, v);
    buf_put(b, text, (size_t)length);
}

/* Both encoders write a NUL behind their text, for which the buffer may have no room: hence pieces.
 */
void buf_hex(struct buf *b, const void *p, size_t n)
{
    enum { PIECE = 64 };
    const uint8_t *from = p;
    if (n == 0)
        return;
    char *to = buf_reserve(b, n <= SIZE_MAX / 2 ? 2 * n : SIZE_MAX);
    if (!to)
        return;
    for (size_t done = 0; done < n; done += PIECE) {
        const size_t length = n - done < PIECE ? n - done : PIECE;
        char text[2 * PIECE + 1];
        sodium_bin2hex(text, sizeof text, from + done, length);
        memcpy(to + 2 * done, text, 2 * length);
    }
    b->n += 2 * n;
}

/* By OpenSSL: libsodium's takes the same time for all bytes, which nothing that goes through here
 * asks for, and is five times as slow. */
void buf_base64(struct buf *b, const void *p, size_t n)
{
    enum { PIECE = 768, PIECE_TEXT = PIECE / 3 * 4 };
    const uint8_t *from = p;
    if (n == 0)
        return;
    const size_t total = n <= SIZE_MAX / 2 ? (n + 2) / 3 * 4 : SIZE_MAX;
    char *to = buf_reserve(b, total);
    if (!to)
        return;
    for (size_t done = 0; done < n; done += PIECE) {
        const size_t length = n - done < PIECE ? n - done : PIECE;
        uint8_t text[PIECE_TEXT + 1];
        const int made = EVP_EncodeBlock(text, from + done, (int)length);
        memcpy(to + done / 3 * 4, text, (size_t)made);
    }
    b->n += total;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    BUG_ON(length < 0);
    const size_t n = (size_t)length;
    if (n < sizeof text) {
        buf_put(b, text, n);
        return;
    }
    if (!buf_reserve(b, n))
        return;
    char *whole = memory_fails_now() ? NULL : malloc(n + 1);
    if (!whole) {
        b->failed = true;
        b->starved = true;
        return;
    }
    va_start(args, format);
    const int again = vsnprintf(whole, n + 1, format, args);
    va_end(args);
    BUG_ON(again != length);
    buf_put(b, whole, n);
    free(whole);
}

void buf_cut(struct buf *b, size_t n)
{
    if (n < b->n)
        b->n = n;
    if (n == 0) {
        b->failed = false;
        b->starved = false;
    }
}

enum outcome buf_check(const struct buf *b, struct err *e)
{
    if (!b->failed)
        return OK;
    if (b->starved)
        return err_no_memory(e);
    char max[24];
    (void)snprintf(max, sizeof max, "%zu", b->max);
    return REFUSE(e, "base.too_large", { "max", str_z(max) });
}
