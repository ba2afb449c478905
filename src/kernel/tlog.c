/* The static log. A request is answered from the last signed checkpoint and what lies below its
 * size; since rows of the ledger are only ever added, no snapshot is needed to keep both together:
 * a checkpoint signed meanwhile would only allow more.
 *
 * One path is one file: the export asks for each path that the size implies, just as a client of
 * the pages does. */
#define _GNU_SOURCE /* syncfs */
#include "kernel/tlog.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "kernel/ledger_impl.h"

enum {
    PATH_MAX_BYTES = 96,
    GROUP = 1000, /* three digits of a tile's number in each folder */
    /* A bundle twice: as rows and as the file. */
    EXPORT_ARENA_MAX = 2 * MERKLE_WIDTH * (EVENT_LEAF_MAX + 64) + (1 << 20),
};

static const char media_text[] = "text/plain; charset=utf-8";
static const char media_bytes[] = "application/octet-stream";

/* What may be given out: nothing beyond size. */
struct view {
    struct db *db;
    struct str note;
    uint64_t size;
};

static enum outcome unknown(struct err *e)
{
    return REFUSE(e, "tlog.unknown");
}

static enum outcome view_open(struct view *v, struct db *db, struct arena *arena, struct err *e)
{
    struct checkpoint c;
    v->db = db;
    TRY(ledger_last_checkpoint(db, &v->note, arena, e));
    if (v->note.p == NULL)
        return REFUSE(e, "tlog.no_checkpoint");
    struct err why = { 0 };
    if (checkpoint_read(&c, v->note, &why) != OK)
        return err_fault(e, "ledger.damaged", "the last checkpoint is malformed");
    v->size = c.size;
    return OK;
}

/* ---- contents --------------------------------------------------------------------------------*/

/* Which file below tile/: of hashes, or of entries (then level 0). */
struct tile {
    bool entries;
    uint32_t level;
    uint64_t index;
    size_t width;
};

static enum outcome tile_hashes(struct str *out, const struct view *v, const struct tile *t,
                                struct arena *arena, struct err *e)
{
    struct hash *hashes = ARENA_ARRAY(arena, t->width, struct hash);
    if (hashes == NULL)
        return err_no_memory(e);
    *out = (struct str){ (const char *)hashes, t->width * HASH_SIZE };
    return ledger_tile_read(hashes, t->width, v->db, t->level, t->index, e);
}

static enum outcome tile_entries(struct str *out, const struct view *v, const struct tile *t,
                                 struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    size_t n, total = 0;
    uint64_t first = t->index * MERKLE_WIDTH;
    TRY(ledger_read(v->db, (int64_t)first, t->width, &rows, &n, arena, e));
    for (size_t i = 0; i < n; i++)
        total += 2 + rows[i].leaf.n;
    uint8_t *p = arena_alloc(arena, total);
    if (p == NULL)
        return err_no_memory(e);
    *out = (struct str){ (const char *)p, total };
    for (size_t i = 0; i < n; i++) {
        struct str leaf = rows[i].leaf;
        if (rows[i].sequence != (int64_t)(first + i) || leaf.n > EVENT_LEAF_MAX)
            return err_fault(e, "ledger.damaged", "event %llu is not there",
                             (unsigned long long)(first + i));
        *p++ = (uint8_t)(leaf.n >> 8);
        *p++ = (uint8_t)leaf.n;
        memcpy(p, leaf.p, leaf.n);
        p += leaf.n;
    }
    if (n != t->width)
        return err_fault(e, "ledger.damaged", "event %llu is not there",
                         (unsigned long long)(first + n));
    return OK;
}

/* Proofs ask for neighbouring hashes, and for those of the edge again and again: some tiles are
 * kept. */
enum { TILES_KEPT = 8 };
struct hashes {
    const struct view *view;
    size_t next;
    struct {
        uint32_t level;
        uint64_t index;
        size_t n; /* 0: none yet */
        struct hash hash[MERKLE_WIDTH];
    } kept[TILES_KEPT];
};

