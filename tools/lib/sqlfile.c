#include "tools/lib/sqlfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = { "TEXT", "CODE",    "ID",       "INT",  "BOOL", "TIME",
                                     "DATE", "DECIMAL", "QUANTITY", "HASH", "JSON", "BLOB" };

struct text {
    char *p;
    size_t n;
};

struct cursor {
    const char *path;
    const char *p; /* ends with NUL */
    int line;
};

/* What several statements of a file have in common. */
struct part {
    char name[SQLFILE_NAME_MAX + 1];
    struct cursor at; /* behind its header */
    bool used;
};
enum { PARTS_MAX = 20 };
static struct part parts[PARTS_MAX]; /* of the file that is read */
static size_t nparts;

void sqlfile_fail(const char *path, int line, const char *format, ...)
{
    fprintf(stderr, "%s:%d: ", path, line);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        sqlfile_fail(path, 0, "could not open the file");
    char *p = calloc(1, SQLFILE_BYTES_MAX + 1);
    if (p == NULL)
        sqlfile_fail(path, 0, "out of memory");
    size_t n = fread(p, 1, SQLFILE_BYTES_MAX, f);
    bool whole = feof(f) && !ferror(f);
    fclose(f);
    if (!whole)
        sqlfile_fail(path, 0, "could not read the file, or it is over %d bytes", SQLFILE_BYTES_MAX);
    if (memchr(p, 0, n) != NULL)
        sqlfile_fail(path, 0, "the file holds a NUL byte");
    return p;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static void step(struct cursor *c)
{
    if (*c->p == '\n')
        c->line++;
    c->p++;
}

static bool at_comment(const struct cursor *c)
{
    return c->p[0] == '-' && c->p[1] == '-';
}

static void skip_blanks(struct cursor *c)
{
    while (is_blank(*c->p))
        step(c);
}

static void skip_line(struct cursor *c)
{
    while (*c->p != 0 && *c->p != '\n')
        c->p++;
}

/* A name of lower-case letters, digits and _, at most SQLFILE_NAME_MAX long. */
static void read_name(struct cursor *c, char out[SQLFILE_NAME_MAX + 1])
{
    size_t n = 0;
    if (!(*c->p >= 'a' && *c->p <= 'z'))
        sqlfile_fail(c->path, c->line, "expected a name of lower-case letters");
    for (; is_word(*c->p); c->p++) {
        if (n == SQLFILE_NAME_MAX)
            sqlfile_fail(c->path, c->line, "name is longer than %d", SQLFILE_NAME_MAX);
        out[n++] = *c->p;
    }
    out[n] = 0;
}

static struct sqlfile_field *find_field(struct sqlfile_fields *fields, const char *name, size_t n)
{
    for (size_t i = 0; i < fields->n; i++)
        if (strlen(fields->row[i].name) == n && memcmp(fields->row[i].name, name, n) == 0)
            return &fields->row[i];
    return NULL;
}

/* Inside a header a line break with the next line's `--` is a blank. */
static void skip_header_blanks(struct cursor *c)
{
    for (;;) {
        while (*c->p == ' ' || *c->p == '\t' || *c->p == '\r')
            c->p++;
        if (c->p[0] != '\n')
            return;
        struct cursor next = *c;
        step(&next);
        while (*next.p == ' ' || *next.p == '\t')
            next.p++;
        if (!at_comment(&next))
            return;
        next.p += 2;
        *c = next;
    }
}

static const char *read_kind(struct cursor *c)
{
    size_t n = 0;
    while (c->p[n] >= 'A' && c->p[n] <= 'Z')
        n++;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i]) == n && memcmp(kinds[i], c->p, n) == 0) {
            c->p += n;
            return kinds[i];
        }
    }
    sqlfile_fail(c->path, c->line, "\"%.*s\" is no kind of src/base/record.h", (int)n, c->p);
}

/* "(name KIND, name KIND)" or "()". */
static void read_fields(struct cursor *c, struct sqlfile_fields *out)
{
    c->p++; /* ( */
    skip_header_blanks(c);
    if (*c->p == ')') {
        c->p++;
        return;
    }
    for (;;) {
        if (out->n == SQLFILE_FIELDS_MAX)
            sqlfile_fail(c->path, c->line, "more than %d fields", SQLFILE_FIELDS_MAX);
        struct sqlfile_field *field = &out->row[out->n];
        field->line = c->line;
        read_name(c, field->name);
        if (find_field(out, field->name, strlen(field->name)) != NULL)
            sqlfile_fail(c->path, c->line, "\"%s\" stands twice", field->name);
        out->n++;
        skip_header_blanks(c);
        field->kind = read_kind(c);
        skip_header_blanks(c);
        if (*c->p == ')')
            break;
        if (*c->p != ',')
            sqlfile_fail(c->path, c->line, "expected , or ) behind \"%s\"", field->name);
        c->p++;
        skip_header_blanks(c);
    }
    c->p++;
}

