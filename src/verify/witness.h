/* What a witness decides (C2SP tlog-witness, add-checkpoint), and nothing of how it keeps or sends
 * it.
 *
 * A witness cosigns a log's checkpoint only if the log that it cosigned last is the beginning of
 * this one. What it last cosigned of each log it must know, whatever happened to the machine
 * meanwhile: that is whoever calls this. The bytes come from strangers. */
#ifndef VEIN_VERIFY_WITNESS_H
#define VEIN_VERIFY_WITNESS_H

#include "verify/note.h"

enum { VERIFY_STEPS_MAX = 63, VERIFY_SUBMISSION_MAX = 16 * 1024 };

/* The body of an add-checkpoint: "old N", hashes, a blank line, the checkpoint. */
struct verify_submission {
    uint64_t old;
    size_t n;
    struct hash hashes[VERIFY_STEPS_MAX];
    struct str note; /* points into the body */
};
/* False for what has not exactly this form, or is longer than VERIFY_SUBMISSION_MAX. */
bool verify_submission_read(struct verify_submission *out, struct str body);

/* What a witness knows of one log: whose key it trusts, and what it cosigned last (size 0: nothing
 * yet). */
struct verify_witnessed {
    struct verify_keys keys;
    uint64_t size;
    struct hash root;
};

enum verify_verdict {
    VERIFY_COSIGNS,      /* 200, after what it knows was made to be this checkpoint */
    VERIFY_MALFORMED,    /* 400 */
    VERIFY_UNKNOWN_LOG,  /* 404 */
    VERIFY_UNSIGNED,     /* 403: not by the key that is trusted for this origin */
    VERIFY_OTHER_SIZE,   /* 409 with the size it knows: the log may begin from there */
    VERIFY_FORKED,       /* 409 with the size it knows: another root at that very size */
    VERIFY_INCONSISTENT, /* 422: the proof does not lead from what it knows to this */
};

/* `known` NULL: the origin is no log's that this witness knows. In the order that the protocol
 * prescribes. out is set when the checkpoint is signed by the log, whatever the verdict. */
enum verify_verdict verify_judge(struct verify_checkpoint *out, const struct verify_submission *s,
                                 const struct verify_witnessed *known);

/* A checkpoint that was cosigned lies in the log of a later one: `note` is signed by the log, and
 * the proof (hash lines and a blank line, nothing behind) leads from it to `later`. */
bool verify_cosigned_before(struct str note, struct str proof,
                            const struct verify_checkpoint *later, const struct verify_keys *keys,
                            struct verify_report *r);

#endif
