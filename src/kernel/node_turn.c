/* One turn of a node's work. Alone, it does everything. Among several that serve one database, each
 * runs the commands that it is sent and hears of what the others did; who leads does the rest, and
 * whoever loses its connection begins anew with another one. */
#include "base/log.h"
#include "kernel/node_impl.h"
#include "kernel/trail.h"

#define LOOK_US TIME_SECOND /* for the lead, and for news that were lost */

bool node_shared(const struct node *n)
{
    return n->impl->writer && db_shared(n->impl->writer);
}

void node_tell(struct node *n, const char *text)
{
    struct err e = { 0 };
    struct db *db = n->impl->writer;
    if (!node_shared(n) || n->impl->down)
        return;
    enum outcome o = db_begin_aside(db, &e);
    if (o == OK)
        o = db_tell(db, text, &e);
    if (o == OK)
        o = db_commit(db, &e);
    else
        db_rollback(db);
    if (o != OK)
        log_err(n->env, "node.not_told", &e);
}

bool node_leads(const struct node *n)
{
    return n->impl->leads;
}

const char *node_trouble(const struct node *n)
{
    const char *failure = n->gate ? gate_failure(n->gate) : NULL;
    const int64_t turned = n->impl->turned;
    if (failure || turned == 0 || env_mono(&env_system) - turned < NODE_HANGS_US)
        return failure;
    return "node.hangs";
}

/* -- The work --------------------------------------------------------------------------------- */

struct busy {
    size_t ran, fired;
    bool following, working, sending, indexing, trailing, looking, showing;
};

/* What one process at a time does. */
static enum outcome lead_turn(struct node *n, struct busy *b, struct err *e)
{
    TRY(erasures_step(n->erasures, e)); /* before anything else is committed */
    TRY(policies_step(n->policies, &b->following, e));
    TRY(timers_step(n->timers, &b->fired, e));
    if (n->search)
        TRY(search_step(n->search, b->ran == 0, &b->indexing, e));
    return n->trail ? trail_step(n->trail, b->ran == 0, &b->trailing, e) : OK;
}

static enum outcome turn(struct node *n, int64_t checkpoint_us, bool *busy, struct err *e)
{
    struct busy b = { 0 };
    TRY(gate_step(n->gate, &b.ran, e));
    if (n->impl->leads)
        TRY(lead_turn(n, &b, e));
    if (n->jobs)
        TRY(jobs_step(n->jobs, &b.working, e));
    if (n->outbox)
        TRY(outbox_step(n->outbox, &b.sending, e));
    TRY(looks_step(n->looks, &b.looking, e));
    if (n->witnesses)
        TRY(witnesses_step(n->witnesses, &b.showing, e));
    *busy = b.ran > 0 || b.following || b.fired > 0 || b.working || b.sending || b.indexing ||
            b.trailing || b.looking || b.showing;
    return gate_checkpoint_step(n->gate, checkpoint_us, e);
}

/* -- Among others ----------------------------------------------------------------------------- */

enum outcome node_lead_say(struct node *n, bool leads, struct err *e)
{
    if (n->jobs)
        jobs_lead(n->jobs, leads);
    if (n->outbox)
        outbox_lead(n->outbox, leads);
    if (n->witnesses)
        TRY(witnesses_lead(n->witnesses, leads, e));
    return looks_lead(n->looks, leads, e);
}

/* How everything stands, whoever led before. */
static enum outcome lead_begin(struct node *n, struct err *e)
{
    TRY(gate_follow(n->gate, e));
    TRY(erasures_again(n->erasures, e));
    TRY(policies_again(n->policies, e));
    TRY(timers_again(n->timers, e));
    if (n->search)
        TRY(search_again(n->search, e));
    if (n->trail)
        TRY(trail_again(n->trail, e));
    TRY(node_lead_say(n, true, e));
    n->impl->leads = true;
    LOG(n->env, LOG_INFO, "node.leads");
    return OK;
}

static void heard(void *context, struct str text)
{
    struct node *n = context;
    if (n->impl->heard)
        n->impl->heard(n->impl->context, text);
}

/* Hears of what the others did, and takes the lead when it is free. */
static enum outcome look_round(struct node *n, struct err *e)
{
    bool lead;
    const bool news = db_heard(n->impl->writer, heard, n);
    const bool due = env_mono(n->env) >= n->impl->look_at;
    if (news || due)
        TRY(gate_follow(n->gate, e));
    if (!due)
        return OK;
    n->impl->look_at = env_mono(n->env) + LOOK_US;
    if (n->impl->leads)
        return OK;
    TRY(db_lead(n->impl->writer, &lead, e));
    return lead ? lead_begin(n, e) : OK;
}

