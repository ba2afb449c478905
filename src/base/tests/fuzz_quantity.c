/* Fuzzer of what people and instruments enter as quantities: two lines of it. Whatever is accepted
 * is written as it was read, computes without leaving its limits, and keeps the laws of arithmetic.
 * Corpus: tests/corpus/quantity. */
#include "base/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written_is_read(struct quantity q)
{
    struct err e = { 0 };
    char storage[DECIMAL_TEXT_MAX + 64];
    struct buf b = buf_over(storage, sizeof storage);
    struct quantity back;
    quantity_write(&b, q);
    BUG_ON(!buf_ok(&b));
    BUG_ON(quantity_read(&back, buf_get(&b), &e) != OK);
    BUG_ON(back.value.coefficient != q.value.coefficient || back.value.scale != q.value.scale);
    BUG_ON(!str_eq(back.unit, q.unit));
}

static void numbers_keep_the_laws(struct decimal a, struct decimal b)
{
    struct err e = { 0 };
    struct decimal out, back;
    BUG_ON(decimal_cmp(a, b) != -decimal_cmp(b, a));
    BUG_ON(decimal_cmp(a, decimal_reduce(a)) != 0);
    if (decimal_add(&out, a, b, &e) == OK)
        BUG_ON(decimal_sub(&back, out, b, &e) != OK || decimal_cmp(back, a) != 0);
    if (decimal_mul(&out, a, b, &e) == OK && b.coefficient != 0)
        BUG_ON(decimal_div(&back, out, b, decimal_reduce(a).scale, &e) != OK ||
               decimal_cmp(back, a) != 0);
    if (decimal_round(&out, a, b.scale, &e) == OK)
        BUG_ON(out.scale != b.scale);
}

static void converted_is_equal(struct quantity q)
{
    const struct unit_of_measure *to;
    for (size_t i = 0; (to = unit_of_measure_row(i)) != NULL; i++) {
        struct err e = { 0 };
        struct quantity out;
        int order;
        if (quantity_convert(&out, q, str_z(to->code), &e) != OK)
            continue;
        written_is_read(out);
        BUG_ON(quantity_cmp(&order, q, out, &e) != OK || order != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    struct str rest = { .p = (const char *)data, .n = size };
    struct str line = str_cut(&rest, '\n');
    struct quantity a, b, sum;
    int ab, ba;
    if (quantity_read(&a, line, &e) != OK)
        return 0;
    written_is_read(a);
    converted_is_equal(a);
    if (quantity_read(&b, rest, &e) != OK)
        return 0;
    numbers_keep_the_laws(a.value, b.value);
    if (quantity_cmp(&ab, a, b, &e) == OK)
        BUG_ON(quantity_cmp(&ba, b, a, &e) != OK || ab != -ba);
    if (quantity_add(&sum, a, b, &e) == OK)
        written_is_read(sum);
    return 0;
}
