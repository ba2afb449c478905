/* Fuzzes records: a sample from JSON and from posted pairs. What was read is written, read again
 * and written the same, and each single field survives its text form. Input that begins with '{'
 * or '[' is JSON, else pairs: "name=value" in lines that end with a zero byte. */
#include <stdlib.h>

#include "base/tests/sample.h"

enum { PAIRS_MAX = 64, WRITTEN_MAX = 64 * 1024 };

/* Stands for the kernel's: hexadecimal, so that nothing of the plain text shows. */
static enum outcome seal(void *context, struct str *out, struct str path, struct str plain,
                         struct err *e)
{
    (void)e;
    BUG_ON(path.n == 0);
    struct buf b = buf_in(context, WRITTEN_MAX);
    buf_z(&b, "s1:");
    buf_hex(&b, plain.p, plain.n);
    BUG_ON(!buf_ok(&b));
    *out = buf_get(&b);
    return OK;
}

static struct str written(const struct sample *s, struct arena *arena,
                          const struct record_sealer *sealer)
{
    struct err e = { 0 };
    struct buf b = buf_in(arena, WRITTEN_MAX);
    struct json_out out = json_out(&b);
    BUG_ON(record_to_json(&sample_record, s, &out, sealer, &e) != OK || !buf_ok(&b));
    return buf_get(&b);
}

static void check_fixed_point(const struct sample *s, struct arena *arena)
{
    struct err e = { 0 };
    struct str first = written(s, arena, NULL);
    const struct json *v = NULL;
    struct sample again;
    BUG_ON(json_read(&v, arena, first, &json_limits_default, &e) != OK);
    BUG_ON(record_from_json(&sample_record, &again, arena, v, &e) != OK);
    BUG_ON(!str_eq(first, written(&again, arena, NULL)));
    const struct record_sealer sealer = { .context = arena, .seal = seal };
    struct str sealed = written(s, arena, &sealer);
    BUG_ON(json_read(&v, arena, sealed, &json_limits_default, &e) != OK);
    BUG_ON(record_from_sealed_json(&sample_record, &again, arena, v, &e) != OK);
    BUG_ON(!str_eq(sealed, written(&again, arena, NULL)));
}

static void check_texts(const struct sample *s, struct arena *arena)
{
    struct sample copy = *s;
    struct err e = { 0 };
    for (size_t i = 0; i < sample_record.nfields; i++) {
        const struct field *f = &sample_record.fields[i];
        if (f->kind == FIELD_LIST || f->kind == FIELD_TEXTS || f->kind == FIELD_BLOB)
            continue;
        struct str text = record_text(f, s, arena);
        BUG_ON(record_set_text(f, &copy, text, &e) != OK);
        BUG_ON(!str_eq(record_text(f, &copy, arena), text));
    }
}

/* Each line is split at its first '='. */
static enum outcome read_pairs(struct sample *s, struct arena *arena, struct str text,
                               struct err *e)
{
    struct record_pair pairs[PAIRS_MAX];
    size_t n = 0;
    for (struct str rest = text; rest.p && n < PAIRS_MAX; n++) {
        struct str line = str_cut(&rest, '\0');
        pairs[n].name = str_cut(&line, '=');
        pairs[n].value = line;
    }
    return record_from_pairs(&sample_record, s, arena, pairs, n, e);
}

static enum outcome read_json(struct sample *s, struct arena *arena, struct str text, struct err *e)
{
    const struct json *v = NULL;
    TRY(json_read(&v, arena, text, &json_limits_default, e));
    struct sample sealed;
    struct err ignored = { 0 };
    (void)!record_from_sealed_json(&sample_record, &sealed, arena, v, &ignored);
    return record_from_json(&sample_record, s, arena, v, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(64 * 1024 * 1024);
    /* A copy of its own, so that a read behind its end is seen. */
    char *copy = malloc(size + (size == 0));
    BUG_ON(!arena || !copy);
    if (size > 0)
        memcpy(copy, data, size);
    struct str text = { .p = copy, .n = size };
    struct err e = { 0 };
    struct sample s;
    bool json = size > 0 && (copy[0] == '{' || copy[0] == '[');
    enum outcome outcome = json ? read_json(&s, arena, text, &e) : read_pairs(&s, arena, text, &e);
    BUG_ON(outcome == FAULT);
    if (outcome == OK) {
        check_fixed_point(&s, arena);
        check_texts(&s, arena);
    }
    free(copy);
    arena_free(arena);
    return 0;
}