/* True and the cursor behind "-- name " when a header begins here. */
static bool begins_header(struct cursor *c)
{
    struct cursor at = *c;
    at.p += 2;
    while (*at.p == ' ')
        at.p++;
    const char *name = at.p;
    while (is_word(*at.p))
        at.p++;
    const char *end = at.p;
    while (*at.p == ' ')
        at.p++;
    if (end == name || *at.p != '(')
        return false;
    c->p = name;
    return true;
}

static void read_header(struct cursor *c, struct sqlfile_statement *s)
{
    s->line = c->line;
    read_name(c, s->name);
    skip_header_blanks(c);
    read_fields(c, &s->in);
    struct cursor arrow = *c;
    skip_header_blanks(&arrow);
    if (arrow.p[0] == '-' && arrow.p[1] == '>') {
        *c = arrow;
        c->p += 2;
        skip_header_blanks(c);
        if (*c->p != '(')
            sqlfile_fail(c->path, c->line, "expected ( behind ->");
        read_fields(c, &s->out);
        if (s->out.n == 0)
            sqlfile_fail(c->path, c->line, "no columns behind ->: leave -> () out");
    }
    while (*c->p == ' ' || *c->p == '\t' || *c->p == '\r')
        c->p++;
    if (*c->p != '\n' && *c->p != 0)
        sqlfile_fail(c->path, c->line, "a header ends with its line");
}

static void put(struct text *t, const char *p, size_t n)
{
    t->p = realloc(t->p, t->n + n + 1);
    if (t->p == NULL)
        sqlfile_fail("", 0, "out of memory");
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = 0;
}

static void put_blank(struct text *t)
{
    if (t->n > 0 && t->p[t->n - 1] != ' ')
        put(t, " ", 1);
}

static void read_quoted(struct cursor *c, struct text *text, struct text *numbered)
{
    char quote = *c->p;
    const char *from = c->p++;
    while (*c->p != 0 && *c->p != quote && *c->p != '\n')
        c->p++;
    if (*c->p != quote)
        sqlfile_fail(c->path, c->line, "the quote %c is not closed on its line", quote);
    c->p++;
    put(text, from, (size_t)(c->p - from));
    put(numbered, from, (size_t)(c->p - from));
}

static void read_parameter(struct cursor *c, struct sqlfile_statement *s, struct text *text,
                           struct text *numbered)
{
    if (!(c->p[1] >= 'a' && c->p[1] <= 'z'))
        sqlfile_fail(c->path, c->line,
                     c->p[1] == ':' ? "no :: casts: they are PostgreSQL's alone"
                                    : "expected a parameter's name behind :");
    size_t n = 1;
    while (is_word(c->p[n]))
        n++;
    struct sqlfile_field *field = find_field(&s->in, c->p + 1, n - 1);
    if (field == NULL)
        sqlfile_fail(c->path, c->line, "%.*s is not declared in the header", (int)n, c->p);
    field->used = true;
    put(text, c->p, n);
    char number[16];
    int length = snprintf(number, sizeof number, "$%zu", (size_t)(field - s->in.row) + 1);
    put(numbered, number, (size_t)length);
    c->p += n;
}

static void read_text(struct cursor *c, struct sqlfile_statement *s, bool in_part,
                      struct text *text, struct text *numbered);

/* "{name}": the part's own text stands here. */
static void read_part(struct cursor *c, struct sqlfile_statement *s, struct text *text,
                      struct text *numbered)
{
    char name[SQLFILE_NAME_MAX + 1];
    c->p++;
    read_name(c, name);
    if (*c->p != '}')
        sqlfile_fail(c->path, c->line, "expected } behind {%s", name);
    c->p++;
    for (size_t i = 0; i < nparts; i++)
        if (strcmp(parts[i].name, name) == 0) {
            struct cursor at = parts[i].at;
            parts[i].used = true;
            read_text(&at, s, true, text, numbered);
            return;
        }
    sqlfile_fail(c->path, c->line, "no part {%s} stands above: write it behind -- {%s}", name,
                 name);
}

/* Up to the `;`. */
static void read_text(struct cursor *c, struct sqlfile_statement *s, bool in_part,
                      struct text *text, struct text *numbered)
{
    int line = c->line;
    while (*c->p != ';') {
        if (*c->p == 0)
            sqlfile_fail(c->path, line, "the statement has no ; at its end");
        if (at_comment(c) || is_blank(*c->p)) {
            if (at_comment(c))
                skip_line(c);
            else
                step(c);
            put_blank(text);
            put_blank(numbered);
        } else if (*c->p == '\'' || *c->p == '"') {
            read_quoted(c, text, numbered);
        } else if (*c->p == '{' && !in_part) {
            read_part(c, s, text, numbered);
        } else if (*c->p == ':') {
            read_parameter(c, s, text, numbered);
        } else if (*c->p == '?' || *c->p == '$' || *c->p == '@' || *c->p == '`') {
            sqlfile_fail(c->path, c->line, "no %c here: write parameters as :name", *c->p);
        } else if (*c->p == '{') {
            sqlfile_fail(c->path, c->line, "no { here: a part holds no part");
        } else if (c->p[0] == '/' && c->p[1] == '*') {
            sqlfile_fail(c->path, c->line, "write comments with --");
        } else {
            put(text, c->p, 1);
            put(numbered, c->p, 1);
            step(c);
        }
    }
}

