/* A definition as YAML again: block style, texts as they would be written by hand. What could be
 * taken for anything but text is quoted. */
#include <string.h>
#include <strings.h>

#include "kernel/define_impl.h"

enum { WRITE_DEPTH_MAX = 16 };

/* Without quotes: letters, digits and a few signs within; nothing that another reader takes for a
 * truth, a number, a null or a comment. */
static bool plain(struct str s)
{
    static const char *const words[] = {
        "true", "false", "null", "yes", "no", "on", "off", "y", "n"
    };
    if (s.n == 0 || s.n > 200 ||
        !((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z')))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (s.n == strlen(words[i]) && strncasecmp(s.p, words[i], s.n) == 0)
            return false;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.p[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool within = c == '_' || c == '-' || c == '.' || c == '/' || c == ' ' || c == ',';
        if (!letter && !(c >= '0' && c <= '9') && !within)
            return false;
    }
    return s.p[s.n - 1] != ' ';
}

/* Several lines that a block keeps as they are. */
static bool block(struct str s)
{
    if (s.n == 0 || s.p[0] == ' ' || s.p[0] == '\n' || s.p[s.n - 1] == '\n' ||
        str_find(s, '\n') == s.n)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.p[i];
        const bool at_end = c == ' ' && (i + 1 == s.n || s.p[i + 1] == '\n');
        if ((c < ' ' && c != '\n') || c == 127 || at_end)
            return false;
    }
    return true;
}

static void indent(struct buf *b, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        buf_z(b, "  ");
}

static void put_text(struct buf *b, struct str s, size_t depth)
{
    if (plain(s)) {
        buf_str(b, s);
    } else if (block(s)) {
        struct str rest = s;
        buf_z(b, "|-");
        while (rest.p) {
            const struct str line = str_cut(&rest, '\n');
            buf_char(b, '\n');
            if (line.n > 0)
                indent(b, depth);
            buf_str(b, line);
        }
    } else {
        json_quote(b, s);
    }
}

static void put_value(struct buf *b, const struct json *v, size_t depth);

/* Members each on its line; the first one where the cursor stands, if it does. */
static void put_members(struct buf *b, const struct json *object, size_t depth, bool here)
{
    for (const struct json *m = object->child; m; m = m->next) {
        if (!here)
            indent(b, depth);
        here = false;
        put_text(b, m->key, depth);
        buf_char(b, ':');
        put_value(b, m, depth);
    }
}

static void put_items(struct buf *b, const struct json *array, size_t depth)
{
    for (const struct json *item = array->child; item; item = item->next) {
        indent(b, depth);
        buf_z(b, "- ");
        if (item->type == JSON_OBJECT && item->child) {
            put_members(b, item, depth + 1, true);
        } else {
            if (item->type == JSON_STRING)
                put_text(b, item->text, depth + 1);
            else
                json_write_value(b, item);
            buf_char(b, '\n');
        }
    }
}

/* Behind a key's colon. */
static void put_value(struct buf *b, const struct json *v, size_t depth)
{
    const bool nested = (v->type == JSON_OBJECT || v->type == JSON_ARRAY) && v->child;
    if (nested && depth < WRITE_DEPTH_MAX) {
        buf_char(b, '\n');
        if (v->type == JSON_OBJECT)
            put_members(b, v, depth + 1, false);
        else
            put_items(b, v, depth);
        return;
    }
    buf_char(b, ' ');
    if (v->type == JSON_STRING)
        put_text(b, v->text, depth + 1);
    else
        json_write_value(b, v);
    buf_char(b, '\n');
}

enum outcome define_write(struct buf *b, const struct definition *d, struct arena *arena,
                          struct err *e)
{
    const struct json *body;
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf effective = buf_over(text, sizeof text);
    TRY(json_read(&body, arena, d->json, &json_limits_default, e));
    clock_write(&effective, d->effective);
    if (d->effective % TIME_SECOND == 0) { /* "…:00.000000Z" as a person writes it */
        buf_cut(&effective, strlen("2026-01-01T00:00:00"));
        buf_char(&effective, 'Z');
    }
    buf_printf(b, "kind: %.*s\nname: ", STR(d->kind));
    put_text(b, d->name, 1);
    buf_printf(b, "\nversion: %lld\ntitle: ", (long long)d->version);
    put_text(b, d->title, 1);
    buf_printf(b, "\neffective: %.*s\n", STR(buf_get(&effective)));
    put_members(b, body, 0, false);
    return buf_check(b, e);
}
