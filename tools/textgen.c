/* textgen [--pseudo] OUT.c FILE.po…: makes one table of all catalogues, sorted by language and key.
 *
 * Reads gettext's .po as far as vein uses it: comments, msgid and msgstr, strings continued over
 * lines, the escapes \n \t \" \\. The language is that of the file's name, text.<language>.po. The
 * entry with the empty msgid is gettext's own header and passed over; an empty msgstr means not yet
 * translated, which English cannot be. Everything else (context, plurals, fuzzy entries, a key
 * twice in a language, text that is not UTF-8) is refused with file and line, for a catalogue that
 * is half read shows nobody what is missing.
 *
 * With --pseudo there is one language more, "en-XA": English with accents on its letters, a third
 * longer and in ⟦brackets⟧. A page shown in it betrays what is in no catalogue and what has no room
 * for a longer language. For the build of the tests, never for the released one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

enum { FILE_MAX = 4 << 20, STRING_MAX = 8192, ROWS_MAX = 100000, ARENA_MAX = 256 << 20 };

struct row {
    struct str language;
    struct str key;
    struct str text;
    const char *file;
    int line;
};

/* Which of an entry's strings the line at hand continues. */
enum part { PART_NONE, PART_ID, PART_STR };

struct reader {
    struct arena *arena;
    const char *file;
    int line;
    struct str language;
    enum part part;
    int entry_line;
    bool has_id;
    bool has_str;
    struct buf id;
    struct buf text;
};

static struct row *rows;
static size_t nrows;

__attribute__((format(printf, 3, 4))) static _Noreturn void stop(const char *file, int line,
                                                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "%s:%d: ", file, line);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static struct str read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        stop(path, 0, "cannot be opened");
    char *p = arena_alloc(a, FILE_MAX + 1);
    if (!p)
        stop(path, 0, "no memory");
    const size_t n = fread(p, 1, FILE_MAX + 1, f);
    if (ferror(f) || n > FILE_MAX)
        stop(path, 0, "cannot be read, or is larger than %d bytes", FILE_MAX);
    (void)fclose(f);
    return (struct str){ .p = p, .n = n };
}

/* "de", "pt-BR": what stands between text. and .po. */
static struct str language_of(const char *path)
{
    struct str name = str_z(path);
    const char *slash = strrchr(path, '/');
    if (slash)
        name = str_z(slash + 1);
    if (!str_starts(name, S("text.")) || !str_ends(name, S(".po")) || name.n < 10)
        stop(path, 0, "a catalogue is named text.<language>.po");
    name = (struct str){ .p = name.p + 5, .n = name.n - 8 };
    for (size_t i = 0; i < name.n; i++) {
        const char c = name.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-')
            stop(path, 0, "%.*s is no language: write it as in text.pt-BR.po", STR(name));
    }
    return name;
}

static void check_key(const struct reader *r, struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        if ((unsigned char)key.p[i] <= ' ' || key.p[i] == '"')
            stop(r->file, r->entry_line, "the key holds a blank: use a.b_c");
    }
}

static void end_entry(struct reader *r)
{
    if (r->has_id && !r->has_str)
        stop(r->file, r->entry_line, "msgid without msgstr: add it");
    if (r->has_str && r->id.n > 0) {
        if (nrows == ROWS_MAX)
            stop(r->file, r->entry_line, "more than %d texts", ROWS_MAX);
        check_key(r, buf_get(&r->id));
        if (r->text.n == 0 && str_is(r->language, "en"))
            stop(r->file, r->entry_line, "empty text: English must have every text");
        if (r->text.n > 0)
            rows[nrows++] = (struct row){ .language = r->language,
                                          .key = arena_str(r->arena, buf_get(&r->id)),
                                          .text = arena_str(r->arena, buf_get(&r->text)),
                                          .file = r->file,
                                          .line = r->entry_line };
        if (arena_exhausted(r->arena))
            stop(r->file, r->line, "no memory");
    }
    r->has_id = r->has_str = false;
    r->part = PART_NONE;
}

/* Appends what stands between the quotes. */
static void read_string(struct reader *r, struct str s)
{
    struct buf *to = r->part == PART_ID ? &r->id : &r->text;
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
        stop(r->file, r->line, "a string must stand in quotes and alone on its line");
    for (size_t i = 1; i + 1 < s.n; i++) {
        char c = s.p[i];
        if (c == '"' || (unsigned char)c < ' ')
            stop(r->file, r->line, "a quote or control character in a string: write \\\" or \\n");
        if (c == '\\') {
            c = s.p[++i];
            if (i + 1 == s.n)
                stop(r->file, r->line, "the string is not closed");
            if (c == 'n')
                c = '\n';
            else if (c == 't')
                c = '\t';
            else if (c != '"' && c != '\\')
                stop(r->file, r->line, "\\%c is not known: use \\n \\t \\\" \\\\", c);
        }
        buf_char(to, c);
    }
    if (!buf_ok(to))
        stop(r->file, r->line, "the text is longer than %d bytes", STRING_MAX);
}

