/* What an order's events add to its data: identity checks, the facts that they made, and deviations
 * that were opened because of something. */
#include "modules/desk/datum.h"

enum { CHUNK = 200, CHUNK_ARENA = 32 << 20, KEPT_MAX = 400 };

/* What may have been the cause of what came with it. */
struct kept {
    struct str event;
    struct str command;
    size_t datum;
};
struct looking {
    struct data_making *m;
    struct kept causes[KEPT_MAX];
    size_t ncauses;
    struct kept deviations[KEPT_MAX]; /* event: the cause that they name */
    size_t ndeviations;
    size_t passes[KEPT_MAX]; /* checks that hold, by their data */
    size_t npasses;
};

static void keep(struct kept *list, size_t *n, struct looking *x, struct str event,
                 struct str command, size_t datum)
{
    if (*n < KEPT_MAX && datum < x->m->out->n)
        list[(*n)++] =
            (struct kept){ arena_str(x->m->arena, event), arena_str(x->m->arena, command), datum };
    else
        x->m->out->more = true;
}

static struct desk_datum datum_of(struct looking *x, const struct event *event, const char *kind,
                                  int64_t sequence)
{
    struct arena *a = x->m->arena;
    return (struct desk_datum){
        .id = arena_printf(a, "%s/%lld", kind, (long long)sequence),
        .kind = kind,
        .form_version = INT_NONE,
        .at = event->happened,
        .by = arena_str(a, event->actor),
        .event = sequence,
    };
}

static bool named(struct str wanted, struct str is)
{
    return !wanted.p || str_eq(wanted, is);
}

/* Absent: at every point, at every task. */
static void unpass(struct looking *x, struct str point, struct str task)
{
    size_t n = 0;
    for (size_t i = 0; i < x->npasses; i++) {
        const struct desk_datum *d = &x->m->p[x->passes[i]];
        if (!named(point, d->title) || !named(task, d->task))
            x->passes[n++] = x->passes[i];
    }
    x->npasses = n;
}

/* What was passed at the task (absent: at any) made the fact of its point: when the task is done,
 * nothing takes it away but another pass. */
static void settle(struct looking *x, struct str task)
{
    for (size_t i = 0; i < x->npasses; i++) {
        const struct desk_datum *d = &x->m->p[x->passes[i]];
        const struct str fact = arena_printf(x->m->arena, "check:%.*s", STR(d->title));
        if (named(task, d->task))
            data_step(x->m, x->passes[i],
                      desk_datum_find(x->m->out, data_id(x->m, "fact", d->task, fact)));
    }
    unpass(x, (struct str){ 0 }, task);
}

/* One that counts, in the task's present pass. */
static void pass(struct looking *x, const struct json *body, size_t check)
{
    const struct json *counts = json_get(body, "counts");
    const struct json *number = json_get(body, "pass");
    int64_t at = 1;
    if (!counts || counts->type != JSON_TRUE || (number && !json_to_int(&at, number)) ||
        at != flow_pass(x->m->of->flow, x->m->p[check].task))
        return;
    if (x->npasses < KEPT_MAX)
        x->passes[x->npasses++] = check;
    else
        x->m->out->more = true;
}

/* A check makes the fact of its point; one that failed voids what was passed, and may have opened a
 * deviation. */
static void add_check(struct looking *x, const struct event *event, const struct json *body,
                      int64_t sequence)
{
    struct arena *a = x->m->arena;
    const struct str task = json_get_str(body, "task");
    struct desk_datum d = datum_of(x, event, "check", sequence);
    d.value = arena_str(a, json_get_str(body, "result"));
    if (str_is(d.value, "fail"))
        unpass(x, (struct str){ 0 }, (struct str){ 0 });
    if (!task.p || !data_sees(x->m, task)) {
        x->m->out->hidden++;
        return;
    }
    d.task = arena_str(a, task);
    d.title = arena_str(a, json_get_str(body, "point"));
    const size_t at = data_add(x->m, &d);
    if (at < x->m->out->n)
        pass(x, body, at);
    keep(x->causes, &x->ncauses, x, event->id, event->command, at);
}

