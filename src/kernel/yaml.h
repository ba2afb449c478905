/* YAML as definitions use it: one document of mappings, lists and scalars, read into a tree that
 * remembers where everything stood.
 *
 * Refused, each with line and column: what is no YAML 1.2, a second document, anchors, aliases,
 * tags, merge keys, directives, keys that are no text or stand twice, tabs and other control
 * characters, bad UTF-8, and whatever goes beyond the limits. So a file says the same to everyone
 * who reads it, and nothing in it grows when read. Lines and columns start at 1; columns count
 * characters; a block scalar is at its first line of text. A byte order mark at the beginning is
 * passed over.
 *
 * The parser (libfyaml) does not type scalars: a scalar is its text, and the record it is bound to
 * says what the text must be. */
#ifndef VEIN_KERNEL_YAML_H
#define VEIN_KERNEL_YAML_H

#include "base/record.h"

enum { YAML_DEPTH_MAX = 16 };

struct yaml_limits {
    size_t bytes;   /* of the text */
    size_t depth;   /* of nesting, YAML_DEPTH_MAX at most */
    size_t values;  /* of all kinds together */
    size_t members; /* of one mapping */
};

struct yaml_mark {
    int64_t line;
    int64_t column;
};

/* A node is a JSON value first: scalars are strings until yaml_bind gives them their type, and
 * json.child and json.next point to nodes again. */
struct yaml_node {
    struct json json;
    struct yaml_mark mark; /* of the value; where nothing stands, of its key or the item before */
    struct yaml_mark key;
    bool plain; /* a scalar without quotes */
    struct yaml_node *last;
};

static inline const struct yaml_node *yaml_child(const struct yaml_node *n)
{
    return (const struct yaml_node *)n->json.child;
}

static inline const struct yaml_node *yaml_next(const struct yaml_node *n)
{
    return (const struct yaml_node *)n->json.next;
}

/* Reads the text; the tree lives in the arena (about 200 bytes a value, and the texts). Refusals,
 * with {line, column} but for the first: "define.too_large" {max}, "define.encoding",
 * "define.control", "define.syntax" {problem}, "define.too_deep" {max}, "define.too_many" {max},
 * "define.unsupported" {found}, "define.duplicate_key" {field}. */
enum outcome yaml_read(struct yaml_node **out, struct arena *arena, struct str text,
                       const struct yaml_limits *limits, struct err *e);

/* Binds a tree to a struct. A scalar is taken as the field's kind says: INT and BOOL only without
 * quotes and as JSON writes them, everything else as its text, quoted or not. A key with nothing
 * behind it is absent. Refusals with {line, column, field} more: "define.unknown_field" {expected},
 * "define.missing", "define.wrong_type" {expected, found}, "define.too_long" {max}. Changes the
 * types in the tree. */
enum outcome yaml_bind(const struct record *r, void *out, struct arena *arena,
                       struct yaml_node *root, struct err *e);

/* The node at a path ("stages.2.tasks.0.check"), or the nearest above it that is there. */
const struct yaml_node *yaml_find(const struct yaml_node *root, struct str path);

/* Adds {line, column} to a refusal that has room for them; returns outcome. */
enum outcome yaml_at(enum outcome outcome, struct yaml_mark mark, struct err *e);

#endif
