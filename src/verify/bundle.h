/* A bundle of one order (docs/bundle.md): what its files may look like, part by part. Each reader
 * takes bytes from strangers. */
#ifndef VEIN_VERIFY_BUNDLE_H
#define VEIN_VERIFY_BUNDLE_H

#include "verify/json.h"
#include "verify/note.h"

enum {
    VERIFY_BUNDLE_EVENTS_MAX = 20000,
    VERIFY_BUNDLE_DEFINED_MAX = 2000,
    VERIFY_PATH_MAX = 40, /* of a file in a bundle */
    VERIFY_PROOF_HASHES_MAX = 64,
    VERIFY_FIELD_KEY = 32,
    VERIFY_FIELD_PATH_MAX = 80,
};

/* -- The manifest: lines behind its first two (manifest.c) --------------------------------------
 */

struct verify_file {
    struct hash hash;
    uint64_t size;
    struct str path;
};
/* Takes one line off *rest: 64 digits, blank, size, blank, path. */
bool verify_file_line(struct verify_file *out, struct str *rest);

/* One disclosed text: "<place in the log> <path> <base64 of the key>". */
struct verify_field_key {
    uint64_t index;
    struct str path;
    uint8_t key[VERIFY_FIELD_KEY];
};
bool verify_field_line(struct verify_field_key *out, struct str *rest);

/* -- Proofs (proof.c) ---------------------------------------------------------------------------
 */

struct verify_proof {
    uint64_t index;
    size_t n;
    struct hash hashes[VERIFY_PROOF_HASHES_MAX];
    struct str note; /* the checkpoint behind it, as it stands */
};
/* C2SP tlog-proof without extra data. */
bool verify_proof_read(struct verify_proof *out, struct str text);
/* RFC 6962, 2.1.2: the log of `old` leaves and this root is the beginning of that of `size`. */
bool verify_consistency_holds(uint64_t old, const struct hash *old_root, uint64_t size,
                              const struct hash *root, const struct hash *hashes, size_t n);
/* RFC 9162, 2.1.3.2. */
bool verify_proof_holds(const struct verify_proof *p, struct hash leaf, uint64_t size,
                        const struct hash *root);

/* -- Sealed text (sealed.c) ---------------------------------------------------------------------
 */

/* Opens it with a disclosed key into plain, which has room for its length; false when it has no
 * proper form, commits to another key, or does not open. */
bool verify_sealed_open(uint8_t *plain, size_t *n, struct str sealed,
                        const uint8_t key[VERIFY_FIELD_KEY]);

/* -- Values inside of a leaf that was scanned before (member.c) ---------------------------------
 */

/* The bytes of a member of an object, or of item number `name` of an array; false when there is
 * none. */
bool verify_member(struct verify_scanner *s, struct str value, struct str name, struct str *out);
/* A member that is a string without escapes: its content. */
bool verify_member_text(struct verify_scanner *s, struct str object, const char *name,
                        struct str *out);
/* Along a path with full stops: "identifiers.0.value". */
bool verify_member_path(struct verify_scanner *s, struct str value, struct str path,
                        struct str *out);

/* -- The report (claims.c) ----------------------------------------------------------------------
 */

/* Whether an event is one of the order's, of its patient's, or the first of what they name. */
/* … or, in an audit bundle, of a definition. */
bool verify_belongs(const struct verify_leaf *leaf, const char *order, const char *patient,
                    bool audit);
/* From malloc, with a NUL behind it; p is NULL when there is no memory. */
struct str verify_copy(struct str s);

struct verify_opened {
    struct str path;
    struct str text;
};
struct verify_told { /* an event of the bundle */
    uint64_t index;
    struct str leaf;
    const struct verify_opened *opened;
    size_t nopened;
};
struct verify_claims {
    struct str order;
    struct str origin;
    uint64_t size;
    struct str root; /* base64 */
    const struct verify_told *events;
    size_t n;
};
/* Makes the report of the events anew and compares it byte by byte with `report`. *event is the
 * place in the log of the event whose statement differs, -1: head or end of the report. */
bool verify_claims_hold(const struct verify_claims *c, struct str report, struct verify_scanner *s,
                        int64_t *event);

/* -- An audit bundle (trail.c, defined.c) -------------------------------------------------------
 */

/* Makes trail.html of the events anew, likewise. */
bool verify_trail_holds(const struct verify_claims *c, struct str page, struct verify_scanner *s,
                        int64_t *event);

/* A definition as the event that brought it says it: texts point into the leaf. */
struct verify_defined {
    uint64_t index;
    struct str kind, name, version, hash;
};
/* Whether the event brings a definition: define.loaded, define.released. */
bool verify_defined_read(struct verify_defined *out, uint64_t index, struct str leaf,
                         struct verify_scanner *s);
/* Whether the document is the one that this event says: head and body in canonical JSON, with the
 * hash that stands in it. */
bool verify_defined_holds(struct str document, struct str leaf, struct verify_scanner *s);
/* Whether all that the event was done under is among these: workflow with its hash, forms and
 * product by version, roles by name. False: *kind and *name is missing. */
bool verify_defined_pins(const struct verify_defined *defined, size_t n, struct str leaf,
                         struct verify_scanner *s, struct str *kind, struct str *name);

#endif
