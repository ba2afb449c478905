/* Commands of the program's own, said until they are answered. */
#include "kernel/say.h"

enum outcome say(struct saying *s, struct str what, const char *command,
                 const struct record *record, const void *body, struct err *e)
{
    struct buf b = buf_in(s->arena, GATE_BODY_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(record, body, &out, NULL, e));
    TRY(buf_check(&b, e));
    s->id = gate_own_id(s->gate, what);
    s->command = (struct gate_command){
        .id = id_str(&s->id),
        .name = str_z(command),
        .body = buf_get(&b),
        .actor = s->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = s->arena,
    };
    s->not_before = env_mono(s->env);
    s->state = SAY_WAITS;
    return OK;
}

static void say_answered(void *context, const struct gate_answer *answer)
{
    struct saying *s = context;
    const bool again =
        answer->error.outcome == FAULT || str_is(str_z(answer->error.code), "gate.busy");
    s->error = answer->error;
    s->not_before = env_mono(s->env) + SAY_RETRY_US;
    s->state = again ? SAY_WAITS : SAY_ANSWERED;
}

enum say_state say_step(struct saying *s)
{
    if (s->state != SAY_WAITS || env_mono(s->env) < s->not_before)
        return s->state;
    s->error = (struct err){ 0 };
    s->state = SAY_SENT;
    if (gate_submit(s->gate, &s->command, say_answered, s, &s->error) != OK)
        say_answered(s, &(struct gate_answer){ .error = s->error });
    return s->state;
}
