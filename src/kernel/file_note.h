/* Notes of uploads, kept beside them so that an upload outlives a restart. */
#ifndef VEIN_KERNEL_FILE_NOTE_H
#define VEIN_KERNEL_FILE_NOTE_H

#include "kernel/file_impl.h"

enum { FILE_NOTE_MAX = 8 << 10 };

#define RECORDS "kernel/file_note.def"
#include "base/record_structs.h"
#undef RECORDS

/* Durable on return; replaces an older one. */
enum outcome file_note_write(struct files *f, struct str id, const struct file_note *note,
                             struct err *e);
/* REFUSED "file.unknown" when there is none, or it has expired. */
enum outcome file_note_read(struct files *f, struct str id, struct file_note *out,
                            struct arena *arena, struct err *e);

/* Calls fn with the id of each upload, FILE_UPLOADS_MAX at most. */
void file_notes_each(struct files *f, void (*fn)(void *context, struct str id), void *context);

#endif
