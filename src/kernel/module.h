/* A module: a folder, registered by one row in src/app/modules.def. Its module.c is wiring only and
 * gathers what the folder's tables say. The kernel's own parts that have events (auth, define,
 * flow, timer …) are modules in the same sense. */
#ifndef VEIN_KERNEL_MODULE_H
#define VEIN_KERNEL_MODULE_H

#include "kernel/gate.h"
#include "kernel/http.h"

/* An effect across modules: when this event has happened, send that command. Late is allowed, twice
 * is not: the command's id is derived from event and policy. */
struct policy_send {
    struct str name; /* of the command */
    const struct record *body_record;
    const void *body;
};
struct policy {
    const char *name; /* "order.on_unit_received" */
    const struct event_type *when;
    /* *send false: nothing to do. Reads through db; writes nothing. */
    enum outcome (*make)(struct db *db, const struct event *event, const void *payload,
                         struct policy_send *out, bool *send, struct arena *arena, struct err *e);
};

/* Whose changes a stream's are: read by GET /api/changes. A stream whose kind has no row is seen by
 * nobody there. */
struct watch {
    const char *kind;       /* of the distribution key: "order" */
    const char *permission; /* of the read that shows the thing: "order.see" */
    /* Whether the actor may see the thing with this id by that permission, exactly as the read
     * decides it; an unknown id is seen by nobody. */
    enum outcome (*sees)(bool *out, struct db *db, const struct actor *actor, struct str id,
                         struct arena *arena, struct err *e);
    /* MAY: whether, of a thing that they see, they see this event as well. */
    enum outcome (*sees_event)(bool *out, struct db *db, const struct actor *actor, struct str id,
                               const struct event *event, struct arena *arena, struct err *e);
};

/* Whose personal data are erased, as this module's events say. The kernel sees to it that the key
 * is destroyed (erase.h). */
struct erase_rule {
    const char *event; /* "patient.erased" */
    /* (subject TEXT, most INT) -> (subject ID): the erased from this subject on, in order. */
    const struct sql *erased;
};

/* How people call the things of a kind: what stands on their labels and papers, never anybody's
 * name. Asked only for who may know of the thing. */
struct thing_name {
    const char *kind; /* of the stream: "order" */
    /* Absent where there is none. */
    enum outcome (*name)(struct str *out, struct db *db, struct str id, struct arena *arena,
                         struct err *e);
};

/* What stands at the head of every page about a thing of a kind, the kernel's too (its audit
 * trail). Empty for who may not see the thing's own pages. */
struct html;
struct http_request;
struct page;
struct thing_head {
    const char *kind;
    enum outcome (*head)(struct html *out, struct http_request *r, struct db *db, struct page *p,
                         struct str id, struct err *e);
};

struct define_kind;
struct flow_point;
struct file_rule;
struct job_kind;
struct search_rule;
struct trail_mark;
struct trail_before;
struct trail_opener;
struct sign_view;

struct module {
    const char *name;
    const struct event_type *const *events;
    size_t nevents;
    const struct command_type *const *commands;
    size_t ncommands;
    const struct policy *policies;
    size_t npolicies;
    const struct route *routes;
    size_t nroutes;
    const struct sql_schema *schema;        /* its projections: derived, disposable; NULL: none */
    const struct define_kind *const *kinds; /* of definitions that it runs (define.h) */
    size_t nkinds;
    const struct flow_point *points; /* identity points that workflows must have (flow.h) */
    size_t npoints;
    void (*use)(
        void); /* MAY: tells a module below what only this one knows; once, by modules_use */
    const struct file_rule *files; /* how its things have files (file.h) */
    size_t nfiles;
    const struct job_kind *const *jobs; /* kinds of long work that it does (job.h) */
    size_t njobs;
    const struct watch *watches;
    size_t nwatches;
    const struct search_rule *searches; /* what of its things is found by what (search.h) */
    size_t nsearches;
    /* What of its events a reviewer looks at, which event says what stood before, and who may have
     * opened what is sealed (trail.h). */
    const struct trail_mark *marks;
    size_t nmarks;
    const struct trail_before *befores;
    size_t nbefores;
    const struct trail_opener *openers;
    size_t nopeners;
    const struct erase_rule *erases;
    size_t nerases;
    const struct thing_name *names;
    size_t nnames;
    const struct thing_head *heads;
    size_t nheads;
    const struct sign_view *signs; /* how what signed commands sign is shown (sign.h) */
    size_t nsigns;
};

#define MODULE_ARRAY(a) .a = module_##a, .n##a = sizeof module_##a / sizeof module_##a[0]

/* Makes the kinds and points of these modules the program's own. Once, before any definition is
 * read; does nothing where the modules name none. */
void modules_use(const struct module *const *modules, size_t n);

/* The tables of all modules together, looked up by name. */
struct registry;
/* REFUSED "module.duplicate" {what} for an event, command or number that stands twice. */
enum outcome registry_new(struct registry **out, const struct module *const *modules, size_t n,
                          struct err *e);
void registry_free(struct registry *r);
const struct event_type *registry_event(const struct registry *r, struct str name, int64_t version);
const struct command_type *registry_command(const struct registry *r, struct str name);
const struct module *const *registry_modules(const struct registry *r, size_t *n);

/* The payload of an event as the struct of its type, in the arena, sealed fields still sealed. */
enum outcome registry_payload(const struct event_type *type, const struct event *event,
                              const void **out, struct arena *arena, struct err *e);

/* Decodes the payload of an event by its type and applies it. FAULT "module.unknown_event" for a
 * type that this program does not know. */
enum outcome registry_apply(const struct registry *r, struct db *db, const struct event *event,
                            struct arena *arena, struct err *e);

/* Lets a module's headers and wiring be written from its tables:
 *
 *   events.h       #define RECORDS "modules/custody/events.def"
 *                  #include "base/record_structs.h"
 *                  #include "kernel/declare.h"
 *                  #undef RECORDS
 *   module.c       #define EVENTS   "modules/custody/events.def"
 *                  #define COMMANDS "modules/custody/commands.def"
 *                  #include "kernel/wire.h"     makes module_events[] and module_commands[]
 *
 * Rows: EVENT(number, record, "module.past_tense", version): apply is record_apply.
 *       COMMAND(record, "module.verb", state struct, flags): record_load, record_decide; a fifth
 *       argument names the record of what decide_answer gives.                                  */

#endif
