/* A node with accounts, for tests of auth: two organisations with sites, two roles, and a writer
 * thread for those calls that wait for the gate. */
#ifndef VEIN_KERNEL_AUTH_FIXTURE_H
#define VEIN_KERNEL_AUTH_FIXTURE_H

#include "kernel/auth.h"
#include "kernel/tests/fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define RIGHT_PASSWORD S("seven herons over the weir")

struct auth_fixture {
    struct fixture f;
    struct auth *auth;
    struct fixture_person program; /* may all */
    pthread_t writer;
    atomic_bool stop;
};

/* Organisation 1 with sites 1 and 2, organisation 2 with site 3; roles "nurse" (custody.offer,
 * unit.see) and "lead" (account.give_role, account.take_role). */
void auth_fixture_open(struct auth_fixture *a);
/* The same with these modules, auth among them, and the kinds that are in use already. */
void auth_fixture_open_with(struct auth_fixture *a, const struct module *const *modules, size_t n);
void auth_fixture_close(struct auth_fixture *a);
/* Auth anew on the same node, as after a restart. */
void auth_fixture_restart(struct auth_fixture *a);

/* An account "person<number>" of organisation 1 with RIGHT_PASSWORD. */
void auth_fixture_account(struct auth_fixture *a, int number);
/* Its identity was checked, by person 98. */
void auth_fixture_sanction(struct auth_fixture *a, int account);
/* site 0: all. */
void auth_fixture_role(struct auth_fixture *a, int account, const char *role, int organisation,
                       int site);
void auth_fixture_load_role(struct auth_fixture *a, const char *name, int version,
                            const char *permissions);

/* Between them the gate runs on a thread of its own, and fixture_send may not be called. */
void auth_fixture_write(struct auth_fixture *a);
void auth_fixture_written(struct auth_fixture *a);

/* auth_sign_in by login and password alone, from a device that is not known. */
enum outcome auth_fixture_enter(struct auth *auth, struct str login, struct str password,
                                struct str peer, struct str *cookie, struct arena *arena,
                                struct err *e);
/* Signs person<number> in; the cookie, which is absent when that was refused (f.error). */
struct str auth_fixture_sign_in(struct auth_fixture *a, const char *login, struct str password,
                                const char *peer);
enum outcome auth_fixture_find(struct auth_fixture *a, struct str cookie, struct auth_session *out);

#endif
