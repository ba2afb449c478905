/* Controlled definitions: what customers decide (workflows, forms, products, roles …) as versioned
 * YAML documents bound to typed structs. What runs is pinned to the version it started under.
 *
 * A document is one YAML mapping: kind, name, version, title, effective, and the body that the
 * kind's record says. It is read once into canonical JSON; that JSON is what the event
 * "define.loaded" keeps, its SHA-256 is the definition's hash, and what is loaded from the ledger
 * is bound to the struct again. Errors name file line and column, what stands there and what was
 * expected.
 *
 * People bring a definition into force by its life (draft.h): draft, tried, reviewed, approved by
 * the roles that its kind requires, effective on a date, superseded by the next, retired. The
 * program itself loads the first version of what it ships, and nothing that people have brought. */
#ifndef VEIN_KERNEL_DEFINE_H
#define VEIN_KERNEL_DEFINE_H

#include "gen/kernel/define.sql.h"
#include "kernel/module.h"

enum {
    DEFINE_YAML_MAX = 512 << 10, /* bytes of a file */
    DEFINE_BODY_MAX = 48 << 10,  /* bytes of the canonical JSON */
    DEFINE_DEPTH_MAX = 12,
    DEFINE_VALUES_MAX = 50000, /* of a file, keys counted */
    DEFINE_MEMBERS_MAX = 1000, /* of one mapping */
    DEFINE_REPORT_MAX = 12000, /* bytes of a trial's report */
    DEFINE_INPUT_MAX = 12000,  /* bytes of what it was tried on */
    DEFINE_STREAM_MAX = 69,    /* bytes of "<kind>.<name>": what a stream's name has room for */
};

/* Looks up other definitions while one is checked. */
struct definition;
struct define_beside { /* definitions of which no store knows: of files that are tried */
    const struct definition *p;
    size_t n;
};
struct define_context {
    struct db *db; /* MAY be NULL: nothing but what stands beside is known */
    int64_t now_us;
    struct arena *arena;
    const struct define_beside *beside; /* MAY be NULL; found before what the store has */
};

/* The definition that says which roles approve which kind (draft.h). */
#define DEFINE_APPROVALS_KIND "approval"
#define DEFINE_APPROVALS      "definitions"

/* A kind of definition, registered by the module that runs it. */
struct define_trial;
struct define_kind {
    const char *name;           /* "workflow" */
    const struct record *shape; /* of the body */
    /* What the shape alone cannot say. On refusal the error's parameter "at" may name the field's
     * path ("stages.2.tasks.0.check"), which is turned into line and column. NULL: nothing more. */
    enum outcome (*check)(const struct define_context *context, const void *body, struct err *e);
    /* Its sandbox: tries the definition on what is given, in the context's arena, and writes
     * nothing. MAY: without it a draft of the kind is reviewed untried. Refusals of the input get
     * {line, column} where they have a place. */
    enum outcome (*trial)(struct define_trial *out, const struct define_context *context,
                          const struct definition *tried, struct str input, struct err *e);
};
struct define_trial {
    bool passed;
    struct str report; /* lines for people, of at most DEFINE_REPORT_MAX bytes */
};

/* All kinds of this program; set once at start. A shape has 59 fields at most and none of the
 * head's names (kind, name, version, title, effective), for they stand side by side. */
void define_use(const struct define_kind *const *kinds, size_t n);
const struct define_kind *define_kind_find(struct str name);
/* All there are, in the order in which modules name them. */
const struct define_kind *const *define_kinds(size_t *n);

struct definition {
    struct str kind;
    struct str name; /* CODE */
    int64_t version;
    struct str title;
    int64_t effective;
    bool ended;              /* retired, or recalled, by the time for which it was looked for */
    struct str organisation; /* whose it is; absent: not read from a store */
    bool house;       /* … and that organisation holds definitions that the program loaded */
    struct str hash;  /* 64 hexadecimal digits, over the canonical JSON of the whole document */
    struct str json;  /* canonical JSON of the body */
    const void *body; /* struct of the kind's shape */
};

/* Reads and checks a document; out lives in the context's arena, of which the longest file takes
 * 16 MiB, an ordinary one some tens of KiB. Head and body stand side by side at the top of the
 * mapping. Refusals are those of yaml_read and yaml_bind (kernel/yaml.h),
 * "define.unknown_kind" {kind, expected}, "define.too_large" {max}, "define.version_zero",
 * "define.name_too_long" {max}, and those of the kind's check; each gets {line, column} if it has
 * none and two parameters are free. One document per file; no anchors, aliases, tags, merge keys or
 * non-string keys; duplicate keys, tabs, bad encoding, depth and size beyond the limits refused. */