static void read_statement(struct cursor *c, struct sqlfile_statement *s)
{
    struct text text = { 0 };
    struct text numbered = { 0 };
    int line = c->line;
    read_text(c, s, false, &text, &numbered);
    c->p++;
    while (text.n > 0 && text.p[text.n - 1] == ' ') {
        text.p[--text.n] = 0;
        numbered.p[--numbered.n] = 0;
    }
    if (text.n == 0)
        sqlfile_fail(c->path, line, "a statement without a word");
    s->text = text.p;
    s->numbered = numbered.p;
    for (size_t i = 0; i < s->in.n; i++)
        if (!s->in.row[i].used)
            sqlfile_fail(c->path, s->in.row[i].line, ":%s is declared but not used",
                         s->in.row[i].name);
}

static struct sqlfile_statement *add(struct sqlfile *file)
{
    file->statement = realloc(file->statement, (file->n + 1) * sizeof *file->statement);
    if (file->statement == NULL)
        sqlfile_fail(file->path, 0, "out of memory");
    struct sqlfile_statement *s = &file->statement[file->n++];
    memset(s, 0, sizeof *s);
    return s;
}

static void check_name(const struct sqlfile *file, const struct sqlfile_statement *s)
{
    for (size_t i = 0; i + 1 < file->n; i++)
        if (strcmp(file->statement[i].name, s->name) == 0)
            sqlfile_fail(file->path, s->line, "\"%s\" stands already on line %d", s->name,
                         file->statement[i].line);
}

/* "-- {name}" on a line of its own: what stands behind it up to its `;` is a part. */
static bool read_part_header(struct cursor *c)
{
    struct cursor at = *c;
    at.p += 2;
    while (*at.p == ' ')
        at.p++;
    if (*at.p != '{')
        return false;
    if (nparts == PARTS_MAX)
        sqlfile_fail(c->path, c->line, "more than %d parts", PARTS_MAX);
    struct part *part = &parts[nparts];
    at.p++;
    read_name(&at, part->name);
    for (size_t i = 0; i < nparts; i++)
        if (strcmp(parts[i].name, part->name) == 0)
            sqlfile_fail(c->path, c->line, "the part {%s} stands twice", part->name);
    if (at.p[0] != '}' || at.p[1] != '\n')
        sqlfile_fail(c->path, c->line, "a part's header is -- {name} on a line of its own");
    skip_line(&at);
    for (skip_blanks(&at); at_comment(&at); skip_blanks(&at))
        skip_line(&at);
    part->at = at;
    part->used = false;
    nparts++;
    while (*at.p != ';') {
        if (*at.p == 0)
            sqlfile_fail(c->path, c->line, "the part {%s} has no ; at its end", part->name);
        step(&at);
    }
    at.p++;
    *c = at;
    return true;
}

/* A comment between statements; of queries it may be the header of the next, or of a part. */
static void read_comment(struct cursor *c, struct sqlfile *file)
{
    if (!file->schema && read_part_header(c))
        return;
    if (file->schema || !begins_header(c)) {
        skip_line(c);
        return;
    }
    struct sqlfile_statement *s = add(file);
    read_header(c, s);
    check_name(file, s);
    for (skip_blanks(c); at_comment(c); skip_blanks(c))
        skip_line(c);
    if (*c->p == 0)
        sqlfile_fail(c->path, s->line, "no statement behind the header of \"%s\"", s->name);
    read_statement(c, s);
}

struct sqlfile sqlfile_read(const char *path)
{
    struct sqlfile file = { .path = path };
    size_t length = strlen(path);
    static const char suffix[] = "schema.sql";
    size_t ending = sizeof suffix - 1;
    file.schema = length >= ending && strcmp(path + length - ending, suffix) == 0;

    nparts = 0;
    struct cursor c = { .path = path, .p = read_all(path), .line = 1 };
    for (skip_blanks(&c); *c.p != 0; skip_blanks(&c)) {
        if (at_comment(&c)) {
            read_comment(&c, &file);
        } else if (file.schema) {
            struct sqlfile_statement *s = add(&file);
            s->line = c.line;
            read_statement(&c, s);
        } else {
            sqlfile_fail(path, c.line, "a statement without a header -- name (param KIND, …)");
        }
    }
    for (size_t i = 0; i < nparts; i++)
        if (!parts[i].used)
            sqlfile_fail(path, parts[i].at.line, "the part {%s} is in no statement", parts[i].name);
    return file;
}
