/* The runner of policies: a cursor over the log, a batch of commands, answers; then, in one
 * transaction, what failed is held and the cursor moves on. */
#include "kernel/policy.h"

#include <stdlib.h>

#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/policy.sql.h"
#include "kernel/effect.h"
#include "kernel/lease.h"

enum {
    POLICY_KEEP_EVERY = 10000, /* events that a restart looks at again, at most */
    POLICY_ARENA_MAX = 64 << 20,
    POLICY_RUNG = POLICY_SENT_MAX, /* of held effects tried in one step */
};

/* One effect of the batch. */
struct policy_sent {
    struct policies *policies;
    const struct policy *policy; /* NULL: this program has none of that name any more */
    struct str name;
    struct str key;
    int64_t sequence;
    struct id effect; /* id of its command */
    bool held;        /* it stands in policy_held already */
    bool waits;       /* it was not sent: another is before it */
    bool dies;        /* the command says that it died */
    bool gone;        /* nothing is left to do for it */
    int64_t tries;
    struct id id; /* of the command that was sent */
    struct actor actor;
    struct gate_command command;
    struct err error;
};

struct policies {
    struct gate *gate;
    struct db *db;
    struct keyring *keys;
    const struct registry *registry;
    const struct env *env;
    struct arena *arena; /* of one batch */
    int64_t cursor;      /* next event to look at */
    int64_t kept;        /* the cursor as it is stored */
    int64_t batch_end;
    struct policy_sent sent[POLICY_SENT_MAX];
    size_t nsent;
    size_t awaited;
    int64_t nheld;   /* rows of policy_held */
    int64_t look_at; /* monotonic: when held effects are looked at next */
};

static enum outcome policies_count(struct policies *p, struct err *e)
{
    struct policy_held_count_out row;
    bool found;
    TRY(db_get(p->db, &sql_policy_held_count, NULL, &row, p->arena, &found, e));
    p->nheld = row.n;
    return OK;
}

enum outcome policies_again(struct policies *p, struct err *e)
{
    struct policy_cursor_out row;
    bool found, there = true;
    BUG_ON(p->awaited > 0);
    arena_reset(p->arena);
    p->nsent = 0;
    p->look_at = env_mono(p->env);
    TRY(db_get(p->db, &sql_policy_cursor, NULL, &row, p->arena, &found, e));
    if (found)
        TRY(ledger_reaches(&there, p->db, row.sequence, p->arena, e));
    if (!there) /* from where they go on, nobody knows */
        return err_fault(e, "ledger.damaged", "policies followed %lld events, more than there are",
                         (long long)row.sequence);
    TRY(policies_count(p, e));
    p->cursor = p->kept = p->batch_end = found ? row.sequence : 0;
    return OK;
}

