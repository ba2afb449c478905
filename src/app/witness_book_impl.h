/* Shared by the files that keep a witness's folder. */
#ifndef VEIN_APP_WITNESS_BOOK_IMPL_H
#define VEIN_APP_WITNESS_BOOK_IMPL_H

#include <sodium.h>

#include "app/witness_book.h"

enum {
    WITNESS_FILE_MAX = VERIFY_SUBMISSION_MAX + 1024,
    WITNESS_KEY_FILE_MAX = 1024,
    WITNESS_SEED = crypto_sign_SEEDBYTES,
};

extern const struct str witness_key_head; /* what a key's file begins with */

/* The whole file, of less than max bytes: REFUSED "witness.damaged" {file} beyond; FAULT
 * "witness.read". */
enum outcome witness_file_read(char *out, size_t max, size_t *n, int folder, const char *name,
                               struct err *e);
/* Whole and durable under its name, or not there: beside, synced, renamed, the folder synced. FAULT
 * "witness.write". */
enum outcome witness_file_put(int folder, const char *name, struct str content, struct err *e);

#endif
