/* One field's value from its text and back. */
#include "base/id.h"
#include "base/record.h"
#include "base/record_impl.h"

#include <sodium.h>

/* UTF-8 without control characters (C0, DEL, C1) but LF and tab. */
static bool is_text(struct str s)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t w;
    bool ascii = true;
    for (size_t i = 0; i < s.n; i++) {
        /* Eight bytes of which none is below 0x20, above 0x7E or, by a borrow, in doubt. */
        for (; s.n - i > sizeof w; i += sizeof w) {
            memcpy(&w, s.p + i, sizeof w);
            if (((w | (w - ones * 0x20) | (w + ones)) & ones * 0x80) != 0)
                break;
        }
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            return false;
        if (c >= 0x80) {
            ascii = false;
            if (c == 0xC2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xA0)
                return false;
        }
    }
    return ascii || str_utf8_valid(s);
}

/* [a-z0-9][a-z0-9_.-]* */
static bool is_code(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || (c != '_' && c != '.' && c != '-')))
            return false;
    }
    return s.n > 0;
}

static bool is_hash(struct str s)
{
    struct hash h;
    return hash_from_hex(&h, s);
}

/* Whether s is JSON as json_write_value writes it. */
static enum outcome is_canonical(bool *out, struct str s, struct err *e)
{
    const struct json_limits limits = { s.n, json_limits_default.depth,
                                        json_limits_default.values };
    /* A value takes two bytes of text at least, and with its sorting under 128 of the arena. */
    struct arena *a = arena_new(64 * 1024 + 64 * s.n);
    if (!a)
        return err_no_memory(e);
    const struct json *value;
    struct err ignored = { 0 };
    enum outcome read = json_read(&value, a, s, &limits, &ignored);
    *out = false;
    if (read == OK) {
        struct buf b = buf_new(s.n);
        json_write_value(&b, value);
        if (buf_check(&b, &ignored) == FAULT)
            read = FAULT;
        *out = buf_ok(&b) && str_eq(buf_get(&b), s);
        buf_free(&b);
    }
    arena_free(a);
    return read == FAULT ? err_no_memory(e) : OK;
}

static bool int_of(int64_t *out, struct str text)
{
    const struct json number = { .type = JSON_NUMBER, .text = text };
    return json_to_int(out, &number) && *out != INT_NONE;
}

static bool bool_of(bool *out, struct str text, bool stored)
{
    *out = str_is(text, "true") || (stored && str_is(text, "1"));
    return *out || str_is(text, "false") || (stored && str_is(text, "0"));
}

static bool time_of(int64_t *out, struct str text, bool stored)
{
    return clock_read(out, text) || (stored && int_of(out, text));
}

/* From base64, or as it stands in a row. */
static enum outcome set_blob(const struct record_reader *rd, const struct field *f, void *record,
                             struct str text, const struct record_path *path)
{
    bool stored = rd->source == RECORD_STORED;
    size_t size = stored ? text.n : text.n / 4 * 3;
    size_t max = record_max(f);
    if (size > max + 2) /* padding */
        return record_refuse_long(rd, path, max);
    struct bytes *slot = record_slot(f, record);
    *slot = (struct bytes){ .p = (const uint8_t *)text.p, .n = text.n };
    if (!stored) {
        uint8_t *to = arena_alloc(rd->arena, size + 1);
        if (!to)
            return err_no_memory(rd->e);
        if (sodium_base642bin(to, size, text.p, text.n, NULL, &slot->n, NULL,
                              sodium_base64_VARIANT_ORIGINAL) != 0)
            return record_refuse_malformed(rd, path, f->kind);
        slot->p = to;
    }
    return slot->n > max ? record_refuse_long(rd, path, max) : OK;
}

/* Whether text is what the kind says. */
static enum outcome is_of_kind(bool *out, enum field_kind kind, struct str text, struct err *e)
{
    switch (kind) {
    case FIELD_CODE:
        *out = is_code(text);
        return OK;
    case FIELD_ID:
        *out = id_valid(text);
        return OK;
    case FIELD_DATE:
        *out = clock_date_valid(text);
        return OK;
    case FIELD_HASH:
        *out = is_hash(text);
        return OK;
    case FIELD_JSON:
        return is_canonical(out, text, e);
    default:
        *out = is_text(text);
        return OK;
    }
}

