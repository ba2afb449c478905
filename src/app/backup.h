/* Backups: a folder with a verified copy of the database and a manifest; the keyring apart from it.
 *
 * DIR/vein.db        the database at one moment, taken while others write
 * DIR/files/         contents too large for an event, sealed (file.h)
 * DIR/erased         ids of the subjects erased by then, if any (kernel/erase.h)
 * DIR/manifest.json  struct backup_manifest
 *
 * The keyring is not in it: who finds a backup must not be able to read patients' data, and a key
 * that was destroyed must not come back with an old backup. It is copied to a place of its own,
 * and the root key, which opens it, is kept in a third. */
#ifndef VEIN_APP_BACKUP_H
#define VEIN_APP_BACKUP_H

#include "kernel/node.h"

#define RECORDS "app/backup.def"
#include "base/record_structs.h"
#undef RECORDS

enum { BACKUP_FORMAT = 1, BACKUP_PATH_MAX = 1024, BACKUP_MANIFEST_MAX = 8192 };

/* Copies a running node's database to dir, which is absent or empty, verifies the copy from its
 * first event to its last, and writes the manifest. Needs no key. REFUSED "backup.not_empty"
 * {path}, "backup.not_good" {item, reason}: the ledger itself is damaged; those of store_open. */
enum outcome backup_make(struct backup_manifest *out, const char *db_path, const char *dir,
                         struct arena *arena, struct err *e);

/* F.tail of a database, such as F.keys (kernel/store_name.h). REFUSED "node.path_too_long",
 * "store.name". */
enum outcome backup_beside(char out[BACKUP_PATH_MAX], const char *db_path, const char *tail,
                           struct err *e);

/* Copies a folder of sealed contents into another, what is not there yet; does nothing where there
 * is none. */
enum outcome backup_files(const char *from, const char *to, struct err *e);

/* Copies the keyring of a running node, whole slots only, to a new file. REFUSED
 * "backup.keys_beside" when that lies in dir, "store.exists" {path}. */
enum outcome backup_keys(const char *db_path, const char *to, const char *dir, struct err *e);

/* Reads the manifest, compares the hash of vein.db with it and verifies the ledger again. REFUSED
 * "backup.no_manifest" {path}, "backup.altered" {path}, "backup.not_good". */
enum outcome backup_check(struct backup_manifest *out, const char *dir, struct arena *arena,
                          struct err *e);

struct backup_restore {
    const char *dir;        /* the backup */
    const char *keys;       /* copy of the keyring */
    const char *root;       /* copy of the root key file; NULL: a passphrase opens the keyring */
    const char *to;         /* the database to make; must not exist, nor its keys and root */
    int64_t until_us;       /* TIME_NONE: all of the backup */
    const char *checkpoint; /* file: the old log's last checkpoint, from whoever kept it; or NULL */
    struct str reason;
    struct str passphrase;
    const char *token;  /* PKCS#11 URI of the root key; NULL: none */
    const char *erased; /* the newest list of erased subjects (erase.h) that anyone has, beside that
                         * of the backup itself; or NULL */
    const struct env *env;
};
struct backup_restored {
    int64_t events;  /* taken over */
    int64_t lacking; /* signed events of the old log that are not, as far as is known */
    int64_t erased;  /* subjects of these lists whose key the copy of the keyring still had */
    struct str vkey; /* of the new epoch */
};
/* Makes the database under a name of its own beside `to`, and gives it its name when all of it,
 * with the first event of the new epoch, is durable: what is interrupted leaves nothing under
 * `to`. REFUSED "restore.exists" {path}, "restore.nothing_by_then", "restore.foreign_checkpoint",
 * those of backup_check and of node_open. */
enum outcome backup_restore(struct backup_restored *out, const struct backup_restore *what,
                            struct arena *arena, struct err *e);

#endif
