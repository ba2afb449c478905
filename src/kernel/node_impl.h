/* Inside a node. */
#ifndef VEIN_KERNEL_NODE_IMPL_H
#define VEIN_KERNEL_NODE_IMPL_H

#include "kernel/node.h"

struct node_impl {
    struct arena *arena; /* the node's life */
    struct db *writer;   /* NULL when read only */
    struct str name;
    struct str path;
    struct str previous_vkey; /* in a restore: of the epoch before */
    gate_committed_fn *committed;
    void *context;
};

/* Sets signer and vkey of an epoch of the log. */
enum outcome node_signer_set(struct node *n, struct str origin, int64_t epoch, struct err *e);

/* Before the ledger opens: takes the rows back and begins the epoch, in one transaction. */
enum outcome node_restore_begin(struct node *n, const struct node_restore *r, struct err *e);
/* Once the gate is open: says so. */
enum outcome node_restore_end(struct node *n, const struct node_restore *r, struct err *e);

/* Hash of a schema's text, 64 hexadecimal digits and a NUL. */
void node_schema_hash(char hex[HASH_HEX + 1], const struct sql_schema *schema);

#endif