enum outcome policies_open(struct policies **out, const struct policies_options *options,
                           struct err *e)
{
    struct policies *p = calloc(1, sizeof *p);
    struct arena *arena = arena_new(POLICY_ARENA_MAX);
    if (!p || !arena) {
        free(p);
        arena_free(arena);
        return err_no_memory(e);
    }
    p->gate = options->gate;
    p->db = options->writer;
    p->keys = options->keys;
    p->registry = options->registry;
    p->env = options->env;
    p->arena = arena;
    if (policies_again(p, e) != OK) {
        policies_close(p);
        return e->outcome;
    }
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

/* --- one effect --- */

static void policy_answered(void *context, const struct gate_answer *answer)
{
    struct policy_sent *sent = context;
    sent->policies->awaited--;
    sent->error = answer->error;
}

/* The command's body as the policy makes it. */
static enum outcome policy_body(struct str *body, struct str *command, bool *send, struct db *db,
                                const struct policy *policy, const struct event *event,
                                struct arena *arena, struct err *e)
{
    struct policy_send made = { 0 };
    const void *payload;
    *send = false;
    TRY(registry_payload(policy->when, event, &payload, arena, e));
    TRY(policy->make(db, event, payload, &made, send, arena, e));
    if (!*send)
        return OK;
    struct buf b = buf_in(arena, GATE_BODY_MAX);
    struct json_out out = json_out(&b);
    TRY(record_to_json(made.body_record, made.body, &out, NULL, e));
    TRY(buf_check(&b, e));
    *body = buf_get(&b);
    *command = made.name;
    return OK;
}

/* Queues the command; what goes wrong is the effect's own error. */
static void policy_submit(struct policies *p, struct policy_sent *sent, const struct event *event,
                          struct str command, struct str body)
{
    sent->actor = (struct actor){
        .name = arena_printf(p->arena, "policy/%.*s", STR(sent->name)),
        .organisation = event->organisation,
        .site = event->place,
        .system = true,
    };
    sent->command = (struct gate_command){
        .id = id_str(&sent->id),
        .name = command,
        .body = body,
        .actor = &sent->actor,
        .cause = event->id,
        .happened = event->happened,
        .entered = TIME_NONE,
        .arena = p->arena,
    };
    sent->error = (struct err){ 0 };
    p->awaited++;
    if (gate_submit(p->gate, &sent->command, policy_answered, sent, &sent->error) != OK)
        p->awaited--;
}

static struct policy_sent *policy_slot(struct policies *p, const struct policy *policy,
                                       struct str name, const struct event *event, int64_t sequence)
{
    BUG_ON(p->nsent == POLICY_SENT_MAX);
    struct policy_sent *sent = &p->sent[p->nsent++];
    struct str because = arena_printf(p->arena, "policy %.*s %.*s", STR(name), STR(event->id));
    *sent = (struct policy_sent){
        .policies = p,
        .policy = policy,
        .name = arena_str(p->arena, name),
        .key = event->key,
        .sequence = sequence,
        .effect = gate_own_id(p->gate, because),
    };
    sent->id = sent->effect;
    return sent;
}

/* Makes the effect and sends it; a mended one has its body from who mended it. */
static void policy_try(struct policies *p, struct policy_sent *sent, const struct event *event,
                       struct str mended)
{
    struct str body;
    struct str command;
    bool send;
    if (!sent->policy) {
        (void)!REFUSE(&sent->error, "policy.gone");
        return;
    }
    enum outcome o =
        policy_body(&body, &command, &send, p->db, sent->policy, event, p->arena, &sent->error);
    sent->gone = o == OK && !send;
    if (o == OK && send)
        policy_submit(p, sent, event, command, mended.p ? mended : body);
}

/* --- what the answers say --- */

static enum outcome policy_hold(struct policies *p, const struct policy_sent *sent, int64_t tries,
                                int64_t due, struct str code, struct err *e)
{
    struct policy_hold_in in = {
        id_str(&sent->effect), sent->name, sent->key, sent->sequence, tries, due, code
    };
    return db_run(p->db, &sql_policy_hold, &in, NULL, e);
}

static enum outcome policy_settle(struct policies *p, const struct policy_sent *sent, struct err *e)
{
    struct str code = str_z(sent->error.code);
    const struct policy_release_in effect = { id_str(&sent->effect) };
    if (sent->waits)
        return policy_hold(p, sent, 0, 0, (struct str){ 0 }, e);
    const bool failed = sent->error.outcome != OK && !str_is(code, "gate.key_reused");
    if (!failed && sent->dies)
        return db_run(p->db, &sql_policy_held_died, &effect, NULL, e);
    if (!failed)
        return sent->held ? db_run(p->db, &sql_policy_release, &effect, NULL, e) : OK;
    log_err(p->env, sent->policy ? sent->policy->name : "policy.gone", &sent->error);
    /* A full queue is no fault of the effect's, and a death that cannot be said is said again. */
    const bool counts = !str_is(code, "gate.busy") && !sent->dies;
    const int64_t tries = sent->tries + counts;
    const int64_t wait = lease_wait(tries, POLICY_RETRY_US, POLICY_RETRY_MAX_US);
    return policy_hold(p, sent, tries, env_now(p->env) + wait, code, e);
}

/* What failed is held, and the cursor stored, by one transaction. */
static enum outcome policies_settle(struct policies *p, struct err *e)
{
    struct policy_cursor_set_in in = { p->batch_end };
    TRY(db_begin_aside(p->db, e));
    enum outcome o = OK;
    for (size_t i = 0; i < p->nsent && o == OK; i++)
        o = policy_settle(p, &p->sent[i], e);
    if (o == OK && p->batch_end != p->kept)
        o = db_run(p->db, &sql_policy_cursor_set, &in, NULL, e);
    if (o == OK)
        o = policies_count(p, e);
    if (o == OK)
        o = db_commit(p->db, e);
    else
        db_rollback(p->db);
    if (o != OK)
        return o;
    for (size_t i = 0; i < p->nsent; i++)
        if (p->sent[i].held && p->sent[i].error.outcome == OK)
            p->look_at = env_mono(p->env); /* what waits behind it may go on */
    p->cursor = p->kept = p->batch_end;
    p->nsent = 0;
    return OK;
}

/* --- what is held --- */

static const struct policy *policy_find(const struct registry *registry, struct str name)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < modules[m]->npolicies; i++)
            if (str_is(name, modules[m]->policies[i].name))
                return &modules[m]->policies[i];
    return NULL;
}

