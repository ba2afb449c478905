/* A unit: what it is, what it was made of and what was made of it, what became of its quantity, who
 * holds it and held it; and the forms that divide, sample and discard it. */
#include "base/id.h"
#include "gen/desk/pages/label.html.h"
#include "gen/desk/pages/unit.html.h"
#include "kernel/ledger.h"
#include "kernel/number.h"
#include "kernel/proof.h"
#include "modules/desk/desk.h"

struct str desk_tried(const struct desk_unit_view *v, const char *command, const char *name)
{
    return str_is(v->tried, command) ? show_entered(v->r, name) : S("");
}

enum { LEGS_MAX = 200, EVENTS_MAX = 200, DEPTH_MAX = 6 };

static enum outcome legs(struct desk_unit_view *v, struct http_request *r, struct db *db,
                         struct page *p, struct err *e)
{
    struct custody_legs_in in = { v->unit.unit };
    struct record_list list;
    struct arena *a = p->b->arena;
    TRY(db_list(db, &sql_custody_legs, &in, &list, LEGS_MAX, a, e));
    struct desk_leg *out = ARENA_ARRAY(a, list.n + 1, struct desk_leg);
    if (!out)
        return err_no_memory(e);
    const struct custody_legs_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++) {
        const struct custody_legs_out *leg = &rows[list.n - 1 - i]; /* the present holder first */
        out[i] = (struct desk_leg){
            .leg = leg,
            .site = auth_site_name(db, leg->site, a),
            .receiver = leg->receiver.p ? show_person(p, db, leg->receiver) : S(""),
            .condition = show_sealed(r, leg->event, "condition", leg->condition),
        };
    }
    v->legs = out;
    v->nlegs = list.n;
    return OK;
}

/* --- the family, as one tree: from what it came of, down to what became of it --- */

static void add_kin(struct desk_unit_view *v, struct desk_kin kin)
{
    if (v->nkin == DESK_UNITS_MAX)
        return;
    for (size_t i = 0; i < v->nkin; i++)
        kin.again |= str_eq(v->kin[i].unit, kin.unit);
    v->kin[v->nkin++] = kin;
}

/* The farthest first; one that went into several stands once, at its farthest. */
static size_t add_ancestors(struct desk_unit_view *v, const struct identity_ancestors_out *rows,
                            size_t n)
{
    int64_t farthest = 0;
    for (size_t i = 0; i < n; i++)
        farthest = rows[i].distance > farthest ? rows[i].distance : farthest;
    for (int64_t distance = farthest; distance > 0; distance--)
        for (size_t i = 0; i < n; i++)
            if (rows[i].distance == distance)
                add_kin(v, (struct desk_kin){
                               .unit = rows[i].parent,
                               .kind = rows[i].kind,
                               .label = rows[i].label,
                               .quantity = rows[i].quantity,
                               .how = rows[i].how,
                               .depth = (size_t)(farthest - distance),
                               .side = DESK_PARENT,
                           });
    return (size_t)farthest;
}

/* Each child with its own children below it; DEPTH_MAX deep and beyond are shown at the same depth.
 * The recursion ends: the genealogy has no circle, and distance grows by one a level. */
static void add_children(struct desk_unit_view *v, const struct identity_descendants_out *rows,
                         size_t n, struct str parent, int64_t distance, size_t depth)
{
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(rows[i].parent, parent) || rows[i].distance != distance)
            continue;
        add_kin(v, (struct desk_kin){
                       .unit = rows[i].child,
                       .kind = rows[i].kind,
                       .label = rows[i].label,
                       .quantity = rows[i].quantity,
                       .how = rows[i].how,
                       .depth = depth,
                       .side = DESK_CHILD,
                   });
        if (v->nkin < DESK_UNITS_MAX)
            add_children(v, rows, n, rows[i].child, distance + 1, depth + 1);
    }
}

static enum outcome family(struct desk_unit_view *v, struct db *db, struct arena *a, struct err *e)
{
    struct identity_ancestors_in up = { v->unit.order_id, v->unit.unit };
    struct identity_descendants_in down = { v->unit.order_id, v->unit.unit };
    struct record_list parents;
    struct record_list children;
    TRY(db_list(db, &sql_identity_ancestors, &up, &parents, DESK_UNITS_MAX, a, e));
    TRY(db_list(db, &sql_identity_descendants, &down, &children, DESK_UNITS_MAX, a, e));
    v->kin = ARENA_ARRAY(a, DESK_UNITS_MAX, struct desk_kin);
    if (!v->kin)
        return err_no_memory(e);
    const size_t depth = add_ancestors(v, parents.p, parents.n);
    add_kin(v, (struct desk_kin){
                   .unit = v->unit.unit,
                   .kind = v->unit.kind,
                   .label = v->unit.label,
                   .quantity = v->unit.quantity,
                   .how = v->unit.how,
                   .depth = depth,
                   .side = DESK_SELF,
               });
    add_children(v, children.p, children.n, v->unit.unit, 1, depth + 1);
    v->alone = parents.n + children.n == 0;
    for (size_t i = 0; i < v->nkin; i++)
        if (v->kin[i].depth > DEPTH_MAX)
            v->kin[i].depth = DEPTH_MAX;
    return OK;
}

