/* One thread reads, this one checks; between them a ring of batches. Errors keep the order of the
 * log: what the checker finds comes before what the reader met further on. */
#include "verify/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { RING = 4, BATCH_FIRST = 64 * 1024 };

struct ring {
    const struct verify_run *run;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct verify_batch *batches[RING];
    unsigned filled, taken;      /* counts of batches so far */
    bool stop;                   /* the checker has seen enough */
    bool done;                   /* the reader has */
    struct verify_report report; /* the reader's */
};

/* What the checker knows. */
struct checker {
    struct verify_run *run;
    struct verify_report *r;
    bool simulated; /* an event said that people are */
    struct verify_scanner *scanner;
    struct verify_tree tree;
    uint64_t entry;             /* place in the log of the one at hand */
    char node[VERIFY_NODE_MAX]; /* of the entry before, with its logical time */
    size_t node_n;
    uint64_t logical_us, logical_count;
};

bool verify_batch_put(struct verify_batch *b, struct verify_span *out, const void *p, size_t n,
                      struct verify_report *r)
{
    const size_t max = VERIFY_BUNDLE_MAX + (size_t)VERIFY_BATCH * VERIFY_COLUMNS_MAX;
    if (n > max - b->used)
        return verify_bad(r, "memory", "a batch of entries is too large");
    if (b->used + n > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : BATCH_FIRST;
        while (capacity < b->used + n)
            capacity *= 2;
        uint8_t *bytes = realloc(b->bytes, capacity);
        if (!bytes)
            return verify_bad(r, "memory", "could not get enough");
        b->bytes = bytes;
        b->capacity = capacity;
    }
    if (n > 0)
        memcpy(b->bytes + b->used, p, n);
    *out = (struct verify_span){ (uint32_t)b->used, (uint32_t)n };
    b->used += n;
    return true;
}

void verify_batch_claim(struct verify_batch *b, const struct verify_claim *claim)
{
    if (claim->size > b->first && claim->size <= b->first + b->n &&
        b->nclaims < sizeof b->claims / sizeof *b->claims)
        b->claims[b->nclaims++] = *claim;
}

void verify_tiles_due(struct verify_tile_at due[VERIFY_LEVELS], uint64_t end, uint64_t size)
{
    for (uint32_t level = 0; level < VERIFY_LEVELS; level++) {
        const uint64_t count = verify_level_count(end, level);
        const uint32_t width = (uint32_t)(count % VERIFY_WIDTH);
        due[level] = (struct verify_tile_at){ 0 };
        if (count == 0)
            continue;
        if (width > 0 && end == size)
            due[level] = (struct verify_tile_at){ count / VERIFY_WIDTH, width };
        else if (width == 0 && count << level * 8 == end)
            due[level] = (struct verify_tile_at){ count / VERIFY_WIDTH - 1, VERIFY_WIDTH };
    }
}

/* -- The reader's side --------------------------------------------------------------------------
 */

static void *read_batches(void *context)
{
    struct ring *ring = context;
    bool more = true;
    while (more) {
        pthread_mutex_lock(&ring->lock);
        while (!ring->stop && ring->filled - ring->taken == RING)
            pthread_cond_wait(&ring->changed, &ring->lock);
        const bool stop = ring->stop;
        pthread_mutex_unlock(&ring->lock);
        if (stop)
            break;
        struct verify_batch *b = ring->batches[ring->filled % RING];
        b->n = b->nclaims = 0;
        b->used = 0;
        memset(b->has_tile, 0, sizeof b->has_tile);
        more = ring->run->fill(ring->run->context, b, &ring->report) && b->n > 0;
        pthread_mutex_lock(&ring->lock);
        ring->filled += more;
        ring->done = !more;
        pthread_cond_signal(&ring->changed);
        pthread_mutex_unlock(&ring->lock);
    }
    return NULL;
}

/* The next batch, or NULL at the end. */
static struct verify_batch *take(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (!ring->done && ring->filled == ring->taken)
        pthread_cond_wait(&ring->changed, &ring->lock);
    struct verify_batch *b = ring->filled == ring->taken ? NULL : ring->batches[ring->taken % RING];
    pthread_mutex_unlock(&ring->lock);
    return b;
}

