/* Strict scanner of JSON (RFC 8259). One pass, an explicit stack, one node from the arena per
 * value; strings are decoded only when they hold an escape, and point into the input otherwise.
 *
 * Nothing an outsider sends costs more than O(n log n): nesting, values and bytes are limited, and
 * keys of large objects are compared by sorting. */
#include "base/json.h"
#include "base/json_impl.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAIRWISE_MAX = 16 }; /* members up to which every two keys are compared */

const struct json_limits json_limits_default = { 1024 * 1024, 32, 100000 };

/* A container that is not closed yet, and its last member. */
struct frame {
    struct json *node;
    struct json *last;
};

struct reader {
    const char *start;
    const char *p;
    const char *end;
    struct arena *arena;
    const struct json_limits *limits;
    struct err *e;
    size_t values;
    size_t depth;
    struct frame stack[JSON_DEPTH_MAX];
};

static enum outcome read_tree(struct reader *r, const struct json **out);
static enum outcome read_value(struct reader *r, struct json *v);
static enum outcome read_key(struct reader *r, struct json *v);
static enum outcome read_string(struct reader *r, struct str *out);
static enum outcome read_number(struct reader *r, struct json *v);
static enum outcome read_word(struct reader *r, struct json *v);
static enum outcome open_container(struct reader *r, struct json *v, enum json_type type);
static enum outcome close_container(struct reader *r);
static enum outcome refuse_syntax(struct reader *r, const char *at, const char *expected);
static enum outcome refuse_at(struct reader *r, const char *at, const char *code);
static enum outcome refuse_limit(struct reader *r, const char *code, size_t max);

static inline void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t' || *r->p == '\r'))
        r->p++;
}

static inline bool at_char(const struct reader *r, char c)
{
    return r->p < r->end && *r->p == c;
}

enum outcome json_read(const struct json **out, struct arena *arena, struct str text,
                       const struct json_limits *limits, struct err *e)
{
    BUG_ON(limits->depth > JSON_DEPTH_MAX);
    *out = NULL;
    if (!text.p)
        text = S("");
    struct reader r;
    r.start = r.p = text.p;
    r.end = text.p + text.n;
    r.arena = arena;
    r.limits = limits;
    r.e = e;
    r.values = 0;
    r.depth = 0;
    if (text.n > limits->bytes)
        return refuse_limit(&r, "json.too_large", limits->bytes);
    const struct json *root = NULL;
    TRY(read_tree(&r, &root));
    skip_blanks(&r);
    if (r.p != r.end)
        return refuse_syntax(&r, r.p, "end of text");
    *out = root;
    return OK;
}

/* Links a new value into the container on top of the stack, with its key in an object. */
static enum outcome new_value(struct reader *r, struct json **out)
{
    if (r->values++ >= r->limits->values)
        return refuse_limit(r, "json.too_large", r->limits->values);
    struct json *v = ARENA_NEW(r->arena, struct json);
    if (!v)
        return err_no_memory(r->e);
    *out = v;
    if (r->depth == 0)
        return OK;
    struct frame *top = &r->stack[r->depth - 1];
    if (top->last)
        top->last->next = v;
    else
        top->node->child = v;
    top->last = v;
    top->node->count++;
    return top->node->type == JSON_OBJECT ? read_key(r, v) : OK;
}

static enum outcome read_tree(struct reader *r, const struct json **out)
{
    for (;;) {
        struct json *v = NULL;
        size_t depth = r->depth;
        TRY(new_value(r, &v));
        if (!*out)
            *out = v;
        skip_blanks(r);
        TRY(read_value(r, v));
        if (r->depth > depth)
            continue; /* opened, and not empty */
        for (;;) {
            if (r->depth == 0)
                return OK;
            skip_blanks(r);
            if (at_char(r, ',')) {
                r->p++;
                skip_blanks(r);
                break;
            }
            TRY(close_container(r));
        }
    }
}

static enum outcome read_value(struct reader *r, struct json *v)
{
    const char *from = r->p;
    switch (from < r->end ? *from : '\0') {
    case '{':
        return open_container(r, v, JSON_OBJECT);
    case '[':
        return open_container(r, v, JSON_ARRAY);
    case '"':
        v->type = JSON_STRING;
        TRY(read_string(r, &v->text));
        break;
    case 't':
    case 'f':
    case 'n':
        TRY(read_word(r, v));
        break;
    default:
        TRY(read_number(r, v));
    }
    v->raw = (struct str){ .p = from, .n = (size_t)(r->p - from) };
    return OK;
}

