/* The ledger's one writer, for the files that make it: opening, following others, appending. */
#ifndef VEIN_KERNEL_LEDGER_WRITER_H
#define VEIN_KERNEL_LEDGER_WRITER_H

#include "gen/kernel/ledger.sql.h"
#include "kernel/ledger_impl.h"

enum { LEDGER_NODE_MAX = 40 };

/* One event of the group, as it must be found again before the commit. */
struct ledger_entry {
    struct hash leaf;
    struct hash place; /* of key, stream and version: the columns beside the leaf */
    struct hlc clock;  /* after this event */
};

struct ledger {
    const struct env *env;
    char node[LEDGER_NODE_MAX + 1];
    const struct note_signer *signer;
    struct merkle_edge edges[2];
    struct merkle_edge *durable;
    struct merkle_edge *next; /* with the group, once prepared */
    struct hlc clock;         /* of the last durable event */
    struct ledger_entry group[LEDGER_GROUP_MAX];
    size_t n;
    bool prepared;
    bool has_checkpoint;
    uint64_t signed_size;
    int64_t due_since_mono_us;
    struct buf leaf;       /* the event being appended; reused */
    struct arena *scratch; /* one row read back; reused */
    struct arena *page;    /* of what others recorded; reused */
};

/* Whether durable events wait for a checkpoint. */
static inline bool ledger_unsigned(const struct ledger *l)
{
    return !l->has_checkpoint || l->signed_size < l->durable->size;
}

/* The head of a row's stream stands on its last event, and on no other. */
bool ledger_head_agrees(const struct ledger_written_out *row, struct hash leaf);
void ledger_checkpoint_text(struct buf *b, const struct ledger *l, const struct merkle_edge *edge);

#endif
