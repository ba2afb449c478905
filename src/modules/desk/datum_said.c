/* Who said the values of a task's record as it stands: a correction says anew what it changes and
 * nothing else, and where two persons enter, each says what stands in their own entry. */
#include "kernel/flow_record.h"
#include "modules/desk/datum.h"

struct version {
    struct form_record record;
    struct data_said said;
};

static const struct form_value *value_of(const struct form_record *record, struct str name)
{
    for (size_t i = 0; i < record->values.n; i++)
        if (str_eq(record->values.p[i].name, name))
            return &record->values.p[i];
    return NULL;
}

static bool same(const struct form_value *a, const struct form_value *b)
{
    return a && b && str_eq(a->value, b->value) && str_eq(a->entered, b->entered) &&
           str_eq(a->mark, b->mark);
}

/* Versions of the present pass, and the entries that led to its first: both in their order. */
struct versions {
    struct version *p;
    size_t n;
    int64_t before; /* last version of the pass before; 0: none */
    int64_t first;  /* of this one */
    struct version *entries;
    size_t nentries;
};

static enum outcome entries_of(struct versions *out, struct data_making *m,
                               const struct flow_open_task *task, struct err *e)
{
    const struct flow_record_entries_in in = { m->of->flow->order, task->task };
    struct record_list list;
    TRY(db_list(m->of->db, &sql_flow_record_entries, &in, &list, FLOW_VERSIONS_MAX, m->arena, e));
    const struct flow_record_entries_out *row = list.p;
    out->entries = ARENA_ARRAY(m->arena, list.n + 1, struct version);
    if (!out->entries)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct version *x = &out->entries[out->nentries];
        if (row[i].version <= out->before || row[i].version >= out->first)
            continue;
        x->said = (struct data_said){ row[i].entered_by, row[i].happened };
        TRY(data_record_read(&x->record, row[i].record, m->arena, e));
        out->nentries++;
    }
    return OK;
}

static enum outcome versions_of(struct versions *out, struct data_making *m,
                                const struct data_record *of, struct err *e)
{
    const struct flow_records_in in = { m->of->flow->order, of->task->task };
    struct record_list list;
    *out = (struct versions){ .n = 0 };
    TRY(db_list(m->of->db, &sql_flow_records, &in, &list, FLOW_VERSIONS_MAX, m->arena, e));
    const struct flow_records_out *row = list.p;
    out->p = ARENA_ARRAY(m->arena, list.n + 1, struct version);
    if (!out->p)
        return err_no_memory(e);
    for (size_t i = 0; i < list.n; i++) {
        struct version *x = &out->p[out->n];
        if (row[i].pass != of->task->pass) {
            out->before = row[i].version;
            continue;
        }
        out->first = out->n == 0 ? row[i].version : out->first;
        x->said = (struct data_said){ row[i].entered_by, row[i].happened };
        TRY(data_record_read(&x->record, row[i].record, m->arena, e));
        out->n++;
    }
    return form_twice(of->form) || form_partly_twice(of->form) ? entries_of(out, m, of->task, e)
                                                               : OK;
}

static struct data_said said_of(const struct versions *v, struct str name)
{
    size_t at = v->n - 1;
    const struct form_value *stands = value_of(&v->p[at].record, name);
    while (at > 0 && same(stands, value_of(&v->p[at - 1].record, name)))
        at--;
    for (size_t i = 0; at == 0 && stands && i < v->nentries; i++) {
        const struct form_value *entered = value_of(&v->entries[i].record, name);
        if (entered && flow_same_value(entered, stands))
            return v->entries[i].said;
    }
    return v->p[at].said;
}

enum outcome data_said_read(const struct data_said **out, struct data_making *m,
                            const struct data_record *of, struct err *e)
{
    struct versions v;
    struct data_said *said = ARENA_ARRAY(m->arena, of->record->values.n + 1, struct data_said);
    if (!said)
        return err_no_memory(e);
    TRY(versions_of(&v, m, of, e));
    for (size_t i = 0; i < of->record->values.n; i++)
        said[i] = v.n > 0 ? said_of(&v, of->record->values.p[i].name)
                          : (struct data_said){ of->task->by, of->task->done_at };
    *out = said;
    return OK;
}
