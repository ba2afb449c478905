/* Which events of an order its parts see: by the stream they stand in, and the task or unit they
 * are about. For the timeline, and for programs that follow changes. */
#include "modules/desk/desk.h"

/* Of the task that the payload names: its record is theirs to see. Of none: of everyone. */
static bool task_seen(const struct desk_sight *s, const struct json *body)
{
    const struct str name = json_get_str(body, "task");
    const struct flow_view v = { .workflow = s->workflow };
    const struct flow_task *task = name.p && s->workflow ? flow_task_find(&v, name) : NULL;
    return !name.p || (task && flow_sees_record(s->sight, task));
}

/* What was done at a task when is its state, which all see; what was said in it is its record. */
static bool flow_seen(const struct desk_sight *s, const struct event *event,
                      const struct json *body)
{
    static const char *const said[] = { "flow.record_corrected", "flow.correction_reviewed",
                                        "flow.entries_differed", "flow.entries_kept",
                                        "flow.entered",          "flow.signed",
                                        "flow.fact_noted",       "flow.fact_withdrawn" };
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        if (str_is(event->type, said[i]))
            return task_seen(s, body);
    return true;
}

static enum outcome unit_seen(bool *out, const struct desk_sight *s, struct str unit,
                              struct arena *arena, struct err *e)
{
    const struct identity_unit_in in = { unit };
    struct identity_unit_out row;
    TRY(db_get(s->db, &sql_identity_unit, &in, &row, arena, out, e));
    *out = *out && flow_sees_unit(s->sight, row.kind);
    return OK;
}

enum outcome desk_event_seen(bool *out, const struct desk_sight *s, const struct event *event,
                             struct arena *arena, struct err *e)
{
    const struct str kind = stream_kind(event->stream);
    const struct str id = stream_id(event->stream);
    const struct json *body;
    TRY(json_read(&body, arena, event->payload, &json_limits_default, e));
    *out = false;
    if (str_is(kind, "unit"))
        return unit_seen(out, s, id, arena, e);
    if (str_is(kind, "custody")) {
        TRY(unit_seen(out, s, id, arena, e));
        *out = *out && flow_sees(s->sight, "custody");
    } else if (str_is(kind, "temperature")) {
        *out = flow_sees(s->sight, "custody");
    } else if (str_is(kind, "flow")) {
        *out = flow_seen(s, event, body);
    } else if (str_is(kind, "order")) {
        *out = !str_is(event->type, "order.scheduled") || flow_sees(s->sight, "plan");
    } else if (str_is(kind, "stop")) {
        *out = true; /* everyone knows that it stands still */
    } else if (str_is(kind, "deviation")) {
        *out = flow_sees(s->sight, "deviation");
    } else if (str_is(kind, "file")) {
        *out = flow_sees(s->sight, "file");
    } else if (str_is(kind, "identity") || str_is(kind, "clinic")) {
        *out = task_seen(s, body);
    }
    return OK;
}

/* As its page: by who prescribed it and by its parties. */
static enum outcome sight_of(struct flow_sight *out, struct flow_view *v, struct db *db,
                             const struct actor *actor, struct str id, struct arena *arena,
                             struct err *e)
{
    const struct order_order_in in = { id };
    struct order_order_out row;
    bool found;
    *out = (struct flow_sight){ 0 };
    TRY(db_get(db, &sql_order_order, &in, &row, arena, &found, e));
    if (!found)
        return OK;
    const struct flow_party prescriber = { FLOW_PRESCRIBER, row.organisation, row.site };
    const struct actor *here = actor_for(actor, row.product, TIME_NONE, arena);
    if (!here)
        return err_no_memory(e);
    TRY(flow_read(db, id, v, arena, e));
    return flow_sight_read(out, db, v, here, &prescriber, e);
}

enum outcome desk_order_seen(bool *out, struct db *db, const struct actor *actor, struct str id,
                             struct arena *arena, struct err *e)
{
    struct flow_view v;
    struct flow_sight sight;
    TRY(sight_of(&sight, &v, db, actor, id, arena, e));
    *out = sight.nparts > 0;
    return OK;
}

enum outcome desk_order_event_seen(bool *out, struct db *db, const struct actor *actor,
                                   struct str id, const struct event *event, struct arena *arena,
                                   struct err *e)
{
    struct flow_view v;
    struct flow_sight sight;
    TRY(sight_of(&sight, &v, db, actor, id, arena, e));
    const struct desk_sight s = { db, &sight, sight.workflow };
    *out = sight.nparts > 0;
    return *out ? desk_event_seen(out, &s, event, arena, e) : OK;
}
