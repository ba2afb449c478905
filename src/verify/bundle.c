/* A bundle: the manifest first, then each file that it names, in its order, and at last that there
 * is no other file. */
#include "verify/bundle_impl.h"

#include "verify/tree.h"
#include "verify/witness.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANIFEST_MAX = 4 << 20, KEYS_FILE_MAX = 8192, FILE_MAX = 64 << 20, ORDER_LENGTH = 36 };

/* -- Files --------------------------------------------------------------------------------------
 */

/* The whole file, from malloc, with a NUL behind it; NULL with a bad report. */
static char *get(struct bundle *b, const char *path, size_t max, size_t *n)
{
    char *out = malloc(max + 1);
    if (!out) {
        verify_bad(b->r, "memory", "could not get enough");
        return NULL;
    }
    const enum verify_got got = verify_source_get(b->source, path, (uint8_t *)out, max, n, b->r);
    if (got == VERIFY_GOT) {
        out[*n] = '\0';
        return out;
    }
    if (got == VERIFY_MISSING)
        verify_bad(b->r, path, "missing");
    free(out);
    return NULL;
}

/* The next file of the manifest, which must have this path; its content is that of the line. */
char *verify_bundle_next(struct bundle *b, const char *path, struct str *content)
{
    struct verify_file file;
    size_t n = 0;
    if (!verify_file_line(&file, &b->rest)) {
        verify_bad(b->r, "manifest", "a line is malformed, or %s is not in it", path);
        return NULL;
    }
    if (!str_is(file.path, path) || file.size > FILE_MAX) {
        verify_bad(b->r, "manifest", "%s is not in its place, or too large", path);
        return NULL;
    }
    char *out = get(b, path, (size_t)file.size, &n);
    if (out && (n != file.size || !hash_eq(hash_of(out, n), file.hash))) {
        verify_bad(b->r, path, "is not the file that the manifest names");
        free(out);
        return NULL;
    }
    *content = (struct str){ out, n };
    return out;
}

bool verify_bundle_next_is(const struct bundle *b, const char *begins)
{
    struct str rest = b->rest;
    struct verify_file file;
    return verify_file_line(&file, &rest) && str_starts(file.path, str_z(begins));
}

/* -- Head ---------------------------------------------------------------------------------------
 */

static bool read_keys(struct bundle *b, const struct verify_options *options)
{
    bool given;
    size_t n;
    if (!verify_keys_given(&b->keys, &given, options, b->r))
        return false;
    b->r->own_key = !given;
    char *own = get(b, "vkey", KEYS_FILE_MAX, &n);
    const bool good =
        own && (given || verify_keys_read(&b->keys, (struct str){ own, n }, "vkey", b->r));
    free(own);
    if (good)
        verify_key_text(b->r->key, &b->keys.key[0]);
    return good;
}

static bool read_checkpoint(struct bundle *b)
{
    size_t n;
    b->note = get(b, "checkpoint", VERIFY_NOTE_MAX, &n);
    if (!b->note || !verify_checkpoint_read(&b->checkpoint, (struct str){ b->note, n }, &b->keys,
                                            "checkpoint", b->r))
        return false;
    struct str rest = { b->note, n };
    b->origin = str_cut(&rest, '\n');
    (void)str_cut(&rest, '\n');
    b->root_text = str_cut(&rest, '\n');
    hash_hex(b->r->root_hex, b->checkpoint.root);
    b->r->signed_size = b->checkpoint.size;
    return true;
}

static bool read_manifest(struct bundle *b)
{
    static const struct str first = S("vein.bundle/v1\norder ");
    static const struct str audit = S("vein.audit/v1\norder ");
    size_t n;
    struct str text;
    b->manifest = get(b, "manifest", MANIFEST_MAX, &n);
    if (!b->manifest || !verify_note_read(&text, (struct str){ b->manifest, n }, b->origin,
                                          &b->keys, "manifest", b->r))
        return false;
    b->audit = str_starts(text, audit);
    if (!b->audit && !str_starts(text, first))
        return verify_bad(b->r, "manifest", "does not begin as a manifest of version 1");
    b->rest = str_from(text, b->audit ? audit.n : first.n);
    b->order = str_cut(&b->rest, '\n');
    if (b->order.n != ORDER_LENGTH || !b->rest.p)
        return verify_bad(b->r, "manifest", "names no order");
    snprintf(b->r->order, sizeof b->r->order, "%.*s", STR(b->order));
    return true;
}

