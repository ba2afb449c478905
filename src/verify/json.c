/* Values of canonical JSON. Nothing is built: the bytes are walked once and judged. */
#include "verify/json.h"

bool verify_json_fail(struct verify_scanner *s, const char *why)
{
    if (!s->why)
        s->why = why;
    return false;
}

bool verify_json_take(struct verify_scanner *s, char c, const char *why)
{
    if (s->p == s->end || *s->p != c)
        return verify_json_fail(s, why);
    s->p++;
    return true;
}

/* The top bit of each byte of w that is below 0x20, a quote, a backslash or beyond ASCII; a byte
 * behind a true one may be marked falsely, which costs a second look. */
static uint64_t special_bytes(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    const uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
    return (w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & tops;
}

static bool plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

static const char *plain_end(const char *p, const char *end)
{
    uint64_t w;
    while (end - p >= (ptrdiff_t)sizeof w) {
        memcpy(&w, p, sizeof w);
        const uint64_t special = special_bytes(w);
        if (special) {
            p += __builtin_ctzll(special) / 8;
            if (!plain(*p))
                return p;
            p++; /* marked falsely */
        } else {
            p += sizeof w;
        }
    }
    while (p < end && plain(*p))
        p++;
    return p;
}

/* Behind a backslash: the one shortest escape of a character that needs one. */
static bool escape(struct verify_scanner *s, char *decoded)
{
    static const char shorts[] = "\"\"\\\\b\bf\fn\nr\rt\t";
    const ptrdiff_t left = s->end - s->p;
    for (const char *c = shorts; left > 0 && *c; c += 2)
        if (*s->p == c[0]) {
            *decoded = c[1];
            s->p++;
            return true;
        }
    if (left < 5 || memcmp(s->p, "u00", 3) != 0)
        return verify_json_fail(s, "an escape is not the canonical one");
    const char high = s->p[3], low = s->p[4];
    const bool digit = low >= '0' && low <= '9';
    if ((high != '0' && high != '1') || (!digit && !(low >= 'a' && low <= 'f')))
        return verify_json_fail(s, "an escape is not the canonical one");
    const int code = (high - '0') * 16 + (digit ? low - '0' : low - 'a' + 10);
    if (code == '\b' || code == '\f' || code == '\n' || code == '\r' || code == '\t')
        return verify_json_fail(s, "an escape is not the canonical one");
    *decoded = (char)code;
    s->p += 5;
    return true;
}

/* A run of bytes beyond ASCII. */
static bool wide_run(struct verify_scanner *s)
{
    const char *run = s->p;
    while (s->p < s->end && (uint8_t)*s->p >= 0x80)
        s->p++;
    if (!str_utf8_valid((struct str){ run, (size_t)(s->p - run) }))
        return verify_json_fail(s, "a string is not UTF-8");
    return true;
}

bool verify_json_string(struct verify_scanner *s, struct verify_string *out)
{
    if (!verify_json_take(s, '"', "a string is missing"))
        return false;
    *out = (struct verify_string){ .raw.p = s->p };
    size_t saved = 0; /* bytes that escapes have more than what they stand for */
    for (;;) {
        s->p = plain_end(s->p, s->end);
        if (s->p == s->end)
            return verify_json_fail(s, "a string does not end");
        if (*s->p == '"')
            break;
        if ((uint8_t)*s->p >= 0x80) {
            if (!wide_run(s))
                return false;
            continue;
        }
        if ((uint8_t)*s->p < 0x20)
            return verify_json_fail(s, "a control character is not escaped");
        const char *from = s->p++;
        char c;
        if (!escape(s, &c))
            return false;
        saved += (size_t)(s->p - from) - 1;
        out->escapes = true;
        out->controls |= (uint8_t)c < 0x20 && c != '\n' && c != '\t';
    }
    out->raw.n = (size_t)(s->p++ - out->raw.p);
    out->length = out->raw.n - saved;
    return true;
}

/* Apart, because a scanner takes a large frame, and hardly any text has an escape. */
static __attribute__((noinline)) struct str decode_escapes(char *to,
                                                           const struct verify_string *from)
{
    struct verify_scanner s = { .p = from->raw.p, .end = from->raw.p + from->raw.n };
    size_t n = 0;
    while (s.p < s.end) {
        if (*s.p != '\\') {
            to[n++] = *s.p++;
            continue;
        }
        s.p++;
        if (!escape(&s, &to[n++]))
            break; /* cannot be: the string was scanned before */
    }
    return (struct str){ to, n };
}

struct str verify_json_decode(char *to, const struct verify_string *from)
{
    return from->escapes ? decode_escapes(to, from) : from->raw;
}

bool verify_json_integer(struct verify_scanner *s, struct str *out)
{
    const char *from = s->p;
    if (s->p < s->end && *s->p == '-')
        s->p++;
    const char *digits = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    *out = (struct str){ from, (size_t)(s->p - from) };
    if (s->p == digits || (*digits == '0' && s->p - digits > 1))
        return verify_json_fail(s, "a number is malformed");
    if (*from == '-' && *digits == '0')
        return verify_json_fail(s, "a number is minus zero");
    if (s->p < s->end && (*s->p == '.' || *s->p == 'e' || *s->p == 'E'))
        return verify_json_fail(s, "a number is a real: decimals are strings");
    return true;
}

static bool word(struct verify_scanner *s, struct str word)
{
    if (!str_starts((struct str){ s->p, (size_t)(s->end - s->p) }, word))
        return verify_json_fail(s, "no canonical value");
    s->p += word.n;
    return true;
}

/* Canonical strings are equal when their bytes are. */
static bool first_time(struct verify_scanner *s, size_t object, struct str key)
{
    for (size_t i = object; i < s->nseen; i++)
        if (str_eq(s->seen[i], key))
            return verify_json_fail(s, "a key stands twice in an object");
    if (s->nseen == VERIFY_MEMBERS_MAX)
        return verify_json_fail(s, "too many members");
    s->seen[s->nseen++] = key;
    return true;
}

static bool object(struct verify_scanner *s, unsigned depth)
{
    const size_t first = s->nseen;
    s->p++;
    if (s->p < s->end && *s->p == '}') {
        s->p++;
        return true;
    }
    for (;;) {
        struct verify_string key;
        if (!verify_json_string(s, &key) || !first_time(s, first, key.raw) ||
            !verify_json_take(s, ':', "no colon behind a key") || !verify_json_value(s, depth + 1))
            return false;
        if (s->p < s->end && *s->p == ',')
            s->p++;
        else
            break;
    }
    s->nseen = first;
    return verify_json_take(s, '}', "an object does not go on");
}

static bool array(struct verify_scanner *s, unsigned depth)
{
    s->p++;
    if (s->p < s->end && *s->p == ']') {
        s->p++;
        return true;
    }
    for (;;) {
        if (!verify_json_value(s, depth + 1))
            return false;
        if (s->p < s->end && *s->p == ',')
            s->p++;
        else
            break;
    }
    return verify_json_take(s, ']', "an array does not go on");
}

bool verify_json_value(struct verify_scanner *s, unsigned depth)
{
    struct verify_string text;
    struct str digits;
    if (depth > VERIFY_DEPTH_MAX)
        return verify_json_fail(s, "nested too deep");
    switch (s->p < s->end ? *s->p : '\0') {
    case '{':
        return object(s, depth);
    case '[':
        return array(s, depth);
    case '"':
        return verify_json_string(s, &text);
    case 't':
        return word(s, S("true"));
    case 'f':
        return word(s, S("false"));
    case 'n':
        return word(s, S("null"));
    default:
        return verify_json_integer(s, &digits);
    }
}
