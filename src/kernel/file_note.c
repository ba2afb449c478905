/* Notes of uploads. */
#include "kernel/file_note.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define RECORDS "kernel/file_note.def"
#include "base/record_tables.h"
#undef RECORDS

static struct seal_place note_place(struct str id)
{
    return (struct seal_place){ "file", id };
}

static enum outcome replace(struct files *f, struct str id, struct bytes bytes, struct err *e)
{
    char path[FILE_PATH_MAX];
    char fresh[FILE_PATH_MAX];
    char folder[FILE_PATH_MAX];
    file_path_upload(path, f, id, "note");
    file_path_upload(fresh, f, id, "new");
    snprintf(folder, sizeof folder, "%s/uploads", f->folder);
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_fault(e, "file.disk", "note: %m");
    const bool good = file_write_at(fd, bytes.p, bytes.n, 0) && fsync(fd) == 0;
    close(fd);
    if (!good || rename(fresh, path) != 0)
        return err_fault(e, "file.disk", "note: %m");
    return file_sync_folder(folder, e);
}

enum outcome file_note_write(struct files *f, struct str id, const struct file_note *note,
                             struct err *e)
{
    struct arena *arena = arena_new(8 * FILE_NOTE_MAX);
    if (!arena)
        return err_no_memory(e);
    struct buf b = buf_in(arena, FILE_NOTE_MAX / 2);
    struct json_out out = json_out(&b);
    struct bytes sealed = { 0 };
    enum outcome o = record_to_json(&file_note_record, note, &out, NULL, e);
    if (o == OK)
        o = buf_check(&b, e);
    if (o == OK)
        o = seal_secret(f->options.keys, &sealed, note_place(id), buf_get(&b), arena, e);
    if (o == OK)
        o = replace(f, id, sealed, e);
    arena_free(arena);
    return o;
}

enum outcome file_note_read(struct files *f, struct str id, struct file_note *out,
                            struct arena *arena, struct err *e)
{
    char path[FILE_PATH_MAX];
    uint8_t *bytes = arena_alloc(arena, FILE_NOTE_MAX);
    if (!bytes)
        return err_no_memory(e);
    if (!id_valid(id))
        return REFUSE(e, "file.unknown");
    file_path_upload(path, f, id, "note");
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return REFUSE(e, "file.unknown");
    if (fd < 0)
        return err_fault(e, "file.disk", "note: %m");
    const ssize_t n = read(fd, bytes, FILE_NOTE_MAX);
    close(fd);
    if (n < 0)
        return err_fault(e, "file.disk", "note: %m");
    struct str text;
    const struct json *object;
    TRY(seal_secret_open(f->options.keys, &text, note_place(id), (struct bytes){ bytes, (size_t)n },
                         arena, e));
    TRY(json_read(&object, arena, text, &json_limits_default, e));
    TRY(record_from_json(&file_note_record, out, arena, object, e));
    return out->expires < env_now(f->options.env) ? REFUSE(e, "file.unknown") : OK;
}

void file_notes_each(struct files *f, void (*fn)(void *context, struct str id), void *context)
{
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/uploads", f->folder);
    DIR *folder = opendir(path);
    size_t n = 0;
    for (struct dirent *entry; folder && n < FILE_UPLOADS_MAX && (entry = readdir(folder));) {
        struct str id = str_z(entry->d_name);
        if (!str_ends(id, S(".note")))
            continue;
        id.n -= sizeof ".note" - 1;
        if (id_valid(id)) {
            fn(context, id);
            n++;
        }
    }
    if (folder)
        closedir(folder);
}
