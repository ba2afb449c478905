/* What the system says of a deviation, in the reader's language. */
#include "base/json.h"
#include "kernel/text.h"
#include "modules/quality/quality.h"

enum { SAID_MAX = 1000 };

struct str quality_said(struct page *p, const struct quality_deviation_out *row)
{
    struct text_param params[QUALITY_FIGURES_MAX + 1] = { { "instrument", row->instrument } };
    struct arena *a = p->b->arena;
    struct buf b = buf_in(a, SAID_MAX);
    const struct json *figures;
    struct err ignored = { 0 };
    size_t n = 1;
    if (!row->told.p || json_read(&figures, a, row->figures, &json_limits_default, &ignored) != OK)
        return S("");
    for (const struct json *f = figures->child; f && n <= QUALITY_FIGURES_MAX; f = f->next) {
        struct decimal d;
        if (decimal_read(&d, f->text, &ignored) == OK)
            params[n++] = (struct text_param){ arena_str(a, f->key).p, page_decimal(p, d, a) };
    }
    text_write(&b, p->language, row->told, params, n);
    return buf_ok(&b) ? buf_get(&b) : S("");
}
