/* Uploads: begun, gone on with, dropped. An upload is its sealed pieces so far, <id>.part, none of
 * them marked as the last; where it ends follows from its size. A piece that a crash left half
 * written does not open and is written again. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/file_note.h"

/* --- begun --- */

struct counted {
    struct files *files;
    struct str account;
    size_t all;
    size_t own;
};

static void count_note(void *context, struct str id)
{
    struct counted *c = context;
    struct arena *arena = arena_new(8 * FILE_NOTE_MAX);
    struct file_note note;
    struct err e = { 0 };
    c->all++;
    if (arena && file_note_read(c->files, id, &note, arena, &e) == OK)
        c->own += str_eq(note.account, c->account);
    arena_free(arena);
}

static enum outcome make_part(struct files *f, const struct file_upload *u, struct err *e)
{
    char path[FILE_PATH_MAX];
    uint8_t head[FILE_HEAD];
    struct file_keys keys;
    TRY(file_keys_make(&keys, f->options.keys, u->subject, id_str(&u->id), e));
    file_head_write(head, &keys);
    file_keys_wipe(&keys);
    file_path_upload(path, f, id_str(&u->id), "part");
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_fault(e, "file.disk", "upload: %m");
    const bool good = file_write_at(fd, head, sizeof head, 0) && fsync(fd) == 0;
    const enum outcome o = good ? OK : err_fault(e, "file.disk", "upload: %m");
    close(fd);
    if (!good)
        unlink(path);
    return o;
}

static enum outcome begin_note(struct files *f, const struct file_upload *u, struct err *e)
{
    struct arena *arena = arena_new(FILE_NAME_ARENA);
    const struct file_note note = {
        .kind = u->kind,
        .belongs = u->belongs,
        .subject = u->subject,
        .account = u->account,
        .name = arena ? file_name_plain(arena, u->name) : (struct str){ 0 },
        .size = u->size,
        .expires = u->expires_us,
    };
    const enum outcome o =
        note.name.p ? file_note_write(f, id_str(&u->id), &note, e) : err_no_memory(e);
    arena_free(arena);
    return o;
}

enum outcome file_begin(struct files *f, struct file_upload *u, struct err *e)
{
    struct counted c = { .files = f, .account = u->account };
    if (u->size <= 0)
        return REFUSE(e, "file.empty");
    if (u->size > FILE_SIZE_MAX)
        return file_too_large(FILE_SIZE_MAX, e);
    if (u->name.n == 0 || u->name.n > FILE_NAME_MAX)
        return REFUSE(e, "file.name");
    TRY(file_folders(f, (struct str){ 0 }, e));
    file_notes_each(f, count_note, &c);
    if (c.all >= FILE_UPLOADS_MAX || c.own >= FILE_UPLOADS_OF_ONE_MAX)
        return REFUSE(e, "file.busy");
    TRY(keyring_subject(f->options.keys, u->subject,
                        u->organisation.p ? u->organisation : KEYRING_NODE, e));
    u->id = id_new(f->options.env);
    u->offset = 0;
    u->expires_us = env_now(f->options.env) + FILE_EXPIRES_US;
    TRY(make_part(f, u, e));
    return begin_note(f, u, e);
}

enum outcome file_cut(struct files *f, struct file_upload *u, struct arena *arena, struct err *e)
{
    struct file_note note;
    if (u->offset == 0)
        return REFUSE(e, "file.empty");
    TRY(file_note_read(f, id_str(&u->id), &note, arena, e));
    u->size = u->offset;
    note.size = u->offset;
    return file_note_write(f, id_str(&u->id), &note, e);
}

/* --- where it stands --- */

struct tail {
    int fd;
    int64_t pieces; /* whole ones before it */
    size_t n;       /* plain bytes in it */
    uint8_t *plain; /* FILE_PIECE bytes */
    uint8_t *sealed;
};

