/* Numbers with a comma: from a page's form, and back into it. */
#include "kernel/number.h"

#define COMMA "_comma"

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "1.234", "-12.345.678": as where points part thousands. */
static bool may_be_grouped(struct str s)
{
    size_t at = s.n > 0 && s.p[0] == '-';
    const size_t first = at;
    size_t groups = 0;
    while (at < s.n && digit(s.p[at]))
        at++;
    if (at == first || at - first > 3 || s.p[first] == '0')
        return false;
    for (; at + 3 < s.n && s.p[at] == '.'; at += 4, groups++)
        if (!digit(s.p[at + 1]) || !digit(s.p[at + 2]) || !digit(s.p[at + 3]))
            return false;
    return groups > 0 && (at == s.n || !digit(s.p[at]));
}

/* Commas as points and points as commas, up to the unit. */
static struct str swapped(struct str s, struct arena *arena)
{
    const size_t end = str_find(s, ' ');
    char *out = arena_alloc(arena, s.n + 1);
    for (size_t i = 0; out && i < s.n; i++) {
        const char c = s.p[i];
        out[i] = i < end && c == ',' ? '.' : i < end && c == '.' ? ',' : c;
    }
    return (struct str){ out, out ? s.n : 0 };
}

struct str number_typed(struct str typed, struct arena *arena)
{
    const struct str s = str_trim(typed);
    const struct str number = { s.p, str_find(s, ' ') };
    const size_t point = str_find(number, '.');
    const bool comma = str_find(number, ',') < number.n;
    const bool points =
        point < number.n && str_find(str_from(number, point + 1), '.') < number.n - point - 1;
    return comma || points || may_be_grouped(number) ? swapped(s, arena) : typed;
}

static bool has_comma(const struct http_request *r, struct str name)
{
    for (size_t i = 0; i < r->nform; i++) {
        struct str names = str_is(r->form[i].name, COMMA) ? r->form[i].value : S("");
        while (names.n > 0)
            if (str_eq(str_cut(&names, ' '), name))
                return true;
    }
    return false;
}

enum outcome number_read_form(struct http_request *r, struct err *e)
{
    if (!http_form(r, COMMA).p)
        return OK;
    struct record_pair *out = ARENA_ARRAY(r->arena, r->nform, struct record_pair);
    size_t n = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nform; i++) {
        struct record_pair pair = r->form[i];
        if (str_is(pair.name, COMMA))
            continue;
        if (has_comma(r, pair.name)) {
            pair.value = number_typed(pair.value, r->arena);
            if (!pair.value.p)
                return err_no_memory(e);
        }
        out[n++] = pair;
    }
    r->form = out;
    r->nform = n;
    return OK;
}

bool number_comma(const struct page *p)
{
    return str_is(text_find(p->language, S("page.decimal")), ",");
}

struct str number_shown(struct page *p, struct str entered)
{
    return number_comma(p) && entered.n > 0 ? swapped(entered, p->b->arena) : entered;
}

struct str number_words(struct page *p, struct str text)
{
    struct buf b = buf_in(p->b->arena, text.n + 1);
    struct err ignored = { 0 };
    struct decimal d;
    if (!number_comma(p))
        return text;
    while (text.n > 0) {
        const struct str word = str_cut(&text, ' ');
        const bool number = decimal_read(&d, word, &ignored) == OK;
        buf_str(&b, number ? swapped(word, p->b->arena) : word);
        buf_z(&b, text.p ? " " : "");
    }
    return buf_get(&b);
}
