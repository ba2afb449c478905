/* Orders without their patients. */
#include "modules/desk/deidentify.h"

#include <stdio.h>

#include "base/id.h"
#include "gen/desk/queries.sql.h"
#include "kernel/seal_digest.h"
#include "modules/order/order.h"

#define RECORDS "modules/desk/deidentify.def"
#include "base/record_structs.h"
#include "base/record_tables.h"
#undef RECORDS

enum { PAGE = 100, ROWS = 500, LINE_MAX = 256 << 10, PAGE_ARENA_MAX = 4 << 20, ID_DIGITS = 16 };

struct one {
    struct node *node;
    struct db *db;
    struct arena *arena;
    const struct desk_deid_orders_out *row;
    int64_t shift_us;
    char hex[HASH_HEX + 1]; /* what the research ids are cut from */
};

/* A day, shifted; only the day is kept. */
static struct str day(const struct one *x, int64_t us)
{
    if (us == TIME_NONE)
        return (struct str){ 0 };
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, us + x->shift_us);
    return arena_str(x->arena, (struct str){ text, 10 });
}

static struct str band(const struct one *x, int64_t value)
{
    const int64_t from = value / 10 * 10;
    return arena_printf(x->arena, "%lld-%lld", (long long)from, (long long)(from + 9));
}

/* Whole years from a date "YYYY-MM-DD" to a time. */
static int64_t years_between(struct str born, int64_t until_us)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    int64_t from, to;
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, until_us);
    if (born.n != 10 || !str_to_u63(&from, (struct str){ born.p, 4 }) ||
        !str_to_u63(&to, (struct str){ text, 4 }) || to < from)
        return 0;
    return to - from - (memcmp(text + 5, born.p + 5, 5) < 0);
}

static struct str age(const struct one *x, struct str born)
{
    const int64_t years = years_between(born, x->row->prescribed);
    return years >= 90 ? S("90+") : band(x, years);
}

static struct str weight(const struct one *x)
{
    struct quantity kg;
    struct err ignored = { 0 };
    char text[DECIMAL_TEXT_MAX];
    int64_t whole;
    if (!quantity_present(x->row->weight) ||
        quantity_convert(&kg, x->row->weight, S("kg"), &ignored) != OK)
        return (struct str){ 0 };
    struct buf b = buf_over(text, sizeof text);
    decimal_write(&b, kg.value);
    struct str rest = buf_get(&b);
    return str_to_u63(&whole, str_cut(&rest, '.')) ? band(x, whole) : (struct str){ 0 };
}

/* From the patient's own key: how many days, and what the research ids are. */
static enum outcome secrets(struct one *x, struct err *e)
{
    struct hash shift, ids;
    struct keyring *keys = x->node->keys;
    uint64_t number;
    TRY(seal_subject_digest(keys, &shift, x->row->patient, "deidentify shift", S(""), e));
    TRY(seal_subject_digest(keys, &ids, x->row->patient, "deidentify id", S(""), e));
    memcpy(&number, shift.b, sizeof number);
    const int64_t days = (int64_t)(number % (2 * DEIDENTIFY_SHIFT_DAYS)) - DEIDENTIFY_SHIFT_DAYS;
    x->shift_us = (days < 0 ? days : days + 1) * TIME_DAY; /* never none */
    hash_hex(x->hex, ids);
    return OK;
}

static enum outcome order_digest(const struct one *x, struct str *out, struct err *e)
{
    struct hash h;
    char hex[HASH_HEX + 1];
    TRY(seal_subject_digest(x->node->keys, &h, x->row->patient, "deidentify order",
                            x->row->order_id, e));
    hash_hex(hex, h);
    *out = arena_printf(x->arena, "o-%.*s", ID_DIGITS, hex);
    return OK;
}

static enum outcome steps(const struct one *x, struct deidentified_order *out, struct err *e)
{
    const struct desk_deid_steps_in in = { x->row->order_id };
    struct record_list list;
    TRY(db_list(x->db, &sql_desk_deid_steps, &in, &list, ROWS, x->arena, e));
    const struct desk_deid_steps_out *row = list.p;
    struct deidentified_step *p = ARENA_ARRAY(x->arena, list.n + 1, struct deidentified_step);
    for (size_t i = 0; p && i < list.n; i++)
        p[i] = (struct deidentified_step){ row[i].task, day(x, row[i].done) };
    out->steps.p = p;
    out->steps.n = list.n;
    return p ? OK : err_no_memory(e);
}

