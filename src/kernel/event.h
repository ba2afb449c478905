/* Events: what happened. Nothing else is stored. An event belongs to one stream and has one type;
 * its leaf, the canonical JSON of the envelope below, is what is hashed, chained, signed and kept
 * for thirty years (docs/ledger-format.md). */
#ifndef VEIN_KERNEL_EVENT_H
#define VEIN_KERNEL_EVENT_H

#include "base/hlc.h"
#include "base/record.h"
#include "kernel/store.h"

enum {
    EVENT_FORMAT = 1,
    EVENT_LEAF_MAX = 65535, /* bytes; larger content is a file, named by its hash */
    STREAM_MAX = 80,
};

#define RECORDS "kernel/event.def"
#include "base/record_structs.h"
#undef RECORDS

/* The name of a stream: its kind, a slash, and an identifier: "unit/0193…". */
struct stream {
    char text[STREAM_MAX + 1];
};
struct stream stream_of(const char *kind, struct str id);
static inline struct str stream_str(const struct stream *s)
{
    return str_z(s->text);
}
/* The part before and behind the slash. */
struct str stream_kind(struct str stream);
struct str stream_id(struct str stream);

/* Applies an event to the rows of its own stream: a function of the event's bytes alone. It reads
 * no clock, draws no chance, opens no seal and never refuses; FAULT only for the store's. `payload`
 * is the struct of the type, sealed fields still sealed. */
typedef enum outcome event_apply_fn(struct db *db, const struct event *event, const void *payload,
                                    struct err *e);

/* A row of the event catalogue, append only. A changed payload is a new version, hence a new row;
 * the rows of older versions stay and `apply` still takes them. */
struct event_type {
    int number; /* unique for ever: hundreds by module */
    const char *name;
    int version;
    const struct record *payload;
    event_apply_fn *apply;
};

/* Reads a leaf back. Text points into the arena or the leaf. Refusals of record_from_json. */
enum outcome event_read(struct event *out, struct arena *arena, struct str leaf, struct err *e);
/* The canonical leaf; REFUSED "event.too_large" beyond EVENT_LEAF_MAX. */
enum outcome event_write(struct buf *leaf, const struct event *event, struct err *e);

#endif