static enum outcome open_container(struct reader *r, struct json *v, enum json_type type)
{
    if (r->depth >= r->limits->depth)
        return refuse_limit(r, "json.too_deep", r->limits->depth);
    v->type = type;
    v->raw.p = r->p++;
    r->stack[r->depth++] = (struct frame){ .node = v, .last = NULL };
    skip_blanks(r);
    return at_char(r, type == JSON_OBJECT ? '}' : ']') ? close_container(r) : OK;
}

/* Where the key of a member stands in the text: the way back from its value. */
static const char *key_start(const struct reader *r, const struct json *member)
{
    const char *p = member->raw.p;
    while (*--p != '"')
        continue;
    for (;;) {
        while (*--p != '"')
            continue;
        const char *q = p;
        while (q > r->start && q[-1] == '\\')
            q--;
        if ((p - q) % 2 == 0)
            return p;
    }
}

/* By key, equal keys as they follow in the text. */
static int member_cmp(const void *x, const void *y)
{
    const struct json *a = *(const struct json *const *)x;
    const struct json *b = *(const struct json *const *)y;
    if (a->key.n != b->key.n)
        return a->key.n < b->key.n ? -1 : 1;
    int c = memcmp(a->key.p, b->key.p, a->key.n);
    return c != 0 ? c : (a->raw.p > b->raw.p) - (a->raw.p < b->raw.p);
}

static enum outcome check_keys_sorted(struct reader *r, const struct json *object)
{
    const struct json **members = ARENA_ARRAY(r->arena, object->count, const struct json *);
    if (!members)
        return err_no_memory(r->e);
    size_t n = 0;
    for (const struct json *m = object->child; m; m = m->next)
        members[n++] = m;
    qsort(members, n, sizeof(const struct json *), member_cmp);
    for (size_t i = 1; i < n; i++) {
        if (str_eq(members[i - 1]->key, members[i]->key))
            return refuse_at(r, key_start(r, members[i]), "json.duplicate_key");
    }
    return OK;
}

static enum outcome check_keys(struct reader *r, const struct json *object)
{
    if (object->count > PAIRWISE_MAX)
        return check_keys_sorted(r, object);
    for (const struct json *a = object->child; a; a = a->next) {
        for (const struct json *b = a->next; b; b = b->next) {
            if (str_eq(a->key, b->key))
                return refuse_at(r, key_start(r, b), "json.duplicate_key");
        }
    }
    return OK;
}

static enum outcome close_container(struct reader *r)
{
    struct json *node = r->stack[r->depth - 1].node;
    bool object = node->type == JSON_OBJECT;
    if (!at_char(r, object ? '}' : ']'))
        return refuse_syntax(r, r->p, object ? ", or }" : ", or ]");
    r->p++;
    r->depth--;
    node->raw.n = (size_t)(r->p - node->raw.p);
    return object ? check_keys(r, node) : OK;
}

static enum outcome read_key(struct reader *r, struct json *v)
{
    if (!at_char(r, '"'))
        return refuse_syntax(r, r->p, "\"");
    TRY(read_string(r, &v->key));
    skip_blanks(r);
    if (!at_char(r, ':'))
        return refuse_syntax(r, r->p, ":");
    r->p++;
    return OK;
}

static enum outcome read_word(struct reader *r, struct json *v)
{
    static const struct {
        struct str word;
        enum json_type type;
    } words[] = { { { "true", 4 }, JSON_TRUE },
                  { { "false", 5 }, JSON_FALSE },
                  { { "null", 4 }, JSON_NULL } };
    struct str rest = { .p = r->p, .n = (size_t)(r->end - r->p) };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (rest.n >= words[i].word.n && memcmp(rest.p, words[i].word.p, words[i].word.n) == 0) {
            v->type = words[i].type;
            r->p += words[i].word.n;
            return OK;
        }
    }
    return refuse_syntax(r, r->p, "value");
}

/* One digit or more. */
static bool skip_digits(struct reader *r)
{
    const char *from = r->p;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > from;
}

static enum outcome read_number(struct reader *r, struct json *v)
{
    const char *from = r->p;
    bool minus = at_char(r, '-');
    if (minus)
        r->p++;
    if (at_char(r, '0'))
        r->p++;
    else if (!skip_digits(r))
        return refuse_syntax(r, r->p, minus ? "digit" : "value");
    if (at_char(r, '.')) {
        r->p++;
        if (!skip_digits(r))
            return refuse_syntax(r, r->p, "digit");
    }
    if (at_char(r, 'e') || at_char(r, 'E')) {
        r->p++;
        if (at_char(r, '+') || at_char(r, '-'))
            r->p++;
        if (!skip_digits(r))
            return refuse_syntax(r, r->p, "digit");
    }
    v->type = JSON_NUMBER;
    v->text = (struct str){ .p = from, .n = (size_t)(r->p - from) };
    return OK;
}

