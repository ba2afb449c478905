/* Inside a node. */
#ifndef VEIN_KERNEL_NODE_IMPL_H
#define VEIN_KERNEL_NODE_IMPL_H

#include "kernel/node.h"

struct node_impl {
    struct arena *arena; /* the node's life */
    struct db *writer;   /* NULL when read only */
    struct str name;
    struct str runner;        /* of leases: this process */
    const char *path;         /* what names the database; may hold a password */
    struct str files;         /* beside which keys and files lie */
    struct str previous_vkey; /* in a restore: of the epoch before */
    gate_committed_fn *committed;
    db_heard_fn *heard;
    void *context;
    /* Where several write (node_turn.c); else it leads, and nothing of the rest is used. */
    _Atomic bool leads;
    _Atomic int64_t turned; /* monotonic, of the system: when its last turn ended; 0: it had none */
    bool down;              /* the writer's connection was lost … */
    bool broken;            /* … or a fault was met that no new connection mends */
    int tries;              /* since it is down */
    int64_t look_at;        /* monotonic: for another connection, or for what others did */
};

/* Whether tables and keyring are as this program makes them, so that nothing has to be changed. */
enum outcome node_stands(bool *stands, struct node *n, struct err *e);
/* Tells the parts that something is done by who leads, whether that is this process. */
enum outcome node_lead_say(struct node *n, bool leads, struct err *e);

/* Sets signer and vkey of an epoch of the log. */
enum outcome node_signer_set(struct node *n, struct str origin, int64_t epoch, struct err *e);

/* Before the ledger opens: takes the rows back and begins the epoch, in one transaction. */
enum outcome node_restore_begin(struct node *n, const struct node_restore *r, struct err *e);
/* Once the gate is open: says so. */
enum outcome node_restore_end(struct node *n, const struct node_restore *r, struct err *e);
/* Makes the enduring tables of a new database, or brings those of an old one to this program's
 * version; inside a transaction. REFUSED "node.newer_schema" {schema, known}. */
enum outcome node_tables_make(struct node_upgrade *out, struct db *db, bool create,
                              struct arena *arena, struct err *e);
/* Version of the enduring tables that this program writes. */
int64_t node_schema_version(void);
/* What a program that only reads needs: REFUSED "node.newer_schema" or "node.older_schema" {schema,
 * known} for any other version; for one that reads the log alone, older ones will do. */
enum outcome node_schema_check(int64_t schema, bool log_alone, struct err *e);
/* Whether the projections were built by the schemas that these modules have. */
enum outcome node_projections_current(bool *current, struct db *db,
                                      const struct module *const *modules, size_t nmodules,
                                      struct arena *arena, struct err *e);

/* Makes the tables of all projections, empty; with drop, instead of those that are there. */
enum outcome node_projections_make(struct node *n, struct db *db, bool drop, struct err *e);
/* Applies the events of from_db from place *next on to the projections of to_db; *next moves behind
 * the last. */
enum outcome node_replay(const struct registry *registry, struct db *from_db, struct db *to_db,
                         int64_t *next, struct err *e);
/* Notes that they were built by the schemas that this program has. */
enum outcome node_projections_note(struct node *n, struct db *db, struct err *e);
/* Puts the set that node_prepare built in the place of the living one and brings it up to date, in
 * one transaction. *taken false: there is none, or none that this program and this log can use. */
enum outcome node_prepared_take(bool *taken, struct node *n, struct err *e);

/* Hash of a schema's text, 64 hexadecimal digits and a NUL. */
void node_schema_hash(char hex[HASH_HEX + 1], const struct sql_schema *schema);

#endif
