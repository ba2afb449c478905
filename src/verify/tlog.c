/* An export in the form of C2SP tlog-tiles: checkpoint, key, then bundle by bundle with the tiles
 * that end there, and in a directory whatever else lies below tile/. */
#include "verify/check.h"
#include "verify/source.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEYS_FILE_MAX = 8192 };

struct tlog {
    struct verify_source *source;
    struct verify_keys keys;
    uint64_t size, next;
    struct verify_claim claims[3]; /* the checkpoint, --since, what witnesses cosigned */
    size_t nclaims;
    uint8_t *buffer; /* one bundle */
};

/* A tile or bundle; *there is the width it was found in: a server may have a full one by now. */
static bool get_tile(struct tlog *t, uint32_t level, struct verify_tile_at at, uint8_t *out,
                     size_t max, size_t *n, uint32_t *there, char path[VERIFY_TILE_PATH_MAX],
                     struct verify_report *r)
{
    *there = at.width;
    verify_tile_path(path, level, at.index, at.width);
    enum verify_got got = verify_source_get(t->source, path, out, max, n, r);
    if (got == VERIFY_MISSING && at.width < VERIFY_WIDTH && !verify_source_is_folder(t->source)) {
        char full[VERIFY_TILE_PATH_MAX];
        verify_tile_path(full, level, at.index, VERIFY_WIDTH);
        got = verify_source_get(t->source, full, out, max, n, r);
        *there = VERIFY_WIDTH;
    }
    if (got == VERIFY_MISSING)
        verify_bad(r, path, "missing");
    return got == VERIFY_GOT;
}

/* The next entry of a bundle; false when it is cut off. */
static bool next_entry(struct str *out, struct str *rest)
{
    if (rest->n < 2)
        return false;
    const size_t n = (size_t)(uint8_t)rest->p[0] << 8 | (uint8_t)rest->p[1];
    if (n > rest->n - 2)
        return false;
    *out = (struct str){ rest->p + 2, n };
    *rest = str_from(*rest, 2 + n);
    return true;
}

static bool fill_entries(struct tlog *t, struct verify_batch *b, struct verify_report *r)
{
    const uint64_t left = t->size - b->first;
    const uint32_t width = left < VERIFY_WIDTH ? (uint32_t)left : VERIFY_WIDTH;
    const struct verify_tile_at at = { b->first / VERIFY_WIDTH, width };
    char path[VERIFY_TILE_PATH_MAX];
    uint32_t there;
    size_t n;
    if (!get_tile(t, VERIFY_ENTRIES, at, t->buffer, VERIFY_BUNDLE_MAX, &n, &there, path, r))
        return false;
    struct str rest = { (const char *)t->buffer, n };
    for (uint32_t i = 0; i < there; i++) {
        struct str entry;
        if (!next_entry(&entry, &rest))
            return verify_bad(r, path, "ends in entry %u of %u", i + 1, there);
        if (i < width && !verify_batch_put(b, &b->entries[i].leaf, entry.p, entry.n, r))
            return false;
    }
    if (rest.n > 0)
        return verify_bad(r, path, "%zu bytes behind the last of %u entries", rest.n, there);
    b->n = width;
    return true;
}

static bool fill_tile(struct tlog *t, struct verify_batch *b, uint32_t level,
                      struct verify_tile_at at, struct verify_report *r)
{
    char path[VERIFY_TILE_PATH_MAX];
    uint32_t there;
    size_t n;
    if (!get_tile(t, level, at, b->tiles[level], VERIFY_TILE_SIZE, &n, &there, path, r))
        return false;
    if (n != (size_t)there * HASH_SIZE)
        return verify_bad(r, path, "%zu bytes, not %u", n, there * HASH_SIZE);
    b->has_tile[level] = true;
    return true;
}

static bool fill(void *context, struct verify_batch *b, struct verify_report *r)
{
    struct tlog *t = context;
    b->first = t->next;
    if (t->next == t->size)
        return true;
    if (!fill_entries(t, b, r))
        return false;
    t->next += b->n;
    struct verify_tile_at due[VERIFY_LEVELS];
    verify_tiles_due(due, t->next, t->size);
    for (uint32_t level = 0; level < VERIFY_LEVELS; level++)
        if (due[level].width > 0 && !fill_tile(t, b, level, due[level], r))
            return false;
    for (size_t i = 0; i < t->nclaims; i++)
        verify_batch_claim(b, &t->claims[i]);
    return true;
}

