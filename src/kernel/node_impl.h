/* Inside a node. */
#ifndef VEIN_KERNEL_NODE_IMPL_H
#define VEIN_KERNEL_NODE_IMPL_H

#include "kernel/node.h"

struct node_impl {
    struct arena *arena; /* the node's life */
    struct db *writer;   /* NULL when read only */
    struct str name;
    struct str path;
    int64_t schema; /* version of the enduring tables as they were found */
    gate_committed_fn *committed;
    void *context;
};

/* Hash of a schema's text, 64 hexadecimal digits and a NUL. */
void node_schema_hash(char hex[HASH_HEX + 1], const struct sql_schema *schema);

#endif
