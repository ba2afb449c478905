/* Orders: prescribed under a pinned product, placed once with identifier and workflow, scheduled.
 */
#include "base/id.h"
#include "kernel/auth.h"
#include "kernel/flow_share.h"
#include "modules/order/order.h"

enum { COI_TRIES_MAX = 100 };

/* What prepare of order.prescribe found. */
struct prescription {
    struct definition product;
    struct order_dose dose;
};

/* The order's row and stream, its treating site as scope. */
static enum outcome order_load(struct load *l, struct str order, struct order_state *state,
                               struct err *e)
{
    load_kind(l, "order");
    TRY(load_stream(l, stream_of("order", order), NULL, e));
    struct order_order_in in = { order };
    TRY(db_get(l->db, &sql_order_order, &in, &state->row, l->arena, &state->found, e));
    if (!state->found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    load_subject(l, state->row.patient);
    TRY(load_product(l, state->row.product, e));
    state->placed = state->row.placed != TIME_NONE;
    return OK;
}

static struct str id_given(struct str given, struct str command, struct arena *arena)
{
    struct id derived = id_derive(command, S("order"), 0);
    return given.p ? given : arena_str(arena, id_str(&derived));
}

static void order_happened(struct decision *d, struct str order, const struct event_type *type,
                           const void *payload, struct str patient)
{
    struct event_link link = { S("patient"), patient };
    decide_event(d, &(struct happening){
                        .stream = stream_of("order", order),
                        .type = type,
                        .payload = payload,
                        .links = &link,
                        .nlinks = 1,
                    });
}

/* --- prescribe --- */

enum outcome order_prescribe_prepare(struct prepare *p, const struct order_prescribe *body,
                                     struct err *e)
{
    struct prescription *out = ARENA_NEW(p->arena, struct prescription);
    bool found;
    if (!out)
        return err_no_memory(e);
    TRY(define_find(&out->product, p->db, S("product"), body->product, 0, p->now_us, p->arena,
                    &found, e));
    if (!found)
        return REFUSE(e, "order.unknown_product", { "product", body->product });
    const struct product *product = out->product.body;
    if (!str_among(body->indication, product->indications.p, product->indications.n))
        return REFUSE(e, "order.not_indicated", { "product", out->product.title },
                      { "indication", body->indication });
    if (!str_among(body->jurisdiction, product->jurisdictions.p, product->jurisdictions.n))
        return REFUSE(e, "order.not_permitted", { "product", out->product.title },
                      { "jurisdiction", body->jurisdiction });
    TRY(order_dose_plan(&out->dose, product, body->weight, p->arena, e));
    p->prepared = out;
    return OK;
}

/* Who may prescribe for a patient of theirs may still not know of the order whose id they give. */
static bool knows_order(const struct actor *actor, const struct order_order_out *row)
{
    return actor->system || actor_may(actor, S("order.prescribe"), row->organisation, row->site);
}

enum outcome order_prescribe_load(struct load *l, const struct order_prescribe *body,
                                  struct order_state *state, struct err *e)
{
    const struct prescription *found = l->prepared;
    load_kind(l, "patient");
    TRY(load_stream(l, stream_of("patient", body->patient), NULL, e));
    struct order_patient_in patient = { body->patient };
    TRY(db_get(l->db, &sql_order_patient, &patient, &state->patient, l->arena,
               &state->patient_found, e));
    if (!state->patient_found)
        return load_unknown(l, e);
    load_scope(l, state->patient.organisation, state->patient.site);
    load_subject(l, body->patient);
    TRY(load_product(l, body->product, e));

