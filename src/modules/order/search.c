/* What of patients is found. By the pseudonym: who may see orders where the patient is treated. By
 * name and hospital numbers, which stand in the index as keyed digests: who may call the patient by
 * name, there or at a site that takes part in an order of theirs that has not ended. */
#include "modules/order/pages.h"

enum { PARTIES_MAX = 200, LIVE_MAX = 40 };

static enum outcome find(struct order_patient_out *out, struct db *db, struct str id, bool *found,
                         struct arena *arena, struct err *e)
{
    const struct order_patient_in in = { id };
    return db_get(db, &sql_order_patient, &in, out, arena, found, e);
}

static enum outcome patient_read(struct search_entry *x, struct str id, struct err *e)
{
    struct order_patient_out row;
    bool found;
    TRY(find(&row, x->db, id, &found, x->arena, e));
    if (!found)
        return OK;
    search_identifier(x, row.pseudonym);
    search_scope(x, row.organisation, row.site);
    return OK;
}

static enum outcome name_read(struct search_entry *x, struct str id, struct err *e)
{
    struct order_patient_out row;
    struct order_patient_secret secret;
    struct err opened = { 0 };
    bool found;
    TRY(find(&row, x->db, id, &found, x->arena, e));
    if (!found)
        return OK;
    const enum outcome o = order_patient_open(&secret, x->keys, x->db, id, x->arena, &opened);
    if (o == REFUSED && strcmp(opened.code, "seal.erased") == 0)
        return OK;
    if (o != OK) {
        *e = opened;
        return o;
    }
    search_words(x, secret.family);
    search_words(x, secret.given);
    for (size_t i = 0; i < secret.nidentifiers; i++)
        search_identifier(x, secret.identifiers[i]);
    const struct order_parties_of_patient_in in = { id };
    struct record_list list;
    TRY(db_list(x->db, &sql_order_parties_of_patient, &in, &list, PARTIES_MAX, x->arena, e));
    const struct order_parties_of_patient_out *party = list.p;
    search_scope(x, row.organisation, row.site);
    for (size_t i = 0; i < list.n; i++)
        search_scope(x, party[i].organisation, party[i].site);
    return OK;
}

/* The patient of the event, or of its order: who takes part changes who may use the name. */
static enum outcome name_concerns(struct search_ids *out, struct db *db, const struct event *event,
                                  struct arena *arena, struct err *e)
{
    const struct str id = stream_id(event->stream);
    const struct order_order_in in = { id };
    struct order_order_out row;
    bool found;
    if (str_is(stream_kind(event->stream), "patient")) {
        out->ids[out->n++] = id;
        return OK;
    }
    TRY(db_get(db, &sql_order_order, &in, &row, arena, &found, e));
    if (found)
        out->ids[out->n++] = row.patient;
    return OK;
}

/* --- shown --- */

static enum outcome fill(struct search_found *out, struct http_request *r, struct db *db,
                         const struct order_patient_out *row,
                         const struct order_patient_view *shown, struct err *e)
{
    out->title = shown->shown;
    out->identifier = shown->by_name ? row->pseudonym : (struct str){ 0 };
    out->place = auth_site_name(db, row->site, r->arena);
    out->link = arena_printf(r->arena, "/patients/%.*s", STR(row->patient));
    return arena_exhausted(r->arena) ? err_no_memory(e) : OK;
}

static enum outcome patient_show(struct search_found *out, struct http_request *r, struct db *db,
                                 struct page *p, struct str id, bool *may, struct err *e)
{
    struct order_patient_out row;
    struct order_patient_view shown;
    const struct actor *actor = show_actor(r);
    (void)p;
    TRY(find(&row, db, id, may, r->arena, e));
    *may = *may && actor_may(actor, S("order.see"), row.organisation, row.site);
    if (!*may)
        return OK;
    TRY(order_patient_show(&shown, look_of(r), db, actor, id, r->arena, e));
    return fill(out, r, db, &row, &shown, e);
}

/* Whoever takes part elsewhere has no page of the patient, but one of the order. */
static enum outcome live_order(struct str *link, struct http_request *r, struct db *db,
                               struct str patient, struct err *e)
{
    const struct order_live_of_patient_in in = { patient };
    struct record_list list;
    TRY(db_list(db, &sql_order_live_of_patient, &in, &list, LIVE_MAX, r->arena, e));
    const struct order_live_of_patient_out *live = list.p;
    *link = (struct str){ 0 };
    for (size_t i = 0; i < list.n && !link->p; i++) {
        const struct flow_right right = { live[i].order_id, "order.see" };
        bool may = false;
        TRY(flow_party_may(&may, db, show_actor(r), &right, r->arena, e));
        if (may)
            *link = arena_printf(r->arena, "/orders/%.*s", STR(live[i].order_id));
    }
    return OK;
}

static enum outcome name_show(struct search_found *out, struct http_request *r, struct db *db,
                              struct page *p, struct str id, bool *may, struct err *e)
{
    struct order_patient_out row;
    struct order_patient_view shown;
    const struct actor *actor = show_actor(r);
    (void)p;
    TRY(find(&row, db, id, may, r->arena, e));
    if (*may)
        TRY(order_patient_show(&shown, look_of(r), db, actor, id, r->arena, e));
    *may = *may && shown.by_name;
    if (!*may)
        return OK;
    TRY(fill(out, r, db, &row, &shown, e));
    if (!actor_may(actor, S("order.see"), row.organisation, row.site))
        TRY(live_order(&out->link, r, db, id, e));
    *may = out->link.p != NULL;
    return OK;
}

static const char *const patient_when[] = { "patient.enrolled", NULL };
static const char *const name_when[] = { "patient.enrolled", "patient.corrected", "flow.started",
                                         "flow.ended", NULL };

const struct search_rule order_searches[ORDER_SEARCHES] = {
    {
        .name = "patient",
        .kind = "patient",
        .permission = "order.see",
        .when = patient_when,
        .read = patient_read,
        .show = patient_show,
    },
    {
        .name = "patient.name",
        .kind = "patient",
        .permission = "patient.name",
        .page = "order.see",
        .sealed = true,
        .when = name_when,
        .concerns = name_concerns,
        .read = name_read,
        .show = name_show,
    },
};
