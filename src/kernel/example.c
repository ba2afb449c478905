#include "kernel/example.h"

#include <string.h>

#include "base/embedded.h"
#include "base/json.h"

extern const struct embedded example_files[]; /* linked into every executable, as the texts are */

static struct str file_named(const char *end)
{
    for (const struct embedded *f = example_files; f->path; f++)
        if (str_ends(str_z(f->path), str_z(end)))
            return f->text;
    return (struct str){ 0 };
}

/* The rest of the first line whose first column is this, behind the tab. */
static bool row_named(struct str *out, const char *file, struct str name)
{
    struct str rest = file_named(file);
    while (rest.p) {
        struct str line = str_cut(&rest, '\n');
        if (str_eq(str_cut(&line, '\t'), name) && line.p) {
            *out = line;
            return true;
        }
    }
    return false;
}

bool example_command(struct example_command *out, struct str name)
{
    struct str row;
    if (!row_named(&row, "commands.tsv", name))
        return false;
    *out = (struct example_command){ .name = name };
    out->reason = str_cut(&row, '\t');
    out->body = str_cut(&row, '\t');
    out->answer = str_cut(&row, '\t');
    out->refusals = row;
    return true;
}

struct str example_command_body(const struct example_command *x, struct arena *arena)
{
    if (x->reason.n == 0)
        return x->body;
    struct buf b = buf_in(arena, x->body.n + 8 * x->reason.n + 32);
    struct json_out out = json_out(&b);
    buf_str(&b, (struct str){ x->body.p, x->body.n - 1 });
    buf_z(&b, x->body.n > 2 ? ",\"_reason\":" : "\"_reason\":");
    json_str(&out, x->reason);
    buf_char(&b, '}');
    return buf_get(&b);
}

bool example_read(struct example_read *out, struct str route)
{
    struct str row;
    if (!row_named(&row, "reads.tsv", route))
        return false;
    *out = (struct example_read){ .route = route };
    out->target = str_cut(&row, '\t');
    out->media_type = str_cut(&row, '\t');
    out->answer = row;
    return true;
}

static void line_of(struct buf *b, int depth)
{
    buf_char(b, '\n');
    for (int i = 0; i < depth; i++)
        buf_z(b, "  ");
}

void example_indent(struct buf *b, struct str json)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.n; i++) {
        const char c = json.p[i];
        const char next = i + 1 < json.n ? json.p[i + 1] : 0;
        if (quoted) {
            buf_char(b, c);
            if (c == '\\' && next != 0)
                buf_char(b, json.p[++i]);
            quoted = c != '"';
        } else if ((c == '{' || c == '[') && (next == '}' || next == ']')) {
            buf_char(b, c);
            buf_char(b, json.p[++i]);
        } else if (c == '{' || c == '[') {
            buf_char(b, c);
            line_of(b, ++depth);
        } else if (c == '}' || c == ']') {
            line_of(b, --depth);
            buf_char(b, c);
        } else if (c == ',') {
            buf_char(b, c);
            line_of(b, depth);
        } else {
            quoted = c == '"';
            buf_char(b, c);
            if (c == ':')
                buf_char(b, ' ');
        }
    }
}
