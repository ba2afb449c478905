/* What the files of drafts share. */
#ifndef VEIN_KERNEL_DRAFT_IMPL_H
#define VEIN_KERNEL_DRAFT_IMPL_H

#include "kernel/draft.h"

struct stream draft_stream(struct str draft);
enum outcome draft_load(struct load *l, struct str draft, struct draft_state *s, struct err *e);
/* REFUSED "define.other_hash". */
enum outcome draft_same_text(const struct draft_state *s, struct str hash, struct err *e);
void draft_happened(struct decision *d, struct str draft, const struct event_type *type,
                    const void *payload);
/* From when it would be in force: as asked, else as the document says, else at once. */
int64_t draft_date(const struct draft_state *s, int64_t asked, int64_t now_us);

/* A draft's document as a definition, bound in the arena. */
enum outcome draft_bind(struct definition *out, const struct draft_one_out *row,
                        struct arena *arena, struct err *e);

#endif
