#define _GNU_SOURCE /* nftw, memmem */
#include "base/tests/folder.h"
#include "kernel/tests/fixture.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/id.h"
#include "kernel/tests/example.h"

enum { FILE_MAX = 64 << 20 }; /* bytes of one that is looked through */

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
        .answered = example_keeper(),
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
    *f = (struct fixture){ .modules = modules, .nmodules = n, .vfs = vfs, .strength = SIGN_TOKEN };
    env_sim_init(&f->sim, 7, start_us);
    test_folder(f->folder, sizeof f->folder, "test");
    snprintf(f->files, sizeof f->files, "%s/db", f->folder);
    if (vfs)
        test_db_needs_file("a disk of the test's own is SQLite's");
    test_db_name(f->path, f->files);
    f->arena = arena_new(64 << 20);
    assert_non_null(f->arena);
    fixture_node(f);
}

void fixture_reopen(struct fixture *f)
{
    node_close(&f->node);
    fixture_node(f);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void fixture_remove(const char *folder)
{
    assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void fixture_close(struct fixture *f)
{
    node_close(&f->node);
    arena_free(f->arena);
    fixture_remove(f->folder);
}

static bool file_holds(const char *path, const char *needle)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(FILE_MAX);
    assert_non_null(text);
    const size_t n = fread(text, 1, FILE_MAX, file);
    assert_true(n < FILE_MAX);
    fclose(file);
    const bool holds = memmem(text, n, needle, strlen(needle)) != NULL;
    free(text);
    return holds;
}

size_t fixture_files_holding(const struct fixture *f, const char *needle)
{
    size_t holding = 0;
    test_db_copy(f->folder, f->node.store);
    DIR *dir = opendir(f->folder);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        if (entry->d_name[0] != '.' && entry->d_type == DT_REG)
            holding += file_holds(path, needle);
    }
    closedir(dir);
    return holding;
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
            p->grants[p->actor.ngrants++] = (struct grant){ .permission = permission,
                                                            .organisation = p->actor.organisation,
                                                            .site = p->actor.site };
    }
}

enum outcome fixture_sign(struct fixture *f, struct gate_command *c, struct sign_given *given)
{
    struct gate_answer asked = { 0 };
    struct gate_command ask = *c;
    const struct command_type *type = registry_command(f->node.registry, c->name);
    if (!type || !(type->flags & COMMAND_SIGNED))
        return OK;
    ask.asks = true;
    const struct sign_simulation how = { c, &asked, c->actor->name, env_now(&f->sim.env) };
    if (gate_run(f->node.gate, &ask, &asked, &f->error) != OK ||
        sign_simulated(given, &how, f->node.keys, &f->error) != OK)
        return f->error.outcome;
    given->strength = f->strength;
    given->components = S("login+password");
    c->signature = given;
    return sign_seal(given, f->node.keys, &f->error);
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
    struct sign_given given;
    f->error = (struct err){ 0 };
    f->answer = (struct gate_answer){ 0 };
    env_sim_advance(&f->sim, 1000);
    if (fixture_sign(f, &c, &given) != OK)
        return f->error.outcome;
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

static struct db *reader(struct fixture *f)
{
    struct db *db;
    struct err e = { 0 };
    assert_int_equal(store_reader_take(&db, f->node.store, &e), OK);
    return db;
}

void fixture_define(struct fixture *f, const struct fixture_person *who, const char *yaml)
{
    struct err e = { 0 };
    bool changed;
    struct define_context context = {
        .db = reader(f),
        .now_us = env_now(&f->sim.env),
        .arena = f->arena,
    };
    if (define_load_text(f->node.gate, &context, who->actor.organisation, str_z(yaml), &changed,
                         &e) != OK)
        fail_msg("%s %s %s", e.code, e.params[0].value, e.params[1].value);
    store_reader_give(f->node.store, context.db);
    env_sim_advance(&f->sim, TIME_SECOND);
}

void fixture_must(const struct fixture *f, enum outcome o, const char *what)
{
    if (o != OK)
        fail_msg("%s: %s %s %s", what, f->error.code, f->error.params[0].value, f->error.detail);
}

const char *fixture_answer(struct fixture *f, const char *key)
{
    static char text[4][200];
    static unsigned next;
    const struct json *json;
    struct err e = { 0 };
    char *out = text[next++ % 4];
    assert_int_equal(json_read(&json, f->arena, f->answer.body, &json_limits_default, &e), OK);
    const struct json *value = json_get(json, key);
    snprintf(out, sizeof text[0], "%.*s",
             STR(!value                      ? S("")
                 : value->type == JSON_TRUE  ? S("true")
                 : value->type == JSON_FALSE ? S("false")
                                             : json_get_str(json, key)));
    return out;
}

struct record_list fixture_list(struct fixture *f, const struct sql *q, const void *in)
{
    struct db *db = reader(f);
    struct record_list rows;
    struct err e = { 0 };
    assert_int_equal(db_list(db, q, in, &rows, 1000, f->arena, &e), OK);
    store_reader_give(f->node.store, db);
    return rows;
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