static enum outcome policy_event(struct event *event, struct db *db, int64_t sequence,
                                 struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    TRY(ledger_read(db, sequence, 1, &rows, &n, arena, e));
    if (n == 0 || rows[0].sequence != sequence)
        return REFUSE(e, "gate.unknown", { "kind", S("event") });
    return event_read(event, arena, rows[0].leaf, e);
}

/* Says that it died, once for each death. */
static void policy_die(struct policies *p, struct policy_sent *sent, const struct event *event,
                       const struct policy_held_next_out *row)
{
    struct effect_die body = {
        .effect = row->effect,
        .policy = row->policy,
        .key = row->key,
        .sequence = row->sequence,
        .event = event->type,
        .organisation = event->organisation,
        .site = event->place,
        .code = row->code,
        .tries = row->tries,
    };
    struct str what =
        arena_printf(p->arena, "effect died %.*s %lld", STR(row->effect), (long long)row->deaths);
    struct buf b = buf_in(p->arena, GATE_BODY_MAX);
    struct json_out out = json_out(&b);
    sent->dies = true;
    sent->id = gate_own_id(p->gate, what);
    if (record_to_json(&effect_die_record, &body, &out, NULL, &sent->error) == OK &&
        buf_check(&b, &sent->error) == OK)
        policy_submit(p, sent, event, S("effect.die"), buf_get(&b));
}

static enum outcome policy_held(struct policies *p, const struct policy_held_next_out *row,
                                struct err *e)
{
    struct event event;
    struct str mended = { 0 };
    TRY(policy_event(&event, p->db, row->sequence, p->arena, e));
    struct policy_sent *sent =
        policy_slot(p, policy_find(p->registry, row->policy), row->policy, &event, row->sequence);
    sent->held = true;
    sent->tries = row->tries;
    sent->gone = str_is(row->state, "dropped");
    if (sent->gone)
        return OK;
    if (row->tries >= POLICY_TRIES_MAX) {
        policy_die(p, sent, &event, row);
        return OK;
    }
    if (row->body.p && seal_open(p->keys, &mended, row->body_event, S("body"), row->body, p->arena,
                                 &sent->error) != OK)
        return OK;
    policy_try(p, sent, &event, mended);
    return OK;
}

/* Those that are due; looked for once a second, and when someone has decided. */
static enum outcome policies_held(struct policies *p, struct err *e)
{
    const int64_t now = env_now(p->env);
    const struct policy_held_next_in in = { now, now + 2 * POLICY_RETRY_MAX_US, POLICY_RUNG };
    struct record_list list;
    p->look_at = env_mono(p->env) + POLICY_RETRY_US;
    TRY(db_list(p->db, &sql_policy_held_next, &in, &list, POLICY_RUNG, p->arena, e));
    const struct policy_held_next_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        TRY(policy_held(p, &rows[i], e));
    return OK;
}

/* --- what is new --- */

static bool policy_waits_for(const struct policy *policy, const struct event *event)
{
    return str_is(event->type, policy->when->name) && event->type_version == policy->when->version;
}

/* Whether one of this policy for this key is on its way: the next must not overtake it. */
static bool policy_on_its_way(const struct policies *p, const struct policy *policy, struct str key)
{
    for (size_t i = 0; i < p->nsent; i++)
        if (p->sent[i].policy == policy && str_eq(p->sent[i].key, key) && !p->sent[i].waits)
            return true;
    return false;
}

static enum outcome policy_new(struct policies *p, const struct policy *policy,
                               const struct event *event, int64_t sequence, struct err *e)
{
    bool before = false;
    if (p->nheld > 0) {
        struct policy_held_any_in in = { str_z(policy->name), event->key };
        struct policy_held_any_out row;
        TRY(db_get(p->db, &sql_policy_held_any, &in, &row, p->arena, &before, e));
    }
    struct policy_sent *sent = policy_slot(p, policy, str_z(policy->name), event, sequence);
    sent->waits = before;
    if (!before)
        policy_try(p, sent, event, (struct str){ 0 });
    if (sent->gone)
        p->nsent--; /* nothing follows */
    return OK;
}

