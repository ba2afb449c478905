#include "base/dialect.h"

static const struct {
    const char *sqlite, *postgres;
} types[] = {
    { "INTEGER", "BIGINT" },
    { "BLOB", "BYTEA" },
    { "TEXT", "TEXT COLLATE \"C\"" },
};

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Bytes of the quoted text or the word at i, or 1. */
static size_t token(struct str text, size_t i)
{
    size_t n = 1;
    const char quote = text.p[i];
    if (quote == '\'' || quote == '"') {
        while (i + n < text.n && text.p[i + n] != quote)
            n++;
        return i + n < text.n ? n + 1 : n;
    }
    if (is_letter(quote))
        while (i + n < text.n && is_letter(text.p[i + n]))
            n++;
    return n;
}

struct str dialect_statement(struct str *rest)
{
    while (rest->n > 0) {
        size_t n = 0;
        while (n < rest->n && rest->p[n] != ';')
            n += token(*rest, n);
        const struct str statement = str_trim((struct str){ rest->p, n });
        *rest = str_from(*rest, n < rest->n ? n + 1 : n);
        if (statement.n > 0)
            return statement;
    }
    return (struct str){ 0 };
}

static struct str in_postgres(struct str word)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_is(word, types[i].sqlite))
            return str_z(types[i].postgres);
    return word;
}

void dialect_postgres(struct buf *out, struct str statement)
{
    if (str_starts(statement, S("CREATE TABLE")))
        for (size_t i = statement.n; i > 0; i--)
            if (statement.p[i - 1] == ')') {
                statement.n = i;
                break;
            }
    for (size_t i = 0; i < statement.n;) {
        const size_t n = token(statement, i);
        buf_str(out, in_postgres((struct str){ statement.p + i, n }));
        i += n;
    }
}
