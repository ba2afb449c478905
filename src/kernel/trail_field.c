/* A payload field by field: by its record, and inside JSON by itself. */
#include "kernel/trail_impl.h"

struct flat {
    struct trail_values *out;
    struct arena *arena;
};

static void put(struct flat *f, struct str path, struct str text, struct str entered,
                const struct field *field)
{
    if (f->out->n < TRAIL_CHANGES_MAX)
        f->out->p[f->out->n++] = (struct trail_value){ path, text, entered, field };
}

static struct str below(struct flat *f, struct str path, struct str name)
{
    return path.n > 0 ? arena_printf(f->arena, "%.*s.%.*s", STR(path), STR(name))
                      : arena_str(f->arena, name);
}

static struct str numbered(struct flat *f, struct str path, size_t number)
{
    return arena_printf(f->arena, "%.*s.%zu", STR(path), number);
}

static struct str scalar(const struct json *v)
{
    return v->type == JSON_STRING ? v->text : v->raw;
}

static void put_json(struct flat *f, struct str path, const struct json *v)
{
    size_t i = 0;
    for (const struct json *m = v->child; m; m = m->next, i++) {
        const struct str at =
            v->type == JSON_OBJECT ? below(f, path, m->key) : numbered(f, path, i);
        if (m->type == JSON_OBJECT || m->type == JSON_ARRAY)
            put_json(f, at, m);
        else
            put(f, at, scalar(m), (struct str){ 0 }, NULL);
    }
}

/* Items that have a name are told by it: their order says nothing. A form's value has what was
 * entered beside what was understood. */
static bool put_named(struct flat *f, struct str path, const struct json *item)
{
    const struct str name = json_get_str(item, "name");
    struct str value = json_get_str(item, "value");
    const struct str entered = json_get_str(item, "entered");
    if (!name.p || (!value.p && !entered.p))
        return false;
    const bool sealed = !value.p && seal_is(entered);
    if (!value.p)
        value = entered;
    put(f, below(f, path, name), value,
        sealed || str_eq(value, entered) ? (struct str){ 0 } : entered, NULL);
    const struct str mark = json_get_str(item, "mark");
    if (mark.n > 0)
        put(f, below(f, below(f, path, name), S("mark")), mark, (struct str){ 0 }, NULL);
    return true;
}

static void put_record(struct flat *f, const struct record *record, struct str path,
                       const struct json *object);

static void put_list(struct flat *f, const struct field *field, struct str path,
                     const struct json *list)
{
    size_t i = 0;
    for (const struct json *item = list->child; item; item = item->next, i++)
        if (!put_named(f, path, item))
            put_record(f, field->item, numbered(f, path, i), item);
}

static void put_texts(struct flat *f, const struct field *field, struct str path,
                      const struct json *list)
{
    struct buf b = buf_in(f->arena, EVENT_LEAF_MAX);
    for (const struct json *item = list->child; item; item = item->next) {
        buf_z(&b, b.n > 0 ? ", " : "");
        buf_str(&b, item->text);
    }
    put(f, path, buf_get(&b), (struct str){ 0 }, field);
}

static void put_record(struct flat *f, const struct record *record, struct str path,
                       const struct json *object)
{
    for (const struct json *m = object->child; m; m = m->next) {
        const struct field *field = record_field(record, m->key);
        const struct str at = below(f, path, m->key);
        if (!field)
            continue;
        if (field->kind == FIELD_LIST && m->type == JSON_ARRAY)
            put_list(f, field, at, m);
        else if (field->kind == FIELD_LIST && m->type == JSON_OBJECT)
            put_record(f, field->item, at, m);
        else if (field->kind == FIELD_TEXTS)
            put_texts(f, field, at, m);
        else if (field->kind == FIELD_JSON && m->child)
            put_json(f, at, m);
        else
            put(f, at, scalar(m), (struct str){ 0 }, field);
    }
}

enum outcome trail_values_of(struct trail_values *out, const struct event_type *type,
                             const struct json *payload, struct arena *arena, struct err *e)
{
    struct flat f = { out, arena };
    *out = (struct trail_values){ ARENA_ARRAY(arena, TRAIL_CHANGES_MAX, struct trail_value), 0 };
    if (!out->p)
        return err_no_memory(e);
    put_record(&f, type->payload, S(""), payload);
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
