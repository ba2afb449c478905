/* Fuzzes the JSON reader against jansson, and the canonical writer against the reader.
 *
 * What vein reads, jansson must read. Known differences, where vein keeps what jansson cannot hold:
 * numbers beyond a double or an int64 (vein keeps their text), and U+0000 within a key. What
 * jansson reads and vein refuses is beyond a limit, or has a zero byte behind a number or a word,
 * which jansson passes over. Written canonically and read again, a value is written the same. */
/* Both have these names; the linker keeps the two json_null apart (--exclude-libs). */
#define JSON_NULL   jansson_json_null
#define JSON_FALSE  jansson_json_false
#define JSON_TRUE   jansson_json_true
#define JSON_STRING jansson_json_string
#define JSON_ARRAY  jansson_json_array
#define JSON_OBJECT jansson_json_object
#define json_null   jansson_json_null_
#include <jansson.h>
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT
#undef json_null
#include <stdlib.h>

#include "base/json.h"

static bool has_nul_key(const struct json *v)
{
    for (const struct json *m = v->child; m; m = m->next) {
        if (str_find(m->key, '\0') < m->key.n || has_nul_key(m))
            return true;
    }
    return false;
}

static void check_against_jansson(const struct json *value, struct str text, const struct err *e)
{
    json_error_t error;
    json_t *other = json_loadb(text.p, text.n,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    enum json_error_code code = other ? json_error_unknown : json_error_code(&error);
    bool too_much =
        !value && (strcmp(e->code, "json.too_deep") == 0 || strcmp(e->code, "json.too_large") == 0);
    if (value && !other)
        BUG_ON(code != json_error_numeric_overflow &&
               !(code == json_error_null_byte_in_key && has_nul_key(value)));
    if (!value && other)
        BUG_ON(!too_much && str_find(text, '\0') == text.n);
    json_decref(other);
}

static void check_fixed_point(const struct json *value, struct arena *arena, size_t n)
{
    struct err e = { 0 };
    struct buf first = buf_in(arena, n + 1); /* never longer than what was read */
    json_write_value(&first, value);
    BUG_ON(!buf_ok(&first));
    const struct json *again = NULL;
    BUG_ON(json_read(&again, arena, buf_get(&first), &json_limits_default, &e) != OK);
    struct buf second = buf_in(arena, n + 1);
    json_write_value(&second, again);
    BUG_ON(!buf_ok(&second) || !str_eq(buf_get(&first), buf_get(&second)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 * 1024 * 1024);
    /* A copy of its own, so that a read behind its end is seen. */
    char *copy = malloc(size + (size == 0));
    BUG_ON(!arena || !copy);
    if (size > 0)
        memcpy(copy, data, size);
    struct str text = { .p = copy, .n = size };
    struct err e = { 0 };
    const struct json *value = NULL;
    enum outcome outcome = json_read(&value, arena, text, &json_limits_default, &e);
    BUG_ON(outcome == FAULT || (outcome == OK) != (value != NULL));
    check_against_jansson(value, text, &e);
    if (value)
        check_fixed_point(value, arena, size);
    free(copy);
    arena_free(arena);
    return 0;
}
