/* A whole upload becomes a content at its address. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "kernel/file_note.h"

/* One pass over the sealed pieces: opens each, seals the last as the last, hashes all. */
struct pass {
    struct files *files;
    const struct file_keys *keys;
    int fd;
    int64_t size;
    const struct file_type *type;
    EVP_MD_CTX *hash;
    uint8_t *plain;
    uint8_t *sealed;
    uint8_t carried[4]; /* the beginning of a character that goes on in the next piece */
    size_t ncarried;
};

/* Of a text each character is checked, those across pieces too. */
static enum outcome check_text(struct pass *p, size_t n, bool last, struct err *e)
{
    char joined[8];
    size_t begin = 0;
    if (p->ncarried > 0) {
        size_t k = p->ncarried;
        memcpy(joined, p->carried, k);
        while (k < sizeof joined - 1 && begin < n && (p->plain[begin] & 0xC0) == 0x80)
            joined[k++] = (char)p->plain[begin++];
        if (!str_utf8_valid((struct str){ joined, k }))
            return REFUSE(e, "file.text");
    }
    size_t end = n;
    if (!last)
        while (end > begin && n - end < 4 && p->plain[end - 1] >= 0x80)
            if (p->plain[--end] >= 0xC0)
                break;
    struct str body = { (const char *)p->plain + begin, end - begin };
    p->ncarried = n - end;
    memcpy(p->carried, p->plain + end, n - end);
    if (!str_utf8_valid(body) || (body.n > 0 && memchr(body.p, '\0', body.n)))
        return REFUSE(e, "file.text");
    return OK;
}

static enum outcome read_piece(struct pass *p, int64_t number, size_t n, bool last, struct err *e)
{
    const int64_t at = file_piece_at(number);
    if (!file_read_at(p->fd, p->sealed, FILE_FRAME + n, at))
        return err_fault(e, "file.damaged", "upload %s: %m", p->keys->id);
    if (last && file_piece_open(p->plain, p->keys, number, true, p->sealed, FILE_FRAME + n))
        return OK; /* finished before, and not yet moved */
    if (!file_piece_open(p->plain, p->keys, number, false, p->sealed, FILE_FRAME + n))
        return err_fault(e, "file.damaged", "upload %s, piece %lld", p->keys->id,
                         (long long)number);
    if (!last)
        return OK;
    file_piece_seal(p->sealed, p->keys, p->files->options.env, number, true, p->plain, n);
    return file_write_at(p->fd, p->sealed, FILE_FRAME + n, at)
               ? OK
               : err_fault(e, "file.disk", "upload: %m");
}

static enum outcome sniff(struct pass *p, size_t n, struct err *e)
{
    p->type = file_sniff((struct bytes){ p->plain, n });
    if (!p->type)
        return REFUSE(e, "file.type");
    return p->size > p->type->size_max ? file_too_large(p->type->size_max, e) : OK;
}

static enum outcome pass_all(struct pass *p, struct err *e)
{
    uint8_t head[FILE_HEAD];
    const int64_t pieces = (p->size + FILE_PIECE - 1) / FILE_PIECE;
    file_head_write(head, p->keys);
    EVP_DigestUpdate(p->hash, head, sizeof head);
    for (int64_t i = 0; i < pieces; i++) {
        const bool last = i == pieces - 1;
        const size_t n = last ? (size_t)(p->size - i * FILE_PIECE) : FILE_PIECE;
        TRY(read_piece(p, i, n, last, e));
        if (i == 0)
            TRY(sniff(p, n, e));
        if (p->type->text)
            TRY(check_text(p, n, last, e));
        EVP_DigestUpdate(p->hash, p->sealed, FILE_FRAME + n);
    }
    if (fsync(p->fd) != 0)
        return file_unsynced(p->files, str_z(p->keys->id), err_fault(e, "file.disk", "upload: %m"));
    return OK;
}

