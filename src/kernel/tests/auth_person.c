#include "kernel/tests/auth_person.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

const struct auth_from auth_person_from = { .peer = { "192.0.2.1", 9 },
                                            .browser = { "other.linux", 11 } };

struct str auth_person_sign_in(struct auth_fixture *a, int number, const struct auth_proof *shown)
{
    struct fixture *f = &a->f;
    struct str cookie = { 0 };
    struct str login = { 0 };
    if (number > 0)
        login = arena_printf(f->arena, "person%d", number);
    f->error = (struct err){ 0 };
    auth_fixture_write(a);
    const enum outcome o =
        auth_sign_in(a->auth, login, shown, &auth_person_from, &cookie, f->arena, &f->error);
    auth_fixture_written(a);
    return o == OK ? cookie : (struct str){ 0 };
}

struct auth_session auth_person_session(struct auth_fixture *a, struct str cookie)
{
    struct auth_session s = { 0 };
    if (auth_fixture_find(a, cookie, &s) != OK)
        fail_msg("session: %s", a->f.error.code);
    return s;
}

enum outcome auth_person_enrol(struct auth_fixture *a, const struct auth_session *s,
                               const struct auth_enrol_credential *body)
{
    a->f.error = (struct err){ 0 };
    auth_fixture_write(a);
    const enum outcome o = auth_enrol(a->auth, s, body, &a->f.error);
    auth_fixture_written(a);
    return o;
}

const struct auth_credentials_out *auth_person_has(struct auth_fixture *a, int account,
                                                   const char *kind)
{
    const struct auth_credentials_in in = { fixture_id('a', account) };
    const struct record_list list = fixture_list(&a->f, &sql_auth_credentials, &in);
    const struct auth_credentials_out *rows = list.p;
    for (size_t i = 0; i < list.n; i++)
        if (str_is(rows[i].kind, kind))
            return &rows[i];
    return NULL;
}
