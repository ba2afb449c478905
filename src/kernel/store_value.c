/* Records into parameters and rows into records, the same for every engine. */
#include "kernel/store_impl.h"

static struct store_value text_value(struct str s)
{
    return (struct store_value){ .kind = s.p == NULL ? VALUE_NULL : VALUE_TEXT,
                                 .bytes = { (const uint8_t *)s.p, s.n } };
}

static struct store_value int_value(int64_t v, int64_t none)
{
    return (struct store_value){ .kind = v == none ? VALUE_NULL : VALUE_INT, .number = v };
}

/* The field's value; decimals and quantities are written into the scratch. */
static struct store_value value_of(const struct field *f, const void *record, struct buf *scratch)
{
    const void *p = (const char *)record + f->offset;
    switch (f->kind) {
    case FIELD_INT:
        return int_value(*(const int64_t *)p, INT_NONE);
    case FIELD_TIME:
        return int_value(*(const int64_t *)p, TIME_NONE);
    case FIELD_BOOL:
        return (struct store_value){ .kind = VALUE_INT, .number = *(const bool *)p };
    case FIELD_DECIMAL:
        if (!decimal_present(*(const struct decimal *)p))
            return (struct store_value){ .kind = VALUE_NULL };
        decimal_write(scratch, *(const struct decimal *)p);
        return text_value(buf_get(scratch));
    case FIELD_QUANTITY:
        if (!quantity_present(*(const struct quantity *)p))
            return (struct store_value){ .kind = VALUE_NULL };
        quantity_write(scratch, *(const struct quantity *)p);
        return text_value(buf_get(scratch));
    case FIELD_BLOB: {
        struct bytes b = *(const struct bytes *)p;
        return (struct store_value){ .kind = b.p == NULL ? VALUE_NULL : VALUE_BLOB, .bytes = b };
    }
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_ID:
    case FIELD_DATE:
    case FIELD_HASH:
    case FIELD_JSON:
        return text_value(*(const struct str *)p);
    case FIELD_LIST:
    case FIELD_TEXTS:
        break;
    }
    bug(__FILE__, __LINE__, "a list is no parameter");
}

enum outcome store_bind_record(const struct store_engine *engine, void *statement,
                               const struct record *r, const void *in, struct err *e)
{
    size_t n = r == NULL ? 0 : r->nfields;
    BUG_ON((n == 0) != (in == NULL));
    for (size_t i = 0; i < n; i++) {
        char storage[DECIMAL_TEXT_MAX + 128];
        struct buf scratch = buf_over(storage, sizeof storage);
        struct store_value v = value_of(&r->fields[i], in, &scratch);
        TRY(buf_check(&scratch, e));
        TRY(engine->bind(statement, i, &v, e));
    }
    return OK;
}

static enum outcome wrong_value(const struct field *f, struct err *e)
{
    return err_fault(e, "store.corrupt", "column %s does not hold what its kind says", f->name);
}

static enum outcome fetch_int(const struct field *f, const struct store_value *v, void *p,
                              struct err *e)
{
    bool null = v->kind == VALUE_NULL;
    if (!null && v->kind != VALUE_INT)
        return wrong_value(f, e);
    if (f->kind == FIELD_BOOL)
        *(bool *)p = !null && v->number != 0;
    else
        *(int64_t *)p = !null ? v->number : f->kind == FIELD_INT ? INT_NONE : TIME_NONE;
    return OK;
}

static enum outcome fetch_bytes(const struct field *f, const struct store_value *v, void *p,
                                struct arena *arena, struct err *e)
{
    bool null = v->kind == VALUE_NULL;
    if (!null && v->kind != (f->kind == FIELD_BLOB ? VALUE_BLOB : VALUE_TEXT))
        return wrong_value(f, e);
    struct str s = { (const char *)v->bytes.p, v->bytes.n };
    s = arena_str(arena, null ? (struct str){ NULL, 0 } : s);
    if (!null && s.p == NULL)
        return err_no_memory(e);

    struct err unreadable = { 0 };
    switch (f->kind) {
    case FIELD_BLOB:
        *(struct bytes *)p = (struct bytes){ (const uint8_t *)s.p, s.n };
        return OK;
    case FIELD_DECIMAL:
        *(struct decimal *)p = decimal_none();
        return null || decimal_read(p, s, &unreadable) == OK ? OK : wrong_value(f, e);
    case FIELD_QUANTITY:
        *(struct quantity *)p = (struct quantity){ .value = decimal_none() };
        return null || quantity_read(p, s, &unreadable) == OK ? OK : wrong_value(f, e);
    default:
        *(struct str *)p = s;
        return OK;
    }
}

enum outcome store_fetch_record(const struct store_engine *engine, void *statement,
                                const struct record *r, void *out, struct arena *arena,
                                struct err *e)
{
    BUG_ON(engine->columns(statement) != r->nfields);
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        void *p = (char *)out + f->offset;
        struct store_value v;
        engine->column(statement, i, &v);
        if (f->kind == FIELD_INT || f->kind == FIELD_TIME || f->kind == FIELD_BOOL)
            TRY(fetch_int(f, &v, p, e));
        else
            TRY(fetch_bytes(f, &v, p, arena, e));
    }
    return OK;
}
