/* Everything a record ever said, field by field. */
#include <stdlib.h>

#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"
#include "kernel/look.h"

/* A record at one time: a version, or a person's entry. */
struct edition {
    enum flow_saying how;
    int64_t version;
    struct str event;
    struct form_record plain;
    struct form_record secrets;
    struct str by;
    int64_t happened;
    int64_t recorded;
    struct str why;
};
struct reading {
    const struct flow_history_of *of;
    struct edition *editions; /* in the order of what happened */
    size_t n;
    struct arena *arena;
};

static enum outcome stored(struct form_record *out, struct str text, struct arena *arena,
                           struct err *e)
{
    const struct json *json;
    record_clear(&form_record_record, out);
    if (!text.p)
        return OK;
    enum outcome o = json_read(&json, arena, text, &json_limits_default, e);
    if (o == OK)
        o = record_from_sealed_json(&form_record_record, out, arena, json, e);
    return o == REFUSED ? err_fault(e, "store.corrupt", "a record of a task: %s", e->code) : o;
}

/* Of a person whose key is gone nothing is left to open. */
static struct str opened(const struct reading *r, struct str event, struct str path,
                         struct str sealed)
{
    struct str out = { 0 };
    struct err e = { 0 };
    const struct look_at at = { event, path, sealed, NULL, NULL };
    if (!sealed.p || !r->of->looks || look_open(r->of->looks, &out, &at, &e) != OK)
        return (struct str){ 0 };
    return out;
}

/* --- reading --- */

static enum outcome read_versions(struct reading *r, const struct record_list *list, struct err *e)
{
    const struct flow_records_out *row = list->p;
    for (size_t i = 0; i < list->n; i++) {
        struct edition *x = &r->editions[r->n++];
        *x = (struct edition){
            .how = i == 0 ? FLOW_RECORDED : FLOW_CORRECTED,
            .version = row[i].version,
            .event = row[i].event,
            .by = row[i].entered_by,
            .happened = row[i].happened,
            .recorded = row[i].recorded,
            .why = opened(r, row[i].event, S("reason"), row[i].reason),
        };
        TRY(stored(&x->plain, row[i].record, r->arena, e));
        TRY(stored(&x->secrets, row[i].secrets, r->arena, e));
    }
    return OK;
}

/* Entries of rounds that are over: those before the last version. */
static enum outcome read_entries(struct reading *r, const struct record_list *list, int64_t until,
                                 struct err *e)
{
    const struct flow_record_entries_out *row = list->p;
    for (size_t i = 0; i < list->n && row[i].version < until; i++) {
        struct edition *x = &r->editions[r->n++];
        *x = (struct edition){
            .how = FLOW_ENTERED,
            .version = row[i].version,
            .event = row[i].event,
            .by = row[i].entered_by,
            .happened = row[i].happened,
            .recorded = row[i].recorded,
        };
        TRY(stored(&x->plain, row[i].record, r->arena, e));
        TRY(stored(&x->secrets, row[i].secrets, r->arena, e));
    }
    return OK;
}

static int by_version(const void *a, const void *b)
{
    const struct edition *x = a;
    const struct edition *y = b;
    return (x->version > y->version) - (x->version < y->version);
}

static enum outcome read_all(struct reading *r, struct db *db, struct err *e)
{
    const struct flow_records_in versions_of = { r->of->order, r->of->task };
    const struct flow_record_entries_in entries_of = { r->of->order, r->of->task };
    struct record_list versions, entries;
    TRY(db_list(db, &sql_flow_records, &versions_of, &versions, FLOW_VERSIONS_MAX, r->arena, e));
    TRY(db_list(db, &sql_flow_record_entries, &entries_of, &entries, FLOW_VERSIONS_MAX, r->arena,
                e));
    r->editions = ARENA_ARRAY(r->arena, versions.n + entries.n + 1, struct edition);
    if (!r->editions)
        return err_no_memory(e);
    TRY(read_versions(r, &versions, e));
    TRY(read_entries(r, &entries, r->n > 0 ? r->editions[r->n - 1].version : 0, e));
    qsort(r->editions, r->n, sizeof *r->editions, by_version);
    return OK;
}

