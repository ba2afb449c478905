/* The command line: one table of commands, each with its own options and help. Texts stand in the
 * catalogue under "cli.<command>"; exit codes are 0 done, 1 refused or found wrong, 2 wrong usage,
 * 3 a fault of the system. */
#ifndef VEIN_APP_CLI_H
#define VEIN_APP_CLI_H

#include <stdio.h>

#include "kernel/node.h"

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_FAULT = 3 };

struct cli_command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};
extern const struct cli_command cli_commands[]; /* ends with a NULL name */

/* Options of a command: "--db FILE" and flags. Values point into argv. */
enum cli_option_kind { CLI_TEXT, CLI_FLAG, CLI_NUMBER };
struct cli_option {
    const char *name; /* without dashes */
    enum cli_option_kind kind;
    void *out; /* const char **, bool *, int64_t * */
    bool required;
};

/* Reads options and up to nwords words that are none into words. Prints what is wrong, or the help
 * for
 * --help, and returns false with the exit code in *code. */
bool cli_read(int argc, char **argv, const struct cli_option *options, size_t noptions,
              const char **words, size_t nwords, int *code);

/* Says what is wrong with the call and how it is spelled; gives the exit code. */
int cli_usage(const char *command, const char *what);

/* Prints an error with its hint on standard error and gives the exit code. */
int cli_error(const struct err *e);

/* All modules of this program, the kernel's own first; see modules.def. Registers kinds of
 * definitions and identity points as well. */
const struct module *const *cli_modules(size_t *n);
/* All tables that they have (kernel/store_copy.h). */
struct store_known;
const struct store_known *cli_known(void);

/* The passphrase of the root key, from VEIN_PASSPHRASE; absent: the key file F.root. */
struct str cli_passphrase(void);
/* The root key of the node: a passphrase from VEIN_PASSPHRASE, a token from VEIN_ROOT_TOKEN (an RFC
 * 7512 URI, keyring_token.h), else the key file. */
void cli_root(struct node_options *options);
/* Opens a node with the modules and the root key that the options lack; prints why not. */
bool cli_node_open_as(struct node *n, const struct node_options *how, int *code);
/* The same, of what most commands say. */
bool cli_node_open(struct node *n, const char *path, bool create, bool read_only, int *code);

/* Prints one JSON or table row of a query's record: identifier first. */
void cli_print_row(const struct record *r, const void *row, bool json, struct arena *arena);

int cli_init(int argc, char **argv);
int cli_list(int argc, char **argv);
int cli_export(int argc, char **argv);
/* What of one order goes out, and with the patient's identity to whom and why (both NULL: without
 * identity, and the database is only read). */
struct cli_bundle {
    const char *order; /* id or chain-of-identity identifier */
    bool audit;        /* the whole trail */
    const char *to;
    const char *reason;
    const char *folder;
};
/* vein export coi, or audit: the bundle of an order into a folder. */
int cli_export_coi(const char *db, const struct cli_bundle *bundle);
/* vein export deidentified: orders without their patients, into a new file. */
int cli_export_deidentified(const char *db, const char *path);
int cli_rebuild(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_keys(int argc, char **argv);
int cli_upgrade(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_copy(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_serve(int argc, char **argv);
/* vein witness: cosigns other nodes' checkpoints (docs/witness.md). */
int cli_witness(int argc, char **argv);

/* Blocks the signals that end a server; before any thread is started. */
void cli_serve_signals(void);
/* Waits for one of them. */
void cli_serve_until_signal(void);
/* Closes the server and gives the exit code. */
struct serve;
int cli_serve_end(struct serve *s);

int cli_simulate(int argc, char **argv);
int cli_try(int argc, char **argv);
int cli_try_workflow(int argc, char **argv);
/* The whole file; false, with what went wrong on standard error. */
bool cli_try_read(struct str *out, const char *path, size_t max, struct arena *arena);
int cli_demo(int argc, char **argv);

#endif
