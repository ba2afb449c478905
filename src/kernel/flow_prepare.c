/* Before the queue: fills the form that a task opened with. What is wrong with the inputs is kept
 * and told by decide, after everything else that stands in the way, so that nobody corrects a form
 * for a task that is held, and who may not know of the order learns nothing of its forms. */
#include "kernel/flow_impl.h"
#include "kernel/flow_record.h"

/* The task's row, if the actor may do this command there; what else is so, load will tell. */
static enum outcome prepare_task(const struct prepare *p, const char *permission,
                                 const struct flow_task_in *in, struct flow_task_out *out,
                                 bool *found, struct err *e)
{
    const struct actor *actor;
    TRY(flow_actor(&actor, p->db, p->command->actor, in->order_id, p->arena, e));
    TRY(db_get(p->db, &sql_flow_task, in, out, p->arena, found, e));
    *found = *found && out->form.p &&
             (actor->system || actor_may(actor, str_z(permission), out->organisation, out->site));
    return OK;
}

struct inputs {
    struct record_pair *pairs;
    size_t n;
};

/* The inputs, with room for as many again. */
static enum outcome inputs_take(struct inputs *out, const struct prepare *p,
                                const struct flow_input *inputs, size_t n, size_t room,
                                struct err *e)
{
    out->pairs = ARENA_ARRAY(p->arena, n + room + 1, struct record_pair);
    out->n = n;
    if (!out->pairs)
        return err_no_memory(e);
    for (size_t i = 0; i < n; i++)
        out->pairs[i] = (struct record_pair){ inputs[i].name, inputs[i].entered };
    return OK;
}

static bool inputs_have(const struct inputs *in, struct str name)
{
    for (size_t i = 0; i < in->n; i++)
        if (str_eq(in->pairs[i].name, name))
            return true;
    return false;
}

static enum outcome stored_record(struct form_record *out, const struct prepare *p, struct str text,
                                  struct err *e);

/* Some fields are entered by two persons: what is entered once is what the round's first entry
 * says, and nobody after its author gives it again. */
static enum outcome entered_once(struct flow_filled *out, struct inputs *in,
                                 const struct prepare *p, const struct flow_task_in *task,
                                 struct err *e)
{
    const struct flow_record_entries_now_in now = { task->order_id, task->task };
    struct record_list list;
    struct form_record base;
    TRY(db_list(p->db, &sql_flow_record_entries_now, &now, &list, FLOW_ENTRIES_MAX, p->arena, e));
    const struct flow_record_entries_now_out *first = list.p;
    if (list.n == 0)
        return OK;
    out->base = first->version;
    for (size_t i = 0; i < in->n && out->outcome == OK; i++) {
        const struct form_field *field = form_field_of(out->partly, in->pairs[i].name);
        if (field && !form_field_twice(out->partly, field) && str_trim(in->pairs[i].value).n > 0)
            out->outcome = REFUSE(&out->error, "flow.entered_once", { "field", field->label });
    }
    TRY(stored_record(&base, p, first->record, e));
    struct inputs all;
    all.pairs = ARENA_ARRAY(p->arena, in->n + base.values.n + 1, struct record_pair);
    all.n = 0;
    if (!all.pairs)
        return err_no_memory(e);
    for (size_t i = 0; i < in->n; i++) {
        const struct form_field *field = form_field_of(out->partly, in->pairs[i].name);
        if (!field || form_field_twice(out->partly, field))
            all.pairs[all.n++] = in->pairs[i];
    }
    for (size_t i = 0; i < base.values.n; i++) {
        const struct form_value *value = &base.values.p[i];
        const struct form_field *field = form_field_of(out->partly, value->name);
        if (field && value->entered.p && !form_field_twice(out->partly, field))
            all.pairs[all.n++] = (struct record_pair){ value->name, value->entered };
    }
    *in = all;
    return OK;
}

