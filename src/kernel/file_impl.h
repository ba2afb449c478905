/* The inside of the file store: sealed pieces, paths, notes of uploads. */
#ifndef VEIN_KERNEL_FILE_IMPL_H
#define VEIN_KERNEL_FILE_IMPL_H

#include "kernel/file.h"

enum {
    FILE_KEY = 32,
    FILE_NONCE = 24,
    FILE_TAG = 16,
    FILE_HEAD = 8 + FILE_KEY,
    FILE_FRAME = FILE_NONCE + FILE_TAG,
    FILE_SEALED_PIECE = FILE_PIECE + FILE_FRAME,
    FILE_FOLDER_MAX = 800,
    FILE_PATH_MAX = 1024,
};

struct files {
    struct files_options options;
    char folder[FILE_FOLDER_MAX];
};

/* --- sealing --- */

/* The keys of one file; wiped by its user. */
struct file_keys {
    uint8_t encryption[FILE_KEY];
    uint8_t commitment[FILE_KEY];
    char id[ID_LENGTH + 1];
};
enum outcome file_keys_make(struct file_keys *out, struct keyring *k, struct str subject,
                            struct str file, struct err *e);
void file_keys_wipe(struct file_keys *k);

void file_head_write(uint8_t out[FILE_HEAD], const struct file_keys *k);
bool file_head_good(const uint8_t head[FILE_HEAD], const struct file_keys *k);

/* out has FILE_FRAME + n bytes. */
void file_piece_seal(uint8_t *out, const struct file_keys *k, const struct env *env, int64_t number,
                     bool last, const uint8_t *plain, size_t n);
/* out has n - FILE_FRAME bytes; false when it is not what was sealed there. */
bool file_piece_open(uint8_t *out, const struct file_keys *k, int64_t number, bool last,
                     const uint8_t *sealed, size_t n);

/* Sizes: of the sealed form of so many plain bytes, and where a piece begins in it. */
int64_t file_sealed_size(int64_t plain);
static inline int64_t file_piece_at(int64_t number)
{
    return FILE_HEAD + number * FILE_SEALED_PIECE;
}

/* --- paths --- */

/* "F.files/ab/cd/<hash>"; "F.files/uploads/<id>.<what>". */
void file_path_content(char out[FILE_PATH_MAX], const struct files *f, struct str hash);
void file_path_upload(char out[FILE_PATH_MAX], const struct files *f, struct str id,
                      const char *what);
/* Makes the folders above a content; durable. */
enum outcome file_folders(const struct files *f, struct str hash, struct err *e);
enum outcome file_sync_folder(const char *path, struct err *e);
/* Drops an upload whose sync failed, and returns the fault. What the system could not write it
 * counts as written: a second sync would say that all is well, and the bytes be gone. */
enum outcome file_unsynced(struct files *f, struct str id, enum outcome fault);
/* Reads or writes exactly n bytes at an offset; false: errno, or 0 when the file is shorter. */
bool file_read_at(int fd, void *p, size_t n, int64_t at);
bool file_write_at(int fd, const void *p, size_t n, int64_t at);

/* The digest that only file_finish gives, over what it is said of. */
struct hash file_proof(struct keyring *k, const struct file_store *body);

/* Refuses with {max}. */
enum outcome file_too_large(int64_t max, struct err *e);

#endif