static bool read_cosigned(struct bundle *b, const struct verify_options *options)
{
    struct str notes[2] = { str_z(b->note), { NULL, 0 } }, proof;
    struct verify_claim claim;
    if (verify_bundle_next_is(b, "cosigned")) {
        b->cosigned = verify_bundle_next(b, "cosigned", &notes[1]);
        char *steps = b->cosigned ? verify_bundle_next(b, "consistency", &proof) : NULL;
        const bool good =
            steps && verify_cosigned_before(notes[1], proof, &b->checkpoint, &b->keys, b->r);
        free(steps);
        if (!good)
            return false;
    }
    return verify_witnessed(&claim, notes, 2, options, &b->keys, b->checkpoint.size, b->r);
}

static bool read_head_files(struct bundle *b, const struct verify_options *options)
{
    static const char *const plain[] = { "vkey", "checkpoint" };
    struct str content;
    for (size_t i = 0; i < 2; i++) {
        char *file = verify_bundle_next(b, plain[i], &content);
        const bool good = file != NULL;
        free(file);
        if (!good)
            return false;
    }
    if (!read_cosigned(b, options))
        return false;
    b->report = verify_bundle_next(b, "report.json", &b->report_text);
    char *page = b->report ? verify_bundle_next(b, "report.html", &content) : NULL;
    const bool good = page != NULL;
    free(page);
    if (!good || (b->audit && !verify_bundle_trail_next(b)))
        return false;
    if (verify_bundle_next_is(b, "keys") &&
        !(b->field_keys = verify_bundle_next(b, "keys", &b->field_text)))
        return false;
    return true;
}

/* -- Events -------------------------------------------------------------------------------------
 */

static bool check_proof(struct bundle *b, const char *path, struct str text, uint64_t index,
                        struct hash leaf)
{
    struct verify_proof proof;
    if (!verify_proof_read(&proof, text))
        return verify_bad(b->r, path, "malformed");
    if (proof.index != index)
        return verify_bad(b->r, path, "is of another event");
    if (!str_is(proof.note, b->note))
        return verify_bad(b->r, path, "leads to another checkpoint");
    return verify_proof_holds(&proof, leaf, b->checkpoint.size, &b->checkpoint.root) ||
           verify_bad(b->r, path, "does not lead from its event to the signed root");
}

static bool check_leaf(struct bundle *b, const char *path, struct str leaf, struct hash hash)
{
    const uint64_t index = b->events[b->n].index;
    struct verify_leaf event;
    const char *why;
    size_t at;
    if (!verify_leaf_scan(b->scanner, &event, leaf, &why, &at))
        return verify_bad(b->r, path, "byte %zu: %s", at, why);
    verify_chain_ahead(b->chain, &event);
    why = verify_chain_add(b->chain, &event, hash);
    if (why)
        return verify_bad(b->r, path, "%s", why);
    b->r->signatures += event.sign.there;
    b->r->simulated += event.sign.simulated;
    if (!verify_refers_add(&b->refers, index, &event.sign))
        return verify_bad(b->r, "memory", "could not get enough");
    struct verify_leaf *out = &b->leaves[b->n];
    *out = event;
    out->stream = verify_copy(event.stream);
    out->key = verify_copy(event.key);
    return (out->stream.p && out->key.p) || verify_bad(b->r, "memory", "could not get enough");
}