static void read_line(struct reader *r, struct str line)
{
    line = str_trim(line);
    if (line.n == 0)
        return;
    if (line.p[0] == '#') {
        if (str_starts(line, S("#,")) && strstr(line.p, "fuzzy") &&
            strstr(line.p, "fuzzy") < line.p + line.n)
            stop(r->file, r->line, "a fuzzy entry: check the text and take the mark away");
        return;
    }
    if (line.p[0] == '"') {
        if (r->part == PART_NONE)
            stop(r->file, r->line, "a string without msgid or msgstr before it");
        read_string(r, line);
    } else if (str_starts(line, S("msgid "))) {
        end_entry(r);
        r->entry_line = r->line;
        r->has_id = true;
        r->part = PART_ID;
        buf_cut(&r->id, 0);
        read_string(r, str_trim(str_from(line, 6)));
    } else if (str_starts(line, S("msgstr "))) {
        if (!r->has_id || r->has_str)
            stop(r->file, r->line, "msgstr without msgid before it");
        r->has_str = true;
        r->part = PART_STR;
        buf_cut(&r->text, 0);
        read_string(r, str_trim(str_from(line, 7)));
    } else {
        stop(r->file, r->line,
             "expected msgid, msgstr, a string or a comment (vein's catalogues "
             "have no contexts and no plurals)");
    }
}

static void read_po(struct arena *a, const char *path)
{
    struct str rest = read_file(a, path);
    if (!str_utf8_valid(rest))
        stop(path, 0, "is not UTF-8: save it so");
    struct reader r = { .arena = a,
                        .file = path,
                        .language = language_of(path),
                        .id = buf_new(STRING_MAX),
                        .text = buf_new(STRING_MAX) };
    while (rest.p) {
        r.line++;
        read_line(&r, str_cut(&rest, '\n'));
    }
    end_entry(&r);
    buf_free(&r.id);
    buf_free(&r.text);
}

static int by_language_and_key(const void *a, const void *b)
{
    const struct row *x = a;
    const struct row *y = b;
    const int c = str_cmp(x->language, y->language);
    return c != 0 ? c : str_cmp(x->key, y->key);
}

static void write_string(FILE *f, struct str s)
{
    (void)fputc('"', f);
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        if (c == '\n')
            (void)fputs("\\n", f);
        else if (c == '\t')
            (void)fputs("\\t", f);
        else if (c == '"' || c == '\\')
            (void)fprintf(f, "\\%c", c);
        else
            (void)fputc(c, f);
    }
    (void)fputc('"', f);
}

static void write_table(const char *path)
{
    FILE *f = fopen(path, "wb");
    if (!f)
        stop(path, 0, "cannot be written");
    (void)fputs("/* Made by tools/textgen from the catalogues; change those. */\n"
                "#include \"kernel/text.h\"\n\n"
                "const struct text_row text_rows[] = {\n",
                f);
    for (size_t i = 0; i < nrows; i++) {
        (void)fputs("    { ", f);
        write_string(f, rows[i].language);
        (void)fputs(", ", f);
        write_string(f, rows[i].key);
        (void)fputs(",\n      ", f);
        write_string(f, rows[i].text);
        (void)fputs(" },\n", f);
    }
    (void)fprintf(f, "    { 0 },\n};\nconst size_t text_rows_count = %zu;\n", nrows);
    if (ferror(f) | fclose(f))
        stop(path, 0, "cannot be written");
}

/* --- the pseudo-language --- */

static const char *accented(char c)
{
    static const char from[] = "aeiouyAEIOUYcnsz";
    static const char *const to[] = { "á", "é", "í", "ó", "ú", "ý", "Á", "É",
                                      "Í", "Ó", "Ú", "Ý", "ç", "ñ", "š", "ž" };
    const char *at = c ? strchr(from, c) : NULL;
    return at ? to[at - from] : NULL;
}

static struct str pseudo(struct arena *a, struct str text)
{
    struct buf b = buf_new(4 * STRING_MAX);
    bool named = false; /* within a {parameter} */
    buf_z(&b, "⟦");
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        named = c == '{' || (named && c != '}');
        const char *with = named ? NULL : accented(c);
        if (with)
            buf_z(&b, with);
        else
            buf_char(&b, c);
    }
    for (size_t i = 0; i < text.n; i += 3)
        buf_z(&b, i % 15 == 12 ? " " : "·"); /* breaks as words do */
    buf_z(&b, "⟧");
    const struct str made = arena_str(a, buf_get(&b));
    buf_free(&b);
    return made;
}

static void add_pseudo(struct arena *a)
{
    const size_t n = nrows;
    for (size_t i = 0; i < n; i++) {
        if (!str_is(rows[i].language, "en"))
            continue;
        if (nrows == ROWS_MAX)
            stop(rows[i].file, rows[i].line, "more than %d texts", ROWS_MAX);
        rows[nrows] = rows[i];
        rows[nrows].language = S("en-XA");
        rows[nrows++].text = pseudo(a, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    const bool with_pseudo = argc > 1 && strcmp(argv[1], "--pseudo") == 0;
    argc -= with_pseudo;
    argv += with_pseudo;
    if (argc < 2) {
        (void)fputs("usage: textgen [--pseudo] OUT.c FILE.po…\n", stderr);
        return 2;
    }
    struct arena *a = arena_new(ARENA_MAX);
    rows = a ? ARENA_ARRAY(a, ROWS_MAX, struct row) : NULL;
    if (!rows)
        stop("textgen", 0, "no memory");
    for (int i = 2; i < argc; i++)
        read_po(a, argv[i]);
    if (with_pseudo)
        add_pseudo(a);
    if (nrows > 0)
        qsort(rows, nrows, sizeof *rows, by_language_and_key);
    for (size_t i = 1; i < nrows; i++) {
        if (by_language_and_key(&rows[i - 1], &rows[i]) == 0)
            stop(rows[i].file, rows[i].line, "%.*s stands twice, also at %s:%d", STR(rows[i].key),
                 rows[i - 1].file, rows[i - 1].line);
    }
    write_table(argv[1]);
    arena_free(a);
    return 0;
}
