/* A node in a temporary folder on simulated time, and persons who send it commands: the ground of
 * tests of the gate and of every module. */
#ifndef VEIN_KERNEL_FIXTURE_H
#define VEIN_KERNEL_FIXTURE_H

#include "kernel/define.h"
#include "kernel/node.h"
#include "kernel/sign.h"
#include "kernel/tests/test_db.h"

struct fixture {
    struct env_sim sim;
    struct node node;
    char folder[64];
    char files[96];              /* F of F.keys (store_name.h) */
    char path[TEST_DB_NAME_MAX]; /* what names the database; F itself, but for PostgreSQL */
    const struct module *const *modules;
    size_t nmodules;
    const char *vfs;
    struct arena *arena;
    uint64_t commands;           /* sent so far: ids are derived from it */
    enum sign_strength strength; /* of the signatures on what is signed; the strongest */
    int64_t stated;              /* when what the next commands tell took place; 0: now */
    struct err error;            /* of the last command */
    struct gate_answer answer;
};

/* Fails the test where anything does. */
void fixture_open(struct fixture *f, const struct module *const *modules, size_t n);
/* The same on a named VFS. */
void fixture_open_on(struct fixture *f, const struct module *const *modules, size_t n,
                     const char *vfs);
void fixture_reopen(struct fixture *f);
void fixture_close(struct fixture *f); /* and removes the folder */
void fixture_remove(const char *folder);
/* How many files of the folder, the hidden ones aside, hold these bytes: what is personal stands in
 * none of them. Of PostgreSQL a copy of all tables is one of these files. */
size_t fixture_files_holding(const struct fixture *f, const char *needle);

/* A person of an organisation and site (fixed ids by number) with all of these permissions, which
 * are separated by blanks. */
struct fixture_person {
    struct actor actor;
    struct grant grants[40];
    char name[60];
    char permissions[1000];
};
void fixture_person(struct fixture_person *p, int number, int organisation, int site,
                    const char *permissions);
/* "00000000-0000-8000-a000-0000000000NN" with the kind in the fourth group. */
struct str fixture_id(char kind, int number);

/* Sends a command with a fresh id; body is JSON with ' for ". */
enum outcome fixture_send(struct fixture *f, const struct fixture_person *who, const char *command,
                          const char *reason, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* A signed command's signature, as fixture_send gives it: it asks what is signed, and signs that.
 * Does nothing for a command that is not. */
enum outcome fixture_sign(struct fixture *f, struct gate_command *c, struct sign_given *given);
/* The same with an id of the caller's. */
enum outcome fixture_send_as(struct fixture *f, const struct fixture_person *who, struct str id,
                             const char *command, const char *reason, const char *body);

/* A definition, loaded as this person; a second passes after it. */
void fixture_define(struct fixture *f, const struct fixture_person *who, const char *yaml);

/* The last command must have worked. */
void fixture_must(const struct fixture *f, enum outcome o, const char *what);
/* A member of its answer: text, or "true" / "false"; "" when absent. Four at a time. */
const char *fixture_answer(struct fixture *f, const char *key);
/* Rows of a query, at most 1,000. */
struct record_list fixture_list(struct fixture *f, const struct sql *q, const void *in);

/* The last command's outcome is a refusal of this code. */
void fixture_refused(const struct fixture *f, const char *code);

/* Runs policies, timers and checkpoints until nothing is left to do. */
void fixture_settle(struct fixture *f);

/* Rebuilding gives the same rows. */
void fixture_rebuilds(struct fixture *f);

#endif
