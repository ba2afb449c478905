/* Streams: each runs 1, 2, 3 … under one key, each event naming the leaf hash of the one before. A
 * slot of 64 bytes a stream; names are told apart by 128 bits of a hash under a random key. */
#ifndef VEIN_VERIFY_CHAIN_H
#define VEIN_VERIFY_CHAIN_H

#include "verify/leaf.h"

struct verify_chain;
struct verify_chain *verify_chain_new(void); /* NULL: no memory */
void verify_chain_free(struct verify_chain *c);

/* Asks for the memory where the event's stream stands, which is far away when there are many
 * streams: it comes while the event is hashed. */
void verify_chain_ahead(struct verify_chain *c, const struct verify_leaf *event);

/* NULL when the event, the one last looked up ahead, follows; else why it does not (static text).
 */
const char *verify_chain_add(struct verify_chain *c, const struct verify_leaf *event,
                             struct hash leaf);

uint64_t verify_chain_streams(const struct verify_chain *c);

/* Whether the stream's last event is this. */
bool verify_chain_ends(const struct verify_chain *c, struct str stream, struct str key,
                       uint64_t version, struct hash leaf);

#endif