static void tail_close(struct tail *t)
{
    if (t->fd >= 0)
        close(t->fd);
    if (t->plain)
        sodium_memzero(t->plain, FILE_PIECE);
    free(t->plain);
    free(t->sealed);
}

/* Opens the part, alone, and its last piece where that is not whole. */
static enum outcome tail_open(struct tail *t, struct files *f, const struct file_keys *keys,
                              struct err *e)
{
    char path[FILE_PATH_MAX];
    struct stat st;
    uint8_t head[FILE_HEAD];
    *t = (struct tail){ .plain = malloc(FILE_PIECE), .sealed = malloc(FILE_SEALED_PIECE) };
    file_path_upload(path, f, str_z(keys->id), "part");
    t->fd = open(path, O_RDWR | O_CLOEXEC);
    if (!t->plain || !t->sealed)
        return err_no_memory(e);
    if (t->fd < 0)
        return errno == ENOENT ? REFUSE(e, "file.unknown")
                               : err_fault(e, "file.disk", "upload: %m");
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0)
        return REFUSE(e, "file.busy");
    if (fstat(t->fd, &st) != 0 || !file_read_at(t->fd, head, sizeof head, 0) ||
        !file_head_good(head, keys))
        return err_fault(e, "file.damaged", "upload %s", keys->id);
    t->pieces = (st.st_size - FILE_HEAD) / FILE_SEALED_PIECE;
    const size_t rest = (size_t)((st.st_size - FILE_HEAD) % FILE_SEALED_PIECE);
    if (rest <= FILE_FRAME)
        return OK;
    if (!file_read_at(t->fd, t->sealed, rest, file_piece_at(t->pieces)))
        return err_fault(e, "file.disk", "upload: %m"); /* which is not the same as half written */
    if (file_piece_open(t->plain, keys, t->pieces, false, t->sealed, rest))
        t->n = rest - FILE_FRAME;
    return OK;
}

static enum outcome upload_keys(struct file_keys *keys, struct files *f, struct str id,
                                const struct file_note *note, struct err *e)
{
    return file_keys_make(keys, f->options.keys, note->subject, id, e);
}

enum outcome file_upload_find(struct files *f, struct file_upload *out, struct str id,
                              struct arena *arena, struct err *e)
{
    struct file_note note;
    struct file_keys keys;
    struct tail t;
    TRY(file_note_read(f, id, &note, arena, e));
    *out = (struct file_upload){
        .kind = note.kind,
        .belongs = note.belongs,
        .subject = note.subject,
        .account = note.account,
        .name = note.name,
        .size = note.size,
        .offset = note.size,
        .expires_us = note.expires,
    };
    memcpy(out->id.text, id.p, ID_LENGTH);
    if (note.hash.p) /* whole, and perhaps moved to its address */
        return OK;
    TRY(upload_keys(&keys, f, id, &note, e));
    const enum outcome o = tail_open(&t, f, &keys, e);
    if (o == OK)
        out->offset = t.pieces * FILE_PIECE + (int64_t)t.n;
    tail_close(&t);
    file_keys_wipe(&keys);
    return o;
}

/* --- gone on with --- */

static enum outcome at_offset(int64_t offset, struct err *e)
{
    char text[24];
    struct buf b = buf_over(text, sizeof text);
    buf_int(&b, offset);
    return REFUSE(e, "file.offset", { "offset", buf_get(&b) });
}

/* The first bytes decide whether it may be stored at all; a short beginning is judged at the end.
 */
static enum outcome may_begin(const struct file_upload *u, struct bytes data, struct err *e)
{
    if (data.n < FILE_SNIFF_MAX && (int64_t)data.n < u->size)
        return OK;
    const struct file_type *type = file_sniff(data);
    if (!type)
        return REFUSE(e, "file.type");
    return u->size > type->size_max ? file_too_large(type->size_max, e) : OK;
}

