/* A backup becomes a node again. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "app/backup.h"
#include "app/cli.h"
#include "kernel/copy.h"
#include "kernel/store_copy.h"
#include "kernel/store_name.h"
#include "verify/note.h"

/* The files of a node. While a restore runs they have another name. */
enum part { PART_KEYS, PART_ROOT, PART_ERASED, PART_DATABASE, PARTS };
static const char *const part_tails[PARTS] = { ".keys", ".root", ".erased", "" };

struct restoring {
    char path[BACKUP_PATH_MAX]; /* of the database meanwhile */
    const char *url;            /* of PostgreSQL, where it shall be; NULL: a file */
    char files[NODE_PATH_MAX];  /* F of F.files */
    char part[PARTS][BACKUP_PATH_MAX];
    char final[PARTS][BACKUP_PATH_MAX];
};

/* There must be no database of ours under this name. */
static enum outcome restore_vacant(const char *url, struct err *e)
{
    char shown[STORE_NAME_MAX];
    struct store *store;
    struct err there = { 0 };
    const struct store_options options = { .path = url, .read_only = true };
    TRY(store_name_shown(shown, sizeof shown, url, e));
    if (store_open(&store, &options, &there) == OK) {
        store_close(store);
        return REFUSE(e, "restore.exists", { "path", str_z(shown) });
    }
    if (str_is(str_z(there.code), "store.not_found"))
        return OK;
    *e = there;
    return e->outcome;
}

static enum outcome restore_names(struct restoring *r, const char *name, struct err *e)
{
    const char *to = r->files;
    TRY(node_files(r->files, sizeof r->files, name, e));
    r->url = store_name_is_url(name) ? name : NULL;
    if (r->url)
        TRY(restore_vacant(r->url, e));
    if (strlen(to) > BACKUP_PATH_MAX - 40)
        return REFUSE(e, "node.path_too_long");
    snprintf(r->path, sizeof r->path, "%s.restoring", to);
    for (size_t i = 0; i < PARTS; i++) {
        int a = snprintf(r->part[i], BACKUP_PATH_MAX, "%s.restoring%s", to, part_tails[i]);
        int b = snprintf(r->final[i], BACKUP_PATH_MAX, "%s%s", to, part_tails[i]);
        BUG_ON(a >= BACKUP_PATH_MAX || b >= BACKUP_PATH_MAX);
        if (i == PART_DATABASE && r->url)
            continue;
        if (access(r->final[i], F_OK) == 0 || errno != ENOENT)
            return REFUSE(e, "restore.exists", { "path", str_z(r->final[i]) });
    }
    return OK;
}

/* What an earlier, interrupted restore left, and what this one leaves when it fails. */
static void restore_sweep(const struct restoring *r)
{
    static const char *const tails[] = { "-wal", "-shm", "-journal", ".lock" };
    char path[BACKUP_PATH_MAX + 16];
    for (size_t i = 0; i < PARTS; i++)
        unlink(r->part[i]);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        snprintf(path, sizeof path, "%s%s", r->path, tails[i]);
        unlink(path);
    }
}

static enum outcome restore_copy(const struct restoring *r, const struct backup_restore *what,
                                 const struct backup_manifest *m, struct err *e)
{
    char from[BACKUP_PATH_MAX];
    struct hash hash;
    char hex[HASH_HEX + 1];
    snprintf(from, sizeof from, "%s/vein.db", what->dir);
    TRY(copy_file(from, r->part[PART_DATABASE], 0, &hash, e));
    hash_hex(hex, hash);
    if (!str_is(m->database, hex)) /* what was checked a moment ago is not what was copied */
        return REFUSE(e, "backup.altered", { "path", str_z(from) });
    TRY(keyring_copy(what->keys, r->part[PART_KEYS], e));
    if (what->erased)
        TRY(copy_file(what->erased, r->part[PART_ERASED], 0, NULL, e));
    return what->root ? copy_file(what->root, r->part[PART_ROOT], 0, NULL, e) : OK;
}

/* A checkpoint of the old log that someone else kept, checked with the old log's key. */
static enum outcome restore_known(struct node_restore *out, const struct backup_restore *what,
                                  const struct backup_manifest *m, struct arena *arena,
                                  struct err *e)
{
    struct verify_checkpoint c;
    struct verify_keys keys;
    struct verify_report report = { 0 };
    if (!what->checkpoint)
        return OK;
    TRY(copy_read(&out->known, what->checkpoint, NOTE_MAX, arena, e));
    if (!verify_keys_read(&keys, m->vkey, "manifest.json", &report) ||
        !verify_checkpoint_read(&c, out->known, &keys, what->checkpoint, &report))
        return REFUSE(e, "restore.foreign_checkpoint", { "path", str_z(what->checkpoint) });
    out->known_size = (int64_t)c.size;
    return OK;
}

