/* An order moves to another version of its workflow: proposed by one person, approved or declined,
 * with a reason, by another. What was declined may be proposed anew.
 *
 * What happened stays. Every task that is open or done must have its place in the new version, by
 * name; one that was skipped keeps its place where it is still conditional there, else its turn
 * comes anew. New tasks whose turn has come open at once. Refused, at the proposal and again at the
 * approval, with "flow.move_no_place" {task}, "flow.move_other" {what} (another product or
 * material), "flow.part_missing" {part}, and, so that no mandatory point is lost, with
 * "flow.move_point_lost" {point, task} where
 *   - a done task has a point in the new version that it did not pass,
 *   - an open task would no longer have a point that it has,
 *   - a task with points that is not settled would stand before one that is open or done.
 * With the rules by which every version is loaded (flow_paths.c) nothing behind can be reached
 * without its points. */
#include "kernel/define_differ.h"
#include "kernel/flow_impl.h"

/* --- the difference --- */

enum outcome flow_difference(struct flow_difference *out, const struct workflow *from,
                             const struct workflow *to, struct arena *arena, struct err *e)
{
    const struct flow_task *task;
    const struct flow_task *other;
    out->nadded = out->ngone = out->nchanged = 0;
    for (int64_t n = 1; (task = flow_task_at(to, n, NULL)); n++) {
        bool same = true;
        other = flow_task_named(from, task->name, NULL);
        if (!other)
            out->added[out->nadded++] = task->name;
        else
            same = differ_same(&flow_task_record, other, task, arena);
        if (!same)
            out->changed[out->nchanged++] = task->name;
    }
    for (int64_t n = 1; (task = flow_task_at(from, n, NULL)); n++)
        if (!flow_task_named(to, task->name, NULL))
            out->gone[out->ngone++] = task->name;
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

/* --- whether it may --- */

static bool has_point(const struct flow_task *task, struct str point)
{
    for (size_t i = 0; i < task->checks.n; i++)
        if (str_eq(task->checks.p[i], point))
            return true;
    return false;
}

static enum outcome points_kept(const struct flow_task *must, const struct flow_task *has,
                                struct err *e)
{
    for (size_t i = 0; i < must->checks.n; i++)
        if (!has_point(has, must->checks.p[i]))
            return REFUSE(e, "flow.move_point_lost", { "point", must->checks.p[i] },
                          { "task", must->title });
    return OK;
}

/* The task's place in the new version, and its points there and here. */
static enum outcome place_of(int64_t *number, const struct flow_view *v,
                             const struct flow_open_task *opened, const struct workflow *to,
                             struct err *e)
{
    const struct flow_task *old = flow_task_find(v, opened->task);
    const struct flow_task *now = flow_task_named(to, opened->task, number);
    if (!now)
        return REFUSE(e, "flow.move_no_place", { "task", old->title });
    return opened->done ? points_kept(now, old, e) : points_kept(old, now, e);
}

/* No task with points is still to come before one that is open or done. */
static enum outcome nothing_passed_by(const struct workflow *to, const bool *settled,
                                      const bool *begun, struct err *e)
{
    const struct flow_task *task;
    for (int64_t n = 1; (task = flow_task_at(to, n, NULL)); n++) {
        bool resting[FLOW_TASKS_MAX + 1];
        if (settled[n] || begun[n] || task->checks.n == 0)
            continue;
        flow_resting(resting, to, n);
        for (int64_t k = n + 1; k <= flow_tasks_count(to); k++)
            if (resting[k] && begun[k])
                return REFUSE(e, "flow.move_point_lost", { "point", task->checks.p[0] },
                              { "task", task->title });
    }
    return OK;
}

/* Where everything stands in the new version; refused where it cannot. */
static enum outcome move_may(struct flow_view *out, const struct flow_move_state *state,
                             struct arena *arena, struct err *e)
{
    const struct flow_view *v = &state->flow;
    const struct workflow *to = state->to.body;
    bool settled[FLOW_TASKS_MAX + 1] = { false };
    bool begun[FLOW_TASKS_MAX + 1] = { false };
    struct flow_open_task *tasks = ARENA_ARRAY(arena, v->ntasks + 1, struct flow_open_task);
    struct flow_skip *skipped = ARENA_ARRAY(arena, v->nskipped + 1, struct flow_skip);
    if (!tasks || !skipped)
        return err_no_memory(e);
    *out = *v;
    out->workflow = to;
    out->pins = state->pins;
    out->npins = state->npins;
    out->tasks = tasks;
    out->skipped = skipped;
    out->nskipped = 0;
    if (!str_eq(to->product, v->workflow->product) || !str_eq(to->material, v->workflow->material))
        return REFUSE(e, "flow.move_other", { "what", to->product });
    for (size_t i = 0; i < to->parts.n; i++)
        if (!flow_party_of(v, to->parts.p[i]))
            return REFUSE(e, "flow.part_missing", { "part", to->parts.p[i] });
    for (size_t i = 0; i < v->ntasks; i++) {
        tasks[i] = v->tasks[i];
        TRY(place_of(&tasks[i].number, v, &v->tasks[i], to, e));
        begun[tasks[i].number] = true;
    }
    for (size_t i = 0; i < v->nskipped; i++) {
        struct flow_skip skip = v->skipped[i];
        const struct flow_task *task = flow_task_named(to, skip.task, &skip.number);
        if (!task || task->when.n == 0)
            continue;
        settled[skip.number] = true;
        skipped[out->nskipped++] = skip;
    }
    return nothing_passed_by(to, settled, begun, e);
}

/* --- load --- */

static enum outcome load_move(struct load *l, struct str order, int64_t version,
                              struct flow_move_state *state, struct err *e)
{
    struct flow_move_in in = { order };
    bool found;
    TRY(load_flow(l, order, (struct str){ 0 }, &state->flow, e));
    TRY(db_get(l->db, &sql_flow_move, &in, &state->proposal, l->arena, &found, e));
    state->proposed = found && state->proposal.approved == TIME_NONE &&
                      state->proposal.declined == TIME_NONE &&
                      state->proposal.from_version == state->flow.workflow_version;
    if (version < 1)
        return OK;
    return define_find(&state->to, l->db, S("workflow"), state->flow.workflow_name, version,
                       l->now_us, l->arena, &found, e);
}

enum outcome flow_propose_move_load(struct load *l, const struct flow_propose_move *body,
                                    struct flow_move_state *state, struct err *e)
{
    TRY(load_move(l, body->order, body->version, state, e));
    if (!state->to.kind.p)
        return OK;
    return flow_pins_now(&state->pins, &state->npins, state->to.body, l, e);
}

/* What was proposed is what is approved: its forms stand in the proposal. */
enum outcome flow_approve_move_load(struct load *l, const struct flow_approve_move *body,
                                    struct flow_move_state *state, struct err *e)
{
    TRY(load_move(l, body->order, body->version, state, e));
    if (!state->proposed)
        return OK;
    return flow_pins_read(&state->pins, &state->npins, state->proposal.pins, l->arena, e);
}

/* --- propose --- */

static enum outcome version_may(const struct decision *d, const struct flow_move_state *state,
                                struct err *e)
{
    if (state->flow.state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", state->flow.how });
    if (!state->to.kind.p || state->to.effective > d->now_us || state->to.ended)
        return REFUSE(e, "flow.unknown_version", { "workflow", state->flow.workflow_name });
    if (state->to.version == state->flow.workflow_version)
        return REFUSE(e, "flow.move_same");
    return OK;
}

enum outcome flow_propose_move_decide(struct decision *d, const struct flow_propose_move *body,
                                      const struct flow_move_state *state, struct err *e)
{
    const struct flow_view *v = &state->flow;
    struct flow_difference *difference = ARENA_NEW(d->arena, struct flow_difference);
    struct flow_view after;
    if (!difference)
        return err_no_memory(e);
    TRY(version_may(d, state, e));
    TRY(move_may(&after, state, d->arena, e));
    TRY(flow_difference(difference, v->workflow, state->to.body, d->arena, e));
    struct flow_move_proposed payload = {
        .order = body->order,
        .workflow = v->workflow_name,
        .from_version = v->workflow_version,
        .version = body->version,
        .hash = state->to.hash,
        .forms = { state->pins, state->npins },
        .added = { difference->added, difference->nadded },
        .gone = { difference->gone, difference->ngone },
        .changed = { difference->changed, difference->nchanged },
    };
    flow_happened(d, body->order, &flow_move_proposed_event, &payload);
    return OK;
}

/* --- approve --- */

enum outcome flow_approve_move_decide(struct decision *d, const struct flow_approve_move *body,
                                      const struct flow_move_state *state, struct err *e)
{
    struct flow_place places[FLOW_TASKS_MAX];
    struct flow_view after;
    size_t n = 0;
    TRY(version_may(d, state, e));
    if (!state->proposed || state->proposal.version != body->version)
        return REFUSE(e, "flow.not_proposed");
    if (str_eq(state->proposal.proposed_by, d->command->actor->name))
        return REFUSE(e, "flow.own_proposal");
    TRY(move_may(&after, state, d->arena, e));
    for (size_t i = 0; i < after.ntasks; i++)
        places[n++] = (struct flow_place){ after.tasks[i].task, after.tasks[i].number };
    for (size_t i = 0; i < after.nskipped; i++)
        places[n++] = (struct flow_place){ after.skipped[i].task, after.skipped[i].number };
    struct flow_moved payload = {
        .order = body->order,
        .workflow = state->flow.workflow_name,
        .from_version = state->flow.workflow_version,
        .version = body->version,
        .hash = state->to.hash,
        .proposed_by = state->proposal.proposed_by,
        .forms = { state->pins, state->npins },
        .places = { places, n },
    };
    flow_happened(d, body->order, &flow_moved_event, &payload);
    for (size_t i = 0; i < after.ntasks; i++) /* as the new version has them, since they opened */
        if (!after.tasks[i].done)
            flow_open(d, &after, after.tasks[i].number, after.tasks[i].opened);
    flow_follow(d, &after, d->happened_us);
    return OK;
}

/* --- decline --- */

enum outcome flow_decline_move_load(struct load *l, const struct flow_decline_move *body,
                                    struct flow_move_state *state, struct err *e)
{
    return load_move(l, body->order, body->version, state, e);
}

enum outcome flow_decline_move_decide(struct decision *d, const struct flow_decline_move *body,
                                      const struct flow_move_state *state, struct err *e)
{
    if (state->flow.state == FLOW_ENDED)
        return REFUSE(e, "flow.ended", { "how", state->flow.how });
    if (!state->proposed || state->proposal.version != body->version)
        return REFUSE(e, "flow.not_proposed");
    if (str_eq(state->proposal.proposed_by, d->command->actor->name))
        return REFUSE(e, "flow.own_proposal");
    const struct flow_move_declined payload = {
        .order = body->order,
        .workflow = state->flow.workflow_name,
        .version = body->version,
        .proposed_by = state->proposal.proposed_by,
    };
    flow_happened(d, body->order, &flow_move_declined_event, &payload);
    return OK;
}

/* --- apply --- */

enum outcome flow_move_declined_apply(struct db *db, const struct event *event,
                                      const struct flow_move_declined *payload, struct err *e)
{
    const struct flow_move_decline_in in = { payload->order, event->happened, event->actor,
                                             event->reason, event->id };
    return db_run(db, &sql_flow_move_decline, &in, NULL, e);
}

static enum outcome texts_json(struct buf *b, const struct str *texts, size_t n, struct err *e)
{
    struct json_out out = json_out(b);
    json_begin_array(&out);
    for (size_t i = 0; i < n; i++)
        json_str(&out, texts[i]);
    json_end(&out);
    return buf_check(b, e);
}

static enum outcome propose(struct db *db, const struct event *event,
                            const struct flow_move_proposed *payload, struct buf texts[4],
                            struct err *e)
{
    TRY(flow_pins_write(&texts[0], payload->forms.p, payload->forms.n, e));
    TRY(texts_json(&texts[1], payload->added.p, payload->added.n, e));
    TRY(texts_json(&texts[2], payload->gone.p, payload->gone.n, e));
    TRY(texts_json(&texts[3], payload->changed.p, payload->changed.n, e));
    struct flow_move_propose_in in = {
        .order_id = payload->order,
        .from_version = payload->from_version,
        .version = payload->version,
        .hash = payload->hash,
        .pins = buf_get(&texts[0]),
        .added = buf_get(&texts[1]),
        .gone = buf_get(&texts[2]),
        .changed = buf_get(&texts[3]),
        .proposed = event->happened,
        .proposed_by = event->actor,
        .reason = event->reason,
        .event = event->id,
    };
    return db_run(db, &sql_flow_move_propose, &in, NULL, e);
}

enum outcome flow_move_proposed_apply(struct db *db, const struct event *event,
                                      const struct flow_move_proposed *payload, struct err *e)
{
    struct buf texts[4];
    for (size_t i = 0; i < 4; i++)
        texts[i] = buf_new(EVENT_LEAF_MAX);
    enum outcome o = propose(db, event, payload, texts, e);
    for (size_t i = 0; i < 4; i++)
        buf_free(&texts[i]);
    return o;
}

static enum outcome move(struct db *db, const struct event *event, const struct flow_moved *payload,
                         struct buf *pins, struct err *e)
{
    struct flow_places_free_in order = { payload->order };
    struct flow_places_gone_in gone = { payload->order };
    struct flow_move_approve_in approved = { payload->order, event->happened, event->actor };
    TRY(flow_pins_write(pins, payload->forms.p, payload->forms.n, e));
    struct flow_move_apply_in to = { payload->order, payload->version, payload->hash,
                                     buf_get(pins) };
    TRY(db_run(db, &sql_flow_move_apply, &to, NULL, e));
    TRY(db_run(db, &sql_flow_move_approve, &approved, NULL, e));
    TRY(db_run(db, &sql_flow_places_free, &order, NULL, e));
    for (size_t i = 0; i < payload->places.n; i++) {
        struct flow_place_in place = { payload->order, payload->places.p[i].task,
                                       payload->places.p[i].number };
        TRY(db_run(db, &sql_flow_place, &place, NULL, e));
    }
    TRY(db_run(db, &sql_flow_places_gone, &gone, NULL, e));
    return flow_refresh(db, payload->order, e);
}

enum outcome flow_moved_apply(struct db *db, const struct event *event,
                              const struct flow_moved *payload, struct err *e)
{
    struct buf pins = buf_new(EVENT_LEAF_MAX);
    enum outcome o = move(db, event, payload, &pins, e);
    buf_free(&pins);
    return o;
}