static bool append_piece(struct tail *t, struct files *f, const struct file_keys *keys,
                         struct bytes *data)
{
    const size_t room = FILE_PIECE - t->n;
    const size_t take = data->n < room ? data->n : room;
    memcpy(t->plain + t->n, data->p, take);
    t->n += take;
    *data = (struct bytes){ data->p + take, data->n - take };
    file_piece_seal(t->sealed, keys, f->options.env, t->pieces, false, t->plain, t->n);
    if (!file_write_at(t->fd, t->sealed, FILE_FRAME + t->n, file_piece_at(t->pieces)))
        return false;
    if (t->n == FILE_PIECE) {
        t->pieces++;
        t->n = 0;
    }
    return true;
}

static enum outcome append(struct tail *t, struct files *f, const struct file_keys *keys,
                           struct bytes data, struct err *e)
{
    while (data.n > 0)
        if (!append_piece(t, f, keys, &data))
            return err_fault(e, "file.disk", "upload: %m");
    /* A longer end, half written before a crash, must not stay behind it. */
    const int64_t end = file_piece_at(t->pieces) + (t->n > 0 ? FILE_FRAME + (int64_t)t->n : 0);
    if (ftruncate(t->fd, end) != 0)
        return err_fault(e, "file.disk", "upload: %m");
    if (fdatasync(t->fd) != 0)
        return file_unsynced(f, str_z(keys->id), err_fault(e, "file.disk", "upload: %m"));
    return OK;
}

enum outcome file_append(struct files *f, struct file_upload *u, int64_t offset, struct bytes data,
                         struct err *e)
{
    struct file_keys keys;
    struct tail t;
    if (data.n > FILE_APPEND_MAX)
        return file_too_large(FILE_APPEND_MAX, e);
    if (offset != u->offset)
        return at_offset(u->offset, e);
    if ((int64_t)data.n > u->size - offset)
        return file_too_large(u->size, e);
    if (offset == 0)
        TRY(may_begin(u, data, e));
    if (data.n == 0)
        return OK;
    TRY(file_keys_make(&keys, f->options.keys, u->subject, id_str(&u->id), e));
    enum outcome o = tail_open(&t, f, &keys, e);
    const int64_t now = t.pieces * FILE_PIECE + (int64_t)t.n;
    if (o == OK && now != offset)
        o = at_offset(now, e);
    if (o == OK)
        o = append(&t, f, &keys, data, e);
    if (o == OK)
        u->offset = offset + (int64_t)data.n;
    tail_close(&t);
    file_keys_wipe(&keys);
    return o;
}

/* --- dropped --- */

static void drop(struct files *f, struct str id, const char *what)
{
    char path[FILE_PATH_MAX];
    file_path_upload(path, f, id, what);
    unlink(path);
}

enum outcome file_cancel(struct files *f, struct str id, struct err *e)
{
    if (!id_valid(id))
        return REFUSE(e, "file.unknown");
    drop(f, id, "note");
    drop(f, id, "new");
    drop(f, id, "part");
    return OK;
}

enum outcome file_unsynced(struct files *f, struct str id, enum outcome fault)
{
    struct err ignored = { 0 };
    (void)!file_cancel(f, id, &ignored);
    return fault;
}

struct forgetting {
    struct files *files;
    struct str subject;
};

static void forget_one(void *context, struct str id)
{
    const struct forgetting *x = context;
    struct arena *arena = arena_new(64 << 10);
    struct file_note note;
    struct err e = { 0 };
    if (arena && file_note_read(x->files, id, &note, arena, &e) == OK &&
        str_eq(note.subject, x->subject))
        (void)!file_cancel(x->files, id, &e);
    arena_free(arena);
}

void files_forget(struct files *f, struct str subject)
{
    struct forgetting x = { f, subject };
    file_notes_each(f, forget_one, &x);
}

void file_stored(struct files *f, struct str id)
{
    struct err e = { 0 };
    if (file_cancel(f, id, &e) != OK)
        BUG_ON(e.outcome == FAULT);
}
