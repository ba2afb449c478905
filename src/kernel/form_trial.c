/* A form tried before it is in force: filled in and worked out, and told line by line. */
#include "kernel/form_example.h"
#include "kernel/text.h"

struct telling {
    struct buf b;
    struct arena *arena;
};

enum outcome form_entries_read(struct record_pair **pairs, size_t *n, struct str json,
                               struct arena *arena, struct err *e)
{
    const struct json *object;
    TRY(json_read(&object, arena, json, &json_limits_default, e));
    if (object->type != JSON_OBJECT)
        return REFUSE(e, "record.wrong_type", { "field", S("inputs") },
                      { "expected", S("object") });
    *pairs = ARENA_ARRAY(arena, object->count + 1, struct record_pair);
    *n = 0;
    if (!*pairs)
        return err_no_memory(e);
    for (const struct json *m = object->child; m; m = m->next) {
        bool word = m->type == JSON_TRUE || m->type == JSON_FALSE;
        if (m->type != JSON_STRING && m->type != JSON_NUMBER && !word)
            return REFUSE(e, "record.wrong_type", { "field", m->key }, { "expected", S("text") });
        struct str value = word ? str_z(m->type == JSON_TRUE ? "true" : "false") : m->text;
        (*pairs)[(*n)++] = (struct record_pair){ m->key, value };
    }
    return OK;
}

static void tell(struct telling *t, const char *key, const struct text_param *params, size_t n)
{
    text_write(&t->b, S("en"), str_z(key), params, n);
    buf_char(&t->b, '\n');
}

static void tell_workings(struct telling *t, const struct form_filled *filled)
{
    for (size_t i = 0; i < filled->nworkings; i++) {
        const struct form_working *w = &filled->workings[i];
        const struct text_param params[] = { { "field", w->name },
                                             { "formula", w->formula },
                                             { "value", w->result.p ? w->kept : S("–") } };
        tell(t, "trial.computed", params, 3);
    }
}

static void tell_problems(struct telling *t, const struct form_filled *filled)
{
    for (size_t i = 0; i < filled->nproblems; i++) {
        const struct form_problem *p = &filled->problems[i];
        const struct text_param params[] = { { "field", p->field },
                                             { "why", text_error(t->arena, S("en"), &p->error) } };
        tell(t, "trial.refused", params, 2);
    }
}

static void tell_record(struct telling *t, const struct form_record *r)
{
    for (size_t i = 0; i < r->values.n; i++) {
        const struct form_value *v = &r->values.p[i];
        const struct text_param params[] = { { "field", v->name }, { "value", v->value } };
        tell(t, "trial.value", params, 2);
    }
    for (size_t i = 0; i < r->secrets.n; i++) {
        const struct text_param params[] = { { "field", r->secrets.p[i].name } };
        tell(t, "trial.sealed", params, 1);
    }
}

enum outcome form_trial(struct define_trial *out, const struct define_context *context,
                        const struct definition *form, struct str input, struct err *e)
{
    static const int64_t some_day = INT64_C(1793000000) * TIME_SECOND; /* for times: any does */
    struct arena *arena = context->arena;
    struct form_examples f = { .arena = arena, .at = some_day, .working = true };
    struct form_filled filled = { 0 };
    struct record_pair *pairs = NULL;
    size_t n = 0;
    struct err why = { 0 };
    if (input.n > 0)
        TRY(form_entries_read(&pairs, &n, input, arena, e));
    TRY(form_examples_new(&f, form, pairs, n, e));
    enum outcome o = form_examples_fill(&filled, &f, true, &why);
    if (o == FAULT || (o == REFUSED && filled.nproblems == 0)) {
        *e = why;
        return o;
    }
    struct telling t = { buf_in(arena, 16 * DEFINE_REPORT_MAX), arena };
    if (f.n > n) {
        const struct text_param params[] = { { "n", arena_printf(arena, "%zu", f.n - n) } };
        tell(&t, "trial.examples", params, 1);
    }
    tell_workings(&t, &filled);
    tell_problems(&t, &filled);
    if (o == OK)
        tell_record(&t, &filled.record);
    out->passed = o == OK;
    out->report = buf_get(&t.b);
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
