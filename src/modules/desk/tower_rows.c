/* The rows of the control tower: which of the listed orders are shown, and what is said of each. */
#include "modules/desk/tower_impl.h"

enum { LOOK_ARENA = 4 << 20 };

struct showing {
    const struct tower_ask *ask;
    struct http_request *r;
    struct db *db;
    struct page *p;
    struct desk_lately *lately;
};

/* All but who the patient is. */
static enum outcome read_row(struct desk_tower_row *out, struct showing *s, struct str order,
                             struct err *e)
{
    TRY(desk_order_unnamed(&out->o, s->r, s->db, s->p, order, e));
    TRY(desk_outlook(&out->outlook, &out->o, s->db, s->lately, s->p->now_us, e));
    out->risk = desk_risk(&out->o, &out->outlook, s->p);
    return OK;
}

/* Whether it is at the risk that is asked for; in an arena of its own, since few may be. */
static enum outcome at_risk(bool *out, const struct showing *s, struct str order, struct arena *a,
                            struct err *e)
{
    struct desk_tower_row *row;
    struct http_request r = *s->r;
    struct page p = *s->p;
    struct showing looking = *s;
    arena_reset(a);
    struct buf b = buf_in(a, 1);
    r.arena = a;
    p.b = &b;
    looking.r = &r;
    looking.p = &p;
    row = ARENA_NEW(a, struct desk_tower_row);
    if (!row)
        return err_no_memory(e);
    const enum outcome o = read_row(row, &looking, order, e);
    *out = o == OK && str_is(s->ask->risk, desk_risk_name((int)row->risk.level));
    return o;
}

static enum outcome fill(struct desk_tower_row *out, struct showing *s, struct desk_tower_out *row,
                         struct err *e)
{
    const bool json = http_wants_json(s->r); /* whose rows name nobody and foresee nothing */
    *out = (struct desk_tower_row){ .row = row, .viability = TIME_NONE };
    TRY(json ? desk_order_unnamed(&out->o, s->r, s->db, s->p, row->order_id, e)
             : read_row(out, s, row->order_id, e));
    if (!json && !s->ask->wall)
        TRY(desk_order_patient(&out->o, s->r, s->db, e));
    out->sees_plan = flow_sees(&out->o.sight, "plan");
    for (size_t i = 0; i < out->o.ncountdowns; i++)
        if (out->viability == TIME_NONE || out->o.countdowns[i].until < out->viability)
            out->viability = out->o.countdowns[i].until;
    if (!out->o.next)
        return OK;
    row->stage = desk_stage_of(out->o.flow.workflow, out->o.next->name)->name;
    row->task = out->o.next->name; /* as every other page of the order says it */
    row->title = out->o.next->title;
    row->role = out->o.next->role;
    row->task_site = out->o.next_open->site;
    row->opened = out->o.next_open->opened;
    out->owner = desk_owner(s->p, s->db, out->o.next->role, out->o.next_open->site);
    return OK;
}

/* One listed order: shown, or passed over because the actor may not see it by itself, or it is not
 * at the risk that is asked for. */
static enum outcome one(struct tower_rows *out, struct showing *s, const struct tower_order *listed,
                        struct arena *looking, struct err *e)
{
    const struct desk_tower_in in = { listed->order, listed->trouble };
    bool found, wanted = true;
    TRY(db_get(s->db, &sql_desk_tower, &in, &out->last, s->r->arena, &found, e));
    BUG_ON(!found); /* in one snapshot */
    out->looked++;
    enum outcome o = OK;
    if (s->ask->risk.p)
        o = at_risk(&wanted, s, listed->order, looking, e);
    if (o == OK && wanted) {
        out->as_json[out->n] = out->last;
        o = fill(&out->rows[out->n], s, &out->as_json[out->n], e);
        out->n += o == OK;
    }
    return o == FAULT ? FAULT : OK;
}

static enum outcome go_through(struct tower_rows *out, struct showing *s, bool few,
                               struct arena *looking, struct err *e)
{
    struct tower_ask at = *s->ask;
    for (;;) {
        struct tower_listed listed;
        TRY(tower_list(&listed, &at, few, s->db, s->r->arena, e));
        for (size_t i = 0; i < listed.n; i++) {
            out->more = out->n == at.rows || out->looked == TOWER_LOOKED;
            if (out->more)
                return OK;
            TRY(one(out, s, &listed.orders[i], looking, e));
        }
        if (listed.n < TOWER_LISTED)
            return OK;
        at.after_trouble = out->last.trouble;
        at.after_due = out->last.due_by;
        at.after_order = out->last.order_id;
    }
}

enum outcome tower_rows(struct tower_rows *out, const struct tower_ask *ask, bool few,
                        struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_lately lately = { .arena = r->arena };
    struct showing s = { ask, r, db, p, &lately };
    *out = (struct tower_rows){
        .rows = ARENA_ARRAY(r->arena, ask->rows, struct desk_tower_row),
        .as_json = ARENA_ARRAY(r->arena, ask->rows, struct desk_tower_out),
    };
    struct arena *looking = arena_new(LOOK_ARENA);
    enum outcome o = out->rows && out->as_json && looking ? OK : err_no_memory(e);
    if (o == OK)
        o = go_through(out, &s, few, looking, e);
    arena_free(looking);
    return o;
}
