/* The network of foreign_node.h behind a real server, with sessions of whom a test likes. */
#ifndef VEIN_APP_TESTS_FOREIGN_SERVE_H
#define VEIN_APP_TESTS_FOREIGN_SERVE_H

#include "app/tests/foreign_node.h"
#include "kernel/auth_impl.h"

struct foreign_session {
    struct str what; /* role and organisation */
    struct str cookie;
    struct str csrf;
};

/* The program itself. */
extern const struct actor foreign_founder;
/* Sends a command, which must work, and gives its answer; body is a format with ' for ". Before
 * serving. */
struct str foreign_give(const struct actor *actor, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A file "secret.txt" of the order, stored by the program; its id. Its content is nowhere. */
struct str foreign_file(const char *order, const char *patient);
/* From here on the gate runs on a thread of its own. */
void foreign_serve(void);
void foreign_serve_end(void);
/* A session without a password: that is not what is tested. While serving. */
void foreign_sign_in(struct foreign_session *s, struct str account, struct str organisation,
                     struct str site);
/* A whole request; gives the status, 0: no answer. */
int foreign_ask(struct str request, char *answer, size_t size);

#endif