static enum outcome restore_size(struct node_restore *out, const struct restoring *r,
                                 const struct backup_restore *what, struct err *e)
{
    struct node n;
    struct node_options options = {
        .env = what->env,
        .path = r->path,
        .read_only = true,
        .passphrase = what->passphrase,
        .token = what->token,
    };
    options.modules = cli_modules(&options.nmodules);
    if (what->until_us == TIME_NONE)
        return OK;
    TRY(node_open(&n, &options, e));
    out->cut = true;
    enum outcome o = node_size_at(&out->size, &n, what->until_us, e);
    node_close(&n);
    return o == OK && out->size == 0 ? REFUSE(e, "restore.nothing_by_then") : o;
}

/* A keyring copied before an erasure holds the key still: it is destroyed again, before anything is
 * opened with it, by the backup's own list and the newest that was given. */
static enum outcome restore_erased(struct backup_restored *out, const struct restoring *r,
                                   const struct backup_restore *what, struct err *e)
{
    struct node_options node = {
        .env = what->env, .path = r->path, .passphrase = what->passphrase, .token = what->token
    };
    struct node_key_paths paths;
    struct keyring_options options;
    struct keyring *keys;
    int64_t before = 0;
    char own[BACKUP_PATH_MAX];
    const int length = snprintf(own, sizeof own, "%s/erased", what->dir);
    if (length < 0 || (size_t)length >= sizeof own)
        return REFUSE(e, "node.path_too_long");
    const bool has_own = access(own, F_OK) == 0;
    if (!what->erased && !has_own)
        return OK;
    TRY(node_key_paths(&paths, &options, &node, e));
    TRY(keyring_open(&keys, &options, e));
    enum outcome o = keyring_upgrade(keys, &options, e);
    if (o == OK && has_own)
        o = erase_list_apply(keys, own, &before, e);
    if (o == OK && what->erased)
        o = erase_list_apply(keys, what->erased, &out->erased, e);
    if (o == OK)
        o = erase_list_write(keys, r->part[PART_ERASED], e);
    out->erased += before;
    keyring_close(keys);
    return o;
}

static enum outcome restore_node(struct backup_restored *out, const struct node_restore *how,
                                 const struct restoring *r, const struct backup_restore *what,
                                 struct arena *arena, struct err *e)
{
    struct node n;
    struct node_options options = {
        .env = what->env,
        .path = r->path,
        .passphrase = what->passphrase,
        .token = what->token,
        .restore = how,
    };
    options.modules = cli_modules(&options.nmodules);
    TRY(node_open(&n, &options, e));
    out->events = (int64_t)ledger_size(n.ledger) - 1; /* without the first of the new epoch */
    out->vkey = arena_str(arena, n.vkey);
    out->lacking = how->known_size > out->events ? how->known_size - out->events : 0;
    node_close(&n);
    return out->vkey.p ? OK : err_no_memory(e);
}

/* Sealed contents under their final name: without a database beside them they are nobody's. */
static enum outcome restore_files(const struct restoring *r, const struct backup_restore *what,
                                  struct err *e)
{
    char from[BACKUP_PATH_MAX];
    char to[BACKUP_PATH_MAX];
    int a = snprintf(from, sizeof from, "%s/files", what->dir);
    int b = snprintf(to, sizeof to, "%s.files", r->files);
    return a < BACKUP_PATH_MAX && b < BACKUP_PATH_MAX ? backup_files(from, to, e)
                                                      : REFUSE(e, "node.path_too_long");
}

/* Into PostgreSQL it goes as a whole or not at all. */
static enum outcome restore_move(const struct restoring *r, struct err *e)
{
    struct store_copied copied;
    return store_copy_all(&copied, r->path, r->url, cli_known(), e);
}

/* The database comes last: with it the node exists. */
static enum outcome restore_publish(const struct restoring *r, struct err *e)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (i != PART_DATABASE && access(r->part[i], F_OK) != 0)
            continue;
        if (i == PART_DATABASE)
            TRY(copy_sync_folder(r->path, e));
        if (i == PART_DATABASE && r->url)
            return restore_move(r, e);
        if (link(r->part[i], r->final[i]) != 0) /* unlike rename, it replaces nothing */
            return err_fault(e, "store.io", "name %s: %m", r->final[i]);
    }
    return copy_sync_folder(r->path, e);
}

enum outcome backup_restore(struct backup_restored *out, const struct backup_restore *what,
                            struct arena *arena, struct err *e)
{
    struct restoring r;
    struct backup_manifest m;
    struct node_restore how = { .reason = what->reason };
    *out = (struct backup_restored){ 0 };
    TRY(restore_names(&r, what->to, e));
    TRY(backup_check(&m, what->dir, arena, e));
    TRY(restore_known(&how, what, &m, arena, e));
    restore_sweep(&r);
    enum outcome o = restore_copy(&r, what, &m, e);
    if (o == OK)
        o = restore_erased(out, &r, what, e);
    if (o == OK)
        o = restore_size(&how, &r, what, e);
    if (o == OK)
        o = restore_node(out, &how, &r, what, arena, e);
    if (o == OK)
        o = restore_files(&r, what, e);
    if (o == OK)
        o = restore_publish(&r, e);
    restore_sweep(&r);
    return o;
}
