/* Configuration by table: default, file, environment, in this order. */
#include "app/params.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static const struct param_row {
    const char *name;
    const char *value;
    size_t offset;
} rows[] = {
#define PARAM(name, value, text) { #name, value, offsetof(struct params, name) },
#include "app/params.def"
#undef PARAM
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static enum outcome set(struct params *p, const struct param_row *row, struct str value,
                        struct err *e)
{
    if (value.n >= PARAM_VALUE_MAX)
        return REFUSE(e, "params.too_long", { "name", str_z(row->name) });
    char *to = (char *)p + row->offset;
    memcpy(to, value.p ? value.p : "", value.n);
    to[value.n] = '\0';
    return OK;
}

/* Lines "name = value", blank lines, and comments behind #. */
static enum outcome read_lines(struct params *p, struct str text, struct err *e)
{
    char number[24];
    for (int line = 1; text.p; line++) {
        struct str rest = str_trim(str_cut(&text, '\n'));
        if (rest.n == 0 || rest.p[0] == '#')
            continue;
        struct str name = str_trim(str_cut(&rest, '='));
        const struct param_row *row = NULL;
        for (size_t i = 0; i < ROWS; i++)
            if (str_is(name, rows[i].name))
                row = &rows[i];
        snprintf(number, sizeof number, "%d", line);
        if (!row || !rest.p)
            return REFUSE(e, "params.unknown", { "line", str_z(number) }, { "name", name });
        TRY(set(p, row, str_trim(rest), e));
    }
    return OK;
}

static enum outcome read_file(struct params *p, const char *path, struct err *e)
{
    static char text[PARAM_FILE_MAX];
    FILE *file = fopen(path, "r");
    if (!file)
        return REFUSE(e, "params.file", { "path", str_z(path) });
    size_t n = fread(text, 1, sizeof text, file);
    bool bad = ferror(file) || n == sizeof text;
    fclose(file);
    if (bad)
        return REFUSE(e, "params.file", { "path", str_z(path) });
    return read_lines(p, (struct str){ text, n }, e);
}

enum outcome params_read(struct params *out, const char *path, struct err *e)
{
    for (size_t i = 0; i < ROWS; i++)
        TRY(set(out, &rows[i], str_z(rows[i].value), e));
    if (path)
        TRY(read_file(out, path, e));
    for (size_t i = 0; i < ROWS; i++) {
        char name[64];
        snprintf(name, sizeof name, "VEIN_%s", rows[i].name);
        for (char *c = name; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        const char *value = getenv(name);
        if (value)
            TRY(set(out, &rows[i], str_z(value), e));
    }
    return OK;
}

enum outcome params_number(const char *name, const char *value, int64_t max, int64_t *out,
                           struct err *e)
{
    if (!str_to_u63(out, str_z(value)) || *out < 1 || *out > max)
        return REFUSE(e, "params.number", { "name", str_z(name) });
    return OK;
}
