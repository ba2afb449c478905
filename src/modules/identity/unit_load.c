/* What commands on units rest upon: the units they take from with the points that identified them,
 * the order's flow, and the ids and labels of what they bring into being. */
#include "base/id.h"
#include "modules/identity/identity_impl.h"

enum outcome load_unit(struct load *l, struct str unit, struct identity_unit_out *out,
                       struct err *e)
{
    struct identity_unit_in in = { unit };
    bool found;
    load_kind(l, "unit");
    TRY(load_stream(l, stream_of("unit", unit), NULL, e));
    TRY(db_get(l->db, &sql_identity_unit, &in, out, l->arena, &found, e));
    return found ? OK : load_unknown(l, e);
}

static identity_holder_fn *holder_of;

void identity_use_holder(identity_holder_fn *holder)
{
    holder_of = holder;
}

enum outcome identity_is_here(bool *out, struct load *l, const struct flow_view *v, struct str task,
                              struct str unit, bool offered, struct err *e)
{
    const struct flow_open_task *at = flow_opened(v, task);
    struct identity_holder holder;
    *out = at != NULL;
    if (!at || !holder_of)
        return OK;
    TRY(holder_of(l, unit, &holder, e));
    *out = str_eq(holder.site, at->site) || (offered && str_eq(holder.to_site, at->site));
    return OK;
}

enum outcome identity_holder_of(struct load *l, const struct identity_unit_out *unit,
                                struct identity_holder *out, struct err *e)
{
    if (holder_of)
        return holder_of(l, unit->unit, out, e);
    *out = (struct identity_holder){ unit->organisation, unit->site, { 0 } };
    return OK;
}

enum outcome identity_kinds(struct str *out, const struct flow_task *task, struct arena *arena,
                            struct err *e)
{
    struct buf kinds = buf_in(arena, 1024);
    buf_char(&kinds, ',');
    for (size_t i = 0; task && i < task->units.n; i++) {
        buf_str(&kinds, task->units.p[i]);
        buf_char(&kinds, ',');
    }
    *out = buf_get(&kinds);
    return buf_check(&kinds, e);
}

/* Unit number n that the command brings into being: its id as decide will derive it, its label. */
static enum outcome load_child(struct load *l, uint64_t n, struct str *unit, struct str *label,
                               bool *taken, struct err *e)
{
    struct id id = id_derive(l->command->id, S("thing"), n);
    struct identity_by_label_out row;
    bool found;
    *unit = arena_str(l->arena, id_str(&id));
    TRY(load_stream(l, stream_of("unit", id_str(&id)), NULL, e));
    *label = identity_label(*unit, l->arena);
    struct identity_by_label_in in = { *label };
    TRY(db_get(l->db, &sql_identity_by_label, &in, &row, l->arena, &found, e));
    *taken |= found;
    return OK;
}

/* How many units the order may have besides those that it has had. */
static enum outcome load_room(struct load *l, struct str order, int64_t *room, struct err *e)
{
    struct identity_unit_count_in in = { order };
    struct identity_unit_count_out count;
    bool found;
    TRY(db_get(l->db, &sql_identity_unit_count, &in, &count, l->arena, &found, e));
    *room = IDENTITY_ORDER_UNITS_MAX - count.n;
    return OK;
}

/* They rest on the patient's data too. */
static enum outcome load_points(struct load *l, const struct flow_view *v, struct str task,
                                struct identity_source *source, struct err *e)
{
    TRY(identity_is_here(&source->here, l, v, task, source->unit.unit, false, e));
    TRY(load_stream(l, stream_of("identity", source->unit.order_id), NULL, e));
    if (v->subject.p)
        TRY(load_stream(l, stream_of("patient", v->subject), NULL, e));
    struct identity_identified_in in = { source->unit.order_id, task, source->unit.unit };
    struct record_list rows;
    TRY(db_list(l->db, &sql_identity_identified, &in, &rows, 8, l->arena, e));
    const struct identity_identified_out *row = rows.p;
    for (size_t i = 0; i < rows.n; i++)
        source->points[i] = row[i].point;
    source->npoints = rows.n;
    return OK;
}

/* A unit and, where it is known, its order's flow with the party of the task as scope. */
static enum outcome load_source(struct load *l, struct str unit, struct str task,
                                struct identity_unit_state *state, struct err *e)
{
    TRY(load_unit(l, unit, &state->source.unit, e));
    TRY(load_flow_unit(l, state->source.unit.order_id, task, state->source.unit.kind, &state->flow,
                       e));
    TRY(load_room(l, state->source.unit.order_id, &state->room, e));
    return task.p ? load_points(l, &state->flow, task, &state->source, e) : OK;
}