/* --- field by field --- */

/* What an edition says of a field; value absent when nothing. */
static struct flow_said said_in(const struct reading *r, const struct edition *x, struct str name)
{
    struct flow_said s = {
        .how = x->how,
        .record = x->version,
        .by = x->by,
        .happened = x->happened,
        .recorded = x->recorded,
        .why = x->why,
        .removed = true,
    };
    for (size_t i = 0; i < x->plain.values.n; i++) {
        const struct form_value *v = &x->plain.values.p[i];
        if (!str_eq(v->name, name))
            continue;
        s.entered = v->entered;
        s.value = v->value;
        s.mark = v->mark;
        s.removed = false;
    }
    for (size_t i = 0; i < x->secrets.secrets.n; i++) {
        const struct form_secret *secret = &x->secrets.secrets.p[i];
        if (!str_eq(secret->name, name))
            continue;
        s.sealed = true;
        s.removed = false;
        if (r->of->open_sealed)
            s.value = opened(r, x->event, arena_printf(r->arena, "secrets.%zu.entered", i),
                             secret->entered);
    }
    return s;
}

/* A version that leaves a value as it was says nothing new of it; a sealed one cannot be compared
 * and is always told. */
static bool says_anew(const struct flow_said *s, const struct flow_said *last)
{
    if (!last)
        return !s->removed;
    if (s->how == FLOW_ENTERED || last->how == FLOW_ENTERED)
        return true;
    return s->removed != last->removed || s->sealed || !str_eq(s->value, last->value) ||
           !str_eq(s->entered, last->entered) || !str_eq(s->mark, last->mark);
}

static enum outcome field_read(struct flow_field_history *out, const struct reading *r,
                               struct str name, struct err *e)
{
    struct flow_said *said = ARENA_ARRAY(r->arena, r->n + 1, struct flow_said);
    if (!said)
        return err_no_memory(e);
    *out = (struct flow_field_history){ .name = name, .said = said };
    for (size_t i = 0; i < r->n; i++) {
        const struct flow_said s = said_in(r, &r->editions[i], name);
        if (says_anew(&s, out->n > 0 ? &said[out->n - 1] : NULL))
            said[out->n++] = s;
    }
    return OK;
}

static enum outcome add_name(struct flow_field_history *fields, size_t *n, size_t max,
                             const struct reading *r, struct str name, struct err *e)
{
    if (r->of->field.p && !str_eq(name, r->of->field))
        return OK;
    for (size_t i = 0; i < *n; i++)
        if (str_eq(fields[i].name, name))
            return OK;
    return *n < max ? field_read(&fields[(*n)++], r, name, e) : OK;
}

enum outcome flow_history_read(const struct flow_field_history **out, size_t *n, struct db *db,
                               const struct flow_history_of *of, struct arena *arena, struct err *e)
{
    struct reading r = { .of = of, .arena = arena };
    size_t max = 0;
    TRY(read_all(&r, db, e));
    for (size_t i = 0; i < r.n; i++)
        max += r.editions[i].plain.values.n + r.editions[i].secrets.secrets.n;
    struct flow_field_history *fields = ARENA_ARRAY(arena, max + 1, struct flow_field_history);
    if (!fields)
        return err_no_memory(e);
    *n = 0;
    for (size_t i = 0; i < r.n; i++) {
        const struct edition *x = &r.editions[i];
        for (size_t k = 0; k < x->plain.values.n; k++)
            TRY(add_name(fields, n, max, &r, x->plain.values.p[k].name, e));
        for (size_t k = 0; k < x->secrets.secrets.n; k++)
            TRY(add_name(fields, n, max, &r, x->secrets.secrets.p[k].name, e));
    }
    *out = fields;
    return OK;
}
