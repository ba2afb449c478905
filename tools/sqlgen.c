/* Makes C of a .sql file: sqlgen IN.sql OUT.h OUT.c NAME
 *
 * Queries (see tools/lib/sqlfile.h) become, for block unit_holder and NAME custody,
 *     struct custody_unit_holder_in, struct custody_unit_holder_out and their records,
 *     const struct sql sql_custody_unit_holder,
 * every field OPTIONAL, because NULL is absent. A file that ends in schema.sql becomes
 *     const struct sql_schema custody_schema. */
#include "tools/lib/sqlfile.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
    const struct sqlfile *file;
    const char *name;
    FILE *h;
    FILE *c;
};

static void put_quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* As in base/record_structs.h. */
static const char *type_of(const char *kind)
{
    static const struct {
        const char *kind, *type;
    } others[] = {
        { "INT", "int64_t" },
        { "BOOL", "bool" },
        { "TIME", "int64_t" },
        { "DECIMAL", "struct decimal" },
        { "QUANTITY", "struct quantity" },
        { "BLOB", "struct bytes" },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(others[i].kind, kind) == 0)
            return others[i].type;
    return "struct str";
}

static void make_record(const struct maker *m, const struct sqlfile_statement *s,
                        const struct sqlfile_fields *fields, const char *side)
{
    if (fields->n == 0)
        return;
    fprintf(m->h, "struct %s_%s_%s {\n", m->name, s->name, side);
    fprintf(m->c, "static const struct field %s_%s_%s_fields[] = {\n", m->name, s->name, side);
    for (size_t i = 0; i < fields->n; i++) {
        const struct sqlfile_field *f = &fields->row[i];
        fprintf(m->h, "    %s %s;\n", type_of(f->kind), f->name);
        fprintf(m->c,
                "    { \"%s\", FIELD_%s, OPTIONAL, offsetof(struct %s_%s_%s, %s), 0, NULL },\n",
                f->name, f->kind, m->name, s->name, side, f->name);
    }
    fprintf(m->h, "};\nextern const struct record %s_%s_%s_record;\n", m->name, s->name, side);
    fprintf(m->c,
            "};\nconst struct record %s_%s_%s_record = {\n"
            "    \"%s_%s_%s\", sizeof(struct %s_%s_%s), %s_%s_%s_fields, %zu\n};\n",
            m->name, s->name, side, m->name, s->name, side, m->name, s->name, side, m->name,
            s->name, side, fields->n);
}

static void make_query(const struct maker *m, const struct sqlfile_statement *s)
{
    fprintf(m->h, "\n/* %s:%d */\n", file_of(m->file->path), s->line);
    fprintf(m->c, "\n");
    make_record(m, s, &s->in, "in");
    make_record(m, s, &s->out, "out");
    fprintf(m->h, "extern const struct sql sql_%s_%s;\n", m->name, s->name);

    fprintf(m->c, "const struct sql sql_%s_%s = {\n    \"%s.%s\",\n    ", m->name, s->name, m->name,
            s->name);
    put_quoted(m->c, s->text);
    fprintf(m->c, ",\n    ");
    put_quoted(m->c, s->numbered);
    if (s->in.n > 0)
        fprintf(m->c, ",\n    &%s_%s_in_record", m->name, s->name);
    else
        fprintf(m->c, ",\n    NULL");
    if (s->out.n > 0)
        fprintf(m->c, ",\n    &%s_%s_out_record\n};\n", m->name, s->name);
    else
        fprintf(m->c, ",\n    NULL\n};\n");
}

static void make_schema(const struct maker *m)
{
    fprintf(m->h, "\nextern const struct sql_schema %s_schema;\n", m->name);
    fprintf(m->c, "\nconst struct sql_schema %s_schema = {\n    \"%s\",\n    \"\"\n", m->name,
            m->name);
    for (size_t i = 0; i < m->file->n; i++) {
        fprintf(m->c, "    ");
        put_quoted(m->c, m->file->statement[i].text);
        fprintf(m->c, "\n    \";\\n\"\n");
    }
    fprintf(m->c, "};\n");
}

static void make(const struct maker *m, const char *header)
{
    char guard[256] = "VEIN_GEN_";
    size_t n = strlen(guard);
    for (const char *p = file_of(header); *p != 0 && n + 1 < sizeof guard; p++)
        guard[n++] = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
    guard[n] = 0;

    fprintf(m->h, "/* Made from %s by sqlgen. */\n#ifndef %s\n#define %s\n\n",
            file_of(m->file->path), guard, guard);
    fprintf(m->h, "#include \"kernel/store.h\"\n");
    fprintf(m->c, "/* Made from %s by sqlgen. */\n#include \"%s\"\n", file_of(m->file->path),
            file_of(header));
    if (m->file->schema)
        make_schema(m);
    else
        for (size_t i = 0; i < m->file->n; i++)
            make_query(m, &m->file->statement[i]);
    fprintf(m->h, "\n#endif\n");
}

static FILE *open_out(const char *path)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        sqlfile_fail(path, 0, "could not write: %s", strerror(errno));
    return f;
}

static void close_out(FILE *f, const char *path)
{
    if (ferror(f) || fclose(f) != 0)
        sqlfile_fail(path, 0, "could not write: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: sqlgen IN.sql OUT.h OUT.c NAME\n");
        return 2;
    }
    struct sqlfile file = sqlfile_read(argv[1]);
    struct maker m = {
        .file = &file, .name = argv[4], .h = open_out(argv[2]), .c = open_out(argv[3])
    };
    make(&m, argv[2]);
    close_out(m.h, argv[2]);
    close_out(m.c, argv[3]);
    return 0;
}
