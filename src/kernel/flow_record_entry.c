/* Two persons enter the same form, each unseen by the other. What they entered is compared on the
 * writer's thread, in the transaction that keeps the second entry: however close together they
 * send, one of them is the first. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

/* An entry of before, its sealed values opened: compared, and never kept or told. */
struct earlier {
    struct form_record plain;
    struct form_record secrets;
};

static enum outcome read_stored(struct form_record *out, struct str text, struct arena *arena,
                                struct err *e)
{
    const struct json *json;
    record_clear(&form_record_record, out);
    if (!text.p)
        return OK;
    enum outcome o = json_read(&json, arena, text, &json_limits_default, e);
    if (o == OK)
        o = record_from_sealed_json(&form_record_record, out, arena, json, e);
    if (o == REFUSED) /* we wrote it */
        return err_fault(e, "store.corrupt", "an entry of a task: %s", e->code);
    return o;
}

static enum outcome open_secrets(struct form_record *r, struct load *l, struct str event,
                                 struct err *e)
{
    struct form_secret *opened = ARENA_ARRAY(l->arena, r->secrets.n + 1, struct form_secret);
    if (!opened)
        return err_no_memory(e);
    for (size_t i = 0; i < r->secrets.n; i++) {
        opened[i] = r->secrets.p[i];
        if (!opened[i].entered.p)
            continue;
        TRY(seal_open(l->keys, &opened[i].entered, event,
                      arena_printf(l->arena, "secrets.%zu.entered", i), opened[i].entered, l->arena,
                      e));
    }
    r->secrets.p = opened;
    return OK;
}

/* --- comparing --- */

bool flow_same_value(const struct form_value *a, const struct form_value *b)
{
    struct quantity x, y;
    struct err ignored = { 0 };
    if (str_eq(a->value, b->value))
        return true;
    return quantity_read(&x, a->value, &ignored) == OK &&
           quantity_read(&y, b->value, &ignored) == OK && str_eq(x.unit, y.unit) &&
           decimal_cmp(x.value, y.value) == 0;
}

static const struct form_value *value_named(const struct form_record *r, struct str name)
{
    for (size_t i = 0; i < r->values.n; i++)
        if (str_eq(r->values.p[i].name, name))
            return &r->values.p[i];
    return NULL;
}

static const struct form_secret *secret_named(const struct form_record *r, struct str name)
{
    for (size_t i = 0; i < r->secrets.n; i++)
        if (str_eq(r->secrets.p[i].name, name))
            return &r->secrets.p[i];
    return NULL;
}

static void note(struct str *names, size_t *n, struct str name)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(names[i], name))
            return;
    names[(*n)++] = name;
}

/* Whether this is held against what others entered: all of it, or some fields. */
static bool compared(const struct form *partly, struct str name)
{
    const struct form_field *field = partly ? form_field_of(partly, name) : NULL;
    return !partly || (field && form_field_twice(partly, field));
}

/* Names in which a has what b has not or has otherwise. What is computed follows from the rest. */
static void differences(struct str *names, size_t *n, const struct form *partly,
                        const struct earlier *a, const struct earlier *b)
{
    for (size_t i = 0; i < a->plain.values.n; i++) {
        const struct form_value *value = &a->plain.values.p[i];
        const struct form_value *other = value_named(&b->plain, value->name);
        if (value->entered.p && compared(partly, value->name) &&
            (!other || !flow_same_value(value, other)))
            note(names, n, value->name);
    }
    for (size_t i = 0; i < a->secrets.secrets.n; i++) {
        const struct form_secret *secret = &a->secrets.secrets.p[i];
        const struct form_secret *other = secret_named(&b->secrets, secret->name);
        if (!other || !str_eq(secret->entered, other->entered))
            note(names, n, secret->name);
    }
}

/* Holds what was filled in against one earlier entry; the nearest one's differences are kept. */
static enum outcome compare(struct flow_entries *out, struct load *l,
                            const struct flow_record_entries_now_out *row,
                            const struct flow_filled *filled, struct err *e)
{
    struct earlier before;
    const struct earlier now = { filled->record, filled->record };
    struct str *names = ARENA_ARRAY(l->arena, 4 * FORM_VALUES_MAX + 1, struct str);
    size_t n = 0;
    if (!names)
        return err_no_memory(e);
    TRY(read_stored(&before.plain, row->record, l->arena, e));
    TRY(read_stored(&before.secrets, row->secrets, l->arena, e));
    TRY(open_secrets(&before.secrets, l, row->event, e));
    differences(names, &n, filled->partly, &now, &before);
    differences(names, &n, filled->partly, &before, &now);
    out->agrees |= n == 0;
    if (out->differs && out->ndiffers <= n)
        return OK;
    out->differs = names;
    out->ndiffers = n;
    return OK;
}

