/* Types of files, told by their first bytes. */
#include "kernel/file_impl.h"

/* The part of a text that is whole characters: a beginning may end inside one. */
static struct str whole(struct bytes b)
{
    struct str s = { (const char *)b.p, b.n };
    for (size_t cut = 0; cut < 4 && s.n > 0 && !str_utf8_valid(s); cut++)
        s.n--;
    return s;
}

/* UTF-8 without control characters but tab, line ends and form feed. */
static bool text(struct bytes b)
{
    const struct str s = whole(b);
    if (b.n - s.n > 3 || !str_utf8_valid(s))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] < ' ' && !strchr("\t\n\r\f", s.p[i]))
            return false;
    return s.n > 0 && !memchr(s.p, '\0', s.n);
}

static struct str first_word(struct bytes b)
{
    struct str s = whole(b);
    if (str_starts(s, S("\xef\xbb\xbf")))
        s = str_from(s, 3);
    return str_trim(s);
}

static bool is_xml(struct bytes b)
{
    const struct str s = first_word(b);
    return text(b) && (str_starts(s, S("<?xml ")) ||
                       (s.n > 1 && s.p[0] == '<' && s.p[1] >= 'A' && s.p[1] != '\\' &&
                        !str_starts(s, S("<html")) && !str_starts(s, S("<HTML")) &&
                        !str_starts(s, S("<svg"))));
}

static bool is_json(struct bytes b)
{
    const struct str s = first_word(b);
    return text(b) && s.n > 0 && (s.p[0] == '{' || s.p[0] == '[');
}

static void count(size_t separators[2], char c)
{
    separators[0] += c == ',';
    separators[1] += c == ';';
}

/* A first line with a separator that a second line has as often, where there is one. */
static bool is_csv(struct bytes b)
{
    struct str rest = first_word(b);
    const struct str first = str_cut(&rest, '\n');
    const struct str second = str_cut(&rest, '\n');
    size_t of_first[2] = { 0 };
    size_t of_second[2] = { 0 };
    for (size_t i = 0; i < first.n; i++)
        count(of_first, first.p[i]);
    for (size_t i = 0; i < second.n; i++)
        count(of_second, second.p[i]);
    const bool complete = rest.p != NULL; /* the second line ends within the beginning */
    for (size_t i = 0; i < 2; i++)
        if (text(b) && of_first[i] > 0 && (!complete || of_first[i] == of_second[i]))
            return second.n > 0;
    return false;
}

/* Markup that a browser would run is no text of ours. */
static bool is_text(struct bytes b)
{
    return text(b) && !str_starts(first_word(b), S("<"));
}

/* Flow Cytometry Standard: "FCS2.0" to "FCS3.2", then four blanks (ISAC). */
static bool is_fcs(struct bytes b)
{
    return b.n >= 10 && memcmp(b.p, "FCS", 3) == 0 && (b.p[3] == '2' || b.p[3] == '3') &&
           b.p[4] == '.' && memcmp(b.p + 6, "    ", 4) == 0;
}

static const struct row {
    struct file_type type;
    struct str magic; /* absent: asks the function */
    bool (*is)(struct bytes begin);
} rows[] = {
#define MAGIC(n, m, x, max, safe, bytes) { { #n, m, x, max, safe, false }, bytes, NULL },
#define TYPE(n, m, x, max, safe, tells)                                                            \
    { { #n, m, x, max, safe, tells != is_fcs }, { NULL, 0 }, tells },
#include "kernel/file_types.def"
#undef MAGIC
#undef TYPE
};
enum { ROWS = sizeof rows / sizeof rows[0] };

const struct file_type *file_type_find(struct str name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_is(name, rows[i].type.name))
            return &rows[i].type;
    return NULL;
}

const struct file_type *file_type_of_media(struct str media_type)
{
    for (size_t i = 0; i < ROWS; i++)
        if (str_is(media_type, rows[i].type.media_type))
            return &rows[i].type;
    return NULL;
}

const struct file_type *file_sniff(struct bytes begin)
{
    if (begin.n > FILE_SNIFF_MAX)
        begin.n = FILE_SNIFF_MAX;
    for (size_t i = 0; i < ROWS; i++) {
        const struct str magic = rows[i].magic;
        if (magic.p ? str_starts((struct str){ (const char *)begin.p, begin.n }, magic)
                    : rows[i].is(begin))
            return &rows[i].type;
    }
    return NULL;
}
