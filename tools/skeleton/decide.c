/* Entries of the @name@ log: anyone with the right notes at the site where they work. */
#include "modules/@name@/@name@.h"

enum outcome @name@_note_load(struct load *l, const struct @name@_note *body,
                              struct @name@_state *state, struct err *e)
{
    (void)body;
    const struct actor *a = l->command->actor;
    load_own_scope(l);
    state->at_site = a->site.p != NULL;
    return state->at_site ? load_stream(l, stream_of("@name@", a->site), NULL, e) : OK;
}

enum outcome @name@_note_decide(struct decision *d, const struct @name@_note *body,
                                const struct @name@_state *state, struct err *e)
{
    const struct actor *a = d->command->actor;
    if (!state->at_site)
        return REFUSE(e, "@name@.no_site");
    const struct @name@_noted payload = {
        .site = a->site,
        .organisation = a->organisation,
        .text = body->text,
    };
    decide_event(d, &(struct happening){
                        .stream = stream_of("@name@", a->site),
                        .type = &@name@_noted_event,
                        .payload = &payload,
                    });
    return OK;
}
