/* Shared by the audit trail as a page (audit.c) and on paper (audit_paper.c). */
#ifndef VEIN_MODULES_DESK_AUDIT_IMPL_H
#define VEIN_MODULES_DESK_AUDIT_IMPL_H

#include "modules/desk/audit.h"

enum { AUDIT_PATH_MAX = 1000, AUDIT_SCRATCH_MAX = 16 << 20 };

/* The trail while it is told. */
struct audit_telling {
    const struct desk_coi *c;
    const struct desk_coi_event **known; /* of accounts, sites and void signatures: in its order */
    size_t nknown;
    struct buf *b;
    const struct desk_coi_event *x; /* the event that is told */
    char path[AUDIT_PATH_MAX + 1];
    size_t npath;
};

/* Begins, in the arena of what was read. */
enum outcome audit_begin(struct audit_telling *t, const struct desk_coi *c, struct err *e);
/* The printed name of the event's actor, and of its place; absent: neither account nor site. */
struct str audit_who(const struct audit_telling *t, const struct desk_coi_event *x);
struct str audit_where(const struct audit_telling *t, const struct desk_coi_event *x);

/* Calls for each value of the told event that is no object and no list, by its path in it; the body
 * of a definition is passed over. */
typedef void audit_put_fn(struct audit_telling *t, struct str path, struct str text,
                          struct str opened);
enum outcome audit_values(struct audit_telling *t, const struct json *value, audit_put_fn *put,
                          struct err *e);

#endif