/* Value of four hexadecimal digits, or UINT32_MAX. */
static uint32_t hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return UINT32_MAX;
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        const int digit = str_hex_digit(p[i]);
        if (digit < 0)
            return UINT32_MAX;
        v = v << 4 | (uint32_t)digit;
    }
    return v;
}

static inline bool is_high(uint32_t c)
{
    return c >= 0xD800 && c <= 0xDBFF;
}

static inline bool is_low(uint32_t c)
{
    return c >= 0xDC00 && c <= 0xDFFF;
}

/* Passes over the escape at r->p, which is a backslash. */
static enum outcome skip_escape(struct reader *r)
{
    const char *p = r->p + 1;
    if (p >= r->end || *p == '\0' || !strchr("\"\\/bfnrtu", *p))
        return refuse_syntax(r, p, "escape");
    if (*p++ != 'u') {
        r->p = p;
        return OK;
    }
    uint32_t c = hex4(p, r->end);
    if (c == UINT32_MAX)
        return refuse_syntax(r, p, "four hexadecimal digits");
    if (is_low(c))
        return refuse_at(r, r->p, "json.encoding");
    p += 4;
    if (is_high(c)) {
        if (r->end - p < 6 || p[0] != '\\' || p[1] != 'u' || !is_low(hex4(p + 2, r->end)))
            return refuse_at(r, r->p, "json.encoding");
        p += 6;
    }
    r->p = p;
    return OK;
}

/* The end of the sequence before which a run is well-formed UTF-8; error path only. */
static const char *bad_utf8(struct str run)
{
    const char *p = run.p;
    const char *end = run.p + run.n;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
        if ((size_t)(end - p) < n || !str_utf8_valid((struct str){ .p = p, .n = n }))
            break;
        p += n;
    }
    return p;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* Decodes a string whose escapes were checked; the result is shorter than what it came from. */
static enum outcome decode(struct reader *r, struct str *out, struct str s)
{
    char *to = arena_alloc(r->arena, s.n);
    if (!to)
        return err_no_memory(r->e);
    out->p = to;
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        const char *run = p;
        p = json_plain_end(p, end);
        memcpy(to, run, (size_t)(p - run));
        to += p - run;
        if (p == end)
            break;
        char c = p[1];
        p += 2;
        if (c != 'u') {
            const char *found = strchr("b\bf\fn\nr\rt\t", c);
            *to++ = found ? found[1] : c;
            continue;
        }
        uint32_t code = hex4(p, end);
        p += 4;
        if (is_high(code)) {
            code = 0x10000 + ((code - 0xD800) << 10) + (hex4(p + 2, end) - 0xDC00);
            p += 6;
        }
        to = put_utf8(to, code);
    }
    out->n = (size_t)(to - out->p);
    return OK;
}

static enum outcome read_string(struct reader *r, struct str *out)
{
    const char *from = ++r->p;
    bool escaped = false;
    for (;;) {
        const char *run = r->p;
        r->p = json_plain_end(run, r->end);
        struct str plain = { .p = run, .n = (size_t)(r->p - run) };
        if (!str_utf8_valid(plain))
            return refuse_at(r, bad_utf8(plain), "json.encoding");
        if (r->p == r->end)
            return refuse_syntax(r, r->p, "\"");
        if (*r->p == '"')
            break;
        if (*r->p != '\\')
            return refuse_syntax(r, r->p, "escape");
        escaped = true;
        TRY(skip_escape(r));
    }
    struct str s = { .p = from, .n = (size_t)(r->p - from) };
    r->p++;
    if (escaped)
        return decode(r, out, s);
    *out = s;
    return OK;
}

struct place {
    char line[24];
    char column[24];
};

static struct place place_of(const struct reader *r, const char *at)
{
    size_t line = 1;
    const char *begin = r->start;
    for (const char *p = r->start; p < at; p++) {
        if (*p == '\n') {
            line++;
            begin = p + 1;
        }
    }
    struct place place;
    snprintf(place.line, sizeof place.line, "%zu", line);
    snprintf(place.column, sizeof place.column, "%zu", (size_t)(at - begin) + 1);
    return place;
}

static enum outcome refuse_syntax(struct reader *r, const char *at, const char *expected)
{
    struct place place = place_of(r, at);
    return REFUSE(r->e, "json.syntax", { "line", str_z(place.line) },
                  { "column", str_z(place.column) }, { "expected", str_z(expected) });
}

static enum outcome refuse_at(struct reader *r, const char *at, const char *code)
{
    struct place place = place_of(r, at);
    return REFUSE(r->e, code, { "line", str_z(place.line) }, { "column", str_z(place.column) });
}

static enum outcome refuse_limit(struct reader *r, const char *code, size_t max)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", max);
    return REFUSE(r->e, code, { "max", str_z(text) });
}
