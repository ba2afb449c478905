/* Two servers of one database on PostgreSQL, each a process of its own, for tests of what they do
 * to each other. The fixture's node is closed meanwhile, and its time goes on by itself,
 * SERVERS_SPEED times as fast, the same in both. Everything that goes wrong with a process fails
 * the test. */
#ifndef VEIN_KERNEL_SERVERS_H
#define VEIN_KERNEL_SERVERS_H

#include "kernel/tests/fixture.h"

enum { SERVERS = 2, SERVERS_SPEED = 500 };

struct servers {
    struct fixture *fixture;
    void (*opened)(struct node *n); /* in each process, before it serves; MAY */
    struct server {
        int pid; /* 0: none runs */
        int ask, answer;
    } one[SERVERS];
    int64_t began; /* of the system's monotonic clock: the fixture's time then was `from` */
    int64_t from;
};

/* A command by a person that was made before the servers began. */
struct server_ask {
    const struct fixture_person *who;
    bool system; /* as the program itself */
    char id[40]; /* empty: a new one */
    char command[40];
    char reason[40];
    char body[400];   /* with ' for " */
    char stream[100]; /* expected at `version`; empty: nothing is expected */
    int64_t version;
};
struct server_told {
    int outcome;
    char code[60];
    bool repeated;
    bool leads;
    int64_t heard; /* events that `committed` told of since the process began */
};

/* Both begin; on PostgreSQL only. `opened` may be NULL. */
void servers_start(struct servers *s, struct fixture *f, void (*opened)(struct node *n));
void server_start(struct servers *s, size_t i);
void server_kill(struct servers *s, size_t i); /* by SIGKILL */
/* Both end, and the fixture's node is open again, at the time that it is. */
void servers_stop(struct servers *s);

/* Kills those that a case which failed left running. */
void servers_end(struct servers *s);
/* Skips the case, and says why, where the database is a file. */
void servers_needed(void);

/* Asks; the answer is to be read before the next. Without a command it tells how it stands. */
void server_ask(struct servers *s, size_t i, const struct server_ask *ask);
struct server_told server_answer(struct servers *s, size_t i);
/* How it stands. */
struct server_told server_look(struct servers *s, size_t i);

/* Both are asked at once; exactly one must do it and the other refuse with one of these codes,
 * separated by blanks. Returns which did. */
size_t servers_race(struct servers *s, const struct server_ask asks[SERVERS], const char *codes);

#endif
