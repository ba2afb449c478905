/* Fuzzer of forms: a definition as JSON, a line end, then entries as "name=value" lines. Whatever
 * passes the check is filled in, rendered, shown and printed to an end within its bounds, and twice
 * the same. Corpus: tests/corpus/form. */
#include "kernel/form_print.h"

extern const struct text_row text_rows[];
extern const size_t text_rows_count;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIRS_MAX = 60, HTML_MAX = 8 << 20, FUZZ_ARENA = 64 << 20 };

static size_t read_pairs(struct record_pair *pairs, struct str text)
{
    size_t n = 0;
    while (text.n > 0 && n < PAIRS_MAX) {
        struct str rest = str_cut(&text, '\n');
        pairs[n].name = str_cut(&rest, '=');
        pairs[n++].value = rest.p ? rest : S("");
    }
    return n;
}

static struct str written(const struct form_record *r, struct arena *a)
{
    struct buf b = buf_in(a, HTML_MAX);
    struct json_out out = json_out(&b);
    struct err e = { 0 };
    BUG_ON(record_to_json(&form_record_record, r, &out, NULL, &e) != OK);
    return buf_get(&b);
}

static void show(const struct definition *form, const struct form_filling *in,
                 const struct form_filled *filled, bool good, struct arena *a)
{
    struct buf b = buf_in(a, HTML_MAX);
    struct page p = { .b = &b, .language = S("en") };
    struct print_document d;
    struct err e = { 0 };
    const struct form_shown shown = { .form = form, .record = &filled->record };
    form_render(&p, in, filled->problems, filled->nproblems, a);
    if (good)
        form_render_record(&p, &shown, a);
    const struct form_printing printing = { .form = form, .record = good ? &filled->record : NULL };
    if (form_print(&d, &p, &printing, a, &e) == OK)
        print_html(&p, &d);
    BUG_ON(buf_ok(&b) && !str_utf8_valid(buf_get(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct str json = str_cut(&text, '\n');
    struct arena *a = arena_new(FUZZ_ARENA);
    struct record_pair pairs[PAIRS_MAX];
    const struct json *value;
    struct form form;
    struct form_filled first, again;
    struct err e = { 0 };
    BUG_ON(!a);
    text_use(text_rows, text_rows_count);
    const struct define_context context = { .arena = a };
    if (json_read(&value, a, json, &json_limits_default, &e) == OK &&
        record_from_json(&form_record, &form, a, value, &e) == OK &&
        form_kind.check(&context, &form, &e) == OK) {
        const struct definition d = {
            .kind = S("form"), .name = S("f"), .version = 1, .title = S("F"), .body = &form
        };
        const struct form_filling in = {
            .form = &d, .inputs = pairs, .ninputs = read_pairs(pairs, text), .working = true
        };
        enum outcome o = form_fill(&first, &in, a, &e);
        BUG_ON(o == FAULT && !arena_exhausted(a));
        BUG_ON(o == REFUSED && first.nproblems == 0);
        BUG_ON(o == OK && first.record.values.n + first.record.secrets.n > FORM_VALUES_MAX);
        BUG_ON(form_fill(&again, &in, a, &e) != o && !arena_exhausted(a));
        if (o == OK && !arena_exhausted(a))
            BUG_ON(!str_eq(written(&first.record, a), written(&again.record, a)));
        show(&d, &in, &first, o == OK, a);
    }
    arena_free(a);
    return 0;
}
