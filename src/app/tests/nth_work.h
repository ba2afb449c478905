/* What a node does in a day, small: the ground of the test of each fault. Every step can be done
 * again, by the same ids, and then does nothing that it did before. */
#ifndef VEIN_APP_TESTS_NTH_WORK_H
#define VEIN_APP_TESTS_NTH_WORK_H

#include "kernel/tests/fixture.h"

enum { NTH_COMMANDS = 16, NTH_TRIES = 256 };

struct nth_work {
    struct fixture f;
    struct fixture_person nurse, program;
    bool open;                       /* the node is */
    bool acked[NTH_COMMANDS];        /* commands that were answered OK … */
    struct str answer[NTH_COMMANDS]; /* … and with what */
    struct id upload;                /* of the file … */
    bool begun;                      /* … once it is */
    bool unsynced;                   /* a sync of it failed */
    struct str file;                 /* its id, once its content is durable */
    struct str file_body;            /* of the command that says so */
    struct arena *tries[NTH_TRIES];  /* one for each try of a step: what is exhausted stays so */
    size_t ntries;
    bool waited;      /* for the timer */
    struct str wrong; /* the first promise that was broken; absent: none */
};

struct nth_step {
    const char *name;
    enum outcome (*run)(struct nth_work *w, struct err *e);
    const char *refused; /* with this code; NULL: it works */
    bool commits;        /* the gate does it, or nobody */
};
extern const struct nth_step nth_steps[];
extern const size_t nth_nsteps;

/* In a folder that is empty. Nothing is opened: opening the node is the first step. */
void nth_work_begin(struct nth_work *w, const char *folder);
void nth_work_end(struct nth_work *w);

/* As whoever sends anew does: with an arena of its own. */
enum outcome nth_work_try(struct nth_work *w, const struct nth_step *s, struct err *e);

enum outcome nth_work_open(struct nth_work *w, struct err *e);
void nth_work_close(struct nth_work *w);

/* With nothing failing: opened once more, all that commits done again, what was acknowledged has
 * its first answer, all that should have happened did, once, and ledger, tables and files are
 * whole. */
void nth_work_whole(struct nth_work *w);

/* Notes a broken promise. */
void nth_work_wrong(struct nth_work *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
