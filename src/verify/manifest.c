/* Lines of a bundle's manifest and of its keys: one form only. */
#include "verify/bundle.h"

static bool path_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/';
}

static bool is_path(struct str s, size_t max)
{
    for (size_t i = 0; i < s.n; i++)
        if (!path_char(s.p[i]))
            return false;
    return s.n > 0 && s.n <= max;
}

bool verify_file_line(struct verify_file *out, struct str *rest)
{
    struct str line;
    if (!verify_line(&line, rest))
        return false;
    const struct str hex = str_cut(&line, ' ');
    const struct str size = line.p ? str_cut(&line, ' ') : line;
    out->path = line;
    return line.p && hash_from_hex(&out->hash, hex) && verify_decimal(&out->size, size) &&
           is_path(line, VERIFY_PATH_MAX);
}

bool verify_field_line(struct verify_field_key *out, struct str *rest)
{
    struct str line;
    size_t n = 0;
    if (!verify_line(&line, rest))
        return false;
    const struct str index = str_cut(&line, ' ');
    out->path = line.p ? str_cut(&line, ' ') : line;
    return line.p && verify_decimal(&out->index, index) &&
           is_path(out->path, VERIFY_FIELD_PATH_MAX) &&
           verify_base64(out->key, sizeof out->key, &n, line) && n == sizeof out->key;
}
