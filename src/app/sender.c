/* One command at a time, answered before the next. */
#include "app/sender.h"

#include "kernel/auth.h"
#include "kernel/sign.h"

#include <stdarg.h>
#include <stdio.h>

enum { BODY_MAX = 64 << 10 };

static enum outcome send(struct sender *s, const struct gate_command *c, struct gate_answer *answer,
                         struct err *e)
{
    if (s->via)
        return s->via(s->via_context, c, answer, e);
    return s->serving ? gate_send(s->node->gate, c, answer, e)
                      : gate_run(s->node->gate, c, answer, e);
}

/* What is signed is signed by simulated people: sign.h. */
static enum outcome sign(struct sender *s, struct gate_command *c, struct sign_given *given,
                         struct err *e)
{
    struct gate_answer asked = { 0 };
    const struct command_type *type = registry_command(s->node->registry, c->name);
    if (!type || !(type->flags & COMMAND_SIGNED))
        return OK;
    struct gate_command ask = *c;
    ask.asks = true;
    TRY(send(s, &ask, &asked, e));
    struct sign_simulation how = { .command = c, .asked = &asked, .now_us = env_now(s->node->env) };
    struct db *db;
    TRY(store_reader_take(&db, s->node->store, e));
    how.name = auth_account_name(db, c->actor->account, s->arena);
    store_reader_give(s->node->store, db);
    TRY(sign_simulated(given, &how, s->node->keys, e));
    c->signature = given;
    return OK;
}

enum outcome sender_send_body(struct sender *s, const struct actor *actor, const char *command,
                              const char *reason, struct str body, struct str *answer,
                              struct err *e)
{
    struct id id = id_derive(s->seed, S("command"), s->count++);
    struct gate_command c = {
        .id = id_str(&id),
        .name = str_z(command),
        .body = body,
        .actor = actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .reason = str_z(reason),
        .arena = s->arena,
    };
    struct gate_answer got = { 0 };
    struct sign_given given;
    enum outcome o = sign(s, &c, &given, e);
    if (o == OK)
        o = send(s, &c, &got, e);
    s->refused += o == REFUSED;
    if (answer)
        *answer = o == OK ? got.body : (struct str){ 0 };
    return o;
}

enum outcome sender_send(struct sender *s, const struct actor *actor, const char *command,
                         const char *reason, struct str *answer, struct err *e, const char *format,
                         ...)
{
    arena_reset(s->arena);
    char *body = arena_alloc(s->arena, BODY_MAX);
    if (!body)
        return err_no_memory(e);
    va_list list;
    va_start(list, format);
    int n = vsnprintf(body, BODY_MAX, format, list);
    va_end(list);
    BUG_ON(n < 0 || n >= BODY_MAX);
    for (char *c = body; *c; c++)
        if (*c == '\'')
            *c = '"';
    return sender_send_body(s, actor, command, reason, str_z(body), answer, e);
}

enum outcome sender_send_record(struct sender *s, const struct actor *actor, const char *command,
                                const struct record *record, const void *body, struct str *answer,
                                struct err *e)
{
    arena_reset(s->arena);
    struct buf b = buf_in(s->arena, GATE_BODY_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(record, body, &out, NULL, e));
    TRY(buf_check(&b, e));
    return sender_send_body(s, actor, command, s->reason, buf_get(&b), answer, e);
}