static void give_back(struct ring *ring, bool stop)
{
    pthread_mutex_lock(&ring->lock);
    ring->taken++;
    ring->stop = stop;
    pthread_cond_signal(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

static bool ring_init(struct ring *ring)
{
    for (int i = 0; i < RING; i++) {
        struct verify_batch *b = ring->batches[i] = calloc(1, sizeof *b);
        for (int level = 0; b && level < VERIFY_LEVELS; level++)
            if (!(b->tiles[level] = malloc(VERIFY_TILE_SIZE)))
                return false;
        if (!b)
            return false;
    }
    return pthread_mutex_init(&ring->lock, NULL) == 0 &&
           pthread_cond_init(&ring->changed, NULL) == 0;
}

static void ring_free(struct ring *ring)
{
    for (int i = 0; i < RING && ring->batches[i]; i++) {
        for (int level = 0; level < VERIFY_LEVELS; level++)
            free(ring->batches[i]->tiles[level]);
        free(ring->batches[i]->bytes);
        free(ring->batches[i]);
    }
}

/* -- The checker's side -------------------------------------------------------------------------
 */

static bool bad_entry(struct checker *c, const char *why)
{
    char item[40];
    snprintf(item, sizeof item, "event %llu", (unsigned long long)c->entry);
    return verify_bad(c->r, item, "%s", why);
}

static struct str text_of(const struct verify_batch *b, struct verify_span span)
{
    return (struct str){ (const char *)b->bytes + span.at, span.n };
}

static bool columns_agree(struct checker *c, const struct verify_batch *b,
                          const struct verify_entry *entry, const struct verify_leaf *leaf)
{
    if (!str_eq(text_of(b, entry->stream), leaf->stream))
        return bad_entry(c, "stream in its row is not that of the event");
    if (!str_eq(text_of(b, entry->key), leaf->key))
        return bad_entry(c, "key in its row is not that of the event");
    return entry->version == leaf->version ||
           bad_entry(c, "version in its row is not that of the event");
}

/* The node's logical time moves on with each of its events. */
static bool time_moves(struct checker *c, const struct verify_leaf *leaf)
{
    const bool same = str_eq(leaf->node, (struct str){ c->node, c->node_n });
    const bool later = leaf->logical_us > c->logical_us || (leaf->logical_us == c->logical_us &&
                                                            leaf->logical_count > c->logical_count);
    if (same && !later)
        return bad_entry(c, "its logical time is not after that of the event before");
    memcpy(c->node, leaf->node.p, leaf->node.n);
    c->node_n = leaf->node.n;
    c->logical_us = leaf->logical_us;
    c->logical_count = leaf->logical_count;
    return true;
}

/* What can be said of the event before it is hashed. */
static bool event_read(struct checker *c, const struct verify_batch *b,
                       const struct verify_entry *entry, struct verify_leaf *leaf)
{
    const char *why;
    size_t at;
    if (!verify_leaf_scan(c->scanner, leaf, text_of(b, entry->leaf), &why, &at)) {
        char text[160];
        snprintf(text, sizeof text, "byte %zu: %s", at, why);
        return bad_entry(c, text);
    }
    if (b->has_columns && !columns_agree(c, b, entry, leaf))
        return false;
    verify_chain_ahead(c->run->chain, leaf);
    return true;
}

/* What it says of another event is looked up at the end. */
static bool signature_stands(struct checker *c, const struct verify_leaf *leaf)
{
    c->simulated |= leaf->simulates;
    if (!leaf->sign.there)
        return true;
    c->r->signatures++;
    c->r->simulated += leaf->sign.simulated;
    if (leaf->sign.simulated && !c->simulated)
        return bad_entry(c, "a simulated signature in a log of no simulation");
    return verify_refers_add(&c->run->refers, c->entry, &leaf->sign) ||
           verify_bad(c->r, "memory", "could not get enough");
}

static bool event_follows(struct checker *c, const struct verify_leaf *leaf, struct hash hash)
{
    const char *why = verify_chain_add(c->run->chain, leaf, hash);
    return why ? bad_entry(c, why) : time_moves(c, leaf) && signature_stands(c, leaf);
}

static bool tile_agrees(struct checker *c, const struct verify_batch *b, uint32_t level)
{
    const uint32_t n = c->tree.level[level].n;
    const uint8_t *computed = c->tree.level[level].hashes[0].b;
    if (!b->has_tile[level] || memcmp(b->tiles[level], computed, (size_t)n * HASH_SIZE) == 0)
        return true;
    uint32_t i = 0;
    while (memcmp(b->tiles[level] + (size_t)i * HASH_SIZE, computed + (size_t)i * HASH_SIZE,
                  HASH_SIZE) == 0)
        i++;
    char item[VERIFY_TILE_PATH_MAX];
    const uint64_t index = (verify_level_count(c->tree.size, level) - 1) / VERIFY_WIDTH;
    verify_tile_path(item, level, index, n);
    return verify_bad(c->r, item, "hash %u is not the one computed from the entries", i);
}

static bool claims_hold(struct checker *c, const struct verify_batch *b)
{
    for (uint32_t i = 0; i < b->nclaims; i++) {
        const struct verify_claim *claim = &b->claims[i];
        if (claim->size != c->tree.size)
            continue;
        const struct hash root = verify_tree_root(&c->tree);
        char hex[HASH_HEX + 1];
        hash_hex(hex, root);
        if (!hash_eq(root, claim->root))
            return verify_bad(c->r, claim->item,
                              "its root is not that of the first %llu events, %s",
                              (unsigned long long)claim->size, hex);
    }
    return true;
}

bool verify_claim_empty(const struct verify_claim *claim, struct verify_report *r)
{
    return claim->size > 0 || hash_eq(claim->root, hash_of("", 0)) ||
           verify_bad(r, claim->item, "its root is not that of the empty log");
}

static bool batch_good(struct checker *c, const struct verify_batch *b)
{
    const bool events = !c->run->any_entries;
    for (uint32_t i = 0; i < b->n; i++) {
        const struct verify_entry *entry = &b->entries[i];
        struct verify_leaf leaf;
        c->entry = c->tree.size;
        const bool good = !events || event_read(c, b, entry, &leaf);
        const struct hash hash = verify_leaf_hash(text_of(b, entry->leaf));
        verify_tree_append(&c->tree, hash);
        c->r->bytes += entry->leaf.n;
        if (!good || (events && !event_follows(c, &leaf, hash)))
            return false;
        if (b->nclaims > 0 && !claims_hold(c, b))
            return false;
    }
    struct verify_tile_at due[VERIFY_LEVELS];
    verify_tiles_due(due, c->tree.size, c->run->size);
    for (uint32_t level = 0; level < VERIFY_LEVELS; level++)
        if (due[level].width > 0 && !tile_agrees(c, b, level))
            return false;
    return true;
}

static bool check_batches(struct checker *c, struct ring *ring)
{
    bool good = true;
    struct verify_batch *b;
    while (good && (b = take(ring))) {
        good = batch_good(c, b);
        give_back(ring, !good);
    }
    return good;
}

static bool run_threads(struct checker *c, struct ring *ring)
{
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_batches, ring) != 0)
        return verify_bad(c->r, "memory", "could not start a thread");
    const bool good = check_batches(c, ring);
    pthread_join(reader, NULL);
    pthread_mutex_destroy(&ring->lock);
    pthread_cond_destroy(&ring->changed);
    if (good && ring->report.bad_item[0])
        return verify_bad(c->r, ring->report.bad_item, "%s", ring->report.reason);
    if (good && c->tree.size != c->run->size)
        return verify_bad(c->r, "events", "%llu, but there should be %llu",
                          (unsigned long long)c->tree.size, (unsigned long long)c->run->size);
    return good;
}

