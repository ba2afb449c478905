/* People who sign in and enrol, for tests of auth: the writer runs while they do. */
#ifndef VEIN_KERNEL_TESTS_AUTH_PERSON_H
#define VEIN_KERNEL_TESTS_AUTH_PERSON_H

#include "gen/kernel/auth.sql.h"
#include "kernel/tests/auth_fixture.h"

/* Where all of them come from. */
extern const struct auth_from auth_person_from;

/* person<number>, or whoever the token is of; the cookie, absent when that was refused. */
struct str auth_person_sign_in(struct auth_fixture *a, int number, const struct auth_proof *shown);
struct auth_session auth_person_session(struct auth_fixture *a, struct str cookie);
enum outcome auth_person_enrol(struct auth_fixture *a, const struct auth_session *s,
                               const struct auth_enrol_credential *body);
/* What the account has of this kind; NULL: nothing. */
const struct auth_credentials_out *auth_person_has(struct auth_fixture *a, int account,
                                                   const char *kind);

#endif