static enum outcome hash_get(void *context, uint32_t level, uint64_t index, struct hash *out,
                             struct err *e)
{
    struct hashes *h = context;
    const uint64_t tile = index / MERKLE_WIDTH;
    size_t at = 0;
    while (at < TILES_KEPT &&
           (h->kept[at].n == 0 || h->kept[at].level != level || h->kept[at].index != tile))
        at++;
    if (at == TILES_KEPT) {
        const uint64_t there = ledger_level_count(h->view->size, level) - tile * MERKLE_WIDTH;
        const size_t n = there < MERKLE_WIDTH ? (size_t)there : MERKLE_WIDTH;
        at = h->next++ % TILES_KEPT;
        h->kept[at].n = 0;
        TRY(ledger_tile_read(h->kept[at].hash, n, h->view->db, level, tile, e));
        h->kept[at].level = level;
        h->kept[at].index = tile;
        h->kept[at].n = n;
    }
    BUG_ON(index % MERKLE_WIDTH >= h->kept[at].n);
    *out = h->kept[at].hash[index % MERKLE_WIDTH];
    return OK;
}

/* C2SP tlog-proof: index, audit path, and the checkpoint that it leads to. */
static enum outcome proof(struct str *out, struct hashes *source, uint64_t index,
                          struct arena *arena, struct err *e)
{
    const struct view *v = source->view;
    struct hash path[MERKLE_PROOF_MAX];
    size_t n;
    TRY(merkle_inclusion(path, &n, index, v->size, hash_get, source, e));
    struct buf b = buf_in(arena, NOTE_MAX + 64 * (MERKLE_PROOF_MAX + 2));
    buf_printf(&b, "c2sp.org/tlog-proof@v1\nindex %llu\n", (unsigned long long)index);
    for (size_t i = 0; i < n; i++) {
        buf_base64(&b, path[i].b, HASH_SIZE);
        buf_char(&b, '\n');
    }
    buf_char(&b, '\n');
    buf_str(&b, v->note);
    *out = buf_get(&b);
    return buf_check(&b, e);
}

enum outcome tlog_consistency(struct buf *out, struct db *db, uint64_t old, uint64_t size,
                              struct err *e)
{
    const struct view v = { .db = db, .size = size };
    struct hash path[MERKLE_PROOF_MAX];
    struct hashes *source = calloc(1, sizeof *source);
    size_t n = 0;
    if (!source)
        return err_no_memory(e);
    source->view = &v;
    const enum outcome o = merkle_consistency(path, &n, old, size, hash_get, source, e);
    free(source);
    for (size_t i = 0; o == OK && i < n; i++) {
        buf_base64(out, path[i].b, HASH_SIZE);
        buf_char(out, '\n');
    }
    return o == OK ? buf_check(out, e) : o;
}

struct tlog_prover {
    struct view view;
    struct hashes hashes;
};

enum outcome tlog_prover_new(struct tlog_prover **out, struct db *db, struct arena *arena,
                             struct err *e)
{
    struct tlog_prover *p = ARENA_NEW(arena, struct tlog_prover);
    *out = p;
    if (p == NULL)
        return err_no_memory(e);
    *p = (struct tlog_prover){ 0 };
    p->hashes.view = &p->view;
    return view_open(&p->view, db, arena, e);
}

uint64_t tlog_prover_size(const struct tlog_prover *p)
{
    return p->view.size;
}

struct str tlog_prover_note(const struct tlog_prover *p)
{
    return p->view.note;
}

enum outcome tlog_prove(struct str *out, struct tlog_prover *p, uint64_t index, struct arena *arena,
                        struct err *e)
{
    return index < p->view.size ? proof(out, &p->hashes, index, arena, e) : unknown(e);
}

/* ---- paths -----------------------------------------------------------------------------------*/

