/* Catalogues; see text.h. The table is searched by halves, so its order is an invariant that
 * text_use checks. */
#include "kernel/text.h"

enum { TEXT_KEY_MAX = 160, TEXT_MAX = 4096 };

static const struct text_row *table;
static size_t table_rows;

static int compare(const struct text_row *row, struct str language, struct str key)
{
    const int c = str_cmp(str_z(row->language), language);
    return c != 0 ? c : str_cmp(str_z(row->key), key);
}

void text_use(const struct text_row *rows, size_t n)
{
    for (size_t i = 1; i < n; i++)
        BUG_ON(compare(&rows[i - 1], str_z(rows[i].language), str_z(rows[i].key)) >= 0);
    table = rows;
    table_rows = n;
}

struct str text_find_in(struct str language, struct str key)
{
    size_t low = 0;
    size_t high = table_rows;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int c = compare(&table[middle], language, key);
        if (c == 0)
            return str_z(table[middle].text);
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct str){ 0 };
}

bool text_speaks(struct str language)
{
    /* What every catalogue of people's words has. */
    return text_find_in(language, S("problem.unknown")).p != NULL;
}

struct str text_language_after(struct str language)
{
    for (size_t i = 0; i < table_rows; i++) {
        const struct str at = str_z(table[i].language);
        if (str_cmp(at, language) > 0 && text_speaks(at))
            return at;
    }
    return (struct str){ 0 };
}

struct str text_find(struct str language, struct str key)
{
    const struct str text = text_find_in(language, key);
    return text.p ? text : text_find_in(S("en"), key);
}

static const struct text_param *param_find(const struct text_param *params, size_t n,
                                           struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_is(name, params[i].name))
            return &params[i];
    }
    return NULL;
}

void text_write(struct buf *b, struct str language, struct str key, const struct text_param *params,
                size_t nparams)
{
    struct str rest = text_find(language, key);
    if (!rest.p) {
        buf_z(b, "⟦");
        buf_str(b, key);
        buf_z(b, "⟧");
        return;
    }
    while (rest.n > 0) {
        const size_t open = str_find(rest, '{');
        buf_put(b, rest.p, open);
        rest = str_from(rest, open);
        const size_t close = str_find(rest, '}');
        if (close == rest.n) {
            buf_str(b, rest);
            return;
        }
        const struct str name = { .p = rest.p + 1, .n = close - 1 };
        const struct text_param *param = param_find(params, nparams, name);
        if (param)
            buf_str(b, param->value);
        else
            buf_put(b, rest.p, close + 1);
        rest = str_from(rest, close + 1);
    }
}

/* The key's text with the error's parameters; a copy in the arena. */
static struct str write_error(struct arena *a, struct str language, struct str key,
                              const struct err *e)
{
    struct text_param params[ERR_PARAMS_MAX];
    for (size_t i = 0; i < e->nparams; i++)
        params[i] =
            (struct text_param){ .name = e->params[i].name, .value = str_z(e->params[i].value) };
    struct buf b = buf_in(a, TEXT_MAX);
    text_write(&b, language, key, params, e->nparams);
    return buf_get(&b);
}

static struct str error_text(struct arena *a, struct str language, const struct err *e,
                             const char *suffix, struct str otherwise)
{
    BUG_ON(e->outcome == OK);
    char storage[TEXT_KEY_MAX];
    struct buf key = buf_over(storage, sizeof storage);
    buf_z(&key, e->outcome == REFUSED ? "refusal." : "fault.");
    buf_z(&key, e->code);
    buf_z(&key, suffix);
    if (e->outcome == FAULT && !text_find(language, buf_get(&key)).p)
        return write_error(a, language, otherwise, e);
    return write_error(a, language, buf_get(&key), e);
}

struct str text_decimal(struct arena *a, struct str language, struct str written)
{
    const size_t point = str_find(written, '.');
    if (point == written.n)
        return written;
    const struct str whole = { written.p, point };
    return arena_printf(a, "%.*s%.*s%.*s", STR(whole), STR(text_find(language, S("page.decimal"))),
                        STR(str_from(written, point + 1)));
}

struct str text_error(struct arena *a, struct str language, const struct err *e)
{
    return error_text(a, language, e, "", S("fault.other"));
}

struct str text_error_hint(struct arena *a, struct str language, const struct err *e)
{
    return error_text(a, language, e, ".hint", S("fault.other.hint"));
}

bool text_leftwards(struct str language)
{
    static const char *const codes[] = { "ar", "he", "fa", "ur", "yi", "ps", "dv" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (language.n >= 2 && memcmp(language.p, codes[i], 2) == 0 &&
            (language.n == 2 || language.p[2] == '-'))
            return true;
    return false;
}
