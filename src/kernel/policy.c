/* The runner of policies: a cursor over the log, a batch of commands, answers, the cursor moves on.
 */
#include "kernel/policy.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/policy.sql.h"

enum {
    POLICY_KEEP_EVERY = 10000, /* events that a restart looks at again, at most */
    POLICY_ARENA_MAX = 64 << 20,
};

struct policies {
    struct gate *gate;
    struct db *db;
    const struct registry *registry;
    const struct env *env;
    struct arena *arena; /* of one batch */
    int64_t cursor;      /* next event to look at */
    int64_t kept;        /* the cursor as it is stored */
    int64_t batch_end;
    size_t awaited;
    bool again; /* a command of the batch could not run: the batch is gone through again … */
    int64_t not_before; /* … but not before this, monotonic */
};

struct policy_sent {
    struct policies *policies;
    const struct policy *policy;
    struct id id;
    struct actor actor;
    struct gate_command command;
};

enum outcome policies_open(struct policies **out, struct gate *gate, struct db *writer,
                           const struct registry *registry, const struct env *env, struct err *e)
{
    struct policies *p = calloc(1, sizeof *p);
    struct arena *arena = arena_new(POLICY_ARENA_MAX);
    if (!p || !arena) {
        free(p);
        arena_free(arena);
        return err_no_memory(e);
    }
    *p = (struct policies){
        .gate = gate, .db = writer, .registry = registry, .env = env, .arena = arena
    };
    struct policy_cursor_out row;
    bool found;
    enum outcome o = db_get(writer, &sql_policy_cursor, NULL, &row, arena, &found, e);
    if (o != OK) {
        policies_close(p);
        return o;
    }
    p->cursor = p->kept = p->batch_end = found ? row.sequence : 0;
    *out = p;
    return OK;
}

void policies_close(struct policies *p)
{
    if (!p)
        return;
    arena_free(p->arena);
    free(p);
}

static void policies_again(struct policies *p)
{
    p->again = true;
    p->not_before = env_mono(p->env) + POLICY_RETRY_US;
}

static void policy_answered(void *context, const struct gate_answer *answer)
{
    struct policy_sent *sent = context;
    sent->policies->awaited--;
    if (answer->error.outcome != OK)
        log_err(sent->policies->env, sent->policy->name, &answer->error);
    if (answer->error.outcome == FAULT)
        policies_again(sent->policies);
}

static enum outcome policy_send(struct policies *p, const struct policy *policy,
                                const struct event *event, const struct policy_send *send,
                                struct err *e)
{
    struct policy_sent *sent = ARENA_NEW(p->arena, struct policy_sent);
    if (!sent)
        return err_no_memory(e);
    struct buf body = buf_in(p->arena, GATE_BODY_MAX);
    struct json_out out = json_out(&body);
    TRY(record_to_json(send->body_record, send->body, &out, NULL, e));
    TRY(buf_check(&body, e));
    sent->policies = p;
    sent->policy = policy;
    struct str because = arena_printf(p->arena, "policy %s %.*s", policy->name, STR(event->id));
    sent->id = gate_own_id(p->gate, because);
    sent->actor = (struct actor){
        .name = arena_printf(p->arena, "policy/%s", policy->name),
        .organisation = event->organisation,
        .site = event->place,
        .system = true,
    };
    sent->command = (struct gate_command){
        .id = id_str(&sent->id),
        .name = send->name,
        .body = buf_get(&body),
        .actor = &sent->actor,
        .cause = event->id,
        .happened = event->happened,
        .entered = TIME_NONE,
        .arena = p->arena,
    };
    p->awaited++;
    enum outcome o = gate_submit(p->gate, &sent->command, policy_answered, sent, e);
    if (o == OK)
        return OK;
    p->awaited--;
    if (o == REFUSED && !str_is(str_z(e->code), "gate.busy")) {
        log_err(p->env, policy->name, e); /* refused before the queue is refused as well */
        return OK;
    }
    policies_again(p);
    return o == FAULT ? FAULT : OK;
}

/* What follows from one event. */
static enum outcome policies_event(struct policies *p, const struct event *event, struct err *e)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(p->registry, &nmodules);
    const void *payload = NULL;
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->npolicies; i++) {
            const struct policy *policy = &modules[m]->policies[i];
            if (!str_is(event->type, policy->when->name) ||
                event->type_version != policy->when->version)
                continue;
            if (!payload)
                TRY(registry_payload(policy->when, event, &payload, p->arena, e));
            struct policy_send send = { 0 };
            bool any = false;
            TRY(policy->make(p->db, event, payload, &send, &any, p->arena, e));
            if (any)
                TRY(policy_send(p, policy, event, &send, e));
        }
    return OK;
}

/* The cursor is stored when it has moved and nothing is awaited: what a crash loses is looked at
 * again, and its commands are known. */
static enum outcome policies_keep(struct policies *p, struct err *e)
{
    if (p->cursor == p->kept)
        return OK;
    struct policy_cursor_set_in in = { p->cursor };
    TRY(db_begin(p->db, e));
    enum outcome o = db_run(p->db, &sql_policy_cursor_set, &in, NULL, e);
    if (o == OK)
        o = db_commit(p->db, e);
    else
        db_rollback(p->db);
    if (o == OK)
        p->kept = p->cursor;
    return o;
}

static bool policies_wait_for(const struct policies *p, const char *type)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(p->registry, &nmodules);
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->npolicies; i++)
            if (strcmp(modules[m]->policies[i].when->name, type) == 0)
                return true;
    return false;
}

void policies_committed(struct policies *p, const struct gate_happened *events, size_t n)
{
    if (p->awaited > 0 || p->again || p->cursor != p->batch_end)
        return; /* a batch is under way */
    for (size_t i = 0; i < n && events[i].sequence == p->cursor; i++) {
        if (policies_wait_for(p, events[i].type))
            return;
        p->batch_end = ++p->cursor;
    }
}

enum outcome policies_step(struct policies *p, bool *busy, struct err *e)
{
    *busy = true;
    if (p->awaited > 0)
        return OK;
    *busy = !p->again || env_mono(p->env) >= p->not_before;
    if (!*busy)
        return OK;
    if (p->again)
        p->batch_end = p->cursor;
    p->again = false;
    bool sent = p->cursor != p->batch_end;
    p->cursor = p->batch_end;
    if (sent)
        TRY(policies_keep(p, e));
    arena_reset(p->arena);

    struct ledger_row *rows;
    size_t n;
    TRY(ledger_read(p->db, p->cursor, POLICY_BATCH_MAX, &rows, &n, p->arena, e));
    for (size_t i = 0; i < n && p->awaited == 0 && !p->again; i++) {
        if (i > 0 && arena_used(p->arena) > POLICY_ARENA_MAX / 2)
            break; /* the rest is the next batch: events of many small parts take room */
        struct event event;
        TRY(event_read(&event, p->arena, rows[i].leaf, e));
        TRY(policies_event(p, &event, e));
        p->batch_end = rows[i].sequence + 1;
    }
    *busy = n > 0;
    if (p->awaited > 0 || p->again)
        return OK;
    p->cursor = p->batch_end; /* nothing followed: it is stored now and then */
    return p->cursor - p->kept > POLICY_KEEP_EVERY ? policies_keep(p, e) : OK;
}
