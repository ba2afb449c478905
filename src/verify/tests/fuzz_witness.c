/* Whatever the bytes: a witness's readers read nothing beyond them, and nothing that was not signed
 * is cosigned. The first byte chooses: s a submission, c a note and its cosignatures, v a key. */
#include "verify/witness.h"

#include <sodium.h>
#include <stdlib.h>

static void submission(struct str text, const struct verify_witnessed *known)
{
    static struct verify_submission s;
    struct verify_checkpoint c;
    if (!verify_submission_read(&s, text))
        return;
    if (s.n > VERIFY_STEPS_MAX || s.note.n > text.n || s.old > INT64_MAX)
        abort();
    if (verify_judge(&c, &s, NULL) == VERIFY_COSIGNS ||
        verify_judge(&c, &s, known) == VERIFY_COSIGNS)
        abort(); /* nobody has this log's secret key */
}

static void cosigned(struct str text, const struct verify_keys *witnesses)
{
    struct verify_report r = { 0 };
    struct verify_cosigned by;
    struct verify_checkpoint c;
    struct str origin;
    uint64_t at;
    if (verify_checkpoint_form(&c, &origin, text, "note", &r) && origin.n > text.n)
        abort();
    r = (struct verify_report){ 0 };
    if (verify_cosigned_read(&by, text, witnesses, "note", &r) && by.n > 0)
        abort();
    if (verify_cosignature_holds(&at, text, S("log\n1\nroot\n"), &witnesses->key[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct verify_witnessed known = { .size = 2 };
    static struct verify_keys witnesses;
    struct verify_report r = { 0 };
    struct verify_keys keys;
    if (known.keys.n == 0) {
        static const char log[] =
            "vein.example/n1+2d898725+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
        char vkey[VERIFY_VKEY_MAX];
        const struct str raw = str_from(str_z(log), 25);
        uint8_t key[33];
        size_t n;
        if (sodium_init() < 0 || !verify_keys_read(&known.keys, str_z(log), "log", &r) ||
            !verify_base64(key, sizeof key, &n, raw) ||
            !verify_witness_vkey(vkey, S("vein.example/w1"), key + 1) ||
            !verify_witnesses_read(&witnesses, str_z(vkey), "witness", &r))
            abort();
    }
    if (size == 0)
        return 0;
    char *copy = malloc(size - 1 + (size == 1)); /* of its own length, for the sanitizer */
    if (!copy)
        abort();
    memcpy(copy, data + 1, size - 1);
    const struct str text = { copy, size - 1 };
    if (data[0] == 's')
        submission(text, &known);
    else if (data[0] == 'c')
        cosigned(text, &witnesses);
    else if (verify_witnesses_read(&keys, text, "key", &r) && keys.n == 0)
        abort();
    free(copy);
    return 0;
}