/* --- what became of its quantity: every event of it, so that what is left can be added up --- */

/* "180 mL taken, 178 mL measured after, 1 mL lost: 1 mL unaccounted for, 2 % allowed" */
static struct str reconciled_words(struct page *p, const struct json *body)
{
    const struct str tolerance = json_get_str(body, "tolerance");
    const struct str loss = json_get_str(body, "loss");
    const struct text_param params[] = {
        { "taken", number_words(p, json_get_str(body, "taken")) },
        { "made", number_words(p, json_get_str(body, "made")) },
        { "loss", loss.n > 0 ? number_words(p, loss) : S("0") },
        { "difference", number_words(p, json_get_str(body, "difference")) },
        { "tolerance", tolerance.n > 0 ? number_words(p, tolerance) : S("0") },
    };
    struct buf b = buf_in(p->b->arena, 1000);
    text_write(&b, p->language, S("page.unit.reconciled"), params,
               sizeof params / sizeof params[0]);
    return buf_get(&b);
}

static enum outcome account_line(struct desk_account *out, struct http_request *r, struct db *db,
                                 struct page *p, struct str leaf, bool *shown, struct err *e)
{
    struct event event;
    const struct json *body;
    TRY(event_read(&event, r->arena, leaf, e));
    TRY(json_read(&body, r->arena, event.payload, &json_limits_default, e));
    *out = (struct desk_account){ event.happened, show_person(p, db, event.actor), S(""), S(""),
                                  S("") };
    *shown = true;
    if (str_is(event.type, "unit.made")) {
        out->what = text_find(p->language, S("page.unit.account_made"));
        out->left = number_words(p, json_get_str(body, "quantity"));
    } else if (str_is(event.type, "unit.reduced")) {
        out->what = show_name(p, "unit_reduced", json_get_str(body, "how"));
        out->by = number_words(p, json_get_str(body, "by"));
        out->left = number_words(p, json_get_str(body, "left"));
    } else if (str_is(event.type, "unit.ended")) {
        out->what = show_name(p, "unit_ended", json_get_str(body, "how"));
        out->left = S("");
    } else if (str_is(event.type, "unit.reconciled")) {
        out->what = reconciled_words(p, body);
    } else {
        *shown = false;
    }
    return OK;
}

static enum outcome account(struct desk_unit_view *v, struct http_request *r, struct db *db,
                            struct page *p, struct err *e)
{
    struct stream stream = stream_of("unit", v->unit.unit);
    struct ledger_row *rows;
    size_t n;
    TRY(ledger_read_stream(db, stream_str(&stream), 1, EVENTS_MAX, &rows, &n, r->arena, e));
    struct desk_account *out = ARENA_ARRAY(r->arena, n + 1, struct desk_account);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        bool shown;
        TRY(account_line(&out[v->naccount], r, db, p, rows[i].leaf, &shown, e));
        v->naccount += shown;
    }
    v->account = out;
    return OK;
}

/* --- what the reader may do with it --- */

static bool has(const struct str *texts, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(texts[i], text))
            return true;
    return false;
}

/* The first open task, of a role of the reader's, that divides or samples this unit. */
static void find_task(struct desk_unit_view *v, const struct actor *actor, struct arena *a)
{
    for (size_t i = 0; i < v->o.flow.ntasks && !v->task; i++) {
        const struct flow_open_task *open = &v->o.flow.tasks[i];
        const struct flow_task *task = flow_task_find(&v->o.flow, open->task);
        const bool sample = task && str_is(task->act, "sample");
        if (open->done || !task || task->makes.n == 0 ||
            !(has(task->units.p, task->units.n, v->unit.kind) ||
              (!sample && str_eq(v->unit.task, task->name))))
            continue;
        if (!desk_plays(actor, task->role, open, a) ||
            !desk_may(actor, sample ? "unit.sample" : "unit.split", open))
            continue;
        v->task = task;
        v->samples = sample;
    }
}

