/* Records from JSON and to canonical JSON. Reading and writing recurse into lists of records: as
 * deep as the tables nest, which the depth of the JSON read bounds once more. */
#include "base/record.h"
#include "base/record_impl.h"

static enum outcome read_record(const struct record_reader *rd, const struct record *r, void *out,
                                const struct json *object, const struct record_path *up);

enum outcome record_from_json(const struct record *r, void *out, struct arena *arena,
                              const struct json *object, struct err *e)
{
    const struct record_reader rd = { .arena = arena, .source = RECORD_OUTSIDE, .e = e };
    return read_record(&rd, r, out, object, NULL);
}

enum outcome record_from_sealed_json(const struct record *r, void *out, struct arena *arena,
                                     const struct json *object, struct err *e)
{
    const struct record_reader rd = { .arena = arena, .source = RECORD_SEALED, .e = e };
    return read_record(&rd, r, out, object, NULL);
}

static enum outcome wrong_type(const struct record_reader *rd, const struct record_path *path,
                               const char *expected)
{
    return record_refuse(rd, "record.wrong_type", path, "expected", expected);
}

/* What may stand in a document that is hashed for ever: no reals, whose text has many forms and
 * whose value depends on who reads it; no minus zero; nested no deeper than leaves room for what
 * goes around it. */
static bool json_exact(const struct json *v, size_t depth)
{
    if (v->type == JSON_NUMBER)
        return memchr(v->text.p, '.', v->text.n) == NULL &&
               memchr(v->text.p, 'e', v->text.n) == NULL &&
               memchr(v->text.p, 'E', v->text.n) == NULL && !str_is(v->text, "-0");
    if (depth == 0)
        return v->child == NULL;
    for (const struct json *c = v->child; c; c = c->next)
        if (!json_exact(c, depth - 1))
            return false;
    return true;
}

enum outcome record_set_json(const struct record_reader *rd, const struct field *f, void *record,
                             const struct json *value, const struct record_path *path)
{
    if (!json_exact(value, RECORD_JSON_DEPTH_MAX))
        return record_refuse_malformed(rd, path, FIELD_JSON);
    size_t max = record_max(f);
    size_t size = value->raw.n < max ? value->raw.n : max; /* canonical is never the longer one */
    void *storage = arena_alloc(rd->arena, size);
    if (!storage)
        return err_no_memory(rd->e);
    struct buf b = buf_over(storage, size);
    json_write_value(&b, value);
    if (!buf_ok(&b))
        return record_refuse_long(rd, path, max);
    *(struct str *)record_slot(f, record) = buf_get(&b);
    return OK;
}

static enum outcome read_texts(const struct record_reader *rd, const struct field *f, void *record,
                               const struct json *array, const struct record_path *path)
{
    const struct field text = { .name = f->name, .kind = FIELD_TEXT };
    struct str *items = ARENA_ARRAY(rd->arena, array->count + 1, struct str);
    if (!items)
        return err_no_memory(rd->e);
    size_t n = 0;
    for (const struct json *v = array->child; v; v = v->next, n++) {
        const struct record_path at = { .up = path, .index = n };
        if (v->type != JSON_STRING)
            return wrong_type(rd, &at, "text");
        TRY(record_set_value(rd, &text, &items[n], v->text, &at));
    }
    *(struct record_list *)record_slot(f, record) = (struct record_list){ .p = items, .n = n };
    return OK;
}

static enum outcome read_alone(const struct record_reader *rd, const struct field *f, void *record,
                               const struct json *object, const struct record_path *path)
{
    void *item = arena_array(rd->arena, 1, f->item->size);
    if (!item)
        return err_no_memory(rd->e);
    *(struct record_list *)record_slot(f, record) = (struct record_list){ .p = item, .n = 1 };
    return read_record(rd, f->item, item, object, path);
}

static enum outcome read_list(const struct record_reader *rd, const struct field *f, void *record,
                              const struct json *array, const struct record_path *path)
{
    if (f->flags & ALONE)
        return read_alone(rd, f, record, array, path);
    if (array->type != JSON_ARRAY)
        return wrong_type(rd, path, "list");
    if (array->count > record_max(f))
        return record_refuse_long(rd, path, record_max(f));
    if (f->kind == FIELD_TEXTS)
        return read_texts(rd, f, record, array, path);
    char *items = arena_array(rd->arena, array->count + 1, f->item->size);
    if (!items)
        return err_no_memory(rd->e);
    size_t n = 0;
    for (const struct json *v = array->child; v; v = v->next, n++) {
        const struct record_path at = { .up = path, .index = n };
        TRY(read_record(rd, f->item, items + n * f->item->size, v, &at));
    }
    *(struct record_list *)record_slot(f, record) = (struct record_list){ .p = items, .n = n };
    return OK;
}

