/* What a file is called, for people. A name comes from whoever sends the file and is shown to
 * others: it holds no folder, nothing that cannot be seen, and nothing that turns the writing
 * round, so that "cod.exe" never reads as "exe.doc". */
#include "kernel/file_impl.h"

/* Bytes of the character that s begins with; 0: it begins with none. */
static size_t character(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++)
        if (str_utf8_valid((struct str){ s.p, n }))
            return n;
    return 0;
}

/* Controls, line and paragraph ends, marks of direction (UAX #9), the byte order mark. */
static bool unseen(struct str c)
{
    static const struct {
        struct str first, last;
    } ranges[] = {
        { S("\x01"), S("\x1f") },                 /* C0 */
        { S("\x7f"), S("\x7f") },                 /* delete */
        { S("\xc2\x80"), S("\xc2\x9f") },         /* C1 */
        { S("\xd8\x9c"), S("\xd8\x9c") },         /* Arabic letter mark */
        { S("\xe2\x80\x8b"), S("\xe2\x80\x8b") }, /* zero width space */
        { S("\xe2\x80\x8e"), S("\xe2\x80\x8f") }, /* left-to-right, right-to-left mark */
        { S("\xe2\x80\xa8"), S("\xe2\x80\xae") }, /* line ends, embeddings, overrides */
        { S("\xe2\x81\xa6"), S("\xe2\x81\xa9") }, /* isolates */
        { S("\xef\xbb\xbf"), S("\xef\xbb\xbf") }, /* byte order mark */
    };
    if (c.p[0] == '\0')
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (c.n == ranges[i].first.n && str_cmp(c, ranges[i].first) >= 0 &&
            str_cmp(c, ranges[i].last) <= 0)
            return true;
    return false;
}

struct str file_name_plain(struct arena *arena, struct str name)
{
    struct buf b = buf_in(arena, FILE_NAME_MAX);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '/' || name.p[i] == '\\') {
            name = str_from(name, i + 1);
            i = (size_t)-1;
        }
    while (name.n > 0) {
        const size_t n = character(name);
        const struct str c = { name.p, n };
        name = str_from(name, n > 0 ? n : 1);
        if (n == 0)
            buf_z(&b, "\xef\xbf\xbd"); /* U+FFFD */
        else if (!unseen(c))
            buf_str(&b, c);
    }
    if (b.starved)
        return (struct str){ 0 };
    const struct str plain = str_trim(buf_get(&b));
    return plain.n == 0 || str_is(plain, ".") || str_is(plain, "..") ? S("file") : plain;
}
