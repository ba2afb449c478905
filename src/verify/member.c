/* Finds values inside of canonical JSON that was scanned before. */
#include "verify/bundle.h"

static void begin(struct verify_scanner *s, struct str value)
{
    s->start = s->p = value.p;
    s->end = value.p + value.n;
    s->why = NULL;
    s->nseen = 0;
}

/* One value behind p. */
static bool value_at(struct verify_scanner *s, struct str *out)
{
    const char *from = s->p;
    if (!verify_json_value(s, 1))
        return false;
    *out = (struct str){ from, (size_t)(s->p - from) };
    return true;
}

static bool item_of(struct verify_scanner *s, struct str name, struct str *out)
{
    uint64_t wanted;
    if (!verify_decimal(&wanted, name) || (s->p < s->end && *s->p == ']'))
        return false;
    for (uint64_t i = 0; value_at(s, out); i++) {
        if (i == wanted)
            return true;
        if (s->p == s->end || *s->p++ != ',')
            return false;
    }
    return false;
}

bool verify_member(struct verify_scanner *s, struct str value, struct str name, struct str *out)
{
    struct verify_string key;
    begin(s, value);
    if (value.n < 2 || (*s->p != '{' && *s->p != '['))
        return false;
    if (*s->p++ == '[')
        return item_of(s, name, out);
    while (s->p < s->end && *s->p == '"') {
        if (!verify_json_string(s, &key) || !verify_json_take(s, ':', "") || !value_at(s, out))
            return false;
        if (str_eq(key.raw, name))
            return true;
        if (s->p == s->end || *s->p++ != ',')
            return false;
    }
    return false;
}

bool verify_member_text(struct verify_scanner *s, struct str object, const char *name,
                        struct str *out)
{
    struct str raw;
    if (!verify_member(s, object, str_z(name), &raw) || raw.n < 2 || raw.p[0] != '"' ||
        str_find(raw, '\\') != raw.n)
        return false;
    *out = (struct str){ raw.p + 1, raw.n - 2 };
    return true;
}

bool verify_member_path(struct verify_scanner *s, struct str value, struct str path,
                        struct str *out)
{
    *out = value;
    while (path.p) {
        const struct str name = str_cut(&path, '.');
        if (!verify_member(s, *out, name, out))
            return false;
    }
    return true;
}
