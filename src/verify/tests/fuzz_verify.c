/* Whatever the bytes: the leaf scanner and the checkpoint reader read nothing beyond them, and a
 * leaf that is accepted has what the checks across events rely on. The first byte chooses. */
#include "verify/leaf.h"
#include "verify/note.h"

#include <stdlib.h>

static void leaf(struct verify_scanner *s, struct str text)
{
    struct verify_leaf out;
    const char *why;
    size_t at;
    const bool good = verify_leaf_scan(s, &out, text, &why, &at);
    if (good != (why == NULL) || at > text.n)
        abort();
    if (good && (out.stream.n == 0 || out.stream.n > VERIFY_NAME_FIELD_MAX || out.key.n == 0 ||
                 out.version == 0 || out.has_previous != (out.version > 1) ||
                 !str_utf8_valid(text) || memchr(text.p, '\n', text.n)))
        abort();
}

static void note(struct str text)
{
    static const struct str vkey =
        S("log.example/bench+8754e3c6+AcPVE6K4hk3F8ZX+lZJG/MTZDrDwv6A7Oi1ytJCtlen8");
    struct verify_report r = { 0 };
    struct verify_keys keys, others;
    struct verify_checkpoint c;
    if (!verify_keys_read(&keys, vkey, "vkey", &r))
        abort();
    if (!verify_checkpoint_read(&c, text, &keys, "checkpoint", &r) && !r.bad_item[0])
        abort();
    r = (struct verify_report){ 0 };
    verify_keys_read(&others, text, "vkey", &r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verify_scanner *scanner;
    if (!scanner && !(scanner = verify_scanner_new()))
        abort();
    if (size == 0)
        return 0;
    char *copy = malloc(size - 1 + (size == 1)); /* of its own length, for the sanitizer */
    if (!copy)
        abort();
    memcpy(copy, data + 1, size - 1);
    const struct str text = { copy, size - 1 };
    if (data[0] == 'n')
        note(text);
    else
        leaf(scanner, text);
    free(copy);
    return 0;
}