    struct str order = id_given(body->order, l->command->id, l->arena);
    struct order_order_in in = { order };
    TRY(load_stream(l, stream_of("order", order), NULL, e));
    TRY(db_get(l->db, &sql_order_order, &in, &state->row, l->arena, &state->found, e));
    if (state->found && !knows_order(l->command->actor, &state->row))
        return load_unknown(l, e);
    struct definition now;
    bool effective;
    TRY(define_find(&now, l->db, S("product"), body->product, 0, l->now_us, l->arena, &effective,
                    e));
    state->product_version = effective ? now.version : 0;
    if (state->product_version != found->product.version)
        return REFUSE(e, "order.product_changed", { "product", found->product.title });
    return load_order(l, order, e);
}

enum outcome order_prescribe_decide(struct decision *d, const struct order_prescribe *body,
                                    const struct order_state *state, struct err *e)
{
    const struct prescription *p = d->prepared;
    if (state->patient.erased != TIME_NONE)
        return REFUSE(e, "order.patient_erased");
    if (state->found)
        return REFUSE(e, "order.prescribed_before");
    struct order_prescribed payload = {
        .order = id_given(body->order, d->command->id, d->arena),
        .patient = body->patient,
        .organisation = state->patient.organisation,
        .site = state->patient.site,
        .product = body->product,
        .product_version = p->product.version,
        .indication = body->indication,
        .jurisdiction = body->jurisdiction,
        .regime = body->regime,
        .weight = body->weight,
        .dose = p->dose.target,
        .dose_rule = p->dose.working,
    };
    order_happened(d, payload.order, &order_prescribed_event, &payload, body->patient);
    struct order_ordered answer = { .order = payload.order };
    decide_answer(d, &order_ordered_record, &answer);
    return OK;
}

/* --- place --- */

/* The pinned product. An unknown order is load's to refuse, as for everyone. */
enum outcome order_place_prepare(struct prepare *p, const struct order_place *body, struct err *e)
{
    struct order_order_in in = { body->order };
    struct order_order_out row;
    bool found;
    TRY(db_get(p->db, &sql_order_order, &in, &row, p->arena, &found, e));
    if (!found)
        return OK;
    struct definition *product = ARENA_NEW(p->arena, struct definition);
    if (!product)
        return err_no_memory(e);
    p->prepared = product;
    return order_product(p->db, &row, product, p->arena, e);
}

/* The first identifier of this command that no order has. */
static enum outcome coi_free(struct load *l, struct str pattern, struct str *coi, struct err *e)
{
    for (uint64_t n = 0; n < COI_TRIES_MAX; n++) {
        *coi = order_coi_make(pattern, l->command->id, n, l->arena);
        struct order_by_coi_in in = { *coi };
        struct order_by_coi_out row;
        bool taken;
        TRY(db_get(l->db, &sql_order_by_coi, &in, &row, l->arena, &taken, e));
        if (!taken)
            return OK;
    }
    return err_fault(e, "order.no_coi", "%d taken", COI_TRIES_MAX);
}

enum outcome order_place_load(struct load *l, const struct order_place *body,
                              struct order_state *state, struct err *e)
{
    TRY(order_load(l, body->order, state, e));
    TRY(load_order(l, body->order, e));
    if (state->placed)
        return OK;
    const struct definition *pinned = l->prepared;
    if (!pinned) /* prescribed after prepare had looked */
        return load_unknown(l, e);
    const struct product *product = pinned->body;
    const struct str workflow = order_workflow_name(product, &state->row);
    TRY(load_flow_new(l, body->order, workflow, &state->plan, e));
    state->plan.subject = state->row.patient;
    for (size_t i = 0; i < body->parties.n; i++) {
        bool elsewhere;
        TRY(auth_site_elsewhere(&elsewhere, l->db, body->parties.p[i].organisation,
                                body->parties.p[i].site, l->arena, e));
        if (elsewhere)
            state->elsewhere = body->parties.p[i].part;
    }
    return coi_free(l, product->coi_pattern, &state->coi, e);
}

/* Who prescribed is the physician of the order, until another is named. */
static void name_prescriber(struct decision *d, struct str order, const struct order_state *state)
{
    struct str who = state->row.prescriber;
    const struct workflow *w = state->plan.workflow.body;
    if (str_starts(who, S("account/")) && str_among(S("treatment"), w->parts.p, w->parts.n))
        flow_name(d, order, S("physician"), S("treatment"), str_from(who, sizeof "account/" - 1));
}

enum outcome order_place_decide(struct decision *d, const struct order_place *body,
                                const struct order_state *state, struct err *e)
{
    if (state->placed)
        return REFUSE(e, "order.placed_before", { "coi", state->row.coi });
    if (state->row.erased != TIME_NONE)
        return REFUSE(e, "order.patient_erased");
    const struct workflow *w = state->plan.workflow.body;
    for (size_t i = 0; i < body->parties.n; i++)
        if (!str_among(body->parties.p[i].part, w->parts.p, w->parts.n) &&
            !str_eq(body->parties.p[i].part, FLOW_SPONSOR))
            return REFUSE(e, "order.unknown_part", { "part", body->parties.p[i].part });
    if (state->elsewhere.p)
        return REFUSE(e, "order.party_elsewhere", { "part", state->elsewhere });
    struct order_placed payload = {
        .order = body->order,
        .coi = state->coi,
        .workflow = state->plan.workflow.name,
        .workflow_version = state->plan.workflow.version,
    };
    order_happened(d, body->order, &order_placed_event, &payload, state->row.patient);
    TRY(flow_start(d, body->order, &state->plan, body->parties.p, body->parties.n, e));
    name_prescriber(d, body->order, state);
    struct order_ordered answer = { body->order, state->coi };
    decide_answer(d, &order_ordered_record, &answer);
    return OK;
}

/* --- schedule --- */

enum outcome order_schedule_load(struct load *l, const struct order_schedule *body,
                                 struct order_state *state, struct err *e)
{
    TRY(order_load(l, body->order, state, e));
    if (!state->placed)
        return load_order(l, body->order, e);
    return load_flow(l, body->order, (struct str){ 0 }, &state->flow, e);
}

enum outcome order_schedule_decide(struct decision *d, const struct order_schedule *body,
                                   const struct order_state *state, struct err *e)
{
    if (state->flow.found && state->flow.state == FLOW_ENDED)
        return REFUSE(e, "flow.ended");
    for (size_t i = 0; i < body->dates.n; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(body->dates.p[i].what, body->dates.p[j].what))
                return REFUSE(e, "order.date_twice", { "what", body->dates.p[i].what });
    struct order_scheduled payload = { body->order, { body->dates.p, body->dates.n } };
    order_happened(d, body->order, &order_scheduled_event, &payload, state->row.patient);
    return OK;
}
