/* Kinds of values, and objects of them. */
#include "verify/field.h"

enum { LINKS_MAX = 200 };

/* -- Kinds --------------------------------------------------------------------------------------
 */

static bool hex_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool verify_is_id(struct verify_scanner *s, const struct verify_string *text)
{
    static const uint8_t from[] = { 0, 9, 14, 19, 24 }, to[] = { 8, 13, 18, 23, VERIFY_ID_LENGTH };
    const char *p = text->raw.p;
    bool good = text->raw.n == VERIFY_ID_LENGTH && p[8] == '-' && p[13] == '-' && p[18] == '-' &&
                p[23] == '-';
    for (size_t part = 0; good && part < sizeof to; part++)
        for (size_t i = from[part]; i < to[part]; i++)
            good &= hex_digit(p[i]);
    return good || verify_json_fail(s, "an id is not a UUID in its canonical form");
}

bool verify_is_code(struct verify_scanner *s, const struct verify_string *text)
{
    bool good = text->raw.n > 0;
    for (size_t i = 0; good && i < text->raw.n; i++) {
        const char c = text->raw.p[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               (i > 0 && (c == '_' || c == '.' || c == '-'));
    }
    return good || verify_json_fail(s, "a code holds what no code may");
}

bool verify_is_text(struct verify_scanner *s, const struct verify_string *text)
{
    return !text->controls || verify_json_fail(s, "a text holds a control character");
}

/* The check of base/hash.h takes constant time, which is ten times too slow here. */
static bool hash_read(struct hash *out, struct str hex)
{
    if (hex.n != HASH_HEX)
        return false;
    for (size_t i = 0; i < HASH_SIZE; i++) {
        const char high = hex.p[2 * i], low = hex.p[2 * i + 1];
        if (!hex_digit(high) || !hex_digit(low))
            return false;
        out->b[i] = (uint8_t)((high <= '9' ? high - '0' : high - 'a' + 10) << 4 |
                              (low <= '9' ? low - '0' : low - 'a' + 10));
    }
    return true;
}

bool verify_is_hash(struct verify_scanner *s, const struct verify_string *text)
{
    return hash_read(&s->hash, text->raw) || verify_json_fail(s, "a hash is not 64 digits");
}

static unsigned two(const char *p)
{
    return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

/* Microseconds since 1970 of "2026-11-22T09:30:00.000000Z"; false when there is no such instant. */
static bool time_read(int64_t *out, struct str s)
{
    static const char form[] = "0000-00-00T00:00:00.000000Z";
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (s.n != VERIFY_TIME_LENGTH)
        return false;
    for (size_t i = 0; i < VERIFY_TIME_LENGTH; i++)
        if (form[i] == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i])
            return false;
    const unsigned year = two(s.p) * 100 + two(s.p + 2), month = two(s.p + 5), day = two(s.p + 8);
    const unsigned hour = two(s.p + 11), minute = two(s.p + 14), second = two(s.p + 17);
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year == 0 || month == 0 || month > 12 || day == 0 ||
        day > days[month - 1] + (unsigned)(month == 2 && leap) || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    /* Years that begin in March, so that the leap day is their last. */
    const unsigned y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;
    const int64_t day_number =
        (int64_t)(y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day) - 719469;
    const unsigned micros = two(s.p + 20) * 10000 + two(s.p + 22) * 100 + two(s.p + 24);
    *out = (day_number * 86400 + (int64_t)(hour * 3600 + minute * 60 + second)) * 1000000 + micros;
    return true;
}

/* An event's times are often one text, which need not be read more than once. */
bool verify_is_time(struct verify_scanner *s, const struct verify_string *text)
{
    if (s->time.n > 0 && str_eq(s->time, text->raw))
        return true;
    s->time = text->raw;
    return time_read(&s->time_us, text->raw) ||
           verify_json_fail(s, "a time is not an instant in UTC");
}

/* Canonical padded base64, as verify_base64 reads it, but nobody wants the bytes: each is a digit,
 * and the bits that padding leaves over are zero. */
static bool is_base64(const struct verify_scanner *s, struct str text)
{
    if (text.n == 0 || text.n % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && text.p[text.n - 1 - padding] == '=')
        padding++;
    uint8_t last = 0, all = 0;
    for (size_t i = 0; i < text.n - padding; i++)
        all |= last = s->base64[(uint8_t)text.p[i]];
    return all < VERIFY_BASE64_NONE && (last & ((1 << 2 * padding) - 1)) == 0;
}

/* Plain or sealed; what says that it is sealed must have that form. */
bool verify_is_reason(struct verify_scanner *s, const struct verify_string *text)
{
    if (!str_starts(text->raw, S("s1:")))
        return verify_is_text(s, text);
    struct str rest = str_from(text->raw, 3);
    const struct str subject = str_cut(&rest, ':');
    if (subject.n == 0 || !rest.p || !is_base64(s, rest))
        return verify_json_fail(s, "a sealed text is malformed");
    return true;
}

/* -- Fields -------------------------------------------------------------------------------------
 */

static bool string_value(struct verify_scanner *s, const struct verify_field *f,
                         struct verify_string *out)
{
    if (!verify_json_string(s, out))
        return false;
    if (out->length > f->max)
        return verify_json_fail(s, "a text is longer than its field");
    if (f->required && out->length == 0)
        return verify_json_fail(s, "a required field is empty");
    return f->check(s, out);
}

/* The letter behind the quote tells most names apart. */
static bool at_name(const struct verify_scanner *s, const struct verify_field *f)
{
    return (size_t)(s->end - s->p) >= f->name.n && s->p[1] == f->name.p[1] &&
           memcmp(s->p, f->name.p, f->name.n) == 0;
}

static bool link_field(struct verify_scanner *s, const struct verify_field *f)
{
    struct verify_string text;
    if (!at_name(s, f))
        return verify_json_fail(s, "a link lacks kind or id, or has them out of order");
    s->p += f->name.n;
    return string_value(s, f, &text);
}

static const struct verify_field link_kind = { VERIFY_NAME("kind"), true, VERIFY_STRING, 40,
                                               verify_is_code };
static const struct verify_field link_id = { VERIFY_NAME("id"), true, VERIFY_STRING, 80,
                                             verify_is_text };

static bool links_value(struct verify_scanner *s)
{
    if (!verify_json_take(s, '[', "links are no array"))
        return false;
    for (int n = 0; s->p < s->end && *s->p != ']'; n++) {
        if (n == LINKS_MAX)
            return verify_json_fail(s, "too many links");
        if ((n > 0 && !verify_json_take(s, ',', "no comma between links")) ||
            !verify_json_take(s, '{', "a link is no object") || !link_field(s, &link_kind) ||
            !verify_json_take(s, ',', "a link lacks its id") || !link_field(s, &link_id) ||
            !verify_json_take(s, '}', "a link holds more than kind and id"))
            return false;
    }
    return verify_json_take(s, ']', "links do not end");
}

static bool field_value(struct verify_scanner *s, const struct verify_field *f,
                        struct verify_value *out)
{
    out->there = true;
    switch (f->kind) {
    case VERIFY_STRING:
        return string_value(s, f, &out->text);
    case VERIFY_INTEGER:
        return verify_json_integer(s, &out->digits);
    case VERIFY_LINKS:
        return links_value(s);
    case VERIFY_JSON:
        break;
    }
    const char *from = s->p;
    if (!verify_json_value(s, 2))
        return false;
    out->text.raw = (struct str){ from, (size_t)(s->p - from) };
    return true;
}

bool verify_object(struct verify_scanner *s, const struct verify_field *fields, size_t n,
                   struct verify_value *values)
{
    bool first = true;
    if (!verify_json_take(s, '{', "not a JSON object"))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *before = s->p;
        if (!first && s->p < s->end && *s->p == ',')
            s->p++;
        else if (!first && fields[i].required)
            return verify_json_fail(s, "the envelope ends too early");
        if (!at_name(s, &fields[i])) {
            s->p = before;
            if (fields[i].required)
                return verify_json_fail(s, "a field of the envelope is missing, unknown, twice or "
                                           "out of order");
            continue;
        }
        s->p += fields[i].name.n;
        if (!field_value(s, &fields[i], &values[i]))
            return false;
        first = false;
    }
    return verify_json_take(s, '}', "the envelope goes on behind its last field");
}
