#include "kernel/tests/example.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXAMPLE_MAX = 6000 }; /* bytes of a body; longer ones teach nothing */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* A program that forks goes on in a file of its own. */
static FILE *file(void)
{
    static FILE *out;
    static pid_t owner;
    if (out && owner == getpid())
        return out;
    char path[400];
    owner = getpid();
    snprintf(path, sizeof path, "%s/%ld.tsv", getenv("VEIN_EXAMPLES"), (long)owner);
    out = fopen(path, "a");
    return out;
}

static void keep_ok(FILE *out, const struct gate_command *c, const struct command_type *type,
                    const void *body, const struct gate_answer *answer)
{
    char text[EXAMPLE_MAX];
    struct err e = { 0 };
    struct buf b = buf_over(text, sizeof text);
    struct json_out json = json_out(&b);
    if (record_to_json(type->body, body, &json, NULL, &e) != OK || !buf_ok(&b) ||
        answer->body.n > EXAMPLE_MAX)
        return;
    const struct str actor = { c->actor->name.p, str_find(c->actor->name, '/') };
    fprintf(out, "ok\t%s\t%.*s\t%.*s\t%.*s\t%.*s\n", type->name, STR(actor), STR(c->reason),
            STR(buf_get(&b)), STR(answer->body.n > 0 ? answer->body : S("{}")));
}

static void keep(const struct gate_command *c, const struct command_type *type, const void *body,
                 const struct gate_answer *answer)
{
    pthread_mutex_lock(&lock);
    FILE *out = file();
    if (out && answer->error.outcome == OK && !c->asks)
        keep_ok(out, c, type, body, answer);
    else if (out && answer->error.outcome == REFUSED)
        fprintf(out, "refused\t%s\t%s\n", type->name, answer->error.code);
    if (out)
        fflush(out);
    pthread_mutex_unlock(&lock);
}

gate_answered_fn *example_keeper(void)
{
    return getenv("VEIN_EXAMPLES") ? keep : NULL;
}
