/* A product tried before it is in force: the dose that it plans for weights. */
#include "modules/order/order_impl.h"

#include "kernel/text.h"

enum { WEIGHTS_MAX = 50 };

static void tell(struct buf *b, const char *key, const struct text_param *params, size_t n)
{
    text_write(b, S("en"), str_z(key), params, n);
    buf_char(b, '\n');
}

/* One weight; false: it has no dose. */
static enum outcome weigh(struct buf *b, bool *planned, const struct product *product,
                          struct str weight, struct arena *arena, struct err *e)
{
    struct order_dose dose;
    struct quantity kg;
    struct err why = { 0 };
    const struct str text =
        str_find(weight, ' ') == weight.n ? arena_printf(arena, "%.*s kg", STR(weight)) : weight;
    TRY(quantity_read(&kg, text, e));
    enum outcome o = order_dose_plan(&dose, product, kg, arena, &why);
    *planned = o == OK;
    if (o == FAULT)
        *e = why;
    const struct str came = o == OK ? dose.working : text_error(arena, S("en"), &why);
    const struct text_param params[] = { { "weight", text }, { "dose", came } };
    if (o != FAULT)
        tell(b, o == OK ? "trial.dose" : "trial.no_dose", params, 2);
    return o == FAULT ? FAULT : OK;
}

/* Without weights: both ends of each row, and 70 kg where a product names none. */
static struct str own_weights(const struct product *product, struct arena *arena)
{
    struct buf b = buf_in(arena, 4000);
    for (size_t i = 0; i < product->doses.n; i++) {
        const struct decimal ends[] = { product->doses.p[i].weight_from,
                                        product->doses.p[i].weight_to };
        for (size_t k = 0; k < 2; k++)
            if (decimal_present(ends[k])) {
                decimal_write(&b, ends[k]);
                buf_char(&b, '\n');
            }
    }
    return b.n > 0 ? buf_get(&b) : S("70");
}

enum outcome order_product_trial(struct define_trial *out, const struct define_context *context,
                                 const struct definition *tried, struct str input, struct err *e)
{
    const struct product *product = tried->body;
    struct arena *arena = context->arena;
    struct str rest = str_trim(input);
    struct buf b = buf_in(arena, 16 * DEFINE_REPORT_MAX);
    out->passed = true;
    if (rest.n == 0)
        rest = own_weights(product, arena);
    for (size_t n = 0; rest.p; n++) {
        const struct str weight = str_trim(str_cut(&rest, '\n'));
        bool planned = true;
        if (n == WEIGHTS_MAX)
            return REFUSE(e, "order.too_many_weights", { "max", S("50") });
        if (weight.n > 0)
            TRY(weigh(&b, &planned, product, weight, arena, e));
        out->passed &= planned;
    }
    out->report = buf_get(&b);
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}