bool verify_run(struct verify_run *run, struct verify_report *r)
{
    struct checker *c = calloc(1, sizeof *c);
    struct ring ring = { .run = run };
    bool good = false;
    if (c)
        *c = (struct checker){ .run = run, .r = r, .scanner = verify_scanner_new() };
    if (c && c->scanner && ring_init(&ring))
        good = run_threads(c, &ring);
    else
        verify_bad(r, "memory", "could not get enough");
    if (c) {
        r->count = c->tree.size;
        r->streams = verify_chain_streams(run->chain);
        hash_hex(r->root_hex, verify_tree_root(&c->tree));
        verify_scanner_free(c->scanner);
    }
    ring_free(&ring);
    free(c);
    return good;
}

/* -- What options name --------------------------------------------------------------------------
 */

static bool read_file(char *out, size_t max, size_t *n, const char *path, struct verify_report *r)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return verify_bad(r, path, "could not open it: %m");
    *n = fread(out, 1, max, f);
    const bool whole = !ferror(f) && feof(f);
    fclose(f);
    return whole || verify_bad(r, path, "unreadable, or longer than %zu bytes", max - 1);
}

bool verify_keys_given(struct verify_keys *out, bool *given, const struct verify_options *options,
                       struct verify_report *r)
{
    static const char item[] = "--vkey";
    *given = options->vkey != NULL;
    if (!options->vkey)
        return true;
    if (strchr(options->vkey, '+') && !strchr(options->vkey, '\n'))
        return verify_keys_read(out, str_z(options->vkey), item, r);
    char text[8192];
    size_t n;
    return read_file(text, sizeof text, &n, options->vkey, r) &&
           verify_keys_read(out, (struct str){ text, n }, options->vkey, r);
}

