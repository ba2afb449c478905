/* Records from posted pairs. The pairs are sorted by the segments of their names, numbers by value,
 * so that each record and each item of a list is one range of them, and a name that came twice is
 * two neighbours: O(n log n) whatever is posted. A range shares the first `skip` bytes of its
 * names. */
#include "base/record.h"
#include "base/record_impl.h"

#include <stdlib.h>

enum { INDEX_DIGITS_MAX = 9 };

struct range {
    const struct record_pair *const *pairs;
    size_t n;
    size_t skip;
};

static enum outcome read_range(const struct record_reader *rd, const struct record *r, void *out,
                               struct range range, const struct record_path *up);

static struct str segment(const struct record_pair *pair, size_t skip)
{
    struct str rest = str_from(pair->name, skip);
    return str_cut(&rest, '.');
}

static bool is_last(const struct record_pair *pair, size_t skip)
{
    return str_find(str_from(pair->name, skip), '.') + skip == pair->name.n;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return s.n > 0;
}

/* Numbers before other segments, numbers by value (they have no leading zeros, or are refused). */
static int segment_cmp(struct str a, struct str b)
{
    bool number = is_digits(a);
    if (number != is_digits(b))
        return number ? -1 : 1;
    if (number && a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return str_cmp(a, b);
}

static int pair_cmp(const void *x, const void *y)
{
    struct str a = (*(const struct record_pair *const *)x)->name;
    struct str b = (*(const struct record_pair *const *)y)->name;
    while (a.p && b.p) {
        int c = segment_cmp(str_cut(&a, '.'), str_cut(&b, '.'));
        if (c != 0)
            return c;
    }
    return (a.p != NULL) - (b.p != NULL);
}

enum outcome record_from_pairs(const struct record *r, void *out, struct arena *arena,
                               const struct record_pair *pairs, size_t npairs, struct err *e)
{
    const struct record_reader rd = { .arena = arena, .source = RECORD_OUTSIDE, .e = e };
    const struct record_pair **sorted = ARENA_ARRAY(arena, npairs + 1, const struct record_pair *);
    if (!sorted)
        return err_no_memory(e);
    size_t n = 0;
    for (size_t i = 0; i < npairs; i++) {
        if (pairs[i].name.n == 0 || pairs[i].name.p[0] != '_')
            sorted[n++] = &pairs[i];
    }
    qsort(sorted, n, sizeof(const struct record_pair *), pair_cmp);
    return read_range(&rd, r, out, (struct range){ sorted, n, 0 }, NULL);
}

/* Cuts the pairs of the first segment off the front of *rest. */
static struct range cut_range(struct range *rest, struct str name)
{
    size_t n = 1;
    while (n < rest->n && str_eq(segment(rest->pairs[n], rest->skip), name))
        n++;
    struct range first = { rest->pairs, n, rest->skip + name.n + 1 };
    rest->pairs += n;
    rest->n -= n;
    return first;
}

/* CR LF as LF; a CR alone stays, and is refused as a control character. */
static enum outcome unix_lines(struct str *out, const struct record_reader *rd, struct str text)
{
    *out = text;
    if (str_find(text, '\r') == text.n)
        return OK;
    char *to = arena_alloc(rd->arena, text.n);
    if (!to)
        return err_no_memory(rd->e);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
            to[n++] = text.p[i];
    }
    *out = (struct str){ .p = to, .n = n };
    return OK;
}

/* Sets *set when the value was not empty. */
static enum outcome read_scalar(const struct record_reader *rd, const struct field *f, void *record,
                                struct range range, const struct record_path *path, bool *set)
{
    const struct record_pair *pair = range.pairs[0];
    if (range.skip - 1 != pair->name.n || range.pairs[range.n - 1]->name.n != pair->name.n)
        return record_refuse(rd, "record.unknown_field", path, NULL, NULL);
    if (range.n > 1)
        return record_refuse(rd, "record.duplicate_field", path, NULL, NULL);
    *set = pair->value.n > 0;
    if (!*set)
        return OK;
    struct str text = pair->value;
    if (f->kind == FIELD_TEXT)
        TRY(unix_lines(&text, rd, text));
    if (f->kind != FIELD_JSON)
        return record_set_value(rd, f, record, text, path);
    const struct json *value;
    enum outcome read = json_read(&value, rd->arena, text, &json_limits_default, rd->e);
    if (read == REFUSED)
        return record_refuse_malformed(rd, path, FIELD_JSON);
    return read == OK ? record_set_json(rd, f, record, value, path) : read;
}

/* How many items the range holds; refused when their indices are not 0, 1, 2 … */
static enum outcome count_items(const struct record_reader *rd, const struct field *f,
                                struct range range, const struct record_path *path, size_t *out)
{
    size_t count = 0;
    while (range.n > 0) {
        if (range.pairs[0]->name.n < range.skip)
            return record_refuse(rd, "record.wrong_type", path, "expected", "list");
        struct str name = segment(range.pairs[0], range.skip);
        int64_t index = -1;
        if (name.n > INDEX_DIGITS_MAX || !str_to_u63(&index, name) || (size_t)index != count) {
            const struct record_path at = { .up = path, .name = name };
            return record_refuse(rd, "record.unknown_field", &at, NULL, NULL);
        }
        if (++count > record_max(f))
            return record_refuse_long(rd, path, record_max(f));
        (void)cut_range(&range, name);
    }
    *out = count;
    return OK;
}

static enum outcome read_list(const struct record_reader *rd, const struct field *f, void *record,
                              struct range range, const struct record_path *path)
{
    size_t count = 0;
    TRY(count_items(rd, f, range, path, &count));
    const struct field text = { .name = f->name, .kind = FIELD_TEXT };
    size_t size = f->kind == FIELD_TEXTS ? sizeof(struct str) : f->item->size;
    char *items = arena_array(rd->arena, count, size);
    if (!items)
        return err_no_memory(rd->e);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct record_path at = { .up = path, .index = i };
        struct range item = cut_range(&range, segment(range.pairs[0], range.skip));
        bool set = true;
        if (f->kind == FIELD_TEXTS)
            TRY(read_scalar(rd, &text, items + n * size, item, &at, &set));
        else if (is_last(item.pairs[0], range.skip))
            return record_refuse(rd, "record.wrong_type", &at, "expected", "object");
        else
            TRY(read_range(rd, f->item, items + n * size, item, &at));
        n += set ? 1 : 0;
    }
    *(struct record_list *)record_slot(f, record) = (struct record_list){ .p = items, .n = n };
    return OK;
}

static enum outcome read_range(const struct record_reader *rd, const struct record *r, void *out,
                               struct range range, const struct record_path *up)
{
    record_clear(r, out);
    uint64_t seen = 0;
    while (range.n > 0) {
        struct str name = segment(range.pairs[0], range.skip);
        const struct record_path path = { .up = up, .name = name };
        const struct field *f = record_field(r, name);
        if (!f)
            return record_refuse(rd, "record.unknown_field", &path, NULL, NULL);
        struct range own = cut_range(&range, name);
        bool set = true;
        if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS)
            TRY(read_list(rd, f, out, own, &path));
        else
            TRY(read_scalar(rd, f, out, own, &path, &set));
        seen |= set ? UINT64_C(1) << (f - r->fields) : 0;
    }
    return record_check_required(rd, r, out, seen, up);
}