static void tile_path_write(struct buf *b, const struct tile *t)
{
    uint64_t unit = 1;
    if (t->entries)
        buf_z(b, "tile/entries");
    else
        buf_printf(b, "tile/%u", t->level);
    while (t->index / unit >= GROUP)
        unit *= GROUP;
    for (; unit > 1; unit /= GROUP)
        buf_printf(b, "/x%03u", (unsigned)(t->index / unit % GROUP));
    buf_printf(b, "/%03u", (unsigned)(t->index % GROUP));
    if (t->width < MERKLE_WIDTH)
        buf_printf(b, ".p/%zu", t->width);
}

/* Reads loosely and compares with the one way to write it: what differs in a byte is unknown. */
static bool tile_path_read(struct tile *t, struct str path)
{
    struct str rest = str_from(path, S("tile/").n);
    struct str level = str_cut(&rest, '/');
    int64_t number;
    *t = (struct tile){ .width = MERKLE_WIDTH };
    if (path.n > PATH_MAX_BYTES)
        return false;
    t->entries = str_is(level, "entries");
    if (!t->entries && (!str_to_u63(&number, level) || number >= MERKLE_LEVELS_MAX))
        return false;
    t->level = t->entries ? 0 : (uint32_t)number;

    size_t i = 0;
    for (; i < rest.n && rest.p[i] != '.'; i++) {
        if (isdigit((unsigned char)rest.p[i]))
            t->index = t->index * 10 + (uint64_t)(rest.p[i] - '0');
        if (t->index > INT64_MAX / MERKLE_WIDTH)
            return false;
    }
    struct str partial = str_from(rest, i);
    if (str_starts(partial, S(".p/"))) {
        if (!str_to_u63(&number, str_from(partial, 3)) || number < 1 || number >= MERKLE_WIDTH)
            return false;
        t->width = (size_t)number;
    }
    char storage[2 * PATH_MAX_BYTES];
    struct buf canonical = buf_over(storage, sizeof storage);
    tile_path_write(&canonical, t);
    return buf_ok(&canonical) && str_eq(path, buf_get(&canonical));
}

static enum outcome tile_get(struct str *out, const struct view *v, const struct tile *t,
                             struct arena *arena, struct err *e)
{
    uint64_t count = ledger_level_count(v->size, t->level);
    if (t->index * MERKLE_WIDTH + t->width > count)
        return unknown(e);
    if (t->entries)
        return tile_entries(out, v, t, arena, e);
    return tile_hashes(out, v, t, arena, e);
}

static enum outcome vkey_get(struct str *out, struct str vkey, struct arena *arena, struct err *e)
{
    struct buf b = buf_in(arena, vkey.n + 1);
    buf_str(&b, vkey);
    buf_char(&b, '\n');
    *out = buf_get(&b);
    return buf_check(&b, e);
}

enum outcome tlog_get(struct db *db, struct str vkey, struct str path, struct str *out,
                      const char **media_type, struct arena *arena, struct err *e)
{
    struct view v;
    struct tile t;
    int64_t index;
    *media_type = media_text;
    if (str_is(path, "vkey"))
        return vkey_get(out, vkey, arena, e);
    TRY(view_open(&v, db, arena, e));
    if (str_is(path, "checkpoint")) {
        *out = v.note;
        return OK;
    }
    if (str_is(path, "cosigned")) {
        uint64_t size;
        TRY(ledger_cosigned(db, out, &size, arena, e));
        return out->p ? OK : unknown(e);
    }
    if (str_starts(path, S("proof/"))) {
        struct hashes *source = ARENA_NEW(arena, struct hashes);
        if (source == NULL)
            return err_no_memory(e);
        *source = (struct hashes){ .view = &v };
        if (!str_to_u63(&index, str_from(path, 6)) || (uint64_t)index >= v.size)
            return unknown(e);
        return proof(out, source, (uint64_t)index, arena, e);
    }
    *media_type = media_bytes;
    if (!str_starts(path, S("tile/")) || !tile_path_read(&t, path))
        return unknown(e);
    return tile_get(out, &v, &t, arena, e);
}