/* --- load --- */

/* Whether a later entry of the same person stands in its stead. */
static bool is_last_of(const struct flow_record_entries_now_out *rows, size_t n, size_t i)
{
    for (size_t k = i + 1; k < n; k++)
        if (str_eq(rows[k].entered_by, rows[i].entered_by))
            return false;
    return true;
}

enum outcome flow_entries_load(struct load *l, const struct flow_complete *body,
                               struct flow_view *state, struct err *e)
{
    const struct flow_filled *filled = l->prepared;
    const struct flow_record_entries_now_in now = { body->order, body->task };
    const struct flow_record_entries_in all = { body->order, body->task };
    const struct str me = l->command->actor->name;
    struct record_list list, ever;
    if (!filled || !filled->double_entry || filled->outcome != OK)
        return OK;
    struct flow_entries *out = ARENA_NEW(l->arena, struct flow_entries);
    if (!out)
        return err_no_memory(e);
    TRY(db_list(l->db, &sql_flow_record_entries, &all, &ever, FLOW_VERSIONS_MAX, l->arena, e));
    TRY(db_list(l->db, &sql_flow_record_entries_now, &now, &list, FLOW_ENTRIES_MAX, l->arena, e));
    const struct flow_record_entries_now_out *rows = list.p;
    out->n = list.n;
    out->last = (int64_t)ever.n;
    out->base_changed = filled->partly && filled->base != (list.n > 0 ? rows[0].version : 0);
    for (size_t i = 0; i < list.n; i++) {
        if (str_eq(rows[i].entered_by, me)) {
            out->mine = true;
            continue;
        }
        out->others = true;
        if (is_last_of(rows, list.n, i))
            TRY(compare(out, l, &rows[i], filled, e));
    }
    state->entries = out;
    return OK;
}

/* --- decide --- */

/* Of what was filled in, what this person entered: all of it, or, behind a first entry, the fields
 * that two enter. */
static enum outcome own_values(struct form_record *out, struct decision *d,
                               const struct flow_filled *filled, struct err *e)
{
    *out = filled->record;
    if (!filled->partly || filled->base == 0)
        return OK;
    struct form_value *values = ARENA_ARRAY(d->arena, out->values.n + 1, struct form_value);
    if (!values)
        return err_no_memory(e);
    size_t n = 0;
    for (size_t i = 0; i < out->values.n; i++)
        if (compared(filled->partly, out->values.p[i].name))
            values[n++] = out->values.p[i];
    out->values.p = values;
    out->values.n = n;
    return OK;
}

static void answer(struct decision *d, const char *entry, const struct flow_entries *entries)
{
    const bool differs = strcmp(entry, "differs") == 0;
    const struct flow_entered said = {
        .entry = str_z(entry),
        .fields = { differs ? entries->differs : NULL, differs ? entries->ndiffers : 0 },
    };
    decide_answer(d, &flow_entered_record, &said);
}

enum outcome flow_entry_decide(struct decision *d, const struct flow_complete *body,
                               const struct flow_view *state, bool *agreed, struct err *e)
{
    const struct flow_entries *entries = state->entries;
    *agreed = true;
    if (!entries) /* nor need there be a form, and anything prepared */
        return OK;
    TRY(actor_person(d->command->actor, e)); /* what two people enter, two people enter */
    struct form_record record;
    struct stream stream = flow_stream(body->order);
    if (entries->base_changed) /* somebody was first meanwhile: what is asked for is less now */
        return REFUSE(e, "ledger.changed", { "stream", stream_str(&stream) });
    TRY(own_values(&record, d, d->prepared, e));
    if (entries->mine && !entries->others)
        return REFUSE(e, "flow.entered_by_you", { "task", body->task });
    if (entries->n == FLOW_ENTRIES_MAX)
        return REFUSE(e, "flow.entries_max", { "max", S("20") });
    *agreed = entries->agrees;
    const struct flow_entry_made made = {
        .order = body->order,
        .task = body->task,
        .number = entries->last + 1,
        .form = record.form,
        .form_version = record.form_version,
        .values = { record.values.p, record.values.n },
        .secrets = { record.secrets.p, record.secrets.n },
    };
    flow_happened(d, body->order, &flow_entry_made_event, &made);
    answer(d, *agreed ? "agrees" : entries->others ? "differs" : "first", entries);
    if (*agreed || !entries->others)
        return OK;
    const struct flow_entries_differed differed = {
        .order = body->order,
        .task = body->task,
        .number = entries->last + 1,
        .fields = { entries->differs, entries->ndiffers },
    };
    flow_happened(d, body->order, &flow_entries_differed_event, &differed);
    return OK;
}