static enum outcome read_field(const struct record_reader *rd, const struct field *f, void *record,
                               const struct json *v, const struct record_path *path)
{
    bool good = v->type == JSON_STRING;
    if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS)
        return read_list(rd, f, record, v, path);
    if (f->kind == FIELD_JSON) {
        bool sealed = (f->flags & SEALED) != 0 && rd->source == RECORD_SEALED;
        if (!sealed || v->type != JSON_STRING)
            return record_set_json(rd, f, record, v, path);
    } else if (f->kind == FIELD_INT) {
        good = v->type == JSON_NUMBER;
    } else if (f->kind == FIELD_BOOL) {
        good = v->type == JSON_TRUE || v->type == JSON_FALSE;
        *(bool *)record_slot(f, record) = v->type == JSON_TRUE;
        if (good)
            return OK;
    }
    if (!good)
        return wrong_type(rd, path, record_expected(f->kind));
    return record_set_value(rd, f, record, v->text, path);
}

static enum outcome read_record(const struct record_reader *rd, const struct record *r, void *out,
                                const struct json *object, const struct record_path *up)
{
    if (object->type != JSON_OBJECT) {
        const struct record_path whole = { .name = str_z(r->name) };
        return wrong_type(rd, up ? up : &whole, "object");
    }
    record_clear(r, out);
    uint64_t seen = 0;
    const struct field *last = r->fields + r->nfields;
    const struct field *guess = r->fields; /* members mostly come in the table's order */
    for (const struct json *m = object->child; m; m = m->next) {
        const struct record_path path = { .up = up, .name = m->key };
        const struct field *f = guess;
        if (guess == last || !str_is(m->key, guess->name))
            f = record_field(r, m->key);
        if (!f)
            return record_refuse(rd, "record.unknown_field", &path, NULL, NULL);
        guess = f + 1;
        if (m->type == JSON_NULL && f->kind != FIELD_JSON)
            continue;
        TRY(read_field(rd, f, out, m, &path));
        seen |= UINT64_C(1) << (f - r->fields);
    }
    return record_check_required(rd, r, out, seen, up);
}

struct writer {
    struct json_out *out;
    const struct record_sealer *sealer;
    struct err *e;
};

static enum outcome write_record(const struct writer *w, const struct record *r, const void *record,
                                 const struct record_path *up);

enum outcome record_to_json(const struct record *r, const void *record, struct json_out *out,
                            const struct record_sealer *sealer, struct err *e)
{
    const struct writer w = { .out = out, .sealer = sealer, .e = e };
    return write_record(&w, r, record, NULL);
}

static enum outcome write_sealed(const struct writer *w, struct str plain,
                                 const struct record_path *path)
{
    char storage[256];
    struct buf b = buf_over(storage, sizeof storage);
    record_path_write(&b, path);
    BUG_ON(!buf_ok(&b)); /* names are our own */
    struct str sealed;
    TRY(w->sealer->seal(w->sealer->context, &sealed, buf_get(&b), plain, w->e));
    json_str(w->out, sealed);
    return OK;
}

/* Sealed text stands in a field of JSON as well; by its first letter it is no JSON. */
static bool begins_json(struct str s)
{
    return s.n > 0 && s.p[0] != '\0' && strchr("{[\"-0123456789tfn", s.p[0]) != NULL;
}

static enum outcome write_list(const struct writer *w, const struct field *f, const void *record,
                               const struct record_path *path)
{
    const struct record_list *list = record_at(f, record);
    BUG_ON((f->flags & ALONE) && list->n != 1);
    if (f->flags & ALONE)
        return write_record(w, f->item, list->p, path);
    json_begin_array(w->out);
    for (size_t i = 0; i < list->n; i++) {
        const struct record_path at = { .up = path, .index = i };
        if (f->kind == FIELD_TEXTS)
            json_str(w->out, ((const struct str *)list->p)[i]);
        else
            TRY(write_record(w, f->item, (const char *)list->p + i * f->item->size, &at));
    }
    json_end(w->out);
    return OK;
}

static enum outcome write_field(const struct writer *w, const struct field *f, const void *record,
                                const struct record_path *path)
{
    const void *at = record_at(f, record);
    if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS)
        return write_list(w, f, record, path);
    if (record_holds_str(f->kind)) {
        const struct str *s = at;
        if (w->sealer && (f->flags & SEALED) != 0)
            return write_sealed(w, *s, path);
        if (f->kind == FIELD_JSON && begins_json(*s))
            json_raw(w->out, *s);
        else
            json_str(w->out, *s);
    } else if (f->kind == FIELD_INT) {
        json_int(w->out, *(const int64_t *)at);
    } else if (f->kind == FIELD_BOOL) {
        json_bool(w->out, *(const bool *)at);
    } else if (f->kind == FIELD_BLOB) {
        json_raw(w->out, S("\"")); /* of any length, and nothing in it to escape */
        record_value_write(w->out->b, f, record);
        buf_char(w->out->b, '"');
    } else {
        char storage[RECORD_VALUE_MAX];
        struct buf b = buf_over(storage, sizeof storage);
        record_value_write(&b, f, record);
        BUG_ON(!buf_ok(&b));
        json_str(w->out, buf_get(&b));
    }
    return OK;
}

static enum outcome write_record(const struct writer *w, const struct record *r, const void *record,
                                 const struct record_path *up)
{
    json_begin_object(w->out);
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        if (!record_present(f, record))
            continue;
        const struct record_path path = { .up = up, .name = str_z(f->name) };
        json_key_str(w->out, path.name);
        TRY(write_field(w, f, record, &path));
    }
    json_end(w->out);
    return OK;
}
