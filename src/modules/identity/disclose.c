/* The identity of an order's patient is given out: by who may call the patient by name, or who
 * holds the keyring (the command line), with a reason, and never without a trace. */
#include "modules/identity/identity_impl.h"

enum outcome identity_disclose_load(struct load *l, const struct identity_disclose *body,
                                    struct identity_disclose_state *state, struct err *e)
{
    struct flow_view flow;
    TRY(load_flow(l, body->order, (struct str){ 0 }, &flow, e));
    TRY(load_stream(l, stream_of("identity", body->order), NULL, e));
    TRY(load_stream(l, stream_of("patient", flow.subject), NULL, e));
    state->patient = flow.subject;
    return order_patient_by_name(&state->by_name, l->db, l->command->actor, flow.subject, l->arena,
                                 e);
}

enum outcome identity_disclose_decide(struct decision *d, const struct identity_disclose *body,
                                      const struct identity_disclose_state *state, struct err *e)
{
    const struct identity_disclosed payload = { body->order, state->patient, body->to };
    if (!state->by_name && !d->command->actor->system)
        return REFUSE(e, "identity.not_by_name");
    decide_order_event(d, body->order,
                       &(struct happening){
                           .stream = stream_of("identity", body->order),
                           .type = &identity_disclosed_event,
                           .payload = &payload,
                       });
    return OK;
}
