/* What reading and loading of definitions share: head and body as one record. */
#ifndef VEIN_KERNEL_DEFINE_IMPL_H
#define VEIN_KERNEL_DEFINE_IMPL_H

#include "kernel/search.h"
#include "kernel/define.h"

#define RECORDS "kernel/define.def"
#include "base/record_structs.h"
#undef RECORDS

/* Bytes of the canonical JSON of a whole document. */
enum { DEFINE_WHOLE_MAX = DEFINE_BODY_MAX + 4096 };

/* A document of a kind: the fields of the head, then those of the kind's shape, and one struct that
 * holds both, the head at its beginning. */
struct define_whole {
    const struct define_kind *kind;
    struct record record;
    struct define_head *head;
    void *body;
};

/* Room for one, all absent. */
enum outcome define_whole_new(struct define_whole *w, const struct define_kind *kind,
                              struct arena *arena, struct err *e);

/* Fills a definition from a document that was read: canonical JSON and hash. Refusals:
 * "define.too_large" {max}, "define.version_zero" {at}, "define.name_too_long" {at, max} for what
 * no stream's name can hold, and those of the kind's check, which runs last. */
enum outcome define_whole_settle(struct definition *out, const struct define_whole *w,
                                 const struct define_context *context, struct err *e);

/* Binds the canonical JSON of a body. */
enum outcome define_body_read(void *body, const struct define_kind *kind, struct str json,
                              struct arena *arena, struct err *e);

/* Whether a body is kept by the process (define_pinned): it stays where it is. */
bool define_is_kept(const void *body);

/* What of definitions is found. */
enum { DEFINE_SEARCHES = 1 };
extern const struct search_rule define_searches[DEFINE_SEARCHES];

#endif