/* What follows from one event; *fits false: it belongs to the next batch. */
static enum outcome policies_event(struct policies *p, const struct event *event, int64_t sequence,
                                   bool *fits, struct err *e)
{
    size_t nmodules;
    size_t n = 0;
    const struct module *const *modules = registry_modules(p->registry, &nmodules);
    for (size_t m = 0; m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->npolicies; i++) {
            const struct policy *policy = &modules[m]->policies[i];
            if (!policy_waits_for(policy, event))
                continue;
            n++;
            *fits &= !policy_on_its_way(p, policy, event->key);
        }
    BUG_ON(n > POLICY_SENT_MAX);
    *fits &= p->nsent + n <= POLICY_SENT_MAX;
    for (size_t m = 0; *fits && n > 0 && m < nmodules; m++)
        for (size_t i = 0; i < modules[m]->npolicies; i++)
            if (policy_waits_for(&modules[m]->policies[i], event))
                TRY(policy_new(p, &modules[m]->policies[i], event, sequence, e));
    return OK;
}

static enum outcome policies_new(struct policies *p, bool *busy, struct err *e)
{
    struct ledger_row *rows;
    size_t n;
    bool fits = true;
    TRY(ledger_read(p->db, p->cursor, POLICY_BATCH_MAX, &rows, &n, p->arena, e));
    for (size_t i = 0; i < n && fits; i++) {
        if (i > 0 && arena_used(p->arena) > POLICY_ARENA_MAX / 2)
            break; /* the rest is the next batch: events of many small parts take room */
        struct event event;
        TRY(event_read(&event, p->arena, rows[i].leaf, e));
        TRY(policies_event(p, &event, rows[i].sequence, &fits, e));
        if (fits)
            p->batch_end = rows[i].sequence + 1;
    }
    *busy = n > 0;
    return OK;
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

/* What no policy waits for is passed, unless something is under way. */
static void policies_pass(struct policies *p, const struct gate_happened *events, size_t n)
{
    if (p->awaited > 0 || p->nsent > 0 || p->cursor != p->batch_end)
        return;
    for (size_t i = 0; i < n && events[i].sequence == p->cursor; i++) {
        if (policies_wait_for(p, events[i].type))
            return;
        p->batch_end = ++p->cursor;
    }
}

void policies_committed(struct policies *p, const struct gate_happened *events, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(events[i].type, "effect.", sizeof "effect." - 1) == 0)
            p->look_at = env_mono(p->env);
    policies_pass(p, events, n);
}

enum outcome policies_step(struct policies *p, bool *busy, struct err *e)
{
    *busy = true;
    if (p->awaited > 0)
        return OK;
    if (p->nsent > 0)
        TRY(policies_settle(p, e));
    arena_reset(p->arena);
    p->batch_end = p->cursor;
    if (p->nheld > 0 && env_mono(p->env) >= p->look_at)
        TRY(policies_held(p, e));
    if (p->nsent > 0)
        return OK;
    TRY(policies_new(p, busy, e));
    if (p->nsent > 0)
        return OK;
    p->cursor = p->batch_end; /* nothing followed: it is stored now and then */
    return p->cursor - p->kept > POLICY_KEEP_EVERY ? policies_settle(p, e) : OK;
}

enum outcome policies_next(struct policies *p, int64_t *due, struct err *e)
{
    struct policy_held_due_out row;
    bool found = false;
    if (p->nheld > 0)
        TRY(db_get(p->db, &sql_policy_held_due, NULL, &row, p->arena, &found, e));
    const int64_t soon = env_now(p->env) + POLICY_RETRY_US;
    *due = !found ? TIME_NONE : row.due > soon ? row.due : soon;
    return OK;
}

enum outcome policy_preview(struct str *command, struct str *body, bool *send, struct db *db,
                            const struct registry *registry, struct str policy, int64_t sequence,
                            struct arena *arena, struct err *e)
{
    struct event event;
    const struct policy *found = policy_find(registry, policy);
    if (!found)
        return REFUSE(e, "gate.unknown", { "kind", S("policy") });
    TRY(policy_event(&event, db, sequence, arena, e));
    return policy_body(body, command, send, db, found, &event, arena, e);
}