/* Of another order: to say so is right only to who may know of that order. */
static enum outcome refuse_other_order(struct load *l, const struct identity_unit_out *unit,
                                       struct err *e)
{
    struct flow_view other;
    TRY(flow_read(l->db, unit->order_id, &other, l->arena, e));
    for (size_t i = 0; i < other.nparties; i++)
        if (actor_may(l->command->actor, l->command->name, other.parties[i].organisation,
                      other.parties[i].site))
            return REFUSE(e, "identity.other_order", { "label", unit->label });
    return load_unknown(l, e);
}

static enum outcome load_parents(struct load *l, const struct identity_make *body,
                                 struct identity_make_state *state, struct err *e)
{
    for (size_t i = 0; i < body->parents.n; i++) {
        struct identity_source *parent = &state->parents[state->nparents++];
        TRY(load_unit(l, body->parents.p[i].unit, &parent->unit, e));
        if (!str_eq(parent->unit.order_id, body->order))
            return refuse_other_order(l, &parent->unit, e);
        TRY(load_points(l, &state->flow, body->task, parent, e));
    }
    return OK;
}

enum outcome identity_make_load(struct load *l, const struct identity_make *body,
                                struct identity_make_state *state, struct err *e)
{
    TRY(load_flow(l, body->order, body->task, &state->flow, e));
    TRY(load_child(l, 0, &state->unit, &state->label, &state->label_taken, e));
    TRY(load_room(l, body->order, &state->room, e));
    state->symbol = identity_symbol(l->keys, state->label, l->arena);
    if (body->din.p) {
        enum outcome o = identity_din_read(&state->din, body->din, l->arena, &state->din_error);
        if (o == FAULT)
            *e = state->din_error;
        if (o == FAULT)
            return o;
    }
    if (state->din.p) {
        int64_t version;
        TRY(load_stream(l, stream_of("din", state->din), &version, e));
        state->din_new = version == 0;
        struct identity_din_elsewhere_in in = { state->din, body->order };
        struct identity_din_elsewhere_out row;
        TRY(db_get(l->db, &sql_identity_din_elsewhere, &in, &row, l->arena, &state->din_taken, e));
    }
    return load_parents(l, body, state, e);
}

static enum outcome load_piece(struct load *l, size_t i, struct identity_unit_state *state,
                               struct err *e)
{
    TRY(load_child(l, i, &state->units[i], &state->labels[i], &state->label_taken, e));
    state->symbols[i] = identity_symbol(l->keys, state->labels[i], l->arena);
    return OK;
}

enum outcome identity_split_load(struct load *l, const struct identity_split *body,
                                 struct identity_unit_state *state, struct err *e)
{
    TRY(load_source(l, body->unit, body->task, state, e));
    for (size_t i = 0; i < body->pieces.n; i++)
        TRY(load_piece(l, i, state, e));
    return OK;
}

enum outcome identity_aliquot_load(struct load *l, const struct identity_aliquot *body,
                                   struct identity_unit_state *state, struct err *e)
{
    TRY(load_source(l, body->unit, body->task, state, e));
    for (int64_t i = 0; i < body->count && i < IDENTITY_PIECES_MAX; i++)
        TRY(load_piece(l, (size_t)i, state, e));
    return OK;
}

enum outcome identity_combine_load(struct load *l, const struct identity_combine *body,
                                   struct identity_make_state *state, struct err *e)
{
    const struct identity_make make = {
        .order = body->order,
        .task = body->task,
        .parents = { body->parents.p, body->parents.n },
    };
    return identity_make_load(l, &make, state, e);
}

enum outcome identity_sample_load(struct load *l, const struct identity_sample *body,
                                  struct identity_unit_state *state, struct err *e)
{
    TRY(load_source(l, body->unit, body->task, state, e));
    return load_piece(l, 0, state, e);
}

static enum outcome load_to_end(struct load *l, struct str unit, struct identity_unit_state *state,
                                struct err *e)
{
    TRY(load_source(l, unit, (struct str){ 0 }, state, e));
    state->stopped = ARENA_NEW(l->arena, struct stop_things);
    if (!state->stopped)
        return err_no_memory(e);
    return load_stop_things(l, state->flow.order, state->stopped, e);
}

enum outcome identity_discard_load(struct load *l, const struct identity_discard *body,
                                   struct identity_unit_state *state, struct err *e)
{
    return load_to_end(l, body->unit, state, e);
}

enum outcome identity_lose_load(struct load *l, const struct identity_lose *body,
                                struct identity_unit_state *state, struct err *e)
{
    TRY(load_to_end(l, body->unit, state, e));
    TRY(identity_holder_of(l, &state->source.unit, &state->holder, e));
    return load_deviation(l, e);
}
