/* Headers of uploads and downloads; pure, and fuzzed. */
#include "kernel/file_pages.h"

bool file_range_read(struct str header, int64_t size, int64_t *from, int64_t *n, bool *part)
{
    int64_t first;
    int64_t last = size - 1;
    *from = 0;
    *n = size;
    *part = false;
    if (header.n > FILE_RANGE_MAX || !str_starts(header, S("bytes=")))
        return true;
    struct str rest = str_from(header, sizeof "bytes=" - 1);
    if (str_find(rest, ',') < rest.n || str_find(rest, '-') == rest.n)
        return true;
    const struct str begin = str_trim(str_cut(&rest, '-'));
    const struct str end = str_trim(rest);
    if (begin.n == 0) { /* the last so many */
        if (!str_to_u63(&first, end))
            return true;
        first = first < size ? size - first : 0;
    } else if (!str_to_u63(&first, begin) ||
               (end.n > 0 && (!str_to_u63(&last, end) || last < first))) {
        return true;
    }
    if (first >= size)
        return false;
    *from = first;
    *n = (last < size - 1 ? last : size - 1) - first + 1;
    *part = true;
    return true;
}

enum outcome file_header_read(int64_t *out, struct str value, const char *name, struct err *e)
{
    return value.p && str_to_u63(out, value) ? OK
                                             : REFUSE(e, "file.header", { "header", str_z(name) });
}
