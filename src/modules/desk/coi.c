/* Reads what an order's chain of identity rests on, each event once, in the order of the log. */
#include "modules/desk/audit.h"

#include <stdlib.h>

#include "kernel/node.h"

enum { PAGE_EVENTS = 200 };

struct reading {
    struct looker *looks;
    struct db *db;
    struct arena *arena;
    struct desk_coi *out;
    struct desk_coi_event *events;
    struct str named[DESK_COI_NAMED_MAX]; /* streams read for their first event */
    size_t nnamed;
};

struct str desk_coi_text(const struct desk_coi_event *x, const char *member)
{
    const struct str text = json_get_str(x->body, member);
    return text.p ? text : S("");
}

struct str desk_coi_opened(const struct desk_coi_event *x, const char *path)
{
    for (size_t i = 0; i < x->nopened; i++)
        if (str_is(x->opened[i].path, path))
            return x->opened[i].text;
    return S("");
}

static enum outcome add(struct reading *r, const struct ledger_row *row, struct err *e)
{
    if ((uint64_t)row->sequence >= r->out->checkpoint.size)
        return OK;
    if (r->out->n == DESK_COI_EVENTS_MAX)
        return REFUSE(e, "coi.too_long", { "max", S("10000") });
    struct desk_coi_event *x = &r->events[r->out->n++];
    *x = (struct desk_coi_event){ .sequence = row->sequence, .leaf = row->leaf };
    TRY(event_read(&x->event, r->arena, row->leaf, e));
    TRY(json_read(&x->body, r->arena, x->event.payload, &json_limits_default, e));
    x->row = desk_coi_row_of(x->event.type);
    return OK;
}

static enum outcome add_stream(struct reading *r, struct stream stream, size_t max, struct err *e)
{
    struct ledger_row *rows;
    size_t n = 1;
    for (int64_t from = 1; n > 0 && max > 0; from += (int64_t)n, max -= n < max ? n : max) {
        const size_t want = max < PAGE_EVENTS ? max : PAGE_EVENTS;
        TRY(ledger_read_stream(r->db, stream_str(&stream), from, want, &rows, &n, r->arena, e));
        for (size_t i = 0; i < n; i++)
            TRY(add(r, &rows[i], e));
    }
    return OK;
}

static enum outcome add_order(struct reading *r, struct err *e)
{
    const struct stream key = stream_of("order", r->out->order);
    struct ledger_row *rows;
    size_t n = PAGE_EVENTS;
    for (int64_t before = -1; n == PAGE_EVENTS; before = rows[n - 1].sequence) {
        TRY(ledger_read_key(r->db, stream_str(&key), before, PAGE_EVENTS, &rows, &n, r->arena, e));
        for (size_t i = 0; i < n; i++)
            TRY(add(r, &rows[i], e));
        if (n == 0)
            break;
    }
    return OK;
}

/* --- who and where: the first event of each says the name --- */

static enum outcome add_once(struct reading *r, struct stream stream, size_t max, struct err *e)
{
    for (size_t i = 0; i < r->nnamed; i++)
        if (str_eq(r->named[i], stream_str(&stream)))
            return OK;
    if (r->nnamed == DESK_COI_NAMED_MAX)
        return REFUSE(e, "coi.too_long", { "max", S("1000") });
    r->named[r->nnamed++] = arena_str(r->arena, stream_str(&stream));
    return add_stream(r, stream, max, e);
}

static enum outcome add_named(struct reading *r, const char *kind, struct str id, struct err *e)
{
    return id.n > 0 ? add_once(r, stream_of(kind, id), 1, e) : OK;
}

static enum outcome add_names(struct reading *r, const struct desk_coi_event *x, struct err *e)
{
    static const char *const sites[] = { "site", "to_site", "from_site" };
    static const char *const organisations[] = { "organisation", "to_organisation",
                                                 "from_organisation" };
    if (str_starts(x->event.actor, S("account/")))
        TRY(add_named(r, "account", stream_id(x->event.actor), e));
    TRY(add_named(r, "site", x->event.place, e));
    TRY(add_named(r, "organisation", x->event.organisation, e));
    for (size_t i = 0; i < 3; i++) {
        TRY(add_named(r, "site", desk_coi_text(x, sites[i]), e));
        TRY(add_named(r, "organisation", desk_coi_text(x, organisations[i]), e));
    }
    return OK;
}

/* --- what it ran under: every version of each definition that an event names --- */

static enum outcome add_definition(struct reading *r, const char *kind, struct str name,
                                   struct err *e)
{
    if (name.n == 0 || name.n >= DEFINE_STREAM_MAX - strlen(kind))
        return OK;
    return add_once(r, define_stream(str_z(kind), name), DESK_COI_EVENTS_MAX, e);
}

static enum outcome add_definitions(struct reading *r, const struct desk_coi_event *x,
                                    struct err *e)
{
    static const char *const kinds[] = { "workflow", "form", "product", "role" };
    const struct json *forms = json_get(x->body, "forms"); /* versions that were left open */
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        TRY(add_definition(r, kinds[i], desk_coi_text(x, kinds[i]), e));
    for (const struct json *form = forms ? forms->child : NULL; form; form = form->next)
        TRY(add_definition(r, "form", json_get_str(form, "form"), e));
    return OK;
}

