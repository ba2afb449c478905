#include "kernel/draft.h"
#include "kernel/file.h"
#include "kernel/tests/auth_fixture.h"

#include "kernel/epoch.h"

#include "kernel/sign.h"
#include "kernel/stop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct define_kind *const kinds[] = { &role_kind };
static const struct module *const auth_modules[] = {
    &stop_module, &epoch_module, &timer_module, &define_module,
    &auth_module, &file_module,  &sign_module,  &draft_module,
};

static void ok(struct auth_fixture *a, enum outcome o)
{
    if (o != OK)
        fail_msg("%s: %s", a->f.error.code, a->f.error.detail);
}

static void open_auth(struct auth_fixture *a)
{
    struct err e = { 0 };
    struct auth_options options = { .node = &a->f.node, .argon_mib = 1, .lock_us = 24 * TIME_HOUR };
    if (auth_open(&a->auth, &options, &e) != OK)
        fail_msg("auth: %s", e.code);
}

void auth_fixture_restart(struct auth_fixture *a)
{
    auth_close(a->auth);
    open_auth(a);
}

void auth_fixture_open(struct auth_fixture *a)
{
    define_use(kinds, 1);
    auth_fixture_open_with(a, auth_modules, sizeof auth_modules / sizeof auth_modules[0]);
}

void auth_fixture_open_with(struct auth_fixture *a, const struct module *const *modules, size_t n)
{
    fixture_open(&a->f, modules, n);
    fixture_person(&a->program, 99, 1, 1, "");
    a->program.actor.system = true;
    for (int o = 1; o <= 2; o++)
        ok(a, fixture_send(&a->f, &a->program, "organisation.make", NULL,
                           "{'organisation':'%s','name':'Organisation %d','kind':'hospital'}",
                           fixture_id('o', o).p, o));
    for (int s = 1; s <= 3; s++)
        ok(a, fixture_send(&a->f, &a->program, "site.make", NULL,
                           "{'site':'%s','organisation':'%s','name':'Site %d','kind':'ward',"
                           "'zone':'Europe/Berlin'}",
                           fixture_id('s', s).p, fixture_id('o', s == 3 ? 2 : 1).p, s));
    auth_fixture_load_role(a, "nurse", 1, "custody.offer, unit.see");
    auth_fixture_load_role(a, "lead", 1, "account.give_role, account.take_role");
    open_auth(a);
}

void auth_fixture_close(struct auth_fixture *a)
{
    auth_close(a->auth);
    fixture_close(&a->f);
}

void auth_fixture_account(struct auth_fixture *a, int number)
{
    struct str hash;
    struct err e = { 0 };
    if (auth_password_hash(a->auth, &hash, RIGHT_PASSWORD, a->f.arena, &e) != OK)
        fail_msg("password: %s", e.code);
    ok(a, fixture_send(&a->f, &a->program, "account.make", NULL,
                       "{'account':'%s','organisation':'%s','login':'Person%d',"
                       "'name':'Person No. %d','password':'%s'}",
                       fixture_id('a', number).p, fixture_id('o', 1).p, number, number, hash.p));
}

void auth_fixture_sanction(struct auth_fixture *a, int account)
{
    struct fixture_person checker;
    fixture_person(&checker, 98, 1, 1, "account.sanction");
    checker.grants[0].site = (struct str){ 0 };
    ok(a, fixture_send(&a->f, &checker, "account.sanction", NULL,
                       "{'account':'%s','how':'passport','checked':'2026-01-01T00:00:00Z'}",
                       fixture_id('a', account).p));
}

void auth_fixture_role(struct auth_fixture *a, int account, const char *role, int organisation,
                       int site)
{
    char at[80] = "";
    if (site > 0)
        snprintf(at, sizeof at, ",'site':'%s'", fixture_id('s', site).p);
    ok(a, fixture_send(&a->f, &a->program, "account.give_role", "set up",
                       "{'account':'%s','role':'%s','organisation':'%s'%s}",
                       fixture_id('a', account).p, role, fixture_id('o', organisation).p, at));
}

void auth_fixture_load_role(struct auth_fixture *a, const char *name, int version,
                            const char *permissions)
{
    struct err e = { 0 };
    bool changed;
    struct str yaml = arena_printf(a->f.arena,
                                   "kind: role\nname: %s\nversion: %d\ntitle: A role\n"
                                   "effective: 2026-01-01T00:00:00Z\npermissions: [%s]\n",
                                   name, version, permissions);
    const struct define_context context = { .arena = a->f.arena };
    if (define_load_text(a->f.node.gate, &context, a->program.actor.organisation, yaml, &changed,
                         &e) != OK)
        fail_msg("role: %s", e.code);
    assert_true(changed);
}

static void *writer(void *context)
{
    struct auth_fixture *a = context;
    struct err e = { 0 };
    bool busy = true;
    while (busy || !atomic_load(&a->stop)) {
        if (node_step(&a->f.node, 0, &busy, &e) != OK)
            fail_msg("step: %s: %s", e.code, e.detail);
        if (!busy)
            gate_wait(a->f.node.gate, 1000);
    }
    return NULL;
}

void auth_fixture_write(struct auth_fixture *a)
{
    atomic_store(&a->stop, false);
    assert_int_equal(pthread_create(&a->writer, NULL, writer, a), 0);
}

void auth_fixture_written(struct auth_fixture *a)
{
    atomic_store(&a->stop, true);
    pthread_join(a->writer, NULL);
    fixture_settle(&a->f); /* what came while it stopped */
}

enum outcome auth_fixture_enter(struct auth *auth, struct str login, struct str password,
                                struct str peer, struct str *cookie, struct arena *arena,
                                struct err *e)
{
    const struct auth_proof shown = { .password = password };
    const struct auth_from from = { .peer = peer, .browser = S("other.linux") };
    return auth_sign_in(auth, login, &shown, &from, cookie, arena, e);
}

struct str auth_fixture_sign_in(struct auth_fixture *a, const char *login, struct str password,
                                const char *peer)
{
    struct str cookie = { 0 };
    a->f.error = (struct err){ 0 };
    auth_fixture_write(a);
    enum outcome o = auth_fixture_enter(a->auth, str_z(login), password, str_z(peer), &cookie,
                                        a->f.arena, &a->f.error);
    auth_fixture_written(a);
    return o == OK ? cookie : (struct str){ 0 };
}

enum outcome auth_fixture_find(struct auth_fixture *a, struct str cookie, struct auth_session *out)
{
    a->f.error = (struct err){ 0 };
    auth_fixture_write(a);
    enum outcome o = auth_session_find(a->auth, cookie, out, a->f.arena, &a->f.error);
    auth_fixture_written(a);
    return o;
}
