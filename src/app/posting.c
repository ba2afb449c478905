/* What the configuration says of messages, and the children that send them. */
#include "app/posting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/log.h"
#include "kernel/post.h"
#include "kernel/post_guard.h"

enum {
    SECRETS_MAX = 64 << 10,
    TRUSTED_MAX = 128 << 10,
    WITNESSES_FILE_MAX = 16 << 10,
    WAIT_US = 200000,
};

struct posting {
    struct params params;
    struct outbox_setup setup;
    struct workers *workers;
    struct post *post;
    struct post *shown; /* what goes to witnesses */
    struct witness_setup witnesses;
    pthread_t thread;
    bool running;
    int stop; /* atomic */
    char secrets[SECRETS_MAX];
    size_t nsecrets;
    char trusted[TRUSTED_MAX];
    size_t ntrusted;
};

/* The value behind a name; the file is small and asked seldom. */
static struct str secret(void *context, struct str name)
{
    const struct posting *p = context;
    struct str text = { p->secrets, p->nsecrets };
    while (text.p) {
        struct str rest = str_trim(str_cut(&text, '\n'));
        struct str key = str_trim(str_cut(&rest, '='));
        if (rest.p && str_eq(key, name))
            return str_trim(rest);
    }
    return (struct str){ 0 };
}

bool posting_file(char *out, size_t max, size_t *n, const char *path, bool own)
{
    struct stat st;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool good = fstat(fileno(file), &st) == 0 && (!own || (st.st_mode & 077) == 0);
    *n = good ? fread(out, 1, max, file) : 0;
    good = good && !ferror(file) && *n < max;
    fclose(file);
    return good;
}

static enum outcome posting_read(struct posting *p, struct err *e)
{
    const struct params *params = &p->params;
    if (params->secrets[0] &&
        !posting_file(p->secrets, SECRETS_MAX, &p->nsecrets, params->secrets, true))
        return REFUSE(e, "params.secrets", { "path", str_z(params->secrets) });
    if (params->trusted_ca[0] &&
        !posting_file(p->trusted, TRUSTED_MAX, &p->ntrusted, params->trusted_ca, false))
        return REFUSE(e, "params.trusted", { "path", str_z(params->trusted_ca) });
    if (!post_guard_valid(str_z(params->webhook_allow)))
        return REFUSE(e, "params.allow", { "name", S("webhook_allow") });
    p->setup = (struct outbox_setup){
        .smtp_url = str_z(params->smtp_url),
        .smtp_user = str_z(params->smtp_user),
        .smtp_from = str_z(params->smtp_from),
        .public_url = str_z(params->public_url),
        .allowed = str_z(params->webhook_allow),
        .smtp_plain = strcmp(params->smtp_plain, "yes") == 0,
        .secret = secret,
        .secrets = p,
    };
    return OK;
}

/* Who witnesses, how many make final, how often. */
static enum outcome witnesses_read(struct posting *p, struct err *e)
{
    const struct params *params = &p->params;
    struct witness_setup *w = &p->witnesses;
    char text[WITNESSES_FILE_MAX];
    size_t n;
    int64_t every, silent, quorum;
    if (!params->witnesses[0])
        return OK;
    if (!posting_file(text, sizeof text, &n, params->witnesses, false))
        return REFUSE(e, "params.witnesses", { "path", str_z(params->witnesses) });
    TRY(witness_setup_read(w, (struct str){ text, n }, e));
    if (w->n == 0)
        return REFUSE(e, "params.witnesses", { "path", str_z(params->witnesses) });
    quorum = (int64_t)w->n / 2 + 1;
    if (params->witness_quorum[0])
        TRY(params_number("witness_quorum", params->witness_quorum, (int64_t)w->n, &quorum, e));
    TRY(params_number("witness_every", params->witness_every, 3600, &every, e));
    TRY(params_number("witness_silent", params->witness_silent, 604800, &silent, e));
    w->quorum = (size_t)quorum;
    w->every_us = every * TIME_SECOND;
    w->silent_us = silent * TIME_SECOND;
    if (2 * w->quorum <= w->n)
        LOG(&env_system, LOG_WARNING, "witness.two_histories", LOG_F_INT("quorum", quorum),
            LOG_F_INT("witnesses", (int64_t)w->n));
    return OK;
}

static void *posting_thread(void *context)
{
    struct posting *p = context;
    bool busy;
    while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
        workers_wait(p->workers, WAIT_US);
        workers_step(p->workers, &busy);
    }
    return NULL;
}

static enum outcome posting_start(struct posting *p, struct node *node, struct err *e)
{
    static const struct worker_kind *const kinds[] = { &post_kind };
    const struct workers_options workers = { .env = node->env, .kinds = kinds, .nkinds = 1 };
    TRY(posting_read(p, e));
    TRY(witnesses_read(p, e));
    TRY(workers_open(&p->workers, &workers, e));
    const struct post_options post = {
        .workers = p->workers,
        .trusted = { p->ntrusted > 0 ? p->trusted : NULL, p->ntrusted },
    };
    TRY(post_open(&p->post, &post, e));
    if (p->witnesses.n > 0)
        TRY(post_open(&p->shown, &post, e));
    TRY(witnesses_use(node->witnesses, p->shown ? post_transport(p->shown) : NULL, &p->witnesses,
                      e));
    p->running = pthread_create(&p->thread, NULL, posting_thread, p) == 0;
    if (!p->running)
        return err_no_memory(e);
    outbox_use(node->outbox, post_transport(p->post), &p->setup);
    return OK;
}

enum outcome posting_open(struct posting **out, struct node *node, const struct params *params,
                          struct err *e)
{
    struct posting *p = calloc(1, sizeof *p);
    if (!p)
        return err_no_memory(e);
    p->params = *params;
    enum outcome o = posting_start(p, node, e);
    if (o == OK)
        *out = p;
    else
        posting_close(p);
    return o;
}

void posting_close(struct posting *p)
{
    if (!p)
        return;
    __atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
    if (p->running) {
        workers_wake(p->workers);
        pthread_join(p->thread, NULL);
    }
    workers_close(p->workers);
    post_close(p->post);
    post_close(p->shown);
    sodium_memzero(p->secrets, sizeof p->secrets);
    free(p);
}
