/* The rows of the control tower: which of the listed orders are shown, and what is said of each. */
#include "modules/desk/risk_kept.h"
#include "modules/desk/tower_impl.h"

#define RECORDS "modules/desk/foreseen.def"
#include "base/record_structs.h"
#include "base/record_tables.h"
#undef RECORDS

enum { LOOK_ARENA = 4 << 20, MILESTONES_MAX = 4000 };

struct showing {
    const struct tower_ask *ask;
    struct http_request *r;
    struct db *db;
    struct page *p;
    struct desk_lately *lately;
    struct arena *looking; /* of one order at a time */
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

/* In an arena of its own, since there may be hundreds. */
static enum outcome level_of(int *level, void *context, struct str order, struct err *e)
{
    struct desk_tower_row *row;
    struct showing looking = *(const struct showing *)context;
    struct http_request r = *looking.r;
    struct page p = *looking.p;
    struct arena *a = looking.looking;
    struct err why = { 0 };
    arena_reset(a);
    struct buf b = buf_in(a, 1);
    r.arena = a;
    p.b = &b;
    looking.r = &r;
    looking.p = &p;
    row = ARENA_NEW(a, struct desk_tower_row);
    if (!row)
        return err_no_memory(e);
    const enum outcome o = read_row(row, &looking, order, &why);
    *level = o == OK ? (int)row->risk.level : DESK_RISK_NONE;
    if (o == FAULT)
        *e = why;
    return o == FAULT ? FAULT : OK;
}

/* "[{"what":"collection","kind":"done",…},…]" */
static enum outcome milestones(struct str *out, const struct desk_outlook *outlook,
                               struct arena *arena, struct err *e)
{
    static const char *const kinds[] = { "never", "unknown", "done", "forecast", "by_limits" };
    struct buf b = buf_in(arena, MILESTONES_MAX);
    struct json_out json = json_out(&b);
    json_begin_array(&json);
    for (size_t i = 0; i < DESK_MILESTONES; i++) {
        const struct desk_milestone *m = &outlook->milestones[i];
        const bool middle = m->moment.kind == FLOW_DONE || m->moment.kind == FLOW_FORECAST;
        const bool late = m->moment.kind == FLOW_BY_LIMITS || m->moment.kind == FLOW_FORECAST;
        const struct desk_foreseen row = {
            .what = m->what,
            .kind = str_z(kinds[m->moment.kind]),
            .planned = m->planned,
            .early = m->moment.kind == FLOW_FORECAST ? m->moment.early : TIME_NONE,
            .middle = middle ? m->moment.middle : TIME_NONE,
            .late = late ? m->moment.late : TIME_NONE,
        };
        TRY(record_to_json(&desk_foreseen_record, &row, &json, NULL, e));
    }
    json_end(&json);
    TRY(buf_check(&b, e));
    *out = buf_get(&b);
    return OK;
}

static enum outcome fill(struct desk_tower_row *out, struct showing *s, struct desk_tower_out *row,
                         struct err *e)
{
    const bool json = http_wants_json(s->r); /* whose rows name nobody */
    *out = (struct desk_tower_row){ .row = row, .viability = TIME_NONE };
    TRY(s->ask->foresees ? read_row(out, s, row->order_id, e)
                         : desk_order_unnamed(&out->o, s->r, s->db, s->p, row->order_id, e));
    if (!json && !s->ask->wall)
        TRY(desk_order_patient(&out->o, s->r, s->db, e));
    out->sees_plan = flow_sees(&out->o.sight, "plan");
    if (s->ask->foresees) {
        row->risk = str_z(desk_risk_name((int)out->risk.level));
        row->why = out->risk.why.n > 0 ? out->risk.why : (struct str){ 0 };
        desk_risk_keep(app_of(s->r)->node, row->order_id, (int)out->risk.level, s->p->now_us);
    }
    if (json && s->ask->foresees && out->sees_plan)
        TRY(milestones(&row->milestones, &out->outlook, s->r->arena, e));
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
                        struct err *e)
{
    const int64_t trouble = listed->trouble < TOWER_RUNNING ? listed->trouble : TOWER_RUNNING;
    const struct desk_tower_in in = { listed->order, trouble };
    bool found, wanted = true;
    int level;
    out->listed = *listed;
    TRY(db_get(s->db, &sql_desk_tower, &in, &out->last, s->r->arena, &found, e));
    BUG_ON(!found); /* in one snapshot */
    out->looked++;
    enum outcome o = OK;
    if (s->ask->risk.p) {
        TRY(level_of(&level, s, listed->order, e));
        wanted = str_is(s->ask->risk, desk_risk_name(level));
    }
    if (o == OK && wanted) {
        out->as_json[out->n] = out->last;
        o = fill(&out->rows[out->n], s, &out->as_json[out->n], e);
        out->n += o == OK;
    }
    return o == FAULT ? FAULT : OK;
}

/* Asked for one risk, or for those that do not run, a list has no others to put it before. */
static enum outcome listed(struct tower_listed *out, struct showing *s, const struct tower_ask *at,
                           bool few, struct err *e)
{
    if (at->foresees && !at->risk.p && str_is(at->state, "live"))
        return tower_list_foreseen(out, at, few, s->db, s->r, level_of, s, s->p->now_us, e);
    return tower_list(out, at, few, s->db, s->r->arena, e);
}

static enum outcome go_through(struct tower_rows *out, struct showing *s, bool few, struct err *e)
{
    struct tower_ask at = *s->ask;
    for (;;) {
        struct tower_listed next;
        TRY(listed(&next, s, &at, few, e));
        for (size_t i = 0; i < next.n; i++) {
            out->more = out->n == at.rows || out->looked == TOWER_LOOKED;
            if (out->more)
                return OK;
            TRY(one(out, s, &next.orders[i], e));
        }
        if (next.n < TOWER_LISTED)
            return OK;
        at.after_trouble = out->listed.trouble;
        at.after_due = out->listed.due;
        at.after_order = out->listed.order;
    }
}

enum outcome tower_rows(struct tower_rows *out, const struct tower_ask *ask, bool few,
                        struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_lately lately = { .arena = r->arena };
    struct showing s = { ask, r, db, p, &lately, arena_new(LOOK_ARENA) };
    *out = (struct tower_rows){
        .rows = ARENA_ARRAY(r->arena, ask->rows, struct desk_tower_row),
        .as_json = ARENA_ARRAY(r->arena, ask->rows, struct desk_tower_out),
    };
    enum outcome o = out->rows && out->as_json && s.looking ? OK : err_no_memory(e);
    if (o == OK)
        o = go_through(out, &s, few, e);
    arena_free(s.looking);
    return o;
}