/* `completing`: the task's key; NULL for a correction, which one person makes. */
static enum outcome fill(struct flow_filled *out, const struct prepare *p, struct str order,
                         const struct flow_task_out *task, const struct inputs *given,
                         const struct flow_task_in *completing, struct err *e)
{
    struct inputs once = *given;
    const struct inputs *in = &once;
    struct flow_files_of of = { .db = p->db, .order = order };
    const struct form_files files = flow_files(&of);
    struct definition form;
    bool found;
    TRY(define_find(&form, p->db, S("form"), task->form, task->form_version, p->now_us, p->arena,
                    &found, e));
    if (!found)
        return err_fault(e, "flow.form_gone", "%.*s version %lld", STR(task->form),
                         (long long)task->form_version);
    out->double_entry = form_twice(form.body);
    if (completing && form_partly_twice(form.body)) {
        out->partly = form.body;
        TRY(entered_once(out, &once, p, completing, e));
        if (out->outcome != OK)
            return OK;
    }
    struct form_filled filled;
    const struct form_filling filling = {
        .form = &form, .inputs = in->pairs, .ninputs = in->n, .files = &files
    };
    out->outcome = form_fill(&filled, &filling, p->arena, &out->error);
    out->record = filled.record;
    if (out->outcome == FAULT)
        *e = out->error;
    return out->outcome == FAULT ? FAULT : OK;
}

enum outcome flow_complete_prepare(struct prepare *p, const struct flow_complete *body,
                                   struct err *e)
{
    struct flow_task_in key = { body->order, body->task };
    struct flow_task_out task;
    struct inputs in;
    bool found;
    TRY(prepare_task(p, "flow.complete", &key, &task, &found, e));
    if (!found || body->keep > 0)
        return OK;
    struct flow_filled *filled = ARENA_NEW(p->arena, struct flow_filled);
    if (!filled)
        return err_no_memory(e);
    TRY(inputs_take(&in, p, body->inputs.p, body->inputs.n, 0, e));
    TRY(fill(filled, p, body->order, &task, &in, &key, e));
    p->prepared = filled;
    return OK;
}

/* --- corrections --- */

static enum outcome stored_record(struct form_record *out, const struct prepare *p, struct str text,
                                  struct err *e)
{
    const struct json *json;
    record_clear(&form_record_record, out);
    if (!text.p)
        return OK;
    enum outcome o = json_read(&json, p->arena, text, &json_limits_default, e);
    if (o == OK)
        o = record_from_sealed_json(&form_record_record, out, p->arena, json, e);
    if (o == REFUSED) /* we wrote it */
        return err_fault(e, "store.corrupt", "a record of a task: %s", e->code);
    return o;
}

/* Sealed values cannot be read here, so a correction gives them again or says nothing at all. */
static enum outcome secrets_given(const struct form_record *secrets, const struct inputs *in,
                                  struct err *e)
{
    for (size_t i = 0; i < secrets->secrets.n; i++)
        if (!inputs_have(in, secrets->secrets.p[i].name))
            return REFUSE(e, "flow.sealed_again", { "field", secrets->secrets.p[i].name });
    return OK;
}

enum outcome flow_correct_prepare(struct prepare *p, const struct flow_correct *body, struct err *e)
{
    struct flow_task_in key = { body->order, body->task };
    struct flow_task_out task;
    struct form_record before;
    struct form_record secrets;
    struct inputs in;
    bool found;
    TRY(prepare_task(p, "flow.correct", &key, &task, &found, e));
    if (!found || !task.record.p)
        return OK;
    struct flow_filled *filled = ARENA_NEW(p->arena, struct flow_filled);
    if (!filled)
        return err_no_memory(e);
    TRY(stored_record(&before, p, task.record, e));
    TRY(stored_record(&secrets, p, task.secrets, e));
    TRY(inputs_take(&in, p, body->inputs.p, body->inputs.n, before.values.n, e));
    p->prepared = filled;
    filled->before = task.record;
    filled->outcome = secrets_given(&secrets, &in, &filled->error);
    if (filled->outcome != OK)
        return OK;
    for (size_t i = 0; i < before.values.n; i++) {
        const struct form_value *value = &before.values.p[i];
        if (value->entered.p && !inputs_have(&in, value->name))
            in.pairs[in.n++] = (struct record_pair){ value->name, value->entered };
    }
    return fill(filled, p, body->order, &task, &in, NULL, e);
}