static enum outcome acts(struct desk_unit_view *v, struct http_request *r, struct db *db,
                         struct err *e)
{
    const struct actor *actor = v->o.actor;
    const struct flow_view *flow = &v->o.flow;
    if (v->unit.ended != TIME_NONE)
        return OK;
    v->may_discard =
        !v->o.stop.standing && v->nlegs > 0 &&
        actor_may(actor, S("unit.discard"), v->legs[0].leg->organisation, v->legs[0].leg->site);
    v->may_lose = v->nlegs > 0 && actor_may(actor, S("unit.lose"), v->legs[0].leg->organisation,
                                            v->legs[0].leg->site);
    if (flow->state == FLOW_RUNNING && !v->o.stop.standing)
        find_task(v, actor, r->arena);
    if (!v->task)
        return OK;
    struct identity_identified_in in = { v->unit.order_id, v->task->name, v->unit.unit };
    struct record_list points;
    TRY(db_list(db, &sql_identity_identified, &in, &points, 20, r->arena, e));
    v->identified = points.n > 0 || (!v->samples && str_eq(v->unit.task, v->task->name));
    return OK;
}

/* Other live units that the task may take from, for the form that combines. */
static enum outcome others(struct desk_unit_view *v, struct http_request *r, struct db *db,
                           struct err *e)
{
    struct identity_units_in in = { v->unit.order_id };
    struct record_list list;
    if (!v->task || v->samples)
        return OK;
    struct decimal tolerance = v->task->tolerance;
    struct buf b = buf_in(r->arena, 80);
    decimal_write(&b, decimal_present(tolerance) ? tolerance : decimal_of(0));
    v->tolerance = buf_get(&b);
    TRY(db_list(db, &sql_identity_units, &in, &list, DESK_UNITS_MAX, r->arena, e));
    struct desk_other *out = ARENA_ARRAY(r->arena, list.n + 1, struct desk_other);
    if (!out)
        return err_no_memory(e);
    const struct identity_units_out *row = list.p;
    for (size_t i = 0; i < list.n && v->nothers + 1 < DESK_PARENTS; i++) {
        if (row[i].ended != TIME_NONE || row[i].past || str_eq(row[i].unit, v->unit.unit) ||
            !(has(v->task->units.p, v->task->units.n, row[i].kind) ||
              str_eq(row[i].task, v->task->name)))
            continue;
        struct desk_other *x = &out[v->nothers++];
        x->row = &row[i];
        x->unit_name = arena_printf(r->arena, "parents.%zu.unit", v->nothers);
        x->quantity_name = arena_printf(r->arena, "parents.%zu.quantity", v->nothers);
        if (!x->unit_name.p || !x->quantity_name.p)
            return err_no_memory(e);
        x->chosen = str_eq(desk_tried(v, "unit.combine", x->unit_name.p), row[i].unit);
        x->quantity = desk_tried(v, "unit.combine", x->quantity_name.p);
    }
    v->others = out;
    return OK;
}

/* Lines of the form that divides: as many as were entered, and some to fill in. */
static enum outcome pieces(struct desk_unit_view *v, struct http_request *r, struct err *e)
{
    struct desk_piece *out = ARENA_ARRAY(r->arena, DESK_PIECES, struct desk_piece);
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < DESK_PIECES; i++) {
        out[i].number = (int64_t)i + 1;
        out[i].kind_name = arena_printf(r->arena, "pieces.%zu.kind", i);
        out[i].quantity_name = arena_printf(r->arena, "pieces.%zu.quantity", i);
        if (!out[i].kind_name.p || !out[i].quantity_name.p)
            return err_no_memory(e);
        out[i].kind = show_entered(r, out[i].kind_name.p);
        out[i].quantity = show_entered(r, out[i].quantity_name.p);
    }
    v->pieces = out;
    v->npieces = DESK_PIECES;
    return OK;
}

/* --- the page --- */

/* The unit that the path names, and its order, which decides who may know of it. */
static enum outcome unit_read(struct desk_unit_view **out, struct http_request *r, struct db *db,
                              struct page *p, struct err *e)
{
    struct desk_unit_view *v = *out = ARENA_NEW(r->arena, struct desk_unit_view);
    struct identity_unit_in in = { http_param(r, "unit") };
    bool found = false;
    if (!v)
        return err_no_memory(e);
    if (id_valid(in.unit))
        TRY(db_get(db, &sql_identity_unit, &in, &v->unit, r->arena, &found, e));
    if (!found)
        return REFUSE(e, "gate.unknown", { "kind", S("unit") });
    struct err why = { 0 };
    const enum outcome o = desk_order_load(&v->o, r, db, p, v->unit.order_id, &why);
    if (o == FAULT) {
        *e = why;
        return FAULT;
    }
    /* Of an order that is not theirs to see, or of a kind that is not: like one that is not there.
     */
    return o == OK && flow_sees_unit(&v->o.sight, v->unit.kind)
               ? OK
               : REFUSE(e, "gate.unknown", { "kind", S("unit") });
}