static int by_sequence(const void *a, const void *b)
{
    const struct desk_coi_event *x = a;
    const struct desk_coi_event *y = b;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* --- what is opened --- */

static enum outcome open_one(struct reading *r, const struct desk_coi_event *x,
                             struct desk_opened *out, size_t *n, struct str path, struct str sealed,
                             struct err *e)
{
    struct err why = { 0 };
    struct desk_opened *opened = &out[*n];
    if (!seal_is(sealed))
        return OK;
    const struct look_at at = { x->event.id, path, sealed, "patient.name", r->arena };
    const enum outcome o = look_disclose(r->looks, &opened->text, opened->key, &at, &why);
    if (o == REFUSED && strcmp(why.code, "seal.erased") == 0)
        return OK; /* nobody can read it any more */
    if (o != OK) {
        *e = why;
        return o;
    }
    opened->path = path;
    ++*n;
    return OK;
}

/* Name, birth date, numbers; the condition that a hand-over states; and of any event why it was
 * done. In the order of their paths. */
static enum outcome open_event(struct reading *r, struct desk_coi_event *x, struct err *e)
{
    static const char *const names[] = { "birth_date", "family", "given" };
    const struct json *list = json_get(x->body, "identifiers");
    const bool patient = str_starts(x->event.type, S("patient."));
    struct desk_opened *out =
        ARENA_ARRAY(r->arena, 5 + (list ? list->count : 0), struct desk_opened);
    size_t n = 0;
    size_t at = 0;
    if (!out)
        return err_no_memory(e);
    for (size_t i = 0; patient && i < 3; i++)
        TRY(open_one(r, x, out, &n, str_z(names[i]), json_get_str(x->body, names[i]), e));
    for (const struct json *item = patient && list ? list->child : NULL; item;
         item = item->next, at++)
        TRY(open_one(r, x, out, &n, arena_printf(r->arena, "identifiers.%zu.value", at),
                     json_get_str(item, "value"), e));
    if (str_starts(x->event.type, S("custody.")))
        TRY(open_one(r, x, out, &n, S("condition"), json_get_str(x->body, "condition"), e));
    TRY(open_one(r, x, out, &n, S("reason"), x->event.reason, e));
    x->opened = out;
    x->nopened = n;
    return OK;
}

/* --- all together --- */

static enum outcome read_all(struct reading *r, struct err *e)
{
    struct desk_coi *c = r->out;
    TRY(add_order(r, e));
    for (size_t i = 0; i < c->n && !c->patient.p; i++)
        if (str_is(r->events[i].event.type, "order.prescribed"))
            c->patient = json_get_str(r->events[i].body, "patient");
    if (!c->patient.p)
        return REFUSE(e, "gate.unknown", { "kind", S("order") });
    TRY(add_stream(r, stream_of("patient", c->patient), DESK_COI_EVENTS_MAX, e));
    const size_t n = c->n; /* what is named by events of the order and its patient, not by names */
    for (size_t i = 0; i < n; i++)
        TRY(add_names(r, &r->events[i], e));
    for (size_t i = 0; c->audit && i < n; i++)
        TRY(add_definitions(r, &r->events[i], e));
    qsort(r->events, c->n, sizeof *r->events, by_sequence);
    for (size_t i = 0; c->identity && i < c->n; i++)
        TRY(open_event(r, &r->events[i], e));
    return OK;
}

static enum outcome read_bundle(struct desk_coi *out, bool audit, struct node *n, struct db *db,
                                struct str order, struct looker *looks, struct err *e)
{
    struct arena *arena = arena_new(DESK_COI_ARENA_MAX);
    *out = (struct desk_coi){ .arena = arena, .order = order, .vkey = n->vkey, .identity = looks };
    out->audit = audit;
    if (!arena)
        return err_no_memory(e);
    struct reading *r = ARENA_NEW(arena, struct reading);
    struct desk_coi_event *events = ARENA_ARRAY(arena, DESK_COI_EVENTS_MAX, struct desk_coi_event);
    if (!r || !events)
        return err_no_memory(e);
    *r = (struct reading){ looks, db, arena, out, events, { { 0 } }, 0 };
    TRY(tlog_prover_new(&out->prover, db, arena, e));
    TRY(checkpoint_read(&out->checkpoint, tlog_prover_note(out->prover), e));
    out->events = events;
    return read_all(r, e);
}

enum outcome desk_coi_read(struct desk_coi *out, struct node *n, struct db *db, struct str order,
                           struct looker *looks, struct err *e)
{
    return read_bundle(out, false, n, db, order, looks, e);
}

enum outcome desk_audit_read(struct desk_coi *out, struct node *n, struct db *db, struct str order,
                             struct looker *looks, struct err *e)
{
    return read_bundle(out, true, n, db, order, looks, e);
}

void desk_coi_close(struct desk_coi *c)
{
    arena_free(c->arena);
    c->arena = NULL;
}
