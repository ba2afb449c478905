/* Controlled definitions: what customers decide (workflows, forms, products, roles …) as versioned
 * YAML documents bound to typed structs. What runs is pinned to the version it started under.
 *
 * A document is one YAML mapping: kind, name, version, title, effective, and the body that the
 * kind's record says. It is read once into canonical JSON; that JSON is what the event
 * "define.loaded" keeps, its SHA-256 is the definition's hash, and what is loaded from the ledger
 * is bound to the struct again. Errors name file line and column, what stands there and what was
 * expected.
 *
 * Until signatures land, a definition becomes effective by the authenticated command of a person
 * with the right `define.load`; the states before it (draft, tried, reviewed, approved) are a later
 * step. */
#ifndef VEIN_KERNEL_DEFINE_H
#define VEIN_KERNEL_DEFINE_H

#include "kernel/module.h"

enum {
    DEFINE_YAML_MAX = 512 << 10, /* bytes of a file */
    DEFINE_BODY_MAX = 48 << 10,  /* bytes of the canonical JSON */
    DEFINE_DEPTH_MAX = 12,
};

/* Looks up other definitions while one is checked. */
struct define_context {
    struct db *db;
    int64_t now_us;
    struct arena *arena;
};

/* A kind of definition, registered by the module that runs it. */
struct define_kind {
    const char *name;           /* "workflow" */
    const struct record *shape; /* of the body */
    /* What the shape alone cannot say. On refusal the error's parameter "at" may name the field's
     * path ("stages.2.tasks.0.check"), which is turned into line and column. NULL: nothing more. */
    enum outcome (*check)(const struct define_context *context, const void *body, struct err *e);
};

/* All kinds of this program; set once at start. */
void define_use(const struct define_kind *const *kinds, size_t n);
const struct define_kind *define_kind_find(struct str name);

struct definition {
    struct str kind;
    struct str name; /* CODE */
    int64_t version;
    struct str title;
    int64_t effective;
    struct str hash;  /* 64 hexadecimal digits, over the canonical JSON of the whole document */
    struct str json;  /* canonical JSON of the body */
    const void *body; /* struct of the kind's shape */
};

/* Reads and checks a document. Refusals: "define.syntax", "define.unknown_kind",
 * "define.unknown_field", "define.missing", "define.wrong_type" …, each with {line, column, field,
 * expected}, and those of the kind's check with {line, column} added. One document per file; no
 * anchors, aliases, tags, merge keys or non-string keys; duplicate keys, tabs, bad encoding, depth
 * and size beyond the limits refused. */
enum outcome define_read(struct definition *out, const struct define_context *context,
                         struct str yaml, struct err *e);

/* From the store: the version given, or (0) the one effective at `at_us`; the newest effective
 * version wins. *found false when there is none. */
enum outcome define_find(struct definition *out, struct db *db, struct str kind, struct str name,
                         int64_t version, int64_t at_us, struct arena *arena, bool *found,
                         struct err *e);

/* Commands: define.load {kind, name, version, title, effective, hash, json}. Loading what is there
 * already (same hash) is accepted and makes no event; another text under the same version is
 * REFUSED "define.version_exists"; a version below the last one "define.version_old". */
#define RECORDS "kernel/define_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

struct define_load_state {
    bool found;      /* this version is there already, … */
    struct str hash; /* … with this hash */
    int64_t last_version;
};
#define RECORDS "kernel/define_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module define_module;

/* Reads the file's text and sends define.load for it; *events tells whether anything was new. */
enum outcome define_load_text(struct gate *g, struct db *db, const struct actor *actor,
                              struct str yaml, bool *changed, struct arena *arena, struct err *e);

#endif