static enum outcome unit(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_unit_view *v;
    TRY(unit_read(&v, r, db, p, e));
    if (http_wants_json(r))
        return show_row(r, sql_identity_unit.out, &v->unit, e);
    v->refused = show_refusal(p, r);
    v->r = r;
    v->tried = show_refused(r) ? http_param(r, "command") : S("");
    TRY(ledger_head(db, arena_printf(r->arena, "unit/%.*s", STR(v->unit.unit)), &v->version, e));
    TRY(family(v, db, r->arena, e));
    TRY(account(v, r, db, p, e));
    if (flow_sees(&v->o.sight, "custody"))
        TRY(legs(v, r, db, p, e));
    TRY(acts(v, r, db, e));
    TRY(desk_order_head(&v->head, r, db, p, &v->o, "/units", e));
    TRY(pieces(v, r, e));
    v->may_report = v->o.flow.found && desk_order_may(&v->o, "deviation.open");
    TRY(others(v, r, db, e));
    v->made_by = show_person(p, db, v->unit.made_by);
    v->holder = v->nlegs > 0 ? v->legs[0].site : auth_site_name(db, v->unit.site, r->arena);
    page_unit(p, v);
    return OK;
}

enum http_state desk_get_unit(struct http_request *r)
{
    return show(r, "page.unit.title", unit);
}

/* --- its label, for whoever prints it --- */

static enum outcome label(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    struct desk_unit_view *v;
    TRY(unit_read(&v, r, db, p, e));
    struct identity_made out = {
        .unit = v->unit.unit,
        .label = v->unit.label,
        .symbol = identity_symbol(app_of(r)->node->keys, v->unit.label, r->arena),
    };
    if (!out.symbol.p)
        return err_no_memory(e);
    if (http_wants_json(r))
        return show_row(r, &identity_made_record, &out, e);
    TRY(proof_qr(&v->qr, &v->qr_size, out.symbol, r->arena, e));
    page_label(p, v, &out);
    return OK;
}

enum http_state desk_get_label(struct http_request *r)
{
    return show(r, "page.label.title", label);
}

/* --- acts --- */

static enum http_state again(struct http_request *r, const struct err *refused)
{
    return show_again(r, "page.unit.title", unit, refused);
}

/* Lines of a list whose `key` is empty are not there; the others are numbered anew. */
static enum outcome tidy_lines(struct http_request *r, const char *list, const char *key,
                               const char *other, struct err *e)
{
    struct record_pair *out = ARENA_ARRAY(r->arena, r->nform + 1, struct record_pair);
    size_t n = 0;
    size_t kept = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; i < r->nform; i++)
        if (!str_starts(r->form[i].name, str_z(list)))
            out[n++] = r->form[i];
    for (size_t i = 0; i < DESK_PARENTS; i++) {
        const char *const members[] = { key, other };
        for (size_t m = 0; m < 2; m++) {
            struct str name = arena_printf(r->arena, "%s.%zu.%s", list, i, members[m]);
            struct str now = arena_printf(r->arena, "%s.%zu.%s", list, kept, members[m]);
            if (!name.p || !now.p)
                return err_no_memory(e);
            const struct str value = http_form(r, name.p);
            if (m == 0 && str_trim(value).n == 0)
                break;
            if (value.p && n < r->nform)
                out[n++] = (struct record_pair){ now, value };
            kept += m;
        }
    }
    r->form = out;
    r->nform = n;
    return OK;
}

enum http_state desk_post_unit(struct http_request *r)
{
    static const char *const known[] = { "unit.split",   "unit.aliquot", "unit.sample",
                                         "unit.combine", "unit.make",    "unit.discard",
                                         "unit.lose" };
    const struct str name = http_param(r, "command");
    struct err e = { 0 };
    if (tidy_lines(r, "pieces", "quantity", "kind", &e) != OK ||
        tidy_lines(r, "parents", "unit", "quantity", &e) != OK)
        return app_problem(r, &e);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(name, known[i]))
            return app_command(
                r, &(struct app_command){
                       .name = name,
                       .next = arena_printf(r->arena, "/units/%.*s", STR(http_param(r, "unit"))),
                       .refused = again,
                   });
    (void)REFUSE(&e, "gate.unknown_command", { "command", name });
    return app_problem(r, &e);
}
