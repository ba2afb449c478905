/* Contents: read by ranges, checked, swept. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/file_note.h"

/* --- reading --- */

struct file_reader {
    int fd;
    int64_t size;
    int64_t piece; /* that plain holds; -1: none */
    size_t n;
    struct file_keys keys;
    uint8_t plain[FILE_PIECE];
    uint8_t sealed[FILE_SEALED_PIECE];
};

static enum outcome open_content(int *fd, struct files *f, const struct file_row_out *row,
                                 struct err *e)
{
    char path[FILE_PATH_MAX];
    struct stat st;
    file_path_content(path, f, row->hash);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return errno == ENOENT ? err_fault(e, "file.missing", "file %.*s", STR(row->file))
                               : err_fault(e, "file.disk", "file %.*s: %m", STR(row->file));
    if (fstat(*fd, &st) == 0 && st.st_size == row->sealed_size &&
        row->sealed_size == file_sealed_size(row->size))
        return OK;
    close(*fd);
    return err_fault(e, "file.damaged", "file %.*s has another size", STR(row->file));
}

enum outcome file_open(struct file_reader **out, struct files *f, const struct file_row_out *row,
                       struct err *e)
{
    struct file_reader *r = calloc(1, sizeof *r);
    uint8_t head[FILE_HEAD];
    if (!r)
        return err_no_memory(e);
    r->piece = r->fd = -1;
    r->size = row->size;
    enum outcome o = file_keys_make(&r->keys, f->options.keys, row->subject, row->file, e);
    if (o == OK)
        o = open_content(&r->fd, f, row, e);
    if (o == OK && (!file_read_at(r->fd, head, sizeof head, 0) || !file_head_good(head, &r->keys)))
        o = err_fault(e, "file.damaged", "file %.*s begins otherwise", STR(row->file));
    if (o == OK)
        *out = r;
    else
        file_reader_free(r);
    return o;
}

void file_reader_free(struct file_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    sodium_memzero(r, sizeof *r);
    free(r);
}

static enum outcome load_piece(struct file_reader *r, int64_t number, struct err *e)
{
    if (r->piece == number)
        return OK;
    const int64_t left = r->size - number * FILE_PIECE;
    const size_t n = left < FILE_PIECE ? (size_t)left : FILE_PIECE;
    const bool last = left <= FILE_PIECE;
    r->piece = -1;
    if (!file_read_at(r->fd, r->sealed, FILE_FRAME + n, file_piece_at(number)) ||
        !file_piece_open(r->plain, &r->keys, number, last, r->sealed, FILE_FRAME + n))
        return err_fault(e, "file.damaged", "file %s, piece %lld", r->keys.id, (long long)number);
    r->piece = number;
    r->n = n;
    return OK;
}

enum outcome file_read(struct file_reader *r, int64_t offset, void *out, size_t n, size_t *got,
                       struct err *e)
{
    *got = 0;
    while (*got < n && offset < r->size) {
        TRY(load_piece(r, offset / FILE_PIECE, e));
        const size_t at = (size_t)(offset % FILE_PIECE);
        const size_t take = n - *got < r->n - at ? n - *got : r->n - at;
        memcpy((uint8_t *)out + *got, r->plain + at, take);
        *got += take;
        offset += (int64_t)take;
    }
    return OK;
}

/* --- checked --- */

static bool hash_fd(struct hash *out, int fd)
{
    uint8_t *bytes = malloc(FILE_PIECE);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = bytes && hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    ssize_t n = good ? read(fd, bytes, FILE_PIECE) : -1;
    for (; n > 0; n = read(fd, bytes, FILE_PIECE))
        EVP_DigestUpdate(hash, bytes, (size_t)n);
    good = good && n == 0 && EVP_DigestFinal_ex(hash, out->b, NULL) == 1;
    EVP_MD_CTX_free(hash);
    free(bytes);
    return good;
}

