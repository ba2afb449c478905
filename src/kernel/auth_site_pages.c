/* The sites of an organisation, and of each how it is reached and where it lies: for who keeps
 * that; and a new one. */
#include "base/id.h"
#include "base/zone.h"
#include "gen/kernel/pages/site_of.html.h"
#include "gen/kernel/pages/sites.html.h"
#include "kernel/auth_impl.h"
#include "kernel/auth_pages.h"

static bool may(const struct http_request *r, const struct auth_site_out *row)
{
    return actor_may(show_actor(r), S("site.describe"), row->organisation, row->site);
}

/* --- the list --- */

/* What a new one is asked to be; a program may say others. */
static const struct str kinds[] = { S("treatment"), S("apheresis"),  S("ward"),  S("plant"),
                                    S("suite"),     S("laboratory"), S("depot"), S("office") };

static enum outcome sites(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct actor *actor = show_actor(r);
    const struct auth_described_in in = { actor->organisation };
    const struct str everywhere = { 0 };
    struct record_list list;
    TRY(db_list(db, &sql_auth_described, &in, &list, AUTH_SITES_MAX, r->arena, e));
    struct auth_described_out *rows = ARENA_ARRAY(r->arena, list.n + 1, struct auth_described_out);
    if (!rows)
        return err_no_memory(e);
    size_t n = 0;
    for (size_t i = 0; i < list.n; i++) {
        const struct auth_described_out *row = (const struct auth_described_out *)list.p + i;
        if (actor_may(show_actor(r), S("site.describe"), row->organisation, row->site))
            rows[n++] = *row;
    }
    if (http_wants_json(r))
        return show_rows(r, sql_auth_described.out, rows, n, (struct str){ 0 }, e);
    const bool again = show_refused(r) != NULL;
    const struct auth_described_view v = {
        .organisation = in.organisation,
        .organisation_name = auth_organisation_name(db, in.organisation, r->arena),
        .rows = rows,
        .n = n,
        .may_make = actor_may(actor, S("site.make"), in.organisation, everywhere),
        .refused = show_refusal(p, r),
        .name = show_entered(r, "name"),
        .kind = show_entered(r, "kind"),
        .zone = again ? show_entered(r, "zone") : actor->zone, /* most lie in one country */
        .kinds = kinds,
        .nkinds = sizeof kinds / sizeof kinds[0],
    };
    page_sites(p, &v);
    return OK;
}

enum http_state auth_get_sites(struct http_request *r)
{
    return show(r, "page.sites.title", sites);
}

static enum http_state sites_again(struct http_request *r, const struct err *e)
{
    return show_again(r, "page.sites.title", sites, e);
}

static enum http_state site_made(struct http_request *r, const struct gate_answer *answer)
{
    return show_made(r, answer, "id", "/sites/");
}

/* A zone stays with its site: by one that nobody knows its times would be UTC for ever. */
enum http_state auth_post_sites(struct http_request *r)
{
    const struct str zone = http_form(r, "zone");
    const struct app_command c = {
        .name = S("site.make"),
        .done = site_made,
        .refused = sites_again,
    };
    struct err e = { 0 };
    if (zone.p && !zone_find(zone, r->arena) &&
        REFUSE(&e, "auth.zone_malformed", { "zone", zone }) == REFUSED) {
        r->answer.status = http_status(&e);
        return sites_again(r, &e);
    }
    return app_command(r, &c);
}

/* --- one --- */

/* As it stands, or as it was entered and refused. */
static struct str degrees(struct page *p, struct decimal d)
{
    struct buf b = buf_in(p->b->arena, DECIMAL_TEXT_MAX + 1);
    decimal_write(&b, d);
    return buf_get(&b);
}

static enum outcome site(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct auth_site_in in = { http_param(r, "site") };
    struct auth_site_of_view v = { .refused = show_refusal(p, r) };
    bool found = false;
    if (id_valid(in.site))
        TRY(db_get(db, &sql_auth_site, &in, &v.row, r->arena, &found, e));
    if (!found || !may(r, &v.row))
        return REFUSE(e, "gate.unknown", { "kind", S("site") });
    if (http_wants_json(r))
        return show_row(r, sql_auth_site.out, &v.row, e);
    const bool again = show_refused(r) != NULL;
    v.organisation = auth_organisation_name(db, v.row.organisation, r->arena);
    v.phone = again ? show_entered(r, "phone") : v.row.phone;
    v.phone_later = again ? show_entered(r, "phone_later") : v.row.phone_later;
    v.address = again ? show_entered(r, "address") : v.row.address;
    v.latitude = again ? show_entered(r, "latitude") : degrees(p, v.row.latitude);
    v.longitude = again ? show_entered(r, "longitude") : degrees(p, v.row.longitude);
    v.reason = show_entered(r, "_reason");
    page_site_of(p, &v);
    return OK;
}

enum http_state auth_get_site_of(struct http_request *r)
{
    return show(r, "page.site_of.title", site);
}

static enum http_state site_again(struct http_request *r, const struct err *e)
{
    return show_again(r, "page.site_of.title", site, e);
}

enum http_state auth_post_site_of(struct http_request *r)
{
    const struct app_command c = {
        .name = S("site.describe"),
        .next = arena_printf(r->arena, "/sites/%.*s", STR(http_param(r, "site"))),
        .refused = site_again,
    };
    return app_command(r, &c);
}