/* -- What else lies there -----------------------------------------------------------------------
 */

/* The hashes that the file at path stands for, as many as it has. */
static bool hashes_of(struct tlog *t, const char *path, uint32_t level, uint32_t width,
                      uint8_t out[VERIFY_TILE_SIZE], struct verify_report *r)
{
    size_t n;
    const size_t max = level == VERIFY_ENTRIES ? VERIFY_BUNDLE_MAX : VERIFY_TILE_SIZE;
    if (verify_source_get(t->source, path, t->buffer, max, &n, r) != VERIFY_GOT)
        return verify_bad(r, path, "was there, and is not");
    if (level != VERIFY_ENTRIES) {
        if (n != (size_t)width * HASH_SIZE)
            return verify_bad(r, path, "%zu bytes, not %u", n, width * HASH_SIZE);
        memcpy(out, t->buffer, n);
        return true;
    }
    struct str rest = { (const char *)t->buffer, n };
    for (uint32_t i = 0; i < width; i++) {
        struct str entry;
        if (!next_entry(&entry, &rest))
            return verify_bad(r, path, "ends in entry %u of %u", i + 1, width);
        const struct hash h = verify_leaf_hash(entry);
        memcpy(out + (size_t)i * HASH_SIZE, h.b, HASH_SIZE);
    }
    return rest.n == 0 || verify_bad(r, path, "%zu bytes behind its entries", rest.n);
}

/* A file that was not read above must be an older partial tile or bundle of the same tree. */
static bool check_file(void *context, const char *path, struct verify_report *r)
{
    struct tlog *t = context;
    uint32_t level, width;
    uint64_t index;
    if (!verify_tile_path_read(&level, &index, &width, str_z(path)))
        return verify_bad(r, path, "not the path of a tile or bundle");
    const uint32_t hash_level = level == VERIFY_ENTRIES ? 0 : level;
    const uint64_t count = verify_level_count(t->size, hash_level);
    const uint32_t last = (uint32_t)(count % VERIFY_WIDTH);
    const uint32_t whole = index < count / VERIFY_WIDTH ? VERIFY_WIDTH : last;
    if (index > count / VERIFY_WIDTH || width > whole)
        return verify_bad(r, path, "holds what is beyond the signed size %llu",
                          (unsigned long long)t->size);
    if (width == whole)
        return true; /* read and compared before */
    uint8_t known[VERIFY_TILE_SIZE], stored[VERIFY_TILE_SIZE];
    char known_path[VERIFY_TILE_PATH_MAX];
    verify_tile_path(known_path, hash_level, index, whole);
    if (!hashes_of(t, known_path, hash_level, whole, known, r) ||
        !hashes_of(t, path, level, width, stored, r))
        return false;
    return memcmp(known, stored, (size_t)width * HASH_SIZE) == 0 ||
           verify_bad(r, path, "not what the log has there");
}

/* -- All together -------------------------------------------------------------------------------
 */

static bool get_small(struct tlog *t, const char *path, size_t max, struct str *out,
                      struct verify_report *r)
{
    size_t n;
    const enum verify_got got = verify_source_get(t->source, path, t->buffer, max, &n, r);
    if (got == VERIFY_MISSING)
        return verify_bad(r, path, "missing");
    *out = (struct str){ (const char *)t->buffer, n };
    return got == VERIFY_GOT;
}

static bool read_keys(struct tlog *t, const struct verify_options *options, struct verify_report *r)
{
    bool given;
    struct str text;
    if (!verify_keys_given(&t->keys, &given, options, r))
        return false;
    r->own_key = !given;
    if (!given && (!get_small(t, "vkey", KEYS_FILE_MAX, &text, r) ||
                   !verify_keys_read(&t->keys, text, "vkey", r)))
        return false;
    verify_key_text(r->key, &t->keys.key[0]);
    return true;
}

/* The checkpoint may carry cosignatures itself; a node puts the newest that has enough beside it.
 */
