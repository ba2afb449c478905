/* Witnesses on the ledger's and the operations page: how far the log is final, and what they say.
 */
#ifndef VEIN_KERNEL_PAGES_WITNESS_H
#define VEIN_KERNEL_PAGES_WITNESS_H

#include "kernel/show.h"
#include "kernel/witness.h"

struct pages_witness_view {
    const struct contact_list_out *row;
    enum show_tone tone;
    struct str word; /* agrees, silent, contradicts … */
    int64_t since;   /* that it is so; TIME_NONE: not told */
    struct str why;  /* of the last failure; empty: it answered */
};
struct pages_contradiction_view {
    const struct witness_contradictions_out *row;
    struct str resolver;
};
struct pages_witnesses_view {
    const struct pages_witness_view *rows; /* those of the configuration */
    size_t n;
    size_t quorum;
    uint64_t final;                               /* events that enough of them cosigned */
    int64_t behind;                               /* signed, not yet final */
    const struct witness_standings_out *standing; /* contradictions that stand, by the log */
    size_t nstanding;
    const struct pages_contradiction_view *contradictions; /* all there ever were, newest first */
    size_t ncontradictions;
    bool may_resolve;
};

/* In the request's arena; empty where the program has no witness module. `signed_size` is the
 * newest checkpoint's. */
enum outcome pages_witnesses_read(struct pages_witnesses_view *out, struct http_request *r,
                                  struct db *db, struct page *p, uint64_t signed_size,
                                  struct err *e);

#endif
