/* Witnesses that a test plays: they cosign what a node's log was at a size. */
#ifndef VEIN_APP_TESTS_BUNDLE_WITNESS_H
#define VEIN_APP_TESTS_BUNDLE_WITNESS_H

#include "kernel/node.h"
#include "verify/note.h"

enum { BUNDLE_WITNESSES = 3 };

/* The first `n` of them do; it stands as the node's newest cosigned checkpoint. */
void bundle_cosign(struct node *node, uint64_t size, size_t n,
                   char vkeys[BUNDLE_WITNESSES][VERIFY_VKEY_MAX]);

#endif
