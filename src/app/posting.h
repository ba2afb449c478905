/* Posting: gives the node's outbox and its witnesses their way out, as the configuration says:
 * children that send, and a thread of their own that runs them. */
#ifndef VEIN_APP_POSTING_H
#define VEIN_APP_POSTING_H

#include "app/params.h"
#include "kernel/node.h"

struct posting;

/* Before the writer's thread begins. `params` are copied. Refusals: "params.secrets" {path} (not
 * there, too large, or readable by others), "params.trusted" {path}, "params.allow" {name},
 * "params.witnesses" {path}, and those of witness_setup_read. */
enum outcome posting_open(struct posting **out, struct node *node, const struct params *params,
                          struct err *e);
/* After the writer's thread has ended, before the node is closed. posting_close(NULL) does nothing.
 */
void posting_close(struct posting *p);

/* A file of less than `max` bytes, whole; false where it is not there, is longer, or (own) others
 * may read it. */
bool posting_file(char *out, size_t max, size_t *n, const char *path, bool own);

#endif
