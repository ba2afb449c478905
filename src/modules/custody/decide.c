/* Hand-overs: what is loaded for each side, and the rules of who may do what when. */
#include "modules/custody/custody.h"

/* The unit's row and streams. An unknown unit has no scope and so is unknown to everyone. */
static enum outcome custody_load(struct load *l, struct str unit, struct custody_state *state,
                                 struct err *e)
{
    load_kind(l, "unit");
    TRY(load_stream(l, stream_of("custody", unit), NULL, e));
    struct custody_unit_in in = { unit };
    TRY(db_get(l->db, &sql_custody_unit, &in, &state->unit, l->arena, &state->begun, e));
    return state->begun ? OK : load_unknown(l, e);
}

/* For the holder's side. */
static enum outcome custody_load_giver(struct load *l, struct str unit, struct custody_state *state,
                                       struct err *e)
{
    TRY(custody_load(l, unit, state, e));
    load_scope(l, state->unit.organisation, state->unit.site);
    return state->unit.order_id.p ? load_order(l, state->unit.order_id, e) : OK;
}

/* For the side that it is offered to; without an offer only the holder knows the unit. */
static enum outcome custody_load_receiver(struct load *l, struct str unit,
                                          struct custody_state *state, struct err *e)
{
    TRY(custody_load(l, unit, state, e));
    if (state->unit.offered != TIME_NONE)
        load_scope(l, state->unit.to_organisation, state->unit.to_site);
    else
        load_scope(l, state->unit.organisation, state->unit.site);
    return state->unit.order_id.p ? load_order(l, state->unit.order_id, e) : OK;
}

static void custody_happened(struct decision *d, struct str unit, struct str order,
                             const struct event_type *type, const void *payload)
{
    struct stream key = stream_of("order", order);
    decide_event(d, &(struct happening){
                        .stream = stream_of("custody", unit),
                        .type = type,
                        .payload = payload,
                        .key = order.p ? arena_str(d->arena, stream_str(&key)) : order,
                    });
}

/* --- begin --- */

enum outcome custody_begin_load(struct load *l, const struct custody_begin *body,
                                struct custody_state *state, struct err *e)
{
    load_kind(l, "unit");
    TRY(load_stream(l, stream_of("custody", body->unit), NULL, e));
    struct custody_unit_in in = { body->unit };
    TRY(db_get(l->db, &sql_custody_unit, &in, &state->unit, l->arena, &state->begun, e));
    if (state->begun) /* only its holder hears that it has a holder */
        load_scope(l, state->unit.organisation, state->unit.site);
    else
        load_own_scope(l);
    return body->order.p ? load_order(l, body->order, e) : OK;
}

enum outcome custody_begin_decide(struct decision *d, const struct custody_begin *body,
                                  const struct custody_state *state, struct err *e)
{
    if (state->begun)
        return REFUSE(e, "custody.begun_before", { "unit", body->unit });
    const struct actor *a = d->command->actor;
    if (!a->site.p)
        return REFUSE(e, "custody.no_site");
    struct custody_begun payload = { body->unit, body->order, a->organisation, a->site };
    custody_happened(d, body->unit, body->order, &custody_begun_event, &payload);
    return OK;
}

/* --- offer --- */

enum outcome custody_offer_load(struct load *l, const struct custody_offer *body,
                                struct custody_state *state, struct err *e)
{
    return custody_load_giver(l, body->unit, state, e);
}

enum outcome custody_offer_decide(struct decision *d, const struct custody_offer *body,
                                  const struct custody_state *state, struct err *e)
{
    if (state->unit.offered != TIME_NONE)
        return REFUSE(e, "custody.offered_before", { "unit", body->unit });
    if (str_eq(body->to_site, state->unit.site))
        return REFUSE(e, "custody.same_holder", { "unit", body->unit });
    struct custody_offered payload = {
        .unit = body->unit,
        .to_organisation = body->to_organisation,
        .to_site = body->to_site,
        .condition = body->condition,
        .container = body->container,
        .seals = { body->seals.p, body->seals.n },
    };
    custody_happened(d, body->unit, state->unit.order_id, &custody_offered_event, &payload);
    return OK;
}

/* --- accept --- */

enum outcome custody_accept_load(struct load *l, const struct custody_accept *body,
                                 struct custody_state *state, struct err *e)
{
    return custody_load_receiver(l, body->unit, state, e);
}

static enum outcome seals_compare(struct decision *d, const struct custody_accept *body,
                                  struct str offered, struct err *e)
{
    struct buf b = buf_in(d->arena, 8192);
    TRY(custody_seals_write(&b, body->seals.p, body->seals.n, e));
    return str_eq(buf_get(&b), offered) ? OK
                                        : REFUSE(e, "custody.seals_differ", { "unit", body->unit });
}

enum outcome custody_accept_decide(struct decision *d, const struct custody_accept *body,
                                   const struct custody_state *state, struct err *e)
{
    const struct custody_unit_out *unit = &state->unit;
    if (unit->offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "unit", body->unit });
    if (!str_eq(body->container, unit->container))
        return REFUSE(e, "custody.container_differs", { "unit", body->unit });
    TRY(seals_compare(d, body, unit->seals, e));
    if (str_eq(d->command->actor->name, unit->giver))
        return REFUSE(e, "custody.giver_accepts", { "unit", body->unit });
    struct custody_accepted payload = {
        .unit = body->unit,
        .from_organisation = unit->organisation,
        .from_site = unit->site,
        .organisation = unit->to_organisation,
        .site = unit->to_site,
        .giver = unit->giver,
        .condition = body->condition,
        .container = body->container,
        .seals = { body->seals.p, body->seals.n },
    };
    custody_happened(d, body->unit, unit->order_id, &custody_accepted_event, &payload);
    return OK;
}

/* --- decline and withdraw: the unit stays with the giver --- */

enum outcome custody_decline_load(struct load *l, const struct custody_decline *body,
                                  struct custody_state *state, struct err *e)
{
    return custody_load_receiver(l, body->unit, state, e);
}

enum outcome custody_decline_decide(struct decision *d, const struct custody_decline *body,
                                    const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "unit", body->unit });
    struct custody_declined payload = { body->unit };
    custody_happened(d, body->unit, state->unit.order_id, &custody_declined_event, &payload);
    return OK;
}

enum outcome custody_withdraw_load(struct load *l, const struct custody_withdraw *body,
                                   struct custody_state *state, struct err *e)
{
    return custody_load_giver(l, body->unit, state, e);
}

enum outcome custody_withdraw_decide(struct decision *d, const struct custody_withdraw *body,
                                     const struct custody_state *state, struct err *e)
{
    if (state->unit.offered == TIME_NONE)
        return REFUSE(e, "custody.not_offered", { "unit", body->unit });
    struct custody_withdrawn payload = { body->unit };
    custody_happened(d, body->unit, state->unit.order_id, &custody_withdrawn_event, &payload);
    return OK;
}
