/* Questions asked of a JSON tree. */
#include "base/json.h"

const struct json *json_get(const struct json *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    struct str wanted = str_z(key);
    for (const struct json *m = object->child; m; m = m->next) {
        if (str_eq(m->key, wanted))
            return m;
    }
    return NULL;
}

struct str json_get_str(const struct json *object, const char *key)
{
    const struct json *m = json_get(object, key);
    return m && m->type == JSON_STRING ? m->text : (struct str){ 0 };
}

bool json_to_int(int64_t *out, const struct json *value)
{
    if (!value || value->type != JSON_NUMBER)
        return false;
    struct str digits = value->text;
    bool minus = digits.n > 0 && digits.p[0] == '-';
    if (minus)
        digits = str_from(digits, 1);
    if (digits.n == 0 || digits.n > 19 || (digits.p[0] == '0' && digits.n > 1))
        return false;
    uint64_t v = 0; /* 19 digits fit */
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(digits.p[i] - '0');
    }
    if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0))
        return false;
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}
