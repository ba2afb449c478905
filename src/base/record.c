/* Records by their tables: fields by name, absence, paths and refusals. */
#include "base/record.h"
#include "base/record_impl.h"

#include <stdio.h>

const struct field *record_field(const struct record *r, struct str name)
{
    for (size_t i = 0; i < r->nfields; i++) {
        if (str_is(name, r->fields[i].name))
            return &r->fields[i];
    }
    return NULL;
}

const char *record_expected(enum field_kind kind)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "text",         [FIELD_CODE] = "code",       [FIELD_ID] = "id",
        [FIELD_INT] = "integer",       [FIELD_BOOL] = "boolean",    [FIELD_TIME] = "time",
        [FIELD_DATE] = "date",         [FIELD_DECIMAL] = "decimal", [FIELD_HASH] = "hash",
        [FIELD_QUANTITY] = "quantity", [FIELD_JSON] = "json",       [FIELD_BLOB] = "base64",
        [FIELD_LIST] = "list",         [FIELD_TEXTS] = "list",
    };
    return names[kind];
}

static void clear_field(const struct field *f, void *record)
{
    void *slot = record_slot(f, record);
    switch (f->kind) {
    case FIELD_INT:
        *(int64_t *)slot = INT_NONE;
        return;
    case FIELD_TIME:
        *(int64_t *)slot = TIME_NONE;
        return;
    case FIELD_BOOL:
        *(bool *)slot = false;
        return;
    case FIELD_DECIMAL:
        *(struct decimal *)slot = (struct decimal){ .scale = DECIMAL_NONE };
        return;
    case FIELD_QUANTITY:
        *(struct quantity *)slot = (struct quantity){ .value.scale = DECIMAL_NONE };
        return;
    case FIELD_BLOB:
        *(struct bytes *)slot = (struct bytes){ 0 };
        return;
    case FIELD_LIST:
    case FIELD_TEXTS:
        *(struct record_list *)slot = (struct record_list){ 0 };
        return;
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_ID:
    case FIELD_DATE:
    case FIELD_HASH:
    case FIELD_JSON:
        *(struct str *)slot = (struct str){ 0 };
        return;
    }
}

void record_clear(const struct record *r, void *out)
{
    BUG_ON(r->nfields > RECORD_FIELDS_MAX);
    memset(out, 0, r->size);
    for (size_t i = 0; i < r->nfields; i++)
        clear_field(&r->fields[i], out);
}

bool record_present(const struct field *f, const void *record)
{
    const void *at = record_at(f, record);
    switch (f->kind) {
    case FIELD_INT:
        return *(const int64_t *)at != INT_NONE;
    case FIELD_TIME:
        return *(const int64_t *)at != TIME_NONE;
    case FIELD_BOOL:
        return *(const bool *)at || (f->flags & REQUIRED) != 0;
    case FIELD_DECIMAL:
        return decimal_present(*(const struct decimal *)at);
    case FIELD_QUANTITY:
        return quantity_present(*(const struct quantity *)at);
    case FIELD_BLOB:
        return ((const struct bytes *)at)->p != NULL;
    case FIELD_LIST:
    case FIELD_TEXTS:
        return ((const struct record_list *)at)->p != NULL;
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_ID:
    case FIELD_DATE:
    case FIELD_HASH:
    case FIELD_JSON:
        break;
    }
    return ((const struct str *)at)->p != NULL;
}

enum outcome record_check_required(const struct record_reader *rd, const struct record *r,
                                   const void *record, uint64_t seen, const struct record_path *up)
{
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        if ((f->flags & REQUIRED) == 0)
            continue;
        bool there = (seen >> i & 1) != 0;
        if (there && record_holds_str(f->kind))
            there = ((const struct str *)record_at(f, record))->n > 0;
        if (!there) {
            const struct record_path path = { .up = up, .name = str_z(f->name) };
            return record_refuse(rd, "record.missing", &path, NULL, NULL);
        }
    }
    return OK;
}

void record_path_write(struct buf *b, const struct record_path *path)
{
    if (!path)
        return;
    if (path->up) {
        record_path_write(b, path->up);
        buf_char(b, '.');
    }
    if (!path->name.p) {
        buf_printf(b, "%zu", path->index);
        return;
    }
    for (size_t i = 0; i < path->name.n && buf_ok(b); i++) {
        char c = path->name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-' || c == '.';
        buf_char(b, plain ? c : '?');
    }
}

enum outcome record_refuse(const struct record_reader *rd, const char *code,
                           const struct record_path *path, const char *name, const char *value)
{
    char storage[ERR_VALUE_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    record_path_write(&b, path);
    if (!name)
        return REFUSE(rd->e, code, { "field", buf_get(&b) });
    return REFUSE(rd->e, code, { "field", buf_get(&b) }, { name, str_z(value) });
}

enum outcome record_refuse_long(const struct record_reader *rd, const struct record_path *path,
                                size_t max)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%zu", max);
    return record_refuse(rd, "record.too_long", path, "max", text);
}

enum outcome record_refuse_malformed(const struct record_reader *rd, const struct record_path *path,
                                     enum field_kind kind)
{
    return record_refuse(rd, "record.malformed", path, "expected", record_expected(kind));
}

/* --- deep copies --- */

static bool copy_list(const struct field *f, void *slot, struct arena *arena)
{
    struct record_list *list = slot;
    size_t size = f->kind == FIELD_TEXTS ? sizeof(struct str) : f->item->size;
    char *items = arena_array(arena, list->n + 1, size);
    if (!items)
        return false;
    for (size_t i = 0; i < list->n; i++) {
        const char *from = (const char *)list->p + i * size;
        if (f->kind == FIELD_TEXTS)
            *(struct str *)(void *)(items + i * size) =
                arena_str(arena, *(const struct str *)(const void *)from);
        else if (!record_copy(f->item, items + i * size, from, arena))
            return false;
    }
    if (list->p)
        list->p = items;
    return true;
}

bool record_copy(const struct record *r, void *out, const void *record, struct arena *arena)
{
    memcpy(out, record, r->size);
    for (size_t i = 0; i < r->nfields; i++) {
        const struct field *f = &r->fields[i];
        void *slot = record_slot(f, out);
        if (record_holds_str(f->kind)) {
            *(struct str *)slot = arena_str(arena, *(struct str *)slot);
        } else if (f->kind == FIELD_QUANTITY) {
            struct quantity *q = slot;
            q->unit = arena_str(arena, q->unit);
        } else if (f->kind == FIELD_BLOB) {
            struct bytes *b = slot;
            struct str copy = arena_str(arena, (struct str){ (const char *)b->p, b->n });
            *b = (struct bytes){ (const uint8_t *)copy.p, copy.n };
        } else if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS) {
            if (!copy_list(f, slot, arena))
                return false;
        }
    }
    return !arena_exhausted(arena);
}
