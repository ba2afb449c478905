/* The envelope as canonical JSON: a record like any other, bounded by what one entry of the log
 * can hold. */
#include "kernel/event.h"

#define RECORDS "kernel/event.def"
#include "base/record_tables.h"
#undef RECORDS

struct stream stream_of(const char *kind, struct str id)
{
    struct stream s = { 0 };
    struct buf b = buf_over(s.text, STREAM_MAX);
    buf_z(&b, kind);
    buf_char(&b, '/');
    buf_str(&b, id);
    BUG_ON(!buf_ok(&b));
    return s;
}

struct str stream_kind(struct str stream)
{
    return (struct str){ stream.p, str_find(stream, '/') };
}

struct str stream_id(struct str stream)
{
    return str_from(stream, str_find(stream, '/') + 1);
}

enum outcome event_read(struct event *out, struct arena *arena, struct str leaf, struct err *e)
{
    const struct json *object;
    struct json_limits limits = json_limits_default;
    limits.bytes = EVENT_LEAF_MAX;
    TRY(json_read(&object, arena, leaf, &limits, e));
    return record_from_sealed_json(&event_record, out, arena, object, e);
}

enum outcome event_write(struct buf *leaf, const struct event *event, struct err *e)
{
    size_t start = leaf->n;
    struct json_out out = json_out(leaf);
    TRY(record_to_json(&event_record, event, &out, NULL, e));
    struct err cut = { 0 };
    if (buf_check(leaf, &cut) == FAULT) {
        *e = cut;
        return FAULT;
    }
    if (!buf_ok(leaf) || leaf->n - start > EVENT_LEAF_MAX)
        return REFUSE(e, "event.too_large", { "max", S("65535") });
    return OK;
}