static enum outcome deviations(const struct one *x, struct deidentified_order *out, struct err *e)
{
    const struct desk_deid_deviations_in in = { x->row->order_id };
    struct record_list list;
    TRY(db_list(x->db, &sql_desk_deid_deviations, &in, &list, ROWS, x->arena, e));
    const struct desk_deid_deviations_out *row = list.p;
    struct deidentified_deviation *p =
        ARENA_ARRAY(x->arena, list.n + 1, struct deidentified_deviation);
    for (size_t i = 0; p && i < list.n; i++)
        p[i] = (struct deidentified_deviation){ row[i].kind, row[i].risk, day(x, row[i].opened) };
    out->deviations.p = p;
    out->deviations.n = list.n;
    return p ? OK : err_no_memory(e);
}

static enum outcome fill(struct one *x, struct deidentified_order *out, struct err *e)
{
    const struct desk_deid_orders_out *row = x->row;
    struct str born;
    TRY(secrets(x, e));
    TRY(seal_open(x->node->keys, &born, row->event, S("birth_date"), row->birth_date, x->arena, e));
    *out = (struct deidentified_order){
        .patient = arena_printf(x->arena, "p-%.*s", ID_DIGITS, x->hex),
        .sex = row->sex,
        .age = age(x, born),
        .weight = weight(x),
        .product = row->product,
        .indication = row->indication,
        .jurisdiction = row->jurisdiction,
        .regime = row->regime,
        .prescribed = day(x, row->prescribed),
        .placed = day(x, row->placed),
        .ended = day(x, row->ended),
        .how = row->how,
    };
    TRY(order_digest(x, &out->order, e));
    TRY(steps(x, out, e));
    return deviations(x, out, e);
}

struct export
{
    struct desk_deidentified *counts;
    struct node *node;
    struct db *db;
    struct arena *arena; /* of one order */
    enum outcome (*line)(void *context, struct str text, struct err *e);
    void *context;
};

static enum outcome export_one(struct export *x, const struct desk_deid_orders_out *row,
                               struct err *e)
{
    struct one one = { .node = x->node, .db = x->db, .arena = x->arena, .row = row };
    struct deidentified_order order;
    struct err why = { 0 };
    arena_reset(x->arena);
    const enum outcome o = fill(&one, &order, &why);
    if (o == REFUSED && strcmp(why.code, "seal.erased") == 0) {
        x->counts->erased++;
        return OK;
    }
    if (o != OK) {
        *e = why;
        return o;
    }
    struct buf b = buf_in(x->arena, LINE_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(&deidentified_order_record, &order, &json, NULL, e));
    TRY(buf_check(&b, e));
    x->counts->orders++;
    return x->line(x->context, buf_get(&b), e);
}

static enum outcome export_page(struct export *x, char after[ID_LENGTH + 1], size_t *n,
                                struct arena *arena, struct err *e)
{
    const struct desk_deid_orders_in in = { str_z(after), PAGE };
    struct record_list list;
    arena_reset(arena);
    TRY(db_list(x->db, &sql_desk_deid_orders, &in, &list, PAGE, arena, e));
    const struct desk_deid_orders_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        TRY(export_one(x, &rows[i], e));
    if (list.n > 0)
        snprintf(after, ID_LENGTH + 1, "%.*s", STR(rows[list.n - 1].order_id));
    *n = list.n;
    return OK;
}

enum outcome desk_deidentify(struct desk_deidentified *out, struct node *n, struct db *db,
                             enum outcome (*line)(void *context, struct str text, struct err *e),
                             void *context, struct err *e)
{
    struct export x = { out, n, db, arena_new(PAGE_ARENA_MAX), line, context };
    struct arena *page = arena_new(PAGE_ARENA_MAX);
    char after[ID_LENGTH + 1] = "";
    size_t got = PAGE;
    enum outcome o = page && x.arena ? OK : err_no_memory(e);
    *out = (struct desk_deidentified){ 0 };
    while (o == OK && got == PAGE)
        o = export_page(&x, after, &got, page, e);
    arena_free(x.arena);
    arena_free(page);
    return o;
}
