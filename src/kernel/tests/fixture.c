#include "kernel/tests/fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/id.h"

static const int64_t start_us = INT64_C(1793000000) * TIME_SECOND; /* in October 2026 */

static void fixture_node(struct fixture *f)
{
    struct node_options options = {
        .env = &f->sim.env,
        .path = f->path,
        .vfs = f->vfs,
        .create = true,
        .modules = f->modules,
        .nmodules = f->nmodules,
    };
    struct err e = { 0 };
    if (node_open(&f->node, &options, &e) != OK)
        fail_msg("node: %s: %s", e.code, e.detail);
}

void fixture_open(struct fixture *f, const struct module *const *modules, size_t n)
{
    fixture_open_on(f, modules, n, NULL);
}

void fixture_open_on(struct fixture *f, const struct module *const *modules, size_t n,
                     const char *vfs)
{
    *f = (struct fixture){ .modules = modules, .nmodules = n, .vfs = vfs };
    env_sim_init(&f->sim, 7, start_us);
    snprintf(f->folder, sizeof f->folder, "/tmp/vein-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/db", f->folder);
    f->arena = arena_new(64 << 20);
    assert_non_null(f->arena);
    fixture_node(f);
}

void fixture_reopen(struct fixture *f)
{
    node_close(&f->node);
    fixture_node(f);
}

void fixture_close(struct fixture *f)
{
    node_close(&f->node);
    arena_free(f->arena);
    DIR *dir = opendir(f->folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    rmdir(f->folder);
}

struct str fixture_id(char kind, int number)
{
    static char ring[16][40];
    static unsigned next;
    char *text = ring[next++ % 16];
    snprintf(text, sizeof ring[0], "00000000-0000-8000-a000-%02x%010d", (unsigned char)kind,
             number);
    return str_z(text);
}

void fixture_person(struct fixture_person *p, int number, int organisation, int site,
                    const char *permissions)
{
    static char ids[64][40];
    static unsigned next;
    char *org = ids[next++ % 64];
    char *where = ids[next++ % 64];
    char *account = ids[next++ % 64];
    snprintf(org, 40, "%.*s", STR(fixture_id('o', organisation)));
    snprintf(where, 40, "%.*s", STR(fixture_id('s', site)));
    snprintf(account, 40, "%.*s", STR(fixture_id('a', number)));
    *p = (struct fixture_person){ 0 };
    snprintf(p->name, sizeof p->name, "account/%s", account);
    snprintf(p->permissions, sizeof p->permissions, "%s", permissions);
    p->actor = (struct actor){
        .name = str_z(p->name),
        .account = str_z(account),
        .organisation = str_z(org),
        .site = str_z(where),
        .zone = S("Europe/Berlin"),
        .grants = p->grants,
    };
    struct str rest = str_z(p->permissions);
    while (rest.p) {
        struct str permission = str_cut(&rest, ' ');
        assert_true(p->actor.ngrants < 40);
        if (permission.n > 0)
            p->grants[p->actor.ngrants++] =
                (struct grant){ permission, p->actor.organisation, p->actor.site };
    }
}

enum outcome fixture_send_as(struct fixture *f, const struct fixture_person *who, struct str id,
                             const char *command, const char *reason, const char *body)
{
    struct gate_command c = {
        .id = id,
        .name = str_z(command),
        .body = str_z(body),
        .actor = &who->actor,
        .happened = f->stated ? f->stated : TIME_NONE,
        .entered = TIME_NONE,
        .reason = str_z(reason),
        .arena = f->arena,
    };
    f->error = (struct err){ 0 };
    f->answer = (struct gate_answer){ 0 };
    env_sim_advance(&f->sim, 1000);
    return gate_run(f->node.gate, &c, &f->answer, &f->error);
}

enum outcome fixture_send(struct fixture *f, const struct fixture_person *who, const char *command,
                          const char *reason, const char *format, ...)
{
    char body[20000];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(body, sizeof body, format, list);
    va_end(list);
    assert_true(n >= 0 && (size_t)n < sizeof body);
    for (char *c = body; *c; c++)
        if (*c == '\'')
            *c = '"';
    struct id id = id_derive(S("fixture"), S("command"), f->commands++);
    return fixture_send_as(f, who, arena_str(f->arena, id_str(&id)), command, reason, body);
}

void fixture_refused(const struct fixture *f, const char *code)
{
    assert_int_equal(f->error.outcome, REFUSED);
    assert_string_equal(f->error.code, code);
}

void fixture_settle(struct fixture *f)
{
    struct err e = { 0 };
    bool busy = true;
    for (int turns = 0; busy; turns++) {
        assert_true(turns < 10000);
        if (node_step(&f->node, 0, &busy, &e) != OK)
            fail_msg("step: %s: %s", e.code, e.detail);
    }
}

void fixture_rebuilds(struct fixture *f)
{
    struct err e = { 0 };
    struct node_rebuild out;
    if (node_rebuild_check(&f->node, &out, &e) != OK)
        fail_msg("rebuild: %s: %s", e.code, e.detail);
    if (!out.same)
        fail_msg("rebuilt differs: %s", out.difference);
    assert_int_equal(out.events, (int64_t)ledger_size(f->node.ledger));
}
