/* What a client sends as text, decoded strictly and once: split first, decode then, so that an
 * encoded separator is data. Pure functions; see http_impl.h. */
#include "kernel/http_impl.h"

/* Percent-decoding into the arena; absent when it is malformed, holds a NUL or is not UTF-8. */
static struct str percent_decode(struct arena *a, struct str s, bool plus_is_blank)
{
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; p && i < s.n; i++) {
        char c = s.p[i];
        if (c == '%') {
            const int high = i + 2 < s.n ? str_hex_digit(s.p[i + 1]) : -1;
            const int low = i + 2 < s.n ? str_hex_digit(s.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return (struct str){ 0 };
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0')
            return (struct str){ 0 };
        p[n++] = c;
    }
    const struct str out = { .p = p, .n = n };
    return p && str_utf8_valid(out) ? out : (struct str){ 0 };
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7F)
            return true;
    }
    return false;
}

enum outcome http_pairs_read(const struct record_pair **out, size_t *n, struct arena *a,
                             struct str text, const char *code, struct err *e)
{
    *out = NULL;
    *n = 0;
    if (text.n == 0)
        return OK;
    size_t count = 1;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '&';
    if (count > HTTP_PAIRS_MAX)
        return REFUSE(e, "http.too_many_pairs");
    struct record_pair *pairs = ARENA_ARRAY(a, count, struct record_pair);
    if (!pairs)
        return err_no_memory(e);
    while (text.p) {
        struct str value = str_cut(&text, '&');
        if (value.n == 0)
            continue;
        const struct str name = str_cut(&value, '=');
        struct record_pair *pair = &pairs[(*n)++];
        pair->name = percent_decode(a, name, true);
        pair->value = value.p ? percent_decode(a, value, true) : S("");
        if (arena_exhausted(a))
            return err_no_memory(e);
        if (!pair->name.p || !pair->value.p)
            return REFUSE(e, code);
    }
    *out = pairs;
    return OK;
}

static enum outcome read_segments(struct http_target *out, struct arena *a, struct err *e)
{
    struct str rest = str_from(out->path, 1);
    while (rest.p) {
        if (out->nsegments == HTTP_SEGMENTS_MAX)
            return REFUSE(e, "http.malformed_path");
        const struct str segment = percent_decode(a, str_cut(&rest, '/'), false);
        if (arena_exhausted(a))
            return err_no_memory(e);
        if (!segment.p || has_control(segment) || str_is(segment, ".") || str_is(segment, ".."))
            return REFUSE(e, "http.malformed_path");
        out->segments[out->nsegments++] = segment;
    }
    return OK;
}

enum outcome http_target_read(struct http_target *out, struct arena *a, struct str target,
                              struct err *e)
{
    *out = (struct http_target){ 0 };
    if (target.n > HTTP_TARGET_MAX)
        return REFUSE(e, "http.uri_too_long");
    if (target.n == 0 || target.p[0] != '/' || has_control(target) ||
        str_find(target, '#') < target.n || str_find(target, '\\') < target.n)
        return REFUSE(e, "http.malformed_path");
    struct str query = target;
    out->path = str_cut(&query, '?');
    TRY(read_segments(out, a, e));
    return http_pairs_read(&out->query, &out->nquery, a, query, "http.malformed_query", e);
}

struct str http_media_type_read(struct arena *a, struct str header)
{
    const struct str type = str_trim(str_cut(&header, ';'));
    if (type.n == 0 || str_find(type, '/') == type.n)
        return (struct str){ 0 };
    char *p = arena_alloc(a, type.n);
    for (size_t i = 0; p && i < type.n; i++)
        p[i] = (char)(type.p[i] >= 'A' && type.p[i] <= 'Z' ? type.p[i] + 32 : type.p[i]);
    return (struct str){ .p = p, .n = p ? type.n : 0 };
}

struct str http_cookie_find(struct str header, struct str name)
{
    while (header.p) {
        struct str value = str_trim(str_cut(&header, ';'));
        const struct str key = str_cut(&value, '=');
        if (value.p && str_eq(key, name))
            return value;
    }
    return (struct str){ 0 };
}

bool http_etag_matches(struct str header, struct str etag)
{
    while (header.p) {
        struct str tag = str_trim(str_cut(&header, ','));
        if (str_is(tag, "*"))
            return true;
        if (str_starts(tag, S("W/")))
            tag = str_from(tag, 2);
        if (str_eq(tag, etag))
            return true;
    }
    return false;
}

bool http_origin_is(struct str origin, struct str host)
{
    const struct str after = str_starts(origin, S("https://"))  ? str_from(origin, 8)
                             : str_starts(origin, S("http://")) ? str_from(origin, 7)
                                                                : (struct str){ 0 };
    return after.n > 0 && str_eq(after, host);
}