/* ---- export ----------------------------------------------------------------------------------*/

/* A file of the export, with the folders that it lies in. */
static enum outcome file_write(int dir, const char *path, struct str content, struct err *e)
{
    char part[2 * PATH_MAX_BYTES];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdirat(dir, part, 0755) != 0 && errno != EEXIST)
            return err_fault(e, "tlog.write", "%s: %m", part);
    }
    int f = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (f < 0)
        return err_fault(e, "tlog.write", "%s: %m", path);
    bool whole = io_write_all(f, content.p, content.n);
    int why = errno;
    if (close(f) != 0 && whole) {
        whole = false;
        why = errno;
    }
    errno = why;
    return whole ? OK : err_fault(e, "tlog.write", "%s: %m", path);
}

static enum outcome tile_export(int dir, const struct view *v, const struct tile *t,
                                struct arena *arena, struct err *e)
{
    char storage[2 * PATH_MAX_BYTES] = { 0 };
    struct buf path = buf_over(storage, sizeof storage - 1);
    struct str content;
    tile_path_write(&path, t);
    BUG_ON(!buf_ok(&path));
    arena_reset(arena);
    TRY(tile_get(&content, v, t, arena, e));
    return file_write(dir, storage, content, e);
}

/* The full tiles of a level and its partial one. */
static enum outcome level_export(int dir, const struct view *v, struct tile t, struct arena *arena,
                                 struct err *e)
{
    uint64_t count = ledger_level_count(v->size, t.level);
    for (t.index = 0; t.index * MERKLE_WIDTH < count; t.index++) {
        uint64_t there = count - t.index * MERKLE_WIDTH;
        t.width = there < MERKLE_WIDTH ? (size_t)there : MERKLE_WIDTH;
        TRY(tile_export(dir, v, &t, arena, e));
    }
    return OK;
}

/* The note lies in an arena of its own: `arena` is emptied for each file. */
static enum outcome log_export(int dir, struct db *db, struct str vkey, uint64_t *size,
                               struct arena *kept, struct arena *arena, struct err *e)
{
    struct view v;
    struct str text;
    TRY(view_open(&v, db, kept, e));
    TRY(vkey_get(&text, vkey, kept, e));
    TRY(file_write(dir, "vkey", text, e));
    TRY(ledger_cosigned(db, &text, size, kept, e));
    if (text.p && *size <= v.size)
        TRY(file_write(dir, "cosigned", text, e));
    TRY(level_export(dir, &v, (struct tile){ .entries = true }, arena, e));
    for (uint32_t level = 0; ledger_level_count(v.size, level) > 0; level++)
        TRY(level_export(dir, &v, (struct tile){ .level = level }, arena, e));
    /* A checkpoint on the disk says that everything it covers is there as well. */
    if (syncfs(dir) != 0)
        return err_fault(e, "tlog.write", "syncfs: %m");
    TRY(file_write(dir, "checkpoint", v.note, e));
    if (syncfs(dir) != 0)
        return err_fault(e, "tlog.write", "syncfs: %m");
    *size = v.size;
    return OK;
}

static bool folder_empty(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (d == NULL) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    bool empty = true;
    for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            empty = false;
    closedir(d);
    return empty;
}

enum outcome tlog_export(struct db *db, struct str vkey, const char *dir, uint64_t *size,
                         struct err *e)
{
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return err_fault(e, "tlog.write", "%s: %m", dir);
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return err_fault(e, "tlog.write", "%s: %m", dir);
    enum outcome o;
    struct arena *kept = arena_new(4 * NOTE_MAX), *arena = arena_new(EXPORT_ARENA_MAX);
    if (!folder_empty(folder))
        o = REFUSE(e, "tlog.not_empty", { "folder", str_z(dir) });
    else if (kept == NULL || arena == NULL)
        o = err_no_memory(e);
    else
        o = log_export(folder, db, vkey, size, kept, arena, e);
    arena_free(kept);
    arena_free(arena);
    close(folder);
    return o;
}