static enum outcome pass_run(struct pass *p, struct file_note *note, struct arena *arena,
                             struct err *e)
{
    struct hash hash;
    char hex[HASH_HEX + 1];
    p->plain = malloc(FILE_PIECE);
    p->sealed = malloc(FILE_SEALED_PIECE);
    p->hash = EVP_MD_CTX_new();
    enum outcome o = err_no_memory(e);
    if (p->plain && p->sealed && p->hash && EVP_DigestInit_ex(p->hash, EVP_sha256(), NULL) == 1)
        o = pass_all(p, e);
    if (o == OK) {
        EVP_DigestFinal_ex(p->hash, hash.b, NULL);
        hash_hex(hex, hash);
        note->hash = arena_str(arena, str_z(hex));
        note->type = str_z(p->type->name);
        o = note->hash.p ? OK : err_no_memory(e);
    }
    if (p->plain)
        sodium_memzero(p->plain, FILE_PIECE);
    EVP_MD_CTX_free(p->hash);
    free(p->plain);
    free(p->sealed);
    return o;
}

/* To its address; what lies there already has the same bytes. */
static enum outcome move(struct files *f, struct str id, struct str hash, struct err *e)
{
    char from[FILE_PATH_MAX];
    char to[FILE_PATH_MAX];
    TRY(file_folders(f, hash, e));
    file_path_upload(from, f, id, "part");
    file_path_content(to, f, hash);
    if (rename(from, to) != 0 && (errno != ENOENT || access(to, R_OK) != 0))
        return err_fault(e, "file.disk", "store: %m");
    *strrchr(to, '/') = '\0';
    const enum outcome o = file_sync_folder(to, e);
    return o == OK ? OK : file_unsynced(f, id, o);
}

static enum outcome hash_part(struct files *f, struct str id, struct file_note *note,
                              const struct file_keys *keys, struct arena *arena, struct err *e)
{
    char path[FILE_PATH_MAX];
    file_path_upload(path, f, id, "part");
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return err_fault(e, "file.disk", "upload: %m");
    struct pass p = { .files = f, .keys = keys, .fd = fd, .size = note->size };
    const enum outcome o =
        flock(fd, LOCK_EX | LOCK_NB) == 0 ? pass_run(&p, note, arena, e) : REFUSE(e, "file.busy");
    close(fd);
    return o;
}

enum outcome file_finish(struct files *f, struct file_store *out, struct str id,
                         struct arena *arena, struct err *e)
{
    struct file_upload u;
    struct file_note note;
    struct file_keys keys;
    char proof[HASH_HEX + 1];
    TRY(file_note_read(f, id, &note, arena, e));
    if (!note.hash.p) {
        TRY(file_upload_find(f, &u, id, arena, e));
        if (u.offset < u.size)
            return REFUSE(e, "file.unfinished");
        TRY(file_keys_make(&keys, f->options.keys, note.subject, id, e));
        const enum outcome o = hash_part(f, id, &note, &keys, arena, e);
        file_keys_wipe(&keys);
        TRY(o);
        TRY(file_note_write(f, id, &note, e));
    }
    TRY(move(f, id, note.hash, e));
    *out = (struct file_store){
        .file = arena_str(arena, id),
        .kind = note.kind,
        .belongs = note.belongs,
        .hash = note.hash,
        .size = note.size,
        .sealed_size = file_sealed_size(note.size),
        .type = note.type,
        .subject = note.subject,
        .name = note.name,
    };
    hash_hex(proof, file_proof(f->options.keys, out));
    out->proof = arena_str(arena, str_z(proof));
    return arena_exhausted(arena) ? err_no_memory(e) : OK;
}

enum outcome file_put(struct files *f, struct file_store *out, struct file_upload *u,
                      struct bytes content, struct arena *arena, struct err *e)
{
    u->size = (int64_t)content.n;
    TRY(file_begin(f, u, e));
    enum outcome o = OK;
    while (o == OK && u->offset < u->size) {
        const size_t left = (size_t)(u->size - u->offset);
        const struct bytes piece = { content.p + u->offset,
                                     left < FILE_APPEND_MAX ? left : FILE_APPEND_MAX };
        o = file_append(f, u, u->offset, piece, e);
    }
    if (o == OK)
        o = file_finish(f, out, id_str(&u->id), arena, e);
    struct err ignored = { 0 };
    if (o != OK)
        (void)!file_cancel(f, id_str(&u->id), &ignored);
    return o;
}
