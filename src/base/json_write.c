/* Canonical writer of JSON: no blanks, keys in the order given, the shortest escapes. Misuse (a key
 * outside an object, more closed than opened) is a bug of the caller; what the buffer has no room
 * for, the buffer tells. */
#include "base/json.h"
#include "base/json_impl.h"

void json_quote(struct buf *b, struct str s)
{
    buf_char(b, '"');
    const char *end = s.n > 0 ? s.p + s.n : s.p;
    for (const char *p = s.p; p < end;) {
        const char *run = p;
        p = json_plain_end(p, end);
        buf_put(b, run, (size_t)(p - run));
        if (p == end)
            break;
        char c = *p++;
        static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
        const char *found = c ? strchr(shorts, c) : NULL;
        if (found) {
            buf_char(b, '\\');
            buf_char(b, found[1]);
        } else {
            buf_z(b, "\\u00");
            buf_hex(b, &c, 1);
        }
    }
    buf_char(b, '"');
}

/* A scalar whole, of a container only what opens it. */
static void write_head(struct buf *b, const struct json *v)
{
    switch (v->type) {
    case JSON_NULL:
        buf_z(b, "null");
        break;
    case JSON_FALSE:
        buf_z(b, "false");
        break;
    case JSON_TRUE:
        buf_z(b, "true");
        break;
    case JSON_NUMBER:
        buf_str(b, v->text);
        break;
    case JSON_STRING:
        json_quote(b, v->text);
        break;
    case JSON_ARRAY:
        buf_char(b, '[');
        break;
    case JSON_OBJECT:
        buf_char(b, '{');
        break;
    }
}

static void write_tail(struct buf *b, const struct json *v)
{
    if (v->type == JSON_ARRAY)
        buf_char(b, ']');
    else if (v->type == JSON_OBJECT)
        buf_char(b, '}');
}

void json_write_value(struct buf *b, const struct json *value)
{
    const struct json *open[JSON_DEPTH_MAX];
    size_t depth = 0;
    const struct json *v = value;
    for (;;) {
        if (depth > 0 && open[depth - 1]->type == JSON_OBJECT) {
            json_quote(b, v->key);
            buf_char(b, ':');
        }
        write_head(b, v);
        if (v->child) {
            BUG_ON(depth == JSON_DEPTH_MAX);
            open[depth++] = v;
            v = v->child;
            continue;
        }
        write_tail(b, v);
        while (depth > 0 && !v->next) {
            v = open[--depth];
            write_tail(b, v);
        }
        if (depth == 0)
            return;
        buf_char(b, ',');
        v = v->next;
    }
}

struct json_out json_out(struct buf *b)
{
    return (struct json_out){ .b = b };
}

/* What stands before a value or a key. */
static void separate(struct json_out *o)
{
    if (o->need_comma)
        buf_char(o->b, ',');
    o->need_comma = true;
}

static void begin(struct json_out *o, char opener, char closer)
{
    BUG_ON(o->depth == JSON_OUT_DEPTH_MAX);
    separate(o);
    buf_char(o->b, opener);
    o->closers[o->depth++] = closer;
    o->need_comma = false;
}

void json_begin_object(struct json_out *o)
{
    begin(o, '{', '}');
}

void json_begin_array(struct json_out *o)
{
    begin(o, '[', ']');
}

void json_end(struct json_out *o)
{
    BUG_ON(o->depth == 0);
    buf_char(o->b, o->closers[--o->depth]);
    o->need_comma = true;
}

void json_key_str(struct json_out *o, struct str key)
{
    BUG_ON(o->depth == 0 || o->closers[o->depth - 1] != '}');
    separate(o);
    json_quote(o->b, key);
    buf_char(o->b, ':');
    o->need_comma = false;
}

void json_key(struct json_out *o, const char *key)
{
    json_key_str(o, str_z(key));
}

void json_str(struct json_out *o, struct str s)
{
    if (!s.p) {
        json_null(o);
        return;
    }
    separate(o);
    json_quote(o->b, s);
}

void json_int(struct json_out *o, int64_t v)
{
    separate(o);
    buf_int(o->b, v);
}

void json_bool(struct json_out *o, bool v)
{
    separate(o);
    buf_z(o->b, v ? "true" : "false");
}

void json_null(struct json_out *o)
{
    separate(o);
    buf_z(o->b, "null");
}

void json_raw(struct json_out *o, struct str canonical)
{
    separate(o);
    buf_str(o->b, canonical);
}
