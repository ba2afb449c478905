/* Commands that auth itself sends: with memory of their own, so that who does not wait for the
 * answer may go on at once. */
#include "base/id.h"
#include "kernel/auth_impl.h"

#include <stdlib.h>

enum { SEND_ARENA_MAX = 256 << 10 };

/* Of a sender that waits; stands on its stack. */
struct auth_wait {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool done;
    struct err error;
};

struct auth_sent {
    struct arena *arena; /* which this stands in */
    struct actor actor;
    struct id id;
    struct gate_command command;
    struct auth_wait *wait; /* NULL: nobody waits */
};

struct actor auth_system(struct str organisation)
{
    return (struct actor){ .name = S("system/auth"), .organisation = organisation, .system = true };
}

static void auth_answered(void *context, const struct gate_answer *answer)
{
    struct auth_sent *sent = context;
    struct auth_wait *wait = sent->wait;
    arena_free(sent->arena);
    if (!wait)
        return;
    pthread_mutex_lock(&wait->lock);
    wait->error = answer->error;
    wait->done = true;
    pthread_cond_signal(&wait->answered);
    pthread_mutex_unlock(&wait->lock);
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

static enum outcome auth_submit(struct auth *a, const struct actor *actor,
                                const struct command_type *type, const void *body,
                                struct str reason, struct auth_wait *wait, struct err *e)
{
    struct arena *arena = arena_new(SEND_ARENA_MAX);
    struct auth_sent *sent = arena ? ARENA_NEW(arena, struct auth_sent) : NULL;
    if (!sent) {
        arena_free(arena);
        return err_no_memory(e);
    }
    sent->arena = arena;
    sent->wait = wait;
    enum outcome o = auth_prepare(a, sent, actor, type, body, reason, e);
    if (o == OK)
        o = gate_submit(a->node->gate, &sent->command, auth_answered, sent, e);
    if (o != OK)
        arena_free(arena);
    return o;
}

enum outcome auth_send(struct auth *a, const struct actor *actor, const struct command_type *type,
                       const void *body, bool wait, struct err *e)
{
    return auth_send_because(a, actor, type, body, (struct str){ 0 }, wait, e);
}

enum outcome auth_send_because(struct auth *a, const struct actor *actor,
                               const struct command_type *type, const void *body, struct str reason,
                               bool wait, struct err *e)
{
    if (!wait)
        return auth_submit(a, actor, type, body, reason, NULL, e);
    struct auth_wait waiting = { .done = false };
    pthread_mutex_init(&waiting.lock, NULL);
    pthread_cond_init(&waiting.answered, NULL);
    enum outcome o = auth_submit(a, actor, type, body, reason, &waiting, e);
    if (o == OK) {
        pthread_mutex_lock(&waiting.lock);
        while (!waiting.done)
            pthread_cond_wait(&waiting.answered, &waiting.lock);
        pthread_mutex_unlock(&waiting.lock);
        o = waiting.error.outcome;
        if (o != OK)
            *e = waiting.error;
    }
    pthread_cond_destroy(&waiting.answered);
    pthread_mutex_destroy(&waiting.lock);
    return o;
}
