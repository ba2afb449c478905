/* Whatever the bytes: the readers of a bundle's parts read nothing beyond them and keep what they
 * promise. The first byte chooses the part: m manifest, k keys, p proof, s sealed text, v a value
 * and a path in it, r a report of one event. */
#include "verify/bundle.h"

#include <sodium.h>
#include <stdlib.h>

static void lines(struct str text, bool keys)
{
    while (text.n > 0) {
        const size_t before = text.n;
        struct verify_file file;
        struct verify_field_key field;
        const bool good = keys ? verify_field_line(&field, &text) : verify_file_line(&file, &text);
        if (!good)
            return;
        const struct str path = keys ? field.path : file.path;
        if (text.n >= before || path.n == 0 || memchr(path.p, '\n', path.n))
            abort();
    }
}

static void proof(struct str text)
{
    static const struct hash leaf, root = { { 1 } };
    struct verify_proof p;
    if (!verify_proof_read(&p, text))
        return;
    if (p.n > VERIFY_PROOF_HASHES_MAX || p.note.n > text.n)
        abort();
    for (uint64_t size = 1; size < 1000; size = size * 3 + 1)
        if (verify_proof_holds(&p, leaf, size, &root))
            abort(); /* nobody finds what hashes to that */
}

static void sealed(struct str text)
{
    static const uint8_t key[VERIFY_FIELD_KEY];
    uint8_t *plain = malloc(text.n + 1);
    size_t n = 0;
    if (!plain)
        abort();
    if (verify_sealed_open(plain, &n, text, key) && n > text.n)
        abort();
    free(plain);
}

/* A path, a line feed, and a value that the strict scanner takes. */
static void value(struct verify_scanner *s, struct str text)
{
    struct str out;
    struct str rest = text;
    const struct str path = str_cut(&rest, '\n');
    if (!rest.p)
        return;
    s->start = s->p = rest.p;
    s->end = rest.p + rest.n;
    s->why = NULL;
    s->nseen = 0;
    if (!verify_json_value(s, 1) || s->p != s->end)
        return;
    if (verify_member_path(s, rest, path, &out) &&
        (out.p < rest.p || out.p + out.n > rest.p + rest.n))
        abort();
}

static void report(struct verify_scanner *s, struct str text)
{
    static const struct str leaf =
        S("{\"type\":\"unit.made\",\"stream\":\"unit/u\",\"payload\":{\"unit\":\"u\"}}");
    static const struct verify_opened opened = { S("family"), S("\"Ex\\ample\"\n\x01") };
    const struct verify_told told = { 7, leaf, &opened, 1 };
    const struct verify_claims claims = { S("o"), S("log"), 9, S("AA="), &told, 1 };
    int64_t event;
    (void)verify_claims_hold(&claims, text, s, &event);
    (void)verify_trail_holds(&claims, text, s, &event);
    (void)verify_defined_holds(text, leaf, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verify_scanner *scanner;
    if (!scanner && (sodium_init() < 0 || !(scanner = verify_scanner_new())))
        abort();
    if (size == 0)
        return 0;
    char *copy = malloc(size - 1 + (size == 1)); /* of its own length, for the sanitizer */
    if (!copy)
        abort();
    memcpy(copy, data + 1, size - 1);
    const struct str text = { copy, size - 1 };
    switch (data[0]) {
    case 'm':
    case 'k':
        lines(text, data[0] == 'k');
        break;
    case 'p':
        proof(text);
        break;
    case 's':
        sealed(text);
        break;
    case 'r':
        report(scanner, text);
        break;
    default:
        value(scanner, text);
    }
    free(copy);
    return 0;
}
