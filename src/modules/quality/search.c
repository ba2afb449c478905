/* Deviations are found by their number. What they say is sealed and is not. */
#include "modules/quality/pages.h"

static enum outcome read(struct search_entry *x, struct str id, struct err *e)
{
    const struct quality_deviation_in in = { id };
    struct quality_deviation_out row;
    bool found;
    TRY(db_get(x->db, &sql_quality_deviation, &in, &row, x->arena, &found, e));
    if (!found)
        return OK;
    search_identifier(x, row.number);
    search_scope(x, row.organisation, row.site);
    return OK;
}

static enum outcome deviation_show(struct search_found *out, struct http_request *r, struct db *db,
                                   struct page *p, struct str id, bool *may, struct err *e)
{
    const struct quality_deviation_in in = { id };
    struct quality_deviation_out row;
    TRY(db_get(db, &sql_quality_deviation, &in, &row, r->arena, may, e));
    if (!*may)
        return OK;
    const struct actor *actor;
    TRY(flow_actor(&actor, db, show_actor(r), row.order_id, r->arena, e));
    *may = actor_may(actor, S("deviation.see"), row.organisation, row.site);
    if (!*may)
        return OK;
    out->title = row.number;
    out->identifier = show_name(p, "deviation_kind", row.kind);
    out->place = row.site.p ? auth_site_name(db, row.site, r->arena)
                            : auth_organisation_name(db, row.organisation, r->arena);
    out->stage = text_find(p->language, row.open ? S("page.search.deviation_open")
                                                 : S("page.search.deviation_closed"));
    out->link = arena_printf(r->arena, "/deviations/%.*s", STR(id));
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

static const char *const when[] = { "deviation.opened", NULL };

const struct search_rule quality_searches[QUALITY_SEARCHES] = { {
    .name = "deviation",
    .kind = "deviation",
    .permission = "deviation.see",
    .when = when,
    .read = read,
    .show = deviation_show,
} };