bool verify_since(struct verify_claim *out, const struct verify_options *options,
                  const struct verify_keys *keys, uint64_t size, struct verify_report *r)
{
    char text[VERIFY_NOTE_MAX + 1];
    size_t n;
    struct verify_checkpoint c;
    if (!read_file(text, sizeof text, &n, options->since, r) ||
        !verify_checkpoint_read(&c, (struct str){ text, n }, keys, options->since, r))
        return false;
    if (c.size > size)
        return verify_bad(r, options->since,
                          "it speaks of %llu events, but there are %llu: cut back",
                          (unsigned long long)c.size, (unsigned long long)size);
    *out = (struct verify_claim){ .size = c.size, .root = c.root };
    snprintf(out->item, sizeof out->item, "%s", options->since);
    r->since_size = c.size;
    return verify_claim_empty(out, r);
}

static bool witnesses_read(struct verify_keys *out, const struct verify_options *options,
                           struct verify_report *r)
{
    char text[VERIFY_WITNESSES_MAX * VERIFY_VKEY_MAX];
    size_t n = 0;
    for (size_t i = 0; i < options->nwitnesses; i++) {
        const int more = snprintf(text + n, sizeof text - n, "%s\n", options->witness[i]);
        if (more < 0 || (size_t)more >= sizeof text - n)
            return verify_bad(r, "--witness", "a key is too long");
        n += (size_t)more;
    }
    return verify_witnesses_read(out, (struct str){ text, n }, "--witness", r);
}

bool verify_witnessed(struct verify_claim *claim, const struct str *notes, size_t n,
                      const struct verify_options *options, const struct verify_keys *keys,
                      uint64_t size, struct verify_report *r)
{
    const size_t enough = options->require > 0 ? options->require : 1;
    struct verify_keys witnesses;
    size_t most = 0;
    *claim = (struct verify_claim){ .item = "cosigned" };
    if (options->nwitnesses == 0)
        return true;
    if (!witnesses_read(&witnesses, options, r))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct verify_checkpoint c;
        struct verify_cosigned by;
        if (!notes[i].p)
            continue;
        if (!verify_checkpoint_read(&c, notes[i], keys, "cosigned", r) ||
            !verify_cosigned_read(&by, notes[i], &witnesses, "cosigned", r))
            return false;
        if (by.n > 0 && c.size > size)
            return verify_bad(r, "cosigned",
                              "%zu witnesses saw %llu events, but there are %llu: "
                              "cut back",
                              by.n, (unsigned long long)c.size, (unsigned long long)size);
        most = by.n > most ? by.n : most;
        if (by.n < enough || c.size < claim->size)
            continue;
        claim->size = c.size;
        claim->root = c.root;
        r->cosigned = by.n;
    }
    r->final_size = claim->size;
    return r->cosigned >= options->require ||
           verify_bad(r, "cosigned", "by %zu of the witnesses named, but %zu are required", most,
                      options->require);
}
