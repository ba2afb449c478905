/* The audit bundle over HTTP: who may take it away says so first, as an event of the order, and
 * then loads it. On the way there is no paper in it: that is made by a worker. */
#include "kernel/node.h"
#include "kernel/trail.h"
#include "modules/desk/audit.h"

static enum http_state said(struct http_request *r, const struct gate_answer *answer)
{
    const struct str path =
        arena_printf(r->arena, "/orders/%.*s/audit/", STR(http_param(r, "order")));
    return show_made(r, answer, "export", path.p);
}

enum http_state desk_post_audit(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = S("trail.bundle"), .done = said });
}

/* With the patient's identity under the same conditions as that of a chain of identity. */
static enum outcome bundle(struct http_request *r, struct db *db, struct page *p, void *tar,
                           struct err *e)
{
    struct desk_coi_view v = { 0 };
    struct desk_coi c;
    bool found;
    const bool identity = str_is(http_query(r, "identity"), "1");
    TRY(desk_coi_load(&v, r, db, p, e));
    const struct trail_bundle_of of = { http_param(r, "export"), v.o.id, show_actor(r)->name,
                                        p->now_us };
    TRY(trail_bundle_find(&found, db, &of, r->arena, e));
    if (!found || !v.may_audit)
        return REFUSE(e, "gate.unknown", { "kind", S("export") });
    if (identity && !(v.may_disclose && v.mine.p))
        return REFUSE(e, "coi.not_disclosed");
    enum outcome o =
        desk_audit_read(&c, app_of(r)->node, db, v.o.id, identity ? look_of(r) : NULL, e);
    if (o == OK && identity && !desk_coi_holds(&c, v.mine))
        o = REFUSE(e, "coi.not_signed_yet");
    if (o == OK)
        o = desk_coi_tar(tar, p, db, app_of(r)->node, &c, e);
    desk_coi_close(&c);
    return o;
}

enum http_state desk_get_audit(struct http_request *r)
{
    return desk_coi_archive(r, bundle, "audit");
}