/* Place in the log from "event/<place>"; ascending. */
static bool next_index(struct bundle *b, uint64_t *index)
{
    struct str rest = b->rest;
    struct verify_file file;
    if (!verify_file_line(&file, &rest) || !str_starts(file.path, S("event/")) ||
        !verify_decimal(index, str_from(file.path, 6)))
        return verify_bad(b->r, "manifest", "a line is none of a bundle's, or not in its place");
    if (b->n > 0 && *index <= b->events[b->n - 1].index)
        return verify_bad(b->r, "manifest", "event %llu is there twice, or not in its place",
                          (unsigned long long)*index);
    return b->n < VERIFY_BUNDLE_EVENTS_MAX ||
           verify_bad(b->r, "manifest", "more than %d events", VERIFY_BUNDLE_EVENTS_MAX);
}

static bool read_event(struct bundle *b)
{
    char path[VERIFY_PATH_MAX];
    uint64_t index;
    struct str leaf, proof;
    if (!next_index(b, &index))
        return false;
    snprintf(path, sizeof path, "event/%llu", (unsigned long long)index);
    if (!verify_bundle_next(b, path, &leaf))
        return false;
    b->events[b->n] = (struct verify_told){ .index = index, .leaf = leaf };
    const struct hash hash = verify_leaf_hash(leaf);
    const bool good = check_leaf(b, path, leaf, hash);
    b->n++; /* its memory is the bundle's from here on */
    if (!good)
        return false;
    snprintf(path, sizeof path, "proof/%llu", (unsigned long long)index);
    char *file = verify_bundle_next(b, path, &proof);
    const bool holds = file && check_proof(b, path, proof, index, hash);
    free(file);
    b->r->bytes += leaf.n;
    return holds && (!b->audit || verify_bundle_defined_next(b, b->events[b->n - 1].index, leaf));
}

static bool read_events(struct bundle *b, const struct verify_options *options)
{
    while (b->rest.n > 0)
        if (!read_event(b))
            return false;
    for (size_t i = 0; options->nwitnesses > 0 && i < b->n; i++)
        b->r->not_final += b->events[i].index >= b->r->final_size;
    if (options->require > 0 && b->r->not_final > 0)
        return verify_bad(b->r, "cosigned", "%llu events lie behind what the witnesses cosigned",
                          (unsigned long long)b->r->not_final);
    b->r->count = b->n;
    b->r->streams = verify_chain_streams(b->chain);
    return true;
}

/* -- Of this order, and of no other -------------------------------------------------------------
 */

/* "patient/<id>" of the order's prescription. */
static bool find_patient(struct bundle *b, char out[VERIFY_NAME_FIELD_MAX])
{
    char stream[VERIFY_NAME_FIELD_MAX];
    snprintf(stream, sizeof stream, "order/%.*s", STR(b->order));
    for (size_t i = 0; i < b->n; i++) {
        struct str type, payload, patient;
        if (str_is(b->leaves[i].stream, stream) &&
            verify_member_text(b->scanner, b->events[i].leaf, "type", &type) &&
            str_is(type, "order.prescribed") &&
            verify_member(b->scanner, b->events[i].leaf, S("payload"), &payload) &&
            verify_member_text(b->scanner, payload, "patient", &patient)) {
            snprintf(out, VERIFY_NAME_FIELD_MAX, "patient/%.*s", STR(patient));
            return true;
        }
    }
    return verify_bad(b->r, "manifest", "the order's prescription is not among its events");
}

static bool check_belonging(struct bundle *b)
{
    char patient[VERIFY_NAME_FIELD_MAX], order[VERIFY_NAME_FIELD_MAX];
    snprintf(order, sizeof order, "order/%.*s", STR(b->order));
    if (!find_patient(b, patient))
        return false;
    for (size_t i = 0; i < b->n; i++) {
        char path[VERIFY_PATH_MAX];
        snprintf(path, sizeof path, "event/%llu", (unsigned long long)b->events[i].index);
        if (!verify_belongs(&b->leaves[i], order, patient, b->audit))
            return verify_bad(b->r, path, "is of another order or patient");
    }
    return true;
}

/* -- The report, and what else lies there -------------------------------------------------------
 */

static bool check_report(struct bundle *b)
{
    int64_t event;
    const struct verify_claims claims = { b->order,     b->origin, b->checkpoint.size,
                                          b->root_text, b->events, b->n };
    if (verify_claims_hold(&claims, b->report_text, b->scanner, &event))
        return true;
    if (event < 0)
        return verify_bad(b->r, "report.json", "its head or its end is not what the events make");
    return verify_bad(b->r, "report.json", "what it says of event %lld is not what that says",
                      (long long)event);
}

