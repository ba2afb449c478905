/* Commands that auth itself sends: with memory of their own, so that who does not wait for the
 * answer may go on at once. */
#include "base/id.h"
#include "kernel/auth_impl.h"

#include <stdlib.h>

enum { SEND_ARENA_MAX = 256 << 10 };

struct auth_sent {
    struct arena *arena; /* which this stands in */
    struct actor actor;
    struct id id;
    struct gate_command command;
};

struct actor auth_system(struct str organisation)
{
    return (struct actor){ .name = S("system/auth"), .organisation = organisation, .system = true };
}

/* Of what nobody waits for. */
static void auth_answered(void *context, const struct gate_answer *answer)
{
    struct auth_sent *sent = context;
    (void)answer;
    arena_free(sent->arena);
}

static struct actor actor_copy(struct arena *arena, const struct actor *actor)
{
    return (struct actor){
        .name = arena_str(arena, actor->name),
        .account = arena_str(arena, actor->account),
        .organisation = arena_str(arena, actor->organisation),
        .site = arena_str(arena, actor->site),
        .session = arena_str(arena, actor->session),
        .device = arena_str(arena, actor->device),
        .zone = arena_str(arena, actor->zone),
        .grants = actor->grants, /* of a person, who waits */
        .ngrants = actor->ngrants,
        .at_us = actor->at_us,
        .emergency = arena_str(arena, actor->emergency),
        .key = arena_str(arena, actor->key),
        .system = actor->system,
    };
}

static enum outcome auth_prepare(struct auth *a, struct auth_sent *sent, const struct actor *actor,
                                 const struct command_type *type, const void *body,
                                 struct str reason, struct err *e)
{
    struct buf b = buf_in(sent->arena, 16 << 10);
    struct json_out out = json_out(&b);
    TRY(record_to_json(type->body, body, &out, NULL, e));
    TRY(buf_check(&b, e));
    sent->actor = actor_copy(sent->arena, actor);
    sent->id = id_new(a->node->env);
    sent->command = (struct gate_command){
        .id = id_str(&sent->id),
        .name = str_z(type->name),
        .body = buf_get(&b),
        .actor = &sent->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = arena_str(sent->arena, reason),
        .arena = sent->arena,
    };
    return arena_exhausted(sent->arena) ? err_no_memory(e) : OK;
}

enum outcome auth_send_because(struct auth *a, const struct actor *actor,
                               const struct command_type *type, const void *body, struct str reason,
                               bool wait, struct err *e)
{
    struct arena *arena = arena_new(SEND_ARENA_MAX);
    struct auth_sent *sent = arena ? ARENA_NEW(arena, struct auth_sent) : NULL;
    if (!sent) {
        arena_free(arena);
        return err_no_memory(e);
    }
    sent->arena = arena;
    enum outcome o = auth_prepare(a, sent, actor, type, body, reason, e);
    if (o == OK && wait)
        o = gate_send(a->node->gate, &sent->command, NULL, e);
    else if (o == OK)
        o = gate_submit(a->node->gate, &sent->command, auth_answered, sent, e);
    if (o != OK || wait)
        arena_free(arena);
    return o;
}

enum outcome auth_send(struct auth *a, const struct actor *actor, const struct command_type *type,
                       const void *body, bool wait, struct err *e)
{
    return auth_send_because(a, actor, type, body, (struct str){ 0 }, wait, e);
}