/* -- Lost and found --------------------------------------------------------------------------- */

static bool of_store(const struct err *e)
{
    return str_starts(str_z(e->code), S("store."));
}

/* What is queued is answered with the fault, and so is what the parts themselves have sent: nothing
 * of theirs is under way when they begin anew. */
static void answer_all(struct node *n)
{
    struct err ignored = { 0 };
    bool busy;
    for (size_t ran = 1; ran > 0;)
        (void)!gate_step(n->gate, &ran, &ignored);
    (void)!looks_step(n->looks, &busy, &ignored);
}

static void go_down(struct node *n, const struct err *e)
{
    struct err ignored = { 0 };
    log_err(n->env, "node.down", e);
    n->impl->down = true;
    n->impl->broken = !of_store(e);
    n->impl->leads = false;
    n->impl->tries = 0;
    n->impl->look_at = env_mono(n->env);
    (void)!node_lead_say(n, false, &ignored);
    gate_fail(n->gate, e);
    db_lose(n->impl->writer); /* the lead is free, and nothing of ours is under way there */
    answer_all(n);
}

static enum outcome come_back(struct node *n, struct err *e)
{
    bool stands;
    TRY(db_again(n->impl->writer, e));
    TRY(node_stands(&stands, n, e));
    if (!stands)
        return REFUSE(e, "store.in_use"); /* of another version by now */
    return gate_again(n->gate, e);
}

static void try_again(struct node *n)
{
    struct err e = { 0 };
    if (n->impl->broken || env_mono(n->env) < n->impl->look_at)
        return;
    if (come_back(n, &e) == OK) {
        n->impl->down = false;
        n->impl->look_at = env_mono(n->env);
        LOG(n->env, LOG_INFO, "node.back", LOG_F_INT("tries", n->impl->tries + 1));
        return;
    }
    int64_t wait = NODE_AGAIN_US;
    for (int i = 0; i < n->impl->tries && wait < NODE_AGAIN_MAX_US; i++)
        wait *= 2;
    if (n->impl->tries++ % 10 == 0)
        log_err(n->env, "node.still_down", &e);
    n->impl->broken = e.outcome == FAULT && !of_store(&e);
    n->impl->look_at = env_mono(n->env) + (wait < NODE_AGAIN_MAX_US ? wait : NODE_AGAIN_MAX_US);
    db_lose(n->impl->writer);
}

static enum outcome turn_among(struct node *n, int64_t checkpoint_us, bool *busy, struct err *e)
{
    struct err own = { 0 };
    *busy = false;
    if (n->impl->down) {
        answer_all(n);
        try_again(n);
        return OK;
    }
    enum outcome o = look_round(n, &own);
    if (o == OK)
        o = turn(n, checkpoint_us, busy, &own);
    if (o == OK)
        return OK;
    *busy = false;
    if (str_is(str_z(own.code), "store.busy")) {
        log_err(n->env, "node.waits", &own);
        return OK;
    }
    go_down(n, &own);
    if (!n->impl->broken)
        return OK;
    *e = own;
    return FAULT;
}

enum outcome node_step(struct node *n, int64_t checkpoint_us, bool *busy, struct err *e)
{
    const enum outcome o = db_shared(n->impl->writer) ? turn_among(n, checkpoint_us, busy, e)
                                                      : turn(n, checkpoint_us, busy, e);
    n->impl->turned = env_mono(&env_system);
    return o;
}

/* -- Simulated time --------------------------------------------------------------------------- */

enum outcome node_next(struct node *n, int64_t *due, struct err *e)
{
    int64_t next[4] = { TIME_NONE, TIME_NONE, TIME_NONE, TIME_NONE };
    TRY(timers_next(n->timers, &next[0], e));
    TRY(policies_next(n->policies, &next[1], e));
    if (n->jobs)
        TRY(jobs_next(n->jobs, &next[2], e));
    if (n->outbox)
        TRY(outbox_next(n->outbox, &next[3], e));
    *due = TIME_NONE;
    for (size_t i = 0; i < sizeof next / sizeof next[0]; i++)
        if (next[i] != TIME_NONE && (*due == TIME_NONE || next[i] < *due))
            *due = next[i];
    return OK;
}