enum outcome file_check(struct files *f, const struct file_row_out *row, struct err *e)
{
    int fd;
    struct hash hash;
    char hex[HASH_HEX + 1];
    TRY(open_content(&fd, f, row, e));
    const bool read = hash_fd(&hash, fd);
    close(fd);
    if (!read)
        return err_fault(e, "file.disk", "file %.*s: %m", STR(row->file));
    hash_hex(hex, hash);
    if (!str_is(row->hash, hex))
        return err_fault(e, "file.damaged", "file %.*s is not what its hash says", STR(row->file));
    return OK;
}

enum outcome files_check(struct files *f, struct db *db, struct file_check_count *out,
                         void (*bad)(void *context, const struct file_row_out *row,
                                     const struct err *why),
                         void *context, struct err *e)
{
    struct arena *arena = arena_new(4 << 20);
    char after[ID_LENGTH + 1] = "";
    enum outcome o = arena ? OK : err_no_memory(e);
    *out = (struct file_check_count){ 0 };
    for (size_t n = 1; o == OK && n > 0;) {
        struct record_list list = { 0 };
        const struct file_page_in in = { str_z(after) };
        arena_reset(arena);
        o = db_list(db, &sql_file_page, &in, &list, 200, arena, e);
        n = o == OK ? list.n : 0;
        const struct file_row_out *rows = list.p; /* the two queries have the same columns */
        for (size_t i = 0; i < n; i++) {
            struct err why = { 0 };
            out->files++;
            out->bytes += rows[i].sealed_size;
            if (file_check(f, &rows[i], &why) != OK) {
                out->bad++;
                bad(context, &rows[i], &why);
            }
            memcpy(after, rows[i].file.p, ID_LENGTH);
        }
    }
    arena_free(arena);
    return o;
}

/* --- swept --- */

struct sweep {
    struct files *files;
    struct db *db;
    int64_t *removed;
    enum outcome outcome;
    struct err *e;
};

static void sweep_upload(void *context, struct str id)
{
    struct sweep *s = context;
    struct arena *arena = arena_new(8 * FILE_NOTE_MAX);
    struct file_note note;
    struct err e = { 0 };
    if (arena && file_note_read(s->files, id, &note, arena, &e) == REFUSED &&
        file_cancel(s->files, id, &e) == OK)
        (*s->removed)++;
    arena_free(arena);
}

/* Content older than FILE_ORPHAN_US that no event names. */
static void sweep_content(struct sweep *s, const char *folder, const char *name)
{
    char path[FILE_PATH_MAX + 80];
    struct stat st;
    struct file_named_out row;
    bool found = true;
    const struct file_named_in in = { str_z(name) };
    struct arena *arena = arena_new(64 << 10);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const bool old = stat(path, &st) == 0 && (int64_t)st.st_mtim.tv_sec * TIME_SECOND <
                                                 env_now(s->files->options.env) - FILE_ORPHAN_US;
    if (old && arena)
        s->outcome = db_get(s->db, &sql_file_named, &in, &row, arena, &found, s->e);
    if (s->outcome == OK && !found && unlink(path) == 0)
        (*s->removed)++;
    arena_free(arena);
}

static void sweep_folder(struct sweep *s, const char *path, size_t digits, size_t depth)
{
    char below[FILE_PATH_MAX];
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && s->outcome == OK && (entry = readdir(folder));) {
        const struct str name = str_z(entry->d_name);
        if (name.n != digits || name.p[0] == '.')
            continue;
        if (digits == HASH_HEX) {
            sweep_content(s, path, name.p);
            continue;
        }
        const int n = snprintf(below, sizeof below, "%s/%s", path, name.p);
        if (n > 0 && (size_t)n < sizeof below)
            sweep_folder(s, below, depth == 1 ? HASH_HEX : 2, depth + 1);
    }
    if (folder)
        closedir(folder);
}

enum outcome files_sweep(struct files *f, struct db *db, int64_t *removed, struct err *e)
{
    struct sweep s = { f, db, removed, OK, e };
    *removed = 0;
    file_notes_each(f, sweep_upload, &s);
    sweep_folder(&s, f->folder, 2, 0);
    return s.outcome;
}
