#include "verify/witness.h"

#include "verify/bundle.h"

bool verify_submission_read(struct verify_submission *out, struct str body)
{
    static const struct str old = S("old ");
    struct str line;
    if (body.n > VERIFY_SUBMISSION_MAX || !verify_line(&line, &body) || !str_starts(line, old) ||
        !verify_decimal(&out->old, str_from(line, old.n)))
        return false;
    if (!verify_hash_lines(out->hashes, VERIFY_STEPS_MAX, &out->n, &body))
        return false;
    out->note = body;
    return true;
}

enum verify_verdict verify_judge(struct verify_checkpoint *out, const struct verify_submission *s,
                                 const struct verify_witnessed *known)
{
    struct verify_report why = { 0 };
    struct verify_checkpoint c;
    struct str origin;
    *out = (struct verify_checkpoint){ 0 };
    if (!verify_checkpoint_form(&c, &origin, s->note, "checkpoint", &why))
        return VERIFY_MALFORMED;
    if (!known)
        return VERIFY_UNKNOWN_LOG;
    if (!verify_checkpoint_read(&c, s->note, &known->keys, "checkpoint", &why))
        return VERIFY_UNSIGNED;
    *out = c;
    if (s->old > c.size)
        return VERIFY_MALFORMED;
    if (s->old != known->size)
        return VERIFY_OTHER_SIZE;
    if (s->old == c.size && c.size > 0 && !hash_eq(c.root, known->root))
        return VERIFY_FORKED;
    if (!verify_consistency_holds(known->size, &known->root, c.size, &c.root, s->hashes, s->n))
        return VERIFY_INCONSISTENT;
    return VERIFY_COSIGNS;
}

bool verify_cosigned_before(struct str note, struct str proof,
                            const struct verify_checkpoint *later, const struct verify_keys *keys,
                            struct verify_report *r)
{
    struct hash steps[VERIFY_STEPS_MAX];
    struct verify_checkpoint c;
    size_t n;
    if (!verify_checkpoint_read(&c, note, keys, "cosigned", r))
        return false;
    if (!verify_hash_lines(steps, VERIFY_STEPS_MAX, &n, &proof) || proof.n > 0)
        return verify_bad(r, "consistency", "malformed");
    return verify_consistency_holds(c.size, &c.root, later->size, &later->root, steps, n) ||
           verify_bad(r, "consistency", "does not lead from what was cosigned to the checkpoint");
}
