/* One entry: what was entered becomes what was understood, or is refused with its reason. */
#include "kernel/form_impl.h"

static struct str unit_for_people(struct str code)
{
    const struct unit_of_measure *u = unit_of_measure_find(code);
    return u ? str_z(u->print) : code;
}

static enum outcome refuse_limit(struct err *e, const char *code, const char *name,
                                 struct decimal limit, struct str unit)
{
    char text[DECIMAL_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    decimal_write(&b, limit);
    return REFUSE(e, code, { name, buf_get(&b) }, { "unit", unit_for_people(unit) });
}

static enum outcome refuse_number(struct err *e, const char *code, int64_t max)
{
    char digits[24];
    struct buf b = buf_over(digits, sizeof digits);
    buf_int(&b, max);
    return REFUSE(e, code, { "max", buf_get(&b) });
}

/* Refuses what cannot be, marks what is not expected, and writes the value. */
static enum outcome keep_quantity(struct form_cell *cell, const struct form_field *field,
                                  struct decimal d, struct arena *arena, struct err *e)
{
    if (decimal_present(field->min) && decimal_cmp(d, field->min) < 0)
        return refuse_limit(e, "form.below_min", "min", field->min, field->unit);
    if (decimal_present(field->max) && decimal_cmp(d, field->max) > 0)
        return refuse_limit(e, "form.above_max", "max", field->max, field->unit);
    if (decimal_present(field->low) && decimal_cmp(d, field->low) < 0)
        cell->value.mark = S("low");
    if (decimal_present(field->high) && decimal_cmp(d, field->high) > 0)
        cell->value.mark = S("high");
    struct buf b = buf_in(arena, FORM_ENTERED_MAX);
    quantity_write(&b, (struct quantity){ d, field->unit });
    TRY(buf_check(&b, e));
    cell->kept = d;
    cell->value.value = buf_get(&b);
    return OK;
}

/* A number in the field's unit, or a number and a unit. */
static enum outcome read_quantity(struct decimal *out, const struct form_field *field,
                                  struct str entered, struct err *e)
{
    struct quantity q;
    if (str_find(entered, ' ') == entered.n)
        return decimal_read(out, entered, e);
    TRY(quantity_read(&q, entered, e));
    TRY(quantity_convert(&q, q, field->unit, e));
    *out = q.value;
    return OK;
}

static enum outcome understand_quantity(struct form_cell *cell, struct formula_value *input,
                                        const struct form_field *field, struct arena *arena,
                                        struct err *e)
{
    struct decimal d;
    TRY(read_quantity(&d, field, cell->entered, e));
    TRY(keep_quantity(cell, field, d, arena, e));
    input->kind = FORMULA_NUMBER;
    input->number = d;
    return OK;
}

static enum outcome understand_time(struct form_cell *cell, struct arena *arena, struct err *e)
{
    int64_t us;
    if (!clock_read(&us, cell->entered))
        return REFUSE(e, "form.not_a_time");
    struct buf b = buf_in(arena, CLOCK_TEXT_LENGTH);
    clock_write(&b, us);
    cell->value.value = buf_get(&b);
    return buf_check(&b, e);
}

static bool takes_media(const struct form_field *field, struct str media)
{
    for (size_t i = 0; i < field->media.n; i++) {
        const struct str wanted = field->media.p[i];
        if (str_eq(media, wanted) || (str_ends(wanted, S("/")) && str_starts(media, wanted)))
            return true;
    }
    return field->media.n == 0;
}

enum outcome form_takes_file(const struct form_field *field, const struct form_file *file,
                             struct err *e)
{
    if (!takes_media(field, file->media))
        return REFUSE(e, "form.file_type", { "media", file->media });
    if (field->size != INT_NONE && file->size > field->size)
        return refuse_number(e, "form.file_size", field->size);
    return OK;
}

/* "<hash> <media> <bytes>": what was stored, told by the store of files. */
static enum outcome understand_file(struct form_cell *cell, const struct form_reader *r,
                                    const struct form_field *field, struct err *e)
{
    static const struct field hash = { "hash", FIELD_HASH, OPTIONAL, 0, 0, NULL };
    struct form_file file;
    struct err unfit = { 0 };
    struct str text;
    bool found = false;
    if (record_set_text(&hash, &text, cell->entered, &unfit) != OK)
        return REFUSE(e, "form.not_a_hash");
    if (r->files)
        TRY(r->files->find(r->files->context, &file, &found, cell->entered, r->arena, e));
    if (!found)
        return REFUSE(e, "form.no_file");
    TRY(form_takes_file(field, &file, e));
    cell->value.value = arena_printf(r->arena, "%.*s %.*s %lld", STR(cell->entered),
                                     STR(file.media), (long long)file.size);
    return cell->value.value.p ? OK : err_no_memory(e);
}

/* What records take as text. */
static enum outcome check_text(struct str entered, size_t max, struct err *e)
{
    static const struct field text = { "text", FIELD_TEXT, OPTIONAL, 0, FORM_ENTERED_MAX, NULL };
    struct err unfit = { 0 };
    struct str kept;
    if (entered.n > max)
        return refuse_number(e, "form.too_long", (int64_t)max);
    if (record_set_text(&text, &kept, entered, &unfit) != OK)
        return REFUSE(e, "form.not_text");
    return OK;
}

enum outcome form_value_read(struct form_cell *cell, struct formula_value *input,
                             const struct form_reader *r, const struct form_item *item,
                             struct err *e)
{
    const struct form_field *field = item->field;
    const struct str entered = cell->entered;
    const struct form_choice *choice;
    TRY(check_text(entered, form_length_max(field), e));
    cell->value = (struct form_value){ .name = field->name, .entered = entered, .value = entered };
    switch (item->type) {
    case FORM_QUANTITY:
        return understand_quantity(cell, input, field, r->arena, e);
    case FORM_FILE:
        return understand_file(cell, r, field, e);
    case FORM_TIME:
        TRY(understand_time(cell, r->arena, e));
        break;
    case FORM_DATE:
        if (!clock_date_valid(entered))
            return REFUSE(e, "form.not_a_date");
        break;
    case FORM_CHOICE:
        choice = form_choice_of(field, entered);
        if (!choice)
            return REFUSE(e, "form.not_a_choice");
        if (choice->unexpected)
            cell->value.mark = S("unexpected");
        break;
    case FORM_BOOL:
        input->truth = str_is(entered, "true");
        input->kind = FORMULA_BOOL;
        return input->truth || str_is(entered, "false") ? OK : REFUSE(e, "form.not_a_choice");
    default:
        break;
    }
    input->kind = FORMULA_TEXT;
    input->text = cell->value.value;
    return OK;
}

enum outcome form_value_compute(struct form_cell *cell, struct formula_value *input,
                                const struct form_item *item, const struct formula_value *result,
                                struct arena *arena, struct err *e)
{
    const struct form_field *field = item->field;
    if (result->kind == FORMULA_ABSENT)
        return OK;
    if (result->kind != FORMULA_NUMBER)
        return REFUSE(e, "form.no_number");
    struct decimal kept = result->number;
    if (field->digits != INT_NONE)
        TRY(decimal_round(&kept, result->number, (int)field->digits, e));
    cell->value.name = field->name;
    TRY(keep_quantity(cell, field, kept, arena, e));
    input->kind = FORMULA_NUMBER;
    input->number = result->number;
    return OK;
}