enum outcome define_read(struct definition *out, const struct define_context *context,
                         struct str yaml, struct err *e);

/* The refusal's text with line and column, also for a check's code whose text names neither. */
struct str define_error(struct arena *arena, struct str language, const struct err *e);

/* From the store: the version given, or (0) the one effective at `at_us`; the highest effective
 * version wins. *found false when there is none. A version that is given is found also when it has
 * ended: what stands on it is read by it, nothing new is pinned to it. FAULT "define.damaged" when
 * what is stored no longer has its kind's shape. */
enum outcome define_find(struct definition *out, struct db *db, struct str kind, struct str name,
                         int64_t version, int64_t at_us, struct arena *arena, bool *found,
                         struct err *e);

/* The version that a row names with its hash; `ended` is not told. It is bound once in the process
 * and kept, so that the next one costs no read: the first DEFINE_KEPT_MAX, or what takes
 * DEFINE_KEPT_BYTES_MAX; beyond, each is read and bound in the arena. *found false when the
 * store has none of that hash. FAULT as define_find. */
enum { DEFINE_KEPT_MAX = 1000, DEFINE_KEPT_BYTES_MAX = 64 << 20 };
struct define_pin {
    struct str kind;
    struct str name;
    int64_t version;
    struct str hash;
};
enum outcome define_pinned(struct definition *out, struct db *db, const struct define_pin *pin,
                           struct arena *arena, bool *found, struct err *e);

/* The same by a context: what stands beside first, then the store. */
enum outcome define_look(struct definition *out, const struct define_context *context,
                         struct str kind, struct str name, int64_t version, bool *found,
                         struct err *e);

/* The definitions of a kind that are effective at `at_us`, by name, at most DEFINE_EFFECTIVE_MAX.
 */
enum { DEFINE_EFFECTIVE_MAX = 200 };
enum outcome define_effective(const struct definition **out, size_t *n, struct db *db,
                              struct str kind, int64_t at_us, struct arena *arena, struct err *e);

/* Commands.
 *
 * define.load {kind, name, version, title, effective, hash, json} is the program's own, at set-up:
 * REFUSED "define.by_people" to a person, whatever a role says, and of a definition that people
 * have brought a version of. Loading what is there already (same hash) is accepted and makes no
 * event; another text under the same version is REFUSED "define.version_exists" {kind, name, last};
 * a version below the last one "define.version_old" {kind, name, last}; a name whose last version
 * is another organisation's "define.foreign" {kind, name}. It is read and checked again before the
 * queue: "define.no_kind" {kind}, "define.not_canonical", "define.wrong_hash" {hash}, and what
 * binding and check refuse.
 *
 * define.retire {kind, name, version, effective}: the version in force, and all before it, are in
 * force no more from that time on. REFUSED "define.not_in_force" {version} of another,
 * "define.ends_already", "define.waits" {version} while a later one waits for its date,
 * "define.in_the_past", "define.foreign", and "define.needed" of the table of approvals, without
 * which nothing could be approved any more. What runs stays pinned to it. */
#define RECORDS "kernel/define_events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

struct define_load_state {
    bool found;      /* this version is there already, … */
    struct str hash; /* … with this hash */
    int64_t last_version;
    bool foreign;   /* its versions are another organisation's */
    bool by_people; /* one of its versions came by them */
};
struct define_retire_state {
    struct define_stands_out stands;
    bool stood; /* whether a version is in force */
    bool foreign;
};
#define RECORDS "kernel/define_commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module define_module;

/* Reads the file's text and sends define.load for it, as the program itself, on behalf of the
 * organisation; *changed tells whether anything was new. Runs the gate, hence only for who is its
 * writer (command line, simulation, tests). */
enum outcome define_load_text(struct gate *g, const struct define_context *context,
                              struct str organisation, struct str yaml, bool *changed,
                              struct err *e);

/* The stream of a definition: "definition/<kind>.<name>". */
struct stream define_stream(struct str kind, struct str name);

/* What is last of a name: its version (0: none), and whether it is another organisation's than the
 * actor's. Declares the definition's stream. */
struct load;
enum outcome define_load_last(struct load *l, struct str kind, struct str name, int64_t *version,
                              bool *foreign, struct err *e);
/* Whether a version may follow: REFUSED "define.foreign", "define.version_exists",
 * "define.version_old". */
enum outcome define_follows(struct str kind, struct str name, int64_t version, int64_t last,
                            bool foreign, struct err *e);

/* The document as YAML, as a person goes on from it: define_read gives the same hash of it. */
enum outcome define_write(struct buf *b, const struct definition *d, struct arena *arena,
                          struct err *e);

#endif
