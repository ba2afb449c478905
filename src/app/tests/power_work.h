/* A node at work on a disk that remembers (power_disk.h): it is made, given what ships and people,
 * works alone and in groups, signs, folds its log of changes into the file, builds its tables anew
 * and restarts; and what it had said to whom at each moment. */
#ifndef VEIN_APP_TESTS_POWER_WORK_H
#define VEIN_APP_TESTS_POWER_WORK_H

#include "kernel/node.h"
#include "kernel/tests/power_disk.h"

enum { POWER_COMMANDS_MAX = 4000, POWER_NOTES_MAX = 400, POWER_NOTE_SIZE = 600 };

struct power_work {
    char folder[64];
    struct power_disk *disk;
    char vkey[400];
    struct str *leaves; /* of the ledger as it was in the end */
    size_t nleaves;
    struct power_said {
        size_t at; /* operations of the disk when it was said */
        char id[40];
        int64_t sequence;
        int64_t nevents;
        bool asked; /* by power_work_ask, whose number it is */
        uint64_t number;
    } said[POWER_COMMANDS_MAX]; /* answers that a command is done, in their order */
    size_t nsaid;
    uint64_t groups[POWER_COMMANDS_MAX]; /* sizes of the ledger between groups, ascending */
    size_t ngroups;
    struct power_note {
        size_t at;
        char text[POWER_NOTE_SIZE];
    } notes[POWER_NOTES_MAX]; /* checkpoints that others may have seen */
    size_t nnotes;
    struct arena *arena;
};
extern struct power_work power_work;

void power_work_do(void);
void power_work_free(void);

/* Sends n commands, numbers from `first` on, in one group; the outcomes in answers. */
enum { POWER_GROUP_MAX = 8 };
void power_work_ask(struct node *n, uint64_t first, size_t count, struct gate_answer *answers,
                    struct arena *arena);

/* Opens the node of this file on the disk of the tests at a moment after all of this. */
enum outcome power_work_open(struct node *out, struct env_sim *sim, const char *path,
                             struct err *e);

#endif
