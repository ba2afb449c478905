/* Modules behind a real server on a port of its own, and one person who is signed in: the ground of
 * tests of a module's pages. */
#ifndef VEIN_KERNEL_TESTS_SERVED_H
#define VEIN_KERNEL_TESTS_SERVED_H

#include "kernel/tests/auth_fixture.h"

struct served {
    struct auth_fixture a;
    struct str cookie;
    struct str csrf;
};

/* The kernel's modules that sign-in and orders need, and these; person 1 of organisation 1 has all
 * these permissions (separated by commas) at site 1. Between opening and closing the gate runs on a
 * thread of its own, as under `vein serve`. */
void served_open(struct served *s, const struct module *const *modules, size_t n,
                 const char *permissions);
/* The same, the person at all sites of the organisation. */
void served_open_everywhere(struct served *s, const struct module *const *modules, size_t n,
                            const char *permissions);
void served_close(struct served *s);

/* Asks as that person, for JSON or for a page; gives the status. The answer, head and body, stays
 * until the next. */
int served_get(struct served *s, const char *path, const char *media_type);
/* Posts a form: "name=Ward+fridge&lowest=2". A fresh command id and the token are added to it. */
int served_post(struct served *s, const char *path, const char *form);
const char *served_answer(void);
/* Waits until the path answers with this text in it; fails the test after five seconds. */
void served_wait(struct served *s, const char *path, const char *media_type, const char *text);

#endif
