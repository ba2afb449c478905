/* What is done to a signature once it is there: countersigned by another person, withdrawn by its
 * own, rejected by another. Each is a signature itself, on the signature as its event holds it, and
 * stays in sight. What a module makes of a void signature is its own: a policy on the event. */
#include "kernel/sign_act.h"

#include "kernel/flow.h"
#include "kernel/sign_pages.h"

#define EVENTS   "kernel/sign_act_events.def"
#define COMMANDS "kernel/sign_act_commands.def"
#include "kernel/wire.h"

static const struct sign_view module_signs[] = {
    { "sign.countersign", sign_show_signature, NULL },
    { "sign.withdraw", sign_show_signature, NULL },
    { "sign.reject", sign_show_signature, NULL },
};

/* Its rows stand in sign_schema.sql, with those of every signature. */
const struct module sign_act_module = {
    .name = "sign_act",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    MODULE_ARRAY(signs),
};

static enum outcome thing_load(struct load *l, struct str signature, struct sign_thing *state,
                               struct err *e)
{
    const struct sign_signature_in in = { signature };
    struct sign_signature_out *row = ARENA_NEW(l->arena, struct sign_signature_out);
    bool found;
    if (!row)
        return err_no_memory(e);
    load_kind(l, "signature");
    TRY(load_stream(l, stream_of("signature", signature), NULL, e));
    TRY(db_get(l->db, &sql_sign_signature, &in, row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, row->organisation, row->site);
    state->row = row;
    /* Of an order: a role for its product counts, as it does for the order itself. */
    return str_starts(row->key, S("order/")) ? load_flow_subject(l, stream_id(row->key), e) : OK;
}

static enum outcome thing_shown(const struct sign_thing *state, const char *meaning,
                                struct sign_what *out)
{
    out->kind = S("signature");
    out->id = state->row->event;
    out->meaning = str_z(meaning);
    out->content = state->row->text;
    return OK;
}

static void say(struct decision *d, const struct sign_thing *state, const struct event_type *type,
                const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("signature", state->row->event),
                        .type = type,
                        .payload = payload,
                        .key = state->row->key,
                    });
}

/* It stands, and is no withdrawal or rejection: those are final. A countersignature may be
 * withdrawn and rejected as any signature. */
static enum outcome may_end(const struct sign_thing *state, struct err *e)
{
    if (str_is(state->row->kind, "signature") && !str_is(state->row->meaning, "countersigned"))
        return REFUSE(e, "sign.act");
    return state->row->how.p ? REFUSE(e, "sign.void") : OK;
}

/* Another person's. */
static enum outcome of_another(const struct decision *d, const struct sign_thing *state,
                               struct err *e)
{
    if (str_eq(state->row->signer, d->command->actor->account))
        return REFUSE(e, "sign.own");
    return may_end(state, e);
}

/* --- countersigning --- */

enum outcome sign_countersign_load(struct load *l, const struct sign_countersign *body,
                                   struct sign_thing *state, struct err *e)
{
    TRY(thing_load(l, body->signature, state, e));
    const struct sign_upon_in in = { body->signature, l->command->actor->account,
                                     S("countersigned") };
    struct sign_upon_out row;
    return in.signer.p ? db_get(l->db, &sql_sign_upon, &in, &row, l->arena, &state->upon, e) : OK;
}

enum outcome sign_countersign_shown(struct load *l, const struct sign_countersign *body,
                                    const struct sign_thing *state, struct sign_what *out,
                                    struct err *e)
{
    (void)l;
    (void)body;
    (void)e;
    return thing_shown(state, "countersigned", out);
}

enum outcome sign_countersign_decide(struct decision *d, const struct sign_countersign *body,
                                     const struct sign_thing *state, struct err *e)
{
    const struct sign_countersigned payload = { body->signature };
    TRY(of_another(d, state, e));
    if (str_is(state->row->kind, "signature"))
        return REFUSE(e, "sign.act");
    if (state->upon)
        return REFUSE(e, "sign.countersigned_before");
    say(d, state, &sign_countersigned_event, &payload);
    return OK;
}

/* The signature's own row says it. */
enum outcome sign_countersigned_apply(struct db *db, const struct event *event,
                                      const struct sign_countersigned *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK;
}

/* --- withdrawing, rejecting --- */

enum outcome sign_withdraw_load(struct load *l, const struct sign_withdraw *body,
                                struct sign_thing *state, struct err *e)
{
    return thing_load(l, body->signature, state, e);
}

enum outcome sign_withdraw_shown(struct load *l, const struct sign_withdraw *body,
                                 const struct sign_thing *state, struct sign_what *out,
                                 struct err *e)
{
    (void)l;
    (void)body;
    (void)e;
    return thing_shown(state, "withdrawn", out);
}

enum outcome sign_withdraw_decide(struct decision *d, const struct sign_withdraw *body,
                                  const struct sign_thing *state, struct err *e)
{
    const struct sign_withdrawn payload = { body->signature };
    if (!str_eq(state->row->signer, d->command->actor->account))
        return REFUSE(e, "sign.anothers");
    TRY(may_end(state, e));
    say(d, state, &sign_withdrawn_event, &payload);
    return OK;
}

enum outcome sign_reject_load(struct load *l, const struct sign_reject *body,
                              struct sign_thing *state, struct err *e)
{
    return thing_load(l, body->signature, state, e);
}

enum outcome sign_reject_shown(struct load *l, const struct sign_reject *body,
                               const struct sign_thing *state, struct sign_what *out, struct err *e)
{
    (void)l;
    (void)body;
    (void)e;
    return thing_shown(state, "rejected", out);
}

enum outcome sign_reject_decide(struct decision *d, const struct sign_reject *body,
                                const struct sign_thing *state, struct err *e)
{
    const struct sign_rejected payload = { body->signature };
    TRY(of_another(d, state, e));
    say(d, state, &sign_rejected_event, &payload);
    return OK;
}

static enum outcome voided(struct db *db, const struct event *event, struct str signature,
                           const char *how, struct err *e)
{
    const struct sign_void_in in = { signature, str_z(how), event->id, event->recorded,
                                     event->reason };
    return db_run(db, &sql_sign_void, &in, NULL, e);
}

enum outcome sign_withdrawn_apply(struct db *db, const struct event *event,
                                  const struct sign_withdrawn *payload, struct err *e)
{
    return voided(db, event, payload->signature, "withdrawn", e);
}

enum outcome sign_rejected_apply(struct db *db, const struct event *event,
                                 const struct sign_rejected *payload, struct err *e)
{
    return voided(db, event, payload->signature, "rejected", e);
}

/* --- every signature --- */

enum outcome sign_apply(struct db *db, const struct event *event, struct arena *arena,
                        struct err *e)
{
    const struct json *json;
    struct sign_signature s;
    if (json_read(&json, arena, event->signature, &json_limits_default, e) != OK ||
        record_from_json(&sign_signature_record, &s, arena, json, e) != OK)
        return err_fault(e, "sign.damaged", "%.*s: %s", STR(event->id), e->code);
    const struct sign_shown *what = s.what.p;
    const struct sign_add_in in = {
        .event = event->id,
        .organisation = event->organisation,
        .site = event->place,
        .key = event->key,
        .command = what->command,
        .kind = what->kind,
        .id = what->id,
        .place = what->place,
        .version = what->version,
        .meaning = what->meaning,
        .words = what->words,
        .signer = s.signer,
        .name = s.name,
        .strength = s.strength,
        .time = s.time,
        .text = event->signature,
    };
    return db_run(db, &sql_sign_add, &in, NULL, e);
}