static void add_deviation(struct looking *x, const struct event *event, const struct json *body,
                          int64_t sequence)
{
    struct arena *a = x->m->arena;
    struct desk_datum d = datum_of(x, event, "deviation", sequence);
    if (x->m->of->sight && !flow_sees(x->m->of->sight, "deviation")) {
        x->m->out->hidden++;
        return;
    }
    d.title = arena_str(a, json_get_str(body, "number"));
    d.value = arena_str(a, json_get_str(body, "kind"));
    d.decided = true;
    keep(x->deviations, &x->ndeviations, x, event->cause.p ? event->cause : S(""), event->command,
         data_add(x->m, &d));
}

/* A task that was done may have opened one, too: a policy names its event. */
static void add_done(struct looking *x, const struct event *event, const struct json *body)
{
    const struct str task = json_get_str(body, "task");
    const size_t at = desk_datum_find(x->m->out, data_id(x->m, "task", task, S("done")));
    settle(x, task);
    if (at < x->m->out->n)
        keep(x->causes, &x->ncauses, x, event->id, event->command, at);
}

static enum outcome look_at(struct looking *x, const struct ledger_row *row, struct arena *scratch,
                            struct err *e)
{
    struct event event;
    const struct json *body;
    TRY(event_read(&event, scratch, row->leaf, e));
    const bool check = str_is(event.type, "identity.checked");
    const bool deviation = str_is(event.type, "deviation.opened");
    const bool voided = str_is(event.type, "identity.voided");
    if (!check && !deviation && !voided && !str_is(event.type, "flow.task_done"))
        return OK;
    TRY(json_read(&body, scratch, event.payload, &json_limits_default, e));
    if (check)
        add_check(x, &event, body, row->sequence);
    else if (deviation)
        add_deviation(x, &event, body, row->sequence);
    else if (voided)
        unpass(x, json_get_str(body, "point"), json_get_str(body, "task"));
    else
        add_done(x, &event, body);
    return OK;
}

static void join(struct looking *x)
{
    settle(x, (struct str){ 0 });
    for (size_t i = 0; i < x->ndeviations; i++)
        for (size_t k = 0; k < x->ncauses; k++)
            if (str_eq(x->deviations[i].command, x->causes[k].command) ||
                str_eq(x->deviations[i].event, x->causes[k].event))
                data_step(x->m, x->causes[k].datum, x->deviations[i].datum);
}

static enum outcome read_events(struct looking *x, struct arena *scratch, struct err *e)
{
    const struct stream key = stream_of("order", x->m->of->order->order_id);
    size_t n = CHUNK;
    size_t read = 0;
    for (int64_t after = -1; n == CHUNK;) {
        struct ledger_row *rows;
        arena_reset(scratch);
        TRY(ledger_read_key_on(x->m->of->db, stream_str(&key), after, CHUNK, &rows, &n, scratch,
                               e));
        for (size_t i = 0; i < n; i++, read++) {
            if (read == DESK_DATA_EVENTS_MAX) {
                x->m->out->more = true;
                return OK;
            }
            TRY(look_at(x, &rows[i], scratch, e));
            after = rows[i].sequence;
        }
    }
    return OK;
}

enum outcome data_add_events(struct data_making *m, struct err *e)
{
    struct looking *x = ARENA_NEW(m->arena, struct looking);
    struct arena *scratch = arena_new(CHUNK_ARENA);
    enum outcome o = x && scratch ? OK : err_no_memory(e);
    if (o == OK) {
        x->m = m;
        o = read_events(x, scratch, e);
    }
    if (o == OK)
        join(x);
    arena_free(scratch);
    return o;
}