static bool known_file(void *context, const char *path, struct verify_report *r)
{
    static const char *const known[] = { "./manifest", "./vkey", "./checkpoint", "./report.json",
                                         "./report.html" };
    const struct bundle *b = context;
    const struct str s = str_z(path);
    uint64_t index;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_is(s, known[i]))
            return true;
    if ((b->field_keys && str_is(s, "./keys")) ||
        (b->cosigned && (str_is(s, "./cosigned") || str_is(s, "./consistency"))))
        return true;
    if (b->audit && verify_bundle_audit_file(b, s))
        return true;
    if ((str_starts(s, S("./event/")) || str_starts(s, S("./proof/"))) &&
        verify_decimal(&index, str_from(s, 8)) && verify_bundle_event_at(b, index) < b->n)
        return true;
    return verify_bad(r, path + 2, "is not in the manifest");
}

/* What a signature is of may lie outside of the bundle: of another order's, say; and where its
 * token was enrolled always does. */
static bool leaf_at(void *context, uint64_t at, struct str *leaf, bool *found,
                    struct verify_report *r)
{
    const struct bundle *b = context;
    const size_t i = verify_bundle_event_at(b, at);
    (void)r;
    *found = i < b->n;
    if (*found)
        *leaf = b->events[i].leaf;
    return true;
}

static bool verify_all(struct bundle *b, const struct verify_options *options)
{
    return read_keys(b, options) && read_checkpoint(b) && read_manifest(b) &&
           read_head_files(b, options) && read_events(b, options) &&
           verify_refers_hold(&b->refers, leaf_at, b, b->r) && check_belonging(b) &&
           verify_bundle_open_fields(b) && check_report(b) &&
           (!b->audit || verify_bundle_audit(b)) &&
           verify_source_list(b->source, ".", known_file, b, b->r);
}

static void bundle_free(struct bundle *b)
{
    for (size_t i = 0; b->events && b->leaves && i < b->n; i++) {
        for (size_t k = 0; k < b->events[i].nopened; k++) {
            free((void *)(uintptr_t)b->events[i].opened[k].path.p);
            free((void *)(uintptr_t)b->events[i].opened[k].text.p);
        }
        free((void *)(uintptr_t)b->events[i].opened);
        free((void *)(uintptr_t)b->events[i].leaf.p);
        free((void *)(uintptr_t)b->leaves[i].stream.p);
        free((void *)(uintptr_t)b->leaves[i].key.p);
    }
    free(b->events);
    free(b->leaves);
    free(b->manifest);
    free(b->note);
    free(b->cosigned);
    free(b->report);
    free(b->trail);
    free(b->defined);
    free(b->field_keys);
    verify_scanner_free(b->scanner);
    verify_chain_free(b->chain);
    verify_refers_free(&b->refers);
    verify_source_close(b->source);
}

bool verify_bundle(const char *folder, const struct verify_options *options,
                   struct verify_report *report)
{
    *report = (struct verify_report){ 0 };
    struct bundle b = {
        .r = report,
        .events = calloc(VERIFY_BUNDLE_EVENTS_MAX, sizeof *b.events),
        .leaves = calloc(VERIFY_BUNDLE_EVENTS_MAX, sizeof *b.leaves),
        .defined = calloc(VERIFY_BUNDLE_DEFINED_MAX, sizeof *b.defined),
        .scanner = verify_scanner_new(),
        .chain = verify_chain_new(),
    };
    bool good = false;
    if (!b.events || !b.leaves || !b.defined || !b.scanner || !b.chain)
        verify_bad(report, "memory", "could not get enough");
    else if (str_starts(str_z(folder), S("http://")))
        verify_bad(report, folder, "a bundle is a folder");
    else if ((b.source = verify_source_open(folder, report)))
        good = verify_all(&b, options);
    bundle_free(&b);
    return good;
}