static bool read_cosigned(struct tlog *t, const struct verify_options *options,
                          struct str checkpoint, struct verify_report *r)
{
    struct str notes[2] = { checkpoint, { NULL, 0 } };
    struct verify_claim *claim = &t->claims[t->nclaims];
    size_t n;
    if (options->nwitnesses == 0)
        return true;
    uint8_t *beside = malloc(VERIFY_NOTE_MAX);
    if (!beside)
        return verify_bad(r, "memory", "could not get enough");
    const enum verify_got got =
        verify_source_get(t->source, "cosigned", beside, VERIFY_NOTE_MAX, &n, r);
    if (got == VERIFY_GOT)
        notes[1] = (struct str){ (const char *)beside, n };
    const bool good =
        got != VERIFY_BROKEN && verify_witnessed(claim, notes, 2, options, &t->keys, t->size, r);
    free(beside);
    t->nclaims += good && claim->size > 0;
    return good;
}

/* The bundle that is in the buffer, for those who look entries up. */
struct looking {
    struct tlog *tlog;
    bool any;
    uint64_t index;
    struct str bundle;
};

static bool leaf_at(void *context, uint64_t at, struct str *leaf, bool *found,
                    struct verify_report *r)
{
    struct looking *l = context;
    const uint64_t index = at / VERIFY_WIDTH, left = l->tlog->size - index * VERIFY_WIDTH;
    if (!l->any || l->index != index) {
        char path[VERIFY_TILE_PATH_MAX];
        uint32_t there;
        size_t n;
        const struct verify_tile_at tile = { index,
                                             left < VERIFY_WIDTH ? (uint32_t)left : VERIFY_WIDTH };
        if (!get_tile(l->tlog, VERIFY_ENTRIES, tile, l->tlog->buffer, VERIFY_BUNDLE_MAX, &n, &there,
                      path, r))
            return false;
        l->bundle = (struct str){ (const char *)l->tlog->buffer, n };
        l->index = index;
        l->any = true;
    }
    struct str rest = l->bundle;
    *found = true;
    for (uint64_t i = 0; i <= at % VERIFY_WIDTH && *found; i++)
        *found = next_entry(leaf, &rest);
    return *found || verify_bad(r, "tile/entries", "was there, and is not");
}

static bool signed_hold(struct tlog *t, struct verify_run *run, struct verify_report *r)
{
    struct looking looking = { .tlog = t };
    return verify_refers_hold(&run->refers, leaf_at, &looking, r);
}

static bool verify_all(struct tlog *t, const struct verify_options *options,
                       struct verify_report *r)
{
    struct str note;
    struct verify_checkpoint checkpoint;
    if (!read_keys(t, options, r) || !get_small(t, "checkpoint", VERIFY_NOTE_MAX, &note, r) ||
        !verify_checkpoint_read(&checkpoint, note, &t->keys, "checkpoint", r))
        return false;
    t->size = checkpoint.size;
    t->claims[t->nclaims++] =
        (struct verify_claim){ checkpoint.size, checkpoint.root, "checkpoint" };
    if (options->since && !verify_since(&t->claims[t->nclaims++], options, &t->keys, t->size, r))
        return false;
    if (!verify_claim_empty(&t->claims[0], r) || !read_cosigned(t, options, note, r))
        return false;

    struct verify_run run = { .fill = fill,
                              .context = t,
                              .size = t->size,
                              .any_entries = options->any_entries,
                              .chain = verify_chain_new() };
    const bool good = run.chain ? verify_run(&run, r) && signed_hold(t, &run, r)
                                : verify_bad(r, "memory", "not enough");
    verify_chain_free(run.chain);
    verify_refers_free(&run.refers);
    if (!good)
        return false;
    r->signed_size = t->size;
    r->checkpoints = 1;
    return !verify_source_is_folder(t->source) ||
           verify_source_list(t->source, "tile", check_file, t, r);
}

bool verify_tlog(const char *where, const struct verify_options *options,
                 struct verify_report *report)
{
    *report = (struct verify_report){ 0 };
    struct tlog *t = calloc(1, sizeof *t);
    uint8_t *buffer = malloc(VERIFY_BUNDLE_MAX);
    bool good = false;
    if (t && buffer) {
        t->buffer = buffer;
        t->source = verify_source_open(where, report);
        good = t->source && verify_all(t, options, report);
        verify_source_close(t->source);
    } else {
        verify_bad(report, "memory", "could not get enough");
    }
    free(buffer);
    free(t);
    return good;
}
