/* What the benches have in common: a database with an organisation, a site and people whose role
 * lets them open and close deviations. */
#ifndef VEIN_BENCH_PEOPLE_H
#define VEIN_BENCH_PEOPLE_H

#include "kernel/node.h"

enum { PEOPLE_MAX = 64, PERSON_BODY_MAX = 2048 };

#define PEOPLE_PASSWORD     "seven herons over the weir"
#define PEOPLE_ORGANISATION "00000000-0000-8000-a000-000000000001"
#define PEOPLE_SITE         "00000000-0000-8000-a000-000000000002"
/* Another organisation and its site, where people_elsewhere made them. */
#define PEOPLE_ELSEWHERE      "00000000-0000-8000-a000-000000000007"
#define PEOPLE_ELSEWHERE_SITE "00000000-0000-8000-a000-000000000008"

/* Prints what is wrong and ends the program: a bench has nobody to tell. */
_Noreturn void bench_die(const char *what, const struct err *e);
/* Unless it is OK. */
void bench_must(enum outcome o, const char *what, const struct err *e);

/* Microseconds of the clock that never steps. */
int64_t bench_now(void);

/* A word of the command line that is a number above 0; NULL: another. */
int64_t bench_number(const char *text, int64_t otherwise);

/* Makes the node at path, where one of an earlier run gives way, with n people, "person0" and so
 * on, who sign in with PEOPLE_PASSWORD. */
void people_make(const char *path, size_t n);

/* One more person, of this number, with the same role at another organisation. */
void people_elsewhere(const char *path, size_t number);

struct people_place {
    const char *organisation;
    const char *site; /* MAY be NULL */
};
/* A command of the program itself for this place; what is refused ends the bench. */
void people_send(struct node *n, const struct people_place *at, const char *name, const char *body);
/* Person "person<number>", who signs in with PEOPLE_PASSWORD, with this role there. */
void people_add(struct node *n, const struct people_place *at, size_t number, const char *role);

/* Body of a deviation.open with a description of about so many bytes, 1,500 at most; each number
 * gives another. */
size_t people_deviation(char out[PERSON_BODY_MAX], uint64_t number, size_t description);

/* Folder of this name in build/bench. */
void bench_folder(char *out, size_t size, const char *name);
/* Removes a database and what lies beside it. */
void bench_remove(const char *path);

#endif