static enum outcome set_str(const struct record_reader *rd, const struct field *f, void *record,
                            struct str text, const struct record_path *path)
{
    size_t max = record_text_max(rd, f);
    if (text.n > max)
        return record_refuse_long(rd, path, max);
    bool sealed = (f->flags & SEALED) != 0 && rd->source != RECORD_OUTSIDE;
    bool good = sealed && is_text(text);
    if (!good)
        TRY(is_of_kind(&good, f->kind, text, rd->e));
    if (!good)
        return record_refuse_malformed(rd, path, f->kind);
    *(struct str *)record_slot(f, record) = text;
    return OK;
}

/* Puts the field's path into a refusal of its kind's own reader. */
static enum outcome add_path(enum outcome outcome, struct err *e, const struct record_path *path)
{
    if (outcome != REFUSED || e->nparams == ERR_PARAMS_MAX)
        return outcome;
    struct buf b = buf_over(e->params[e->nparams].value, ERR_VALUE_MAX - 1);
    record_path_write(&b, path);
    e->params[e->nparams].value[b.n] = '\0';
    e->params[e->nparams++].name = "field";
    return outcome;
}

enum outcome record_set_value(const struct record_reader *rd, const struct field *f, void *record,
                              struct str text, const struct record_path *path)
{
    void *slot = record_slot(f, record);
    bool stored = rd->source == RECORD_STORED;
    bool good = false;
    if (record_holds_str(f->kind))
        return set_str(rd, f, record, text, path);
    switch (f->kind) {
    case FIELD_BLOB:
        return set_blob(rd, f, record, text, path);
    case FIELD_INT:
        good = int_of(slot, text);
        break;
    case FIELD_BOOL:
        good = bool_of(slot, text, stored);
        break;
    case FIELD_TIME:
        good = time_of(slot, text, stored);
        break;
    case FIELD_DECIMAL:
        return add_path(decimal_read(slot, text, rd->e), rd->e, path);
    case FIELD_QUANTITY:
        return add_path(quantity_read(slot, text, rd->e), rd->e, path);
    default:
        BUG_ON(true); /* lists have no text */
    }
    return good ? OK : record_refuse_malformed(rd, path, f->kind);
}

enum outcome record_set_text(const struct field *f, void *record, struct str text, struct err *e)
{
    const struct record_reader rd = { .source = RECORD_STORED, .e = e };
    const struct record_path path = { .name = str_z(f->name) };
    if (text.p)
        return record_set_value(&rd, f, record, text, &path);
    const struct record one = { .name = f->name, .size = 0, .fields = f, .nfields = 1 };
    record_clear(&one, record);
    return OK;
}

void record_value_write(struct buf *b, const struct field *f, const void *record)
{
    const void *at = record_at(f, record);
    switch (f->kind) {
    case FIELD_INT:
        buf_int(b, *(const int64_t *)at);
        break;
    case FIELD_BOOL:
        buf_z(b, *(const bool *)at ? "true" : "false");
        break;
    case FIELD_TIME:
        clock_write(b, *(const int64_t *)at);
        break;
    case FIELD_DECIMAL:
        decimal_write(b, *(const struct decimal *)at);
        break;
    case FIELD_QUANTITY:
        quantity_write(b, *(const struct quantity *)at);
        break;
    case FIELD_BLOB:
        buf_base64(b, ((const struct bytes *)at)->p, ((const struct bytes *)at)->n);
        break;
    default:
        BUG_ON(!record_holds_str(f->kind));
        buf_str(b, *(const struct str *)at);
    }
}

struct str record_text(const struct field *f, const void *record, struct arena *arena)
{
    if (record_holds_str(f->kind))
        return *(const struct str *)record_at(f, record);
    if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS || !record_present(f, record))
        return f->kind == FIELD_BOOL ? S("false") : (struct str){ 0 };
    struct buf b = buf_in(arena, SIZE_MAX);
    record_value_write(&b, f, record);
    return buf_ok(&b) ? buf_get(&b) : (struct str){ 0 };
}
