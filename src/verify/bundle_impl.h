/* A bundle while it is read: shared by the files that check it. */
#ifndef VEIN_VERIFY_BUNDLE_IMPL_H
#define VEIN_VERIFY_BUNDLE_IMPL_H

#include <stdio.h>

#include "verify/bundle.h"
#include "verify/chain.h"
#include "verify/check.h"
#include "verify/refers.h"
#include "verify/source.h"
#include "verify/witness.h"

struct bundle {
    struct verify_report *r;
    struct verify_source *source;
    struct verify_keys keys;
    char *manifest;
    struct str rest; /* of its lines */
    struct str order;
    struct str origin;
    char *note; /* the checkpoint */
    struct str root_text;
    struct verify_checkpoint checkpoint;
    char *cosigned; /* NULL: none */
    bool audit;     /* an audit bundle */
    bool pdf;
    char *report, *field_keys, *trail;
    struct str report_text, field_text, trail_text;
    struct verify_told *events;
    struct verify_leaf *leaves; /* their stream and key are copies */
    size_t n;
    struct verify_defined *defined;
    size_t ndefined;
    struct verify_scanner *scanner;
    struct verify_chain *chain;
    struct verify_refers refers;
};

/* The next file of the manifest, which must have this path; its content is that of the line. From
 * malloc, with a NUL behind it; NULL with a bad report. */
char *verify_bundle_next(struct bundle *b, const char *path, struct str *content);
bool verify_bundle_next_is(const struct bundle *b, const char *begins);
/* The event at this place in the log; b->n: none. */
size_t verify_bundle_event_at(const struct bundle *b, uint64_t index);
/* Opens what is disclosed (bundle_fields.c). */
bool verify_bundle_open_fields(struct bundle *b);

/* --- of an audit bundle (bundle_audit.c) --- */

/* trail.html, and trail.pdf where the manifest names one. */
bool verify_bundle_trail_next(struct bundle *b);
/* The document of an event that brings a definition; others have none. */
bool verify_bundle_defined_next(struct bundle *b, uint64_t index, struct str leaf);
/* Once all events are there: their definitions, and trail.html. */
bool verify_bundle_audit(struct bundle *b);
/* Whether it is a file of an audit bundle alone, "./" in front. */
bool verify_bundle_audit_file(const struct bundle *b, struct str path);

#endif
