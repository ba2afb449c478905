/* vein keys: what stands above the keys of patients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "base/log.h"

enum { KEYS_ARENA_MAX = 256 << 20 };

struct keys {
    const char *db;
    const char *organisation;
    const char *to;
    struct node_options node;
    struct node_key_paths paths;
    struct keyring_options options;
    struct arena *arena;
};

static enum outcome open_keyring(struct keys *k, struct keyring **out, struct err *e)
{
    k->node.path = k->db;
    cli_root(&k->node);
    TRY(node_key_paths(&k->paths, &k->options, &k->node, e));
    return keyring_open(out, &k->options, e);
}

static enum outcome list(struct keys *k, struct err *e)
{
    struct keyring *keys;
    struct keyring_list list;
    TRY(open_keyring(k, &keys, e));
    const enum outcome o = keyring_list(keys, &list, k->arena, e);
    keyring_close(keys);
    if (o != OK)
        return o;
    printf("root %s generation %lld, keyring version %lld, %lld erased\n", list.source,
           (long long)list.generation, (long long)list.version, (long long)list.erased);
    for (size_t i = 0; i < list.n; i++)
        printf("%.*s\tkey %lld\tsubjects %lld\n",
               STR(list.rows[i].organisation.p ? list.rows[i].organisation : S("-")),
               (long long)list.rows[i].turn, (long long)list.rows[i].subjects);
    return OK;
}

static enum outcome erased(struct keys *k, struct err *e)
{
    struct keyring *keys;
    struct str *subjects;
    size_t n = 0;
    TRY(open_keyring(k, &keys, e));
    const enum outcome o = keyring_erased(keys, &subjects, &n, k->arena, e);
    keyring_close(keys);
    for (size_t i = 0; o == OK && i < n; i++)
        printf("%.*s\n", STR(subjects[i]));
    return o;
}

static enum outcome rotate_organisation(struct keys *k, struct err *e)
{
    struct keyring *keys;
    int64_t subjects;
    TRY(open_keyring(k, &keys, e));
    const enum outcome o = keyring_renew(keys, str_z(k->organisation), &subjects, e);
    keyring_close(keys);
    if (o == OK)
        printf("renewed, %lld subjects\n", (long long)subjects);
    return o;
}

/* Where the new one comes from; false: what is missing was said. */
static bool next_root(struct keys *k, struct keyring_options *to)
{
    const bool same = !k->to;
    const char *passphrase = getenv("VEIN_NEW_PASSPHRASE");
    const char *token = getenv("VEIN_NEW_ROOT_TOKEN");
    *to = k->options;
    if (same ? k->options.root_path != NULL : strcmp(k->to, "file") == 0) {
        to->root_path = k->paths.root;
        to->token = NULL;
        return true;
    }
    to->root_path = NULL;
    if (same ? k->options.token != NULL : strcmp(k->to, "token") == 0) {
        to->token = token ? token : k->options.token;
        return to->token || cli_usage("keys", "VEIN_NEW_ROOT_TOKEN is not set") == CLI_DONE;
    }
    to->token = NULL;
    to->passphrase = str_z(passphrase);
    return (passphrase && *passphrase) ||
           cli_usage("keys", "VEIN_NEW_PASSPHRASE is not set") == CLI_DONE;
}

/* The writer's place is taken meanwhile: no server runs, nor starts. */
static enum outcome rotate_root(struct keys *k, const struct keyring_options *to, struct err *e)
{
    const struct store_options options = { .path = k->db };
    struct store *store;
    struct db *writer = NULL;
    TRY(store_open(&store, &options, e));
    enum outcome o = store_writer(&writer, store, e);
    if (o == OK)
        o = keyring_rotate_root(&k->options, to, e);
    db_close(writer);
    store_close(store);
    if (o == OK)
        printf("a new root key: make a copy of the keyring and of it, destroy the old ones\n");
    return o;
}

static int root(struct keys *k, struct err *e)
{
    struct keyring_options to;
    k->node.path = k->db;
    cli_root(&k->node);
    if (node_key_paths(&k->paths, &k->options, &k->node, e) != OK)
        return cli_error(e);
    if (!next_root(k, &to))
        return CLI_USAGE;
    return rotate_root(k, &to, e) == OK ? CLI_DONE : cli_error(e);
}

static int run(struct keys *k, const char *what, const char *which)
{
    struct err e = { 0 };
    enum outcome o;
    if (strcmp(what, "rotate") == 0 && strcmp(which, "root") == 0)
        return root(k, &e);
    if (strcmp(what, "rotate") == 0 && strcmp(which, "organisation") == 0 && k->organisation)
        o = rotate_organisation(k, &e);
    else if (strcmp(what, "list") == 0)
        o = list(k, &e);
    else if (strcmp(what, "erased") == 0)
        o = erased(k, &e);
    else
        return cli_usage("keys",
                         "say what: list, erased, rotate root, or rotate organisation --id");
    return o == OK ? CLI_DONE : cli_error(&e);
}

int cli_keys(int argc, char **argv)
{
    struct keys k = { 0 };
    const char *words[2] = { "", "" };
    const struct cli_option options[] = {
        { "db", CLI_TEXT, &k.db, true },
        { "id", CLI_TEXT, &k.organisation, false },
        { "to", CLI_TEXT, &k.to, false },
    };
    int code;
    if (!cli_read(argc, argv, options, 3, words, 2, &code))
        return code;
    if (k.to && strcmp(k.to, "file") != 0 && strcmp(k.to, "passphrase") != 0 &&
        strcmp(k.to, "token") != 0)
        return cli_usage("keys", "--to is file, passphrase or token");
    log_set_level(LOG_WARNING);
    k.arena = arena_new(KEYS_ARENA_MAX);
    if (!k.arena)
        return CLI_FAULT;
    code = run(&k, words[0], words[1]);
    arena_free(k.arena);
    return code;
}
