/* vein backup, vein restore. */
#include <stdio.h>
#include <stdlib.h>

#include "app/backup.h"
#include "app/cli.h"
#include "base/log.h"
#include "kernel/text.h"

enum { CLI_BACKUP_ARENA_MAX = 4 << 20 };

int cli_backup(int argc, char **argv)
{
    const char *db = NULL;
    const char *keys = NULL;
    const char *dir = NULL;
    const struct cli_option options[] = { { "db", CLI_TEXT, &db, true },
                                          { "keys", CLI_TEXT, &keys, false } };
    int code;
    if (!cli_read(argc, argv, options, 2, &dir, 1, &code))
        return code;
    if (!dir)
        return cli_usage(argv[0], "say where to: a folder that is absent or empty");
    struct backup_manifest m;
    struct err e = { 0 };
    struct arena *arena = arena_new(CLI_BACKUP_ARENA_MAX);
    enum outcome o = arena ? backup_make(&m, db, dir, arena, &e) : err_no_memory(&e);
    if (o == OK && keys)
        o = backup_keys(db, keys, dir, &e);
    if (o == OK)
        printf("backup of %lld events, %lld of them signed, %lld bytes\nroot %.*s\n",
               (long long)m.events, (long long)m.covered, (long long)m.bytes, STR(m.root));
    arena_free(arena);
    return o == OK ? CLI_DONE : cli_error(&e);
}

static void restored_print(const struct backup_restored *out, bool list)
{
    printf("restored %lld events\nnew epoch %.*s\n", (long long)out->events, STR(out->vkey));
    if (out->lacking > 0)
        printf("%lld signed events of the old log are not in it\n", (long long)out->lacking);
    printf("%lld erased subjects were erased again\n", (long long)out->erased);
    if (!list)
        printf(
            "no newer list of erasures was given than the backup's own: whoever was erased after "
            "it can be read again (--erased)\n");
}

int cli_restore(int argc, char **argv)
{
    struct backup_restore what = { .until_us = TIME_NONE, .env = &env_system };
    const char *until = NULL;
    const char *reason = NULL;
    const struct cli_option options[] = {
        { "from", CLI_TEXT, &what.dir, true },
        { "keys", CLI_TEXT, &what.keys, true },
        { "db", CLI_TEXT, &what.to, true },
        { "reason", CLI_TEXT, &reason, true },
        { "root", CLI_TEXT, &what.root, false },
        { "until", CLI_TEXT, &until, false },
        { "checkpoint", CLI_TEXT, &what.checkpoint, false },
        { "erased", CLI_TEXT, &what.erased, false },
    };
    int code;
    if (!cli_read(argc, argv, options, 8, NULL, 0, &code))
        return code;
    if (until && !clock_read(&what.until_us, str_z(until)))
        return cli_usage(argv[0], "--until is a time such as 2026-11-22T09:30:00Z");
    log_set_level(LOG_WARNING);
    what.reason = str_z(reason);
    struct node_options root = { 0 };
    cli_root(&root);
    what.passphrase = what.root ? (struct str){ 0 } : root.passphrase;
    what.token = what.root ? NULL : root.token;
    if (!what.root && !what.passphrase.p && !what.token)
        return cli_usage(argv[0],
                         "give the root key: --root FILE, VEIN_PASSPHRASE or VEIN_ROOT_TOKEN");
    struct backup_restored out;
    struct err e = { 0 };
    struct arena *arena = arena_new(CLI_BACKUP_ARENA_MAX);
    enum outcome o = arena ? backup_restore(&out, &what, arena, &e) : err_no_memory(&e);
    if (o == OK)
        restored_print(&out, what.erased != NULL);
    arena_free(arena);
    return o == OK ? CLI_DONE : cli_error(&e);
}
