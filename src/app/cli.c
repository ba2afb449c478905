/* What all commands share: options, errors, opening a node, printing rows. */
#include "app/cli.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/text.h"

/* clang-format off: one row a command */
const struct cli_command cli_commands[] = {
    { "demo", cli_demo },     { "init", cli_init },         { "serve", cli_serve },
    { "import", cli_import }, { "simulate", cli_simulate }, { "list", cli_list },
    { "verify", cli_verify }, { "export", cli_export },     { "rebuild", cli_rebuild },
    { "backup", cli_backup }, { "restore", cli_restore },   { "copy", cli_copy },
    { "check", cli_check },   { "upgrade", cli_upgrade },   { "keys", cli_keys },
    { "try", cli_try },       { "witness", cli_witness },   { NULL, NULL },
};
/* clang-format on */

static void print_text(FILE *to, const char *command, const char *what)
{
    char key[80];
    snprintf(key, sizeof key, "cli.%s.%s", command, what);
    fprintf(to, "%.*s\n", STR(text_find(S("en"), str_z(key))));
}

static bool usage(const char *command, const char *what, const char *word, int *code)
{
    fprintf(stderr, "vein %s: %s%s\n", command, what, word);
    print_text(stderr, command, "usage");
    *code = CLI_USAGE;
    return false;
}

int cli_usage(const char *command, const char *what)
{
    int code;
    usage(command, what, "", &code);
    return code;
}

static const struct cli_option *find(const struct cli_option *options, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static bool take(const struct cli_option *o, const char *value)
{
    switch (o->kind) {
    case CLI_TEXT:
        *(const char **)o->out = value;
        return true;
    case CLI_NUMBER:
        return str_to_u63(o->out, str_z(value));
    case CLI_FLAG:
        *(bool *)o->out = true;
        return true;
    }
    return false;
}

/* Required options are those whose value is still unset. */
static const struct cli_option *missing(const struct cli_option *options, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (options[i].required && options[i].kind == CLI_TEXT &&
            !*(const char *const *)options[i].out)
            return &options[i];
    return NULL;
}

bool cli_read(int argc, char **argv, const struct cli_option *options, size_t noptions,
              const char **words, size_t nwords, int *code)
{
    size_t word = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_text(stdout, argv[0], "usage");
            print_text(stdout, argv[0], "help");
            *code = CLI_DONE;
            return false;
        }
        if (strncmp(argv[i], "--", 2) != 0) {
            if (word == nwords)
                return usage(argv[0], "one word too many: ", argv[i], code);
            words[word++] = argv[i];
            continue;
        }
        const struct cli_option *o = find(options, noptions, argv[i] + 2);
        if (!o)
            return usage(argv[0], "there is no option ", argv[i], code);
        if (o->kind != CLI_FLAG && i + 1 == argc)
            return usage(argv[0], "a value is missing behind ", argv[i], code);
        if (!take(o, o->kind == CLI_FLAG ? "" : argv[++i]))
            return usage(argv[0], "a whole number is expected, not ", argv[i], code);
    }
    const struct cli_option *lacking = missing(options, noptions);
    return lacking ? usage(argv[0], "missing option --", lacking->name, code) : true;
}

int cli_error(const struct err *e)
{
    struct arena *arena = arena_new(1 << 16);
    if (!arena)
        return CLI_FAULT;
    struct str text = text_error(arena, S("en"), e);
    struct str hint = text_error_hint(arena, S("en"), e);
    fprintf(stderr, "vein: %.*s\n", STR(text));
    if (e->outcome == FAULT && e->detail[0])
        fprintf(stderr, "detail: %s\n", e->detail);
    if (hint.n > 0)
        fprintf(stderr, "hint: %.*s\n", STR(hint));
    arena_free(arena);
    return e->outcome == REFUSED ? CLI_REFUSED : CLI_FAULT;
}

struct str cli_passphrase(void)
{
    return str_z(getenv("VEIN_PASSPHRASE"));
}

void cli_root(struct node_options *options)
{
    options->passphrase = cli_passphrase();
    options->token = options->passphrase.p ? NULL : getenv("VEIN_ROOT_TOKEN");
}

bool cli_node_open_as(struct node *n, const struct node_options *how, int *code)
{
    struct node_options options = *how;
    cli_root(&options);
    options.modules = cli_modules(&options.nmodules);
    struct err e = { 0 };
    if (node_open(n, &options, &e) == OK)
        return true;
    *code = cli_error(&e);
    return false;
}

bool cli_node_open(struct node *n, const char *path, bool create, bool read_only, int *code)
{
    const struct node_options how = { .path = path, .create = create, .read_only = read_only };
    return cli_node_open_as(n, &how, code);
}

void cli_print_row(const struct record *r, const void *row, bool json, struct arena *arena)
{
    if (json) {
        struct buf b = buf_in(arena, 1 << 20);
        struct json_out out = json_out(&b);
        struct err e = { 0 };
        if (record_to_json(r, row, &out, NULL, &e) == OK)
            printf("%.*s\n", STR(buf_get(&b)));
        return;
    }
    for (size_t i = 0; i < r->nfields; i++)
        printf("%s%.*s", i > 0 ? "\t" : "", STR(record_text(&r->fields[i], row, arena)));
    printf("\n");
}
